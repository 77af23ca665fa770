//! Every kind of call that can fail is made to fail, one after the other, and no staged key passes.
//!
//! A small library is compiled and loaded before the C library's own (`fail.c`). It lets the n-th
//! call of a class fail in a chosen program: n counts up until a run ends without having met one.
//! Whatever fails, in keyhook or in the git that it asks, the answer is 1 (found all the same) or 2.
//! Where the program dies (no memory, no stack), git takes that for a no as well.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::support::{Run, Sandbox, leak, program};

mod baseline;
mod limits;

/// Classes of calls, and how each can fail. `end` and `short` are what a file gives that is cut off
/// while it is read, and what any file or pipe may give at any time.
const CALLS: &[(&str, &[&str])] = &[
    ("open", &["EIO", "EACCES", "EMFILE", "ENOENT", "EINTR"]),
    ("read", &["EIO", "EINTR", "EAGAIN", "ESTALE", "short", "end"]),
    ("stat", &["EIO", "EACCES", "ENOENT"]),
    ("map", &["ENOMEM", "ENODEV"]),
    ("spawn", &["EAGAIN", "ENOENT", "EMFILE"]),
    ("write", &["EIO", "ENOSPC", "EINTR", "short"]),
    ("random", &["EIO", "EINTR"]),
];

/// As above, with one way for each kind of answer; where a run takes ten times as long.
const CALLS_OF_GIT: &[(&str, &[&str])] = &[
    ("open", &["EIO", "ENOENT"]),
    ("read", &["EIO", "short", "end"]),
    ("stat", &["EIO", "ENOENT"]),
    ("map", &["ENOMEM"]),
    ("spawn", &["EAGAIN"]),
    ("write", &["ENOSPC", "short"]),
];

/// Compiles the library once; `None`, said loudly, where there is no C compiler.
fn library() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let compile = || {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/failures/fail.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("keyhook-fail.so");
        let unfinished = library.with_extension(format!("{}.so", std::process::id()));
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&unfinished).arg(source).arg("-ldl");
        let compiled = cc.output().ok().filter(|output| output.status.success());
        if compiled.is_none() || !cfg!(all(target_os = "linux", target_env = "gnu")) {
            eprintln!("SKIPPED: no call can be made to fail here: it needs cc, Linux and glibc");
            return None;
        }
        std::fs::rename(unfinished, &library).expect("in the same folder");
        Some(library)
    };
    LIBRARY.get_or_init(compile).as_deref()
}

/// One way to fail.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// The program in which it happens: keyhook or git.
    program: &'static str,
    class: &'static str,
    how: &'static str,
    /// Whether all calls behind the chosen one fail too.
    is_lasting: bool,
}

impl Plan {
    /// Runs a command so that the n-th call fails; tells whether there was such a call.
    fn run(self, command: &mut Command, n: usize, seen: &Path) -> (Run, bool) {
        let _ = std::fs::remove_file(seen);
        let Plan { program, class, how, is_lasting } = self;
        let times = if is_lasting { "ever" } else { "once" };
        command
            .env("LD_PRELOAD", library().expect("asked before"))
            .env("KEYHOOK_FAIL", format!("{program}:{class}:{how}:{n}:{times}"))
            .env("KEYHOOK_FAIL_SEEN", seen);
        let run = Run::of(command.output().expect("it runs"));
        (run, seen.exists())
    }

    /// Counts up until nothing fails any more, and hands each run to `judge`; returns how many
    /// failed calls there were.
    fn each(
        self,
        sandbox: &Sandbox,
        command: impl Fn() -> Command,
        judge: impl Fn(&Run, String),
    ) -> usize {
        let seen = sandbox.beside("seen");
        // Of memory there are thousands; behind the first ones every so many-th is tried.
        let step = |n| if self.class == "memory" && n > 200 { n + 29 } else { n + 1 };
        let (mut n, mut count) = (0, 0);
        loop {
            let (run, has_failed) = self.run(&mut command(), n, &seen);
            judge(&run, format!("{self:?}, call {n}: code {}\n{}", run.code, run.text()));
            if !has_failed {
                return count;
            }
            n = step(n);
            count += 1;
        }
    }
}

/// A repository in which a key is staged.
fn plain() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit("README", "text\n").commit("src/app.py", "client = Anthropic()\n");
    sandbox.write("src/app.py", leak(1)).stage(&["src/app.py"]);
    sandbox.git(&["write-tree"]);
    sandbox
}

/// All that keyhook reads at once: a merge with a conflict, a baseline, settings, an object that
/// the worktree does not hold, and folders of which the cache tree knows nothing.
fn rich() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit(".keyhook.toml", "exclude = [\"vendor/**\"]\n").commit("old.py", leak(7));
    sandbox.keyhook(&["baseline", "create"]).expect(0);
    sandbox.git(&["commit", "-q", "-m", "baseline"]);
    sandbox.commit("src/app.py", "client = Anthropic()\n").commit("c", "base\n");
    sandbox.git(&["checkout", "-q", "-b", "side"]);
    sandbox.commit("c", "side\n").git(&["checkout", "-q", "main"]);
    sandbox.commit("c", "main\n");
    assert_ne!(sandbox.try_git(&["merge", "side"]).code, 0, "a conflict");
    sandbox.write("c", "both\n").write("src/app.py", leak(1)).stage(&["."]);
    sandbox.write("src/app.py", "client = other()\n");
    sandbox
}

/// As `plain`, with everything packed and the new version in the object database alone.
fn packed() -> Sandbox {
    let sandbox = plain();
    sandbox.git(&["gc", "-q"]);
    sandbox.write("src/app.py", "client = other()\n");
    sandbox
}

fn hook(sandbox: &Sandbox, reader: &str) -> Command {
    let mut command = sandbox.command(program(), sandbox.root());
    command.args(["hook", "pre-commit", "--reader", reader]).env("GIT_INDEX_FILE", ".git/index");
    command
}

/// Lets every call of the hook fail and expects a no each time.
#[track_caller]
fn never_passes(
    sandbox: &Sandbox,
    calls: &[(&'static str, &'static [&'static str])],
    program: &'static str,
    is_lasting: bool,
    command: impl Fn() -> Command,
) {
    if library().is_none() {
        return;
    }
    let mut counts = BTreeMap::new();
    for &(class, hows) in calls {
        for &how in hows {
            // Who is told to try again does; for ever, if it goes on for ever.
            if is_lasting && matches!(how, "EINTR" | "EAGAIN") && class != "spawn" {
                continue;
            }
            let plan = Plan { program, class, how, is_lasting };
            let count = plan.each(sandbox, &command, |run, what| {
                // Without memory or a stack the program ends with a signal, before it has begun.
                let may_die = matches!(class, "map" | "memory");
                assert!(matches!(run.code, 1 | 2) || run.code == -1 && may_die, "{what}");
                assert_eq!(run.code == 2, run.err.contains("keyhook: ") && run.code != 1, "{what}");
            });
            *counts.entry(class).or_insert(0) += count;
        }
    }
    // Otherwise this would be a test of nothing.
    assert!(counts["open"] > 10 && counts["read"] > 10, "{counts:?}");
}

#[test]
fn the_own_reader() {
    for sandbox in [plain(), rich(), packed()] {
        never_passes(&sandbox, CALLS, "keyhook", false, || hook(&sandbox, "auto"));
    }
}

#[test]
fn the_own_reader_and_it_stays_so() {
    for sandbox in [plain(), rich(), packed()] {
        never_passes(&sandbox, CALLS, "keyhook", true, || hook(&sandbox, "auto"));
    }
}

#[test]
fn the_own_reader_alone() {
    // What git makes good elsewhere has to be a no here.
    for sandbox in [plain(), rich(), packed()] {
        never_passes(&sandbox, CALLS, "keyhook", false, || {
            let mut command = hook(&sandbox, "auto");
            command.env("PATH", "/nonexistent");
            command
        });
    }
}

#[test]
fn the_reader_that_asks_git() {
    for sandbox in [plain(), rich()] {
        never_passes(&sandbox, CALLS_OF_GIT, "keyhook", false, || hook(&sandbox, "git"));
    }
}

#[test]
fn inside_the_git_that_is_asked() {
    let sandbox = rich();
    never_passes(&sandbox, CALLS_OF_GIT, "git", false, || hook(&sandbox, "git"));
    never_passes(&sandbox, CALLS_OF_GIT, "git", true, || hook(&sandbox, "git"));
}

#[test]
fn no_memory() {
    if library().is_none() {
        return;
    }
    for (sandbox, is_lasting) in [(plain(), false), (rich(), true)] {
        let plan = Plan { program: "keyhook", class: "memory", how: "ENOMEM", is_lasting };
        let judge = |run: &Run, what| assert!(matches!(run.code, -1 | 1 | 2), "{what}");
        assert!(plan.each(&sandbox, || hook(&sandbox, "auto"), judge) > 100);
    }
}

#[test]
fn a_real_commit_is_stopped() {
    if library().is_none() {
        return;
    }
    let sandbox = plain();
    sandbox.install();
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    let commit = || {
        let mut command = sandbox.command("git", sandbox.root());
        command.args(["commit", "-q", "-m", "test"]);
        command
    };
    for (class, how) in [("open", "EMFILE"), ("read", "EIO"), ("stat", "EIO"), ("map", "ENOMEM")] {
        let plan = Plan { program: "keyhook", class, how, is_lasting: true };
        plan.each(&sandbox, commit, |run, what| assert_ne!(run.code, 0, "{what}"));
        assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), head, "a commit was made");
    }
}

#[test]
fn a_clean_commit_is_never_called_a_finding() {
    if library().is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.commit("app.py", "one()\n").write("app.py", "two()\n").stage(&["app.py"]);
    for &(class, hows) in CALLS {
        for &how in hows.iter().filter(|how| **how != "end") {
            let plan = Plan { program: "keyhook", class, how, is_lasting: false };
            plan.each(
                &sandbox,
                || hook(&sandbox, "auto"),
                |run, what| {
                    assert!(matches!(run.code, 0 | 2) || class == "map", "{what}");
                },
            );
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_not_clean() {
    if library().is_none() {
        return;
    }
    let sandbox = Sandbox::without_repository();
    sandbox.write("a/app.py", leak(1));
    for &(class, hows) in CALLS {
        // A file that is not there any more, or shorter by now, is what it is.
        for &how in hows.iter().filter(|how| !matches!(**how, "ENOENT" | "end")) {
            let plan = Plan { program: "keyhook", class, how, is_lasting: false };
            let scan = || {
                let mut command = sandbox.command(program(), sandbox.root());
                command.arg("scan");
                command
            };
            plan.each(&sandbox, scan, |run, what| {
                assert!(matches!(run.code, 1 | 2) || run.code == -1 && class == "map", "{what}");
            });
        }
    }
}
