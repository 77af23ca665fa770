//! Every moment at which git calls keyhook, through real git: real commits, real pushes to a real
//! server, real quarantine.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::{Run, Sandbox, program};

mod ci;
mod commit;
mod history;
mod ledger;
mod moves;
mod push;
mod receive;

/// A repository whose hooks are keyhook's, beside a bare repository that it pushes to.
struct Guarded {
    sandbox: Sandbox,
    server: PathBuf,
}

impl std::ops::Deref for Guarded {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Guarded {
    /// A repository with these hooks, one clean commit, and an empty server called `origin`.
    fn with_hooks(hooks: &[&str]) -> Guarded {
        Guarded::in_sandbox(Sandbox::without_repository(), hooks)
    }

    fn in_sandbox(sandbox: Sandbox, hooks: &[&str]) -> Guarded {
        sandbox.git(&["init", "-q", "-b", "main"]);
        let server = sandbox.beside("server.git");
        sandbox.git(&["init", "-q", "--bare", "-b", "main", &server.display().to_string()]);
        sandbox.git(&["remote", "add", "origin", &server.display().to_string()]);
        hooks.iter().for_each(|hook| put_hook(&sandbox.path(".git/hooks"), hook));
        sandbox.commit("readme", "read me\n");
        Guarded { sandbox, server }
    }

    /// Puts a hook of the server in.
    fn serve(&self, hook: &str) -> &Guarded {
        put_hook(&self.server.join("hooks"), hook);
        self
    }

    fn push(&self, arguments: &[&str]) -> Run {
        self.try_git(&[&["push", "-q"], arguments].concat())
    }

    /// Pushes, and expects that nothing is in the way and nothing is said.
    #[track_caller]
    fn pushes(&self, arguments: &[&str]) {
        let run = self.push(arguments).expect(0);
        assert_eq!(run.text(), "");
    }

    /// Pushes, and expects to be stopped with the server as it was.
    #[track_caller]
    fn is_stopped(&self, arguments: &[&str]) -> Run {
        let before = self.server_refs();
        let run = self.push(arguments).expect(1).says("keyhook: push ");
        assert_eq!(self.server_refs(), before, "stopped, but the server has changed");
        run
    }

    fn server_refs(&self) -> String {
        self.git_in(&self.server, &["for-each-ref"]).expect(0).out
    }

    /// The line that git writes to `pre-push` for a new branch of the server.
    fn push_line(&self, branch: &str) -> String {
        let id = self.git(&["rev-parse", branch]);
        format!("refs/heads/{branch} {} refs/heads/{branch} {}\n", id.trim(), "0".repeat(40))
    }

    /// Calls the hook as git would for a new branch.
    fn pre_push(&self, options: &[&str]) -> Run {
        let server = self.server.display().to_string();
        let arguments = [&["hook", "pre-push"], options, &["origin", &server]].concat();
        self.keyhook_with(&arguments, self.push_line("main"))
    }

    /// Commits what is staged without any hook.
    fn commit_unseen(&self, message: &str) -> &Guarded {
        self.git(&["commit", "-q", "--no-verify", "-m", message]);
        self
    }

    fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }
}

/// Writes a hook that hands everything on to keyhook.
fn put_hook(folder: &Path, name: &str) {
    let (name, options) = name.split_once(' ').unwrap_or((name, ""));
    let call = format!("'{}' hook {name} {options} \"$@\"", program().display());
    put_script(folder, name, &format!("exec {call}"));
}

fn put_script(folder: &Path, name: &str, body: &str) {
    std::fs::create_dir_all(folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The sandboxes in which each git program of this machine comes first.
fn each_git(story: impl Fn(Sandbox)) {
    let path = std::env::var("PATH").unwrap();
    let mut versions = Vec::new();
    for folder in std::env::split_paths(&path).chain(["/usr/bin".into(), "/usr/local/bin".into()]) {
        let git = folder.join("git");
        let Ok(output) = std::process::Command::new(&git).arg("version").output() else { continue };
        if versions.contains(&output.stdout) {
            continue;
        }
        versions.push(output.stdout);
        let path = format!("{}:{path}", folder.display());
        story(Sandbox::without_repository().using_git(&git).with_variable("PATH", &path));
    }
    assert!(!versions.is_empty(), "no git on the PATH");
}
