//! Where text comes from: the staged change, files, standard input.
//!
//! A source hands out chunks one at a time, so that memory holds one file. It never leaves
//! something out in silence: what it cannot read is an [`Unread`], what it passes over on purpose
//! is counted in its notes.

use std::fmt;

mod clock;
mod commits;
mod files;
mod ledger;
mod message;
mod shown_change;
mod sparse;
mod staged;
mod stdin;
mod tracked;
mod updates;

pub use clock::Clock;
pub use commits::{CommitsSource, Edge, Item, MESSAGE_PATH, Settings, TAG_PATH};
pub use files::FilesSource;
pub use ledger::{Key, Ledger, Stamp};
pub use message::MessageSource;
pub use staged::StagedSource;
pub use stdin::StdinSource;
pub use tracked::TrackedSource;
pub use updates::{Target, Update, items_of, parse_push, parse_receive};

/// Text plus where it came from.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The path, from the top of the repository where there is one.
    pub path: Vec<u8>,
    /// The whole content.
    pub bytes: Vec<u8>,
    /// The source's own number for it.
    pub id: usize,
}

/// Something that should have been looked at and could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The path, or an empty text if everything is concerned.
    pub path: Vec<u8>,
    /// Why.
    pub problem: String,
    /// What the user can do.
    pub hint: String,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

/// How git stands to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was committed before.
    Tracked,
    /// It is not committed, and git would take it.
    Untracked,
    /// git ignores it.
    Ignored,
    /// Nobody asked git.
    Unknown,
}

/// Where a file is that the baseline names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// The change takes it away, so it may have moved.
    Removed,
    /// It is not there yet, but where the baseline is from: it may have another name till then.
    Later,
    /// It is there, or went before.
    Other,
}

/// The commit or tag that a chunk is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Which of the two.
    pub kind: OriginKind,
    /// Its name in hex.
    pub id: String,
    /// The first line of the commit's message, or what the tag is called; untrusted.
    pub name: String,
    /// Whether it is a commit without a parent.
    pub is_root: bool,
}

/// What a chunk is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginKind {
    /// A commit.
    Commit,
    /// A tag, or another reference to something that is no commit.
    Tag,
}

/// A supply of chunks.
pub trait Source {
    /// Returns the next chunk, or what could not be read; `None` at the end.
    fn next(&mut self) -> Option<Result<Chunk, Unread>>;

    /// Returns the older versions of the chunk's file: what was already there is not new. Asked
    /// only for files with a match.
    fn olds(&mut self, chunk: &Chunk) -> Result<Vec<Vec<u8>>, Unread>;

    /// Returns whether a file stood at the chunk's path before: then its name is not new.
    fn had_path(&self, _: &Chunk) -> bool {
        false
    }

    /// Returns whether git has the chunk's file or would take it; a file that only lies there is
    /// nobody's mistake. Asked only for files whose name is a warning.
    fn is_for_git(&self, _: &Chunk) -> bool {
        true
    }

    /// Returns how git stands to a file by its path from the top of the repository.
    fn standing(&self, _: &str) -> Standing {
        Standing::Unknown
    }

    /// Returns the folders of what it will yield, as far as it knows beforehand.
    fn folders(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// Returns whether the file `path` still exists where this source looks.
    fn has_file(&self, path: &str) -> bool;

    /// Returns where the file `path` is, seen from the change that a chunk is of.
    fn whereabouts(&self, _chunk: usize, path: &str) -> Whereabouts {
        if self.has_file(path) { Whereabouts::Other } else { Whereabouts::Removed }
    }

    /// Returns a number for the commit that a chunk is of; all else is one change.
    fn change_number(&self, _chunk: usize) -> usize {
        0
    }

    /// Returns the commit that a chunk is of, where there is one.
    fn origin(&self, _chunk: usize) -> Option<Origin> {
        None
    }

    /// Returns the content of a settings file, by its path from the top of the repository.
    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, Unread>;

    /// Returns what was passed over on purpose, as sentences.
    fn notes(&self) -> Vec<String>;
}

/// Returns a path as text; bytes that are no UTF-8 are shown as `\xNN`.
pub fn path_text(path: &[u8]) -> String {
    let mut text = String::new();
    for part in path.utf8_chunks() {
        text.push_str(part.valid());
        part.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02X}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_no_text_are_still_told_apart() {
        assert_eq!(path_text(b"a/\xffb"), "a/\\xFFb");
        assert_eq!(path_text("ä/b".as_bytes()), "ä/b");
    }
}
