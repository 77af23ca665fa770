//! Is a captured secret a whole token, or a piece of a longer one?

use crate::finding::Span;
use crate::rule::Rule;

/// Returns whether nothing that belongs to the token touches the secret.
///
/// On the left an escape such as `\n` or `%3D` ends in a letter or digit that is not part of the
/// token. On the right a dash counts only when the token goes on behind it.
pub(super) fn is_token(text: &[u8], secret: &Span, rule: &Rule) -> bool {
    let (before, after) = (&text[..secret.start], &text[secret.end..]);
    let starts = match before.last() {
        Some(byte) if is_word(*byte) => is_escape(before),
        _ => true,
    };
    starts && ends(after) && (rule.near.is_empty() || is_value_start(before))
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

/// Returns whether a shapeless value may start here: behind a quote, an operator or a space.
fn is_value_start(before: &[u8]) -> bool {
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
