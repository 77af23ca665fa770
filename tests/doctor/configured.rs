//! Hooks in git's configuration, with a git that runs them; passed over where there is none.

use super::healthy;
use crate::support::{Sandbox, leak, program};

/// A repository that is guarded by git's configuration alone, if this git can do that.
fn configured() -> Option<Sandbox> {
    let sandbox = healthy();
    if sandbox.try_git(&["hook", "list", "pre-push"]).code > 1 {
        eprintln!("this git has no configured hooks");
        return None;
    }
    for event in ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"] {
        let (name, command) = (format!("hook.kh-{event}"), program());
        // git hands the arguments over.
        let command = format!("'{}' hook {event}", command.display());
        sandbox.git(&["config", &format!("{name}.event"), event]);
        sandbox.git(&["config", &format!("{name}.command"), &command]);
    }
    sandbox.keyhook(&["uninstall"]).expect(0);
    Some(sandbox)
}

#[test]
fn the_doctor_says_of_configured_hooks_what_git_does() {
    let Some(sandbox) = configured() else { return };
    sandbox.write("a.py", leak(1)).stage(&["a.py"]);
    sandbox.try_commit(&["-q"]).expect(1).says("commit blocked");
    sandbox.keyhook(&["doctor"]).expect(0).says("runs keyhook from the configuration");
    for (key, value) in [
        ("hook.kh-pre-commit.enabled", "false"),
        ("hook.pre-commit.enabled", "No"),
        ("hook.kh-pre-commit.event", ""),
    ] {
        sandbox.git(&["config", "--add", key, value]);
        sandbox.try_commit(&["-q"]).expect(0);
        let run = sandbox.keyhook(&["doctor"]).expect(1).says("pre-commit: no hook");
        if !value.is_empty() {
            let run = run.says(&format!("switched off by the configuration ({key})"));
            run.says(&format!("git config --unset-all {key}"));
        }
        sandbox.git(&["reset", "-q", "--soft", "HEAD^"]);
        // Only what was added last.
        sandbox.git(&["config", "--unset", "--fixed-value", key, value]);
        sandbox.try_commit(&["-q"]).expect(1);
    }
}

#[test]
fn a_test_key_does_not_run_what_others_have_configured() {
    // An older git runs no such hook anyway.
    let sandbox = healthy();
    let ran = sandbox.beside("ran");
    let command = format!("touch '{}'", ran.display());
    for event in ["pre-commit", "commit-msg", "pre-push"] {
        sandbox.git(&["config", "--add", "hook.other.event", event]);
    }
    sandbox.git(&["config", "hook.other.command", &command]);
    sandbox.keyhook(&["doctor"]).expect(0).says("a test key was blocked: staged, in a merge");
    assert!(!ran.exists());
}
