//! The start of a value in small letters, on the stack.
//!
//! Every captured value passes through the tests for words; most are short, and none should cost an
//! allocation.

/// How much of a long value is looked at for words: chance finds words in kilobytes of base64.
pub(super) const WITHIN: usize = 160;

/// At most [`WITHIN`] bytes, ASCII letters made small.
pub(super) struct Folded {
    bytes: [u8; WITHIN],
    len: usize,
}

impl Folded {
    pub(super) fn of(value: &[u8]) -> Folded {
        let len = value.len().min(WITHIN);
        let mut bytes = [0; WITHIN];
        bytes[..len].copy_from_slice(&value[..len]);
        bytes[..len].make_ascii_lowercase();
        Folded { bytes, len }
    }

    /// Returns the same text with each byte replaced.
    pub(super) fn map(mut self, with: fn(u8) -> u8) -> Folded {
        self.bytes[..self.len].iter_mut().for_each(|byte| *byte = with(*byte));
        self
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Returns whether `text` contains `part`.
pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    find(text, part).is_some()
}

/// Returns where `part` stands in `text`; for the short texts of this folder.
pub(super) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    let (first, rest) = part.split_first()?;
    memchr::memchr_iter(*first, text).find(|at| text[at + 1..].starts_with(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_the_start_of_a_value() {
        assert_eq!(Folded::of(b"AbC-9\xC3\x84").bytes(), b"abc-9\xC3\x84");
        assert_eq!(Folded::of(&[b'A'; 1000]).bytes(), [b'a'; WITHIN]);
        assert_eq!(Folded::of(b"").bytes(), b"");
    }

    #[test]
    fn finds_parts() {
        assert_eq!(find(b"aab", b"ab"), Some(1));
        assert_eq!(find(b"a", b"ab"), None);
        assert!(!contains(b"", b"a"));
    }
}
