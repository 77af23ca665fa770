//! Text in, matches out.
//!
//! Same bytes, same rules, same matches: no I/O, no configuration look-ups, no `Result`. How it
//! works inside is nobody's business outside: one pass of vector instructions (`mask`) leaves few
//! places (`candidates`), tables made at build time say which rules could match there (`look`), the
//! judge drops what is no secret, and of overlapping matches the most telling one stays
//! (`overlap`).

use std::cell::Cell;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use crate::finding::{Confidence, Span};
use crate::rule::{Cells, Fragments, Gate, ImportedHit, Prefilter, Rule, RuleSet, Tables};

mod assignment;
mod boundary;
mod candidates;
mod decode;
mod deep;
mod evidence;
#[cfg(test)]
mod gates;
mod head;
mod judge;
mod kind;
mod laws;
mod layer;
mod look;
mod mask;
mod name;
mod near;
mod overlap;
mod pairs;
mod random;
mod words;

pub use decode::decode;
pub use judge::Suppression;
pub use kind::{FileKind, Place};
pub use laws::{Broken, check_laws, check_own};
pub use pairs::{Pair, pairs};
pub use random::looks_random;

/// A text to look at.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// The bytes, decoded from UTF-16 if they were (see [`decode`]).
    pub bytes: &'a [u8],
    /// What kind of file they came from.
    pub kind: FileKind,
}

/// A pattern hit that was judged to be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The index of the rule in the [`RuleSet`].
    pub rule: usize,
    /// The bytes to protect.
    pub secret: Span,
    /// Other parts of the same credential, such as the id that belongs to a secret.
    pub parts: Vec<Span>,
    /// How sure this match is.
    pub confidence: Confidence,
    /// How many bytes at the start of the secret are public, such as `sk-ant-`.
    pub public_len: usize,
    /// How well the surroundings fit, for keys without a shape.
    pub rank: u16,
}

/// A pattern hit that is not a finding, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// The index of the rule in the [`RuleSet`].
    pub rule: usize,
    /// What the pattern captured.
    pub secret: Span,
    /// The named reason.
    pub why: Suppression,
}

/// What one look at a text found, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detection {
    /// The secrets.
    pub matches: Vec<Match>,
    /// What looked like one and was not.
    pub suppressed: Vec<Suppressed>,
    /// Whether something that was decoded holds more encoded text than was looked into.
    pub is_cut: bool,
    /// Whether the text was not looked at to its end, since it holds more matches than are kept.
    pub is_full: bool,
}

/// Returns whether a name says that its value is a secret.
pub fn promises_secret(name: &[u8]) -> bool {
    name::promised(name).is_some_and(|promise| promise.strength > name::Strength::Faint)
}

/// Returns whether a value only stands in for a secret: a reference, a placeholder, a dummy, a
/// documented or a public value.
pub fn is_stand_in(value: &[u8]) -> bool {
    judge::is_real(value).is_err()
}

/// Returns whether a guess would find the value: it is made of common words.
pub fn is_guessable(value: &[u8]) -> bool {
    judge::is_wordy(value)
}

/// Rules made ready to run. Patterns that need a regex are compiled when they are first needed.
pub struct Engine {
    rules: RuleSet,
    /// The tables of the built-in rules and of the user's, each with the index of its first rule.
    tables: Vec<(usize, Tables)>,
    masks: mask::Masks,
    /// Looks for the words near values.
    near_masks: mask::Masks,
    patterns: Cells<Pattern>,
    /// For each rule how many bytes its table was tried on, one after the other.
    walked: Cells<Cell<usize>>,
}

struct Pattern {
    regex: Regex,
    secret_group: usize,
}

impl Engine {
    /// Makes the rules ready.
    pub fn new(rules: RuleSet) -> Engine {
        let tables = rules.tables();
        let masks_of = |pieces: fn(&Tables) -> &Fragments, words: fn(&Tables) -> &Prefilter| {
            let all = tables.iter().map(|(_, tables)| (pieces(tables), words(tables).gate()));
            let none = (Fragments::default(), Gate::default());
            let (pieces, gate) =
                all.fold(none, |(pieces, gate), (more, and)| (pieces.or(more), gate.or(and)));
            mask::Masks::new(pieces, gate)
        };
        let masks = masks_of(|t| &t.fragments, |t| &t.keywords);
        let near_masks = masks_of(|t| &t.near_fragments, |t| &t.near);
        let (patterns, walked) = (Cells::new(rules.len()), Cells::new(rules.len()));
        Engine { rules, tables, masks, near_masks, patterns, walked }
    }

    /// Returns the rules it runs.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Finds the secrets in a text.
    pub fn detect(&self, text: &Text<'_>) -> Detection {
        overlap::resolve(&self.rules, text.bytes, look::look(self, text))
    }

    /// Finds the secrets in the content of the file `path`, with imported rules too.
    pub fn detect_in_file(&self, text: &Text<'_>, path: &str) -> Detection {
        let mut detection = look::look(self, text);
        if let Some((_, imported)) = self.rules.imported() {
            self.add_imported(imported.search(text.bytes, path), &mut detection);
        }
        overlap::resolve(&self.rules, text.bytes, detection)
    }

    /// Finds the secrets in a path, with imported rules that look at names alone.
    pub fn detect_in_name(&self, path: &str) -> Detection {
        let text = Text { bytes: path.as_bytes(), kind: FileKind::Binary };
        let mut detection = look::look(self, &text);
        if let Some((_, imported)) = self.rules.imported() {
            self.add_imported(imported.search_name(path), &mut detection);
        }
        overlap::resolve(&self.rules, text.bytes, detection)
    }

    fn add_imported(&self, hits: Vec<ImportedHit>, detection: &mut Detection) {
        let Some((first, _)) = self.rules.imported() else { return };
        for ImportedHit { rule, secret, parts, allowed, .. } in hits {
            let rule = first + rule;
            let confidence = self.rules.get(rule).confidence;
            match allowed.map(Suppression::Allowlist) {
                None => detection.matches.push(Match {
                    rule,
                    secret,
                    parts,
                    confidence,
                    public_len: 0,
                    rank: 0,
                }),
                Some(why) => detection.suppressed.push(Suppressed { rule, secret, why }),
            }
        }
    }

    /// As [`Engine::detect`], but every rule reads every byte: slow, and what `detect` is held
    /// against. It also says of every rule that looked why it stayed quiet.
    pub fn detect_ungated(&self, text: &Text<'_>) -> Detection {
        overlap::resolve(&self.rules, text.bytes, look::look_ungated(self, text))
    }

    /// Returns where words of a rule's vendor stand near a value, in the order of the rule's `near`.
    pub fn near_words(&self, rule: usize, text: &[u8], secret: &Span) -> Vec<Span> {
        let words = look::words_of(self.rules.get(rule), text, secret);
        let is_outside = |word: &Span| word.end <= secret.start || word.start >= secret.end;
        words.into_iter().filter(is_outside).collect()
    }

    fn pattern(&self, index: usize, rule: &Rule) -> &Pattern {
        self.patterns.get_or_init(index, || {
            let regex = Regex::builder()
                .syntax(syntax::Config::new().unicode(false).utf8(false).ignore_whitespace(true))
                .configure(Regex::config().utf8_empty(false).hybrid(false).onepass(false))
                .build(&rule.pattern)
                .expect("the pattern was parsed when its rule was loaded");
            let secret_group = regex
                .group_info()
                .to_index(regex_automata::PatternID::ZERO, "secret")
                .expect("the group was checked when the rule was loaded");
            Pattern { regex, secret_group }
        })
    }
}

/// Returns how much of the secret is the vendor's fixed text: the longest keyword it starts with.
fn public_len(rule: &Rule, secret: &[u8]) -> usize {
    rule.keywords
        .iter()
        .chain(&rule.starts)
        .filter(|word| {
            secret.get(..word.len()).is_some_and(|s| s.eq_ignore_ascii_case(word.as_bytes()))
        })
        .map(String::len)
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{expand, parse};

    fn engine(rules: &str) -> Engine {
        let rules = parse(rules).unwrap().into_iter().map(|proven| proven.rule).collect();
        Engine::new(RuleSet::only(rules))
    }

    fn acme() -> Engine {
        engine(
            r#"
[[rule]]
id = "acme-token"
name = "ACME token"
keywords = ["acme_"]
pattern = '(?<secret> acme_ [a-z0-9]{20} )'
"#,
        )
    }

    fn found(engine: &Engine, example: &str) -> Vec<String> {
        let text = expand(example, 3).unwrap().text;
        let text = Text { bytes: text.as_bytes(), kind: FileKind::Other };
        let spans = engine.detect(&text).matches.into_iter().map(|m| m.secret);
        spans.map(|span| String::from_utf8_lossy(&text.bytes[span]).into_owned()).collect()
    }

    #[test]
    fn finds_all_tokens_of_a_line() {
        let texts = found(&acme(), "a acme_{{alnum-lower 20}} b acme_{{alnum-lower 20}},");
        assert_eq!(texts.len(), 2);
    }

    #[test]
    fn a_false_start_does_not_hide_the_token_behind_it() {
        assert_eq!(found(&acme(), "acme_acme_{{alnum-lower 20}}").len(), 0);
        assert_eq!(found(&acme(), "acme_{{alnum-lower 9}} acme_{{alnum-lower 20}}").len(), 1);
    }

    #[test]
    fn a_token_is_whole() {
        assert_eq!(found(&acme(), "acme_{{alnum-lower 21}}").len(), 0);
        assert_eq!(found(&acme(), "xacme_{{alnum-lower 20}}").len(), 0);
        assert_eq!(found(&acme(), "x\\nacme_{{alnum-lower 20}}\\n").len(), 1);
    }

    #[test]
    fn a_near_rule_needs_its_word_nearby() {
        let engine = engine(
            r#"
[[rule]]
id = "acme-key"
name = "ACME key"
near = ["acme"]
checks = ["random"]
pattern = '(?<secret> [a-f0-9]{32} )'
"#,
        );
        assert_eq!(found(&engine, "ACME_KEY={{hex 32}}").len(), 1);
        assert_eq!(found(&engine, "acme:\n\n  key: {{hex 32}}").len(), 1);
        assert_eq!(found(&engine, "acme\n\n\n\n\n\n\n\nkey: {{hex 32}}").len(), 0);
        assert_eq!(found(&engine, "other: {{hex 32}}").len(), 0);
    }

    #[test]
    fn a_text_with_too_many_matches_is_not_looked_at_to_its_end() {
        let engine = engine(
            "[[rule]]\nid = \"a-b\"\nname = \"A\"\nkeywords = ['acm']\nboundary = 'none'\n\
             pattern = 'acm (?<secret> [a-z]{5} )'",
        );
        let detected = |count: usize| {
            let text = "acmvqxzk".repeat(count);
            engine.detect(&Text { bytes: text.as_bytes(), kind: FileKind::Other })
        };
        let (within, beyond) = (detected(1000), detected(look::MATCHES_MAX + 1));
        assert!(!within.is_full && within.matches.len() == 1000, "{within:?}");
        assert!(beyond.is_full && beyond.matches.len() == look::MATCHES_MAX);
    }

    #[test]
    fn a_million_keywords_stay_linear() {
        let text = "acme_".repeat(200_000);
        let text = Text { bytes: text.as_bytes(), kind: FileKind::Other };
        assert_eq!(acme().detect(&text).matches, []);
    }
}
