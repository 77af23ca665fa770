//! Checksums that vendors put into their keys.
//!
//! A key whose checksum fails is a dummy or was edited. The facts stand in `docs/rules.md`; each
//! entry says how many public samples confirm it, because that decides what a failure means.

use sha2::{Digest, Sha256};

/// What a failed checksum says about a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Confirmed on at least three samples: a failure means "not a key".
    Sure,
    /// Confirmed on one or two: a failure only lowers the confidence.
    Likely,
}

/// One vendor's checksum.
pub struct Checksum {
    /// The name used in rule files.
    pub name: &'static str,
    /// What a failure means.
    pub trust: Trust,
    /// Returns the checksum that belongs behind `head` (prefix and body).
    pub of: fn(head: &str) -> String,
    /// Bytes behind the checksum that it does not cover.
    pub tail: usize,
}

/// All checksums, sorted by name.
pub const CHECKSUMS: &[Checksum] = &[
    Checksum { name: "apify", trust: Trust::Likely, of: apify, tail: 0 },
    Checksum { name: "atlassian", trust: Trust::Likely, of: atlassian, tail: 0 },
    Checksum { name: "bech32", trust: Trust::Likely, of: bech32, tail: 0 },
    Checksum { name: "bitbucket", trust: Trust::Likely, of: atlassian, tail: 0 },
    Checksum { name: "canva", trust: Trust::Likely, of: canva, tail: 0 },
    Checksum { name: "cloudflare", trust: Trust::Likely, of: cloudflare, tail: 0 },
    Checksum { name: "confluent", trust: Trust::Likely, of: confluent, tail: 0 },
    Checksum { name: "github", trust: Trust::Sure, of: base62_of_body, tail: 0 },
    Checksum { name: "github-fine-grained", trust: Trust::Sure, of: github_fine_grained, tail: 8 },
    Checksum { name: "gitlab-routable", trust: Trust::Sure, of: gitlab_routable, tail: 0 },
    Checksum { name: "grafana", trust: Trust::Likely, of: grafana, tail: 0 },
    Checksum { name: "nkey", trust: Trust::Likely, of: nkey, tail: 0 },
    Checksum { name: "npm", trust: Trust::Likely, of: base62_of_body, tail: 0 },
    Checksum { name: "polar", trust: Trust::Likely, of: base62_of_last_part, tail: 0 },
    Checksum { name: "saladcloud", trust: Trust::Sure, of: base62_of_last_part, tail: 0 },
    Checksum { name: "vercel", trust: Trust::Sure, of: base62_of_body, tail: 0 },
    Checksum { name: "wandb", trust: Trust::Sure, of: base62_of_all, tail: 0 },
    Checksum { name: "zuplo", trust: Trust::Likely, of: zuplo, tail: 0 },
];

/// Returns the checksum called `name`.
pub fn named(name: &str) -> Option<&'static Checksum> {
    CHECKSUMS.iter().find(|checksum| checksum.name == name)
}

/// Returns the names of all checksums.
pub fn names() -> Vec<&'static str> {
    CHECKSUMS.iter().map(|checksum| checksum.name).collect()
}

impl Checksum {
    /// Returns whether `secret` ends in its own checksum.
    pub fn holds(&self, secret: &str) -> bool {
        // The longest checksum has eight characters; its length follows from what it is made of,
        // so computing it for each possible head is exact and still trivial.
        (1..=8.min(secret.len())).any(|len| {
            let Some(end) = secret.len().checked_sub(self.tail) else { return false };
            let Some(split) = end.checked_sub(len) else { return false };
            if !secret.is_char_boundary(split) || !secret.is_char_boundary(end) {
                return false;
            }
            let sum = (self.of)(&secret[..split]);
            sum.len() == len && sum == secret[split..end]
        })
    }
}

const UPPER_FIRST: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LOWER_FIRST: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn crc(text: &str) -> u32 {
    crc32fast::hash(text.as_bytes())
}

fn in_base(mut number: u32, digits: &[u8], width: usize) -> String {
    let mut text = vec![digits[0]; width];
    for place in text.iter_mut().rev() {
        *place = digits[number as usize % digits.len()];
        number /= digits.len() as u32;
    }
    text.into_iter().map(char::from).collect()
}

fn after_prefix(head: &str) -> &str {
    head.split_once('_').map_or(head, |(_, body)| body)
}

fn base62_of_body(head: &str) -> String {
    in_base(crc(after_prefix(head)), UPPER_FIRST, 6)
}

fn base62_of_last_part(head: &str) -> String {
    in_base(crc(head.rsplit('_').next().unwrap_or(head)), UPPER_FIRST, 6)
}

fn base62_of_all(head: &str) -> String {
    in_base(crc(head), UPPER_FIRST, 6)
}

fn apify(head: &str) -> String {
    in_base(crc(head), LOWER_FIRST, 6)
}

fn atlassian(head: &str) -> String {
    format!("{:08X}", crc(head))
}

fn canva(head: &str) -> String {
    format!("{:08x}", crc(head))
}

fn cloudflare(head: &str) -> String {
    format!("{:08x}", crc(after_prefix(head)))
}

fn zuplo(head: &str) -> String {
    let body = after_prefix(head);
    format!("{:08x}", crc(body.strip_suffix('_').unwrap_or(body)))
}

fn grafana(head: &str) -> String {
    format!("{:08x}", crc(head.strip_suffix('_').unwrap_or(head)).swap_bytes())
}

fn confluent(head: &str) -> String {
    base64(&crc(head.strip_prefix("cflt").unwrap_or(head)).to_le_bytes())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    bits.as_bytes().chunks(6).map(|six| char::from(DIGITS[six_bits(six)])).collect()
}

fn six_bits(bits: &[u8]) -> usize {
    (0..6).fold(0, |number, i| number * 2 + usize::from(bits.get(i) == Some(&b'1')))
}

const BECH32: &[u8; 32] = b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The checksum of BIP 173, over the human-readable part and the data behind the last `1`.
fn bech32(head: &str) -> String {
    let Some((human, data)) = head.rsplit_once('1') else { return String::new() };
    let human = human.to_ascii_lowercase();
    let Some(data) = digits_of(data, BECH32) else { return String::new() };
    let spread = human.bytes().map(|byte| byte >> 5).chain([0]);
    let spread = spread.chain(human.bytes().map(|byte| byte & 31));
    let sum = spread.chain(data).chain([0; 6]).fold(1u32, bech32_step) ^ 1;
    (0..6).map(|i| char::from(BECH32[(sum >> (25 - 5 * i)) as usize & 31])).collect()
}

fn bech32_step(sum: u32, digit: u8) -> u32 {
    const GENERATORS: [u32; 5] = [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3];
    let top = sum >> 25;
    let shifted = (sum & 0x01FF_FFFF) << 5 ^ u32::from(digit);
    (0..5).filter(|i| top >> i & 1 == 1).fold(shifted, |sum, i| sum ^ GENERATORS[i])
}

/// The end of a NATS seed: a CRC-16 (XMODEM) of the 34 bytes before it, low byte first.
///
/// Those 272 bits do not end with a base32 digit, so three bits of the sum stand in the last digit
/// of `head`; the three digits behind it hold the other thirteen.
fn nkey(head: &str) -> String {
    const HEAD_LEN: usize = 55;
    if head.len() != HEAD_LEN {
        return String::new();
    }
    let Some(digits) = digits_of(head, BASE32) else { return String::new() };
    let mut bytes = [0u8; 34];
    for bit in 0..bytes.len() * 8 {
        let is_set = digits[bit / 5] >> (4 - bit % 5) & 1;
        bytes[bit / 8] |= is_set << (7 - bit % 8);
    }
    let sum = bytes.iter().fold(0u16, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte) << 8, |sum, _| {
            if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 }
        })
    });
    let rest = (u32::from(sum.swap_bytes()) & 0x1FFF) << 2;
    (0..3).map(|i| char::from(BASE32[(rest >> (10 - 5 * i)) as usize & 31])).collect()
}

fn digits_of(text: &str, alphabet: &[u8; 32]) -> Option<Vec<u8>> {
    let digit = |byte: u8| alphabet.iter().position(|letter| *letter == byte);
    text.bytes().map(|byte| digit(byte).map(|digit| digit as u8)).collect()
}

fn gitlab_routable(head: &str) -> String {
    in_base(crc(head), &LOWER_FIRST[..36], 7)
}

fn github_fine_grained(head: &str) -> String {
    let digest = Sha256::digest(head.as_bytes());
    let number = digest[..5].iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    (0..8).map(|i| char::from(BASE32[(number >> (35 - 5 * i)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors of the reference: name, prefix, body, checksum. They are not keys: the body
    /// says so.
    const VECTORS: &[(&str, &str, &str, &str)] = &[
        ("github", "ghp_", "KeyHookTestVectorNotARealSecre", "0gDpax"),
        ("npm", "npm_", "KeyHookTestVectorNotARealSecre", "0gDpax"),
        ("vercel", "vck_", "KeyHookTestVectorNotARealSecret0123456789KeyHookTe", "3CRed7"),
        ("cloudflare", "cfut_", "KeyHookTestVectorNotARealSecret012345678", "cbd775ea"),
        (
            "wandb",
            "wandb_v1_",
            "KeyHookTestVectorNotARealSe_KeyHookTestVectorNotARealSecret0123456789Ke",
            "1eQsoU",
        ),
        ("apify", "apify_api_", "KeyHookTestVectorNotARealSecre", "2wMaAm"),
        (
            "saladcloud",
            "salad_cloud_user_",
            "KeyHookTestVectorNotARealSecret0123456789Ke",
            "0MryW5",
        ),
        ("canva", "cnvca", "KeyHookTestVectorNotARealSecret0123456789Ke", "ad123554"),
        ("zuplo", "zpka_", "KeyHookTestVectorNotARealSecret0_", "5aac2379"),
        ("grafana", "glsa_", "KeyHookTestVectorNotARealSecret0_", "bf901704"),
        (
            "atlassian",
            "ATATT3xFfGF0",
            "KeyHookTestVectorNotARealSecret0123456789KeyHookTestVectorNo=",
            "0B8DA7A8",
        ),
        // The shortest valid text of BIP 173.
        ("bech32", "A1", "", "2UEL5L"),
        ("bitbucket", "ATBB", "KeyHookTestVectorNotARea", "1DD9CBC2"),
        ("gitlab-routable", "glpat-", "bzoxCnU6MWtleWhvb2stdGVzdC12ZWN0b3I.01.0z", "1wj8s41"),
        ("nkey", "SUA", "KEYHOOKTESTVECTORNOTAREALSECRETKEYHOOKTESTVECTORNOTH", "XIM"),
        ("confluent", "cflt", "KeyHookTestVectorNotARealSecret0123456789KeyHookTestVe", "yyhE2A"),
        ("polar", "polar_pat_", "KeyHookTestVectorNotARealSecret012345", "0XWUwK"),
    ];

    #[test]
    fn agrees_with_the_published_vectors() {
        for (name, prefix, body, sum) in VECTORS {
            let head = format!("{prefix}{body}");
            let checksum = named(name).unwrap();
            assert_eq!(&(checksum.of)(&head), sum, "{name}");
            assert!(checksum.holds(&format!("{head}{sum}")), "{name}");
            assert!(!checksum.holds(&format!("{head}{}", &sum[1..])), "{name}");
        }
    }

    #[test]
    fn checks_the_middle_of_a_fine_grained_github_token() {
        let head = "github_pat_KeyHookTestVectorNotAR_KeyHookTestVectorNotARealSecret0123456789Ke";
        let checksum = named("github-fine-grained").unwrap();
        assert_eq!((checksum.of)(head), "UIOJZGIM");
        assert!(checksum.holds(&format!("{head}UIOJZGIMabcd1234")));
        assert!(!checksum.holds(&format!("{head}UIOJZGINabcd1234")));
    }

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(CHECKSUMS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn short_and_non_ascii_texts_do_not_hold() {
        for checksum in CHECKSUMS {
            assert!(!checksum.holds(""));
            assert!(!checksum.holds("é"));
        }
    }
}
