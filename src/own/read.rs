//! Reads a small regular file, and nothing else.

use std::io::{self, Read};
use std::path::Path;

use crate::file::{self, Links};

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
    match read_small(path) {
        Ok(reading) => reading,
        Err(error) if is_absent(&error) => Reading::Absent,
        Err(error) => Reading::Failed(error.to_string()),
    }
}

fn read_small(path: &Path) -> io::Result<Reading> {
    let Some(file) = file::open(path, Links::Refused)? else {
        let is_link = path.is_symlink();
        return Ok(Reading::NotRead(if is_link { "a link, not followed" } else { "no file" }));
    };
    let len = file.metadata()?.len();
    if len > SIZE_MAX {
        return Ok(Reading::NotRead("too large"));
    }
    let mut bytes = Vec::with_capacity(len as usize + 1);
    file.take(SIZE_MAX).read_to_end(&mut bytes)?;
    Ok(Reading::Bytes(bytes))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
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
