//! What keyhook writes follows its schemas, and every older baseline still loads.

use std::fs;
use std::path::{Path, PathBuf};

use keyhook::baseline::Baseline;
use keyhook::finding::Salt;
use serde_json::Value;

use crate::support::{Sandbox, leak};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read_json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[track_caller]
fn validate(schema: &str, value: &Value) {
    let validator = jsonschema::validator_for(&read_json(&root().join(schema))).unwrap();
    let faults: Vec<String> =
        validator.iter_errors(value).map(|e| format!("{} at {}", e, e.instance_path)).collect();
    assert!(faults.is_empty(), "{schema}:\n{}", faults.join("\n"));
}

fn sandbox_with_findings() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a b#.py", leak(1)).write("b.py", leak(2)).write("dir/c.py", leak(3));
    sandbox.git(&["add", "."]);
    sandbox
}

#[test]
fn baselines_follow_their_schema() {
    let sandbox = sandbox_with_findings();
    sandbox.keyhook(&["baseline", "create"]).expect(0).says("3 finding(s)");
    sandbox.write("d.py", leak(4)).stage(&["d.py"]);
    let json = sandbox.keyhook(&["scan", "--staged", "--format", "json"]).expect(1).out;
    let value: Value = serde_json::from_str(&json).unwrap();
    let print = value["findings"][0]["fingerprint"].as_str().unwrap();
    sandbox.keyhook(&["allow", print, "--reason", "a test", "--verdict", "real"]).expect(0);
    validate("baseline-schema/v1.json", &read_json(&sandbox.path(".secrets.baseline")));
}

#[test]
fn every_example_of_a_baseline_loads_and_is_canonical() {
    for entry in fs::read_dir(root().join("baseline-schema/examples")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let baseline = Baseline::parse(text.as_bytes(), &Salt::none())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let version = path.file_stem().unwrap().to_string_lossy().into_owned();
        validate(&format!("baseline-schema/{version}.json"), &read_json(&path));
        if version == format!("v{}", keyhook::baseline::VERSION) {
            assert_eq!(baseline.render().unwrap(), text, "{} is not canonical", path.display());
        }
    }
}

#[test]
fn json_follows_its_schema() {
    let sandbox = sandbox_with_findings();
    for arguments in [&["scan", "--staged"][..], &["scan", "."]] {
        let run = sandbox.keyhook(&[arguments, &["--format", "json"]].concat()).expect(1);
        validate("tests/schema/output-v1.json", &serde_json::from_str(&run.out).unwrap());
        let run = sandbox.keyhook(&[arguments, &["--format", "jsonl"]].concat()).expect(1);
        assert_eq!(run.out.lines().count(), 3);
        for line in run.out.lines() {
            serde_json::from_str::<Value>(line).unwrap();
        }
    }
    let clean = Sandbox::new();
    let run = clean.keyhook(&["scan", "--staged", "--format", "json"]).expect(0);
    validate("tests/schema/output-v1.json", &serde_json::from_str(&run.out).unwrap());
}

#[test]
fn sarif_follows_its_schema() {
    let sandbox = sandbox_with_findings();
    let document = |code: i32, arguments: &[&str]| -> Value {
        let run = sandbox.keyhook(&[arguments, &["--format", "sarif"]].concat()).expect(code);
        serde_json::from_str(&run.out).unwrap()
    };
    let found = document(1, &["scan", "--staged"]);
    validate("tests/schema/sarif-2.1.0.json", &found);
    let results = found["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    assert_eq!(
        results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "a%20b%23.py"
    );
    sandbox.keyhook(&["baseline", "create"]).expect(0);
    let known = document(0, &["scan", "--staged"]);
    validate("tests/schema/sarif-2.1.0.json", &known);
    assert_eq!(known["runs"][0]["results"][0]["baselineState"], "unchanged");
}

#[test]
fn what_was_passed_over_on_purpose_is_told_in_every_format() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", leak(1).replace('\n', "  # keyhook:allow\n"));
    sandbox.write("left/out.py", leak(2)).write(".keyhook.toml", "exclude = [\"left/**\"]\n");
    sandbox.git(&["add", "."]);
    let told = ["1 finding(s) allowed by a comment", "1 file(s) left out by `exclude`"];
    let scan = |format: &str| {
        let run = sandbox.keyhook(&["scan", "--staged", "--format", format]).expect(0);
        told.into_iter().fold(run, |run, text| run.says(text))
    };
    scan("text");
    let json: Value = serde_json::from_str(&scan("json").out).unwrap();
    assert_eq!(json["notes"].as_array().unwrap().len(), 2);
    let run = scan("jsonl");
    assert_eq!(run.out, "");
    assert!(run.err.lines().all(|line| line.starts_with("keyhook: note: ")), "{}", run.err);
    let sarif: Value = serde_json::from_str(&scan("sarif").out).unwrap();
    validate("tests/schema/sarif-2.1.0.json", &sarif);
    let invocation = &sarif["runs"][0]["invocations"][0];
    let notes = invocation["toolExecutionNotifications"].as_array().unwrap();
    assert!(notes.iter().all(|note| note["level"] == "note") && notes.len() == 2, "{notes:?}");
    assert_eq!(invocation["executionSuccessful"], true);
}
