//! How the engine gets from a text to the few rules that can match there.
//!
//! Three roads. A rule whose pattern starts with fixed text is looked up by the first three bytes
//! of a token (`shapes`). A rule that knows a fixed text elsewhere in its match is looked up by
//! that text (`keywords`), which the vector pass finds by a fragment of four bytes (`fragments`). A
//! rule for keys without a shape is looked up by the words near a value (`near`). The tables are
//! made by the build script for the built-in rules and at run time for a user's own, by this code.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use regex_syntax::hir::{Hir, HirKind};

use super::definition::{Check, Rule, pattern_hir};
use super::index::{Index, key, three};
use super::linear::{ByteSet, Linears, Path, holds, paths};
use super::prefilter::{Prefilter, Word};

/// The tables of one set of rules.
#[derive(Clone, Debug)]
pub struct Tables {
    /// Rules by the first three bytes of a token.
    pub shapes: Shapes,
    /// Rules by a fixed text in their match.
    pub keywords: Prefilter,
    /// What the vector pass looks for: pieces of the keywords.
    pub fragments: Fragments,
    /// Rules by a word near a value.
    pub near: Prefilter,
    /// Pieces of those words.
    pub near_fragments: Fragments,
    /// The patterns that need no regex.
    pub linears: Linears,
}

/// Tokens that can be looked up have at least this many bytes of [`WORD`] from their start.
pub const RUN_MIN: usize = 16;

/// The bytes that tokens are made of, as the vector pass knows them: `[A-Za-z0-9_+/.$~-]`.
pub const WORD: ByteSet = [0x03FF_E810_0000_0000, 0x47FF_FFFE_87FF_FFFE, 0, 0];

/// Rules by the first three bytes of a token.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    /// Finds entries by their three bytes.
    pub index: Index,
    /// The three bytes and the rule, in the order of the index.
    pub entries: Cow<'static, [(u32, u32)]>,
}

/// More ways to start than this are no fixed start.
const STARTS_MAX: usize = 64;

impl Shapes {
    fn build(mut entries: Vec<(u32, u32)>) -> Shapes {
        entries.sort_unstable();
        entries.dedup();
        let keys: Vec<u32> = entries.iter().map(|(key, _)| *key).collect();
        let (index, order) = Index::build(&keys);
        Shapes { index, entries: order.into_iter().map(|place| entries[place]).collect() }
    }

    /// Calls `hit(rule)` for every rule whose pattern can start with the bytes at `at`.
    pub fn each(&self, text: &[u8], at: usize, mut hit: impl FnMut(usize)) {
        let Some(key) = three(text, at).map(key) else { return };
        if !self.index.may_hold(key) {
            return;
        }
        for (known, rule) in &self.entries[self.index.bucket(key)] {
            if *known == key {
                hit(*rule as usize);
            }
        }
    }
}

/// What the vector pass looks for: pieces of words, four bytes each, in [`SETS`] sets of eight
/// groups. A place of text fits a group whose pieces hold each half of each of its four bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fragments {
    /// The sets of groups.
    pub sets: [FragmentSet; SETS],
}

/// How many sets there are: with two, one place in fifty fits; with one, it was one in nine.
pub const SETS: usize = 2;

/// For each of four bytes in a row and each half of a byte, which of eight groups it fits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FragmentSet {
    /// By the lower half of each byte.
    pub low: [[u8; 16]; 4],
    /// By the upper half.
    pub high: [[u8; 16]; 4],
}

impl Fragments {
    /// Returns the fragments of both.
    pub fn or(&self, other: &Fragments) -> Fragments {
        let or = |a: &[[u8; 16]; 4], b: &[[u8; 16]; 4]| {
            std::array::from_fn(|i| std::array::from_fn(|j| a[i][j] | b[i][j]))
        };
        let sets = std::array::from_fn(|set| {
            let (a, b) = (&self.sets[set], &other.sets[set]);
            FragmentSet { low: or(&a.low, &b.low), high: or(&a.high, &b.high) }
        });
        Fragments { sets }
    }

    /// Returns whether the four bytes fit a group.
    pub fn fit(&self, bytes: [u8; 4]) -> bool {
        self.sets.iter().any(|set| {
            let groups = bytes.iter().zip(&set.low).zip(&set.high);
            let fits = groups.fold(0xFF, |groups, ((byte, low), high)| {
                groups & low[usize::from(byte & 15)] & high[usize::from(byte >> 4)]
            });
            fits != 0
        })
    }
}

impl Tables {
    /// Builds the tables of these rules; each is known by its place in the list.
    pub fn build<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Tables {
        let mut linears = Linears::default();
        let (mut shapes, mut keywords, mut near) = (Vec::new(), Vec::new(), Vec::new());
        for (index, rule) in rules.into_iter().enumerate() {
            let paths = linear_paths(rule);
            linears.push(&paths);
            let push = |words: &mut Vec<Word>, texts: &[String], back: Option<u16>| {
                for text in texts {
                    words.push(Word {
                        text: text.to_ascii_lowercase(),
                        rule: index as u32,
                        back,
                        at: 0,
                    });
                }
            };
            if !rule.near.is_empty() && is_value(rule) {
                push(&mut near, &rule.near, None);
                continue;
            }
            // A pattern that reads what stands left of the secret does not start at a value: the
            // words near it are looked for as keywords.
            let words = if rule.near.is_empty() { &rule.keywords } else { &rule.near };
            match shape_starts(&paths) {
                Some(starts) => shapes.extend(starts.into_iter().map(|key| (key, index as u32))),
                None => match anchors(words, &paths) {
                    Some(found) => found.into_iter().for_each(|(text, back)| {
                        push(&mut keywords, &[text], Some(back));
                    }),
                    None => push(&mut keywords, words, None),
                },
            }
        }
        let fragments = choose_pieces(&mut keywords, Anywhere);
        let near_fragments = choose_pieces(&mut near, AtWord);
        Tables {
            shapes: Shapes::build(shapes),
            keywords: Prefilter::build(keywords),
            fragments,
            near: Prefilter::build(near),
            near_fragments,
            linears,
        }
    }
}

/// Returns whether the pattern describes the secret alone.
fn is_value(rule: &Rule) -> bool {
    let is_secret = |hir: &Hir| matches!(hir.kind(), HirKind::Capture(c) if c.name.as_deref() == Some("secret"));
    pattern_hir(&rule.pattern).is_ok_and(|hir| match hir.kind() {
        HirKind::Concat(subs) => is_secret(&subs[0]),
        _ => is_secret(&hir),
    })
}

fn linear_paths(rule: &Rule) -> Vec<Path> {
    if rule.checks.contains(&Check::Assignment) {
        return Vec::new();
    }
    pattern_hir(&rule.pattern).ok().and_then(|hir| paths(&hir)).unwrap_or_default()
}

/// Returns the three-byte starts of a pattern that can be looked up by them.
fn shape_starts(paths: &[Path]) -> Option<Vec<u32>> {
    let mut starts = Vec::new();
    for path in paths {
        let fixed = path.fixed();
        if !path.starts_with_secret() || path.leading(&WORD) < RUN_MIN || fixed.len() < 3 {
            return None;
        }
        let is_alnum = (0..=255).all(|b: u8| b.is_ascii_alphanumeric() || !holds(&fixed[0], b));
        let ways: Vec<Vec<u8>> =
            fixed[..3].iter().map(|set| (0..=255).filter(|b| holds(set, *b)).collect()).collect();
        if !is_alnum || ways.iter().map(Vec::len).product::<usize>() > STARTS_MAX {
            return None;
        }
        for (a, b, c) in ways[0].iter().flat_map(|a| {
            ways[1].iter().flat_map(|b| ways[2].iter().map(|c| (*a, *b, *c))).collect::<Vec<_>>()
        }) {
            starts.push(key([a, b, c]));
        }
    }
    (!starts.is_empty()).then_some(starts)
}

/// Keywords whose distance from the start of the match varies by more than this are searched around.
const SPREAD_MAX: usize = 16;

/// Returns keywords with their distances from the start of the match, if every path holds one at
/// few of them.
fn anchors(keywords: &[String], paths: &[Path]) -> Option<Vec<(String, u16)>> {
    let mut anchors = BTreeSet::new();
    for path in paths {
        let places = keywords.iter().filter_map(|keyword| {
            let folded = keyword.to_ascii_lowercase();
            let (least, most) = path.distance(folded.as_bytes())?;
            Some((most - least, folded, least, most))
        });
        let (spread, keyword, least, most) = places.min_by_key(|(spread, ..)| *spread)?;
        if spread > SPREAD_MAX {
            return None;
        }
        for back in least..=most {
            anchors.insert((keyword.clone(), u16::try_from(back).ok()?));
        }
    }
    (!anchors.is_empty()).then(|| anchors.into_iter().collect())
}

/// Which piece of a word the vector pass looks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// The rarest.
    Anywhere,
    /// The rarest where a word of the text may start, since nothing else is looked at.
    AtWord,
}

use Piece::{Anywhere, AtWord};

/// More words near values than this share a piece only if they have no other: at each `import` all
/// those that start with it would be compared. Keywords share, which leaves fewer places to look at.
const SHARED_MAX: usize = 6;

/// Picks a piece of each word for the vector pass, and a group for each piece, so that as few other
/// places as possible fit.
fn choose_pieces(words: &mut [Word], piece: Piece) -> Fragments {
    let mut groups = [Group::default(); SETS * 8];
    let shared_max = if piece == AtWord { SHARED_MAX } else { usize::MAX };
    // Each piece with how many words are known by it.
    let mut chosen: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    // The shortest have the least choice and choose first.
    words.sort_by(|a, b| (a.text.len(), &a.text).cmp(&(b.text.len(), &b.text)));
    for same in words.chunk_by_mut(|a, b| a.text == b.text) {
        let text = same[0].text.clone().into_bytes();
        let is_open = |at: usize| {
            let is_inside = at > 0 && text[at - 1..=at].iter().all(u8::is_ascii_alphanumeric);
            piece == Anywhere || !is_inside
        };
        let users = |piece: &[u8]| chosen.get(piece).copied().unwrap_or(0);
        let pieces = || text.windows(text.len().min(4)).enumerate().filter(|(at, _)| is_open(*at));
        let shared = pieces().find(|(_, piece)| (1..shared_max).contains(&users(piece)));
        let at = shared.map(|(at, _)| at).unwrap_or_else(|| {
            let costs = pieces().flat_map(|(at, piece)| {
                let is_crowded = users(piece) >= shared_max;
                groups.iter().enumerate().map(move |(group, known)| {
                    (is_crowded, known.with(piece).share() - known.share(), at, group)
                })
            });
            let (_, _, at, group) = costs.min().expect("a keyword has three bytes");
            groups[group] = groups[group].with(&text[at..text.len().min(at + 4)]);
            at
        });
        *chosen.entry(text[at..text.len().min(at + 4)].to_vec()).or_default() += 1;
        same.iter_mut().for_each(|word| word.at = at as u8);
    }
    let mut fragments = Fragments::default();
    for (index, group) in groups.iter().enumerate() {
        group.write(&mut fragments.sets[index / 8], 1 << (index % 8));
    }
    fragments
}

/// The pieces that share a bit, as the halves of their bytes.
#[derive(Clone, Copy, Default)]
struct Group {
    /// For each of four places, which lower halves occur.
    low: [u16; 4],
    /// Which upper halves.
    high: [u16; 4],
}

impl Group {
    /// Returns the group with one more piece; a piece of three bytes leaves the fourth open.
    fn with(&self, piece: &[u8]) -> Group {
        let mut more = *self;
        for place in 0..4 {
            let Some(byte) = piece.get(place) else {
                (more.low[place], more.high[place]) = (u16::MAX, u16::MAX);
                continue;
            };
            for byte in [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] {
                more.low[place] |= 1 << (byte & 15);
                more.high[place] |= 1 << (byte >> 4);
            }
        }
        more
    }

    /// Returns how often a place of text fits, as one part in `1 << 40`.
    fn share(&self) -> u64 {
        (0..4).fold(1 << 40, |share, place| {
            let often: u64 = bits(self.high[place] & 0xFF)
                .flat_map(|high| bits(self.low[place]).map(move |low| high << 4 | low))
                .map(|byte| u64::from(OFTEN[byte]))
                .sum();
            share / 10_000 * often
        })
    }

    fn write(&self, set: &mut FragmentSet, bit: u8) {
        for place in 0..4 {
            bits(self.low[place]).for_each(|low| set.low[place][low] |= bit);
            bits(self.high[place]).for_each(|high| set.high[place][high] |= bit);
        }
    }
}

fn bits(set: u16) -> impl Iterator<Item = usize> {
    (0..16).filter(move |bit| set >> bit & 1 != 0)
}

/// How often each byte occurs in source code, in ten thousandths; measured on 20 MB of npm, PyPI
/// and crates packages.
#[rustfmt::skip]
const OFTEN: [u16; 128] = [
    1, 1, 1, 1, 1, 1, 1, 1, 1, 21, 243, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    2088, 6, 132, 10, 3, 2, 8, 35, 95, 95, 38, 8, 114, 35, 125, 48, 24, 26, 25, 15, 9, 7, 8, 5, 8, 5,
    95, 42, 7, 80, 14, 8, 6, 39, 13, 35, 26, 41, 22, 10, 7, 35, 3, 6, 23, 20, 33, 29, 29, 2, 34, 43,
    47, 14, 12, 7, 3, 4, 1, 27, 10, 27, 1, 173, 16, 399, 77, 220, 205, 741, 129, 99, 120, 385, 15, 40,
    247, 148, 385, 400, 195, 16, 419, 412, 545, 189, 54, 41, 38, 82, 13, 32, 12, 32, 1, 1,
];

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn tables(rules: &[&str]) -> Tables {
        let text: String = rules
            .iter()
            .enumerate()
            .map(|(i, keys)| format!("[[rule]]\nid = \"a-{i}\"\nname = \"A\"\n{keys}\n"))
            .collect();
        let rules: Vec<Rule> = parse(&text).unwrap().into_iter().map(|p| p.rule).collect();
        Tables::build(&rules)
    }

    fn shapes(tables: &Tables, text: &str) -> Vec<usize> {
        let mut found = Vec::new();
        tables.shapes.each(text.as_bytes(), 0, |rule| found.push(rule));
        found
    }

    #[test]
    fn the_word_set_is_what_it_says() {
        for byte in 0..=255u8 {
            let is_word = byte.is_ascii_alphanumeric() || b"_+/.$~-".contains(&byte);
            assert_eq!(holds(&WORD, byte), is_word, "{byte}");
        }
    }

    #[test]
    fn a_fixed_start_is_looked_up() {
        let tables = tables(&[
            "keywords = ['ghp_']\npattern = '(?<secret> ghp_ [a-z]{36} )'",
            "keywords = ['pat.', 'sat.']\npattern = '(?<secret> [ps]at\\. [a-z]{20} )'",
        ]);
        assert_eq!(shapes(&tables, "ghp_xx"), [0]);
        assert_eq!(shapes(&tables, "sat.xx"), [1]);
        assert_eq!(shapes(&tables, "gho_xx"), [] as [usize; 0]);
        assert!(tables.keywords.long.entries.is_empty());
    }

    #[test]
    fn a_fixed_text_inside_is_an_anchor() {
        let tables =
            tables(&["keywords = ['T3Bl']\npattern = '(?<secret> [a-z]{20} T3Bl [a-z]{9} )'"]);
        let mut found = Vec::new();
        tables.keywords.each_hit(b"..T3Bl..", |hit| found.push((hit.rule, hit.start, hit.back)));
        assert_eq!(found, [(0, 2, Some(20))]);
    }

    #[test]
    fn an_anchor_may_stand_at_a_few_places() {
        let back = |pattern: &str| {
            let keys = format!("keywords = ['auth']\npattern = '{pattern}'");
            let mut found = Vec::new();
            tables(&[&keys]).keywords.each_hit(b"auth", |hit| found.push(hit.back));
            found
        };
        assert_eq!(back("\\\\? auth : (?<secret> [a-z]{9} )"), [Some(0), Some(1)]);
        assert_eq!(back("x{0,17} auth : (?<secret> [a-z]{9} )"), [None]);
        assert_eq!(back("(?: auth | key ) : (?<secret> [a-z]{9} )"), [None]);
    }

    #[test]
    fn short_tokens_and_regexes_go_by_their_keyword() {
        let tables = tables(&[
            "keywords = ['abc_']\npattern = '(?<secret> abc_ [a-z]{4} )'",
            "keywords = ['Pwd=']\npattern = 'Pwd= [^;]{0,9}? ; (?<secret> [a-z]{4} )'",
        ]);
        assert!(tables.shapes.entries.is_empty());
        let mut found = Vec::new();
        tables.keywords.each_hit(b"abc_ pwd=", |hit| found.push((hit.rule, hit.start, hit.back)));
        assert_eq!(found, [(0, 0, Some(0)), (1, 5, None)]);
    }

    #[test]
    fn every_keyword_has_its_fragment() {
        let tables = tables(&[
            "keywords = ['-----BEGIN', 'pwd', 'AccountKey=']\npattern = '(?<secret> [a-z]+? x )'",
        ]);
        let fits = |text: &[u8]| {
            let byte = |place: usize| text.get(place).copied().unwrap_or(0);
            tables.fragments.fit([byte(0), byte(1), byte(2), byte(3)])
        };
        let entries = tables.keywords.long.entries.iter();
        assert!(entries.len() == 2 && tables.keywords.short.entries.len() == 1);
        for entry in entries.chain(tables.keywords.short.entries.iter()) {
            let word =
                &tables.keywords.words.as_bytes()[entry.start as usize..][..entry.len.into()];
            assert!(fits(&word[entry.at.into()..]), "{}", String::from_utf8_lossy(word));
            let upper = word.to_ascii_uppercase();
            assert!(fits(&upper[entry.at.into()..]));
        }
    }
}
