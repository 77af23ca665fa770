//! The texts that other scanners may have hashed, where keyhook found a secret.
//!
//! Scanners disagree about where a value ends: one takes the quoted text, another what stands behind
//! the equals sign. A hash is believed if it is that of a text which holds the *whole* secret. A hash
//! of a part of it, such as the header of a private key, vouches for nothing.

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::Site;
use crate::finding::{Span, to_hex};

/// How many lines around a secret the other half of a credential may stand.
const NEAR: usize = 5;

/// How many texts of one file are hashed to see whether an old value still stands there.
const TOKENS_MAX: usize = 20_000;

pub(super) fn sha1_hex(bytes: &[u8]) -> String {
    to_hex(&Sha1::digest(bytes))
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    to_hex(&Sha256::digest(bytes))
}

/// Returns the texts that hold the whole secret: it, its quotes' inside, its word, its assigned
/// value and its line.
pub(super) fn around<'a>(site: &Site<'a>) -> Vec<&'a [u8]> {
    let mut texts = vec![site.secret.expose()];
    let Some(span) = &site.span else { return texts };
    let line = line_around(site.text, span);
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`');
    let is_space = |byte: &u8| byte.is_ascii_whitespace();
    let left = |is_end: &dyn Fn(&u8) -> bool| {
        site.text[line.start..span.start].iter().rposition(is_end).map(|at| line.start + at + 1)
    };
    let right = |is_end: &dyn Fn(&u8) -> bool| {
        site.text[span.end..line.end].iter().position(is_end).map(|at| span.end + at)
    };
    if let (Some(start), Some(end)) = (left(&is_quote), right(&is_quote)) {
        texts.push(&site.text[start..end]);
    }
    let start = left(&is_space).unwrap_or(line.start);
    let end = right(&is_space).unwrap_or(line.end);
    texts.push(&site.text[start..end]);
    let assigned = left(&|byte| matches!(byte, b'=' | b':')).unwrap_or(line.start);
    texts.push(&site.text[assigned..end]);
    texts.push(site.text[assigned..line.end].trim_ascii());
    texts.push(site.text[line].trim_ascii());
    texts.extend(armoured(site.text, span));
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// Returns the key with its header and footer, which keyhook does not count as secret.
fn armoured<'a>(text: &'a [u8], span: &Span) -> Option<&'a [u8]> {
    let start = memchr::memmem::rfind(&text[..span.start], b"-----BEGIN ")?;
    let between = &text[start + 11..span.start];
    let rest = &text[span.end..];
    let end = memchr::memmem::find(rest, b"-----END ")? + 9;
    let end = end + memchr::memmem::find(&rest[end..], b"-----")? + 5;
    // Nothing but the end of the header stands before the body.
    let is_header = memchr::memmem::find(between, b"-----END ").is_none() && between.len() < 400;
    is_header.then(|| &text[start..span.end + end])
}

/// Returns the words of the lines near a secret: a key's id, a user's name.
pub(super) fn neighbours<'a>(site: &Site<'a>) -> Vec<&'a [u8]> {
    let Some(span) = &site.span else { return Vec::new() };
    let before = &site.text[..span.start];
    let start = memchr::memrchr_iter(b'\n', before).nth(NEAR).map_or(0, |at| at + 1);
    let after = &site.text[span.end..];
    let end =
        memchr::memchr_iter(b'\n', after).nth(NEAR).map_or(site.text.len(), |at| span.end + at);
    words(&site.text[start..end]).filter(|word| (3..=256).contains(&word.len())).take(60).collect()
}

/// Returns whether any text of these lines has the hash; without lines, any of the file.
pub(super) fn stands_in(
    text: &[u8],
    lines: Option<(usize, usize)>,
    hash: &dyn Fn(&[u8]) -> bool,
) -> bool {
    let all = text.split(|byte| *byte == b'\n').enumerate();
    let wanted = all.filter(|(at, _)| lines.is_none_or(|(a, b)| (a..=b).contains(&(at + 1))));
    wanted.flat_map(|(_, line)| tokens(line)).take(TOKENS_MAX).any(hash)
}

fn tokens(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let quoted = [b'"', b'\'', b'`'];
    let inside = quoted.into_iter().flat_map(|quote| line.split(move |byte| *byte == quote));
    let assigned = line.iter().enumerate().filter(|(_, byte)| matches!(byte, b'=' | b':'));
    let assigned = assigned.map(|(at, _)| line[at + 1..].trim_ascii());
    inside.chain(assigned).chain(words(line)).filter(|token| !token.is_empty())
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`=:,;()[]{}<>@|".contains(byte);
    text.split(is_end).filter(|word| !word.is_empty())
}

/// Returns the line, or lines, that a span stands on.
pub(super) fn line_around(text: &[u8], span: &Span) -> Span {
    let start = memchr::memrchr(b'\n', &text[..span.start]).map_or(0, |at| at + 1);
    let end = memchr::memchr(b'\n', &text[span.end..]).map_or(text.len(), |at| span.end + at);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Secret;

    fn site<'a>(text: &'a [u8], secret: &'a Secret) -> Site<'a> {
        let at = memchr::memmem::find(text, secret.expose()).unwrap();
        let span = Some(at..at + secret.expose().len());
        Site { secret, path: "a", rule: "r", lines: (1, 1), text, span }
    }

    #[test]
    fn every_text_around_holds_the_whole_secret() {
        let secret = Secret::new(b"s3cr3t");
        let text = b"first\nkey = \"pre-s3cr3t.post\"  # c\nlast";
        let texts = around(&site(text, &secret));
        let has = |text: &str| texts.contains(&text.as_bytes());
        assert!(has("s3cr3t") && has("pre-s3cr3t.post") && has("\"pre-s3cr3t.post\""));
        assert!(texts.iter().all(|text| memchr::memmem::find(text, b"s3cr3t").is_some()));
        assert!(!has("first"));
    }

    #[test]
    fn a_private_key_has_its_armour_around_it() {
        let secret = Secret::new(b"body\nmore");
        let text = b"x\n-----BEGIN A KEY-----\nbody\nmore\n-----END A KEY-----\nrest";
        let armoured = &text[2..text.len() - 5];
        assert!(around(&site(text, &secret)).contains(&armoured));
        let text = b"-----BEGIN A-----\n-----END A-----\nbody\nmore\n-----END B-----";
        assert!(!around(&site(text, &secret)).iter().any(|text| text.starts_with(b"-----BEGIN")));
    }

    #[test]
    fn a_value_that_no_rule_reports_is_still_seen() {
        let text = b"a = 1\npassword: \"x y\"\nuser=bob";
        let is = |wanted: &'static [u8]| move |token: &[u8]| token == wanted;
        assert!(stands_in(text, None, &is(b"x y")));
        assert!(stands_in(text, Some((3, 3)), &is(b"bob")));
        assert!(!stands_in(text, Some((1, 2)), &is(b"bob")));
    }

    #[test]
    fn the_other_half_of_a_credential_is_near() {
        let secret = Secret::new(b"s3cr3t");
        let text = b"id = \"AKID\"\nkey = \"s3cr3t\"\n";
        assert!(neighbours(&site(text, &secret)).contains(&&b"AKID"[..]));
    }
}
