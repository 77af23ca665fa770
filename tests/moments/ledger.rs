//! The memory of what was looked at: it saves time and never hides anything.

use std::fs;

use super::Guarded;
use crate::support::{key, leak};

fn guarded() -> Guarded {
    Guarded::with_hooks(&["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"])
}

/// Takes the content of a file out of the object database: whoever looks at it fails.
fn make_unreadable(repo: &Guarded, name: &str) {
    let blob = repo.git(&["rev-parse", &format!("HEAD:{name}")]);
    let (folder, file) = blob.trim().split_at(2);
    fs::remove_file(repo.path(&format!(".git/objects/{folder}/{file}"))).unwrap();
}

fn commit(repo: &Guarded, name: &str, text: &str) {
    repo.write(name, text).stage(&[name]);
    repo.try_commit(&["-q"]).expect(0);
}

#[test]
fn what_pre_commit_found_clean_is_not_looked_at_again() {
    let repo = guarded();
    repo.pushes(&["origin", "main"]);
    commit(&repo, "app.py", "client()\n");
    make_unreadable(&repo, "app.py");
    assert_eq!(repo.pre_push(&[]).expect(0).text(), "");
    // Losing the memory costs time, and here the answer.
    fs::remove_file(repo.path(".git/keyhook/seen")).unwrap();
    repo.pre_push(&[]).expect(2);
}

#[test]
fn what_pre_push_found_clean_is_not_looked_at_again() {
    let repo = guarded();
    repo.commit("app.py", "client()\n");
    repo.pre_push(&[]).expect(0);
    make_unreadable(&repo, "app.py");
    repo.pre_push(&[]).expect(0);
}

#[test]
fn a_commit_that_skipped_the_hook_stays_unseen_behind_an_amended_one() {
    let repo = guarded();
    repo.commit("app.py", leak(1));
    // The index is as HEAD, so the hook finds nothing new; the commit still brings the key.
    repo.git(&["commit", "-q", "--amend", "-m", "another message"]);
    repo.is_stopped(&["origin", "main"]).says("app.py:1:");
}

#[test]
fn what_was_blocked_is_never_remembered() {
    let repo = guarded();
    repo.write("app.py", leak(1)).stage(&["app.py"]);
    repo.try_commit(&[]).expect(1);
    repo.commit_unseen("all the same");
    for _ in 0..2 {
        repo.is_stopped(&["origin", "main"]).says("app.py:1:");
    }
}

#[test]
fn other_rules_look_again() {
    let repo = guarded();
    commit(&repo, ".keyhook.toml", "exclude = [\"app.py\"]\n");
    repo.write("app.py", leak(1)).stage(&["app.py"]);
    repo.git(&["commit", "-q", "-m", "with the file left out"]);
    repo.pre_push(&[]).expect(0);
    repo.git(&["rm", "-q", ".keyhook.toml"]);
    repo.git(&["commit", "-q", "-m", "with the file looked at"]);
    repo.is_stopped(&["origin", "main"]).says("app.py:1:");
}

#[test]
fn another_baseline_looks_again() {
    let repo = guarded();
    repo.write("app.py", leak(1)).stage(&["app.py"]);
    repo.keyhook(&["baseline", "create"]).expect(0);
    repo.git(&["add", ".secrets.baseline"]);
    repo.try_commit(&["-q"]).expect(0);
    repo.pre_push(&[]).expect(0);
    repo.git(&["rm", "-q", "-f", ".secrets.baseline"]);
    repo.git(&["commit", "-q", "-m", "no longer accepted"]);
    repo.is_stopped(&["origin", "main"]).says("app.py:1:");
}

#[test]
fn a_clean_merge_is_known_by_both_its_parents() {
    let repo = guarded();
    repo.pushes(&["origin", "main"]);
    repo.git(&["checkout", "-q", "-b", "side"]);
    commit(&repo, "side.py", "side()\n");
    repo.git(&["checkout", "-q", "main"]);
    commit(&repo, "main.py", "main()\n");
    repo.git(&["merge", "-q", "--no-edit", "side"]);
    make_unreadable(&repo, "side.py");
    make_unreadable(&repo, "main.py");
    assert_eq!(repo.pre_push(&[]).expect(0).text(), "");
}

#[test]
fn damage_costs_time_only() {
    let repo = guarded();
    commit(&repo, "app.py", "client()\n");
    let seen = repo.path(".git/keyhook/seen");
    for damaged in [&b"x"[..], b"", &[7; 160], &[0; 4096]] {
        fs::write(&seen, damaged).unwrap();
        assert_eq!(repo.pre_push(&[]).expect(0).text(), "");
        fs::write(&seen, damaged).unwrap();
        repo.commit("app.py", leak(1));
        repo.pre_push(&[]).expect(1);
        repo.git(&["reset", "-q", "--hard", "HEAD^"]);
    }
}

#[test]
fn it_holds_no_secret_and_no_name() {
    let repo = guarded();
    commit(&repo, "app.py", &format!("{}# keyhook:allow\n", leak(1).trim_end()));
    repo.pre_push(&[]).expect(0);
    let bytes = fs::read(repo.path(".git/keyhook/seen")).unwrap();
    let holds =
        |text: &str| bytes.windows(12).any(|part| text.as_bytes().windows(12).any(|t| t == part));
    assert!(!holds(&key(1)) && !holds(&repo.head()));
    assert_eq!(bytes.len() % 16, 0);
}

#[test]
fn uninstall_takes_it_away() {
    let repo = guarded();
    repo.keyhook(&["install"]).expect(0);
    commit(&repo, "app.py", "client()\n");
    assert!(repo.path(".git/keyhook/seen").exists());
    repo.keyhook(&["uninstall"]).expect(0);
    assert!(!repo.path(".git/keyhook").exists());
}
