//! Writes an outcome: text for people, JSON, JSON lines and SARIF for machines.
//!
//! It decides nothing: the exit code comes from the outcome. Nothing here can show a secret, because
//! findings arrive redacted.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::finding::Finding;
use crate::rule::RuleSet;
use crate::scan::Outcome;
use crate::terminal::escape_json;

mod explain;
mod instead;
mod sarif;
mod text;

pub use explain::{write_explanation, write_explanation_json};
pub use instead::{ignore_command, ignore_line, quoted, untrack_command};
pub use text::{Occasion, TextReport};

/// The version of the JSON document; it changes only when a reader would have to.
pub const JSON_VERSION: u64 = 1;

/// Writes one JSON document.
pub fn write_json(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let mut document = json!({
        "version": JSON_VERSION,
        "findings": outcome.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "known": outcome.known.iter().map(finding_json).collect::<Vec<_>>(),
        "unread": outcome.unread.iter().map(|problem| json!({
            "path": problem.path,
            "problem": problem.problem,
            "hint": problem.hint,
        })).collect::<Vec<_>>(),
        "files": outcome.files,
        "notes": outcome.notes,
    });
    if outcome.commits > 0 {
        document["commits"] = json!(outcome.commits);
    }
    write_document(&document, out)
}

/// Writes a JSON document that is safe even at a terminal.
pub fn write_document(document: &Value, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document)?;
    writeln!(out, "{}", escape_json(&text))
}

/// Writes one new finding a line.
pub fn write_jsonl(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    for finding in &outcome.findings {
        writeln!(out, "{}", escape_json(&finding_json(finding).to_string()))?;
    }
    Ok(())
}

/// Writes SARIF 2.1.0.
pub fn write_sarif(outcome: &Outcome, rules: &RuleSet, out: &mut dyn Write) -> io::Result<()> {
    write_document(&sarif::document(outcome, rules), out)
}

fn finding_json(finding: &Finding) -> Value {
    let location = &finding.location;
    let mut value = json!({
        "fingerprint": finding.fingerprint.as_str(),
        "rule": finding.rule,
        "path": finding.path,
        "line": location.line,
        "end_line": location.end_line,
        "column": location.column,
        "end_column": location.end_column,
        "confidence": finding.confidence.as_str(),
        "masked": finding.masked,
        "verdict": finding.verdict.map(|verdict| verdict.as_str()),
    });
    if let Some(path) = &finding.copied_from {
        value["copied_from"] = json!(path);
    }
    if let Some(note) = &finding.note {
        value["note"] = json!(note);
    }
    if let Some(origin) = &finding.origin {
        let (key, name) = if origin.is_tag { ("tag", "name") } else { ("commit", "subject") };
        value[key] = json!({ "id": origin.id, name: origin.name });
    }
    value
}
