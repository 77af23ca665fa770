//! Base64 and hex that say text.
//!
//! Most long runs of token bytes are identifiers, hashes and keys. Most of them end at the first or
//! second byte that they decode to, all others within eighteen: about one in a million random runs of
//! 24 characters reads as text. Text may be UTF-16, which is what PowerShell takes. A blob may go on
//! over lines: indented as in YAML, quoted and joined as in code, or behind a written `\n`; each line
//! must decode to text as well.

use memchr::memrchr;

use super::alphabet::{Alphabet, Decoder};
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
/// How many characters are decoded before the question is asked again.
const BLOCK: usize = 4 << 10;
/// What may stand between the lines of a blob, indentation and all.
const BREAK_MAX: usize = 256;

/// Decodes the blobs of one text, which must be asked about in the order of the text.
#[derive(Clone, Debug, Default)]
pub(in crate::detect) struct Blobs {
    done: usize,
}

/// Returns whether a blob may open where a run of token bytes starts; a few look-ups turn away all
/// but one in a hundred names, hashes and keys, before anybody looks for the end of the run.
pub(in crate::detect) fn may_open(text: &[u8], start: usize) -> bool {
    let opens = |start: usize| {
        let Some(head) = text.get(start..start + 8) else { return false };
        let is_hex = head.iter().all(u8::is_ascii_hexdigit);
        let alphabet = if is_hex { Alphabet::Hex } else { Alphabet::Base64 };
        let is_read = |alphabet: Alphabet| {
            let bits = alphabet.bits();
            let (mut word, mut count) = (0u32, 0);
            head.iter().all(|byte| {
                let Some(value) = alphabet.value(*byte) else { return false };
                word = word << bits | u32::from(value);
                count += bits;
                if count < 8 {
                    return true;
                }
                count -= 8;
                // A zero is half of a UTF-16 unit.
                let byte = (word >> count) as u8;
                byte == 0 || is_text_byte(byte)
            })
        };
        is_read(alphabet) || (is_hex && is_read(Alphabet::Base64))
    };
    let is_escaped = start > 0 && text[start - 1] == b'\\';
    opens(start) || (is_escaped && opens(start + 1))
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
            && behind.is_none_or(|byte| Alphabet::Base64.value(*byte).is_none())
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

/// Takes off what stands before a blob without a gap, such as the `n` of a written `\n`.
fn without_escape(text: &[u8], run: Span) -> Span {
    let is_escaped = run.start > 0 && text[run.start - 1] == b'\\';
    let skipped = match &text[run.clone()] {
        [b'n' | b'r' | b't', ..] if is_escaped => 1,
        [b'0', b'x' | b'X', ..] => 2,
        // No text begins with these in base64: they are marks of a diff, an option or a list.
        [b'+' | b'-' | b'.' | b'~' | b'$', ..] => 1,
        _ => 0,
    };
    run.start + skipped..run.end
}

/// Returns the alphabet in which the beginning of a run says text.
fn alphabet_of(run: &[u8]) -> Option<Alphabet> {
    [Alphabet::Hex, Alphabet::Base64].into_iter().find(|alphabet| {
        is_opening(run, *alphabet) && is_whole(run, *alphabet) && {
            let mut sample = Decoder::new(*alphabet);
            sample.feed(&run[..run.len().min(alphabet.sample_len())]);
            // Long numbers read as text by chance, unless they are hex of hex.
            let is_number = *alphabet == Alphabet::Hex && !run.iter().any(u8::is_ascii_alphabetic);
            let is_hex = Alphabet::Hex.len(&sample.bytes) == sample.bytes.len();
            if is_number { is_hex } else { is_text(&sample.bytes) || is_utf16_text(&sample.bytes) }
        }
    })
}

/// Returns whether text could begin with the first characters of a run.
///
/// Most identifiers end here, at the first or second byte that they decode to.
fn is_opening(run: &[u8], alphabet: Alphabet) -> bool {
    // A byte order mark of UTF-16, which is no text by itself.
    if alphabet == Alphabet::Base64
        && matches!(run, [b'/', b'/', b'4' | b'5', ..] | [b'_', b'_', b'4' | b'5', ..])
    {
        return true;
    }
    let (mut bits, mut bit_count) = (0u32, 0);
    // Whether a character of several bytes has begun, and whether it must go on.
    let (mut has_begun, mut must_go_on) = (false, false);
    for byte in &run[..run.len().min(12)] {
        let Some(value) = alphabet.value(*byte) else { return false };
        bits = bits << alphabet.bits() | u32::from(value);
        bit_count += alphabet.bits();
        if bit_count < 8 {
            continue;
        }
        bit_count -= 8;
        let decoded = (bits >> bit_count) as u8;
        let is_continuation = matches!(decoded, 0x80..=0xBF);
        let is_lead = matches!(decoded, 0xC2..=0xF4);
        // ASCII as UTF-16 has zeros.
        let is_plain = is_text_byte(decoded) || decoded == 0;
        if !(is_plain || is_lead || is_continuation && has_begun) || must_go_on && !is_continuation
        {
            return false;
        }
        (has_begun, must_go_on) = (is_lead || is_continuation, is_lead);
    }
    true
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

/// Decodes a line as long as it says text, and returns how many characters did.
///
/// A line that `is_new` and no text from the start has nothing to do with the blob; otherwise the
/// end of the text is looked for in steps of three bytes.
fn feed_text(decoder: &mut Decoder, line: &[u8], is_wide: bool, is_new: bool) -> usize {
    let mut fed = 0;
    for block in line.chunks(BLOCK) {
        if feed_block(decoder, block, is_wide) {
            fed += block.len();
            continue;
        }
        if fed > 0 || !is_new {
            let steps = block.chunks(4).take_while(|step| feed_block(decoder, step, is_wide));
            fed += steps.map(<[u8]>::len).sum::<usize>();
        }
        break;
    }
    fed
}

/// Decodes characters if they go on as text, and returns whether they did.
fn feed_block(decoder: &mut Decoder, block: &[u8], is_wide: bool) -> bool {
    let (before, len) = (decoder.state(), decoder.bytes.len());
    decoder.feed(block);
    let goes_on = match is_wide {
        true => is_utf16_text(&decoder.bytes[len & !1..]),
        false => is_text(&decoder.bytes[char_start(&decoder.bytes, len)..]),
    };
    if !goes_on {
        decoder.go_back(before);
    }
    goes_on
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
        let start = end.max(line.start);
        let is_new = start == line.start;
        let fed = feed_text(&mut decoder, &text[start..line.end], is_wide, is_new);
        lines.push(fed, start, Unit::COPY);
        total += fed;
        end = if fed > 0 { start + fed } else { end };
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

/// Returns where the character at `at` begins, which may be before it.
fn char_start(bytes: &[u8], at: usize) -> usize {
    let is_start = |index: &usize| bytes.get(*index).is_none_or(|b| !matches!(b, 0x80..=0xBF));
    (at.saturating_sub(3)..=at).rev().find(is_start).unwrap_or(at)
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
