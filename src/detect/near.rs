//! The words near a value: which vendors are spoken of here?
//!
//! A value without a shape asks this about the few lines around it. The words of a page are looked
//! for when the first value asks and kept for the next, so a text full of values costs one pass.
//! Values come in the order of the text, nearly: only the last pages are kept.

use std::ops::Range;

use super::boundary::is_escape;
use super::candidates::each_bit;
use super::mask::{BLOCK, Block, Masks};
use crate::finding::Span;
use crate::rule::Tables;

/// How far from a `near` word a secret may start: this many lines or bytes, whichever is less.
const NEAR_LINES: usize = 5;
const NEAR_BYTES: usize = 600;

const PAGE: usize = 256;

/// The longest word that a rule may name.
const WORD_MAX: usize = crate::rule::NEAR_MAX;

/// A word of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NearWord {
    /// The index of the rule.
    pub(super) rule: usize,
    /// Where the word stands.
    pub(super) span: Span,
}

/// The words that rules name, and the masks that find pieces of them.
pub(super) struct Vocabulary<'a> {
    pub(super) tables: &'a [(usize, Tables)],
    pub(super) masks: &'a Masks,
}

/// How many pages are kept: more than one value can ask for.
const PAGES: usize = 32;

/// The words of a text, found page by page.
#[derive(Default)]
pub(super) struct NearWords {
    /// By the last bits of its number each page that was asked for last.
    pages: Vec<Page>,
}

#[derive(Clone, Default)]
struct Page {
    /// The number of the page, and one: none is 0.
    number: usize,
    words: Vec<NearWord>,
}

impl NearWords {
    /// Returns the words near a value that starts at `at`, sorted by rule.
    pub(super) fn around(
        &mut self,
        vocabulary: &Vocabulary<'_>,
        text: &[u8],
        secret: &Span,
    ) -> Vec<NearWord> {
        let reach = reach(text, secret);
        if self.pages.is_empty() {
            self.pages.resize(PAGES, Page::default());
        }
        let mut found = Vec::new();
        for number in reach.start / PAGE..=(reach.end.saturating_sub(1)) / PAGE {
            let page = &mut self.pages[number % PAGES];
            if page.number != number + 1 {
                page.number = number + 1;
                page.words.clear();
                read_page(vocabulary, text, number, &mut page.words);
            }
            let is_near = |word: &&NearWord| {
                reach.contains(&word.span.start)
                    && (word.span.end <= secret.start || word.span.start >= secret.end)
            };
            found.extend(page.words.iter().filter(is_near).cloned());
        }
        found.sort_by_key(|word: &NearWord| (word.rule, word.span.start));
        found
    }
}

/// Returns the bytes around a value in which a word is near it.
pub(super) fn reach(text: &[u8], secret: &Span) -> Range<usize> {
    let first = secret.start.saturating_sub(NEAR_BYTES);
    let before = memchr::memrchr_iter(b'\n', &text[first..secret.start]).nth(NEAR_LINES);
    let last = text.len().min(secret.end + NEAR_BYTES);
    let behind = memchr::memchr_iter(b'\n', &text[secret.end..last]).nth(NEAR_LINES);
    let start = before.map_or(first, |at| first + at + 1);
    start..behind.map_or(last, |at| secret.end + at)
}

/// Finds the words that start in a page: the vector pass leaves few places, tables say which words
/// could stand there.
fn read_page(vocabulary: &Vocabulary<'_>, text: &[u8], page: usize, found: &mut Vec<NearWord>) {
    let start = page * PAGE;
    let part = &text[start..text.len().min(start + PAGE + WORD_MAX)];
    let mut blocks = [Block::default(); (PAGE + WORD_MAX).div_ceil(BLOCK)];
    vocabulary.masks.fill(part, 0, &mut blocks);
    let has_escapes = may_hold_escape(&text[start.saturating_sub(ESCAPE_MAX)..start + part.len()]);
    let mut before = Before::of(text[..start].last());
    for (index, block) in blocks.iter().enumerate() {
        let starts = if has_escapes { u64::MAX } else { before.word_starts(block) };
        let places = vocabulary.masks.keep(part, index * BLOCK, block.fragment & starts);
        each_bit(places, |bit| {
            for (first, tables) in vocabulary.tables {
                tables.near.hits_at(part, index * BLOCK + bit, |hit| {
                    let span = start + hit.start..start + hit.start + hit.len;
                    if hit.start < PAGE && is_word(text, &span) {
                        found.push(NearWord { rule: first + hit.rule, span });
                    }
                });
            }
        });
    }
}

/// How far in front of a word an escape may start.
const ESCAPE_MAX: usize = 12;

/// Returns whether a word of the text may stand directly behind an escape such as `\n`, `%3D` or a
/// terminal colour, where it starts behind a letter or digit.
fn may_hold_escape(text: &[u8]) -> bool {
    let is_color = |at: usize| {
        let mut behind = text[at + 1..].iter().skip_while(|b| b.is_ascii_digit() || **b == b';');
        behind.next() == Some(&b'm')
    };
    memchr::memchr2(b'\\', b'%', text).is_some() || memchr::memchr_iter(b'[', text).any(is_color)
}

/// What the byte in front of a block was.
#[derive(Clone, Copy, Default)]
struct Before {
    alnum: u64,
    lower: u64,
}

impl Before {
    fn of(byte: Option<&u8>) -> Before {
        Before {
            alnum: byte.is_some_and(u8::is_ascii_alphanumeric).into(),
            lower: byte.is_some_and(u8::is_ascii_lowercase).into(),
        }
    }

    /// Returns where a word may start by [`is_word`], escapes aside, and goes on to the next block.
    fn word_starts(&mut self, block: &Block) -> u64 {
        let lower = block.alnum & !block.digit & !block.upper;
        let after_alnum = block.alnum << 1 | self.alnum;
        let after_lower = lower << 1 | self.lower;
        *self = Before { alnum: block.alnum >> (BLOCK - 1), lower: lower >> (BLOCK - 1) };
        !(block.alnum & after_alnum) | (block.upper & after_lower)
    }
}

/// Returns whether the word stands for itself and is no chance piece of another.
pub(super) fn is_word(text: &[u8], span: &Span) -> bool {
    let Some(before) = span.start.checked_sub(1).map(|at| text[at]) else { return true };
    let first = text[span.start];
    let is_piece = before.is_ascii_alphanumeric() && first.is_ascii_alphanumeric();
    let is_hump = first.is_ascii_uppercase() && before.is_ascii_lowercase();
    !is_piece || is_hump || is_escape(&text[..span.start])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Rule, parse};

    fn words(text: &str) -> Vec<String> {
        let rule = "[[rule]]\nid = \"a-b\"\nname = \"A\"\nnear = ['exa', 'mistral']\npattern = '(?<secret> [a-z]{16} )'\n";
        let rules: Vec<Rule> = parse(rule).unwrap().into_iter().map(|p| p.rule).collect();
        let tables = [(0, Tables::build(&rules))];
        let at = text.find("VALUE").unwrap();
        let masks = Masks::new(tables[0].1.near_fragments.clone(), tables[0].1.near.gate());
        let vocabulary = Vocabulary { tables: &tables, masks: &masks };
        let found = NearWords::default().around(&vocabulary, text.as_bytes(), &(at..at + 5));
        found.into_iter().map(|word| text[word.span].to_owned()).collect()
    }

    #[test]
    fn words_on_both_sides_and_a_few_lines_away() {
        assert_eq!(words("mistral\nVALUE exa"), ["mistral", "exa"]);
        assert_eq!(words("mistral\n\n\n\n\n\n\nVALUE"), [] as [&str; 0]);
        assert_eq!(words(&format!("mistral{}VALUE", " ".repeat(700))), [] as [&str; 0]);
    }

    #[test]
    fn a_page_border_hides_no_word() {
        for filler in 230..540 {
            let text = format!("{}mistral VALUE", " ".repeat(filler));
            assert_eq!(words(&text), ["mistral"], "{filler}");
        }
    }

    #[test]
    fn a_short_word_is_no_piece_of_another() {
        assert_eq!(words("hexadecimal VALUE"), [] as [&str; 0]);
        assert_eq!(words("myExaKey exa_key VALUE 9exa Exact").len(), 3);
        for text in ["\\nexa VALUE", "q%3Dexa VALUE", "\\u0022exa VALUE", "\x1b[31mexa VALUE"] {
            assert_eq!(words(text), ["exa"], "{text}");
        }
    }
}
