//! Backslash escapes of JSON, YAML, C, shells, Markdown and Java properties.
//!
//! Their common ground is read: `\u0041`, `\u{41}`, `\U00000041`, `\x41`, `\101`, `\n`, `\r`, `\t`,
//! an escaped line end, and an escaped sign that stands for itself. Others (`\d`, `\w`, `\b`) belong
//! to regular expressions more often than to strings and stay as they are.

use super::escape::{Escape, is_quote_of_data, is_token};
use crate::finding::Span;

/// Reads the escape at `start`.
pub(super) fn read(text: &[u8], start: usize) -> Option<Escape> {
    let rest = &text[start + 1..];
    match rest.first()? {
        b'u' if rest.get(1) == Some(&b'{') => braced(rest),
        b'u' => utf16(rest),
        b'U' => code_point(rest.get(1..9)?).map(|char| Escape::char(10, char)),
        b'x' => number(rest.get(1..3)?, 16).map(|n| Escape::byte(4, n as u8)),
        b'0'..=b'3' => number(rest.get(..3)?, 8).map(|n| Escape::byte(4, n as u8)),
        b'n' => Some(Escape::byte(2, b'\n')),
        b'r' => Some(Escape::byte(2, b'\r')),
        b't' => Some(Escape::byte(2, b'\t')),
        b'\n' | b'\r' => line_end(rest),
        sign if sign.is_ascii_punctuation() => Some(Escape::byte(2, *sign)),
        _ => None,
    }
}

/// Returns a text in which characters of other scripts are written as `\uXXXX`, with these as they
/// are; `None` if there is none.
pub(in crate::detect) fn spelled_out(text: &[u8]) -> Option<Vec<u8>> {
    let mut at = memchr::memmem::find(text, b"\\u")?;
    let mut spelled = text[..at].to_vec();
    let mut is_spelled = false;
    while at < text.len() {
        let rest = text[at..].strip_prefix(b"\\").filter(|rest| rest.starts_with(b"u"));
        match rest.and_then(utf16).filter(|escape| !escape.bytes().is_ascii()) {
            Some(escape) => {
                spelled.extend(escape.bytes());
                (at, is_spelled) = (at + escape.len, true);
            }
            None => {
                spelled.push(text[at]);
                at += 1;
            }
        }
    }
    is_spelled.then_some(spelled)
}

/// Returns whether decoding this escape could change what is found.
pub(super) fn is_telling(text: &[u8], span: &Span, escape: &Escape) -> bool {
    let before = span.start.checked_sub(1).map_or(b' ', |at| text[at]);
    let after = text.get(span.end).copied().unwrap_or(b' ');
    match text[span.start + 1] {
        b'u' | b'U' | b'x' | b'0'..=b'3' => escape.is_printable(),
        b'"' | b'\'' => is_quote_of_data(text, span),
        b'n' | b'r' => is_name(&text[span.end..]),
        // PHP escapes every slash in JSON: in URLs and in the middle of base64.
        b'/' => before == b':' || long_token(text, span) && is_token(before) && is_token(after),
        // Markdown, and properties files as Java writes them.
        b'_' => before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric(),
        b':' => text[span.end..].starts_with(b"//"),
        b'=' => before.is_ascii_alphanumeric(),
        b'\n' | b'\r' => long_token(text, span) && is_token(before) && is_token(after),
        _ => false,
    }
}

/// `\u{1F511}`
fn braced(rest: &[u8]) -> Option<Escape> {
    let digits = rest[2..].iter().take(7).position(|byte| *byte == b'}')?;
    let char = code_point(&rest[2..2 + digits])?;
    Some(Escape::char(digits + 4, char))
}

/// `\u00e9`, or two of them for a character outside the basic plane.
fn utf16(rest: &[u8]) -> Option<Escape> {
    let unit = number(rest.get(1..5)?, 16)?;
    if let Some(char) = char::from_u32(unit) {
        return Some(Escape::char(6, char));
    }
    let low = rest.get(5..11).filter(|pair| pair.starts_with(b"\\u"));
    let low = number(low?.get(2..)?, 16)?;
    let pair = [u16::try_from(unit).ok()?, u16::try_from(low).ok()?];
    let char = char::decode_utf16(pair).next()?.ok()?;
    Some(Escape::char(12, char))
}

/// An escaped line end, and the indentation behind it that YAML folds away.
fn line_end(rest: &[u8]) -> Option<Escape> {
    let end = rest.iter().take(2).position(|byte| *byte == b'\n')? + 1;
    // No more than a byte can count: the map stores how long an escape is in one.
    let indent = rest[end..].iter().take(128).take_while(|b| matches!(b, b' ' | b'\t')).count();
    Some(Escape::nothing(1 + end + indent))
}

fn code_point(digits: &[u8]) -> Option<char> {
    char::from_u32(number(digits, 16)?)
}

/// Returns the number that all of the digits, one to eight, write.
fn number(digits: &[u8], base: u32) -> Option<u32> {
    let digit = |byte: &u8| char::from(*byte).to_digit(base);
    let all =
        digits.iter().try_fold(0u32, |sum, byte| sum.checked_mul(base)?.checked_add(digit(byte)?));
    all.filter(|_| !digits.is_empty())
}

/// Returns whether the text begins with a name and `=` or `:`, as a line of a file does.
fn is_name(text: &[u8]) -> bool {
    let indent = text.iter().take(16).take_while(|byte| **byte == b' ').count();
    let text = &text[indent..];
    let is_inside = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let len = text.iter().take(64).take_while(is_inside).count();
    let mut behind = text[len..].iter().take(2).skip_while(|byte| **byte == b' ');
    len >= 2 && matches!(behind.next(), Some(b'=' | b':'))
}

/// Returns whether at least eight token bytes stand on one side of the escape.
fn long_token(text: &[u8], span: &Span) -> bool {
    let is_long = |mut bytes: std::slice::Iter<'_, u8>, backward: bool| {
        let next = |bytes: &mut std::slice::Iter<'_, u8>| {
            if backward { bytes.next_back().copied() } else { bytes.next().copied() }
        };
        (0..8).all(|_| next(&mut bytes).is_some_and(is_token))
    };
    is_long(text[..span.start].iter(), true) || is_long(text[span.end..].iter(), false)
}
