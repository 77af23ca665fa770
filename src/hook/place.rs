//! Where git looks for hooks in one repository, and whose folder that is.

use std::path::{Component, Path, PathBuf};

use super::HookError;
use crate::file::full;
use crate::git::{Git, Repository};

/// The folder from which git takes the hooks of a repository.
#[derive(Clone, Debug)]
pub struct Place {
    /// The folder, absolute.
    pub folder: PathBuf,
    /// What `core.hooksPath` says, if it says anything.
    pub configured: Option<Configured>,
    /// Whose folder it is.
    pub owner: Owner,
}

/// A value of `core.hooksPath`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// The value as written.
    pub value: String,
    /// The file it comes from: `local`, `worktree`, `global`, `system` …
    pub scope: String,
}

/// Whose folder the hooks are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// git's own folder of this repository.
    Repository,
    /// A folder that this project chose: often tracked, or written by a hook manager.
    Project,
    /// A folder that serves other repositories too.
    Others,
    /// The folder of `keyhook install --global`.
    Keyhook,
}

impl Place {
    /// Asks git where the hooks of a repository lie.
    pub fn of(repository: &Repository) -> Result<Place, HookError> {
        let folder = repository.hooks_dir()?.path;
        // From a folder further down git answers with `..`; nobody wants to read that.
        let has_parent = folder.components().any(|part| part == Component::ParentDir);
        let folder = if has_parent { full(&folder) } else { folder };
        let configured = configured(repository.git());
        let owner = owner_of(&folder, configured.as_ref(), repository);
        Ok(Place { folder, configured, owner })
    }

    /// Returns the repository's own folder where keyhook's folder for all stands in for it: what is
    /// there runs, and the folder for all is not one repository's to change.
    pub fn below_global(self, repository: &Repository) -> Place {
        if self.owner != Owner::Keyhook {
            return self;
        }
        let folder = repository.common_dir().join("hooks");
        Place { folder, owner: Owner::Repository, ..self }
    }

    /// Fails unless the folder is one, or can become one.
    pub(super) fn check(&self) -> Result<(), HookError> {
        if self.folder.is_dir() {
            return Ok(());
        }
        let is_taken = self.folder.symlink_metadata().is_ok();
        // Below a file nothing can be made either.
        let above = self.folder.ancestors().find(|path| path.exists());
        if is_taken || above.is_some_and(|path| !path.is_dir()) {
            return Err(HookError::NoFolder(Box::new(self.clone())));
        }
        Ok(())
    }

    /// Returns whether the folder lies in another one, or would.
    pub fn is_below(&self, folder: &Path) -> bool {
        full(&self.folder).starts_with(full(folder))
    }

    /// Returns the command that takes `core.hooksPath` away.
    pub fn unset_command(&self) -> Option<String> {
        let scope = &self.configured.as_ref()?.scope;
        Some(format!("git config --{scope} --unset core.hooksPath"))
    }
}

/// Returns the value that counts, with the file it stands in.
fn configured(git: &Git) -> Option<Configured> {
    let lines = ["config", "--show-scope", "--get", "core.hooksPath"];
    let (scope, value) = match git.run(lines) {
        Ok(reply) => {
            let text = String::from_utf8_lossy(&reply).into_owned();
            let (scope, value) = text.split_once('\t')?;
            (scope.to_owned(), value.to_owned())
        }
        // git before 2.26 does not tell the scope; not set at all is the same failure.
        Err(_) => {
            let reply = git.run(["config", "--get", "core.hooksPath"]).ok()?;
            ("local".to_owned(), String::from_utf8_lossy(&reply).into_owned())
        }
    };
    Some(Configured { value: value.trim_end_matches(['\n', '\r']).to_owned(), scope })
}

fn owner_of(folder: &Path, configured: Option<&Configured>, repository: &Repository) -> Owner {
    let folder = full(folder);
    if folder.starts_with(full(repository.common_dir())) {
        return Owner::Repository;
    }
    if super::global::folder().is_some_and(|own| full(&own) == folder) {
        return Owner::Keyhook;
    }
    let is_in_worktree = repository.work_dir().is_some_and(|top| folder.starts_with(full(top)));
    let is_chosen_here =
        configured.is_some_and(|c| matches!(c.scope.as_str(), "local" | "worktree"));
    if is_in_worktree || is_chosen_here { Owner::Project } else { Owner::Others }
}

#[cfg(unix)]
pub(super) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
pub(super) fn is_executable(path: &Path) -> bool {
    // There are no such bits: git looks at the first line.
    path.is_file()
}
