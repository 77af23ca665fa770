//! All repositories of a user, with their own hooks alive.

use std::fs;

use super::events::script;
use super::{blocks, picture};
use crate::support::{Sandbox, leak};

#[test]
fn every_repository_is_guarded_and_keeps_its_hooks() {
    let sandbox = Sandbox::new();
    let log = sandbox.beside("log");
    let write = |name: &str| {
        let text =
            format!("#!/bin/sh\necho \"{name} $*\" >> '{}'\ncat > /dev/null\n", log.display());
        script(&sandbox.path(".git/hooks").join(name), &text);
    };
    for name in ["pre-commit", "prepare-commit-msg", "post-commit", "post-checkout", "pre-push"] {
        write(name);
    }
    let run = sandbox.keyhook(&["install", "--global"]).expect(0);
    run.says("every repository of this user is guarded: a staged test key was blocked");
    sandbox.write("a.txt", "a").stage(&["a.txt"]).try_commit(&["-q"]).expect(0);
    sandbox.git(&["checkout", "-q", "-b", "other"]);
    let remote = sandbox.beside("remote");
    sandbox.git(&["init", "-q", "--bare", remote.to_str().unwrap()]);
    sandbox.git(&["push", "-q", remote.to_str().unwrap(), "other"]);
    let ran = fs::read_to_string(&log).unwrap();
    let names: Vec<&str> = ran.lines().map(|line| line.split(' ').next().unwrap()).collect();
    let all = ["pre-commit", "prepare-commit-msg", "post-commit", "post-checkout", "pre-push"];
    assert_eq!(names, all, "{ran}");
    blocks(&sandbox);
    // A repository that is made later, and one that nobody touched.
    let later = sandbox.beside("later");
    sandbox.git(&["init", "-q", later.to_str().unwrap()]);
    fs::write(later.join("a.py"), leak(1)).unwrap();
    sandbox.git_in(&later, &["add", "a.py"]).expect(0);
    sandbox.git_in(&later, &["commit", "-m", "x"]).expect(1).says("commit blocked");
}

#[test]
fn worktrees_and_submodules_run_the_hooks_of_their_repository() {
    let sandbox = Sandbox::new();
    sandbox.commit("a.txt", "a");
    let inner = sandbox.beside("inner");
    sandbox.git(&["init", "-q", "-b", "main", inner.to_str().unwrap()]);
    sandbox.git_in(&inner, &["commit", "-q", "--allow-empty", "-m", "x"]).expect(0);
    let allow = "protocol.file.allow=always";
    sandbox.git(&["-c", allow, "submodule", "--quiet", "add", inner.to_str().unwrap(), "sub"]);
    let linked = sandbox.beside("linked");
    sandbox.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "other"]);
    script(&sandbox.path(".git/hooks/pre-commit"), "#!/bin/sh\necho hook of the repository >&2\n");
    script(
        &sandbox.path(".git/modules/sub/hooks/pre-commit"),
        "#!/bin/sh\necho hook of the submodule >&2\n",
    );
    sandbox.keyhook(&["install", "--global"]).expect(0);
    for (folder, said) in
        [(linked, "hook of the repository"), (sandbox.path("sub"), "hook of the submodule")]
    {
        fs::write(folder.join("b.py"), leak(2)).unwrap();
        sandbox.git_in(&folder, &["add", "b.py"]).expect(0);
        sandbox.git_in(&folder, &["commit", "-m", "x"]).expect(1).says(said).says("commit blocked");
    }
}

#[test]
fn it_comes_out_without_a_trace() {
    for config in [
        None,
        Some("[user]\n\tname = a\n"),
        Some("[core]\n\teditor = x\n[user]\n\tname = a\n"),
        Some("# only a comment\n"),
    ] {
        let sandbox = Sandbox::new();
        let home = sandbox.beside("home");
        fs::create_dir(home.join(".config")).unwrap();
        if let Some(config) = config {
            fs::write(home.join(".gitconfig"), config).unwrap();
        }
        let before = picture(&home);
        sandbox.keyhook(&["install", "--global"]).expect(0);
        let inside = picture(&home);
        sandbox.keyhook(&["install", "--global"]).expect(0).says("guarded already");
        assert!(inside == picture(&home), "twice changes nothing");
        sandbox.keyhook(&["uninstall", "--global"]).expect(0).says("taken out of every repository");
        let mut after = picture(&home);
        if config.is_none() {
            // git leaves an empty file behind.
            assert!(after.remove(".gitconfig").is_none_or(|(_, text)| text.is_empty()));
        }
        assert!(before == after, "{config:?}");
        sandbox.keyhook(&["uninstall", "--global"]).expect(0).says("was not installed");
    }
}

#[test]
fn a_folder_that_the_user_has_is_kept() {
    let sandbox = Sandbox::new();
    let folder = sandbox.beside("my-hooks");
    script(&folder.join("pre-commit"), "#!/bin/sh\necho mine for all >&2\n");
    sandbox.git(&["config", "--global", "core.hooksPath", folder.to_str().unwrap()]);
    let before = (picture(&folder), picture(&sandbox.beside("home")));
    sandbox.keyhook(&["install", "--global"]).expect(0).says("kept     pre-commit");
    sandbox.write("a.py", leak(1)).stage(&["a.py"]);
    sandbox.try_commit(&[]).expect(1).says("mine for all").says("commit blocked");
    sandbox.keyhook(&["uninstall", "--global"]).expect(0);
    assert!(before == (picture(&folder), picture(&sandbox.beside("home"))));
}

#[test]
fn a_repository_may_have_keyhook_twice_and_is_looked_at_once() {
    let sandbox = Sandbox::new();
    sandbox.keyhook(&["install", "--global"]).expect(0);
    sandbox.keyhook(&["install"]).expect(0).says("a staged test key was blocked");
    assert!(sandbox.path(".git/hooks/pre-commit").exists());
    let global = sandbox.beside("home/.config/keyhook/hooks");
    let before = picture(&global);
    sandbox.write("a.py", leak(1)).stage(&["a.py"]);
    let run = sandbox.try_commit(&[]).expect(1);
    assert_eq!(run.text().matches("commit blocked").count(), 1);
    sandbox.keyhook(&["install", "--all"]).expect(0);
    assert!(before == picture(&global), "one repository does not change what is for all");
    sandbox.keyhook(&["doctor"]).says("put in by keyhook install --global").says("run keyhook");
    sandbox.keyhook(&["uninstall"]).expect(0);
    sandbox.try_commit(&[]).expect(1).says("commit blocked");
}

#[test]
fn a_local_path_that_wins_over_the_global_one_is_told() {
    let sandbox = Sandbox::new();
    sandbox.keyhook(&["install", "--global"]).expect(0);
    sandbox.git(&["config", "core.hooksPath", ".husky/_"]);
    sandbox.write(".husky/_/h", "").write(".husky/_/pre-commit", "#!/bin/sh\n");
    let run = sandbox.keyhook(&["doctor"]).expect(1).says("/.husky/_, a folder of the project");
    run.says("this repository is NOT guarded").says("keyhook install --write");
}

#[test]
fn without_a_home_it_says_so() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(crate::support::program(), sandbox.root());
    command.args(["install", "--global"]).env_remove("HOME");
    let run = crate::support::Run::of(command.output().unwrap()).expect(2);
    run.says("HOME is not set").says("hint: ");
}
