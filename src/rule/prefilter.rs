//! Finds words in text: which rules could match here?
//!
//! Four bytes of a word, folded to lower case, are looked up in an index (three bytes of the words
//! that have no more), and the words that it names are compared. The tables of the built-in rules
//! are made by the build script and are constants of the program, so starting costs nothing. User
//! rules build the same tables at run time.

use std::borrow::Cow;

use super::index::{Bitmap, Index, hash, is_set, key, three};

/// The hash tables; the build script writes one as a constant.
#[derive(Clone, Debug)]
pub struct Prefilter {
    /// Words of at least four bytes, by four of them.
    pub long: Lookup,
    /// Words of three bytes.
    pub short: Lookup,
    /// All words in lower case, one after the other.
    pub words: Cow<'static, str>,
    /// The rules of each word, one word after the other.
    pub uses: Cow<'static, [Use]>,
}

/// Words of one kind.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// Finds entries by their key.
    pub index: Index,
    /// Words in the order of the index.
    pub entries: Cow<'static, [Entry]>,
}

/// One word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The bytes that are indexed.
    pub key: u32,
    /// Where the word starts in `words`.
    pub start: u32,
    /// Its length in bytes.
    pub len: u8,
    /// Which of its bytes is the first of those that are indexed.
    pub at: u8,
    /// Its byte in front of those, folded; 0 where it has none. Many words share four bytes.
    pub before: u8,
    /// Its byte behind them.
    pub behind: u8,
    /// Its first rule in `uses`.
    pub first: u32,
    /// How many rules it has.
    pub count: u32,
}

/// A rule that names a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The index of the rule.
    pub rule: u32,
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
    pub rule: u32,
    /// How far in front of it the match starts, if that is fixed.
    pub back: Option<u16>,
    /// Which of its bytes is the first of those that are indexed; of four or more bytes, three follow.
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

/// A longer text of known words is not searched for the next one: thousands of rules would take
/// minutes.
const SEARCHED_MAX: usize = 1 << 16;

impl Prefilter {
    /// Builds the tables.
    pub fn build(mut list: Vec<Word>) -> Prefilter {
        list.sort_by(|a, b| (&a.text, a.at, a.rule).cmp(&(&b.text, b.at, b.rule)));
        let mut words = String::new();
        let (mut long, mut short, mut uses) = (Vec::new(), Vec::new(), Vec::new());
        for same in list.chunk_by(|a, b| (&a.text, a.at) == (&b.text, b.at)) {
            let Word { text, at, .. } = &same[0];
            let found = if words.len() < SEARCHED_MAX { words.find(text) } else { None };
            let start = found.unwrap_or_else(|| {
                words.push_str(text);
                words.len() - text.len()
            });
            let (first, count) = (uses.len() as u32, same.len() as u32);
            uses.extend(same.iter().map(|word| {
                let back = word.back.unwrap_or(FREE);
                Use { rule: word.rule, back }
            }));
            let text = text.as_bytes();
            let entry = Entry::of(text, *at, start as u32, (first, count));
            if text.len() < 4 { short.push(entry) } else { long.push(entry) }
        }
        let (long, short) = (Lookup::build(&long), Lookup::build(&short));
        Prefilter { long, short, words: words.into(), uses: uses.into() }
    }

    /// Calls `hit` for every word in `text`.
    #[cfg(test)]
    pub fn each_hit(&self, text: &[u8], mut hit: impl FnMut(Hit)) {
        (0..text.len()).for_each(|at| self.hits_at(text, at, &mut hit));
    }

    /// Returns a quick test for places where a word may have its indexed bytes.
    pub fn gate(&self) -> Gate {
        Gate { long: self.long.index.bitmap.clone(), short: self.short.index.bitmap.clone() }
    }

    /// Calls `hit` for every word whose indexed bytes stand at `at`.
    pub fn hits_at(&self, text: &[u8], at: usize, mut hit: impl FnMut(Hit)) {
        let long = four(text, at).map(fold);
        if let Some(long) = long
            && self.long.index.may_hold(long)
        {
            self.compare(text, at, &self.long, long, &mut hit);
        }
        let short = long.or_else(|| three(text, at).map(|bytes| fold(key(bytes))));
        if let Some(short) = short.map(|short| short & THREE)
            && self.short.index.may_hold(short)
        {
            self.compare(text, at, &self.short, short, &mut hit);
        }
    }

    #[inline(never)]
    fn compare(
        &self,
        text: &[u8],
        at: usize,
        lookup: &Lookup,
        key: u32,
        hit: &mut impl FnMut(Hit),
    ) {
        let before = at.checked_sub(1).map_or(0, |place| text[place] | CASE);
        let behind = text.get(at + 4).map_or(0, |byte| byte | CASE);
        for entry in &lookup.entries[lookup.index.bucket(key)] {
            let is_beside = (entry.before == 0 || entry.before == before)
                && (entry.behind == 0 || entry.behind == behind);
            if entry.key != key || !is_beside {
                continue;
            }
            let Some(start) = self.found_at(text, at, entry) else { continue };
            let len = usize::from(entry.len);
            let (first, count) = (entry.first as usize, entry.count as usize);
            for Use { rule, back } in &self.uses[first..][..count] {
                let back = (*back != FREE).then_some(usize::from(*back));
                hit(Hit { rule: *rule as usize, start, len, back });
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
        let is_equal =
            found[len - 1].eq_ignore_ascii_case(&word[len - 1]) && found.eq_ignore_ascii_case(word);
        is_equal.then_some(start)
    }
}

/// Turns most places of a text away: no word has its indexed bytes there.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    long: Cow<'static, [u64]>,
    short: Cow<'static, [u64]>,
}

impl Gate {
    /// Returns the gate that lets through what one of both does.
    pub fn or(self, other: Gate) -> Gate {
        Gate { long: or(self.long, other.long), short: or(self.short, other.short) }
    }

    /// Keeps those of the places `start`, `start + 1`, … whose bits are set where a word may be.
    pub fn keep(&self, text: &[u8], start: usize, places: u64) -> u64 {
        let (Ok(long), Ok(short)) = (Bitmap::try_from(&*self.long), Bitmap::try_from(&*self.short))
        else {
            return places;
        };
        // At the end of the text there are too few bytes to ask everywhere.
        let part = text.get(start..).and_then(|rest| rest.first_chunk::<{ PLACES + 3 }>());
        let Some(part) = part else { return places };
        let (mut left, mut kept) = (places, 0);
        while left != 0 {
            let place = left.trailing_zeros() as usize % PLACES;
            let key = fold(u32::from_le_bytes(*part[place..].first_chunk().expect("three more")));
            let may_hold = is_set(long, hash(key)) | is_set(short, hash(key & THREE));
            kept |= u64::from(may_hold) << place;
            left &= left - 1;
        }
        kept
    }
}

/// How many places a mask tells of.
const PLACES: usize = 64;

fn or(a: Cow<'static, [u64]>, b: Cow<'static, [u64]>) -> Cow<'static, [u64]> {
    if a.is_empty() || b.is_empty() {
        return if a.is_empty() { b } else { a };
    }
    a.iter().zip(b.iter()).map(|(a, b)| a | b).collect()
}

impl Entry {
    fn of(word: &[u8], at: u8, start: u32, (first, count): (u32, u32)) -> Entry {
        let place = usize::from(at);
        let short = || three(word, place).map(|bytes| fold(key(bytes)) & THREE);
        let key = four(word, place).map(fold).or_else(short);
        let beside = |place: Option<usize>| {
            place.and_then(|place| word.get(place)).map_or(0, |byte| byte | CASE)
        };
        Entry {
            key: key.expect("a word has three bytes from there"),
            start,
            len: word.len() as u8,
            at,
            before: beside(place.checked_sub(1)),
            behind: beside(Some(place + 4)),
            first,
            count,
        }
    }
}

impl Lookup {
    fn build(entries: &[Entry]) -> Lookup {
        let keys: Vec<u32> = entries.iter().map(|entry| entry.key).collect();
        let (index, order) = Index::build(&keys);
        Lookup { index, entries: order.into_iter().map(|place| entries[place]).collect() }
    }
}

/// Returns the key of the four bytes at `at`.
fn four(text: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(text.get(at..at + 4)?.try_into().ok()?))
}

/// The bits of a key of three bytes.
const THREE: u32 = 0xFF_FFFF;

/// The bit that tells a small letter from a capital.
const CASE: u8 = 0x20;

/// Makes capitals small. It makes some signs equal to others too, which costs a comparison.
fn fold(key: u32) -> u32 {
    key | 0x2020_2020
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefilter(words: &[&str]) -> Prefilter {
        let word = |(rule, text): (usize, &&str)| Word {
            text: text.to_ascii_lowercase(),
            rule: rule as u32,
            back: None,
            at: 0,
        };
        Prefilter::build(words.iter().enumerate().map(word).collect())
    }

    fn hits(words: &[&str], text: &str) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        prefilter(words).each_hit(text.as_bytes(), |hit| found.push((hit.rule, hit.start)));
        found.sort_by_key(|(rule, start)| (*start, *rule));
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
    fn more_rules_than_two_bytes_count_are_all_found() {
        let word = |text: String, rule| Word { text, rule, back: None, at: 0 };
        let same = (0..70_000).map(|rule| word("acme_".to_owned(), rule));
        let others = (70_000..140_000).map(|rule| word(format!("{rule}_key"), rule));
        let prefilter = Prefilter::build(same.chain(others).collect());
        let mut found = Vec::new();
        prefilter.each_hit(b"70000_key acme_ 139999_key", |hit| found.push(hit.rule));
        let all: Vec<usize> = [70_000].into_iter().chain(0..70_000).chain([139_999]).collect();
        assert_eq!(found, all);
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
        let found = hits(&keywords, text);
        assert_eq!(found, expected);
    }
}
