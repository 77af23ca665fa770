//! `baseline check` and `baseline diff` as a reviewer and a CI job meet them.

use expect_test::{Expect, expect};

use crate::support::{Run, Sandbox, leak};

const NAME: &str = ".secrets.baseline";

#[track_caller]
fn check(run: &Run, expected: Expect) {
    let hide = |word: &str| {
        let is_print = word.len() >= 12 && word.bytes().all(|b| b.is_ascii_hexdigit());
        let is_day = word.len() == 10 && word.bytes().filter(|b| *b == b'-').count() == 2;
        match (is_print, is_day && !word.starts_with("2020")) {
            (true, _) => "[PRINT]".to_owned(),
            (_, true) => "[DAY]".to_owned(),
            _ => word.to_owned(),
        }
    };
    let clean = |line: &str| {
        let line = line.split(' ').map(hide).collect::<Vec<_>>().join(" ");
        match line.strip_prefix(".secrets.baseline:").and_then(|rest| rest.split_once("  ")) {
            Some((number, rest)) if number.parse::<usize>().is_ok_and(|n| n > 8) => {
                format!(".secrets.baseline:[LINE]  {rest}\n")
            }
            _ => format!("{line}\n"),
        }
    };
    let clean = |text: &str| text.lines().map(clean).collect::<String>();
    expected.assert_eq(&format!("exit {}\n{}{}", run.code, clean(&run.out), clean(&run.err)));
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for (seed, name) in ["a.py", "b.py", "c.py", "d.py"].iter().enumerate() {
        sandbox.commit(name, leak(seed as u64));
    }
    sandbox.keyhook(&["baseline", "create"]).expect(0);
    sandbox.git(&["commit", "-q", "-m", "baseline"]);
    sandbox
}

/// The start of the fingerprint of the finding in this file.
fn print(sandbox: &Sandbox, path: &str) -> String {
    let text = sandbox.read(NAME);
    let line = text.lines().find(|line| line.contains(&format!("\"{path}\""))).unwrap();
    line.split('"').nth(3).unwrap()[..12].to_owned()
}

fn judge(sandbox: &Sandbox, path: &str, arguments: &[&str]) {
    let print = print(sandbox, path);
    sandbox.keyhook(&[&["allow", &print, "--reason", "a test"], arguments].concat()).expect(0);
}

#[test]
fn a_sound_baseline_is_called_so() {
    let sandbox = sandbox();
    check(
        &sandbox.keyhook(&["baseline", "check", "--fail-overdue"]),
        expect![[r#"
        exit 0
        keyhook: .secrets.baseline is sound: 4 finding(s), 4 unreviewed
    "#]],
    );
    check(
        &sandbox.keyhook(&["baseline", "check", "--fail-unreviewed"]),
        expect![[r#"
            exit 1
            .secrets.baseline:[LINE]  unreviewed  a.py  anthropic-api-key  [PRINT]
                 nobody has looked at it
                 mend  keyhook allow [PRINT] --verdict VERDICT --reason "..."
            .secrets.baseline:[LINE]  unreviewed  b.py  anthropic-api-key  [PRINT]
                 nobody has looked at it
                 mend  keyhook allow [PRINT] --verdict VERDICT --reason "..."
            .secrets.baseline:[LINE]  unreviewed  c.py  anthropic-api-key  [PRINT]
                 nobody has looked at it
                 mend  keyhook allow [PRINT] --verdict VERDICT --reason "..."
            .secrets.baseline:[LINE]  unreviewed  d.py  anthropic-api-key  [PRINT]
                 nobody has looked at it
                 mend  keyhook allow [PRINT] --verdict VERDICT --reason "..."
            keyhook: .secrets.baseline has 4 fault(s): 4 finding(s), 4 unreviewed
        "#]],
    );
}

#[test]
fn every_fault_has_its_line_and_what_mends_it() {
    let sandbox = sandbox();
    judge(&sandbox, "a.py", &["--verdict", "real", "--rotate-by", "2020-01-31"]);
    sandbox.keyhook(&["baseline", "check"]).expect(0).says("overdue  a.py").says("by 2020-01-31");
    sandbox.keyhook(&["baseline", "check", "--fail-overdue"]).expect(1);
    sandbox.write("b.py", "x = 1\n").git(&["rm", "-q", "-f", "c.py"]);
    sandbox.stage(&["b.py"]);
    check(
        &sandbox.keyhook(&["baseline", "check"]),
        expect![[r#"
        exit 1
        .secrets.baseline:[LINE]  stale  b.py  anthropic-api-key  [PRINT]
             the secret is gone from the file
             mend  keyhook baseline update --prune
        .secrets.baseline:[LINE]  orphaned  c.py  anthropic-api-key  [PRINT]
             the file is gone
             mend  keyhook baseline update --prune
        .secrets.baseline:[LINE]  overdue  a.py  anthropic-api-key  [PRINT]
             to be rotated by 2020-01-31
             mend  keyhook allow [PRINT] --verdict revoked --reason "..."
        keyhook: .secrets.baseline has 3 fault(s): 4 finding(s), 3 unreviewed
    "#]],
    );
    let json = sandbox.keyhook(&["baseline", "check", "--format", "json"]).expect(1).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let faults = json["faults"].as_array().unwrap();
    let text = sandbox.read(NAME);
    for fault in faults {
        let line = text.lines().nth(fault["line"].as_u64().unwrap() as usize - 1).unwrap();
        assert!(line.contains(fault["path"].as_str().unwrap()), "{fault}: {line}");
    }
    let fails = |kind: &str| faults.iter().find(|f| f["kind"] == kind).unwrap()["fails"] == true;
    assert!(fails("stale") && fails("orphaned") && !fails("overdue") && !fails("unreviewed"));
    // What the advice says mends it.
    sandbox.keyhook(&["baseline", "update", "--prune"]).expect(0);
    judge(&sandbox, "a.py", &["--verdict", "revoked"]);
    sandbox.keyhook(&["baseline", "check", "--fail-overdue"]).expect(0);
}

#[test]
fn what_cannot_be_checked_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.keyhook(&["baseline", "check"]).expect(2).says("keyhook baseline create");
    sandbox.commit("a.py", leak(1)).keyhook(&["baseline", "create"]).expect(0);
    let text = sandbox.read(NAME);
    sandbox.write(NAME, text.replace("unreviewed", "fine"));
    sandbox.keyhook(&["baseline", "check"]).expect(2).says("unknown variant `fine`");
    sandbox.write(NAME, "{\"results\": {}, \"version\": \"1.5.0\"}");
    sandbox.keyhook(&["baseline", "check"]).expect(2).says("written by detect-secrets");
}

#[test]
fn a_difference_is_what_a_reviewer_needs() {
    let sandbox = sandbox();
    check(
        &sandbox.keyhook(&["baseline", "diff"]),
        expect![[r#"
        exit 0
        keyhook: 0 added, 0 judged, 0 moved, 0 gone
    "#]],
    );
    judge(&sandbox, "a.py", &["--verdict", "real", "--rotate-by", "2020-01-31"]);
    sandbox.git(&["mv", "b.py", "moved.py"]);
    sandbox.git(&["rm", "-q", "c.py"]);
    sandbox.write("e\u{1b}[31m.py", leak(9)).git(&["add", "-A"]);
    sandbox.keyhook(&["baseline", "update", "--prune"]).expect(0);
    let run = sandbox.keyhook(&["baseline", "diff"]);
    let mut lines: Vec<&str> = run.out.lines().collect();
    // Fingerprints are random here, and so is the order.
    let last = lines.pop().unwrap();
    let mut blocks: Vec<String> =
        lines.join("\n").replace("\n         ", " | ").lines().map(str::to_owned).collect();
    blocks.sort();
    let shown = Run { out: format!("{}\n{last}\n", blocks.join("\n")), ..run };
    check(
        &shown,
        expect![[r#"
        exit 0
          added  e\u{1b}[31m.py  anthropic-api-key  [PRINT] | unreviewed
          gone   c.py  anthropic-api-key  [PRINT] | was unreviewed
          judged a.py  anthropic-api-key  [PRINT] | real on [DAY] rotate by 2020-01-31: a test | was unreviewed
          moved  b.py -> moved.py  anthropic-api-key  [PRINT]
        keyhook: 1 added, 1 judged, 1 moved, 1 gone
    "#]],
    );
    let json =
        sandbox.keyhook(&["baseline", "diff", "HEAD", NAME, "--format", "json"]).expect(0).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["changes"].as_array().unwrap().len(), 4);
    sandbox.git(&["commit", "-q", "-m", "more"]);
    sandbox.keyhook(&["baseline", "diff"]).expect(0).says("0 added, 0 judged, 0 moved, 0 gone");
    sandbox
        .keyhook(&["baseline", "diff", "HEAD~1", "HEAD"])
        .says("1 added, 1 judged, 1 moved, 1 gone");
    sandbox
        .keyhook(&["baseline", "diff", "HEAD", "HEAD~1"])
        .says("1 added, 1 judged, 1 moved, 1 gone");
    // Before there was one.
    sandbox.keyhook(&["baseline", "diff", "HEAD~2", "HEAD"]).expect(0).says("4 added, 0 judged");
    sandbox.keyhook(&["baseline", "diff", "nosuch"]).expect(2).says("no file and no revision");
    sandbox.keyhook(&["baseline", "diff", "--", "--output=x"]).expect(2).says("no revision");
}

#[test]
fn a_revision_wins_over_a_file_of_its_name() {
    let sandbox = sandbox();
    sandbox.write("main", "{").write("other", "{");
    sandbox.keyhook(&["baseline", "diff", "main"]).expect(0).says("0 added");
    for name in ["./main", "other"] {
        let run = sandbox.keyhook(&["baseline", "diff", name]).expect(2);
        run.says("hint: mend that line\n").hides("git checkout");
    }
    sandbox.commit(NAME, "{");
    let run = sandbox.keyhook(&["baseline", "diff", "main", "HEAD^"]).expect(2);
    run.says("compare with a revision before it").hides("git checkout");
    let run = sandbox.keyhook(&["baseline", "diff", "mian"]).expect(2);
    run.says("`mian` is no file and no revision").says("git log --oneline -- :/.secrets.baseline");
}

#[test]
fn before_the_first_commit_nothing_was_accepted() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", leak(1)).stage(&["a.py"]);
    sandbox.keyhook(&["baseline", "create"]).expect(0);
    sandbox.keyhook(&["baseline", "diff"]).expect(0).says("1 added");
    let run = sandbox.keyhook(&["baseline", "diff", "main"]).expect(2);
    run.says("hint: nothing is committed yet").hides("git log");
    sandbox.write(NAME, "{").stage(&[NAME]);
    let run = sandbox.keyhook(&["scan", "--staged"]).expect(2);
    run.says("mend that line; what was committed comes back with: git checkout HEAD -- :/");
}

#[test]
fn what_git_complains_about_is_not_taken_for_a_wrong_name() {
    // As if somebody else owned the folder: git refuses, and says how to allow it.
    let sandbox = sandbox().with_variable("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    for arguments in [
        &["baseline", "diff", "HEAD~1"][..],
        &["ci", "--base", "HEAD~1"],
        &["scan", "--range", "HEAD~1..HEAD"],
    ] {
        let run = sandbox.keyhook(arguments).expect(2).says("safe.directory");
        run.hides("spelling").hides("is called").hides("no revision");
    }
}

#[test]
fn a_bare_repository_says_what_can_be_looked_at() {
    let sandbox = Sandbox::with_init(&["--bare"]);
    let run = sandbox.keyhook(&["scan"]).expect(2).says("a bare repository has no files");
    run.says("keyhook scan --history").hides("git status");
    sandbox.keyhook(&["scan", "--history"]).expect(0);
    sandbox.keyhook(&["baseline", "diff"]).expect(0).says("0 added");
}
