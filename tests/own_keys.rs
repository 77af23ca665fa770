//! The values that are live on this machine, through real commits with a home of their own.

use crate::support::{Run, Sandbox, filled, key};

/// A password that no rule knows.
const PASSWORD: &str = "blue-otter-71";

fn with_env() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit(".gitignore", ".env\n").install();
    sandbox.write(".env", format!("PORT=3000\nDEBUG=true\nDB_PASSWORD={PASSWORD}\n"));
    sandbox
}

fn home(sandbox: &Sandbox, name: &str, text: &str) {
    let path = sandbox.beside("home").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[track_caller]
fn commit(sandbox: &Sandbox, name: &str, content: impl AsRef<[u8]>) -> Run {
    sandbox.write(name, content).stage(&[name]);
    let run = sandbox.try_commit(&["-q"]);
    if run.code != 0 {
        sandbox.git(&["reset", "-q"]);
    }
    run
}

#[test]
fn a_shapeless_value_of_an_ignored_file_is_blocked() {
    let sandbox = with_env();
    let run = commit(&sandbox, "a.py", format!("connect('{PASSWORD}')\n")).expect(1);
    let run = run.says("a.py:1:10").says("(own-key)").hides(PASSWORD);
    let run = run.says("this is the value of DB_PASSWORD in .env (ignored by git)");
    run.says("os.environ[\"DB_PASSWORD\"]");
    // Without the file the same commit passes: nothing else knows this value.
    std::fs::remove_file(sandbox.path(".env")).unwrap();
    commit(&sandbox, "a.py", format!("connect('{PASSWORD}')\n")).expect(0);
}

#[test]
fn settings_and_placeholders_never_match() {
    let sandbox = with_env();
    sandbox.write(
        ".env",
        "PORT=3000\nDEBUG=true\nUSER=bob\nHOST=localhost\nSECRET=changeme\nTOKEN=your-token-here\n\
         DB_NAME=inventory_service_v2\nAPI_URL=https://api.acme.io/v1\nKEY_FILE=/etc/ssl/key1.pem\n\
         DB_PASSWORD=postgres\nPASSWORD=password123\nNEXT_PUBLIC_TOKEN=otter-blue-7171\n",
    );
    let text = std::fs::read_to_string(sandbox.path(".env")).unwrap();
    commit(&sandbox, "docs.md", text.replace('=', " is ")).expect(0);
}

#[test]
fn files_of_the_home_folder_and_exported_variables_count() {
    let sandbox = with_env().with_variable("SHOP_TOKEN", "green-heron-42");
    let token = filled("{{alnum 40}}", 1);
    home(&sandbox, ".netrc", "machine h login me password netrc-9-otter\n");
    home(&sandbox, ".aws/credentials", "[default]\naws_secret_access_key = aws-9-otter-x\n");
    home(&sandbox, ".npmrc", "//npm.acme.io/:_authToken=npm-9-otter-x\n");
    home(&sandbox, ".codex/auth.json", &format!("{{\"OPENAI_API_KEY\": \"{token}\"}}"));
    for (value, says) in [
        ("netrc-9-otter", "the value of password in ~/.netrc"),
        ("aws-9-otter-x", "the value of aws_secret_access_key in ~/.aws/credentials"),
        ("npm-9-otter-x", "the value of _authToken in ~/.npmrc"),
        (token.as_str(), "the value of OPENAI_API_KEY in ~/.codex/auth.json"),
        ("green-heron-42", "this is the exported variable SHOP_TOKEN"),
    ] {
        commit(&sandbox, "a.md", format!("say {value} twice\n")).expect(1).says(says).hides(value);
    }
}

#[test]
fn a_named_rule_keeps_its_say_and_adds_the_place() {
    let sandbox = with_env();
    sandbox.write(".env", format!("ANTHROPIC_API_KEY={}\n", key(1)));
    let run = commit(&sandbox, "a.py", format!("call('{}')\n", key(1))).expect(1);
    let run = run.says("anthropic-api-key").says("1 new secret in 1 file").hides("(own-key)");
    run.says("this is the value of ANTHROPIC_API_KEY in .env (ignored by git)");
}

#[test]
fn an_encoded_value_is_found() {
    let sandbox = with_env();
    // base64 of "user:blue-otter-71" and of "blue-otter-71\n"; parted, so that it is no key here.
    for text in [["dXNlcjpibHVl", "LW90dGVyLTcx"], ["Ymx1ZS1vdHRl", "ci03MQo="]] {
        let run = commit(&sandbox, "k8s.md", format!("x: {}\n", text.concat())).expect(1);
        run.says("in .env (ignored by git), encoded").hides(&text[1][..8]);
    }
}

#[test]
fn an_encoded_stand_in_is_none() {
    let sandbox = with_env();
    sandbox.write(".env", "A_TOKEN=your-token-here-12345\n");
    // base64 of it.
    let text = ["eW91ci10b2tlbi", "1oZXJlLTEyMzQ1"].concat();
    commit(&sandbox, "k8s.md", format!("x: {text} your-token-here-12345\n")).expect(0);
    sandbox.keyhook(&["doctor"]).says("no value of your own");
}

#[test]
fn what_is_old_or_public_already_passes() {
    let sandbox = with_env();
    // It stood in the file before.
    sandbox.commit("a.py", format!("connect('{PASSWORD}')\n"));
    commit(&sandbox, "a.py", format!("import x\nconnect('{PASSWORD}')\n")).expect(0);
    // The source itself is committed.
    sandbox.commit("b.env", "B_PASSWORD=green-heron-42\n");
    commit(&sandbox, "b.py", "connect('green-heron-42')\n").expect(0);
    // Where it is kept, it is the file that counts.
    sandbox.git(&["add", "--force", ".env"]);
    sandbox.try_commit(&["-q"]).expect(1).says("sensitive-file").hides("own-key");
}

#[test]
fn a_comment_and_the_baseline_allow_it() {
    let sandbox = with_env();
    commit(&sandbox, "a.py", format!("connect('{PASSWORD}')  # keyhook:allow\n")).expect(0);
    sandbox.write("b.py", format!("connect('{PASSWORD}')\n")).stage(&["b.py"]);
    let run = sandbox.try_commit(&["-q"]).expect(1);
    let command = run.err.split("keyhook allow ").nth(1).unwrap();
    let print = command.split_whitespace().next().unwrap();
    sandbox.keyhook(&["allow", print, "--reason", "a demo"]).expect(0);
    sandbox.try_commit(&["-q"]).expect(0);
}

#[test]
fn environment_files_beside_the_staged_files_count() {
    let sandbox = with_env();
    sandbox.write("apps/shop/.env.local", "A_SECRET=green-heron-42\n");
    sandbox.write("backend/.env", "B_SECRET=grey-heron-43\n");
    sandbox.commit(".gitignore", ".env\n.env.local\n");
    commit(&sandbox, "apps/shop/src/a.py", "x('green-heron-42')\n").expect(1);
    commit(&sandbox, "web/a.py", "x('grey-heron-43')\n").expect(1).says("in backend/.env");
}

#[test]
fn a_repository_can_switch_off_in_the_open_and_add_nothing() {
    let sandbox = with_env();
    home(&sandbox, "diary", "SECRET=green-heron-42\n");
    sandbox.commit(".keyhook.toml", "[own-keys]\noff = [\"env-files\"]\n");
    let run = commit(&sandbox, "a.py", format!("x('{PASSWORD}')\n")).expect(0);
    run.says("own keys: env-files switched off by .keyhook.toml");
    sandbox.commit(".keyhook.toml", "[own-keys]\noff = [\"env-file\"]\n");
    commit(&sandbox, "a.py", "x\n").expect(1).says("no source is called `env-file`");
    sandbox.commit(".keyhook.toml", "[own-keys]\nfiles = [\"~/diary\"]\n");
    commit(&sandbox, "a.py", "x('green-heron-42')\n").expect(1).says("unknown field `files`");
    sandbox.commit(".keyhook.toml", "");
    commit(&sandbox, "a.py", "x('green-heron-42')\n").expect(0);
    // The user may.
    home(&sandbox, ".config/keyhook/config.toml", "[own-keys]\nfiles = [\"diary\"]\n");
    commit(&sandbox, "b.py", "x('green-heron-42')\n").expect(1).says("in ~/diary");
}

#[test]
fn a_push_looks_for_them_in_what_no_hook_has_seen() {
    let sandbox = with_env();
    let remote = sandbox.beside("remote.git");
    sandbox.git(&["init", "-q", "--bare", remote.to_str().unwrap()]);
    sandbox.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    sandbox.commit("a.py", format!("x('{PASSWORD}')\n"));
    let run = sandbox.try_git(&["push", "-q", "origin", "main"]).says("push blocked");
    run.says("(own-key)").hides(PASSWORD);
}

#[test]
fn it_is_off_on_a_server() {
    let sandbox = with_env();
    sandbox.write("a.py", format!("x('{PASSWORD}')\n")).stage(&["a.py"]);
    sandbox.keyhook(&["scan", "--staged"]).expect(1);
    for (name, value) in [("CI", "true"), ("GIT_QUARANTINE_PATH", "/nowhere")] {
        let mut command = sandbox.command(crate::support::program(), sandbox.root());
        let output = command.args(["scan", "--staged"]).env(name, value).output().unwrap();
        Run::of(output).expect(0);
    }
}

#[cfg(unix)]
#[test]
fn links_pipes_and_large_files_are_not_read_and_do_not_block() {
    let sandbox = with_env();
    home(&sandbox, "elsewhere", "A_SECRET=green-heron-42\n");
    let beside = sandbox.beside("home");
    std::os::unix::fs::symlink(beside.join("elsewhere"), sandbox.path("x.env")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", beside.join(".netrc")).unwrap();
    std::process::Command::new("mkfifo").arg(beside.join(".npmrc")).status().unwrap();
    let large = "A_SECRET=green-heron-42\n".repeat(20_000);
    home(&sandbox, ".pypirc", &large);
    commit(&sandbox, "a.py", "x('green-heron-42')\n").expect(0);
    // A folder that is a link leads nowhere either.
    std::fs::create_dir(beside.join("far")).unwrap();
    home(&sandbox, "far/.env", "A_SECRET=green-heron-42\n");
    std::os::unix::fs::symlink(beside.join("far"), sandbox.path("backend")).unwrap();
    commit(&sandbox, "b.py", "x('green-heron-42')\n").expect(0);
}

#[test]
fn nothing_is_stored() {
    let sandbox = with_env();
    commit(&sandbox, "a.py", format!("x('{PASSWORD}')\n")).expect(1);
    for folder in [sandbox.path(".git/keyhook"), sandbox.beside("home")] {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let text = std::fs::read(entry.unwrap().path()).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&text).contains(PASSWORD));
        }
    }
}

#[test]
fn files_and_standard_input_are_looked_at_and_the_history_is_not() {
    let sandbox = with_env();
    let line = format!("connect('{PASSWORD}')\n");
    sandbox.write("src/a.py", &line);
    for arguments in [&["scan"][..], &["scan", "src"], &["scan", "src/a.py"]] {
        let run = sandbox.keyhook(arguments).expect(1).says("(own-key)").hides(PASSWORD);
        run.says("src/a.py:1:10").says("in .env (ignored by git)");
    }
    sandbox.keyhook_with(&["scan", "--stdin"], &line).expect(1).says("(own-key)").hides(PASSWORD);
    // Where it is kept, and what a colleague has, is no news.
    sandbox.keyhook(&["scan", ".env"]).expect(0);
    sandbox.stage(&["src/a.py"]).git(&["commit", "-q", "--no-verify", "-m", "a"]);
    sandbox.keyhook(&["scan", "--history"]).expect(0);
    // Environment files beside what is named count.
    sandbox.write("apps/shop/.env", "A_SECRET=green-heron-42\n");
    sandbox.write("apps/shop/web/b.py", "x('green-heron-42')\n");
    sandbox.keyhook(&["scan", "apps/shop/web/b.py"]).expect(1).says("in apps/shop/.env");
    let arguments = ["scan", "--stdin", "--stdin-path", "apps/shop/web/c.py"];
    sandbox.keyhook_with(&arguments, "x('green-heron-42')\n").expect(1);
}

#[test]
fn the_baseline_accepts_it_and_keeps_it_where_nobody_knows_the_value() {
    let sandbox = with_env();
    sandbox.write("a.py", format!("connect('{PASSWORD}')\n")).stage(&["a.py"]);
    sandbox.keyhook(&["baseline", "create"]).expect(0).says("1 finding(s)");
    sandbox.keyhook(&["scan"]).expect(0);
    // A colleague, or CI, has no such file.
    std::fs::remove_file(sandbox.path(".env")).unwrap();
    let before = sandbox.read(".secrets.baseline");
    sandbox.keyhook(&["baseline", "check"]).expect(0).says("is sound");
    let run = sandbox.keyhook(&["baseline", "update", "--prune"]).expect(0);
    run.says("nothing new").hides("gone");
    assert_eq!(sandbox.read(".secrets.baseline"), before);
    // A file that is gone takes it along.
    sandbox.git(&["rm", "-q", "--cached", "a.py"]);
    sandbox.keyhook(&["baseline", "update", "--prune"]).expect(0).says("1 gone and taken out");
}

#[test]
fn an_explanation_knows_them() {
    let sandbox = with_env();
    sandbox.write("a.py", format!("import x\nconnect('{PASSWORD}')\n"));
    let run = sandbox.keyhook(&["scan", "--explain", "a.py:2"]).expect(0).hides(PASSWORD);
    let run = run.says("speaks at high: Key of your own (own-key)");
    run.says("A scan reports it. This is the value of DB_PASSWORD in .env");
    sandbox.write("a.py", format!("connect('{PASSWORD}')  # keyhook:allow\n"));
    let run = sandbox.keyhook(&["scan", "--explain", "a.py:1"]).expect(0).hides(PASSWORD);
    run.says("quiet, marked (high): Key of your own (own-key)");
    sandbox.write(".keyhook.toml", "[own-keys]\noff = [\"env-files\"]\n");
    let run = sandbox.keyhook(&["scan", "--explain", "a.py:1"]).expect(0);
    run.says("own keys: env-files switched off by .keyhook.toml").hides("(own-key)");
}

#[test]
fn the_body_of_a_private_key_is_known_again() {
    let sandbox = with_env();
    let line = |seed| filled("{{base64 64}}", seed);
    let body = [line(1), line(2), line(3), line(4)].join("\n");
    let (begin, end) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
    sandbox.write(".env", format!("DEPLOY_KEY=\"{begin}\n{body}\n{end}\"\n"));
    let run = commit(&sandbox, "a.txt", format!("{body}\n")).expect(1).hides(&line(3));
    run.says("this is the value of DEPLOY_KEY in .env");
    let escaped = format!("x = \"{}\"\n", body.replace('\n', "\\n"));
    commit(&sandbox, "a.py", escaped).expect(1).hides(&line(3)).says("in .env");
    sandbox
        .write(".env", format!("DEPLOY_KEY=\"{begin}\\n{}\\n{end}\"\n", body.replace('\n', "\\n")));
    commit(&sandbox, "b.txt", format!("{body}\n")).expect(1).says("in .env");
}

#[test]
fn passwords_of_pgpass_count() {
    let sandbox = with_env();
    home(&sandbox, ".pgpass", "db.acme.io:5432:*:me:grey-heron-43\n");
    let run = commit(&sandbox, "a.py", "x('grey-heron-43')\n").expect(1);
    run.says("this is a value of ~/.pgpass").hides("grey-heron-43");
}

#[test]
fn a_live_value_in_a_path_is_hidden() {
    let sandbox = with_env();
    for name in [format!("notes-{PASSWORD}.py"), format!("{PASSWORD}/a.py")] {
        let text = format!("a = '{PASSWORD}'\nkey = \"{}\"\n", key(1));
        sandbox.write(&name, text).stage(&[&name]);
        sandbox.try_commit(&["-q"]).expect(1).hides(PASSWORD).says("****");
        for format in ["text", "json", "jsonl", "sarif"] {
            let run = sandbox.keyhook(&["scan", "--staged", "--format", format]);
            run.expect(1).hides(PASSWORD);
            sandbox.keyhook(&["scan", &name, "--format", format]).expect(1).hides(PASSWORD);
        }
        sandbox.keyhook(&["scan", "--explain", &format!("{name}:2")]).expect(0).hides(PASSWORD);
        sandbox.git(&["reset", "-q"]);
    }
    let name = format!("{PASSWORD}/id_rsa");
    let pem = filled("-----BEGIN OPENSSH PRIVATE _-----\n{{base64 70}}\n", 1).replace('_', "KEY");
    sandbox.write(&name, pem).stage(&[&name]);
    sandbox.try_commit(&["-q"]).expect(1).hides(PASSWORD);
    let run = sandbox.keyhook(&["scan", "--staged", "--format", "json"]);
    run.expect(1).hides(PASSWORD);
}

#[test]
fn a_live_value_is_hidden_beside_another_secret_even_where_it_may_stand() {
    let sandbox = with_env();
    sandbox.git(&["add", "--force", ".env"]);
    sandbox.git(&["commit", "-qm", "x", "--no-verify"]);
    let text = format!("login('{PASSWORD}', \"{}\")\n", key(1));
    commit(&sandbox, "a.py", text).expect(1).says("login(").hides(PASSWORD);
}
