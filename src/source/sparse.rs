//! Files that git tracks and a sparse checkout leaves out of the worktree.
//!
//! They are part of the tree, so they are looked at as the index holds them. Nothing is asked before
//! a listed file is absent.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::files::listed_path;
use crate::git::{Entry, Git, GitError, Kind, Repository, to_path};

/// What is left out of the folders that were listed.
#[derive(Default)]
pub(super) struct Sparse {
    /// The listed folders that were not asked yet.
    folders: Vec<PathBuf>,
    repositories: Vec<Repository>,
    /// Each file with the number of its repository.
    entries: HashMap<PathBuf, (usize, Entry)>,
    unfetched: usize,
}

impl Sparse {
    /// Takes a folder whose files git has listed.
    pub(super) fn add(&mut self, folder: &Path) {
        self.folders.push(folder.to_owned());
    }

    /// Returns the content of an absent file, if it is only left out.
    pub(super) fn read(&mut self, path: &Path) -> Result<Option<Vec<u8>>, GitError> {
        self.ask()?;
        let Some((number, entry)) = self.entries.get(path) else { return Ok(None) };
        if Kind::of_mode(entry.mode) == Kind::Submodule {
            return Ok(None);
        }
        let bytes = self.repositories[*number].read_if_fetched(entry.id)?;
        self.unfetched += usize::from(bytes.is_none());
        Ok(bytes)
    }

    fn ask(&mut self) -> Result<(), GitError> {
        for folder in std::mem::take(&mut self.folders) {
            let left_out = Git::isolated(&folder).left_out()?;
            if left_out.is_empty() {
                continue;
            }
            let number = self.repositories.len();
            self.repositories.push(Repository::open_at(&folder)?);
            for (name, entry) in left_out {
                let Some(name) = to_path(&name) else { continue };
                self.entries.insert(listed_path(&folder, name), (number, entry));
            }
        }
        Ok(())
    }

    /// Says what could not be looked at.
    pub(super) fn note(&self) -> Option<String> {
        let count = self.unfetched;
        (count > 0).then(|| {
            format!(
                "{count} tracked file(s) are neither in the worktree nor in this partial clone, and \
                 were not scanned; get them with: git sparse-checkout disable"
            )
        })
    }
}
