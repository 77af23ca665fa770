//! husky, lefthook, pre-commit, prek and simple-git-hooks: recognised, told, written to, left.

use std::fs;
use std::path::Path;

use super::events::script;
use super::{blocks, picture};
use crate::support::{Run, Sandbox, leak, program};

/// A sandbox in which keyhook is called by its name.
fn with_keyhook() -> Sandbox {
    let folder = program().parent().unwrap().display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
    Sandbox::new().with_variable("PATH", &path)
}

/// Runs a tool if this machine has it.
fn tool(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Option<Run> {
    let mut command = sandbox.command(name, sandbox.root());
    match command.args(arguments).output() {
        Ok(output) => Some(Run::of(output).expect(0)),
        Err(_) => {
            eprintln!("SKIPPED: there is no {name}");
            None
        }
    }
}

/// Stages a leak and expects somebody to stop it with keyhook's words.
#[track_caller]
fn stops(sandbox: &Sandbox) {
    sandbox.write("leak.py", leak(1)).stage(&["leak.py"]);
    sandbox.try_commit(&[]).expect(1).says("keyhook: commit blocked: 1 new secret in 1 file");
}

/// husky's folder as its version 9 leaves it, with a stand-in for its runner.
fn husky(sandbox: &Sandbox) {
    let runner =
        "#!/bin/sh\ns=.husky/$(basename \"$0\")\n[ ! -f \"$s\" ] || exec sh -e \"$s\" \"$@\"\n";
    for name in ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push", "post-commit"] {
        script(&sandbox.path(".husky/_").join(name), runner);
    }
    sandbox.write(".husky/_/h", "");
    sandbox.git(&["config", "core.hooksPath", ".husky/_"]);
}

#[test]
fn husky_gets_lines_and_its_own_stay() {
    let sandbox = with_keyhook();
    husky(&sandbox);
    let log = sandbox.beside("log");
    let push = format!("cat > '{}'\n", log.display());
    sandbox.write(".husky/pre-commit", "echo of the team >&2\n").write(".husky/pre-push", &push);
    let before = picture(sandbox.root());
    sandbox.keyhook(&["install"]).expect(2).says("    keyhook hook commit-msg \"$@\"\n");
    assert!(before == picture(sandbox.root()));
    let run = sandbox.keyhook(&["install", "--write"]).expect(0).says("is guarded through husky");
    run.says("written  .husky/pre-commit; commit it");
    let inside = picture(sandbox.root());
    sandbox.keyhook(&["install", "--write"]).expect(0).says("is guarded already");
    assert!(inside == picture(sandbox.root()), "twice changes nothing");
    stops(&sandbox);
    sandbox.git(&["rm", "-q", "--cached", "leak.py"]);
    sandbox.commit("a.txt", "a");
    let remote = sandbox.beside("remote");
    sandbox.git(&["init", "-q", "--bare", remote.to_str().unwrap()]);
    sandbox.git(&["push", "-q", remote.to_str().unwrap(), "main"]);
    assert!(fs::read_to_string(&log).unwrap().starts_with("refs/heads/main "));
    sandbox.keyhook(&["doctor"]).says("pre-push through husky");
    sandbox.keyhook(&["uninstall"]).expect(0).says("still calls keyhook");
    sandbox.keyhook(&["uninstall", "--write"]).expect(0);
    assert_eq!(sandbox.read(".husky/pre-commit"), "echo of the team >&2\n");
    assert_eq!(sandbox.read(".husky/pre-push"), push);
    assert!(!sandbox.path(".husky/commit-msg").exists());
}

#[test]
fn husky_that_is_not_active_does_not_leave_a_gap() {
    let sandbox = with_keyhook();
    sandbox.write(".husky/pre-commit", "npm test\n");
    // A fresh clone: nobody has run `npm install`, and git knows nothing of husky.
    sandbox.keyhook(&["install", "--write"]).expect(0).says("a staged test key was blocked");
    assert_eq!(sandbox.read(".husky/pre-commit"), "keyhook hook pre-commit\nnpm test\n");
    blocks(&sandbox);
    // Configured, but the generated scripts are gone: nothing is written.
    let sandbox = with_keyhook();
    sandbox.write(".husky/pre-commit", "npm test\n");
    sandbox.git(&["config", "core.hooksPath", ".husky/_"]);
    let run = sandbox.keyhook(&["install", "--write"]).expect(2).says("first run: npx husky");
    run.says("everything is as it was before");
    assert_eq!(sandbox.read(".husky/pre-commit"), "npm test\n");
}

/// The file of each manager, the hook it writes, and how the tool itself is asked to write it.
struct Case {
    name: &'static str,
    file: &'static str,
    text: &'static str,
    activate: &'static [&'static str],
}

const YAML: &str = "repos:\n  - repo: local\n    hooks:\n      - id: own\n        name: own\n        \
                    entry: echo own\n        language: system\n";

const CASES: [Case; 5] = [
    Case {
        name: "lefthook",
        file: "lefthook.yml",
        text: "pre-commit:\n  commands:\n    own:\n      run: echo own\n",
        activate: &["lefthook", "install"],
    },
    Case {
        name: "pre-commit",
        file: ".pre-commit-config.yaml",
        text: YAML,
        activate: &["pre-commit", "install"],
    },
    Case {
        name: "prek",
        file: ".pre-commit-config.yaml",
        text: YAML,
        activate: &["prek", "install"],
    },
    Case {
        name: "prek",
        file: "prek.toml",
        text: "[[repos]]\nrepo = \"local\"\nhooks = [{ id = \"own\", name = \"own\", entry = \"echo \
               own\", language = \"system\" }]\n",
        activate: &["prek", "install"],
    },
    Case {
        name: "simple-git-hooks",
        file: "package.json",
        text: "{\n  \"simple-git-hooks\": {\n    \"pre-commit\": \"echo own\"\n  }\n}\n",
        activate: &["simple-git-hooks"],
    },
];

#[test]
fn a_manager_gets_lines_that_come_out_again() {
    for case in CASES {
        let sandbox = with_keyhook();
        sandbox.write(case.file, case.text);
        // Not active yet: keyhook's own hooks go in, and the lines are shown.
        let run = sandbox.keyhook(&["install"]).expect(0).says("a staged test key was blocked");
        run.says("keyhook install --write adds them").says("keyhook hook pre-commit");
        assert_eq!(sandbox.read(case.file), case.text);
        sandbox.keyhook(&["install", "--write"]).expect(0);
        let written = sandbox.read(case.file);
        assert_ne!(written, case.text);
        sandbox.keyhook(&["install", "--write"]).expect(0);
        assert_eq!(sandbox.read(case.file), written, "twice changes nothing");
        blocks(&sandbox);
        sandbox.keyhook(&["uninstall", "--write"]).expect(0).says(case.file);
        assert_eq!(sandbox.read(case.file), case.text, "{}", case.name);
    }
}

#[test]
fn the_real_managers_run_keyhook() {
    for case in CASES {
        let sandbox = with_keyhook();
        sandbox.write(case.file, case.text).stage(&[case.file]);
        if tool(&sandbox, case.activate[0], &case.activate[1..]).is_none() {
            continue;
        }
        let hooks = sandbox.path(".git/hooks");
        let before = picture(&hooks);
        sandbox.keyhook(&["install", "--write"]).expect(0);
        sandbox.stage(&[case.file]);
        stops(&sandbox);
        if case.name != "simple-git-hooks" {
            let run = sandbox.keyhook(&["doctor"]);
            run.says(&format!("pre-commit through {}", case.name));
        }
        sandbox.keyhook(&["uninstall", "--write"]).expect(0);
        // The manager may have put in its own for the lines that were there.
        let after = picture(&hooks);
        assert!(before.iter().all(|(name, hook)| after.get(name) == Some(hook)), "{}", case.name);
        let is_ours = |text: &[u8]| String::from_utf8_lossy(text).contains("# keyhook shim");
        assert!(after.values().all(|(_, text)| !is_ours(text)), "{}", case.name);
        assert_eq!(sandbox.read(case.file), case.text);
    }
}

#[test]
fn keyhook_first_and_the_manager_later() {
    for case in CASES {
        let sandbox = with_keyhook();
        script(&sandbox.path(".git/hooks/pre-commit"), "#!/bin/sh\necho of the user >&2\n");
        sandbox.write(case.file, case.text).stage(&[case.file]);
        sandbox.keyhook(&["install"]).expect(0);
        if tool(&sandbox, case.activate[0], &case.activate[1..]).is_none() {
            continue;
        }
        let report = sandbox.keyhook(&["doctor"]);
        let is_running = matches!(case.name, "pre-commit" | "prek");
        if is_running {
            // These two keep what they find and run it first, down to the user's own hook.
            report.says("as its legacy hook");
            stops(&sandbox);
            sandbox.try_commit(&[]).expect(1).says("of the user");
        } else {
            report.expect(1).says("NOT guarded").says("keyhook install --write");
        }
        let run = sandbox.keyhook(&["uninstall"]).expect(0);
        if case.name == "simple-git-hooks" {
            run.says("an earlier hook is still kept as ");
        }
        let left = picture(&sandbox.path(".git/hooks"));
        let is_ours = |text: &[u8]| String::from_utf8_lossy(text).contains("# keyhook shim");
        assert!(left.values().all(|(_, text)| !is_ours(text)), "{}", case.name);
        let users =
            left.values().filter(|(_, t)| String::from_utf8_lossy(t).contains("of the user"));
        assert_eq!(users.count(), 1, "{}", case.name);
    }
}

#[test]
fn asked_about_all_files_it_looks_at_all_files() {
    let sandbox = with_keyhook();
    sandbox.commit("a.py", "x = 1\n").commit("b.py", leak(1)).commit("c.py", "y = 1\n");
    let named = |first: &str, last: &str, code: i32| {
        let mut command = sandbox.command(program(), sandbox.root());
        command.args(["hook", "pre-commit"]).env("PRE_COMMIT", "1");
        command.env("PRE_COMMIT_FROM_REF", first).env("PRE_COMMIT_TO_REF", last);
        Run::of(command.output().unwrap()).expect(code)
    };
    named("", "", 1).says("1 new secret in 1 file").says("b.py:1");
    named("HEAD~2", "HEAD~1", 1).says("b.py:1");
    named("HEAD~1", "HEAD", 0);
    named("nonsense", "HEAD", 2);
    // At a commit, and by hand with something staged, the staged change counts.
    sandbox.write("d.py", "z = 1\n").stage(&["d.py"]);
    named("", "", 0);
    for name in ["pre-commit", "prek"] {
        let sandbox = with_keyhook();
        let text = YAML.replace(
            "entry: echo own",
            "entry: keyhook hook pre-commit\n        \
            always_run: true\n        pass_filenames: false",
        );
        sandbox.commit("b.py", leak(1)).commit(".pre-commit-config.yaml", text);
        if tool(&sandbox, name, &["--version"]).is_some() {
            let mut command = sandbox.command(name, sandbox.root());
            let run = Run::of(command.args(["run", "--all-files"]).output().unwrap()).expect(1);
            run.says("b.py:1");
        }
    }
}

#[test]
fn a_form_that_is_not_understood_is_left_alone() {
    for (file, text, said) in [
        ("lefthook.yml", "pre-commit: {commands: {a: {run: b}}}\n", "stands on its line"),
        ("lefthook.toml", "[pre-commit]\n", "YAML form"),
        (".pre-commit-config.yaml", "repos: []\n", "stands on its line"),
        ("lefthook.yml", "pre-commit:\r\n  parallel: true\r\n", "CRLF"),
    ] {
        let sandbox = with_keyhook();
        sandbox.write(file, text);
        let before = picture(sandbox.root());
        let run = sandbox.keyhook(&["install", "--write"]).expect(2).says(file).says(said);
        run.says("add them by hand");
        assert!(before == picture(sandbox.root()), "{file}");
        sandbox.keyhook(&["install"]).expect(0);
    }
}

#[test]
fn the_hooks_of_this_repository_are_known_to_pre_commit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join(".pre-commit-hooks.yaml")).unwrap();
    for id in ["keyhook", "keyhook-system", "keyhook-message", "keyhook-message-system"] {
        assert!(manifest.contains(&format!("- id: {id}\n")), "{id}");
    }
    let sandbox = with_keyhook();
    let path = root.join(".pre-commit-hooks.yaml");
    tool(&sandbox, "pre-commit", &["validate-manifest", path.to_str().unwrap()]);
    tool(&sandbox, "prek", &["validate-manifest", path.to_str().unwrap()]);
}
