//! Each format as its scanner writes it, with values and hashes made here.

use serde_json::json;

use super::*;

const SLACK: &str = "src/slack.py slack-bot-token";
const STRIPE: &str = "pay/stripe.py stripe-live-key";
const DB: &str = "src/db.py generic-assignment";

fn expected(list: &[(&str, &str)]) -> Vec<String> {
    let mut lines: Vec<String> = list.iter().map(|(what, v)| format!("{what} {v}")).collect();
    lines.sort();
    lines
}

fn detect_secrets(leaky: &Leaky, version: &str) -> Value {
    json!({
        "version": version,
        "plugins_used": [{ "name": "SlackDetector" }],
        "filters_used": [{
            "path": "detect_secrets.filters.regex.should_exclude_file",
            "pattern": ["^third_party/"]
        }],
        "results": {
            "pay/stripe.py": [{
                "type": "Stripe Access Key", "filename": "pay/stripe.py", "is_verified": false,
                "hashed_secret": sha1(&leaky.stripe), "line_number": 1, "is_secret": false
            }],
            "src/db.py": [{
                "type": "Secret Keyword", "filename": "src/db.py", "is_verified": false,
                "hashed_secret": sha1(&leaky.password), "line_number": 1
            }],
            "src/slack.py": [{
                "type": "Slack Token", "filename": "src/slack.py", "is_verified": false,
                "hashed_secret": sha1(&leaky.slack), "line_number": 2, "is_secret": true
            }],
            "old.py": [{
                "type": "Slack Token", "filename": "old.py", "is_verified": false,
                "hashed_secret": sha1("gone"), "line_number": 3
            }],
            "key.pem": [{
                "type": "Private Key", "filename": "key.pem", "is_verified": false,
                "hashed_secret": sha1("BEGIN RSA PRIVATE KEY"), "line_number": 1
            }]
        },
        "generated_at": "2024-01-01T00:00:00Z"
    })
}

#[test]
fn detect_secrets_verdicts_keep_their_polarity() {
    let leaky = Leaky::new();
    leaky.sandbox.commit(".secrets.baseline", detect_secrets(&leaky, "1.5.0").to_string());
    leaky
        .import(&[])
        .expect(0)
        .says(".secrets.baseline  detect-secrets 1.5.0, 5 entries")
        .says("the file is gone\n      old.py:3  Slack Token")
        .says("every key of its kind")
        .says("paths = [\"^third_party/\"]")
        .says("detect-secrets' file is kept as .secrets.baseline.detect-secrets")
        .says("1 finding needs a verdict: keyhook audit");
    let all = [(SLACK, "real"), (STRIPE, "false-positive"), (DB, "unreviewed")];
    assert_eq!(leaky.records(), expected(&all));
    let staged = leaky.sandbox.git(&["diff", "--cached", "--name-only"]);
    assert_eq!(staged, ".secrets.baseline\n.secrets.baseline.detect-secrets\n");
    let kept = leaky.sandbox.read(".secrets.baseline.detect-secrets");
    assert_eq!(kept, detect_secrets(&leaky, "1.5.0").to_string());
}

#[test]
fn a_slim_baseline_has_no_lines() {
    let leaky = Leaky::new();
    let mut slim = detect_secrets(&leaky, "1.5.0");
    slim.as_object_mut().unwrap().remove("generated_at");
    for entries in slim["results"].as_object_mut().unwrap().values_mut() {
        entries[0].as_object_mut().unwrap().remove("line_number");
    }
    leaky.sandbox.commit(".secrets.baseline", slim.to_string());
    leaky.import(&[]).expect(0).says("\n      old.py  Slack Token");
    assert_eq!(leaky.records().len(), 3);
}

/// Before 1.0 the keyword plugin hashed small letters, and IBM's fork says in `verified_result`
/// whether a key is live.
#[test]
fn the_older_format_and_ibms_fork_are_read() {
    let leaky = Leaky::new();
    let entry = |hash: String, kind: &str, result: Value| {
        json!([{
            "hashed_secret": hash, "is_verified": true, "line_number": 1, "type": kind,
            "verified_result": result
        }])
    };
    let old = json!({
        "exclude": { "files": "^vendor/", "lines": null },
        "generated_at": "2020-01-01T00:00:00Z",
        "plugins_used": [{ "hex_limit": 3, "name": "HexHighEntropyString" }],
        "results": {
            "src/db.py": entry(sha1(&leaky.password.to_lowercase()), "Secret Keyword", Value::Null),
            "src/slack.py": entry(sha1(&leaky.slack), "Slack Token", json!(true)),
            "pay\\stripe.py": entry(sha1(&leaky.stripe), "Stripe Access Key", json!(false))
        },
        "version": "0.13.1+ibm.62.dss",
        "word_list": { "file": null, "hash": null }
    });
    leaky.sandbox.commit(".secrets.baseline", old.to_string());
    leaky.import(&[]).expect(0).says("detect-secrets (IBM) 0.13.1").says("paths = [\"^vendor/\"]");
    let all = [(SLACK, "real"), (STRIPE, "unreviewed"), (DB, "unreviewed")];
    assert_eq!(leaky.records(), expected(&all));
}

fn report(leaky: &Leaky, is_redacted: bool, commit: &str) -> String {
    let finding = |rule: &str, file: &str, line: usize, secret: &str| {
        let shown = if is_redacted { "REDACTED" } else { secret };
        json!({
            "RuleID": rule, "Description": "d", "StartLine": line, "EndLine": line,
            "StartColumn": 8, "EndColumn": 60, "Match": format!("BOT = {shown}"),
            "Secret": shown, "File": file, "SymlinkFile": "", "Commit": commit, "Entropy": 4.5,
            "Author": "a", "Email": "e", "Date": "", "Message": secret, "Tags": [],
            "Fingerprint": format!("{file}:{rule}:{line}")
        })
    };
    let list = [
        finding("slack-bot-token", "src/slack.py", 2, &leaky.slack),
        finding("stripe-access-token", "pay/stripe.py", 1, &leaky.stripe),
        finding("generic-api-key", "src/gone.py", 1, "gone-for-good"),
    ];
    serde_json::to_string_pretty(&list).unwrap()
}

#[test]
fn a_gitleaks_report_is_matched_by_value_and_never_echoed() {
    let leaky = Leaky::new();
    leaky.sandbox.write("gitleaks-report.json", report(&leaky, false, ""));
    // The line has moved since; the value counts.
    leaky.sandbox.commit("src/slack.py", format!("\n\n\nBOT = \"{}\"\n", leaky.slack));
    leaky.import(&["--dry-run"]).expect(0).hides("gone-for-good").says("src/slack.py:4");
    leaky.import(&["--dry-run", "--format", "json"]).expect(0).hides("gone-for-good");
    leaky.import(&[]).expect(0).says("the file is gone\n      src/gone.py:1  generic-api-key");
    assert_eq!(leaky.records(), expected(&[(SLACK, "unreviewed"), (STRIPE, "unreviewed")]));
    assert!(leaky.sandbox.path("gitleaks-report.json").exists());
}

#[test]
fn a_redacted_report_is_looked_up_in_its_commits() {
    let leaky = Leaky::new();
    let commit = leaky.sandbox.git(&["rev-parse", "HEAD"]).trim().to_owned();
    leaky.sandbox.commit("src/slack.py", format!("\n\n\nBOT = \"{}\"\n", leaky.slack));
    leaky.sandbox.commit("pay/stripe.py", format!("stripe.api_key = \"{}\"\n", stripe(2)));
    leaky.sandbox.write("leaks.json", report(&leaky, true, &commit));
    leaky
        .import(&["leaks.json"])
        .expect(0)
        .says("the secret stands only in history\n      pay/stripe.py:1")
        .says(&format!("commit {} is not in this clone", &commit[..12]));
    assert_eq!(leaky.records(), expected(&[(SLACK, "unreviewed")]));
}

#[test]
fn gitleaksignore_is_a_list_of_places() {
    let leaky = Leaky::new();
    let head = leaky.sandbox.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let text = format!(
        "# the bot of the demo\nsrc/slack.py:slack-bot-token:2\n\n{head}:pay/stripe.py:stripe:1\n\
         src/db.py:generic-api-key:77\nbox.zip!a.py:x:1\n"
    );
    leaky.sandbox.commit(".gitleaksignore", text);
    leaky
        .import(&["--dry-run"])
        .expect(0)
        .says("src/slack.py:2  slack-bot-token  unreviewed, by its place")
        .says("pay/stripe.py:1  stripe-live-key  unreviewed\n")
        .says("nothing to accept\n      src/db.py:77  generic-api-key")
        .says("into archives\n      box.zip!a.py:1  x");
    leaky.import(&[]).expect(0);
    assert_eq!(leaky.records(), expected(&[(SLACK, "unreviewed"), (STRIPE, "unreviewed")]));
    assert!(leaky.sandbox.read(".secrets.baseline").contains("\"reason\":\"the bot of the demo\""));
}

#[test]
fn betterleaks_fingerprints_hold_wherever_the_value_stands() {
    let leaky = Leaky::new();
    leaky.sandbox.commit("copy.py", format!("BOT = \"{}\"\n", leaky.slack));
    let text = format!("# known\r\n{}\r\n{}\r\n", sha256(&leaky.slack).to_uppercase(), sha256("x"));
    leaky.sandbox.commit(".betterleaksignore", text);
    leaky.import(&[]).expect(0).says("no finding of keyhook has this value today\n      line 3  ");
    let copy = "copy.py slack-bot-token";
    assert_eq!(leaky.records(), expected(&[(SLACK, "unreviewed"), (copy, "unreviewed")]));
}

#[test]
fn keyed_fingerprints_are_compared_with_the_key_of_the_environment() {
    use hmac::{Hmac, Mac};
    let leaky = Leaky::new();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"our key").unwrap();
    mac.update(leaky.slack.as_bytes());
    let text = format!("hmac-sha256:{}\n", hex(&mac.finalize().into_bytes()));
    leaky.sandbox.commit(".betterleaksignore", text);
    leaky.import(&["--dry-run"]).expect(0).says("it is keyed, and the key is not here");
    let leaky = Leaky {
        sandbox: leaky.sandbox.with_variable("BETTERLEAKS_FINGERPRINT_HMAC_KEY", "our key"),
        ..leaky
    };
    leaky.import(&[]).expect(0);
    assert_eq!(leaky.records(), expected(&[(SLACK, "unreviewed")]));
}

#[test]
fn a_betterleaks_report_is_read_redacted_or_not() {
    for is_redacted in [false, true] {
        let leaky = Leaky::new();
        let value = if is_redacted { "REDACTED" } else { &leaky.slack };
        let report = json!({
            "schema_version": "1",
            "findings": [{
                "rule_id": "slack-bot-token", "rule_hash": "00", "description": "d",
                "confidence": "high",
                "match": { "full": value, "value": value, "fingerprint": sha256(&leaky.slack) },
                "attributes": { "resource": "fs.content" },
                "location": { "path": "./src/slack.py", "start_line": 2, "end_line": 2 }
            }],
            "scan": { "state": "complete" }
        });
        leaky.sandbox.write("betterleaks.json", report.to_string());
        leaky.import(&[]).expect(0).says("betterleaks.json  betterleaks, 1 entry");
        assert_eq!(leaky.records(), expected(&[(SLACK, "unreviewed")]));
    }
}

#[test]
fn kingfisher_baselines_are_lists_of_places() {
    let two = "version: 2\nfingerprint_algorithm: kingfisher-v1\nrepositories:\n- id: local:///x\n  findings:\n  - path: src/slack.py\n    fingerprint: '16381364811805648236'\n    rule_id: kingfisher.slack.2\n    line: 2\n    first_seen_at: 2026-01-01T00:00:00+00:00\n    last_updated_at: 2026-01-01T00:00:00+00:00\n  - path: src/slack.py\n    fingerprint: '1'\n    rule_id: kingfisher.slack.2\n    line: 9\n";
    let one = "ExactFindings:\n  matches:\n  - filepath: src/slack.py\n    fingerprint: 0123456789abcdef\n    linenum: 2\n    lastupdated: Mon, 1 Jan 2024 00:00:00 +0000\n";
    for text in [one, two] {
        let leaky = Leaky::new();
        leaky.sandbox.write("kingfisher-baseline.yaml", text);
        leaky.import(&[]).expect(0).says("1 finding (1 unreviewed)");
        assert_eq!(leaky.records(), expected(&[(SLACK, "unreviewed")]));
    }
}

#[test]
fn ripsecrets_values_are_matched_and_its_paths_turned_into_globs() {
    let leaky = Leaky::new();
    let text =
        format!("# paths\n/pay\n*.min.js\n!keep.js\n\n[secrets]\n# a sample\n{}\n", leaky.slack);
    leaky.sandbox.commit(".secretsignore", text);
    leaky
        .import(&[])
        .expect(0)
        .says("1 finding stands in this file itself")
        .says("(1 finding of today is\nthere):")
        .says("\n    \"pay\",\n    \"pay/**\",\n    \"**/*.min.js\",\n  ]")
        .says("line 4: !keep.js");
    assert_eq!(leaky.records(), expected(&[(SLACK, "unreviewed")]));
    // What is to be copied does what it says.
    leaky.sandbox.write(".keyhook.toml", "exclude = [\n  \"pay\",\n  \"pay/**\",\n]\n");
    leaky.sandbox.keyhook(&["scan", "."]).hides("pay/stripe.py").says("left out by `exclude`");
}

#[test]
fn talismans_checksum_vouches_for_a_file_that_has_not_changed() {
    let leaky = Leaky::new();
    let checksum = |path: &str| {
        let content = leaky.sandbox.read(path);
        sha256([sha256(""), sha256(content), sha256(path)].concat())
    };
    let text = format!(
        "fileignoreconfig:\n- filename: src/slack.py\n  checksum: {}\n- filename: pay/stripe.py\n  checksum: {}\n  ignore_detectors: []\n- filename: src/*.txt\n  ignore_detectors: [filecontent]\nscopeconfig:\n- scope: node\nallowed_patterns:\n- db_password = .*\nversion: \"1.0\"\n",
        checksum("src/slack.py"),
        checksum("src/slack.py"),
    );
    leaky.sandbox.commit(".talismanrc", text);
    leaky
        .import(&[])
        .expect(0)
        .says("talisman does not accept it any more\n      pay/stripe.py")
        .says("    \"src/*.txt\",")
        .says("regexes = [\"db_password = .*\"]");
    assert_eq!(leaky.records(), expected(&[(SLACK, "unreviewed"), (DB, "unreviewed")]));
}

#[test]
fn what_gitallowed_allows_today_is_carried_over() {
    let leaky = Leaky::new();
    let quoted = format!("{}|none", leaky.stripe);
    leaky.sandbox.commit(".gitallowed", format!("# c\n^src/slack\\.py:.*\n{quoted}\n(((\n"));
    leaky
        .import(&["--dry-run"])
        .expect(0)
        .says("paths = ['''^src/slack\\.py$''']")
        .says("# .gitallowed, line 3: it may quote a secret; see there")
        .says("cannot read this regular expression\n      line 4");
    leaky.import(&[]).expect(0);
    assert_eq!(leaky.records(), expected(&[(SLACK, "unreviewed"), (STRIPE, "unreviewed")]));
}

#[test]
fn ggshields_matches_are_values_or_hashes_of_a_credentials_parts() {
    let leaky = Leaky::new();
    let text = format!(
        "secret:\n  ignored_matches:\n  - match: {}\n    name: the bot\n  - match: {}\n    name: ''\n  - match: {}\n  ignored_paths:\n  - '**/pay/*'\nversion: 2\n",
        sha256(format!("{},apikey", leaky.slack)),
        leaky.stripe,
        sha256("gone,apikey"),
    );
    leaky.sandbox.commit(".gitguardian.yaml", text);
    leaky
        .import(&[])
        .expect(0)
        .says("    \"**/pay/*\",")
        .says("has this value today\n      line 7");
    assert_eq!(leaky.records(), expected(&[(SLACK, "unreviewed"), (STRIPE, "unreviewed")]));
    assert!(leaky.sandbox.read(".secrets.baseline").contains("\"reason\":\"the bot\""));
}

#[test]
fn secretlints_allows_are_matched_for_their_rule() {
    let leaky = Leaky::new();
    let config = json!({
        "rules": [
            { "id": "@secretlint/secretlint-rule-slack", "options": { "allows": ["/^xoxb-\\d+/"] } },
            { "id": "@secretlint/secretlint-rule-npm", "options": { "allows": ["sk_live_"] } },
            { "id": "@secretlint/secretlint-rule-aws", "disabled": true }
        ]
    });
    leaky.sandbox.commit(".secretlintrc.json", serde_json::to_string_pretty(&config).unwrap());
    leaky.sandbox.commit(".secretlintignore", "**/gen/**\n");
    leaky
        .import(&[])
        .expect(0)
        .says("regexTarget = \"secret\"\n  regexes = ['''^xoxb-\\d+''']")
        .says("rule aws: disabled")
        .says("    \"**/gen/**\",");
    assert_eq!(leaky.records(), expected(&[(SLACK, "unreviewed")]));
}
