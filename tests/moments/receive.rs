//! `pre-receive` and `update`: a server that looks before it takes a push.

use super::Guarded;
use crate::support::{Run, filled, key, leak, program};

fn served() -> Guarded {
    let repo = Guarded::with_hooks(&[]);
    repo.pushes(&["origin", "main"]);
    repo.serve("pre-receive");
    repo
}

#[test]
fn a_push_with_a_key_is_rejected_whole() {
    let repo = served();
    repo.commit("app.py", leak(1)).commit("app.py", "client()\n");
    let run = repo.is_stopped(&["origin", "main", "main:other"]).hides(&key(1));
    run.says("remote: keyhook: push rejected: 1 new secret in 1 commit")
        .says("app.py:1:29")
        .says("git rebase -i")
        .hides("--no-verify");
    repo.git(&["reset", "-q", "--hard", "HEAD~2"]);
    repo.commit("app.py", "client()\n");
    repo.pushes(&["origin", "main"]);
}

#[test]
fn every_kind_of_push() {
    let repo = served();
    repo.pushes(&["origin", "main:new"]);
    repo.commit("app.py", leak(1));
    repo.is_stopped(&["origin", "main:newer"]).says("app.py:1:");
    repo.git(&["commit", "-q", "--amend", "-m", "x", "--no-verify"]);
    repo.is_stopped(&["--force", "origin", "main"]).says("app.py:1:");
    repo.git(&["reset", "-q", "--hard", "HEAD^"]);
    repo.git(&["commit", "-q", "--amend", "-m", "rewritten"]);
    repo.pushes(&["--force", "origin", "main"]);
    repo.pushes(&["origin", ":new"]);
    repo.git(&["tag", "-a", "v1", "-m", &format!("made with {}", key(2))]);
    repo.is_stopped(&["origin", "v1"]).says(".git/TAG_EDITMSG:1:").hides(&key(2));
    repo.git(&["commit", "-q", "--allow-empty", "--no-verify", "-m", &format!("of {}", key(3))]);
    repo.is_stopped(&["origin", "main"]).says(".git/COMMIT_EDITMSG:1:").hides(&key(3));
}

/// Writes an object, sound or not, and returns its id.
fn object(repo: &Guarded, kind: &str, content: impl AsRef<[u8]>) -> String {
    let path = repo.beside("object");
    std::fs::write(&path, content).unwrap();
    let path = path.display().to_string();
    repo.git(&["hash-object", "--literally", "-t", kind, "-w", &path]).trim().to_owned()
}

#[test]
fn a_tree_that_names_a_file_twice() {
    let repo = served();
    let (bad, good) = (object(&repo, "blob", leak(1)), object(&repo, "blob", "client()\n"));
    for pair in [[&bad, &good], [&good, &bad]] {
        let mut tree = Vec::new();
        for id in pair {
            tree.extend(b"100644 app.py\0");
            tree.extend((0..20).map(|at| u8::from_str_radix(&id[at * 2..][..2], 16).unwrap()));
        }
        let tree = object(&repo, "tree", tree);
        let commit = repo.git(&["commit-tree", &tree, "-p", "HEAD", "-m", "twice"]);
        let run = repo.is_stopped(&["origin", &format!("{}:refs/heads/twice", commit.trim())]);
        run.says("app.py:1:").hides(&key(1));
    }
}

#[test]
fn the_first_push_of_all() {
    let repo = Guarded::with_hooks(&[]);
    repo.serve("pre-receive");
    repo.commit("app.py", leak(1));
    let run = repo.is_stopped(&["origin", "main"]).says("app.py:1:");
    run.says("git rebase -i").says("the server has no commit yet");
    repo.git(&["reset", "-q", "--hard", "HEAD^"]);
    repo.pushes(&["origin", "main"]);
}

#[test]
fn many_references_at_once() {
    let repo = served();
    repo.commit("app.py", leak(1));
    let mut input = String::new();
    for number in 0..300 {
        input.push_str(&format!("create refs/heads/b{number} HEAD\n"));
    }
    let path = repo.beside("refs");
    std::fs::write(&path, input).unwrap();
    let mut command = repo.command("sh", repo.root());
    command.args(["-c", &format!("git update-ref --stdin <'{}'", path.display())]);
    assert!(command.status().unwrap().success());
    repo.is_stopped(&["--all", "origin"]).says("1 new secret in 1 commit");
}

#[test]
fn a_change_cannot_allow_itself() {
    let repo = served();
    repo.write("app.py", leak(1)).stage(&["app.py"]);
    repo.keyhook(&["baseline", "create"]).expect(0);
    repo.git(&["add", ".secrets.baseline"]);
    repo.commit_unseen("with its own permission");
    repo.is_stopped(&["origin", "main"]).says("app.py:1:").says("push that change alone first");
    repo.write(".keyhook.toml", "disable = [\"anthropic-api-key\"]\n").stage(&[".keyhook.toml"]);
    repo.commit_unseen("and without the rule");
    repo.is_stopped(&["origin", "main"]).says("app.py:1:");
    repo.git(&["reset", "-q", "--soft", "origin/main"]);
    repo.git(&["rm", "-q", "--cached", "app.py", ".keyhook.toml"]);
    repo.commit_unseen("the permission alone");
    repo.pushes(&["origin", "main"]);
    repo.git(&["add", "app.py"]);
    repo.commit_unseen("then what it is for");
    repo.pushes(&["origin", "main"]);
    // A new branch is judged as HEAD is; the same value at another place is not accepted.
    repo.commit("copy.py", leak(1));
    repo.is_stopped(&["origin", "main:copy"]).says("copy.py:1:");
}

#[test]
fn a_branch_cannot_lend_its_permission() {
    let repo = served();
    repo.commit("app.py", leak(1));
    repo.keyhook(&["baseline", "create"]).expect(0);
    repo.git(&["checkout", "-q", "-b", "free", "origin/main"]);
    repo.git(&["add", ".secrets.baseline"]);
    repo.commit_unseen("the permission, for this branch");
    repo.pushes(&["origin", "free"]);
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["branch", "-q", "-f", "free", "main"]);
    // One push brings the same commit to both branches.
    repo.is_stopped(&["--force", "origin", "free", "main"]).says("app.py:1:");
    repo.pushes(&["--force", "origin", "free"]);
}

#[test]
fn when_the_time_is_over_it_says_what_it_has_not_looked_at() {
    let repo = served();
    for number in 0..5 {
        repo.commit("app.py", format!("line({number})\n"));
    }
    let first = repo.git(&["rev-parse", "main~4"]);
    repo.serve("pre-receive --time-budget 0");
    let run = repo.is_stopped(&["origin", "main"]);
    run.says("push rejected: not everything could be looked at")
        .says("the time of 0 s is over: 5 of 5 commits were not looked at")
        .says(&first[..12]);
    repo.serve("pre-receive");
    repo.git_in(&repo.server, &["config", "keyhook.timeBudget", "0s"]).expect(0);
    repo.is_stopped(&["origin", "main"]).says("5 of 5 commits");
    repo.git_in(&repo.server, &["config", "keyhook.timeBudget", "soon"]).expect(0);
    repo.is_stopped(&["origin", "main"]).says("cannot use keyhook.timeBudget = soon");
    repo.git_in(&repo.server, &["config", "keyhook.timeBudget", "2m"]).expect(0);
    repo.pushes(&["origin", "main"]);
}

#[test]
fn the_update_hook_looks_at_one_reference() {
    let repo = Guarded::with_hooks(&[]);
    repo.pushes(&["origin", "main"]);
    repo.serve("update");
    repo.git(&["branch", "fine"]);
    repo.commit("app.py", leak(1));
    let run = repo.push(&["origin", "main", "fine"]).expect(1);
    run.says("push rejected").says("app.py:1:").hides(&key(1));
    let refs = repo.server_refs();
    assert!(refs.contains("refs/heads/fine") && !refs.contains(&repo.head()), "{refs}");
    repo.keyhook(&["hook", "update", "refs/heads/main"]).expect(2).says("its old id");
}

#[test]
fn quarantine_is_read_by_both_readers() {
    for reader in ["own", "git"] {
        let repo = served();
        repo.serve(&format!("pre-receive --reader {reader}"));
        // A pack and loose objects lie in quarantine alike.
        for limit in ["1", "1000"] {
            repo.git_in(&repo.server, &["config", "receive.unpackLimit", limit]).expect(0);
            repo.commit("app.py", leak(1));
            repo.is_stopped(&["origin", "main"]).says("app.py:1:").says("1 new secret in 1 commit");
            repo.git(&["reset", "-q", "--hard", "HEAD^"]);
            repo.commit("app.py", filled("# {{alnum 30}}\n", limit.len() as u64));
            repo.pushes(&["origin", "main"]);
        }
    }
}

#[test]
fn one_object_is_not_read_for_longer_than_there_is_time() {
    let repo = served();
    repo.commit("dump.sql", "a dump\n");
    repo.pushes(&["origin", "main"]);
    // As an object that takes forever: a pipe that nobody writes to.
    let named = |name: &str| repo.git(&["rev-parse", name]).trim().to_owned();
    let id = named("HEAD:dump.sql");
    let object = repo.server.join("objects").join(&id[..2]).join(&id[2..]);
    let (old, new) = (named("HEAD^"), named("HEAD"));
    let script = format!(
        "rm -f '{object}' && mkfifo '{object}' && git update-ref refs/heads/main {old} && \
         echo {old} {new} refs/heads/main | '{keyhook}' hook pre-receive --time-budget 0.5",
        object = object.display(),
        keyhook = program().display(),
    );
    let started = std::time::Instant::now();
    let mut command = repo.command("sh", &repo.server);
    let run = Run::of(command.args(["-c", &script]).output().unwrap()).expect(2);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    run.says("push rejected: not everything could be looked at")
        .says("the time of 0.5 s is over: 1 of 1 commits were not looked at, the first is")
        .says("in which dump.sql was not finished");
}
