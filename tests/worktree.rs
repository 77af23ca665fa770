//! `keyhook scan` on files: what is named is looked at, wherever it is kept.

use crate::support::{Run, Sandbox, key, leak};

/// A repository with a key inside and one outside of the folder that will be checked out.
fn folders() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit("in/a.py", leak(1)).commit("out/b.py", leak(2)).commit("out/deep/c.py", leak(3));
    sandbox.commit("gone.py", leak(4));
    sandbox
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_looked_at_in_the_index() {
    for index in ["--no-sparse-index", "--sparse-index"] {
        let sandbox = folders();
        sandbox.git(&["sparse-checkout", "set", "--cone", index, "in"]);
        assert!(!sandbox.path("out").exists());
        // A file that was deleted has nothing that could be looked at.
        std::fs::remove_file(sandbox.path("gone.py")).unwrap();
        let run = sandbox.keyhook(&["scan"]).expect(1).says("3 new secrets in 3 files");
        run.says("out/b.py:1:").says("out/deep/c.py:1:").hides("gone.py").hides("note");
        let top = sandbox.root().display().to_string();
        let run = sandbox.keyhook_in(&sandbox.beside("home"), &["scan", &top]).expect(1);
        run.says("3 new secrets").says("out/deep/c.py:1:");
        let run = sandbox.keyhook_in(&sandbox.path("in"), &["scan", "."]).expect(1);
        run.says("1 new secret in 1 file");
    }
}

#[test]
fn what_a_sparse_and_partial_clone_lacks_is_counted() {
    let sandbox = folders();
    sandbox.git(&["config", "uploadpack.allowFilter", "true"]);
    let (from, to) = (format!("file://{}", sandbox.root().display()), sandbox.beside("clone"));
    let arguments = ["clone", "-q", "--filter=blob:none", "--sparse", &from];
    sandbox.git(&[&arguments[..], &[&to.display().to_string()]].concat());
    let run = sandbox.keyhook_in(&to, &["scan"]).expect(1).says("gone.py:1:");
    run.says("3 tracked file(s) are neither in the worktree nor in this partial clone")
        .says("git sparse-checkout disable");
}

#[cfg(unix)]
fn link(sandbox: &Sandbox, target: &str, name: &str) {
    std::os::unix::fs::symlink(target, sandbox.path(name)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_link_that_is_named_is_followed() {
    for sandbox in [Sandbox::new(), Sandbox::without_repository()] {
        let scan = |arguments: &[&str]| -> Run {
            let run = sandbox.keyhook(&[&["scan"], arguments].concat());
            run.hides(&key(1)).hides(&key(2))
        };
        sandbox.write("b.py", leak(1)).write("folder/c.py", leak(2));
        std::fs::write(sandbox.beside("outside.py"), leak(3)).unwrap();
        link(&sandbox, "b.py", "ln");
        link(&sandbox, "folder", "lf");
        link(&sandbox, "../outside.py", "lo");
        link(&sandbox, "nowhere", "dangling");
        link(&sandbox, "/dev/null", "device");
        scan(&["ln"]).expect(1).says("\n  b.py:1:");
        scan(&["lf"]).expect(1).says("\n  folder/c.py:1:");
        scan(&["lo"]).expect(1).says("outside.py:1:");
        scan(&["ln", "b.py", "."]).expect(1).says("2 new secrets in 2 files");
        // A link that is only found is the text that git has of it.
        scan(&["."]).expect(1).says("2 new secrets in 2 files").hides("outside.py");
        scan(&["dangling"]).expect(0).says("in 1 file");
        scan(&["device"]).expect(0).says("1 devices, pipes or sockets were not read");
        scan(&["absent"]).expect(2).says("check the spelling");
    }
}
