//! Text in, matches out.
//!
//! Same bytes, same rules, same matches: no I/O, no configuration look-ups, no `Result`. How it
//! works inside is nobody's business outside: a table of keywords says which rules could match
//! where, their patterns run there and nowhere else, the judge drops what is no secret, and of
//! overlapping matches the most telling one stays.

use std::cell::OnceCell;

use regex_automata::meta::Regex;
use regex_automata::{Input, util::syntax};

use crate::finding::{Confidence, Span};
use crate::rule::{Boundary, Check, Hit, Prefilter, Rule, RuleSet};

mod assignment;
mod boundary;
mod decode;
mod judge;
mod kind;
mod laws;
mod overlap;
mod random;

pub use decode::decode;
pub use judge::Suppression;
pub use kind::FileKind;
pub use laws::{Broken, check_laws, check_own};
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
}

/// Rules made ready to run. Patterns are compiled when they are first needed.
pub struct Engine {
    rules: RuleSet,
    prefilters: Vec<(usize, Prefilter)>,
    patterns: Vec<OnceCell<Pattern>>,
}

struct Pattern {
    regex: Regex,
    secret_group: usize,
}

/// How far from a `near` word a secret may start: this many lines or bytes, whichever is less.
const NEAR_LINES: usize = 5;
const NEAR_BYTES: usize = 600;

impl Engine {
    /// Makes the rules ready.
    pub fn new(rules: RuleSet) -> Engine {
        let prefilters = rules.prefilters();
        let patterns = (0..rules.len()).map(|_| OnceCell::new()).collect();
        Engine { rules, prefilters, patterns }
    }

    /// Returns the rules it runs.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Finds the secrets in a text.
    pub fn detect(&self, text: &Text<'_>) -> Detection {
        overlap::resolve(&self.rules, text.bytes, self.matches(text))
    }

    /// Finds the secrets in the content of the file `path`, with imported rules too.
    pub fn detect_in_file(&self, text: &Text<'_>, path: &str) -> Detection {
        let mut detection = self.matches(text);
        if let Some((_, imported)) = self.rules.imported() {
            self.add_imported(imported.search(text.bytes, path), &mut detection);
        }
        overlap::resolve(&self.rules, text.bytes, detection)
    }

    /// Finds the secrets in a path, with imported rules that look at names alone.
    pub fn detect_in_name(&self, path: &str) -> Detection {
        let text = Text { bytes: path.as_bytes(), kind: FileKind::Binary };
        let mut detection = self.matches(&text);
        if let Some((_, imported)) = self.rules.imported() {
            self.add_imported(imported.search_name(path), &mut detection);
        }
        overlap::resolve(&self.rules, text.bytes, detection)
    }

    fn add_imported(&self, hits: Vec<Hit>, detection: &mut Detection) {
        let Some((first, _)) = self.rules.imported() else { return };
        for Hit { rule, secret, parts, allowed, .. } in hits {
            let rule = first + rule;
            let confidence = self.rules.get(rule).confidence;
            match allowed.map(Suppression::Allowlist) {
                None => {
                    detection.matches.push(Match { rule, secret, parts, confidence, public_len: 0 })
                }
                Some(why) => detection.suppressed.push(Suppressed { rule, secret, why }),
            }
        }
    }

    fn matches(&self, text: &Text<'_>) -> Detection {
        let mut detection = Detection::default();
        for (rule, windows) in self.windows(text.bytes) {
            let definition = self.rules.get(rule);
            for window in windows {
                self.search(rule, definition, text, &window, &mut detection);
            }
        }
        detection
    }

    /// Returns for each rule whose keyword occurs the parts of the text that it must search.
    fn windows(&self, text: &[u8]) -> Vec<(usize, Vec<Window>)> {
        let mut by_rule: Vec<Vec<Window>> = Vec::new();
        for (first, prefilter) in &self.prefilters {
            prefilter.each_hit(text, |index, start, len| {
                let rule = first + index;
                if !self.rules.is_enabled(rule) {
                    return;
                }
                if by_rule.is_empty() {
                    by_rule.resize_with(self.rules.len(), Vec::new);
                }
                let window = Window::around(self.rules.get(rule), text, start, len);
                match by_rule[rule].last_mut() {
                    Some(last) if last.end >= window.start => {
                        last.end = last.end.max(window.end);
                        last.start_max = last.start_max.max(window.start_max);
                    }
                    _ => by_rule[rule].push(window),
                }
            });
        }
        by_rule.into_iter().enumerate().filter(|(_, windows)| !windows.is_empty()).collect()
    }

    fn search(
        &self,
        index: usize,
        rule: &Rule,
        text: &Text<'_>,
        window: &Window,
        detection: &mut Detection,
    ) {
        if rule.checks.contains(&Check::Assignment) {
            for found in assignment::find(rule, text, window.start..window.end) {
                let public_len = 0;
                let confidence = found.confidence;
                let verdict = found.suppression.map_or(Ok(confidence), Err);
                record(detection, index, found.secret, verdict, public_len);
            }
            return;
        }
        let pattern = self.pattern(index, rule);
        let mut captures = pattern.regex.create_captures();
        let mut at = window.start;
        while at < window.end {
            let input = Input::new(text.bytes).range(at..window.end);
            pattern.regex.search_captures(&input, &mut captures);
            let Some(whole) = captures.get_match() else { return };
            at = whole.end().max(at + 1);
            let Some(secret) = captures.get_group(pattern.secret_group) else { continue };
            let secret = secret.start..secret.end;
            if secret.start >= window.start_max {
                return;
            }
            let is_token =
                rule.boundary == Boundary::None || boundary::is_token(text.bytes, &secret, rule);
            if !is_token {
                // A token may start inside a longer run that did not hold; look again behind its
                // first byte, or a real key right after a false start would be jumped over.
                at = whole.start() + 1;
                continue;
            }
            let verdict = judge::judge(rule, text, &secret);
            let public_len = public_len(rule, &text.bytes[secret.clone()]);
            record(detection, index, secret, verdict, public_len);
        }
    }

    fn pattern(&self, index: usize, rule: &Rule) -> &Pattern {
        self.patterns[index].get_or_init(|| {
            let regex = Regex::builder()
                .syntax(syntax::Config::new().unicode(false).utf8(false).ignore_whitespace(true))
                .configure(Regex::config().utf8_empty(false))
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

fn record(
    detection: &mut Detection,
    rule: usize,
    secret: Span,
    verdict: Result<Confidence, Suppression>,
    public_len: usize,
) {
    match verdict {
        Ok(confidence) => detection.matches.push(Match {
            rule,
            secret,
            parts: Vec::new(),
            confidence,
            public_len,
        }),
        Err(why) => detection.suppressed.push(Suppressed { rule, secret, why }),
    }
}

/// Returns how much of the secret is the vendor's fixed text: the longest keyword it starts with.
fn public_len(rule: &Rule, secret: &[u8]) -> usize {
    rule.keywords
        .iter()
        .filter(|word| {
            secret.get(..word.len()).is_some_and(|s| s.eq_ignore_ascii_case(word.as_bytes()))
        })
        .map(String::len)
        .max()
        .unwrap_or(0)
}

/// A part of the text where one rule must look.
struct Window {
    start: usize,
    end: usize,
    /// Secrets that start here or later are out of reach of the keyword.
    start_max: usize,
}

impl Window {
    fn around(rule: &Rule, text: &[u8], start: usize, len: usize) -> Window {
        let reach = rule.reach as usize;
        if rule.near.is_empty() {
            let end = (start + len).saturating_add(reach).min(text.len());
            return Window { start: start.saturating_sub(reach), end, start_max: usize::MAX };
        }
        let first = near_limit(text[..start].iter().rev());
        let last = near_limit(text[start..].iter());
        Window {
            start: start - first,
            end: (start + last).saturating_add(reach).min(text.len()),
            start_max: start + last,
        }
    }
}

/// Returns how many bytes may be passed before too many lines or bytes lie behind.
fn near_limit<'a>(bytes: impl Iterator<Item = &'a u8>) -> usize {
    let mut lines = 0;
    bytes
        .take(NEAR_BYTES)
        .take_while(|byte| {
            lines += usize::from(**byte == b'\n');
            lines <= NEAR_LINES
        })
        .count()
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
    fn a_million_keywords_stay_linear() {
        let text = "acme_".repeat(200_000);
        let text = Text { bytes: text.as_bytes(), kind: FileKind::Other };
        assert_eq!(acme().detect(&text).matches, []);
    }
}
