//! The ways of committing.

use super::*;

/// A file whose first and last line can change in separate hunks.
fn two_hunks(first: &str, last: &str) -> String {
    format!("{first}\n{}{last}\n", "pass\n".repeat(30))
}

#[test]
fn the_first_commit_and_a_plain_one() {
    each_git(|git| {
        let repo = git.repo();
        repo.guards_and_shows("app.py");
        repo.guards_and_shows("deep/er/app.py");
    });
}

#[test]
fn an_orphan_branch() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("other.py", CLEAN).run(&["checkout", "-q", "--orphan", "fresh"]).expect(0);
        repo.guards_and_shows("app.py");
    });
}

#[test]
fn a_detached_head() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("other.py", CLEAN).run(&["checkout", "-q", "--detach"]).expect(0);
        repo.guards_and_shows("app.py");
    });
}

#[test]
fn packed_refs_and_objects() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("other.py", CLEAN).run(&["gc", "-q"]).expect(0);
        repo.guards_and_shows("app.py");
    });
}

#[test]
fn commit_all() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("app.py", CLEAN).commit("gone.py", CLEAN).write("app.py", leak(1));
        std::fs::remove_file(repo.path("gone.py")).unwrap();
        repo.blocks(&["-a"], &["app.py"]);
        repo.write("app.py", "other()\n");
        repo.passes(&["-a"]);
    });
}

#[test]
fn commit_patch_takes_only_the_chosen_hunk() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("app.py", two_hunks("a()", "b()"));
        repo.write("app.py", two_hunks(leak(1).trim_end(), "changed()"));
        let patch = ["commit", "-q", "-m", "test", "-p"];
        repo.stops(&patch, "y\nn\n", &["app.py"]);
        repo.goes_on(&patch, "n\ny\n");
    });
}

#[test]
fn commit_include_takes_what_is_staged_too() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("a.py", CLEAN).put("b.py", leak(1)).write("a.py", leak(2));
        repo.blocks(&["-i", "a.py"], &["a.py", "b.py"]);
        repo.put("b.py", CLEAN).write("a.py", "other()\n");
        repo.passes(&["-i", "a.py"]);
    });
}

#[test]
fn commit_of_a_path_leaves_the_rest_aside() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("a/a.py", CLEAN).commit("b/b.py", CLEAN).commit("c.py", CLEAN);
        // The key is staged elsewhere: it is not part of this commit.
        repo.put("b/b.py", leak(1)).write("a/a.py", "other()\n");
        repo.passes(&["a/a.py"]);
        repo.passes(&["-o", "--allow-empty"]);
        // The key is in the path, what is staged elsewhere does not count.
        repo.write("a/a.py", leak(2));
        repo.blocks(&["a/a.py"], &["a/a.py"]);
        repo.blocks(&["a"], &["a/a.py"]);
    });
}

#[test]
fn commit_of_a_path_on_an_unborn_branch() {
    each_git(|git| {
        let repo = git.repo();
        repo.put("a.py", leak(1)).put("b.py", leak(2));
        repo.blocks(&["a.py"], &["a.py"]);
        repo.put("a.py", CLEAN);
        repo.passes(&["a.py"]);
    });
}

#[test]
fn amend_looks_at_what_it_adds() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("other.py", CLEAN).put("app.py", leak(1));
        repo.blocks(&["--amend"], &["app.py"]);
        repo.put("app.py", CLEAN);
        repo.passes(&["--amend"]);
    });
}

#[test]
fn an_empty_commit_passes_even_over_an_old_key() {
    each_git(|git| {
        let repo = git.repo();
        repo.passes(&["--allow-empty"]);
        repo.commit("app.py", leak(1));
        repo.passes(&["--allow-empty"]);
    });
}

#[test]
fn from_a_subfolder() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("sub/dir/other.py", CLEAN);
        let folder = repo.path("sub/dir");
        let repo = repo.from(folder);
        repo.guards_and_shows("sub/dir/app.py");
        repo.guards("top.py");
        repo.write("sub/dir/other.py", leak(3));
        repo.blocks(&["other.py"], &["sub/dir/other.py"]);
    });
}

#[test]
fn configuration_on_the_command_line() {
    each_git(|git| {
        let options = ["-c", "core.quotePath=true", "-c", "diff.noprefix=true", "-c", "a.b=c'd e"];
        git.repo().with_options(&options).guards("app.py");
    });
}

#[test]
fn an_index_named_by_the_user() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("other.py", CLEAN);
        let index = repo.beside("index").display().to_string();
        std::fs::copy(repo.path(".git/index"), &index).unwrap();
        let repo = repo.with("GIT_INDEX_FILE", index);
        repo.guards_and_shows("app.py");
    });
}
