//! Rules that came from a gitleaks file, ready to run.
//!
//! They are not rules as keyhook writes them: their keywords may be short or absent and stand
//! anywhere in the file, the secret is a numbered group, and what counts is decided by an entropy,
//! by allowlists and by other rules that must match nearby. So they keep that form and run beside
//! keyhook's own. What they say is done as gitleaks does it; keyhook's judgement of placeholders and
//! words is left aside, since their authors had none and may look for just such words.
//!
//! Patterns run in linear time over [`CHUNK`] bytes at a time, with [`OVERLAP`] bytes more for a
//! match that begins at the end: a match longer than that may be missed. A rule that cannot be
//! compiled, or that matches more than [`MATCHES_MAX`] times in a file, is told by
//! [`Imported::unfinished`]: that file then does not count as looked at.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind, PatternSet};

use super::Rule;
use super::gitleaks::Pattern;
use crate::finding::Span;

/// How much of a text one search of a pattern sees.
const CHUNK: usize = 1 << 20;

/// How far a match may reach beyond the chunk that it begins in.
const OVERLAP: usize = 64 << 10;

/// A rule that matches more often in one file says nothing.
const MATCHES_MAX: usize = 10_000;

/// What imported rules found in one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The place of the rule in [`Imported::cards`].
    pub rule: usize,
    /// The whole match.
    pub whole: Span,
    /// The bytes to protect.
    pub secret: Span,
    /// The secrets of the rules that this one requires nearby.
    pub parts: Vec<Span>,
    /// The allowlist that says it is none, as [`Imported::allowlist_name`] knows it.
    pub allowed: Option<usize>,
}

/// All that a gitleaks file said.
#[derive(Debug, Default)]
pub struct Imported {
    cards: Vec<Rule>,
    rules: Vec<Foreign>,
    allowlists: Vec<Allowlist>,
    disabled: Vec<String>,
    words: OnceLock<Words>,
    unfinished: Mutex<BTreeSet<(usize, Unfinished)>>,
}

/// One rule: what it looks for and what must hold.
#[derive(Debug)]
pub(super) struct Foreign {
    /// `None` for a rule on the names of files alone.
    pub(super) pattern: Option<Pattern>,
    pub(super) group: Group,
    /// The secret's entropy must be higher; 0 asks nothing.
    pub(super) entropy: f64,
    pub(super) keywords: Vec<String>,
    pub(super) path: Option<Pattern>,
    pub(super) required: Vec<Required>,
    /// Whether it only serves rules that require it.
    pub(super) is_silent: bool,
}

/// Which part of a match is the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// The first group that captured something, or the whole match.
    First,
    /// The group with this number.
    Index(usize),
    /// The group with this name.
    Name(String),
}

/// Another rule that must match, and how near.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Required {
    pub(super) rule: usize,
    pub(super) lines: Option<usize>,
    pub(super) columns: Option<usize>,
    /// Whether it is only joined where it stands.
    pub(super) is_optional: bool,
}

/// Reasons why a match is none.
#[derive(Debug)]
pub(super) struct Allowlist {
    pub(super) name: String,
    /// The rules it speaks of, by id; `None` for all.
    pub(super) rules: Option<Vec<String>>,
    /// Whether everything that is given must hold, and not only one thing.
    pub(super) is_and: bool,
    pub(super) paths: Option<Vec<Pattern>>,
    pub(super) regexes: Option<Vec<Pattern>>,
    pub(super) stopwords: Option<Vec<String>>,
    pub(super) target: Target,
}

/// What the regexes of an allowlist are held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Target {
    #[default]
    Secret,
    Match,
    Line,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unfinished {
    TooLarge,
    TooMany,
}

/// A match as an allowlist sees it.
struct Seen<'a> {
    rule: &'a str,
    path: &'a str,
    text: &'a [u8],
    whole: &'a Span,
    secret: &'a Span,
}

impl Imported {
    /// Joins what was built; each rule has its card at the same place.
    pub(super) fn new(
        cards: Vec<Rule>,
        rules: Vec<Foreign>,
        allowlists: Vec<Allowlist>,
        disabled: Vec<String>,
    ) -> Imported {
        Imported { cards, rules, allowlists, disabled, ..Imported::default() }
    }

    /// Returns what reports show of each rule: id, name and confidence.
    pub fn cards(&self) -> &[Rule] {
        &self.cards
    }

    /// Returns the ids of keyhook's own rules that the file switches off.
    pub fn disabled(&self) -> &[String] {
        &self.disabled
    }

    /// Lets a rule report nothing; others may still require it.
    pub fn silence(&mut self, id: &str) {
        for (card, rule) in self.cards.iter().zip(&mut self.rules) {
            rule.is_silent |= card.id == id;
        }
    }

    /// Returns what an allowlist is called: its description, or where it stands.
    pub fn allowlist_name(&self, index: usize) -> &str {
        self.allowlists.get(index).map_or("", |list| &list.name)
    }

    /// Returns what could not be looked for so far, as sentences.
    pub fn unfinished(&self) -> Vec<String> {
        let unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        let sentence = |(rule, why): &(usize, Unfinished)| {
            let id = &self.cards[*rule].id;
            match why {
                Unfinished::TooLarge => format!("rule `{id}`: its regex is too large to compile"),
                Unfinished::TooMany => {
                    format!("rule `{id}`: it matches more than {MATCHES_MAX} times in one file")
                }
            }
        };
        unfinished.iter().map(sentence).collect()
    }

    /// Compiles every pattern now and returns what is too large, as [`Imported::unfinished`] does.
    pub fn compile(&self) -> Vec<String> {
        for (index, rule) in self.rules.iter().enumerate() {
            let mut patterns = rule.pattern.iter().chain(&rule.path);
            if patterns.any(|pattern| pattern.regex().is_none()) {
                self.give_up(index, Unfinished::TooLarge);
            }
        }
        self.unfinished()
    }

    /// Returns the matches of all rules in the content of a file, whether allowed or not.
    pub fn search(&self, text: &[u8], path: &str) -> Vec<Hit> {
        let words = self.words.get_or_init(|| Words::new(&self.rules));
        let present = words.present(text);
        let mut look = Look { imported: self, text, path, found: BTreeMap::new(), lines: None };
        let mut hits = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            if rule.is_silent || rule.pattern.is_none() || !present.contains(index, rule) {
                continue;
            }
            let mut own = look.matches(index);
            if !rule.required.is_empty() {
                own.retain_mut(|hit| look.join_parts(rule, hit));
            }
            hits.append(&mut own);
        }
        hits
    }

    /// Returns the matches of the rules that look at names alone; the secret is the whole path.
    pub fn search_name(&self, path: &str) -> Vec<Hit> {
        let text = path.as_bytes();
        let mut hits = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            if rule.pattern.is_some() || rule.is_silent || !self.is_for_path(index, path) {
                continue;
            }
            let whole = 0..text.len();
            let seen =
                Seen { rule: &self.cards[index].id, path, text, whole: &whole, secret: &whole };
            let allowed = self.allowing(&seen);
            hits.push(Hit {
                rule: index,
                secret: whole.clone(),
                whole,
                parts: Vec::new(),
                allowed,
            });
        }
        hits
    }

    /// Returns the allowlist that a finding of keyhook's own rule falls under.
    pub fn allows(&self, rule: &str, path: &str, text: &[u8], secret: &Span) -> Option<usize> {
        self.allowing(&Seen { rule, path, text, whole: secret, secret })
    }

    fn allowing(&self, seen: &Seen<'_>) -> Option<usize> {
        self.allowlists.iter().position(|list| list.allows(seen))
    }

    fn is_for_path(&self, index: usize, path: &str) -> bool {
        let Some(pattern) = &self.rules[index].path else { return true };
        match pattern.regex() {
            Some(regex) => regex.is_match(path.as_bytes()),
            None => {
                self.give_up(index, Unfinished::TooLarge);
                false
            }
        }
    }

    fn give_up(&self, rule: usize, why: Unfinished) {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner).insert((rule, why));
    }
}

/// The search of one text.
struct Look<'a> {
    imported: &'a Imported,
    text: &'a [u8],
    path: &'a str,
    /// What required rules matched; each is searched once.
    found: BTreeMap<usize, Vec<Hit>>,
    /// Where lines begin; counted when a rule asks how near.
    lines: Option<Vec<usize>>,
}

impl Look<'_> {
    /// Returns the matches of one rule for which its own conditions hold.
    fn matches(&self, index: usize) -> Vec<Hit> {
        let rule = &self.imported.rules[index];
        let Some(pattern) = &rule.pattern else { return Vec::new() };
        if !self.imported.is_for_path(index, self.path) {
            return Vec::new();
        }
        let Some(regex) = pattern.regex() else {
            self.imported.give_up(index, Unfinished::TooLarge);
            return Vec::new();
        };
        let mut hits = Vec::new();
        let is_whole = each_match(regex, &rule.group, self.text, |whole, secret| {
            if rule.entropy != 0.0 && entropy(&self.text[secret.clone()]) <= rule.entropy {
                return;
            }
            let id = &self.imported.cards[index].id;
            let seen =
                Seen { rule: id, path: self.path, text: self.text, whole: &whole, secret: &secret };
            let allowed = self.imported.allowing(&seen);
            hits.push(Hit { rule: index, whole, secret, parts: Vec::new(), allowed });
        });
        if !is_whole {
            self.imported.give_up(index, Unfinished::TooMany);
        }
        hits
    }

    /// Adds what the rule requires nearby; returns false if any of it is missing.
    fn join_parts(&mut self, rule: &Foreign, hit: &mut Hit) -> bool {
        let here = self.place(hit.whole.start);
        rule.required.iter().all(|required| {
            if !self.found.contains_key(&required.rule) {
                let mut found = self.matches(required.rule);
                found.retain(|hit| hit.allowed.is_none());
                self.found.insert(required.rule, found);
            }
            let candidates = self.found.remove(&required.rule).unwrap_or_default();
            let near = candidates.iter().find(|candidate| {
                let there = self.place(candidate.whole.start);
                let is_within = |a: usize, b: usize, max: Option<usize>| {
                    max.is_none_or(|max| a.abs_diff(b) <= max)
                };
                is_within(here.0, there.0, required.lines)
                    && is_within(here.1, there.1, required.columns)
            });
            hit.parts.extend(near.map(|near| near.secret.clone()));
            let is_near = near.is_some() || required.is_optional;
            self.found.insert(required.rule, candidates);
            is_near
        })
    }

    /// Returns line and column of a byte, both from 0.
    fn place(&mut self, at: usize) -> (usize, usize) {
        let lines = self.lines.get_or_insert_with(|| {
            let ends = memchr::memchr_iter(b'\n', self.text).map(|end| end + 1);
            std::iter::once(0).chain(ends).collect()
        });
        let line = lines.partition_point(|start| *start <= at) - 1;
        (line, at - lines[line])
    }
}

/// Calls `hit` with match and secret of each match; returns false if there are too many.
fn each_match(regex: &Regex, group: &Group, text: &[u8], mut hit: impl FnMut(Span, Span)) -> bool {
    let mut captures = regex.create_captures();
    let named = match group {
        Group::First => None,
        Group::Index(index) => Some(*index),
        Group::Name(name) => {
            regex.group_info().to_index(regex_automata::PatternID::ZERO, name).or(Some(usize::MAX))
        }
    };
    let (mut at, mut count) = (0, 0);
    while at < text.len() {
        let chunk_end = (at / CHUNK + 1) * CHUNK;
        let end = text.len().min(chunk_end + OVERLAP);
        regex.search_captures(&Input::new(text).range(at..end), &mut captures);
        let Some(whole) = captures.get_match().filter(|whole| whole.start() < chunk_end) else {
            at = chunk_end;
            continue;
        };
        at = whole.end().max(at + 1).max(whole.start());
        count += 1;
        if count > MATCHES_MAX {
            return false;
        }
        let is_set = |span: &Span| !span.is_empty();
        let captured = |index| captures.get_group(index).map(|span| span.start..span.end);
        let trimmed = without_newlines(text, whole.range());
        let secret = match named {
            Some(index) => captured(index).filter(is_set),
            None => (1..captures.group_len())
                .find_map(|index| captured(index).filter(is_set))
                .or_else(|| Some(trimmed.clone()).filter(is_set)),
        };
        if let Some(secret) = secret {
            hit(trimmed, secret);
        }
    }
    true
}

fn without_newlines(text: &[u8], span: Span) -> Span {
    let part = &text[span.clone()];
    let start = part.iter().take_while(|byte| **byte == b'\n').count();
    let end = part[start..].iter().rev().take_while(|byte| **byte == b'\n').count();
    span.start + start..span.end - end
}

/// Returns Shannon's entropy as gitleaks counts it: characters, over the number of bytes.
fn entropy(secret: &[u8]) -> f64 {
    let mut counts: BTreeMap<char, usize> = BTreeMap::new();
    for part in secret.utf8_chunks() {
        part.valid().chars().for_each(|c| *counts.entry(c).or_default() += 1);
        if !part.invalid().is_empty() {
            *counts.entry(char::REPLACEMENT_CHARACTER).or_default() += part.invalid().len();
        }
    }
    let share = |count: &usize| *count as f64 / secret.len() as f64;
    -counts.values().map(share).map(|share| share * share.log2()).sum::<f64>()
}

impl Allowlist {
    fn allows(&self, seen: &Seen<'_>) -> bool {
        if self.rules.as_ref().is_some_and(|rules| !rules.iter().any(|id| id == seen.rule)) {
            return false;
        }
        let has_path = self.paths.as_ref().map(|paths| any_matches(paths, seen.path.as_bytes()));
        let has_regex = || {
            let regexes = self.regexes.as_ref()?;
            Some(any_matches(regexes, &seen.text[self.target.span(seen)]))
        };
        let has_word = || {
            let words = self.stopwords.as_ref()?;
            let secret = String::from_utf8_lossy(&seen.text[seen.secret.clone()]).to_lowercase();
            Some(words.iter().any(|word| secret.contains(word.as_str())))
        };
        if self.is_and {
            // The cheap question first; the loader leaves no list without a condition.
            [Some(true), has_path].into_iter().flatten().all(|holds| holds)
                && has_regex().unwrap_or(true)
                && has_word().unwrap_or(true)
        } else {
            has_path == Some(true) || has_regex() == Some(true) || has_word() == Some(true)
        }
    }
}

impl Target {
    fn span(self, seen: &Seen<'_>) -> Span {
        match self {
            Target::Secret => seen.secret.clone(),
            Target::Match => seen.whole.clone(),
            Target::Line => {
                let start = memchr::memrchr(b'\n', &seen.text[..seen.whole.start]);
                let end = memchr::memchr(b'\n', &seen.text[seen.whole.end..]);
                let end = end.map_or(seen.text.len(), |at| seen.whole.end + at);
                start.map_or(0, |at| at + 1)..end
            }
        }
    }
}

fn any_matches(patterns: &[Pattern], text: &[u8]) -> bool {
    patterns.iter().any(|pattern| pattern.is_match(text))
}

/// All keywords of all rules, looked for in one pass.
#[derive(Debug)]
struct Words {
    regex: Option<Regex>,
    /// For each keyword the rule that it belongs to.
    rules: Vec<usize>,
}

/// The rules of which a keyword stands in the text; `None` if that cannot be told.
struct Present(Option<BTreeSet<usize>>);

impl Present {
    fn contains(&self, index: usize, rule: &Foreign) -> bool {
        rule.keywords.is_empty() || self.0.as_ref().is_none_or(|rules| rules.contains(&index))
    }
}

impl Words {
    fn new(foreign: &[Foreign]) -> Words {
        let mut rules = Vec::new();
        let mut words = Vec::new();
        for (index, rule) in foreign.iter().enumerate() {
            for word in &rule.keywords {
                rules.push(index);
                words.push(regex_syntax::escape(word));
            }
        }
        let regex = Regex::builder()
            .syntax(syntax::Config::new().unicode(false).utf8(false).case_insensitive(true))
            .configure(Regex::config().match_kind(MatchKind::All).utf8_empty(false))
            .build_many(&words);
        // Without the pass every rule runs: slower, never blind.
        Words { regex: regex.ok(), rules }
    }

    fn present(&self, text: &[u8]) -> Present {
        let Some(regex) = &self.regex else { return Present(None) };
        let mut seen = PatternSet::new(self.rules.len());
        regex.which_overlapping_matches(&Input::new(text), &mut seen);
        Present(Some(seen.iter().map(|word| self.rules[word.as_usize()]).collect()))
    }
}
