//! Reads a small regular file, and nothing else.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// What became of a file.
pub(super) enum Reading {
    Bytes(Vec<u8>),
    Absent,
    /// It is there and is passed over on purpose.
    NotRead(&'static str),
    /// It should have been read.
    Failed(String),
}

/// Files of credentials are small; a larger one would cost what a commit may not.
const SIZE_MAX: u64 = 256 << 10;

pub(super) fn read(path: &Path) -> Reading {
    let file = match open(path) {
        Ok(file) => file,
        Err(error) => return reason(&error),
    };
    let metadata = match file.metadata() {
        Ok(metadata) => metadata,
        Err(error) => return Reading::Failed(error.to_string()),
    };
    if !metadata.is_file() {
        return Reading::NotRead("no file");
    }
    if metadata.len() > SIZE_MAX {
        return Reading::NotRead("too large");
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize + 1);
    match file.take(SIZE_MAX).read_to_end(&mut bytes) {
        Ok(_) => Reading::Bytes(bytes),
        Err(error) => Reading::Failed(error.to_string()),
    }
}

fn reason(error: &io::Error) -> Reading {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Reading::Absent,
        // The one loop that an open without following can meet is the file itself.
        _ if is_link(error) => Reading::NotRead("a link, not followed"),
        _ => Reading::Failed(error.to_string()),
    }
}

/// Opens without following a link, without waiting for a pipe's other end.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

#[cfg(unix)]
fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP) || error.raw_os_error() == Some(libc::EMLINK)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    if path.symlink_metadata()?.file_type().is_symlink() {
        return Err(io::Error::from(io::ErrorKind::Unsupported));
    }
    OpenOptions::new().read(true).open(path)
}

#[cfg(not(unix))]
fn is_link(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &Path) -> &'static str {
        match read(path) {
            Reading::Bytes(_) => "bytes",
            Reading::Absent => "absent",
            Reading::NotRead(why) => why,
            Reading::Failed(_) => "failed",
        }
    }

    #[test]
    fn only_small_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "x").unwrap();
        std::fs::write(at("large"), vec![b'x'; SIZE_MAX as usize + 1]).unwrap();
        assert_eq!(said(&at("file")), "bytes");
        assert_eq!(said(&at("large")), "too large");
        assert_eq!(said(&at("none")), "absent");
        assert_eq!(said(&at("file/below")), "absent");
    }

    #[cfg(unix)]
    #[test]
    fn links_pipes_and_devices_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "x").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        assert_eq!(said(&at("link")), "a link, not followed");
        assert_eq!(said(&at("pipe")), "no file");
        assert_eq!(said(folder.path()), "no file");
        assert_eq!(said(Path::new("/dev/zero")), "no file");
    }
}
