//! Finds many values in a text at once, knowing only their hashes.
//!
//! Wu and Manber's search: a table says for each three bytes how far the next window can be moved,
//! so most bytes of the text are never looked at, and the cost hardly grows with the number of
//! values. The table holds hashes of three bytes; what fits it is hashed and compared with the
//! value's own hash. So no value stays in memory in the clear once its file has been read.
//!
//! The hash is SipHash of 64 bits under a key that is drawn at random for this run and goes away
//! with it. It leaves the process nowhere, so nobody can try guesses against it, and it costs a tenth
//! of SHA-256: the hook must not grow by it.

use std::hash::{BuildHasher, RandomState};

use super::Hit;
use crate::finding::Span;

/// Collects values; they are gone once the search is built.
#[derive(Default)]
pub(super) struct Builder {
    texts: Vec<Text>,
}

struct Text {
    bytes: Vec<u8>,
    value: usize,
    is_encoded: bool,
    /// How long the value is.
    whole: usize,
}

/// The values of one machine, ready to be found.
#[derive(Default)]
pub(super) struct Search {
    /// All values have at least this many bytes: the length of the window.
    window: usize,
    /// By the hash of three bytes: how far the window can move.
    shifts: Vec<u8>,
    /// Sorted by `last`.
    patterns: Vec<Pattern>,
    hasher: RandomState,
}

struct Pattern {
    /// The hash of the last three bytes of its window.
    last: u16,
    /// The hash of its first three bytes: asked before anything is hashed whole.
    first: u16,
    len: usize,
    hash: u64,
    value: usize,
    is_encoded: bool,
    /// How long the value is, of which this may be the start.
    whole: usize,
}

const BITS: u32 = 14;

/// Values of at least this length are looked for in base64 too.
const ENCODED_MIN: usize = 12;

/// The start of a longer value says as much as the whole.
const START_MAX: usize = 64;

impl Builder {
    pub(super) fn push(&mut self, bytes: &[u8], value: usize) {
        let start = &bytes[..bytes.len().min(START_MAX)];
        let whole = bytes.len();
        self.texts.push(Text { bytes: start.to_vec(), value, is_encoded: false, whole });
        if bytes.len() >= ENCODED_MIN {
            let cores = (0..3).map(|offset| base64_core(start, offset)).chain(percent(start));
            let text = |bytes| Text { bytes, value, is_encoded: true, whole };
            self.texts.extend(cores.map(text));
        }
    }

    pub(super) fn build(self) -> Search {
        let Some(window) = self.texts.iter().map(|text| text.bytes.len()).min() else {
            return Search::default();
        };
        let hasher = RandomState::new();
        let mut shifts = vec![(window - 2) as u8; 1 << BITS];
        let mut patterns = Vec::with_capacity(self.texts.len());
        for Text { bytes, value, is_encoded, whole } in self.texts {
            for (at, block) in bytes[..window].windows(3).enumerate() {
                let shift = &mut shifts[usize::from(block_hash(block))];
                *shift = (*shift).min((window - 3 - at) as u8);
            }
            patterns.push(Pattern {
                last: block_hash(&bytes[window - 3..window]),
                first: block_hash(&bytes[..3]),
                len: bytes.len(),
                hash: hasher.hash_one(&bytes[..]),
                value,
                is_encoded,
                whole,
            });
        }
        patterns.sort_by_key(|pattern| (pattern.last, pattern.value, pattern.is_encoded));
        Search { window, shifts, patterns, hasher }
    }
}

impl Search {
    pub(super) fn find(&self, text: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        if self.patterns.is_empty() {
            return hits;
        }
        let mut end = self.window;
        while end <= text.len() {
            let block = block_hash(&text[end - 3..end]);
            let shift = self.shifts[usize::from(block)];
            end += usize::from(shift.max(1));
            if let Some(hit) = (shift == 0).then(|| self.at(text, end - 1 - self.window, block)) {
                end = hit.as_ref().map_or(end, |hit| end.max(hit.span.end + 1));
                hits.extend(hit);
            }
        }
        hits
    }

    /// Returns the value that stands at `start`, whose window ends with this block.
    fn at(&self, text: &[u8], start: usize, block: u16) -> Option<Hit> {
        let from = self.patterns.partition_point(|pattern| pattern.last < block);
        let fits = self.patterns[from..].iter().take_while(|pattern| pattern.last == block);
        let first = block_hash(&text[start..start + 3]);
        for pattern in fits.filter(|pattern| pattern.first == first) {
            let span = start..start + pattern.len;
            let Some(part) = text.get(span.clone()) else { continue };
            let whole = start..text.len().min(start + pattern.whole);
            if (pattern.is_encoded || is_whole(text, &whole))
                && self.hasher.hash_one(part) == pattern.hash
            {
                let span = if pattern.is_encoded { token_around(text, span) } else { whole };
                let (value, is_encoded) = (pattern.value, pattern.is_encoded);
                return Some(Hit { span, value, is_encoded });
            }
        }
        None
    }
}

impl Search {
    /// Returns the value that stands encoded in a token; of a long one the start.
    pub(super) fn plain(&self, token: &[u8], value: usize) -> Option<Vec<u8>> {
        let mut patterns = self.patterns.iter();
        let own = patterns.find(|pattern| pattern.value == value && !pattern.is_encoded)?;
        // Nobody knows where in the token the encoding began.
        let starts = (0..token.len().min(4)).filter_map(|start| from_base64(&token[start..]));
        starts.chain([from_percent(token)]).find_map(|text| {
            let mut parts = text.windows(own.len);
            parts.find(|part| self.hasher.hash_one(part) == own.hash).map(<[u8]>::to_vec)
        })
    }
}

fn block_hash(block: &[u8]) -> u16 {
    let word = u32::from(block[0]) | u32::from(block[1]) << 8 | u32::from(block[2]) << 16;
    (word.wrapping_mul(0x9E37_79B1) >> (32 - BITS)) as u16
}

/// Returns whether the value is no piece of a longer word.
fn is_whole(text: &[u8], span: &Span) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = span.start.checked_sub(1).and_then(|at| text.get(at));
    let is_escaped = span.start >= 2 && text[span.start - 2] == b'\\';
    let goes_on_left = is_word(before) && is_word(text.get(span.start)) && !is_escaped;
    let goes_on_right = is_word(text.get(span.end)) && is_word(text.get(span.end - 1));
    !goes_on_left && !goes_on_right
}

/// An encoded value has no clean ends: its neighbours are in its first and last characters.
fn token_around(text: &[u8], span: Span) -> Span {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_%".contains(byte);
    let left = text[..span.start].iter().rev().take_while(|byte| is_token(byte)).count();
    let right = text[span.end..].iter().take_while(|byte| is_token(byte)).count();
    span.start - left.min(AROUND_MAX)..span.end + right.min(AROUND_MAX)
}

/// So much is taken for the value's surroundings, or for the rest of it.
const AROUND_MAX: usize = 1024;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Returns the characters that the value has in base64 behind `offset` other bytes, whatever those
/// are and whatever follows: all but the first and last ones, which are shared with neighbours.
fn base64_core(value: &[u8], offset: usize) -> Vec<u8> {
    let mut core = Vec::with_capacity(value.len() * 4 / 3 + 1);
    let skipped = (6 - offset * 8 % 6) % 6;
    let mut bits = 0u32;
    let mut count = 0;
    for (at, byte) in value.iter().enumerate() {
        bits = bits << 8 | u32::from(*byte);
        count += if at == 0 { 8 - skipped } else { 8 };
        while count >= 6 {
            count -= 6;
            core.push(ALPHABET[(bits >> count & 63) as usize]);
        }
    }
    core
}

/// Returns the value as it stands in a URL, if that is another text.
fn percent(value: &[u8]) -> Option<Vec<u8>> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    if value.iter().all(is_plain) {
        return None;
    }
    let encode = |byte: &u8| match is_plain(byte) {
        true => vec![*byte],
        false => format!("%{byte:02X}").into_bytes(),
    };
    Some(value.iter().flat_map(encode).collect())
}

/// Undoes what a URL does to its password.
pub(super) fn from_percent(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code.filter(|_| *byte == b'%') {
            Some(code) => {
                plain.push(code);
                rest = &behind[2..];
            }
            None => {
                plain.push(*byte);
                rest = behind;
            }
        }
    }
    plain
}

/// Decodes base64; `None` if the text is none.
pub(super) fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii_end();
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
    let mut plain = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for byte in &text[..end] {
        let six = ALPHABET.iter().position(|known| known == byte)?;
        (bits, count) = (bits << 6 | six as u32, count + 6);
        if count >= 8 {
            count -= 8;
            plain.push((bits >> count) as u8);
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(values: &[&str]) -> Search {
        let mut builder = Builder::default();
        values.iter().enumerate().for_each(|(index, value)| builder.push(value.as_bytes(), index));
        builder.build()
    }

    fn base64(text: &str) -> String {
        let mut out = String::new();
        for chunk in text.as_bytes().chunks(3) {
            let bits = chunk.iter().fold(0u32, |bits, b| bits << 8 | u32::from(*b))
                << (8 * (3 - chunk.len()));
            for place in 0..4 {
                let six = (bits >> (18 - 6 * place) & 63) as usize;
                out.push(if place > chunk.len() { '=' } else { char::from(ALPHABET[six]) });
            }
        }
        out
    }

    #[test]
    fn every_value_is_found_wherever_it_stands() {
        let values = ["otter71!blue", "aaaaaaaa1", "q7R-2x_9Zp0L3m", "otter71!blues-and-more"];
        let search = search(&values);
        for (index, value) in values.iter().enumerate() {
            for before in 0..70 {
                let text = format!("{}{value} and more", " ".repeat(before));
                let hits = search.find(text.as_bytes());
                assert_eq!(hits.len(), 1, "{text}");
                assert_eq!((hits[0].value, hits[0].is_encoded), (index, false), "{text}");
                assert_eq!(&text[hits[0].span.clone()], *value);
            }
        }
        assert_eq!(search.find(b"").len(), 0);
        assert_eq!(search.find(b"otter71!blu").len(), 0);
        let twice = b"x = 'aaaaaaaa1'; y = 'aaaaaaaa1'";
        assert_eq!(search.find(twice).len(), 2);
    }

    #[test]
    fn a_piece_of_a_longer_word_is_not_the_value() {
        let search = search(&["a1b2c3d4e5"]);
        assert_eq!(search.find(b"xa1b2c3d4e5").len(), 0);
        assert_eq!(search.find(b"a1b2c3d4e56").len(), 0);
        assert_eq!(search.find(b"\\na1b2c3d4e5\\n").len(), 1);
        assert_eq!(search.find(b"-a1b2c3d4e5-").len(), 1);
    }

    #[test]
    fn a_value_is_found_in_base64_behind_anything() {
        let value = "otter71!blue-sky/9";
        let search = search(&[value]);
        for before in ["", "a", "ab", "user:", "longer than it:"] {
            for after in ["", "\n", ", more"] {
                let text = format!("x: {} y", base64(&format!("{before}{value}{after}")));
                let hits = search.find(text.as_bytes());
                assert_eq!(hits.len(), 1, "{text}");
                assert!(hits[0].is_encoded);
                // Nothing of it is left outside.
                assert_eq!(&text[..hits[0].span.start], "x: ");
                assert_eq!(&text[hits[0].span.end..], " y");
            }
        }
        assert_eq!(search.find(b"url?k=otter71%21blue-sky%2F9&").len(), 1);
        assert_eq!(search.find(base64("otter71!blue-sky/8").as_bytes()).len(), 0);
    }

    #[test]
    fn an_encoded_value_comes_back() {
        let value = "otter71!blue-sky/9";
        let search = search(&["another-value-42", value]);
        for before in ["", "a", "ab", "user:", "longer than it:"] {
            for token in
                [base64(&format!("{before}{value}, more")), "otter71%21blue-sky%2F9".into()]
            {
                let hit = &search.find(token.as_bytes())[0];
                let plain = search.plain(token.as_bytes(), hit.value);
                assert_eq!(plain.as_deref(), Some(value.as_bytes()), "{token}");
            }
        }
        assert_eq!(search.plain(b"b3R0ZXI=", 1), None);
    }

    #[test]
    fn base64_is_undone() {
        for text in ["", "a", "ab", "abc", "me:otter"] {
            assert_eq!(from_base64(base64(text).as_bytes()), Some(text.as_bytes().to_vec()));
        }
        assert_eq!(from_base64(b"a b"), None);
    }

    #[test]
    fn of_a_long_value_the_start_decides_and_all_is_covered() {
        let value = "otter71!blue-sky/9".repeat(20);
        let search = search(&[&value]);
        let hits = search.find(format!("x = '{value}';").as_bytes());
        assert_eq!(hits.len(), 1);
        assert_eq!(hits[0].span, 5..5 + value.len());
        assert_eq!(search.find(&value.as_bytes()[..60]).len(), 0);
        let text = format!("x = {} ;", base64(&value));
        assert_eq!(search.find(text.as_bytes())[0].span, 4..text.len() - 2);
    }
}
