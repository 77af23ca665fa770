//! The command around the formats: what it finds, writes, keeps and repeats.

use super::*;

fn ignore_slack(leaky: &Leaky) {
    leaky.sandbox.commit(".gitleaksignore", "src/slack.py:slack-bot-token:2\n");
}

#[test]
fn a_dry_run_writes_nothing_and_says_the_same() {
    let leaky = Leaky::new();
    ignore_slack(&leaky);
    let run = leaky.import(&["--dry-run"]).expect(0);
    let run = run.says("a dry run, nothing is written").says("next: the same without --dry-run");
    assert!(run.out.lines().all(|line| line.chars().count() <= 80), "{}", run.out);
    assert!(!leaky.sandbox.path(".secrets.baseline").exists());
    assert_eq!(leaky.sandbox.git(&["status", "--short"]), "");
}

#[test]
fn a_second_import_changes_nothing() {
    let leaky = Leaky::new();
    ignore_slack(&leaky);
    leaky.import(&[]).expect(0).says("written and staged");
    let first = leaky.sandbox.read(".secrets.baseline");
    leaky.import(&[]).expect(0).says("Nothing changes");
    assert_eq!(leaky.sandbox.read(".secrets.baseline"), first);
}

#[test]
fn verdicts_that_are_there_win_and_unreviewed_ones_are_raised() {
    let leaky = Leaky::new();
    ignore_slack(&leaky);
    leaky.import(&[]).expect(0);
    let entry = |kind: &str, value: &str, is_secret: bool| serde_json::json!([{ "type": kind, "hashed_secret": sha1(value), "is_secret": is_secret }]);
    let audited = |is_secret| {
        let results =
            serde_json::json!({ "src/slack.py": entry("Slack", &leaky.slack, is_secret) });
        serde_json::json!({ "version": "1.5.0", "plugins_used": [], "results": results })
            .to_string()
    };
    leaky.sandbox.write("old.json", audited(true));
    leaky.import(&["old.json", "--dry-run"]).expect(0).says("real, was unreviewed");
    leaky.import(&["old.json"]).expect(0);
    assert_eq!(leaky.records(), ["src/slack.py slack-bot-token real"]);
    leaky.sandbox.write("old.json", audited(false));
    leaky.import(&["old.json"]).expect(0).says("stays real; the file says false-positive");
    assert_eq!(leaky.records(), ["src/slack.py slack-bot-token real"]);
}

#[test]
fn a_value_that_is_real_in_one_file_is_no_false_positive_in_another() {
    let leaky = Leaky::new();
    leaky.sandbox.commit("copy.py", format!("BOT = \"{}\"\n", leaky.slack));
    let entry = |is_secret| {
        serde_json::json!([{
            "type": "Slack", "hashed_secret": sha1(&leaky.slack), "is_secret": is_secret
        }])
    };
    let results = serde_json::json!({ "src/slack.py": entry(true), "copy.py": entry(false) });
    let text = serde_json::json!({ "version": "1.5.0", "results": results, "plugins_used": [] });
    leaky.sandbox.commit(".secrets.baseline", text.to_string());
    leaky.import(&[]).expect(0).says("the same value is called real in src/slack.py");
    let expected = ["copy.py slack-bot-token unreviewed", "src/slack.py slack-bot-token real"];
    assert_eq!(leaky.records(), expected);
}

/// A false positive is said of the value everywhere, so it would take the verdict away.
#[test]
fn a_value_that_the_baseline_calls_real_becomes_no_false_positive() {
    let leaky = Leaky::new();
    let entry = |path: &str, is_secret: bool| {
        let entry = serde_json::json!([{
            "type": "Slack", "hashed_secret": sha1(&leaky.slack), "is_secret": is_secret
        }]);
        let results = serde_json::json!({ path: entry });
        serde_json::json!({ "version": "1.5.0", "results": results, "plugins_used": [] })
            .to_string()
    };
    leaky.sandbox.write("old.json", entry("src/slack.py", true));
    leaky.import(&["old.json"]).expect(0);
    leaky.sandbox.commit("copy.py", format!("BOT = \"{}\"\n", leaky.slack));
    leaky.sandbox.write("old.json", entry("copy.py", false));
    leaky.import(&["old.json"]).expect(0).says("the same value is called real in src/slack.py");
    let expected = ["copy.py slack-bot-token unreviewed", "src/slack.py slack-bot-token real"];
    assert_eq!(leaky.records(), expected);
    // A real secret has a day by which it must be rotated.
    assert!(leaky.sandbox.read(".secrets.baseline").contains("\"rotate-by\""));
}

#[test]
fn the_verdict_can_be_given_for_all() {
    let leaky = Leaky::new();
    ignore_slack(&leaky);
    leaky.sandbox.git(&["config", "user.name", "Ann"]);
    let arguments = ["--verdict", "false-positive", "--reason", "all of it is made up"];
    leaky.import(&arguments).expect(0);
    assert_eq!(leaky.records(), ["src/slack.py slack-bot-token false-positive"]);
    let text = leaky.sandbox.read(".secrets.baseline");
    assert!(
        text.contains("\"reason\":\"all of it is made up\",\"by\":\"Ann\",\"on\":\"20"),
        "{text}"
    );
    leaky.import(&["--reason", &leaky.slack]).expect(2).says("the reason holds a secret");
    leaky.import(&["--verdict", "perhaps"]).expect(2).says("expected unreviewed");
}

#[test]
fn detect_secrets_is_honoured_before_and_after() {
    let leaky = Leaky::new();
    let entry = serde_json::json!([{ "type": "Slack Token", "hashed_secret": sha1(&leaky.slack) }]);
    let text = |path: &str| {
        let results = serde_json::json!({ path: entry });
        serde_json::json!({ "version": "1.5.0", "results": results, "plugins_used": [] })
            .to_string()
    };
    leaky.sandbox.commit(".secrets.baseline", text("src/slack.py"));
    leaky.sandbox.keyhook(&["scan", "src/slack.py"]).expect(0);
    let run = leaky.sandbox.keyhook(&["allow", "abcdef", "--reason", "a test"]).expect(2);
    run.says("keyhook baseline import");
    leaky.import(&[]).expect(0);
    leaky.sandbox.keyhook(&["scan", "src/slack.py"]).expect(0);
    // Another key on the same line is new, with the old file and with the new one.
    leaky.sandbox.write("src/slack.py", format!("import slack\nBOT = \"{}\"\n", slack(9)));
    leaky.sandbox.keyhook(&["scan", "src/slack.py"]).expect(1);
}

#[test]
fn detect_secrets_file_is_imported_before_its_name_is_taken() {
    let leaky = Leaky::new();
    let text = "{\"version\": \"1.5.0\", \"results\": {}, \"plugins_used\": []}";
    leaky.sandbox.commit(".secrets.baseline", text);
    ignore_slack(&leaky);
    leaky.import(&[".gitleaksignore"]).expect(2).says("detect-secrets' file");
    // Another file where it would go is not overwritten.
    leaky.sandbox.write(".secrets.baseline.detect-secrets", "mine");
    leaky.import(&[]).expect(2).says(".secrets.baseline.detect-secrets").says("git mv");
    assert_eq!(leaky.sandbox.read(".secrets.baseline"), text);
    std::fs::remove_file(leaky.sandbox.path(".secrets.baseline.detect-secrets")).unwrap();
    // An import that was cut short between the two files goes on.
    leaky.sandbox.write(".secrets.baseline.detect-secrets", text);
    leaky.import(&[]).expect(0);
    leaky.import(&[".secrets.baseline"]).expect(2).says("keyhook's own baseline");
}

#[test]
fn it_works_from_below_and_says_what_else_is_there() {
    let leaky = Leaky::new();
    ignore_slack(&leaky);
    leaky.sandbox.write(".gitleaks.toml", "title = \"x\"\n");
    leaky.sandbox.write(
        ".pre-commit-config.yaml",
        "- id: detect-secrets\n  args: [--baseline, .secrets.baseline]\n",
    );
    leaky.sandbox.git(&["config", "--add", "secrets.allowed", "x"]);
    let folder = leaky.sandbox.path("src");
    let run = leaky.sandbox.keyhook_in(&folder, &["baseline", "import"]).expect(0);
    let run = run.says("\n  gitleaks = \".gitleaks.toml\"").says(".pre-commit-config.yaml still");
    run.says("git config --get-all secrets.allowed");
    assert_eq!(leaky.records(), ["src/slack.py slack-bot-token unreviewed"]);
    let run = leaky.sandbox.keyhook_in(&folder, &["baseline", "import", "../.gitleaksignore"]);
    run.expect(0).says(".gitleaksignore  gitleaks").says("Nothing changes");
}

#[test]
fn the_json_report_says_everything() {
    let leaky = Leaky::new();
    leaky.sandbox.commit(".gitleaksignore", "src/slack.py:slack-bot-token:2\ngone.py:x:1\n");
    leaky.sandbox.commit(".secretsignore", "vendor/\n");
    let run = leaky.import(&["--dry-run", "--format", "json"]).expect(0);
    assert_eq!(run.err, "");
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&report["version"], &report["dry_run"]), (&1.into(), &true.into()));
    assert_eq!(report["config"]["exclude"][0], "**/vendor/**");
    let file = &report["files"][0];
    assert_eq!(
        (file["format"].as_str(), file["entries"].as_u64()),
        (Some("gitleaks-ignore"), Some(2))
    );
    let carried = &file["carried"][0];
    let word = |key: &str| carried[key].as_str().unwrap();
    assert_eq!(
        [word("path"), word("rule"), word("by")],
        ["src/slack.py", "slack-bot-token", "place"]
    );
    assert_eq!([word("verdict"), word("state")], ["unreviewed", "new"]);
    assert_eq!(file["left"][0]["name"], "gone.py:1  x");
    assert_eq!(file["left"][0]["reason"], "the file is gone");
    assert_eq!(report["files"][1]["left"][0]["next"]["exclude"][0], "**/vendor/**");
}

#[test]
fn a_comment_that_quotes_a_secret_stays_out_of_the_baseline() {
    let leaky = Leaky::new();
    let text = format!("# it was {}\nsrc/slack.py:slack-bot-token:2\n", leaky.stripe);
    leaky.sandbox.write(".gitleaksignore", text);
    leaky.import(&[]).expect(0);
    let baseline = leaky.sandbox.read(".secrets.baseline");
    assert!(!baseline.contains(&leaky.stripe) && baseline.contains("accepted in gitleaks"));
}
