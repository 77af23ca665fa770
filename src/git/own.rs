//! The fast reader: the cache tree of the index against the trees of HEAD.

use std::collections::HashMap;

use super::index::{Entries, Index, IndexEntry, Node};
use super::tree::{
    DEPTH_MAX, Difference, TreeEntry, Trees, diff_trees, joined, parse_tree, tree_order,
};
use super::{
    Change, Compared, Entry, GitError, Kind, ObjectId, Repository, SETTINGS_FILES, Staged,
};
use std::cmp::Ordering;

/// Reads the staged change without running anything.
pub(super) fn staged(repository: &Repository) -> Result<Staged, GitError> {
    let id_size = repository.id_size();
    let Some(index) = Index::open(repository.index_path(), id_size)? else {
        return missing_index(repository);
    };
    let parents = repository.parent_trees()?;
    let cache_tree = index.cache_tree()?;
    let trees: &dyn Trees = repository;
    let mut differences = Vec::new();
    let mut settings = None;
    for parent in &parents {
        let mut out = Difference::of_index(index.entry_count());
        let found = compare(trees, &index, cache_tree.as_ref(), *parent, &mut out)?;
        settings.get_or_insert(found);
        differences.push(out);
    }
    let settings = settings.unwrap_or_default();
    let compared = cache_tree.and_then(|root| root.id).map(|tree| Compared { tree, parents });
    Ok(Staged { compared, ..combine(differences, settings) })
}

/// Compares the index with the tree of one parent; returns the settings files that it has.
pub(super) fn compare(
    trees: &dyn Trees,
    index: &Index,
    cache_tree: Option<&Node>,
    parent: Option<ObjectId>,
    out: &mut Difference,
) -> Result<Vec<(String, Entry)>, GitError> {
    if let Some(root) = cache_tree.and_then(|root| root.id) {
        diff_trees(trees, parent, Some(root), &mut Vec::new(), 0, out)?;
        return root_settings(trees, root);
    }
    let mut walk = Walk::new(trees, index, out);
    walk.folder(cache_tree, parent, 0, 0)?;
    Ok(walk.settings)
}

fn missing_index(repository: &Repository) -> Result<Staged, GitError> {
    if repository.is_in_hook() {
        let path = repository.index_path().display();
        return Err(GitError::Index(format!("git named {path}, but there is no such file")));
    }
    Ok(Staged::default())
}

/// Keeps the paths that differ from every parent: what a merge brings from one side is not new.
pub(super) fn combine(differences: Vec<Difference>, settings: Vec<(String, Entry)>) -> Staged {
    let mut differences = differences.into_iter();
    let first = differences.next().unwrap_or_default();
    let others: Vec<HashMap<Vec<u8>, Option<Entry>>> = differences
        .map(|other| other.changed.into_iter().map(|(path, _, old)| (path, old)).collect())
        .collect();
    // A damaged tree may name a path twice: each of its entries is one that git may check out.
    let mut changes = Vec::new();
    for (path, new, old) in first.changed {
        let in_others: Option<Vec<_>> =
            others.iter().map(|other| other.get(&path).copied()).collect();
        if let Some(in_others) = in_others {
            let olds = [vec![old], in_others].concat();
            changes.push(Change { path, new, olds });
        }
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    let mut removed = first.removed;
    removed.sort();
    Staged { changes, removed, settings, compared: None }
}

pub(super) fn root_settings(
    trees: &dyn Trees,
    root: ObjectId,
) -> Result<Vec<(String, Entry)>, GitError> {
    let bytes = trees.read_tree(root)?;
    let entries = parse_tree(root, &bytes)?;
    let named = |entry: &TreeEntry<'_>| {
        let name = SETTINGS_FILES.iter().find(|name| name.as_bytes() == entry.name)?;
        Some(((*name).to_owned(), entry.entry))
    };
    Ok(entries.iter().filter_map(named).collect())
}

/// Finds what is staged at one path: by its folders' trees where the cache tree is whole.
pub(super) fn entry(repository: &Repository, path: &[u8]) -> Result<Option<Entry>, GitError> {
    let Some(index) = Index::open(repository.index_path(), repository.id_size())? else {
        return missing_index(repository).map(|_| None);
    };
    if let Some(root) = index.cache_tree()?.and_then(|root| root.id) {
        return entry_in_tree(repository, root, path);
    }
    let mut entries = index.entries();
    while let Some(entry) = entries.next()? {
        // A sparse index stands for a whole folder with one entry.
        if Kind::of_mode(entry.entry.mode) == Kind::Tree && path.starts_with(&entries.path) {
            return entry_in_tree(repository, entry.entry.id, &path[entries.path.len()..]);
        }
        if entries.path == path && entry.stage == 0 && !entry.is_intent_to_add {
            return Ok(Some(entry.entry));
        }
    }
    Ok(None)
}

pub(super) fn entry_in_tree(
    trees: &dyn Trees,
    root: ObjectId,
    path: &[u8],
) -> Result<Option<Entry>, GitError> {
    let mut found = Entry { mode: 0o040_000, id: root };
    for name in path.split(|byte| *byte == b'/') {
        if Kind::of_mode(found.mode) != Kind::Tree {
            return Ok(None);
        }
        let bytes = trees.read_tree(found.id)?;
        let entries = parse_tree(found.id, &bytes)?;
        match entries.iter().find(|entry| entry.name == name) {
            Some(entry) => found = entry.entry,
            None => return Ok(None),
        }
    }
    Ok(Some(found).filter(|entry| Kind::of_mode(entry.mode) != Kind::Tree))
}

/// Walks the entries of the index beside a tree, skipping folders that the cache tree vouches for.
struct Walk<'a> {
    trees: &'a dyn Trees,
    entries: Entries<'a>,
    /// The entry under the cursor; its path is `entries.path`.
    current: Option<IndexEntry>,
    is_started: bool,
    settings: Vec<(String, Entry)>,
    out: &'a mut Difference,
}

impl<'a> Walk<'a> {
    fn new(trees: &'a dyn Trees, index: &'a Index, out: &'a mut Difference) -> Walk<'a> {
        let entries = index.entries();
        Walk { trees, entries, current: None, is_started: false, settings: Vec::new(), out }
    }

    fn advance(&mut self) -> Result<(), GitError> {
        loop {
            self.current = self.entries.next()?;
            let Some(entry) = &self.current else { return Ok(()) };
            if entry.stage != 0 {
                let path = String::from_utf8_lossy(&self.entries.path).escape_debug().to_string();
                return Err(GitError::Unmerged(path));
            }
            // An entry that only announces a file is not part of the commit.
            if !entry.is_intent_to_add {
                return Ok(());
            }
        }
    }

    /// Compares the folder whose path is the first `prefix_len` bytes of the current entry's.
    fn folder(
        &mut self,
        node: Option<&Node>,
        old: Option<ObjectId>,
        prefix_len: usize,
        depth: usize,
    ) -> Result<(), GitError> {
        if depth > DEPTH_MAX {
            return Err(GitError::Index(format!("folders are nested deeper than {DEPTH_MAX}")));
        }
        if !self.is_started {
            self.is_started = true;
            self.advance()?;
        }
        let prefix = self.entries.path[..prefix_len.min(self.entries.path.len())].to_vec();
        let bytes = old.map_or(Ok(Vec::new()), |id| self.trees.read_tree(id))?;
        let olds = old.map_or(Ok(Vec::new()), |id| parse_tree(id, &bytes))?;
        let mut olds = olds.into_iter().peekable();
        while let Some(entry) = self.current.clone() {
            if !self.entries.path.starts_with(&prefix) {
                break;
            }
            let rest = &self.entries.path[prefix.len()..];
            let slash = memchr::memchr(b'/', rest);
            let name = rest[..slash.unwrap_or(rest.len())].to_vec();
            let is_tree = slash.is_some();
            let mut twin = None;
            while let Some(old) = olds.peek() {
                match tree_order(old.name, old.is_tree(), &name, is_tree) {
                    Ordering::Less => {
                        self.out.removed.push((joined(&prefix, old.name), old.entry));
                        olds.next();
                    }
                    Ordering::Equal => {
                        twin = olds.next().map(|old| old.entry);
                        break;
                    }
                    Ordering::Greater => break,
                }
            }
            if is_tree {
                self.subfolder(node, &name, twin, &entry, prefix.len(), depth)?;
            } else {
                self.file(entry.entry, twin)?;
            }
        }
        let left = olds.map(|old| (joined(&prefix, old.name), old.entry));
        self.out.removed.extend(left);
        Ok(())
    }

    fn file(&mut self, new: Entry, old: Option<Entry>) -> Result<(), GitError> {
        let path = self.entries.path.clone();
        if let Some(name) = SETTINGS_FILES.iter().find(|name| name.as_bytes() == path) {
            self.settings.push(((*name).to_owned(), new));
        }
        if old != Some(new) {
            self.out.changed.push((path, new, old));
        }
        self.advance()
    }

    fn subfolder(
        &mut self,
        node: Option<&Node>,
        name: &[u8],
        old: Option<Entry>,
        entry: &IndexEntry,
        prefix_len: usize,
        depth: usize,
    ) -> Result<(), GitError> {
        let old = old.map(|old| old.id);
        let folder_len = prefix_len + name.len() + 1;
        // A sparse index stands for a whole folder with one entry.
        let is_sparse = Kind::of_mode(entry.entry.mode) == Kind::Tree;
        let child = node.and_then(|node| {
            let at = node.children.binary_search_by(|child| child.name.as_slice().cmp(name));
            at.ok().map(|at| &node.children[at])
        });
        let known = if is_sparse { Some((entry.entry.id, 1)) } else { child.and_then(valid) };
        let Some((new, entry_count)) = known else {
            return self.folder(child, old, folder_len, depth + 1);
        };
        let mut prefix = self.entries.path[..folder_len].to_vec();
        diff_trees(self.trees, old, Some(new), &mut prefix, depth + 1, self.out)?;
        self.entries.skip_many(entry_count - 1)?;
        self.advance()
    }
}

fn valid(node: &Node) -> Option<(ObjectId, i64)> {
    node.id.filter(|_| node.entry_count > 0).map(|id| (id, node.entry_count))
}
