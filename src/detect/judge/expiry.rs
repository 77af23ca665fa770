//! Tokens and signed links that say when they end.
//!
//! What had ended before this version of keyhook was made opens nothing, whatever the clock says
//! here: a moment in the source gives the same answer on every machine. Documentation and tests are
//! full of such tokens. A version that is made later may move the moment.

use super::jwt;
use crate::finding::Span;

/// 2026-01-01, in seconds since 1970.
const OVER_BEFORE: u64 = 1_767_225_600;
/// The same moment as the date that a link writes.
const OVER_BEFORE_DATE: &[u8] = b"2026-01-01";
/// How far from the signature of a link its end may stand.
const LINK_MAX: usize = 600;

/// Returns whether the value is a token or the signature of a link that has ended.
pub(super) fn is_over(text: &[u8], secret: &Span) -> bool {
    let value = &text[secret.clone()];
    if value.starts_with(b"eyJ") {
        return jwt::expires(value).is_some_and(|end| end < OVER_BEFORE);
    }
    is_signature(&text[..secret.start]) && is_link_over(link(text, secret))
}

fn is_signature(before: &[u8]) -> bool {
    before.ends_with(b"sig=") || before.ends_with(b"ignature=")
}

/// The link that a part of it stands in; quotes do not end it where its parts are joined in code.
fn link<'a>(text: &'a [u8], part: &Span) -> &'a [u8] {
    let is_end = |byte: &&u8| matches!(**byte, b'<' | b'>' | b'`' | b'{' | b'}');
    let from = part.start.saturating_sub(LINK_MAX);
    let before = text[from..part.start].iter().rev().take_while(|byte| !is_end(byte)).count();
    let to = text.len().min(part.end + LINK_MAX);
    let after = text[part.end..to].iter().take_while(|byte| !is_end(byte)).count();
    &text[part.start - before..part.end + after]
}

/// Every end that is named in the link has passed: `se=2024-11-09T17%3A13%3A43Z`,
/// `se=1700000000`, `Expires=1700000000`.
fn is_link_over(link: &[u8]) -> bool {
    let mut ends = [&b"se="[..], b"Expires="].into_iter().flat_map(|name| {
        memchr::memmem::find_iter(link, name)
            .filter(|at| at.checked_sub(1).is_some_and(|at| is_between(link[at])))
            .map(|at| &link[at + name.len()..])
            .collect::<Vec<_>>()
    });
    let Some(first) = ends.next() else { return false };
    is_past(first) && ends.all(is_past)
}

fn is_between(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && byte != b'_'
}

fn is_past(end: &[u8]) -> bool {
    let digits = end.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match digits {
        4 => end.len() >= 10 && end[4] == b'-' && &end[..10] < OVER_BEFORE_DATE,
        9 | 10 => std::str::from_utf8(&end[..digits])
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
            .is_some_and(|end| end < OVER_BEFORE),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_say_when_they_end() {
        let is_over_in = |text: &str| {
            let start = text.find("sig=").unwrap() + 4;
            is_over(text.as_bytes(), &(start..start + 3))
        };
        for text in [
            "https://x/y?se=2024-11-09T17%3A13%3A43Z&sig=abc&sp=r",
            "https://x/y?sp=r&sig=abc&se=2025-12-31",
            "SharedAccessSignature sr=x&sig=abc&se=1700000000&skn=send",
            "\"https://x/y?se=2017-07-27\" \"&sig=abc\"",
        ] {
            assert!(is_over_in(text), "{text}");
        }
        for text in [
            "https://x/y?se=2026-11-09T17%3A13%3A43Z&sig=abc&sp=r",
            "https://x/y?sp=r&sig=abc",
            "https://x/y?base=2019-01-01&sig=abc",
            "https://x/y?sr=x&sig=abc&se=1790000000",
            "<a href='?se=2019-01-01&sig=x'> <a href='?sig=abc'>",
        ] {
            let start = text.rfind("sig=abc").unwrap() + 4;
            assert!(!is_over(text.as_bytes(), &(start..start + 3)), "{text}");
        }
    }
}
