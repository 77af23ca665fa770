//! Everything that git tracks, as it is staged.

use super::files::{worktree_setting, worktree_standing};
use super::staged::unread;
use super::{Chunk, Source, Standing, Unread};
use crate::git::{Entry, Kind, Repository};

/// Reads every file of the index, as it is staged: the current tree with what is about to join it.
pub struct TrackedSource<'a> {
    repository: &'a Repository,
    entries: Vec<(Vec<u8>, Entry)>,
    next: usize,
}

impl<'a> TrackedSource<'a> {
    /// Lists the index.
    pub fn open(repository: &'a Repository) -> Result<TrackedSource<'a>, Unread> {
        let entries = repository.tracked().map_err(|error| unread(b"", &error))?;
        Ok(TrackedSource { repository, entries, next: 0 })
    }
}

impl Source for TrackedSource<'_> {
    fn next(&mut self) -> Option<Result<Chunk, Unread>> {
        loop {
            let id = self.next;
            let (path, entry) = self.entries.get(id)?;
            self.next += 1;
            if Kind::of_mode(entry.mode) == Kind::Submodule {
                continue;
            }
            return Some(match self.repository.read_staged(path, *entry) {
                Ok(bytes) => Ok(Chunk { path: path.clone(), bytes, id }),
                Err(error) => Err(unread(path, &error)),
            });
        }
    }

    fn olds(&mut self, _: &Chunk) -> Result<Vec<Vec<u8>>, Unread> {
        Ok(Vec::new())
    }

    fn standing(&self, path: &str) -> Standing {
        worktree_standing(Some(self.repository), path)
    }

    fn has_file(&self, path: &str) -> bool {
        self.entries.iter().any(|(found, _)| found == path.as_bytes())
    }

    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, Unread> {
        worktree_setting(Some(self.repository), name)
    }

    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}
