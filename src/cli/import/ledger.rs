//! The baseline that an import adds to, and how it is written.
//!
//! detect-secrets' file has the name of ours. It is copied aside first and replaced afterwards, so
//! that at any moment its content is in one of the two, whole.

use std::io;
use std::path::{Path, PathBuf};

use crate::baseline::{BASELINE_NAME, Baseline, BaselineError, Opened, Store, write_whole};
use crate::file;
use crate::git::Repository;
use crate::scan::{Problem, baseline_problem};

/// Where detect-secrets' file goes.
pub(super) const ASIDE: &str = ".secrets.baseline.detect-secrets";

/// The baseline as it is, ours or none.
pub(super) struct Ledger<'a> {
    repository: &'a Repository,
    path: PathBuf,
    kept: Kept,
    before: Option<String>,
    /// The bytes of detect-secrets' file, if that is what stands there.
    foreign: Option<Vec<u8>>,
}

/// A baseline to be changed: under the lock, or in memory alone.
enum Kept {
    Locked(Box<Opened>),
    Dry(Baseline),
}

/// What writing did.
pub(super) struct Written {
    pub(super) is_changed: bool,
    pub(super) is_moved: bool,
}

fn store(repository: &Repository, top: &Path) -> Store {
    Store::new(top, repository.common_dir())
}

/// Returns whether the name of our file is taken by detect-secrets'.
pub(super) fn is_foreign(repository: &Repository, top: &Path) -> Result<bool, Problem> {
    let read = store(repository, top).read().map_err(|error| baseline_problem(&error))?;
    Ok(read.is_some_and(|baseline| baseline.is_foreign()))
}

impl<'a> Ledger<'a> {
    /// Reads the baseline; unless it is a dry run, nobody else changes it until this is closed.
    pub(super) fn open(
        repository: &'a Repository,
        top: &Path,
        is_dry: bool,
    ) -> Result<Ledger<'a>, Problem> {
        let store = store(repository, top);
        let fail = |error| baseline_problem(&error);
        let path = store.path().to_owned();
        let (kept, before, foreign) = if is_dry {
            let read = store.read().map_err(fail)?;
            let foreign = read.as_ref().filter(|b| b.is_foreign()).map(|_| Vec::new());
            let ours = read.filter(|baseline| !baseline.is_foreign());
            let before = ours.as_ref().map(Baseline::render).transpose().map_err(fail)?;
            let salt = super::tree::options(repository).salt();
            (Kept::Dry(ours.unwrap_or_else(|| Baseline::new(salt))), before, foreign)
        } else {
            let (opened, foreign) = store.take_over().map_err(fail)?;
            let is_ours = !opened.is_new && foreign.is_none();
            let before = is_ours.then(|| opened.baseline.render()).transpose().map_err(fail)?;
            (Kept::Locked(Box::new(opened)), before, foreign)
        };
        Ok(Ledger { repository, path, kept, before, foreign })
    }

    pub(super) fn baseline(&mut self) -> &mut Baseline {
        match &mut self.kept {
            Kept::Locked(opened) => &mut opened.baseline,
            Kept::Dry(baseline) => baseline,
        }
    }

    /// Writes the file if something was recorded, and stages what was written. After a dry run it
    /// only says what would change.
    pub(super) fn close(mut self) -> Result<Written, Problem> {
        let text = self.baseline().render().map_err(|error| baseline_problem(&error))?;
        let is_empty = self.baseline().records().next().is_none();
        let is_moved = self.foreign.is_some();
        let is_changed = is_moved || (self.before.as_ref() != Some(&text) && !is_empty);
        if let (Kept::Locked(_), Some(bytes)) = (&self.kept, &self.foreign) {
            self.put_aside(bytes)?;
        }
        if let (Kept::Locked(opened), true) = (&mut self.kept, is_changed) {
            opened.save().map_err(|error| baseline_problem(&error))?;
            stage(self.repository, &self.path, BASELINE_NAME)?;
        }
        Ok(Written { is_changed, is_moved })
    }

    fn put_aside(&self, bytes: &[u8]) -> Result<(), Problem> {
        let aside = self.path.with_file_name(ASIDE);
        match file::read(&aside) {
            // An import that was cut short got this far.
            Ok(old) if old == bytes => {}
            Ok(_) => {
                return Err(Problem {
                    path: ASIDE.into(),
                    problem: "it exists, and is not the file that would go there".into(),
                    hint: format!("git mv {ASIDE} {ASIDE}.old, then import again"),
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_whole(&aside, bytes).map_err(|error| {
                    baseline_problem(&BaselineError::Write(aside.clone(), error))
                })?;
            }
            Err(error) => {
                let problem = format!("cannot read it: {error}");
                let hint = "check its permissions".to_owned();
                return Err(Problem { path: ASIDE.into(), problem, hint });
            }
        }
        let is_tracked = self.repository.staged_entry(BASELINE_NAME).is_ok_and(|e| e.is_some());
        if is_tracked { stage(self.repository, &aside, ASIDE) } else { Ok(()) }
    }
}

fn stage(repository: &Repository, path: &Path, name: &str) -> Result<(), Problem> {
    repository.stage(path).map_err(|error| Problem {
        path: name.into(),
        problem: format!("written, but not staged: {error}"),
        hint: format!("git add {name}"),
    })
}
