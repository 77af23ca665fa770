//! A canary secret of every rule goes through every command and format: it is never on standard
//! output or error, and never on disk but in the file that it was written into.

use std::fs;
use std::path::Path;

use crate::support::{Sandbox, key, leak, one_of_each};

/// Any twelve bytes of a secret in a row count as shown, so half a key is a leak too.
fn shows(text: &str, secret: &str) -> bool {
    let body: Vec<char> = secret.trim_start_matches("sk-ant-api03-").chars().collect();
    body.windows(12).any(|part| text.contains(&part.iter().collect::<String>()))
}

const FORMATS: [&str; 4] = ["text", "json", "jsonl", "sarif"];

#[test]
fn no_format_shows_a_secret_of_any_rule() {
    let sandbox = Sandbox::new();
    for ((id, text, secret), format) in one_of_each().into_iter().zip(FORMATS.into_iter().cycle()) {
        let path = path_of(&id);
        let arguments =
            ["scan", "--stdin", "--stdin-path", &path, "--confidence", "low", "--format", format];
        let shown = sandbox.keyhook_with(&arguments, &text).expect(1).text();
        assert!(!shows(&shown, &secret), "{id} is shown as {format}:\n{shown}");
    }
}

/// Of so many rules one is asked about a line, which runs every rule and takes its time.
const EXPLAINED: usize = 16;

#[test]
fn no_explanation_shows_a_secret_of_any_rule() {
    let sandbox = Sandbox::new();
    for (index, (id, text, secret)) in one_of_each().into_iter().enumerate() {
        let path = path_of(&id);
        let format = if index % 2 == 0 { "text" } else { "json" };
        let arguments = ["scan", "--stdin", "--stdin-path", &path, "--format", format, "--explain"];
        let shown = sandbox.keyhook_with(&arguments, &text).expect(0).text();
        assert!(!shows(&shown, &secret), "{id} is shown as {format}:\n{shown}");
        if index % EXPLAINED == 0 {
            let middle = text.find(&secret).unwrap() + secret.len() / 2;
            let before = text.bytes().take(middle);
            let line = (1 + before.filter(|byte| *byte == b'\n').count()).to_string();
            let arguments = [&arguments[..], &[&line]].concat();
            let shown = sandbox.keyhook_with(&arguments, &text).expect(0).says(&id).text();
            assert!(!shows(&shown, &secret), "{id} is shown as {format}:\n{shown}");
        }
    }
}

#[test]
fn no_source_and_no_format_shows_a_secret() {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.py", leak(8)).stage(&["src/a.py"]);
    for format in FORMATS {
        for arguments in [&["scan", "--staged"][..], &["scan", "."], &["scan", "--all", "src"]] {
            let shown = sandbox.keyhook(&[arguments, &["--format", format]].concat()).expect(1);
            assert!(!shows(&shown.text(), &key(8)), "{arguments:?} {format}");
        }
    }
}

/// The file that the first example of a rule names, as in `@app.yaml|…`.
fn path_of(id: &str) -> String {
    let proven = keyhook::rule::builtin_proven();
    let proven = proven.iter().find(|p| p.rule.id == id).unwrap();
    let path = keyhook::rule::expand(&proven.examples.matches[0], 1).unwrap().path;
    if path.is_empty() { "file.txt".to_owned() } else { path }
}

#[test]
fn every_rule_blocks_a_real_commit_without_showing_its_secret() {
    let sandbox = Sandbox::new();
    sandbox.install();
    for (id, text, secret) in one_of_each() {
        let path = path_of(&id);
        sandbox.write(&path, &text).stage(&[&path]);
        let run = sandbox.try_commit(&[]);
        if run.code == 0 {
            assert!(is_low(&id), "{id} was committed");
            sandbox.git(&["update-ref", "-d", "HEAD"]);
            continue;
        }
        assert!(run.text().contains("commit blocked"), "{id}: {}", run.text());
        assert!(!shows(&run.text(), &secret), "{id} is shown");
        sandbox.git(&["rm", "-q", "--cached", "-f", "--", &path]);
    }
}

/// Rules of low confidence do not stop a commit.
fn is_low(id: &str) -> bool {
    let proven = keyhook::rule::builtin_proven();
    let confidence = proven.iter().find(|p| p.rule.id == id).unwrap().rule.confidence;
    confidence == keyhook::finding::Confidence::Low
}

#[test]
fn nothing_on_disk_holds_the_secret_but_its_own_file() {
    let sandbox = Sandbox::new();
    sandbox.install();
    let secret = key(3);
    sandbox.write("app.py", leak(3)).stage(&["app.py"]);
    sandbox.try_commit(&[]).expect(1);
    let shown = sandbox.keyhook(&["scan", "--staged", "--format", "json"]).expect(1);
    let print = fingerprint(&shown.out);
    sandbox.keyhook(&["allow", &print[..8], "--reason", "a test"]).expect(0).hides(&secret);
    sandbox.keyhook(&["baseline", "update"]).expect(0).hides(&secret);
    sandbox.try_commit(&[]).expect(0);
    for file in files_below(&sandbox.beside("")) {
        if file.ends_with("app.py") || file.components().any(|part| part.as_os_str() == "objects") {
            continue;
        }
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        assert!(!shows(&text, &secret), "{}", file.display());
    }
}

#[test]
fn a_secret_in_a_path_is_masked_everywhere() {
    let sandbox = Sandbox::new();
    sandbox.install();
    let secret = key(4);
    let name = format!("dir/{secret}.txt");
    sandbox.write(&name, "nothing").stage(&[&name]);
    let shown = sandbox.try_commit(&[]).expect(1).says("commit blocked");
    assert!(!shows(&shown.text(), &secret), "{}", shown.text());
    for format in FORMATS {
        let shown = sandbox.keyhook(&["scan", "--staged", "--format", format]).expect(1);
        assert!(!shows(&shown.text(), &secret), "{format}: {}", shown.text());
    }
    sandbox.keyhook(&["baseline", "create"]).expect(0);
    assert!(!shows(&sandbox.read(".secrets.baseline"), &secret));
}

#[test]
fn an_unknown_secret_beside_a_known_one_is_hidden_too() {
    let sandbox = Sandbox::new();
    let other = crate::support::filled("{{alnum 40}}", 9);
    sandbox.write("a.py", format!("x = ['{}', '{other}']\n", key(5)));
    let shown = sandbox.keyhook(&["scan", "a.py"]).expect(1);
    assert!(!shows(&shown.text(), &other), "{}", shown.text());
}

/// A password that only the name before it tells from a word.
fn password(seed: u64) -> String {
    crate::support::filled("Qz7{{alnum 8}}9k", seed)
}

#[test]
fn what_was_found_is_hidden_wherever_it_stands_in_the_file() {
    let sandbox = Sandbox::new();
    let (word, secret) = (password(1), key(1));
    let twice =
        format!("password = \"{word}\"\nlogin(\"{word}\", \"x{word}\", api_key=\"{secret}\")\n");
    let report = format!("[{{\"Match\":\"{word}\",\"Secret\":\"{word}\",\"key\":\"{secret}\"}}]\n");
    let data = format!("<password>{word}</password><a><![CDATA[{word}]]></a><b>{secret}</b>\n");
    for (name, text) in [("a.py", twice), ("report.json", report), ("a.xml", data)] {
        sandbox.write(name, &text);
        for format in FORMATS {
            let shown = sandbox.keyhook(&["scan", name, "--format", format]).expect(1);
            assert!(shown.text().contains("generic-"), "{name}: {}", shown.text());
            assert!(!shows(&shown.text(), &word), "{name} as {format}: {}", shown.text());
        }
        for line in 1..=text.lines().count() {
            let line = format!("{name}:{line}");
            let shown = sandbox.keyhook(&["scan", "--explain", &line]).expect(0).text();
            assert!(!shows(&shown, &word), "{line}: {shown}");
        }
    }
}

#[test]
fn a_token_is_judged_whole_where_the_context_cuts_it() {
    let sandbox = Sandbox::new();
    let [token, filler] = ["{{alnum 40}}", "{{alnum 160}}"].map(|e| crate::support::filled(e, 2));
    for kept in 8..16 {
        let gap = " ".repeat(26 - kept);
        sandbox.write("x.txt", format!("{token}{gap}\"{filler}\" k=\"{}\"\n", key(2)));
        let shown = sandbox.keyhook(&["scan", "x.txt"]).expect(1).text();
        assert!(!shown.contains(&token[32..]), "{kept}: {shown}");
    }
}

#[test]
fn a_key_typed_on_the_command_line_is_not_repeated() {
    let sandbox = Sandbox::new();
    let secret = key(12);
    let path = format!("nowhere/{secret}");
    for arguments in [
        &["rules", "show", &secret][..],
        &["rules", "check", &path],
        &["scan", &path],
        &["scan", "--format", &secret],
        &["allow", &secret, "--reason", "x"],
        &["install", &path],
        &[&secret],
    ] {
        let shown = sandbox.keyhook(arguments).expect(2);
        assert!(!shows(&shown.text(), &secret), "{arguments:?}: {}", shown.text());
    }
}

#[test]
fn a_reason_that_quotes_the_secret_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", leak(13)).stage(&["a.py"]);
    let found = sandbox.keyhook(&["scan", "--staged", "--format", "json"]).expect(1);
    let print = fingerprint(&found.out);
    let reason = format!("it is {}", key(13));
    let run = sandbox.keyhook(&["allow", &print, "--reason", &reason]).expect(2);
    assert!(!shows(&run.says("holds a secret").text(), &key(13)));
    assert!(!sandbox.path(".secrets.baseline").exists());
}

#[test]
fn a_broken_setting_does_not_quote_a_secret() {
    let sandbox = Sandbox::new();
    sandbox.install();
    let secret = key(6);
    sandbox.write(".secrets.baseline", format!("{{\"version\": 1, \"{secret}\": 1}}"));
    sandbox.write("a.py", leak(7)).stage(&["a.py", ".secrets.baseline"]);
    let shown = sandbox.try_commit(&[]);
    assert_ne!(shown.code, 0);
    assert!(!shows(&shown.text(), &secret), "{}", shown.text());
}

fn fingerprint(json: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    value["findings"][0]["fingerprint"].as_str().unwrap().to_owned()
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}
