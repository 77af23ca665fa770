//! One look at a text: from each place that the vector pass left to the rules that match there.

use std::cell::Cell;
use std::collections::HashSet;

use regex_automata::{Anchored, Input};

use super::assignment::Assigned;
use super::candidates::{Visit, visit};
use super::deep::Depth;
use super::head::Head;
use super::layer::{Blobs, Layer, may_open};
use super::near::{NearWords, Vocabulary, is_word, reach};
use super::{Detection, Engine, FileKind, Match, Suppressed, Suppression, Text};
use super::{assignment, boundary, deep, evidence, judge, public_len};
use crate::finding::{Confidence, Span};
use crate::rule::{Boundary, Check, Hit, REACH_MAX, RUN_MIN, Rule, Tables, WORD, holds};

/// Finds everything, overlaps and what is encoded included.
pub(super) fn look(engine: &Engine, text: &Text<'_>) -> Detection {
    look_at(engine, text, &mut Depth::start())
}

/// Finds what stands in a text, and in what it decodes to as far as `depth` allows.
pub(super) fn look_at(engine: &Engine, text: &Text<'_>, depth: &mut Depth) -> Detection {
    let mut look = Look::new(engine, text);
    visit(&engine.masks, text.bytes, &mut look);
    look.search_windows();
    let (found, blobs) = (look.found, look.layers);
    if depth.is_end() { found } else { deep::look_inside(engine, text, found, blobs, depth) }
}

/// As [`look`], without any table: every pattern runs over the whole text.
pub(super) fn look_ungated(engine: &Engine, text: &Text<'_>) -> Detection {
    let mut look = Look::new(engine, text);
    let count = engine.rules.imported().map_or(engine.rules.len(), |(first, _)| first);
    let looks = |index: &usize| engine.rules.is_enabled(*index) && engine.rules.has_pattern(*index);
    for index in (0..count).filter(looks) {
        look.search(index, engine.rules.get(index), 0..text.bytes.len());
    }
    look.found
}

/// A hostile text holds millions of near misses; nobody reads so many.
const SUPPRESSED_MAX: usize = 10_000;

/// With more matches than this a text is not looked at to its end. A scan shows a small part of
/// them, so that such a file is in no case "clean".
pub(super) const MATCHES_MAX: usize = 300_000;

/// So many places are remembered before those that lie far behind are forgotten.
const PLACES_MAX: usize = 4096;

/// An id and its secret stand this close in a call or a line: `("id", "secret")`.
const PART_GAP: usize = 12;

/// A table tries this many bytes in the time in which a regex is compiled.
const WALK_MAX: usize = 4 << 10;

/// Values longer than this have no words near their end.
const VALUE_MAX: usize = 4096;

/// A name is at most this long.
const NAME_MAX: usize = 120;

struct Look<'a> {
    engine: &'a Engine,
    text: &'a Text<'a>,
    near: NearWords,
    /// For each rule that needs a regex the last part that it must search.
    windows: Vec<(usize, Span)>,
    /// Where the last name started that the search for assignments was given.
    last_name: Option<usize>,
    blobs: Blobs,
    /// What the text holds in base64 and hex.
    layers: Vec<Layer>,
    /// Where values were looked at.
    values: HashSet<usize>,
    found: Detection,
}

impl Visit for Look<'_> {
    fn is_done(&self) -> bool {
        self.found.is_full
    }

    fn token(&mut self, at: usize) {
        self.shapes(at);
        if at > 0
            && self.text.bytes[at - 1] == b'['
            && let Some(behind) = boundary::behind_color(self.text.bytes, at)
        {
            self.shapes(behind);
        }
    }

    fn run(&mut self, at: usize, head: &Head) {
        let bytes = self.text.bytes;
        if self.text.kind == FileKind::Binary {
            // What touches a key there may be its length, or another string.
            (at + 1..run_end(bytes, at)).for_each(|at| self.shapes(at));
        }
        if may_open(bytes, at) {
            self.layers.extend(self.blobs.of_run(bytes, at..run_end(bytes, at)));
        }
        self.value_before_colon(at);
        let is_escape = at > 0 && bytes[at - 1] == b'\\';
        let (at, head) = if is_escape { (at + 1, head.behind_first()) } else { (at, *head) };
        let is_start = is_escape || boundary::is_value_start(&bytes[..at]);
        if is_start && head.is_worth_a_look(&bytes[at..]) {
            self.value(at);
        }
    }

    fn fragment(&mut self, at: usize) {
        let engine = self.engine;
        for (first, tables) in &engine.tables {
            tables.keywords.hits_at(self.text.bytes, at, |hit| self.keyword(*first, tables, hit));
        }
    }
}

impl<'a> Look<'a> {
    fn new(engine: &'a Engine, text: &'a Text<'a>) -> Look<'a> {
        let found = Detection::default();
        let near = NearWords::default();
        let (windows, layers) = (Vec::new(), Vec::new());
        let (blobs, values) = (Blobs::default(), HashSet::new());
        Look { engine, text, near, windows, last_name: None, blobs, layers, values, found }
    }

    /// Tries the rules that start with the bytes at `at`.
    fn shapes(&mut self, at: usize) {
        let engine = self.engine;
        for (first, tables) in &engine.tables {
            tables.shapes.each(self.text.bytes, at, |rule| {
                self.anchored(*first, tables, rule, at);
            });
        }
    }

    /// Tries a value whose first part is too short for a run: `43505337:` before 35 characters.
    fn value_before_colon(&mut self, at: usize) {
        let bytes = self.text.bytes;
        if at == 0 || bytes[at - 1] != b':' {
            return;
        }
        let before = bytes[..at - 1].iter().rev().take(RUN_MIN);
        let len = before.take_while(|byte| holds(&WORD, **byte)).count();
        let start = at - 1 - len;
        let is_short = (1..RUN_MIN).contains(&len);
        let value = &bytes[start..];
        if is_short
            && boundary::is_value_start(&bytes[..start])
            && Head::of(value).is_worth_a_look(value)
        {
            self.value(start);
        }
    }

    /// Tries a linear rule at the place where its match would start.
    fn anchored(&mut self, first: usize, tables: &Tables, local: usize, at: usize) {
        let index = first + local;
        if !self.engine.rules.is_enabled(index) {
            return;
        }
        // Most places only share their first bytes with a key: the rule, which may have to be read
        // first, is asked last.
        let rules = &self.engine.rules;
        let text = self.text;
        let is_whole = |secret: &Span| is_whole(rules.get(index), text, secret);
        if let Some(secret) = tables.linears.match_at(local, text.bytes, at, is_whole) {
            self.matched(index, rules.get(index), secret);
        }
    }

    fn keyword(&mut self, first: usize, tables: &Tables, hit: Hit) {
        let index = first + hit.rule;
        if !self.engine.rules.is_enabled(index) {
            return;
        }
        if let Some(back) = hit.back {
            if let Some(start) = hit.start.checked_sub(back) {
                self.anchored(first, tables, hit.rule, start);
            }
            return;
        }
        let rule = self.engine.rules.get(index);
        if rule.checks.contains(&Check::Assignment) {
            self.assignment(index, rule, &hit);
            return;
        }
        let from = &self.text.bytes[hit.start..];
        if !from.starts_with(b"://") || boundary::may_hold_password(from) {
            self.window(index, rule, &hit);
        }
    }

    fn assignment(&mut self, index: usize, rule: &Rule, hit: &Hit) {
        let bytes = self.text.bytes;
        let before = bytes[..hit.start].iter().rev().take(NAME_MAX);
        let start = hit.start - before.take_while(|byte| assignment::is_name(**byte)).count();
        if self.last_name != Some(start) {
            self.last_name = Some(start);
            let keyword = hit.start..hit.start + hit.len;
            self.assigned(index, rule, assignment::find_at_keyword(self.text, keyword));
        }
    }

    fn assigned(&mut self, index: usize, rule: &Rule, assigned: Vec<Assigned>) {
        for found in assigned {
            // What is assigned to a telling name is worth a look even where the value is too short
            // for a run of the vector pass, or is the one in a hundred that does not look random.
            if may_be_key(&self.text.bytes[found.secret.clone()]) {
                self.value(found.secret.start);
            }
            let verdict = found.suppression.map_or(Ok(found.confidence), Err);
            self.record(index, rule, found.secret, verdict, 0);
        }
    }

    /// Notes where a rule with a regex must search. What lies apart from its last window is searched
    /// at once, so that a text full of keywords fills no memory.
    fn window(&mut self, index: usize, rule: &Rule, hit: &Hit) {
        let word = hit.start..hit.start + hit.len;
        let around = if rule.near.is_empty() { word } else { reach(self.text.bytes, &word) };
        let end = around.end.saturating_add(rule.reach as usize).min(self.text.bytes.len());
        let start = around.start.saturating_sub(rule.reach as usize);
        match self.windows.iter_mut().find(|(known, _)| *known == index) {
            None => self.windows.push((index, start..end)),
            Some((_, last)) if last.end >= start => last.end = last.end.max(end),
            Some((_, last)) => {
                let before = std::mem::replace(last, start..end);
                self.search_window(index, rule, before);
            }
        }
    }

    fn search_windows(&mut self) {
        for (index, window) in std::mem::take(&mut self.windows) {
            self.search_window(index, self.engine.rules.get(index), window);
        }
    }

    fn search_window(&mut self, index: usize, rule: &Rule, window: Span) {
        if self.walks(index, rule, window.len()) {
            self.walk(index, rule, window);
        } else {
            self.search(index, rule, window);
        }
    }

    /// Returns whether a rule shall be tried at each place of a window by its table. A regex is ten
    /// times faster, but compiling it costs as much as a hook has in all: it comes when it pays.
    fn walks(&self, index: usize, rule: &Rule, len: usize) -> bool {
        let (local, tables) = self.tables_of(index);
        let walked = self.engine.walked.get_or_init(index, Cell::default);
        let is_cheap = walked.get() + len <= WALK_MAX;
        let walks = is_cheap && rule.boundary == Boundary::Token && tables.linears.has(local);
        walked.set(walked.get() + if walks { len } else { 0 });
        walks
    }

    /// Tries a rule at each place of a window where a token may start.
    fn walk(&mut self, index: usize, rule: &Rule, window: Span) {
        let bytes = self.text.bytes;
        let (local, tables) = self.tables_of(index);
        let is_secret_first = tables.linears.starts_with_secret(local);
        let mut at = window.start;
        while at < window.end && !self.found.is_full {
            let may_start = !is_secret_first
                || self.text.kind == FileKind::Binary
                || boundary::may_start(&bytes[..at]);
            let is_whole = |secret: &Span| is_whole(rule, self.text, secret);
            let linears = &tables.linears;
            match may_start.then(|| linears.match_at(local, bytes, at, is_whole)).flatten() {
                Some(secret) => {
                    at = secret.end.max(at + 1);
                    self.matched(index, rule, secret);
                }
                None => at += 1,
            }
        }
    }

    /// Runs a rule over a part of the text.
    fn search(&mut self, index: usize, rule: &Rule, window: Span) {
        if rule.checks.contains(&Check::Assignment) {
            return self.assigned(index, rule, assignment::find(rule, self.text, window));
        }
        let bytes = self.text.bytes;
        let pattern = self.engine.pattern(index, rule);
        let mut captures = pattern.regex.create_captures();
        let mut at = window.start;
        while at < window.end && !self.found.is_full {
            let input = Input::new(bytes).range(at..window.end);
            pattern.regex.search_captures(&input, &mut captures);
            let Some(whole) = captures.get_match() else { return };
            at = whole.end().max(at + 1);
            let Some(secret) = captures.get_group(pattern.secret_group) else { continue };
            let mut secret = secret.start..secret.end;
            if !is_whole(rule, self.text, &secret) {
                let Some(shorter) = self.given_back(index, whole.start()) else {
                    // A token may start inside a longer run that did not hold; look again behind
                    // its first byte, or a real key right after a false start would be jumped over.
                    at = self.next_start(index, whole.start() + 1..window.end);
                    continue;
                };
                at = shorter.end.max(whole.start() + 1);
                secret = shorter;
            }
            self.matched(index, rule, secret);
        }
    }

    /// Returns where a rule can match next. In the middle of a token no secret is whole, so that one
    /// which starts its match is not looked for at each byte of a long token.
    fn next_start(&self, index: usize, mut range: Span) -> usize {
        let (local, tables) = self.tables_of(index);
        let bytes = self.text.bytes;
        let is_text = self.text.kind != FileKind::Binary;
        match is_text && tables.linears.has(local) && tables.linears.starts_with_secret(local) {
            true => range.find(|at| boundary::may_start(&bytes[..*at])).unwrap_or(bytes.len()),
            false => range.start,
        }
    }

    /// Judges what a pattern matched: with the words nearby where the rule names some.
    fn matched(&mut self, index: usize, rule: &Rule, secret: Span) {
        if rule.near.is_empty() {
            self.judge(index, rule, secret);
        } else {
            let words = words_of(rule, self.text.bytes, &secret);
            let around = evidence::Surroundings::of(self.text.bytes, &secret);
            self.weigh(index, rule, secret, &around, &words);
        }
    }

    /// Returns the whole token of a linear rule that is shorter than what its regex took: a table
    /// gives back an optional end, such as the `==` of `…==_`, where a regex keeps what it has.
    fn given_back(&self, index: usize, at: usize) -> Option<Span> {
        let (local, tables) = self.tables_of(index);
        let rule = self.engine.rules.get(index);
        let bytes = self.text.bytes;
        let is_whole = |secret: &Span| is_whole(rule, self.text, secret);
        tables.linears.has(local).then(|| tables.linears.match_at(local, bytes, at, is_whole))?
    }

    /// Returns the tables that a rule is in, and its index there.
    fn tables_of(&self, index: usize) -> (usize, &'a Tables) {
        let of_rule = self.engine.tables.iter().rfind(|(first, _)| *first <= index);
        let (first, tables) = of_rule.expect("every rule is in a table");
        (index - first, tables)
    }

    /// Asks which vendors are spoken of near a value, and tries their rules on it.
    fn value(&mut self, at: usize) {
        let bytes = self.text.bytes;
        if !self.values.insert(at) {
            return;
        }
        if self.values.len() > PLACES_MAX {
            self.values.retain(|place| place + VALUE_MAX > at);
        }
        let near_end = run_end(&bytes[..bytes.len().min(at + VALUE_MAX)], at);
        let engine = self.engine;
        let vocabulary = Vocabulary { tables: &engine.tables, masks: &engine.near_masks };
        let words = self.near.around(&vocabulary, bytes, &(at..near_end));
        let mut around = None;
        for words in words.chunk_by(|a, b| a.rule == b.rule) {
            let index = words[0].rule;
            if !self.engine.rules.is_enabled(index) {
                continue;
            }
            let Some(secret) = self.match_value(index, at) else { continue };
            let rule = self.engine.rules.get(index);
            let words: Vec<Span> = words.iter().map(|word| word.span.clone()).collect();
            let around = around.get_or_insert_with(|| evidence::Surroundings::of(bytes, &(at..at)));
            self.weigh(index, rule, secret, around, &words);
        }
    }

    fn match_value(&self, index: usize, at: usize) -> Option<Span> {
        let bytes = self.text.bytes;
        let (local, tables) = self.tables_of(index);
        if tables.linears.has(local) {
            let is_whole =
                |secret: &Span| is_whole(self.engine.rules.get(index), self.text, secret);
            return tables.linears.match_at(local, bytes, at, is_whole);
        }
        let rule = self.engine.rules.get(index);
        let pattern = self.engine.pattern(index, rule);
        let end = bytes.len().min(at + (rule.reach as usize).min(REACH_MAX as usize));
        let input = Input::new(bytes).range(at..end).anchored(Anchored::Yes);
        let mut captures = pattern.regex.create_captures();
        pattern.regex.search_captures(&input, &mut captures);
        let secret = captures.get_group(pattern.secret_group)?;
        let secret = secret.start..secret.end;
        is_whole(rule, self.text, &secret).then_some(secret)
    }

    fn weigh(
        &mut self,
        index: usize,
        rule: &Rule,
        secret: Span,
        around: &evidence::Surroundings,
        words: &[Span],
    ) {
        let is_outside = |word: &&Span| word.end <= secret.start || word.start >= secret.end;
        let words: Vec<Span> = words.iter().filter(is_outside).cloned().collect();
        let is_behind_part = self.is_behind_part(rule, secret.start);
        let case = evidence::Case {
            rule,
            text: self.text,
            secret: &secret,
            around,
            words: &words,
            is_behind_part,
        };
        let fit = case.weigh();
        let verdict = fit.and_then(|fit| {
            judge::judge(rule, self.text, &secret).map(|sure| sure.min(fit.confidence))
        });
        self.record(index, rule, secret, verdict, fit.map_or(0, |fit| fit.rank));
    }

    /// Returns whether the value stands directly behind a match of a rule that it belongs with.
    fn is_behind_part(&self, rule: &Rule, at: usize) -> bool {
        if rule.with.is_empty() || !rule.is_shapeless {
            return false;
        }
        let bytes = self.text.bytes;
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let back = |end: usize, most: usize, stop: bool| {
            let bytes = bytes[..end].iter().rev().take(most);
            end - bytes.take_while(|byte| is_part(**byte) != stop).count()
        };
        let end = back(at, PART_GAP, true);
        let start = back(end, NAME_MAX, false);
        rule.with
            .iter()
            .filter_map(|id| self.engine.rules.index_and_rule(id))
            .any(|(index, _)| self.match_value(index, start).is_some_and(|found| found.end == end))
    }

    fn judge(&mut self, index: usize, rule: &Rule, secret: Span) {
        let verdict = judge::judge(rule, self.text, &secret);
        self.record(index, rule, secret, verdict, 0);
    }

    fn record(
        &mut self,
        index: usize,
        rule: &Rule,
        secret: Span,
        verdict: Result<Confidence, Suppression>,
        rank: u16,
    ) {
        match verdict {
            // Nobody is told of what is of low confidence, unless all else is told too.
            Ok(confidence) if self.found.matches.len() >= MATCHES_MAX => {
                self.found.is_full |= confidence >= Confidence::Medium;
            }
            Ok(confidence) => {
                let public_len = public_len(rule, &self.text.bytes[secret.clone()]);
                let parts = Vec::new();
                let found = Match { rule: index, secret, parts, confidence, public_len, rank };
                self.found.matches.push(found);
            }
            Err(why) if self.found.suppressed.len() < SUPPRESSED_MAX => {
                self.found.suppressed.push(Suppressed { rule: index, secret, why });
            }
            Err(_) => {}
        }
    }
}

/// Returns where the words of one rule stand near a value.
pub(super) fn words_of(rule: &Rule, text: &[u8], secret: &Span) -> Vec<Span> {
    let near = reach(text, secret);
    let folded = text[near.clone()].to_ascii_lowercase();
    let find = |word: &String| {
        let word = word.to_ascii_lowercase();
        let starts: Vec<usize> = memchr::memmem::find_iter(&folded, word.as_bytes()).collect();
        starts.into_iter().map(move |at| near.start + at..near.start + at + word.len())
    };
    rule.near.iter().flat_map(find).filter(|word| is_word(text, word)).collect()
}

/// Returns where the run of token bytes from `at` ends.
fn run_end(text: &[u8], at: usize) -> usize {
    let rest = &text[at..];
    at + rest.iter().position(|byte| !holds(&WORD, *byte)).unwrap_or(rest.len())
}

fn is_whole(rule: &Rule, text: &Text<'_>, secret: &Span) -> bool {
    rule.boundary == Boundary::None
        || boundary::is_token(text.bytes, secret, rule)
        || (text.kind == FileKind::Binary
            && boundary::stands_out(rule, &text.bytes[secret.clone()]))
}

/// Returns whether an assigned value may be a key without a shape: it holds a digit, or is a long
/// piece of letters.
fn may_be_key(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_digit)
        || value.len() >= RUN_MIN && value.iter().all(u8::is_ascii_alphabetic)
}
