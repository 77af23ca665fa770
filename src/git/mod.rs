//! The only room that knows git.
//!
//! It reads what a commit will contain: the tree that git has just written into the index, compared
//! with HEAD. Two readers give the same answer. The fast one maps the index and walks trees; its
//! cost follows the change, not the repository. The other asks git's plumbing, and is used for every
//! repository and every error that the fast one does not understand. When both fail, the caller
//! gets an error and never an empty answer.
//!
//! It does not know what a secret is, writes nothing but what [`Repository::stage`] is asked for,
//! runs nothing from the repository's configuration, and never uses the text of a diff.

mod command;
mod commit;
mod content;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod hash;
mod history;
mod index;
mod own;
mod rename;
mod repository;
mod tree;
mod versions;

pub use command::Git;
pub use commit::{Commit, ObjectKind, Tag};
pub use content::to_path;
pub use error::GitError;
pub use hash::ObjectId;
pub use history::{History, Listed, Without};
pub use repository::{HooksDir, Reader, Repository, is_started_below_top};
pub use versions::{Missing, Tip, Version};

/// Says what an index or tree entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file, executable or not.
    File,
    /// A symbolic link; its content is its target.
    Link,
    /// A commit of another repository; it has no content here.
    Submodule,
    /// A folder.
    Tree,
}

impl Kind {
    /// Tells the kind by git's file mode.
    pub fn of_mode(mode: u32) -> Kind {
        match mode & 0o170_000 {
            0o120_000 => Kind::Link,
            0o160_000 => Kind::Submodule,
            0o040_000 => Kind::Tree,
            _ => Kind::File,
        }
    }
}

/// One version of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// Git's file mode.
    pub mode: u32,
    /// The object that holds the content.
    pub id: ObjectId,
}

/// A path that the commit will add or change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path from the top of the worktree, with `/`.
    pub path: Vec<u8>,
    /// What the commit will contain.
    pub new: Entry,
    /// What each parent of the commit has at this path; the first is HEAD.
    pub olds: Vec<Option<Entry>>,
}

/// What a commit would add, change and remove.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staged {
    /// Added and changed paths, sorted.
    pub changes: Vec<Change>,
    /// What HEAD has and the commit will not; folders stand for all they hold.
    pub removed: Vec<(Vec<u8>, Entry)>,
    /// The entries of the new tree that keyhook itself reads, by name.
    pub settings: Vec<(String, Entry)>,
    /// Which trees were compared, where the reader knows that.
    pub compared: Option<Compared>,
}

/// The trees of a comparison; two comparisons of the same trees have the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The tree of the commit.
    pub tree: ObjectId,
    /// The trees of its parents; a commit without one is compared with the empty tree.
    pub parents: Vec<Option<ObjectId>>,
}

/// The files at the top of a repository that keyhook reads from the staged tree.
pub const SETTINGS_FILES: [&str; 2] = [".secrets.baseline", ".keyhook.toml"];
