//! Commits: what each changed against all of its parents, and what its message says.
//!
//! Each commit is compared by itself, because a key that a later commit takes out again leaves the
//! machine all the same. A merge brings nothing new but what no parent has. The same content at the
//! same path is looked at once.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::clock::{Clock, Stage};
use super::ledger::{Key, Ledger, Stamp};
use super::staged::unread;
use super::{Chunk, Origin, OriginKind, Source, Unread, Whereabouts};
use crate::git::{
    Change, Commit, Compared, Entry, GitError, History, Kind, Listed, ObjectId, Repository, Staged,
};

/// The name under which the message of a commit is reported; no file of a repository can have it.
pub const MESSAGE_PATH: &str = ".git/COMMIT_EDITMSG";

/// The name under which the message of a tag is reported.
pub const TAG_PATH: &str = ".git/TAG_EDITMSG";

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A commit.
    Commit(Listed),
    /// The message of a tag, and what the tag is called.
    Tag(ObjectId, String),
    /// A file that a reference names by itself, and what the reference is called.
    Blob(ObjectId, String),
    /// A folder that a reference names by itself, and what the reference is called.
    Tree(ObjectId, String),
}

impl Item {
    fn id(&self) -> ObjectId {
        match self {
            Item::Commit(listed) => listed.id,
            Item::Tag(id, _) | Item::Blob(id, _) | Item::Tree(id, _) => *id,
        }
    }
}

/// Where the settings come from that the commits are judged with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settings {
    /// From the worktree.
    Worktree,
    /// From this tree, which was there before the commits, or is beside them.
    Tree(ObjectId),
    /// From this tree, which the commits lead to.
    Tip(ObjectId),
    /// There are none.
    Nowhere,
}

/// What the edge of a shallow clone means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Nothing is older: all that stands there is looked at.
    Start,
    /// What a commit there changed cannot be told, which is an error.
    Gap,
}

/// Reads commits, and what references name beside commits.
pub struct CommitsSource<'a> {
    history: History<'a>,
    items: Vec<Item>,
    /// The item that comes next.
    next: usize,
    current: Option<Current>,
    settings: Settings,
    edge: Edge,
    clock: Option<Clock>,
    ledger: Option<(&'a Ledger, Vec<Stamp>)>,
    /// The place in `begun` of the item that each chunk came from.
    chunks: Vec<usize>,
    begun: Vec<Begun>,
    hasher: RandomState,
    /// Content and path of what was looked at.
    looked: HashSet<u128>,
    /// The items that were looked at whole, or of which the rest was, each with the stamp that what it
    /// rests on has in the ledger.
    done: Vec<(ObjectId, usize)>,
    seen: usize,
    submodules: usize,
    edges: usize,
}

/// An item of which at least something was yielded.
struct Begun {
    origin: Origin,
    tree: Option<ObjectId>,
    /// The tree of its first parent.
    parent: Option<ObjectId>,
}

/// The item that is being read.
struct Current {
    /// What its change consists of.
    staged: Staged,
    /// The change that comes next.
    next: usize,
    /// Its message, until that was yielded.
    message: Option<(&'static str, Vec<u8>)>,
    /// A file that is named by itself.
    file: Option<(Vec<u8>, ObjectId)>,
    begun: Begun,
    id: ObjectId,
    /// The stamp of its trees in the ledger.
    stamp: usize,
}

impl<'a> CommitsSource<'a> {
    /// Takes the items, in the order in which they are to be looked at.
    pub fn new(
        repository: &'a Repository,
        items: Vec<Item>,
        settings: Settings,
    ) -> CommitsSource<'a> {
        CommitsSource {
            history: History::new(repository),
            items,
            next: 0,
            current: None,
            settings,
            edge: Edge::Gap,
            clock: None,
            ledger: None,
            chunks: Vec::new(),
            begun: Vec::new(),
            hasher: RandomState::new(),
            looked: HashSet::new(),
            done: Vec::new(),
            seen: 0,
            submodules: 0,
            edges: 0,
        }
    }

    /// The same source, which takes the edge of a shallow clone for this.
    pub fn with_edge(mut self, edge: Edge) -> CommitsSource<'a> {
        self.edge = edge;
        self
    }

    /// The same source, which stops when the time is over and then says what it has not looked at.
    pub fn until(mut self, clock: Clock) -> CommitsSource<'a> {
        self.clock = Some(clock);
        self
    }

    /// The same source, which passes over what has one of these stamps in the ledger.
    pub fn passing_over(mut self, ledger: &'a Ledger, stamps: Vec<Stamp>) -> CommitsSource<'a> {
        self.ledger = Some((ledger, stamps));
        self
    }

    /// Returns what was looked at whole and is not in the ledger by its own name. Where its trees are
    /// in the ledger, they are so by the stamp of this number, and otherwise the number is 0.
    pub fn done(&self) -> &[(ObjectId, usize)] {
        &self.done
    }

    /// Returns how many items the ledger knew by name.
    pub fn seen_count(&self) -> usize {
        self.seen
    }

    /// Returns the number of the stamp by which something is in the ledger.
    fn seen_by(&self, key: impl Fn(&Stamp) -> Key) -> Option<usize> {
        let (ledger, stamps) = self.ledger.as_ref()?;
        stamps.iter().position(|stamp| ledger.has(&key(stamp)))
    }

    fn begin(&self, item: &Item) -> Result<Current, GitError> {
        match item {
            Item::Commit(listed) => self.begin_commit(listed),
            Item::Tag(id, name) => {
                let text = self.history.repository().tag(*id)?.text;
                let begun = Begun { origin: Origin::tag(*id, name), tree: None, parent: None };
                Ok(Current { message: Some((TAG_PATH, text)), ..Current::of(*id, begun) })
            }
            Item::Blob(id, name) => {
                let begun = Begun { origin: Origin::tag(*id, name), tree: None, parent: None };
                let file = Some((name.clone().into_bytes(), *id));
                Ok(Current { file, ..Current::of(*id, begun) })
            }
            Item::Tree(id, name) => {
                let staged = self.history.changes(*id, &[None])?;
                let begun = Begun { origin: Origin::tag(*id, name), tree: Some(*id), parent: None };
                Ok(Current { staged, ..Current::of(*id, begun) })
            }
        }
    }

    fn begin_commit(&self, listed: &Listed) -> Result<Current, GitError> {
        let commit = self.history.commit(listed.id)?;
        let tree = commit.tree;
        let parents = self.history.roots(&listed.parents)?;
        let compared = Compared { tree, parents };
        let seen_by = self.seen_by(|stamp| stamp.trees(&compared));
        let staged = match seen_by {
            Some(_) => Staged::default(),
            None => self.history.changes(tree, &compared.parents)?,
        };
        let parent = compared.parents.first().copied().flatten();
        let begun = Begun { origin: Origin::commit(&commit), tree: Some(tree), parent };
        let message = Some((MESSAGE_PATH, commit.text));
        let stamp = seen_by.unwrap_or(0);
        Ok(Current { staged, message, stamp, ..Current::of(listed.id, begun) })
    }

    /// Returns the gap at the edge of a shallow clone, if the commit lies there.
    fn gap(&mut self, item: &Item) -> Option<Unread> {
        let Item::Commit(listed) = item else { return None };
        let repository = self.history.repository();
        if !listed.parents.is_empty() || !repository.is_shallow() {
            return None;
        }
        // An unreadable commit is reported when it is read.
        let is_root = repository.commit(listed.id).is_ok_and(|commit| commit.parents.is_empty());
        if is_root {
            return None;
        }
        self.edges += 1;
        (self.edge == Edge::Gap).then(|| Unread {
            path: Vec::new(),
            problem: format!(
                "the clone is shallow: what commit {} changed cannot be told without its parents",
                short(listed.id)
            ),
            hint: "git fetch --unshallow, or a little more of the history: git fetch --deepen=100"
                .to_owned(),
        })
    }

    /// Yields the next part of the current item.
    fn part(&mut self) -> Option<Result<Chunk, Unread>> {
        loop {
            let current = self.current.as_mut()?;
            let (path, id, mode) = if let Some((path, id)) = current.file.take() {
                (path, id, 0o100_644)
            } else if let Some(change) = current.staged.changes.get(current.next) {
                current.next += 1;
                (change.path.clone(), change.new.id, change.new.mode)
            } else {
                let (path, bytes) = current.message.take().filter(|(_, text)| !text.is_empty())?;
                self.set_stage(path.as_bytes());
                return Some(Ok(self.chunk(path.as_bytes().to_vec(), bytes)));
            };
            if Kind::of_mode(mode) == Kind::Submodule {
                self.submodules += 1;
                continue;
            }
            if !self.looked.insert(name_of(&self.hasher, id, &path)) {
                continue;
            }
            self.set_stage(&path);
            return Some(match self.history.repository().read_object(id) {
                Ok(bytes) => Ok(self.chunk(path, bytes)),
                Err(error) => Err(unread(&path, &error)),
            });
        }
    }

    fn chunk(&mut self, path: Vec<u8>, bytes: Vec<u8>) -> Chunk {
        let id = self.chunks.len();
        self.chunks.push(self.begun.len());
        Chunk { path, bytes, id }
    }

    /// Says where it is to those who watch the clock.
    fn set_stage(&self, path: &[u8]) {
        let Some(clock) = &self.clock else { return };
        let from = self.next - usize::from(self.current.is_some());
        let left = self.items.get(from..).unwrap_or_default();
        let (left, total, path) = (left, self.items.len(), path.to_vec());
        let stage = |first: &Item| Stage { left: left.len(), total, first: first.id(), path };
        clock.set_stage(left.first().map(stage));
    }

    fn time_is_over(&mut self) -> Option<Unread> {
        self.set_stage(b"");
        let clock = self.clock.as_ref().filter(|clock| clock.is_over())?;
        let is_done = self.next == self.items.len() && self.current.is_none();
        if is_done {
            return None;
        }
        let unread = clock.unread();
        self.items.truncate(self.next);
        self.next = self.items.len();
        self.current = None;
        Some(unread)
    }

    /// Returns the change that a chunk is the new version of, with the commit it is in.
    fn change_of(&self, chunk: &Chunk) -> Option<(&Current, &Change)> {
        let current = self.current.as_ref()?;
        let last = current.next.checked_sub(1).and_then(|at| current.staged.changes.get(at))?;
        (last.path == chunk.path).then_some((current, last))
    }

    fn settings_tree(&self) -> Option<ObjectId> {
        match self.settings {
            Settings::Tree(tree) | Settings::Tip(tree) => Some(tree),
            Settings::Worktree | Settings::Nowhere => None,
        }
    }
}

impl Current {
    fn of(id: ObjectId, begun: Begun) -> Current {
        let staged = Staged::default();
        Current { staged, next: 0, message: None, file: None, begun, id, stamp: 0 }
    }
}

impl Source for CommitsSource<'_> {
    fn next(&mut self) -> Option<Result<Chunk, Unread>> {
        loop {
            if let Some(unread) = self.time_is_over() {
                return Some(Err(unread));
            }
            if let Some(part) = self.part() {
                return Some(part);
            }
            if let Some(Current { begun, id, stamp, .. }) = self.current.take() {
                self.begun.push(begun);
                self.done.push((id, stamp));
            }
            let item = self.items.get(self.next)?.clone();
            self.next += 1;
            if self.seen_by(|stamp| stamp.object(item.id())).is_some() {
                self.seen += 1;
                continue;
            }
            if let Some(gap) = self.gap(&item) {
                return Some(Err(gap));
            }
            match self.begin(&item) {
                Ok(current) => self.current = Some(current),
                Err(error) => return Some(Err(unread(b"", &error))),
            }
        }
    }

    fn olds(&mut self, chunk: &Chunk) -> Result<Vec<Vec<u8>>, Unread> {
        let Some((current, change)) = self.change_of(chunk) else { return Ok(Vec::new()) };
        self.history
            .repository()
            .read_olds(change, &current.staged, &chunk.bytes)
            .map_err(|error| unread(&chunk.path, &error))
    }

    fn had_path(&self, chunk: &Chunk) -> bool {
        self.change_of(chunk).is_some_and(|(_, change)| change.olds.iter().any(Option::is_some))
    }

    fn origin(&self, chunk: usize) -> Option<Origin> {
        let begun = *self.chunks.get(chunk)?;
        let begun = self.begun.get(begun).or(self.current.as_ref().map(|current| &current.begun));
        begun.map(|begun| begun.origin.clone())
    }

    fn has_file(&self, path: &str) -> bool {
        match self.settings_tree() {
            Some(tree) => self.has_entry(tree, path),
            None => super::files::is_in_worktree(Some(self.history.repository()), path),
        }
    }

    fn whereabouts(&self, chunk: usize, path: &str) -> Whereabouts {
        let begun = self.chunks.get(chunk).and_then(|at| self.begun.get(*at));
        let Some(Begun { tree: Some(tree), parent, .. }) = begun else {
            return Whereabouts::Other;
        };
        if self.has_entry(*tree, path) {
            return Whereabouts::Other;
        }
        let had_it = |parent: ObjectId| {
            self.history.entry(parent, path.as_bytes()).is_ok_and(|entry| entry.is_some())
        };
        let is_later = matches!(self.settings, Settings::Tip(_) | Settings::Worktree);
        match () {
            () if parent.is_some_and(had_it) => Whereabouts::Removed,
            () if is_later && self.has_file(path) => Whereabouts::Later,
            () => Whereabouts::Other,
        }
    }

    fn change_number(&self, chunk: usize) -> usize {
        self.chunks.get(chunk).copied().unwrap_or_default()
    }

    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, Unread> {
        let tree = match self.settings {
            Settings::Tree(tree) | Settings::Tip(tree) => tree,
            Settings::Nowhere => return Ok(None),
            Settings::Worktree => {
                return super::files::worktree_setting(Some(self.history.repository()), name);
            }
        };
        let read = |entry: Entry| self.history.repository().read_object(entry.id);
        let entry = self.history.entry(tree, name.as_bytes());
        entry.and_then(|entry| entry.map(read).transpose()).map_err(|e| unread(name.as_bytes(), &e))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.submodules > 0 {
            notes.push(format!(
                "{} submodule link(s) hold no text; scan them in their own repositories",
                self.submodules
            ));
        }
        if self.edge == Edge::Start && self.edges > 0 {
            notes.push("the clone is shallow; what is older was not looked at".to_owned());
        }
        notes
    }
}

impl CommitsSource<'_> {
    /// Where it cannot be told, a file counts as there: that reports more.
    fn has_entry(&self, tree: ObjectId, path: &str) -> bool {
        path.starts_with(".git/")
            || self.history.entry(tree, path.as_bytes()).map_or(true, |entry| entry.is_some())
    }
}

impl Origin {
    fn commit(commit: &Commit) -> Origin {
        Origin {
            kind: OriginKind::Commit,
            id: commit.id.to_string(),
            name: String::from_utf8_lossy(commit.subject()).into_owned(),
            is_root: commit.parents.is_empty(),
        }
    }

    fn tag(id: ObjectId, name: &str) -> Origin {
        let (kind, name) = (OriginKind::Tag, name.to_owned());
        Origin { kind, id: id.to_string(), name, is_root: false }
    }
}

/// A name for a content at a path. A collision would leave something out, so the path's half is keyed
/// with a secret of this run; the content's half is a hash already.
fn name_of(hasher: &RandomState, id: ObjectId, path: &[u8]) -> u128 {
    let mut half = [0; 8];
    half.copy_from_slice(&id.as_bytes()[..8]);
    let path = hasher.hash_one((path, id));
    (u128::from(u64::from_le_bytes(half)) << 64) | u128::from(path)
}

fn short(id: ObjectId) -> String {
    id.to_string()[..12].to_owned()
}
