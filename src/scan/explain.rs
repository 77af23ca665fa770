//! Why a line is a finding, or is none: what each rule made of it.
//!
//! A scan drops most of what looks like a secret, and somebody must be able to ask why. For one line
//! every rule is run over every byte around it, so that the rules which a scan never gets to try
//! have a say as well; for a whole file it is what a scan looked at and did not report. Nothing is
//! decided here: what speaks is what [`super::scan`] reports.

use std::collections::BTreeSet;

use super::live::{Lives, Own};
use super::mask::Hidden;
use super::{Masker, Options, Problem, Settings, place, settings, without_secrets};
use crate::config::{CONFIG_NAME, Config};
use crate::detect::{Detection, Engine, FileKind, Match, Suppressed, Suppression, Text, decode};
use crate::finding::{Confidence, Location, Span};
use crate::rule::OWN_KEY;
use crate::source::{Chunk, Source, path_text};

mod verdict;

/// What was made of the places asked for.
#[derive(Debug, Default)]
pub struct Explanation {
    /// The lines or files.
    pub places: Vec<Explained>,
    /// What could not be looked at.
    pub unread: Vec<Problem>,
    /// What else keeps rules quiet, as sentences.
    pub notes: Vec<String>,
}

impl Explanation {
    /// Adds what was made of another place.
    pub fn add(&mut self, other: Explanation) {
        self.places.extend(other.places);
        self.unread.extend(other.unread);
        let new: Vec<String> =
            other.notes.into_iter().filter(|note| !self.notes.contains(note)).collect();
        self.notes.extend(new);
    }
}

/// One line, or a whole file.
#[derive(Debug)]
pub struct Explained {
    /// The file, safe to show.
    pub path: String,
    /// The line asked for, from 1.
    pub line: Option<usize>,
    /// What rules said, by place.
    pub opinions: Vec<Opinion>,
    /// How many rules for keys without a shape fit and met no word of their vendor.
    pub unheard: usize,
    /// Whether the line was so long that some rules were run over its start alone.
    pub is_cut: bool,
}

/// What one rule made of one value.
#[derive(Debug)]
pub struct Opinion {
    /// The id of the rule.
    pub rule: String,
    /// The name of the rule.
    pub name: String,
    /// Where the value stands.
    pub location: Location,
    /// What stands before the value, secrets masked.
    pub before: String,
    /// The value with all but its public start hidden.
    pub masked: String,
    /// What stands behind the value, secrets masked.
    pub after: String,
    /// How sure the rule is, if it took the value for a secret.
    pub confidence: Option<Confidence>,
    /// `speaks`, or the name of what keeps it quiet.
    pub verdict: &'static str,
    /// Why, in sentences.
    pub why: String,
}

/// The verdict of a rule whose finding a scan reports.
pub const SPEAKS: &str = "speaks";

/// Around a line every rule sees this many bytes, more than any rule needs.
const AROUND: usize = 64 << 10;

/// Of a longer line every rule sees the start alone.
const LINE_MAX: usize = 256 << 10;

/// Explains a line of everything that a source has, or without a line whatever stays quiet there.
pub fn explain(source: &mut dyn Source, options: &Options, line: Option<usize>) -> Explanation {
    let mut explanation = Explanation::default();
    let Settings { config, engine, notes } = match settings(source) {
        Ok(settings) => settings,
        Err(problem) => {
            explanation.unread.push(without_secrets(problem));
            return explanation;
        }
    };
    explanation.notes = notes;
    if !config.disable.is_empty() {
        let ids = config.disable.join(", ");
        explanation.notes.push(format!("switched off by `disable` in {CONFIG_NAME}: {ids}"));
    }
    let mut own = Own::new(
        options.own.as_ref(),
        engine.rules().index_and_rule(OWN_KEY).map(|(index, _)| index),
    );
    while let Some(item) = source.next() {
        let explained = item.map_err(|unread| Problem {
            path: path_text(&unread.path),
            problem: unread.problem,
            hint: unread.hint,
        });
        let explained = explained.and_then(|chunk| {
            Explainer { engine: &engine, config: &config, options, source }
                .explain(&mut own, &chunk, line)
        });
        match explained {
            Ok(explained) => explanation.places.push(explained),
            Err(problem) => {
                explanation.unread.push(Masker::new(&engine).problem(problem));
            }
        }
    }
    own.write_notes(&config, &mut explanation.notes);
    explanation.notes.extend(source.notes());
    let masker = Masker::new(&engine);
    explanation.notes.iter_mut().for_each(|note| *note = masker.prose(note));
    explanation
}

/// What is asked while one file is explained.
struct Explainer<'a> {
    engine: &'a Engine,
    config: &'a Config,
    options: &'a Options,
    source: &'a dyn Source,
}

/// The file that is explained, and what a scan found in it.
struct File<'a> {
    chunk: &'a Chunk,
    text: Text<'a>,
    path: &'a str,
    detection: &'a Detection,
    /// Where a value of this machine stands.
    lives: &'a Lives,
    /// The path as it is shown and recorded.
    shown: &'a str,
}

/// What a rule made of a value, before it is put into words.
struct Case {
    rule: usize,
    secret: Span,
    said: Said,
}

enum Said {
    /// It took the value for a secret.
    Match(Match),
    /// It belongs to a secret that stands elsewhere.
    Part(Match),
    Quiet(Suppression),
    /// It fits, but a scan never tries it here.
    NotReached(Confidence),
}

impl Explainer<'_> {
    fn explain(
        &self,
        own: &mut Own<'_>,
        chunk: &Chunk,
        line: Option<usize>,
    ) -> Result<Explained, Problem> {
        let path = path_text(&chunk.path);
        let (bytes, is_binary) = decode(&chunk.bytes);
        let kind = FileKind::of_path(&chunk.path).unless_binary(is_binary);
        let text = Text { bytes: &bytes, kind };
        let in_name = own.in_name(self.source, self.config, &path);
        let shown = Masker::new(self.engine).path_with(&path, &in_name);
        let mut detection = self.engine.detect_in_file(&text, &path);
        let lives = own.add(self.source, self.config, (&bytes, &path), &mut detection);
        let (part, is_cut) = match line {
            None => (0..bytes.len(), false),
            Some(number) => {
                let line =
                    line_span(&bytes, number).ok_or_else(|| no_line(&path, number, &bytes))?;
                let end = line.end.min(line.start + LINE_MAX);
                (line.clone(), end < line.end)
            }
        };
        let mut cases = cases_of(detection.clone());
        if line.is_some() {
            let seen = part.start..part.end.min(part.start + LINE_MAX);
            self.add_ungated(&text, &seen, &mut cases);
        }
        cases.retain(|case| touches(&case.secret, &part));
        let unheard = self.take_unheard(&text, &mut cases);
        cases
            .sort_by_key(|case| (case.secret.start, case.secret.end, case.said.order(), case.rule));
        let file =
            File { chunk, text, path: &path, detection: &detection, lives: &lives, shown: &shown };
        let mut opinions = self.opinions(&file, &cases)?;
        opinions.splice(0..0, self.of_the_file(&file)?);
        if line.is_none() {
            // A value that is reported needs no word here, whoever else would have had one.
            opinions
                .retain(|o| ![SPEAKS, "part", Suppression::Overlap.as_str()].contains(&o.verdict));
        }
        Ok(Explained { path: shown, line, opinions, unheard, is_cut })
    }

    /// Adds what the rules say that a scan did not try.
    fn add_ungated(&self, text: &Text<'_>, seen: &Span, cases: &mut Vec<Case>) {
        let start = seen.start.saturating_sub(AROUND);
        let end = text.bytes.len().min(seen.end + AROUND);
        let around = Text { bytes: &text.bytes[start..end], kind: text.kind };
        let ungated = self.engine.detect_ungated(&around);
        let known: BTreeSet<(usize, usize, usize)> = cases.iter().map(Case::key).collect();
        let moved = |span: &Span| start + span.start..start + span.end;
        let matches = ungated.matches.iter().map(|found| Case {
            rule: found.rule,
            secret: moved(&found.secret),
            said: Said::NotReached(found.confidence),
        });
        let quiet = ungated.suppressed.iter().map(|quiet| Case {
            rule: quiet.rule,
            secret: moved(&quiet.secret),
            said: Said::Quiet(quiet.why),
        });
        cases.extend(matches.chain(quiet).filter(|case| !known.contains(&case.key())));
    }

    /// Takes out the rules for keys without a shape whose vendor nobody speaks of, and counts them.
    fn take_unheard(&self, text: &Text<'_>, cases: &mut Vec<Case>) -> usize {
        let mut unheard = BTreeSet::new();
        cases.retain(|case| {
            let is_unheard = matches!(case.said, Said::Quiet(Suppression::NoEvidence))
                && self.engine.near_words(case.rule, text.bytes, &case.secret).is_empty();
            if is_unheard {
                unheard.insert(case.rule);
            }
            !is_unheard
        });
        unheard.len()
    }

    fn opinions(&self, file: &File<'_>, cases: &[Case]) -> Result<Vec<Opinion>, Problem> {
        let masker = Masker::new(self.engine);
        let hidden = hidden(file, cases);
        let mut places = place::Places::new(file.text.bytes);
        let mut opinions = Vec::new();
        for case in cases {
            let rule = self.engine.rules().get(case.rule);
            let found = case.as_match();
            let shown = masker.around(file.text.bytes, &found, &hidden);
            let (verdict, why) = self.verdict(file, case)?;
            opinions.push(Opinion {
                rule: masker.rule_id(case.rule),
                name: masker.prose(&rule.name),
                location: places.location(&case.secret),
                before: shown.before,
                masked: shown.masked,
                after: shown.after,
                confidence: case.confidence(),
                verdict,
                why,
            });
        }
        Ok(opinions)
    }
}

impl Said {
    /// What speaks comes first.
    fn order(&self) -> usize {
        match self {
            Said::Match(_) => 0,
            Said::Part(_) => 1,
            Said::NotReached(_) => 2,
            Said::Quiet(_) => 3,
        }
    }
}

impl Case {
    fn key(&self) -> (usize, usize, usize) {
        (self.rule, self.secret.start, self.secret.end)
    }

    fn confidence(&self) -> Option<Confidence> {
        match &self.said {
            Said::Match(found) => Some(found.confidence),
            Said::NotReached(confidence) => Some(*confidence),
            Said::Part(_) | Said::Quiet(_) => None,
        }
    }

    /// Returns the value as a match, of which nothing is public unless a rule said so.
    fn as_match(&self) -> Match {
        if let Said::Match(found) = &self.said {
            return found.clone();
        }
        Match {
            rule: self.rule,
            secret: self.secret.clone(),
            parts: Vec::new(),
            confidence: Confidence::Low,
            public_len: 0,
            rank: 0,
        }
    }
}

fn cases_of(detection: Detection) -> Vec<Case> {
    let mut cases = Vec::new();
    for found in detection.matches {
        for part in &found.parts {
            let said = Said::Part(found.clone());
            cases.push(Case { rule: found.rule, secret: part.clone(), said });
        }
        let (rule, secret) = (found.rule, found.secret.clone());
        cases.push(Case { rule, secret, said: Said::Match(found) });
    }
    cases.extend(detection.suppressed.into_iter().map(|quiet| Case {
        rule: quiet.rule,
        secret: quiet.secret,
        said: Said::Quiet(quiet.why),
    }));
    cases
}

/// Returns everything that any rule took for a value.
fn hidden(file: &File<'_>, cases: &[Case]) -> Hidden {
    let quiet = cases.iter().filter(|case| !matches!(case.said, Said::Match(_)));
    let suppressed = quiet.map(|case| Suppressed {
        rule: case.rule,
        secret: case.secret.clone(),
        why: Suppression::Overlap,
    });
    let (matches, suppressed) = (file.detection.matches.clone(), suppressed.collect());
    let detection = Detection { matches, suppressed, ..Detection::default() };
    Hidden::of(file.text.bytes, &detection, &file.lives.all)
}

fn touches(a: &Span, b: &Span) -> bool {
    a.start < b.end && b.start < a.end
}

/// Returns where a line stands, without its end.
fn line_span(text: &[u8], number: usize) -> Option<Span> {
    let mut start = 0;
    for _ in 1..number {
        start += memchr::memchr(b'\n', &text[start..])? + 1;
    }
    let is_there = number > 0 && (start < text.len() || number == 1);
    let len = memchr::memchr(b'\n', &text[start..]).unwrap_or(text.len() - start);
    is_there.then_some(start..start + len)
}

fn no_line(path: &str, number: usize, text: &[u8]) -> Problem {
    let count = memchr::memchr_iter(b'\n', text).count()
        + usize::from(text.last().is_some_and(|byte| *byte != b'\n'));
    Problem {
        path: path.to_owned(),
        problem: format!("there is no line {number}: it has {count}"),
        hint: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_from_one_and_end_before_their_end() {
        let text = b"a\nbc\n\nd";
        let spans: Vec<_> = (0..6).map(|number| line_span(text, number)).collect();
        assert_eq!(spans, [None, Some(0..1), Some(2..4), Some(5..5), Some(6..7), None]);
        assert_eq!(line_span(b"a\n", 2), None);
        assert_eq!(line_span(b"", 1), Some(0..0));
    }

    #[test]
    fn a_missing_line_says_how_many_there_are() {
        let problem = no_line("a", 9, b"a\nb\n");
        assert_eq!(problem.problem, "there is no line 9: it has 2");
        assert_eq!(no_line("a", 9, b"a\nb").problem, problem.problem);
    }
}
