//! gitleaks: the JSON report that serves as its baseline, and `.gitleaksignore`.
//!
//! A report holds the secrets in plain text unless it was made with `--redact`. Nothing of `Match`,
//! `Secret`, `Message` or `Author` is ever shown. A fingerprint of the ignore file names a commit (or
//! the tree), a file, a rule and a line, and no value.

use serde::Deserialize;

use super::detect_secrets::normal;
use super::{Claim, Damage, Entry, Format, Next, Parsed, commented_lines, from_json, is_hex};
use crate::finding::Secret;

pub(super) const REPORT: Format = Format {
    name: "gitleaks",
    is_named: |name| {
        // The usual names; the content says the rest.
        let name = name.to_ascii_lowercase();
        name.contains("gitleaks") && name.ends_with(".json")
    },
    is_like: |text| text.contains("\"RuleID\"") && text.contains("\"Fingerprint\""),
    parse: parse_report,
};

pub(super) const IGNORE: Format = Format {
    name: "gitleaks-ignore",
    is_named: |name| name == ".gitleaksignore",
    is_like: |text| {
        let lines = commented_lines(text);
        !lines.is_empty() && lines.iter().all(|(_, line, _)| Print::parse(line).is_some())
    },
    parse: parse_ignore,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Recorded {
    #[serde(rename = "RuleID")]
    rule: String,
    #[serde(default)]
    start_line: usize,
    #[serde(default)]
    end_line: usize,
    file: String,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    commit: String,
}

fn parse_report(text: &str) -> Result<Parsed, Damage> {
    // An empty report is `[]`, or `null` of an older version.
    let recorded: Option<Vec<Recorded>> = from_json(text)?;
    let mut parsed = Parsed::of("gitleaks");
    for one in recorded.unwrap_or_default() {
        let print = Print {
            commit: Some(one.commit.clone()).filter(|commit| !commit.is_empty()),
            path: normal(&one.file),
            rule: one.rule,
            line: one.start_line,
        };
        let mut entry = print.entry();
        entry.lines = Some((one.start_line, one.end_line.max(one.start_line)));
        if !is_redacted(&one.secret) {
            entry.claim = Claim::Value(Secret::new(one.secret.as_bytes()));
        }
        parsed.entries.push(entry);
    }
    Ok(parsed)
}

/// `--redact` writes a word, `--redact=20` the first part of the value and dots.
pub(super) fn is_redacted(secret: &str) -> bool {
    secret.is_empty() || secret == "REDACTED" || secret.ends_with("...")
}

/// A fingerprint: `commit:file:rule:line` or `file:rule:line`.
pub(super) struct Print {
    commit: Option<String>,
    path: String,
    rule: String,
    line: usize,
}

impl Print {
    pub(super) fn parse(text: &str) -> Option<Print> {
        let mut parts = text.rsplitn(3, ':');
        let line = parts.next()?.parse().ok()?;
        let rule = parts.next().filter(|rule| !rule.is_empty())?.to_owned();
        let rest = parts.next().filter(|rest| !rest.is_empty())?;
        let (commit, path) = match rest.split_once(':') {
            Some((commit, path)) if is_hex(commit, 40) || is_hex(commit, 64) => {
                (Some(commit.to_owned()), path)
            }
            _ => (None, rest),
        };
        Some(Print { commit, path: normal(path), rule, line })
    }

    pub(super) fn entry(self) -> Entry {
        let claim = Claim::Place { commit: self.commit };
        let name = format!("{}:{}  {}", self.path, self.line, self.rule);
        let mut entry = Entry::new(name, claim);
        entry.lines = Some((self.line, self.line));
        entry.rule = Some(self.rule);
        entry.path = Some(self.path);
        entry
    }
}

fn parse_ignore(text: &str) -> Result<Parsed, Damage> {
    let mut parsed = Parsed::of("gitleaks");
    for (number, line, reason) in commented_lines(text) {
        let Some(print) = Print::parse(line) else {
            // gitleaks itself warns and goes on; a file full of them is another file.
            let why = "no fingerprint: expected commit:file:rule:line or file:rule:line";
            parsed.leave(format!("line {number}"), why, Next::Nothing);
            continue;
        };
        if print.path.contains('!') {
            let why = "keyhook does not look into archives";
            parsed.leave(print.entry().name, why, Next::Nothing);
            continue;
        }
        let mut entry = print.entry();
        entry.reason = reason;
        parsed.entries.push(entry);
    }
    let is_damaged =
        parsed.entries.is_empty() && parsed.left.iter().any(|l| l.why.starts_with("no "));
    match commented_lines(text).first() {
        Some((number, ..)) if is_damaged => {
            let problem = "no line is a fingerprint: commit:file:rule:line or file:rule:line";
            Err(Damage::new(*number, problem))
        }
        _ => Ok(parsed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_gives_values_only_where_it_has_them() {
        let text = r#"[
            {"RuleID": "a-key", "StartLine": 2, "EndLine": 2, "Secret": "REDACTED", "File": "x\\a",
             "Commit": "", "Fingerprint": "x"},
            {"RuleID": "b-key", "StartLine": 3, "Secret": "val", "File": "b", "Commit": "c1"},
            {"RuleID": "c-key", "StartLine": 3, "Secret": "va...", "File": "c", "Commit": "c1"}]"#;
        let entries = parse_report(text).unwrap().entries;
        assert!(matches!(&entries[0].claim, Claim::Place { commit: None }));
        assert_eq!((entries[0].path.as_deref(), entries[0].lines), (Some("x/a"), Some((2, 2))));
        assert!(matches!(&entries[1].claim, Claim::Value(value) if value.expose() == b"val"));
        assert!(matches!(&entries[2].claim, Claim::Place { commit: Some(c) } if c == "c1"));
        assert!(!format!("{entries:?}").contains("val"));
        assert!(parse_report("null").unwrap().entries.is_empty());
    }

    #[test]
    fn fingerprints_have_three_or_four_parts() {
        let commit = "c".repeat(40);
        let text =
            format!("# why\n{commit}:a/b.py:x-key:7\n\nwin\\c.py:y-key:8\na.zip!b:z:1\nhm\n");
        let parsed = parse_ignore(&text).unwrap();
        let (a, b) = (&parsed.entries[0], &parsed.entries[1]);
        assert!(matches!(&a.claim, Claim::Place { commit: Some(found) } if *found == commit));
        assert_eq!((a.path.as_deref(), a.reason.as_deref()), (Some("a/b.py"), Some("why")));
        assert_eq!((b.path.as_deref(), b.lines), (Some("win/c.py"), Some((8, 8))));
        assert_eq!(parsed.left.len(), 2);
        assert!(parsed.left[1].name.contains("line 6"));
    }

    #[test]
    fn damage_is_named() {
        assert_eq!(parse_report("[{\"RuleID\":\n 7}]").unwrap_err().line, 2);
        assert_eq!(parse_ignore("# x\nnot a print\n").unwrap_err().line, 2);
        assert!(parse_ignore("# nothing yet\n").unwrap().entries.is_empty());
    }
}
