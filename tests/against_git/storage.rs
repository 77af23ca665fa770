//! Where git keeps references and objects: both readers find them wherever they are.

use super::*;

/// A repository with a few commits; what is done to it must hide nothing.
fn after(git: &Git, change: impl Fn(&Repo)) -> Repo {
    let repo = git.repo();
    repo.commit("app.py", "one()\n").commit("app.py", "two()\n").commit("a/b.py", CLEAN);
    change(&repo);
    repo
}

#[test]
fn names_of_branches() {
    each_git(|git| {
        for name in ["feature/deep/er", "ä/ö", "v1.0", "heads/main"] {
            let repo = after(git, |repo| {
                repo.run(&["checkout", "-q", "-b", name]).expect(0);
            });
            repo.guards_and_shows("app.py");
        }
    });
}

#[test]
fn a_head_that_is_a_symbolic_link() {
    each_git(|git| {
        let repo = after(git, |repo| {
            std::fs::remove_file(repo.path(".git/HEAD")).unwrap();
            std::os::unix::fs::symlink("refs/heads/main", repo.path(".git/HEAD")).unwrap();
        });
        repo.put("app.py", leak(1)).blocks(&[], &["app.py"]);
    });
}

#[test]
fn packs_with_an_index_over_all_of_them() {
    each_git(|git| {
        let repo = after(git, |repo| {
            repo.run(&["repack", "-q", "-d"]).expect(0);
            repo.commit("c.py", "three()\n").run(&["repack", "-q", "-d"]).expect(0);
            repo.run(&["multi-pack-index", "write", "--bitmap"]);
            repo.run(&["commit-graph", "write", "--reachable"]).expect(0);
        });
        assert!(repo.path(".git/objects/pack/multi-pack-index").exists());
        repo.guards_and_shows("app.py").guards("c.py");
    });
}

#[test]
fn unreachable_objects_in_a_pack_of_their_own() {
    each_git(|git| {
        let repo = after(git, |repo| {
            repo.run(&["reset", "-q", "--hard", "HEAD~1"]).expect(0);
            repo.run(&["reflog", "expire", "--expire=now", "--all"]).expect(0);
            repo.run(&["repack", "-q", "-d", "--cruft"]).expect(0);
        });
        repo.guards_and_shows("app.py");
    });
}

#[test]
fn deltas_and_no_compression() {
    each_git(|git| {
        let long = |end: &str| format!("{}{end}", "line of text\n".repeat(500));
        let repo = after(git, |repo| {
            repo.run(&["config", "core.compression", "0"]).expect(0);
            for end in ["a\n", "b\n", "c\n"] {
                repo.commit("long.py", long(end));
            }
            repo.run(&["gc", "-q", "--aggressive"]).expect(0);
        });
        repo.put("long.py", long(&leak(1))).write("long.py", "elsewhere\n");
        repo.blocks(&[], &["long.py"]);
        // The old version is a delta: what stood in it is old.
        repo.commit("long.py", long(&leak(2))).run(&["gc", "-q", "--aggressive"]).expect(0);
        repo.put("long.py", long(&format!("new()\n{}", leak(2)))).passes(&[]);
    });
}

#[test]
fn a_large_file_goes_straight_into_a_pack() {
    each_git(|git| {
        let repo = after(git, |repo| {
            repo.run(&["config", "core.bigFileThreshold", "1k"]).expect(0);
        });
        repo.put("big.py", format!("{}{}", "text\n".repeat(1000), leak(1)));
        repo.write("big.py", "elsewhere\n").blocks(&[], &["big.py"]);
    });
}

#[test]
fn objects_borrowed_over_a_corner() {
    each_git(|git| {
        let repo = after(git, |_| ());
        for (from, to) in [("repo", "second"), ("second", "third")] {
            let (from, to) = (repo.beside(from), repo.beside(to));
            let (from, to) = (from.display().to_string(), to.display().to_string());
            repo.run(&["clone", "-q", "--shared", &from, &to]).expect(0);
        }
        let third = repo.beside("third");
        let alternates = third.join(".git/objects/info/alternates");
        std::fs::write(&alternates, "# a comment\n../../../second/.git/objects\n").unwrap();
        repo.in_worktree(third).guarded().guards_and_shows("app.py");
    });
}

#[test]
fn helpers_that_watch_the_worktree() {
    each_git(|git| {
        let repo = after(git, |repo| {
            let script = repo.beside("watch");
            std::fs::write(&script, "#!/bin/sh\nprintf 'token\\0/\\0'\n").unwrap();
            set_mode(&script, 0o755);
            repo.run(&["config", "core.fsmonitor", &script.display().to_string()]).expect(0);
            repo.run(&["config", "core.untrackedCache", "true"]).expect(0);
            repo.run(&["update-index", "--fsmonitor", "--untracked-cache"]);
            repo.run(&["status"]).expect(0);
        });
        repo.guards_and_shows("app.py");
    });
}

#[test]
fn an_object_under_the_name_of_another() {
    // git commits it under this name, and shows these bytes to everybody.
    each_git(|git| {
        let repo = after(git, |_| ());
        repo.put("other.py", leak(1)).put("app.py", "three()\n");
        let object = |name: &str| {
            let id = repo.git(&["rev-parse", name]);
            repo.path(&format!(".git/objects/{}/{}", &id[..2], id[2..].trim()))
        };
        let (from, to) = (object(":other.py"), object(":app.py"));
        std::fs::remove_file(&to).unwrap();
        std::fs::copy(from, to).unwrap();
        repo.run(&["rm", "-q", "--cached", "other.py"]).expect(0);
        repo.write("app.py", "elsewhere\n");
        for reader in ["own", "git", "auto"] {
            let run = repo.scan(reader);
            assert!(matches!(run.code, 1 | 2), "{reader}: {}", run.text());
        }
    });
}

#[test]
fn folders_deeper_than_the_own_reader_goes() {
    each_git(|git| {
        let path = format!("{}app.py", "a/".repeat(300));
        let repo = after(git, |_| ()).beyond_own_reader();
        repo.put(&path, leak(1)).blocks(&[], &[&path]);
    });
}
