//! Opens and reads files that somebody else has put there.
//!
//! A repository may hold anything under any name: a pipe called `.keyhook.toml`, a link to
//! `/dev/zero` called `.secrets.baseline`. Whoever opens a pipe waits until somebody writes into it,
//! and a device has no end. What lies in a repository, or has its name from there, is therefore
//! opened here. Files that the user names on the command line are not: `/dev/stdin` and what
//! `<(…)` of a shell stands for are pipes that are meant.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A file that is read whole to be understood is far smaller; a file of holes costs nothing to make.
const SIZE_MAX: u64 = 256 << 20;

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
pub fn open(path: &Path, links: Links) -> io::Result<Option<File>> {
    let file = match open_any(path, links) {
        Ok(file) => file,
        // A refused link is another error on each system; that nothing is there is not one of them.
        Err(error) if links == Links::Refused && error.kind() != io::ErrorKind::NotFound => {
            return if path.is_symlink() { Ok(None) } else { Err(error) };
        }
        Err(error) => return Err(error),
    };
    Ok(file.metadata()?.is_file().then_some(file))
}

/// Reads a regular file whole; anything else at its place is an error.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = open(path, Links::Followed)?;
    let file = file.ok_or_else(|| io::Error::other("it is not a regular file"))?;
    let len = file.metadata()?.len();
    let mut bytes = Vec::new();
    if len <= SIZE_MAX {
        bytes.try_reserve_exact(len as usize + 1)?;
        file.take(SIZE_MAX + 1).read_to_end(&mut bytes)?;
    }
    // It may grow while it is read.
    if len > SIZE_MAX || bytes.len() as u64 > SIZE_MAX {
        let problem = format!("it is larger than {} MB", SIZE_MAX >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    Ok(bytes)
}

/// As [`read`], but `None` where nothing is.
pub fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Resolves the links of as much of a path as exists.
pub fn full(path: &Path) -> PathBuf {
    for above in path.ancestors() {
        if let Ok(found) = above.canonicalize() {
            let rest = path.strip_prefix(above).expect("it is an ancestor");
            return if rest.as_os_str().is_empty() { found } else { found.join(rest) };
        }
    }
    path.to_owned()
}

#[cfg(unix)]
fn open_any(path: &Path, links: Links) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let no_follow = if links == Links::Refused { libc::O_NOFOLLOW } else { 0 };
    let flags = no_follow | libc::O_NONBLOCK | libc::O_NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open_any(path: &Path, links: Links) -> io::Result<File> {
    if links == Links::Refused && path.symlink_metadata()?.is_symlink() {
        return Err(io::Error::other("it is a link"));
    }
    OpenOptions::new().read(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_pipes_devices_and_folders_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a"), "text").unwrap();
        std::os::unix::fs::symlink(at("a"), at("link")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("zero")).unwrap();
        std::fs::create_dir(at("dir")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        for name in ["pipe", "dir", "zero"] {
            assert!(read(&at(name)).is_err(), "{name}");
            assert!(read_if_there(&at(name)).is_err(), "{name}");
        }
        assert_eq!(read(&at("link")).unwrap(), b"text");
        assert!(open(&at("link"), Links::Refused).unwrap().is_none());
        assert_eq!(read_if_there(&at("absent")).unwrap(), None);
    }

    #[test]
    fn a_file_of_holes_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("holes");
        let file = File::create(&path).unwrap();
        if file.set_len(1 << 42).is_err() {
            return;
        }
        assert_eq!(read(&path).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
