//! Patterns without a regex engine: sequences of fixed texts and counted classes.
//!
//! Nearly every key is one: `ghp_` and 36 letters and digits. Such a pattern is matched by walking
//! its steps, which costs nothing to set up, where compiling a regex costs a millisecond. Choices
//! (`(?:live|test)_`) are written out as several paths. What does not fit stays a regex. Also
//! compiled into the build script, which turns the built-in rules into constants.

use std::borrow::Cow;

use regex_syntax::hir::{Class, Hir, HirKind};

/// A set of bytes, one bit each.
pub type ByteSet = [u64; 4];

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// These bytes of the table's texts.
    Literal {
        /// Where they start.
        start: u32,
        /// How many there are.
        len: u16,
    },
    /// Bytes of a set: at least `min`, at most `max`, as many as there are.
    Class {
        /// The index of the set.
        set: u32,
        /// The fewest.
        min: u16,
        /// The most.
        max: u16,
    },
    /// The secret starts here.
    Open,
    /// The secret ends here.
    Close,
}

/// Where something lies in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// The index of the first.
    pub start: u32,
    /// How many there are.
    pub len: u16,
}

impl Slice {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

/// The paths of many patterns; the build script writes one as a constant.
#[derive(Clone, Debug, Default)]
pub struct Linears {
    /// For each pattern its paths, in the order of preference; none if it is not linear.
    pub patterns: Cow<'static, [Slice]>,
    /// For each path its steps.
    pub paths: Cow<'static, [Slice]>,
    /// The steps.
    pub steps: Cow<'static, [Step]>,
    /// The sets that steps name.
    pub sets: Cow<'static, [ByteSet]>,
    /// The texts that steps name.
    pub texts: Cow<'static, [u8]>,
}

/// A path on its own, before it joins a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Class { set: ByteSet, min: u16, max: u16 },
    Open,
    Close,
}

/// More paths than this are a regex's work.
const PATHS_MAX: usize = 48;
const PARTS_MAX: usize = 400;
/// How far a class may reach that could also match what follows it: each length is tried.
const RETRY_MAX: u16 = 512;

/// Only so many of the known texts and sets are searched for the next one: thousands of rules would
/// take minutes.
const SEARCHED_MAX: usize = 1 << 14;

/// Returns the paths of a pattern, or none if it needs a regex.
pub fn paths(hir: &Hir) -> Option<Vec<Path>> {
    let paths: Vec<Path> = expand(hir)?.into_iter().map(Path).collect();
    paths.iter().all(Path::is_cheap).then_some(paths)
}

fn expand(hir: &Hir) -> Option<Vec<Vec<Part>>> {
    let paths = match hir.kind() {
        HirKind::Empty => vec![Vec::new()],
        HirKind::Literal(literal) => {
            vec![literal.0.iter().map(|byte| single(*byte)).collect()]
        }
        HirKind::Class(class) => vec![vec![Part::Class { set: set_of(class)?, min: 1, max: 1 }]],
        HirKind::Look(_) => return None,
        HirKind::Capture(capture) => {
            let is_secret = capture.name.as_deref() == Some("secret");
            let mut paths = expand(&capture.sub)?;
            if is_secret {
                for path in &mut paths {
                    path.insert(0, Part::Open);
                    path.push(Part::Close);
                }
            }
            paths
        }
        HirKind::Concat(subs) => {
            let mut paths = vec![Vec::new()];
            for sub in subs {
                paths = cross(&paths, &expand(sub)?)?;
            }
            paths
        }
        HirKind::Alternation(subs) => {
            let mut paths = Vec::new();
            for sub in subs {
                paths.extend(expand(sub)?);
            }
            paths
        }
        HirKind::Repetition(repeat) => {
            let most = repeat.max.unwrap_or(u32::from(u16::MAX)).min(u32::from(u16::MAX)) as u16;
            let least = u16::try_from(repeat.min).ok()?;
            expand_repeat(&expand(&repeat.sub)?, least, most, repeat.greedy)?
        }
    };
    (paths.len() <= PATHS_MAX && paths.iter().all(|path| path.len() <= PARTS_MAX)).then_some(paths)
}

fn expand_repeat(
    sub: &[Vec<Part>],
    least: u16,
    most: u16,
    is_greedy: bool,
) -> Option<Vec<Vec<Part>>> {
    if let [only] = sub
        && let [Part::Class { set, min: 1, max: 1 }] = only[..]
    {
        let is_fixed = least == most;
        return (is_greedy || is_fixed)
            .then(|| vec![vec![Part::Class { set, min: least, max: most }]]);
    }
    // A group repeated a few times, or an optional one.
    if !is_greedy || most > 8 || most - least > 2 {
        return None;
    }
    let mut paths = Vec::new();
    for count in (least..=most).rev() {
        let mut repeated = vec![Vec::new()];
        for _ in 0..count {
            repeated = cross(&repeated, sub)?;
        }
        paths.extend(repeated);
    }
    Some(paths)
}

fn cross(heads: &[Vec<Part>], tails: &[Vec<Part>]) -> Option<Vec<Vec<Part>>> {
    if heads.len() * tails.len() > PATHS_MAX {
        return None;
    }
    let join = |head: &Vec<Part>| {
        tails.iter().map(move |tail| [&head[..], &tail[..]].concat()).collect::<Vec<_>>()
    };
    Some(heads.iter().flat_map(join).collect())
}

fn single(byte: u8) -> Part {
    let mut set = [0; 4];
    set[usize::from(byte >> 6)] |= 1 << (byte & 63);
    Part::Class { set, min: 1, max: 1 }
}

fn set_of(class: &Class) -> Option<ByteSet> {
    let Class::Bytes(class) = class else { return None };
    let mut set = [0u64; 4];
    for range in class.ranges() {
        for byte in range.start()..=range.end() {
            set[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
    }
    Some(set)
}

/// Returns whether the set holds the byte.
pub fn holds(set: &ByteSet, byte: u8) -> bool {
    set[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0
}

impl Path {
    /// Returns whether matching tries few lengths: one class at most overlaps what follows it.
    fn is_cheap(&self) -> bool {
        let mut retried = 0;
        for (index, part) in self.0.iter().enumerate() {
            let Part::Class { set, min, max } = part else { continue };
            if min == max {
                continue;
            }
            if self.may_start(index + 1, set) {
                retried += 1;
                if *max > RETRY_MAX {
                    return false;
                }
            }
        }
        retried <= 1
    }

    /// Returns whether the rest of the path from `index` can start with a byte of `set`.
    fn may_start(&self, index: usize, set: &ByteSet) -> bool {
        for part in &self.0[index..] {
            let Part::Class { set: next, min, .. } = part else { continue };
            if (0..4).any(|i| set[i] & next[i] != 0) {
                return true;
            }
            if *min > 0 {
                return false;
            }
        }
        false
    }

    /// Returns the sets of the first bytes, as far as their places are fixed.
    pub fn fixed(&self) -> Vec<ByteSet> {
        let mut fixed = Vec::new();
        for part in &self.0 {
            let Part::Class { set, min, max } = part else { continue };
            fixed.extend(std::iter::repeat_n(*set, usize::from(*min)));
            if min < max {
                break;
            }
        }
        fixed
    }

    /// Returns where `word`, in lower case, stands in every match, without regard to case: its
    /// least and its greatest distance from the start.
    pub fn distance(&self, word: &[u8]) -> Option<(usize, usize)> {
        let (mut least, mut most) = (0, 0);
        // The bytes that stand side by side before the current part.
        let mut run: Vec<Option<u8>> = Vec::new();
        for part in &self.0 {
            let Part::Class { set, min, max } = part else { continue };
            let byte = only_folded(set);
            for _ in 0..*min {
                run.push(byte);
                let is_here = run.len() >= word.len()
                    && run[run.len() - word.len()..].iter().zip(word).all(|(a, b)| *a == Some(*b));
                if is_here {
                    let start = run.len() - word.len();
                    return Some((least + start, most + start));
                }
            }
            if min < max {
                least += run.len();
                most += run.len() + usize::from(max - min);
                run.clear();
            }
        }
        None
    }

    /// Returns how many bytes at the start are sure to lie in `within`.
    pub fn leading(&self, within: &ByteSet) -> usize {
        let mut count = 0;
        for part in &self.0 {
            let Part::Class { set, min, .. } = part else { continue };
            if (0..4).any(|i| set[i] & !within[i] != 0) {
                break;
            }
            count += usize::from(*min);
        }
        count
    }

    /// Returns whether the secret starts where the path starts.
    pub fn starts_with_secret(&self) -> bool {
        self.0.first() == Some(&Part::Open)
    }
}

/// Returns the one byte of a set that has no other.
fn only(set: &ByteSet) -> Option<u8> {
    let count: u32 = set.iter().map(|word| word.count_ones()).sum();
    (count == 1).then(|| (0..=255).find(|byte| holds(set, *byte)).expect("one bit is set"))
}

/// Returns the one byte, in lower case, of a set that has no other but its capital.
fn only_folded(set: &ByteSet) -> Option<u8> {
    let mut bytes = (0..=255u8).filter(|byte| holds(set, *byte));
    let first = bytes.next()?.to_ascii_lowercase();
    bytes.all(|byte| byte.to_ascii_lowercase() == first).then_some(first)
}

impl Linears {
    /// Adds the paths of the next pattern.
    pub fn push(&mut self, paths: &[Path]) {
        let first = self.paths.len();
        for path in paths {
            let start = self.steps.len();
            self.push_steps(path);
            let slice = slice(start, self.steps.len());
            self.paths.to_mut().push(slice);
        }
        let slice = slice(first, self.paths.len());
        self.patterns.to_mut().push(slice);
    }

    fn push_steps(&mut self, path: &Path) {
        let mut literal: Vec<u8> = Vec::new();
        for part in &path.0 {
            match part {
                Part::Class { set, min: 1, max: 1 } if only(set).is_some() => {
                    literal.extend(only(set));
                }
                Part::Class { max: 0, .. } => {}
                other => {
                    self.flush(&mut literal);
                    let step = match other {
                        Part::Class { set, min, max } => {
                            Step::Class { set: self.intern(set), min: *min, max: *max }
                        }
                        Part::Open => Step::Open,
                        Part::Close => Step::Close,
                    };
                    self.steps.to_mut().push(step);
                }
            }
        }
        self.flush(&mut literal);
    }

    fn flush(&mut self, literal: &mut Vec<u8>) {
        if literal.is_empty() {
            return;
        }
        let searched = &self.texts[..self.texts.len().min(SEARCHED_MAX)];
        let found = searched.windows(literal.len()).position(|text| text == &literal[..]);
        let start = found.unwrap_or_else(|| {
            let start = self.texts.len();
            self.texts.to_mut().extend_from_slice(literal);
            start
        });
        let step = Step::Literal { start: start as u32, len: literal.len() as u16 };
        self.steps.to_mut().push(step);
        literal.clear();
    }

    fn intern(&mut self, set: &ByteSet) -> u32 {
        let found = self.sets.iter().take(SEARCHED_MAX).position(|known| known == set);
        found.unwrap_or_else(|| {
            self.sets.to_mut().push(*set);
            self.sets.len() - 1
        }) as u32
    }

    /// Returns whether the pattern is linear.
    pub fn has(&self, pattern: usize) -> bool {
        self.patterns[pattern].len > 0
    }

    /// Returns whether nothing stands before the secret in the pattern.
    pub fn starts_with_secret(&self, pattern: usize) -> bool {
        self.paths[self.patterns[pattern].range()]
            .iter()
            .all(|path| self.steps[path.range()].first() == Some(&Step::Open))
    }

    /// Matches a pattern that starts at `at`; `accepts(secret, end)` may refuse a match, and the
    /// next is tried.
    pub fn match_at(
        &self,
        pattern: usize,
        text: &[u8],
        at: usize,
        mut accepts: impl FnMut(&std::ops::Range<usize>) -> bool,
    ) -> Option<std::ops::Range<usize>> {
        for path in &self.paths[self.patterns[pattern].range()] {
            let steps = &self.steps[path.range()];
            let found = self.walk(steps, text, at, (at, None), &mut accepts);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn walk(
        &self,
        steps: &[Step],
        text: &[u8],
        mut at: usize,
        (mut open, mut close): (usize, Option<usize>),
        accepts: &mut dyn FnMut(&std::ops::Range<usize>) -> bool,
    ) -> Option<std::ops::Range<usize>> {
        for (index, step) in steps.iter().enumerate() {
            match *step {
                Step::Open => open = at,
                Step::Close => close = Some(at),
                Step::Literal { start, len } => {
                    let literal = &self.texts[start as usize..][..usize::from(len)];
                    if !text[at..].starts_with(literal) {
                        return None;
                    }
                    at += literal.len();
                }
                Step::Class { set, min, max } => {
                    let set = &self.sets[set as usize];
                    let most = usize::from(max).min(text.len() - at);
                    let count = if max == u16::MAX { text.len() - at } else { most };
                    let count = text[at..at + count]
                        .iter()
                        .position(|byte| !holds(set, *byte))
                        .unwrap_or(count);
                    if count < usize::from(min) {
                        return None;
                    }
                    let rest = &steps[index + 1..];
                    if min < max && rest.iter().any(|step| !matches!(step, Step::Close)) {
                        // What follows may need bytes of this class: give back one at a time.
                        return (usize::from(min)..=count)
                            .rev()
                            .take(usize::from(RETRY_MAX))
                            .find_map(|count| {
                                self.walk(rest, text, at + count, (open, close), accepts)
                            });
                    }
                    at += count;
                }
            }
        }
        let secret = open..close.unwrap_or(at);
        (secret.start < secret.end && accepts(&secret)).then_some(secret)
    }
}

fn slice(start: usize, end: usize) -> Slice {
    Slice { start: start as u32, len: (end - start) as u16 }
}

#[cfg(test)]
mod tests {
    use super::super::pattern_hir;
    use super::*;

    fn linears(pattern: &str) -> Option<Linears> {
        let mut linears = Linears::default();
        linears.push(&paths(&pattern_hir(pattern).unwrap())?);
        Some(linears)
    }

    fn found(pattern: &str, text: &str) -> Option<String> {
        let linears = linears(pattern).unwrap();
        let secret = linears.match_at(0, text.as_bytes(), 0, |_| true);
        secret.map(|span| text[span].to_owned())
    }

    #[test]
    fn walks_texts_and_classes() {
        let pattern = "(?<secret> sk- [a-z]{3} (?:-[0-9]{2}){2} )";
        assert_eq!(found(pattern, "sk-abc-12-34x").as_deref(), Some("sk-abc-12-34"));
        assert_eq!(found(pattern, "sk-abc-12-3"), None);
        assert_eq!(found("key= (?<secret> [a-z]{2,4} )", "key=abcdef").as_deref(), Some("abcd"));
    }

    #[test]
    fn choices_become_paths() {
        let pattern = "(?<secret> (?:sk|rk)_(?:live_)?[0-9]{3} )";
        assert_eq!(linears(pattern).unwrap().paths.len(), 4);
        assert_eq!(found(pattern, "rk_live_123").as_deref(), Some("rk_live_123"));
        assert_eq!(found(pattern, "sk_123").as_deref(), Some("sk_123"));
    }

    #[test]
    fn gives_back_what_the_rest_needs() {
        assert_eq!(found("(?<secret> [a-z]{2,9} xy )", "abcxy").as_deref(), Some("abcxy"));
        assert_eq!(found("(?<secret> [a-z-]{2,} =) ", "ab-=").as_deref(), Some("ab-="));
    }

    #[test]
    fn a_word_has_its_distance_from_the_start() {
        let distance = |pattern: &str, word: &str| {
            let paths = paths(&pattern_hir(pattern).unwrap()).unwrap();
            paths.iter().map(|path| path.distance(word.as_bytes())).collect::<Vec<_>>()
        };
        assert_eq!(distance("x [ab] (?<secret> (?i: key ) [a-z]{3} )", "key"), [Some((2, 2))]);
        assert_eq!(distance("x? \" {1,3} auth (?<secret> [a-z]{3} )", "auth"), [Some((1, 4))]);
        assert_eq!(distance("auth ,? (?<secret> [a-z]{3} )", "auth,"), [None]);
        assert_eq!(distance("(?: auth | [xy]key ) (?<secret> b{3} )", "key"), [None, Some((1, 1))]);
    }

    #[test]
    fn a_refused_match_is_tried_again() {
        let linears = linears("(?<secret> (?:aaaa|aa) )").unwrap();
        let secret = linears.match_at(0, b"aaaa", 0, |secret| secret.len() == 2);
        assert_eq!(secret, Some(0..2));
    }

    #[test]
    fn what_is_not_linear_stays_a_regex() {
        for pattern in [
            r"\b(?<secret>[a-z]{9})",
            r"(?<secret>[a-z]{1,900}[a-z]{1,9}x)",
            r"(?<secret>(?:ab){1,100})",
            r"(?<secret>[a-z]+?x)",
        ] {
            assert!(linears(pattern).is_none(), "{pattern}");
        }
    }

    #[test]
    fn knows_what_is_fixed() {
        let paths = paths(&pattern_hir("(?<secret> [ps]at_ [a-z]{2,9} )").unwrap()).unwrap();
        let fixed = paths[0].fixed();
        assert_eq!((fixed.len(), only(&fixed[1])), (6, Some(b'a')));
        let mut letters = [0; 4];
        (b'a'..=b'z').for_each(|b| letters[usize::from(b >> 6)] |= 1 << (b & 63));
        assert_eq!(paths[0].leading(&letters), 3);
        assert!(paths[0].starts_with_secret());
    }
}
