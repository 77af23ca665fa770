//! Writers that are killed, and writers that meet.

use std::path::Path;
use std::process::{Command, Stdio};

use keyhook::baseline::Record;
use keyhook::finding::Verdict;

#[cfg(unix)]
use super::Random;
use super::{parse, record, render};
use crate::support::{Run, Sandbox, leak, program};

const NAME: &str = ".secrets.baseline";

/// A baseline that takes a while to write.
fn many(verdict: Verdict) -> Vec<Record> {
    (0..3000).map(|value| record(value, &format!("src/{value}.py"), verdict)).collect()
}

/// Merges of which the result is `sides[1]`; the file that is written holds `sides[0]` before.
struct Merge {
    folder: tempfile::TempDir,
    sides: [String; 2],
}

impl Merge {
    fn new() -> Merge {
        let sides =
            [many(Verdict::Unreviewed), many(Verdict::Real)].map(|records| render(&records));
        Merge { folder: tempfile::tempdir().unwrap(), sides }
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        for (name, text) in [("base", 0), ("ours", 0), ("theirs", 1)] {
            std::fs::write(self.at(name), &self.sides[text]).unwrap();
        }
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Returns whether the new file is there; anything but the old or the new one is a failure.
    #[track_caller]
    fn is_written(&self, when: &str) -> bool {
        let text = std::fs::read_to_string(self.at("ours")).unwrap();
        let is_new = text == self.sides[1];
        assert!(is_new || text == self.sides[0], "{when}: neither the old file nor the new one");
        is_new
    }
}

const ARGUMENTS: [&str; 5] = ["baseline", "merge", "base", "ours", "theirs"];

#[cfg(unix)]
#[test]
fn a_killed_writer_leaves_the_old_file_or_the_new_one() {
    let merge = Merge::new();
    let whole = std::time::Instant::now();
    assert!(merge.command(program()).args(ARGUMENTS).status().unwrap().success());
    let whole = whole.elapsed();
    assert!(merge.is_written("undisturbed"));
    let mut random = Random(1);
    for round in 0..60 {
        let mut child = merge.command(program()).args(ARGUMENTS).spawn().unwrap();
        // The writing is at the end.
        let part = u32::try_from(400 + random.below(700)).unwrap();
        std::thread::sleep(whole * part / 1000);
        let _ = child.kill();
        child.wait().unwrap();
        merge.is_written(&format!("round {round}, after {part} of 1000"));
    }
}

/// Kills at the start of every call that the writer makes to the system, one after the other.
#[cfg(target_os = "linux")]
#[test]
fn a_writer_killed_at_any_call_leaves_the_old_file_or_the_new_one() {
    let strace = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).status();
    if !strace.is_ok_and(|status| status.success()) {
        eprintln!("skipped: strace cannot be used here");
        return;
    }
    let merge = Merge::new();
    let calls = "openat,write,fsync,fchmod,rename,renameat,renameat2,linkat,unlink,close";
    let mut has_seen = [false; 2];
    for number in 1..400 {
        let inject = format!("inject={calls}:signal=SIGKILL:when={number}");
        let mut command = merge.command("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", &inject]).arg(program());
        let status = command.args(ARGUMENTS).status().unwrap();
        has_seen[usize::from(merge.is_written(&format!("call {number}")))] = true;
        if status.success() {
            assert_eq!(has_seen, [true; 2], "both were seen");
            return;
        }
    }
    panic!("the writer never got to its end");
}

#[test]
fn writers_that_meet_lose_nothing() {
    let sandbox = Sandbox::new();
    let count = 8;
    for seed in 0..count {
        sandbox.write(&format!("{seed}.py"), leak(seed)).stage(&[&format!("{seed}.py")]);
    }
    let json = sandbox.keyhook(&["scan", "--staged", "--format", "json"]).expect(1).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let prints: Vec<String> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["fingerprint"].as_str().unwrap().to_owned())
        .collect();
    let children: Vec<_> = prints
        .iter()
        .map(|print| {
            let mut command = sandbox.command(program(), sandbox.root());
            command.args(["allow", print, "--reason", "a test", "--verdict", "real"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        Run::of(child.wait_with_output().unwrap()).expect(0).says("is staged");
    }
    assert_eq!(parse(&sandbox.read(NAME)).records().count(), prints.len());
    assert_eq!(sandbox.git(&["diff", "--name-only"]), "", "what is staged is the last one");
    nothing_left_over(&sandbox);
}

#[test]
fn what_a_killed_writer_left_goes_away() {
    let sandbox = Sandbox::new();
    sandbox.commit("a.py", leak(1)).write(".keyhook-baseline-x9.tmp", "half");
    // A lock file that nobody holds.
    std::fs::create_dir_all(sandbox.path(".git/keyhook")).unwrap();
    sandbox.write(".git/keyhook/lock", "");
    sandbox.keyhook(&["baseline", "create"]).expect(0);
    nothing_left_over(&sandbox);
}

#[track_caller]
fn nothing_left_over(sandbox: &Sandbox) {
    let left = |folder: &Path| {
        let names = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name());
        names
            .map(|name| name.to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".tmp") || name == "lock")
            .collect::<Vec<_>>()
    };
    assert!(left(sandbox.root()).is_empty());
    assert!(left(&sandbox.path(".git/keyhook")).is_empty());
}
