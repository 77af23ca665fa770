//! `keyhook baseline`: the file of accepted findings, one file for each thing to do with it.

use clap::Subcommand;

use super::{Exit, fail_git, fail_problem, mask_said, masked, say};
use crate::baseline::Record;
use crate::git::{Reader, Repository};
use crate::scan::Problem;
use crate::terminal::escape;

mod book;
mod check;
mod create;
mod diff;
mod merge;
mod update;

pub(super) use book::{Book, problem};

/// Make and keep the file of accepted findings
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Create(create::Args),
    Update(update::Args),
    Check(check::Args),
    Diff(diff::Args),
    Merge(merge::Args),
    Import(crate::cli::import::Args),
}

impl Args {
    pub(super) fn run(self) -> Exit {
        if let Action::Merge(args) = &self.action
            && let Some(result) = args.run_on_files()
        {
            return ended(result);
        }
        let repository = match Repository::open(Reader::Auto) {
            Ok(repository) => repository,
            Err(error) => return fail_git(&error),
        };
        ended(match self.action {
            Action::Create(args) => args.run(&repository),
            Action::Update(args) => args.run(&repository),
            Action::Check(args) => args.run(&repository),
            Action::Diff(args) => args.run(&repository),
            Action::Merge(args) => args.run(&repository),
            Action::Import(args) => args.run(&repository),
        })
    }
}

fn ended(result: Result<Exit, Vec<Problem>>) -> Exit {
    result.unwrap_or_else(|problems| {
        problems.iter().fold(Exit::Failed, |_, problem| fail_problem(problem))
    })
}

/// More lines than this say less.
const LINES_MAX: usize = 20;

/// Lists records on standard error, below a headline.
fn list(word: &str, records: &[&Record]) {
    for record in records.iter().take(LINES_MAX) {
        say(&format!("  {word:<8} {}", shown(record)));
    }
    if let Some(more) = records.len().checked_sub(LINES_MAX).filter(|more| *more > 0) {
        say(&format!("  {word:<8} and {more} more"));
    }
}

/// Names a record: path, rule and the start of its fingerprint.
fn shown(record: &Record) -> String {
    let print = &record.fingerprint.as_str()[..12];
    let (path, rule) = (masked(&record.path), masked(&record.rule));
    format!("{}  {}  {print}", escape(&path), escape(&rule))
}

/// Says a verdict with all that was said about it.
fn statement(record: &Record) -> String {
    let mut text = record.verdict.as_str().to_owned();
    let parts = [("by", &record.by), ("on", &record.on), ("rotate by", &record.rotate_by)];
    for (word, part) in parts {
        if let Some(part) = part {
            text.push_str(&format!(" {word} {}", escape(&masked(part))));
        }
    }
    if let Some(reason) = &record.reason {
        text.push_str(&format!(": {}", escape(&masked(reason))));
    }
    text
}

fn one(problem: Problem) -> Vec<Problem> {
    vec![problem]
}
