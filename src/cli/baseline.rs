//! `keyhook baseline`: the file of accepted findings.

use clap::Subcommand;

use super::allow::{Book, problem};
use super::{Exit, fail_git, fail_problem, parse_confidence, say};
use crate::baseline::{BASELINE_NAME, Baseline, Record};
use crate::finding::{Confidence, Verdict};
use crate::git::{Reader, Repository};
use crate::scan::{Found, Options, Outcome, Problem, scan_secrets};
use crate::source::TrackedSource;

/// Make and keep the file of accepted findings
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Accept everything that is in the tree now, unreviewed, so that only new secrets block
    Create(Sweep),
    /// Add what is new in the tree, follow moved files, keep every verdict
    Update {
        #[command(flatten)]
        sweep: Sweep,
        /// Also take out the findings that are gone from the tree
        #[arg(long)]
        prune: bool,
    },
}

#[derive(clap::Args)]
struct Sweep {
    /// The lowest confidence to accept: low, medium or high [default: medium]
    #[arg(long, value_parser = parse_confidence)]
    confidence: Option<Confidence>,
}

impl Args {
    pub(super) fn run(self) -> Exit {
        let repository = match Repository::open(Reader::Auto) {
            Ok(repository) => repository,
            Err(error) => return fail_git(&error),
        };
        let result = match self.action {
            Action::Create(sweep) => create(&repository, &sweep),
            Action::Update { sweep, prune } => update(&repository, &sweep, prune),
        };
        match result {
            Ok(text) => {
                say(&text);
                Exit::Clean
            }
            Err(problems) => problems.iter().fold(Exit::Clean, |_, problem| fail_problem(problem)),
        }
    }
}

fn create(repository: &Repository, sweep: &Sweep) -> Result<String, Vec<Problem>> {
    let book = Book::new(repository).map_err(|problem| vec![problem])?;
    let (files, found) = sweep_tree(repository, sweep)?;
    let mut opened = book.open().map_err(|problem| vec![problem])?;
    if !opened.is_new {
        return Err(vec![Problem {
            path: BASELINE_NAME.into(),
            problem: "it exists already".into(),
            hint: "bring it up to date with: keyhook baseline update".into(),
        }]);
    }
    for found in &found {
        let record = unreviewed(&opened.baseline, found);
        opened.baseline.record(record);
    }
    let count = opened.baseline.records().count();
    book.close(opened).map_err(|problem| vec![problem])?;
    Ok(format!(
        "keyhook: {BASELINE_NAME} accepts {count} finding(s) in {files} file(s) and is staged, commit it"
    ))
}

fn update(repository: &Repository, sweep: &Sweep, prune: bool) -> Result<String, Vec<Problem>> {
    let book = Book::new(repository).map_err(|problem| vec![problem])?;
    let (_, found) = sweep_tree(repository, sweep)?;
    let mut opened = book.open().map_err(|problem| vec![problem])?;
    let mut gone: Vec<Record> = opened.baseline.records().cloned().collect();
    let mut fresh = Vec::new();
    for found in &found {
        match opened.baseline.record_of(&found.secret, &found.finding.path) {
            Some(record) => gone.retain(|other| other != record),
            None => fresh.push(found),
        }
    }
    let (mut added, mut moved) = (0, 0);
    for found in fresh {
        let print = opened.baseline.fingerprint(&found.secret);
        let twin = gone.iter().position(|record| {
            record.fingerprint == print
                || opened.baseline.record_of(&found.secret, &record.path) == Some(record)
        });
        let is_value_known = opened
            .baseline
            .records()
            .any(|record| record.fingerprint == print && record.verdict == Verdict::FalsePositive);
        match twin {
            // The same value in another file, and gone from its own: it has moved.
            Some(at) => {
                let old = gone.swap_remove(at);
                opened.baseline.remove(&old);
                opened.baseline.record(Record { path: found.finding.path.clone(), ..old });
                moved += 1;
            }
            None if is_value_known => {}
            None => {
                let record = unreviewed(&opened.baseline, found);
                opened.baseline.record(record);
                added += 1;
            }
        }
    }
    // A fact about a value stays true while the value stands anywhere.
    gone.retain(|record| {
        record.verdict != Verdict::FalsePositive
            || !found
                .iter()
                .any(|found| opened.baseline.fingerprint(&found.secret) == record.fingerprint)
    });
    if prune {
        gone.iter().for_each(|record| opened.baseline.remove(record));
    }
    book.close(opened).map_err(|problem| vec![problem])?;
    let absent = match (gone.len(), prune) {
        (0, _) => String::new(),
        (count, true) => format!(", {count} gone and taken out"),
        (count, false) => format!(", {count} gone (take them out with --prune)"),
    };
    Ok(format!(
        "keyhook: {BASELINE_NAME}: {added} added, {moved} moved{absent}; it is staged, commit it"
    ))
}

fn sweep_tree(repository: &Repository, sweep: &Sweep) -> Result<(usize, Vec<Found>), Vec<Problem>> {
    let mut source = TrackedSource::open(repository).map_err(|unread| vec![problem(unread)])?;
    let options = Options {
        confidence: sweep.confidence,
        is_without_baseline: true,
        salt_dir: Some(repository.common_dir().to_owned()),
    };
    let (outcome, found) = scan_secrets(&mut source, &options);
    let Outcome { unread, files, .. } = outcome;
    // A baseline made from half of the tree would let the other half block or pass by chance.
    if unread.is_empty() { Ok((files, found)) } else { Err(unread) }
}

fn unreviewed(baseline: &Baseline, found: &Found) -> Record {
    Record {
        fingerprint: baseline.fingerprint(&found.secret),
        rule: found.finding.rule.clone(),
        path: found.finding.path.clone(),
        verdict: Verdict::Unreviewed,
        reason: None,
        by: None,
        on: None,
        rotate_by: None,
    }
}
