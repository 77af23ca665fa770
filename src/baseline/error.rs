//! Why a baseline cannot be used, and what to do then.

use std::path::PathBuf;
use std::{fmt, io};

use super::{BASELINE_NAME, VERSION};

/// Why a baseline cannot be used.
#[derive(Debug)]
pub enum BaselineError {
    /// The file does not follow the format.
    Damaged {
        /// The line, from 1; 0 if the fault has no line.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// git's text merge left both sides of a conflict in it.
    Conflict {
        /// The line of the first conflict.
        line: usize,
    },
    /// A newer keyhook wrote it.
    Newer(u64),
    /// It was written by detect-secrets, which keyhook honours but does not change.
    NotOurs,
    /// It could not be read.
    Read(PathBuf, io::Error),
    /// It could not be written.
    Write(PathBuf, io::Error),
    /// Another keyhook holds the lock.
    Busy(PathBuf),
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BaselineError::Damaged { line: 0, problem } => {
                write!(f, "cannot use {BASELINE_NAME}: {problem}")
            }
            BaselineError::Damaged { line, problem } => {
                write!(f, "cannot use {BASELINE_NAME}, line {line}: {problem}")
            }
            BaselineError::Conflict { line } => {
                write!(f, "cannot use {BASELINE_NAME}, line {line}: a merge left a conflict in it")
            }
            BaselineError::Newer(version) => write!(
                f,
                "cannot use {BASELINE_NAME}: it has format {version}, this keyhook knows up to {VERSION}"
            ),
            BaselineError::NotOurs => {
                write!(
                    f,
                    "{BASELINE_NAME} was written by detect-secrets; keyhook reads it but does not change it"
                )
            }
            BaselineError::Read(path, error) => {
                write!(f, "cannot read {}: {error}", path.display())
            }
            BaselineError::Write(path, error) => {
                write!(f, "cannot write {}: {error}", path.display())
            }
            BaselineError::Busy(path) => {
                write!(
                    f,
                    "another keyhook is changing {BASELINE_NAME}; it holds {}",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for BaselineError {}

impl BaselineError {
    /// Returns what the user can do.
    pub fn hint(&self) -> &'static str {
        match self {
            BaselineError::Damaged { .. } => {
                "mend that line; what was committed comes back with: \
                 git checkout HEAD -- :/.secrets.baseline"
            }
            BaselineError::Conflict { .. } => "keyhook baseline merge",
            BaselineError::Newer(_) => "update keyhook",
            BaselineError::NotOurs => "take it over with: keyhook baseline import",
            BaselineError::Read(..) => "check its permissions",
            BaselineError::Busy(_) => "wait for it to end, then try again",
            BaselineError::Write(..) => "free some space or check the permissions, then try again",
        }
    }
}
