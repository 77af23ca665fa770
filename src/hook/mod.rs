//! Installs the git hook, takes it out again, and proves that it works.
//!
//! It asks git where hooks live, keeps an existing hook and lets it run first, changes no
//! configuration, and does nothing that `uninstall` does not undo byte for byte.
//!
//! A `core.hooksPath` is refused unless it lies in git's own folder. Such a folder belongs to a hook
//! manager or to all repositories of a user; a file put there would be tracked, overwritten, or run
//! for repositories that nobody asked about. The refusal names the line to add instead.

use std::io;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use crate::git::{GitError, Repository};

mod canary;
pub mod merge_driver;

/// The text of the shim, with a place for the path of the program.
const SHIM: &str = include_str!("../../hooks/pre-commit");

/// The second line of every shim starts like this.
const SIGNATURE: &str = "# keyhook shim ";

/// Added to the shim when `install` had to make the hooks folder.
const MADE_FOLDER: &str = "# The folder was made by keyhook.\n";

/// What an existing hook is called while keyhook is installed.
const PREVIOUS: &str = "pre-commit.before-keyhook";

/// What `install` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    /// The hook was put in.
    New,
    /// It was there already.
    Unchanged,
    /// An older shim was replaced.
    Updated,
}

/// What `uninstall` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// The hook was taken out; the one before it is back if there was one.
    Hook {
        /// Whether an earlier hook was put back.
        is_previous_back: bool,
    },
    /// There was none.
    Nothing,
}

/// Why the hook could not be put in or taken out.
#[derive(Debug)]
pub enum HookError {
    /// git could not be asked.
    Git(GitError),
    /// A file could not be read or written.
    Io(PathBuf, io::Error),
    /// `core.hooksPath` names a folder that is not the repository's own.
    ForeignPath {
        /// The configured value.
        configured: String,
        /// The folder it means.
        folder: PathBuf,
    },
    /// A hook and a kept earlier hook both stand in the way.
    TwoPrevious(PathBuf),
    /// The canary was not blocked, so the hook was taken out again.
    Unproven(String),
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HookError::Git(error) => error.fmt(f),
            HookError::Io(path, error) => write!(f, "cannot change {}: {error}", path.display()),
            HookError::ForeignPath { configured, folder } => write!(
                f,
                "core.hooksPath is {configured:?}: git takes its hooks from {}, which is not this \
                 repository's own folder",
                folder.display()
            ),
            HookError::TwoPrevious(path) => write!(
                f,
                "there is a foreign pre-commit hook, and an earlier one is kept as {}",
                path.display()
            ),
            HookError::Unproven(what) => write!(f, "the hook does not work here: {what}"),
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
            HookError::Io(..) => {
                vec!["check the permissions of that folder and the free space".into()]
            }
            HookError::ForeignPath { folder, .. } => foreign_hints(folder),
            HookError::TwoPrevious(path) => {
                vec![format!("remove or merge one of them: {}", path.display())]
            }
            HookError::Unproven(_) => vec!["the hooks folder is as it was before".into()],
        }
    }
}

/// Names the line that puts keyhook into the hook manager that owns the folder.
fn foreign_hints(folder: &Path) -> Vec<String> {
    let text = folder.to_string_lossy().replace('\\', "/");
    let is_husky = text.ends_with("/.husky") || text.ends_with("/.husky/_");
    let mut hints = Vec::new();
    if is_husky {
        hints.push(
            "with husky, add the line: echo 'keyhook hook pre-commit' >> .husky/pre-commit".into(),
        );
    } else {
        hints.push(format!(
            "call keyhook from the hook in that folder; add to {text}/pre-commit: keyhook hook pre-commit || exit"
        ));
    }
    hints.push("or give the repository its own hooks: git config --local core.hooksPath \"$(git rev-parse --git-common-dir)/hooks\"".into());
    hints
}

/// Puts the hook in and proves it. `program` is keyhook itself; `canary` is a text that must be
/// blocked.
pub fn install(
    repository: &Repository,
    program: &Path,
    canary: &str,
) -> Result<Installed, HookError> {
    let folder = own_hooks_dir(repository)?;
    let hook = folder.join("pre-commit");
    let previous = folder.join(PREVIOUS);
    let existing = read_hook(&hook)?;
    let is_ours = existing.as_deref().is_some_and(is_shim);
    let made_folder = match &existing {
        Some(text) if is_ours => contains(text, MADE_FOLDER.as_bytes()),
        _ => !folder.exists(),
    };
    let shim = render_shim(program, made_folder);
    if existing.as_deref() == Some(shim.as_bytes()) && is_executable(&hook) {
        canary::prove(repository, &hook, canary).map_err(HookError::Unproven)?;
        return Ok(Installed::Unchanged);
    }
    fs::create_dir_all(&folder).map_err(io_at(&folder))?;
    let has_foreign = hook.symlink_metadata().is_ok() && !is_ours;
    if has_foreign {
        if previous.symlink_metadata().is_ok() {
            return Err(HookError::TwoPrevious(previous));
        }
        fs::rename(&hook, &previous).map_err(io_at(&hook))?;
    }
    let written = write_shim(&hook, &shim).map_err(io_at(&hook));
    let proved = written
        .and_then(|()| canary::prove(repository, &hook, canary).map_err(HookError::Unproven));
    if let Err(error) = proved {
        restore(&hook, existing.filter(|_| is_ours).as_deref())?;
        put_back(&folder, made_folder)?;
        return Err(error);
    }
    Ok(if is_ours { Installed::Updated } else { Installed::New })
}

/// Takes the hook out and puts back what was there before.
pub fn uninstall(repository: &Repository) -> Result<Removed, HookError> {
    let folder = repository.hooks_dir()?.path;
    let hook = folder.join("pre-commit");
    let Some(text) = read_hook(&hook)?.filter(|text| is_shim(text)) else {
        return Ok(Removed::Nothing);
    };
    let made_folder = contains(&text, MADE_FOLDER.as_bytes());
    fs::remove_file(&hook).map_err(io_at(&hook))?;
    let is_previous_back = put_back(&folder, made_folder)?;
    // The salt of a repository without a baseline, and what was seen; nothing needs it any more.
    let own = repository.common_dir().join("keyhook");
    for name in ["salt", "seen"] {
        if own.join(name).exists() {
            fs::remove_file(own.join(name)).map_err(io_at(&own))?;
        }
    }
    // Other files in it are not ours to remove; then the folder stays.
    let _ = fs::remove_dir(&own);
    Ok(Removed::Hook { is_previous_back })
}

fn own_hooks_dir(repository: &Repository) -> Result<PathBuf, HookError> {
    let hooks = repository.hooks_dir()?;
    let Some(configured) = hooks.configured else { return Ok(hooks.path) };
    let full = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if full(&hooks.path).starts_with(full(repository.common_dir())) {
        return Ok(hooks.path);
    }
    Err(HookError::ForeignPath { configured, folder: hooks.path })
}

fn render_shim(program: &Path, made_folder: bool) -> String {
    let program = program.to_string_lossy().replace('\\', "/").replace('\'', "'\\''");
    let mut shim = SHIM.replace("@KEYHOOK@", &format!("'{program}'"));
    if made_folder {
        shim.push_str(MADE_FOLDER);
    }
    shim
}

fn is_shim(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n')
        .nth(1)
        .is_some_and(|line| line.starts_with(SIGNATURE.as_bytes()))
}

fn read_hook(hook: &Path) -> Result<Option<Vec<u8>>, HookError> {
    match fs::read(hook) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(HookError::Io(hook.to_owned(), error)),
    }
}

fn write_shim(hook: &Path, shim: &str) -> io::Result<()> {
    let folder = hook.parent().expect("it lies in a folder");
    let mut builder = tempfile::Builder::new();
    builder.prefix(".keyhook-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o755));
    }
    let mut file = builder.tempfile_in(folder)?;
    io::Write::write_all(&mut file, shim.as_bytes())?;
    file.persist(hook).map(|_| ()).map_err(|error| error.error)
}

fn restore(hook: &Path, old_shim: Option<&[u8]>) -> Result<(), HookError> {
    match old_shim {
        Some(text) => write_shim(hook, &String::from_utf8_lossy(text)).map_err(io_at(hook)),
        None if hook.exists() => fs::remove_file(hook).map_err(io_at(hook)),
        None => Ok(()),
    }
}

fn put_back(folder: &Path, made_folder: bool) -> Result<bool, HookError> {
    let (hook, previous) = (folder.join("pre-commit"), folder.join(PREVIOUS));
    let has_previous = previous.symlink_metadata().is_ok() && hook.symlink_metadata().is_err();
    if has_previous {
        fs::rename(&previous, &hook).map_err(io_at(&previous))?;
    }
    if made_folder {
        // Not empty means that somebody else uses it now; then it stays.
        let _ = fs::remove_dir(folder);
    }
    Ok(has_previous)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.exists()
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> HookError {
    let path = path.to_owned();
    move |error| HookError::Io(path, error)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_shim_is_short_and_pinned() {
        let shim = render_shim(Path::new("/home/o'neil/bin/keyhook"), true);
        expect![[r#"
            #!/bin/sh
            # keyhook shim 1, made by `keyhook install`; take it out with `keyhook uninstall`.
            previous="$0.before-keyhook"
            if [ -x "$previous" ] && [ -z "${KEYHOOK_CANARY-}" ]; then
              "$previous" "$@" || exit $?
            fi
            keyhook='/home/o'\''neil/bin/keyhook'
            [ -x "$keyhook" ] || keyhook=$(command -v keyhook) || {
              echo 'keyhook: commit blocked: the program keyhook is not at' '/home/o'\''neil/bin/keyhook' >&2
              echo "  install it again, or take this hook out: rm '$0'" >&2
              exit 2
            }
            exec "$keyhook" hook pre-commit "$@"
            # The folder was made by keyhook.
        "#]]
        .assert_eq(&shim);
        assert!(is_shim(shim.as_bytes()));
        assert!(SHIM.lines().count() <= 15);
    }

    #[test]
    fn a_foreign_hook_is_not_a_shim() {
        assert!(!is_shim(b"#!/bin/sh\nexec keyhook hook pre-commit\n"));
        assert!(!is_shim(b""));
    }
}
