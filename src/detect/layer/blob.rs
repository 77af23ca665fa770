//! Base64 and hex that say text.
//!
//! Most long runs of token bytes are identifiers, hashes and keys. Whether one says text is seen
//! from its first three bytes in nine of ten cases, and from the first eighteen in all others: by
//! chance, one in a million runs of 24 characters reads as text. Text may be UTF-16, which is what
//! PowerShell takes. A blob may go on over lines: indented as in YAML, quoted and joined as in
//! code, or behind a written `\n`; each line must decode to text as well.

use memchr::memrchr;

use super::origin::{Map, Origins, Unit};
use super::{Encoding, Layer};
use crate::detect::decode::utf16_le;
use crate::finding::Span;

/// Fewer characters hold nothing worth a look.
const RUN_MIN: usize = 16;
/// The same for base64 that ends in `=` as it should.
const PADDED_MIN: usize = 10;
/// Longer text, or text of several lines, stands for itself.
const VALUE_MAX: usize = 512;
/// How much before a short text is taken for its name.
const NAME_MAX: usize = 128;
/// How many characters decide whether there is text at all: 18 bytes of base64, 18 of hex.
const SAMPLES: [usize; 2] = [24, 36];
/// How many characters are decoded before the question is asked again.
const BLOCK: usize = 4 << 10;
/// What may stand between the lines of a blob, indentation and all.
const BREAK_MAX: usize = 256;

/// Decodes the blobs of one text, which must be asked about in the order of the text.
#[derive(Clone, Debug, Default)]
pub(in crate::detect) struct Blobs {
    done: usize,
}

impl Blobs {
    /// Decodes a maximal run of `[A-Za-z0-9_+/.$~-]`, and the lines that continue it.
    ///
    /// Runs inside the last layer are answered with `None`, so long blobs are read once.
    pub(in crate::detect) fn of_run(&mut self, text: &[u8], run: Span) -> Option<Layer> {
        let run = without_escape(text, run);
        if run.start < self.done || !is_long(text, &run) {
            return None;
        }
        let alphabet = alphabet_of(&text[run.clone()])?;
        let layer = in_place(text, decode(text, run, alphabet), self.done);
        self.done = layer.outer.end;
        Some(layer)
    }
}

/// Returns whether the run is long enough, which padding makes believable sooner.
fn is_long(text: &[u8], run: &Span) -> bool {
    let is_padded = || {
        let padding = padding_len(&text[run.end..], Alphabet::Base64);
        let behind = text.get(run.end + padding);
        padding > 0
            && (run.len() + padding).is_multiple_of(4)
            && !behind.is_some_and(|byte| Alphabet::Base64.value(*byte).is_some())
    };
    run.len() >= RUN_MIN || run.len() >= PADDED_MIN && is_padded()
}

/// Puts the name before a short value back: `password: hunter2` says more than `hunter2`.
///
/// What lies before `floor` belongs to another blob, so no byte is copied twice.
fn in_place(text: &[u8], mut layer: Layer, floor: usize) -> Layer {
    if layer.bytes.len() > VALUE_MAX || layer.bytes.contains(&b'\n') {
        return layer;
    }
    let low = layer.outer.start.saturating_sub(NAME_MAX).max(floor);
    let before = &text[low..layer.outer.start];
    let cut = match memrchr(b'\n', before) {
        Some(line_end) => line_end + 1,
        None if low == 0 => 0,
        // Half a token must not look like a whole one.
        None => before.iter().take_while(|byte| Alphabet::Base64.value(**byte).is_some()).count(),
    };
    let head = low + cut..layer.outer.start;
    let quote = text[head.clone()].last().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let is_closed = quote.is_some() && text.get(layer.outer.end) == quote;
    let tail = layer.outer.end..layer.outer.end + usize::from(is_closed);
    layer.bytes.splice(..0, text[head.clone()].iter().copied());
    layer.bytes.extend_from_slice(&text[tail.clone()]);
    layer.origins = layer.origins.between(head, tail);
    layer
}

/// Takes off the `n` of a written `\n` and the `0x` of a number.
fn without_escape(text: &[u8], run: Span) -> Span {
    let is_escaped = run.start > 0 && text[run.start - 1] == b'\\';
    let skipped = match &text[run.clone()] {
        [b'n' | b'r' | b't', ..] if is_escaped => 1,
        [b'0', b'x' | b'X', ..] => 2,
        _ => 0,
    };
    run.start + skipped..run.end
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alphabet {
    Base64,
    Hex,
}

impl Alphabet {
    /// Returns what a character is worth, if it is one of the alphabet.
    fn value(self, byte: u8) -> Option<u8> {
        let table = match self {
            Alphabet::Base64 => &BASE64,
            Alphabet::Hex => &HEX,
        };
        Some(table[usize::from(byte)]).filter(|value| *value != NONE)
    }

    fn bits(self) -> u32 {
        match self {
            Alphabet::Base64 => 6,
            Alphabet::Hex => 4,
        }
    }

    fn sample_len(self) -> usize {
        SAMPLES[self as usize]
    }

    fn unit(self) -> Unit {
        match self {
            Alphabet::Base64 => Unit::BASE64,
            Alphabet::Hex => Unit::HEX,
        }
    }

    /// Returns how many of the bytes, from the first on, are of the alphabet.
    fn len(self, bytes: &[u8]) -> usize {
        bytes.iter().take_while(|byte| self.value(**byte).is_some()).count()
    }
}

const NONE: u8 = 0xFF;
/// Standard and URL-safe at once: no text is read differently by the two.
const BASE64: [u8; 256] = {
    let mut table = table(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 0);
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
};
const HEX: [u8; 256] = {
    let mut table = table(b"0123456789abcdef", 0);
    let mut at = 0;
    while at < 6 {
        table[b'A' as usize + at] = 10 + at as u8;
        at += 1;
    }
    table
};

const fn table(alphabet: &[u8], first: u8) -> [u8; 256] {
    let mut table = [NONE; 256];
    let mut at = 0;
    while at < alphabet.len() {
        table[alphabet[at] as usize] = first + at as u8;
        at += 1;
    }
    table
}

/// Returns the alphabet in which the beginning of a run says text.
fn alphabet_of(run: &[u8]) -> Option<Alphabet> {
    // An identifier ends here: four characters are looked at.
    let first = [run[0], run[1], run[2], run[3]];
    [Alphabet::Hex, Alphabet::Base64].into_iter().find(|alphabet| {
        is_opening(first, *alphabet) && is_whole(run, *alphabet) && {
            let mut sample = Decoder::new(*alphabet);
            sample.feed(&run[..run.len().min(alphabet.sample_len())]);
            // Long numbers read as text by chance, unless they are hex of hex.
            let is_number = *alphabet == Alphabet::Hex && !run.iter().any(u8::is_ascii_alphabetic);
            let is_hex = Alphabet::Hex.len(&sample.bytes) == sample.bytes.len();
            if is_number { is_hex } else { is_text(&sample.bytes) || is_utf16_text(&sample.bytes) }
        }
    })
}

/// Returns whether text could begin with these characters.
fn is_opening(first: [u8; 4], alphabet: Alphabet) -> bool {
    let [a, b, c, d] = first.map(|byte| alphabet.value(byte).unwrap_or(NONE));
    if [a, b, c, d].contains(&NONE) {
        return false;
    }
    match alphabet {
        Alphabet::Hex => is_text_byte(a << 4 | b) && is_text_byte(c << 4 | d),
        Alphabet::Base64 => match [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d] {
            // ASCII, and ASCII as UTF-16.
            [one, 0, _] => is_text_byte(one),
            [one, two, _] if is_text_byte(one) => is_text_byte(two) || two >= 0xC2,
            // A byte order mark, or a character that is not ASCII.
            [0xFF, 0xFE, _] => true,
            [one, two, _] => matches!(one, 0xC2..=0xF4) && matches!(two, 0x80..=0xBF),
        },
    }
}

/// Returns whether the whole run may be of the alphabet: of hex, all is.
fn is_whole(run: &[u8], alphabet: Alphabet) -> bool {
    match alphabet {
        Alphabet::Hex => run.len().is_multiple_of(2) && alphabet.len(run) == run.len(),
        // A token of three parts, `eyJ….eyJ….…`, is found as such; its claims are no secret.
        Alphabet::Base64 => {
            let len = alphabet.len(run);
            let is_dotted = run.get(len) == Some(&b'.');
            (len >= RUN_MIN || len == run.len()) && !(is_dotted && run.starts_with(b"eyJ"))
        }
    }
}

/// Turns characters into bytes, as many at a time as there are.
struct Decoder {
    alphabet: Alphabet,
    bytes: Vec<u8>,
    bits: u32,
    bit_count: u32,
}

impl Decoder {
    fn new(alphabet: Alphabet) -> Decoder {
        Decoder { alphabet, bytes: Vec::new(), bits: 0, bit_count: 0 }
    }

    /// Decodes characters up to the first that is not of the alphabet.
    fn feed(&mut self, characters: &[u8]) {
        for byte in characters {
            let Some(value) = self.alphabet.value(*byte) else { return };
            self.bits = self.bits << self.alphabet.bits() | u32::from(value);
            self.bit_count += self.alphabet.bits();
            if self.bit_count >= 8 {
                self.bit_count -= 8;
                self.bytes.push((self.bits >> self.bit_count) as u8);
            }
        }
    }

    /// Decodes the characters as long as they say text, and returns how many did.
    fn feed_text(&mut self, characters: &[u8], is_wide: bool) -> usize {
        for (nth, block) in characters.chunks(BLOCK).enumerate() {
            let (len, bits, bit_count) = (self.bytes.len(), self.bits, self.bit_count);
            self.feed(block);
            let goes_on = match is_wide {
                true => is_utf16_text(&self.bytes[len & !1..]),
                false => is_text(without_begun(&self.bytes[len..])),
            };
            if !goes_on {
                self.bytes.truncate(len);
                (self.bits, self.bit_count) = (bits, bit_count);
                return nth * BLOCK;
            }
        }
        characters.len()
    }
}

fn decode(text: &[u8], run: Span, alphabet: Alphabet) -> Layer {
    let mut decoder = Decoder::new(alphabet);
    let mut lines = Map::default();
    let mut line = run.start..run.start + alphabet.len(&text[run.clone()]);
    // The sample was found to say text by whoever calls.
    let sampled = line.len().min(alphabet.sample_len());
    decoder.feed(&text[line.start..line.start + sampled]);
    lines.push(sampled, line.start, Unit::COPY);
    let is_wide = is_utf16_text(&decoder.bytes);
    let mut end = line.start + sampled;
    let mut total = sampled;
    loop {
        let fed = decoder.feed_text(&text[end.max(line.start)..line.end], is_wide);
        lines.push(fed, end.max(line.start), Unit::COPY);
        total += fed;
        end = if fed > 0 { end.max(line.start) + fed } else { end };
        if end < line.end || line.len() < RUN_MIN {
            break;
        }
        let Some(next) = continued(text, line.end, total, alphabet) else { break };
        line = next;
    }
    let padding = padding_len(&text[end..], alphabet);
    let outer = run.start..end + padding;
    layer(outer, decoder, lines, is_wide)
}

fn layer(outer: Span, decoder: Decoder, lines: Map, is_wide: bool) -> Layer {
    let mut characters = Map::default();
    characters.push(decoder.bytes.len(), 0, decoder.alphabet.unit());
    let encoding = match decoder.alphabet {
        Alphabet::Base64 => Encoding::Base64,
        Alphabet::Hex => Encoding::Hex,
    };
    if !is_wide {
        let origins = Origins::new([characters, lines]);
        return Layer { outer, bytes: decoder.bytes, encoding, origins };
    }
    let (bytes, units) = wide(&decoder.bytes);
    let origins = Origins::new([units, characters, lines]);
    Layer { outer, bytes, encoding, origins }
}

fn padding_len(text: &[u8], alphabet: Alphabet) -> usize {
    let padding = text.iter().take(2).take_while(|byte| **byte == b'=').count();
    if alphabet == Alphabet::Base64 { padding } else { 0 }
}

/// Turns UTF-16 into UTF-8.
fn wide(bytes: &[u8]) -> (Vec<u8>, Map) {
    let mut text = Vec::with_capacity(bytes.len() / 2);
    let mut map = Map::default();
    let mut at = if bytes.starts_with(&[0xFF, 0xFE]) { 2 } else { 0 };
    for char in utf16_le(&bytes[at..]) {
        let (inner, outer) = (char.len_utf8(), 2 * char.len_utf16());
        if let Some(unit) = Unit::escape(inner, outer) {
            map.push(inner, at, unit);
        }
        text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        at += outer;
    }
    (text, map)
}

/// Returns the line of a blob that goes on behind `end`, after `total` characters.
///
/// All of the line must be of the alphabet, and padding must fit: `NAME=` is no line of a blob.
fn continued(text: &[u8], end: usize, total: usize, alphabet: Alphabet) -> Option<Span> {
    let start = end + break_len(&text[end..])?;
    let rest = &text[start..];
    let len = alphabet.len(rest);
    let padding = padding_len(&rest[len..], alphabet);
    let fits = padding == 0 || (total + len + padding).is_multiple_of(4);
    let mut behind = rest[len + padding..].iter().take(BREAK_MAX);
    let behind = behind.find(|byte| !matches!(byte, b' ' | b'\t'));
    let is_end = behind.is_none_or(|byte| b"\n\r\"'`\\<,;)]}".contains(byte));
    (len > 0 && fits && is_end).then_some(start..start + len)
}

/// Returns the length of a line break inside a blob, or `None` if none is there.
fn break_len(text: &[u8]) -> Option<usize> {
    let (mut lines, mut quotes) = (0, 0);
    let mut at = 0;
    while at < text.len().min(BREAK_MAX) {
        match &text[at..] {
            [b'\\', b'n' | b'r', ..] => {
                lines += usize::from(text[at + 1] == b'n');
                at += 2;
            }
            [b'\n', ..] => {
                lines += 1;
                at += 1;
            }
            [b'"' | b'\'', ..] => {
                quotes += 1;
                at += 1;
            }
            [b' ' | b'\t' | b'\r' | b'\\', ..] => at += 1,
            // A sign that joins strings, rather than a character of the blob.
            [b'+' | b'.', b' ' | b'\t' | b'\r' | b'\n', ..] => at += 1,
            _ => break,
        }
    }
    // What was closed must be opened again, or the next line is about something else.
    (matches!(lines, 1 | 2) && matches!(quotes, 0 | 2)).then_some(at)
}

/// Returns whether bytes read as text, whatever was cut at their end.
///
/// A short stretch must be without fault: chance makes faults early.
fn is_text(bytes: &[u8]) -> bool {
    let control = bytes.iter().filter(|byte| byte.is_ascii() && !is_text_byte(**byte)).count();
    if control > bytes.len() / 64 {
        return false;
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(fault) if fault.error_len().is_none() => true,
        // Latin-1, with a letter here and there.
        Err(_) => bytes.iter().filter(|byte| !byte.is_ascii()).count() <= bytes.len() / 16,
    }
}

/// Takes off what belongs to a character that began before.
fn without_begun(bytes: &[u8]) -> &[u8] {
    let begun = bytes.iter().take(3).take_while(|byte| (0x80..0xC0).contains(*byte)).count();
    &bytes[begun..]
}

/// Returns whether a byte may stand in ASCII text.
fn is_text_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

/// Returns whether bytes read as little-endian UTF-16 of mostly ASCII text.
fn is_utf16_text(bytes: &[u8]) -> bool {
    let pairs = bytes.chunks_exact(2);
    let ascii = |pair: &&[u8]| is_text_byte(pair[0]) && pair[1] == 0;
    pairs.clone().filter(ascii).count() * 10 >= pairs.len() * 8
}
