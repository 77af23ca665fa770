//! The hook goes in, works, and comes out again without a trace.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use super::{blocks, picture, write_hook};
use crate::support::{Run, Sandbox, copy_program, leak, program};

#[test]
fn a_fresh_repository_is_guarded() {
    let sandbox = Sandbox::new();
    let said = format!(
        "keyhook: {} is guarded: a staged test key was blocked\n  hooks    pre-commit, \
         pre-merge-commit, commit-msg, pre-push\n",
        sandbox.root().display()
    );
    let run = sandbox.keyhook(&["install"]).expect(0);
    assert_eq!((run.out, run.err), (String::new(), said));
    blocks(&sandbox);
    sandbox.write("leak.py", "x = 1\n").stage(&["leak.py"]);
    let run = sandbox.try_commit(&["-q"]).expect(0);
    assert_eq!(run.text(), "");
}

#[test]
fn any_folder_of_the_repository_will_do() {
    let sandbox = Sandbox::new();
    sandbox.write("a/b/c.txt", "");
    sandbox.keyhook_in(&sandbox.path("a/b"), &["install"]).expect(0);
    blocks(&sandbox);
    let sandbox = Sandbox::new();
    let root = sandbox.root().to_str().unwrap().to_owned();
    let elsewhere = sandbox.beside("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    sandbox.keyhook_in(&elsewhere, &["install", &root]).expect(0);
    blocks(&sandbox);
    sandbox.keyhook_in(&elsewhere, &["uninstall", "../repo"]).expect(0);
    sandbox.try_commit(&[]).expect(0);
    sandbox.keyhook(&["install", "/nonexistent/folder"]).expect(2);
}

#[test]
fn one_hook_guards_every_worktree() {
    let sandbox = Sandbox::new();
    sandbox.commit("a.txt", "a");
    let linked = sandbox.beside("linked");
    sandbox.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "other"]);
    sandbox.keyhook_in(&linked, &["install"]).expect(0);
    assert!(sandbox.path(".git/hooks/pre-commit").exists());
    blocks(&sandbox);
    fs::write(linked.join("b.py"), leak(2)).unwrap();
    sandbox.git_in(&linked, &["add", "b.py"]).expect(0);
    sandbox.git_in(&linked, &["commit", "-m", "x"]).expect(1).says("commit blocked").says("b.py:1");
}

#[test]
fn a_submodule_has_its_own_hook() {
    let sandbox = Sandbox::new();
    let inner = sandbox.beside("inner");
    let inner_text = inner.to_str().unwrap();
    sandbox.git(&["init", "-q", "-b", "main", inner_text]);
    sandbox.git_in(&inner, &["commit", "-q", "--allow-empty", "-m", "x"]).expect(0);
    let allow = "protocol.file.allow=always";
    sandbox.git(&["-c", allow, "submodule", "--quiet", "add", inner_text, "sub"]);
    let sub = sandbox.path("sub");
    sandbox.keyhook_in(&sub, &["install"]).expect(0);
    assert!(sandbox.path(".git/modules/sub/hooks/pre-commit").exists());
    assert!(!sandbox.path(".git/hooks/pre-commit").exists());
    sandbox.write("sub/a.py", leak(1));
    sandbox.git_in(&sub, &["add", "a.py"]).expect(0);
    sandbox.git_in(&sub, &["commit", "-m", "x"]).expect(1).says("commit blocked");
}

#[test]
fn a_bare_repository_takes_the_hook_for_its_worktrees() {
    let sandbox = Sandbox::with_init(&["--bare"]);
    sandbox.keyhook(&["install"]).expect(0);
    let linked = sandbox.beside("linked");
    let empty =
        sandbox.git(&["commit-tree", "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "-m", "x"]);
    sandbox.git(&["update-ref", "refs/heads/main", empty.trim()]);
    sandbox.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "main"]);
    fs::write(linked.join("b.py"), leak(2)).unwrap();
    sandbox.git_in(&linked, &["add", "b.py"]).expect(0);
    sandbox.git_in(&linked, &["commit", "-m", "x"]).expect(1).says("commit blocked");
}

#[test]
fn twice_changes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.install();
    let hooks = sandbox.path(".git/hooks");
    let times = || {
        let time = |path: &Path| path.metadata().unwrap().modified().unwrap();
        (time(&hooks), time(&hooks.join("pre-commit")))
    };
    let before = (picture(&hooks), times());
    sandbox.keyhook(&["install"]).expect(0).says("is guarded already");
    assert!(before == (picture(&hooks), times()));
}

#[test]
fn the_proof_leaves_nothing_in_the_repository() {
    let sandbox = Sandbox::new();
    sandbox.commit("a.txt", "a").write("b.txt", "b").stage(&["b.txt"]);
    let before = picture(&sandbox.path(".git"));
    let status = sandbox.git(&["status", "--porcelain"]);
    sandbox.install();
    let mut after = picture(&sandbox.path(".git"));
    after.retain(|name, _| before.contains_key(name) || !name.starts_with("hooks/"));
    let added: Vec<_> = after.keys().filter(|name| !before.contains_key(*name)).collect();
    let is_salt = |name: &&&String| name.starts_with("keyhook") || name.starts_with("info");
    assert!(added.iter().all(|name| is_salt(&name)), "{added:?}");
    let changed: Vec<_> = before
        .iter()
        .filter(|(name, v)| *name != "config" && after.get(*name) != Some(v))
        .collect();
    assert!(changed.is_empty(), "{:?}", changed.iter().map(|(name, _)| name).collect::<Vec<_>>());
    assert_eq!(sandbox.git(&["status", "--porcelain"]), status);
}

#[test]
fn an_existing_hook_is_kept_and_runs_first() {
    for (interpreter, run, fail) in [
        ("#!/bin/sh", "echo earlier >> ran.txt", "exit 3"),
        (
            "#!/usr/bin/env python3",
            "open('ran.txt', 'a').write('earlier\\n')",
            "raise SystemExit(3)",
        ),
    ] {
        if interpreter.contains("python") && Command::new("python3").arg("-V").output().is_err() {
            continue;
        }
        let sandbox = Sandbox::new();
        write_hook(&sandbox, &format!("{interpreter}\n{run}\n"), 0o755);
        let before = picture(&sandbox.path(".git"));
        sandbox.install();
        assert!(!sandbox.path("ran.txt").exists(), "the proof must not run it");
        blocks(&sandbox);
        assert_eq!(sandbox.read("ran.txt"), "earlier\n");
        sandbox.write("leak.py", "x = 1\n").stage(&["leak.py"]);
        sandbox.try_commit(&["-q"]).expect(0);
        let kept = sandbox.path(".git/hooks/pre-commit.before-keyhook");
        fs::write(&kept, format!("{interpreter}\n{run}\n{fail}\n")).unwrap();
        sandbox.write("b.py", "x = 1\n").stage(&["b.py"]);
        assert!(!sandbox.try_commit(&[]).expect(1).text().contains("keyhook"));
        fs::write(&kept, format!("{interpreter}\n{run}\n")).unwrap();
        sandbox.keyhook(&["uninstall"]).expect(0).says("the earlier hook is back");
        let hook = |picture: BTreeMap<String, (u32, Vec<u8>)>| -> Vec<_> {
            picture.into_iter().filter(|(name, _)| name.starts_with("hooks")).collect()
        };
        assert!(hook(before) == hook(picture(&sandbox.path(".git"))));
    }
}

#[test]
fn a_hook_that_git_would_not_run_stays_asleep() {
    let sandbox = Sandbox::new();
    write_hook(&sandbox, "#!/bin/sh\nexit 7\n", 0o644);
    let before = picture(&sandbox.path(".git/hooks"));
    sandbox.install();
    blocks(&sandbox);
    sandbox.write("leak.py", "x = 1\n").stage(&["leak.py"]);
    sandbox.try_commit(&["-q"]).expect(0);
    sandbox.keyhook(&["uninstall"]).expect(0);
    assert!(before == picture(&sandbox.path(".git/hooks")));
}

#[test]
fn a_linked_hook_is_moved_and_its_target_untouched() {
    for is_dangling in [false, true] {
        let sandbox = Sandbox::new();
        let target = sandbox.beside("shared-hook");
        if !is_dangling {
            fs::write(&target, "#!/bin/sh\necho linked >&2\n").unwrap();
            fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::create_dir_all(sandbox.path(".git/hooks")).unwrap();
        symlink(&target, sandbox.path(".git/hooks/pre-commit")).unwrap();
        let before = picture(&sandbox.path(".git/hooks"));
        sandbox.install();
        blocks(&sandbox);
        assert_eq!(sandbox.try_commit(&[]).err.contains("linked"), !is_dangling);
        sandbox.keyhook(&["uninstall"]).expect(0);
        assert!(before == picture(&sandbox.path(".git/hooks")), "dangling: {is_dangling}");
        assert_eq!(target.exists(), !is_dangling);
    }
}

#[test]
fn a_kept_hook_is_never_overwritten() {
    let sandbox = Sandbox::new();
    write_hook(&sandbox, "#!/bin/sh\n", 0o755);
    sandbox.write(".git/hooks/pre-commit.before-keyhook", "precious");
    let before = picture(&sandbox.path(".git"));
    sandbox.keyhook(&["install"]).expect(2).says("before-keyhook").says("hint: ");
    assert!(before == picture(&sandbox.path(".git")));
}

#[test]
fn uninstall_leaves_no_trace() {
    for has_folder in [true, false] {
        let sandbox = Sandbox::new();
        // A newer git tidies up in the background after a commit.
        sandbox.git(&["config", "maintenance.auto", "false"]);
        sandbox.commit("a.txt", "a");
        let hooks = sandbox.path(".git/hooks");
        if has_folder {
            sandbox.write(".git/hooks/post-commit", "#!/bin/sh\n");
        } else if hooks.exists() {
            fs::remove_dir_all(&hooks).unwrap();
        }
        let before = picture(&sandbox.path(".git"));
        sandbox.install().write("a.py", leak(1));
        sandbox.keyhook(&["scan"]).expect(1);
        sandbox.keyhook(&["install"]).expect(0);
        sandbox.keyhook(&["uninstall"]).expect(0).says("taken out of");
        let after = picture(&sandbox.path(".git"));
        let names = |picture: &BTreeMap<_, _>| picture.keys().cloned().collect::<Vec<String>>();
        assert_eq!(names(&before), names(&after));
        assert!(before == after);
        sandbox.keyhook(&["uninstall"]).expect(0).says("was not installed");
        assert!(before == picture(&sandbox.path(".git")));
        sandbox.stage(&["a.py"]).try_commit(&[]).expect(0);
    }
}

#[test]
fn a_foreign_hooks_folder_is_refused_with_a_way_out() {
    for (scope, folder, hint) in [
        ("--global", "shared/hooks", "keyhook install --global"),
        ("--local", ".husky/_", "add to .husky/pre-commit:\n    keyhook hook pre-commit\n"),
        ("--local", ".githooks", "keyhook install --write"),
    ] {
        let sandbox = Sandbox::new();
        let full = if scope == "--global" { sandbox.beside(folder) } else { sandbox.path(folder) };
        fs::create_dir_all(&full).unwrap();
        let value = if scope == "--global" { full.to_str().unwrap() } else { folder };
        sandbox.git(&["config", scope, "core.hooksPath", value]);
        let before = picture(&sandbox.beside(""));
        let run = sandbox.keyhook(&["install"]).expect(2).says("core.hooksPath is").says(hint);
        if folder != ".husky/_" {
            run.says("or give the repository its own hooks: git config --local core.hooksPath");
        }
        assert!(before == picture(&sandbox.beside("")), "{folder}");
    }
    // A path into the repository's own folder is its own.
    let sandbox = Sandbox::new();
    sandbox.git(&["config", "core.hooksPath", ".git/my-hooks"]);
    sandbox.install();
    assert!(sandbox.path(".git/my-hooks/pre-commit").exists());
    blocks(&sandbox);
}

#[test]
fn the_way_out_of_a_foreign_folder_works() {
    let sandbox = Sandbox::new();
    let folder = sandbox.beside("shared-hooks");
    fs::create_dir_all(&folder).unwrap();
    sandbox.git(&["config", "--global", "core.hooksPath", folder.to_str().unwrap()]);
    let hook = folder.join("pre-commit");
    fs::write(&hook, format!("#!/bin/sh\n{} hook pre-commit || exit\n", program().display()))
        .unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    blocks(&sandbox);
}

/// Installs from a copy of the program, which can then go away.
fn installed_from_a_copy(sandbox: &Sandbox) -> std::path::PathBuf {
    let copy = sandbox.beside("bin/keyhook");
    fs::create_dir_all(copy.parent().unwrap()).unwrap();
    copy_program(&copy);
    let mut command = sandbox.command(&copy, sandbox.root());
    Run::of(command.arg("install").output().unwrap()).expect(0);
    copy
}

#[test]
fn without_the_program_commits_are_blocked_in_words() {
    let sandbox = Sandbox::new();
    let copy = installed_from_a_copy(&sandbox);
    fs::remove_file(&copy).unwrap();
    sandbox.write("a.txt", "a").stage(&["a.txt"]);
    let run =
        sandbox.try_commit(&[]).expect(1).says("keyhook: commit blocked: the program keyhook");
    run.says(copy.to_str().unwrap()).says("install it again, or take this hook out: rm '");
}

#[test]
fn a_program_that_moved_is_found_on_the_path() {
    let sandbox = Sandbox::new();
    let copy = installed_from_a_copy(&sandbox);
    let folder = sandbox.beside("other bin");
    fs::create_dir(&folder).unwrap();
    fs::rename(&copy, folder.join("keyhook")).unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let sandbox = sandbox.with_variable("PATH", &path);
    blocks(&sandbox);
}

#[test]
fn a_read_only_hooks_folder_is_an_error() {
    let sandbox = Sandbox::new();
    let hooks = sandbox.path(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    fs::set_permissions(&hooks, fs::Permissions::from_mode(0o555)).unwrap();
    let is_root = fs::write(hooks.join("probe"), "").is_ok();
    if !is_root {
        sandbox
            .keyhook(&["install"])
            .expect(2)
            .says("cannot change")
            .says("hint: check the permissions");
    }
    fs::set_permissions(&hooks, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(!sandbox.path(".git/hooks/pre-commit").exists());
    if is_root {
        eprintln!("SKIPPED a_read_only_hooks_folder_is_an_error: root may write anywhere");
    }
}

#[test]
fn a_repository_in_the_environment_does_not_confuse_it() {
    let other = Sandbox::new();
    let before = picture(other.root());
    let git_dir = other.path(".git").to_str().unwrap().to_owned();
    let sandbox = Sandbox::new();
    let root = sandbox.root().to_str().unwrap().to_owned();
    let mut command = sandbox.command(program(), &sandbox.beside("home"));
    command.args(["install", &root]).env("GIT_DIR", &git_dir).env("GIT_WORK_TREE", other.root());
    command.env("GIT_INDEX_FILE", other.path(".git/index"));
    Run::of(command.output().unwrap()).expect(0).says(&root);
    assert!(before == picture(other.root()));
    blocks(&sandbox);
}

#[test]
fn a_lock_that_was_left_is_named() {
    let sandbox = Sandbox::new();
    sandbox.install();
    sandbox.write(".git/config.lock", "");
    let run = sandbox.keyhook(&["uninstall"]).expect(2).hides("permissions");
    let command = run.err.split("left its lock: ").nth(1).expect("a command").to_owned();
    let mut shell = sandbox.command("sh", sandbox.root());
    Run::of(shell.args(["-c", &command]).output().unwrap()).expect(0);
    sandbox.keyhook(&["uninstall"]).expect(0);
}

fn install_sh(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("install.sh");
    let mut command = sandbox.command("sh", sandbox.root());
    Run::of(command.arg(script).args(arguments).output().unwrap())
}

#[test]
fn the_installer_explains_itself_and_stops_before_it_builds() {
    let sandbox = Sandbox::without_repository();
    let run = install_sh(&sandbox, &["--help"]).expect(0);
    assert_eq!(run.err, "");
    expect_test::expect![[r#"
        Builds keyhook, installs it for this user, and guards a repository.

          ./install.sh [--prefix DIR] [REPOSITORY]     build, install, put the hooks into REPOSITORY
          ./install.sh [--prefix DIR] --global         ... or guard all repositories of this user
          ./install.sh --uninstall [--prefix DIR] [REPOSITORY | --global]

        The program goes to DIR/bin (default ~/.local/bin). Nothing else is written outside this folder and
        the repository (with --global: ~/.config/keyhook and core.hooksPath in the git configuration); nothing
        needs root; the only network access is cargo's, for the locked crates.
    "#]].assert_eq(&run.out);
    let cases: [(&[&str], &str); 6] = [
        (&["--global", "."], "name a repository or --global, not both"),
        (&["--fast"], "unknown option --fast"),
        (&["/nonexistent/folder"], "there is no folder /nonexistent/folder"),
        (&["--prefix"], "--prefix needs a folder"),
        (&[".", "."], "one repository at a time"),
        (&["--uninstall", "."], "to take the hook out with"),
    ];
    for (arguments, expected) in cases {
        let run = install_sh(&sandbox, arguments).expect(2);
        assert!(run.err.starts_with("install.sh: ") && run.err.contains(expected), "{}", run.err);
        assert_eq!(run.out, "");
    }
    assert!(picture(&sandbox.beside("home")).is_empty());
}
