//! Every command as a user meets it: standard output, standard error and exit code.

use std::process::Stdio;

use expect_test::{Expect, expect};
use sha1::{Digest, Sha1};

use crate::support::{Run, Sandbox, filled, key, leak, program};

/// Holds the whole answer against a snapshot; paths, fingerprints and the version have names.
#[track_caller]
fn check(sandbox: &Sandbox, run: &Run, expected: Expect) {
    let root = sandbox.root().to_str().unwrap();
    let clean = |text: &str| {
        let text = text.replace(root, "[ROOT]").replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
        let shown: Vec<String> = text.split_inclusive('\n').map(without_fingerprint).collect();
        shown.concat()
    };
    let (out, err) = (clean(&run.out), clean(&run.err));
    expected.assert_eq(&format!("exit {}\n--- stdout\n{out}--- stderr\n{err}", run.code));
}

/// `keyhook allow 3f9a2c` differs from run to run: the salt of a repository is random.
fn without_fingerprint(line: &str) -> String {
    // A record ends in the start of its fingerprint.
    let is_print = |word: &str| word.len() == 12 && word.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some((before, print)) = line.trim_end().rsplit_once(' ').filter(|(_, p)| is_print(p)) {
        return format!("{before} [PRINT]{}", &line[before.len() + 1 + print.len()..]);
    }
    let Some((before, after)) = line.split_once("keyhook allow ") else { return line.to_owned() };
    let (_, reason) = after.split_once(' ').expect("a reason follows");
    format!("{before}keyhook allow [PRINT] {reason}")
}

/// The fingerprint of the first finding in the staged change.
fn print_of(sandbox: &Sandbox, path: &str) -> String {
    let json = sandbox.keyhook(&["scan", path, "--no-baseline", "--format", "json"]).expect(1).out;
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    value["findings"][0]["fingerprint"].as_str().unwrap().to_owned()
}

// ---- the command line ----

#[test]
fn help_names_every_command() {
    let sandbox = Sandbox::without_repository();
    check(
        &sandbox,
        &sandbox.keyhook(&["--help"]),
        expect![[r#"
            exit 0
            --- stdout
            Blocks commits that add API keys and other secrets

            Usage: keyhook <COMMAND>

            Commands:
              install    Put the hooks into a repository, and prove that they block
              uninstall  Take the hooks out again and put back what was there before
              doctor     Find out whether this repository is really guarded
              scan       Look for secrets in files, the staged change, commits or standard input
              allow      Accept one finding: record it in the baseline and stage that
              baseline   Make and keep the file of accepted findings
              audit      Say what each finding is: on a screen, or by script
              rules      List, show and check rules
              ci         Look at the commits of a change, judged by the settings of its base
              hook       Run as a git hook (git calls this through the installed shim)

            Options:
              -h, --help     Print help
              -V, --version  Print version

            Exit codes: 0 clean, 1 findings, 2 could not do the work.
            Start with: keyhook install
            --- stderr
        "#]],
    );
    check(
        &sandbox,
        &sandbox.keyhook(&["scan", "--help"]),
        expect![[r#"
            exit 0
            --- stdout
            Look for secrets in files, the staged change, commits or standard input

            Usage: keyhook scan [OPTIONS] [PATHS]...

            Arguments:
              [PATHS]...  Files and folders; a folder means what git tracks or would track [default: .]

            Options:
                  --staged                   Look at what the next commit will contain
                  --stdin                    Look at standard input
                  --stdin-path <PATH>        The file name under which standard input is judged and reported [default: <stdin>]
                  --range <A..B>             Look at each commit that B has and A has not
                  --history                  Look at every commit of every branch and tag
                  --all                      Include files that git ignores
                  --format <FORMAT>          How to write the findings [default: text] [possible values: text, json, jsonl, sarif]
                  --confidence <CONFIDENCE>  The lowest confidence to report: low, medium or high [default: medium]
                  --explain [<FILE:LINE>]    Say of a line which rules looked at it, and why they spoke or stayed quiet; without a line, of all that was passed over
                  --no-baseline              Report accepted findings too, as if there were no baseline
              -h, --help                     Print help
            --- stderr
        "#]],
    );
    check(
        &sandbox,
        &sandbox.keyhook(&["--version"]),
        expect![[r#"
        exit 0
        --- stdout
        keyhook [VERSION]
        --- stderr
    "#]],
    );
}

#[test]
fn no_arguments_shows_the_help_as_a_mistake() {
    let sandbox = Sandbox::without_repository();
    let run = sandbox.keyhook(&[]).expect(2).says("Start with: keyhook install");
    assert_eq!(run.out, "");
}

#[test]
fn typing_mistakes_are_explained() {
    let sandbox = Sandbox::without_repository();
    check(
        &sandbox,
        &sandbox.keyhook(&["sacn"]),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: unrecognized subcommand 'sacn'

          tip: a similar subcommand exists: 'scan'

        Usage: keyhook <COMMAND>

        For more information, try '--help'.
    "#]],
    );
    check(
        &sandbox,
        &sandbox.keyhook(&["scan", "--stagd"]),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: unexpected argument '--stagd' found

          tip: a similar argument exists: '--staged'

        Usage: keyhook scan --staged [PATHS]...

        For more information, try '--help'.
    "#]],
    );
    check(
        &sandbox,
        &sandbox.keyhook(&["scan", "--format", "xml"]),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: invalid value 'xml' for '--format <FORMAT>'
          [possible values: text, json, jsonl, sarif]

        For more information, try '--help'.
    "#]],
    );
    check(
        &sandbox,
        &sandbox.keyhook(&["scan", "--staged", "a.py"]),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: the argument '--staged' cannot be used with '[PATHS]...'

        Usage: keyhook scan --staged [PATHS]...

        For more information, try '--help'.
    "#]],
    );
    check(
        &sandbox,
        &sandbox.keyhook(&["hook", "post-comit"]),
        expect![[r#"
            exit 2
            --- stdout
            --- stderr
            error: invalid value 'post-comit' for '<NAME>'
              [possible values: pre-commit, pre-merge-commit, commit-msg, post-commit, pre-push, pre-receive, update]

              tip: a similar value exists: 'post-commit'

            For more information, try '--help'.
        "#]],
    );
}

// ---- scan ----

#[test]
fn a_clean_scan_says_so() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "x = 1\n");
    check(
        &sandbox,
        &sandbox.keyhook(&["scan"]),
        expect![[r#"
        exit 0
        --- stdout
        keyhook: no new secrets in 1 file
        --- stderr
    "#]],
    );
    check(
        &sandbox,
        &sandbox.keyhook(&["scan", "--staged"]),
        expect![[r#"
        exit 0
        --- stdout
        keyhook: no new secrets in 0 files
        --- stderr
    "#]],
    );
}

#[test]
fn a_finding_says_where_what_and_what_to_do() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", format!("import x\n{}", leak(1)));
    check(
        &sandbox,
        &sandbox.keyhook(&["scan"]),
        expect![[r#"
        exit 1
        --- stdout
        keyhook: 1 new secret in 1 file

          a.py:2:29  Anthropic API key  (anthropic-api-key)
              2 | client = Anthropic(api_key="sk-ant-api****************AA")
                |                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
             instead  os.environ["ANTHROPIC_API_KEY"]
             leaked?  revoke it first: https://platform.claude.com/settings/keys
             not a secret?  keyhook allow [PRINT] --reason "..."
        --- stderr
    "#]],
    );
}

#[test]
fn a_blocked_commit_says_the_same_on_standard_error() {
    let sandbox = Sandbox::new();
    sandbox.install().write("a.py", leak(1)).stage(&["a.py"]);
    check(
        &sandbox,
        &sandbox.try_commit(&[]),
        expect![[r#"
        exit 1
        --- stdout
        --- stderr
        keyhook: commit blocked: 1 new secret in 1 file

          a.py:1:29  Anthropic API key  (anthropic-api-key)
              1 | client = Anthropic(api_key="sk-ant-api****************AA")
                |                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
             instead  os.environ["ANTHROPIC_API_KEY"]
             leaked?  revoke it first: https://platform.claude.com/settings/keys
             not a secret?  keyhook allow [PRINT] --reason "..."
    "#]],
    );
}

#[test]
fn a_missing_path_is_an_error() {
    let sandbox = Sandbox::new();
    check(
        &sandbox,
        &sandbox.keyhook(&["scan", "gone.py"]),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: gone.py: cannot read it: No such file or directory (os error 2)
        hint: check the spelling
    "#]],
    );
}

#[test]
fn outside_a_repository_the_current_folder_has_the_settings() {
    let sandbox = Sandbox::without_repository();
    let rule = "[[rule]]\nid = \"acme-token\"\nname = \"ACME token\"\nkeywords = [\"acme_\"]\n\
                pattern = '(?<secret> acme_ [a-z]{8} )'\n";
    sandbox.write("a/x.txt", "acme_qwopzmvk\n");
    sandbox.keyhook(&["scan", "a"]).expect(0);
    sandbox.write(".keyhook.toml", rule);
    assert!(sandbox.keyhook(&["scan", "a"]).expect(1).out.contains("(acme-token)"));
    sandbox.write("a/x.txt", "acme_qwopzmvk  # keyhook:allow\n");
    sandbox.keyhook(&["scan", "a"]).expect(0);
    sandbox.write(".keyhook.toml", "no settings");
    sandbox.keyhook(&["scan", "a"]).expect(2);
}

#[test]
fn outside_a_repository_files_can_be_scanned_and_nothing_else() {
    let sandbox = Sandbox::without_repository();
    sandbox.write("a.py", leak(1));
    check(
        &sandbox,
        &sandbox.keyhook(&["scan"]),
        expect![[r#"
        exit 1
        --- stdout
        keyhook: 1 new secret in 1 file

          a.py:1:29  Anthropic API key  (anthropic-api-key)
              1 | client = Anthropic(api_key="sk-ant-api****************AA")
                |                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
             instead  os.environ["ANTHROPIC_API_KEY"]
             leaked?  revoke it first: https://platform.claude.com/settings/keys
             not a secret?  write on its line, in a comment: keyhook:allow
        --- stderr
    "#]],
    );
    check(
        &sandbox,
        &sandbox.keyhook(&["scan", "--staged"]),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: no git repository in [ROOT] or above it
        hint: run it inside a repository, or: git init
    "#]],
    );
    check(
        &sandbox,
        &sandbox.keyhook(&["install"]),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: no git repository in [ROOT] or above it
        hint: run it inside a repository, or: git init
    "#]],
    );
    check(
        &sandbox,
        &sandbox.keyhook(&["baseline", "create"]),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: no git repository in [ROOT] or above it
        hint: run it inside a repository, or: git init
    "#]],
    );
}

#[test]
fn standard_input_is_scanned_under_a_name() {
    let sandbox = Sandbox::new();
    check(
        &sandbox,
        &sandbox.keyhook_with(&["scan", "--stdin"], leak(1)),
        expect![[r#"
        exit 1
        --- stdout
        keyhook: 1 new secret in 1 file

          <stdin>:1:29  Anthropic API key  (anthropic-api-key)
              1 | client = Anthropic(api_key="sk-ant-api****************AA")
                |                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
             instead  ${ANTHROPIC_API_KEY} from the environment
             leaked?  revoke it first: https://platform.claude.com/settings/keys
             not a secret?  keyhook allow [PRINT] --reason "..."
        --- stderr
    "#]],
    );
    let named = sandbox.keyhook_with(&["scan", "--stdin", "--stdin-path", "a.py"], leak(1));
    check(
        &sandbox,
        &named,
        expect![[r#"
        exit 1
        --- stdout
        keyhook: 1 new secret in 1 file

          a.py:1:29  Anthropic API key  (anthropic-api-key)
              1 | client = Anthropic(api_key="sk-ant-api****************AA")
                |                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
             instead  os.environ["ANTHROPIC_API_KEY"]
             leaked?  revoke it first: https://platform.claude.com/settings/keys
             not a secret?  keyhook allow [PRINT] --reason "..."
        --- stderr
    "#]],
    );
    check(
        &sandbox,
        &sandbox.keyhook_with(&["scan", "--stdin"], "x = 1\n"),
        expect![[r#"
        exit 0
        --- stdout
        keyhook: no new secrets in 1 file
        --- stderr
    "#]],
    );
}

#[test]
fn keys_in_binary_and_utf16_text_are_found() {
    let sandbox = Sandbox::new();
    let binary = [&[0, 159, 146, 150, 0][..], key(1).as_bytes(), &[0, 255]].concat();
    sandbox.write("a.bin", binary);
    sandbox.keyhook(&["scan", "a.bin"]).expect(1).says("a.bin:1:").hides(&key(1));
    for (name, is_big) in [("little.txt", false), ("big.txt", true)] {
        let text = format!("\u{feff}{}", leak(2));
        let bytes: Vec<u8> = text
            .encode_utf16()
            .flat_map(|unit| if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect();
        sandbox.write(name, bytes);
        sandbox.keyhook(&["scan", name]).expect(1).says("anthropic-api-key").hides(&key(2));
    }
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let sandbox = Sandbox::new();
    for seed in 0..40 {
        sandbox.write(&format!("{seed}.py"), leak(seed));
    }
    for (arguments, code) in [("scan", 1), ("rules list", 0), ("scan --format json", 1)] {
        let script = format!("({} {arguments}; echo $? >&2) | head -1", program().display());
        let mut command = sandbox.command("sh", sandbox.root());
        let run = Run::of(command.args(["-c", &script]).output().unwrap());
        assert_eq!(run.err, format!("{code}\n"), "{arguments}");
        assert_eq!(run.out.lines().count(), 1, "{arguments}");
    }
}

#[test]
fn colour_is_for_terminals() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", leak(1));
    sandbox.keyhook(&["scan"]).expect(1).hides("\u{1b}[");
    let at_terminal = |variables: &[(&str, &str)]| {
        // `script` gives the program a terminal; not every machine has it.
        let mut command = sandbox.command("script", sandbox.root());
        let scan = format!("{} scan", program().display());
        command.args(["-qec", &scan, "/dev/null"]).env("TERM", "xterm");
        command.envs(variables.iter().copied()).stderr(Stdio::null());
        command.output().ok().map(Run::of).filter(|run| run.out.contains("new secret"))
    };
    let Some(colourful) = at_terminal(&[]) else { return };
    colourful.says("\u{1b}[1;31m");
    at_terminal(&[("NO_COLOR", "1")]).unwrap().hides("\u{1b}[");
    at_terminal(&[("TERM", "dumb")]).unwrap().hides("\u{1b}[");
}

// ---- rules ----

#[test]
fn rules_are_listed_and_shown() {
    let sandbox = Sandbox::without_repository();
    let list = sandbox.keyhook(&["rules", "list"]).expect(0);
    assert_eq!(list.err, "");
    for id in ["anthropic-api-key", "openai-api-key", "github-", "aws-access-key"] {
        assert!(list.out.lines().any(|line| line.starts_with(id)), "no {id} in:\n{}", list.out);
    }
    let json = sandbox.keyhook(&["rules", "list", "--format", "json"]).expect(0).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json.as_array().unwrap().len(), list.out.lines().count());
    check(
        &sandbox,
        &sandbox.keyhook(&["rules", "show", "anthropic-api-key"]),
        expect![[r#"
        exit 0
        --- stdout
        id          anthropic-api-key
        name        Anthropic API key
        provider    Anthropic
        why         Anyone who holds it spends the account's credit and reads its files and batches.
        confidence  high
        keywords    sk-ant-api
        instead     ANTHROPIC_API_KEY
        revoke      https://platform.claude.com/settings/keys
        references  https://docs.claude.com/en/api/overview
        pattern     (?<secret> sk-ant-api \d{2,4} - [A-Za-z0-9_-]{93} AA )
        matches     client = Anthropic(api_key=\"«sk-ant-api03-{{base64url 93}}AA»\")
        matches     export ANTHROPIC_API_KEY=«sk-ant-api04-{{base64url 93}}AA»
        matches     \"body\": \"key:\\n«sk-ant-api03-{{base64url 93}}AA»\\nend\"
        ignores     client = Anthropic(\"sk-ant-api03-{{base64url 92}}AA\")
        ignores     client = Anthropic(api_key=\"sk-ant-api03-xxxxxxxxxxxxxxxxxxxx\")
        ignores     Keys start with sk-ant-api03- and end with AA.
        --- stderr
    "#]],
    );
    check(
        &sandbox,
        &sandbox.keyhook(&["rules", "show", "anthropic-apikey"]),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: no rule is called `anthropic-apikey`
        hint: did you mean: anthropic-admin-key, anthropic-api-key, anthropic-generation-key, anthropic-oauth-refresh-token, anthropic-oauth-token, anthropic-session-cookie
    "#]],
    );
    check(
        &sandbox,
        &sandbox.keyhook(&["rules", "show", "nosuch"]),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: no rule is called `nosuch`
        hint: list them with: keyhook rules list
    "#]],
    );
}

/// The example of `docs/rules.md`.
const OWN_RULE: &str = r#"
[[rule]]
id = "acme-token"
name = "ACME token"
why = "It opens the shop's back office."
keywords = ["acme_"]
pattern = '(?<secret> acme_ [a-z0-9]{40} )'
matches = ['ACME_TOKEN=«acme_{{alnum-lower 40}}»', 't: «acme_{{alnum-lower 40}}»']
ignores = ['ACME_TOKEN=acme_{{alnum-lower 39}}', 'tokens start with acme_']
"#;

#[test]
fn an_own_rule_is_checked() {
    let sandbox = Sandbox::new();
    sandbox.write(".keyhook.toml", OWN_RULE);
    check(
        &sandbox,
        &sandbox.keyhook(&["rules", "check", ".keyhook.toml"]),
        expect![[r#"
        exit 0
        --- stdout
        --- stderr
        keyhook: 1 rule keeps every law
    "#]],
    );
    let broken = OWN_RULE
        .replace("matches = [", "matches = ['ACME_TOKEN=«acme_{{alnum-lower 12}}»', ")
        .replace("ignores = [", "ignores = ['x = acme_{{alnum-lower 40}}', ");
    sandbox.write(".keyhook.toml", broken);
    check(
        &sandbox,
        &sandbox.keyhook(&["rules", "check", ".keyhook.toml"]),
        expect![[r#"
            exit 1
            --- stdout
            .keyhook.toml:8: rule `acme-token`: the rule does not fire here,
                `generic-assignment` does
              hint: the marked text has 17 bytes, `(?<secret>…)` takes 45
            .keyhook.toml:9: rule `acme-token`: it must stay quiet, but the rule fires
              hint: say in the pattern what tells it apart (its length, its characters); or,
                    if it is a key, move it to `matches`
            --- stderr
            keyhook: 2 mistakes in .keyhook.toml
        "#]],
    );
    let few = OWN_RULE.replace(", 'tokens start with acme_'", "");
    sandbox.write(".keyhook.toml", few);
    sandbox.keyhook(&["rules", "check"]).expect(1).says("give at least two `ignores`");
    sandbox.write("my.toml", OWN_RULE.replace("keywords", "keyword"));
    check(
        &sandbox,
        &sandbox.keyhook(&["rules", "check", "my.toml"]),
        expect![[r#"
            exit 2
            --- stdout
            my.toml:6: rule `acme-token`: there is no key `keyword`
              hint: did you mean `keywords`?
            --- stderr
            error: cannot use my.toml: 1 mistake
        "#]],
    );
    sandbox.write("my.toml", OWN_RULE.replace("{40} )", "{40"));
    sandbox.keyhook(&["rules", "check", "my.toml"]).expect(2).says("pattern");
    check(
        &sandbox,
        &sandbox.keyhook(&["rules", "check", "gone.toml"]),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: cannot read gone.toml: No such file or directory (os error 2)
    "#]],
    );
}

/// A gitleaks file with a rule of its own and an allowlist.
const GITLEAKS: &str = r#"
[extend]
useDefault = true
disabledRules = ["jwt-token"]
[[rules]]
id = "acme-token"
description = "ACME token"
regex = '''acme_[a-z0-9]{40}'''
keywords = ["acme_"]
tags = ["shop"]
filter = "false"
[[rules]]
id = "no-env"
description = "An .env file"
path = '''\.env$'''
[[allowlists]]
description = "test data"
paths = ['''^testdata/''']
"#;

#[test]
fn a_gitleaks_file_is_checked() {
    let sandbox = Sandbox::new();
    sandbox.write(".gitleaks.toml", GITLEAKS);
    check(
        &sandbox,
        &sandbox.keyhook(&["rules", "check", ".gitleaks.toml"]),
        expect![[r#"
            exit 0
            --- stdout
            .gitleaks.toml:11: not honoured: rule `acme-token`: filter: keyhook runs no
                expressions; matches that it would drop are reported
              hint: use an allowlist or `entropy`
            .gitleaks.toml:10: not honoured: rule `acme-token`: tags: keyhook shows no tags
              hint: nothing to do
            .gitleaks.toml:3: to know: extend.useDefault: it means keyhook's built-in rules
                here, not those of gitleaks
            --- stderr
            keyhook: 2 rule(s) of .gitleaks.toml usable
        "#]],
    );
    let broken = GITLEAKS.replace("acme_[a", "acme_(?=[a");
    sandbox.write(".gitleaks.toml", broken);
    check(
        &sandbox,
        &sandbox.keyhook(&["rules", "check", ".gitleaks.toml"]),
        expect![[r#"
            exit 1
            --- stdout
            .gitleaks.toml:8: lost: rule `acme-token`: regex: it does not parse:
                look-around, including look-ahead and look-behind, is not supported (column
                6)
              hint: mend it, or name the rule in `disable`
            .gitleaks.toml:11: not honoured: rule `acme-token`: filter: keyhook runs no
                expressions; matches that it would drop are reported
              hint: use an allowlist or `entropy`
            .gitleaks.toml:10: not honoured: rule `acme-token`: tags: keyhook shows no tags
              hint: nothing to do
            .gitleaks.toml:3: to know: extend.useDefault: it means keyhook's built-in rules
                here, not those of gitleaks
            --- stderr
            keyhook: 1 rule(s) of .gitleaks.toml usable
        "#]],
    );
    sandbox.write(".gitleaks.toml", "[extend]\npath = \"base.toml\"\n");
    check(
        &sandbox,
        &sandbox.keyhook(&["rules", "check", ".gitleaks.toml"]),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: cannot use base.toml: there is no such file, and `[extend] path` in .gitleaks.toml names it
        hint: git add base.toml, or take the line out
    "#]],
    );
}

#[test]
fn the_rules_of_a_gitleaks_file_block_a_commit() {
    let sandbox = Sandbox::new();
    let token = filled("acme_{{alnum-lower 40}}", 1);
    sandbox.install().write(".keyhook.toml", "gitleaks = \"conf/gitleaks.toml\"\n");
    sandbox.write("conf/gitleaks.toml", GITLEAKS).write("a.py", format!("t = '{token}'\n"));
    sandbox.stage(&[".keyhook.toml", "a.py"]);
    sandbox.try_commit(&[]).expect(1).says("git add conf/gitleaks.toml").hides(&token);
    sandbox.stage(&["conf/gitleaks.toml"]);
    let run = sandbox.try_commit(&[]).expect(1).says("a.py:1:6  ACME token  (acme-token)");
    run.says("1 rule(s) switched off").hides(&token);
    // What is staged counts, not what is in the worktree.
    sandbox.write("conf/gitleaks.toml", "title = \"none\"\n");
    sandbox
        .try_commit(&[])
        .expect(1)
        .says("(acme-token)")
        .says("conf/gitleaks.toml in the worktree");
    sandbox.write("a.py", "t = 1\n").write("x/.env", "A=1\n").stage(&["a.py", "x/.env"]);
    sandbox.try_commit(&[]).expect(1).says("x/.env:1:1  An .env file  (no-env)");
    sandbox.git(&["rm", "-q", "-f", "--cached", "x/.env"]);
    sandbox.try_commit(&[]).expect(0);
}

#[test]
fn what_an_allowlist_of_gitleaks_takes_away_is_counted() {
    let sandbox = Sandbox::new();
    let token = filled("acme_{{alnum-lower 40}}", 1);
    sandbox.write(".keyhook.toml", "gitleaks = \".gitleaks.toml\"\n");
    sandbox.write(".gitleaks.toml", GITLEAKS);
    sandbox.write("testdata/a.py", format!("t = '{token}'\n{}", leak(1)));
    check(
        &sandbox,
        &sandbox.keyhook(&["scan"]),
        expect![[r#"
            exit 0
            --- stdout
            keyhook: no new secrets in 3 files
            keyhook: note: 1 rule(s) switched off by `disabledRules` in .gitleaks.toml
            keyhook: note: 1 setting(s) of .gitleaks.toml not honoured; keyhook rules check .gitleaks.toml
            keyhook: note: 2 finding(s) allowed by .gitleaks.toml: test data
            --- stderr
        "#]],
    );
    sandbox.write("a.py", format!("t = '{token}'\n"));
    sandbox.keyhook(&["scan"]).expect(1).says("(acme-token)").hides(&token);
    sandbox.write(".keyhook.toml", "gitleaks = \".gitleaks.toml\"\ndisable = [\"acme-token\"]\n");
    sandbox.keyhook(&["scan"]).expect(0);
}

#[test]
fn a_gitleaks_file_that_cannot_be_used_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "x = 1\n");
    sandbox.write(".keyhook.toml", "gitleaks = \"../gitleaks.toml\"\n");
    sandbox.keyhook(&["scan"]).expect(2).says("the file is not in the repository");
    sandbox.write(".keyhook.toml", "gitleaks = \".gitleaks.toml\"\n");
    sandbox.keyhook(&["scan"]).expect(2).says("there is no such file");
    sandbox.write(".gitleaks.toml", GITLEAKS.replace("acme_[a", "acme_([a"));
    check(
        &sandbox,
        &sandbox.keyhook(&["scan"]),
        expect![[r#"
            exit 2
            --- stdout
            keyhook: not everything could be looked at

              error: cannot use all of .gitleaks.toml:
                rule `acme-token`: regex: it does not parse: unclosed group (column 6); mend it, or name the rule in `disable`
              hint: keyhook rules check .gitleaks.toml; `disable` in .keyhook.toml does without
            --- stderr
        "#]],
    );
    sandbox.write(".keyhook.toml", "gitleaks = \".gitleaks.toml\"\ndisable = [\"acme-token\"]\n");
    sandbox.keyhook(&["scan"]).expect(0);
}

#[test]
fn an_own_rule_blocks_a_commit() {
    let sandbox = Sandbox::new();
    sandbox.install().write(".keyhook.toml", OWN_RULE);
    let token = filled("acme_{{alnum-lower 40}}", 1);
    sandbox.write("a.py", format!("t = \"{token}\"\n")).stage(&["a.py", ".keyhook.toml"]);
    let run = sandbox.try_commit(&[]).expect(1).says("(acme-token)").hides(&token);
    check(
        &sandbox,
        &run,
        expect![[r#"
            exit 1
            --- stdout
            --- stderr
            keyhook: commit blocked: 1 new secret in 1 file

              a.py:1:6  ACME token  (acme-token)
                  1 | t = "acme_****************k7"
                    |      ^^^^^^^^^^^^^^^^^^^^^^^
                 instead  os.environ["ACME_TOKEN"]
                 not a secret?  keyhook allow [PRINT] --reason "..."
        "#]],
    );
}

// ---- .keyhook.toml ----

#[test]
fn what_is_left_out_is_said() {
    let sandbox = Sandbox::new();
    sandbox.write(".keyhook.toml", "exclude = [\"vendor/**\"]\n").write("vendor/a.py", leak(1));
    check(
        &sandbox,
        &sandbox.keyhook(&["scan"]),
        expect![[r#"
        exit 0
        --- stdout
        keyhook: no new secrets in 1 file
        keyhook: note: 1 file(s) left out by `exclude` in .keyhook.toml
        --- stderr
    "#]],
    );
    sandbox.install().stage(&["vendor/a.py", ".keyhook.toml"]);
    let run = sandbox.try_commit(&["-q"]).expect(0);
    check(
        &sandbox,
        &run,
        expect![[r#"
        exit 0
        --- stdout
        --- stderr
        keyhook: note: 1 file(s) left out by `exclude` in .keyhook.toml
    "#]],
    );
}

#[test]
fn a_rule_switched_off_is_said() {
    let sandbox = Sandbox::new();
    sandbox.write(".keyhook.toml", "disable = [\"anthropic-api-key\"]\n").write("a.txt", key(1));
    check(
        &sandbox,
        &sandbox.keyhook(&["scan"]),
        expect![[r#"
        exit 0
        --- stdout
        keyhook: no new secrets in 2 files
        keyhook: note: 1 rule(s) switched off by `disable` in .keyhook.toml
        --- stderr
    "#]],
    );
    sandbox.write(".keyhook.toml", "disable = [\"anthropic-apikey\"]\n");
    check(
        &sandbox,
        &sandbox.keyhook(&["scan"]),
        expect![[r#"
        exit 2
        --- stdout
        keyhook: not everything could be looked at

          error: cannot use .keyhook.toml: disable: no rule is called `anthropic-apikey`
          hint: keyhook rules list
        --- stderr
    "#]],
    );
}

#[test]
fn a_mistake_in_the_settings_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write(".keyhook.toml", "exlude = []\n").write("a.py", "x = 1\n");
    check(
        &sandbox,
        &sandbox.keyhook(&["scan"]),
        expect![[r#"
            exit 2
            --- stdout
            keyhook: not everything could be looked at

              error: cannot use .keyhook.toml: TOML parse error at line 1, column 1
                |
              1 | exlude = []
                | ^^^^^^
              unknown field `exlude`, expected one of `exclude`, `disable`, `confidence`, `gitleaks`, `guarded`, `own-keys`, `rule`
              hint: mend .keyhook.toml, then: git add .keyhook.toml
            --- stderr
        "#]],
    );
    sandbox.install().stage(&["a.py", ".keyhook.toml"]);
    sandbox.try_commit(&[]).says("commit blocked").says("exlude").says("--no-verify").expect(1);
}

// ---- comments ----

#[test]
fn a_comment_on_the_line_allows_it_with_a_note() {
    for marker in [
        "keyhook:allow",
        "keyhook:allow[anthropic-api-key]",
        "pragma: allowlist secret",
        "gitleaks:allow",
        "betterleaks:allow",
        "kingfisher:ignore",
        "trufflehog:ignore",
        "ggignore",
        "secretlint-disable-line",
    ] {
        let sandbox = Sandbox::new();
        let line = leak(1).trim_end().to_owned();
        sandbox.install().write("a.py", format!("{line}  # {marker}\n")).stage(&["a.py"]);
        let run = sandbox.keyhook(&["scan"]).expect(0);
        assert!(run.out.contains("note: 1 finding(s) allowed by a comment"), "{marker}");
        let run = sandbox.try_commit(&["-q"]).expect(0);
        assert!(run.err.contains("note: 1 finding(s) allowed by a comment"), "{marker}");
    }
    for marker in [
        "keyhook:allow-next-line",
        "pragma: allowlist nextline secret",
        "secretlint-disable-next-line",
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("a.py", format!("# {marker}\n{}", leak(1)));
        sandbox.keyhook(&["scan"]).expect(0).says("allowed by a comment");
        sandbox.write("a.py", format!("# {marker}\n\n{}", leak(1)));
        sandbox.keyhook(&["scan"]).expect(1);
    }
    let sandbox = Sandbox::new();
    let line = leak(1).trim_end().to_owned();
    sandbox.write("a.py", format!("{line}  # keyhook:allow[openai-api-key]\n"));
    sandbox.keyhook(&["scan"]).expect(1);
    sandbox.write("a.py", format!("{line}\n# keyhook:allow\n"));
    sandbox.keyhook(&["scan"]).expect(1);
}

// ---- the baseline ----

#[test]
fn a_baseline_accepts_what_is_there_and_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.commit("a.py", leak(1)).install();
    check(
        &sandbox,
        &sandbox.keyhook(&["baseline", "create"]),
        expect![[r#"
        exit 0
        --- stdout
        --- stderr
        keyhook: .secrets.baseline accepts 1 finding(s) in 1 file(s) and is staged, commit it
    "#]],
    );
    sandbox.try_commit(&["-q"]).expect(0);
    check(
        &sandbox,
        &sandbox.keyhook(&["scan"]),
        expect![[r#"
        exit 0
        --- stdout
        keyhook: no new secrets in 2 files, 1 in the baseline
        --- stderr
    "#]],
    );
    check(
        &sandbox,
        &sandbox.keyhook(&["baseline", "create"]),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: .secrets.baseline: it exists already
        hint: bring it up to date with: keyhook baseline update
    "#]],
    );
    // A moved line is the same place.
    sandbox.write("a.py", format!("# moved\n\n{}", leak(1))).stage(&["a.py"]);
    sandbox.try_commit(&["-q"]).expect(0);
    // Another secret beside it is new.
    sandbox.write("a.py", format!("{}{}", leak(1), leak(2))).stage(&["a.py"]);
    sandbox.try_commit(&[]).expect(1).says("1 new secret in 1 file").says("a.py:2:");
    sandbox.write("a.py", leak(1)).write("b.py", leak(1)).stage(&["a.py", "b.py"]);
    let run = sandbox.try_commit(&[]).expect(1);
    check(
        &sandbox,
        &run,
        expect![[r#"
        exit 1
        --- stdout
        --- stderr
        keyhook: commit blocked: 1 new secret in 1 file

          b.py:1:29  Anthropic API key  (anthropic-api-key)
              1 | client = Anthropic(api_key="sk-ant-api****************AA")
                |                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
             the same value is accepted in a.py; this is another place
             instead  os.environ["ANTHROPIC_API_KEY"]
             leaked?  revoke it first: https://platform.claude.com/settings/keys
             not a secret?  keyhook allow [PRINT] --reason "..."
    "#]],
    );
}

#[test]
fn an_update_follows_the_tree() {
    let sandbox = Sandbox::new();
    sandbox.commit("a.py", leak(1)).commit("b.py", leak(2));
    sandbox.keyhook(&["baseline", "create"]).expect(0).says("accepts 2 finding(s)");
    check(
        &sandbox,
        &sandbox.keyhook(&["baseline", "update"]),
        expect![[r#"
            exit 0
            --- stdout
            --- stderr
            keyhook: .secrets.baseline: nothing new; unchanged
        "#]],
    );
    sandbox.git(&["mv", "a.py", "moved.py"]);
    sandbox.commit("c.py", leak(3)).commit("b.py", "x = 1\n");
    check(
        &sandbox,
        &sandbox.keyhook(&["baseline", "update"]),
        expect![[r#"
            exit 0
            --- stdout
            --- stderr
            keyhook: .secrets.baseline: 1 added, 1 moved, 1 gone; it is staged, commit it
              added    c.py  anthropic-api-key  [PRINT]
              moved    a.py -> moved.py  anthropic-api-key  [PRINT]
              gone     b.py  anthropic-api-key  [PRINT]
              take out what is gone with: keyhook baseline update --prune
        "#]],
    );
    let before = sandbox.read(".secrets.baseline");
    assert!(before.contains("\"moved.py\"") && !before.contains("\"a.py\""), "{before}");
    check(
        &sandbox,
        &sandbox.keyhook(&["baseline", "update", "--prune"]),
        expect![[r#"
            exit 0
            --- stdout
            --- stderr
            keyhook: .secrets.baseline: 1 gone and taken out; it is staged, commit it
              out      b.py  anthropic-api-key  [PRINT]
        "#]],
    );
    let after = sandbox.read(".secrets.baseline");
    assert!(before.contains("\"b.py\"") && !after.contains("\"b.py\""), "{after}");
    sandbox.keyhook(&["scan"]).expect(0).says("2 in the baseline");
}

#[test]
fn allow_wants_one_finding_and_a_reason() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", leak(1)).stage(&["a.py"]);
    let print = print_of(&sandbox, "a.py");
    let allow = |print: &str, reason: &str| sandbox.keyhook(&["allow", print, "--reason", reason]);
    check(
        &sandbox,
        &allow(&print[..6], " "),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: the reason is empty
        hint: say why, for example: --reason "test fixture"
    "#]],
    );
    allow(&print[..6], "...").expect(2).says("the reason is empty");
    check(
        &sandbox,
        &allow("a6ae7", "a test"),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: invalid value 'a6ae7' for '<FINGERPRINT>': expected at least 6 of the characters 0-9 and a-f that stand with the finding

        For more information, try '--help'.
    "#]],
    );
    allow("nothex", "a test").expect(2);
    // A random salt makes this very start once in sixteen million runs.
    check(
        &sandbox,
        &allow("000000", "a test"),
        expect![[r#"
            exit 2
            --- stdout
            --- stderr
            error: no finding starts with 000000
            hint: list them with: keyhook scan --staged
        "#]],
    );
    sandbox.keyhook(&["allow", &print[..6]]).expect(2).says("--reason");
    sandbox.keyhook(&["allow", &print, "--reason", "x", "--verdict", "fine"]).expect(2);
    assert!(!sandbox.path(".secrets.baseline").exists());
    let run = allow(&print[..6].to_uppercase(), "a test");
    check(
        &sandbox,
        &run,
        expect![[r#"
        exit 0
        --- stdout
        --- stderr
        keyhook: accepted as false-positive in one place; .secrets.baseline is staged, commit it
    "#]],
    );
    sandbox.keyhook(&["scan", "--staged"]).expect(0).says("1 in the baseline");
    assert!(sandbox.git(&["diff", "--cached", "--name-only"]).contains(".secrets.baseline"));
}

/// Two keys whose fingerprints start alike are found by search: the salt is fixed here.
#[test]
fn an_ambiguous_fingerprint_is_an_error() {
    use keyhook::finding::{Fingerprint, Salt, Secret};
    let sandbox = Sandbox::new();
    let salt = Salt::from_bytes([7; 16]);
    sandbox.write(".git/keyhook/salt", format!("{}\n", salt.as_str()));
    let mut seen = std::collections::HashMap::new();
    let (first, second, start) = (0..)
        .find_map(|seed| {
            let print = Fingerprint::of(&Secret::new(key(seed).as_bytes()), &salt);
            let start = print.as_str()[..6].to_owned();
            seen.insert(start.clone(), seed).map(|other| (other, seed, start))
        })
        .unwrap();
    sandbox.write("a.py", format!("{}{}", leak(first), leak(second))).stage(&["a.py"]);
    let run = sandbox.keyhook(&["allow", &start, "--reason", "a test"]);
    assert!(!run.err.contains(&key(first)));
    let shown = Run { err: run.err.replace(&start, "[PRINT]"), ..run };
    check(
        &sandbox,
        &shown,
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: 2 findings start with [PRINT]
        hint: give more of the fingerprint: keyhook scan --staged --format json
    "#]],
    );
    // The report shows as much of each as tells them apart.
    let report = sandbox.keyhook(&["scan", "--staged"]).expect(1).out;
    assert!(!report.contains(&format!("keyhook allow {start} ")), "{report}");
}

#[test]
fn real_is_a_place_and_false_positive_a_value() {
    for (verdict, code) in [("real", 1), ("revoked", 1), ("false-positive", 0)] {
        let sandbox = Sandbox::new();
        sandbox.install().write("a.py", leak(1)).stage(&["a.py"]);
        let print = print_of(&sandbox, "a.py");
        let run = sandbox.keyhook(&["allow", &print, "--reason", "a test", "--verdict", verdict]);
        run.expect(0).says(verdict);
        sandbox.try_commit(&["-q"]).expect(0);
        sandbox.write("b.py", leak(1)).stage(&["b.py"]);
        let run = sandbox.try_commit(&["-q"]).expect(code);
        assert_eq!(run.text().contains("accepted"), code == 1, "{verdict}: {}", run.text());
    }
}

#[test]
fn a_baseline_of_detect_secrets_is_honoured() {
    let sandbox = Sandbox::new();
    sandbox.install();
    let hash: String =
        Sha1::digest(key(1).as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let baseline = serde_json::json!({
        "version": "1.5.0",
        "results": { "a.py": [{ "type": "Secret Keyword", "hashed_secret": hash, "line_number": 1 }] },
    });
    sandbox.write(".secrets.baseline", baseline.to_string()).write("a.py", leak(1));
    sandbox.stage(&["a.py", ".secrets.baseline"]);
    sandbox.try_commit(&["-q"]).expect(0);
    sandbox.write("b.py", leak(1)).stage(&["b.py"]);
    sandbox.try_commit(&["-q"]).expect(1).says("b.py:1:");
    sandbox.write("b.py", "").write("a.py", leak(2)).stage(&["a.py", "b.py"]);
    sandbox.try_commit(&["-q"]).expect(1).says("a.py:1:");
    check(
        &sandbox,
        &sandbox.keyhook(&["baseline", "update"]),
        expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: .secrets.baseline was written by detect-secrets; keyhook reads it but does not change it
        hint: take it over with: keyhook baseline import
    "#]],
    );
    assert!(sandbox.read(".secrets.baseline").contains("1.5.0"));
}

/// The verdicts that an explanation gives about a line.
fn verdicts(sandbox: &Sandbox, arguments: &[&str]) -> Vec<(String, String)> {
    let arguments = [&["scan", "--format", "json", "--explain"], arguments].concat();
    let run = sandbox.keyhook(&arguments).expect(0);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let opinions = json["explained"][0]["opinions"].as_array().unwrap();
    let word = |opinion: &serde_json::Value, key: &str| opinion[key].as_str().unwrap().to_owned();
    opinions.iter().map(|opinion| (word(opinion, "rule"), word(opinion, "verdict"))).collect()
}

fn one(rule: &str, verdict: &str) -> (String, String) {
    (rule.to_owned(), verdict.to_owned())
}

#[test]
fn an_explanation_says_who_spoke_and_who_did_not() {
    let sandbox = Sandbox::new();
    sandbox.write("app.py", format!("import x\n{}password = \"your-password-here\"\n", leak(31)));
    let run = sandbox.keyhook(&["scan", "--explain", "app.py:2"]).expect(0);
    let run = run.says("speaks at high: Anthropic API key (anthropic-api-key)");
    let run = run.says("Here it is\n      anthropic-api-key.").hides(&key(31)[20..]);
    assert!(run.out.lines().all(|line| line.chars().count() <= 80), "{}", run.out);
    // As findings print it, and as the last of the arguments.
    let spoken = verdicts(&sandbox, &["app.py:2:28"]);
    assert_eq!(spoken[0], one("anthropic-api-key", "speaks"));
    assert_eq!(verdicts(&sandbox, &["app.py:3"]), [one("generic-assignment", "placeholder")]);
    // Of the whole file only what is not reported.
    assert_eq!(verdicts(&sandbox, &["app.py"]), [one("generic-assignment", "placeholder")]);
}

#[test]
fn an_explanation_knows_what_else_keeps_a_finding_back() {
    let sandbox = Sandbox::new();
    let rule = "anthropic-api-key";
    let first = |sandbox: &Sandbox| verdicts(sandbox, &["app.py:1"])[0].clone();
    let line = leak(32);
    sandbox.write("app.py", line.replace('\n', "  # keyhook:allow\n"));
    assert_eq!(first(&sandbox), one(rule, "marked"));
    sandbox.write("app.py", &line).stage(&["app.py"]);
    sandbox.keyhook(&["baseline", "create"]).expect(0);
    assert_eq!(first(&sandbox), one(rule, "accepted"));
    assert_eq!(verdicts(&sandbox, &["app.py:1", "--no-baseline"])[0], one(rule, "speaks"));
    sandbox.write(".keyhook.toml", "exclude = [\"*.py\"]\n");
    assert_eq!(first(&sandbox), one(rule, "excluded"));
    sandbox.write(".keyhook.toml", format!("disable = [\"{rule}\"]\n"));
    assert_ne!(first(&sandbox).0, rule);
    sandbox.keyhook(&["scan", "--explain", "app.py:1"]).expect(0).says("switched off by `disable`");
}

#[test]
fn an_explanation_names_the_threshold() {
    let sandbox = Sandbox::new();
    sandbox.write("app.py", leak(33));
    let run = sandbox.keyhook(&["scan", "--explain", "app.py:1", "--confidence", "high"]);
    run.expect(0).says("speaks at high");
    let text = filled("@mistral: \"{{hex 32}}\"", 3);
    let low = sandbox.keyhook_with(&["scan", "--stdin", "--explain", "1"], &text).expect(0);
    low.says("quiet, too-low (low): Mistral API key").says("--confidence low shows it");
    let arguments = ["scan", "--stdin", "--confidence", "low", "--explain", "1"];
    sandbox.keyhook_with(&arguments, &text).expect(0).says("speaks at low: Mistral API key");
}

#[test]
fn an_explanation_says_what_a_key_without_a_shape_lacks() {
    let sandbox = Sandbox::new();
    let text = filled("import mistralai\n\nlist({{hex 32}}, x)\n", 3);
    let run = sandbox.keyhook_with(&["scan", "--stdin", "--explain", "3"], &text).expect(0);
    run.says("`mistral` on line 1 is not enough").says("rules fit the length and the letters");
}

#[test]
fn a_line_that_no_rule_looked_at_comes_with_advice() {
    let sandbox = Sandbox::new();
    sandbox.write("a/app.py", "ordinary = line()\n");
    let run = sandbox.keyhook(&["scan", "--explain", "a/app.py:1"]).expect(0);
    run.says("No rule found anything on this line").says("keyhook rules check");
    let whole = sandbox.keyhook(&["scan", "--explain"]).expect(0);
    whole.says("nothing that looks like a secret was passed over in 1 file");
    // A finding names its file from the top of the repository.
    let inside = sandbox.keyhook_in(&sandbox.path("a"), &["scan", "--explain", "a/app.py:1"]);
    inside.expect(0).says("a/app.py:1");
}

#[test]
fn an_explanation_that_cannot_be_given_says_why() {
    let sandbox = Sandbox::new();
    sandbox.write("app.py", "a\nb\n");
    sandbox.keyhook(&["scan", "--explain", "app.py:3"]).expect(2).says("no line 3: it has 2");
    sandbox.keyhook(&["scan", "--explain", "none.py:3"]).expect(2).says("none.py");
    sandbox.keyhook(&["scan", "--explain", "app.py:1", "--format", "sarif"]).expect(2).says("json");
    sandbox.keyhook(&["scan", "--staged", "--explain"]).expect(2).says("cannot be used with");
    let run = sandbox.keyhook_with(&["scan", "--stdin", "--explain", "x"], "");
    run.expect(2).says("a line is named by its number");
}

#[test]
fn a_variable_is_not_called_after_a_part_of_the_encoded_value() {
    let sandbox = Sandbox::new();
    let line = format!("password={}", filled("Qz7{{alnum 12}}9k", 1));
    let mut shell = sandbox.command("sh", sandbox.root());
    let encoded = Run::of(shell.args(["-c", "printf %s \"$0\" | base64", &line]).output().unwrap());
    for (name, variable) in [("x", "SECRET"), ("shop_login", "SHOP_LOGIN")] {
        sandbox.write("a.py", format!("{name} = \"{}\"\n", encoded.out.trim()));
        let run = sandbox.keyhook(&["scan", "a.py"]).expect(1);
        run.says(&format!("os.environ[\"{variable}\"]"));
    }
}
