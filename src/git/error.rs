//! What can go wrong with git, in words for a person.

use std::path::PathBuf;
use std::{fmt, io};

/// A failure to read or use a repository.
#[derive(Debug)]
pub enum GitError {
    /// There is no repository here.
    NotARepository(PathBuf),
    /// There is a repository, and no files of it: it is bare, or this is git's own folder.
    NoWorktree,
    /// A file of the repository cannot be read.
    Io(PathBuf, io::Error),
    /// The index is damaged or has a form that this reader does not know.
    Index(String),
    /// An object is missing, damaged or of the wrong kind.
    Object(ObjectProblem),
    /// The index still has unmerged entries.
    Unmerged(String),
    /// libgit2 said no.
    Library(git2::Error),
    /// The program `git` could not be run.
    NoGit(io::Error),
    /// The program `git` ran and failed.
    Command {
        /// The subcommand.
        what: String,
        /// What git wrote.
        message: String,
    },
    /// Neither reader could do it.
    BothReaders {
        /// Why keyhook's own reader could not.
        own: Box<GitError>,
        /// Why git itself could not.
        git: Box<GitError>,
    },
}

/// What is wrong with which object.
#[derive(Debug)]
pub struct ObjectProblem {
    /// The object's name in hex.
    pub id: String,
    /// What is wrong with it.
    pub problem: String,
}

impl GitError {
    /// Returns whether there simply is no repository, which no other reader would change.
    pub fn is_no_repository(&self) -> bool {
        match self {
            GitError::NotARepository(_) => true,
            GitError::BothReaders { git, .. } => git.is_no_repository(),
            _ => false,
        }
    }

    /// Returns what the user can do, if there is something.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            GitError::NotARepository(_) => Some("run it inside a repository, or: git init"),
            GitError::NoWorktree => Some("look at its commits: keyhook scan --history"),
            GitError::Unmerged(_) => Some("resolve the conflict, then: git add <file>"),
            GitError::NoGit(_) => Some("install git, or put it on the PATH"),
            GitError::Index(_) => Some("check the repository with: git status; git fsck"),
            GitError::Object(_) => Some(
                "check the repository with: git fsck; a partial clone fetches what is missing with: \
                 git diff --cached --stat",
            ),
            GitError::BothReaders { git, .. } => {
                git.hint().or(Some("check the repository with: git fsck"))
            }
            GitError::Command { .. } => Some("check the repository with: git status; git fsck"),
            GitError::Io(..) | GitError::Library(_) => None,
        }
    }
}

impl fmt::Display for GitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GitError::NotARepository(path) => {
                write!(f, "no git repository in {} or above it", path.display())
            }
            GitError::NoWorktree => f.write_str("a bare repository has no files to look at"),
            GitError::Io(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            GitError::Index(problem) => write!(f, "cannot read the git index: {problem}"),
            GitError::Object(ObjectProblem { id, problem }) => {
                write!(f, "cannot read the git object {id}: {problem}")
            }
            GitError::Unmerged(path) => write!(f, "the index has an unmerged entry: {path}"),
            GitError::Library(error) => write!(f, "{}", error.message()),
            GitError::NoGit(error) => write!(f, "cannot run git: {error}"),
            GitError::Command { what, message } => {
                write!(f, "git {what} failed: {}", message.trim())
            }
            GitError::BothReaders { own, git } => write!(f, "{git} (before that: {own})"),
        }
    }
}

impl std::error::Error for GitError {}

impl From<git2::Error> for GitError {
    fn from(error: git2::Error) -> GitError {
        GitError::Library(error)
    }
}
