//! One repository through renames, copies, verdicts, merges and reverts.

use keyhook::finding::Verdict;

use super::parse;
use crate::support::{Sandbox, filled, key, leak};

const NAME: &str = ".secrets.baseline";

/// A repository with a hook and a baseline of these files.
fn guarded(files: &[(&str, String)]) -> Sandbox {
    let sandbox = Sandbox::new();
    files.iter().for_each(|(name, text)| _ = sandbox.commit(name, text));
    sandbox.keyhook(&["baseline", "create"]).expect(0);
    sandbox.install().git(&["commit", "-q", "-m", "baseline"]);
    sandbox
}

/// Text around a secret, different for each seed.
fn prose(seed: usize, lines: usize) -> String {
    (0..lines).map(|line| format!("line {line} of the text {seed}\n")).collect()
}

/// The places that the baseline lists.
fn places(sandbox: &Sandbox) -> Vec<(String, Verdict)> {
    let mut places: Vec<_> = parse(&sandbox.read(NAME))
        .records()
        .map(|record| (record.path.clone(), record.verdict))
        .collect();
    places.sort();
    places
}

/// Judges the only finding of a file.
fn judge(sandbox: &Sandbox, path: &str, arguments: &[&str]) {
    let baseline = parse(&sandbox.read(NAME));
    let record = baseline.records().find(|record| record.path == path).unwrap();
    let print = record.fingerprint.as_str();
    sandbox.keyhook(&[&["allow", print, "--reason", "a test"], arguments].concat()).expect(0);
}

#[test]
fn renames_are_followed_whatever_else_happens_to_the_file() {
    let text = format!("{}{}", prose(1, 20), leak(1));
    let sandbox = guarded(&[("old/a.py", text.clone())]);
    // A pure rename, a rename with an edit, a folder, and one that rewrites nearly everything.
    let steps = [
        ("old/a.py", "old/b.py", text.clone()),
        ("old/b.py", "old/c.py", format!("{text}# more\n")),
        ("old", "new", format!("{text}# more\n")),
        ("new/c.py", "new/d.py", format!("{}{}{}", prose(2, 30), leak(1), prose(3, 30))),
    ];
    for (from, to, text) in steps {
        sandbox.git(&["mv", from, to]);
        let path = if to == "new" { "new/c.py" } else { to };
        sandbox.write(path, text).git(&["add", "-A"]);
        sandbox.try_commit(&["-q"]).expect(0);
        sandbox.keyhook(&["baseline", "update"]).expect(0).says("1 moved").says(path);
        assert_eq!(places(&sandbox), [(path.to_owned(), Verdict::Unreviewed)]);
        sandbox.git(&["commit", "-q", "-m", "update"]);
    }
}

#[test]
fn a_copy_is_new_and_names_where_it_comes_from() {
    let sandbox = guarded(&[("a.py", leak(1))]);
    sandbox.write("b.py", leak(1)).stage(&["b.py"]);
    sandbox.try_commit(&["-q"]).expect(1).says("the same value is accepted in a.py");
    // A copy beside a move is still a copy, however it is made.
    sandbox.git(&["reset", "-q", "--hard"]);
    sandbox.git(&["mv", "a.py", "moved.py"]);
    sandbox.write("copy.py", leak(1)).stage(&["copy.py"]);
    sandbox.try_commit(&["-q"]).expect(1).says("1 new secret").says("accepted in a.py");
    let rewritten = format!("{}{}", prose(1, 40), leak(1));
    sandbox.write("moved.py", &rewritten).write("copy.py", format!("{}{}", prose(2, 40), leak(1)));
    sandbox.git(&["add", "-A"]);
    sandbox.try_commit(&["-q"]).expect(1).says("1 new secret").says("accepted in a.py");
    for alone in ["copy.py", "moved.py"] {
        sandbox.git(&["reset", "-q"]);
        sandbox.git(&["add", "-u"]);
        sandbox.stage(&[alone]).keyhook(&["scan", "--staged"]).expect(0);
    }
}

#[test]
fn another_secret_in_the_same_place_is_always_new() {
    let sandbox = guarded(&[("a.py", leak(1))]);
    sandbox.write("a.py", leak(2)).stage(&["a.py"]);
    sandbox.try_commit(&["-q"]).expect(1).says("a.py:1:");
    sandbox.write("a.py", format!("{} {}", leak(1).trim_end(), leak(2))).stage(&["a.py"]);
    sandbox.try_commit(&["-q"]).expect(1).says("1 new secret");
    let pem = |seed: u64| {
        let body: String =
            (0..12).map(|line| filled("{{base64 64}}", seed * 100 + line) + "\n").collect();
        let label = "RSA PRIVATE KEY";
        format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n")
    };
    let sandbox = guarded(&[("key.pem", pem(1))]);
    sandbox.write("key.pem", format!("# moved\n{}", pem(1))).stage(&["key.pem"]);
    sandbox.try_commit(&["-q"]).expect(0);
    sandbox.write("key.pem", pem(2)).stage(&["key.pem"]);
    sandbox.try_commit(&["-q"]).expect(1).says("1 new secret").says("key.pem:");
}

#[test]
fn verdicts_carry_who_when_why_and_until_when() {
    let sandbox = guarded(&[("a.py", leak(1)), ("b.py", leak(2))]);
    sandbox.git(&["config", "user.name", "Ada"]);
    judge(&sandbox, "a.py", &["--verdict", "real", "--rotate-by", "2030-01-31"]);
    let text = sandbox.read(NAME);
    let line = text.lines().find(|line| line.contains("\"real\"")).unwrap();
    for part in ["\"a test\"", "\"by\":\"Ada\"", "\"on\":\"20", "\"rotate-by\":\"2030-01-31\""] {
        assert!(line.contains(part), "no {part} in {line}");
    }
    judge(&sandbox, "a.py", &["--verdict", "revoked"]);
    assert!(!sandbox.read(NAME).contains("rotate-by"));
    let sealed = &["allow", "aaaaaa", "--reason", "x", "--rotate-by", "2030-01-31"];
    sandbox.keyhook(sealed).expect(2).says("only a real secret has a day");
    let run = sandbox.keyhook(&["allow", "aaaaaa", "--reason", "x", "--rotate-by", "soon"]);
    run.expect(2).says("expected a day as 2026-01-31");
}

#[test]
fn an_overdue_secret_is_recalled_and_never_blocks() {
    let sandbox = guarded(&[("a.py", leak(1))]);
    let commit = |name: &str| {
        sandbox.write(name, "x = 1\n").stage(&[name]);
        sandbox.try_commit(&["-q"]).expect(0).text()
    };
    assert_eq!(commit("1"), "", "nothing is due");
    judge(&sandbox, "a.py", &["--verdict", "real", "--rotate-by", "2020-01-31"]);
    for name in ["2", "3"] {
        let text = commit(name);
        assert!(text.contains("was to be rotated by 2020-01-31"), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    judge(&sandbox, "a.py", &["--verdict", "real"]);
    assert_eq!(commit("4"), "", "there are days left");
    let note = sandbox.read(".git/keyhook/due");
    sandbox.keyhook(&["uninstall"]).expect(0);
    assert!(!sandbox.path(".git/keyhook").exists(), "{note}");
}

#[test]
fn a_real_secret_that_is_gone_is_not_forgotten() {
    let sandbox = guarded(&[("a.py", leak(1)), ("b.py", leak(2))]);
    judge(&sandbox, "a.py", &["--verdict", "real"]);
    sandbox.git(&["rm", "-q", "-f", "a.py", "b.py"]);
    let run = sandbox.keyhook(&["baseline", "update", "--prune"]).expect(0);
    run.says("1 gone and taken out, 1 gone").says("real secrets stay until they are rotated");
    assert_eq!(places(&sandbox), [("a.py".to_owned(), Verdict::Real)]);
    judge(&sandbox, "a.py", &["--verdict", "revoked"]);
    sandbox.keyhook(&["baseline", "update", "--prune"]).expect(0).says("1 gone and taken out");
    assert_eq!(places(&sandbox), []);
}

/// A finding below the usual confidence that was accepted by name is not taken for gone.
#[test]
fn what_was_accepted_at_low_confidence_stays() {
    let sandbox = Sandbox::new();
    let weak = format!("password = \"{}\"\n", filled("{{alnum 14}}", 3));
    sandbox.write("a.py", &weak).stage(&["a.py"]);
    sandbox.keyhook(&["baseline", "create", "--confidence", "low"]).expect(0);
    let text = sandbox.read(NAME);
    assert_eq!(places(&sandbox).len(), 1);
    sandbox.keyhook(&["baseline", "update", "--prune", "--confidence", "high"]).expect(0);
    assert_eq!(sandbox.read(NAME), text);
}

#[test]
fn reverting_squashing_and_cherry_picking_change_nothing() {
    let sandbox = guarded(&[("a.py", leak(1)), ("b.py", "x = 1\n".into())]);
    let text = sandbox.read(NAME);
    let unchanged = || {
        sandbox.keyhook(&["scan"]).expect(0);
        sandbox.keyhook(&["baseline", "update"]).expect(0).says("nothing new; unchanged");
        assert_eq!(sandbox.read(NAME), text);
    };
    sandbox.git(&["checkout", "-q", "-b", "work"]);
    sandbox.write("a.py", format!("# one\n{}", leak(1))).stage(&["a.py"]);
    sandbox.git(&["commit", "-q", "-m", "one"]);
    sandbox.write("b.py", "x = 2\n").stage(&["b.py"]);
    sandbox.git(&["commit", "-q", "-m", "two"]);
    unchanged();
    sandbox.git(&["revert", "--no-edit", "HEAD~1"]);
    unchanged();
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.git(&["cherry-pick", "work~2"]);
    unchanged();
    sandbox.git(&["merge", "-q", "--squash", "work"]);
    sandbox.try_commit(&["-q"]).expect(0);
    unchanged();
    // Taking a file with a secret out and bringing it back by a revert.
    sandbox.git(&["rm", "-q", "a.py"]);
    sandbox.try_commit(&["-q"]).expect(0);
    sandbox.git(&["revert", "--no-edit", "HEAD"]);
    unchanged();
}

#[test]
fn a_checkout_with_other_line_ends_changes_nothing() {
    let block = filled("{{base64 64}}\n{{base64 64}}\n{{base64 64}}\n", 1);
    let label = "EC PRIVATE KEY";
    let pem = format!("-----BEGIN {label}-----\n{block}-----END {label}-----\n");
    let sandbox = guarded(&[("a.py", leak(1)), ("key.pem", pem)]);
    sandbox.git(&["config", "core.autocrlf", "true"]);
    sandbox.git(&["rm", "-q", "-r", "--cached", "."]);
    sandbox.git(&["reset", "-q", "--hard"]);
    assert!(sandbox.read(NAME).contains("\r\n") && sandbox.read("key.pem").contains("\r\n"));
    let text = sandbox.read(NAME);
    sandbox.keyhook(&["scan"]).expect(0).says("3 in the baseline");
    sandbox.keyhook(&["baseline", "update"]).expect(0).says("nothing new; unchanged");
    assert_eq!(sandbox.read(NAME), text);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    sandbox.write("b.py", format!("x = 1\r\n{}", leak(2))).stage(&["b.py"]);
    sandbox.try_commit(&["-q"]).expect(1).says("b.py:2:");
    sandbox.keyhook(&["baseline", "update"]).expect(0).says("1 added");
    let changed = sandbox.read(NAME);
    assert_eq!(changed.matches('\n').count(), changed.matches("\r\n").count());
    // In the repository it has git's own line ends, and one finding more.
    let diff = sandbox.git(&["diff", "--cached", "--numstat", "--", NAME]);
    assert_eq!(diff.split_whitespace().collect::<Vec<_>>(), ["3", "0", NAME]);
    sandbox.try_commit(&["-q"]).expect(0);
    assert!(!sandbox.keyhook(&["baseline", "diff", "HEAD~1", "HEAD"]).out.contains(&key(2)));
}
