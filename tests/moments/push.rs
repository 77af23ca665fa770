//! `pre-push`: what is about to leave.

use std::path::Path;

use expect_test::expect;

use super::{Guarded, each_git};
use crate::support::{filled, key, leak};

fn guarded() -> Guarded {
    Guarded::with_hooks(&["pre-push"])
}

#[test]
fn a_commit_that_skipped_the_hook_does_not_leave() {
    each_git(|sandbox| {
        let repo = Guarded::in_sandbox(sandbox, &["pre-commit", "pre-push"]);
        repo.pushes(&["origin", "main"]);
        repo.write("app.py", leak(1)).stage(&["app.py"]);
        repo.try_commit(&[]).expect(1);
        repo.commit_unseen("call Claude");
        let run = repo.is_stopped(&["origin", "main"]).says("app.py:1:").says("call Claude");
        run.says(&repo.head()[..12]).hides(&key(1));
        repo.write("app.py", "client = Anthropic()\n").stage(&["app.py"]);
        repo.git(&["commit", "-q", "--amend", "--no-edit"]);
        repo.pushes(&["origin", "main"]);
    });
}

/// A repository whose one server, now called `private`, has a key; `origin` may lead elsewhere.
fn with_a_private_server() -> (Guarded, String) {
    let repo = guarded();
    repo.commit("app.py", leak(1)).commit("app.py", "client = Anthropic()\n");
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    let public = repo.beside("public.git").display().to_string();
    repo.git(&["init", "-q", "--bare", "-b", "main", &public]);
    (repo, public)
}

#[test]
fn what_a_private_server_has_is_new_to_a_public_one() {
    let moves: &[&[&str]] = &[
        &["remote", "set-url", "origin"],
        &["remote", "set-url", "--push", "origin"],
        &["config", "remote.origin.pushurl"],
    ];
    for arguments in moves {
        let (repo, public) = with_a_private_server();
        repo.git(&[arguments, &[&*public][..]].concat());
        repo.push(&["origin", "main"]).expect(1).says("app.py:1:").hides(&key(1));
        repo.push(&["--all", "origin"]).expect(1).says("app.py:1:");
        assert_eq!(repo.git_in(Path::new(&public), &["for-each-ref"]).out, "", "{arguments:?}");
    }
    let (repo, public) = with_a_private_server();
    repo.git(&["remote", "set-url", "--add", "--push", "origin", &public]);
    repo.push(&["origin", "main"]).expect(1).says("app.py:1:");
    let (repo, public) = with_a_private_server();
    let from = format!("url.{public}.pushInsteadOf");
    repo.git(&["config", &from, &repo.server.display().to_string()]);
    repo.push(&["origin", "main"]).expect(1).says("app.py:1:");
}

#[test]
fn a_remote_whose_name_starts_with_another_one() {
    let (repo, public) = with_a_private_server();
    repo.git(&["remote", "rename", "origin", "hub/private"]);
    repo.git(&["remote", "add", "hub", &public]);
    repo.push(&["hub", "main"]).expect(1).says("app.py:1:");
    repo.push(&["hub/private", "main"]).expect(0);
}

#[test]
fn a_branch_that_was_deleted_on_the_server_costs_its_own_commits_only() {
    let (repo, _) = with_a_private_server();
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.commit("side.py", "side()\n");
    repo.pushes(&["origin", "side"]);
    let server = repo.server.clone();
    repo.git_in(&server, &["branch", "-q", "-D", "side"]).expect(0);
    // The key is on `main`, which the server still has.
    repo.pushes(&["origin", "side"]);
    repo.git_in(&server, &["branch", "-q", "-D", "side"]).expect(0);
    std::fs::remove_dir_all(repo.path(".git/keyhook")).unwrap();
    repo.commit("side.py", leak(2));
    repo.is_stopped(&["origin", "side"]).says("side.py:1:").says("1 new secret in 1 commit");
}

#[test]
fn both_readers_say_the_same() {
    let repo = guarded();
    repo.commit("app.py", leak(1)).commit("b.py", leak(2)).commit("app.py", "x\n");
    let [own, git] = ["own", "git"].map(|reader| repo.pre_push(&["--reader", reader]).expect(1));
    assert_eq!(own.err, git.err);
    own.says("2 new secrets in 2 commits");
}

#[test]
fn the_report_says_how_to_mend_it() {
    let repo = guarded();
    repo.commit("app.py", leak(1));
    let run = repo.pre_push(&[]).expect(1);
    let print = run.err.split("keyhook allow ").nth(1).unwrap()[..6].to_owned();
    let text = run.err.replace(&repo.head()[..12], "[COMMIT]").replace(&print, "[PRINT]");
    expect![[r#"
        keyhook: push blocked: 1 new secret in 1 commit

          app.py:1:29  Anthropic API key  (anthropic-api-key)
              1 | client = Anthropic(api_key="sk-ant-api****************AA")
                |                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
             commit   [COMMIT] app.py
             instead  os.environ["ANTHROPIC_API_KEY"]
             leaked?  revoke it first: https://platform.claude.com/settings/keys
             not a secret?  keyhook allow [PRINT] --reason "..."

          take it out of the commit, not only of the files:
             the last commit   change the file, git add it, then  git commit --amend
             an older one      git rebase -i '[COMMIT]^'  and mark it `edit`
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_key_that_was_taken_out_again_would_still_leave() {
    let repo = guarded();
    repo.commit("app.py", leak(1)).commit("app.py", "client = Anthropic()\n");
    repo.is_stopped(&["origin", "main"]).says("app.py:1:");
}

#[test]
fn commits_that_no_hook_is_asked_about() {
    let repo = guarded();
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.commit("side.py", leak(1));
    repo.git(&["checkout", "-q", "main"]);
    repo.commit("main.py", "main()\n");
    let base = repo.head();
    for command in [
        &["merge", "-q", "--no-edit", "side"][..],
        &["cherry-pick", "side"],
        &["rebase", "-q", "side"],
        &["merge", "-q", "--squash", "side"],
    ] {
        repo.git(command);
        repo.try_git(&["commit", "-q", "--no-verify", "-m", "squashed"]);
        repo.is_stopped(&["origin", "main"]).says("side.py:1:").hides(&key(1));
        repo.git(&["reset", "-q", "--hard", &base]);
    }
    // What was amended away stays here.
    repo.commit("main.py", leak(2));
    repo.write("main.py", "main()\nmore()\n").stage(&["main.py"]);
    repo.git(&["commit", "-q", "--amend", "--no-verify", "-m", "amended"]);
    repo.pushes(&["origin", "main"]);
}

#[test]
fn a_merge_brings_only_what_no_parent_has() {
    let repo = guarded();
    repo.commit("old.py", leak(1));
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.commit("side.py", "side()\n");
    repo.git(&["checkout", "-q", "main"]);
    repo.commit("main.py", "main()\n");
    repo.git(&["merge", "-q", "--no-edit", "side"]);
    repo.pushes(&["origin", "main", "side"]);
    // An evil merge puts in what neither side had.
    repo.git(&["checkout", "-q", "side"]);
    repo.commit("side.py", "side(2)\n");
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "--no-ff", "--no-commit", "side"]);
    repo.write("evil.py", leak(2)).stage(&["evil.py"]);
    repo.commit_unseen("merge");
    repo.is_stopped(&["origin", "main"]).says("evil.py:1:").says("1 new secret in 1 commit");
}

#[test]
fn a_message_is_text_too() {
    let repo = guarded();
    let message = format!("call it\n\nwith {}", key(1));
    repo.git(&["commit", "-q", "--allow-empty", "--no-verify", "-m", &message]);
    let run = repo.is_stopped(&["origin", "main"]).says(".git/COMMIT_EDITMSG:3:6").hides(&key(1));
    run.says("the name of the key, such as ANTHROPIC_API_KEY, in the message");
    // The subject is shown, and it may be the key.
    repo.git(&["commit", "-q", "--amend", "--allow-empty", "--no-verify", "-m", &key(1)]);
    repo.is_stopped(&["origin", "main"]).says("COMMIT_EDITMSG:1:1").hides(&key(1));
}

#[test]
fn tags_and_what_they_name() {
    let repo = guarded();
    repo.pushes(&["origin", "main"]);
    repo.git(&["tag", "-a", "v1", "-m", &format!("made with {}", key(1))]);
    let run = repo.is_stopped(&["origin", "v1"]).says(".git/TAG_EDITMSG:1:11").says("tag      v1");
    run.says("git tag -a --force v1").hides(&key(1));
    repo.write("loose", leak(2));
    let blob = repo.git(&["hash-object", "-w", "loose"]).trim().to_owned();
    repo.git(&["tag", "blob", &blob]);
    repo.is_stopped(&["origin", "blob"]).says("blob:1:").hides(&key(2));
    repo.commit("folder/app.py", leak(3));
    repo.git(&["tag", "tree", "HEAD^{tree}"]);
    repo.git(&["tag", "-a", "of-tree", "-m", "a tag of a tag", "tree"]);
    repo.git(&["tag", "-a", "of-tag", "-m", "a tag of a tag of a tree", "of-tree"]);
    repo.is_stopped(&["origin", "of-tag"]).says("folder/app.py:1:").hides(&key(3));
    repo.git(&["tag", "light"]);
    repo.is_stopped(&["origin", "light"]).says("folder/app.py:1:");
    repo.git(&["tag", "-a", "v2", "-m", "clean", "main^"]);
    repo.pushes(&["origin", "v2"]);
}

#[test]
fn every_kind_of_push() {
    let repo = guarded();
    // To an empty server; again; another branch; a forced one; a deletion; a detached HEAD.
    repo.pushes(&["origin", "main"]);
    repo.pushes(&["origin", "main"]);
    repo.pushes(&["origin", "main:other"]);
    repo.commit("app.py", leak(1));
    repo.is_stopped(&["origin", "main"]);
    repo.is_stopped(&["origin", "HEAD:refs/heads/third"]);
    repo.is_stopped(&["--all", "origin"]);
    repo.is_stopped(&["--mirror", "origin"]);
    repo.git(&["checkout", "-q", "--detach"]);
    repo.is_stopped(&["origin", "HEAD:refs/heads/fourth"]);
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["reset", "-q", "--hard", "HEAD^"]);
    repo.git(&["commit", "-q", "--amend", "--no-verify", "-m", "another"]);
    repo.pushes(&["--force", "origin", "main"]);
    repo.commit("app.py", leak(2));
    repo.is_stopped(&["--force", "origin", "main"]);
    // A deletion sends nothing, whatever else is here.
    repo.pushes(&["origin", ":other"]);
}

#[test]
fn what_the_remote_has_is_not_asked_again() {
    let repo = guarded();
    repo.commit("app.py", leak(1));
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    repo.commit("more.py", "more()\n");
    repo.pushes(&["origin", "main"]);
    repo.git(&["checkout", "-q", "-b", "branch"]);
    repo.commit("branch.py", "branch()\n");
    repo.pushes(&["origin", "branch"]);
    // Another server has none of it, even if it is named by its address.
    let other = repo.beside("other.git").display().to_string();
    repo.git(&["init", "-q", "--bare", &other]);
    repo.push(&[&other, "main"]).expect(1).says("app.py:1:");
    repo.git(&["remote", "add", "other", &other]);
    repo.push(&["other", "main"]).expect(1).says("app.py:1:");
}

#[test]
fn somebody_elses_newer_commits_are_not_here() {
    let repo = guarded();
    repo.pushes(&["origin", "main"]);
    let clone = repo.beside("clone");
    let server = repo.server.display().to_string();
    repo.git_in(repo.root(), &["clone", "-q", &server, &clone.display().to_string()]).expect(0);
    repo.git_in(&clone, &["commit", "-q", "--allow-empty", "-m", "newer"]).expect(0);
    repo.git_in(&clone, &["push", "-q"]).expect(0);
    repo.commit("app.py", leak(1));
    repo.is_stopped(&["--force", "origin", "main"]).says("app.py:1:");
    repo.git(&["reset", "-q", "--hard", "HEAD^"]);
    repo.commit("app.py", "clean()\n");
    repo.pushes(&["--force", "origin", "main"]);
}

#[test]
fn what_the_pushed_tip_accepts_is_accepted() {
    let repo = guarded();
    repo.commit("app.py", leak(1));
    repo.is_stopped(&["origin", "main"]);
    repo.keyhook(&["baseline", "create"]).expect(0);
    repo.git(&["add", ".secrets.baseline"]);
    repo.commit_unseen("accept it");
    repo.pushes(&["origin", "main"]);
    // The branch without the baseline does not.
    repo.git(&["checkout", "-q", "-b", "older", "main^"]);
    repo.commit("more.py", leak(2));
    repo.is_stopped(&["origin", "older"]).says("more.py:1:");
}

#[test]
fn what_is_shown_can_be_accepted() {
    let repo = guarded();
    let print = |text: &str| text.split("keyhook allow ").nth(1).unwrap()[..6].to_owned();
    // In no file any more, and in a message.
    repo.commit("app.py", leak(1)).commit("app.py", "client()\n");
    repo.git(&["commit", "-q", "--allow-empty", "--no-verify", "-m", &format!("of {}", key(2))]);
    for _ in 0..2 {
        let run = repo.is_stopped(&["origin", "main"]);
        repo.keyhook(&["allow", &print(&run.err), "--reason", "test fixture"]).expect(0);
        repo.commit_unseen("accept it");
    }
    repo.pushes(&["origin", "main"]);
    // Of another branch that a remote has already.
    repo.git(&["checkout", "-q", "-b", "branch"]);
    repo.commit("more.py", leak(3));
    repo.git(&["push", "-q", "--no-verify", "origin", "branch"]);
    let run = repo.keyhook(&["ci", "--base", "main"]).expect(1);
    repo.git(&["checkout", "-q", "main"]);
    repo.keyhook(&["allow", &print(&run.out), "--reason", "test fixture"]).expect(0);
    repo.keyhook(&["allow", "abcdef", "--reason", "test fixture"])
        .expect(2)
        .says("starts with abcdef");
}

#[test]
fn a_moved_file_is_no_new_secret() {
    let repo = guarded();
    repo.commit("app.py", format!("{}{}", leak(1), "line()\n".repeat(20)));
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    repo.git(&["mv", "app.py", "moved.py"]);
    repo.commit_unseen("move");
    repo.pushes(&["origin", "main"]);
}

#[test]
fn what_strangers_wrote_cannot_reach_the_terminal() {
    let repo = guarded();
    repo.write("a\u{1b}[31mb\n.py", leak(1)).stage(&["."]);
    repo.commit_unseen("\u{1b}[2J\u{202e}subject");
    let run = repo.is_stopped(&["origin", "main"]);
    assert!(!run.text().contains(['\u{1b}', '\u{202e}']), "{:?}", run.text());
    run.says("\\u{1b}[2J");
}

#[test]
fn a_baseline_or_configuration_that_is_broken_stops_the_push() {
    for (name, text) in [(".keyhook.toml", "nonsense = ["), (".secrets.baseline", "{")] {
        let repo = guarded();
        repo.commit(name, text).commit("app.py", leak(1));
        repo.is_stopped(&["origin", "main"]).says(name).says("git push --no-verify");
    }
}

#[test]
fn an_object_that_is_not_here_stops_the_push() {
    let repo = guarded();
    repo.commit("app.py", filled("# {{alnum 30}}\n", 1));
    let blob = repo.git(&["rev-parse", "HEAD:app.py"]);
    let (folder, name) = blob.trim().split_at(2);
    std::fs::remove_file(repo.path(&format!(".git/objects/{folder}/{name}"))).unwrap();
    let run = repo.pre_push(&[]).expect(2).says("not everything could be looked at");
    run.says("git push --no-verify").says("git fsck");
}

#[test]
fn an_empty_or_foreign_list_of_references() {
    let repo = guarded();
    let hook = ["hook", "pre-push", "origin", "x"];
    assert_eq!(repo.keyhook_with(&hook, "").expect(0).text(), "");
    repo.keyhook_with(&hook, "nonsense\n").expect(2).says("line 1 of standard input");
    let absent = format!("a {} b {}\n", "1".repeat(40), "0".repeat(40));
    repo.keyhook_with(&hook, absent).expect(2).says("which is not here");
}

#[test]
fn a_shallow_clone_can_push_its_own_commits() {
    let repo = guarded();
    repo.commit("app.py", leak(1)).commit("more.py", "more()\n");
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    let clone = repo.beside("clone");
    let server = format!("file://{}", repo.server.display());
    repo.git(&["clone", "-q", "--depth", "1", &server, &clone.display().to_string()]);
    super::put_hook(&clone.join(".git/hooks"), "pre-push");
    repo.git_in(&clone, &["commit", "-q", "--allow-empty", "-m", "mine"]).expect(0);
    assert_eq!(repo.git_in(&clone, &["push", "-q"]).expect(0).text(), "");
    std::fs::write(clone.join("new.py"), leak(2)).unwrap();
    repo.git_in(&clone, &["add", "."]).expect(0);
    repo.git_in(&clone, &["commit", "-q", "-m", "mine"]).expect(0);
    let run = repo.git_in(&clone, &["push", "-q"]).expect(1).says("new.py:1:");
    run.says("1 new secret in 1 commit");
    // To another server it would send the commit at the edge, whose change cannot be told.
    let other = repo.beside("other.git").display().to_string();
    repo.git(&["init", "-q", "--bare", &other]);
    let run = repo.git_in(&clone, &["push", "-q", &other, "main"]).expect(1);
    run.says("the clone is shallow").says("git fetch --unshallow");
}
