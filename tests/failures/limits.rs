//! Limits that the system sets, streams that lead nowhere, and a hook that is interrupted.

use super::*;

/// Runs the hook from a shell that first does `before`.
fn hook_after(sandbox: &Sandbox, before: &str, behind: &str) -> Run {
    let keyhook = program();
    let keyhook = keyhook.display();
    let script = format!("{before}\nexec '{keyhook}' hook pre-commit {behind}");
    let mut command = sandbox.command("sh", sandbox.root());
    command.args(["-c", &script]).env("GIT_INDEX_FILE", ".git/index");
    Run::of(command.output().expect("sh runs"))
}

#[test]
fn few_open_files() {
    let sandbox = packed();
    let codes: Vec<i32> = (3..24)
        .map(|count| hook_after(&sandbox, &format!("ulimit -n {count} || exit 1"), "").code)
        .collect();
    assert!(codes.iter().all(|code| *code != 0), "{codes:?}");
    assert_eq!(codes.last(), Some(&1), "{codes:?}");
}

#[test]
fn little_memory() {
    let sandbox = rich();
    for kilobytes in [4_000, 8_000, 12_000, 16_000, 24_000, 32_000, 64_000] {
        let run = hook_after(&sandbox, &format!("ulimit -v {kilobytes} || exit 1"), "");
        assert_ne!(run.code, 0, "{kilobytes} kB: {}", run.text());
    }
}

#[test]
fn nothing_may_be_written() {
    let run = hook_after(&rich(), "trap '' XFSZ; ulimit -f 0", "").expect(1);
    run.says("1 new secret");
}

#[test]
fn little_processor_time() {
    // The signal that ends it is a no.
    let sandbox = rich();
    let run = hook_after(&sandbox, "ulimit -t 0", "");
    assert_ne!(run.code, 0, "{}", run.text());
}

#[test]
fn streams_that_are_closed_or_full() {
    let sandbox = plain();
    for streams in ["2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full", ">/dev/full 2>/dev/full"] {
        assert_eq!(hook_after(&sandbox, "", streams).code, 1, "{streams}");
    }
    assert_eq!(hook_after(&sandbox, "rm -f .git/HEAD", "2>&-").code, 2);
}

#[test]
fn an_answer_that_does_not_arrive() {
    let sandbox = plain();
    for format in ["text", "json", "jsonl", "sarif"] {
        let keyhook = program();
        let script = format!(
            "exec '{}' scan --staged --format {format} >/dev/full 2>/dev/null",
            keyhook.display()
        );
        let mut command = sandbox.command("sh", sandbox.root());
        let run = Run::of(command.args(["-c", &script]).output().expect("sh runs"));
        assert_eq!(run.code, 2, "{format}");
    }
}

#[test]
fn an_interrupted_hook_is_a_no() {
    let sandbox = plain();
    // A git that waits, so that there is something to interrupt.
    let folder = sandbox.beside("bin");
    std::fs::create_dir_all(&folder).expect("a folder");
    let git = folder.join("git");
    std::fs::write(&git, "#!/bin/sh\n: >\"$0.started\"\nexec sleep 20\n").expect("a script");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&git, executable).expect("it is ours");
    for signal in ["INT", "TERM", "HUP", "KILL"] {
        let started = folder.join("git.started");
        let _ = std::fs::remove_file(&started);
        let mut command = hook(&sandbox, "git");
        command.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
        let mut child = command.stderr(Stdio::null()).spawn().expect("keyhook runs");
        while !started.exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let process = child.id().to_string();
        let killed = Command::new("kill").args([&format!("-{signal}"), &process]).status();
        assert!(killed.expect("kill runs").success());
        let code = child.wait().expect("it ends").code();
        assert!(matches!(code, None | Some(2 | 130)), "{signal}: {code:?}");
    }
}
