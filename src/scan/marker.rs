//! Comments that allow a finding on their line, keyhook's own and those of its peers.

use crate::finding::Span;
use crate::rule::RuleSet;

/// Markers that count on the line of the secret.
const SAME_LINE: &[&str] = &[
    "keyhook:allow",
    "pragma: allowlist secret",
    "pragma: whitelist secret",
    "gitleaks:allow",
    "betterleaks:allow",
    "kingfisher:ignore",
    "trufflehog:ignore",
    "ggignore",
    "secretlint-disable-line",
];

/// Markers that count on the line above.
const LINE_ABOVE: &[&str] = &[
    "pragma: allowlist nextline secret",
    "secretlint-disable-next-line",
    "keyhook:allow-next-line",
];

/// Returns whether a comment allows the secret: on its first or last line, or the line above.
///
/// `keyhook:allow[rule-id]` allows that rule alone.
pub(super) fn is_marked(text: &[u8], secret: &Span, rules: &RuleSet, rule: usize) -> bool {
    let first = line_around(text, secret.start);
    let last = line_around(text, secret.end.saturating_sub(1).max(secret.start));
    let above = line_around(text, first.start.saturating_sub(1));
    let allows = |line: &Span, secret: &Span, markers: &[&str]| {
        // The secret itself cannot speak for itself.
        let head = &text[line.start..secret.start.clamp(line.start, line.end)];
        let tail = &text[secret.end.clamp(line.start, line.end)..line.end];
        let id = &rules.get(rule).id;
        [head, tail].iter().any(|part| {
            let part = part.to_ascii_lowercase();
            markers.iter().any(|marker| has_marker(&part, marker, id))
        })
    };
    allows(&first, secret, SAME_LINE)
        || (last != first && allows(&last, secret, SAME_LINE))
        || (first.start > 0 && allows(&above, &(above.end..above.end), LINE_ABOVE))
}

/// The longest line that is searched for a marker on either side of the secret.
const LINE_MAX: usize = 4096;

fn line_around(text: &[u8], at: usize) -> Span {
    let before = &text[at.saturating_sub(LINE_MAX)..at.min(text.len())];
    let start =
        memchr::memrchr(b'\n', before).map_or(at - before.len(), |p| at - before.len() + p + 1);
    let after = &text[at.min(text.len())..(at + LINE_MAX).min(text.len())];
    let end = memchr::memchr(b'\n', after).map_or(at + after.len(), |p| at + p);
    start..end.max(start)
}

/// The line is in small letters.
fn has_marker(line: &[u8], marker: &str, rule: &str) -> bool {
    memchr::memmem::find_iter(line, marker.as_bytes()).any(|at| {
        match line[at + marker.len()..] {
            [b'[', ref named @ ..] => named.starts_with(format!("{rule}]").as_bytes()),
            // `keyhook:allow` inside `keyhook:allow-next-line` is another marker.
            [b'-', ..] => false,
            _ => true,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str) -> bool {
        let start = text.find("SECRET").unwrap();
        let rules = RuleSet::builtin();
        let rule = (0..rules.len()).find(|i| rules.get(*i).id == "anthropic-api-key").unwrap();
        is_marked(text.as_bytes(), &(start..start + 6), &rules, rule)
    }

    #[test]
    fn markers_of_every_peer_count() {
        for marker in SAME_LINE {
            assert!(marked(&format!("k = SECRET # {marker}")), "{marker}");
            assert!(!marked(&format!("k = SECRET\n# {marker}")), "{marker}");
        }
        for marker in LINE_ABOVE {
            assert!(marked(&format!("# {marker}\nk = SECRET")), "{marker}");
            assert!(!marked(&format!("# {marker}\n\nk = SECRET")), "{marker}");
        }
    }

    #[test]
    fn a_marker_can_name_its_rule() {
        assert!(marked("k = SECRET # keyhook:allow[anthropic-api-key]"));
        assert!(!marked("k = SECRET # keyhook:allow[other-rule]"));
        assert!(!marked("k = SECRET # keyhook:allow-next-line"));
    }
}
