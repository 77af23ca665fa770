//! `keyhook scan --range` and `--history`.

use std::collections::HashSet;

use super::Guarded;
use crate::support::{key, leak};

#[test]
fn the_history_is_looked_at_commit_by_commit() {
    let repo = Guarded::with_hooks(&[]);
    repo.commit("app.py", leak(1)).commit("app.py", "client()\n");
    repo.git(&["checkout", "-q", "-b", "side", "HEAD~2"]);
    repo.commit("side.py", leak(2));
    repo.git(&["tag", "-a", "v1", "-m", &format!("with {}", key(3))]);
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["branch", "-q", "-D", "side"]);
    let run = repo.keyhook(&["scan", "--history"]).expect(1);
    run.says("3 new secrets in 3 commits and tags")
        .says("app.py:1:")
        .says("side.py:1:")
        .says("tag      v1")
        .hides(&key(1))
        .hides(&key(3));
    // Once it is accepted, it stays quiet wherever it moved.
    let clean = Guarded::with_hooks(&[]);
    let run = clean.keyhook(&["scan", "--history"]).expect(0);
    run.says("keyhook: no new secrets in 1 commit");
}

#[test]
fn the_same_content_is_reported_once() {
    let repo = Guarded::with_hooks(&[]);
    repo.commit("app.py", leak(1)).commit("app.py", "client()\n").commit("app.py", leak(1));
    repo.keyhook(&["scan", "--history"]).expect(1).says("1 new secret in 1 commit");
}

#[test]
fn an_accepted_file_may_have_had_another_name() {
    let repo = Guarded::with_hooks(&[]);
    repo.commit("old.py", format!("{}{}", leak(1), "line()\n".repeat(20)));
    repo.git(&["mv", "old.py", "new.py"]);
    repo.commit_unseen("move");
    repo.keyhook(&["baseline", "create"]).expect(0);
    repo.keyhook(&["scan", "--history"]).expect(0).says("1 in the baseline");
}

#[test]
fn a_range_is_what_one_end_has_and_the_other_has_not() {
    let repo = Guarded::with_hooks(&[]);
    repo.commit("a.py", leak(1)).commit("b.py", leak(2)).commit("c.py", leak(3));
    let scan = |range: &str| repo.keyhook(&["scan", "--range", range]);
    scan("HEAD~2..HEAD~1").expect(1).says("b.py:1:").says("1 new secret in 1 commit");
    scan("HEAD~2..").expect(1).says("2 new secrets in 2 commits");
    scan("HEAD~2...HEAD").expect(1).says("2 new secrets in 2 commits");
    scan("HEAD..HEAD").expect(0);
    scan("HEAD").expect(2).says("names no range").says("'HEAD^..HEAD'");
    scan("HEAD~9..HEAD").expect(2).says("no commit here is called HEAD~9");
    scan("--all..HEAD").expect(2);
    repo.keyhook(&["scan", "--range", "a..b", "--staged"]).expect(2).says("cannot be used with");
    repo.keyhook(&["scan", "--history", "src"]).expect(2).says("cannot be used with");
}

#[test]
fn a_bare_repository_is_judged_by_its_head() {
    let repo = Guarded::with_hooks(&[]);
    repo.commit("app.py", leak(1));
    repo.keyhook(&["baseline", "create"]).expect(0);
    repo.commit(".secrets.baseline", repo.read(".secrets.baseline"));
    repo.pushes(&["origin", "main"]);
    repo.keyhook_in(&repo.server, &["scan", "--history"]).expect(0).says("1 in the baseline");
    // An empty one has nothing.
    let empty = repo.beside("empty.git");
    repo.git(&["init", "-q", "--bare", &empty.display().to_string()]);
    repo.keyhook_in(&empty, &["scan", "--history"]).expect(0);
}

#[test]
fn a_shallow_history_says_so() {
    let repo = Guarded::with_hooks(&[]);
    repo.commit("app.py", leak(1)).commit("more.py", "more()\n");
    let clone = repo.beside("clone");
    let from = format!("file://{}", repo.root().display());
    repo.git(&["clone", "-q", "--depth", "1", &from, &clone.display().to_string()]);
    let run = repo.keyhook_in(&clone, &["scan", "--history"]).expect(1).says("app.py:1:");
    run.says("the clone is shallow; what is older was not looked at");
}

#[test]
fn outside_of_a_repository_there_is_no_history() {
    let sandbox = crate::support::Sandbox::without_repository();
    sandbox.keyhook(&["scan", "--history"]).expect(2).says("no git repository");
    sandbox.keyhook(&["ci", "--base", "main"]).expect(2).says("no git repository");
}

#[test]
fn other_formats_of_repositories() {
    for arguments in [&["--object-format=sha256"][..], &["--ref-format=reftable"]] {
        let sandbox = crate::support::Sandbox::without_repository();
        let init = [&["init", "-q", "-b", "main"], arguments].concat();
        if sandbox.try_git(&init).code != 0 {
            continue;
        }
        sandbox.commit("readme", "read me\n").commit("app.py", leak(1));
        sandbox.keyhook(&["scan", "--history"]).expect(1).says("app.py:1:");
        sandbox.keyhook(&["scan", "--range", "HEAD^..HEAD"]).expect(1).says("app.py:1:");
    }
}

#[test]
fn no_format_shows_a_secret_of_a_commit() {
    let repo = Guarded::with_hooks(&[]);
    let base = repo.head();
    repo.write(&format!("{}.py", key(1)), leak(2)).stage(&["."]);
    repo.commit_unseen(&format!("subject {}\n\nbody {}", key(3), key(4)));
    repo.git(&["tag", "-a", &format!("v-{}", key(5)), "-m", &key(6)]);
    for format in ["text", "json", "jsonl", "sarif"] {
        for command in [&["scan", "--history"][..], &["ci", "--base", &base]] {
            let run = repo.keyhook(&[command, &["--format", format]].concat()).expect(1);
            let text = run.text();
            assert!(text.contains("COMMIT_EDITMSG"), "the message is looked at too");
            let shown: HashSet<&[u8]> = text.as_bytes().windows(12).collect();
            for seed in 1..=6 {
                let secret = key(seed).trim_start_matches("sk-ant-api03-").to_owned();
                let leaked = secret.as_bytes().windows(12).any(|part| shown.contains(part));
                assert!(!leaked, "key {seed} is shown by {command:?} as {format}: {text}");
            }
        }
    }
}
