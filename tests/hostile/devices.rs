//! Pipes and devices under names that keyhook reads: no command waits for them or reads on for ever.

use super::bounds::within;
use super::*;

/// What stands where a file is expected.
fn put(sandbox: &Sandbox, what: &str, name: &str) {
    let path = sandbox.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    match what {
        "pipe" => {
            let made = sandbox.command("mkfifo", sandbox.root()).arg(&path).status().unwrap();
            assert!(made.success());
        }
        "holes" => std::fs::File::create(&path).unwrap().set_len(1 << 42).unwrap(),
        device => std::os::unix::fs::symlink(device, &path).unwrap(),
    }
}

const KINDS: [&str; 3] = ["pipe", "/dev/zero", "holes"];

#[test]
fn in_place_of_the_baseline() {
    for what in KINDS {
        let sandbox = Sandbox::new();
        sandbox.commit("app.py", leak(1));
        put(&sandbox, what, ".secrets.baseline");
        for arguments in [
            &["baseline", "check"][..],
            &["baseline", "diff"],
            &["baseline", "create"],
            &["baseline", "update"],
            &["baseline", "prune"],
            &["baseline", "import"],
            &["allow", "123456", "--reason", "r"],
            &["audit", "--list"],
            &["scan", "."],
        ] {
            let run = within(&sandbox, 20, 1000, arguments);
            assert_eq!(run.code, 2, "{what}: {arguments:?}: {}", run.text());
        }
        // What is staged counts, and nothing is.
        within(&sandbox, 20, 1000, &["scan", "--staged"]).expect(0);
        within(&sandbox, 20, 1000, &["doctor"]).says("cannot read .secrets.baseline");
    }
}

#[test]
fn in_place_of_the_settings() {
    for what in KINDS {
        let sandbox = Sandbox::new();
        sandbox.commit("app.py", "x = 1\n");
        put(&sandbox, what, ".keyhook.toml");
        within(&sandbox, 20, 1000, &["scan", "."]).expect(2).says(".keyhook.toml");
        within(&sandbox, 20, 1000, &["rules", "check"]).expect(2).says(".keyhook.toml");
        within(&sandbox, 20, 1000, &["scan", "--staged"]).expect(0);
        within(&sandbox, 20, 1000, &["doctor"]).says("cannot read .keyhook.toml");
    }
}

#[test]
fn in_place_of_what_the_doctor_and_the_installer_look_at() {
    for what in KINDS {
        let sandbox = Sandbox::new();
        sandbox.commit("app.py", "x = 1\n");
        for name in [
            ".env",
            ".env.production",
            "server.pem",
            ".github/workflows/ci.yml",
            ".pre-commit-config.yaml",
            ".husky/pre-commit",
            "lefthook.yml",
            ".overcommit.yml",
            "package.json",
            ".detect-secrets.json",
            "leaks.json",
            ".gitleaksignore",
        ] {
            put(&sandbox, what, name);
        }
        within(&sandbox, 60, 1000, &["doctor"]);
        within(&sandbox, 60, 1000, &["install"]);
        within(&sandbox, 60, 1000, &["uninstall"]);
        within(&sandbox, 20, 1000, &["baseline", "import"]).expect(2);
    }
}

#[test]
fn a_pipe_that_the_user_names_is_read() {
    let sandbox = Sandbox::new();
    sandbox.commit("app.py", leak(1));
    let script = |text: &str| {
        let keyhook = program();
        let script = text.replace("keyhook", &format!("'{}'", keyhook.display()));
        let mut command = sandbox.command("bash", sandbox.root());
        Run::of(command.args(["-c", &script]).output().expect("bash runs"))
    };
    script("printf '[]' | keyhook baseline import --from gitleaks --dry-run /dev/stdin").expect(0);
    script(
        "keyhook rules check <(printf 'title = \"x\"\\n[[rules]]\\nid = \"a\"\\nregex = \"ab\"')",
    )
    .says("1 rule(s) of");
    script("keyhook baseline create && keyhook baseline diff HEAD <(cat .secrets.baseline)")
        .expect(0)
        .says("app.py");
}
