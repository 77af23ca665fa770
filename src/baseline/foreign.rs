//! Honours the `.secrets.baseline` of detect-secrets until it is replaced.
//!
//! Its entries hold the SHA-1 of the value, unsalted, and the file. Entries of the type
//! "Private Key" hash only the header line, which is the same for every key of a kind, so they vouch
//! for nothing and are not honoured.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha1::{Digest, Sha1};

use crate::finding::Secret;

#[derive(Clone, Debug)]
pub(super) struct Foreign {
    /// For each file the hashes of the values in it.
    files: BTreeMap<String, BTreeSet<String>>,
}

impl Foreign {
    pub(super) fn is_foreign(value: &Value) -> bool {
        value.get("results").is_some() && value.get("salts").is_none()
    }

    pub(super) fn parse(value: &Value) -> Result<Foreign, String> {
        let results = value.get("results").and_then(Value::as_object);
        let results = results.ok_or("`results` is no object (detect-secrets' format)")?;
        let mut files = BTreeMap::new();
        for (path, entries) in results {
            let entries = entries.as_array().ok_or("`results` must hold lists")?;
            let mut hashes = BTreeSet::new();
            for entry in entries {
                let text = |key: &str| entry.get(key).and_then(Value::as_str);
                let hash = text("hashed_secret").ok_or("an entry has no `hashed_secret`")?;
                if text("type") != Some("Private Key") {
                    hashes.insert(hash.to_owned());
                }
            }
            let path = path.replace('\\', "/");
            files.insert(path.trim_start_matches("./").to_owned(), hashes);
        }
        Ok(Foreign { files })
    }

    pub(super) fn covers(&self, secret: &Secret, path: &str, rule: &str) -> bool {
        let Some(hashes) = self.files.get(path) else { return false };
        if rule.contains("private-key") {
            return false;
        }
        let hash = Sha1::digest(secret.expose());
        hashes.contains(&hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_honoured_in_their_file_and_headers_never() {
        let sha1 = |text: &str| {
            Sha1::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect::<String>()
        };
        let value = serde_json::json!({
            "version": "1.5.0",
            "results": {
                "src\\a.py": [
                    { "type": "Secret Keyword", "hashed_secret": sha1("value") },
                    { "type": "Private Key", "hashed_secret": sha1("header") },
                ],
            },
        });
        assert!(Foreign::is_foreign(&value));
        let foreign = Foreign::parse(&value).unwrap();
        let covers =
            |text: &str, path: &str| foreign.covers(&Secret::new(text.as_bytes()), path, "x");
        assert!(covers("value", "src/a.py"));
        assert!(!covers("value", "src/b.py"));
        assert!(!covers("header", "src/a.py"));
    }

    #[test]
    fn damage_is_an_error() {
        for value in [
            serde_json::json!({ "results": [] }),
            serde_json::json!({ "results": { "a": {} } }),
            serde_json::json!({ "results": { "a": [{}] } }),
        ] {
            assert!(Foreign::parse(&value).is_err());
        }
    }
}
