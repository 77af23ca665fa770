//! The one pass over every byte: bit masks of what stands where.
//!
//! Each 64 bytes become a block of four masks, from which `candidates` picks the few places worth a
//! look. This is the hot loop of a scan, so it is written for the vector instructions of the
//! processor, chosen when the program runs, beside a scalar twin that says what they must do; a
//! test compares the two at every length and offset. It is one of the two files that may use
//! `unsafe`, and only to call vector instructions and to load from slices whose bounds were checked.

#![allow(unsafe_code)]
// The tables serve the vector instructions; other processors run the scalar twin.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]

use crate::rule::{Fragments, Gate, WORD, holds};

/// What 64 bytes of text hold; the lowest bit stands for the first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// Bytes of tokens: `[A-Za-z0-9_+/.$~-]`.
    pub(super) word: u64,
    /// Letters and digits.
    pub(super) alnum: u64,
    /// Digits.
    pub(super) digit: u64,
    /// Capitals.
    pub(super) upper: u64,
    /// Backslashes.
    pub(super) escape: u64,
    /// Where a fragment of a keyword may start.
    pub(super) fragment: u64,
}

/// The bytes of a block.
pub(super) const BLOCK: usize = 64;

/// A fragment may reach this many bytes into the next block.
const BEYOND: usize = 3;

/// Classes of bytes, one bit each, as the sum of two look-ups by half a byte.
const DIGIT: u8 = 1;
const LETTER_LOW: u8 = 2;
const LETTER_HIGH: u8 = 4;
const MARK: u8 = 8;
const UNDERSCORE: u8 = 16;
const TILDE: u8 = 32;
const BACKSLASH: u8 = 64;
/// Of letters, the capitals.
const CAPITAL: u8 = 128;
const ALNUM: u8 = DIGIT | LETTER_LOW | LETTER_HIGH;
const WORDS: u8 = ALNUM | MARK | UNDERSCORE | TILDE;

/// A byte is in a class if both its halves are: no class needs more.
const CLASS_LOW: [u8; 16] = {
    let mut table = [0u8; 16];
    let mut low = 0;
    while low < 16 {
        let mut class = CAPITAL;
        if low <= 9 {
            class |= DIGIT;
        }
        if low >= 1 {
            class |= LETTER_LOW;
        }
        if low <= 10 {
            class |= LETTER_HIGH;
        }
        if low == 0x4 || low == 0xB || low == 0xD || low == 0xE || low == 0xF {
            class |= MARK;
        }
        if low == 0xF {
            class |= UNDERSCORE;
        }
        if low == 0xE {
            class |= TILDE;
        }
        if low == 0xC {
            class |= BACKSLASH;
        }
        table[low] = class;
        low += 1;
    }
    table
};

const CLASS_HIGH: [u8; 16] = {
    let mut table = [0u8; 16];
    table[2] = MARK;
    table[3] = DIGIT;
    table[4] = LETTER_LOW | CAPITAL;
    table[5] = LETTER_HIGH | UNDERSCORE | BACKSLASH | CAPITAL;
    table[6] = LETTER_LOW;
    table[7] = LETTER_HIGH | TILDE;
    table
};

/// How the masks are made on this processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Ssse3,
    Scalar,
}

/// Makes the masks of a text.
pub(super) struct Masks {
    fragments: Fragments,
    gate: Gate,
    level: Level,
}

impl Masks {
    /// Looks for these fragments, with the best instructions that the processor has.
    pub(super) fn new(fragments: Fragments, gate: Gate) -> Masks {
        Masks { fragments, gate, level: best_level() }
    }

    /// Keeps those of the fragments of a block, which starts at `start`, that may be a word's.
    pub(super) fn keep(&self, text: &[u8], start: usize, fragments: u64) -> u64 {
        self.gate.keep(text, start, fragments)
    }

    /// Fills blocks with the masks of `text` from `start`; bytes behind its end are in no mask.
    pub(super) fn fill(&self, text: &[u8], start: usize, blocks: &mut [Block]) {
        for (index, block) in blocks.iter_mut().enumerate() {
            let at = start + index * BLOCK;
            if at + BLOCK + BEYOND <= text.len() {
                continue;
            }
            // The last bytes are copied, so that nothing is read behind the text.
            let mut padded = [0u8; BLOCK + BEYOND];
            if let Some(rest) = text.get(at..) {
                let len = rest.len().min(padded.len());
                padded[..len].copy_from_slice(&rest[..len]);
            }
            self.fill_whole(&padded, std::slice::from_mut(block));
        }
        let whole = (text.len().saturating_sub(start + BEYOND) / BLOCK).min(blocks.len());
        if whole > 0 {
            self.fill_whole(&text[start..], &mut blocks[..whole]);
        }
    }

    /// Fills blocks; the text holds all of them and [`BEYOND`] bytes more.
    fn fill_whole(&self, text: &[u8], blocks: &mut [Block]) {
        assert!(text.len() >= blocks.len() * BLOCK + BEYOND);
        match self.level {
            // SAFETY: the processor has AVX2 (`best_level`), and the assertion above holds.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { x86::fill_avx2(&self.fragments, text, blocks) },
            // SAFETY: the processor has SSSE3 (`best_level`), and the assertion above holds.
            #[cfg(target_arch = "x86_64")]
            Level::Ssse3 => unsafe { x86::fill_ssse3(&self.fragments, text, blocks) },
            Level::Scalar => fill_scalar(&self.fragments, text, blocks),
        }
    }
}

fn best_level() -> Level {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx2") {
            return Level::Avx2;
        }
        if std::arch::is_x86_feature_detected!("ssse3") {
            return Level::Ssse3;
        }
    }
    Level::Scalar
}

/// Says what the vector code must do.
fn fill_scalar(fragments: &Fragments, text: &[u8], blocks: &mut [Block]) {
    for (index, block) in blocks.iter_mut().enumerate() {
        *block = Block::default();
        for bit in 0..BLOCK {
            let at = index * BLOCK + bit;
            let byte = text[at];
            block.word |= u64::from(holds(&WORD, byte)) << bit;
            block.alnum |= u64::from(byte.is_ascii_alphanumeric()) << bit;
            block.digit |= u64::from(byte.is_ascii_digit()) << bit;
            block.upper |= u64::from(byte.is_ascii_uppercase()) << bit;
            block.escape |= u64::from(byte == b'\\') << bit;
            let place: [u8; 4] = text[at..at + 4].try_into().expect("four bytes");
            block.fragment |= u64::from(fragments.fit(place)) << bit;
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{ALNUM, BACKSLASH, BLOCK, Block, CAPITAL, CLASS_HIGH, CLASS_LOW, DIGIT, WORDS};
    use crate::rule::{Fragments, SETS};

    /// Makes the masks with registers of 32 bytes.
    ///
    /// # Safety
    /// The processor has AVX2, and `text` holds all blocks and three bytes more.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn fill_avx2(fragments: &Fragments, text: &[u8], blocks: &mut [Block]) {
        let table = |half: &[u8; 16]| {
            // SAFETY: 16 bytes are loaded from an array of 16.
            _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(half.as_ptr().cast()) })
        };
        let (class_low, class_high) = (table(&CLASS_LOW), table(&CLASS_HIGH));
        let sets = fragments.sets.each_ref();
        let low = sets.map(|set| set.low.each_ref().map(table));
        let high = sets.map(|set| set.high.each_ref().map(table));
        let (nibble, zero) = (_mm256_set1_epi8(15), _mm256_setzero_si256());
        let halves = |at: usize| {
            // SAFETY: the caller promised three bytes behind the last block, and `at` reaches no
            // further: 32 bytes from here lie inside the text.
            let bytes = unsafe { _mm256_loadu_si256(text.as_ptr().add(at).cast()) };
            (
                _mm256_and_si256(bytes, nibble),
                _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble),
            )
        };
        let any =
            |bits: __m256i| !_mm256_movemask_epi8(_mm256_cmpeq_epi8(bits, zero)) as u32 as u64;
        let of =
            |class: __m256i, bits: u8| any(_mm256_and_si256(class, _mm256_set1_epi8(bits as i8)));
        for (index, block) in blocks.iter_mut().enumerate() {
            *block = Block::default();
            for half in 0..2 {
                let at = index * BLOCK + half * 32;
                let shift = half * 32;
                let (l, h) = halves(at);
                let class = _mm256_and_si256(
                    _mm256_shuffle_epi8(class_low, l),
                    _mm256_shuffle_epi8(class_high, h),
                );
                let fits = |set: usize, place: usize, l, h| {
                    _mm256_and_si256(
                        _mm256_shuffle_epi8(low[set][place], l),
                        _mm256_shuffle_epi8(high[set][place], h),
                    )
                };
                let mut groups: [_; SETS] = std::array::from_fn(|set| fits(set, 0, l, h));
                for place in 1..4 {
                    let (l, h) = halves(at + place);
                    for (set, groups) in groups.iter_mut().enumerate() {
                        *groups = _mm256_and_si256(*groups, fits(set, place, l, h));
                    }
                }
                let groups = groups.iter().fold(zero, |any, set| _mm256_or_si256(any, *set));
                block.word |= of(class, WORDS) << shift;
                block.alnum |= of(class, ALNUM) << shift;
                block.digit |= of(class, DIGIT) << shift;
                block.upper |= of(class, CAPITAL) << shift;
                block.escape |= of(class, BACKSLASH) << shift;
                block.fragment |= any(groups) << shift;
            }
            block.upper &= block.alnum;
        }
    }

    /// Makes the masks with registers of 16 bytes.
    ///
    /// # Safety
    /// The processor has SSSE3, and `text` holds all blocks and three bytes more.
    #[target_feature(enable = "ssse3")]
    pub(super) unsafe fn fill_ssse3(fragments: &Fragments, text: &[u8], blocks: &mut [Block]) {
        // SAFETY: 16 bytes are loaded from an array of 16.
        let table = |half: &[u8; 16]| unsafe { _mm_loadu_si128(half.as_ptr().cast()) };
        let (class_low, class_high) = (table(&CLASS_LOW), table(&CLASS_HIGH));
        let sets = fragments.sets.each_ref();
        let low = sets.map(|set| set.low.each_ref().map(table));
        let high = sets.map(|set| set.high.each_ref().map(table));
        let (nibble, zero) = (_mm_set1_epi8(15), _mm_setzero_si128());
        let halves = |at: usize| {
            // SAFETY: as in `fill_avx2`: 16 bytes from here lie inside the text.
            let bytes = unsafe { _mm_loadu_si128(text.as_ptr().add(at).cast()) };
            (_mm_and_si128(bytes, nibble), _mm_and_si128(_mm_srli_epi16::<4>(bytes), nibble))
        };
        let any = |bits: __m128i| (!_mm_movemask_epi8(_mm_cmpeq_epi8(bits, zero)) & 0xFFFF) as u64;
        let of = |class: __m128i, bits: u8| any(_mm_and_si128(class, _mm_set1_epi8(bits as i8)));
        for (index, block) in blocks.iter_mut().enumerate() {
            *block = Block::default();
            for quarter in 0..4 {
                let at = index * BLOCK + quarter * 16;
                let shift = quarter * 16;
                let (l, h) = halves(at);
                let class =
                    _mm_and_si128(_mm_shuffle_epi8(class_low, l), _mm_shuffle_epi8(class_high, h));
                let fits = |set: usize, place: usize, l, h| {
                    _mm_and_si128(
                        _mm_shuffle_epi8(low[set][place], l),
                        _mm_shuffle_epi8(high[set][place], h),
                    )
                };
                let mut groups: [_; SETS] = std::array::from_fn(|set| fits(set, 0, l, h));
                for place in 1..4 {
                    let (l, h) = halves(at + place);
                    for (set, groups) in groups.iter_mut().enumerate() {
                        *groups = _mm_and_si128(*groups, fits(set, place, l, h));
                    }
                }
                let groups = groups.iter().fold(zero, |any, set| _mm_or_si128(any, *set));
                block.word |= of(class, WORDS) << shift;
                block.alnum |= of(class, ALNUM) << shift;
                block.digit |= of(class, DIGIT) << shift;
                block.upper |= of(class, CAPITAL) << shift;
                block.escape |= of(class, BACKSLASH) << shift;
                block.fragment |= any(groups) << shift;
            }
            block.upper &= block.alnum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{FragmentSet, RuleSet};

    fn levels() -> Vec<Masks> {
        levels_with(&RuleSet::builtin().tables()[0].1.fragments)
    }

    /// The scalar twin first, then what this processor has.
    fn levels_with(fragments: &Fragments) -> Vec<Masks> {
        let levels = [
            Some(Level::Scalar),
            #[cfg(target_arch = "x86_64")]
            std::arch::is_x86_feature_detected!("avx2").then_some(Level::Avx2),
            #[cfg(target_arch = "x86_64")]
            std::arch::is_x86_feature_detected!("ssse3").then_some(Level::Ssse3),
        ];
        let masks = |level| Masks { level, ..Masks::new(fragments.clone(), Gate::default()) };
        levels.into_iter().flatten().map(masks).collect()
    }

    fn blocks(masks: &Masks, text: &[u8]) -> Vec<Block> {
        let mut blocks = vec![Block { word: 7, ..Block::default() }; text.len() / BLOCK + 2];
        masks.fill(text, 0, &mut blocks);
        blocks
    }

    #[test]
    fn every_byte_has_its_classes() {
        for masks in levels() {
            let text: Vec<u8> = (0..=255).collect();
            let blocks = blocks(&masks, &text);
            for byte in 0..=255u8 {
                let block = blocks[usize::from(byte) / BLOCK];
                let is = |mask: u64| mask >> (byte & 63) & 1 != 0;
                assert_eq!(is(block.word), holds(&WORD, byte), "{:?} {byte}", masks.level);
                assert_eq!(is(block.alnum), byte.is_ascii_alphanumeric(), "{byte}");
                assert_eq!(is(block.digit), byte.is_ascii_digit(), "{byte}");
                assert_eq!(is(block.upper), byte.is_ascii_uppercase(), "{byte}");
                assert_eq!(is(block.escape), byte == b'\\', "{byte}");
            }
        }
    }

    /// A fixed sequence that looks random.
    struct Dice(u64);

    impl Dice {
        fn byte(&mut self) -> u8 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (self.0 >> 33) as u8
        }

        /// Half tables of which some are full, some empty and most in between.
        fn halves(&mut self) -> [[u8; 16]; 4] {
            std::array::from_fn(|_| match self.byte() % 8 {
                0 => [0xFF; 16],
                1 => [0; 16],
                2..5 => std::array::from_fn(|_| self.byte() | self.byte()),
                _ => std::array::from_fn(|_| self.byte()),
            })
        }

        fn fragments(&mut self) -> Fragments {
            let sets =
                std::array::from_fn(|_| FragmentSet { low: self.halves(), high: self.halves() });
            Fragments { sets }
        }
    }

    #[track_caller]
    fn agree(levels: &[Masks], text: &[u8]) {
        let expected = blocks(&levels[0], text);
        for masks in &levels[1..] {
            assert_eq!(blocks(masks, text), expected, "{:?} of {} bytes", masks.level, text.len());
        }
    }

    #[test]
    fn vectors_agree_with_their_scalar_twin() {
        let levels = levels();
        let mut dice = Dice(1);
        let alphabet = b"passwordKEYtoken_://-begin \\n\"'=+.$~\x80\xFF0123456789 u";
        let text: Vec<u8> =
            (0..700).map(|_| alphabet[usize::from(dice.byte()) % alphabet.len()]).collect();
        for start in 0..66 {
            for end in (start..text.len()).step_by(if start == 0 { 1 } else { 37 }) {
                agree(&levels, &text[start..end]);
            }
        }
    }

    #[test]
    fn vectors_agree_for_any_table_length_offset_and_byte() {
        let mut dice = Dice(2);
        let mut marked = 0;
        for _ in 0..40 {
            let levels = levels_with(&dice.fragments());
            let text: Vec<u8> = (0..300).map(|_| dice.byte()).collect();
            for offset in [0, 1, 15, 31, 33] {
                for len in 0..=260 {
                    agree(&levels, &text[offset..offset + len]);
                }
            }
            let found = blocks(&levels[0], &text);
            marked += found.iter().filter(|block| !matches!(block.fragment, 0 | u64::MAX)).count();
        }
        // Tables that mark everything or nothing would compare nothing.
        assert!(marked > 40, "{marked}");
    }

    #[test]
    fn vectors_agree_for_every_byte_at_every_place_of_a_block() {
        let mut dice = Dice(3);
        let tables = [dice.fragments(), RuleSet::builtin().tables()[0].1.fragments.clone()];
        for levels in tables.iter().map(levels_with) {
            for byte in 0..=255 {
                for place in 0..=BLOCK + BEYOND {
                    let mut text = [b' '; 2 * BLOCK + BEYOND];
                    text[place] = byte;
                    agree(&levels, &text);
                }
            }
        }
    }

    #[test]
    fn the_second_group_of_blocks_starts_where_the_first_ends() {
        let mut dice = Dice(4);
        let text: Vec<u8> = (0..1000).map(|_| dice.byte()).collect();
        for masks in levels() {
            let whole = blocks(&masks, &text);
            for first in 0..whole.len() {
                let mut rest = vec![Block::default(); whole.len() - first];
                masks.fill(&text, first * BLOCK, &mut rest);
                assert_eq!(rest, whole[first..], "{:?} from block {first}", masks.level);
            }
        }
    }
}
