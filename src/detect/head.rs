//! The first bytes of a value, and whether they may be a key without a shape.
//!
//! Source code has thousands of words and paths for each key. The question is answered from bits
//! that the vector pass made anyway; only what is left is held against the table of bigrams.

use super::looks_random;
use crate::rule::{RUN_MIN, WORD, holds};

/// How many bytes are told about.
pub(super) const HEAD: usize = 64;
const MANY_DIGITS: u32 = 6;

/// Pieces of this length need no capitals to be told from a name such as `utf8_to_utf16`.
const LONG_PIECE: u32 = 24;

/// What the first 64 bytes of a run of token bytes are, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// The bytes that belong to the run: ones without a gap.
    pub(super) word: u64,
    /// Its letters and digits.
    pub(super) alnum: u64,
    /// Its digits.
    pub(super) digit: u64,
    /// Its capitals.
    pub(super) upper: u64,
}

impl Head {
    /// Looks at each byte; the vector pass does the same for the runs that it finds.
    pub(super) fn of(value: &[u8]) -> Head {
        let mut head = Head::default();
        for (at, byte) in
            value.iter().take(HEAD).take_while(|byte| holds(&WORD, **byte)).enumerate()
        {
            head.word |= 1 << at;
            head.alnum |= u64::from(byte.is_ascii_alphanumeric()) << at;
            head.digit |= u64::from(byte.is_ascii_digit()) << at;
            head.upper |= u64::from(byte.is_ascii_uppercase()) << at;
        }
        head
    }

    /// Returns the head without its first byte.
    pub(super) fn behind_first(&self) -> Head {
        let [word, alnum, digit, upper] =
            [self.word, self.alnum, self.digit, self.upper].map(|bits| bits >> 1);
        Head { word, alnum, digit, upper }
    }

    /// Returns whether what starts here may be a value without a shape: it looks random, holds many
    /// digits, or is a long piece of letters and digits such as few words are. The last catches the
    /// one random value in a hundred that does not look it.
    pub(super) fn is_worth_a_look(&self, value: &[u8]) -> bool {
        let Some(head) = self.before_dollar(value) else { return false };
        if head.digit.count_ones() >= MANY_DIGITS || head.has_mixed_piece() {
            return true;
        }
        let len = head.word.count_ones();
        // Names change between small letters and capitals seldom; chance does so all the time.
        if head.digit == 0 && head.changes() * 3 <= len {
            let is_one_case = head.upper == 0 && !head.is_joined(value);
            if !is_one_case {
                return false;
            }
        }
        looks_random(&value[..len as usize])
    }

    /// A `$` ends a value here: what stands behind it is another.
    fn before_dollar(&self, value: &[u8]) -> Option<Head> {
        let dollar = bits(self.word & !self.alnum).find(|at| value[*at] == b'$');
        let Some(at) = dollar else { return Some(*self) };
        let kept = (1u64 << at) - 1;
        let [word, alnum, digit, upper] =
            [self.word, self.alnum, self.digit, self.upper].map(|bits| bits & kept);
        (at > 0).then_some(Head { word, alnum, digit, upper })
    }

    /// Returns whether it holds a byte that joins names: `_`, `.` or `/`.
    fn is_joined(&self, value: &[u8]) -> bool {
        bits(self.word & !self.alnum).any(|at| matches!(value[at], b'_' | b'.' | b'/'))
    }

    /// Returns how often a small letter stands beside something else.
    fn changes(&self) -> u32 {
        let lower = self.alnum & !self.digit & !self.upper;
        let pairs = self.word >> 1;
        ((lower ^ lower >> 1) & pairs).count_ones()
    }

    /// Returns whether a piece without separators mixes letters and digits as a generator does.
    fn has_mixed_piece(&self) -> bool {
        if self.digit == 0 {
            return false;
        }
        let lower = self.alnum & !self.digit & !self.upper;
        pieces(self.alnum).any(|piece| {
            let len = piece.count_ones();
            let has = |set: u64| set & piece != 0;
            let is_mixed = has(lower) && has(self.upper);
            len >= RUN_MIN as u32 && has(self.digit) && (len >= LONG_PIECE || is_mixed)
        })
    }
}

/// Returns the places of the bits that are set.
fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = set.trailing_zeros() as usize;
        (set != 0).then(|| {
            set &= set - 1;
            at
        })
    })
}

/// Returns the runs of set bits.
fn pieces(mut set: u64) -> impl Iterator<Item = u64> {
    std::iter::from_fn(move || {
        let start = set & set.wrapping_neg();
        let piece = set & !set.wrapping_add(start);
        set &= !piece;
        (piece != 0).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::expand;

    fn is_worth(value: &str) -> bool {
        Head::of(value.as_bytes()).is_worth_a_look(value.as_bytes())
    }

    #[test]
    fn names_and_paths_are_not_worth_a_look() {
        for value in [
            "azure.identity.credentials",
            "AzurePowerShellCredential",
            "src/components/Button.tsx",
            "utf8_to_utf16_without_bom",
            "test_reads_every_line_twice",
            "accelerated-mobile-pages",
            "$HOME/projects/keyhook",
        ] {
            assert!(!is_worth(value), "{value}");
        }
    }

    #[test]
    fn values_made_by_chance_are() {
        for text in ["{{alnum 32}}", "{{hex 32}}", "{{base64url 43}}", "{{alnum-lower 24}}"] {
            let found =
                (0..200).filter(|seed| is_worth(&expand(text, *seed).unwrap().text)).count();
            assert!(found >= 196, "{text}: {found}");
        }
    }

    #[test]
    fn a_head_knows_its_pieces() {
        assert_eq!(pieces(0b1101_0111).collect::<Vec<_>>(), [0b111, 0b1_0000, 0b1100_0000]);
        assert_eq!(pieces(u64::MAX).collect::<Vec<_>>(), [u64::MAX]);
        assert_eq!(pieces(0).count(), 0);
        let head = Head::of(b"aB-9\"x");
        assert_eq!((head.word, head.alnum, head.digit, head.upper), (15, 11, 8, 2));
        assert_eq!(head.behind_first(), Head::of(b"B-9"));
        assert_eq!((head.changes(), bits(0b1010).collect::<Vec<_>>()), (1, vec![1, 3]));
    }
}
