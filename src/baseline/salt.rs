//! The salt of a repository that has no baseline yet.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::file;
use crate::finding::Salt;

/// Returns the salt of a repository that has no baseline yet, made on first use.
///
/// It lies in git's own folder, so that a fingerprint shown by the hook is still right when the
/// baseline is made. Where that folder cannot be written, the salt protects nothing but stays the
/// same, so `keyhook allow` works.
pub fn pending_salt(common_dir: &Path) -> Salt {
    let path = common_dir.join("keyhook").join("salt");
    let read = || {
        let text = String::from_utf8(file::read(&path).ok()?).ok()?;
        Salt::parse(text.trim_end())
    };
    read().or_else(|| make_salt(&path).ok()).or_else(read).unwrap_or_else(Salt::none)
}

fn make_salt(path: &Path) -> io::Result<Salt> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let salt = Salt::from_bytes(bytes);
    let folder = path.parent().expect("it has a folder");
    fs::create_dir_all(folder)?;
    // It appears whole or not at all: a half written salt would be read as none.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(format!("{}\n", salt.as_str()).as_bytes())?;
    // Of two at once, the first wins; the other reads it.
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(salt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pending_salt_stays() {
        let folder = tempfile::tempdir().unwrap();
        let first = pending_salt(folder.path());
        assert_ne!(first, Salt::none());
        assert_eq!(first, pending_salt(folder.path()));
        assert_eq!(pending_salt(Path::new("/dev/null")), Salt::none());
    }

    #[test]
    fn many_at_once_make_one() {
        let folder = tempfile::tempdir().unwrap();
        let salts: Vec<Salt> = std::thread::scope(|scope| {
            let path = folder.path();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| pending_salt(path))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(salts.iter().all(|salt| *salt == salts[0] && *salt != Salt::none()));
    }
}
