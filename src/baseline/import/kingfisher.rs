//! kingfisher's baseline, versions 1 and 2.
//!
//! Its fingerprint is a hash over the value, its offsets and its origin, so it cannot be turned into
//! one of ours: an entry is a place to look at again.

use super::detect_secrets::normal;
use super::yaml::Node;
use super::{Claim, Damage, Entry, Format, Parsed};

pub(super) const FORMAT: Format = Format {
    name: "kingfisher",
    is_named: |name| {
        let name = name.to_ascii_lowercase();
        name.contains("kingfisher") && name.contains("baseline")
    },
    is_like: |text| {
        let starts = |key: &str| text.lines().any(|line| line.starts_with(key));
        starts("fingerprint_algorithm:") || starts("ExactFindings:")
    },
    parse,
};

fn parse(text: &str) -> Result<Parsed, Damage> {
    let root = Node::parse(text)?.expect_map()?;
    let mut parsed = Parsed::of("kingfisher");
    if let Some(exact) = root.get("ExactFindings") {
        for found in exact.list("matches")? {
            let path = found.needed("filepath")?;
            parsed.entries.push(entry(path, line(found, "linenum")?, None));
        }
        return Ok(parsed);
    }
    if root.get("repositories").is_none() {
        let problem = "expected `repositories` (version 2) or `ExactFindings` (version 1)";
        return Err(Damage::new(root.line, problem));
    }
    for repository in root.list("repositories")? {
        for found in repository.list("findings")? {
            let rule = found.get("rule_id").and_then(Node::text);
            parsed.entries.push(entry(found.needed("path")?, line(found, "line")?, rule));
        }
    }
    Ok(parsed)
}

fn line(found: &Node, key: &str) -> Result<usize, Damage> {
    let text = found.needed(key)?;
    text.parse().map_err(|_| Damage::new(found.line, format!("`{key}` must be a number")))
}

fn entry(path: &str, line: usize, rule: Option<&str>) -> Entry {
    let path = normal(path);
    let name = format!("{path}:{line}  {}", rule.unwrap_or_default());
    let mut entry = Entry::new(name.trim_end(), Claim::Place { commit: None });
    entry.path = Some(path);
    entry.lines = Some((line, line));
    entry.rule = rule.map(str::to_owned);
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_places() {
        let two = "version: 2\nfingerprint_algorithm: k\nrepositories:\n- id: x\n  findings:\n  - path: a.py\n    fingerprint: '1'\n    rule_id: r.x\n    line: 3\n- id: y\n  findings: []\n";
        let entry = parse(two).unwrap().entries.remove(0);
        assert_eq!((&entry.name[..], entry.lines), ("a.py:3  r.x", Some((3, 3))));
        let one = "ExactFindings:\n  matches:\n  - filepath: b.py\n    fingerprint: 00\n    linenum: 9\n    lastupdated: x\n";
        assert_eq!(parse(one).unwrap().entries[0].name, "b.py:9");
    }

    #[test]
    fn damage_has_its_line() {
        let line = |text: &str| parse(text).unwrap_err().line;
        assert_eq!(line("version: 2\nrepositories:\n- findings:\n  - path: a\n    line: x\n"), 4);
        assert_eq!(line("version: 2\nrepositories:\n- findings:\n  - line: 3\n"), 4);
        assert_eq!(line("version: 2\nrepositories:\n  a: b\n"), 3);
        assert_eq!(line("version: 2\n"), 1);
    }
}
