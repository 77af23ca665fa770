//! Asks git itself: the second reader, and everything that only git should decide.
//!
//! Plumbing only, with optional locks and replace refs off and a fixed locale. Every reply is
//! counted and checked, because some of git's failures exit with 0 (an absent object is the word
//! "missing" on standard output).

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

use super::content::to_path;
use super::error::ObjectProblem;
use super::index::Index;
use super::own::combine;
use super::repository::{Places, absolute, index_path, merge_heads};
use super::tree::Difference;
use super::{Entry, GitError, ObjectId, SETTINGS_FILES, Staged};

/// Runs git commands in one folder.
#[derive(Clone, Debug)]
pub struct Git {
    folder: PathBuf,
    is_isolated: bool,
}

/// The variables by which git names a repository to its hooks; another repository must not see
/// them.
const LOCAL_VARIABLES: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// The variables that change what a path on the command line means. keyhook names its own files
/// with magic, and a user's choice must not hide them.
const PATHSPEC_VARIABLES: [&str; 4] =
    ["GIT_GLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_LITERAL_PATHSPECS", "GIT_NOGLOB_PATHSPECS"];

/// Listing files would start the program that the repository's configuration names here. Empty
/// means none to every git; older ones take `false` for the name of a program.
const NO_MONITOR: &str = "core.fsmonitor=";

/// git tells of a changed index by a hook, which is of no use to keyhook.
const NO_HOOKS: &str = "core.hooksPath=/dev/null";

impl Git {
    /// Runs git in `folder`, with the environment of this process.
    pub fn new(folder: &Path) -> Git {
        Git { folder: folder.to_owned(), is_isolated: false }
    }

    /// Runs git for the repository of `folder`, whatever repository a hook's environment names.
    pub fn isolated(folder: &Path) -> Git {
        Git { folder: folder.to_owned(), is_isolated: true }
    }

    /// Returns a git command; the caller adds arguments.
    pub fn command(&self) -> Command {
        let mut command = Command::new("git");
        command
            .args(["--no-optional-locks", "--no-replace-objects"])
            .args(["-c", NO_MONITOR])
            .current_dir(&self.folder)
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            // An object that a partial clone lacks is not fetched: that would use the network, and
            // run whatever program the repository's configuration names for it.
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_ALLOW_PROTOCOL", "")
            .stdin(Stdio::null());
        PATHSPEC_VARIABLES.iter().for_each(|name| {
            command.env_remove(name);
        });
        if self.is_isolated {
            LOCAL_VARIABLES.iter().for_each(|name| {
                command.env_remove(name);
            });
        }
        command
    }

    /// Runs git and returns its output; a failure is an error with what git wrote.
    pub fn run<I: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = I>,
    ) -> Result<Vec<u8>, GitError> {
        let arguments: Vec<OsString> =
            arguments.into_iter().map(|a| a.as_ref().to_owned()).collect();
        let output = self.output(&arguments)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(failure(&arguments, &output))
    }

    /// Runs a git command that was asked with `--quiet` for something; `None` if that is not there.
    /// Such a git fails in silence: whatever it does complain about is another matter.
    pub(super) fn run_unless_absent<const N: usize>(
        &self,
        arguments: [&str; N],
    ) -> Result<Option<Vec<u8>>, GitError> {
        let arguments = arguments.map(OsString::from);
        let output = self.output(&arguments)?;
        if output.status.success() {
            return Ok(Some(output.stdout));
        }
        let is_complaint = |line: &[u8]| line.starts_with(b"fatal:") || line.starts_with(b"error:");
        match output.status.code() {
            Some(_) if !output.stderr.split(|byte| *byte == b'\n').any(is_complaint) => Ok(None),
            _ => Err(failure(&arguments, &output)),
        }
    }

    fn output(&self, arguments: &[OsString]) -> Result<Output, GitError> {
        self.command().args(arguments).output().map_err(GitError::NoGit)
    }

    pub(super) fn places(&self, current: &Path) -> Result<Places, GitError> {
        let arguments =
            ["rev-parse", "--absolute-git-dir", "--git-common-dir", "--show-object-format"];
        let reply = self.run(arguments).map_err(|error| self.no_repository(error))?;
        let lines: Vec<&[u8]> = reply.split(|byte| *byte == b'\n').collect();
        let [git_dir, common_dir, format, ..] = &lines[..] else {
            return Err(garbled("rev-parse"));
        };
        let path = |bytes: &[u8]| to_path(bytes).ok_or_else(|| garbled("rev-parse"));
        let git_dir = absolute(current, &path(git_dir)?);
        let common_dir = absolute(current, &path(common_dir)?);
        // A bare repository has no top; git then fails.
        let top = self.run(["rev-parse", "--show-toplevel"]).ok();
        let work_dir = top.map(|top| path(top.trim_ascii_end())).transpose()?;
        let id_size = if format == b"sha256" { 32 } else { 20 };
        let named = self.index_variable();
        let index = index_path(named.as_deref(), current, &git_dir, work_dir.as_deref());
        Ok(Places { git_dir, common_dir, work_dir, index, id_size, announced: Vec::new() })
    }

    /// Returns the index that git names to its hooks; another repository has nothing to do with it.
    pub(super) fn index_variable(&self) -> Option<OsString> {
        std::env::var_os("GIT_INDEX_FILE").filter(|_| !self.is_isolated)
    }

    pub(super) fn cat_file(&self) -> Result<CatFile, GitError> {
        let mut child = self
            .command()
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(GitError::NoGit)?;
        let requests = child.stdin.take().expect("asked for a pipe");
        let replies = BufReader::new(child.stdout.take().expect("asked for a pipe"));
        Ok(CatFile { child, requests: Some(requests), replies })
    }

    /// Returns the files of this folder that git tracks or would track, relative to it; with
    /// `is_all` also the ignored ones.
    pub fn files(&self, is_all: bool) -> Result<Vec<Vec<u8>>, GitError> {
        let mut arguments = vec!["ls-files", "-z", "--cached", "--others"];
        if !is_all {
            arguments.push("--exclude-standard");
        }
        let reply = self.run(arguments).map_err(|error| self.no_repository(error))?;
        let names = reply.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        let mut names: Vec<Vec<u8>> = names.map(<[u8]>::to_vec).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Returns whether git ignores a file, by its whole path.
    pub(super) fn is_ignored(&self, path: &Path) -> Result<bool, GitError> {
        let arguments: Vec<OsString> =
            vec!["check-ignore".into(), "--quiet".into(), "--".into(), path.into()];
        let output = self.output(&arguments)?;
        match output.status.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(failure(&arguments, &output)),
        }
    }

    /// Returns whether git tracks a file, or would if it were added, by its whole path.
    pub(super) fn would_take(&self, path: &Path) -> Result<bool, GitError> {
        let mut command = self.command();
        command.arg("--literal-pathspecs");
        let arguments: Vec<OsString> = ["ls-files", "--cached", "--others", "--exclude-standard"]
            .into_iter()
            .map(OsString::from)
            .chain([OsString::from("--"), path.into()])
            .collect();
        let output = command.args(&arguments).output().map_err(GitError::NoGit)?;
        if output.status.success() {
            return Ok(!output.stdout.is_empty());
        }
        Err(failure(&arguments, &output))
    }

    /// Returns the entries of this folder that a sparse checkout leaves out, by their names in it.
    pub fn left_out(&self) -> Result<Vec<(Vec<u8>, Entry)>, GitError> {
        let reply = self.run(["ls-files", "-z", "-t", "--stage"])?;
        let lines = reply.split(|byte| *byte == 0);
        let left_out = lines.filter_map(|line| line.strip_prefix(b"S "));
        parse_stage(&left_out.collect::<Vec<_>>().join(&0))
    }

    fn no_repository(&self, error: GitError) -> GitError {
        match error {
            GitError::Command { message, .. } if message.contains("not a git repository") => {
                GitError::NotARepository(self.folder.clone())
            }
            GitError::Command { message, .. } if message.contains("must be run in a work tree") => {
                GitError::NoWorktree
            }
            other => other,
        }
    }

    pub(super) fn tracked(&self) -> Result<Vec<(Vec<u8>, Entry)>, GitError> {
        parse_stage(&self.run(["ls-files", "-z", "--stage", "--full-name", ":(top)"])?)
    }

    /// Runs a git command that says by its code whether it has an answer: `Some` with 0 or `None`
    /// with 1. A reply that does not fit the code was cut off.
    fn run_if_any(
        &self,
        arguments: &[impl AsRef<OsStr>],
        code_of_some: i32,
    ) -> Result<Option<Vec<u8>>, GitError> {
        let arguments: Vec<OsString> = arguments.iter().map(|a| a.as_ref().to_owned()).collect();
        let output = self.output(&arguments)?;
        match output.status.code() {
            Some(code) if code == code_of_some && !output.stdout.is_empty() => {
                Ok(Some(output.stdout))
            }
            Some(code) if code == 1 - code_of_some && output.stdout.is_empty() => Ok(None),
            Some(0 | 1) => Err(garbled(&arguments[0].to_string_lossy())),
            _ => Err(failure(&arguments, &output)),
        }
    }

    pub(super) fn hooks_dir(&self) -> Result<PathBuf, GitError> {
        let reply = self.run(["rev-parse", "--git-path", "hooks"])?;
        let path = to_path(reply.trim_ascii_end()).ok_or_else(|| garbled("rev-parse"))?;
        Ok(absolute(&self.folder, &path))
    }

    pub(super) fn config(&self, name: &str) -> Result<Option<String>, GitError> {
        let arguments = ["config", "--get", name].map(OsString::from);
        let output = self.output(&arguments)?;
        match output.status.code() {
            Some(0) => {
                Ok(Some(String::from_utf8_lossy(output.stdout.trim_ascii_end()).into_owned()))
            }
            Some(1) => Ok(None),
            _ => Err(failure(&arguments, &output)),
        }
    }

    /// Returns whether objects may be absent because they were never fetched.
    pub(super) fn is_partial_clone(&self) -> bool {
        let promises =
            ["config", "--get-regexp", "^(remote\\..*\\.promisor|extensions\\.partialclone)$"];
        self.run(promises).is_ok()
    }

    pub(super) fn stage(&self, path: &Path) -> Result<(), GitError> {
        let arguments = ["-c", NO_HOOKS, "add", "--force", "--"].map(OsString::from);
        let mut command = self.command();
        command.args(&arguments).arg(path);
        self.without_filters(&mut command)?;
        let output = command.output().map_err(GitError::NoGit)?;
        if output.status.success() { Ok(()) } else { Err(failure(&arguments[2..], &output)) }
    }

    /// Switches off the programs that the configuration names as filters. git would run them for
    /// the file that is added, and for others whose time stamp says nothing.
    fn without_filters(&self, command: &mut Command) -> Result<(), GitError> {
        let names = r"^filter\..*\.(clean|process|required)$";
        let arguments = ["config", "-z", "--name-only", "--get-regexp", names];
        let reply = self.run_if_any(&arguments, 0)?.unwrap_or_default();
        // Behind those that the environment may hold already.
        let count = std::env::var("GIT_CONFIG_COUNT").ok().filter(|_| !self.is_isolated);
        let mut count: usize = count.and_then(|count| count.parse().ok()).unwrap_or(0);
        for name in reply.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            let name = String::from_utf8_lossy(name);
            let value = if name.ends_with(".required") { "false" } else { "" };
            command.env(format!("GIT_CONFIG_KEY_{count}"), &*name);
            command.env(format!("GIT_CONFIG_VALUE_{count}"), value);
            count += 1;
        }
        command.env("GIT_CONFIG_COUNT", count.to_string());
        Ok(())
    }
}

/// Reads the staged change with `git diff-index`.
pub(super) fn staged(git: &Git, places: &Places, is_in_hook: bool) -> Result<Staged, GitError> {
    // diff-index takes an absent index for an empty one: everything deleted, nothing added.
    if is_in_hook && !places.index.exists() {
        let path = places.index.display();
        return Err(GitError::Index(format!("git named {path}, but there is no such file")));
    }
    let entry_count = Index::verify(&places.index, places.id_size)?;
    let mut parents = vec![head_or_empty_tree(git)?];
    parents.extend(merge_heads(places)?.iter().map(ObjectId::to_string));
    let mut differences = Vec::new();
    for parent in &parents {
        let difference = diff_index(git, parent)?;
        if entry_count > 0 && difference.changed.is_empty() && !difference.removed.is_empty() {
            check_removals(git, parent, difference.removed.len())?;
        }
        differences.push(difference);
    }
    Ok(combine(differences, settings(git)?))
}

fn diff_index(git: &Git, parent: &str) -> Result<Difference, GitError> {
    let arguments = [
        "diff-index",
        "--cached",
        "--raw",
        "-z",
        "--no-renames",
        "--no-abbrev",
        "--no-relative",
        "--ignore-submodules=none",
        // An entry that only announces a file is not part of the commit.
        "--ita-invisible-in-index",
        // Its code says whether there is a difference, beside the list.
        "--exit-code",
        parent,
        "--",
    ];
    let reply = git.run_if_any(&arguments, 1)?;
    parse_raw(&reply.unwrap_or_default())
}

/// Fails if git read an index with entries as if it were empty, as it does with one that it cannot
/// find: then all of the parent is removed, and what is in the index is not added.
fn check_removals(git: &Git, parent: &str, removed: usize) -> Result<(), GitError> {
    let names = git.run(["ls-tree", "-r", "-z", "--name-only", "--full-tree", parent])?;
    let had = names.iter().filter(|byte| **byte == 0).count();
    if had > removed { Ok(()) } else { Err(garbled("diff-index")) }
}

/// Finds what is staged at one path.
pub(super) fn entry(git: &Git, path: &[u8]) -> Result<Option<Entry>, GitError> {
    let mut name = OsString::from(":(top,literal)");
    name.push(to_path(path).ok_or_else(|| garbled("ls-files"))?);
    let arguments = ["ls-files", "-z", "--stage", "--full-name", "--error-unmatch", "--"];
    let arguments = [&arguments.map(OsString::from)[..], &[name]].concat();
    let Some(reply) = git.run_if_any(&arguments, 0)? else { return Ok(None) };
    let entries = parse_stage(&reply)?;
    Ok(entries.into_iter().find(|(found, _)| found == path).map(|(_, entry)| entry))
}

fn settings(git: &Git) -> Result<Vec<(String, Entry)>, GitError> {
    let mut found = Vec::new();
    for name in SETTINGS_FILES {
        found.extend(entry(git, name.as_bytes())?.map(|entry| (name.to_owned(), entry)));
    }
    Ok(found)
}

/// Returns the commit that HEAD leads to; a branch without a commit has none.
pub(super) fn head(git: &Git) -> Result<Option<ObjectId>, GitError> {
    if head_or_empty_tree(git)? != "HEAD" {
        return Ok(None);
    }
    let reply = git.run(["rev-parse", "--verify", "HEAD^{commit}"])?;
    ObjectId::parse(reply.trim_ascii()).map(Some).ok_or_else(|| garbled("rev-parse"))
}

fn head_or_empty_tree(git: &Git) -> Result<String, GitError> {
    let arguments = ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"].map(OsString::from);
    let output = git.output(&arguments)?;
    if output.status.success() {
        return Ok("HEAD".to_owned());
    }
    // Unborn only if HEAD names a branch that does not exist; anything else is damage.
    git.run(["symbolic-ref", "-q", "HEAD"])?;
    let branch = git.run(["rev-parse", "--symbolic-full-name", "HEAD"]);
    let branch = branch.or_else(|_| git.run(["symbolic-ref", "HEAD"]))?;
    let branch = String::from_utf8_lossy(branch.trim_ascii_end()).into_owned();
    // Unlike show-ref, rev-parse also knows a branch whose commit is missing.
    let arguments = ["rev-parse", "--verify", "--quiet", &branch].map(OsString::from);
    if git.output(&arguments)?.status.success() {
        let message = "HEAD names a commit that cannot be read".to_owned();
        return Err(GitError::Command { what: "rev-parse".to_owned(), message });
    }
    let empty = git.run(["hash-object", "-t", "tree", "--stdin"])?;
    Ok(String::from_utf8_lossy(empty.trim_ascii_end()).into_owned())
}

/// Parses `diff-index --raw -z`: `:mode mode id id status NUL path NUL`.
pub(super) fn parse_raw(reply: &[u8]) -> Result<Difference, GitError> {
    let mut difference = Difference::default();
    let mut fields = reply.split(|byte| *byte == 0);
    while let Some(head) = fields.next().filter(|head| !head.is_empty()) {
        let path = fields.next().ok_or_else(|| garbled("diff-index"))?;
        let words: Vec<&[u8]> =
            head.strip_prefix(b":").unwrap_or_default().split(|byte| *byte == b' ').collect();
        let [old_mode, new_mode, old_id, new_id, status] = words[..] else {
            return Err(garbled("diff-index"));
        };
        if status == b"U" {
            return Err(GitError::Unmerged(
                String::from_utf8_lossy(path).escape_debug().to_string(),
            ));
        }
        let old = parse_entry(old_mode, old_id)?;
        let new = parse_entry(new_mode, new_id)?;
        match (new.mode, old.mode) {
            // Neither added nor removed: what git reads out of a damaged index.
            (0, 0) => return Err(garbled("diff-index")),
            (0, _) => difference.removed.push((path.to_vec(), old)),
            (_, 0) => difference.changed.push((path.to_vec(), new, None)),
            _ => difference.changed.push((path.to_vec(), new, Some(old))),
        }
    }
    Ok(difference)
}

/// Parses `ls-files --stage -z`: `mode id stage TAB path NUL`.
pub(super) fn parse_stage(reply: &[u8]) -> Result<Vec<(Vec<u8>, Entry)>, GitError> {
    let mut entries = Vec::new();
    for line in reply.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let tab = memchr::memchr(b'\t', line).ok_or_else(|| garbled("ls-files"))?;
        let words: Vec<&[u8]> = line[..tab].split(|byte| *byte == b' ').collect();
        let [mode, id, stage] = words[..] else { return Err(garbled("ls-files")) };
        let path = &line[tab + 1..];
        if stage != b"0" {
            return Err(GitError::Unmerged(
                String::from_utf8_lossy(path).escape_debug().to_string(),
            ));
        }
        entries.push((path.to_vec(), parse_entry(mode, id)?));
    }
    Ok(entries)
}

fn parse_entry(mode: &[u8], id: &[u8]) -> Result<Entry, GitError> {
    let mode = std::str::from_utf8(mode).ok().and_then(|text| u32::from_str_radix(text, 8).ok());
    match (mode, ObjectId::parse(id)) {
        (Some(mode), Some(id)) => Ok(Entry { mode, id }),
        _ => Err(garbled("diff-index")),
    }
}

/// A running `git cat-file --batch`.
pub(super) struct CatFile {
    child: Child,
    requests: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

impl CatFile {
    pub(super) fn read(&mut self, id: ObjectId) -> Result<Vec<u8>, GitError> {
        let problem = |problem: &str| {
            GitError::Object(ObjectProblem { id: id.to_string(), problem: problem.to_owned() })
        };
        let failed = |_| problem("git cat-file stopped");
        let requests = self.requests.as_mut().expect("open until it is dropped");
        requests.write_all(format!("{id}\n").as_bytes()).map_err(failed)?;
        requests.flush().map_err(failed)?;
        let mut header = String::new();
        self.replies.read_line(&mut header).map_err(failed)?;
        // `<id> <type> <size>`, or `<id> missing` although git will exit with 0.
        let size = match header.trim_end().split(' ').collect::<Vec<_>>()[..] {
            [_, _, size] => size.parse::<usize>().ok(),
            [_, "missing"] => return Err(problem("it is missing")),
            _ => None,
        };
        let size = size.ok_or_else(|| problem("git cat-file gave no answer"))?;
        let mut bytes = vec![0; size + 1];
        self.replies.read_exact(&mut bytes).map_err(failed)?;
        bytes.truncate(size);
        Ok(bytes)
    }
}

impl Drop for CatFile {
    fn drop(&mut self) {
        // Closing its input ends git; waiting leaves no zombie behind.
        self.requests.take();
        let _ = self.child.wait();
    }
}

fn failure(arguments: &[OsString], output: &Output) -> GitError {
    let what = arguments.first().map_or(String::new(), |a| a.to_string_lossy().into_owned());
    GitError::Command { what, message: String::from_utf8_lossy(&output.stderr).into_owned() }
}

pub(super) fn garbled(what: &str) -> GitError {
    let message = "its answer is not understood".to_owned();
    GitError::Command { what: what.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";
    const NONE: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn parses_the_raw_format() {
        let reply = format!(
            ":000000 100644 {NONE} {ONE} A\0new\nname\0:100644 000000 {ONE} {NONE} D\0gone\0\
             :100644 120000 {ONE} {TWO} T\0link\0"
        );
        let found = parse_raw(reply.as_bytes()).unwrap();
        assert_eq!(found.changed.len(), 2);
        assert_eq!(found.changed[0].0, b"new\nname");
        assert_eq!(found.changed[0].2, None);
        assert_eq!(found.changed[1].1.mode, 0o120_000);
        assert_eq!(found.removed[0].0, b"gone");
    }

    #[test]
    fn unmerged_and_garbled_replies_are_errors() {
        let unmerged = format!(":000000 000000 {NONE} {NONE} U\0a\0");
        assert!(matches!(parse_raw(unmerged.as_bytes()), Err(GitError::Unmerged(_))));
        let cut_off = format!(":100644 100644 {ONE} {TWO} M");
        let nothing = format!(":000000 000000 {NONE} {NONE} A\0\0");
        for reply in [&nothing, "nonsense\0a\0", ":100644\0a\0", &cut_off] {
            assert!(parse_raw(reply.as_bytes()).is_err(), "{reply}");
        }
    }

    #[test]
    fn parses_stages() {
        let reply = format!("100644 {ONE} 0\ta b\0");
        assert_eq!(parse_stage(reply.as_bytes()).unwrap()[0].0, b"a b");
        let unmerged = format!("100644 {ONE} 2\ta\0");
        assert!(parse_stage(unmerged.as_bytes()).is_err());
    }
}
