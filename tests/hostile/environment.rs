//! The variables by which git names a repository to its hooks stay with that repository.

use std::process::Command;

use super::*;

/// The repository that a hook runs for, and another one that keyhook is asked about.
fn two() -> (Sandbox, Sandbox) {
    let (inner, outer) = (Sandbox::new(), Sandbox::new());
    outer.commit("app.py", leak(1));
    inner.commit("clean.py", "x\n");
    (inner, outer)
}

/// keyhook with every variable that names `of`, run in another folder.
fn keyhook_with_variables_of(of: &Sandbox, folder: &Path, arguments: &[&str]) -> Run {
    let mut command = of.command(program(), folder);
    let git = of.path(".git");
    command
        .env("GIT_DIR", &git)
        .env("GIT_COMMON_DIR", &git)
        .env("GIT_WORK_TREE", of.root())
        .env("GIT_INDEX_FILE", git.join("index"))
        .env("GIT_OBJECT_DIRECTORY", git.join("objects"))
        .env("GIT_PREFIX", "sub/")
        .env("GIT_CONFIG_PARAMETERS", "'core.hooksPath'='/nowhere'");
    Run::of(command.args(arguments).output().expect("keyhook runs"))
}

#[test]
fn install_goes_into_the_repository_that_is_named() {
    let (named_by_hook, meant) = two();
    let place = meant.root().to_str().unwrap();
    keyhook_with_variables_of(&named_by_hook, meant.root(), &["install", place]).expect(0);
    assert!(meant.path(".git/hooks/pre-commit").exists());
    assert!(!named_by_hook.path(".git/hooks/pre-commit").exists());
    // And it works there.
    meant.write("new.py", leak(2)).stage(&["new.py"]);
    meant.try_commit(&[]).expect(1).says("new.py:1:");
    keyhook_with_variables_of(&named_by_hook, meant.root(), &["uninstall", place]).expect(0);
    assert!(!meant.path(".git/hooks/pre-commit").exists());
}

#[test]
fn a_repository_that_only_a_variable_names_is_not_passed_over() {
    let (named, here) = two();
    let elsewhere = named.beside("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    for command in ["install", "uninstall", "doctor"] {
        let run = keyhook_with_variables_of(&named, here.root(), &[command]).expect(2);
        run.says("the variable GIT_DIR names another repository: ")
            .says(&format!("keyhook {command} {}\n", named.root().display()))
            .says(&format!("env -u GIT_DIR keyhook {command}\n"));
        let run = keyhook_with_variables_of(&named, &elsewhere, &[command]).expect(2);
        run.says("the variable GIT_DIR names").hides("env -u");
    }
    for sandbox in [&named, &here] {
        assert!(!sandbox.path(".git/hooks/pre-commit").exists());
    }
    // git names the repository to its own aliases; it is the one of the folder.
    keyhook_with_variables_of(&here, here.root(), &["install"]).expect(0);
    assert!(here.path(".git/hooks/pre-commit").exists());
}

#[test]
fn a_folder_to_scan_is_listed_by_its_own_repository() {
    let (named_by_hook, meant) = two();
    let folder = meant.root().display().to_string();
    let run = keyhook_with_variables_of(&named_by_hook, meant.root(), &["scan", &folder]);
    run.expect(1).says("app.py:1:").hides("clean.py");
}

#[test]
fn every_variable_that_git_calls_local_is_known() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/git/command.rs");
    let source = std::fs::read_to_string(source).unwrap();
    for git in ["git", "/usr/bin/git", "/usr/local/bin/git"] {
        let Ok(output) = Command::new(git).args(["rev-parse", "--local-env-vars"]).output() else {
            continue;
        };
        let names = String::from_utf8(output.stdout).unwrap();
        assert!(names.lines().count() > 10, "{names}");
        for name in names.lines() {
            // It only says whether replaced objects count, and keyhook says no itself.
            let is_harmless = matches!(name, "GIT_NO_REPLACE_OBJECTS" | "GIT_REPLACE_REF_BASE");
            assert!(is_harmless || source.contains(&format!("\"{name}\"")), "{name} of {git}");
        }
    }
}
