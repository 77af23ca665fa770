//! The moments around one commit: `commit-msg`, `pre-merge-commit`, `post-commit`.

use super::{Guarded, each_git, put_script};
use crate::support::{filled, key, leak};

#[test]
fn a_key_in_the_message_stops_the_commit() {
    each_git(|sandbox| {
        let repo = Guarded::in_sandbox(sandbox, &["commit-msg"]);
        let head = repo.head();
        let message = format!("call it\n\nwith {} and so on", key(1));
        repo.write("app.py", "call()\n").stage(&["app.py"]);
        let run = repo.try_git(&["commit", "-m", &message]).expect(1).hides(&key(1));
        run.says("keyhook: commit blocked: 1 new secret in the message")
            .says(".git/COMMIT_EDITMSG:3:6  Anthropic API key")
            .says("the name of the key, such as ANTHROPIC_API_KEY, in the message");
        assert_eq!(repo.head(), head);
        let run = repo.try_git(&["commit", "-m", "call it"]).expect(0);
        assert!(!run.text().contains("keyhook"), "{}", run.text());
    });
}

/// A repository in whose message an editor writes a text above git's own lines.
fn edited(repo: &Guarded, text: &str) {
    let script = format!(
        "cat >\"$1.new\" <<'END'\n{text}\nEND\ncat \"$1\" >>\"$1.new\"\nmv \"$1.new\" \"$1\""
    );
    put_script(&repo.beside("bin"), "editor", &script);
    repo.git(&["config", "core.editor", &repo.beside("bin/editor").display().to_string()]);
}

#[test]
fn what_git_strips_does_not_stop_it() {
    let repo = Guarded::with_hooks(&["commit-msg"]);
    let name = format!("{}.txt", key(1));
    repo.commit(&name, "x\n").commit("app.py", leak(2));
    // git lists the name of the removed file as a comment, and with -v the removed line.
    repo.git(&["rm", "-q", &name]);
    repo.write("app.py", "clean()\n").stage(&["app.py"]);
    edited(&repo, "take them out");
    repo.try_git(&["commit", "-v"]).expect(0);
    assert_eq!(repo.git(&["log", "-1", "--format=%B"]).trim(), "take them out");
    // A comment of one's own goes the same way.
    edited(&repo, &format!("subject\n# {}", key(3)));
    repo.try_git(&["commit", "--allow-empty"]).expect(0);
    assert!(!repo.git(&["log", "-1", "--format=%B"]).contains(&key(3)));
}

#[test]
fn what_git_keeps_stops_it() {
    let repo = Guarded::with_hooks(&["commit-msg"]);
    let (secret, comment) = (key(1), format!("subject\n\n# {}", key(1)));
    // Without an editor, and with these settings, git keeps comments.
    repo.try_git(&["commit", "--allow-empty", "-m", &comment]).expect(1).hides(&secret);
    edited(&repo, &comment);
    for mode in ["whitespace", "verbatim", "scissors"] {
        repo.git(&["config", "commit.cleanup", mode]);
        repo.try_git(&["commit", "--allow-empty"]).expect(1).says("COMMIT_EDITMSG:3:3");
    }
    repo.git(&["config", "--unset", "commit.cleanup"]);
    repo.git(&["config", "core.commentChar", ";"]);
    repo.try_git(&["commit", "--allow-empty"]).expect(1);
    edited(&repo, &format!("subject\n\n; {}", key(1)));
    repo.try_git(&["commit", "--allow-empty"]).expect(0);
    // A line that only looks like git's cuts nothing.
    let scissors = "------------------------ >8 ------------------------";
    let message = format!("subject\n; {scissors}\n; more\n{}", key(1));
    repo.try_git(&["commit", "--allow-empty", "-m", &message]).expect(1);
}

/// A text that looks as if git had cut above its last line.
fn scissored(comment: &str, last: &str) -> String {
    let scissors = "------------------------ >8 ------------------------";
    let explained = format!("{comment} Do not modify or remove the line above.");
    format!("subject\n\n{comment} {scissors}\n{explained}\n{last}\n")
}

#[test]
fn scissors_cut_only_where_git_cuts() {
    let cases: [(&[&str], &str, bool); 10] = [
        (&[], "-m", false),
        (&[], "-F", false),
        (&[], "-e", false),
        (&["commit.cleanup=scissors"], "-m", false),
        (&["commit.cleanup=scissors"], "-e", true),
        (&["commit.cleanup=whitespace"], "-e", false),
        (&["commit.verbose=true"], "-m", true),
        (&["commit.verbose=2"], "-e", true),
        (&["commit.verbose=false"], "-e", false),
        (&["core.commentChar=auto", "commit.cleanup=scissors"], "-m", false),
    ];
    each_git(|sandbox| {
        let repo = Guarded::in_sandbox(sandbox, &["commit-msg"]);
        let (message, harmless) = (scissored("#", &key(1)), scissored("#", "below"));
        repo.git(&["config", "core.editor", "true"]);
        repo.write("file", &message);
        for (settings, how, is_cut) in cases {
            let settings: Vec<&str> = settings.iter().flat_map(|set| ["-c", *set]).collect();
            let commit = |message: &str| {
                let rest = match how {
                    "-F" => vec!["-F", "file"],
                    "-e" => vec!["-e", "-m", message],
                    _ => vec!["-m", message],
                };
                repo.try_git(&[&settings[..], &["commit", "--allow-empty"], &rest].concat())
            };
            commit(&message).expect(if is_cut { 0 } else { 1 }).hides(&key(1));
            // What git itself does with such a text.
            if how != "-F" {
                commit(&harmless).expect(0);
                let kept = repo.git(&["log", "-1", "--format=%B"]);
                assert_eq!(!kept.contains("below"), is_cut, "{settings:?} {how}");
            }
        }
    });
}

#[test]
fn a_merge_knows_no_verbose_setting() {
    let repo = Guarded::with_hooks(&["commit-msg"]);
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.commit("side.py", "side()\n");
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["config", "commit.verbose", "true"]);
    repo.try_git(&["merge", "--no-ff", "-m", &scissored("#", &key(1)), "side"]).expect(1);
}

#[test]
fn the_diff_below_the_scissors_is_no_part_of_the_message() {
    each_git(|sandbox| {
        let repo = Guarded::in_sandbox(sandbox, &["commit-msg"]);
        repo.commit("app.py", format!("{}{}", leak(1), "line()\n".repeat(9)));
        repo.commit("dir/gone.py", leak(2)).commit("ä.py", leak(3));
        edited(&repo, "change");
        // A removed line, one around the change, a new one, a removed folder.
        repo.write("app.py", format!("{}{}", leak(1), "line()\n".repeat(8)));
        repo.write("ä.py", leak(4)).write("new.py", leak(5)).stage(&["."]);
        repo.git(&["rm", "-q", "-r", "dir"]);
        for setting in ["core.commentChar=;", "core.commentChar=auto", "diff.noprefix=true"] {
            repo.try_git(&["-c", setting, "commit", "-v"]).expect(0);
            repo.git(&["reset", "-q", "--soft", "HEAD^"]);
        }
        repo.try_git(&["commit", "-v"]).expect(0);
        repo.write("app.py", "nothing()\n").stage(&["app.py"]);
        repo.try_git(&["commit", "-v", "--amend"]).expect(0);
        assert!(!repo.git(&["log", "-1", "--format=%B"]).contains("diff"));
        // A message that was kept from such a commit holds another diff.
        repo.write("kept", scissored("#", &format!("diff --git a/x b/x\n+{}", leak(7))));
        repo.git(&["config", "core.editor", "true"]);
        repo.try_git(&["commit", "--allow-empty", "-e", "-F", "kept"]).expect(1).hides(&key(7));
    });
}

#[test]
fn a_message_can_be_accepted_and_marked_like_any_text() {
    let repo = Guarded::with_hooks(&["commit-msg"]);
    let message = format!("with {} keyhook:allow", key(1));
    let run = repo.try_git(&["commit", "--allow-empty", "-m", &message]).expect(0);
    run.says("1 finding(s) allowed by a comment on their line");
    let run = repo.try_git(&["commit", "--allow-empty", "-m", &format!("of {}", key(2))]).expect(1);
    let print = run.err.split("keyhook allow ").nth(1).unwrap()[..6].to_owned();
    repo.keyhook(&["allow", &print, "--reason", "test fixture"]).expect(0);
    repo.try_git(&["commit", "-m", &format!("of {}", key(2))]).expect(0);
    repo.write(".keyhook.toml", "disable = [\"anthropic-api-key\"]\n").stage(&[".keyhook.toml"]);
    repo.try_git(&["commit", "-m", &format!("with {}", key(1))]).expect(0);
}

#[test]
fn the_message_of_a_merge_is_read_where_git_keeps_it() {
    let repo = Guarded::with_hooks(&["commit-msg"]);
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.commit("side.py", "side()\n");
    repo.git(&["checkout", "-q", "main"]);
    repo.try_git(&["merge", "--no-ff", "-m", &format!("of {}", key(1)), "side"]).expect(1);
    repo.git(&["merge", "--abort"]);
    repo.try_git(&["merge", "--no-ff", "-m", "fine", "side"]).expect(0);
}

#[test]
fn a_file_that_is_missing_stops_the_commit() {
    let repo = Guarded::with_hooks(&[]);
    repo.keyhook(&["hook", "commit-msg", "absent"]).expect(2).says("cannot read the message");
    repo.keyhook(&["hook", "commit-msg"]).expect(2).says("keyhook hook commit-msg FILE");
}

#[test]
fn a_merge_is_compared_with_all_its_parents() {
    each_git(|sandbox| {
        let repo = Guarded::in_sandbox(sandbox, &["pre-merge-commit"]);
        for branch in ["one", "two"] {
            repo.git(&["checkout", "-q", "-b", branch, "main"]);
            repo.commit(&format!("{branch}.py"), leak(1 + branch.len() as u64));
        }
        repo.git(&["checkout", "-q", "main"]);
        repo.commit("main.py", "main()\n");
        // The keys of the branches are old: their commits were judged when they were made.
        let run = repo.try_git(&["merge", "--no-edit", "one"]).expect(0);
        assert!(!run.text().contains("keyhook"), "{}", run.text());
        repo.git(&["reset", "-q", "--hard", "HEAD^"]);
        repo.try_git(&["merge", "--no-edit", "one", "two"]).expect(0);
        repo.git(&["reset", "-q", "--hard", "HEAD^"]);
        // A hook that runs first can put in something that no parent has.
        let hook = repo.git(&["rev-parse", "--git-path", "hooks/pre-merge-commit"]);
        let ours = repo.read(hook.trim());
        repo.write("evil", leak(9));
        let body = format!("git add evil\n{}", ours.trim_start_matches("#!/bin/sh\n"));
        put_script(&repo.path(".git/hooks"), "pre-merge-commit", &body);
        let run = repo.try_git(&["merge", "--no-edit", "one"]).expect(1);
        run.says("keyhook: merge blocked: 1 new secret in 1 file").says("evil:1:").hides("one.py");
    });
}

#[test]
fn a_commit_that_skipped_the_hook_is_told_of_at_once() {
    let repo = Guarded::with_hooks(&["pre-commit", "post-commit"]);
    repo.write("app.py", leak(1)).stage(&["app.py"]);
    let run = repo.try_git(&["commit", "-q", "--no-verify", "-m", "call"]).expect(0);
    run.says("keyhook: warning: the last commit: 1 new secret\n")
        .says("app.py:1:")
        .says("git commit --amend")
        .hides(&key(1))
        .hides("rebase");
    // A rebase and a cherry-pick ask no hook before the commit.
    repo.git(&["checkout", "-q", "-b", "side", "HEAD^"]);
    repo.commit("side.py", "side()\n");
    repo.try_git(&["cherry-pick", "main"]).expect(0).says("keyhook: warning: ");
    repo.git(&["reset", "-q", "--hard", "HEAD^"]);
    repo.git(&["checkout", "-q", "main"]);
    repo.try_git(&["rebase", "-q", "side"]).expect(0).says("keyhook: warning: ");
}

#[test]
fn a_commit_that_was_looked_at_is_not_looked_at_again() {
    let repo = Guarded::with_hooks(&["pre-commit", "post-commit"]);
    repo.write("app.py", "call()\n").stage(&["app.py"]);
    let run = repo.try_git(&["commit", "-q", "-m", "call"]).expect(0);
    assert_eq!(run.text(), "");
    // The message had no hook of its own here.
    let run = repo.try_git(&["commit", "-q", "--allow-empty", "-m", &key(1)]).expect(0);
    run.says("COMMIT_EDITMSG:1:1").hides(&key(1));
    // The very first commit has no parent.
    repo.git(&["checkout", "-q", "--orphan", "fresh"]);
    repo.write("new.py", leak(2)).stage(&["new.py"]);
    repo.try_git(&["commit", "-q", "--no-verify", "-m", "first"]).expect(0).says("new.py:1:");
}

#[test]
fn a_key_may_hide_in_a_signed_tag_that_was_merged() {
    // git puts the whole text of a signed tag into the commit that merges it.
    let repo = Guarded::with_hooks(&[]);
    let tree = repo.git(&["rev-parse", "HEAD^{tree}"]);
    let text = format!(
        "tree {tree}parent {0}\nauthor T <t@e> 1 +0000\ncommitter T <t@e> 1 +0000\n\
         mergetag object {0}\n type commit\n tag v1\n tagger T <t@e> 1 +0000\n \n said {1}\n\nm\n",
        repo.head(),
        filled("sk-ant-api03-{{base64url 93}}AA", 1)
    );
    repo.write("commit", text);
    let id = repo.git(&["hash-object", "-t", "commit", "-w", "commit"]).trim().to_owned();
    let run = repo.keyhook(&["scan", "--range", &format!("HEAD..{id}")]).expect(1);
    run.says(".git/COMMIT_EDITMSG:").hides(&key(1));
}
