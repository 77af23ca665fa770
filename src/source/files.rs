//! Files on disk: what a user names, or everything that git tracks.
//!
//! In a repository a folder means the files that git tracks or would track; outside of one, every
//! file below it. A file named by itself is always read, and a link named by itself is followed.

use std::borrow::Cow;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::sparse::Sparse;
use super::staged::{standing_of, unread};
use super::{Chunk, Source, Standing, Unread};
use crate::file::{self, Links};
use crate::git::{Git, GitError, Repository, to_path};

/// Reads files and folders that the user named.
pub struct FilesSource<'a> {
    repository: Option<&'a Repository>,
    paths: std::vec::IntoIter<(PathBuf, Vec<u8>)>,
    /// The folders that were named, and those of the named files.
    folders: Vec<Vec<u8>>,
    unread: Vec<Unread>,
    special: usize,
    nested: usize,
    sparse: Sparse,
    next: usize,
}

impl<'a> FilesSource<'a> {
    /// Lists the files; with `is_all` also those that git ignores.
    pub fn open(
        paths: &[PathBuf],
        is_all: bool,
        repository: Option<&'a Repository>,
    ) -> Result<FilesSource<'a>, Unread> {
        let mut source = FilesSource {
            repository,
            paths: Vec::new().into_iter(),
            folders: Vec::new(),
            unread: Vec::new(),
            special: 0,
            nested: 0,
            sparse: Sparse::default(),
            next: 0,
        };
        let mut found = Vec::new();
        for path in paths {
            let (path, metadata) = followed(path).map_err(|e| cannot_read(path, &e))?;
            let mut display = source.display(&path);
            if metadata.is_dir() {
                source.list(&path, is_all, &mut found)?;
            } else if !metadata.is_file() && !metadata.is_symlink() {
                source.special += 1;
            } else {
                found.push((path.into_owned(), display.clone()));
                display.truncate(memchr::memrchr(b'/', &display).unwrap_or(0));
            }
            source.folders.push(display);
        }
        found.sort_by(|a, b| a.1.cmp(&b.1));
        // A file may be named twice, and each time otherwise.
        found.dedup_by(|a, b| a.1 == b.1);
        source.paths = found.into_iter();
        Ok(source)
    }

    fn list(
        &mut self,
        folder: &Path,
        is_all: bool,
        found: &mut Vec<(PathBuf, Vec<u8>)>,
    ) -> Result<(), Unread> {
        match Git::isolated(folder).files(is_all) {
            Ok(names) => {
                self.sparse.add(folder);
                let shown = self.shown(folder);
                for name in names {
                    let Some(name) = to_path(&name) else { continue };
                    let display = path_bytes(&shown.join(&name));
                    let path = listed_path(folder, name);
                    found.push((path, display));
                }
                Ok(())
            }
            Err(GitError::NotARepository(_) | GitError::NoGit(_)) => self.walk(folder, found),
            Err(error) => Err(unread(b"", &error)),
        }
    }

    fn walk(&mut self, top: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<(), Unread> {
        let shown = self.shown(top);
        let mut folders = vec![top.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.unread.push(cannot_read(&folder, &error));
                    continue;
                }
            };
            for entry in entries {
                let entry = entry.map_err(|e| cannot_read(&folder, &e))?;
                let path = entry.path();
                let kind = entry.file_type().map_err(|e| cannot_read(&path, &e))?;
                if kind.is_dir() && entry.file_name() != ".git" {
                    folders.push(path);
                } else if !kind.is_dir() {
                    let display = path_bytes(&shown.join(path.strip_prefix(top).unwrap_or(&path)));
                    found.push((path, display));
                }
            }
        }
        Ok(())
    }

    /// Returns the path of a file from the top of the repository, or as the user typed it.
    fn display(&self, path: &Path) -> Vec<u8> {
        match (path.parent(), path.file_name()) {
            (Some(folder), Some(name)) => path_bytes(&self.shown(folder).join(name)),
            _ => path_bytes(path),
        }
    }

    /// Returns how a folder stands in front of the names of its files: from the top of the
    /// repository, or as the user typed it. No file in it is asked for its folder again.
    fn shown(&self, folder: &Path) -> PathBuf {
        let top = self.repository.and_then(Repository::work_dir);
        let inside = top.and_then(|top| {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let full = folder.canonicalize().ok()?;
            Some(full.strip_prefix(top.canonicalize().ok()?).ok()?.to_owned())
        });
        inside.unwrap_or_else(|| folder.strip_prefix("./").unwrap_or(folder).to_owned())
    }

    fn read(&mut self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let Some(file) = file::open(path, Links::Refused)? else {
            let kind = fs::symlink_metadata(path)?.file_type();
            if kind.is_symlink() {
                return fs::read_link(path).map(|target| Some(path_bytes(&target)));
            }
            if kind.is_file() {
                return Err(io::Error::other("it was replaced while it was read"));
            }
            let count = if kind.is_dir() { &mut self.nested } else { &mut self.special };
            *count += 1;
            return Ok(None);
        };
        let len = file.metadata()?.len() as usize;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len + 1)?;
        // Read through the reader that asks nothing: with its room made, two calls are enough.
        file.take(u64::MAX).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }
}

impl Source for FilesSource<'_> {
    fn next(&mut self) -> Option<Result<Chunk, Unread>> {
        if let Some(unread) = self.unread.pop() {
            return Some(Err(unread));
        }
        loop {
            let (file, path) = self.paths.next()?;
            let id = self.next;
            self.next += 1;
            return Some(match self.read(&file) {
                Ok(Some(bytes)) => Ok(Chunk { path, bytes, id }),
                Ok(None) => continue,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    match self.sparse.read(&file) {
                        Ok(Some(bytes)) => Ok(Chunk { path, bytes, id }),
                        // Tracked, but deleted in the worktree: there is nothing to look at.
                        Ok(None) => continue,
                        Err(error) => Err(unread(&path, &error)),
                    }
                }
                Err(error) => Err(cannot_read(&file, &error)),
            });
        }
    }

    fn olds(&mut self, _: &Chunk) -> Result<Vec<Vec<u8>>, Unread> {
        Ok(Vec::new())
    }

    fn is_for_git(&self, chunk: &Chunk) -> bool {
        self.repository.is_some_and(|repository| repository.would_take(&chunk.path).unwrap_or(true))
    }

    fn standing(&self, path: &str) -> Standing {
        worktree_standing(self.repository, path)
    }

    fn folders(&self) -> Vec<Vec<u8>> {
        self.folders.clone()
    }

    fn has_file(&self, path: &str) -> bool {
        is_in_worktree(self.repository, path)
    }

    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, Unread> {
        worktree_setting(self.repository, name)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.nested > 0 {
            notes.push(format!(
                "{} nested repositories were not scanned; scan them by name",
                self.nested
            ));
        }
        if self.special > 0 {
            notes.push(format!("{} devices, pipes or sockets were not read", self.special));
        }
        notes.extend(self.sparse.note());
        notes
    }
}

/// Follows a link that the user named himself. One that leads to nothing is what git has of it: its
/// target's text.
fn followed(path: &Path) -> io::Result<(Cow<'_, Path>, fs::Metadata)> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_symlink() {
        return Ok((Cow::Borrowed(path), metadata));
    }
    let target = match fs::metadata(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
        Err(_) => return Ok((Cow::Borrowed(path), metadata)),
    };
    // The name of a file says what is in it, and that of a link need not. A pipe has no other name.
    let Ok(full) = fs::canonicalize(path) else { return Ok((Cow::Borrowed(path), target)) };
    let here = std::env::current_dir()?;
    let path = match full.strip_prefix(here) {
        Ok(rest) if rest.as_os_str().is_empty() => PathBuf::from("."),
        Ok(rest) => rest.to_owned(),
        Err(_) => full,
    };
    Ok((Cow::Owned(path), target))
}

pub(super) fn is_in_worktree(repository: Option<&Repository>, path: &str) -> bool {
    repository.and_then(Repository::work_dir).is_some_and(|top| top.join(path).exists())
}

/// Returns how git stands to a file, by what is staged.
pub(super) fn worktree_standing(repository: Option<&Repository>, path: &str) -> Standing {
    let Some(repository) = repository else { return Standing::Unknown };
    let is_tracked = repository.staged_entry(path).is_ok_and(|entry| entry.is_some());
    standing_of(repository, path, is_tracked)
}

pub(super) fn worktree_setting(
    repository: Option<&Repository>,
    name: &str,
) -> Result<Option<Vec<u8>>, Unread> {
    // Outside of a repository the current folder stands for its top.
    let path = match repository.map(Repository::work_dir) {
        Some(Some(top)) => top.join(name),
        Some(None) => return Ok(None),
        None => PathBuf::from(name),
    };
    file::read_if_there(&path).map_err(|error| cannot_read(Path::new(name), &error))
}

fn cannot_read(path: &Path, error: &io::Error) -> Unread {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "give yourself the right to read it, or name other paths"
        }
        io::ErrorKind::NotFound => "check the spelling",
        _ => "",
    };
    let problem = format!("cannot read it: {error}");
    Unread { path: path_bytes(path), problem, hint: hint.to_owned() }
}

#[cfg(unix)]
fn path_bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(not(unix))]
fn path_bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}

/// Returns where a file lies that git lists in a folder.
pub(super) fn listed_path(folder: &Path, name: PathBuf) -> PathBuf {
    if folder == Path::new(".") { name } else { folder.join(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &mut FilesSource<'_>) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(item) = source.next() {
            names.push(String::from_utf8(item.unwrap().path).unwrap());
        }
        names
    }

    #[test]
    fn outside_a_repository_every_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/.git")).unwrap();
        fs::write(folder.path().join("a/b.txt"), "b").unwrap();
        fs::write(folder.path().join("a/.git/config"), "c").unwrap();
        fs::write(folder.path().join(".hidden"), "h").unwrap();
        let mut found = Vec::new();
        let mut source = FilesSource::open(&[], false, None).unwrap();
        source.walk(folder.path(), &mut found).unwrap();
        found.sort();
        let found: Vec<PathBuf> = found.into_iter().map(|(path, _)| path).collect();
        assert_eq!(found, [folder.path().join(".hidden"), folder.path().join("a/b.txt")]);
    }

    #[test]
    fn a_named_file_is_read_and_an_absent_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.py");
        fs::write(&file, "x").unwrap();
        let mut source = FilesSource::open(&[file.clone(), file], false, None).unwrap();
        assert_eq!(names(&mut source).len(), 1);
        let absent = folder.path().join("absent");
        let unread = FilesSource::open(&[absent], false, None).err().unwrap();
        assert!(unread.problem.contains("cannot read it") && unread.hint.contains("spelling"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_its_target_and_a_pipe_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let (link, pipe) = (folder.path().join("link"), folder.path().join("pipe"));
        std::os::unix::fs::symlink("to/somewhere", &link).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let mut source = FilesSource::open(&[link, pipe], false, None).unwrap();
        let chunk = source.next().unwrap().unwrap();
        assert_eq!(chunk.bytes, b"to/somewhere");
        assert!(source.next().is_none());
        assert_eq!(source.notes(), ["1 devices, pipes or sockets were not read"]);
    }
}
