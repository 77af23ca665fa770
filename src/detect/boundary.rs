//! Is a captured secret a whole token, or a piece of a longer one?

use super::public_len;
use crate::finding::{Confidence, Span};
use crate::rule::Rule;

/// Returns whether nothing that belongs to the token touches the secret.
///
/// On the left an escape such as `\n` or `%3D` ends in a letter or digit that is not part of the
/// token. On the right a dash counts only when the token goes on behind it.
pub(super) fn is_token(text: &[u8], secret: &Span, rule: &Rule) -> bool {
    let (before, after) = (&text[..secret.start], &text[secret.end..]);
    let is_value = || is_value_start(before) && !goes_on(after);
    may_start(before) && ends(after) && (rule.near.is_empty() || is_value())
}

/// Returns whether a secret is one whatever touches it. Base64 and program code hold a fixed start by
/// chance, but not with a dash or an underscore in it; the names of functions hold that too, but more
/// underscores and fewer digits behind it than a key.
pub(super) fn stands_out(rule: &Rule, secret: &[u8]) -> bool {
    const START_MAX: usize = 4;
    let public = match public_len(rule, secret) {
        0 => START_MAX.min(secret.len()),
        len => len,
    };
    let (start, body) = secret.split_at(public);
    let underscores = body.iter().filter(|byte| **byte == b'_').count();
    let digits = body.iter().filter(|byte| byte.is_ascii_digit()).count();
    rule.near.is_empty()
        && !rule.is_shapeless
        && rule.confidence == Confidence::High
        && start.iter().any(|byte| b"-_".contains(byte))
        && underscores * 16 <= body.len()
        && digits > body.len() / 20
}

/// Returns whether a token may start behind `before`.
pub(super) fn may_start(before: &[u8]) -> bool {
    match before.last() {
        Some(byte) if is_word(*byte) => is_escape(before),
        _ => true,
    }
}

/// Returns whether a value without a shape goes on: `/` and `+` are digits of base64, a dot joins
/// the parts of a token.
fn goes_on(after: &[u8]) -> bool {
    matches!(after, [b'/' | b'+' | b'.' | b'~', next, ..] if next.is_ascii_alphanumeric())
}

fn ends(after: &[u8]) -> bool {
    match after {
        [b'-', next, ..] => !is_word(*next),
        [next, ..] => !is_word(*next),
        [] => true,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns whether `before` ends in `\n`, `\t`, `\r`, `\b`, `\f`, `\u0022`, `\x22` or `%3D`.
pub(super) fn is_escape(before: &[u8]) -> bool {
    match before {
        [.., b'\\', b'n' | b't' | b'r' | b'b' | b'f' | b'v' | b'0'] => true,
        [.., b'%', a, b] => a.is_ascii_hexdigit() && b.is_ascii_hexdigit(),
        [.., b'\\', b'x', a, b] => a.is_ascii_hexdigit() && b.is_ascii_hexdigit(),
        [.., b'\\', b'u', a, b, c, d] => [a, b, c, d].iter().all(|d| d.is_ascii_hexdigit()),
        [.., b'm'] => is_after_color(before),
        _ => false,
    }
}

/// Returns whether `before` ends in a terminal colour, as in a log that was checked in.
fn is_after_color(before: &[u8]) -> bool {
    let digits = before[..before.len() - 1]
        .iter()
        .rev()
        .take(8)
        .take_while(|byte| byte.is_ascii_digit() || **byte == b';')
        .count();
    before[..before.len() - 1 - digits].ends_with(b"[")
}

/// Returns what stands behind a terminal colour whose digits start at `at`.
pub(super) fn behind_color(text: &[u8], at: usize) -> Option<usize> {
    let digits = text[at..]
        .iter()
        .take(8)
        .take_while(|byte| byte.is_ascii_digit() || **byte == b';')
        .count();
    (text.get(at + digits) == Some(&b'm')).then_some(at + digits + 1)
}

/// Returns whether a text that starts with `://` goes on as a URL with a password.
pub(super) fn may_hold_password(url: &[u8]) -> bool {
    let authority = &url[3.min(url.len())..url.len().min(AUTHORITY_MAX)];
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"/\"'`<>\\{}[]|".contains(byte);
    let len = authority.iter().position(is_end).unwrap_or(authority.len());
    let rest = &authority[..len];
    let colon = memchr::memchr(b':', rest);
    colon.is_some_and(|colon| memchr::memchr(b'@', &rest[colon..]).is_some())
        || memchr::memchr(b'@', rest).is_some()
        || authority[len..].starts_with(b"{")
}

/// The longest user, password and host that are looked at.
const AUTHORITY_MAX: usize = 640;

/// Returns whether a shapeless value may start here: behind a quote, an operator or a space.
pub(super) fn is_value_start(before: &[u8]) -> bool {
    matches!(
        before.last(),
        None | Some(
            b'"' | b'\'' | b'`' | b'=' | b':' | b' ' | b'\t' | b',' | b'(' | b'>' | b'\n' | b'['
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_end_a_word() {
        for text in ["\\n", "a\\t", "%3D", "x%22", "\\u0022", "\\x3d", "\x1b[31m", "\x1b[m"] {
            assert!(is_escape(text.as_bytes()), "{text:?}");
        }
        for text in ["n", "an", "3D", "u0022", "word", "m", "31m"] {
            assert!(!is_escape(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn a_dash_counts_only_when_the_token_goes_on() {
        assert!(ends(b"-") && ends(b"- x") && ends(b"\"") && ends(b""));
        assert!(!ends(b"-x") && !ends(b"_") && !ends(b"9"));
    }
}
