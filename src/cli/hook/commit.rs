//! The moments around one commit: the staged change, the message, and the commit that was made.

use std::ffi::OsString;
use std::path::Path;

use super::{git_problem, note_stale_settings, problem};
use crate::baseline::BASELINE_NAME;
use crate::cli::Exit;
use crate::cli::commits::{Group, Walk, stamps};
use crate::cli::overdue;
use crate::git::{Listed, Repository};
use crate::own::Machine;
use crate::scan::{Options, Outcome, Problem, load_baseline, scan, without_secrets};
use crate::source::{Item, Ledger, MessageSource, Settings, Source, StagedSource};

/// Looks at what the commit will contain.
pub(super) fn staged(repository: &Repository) -> Result<Outcome, Problem> {
    let mut source = StagedSource::open(repository).map_err(problem)?;
    let options = options(repository);
    let mut outcome = scan(&mut source, &options);
    check_changed_baseline(&source, &options, &mut outcome);
    outcome.notes.extend(overdue::reminder(&source, repository.common_dir(), &options));
    if outcome.exit() == Exit::Clean {
        remember(repository, &source, &outcome);
    } else {
        note_stale_settings(&source, &mut outcome);
    }
    Ok(outcome)
}

/// What was looked at here need not be looked at again before it is pushed.
fn remember(repository: &Repository, source: &StagedSource<'_>, outcome: &Outcome) {
    let Some(compared) = source.compared() else { return };
    let (without, with) = stamps(source, outcome.settings_hash, !outcome.known.is_empty());
    let stamp = with.unwrap_or(without);
    Ledger::record(repository.common_dir(), &[stamp.trees(compared)]);
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

/// Looks at the message in the file that git names.
///
/// All of the file is looked at first. Only if something is found does it matter what git is going
/// to strip from it: the names of files in the comments, or the change below the scissors.
pub(super) fn commit_msg(
    repository: &Repository,
    arguments: &[OsString],
) -> Result<Outcome, Problem> {
    let [file] = arguments else {
        return Err(Problem {
            path: String::new(),
            problem: "commit-msg needs the file that holds the message".into(),
            hint: "keyhook hook commit-msg FILE".into(),
        });
    };
    let options = options(repository);
    let look = |is_stripped: bool| {
        scan(&mut MessageSource::new(repository, Path::new(file), is_stripped), &options)
    };
    let outcome = look(false);
    Ok(if outcome.findings.is_empty() { outcome } else { look(true) })
}

/// Looks at the commit that was just made, unless `pre-commit` did. It can only warn.
pub(super) fn post_commit(repository: &Repository) -> Result<Outcome, Problem> {
    let head = repository.head_commit().map_err(|error| git_problem(&error))?;
    let Some(head) = head else { return Ok(Outcome::default()) };
    let commit = repository.commit(head).map_err(|error| git_problem(&error))?;
    let items = vec![Item::Commit(Listed { id: head, parents: commit.parents })];
    let group = Group { settings: Settings::Tree(commit.tree), items };
    let walk = Walk { has_ledger: true, ..Walk::new(repository) };
    Ok(walk.look(vec![group], &options(repository)))
}

pub(super) fn options(repository: &Repository) -> Options {
    Options {
        salt_dir: Some(repository.common_dir().to_owned()),
        own: Machine::here(repository.work_dir()),
        ..Options::default()
    }
}
