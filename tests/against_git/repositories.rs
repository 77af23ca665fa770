//! Where a repository's parts lie, and how git is told.

use super::*;

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn git_dir_and_work_tree_in_the_environment() {
    each_git(|git| {
        let relative = git.repo().with("GIT_DIR", ".git").with("GIT_WORK_TREE", ".");
        relative.guards_and_shows("app.py");

        let alone = git.repo().with("GIT_DIR", ".git");
        alone.guards_and_shows("app.py");

        let repo = git.repo();
        repo.commit("sub/other.py", CLEAN);
        let folder = repo.path("sub");
        let below = repo.from(folder).with("GIT_DIR", "../.git").with("GIT_WORK_TREE", "..");
        below.guards_and_shows("sub/app.py");

        let repo = git.repo();
        let (git_dir, top, away) = (text(&repo.path(".git")), text(repo.root()), repo.beside(""));
        let absolute = repo.from(away).with("GIT_DIR", git_dir).with("GIT_WORK_TREE", top);
        absolute.guards_and_shows("app.py");
    });
}

#[test]
fn git_dir_and_work_tree_as_options() {
    each_git(|git| {
        let repo = git.repo().with_options(&["--git-dir=.git", "--work-tree=."]);
        repo.guards("app.py");

        let repo = git.repo();
        let git_dir = format!("--git-dir={}", text(&repo.path(".git")));
        let top = format!("--work-tree={}", text(repo.root()));
        let away = repo.beside("");
        repo.from(away).with_options(&[&git_dir, &top]).guards("app.py");
    });
}

#[test]
fn a_worktree_named_by_the_configuration() {
    each_git(|git| {
        let repo = git.bare_sandbox();
        let (git_dir, top) = (text(&repo.beside("meta")), text(repo.root()));
        let options = [format!("--git-dir={git_dir}"), format!("--work-tree={top}")];
        repo.run(&[&options[0], &options[1], "init", "-q"]).expect(0);
        let repo = repo.with_options(&[&format!("--git-dir={git_dir}")]);
        let repo = guarded_with_git_dir(repo, &git_dir);
        repo.guards("app.py");
        repo.guards("deep/app.py");
        // From inside of git's own folder, too.
        repo.with_options(&[]).from(git_dir).guards_and_shows("other.py");
    });
}

#[test]
fn a_bare_repository_with_a_worktree() {
    each_git(|git| {
        let repo = git.bare_sandbox();
        let (git_dir, top) = (text(&repo.beside("bare.git")), text(repo.root()));
        repo.run(&["init", "-q", "--bare", &git_dir]).expect(0);
        let options = [format!("--git-dir={git_dir}"), format!("--work-tree={top}")];
        let repo = repo.with_options(&[&options[0], &options[1]]);
        let repo = guarded_with_git_dir(repo, &git_dir);
        repo.guards("app.py");
        let repo = repo.with_options(&[]).with("GIT_DIR", git_dir).with("GIT_WORK_TREE", top);
        repo.guards_and_shows("deep/app.py");
    });
}

/// `keyhook install` is told the repository by its folder, not by options of git.
fn guarded_with_git_dir(repo: Repo, git_dir: &str) -> Repo {
    let (folder, options) = (repo.folder.clone(), repo.options.clone());
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    repo.with_options(&[]).from(git_dir).guarded().from(folder).with_options(&options)
}

#[test]
fn a_git_file_instead_of_a_folder() {
    each_git(|git| {
        let repo = git.bare_sandbox();
        let git_dir = text(&repo.beside("elsewhere"));
        repo.run(&["init", "-q", "--separate-git-dir", &git_dir]).expect(0);
        repo.guarded().guards_and_shows("app.py");
    });
}

#[test]
fn a_linked_worktree() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("other.py", CLEAN);
        let linked = repo.beside("linked");
        repo.run(&["worktree", "add", "-q", &text(&linked)]).expect(0);
        let repo = repo.in_worktree(linked.clone());
        repo.guards_and_shows("app.py");
        repo.guards("deep/app.py");
        repo.write("other.py", leak(3));
        repo.blocks(&["-a"], &["other.py"]);
        repo.blocks(&["other.py"], &["other.py"]);
        std::fs::create_dir(linked.join("sub")).unwrap();
        repo.put("other.py", CLEAN).write("sub/new.py", "");
        repo.from(linked.join("sub")).guards_and_shows("sub/app.py");
    });
}

#[test]
fn a_linked_worktree_of_a_bare_repository() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("other.py", CLEAN);
        let (bare, linked) = (text(&repo.beside("bare.git")), repo.beside("linked"));
        repo.run(&["clone", "-q", "--bare", ".", &bare]).expect(0);
        repo.git_in(Path::new(&bare), &["worktree", "add", "-q", &text(&linked)]).expect(0);
        repo.in_worktree(linked).guarded().guards_and_shows("app.py");
    });
}

/// A superproject with a submodule `sub`.
fn with_submodule(git: &Git) -> Repo {
    let repo = git.repo();
    let library = text(&repo.beside("library"));
    repo.run(&["init", "-q", "-b", "main", &library]).expect(0);
    repo.git_in(Path::new(&library), &["commit", "-q", "--allow-empty", "-m", "one"]).expect(0);
    let add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &library, "sub"];
    repo.run(&add).expect(0);
    repo
}

#[test]
fn a_submodule() {
    each_git(|git| {
        let repo = with_submodule(git);
        let sub = repo.path("sub");
        let repo = repo.in_worktree(sub).guarded();
        repo.guards_and_shows("app.py");
        repo.write("app.py", leak(3));
        repo.blocks(&["-a"], &["app.py"]);
    });
}

#[test]
fn a_link_to_a_submodule_holds_no_text() {
    each_git(|git| {
        let repo = with_submodule(git);
        repo.passes(&[]).says("1 submodule link(s) hold no text");
        // A setting that hides submodules from diffs hides no file.
        repo.run(&["config", "submodule.sub.ignore", "all"]).expect(0);
        repo.git_in(&repo.path("sub"), &["commit", "-q", "--allow-empty", "-m", "two"]).expect(0);
        repo.run(&["add", "sub"]).expect(0);
        repo.guards_and_shows("app.py");
    });
}

/// A clone of a repository with three commits, made over `file://`.
fn cloned(git: &Git, arguments: &[&str]) -> Repo {
    let repo = git.repo();
    repo.commit("app.py", "one()\n").commit("app.py", "two()\n").commit("a/b.py", CLEAN);
    repo.run(&["config", "uploadpack.allowFilter", "true"]).expect(0);
    repo.run(&["config", "uploadpack.allowAnySHA1InWant", "true"]).expect(0);
    let (from, to) = (format!("file://{}", text(repo.root())), repo.beside("clone"));
    repo.run(&[&["clone", "-q"], arguments, &[&from, &text(&to)]].concat()).expect(0);
    repo.in_worktree(to).guarded()
}

#[test]
fn a_shallow_clone() {
    each_git(|git| {
        let repo = cloned(git, &["--depth=1"]);
        repo.guards_and_shows("app.py");
    });
}

#[test]
fn a_partial_clone() {
    each_git(|git| {
        let repo = cloned(git, &["--filter=blob:none"]);
        repo.guards_and_shows("app.py");
        repo.guards_and_shows("a/c.py");
    });
}

#[test]
fn a_partial_clone_without_the_old_version() {
    each_git(|git| {
        let repo = cloned(git, &["--filter=blob:none"]);
        repo.run(&["reset", "-q", "--soft", "HEAD~2"]).expect(0);
        // What `app.py` was before is not here, and nobody fetches it: all of the file is new.
        let old = repo.git_in(&repo.folder, &["rev-parse", "HEAD:app.py"]).out;
        repo.put("app.py", leak(1));
        repo.shows(&["app.py"]);
        let note = "1 older version(s) are not in this partial clone; their files count as new";
        repo.keyhook_in(&repo.folder, &["hook", "pre-commit"]).expect(1).says(note);
        let fetched = repo
            .git_in(
                &repo.folder,
                &[
                    "-c",
                    "remote.origin.promisor=false",
                    "cat-file",
                    "--batch-check",
                    "--batch-all-objects",
                ],
            )
            .out;
        assert!(!fetched.contains(old.trim()), "it was fetched");
        repo.blocks(&[], &["app.py"]);
    });
}

#[test]
fn borrowed_objects() {
    each_git(|git| {
        let repo = cloned(git, &[]);
        let (from, to) = (text(&repo.beside("repo")), repo.beside("borrower"));
        repo.run(&["clone", "-q", "--shared", &from, &text(&to)]).expect(0);
        repo.in_worktree(to).guarded().guards_and_shows("app.py");
    });
}

#[test]
fn objects_in_quarantine() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("other.py", CLEAN);
        let (objects, lender) = (repo.beside("objects"), text(&repo.path(".git/objects")));
        std::fs::create_dir(&objects).unwrap();
        let repo = repo
            .with("GIT_OBJECT_DIRECTORY", text(&objects))
            .with("GIT_ALTERNATE_OBJECT_DIRECTORIES", lender);
        repo.guards_and_shows("app.py");
        // The staged bytes are nowhere but in quarantine.
        repo.put("app.py", leak(3)).write("app.py", "other()\n");
        repo.shows(&["app.py"]);
        repo.blocks(&[], &["app.py"]);
    });
}

#[test]
fn hooks_in_another_folder_of_the_repository() {
    each_git(|git| {
        let repo = git.bare_sandbox();
        repo.run(&["init", "-q", "-b", "main"]).expect(0);
        let hooks = text(&repo.path(".git/my-hooks"));
        repo.run(&["config", "core.hooksPath", &hooks]).expect(0);
        repo.guarded().guards("app.py");
    });
}

#[test]
fn file_names_without_case() {
    each_git(|git| {
        let repo = git.repo();
        repo.run(&["config", "core.ignoreCase", "true"]).expect(0);
        repo.commit("Readme.py", CLEAN);
        repo.guards_and_shows("App.py");
        repo.put("Readme.py", leak(3));
        repo.blocks(&[], &["Readme.py"]);
    });
}

#[test]
fn without_a_home() {
    each_git(|git| {
        let repo = git.repo();
        let nowhere = text(&repo.beside("no-such-home"));
        repo.with("HOME", nowhere).guards_and_shows("app.py");
        git.repo().with("HOME", "").guards_and_shows("app.py");
    });
}

#[test]
fn a_broken_user_configuration_stops_git_itself() {
    each_git(|git| {
        let repo = git.repo();
        repo.put("app.py", leak(1));
        std::fs::write(repo.beside("home/.gitconfig"), "[include]\npath = broken\n").unwrap();
        std::fs::write(repo.beside("home/broken"), "[core\n").unwrap();
        assert_ne!(repo.run(&["commit", "-m", "test"]).code, 0);
        assert_ne!(repo.scan("auto").code, 0);
        assert_ne!(repo.keyhook(&["hook", "pre-commit"]).code, 0);
    });
}

#[test]
fn a_repository_of_somebody_else() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("other.py", CLEAN);
        let owned =
            std::process::Command::new("chown").args(["-R", "65534", &text(repo.root())]).status();
        if !owned.is_ok_and(|status| status.success()) {
            skipped("only root can give a repository away");
            return;
        }
        // Refused by git itself before any hook.
        assert_ne!(repo.run(&["commit", "--allow-empty", "-m", "test"]).code, 0);
        // Trusted for one command, and trusted by the user.
        let repo = repo.with_options(&["-c", "safe.directory=*"]);
        repo.guards("app.py");
        let trust = format!("[safe]\ndirectory = {}\n", text(repo.root()));
        std::fs::write(repo.beside("home/.gitconfig"), trust).unwrap();
        repo.with_options(&[]).guards_and_shows("deep/app.py");
    });
}
