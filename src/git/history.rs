//! Walks commits and compares each with its parents.
//!
//! Which commits to walk is asked of git: `rev-list` knows shallow clones, the commit graph and every
//! kind of reference store. What a commit changed is found by keyhook's own comparison of trees, so
//! no configuration, attribute or diff driver can hide a file.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::process::Stdio;

use super::command::garbled;
use super::commit::{Commit, ObjectKind, Tag};
use super::own::{combine, entry_in_tree, root_settings};
use super::tree::{Difference, Trees, diff_trees};
use super::{Entry, GitError, ObjectId, Repository, Staged};

/// A commit as git lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub id: ObjectId,
    /// Its parents, as far as they are here: at the edge of a shallow clone there are none.
    pub parents: Vec<ObjectId>,
}

/// Which commits are left out of a walk, with all that they descend from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Without<'a> {
    /// None but those named.
    Nothing,
    /// What any reference of this repository has.
    AllRefs,
    /// What is known to be at a remote.
    Remote {
        /// What the remote is called.
        name: &'a str,
        /// Patterns of references below its name that do not count.
        except: &'a [String],
    },
}

impl Repository {
    /// Lists the commits that `tips` have and the others do not, parents first.
    pub fn list_commits(
        &self,
        tips: &[ObjectId],
        known: &[ObjectId],
        without: Without<'_>,
    ) -> Result<Vec<Listed>, GitError> {
        if tips.is_empty() {
            return Ok(Vec::new());
        }
        let mut input: String = tips.iter().map(|id| format!("{id}\n")).collect();
        known.iter().for_each(|id| input.push_str(&format!("^{id}\n")));
        let mut arguments = vec!["--stdin".to_owned()];
        match without {
            Without::Nothing => {}
            Without::AllRefs => arguments.extend(["--not".to_owned(), "--all".to_owned()]),
            Without::Remote { name, except } => {
                arguments.push("--not".to_owned());
                arguments.extend(except.iter().map(|pattern| format!("--exclude={pattern}")));
                arguments.push(format!("--remotes={name}"));
            }
        }
        self.rev_list(&arguments, &input)
    }

    /// Lists every commit that a reference or HEAD leads to, parents first; with `is_local`, without
    /// those that a remote is known to have.
    pub fn list_all_commits(&self, is_local: bool) -> Result<Vec<Listed>, GitError> {
        let mut arguments = vec!["--all".to_owned()];
        if self.revision("HEAD")?.is_some() {
            arguments.push("HEAD".to_owned());
        }
        if is_local {
            arguments.extend(["--not".to_owned(), "--remotes".to_owned()]);
        }
        self.rev_list(&arguments, "")
    }

    /// Lists the remotes with the address that each is fetched from.
    pub fn remotes(&self) -> Result<Vec<(String, String)>, GitError> {
        let reply = self.git().run(["remote", "--verbose"])?;
        let text = String::from_utf8_lossy(&reply);
        let fetched = |line: &str| {
            let (name, rest) = line.split_once('\t')?;
            let (address, _) = rest.rsplit_once(" (fetch)")?;
            Some((name.to_owned(), address.to_owned()))
        };
        Ok(text.lines().filter_map(fetched).collect())
    }

    /// Returns the reference that stands for the branch that a remote shows first, where git knows.
    pub fn default_branch(&self, remote: &str) -> Result<Option<String>, GitError> {
        let name = format!("refs/remotes/{remote}/HEAD");
        let reply = self.git().run_unless_absent(["symbolic-ref", "--quiet", &name])?;
        Ok(reply.map(|reply| String::from_utf8_lossy(reply.trim_ascii()).into_owned()))
    }

    /// Lists the references with what each names.
    pub fn references(&self) -> Result<Vec<(String, ObjectId)>, GitError> {
        let reply = self.git().run(["for-each-ref", "--format=%(objectname) %(refname)"])?;
        let lines = reply.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| {
                let at = memchr::memchr(b' ', line);
                let id = at.and_then(|at| ObjectId::parse(&line[..at]));
                let (Some(at), Some(id)) = (at, id) else { return Err(garbled("for-each-ref")) };
                Ok((String::from_utf8_lossy(&line[at + 1..]).into_owned(), id))
            })
            .collect()
    }

    fn rev_list(&self, arguments: &[String], input: &str) -> Result<Vec<Listed>, GitError> {
        let fixed = ["rev-list", "--topo-order", "--reverse", "--parents"];
        let arguments = fixed.into_iter().chain(arguments.iter().map(String::as_str));
        let reply = self.ask(arguments, input.as_bytes())?;
        reply.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(listed).collect()
    }

    /// Runs git with a text on its standard input, which git reads to its end before it answers.
    fn ask<'a>(
        &self,
        arguments: impl Iterator<Item = &'a str>,
        input: &[u8],
    ) -> Result<Vec<u8>, GitError> {
        let arguments: Vec<&str> = arguments.collect();
        let mut command = self.git().command();
        command
            .args(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(GitError::NoGit)?;
        // A git that has given up no longer reads; its code says so.
        let _ = child.stdin.take().expect("asked for a pipe").write_all(input);
        let output = child.wait_with_output().map_err(GitError::NoGit)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let what = arguments.first().copied().unwrap_or_default().to_owned();
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(GitError::Command { what, message })
    }

    /// Finds the commit that a name stands for; `None` if it stands for none that is here.
    pub fn revision(&self, name: &str) -> Result<Option<ObjectId>, GitError> {
        // git would take it for an option.
        if name.starts_with('-') {
            return Ok(None);
        }
        let wanted = format!("{name}^{{commit}}");
        let reply = self.git().run_unless_absent(["rev-parse", "--verify", "--quiet", &wanted])?;
        Ok(reply.and_then(|reply| ObjectId::parse(reply.trim_ascii())))
    }

    /// Returns what each of these objects is; `None` for one that is not here.
    pub fn kinds(&self, ids: &[ObjectId]) -> Result<Vec<Option<ObjectKind>>, GitError> {
        let mut kinds: Vec<Option<ObjectKind>> =
            ids.iter().map(|id| self.kind_in_library(*id)).collect();
        let unknown: Vec<usize> = (0..ids.len()).filter(|at| kinds[*at].is_none()).collect();
        if unknown.is_empty() {
            return Ok(kinds);
        }
        let input: String = unknown.iter().map(|at| format!("{}\n", ids[*at])).collect();
        // It answers while it reads; the answers to many names would fill the pipe both ways.
        for (part, ats) in chunks_of_lines(&input, 256).zip(unknown.chunks(256)) {
            let reply = self.ask(["cat-file", "--batch-check"].into_iter(), part.as_bytes())?;
            let lines: Vec<&[u8]> = reply.trim_ascii_end().split(|byte| *byte == b'\n').collect();
            if lines.len() != ats.len() {
                return Err(garbled("cat-file"));
            }
            for (at, line) in ats.iter().zip(lines) {
                kinds[*at] = line.split(|byte| *byte == b' ').nth(1).and_then(ObjectKind::parse);
            }
        }
        Ok(kinds)
    }

    /// Reads a commit.
    pub fn commit(&self, id: ObjectId) -> Result<Commit, GitError> {
        Commit::parse(id, &self.read_object(id)?)
    }

    /// Reads an annotated tag.
    pub fn tag(&self, id: ObjectId) -> Result<Tag, GitError> {
        Tag::parse(id, &self.read_object(id)?)
    }

    /// Returns whether older commits were never fetched.
    pub fn is_shallow(&self) -> bool {
        self.common_dir().join("shallow").metadata().is_ok_and(|file| file.len() > 0)
    }
}

fn listed(line: &[u8]) -> Result<Listed, GitError> {
    let ids: Option<Vec<ObjectId>> =
        line.split(|byte| *byte == b' ').map(ObjectId::parse).collect();
    match ids.as_deref() {
        Some([id, parents @ ..]) => Ok(Listed { id: *id, parents: parents.to_vec() }),
        _ => Err(garbled("rev-list")),
    }
}

fn chunks_of_lines(text: &str, count: usize) -> impl Iterator<Item = String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines.chunks(count).map(<[&str]>::concat).collect::<Vec<_>>().into_iter()
}

/// How many bytes of trees are kept: neighbours in a walk share most of theirs.
const TREES_MAX: usize = 16 << 20;

/// Commits and trees of a walk, each read once as far as memory allows.
pub struct History<'a> {
    repository: &'a Repository,
    trees: RefCell<HashMap<ObjectId, Vec<u8>>>,
    trees_size: RefCell<usize>,
    /// The tree of every commit that was read.
    roots: RefCell<HashMap<ObjectId, ObjectId>>,
}

impl<'a> History<'a> {
    /// Nothing is read yet.
    pub fn new(repository: &'a Repository) -> History<'a> {
        History {
            repository,
            trees: RefCell::default(),
            trees_size: RefCell::new(0),
            roots: RefCell::default(),
        }
    }

    /// Returns the repository.
    pub fn repository(&self) -> &'a Repository {
        self.repository
    }

    /// Reads a commit.
    pub fn commit(&self, id: ObjectId) -> Result<Commit, GitError> {
        let commit = self.repository.commit(id)?;
        self.roots.borrow_mut().insert(id, commit.tree);
        Ok(commit)
    }

    /// Returns the trees of commits; no commit at all counts as one empty tree.
    pub fn roots(&self, commits: &[ObjectId]) -> Result<Vec<Option<ObjectId>>, GitError> {
        if commits.is_empty() {
            return Ok(vec![None]);
        }
        let root = |id: &ObjectId| {
            let known = self.roots.borrow().get(id).copied();
            known.map_or_else(|| self.commit(*id).map(|commit| commit.tree), Ok).map(Some)
        };
        commits.iter().map(root).collect()
    }

    /// Returns what a tree has that none of the parents' trees has.
    pub fn changes(
        &self,
        tree: ObjectId,
        parents: &[Option<ObjectId>],
    ) -> Result<Staged, GitError> {
        if parents.contains(&Some(tree)) {
            return Ok(Staged::default());
        }
        let mut differences = Vec::new();
        for parent in parents {
            let mut out = Difference::default();
            diff_trees(self, *parent, Some(tree), &mut Vec::new(), 0, &mut out)?;
            let is_empty = out.changed.is_empty() && parents.len() > 1;
            differences.push(out);
            // What a parent lacks nothing of is no change of a merge.
            if is_empty {
                return Ok(Staged::default());
            }
        }
        self.repository.renew_rename_budget();
        Ok(combine(differences, Vec::new()))
    }

    /// Finds a file in a tree.
    pub fn entry(&self, tree: ObjectId, path: &[u8]) -> Result<Option<Entry>, GitError> {
        entry_in_tree(self, tree, path)
    }

    /// Returns the entries of keyhook's own files in a tree.
    pub fn settings(&self, tree: ObjectId) -> Result<Vec<(String, Entry)>, GitError> {
        root_settings(self, tree)
    }
}

impl Trees for History<'_> {
    fn read_tree(&self, id: ObjectId) -> Result<Vec<u8>, GitError> {
        if let Some(bytes) = self.trees.borrow().get(&id) {
            return Ok(bytes.clone());
        }
        let bytes = self.repository.read_object(id)?;
        let mut size = self.trees_size.borrow_mut();
        if *size + bytes.len() > TREES_MAX {
            self.trees.borrow_mut().clear();
            *size = 0;
        }
        if bytes.len() <= TREES_MAX {
            *size += bytes.len();
            self.trees.borrow_mut().insert(id, bytes.clone());
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_commit_has_its_parents() {
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let found = listed(format!("{one} {two} {one}").as_bytes()).unwrap();
        assert_eq!(found.id, ObjectId::parse(one.as_bytes()).unwrap());
        assert_eq!(found.parents.len(), 2);
        for line in ["", "x", &format!("{one} "), &format!("commit {one}")] {
            assert!(listed(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn lines_are_dealt_out_whole() {
        let parts: Vec<String> = chunks_of_lines("a\nb\nc\n", 2).collect();
        assert_eq!(parts, ["a\nb\n", "c\n"]);
    }
}
