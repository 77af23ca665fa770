//! Finds the removed file that an added file was before.
//!
//! Asked only for added files that have a match. A file counts as renamed if half of it is the same
//! text, as in git; the exact twin is looked for first.

use std::collections::HashMap;

use super::tree::{Trees, parse_tree};
use super::{Change, Entry, GitError, Kind, ObjectId, Repository};

/// How many removed files are read in one run. A file beyond that counts as added, which can only
/// report more.
const READS_MAX: usize = 1000;

/// How many removed files are listed. A few small trees can stand for more files than there are
/// atoms; what is not listed is not recognised, which again can only report more.
const LISTED_MAX: usize = 200_000;

/// Among more removed files than this, only those of the same name or folder are compared.
const RELATIVES_MAX: usize = 10_000;

/// A file larger than this is compared by its object id alone.
const SIZE_MAX: usize = 4 << 20;

/// What was removed, listed once for all added files, and what may still be read of it.
pub(super) struct Renames {
    files: Option<Vec<(Vec<u8>, Entry)>>,
    reads_left: usize,
    /// The new path of each removed file that was found again. One file is renamed once: what is
    /// like it as well is a copy, and what stands in a copy is new.
    found: HashMap<Vec<u8>, Vec<u8>>,
}

impl Default for Renames {
    fn default() -> Renames {
        Renames { files: None, reads_left: READS_MAX, found: HashMap::new() }
    }
}

impl Renames {
    /// Returns the content of the file that `change` was renamed from.
    pub(super) fn old_of(
        &mut self,
        repository: &Repository,
        change: &Change,
        removed: &[(Vec<u8>, Entry)],
        new: &[u8],
    ) -> Result<Option<Vec<u8>>, GitError> {
        let files = match &mut self.files {
            Some(files) => files,
            none => none.insert(expand(repository, removed)?),
        };
        let is_free = |path: &[u8]| self.found.get(path).is_none_or(|to| *to == change.path);
        let twins = files.iter().filter(|(_, entry)| entry.id == change.new.id);
        let twin = twins.filter(|(path, _)| is_free(path));
        if let Some((path, twin)) = twin.min_by_key(|(path, _)| kinship(path, &change.path)) {
            self.found.insert(path.clone(), change.path.clone());
            return repository.read_object(twin.id).map(Some);
        }
        if new.len() > SIZE_MAX || self.reads_left == 0 {
            return Ok(None);
        }
        let lines = count_lines(new);
        let mut best: Option<(usize, &[u8], Vec<u8>)> = None;
        for (path, entry) in candidates(files, &change.path) {
            if !is_free(path) {
                continue;
            }
            if self.reads_left == 0 {
                break;
            }
            // What is twice as long cannot be half the same.
            let size = repository.object_size(entry.id);
            if size.is_some_and(|size| size > new.len() * 2 || size < new.len() / 2) {
                continue;
            }
            self.reads_left -= 1;
            // An unreadable candidate only makes the file count as new.
            let Ok(old) = repository.read_object(entry.id) else { continue };
            let shared = shared_bytes(&lines, &old);
            let is_similar = shared * 2 >= new.len().max(old.len());
            if is_similar && best.as_ref().is_none_or(|(most, ..)| shared > *most) {
                best = Some((shared, path, old));
            }
        }
        Ok(best.map(|(_, path, old)| {
            self.found.insert(path.to_owned(), change.path.clone());
            old
        }))
    }
}

/// Returns the files to compare with, the nearest relatives first.
fn candidates<'a>(files: &'a [(Vec<u8>, Entry)], path: &[u8]) -> Vec<&'a (Vec<u8>, Entry)> {
    let far = if files.len() > RELATIVES_MAX { 2 } else { 4 };
    let is_file = |entry: &Entry| Kind::of_mode(entry.mode) == Kind::File;
    let regular = files.iter().filter(|(_, entry)| is_file(entry));
    let mut near: Vec<_> =
        regular.map(|file| (kinship(&file.0, path), file)).filter(|(kin, _)| *kin < far).collect();
    near.sort_by_key(|(kin, _)| *kin);
    near.into_iter().map(|(_, file)| file).collect()
}

/// Replaces removed folders by the files in them.
pub(super) fn expand(
    trees: &dyn Trees,
    removed: &[(Vec<u8>, Entry)],
) -> Result<Vec<(Vec<u8>, Entry)>, GitError> {
    let mut files = Vec::new();
    let mut folders: Vec<(Vec<u8>, ObjectId)> = Vec::new();
    let mut sort = |path: Vec<u8>, entry: Entry, folders: &mut Vec<(Vec<u8>, ObjectId)>| {
        match Kind::of_mode(entry.mode) {
            Kind::Tree => folders.push((path, entry.id)),
            _ => files.push((path, entry)),
        }
        files.len() + folders.len() < LISTED_MAX
    };
    for (path, entry) in removed {
        if !sort(path.clone(), *entry, &mut folders) {
            break;
        }
    }
    while let Some((folder, id)) = folders.pop() {
        let bytes = trees.read_tree(id)?;
        let entries = parse_tree(id, &bytes)?;
        let mut goes_on = entries.iter().map(|entry| {
            sort([&folder, &b"/"[..], entry.name].concat(), entry.entry, &mut folders)
        });
        if !goes_on.all(|goes_on| goes_on) {
            break;
        }
    }
    Ok(files)
}

/// Orders candidates: same file name first, then same folder, then the same extension.
fn kinship(old: &[u8], new: &[u8]) -> u8 {
    fn split(path: &[u8]) -> (&[u8], &[u8]) {
        path.split_at(path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1))
    }
    fn extension(name: &[u8]) -> Option<&[u8]> {
        name.iter().rposition(|byte| *byte == b'.').map(|at| &name[at..])
    }
    let ((old_folder, old_name), (new_folder, new_name)) = (split(old), split(new));
    let is_same_kind = extension(old_name) == extension(new_name);
    match (old_name == new_name, is_same_kind, old_folder == new_folder) {
        (true, ..) => 0,
        (_, true, true) => 1,
        (_, true, false) => 2,
        _ => 3,
    }
}

fn count_lines(text: &[u8]) -> HashMap<&[u8], usize> {
    let mut counts = HashMap::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        *counts.entry(line).or_insert(0) += 1;
    }
    counts
}

fn shared_bytes(lines: &HashMap<&[u8], usize>, old: &[u8]) -> usize {
    let mut left = lines.clone();
    old.split_inclusive(|byte| *byte == b'\n')
        .filter(|line| match left.get_mut(line) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        })
        .map(<[u8]>::len)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_two_texts_share() {
        let lines = count_lines(b"a\nb\nb\nc\n");
        assert_eq!(shared_bytes(&lines, b"b\nb\nb\nx\n"), 4);
        assert_eq!(shared_bytes(&lines, b"a\nb\nb\nc\n"), 8);
        assert_eq!(shared_bytes(&lines, b""), 0);
    }

    /// Ten trees, each of which holds the next one ten times: ten thousand million files.
    struct Bomb;

    impl Trees for Bomb {
        fn read_tree(&self, id: ObjectId) -> Result<Vec<u8>, GitError> {
            let depth = id.as_bytes()[0];
            let (mode, inner) = if depth == 9 { (0o100_644, 99) } else { (0o40_000, depth + 1) };
            let entries = (0..10).map(|number| {
                let head = format!("{mode:o} {number}\0").into_bytes();
                [head, vec![inner; 20]].concat()
            });
            Ok(entries.collect::<Vec<_>>().concat())
        }
    }

    #[test]
    fn a_bomb_of_trees_is_listed_in_part() {
        let id = ObjectId::from_bytes(&[0; 20]).unwrap();
        let removed = [(b"a".to_vec(), Entry { mode: 0o40_000, id })];
        let files = expand(&Bomb, &removed).unwrap();
        assert!((LISTED_MAX / 2..=LISTED_MAX).contains(&files.len()), "{}", files.len());
        assert_eq!(files[0].0.len(), 21);
    }

    #[test]
    fn relatives_come_first() {
        assert_eq!(kinship(b"a/x.py", b"b/x.py"), 0);
        assert_eq!(kinship(b"a/x.py", b"a/y.py"), 1);
        assert_eq!(kinship(b"a/x.py", b"b/y.py"), 2);
        assert_eq!(kinship(b"a/x.py", b"b/y.js"), 3);
    }
}
