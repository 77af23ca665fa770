//! Forms of the index and of the repository.

use super::*;

/// Sets configuration before the first entry is staged, then tells the whole story twice: unborn,
/// and with a HEAD that has folders.
fn guards_with(git: &Git, settings: &[(&str, &str)]) {
    let repo = git.repo();
    for (name, value) in settings {
        repo.run(&["config", name, value]).expect(0);
    }
    repo.guards_and_shows("app.py");
    repo.guards_and_shows("deep/er/app.py");
    repo.write("app.py", leak(4));
    repo.blocks(&["app.py"], &["app.py"]);
    repo.blocks(&["-a"], &["app.py"]);
}

#[test]
fn every_version_of_the_index() {
    each_git(|git| {
        for version in ["2", "3", "4"] {
            let repo = git.repo();
            repo.commit("a/one.py", CLEAN).commit("a/two.py", CLEAN).commit("b.py", CLEAN);
            repo.run(&["update-index", "--index-version", version]).expect(0);
            // An entry with extended flags makes git write version 3 where it would write 2.
            repo.run(&["update-index", "--skip-worktree", "b.py"]).expect(0);
            let written = std::fs::read(repo.path(".git/index")).unwrap()[7];
            assert_eq!(written, if version == "4" { 4 } else { 3 });
            repo.guards_and_shows("a/one.py");
            repo.write("a/two.py", leak(3));
            repo.blocks(&["a/two.py"], &["a/two.py"]);
        }
    });
}

#[test]
fn features_that_change_the_index() {
    each_git(|git| {
        guards_with(git, &[("feature.manyFiles", "true")]);
        guards_with(git, &[("index.skipHash", "true")]);
        guards_with(git, &[("core.untrackedCache", "true"), ("core.fsmonitor", "false")]);
    });
}

#[test]
fn an_index_with_offsets_for_threads() {
    each_git(|git| {
        let repo = git.repo();
        repo.run(&["config", "index.threads", "4"]).expect(0);
        let mut listing = String::new();
        let blob = repo.run(&["hash-object", "-w", "--stdin"]).expect(0).out;
        for n in 0..20_000 {
            listing.push_str(&format!("100644 {}\tmany/{}/{n}.py\n", blob.trim(), n % 100));
        }
        repo.run_answering(&["update-index", "--index-info"], &listing).expect(0);
        repo.run(&["commit", "-q", "--no-verify", "-m", "many"]).expect(0);
        repo.run(&["update-index", "--index-version", "4"]).expect(0);
        let index = std::fs::read(repo.path(".git/index")).unwrap();
        assert!(memchr::memmem::find(&index, b"EOIE").is_some(), "git wrote no offset");
        repo.put("app.py", leak(1));
        repo.shows(&["app.py"]);
        repo.blocks(&[], &["app.py"]);
        repo.blocks(&["app.py"], &["app.py"]);
    });
}

#[test]
fn a_split_index() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("a/one.py", CLEAN).commit("a/two.py", CLEAN).commit("b.py", CLEAN);
        repo.run(&["config", "core.splitIndex", "true"]).expect(0);
        repo.run(&["update-index", "--split-index"]).expect(0);
        repo.guards("a/one.py");
        repo.guards("fresh.py");
        // Outside of a hook the cache tree is not complete, and only git can join the two halves.
        let repo = repo.beyond_own_reader();
        repo.put("a/two.py", leak(3)).shows(&["a/two.py"]);
    });
}

#[test]
fn a_split_index_and_a_path() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("a/one.py", CLEAN).commit("a/two.py", CLEAN).commit("b.py", CLEAN);
        repo.run(&["config", "core.splitIndex", "true"]).expect(0);
        repo.run(&["update-index", "--split-index"]).expect(0);
        repo.write("a/two.py", leak(3));
        // git writes the index of such a commit whole or split, as it likes; nothing may be missed.
        let (head, run) = repo.watched(&["commit", "-m", "test", "a/two.py"], "");
        run.says("keyhook: commit blocked: 1 new secret").says("a/two.py");
        assert_eq!(repo.head(), head);
        assert_ne!(repo.reply("own").code, "0");
        assert_eq!(repo.reply("git").paths(), BTreeSet::from(["a/two.py".to_owned()]));
    });
}

/// A repository with folders inside and outside of the sparse part.
fn with_folders(git: &Git) -> Repo {
    let repo = git.repo();
    repo.commit("in/a.py", CLEAN).commit("out/deep/b.py", CLEAN).commit("top.py", CLEAN);
    repo
}

#[test]
fn sparse_checkouts() {
    each_git(|git| {
        for arguments in [&["--cone", "in"][..], &["--no-cone", "/in/"]] {
            let repo = with_folders(git);
            repo.run(&[&["sparse-checkout", "set"], arguments].concat()).expect(0);
            assert!(!repo.path("out/deep/b.py").exists());
            repo.guards_and_shows("in/app.py");
            repo.write("in/a.py", leak(3));
            repo.blocks(&["in/a.py"], &["in/a.py"]);
        }
    });
}

#[test]
fn a_sparse_index() {
    each_git(|git| {
        let repo = with_folders(git);
        repo.run(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]).expect(0);
        let index = std::fs::read(repo.path(".git/index")).unwrap();
        assert!(memchr::memmem::find(&index, b"sdir").is_some(), "the index is not sparse");
        repo.guards_and_shows("in/app.py");
        repo.write("in/a.py", leak(3));
        repo.blocks(&["in/a.py"], &["in/a.py"]);
        repo.write("in/a.py", "other()\n");
        repo.passes(&["in/a.py"]);
        // A file outside of the sparse part, staged on purpose.
        repo.write("out/deep/new.py", leak(5));
        repo.run(&["add", "--sparse", "out/deep/new.py"]).expect(0);
        repo.shows(&["out/deep/new.py"]);
        repo.blocks(&[], &["out/deep/new.py"]);
    });
}

#[test]
fn sha256() {
    each_git(|git| {
        let repo = git.repo_with(&["--object-format=sha256"]);
        repo.guards_and_shows("app.py");
        repo.guards_and_shows("deep/app.py");
        repo.write("app.py", leak(3));
        repo.blocks(&["app.py"], &["app.py"]);
    });
}

#[test]
fn reftable_is_left_to_git() {
    each_git(|git| {
        if !git.knows("reftable", (2, 45)) {
            return;
        }
        let repo = git.repo_with(&["--ref-format=reftable"]).beyond_own_reader();
        repo.guards_and_shows("app.py");
        repo.run(&["checkout", "-q", "--detach"]).expect(0);
        repo.guards_and_shows("app.js");
        repo.run(&["checkout", "-q", "--orphan", "fresh"]).expect(0);
        repo.guards_and_shows("third.py");
    });
}

#[test]
fn extensions() {
    each_git(|git| {
        let mut extensions = vec![("worktreeConfig", "true", Own::Reads)];
        extensions.push(("preciousObjects", "true", Own::Reads));
        if git.knows("extensions.refStorage", (2, 45)) {
            extensions.push(("refStorage", "files", Own::Refuses));
        }
        for (name, value, own_reader) in extensions {
            let mut repo = git.repo();
            repo.run(&["config", "core.repositoryFormatVersion", "1"]).expect(0);
            repo.run(&["config", &format!("extensions.{name}"), value]).expect(0);
            repo.own_reader = own_reader;
            repo.guards_and_shows("app.py");
        }
    });
}

#[test]
fn an_unknown_extension_or_version_is_refused() {
    each_git(|git| {
        for (name, value) in [("extensions.fooBar", "1"), ("core.repositoryFormatVersion", "2")] {
            let repo = git.repo();
            repo.put("app.py", leak(1)).run(&["config", "core.repositoryFormatVersion", "1"]);
            repo.run(&["config", name, value]).expect(0);
            assert_ne!(repo.run(&["commit", "-m", "test"]).code, 0, "git itself refuses");
            for reader in ["own", "git", "auto"] {
                repo.scan(reader).expect(2).says("error: ");
            }
            repo.scan("auto").says("hint: ");
            repo.keyhook(&["hook", "pre-commit"]).expect(2).says("keyhook: commit blocked: ");
        }
    });
}
