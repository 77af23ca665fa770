//! The baseline is the old one or the new one, whatever fails while it is written.

use super::*;

const NAME: &str = ".secrets.baseline";

/// A repository with a baseline and, staged, a key that is not in it yet.
fn with_baseline() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit("old.py", leak(1)).keyhook(&["baseline", "create"]).expect(0);
    sandbox.git(&["commit", "-q", "-m", "baseline"]);
    sandbox.write("new.py", leak(2)).stage(&["new.py"]);
    sandbox
}

/// Runs one command with every call failing in turn. Before each, all is as it was.
#[track_caller]
fn all_or_nothing(class: &'static str, how: &'static str, arguments: &[&str]) {
    let sandbox = with_baseline();
    let before = sandbox.read(NAME);
    let run_clean = sandbox.keyhook(arguments).expect(0);
    let after = sandbox.read(NAME);
    assert_ne!(before, after, "{}", run_clean.text());
    let command = || {
        sandbox.write(NAME, &before).stage(&[NAME]);
        let mut command = sandbox.command(program(), sandbox.root());
        command.args(arguments);
        command
    };
    let plan = Plan { program: "keyhook", class, how, is_lasting: false };
    plan.each(&sandbox, command, |run, what| {
        let now = sandbox.read(NAME);
        assert!(now == before || now == after, "half a baseline\n{now}\n{what}");
        let staged = sandbox.git(&["show", &format!(":{NAME}")]);
        if run.code == 0 {
            assert_eq!((&now, &staged), (&after, &after), "it said yes: {what}");
            return;
        }
        assert!(matches!(run.code, 2) || class == "map", "{what}");
        // A no never leaves a key behind that passes although nobody accepted it.
        assert!(staged == before || staged == after, "{what}");
    });
}

#[test]
fn an_update_is_whole_or_not_at_all() {
    if library().is_none() {
        return;
    }
    let hard = [("open", "EIO"), ("read", "EIO"), ("stat", "EACCES"), ("spawn", "EAGAIN")];
    let disk = [("write", "ENOSPC"), ("write", "short"), ("rename", "EIO"), ("rename", "EXDEV")];
    for (class, how) in hard.into_iter().chain(disk) {
        all_or_nothing(class, how, &["baseline", "update"]);
    }
}

#[test]
fn nothing_is_left_beside_a_baseline_that_was_not_written() {
    if library().is_none() {
        return;
    }
    let sandbox = with_baseline();
    let before = sandbox.read(NAME);
    for how in ["ENOSPC", "EIO"] {
        let plan = Plan { program: "keyhook", class: "write", how, is_lasting: true };
        let command = || {
            let mut command = sandbox.command(program(), sandbox.root());
            command.args(["baseline", "update"]);
            command
        };
        let (run, has_failed) = plan.run(&mut command(), 0, &sandbox.beside("seen"));
        assert!(has_failed && run.code == 2, "{}", run.text());
        assert_eq!(sandbox.read(NAME), before);
        let status = sandbox.git(&["status", "--porcelain", "--untracked-files=all"]);
        assert!(!status.contains(".tmp"), "{status}");
    }
}
