//! Puts into words what a rule, or the guard of sensitive files, made of a value or a file.

use super::super::guarded::{self, Guarded};
use super::super::mask::Shown;
use super::super::{
    Allowed, Candidate, Found, Masker, Problem, judge, load_baseline, marker, place,
    without_secrets,
};
use super::{Case, Explainer, File, Opinion, SPEAKS, Said, touches};
use crate::config::CONFIG_NAME;
use crate::detect::{Detection, Match, Suppression, Text};
use crate::finding::{Confidence, Location, Secret, Span};
use crate::rule::{Rule, SENSITIVE_FILE};

/// Its name, and why in sentences.
type Verdict = (&'static str, String);

/// Where a finding stands that is about a whole file.
const START: Location = Location { line: 1, column: 1, end_line: 1, end_column: 1 };

impl Explainer<'_> {
    pub(super) fn verdict(&self, file: &File<'_>, case: &Case) -> Result<Verdict, Problem> {
        let text = &file.text;
        let line_of = |span: &Span| place::Places::new(text.bytes).location(span).line;
        Ok(match &case.said {
            Said::Match(found) => return self.verdict_of_match(file, found),
            Said::Part(whole) => {
                let (line, id) = (line_of(&whole.secret), self.id(whole.rule));
                ("part", format!("It is reported together with the secret on line {line} ({id})."))
            }
            Said::NotReached(confidence) => (
                "not-reached",
                format!(
                    "It would fit at {} confidence, but a scan does not try it here.",
                    confidence.as_str()
                ),
            ),
            Said::Quiet(why) => {
                let more = match why {
                    Suppression::NoEvidence => self.what_is_missing(text, case),
                    Suppression::Overlap => self.who_spoke(file.detection, &case.secret),
                    _ => String::new(),
                };
                (why.as_str(), format!("{}{more}", why.explain()))
            }
        })
    }

    fn verdict_of_match(&self, file: &File<'_>, found: &Match) -> Result<Verdict, Problem> {
        let (text, path) = (&file.text, file.path);
        let least = self.options.confidence.unwrap_or(self.config.confidence);
        if self.config.is_excluded(path) {
            return Ok(excluded());
        }
        if found.confidence < least {
            return Ok(too_low(found.confidence, least));
        }
        let rules = self.engine.rules();
        if marker::is_marked(text.bytes, &found.secret, rules, found.rule) {
            let why = "A comment on its line, or on the line above, allows it.".to_owned();
            return Ok(("marked", why));
        }
        if Allowed::default().allows(rules, text.bytes, path, found) {
            let why = Suppression::Allowlist(0);
            return Ok((why.as_str(), why.explain().to_owned()));
        }
        let secret = Secret::new(&text.bytes[found.secret.clone()]);
        let (verdict, why) =
            self.verdict_of_baseline(file.shown, found.rule, found.confidence, secret)?;
        let live = file.lives.at(&found.secret);
        let live = live.map(|live| format!(" {}", sentence(&live.note)));
        Ok((verdict, why + &Masker::new(self.engine).message(&live.unwrap_or_default())))
    }

    fn verdict_of_baseline(
        &self,
        path: &str,
        rule: usize,
        confidence: Confidence,
        secret: Secret,
    ) -> Result<Verdict, Problem> {
        let baseline = load_baseline(self.source, self.options).map_err(without_secrets)?;
        let candidate = Candidate {
            chunk: 0,
            origin: None,
            rule: self.id(rule),
            path: path.to_owned(),
            location: START,
            confidence,
            shown: Shown::nothing(),
            secret,
            note: None,
            variable: None,
        };
        let judged = judge::judge_with(&baseline, self.source, vec![candidate], &[]);
        let finding = judged.into_iter().next().map(|Found { finding, .. }| finding);
        let finding = finding.expect("one candidate, one finding");
        Ok(match (finding.verdict, finding.copied_from) {
            (Some(verdict), _) => {
                ("accepted", format!("The baseline accepts it here, as {}.", verdict.as_str()))
            }
            (None, Some(other)) => {
                let other = Masker::new(self.engine).prose(&other);
                let why = format!("A scan reports it: the baseline accepts the value in {other}.");
                (SPEAKS, why)
            }
            (None, None) => (SPEAKS, "A scan reports it.".to_owned()),
        })
    }

    /// Says what a rule would need that met a word of its vendor.
    fn what_is_missing(&self, text: &Text<'_>, case: &Case) -> String {
        let rule = self.engine.rules().get(case.rule);
        let words = self.engine.near_words(case.rule, text.bytes, &case.secret);
        let Some(word) = words.first() else { return String::new() };
        let line = place::Places::new(text.bytes).location(word).line;
        let word = String::from_utf8_lossy(&text.bytes[word.clone()]).into_owned();
        if rule.names.is_empty() {
            return format!(
                " `{word}` on line {line} is not enough: missing is a name with \"key\", \"token\" \
                 or the like before the value, a header, or the vendor's own call."
            );
        }
        let names = rule.names.join("`, `");
        format!(
            " `{word}` on line {line} is not enough: missing is one of the names `{names}` before \
             the value."
        )
    }

    fn who_spoke(&self, detection: &Detection, secret: &Span) -> String {
        let mut other = detection.matches.iter().filter(|found| touches(&found.secret, secret));
        other.next().map_or(String::new(), |found| format!(" Here it is {}.", self.id(found.rule)))
    }

    fn id(&self, rule: usize) -> String {
        Masker::new(self.engine).rule_id(rule)
    }

    /// Returns what the guard of sensitive files says of the file, if its name or the settings make it
    /// look.
    pub(super) fn of_the_file(&self, file: &File<'_>) -> Result<Option<Opinion>, Problem> {
        let Some((index, rule)) = self.engine.rules().index_and_rule(SENSITIVE_FILE) else {
            return Ok(None);
        };
        let is_asked = self.config.is_guarded(file.path);
        let Some(guarded) = guarded::look(file.path, file.text.bytes, is_asked) else {
            return Ok(guarded::is_guarded_name(file.path).then(|| {
                let why = "Its name is a warning, but nothing in it is worth guarding: it holds \
                           settings, placeholders or public things, or it is locked."
                    .to_owned();
                opinion_of_file(rule, None, ("nothing-inside", why))
            }));
        };
        let (verdict, why) = self.verdict_of_file(file, index, &guarded)?;
        let note = Masker::new(self.engine).message(&guarded.note());
        let why = format!("{} {why}", sentence(&note));
        Ok(Some(opinion_of_file(rule, Some(guarded.confidence()), (verdict, why))))
    }

    fn verdict_of_file(
        &self,
        file: &File<'_>,
        rule: usize,
        guarded: &Guarded,
    ) -> Result<Verdict, Problem> {
        let least = self.options.confidence.unwrap_or(self.config.confidence);
        let confidence = guarded.confidence();
        if self.config.is_excluded(file.path) {
            return Ok(excluded());
        }
        if confidence < least {
            return Ok(too_low(confidence, least));
        }
        if !self.source.is_for_git(file.chunk) {
            let why = "git ignores the file, or this is no file of a repository.";
            return Ok(("not-for-git", why.to_owned()));
        }
        if self.config.is_unguarded(file.path) {
            return Ok(("let-in", format!("`guarded.allow` in {CONFIG_NAME} lets it in.")));
        }
        let secret = guarded::secret_of(file.path);
        let (verdict, why) = self.verdict_of_baseline(file.shown, rule, confidence, secret)?;
        let inside = file.detection.matches.iter().filter(|found| found.confidence >= least);
        let count = inside.count();
        if verdict == SPEAKS && count > 0 && count >= guarded.secrets() {
            let why = "Every secret in it is a finding, and a scan says it with the first of them.";
            return Ok(("part", why.to_owned()));
        }
        Ok((verdict, why))
    }
}

/// A note goes on behind a colon; here it stands alone.
fn sentence(note: &str) -> String {
    let (first, rest) = note.split_at(note.chars().next().map_or(0, char::len_utf8));
    format!("{}{rest}.", first.to_uppercase())
}

fn opinion_of_file(rule: &Rule, confidence: Option<Confidence>, said: Verdict) -> Opinion {
    let Shown { before, masked, after } = Shown::nothing();
    let (verdict, why) = said;
    let (rule, name) = (rule.id.clone(), rule.name.clone());
    Opinion { rule, name, location: START, before, masked, after, confidence, verdict, why }
}

fn excluded() -> Verdict {
    ("excluded", format!("`exclude` in {CONFIG_NAME} leaves the whole file out."))
}

fn too_low(said: Confidence, least: Confidence) -> Verdict {
    let (said, least) = (said.as_str(), least.as_str());
    ("too-low", format!("A scan reports from {least} up; --confidence {said} shows it."))
}
