//! What fuzzing holds the readers of this room to. The targets see only what is public, so their
//! checks stand here; the tests run them on the stored corpora. Nothing of it is in the program.

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

/// Any bytes as an index, and any bytes as each tree that it and HEAD name: refused in words, or
/// walked to its end.
pub fn index(input: &[u8]) {
    let Some((id_size, tree, bytes)) = parts(input) else { return };
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

/// Any bytes as a tree object, and two of them against each other: refused in words, or entries that
/// lie inside.
pub fn trees(input: &[u8]) {
    let Some((id_size, old, new)) = parts(input) else { return };
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

/// Any bytes as what git writes for `diff-index` and `ls-files`: refused in words, or entries.
pub fn replies(bytes: &[u8]) {
    for error in [parse_raw(bytes).err(), parse_stage(bytes).err()].into_iter().flatten() {
        assert!(!error.to_string().is_empty());
    }
}

/// The first byte chooses the size of ids, the second says where the first of two parts ends.
fn parts(input: &[u8]) -> Option<(usize, &[u8], &[u8])> {
    let [size, cut, rest @ ..] = input else { return None };
    let (first, second) = rest.split_at(usize::from(*cut).min(rest.len()));
    Some((if size % 2 == 0 { 20 } else { 32 }, first, second))
}

#[cfg(test)]
#[path = "../../tests/fuzz/corpus.rs"]
mod corpus;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_corpora_are_read() {
        corpus::inputs("index").iter().for_each(|input| index(input));
        corpus::inputs("trees").iter().for_each(|input| trees(input));
        corpus::inputs("replies").iter().for_each(|input| replies(input));
    }
}
