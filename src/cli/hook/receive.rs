//! `pre-receive` and `update`: a server looks before it takes a push.
//!
//! The new objects lie in quarantine, which git's variables name and git's and libgit2's object
//! databases honour. A push is judged with what the server already has: the baseline and the settings
//! of the branch as it was, or of HEAD for a new branch. So a change cannot allow itself. It looks
//! for a limited time, and what it has not looked at is rejected.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use super::watch::Watch;
use super::{git_problem, parse_time, problem, read_updates};
use crate::cli::commits::{Group, Walk, group_by_settings};
use crate::git::{ObjectId, ObjectKind, Repository, Without};
use crate::scan::{Options, Outcome, Problem};
use crate::source::{Clock, Item, Settings, Update, items_of, parse_receive};

/// How long to look if nobody says otherwise.
const TIME_BUDGET: Duration = Duration::from_secs(60);

/// The variable of git's configuration that says how long to look.
const TIME_VARIABLE: &str = "keyhook.timeBudget";

/// Looks at everything that a push brings.
pub(super) fn pre_receive(
    repository: &Repository,
    time: Option<Duration>,
) -> Result<Outcome, Problem> {
    let started = Instant::now();
    let updates = parse_receive(&read_updates()?).map_err(problem)?;
    look(repository, &updates, started, time)
}

/// Looks at one reference of a push.
pub(super) fn update(
    repository: &Repository,
    arguments: &[OsString],
    time: Option<Duration>,
) -> Result<Outcome, Problem> {
    let started = Instant::now();
    let words: Vec<&[u8]> = arguments.iter().map(|word| word.as_encoded_bytes()).collect();
    let [name, old, new] = words[..] else {
        return Err(Problem {
            path: String::new(),
            problem: "update needs a reference, its old id and its new one".into(),
            hint: "this command is for git to call".into(),
        });
    };
    let updates = parse_receive(&[old, b" ", new, b" ", name].concat()).map_err(problem)?;
    look(repository, &updates, started, time)
}

fn look(
    repository: &Repository,
    updates: &[Update],
    started: Instant,
    time: Option<Duration>,
) -> Result<Outcome, Problem> {
    let updates: Vec<Update> =
        updates.iter().filter(|update| update.new.is_some()).cloned().collect();
    if updates.is_empty() {
        return Ok(Outcome::default());
    }
    let budget = time.map_or_else(|| configured_time(repository), Ok)?;
    let clock = Clock::new(started, budget);
    let _watch = Watch::begin(&clock);
    let bases = bases(repository, &updates)?;
    let targets = items_of(repository, &updates).map_err(problem)?;
    let mut groups = Vec::new();
    let bases = bases.into_iter().zip(targets);
    for (settings, targets) in group_by_settings(repository, bases, Settings::Tree)? {
        let tips: Vec<ObjectId> = targets.iter().filter_map(|target| target.commit).collect();
        let commits = repository
            .list_commits(&tips, &[], Without::AllRefs)
            .map_err(|error| git_problem(&error))?;
        let mut items: Vec<Item> = commits.into_iter().map(Item::Commit).collect();
        items.extend(targets.into_iter().flat_map(|target| target.items));
        groups.push(Group { settings, items });
    }
    // What is live on the server is not told to those who push.
    let salt_dir = Some(repository.common_dir().to_owned());
    let options = Options { salt_dir, ..Options::default() };
    let has_base = groups.iter().all(|group| group.settings != Settings::Nowhere);
    let walk = Walk { clock: Some(clock), ..Walk::new(repository) };
    let mut outcome = walk.look(groups, &options);
    if !has_base && !outcome.findings.is_empty() {
        outcome.notes.push(
            "the server has no commit yet, so no baseline counts; push the baseline by itself first"
                .to_owned(),
        );
    }
    Ok(outcome)
}

fn configured_time(repository: &Repository) -> Result<Duration, Problem> {
    let configured = repository.config(TIME_VARIABLE).map_err(|error| git_problem(&error))?;
    let Some(text) = configured else { return Ok(TIME_BUDGET) };
    parse_time(&text).map_err(|problem| Problem {
        path: String::new(),
        problem: format!("cannot use {TIME_VARIABLE} = {text}: {problem}"),
        hint: format!("git config {TIME_VARIABLE} 60"),
    })
}

/// Returns the commit whose baseline and settings each update is judged with.
fn bases(repository: &Repository, updates: &[Update]) -> Result<Vec<Option<ObjectId>>, Problem> {
    let olds: Vec<ObjectId> = updates.iter().filter_map(|update| update.old).collect();
    let kinds = repository.kinds(&olds).map_err(|error| git_problem(&error))?;
    let mut kinds = kinds.into_iter();
    let head = repository.head_commit().map_err(|error| git_problem(&error))?;
    let base = |update: &Update| {
        let old = update.old.filter(|_| kinds.next() == Some(Some(ObjectKind::Commit)));
        old.or(head)
    };
    Ok(updates.iter().map(base).collect())
}
