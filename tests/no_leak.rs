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
    let secrets = one_of_each();
    for (id, text, _) in &secrets {
        sandbox.write(&format!("src/{id}.txt"), text);
    }
    sandbox.git(&["add", "."]);
    for format in FORMATS {
        for arguments in [vec!["scan", "--staged"], vec!["scan", "."], vec!["scan", "--all", "src"]]
        {
            for confidence in ["low", "medium"] {
                let more = ["--format", format, "--confidence", confidence];
                let shown = sandbox.keyhook(&[&arguments[..], &more].concat()).expect(1).text();
                for (id, _, secret) in &secrets {
                    assert!(!shows(&shown, secret), "{id} is shown by {arguments:?} {format}:\n{}", lines_about(&shown, id));
                }
            }
        }
    }
}

#[test]
fn every_rule_blocks_a_real_commit_without_showing_its_secret() {
    let sandbox = Sandbox::new();
    sandbox.install();
    for (id, text, secret) in one_of_each() {
        sandbox.write("file.txt", &text).stage(&["file.txt"]);
        let run = sandbox.try_commit(&[]);
        // A few examples need the file that they name to be read as they mean it.
        if run.code == 0 {
            sandbox.git(&["update-ref", "-d", "HEAD"]);
            assert!(is_quiet_by_right(&id), "{id} was committed");
            continue;
        }
        assert!(run.text().contains("commit blocked"), "{id}: {}", run.text());
        assert!(!shows(&run.text(), &secret), "{id} is shown");
    }
}

/// Rules of low confidence, and those whose first example names its file with `@path|`.
fn is_quiet_by_right(id: &str) -> bool {
    let proven = keyhook::rule::builtin_proven();
    let proven = proven.iter().find(|p| p.rule.id == id).unwrap();
    proven.rule.confidence == keyhook::finding::Confidence::Low
        || proven.examples.matches[0].starts_with('@')
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

fn lines_about<'a>(shown: &'a str, id: &str) -> String {
    let lines: Vec<&'a str> = shown.lines().collect();
    let at = lines.iter().position(|line| line.contains(id)).unwrap_or(0);
    lines[at..lines.len().min(at + 8)].join("\n")
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
