//! Kinds of change: what moved is old, what came is new.

use std::os::unix::fs::symlink;

use super::*;

/// Forty lines that make a file itself when it moves.
fn long_text(middle: &str) -> String {
    let line = |n| format!("def function_{n}(): return {n}\n");
    let half = |range: std::ops::Range<usize>| range.map(line).collect::<String>();
    format!("{}{middle}{}", half(0..20), half(20..40))
}

#[test]
fn a_file_only_announced() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("a/b.py", CLEAN).write("later.py", leak(1));
        repo.run(&["add", "--intent-to-add", "later.py"]).expect(0);
        // Its text is not part of the commit yet.
        repo.put("a/b.py", leak(2)).shows(&["a/b.py"]);
        repo.blocks(&[], &["a/b.py"]);
        repo.put("a/b.py", "other()\n");
        repo.passes(&[]);
        repo.blocks(&["-a"], &["later.py"]);
        repo.blocks(&["later.py"], &["later.py"]);
    });
}

#[test]
fn a_committed_file_only_announced_again() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("app.py", CLEAN).commit("other.py", CLEAN).write("app.py", leak(1));
        repo.run(&["rm", "-q", "--cached", "app.py"]).expect(0);
        repo.run(&["add", "--intent-to-add", "app.py"]).expect(0);
        // The commit would remove it.
        repo.shows(&[]);
        repo.passes(&[]);
        repo.put("app.py", leak(1));
        repo.blocks(&[], &["app.py"]);
    });
}

#[test]
fn a_pure_rename_brings_nothing_new() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("old.py", leak(1));
        repo.run(&["mv", "old.py", "new.py"]).expect(0);
        repo.shows(&[]);
        repo.passes(&[]);
    });
}

#[test]
fn a_rename_with_an_edit() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("old.py", long_text(&leak(1)));
        repo.run(&["mv", "old.py", "new.py"]).expect(0);
        repo.put("new.py", long_text(&format!("{}{}", leak(1), leak(2))));
        repo.blocks(&[], &["new.py"]);
        repo.put("new.py", long_text(&format!("{}edited()\n", leak(1))));
        repo.passes(&[]);
    });
}

#[test]
fn a_file_that_keeps_only_the_key_is_a_new_file() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("old.py", long_text(&leak(1)));
        repo.run(&["rm", "-q", "old.py"]).expect(0);
        repo.put("new.py", leak(1));
        repo.blocks(&[], &["new.py"]);
    });
}

#[test]
fn a_renamed_folder() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("old/deep/a.py", leak(1)).commit("old/b.py", leak(2));
        repo.run(&["mv", "old", "new"]).expect(0);
        repo.put("new/b.py", format!("{}{}", leak(2), leak(3)));
        repo.blocks(&[], &["new/b.py"]);
        repo.put("new/b.py", leak(2));
        repo.passes(&[]);
    });
}

#[test]
fn a_copy_is_another_place() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("old.py", leak(1)).put("copy.py", leak(1));
        repo.shows(&["copy.py"]);
        repo.blocks(&[], &["copy.py"]);
        // Also when the original changes at the same time.
        repo.put("old.py", format!("{}more()\n", leak(1)));
        repo.blocks(&[], &["copy.py"]);
    });
}

#[test]
fn a_change_of_mode_alone() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("run.py", leak(1));
        repo.run(&["update-index", "--chmod=+x", "run.py"]).expect(0);
        repo.passes(&[]);
    });
}

#[test]
fn a_link_whose_target_holds_a_key() {
    each_git(|git| {
        let repo = git.repo();
        symlink(crate::support::key(1), repo.path("link")).unwrap();
        repo.run(&["add", "link"]).expect(0);
        repo.shows(&["link"]);
        repo.blocks(&[], &["link"]);
        std::fs::remove_file(repo.path("link")).unwrap();
        symlink("elsewhere", repo.path("link")).unwrap();
        repo.run(&["add", "link"]).expect(0);
        repo.passes(&[]);
    });
}

#[test]
fn a_link_is_not_followed() {
    each_git(|git| {
        let repo = git.repo();
        std::fs::write(repo.beside("private.py"), leak(1)).unwrap();
        symlink("../private.py", repo.path("link")).unwrap();
        repo.run(&["add", "link"]).expect(0);
        repo.passes(&[]);
    });
}

#[test]
fn a_file_becomes_a_link_a_folder_and_a_file_again() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("thing", "text\n").commit("thing.py", CLEAN);
        let becomes = |make: &dyn Fn(&Path)| {
            let path = repo.path("thing");
            std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir_all(&path)).unwrap();
            make(&path);
            repo.run(&["add", "-A"]).expect(0);
        };
        becomes(&|path| symlink(crate::support::key(1), path).unwrap());
        repo.blocks(&[], &["thing"]);
        becomes(&|path| symlink("target", path).unwrap());
        repo.passes(&[]);
        becomes(&|path| {
            std::fs::create_dir(path).unwrap();
            std::fs::write(path.join("inside.py"), leak(2)).unwrap();
        });
        repo.blocks(&[], &["thing/inside.py"]);
        repo.put("thing/inside.py", CLEAN);
        repo.passes(&[]);
        becomes(&|path| std::fs::write(path, leak(3)).unwrap());
        repo.blocks(&[], &["thing"]);
        repo.put("thing", CLEAN);
        repo.passes(&[]);
    });
}

#[test]
fn deletions_pass() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("a/one.py", leak(1)).commit("a/two.py", leak(2)).commit("b.py", leak(3));
        repo.run(&["rm", "-q", "a/one.py"]).expect(0);
        repo.passes(&[]);
        repo.run(&["rm", "-q", "-r", "."]).expect(0);
        repo.passes(&[]);
    });
}

#[test]
fn a_key_that_moves_within_its_file_is_old() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("app.py", format!("first()\n{}", leak(1)));
        repo.put("app.py", format!("if ready:\n    {}first()\n", leak(1)));
        repo.shows(&[]);
        repo.passes(&[]);
        repo.put("app.py", leak(1).replace("client", "service"));
        repo.passes(&[]);
    });
}

#[test]
fn another_key_on_the_same_line_is_new() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("app.py", leak(1)).put("app.py", leak(2));
        repo.blocks(&[], &["app.py"]);
        repo.put("app.py", format!("{}  {}", leak(1).trim_end(), leak(2)));
        repo.blocks(&[], &["app.py"]);
    });
}

#[test]
fn a_key_that_was_taken_out_and_comes_back_is_new() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("app.py", leak(1)).commit("app.py", CLEAN).put("app.py", leak(1));
        repo.blocks(&[], &["app.py"]);
    });
}

#[test]
fn files_in_many_folders_at_once() {
    each_git(|git| {
        let repo = git.repo();
        // Names around `/` in git's order of folders and files.
        let names = ["a-b/x.py", "a.py", "a/b/c.py", "a/b.py", "a0.py", "ab/x.py", "z.py"];
        names.iter().for_each(|name| {
            repo.commit(name, CLEAN);
        });
        names.iter().zip(1..).for_each(|(name, seed)| {
            repo.put(name, leak(seed));
        });
        repo.shows(&names);
        repo.blocks(&[], &names);
        repo.blocks(&["a", "a0.py"], &["a/b/c.py", "a/b.py", "a0.py"]);
    });
}
