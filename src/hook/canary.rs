//! Proves that git runs the hook and that the hook blocks: a canary in a throw-away index.
//!
//! Nothing of it reaches the repository: index and objects lie in a temporary folder. An earlier
//! hook does not run (it may test for minutes); only keyhook is proved.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::git::Repository;

const CANARY_NAME: &str = "keyhook-canary.txt";

/// Stages `canary` and runs the hook as git would; returns why it is not proved.
pub(super) fn prove(repository: &Repository, hook: &Path, canary: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    let objects = folder.path().join("objects");
    fs::create_dir(&objects).map_err(|e| format!("no temporary folder: {e}"))?;
    let prepare = |command: &mut Command| {
        command
            .env("GIT_INDEX_FILE", folder.path().join("index"))
            .env("GIT_OBJECT_DIRECTORY", &objects)
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", repository.common_dir().join("objects"))
            .env("KEYHOOK_CANARY", "1");
    };
    let git = |arguments: &[&str], input: Option<&str>| -> Result<Output, String> {
        let mut command = repository.git().command();
        prepare(command.args(arguments));
        run(command, input)
    };
    let stored = git(&["hash-object", "-w", "--stdin"], Some(canary))?;
    let id = String::from_utf8_lossy(&stored.stdout).trim().to_owned();
    let staged = git(&["update-index", "--add", "--cacheinfo", "100644", &id, CANARY_NAME], None)?;
    if !stored.status.success() || !staged.status.success() {
        let message = [stored.stderr, staged.stderr].concat();
        return Err(format!(
            "no canary could be staged: {}",
            String::from_utf8_lossy(&message).trim()
        ));
    }
    // Hooks in git's configuration run before the script; like a kept hook, they stay out of it.
    let others = super::configured_hooks(repository.git());
    let off: Vec<String> =
        others.iter().map(|hook| format!("hook.{}.enabled=false", hook.name)).collect();
    let mut arguments: Vec<&str> = off.iter().flat_map(|text| ["-c", text]).collect();
    arguments.extend(["hook", "run", "pre-commit"]);
    let mut ran = git(&arguments, None)?;
    if contains(&ran, "is not a git command") {
        // git before 2.36: run the file as git would.
        let mut command = Command::new(hook);
        command.current_dir(repository.work_dir().unwrap_or(repository.common_dir()));
        prepare(&mut command);
        ran = run(command, None)?;
    }
    match ran.status.code() {
        Some(0) => Err("a staged canary was not blocked".to_owned()),
        Some(1) if contains(&ran, CANARY_NAME) => Ok(()),
        code => {
            let text = String::from_utf8_lossy(&ran.stderr).trim().to_owned();
            let code = code.map_or("a signal".to_owned(), |code| format!("code {code}"));
            Err(format!("it ended with {code}: {text}"))
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
