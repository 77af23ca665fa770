//! pre-commit and prek, when somebody runs them by hand or in CI.
//!
//! They call the same line as at a commit (`pre-commit run --all-files`), but nothing is staged then,
//! and a hook that looks at nothing passes. So keyhook looks at what they were asked about: the
//! commits between two references, or every tracked file.

use std::env;

use super::{Exit, commits, fail_git, fail_problem};
use crate::git::{Reader, Repository};
use crate::report::Occasion;
use crate::scan::{Options, scan};
use crate::source::TrackedSource;

/// Returns whether such a tool runs keyhook without git: git always names the index to a hook.
pub(super) fn is_asking() -> bool {
    env::var_os("PRE_COMMIT").is_some() && env::var_os("GIT_INDEX_FILE").is_none()
}

/// Looks at what was asked for; `None` if that is the staged change, as at a commit.
pub(super) fn run(reader: Reader) -> Option<Exit> {
    let repository = match Repository::open(reader) {
        Ok(repository) => repository,
        Err(error) => return Some(fail_git(&error)),
    };
    let salt_dir = Some(repository.common_dir().to_owned());
    let options = Options { salt_dir, ..Options::default() };
    let named = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let outcome = match (named("PRE_COMMIT_FROM_REF"), named("PRE_COMMIT_TO_REF")) {
        (Some(from), Some(to)) => {
            commits::look_at_range(&repository, &format!("{from}..{to}"), &options)
        }
        _ => {
            // What cannot be read is for the ordinary way to report.
            if repository.staged().map_or(true, |staged| !staged.changes.is_empty()) {
                return None;
            }
            TrackedSource::open(&repository).map(|mut source| scan(&mut source, &options))
        }
    };
    Some(match outcome {
        Ok(outcome) => {
            super::scan::report("text", (Occasion::Scan, repository.is_at_top()), &outcome)
        }
        Err(unread) => fail_problem(&super::allow::problem(unread)),
    })
}
