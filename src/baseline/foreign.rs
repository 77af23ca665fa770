//! Honours the `.secrets.baseline` of detect-secrets until it is imported.
//!
//! Its entries hold the SHA-1 of the value, unsalted, and the file. Entries of the type "Private Key"
//! hash only the header line, which is the same for every key of a kind, so they vouch for nothing
//! and are not honoured; nor is a header's hash under any other type.

use std::collections::BTreeMap;

use serde_json::Value;

use super::import::{Claim, Damage, detect_secrets};
use crate::finding::{Secret, Verdict};

#[derive(Clone, Debug)]
pub(super) struct Foreign {
    /// For each file the hashes of the values in it, with what was said about them.
    files: BTreeMap<String, BTreeMap<String, Told>>,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    verdict: Verdict,
    is_lowered: bool,
}

impl Foreign {
    pub(super) fn is_foreign(value: &Value) -> bool {
        value.get("results").is_some() && value.get("salts").is_none()
    }

    pub(super) fn parse(text: &str) -> Result<Foreign, Damage> {
        let mut files: BTreeMap<String, BTreeMap<String, Told>> = BTreeMap::new();
        for entry in (detect_secrets::FORMAT.parse)(text)?.entries {
            let (Claim::Sha1 { hash, is_lowered }, Some(path)) = (entry.claim, entry.path) else {
                continue;
            };
            let verdict = entry.verdict.unwrap_or(Verdict::Unreviewed);
            let told = files.entry(path).or_default().entry(hash);
            let told = told.or_insert(Told { verdict, is_lowered });
            // One value under two types: the graver answer counts.
            told.verdict = graver(told.verdict, verdict);
            told.is_lowered |= is_lowered;
        }
        Ok(Foreign { files })
    }

    /// Returns what was said about a value in a file. No hash of detect-secrets is one of a whole
    /// private key.
    pub(super) fn verdict(&self, secret: &Secret, path: &str, rule: &str) -> Option<Verdict> {
        if rule.starts_with("private-key") {
            return None;
        }
        let hashes = self.files.get(path)?;
        let bytes = secret.expose();
        let exact = hashes.get(&detect_secrets::hash(bytes));
        let lowered = || {
            let told = hashes.get(&detect_secrets::hash(&bytes.to_ascii_lowercase()))?;
            told.is_lowered.then_some(told)
        };
        exact.or_else(lowered).map(|told| told.verdict)
    }
}

/// Of two answers about one value, the one that asks for more.
pub fn graver(a: Verdict, b: Verdict) -> Verdict {
    let weight = |verdict: Verdict| match verdict {
        Verdict::Real => 3,
        Verdict::Revoked => 2,
        Verdict::FalsePositive => 1,
        Verdict::Unreviewed => 0,
    };
    if weight(b) > weight(a) { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(entries: Value) -> Foreign {
        let value = serde_json::json!({ "version": "0.14.3", "results": { "src\\a.py": entries } });
        assert!(Foreign::is_foreign(&value));
        Foreign::parse(&value.to_string()).unwrap()
    }

    fn hash(text: &str) -> String {
        detect_secrets::hash(text.as_bytes())
    }

    #[test]
    fn values_are_honoured_in_their_file_and_headers_never() {
        let foreign = foreign(serde_json::json!([
            { "type": "Secret Keyword", "hashed_secret": hash("value") },
            { "type": "Private Key", "hashed_secret": hash("header") },
            { "type": "Secret Keyword", "hashed_secret": hash("BEGIN RSA PRIVATE KEY") },
            { "type": "Secret Keyword", "hashed_secret": hash("mixed"), "is_secret": true },
            { "type": "Hex", "hashed_secret": hash("low"), "is_secret": false },
        ]));
        let told =
            |text: &str, path: &str| foreign.verdict(&Secret::new(text.as_bytes()), path, "x");
        assert_eq!(told("value", "src/a.py"), Some(Verdict::Unreviewed));
        assert_eq!(told("value", "src/b.py"), None);
        assert_eq!(told("header", "src/a.py"), None);
        assert_eq!(told("BEGIN RSA PRIVATE KEY", "src/a.py"), None);
        // Before 1.0 the keyword plugin hashed small letters; no other plugin did.
        assert_eq!(told("MiXed", "src/a.py"), Some(Verdict::Real));
        assert_eq!(told("low", "src/a.py"), Some(Verdict::FalsePositive));
        assert_eq!(told("LOW", "src/a.py"), None);
        let pem = foreign.verdict(&Secret::new(b"value"), "src/a.py", "private-key-rsa");
        assert_eq!(pem, None);
        // Some providers call their keys private.
        let key = foreign.verdict(&Secret::new(b"value"), "src/a.py", "mailgun-private-key");
        assert_eq!(key, Some(Verdict::Unreviewed));
    }

    #[test]
    fn of_two_answers_the_graver_counts() {
        let foreign = foreign(serde_json::json!([
            { "type": "A", "hashed_secret": hash("v"), "is_secret": true },
            { "type": "B", "hashed_secret": hash("v"), "is_secret": false },
            { "type": "C", "hashed_secret": hash("v") },
        ]));
        assert_eq!(foreign.verdict(&Secret::new(b"v"), "src/a.py", "x"), Some(Verdict::Real));
    }

    #[test]
    fn damage_is_an_error_with_its_line() {
        for text in
            ["{\"results\": []}", "{\"results\": {\"a\": {}}}", "{\"results\": {\"a\": [{}]}}"]
        {
            assert_eq!(Foreign::parse(text).unwrap_err().line, 1);
        }
    }
}
