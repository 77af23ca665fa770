//! Percent-encoding: `%2D`.

use super::escape::Escape;
use crate::finding::Span;

/// Reads the escape at `start`.
pub(super) fn read(text: &[u8], start: usize) -> Option<Escape> {
    hex_pair(text, start).map(|byte| Escape::byte(3, byte))
}

/// Returns whether decoding this escape could change what is found.
pub(super) fn is_telling(text: &[u8], span: &Span, escape: &Escape) -> bool {
    // `%2d` is also how a number is printed, but then hardly ever behind a letter or digit.
    let is_format = text[span.end - 1].is_ascii_lowercase()
        && !span.start.checked_sub(1).is_some_and(|at| text[at].is_ascii_alphanumeric());
    escape.is_printable() && !is_format
}

/// Returns the byte that the two hexadecimal digits behind `start` write.
pub(super) fn hex_pair(text: &[u8], start: usize) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    let (high, low) = (digit(start + 1)?, digit(start + 2)?);
    Some((high * 16 + low) as u8)
}
