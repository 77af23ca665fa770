//! A repository's configuration runs no code and does not turn keyhook off in silence.

use super::*;
use crate::support::filled;

/// Settings of git by which a program is run when git does one thing or another.
const PROGRAMS: &[&str] = &[
    "core.fsmonitor",
    "core.sshCommand",
    "core.pager",
    "core.editor",
    "core.askPass",
    "core.gitProxy",
    "core.alternateRefsCommand",
    "credential.helper",
    "diff.external",
    "diff.x.command",
    "diff.x.textconv",
    "filter.x.clean",
    "filter.x.smudge",
    "filter.x.process",
    "merge.x.driver",
    "gpg.program",
    "interactive.diffFilter",
    "pager.diff",
    "sequence.editor",
    "uploadpack.packObjectsHook",
    "remote.origin.uploadpack",
    "remote.origin.vcs",
    "alias.diff-index",
    "alias.ls-files",
    "alias.cat-file",
    "alias.rev-parse",
    "alias.config",
    "alias.update-index",
];

/// Hooks that git itself runs as a consequence of what keyhook asks for.
const HOOKS: &[&str] = &["post-index-change", "fsmonitor-watchman", "reference-transaction"];

/// A repository whose every setting starts a program that leaves a trace.
fn booby_trapped() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    sandbox.commit(".gitattributes", "* filter=x diff=x merge=x\n").commit("app.py", "one()\n");
    sandbox.write("app.py", leak(1)).stage(&["app.py"]);
    let (script, trace) = (sandbox.beside("trap"), sandbox.beside("trace"));
    std::fs::write(&script, format!("#!/bin/sh\necho \"$0 $*\" >>'{}'\n", trace.display()))
        .unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&script, executable).unwrap();
    let script = script.display().to_string();
    for name in PROGRAMS {
        let value = if name.starts_with("alias.") { format!("!{script}") } else { script.clone() };
        sandbox.git(&["config", name, &value]);
    }
    for hook in HOOKS {
        let path = sandbox.path(&format!(".git/hooks/{hook}"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(&script, path).unwrap();
    }
    let _ = std::fs::remove_file(&trace);
    (sandbox, trace)
}

#[test]
fn nothing_that_the_configuration_names_is_run() {
    let commands: &[&[&str]] = &[
        &["scan"],
        &["scan", "--all"],
        &["scan", "app.py"],
        &["scan", "--explain", "app.py:1"],
        &["scan", "--staged"],
        &["scan", "--staged", "--reader", "git"],
        &["hook", "pre-commit"],
        &["hook", "pre-commit", "--reader", "git"],
        &["baseline", "create"],
        &["baseline", "update"],
        &["rules", "check"],
        &["install"],
        &["uninstall"],
    ];
    let (sandbox, trace) = booby_trapped();
    for arguments in commands {
        let run = sandbox.keyhook(arguments);
        assert!(run.code < 2, "{arguments:?}: {}", run.text());
        let traces = std::fs::read_to_string(&trace).unwrap_or_default();
        assert_eq!(traces, "", "{arguments:?} ran a program");
    }
    // What was staged is the file as it is, and not what a filter made of it.
    let staged = sandbox.git(&["show", ":.secrets.baseline"]);
    assert_eq!(staged, sandbox.read(".secrets.baseline"));
}

#[test]
fn the_traps_work() {
    // Otherwise the test above would prove nothing.
    let (sandbox, trace) = booby_trapped();
    sandbox.try_git(&["status"]);
    sandbox.try_git(&["add", "app.py"]);
    sandbox.try_git(&["diff", "HEAD"]);
    let traces = std::fs::read_to_string(&trace).unwrap_or_default();
    assert!(traces.lines().count() >= 2, "{traces}");
}

#[test]
fn a_partial_clone_fetches_nothing() {
    let (sandbox, trace) = booby_trapped();
    let script = sandbox.beside("trap").display().to_string();
    for (name, value) in [
        ("remote.origin.promisor", "true"),
        ("remote.origin.partialclonefilter", "blob:none"),
        ("extensions.partialClone", "origin"),
        ("core.repositoryformatversion", "1"),
        ("protocol.allow", "always"),
        ("protocol.ext.allow", "always"),
        ("remote.origin.url", &format!("ext::{script} %S")),
    ] {
        sandbox.git(&["config", name, value]);
    }
    // An object that is named and nowhere to be had.
    let id = sandbox.git(&["rev-parse", "HEAD:app.py"]);
    let object = sandbox.path(&format!(".git/objects/{}/{}", &id[..2], id[2..].trim()));
    std::fs::remove_file(object).unwrap();
    for reader in ["own", "git", "auto"] {
        let run = sandbox.keyhook(&["scan", "--staged", "--reader", reader]).expect(1);
        run.says("older version(s) are not in this partial clone");
        assert!(!trace.exists(), "{reader}: {}", std::fs::read_to_string(&trace).unwrap());
    }
}

#[test]
fn settings_that_quieten_are_said() {
    let cases = [
        ("exclude = [\"**\"]\n", "2 file(s) left out by `exclude`"),
        ("exclude = [\"app.py\"]\n", "1 file(s) left out by `exclude`"),
        ("disable = [\"anthropic-api-key\"]\n", "1 rule(s) switched off by `disable`"),
        ("confidence = \"high\"\n", "only findings of high confidence count, by .keyhook.toml"),
    ];
    for (settings, note) in cases {
        let sandbox = Sandbox::new();
        sandbox.commit("x", "x\n").install();
        sandbox.write(".keyhook.toml", settings).write("app.py", leak(1)).stage(&["."]);
        let run = sandbox.try_commit(&[]);
        // Whether it blocks or not: a commit that was looked at less than usual says so.
        assert!(run.text().contains(note), "{settings}: {}", run.text());
    }
}

/// A rule of a repository, of `confidence`, with one more line of TOML.
fn own_rule(id: &str, confidence: &str, more: &str) -> String {
    format!("[[rule]]\nid = \"{id}\"\nname = \"x\"\nconfidence = \"{confidence}\"\n{more}\n")
}

#[test]
fn a_rule_that_takes_the_place_of_a_builtin_one_is_said() {
    let sandbox = Sandbox::new();
    sandbox.commit("x", "x\n").install();
    let nothing = "keywords = [\"zzz\"]\npattern = '(?<secret> zzz [0-9]{40} )'";
    sandbox.write(".keyhook.toml", own_rule("anthropic-api-key", "high", nothing));
    sandbox.write("app.py", leak(1)).stage(&["."]);
    sandbox.try_commit(&[]).says("1 built-in rule(s) replaced by rules of .keyhook.toml");
}

#[test]
fn a_rule_of_low_confidence_hides_nothing() {
    let password = "keywords = [\"password\"]\npattern = 'password\\ =\\ \"(?<secret> [^\"]+ )\"'";
    let part =
        "keywords = [\"import\"]\nwith = [\"anthropic-api-key\"]\npattern = '(?<secret> import )'";
    let assigned = filled("password = \"{{alnum 24}}\"\n", 1);
    let cases = [
        (own_rule("acme-word", "low", part), "app.py", format!("import os\n{}", leak(1))),
        (own_rule("acme-password", "low", password), "app.toml", assigned.clone()),
        ("gitleaks = \"rules.toml\"\n".to_owned(), "app.toml", assigned),
    ];
    for (settings, name, text) in cases {
        let sandbox = Sandbox::new();
        sandbox.commit("x", "x\n").install();
        let foreign =
            "[[rules]]\nid = \"x\"\nconfidence = \"low\"\nregex = 'password = \"(\\w+)\"'\n";
        sandbox.write(".keyhook.toml", &settings).write("rules.toml", foreign);
        sandbox.write(name, text).stage(&["."]);
        let run = sandbox.try_commit(&[]).expect(1);
        assert!(run.text().contains(&format!("{name}:")), "{settings}: {}", run.text());
    }
}

#[test]
fn a_marker_in_the_file_is_said() {
    let sandbox = Sandbox::new();
    sandbox.commit("x", "x\n").install();
    let line = leak(1).replace('\n', " # keyhook:allow\n");
    sandbox.write("app.py", line).stage(&["."]);
    sandbox.try_commit(&[]).expect(0).says("1 finding(s) allowed by a comment");
}

#[test]
fn attributes_and_ignores_quieten_nothing() {
    let sandbox = Sandbox::new();
    sandbox.commit("x", "x\n").install();
    let attributes = "* -diff -text binary linguist-generated export-ignore\n";
    sandbox.write(".gitattributes", attributes).write(".gitignore", "*\n");
    sandbox.write("app.py", leak(1)).git(&["add", "--force", "."]);
    sandbox.try_commit(&[]).expect(1).says("app.py:1:");
}
