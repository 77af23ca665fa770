//! Says why an example of a rule does not do what it promises.

use std::ops::Range;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_syntax::hir::{Hir, HirKind};

use super::check::Mistake;
use crate::detect::{Detection, Engine, FileKind, Text, decode};
use crate::finding::Confidence;
use crate::rule::{Check, Expanded, Outline, ProvenRule, RuleSet, expand, fillings, pattern_hir};

/// What is wrong with an example, and how to mend it.
type Fault = (String, String);

/// Examples are filled in this many ways, as the laws do it.
const SEEDS: u64 = 3;

/// Looks at the examples of own rules, beside all built-in ones.
pub(super) struct Examiner {
    engine: Engine,
}

impl Examiner {
    pub(super) fn new(rules: &[ProvenRule]) -> Examiner {
        let mut set = RuleSet::builtin();
        set.add(rules.iter().map(|proven| proven.rule.clone()).collect());
        Examiner { engine: Engine::new(set) }
    }

    /// Returns what is wrong with each example of a rule.
    pub(super) fn look(&self, proven: &ProvenRule, outline: &Outline) -> Vec<Mistake> {
        let examples = &proven.examples;
        let matches = examples.matches.iter().enumerate();
        let ignores = examples.ignores.iter().enumerate();
        let matches = matches.map(|(i, e)| (outline.match_line(i), self.of_match(proven, e)));
        let ignores = ignores.map(|(i, e)| (outline.ignore_line(i), self.of_ignore(proven, e)));
        let mistake = |(line, fault): (usize, Option<Fault>)| {
            let (problem, hint) = fault?;
            Some(Mistake { line, rule: proven.rule.id.clone(), problem, hint })
        };
        matches.chain(ignores).filter_map(mistake).collect()
    }

    /// Returns whether it has something to say of this example.
    pub(super) fn explains(&self, proven: &ProvenRule, example: &String) -> bool {
        let is_match = proven.examples.matches.contains(example);
        is_match && self.of_match(proven, example).is_some()
            || proven.examples.ignores.contains(example)
                && self.of_ignore(proven, example).is_some()
    }

    fn of_match(&self, proven: &ProvenRule, example: &str) -> Option<Fault> {
        if let Some(fault) = self.looks_live(example) {
            return Some(fault);
        }
        (0..SEEDS).find_map(|seed| self.of_filled_match(proven, example, seed))
    }

    fn of_filled_match(&self, proven: &ProvenRule, example: &str, seed: u64) -> Option<Fault> {
        let expanded = match expand(example, seed) {
            Ok(expanded) => expanded,
            Err(problem) => return Some(not_expanded(problem)),
        };
        if let Some(fault) = unknown_filling(&expanded.text) {
            return Some(fault);
        }
        let [marked] = &expanded.secrets[..] else {
            let problem = format!("it marks {} secrets instead of one", expanded.secrets.len());
            let hint = "put « and » around what the rule captures: «acme_{{alnum-lower 40}}»";
            return Some((problem, hint.to_owned()));
        };
        no_keyword(proven, &expanded.text).or_else(|| {
            let least = proven.rule.confidence.min(Confidence::Medium);
            let found = self.found(&expanded, least);
            let own = found.iter().find(|(id, _)| *id == proven.rule.id);
            match own {
                None => Some(self.why_quiet(proven, &expanded, marked, &found)),
                Some((_, span)) if span != marked => Some(wrong_span(span, marked)),
                Some(_) => other_than(&proven.rule.id, &found)
                    .or_else(|| keyword_outside(proven, &expanded.text)),
            }
        })
    }

    fn of_ignore(&self, proven: &ProvenRule, example: &str) -> Option<Fault> {
        let filled = (0..SEEDS).find_map(|seed| {
            let expanded = match expand(example, seed) {
                Ok(expanded) => expanded,
                Err(problem) => return Some(not_expanded(problem)),
            };
            let found = self.found(&expanded, Confidence::Medium);
            if found.iter().any(|(id, _)| *id == proven.rule.id) {
                let hint = "say in the pattern what tells it apart (its length, its characters); \
                            or, if it is a key, move it to `matches`";
                return Some(("it must stay quiet, but the rule fires".into(), hint.into()));
            }
            let (other, _) = found.iter().find(|(id, _)| !self.is_generic(id))?;
            let problem = format!("it must stay quiet, but `{other}` fires");
            Some((problem, "take the key of that kind out of the example".to_owned()))
        });
        filled.or_else(|| self.looks_live(example))
    }

    fn is_generic(&self, id: &str) -> bool {
        let rule = self.engine.rules().by_id(id);
        rule.is_some_and(|rule| rule.checks.contains(&Check::Assignment))
    }

    fn found(&self, expanded: &Expanded, least: Confidence) -> Vec<(&str, Range<usize>)> {
        let detection = detect(&self.engine, expanded, Engine::detect);
        let found = detection.matches.into_iter().filter(|found| found.confidence >= least);
        let id = |rule: usize| self.engine.rules().get(rule).id.as_str();
        found.map(|found| (id(found.rule), found.secret)).collect()
    }

    /// An example that is found as it stands would block the very file that holds it.
    fn looks_live(&self, example: &str) -> Option<Fault> {
        let (path, text) = match example.strip_prefix('@').and_then(|named| named.split_once('|')) {
            Some((path, text)) => (path, text),
            None => ("", example),
        };
        let raw = Expanded { path: path.to_owned(), text: text.to_owned(), secrets: Vec::new() };
        let (id, _) = self.found(&raw, Confidence::Medium).into_iter().next()?;
        let problem = format!("it looks like a live key: `{id}` finds it as it stands");
        let hint = "no file should hold one: write what varies as {{alnum-lower 40}} or the like";
        Some((problem, hint.to_owned()))
    }

    /// Explains why a rule says nothing of what it should find.
    fn why_quiet(
        &self,
        proven: &ProvenRule,
        expanded: &Expanded,
        marked: &Range<usize>,
        found: &[(&str, Range<usize>)],
    ) -> Fault {
        let alone = Engine::new(RuleSet::only(vec![proven.rule.clone()]));
        let detection = detect(&alone, expanded, Engine::detect_ungated);
        let others: Vec<String> = found.iter().map(|(id, _)| format!("`{id}`")).collect();
        let but =
            if others.is_empty() { String::new() } else { format!(", {} does", others.join(", ")) };
        let problem = format!("the rule does not fire here{but}");
        let hint = if let Some(quiet) = detection.suppressed.first() {
            let why = quiet.why;
            let problem = format!("the rule does not fire here ({}){but}", why.as_str());
            return (problem, why.explain().to_owned());
        } else if let Some(low) =
            detection.matches.iter().find(|m| m.confidence < Confidence::Medium)
        {
            return (
                format!("{problem}: its confidence is {} only", low.confidence.as_str()),
                "a checksum that does not hold lowers it; add {{sum NAME}} to the example"
                    .to_owned(),
            );
        } else if !detection.matches.is_empty() {
            "it does alone; another rule names the same secret: switch that off with `disable`, or \
             give this rule its id"
                .to_owned()
        } else {
            pattern_hint(&proven.rule.pattern, &expanded.text, marked)
        };
        (problem, hint)
    }
}

fn detect(
    engine: &Engine,
    expanded: &Expanded,
    how: fn(&Engine, &Text<'_>) -> Detection,
) -> Detection {
    let (bytes, is_binary) = decode(expanded.text.as_bytes());
    let kind = FileKind::of_path(expanded.path.as_bytes()).unless_binary(is_binary);
    how(engine, &Text { bytes: &bytes, kind })
}

fn not_expanded(problem: String) -> Fault {
    let is_mark = problem.contains(['«', '»']);
    let hint = "put « before the secret and » behind it: «acme_{{alnum-lower 40}}»";
    (problem, if is_mark { hint.to_owned() } else { filling_hint() })
}

fn filling_hint() -> String {
    format!("there are: {}", fillings().join(", "))
}

/// Finds `{{alphanum 40}}`, which was meant to be filled in and was not.
fn unknown_filling(text: &str) -> Option<Fault> {
    let bodies = text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    let name = bodies.map(|(body, _)| body).find_map(|body| {
        let (name, len) = body.split_once(' ')?;
        (len.parse::<usize>().is_ok() && !name.is_empty()).then_some(name)
    })?;
    let near = fillings().into_iter().min_by_key(|known| strsim::levenshtein(name, known));
    let near = near.filter(|known| strsim::levenshtein(name, known) <= 4);
    let hint = near.map_or_else(filling_hint, |known| {
        format!("did you mean {{{{{known} …}}}}? {}", filling_hint())
    });
    Some((format!("`{{{{{name} …}}}}` is not filled in: there is no such alphabet"), hint))
}

fn no_keyword(proven: &ProvenRule, text: &str) -> Option<Fault> {
    let words = proven.rule.keywords.iter().chain(&proven.rule.near);
    let folded = text.to_ascii_lowercase();
    if words.clone().any(|word| folded.contains(&word.to_ascii_lowercase())) {
        return None;
    }
    let key = if proven.rule.near.is_empty() { "keywords" } else { "near" };
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    let problem = format!("none of its `{key}` stands in this text: {}", words.join(", "));
    let hint = if key == "near" {
        "add a word that stands beside such keys"
    } else {
        "a keyword is text that every match holds, letter by letter, as acme_ is"
    };
    Some((problem, hint.to_owned()))
}

/// A keyword beside the match is only there by chance.
fn keyword_outside(proven: &ProvenRule, text: &str) -> Option<Fault> {
    let rule = &proven.rule;
    let found = compiled(&rule.pattern, true, false)?.find(text.as_bytes())?;
    let folded = text[found.range()].to_ascii_lowercase();
    let is_inside = |word: &String| folded.contains(&word.to_ascii_lowercase());
    if rule.keywords.is_empty() || rule.keywords.iter().any(is_inside) {
        return None;
    }
    let problem = "its keyword stands beside what the pattern matches, not in it".to_owned();
    let hint = "take a text that the pattern itself holds; words beside a key go into `near`";
    Some((problem, hint.to_owned()))
}

fn other_than(id: &str, found: &[(&str, Range<usize>)]) -> Option<Fault> {
    let (other, _) = found.iter().find(|(other, _)| *other != id)?;
    let hint = "show one secret in an example; if both belong together, name the other in `with`";
    Some((format!("`{other}` fires too"), hint.to_owned()))
}

fn wrong_span(span: &Range<usize>, marked: &Range<usize>) -> Fault {
    let bytes =
        |number: usize| if number == 1 { "1 byte".into() } else { format!("{number} bytes") };
    let ends = [
        (span.start, marked.start, "at the start", "more", "less"),
        (span.end, marked.end, "at the end", "less", "more"),
    ];
    let said = ends.iter().filter(|(is, should, ..)| is != should);
    let said: Vec<String> = said
        .map(|(is, should, place, below, above)| {
            let word = if is < should { below } else { above };
            format!("{} {word} {place}", bytes(is.abs_diff(*should)))
        })
        .collect();
    let problem = format!("it captures {} than « » mark", said.join(" and "));
    let hint = "move the marks, or have `(?<secret>…)` take in just that; `.*` takes all of a line";
    (problem, hint.to_owned())
}

/// Says what about a pattern keeps it from matching.
fn pattern_hint(pattern: &str, text: &str, marked: &Range<usize>) -> String {
    let matches = |is_extended, is_folded| {
        compiled(pattern, is_extended, is_folded)
            .is_some_and(|regex| regex.is_match(text.as_bytes()))
    };
    let is_text = |(at, _): (usize, &str)| pattern[..at].ends_with(|c: char| !" \n\\".contains(c));
    if pattern.match_indices('#').any(is_text) || matches(false, false) {
        return "white space in a pattern is ignored and `#` starts a comment: write `\\ ` and `\\#`"
            .to_owned();
    }
    let (is, length) = (marked.len(), pattern_hir(pattern).ok().as_ref().and_then(secret_length));
    if let Some((least, most)) = length.filter(|(least, most)| is < *least || is > *most) {
        let takes = match most {
            usize::MAX => format!("{least} or more"),
            most if most == least => most.to_string(),
            most => format!("{least} to {most}"),
        };
        return format!("the marked text has {is} bytes, `(?<secret>…)` takes {takes}");
    }
    if matches(true, false) {
        return "the pattern matches, but a letter, a digit or `_` touches the secret: take it in, \
                or write boundary = \"none\""
            .to_owned();
    }
    if matches(true, true) {
        return "case counts: write the letters as they stand, or (?i) at the start".to_owned();
    }
    "the pattern does not match the text: compare them part by part".to_owned()
}

fn compiled(pattern: &str, is_extended: bool, is_folded: bool) -> Option<Regex> {
    let syntax = syntax::Config::new()
        .unicode(false)
        .utf8(false)
        .ignore_whitespace(is_extended)
        .case_insensitive(is_folded);
    let config = Regex::config().utf8_empty(false);
    Regex::builder().syntax(syntax).configure(config).build(pattern).ok()
}

/// Returns how long the secret may be.
fn secret_length(hir: &Hir) -> Option<(usize, usize)> {
    match hir.kind() {
        HirKind::Capture(group) if group.name.as_deref() == Some("secret") => {
            let of = group.sub.properties();
            Some((of.minimum_len()?, of.maximum_len().unwrap_or(usize::MAX)))
        }
        HirKind::Capture(group) => secret_length(&group.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().find_map(secret_length)
        }
        HirKind::Repetition(repetition) => secret_length(&repetition.sub),
        _ => None,
    }
}
