//! Compares two trees, descending only where they differ.

use std::cmp::Ordering;

use super::{Entry, GitError, Kind, ObjectId, error::ObjectProblem};

/// Serves the bytes of tree objects.
pub(super) trait Trees {
    /// Returns the raw entries of a tree.
    fn read_tree(&self, id: ObjectId) -> Result<Vec<u8>, GitError>;
}

/// One entry of a tree object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TreeEntry<'a> {
    pub(super) name: &'a [u8],
    pub(super) entry: Entry,
}

impl TreeEntry<'_> {
    pub(super) fn is_tree(&self) -> bool {
        Kind::of_mode(self.entry.mode) == Kind::Tree
    }
}

/// What a comparison found: old and new version of a path, one of them absent for an added or
/// removed one. Removed folders are reported whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) changed: Vec<(Vec<u8>, Entry, Option<Entry>)>,
    pub(super) removed: Vec<(Vec<u8>, Entry)>,
    /// How many more folders and changes there may be.
    room: usize,
}

impl Default for Difference {
    fn default() -> Difference {
        Difference { changed: Vec::new(), removed: Vec::new(), room: usize::MAX }
    }
}

/// Folders and changes that any index may have; beyond it, as many as fit its entries.
const ROOM: usize = 1_000_000;

impl Difference {
    /// For an index of so many entries. A tree that holds itself many times over stands for more
    /// files than there are atoms; no index has them.
    pub(super) fn of_index(entry_count: u32) -> Difference {
        Difference {
            room: ROOM.max((entry_count as usize).saturating_mul(4)),
            ..Difference::default()
        }
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn with_room(room: usize) -> Difference {
        Difference { room, ..Difference::default() }
    }

    fn take_room(&mut self) -> Result<(), GitError> {
        let left = self.room.checked_sub(1);
        let endless = || GitError::Index("its tree holds more files than it".to_owned());
        self.room = left.ok_or_else(endless)?;
        Ok(())
    }
}

/// Deeper trees are left to git. No project nests its folders like this, and the walks call
/// themselves: the stack of the main thread is one megabyte on some systems.
pub(super) const DEPTH_MAX: usize = 256;

/// Parses the entries of a tree object.
pub(super) fn parse_tree(id: ObjectId, bytes: &[u8]) -> Result<Vec<TreeEntry<'_>>, GitError> {
    entries(id, bytes).collect()
}

/// Returns the entries of a tree object one by one: a folder may have a million.
fn entries(id: ObjectId, bytes: &[u8]) -> impl Iterator<Item = Result<TreeEntry<'_>, GitError>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let first = split_entry(rest, id.size());
        rest = first.map_or(&[], |(_, behind)| behind);
        Some(first.map(|(entry, _)| entry).ok_or_else(|| {
            let problem = "the tree is damaged".to_owned();
            GitError::Object(ObjectProblem { id: id.to_string(), problem })
        }))
    })
}

/// Returns the first entry and what is behind it; `None` if it is damaged.
fn split_entry(bytes: &[u8], id_size: usize) -> Option<(TreeEntry<'_>, &[u8])> {
    let space = memchr::memchr(b' ', &bytes[..bytes.len().min(8)])?;
    let mode = std::str::from_utf8(&bytes[..space]).ok()?;
    let mode = u32::from_str_radix(mode, 8).ok()?;
    let bytes = &bytes[space + 1..];
    let end = memchr::memchr(0, bytes).filter(|end| *end > 0)?;
    let id = ObjectId::from_bytes(bytes.get(end + 1..end + 1 + id_size)?)?;
    let entry = TreeEntry { name: &bytes[..end], entry: Entry { mode, id } };
    Some((entry, &bytes[end + 1 + id_size..]))
}

/// Orders names as trees and the index do: a folder as if its name ended in `/`.
pub(super) fn tree_order(a: &[u8], a_is_tree: bool, b: &[u8], b_is_tree: bool) -> Ordering {
    let shared = a.len().min(b.len());
    a[..shared].cmp(&b[..shared]).then_with(|| {
        let next = |name: &[u8], is_tree: bool| {
            name.get(shared).copied().unwrap_or(if is_tree { b'/' } else { 0 })
        };
        let order = next(a, a_is_tree).cmp(&next(b, b_is_tree));
        order.then(a.len().cmp(&b.len()))
    })
}

/// Compares the trees `old` and `new` at `prefix`; an absent tree is empty.
pub(super) fn diff_trees(
    trees: &dyn Trees,
    old: Option<ObjectId>,
    new: Option<ObjectId>,
    prefix: &mut Vec<u8>,
    depth: usize,
    out: &mut Difference,
) -> Result<(), GitError> {
    if old == new {
        return Ok(());
    }
    if depth > DEPTH_MAX {
        return Err(GitError::Index(format!("folders are nested deeper than {DEPTH_MAX}")));
    }
    out.take_room()?;
    let read = |id: Option<ObjectId>| id.map_or(Ok(Vec::new()), |id| trees.read_tree(id));
    let (old_bytes, new_bytes) = (read(old)?, read(new)?);
    let mut olds = old.into_iter().flat_map(|id| entries(id, &old_bytes));
    let mut next_old = olds.next().transpose()?;
    for entry in new.into_iter().flat_map(|id| entries(id, &new_bytes)) {
        let entry = entry?;
        let is_tree = entry.is_tree();
        let mut twin = None;
        while let Some(old) = next_old {
            match tree_order(old.name, old.is_tree(), entry.name, is_tree) {
                Ordering::Less => out.removed.push((joined(prefix, old.name), old.entry)),
                Ordering::Equal => twin = Some(old.entry),
                Ordering::Greater => break,
            }
            next_old = olds.next().transpose()?;
            if twin.is_some() {
                break;
            }
        }
        if twin == Some(entry.entry) {
            continue;
        }
        if is_tree {
            let len = prefix.len();
            prefix.extend_from_slice(entry.name);
            prefix.push(b'/');
            diff_trees(trees, twin.map(|t| t.id), Some(entry.entry.id), prefix, depth + 1, out)?;
            prefix.truncate(len);
        } else {
            out.take_room()?;
            out.changed.push((joined(prefix, entry.name), entry.entry, twin));
        }
    }
    while let Some(old) = next_old {
        out.removed.push((joined(prefix, old.name), old.entry));
        next_old = olds.next().transpose()?;
    }
    Ok(())
}

pub(super) fn joined(prefix: &[u8], name: &[u8]) -> Vec<u8> {
    [prefix, name].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[derive(Default)]
    struct Store(HashMap<ObjectId, Vec<u8>>);

    impl Trees for Store {
        fn read_tree(&self, id: ObjectId) -> Result<Vec<u8>, GitError> {
            Ok(self.0[&id].clone())
        }
    }

    impl Store {
        fn add(&mut self, entries: &[(u32, &str, ObjectId)]) -> ObjectId {
            let mut bytes = Vec::new();
            for (mode, name, id) in entries {
                bytes.extend_from_slice(format!("{mode:o} {name}\0").as_bytes());
                bytes.extend_from_slice(id.as_bytes());
            }
            let id = ObjectId::of_blob(&bytes, 20);
            self.0.insert(id, bytes);
            id
        }
    }

    fn blob(text: &str) -> ObjectId {
        ObjectId::of_blob(text.as_bytes(), 20)
    }

    fn diff(store: &Store, old: Option<ObjectId>, new: ObjectId) -> (Vec<String>, Vec<String>) {
        let mut out = Difference::default();
        diff_trees(store, old, Some(new), &mut Vec::new(), 0, &mut out).unwrap();
        let name = |path: &Vec<u8>| String::from_utf8(path.clone()).unwrap();
        (
            out.changed.iter().map(|(path, ..)| name(path)).collect(),
            out.removed.iter().map(|(path, _)| name(path)).collect(),
        )
    }

    #[test]
    fn a_folder_sorts_as_if_its_name_ended_in_a_slash() {
        assert_eq!(tree_order(b"a", true, b"a.c", false), Ordering::Greater);
        assert_eq!(tree_order(b"a", false, b"a.c", false), Ordering::Less);
        assert_eq!(tree_order(b"a", true, b"a0", false), Ordering::Less);
        assert_eq!(tree_order(b"a", true, b"a", true), Ordering::Equal);
        assert_eq!(tree_order(b"a", false, b"a", true), Ordering::Less);
    }

    #[test]
    fn finds_added_changed_and_removed() {
        let mut store = Store::default();
        let sub_old = store.add(&[(0o100644, "x", blob("1")), (0o100644, "y", blob("1"))]);
        let sub_new = store.add(&[(0o100644, "x", blob("2")), (0o100644, "z", blob("1"))]);
        let same = store.add(&[(0o100644, "deep", blob("1"))]);
        let old = store.add(&[
            (0o100644, "a", blob("1")),
            (0o40000, "same", same),
            (0o40000, "sub", sub_old),
        ]);
        let new =
            store.add(&[(0o40000, "a", same), (0o40000, "same", same), (0o40000, "sub", sub_new)]);
        let (changed, removed) = diff(&store, Some(old), new);
        assert_eq!(changed, ["a/deep", "sub/x", "sub/z"]);
        assert_eq!(removed, ["a", "sub/y"]);
        assert_eq!(diff(&store, None, same).0, ["deep"]);
    }

    /// Trees that hold themselves, or only more empty ones.
    struct Endless {
        mode: u32,
    }

    impl Trees for Endless {
        fn read_tree(&self, id: ObjectId) -> Result<Vec<u8>, GitError> {
            let depth = id.as_bytes()[0];
            let mode = if depth < 12 { 0o40_000 } else { self.mode };
            let entries = (0..if mode == 0 { 0 } else { 10 }).map(|number| {
                let head = format!("{mode:o} {number}\0").into_bytes();
                [head, vec![depth + 1; 20]].concat()
            });
            Ok(entries.collect::<Vec<_>>().concat())
        }
    }

    #[test]
    fn a_bomb_of_trees_ends() {
        let root = ObjectId::from_bytes(&[0; 20]);
        for mode in [0o100_644, 0] {
            let mut out = Difference { room: 50_000, ..Difference::default() };
            let result = diff_trees(&Endless { mode }, None, root, &mut Vec::new(), 0, &mut out);
            assert!(result.unwrap_err().to_string().contains("more files than it"));
        }
    }

    #[test]
    fn a_damaged_tree_is_an_error() {
        for bytes in [&b"100644 a"[..], b"100644 a\0abc", b"xyz a\0aaaaaaaaaaaaaaaaaaaa", b"100644"]
        {
            assert!(parse_tree(blob("x"), bytes).is_err());
        }
    }
}
