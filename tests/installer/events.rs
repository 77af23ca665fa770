//! Several hooks at once: which ones, all or none, and with whom they share what git says.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{blocks, picture};
use crate::support::{Sandbox, leak};

/// The hooks of keyhook in a folder, sorted.
fn ours(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| fs::read_to_string(path).is_ok_and(|text| text.contains("# keyhook shim ")))
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Writes an executable script.
pub fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Puts a program in the place of keyhook that writes down what it is given.
fn with_stub(sandbox: &Sandbox, hook: &Path) -> PathBuf {
    let stub = sandbox.beside("stub");
    let log = sandbox.beside("log");
    script(&stub, &format!("#!/bin/sh\n{{ echo \"$*\"; cat; }} >> '{}'\n", log.display()));
    let text = fs::read_to_string(hook).unwrap();
    let program = crate::support::program();
    let changed = text.replace(program.to_str().unwrap(), stub.to_str().unwrap());
    assert_ne!(text, changed);
    fs::write(hook, changed).unwrap();
    log
}

#[test]
fn the_usual_hooks_are_four_and_a_server_has_one_more() {
    let sandbox = Sandbox::new();
    sandbox.install();
    let usual = ["commit-msg", "pre-commit", "pre-merge-commit", "pre-push"];
    assert_eq!(ours(&sandbox.path(".git/hooks")), usual);
    let bare = Sandbox::with_init(&["--bare"]);
    bare.install();
    let server = ["commit-msg", "pre-commit", "pre-merge-commit", "pre-push", "pre-receive"];
    assert_eq!(ours(&bare.path("hooks")), server);
}

#[test]
fn hooks_can_be_chosen() {
    let sandbox = Sandbox::new();
    let hooks = sandbox.path(".git/hooks");
    sandbox.keyhook(&["install", "--hook", "pre-push", "--hook", "commit-msg"]).expect(0);
    assert_eq!(ours(&hooks), ["commit-msg", "pre-push"]);
    sandbox.keyhook(&["install", "--all"]).expect(0);
    assert_eq!(ours(&hooks).len(), 5);
    sandbox.keyhook(&["uninstall", "--hook", "post-commit"]).expect(0);
    assert_eq!(ours(&hooks).len(), 4);
    sandbox.keyhook(&["uninstall"]).expect(0);
    assert!(ours(&hooks).is_empty());
    let wrong = sandbox.keyhook(&["install", "--hook", "post-checkout"]).expect(2);
    wrong.says("expected one of pre-commit, pre-merge-commit, commit-msg");
    sandbox.keyhook(&["install", "--all", "--hook", "pre-push"]).expect(2).says("cannot be used");
}

/// Something that stands in the way of a hook.
type Stop = fn(&Sandbox);

#[test]
fn all_go_in_or_none() {
    // Each of these stops the last hook, when others are in already.
    let stops: [(&str, Stop); 2] = [
        ("before-keyhook", |sandbox| {
            script(&sandbox.path(".git/hooks/pre-push"), "#!/bin/sh\n");
            sandbox.write(".git/hooks/pre-push.before-keyhook", "precious");
        }),
        ("pre-push", |sandbox| {
            fs::create_dir_all(sandbox.path(".git/hooks/pre-push/x")).unwrap();
        }),
    ];
    for (said, stop) in stops {
        let sandbox = Sandbox::new();
        script(&sandbox.path(".git/hooks/pre-commit"), "#!/bin/sh\necho mine\n");
        stop(&sandbox);
        let before = picture(&sandbox.path(".git"));
        sandbox.keyhook(&["install"]).expect(2).says(said).says("hint: ");
        assert!(before == picture(&sandbox.path(".git")), "{said}");
        assert!(ours(&sandbox.path(".git/hooks")).is_empty());
    }
}

#[test]
fn a_hooks_folder_that_is_none_is_said() {
    let sandbox = Sandbox::new();
    let _ = fs::remove_dir_all(sandbox.path(".git/hooks"));
    sandbox.write(".git/hooks", "a file");
    let run =
        sandbox.keyhook(&["install"]).expect(2).says("is no folder, so git runs no hook here");
    run.says("hint: move it away");
    let sandbox = Sandbox::new();
    sandbox.git(&["config", "core.hooksPath", "/dev/null"]);
    let run =
        sandbox.keyhook(&["install"]).expect(2).says("core.hooksPath is \"/dev/null\", local");
    run.says("git config --local --unset core.hooksPath");
}

#[test]
fn a_hooks_folder_that_is_a_link_is_somebody_elses() {
    let sandbox = Sandbox::new();
    let shared = sandbox.beside("shared");
    fs::create_dir(&shared).unwrap();
    let _ = fs::remove_dir_all(sandbox.path(".git/hooks"));
    std::os::unix::fs::symlink(&shared, sandbox.path(".git/hooks")).unwrap();
    sandbox.keyhook(&["install"]).expect(2).says("the hooks folder is a link");
    assert!(picture(&shared).is_empty());
}

#[test]
fn what_git_says_reaches_both_hooks() {
    let sandbox = Sandbox::new();
    let log = sandbox.beside("earlier");
    let hook = sandbox.path(".git/hooks/pre-push");
    let earlier = format!("#!/bin/sh\n{{ echo \"$*\"; cat; }} >> '{}'\n", log.display());
    script(&hook, &earlier);
    sandbox.keyhook(&["install"]).expect(0).says("kept     pre-push");
    let seen = with_stub(&sandbox, &hook);
    sandbox.commit("a.txt", "a");
    let remote = sandbox.beside("remote");
    sandbox.git(&["init", "-q", "--bare", remote.to_str().unwrap()]);
    sandbox.git(&["push", "-q", remote.to_str().unwrap(), "main:one", "main:two"]);
    let earlier = fs::read_to_string(&log).unwrap();
    assert_eq!(earlier.lines().count(), 3, "{earlier}");
    let arguments = format!("{0} {0}", remote.display());
    assert!(earlier.starts_with(&arguments));
    let seen = fs::read_to_string(seen).unwrap();
    assert_eq!(seen, earlier.replacen(&arguments, &format!("hook pre-push {arguments}"), 1));
    // The earlier hook can still say no, and then keyhook is not asked.
    fs::write(sandbox.path(".git/hooks/pre-push.before-keyhook"), "#!/bin/sh\nexit 9\n").unwrap();
    let run = sandbox.try_git(&["push", "-q", remote.to_str().unwrap(), "main:three"]);
    run.expect(1).says("failed to push");
}

#[test]
fn arguments_reach_both_hooks() {
    let sandbox = Sandbox::new();
    let log = sandbox.beside("earlier");
    let hook = sandbox.path(".git/hooks/commit-msg");
    script(&hook, &format!("#!/bin/sh\ncat \"$1\" >> '{}'\n", log.display()));
    sandbox.install();
    let seen = with_stub(&sandbox, &hook);
    sandbox.write("a.txt", "a").stage(&["a.txt"]).try_commit(&[]).expect(0);
    assert_eq!(fs::read_to_string(log).unwrap(), "test\n");
    let seen = fs::read_to_string(seen).unwrap();
    assert!(seen.starts_with("hook commit-msg .git/COMMIT_EDITMSG"), "{seen}");
}

#[test]
fn git_lfs_keeps_its_hooks() {
    let sandbox = Sandbox::new();
    let lfs = sandbox.try_git(&["lfs", "version"]);
    if lfs.code != 0 {
        eprintln!("SKIPPED git_lfs_keeps_its_hooks: there is no git-lfs");
        return;
    }
    sandbox.git(&["lfs", "install", "--local"]);
    let before = picture(&sandbox.path(".git/hooks"));
    assert!(before.contains_key("pre-push") && before.contains_key("post-checkout"));
    sandbox.keyhook(&["install"]).expect(0).says("kept     pre-push");
    sandbox.git(&["lfs", "track", "*.bin"]);
    sandbox.write("a.bin", [7; 5000]).stage(&["a.bin", ".gitattributes"]);
    sandbox.try_commit(&[]).expect(0);
    let remote = sandbox.beside("remote");
    sandbox.git(&["init", "-q", "--bare", remote.to_str().unwrap()]);
    sandbox.git(&["remote", "add", "origin", &format!("file://{}", remote.display())]);
    sandbox.git(&["push", "-q", "origin", "main"]);
    // The object went along only if LFS's own hook got the list of refs.
    let stored = picture(&remote.join("lfs/objects"));
    assert!(stored.values().any(|(_, bytes)| bytes.len() == 5000), "{:?}", stored.keys());
    blocks(&sandbox);
    // `git lfs install` again finds hooks that are not its own and leaves them.
    sandbox.try_git(&["lfs", "install", "--local"]);
    blocks(&sandbox);
    sandbox.keyhook(&["uninstall"]).expect(0);
    assert!(before == picture(&sandbox.path(".git/hooks")));
}

#[test]
fn a_template_brings_hooks_like_any_other() {
    let sandbox = Sandbox::new();
    let template = sandbox.beside("template");
    script(&template.join("hooks/pre-commit"), "#!/bin/sh\necho from the template\n");
    sandbox.git(&["config", "--global", "init.templateDir", template.to_str().unwrap()]);
    let fresh = sandbox.beside("fresh");
    sandbox.git(&["init", "-q", fresh.to_str().unwrap()]);
    sandbox.keyhook_in(&fresh, &["install"]).expect(0).says("kept     pre-commit");
    fs::write(fresh.join("a.py"), leak(1)).unwrap();
    sandbox.git_in(&fresh, &["add", "a.py"]).expect(0);
    let run = sandbox.git_in(&fresh, &["commit", "-m", "x"]).expect(1);
    run.says("from the template").says("commit blocked");
    // keyhook's own hooks work from a template too: they name the program, not the repository.
    let next = sandbox.beside("template-2");
    fs::create_dir_all(next.join("hooks")).unwrap();
    for name in ours(&fresh.join(".git/hooks")) {
        fs::copy(fresh.join(".git/hooks").join(&name), next.join("hooks").join(&name)).unwrap();
    }
    let third = sandbox.beside("third");
    let option = format!("--template={}", next.display());
    sandbox.git(&["init", "-q", &option, third.to_str().unwrap()]);
    fs::write(third.join("a.py"), leak(1)).unwrap();
    sandbox.git_in(&third, &["add", "a.py"]).expect(0);
    sandbox.git_in(&third, &["commit", "-m", "x"]).expect(1).says("commit blocked");
}

#[test]
fn each_worktree_may_have_hooks_of_its_own() {
    let sandbox = Sandbox::new();
    sandbox.commit("a.txt", "a");
    sandbox.git(&["config", "extensions.worktreeConfig", "true"]);
    let linked = sandbox.beside("linked");
    sandbox.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "other"]);
    let own = sandbox.path(".git/hooks-of-linked");
    let own_text = own.to_str().unwrap();
    sandbox.git_in(&linked, &["config", "--worktree", "core.hooksPath", own_text]).expect(0);
    sandbox.keyhook_in(&linked, &["install"]).expect(0);
    assert_eq!(ours(&own).len(), 4);
    assert!(ours(&sandbox.path(".git/hooks")).is_empty());
    // The doctor tells that the other one is not guarded.
    let run = sandbox.keyhook_in(&linked, &["doctor"]).expect(1);
    run.says("in other worktrees").says(sandbox.root().to_str().unwrap());
}

#[test]
fn a_relative_path_is_the_same_from_every_folder() {
    let sandbox = Sandbox::new();
    sandbox.write("a/b/c.txt", "");
    sandbox.git(&["config", "core.hooksPath", ".githooks"]);
    sandbox.keyhook_in(&sandbox.path("a/b"), &["install"]).expect(2).says("/repo/.githooks");
    sandbox.keyhook_in(&sandbox.path("a/b"), &["install", "--write"]).expect(2).says("PATH");
    let folder = crate::support::program().parent().unwrap().display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
    let sandbox = sandbox.with_variable("PATH", &path);
    let run = sandbox.keyhook_in(&sandbox.path("a/b"), &["install", "--write"]).expect(0);
    run.says("is part of the project; commit it");
    assert_eq!(ours(&sandbox.path(".githooks")).len(), 4);
    let shim = sandbox.read(".githooks/pre-commit");
    assert!(!shim.contains(&folder), "a shared hook names no path of one machine:\n{shim}");
    blocks(&sandbox);
    sandbox.keyhook(&["uninstall"]).expect(0);
    assert!(!sandbox.path(".githooks").exists());
}

#[test]
fn a_hook_that_asks_for_its_name_is_told_of() {
    let sandbox = Sandbox::new();
    let text = "#!/bin/sh\ncase $(basename \"$0\") in pre-commit) echo one;; esac\n";
    script(&sandbox.path(".git/hooks/pre-commit"), text);
    script(&sandbox.path(".git/hooks/pre-push"), "#!/bin/sh\ncat\n");
    let run = sandbox.keyhook(&["install"]).expect(0);
    let run = run.says("the pre-commit hook asks for its name, which is now ");
    run.hides("the pre-push hook asks");
}

#[test]
fn a_hook_that_cannot_be_read_stops_everything() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path(".git/hooks/commit-msg")).unwrap();
    let before = picture(&sandbox.path(".git"));
    sandbox.keyhook(&["install"]).expect(2).says("commit-msg: it is not a regular file");
    assert!(before == picture(&sandbox.path(".git")));
    sandbox.keyhook(&["doctor"]).expect(2).says("commit-msg: cannot look at");
}

#[test]
fn a_shim_that_was_removed_by_hand_leaves_a_way_back() {
    let sandbox = Sandbox::new();
    script(&sandbox.path(".git/hooks/pre-commit"), "#!/bin/sh\necho mine\n");
    let before = picture(&sandbox.path(".git/hooks"));
    sandbox.install();
    fs::remove_file(sandbox.path(".git/hooks/pre-commit")).unwrap();
    sandbox.keyhook(&["uninstall"]).expect(0).says("the earlier hook is back");
    assert!(before == picture(&sandbox.path(".git/hooks")));
}
