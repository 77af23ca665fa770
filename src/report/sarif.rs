//! SARIF 2.1.0, for code-scanning pages and editors.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::finding::{Confidence, Finding};
use crate::rule::RuleSet;
use crate::scan::Outcome;

/// Builds the document.
pub(super) fn document(outcome: &Outcome, rules: &RuleSet) -> Value {
    let all = || outcome.findings.iter().chain(&outcome.known);
    let used: BTreeSet<&str> = all().map(|finding| finding.rule.as_str()).collect();
    let used: Vec<&str> = used.into_iter().collect();
    let errors = outcome.unread.iter().map(|problem| notification("error", &problem.to_string()));
    let notes = outcome.notes.iter().map(|note| notification("note", note));
    let notifications: Vec<Value> = errors.chain(notes).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "keyhook",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": used.iter().map(|id| descriptor(id, rules)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": outcome.unread.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": all().map(|finding| result(finding, &used, rules)).collect::<Vec<_>>(),
        }],
    })
}

fn descriptor(id: &str, rules: &RuleSet) -> Value {
    let mut value = json!({ "id": id });
    if let Some(rule) = rules.by_id(id) {
        value["shortDescription"] = json!({ "text": rule.name });
        if !rule.why.is_empty() {
            value["fullDescription"] = json!({ "text": rule.why });
        }
        if !rule.revoke.is_empty() {
            value["help"] = json!({ "text": format!("Revoke it first: {}", rule.revoke) });
        }
    }
    value
}

fn result(finding: &Finding, used: &[&str], rules: &RuleSet) -> Value {
    let name = rules.by_id(&finding.rule).map_or(finding.rule.clone(), |rule| rule.name.clone());
    let level = match finding.confidence {
        Confidence::High => "error",
        Confidence::Medium => "warning",
        Confidence::Low => "note",
    };
    let location = &finding.location;
    let place = finding.origin.as_ref().map_or(String::new(), |origin| {
        format!(" in {} {}", if origin.is_tag { "tag" } else { "commit" }, origin.short())
    });
    let note = finding.note.as_deref().unwrap_or_default();
    let message = match (&finding.masked[..], note) {
        (masked, "") => format!("{name}: {masked}"),
        ("", note) => format!("{name}: {note}"),
        (masked, note) => format!("{name}: {masked} ({note})"),
    };
    let mut value = json!({
        "ruleId": finding.rule,
        "ruleIndex": used.binary_search(&finding.rule.as_str()).ok(),
        "level": level,
        "message": { "text": format!("{message}{place}") },
        "baselineState": if finding.verdict.is_some() { "unchanged" } else { "new" },
        "partialFingerprints": { "keyhook/v1": finding.fingerprint.as_str() },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&finding.path) },
            "region": {
                "startLine": location.line,
                "startColumn": location.column,
                "endLine": location.end_line,
                "endColumn": location.end_column,
            },
        }}],
    });
    if let Some(origin) = &finding.origin {
        let (key, name) = if origin.is_tag { ("tag", "name") } else { ("commit", "subject") };
        value["properties"] = json!({ key: { "id": origin.id, name: origin.name } });
    }
    value
}

fn notification(level: &str, text: &str) -> Value {
    json!({ "level": level, "message": { "text": text } })
}

/// Encodes a path as a relative URI reference.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'/'
            | b'@'
            | b'+' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("src/a b.py"), "src/a%20b.py");
        assert_eq!(uri("ä#?:"), "%C3%A4%23%3F%3A");
    }
}
