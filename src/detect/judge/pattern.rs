//! Values that repeat, count or walk over the keyboard.
//!
//! They fit the shape of a key and say that a person typed it. Chance makes short runs too, so
//! every measure lies beyond them: of a thousand random values at most one may be refused.

use super::fold::Folded;
use crate::detect::random::distinct;
use crate::detect::words::Parts;

/// Words that programmers spell in hex digits.
static HEX_WORDS: Parts = Parts::new(&[
    b"8badf00d",
    b"baadf00d",
    b"badc0ffe",
    b"cafebabe",
    b"cafed00d",
    b"c0ffee00",
    b"c0ffeec0",
    b"deadbeef",
    b"deadc0de",
    b"deadf00d",
    b"facefeed",
    b"feedbeef",
    b"feedface",
]);

/// Rows, columns and zigzags of keyboards.
const WALKS: &[&[u8]] = &[
    b"qwertyuiop",
    b"qwertzuiop",
    b"azertyuiop",
    b"asdfghjkl",
    b"qsdfghjklm",
    b"zxcvbnm",
    b"yxcvbnm",
    b"poiuytrewq",
    b"lkjhgfdsa",
    b"mnbvcxz",
    b"1q2w3e4r5t6y7u8i9o0p",
    b"1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    b"qazwsxedcrfvtgbyhnujm",
    b"zaq12wsx",
    b"!@#$%^&*()",
    b"!qaz@wsx#edc$rfv",
];

/// Returns whether the text repeats itself, counts up or down, or walks over the keyboard.
pub(super) fn is_patterned(value: &[u8]) -> bool {
    let folded = Folded::of(value);
    has_few_characters(value)
        || has_long_run(value)
        || (value.len() >= 12 && is_periodic(value))
        || HEX_WORDS.is_in(folded.bytes())
        || is_mostly_runs(folded.bytes())
        || is_interleaved(folded.bytes())
}

fn has_few_characters(value: &[u8]) -> bool {
    let least = if value.iter().all(u8::is_ascii_digit) { 4 } else { 6 };
    value.len() >= 16 && distinct(value) < least
}

/// A long token may hold a short run: six equal characters are rare in a key and common in an
/// encoded time stamp. Counting up from the start of the row is nobody's chance.
fn has_long_run(value: &[u8]) -> bool {
    let short = if value.iter().all(u8::is_ascii_hexdigit) { 8 } else { 6 };
    let run_max = short.max(value.len() / 4);
    let counts_up = ROWS.is_in(value);
    counts_up || [0, 1, u8::MAX].iter().any(|step| longest_run(value, *step, u8::MAX) >= run_max)
}

/// Nobody's chance at any length.
static ROWS: Parts =
    Parts::new(&[b"123456789", b"abcdefghi", b"ABCDEFGHI", b"qwertyuio", b"987654321"]);

/// Returns the length of the longest run in which each byte is `step` above the one before;
/// `except` breaks a run.
pub(super) fn longest_run(value: &[u8], step: u8, except: u8) -> usize {
    let (mut longest, mut run) = (1, 1);
    for pair in value.windows(2) {
        let follows = pair[1] == pair[0].wrapping_add(step) && pair[1] != except;
        run = if follows { run + 1 } else { 1 };
        longest = longest.max(run);
    }
    longest
}

/// Returns whether a group makes up the whole text by being repeated.
fn is_periodic(value: &[u8]) -> bool {
    (1..=32.min(value.len() / 2)).any(|period| {
        // Most periods end at the first byte, without a call.
        value[period] == value[0] && value[period..] == value[..value.len() - period]
    })
}

/// `sk-1234`, `aaaaaaaa-bbbb-cccc`, `01234567-89ab-cdef`, `asdf1234`: of the letters and digits
/// two thirds are runs of at least three.
fn is_mostly_runs(folded: &[u8]) -> bool {
    if !has_many_steps(folded) {
        return false;
    }
    let (mut covered, mut total, mut at) = (0, 0, 0);
    while at < folded.len() {
        if !is_counted(folded[at]) {
            at += 1;
            continue;
        }
        let run = run_at(&folded[at..]);
        let len = if run >= 3 { run } else { 1 };
        covered += if run >= 3 { run } else { 0 };
        total += len;
        at += len;
    }
    total >= 3 && covered * 3 >= total * 2
}

/// Returns whether enough bytes go on from the one before for two thirds to be runs: each run of
/// three has two such steps, so there are four for each nine bytes.
fn has_many_steps(folded: &[u8]) -> bool {
    let is_step = |pair: &&[u8]| {
        pair[1].wrapping_sub(pair[0]).wrapping_add(1) <= 2 || is_step_of_walk(pair[0], pair[1])
    };
    let total = folded.iter().filter(|byte| is_counted(**byte)).count();
    folded.windows(2).filter(is_step).count() * 9 >= total * 4
}

fn is_counted(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// Returns the length of the longest run that starts here.
fn run_at(text: &[u8]) -> usize {
    let steps = [0, 1, u8::MAX].map(|step| {
        let pairs = text.windows(2);
        1 + pairs
            .take_while(|pair| is_counted(pair[1]) && pair[1] == pair[0].wrapping_add(step))
            .count()
    });
    let walk = match text {
        [first, second, ..] if is_step_of_walk(*first, *second) => {
            WALKS.iter().map(|walk| walk_len(text, walk)).max().unwrap_or(0)
        }
        _ => 0,
    };
    let walk = if walk >= 4 { walk } else { 0 };
    steps.into_iter().max().unwrap_or(1).max(walk)
}

/// For each byte, bits of those that follow it on some walk.
static STEPS: [u128; 128] = {
    let mut steps = [0; 128];
    let mut walk = 0;
    while walk < WALKS.len() {
        let mut at = 1;
        while at < WALKS[walk].len() {
            steps[WALKS[walk][at - 1] as usize] |= 1 << WALKS[walk][at];
            at += 1;
        }
        walk += 1;
    }
    steps
};

fn is_step_of_walk(first: u8, second: u8) -> bool {
    first.is_ascii() && second.is_ascii() && STEPS[usize::from(first)] >> second & 1 != 0
}

/// Returns how far the text follows a walk, from wherever on it the text starts.
fn walk_len(text: &[u8], walk: &[u8]) -> usize {
    let Some(start) = memchr::memchr(text[0], walk) else { return 0 };
    text.iter().zip(&walk[start..]).take_while(|(a, b)| a == b).count()
}

/// `a1b2c3d4e5f6`, `112233aabbcc`: both the letters and the digits count, each in its place.
fn is_interleaved(folded: &[u8]) -> bool {
    let letters = Steps::of(folded, u8::is_ascii_alphabetic);
    let digits = Steps::of(folded, u8::is_ascii_digit);
    let both = |least, may_stay| letters.walk(least, may_stay) && digits.walk(least, may_stay);
    both(4, false) || both(6, true) || letters.walk(10, false)
}

/// The steps between the letters, or the digits, of a text.
#[derive(Default)]
struct Steps {
    members: usize,
    /// To the next one.
    next: usize,
    /// To the same one.
    stay: usize,
}

impl Steps {
    fn of(text: &[u8], is_member: fn(&u8) -> bool) -> Steps {
        let mut steps = Steps::default();
        let mut before = None;
        for &byte in text.iter().filter(|byte| is_member(byte)) {
            steps.members += 1;
            if let Some(before) = before {
                // 9 is followed by 0.
                let is_next = byte == before + 1 || (before == b'9' && byte == b'0');
                steps.next += usize::from(is_next);
                steps.stay += usize::from(byte == before);
            }
            before = Some(byte);
        }
        steps
    }

    /// Returns whether at least five of six steps go to the next one, or stay.
    fn walk(&self, least: usize, may_stay: bool) -> bool {
        let steps = self.next + if may_stay { self.stay } else { 0 };
        self.members >= least && steps * 6 >= (self.members - 1) * 5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_and_sequences_are_no_secrets() {
        let texts = [
            "aaaaaaaaaaaaaaaaaaaa",
            "abcdefghijklmnop",
            "0123456789abcdef",
            "1234567890abcdef1234567890abcdef",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ123456",
            "zyxwvutsrqponmlkjihgfedcba",
            "abc1abc1abc1abc1",
            "1010101010101010",
            "0000",
            "1111",
            "1234",
            "sk-1234",
            "sk-0000000000",
            "sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abcd1234",
            "a1b2c3d4e5f6g7h8i9j0",
            "A1B2C3D4-E5F6",
            "asdfghjkl",
            "asdf1234",
            "qwertyuiop",
            "qwerty",
            "1q2w3e4r5t",
            "zaq12wsx",
            "1qaz2wsx",
            "lkjhgfdsa",
            "deadbeefdeadbeefdeadbeefdeadbeef",
            "deadbeef-cafe-babe-0000-000000000001",
            "00000000-0000-0000-0000-000000000000",
            "00000000-0000-0000-0000-000000000001",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "11111111-2222-3333-4444-555555555555",
            "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            "12345678-1234-1234-1234-123456789012",
            "01234567-89ab-cdef-0123-456789abcdef",
            "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
            "1x0000000000000000000000000000000AA",
            "112233445566778899aabbccddeeff",
        ]
        .into_iter();
        let wrong: Vec<_> = texts.filter(|text| !is_patterned(text.as_bytes())).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn a_run_in_a_password_is_no_pattern() {
        let texts = [
            "Tr0ub4dor&3",
            "kiwi-1234-Moon",
            "Anna1234",
            "x123y789!Kd",
            "Summer2024!kiwi",
            "qwe9Kd!xw2",
            "bluewhale77",
            "",
            "k",
        ]
        .into_iter();
        let wrong: Vec<_> = texts.filter(|text| is_patterned(text.as_bytes())).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
