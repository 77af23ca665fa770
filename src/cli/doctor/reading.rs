//! Which reader this repository takes, and why.

use super::{Check, Section, State};
use crate::git::{GitError, Reader, Repository};

pub(super) fn look(repository: &Repository) -> Option<Check> {
    // A bare repository has no staged change.
    let top = repository.work_dir()?;
    let check = |state, says: String| Some(Check::new("reader", Section::Reading, state, says));
    let own = Repository::open_at_with(top, Reader::Own).and_then(|own| own.staged());
    let why = match own {
        Ok(_) => {
            let says = "keyhook's own reader reads what is staged, without starting git";
            return check(State::Good, says.to_owned());
        }
        Err(GitError::Unmerged(path)) => {
            let says =
                format!("a merge is not finished ({path}); git makes no commit before it is");
            return check(State::Note, says);
        }
        Err(error) => error,
    };
    match Repository::open_at_with(top, Reader::Git).and_then(|git| git.staged()) {
        Ok(_) => {
            let says = format!("git is asked for what is staged, which is slower: {why}");
            check(State::Note, says)
        }
        Err(error) => {
            let says =
                format!("what is staged cannot be read, so every commit is blocked: {error}");
            let hint = error.hint().unwrap_or("git fsck").to_owned();
            check(State::Unknown, says).map(|check| check.mended_by(hint))
        }
    }
}
