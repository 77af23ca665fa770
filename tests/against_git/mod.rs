//! Real repositories, real commits: both readers agree, and no situation passes in silence.
//!
//! Each story stages a made-up key, sees `git commit` stopped by keyhook with HEAD where it was,
//! takes the key out and sees the same commit pass. Inside the hook, where some states of the index
//! alone exist, a second hook runs both readers and keeps what they said; they must agree.

use std::collections::BTreeSet;
use std::io::Write;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Run, Sandbox, leak, program};

mod changes;
mod commits;
mod contents;
mod failures;
mod formats;
mod merges;
mod names;
mod repositories;
mod storage;

/// A file without a key.
const CLEAN: &str = "client = Anthropic()\n";

/// What is left of a file when the key is taken out.
const TAKEN_OUT: &str = "client = Anthropic(api_key=os.environ[\"ANTHROPIC_API_KEY\"])\n";

/// A git program of this machine.
#[derive(Clone, Debug)]
struct Git {
    program: PathBuf,
    version: (u32, u32),
}

/// Tells a story once with each git version of this machine, the newest first.
#[expect(clippy::print_stderr, reason = "shown only with a story that fails")]
fn each_git(story: impl Fn(&Git)) {
    gits().iter().for_each(|git| {
        eprintln!("with {git:?}");
        story(git);
    });
}

fn gits() -> Vec<Git> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/bin".into(), "/usr/local/bin".into()]);
    let mut gits: Vec<Git> = folders.filter_map(|folder| Git::at(&folder.join("git"))).collect();
    gits.sort_by_key(|git| std::cmp::Reverse(git.version));
    gits.dedup_by_key(|git| git.version);
    assert!(!gits.is_empty(), "no git on the PATH");
    gits
}

impl Git {
    /// Returns the git that a user here would run.
    fn usual() -> Git {
        gits().remove(0)
    }

    fn at(program: &Path) -> Option<Git> {
        let output = std::process::Command::new(program).arg("version").output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let mut numbers = text.split(' ').nth(2)?.split('.').map(|part| part.trim().parse());
        let version = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some(Git { program: program.to_owned(), version })
    }

    /// Returns whether this git can do what came with a version; says loudly if it cannot.
    fn knows(&self, what: &str, since: (u32, u32)) -> bool {
        if self.version < since {
            skipped(&format!("{what} needs git {since:?}, {} is older", self.program.display()));
        }
        self.version >= since
    }

    /// A folder without a repository in which this git comes first.
    fn sandbox(&self) -> Sandbox {
        let path = std::env::var("PATH").expect("a PATH in UTF-8");
        let folder = self.program.parent().expect("it lies in a folder");
        Sandbox::without_repository()
            .using_git(&self.program)
            .with_variable("PATH", &format!("{}:{path}", folder.display()))
            .with_variable("GIT_EDITOR", "true")
    }

    /// A fresh, guarded repository.
    fn repo(&self) -> Repo {
        self.repo_with(&[])
    }

    /// A fresh, guarded repository made with these arguments of `git init`.
    fn repo_with(&self, arguments: &[&str]) -> Repo {
        let repo = self.bare_sandbox();
        repo.sandbox.git(&[&["init", "-q", "-b", "main"], arguments].concat());
        repo.guarded()
    }

    /// A sandbox in which the story makes its own repository and then calls `guarded`.
    fn bare_sandbox(&self) -> Repo {
        let sandbox = self.sandbox();
        Repo {
            folder: sandbox.root().to_owned(),
            top: sandbox.root().to_owned(),
            sandbox,
            git: self.program.clone(),
            options: Vec::new(),
            variables: Vec::new(),
            own_reader: Own::Reads,
        }
    }
}

/// Whether keyhook's own reader is expected to manage, or to leave the work to git.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    Reads,
    Refuses,
}

/// A sandbox whose commits run through keyhook, from a chosen folder with chosen options.
struct Repo {
    sandbox: Sandbox,
    git: PathBuf,
    top: PathBuf,
    folder: PathBuf,
    options: Vec<String>,
    variables: Vec<(String, String)>,
    own_reader: Own,
}

impl Deref for Repo {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

/// What one reader said inside the hook.
struct Reply {
    code: String,
    document: Value,
    err: String,
}

impl Reply {
    fn paths(&self) -> BTreeSet<String> {
        let findings = self.document["findings"].as_array().cloned().unwrap_or_default();
        findings.iter().map(|found| found["path"].as_str().expect("a path").to_owned()).collect()
    }
}

impl Repo {
    /// The same repository, with commits made from this folder.
    fn from(mut self, folder: impl Into<PathBuf>) -> Repo {
        self.folder = folder.into();
        self
    }

    /// The same sandbox, used in the worktree of this folder.
    fn in_worktree(mut self, top: impl Into<PathBuf>) -> Repo {
        self.top = top.into();
        self.folder = self.top.clone();
        self
    }

    /// The same repository, with these options before git's subcommand.
    fn with_options(mut self, options: &[&str]) -> Repo {
        self.options = options.iter().map(|option| (*option).to_owned()).collect();
        self
    }

    /// The same repository, with a variable set for git.
    fn with(mut self, name: &str, value: impl Into<String>) -> Repo {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// The same repository, which keyhook's own reader cannot read.
    fn beyond_own_reader(mut self) -> Repo {
        self.own_reader = Own::Refuses;
        self
    }

    /// Puts keyhook's hook in, behind an earlier hook that asks both readers.
    #[track_caller]
    fn guarded(self) -> Repo {
        let hooks = self.run(&["rev-parse", "--git-path", "hooks"]).expect(0).out;
        let hooks = self.folder.join(hooks.trim_end());
        std::fs::create_dir_all(&hooks).expect("a folder for hooks");
        let seen = self.beside("seen");
        std::fs::create_dir_all(&seen).expect("a folder beside");
        let (seen, keyhook) = (seen.display(), program());
        let keyhook = keyhook.display();
        let script = format!(
            "#!/bin/sh\nfor reader in own git; do\n  \
             '{keyhook}' scan --staged --format json --reader $reader \
             >'{seen}'/$reader.json 2>'{seen}'/$reader.err\n  \
             echo $? >'{seen}'/$reader.code\ndone\n"
        );
        let hook = hooks.join("pre-commit");
        std::fs::write(&hook, script).expect("a hook");
        set_mode(&hook, 0o755);
        self.keyhook_in(&self.folder, &["install"]).expect(0);
        self
    }

    /// Runs git as this repository is used.
    fn run(&self, arguments: &[&str]) -> Run {
        self.run_answering(arguments, "")
    }

    /// Runs git with answers on its standard input.
    fn run_answering(&self, arguments: &[&str], answers: &str) -> Run {
        let mut command = self.sandbox.command(&self.git, &self.folder);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.args(&self.options).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("git runs");
        // A git that asks nothing may be gone before it has read the answers.
        let _ = child.stdin.take().expect("a pipe").write_all(answers.as_bytes());
        Run::of(child.wait_with_output().expect("it ends"))
    }

    fn head(&self) -> String {
        self.run(&["rev-parse", "--verify", "--quiet", "HEAD"]).out
    }

    /// Commits, and expects to be stopped because of a new key in exactly these files.
    #[track_caller]
    fn blocks(&self, arguments: &[&str], paths: &[&str]) -> Run {
        self.stops(&[&["commit", "-q", "-m", "test"], arguments].concat(), "", paths)
    }

    /// Runs any git command that commits, and expects it to be stopped.
    #[track_caller]
    fn stops(&self, arguments: &[&str], answers: &str, paths: &[&str]) -> Run {
        let (head, run) = self.watched(arguments, answers);
        assert_ne!(run.code, 0, "not stopped: {}", run.text());
        assert_eq!(self.head(), head, "stopped, but HEAD has moved");
        self.readers_said("1", paths);
        run.says("keyhook: commit blocked: ").says(" new secret")
    }

    /// Commits, and expects that nothing is in the way.
    #[track_caller]
    fn passes(&self, arguments: &[&str]) -> Run {
        self.goes_on(&[&["commit", "-q", "-m", "test"], arguments].concat(), "")
    }

    /// Runs any git command that commits, and expects that nothing is in the way.
    #[track_caller]
    fn goes_on(&self, arguments: &[&str], answers: &str) -> Run {
        let (head, run) = self.watched(arguments, answers);
        let run = run.expect(0);
        assert_ne!(self.head(), head, "no commit was made");
        self.readers_said("0", &[]);
        run
    }

    /// Commits, and expects to be stopped because keyhook could not do its work.
    #[track_caller]
    fn gives_up(&self, arguments: &[&str], message: &str) -> Run {
        let (head, run) = self.watched(&[&["commit", "-q", "-m", "test"], arguments].concat(), "");
        assert_ne!(run.code, 0, "not stopped: {}", run.text());
        assert_eq!(self.head(), head, "stopped, but HEAD has moved");
        let run = run.says("keyhook: commit blocked: ").says(message);
        run.says("hint: ").says("git commit --no-verify")
    }

    #[track_caller]
    fn watched(&self, arguments: &[&str], answers: &str) -> (String, Run) {
        for name in ["own", "git"] {
            let _ = std::fs::remove_file(self.beside("seen").join(format!("{name}.code")));
        }
        (self.head(), self.run_answering(arguments, answers))
    }

    /// Holds what the readers said in the last hook against each other and against these files.
    #[track_caller]
    fn readers_said(&self, code: &str, paths: &[&str]) {
        let (own, git) = (self.reply("own"), self.reply("git"));
        let wanted: BTreeSet<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(git.code, code, "git's reader: {}\n{}", git.err, git.document);
        assert_eq!(git.paths(), wanted, "git's reader: {}", git.document);
        if self.own_reader == Own::Refuses {
            assert_eq!(own.code, "2", "own reader: {}\n{}", own.err, own.document);
            return;
        }
        assert_eq!(own.code, code, "own reader: {}\n{}", own.err, own.document);
        assert_eq!(own.document, git.document, "the readers differ");
    }

    #[track_caller]
    fn reply(&self, name: &str) -> Reply {
        let read = |kind: &str| {
            let path = self.beside("seen").join(format!("{name}.{kind}"));
            std::fs::read_to_string(path).expect("the hook has run")
        };
        let document = serde_json::from_str(&read("json")).unwrap_or(Value::Null);
        Reply { code: read("code").trim().to_owned(), document, err: read("err") }
    }

    /// Compares the readers outside of any hook; the same files must be found.
    #[track_caller]
    fn shows(&self, paths: &[&str]) {
        for reader in ["own", "git", "auto"] {
            let run = self.scan(reader);
            let code = i32::from(!paths.is_empty());
            if reader == "own" && self.own_reader == Own::Refuses {
                run.expect(2);
                continue;
            }
            let run = run.expect(code);
            let document = serde_json::from_str(&run.out).expect("JSON");
            let reply = Reply { code: String::new(), document, err: run.err };
            let wanted: BTreeSet<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            assert_eq!(reply.paths(), wanted, "reader {reader}: {}", reply.document);
        }
    }

    /// Looks at the staged change outside of any hook.
    fn scan(&self, reader: &str) -> Run {
        let mut command = self.sandbox.command(program(), &self.folder);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.args(["scan", "--staged", "--format", "json", "--reader", reader]);
        Run::of(command.output().expect("keyhook runs"))
    }

    /// The whole story for one file: a key in it is stopped, the same commit without it passes.
    #[track_caller]
    fn guards(&self, name: &str) -> &Repo {
        self.put(name, leak(1));
        self.blocks(&[], &[name]);
        self.put(name, TAKEN_OUT);
        self.passes(&[]);
        self
    }

    /// As `guards`, and the readers also agree outside of the hook.
    #[track_caller]
    fn guards_and_shows(&self, name: &str) -> &Repo {
        self.put(name, leak(2));
        self.shows(&[name]);
        self.guards(name)
    }

    /// Writes a file and stages it.
    #[track_caller]
    fn put(&self, name: &str, content: impl AsRef<[u8]>) -> &Repo {
        let full = self.write(name, content).path(name).display().to_string();
        self.run(&["add", "--", &full]).expect(0);
        self
    }

    /// Writes and commits a file without any hook.
    #[track_caller]
    fn commit(&self, name: &str, content: impl AsRef<[u8]>) -> &Repo {
        self.put(name, content).run(&["commit", "-q", "--no-verify", "-m", name]).expect(0);
        self
    }

    /// Writes a file, making its folders.
    #[track_caller]
    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Repo {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("made");
        std::fs::write(&path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        self
    }

    /// Returns the path of a file in the worktree that is committed from.
    fn path(&self, name: &str) -> PathBuf {
        self.top.join(name)
    }
}

/// Says, past the test runner's silence, that something was not tested.
fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
}
