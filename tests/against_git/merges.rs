//! Commits with more than one parent, and commits in the middle of something else.

use super::*;

/// A branch `side` and a branch `main` whose `app.py` are in conflict; `main` is checked out.
fn diverged(git: &Git, on_main: &str, on_side: &str) -> Repo {
    let repo = git.repo();
    repo.commit("app.py", "base()\n");
    repo.run(&["checkout", "-q", "-b", "side"]).expect(0);
    repo.commit("app.py", on_side).commit("from_side.py", leak(7));
    repo.run(&["checkout", "-q", "main"]).expect(0);
    repo.commit("app.py", on_main);
    repo
}

#[test]
fn a_merge_with_a_conflict() {
    each_git(|git| {
        let repo = diverged(git, "main()\n", "side()\n");
        assert_ne!(repo.run(&["merge", "-q", "side"]).code, 0, "it is a conflict");
        // The other branch's own key is not new; the one of the resolution is.
        repo.put("app.py", format!("main()\nside()\n{}", leak(1)));
        repo.blocks(&[], &["app.py"]);
        repo.put("app.py", "main()\nside()\n");
        repo.passes(&[]);
    });
}

#[test]
fn a_key_of_either_parent_is_old() {
    each_git(|git| {
        for (on_main, on_side) in [(leak(3), "side()\n".to_owned()), ("main()\n".into(), leak(3))] {
            let repo = diverged(git, &on_main, &on_side);
            assert_ne!(repo.run(&["merge", "-q", "side"]).code, 0, "it is a conflict");
            repo.put("app.py", format!("{on_main}{on_side}more()\n"));
            repo.passes(&[]);
        }
    });
}

#[test]
fn a_key_of_one_parent_is_new_in_another_file() {
    each_git(|git| {
        let repo = diverged(git, "main()\n", "side()\n");
        assert_ne!(repo.run(&["merge", "-q", "side"]).code, 0, "it is a conflict");
        repo.put("app.py", "main()\n").put("copy.py", leak(7));
        repo.blocks(&[], &["copy.py"]);
    });
}

#[test]
fn merges_that_wait_for_a_commit() {
    each_git(|git| {
        // Two parents, and three.
        for branches in [&["one"][..], &["one", "two"]] {
            let repo = git.repo();
            repo.commit("app.py", CLEAN);
            for branch in branches {
                repo.run(&["checkout", "-q", "-b", branch, "main"]).expect(0);
                repo.commit(&format!("{branch}.py"), leak(1));
            }
            repo.run(&["checkout", "-q", "main"]).expect(0);
            let merge = [&["merge", "-q", "--no-ff", "--no-commit"], branches].concat();
            repo.run(&merge).expect(0);
            repo.put("app.py", leak(2));
            repo.blocks(&[], &["app.py"]);
            repo.put("app.py", TAKEN_OUT);
            repo.passes(&[]);
        }
    });
}

#[test]
fn a_squashed_merge_is_no_merge() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("app.py", CLEAN).run(&["checkout", "-q", "-b", "side"]).expect(0);
        repo.commit("side.py", leak(1)).run(&["checkout", "-q", "main"]).expect(0);
        repo.run(&["merge", "-q", "--squash", "side"]).expect(0);
        repo.blocks(&[], &["side.py"]);
    });
}

#[test]
fn a_cherry_pick_with_a_conflict() {
    each_git(|git| {
        for finish in [&["commit", "-q", "-m", "test"][..], &["cherry-pick", "--continue"]] {
            let repo = diverged(git, "main()\n", "side()\n");
            assert_ne!(repo.run(&["cherry-pick", "side~"]).code, 0, "it is a conflict");
            repo.put("app.py", leak(1));
            repo.stops(finish, "", &["app.py"]);
            repo.put("app.py", TAKEN_OUT);
            repo.goes_on(finish, "");
        }
    });
}

#[test]
fn a_picked_key_is_new_here() {
    each_git(|git| {
        let repo = diverged(git, "main()\n", &leak(3));
        assert_ne!(repo.run(&["cherry-pick", "side~"]).code, 0, "it is a conflict");
        repo.put("app.py", leak(3));
        repo.blocks(&[], &["app.py"]);
    });
}

#[test]
fn a_revert_with_a_conflict() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("app.py", leak(1)).commit("app.py", "two()\n").commit("app.py", "three()\n");
        assert_ne!(repo.run(&["revert", "--no-edit", "HEAD~"]).code, 0, "it is a conflict");
        repo.put("app.py", leak(1));
        repo.blocks(&[], &["app.py"]);
        repo.put("app.py", TAKEN_OUT);
        repo.passes(&[]);
    });
}

#[test]
fn a_rebase_stopped_for_editing() {
    each_git(|git| {
        let repo = git.repo().with("GIT_SEQUENCE_EDITOR", "sed -i -e s/^pick/edit/");
        repo.commit("app.py", "one()\n").commit("app.py", "two()\n").commit("app.py", "three()\n");
        repo.run(&["rebase", "-q", "-i", "HEAD~2"]);
        assert!(repo.path(".git/rebase-merge").exists(), "the rebase has not stopped");
        repo.put("app.py", leak(1));
        repo.blocks(&["--amend"], &["app.py"]);
        repo.put("app.py", TAKEN_OUT);
        repo.passes(&["--amend"]);
        repo.put("between.py", leak(2));
        repo.blocks(&[], &["between.py"]);
    });
}

#[test]
fn a_rebase_with_a_conflict() {
    each_git(|git| {
        let repo = diverged(git, "main()\n", "side()\n");
        assert_ne!(repo.run(&["rebase", "-q", "side"]).code, 0, "it is a conflict");
        repo.put("app.py", leak(1));
        repo.blocks(&[], &["app.py"]);
        repo.put("app.py", TAKEN_OUT);
        repo.passes(&[]);
        repo.run(&["rebase", "--continue"]).expect(0);
    });
}

#[test]
fn a_merge_in_a_linked_worktree() {
    each_git(|git| {
        let repo = diverged(git, "main()\n", "side()\n");
        let linked = repo.beside("linked");
        let add = ["worktree", "add", "-q", "-b", "linked", &linked.display().to_string(), "main"];
        repo.run(&add).expect(0);
        let repo = repo.in_worktree(linked);
        assert_ne!(repo.run(&["merge", "-q", "side"]).code, 0, "it is a conflict");
        repo.put("app.py", leak(1));
        repo.blocks(&[], &["app.py"]);
        repo.put("app.py", "main()\nside()\n");
        repo.passes(&[]);
    });
}
