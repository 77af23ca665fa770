//! Opens a repository and answers what the rest of keyhook asks of it.

use std::cell::{Cell, OnceCell, RefCell};
use std::env;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use super::command::{self, CatFile, Git};
use super::error::ObjectProblem;
use super::index::Index;
use super::rename::{self, Renames};
use super::tree::Trees;
use super::{Change, Entry, GitError, Kind, ObjectId, ObjectKind, Staged, content, own};
use crate::file;

/// Who reads the staged change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reader {
    /// keyhook's own reader, and git where that cannot.
    #[default]
    Auto,
    /// keyhook's own reader alone; for tests.
    Own,
    /// git alone; for tests.
    Git,
}

/// An open repository.
pub struct Repository {
    places: Places,
    reader: Reader,
    library: Option<git2::Repository>,
    /// Why libgit2 could not open it.
    library_error: Option<String>,
    git: Git,
    cat_file: RefCell<Option<CatFile>>,
    renames: RefCell<Renames>,
    is_partial: OnceCell<bool>,
    unfetched: Cell<usize>,
}

/// Where the parts of a repository are, all absolute.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) git_dir: PathBuf,
    pub(super) common_dir: PathBuf,
    pub(super) work_dir: Option<PathBuf>,
    pub(super) index: PathBuf,
    pub(super) id_size: usize,
    /// The commits that a merge is about to join, before git has written them down.
    pub(super) announced: Vec<ObjectId>,
}

impl Repository {
    /// Opens the repository that git would use here, with git's own environment variables.
    pub fn open(reader: Reader) -> Result<Repository, GitError> {
        let current = env::current_dir().map_err(|e| GitError::Io(PathBuf::from("."), e))?;
        let git = Git::new(&current);
        Repository::open_with(reader, &current, git, open_library)
    }

    /// Opens the repository of a folder, whatever repository a hook's environment names.
    pub fn open_at(folder: &Path) -> Result<Repository, GitError> {
        Repository::open_at_with(folder, Reader::Auto)
    }

    /// Opens the repository that the variable `GIT_DIR` names for every git that is run here; `None`
    /// if it names none.
    pub fn open_named() -> Option<Result<Repository, GitError>> {
        let is_named = env::var_os("GIT_DIR").is_some_and(|path| !path.is_empty());
        is_named.then(|| Repository::open(Reader::Auto))
    }

    /// As [`Repository::open_at`], with a choice of the reader.
    pub fn open_at_with(folder: &Path, reader: Reader) -> Result<Repository, GitError> {
        let folder = folder.canonicalize().map_err(|e| GitError::Io(folder.to_owned(), e))?;
        let git = Git::isolated(&folder);
        let open = || {
            library_options()?;
            // `discover` forgets the file `.git` by which it came, and with it the worktree.
            let flags = git2::RepositoryOpenFlags::CROSS_FS;
            git2::Repository::open_ext(&folder, flags, &[] as &[&OsStr])
        };
        Repository::open_with(reader, &folder, git, open)
    }

    fn open_with(
        reader: Reader,
        current: &Path,
        git: Git,
        open_library: impl FnOnce() -> Result<git2::Repository, git2::Error>,
    ) -> Result<Repository, GitError> {
        let (library, library_error) = match reader {
            Reader::Git => (None, None),
            _ => match open_library() {
                Ok(library) => (Some(library), None),
                Err(error) => (None, Some(error)),
            },
        };
        let places = match (&library, reader) {
            (Some(library), _) => places_of(library, &git, current),
            (None, Reader::Own) => {
                return Err(GitError::Library(library_error.expect("only Git has no library")));
            }
            (None, _) => git.places(current).map_err(|error| match &library_error {
                _ if error.is_no_repository() => error,
                Some(own) => GitError::BothReaders {
                    own: Box::new(GitError::Library(clone_error(own))),
                    git: Box::new(error),
                },
                None => error,
            })?,
        };
        Ok(Repository {
            places,
            reader,
            library,
            library_error: library_error.map(|error| error.message().to_owned()),
            git,
            cat_file: RefCell::new(None),
            renames: RefCell::default(),
            is_partial: OnceCell::new(),
            unfetched: Cell::new(0),
        })
    }

    /// Takes the commits of a merge from the environment: git calls `pre-merge-commit` before it
    /// writes `MERGE_HEAD`, and names them in variables called `GITHEAD_` and the commit.
    pub fn expect_merge(&mut self) {
        let id = |name: &OsStr| ObjectId::parse(name.as_encoded_bytes().strip_prefix(b"GITHEAD_")?);
        let mut heads: Vec<ObjectId> = env::vars_os().filter_map(|(name, _)| id(&name)).collect();
        heads.sort();
        self.places.announced = heads;
    }

    /// Returns what the commit will add, change and remove.
    pub fn staged(&self) -> Result<Staged, GitError> {
        self.renames.replace(Renames::default());
        match (self.reader, &self.library) {
            (Reader::Own, _) => own::staged(self),
            (Reader::Git, _) => command::staged(&self.git, &self.places, self.is_in_hook()),
            (Reader::Auto, Some(_)) => own::staged(self).or_else(|own| {
                command::staged(&self.git, &self.places, self.is_in_hook())
                    .map_err(|git| both(own, git))
            }),
            (Reader::Auto, None) => command::staged(&self.git, &self.places, self.is_in_hook())
                .map_err(|git| {
                    let message = self.library_error.clone().unwrap_or_default();
                    both(GitError::Library(git2::Error::from_str(&message)), git)
                }),
        }
    }

    /// Returns what is staged at one path; `None` if nothing is, or only a folder.
    pub fn staged_entry(&self, path: impl AsRef<[u8]>) -> Result<Option<Entry>, GitError> {
        let path = path.as_ref();
        match (self.reader, &self.library) {
            (Reader::Own, _) => own::entry(self, path),
            (Reader::Auto, Some(_)) => own::entry(self, path)
                .or_else(|own| command::entry(&self.git, path).map_err(|git| both(own, git))),
            (Reader::Git, _) | (Reader::Auto, None) => command::entry(&self.git, path),
        }
    }

    /// Returns whether git ignores a path from the top of the worktree.
    pub fn is_ignored(&self, path: &[u8]) -> Result<bool, GitError> {
        let Some(full) = self.in_work_dir(path) else { return Ok(false) };
        self.git.is_ignored(&full)
    }

    /// Returns whether git tracks a path from the top of the worktree, or would if it were added.
    pub fn would_take(&self, path: &[u8]) -> Result<bool, GitError> {
        let Some(full) = self.in_work_dir(path) else { return Ok(false) };
        self.git.would_take(&full)
    }

    /// Returns the whole path, unless it leads out of the worktree.
    fn in_work_dir(&self, path: &[u8]) -> Option<PathBuf> {
        let path = content::to_path(path)?;
        let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        Some(self.places.work_dir.as_ref()?.join(path)).filter(|_| is_inside)
    }

    /// Returns which reader this repository takes, for people.
    pub fn reader_name(&self) -> String {
        match &self.library_error {
            None if self.reader != Reader::Git => "keyhook's own".to_owned(),
            None => "git".to_owned(),
            Some(error) => format!("git, because libgit2 cannot open it: {error}"),
        }
    }

    /// Returns the content that the commit will have at this path.
    ///
    /// The file in the worktree is used if, and only if, its bytes hash to the staged object.
    pub fn read_staged(&self, path: &[u8], entry: Entry) -> Result<Vec<u8>, GitError> {
        if let (Some(work_dir), Kind::File) = (&self.places.work_dir, Kind::of_mode(entry.mode))
            && let Some(bytes) =
                content::read_if_same(work_dir, path, entry.id, || self.object_size(entry.id))
        {
            return Ok(bytes);
        }
        self.read_blob(entry.id)
    }

    /// Returns the content of a file's object, which may be large.
    fn read_blob(&self, id: ObjectId) -> Result<Vec<u8>, GitError> {
        let is_large = || self.object_size(id).is_some_and(|size| size as u64 > content::LARGE);
        // libgit2 holds an object as a whole, and a copy of it would be a second one.
        if self.reader == Reader::Auto
            && is_large()
            && let Ok(bytes) = self.ask_git(id)
        {
            return Ok(bytes);
        }
        self.read_object(id)
    }

    /// Returns the content of an object.
    pub fn read_object(&self, id: ObjectId) -> Result<Vec<u8>, GitError> {
        let own = match (&self.library, self.reader) {
            (Some(library), Reader::Own | Reader::Auto) => match read_library(library, id) {
                Ok(bytes) => return Ok(bytes),
                Err(error) if self.reader == Reader::Own => return Err(error),
                Err(error) => Some(error),
            },
            _ => None,
        };
        self.ask_git(id).map_err(|git| match own {
            Some(own) => both(own, git),
            None => git,
        })
    }

    fn ask_git(&self, id: ObjectId) -> Result<Vec<u8>, GitError> {
        let mut cat_file = self.cat_file.borrow_mut();
        let reader = match &mut *cat_file {
            Some(reader) => reader,
            None => cat_file.insert(self.git.cat_file()?),
        };
        reader.read(id)
    }

    /// Returns how long an object is, where that is cheap to know.
    pub(super) fn object_size(&self, id: ObjectId) -> Option<usize> {
        let objects = self.library.as_ref()?.odb().ok()?;
        Some(objects.read_header(to_library(id).ok()?).ok()?.0)
    }

    /// Returns the older versions of a changed path: one for each parent that has it, or, for an
    /// added path, the removed file that it was renamed from.
    pub fn read_olds(
        &self,
        change: &Change,
        staged: &Staged,
        new: &[u8],
    ) -> Result<Vec<Vec<u8>>, GitError> {
        let mut olds = Vec::new();
        for old in change.olds.iter().flatten() {
            if matches!(Kind::of_mode(old.mode), Kind::File | Kind::Link) {
                olds.extend(self.read_old(old.id)?);
            }
        }
        if change.olds.iter().all(Option::is_none) {
            let mut renames = self.renames.borrow_mut();
            olds.extend(renames.old_of(self, change, &staged.removed, new)?);
        }
        Ok(olds)
    }

    /// Returns the files that are removed, those of removed folders too.
    pub fn removed_files(&self, staged: &Staged) -> Result<Vec<(Vec<u8>, Entry)>, GitError> {
        rename::expand(self, &staged.removed)
    }

    /// Forgets the renames of one commit, and what they cost: for the next commit of a walk.
    pub(super) fn renew_rename_budget(&self) {
        *self.renames.borrow_mut() = Renames::default();
    }

    /// Returns the commit that HEAD leads to; a branch without a commit has none.
    pub fn head_commit(&self) -> Result<Option<ObjectId>, GitError> {
        let own = self.library.as_ref().map(|library| match library.head() {
            Ok(head) => Ok(Some(from_library(head.peel_to_commit()?.id()))),
            Err(error) if error.code() == git2::ErrorCode::UnbornBranch => Ok(None),
            Err(error) => Err(error),
        });
        match own {
            Some(Ok(head)) => Ok(head),
            _ => command::head(&self.git),
        }
    }

    /// Returns what an object is, if libgit2 can tell.
    pub(super) fn kind_in_library(&self, id: ObjectId) -> Option<ObjectKind> {
        let objects = self.library.as_ref()?.odb().ok()?;
        let (_, kind) = objects.read_header(to_library(id).ok()?).ok()?;
        ObjectKind::parse(kind.str().as_bytes())
    }

    /// Returns an older version; `None` if this partial clone has not fetched it. Then all of the
    /// file counts as new, which can only report more.
    fn read_old(&self, id: ObjectId) -> Result<Option<Vec<u8>>, GitError> {
        let bytes = self.read_if_fetched(id)?;
        if bytes.is_none() {
            self.unfetched.set(self.unfetched.get() + 1);
        }
        Ok(bytes)
    }

    /// Returns the content of a file's object; `None` if this partial clone has not fetched it.
    pub fn read_if_fetched(&self, id: ObjectId) -> Result<Option<Vec<u8>>, GitError> {
        match self.read_blob(id) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(_) if *self.is_partial.get_or_init(|| self.git.is_partial_clone()) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns how many older versions a partial clone did not have.
    pub fn unfetched(&self) -> usize {
        self.unfetched.get()
    }

    /// Returns every entry of the index.
    pub fn tracked(&self) -> Result<Vec<(Vec<u8>, Entry)>, GitError> {
        let entry_count = Index::verify(&self.places.index, self.places.id_size)?;
        let entries = self.git.tracked()?;
        // git takes an index that it cannot find for an empty one.
        if entries.is_empty() && entry_count > 0 {
            return Err(GitError::Index("git finds nothing in it".to_owned()));
        }
        Ok(entries)
    }

    /// Returns the top of the worktree; a bare repository has none.
    pub fn work_dir(&self) -> Option<&Path> {
        self.places.work_dir.as_deref()
    }

    /// Returns whether the user stands at the top of the worktree: there a path as git lists it is
    /// one that commands take. A repository without a worktree has nowhere else to stand.
    pub fn is_at_top(&self) -> bool {
        let Some(top) = self.work_dir() else { return true };
        let current = env::current_dir().unwrap_or_default();
        !is_started_below_top() && file::full(&current) == file::full(top)
    }

    /// Returns git's folder for this worktree.
    pub fn git_dir(&self) -> &Path {
        &self.places.git_dir
    }

    /// Returns the folder that all worktrees of the repository share.
    pub fn common_dir(&self) -> &Path {
        &self.places.common_dir
    }

    /// Returns the folder in which git looks for hooks, and whether it is the repository's own.
    pub fn hooks_dir(&self) -> Result<HooksDir, GitError> {
        let path = self.git.hooks_dir()?;
        let configured = self.git.config("core.hooksPath")?;
        Ok(HooksDir { path, configured })
    }

    /// Returns the value of a configuration variable.
    pub fn config(&self, name: &str) -> Result<Option<String>, GitError> {
        self.git.config(name)
    }

    /// Puts a file of the worktree into the index, as `git add` does, but through no filter.
    pub fn stage(&self, path: &Path) -> Result<(), GitError> {
        self.git.stage(path)
    }

    /// Returns a runner of git commands for this repository.
    pub fn git(&self) -> &Git {
        &self.git
    }

    pub(super) fn index_path(&self) -> &Path {
        &self.places.index
    }

    pub(super) fn id_size(&self) -> usize {
        self.places.id_size
    }

    /// git names the index for every hook.
    pub(super) fn is_in_hook(&self) -> bool {
        self.git.index_variable().is_some()
    }

    /// Returns the trees of the coming commit's parents; an unborn branch counts as an empty tree.
    pub(super) fn parent_trees(&self) -> Result<Vec<Option<ObjectId>>, GitError> {
        let library = self.library.as_ref().expect("only the own reader asks");
        let head = match library.head() {
            Ok(head) => Some(head.peel_to_commit()?.tree_id()),
            Err(error) if error.code() == git2::ErrorCode::UnbornBranch => None,
            Err(error) => return Err(error.into()),
        };
        let mut trees = vec![head.map(from_library)];
        for id in merge_heads(&self.places)? {
            let commit = library.find_commit(to_library(id)?)?;
            trees.push(Some(from_library(commit.tree_id())));
        }
        Ok(trees)
    }
}

impl Trees for Repository {
    fn read_tree(&self, id: ObjectId) -> Result<Vec<u8>, GitError> {
        self.read_object(id)
    }
}

/// Returns whether git was started in a folder below the top: from there it goes to the top before
/// it starts a hook or an alias, and says in a variable where it was.
pub fn is_started_below_top() -> bool {
    env::var_os("GIT_PREFIX").is_some_and(|folder| !folder.is_empty())
}

/// Where hooks go, and what the configuration says about it.
#[derive(Clone, Debug)]
pub struct HooksDir {
    /// The folder, absolute.
    pub path: PathBuf,
    /// The value of `core.hooksPath`, if it is set.
    pub configured: Option<String>,
}

/// Returns the commits that are being merged into HEAD.
pub(super) fn merge_heads(places: &Places) -> Result<Vec<ObjectId>, GitError> {
    let path = places.git_dir.join("MERGE_HEAD");
    let text = match file::read_if_there(&path) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(places.announced.clone()),
        Err(error) => return Err(GitError::Io(path, error)),
    };
    text.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            ObjectId::parse(line.trim_ascii()).ok_or_else(|| {
                let problem = std::io::Error::other("a line is no commit id");
                GitError::Io(path.clone(), problem)
            })
        })
        .collect()
}

fn open_library() -> Result<git2::Repository, git2::Error> {
    // keyhook runs nothing that the repository's configuration names, and git has already let the
    // hook start, so the owner check would only blind it. Checking the hash of each object costs
    // more than reading it. Partial clones differ only in objects that may be absent.
    library_options()?;
    git2::Repository::open_from_env()
}

#[allow(unsafe_code, reason = "libgit2's global options are set through unsafe functions")]
fn library_options() -> Result<(), git2::Error> {
    git2::opts::strict_hash_verification(false);
    // SAFETY: called once, before the first repository is opened and before any thread starts.
    unsafe {
        git2::opts::set_verify_owner_validation(false)?;
        git2::opts::set_extensions(&["partialclone"])?;
    }
    Ok(())
}

fn places_of(library: &git2::Repository, git: &Git, current: &Path) -> Places {
    let git_dir = absolute(current, library.path());
    let common_dir = absolute(current, library.commondir());
    let work_dir = library.workdir().map(|path| absolute(current, path));
    let named = git.index_variable();
    let index = index_path(named.as_deref(), current, &git_dir, work_dir.as_deref());
    let id_size = match library.object_format() {
        git2::ObjectFormat::Sha256 => 32,
        _ => 20,
    };
    Places { git_dir, common_dir, work_dir, index, id_size, announced: Vec::new() }
}

/// git names the index relative to the top of the worktree, where it also starts hooks.
pub(super) fn index_path(
    named: Option<&OsStr>,
    current: &Path,
    git_dir: &Path,
    work_dir: Option<&Path>,
) -> PathBuf {
    let Some(named) = named else { return git_dir.join("index") };
    let here = absolute(current, Path::new(named));
    match work_dir {
        Some(top) if !here.exists() => absolute(top, Path::new(named)),
        _ => here,
    }
}

pub(super) fn absolute(base: &Path, path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { base.join(path) }
}

fn read_library(library: &git2::Repository, id: ObjectId) -> Result<Vec<u8>, GitError> {
    let problem = |error: git2::Error| {
        let problem = error.message().to_owned();
        GitError::Object(ObjectProblem { id: id.to_string(), problem })
    };
    let objects = library.odb().map_err(problem)?;
    let object = objects.read(to_library(id)?).map_err(problem)?;
    Ok(object.data().to_vec())
}

fn to_library(id: ObjectId) -> Result<git2::Oid, git2::Error> {
    git2::Oid::from_bytes(id.as_bytes())
}

fn from_library(id: git2::Oid) -> ObjectId {
    ObjectId::from_bytes(id.as_bytes()).expect("libgit2's ids have 20 or 32 bytes")
}

fn both(own: GitError, git: GitError) -> GitError {
    GitError::BothReaders { own: Box::new(own), git: Box::new(git) }
}

fn clone_error(error: &git2::Error) -> git2::Error {
    git2::Error::new(error.code(), error.class(), error.message())
}
