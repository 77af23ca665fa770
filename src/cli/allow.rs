//! `keyhook allow`: accept one finding.

use super::baseline::Book;
pub(super) use super::baseline::problem;
use super::commits::beyond_files;
use super::{Exit, UNQUOTED, fail, fail_git, fail_problem, is_telling, say, user};
use crate::baseline::{BASELINE_NAME, Baseline, Place, Record, Statement, parse_day};
use crate::finding::{Fingerprint, Verdict};
use crate::git::{Reader, Repository};
use crate::scan::{Found, Problem, scan_secrets};
use crate::source::{Source, StagedSource, TrackedSource};

/// Accept one finding: record it in the baseline and stage that
#[derive(clap::Args)]
pub(super) struct Args {
    /// The fingerprint shown with the finding, or the start of it
    #[arg(value_parser = parse_prefix)]
    fingerprint: String,
    /// Why it is accepted; goes into the baseline
    #[arg(long)]
    reason: String,
    /// What it is: false-positive, real or revoked
    #[arg(long, default_value = "false-positive", value_parser = parse_verdict)]
    verdict: Verdict,
    /// The day by which a real secret is rotated, as 2026-01-31 [default: in 30 days]
    #[arg(long, value_name = "DAY", value_parser = parse_rotation)]
    rotate_by: Option<String>,
}

/// A place to accept: fingerprint, rule and path.
type Accepted = (Fingerprint, String, String);

fn parse_rotation(text: &str) -> Result<String, String> {
    parse_day(text).map(|day| day.to_string()).ok_or_else(|| "expected a day as 2026-01-31".into())
}

fn parse_prefix(text: &str) -> Result<String, String> {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if (6..=Fingerprint::LEN).contains(&text.len()) && is_hex {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("expected at least 6 of the characters 0-9 and a-f that stand with the finding".into())
    }
}

fn parse_verdict(text: &str) -> Result<Verdict, String> {
    match text {
        "false-positive" => Ok(Verdict::FalsePositive),
        "real" => Ok(Verdict::Real),
        "revoked" => Ok(Verdict::Revoked),
        _ => Err("expected false-positive, real or revoked".into()),
    }
}

impl Args {
    pub(super) fn run(self) -> Exit {
        if self.reason.trim().is_empty() || self.reason.contains("...") {
            return fail(
                "the reason is empty",
                &["say why, for example: --reason \"test fixture\"".into()],
            );
        }
        if is_telling(&self.reason) {
            return fail("the reason holds a secret", &[UNQUOTED.into()]);
        }
        if self.rotate_by.is_some() && self.verdict != Verdict::Real {
            let hint = "add --verdict real, or leave out --rotate-by".into();
            return fail("only a real secret has a day for its rotation", &[hint]);
        }
        let repository = match Repository::open(Reader::Auto) {
            Ok(repository) => repository,
            Err(error) => return fail_git(&error),
        };
        match self.accept(&repository) {
            Ok(text) => {
                say(&text);
                Exit::Clean
            }
            Err(problem) => fail_problem(&problem),
        }
    }

    fn accept(&self, repository: &Repository) -> Result<String, Problem> {
        let book = Book::new(repository)?;
        let known = book.open()?.baseline;
        let places = self.find(repository, &book, &known)?;
        if places.iter().any(|(print, ..)| known.is_told(print, &self.reason)) {
            return Err(Problem {
                path: String::new(),
                problem: "the reason holds a secret".into(),
                hint: UNQUOTED.into(),
            });
        }
        let by = user(repository);
        let statement = Statement {
            rotate_by: self.rotate_by.clone(),
            ..Statement::today(self.verdict, Some(self.reason.clone()), by)
        };
        // A fact about the value needs one record, wherever it stands.
        let count = if self.verdict == Verdict::FalsePositive { 1 } else { places.len() };
        let mut opened = book.open()?;
        let mut rotate_by = None;
        for (fingerprint, rule, path) in &places[..count] {
            let place = Place { fingerprint, rule, path };
            rotate_by = statement.record(place).rotate_by;
            opened.baseline.set_verdict(place, &statement);
        }
        book.close(opened)?;
        let where_to = if count == 1 { "one place" } else { "each of its places" };
        let what = self.verdict.as_str();
        let day = rotate_by.map_or(String::new(), |day| format!(", to be rotated by {day}"));
        Ok(format!(
            "keyhook: accepted as {what} in {where_to}{day}; {BASELINE_NAME} is staged, commit it"
        ))
    }

    /// Looks in the staged change, then in everything that is tracked, then among what is accepted
    /// already and is to be judged anew, then in messages and commits.
    fn find(
        &self,
        repository: &Repository,
        book: &Book<'_>,
        known: &Baseline,
    ) -> Result<Vec<Accepted>, Problem> {
        let mut source = StagedSource::open(repository).map_err(problem)?;
        let mut found = self.matching(&mut source, book, known)?;
        if found.is_empty() {
            let mut source = TrackedSource::open(repository).map_err(problem)?;
            found = self.matching(&mut source, book, known)?;
        }
        if found.is_empty() {
            let is_meant = |print: &Fingerprint| print.as_str().starts_with(&self.fingerprint);
            let records = known.records().filter(|record| is_meant(&record.fingerprint));
            let place = |r: &Record| (r.fingerprint.clone(), r.rule.clone(), r.path.clone());
            found = records.map(place).collect();
        }
        if found.is_empty() {
            beyond_files(repository, &mut |source| {
                found = self.matching(source, book, known)?;
                Ok(!found.is_empty())
            })?;
        }
        let mut prints: Vec<&Fingerprint> = found.iter().map(|(print, ..)| print).collect();
        prints.sort();
        prints.dedup();
        match prints.len() {
            1 => Ok(found),
            0 => Err(Problem {
                path: String::new(),
                problem: format!("no finding starts with {}", self.fingerprint),
                hint: "list them with: keyhook scan --staged".into(),
            }),
            count => Err(Problem {
                path: String::new(),
                problem: format!("{count} findings start with {}", self.fingerprint),
                hint: "give more of the fingerprint: keyhook scan --staged --format json".into(),
            }),
        }
    }

    fn matching(
        &self,
        source: &mut dyn Source,
        book: &Book<'_>,
        known: &Baseline,
    ) -> Result<Vec<Accepted>, Problem> {
        let (outcome, found) = scan_secrets(source, &book.options);
        if let Some(problem) = outcome.unread.into_iter().find(|problem| problem.path.is_empty()) {
            return Err(problem);
        }
        let is_meant = |print: &Fingerprint| print.as_str().starts_with(&self.fingerprint);
        let mut places = Vec::new();
        for Found { finding, secret } in found {
            let print = known.fingerprint(&secret);
            if finding.verdict.is_none() && (is_meant(&finding.fingerprint) || is_meant(&print)) {
                places.push((print, finding.rule, finding.path));
            }
        }
        Ok(places)
    }
}
