//! Files that the real scanners write, on a repository filled when the test runs.
//!
//! `tests/import/tools.sh` installs the scanners. A test whose scanner is not there says so on
//! standard error and passes, unless `KEYHOOK_IMPORT_TOOLS=required` is set, as CI does.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::*;

/// Finds a scanner, or says that its test is skipped.
fn tool(path: &str) -> Option<PathBuf> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers");
    let folders = std::env::var_os("KEYHOOK_PEERS").map(PathBuf::from).into_iter().chain([built]);
    let found = folders.map(|folder| folder.join(path)).find(|path| path.exists());
    if found.is_none() {
        skip(path);
    }
    found
}

fn skip(path: &str) {
    let text = format!("SKIPPED: {path} is not installed; run tests/import/tools.sh\n");
    let is_required = std::env::var("KEYHOOK_IMPORT_TOOLS").is_ok_and(|value| value == "required");
    assert!(!is_required, "{text}");
    // Past the capture of the test runner, so that it is seen.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn run(leaky: &Leaky, tool: &Path, arguments: &[&str]) -> Run {
    let mut command = leaky.sandbox.command(tool, leaky.sandbox.root());
    Run::of(command.args(arguments).output().expect("it runs"))
}

fn run_with(leaky: &Leaky, tool: &Path, arguments: &[&str], input: &str) -> Run {
    let mut command = leaky.sandbox.command(tool, leaky.sandbox.root());
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    Run::of(child.wait_with_output().expect("it ends"))
}

fn verdict_of(leaky: &Leaky, start: &str) -> Option<String> {
    let records = leaky.records();
    let line = records.iter().find(|line| line.starts_with(start))?;
    line.rsplit(' ').next().map(str::to_owned)
}

/// A private key as long as its start says; the rest of its body is random.
fn pem(leaky: &Leaky) {
    let body: Vec<String> = (0..20).map(|line| filled("{{base64 64}}", 40 + line)).collect();
    let (start, end) = ("-----BEGIN RSA PRIVATE", "-----END RSA PRIVATE");
    let text = format!("{start} KEY-----\nMIIE{}\n{end} KEY-----\n", body.join("\n"));
    leaky.sandbox.commit("id_rsa", text);
}

/// Answers the audit of detect-secrets: `real` for the entries of this file, `fake` for others.
fn audit(leaky: &Leaky, tool: &Path, real_path: &str, real: &str, fake: &str) {
    let baseline: Value = serde_json::from_str(&leaky.sandbox.read(".secrets.baseline")).unwrap();
    let answers: String = baseline["results"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, entries)| {
            let answer = if path == real_path { real } else { fake };
            entries.as_array().unwrap().iter().map(move |_| format!("{answer}\n"))
        })
        .collect();
    run_with(leaky, tool, &["audit", ".secrets.baseline"], &answers).expect(0);
}

#[test]
fn detect_secrets_1() {
    let Some(tool) = tool("detect-secrets/bin/detect-secrets") else { return };
    let leaky = Leaky::new();
    pem(&leaky);
    let scanned = run(&leaky, &tool, &["scan"]).expect(0).out;
    leaky.sandbox.commit(".secrets.baseline", scanned);
    // "Should this string be committed to the repository?"
    audit(&leaky, &tool, "src/slack.py", "n", "y");
    assert!(leaky.sandbox.read(".secrets.baseline").contains("\"is_secret\": true"));
    leaky.import(&[]).expect(0).says("every key of its kind shares\n      id_rsa:1  Private Key");
    assert_eq!(verdict_of(&leaky, "src/slack.py slack-bot-token").as_deref(), Some("real"));
    let stripe = verdict_of(&leaky, "pay/stripe.py stripe-live-key");
    assert_eq!(stripe.as_deref(), Some("false-positive"));
    let db = verdict_of(&leaky, "src/db.py generic-assignment");
    assert_eq!(db.as_deref(), Some("false-positive"));
    assert_eq!(verdict_of(&leaky, "id_rsa"), None);
}

#[test]
fn detect_secrets_1_slim() {
    let Some(tool) = tool("detect-secrets/bin/detect-secrets") else { return };
    let leaky = Leaky::new();
    let scanned = run(&leaky, &tool, &["scan", "--slim", "--exclude-files", "^gen/"]).expect(0).out;
    leaky.sandbox.commit(".secrets.baseline", scanned);
    // Honoured in place, then imported.
    leaky.sandbox.keyhook(&["scan", "."]).expect(0);
    leaky.import(&[]).expect(0).says("paths = [\"^gen/\"]");
    assert_eq!(leaky.records().len(), 3);
    leaky.sandbox.keyhook(&["scan", "."]).expect(0);
}

#[test]
fn detect_secrets_before_1() {
    let Some(tool) = tool("detect-secrets-0/bin/detect-secrets") else { return };
    let leaky = Leaky::new();
    let scanned = run(&leaky, &tool, &["scan", "--no-verify"]).expect(0).out;
    leaky.sandbox.commit(".secrets.baseline", scanned);
    // It asked "Is this a valid secret?", the other way round, and wrote the same.
    audit(&leaky, &tool, "src/slack.py", "y", "n");
    leaky.import(&[]).expect(0).says("detect-secrets 0.14.3");
    assert_eq!(verdict_of(&leaky, "src/slack.py slack-bot-token").as_deref(), Some("real"));
    let db = verdict_of(&leaky, "src/db.py generic-assignment");
    assert_eq!(db.as_deref(), Some("false-positive"));
}

#[test]
fn gitleaks_reports() {
    let Some(tool) = tool("gitleaks/bin/gitleaks") else { return };
    for arguments in [&["git"][..], &["git", "--redact"], &["dir"], &["dir", "--redact=30"]] {
        let leaky = Leaky::new();
        pem(&leaky);
        let rest = ["--no-banner", "-r", "leaks-baseline.json", "."];
        run(&leaky, &tool, &[arguments, &rest].concat()).expect(1);
        leaky.import(&[]).expect(0).says("leaks-baseline.json  gitleaks, ");
        for start in ["src/slack.py slack", "pay/stripe.py stripe", "id_rsa private-key"] {
            let verdict = verdict_of(&leaky, start);
            assert_eq!(verdict.as_deref(), Some("unreviewed"), "{start} {arguments:?}");
        }
    }
}

#[test]
fn gitleaks_ignore_file() {
    let Some(tool) = tool("gitleaks/bin/gitleaks") else { return };
    let leaky = Leaky::new();
    run(&leaky, &tool, &["git", "--no-banner", "--redact", "-r", "r.json", "."]).expect(1);
    let report: Value = serde_json::from_str(&leaky.sandbox.read("r.json")).unwrap();
    let prints = report.as_array().unwrap().iter().map(|f| f["Fingerprint"].as_str().unwrap());
    let text: String = prints.map(|print| format!("{print}\n")).collect();
    std::fs::remove_file(leaky.sandbox.path("r.json")).unwrap();
    leaky.sandbox.write(".gitleaksignore", text);
    // The file is right: gitleaks itself is quiet with it.
    run(&leaky, &tool, &["git", "--no-banner", "."]).expect(0);
    leaky.import(&[]).expect(0).says(".gitleaksignore  gitleaks, ");
    assert_eq!(verdict_of(&leaky, "src/slack.py slack").as_deref(), Some("unreviewed"));
}

#[test]
fn betterleaks_fingerprints_and_reports() {
    let Some(tool) = tool("betterleaks/bin/betterleaks") else { return };
    let leaky = Leaky::new();
    pem(&leaky);
    run(&leaky, &tool, &["fs", ".", "-s", "--redact", "-o", "betterleaks.json"]).expect(1);
    let report: Value = serde_json::from_str(&leaky.sandbox.read("betterleaks.json")).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let prints = findings.iter().map(|f| f["match"]["fingerprint"].as_str().unwrap());
    let text: String = prints.map(|print| format!("{print}\n")).collect();
    leaky.import(&["betterleaks.json", "--dry-run"]).expect(0).says("id_rsa:2  private-key-rsa");
    std::fs::remove_file(leaky.sandbox.path("betterleaks.json")).unwrap();
    leaky.sandbox.write(".betterleaksignore", text);
    run(&leaky, &tool, &["fs", ".", "-s", "--ignore-file", ".betterleaksignore"]).expect(0);
    leaky.import(&[]).expect(0);
    for start in ["src/slack.py slack", "pay/stripe.py stripe", "id_rsa private-key"] {
        assert_eq!(verdict_of(&leaky, start).as_deref(), Some("unreviewed"), "{start}");
    }
}

#[test]
fn betterleaks_keyed_fingerprints() {
    let Some(tool) = tool("betterleaks/bin/betterleaks") else { return };
    let leaky = Leaky::new();
    let leaky = Leaky {
        sandbox: leaky.sandbox.with_variable("BETTERLEAKS_FINGERPRINT_HMAC_KEY", "our key"),
        ..leaky
    };
    let print = run_with(&leaky, &tool, &["fingerprint"], &leaky.slack).expect(0).out;
    assert!(print.starts_with("hmac-sha256:"));
    leaky.sandbox.write(".betterleaksignore", print);
    leaky.import(&[]).expect(0);
    assert_eq!(verdict_of(&leaky, "src/slack.py slack").as_deref(), Some("unreviewed"));
}

#[test]
fn kingfisher_baseline() {
    let Some(tool) = tool("kingfisher/bin/kingfisher") else { return };
    let leaky = Leaky::new();
    let arguments = ["scan", ".", "--no-validate", "--no-update-check", "--manage-baseline"];
    let file = ["--baseline-file", "kingfisher-baseline.yaml"];
    run(&leaky, &tool, &[&arguments[..], &file].concat());
    leaky.import(&[]).expect(0).says("kingfisher-baseline.yaml  kingfisher, ");
    assert_eq!(verdict_of(&leaky, "src/slack.py slack").as_deref(), Some("unreviewed"));
}

#[test]
fn ripsecrets_values() {
    let Some(tool) = tool("cargo/bin/ripsecrets") else { return };
    let leaky = Leaky::new();
    run(&leaky, &tool, &["."]).expect(1);
    // ripsecrets has no command that writes its file; that it takes ours shows that it is right.
    let found = run(&leaky, &tool, &["--only-matching", "."]).expect(1).out;
    let values: String = found
        .lines()
        .map(|line| line.rsplit(':').next().unwrap().trim_matches(['"', ' ', '\'']))
        .map(|value| format!("{}\n", value.rsplit(['=', '"']).next().unwrap().trim()))
        .collect();
    leaky.sandbox.commit(".secretsignore", format!("docs/\n[secrets]\n{values}{}\n", leaky.slack));
    run(&leaky, &tool, &["src/slack.py"]).expect(0);
    leaky.import(&[]).expect(0).says("**/docs/**");
    assert_eq!(verdict_of(&leaky, "src/slack.py slack").as_deref(), Some("unreviewed"));
}

#[test]
fn ggshield_ignored_matches() {
    let Some(tool) = tool("ggshield/bin/ggshield") else { return };
    let leaky = Leaky::new();
    let hash = sha256(format!("{},apikey", leaky.slack));
    run(&leaky, &tool, &["secret", "ignore", &hash, "--name", "the bot of the demo"]).expect(0);
    leaky.import(&[]).expect(0).says(".gitguardian.yaml  ggshield, 1 entry");
    assert_eq!(verdict_of(&leaky, "src/slack.py slack").as_deref(), Some("unreviewed"));
    assert!(leaky.sandbox.read(".secrets.baseline").contains("the bot of the demo"));
}

#[test]
fn ggshield_before_and_after_its_own_migration() {
    let Some(tool) = tool("ggshield/bin/ggshield") else { return };
    let leaky = Leaky::new();
    let text = format!("matches-ignore:\n- {}\npaths-ignore:\n- 'gen/**'\n", leaky.stripe);
    leaky.sandbox.write(".gitguardian.yml", text);
    leaky.import(&["--dry-run"]).expect(0).says("pay/stripe.py:1").says("\"gen/**\",");
    run(&leaky, &tool, &["config", "migrate"]).expect(0);
    assert!(leaky.sandbox.read(".gitguardian.yml").contains("version: 2"));
    leaky.import(&[]).expect(0).says("\"gen/**\",");
    assert_eq!(verdict_of(&leaky, "pay/stripe.py").as_deref(), Some("unreviewed"));
}

#[test]
fn secretlint_allows() {
    let Some(tool) = tool("node/node_modules/.bin/secretlint") else { return };
    let leaky = Leaky::new();
    let modules = tool.parent().and_then(Path::parent).unwrap().canonicalize().unwrap();
    std::os::unix::fs::symlink(modules, leaky.sandbox.path("node_modules")).unwrap();
    leaky.sandbox.write(".gitignore", "node_modules\n").write("package.json", "{}\n");
    run(&leaky, &tool, &["--init"]).expect(0);
    let written = leaky.sandbox.read(".secretlintrc.json");
    leaky.import(&["--dry-run"]).expect(0).says(".secretlintrc.json  secretlint, 0 entries");
    let preset = "@secretlint/secretlint-rule-preset-recommend";
    let rule = "@secretlint/secretlint-rule-slack";
    let allow = |allows: &str| {
        let options = format!("{{\"id\": \"{rule}\", \"options\": {{\"allows\": [{allows}]}}}}");
        let rules = format!("{{\"id\": \"{preset}\", \"rules\": [{options}]}}");
        leaky.sandbox.write(".secretlintrc.json", written.replace("[]", &format!("[{rules}]")));
    };
    allow("");
    run(&leaky, &tool, &["src/slack.py"]).expect(1);
    allow("\"/^xoxb-[0-9]+/\"");
    run(&leaky, &tool, &["src/slack.py"]).expect(0);
    leaky.import(&[]).expect(0);
    assert_eq!(verdict_of(&leaky, "src/slack.py slack").as_deref(), Some("unreviewed"));
}

#[test]
fn git_secrets_allowed_patterns() {
    let leaky = Leaky::new();
    if leaky.sandbox.try_git(&["secrets", "--list"]).err.contains("is not a git command") {
        return skip("git-secrets");
    }
    leaky.sandbox.git(&["secrets", "--add", "xoxb-[0-9]+"]);
    leaky.sandbox.try_git(&["secrets", "--scan", "-r", "src"]).expect(1);
    leaky.sandbox.commit(".gitallowed", "# the demo\n^src/slack.py:[0-9]+:BOT\n");
    leaky.sandbox.git(&["secrets", "--scan", "-r", "src"]);
    leaky.import(&[]).expect(0).says("paths = [\"^src/slack.py$\"]\n  regexTarget = \"line\"");
    assert_eq!(verdict_of(&leaky, "src/slack.py slack").as_deref(), Some("unreviewed"));
}
