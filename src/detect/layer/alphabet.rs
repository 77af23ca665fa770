//! The characters of base64 and hex, and what they are worth.

use super::origin::Unit;

/// How many characters decide whether there is text at all: 18 bytes of base64, 18 of hex.
const SAMPLES: [usize; 2] = [24, 36];

/// A way to write bytes with printable characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    Base64,
    Hex,
}

impl Alphabet {
    /// Returns what a character is worth, if it is one of the alphabet.
    pub(super) fn value(self, byte: u8) -> Option<u8> {
        let table = match self {
            Alphabet::Base64 => &BASE64,
            Alphabet::Hex => &HEX,
        };
        Some(table[usize::from(byte)]).filter(|value| *value != NONE)
    }

    /// Returns how many bits a character holds.
    pub(super) fn bits(self) -> u32 {
        match self {
            Alphabet::Base64 => 6,
            Alphabet::Hex => 4,
        }
    }

    /// Returns how many characters decide whether there is text.
    pub(super) fn sample_len(self) -> usize {
        SAMPLES[self as usize]
    }

    /// Returns how many bytes come from how many characters.
    pub(super) fn unit(self) -> Unit {
        match self {
            Alphabet::Base64 => Unit::BASE64,
            Alphabet::Hex => Unit::HEX,
        }
    }

    /// Returns how many of the bytes, from the first on, are of the alphabet.
    pub(super) fn len(self, bytes: &[u8]) -> usize {
        bytes.iter().take_while(|byte| self.value(**byte).is_some()).count()
    }
}

const NONE: u8 = 0xFF;
/// Standard and URL-safe at once: no text is read differently by the two.
const BASE64: [u8; 256] = {
    let mut table = table(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
};
const HEX: [u8; 256] = {
    let mut table = table(b"0123456789abcdef");
    let mut at = 0;
    while at < 6 {
        table[b'A' as usize + at] = 10 + at as u8;
        at += 1;
    }
    table
};

const fn table(alphabet: &[u8]) -> [u8; 256] {
    let mut table = [NONE; 256];
    let mut at = 0;
    while at < alphabet.len() {
        table[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    table
}

/// Turns characters into bytes, as many at a time as there are.
pub(super) struct Decoder {
    pub(super) alphabet: Alphabet,
    pub(super) bytes: Vec<u8>,
    bits: u32,
    bit_count: u32,
}

impl Decoder {
    /// Starts without a byte.
    pub(super) fn new(alphabet: Alphabet) -> Decoder {
        Decoder { alphabet, bytes: Vec::new(), bits: 0, bit_count: 0 }
    }

    /// Decodes characters up to the first that is not of the alphabet.
    pub(super) fn feed(&mut self, characters: &[u8]) {
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

    /// Returns what [`Decoder::go_back`] needs to forget all that comes now.
    pub(super) fn state(&self) -> State {
        State { len: self.bytes.len(), bits: self.bits, bit_count: self.bit_count }
    }

    /// Forgets what was decoded since.
    pub(super) fn go_back(&mut self, state: State) {
        self.bytes.truncate(state.len);
        (self.bits, self.bit_count) = (state.bits, state.bit_count);
    }
}

/// How far a [`Decoder`] had come.
pub(super) struct State {
    len: usize,
    bits: u32,
    bit_count: u32,
}
