//! secretlint's `.secretlintrc.json` (or YAML) and `.secretlintignore`.
//!
//! `allows` holds texts and `/patterns/` that a rule passes over. A configuration that is a program
//! is not run.

use super::ignored_paths::leave_paths;
use super::yaml::Node;
use super::{Claim, Damage, Entry, Format, Next, PATTERN_STAYS, Parsed, Target, pattern};

pub(super) const CONFIG: Format = Format {
    name: "secretlint",
    is_named: |name| name.starts_with(".secretlintrc"),
    is_like: |text| text.contains("@secretlint/"),
    parse: parse_config,
};

pub(super) const IGNORE: Format = Format {
    name: "secretlint-ignore",
    is_named: |name| name == ".secretlintignore",
    is_like: |_| false,
    parse: parse_ignore,
};

fn parse_ignore(text: &str) -> Result<Parsed, Damage> {
    let mut parsed = Parsed::of("secretlint");
    if let Some(at) = text.lines().position(|line| line.contains('\0')) {
        return Err(Damage::new(at + 1, "a NUL byte: it is no text"));
    }
    leave_paths((1..).zip(text.lines()), &mut parsed);
    Ok(parsed)
}

fn parse_config(text: &str) -> Result<Parsed, Damage> {
    let is_program = |line: &str| {
        line.starts_with("module.exports")
            || line.starts_with("export ")
            || line.starts_with("import ")
    };
    if let Some(at) = text.lines().position(is_program) {
        let problem = "it is a program, which keyhook does not run; write it as .secretlintrc.json";
        return Err(Damage::new(at + 1, problem));
    }
    // JSON is YAML, but for its tabs.
    let text = text.replace('\t', "  ");
    let root = Node::parse(&text)?.expect_map()?;
    if root.get("rules").is_none() {
        return Err(Damage::new(root.line, "expected `rules`"));
    }
    let mut parsed = Parsed::of("secretlint");
    rules(&root, &mut parsed)?;
    Ok(parsed)
}

fn rules(node: &Node, parsed: &mut Parsed) -> Result<(), Damage> {
    for rule in node.list("rules")? {
        let full = rule.needed("id")?;
        let id = full.rsplit_once("secretlint-rule-").map_or(full, |(_, id)| id);
        if rule.get("disabled").and_then(Node::text) == Some("true") {
            let next = Next::Do("disable = [\"RULE\"] in .keyhook.toml: keyhook rules list".into());
            let why = "its rules are not keyhook's";
            parsed.leave(format!("rule {id}: disabled"), why, next);
        }
        for message in rule.list("allowMessageIds")?.iter().filter_map(Node::text) {
            let next = Next::Do("disable = [\"RULE\"] in .keyhook.toml: keyhook rules list".into());
            let why = "its messages are not keyhook's rules";
            parsed.leave(format!("rule {id}: allowMessageIds {message}"), why, next);
        }
        if let Some(options) = rule.get("options") {
            allows(options, id, parsed)?;
            for (key, value) in options.pairs() {
                if key != "allows" && key != "enableIDScanRule" {
                    let name = format!("rule {id}: option {key}, line {}", value.line);
                    parsed.leave(name, "keyhook's rules have no such option", Next::Nothing);
                }
            }
        }
        // A preset holds its rules inside.
        rules(rule, parsed)?;
    }
    Ok(())
}

fn allows(options: &Node, id: &str, parsed: &mut Parsed) -> Result<(), Damage> {
    for allowed in options.list("allows")? {
        let Some(text) = allowed.text() else {
            return Err(Damage::new(allowed.line, "`allows` must hold texts"));
        };
        let name = format!("rule {id}: allows, line {}", allowed.line);
        let Some((source, regex)) = source(text).and_then(|s| pattern(&s).map(|regex| (s, regex)))
        else {
            let next = Next::Do("write it as an allowlist pattern: docs/rules.md".into());
            parsed.leave(name, "keyhook cannot read this regular expression", next);
            continue;
        };
        parsed.leave(name.clone(), PATTERN_STAYS, Next::Allow(vec![("secret", source)]));
        let claim = Claim::Pattern { regex: Box::new(regex), target: Target::Secret };
        let mut entry = Entry::new(name, claim);
        entry.rule = Some(id.to_owned());
        parsed.entries.push(entry);
    }
    Ok(())
}

/// Returns the pattern of `/…/flags`, or of a plain text, which is found anywhere in a match.
fn source(text: &str) -> Option<String> {
    let Some((body, flags)) = text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) else {
        return Some(regex_syntax::escape(text));
    };
    if !flags.bytes().all(|flag| flag.is_ascii_lowercase()) {
        return Some(regex_syntax::escape(text));
    }
    let kept: String = flags.chars().filter(|flag| "ims".contains(*flag)).collect();
    let is_known = flags.chars().all(|flag| "dgimsuvy".contains(flag));
    let prefix = if kept.is_empty() { kept } else { format!("(?{kept})") };
    is_known.then(|| format!("{prefix}{body}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_are_patterns_of_their_rule_also_in_a_preset() {
        let text = r#"{
	"rules": [
		{"id": "@secretlint/secretlint-rule-preset-recommend", "rules": [
			{"id": "@secretlint/secretlint-rule-aws",
			 "options": {"allows": ["a.b", "/^x\\d/i", "/(?<=a)b/"], "enableIDScanRule": true},
			 "allowMessageIds": ["AWSAccountID"]},
			{"id": "@secretlint/secretlint-rule-npm", "disabled": true}
		]}
	]
}"#;
        let parsed = parse_config(text).unwrap();
        assert_eq!(parsed.entries.len(), 2);
        assert_eq!(parsed.entries[0].rule.as_deref(), Some("aws"));
        let nexts: Vec<_> = parsed.left.iter().map(|left| left.next.clone()).collect();
        assert_eq!(nexts[1], Next::Allow(vec![("secret", "a\\.b".into())]));
        assert_eq!(nexts[2], Next::Allow(vec![("secret", "(?i)^x\\d".into())]));
        assert_eq!(parsed.left[3].why, "keyhook cannot read this regular expression");
        assert_eq!(parsed.left.len(), 5);
    }

    #[test]
    fn yaml_is_read_and_a_program_is_not_run() {
        let yaml = "rules:\n  - id: \"@secretlint/secretlint-rule-npm\"\n    options:\n      allows: [x]\n";
        assert_eq!(parse_config(yaml).unwrap().entries.len(), 1);
        assert!(parse_config("module.exports = {}").unwrap_err().problem.contains("program"));
    }

    #[test]
    fn damage_has_its_line() {
        let line = |text: &str| parse_config(text).unwrap_err().line;
        assert_eq!(line("{\"rules\": [\n{\"options\": 1}]}"), 2);
        assert_eq!(line("{\"rules\":\n {}}"), 2);
        assert_eq!(line("{}"), 1);
        assert_eq!(line("{\"rules\": [\n"), 2);
        assert_eq!(parse_ignore("a\n\0").unwrap_err().line, 2);
    }
}
