//! Arguments, hints and exit codes.
//!
//! One file per command with its arguments, its help and its `run`. Machine formats go to standard
//! output alone; everything else goes to standard error.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde_json::Value;

use crate::detect::Engine;
use crate::file::full;
use crate::finding::Confidence;
use crate::git::{GitError, Reader, Repository};
use crate::hook::HookError;
use crate::report::quoted;
use crate::rule::{ProvenRule, RuleSet, builtin_proven, expand};
use crate::scan::{Masker, Problem, without_secrets};
use crate::terminal::{Paint, escape_lines, may_color};

mod allow;
mod audit;
mod baseline;
mod ci;
mod commits;
mod doctor;
mod framework;
mod hook;
mod import;
mod install;
mod overdue;
mod rules;
mod scan;

/// How a command ended; the numbers are a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Looked at everything, found nothing new.
    Clean = 0,
    /// Found something.
    Findings = 1,
    /// Could not do the work; a hook then blocks.
    Failed = 2,
}

/// Blocks commits that add API keys and other secrets
#[derive(Parser)]
#[command(name = "keyhook", version, arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "Exit codes: 0 clean, 1 findings, 2 could not do the work.\n\
    Start with: keyhook install")]
struct Args {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    Install(install::InstallArgs),
    Uninstall(install::UninstallArgs),
    Doctor(doctor::Args),
    Scan(scan::Args),
    Allow(allow::Args),
    Baseline(baseline::Args),
    Audit(audit::Args),
    Rules(rules::Args),
    Ci(ci::Args),
    Hook(hook::Args),
}

/// Parses the command line, runs the command and returns its exit code.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place =
            panic.location().map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
        // The payload may quote text of a file, so it is not shown.
        let _ = writeln!(io::stderr(), "keyhook: internal error{place}; nothing was let through");
        std::process::exit(Exit::Failed as i32);
    }));
    // What git calls at every commit takes the short way: building the whole command line
    // description costs more than the rest of the start.
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == "hook")
        && let Some(exit) = hook::run_plain(&words.collect::<Vec<_>>())
    {
        return code(exit);
    }
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            if !error.use_stderr() {
                let _ = error.print();
                return code(Exit::Clean);
            }
            // It quotes what was typed, which may be a key on the wrong place of the line.
            let _ = writeln!(io::stderr(), "{}", safe(&error.render().to_string()));
            return code(Exit::Failed);
        }
    };
    code(match args.command {
        Action::Install(args) => args.run(),
        Action::Uninstall(args) => args.run(),
        Action::Doctor(args) => args.run(),
        Action::Scan(args) => args.run(),
        Action::Allow(args) => args.run(),
        Action::Baseline(args) => args.run(),
        Action::Audit(args) => args.run(),
        Action::Rules(args) => args.run(),
        Action::Ci(args) => args.run(),
        Action::Hook(args) => args.run(),
    })
}

fn code(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}

/// Returns the colours for standard error.
fn error_paint() -> Paint {
    Paint { is_on: may_color(io::stderr().is_terminal()) }
}

/// Writes `error:` and `hint:` lines and returns the exit code for a failure.
fn fail(message: &str, hints: &[String]) -> Exit {
    let paint = error_paint();
    let mut err = io::stderr().lock();
    // A closed standard error leaves nobody to tell; the exit code still says it.
    let _ = writeln!(err, "{} {}", paint.alarm("error:"), safe(message));
    for hint in hints.iter().filter(|hint| !hint.is_empty()) {
        let _ = writeln!(err, "hint: {}", safe(hint));
    }
    Exit::Failed
}

/// Makes a text of several lines safe for eyes and for a terminal.
fn safe(text: &str) -> String {
    escape_lines(&masked(text), "")
}

thread_local! {
    /// A long list asks for its every line.
    static ENGINE: Engine = Engine::new(RuleSet::builtin());
}

/// Hides secrets in what a person wrote or typed; object ids and paths stay readable.
fn masked(text: &str) -> String {
    ENGINE.with(|engine| Masker::new(engine).prose(text))
}

/// As [`masked`], for what quotes a file: tokens that look random are hidden as well.
fn masked_quote(text: &str) -> String {
    ENGINE.with(|engine| Masker::new(engine).sentence(text))
}

/// As [`masked`], for everything in a document that stood in a baseline.
fn mask_said(document: &mut Value) {
    const SAID: [&str; 7] = ["reason", "by", "path", "rule", "from", "problem", "mend"];
    match document {
        Value::Array(items) => items.iter_mut().for_each(mask_said),
        Value::Object(items) => {
            for (name, value) in items.iter_mut() {
                match value {
                    Value::String(text) if SAID.contains(&&name[..]) => *text = masked(text),
                    value => mask_said(value),
                }
            }
        }
        _ => {}
    }
}

/// Returns who gives a verdict; a secret in the name is masked, since the baseline is committed.
fn user(repository: &Repository) -> Option<String> {
    let name = repository.config("user.name").ok().flatten();
    name.filter(|name| !name.is_empty()).map(|name| masked(&name))
}

/// What to do about a reason that holds a secret.
const UNQUOTED: &str = "say why without quoting it: the baseline is committed";

/// Returns whether a text that goes into the baseline holds a secret.
fn is_telling(text: &str) -> bool {
    ENGINE.with(|engine| Masker::new(engine).is_telling(text))
}

fn fail_git(error: &GitError) -> Exit {
    fail(&error.to_string(), &error.hint().map(str::to_owned).into_iter().collect::<Vec<_>>())
}

/// Opens the repository of a folder for a command that is about one repository.
///
/// Where `GIT_DIR` names another one than that of the current folder, every git here would work on
/// that, and so does `keyhook scan`. A hook in the wrong one would guard nothing, and the variable
/// may have been left by a hook, so neither is taken for what was meant.
fn open_repository(folder: &Path, command: &str) -> Result<Repository, Exit> {
    let opened = Repository::open_at(folder);
    let named = Repository::open_named().filter(|_| folder == Path::new("."));
    let Some(named) = named else { return opened.map_err(|error| fail_git(&error)) };
    let named = named.map_err(|error| fail_git(&error))?;
    let is_named = |found: &Repository| full(found.git_dir()) == full(named.git_dir());
    match opened {
        Ok(found) if is_named(&found) => Ok(found),
        opened => {
            // A worktree far from its repository does not lead there.
            let top = named.work_dir().unwrap_or(named.git_dir());
            let is_there = Repository::open_at(top).is_ok_and(|found| is_named(&found));
            let place = if is_there { top } else { named.git_dir() }.to_string_lossy();
            let place = quoted(place.trim_end_matches('/'));
            let here =
                format!("for the repository of this folder: env -u GIT_DIR keyhook {command}");
            let hints = [
                format!("for the one that it names: keyhook {command} {place}"),
                opened.map(|_| here).unwrap_or_default(),
            ];
            let git_dir = named.git_dir().display();
            Err(fail(&format!("the variable GIT_DIR names another repository: {git_dir}"), &hints))
        }
    }
}

fn fail_hook(error: &HookError) -> Exit {
    fail(&error.to_string(), &error.hints())
}

fn fail_problem(problem: &Problem) -> Exit {
    let problem = without_secrets(problem.clone());
    fail(&problem.to_string(), std::slice::from_ref(&problem.hint))
}

/// Writes a sentence to standard error.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{}", safe(text));
}

/// Ends a command that wrote to standard output. A reader that went away early, as `head` does, has
/// what it wanted; anything else means that the answer did not arrive.
fn written(result: io::Result<()>, exit: Exit) -> Exit {
    match result.and_then(|()| io::stdout().flush()) {
        Ok(()) => exit,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit,
        Err(error) => fail(&format!("cannot write the output: {error}"), &[]),
    }
}

fn parse_confidence(text: &str) -> Result<Confidence, String> {
    match text {
        "low" => Ok(Confidence::Low),
        "medium" => Ok(Confidence::Medium),
        "high" => Ok(Confidence::High),
        _ => Err("expected low, medium or high".to_owned()),
    }
}

fn parse_reader(text: &str) -> Result<Reader, String> {
    match text {
        "auto" => Ok(Reader::Auto),
        "own" => Ok(Reader::Own),
        "git" => Ok(Reader::Git),
        _ => Err("expected auto, own or git".to_owned()),
    }
}

/// Makes a text that looks like a leaked key, filled from random bytes.
fn canary() -> String {
    let mut seed = [0; 8];
    // Without randomness the canary is the same each time, and still a canary.
    let _ = getrandom::fill(&mut seed);
    let is_anthropic = |proven: &ProvenRule| proven.rule.id == "anthropic-api-key";
    let proven = builtin_proven().into_iter().find(is_anthropic).expect("a built-in rule");
    let example = &proven.examples.matches[0];
    expand(example, u64::from_le_bytes(seed)).expect("a law keeps it well formed").text
}
