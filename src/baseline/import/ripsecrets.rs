//! ripsecrets' `.secretsignore`: gitignore patterns, then `[secrets]` with one value a line, in
//! plain text.

use super::ignored_paths::leave_paths;
use super::{Claim, Damage, Entry, Format, Parsed};
use crate::finding::Secret;

pub(super) const FORMAT: Format = Format {
    name: "ripsecrets",
    is_named: |name| name == ".secretsignore",
    is_like: |text| text.lines().any(|line| line == "[secrets]"),
    parse,
};

fn parse(text: &str) -> Result<Parsed, Damage> {
    let mut parsed = Parsed::of("ripsecrets");
    let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
    let sections: Vec<usize> =
        lines.iter().filter(|(_, line)| line.trim_end() == "[secrets]").map(|(n, _)| *n).collect();
    if let Some(second) = sections.get(1) {
        return Err(Damage::new(
            *second,
            "`[secrets]` stands twice; ripsecrets reads the first only",
        ));
    }
    let split = sections.first().copied().unwrap_or(lines.len() + 1);
    leave_paths(lines.iter().copied().take(split - 1), &mut parsed);
    let mut comment = None;
    for (number, line) in lines.into_iter().skip(split) {
        if let Some(words) = line.strip_prefix('#') {
            comment = Some(words.trim().to_owned()).filter(|words| !words.is_empty());
        } else if line.trim().is_empty() {
            comment = None;
        } else {
            let value = Claim::Value(Secret::new(line.trim_end().as_bytes()));
            let mut entry = Entry::new(format!("line {number} of [secrets]"), value);
            entry.reason = comment.clone();
            parsed.entries.push(entry);
        }
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::import::Next;

    #[test]
    fn paths_come_first_and_values_behind_their_header() {
        let parsed = parse("# paths\ntest/\n\n[secrets]\n# sample\nabc123\r\n\ndef\n").unwrap();
        assert_eq!(parsed.left.len(), 1);
        assert_eq!(parsed.left[0].next, Next::Exclude(vec!["**/test/**".into()]));
        let [a, b] = &parsed.entries[..] else { panic!("two entries") };
        assert!(matches!(&a.claim, Claim::Value(value) if value.expose() == b"abc123"));
        assert_eq!((&a.name[..], a.reason.as_deref()), ("line 6 of [secrets]", Some("sample")));
        assert_eq!((&b.name[..], b.reason.as_deref()), ("line 8 of [secrets]", None));
    }

    #[test]
    fn a_second_section_is_damage() {
        assert_eq!(parse("[secrets]\na\n[secrets]\nb\n").unwrap_err().line, 3);
        assert!(parse("just/paths\n").unwrap().entries.is_empty());
    }
}
