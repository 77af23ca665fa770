//! `keyhook ci`: the commits of a change, judged by what was there before it.

use std::path::Path;

use serde_json::{Value, json};

use super::Guarded;
use crate::support::{Run, Sandbox, key, leak};

/// A repository whose branch `change` is checked out, with `main` as its base.
fn changed() -> Guarded {
    let repo = Guarded::with_hooks(&[]);
    repo.commit("old.py", leak(9));
    repo.git(&["checkout", "-q", "-b", "change"]);
    repo
}

fn ci(repo: &Sandbox, arguments: &[&str]) -> Run {
    repo.keyhook(&[&["ci"], arguments].concat())
}

#[test]
fn each_commit_of_the_change_is_looked_at() {
    let repo = changed();
    repo.commit("app.py", leak(1)).commit("app.py", "client()\n");
    let run = ci(&repo, &["--base", "main"]).expect(1).says("1 new secret in 1 commit");
    run.says("app.py:1:29").hides(&key(1)).hides("old.py");
    ci(&repo, &["--base", "main~1"]).expect(1).says("2 new secrets in 2 commits");
    ci(&repo, &["--base", "main", "--head", "main"]).expect(0).says("no new secrets in 0 files");
    repo.git(&["reset", "-q", "--hard", "main"]);
    repo.commit("app.py", "client()\n");
    ci(&repo, &["--base", "main"]).expect(0).says("keyhook: no new secrets in 1 commit");
}

#[test]
fn machines_learn_the_commit() {
    let repo = changed();
    repo.commit("app.py", leak(1));
    let run = ci(&repo, &["--base", "main", "--format", "json"]).expect(1);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let finding = &document["findings"][0];
    assert_eq!(finding["commit"]["id"], repo.head());
    assert_eq!(finding["commit"]["subject"], "app.py");
    assert_eq!(document["commits"], 1);
    let run = ci(&repo, &["--base", "main", "--format", "jsonl"]).expect(1);
    assert_eq!(&serde_json::from_str::<Value>(&run.out).unwrap(), finding);
    let run = ci(&repo, &["--base", "main", "--format", "sarif"]).expect(1);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let result = &document["runs"][0]["results"][0];
    assert_eq!(result["properties"]["commit"]["id"], repo.head());
    assert!(result["message"]["text"].as_str().unwrap().contains(&repo.head()[..12]));
}

#[test]
fn a_change_cannot_allow_itself() {
    let repo = changed();
    repo.write("app.py", leak(1)).stage(&["app.py"]);
    repo.keyhook(&["baseline", "create"]).expect(0);
    repo.write(".keyhook.toml", "exclude = [\"**\"]\n").stage(&[".secrets.baseline"]);
    repo.stage(&[".keyhook.toml"]);
    repo.commit_unseen("allow myself");
    let run = ci(&repo, &["--base", "main"]).expect(1).says("app.py:1:");
    run.says("this change changes .secrets.baseline, which does not count before it is merged")
        .says("this change changes .keyhook.toml");
    ci(&repo, &["--base", "main", "--settings", "head"]).expect(0);
    // Once merged, it counts for the next change.
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "change"]);
    repo.git(&["rm", "-q", ".keyhook.toml"]);
    repo.commit_unseen("look again");
    repo.git(&["checkout", "-q", "-b", "next"]);
    repo.commit("app.py", format!("# moved down\n{}", leak(1))).commit("copy.py", leak(1));
    ci(&repo, &["--base", "main"]).expect(1).says("copy.py:1:").says("1 new secret in 1 commit");
}

#[test]
fn a_merge_commit_of_the_service_changes_nothing() {
    let repo = changed();
    repo.commit("app.py", "client()\n");
    repo.git(&["checkout", "-q", "main"]);
    repo.commit("new.py", leak(3));
    repo.git(&["checkout", "-q", "--detach"]);
    repo.git(&["merge", "-q", "--no-edit", "change"]);
    ci(&repo, &["--base", "main"]).expect(0).says("no new secrets in 2 commits");
}

#[test]
fn services_name_the_base() {
    let repo = changed();
    repo.commit("app.py", leak(1));
    ci(&repo, &[]).expect(2).says("no base is named").says("keyhook ci --base origin/main");
    let run_with = |name: &str, value: &str| ci_with(&repo, repo.root(), &[(name, value)]);
    let run = run_with("GITHUB_BASE_REF", "main").expect(1);
    run.says("the base is main, named by GITHUB_BASE_REF").says("app.py:1:");
    let main = repo.git(&["rev-parse", "main"]);
    run_with("CI_MERGE_REQUEST_DIFF_BASE_SHA", main.trim()).expect(1).says(main.trim());
    run_with("CHANGE_TARGET", "absent").expect(2).says("(named by CHANGE_TARGET)");
    let path = repo.beside("event.json");
    std::fs::write(&path, format!("{{\"before\":\"{}\"}}", main.trim())).unwrap();
    run_with("GITHUB_EVENT_PATH", &path.display().to_string()).expect(1).says("GITHUB_EVENT_PATH");
}

fn ci_with(repo: &Sandbox, folder: &Path, variables: &[(&str, &str)]) -> Run {
    let mut command = repo.command(crate::support::program(), folder);
    Run::of(command.arg("ci").envs(variables.iter().copied()).output().unwrap())
}

/// The file of GitHub's event for a push to a repository whose default branch is `main`.
fn push_event(repo: &Sandbox, before: &str) -> String {
    let path = repo.beside("event.json");
    let event = json!({ "before": before, "repository": { "default_branch": "main" } });
    std::fs::write(&path, event.to_string()).unwrap();
    path.display().to_string()
}

#[test]
fn what_was_there_before_a_push_is_fetched_and_never_replaced_by_a_guess() {
    let repo = changed();
    repo.git(&["checkout", "-q", "main"]);
    let before = repo.head();
    repo.commit("app.py", leak(1));
    // As actions/checkout clones: one commit, and the branch that was pushed is the default branch.
    let clone = repo.beside("clone");
    let from = format!("file://{}", repo.root().display());
    repo.git(&["clone", "-q", "--depth", "1", &from, &clone.display().to_string()]);
    let event = push_event(&repo, &before);
    for named in [("GITHUB_EVENT_PATH", &*event), ("CI_COMMIT_BEFORE_SHA", &before)] {
        let run = ci_with(&repo, &clone, &[named, ("CI_DEFAULT_BRANCH", "main")]).expect(2);
        run.says(&before[..12]).says(named.0).says("git fetch --unshallow origin");
    }
    repo.git_in(&clone, &["fetch", "-q", "--unshallow", "origin"]).expect(0);
    let run = ci_with(&repo, &clone, &[("GITHUB_EVENT_PATH", &event)]).expect(1);
    run.says("1 new secret in 1 commit").says("app.py:1:");
    // A force push left it out of every branch.
    let gone = "1".repeat(40);
    let event = push_event(&repo, &gone);
    let run = ci_with(&repo, &clone, &[("GITHUB_EVENT_PATH", &event)]).expect(2);
    run.says(&format!("git fetch origin {gone}"));
    // If it was another branch that was pushed, the default branch lacks all of the change.
    repo.git_in(&clone, &["checkout", "-q", "-b", "change"]).expect(0);
    std::fs::write(clone.join("b.py"), leak(2)).unwrap();
    repo.git_in(&clone, &["add", "b.py"]).expect(0);
    repo.git_in(&clone, &["commit", "-q", "-m", "b"]).expect(0);
    for named in [("GITHUB_EVENT_PATH", &*event), ("CI_COMMIT_BEFORE_SHA", &gone)] {
        let run = ci_with(&repo, &clone, &[named, ("CI_DEFAULT_BRANCH", "main")]).expect(1);
        run.says("is not here; the base is origin/main").says("1 new secret in 1 commit");
    }
}

#[test]
fn a_first_push_is_looked_at_whole() {
    let repo = changed();
    repo.commit("app.py", leak(1)).commit("app.py", "client()\n");
    let zeros = "0".repeat(40);
    let event = push_event(&repo, &zeros);
    let github = [("GITHUB_EVENT_PATH", &*event)];
    // A new branch is compared with the default branch.
    let run = ci_with(&repo, repo.root(), &github).expect(1);
    run.says("the base is main, named by GITHUB_EVENT_PATH").says("1 new secret in 1 commit");
    // The default branch itself has nothing to be compared with.
    repo.git(&["checkout", "-q", "-B", "main"]);
    let gitlab = [("CI_COMMIT_BEFORE_SHA", &*zeros), ("CI_DEFAULT_BRANCH", "main")];
    let drone = [("DRONE_COMMIT_BEFORE", &*zeros), ("DRONE_TARGET_BRANCH", "main")];
    for variables in [&github[..], &gitlab, &drone] {
        let run = ci_with(&repo, repo.root(), variables).expect(1);
        run.says("has every commit of HEAD; all of them are looked at")
            .says("2 new secrets in 2 commits")
            .hides("this change changes");
    }
    let clone = repo.beside("clone");
    let from = format!("file://{}", repo.root().display());
    repo.git(&["clone", "-q", "--depth", "1", &from, &clone.display().to_string()]);
    let run = ci_with(&repo, &clone, &github).expect(2);
    run.says("origin/main, named by GITHUB_EVENT_PATH, has every commit of HEAD")
        .says("git fetch --unshallow origin");
}

#[test]
fn a_target_that_is_checked_out_itself_is_an_error() {
    let repo = changed();
    let main = repo.git(&["rev-parse", "main"]);
    for named in [("GITHUB_BASE_REF", "main"), ("CI_MERGE_REQUEST_DIFF_BASE_SHA", main.trim())] {
        let run = ci_with(&repo, repo.root(), &[named]).expect(2);
        run.says("has every commit of HEAD, so the change is not what is checked out")
            .says("keyhook ci --head REV");
    }
    // Whoever names it means it.
    ci(&repo, &["--base", "main"]).expect(0).says("no new secrets in 0 files");
}

#[test]
fn drone_names_the_pushed_branch_as_the_target() {
    let repo = changed();
    let before = repo.head();
    repo.commit("app.py", leak(1));
    let variables = [("DRONE_COMMIT_BEFORE", &*before), ("DRONE_TARGET_BRANCH", "change")];
    ci_with(&repo, repo.root(), &variables).expect(1).says("app.py:1:");
}

#[test]
fn a_base_that_is_not_here_is_an_error_with_the_line_that_gets_it() {
    let repo = changed();
    let run = ci(&repo, &["--base", "origin/absent"]).expect(2);
    run.says("no commit here is called origin/absent")
        .says("git fetch origin absent:refs/remotes/origin/absent");
    ci(&repo, &["--base=--all"]).expect(2).says("no commit here is called --all");
    ci(&repo, &["--base", "main", "--head", "absent"]).expect(2).says("absent");
}

#[test]
fn a_shallow_clone_is_an_error_with_the_line_that_mends_it() {
    let repo = changed();
    for number in 0..4 {
        repo.commit("app.py", format!("line({number})\n"));
    }
    let clone = repo.beside("clone");
    let from = format!("file://{}", repo.root().display());
    let clone_path = clone.display().to_string();
    repo.git(&["clone", "-q", "--depth", "2", "--branch", "change", &from, &clone_path]);
    let in_clone = |arguments: &[&str]| repo.keyhook_in(&clone, arguments);
    let run = in_clone(&["ci", "--base", "origin/main"]).expect(2);
    run.says("no commit of this shallow clone is called origin/main").says("git fetch --unshallow");
    // The base is here, and what lies between is not.
    repo.git_in(
        &clone,
        &["fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main"],
    )
    .expect(0);
    let run = in_clone(&["ci", "--base", "origin/main"]).expect(2);
    run.says("the clone is shallow: what commit").says("git fetch --unshallow");
    repo.git_in(&clone, &["fetch", "-q", "--unshallow", "origin"]).expect(0);
    in_clone(&["ci", "--base", "origin/main"]).expect(0).says("no new secrets in 4 commits");
}
