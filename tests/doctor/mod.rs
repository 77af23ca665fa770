//! `keyhook doctor` tells the truth about a repository, and mends only what it says.

mod canary;
mod configured;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::installer::picture;
use crate::support::{Run, Sandbox, filled, leak};

/// A repository in which nothing is wrong.
fn healthy() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install();
    sandbox.commit(".gitignore", ".env\n.env.*\n*.pem\n");
    sandbox.commit(".github/workflows/ci.yml", "steps:\n  - run: keyhook ci --base main\n");
    sandbox
}

fn private_key() -> String {
    let body = filled("{{base64 64}}\n{{base64 64}}\n", 9);
    format!("-----BEGIN {0} KEY-----\n{body}-----END {0} KEY-----\n", "PRIVATE")
}

/// The answer for scripts.
fn json(sandbox: &Sandbox, code: i32) -> Value {
    let run = sandbox.keyhook(&["doctor", "--format", "json"]).expect(code);
    assert_eq!(run.err, "");
    serde_json::from_str(&run.out).unwrap()
}

fn states(answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let checks = answer["checks"].as_array().unwrap();
    checks.iter().map(|check| (text(&check["id"]), text(&check["state"]))).collect()
}

#[track_caller]
fn has(answer: &Value, id: &str, state: &str) {
    let states = states(answer);
    assert!(states.contains(&(id.into(), state.into())), "no {id} {state} in {states:?}");
}

#[test]
fn a_healthy_repository_is_all_good() {
    let sandbox = healthy();
    let run = sandbox.keyhook(&["doctor"]).expect(0);
    let root = sandbox.root().to_str().unwrap().to_owned();
    expect_test::expect![[r#"
        keyhook doctor: [ROOT]

        Hooks
          ok     git takes its hooks from [ROOT]/.git/hooks
          ok     pre-commit, pre-merge-commit, commit-msg and pre-push run keyhook
          ok     a test key was blocked: staged, in a merge, in a message and in a push

        Reading
          ok     keyhook's own reader reads what is staged, without starting git
          ok     no value of your own is live where keyhook looks on this machine
                 - the environment (exported): read, 0 values

        Files with keys
          ok     no file of keys (.env, *.pem, id_rsa …) is tracked, or waits to be

        What is accepted
          ok     there is no .secrets.baseline: nothing is accepted, everything found blocks

        Elsewhere
          ok     CI runs keyhook (.github/workflows/ci.yml)

        keyhook: this repository is guarded, and nothing is wrong
    "#]]
    .assert_eq(&run.out.replace(&root, "[ROOT]"));
    let answer = json(&sandbox, 0);
    assert_eq!(answer["guarded"], true);
    assert_eq!(answer["version"], 1);
}

#[test]
fn looking_changes_nothing() {
    let sandbox = healthy();
    sandbox.write("a.py", leak(1)).stage(&["a.py"]).write(".env", "A_KEY=1\n");
    let before = picture(sandbox.root());
    sandbox.keyhook(&["doctor"]).expect(0);
    let mut after = picture(sandbox.root());
    after.retain(|name, _| before.contains_key(name) || !name.starts_with(".git/keyhook"));
    assert!(before == after);
}

#[test]
fn a_repository_without_hooks_is_not_guarded() {
    let sandbox = Sandbox::new();
    let answer = json(&sandbox, 1);
    assert_eq!(answer["guarded"], false);
    has(&answer, "pre-commit", "wrong");
    let run = sandbox.keyhook(&["doctor", "--fix"]).expect(0);
    run.says("fixed  put in pre-commit, pre-merge-commit, commit-msg and pre-push");
    assert_eq!(json(&sandbox, 0)["guarded"], true);
    sandbox.write("a.py", leak(1)).stage(&["a.py"]).try_commit(&[]).expect(1);
    sandbox.keyhook(&["doctor", "/nonexistent"]).expect(2).says("error: ");
}

/// Something that happens to a repository.
type Way = fn(&Sandbox);

#[test]
fn each_way_to_lose_a_hook_is_seen_and_mended() {
    let ways: [(&str, Way); 5] = [
        ("git passes over", |sandbox| {
            let hook = sandbox.path(".git/hooks/pre-commit");
            fs::set_permissions(hook, fs::Permissions::from_mode(0o644)).unwrap();
        }),
        ("pre-push: no hook", |sandbox| {
            fs::remove_file(sandbox.path(".git/hooks/pre-push")).unwrap();
        }),
        ("older version 1", |sandbox| {
            let text = sandbox.read(".git/hooks/commit-msg").replace("shim 2", "shim 1");
            fs::write(sandbox.path(".git/hooks/commit-msg"), text).unwrap();
        }),
        ("another hook runs and does not call keyhook", |sandbox| {
            fs::write(sandbox.path(".git/hooks/pre-commit"), "#!/bin/sh\nexit 0\n").unwrap();
        }),
        ("there is no program", |sandbox| {
            let program = crate::support::program();
            let text = sandbox.read(".git/hooks/pre-commit");
            let text = text.replace(program.to_str().unwrap(), "/nowhere/keyhook");
            fs::write(sandbox.path(".git/hooks/pre-commit"), text).unwrap();
        }),
    ];
    for (said, lose) in ways {
        let sandbox = healthy();
        lose(&sandbox);
        sandbox.keyhook(&["doctor"]).expect(1).says(said).says("keyhook doctor --fix mends 1");
        sandbox.keyhook(&["doctor", "--fix"]).expect(0).says("fixed  ");
        sandbox.write("a.py", leak(1)).stage(&["a.py"]);
        sandbox.try_commit(&[]).expect(1).says("commit blocked");
        let run = sandbox.keyhook(&["doctor", "--fix"]).expect(0);
        assert!(!run.out.contains("fixed"), "{}", run.out);
    }
}

#[test]
fn a_hook_that_lets_the_canary_through_is_found_out() {
    let sandbox = healthy();
    let hook = sandbox.path(".git/hooks/pre-commit");
    let text = fs::read_to_string(&hook).unwrap();
    // Everything looks right, and nothing is blocked.
    fs::write(&hook, text.replace("exec \"$keyhook\" hook", ": exec \"$keyhook\" hook")).unwrap();
    let answer = json(&sandbox, 1);
    has(&answer, "canary", "wrong");
    assert_eq!(answer["guarded"], false);
}

#[test]
fn switches_of_the_configuration_and_the_shell_are_seen() {
    let sandbox = healthy();
    sandbox.git(&["config", "alias.yolo", "commit --no-verify"]);
    sandbox.keyhook(&["doctor"]).expect(0).says("alias.yolo skips the hooks of a commit");
    sandbox.git(&["config", "core.hooksPath", "/dev/null"]);
    let run = sandbox.keyhook(&["doctor"]).expect(1).says("git runs no hook at all");
    run.says("git config --local --unset core.hooksPath").says("NOT guarded");
    let sandbox = healthy().with_variable("KEYHOOK_CANARY", "1");
    sandbox.keyhook(&["doctor"]).expect(1).says("unset KEYHOOK_CANARY").says("NOT guarded");
}

#[test]
fn a_hooks_folder_is_called_what_it_is() {
    let sandbox = healthy();
    let elsewhere = sandbox.beside("nowhere").display().to_string();
    sandbox.git(&["config", "core.hooksPath", &elsewhere]);
    let run = sandbox.keyhook(&["doctor"]).expect(1).says("there is no such folder");
    run.says(&format!("{elsewhere}, which this repository chose")).hides("of the project");
    sandbox.git(&["config", "core.hooksPath", "hooks"]);
    sandbox.keyhook(&["doctor"]).says("/hooks, a folder of the project (core.hooksPath");
}

#[test]
fn a_broken_configuration_of_the_user_is_told() {
    let sandbox = healthy();
    let file = sandbox.beside("home").join(".config/keyhook/config.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    for (text, problem) in [("[own-keys\n", "cannot use"), ("own_keys = 1\n", "unknown field")] {
        fs::write(&file, text).unwrap();
        let run = sandbox.keyhook(&["doctor"]).expect(1).says(problem);
        run.says("own keys: cannot use ~/.config/keyhook/config.toml");
    }
    fs::write(&file, "[own-keys]\noff = [\"aws\"]\n").unwrap();
    sandbox.keyhook(&["doctor"]).expect(0);
}

#[test]
fn hooks_in_gits_configuration_count_only_where_git_runs_them() {
    let sandbox = Sandbox::new();
    let command = format!("{} hook pre-commit", crate::support::program().display());
    sandbox.git(&["config", "hook.keyhook.event", "pre-commit"]);
    sandbox.git(&["config", "hook.keyhook.command", &command]);
    let version = sandbox.git(&["version"]);
    let minor: u32 = version.split('.').nth(1).unwrap().parse().unwrap();
    let run = sandbox.keyhook(&["doctor"]).expect(1);
    if minor < 54 {
        run.says("does not run such hooks").says("NOT guarded");
    }
    sandbox.git(&["config", "hook.keyhook.enabled", "false"]);
    sandbox.keyhook(&["doctor"]).says("is switched off by the configuration");
    // As a git that runs them would answer.
    let bin = sandbox.beside("bin");
    let git = "#!/bin/sh\nfor word; do [ \"$word\" != version ] || { echo git version 2.54.0; exit; }; done\n";
    let real = std::env::var("PATH").unwrap();
    crate::installer::script(&bin.join("git"), &format!("{git}PATH='{real}' exec git \"$@\"\n"));
    let sandbox = sandbox.with_variable("PATH", &format!("{}:{real}", bin.display()));
    sandbox.git(&["config", "--unset", "hook.keyhook.enabled"]);
    let run = sandbox.keyhook(&["doctor"]).expect(1);
    run.says("pre-commit runs keyhook from the configuration").says("this repository is guarded");
}

#[test]
fn the_reader_is_named_with_its_reason() {
    let sandbox = healthy();
    sandbox.git(&["config", "core.repositoryFormatVersion", "1"]);
    sandbox.git(&["config", "extensions.preciousObjects", "false"]);
    sandbox.keyhook(&["doctor"]).expect(0).says("keyhook's own reader");
    // Something that only git can read.
    sandbox.git(&["update-index", "--split-index"]);
    sandbox.write("new.txt", "x").stage(&["new.txt"]);
    sandbox.keyhook(&["doctor"]).expect(0).says("Reading");
    fs::write(sandbox.path(".git/index"), "damaged").unwrap();
    let answer = json(&sandbox, 2);
    has(&answer, "reader", "unknown");
}

#[test]
fn files_of_keys_are_found_tracked_or_waiting() {
    let sandbox = healthy();
    let value = filled("{{alnum 30}}", 1);
    sandbox.write("server.key", private_key());
    sandbox.write("cert.pem", "-----BEGIN CERTIFICATE-----\nx\n");
    sandbox.write(".env", format!("A_KEY={value}\n")).write("a b/.env.local", "K=v\n");
    sandbox.write(".env.example", "A_KEY=\n").write("empty/.env", "# nothing\nA_KEY=\n");
    sandbox.git(&["add", "-f", "--", "cert.pem", ".env", "a b/.env.local", "empty/.env"]);
    sandbox.git(&["add", "-f", "--", ".env.example"]);
    let run =
        sandbox.keyhook(&["doctor"]).expect(1).says("git tracks 2 files that should stay here");
    let run = run.says("- .env\n").says("- a b/.env.local\n").says("git rm --cached -- .env");
    let run = run.says("server.key is not ignored").says("echo /server.key >> .gitignore");
    let run = run.hides("cert.pem").hides("example").hides("- empty/.env\n");
    run.hides(&value);
    let run = sandbox.keyhook(&["doctor", "--fix"]).expect(1);
    run.says("added to .gitignore: /server.key");
    assert_eq!(sandbox.read(".gitignore"), ".env\n.env.*\n*.pem\n/server.key\n");
    sandbox.git(&["check-ignore", "-q", "server.key"]);
    sandbox.keyhook(&["doctor"]).hides("server.key");
    // Nothing was taken out of the index: that is the user's decision.
    assert!(sandbox.git(&["ls-files", "--", ".env"]).contains(".env"));
}

#[cfg(unix)]
#[test]
fn what_doctor_offers_can_be_copied_for_any_name_and_from_any_folder() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let names: [&[u8]; 6] =
        [b"sub/.env", b"\xff.env", b":!x.env", b"a\nb.env", b"c\r.env", b"*d\\e.env "];
    for name in names {
        let folders: &[&str] =
            if name == names[0] { &["", "sub", "../elsewhere"] } else { &["sub"] };
        for folder in folders {
            let sandbox = healthy();
            sandbox.write("kept.env", "A=\n").commit("sub/a.txt", "x\n");
            fs::create_dir_all(sandbox.path("../elsewhere")).unwrap();
            // A blank at the end makes it another kind of file.
            sandbox.commit(".keyhook.toml", "[guarded]\nadd = [\"*e.env \"]\n");
            fs::write(sandbox.root().join(OsStr::from_bytes(name)), "ROOM=otter, blue\n").unwrap();
            fs::write(sandbox.path(".gitignore"), "").unwrap();
            sandbox.git(&["add", "--all"]);
            let place = sandbox.root().to_str().unwrap();
            let run = || sandbox.keyhook_in(&sandbox.path(folder), &["doctor", place]).expect(1);
            let said = run().says("git tracks 1 file that should stay here").out;
            let command = said.lines().find(|line| line.contains("git rm --cached")).unwrap();
            assert_eq!(command.contains("cd "), !folder.is_empty(), "{command}");
            let mut shell = sandbox.command("bash", &sandbox.path(folder));
            Run::of(shell.args(["-c", command]).output().unwrap()).expect(0);
            assert_eq!(sandbox.git(&["ls-files", "*.env*"]), "kept.env\n", "{command}");
            let others = ["ls-files", "--others", "--exclude-standard"];
            assert_eq!(sandbox.git(&others), "", "{command}");
            // The same line is what `--fix` writes.
            let written = sandbox.read(".gitignore");
            sandbox.write(".gitignore", "");
            sandbox.keyhook(&["doctor", "--fix"]).says("added to .gitignore: ");
            assert_eq!(sandbox.read(".gitignore"), written);
        }
    }
}

#[test]
fn an_accepted_key_file_is_no_finding() {
    let sandbox = healthy();
    sandbox.commit("test/server.key", private_key());
    sandbox.keyhook(&["doctor"]).expect(1).says("- test/server.key");
    let print = "0".repeat(64);
    let record = format!(
        "{{\"fingerprint\":\"{print}\",\"rule\":\"private-key\",\"path\":\"test/server.key\",\
         \"verdict\":\"false-positive\"}}"
    );
    let salt = "0".repeat(32);
    let text = format!(
        "{{\n  \"version\": 1,\n  \"salts\": [\"{salt}\"],\n  \"findings\": [\n    {record},\n    \
         null\n  ]\n}}\n"
    );
    sandbox.commit(".secrets.baseline", text);
    sandbox.keyhook(&["doctor"]).expect(0).hides("server.key").says("it accepts 1 finding");
}

#[test]
fn a_key_in_two_environments_is_told_by_its_name() {
    let sandbox = healthy();
    let shared = filled("{{alnum 32}}", 1);
    let (one, two) = (filled("{{alnum 32}}", 2), filled("{{alnum 32}}", 3));
    sandbox
        .write(".env", format!("PAY_KEY={shared}\nMAIL_TOKEN={one}\nHOST=db.internal.example\n"));
    sandbox.write(".env.local", format!("PAY_KEY={shared}\n"));
    sandbox.keyhook(&["doctor"]).expect(0).says("no key value is shared by environments");
    sandbox.write(
        "deploy/.env.production",
        format!("export PAYMENT_KEY=\"{shared}\"\nMAIL_TOKEN={two}\nHOST=db.internal.example\n"),
    );
    let run = sandbox.keyhook(&["doctor"]).expect(1).says("1 key value is the same in several");
    let run = run.says("PAYMENT_KEY: .env and deploy/.env.production").hides("HOST");
    let run = run.hides("MAIL_TOKEN");
    for value in [&shared, &one, &two] {
        run.out.contains(value.as_str()).then(|| panic!("a value is shown"));
        assert!(!json(&sandbox, 1).to_string().contains(&value[..8]));
    }
}

#[test]
fn the_baseline_is_looked_at_as_it_is_staged() {
    let sandbox = healthy();
    sandbox.write("a.py", leak(1)).stage(&["a.py"]);
    sandbox.keyhook(&["baseline", "create"]).expect(0);
    let run = sandbox.keyhook(&["doctor"]).expect(0).says("it accepts 1 finding");
    run.says("1 of them nobody has looked at");
    let good = sandbox.read(".secrets.baseline");
    sandbox.write(".secrets.baseline", format!("{good}\n"));
    sandbox.keyhook(&["doctor"]).expect(1).says("differs from the staged one");
    sandbox.write(".secrets.baseline", "{").stage(&[".secrets.baseline"]);
    sandbox.keyhook(&["doctor"]).expect(1).says("git checkout HEAD -- :/.secrets.baseline");
    let late = good
        .replace("\"verdict\":\"unreviewed\"", "\"verdict\":\"real\",\"rotate-by\":\"2020-01-02\"");
    sandbox.write(".secrets.baseline", late).stage(&[".secrets.baseline"]);
    let run = sandbox.keyhook(&["doctor"]).expect(1).says("1 real secret should have been rotated");
    run.says("in a.py, by 2020-01-02");
    sandbox.git(&["rm", "-q", "--cached", ".secrets.baseline"]);
    sandbox.keyhook(&["doctor"]).expect(1).says("is not staged, so the hook does not see it");
    sandbox.write(".keyhook.toml", "exlude = []\n").stage(&[".keyhook.toml"]);
    sandbox.keyhook(&["doctor"]).expect(1).says("exlude").says("every commit is blocked");
}

#[test]
fn ci_is_looked_at_without_its_comments() {
    for (file, text, code, said) in [
        (".github/workflows/a.yml", "# keyhook\nrun: make\n", 1, "CI looks for no secrets"),
        (
            ".gitlab-ci.yml",
            "include:\n  - template: Jobs/Secret-Detection.gitlab-ci.yml\n",
            0,
            "secret-detection",
        ),
        ("Jenkinsfile", "sh 'keyhook ci --base origin/main'\n", 0, "CI runs keyhook"),
        (".circleci/config.yml", "run: gitleaks detect\n", 0, "another scanner: gitleaks"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.install().commit(".gitignore", ".env\n").commit(file, text);
        sandbox.keyhook(&["doctor"]).expect(code).says(said);
    }
}

#[test]
fn submodules_are_told_of() {
    let sandbox = healthy();
    let inner = sandbox.beside("inner");
    sandbox.git(&["init", "-q", "-b", "main", inner.to_str().unwrap()]);
    sandbox.git_in(&inner, &["commit", "-q", "--allow-empty", "-m", "x"]).expect(0);
    let allow = "protocol.file.allow=always";
    sandbox.git(&["-c", allow, "submodule", "--quiet", "add", inner.to_str().unwrap(), "sub"]);
    sandbox.keyhook(&["doctor"]).expect(0).says("keyhook install sub");
    sandbox.keyhook(&["install", "sub"]).expect(0);
    sandbox.keyhook(&["doctor"]).expect(0).hides("submodules");
}

#[test]
fn a_bare_repository_has_hooks_and_no_files() {
    let sandbox = Sandbox::with_init(&["--bare"]);
    sandbox.install();
    let run = sandbox.keyhook(&["doctor"]).expect(0).says("pre-push and pre-receive run keyhook");
    run.hides("Files with keys").hides("Reading");
}

#[test]
fn hostile_names_are_shown_and_not_obeyed() {
    let sandbox = healthy();
    // A file kept for secrets has no longer name than that.
    let secret = filled("hf_{{letters 34}}", 1);
    let name = format!("\u{1b}[31m{secret}.key");
    sandbox.write(&name, private_key());
    let run = sandbox.keyhook(&["doctor"]).expect(1).hides("\u{1b}").hides(&secret);
    run.says("is not ignored");
    json(&sandbox, 1);
}
