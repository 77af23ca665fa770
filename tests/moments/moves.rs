//! What a baseline says of a place goes with the file that moves, and not to a file that comes later.

use super::Guarded;
use crate::support::{filled, key, leak};

/// A repository that has accepted a key in `a.py`, on its server too.
fn accepted() -> Guarded {
    let repo = Guarded::with_hooks(&[]);
    repo.write("a.py", leak(1)).stage(&["a.py"]);
    repo.keyhook(&["baseline", "create"]).expect(0);
    repo.stage(&[".secrets.baseline"]);
    repo.commit_unseen("accept");
    repo.pushes(&["origin", "main"]);
    repo
}

/// Another file around the same key.
fn other(seed: u64) -> String {
    let lines: String = (0..30).map(|n| filled("call({{alnum 9}})\n", seed * 100 + n)).collect();
    format!("{lines}const key = \"{}\";\n", key(1))
}

/// Takes a file away without any hook.
fn remove(repo: &Guarded, name: &str) {
    repo.git(&["rm", "-q", name]);
    repo.commit_unseen("remove");
}

#[test]
fn a_file_that_went_earlier_lends_its_entry_to_no_new_file() {
    let repo = accepted();
    remove(&repo, "a.py");
    repo.pushes(&["origin", "main"]);
    repo.write("z.ts", other(1)).stage(&["z.ts"]);
    repo.keyhook(&["hook", "pre-commit"]).expect(1).says("z.ts:31:");
    repo.commit_unseen("copy");
    for arguments in [&["ci", "--base", "HEAD~1"][..], &["scan", "--range", "HEAD~1..HEAD"]] {
        repo.keyhook(arguments).expect(1).says("z.ts:31:").says("a.py").hides(&key(1));
    }
    // Nor do two commits of one push make a move.
    repo.keyhook(&["ci", "--base", "HEAD~2"]).expect(1).says("z.ts:31:");
    repo.pre_push(&[]).expect(1).says("z.ts:31:");
    repo.serve("pre-receive").is_stopped(&["origin", "main"]).says("z.ts:31:");
}

#[test]
fn a_file_that_one_commit_moves_takes_its_entry_along() {
    let repo = accepted();
    repo.git(&["rm", "-q", "a.py"]);
    repo.write("z.ts", other(1)).stage(&["z.ts"]);
    repo.keyhook(&["hook", "pre-commit"]).expect(0);
    repo.commit_unseen("move and rewrite");
    for arguments in [&["ci", "--base", "HEAD~1"][..], &["scan", "--range", "HEAD~1..HEAD"]] {
        repo.keyhook(arguments).expect(0).says("1 in the baseline");
    }
    // What a later commit copies is no part of the move.
    repo.commit("copy.ts", other(2));
    repo.keyhook(&["ci", "--base", "HEAD~2"]).expect(1).says("copy.ts:31:").hides("z.ts:");
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repo.serve("pre-receive").pushes(&["origin", "main"]);
}

#[test]
fn what_is_accepted_under_the_last_name_is_accepted_under_the_earlier_ones() {
    let repo = Guarded::with_hooks(&["pre-push"]);
    repo.commit("first.py", other(1));
    for (from, to) in [("first.py", "second.py"), ("second.py", "a.py")] {
        repo.git(&["mv", from, to]);
        repo.commit_unseen("move");
    }
    repo.keyhook(&["baseline", "create"]).expect(0);
    repo.commit(".secrets.baseline", repo.read(".secrets.baseline"));
    repo.keyhook(&["scan", "--history"]).expect(0).says("1 in the baseline");
    repo.push(&["origin", "main"]).expect(0);
    // A file that is still there has not moved to where the entry is.
    repo.git(&["checkout", "-q", "-b", "side", "HEAD~3"]);
    repo.commit("still.py", other(2));
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "--no-verify", "--no-edit", "side"]);
    repo.keyhook(&["scan", "--history"]).expect(1).says("still.py:31:").hides("first.py");
}

#[test]
fn no_entry_moves_into_a_message() {
    let repo = accepted();
    repo.git(&["rm", "-q", "a.py"]);
    repo.write("message", format!("remove {}\n", key(1)));
    repo.keyhook(&["hook", "commit-msg", "message"]).expect(1).says(".git/COMMIT_EDITMSG:1:");
    repo.git(&["commit", "-q", "--no-verify", "-F", "message"]);
    repo.keyhook(&["ci", "--base", "HEAD~1"]).expect(1).says(".git/COMMIT_EDITMSG:1:");
}
