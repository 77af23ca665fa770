//! Values that someone has yet to fill in: `your-key-here`, `[INSERT KEY]`, `sk-xxxx`,
//! `AKIA…EXAMPLE`.
//!
//! Chance makes short words, and vendors put words such as `test_` and `live_` before random
//! bodies. So a word alone decides nothing: what is left of the value without it must not look
//! random.

use super::dummy;
use super::fold::{Folded, WITHIN, contains};
use super::pattern;
use super::reference::is_phrase;
use crate::detect::random::randomness;
use crate::detect::words::{Parts, ten_bits};

/// Where a word must stand to count.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Edge {
    Anywhere,
    Left,
    Both,
}

use Edge::{Anywhere, Both, Left};

/// Words that say "this is no value", in the languages that people write examples in; sorted, so
/// that only those with the right first letter are compared.
#[rustfmt::skip]
const WORDS: &[(&str, Edge)] = &[
    ("a_remplacer", Left), ("add-your", Left), ("add_your", Left), ("aendern", Both),
    ("anything", Both), ("aqui", Both), ("aquí", Both), ("ausfuellen", Left), ("ausfüllen", Left),
    ("beispiel", Anywhere), ("bitte", Left), ("bogus", Both), ("buraya", Both), ("cambiame", Left),
    ("cambiar", Left), ("censored", Anywhere), ("change-me", Anywhere),
    ("change-this", Anywhere), ("change_me", Anywhere), ("change_this", Anywhere),
    ("changeit", Left), ("changeme", Anywhere), ("changethis", Anywhere), ("changez", Left),
    ("configure_me", Anywhere), ("cámbiame", Left), ("deadbeef", Anywhere), ("dein-", Left),
    ("dein_", Left), ("deine", Left), ("disabled", Both), ("dummy", Left), ("dummykey", Anywhere),
    ("dummytoken", Anywhere), ("ejemplo", Anywhere), ("eksempel", Anywhere), ("enter-", Left),
    ("enter_", Left), ("ersetzen", Anywhere), ("esempio", Anywhere), ("example", Anywhere),
    ("exempel", Anywhere), ("exemple", Anywhere), ("exemplo", Anywhere), ("fake", Left),
    ("fill-in", Left), ("fill_in", Left), ("fill_me", Left), ("fillme", Left), ("fixme", Left),
    ("foobar", Anywhere), ("generate_", Left), ("get-from", Left), ("get_from", Left),
    ("goes-here", Anywhere), ("goes_here", Anywhere), ("goeshere", Anywhere), ("hardcoded", Both),
    ("hier-", Left), ("hier_", Left), ("ici", Both), ("inserisci", Left), ("insert", Left),
    ("insira", Left), ("ipsum", Left), ("jouw", Left), ("just-a-", Left), ("just_a_", Left),
    ("lorem", Left), ("masked", Both), ("mockkey", Left), ("mocktoken", Left),
    ("modify_me", Anywhere), ("must_be_set", Anywhere), ("no-key", Both), ("no_key", Both),
    ("none", Both), ("not-a-", Left), ("not-needed", Anywhere), ("not-real", Anywhere),
    ("not-set", Both), ("not-used", Anywhere), ("not_a_", Left), ("not_needed", Anywhere),
    ("not_real", Anywhere), ("not_set", Both), ("not_used", Anywhere), ("notneeded", Left),
    ("notreal", Anywhere), ("notset", Both), ("null", Both), ("obtain_from", Left),
    ("omitted", Both), ("paste", Left), ("placeholder", Anywhere), ("platzhalter", Anywhere),
    ("please-", Left), ("please_", Left), ("przyklad", Anywhere), ("put-", Left), ("put_", Left),
    ("putyour", Left), ("redacted", Anywhere), ("reemplaz", Left), ("removed", Both),
    ("remplac", Left), ("replace", Left), ("replaced", Both), ("replaceme", Anywhere),
    ("sample", Left), ("scrubbed", Both), ("set_me", Left), ("set_your", Left), ("setme", Left),
    ("seu_", Left), ("some-", Left), ("some_", Left), ("somekey", Left), ("somesecret", Left),
    ("sometoken", Left), ("stubbed", Both), ("sua_", Left), ("substitua", Left), ("tbd", Both),
    ("this-is", Left), ("this_is", Left), ("thisis", Left), ("todo", Left), ("tu_", Left),
    ("tua_", Left), ("tuo_", Left), ("twoj", Left), ("undefined", Both), ("unset", Both),
    ("unused", Both), ("update_me", Anywhere), ("vervang", Left), ("vervangen", Anywhere),
    ("voorbeeld", Anywhere), ("votre", Left), ("whatever", Both), ("xxxx", Anywhere),
    ("your", Left), ("yourapi", Anywhere), ("yourkey", Anywhere), ("yourpass", Anywhere),
    ("yoursecret", Anywhere), ("yourtoken", Anywhere), ("zmien", Left),
    ("à_remplacer", Left), ("ändern", Anywhere), ("örnek", Left), ("ваш", Left),
    ("вставь", Anywhere), ("замени", Anywhere), ("пример", Anywhere), ("あなたの", Anywhere),
    ("ここに", Anywhere), ("サンプル", Anywhere), ("你的", Anywhere), ("例", Anywhere), ("填写", Anywhere),
    ("您的", Anywhere), ("替换", Anywhere), ("示例", Anywhere), ("输入", Anywhere), ("여기", Anywhere),
    ("예시", Anywhere), ("입력", Anywhere),
];

/// What neither chance nor a vendor writes: these decide even behind the encoded start of a real
/// key.
#[rustfmt::skip]
static PHRASES: Parts = Parts::new(&[
    b"your-api", b"your-key", b"your-own", b"your-secret", b"your-token", b"your_api", b"your_key",
    b"your_own", b"your_secret", b"your_token", b"yourapi", b"yourtoken", b"goes-here", b"goes_here",
    b"-key-here", b"_key_here", b"-token-here", b"_token_here", b"-secret-here", b"_secret_here",
    b"replace-me", b"replace-with", b"replace_me", b"replace_with", b"change-me", b"change_me",
    b"changeme",
    b"placeholder", b"redacted",
]);

/// A rest from this length on can be a key of its own.
const REST_MIN: usize = 12;

/// Words a seed phrase has at least (BIP-39).
const SEED_WORDS: usize = 12;

/// Returns whether the text stands for a value that someone has yet to fill in.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    if let Some(is_empty) = is_empty_phrase(value) {
        return is_empty;
    }
    let folded = Folded::of(value);
    let value = &value[..folded.bytes().len()];
    is_masked(value)
        || is_blank(value)
        || is_marked_example(value)
        || PHRASES.is_in(folded.bytes())
        || has_telling_word(value, folded.bytes())
        || is_made_of_words(value, folded.bytes())
}

/// Returns whether the value is a row of at least 12 small words, as a seed phrase is.
pub(super) fn is_word_phrase(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b' ')
        && value.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).count() >= SEED_WORDS
}

/// Of a seed phrase tells whether it is empty: its list holds `test`, `real`, `example`, `replace`,
/// so only phrases that repeat one word are (the last word of those is a checksum).
fn is_empty_phrase(value: &[u8]) -> Option<bool> {
    if !is_word_phrase(value) {
        return None;
    }
    let mut words = value.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let first = words.next()?;
    let others = words.clone().filter(|word| *word != first).count();
    let last_differs = words.next_back() != Some(first);
    Some(others == 0 || (others == 1 && last_differs))
}

/// `sk-abc123...`, `****1234`, `●●●●`, `…`: part of the value was left out.
fn is_masked(value: &[u8]) -> bool {
    if !value.iter().any(|byte| matches!(byte, b'.' | b'*' | 0xE2)) {
        return false;
    }
    let has = |part: &[u8]| contains(value, part);
    has(b"...") || has(b"***") || ["…", "•••", "●●●", "∗∗∗"].iter().any(|mark| has(mark.as_bytes()))
}

/// `AKIA…EXAMPLE`, `…wEXAMPLEtc…`: how AWS and those who follow it mark a value that fits the
/// shape, whatever else is in it. Seven capitals in a row are no chance.
fn is_marked_example(value: &[u8]) -> bool {
    contains(value, b"EXAMPLE")
}

/// `[INSERT KEY]`, `__API_KEY__`, `(your key)`, `________`, `?????`, `x`.
fn is_blank(value: &[u8]) -> bool {
    let is_dashes = !value.iter().any(u8::is_ascii_alphanumeric)
        && value.iter().all(|byte| b"_-.?*#= xX".contains(byte));
    let inside = match value {
        [b'_', b'_', inside @ .., b'_', b'_'] | [b'[', inside @ .., b']'] => inside,
        [b'(', inside @ .., b')'] | [b'#', inside @ .., b'#'] => inside,
        _ => return is_dashes && value.len() >= 3,
    };
    is_dashes || is_phrase(inside)
}

/// Which bytes of the value belong to words.
struct Covered {
    is_covered: [bool; WITHIN],
}

fn has_telling_word(value: &[u8], folded: &[u8]) -> bool {
    let mut covered = Covered { is_covered: [false; WITHIN] };
    let mut has_word = false;
    for (at, three) in folded.windows(3).enumerate() {
        let hash = ten_bits(u32::from_le_bytes([three[0], three[1], three[2], 0]));
        if WORD_STARTS[hash >> 6] >> (hash & 63) & 1 == 0 {
            continue;
        }
        let (first, last) = WITH_FIRST[usize::from(folded[at])];
        for (word, edge) in &WORDS[usize::from(first)..usize::from(last)] {
            let end = at + word.len();
            if folded[at..].starts_with(word.as_bytes()) && holds(*edge, value, at, end) {
                covered.is_covered[at..end].fill(true);
                has_word = true;
            }
        }
    }
    has_word && !covered.leaves_random(value)
}

impl Covered {
    fn leaves_random(&self, value: &[u8]) -> bool {
        let mut start = 0;
        for at in 0..=value.len() {
            if at == value.len() || self.is_covered[at] {
                if is_random_rest(&value[start..at]) {
                    return true;
                }
                start = at + 1;
            }
        }
        false
    }
}

/// Returns whether what is left without the words could be a key.
///
/// Laxer than `looks_random`: a placeholder is rare where a rule has matched, and dropping a key
/// costs more than a second look at a made-up one.
fn is_random_rest(rest: &[u8]) -> bool {
    let is_separator = |byte: &&u8| matches!(**byte, b'_' | b'-' | b'.' | b'/' | b':' | b' ');
    let front = rest.iter().take_while(is_separator).count();
    let back = rest[front..].iter().rev().take_while(is_separator).count();
    let rest = &rest[front..rest.len() - back];
    if rest.len() < REST_MIN || pattern::is_patterned(rest) {
        return false;
    }
    let is_short = |word: &[u8]| word.len() <= 12 && is_plain_word(word);
    if rest.split(|byte| is_separator(&byte)).all(is_short) {
        return false;
    }
    let has_digits = rest.iter().filter(|byte| byte.is_ascii_digit()).count() >= 2;
    match rest.len() {
        0..16 => has_digits && randomness(rest) >= -330,
        16..20 => (has_digits || has_humps(rest)) && randomness(rest) >= -380,
        _ => randomness(rest) >= -420,
    }
}

fn has_humps(text: &[u8]) -> bool {
    let is_hump = |pair: &&[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
    text.windows(2).filter(is_hump).count() >= 3
}

fn holds(edge: Edge, value: &[u8], start: usize, end: usize) -> bool {
    let is_hump = |at: usize| value[at - 1].is_ascii_lowercase() && value[at].is_ascii_uppercase();
    let is_left = start == 0 || !value[start - 1].is_ascii_alphanumeric() || is_hump(start);
    let is_right = end == value.len() || !value[end].is_ascii_alphabetic() || is_hump(end);
    match edge {
        Anywhere => true,
        Left => is_left,
        Both => is_left && is_right,
    }
}

/// Names have short parts that are no words: `E2B_API_KEY`, `k8s-token`.
const ODD_MAX: usize = 3;

/// Returns whether the value is plain words and numbers, at least half of it words that a secret
/// is not made of: `my-fake-key`, `prod/ezai-api-key`, `api_key_for_tests`.
fn is_made_of_words(value: &[u8], folded: &[u8]) -> bool {
    let (mut known, mut total, mut start) = (0, 0, 0);
    for at in 0..=value.len() {
        if at < value.len() && !is_word_end(value, start, at) {
            continue;
        }
        let word = &folded[start..at];
        if !word.is_empty() {
            if word.len() > ODD_MAX && !is_plain_word(&value[start..at]) {
                return false;
            }
            let letters = word.iter().take_while(|byte| !byte.is_ascii_digit()).count();
            let is_known = dummy::is_words(&word[..letters])
                || word.iter().all(|byte| *byte == b'x')
                || pattern::is_patterned(word);
            known += if is_known { word.len() } else { 0 };
            total += word.len();
        }
        start = at + usize::from(at < value.len() && is_joint(value[at]));
    }
    // A pure number is a pattern or it is not; it is no word.
    value.iter().any(|byte| !byte.is_ascii_digit()) && total > 0 && known * 2 >= total
}

fn is_joint(byte: u8) -> bool {
    b"-_./: ,+=\"'`*()[]<>{}|;".contains(&byte)
}

fn is_word_end(value: &[u8], start: usize, at: usize) -> bool {
    is_joint(value[at])
        || at > start && value[at - 1].is_ascii_lowercase() && value[at].is_ascii_uppercase()
}

/// `word`, `Word`, `WORD`, `v2`, `abc123`, `2024`: no mix that chance would make.
fn is_plain_word(word: &[u8]) -> bool {
    let letters = word.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let digits = word[letters..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let small = word[letters + digits..].iter().all(u8::is_ascii_lowercase);
    let is_wordy = letters + digits == word.len() || (letters == 0 && small && digits <= 4);
    is_wordy && digits <= 6 && is_cased_as_words(&word[..letters])
}

/// `word`, `WORD`, `Word`, `APIKey`, `someWord`: behind the first capitals few others.
fn is_cased_as_words(letters: &[u8]) -> bool {
    let lead = letters.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let rest = &letters[lead..];
    rest.iter().filter(|byte| byte.is_ascii_uppercase()).count() * 4 <= rest.len()
}

/// One bit for each hash of the first three bytes of a word.
static WORD_STARTS: [u64; 16] = {
    let mut seen = [0; 16];
    let mut at = 0;
    while at < WORDS.len() {
        let word = WORDS[at].0.as_bytes();
        let hash = ten_bits(u32::from_le_bytes([word[0], word[1], word[2], 0]));
        seen[hash >> 6] |= 1 << (hash & 63);
        at += 1;
    }
    seen
};

/// For each first byte the range of its words.
const WITH_FIRST: [(u16, u16); 256] = {
    let mut ranges = [(0u16, 0u16); 256];
    let mut at = 0;
    while at < WORDS.len() {
        let first = WORDS[at].0.as_bytes()[0] as usize;
        if ranges[first].1 == 0 {
            ranges[first].0 = at as u16;
        }
        ranges[first].1 = at as u16 + 1;
        at += 1;
    }
    ranges
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::expand;

    const ALPHABETS: &[&str] = &[
        "alnum",
        "alnum-lower",
        "alnum-upper",
        "base32",
        "base58",
        "base64",
        "base64url",
        "hex",
        "hex-upper",
        "letters",
    ];

    #[test]
    fn placeholders_stand_for_a_value() {
        let texts = [
            "your-key-here",
            "YOUR_SUPER_SECRET_KEY_HERE",
            "YOUR-API-KEY",
            "YourActualClaudeKey",
            "yourapikey",
            "<your-key>",
            "[INSERT KEY]",
            "[YOUR API KEY]",
            "[REDACTED]",
            "__API_KEY__",
            "________",
            "??????",
            "IOSFODNN7EXAMPLE",
            "E2B_API_KEY",
            "k8s-token",
            ":setting:`PASSWORD`",
            "credential-value",
            "xxxxxxxxxxxx",
            "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX",
            "sk-xxxx",
            "sk-xxx",
            "xxxx1234",
            "sk-...",
            "sk-proj-...",
            "abc123...",
            "sk-abc...def",
            "…",
            "abc…",
            "***",
            "sk-****************AA",
            "REPLACE_ME",
            "replace-with-your-key",
            "REPLACE_WITH_32_CHARACTER_SECRET",
            "CHANGE_ME_TO_A_RANDOM_VALUE_32",
            "change-me-please",
            "changeme-in-production",
            "TODO",
            "TODO: add the key",
            "todo-set-this",
            "fixme",
            "dummy",
            "dummy-api-key-for-tests",
            "dummy_token_123456",
            "fake",
            "fake-key-1",
            "my-fake-key",
            "FakeApiKey",
            "not-a-real-key",
            "this-is-not-a-real-token",
            "thisisatestkey123",
            "key-goes-here",
            "API_KEY_GOES_HERE",
            "put-your-token-in-here",
            "paste_token",
            "insert-token-here",
            "enter_your_key",
            "sample-api-token",
            "SAMPLE_KEY_1234",
            "example-key-do-not-use",
            "EXAMPLEKEY",
            "foobar",
            "foobar123",
            "foo-bar-baz-qux",
            "lorem-ipsum-dolor",
            "redacted",
            "REDACTED_BY_GIT_FILTER",
            "removed",
            "test",
            "test-key",
            "testing-token-123",
            "test_token_abc123",
            "prod/ezai-api-key",
            "api_key_1",
            "my-api-key",
            "My API Key",
            "gatewayapikey",
            "mysecret",
            "super-secret-token",
            "some-secret-value",
            "none",
            "undefined",
            "dein-api-schluessel",
            "hier_token_eintragen",
            "BITTE_AENDERN",
            "platzhalter",
            "votre-cle-api",
            "exemple-de-cle",
            "tu_clave_aqui",
            "sua_chave_aqui",
            "la-tua-chiave-esempio",
            "voorbeeld-sleutel",
            "przyklad",
            "你的密钥",
            "ここにキーを入力",
            "여기에키를입력",
            "вставьте-ключ",
            "örnek-anahtar",
        ]
        .into_iter();
        let wrong: Vec<_> = texts.filter(|text| !is_placeholder(text.as_bytes())).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn passwords_that_someone_chose_are_none() {
        let texts = [
            "Summer2024!kiwi",
            "kV7!xQ2m",
            "Tr0ub4dor&3",
            "bluewhale77",
            "anvil-key-moon-tulip",
            "copper-lantern-89-orbit",
            "P4ss-real-9k!2xQ",
            "test-9Kd!xw2",
            "Berlin-Ostkreuz-7",
            "",
        ]
        .into_iter();
        let wrong: Vec<_> = texts.filter(|text| is_placeholder(text.as_bytes())).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn a_word_before_a_random_body_hides_nothing() {
        let words = [
            "test_", "live_", "default-", "secret_", "key_", "token-", "sample_", "fake.", "demo-",
        ];
        let mut total = 0;
        let mut lost = Vec::new();
        for word in words {
            for alphabet in ALPHABETS {
                for len in [20, 24, 32, 40, 64] {
                    for seed in 0..40 {
                        let example = format!("{word}{{{{{alphabet} {len}}}}}");
                        let text = expand(&example, seed + len * 1000).unwrap().text;
                        total += 1;
                        if is_placeholder(text.as_bytes()) {
                            lost.push(text);
                        }
                    }
                }
            }
        }
        assert!(lost.len() * 1000 <= total, "{} of {total}: {:?}", lost.len(), &lost[..20]);
    }

    #[test]
    fn a_word_inside_a_random_body_hides_nothing() {
        for seed in 0..500 {
            for word in ["example", "-your-", "_test_", "Fake", "xxxx", "-key-"] {
                let text = expand(&format!("{{{{alnum 20}}}}{word}{{{{alnum 8}}}}"), seed);
                let text = text.unwrap().text;
                assert!(!is_placeholder(text.as_bytes()), "{text}");
            }
        }
    }

    #[test]
    fn a_phrase_decides_behind_the_start_of_a_key() {
        let text = expand("{{base64url 20}}.your-key-here", 1).unwrap().text;
        assert!(is_placeholder(text.as_bytes()));
    }

    #[test]
    fn aws_marks_its_examples_in_capitals() {
        for marked in ["{{base64 30}}EXAMPLEKEY", "{{base64 20}}wEXAMPLEtc{{base64 20}}"] {
            let text = expand(marked, 1).unwrap().text;
            assert!(is_placeholder(text.as_bytes()), "{text}");
        }
        let small = expand("{{base64 20}}example{{base64 20}}", 1).unwrap().text;
        assert!(!is_placeholder(small.as_bytes()));
    }

    #[test]
    fn only_seed_phrases_of_one_word_are_empty() {
        let repeated =
            |first: &str, last: &str| format!("{}{last}", format!("{first} ").repeat(11));
        let texts = [
            repeated("test", "junk"),
            repeated("abandon", "about"),
            repeated("zoo", "wrong"),
            repeated("word", "word"),
        ]
        .into_iter();
        let wrong: Vec<_> = texts.filter(|text| !is_placeholder(text.as_bytes())).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        // Words of the list that are placeholders elsewhere.
        let phrase = "test real token enter actual sample example replace some key random secret";
        assert!(!is_placeholder(phrase.as_bytes()));
    }

    #[test]
    fn words_are_grouped_by_their_first_letter() {
        for (word, edge) in WORDS {
            let (first, last) = WITH_FIRST[usize::from(word.as_bytes()[0])];
            let group = &WORDS[usize::from(first)..usize::from(last)];
            assert!(group.iter().all(|(w, _)| w.as_bytes()[0] == word.as_bytes()[0]), "{word}");
            assert!(group.contains(&(*word, *edge)));
            assert_eq!(word.to_lowercase(), **word);
        }
    }
}
