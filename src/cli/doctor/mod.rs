//! `keyhook doctor`: is this repository really guarded?
//!
//! It asks git what would run, tries it with a canary, and goes through what else decides whether a
//! key can get out: files that should not be tracked, values that stand in several environments, the
//! baseline, CI. It changes nothing unless `--fix` is given, and then only what can be undone.

use std::io;
use std::path::{Path, PathBuf};

use super::{Exit, open_repository, written};
use crate::git::Repository;
use crate::report::quoted;

mod baseline;
mod ci;
mod environments;
mod files;
mod hooks;
mod own_keys;
mod reading;
mod show;

/// Find out whether this repository is really guarded
///
/// Asks git which hooks it would run, stages a test key in a throw-away index, and goes through the
/// files, settings and CI that decide whether a key can get out. Exit code 0 means all good, 1 that
/// something was found, 2 that it could not look.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Any folder of the repository
    #[arg(default_value = ".")]
    repository: PathBuf,
    /// Mend what can be mended without a decision of yours, and say what was done
    #[arg(long)]
    fix: bool,
    /// How to write the answer: text or json
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

/// One question and its answer.
struct Check {
    /// A stable name, for scripts.
    id: &'static str,
    section: Section,
    state: State,
    /// The answer, in one sentence.
    says: String,
    /// What it is about, a line each.
    details: Vec<String>,
    /// The command that mends it.
    mend: Option<String>,
    /// Whether the command is for the top of the repository.
    is_for_top: bool,
    /// What `--fix` does.
    fix: Option<Fix>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Hooks,
    Reading,
    Files,
    Baseline,
    Elsewhere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// As it should be.
    Good,
    /// Worth knowing, and no fault.
    Note,
    /// A way for a key to get out.
    Wrong,
    /// It could not be looked at.
    Unknown,
}

/// A repair that needs no decision.
enum Fix {
    /// Put the hooks in again.
    Install,
    /// Let git merge the baseline by finding.
    MergeDriver,
    /// Let git execute a file.
    MakeExecutable(PathBuf),
    /// Let git ignore a file: the line for `.gitignore`.
    Ignore(String),
}

impl Check {
    fn new(id: &'static str, section: Section, state: State, says: impl Into<String>) -> Check {
        let says = says.into();
        let (details, mend, is_for_top, fix) = (Vec::new(), None, false, None);
        Check { id, section, state, says, details, mend, is_for_top, fix }
    }

    fn with_details(mut self, details: Vec<String>) -> Check {
        self.details = details;
        self
    }

    fn mended_by(mut self, command: impl Into<String>) -> Check {
        self.mend = Some(command.into());
        self
    }

    /// As `mended_by`, with a command that works at the top of the repository alone.
    fn mended_at_top_by(mut self, command: impl Into<String>) -> Check {
        self.is_for_top = true;
        self.mended_by(command)
    }

    fn fixed_by(mut self, fix: Fix) -> Check {
        self.fix = Some(fix);
        self
    }
}

impl Args {
    pub(super) fn run(self) -> Exit {
        let repository = match open_repository(&self.repository, "doctor") {
            Ok(repository) => repository,
            Err(exit) => return exit,
        };
        let mut checks = look(&repository);
        let mut mended = Vec::new();
        if self.fix {
            mended = fix(&repository, &checks);
            if !mended.is_empty() {
                checks = look(&repository);
            }
        }
        let exit = exit(&checks);
        let exit = if mended.iter().any(Result::is_err) { Exit::Failed } else { exit };
        let answer = show::Answer { place: place(&repository), checks: &checks, mended: &mended };
        let out = &mut io::stdout().lock();
        let result = match self.format.as_str() {
            "json" => answer.write_json(out),
            _ => answer.write_text(out),
        };
        written(result, exit)
    }
}

/// Every question, in the order of the answer; its commands can be copied where the user is.
fn look(repository: &Repository) -> Vec<Check> {
    let mut checks = hooks::look(repository);
    checks.extend(reading::look(repository));
    checks.extend(own_keys::look(repository));
    if repository.work_dir().is_some() {
        checks.extend(files::look(repository));
        checks.extend(environments::look(repository));
        checks.extend(baseline::look(repository));
        checks.extend(ci::look(repository));
    }
    if !repository.is_at_top() {
        let place = quoted(&place(repository));
        for check in checks.iter_mut().filter(|check| check.is_for_top) {
            check.mend = check.mend.take().map(|command| format!("cd {place} && {command}"));
        }
    }
    checks
}

fn exit(checks: &[Check]) -> Exit {
    let has = |state: State| checks.iter().any(|check| check.state == state);
    match (has(State::Unknown), has(State::Wrong)) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::Findings,
        (false, false) => Exit::Clean,
    }
}

/// Does what the checks offer, each thing once; returns what was done, or why not.
fn fix(repository: &Repository, checks: &[Check]) -> Vec<Result<String, String>> {
    let mut done = Vec::new();
    let fixes = || checks.iter().filter_map(|check| check.fix.as_ref());
    for path in fixes().filter_map(|fix| match fix {
        Fix::MakeExecutable(path) => Some(path),
        _ => None,
    }) {
        done.push(hooks::make_executable(path));
    }
    if fixes().any(|fix| matches!(fix, Fix::Install)) {
        done.push(hooks::install_again(repository));
    }
    if fixes().any(|fix| matches!(fix, Fix::MergeDriver)) {
        done.push(baseline::register_driver(repository));
    }
    let lines: Vec<&str> = fixes()
        .filter_map(|fix| match fix {
            Fix::Ignore(line) => Some(line.as_str()),
            _ => None,
        })
        .collect();
    if let (Some(top), false) = (repository.work_dir(), lines.is_empty()) {
        done.push(files::ignore(top, &lines));
    }
    done
}

fn place(repository: &Repository) -> String {
    let folder: &Path = repository.work_dir().unwrap_or(repository.common_dir());
    folder.to_string_lossy().trim_end_matches('/').to_owned()
}

/// Returns `1 file` or `2 files`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Joins words as a sentence does.
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}
