//! Hostile repositories cost neither memory nor time, and never pass unseen.

use std::io::Write;
use std::time::Duration;

use super::*;

/// Runs keyhook, and fails if it takes longer than this or uses more memory.
#[track_caller]
pub(super) fn within(sandbox: &Sandbox, seconds: u64, megabytes: u64, arguments: &[&str]) -> Run {
    let keyhook = program();
    let limit = megabytes * 1024;
    let script = format!("ulimit -v {limit} && exec '{}' \"$@\"", keyhook.display());
    let mut command = sandbox.command("sh", sandbox.root());
    command.args(["-c", &script, "keyhook"]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("keyhook runs");
    let started = std::time::Instant::now();
    let mut left = vec![child.stdout.take().map(collect), child.stderr.take().map(collect)];
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is ours") {
            break status;
        }
        if started.elapsed() > Duration::from_secs(seconds) {
            child.kill().expect("it is ours");
            panic!("{arguments:?} takes longer than {seconds} s");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let mut text = || left.remove(0).expect("a pipe").join().expect("it ends");
    Run { code: status.code().unwrap_or(-1), out: text(), err: text() }
}

fn collect(mut from: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Runs git with a text on its standard input.
fn git_with(sandbox: &Sandbox, arguments: &[&str], input: &[u8]) -> Run {
    let mut command = sandbox.command("git", sandbox.root());
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("git runs");
    child.stdin.take().expect("a pipe").write_all(input).expect("it reads");
    Run::of(child.wait_with_output().expect("it ends")).expect(0)
}

fn stored(sandbox: &Sandbox, content: impl AsRef<[u8]>) -> String {
    git_with(sandbox, &["hash-object", "-w", "--stdin"], content.as_ref()).out.trim().to_owned()
}

/// Stages a path that no file system needs to be able to hold.
fn stage_as(sandbox: &Sandbox, id: &str, path: &str) {
    let line = format!("100644 {id} 0\t{path}\0");
    git_with(sandbox, &["update-index", "-z", "--index-info"], line.as_bytes());
}

#[test]
fn a_long_token_is_explained() {
    let sandbox = Sandbox::new();
    for example in
        ["secret_key = \"{{alnum 60000}}\"\n", "u = 'data:image/png;base64,{{base64 40000}}'\n"]
    {
        sandbox.write("a.py", filled(example, 1));
        within(&sandbox, 60, 500, &["scan", "--explain", "a.py:1"]).expect(0).says("a.py:1");
    }
}

#[test]
fn folders_in_folders() {
    for depth in [200, 255, 256, 257, 1000, 4000] {
        let sandbox = Sandbox::new();
        let id = stored(&sandbox, leak(1));
        let path = format!("{}app.py", "a/".repeat(depth));
        stage_as(&sandbox, &id, &path);
        // With and without a cache tree.
        for _ in 0..2 {
            let run = within(&sandbox, 60, 500, &["scan", "--staged", "--format", "json"]);
            run.expect(1).says(&path);
            if sandbox.try_git(&["write-tree"]).code != 0 {
                break;
            }
        }
    }
}

#[test]
fn a_path_of_4096_bytes_and_more() {
    for len in [4095, 4096, 5000, 70_000] {
        let sandbox = Sandbox::new();
        let id = stored(&sandbox, leak(1));
        let path = format!("{}/app.py", "n".repeat(len - 7));
        stage_as(&sandbox, &id, &path);
        for reader in ["own", "git"] {
            let run =
                sandbox.keyhook(&["scan", "--staged", "--format", "json", "--reader", reader]);
            run.expect(1).says(&path);
        }
    }
}

#[test]
fn many_entries_in_one_folder() {
    // The script beside this file takes a million.
    let sandbox = Sandbox::new();
    let (clean, key) = (stored(&sandbox, "x\n"), stored(&sandbox, leak(1)));
    let lines = |number| format!("100644 {clean} 0\tmany/{number:06}\n");
    let lines: String = (0..50_000).map(lines).collect();
    git_with(&sandbox, &["update-index", "--index-info"], lines.as_bytes());
    sandbox.git(&["commit", "-q", "--no-verify", "-m", "many"]);
    stage_as(&sandbox, &key, "many/025000x");
    for _ in 0..2 {
        within(&sandbox, 60, 500, &["scan", "--staged"]).expect(1).says("many/025000x:1:");
        sandbox.git(&["write-tree"]);
    }
}

#[test]
fn a_bomb_of_trees_in_head() {
    // Ten thousand million files in HEAD, all of them removed, and one file with a key added.
    let sandbox = Sandbox::new();
    let mut id = stored(&sandbox, leak(7));
    let mut mode = "100644 blob";
    for _ in 0..10 {
        let lines: String = (0..10).map(|number| format!("{mode} {id}\tf{number}\n")).collect();
        id = git_with(&sandbox, &["mktree"], lines.as_bytes()).out.trim().to_owned();
        mode = "040000 tree";
    }
    let commit = sandbox.git(&["commit-tree", "-m", "bomb", &id]);
    sandbox.git(&["update-ref", "refs/heads/main", commit.trim()]);
    let key = stored(&sandbox, leak(1));
    stage_as(&sandbox, &key, "new/app.py");
    sandbox.git(&["write-tree"]);
    within(&sandbox, 120, 800, &["scan", "--staged", "--reader", "own"])
        .expect(1)
        .says("app.py:1:");
}

#[test]
fn a_file_full_of_keys() {
    let sandbox = Sandbox::new();
    let text: String = (0..10_050).map(leak).collect();
    sandbox.write("dump.py", &text).stage(&["dump.py"]);
    let run = within(&sandbox, 300, 500, &["hook", "pre-commit"]).expect(2);
    run.says("10000 new secrets in 1 file")
        .says("dump.py: 50 more matches were counted, but not looked at one by one")
        .says("`exclude` in .keyhook.toml");
}

#[test]
fn what_is_no_file_in_the_worktree() {
    let sandbox = Sandbox::new();
    for name in ["pipe", "loop", "zero", "folder", "holes", ".keyhook.toml", ".secrets.baseline"] {
        let content = if name.starts_with('.') { String::new() } else { leak(1) };
        sandbox.write(name, content).stage(&[name]);
        std::fs::remove_file(sandbox.path(name)).unwrap();
    }
    let at = |name: &str| sandbox.path(name);
    let fifo = |name: &str| {
        let made = std::process::Command::new("mkfifo").arg(at(name)).status().unwrap();
        assert!(made.success());
    };
    ["pipe", ".keyhook.toml", ".secrets.baseline"].into_iter().for_each(fifo);
    std::os::unix::fs::symlink("loop", at("loop")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", at("zero")).unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    std::fs::File::create(at("holes")).unwrap().set_len(1 << 42).unwrap();
    sandbox.git(&["rm", "-q", "--cached", "-f", ".secrets.baseline"]);
    let run = within(&sandbox, 20, 300, &["hook", "pre-commit"]).expect(1);
    run.says("5 new secrets in 5 files");
    // What the worktree holds of it is said, and nothing waits for it.
    for arguments in [&["scan", "pipe"][..], &["scan", "loop", "zero"], &["scan", "--staged"]] {
        within(&sandbox, 20, 300, arguments);
    }
    within(&sandbox, 20, 300, &["scan", "pipe"]).expect(2).says(".keyhook.toml: cannot read it");
}

#[test]
fn links_that_lead_in_circles() {
    let sandbox = Sandbox::without_repository();
    sandbox.write("a/app.py", leak(1));
    std::os::unix::fs::symlink("..", sandbox.path("a/up")).unwrap();
    std::os::unix::fs::symlink("itself", sandbox.path("a/itself")).unwrap();
    within(&sandbox, 20, 300, &["scan"]).expect(1).says("1 new secret in 1 file");
}

#[test]
fn a_file_that_changes_while_it_is_read() {
    let sandbox = Sandbox::new();
    sandbox.write("app.py", leak(1)).stage(&["app.py"]);
    let path = sandbox.path("app.py");
    let is_over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writer = std::thread::spawn({
        let is_over = is_over.clone();
        move || {
            let mut length = 0;
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                length = (length + 977) % 100_000;
                let _ = std::fs::write(&path, "x".repeat(length));
                let _ = std::fs::remove_file(&path);
            }
        }
    });
    for _ in 0..60 {
        sandbox.keyhook(&["hook", "pre-commit"]).expect(1).says("app.py:1:");
    }
    is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    writer.join().unwrap();
}

#[test]
fn an_index_with_absurd_counts() {
    let sandbox = Sandbox::new();
    sandbox.write("a/b/app.py", leak(1)).stage(&["."]);
    sandbox.git(&["write-tree"]);
    let whole = std::fs::read(sandbox.path(".git/index")).unwrap();
    let tree = memchr::memmem::find(&whole, b"TREE").unwrap();
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = whole.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    let huge = [0xFF; 4];
    let indexes = [
        with(8, &huge),
        with(8, &[0, 0, 0, 0]),
        with(8, &[0x7F, 0xFF, 0xFF, 0xFF]),
        with(tree + 4, &huge),
        with(tree + 4, &[0, 0, 0, 0]),
        with(tree + 9, b"9"),
        with(tree + 11, b"9"),
        with(tree + 9, b"-"),
        with(12 + 60, &huge[..2]),
    ];
    for (number, index) in indexes.iter().enumerate() {
        sandbox.write(".git/index", index);
        for reader in ["own", "git", "auto"] {
            let run = within(&sandbox, 20, 300, &["scan", "--staged", "--reader", reader]);
            assert!(matches!(run.code, 1 | 2), "{number} {reader}: {}", run.text());
            assert!(!run.err.contains("internal error"), "{}", run.err);
        }
    }
}

#[test]
fn every_byte_of_the_index_turned_over() {
    let sandbox = Sandbox::new();
    sandbox.write("a/app.py", leak(1)).write("b.py", "x\n").stage(&["."]);
    sandbox.git(&["write-tree"]);
    let whole = std::fs::read(sandbox.path(".git/index")).unwrap();
    let names = memchr::memmem::find_iter(&whole, "app.py").map(|at| at..at + 6);
    let names: Vec<usize> = names.flatten().collect();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x81;
        sandbox.write(".git/index", &changed);
        let run = sandbox.keyhook(&["scan", "--staged", "--reader", "auto"]);
        // Any answer but "clean"; a crash is none.
        assert!(matches!(run.code, 1 | 2), "byte {at} {names:?}: {} {}", run.code, run.text());
        assert!(!run.err.contains("internal error"), "byte {at}: {}", run.err);
    }
}
