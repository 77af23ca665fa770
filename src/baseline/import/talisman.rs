//! talisman's `.talismanrc`.
//!
//! An entry vouches for a whole file by a checksum over its content and path: whatever is in the
//! file while the checksum holds. So its findings are places, and a file that has changed since has
//! nothing to carry over; talisman would block it, too.

use super::detect_secrets::normal;
use super::ignored_paths::{globs, leave_path};
use super::yaml::Node;
use super::{Claim, Damage, Entry, Format, Next, PATTERN_STAYS, Parsed, Target, is_hex, pattern};

pub(super) const FORMAT: Format = Format {
    name: "talisman",
    is_named: |name| matches!(name, ".talismanrc" | ".talismanrc.yml" | ".talismanrc.yaml"),
    is_like: |text| text.lines().any(|line| line.starts_with("fileignoreconfig:")),
    parse,
};

fn parse(text: &str) -> Result<Parsed, Damage> {
    let root = Node::parse(text)?.expect_map()?;
    let mut parsed = Parsed::of("talisman");
    for file in root.list("fileignoreconfig")? {
        file_entry(file, &mut parsed)?;
    }
    patterns(&root, "", &mut parsed)?;
    for scope in root.list("scopeconfig")? {
        let name = format!("scope {}", scope.needed("scope")?);
        let why = "keyhook knows lock files and generated files by itself";
        parsed.leave(name, why, Next::Nothing);
    }
    for custom in root.list("custom_patterns")? {
        let next = Next::Do("write it as a rule: docs/rules.md".into());
        let name = format!("custom_patterns, line {}", custom.line);
        parsed.leave(name, "a pattern to find is a rule here", next);
    }
    for key in ["custom_severities", "threshold", "experimental"] {
        if root.get(key).is_some() {
            let why = "keyhook has a confidence for each rule and no severities";
            let next = Next::Do("choose with: confidence = \"high\" in .keyhook.toml".into());
            parsed.leave(key, why, next);
        }
    }
    Ok(parsed)
}

fn file_entry(file: &Node, parsed: &mut Parsed) -> Result<(), Damage> {
    let path = normal(file.needed("filename")?);
    let detectors: Vec<&str> =
        file.list("ignore_detectors")?.iter().filter_map(Node::text).collect();
    patterns(file, &path, parsed)?;
    let checksum = file.get("checksum").and_then(Node::text).unwrap_or_default();
    if checksum.is_empty() {
        // With detectors, the file is left out of them for good.
        if detectors.contains(&"filecontent") {
            leave_path(path.clone(), globs(&format!("/{path}")), parsed);
        }
        return Ok(());
    }
    if !is_hex(checksum, 64) {
        let problem = "`checksum` must be 64 characters 0-9a-f";
        return Err(Damage::new(file.line, problem));
    }
    if !detectors.is_empty() && !detectors.contains(&"filecontent") {
        let why = "it is about the name or the size of the file, which keyhook does not judge";
        parsed.leave(path, why, Next::Nothing);
        return Ok(());
    }
    let claim = Claim::Files { checksum: checksum.to_ascii_lowercase() };
    let mut entry = Entry::new(path.clone(), claim);
    entry.path = Some(path);
    parsed.entries.push(entry);
    Ok(())
}

/// What `allowed_patterns` takes out of a text before it is looked at.
fn patterns(node: &Node, path: &str, parsed: &mut Parsed) -> Result<(), Damage> {
    for allowed in node.list("allowed_patterns")? {
        let text = allowed.text().unwrap_or_default();
        let place = if path.is_empty() { String::new() } else { format!("{path}  ") };
        let name = format!("{place}allowed_patterns, line {}", allowed.line);
        let Some(regex) = pattern(text) else {
            let next = Next::Do("write it as an allowlist pattern: docs/rules.md".into());
            parsed.leave(name, "keyhook cannot read this regular expression", next);
            continue;
        };
        parsed.leave(name.clone(), PATTERN_STAYS, Next::Allow(vec![("line", text.to_owned())]));
        let claim = Claim::Pattern { regex: Box::new(regex), target: Target::Line };
        let mut entry = Entry::new(name, claim);
        entry.path = Some(path.to_owned()).filter(|path| !path.is_empty());
        parsed.entries.push(entry);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_patterns_and_settings_are_told_apart() {
        let sum = "a".repeat(64);
        let text = format!(
            "fileignoreconfig:\n- filename: src/a.py\n  checksum: {sum}\n- filename: big.bin\n  checksum: {sum}\n  ignore_detectors: [filesize]\n- filename: gen/*.py\n  ignore_detectors: [filecontent]\n- filename: b.py\n  allowed_patterns: [key]\nscopeconfig:\n- scope: node\nallowed_patterns:\n- 'x+'\n- '('\nthreshold: high\nversion: \"1.0\"\n"
        );
        let parsed = parse(&text).unwrap();
        let names: Vec<_> = parsed.entries.iter().map(|entry| &entry.name[..]).collect();
        let patterns = ["b.py  allowed_patterns, line 10", "allowed_patterns, line 14"];
        assert_eq!(names, ["src/a.py", patterns[0], patterns[1]]);
        assert!(matches!(&parsed.entries[0].claim, Claim::Files { checksum } if *checksum == sum));
        let names: Vec<_> = parsed.left.iter().map(|left| &left.name[..]).collect();
        let last = ["allowed_patterns, line 15", "scope node", "threshold"];
        let expected = [&["big.bin", "gen/*.py"], &patterns[..], &last[..]].concat();
        assert_eq!(names, expected);
    }

    #[test]
    fn damage_has_its_line() {
        let line = |text: &str| parse(text).unwrap_err().line;
        assert_eq!(line("fileignoreconfig:\n- checksum: a\n"), 2);
        assert_eq!(line("fileignoreconfig:\n- filename: a\n  checksum: zz\n"), 2);
        assert_eq!(line("- a\n"), 1);
        assert_eq!(line("fileignoreconfig:\n- filename: [\n"), 3);
    }
}
