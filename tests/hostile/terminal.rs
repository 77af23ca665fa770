//! Nothing that a stranger wrote reaches a terminal raw: names, messages, settings, errors.

use super::*;

/// Clears the screen, turns text around, hides it, and starts a control sequence in one character.
const NASTY: &str = "\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}\u{200b}\u{9b}31m\u{7f}\u{2066}";

/// The part of it that a name in TOML or in git may hold.
const TURNED: &str = "\u{202e}\u{200b}\u{2066}";

/// Fails if a control character is in the output, or one that reorders or hides text. Colours are
/// off here, so that none comes from keyhook itself.
#[track_caller]
fn is_harmless(run: &Run, what: &str) {
    for text in [&run.out, &run.err] {
        let harmful = text.chars().find(|c| {
            (c.is_control() && *c != '\n')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        });
        assert_eq!(harmful, None, "{what}: {text:?}");
    }
}

/// Every command with arguments that bring it as far as it can come.
fn every_command(file: &str) -> Vec<Vec<String>> {
    let lines = [
        "install",
        "hook pre-commit",
        "scan",
        "scan --all .",
        "scan --staged",
        "scan --staged --format json",
        "scan --staged --format jsonl",
        "scan --staged --format sarif",
        "scan --staged --no-baseline --confidence low",
        "scan FILE",
        "scan FILE --format json",
        "scan --explain FILE:1",
        "scan --explain FILE --format json",
        "scan absent-FILE",
        "scan --stdin --stdin-path FILE",
        "rules list",
        "rules list --format json",
        "rules show FILE",
        "rules check",
        "rules check FILE",
        "rules check .keyhook.toml",
        "rules check .gitleaks.toml",
        "allow 000000 --reason FILE",
        "allow FILE --reason x",
        "baseline create",
        "baseline update",
        "baseline update --prune",
        "baseline create",
        "baseline check",
        "baseline diff",
        "baseline import --dry-run",
        "baseline FILE",
        "audit --list",
        "audit --stats",
        "audit --format json FILE",
        "audit --set FILE=real --reason FILE",
        "doctor",
        "doctor --format json",
        "ci --base HEAD",
        "ci --base FILE",
        "scan --history",
        "scan --range FILE",
        "FILE",
        "hook FILE",
        "install FILE",
        "uninstall FILE",
        "uninstall",
    ];
    lines
        .iter()
        .map(|line| line.split(' ').map(|word| word.replace("FILE", file)).collect())
        .collect()
}

/// Those that look at what a repository holds, all but one format.
fn is_looking(words: &[String]) -> bool {
    match words[0].as_str() {
        "scan" => !words.iter().any(|word| matches!(word.as_str(), "jsonl" | "--all" | "--stdin")),
        "hook" | "allow" | "baseline" => true,
        "rules" => words.last().is_some_and(|word| word.ends_with(".toml")),
        _ => false,
    }
}

/// Runs each of those in a repository.
#[track_caller]
fn looks_are_harmless(sandbox: &Sandbox, file: &str) {
    let commands = every_command(file).into_iter().filter(|words| is_looking(words));
    are_harmless(sandbox, commands.collect());
}

#[track_caller]
fn are_harmless(sandbox: &Sandbox, commands: Vec<Vec<String>>) {
    for arguments in commands {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let run = sandbox.keyhook(&words);
        is_harmless(&run, &format!("{words:?}"));
        assert!(matches!(run.code, 0..=2), "{words:?}: {}", run.text());
    }
}

#[test]
fn no_command_is_forgotten() {
    let help = Sandbox::without_repository().keyhook(&["--help"]).expect(0).out;
    let listed = help.split("Commands:").nth(1).expect("a list").split("\n\n").next();
    let driven: Vec<String> =
        every_command("x").into_iter().map(|words| words[0].clone()).collect();
    for line in listed.expect("a list").lines().filter(|line| line.starts_with("  ")) {
        let Some(name) = line.split_whitespace().next().filter(|_| !line.starts_with("   ")) else {
            continue;
        };
        assert!(driven.iter().any(|known| known == name), "`{name}` is not driven here");
    }
}

#[test]
fn names_of_files_and_folders() {
    let sandbox = Sandbox::new();
    let name = format!("a{NASTY}/b\n{NASTY}.py");
    sandbox.commit("plain", "x\n").write(&name, leak(1)).stage(&["."]);
    are_harmless(&sandbox, every_command(&name));
    // The name is still told apart from others.
    let run = sandbox.keyhook(&["scan", "--staged", "--no-baseline"]).expect(1);
    run.says("\\u{1b}[2J").says("\\u{202e}").says("\\n");
}

#[test]
fn the_lines_of_a_file() {
    let sandbox = Sandbox::new();
    let line = leak(1).replace("client", NASTY).replace('\n', &format!("{NASTY}\n"));
    sandbox.write("app.py", line).stage(&["app.py"]);
    looks_are_harmless(&sandbox, "app.py");
}

#[test]
fn the_folder_of_a_repository() {
    let sandbox = Sandbox::without_repository();
    let folder = sandbox.path(&format!("r{NASTY}"));
    std::fs::create_dir_all(&folder).unwrap();
    sandbox.git_in(&folder, &["init", "-q"]).expect(0);
    for arguments in [&["install"][..], &["install"], &["uninstall"], &["uninstall"]] {
        is_harmless(&sandbox.keyhook_in(&folder, arguments).expect(0), "in a strange folder");
    }
    std::fs::remove_file(folder.join(".git/HEAD")).unwrap();
    for arguments in [&["install"][..], &["scan", "--staged"], &["hook", "pre-commit"]] {
        is_harmless(&sandbox.keyhook_in(&folder, arguments).expect(2), "no repository");
    }
}

#[test]
fn settings_that_cannot_be_used() {
    let texts = [
        format!("exclude = [\"{TURNED}[\"]\n"),
        format!("disable = [\"{TURNED}\"]\n"),
        "disable = [\"\\u001B[2J\\u009B\\u202E\"]\n".to_owned(),
        "\"\\u001B[2J\" = 1\n".to_owned(),
        format!("# {TURNED}\nexlude = '{TURNED}'\n"),
        format!("gitleaks = \"{TURNED}.toml\"\n"),
        "gitleaks = \"\\u001B[2J.toml\"\n".to_owned(),
        format!("[[rule]]\nid = \"{TURNED}\"\n"),
        format!("[[rule]]\nid = \"acme\"\nname = \"{TURNED}\"\npattern = '{TURNED}('\n"),
        format!("x = {NASTY}\n"),
        NASTY.repeat(50),
    ];
    for text in texts {
        let sandbox = Sandbox::new();
        sandbox.write(".keyhook.toml", &text).write("app.py", leak(1)).stage(&["."]);
        sandbox.write(".gitleaks.toml", &text);
        looks_are_harmless(&sandbox, "app.py");
    }
}

#[test]
fn names_of_the_users_own_rules() {
    let sandbox = Sandbox::new();
    let rule = "[[rule]]\nid = \"acme-token\"\nname = \"ACME\\u001B[2J\\u009B\\u202E\"\n\
                why = \"\\u001B[2J\"\nrevoke = \"https://\\u001B[2J\\u202E\"\nkeywords = [\"acme_\"]\n\
                pattern = '(?<secret> acme_ [a-z0-9]{20} )'\n\
                matches = ['X=«acme_{{alnum-lower 20}}»', 'Y=«acme_{{alnum-lower 20}}»']\n\
                ignores = ['acme_', 'acme']\n";
    let key = filled("acme_{{alnum-lower 20}}", 5);
    sandbox.write(".keyhook.toml", rule).write("app.py", format!("X={key}\n")).stage(&["."]);
    looks_are_harmless(&sandbox, "app.py");
}

#[test]
fn a_gitleaks_file() {
    let sandbox = Sandbox::new();
    let text = "title = \"\\u001B[2J\"\n[[rules]]\nid = \"x\\u001B[2J\\u202E\"\n\
                description = \"\\u001B[2J\"\nregex = '''acme_([a-z0-9]{20})'''\n\
                unknown = \"\\u009B\"\n[[rules]]\nid = \"\\u202E\"\nregex = '''('''\n\
                [[allowlists]]\ndescription = \"\\u001B[2J\"\nregexes = ['''nothing''']\n";
    let key = filled("acme_{{alnum-lower 20}}", 5);
    for disable in ["", "disable = [\"\\u202E\"]\n"] {
        let settings = format!("gitleaks = \".gitleaks.toml\"\n{disable}");
        sandbox.write(".keyhook.toml", settings).write(".gitleaks.toml", text);
        sandbox.write("app.py", format!("X={key}\n")).stage(&["."]);
        looks_are_harmless(&sandbox, "app.py");
    }
}

#[test]
fn a_baseline() {
    let sandbox = Sandbox::new();
    sandbox.commit("old.py", leak(1)).keyhook(&["baseline", "create"]).expect(0);
    let good = sandbox.read(".secrets.baseline");
    let texts = [
        good.replace("old.py", "\\u001b[2J\\u202e"),
        good.replace("unreviewed", "\\u001b[2J"),
        good.replace("\"rule\"", "\"\\u001b[2J\\u009b\""),
        good.replacen("anthropic", &TURNED.repeat(3), 1),
        format!("{NASTY}{good}"),
        format!("{{\"{TURNED}\": 1}}"),
    ];
    for text in texts {
        sandbox.write(".secrets.baseline", &text).write("new.py", leak(1)).stage(&["."]);
        looks_are_harmless(&sandbox, "new.py");
        sandbox.git(&["reset", "-q", "--hard"]);
    }
}

#[test]
fn what_git_says() {
    let sandbox = Sandbox::new();
    sandbox.commit("app.py", "x\n").write("app.py", leak(1)).stage(&["app.py"]);
    sandbox.git(&["checkout", "-q", "-b", &format!("b{TURNED}")]);
    sandbox.git(&["config", "user.name", NASTY]);
    let values = [
        ("core.hooksPath", format!("/nowhere/{NASTY}")),
        ("core.repositoryformatversion", format!("7{TURNED}")),
        (&format!("extensions.x{}", "y"), NASTY.to_owned()),
        ("core.worktree", format!("/nowhere{NASTY}")),
    ];
    for (name, value) in values {
        let config = sandbox.read(".git/config");
        sandbox.git(&["config", name, &value]);
        looks_are_harmless(&sandbox, "app.py");
        sandbox.write(".git/config", config);
    }
    // A message that git passes through, about an object and about a reference.
    let index = std::fs::read(sandbox.path(".git/index")).unwrap();
    sandbox.write(".git/index", &index[..index.len() - 30]);
    looks_are_harmless(&sandbox, "app.py");
    sandbox.write(".git/index", index).write(".git/HEAD", format!("ref: refs/heads/{NASTY}\n"));
    looks_are_harmless(&sandbox, "app.py");
    sandbox.write(".git/HEAD", NASTY).write(".git/config", format!("[{NASTY}\n"));
    looks_are_harmless(&sandbox, "app.py");
}
