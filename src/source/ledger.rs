//! Remembers what was looked at and found clean, in git's own folder.
//!
//! The file is a list of hashes. Each stands for "these trees were compared" or "this commit was
//! looked at", together with all that decided the answer: this program's rules, the repository's
//! settings and, where it was asked, the baseline. So a changed rule asks anew. An entry is only
//! written for what was found clean. Losing the file, or any part of it, costs time and nothing
//! else; therefore no failure to write it is reported.
//!
//! Entries have one size and are appended in one write, which keeps those of parallel writers whole.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::git::{Compared, ObjectId};

/// One entry: the first half of a SHA-256.
pub type Key = [u8; KEY_SIZE];

const KEY_SIZE: usize = 16;

/// The first bytes of the file. As long as an entry, so that two writers who both begin the file do
/// no harm.
const MAGIC: &[u8; KEY_SIZE] = b"keyhook seen 1\n\0";

/// How many entries are kept: a megabyte.
const KEYS_MAX: usize = 65_536;

/// What was seen before.
#[derive(Debug, Default)]
pub struct Ledger {
    keys: HashSet<Key>,
}

impl Ledger {
    /// Returns the place of the file in git's own folder.
    pub fn path(common_dir: &Path) -> PathBuf {
        common_dir.join("keyhook").join("seen")
    }

    /// Loads the file. An absent or foreign one has seen nothing.
    pub fn load(common_dir: &Path) -> Ledger {
        let mut bytes = Vec::new();
        let size_max = ((KEYS_MAX * 2 + 1) * KEY_SIZE) as u64;
        let read = File::open(Ledger::path(common_dir))
            .and_then(|file| file.take(size_max).read_to_end(&mut bytes));
        let keys = match (read, bytes.strip_prefix(MAGIC)) {
            (Ok(_), Some(keys)) => keys,
            _ => &[],
        };
        Ledger { keys: keys.as_chunks::<KEY_SIZE>().0.iter().copied().collect() }
    }

    /// Returns whether an entry is there.
    pub fn has(&self, key: &Key) -> bool {
        self.keys.contains(key)
    }

    /// Adds entries.
    pub fn record(common_dir: &Path, keys: &[Key]) {
        if !keys.is_empty() {
            let _ =
                append(&Ledger::path(common_dir), &keys[keys.len().saturating_sub(KEYS_MAX / 2)..]);
        }
    }
}

fn append(path: &Path, keys: &[Key]) -> io::Result<()> {
    let open = || OpenOptions::new().append(true).create(true).open(path);
    let mut file = open().or_else(|_| {
        fs::create_dir_all(path.parent().expect("it lies in a folder"))?;
        open()
    })?;
    let size = file.metadata()?.len() as usize;
    // A write that was cut off would shift all that follows.
    if !size.is_multiple_of(KEY_SIZE) || size + keys.len() * KEY_SIZE > KEYS_MAX * KEY_SIZE {
        return rewrite(path, keys);
    }
    let head: &[u8] = if size == 0 { MAGIC } else { &[] };
    file.write_all(&[head, keys.as_flattened()].concat())
}

/// Keeps the newer half of the entries.
fn rewrite(path: &Path, keys: &[Key]) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let old = bytes.strip_prefix(MAGIC).unwrap_or_default().as_chunks::<KEY_SIZE>().0;
    let old = &old[old.len().saturating_sub(KEYS_MAX / 2)..];
    let mut file = tempfile::NamedTempFile::new_in(path.parent().expect("it lies in a folder"))?;
    file.write_all(&[MAGIC, old.as_flattened(), keys.as_flattened()].concat())?;
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}

/// Makes entries that hold for one set of rules and settings.
#[derive(Clone, Debug)]
pub struct Stamp(Sha256);

impl Stamp {
    /// Takes all that decides whether a text is clean.
    pub fn new(parts: &[&[u8]]) -> Stamp {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Stamp(hash)
    }

    /// Returns the entry for a commit or tag with its message.
    pub fn object(&self, id: ObjectId) -> Key {
        self.key(b"object", &[id])
    }

    /// Returns the entry for a tree against the trees of its parents.
    pub fn trees(&self, compared: &Compared) -> Key {
        let empty = ObjectId::of_blob(b"", compared.tree.size());
        let mut ids: Vec<ObjectId> =
            compared.parents.iter().map(|parent| parent.unwrap_or(empty)).collect();
        // The first is where names of moved files come from; the order of the others says nothing.
        if let Some(others) = ids.get_mut(1..) {
            others.sort();
        }
        ids.push(compared.tree);
        self.key(b"trees", &ids)
    }

    fn key(&self, kind: &[u8], ids: &[ObjectId]) -> Key {
        let mut hash = self.0.clone().chain_update(kind);
        ids.iter().for_each(|id| hash.update(id.as_bytes()));
        let mut key = [0; KEY_SIZE];
        key.copy_from_slice(&hash.finalize()[..KEY_SIZE]);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> Key {
        Stamp::new(&[&number.to_le_bytes()]).object(ObjectId::of_blob(b"", 20))
    }

    #[test]
    fn what_was_recorded_is_known() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!Ledger::load(folder.path()).has(&key(1)));
        Ledger::record(folder.path(), &[key(1), key(2)]);
        Ledger::record(folder.path(), &[key(3)]);
        let ledger = Ledger::load(folder.path());
        assert!((1..=3).all(|number| ledger.has(&key(number))) && !ledger.has(&key(4)));
    }

    #[test]
    fn damage_costs_entries_and_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        Ledger::record(folder.path(), &[key(1), key(2)]);
        let path = Ledger::path(folder.path());
        let mut bytes = fs::read(&path).unwrap();
        bytes.truncate(bytes.len() - 5);
        fs::write(&path, &bytes).unwrap();
        Ledger::record(folder.path(), &[key(3)]);
        let ledger = Ledger::load(folder.path());
        assert!(ledger.has(&key(1)) && !ledger.has(&key(2)) && ledger.has(&key(3)));
        // Another program's file, of any length, holds no entry of ours.
        fs::write(&path, key(1).repeat(3)).unwrap();
        assert!(!Ledger::load(folder.path()).has(&key(1)));
        fs::write(&path, "short").unwrap();
        Ledger::record(folder.path(), &[key(4)]);
        assert!(Ledger::load(folder.path()).has(&key(4)));
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let keys: Vec<Key> = (0..KEYS_MAX as u32).map(key).collect();
        for part in keys.chunks(9_000) {
            Ledger::record(folder.path(), part);
        }
        Ledger::record(folder.path(), &[key(u32::MAX)]);
        let size = fs::metadata(Ledger::path(folder.path())).unwrap().len() as usize;
        assert!(size <= KEYS_MAX * KEY_SIZE, "{size}");
        let ledger = Ledger::load(folder.path());
        assert!(ledger.has(&key(u32::MAX)) && ledger.has(keys.last().unwrap()));
        assert!(!ledger.has(&keys[0]));
    }

    #[test]
    fn parallel_writers_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..8_u32 {
                let folder = folder.path();
                scope.spawn(move || {
                    (0..100).for_each(|n| Ledger::record(folder, &[key(writer * 100 + n)]));
                });
            }
        });
        let ledger = Ledger::load(folder.path());
        assert!((0..800).all(|number| ledger.has(&key(number))));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("keyhook"), "a file in the way").unwrap();
        Ledger::record(folder.path(), &[key(1)]);
        assert!(!Ledger::load(folder.path()).has(&key(1)));
    }

    #[test]
    fn a_key_depends_on_everything() {
        let id = |text: &str| ObjectId::of_blob(text.as_bytes(), 20);
        let compared = |tree: &str, parents: &[Option<&str>]| Compared {
            tree: id(tree),
            parents: parents.iter().map(|parent| parent.map(id)).collect(),
        };
        let stamp = Stamp::new(&[b"rules", b"settings"]);
        let of = |tree: &str, parents: &[Option<&str>]| stamp.trees(&compared(tree, parents));
        let keys = [
            of("a", &[Some("b")]),
            of("b", &[Some("a")]),
            of("a", &[None]),
            of("a", &[Some("b"), Some("c")]),
            of("a", &[Some("c"), Some("b")]),
            stamp.object(id("a")),
            Stamp::new(&[b"rule", b"ssettings"]).object(id("a")),
        ];
        let different: HashSet<&Key> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
        let three = of("a", &[Some("b"), Some("c"), Some("d")]);
        assert_eq!(three, of("a", &[Some("b"), Some("d"), Some("c")]));
    }
}
