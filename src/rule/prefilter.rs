//! Finds words in text: which rules could match here?
//!
//! Three bytes, folded to lower case, are looked up in an index, and the words that it names are
//! compared. The tables of the built-in rules are made by the build script and are constants of the
//! program, so starting costs nothing. User rules build the same tables at run time.

use std::borrow::Cow;
use std::ops::Range;

use super::index::{Index, key, three};

/// The hash tables; the build script writes one as a constant.
#[derive(Clone, Debug)]
pub struct Prefilter {
    /// Finds words by three of their bytes.
    pub index: Index,
    /// Words in the order of the index.
    pub entries: Cow<'static, [Entry]>,
    /// All words in lower case, one after the other.
    pub words: Cow<'static, str>,
}

/// One word of one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the word starts in `words`.
    pub start: u32,
    /// Its length in bytes.
    pub len: u8,
    /// Which of its bytes is the first of the three that are indexed.
    pub at: u8,
    /// The index of its rule.
    pub rule: u16,
    /// How far in front of the word the match starts, [`FREE`] if that is not fixed.
    pub back: u16,
}

/// Says that a word stands at no fixed place in its match.
pub const FREE: u16 = u16::MAX;

/// A word that is to be found.
#[derive(Clone, Debug)]
pub struct Word {
    /// The word in lower case, at least three bytes.
    pub text: String,
    /// The index of its rule.
    pub rule: u16,
    /// How far in front of it the match starts, if that is fixed.
    pub back: Option<u16>,
    /// Which of its bytes is the first of the three that are indexed.
    pub at: u8,
}

/// A word that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The index of the rule.
    pub rule: usize,
    /// Where the word starts.
    pub start: usize,
    /// How long it is.
    pub len: usize,
    /// How far in front of it the match starts, if that is fixed.
    pub back: Option<usize>,
}

impl Prefilter {
    /// Builds the tables.
    pub fn build(mut list: Vec<Word>) -> Prefilter {
        // Equal words stand side by side, so that one comparison serves all their rules.
        list.sort_by(|a, b| (&a.text, a.at, a.rule).cmp(&(&b.text, b.at, b.rule)));
        let mut words = String::new();
        let mut entries = Vec::new();
        let mut keys = Vec::new();
        for word in list {
            let start = words.find(&word.text).unwrap_or_else(|| {
                words.push_str(&word.text);
                words.len() - word.text.len()
            });
            let bytes = three(words.as_bytes(), start + usize::from(word.at));
            keys.push(key(bytes.expect("a word has three bytes from there")));
            let (len, back) = (word.text.len() as u8, word.back.unwrap_or(FREE));
            let (start, at, rule) = (start as u32, word.at, word.rule);
            entries.push(Entry { start, len, at, rule, back });
        }
        let (index, order) = Index::build(&keys);
        let entries = order.into_iter().map(|place| entries[place]).collect();
        Prefilter { index, entries, words: words.into() }
    }

    /// Calls `hit` for every word in `text`.
    pub fn each_hit(&self, text: &[u8], mut hit: impl FnMut(Hit)) {
        if text.len() < 3 || self.entries.is_empty() {
            return;
        }
        // The rolling key holds the last three bytes, folded.
        let mut key = u32::from(fold(text[0])) << 8 | u32::from(fold(text[1])) << 16;
        for (at, &byte) in text[2..].iter().enumerate() {
            key = key >> 8 | u32::from(fold(byte)) << 16;
            if let Some(range) = self.index.find(key) {
                self.compare(text, at, range, &mut hit);
            }
        }
    }

    /// Calls `hit` for every word whose indexed bytes stand at `at`.
    pub fn hits_at(&self, text: &[u8], at: usize, mut hit: impl FnMut(Hit)) {
        let Some(bytes) = three(text, at) else { return };
        if let Some(range) = self.index.find(key(bytes.map(fold))) {
            self.compare(text, at, range, &mut hit);
        }
    }

    #[inline(never)]
    fn compare(&self, text: &[u8], at: usize, range: Range<usize>, hit: &mut impl FnMut(Hit)) {
        let mut last = None;
        for entry in &self.entries[range] {
            let word = (entry.start, entry.len, entry.at);
            let found = match last {
                Some((known, found)) if known == word => found,
                _ => self.found_at(text, at, entry),
            };
            last = Some((word, found));
            if let Some(start) = found {
                let back = (entry.back != FREE).then_some(usize::from(entry.back));
                let (rule, len) = (usize::from(entry.rule), usize::from(entry.len));
                hit(Hit { rule, start, len, back });
            }
        }
    }

    /// Returns where the word starts, if its indexed bytes stand at `at`.
    fn found_at(&self, text: &[u8], at: usize, entry: &Entry) -> Option<usize> {
        let start = at.checked_sub(usize::from(entry.at))?;
        let len = usize::from(entry.len);
        let word = &self.words.as_bytes()[entry.start as usize..][..len];
        let found = text.get(start..start + len)?;
        // Words that share their first bytes often differ in the last.
        let is_equal = fold(found[len - 1]) == word[len - 1] && found.eq_ignore_ascii_case(word);
        is_equal.then_some(start)
    }
}

fn fold(byte: u8) -> u8 {
    byte.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefilter(words: &[&str]) -> Prefilter {
        let word = |(rule, text): (usize, &&str)| Word {
            text: text.to_ascii_lowercase(),
            rule: rule as u16,
            back: None,
            at: 0,
        };
        Prefilter::build(words.iter().enumerate().map(word).collect())
    }

    fn hits(words: &[&str], text: &str) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        prefilter(words).each_hit(text.as_bytes(), |hit| found.push((hit.rule, hit.start)));
        found
    }

    #[test]
    fn finds_every_word_without_case() {
        assert_eq!(hits(&["sk-ant-", "ghp_"], "x SK-ant-1 ghp_"), [(0, 2), (1, 11)]);
    }

    #[test]
    fn finds_words_at_both_ends_and_nested() {
        assert_eq!(hits(&["abc", "abcd", "bcd"], "abcd"), [(0, 0), (1, 0), (2, 1)]);
    }

    #[test]
    fn is_quiet_on_short_and_empty_text() {
        assert_eq!(hits(&["abc"], "ab"), []);
        assert_eq!(hits(&[], "abcdef"), []);
    }

    #[test]
    fn finds_a_word_by_its_middle() {
        let word = Word { text: "accountkey=".into(), rule: 3, back: Some(5), at: 7 };
        let prefilter = Prefilter::build(vec![word]);
        let mut found = Vec::new();
        prefilter.hits_at(b"xx AccountKey=", 10, |hit| found.push(hit));
        assert_eq!(found, [Hit { rule: 3, start: 3, len: 11, back: Some(5) }]);
        prefilter.hits_at(b"xx AccountKey=", 9, |hit| found.push(hit));
        assert_eq!(found.len(), 1);
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
