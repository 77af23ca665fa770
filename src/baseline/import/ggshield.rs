//! ggshield's `.gitguardian.yaml`: version 2, and the older one without `secret`.
//!
//! A match is the value itself, or a hash over the parts of a credential and their kinds.

use super::ignored_paths::{globs, leave_path};
use super::yaml::Node;
use super::{Claim, Damage, Entry, Format, Next, Parsed, is_hex};
use crate::finding::Secret;

pub(super) const FORMAT: Format = Format {
    name: "ggshield",
    is_named: |name| matches!(name, ".gitguardian.yaml" | ".gitguardian.yml"),
    is_like: |text| {
        let keys = ["ignored_matches:", "ignored-matches:", "matches-ignore:", "matches_ignore:"];
        text.lines().any(|line| keys.iter().any(|key| line.trim_start().starts_with(key)))
    },
    parse,
};

/// ggshield takes every key with hyphens or underscores, and older ones under other names.
const MATCHES: [&str; 4] =
    ["ignored_matches", "ignored-matches", "matches_ignore", "matches-ignore"];
const PATHS: [&str; 4] = ["ignored_paths", "ignored-paths", "paths_ignore", "paths-ignore"];
const DETECTORS: [&str; 4] =
    ["ignored_detectors", "ignored-detectors", "banlisted_detectors", "banlisted-detectors"];
const KNOWN: [&str; 2] = ["ignore_known_secrets", "ignore-known-secrets"];

fn parse(text: &str) -> Result<Parsed, Damage> {
    let root = Node::parse(text)?.expect_map()?;
    let mut parsed = Parsed::of("ggshield");
    for part in std::iter::once(&root).chain(root.get("secret")) {
        for key in MATCHES {
            for found in part.list(key)? {
                parsed.entries.push(entry(found)?);
            }
        }
        for path in PATHS.iter().map(|key| part.list(key)).collect::<Result<Vec<_>, _>>()? {
            for path in path.iter().filter_map(Node::text) {
                leave_path(path.to_owned(), globs(path), &mut parsed);
            }
        }
        for key in DETECTORS {
            for detector in part.list(key)?.iter().filter_map(Node::text) {
                let next =
                    Next::Do("disable = [\"RULE\"] in .keyhook.toml: keyhook rules list".into());
                let why = "its detectors are not keyhook's rules";
                parsed.leave(format!("detector {detector}"), why, next);
            }
        }
        for key in KNOWN.iter().filter(|key| part.get(key).and_then(Node::text) == Some("true")) {
            let why = "what GitGuardian's server knows is not in the file";
            parsed.leave(*key, why, Next::Do("keyhook baseline update".into()));
        }
    }
    Ok(parsed)
}

fn entry(found: &Node) -> Result<Entry, Damage> {
    let value = match found.text() {
        Some(text) => text,
        None => found.needed("match")?,
    };
    let title = found.get("name").and_then(Node::text).unwrap_or_default().trim();
    let claim = if is_hex(value, 64) {
        Claim::GitGuardian(value.to_ascii_lowercase())
    } else {
        Claim::Value(Secret::new(value.as_bytes()))
    };
    let name = format!("line {}  {title}", found.line);
    let mut entry = Entry::new(name.trim_end(), claim);
    // ggshield names what it writes itself after the detector and the file; people give reasons.
    entry.reason = Some(title.to_owned()).filter(|title| !title.is_empty());
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_read() {
        let hash = "A1".repeat(32);
        let text = format!(
            "version: 2\nsecret:\n  ignored_matches:\n  - name: a test\n    match: {hash}\n  - match: val\n  ignored_paths:\n  - '**/gen/*'\n  ignored_detectors: [X]\n  ignore_known_secrets: true\n"
        );
        let parsed = parse(&text).unwrap();
        let [a, b] = &parsed.entries[..] else { panic!("two") };
        assert!(matches!(&a.claim, Claim::GitGuardian(found) if found.starts_with("a1a1")));
        assert_eq!((&a.name[..], a.reason.as_deref()), ("line 4  a test", Some("a test")));
        assert!(matches!(&b.claim, Claim::Value(value) if value.expose() == b"val"));
        assert_eq!(parsed.left.len(), 3);
        let old = format!("matches-ignore:\n- {hash}\npaths-ignore: [a/b.txt]\n");
        let parsed = parse(&old).unwrap();
        assert_eq!((parsed.entries.len(), parsed.left.len()), (1, 1));
    }

    #[test]
    fn damage_has_its_line() {
        let line = |text: &str| parse(text).unwrap_err().line;
        assert_eq!(line("secret:\n  ignored_matches:\n  - name: x\n"), 3);
        assert_eq!(line("secret:\n  ignored_matches:\n    name: x\n"), 3);
        assert_eq!(line("secret: [\n"), 2);
    }
}
