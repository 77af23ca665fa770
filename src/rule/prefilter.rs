//! Finds keywords in text: which rules could match here?
//!
//! A hash of three bytes, folded to lower case, is looked up in a bitmap; only where its bit is set
//! are keywords compared. The tables of the built-in rules are made by the build script and are
//! constants of the program, so starting costs nothing. User rules build the same tables at run
//! time.

use std::borrow::Cow;

/// The hash tables; the build script writes one as a constant.
#[derive(Clone, Debug)]
pub struct Prefilter {
    /// One bit for each 16-bit hash of the first three bytes of a keyword.
    pub bitmap: Cow<'static, [u64]>,
    /// For each bucket the first of its entries; one more element closes the last bucket.
    pub buckets: Cow<'static, [u16]>,
    /// Keywords in the order of their buckets.
    pub entries: Cow<'static, [Entry]>,
    /// All keywords in lower case, one after the other.
    pub words: Cow<'static, str>,
}

/// One keyword of one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the keyword starts in `words`.
    pub start: u32,
    /// Its length in bytes.
    pub len: u8,
    /// The index of its rule.
    pub rule: u16,
}

const BUCKET_BITS: u32 = 10;

impl Prefilter {
    /// Builds the tables from `(rule index, keyword)` pairs.
    pub fn build<'a>(keywords: impl IntoIterator<Item = (usize, &'a str)>) -> Prefilter {
        let mut words = String::new();
        let mut keyed: Vec<(u16, Entry)> = Vec::new();
        for (rule, keyword) in keywords {
            let start = words.len() as u32;
            words.push_str(&keyword.to_ascii_lowercase());
            let hash = hash(key_at(words.as_bytes(), start as usize));
            let entry = Entry { start, len: keyword.len() as u8, rule: rule as u16 };
            keyed.push((hash, entry));
        }
        keyed.sort_by_key(|(hash, entry)| (bucket(*hash), entry.start));
        let mut bitmap = vec![0u64; 1 << 10];
        let mut buckets = vec![0u16; (1 << BUCKET_BITS) + 1];
        for (hash, _) in &keyed {
            bitmap[usize::from(*hash >> 6)] |= 1 << (hash & 63);
            buckets[bucket(*hash) + 1] += 1;
        }
        for index in 1..buckets.len() {
            buckets[index] += buckets[index - 1];
        }
        Prefilter {
            bitmap: bitmap.into(),
            buckets: buckets.into(),
            entries: keyed.into_iter().map(|(_, entry)| entry).collect(),
            words: words.into(),
        }
    }

    /// Calls `hit(rule index, keyword start, keyword length)` for every keyword in `text`.
    pub fn each_hit(&self, text: &[u8], mut hit: impl FnMut(usize, usize, usize)) {
        if text.len() < 3 || self.entries.is_empty() {
            return;
        }
        // The rolling key holds the last three bytes, folded.
        let mut key = u32::from(fold(text[0])) << 8 | u32::from(fold(text[1])) << 16;
        for (start, &byte) in text[2..].iter().enumerate() {
            key = key >> 8 | u32::from(fold(byte)) << 16;
            let hash = hash(key);
            if self.bitmap[usize::from(hash >> 6)] >> (hash & 63) & 1 == 0 {
                continue;
            }
            let bucket = bucket(hash);
            let range = self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize;
            for entry in &self.entries[range] {
                if self.is_at(entry, text, start) {
                    hit(entry.rule as usize, start, entry.len as usize);
                }
            }
        }
    }

    fn is_at(&self, entry: &Entry, text: &[u8], start: usize) -> bool {
        let len = entry.len as usize;
        let word = &self.words.as_bytes()[entry.start as usize..][..len];
        text.get(start..start + len).is_some_and(|found| found.eq_ignore_ascii_case(word))
    }
}

fn fold(byte: u8) -> u8 {
    byte.to_ascii_lowercase()
}

fn key_at(text: &[u8], start: usize) -> u32 {
    (0..3).fold(0, |key, i| key | u32::from(text[start + i]) << (8 * i))
}

fn hash(key: u32) -> u16 {
    (key.wrapping_mul(0x9E37_79B1) >> 16) as u16
}

fn bucket(hash: u16) -> usize {
    usize::from(hash >> (16 - BUCKET_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(keywords: &[&str], text: &str) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let prefilter = Prefilter::build(keywords.iter().copied().enumerate());
        prefilter.each_hit(text.as_bytes(), |rule, start, _| found.push((rule, start)));
        found
    }

    #[test]
    fn finds_every_keyword_without_case() {
        assert_eq!(hits(&["sk-ant-", "ghp_"], "x SK-ant-1 ghp_"), [(0, 2), (1, 11)]);
    }

    #[test]
    fn finds_keywords_at_both_ends_and_nested() {
        assert_eq!(hits(&["abc", "abcd", "bcd"], "abcd"), [(0, 0), (1, 0), (2, 1)]);
    }

    #[test]
    fn is_quiet_on_short_and_empty_text() {
        assert_eq!(hits(&["abc"], "ab"), []);
        assert_eq!(hits(&[], "abcdef"), []);
    }

    #[test]
    fn agrees_with_a_plain_search() {
        let keywords = ["key", "token", "eyJ", "://", "-----BEGIN", "AccountKey="];
        let text = "a key: TOKEN eyj https://x -----begin accountkey=KEYKEY";
        let folded = text.to_lowercase();
        let mut expected = Vec::new();
        for start in 0..text.len() {
            for (rule, keyword) in keywords.iter().enumerate() {
                if folded[start..].starts_with(&keyword.to_lowercase()) {
                    expected.push((rule, start));
                }
            }
        }
        let mut found = hits(&keywords, text);
        found.sort_by_key(|(rule, start)| (*start, *rule));
        assert_eq!(found, expected);
    }
}
