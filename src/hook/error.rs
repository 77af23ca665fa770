//! What can go wrong with hooks, in words for a person, with the ways to go on.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use super::event::Event;
use super::manager::{Addition, Managed};
use super::place::{Configured, Owner, Place};
use crate::file::full;
use crate::git::GitError;

/// Why the hooks could not be put in or taken out.
#[derive(Debug)]
pub enum HookError {
    /// git could not be asked.
    Git(GitError),
    /// A file could not be read or written.
    Io(PathBuf, io::Error),
    /// `core.hooksPath` names a folder that is not the repository's own.
    ForeignPath(Box<Place>, Option<Box<Managed>>, Vec<Event>),
    /// What should be the hooks folder is none.
    NoFolder(Box<Place>),
    /// A hook and a kept earlier hook both stand in the way.
    TwoPrevious(PathBuf),
    /// A manager's file has a form in which keyhook does not dare to write.
    NotWritable(PathBuf, String),
    /// The canary was not blocked, so everything was put back.
    Unproven(String),
    /// There is no home folder, or it is not usable.
    NoHome,
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HookError::Git(error) => error.fmt(f),
            HookError::Io(path, error) => write!(f, "cannot change {}: {error}", path.display()),
            HookError::ForeignPath(place, ..) => match &place.configured {
                Some(Configured { value, scope }) => write!(
                    f,
                    "core.hooksPath is {value:?} ({scope}): git takes its hooks from {}, which is not \
                     this repository's own folder",
                    place.folder.display()
                ),
                None => write!(
                    f,
                    "the hooks folder is a link: {} is not this repository's own folder",
                    full(&place.folder).display()
                ),
            },
            HookError::NoFolder(place) => {
                write!(f, "{} is no folder, so git runs no hook here", place.folder.display())?;
                match &place.configured {
                    Some(Configured { value, scope }) => {
                        write!(f, " (core.hooksPath is {value:?}, {scope})")
                    }
                    None => Ok(()),
                }
            }
            HookError::TwoPrevious(path) => write!(
                f,
                "there is a foreign hook, and an earlier one is kept as {}",
                path.display()
            ),
            HookError::NotWritable(path, why) => {
                write!(f, "cannot add the lines to {}: {why}", path.display())
            }
            HookError::Unproven(what) => write!(f, "the hook does not work here: {what}"),
            HookError::NoHome => {
                f.write_str("there is no home folder to install for: HOME is not set")
            }
        }
    }
}

impl std::error::Error for HookError {}

impl From<GitError> for HookError {
    fn from(error: GitError) -> HookError {
        HookError::Git(error)
    }
}

impl HookError {
    /// Returns what the user can do, as lines.
    pub fn hints(&self) -> Vec<String> {
        match self {
            HookError::Git(error) => error.hint().map(str::to_owned).into_iter().collect(),
            HookError::Io(path, error) if is_held(path, error) => vec![format!(
                "another git may be at work; if none is, an earlier one left its lock: rm {}",
                path.display()
            )],
            HookError::Io(..) => {
                vec!["check the permissions of that folder and the free space".into()]
            }
            HookError::ForeignPath(place, managed, events) => {
                foreign_hints(place, managed.as_deref(), events)
            }
            HookError::NoFolder(place) => match place.unset_command() {
                Some(command) => {
                    vec![format!("let git use the repository's own folder: {command}")]
                }
                None => vec![format!("move it away: {}", place.folder.display())],
            },
            HookError::TwoPrevious(path) => {
                vec![format!("remove or merge one of them: {}", path.display())]
            }
            HookError::NotWritable(..) => {
                vec!["add them by hand; `keyhook install` without --write shows them".into()]
            }
            HookError::Unproven(_) => vec!["everything is as it was before".into()],
            HookError::NoHome => vec!["name one: HOME=/home/you keyhook install --global".into()],
        }
    }
}

/// Returns whether what stands in the way is the lock of a git.
fn is_held(path: &Path, error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AlreadyExists && path.extension().is_some_and(|e| e == "lock")
}

/// Names the ways to go on where the folder is somebody else's.
fn foreign_hints(place: &Place, managed: Option<&Managed>, events: &[Event]) -> Vec<String> {
    let own = "or give the repository its own hooks: git config --local core.hooksPath \
               \"$(git rev-parse --git-common-dir)/hooks\"";
    let mut hints = Vec::new();
    match (managed, place.owner) {
        (Some(managed), _) => {
            for Addition { file, lines } in managed.additions(events) {
                hints.push(format!("add to {}:\n{}", file.display(), indented(&lines)));
            }
            hints.push("or let keyhook add them: keyhook install --write".into());
        }
        (None, Owner::Project) => {
            hints.push("put the hooks into that folder too: keyhook install --write".into());
            hints.push(own.into());
        }
        _ => {
            hints.push(
                "guard every repository that takes its hooks from there: keyhook install --global"
                    .into(),
            );
            hints.push(own.into());
        }
    }
    hints
}

fn indented(lines: &str) -> String {
    let lines: Vec<String> = lines.lines().map(|line| format!("    {line}")).collect();
    lines.join("\n")
}
