//! Reads a file of the worktree if it is what was staged.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::ObjectId;

/// Larger files are read from the object database, which holds each once.
const SIZE_MAX: u64 = 1 << 30;

/// Returns the bytes of the file if they hash to `id`.
///
/// The hash makes everything else irrelevant that could make the worktree differ from what was
/// staged: filters, line ends, partial staging, a stale time stamp, a link in the path. Hashing is
/// several times cheaper than inflating the object.
pub(super) fn read_if_same(work_dir: &Path, path: &[u8], id: ObjectId) -> Option<Vec<u8>> {
    let file = open(&work_dir.join(to_path(path)?))?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > SIZE_MAX {
        return None;
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize + 1);
    // A file that grows while it is read would not hash to the same id anyway.
    file.take(SIZE_MAX).read_to_end(&mut bytes).ok()?;
    (ObjectId::of_blob(&bytes, id.size()) == id).then_some(bytes)
}

/// Opens without following a link and without waiting for a pipe's other end.
#[cfg(unix)]
fn open(path: &Path) -> Option<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags).open(path).ok()
}

#[cfg(not(unix))]
fn open(path: &Path) -> Option<File> {
    if path.symlink_metadata().ok()?.file_type().is_symlink() {
        return None;
    }
    OpenOptions::new().read(true).open(path).ok()
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
            assert_eq!(read_if_same(folder.path(), name.as_bytes(), staged), None, "{name}");
        }
    }
}
