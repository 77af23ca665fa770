//! `pre-push`: every commit that is about to leave and is not known to be clean.
//!
//! It catches what git never shows to `pre-commit`: `--no-verify`, clean merges, cherry-picks,
//! rebases, commits from a clone without the hook. A key that a later commit took out again is caught
//! too, because it leaves with the others.
//!
//! Commits are judged with the baseline and the settings of the tip that is pushed: its user has
//! accepted findings there after the commit was made.

use std::collections::HashSet;
use std::ffi::OsString;

use super::commit::options;
use super::remote::Remote;
use super::{git_problem, problem, read_updates};
use crate::cli::commits::{Group, Walk, group_by_settings};
use crate::git::{ObjectId, ObjectKind, Repository, Without};
use crate::scan::{Outcome, Problem};
use crate::source::{Item, Settings, Update, items_of, parse_push};

/// Looks at what a push is about to send.
pub(super) fn pre_push(
    repository: &Repository,
    arguments: &[OsString],
) -> Result<Outcome, Problem> {
    let updates = parse_push(&read_updates()?).map_err(problem)?;
    let updates: Vec<Update> = updates.into_iter().filter(|update| update.new.is_some()).collect();
    if updates.is_empty() {
        return Ok(Outcome::default());
    }
    let known = commits_here(repository, &updates)?;
    let remote =
        Remote::of(repository, arguments, &updates).map_err(|error| git_problem(&error))?;
    let without = match &remote {
        Some(Remote { name, except }) => Without::Remote { name, except },
        None => Without::Nothing,
    };
    let targets = items_of(repository, &updates).map_err(problem)?;
    let head = repository.head_commit().map_err(|error| git_problem(&error))?;
    let tips = targets.into_iter().map(|target| {
        let judge = target.commit.or(head);
        (judge, target)
    });
    let mut groups = Vec::new();
    let mut listed = HashSet::new();
    for (settings, targets) in group_by_settings(repository, tips, Settings::Tip)? {
        let tips: Vec<ObjectId> = targets.iter().filter_map(|target| target.commit).collect();
        let commits =
            repository.list_commits(&tips, &known, without).map_err(|error| git_problem(&error))?;
        let mut items: Vec<Item> = commits
            .into_iter()
            .filter(|commit| listed.insert(commit.id))
            .map(Item::Commit)
            .collect();
        items.extend(targets.into_iter().flat_map(|target| target.items));
        groups.push(Group { settings, items });
    }
    let walk = Walk { has_ledger: true, ..Walk::new(repository) };
    Ok(walk.look(groups, &options(repository)))
}

/// What the remote has that is also here. Somebody else's newer commits are not.
fn commits_here(repository: &Repository, updates: &[Update]) -> Result<Vec<ObjectId>, Problem> {
    let olds: Vec<ObjectId> = updates.iter().filter_map(|update| update.old).collect();
    let kinds = repository.kinds(&olds).map_err(|error| git_problem(&error))?;
    let is_walkable =
        |kind: Option<ObjectKind>| matches!(kind, Some(ObjectKind::Commit | ObjectKind::Tag));
    Ok(olds
        .into_iter()
        .zip(kinds)
        .filter(|(_, kind)| is_walkable(*kind))
        .map(|(id, _)| id)
        .collect())
}
