//! What `git commit -v` shows below the scissors: the lines of the commit's own change.
//!
//! A hook is not told of `-v`. So the text below the scissors is held against the versions of the
//! files that it names: a line that stands in one of them belongs to the diff, any other is taken for
//! a part of the message. What cannot be read only leaves more to look at.

use std::collections::HashSet;

use crate::git::{Entry, GitError, History, Kind, Repository, Staged};

/// How lines start that hold the name of a file.
const HEADS: [&[u8]; 8] = [
    b"diff --git ",
    b"--- ",
    b"+++ ",
    b"rename from ",
    b"rename to ",
    b"copy from ",
    b"copy to ",
    b"Binary files ",
];

/// Two names of files, at most.
const NAMES_MAX: usize = 16 << 10;

/// The lines of the old and new versions of changed files, and their names.
#[derive(Debug, Default)]
pub(super) struct ShownChange {
    lines: HashSet<Vec<u8>>,
    paths: HashSet<Vec<u8>>,
}

impl ShownChange {
    /// Reads the files that `below` names, as far as the commit changes them.
    pub(super) fn load(repository: &Repository, below: &[u8]) -> ShownChange {
        let named = Named::of(below);
        let mut change = ShownChange::default();
        // With `--amend` the diff is that of HEAD and what is staged together.
        for staged in [repository.staged(), of_head(repository)] {
            let Ok(staged) = staged else { continue };
            for found in staged.changes.iter().filter(|found| named.has(&found.path)) {
                change.add(repository, &found.path, &found.new);
                for old in found.olds.iter().flatten() {
                    change.add(repository, &found.path, old);
                }
            }
            let removed = repository.removed_files(&staged).unwrap_or_default();
            for (path, old) in removed.iter().filter(|(path, _)| named.has(path)) {
                change.add(repository, path, old);
            }
        }
        change
    }

    fn add(&mut self, repository: &Repository, path: &[u8], entry: &Entry) {
        self.paths.insert(path.to_owned());
        if Kind::of_mode(entry.mode) == Kind::Submodule {
            return;
        }
        let bytes = repository.read_staged(path, *entry).unwrap_or_default();
        self.lines.extend(bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec));
    }

    /// Returns whether a line of a diff shows nothing but this change.
    pub(super) fn shows(&self, line: &[u8]) -> bool {
        let heads = HEADS.iter().filter_map(|head| line.strip_prefix(*head));
        if heads.into_iter().any(|rest| self.names(rest)) {
            return true;
        }
        // The line above a hunk is cut short.
        if let Some(hunk) = line.strip_prefix(b"@@ ") {
            let context = memchr::memmem::find(hunk, b"@@ ").map(|at| &hunk[at + 3..]);
            return context.is_some_and(|text| self.lines.iter().any(|l| l.starts_with(text)));
        }
        matches!(line, [b' ' | b'+' | b'-', text @ ..] if self.lines.contains(text))
    }

    /// Returns whether a text is one name of a changed file, or two of them.
    fn names(&self, text: &[u8]) -> bool {
        let is_name = |name: &[u8]| {
            let name = name.strip_suffix(b"\t").unwrap_or(name);
            let bare = matches!(name, [_, b'/', ..]).then(|| &name[2..]);
            name == b"/dev/null"
                || self.paths.contains(name)
                || bare.is_some_and(|name| self.paths.contains(name))
        };
        if text.len() > NAMES_MAX {
            return false;
        }
        let text = text.strip_suffix(b" differ").unwrap_or(text);
        let mut between = [&b" and "[..], b" "].into_iter().flat_map(|between| {
            memchr::memmem::find_iter(text, between).map(move |at| (at, at + between.len()))
        });
        is_name(text)
            || between.any(|(end, start)| is_name(&text[..end]) && is_name(&text[start..]))
    }
}

/// What HEAD changed.
fn of_head(repository: &Repository) -> Result<Staged, GitError> {
    let Some(head) = repository.head_commit()? else { return Ok(Staged::default()) };
    let history = History::new(repository);
    let commit = history.commit(head)?;
    history.changes(commit.tree, &history.roots(&commit.parents)?)
}

/// The files that a diff names, with and without the `a/` in front.
struct Named<'a> {
    names: HashSet<&'a [u8]>,
    /// Whether a name is written in quotes, and so not known.
    is_any: bool,
}

impl<'a> Named<'a> {
    fn of(text: &'a [u8]) -> Named<'a> {
        let mut named = Named { names: HashSet::new(), is_any: false };
        for line in text.split(|byte| *byte == b'\n') {
            let Some(head) = HEADS[1..7].iter().find(|head| line.starts_with(head)) else {
                // A file without a text is named here alone.
                named.is_any |= line.starts_with(HEADS[0]) && line.contains(&b'"');
                continue;
            };
            let name = line[head.len()..].strip_suffix(b"\t").unwrap_or(&line[head.len()..]);
            named.is_any |= name.starts_with(b"\"");
            named.names.insert(name);
            named.names.extend(memchr::memchr(b'/', name).map(|at| &name[at + 1..]));
        }
        named
    }

    fn has(&self, path: &[u8]) -> bool {
        self.is_any || self.names.contains(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_change_is_told_from_any_other() {
        let lines = ["def long_name(x):", "old", "new", ""].map(|line| line.as_bytes().to_vec());
        let paths = HashSet::from([b"src/a.py".to_vec()]);
        let change = ShownChange { lines: lines.into(), paths };
        let shown = [
            "diff --git a/src/a.py b/src/a.py",
            "--- a/src/a.py",
            "+++ src/a.py",
            "-old",
            "+new",
            " old",
            "+",
        ];
        for line in shown
            .into_iter()
            .chain(["@@ -1,2 +1,2 @@ def long", "Binary files /dev/null and b/src/a.py differ"])
        {
            assert!(change.shows(line.as_bytes()), "{line}");
        }
        for line in [
            "old",
            "+old new",
            "--- a/b.py",
            "--- src/a.py x",
            "-- old",
            "@@ -1 +1 @@ other",
            "@@ old",
            "",
        ] {
            assert!(!change.shows(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn the_files_of_a_diff_are_known_whatever_stands_in_front() {
        let text = b"--- a/src/a.py\n+++ top.py\n--- a/with space\t\n+x\n";
        let named = Named::of(text);
        for path in ["src/a.py", "top.py", "with space"] {
            assert!(named.has(path.as_bytes()), "{path}");
        }
        assert!(!named.has(b"x"));
        assert!(Named::of(b"--- \"a/\\303\\244\"\n").has(b"x"));
    }
}
