//! Reads a file of the worktree if it is what was staged.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::ObjectId;

/// Of larger files the size is compared before anything is read: the worktree may hold terabytes of
/// holes where a small file is staged.
pub(super) const LARGE: u64 = 64 << 20;

/// Returns the bytes of the file if they hash to `id`; `size` tells how long the object is.
///
/// The hash makes everything else irrelevant that could make the worktree differ from what was
/// staged: filters, line ends, partial staging, a stale time stamp, a link in the path. Hashing is
/// several times cheaper than inflating the object.
pub(super) fn read_if_same(
    work_dir: &Path,
    path: &[u8],
    id: ObjectId,
    size: impl FnOnce() -> Option<usize>,
) -> Option<Vec<u8>> {
    let file = open_regular(&work_dir.join(to_path(path)?), Links::Refused).ok()??;
    let len = file.metadata().ok()?.len();
    if len > LARGE && size().is_none_or(|size| size as u64 != len) {
        return None;
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len as usize + 1).ok()?;
    // A file that grows while it is read would not hash to the same id anyway.
    file.take(len + 1).read_to_end(&mut bytes).ok()?;
    (ObjectId::of_blob(&bytes, id.size()) == id).then_some(bytes)
}

/// Whether a link may stand where a file is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// It is followed.
    Followed,
    /// It is no file.
    Refused,
}

/// Opens a regular file; `None` for a pipe, a device, a folder or a refused link.
///
/// It never waits: who opens a pipe would hang until somebody writes into it.
pub fn open_regular(path: &Path, links: Links) -> io::Result<Option<File>> {
    let file = match open(path, links) {
        Ok(file) => file,
        Err(error) => {
            let is_link = path.symlink_metadata().is_ok_and(|found| found.is_symlink());
            let is_refused = is_link && links == Links::Refused;
            return if is_refused { Ok(None) } else { Err(error) };
        }
    };
    Ok(file.metadata()?.is_file().then_some(file))
}

/// Reads a regular file whole; anything else at its place is an error, and an absent one is `None`.
pub fn read_regular(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match open_regular(path, Links::Followed) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    let mut file = file.ok_or_else(|| io::Error::other("it is not a regular file"))?;
    file.read_to_end(&mut bytes).map(|_| Some(bytes))
}

#[cfg(unix)]
fn open(path: &Path, links: Links) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let no_follow = if links == Links::Refused { libc::O_NOFOLLOW } else { 0 };
    let flags = no_follow | libc::O_NONBLOCK | libc::O_NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path, links: Links) -> io::Result<File> {
    if links == Links::Refused && path.symlink_metadata()?.is_symlink() {
        return Err(io::Error::other("it is a link"));
    }
    OpenOptions::new().read(true).open(path)
}

/// Turns git's bytes into a path of this system; `None` where it cannot name such a file.
#[cfg(unix)]
pub(super) fn to_path(path: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(path)))
}

#[cfg(not(unix))]
pub(super) fn to_path(path: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(path).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_staged_bytes_are_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "text").unwrap();
        let staged = ObjectId::of_blob(b"text", 20);
        let read_if_same = |folder, path, id| read_if_same(folder, path, id, || None);
        assert_eq!(read_if_same(folder.path(), b"a", staged), Some(b"text".to_vec()));
        let other = ObjectId::of_blob(b"other", 20);
        assert_eq!(read_if_same(folder.path(), b"a", other), None);
        assert_eq!(read_if_same(folder.path(), b"absent", staged), None);
    }

    #[cfg(unix)]
    #[test]
    fn links_pipes_and_folders_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a"), "text").unwrap();
        std::os::unix::fs::symlink(at("a"), at("link")).unwrap();
        std::fs::create_dir(at("dir")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        let staged = ObjectId::of_blob(b"text", 20);
        for name in ["link", "dir", "pipe"] {
            let read = read_if_same(folder.path(), name.as_bytes(), staged, || None);
            assert_eq!(read, None, "{name}");
        }
        assert!(read_regular(&at("pipe")).is_err() && read_regular(&at("dir")).is_err());
        assert_eq!(read_regular(&at("link")).unwrap(), Some(b"text".to_vec()));
        assert_eq!(read_regular(&at("absent")).unwrap(), None);
    }

    #[test]
    fn a_large_file_is_read_only_if_its_size_is_right() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join("holes")).unwrap();
        // Nobody has the memory for it; on a disk it takes no room.
        if file.set_len(1 << 42).is_err() {
            return;
        }
        let staged = ObjectId::of_blob(b"text", 20);
        assert_eq!(read_if_same(folder.path(), b"holes", staged, || Some(4)), None);
        assert_eq!(read_if_same(folder.path(), b"holes", staged, || None), None);
    }
}
