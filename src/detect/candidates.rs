//! From the masks of a text to the few places where a rule could match.
//!
//! Three kinds of place. A token starts: a letter or digit behind something else (or behind an
//! escape such as `\n`), with enough token bytes from there. A run starts: the first of enough token
//! bytes, where a value without a shape may stand. A fragment of a keyword may start. No byte is
//! looked at here, only bits; in source code about two places in a hundred bytes are left.

use super::head::Head;
use super::mask::{BLOCK, Block, Masks};
use crate::rule::RUN_MIN;

/// What is done at the places that were found, in the order of the text within each kind.
pub(super) trait Visit {
    /// Whether no more places are wanted.
    fn is_done(&self) -> bool;
    /// A token starts at `at`.
    fn token(&mut self, at: usize);
    /// A run of token bytes starts at `at`; `head` tells what its first bytes are.
    fn run(&mut self, at: usize, head: &Head);
    /// A fragment of a keyword may start at `at`.
    fn fragment(&mut self, at: usize);
}

/// Returns what the run is that starts at a bit of the block.
fn head_at(block: &Block, next: &Block, bit: usize) -> Head {
    let window = |mask: fn(&Block) -> u64| {
        ((u128::from(mask(block)) | u128::from(mask(next)) << BLOCK) >> bit) as u64
    };
    let word = window(|block| block.word);
    let run = word & !word.wrapping_add(1);
    Head {
        word: run,
        alnum: window(|block| block.alnum) & run,
        digit: window(|block| block.digit) & run,
        upper: window(|block| block.upper) & run,
    }
}

/// Blocks whose masks are made at a time: they fit into the fastest cache.
const GROUP: usize = 64;

/// Visits every place of a text.
pub(super) fn visit(masks: &Masks, text: &[u8], visitor: &mut impl Visit) {
    // One block more, since a run may reach into the next group.
    let mut blocks = [Block::default(); GROUP + 1];
    let mut before = Before::default();
    let mut start = 0;
    while start < text.len() && !visitor.is_done() {
        let count = GROUP.min((text.len() - start).div_ceil(BLOCK));
        masks.fill(text, start, &mut blocks[..=count]);
        for index in 0..count {
            let at = start + index * BLOCK;
            blocks[index].fragment = masks.keep(text, at, blocks[index].fragment);
            let (block, next) = (&blocks[index], &blocks[index + 1]);
            visit_block(block, next, &mut before, at, visitor);
        }
        start += GROUP * BLOCK;
    }
}

/// What the blocks in front say about the first bits of the next.
#[derive(Default)]
struct Before {
    word: u64,
    alnum: u64,
    /// The last two bits.
    escape: u64,
}

fn visit_block(
    block: &Block,
    next: &Block,
    before: &mut Before,
    start: usize,
    visitor: &mut impl Visit,
) {
    let long = long_runs(block.word, next.word);
    if long != 0 {
        let after_alnum = block.alnum << 1 | before.alnum;
        let after_escape = block.escape << 2 | before.escape;
        let tokens = block.alnum & (!after_alnum | after_escape) & long;
        each_bit(tokens, |bit| visitor.token(start + bit));
        let runs = !(block.word << 1 | before.word) & long;
        each_bit(runs, |bit| visitor.run(start + bit, &head_at(block, next, bit)));
    }
    each_bit(block.fragment, |bit| visitor.fragment(start + bit));
    before.word = block.word >> (BLOCK - 1);
    before.alnum = block.alnum >> (BLOCK - 1);
    before.escape = block.escape >> (BLOCK - 2);
}

/// Returns where [`RUN_MIN`] bits in a row are set from that bit on.
fn long_runs(word: u64, next: u64) -> u64 {
    // Four doublings make sixteen.
    const { assert!(RUN_MIN == 16) };
    if word == 0 {
        return 0;
    }
    let both = u128::from(word) | u128::from(next) << BLOCK;
    let both = both & both >> 1;
    let both = both & both >> 2;
    let both = both & both >> 4;
    (both & both >> 8) as u64
}

/// Calls `at` for every bit that is set, from the lowest.
pub(super) fn each_bit(mut bits: u64, mut at: impl FnMut(usize)) {
    while bits != 0 {
        at(bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RuleSet;

    #[derive(Default, PartialEq, Debug)]
    struct Seen<'a> {
        text: &'a [u8],
        tokens: Vec<usize>,
        runs: Vec<usize>,
        fragments: Vec<usize>,
    }

    impl Visit for Seen<'_> {
        fn is_done(&self) -> bool {
            false
        }
        fn token(&mut self, at: usize) {
            self.tokens.push(at);
        }
        fn run(&mut self, at: usize, head: &Head) {
            assert_eq!(head, &Head::of(&self.text[at..]), "{at}");
            self.runs.push(at);
        }
        fn fragment(&mut self, at: usize) {
            self.fragments.push(at);
        }
    }

    fn seen(text: &str) -> Seen<'_> {
        let tables = &RuleSet::builtin().tables()[0].1;
        let masks = Masks::new(tables.fragments.clone(), tables.keywords.gate());
        let mut seen = Seen { text: text.as_bytes(), ..Seen::default() };
        visit(&masks, text.as_bytes(), &mut seen);
        seen
    }

    #[test]
    fn tokens_and_runs_start_where_they_should() {
        let text = "x = \"sk-abcdefghijklmnop\"; y";
        let found = seen(text);
        // `abcdef…` behind the dash is a token too, with sixteen bytes from there.
        assert_eq!((found.tokens, found.runs), (vec![5, 8], vec![5]));
        assert_eq!(seen("short-ones only here").tokens, [] as [usize; 0]);
    }

    #[test]
    fn a_token_may_start_behind_an_escape() {
        assert_eq!(seen("\\nabcdefghijklmnopq").tokens, [1, 2]);
    }

    #[test]
    fn places_at_every_offset_are_found() {
        for offset in 0..300 {
            let text = format!("{}abcdefghijklmnop", " ".repeat(offset));
            let found = seen(&text);
            assert_eq!((found.tokens, found.runs), (vec![offset], vec![offset]));
            let text = format!("{}password", " ".repeat(offset));
            let near = |at: &usize| (offset..offset + 8).contains(at);
            assert!(seen(&text).fragments.iter().any(near), "{offset}");
        }
    }
}
