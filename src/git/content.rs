//! Reads a file of the worktree if it is what was staged.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::ObjectId;
use crate::file::{self, Links};

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
    let file = file::open(&work_dir.join(to_path(path)?), Links::Refused).ok()??;
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

/// Turns git's bytes into a path of this system; `None` where it cannot name such a file.
#[cfg(unix)]
pub fn to_path(path: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(path)))
}

#[cfg(not(unix))]
pub fn to_path(path: &[u8]) -> Option<PathBuf> {
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
    }

    #[test]
    fn a_large_file_is_read_only_if_its_size_is_right() {
        let folder = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(folder.path().join("holes")).unwrap();
        // Nobody has the memory for it; on a disk it takes no room.
        if file.set_len(1 << 42).is_err() {
            return;
        }
        let staged = ObjectId::of_blob(b"text", 20);
        assert_eq!(read_if_same(folder.path(), b"holes", staged, || Some(4)), None);
        assert_eq!(read_if_same(folder.path(), b"holes", staged, || None), None);
    }
}
