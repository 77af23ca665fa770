//! What cannot be read blocks: exit 2, what it was, what to do next, and nothing half-written.

use super::*;

/// A guarded repository with one commit and a staged key.
fn with_leak(git: &Git) -> Repo {
    let repo = git.repo();
    repo.commit("a/other.py", CLEAN).put("app.py", leak(1));
    repo
}

/// Every reader and the hook itself fail, in words.
#[track_caller]
fn nothing_reads(repo: &Repo, message: &str) {
    for reader in ["own", "git", "auto"] {
        repo.scan(reader).expect(2).says("error: ");
    }
    repo.scan("auto").says(message).says("hint: ");
    let hook = repo.keyhook(&["hook", "pre-commit"]).expect(2);
    hook.says("keyhook: commit blocked: ").says(message).says("hint: ").says("--no-verify");
}

#[test]
fn no_repository() {
    each_git(|git| {
        let repo = git.bare_sandbox();
        nothing_reads(&repo, "no git repository in ");
        repo.scan("auto").says("git init");
    });
}

#[test]
fn a_damaged_index() {
    each_git(|git| {
        let repo = with_leak(git);
        let path = repo.path(".git/index");
        let whole = std::fs::read(&path).unwrap();
        let with_version = |version: u8| {
            let mut bytes = whole.clone();
            bytes[7] = version;
            bytes
        };
        let damages: [Vec<u8>; 6] = [
            whole[..whole.len() / 2].to_vec(),
            whole[..20].to_vec(),
            Vec::new(),
            b"garbage".repeat(30),
            with_version(9),
            with_version(1),
        ];
        for damaged in damages {
            std::fs::write(&path, &damaged).unwrap();
            nothing_reads(&repo, "the git index: ");
            let (head, run) = repo.watched(&["commit", "-q", "-m", "test"], "");
            assert_ne!(run.code, 0, "{}", run.text());
            assert_eq!(repo.head(), head);
        }
    });
}

#[test]
fn a_cut_off_index_never_reads_as_clean() {
    // Every length, without git in between.
    let repo = with_leak(&Git::usual());
    let path = repo.path(".git/index");
    let whole = std::fs::read(&path).unwrap();
    for len in (0..whole.len()).step_by(3) {
        std::fs::write(&path, &whole[..len]).unwrap();
        let run = repo.scan(if len % 2 == 0 { "own" } else { "auto" });
        assert_eq!(run.code, 2, "{len} of {} bytes", whole.len());
        assert!(!run.err.contains("internal error"), "{}", run.err);
    }
}

fn object_path(repo: &Repo, name: &str) -> PathBuf {
    let id = repo.git(&["rev-parse", name]);
    repo.path(&format!(".git/objects/{}/{}", &id[..2], id[2..].trim()))
}

#[test]
fn a_missing_staged_object() {
    each_git(|git| {
        let repo = with_leak(git);
        std::fs::remove_file(object_path(&repo, ":app.py")).unwrap();
        // The same bytes in the worktree are as good as the object.
        repo.shows(&["app.py"]);
        repo.write("app.py", CLEAN);
        for reader in ["own", "git", "auto"] {
            repo.scan(reader).expect(2).says("app.py: cannot read the git object ");
        }
        repo.gives_up(&[], "app.py: cannot read the git object ").says("git fsck");
    });
}

#[test]
fn a_damaged_staged_object() {
    each_git(|git| {
        let repo = with_leak(git);
        let path = object_path(&repo, ":app.py");
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "no zlib stream").unwrap();
        repo.write("app.py", CLEAN);
        for reader in ["own", "git", "auto"] {
            repo.scan(reader).expect(2).says("app.py: cannot read the git object ");
        }
        repo.gives_up(&[], "app.py: cannot read the git object ");
    });
}

#[test]
fn one_object_missing_does_not_hide_the_others() {
    each_git(|git| {
        let repo = with_leak(git);
        repo.put("b.py", CLEAN);
        std::fs::remove_file(object_path(&repo, ":b.py")).unwrap();
        repo.write("b.py", "changed()\n");
        let run = repo.gives_up(&[], "b.py: cannot read the git object ");
        run.says("1 new secret in 1 file").says("app.py:1:");
    });
}

#[test]
fn a_missing_tree_of_head() {
    each_git(|git| {
        for name in ["HEAD^{tree}", "HEAD:a", "HEAD"] {
            let repo = with_leak(git);
            repo.commit("a/other.py", "other()\n").put("a/more.py", leak(2));
            std::fs::remove_file(object_path(&repo, name)).unwrap();
            for reader in ["own", "git", "auto"] {
                repo.scan(reader).expect(2).says("error: ");
            }
            repo.scan("auto").hides("failed:  ").says("hint: ");
            let hook = repo.keyhook(&["hook", "pre-commit"]).expect(2);
            hook.says("keyhook: commit blocked: ").says("hint: ").says("--no-verify");
            assert_ne!(repo.run(&["commit", "-q", "-m", "test"]).code, 0, "git refuses, too");
        }
    });
}

#[test]
fn an_old_version_that_is_gone() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("app.py", CLEAN);
        let old = object_path(&repo, "HEAD:app.py");
        repo.put("app.py", leak(1));
        std::fs::remove_file(old).unwrap();
        // Whether the key is new cannot be said: the commit stops all the same.
        repo.gives_up(&[], "app.py: cannot read the git object ");
    });
}

#[test]
fn an_index_that_git_names_and_that_is_not_there() {
    each_git(|git| {
        let repo = with_leak(git);
        let absent = repo.beside("no-such-index").display().to_string();
        for name in [absent, "no-such-index".to_owned(), ".git/no-such-index".to_owned()] {
            let repo = with_leak(git).with("GIT_INDEX_FILE", name.clone());
            for reader in ["own", "git", "auto"] {
                repo.scan(reader).expect(2).says("but there is no such file").says("hint: ");
            }
        }
    });
}

#[test]
fn an_index_named_from_below() {
    each_git(|git| {
        // git names it from the top of the worktree, wherever the program stands.
        let repo = with_leak(git);
        let below = repo.path("a");
        let repo = repo.from(below).with("GIT_INDEX_FILE", ".git/index");
        repo.shows(&["app.py"]);
    });
}

#[test]
fn an_unmerged_index() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("app.py", "base()\n").run(&["checkout", "-q", "-b", "side"]).expect(0);
        repo.commit("app.py", "side()\n").run(&["checkout", "-q", "main"]).expect(0);
        repo.commit("app.py", "main()\n").run(&["merge", "-q", "side"]);
        nothing_reads(&repo, "the index has an unmerged entry: app.py");
        repo.scan("auto").says("git add <file>");
    });
}

#[test]
fn no_git_where_only_git_could_read() {
    let git = Git::usual();
    if !git.knows("reftable", (2, 45)) {
        return;
    }
    let repo = git.repo_with(&["--ref-format=reftable"]);
    let repo = repo.put("app.py", leak(1)).scan_without_git();
    repo.expect(2).says("cannot run git: ").says("install git, or put it on the PATH");
}

#[test]
fn no_git_where_it_is_not_needed() {
    let repo = with_leak(&Git::usual());
    repo.scan_without_git().expect(1).says("app.py");
}

impl Repo {
    fn scan_without_git(&self) -> Run {
        let mut command = self.sandbox.command(program(), &self.folder);
        command.args(["scan", "--staged"]).env("PATH", "/nonexistent");
        Run::of(command.output().expect("keyhook runs"))
    }
}

#[test]
fn a_damaged_baseline() {
    each_git(|git| {
        let texts = [
            ("{", "cannot use .secrets.baseline, line 1: "),
            ("<<<<<<< ours\n", "cannot use .secrets.baseline, line 1: "),
            ("{\"version\": 1}", "cannot use .secrets.baseline, line 1: "),
            ("{\"version\": 99}", "it has format 99, this keyhook knows up to 1"),
            ("", "cannot use .secrets.baseline"),
        ];
        for (text, message) in texts {
            let repo = git.repo();
            // It blocks as it is staged, although nothing else is new.
            repo.put(".secrets.baseline", text);
            repo.gives_up(&[], message);
            // Without a finding it is not asked for; with one it is.
            repo.commit("other.py", CLEAN).put("app.py", leak(1));
            repo.gives_up(&[], message);
            assert_eq!(repo.read(".secrets.baseline"), text);
        }
    });
}

#[test]
fn broken_settings() {
    each_git(|git| {
        let pattern = "[[rule]]\nid = \"a\"\npattern = '('\n";
        let texts = [
            ("exclud = []\n", "unknown field `exclud`"),
            ("exclude = [\"[\"]\n", "exclude: "),
            ("exclude = \n", "cannot use .keyhook.toml"),
            ("disable = [\"no-such-rule\"]\n", "no rule is called `no-such-rule`"),
            (pattern, "cannot use .keyhook.toml"),
        ];
        for (text, message) in texts {
            let repo = git.repo();
            repo.put(".keyhook.toml", text).put("app.py", CLEAN);
            repo.gives_up(&[], message);
        }
    });
}

#[test]
fn a_staged_setting_that_cannot_be_read() {
    each_git(|git| {
        for name in [".keyhook.toml", ".secrets.baseline"] {
            let repo = git.repo();
            repo.put(name, "").put("app.py", leak(1));
            std::fs::remove_file(object_path(&repo, &format!(":{name}"))).unwrap();
            repo.write(name, "changed");
            repo.gives_up(&[], &format!("{name}: cannot read the git object "));
        }
    });
}

/// Runs keyhook with a limit of nothing on what it may write into a file.
fn with_full_disk(repo: &Repo, arguments: &str) -> Run {
    let mut command = repo.command("sh", repo.root());
    let keyhook = program();
    // The signal is ignored, so that writing fails as it does on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f 0; exec '{}' {arguments}", keyhook.display());
    Run::of(command.args(["-c", &script]).output().expect("sh runs"))
}

#[test]
fn a_full_disk_leaves_the_old_baseline_alone() {
    let repo = Git::usual().repo();
    repo.commit("old.py", leak(1)).keyhook(&["baseline", "create"]).expect(0);
    repo.run(&["commit", "-q", "--no-verify", "-m", "baseline"]).expect(0);
    let before = repo.read(".secrets.baseline");
    repo.put("new.py", leak(2));
    let document: Value = serde_json::from_str(&repo.scan("auto").out).unwrap();
    let print = document["findings"][0]["fingerprint"].as_str().unwrap();
    let allow = format!("allow {print} --reason fixture");
    for arguments in [allow.as_str(), "baseline update"] {
        let run = with_full_disk(&repo, arguments).expect(2);
        run.says("error: cannot write ").says(".secrets.baseline").says("free some space");
        assert_eq!(repo.read(".secrets.baseline"), before);
        assert!(repo.git(&["diff", "--name-only", "HEAD", "--", ".secrets.baseline"]).is_empty());
    }
    nothing_left_over(&repo);
}

#[test]
fn a_full_disk_makes_no_half_baseline() {
    let repo = Git::usual().repo();
    repo.commit("old.py", leak(1));
    with_full_disk(&repo, "baseline create").expect(2).says("error: cannot write ");
    assert!(!repo.path(".secrets.baseline").exists());
    nothing_left_over(&repo);
}

fn nothing_left_over(repo: &Repo) {
    let status = repo.git(&["status", "--porcelain", "--untracked-files=all"]);
    assert!(!status.contains(".tmp"), "{status}");
}

#[test]
fn a_full_file_system() {
    let repo = Git::usual().repo();
    repo.commit("old.py", leak(1));
    let folder = repo.beside("tiny");
    std::fs::create_dir(&folder).unwrap();
    let tiny = folder.display().to_string();
    let clone = "git clone -q . \"$0/clone\" && cd \"$0/clone\" || exit 77";
    // In a mount namespace of its own, so that nothing stays mounted.
    let script = format!(
        "mount -t tmpfs -o size=600k none \"$0\" || exit 77; {clone}; '{keyhook}' baseline create \
         || exit 1; cp .secrets.baseline ../before; git rm -q --cached old.py; cat /dev/zero >../fill 2>/dev/null; \
         '{keyhook}' baseline update --prune --confidence low; code=$?; cmp .secrets.baseline \
         ../before || exit 3; exit $code",
        keyhook = program().display()
    );
    let mut command = repo.command("unshare", repo.root());
    command.args(["--mount", "sh", "-c", &script, &tiny]);
    let run = command.output().map(Run::of);
    match run {
        Ok(run) if run.code == 2 => {
            run.says("error: cannot write ").says("free some space");
        }
        Ok(run) if run.code != 77 && run.code != 1 => panic!("{}: {}", run.code, run.text()),
        other => skipped(&format!("nothing can be mounted here: {other:?}")),
    }
}

#[test]
fn a_file_without_permission() {
    let repo = Git::usual().repo();
    repo.write("open.py", CLEAN).write("closed.py", leak(1));
    set_mode(&repo.path("closed.py"), 0o000);
    let is_root = std::fs::read(repo.path("closed.py")).is_ok();
    let mut command = if is_root {
        // Root reads everything, so somebody else has to look.
        set_mode(&repo.beside(""), 0o755);
        let mut command = repo.command("setpriv", repo.root());
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program());
        command
    } else {
        repo.command(program(), repo.root())
    };
    let run = Run::of(command.args(["scan", "closed.py", "open.py"]).output().expect("it runs"));
    if is_root && !run.text().contains("keyhook") && !run.text().contains("closed.py") {
        skipped(&format!("nobody but root can run the program here: {}", run.text()));
        return;
    }
    run.expect(2).says("closed.py: cannot read it: ").says("hint: ");
}
