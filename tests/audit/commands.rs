//! `audit` without a screen: for scripts, continuous integration and agents.

use serde_json::{Value, json};

use crate::support::{Run, Sandbox, filled, key, leak};

/// Two files with one key, one with a password; all in the baseline, and a new key beside them.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit("src/app.py", leak(1)).commit("src/again.py", leak(1));
    sandbox.commit("conf.py", format!("password = \"{}\"\n", filled("{{alnum 20}}", 4)));
    sandbox.keyhook(&["baseline", "create"]).expect(0);
    sandbox.write("new.py", leak(2)).stage(&["new.py"]);
    sandbox
}

fn list(sandbox: &Sandbox, filter: &str) -> Vec<Value> {
    let run = sandbox.keyhook(&["audit", "--format", "json", filter]).expect(0);
    let value: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(value["version"], 1);
    value["entries"].as_array().unwrap().clone()
}

fn id(sandbox: &Sandbox, path: &str) -> String {
    let entries = list(sandbox, &format!("path:{path}"));
    entries[0]["id"].as_str().unwrap().to_owned()
}

fn verdicts(sandbox: &Sandbox) -> Vec<(String, String)> {
    let word = |entry: &Value| match &entry["verdict"] {
        Value::Null => "new".to_owned(),
        verdict => verdict.as_str().unwrap().to_owned(),
    };
    let entries = list(sandbox, "");
    let mut all: Vec<_> =
        entries.iter().map(|e| (e["path"].as_str().unwrap().to_owned(), word(e))).collect();
    all.sort();
    all
}

fn set(sandbox: &Sandbox, what: &str) -> Run {
    sandbox.keyhook(&["audit", "--set", what, "--reason", "a test"])
}

fn staged(sandbox: &Sandbox) -> bool {
    sandbox.git(&["diff", "--name-only"]).is_empty()
}

#[test]
fn the_list_has_everything_and_no_secret() {
    let sandbox = sandbox();
    let text = sandbox.keyhook(&["audit", "--list"]).expect(0);
    let lines: Vec<&str> = text.out.lines().map(|line| line[8..].trim_end()).collect();
    assert_eq!(
        lines,
        [
            "new             new.py:1  anthropic-api-key",
            "unreviewed      conf.py:1  generic-assignment",
            "unreviewed      src/again.py:1  anthropic-api-key",
            "unreviewed      src/app.py:1  anthropic-api-key",
        ]
    );
    assert!(text.err.contains("0 of 4 findings in the tree are judged"), "{}", text.err);
    for format in ["text", "json"] {
        for what in ["--list", "--stats"] {
            let run = sandbox.keyhook(&["audit", what, "--format", format]);
            for secret in [key(1), key(2), filled("{{alnum 20}}", 4)] {
                let part = &secret[secret.len() - 14..];
                assert!(!run.text().contains(part), "{format} {what}");
            }
        }
    }
}

#[test]
fn the_json_list_says_where_and_what() {
    let sandbox = sandbox();
    let entries = list(&sandbox, "path:src/app.py");
    let entry = entries[0].as_object().unwrap();
    assert_eq!(entry["state"], "present");
    assert_eq!(entry["rule"], "anthropic-api-key");
    assert_eq!(entry["masked"], "sk-ant-api****************AA");
    assert_eq!(entry["places"][0]["line"], 1);
    let twin = json!([{ "path": "src/again.py", "line": 1, "verdict": "unreviewed" }]);
    assert_eq!(entry["elsewhere"], twin);
    assert_eq!(list(&sandbox, "is:new")[0]["verdict"], Value::Null);
    sandbox.git(&["rm", "-q", "--cached", "conf.py"]);
    let gone = list(&sandbox, "is:gone");
    assert_eq!(
        (gone[0]["state"].as_str(), gone[0]["path"].as_str()),
        (Some("gone"), Some("conf.py"))
    );
}

#[test]
fn a_verdict_is_set_by_id_and_staged() {
    let sandbox = sandbox();
    let conf = id(&sandbox, "conf.py");
    set(&sandbox, &format!("{conf}=false-positive"))
        .expect(0)
        .says("1 verdict recorded; .secrets.baseline is staged, commit it");
    assert!(staged(&sandbox));
    let entry = &list(&sandbox, "path:conf.py")[0];
    assert_eq!(entry["verdict"], "false-positive");
    assert_eq!(entry["reason"], "a test");
    assert_eq!(entry["by"], Value::Null, "this sandbox has no user.name");
    set(&sandbox, &format!("{conf}=false-positive")).expect(0).says("nothing to change");
    sandbox
        .keyhook(&["audit", "--set", &format!("{conf}=real"), "--reason", "x", "--by", "Bob"])
        .expect(0);
    let entry = &list(&sandbox, "path:conf.py")[0];
    assert_eq!((&entry["verdict"], &entry["by"]), (&json!("real"), &json!("Bob")));
    assert!(entry["rotate_by"].is_string() && entry["overdue"] == false);
}

#[test]
fn a_verdict_is_for_each_file_of_the_value_or_for_the_one_named() {
    let sandbox = sandbox();
    let app = id(&sandbox, "src/app.py");
    set(&sandbox, &format!("{app}:src/app.py=real")).expect(0);
    let found = |path: &str| verdicts(&sandbox).into_iter().find(|v| v.0 == path).unwrap().1;
    assert_eq!((found("src/app.py"), found("src/again.py")), ("real".into(), "unreviewed".into()));
    set(&sandbox, &format!("{app}=revoked")).expect(0).says("2 verdicts recorded");
    assert_eq!((found("src/app.py"), found("src/again.py")), ("revoked".into(), "revoked".into()));
}

#[test]
fn a_new_finding_that_is_judged_no_longer_blocks() {
    let sandbox = sandbox();
    sandbox.install();
    sandbox.try_commit(&[]).expect(1);
    set(&sandbox, &format!("{}=false-positive", id(&sandbox, "new.py"))).expect(0);
    sandbox.try_commit(&[]).expect(0);
}

#[test]
fn several_verdicts_are_set_all_or_none() {
    let sandbox = sandbox();
    let before = sandbox.read(".secrets.baseline");
    let good = format!("{}=real", id(&sandbox, "conf.py"));
    let set = |more: &[&str]| {
        let arguments = [&["audit", "--reason", "x", "--set", &good][..], more].concat();
        sandbox.keyhook(&arguments)
    };
    for (bad, problem) in [
        ("000000=real", "no finding has this id"),
        ("zzz=real", "at least 6 of the characters"),
        ("abcdef=maybe", "`maybe` is no verdict"),
        ("abcdef", "expected ID=VERDICT"),
    ] {
        set(&["--set", bad]).expect(2).says(problem);
        assert_eq!(sandbox.read(".secrets.baseline"), before, "{bad}");
    }
    let other = good.replace("=real", "=revoked");
    set(&["--set", &other]).expect(2).says("two verdicts for conf.py");
    let elsewhere = good.replace("=real", ":src/app.py=real");
    set(&["--set", &elsewhere]).expect(2).says("it is not known in src/app.py");
    set(&["--rotate-by", "soon"]).expect(2).says("`soon` is no day");
    assert_eq!(sandbox.read(".secrets.baseline"), before);
    set(&["--rotate-by", "2031-02-03"]).expect(0);
    assert_eq!(list(&sandbox, "path:conf.py")[0]["rotate_by"], "2031-02-03");
}

#[test]
fn a_verdict_wants_a_reason_and_the_reason_no_secret() {
    let sandbox = sandbox();
    let wish = format!("{}=false-positive", id(&sandbox, "conf.py"));
    sandbox.keyhook(&["audit", "--set", &wish]).expect(2).says("say why, with --reason");
    sandbox.keyhook(&["audit", "--set", &wish, "--reason", " "]).expect(2).says("reason is empty");
    let run = sandbox.keyhook(&["audit", "--set", &wish, "--reason", &key(1)]).expect(2);
    run.says("the reason holds a secret").hides(&key(1)[20..40]);
    let back = wish.replace("false-positive", "unreviewed");
    sandbox.keyhook(&["audit", "--set", &back]).expect(0);
}

#[test]
fn a_reviewed_list_is_taken_back_in() {
    let sandbox = sandbox();
    let reviewed = |change: &dyn Fn(&mut Value)| {
        let mut value = json!({ "entries": list(&sandbox, "") });
        change(&mut value);
        value.to_string()
    };
    let from = |text: &str| {
        let path = sandbox.beside("audit.json");
        std::fs::write(&path, text).unwrap();
        sandbox.keyhook(&["audit", "--from", path.to_str().unwrap(), "--by", "Ann"])
    };
    from(&reviewed(&|_| {})).expect(0).says("nothing to change");
    let text = reviewed(&|value| {
        for entry in value["entries"].as_array_mut().unwrap() {
            if entry["path"] == "conf.py" {
                entry["verdict"] = json!("false-positive");
                entry["reason"] = json!("an example");
            }
            if entry["path"] == "new.py" {
                entry["verdict"] = json!("real");
            }
        }
    });
    from(&text).expect(0).says("2 verdicts recorded");
    assert!(staged(&sandbox));
    let entry = &list(&sandbox, "path:conf.py")[0];
    assert_eq!((&entry["reason"], &entry["by"]), (&json!("an example"), &json!("Ann")));
    from(&reviewed(&|_| {})).expect(0).says("nothing to change");
    let list = json!([{ "fingerprint": id(&sandbox, "new.py"), "verdict": "revoked" }]);
    let run = sandbox.keyhook_with(&["audit", "--from", "-"], list.to_string());
    run.expect(0).says("1 verdict recorded");
}

#[test]
fn a_damaged_list_changes_nothing_and_every_fault_is_named() {
    let sandbox = sandbox();
    let before = sandbox.read(".secrets.baseline");
    let print = list(&sandbox, "path:conf.py")[0]["fingerprint"].as_str().unwrap().to_owned();
    let from = |text: &str| sandbox.keyhook_with(&["audit", "--from", "-"], text).expect(2);
    for (text, problem) in [
        ("".to_owned(), "cannot use standard input"),
        ("{}".to_owned(), "expected a list"),
        (format!("[{{\"fingerprint\": \"{print}\"}}]"), "entry 1: missing field `verdict`"),
        (format!("[{{\"fingerprint\": \"{print}\", \"verdit\": null}}]"), "unknown field `verdit`"),
        (
            format!("[{{\"fingerprint\": \"{print}\", \"verdict\": \"yes\"}}]"),
            "`yes` is no verdict",
        ),
        (format!("[{{\"fingerprint\": \"{print}\", \"verdict\": 1}}]"), "a verdict is a text"),
    ] {
        from(&text).says(problem);
    }
    let two = format!(
        "[{{\"fingerprint\": \"{print}\", \"verdict\": \"real\"}}, \
          {{\"fingerprint\": \"{}\", \"verdict\": \"real\"}}]",
        "0".repeat(64)
    );
    from(&two).says("no finding has this id").says("nothing was changed");
    assert_eq!(sandbox.read(".secrets.baseline"), before);
    let absent = sandbox.keyhook(&["audit", "--from", "nowhere.json"]).expect(2);
    absent.says("cannot use nowhere.json");
}

#[test]
fn stats_say_how_precise_each_rule_was() {
    let sandbox = sandbox();
    set(&sandbox, &format!("{}=false-positive", id(&sandbox, "conf.py"))).expect(0);
    set(&sandbox, &format!("{}:src/app.py=revoked", id(&sandbox, "src/app.py"))).expect(0);
    let run = sandbox.keyhook(&["audit", "--stats"]).expect(0);
    expect_test::expect![[r#"
        2 of 4 judged; 0 real (0 overdue), 0 gone from the tree

        rule                all   new  unrev.  real  revoked  false-pos.  precision
        anthropic-api-key     3     1       1     0        1           0      100 %
        generic-assignment    1     0       0     0        0           1        0 %

        judged by     all   new  unrev.  real  revoked  false-pos.  precision
        nobody named    2     0       0     0        1           1       50 %

        judged within  all   new  unrev.  real  revoked  false-pos.  precision
        30 days          2     0       0     0        1           1       50 %
    "#]]
    .assert_eq(&run.out);
    let run = sandbox.keyhook(&["audit", "--stats", "--format", "json"]).expect(0);
    let value: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(value["by_rule"]["anthropic-api-key"]["precision"], 1.0);
    assert_eq!(value["by_rule"]["generic-assignment"]["precision"], 0.0);
    assert_eq!(value["by_age"]["30 days"]["all"], 2);
    assert_eq!(value["by_person"]["nobody named"]["all"], 2);
}

#[test]
fn without_a_terminal_it_says_what_to_do_instead() {
    let sandbox = sandbox();
    let run = sandbox.keyhook(&["audit"]).expect(2);
    expect_test::expect![[r#"
        error: keyhook audit shows a screen, and here is no terminal for it
        hint: keyhook audit --list
        hint: keyhook audit --set 3f9a2c=false-positive --reason "test fixture"
        hint: keyhook audit --format json > audit.json; keyhook audit --from audit.json
    "#]]
    .assert_eq(&run.err);
    assert_eq!(run.out, "");
}

#[test]
fn what_cannot_be_judged_is_said() {
    let nowhere = Sandbox::without_repository();
    nowhere.keyhook(&["audit", "--list"]).expect(2).says("no git repository");
    let sandbox = sandbox();
    sandbox.keyhook(&["audit", "--list", "is:fine"]).expect(2).says("expected one of new, gone");
    sandbox.write(".secrets.baseline", "{\"version\": 1");
    sandbox.keyhook(&["audit", "--list"]).expect(2).says("cannot use .secrets.baseline");
    let empty = Sandbox::new();
    let run = empty.keyhook(&["audit", "--list"]).expect(0);
    assert_eq!(run.out, "");
    assert!(!empty.path(".secrets.baseline").exists(), "looking writes nothing");
}

#[test]
fn files_that_cannot_be_read_are_told_and_their_entries_are_not_gone() {
    let sandbox = sandbox();
    let object = sandbox.git(&["rev-parse", ":conf.py"]);
    let (folder, file) = object.trim().split_at(2);
    std::fs::remove_file(sandbox.path(&format!(".git/objects/{folder}/{file}"))).unwrap();
    std::fs::remove_file(sandbox.path("conf.py")).unwrap();
    let run = sandbox.keyhook(&["audit", "--list"]).expect(2).says("conf.py");
    assert!(run.out.contains("conf.py (not read)"), "{}", run.out);
}
