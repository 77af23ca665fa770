//! What became of a file: the versions of it that were committed, and what was pushed.
//!
//! A value is never looked for with `git log -S`: that reads every version of every file, and the
//! value would stand on a command line that everybody on the machine can read. The versions of one
//! file are few, and whoever asks searches them in this process.

use std::ffi::OsString;

use super::content::to_path;
use super::{Entry, GitError, ObjectId, Repository};

/// A version of a file, as a commit made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The content.
    pub id: ObjectId,
    /// The commit, in hex.
    pub commit: String,
    /// The day of the commit, `YYYY-MM-DD`.
    pub day: String,
    /// Who wrote it.
    pub author: String,
}

/// The newest commit of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// What people call it.
    pub name: String,
    /// Whether it is what a remote is known to have.
    pub is_remote: bool,
}

/// What of the history is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing.
    Nothing,
    /// Old commits: a shallow clone.
    Commits,
    /// Contents: a partial clone, where looking would fetch them.
    Contents,
}

impl Repository {
    /// Returns what of the history is not here.
    pub fn missing_history(&self) -> Missing {
        let is_partial = self.config("extensions.partialClone").ok().flatten().is_some();
        match (is_partial, self.common_dir().join("shallow").exists()) {
            (true, _) => Missing::Contents,
            (false, true) => Missing::Commits,
            (false, false) => Missing::Nothing,
        }
    }

    /// Returns the branches whose newest commit says most for least work: HEAD, its upstream, and
    /// what each remote calls its main branch.
    pub fn tips(&self) -> Result<Vec<Tip>, GitError> {
        let mut tips = Vec::new();
        let exists = |name: &str| {
            let commit = format!("{name}^{{commit}}");
            self.git().run(["rev-parse", "--verify", "--quiet", &commit]).is_ok()
        };
        if exists("HEAD") {
            tips.push(Tip { name: "HEAD".to_owned(), is_remote: false });
        }
        let upstream = ["rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}"];
        // No upstream is an ordinary state, and an error to git.
        if let Ok(reply) = self.git().run(upstream) {
            let name = String::from_utf8_lossy(reply.trim_ascii_end()).into_owned();
            tips.push(Tip { name, is_remote: true });
        }
        let format = "--format=%(symref:short)";
        for name in lines(&self.git().run(["for-each-ref", format, "refs/remotes/*/HEAD"])?) {
            if !name.is_empty() && tips.iter().all(|tip| tip.name != name) && exists(&name) {
                tips.push(Tip { name, is_remote: true });
            }
        }
        Ok(tips)
    }

    /// Returns what a branch's newest commit has at a path.
    pub fn entry_at(&self, tip: &Tip, path: &[u8]) -> Result<Option<Entry>, GitError> {
        let Some(path) = to_path(path) else { return Ok(None) };
        let arguments = ["--literal-pathspecs", "ls-tree", "-z", "--full-tree", &tip.name, "--"];
        let reply = self.git().run(with_path(&arguments, path.into_os_string()))?;
        Ok(reply.split(|byte| *byte == 0).find_map(|line| {
            let fields: Vec<&[u8]> =
                line.split(|byte| matches!(byte, b' ' | b'\t')).take(3).collect();
            let [mode, b"blob", id] = fields[..] else { return None };
            let mode = u32::from_str_radix(std::str::from_utf8(mode).ok()?, 8).ok()?;
            Some(Entry { mode, id: ObjectId::parse(id)? })
        }))
    }

    /// Returns the versions of a file in everything that a branch, a tag or a remote reaches, the
    /// newest first. Renames are not followed.
    pub fn versions(&self, path: &[u8]) -> Result<Vec<Version>, GitError> {
        let Some(path) = to_path(path) else { return Ok(Vec::new()) };
        let mut path_argument = OsString::from(":(top,literal)");
        path_argument.push(path);
        // Every option that a user's configuration may turn is said.
        let arguments = [
            "-c",
            "log.showSignature=false",
            "-c",
            "log.follow=false",
            "log",
            "--all",
            "--full-history",
            "-m",
            "--raw",
            "--no-renames",
            "--no-abbrev",
            "--no-color",
            "--no-notes",
            "--no-ext-diff",
            "--ignore-submodules=none",
            "--format=tformat:%H%x09%as%x09%an",
            "--",
        ];
        let reply = self.git().run(with_path(&arguments, path_argument))?;
        let mut versions: Vec<Version> = Vec::new();
        let mut commit = Vec::new();
        for line in lines(&reply).iter().filter(|line| !line.is_empty()) {
            if !line.starts_with(':') {
                commit = line.splitn(3, '\t').map(str::to_owned).collect();
                continue;
            }
            let id = line.split(' ').nth(3).and_then(|id| ObjectId::parse(id.as_bytes()));
            let (Some(id), [hex, day, author]) = (id, &commit[..]) else { continue };
            let is_absent = id.as_bytes().iter().all(|byte| *byte == 0);
            if !is_absent && versions.last().is_none_or(|last| last.id != id) {
                let (commit, day, author) = (hex.clone(), day.clone(), author.clone());
                versions.push(Version { id, commit, day, author });
            }
        }
        Ok(versions)
    }

    /// Returns up to three branches of remotes that reach a commit.
    pub fn remotes_with(&self, commit: &str) -> Result<Vec<String>, GitError> {
        let contains = format!("--contains={commit}");
        let arguments =
            ["for-each-ref", "--count=3", "--format=%(refname:short)", &contains, "refs/remotes"];
        Ok(lines(&self.git().run(arguments)?).into_iter().filter(|l| !l.is_empty()).collect())
    }
}

fn with_path(arguments: &[&str], path: OsString) -> Vec<OsString> {
    arguments.iter().map(OsString::from).chain([path]).collect()
}

fn lines(reply: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(reply).lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn run_git(folder: &Path, arguments: &[&str]) {
        let run = std::process::Command::new("git")
            .args(["-c", "user.name=T", "-c", "user.email=t@example.com"])
            .args(arguments)
            .current_dir(folder)
            .output();
        assert!(run.unwrap().status.success(), "{arguments:?}");
    }

    #[test]
    fn versions_of_a_file_and_what_is_pushed() {
        let folder = tempfile::tempdir().unwrap();
        let (work, bare) = (folder.path().join("work"), folder.path().join("bare"));
        std::fs::create_dir_all(work.join("d")).unwrap();
        run_git(folder.path(), &["init", "-q", "--bare", "bare"]);
        run_git(&work, &["init", "-q", "-b", "main"]);
        run_git(&work, &["config", "color.ui", "always"]);
        run_git(&work, &["remote", "add", "origin", bare.to_str().unwrap()]);
        let commit = |text: &str| {
            std::fs::write(work.join("d/[a] é"), text).unwrap();
            std::fs::write(work.join("d/other"), text).unwrap();
            run_git(&work, &["add", "."]);
            run_git(&work, &["commit", "-q", "--no-verify", "-m", "a\tb"]);
        };
        commit("one");
        run_git(&work, &["push", "-q", "-u", "origin", "main"]);
        commit("two");
        let repository = Repository::open_at(&work).unwrap();
        let path = "d/[a] é".as_bytes();
        let versions = repository.versions(path).unwrap();
        let read = |id| String::from_utf8(repository.read_object(id).unwrap()).unwrap();
        let texts: Vec<String> = versions.iter().map(|version| read(version.id)).collect();
        assert_eq!(texts, ["two", "one"]);
        assert_eq!(versions[0].author, "T");
        assert_eq!(repository.remotes_with(&versions[1].commit).unwrap(), ["origin/main"]);
        assert!(repository.remotes_with(&versions[0].commit).unwrap().is_empty());
        let tips = repository.tips().unwrap();
        let names: Vec<(&str, bool)> =
            tips.iter().map(|tip| (&tip.name[..], tip.is_remote)).collect();
        assert_eq!(names, [("HEAD", false), ("origin/main", true)]);
        let at = |tip: &Tip| read(repository.entry_at(tip, path).unwrap().unwrap().id);
        assert_eq!((at(&tips[0]), at(&tips[1])), ("two".to_owned(), "one".to_owned()));
        assert_eq!(repository.entry_at(&tips[0], b"absent").unwrap(), None);
        assert!(repository.versions(b"absent").unwrap().is_empty());
        assert_eq!(repository.missing_history(), Missing::Nothing);
    }
}
