//! `keyhook hook`: what the shim calls.

use std::io::{self, Write};

use super::{Exit, error_paint, overdue, parse_reader};
use crate::baseline::BASELINE_NAME;
use crate::git::{Reader, Repository};
use crate::own::Machine;
use crate::report::{Occasion, TextReport};
use crate::rule::RuleSet;
use crate::scan::{Options, Outcome, Problem, load_baseline, scan, without_secrets};
use crate::source::{Source, StagedSource};

/// Run as a git hook (git calls this through the installed shim)
#[derive(clap::Args)]
pub(super) struct Args {
    /// The hook's name: pre-commit
    #[arg(value_parser = ["pre-commit"])]
    name: String,
    /// Which reader to use
    #[arg(long, hide = true, default_value = "auto", value_parser = parse_reader)]
    reader: Reader,
}

impl Args {
    pub(super) fn run(self) -> Exit {
        pre_commit(self.reader)
    }
}

/// Looks at the staged change; silent when it is clean.
pub(super) fn pre_commit(reader: Reader) -> Exit {
    let outcome = match Repository::open(reader) {
        Ok(repository) => look(&repository),
        Err(error) => {
            let hint = error.hint().unwrap_or_default().to_owned();
            blocked(Problem { path: String::new(), problem: error.to_string(), hint })
        }
    };
    let exit = outcome.exit();
    if exit != Exit::Clean || !outcome.notes.is_empty() {
        let mut rules = RuleSet::builtin();
        rules.add(outcome.own_rules.clone());
        let report = TextReport { occasion: Occasion::Commit, paint: error_paint(), rules: &rules };
        let mut text = Vec::new();
        report.write(&outcome, &mut text).expect("a vector grows");
        let _ = io::stderr().write_all(&text);
    }
    exit
}

fn look(repository: &Repository) -> Outcome {
    let mut source = match StagedSource::open(repository) {
        Ok(source) => source,
        Err(unread) => {
            return blocked(Problem {
                path: String::new(),
                problem: unread.problem,
                hint: unread.hint,
            });
        }
    };
    let salt_dir = Some(repository.common_dir().to_owned());
    let own = Machine::here(repository.work_dir());
    let options = Options { salt_dir, own, ..Options::default() };
    let mut outcome = scan(&mut source, &options);
    check_changed_baseline(&source, &options, &mut outcome);
    outcome.notes.extend(overdue::reminder(&source, repository.common_dir(), &options));
    if outcome.exit() != Exit::Clean {
        note_stale_settings(&source, &mut outcome);
    }
    outcome
}

/// A commit that breaks the baseline would blind or block the next ones.
fn check_changed_baseline(source: &StagedSource<'_>, options: &Options, outcome: &mut Outcome) {
    if source.changes(BASELINE_NAME)
        && source.has_file(BASELINE_NAME)
        && let Err(problem) = load_baseline(source, options).map_err(without_secrets)
        && !outcome.unread.contains(&problem)
    {
        outcome.unread.push(problem);
    }
}

pub(super) fn note_stale_settings(source: &StagedSource<'_>, outcome: &mut Outcome) {
    for name in source.stale_settings() {
        outcome.notes.push(format!(
            "{name} in the worktree differs from the staged one, which counts; git add {name}"
        ));
    }
}

fn blocked(problem: Problem) -> Outcome {
    Outcome { unread: vec![problem], ..Outcome::default() }
}

impl Outcome {
    /// Returns the exit code for what was found and what could not be read.
    pub(super) fn exit(&self) -> Exit {
        match (self.unread.is_empty(), self.findings.is_empty()) {
            (false, _) => Exit::Failed,
            (true, false) => Exit::Findings,
            (true, true) => Exit::Clean,
        }
    }
}
