//! The staged change: every file that the commit will add or change, as it will be committed.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::{Chunk, Source, Standing, Unread};
use crate::file;
use crate::git::{Compared, Entry, GitError, Kind, Repository, SETTINGS_FILES, Staged};

/// Reads the staged change of a repository.
pub struct StagedSource<'a> {
    repository: &'a Repository,
    staged: Staged,
    next: usize,
    submodules: usize,
    /// The further settings files that were asked for.
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> StagedSource<'a> {
    /// Asks git what is staged.
    pub fn open(repository: &'a Repository) -> Result<StagedSource<'a>, Unread> {
        let staged = repository.staged().map_err(|error| unread(b"", &error))?;
        Ok(StagedSource { repository, staged, next: 0, submodules: 0, asked: RefCell::default() })
    }

    /// Returns whether the commit changes this file.
    pub fn changes(&self, path: &str) -> bool {
        self.staged.changes.iter().any(|change| change.path == path.as_bytes())
    }

    /// Returns the object id of one of keyhook's own files, as it is staged.
    pub fn setting_id(&self, name: &str) -> Option<String> {
        let known = self.staged.settings.iter().find(|(found, _)| found == name);
        known.map(|(_, entry)| entry.id.to_string())
    }

    /// Returns the trees that were compared, where the reader knows them.
    pub fn compared(&self) -> Option<&Compared> {
        self.staged.compared.as_ref()
    }

    /// Returns keyhook's own files whose copy in the worktree is not what is staged.
    pub fn stale_settings(&self) -> Vec<String> {
        let Some(top) = self.repository.work_dir() else { return Vec::new() };
        let staged = |name: &str| self.setting(name).ok().flatten();
        let asked = self.asked.borrow().clone();
        let names = SETTINGS_FILES.iter().map(|name| (*name).to_owned()).chain(asked);
        let here = |name: &str| file::read_if_there(&top.join(name)).ok().flatten();
        names.filter(|name| here(name) != staged(name)).collect()
    }
}

impl Source for StagedSource<'_> {
    fn next(&mut self) -> Option<Result<Chunk, Unread>> {
        loop {
            let id = self.next;
            let change = self.staged.changes.get(id)?;
            self.next += 1;
            if Kind::of_mode(change.new.mode) == Kind::Submodule {
                self.submodules += 1;
                continue;
            }
            let bytes = self.repository.read_staged(&change.path, change.new);
            return Some(match bytes {
                Ok(bytes) => Ok(Chunk { path: change.path.clone(), bytes, id }),
                Err(error) => Err(unread(&change.path, &error)),
            });
        }
    }

    fn olds(&mut self, chunk: &Chunk) -> Result<Vec<Vec<u8>>, Unread> {
        let change = &self.staged.changes[chunk.id];
        self.repository
            .read_olds(change, &self.staged, &chunk.bytes)
            .map_err(|error| unread(&chunk.path, &error))
    }

    fn had_path(&self, chunk: &Chunk) -> bool {
        self.staged.changes[chunk.id].olds.iter().any(Option::is_some)
    }

    fn standing(&self, path: &str) -> Standing {
        let change = self.staged.changes.iter().find(|change| change.path == path.as_bytes());
        let is_tracked = match change {
            Some(change) => change.olds.iter().any(Option::is_some),
            None => self.repository.staged_entry(path).is_ok_and(|entry| entry.is_some()),
        };
        standing_of(self.repository, path, is_tracked)
    }

    fn folders(&self) -> Vec<Vec<u8>> {
        let folder = |path: &[u8]| path[..memchr::memrchr(b'/', path).unwrap_or(0)].to_vec();
        // Sorted by path, so the files of a folder are neighbours.
        let mut folders: Vec<Vec<u8>> =
            self.staged.changes.iter().map(|change| folder(&change.path)).collect();
        folders.dedup();
        folders
    }

    fn has_file(&self, path: &str) -> bool {
        !self.staged.removed.iter().any(|(gone, _)| {
            path.as_bytes()
                .strip_prefix(gone.as_slice())
                .is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
        })
    }

    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, Unread> {
        let entry = if SETTINGS_FILES.contains(&name) {
            let known = self.staged.settings.iter().find(|(found, _)| found == name);
            Ok(known.map(|(_, entry)| *entry))
        } else {
            self.asked.borrow_mut().insert(name.to_owned());
            self.repository.staged_entry(name)
        };
        let read = |entry: Entry| self.repository.read_staged(name.as_bytes(), entry);
        entry.and_then(|entry| entry.map(read).transpose()).map_err(|e| unread(name.as_bytes(), &e))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.submodules > 0 {
            let count = self.submodules;
            let what = "submodule link(s) hold no text; scan them in their own repositories";
            notes.push(format!("{count} {what}"));
        }
        let unfetched = self.repository.unfetched();
        if unfetched > 0 {
            let what = "older version(s) are not in this partial clone; their files count as new";
            notes.push(format!("{unfetched} {what}"));
        }
        notes
    }
}

/// Returns how git stands to a file that it tracks, or does not.
pub(super) fn standing_of(repository: &Repository, path: &str, is_tracked: bool) -> Standing {
    match (is_tracked, repository.is_ignored(path.as_bytes())) {
        (true, _) => Standing::Tracked,
        (false, Ok(true)) => Standing::Ignored,
        (false, Ok(false)) => Standing::Untracked,
        (false, Err(_)) => Standing::Unknown,
    }
}

pub(super) fn unread(path: &[u8], error: &GitError) -> Unread {
    Unread {
        path: path.to_vec(),
        problem: error.to_string(),
        hint: error.hint().unwrap_or_default().to_owned(),
    }
}
