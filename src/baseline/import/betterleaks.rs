//! betterleaks: `.betterleaksignore`, and the JSON report of version 2.
//!
//! A fingerprint is the SHA-256 of the value, or an HMAC of it, and holds wherever the value stands.
//! Version 1 wrote gitleaks' fingerprints into the same file.

use serde::Deserialize;

use super::detect_secrets::normal;
use super::gitleaks::{Print, is_redacted};
use super::{Claim, Damage, Entry, Format, Next, Parsed, commented_lines, from_json, is_hex};
use crate::finding::Secret;

pub(super) const IGNORE: Format = Format {
    name: "betterleaks-ignore",
    is_named: |name| name == ".betterleaksignore",
    is_like: |text| {
        let lines = commented_lines(text);
        !lines.is_empty() && lines.iter().all(|(_, line, _)| claim(line).is_some())
    },
    parse: parse_ignore,
};

pub(super) const REPORT: Format = Format {
    name: "betterleaks",
    is_named: |name| {
        let name = name.to_ascii_lowercase();
        name.contains("betterleaks") && name.ends_with(".json")
    },
    is_like: |text| text.contains("\"schema_version\"") && text.contains("\"rule_id\""),
    parse: parse_report,
};

fn claim(print: &str) -> Option<Claim> {
    let print = print.to_ascii_lowercase();
    match print.strip_prefix("hmac-sha256:") {
        Some(hash) if is_hex(hash, 64) => Some(Claim::HmacSha256(hash.to_owned())),
        None if is_hex(&print, 64) => Some(Claim::Sha256(print)),
        _ => None,
    }
}

fn parse_ignore(text: &str) -> Result<Parsed, Damage> {
    let mut parsed = Parsed::of("betterleaks");
    let mut wrong = None;
    for (number, line, reason) in commented_lines(text) {
        let mut entry = match (claim(line), Print::parse(line)) {
            (Some(claim), _) => {
                let print = line.rsplit(':').next().unwrap_or(line);
                Entry::new(format!("line {number}  {}…", &print[..12]), claim)
            }
            (None, Some(print)) => print.entry(),
            (None, None) => {
                wrong.get_or_insert(number);
                let why = "no fingerprint: expected 64 characters 0-9a-f";
                parsed.leave(format!("line {number}"), why, Next::Nothing);
                continue;
            }
        };
        entry.reason = reason;
        parsed.entries.push(entry);
    }
    match wrong.filter(|_| parsed.entries.is_empty()) {
        Some(number) => Err(Damage::new(number, "no line is a fingerprint (64 characters 0-9a-f)")),
        None => Ok(parsed),
    }
}

#[derive(Deserialize)]
struct Report {
    findings: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    rule_id: String,
    #[serde(default, rename = "match")]
    found: Found,
    #[serde(default)]
    location: Location,
}

#[derive(Default, Deserialize)]
struct Found {
    #[serde(default)]
    value: String,
    #[serde(default)]
    fingerprint: String,
}

#[derive(Default, Deserialize)]
struct Location {
    #[serde(default)]
    path: String,
    #[serde(default)]
    start_line: usize,
}

fn parse_report(text: &str) -> Result<Parsed, Damage> {
    let report: Report = from_json(text)?;
    let mut parsed = Parsed::of("betterleaks");
    for one in report.findings {
        let (path, line) = (normal(&one.location.path), one.location.start_line);
        // The value says more than its hash, if the report was not redacted.
        let claim = match (&one.found.value[..], claim(&one.found.fingerprint)) {
            (value, _) if !is_redacted(value) => Claim::Value(Secret::new(value.as_bytes())),
            (_, Some(claim)) => claim,
            _ => Claim::Place { commit: None },
        };
        let mut entry = Entry::new(format!("{path}:{line}  {}", one.rule_id), claim);
        entry.path = Some(path).filter(|path| !path.is_empty());
        entry.lines = (line > 0).then_some((line, line));
        entry.rule = Some(one.rule_id);
        parsed.entries.push(entry);
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_of_both_versions_are_read() {
        let hash = "AB".repeat(32);
        let text =
            format!("# known\n{hash}\r\nhmac-sha256:{hash}\r\na.py:x-key:3\nsha256:{hash}\n");
        let parsed = parse_ignore(&text).unwrap();
        let lower = hash.to_ascii_lowercase();
        assert!(matches!(&parsed.entries[0].claim, Claim::Sha256(found) if *found == lower));
        assert_eq!(parsed.entries[0].reason.as_deref(), Some("known"));
        assert!(matches!(&parsed.entries[1].claim, Claim::HmacSha256(found) if *found == lower));
        assert!(matches!(&parsed.entries[2].claim, Claim::Place { commit: None }));
        assert_eq!(parsed.left[0].name, "line 5");
        assert_eq!(parse_ignore("hello\n").unwrap_err().line, 1);
    }

    #[test]
    fn a_report_is_read_by_its_fingerprints() {
        let text = format!(
            r#"{{"schema_version": "1", "findings": [{{"rule_id": "x-key",
            "match": {{"value": "REDACTED", "fingerprint": "{}"}},
            "location": {{"path": "a.py", "start_line": 4}}}}]}}"#,
            "0".repeat(64)
        );
        let entry = parse_report(&text).unwrap().entries.remove(0);
        assert!(matches!(&entry.claim, Claim::Sha256(_)));
        assert_eq!(entry.name, "a.py:4  x-key");
        assert_eq!(parse_report("{\"findings\":\n 3}").unwrap_err().line, 2);
    }
}
