//! Passwords that a person typed and a program encoded: `Basic dXNlcjpzZWNyZXQ=`, `"auth": "…"`.
//!
//! In base64 everything looks random, `user:secret` as well. What is read in it is judged as if it
//! stood there plain.

use super::jwt::decode_base64url;
use super::placeholder::is_word_phrase;

/// Bytes of readable text that chance does not make: 8 of them once in 2,700 values, 12 once in
/// 150,000.
const READABLE_MIN: usize = 10;
const ENCODED_MAX: usize = 400;

/// Returns the password in base64 of readable text: what stands behind `user:`, or all of it.
pub(in crate::detect) fn typed(value: &[u8]) -> Option<Vec<u8>> {
    if value.len() * 3 / 4 < READABLE_MIN || value.len() > ENCODED_MAX {
        return None;
    }
    // Most values fail at their first four characters.
    let is_readable = |text: &[u8]| text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if !decode_base64url(&value[..4]).is_some_and(|text| is_readable(&text)) {
        return None;
    }
    let mut text = decode_base64url(value)?;
    while matches!(text.last(), Some(b'\n' | b'\r')) {
        text.pop();
    }
    if text.len() < READABLE_MIN || !is_readable(&text) {
        return None;
    }
    // What has a rule of its own is found in the decoded text.
    if memchr::memmem::find(&text, b"://").is_some() || is_word_phrase(&text) {
        return None;
    }
    Some(match memchr::memchr(b':', &text) {
        Some(at) => text.split_off(at + 1),
        None => text,
    })
}

/// Returns whether the text is words with spaces between them: nobody's password.
pub(super) fn is_sentence(text: &[u8]) -> bool {
    text.iter().filter(|byte| **byte == b' ').count() > 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::expand;

    /// Encoded when the test runs, so that no file holds what looks like a credential.
    fn encoded(text: &str) -> String {
        expand(&format!("{{{{base64-of {text}}}}}"), 1).unwrap().text
    }

    #[test]
    fn what_was_typed_is_read() {
        let read = |text: &str| typed(encoded(text).as_bytes());
        assert_eq!(read("robert:secret").as_deref(), Some(&b"secret"[..]));
        assert_eq!(read("not to be decoded").as_deref(), Some(&b"not to be decoded"[..]));
        assert_eq!(read("short"), None);
    }

    #[test]
    fn chance_is_seldom_readable() {
        let count = (0..3000)
            .filter(|seed| typed(expand("{{base64 20}}", *seed).unwrap().text.as_bytes()).is_some())
            .count();
        assert!(count <= 1, "{count}");
    }
}
