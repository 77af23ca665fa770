//! Proves that git runs the hooks and that they block: a canary in a throw-away index, and one in a
//! message.
//!
//! Nothing of it reaches the repository: index, objects and message lie in a temporary folder. An
//! earlier hook does not run (it may test for minutes); only keyhook is proved.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::event::Event;
use crate::git::Repository;

const CANARY_NAME: &str = "keyhook-canary.txt";

/// Lets git run these hooks on `canary`; returns why they are not proved.
///
/// Hooks that see commits already made are not tried: there is no commit to try them on that would
/// not stay in the repository.
pub(super) fn prove(
    repository: &Repository,
    hooks: &Path,
    events: &[Event],
    canary: &str,
) -> Result<(), String> {
    let stage = Stage::set(repository, canary)?;
    if events.contains(&Event::PreCommit) {
        let ran = stage.run_hook(hooks, Event::PreCommit, &[])?;
        stage.judge(&ran, Event::PreCommit, "a staged canary was not blocked", CANARY_NAME)?;
    }
    if events.contains(&Event::CommitMsg) {
        let message = stage.folder.path().join("message");
        fs::write(&message, canary).map_err(|e| format!("no temporary file: {e}"))?;
        let ran = stage.run_hook(hooks, Event::CommitMsg, &[message])?;
        let passed = "a canary in a message was not blocked";
        stage.judge(&ran, Event::CommitMsg, passed, "keyhook")?;
    }
    Ok(())
}

/// A folder for what git would write into the repository.
struct Stage<'a> {
    repository: &'a Repository,
    folder: tempfile::TempDir,
}

impl<'a> Stage<'a> {
    fn set(repository: &'a Repository, canary: &str) -> Result<Stage<'a>, String> {
        let folder = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
        fs::create_dir(folder.path().join("objects"))
            .map_err(|e| format!("no temporary folder: {e}"))?;
        let stage = Stage { repository, folder };
        let stored = stage.git(&["hash-object", "-w", "--stdin"], Some(canary))?;
        let id = String::from_utf8_lossy(&stored.stdout).trim().to_owned();
        // The index changes, and a hook for that would run.
        let without_hooks = "core.hooksPath=/dev/null";
        let entry = format!("100644,{id},{CANARY_NAME}");
        let add = ["-c", without_hooks, "update-index", "--add", "--cacheinfo", &entry];
        let staged = stage.git(&add, None)?;
        if !stored.status.success() || !staged.status.success() {
            let message = [stored.stderr, staged.stderr].concat();
            let message = String::from_utf8_lossy(&message).trim().to_owned();
            return Err(format!("no canary could be staged: {message}"));
        }
        Ok(stage)
    }

    fn prepare(&self, command: &mut Command) {
        let own = self.repository.common_dir().join("objects");
        command
            .env("GIT_INDEX_FILE", self.folder.path().join("index"))
            .env("GIT_OBJECT_DIRECTORY", self.folder.path().join("objects"))
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", own)
            .env("KEYHOOK_CANARY", "1");
    }

    fn git(&self, arguments: &[&str], input: Option<&str>) -> Result<Output, String> {
        let mut command = self.repository.git().command();
        self.prepare(command.args(arguments));
        run(command, input)
    }

    fn run_hook(&self, hooks: &Path, event: Event, more: &[PathBuf]) -> Result<Output, String> {
        let mut command = self.repository.git().command();
        // Hooks in git's configuration run before the script; like a kept hook, they stay out of it.
        for hook in super::configured_hooks(self.repository.git()) {
            command.args(["-c", &format!("hook.{}.enabled=false", hook.name)]);
        }
        command.args(["hook", "run", event.name(), "--"]).args(more);
        self.prepare(&mut command);
        let ran = run(command, None)?;
        if !contains(&ran, "is not a git command") {
            return Ok(ran);
        }
        // git before 2.36: run the file as git would.
        let mut command = Command::new(hooks.join(event.name()));
        let top = self.repository.work_dir().unwrap_or(self.repository.common_dir());
        command.current_dir(top).args(more);
        self.prepare(&mut command);
        run(command, None)
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

fn run(mut command: Command, input: Option<&str>) -> Result<Output, String> {
    let fail = |e: std::io::Error| format!("cannot run it: {e}");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let Some(input) = input else { return command.stdin(Stdio::null()).output().map_err(fail) };
    let mut child = command.stdin(Stdio::piped()).spawn().map_err(fail)?;
    let mut stdin = child.stdin.take().expect("asked for a pipe");
    stdin.write_all(input.as_bytes()).map_err(fail)?;
    drop(stdin);
    child.wait_with_output().map_err(fail)
}
