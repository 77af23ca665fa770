//! Does a text look like random bytes, or like something a person wrote?
//!
//! Text has habits: `th` is common, `xq` is not, a capital starts a word, a digit follows a digit.
//! A table of 64 by 64 bytes holds how likely each character is behind each other one in what
//! programmers write; `tests/train/bigrams.py` makes it from pinned public packages. The mean over
//! the pairs of a value is compared with what chance gives for the value's own alphabet, which
//! follows from the table alone, so that hex, base62 and plain letters are each held to their own
//! measure, and a long value to a stricter one than a short one.
//!
//! Per cent of random values taken for random, by length (20,000 of each):
//!
//! | alphabet | 16 | 20 | 32 | 40 |
//! |---|--:|--:|--:|--:|
//! | hex, small / capital | 98.6 / 98.4 | 99.5 / 99.4 | 99.5 / 99.4 | 99.5 / 99.4 |
//! | letters and digits; small, capital | 98.7; 98.7, 98.6 | 99.5; 99.6, 99.5 | 99.5 | 99.5 |
//! | base32 / base58 | 98.7 | 99.6 | 99.4 / 99.6 | 99.4 / 99.7 |
//! | base64 / base64url | 98.8 / 98.5 | 99.6 / 99.5 | 99.8 / 99.7 | 99.8 |
//! | letters / small letters | 98.5 / 99.0 | 99.4 / 99.7 | 99.4 / 99.6 | 99.5 |
//!
//! Per cent of different written texts taken for random, by length, in eleven packages (Python,
//! TypeScript, JavaScript, Rust, C) that the table was not trained on. Of the digits kind, most that
//! pass are made by a machine indeed: ids of API calls, pieces of base64.
//!
//! | text | 16 to 19 | 20 and more | of |
//! |---|--:|--:|--:|
//! | identifiers of letters | 0.15 | 0.02 | 21,316 |
//! | identifiers with digits | 1.46 | 2.52 | 1,579 |
//! | dotted names | 0.06 | 0.01 | 45,887 |
//! | paths and addresses | 0.24 | 0.17 | 11,026 |
//! | kebab-case | 0.00 | 1.42 | 1,375 |
//! | numbers, dates, versions | 0.00 | 0.00 | 587 |
//!
//! Both are printed by `tests/train/bigrams.py --evaluate`.
//!
//! What no look at the content can tell apart from a key: hashes, UUIDs, base64 of anything.

/// Returns whether a value of at least 8 bytes looks generated.
///
/// A generated part of at least 20 bytes is enough, if words joined to it make up less than half of
/// the value and it is no path; so are hex digits behind a short lead such as `0x` or `SK`, which
/// would else be measured as an alphabet of all letters.
pub fn looks_random(value: &[u8]) -> bool {
    is_random(value)
        || value.len() > PART_MIN
            && (longest_part(value).is_some_and(is_random)
                || hex_tail(value).is_some_and(is_random))
}

fn is_random(value: &[u8]) -> bool {
    randomness(value) >= limit(value.len()) && has_variety(value)
}

/// Returns how far a value is from text: 0 is the average of random values in its alphabet, each
/// 100 below is one standard deviation towards text. Higher looks more random.
pub fn randomness(value: &[u8]) -> i32 {
    let value = trim_padding(value);
    if value.len() < 2 {
        return i32::MIN;
    }
    let mut alphabets = u16::MAX;
    let mut has_separator = false;
    let mut sum = 0;
    let mut before = None;
    for &byte in value {
        let class = CLASS[usize::from(byte)];
        if class < SEPARATOR {
            alphabets &= MEMBERSHIP[usize::from(byte)];
        } else {
            has_separator = true;
        }
        if let Some(before) = before {
            sum += i32::from(follows(before, class));
        }
        before = Some(class);
    }
    // The smallest alphabet that holds the value; a mixed case one may have `-_` as in base64url.
    let smallest = alphabets.trailing_zeros() as usize;
    let chance = if has_separator && smallest >= LETTERS { BASE64 } else { smallest };
    CHANCES[chance.min(BASE64)].standing(sum, value.len() - 1)
}

/// Hundredths of a standard deviation below the average that a random value may have: 2.6 passes
/// 99.5 % of them, 2.2 passes 98.5 %.
fn limit(len: usize) -> i32 {
    if len >= 20 { -260 } else { -220 }
}

/// Numbers, repeats and short words give too few pairs, or too equal ones, to judge by.
fn has_variety(value: &[u8]) -> bool {
    let count = |test: fn(&u8) -> bool| value.iter().filter(|byte| test(byte)).count();
    let digits = count(u8::is_ascii_digit);
    let letters = count(u8::is_ascii_alphabetic);
    let others = count(|byte| CLASS[usize::from(*byte)] == OTHER);
    value.len() >= 8
        && letters >= 2
        && (digits >= 1 || value.len() >= 16)
        && others * 2 < value.len()
        && distinct(value) >= 7.min(value.len() / 2 + 2)
        && !is_lopsided(value)
}

/// Returns whether one byte makes up a quarter of a long value, as the `A` of base64 where a binary
/// file has zeros.
fn is_lopsided(value: &[u8]) -> bool {
    const LONG: usize = 60;
    if value.len() < LONG {
        return false;
    }
    let mut counts = [0usize; 256];
    value.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    counts.iter().any(|count| count * 4 >= value.len())
}

/// Shorter parts of a value say nothing about all of it.
const PART_MIN: usize = 20;

/// Returns the part between `_`, `-` and `.` that makes up at least half of the value.
fn longest_part(value: &[u8]) -> Option<&[u8]> {
    if value.iter().any(|byte| matches!(byte, b'/' | b':')) {
        return None;
    }
    value.split(|byte| matches!(byte, b'_' | b'-' | b'.')).find(|part| {
        part.len() >= PART_MIN && part.len() * 2 >= value.len() && part.len() < value.len()
    })
}

/// Returns the hex digits, with or without dashes, behind a lead of at most 4 bytes.
fn hex_tail(value: &[u8]) -> Option<&[u8]> {
    let is_lead = |byte: &u8| !byte.is_ascii_hexdigit() && *byte != b'-';
    let lead = value.iter().rposition(is_lead)? + 1;
    let tail = &value[lead..];
    let tail = tail.strip_prefix(b"-").unwrap_or(tail);
    (lead <= 4 && tail.len() >= PART_MIN).then_some(tail)
}

fn trim_padding(value: &[u8]) -> &[u8] {
    let padding = value.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    &value[..value.len() - padding]
}

/// Returns how many different bytes the value has.
pub(super) fn distinct(value: &[u8]) -> usize {
    let mut seen = [0u64; 4];
    value.iter().for_each(|byte| seen[usize::from(byte >> 6)] |= 1 << (byte & 63));
    seen.iter().map(|bits| bits.count_ones() as usize).sum()
}

/// 64 rows of 64 signed bytes: 12 * (log2 of the chance of the second class behind the first + 6).
const BIGRAMS: &[u8; 4096] = include_bytes!("bigrams.bin");

const fn follows(first: u8, second: u8) -> i8 {
    BIGRAMS[(first as usize) << 6 | second as usize].cast_signed()
}

const SEPARATOR: u8 = 62;
const OTHER: u8 = 63;

/// The row and column of each byte: digits, capitals, small letters, separators, all else.
const CLASS: [u8; 256] = {
    let mut classes = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            digit @ b'0'..=b'9' => digit - b'0',
            upper @ b'A'..=b'Z' => upper - b'A' + 10,
            lower @ b'a'..=b'z' => lower - b'a' + 36,
            b'_' | b'-' | b'.' | b'/' | b':' | b' ' => SEPARATOR,
            _ => OTHER,
        };
        byte += 1;
    }
    classes
};

/// The alphabets that keys are written in, each after all that it contains.
const ALPHABETS: [&[u8]; 11] = [
    b"0123456789",
    b"0123456789abcdef",
    b"0123456789ABCDEF",
    b"abcdefghijklmnopqrstuvwxyz",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    b"0123456789abcdefghijklmnopqrstuvwxyz",
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    // Twice as many separators as chance gives: only values that have one are measured by this.
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_-_",
];
const LETTERS: usize = 8;
const BASE64: usize = 10;

/// The alphabets that each byte belongs to, one bit each.
const MEMBERSHIP: [u16; 256] = {
    let mut members = [0; 256];
    let mut index = 0;
    while index < ALPHABETS.len() {
        let mut at = 0;
        while at < ALPHABETS[index].len() {
            members[ALPHABETS[index][at] as usize] |= 1 << index;
            at += 1;
        }
        index += 1;
    }
    members
};

/// What the pairs of a random value in one alphabet add up to.
#[derive(Clone, Copy)]
struct Chance {
    mean: f32,
    variance: f32,
    /// Neighbouring pairs share a character, so they are not independent.
    covariance: f32,
}

const CHANCES: [Chance; 11] = {
    let mut chances = [Chance { mean: 0.0, variance: 0.0, covariance: 0.0 }; 11];
    let mut index = 0;
    while index < ALPHABETS.len() {
        chances[index] = Chance::of(ALPHABETS[index]);
        index += 1;
    }
    chances
};

/// A longer value is not held to a stricter measure: encoded structures are not quite random.
const PAIRS_MAX: f32 = 64.0;

impl Chance {
    const fn of(alphabet: &[u8]) -> Chance {
        let size = alphabet.len();
        let (mut sum, mut squares, mut products) = (0i64, 0i64, 0i64);
        let mut at = 0;
        while at < size {
            let (mut behind, mut before) = (0i64, 0i64);
            let mut other = 0;
            while other < size {
                let (a, b) = (CLASS[alphabet[at] as usize], CLASS[alphabet[other] as usize]);
                let next = follows(a, b) as i64;
                behind += next;
                before += follows(b, a) as i64;
                squares += next * next;
                other += 1;
            }
            sum += behind;
            products += behind * before;
            at += 1;
        }
        let size = size as f32;
        let mean = sum as f32 / (size * size);
        Chance {
            mean,
            variance: squares as f32 / (size * size) - mean * mean,
            covariance: products as f32 / (size * size * size) - mean * mean,
        }
    }

    /// Returns where a sum over `pairs` stands, in hundredths of a standard deviation.
    fn standing(self, sum: i32, pairs: usize) -> i32 {
        let count = pairs as f32;
        let mean = sum as f32 / count;
        let count = count.min(PAIRS_MAX);
        let variance =
            self.variance / count + 2.0 * self.covariance * (count - 1.0) / (count * count);
        ((self.mean - mean) / variance.max(0.01).sqrt() * 100.0) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::expand;

    /// Returns the share of random values that pass, in per cent.
    fn passed(kind: &str, total: u64) -> f64 {
        let passed = (0..total)
            .filter(|seed| {
                let text = expand(&format!("{{{{{kind}}}}}"), *seed).unwrap().text;
                looks_random(text.as_bytes())
            })
            .count();
        passed as f64 * 100.0 / total as f64
    }

    const KINDS: &[&str] = &[
        "hex",
        "hex-upper",
        "alnum",
        "alnum-lower",
        "alnum-upper",
        "base32",
        "base58",
        "base64",
        "base64url",
        "letters",
        "lower",
    ];

    #[test]
    fn random_values_look_random() {
        for kind in KINDS {
            for (lens, least) in [(&[16, 18, 19][..], 97.0), (&[20, 24, 32, 40, 43, 64, 120], 99.0)]
            {
                for len in lens {
                    let share = passed(&format!("{kind} {len}"), 2000);
                    assert!(share >= least, "{kind} {len}: {share} %");
                }
            }
        }
    }

    #[test]
    fn structured_keys_look_random() {
        for (example, least) in [
            ("{{uuid}}", 99.0),
            ("0x{{hex 64}}", 99.0),
            ("SK{{hex 32}}", 99.0),
            ("api-{{uuid}}", 99.0),
            ("prod_live_{{alnum 32}}", 99.0),
            ("{{hex 32}}.{{alnum 16}}", 99.0),
            ("{{base64url 24}}.{{base64url 6}}.{{base64url 27}}", 98.0),
            ("{{base64 43}}=", 99.0),
        ] {
            let passed = (0..1000)
                .filter(|seed| looks_random(expand(example, *seed).unwrap().text.as_bytes()))
                .count();
            assert!(passed as f64 >= least * 10.0, "{example}: {passed} of 1000");
        }
    }

    #[test]
    fn written_values_do_not() {
        for text in [
            "password",
            "my-secret-value",
            "getHttpResponseCode",
            "2024-01-01T00:00:00",
            "20240101000000",
            "application_v2",
            "test1234",
            "aaaaaaaaaaaa1111",
            "SECRET_KEY_BASE",
            "projects/my-project/secrets/api-key/versions/12",
            "com.example.service.UserAccountRepositoryImpl",
            "kubernetes.io/service-account-token",
            "arn:aws:iam::123456789012:role/deploy-production",
            "v1.28.3-gke.1286000",
            "AbstractSingletonProxyFactoryBean",
            "how-to-configure-oauth2-login-in-ten-minutes",
            "Donaudampfschifffahrtsgesellschaft",
            "/usr/local/lib/python3.11/site-packages",
            "192.168.100.200:8080",
            "eu-central-1-prod-cluster-02",
            "sha256WithRSAEncryption",
            "x-amz-server-side-encryption-aws-kms-key-id",
            "0x00000000000000ff",
            "3.14159265358979323846",
        ] {
            assert!(!looks_random(text.as_bytes()), "{text}: {}", randomness(text.as_bytes()));
        }
    }

    #[test]
    fn ranks_by_randomness() {
        let rank = |text: &str| randomness(text.as_bytes());
        let key = expand("{{alnum 24}}", 1).unwrap().text;
        assert!(rank(&key) > rank("iso8601_week_fmt") && rank(&key) > -200);
        assert!(rank("iso8601_week_fmt") > rank("getHttpResponseCode"));
        assert_eq!(rank("a"), i32::MIN);
    }

    #[test]
    fn any_bytes_are_judged() {
        for value in [&b""[..], b"=", b"==", b"\xff\xfe\0\x01\x02\x03\x04\x05", b"________"] {
            assert!(!looks_random(value), "{value:?}");
        }
        assert!(!looks_random("пароль-для-входа-в-систему".as_bytes()));
    }

    /// Prints the figures of the module comment; run by `tests/train/bigrams.py --evaluate`.
    #[test]
    #[ignore = "needs the packages that bigrams.py fetches"]
    fn shares_of_written_text() {
        for kind in KINDS {
            let shares = [16, 20, 32, 40].map(|len| passed(&format!("{kind} {len}"), 20_000));
            eprintln!("random {kind}: {shares:.1?}");
        }
        let folder = std::env::var("KEYHOOK_SHARES").unwrap();
        for file in std::fs::read_dir(folder).unwrap() {
            let file = file.unwrap();
            let text = std::fs::read(file.path()).unwrap();
            let shares = [16..20, 20..121].map(|lens| {
                let runs =
                    text.split(|byte| *byte == b'\n').filter(|run| lens.contains(&run.len()));
                let (passed, rest): (Vec<_>, Vec<_>) = runs.partition(|run| looks_random(run));
                let total = passed.len() + rest.len();
                for run in passed.iter().step_by(passed.len() / 12 + 1) {
                    eprintln!("    {}", String::from_utf8_lossy(run));
                }
                (passed.len() as f64 * 100.0 / total as f64, total)
            });
            eprintln!("written {}: {shares:.2?}", file.file_name().display());
        }
    }
}
