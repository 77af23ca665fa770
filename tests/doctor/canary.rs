//! The doctor's test keys: each hook that is keyhook's own must block one, and nothing stays behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::healthy;
use crate::installer::picture;
use crate::support::Sandbox;

fn script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_hook_that_lets_a_test_key_through_is_wrong_at_each_moment() {
    for (event, said) in [
        ("pre-commit", "a staged canary was not blocked"),
        ("pre-merge-commit", "a staged canary was not blocked"),
        ("commit-msg", "a canary in a message was not blocked"),
        ("pre-push", "a canary in a pushed commit was not blocked"),
    ] {
        let sandbox = healthy();
        sandbox.keyhook(&["doctor"]).expect(0);
        let hook = sandbox.path(&format!(".git/hooks/{event}"));
        // It reads like keyhook's, and leaves before keyhook is asked.
        let text = fs::read_to_string(&hook).unwrap().replace("keyhook=", "exit 0\nkeyhook=");
        fs::write(&hook, text).unwrap();
        sandbox.keyhook(&["doctor"]).expect(1).says(said);
    }
}

#[test]
fn a_test_push_leaves_nothing_and_runs_nobody_elses_hook() {
    let sandbox = Sandbox::new();
    let ran = sandbox.beside("ran");
    let hook = sandbox.path(".git/hooks/pre-push");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    script(&hook, &format!("#!/bin/sh\ntouch '{}'\n", ran.display()));
    sandbox.install();
    // A newer git tidies up in the background after a commit.
    sandbox.git(&["config", "maintenance.auto", "false"]);
    sandbox.commit("a.py", "x = 1\n");
    let before = picture(&sandbox.path(".git"));
    sandbox.keyhook(&["doctor"]).says("in a message and in a push");
    let after = picture(&sandbox.path(".git"));
    let other = |name: &&String| before.get(*name) != after.get(*name);
    let others: Vec<&String> = before.keys().chain(after.keys()).filter(other).collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(!ran.exists());
    // Git itself runs it, so it is the right file that stayed asleep.
    let bare = sandbox.beside("bare.git");
    sandbox.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
    sandbox.git(&["push", "-q", bare.to_str().unwrap(), "HEAD:refs/heads/main"]);
    assert!(ran.exists());
}

#[test]
fn a_server_is_tried_with_a_push_that_arrives() {
    for arguments in [&["--bare"][..], &["--bare", "--object-format=sha256"]] {
        let sandbox = Sandbox::with_init(arguments);
        sandbox.keyhook(&["install"]).expect(0);
        let before = picture(sandbox.root());
        sandbox.keyhook(&["doctor"]).says("in a push and in a push to here");
        assert!(before == picture(sandbox.root()));
        let hook = sandbox.path("hooks/pre-receive");
        let text = fs::read_to_string(&hook).unwrap().replace("keyhook=", "exit 0\nkeyhook=");
        fs::write(&hook, text).unwrap();
        sandbox.keyhook(&["doctor"]).expect(1).says("pushed commit was not blocked");
    }
}

#[test]
fn a_folder_of_git_elsewhere_does_not_hide_the_worktree() {
    let sandbox = Sandbox::without_repository();
    let (work, elsewhere) = (sandbox.path("work"), sandbox.path("elsewhere"));
    let elsewhere = format!("--separate-git-dir={}", elsewhere.display());
    sandbox.git(&["init", "-q", &elsewhere, work.to_str().unwrap()]);
    sandbox.keyhook(&["install", "work"]).expect(0);
    sandbox.write("work/.env", "ENGINE_ROOM=otter blue, nine lives\n");
    let run = sandbox.keyhook(&["doctor", "work"]).expect(1).says("and in a push");
    run.says(".env is not ignored");
}
