//! Doors for the fuzz targets, which see only what is public. Nothing of it is in the program.

use super::command::{parse_raw, parse_stage};
use super::index::Index;
use super::own::compare;
use super::tree::{Difference, Trees, diff_trees, parse_tree};
use super::{GitError, ObjectId};

/// Serves one text for every tree there is.
struct SameTree<'a>(&'a [u8]);

impl Trees for SameTree<'_> {
    fn read_tree(&self, _: ObjectId) -> Result<Vec<u8>, GitError> {
        Ok(self.0.to_vec())
    }
}

/// Any bytes as an index, and any bytes as each tree that it and HEAD name.
pub fn index(bytes: &[u8], tree: &[u8], id_size: usize) {
    let Ok(index) = Index::of_bytes(bytes, id_size) else { return };
    let mut entries = index.entries();
    let mut count = 0;
    while let Ok(Some(_)) = entries.next() {
        count += 1;
    }
    assert!(count <= index.entry_count());
    let root = index.cache_tree();
    let parent = ObjectId::from_bytes(&vec![7; id_size]);
    for parent in [None, parent] {
        let mut out = Difference::with_room(2_000);
        let _ = compare(
            &SameTree(tree),
            &index,
            root.as_ref().ok().and_then(Option::as_ref),
            parent,
            &mut out,
        );
        assert!(out.changed.iter().all(|(_, new, old)| Some(*new) != *old));
    }
}

/// Any bytes as a tree object, and two of them against each other.
pub fn trees(old: &[u8], new: &[u8], id_size: usize) {
    let id = |byte| ObjectId::from_bytes(&vec![byte; id_size]);
    for bytes in [old, new] {
        if let Some(Ok(entries)) = id(1).map(|id| parse_tree(id, bytes)) {
            let len: usize = entries.iter().map(|entry| entry.name.len() + 2 + id_size).sum();
            assert!(len <= bytes.len() && entries.iter().all(|entry| !entry.name.is_empty()));
        }
    }
    let mut out = Difference::with_room(2_000);
    let _ = diff_trees(&SameTree(new), None, id(2), &mut Vec::new(), 0, &mut out);
}

/// Any bytes as what git writes.
pub fn replies(bytes: &[u8]) {
    for error in [parse_raw(bytes).err(), parse_stage(bytes).err()].into_iter().flatten() {
        assert!(!error.to_string().is_empty());
    }
}
