//! The few lines of shell, in the shells that people have.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::events::script;
use crate::support::{Run, Sandbox};

const EVENTS: [&str; 6] =
    ["pre-commit", "pre-merge-commit", "commit-msg", "post-commit", "pre-push", "pre-receive"];

/// A repository with every shim, the local ones and those for all repositories.
fn with_all() -> (Sandbox, Vec<PathBuf>) {
    let sandbox = Sandbox::with_init(&["--bare"]);
    sandbox.keyhook(&["install", "--all"]).expect(0);
    sandbox.keyhook(&["install", "--global", "--all"]).expect(0);
    let global = sandbox.beside("home/.config/keyhook/hooks");
    let entries = fs::read_dir(global).unwrap().map(|entry| entry.unwrap().path());
    let local = EVENTS.iter().map(|name| sandbox.path("hooks").join(name));
    let all: Vec<PathBuf> = entries.chain(local).collect();
    assert!(all.len() > 30);
    (sandbox, all)
}

fn is_there(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    let is_there = found.is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("SKIPPED: there is no {program}");
    }
    is_there
}

#[test]
fn shellcheck_has_nothing_to_say() {
    if !is_there("shellcheck") {
        return;
    }
    let (_sandbox, all) = with_all();
    let output = Command::new("shellcheck").args(&all).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn every_shell_runs_them() {
    for shell in [&["sh"][..], &["dash"], &["busybox", "sh"], &["bash", "--posix"]] {
        if !is_there(shell[0]) {
            continue;
        }
        for event in EVENTS {
            let sandbox = Sandbox::new();
            let folder = sandbox.path(".git/hooks");
            script(&folder.join(event), "#!/bin/sh\necho \"earlier $*\"\ncat\n");
            sandbox.keyhook(&["install", "--hook", event]).expect(0);
            let stub = sandbox.beside("it's a stub");
            script(&stub, "#!/bin/sh\necho \"keyhook $*\"\ncat\nexit 5\n");
            let program = crate::support::program();
            let text = fs::read_to_string(folder.join(event)).unwrap();
            let quoted = stub.to_str().unwrap().replace('\'', "'\\''");
            fs::write(folder.join(event), text.replace(program.to_str().unwrap(), &quoted))
                .unwrap();
            let mut command = sandbox.command(shell[0], sandbox.root());
            command.args(&shell[1..]).arg(folder.join(event)).args(["one", "two words"]);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"a b\n\nc").unwrap();
            let run = Run::of(child.wait_with_output().unwrap()).expect(5);
            let input = "a b\n\nc";
            let expected = if event.starts_with("pre-push") || event == "pre-receive" {
                format!("earlier one two words\n{input}keyhook hook {event} one two words\n{input}")
            } else {
                // git gives these hooks no standard input; the first to read has it.
                format!("earlier one two words\n{input}keyhook hook {event} one two words\n")
            };
            assert_eq!(run.out, expected, "{shell:?} {event}");
        }
    }
}

#[test]
fn without_the_program_everything_is_held_up_in_words() {
    for (event, said, code) in [
        ("pre-commit", "commit blocked", 2),
        ("pre-merge-commit", "merge blocked", 2),
        ("commit-msg", "commit blocked", 2),
        ("pre-push", "push blocked", 2),
        ("post-commit", "this commit was not looked at", 0),
        ("pre-receive", "push refused", 2),
    ] {
        let sandbox = Sandbox::new();
        sandbox.keyhook(&["install", "--hook", event]).expect(0);
        let hook = sandbox.path(".git/hooks").join(event);
        let program = crate::support::program();
        let text = fs::read_to_string(&hook).unwrap();
        fs::write(&hook, text.replace(program.to_str().unwrap(), "/nowhere/keyhook")).unwrap();
        let mut command = sandbox.command(&hook, sandbox.root());
        let run = Run::of(command.env("PATH", "/usr/bin:/bin").output().unwrap()).expect(code);
        run.says(&format!("keyhook: {said}: the program keyhook is not at /nowhere/keyhook"));
        let report = sandbox.keyhook(&["doctor"]).expect(1);
        report.says(&format!("{event}: the hook blocks, because there is no program"));
    }
}
