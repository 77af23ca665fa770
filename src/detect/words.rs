//! Lists of words that are asked about at every name and value.
//!
//! Most words of a text are in no list. A few bits made when the program is compiled turn most of
//! them away before a word is compared.

/// Asks whether a word is in a list.
pub(super) struct WordSet {
    words: &'static [&'static str],
    /// One bit for each hash of a word.
    seen: [u64; 16],
}

impl WordSet {
    pub(super) const fn new(words: &'static [&'static str]) -> WordSet {
        let mut seen = [0; 16];
        let mut at = 0;
        while at < words.len() {
            let hash = hash(words[at].as_bytes());
            seen[hash >> 6] |= 1 << (hash & 63);
            at += 1;
        }
        WordSet { words, seen }
    }

    pub(super) fn contains(&self, word: &str) -> bool {
        self.may_hold(hash_of(word)) && self.words.contains(&word)
    }

    /// Returns whether a word with this hash may be in the list.
    pub(super) fn may_hold(&self, hash: usize) -> bool {
        self.seen[hash >> 6] >> (hash & 63) & 1 != 0
    }
}

/// Returns the hash of a word, which serves many lists.
pub(super) fn hash_of(word: &str) -> usize {
    hash(word.as_bytes())
}

/// Ten bits from the ends of a word and its length.
const fn hash(word: &[u8]) -> usize {
    if word.is_empty() {
        return 0;
    }
    let (first, last) = (word[0] as usize, word[word.len() - 1] as usize);
    let second = word[word.len() / 2] as usize;
    (first * 37 + second * 101 + last * 7 + word.len() * 61) & 1023
}

/// Asks whether a text holds one of a list of parts, of at least four bytes each.
pub(super) struct Parts {
    parts: &'static [&'static [u8]],
    /// One bit for each hash of the first four bytes of a part.
    seen: [u64; 16],
}

impl Parts {
    pub(super) const fn new(parts: &'static [&'static [u8]]) -> Parts {
        let mut seen = [0; 16];
        let mut at = 0;
        while at < parts.len() {
            let part = parts[at];
            let hash = ten_bits(u32::from_le_bytes([part[0], part[1], part[2], part[3]]));
            seen[hash >> 6] |= 1 << (hash & 63);
            at += 1;
        }
        Parts { parts, seen }
    }

    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        text.windows(4).enumerate().any(|(at, four)| {
            let hash = ten_bits(u32::from_le_bytes([four[0], four[1], four[2], four[3]]));
            self.seen[hash >> 6] >> (hash & 63) & 1 != 0
                && self.parts.iter().any(|part| text[at..].starts_with(part))
        })
    }
}

/// Ten bits from a few bytes.
pub(super) const fn ten_bits(bytes: u32) -> usize {
    (bytes.wrapping_mul(0x9E37_79B1) >> 22) as usize
}

/// Asks which words of a list a text starts with.
pub(super) struct Starts<const N: usize> {
    words: &'static [&'static str],
    /// The words sorted by their first byte.
    order: [u16; N],
    /// For each first byte where its words begin; one more element closes the last.
    begins: [u16; 257],
}

impl<const N: usize> Starts<N> {
    pub(super) const fn new(words: &'static [&'static str]) -> Starts<N> {
        assert!(words.len() == N);
        let (mut order, mut begins) = ([0; N], [0; 257]);
        let (mut byte, mut place) = (0, 0);
        while byte < 256 {
            begins[byte] = place as u16;
            let mut at = 0;
            while at < N {
                if words[at].as_bytes()[0] as usize == byte {
                    order[place] = at as u16;
                    place += 1;
                }
                at += 1;
            }
            byte += 1;
        }
        begins[256] = place as u16;
        Starts { words, order, begins }
    }

    /// Returns the words that `text` starts with.
    pub(super) fn of<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = &'static str> + 'a {
        let first = text.first().map_or(256, |byte| usize::from(*byte));
        let begin = usize::from(self.begins[first]);
        let end = self.begins.get(first + 1).map_or(begin, |end| usize::from(*end));
        let words = self.order[begin..end].iter().map(|at| self.words[usize::from(*at)]);
        words.filter(|word| text.starts_with(word.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &[&str] = &["pass", "key", "password", "a", "ключ"];

    #[test]
    fn a_set_holds_its_words_only() {
        const SET: WordSet = WordSet::new(LIST);
        for word in LIST {
            assert!(SET.contains(word), "{word}");
        }
        for word in ["", "kay", "passwort", "keys", "b", "клю"] {
            assert!(!SET.contains(word), "{word}");
        }
    }

    #[test]
    fn the_words_at_the_start_are_found() {
        const STARTS: Starts<5> = Starts::new(LIST);
        let of = |text: &str| STARTS.of(text.as_bytes()).collect::<Vec<_>>();
        assert_eq!(of("passwords"), ["pass", "password"]);
        assert_eq!(of("ключи"), ["ключ"]);
        assert_eq!(of("a"), ["a"]);
        assert_eq!(of("pas"), [] as [&str; 0]);
        assert_eq!(of(""), [] as [&str; 0]);
    }
}
