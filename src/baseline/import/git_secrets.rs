//! git-secrets' `.gitallowed`: one extended regular expression a line, compared with
//! `path:line:content`.
//!
//! Like git-secrets, blank lines and those that begin with `#` are passed over. A pattern holds no
//! value: what it allows today is carried over, and what it would allow tomorrow is listed.

use super::{Claim, Damage, Entry, Format, Next, PATTERN_STAYS, Parsed, Target, pattern};

pub(super) const FORMAT: Format = Format {
    name: "git-secrets",
    is_named: |name| name == ".gitallowed",
    is_like: |_| false,
    parse,
};

fn parse(text: &str) -> Result<Parsed, Damage> {
    let mut parsed = Parsed::of("git-secrets");
    let mut is_readable = true;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_end_matches('\r');
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        if line.contains('\0') {
            return Err(Damage::new(number, "a NUL byte: it is no text"));
        }
        let name = format!("line {number}");
        let Some(regex) = pattern(line) else {
            is_readable = false;
            let next = Next::Do("write it as an allowlist pattern: docs/rules.md".into());
            parsed.leave(name, "keyhook cannot read this regular expression", next);
            continue;
        };
        parsed.leave(name.clone(), PATTERN_STAYS, Next::Allow(targets(line)));
        let claim = Claim::Pattern { regex: Box::new(regex), target: Target::GrepLine };
        parsed.entries.push(Entry::new(name, claim));
    }
    if !is_readable && parsed.entries.is_empty() {
        let number = parsed.left[0].name.trim_start_matches("line ").parse().unwrap_or(0);
        return Err(Damage::new(number, "no line is a regular expression that keyhook can read"));
    }
    Ok(parsed)
}

/// Splits a pattern that begins with a path, since an allowlist compares path and line apart.
fn targets(line: &str) -> Vec<(&'static str, String)> {
    let whole = || vec![("line", line.to_owned())];
    let Some((path, rest)) = line.strip_prefix('^').and_then(|rest| rest.split_once(':')) else {
        return whole();
    };
    let is_number = |text: &str| matches!(text, "[0-9]+" | "[0-9]*" | "\\d+" | ".*" | ".+");
    let rest = match rest.split_once(':') {
        Some((number, rest)) if is_number(number) => rest,
        _ => rest,
    };
    let mut targets = vec![("paths", format!("^{path}$"))];
    if !matches!(rest, "" | ".*" | ".*$" | ".+") {
        targets.push(("line", rest.to_owned()));
    }
    if targets.iter().all(|(_, text)| pattern(text).is_some()) { targets } else { whole() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_pattern() {
        let parsed = parse("# c\n\n^tests/.*:\n  # d\n[[:alpha:]]+EXAMPLE\n(\n").unwrap();
        assert_eq!(parsed.entries.len(), 2);
        let names: Vec<_> = parsed.left.iter().map(|left| &left.name[..]).collect();
        assert_eq!(names, ["line 3", "line 5", "line 6"]);
        assert_eq!(parsed.left[0].next, Next::Allow(vec![("paths", "^tests/.*$".into())]));
    }

    #[test]
    fn a_pattern_that_begins_with_a_path_is_split() {
        let split = |line: &str| -> Vec<String> {
            targets(line).into_iter().map(|(key, text)| format!("{key} {text}")).collect()
        };
        assert_eq!(split("^src/a.py:.*"), ["paths ^src/a.py$"]);
        assert_eq!(split("^src/.*:[0-9]+:key = "), ["paths ^src/.*$", "line key = "]);
        assert_eq!(split("^a:b"), ["paths ^a$", "line b"]);
        assert_eq!(split("EXAMPLE:x"), ["line EXAMPLE:x"]);
        assert_eq!(split("^(a:b)"), ["line ^(a:b)"]);
    }

    #[test]
    fn damage_has_its_line() {
        assert_eq!(parse("# x\n(((\n").unwrap_err().line, 2);
        assert_eq!(parse("a\n\0\n").unwrap_err().line, 2);
    }
}
