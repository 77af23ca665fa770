//! The file on disk: read, changed and written whole, by one keyhook at a time.
//!
//! A change is: take the lock, read, alter, write to a temporary file beside it, rename. Whoever is
//! killed in between leaves the old file or the new one; the temporary file it may leave is taken
//! away by the next write. The lock is the operating system's, on a file in git's own folder, so a
//! killed keyhook holds nothing and there is no stale lock to mend.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{BASELINE_NAME, Baseline, BaselineError, pending_salt};
use crate::file;

/// How long to wait for another keyhook; a change takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// How temporary files of the baseline are called, so that left ones are known.
const PREFIX: &str = ".keyhook-baseline-";
const SUFFIX: &str = ".tmp";

/// The baseline of one worktree.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
    /// keyhook's folder in git's own, which all worktrees share.
    own: PathBuf,
    common_dir: PathBuf,
}

/// A baseline that nobody else changes until this is dropped.
#[derive(Debug)]
pub struct Opened {
    /// What was read; change it, then [`Opened::save`].
    pub baseline: Baseline,
    /// Whether there was no file.
    pub is_new: bool,
    path: PathBuf,
    before: Option<Vec<u8>>,
    lock: Option<Lock>,
}

impl Store {
    /// Names the baseline at the top of a worktree, and the folder that all worktrees share.
    pub fn new(top: &Path, common_dir: &Path) -> Store {
        Store {
            path: top.join(BASELINE_NAME),
            own: common_dir.join("keyhook"),
            common_dir: common_dir.to_owned(),
        }
    }

    /// Returns where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file; `None` if there is none.
    pub fn read(&self) -> Result<Option<Baseline>, BaselineError> {
        let bytes = self.bytes()?;
        bytes.map(|bytes| Baseline::parse(&bytes, &pending_salt(&self.common_dir))).transpose()
    }

    /// Takes the lock, waiting for another keyhook, and reads the file.
    pub fn open(&self) -> Result<Opened, BaselineError> {
        let opened = self.open_any()?;
        if opened.baseline.is_foreign() {
            return Err(BaselineError::NotOurs);
        }
        Ok(opened)
    }

    fn open_any(&self) -> Result<Opened, BaselineError> {
        let lock = Lock::take(&self.own, PATIENCE)?;
        let before = self.bytes()?;
        let salt = pending_salt(&self.common_dir);
        let baseline = match &before {
            Some(bytes) => Baseline::parse(bytes, &salt)?,
            None => Baseline::new(salt),
        };
        let is_new = before.is_none();
        Ok(Opened { baseline, is_new, path: self.path.clone(), before, lock })
    }

    /// As [`Store::open`], but a file of detect-secrets counts as none and may be replaced: for an
    /// import, which has put it aside. Its bytes come with the answer.
    pub fn take_over(&self) -> Result<(Opened, Option<Vec<u8>>), BaselineError> {
        let mut opened = self.open_any()?;
        if !opened.baseline.is_foreign() {
            return Ok((opened, None));
        }
        opened.baseline = Baseline::new(pending_salt(&self.common_dir));
        opened.is_new = true;
        let foreign = opened.before.take();
        Ok((opened, foreign))
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>, BaselineError> {
        let read = file::read_if_there(&self.path);
        read.map_err(|error| BaselineError::Read(self.path.clone(), error))
    }
}

impl Opened {
    /// Writes the file if its bytes change, and returns whether they did. May be called again.
    pub fn save(&mut self) -> Result<bool, BaselineError> {
        let text = like(self.before.as_deref(), self.baseline.render()?);
        if self.before.as_deref() == Some(&text[..]) {
            return Ok(false);
        }
        write_alone(&self.path, &text, self.lock.is_some())
            .map_err(|error| BaselineError::Write(self.path.clone(), error))?;
        self.before = Some(text);
        Ok(true)
    }
}

/// Gives a text the line ends of the file that it replaces, so that a checkout with CRLF stays one.
fn like(before: Option<&[u8]>, text: String) -> Vec<u8> {
    let first = before.and_then(|bytes| bytes.split_inclusive(|byte| *byte == b'\n').next());
    if first.is_some_and(|line| line.ends_with(b"\r\n")) {
        return text.replace('\n', "\r\n").into_bytes();
    }
    text.into_bytes()
}

/// Replaces a merged file, whose line ends are kept.
pub fn replace(path: &Path, text: String) -> Result<(), BaselineError> {
    let before = fs::read(path).map_err(|error| BaselineError::Read(path.to_owned(), error))?;
    write_whole(path, &like(Some(&before), text))
        .map_err(|error| BaselineError::Write(path.to_owned(), error))
}

/// Held while a baseline is changed.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    /// Closing it gives the lock back.
    _file: File,
}

impl Lock {
    /// Waits for the lock. Where git's folder cannot be written or the file system has no locks,
    /// there is none: then the last writer wins, as with any editor.
    fn take(own: &Path, patience: Duration) -> Result<Option<Lock>, BaselineError> {
        let path = own.join("lock");
        let start = Instant::now();
        loop {
            let opened = fs::create_dir_all(own).and_then(|()| {
                OpenOptions::new().create(true).truncate(false).write(true).open(&path)
            });
            let file = match opened {
                Ok(file) => file,
                // Somebody has just taken the folder away.
                Err(e) if e.kind() == io::ErrorKind::NotFound && start.elapsed() < patience => {
                    continue;
                }
                Err(_) => return Ok(None),
            };
            match file.try_lock() {
                // Who held it before took the file away; another may lock its successor.
                Ok(()) if !is_same(&file, &path) => {}
                Ok(()) => return Ok(Some(Lock { path, _file: file })),
                Err(TryLockError::Error(_)) => return Ok(None),
                Err(TryLockError::WouldBlock) if start.elapsed() > patience => {
                    return Err(BaselineError::Busy(path));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Nothing stays behind in git's folder; the folder itself goes unless the salt is in it.
        let _ = fs::remove_file(&self.path);
        let _ = self.path.parent().map(fs::remove_dir);
    }
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let at = |metadata: io::Result<fs::Metadata>| metadata.map(|m| (m.dev(), m.ino())).ok();
    let open = at(file.metadata());
    open.is_some() && open == at(fs::metadata(path))
}

/// Windows keeps the name until the last handle is closed.
#[cfg(not(unix))]
fn is_same(_: &File, path: &Path) -> bool {
    path.exists()
}

/// Replaces a file by new content, all or nothing.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_alone(path, bytes, false)
}

/// As [`write_whole`]. `is_alone` says that no other keyhook writes now, so temporary files that lie
/// about are left by killed ones.
fn write_alone(path: &Path, bytes: &[u8], is_alone: bool) -> io::Result<()> {
    // A link is followed, so that the file it names is replaced and not the link.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if is_alone {
        clean(folder);
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = path.metadata().map_or(0o666, |metadata| metadata.permissions().mode() & 0o777);
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&path).map(|_| ()).map_err(|error| error.error)
}

/// Takes away what killed writers left.
fn clean(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::{Place, Statement};
    use crate::finding::Secret;

    struct Folder {
        folder: tempfile::TempDir,
        store: Store,
    }

    fn folder() -> Folder {
        let folder = tempfile::tempdir().unwrap();
        let git = folder.path().join(".git");
        fs::create_dir(&git).unwrap();
        let store = Store::new(folder.path(), &git);
        Folder { folder, store }
    }

    fn add(opened: &mut Opened, value: &str) {
        let fingerprint = opened.baseline.fingerprint(&Secret::new(value.as_bytes()));
        let place = Place { fingerprint: &fingerprint, rule: "x", path: "a" };
        opened.baseline.set_verdict(place, &Statement::unreviewed());
    }

    #[test]
    fn writing_replaces_the_whole_file_and_leaves_nothing_else() {
        let Folder { folder, store } = folder();
        fs::write(folder.path().join(".keyhook-baseline-dead.tmp"), "half").unwrap();
        let mut opened = store.open().unwrap();
        assert!(opened.is_new);
        add(&mut opened, "one");
        assert!(opened.save().unwrap());
        assert!(!opened.save().unwrap(), "the same bytes are not written again");
        let text = opened.baseline.render().unwrap();
        drop(opened);
        assert_eq!(fs::read_to_string(store.path()).unwrap(), text);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "the file and .git");
        assert!(!folder.path().join(".git/keyhook/lock").exists());
        assert_eq!(store.read().unwrap().unwrap().render().unwrap(), text);
    }

    #[test]
    fn a_file_of_another_tool_is_replaced_only_on_purpose() {
        let Folder { folder: _kept, store } = folder();
        let foreign = b"{\"version\": \"1.5.0\", \"results\": {}}";
        fs::write(store.path(), foreign).unwrap();
        assert!(matches!(store.open(), Err(BaselineError::NotOurs)));
        let (mut opened, bytes) = store.take_over().unwrap();
        assert_eq!(bytes.as_deref(), Some(&foreign[..]));
        add(&mut opened, "one");
        assert!(opened.save().unwrap());
        drop(opened);
        let (opened, bytes) = store.take_over().unwrap();
        assert!(bytes.is_none());
        assert_eq!(opened.baseline.records().count(), 1);
    }

    #[test]
    fn line_ends_stay() {
        let Folder { folder: _kept, store } = folder();
        let mut opened = store.open().unwrap();
        add(&mut opened, "one");
        opened.save().unwrap();
        drop(opened);
        let windows = fs::read_to_string(store.path()).unwrap().replace('\n', "\r\n");
        fs::write(store.path(), &windows).unwrap();
        let mut opened = store.open().unwrap();
        assert!(!opened.save().unwrap(), "CRLF alone is no change");
        add(&mut opened, "two");
        assert!(opened.save().unwrap());
        let text = fs::read_to_string(store.path()).unwrap();
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    }

    #[test]
    fn many_writers_lose_nothing() {
        let Folder { folder: _kept, store } = folder();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let store = &store;
                scope.spawn(move || {
                    for turn in 0..5 {
                        let mut opened = store.open().unwrap();
                        add(&mut opened, &format!("{number} {turn}"));
                        opened.save().unwrap();
                    }
                });
            }
        });
        assert_eq!(store.read().unwrap().unwrap().records().count(), 40);
    }

    #[test]
    fn a_held_lock_is_waited_for_and_then_named() {
        let Folder { folder, .. } = folder();
        let own = folder.path().join(".git/keyhook");
        let held = Lock::take(&own, PATIENCE).unwrap().unwrap();
        let busy = Lock::take(&own, Duration::from_millis(30)).unwrap_err();
        assert!(matches!(busy, BaselineError::Busy(path) if path.ends_with("lock")));
        drop(held);
        assert!(Lock::take(&own, Duration::ZERO).unwrap().is_some());
        // A lock file that a killed keyhook left holds nothing.
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("lock"), "").unwrap();
        assert!(Lock::take(&own, Duration::ZERO).unwrap().is_some());
    }

    #[test]
    fn without_a_place_for_the_lock_there_is_none() {
        assert!(Lock::take(Path::new("/dev/null/keyhook"), Duration::ZERO).unwrap().is_none());
    }
}
