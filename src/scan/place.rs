//! Where a match stands.

use crate::finding::{Location, Span};

/// Turns spans into lines and columns; spans are asked for in rising order.
pub(super) struct Places<'a> {
    text: &'a [u8],
    /// A place known so far, at the start of a character: its line, and how many characters stand
    /// before it there. Going on from it keeps a line of a million findings linear.
    at: usize,
    line: usize,
    column: usize,
}

impl<'a> Places<'a> {
    pub(super) fn new(text: &'a [u8]) -> Places<'a> {
        Places { text, at: 0, line: 1, column: 0 }
    }

    pub(super) fn location(&mut self, span: &Span) -> Location {
        // A body that starts behind a header starts on the next line.
        let skipped =
            self.text[span.clone()].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let start = (span.start + skipped).min(span.end.saturating_sub(1).max(span.start));
        let (line, column) = self.seek(start);
        let (end_line, end_column) = Places { ..*self }.seek(span.end);
        Location { line, column, end_line, end_column }
    }

    fn seek(&mut self, to: usize) -> (usize, usize) {
        if to < self.at {
            *self = Places::new(self.text);
        }
        let passed = &self.text[self.at..to];
        if let Some(last) = memchr::memrchr(b'\n', passed) {
            self.line += memchr::memchr_iter(b'\n', passed).count();
            (self.at, self.column) = (self.at + last + 1, 0);
        }
        let start = self.char_start(to);
        self.column += char_count(&self.text[self.at..start]);
        self.at = start;
        (self.line, 1 + self.column + char_count(&self.text[start..to]))
    }

    /// Returns where the character starts in whose middle `to` may lie.
    fn char_start(&self, to: usize) -> usize {
        let is_inside = |at: &usize| self.text.get(*at).is_some_and(|byte| byte & 0xC0 == 0x80);
        let back = (self.at..=to).rev().take(4).find(|at| !is_inside(at));
        back.unwrap_or(to)
    }
}

/// Counts characters; a byte that is no UTF-8 counts as one.
fn char_count(bytes: &[u8]) -> usize {
    bytes.utf8_chunks().map(|part| part.valid().chars().count() + part.invalid().len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters() {
        let text = "añb\nc".as_bytes();
        let mut places = Places::new(text);
        let first = places.location(&(3..4));
        assert_eq!((first.line, first.column, first.end_line, first.end_column), (1, 3, 1, 4));
        let second = places.location(&(5..6));
        assert_eq!((second.line, second.column), (2, 1));
        assert_eq!(places.location(&(0..1)).line, 1);
    }

    #[test]
    fn a_place_is_the_same_whatever_was_asked_before() {
        let text =
            b"a\xc3\xb1\xe2\x82\xac\n\xf0\x9f\x94\x91\x80\x80\xe2\x82x\n\n\xff\x80\xe2\x82\xac";
        for first in 0..text.len() {
            let mut places = Places::new(text);
            places.location(&(first..first + 1));
            for then in first..text.len() {
                let span = then..then + 1;
                assert_eq!(places.location(&span), Places::new(text).location(&span), "{span:?}");
            }
            // A byte in the middle of a character counts from the start of the line.
            let start =
                text[..first].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let column = Places::new(text).seek(first).1;
            assert_eq!(column, 1 + char_count(&text[start..first]), "{first}");
        }
    }

    #[test]
    fn a_body_starts_on_its_first_line_of_text() {
        assert_eq!(Places::new(b"head\nbody").location(&(4..9)).line, 2);
        assert_eq!(Places::new(b"\n\n").location(&(0..2)).line, 2);
    }
}
