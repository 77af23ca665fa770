//! Finds the removed file that an added file was before.
//!
//! Asked only for added files that have a match. A file counts as renamed if half of it is the same
//! text, as in git; the exact twin is looked for first.

use std::collections::HashMap;

use super::tree::{Difference, diff_trees};
use super::{Change, Entry, GitError, Kind, Repository};

/// How many removed files are read in one run. A file beyond that counts as added, which can only
/// report more.
const READS_MAX: usize = 1000;

/// A file larger than this is compared by its object id alone.
const SIZE_MAX: usize = 4 << 20;

/// What was found in one run.
#[derive(Debug)]
pub(super) struct Renames {
    /// How many more removed files may be read.
    budget: usize,
    /// The new path of each removed file that was found again. One file is renamed once: what is
    /// like it as well is a copy, and what stands in a copy is new.
    found: HashMap<Vec<u8>, Vec<u8>>,
}

impl Renames {
    pub(super) fn new() -> Renames {
        Renames { budget: READS_MAX, found: HashMap::new() }
    }
}

/// Returns the content of the file that `change` was renamed from.
pub(super) fn renamed_from(
    repository: &Repository,
    change: &Change,
    removed: &[(Vec<u8>, Entry)],
    new: &[u8],
    renames: &mut Renames,
) -> Result<Option<Vec<u8>>, GitError> {
    let mut candidates = expand(repository, removed)?;
    candidates.retain(|(path, _)| renames.found.get(path).is_none_or(|to| *to == change.path));
    candidates.sort_by_key(|(path, _)| kinship(path, &change.path));
    if let Some((path, twin)) = candidates.iter().find(|(_, entry)| entry.id == change.new.id) {
        renames.found.insert(path.clone(), change.path.clone());
        return repository.read_object(twin.id).map(Some);
    }
    if new.len() > SIZE_MAX {
        return Ok(None);
    }
    candidates.retain(|(_, entry)| Kind::of_mode(entry.mode) == Kind::File);
    let lines = count_lines(new);
    let mut best: Option<(usize, Vec<u8>, Vec<u8>)> = None;
    for (path, entry) in candidates {
        if renames.budget == 0 {
            break;
        }
        renames.budget -= 1;
        // An unreadable candidate only makes the file count as new.
        let Ok(old) = repository.read_object(entry.id) else { continue };
        let shared = shared_bytes(&lines, &old);
        let is_similar = shared * 2 >= new.len().max(old.len());
        if is_similar && best.as_ref().is_none_or(|(most, ..)| shared > *most) {
            best = Some((shared, path, old));
        }
    }
    Ok(best.map(|(_, path, old)| {
        renames.found.insert(path, change.path.clone());
        old
    }))
}

/// Replaces removed folders by the files in them.
fn expand(
    repository: &Repository,
    removed: &[(Vec<u8>, Entry)],
) -> Result<Vec<(Vec<u8>, Entry)>, GitError> {
    let mut files = Vec::new();
    for (path, entry) in removed {
        if Kind::of_mode(entry.mode) != Kind::Tree {
            files.push((path.clone(), *entry));
            continue;
        }
        let mut inside = Difference::default();
        let mut prefix = [path.as_slice(), b"/"].concat();
        diff_trees(repository, None, Some(entry.id), &mut prefix, 0, &mut inside)?;
        files.extend(inside.changed.into_iter().map(|(path, entry, _)| (path, entry)));
    }
    Ok(files)
}

/// Orders candidates: same file name first, then same folder, then the same extension.
fn kinship(old: &[u8], new: &[u8]) -> u8 {
    let split = |path: &[u8]| {
        let at = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        (path[..at].to_vec(), path[at..].to_vec())
    };
    let extension =
        |name: &[u8]| name.iter().rposition(|byte| *byte == b'.').map(|at| name[at..].to_vec());
    let ((old_folder, old_name), (new_folder, new_name)) = (split(old), split(new));
    if old_name == new_name {
        0
    } else if old_folder == new_folder && extension(&old_name) == extension(&new_name) {
        1
    } else if extension(&old_name) == extension(&new_name) {
        2
    } else {
        3
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

    #[test]
    fn relatives_come_first() {
        assert_eq!(kinship(b"a/x.py", b"b/x.py"), 0);
        assert_eq!(kinship(b"a/x.py", b"a/y.py"), 1);
        assert_eq!(kinship(b"a/x.py", b"b/y.py"), 2);
        assert_eq!(kinship(b"a/x.py", b"b/y.js"), 3);
    }
}
