//! Quoted-printable: `=3D`, and lines that go on behind a `=`.
//!
//! Mail, MHTML and vCards use it. The caller has made sure that the text seems to.

use super::escape::{Escape, is_token};
use super::percent::hex_pair;
use crate::finding::Span;

/// Reads the escape at `start`.
pub(super) fn read(text: &[u8], start: usize) -> Option<Escape> {
    match &text[start + 1..] {
        [b'\n', ..] => Some(Escape::nothing(2)),
        [b'\r', b'\n', ..] => Some(Escape::nothing(3)),
        _ => hex_pair(text, start).map(|byte| Escape::byte(3, byte)),
    }
}

/// Returns whether decoding this escape could change what is found.
pub(super) fn is_telling(text: &[u8], span: &Span, escape: &Escape) -> bool {
    let is_inside_token = || {
        let before = span.start.checked_sub(1).is_some_and(|at| is_token(text[at]));
        before && text.get(span.end).is_some_and(|byte| is_token(*byte))
    };
    escape.is_printable() || escape.bytes().is_empty() && is_inside_token()
}
