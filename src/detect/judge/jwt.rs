//! JSON Web Tokens: what is one, and which are for everybody.

use super::fold::contains;
use super::suppression::Suppression;

/// Claims of tokens that documentation prints: jwt.io's start page, Supabase's local stack, the
/// examples of RFC 7515 and RFC 7519.
const DOCUMENTED: &[&[&str]] = &[
    &[r#""sub":"1234567890""#, r#""name":"John Doe""#],
    &[r#""iss":"supabase-demo""#],
    &[r#""http://example.com/is_root":true"#],
];

/// Roles that a server gives to visitors who have not signed in; the token is sent to browsers.
const PUBLIC: &[&str] = &[r#""role":"anon""#];

/// Refuses what is no token, or one that is public.
pub(super) fn judge(value: &[u8]) -> Result<(), Suppression> {
    if is_jwt(value) { is_private(value) } else { Err(Suppression::Malformed) }
}

/// Refuses tokens that are public or documented; says nothing about other texts.
pub(super) fn is_private(value: &[u8]) -> Result<(), Suppression> {
    if !value.starts_with(b"eyJ") {
        return Ok(());
    }
    let payload = value.split(|byte| *byte == b'.').nth(1).and_then(decode_base64url);
    let Some(mut payload) = payload else { return Ok(()) };
    payload.retain(|byte| !byte.is_ascii_whitespace() || *byte == b' ');
    let claims = without_spaces_around_colons(&payload);
    let has = |claim: &&str| contains(&claims, claim.as_bytes());
    if PUBLIC.iter().any(has) {
        Err(Suppression::Public)
    } else if contains(&claims, b"EXAMPLE")
        || DOCUMENTED.iter().any(|claims| claims.iter().all(has))
    {
        Err(Suppression::Documentation)
    } else {
        Ok(())
    }
}

/// Returns when the token ends, in seconds since 1970, if it says so.
pub(super) fn expires(value: &[u8]) -> Option<u64> {
    claims(value)?.get("exp")?.as_f64().map(|end| end as u64)
}

/// Claims that say for whom, by whom or when: every token that a server gives out has one.
const REGISTERED: &[&str] = &["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Returns whether the token says nothing about anybody: `{"some":"payload"}`, as the manual of a
/// library has it.
pub(super) fn is_toy(value: &[u8]) -> bool {
    let Some(claims) = claims(value) else { return false };
    let names = ["id", "user", "name", "mail", "role", "scope", "key", "acc", "org", "tenant"];
    claims.len() <= 2
        && !claims.keys().any(|key| {
            let key = key.to_ascii_lowercase();
            REGISTERED.contains(&key.as_str()) || names.iter().any(|name| key.contains(name))
        })
}

fn claims(value: &[u8]) -> Option<serde_json::Map<String, serde_json::Value>> {
    let payload = value.split(|byte| *byte == b'.').nth(1).and_then(decode_base64url)?;
    serde_json::from_slice(&payload).ok()
}

/// `"role": "anon"` and `"role":"anon"` are one claim.
fn without_spaces_around_colons(text: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    for &byte in text {
        let is_gap = byte == b' ' && out.ends_with(b":");
        if !is_gap {
            out.push(byte);
        }
    }
    out
}

/// Returns whether the header names an algorithm and the payload is an object.
pub(super) fn is_jwt(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b'.');
    let header = parts.next().and_then(decode_base64url);
    let payload = parts.next().and_then(decode_base64url);
    let (Some(header), Some(payload)) = (header, payload) else { return false };
    let object = |bytes: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&bytes).ok();
    let Some(header) = object(header) else { return false };
    header.get("alg").is_some() && object(payload).is_some_and(|payload| payload.is_object())
}

pub(super) fn decode_base64url(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for &byte in text.iter().filter(|byte| **byte != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::expand;

    fn token(payload: &str) -> String {
        let parts = [r#"{"alg":"HS256","typ":"JWT"}"#, payload].map(base64url);
        expand(&format!("{}.{}.{{{{base64url 43}}}}", parts[0], parts[1]), 1).unwrap().text
    }

    fn base64url(text: &str) -> String {
        let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let bits: Vec<u8> =
            text.bytes().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
        let digit = |six: &[u8]| {
            let value = six.iter().fold(0, |value, bit| value << 1 | usize::from(*bit));
            char::from(digits[value << (6 - six.len())])
        };
        bits.chunks(6).map(digit).collect()
    }

    #[test]
    fn tokens_decode() {
        let token = expand("{{jwt}}", 1).unwrap().text;
        assert!(is_jwt(token.as_bytes()));
        assert_eq!(judge(token.as_bytes()), Ok(()));
        let cut = &token.as_bytes()[1..];
        assert!(!is_jwt(cut));
        assert_eq!(judge(cut), Err(Suppression::Malformed));
    }

    #[test]
    fn tokens_for_everybody_are_public() {
        let of = |payload| judge(token(payload).as_bytes());
        assert_eq!(of(r#"{"iss":"supabase","role":"anon"}"#), Err(Suppression::Public));
        assert_eq!(of(r#"{"iss": "supabase", "role": "anon"}"#), Err(Suppression::Public));
        assert_eq!(of(r#"{"iss":"supabase","role":"service_role"}"#), Ok(()));
        assert_eq!(of(r#"{"iss":"supabase","role":"anonymizer"}"#), Ok(()));
    }

    #[test]
    fn documented_tokens_are_known_by_their_claims() {
        let of = |payload| judge(token(payload).as_bytes());
        let jwt_io = r#"{"sub":"1234567890","name":"John Doe","iat":1516239022}"#;
        assert_eq!(of(jwt_io), Err(Suppression::Documentation));
        let local = r#"{"iss":"supabase-demo","role":"service_role","exp":1983812996}"#;
        assert_eq!(of(local), Err(Suppression::Documentation));
        assert_eq!(of(r#"{"sub":"1234567890","name":"Anna"}"#), Ok(()));
    }

    #[test]
    fn tokens_of_manuals_say_nothing_about_anybody() {
        let is_toy = |payload| is_toy(token(payload).as_bytes());
        assert!(is_toy(r#"{"some":"payload"}"#) && is_toy(r#"{"test":1234}"#));
        assert!(!is_toy(r#"{"userId":12}"#) && !is_toy(r#"{"a":1,"iat":1}"#));
        let marked = r#"{"sub":"12","ctx":"EXAMPLECONTEXT"}"#;
        assert_eq!(judge(token(marked).as_bytes()), Err(Suppression::Documentation));
    }

    #[test]
    fn a_token_says_when_it_ends() {
        assert_eq!(expires(token(r#"{"sub":"12","exp":1572006964}"#).as_bytes()), Some(1572006964));
        assert_eq!(expires(token(r#"{"sub":"12"}"#).as_bytes()), None);
    }

    #[test]
    fn other_texts_are_left_alone() {
        for text in [&b""[..], b"eyJ", b"eyJ.", b"eyJ.!!!.x", b"kV7!xQ2m"] {
            assert_eq!(is_private(text), Ok(()));
        }
    }
}
