//! Files that are findings themselves, through real commits.

use crate::support::{Run, Sandbox, filled, key};

/// A password that no rule knows: a word and a number behind a name of a person's own.
fn quiet_env() -> String {
    "ENGINE_ROOM=otter blue, nine lives\n".to_owned()
}

fn guarded() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit("README.md", "hello\n").install();
    sandbox
}

#[track_caller]
fn commit(sandbox: &Sandbox, name: &str, content: impl AsRef<[u8]>) -> Run {
    sandbox.write(name, content).git(&["add", "--force", "--", &format!(":(literal){name}")]);
    let run = sandbox.try_commit(&["-q"]);
    if run.code != 0 {
        sandbox.git(&["reset", "-q"]);
    }
    run
}

fn pem(label: &str, seed: u64) -> String {
    let body = filled("{{base64 64}}\n{{base64 64}}\n{{base64 64}}\n", seed);
    format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n")
}

fn binary(seed: u64) -> Vec<u8> {
    let text = filled("{{alnum 60}}", seed);
    [&[0x30, 0x82, 0, 1, 0xFF][..], text.as_bytes()].concat()
}

#[test]
fn files_kept_for_secrets_are_blocked() {
    let token = filled("{{alnum 36}}", 1);
    let sandbox = guarded();
    for (name, content) in [
        (".env", quiet_env().into_bytes()),
        ("app/.env.production", quiet_env().into_bytes()),
        (".envrc", b"export SHOP_PASSWORD=blue9otter\n".to_vec()),
        ("docker/prod.env", quiet_env().into_bytes()),
        ("tls/server.pem", pem("PRIVATE KEY", 1).into_bytes()),
        ("server.key", pem("RSA PRIVATE KEY", 2).into_bytes()),
        ("id_rsa", pem("OPENSSH PRIVATE KEY", 3).into_bytes()),
        (".netrc", b"machine h.acme.io login me password blue9otter\n".to_vec()),
        (".npmrc", format!("//npm.acme.io/:_authToken={token}\n").into_bytes()),
        (".pypirc", b"[acme]\nusername = me\npassword = blue9otter\n".to_vec()),
        (".git-credentials", b"https://me:blue9otter@git.acme.io\n".to_vec()),
        (".aws/credentials", format!("aws_secret_access_key = {token}/x+y\n").into_bytes()),
        ("credentials.json", format!("{{\"refresh_token\": \"{token}\"}}").into_bytes()),
        ("kubeconfig", format!("users:\n- user:\n    token: {token}\n").into_bytes()),
        (".kube/config", format!("    token: {token}\n").into_bytes()),
        ("me.kdbx", binary(1)),
        ("store.p12", binary(2)),
        ("release.jks", binary(3)),
        (".pgpass", b"db.acme.io:5432:shop:me:blue9otter\n".to_vec()),
        (".htpasswd", format!("me:$apr1${token}\n").into_bytes()),
        (".claude/.credentials.json", format!("{{\"accessToken\": \"{token}\"}}").into_bytes()),
        (".codex/auth.json", format!("{{\"access_token\": \"{token}\"}}").into_bytes()),
        ("prod.tfvars", b"db_password = \"blue9otter\"\n".to_vec()),
        ("terraform.tfstate", b"{\"resources\": [{\"attributes\": {\"id\": \"a\"}}]}".to_vec()),
        ("tests/app/.env", b"SHOP_PASSWORD=blue9otter\n".to_vec()),
        (".bash_history", b"mysql -u root -pblue9otter shop\n".to_vec()),
    ] {
        let run = commit(&sandbox, name, &content).expect(1);
        let run = run.says("commit blocked").says("keep it out of git: git rm --cached -- ");
        run.says("and add to .gitignore: ").hides("blue9otter").hides(&token);
    }
}

#[test]
fn a_file_named_like_a_key_is_called_one_if_it_is_one() {
    let sandbox = guarded();
    let run = commit(&sandbox, "x.pem", filled("{{alnum 40}}\n", 1)).expect(1);
    run.says("the file is named like a private key and holds one random line");
    commit(&sandbox, "x.pem", pem("PRIVATE KEY", 1)).expect(1).says("the file is a private key");
}

#[test]
fn a_name_of_any_length_is_guarded() {
    let sandbox = guarded();
    for name in [format!("{}.env", "x".repeat(93)), format!(".env.{}", "X".repeat(240))] {
        commit(&sandbox, &name, quiet_env()).expect(1).says("1 new sensitive file");
    }
}

#[test]
fn templates_placeholders_and_public_things_pass() {
    let sandbox = guarded();
    for (name, content) in [
        (".env.example", quiet_env()),
        (".env.local.sample", quiet_env()),
        ("docker/env.template", quiet_env()),
        (".env", "API_KEY=\nTOKEN=your-token-here\nSECRET=${SECRET}\n".to_owned()),
        ("settings.env", "PORT=3000\nDEBUG=true\nNODE_ENV=development\n".to_owned()),
        ("ca.pem", pem("CERTIFICATE", 1)),
        ("signing.key", pem("PUBLIC KEY", 2)),
        ("id_rsa.pub", "ssh-rsa AAAA me@host\n".to_owned()),
        (".npmrc", "save-exact=true\n//npm.acme.io/:_authToken=${NPM_TOKEN}\n".to_owned()),
        ("prod.tfvars", "region = \"eu-central-1\"\nnodes = 3\n".to_owned()),
        ("tests/app/.env", "FOO=bar and more\n".to_owned()),
        (".envrc", "use flake\nexport AWS_PROFILE=acme-dev\nexport A=$(op read x)\n".to_owned()),
        ("sealed.env", "\0GITCRYPT\0abcdefgh".to_owned()),
        ("src/env.rs", "fn main() {}\n".to_owned()),
    ] {
        commit(&sandbox, name, content).expect(0);
    }
}

#[test]
fn only_what_is_new_to_the_commit_is_reported() {
    let sandbox = Sandbox::new();
    sandbox.commit(".env", quiet_env()).commit("old.env", "A=\n").install();
    let more = quiet_env() + "COLOUR=green and blue\n";
    commit(&sandbox, ".env", &more).expect(0);
    // Moved, it is the same file.
    sandbox.git(&["mv", ".env", "moved.env"]);
    sandbox.try_commit(&["-q"]).expect(0);
    // The first real value in a file of placeholders is what must not happen.
    commit(&sandbox, "old.env", quiet_env()).expect(1).says("sensitive file");
    // So is a template that is moved and filled in.
    sandbox.commit(".env.example", "A=\nB=\nC=\nD=\nENGINE_ROOM=\n");
    sandbox.git(&["mv", ".env.example", ".env"]);
    commit(&sandbox, ".env", "A=\nB=\nC=\nD=\n".to_owned() + &quiet_env()).expect(1);
}

#[test]
fn the_first_commit_and_a_link_are_looked_at() {
    let sandbox = Sandbox::new();
    sandbox.install();
    commit(&sandbox, ".env", quiet_env()).expect(1);
    #[cfg(unix)]
    {
        std::fs::remove_file(sandbox.path(".env")).unwrap();
        std::os::unix::fs::symlink("../elsewhere/.env", sandbox.path(".env")).unwrap();
        sandbox.stage(&[".env"]).try_commit(&["-q"]).expect(0);
    }
}

#[test]
fn one_secret_is_one_finding() {
    let sandbox = guarded();
    let run = commit(&sandbox, ".env", format!("ANTHROPIC_API_KEY={}\n", key(1))).expect(1);
    let run = run.says("1 new secret in 1 file").says("anthropic-api-key").hides("sensitive-file");
    run.says("the file is an environment file").says("git rm --cached -- .env");
    let both = format!("ANTHROPIC_API_KEY={}\nDB_PASSWORD=otter-blue\n", key(1));
    let run = commit(&sandbox, ".env", both).expect(1);
    let run = run.says("1 new secret and 1 sensitive file in 1 file").says("DB_PASSWORD");
    assert_eq!(run.err.matches("git rm --cached").count(), 1, "{}", run.err);
}

#[test]
fn an_accepted_file_stays_accepted_when_it_is_edited() {
    let sandbox = guarded();
    sandbox.write(".env", quiet_env()).stage(&[".env"]);
    let json: serde_json::Value =
        serde_json::from_str(&sandbox.keyhook(&["scan", "--staged", "--format", "json"]).out)
            .unwrap();
    let finding = &json["findings"][0];
    assert_eq!((&finding["rule"], &finding["line"]), (&"sensitive-file".into(), &1.into()));
    assert_eq!(finding["masked"], "");
    let print = &finding["fingerprint"].as_str().unwrap()[..8];
    sandbox.keyhook(&["allow", print, "--reason", "defaults for everybody"]).expect(0);
    // It is judged as accepted, whatever it says by now, and hides no key.
    sandbox.write(".env", quiet_env() + "COLOUR=green and blue\n").stage(&[".env"]);
    let leak = format!("{}KEY={}\n", quiet_env(), key(2));
    commit(&sandbox, ".env", &leak).expect(1).says("anthropic-api-key").hides("sensitive-file");
    sandbox.stage(&[".secrets.baseline"]);
    commit(&sandbox, ".env", quiet_env()).expect(0);
    // A copy is another file.
    commit(&sandbox, "copy/.env", quiet_env()).expect(1).says("copy/.env");
}

#[test]
fn a_baseline_of_the_tree_accepts_them() {
    let sandbox = Sandbox::new();
    sandbox.commit(".env", format!("{}KEY={}\n", quiet_env(), key(1)));
    sandbox.keyhook(&["scan"]).expect(1).says("the file is an environment file");
    sandbox.keyhook(&["baseline", "create"]).expect(0);
    sandbox.keyhook(&["scan"]).expect(0);
}

#[test]
fn a_scan_speaks_of_what_git_has_or_would_take() {
    let sandbox = Sandbox::new();
    sandbox.commit(".gitignore", "ignored.env\n");
    sandbox.write("ignored.env", quiet_env()).write("loose.env", quiet_env());
    sandbox.keyhook(&["scan", "--all"]).expect(1).says("loose.env").hides("ignored.env");
    sandbox.keyhook(&["scan", "ignored.env"]).expect(0);
    sandbox.keyhook_with(&["scan", "--stdin", "--stdin-path", ".env"], quiet_env()).expect(0);
    let outside = Sandbox::without_repository();
    outside.write(".env", quiet_env()).keyhook(&["scan"]).expect(0);
}

#[test]
fn the_repository_chooses_by_glob_and_says_so() {
    let sandbox = guarded();
    sandbox.commit(".keyhook.toml", "[guarded]\nadd = [\"*.backup\"]\nallow = [\"team/*.env\"]\n");
    commit(&sandbox, "a/b/x.backup", "all our customers, in a row\n").expect(1).says("guarded.add");
    let run = commit(&sandbox, "team/x.env", quiet_env()).expect(0);
    run.says("1 sensitive file(s) let in by `guarded.allow` in .keyhook.toml");
    commit(&sandbox, "x.env", quiet_env()).expect(1);
    sandbox.commit(".keyhook.toml", "disable = [\"sensitive-file\"]\n");
    commit(&sandbox, "x.env", quiet_env()).expect(0).says("1 rule(s) switched off");
}

#[test]
fn a_hostile_name_is_quoted_and_the_command_works() {
    for name in ["*$(touch x)\n'\u{1b}[31m.env", "*.env", ":!x.env"] {
        let sandbox = guarded();
        sandbox.write("kept.env", "A=\n").write(name, quiet_env()).git(&["add", "--all"]);
        let run = sandbox.try_commit(&["-q"]).expect(1).hides("\u{1b}[31m");
        let said = |label: &str| run.err.split(label).nth(1).unwrap().lines().next().unwrap();
        let mut shell = sandbox.command("bash", sandbox.root());
        let command = said("keep it out of git: ");
        Run::of(shell.args(["-c", command]).output().unwrap()).expect(0);
        assert_eq!(sandbox.git(&["ls-files"]), "README.md\nkept.env\n");
        // The line for .gitignore names the file, and does not name its neighbour.
        let line = said("add to .gitignore: ");
        sandbox.write(".gitignore", format!("{line}\n"));
        sandbox.git(&["rm", "-q", "--cached", "kept.env"]);
        let others = sandbox.git(&["ls-files", "--others", "--exclude-standard"]);
        assert_eq!(others, ".gitignore\nkept.env\n", "{line}");
    }
}

#[test]
fn the_command_works_from_the_folder_where_the_commit_was_made() {
    for name in ["sub/.env", "top.env", "*.env", "-x.env"] {
        let sandbox = guarded();
        sandbox.write("kept.env", "A=\n").write("sub/a.txt", "x\n").write(name, quiet_env());
        sandbox.git(&["add", "--all"]);
        let folder = sandbox.path("sub");
        let hook = sandbox.git_in(&folder, &["commit", "-q", "-m", "test"]).expect(1);
        let scan = sandbox.keyhook_in(&folder, &["scan", "--staged"]).expect(1);
        for text in [hook.err, scan.out] {
            assert!(text.contains("and add to .gitignore at the top: "), "{text}");
            let command = text.split("keep it out of git: ").nth(1).unwrap().lines().next();
            let mut shell = sandbox.command("bash", &folder);
            Run::of(shell.args(["-c", command.unwrap()]).output().unwrap()).expect(0);
            assert_eq!(sandbox.git(&["ls-files", "*.env"]), "kept.env\n");
            sandbox.git(&["add", "--all"]);
        }
        // At the top nothing of that is needed.
        let run = sandbox.keyhook(&["scan", "--staged"]).expect(1).hides("at the top");
        run.hides(":/").hides(":(top");
    }
    // A name that is no text: any byte fits.
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let sandbox = guarded();
        let name = std::ffi::OsStr::from_bytes(b"\xff.env");
        std::fs::write(sandbox.root().join(name), quiet_env()).unwrap();
        sandbox.git(&["add", "--all"]);
        let run = sandbox.try_commit(&["-q"]).expect(1);
        run.says("add to .gitignore: /?.env").says("git rm --cached -- $':(literal)\\xFF.env'");
    }
}

#[test]
fn rules_show_explains_them() {
    let sandbox = Sandbox::new();
    for id in ["sensitive-file", "own-key"] {
        sandbox.keyhook(&["rules", "show", id]).expect(0).says(id).says("why");
    }
    sandbox.keyhook(&["rules", "list"]).expect(0).says("sensitive-file");
}

#[test]
fn sarif_points_at_the_first_line() {
    let sandbox = guarded();
    sandbox.write(".env", quiet_env()).stage(&[".env"]);
    let out = sandbox.keyhook(&["scan", "--staged", "--format", "sarif"]).expect(1).out;
    let sarif: serde_json::Value = serde_json::from_str(&out).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "sensitive-file");
    let message = result["message"]["text"].as_str().unwrap();
    assert!(message.contains("ENGINE_ROOM"), "{message}");
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 1);
}

#[test]
fn an_explanation_says_what_is_made_of_a_file() {
    let sandbox = Sandbox::new();
    let explain = |place: &str| sandbox.keyhook(&["scan", "--explain", place]).expect(0);
    sandbox.write(".env", quiet_env());
    let run = explain(".env:1").says("the file itself").says("Sensitive file (sensitive-file)");
    run.says("The file is an environment file with the values of ENGINE_ROOM.")
        .says("speaks at")
        .hides("nine lives");
    sandbox.write("a/.env", "PORT=\n");
    explain("a/.env").says("quiet, nothing-inside").says("Its name is a warning");
    // What a rule finds inside says it for the file.
    sandbox.write("b/.env", format!("ANTHROPIC_API_KEY={}\n", key(1)));
    explain("b/.env:1").says("quiet, part").says("speaks at high: Anthropic API key");
    sandbox.write(".gitignore", ".env\n");
    explain(".env:1").says("quiet, not-for-git");
    sandbox.write(".gitignore", "");
    sandbox.write(".keyhook.toml", "[guarded]\nallow = [\".env\"]\n");
    explain(".env").says("quiet, let-in").says("`guarded.allow` in .keyhook.toml");
    sandbox.write(".keyhook.toml", "disable = [\"sensitive-file\"]\n");
    explain(".env:1").says("switched off by `disable`").hides("Sensitive file");
    sandbox.write(".keyhook.toml", "").stage(&[".env"]);
    sandbox.keyhook(&["baseline", "create"]).expect(0);
    explain(".env:1").says("quiet, accepted");
}
