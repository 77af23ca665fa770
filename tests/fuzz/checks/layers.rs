//! Any bytes, encoded a few times over: what is found points into the outer text.

use std::fmt::Write as _;

use keyhook::detect::{Engine, FileKind, Text};
use keyhook::rule::RuleSet;

thread_local! {
    static ENGINE: Engine = Engine::new(RuleSet::builtin());
}

/// Layers grow the text fast; nothing new is learnt from a longer one.
const LEN_MAX: usize = 200_000;

fn base64(bytes: &[u8], digits: &[u8; 64]) -> Vec<u8> {
    let mut text = Vec::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, i| bits << 8 | u32::from(*three.get(i).unwrap_or(&0)));
        for place in 0..=three.len() {
            text.push(digits[(bits >> (18 - 6 * place)) as usize & 63]);
        }
    }
    text
}

fn written(bytes: &[u8], form: impl Fn(u8, &mut String)) -> Vec<u8> {
    let mut text = String::new();
    bytes.iter().for_each(|byte| form(*byte, &mut text));
    text.into_bytes()
}

fn encode(bytes: &[u8], how: u8) -> Vec<u8> {
    const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let put = |text: &mut String, part: std::fmt::Arguments<'_>| {
        text.write_fmt(part).expect("a string grows");
    };
    match how % 9 {
        0 => base64(bytes, STANDARD),
        1 => base64(bytes, URL),
        2 => written(bytes, |byte, text| put(text, format_args!("{byte:02x}"))),
        3 => written(bytes, |byte, text| put(text, format_args!("%{byte:02X}"))),
        4 => written(bytes, |byte, text| put(text, format_args!("\\u{byte:04x}"))),
        5 => written(bytes, |byte, text| put(text, format_args!("\\x{byte:02x}"))),
        6 => written(bytes, |byte, text| put(text, format_args!("&#{byte};"))),
        7 => bytes.iter().flat_map(|byte| [*byte, 0]).collect(),
        _ => bytes.escape_ascii().collect(),
    }
}

/// Checks one input.
pub fn check(input: &[u8]) {
    let [how, depth, rest @ ..] = input else { return };
    let mut bytes = rest.to_vec();
    let mut how = *how;
    for _ in 0..depth % 5 {
        bytes = encode(&bytes, how);
        how = how.wrapping_mul(31).wrapping_add(7);
        if bytes.len() > LEN_MAX {
            return;
        }
    }
    let text = Text { bytes: &bytes, kind: FileKind::Other };
    let detection = ENGINE.with(|engine| engine.detect(&text));
    for found in &detection.matches {
        let secret = &found.secret;
        assert!(secret.start < secret.end && secret.end <= bytes.len());
        assert!(found.public_len <= secret.len());
    }
}
