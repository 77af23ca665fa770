//! Proves that git runs the hooks and that they block: a canary in a throw-away index, one in a
//! message, and one in a commit that is about to leave or to arrive.
//!
//! Nothing of it reaches the repository: index, objects and message lie in a temporary folder, and
//! no ref ever names the commit. An earlier hook does not run (it may test for minutes, or upload
//! files); only keyhook is proved.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::event::Event;
use crate::git::Repository;

const CANARY_NAME: &str = "keyhook-canary.txt";

/// The branch that is said to be pushed.
const CANARY_REF: &str = "refs/heads/keyhook-canary";

/// Lets git run these hooks on `canary`; returns why they are not proved.
///
/// `post-commit` is not tried: it blocks nothing.
pub(super) fn prove(
    repository: &Repository,
    hooks: &Path,
    events: &[Event],
    canary: &str,
) -> Result<(), String> {
    let stage = Stage::set(repository, canary)?;
    for event in events {
        let (ran, passed, named) = match event {
            Event::PreCommit | Event::PreMergeCommit => {
                let ran = stage.run_hook(hooks, *event, &[], None)?;
                (ran, "a staged canary was not blocked", CANARY_NAME)
            }
            Event::CommitMsg => {
                let message = stage.file("message", canary)?;
                let ran = stage.run_hook(hooks, *event, &[message], None)?;
                (ran, "a canary in a message was not blocked", "keyhook")
            }
            Event::PrePush | Event::PreReceive => {
                let update = stage.update(*event)?;
                // A remote without a name: what others have says nothing about it.
                let arguments = ["keyhook-canary", "keyhook-canary"].map(PathBuf::from);
                let count = if *event == Event::PrePush { 2 } else { 0 };
                let ran = stage.run_hook(hooks, *event, &arguments[..count], Some(&update))?;
                (ran, "a canary in a pushed commit was not blocked", CANARY_NAME)
            }
            Event::PostCommit => continue,
        };
        stage.judge(&ran, *event, passed, named)?;
    }
    Ok(())
}

/// A folder for what git would write into the repository.
struct Stage<'a> {
    repository: &'a Repository,
    folder: tempfile::TempDir,
    /// The object id of the canary.
    blob: String,
}

impl<'a> Stage<'a> {
    fn set(repository: &'a Repository, canary: &str) -> Result<Stage<'a>, String> {
        let folder = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
        fs::create_dir(folder.path().join("objects"))
            .map_err(|e| format!("no temporary folder: {e}"))?;
        let mut stage = Stage { repository, folder, blob: String::new() };
        stage.blob = stage.made(&["hash-object", "-w", "--stdin"], Some(canary))?;
        // The index changes, and a hook for that would run.
        let without_hooks = "core.hooksPath=/dev/null";
        let entry = format!("100644,{},{CANARY_NAME}", stage.blob);
        stage.made(&["-c", without_hooks, "update-index", "--add", "--cacheinfo", &entry], None)?;
        Ok(stage)
    }

    fn file(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.folder.path().join(name);
        fs::write(&path, text).map_err(|e| format!("no temporary file: {e}"))?;
        Ok(path)
    }

    /// Makes a commit with the canary, and returns a file of what git would tell a hook about it.
    fn update(&self, event: Event) -> Result<PathBuf, String> {
        let tree = format!("100644 blob {}\t{CANARY_NAME}\n", self.blob);
        let tree = self.made(&["mktree"], Some(&tree))?;
        let nobody = "keyhook <keyhook@localhost> 0 +0000";
        let commit = format!("tree {tree}\nauthor {nobody}\ncommitter {nobody}\n\nCanary\n");
        let commit = self.made(&["hash-object", "-t", "commit", "-w", "--stdin"], Some(&commit))?;
        let nothing = "0".repeat(commit.len());
        let line = match event {
            Event::PreReceive => format!("{nothing} {commit} {CANARY_REF}\n"),
            _ => format!("{CANARY_REF} {commit} {CANARY_REF} {nothing}\n"),
        };
        self.file("update", &line)
    }

    /// Runs a git that must succeed, and returns what it says.
    fn made(&self, arguments: &[&str], input: Option<&str>) -> Result<String, String> {
        let done = self.git(arguments, input.map_or(Input::Nothing, Input::Text))?;
        if !done.status.success() {
            let message = String::from_utf8_lossy(&done.stderr).trim().to_owned();
            return Err(format!("no canary could be staged: {message}"));
        }
        Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
    }

    fn prepare(&self, command: &mut Command) {
        let own = self.repository.common_dir().join("objects");
        command
            .env("GIT_INDEX_FILE", self.folder.path().join("index"))
            .env("GIT_OBJECT_DIRECTORY", self.folder.path().join("objects"))
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", own)
            .env("KEYHOOK_CANARY", "1");
    }

    fn git(&self, arguments: &[&str], input: Input<'_>) -> Result<Output, String> {
        let mut command = self.repository.git().command();
        self.prepare(command.args(arguments));
        run(command, input)
    }

    fn run_hook(
        &self,
        hooks: &Path,
        event: Event,
        more: &[PathBuf],
        input: Option<&Path>,
    ) -> Result<Output, String> {
        let mut command = self.repository.git().command();
        // Hooks in git's configuration run before the script; like a kept hook, they stay out of it.
        for hook in super::configured_hooks(self.repository.git()) {
            command.args(["-c", &format!("hook.{}.enabled=false", hook.name)]);
        }
        command.args(["hook", "run"]);
        if let Some(input) = input {
            command.arg(format!("--to-stdin={}", input.display()));
        }
        command.args([event.name(), "--"]).args(more);
        self.prepare(&mut command);
        let ran = run(command, Input::Nothing)?;
        let is_old = contains(&ran, "is not a git command") || contains(&ran, "unknown option");
        if !is_old {
            return Ok(ran);
        }
        // git before 2.36, or before 2.40 for a hook with input: run the file as git would.
        let mut command = Command::new(hooks.join(event.name()));
        let top = self.repository.work_dir().unwrap_or(self.repository.common_dir());
        command.current_dir(top).env("GIT_DIR", self.repository.git_dir()).args(more);
        self.prepare(&mut command);
        run(command, input.map_or(Input::Nothing, Input::File))
    }

    fn judge(&self, ran: &Output, event: Event, passed: &str, named: &str) -> Result<(), String> {
        match ran.status.code() {
            Some(0) => Err(passed.to_owned()),
            Some(1) if contains(ran, named) => Ok(()),
            code => {
                let text = String::from_utf8_lossy(&ran.stderr).trim().to_owned();
                let code = code.map_or("a signal".to_owned(), |code| format!("code {code}"));
                Err(format!("{event} ended with {code}: {text}"))
            }
        }
    }
}

fn contains(output: &Output, text: &str) -> bool {
    [&output.stdout, &output.stderr]
        .iter()
        .any(|stream| memchr::memmem::find(stream, text.as_bytes()).is_some())
}

/// What a command reads.
enum Input<'a> {
    Nothing,
    Text(&'a str),
    File(&'a Path),
}

fn run(mut command: Command, input: Input<'_>) -> Result<Output, String> {
    let fail = |e: std::io::Error| format!("cannot run it: {e}");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let text = match input {
        Input::Nothing => return command.stdin(Stdio::null()).output().map_err(fail),
        Input::File(path) => {
            let file = fs::File::open(path).map_err(fail)?;
            return command.stdin(file).output().map_err(fail);
        }
        Input::Text(text) => text,
    };
    let mut child = command.stdin(Stdio::piped()).spawn().map_err(fail)?;
    let mut stdin = child.stdin.take().expect("asked for a pipe");
    stdin.write_all(text.as_bytes()).map_err(fail)?;
    drop(stdin);
    child.wait_with_output().map_err(fail)
}
