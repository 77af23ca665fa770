//! A damaged file of each format: exit 2, the place, the next step, and nothing written.

use super::*;

/// Format, file name, text, and the line at fault.
const DAMAGED: &[(&str, &str, &str, usize)] = &[
    ("detect-secrets", ".secrets.baseline", "{\"results\": {\n \"a\": [{\"type\": \"x\",\n", 3),
    ("detect-secrets", ".secrets.baseline", "{\"results\": {\n \"a\": [\n {}]}}", 3),
    ("gitleaks", "gitleaks.json", "[{\"RuleID\": \"x\", \"Fingerprint\": 1,\n \"File\": 3}]", 2),
    ("gitleaks-ignore", ".gitleaksignore", "# c\nno fingerprint\n", 2),
    ("betterleaks", "bl.json", "{\"schema_version\": \"1\",\n\"findings\": [{\"rule_id\": 1}]}", 2),
    ("betterleaks-ignore", ".betterleaksignore", "\nsecret\n", 2),
    (
        "kingfisher",
        "kingfisher-baseline.yaml",
        "version: 2\nrepositories:\n- findings:\n  - line: 1\n",
        4,
    ),
    ("ripsecrets", ".secretsignore", "[secrets]\na\n[secrets]\n", 3),
    ("talisman", ".talismanrc", "fileignoreconfig:\n- checksum: a\n", 2),
    ("git-secrets", ".gitallowed", "# c\n(((\n", 2),
    ("ggshield", ".gitguardian.yaml", "secret:\n  ignored_matches:\n  - name: x\n", 3),
    ("secretlint", ".secretlintrc.json", "{\"rules\": [\n {\"options\": {}}\n]}", 2),
    ("secretlint-ignore", ".secretlintignore", "a\n\0\n", 2),
];

#[test]
fn a_damaged_file_of_each_format_stops_everything() {
    for (format, name, text, line) in DAMAGED {
        let leaky = Leaky::new();
        // A sound file beside it is not imported either.
        let is_same = *name == ".gitleaksignore";
        if !is_same {
            leaky.sandbox.commit(".gitleaksignore", "src/slack.py:slack-bot-token:2\n");
        }
        leaky.sandbox.commit(name, text);
        let before = leaky.sandbox.git(&["status", "--short", "--ignored"]);
        let run = leaky.import([".gitleaksignore", name][usize::from(is_same)..].as_ref());
        run.expect(2)
            .says(&format!("error: {name}: cannot read it as {format}: line {line}: "))
            .says("hint: nothing was written; restore or mend it");
        assert_eq!(leaky.sandbox.git(&["status", "--short", "--ignored"]), before, "{name}");
        assert_eq!(leaky.sandbox.read(name), *text);
    }
}

#[test]
fn every_format_is_in_the_list_of_damaged_files() {
    for format in keyhook::baseline::import::FORMATS {
        let is_listed = DAMAGED.iter().any(|(name, ..)| *name == format.name);
        assert!(is_listed, "no damaged {} file is tried", format.name);
    }
}

#[test]
fn a_message_about_a_damaged_file_quotes_no_secret() {
    let leaky = Leaky::new();
    let value = &leaky.stripe;
    let cases = [
        (
            "gitleaks.json",
            format!("[{{\"RuleID\": \"x\", \"File\": [\"{value}\"], \"Fingerprint\": 0}}]"),
        ),
        (".secrets.baseline", format!("{{\"results\": {{\"a\": \"{value}\"}}}}")),
        ("kingfisher-baseline.yaml", format!("version: 2\nrepositories: {value}: {value}\n")),
        (".gitguardian.yaml", format!("secret:\n ignored_matches:\n  {value}: x\n- {value}")),
        (".betterleaksignore", format!("{value}\n")),
        (".gitleaksignore", format!("{value}\n")),
    ];
    for (name, text) in cases {
        leaky.sandbox.write(name, text);
        leaky.import(&[name]).expect(2).says(name);
    }
}

#[test]
fn what_cannot_be_read_or_recognised_is_named() {
    let leaky = Leaky::new();
    leaky.import(&[]).expect(2).says("no file of another scanner is here");
    leaky.import(&["absent"]).expect(2).says("absent: cannot read it");
    leaky.sandbox.write("notes.txt", "hello\n");
    leaky.import(&["notes.txt"]).expect(2).says("does not recognise its format").says("--from");
    leaky.sandbox.write("bin.json", b"[\n\xff]");
    leaky.import(&["bin.json"]).expect(2).says("bin.json: line 2: it is not UTF-8");
    leaky.import(&["notes.txt", "--from", "gitleeks"]).expect(2).says("gitleaks-ignore");
    assert!(!leaky.sandbox.path(".secrets.baseline").exists());
}

#[test]
fn a_hostile_name_reaches_no_terminal() {
    let leaky = Leaky::new();
    let text = "a\u{1b}[2Jb.py:x\u{202e}y:3\nsrc/slack.py:z:2\n";
    leaky.sandbox.write(".gitleaksignore", text);
    leaky.import(&[]).expect(0).hides("\u{1b}").hides("\u{202e}").says("a\\u{1b}[2Jb.py");
    leaky.sandbox.write("x\u{1b}[31m.json", "[]");
    leaky.import(&["x\u{1b}[31m.json"]).expect(2).hides("\u{1b}");
}
