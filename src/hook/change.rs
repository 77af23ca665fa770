//! Changes to files that happen together or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::HookError;
use crate::file;

/// A list of what was done, with the way back.
#[derive(Default)]
pub(super) struct Changes {
    undo: Vec<Undo>,
}

enum Undo {
    /// Put these bytes back.
    Rewrite(PathBuf, Vec<u8>, fs::Permissions),
    /// Take away a file that was not there.
    Remove(PathBuf),
    /// Move a file back over what took its place.
    Return { kept: PathBuf, place: PathBuf },
    /// Take away an empty folder.
    RemoveFolder(PathBuf),
}

/// Runs `work`; if it fails, everything that it changed is put back.
pub(super) fn all_or_nothing<T>(
    work: impl FnOnce(&mut Changes) -> Result<T, HookError>,
) -> Result<T, HookError> {
    let mut changes = Changes::default();
    match work(&mut changes) {
        Ok(done) => Ok(done),
        Err(error) => {
            changes.undo()?;
            Err(error)
        }
    }
}

impl Changes {
    /// Makes a folder with all its parents.
    pub(super) fn make_folder(&mut self, folder: &Path) -> Result<(), HookError> {
        let missing: Vec<&Path> = folder.ancestors().take_while(|path| !path.exists()).collect();
        for path in missing.into_iter().rev() {
            fs::create_dir(path).map_err(io_at(path))?;
            self.undo.push(Undo::RemoveFolder(path.to_owned()));
        }
        Ok(())
    }

    /// Writes a file whole; a program gets its executable bits.
    pub(super) fn write(
        &mut self,
        path: &Path,
        bytes: &[u8],
        is_program: bool,
    ) -> Result<(), HookError> {
        let undo = match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_file() => {
                let old = file::read(path).map_err(io_at(path))?;
                Undo::Rewrite(path.to_owned(), old, metadata.permissions())
            }
            Ok(_) => {
                let problem = io::Error::other("it is not a regular file");
                return Err(HookError::Io(path.to_owned(), problem));
            }
            Err(_) => Undo::Remove(path.to_owned()),
        };
        let permissions = match &undo {
            Undo::Rewrite(_, _, permissions) if !is_program => Some(permissions.clone()),
            _ => None,
        };
        write_whole(path, bytes, is_program, permissions).map_err(io_at(path))?;
        self.undo.push(undo);
        Ok(())
    }

    /// Keeps a hook under another name and puts a program in its place, so that git finds one of
    /// the two at any moment.
    pub(super) fn replace_keeping(
        &mut self,
        place: &Path,
        kept: &Path,
        bytes: &[u8],
    ) -> Result<(), HookError> {
        // Not every file system has hard links; there the hook is away for a moment.
        if fs::hard_link(place, kept).is_err() {
            fs::rename(place, kept).map_err(io_at(place))?;
        }
        self.undo.push(Undo::Return { kept: kept.to_owned(), place: place.to_owned() });
        write_whole(place, bytes, true, None).map_err(io_at(place))
    }

    /// Takes a file away.
    pub(super) fn remove(&mut self, path: &Path) -> Result<(), HookError> {
        let old = file::read(path).map_err(io_at(path))?;
        let permissions = path.metadata().map_err(io_at(path))?.permissions();
        fs::remove_file(path).map_err(io_at(path))?;
        self.undo.push(Undo::Rewrite(path.to_owned(), old, permissions));
        Ok(())
    }

    /// Moves a file to a place where nothing is.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> Result<(), HookError> {
        fs::rename(from, to).map_err(io_at(from))?;
        self.undo.push(Undo::Return { kept: to.to_owned(), place: from.to_owned() });
        Ok(())
    }

    /// Moves a kept hook back over the program that stands in its place.
    pub(super) fn put_back(&mut self, kept: &Path, place: &Path) -> Result<(), HookError> {
        let shim = file::read(place).map_err(io_at(place))?;
        fs::rename(kept, place).map_err(io_at(kept))?;
        // The way back: the kept hook to its other name, then the program to its place.
        let permissions = program_permissions(place).map_err(io_at(place))?;
        self.undo.push(Undo::Rewrite(place.to_owned(), shim, permissions));
        self.undo.push(Undo::Return { kept: place.to_owned(), place: kept.to_owned() });
        Ok(())
    }

    fn undo(self) -> Result<(), HookError> {
        let mut first = Ok(());
        for step in self.undo.into_iter().rev() {
            let undone = match &step {
                Undo::Rewrite(path, bytes, permissions) => {
                    write_whole(path, bytes, false, Some(permissions.clone())).map_err(io_at(path))
                }
                Undo::Remove(path) => fs::remove_file(path).map_err(io_at(path)),
                Undo::Return { kept, place } => give_back(kept, place).map_err(io_at(kept)),
                Undo::RemoveFolder(path) => fs::remove_dir(path).map_err(io_at(path)),
            };
            // The other steps are still worth doing.
            first = first.and(undone);
        }
        first
    }
}

fn give_back(kept: &Path, place: &Path) -> io::Result<()> {
    fs::rename(kept, place)?;
    // Renaming one link of a file to another link of it does nothing at all.
    if kept.symlink_metadata().is_ok() { fs::remove_file(kept) } else { Ok(()) }
}

#[cfg(unix)]
fn program_permissions(_: &Path) -> io::Result<fs::Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn program_permissions(beside: &Path) -> io::Result<fs::Permissions> {
    Ok(beside.metadata()?.permissions())
}

/// Writes to a temporary file beside the place, then renames it.
fn write_whole(
    path: &Path,
    bytes: &[u8],
    is_program: bool,
    permissions: Option<fs::Permissions>,
) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".keyhook-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = if is_program { 0o755 } else { 0o666 };
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let _ = is_program;
    // The error would name the temporary file, which nobody has heard of.
    let mut file = builder.tempfile_in(folder).map_err(|e| io::Error::from(e.kind()))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}

pub(super) fn io_at(path: &Path) -> impl FnOnce(io::Error) -> HookError {
    let path = path.to_owned();
    move |error| HookError::Io(path, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut all: Vec<_> =
            entries.map(|path| (path.clone(), fs::read(&path).unwrap_or_default())).collect();
        all.sort();
        all
    }

    #[test]
    fn a_failure_puts_everything_back() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, text) in [("a", "old a"), ("b", "old b"), ("c", "shim"), ("c.kept", "old c")] {
            fs::write(at(name), text).unwrap();
        }
        let before = picture(folder.path());
        let result: Result<(), HookError> = all_or_nothing(|changes| {
            changes.write(&at("a"), b"new a", false)?;
            changes.replace_keeping(&at("b"), &at("b.kept"), b"shim")?;
            changes.put_back(&at("c.kept"), &at("c"))?;
            changes.make_folder(&at("deep/er"))?;
            changes.write(&at("deep/er/d"), b"d", true)?;
            changes.remove(&at("a"))?;
            assert_eq!(fs::read(at("b.kept")).unwrap(), b"old b");
            assert_eq!(fs::read(at("c")).unwrap(), b"old c");
            Err(HookError::Unproven("x".into()))
        });
        assert!(matches!(result, Err(HookError::Unproven(_))));
        assert_eq!(before, picture(folder.path()));
    }

    #[test]
    fn what_is_no_file_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let result = all_or_nothing(|changes| changes.write(folder.path(), b"x", false));
        assert!(result.is_err());
    }
}
