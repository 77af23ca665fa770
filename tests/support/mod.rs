//! A repository, a home and a git identity for each test, with no user configuration.
//!
//! A test reads as a story: write, stage, run, expect.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use keyhook::rule::{builtin_proven, expand};
use tempfile::TempDir;

/// The program under test.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_keyhook"))
}

/// Puts a copy of the program under test there. `cp` writes it: a file that this process has open for
/// writing cannot be run, and another test that starts a program just then would inherit it.
pub fn copy_program(to: &Path) {
    let status = Command::new("cp").arg(program()).arg(to).status().expect("there is a cp");
    assert!(status.success());
}

/// Fills in an inert example (`{{hex 40}}`), the same way for the same seed.
pub fn filled(example: &str, seed: u64) -> String {
    expand(example, seed).expect("a well-formed example").text
}

/// A made-up Anthropic key; another for each seed.
pub fn key(seed: u64) -> String {
    filled("sk-ant-api03-{{base64url 93}}AA", seed)
}

/// A line of Python with a key in it.
pub fn leak(seed: u64) -> String {
    format!("client = Anthropic(api_key=\"{}\")\n", key(seed))
}

/// The first matching example of every built-in rule: id, text, the secret in it without the public
/// text that it starts with.
pub fn one_of_each() -> Vec<(String, String, String)> {
    builtin_proven()
        .into_iter()
        .map(|proven| {
            // A filling for which the laws hold.
            let example = expand(&proven.examples.matches[0], 1).expect("the laws hold");
            let secret = &example.text[example.secrets[0].clone()];
            let folded = secret.to_ascii_lowercase();
            let starts = |word: &&String| folded.starts_with(&word.to_ascii_lowercase());
            let public = proven.rule.keywords.iter().filter(starts).map(String::len).max();
            let secret = secret[public.unwrap_or(0)..].to_owned();
            (proven.rule.id, example.text, secret)
        })
        .collect()
}

/// What a program did.
#[derive(Debug)]
pub struct Run {
    /// The exit code; -1 for a signal.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Run {
    /// Takes what the program left.
    pub fn of(output: Output) -> Run {
        Run {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Both streams, for texts that may come on either.
    pub fn text(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Fails unless the exit code is this one.
    #[track_caller]
    pub fn expect(self, code: i32) -> Run {
        assert_eq!(self.code, code, "\nstdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    /// Fails unless the text stands in either stream.
    #[track_caller]
    pub fn says(self, text: &str) -> Run {
        assert!(self.text().contains(text), "no {text:?} in:\n{}", self.text());
        self
    }

    /// Fails if the text stands in either stream.
    #[track_caller]
    pub fn hides(self, text: &str) -> Run {
        assert!(!self.text().contains(text), "{text:?} is shown in:\n{}", self.text());
        self
    }
}

/// A repository of its own.
pub struct Sandbox {
    folder: TempDir,
    root: PathBuf,
    git: PathBuf,
    variables: Vec<(String, String)>,
}

impl Sandbox {
    /// A fresh repository on the branch `main`, without commits.
    pub fn new() -> Sandbox {
        Sandbox::with_init(&[])
    }

    /// A fresh repository made with these arguments of `git init`.
    pub fn with_init(arguments: &[&str]) -> Sandbox {
        let sandbox = Sandbox::without_repository();
        sandbox.git(&[&["init", "-q", "-b", "main"], arguments].concat());
        sandbox
    }

    /// A folder that is no repository.
    pub fn without_repository() -> Sandbox {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("it exists").join("repo");
        std::fs::create_dir_all(&root).expect("it can be made");
        std::fs::create_dir_all(folder.path().join("home")).expect("it can be made");
        Sandbox { folder, root, git: PathBuf::from("git"), variables: Vec::new() }
    }

    /// The same sandbox with another git program.
    pub fn using_git(mut self, git: &Path) -> Sandbox {
        self.git = git.to_owned();
        self
    }

    /// The same sandbox with a variable set for every command.
    pub fn with_variable(mut self, name: &str, value: &str) -> Sandbox {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// The top of the worktree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A folder beside the repository that goes away with it.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().expect("it exists").join(name)
    }

    /// The path of a file in the worktree.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a file, making its folders.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Sandbox {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("made");
        std::fs::write(&path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        self
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Stages files.
    pub fn stage(&self, names: &[&str]) -> &Sandbox {
        self.git(&[&["add", "--"], names].concat());
        self
    }

    /// Writes and commits a file without any hook.
    pub fn commit(&self, name: &str, content: impl AsRef<[u8]>) -> &Sandbox {
        self.write(name, content).stage(&[name]);
        self.git(&["commit", "-q", "--no-verify", "-m", name]);
        self
    }

    /// Runs git, which must succeed, and returns its output.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.root, arguments).expect(0).out
    }

    /// Runs git and lets it fail.
    pub fn try_git(&self, arguments: &[&str]) -> Run {
        self.git_in(&self.root, arguments)
    }

    /// Runs git in a folder and lets it fail.
    pub fn git_in(&self, folder: &Path, arguments: &[&str]) -> Run {
        let mut command = self.command(&self.git, folder);
        Run::of(command.args(arguments).output().expect("git runs"))
    }

    /// Runs keyhook at the top of the worktree.
    pub fn keyhook(&self, arguments: &[&str]) -> Run {
        self.keyhook_in(&self.root, arguments)
    }

    /// Runs keyhook in a folder.
    pub fn keyhook_in(&self, folder: &Path, arguments: &[&str]) -> Run {
        let mut command = self.command(program(), folder);
        Run::of(command.args(arguments).output().expect("keyhook runs"))
    }

    /// Runs keyhook with a text on standard input.
    pub fn keyhook_with(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Run {
        use std::io::Write;
        let mut command = self.command(program(), &self.root);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("keyhook runs");
        child.stdin.take().expect("a pipe").write_all(input.as_ref()).expect("it reads");
        Run::of(child.wait_with_output().expect("it ends"))
    }

    /// Puts the hook in.
    pub fn install(&self) -> &Sandbox {
        self.keyhook(&["install"]).expect(0);
        self
    }

    /// Tries to commit what is staged, with hooks.
    pub fn try_commit(&self, arguments: &[&str]) -> Run {
        self.try_git(&[&["commit", "-m", "test"], arguments].concat())
    }

    /// A command with this sandbox's home, identity and variables, and none of the user's.
    pub fn command(&self, program: impl AsRef<OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).stdin(Stdio::null()).env_clear();
        for name in ["PATH", "TMPDIR", "LLVM_PROFILE_FILE"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command
            .env("HOME", self.beside("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Test")
            .env("GIT_AUTHOR_EMAIL", "test@example.com")
            .env("GIT_COMMITTER_NAME", "Test")
            .env("GIT_COMMITTER_EMAIL", "test@example.com")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}
