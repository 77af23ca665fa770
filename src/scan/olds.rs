//! Whether a match stood in an older version of its file.
//!
//! A value that stood anywhere in the old version is old, wherever its line has gone; a value that
//! did not must lie on an added line. So this question answers "is it on an added line?" without
//! comparing lines (a property test holds it against a real line diff).

use std::borrow::Cow;
use std::cell::Cell;

use crate::detect::{Match, decode};

/// How many bytes of the older versions of one file are searched. Values that kept their order are
/// found without searching anything twice; a hostile file holds a million in another order, and
/// what is left then counts as new.
const SEARCHED_MAX: usize = 16 << 30;

/// The older versions of one file.
pub(super) struct Olds<'a> {
    versions: Vec<Version<'a>>,
    left: Cell<usize>,
}

struct Version<'a> {
    text: Cow<'a, [u8]>,
    /// Where the last value that was found starts; the next one is probably behind it.
    at: Cell<usize>,
}

impl<'a> Olds<'a> {
    /// Takes the versions as they are stored.
    pub(super) fn new(olds: &'a [Vec<u8>]) -> Olds<'a> {
        let version = |old: &'a Vec<u8>| Version { text: decode(old).0, at: Cell::new(0) };
        Olds { versions: olds.iter().map(version).collect(), left: Cell::new(SEARCHED_MAX) }
    }

    /// Returns whether one version already held every part of the match.
    pub(super) fn hold(&self, text: &[u8], found: &Match) -> bool {
        let spans = || std::iter::once(&found.secret).chain(&found.parts);
        let holds =
            |old: &Version<'_>| spans().all(|span| old.holds(&text[span.clone()], &self.left));
        self.versions.iter().any(holds)
    }
}

impl Version<'_> {
    /// Looks for a value from where the last one was found to the end, and then from the start.
    fn holds(&self, value: &[u8], left: &Cell<usize>) -> bool {
        let Some(rest) = left.get().checked_sub(value.len()) else { return false };
        let start = self.at.get();
        let found = find_whole(&self.text, value, start)
            .or_else(|| find_whole(&self.text, value, 0).filter(|_| start > 0));
        let searched = match found {
            Some(at) if at >= start => at - start,
            _ => self.text.len(),
        };
        left.set(rest.saturating_sub(searched));
        self.at.set(found.unwrap_or(start));
        found.is_some()
    }
}

/// Returns whether `value` stands in `text` as a whole.
pub(super) fn stands_in(text: &[u8], value: &[u8]) -> bool {
    find_whole(text, value, 0).is_some()
}

/// Finds `value` in `text` as a whole: not as a piece of a longer word.
fn find_whole(text: &[u8], value: &[u8], start: usize) -> Option<usize> {
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    memchr::memmem::find_iter(&text[start..], value).map(|at| start + at).find(|&at| {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        let after = text.get(at + value.len());
        let is_escaped = at >= 2 && text[at - 2] == b'\\';
        let goes_on_left = is_word(value.first()) && is_word(before) && !is_escaped;
        let goes_on_right = is_word(value.last()) && is_word(after);
        !goes_on_left && !goes_on_right
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Confidence;

    #[test]
    fn a_value_stands_as_a_whole_word() {
        assert!(stands_in(b"x = 'abc'", b"abc"));
        assert!(stands_in(b"x\\nabc\\n", b"abc"));
        assert!(!stands_in(b"xabc", b"abc"));
        assert!(!stands_in(b"abcd", b"abc"));
        assert!(stands_in(b"abcd abc", b"abc"));
    }

    #[test]
    fn values_are_found_in_any_order_until_it_costs_too_much() {
        let olds = [b"none".to_vec(), b"one two three two".to_vec()];
        let olds = Olds::new(&olds);
        let text = b"three one two four";
        let held = |olds: &Olds<'_>, span: std::ops::Range<usize>| {
            let (rule, confidence) = (0, Confidence::High);
            let (parts, public_len, rank) = (Vec::new(), 0, 0);
            olds.hold(text, &Match { rule, secret: span, parts, confidence, public_len, rank })
        };
        for (span, is_old) in [(0..5, true), (6..9, true), (10..13, true), (14..18, false)] {
            assert_eq!(held(&olds, span.clone()), is_old, "{span:?}");
        }
        olds.left.set(20);
        assert!(held(&olds, 0..5));
        assert!(!held(&olds, 0..5), "the rest counts as new");
    }
}
