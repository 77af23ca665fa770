//! `keyhook hook`: what git calls through the shim, moment by moment.
//!
//! Every moment goes the one way: a source, a scan, a report on standard error. It is silent when
//! there is nothing to say, and whatever it cannot look at blocks.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::time::Duration;

use super::{Exit, error_paint, framework, parse_reader};
use crate::git::{GitError, Reader, Repository, is_started_below_top};
use crate::report::{Occasion, TextReport};
use crate::rule::RuleSet;
use crate::scan::{Outcome, Problem, masked_problem};
use crate::source::{StagedSource, Unread};

mod commit;
mod push;
mod receive;
mod remote;
mod watch;

/// Run as a git hook (git calls this through the installed shim)
#[derive(clap::Args)]
#[command(after_help = "git gives the arguments, and to pre-push and pre-receive a list of \
    references on standard input.")]
pub(super) struct Args {
    /// The hook's name
    #[arg(value_parser = NAMES)]
    name: String,
    /// What git hands to the hook
    arguments: Vec<OsString>,
    /// pre-receive and update: how long to look before the push is rejected, such as 20 or 2m
    /// [default: keyhook.timeBudget of git's configuration, or 60]
    #[arg(long, value_name = "SECONDS", value_parser = parse_time)]
    time_budget: Option<Duration>,
    /// Which reader to use
    #[arg(long, hide = true, default_value = "auto", value_parser = parse_reader)]
    reader: Reader,
}

/// The hooks that keyhook serves.
const NAMES: [&str; 7] = [
    "pre-commit",
    "pre-merge-commit",
    "commit-msg",
    "post-commit",
    "pre-push",
    "pre-receive",
    "update",
];

impl Args {
    pub(super) fn run(self) -> Exit {
        run(&self.name, &self.arguments, self.reader, self.time_budget)
    }
}

/// Runs a hook that git calls with plain arguments; `None` if that needs the whole command line.
pub(super) fn run_plain(words: &[OsString]) -> Option<Exit> {
    let [name, arguments @ ..] = words else { return None };
    let name = NAMES.into_iter().find(|known| name == known)?;
    let is_plain = |word: &OsString| !word.as_encoded_bytes().starts_with(b"-");
    arguments.iter().all(is_plain).then(|| run(name, arguments, Reader::Auto, None))
}

fn run(name: &str, arguments: &[OsString], reader: Reader, time: Option<Duration>) -> Exit {
    if name == "pre-commit"
        && framework::is_asking()
        && let Some(exit) = framework::run(reader)
    {
        return exit;
    }
    let occasion = match name {
        "commit-msg" => Occasion::Message,
        "pre-merge-commit" => Occasion::Merge,
        "post-commit" => Occasion::AfterCommit,
        "pre-push" => Occasion::Push,
        "pre-receive" | "update" => Occasion::Receive,
        _ => Occasion::Commit,
    };
    let outcome = Repository::open(reader).map_err(|error| git_problem(&error)).and_then(
        |mut r| match name {
            "commit-msg" => commit::commit_msg(&r, arguments),
            "pre-merge-commit" => {
                r.expect_merge();
                commit::staged(&r)
            }
            "post-commit" => commit::post_commit(&r),
            "pre-push" => push::pre_push(&r, arguments),
            "pre-receive" => receive::pre_receive(&r, time),
            "update" => receive::update(&r, arguments, time),
            _ => commit::staged(&r),
        },
    );
    let outcome = outcome.unwrap_or_else(|problem| Outcome {
        unread: vec![masked_problem(problem)],
        ..Outcome::default()
    });
    report(occasion, &outcome)
}

/// Tells the person at the other end, and returns the exit code.
fn report(occasion: Occasion, outcome: &Outcome) -> Exit {
    let exit = outcome.exit();
    if exit != Exit::Clean || !outcome.notes.is_empty() {
        let mut rules = RuleSet::builtin();
        rules.add(outcome.own_rules.clone());
        let is_at_top = !is_started_below_top();
        let report = TextReport { occasion, paint: error_paint(), rules: &rules, is_at_top };
        let mut text = Vec::new();
        report.write(outcome, &mut text).expect("a vector grows");
        let _ = io::stderr().write_all(&text);
    }
    exit
}

/// Reads the list of references that git writes to the hook.
fn read_updates() -> Result<Vec<u8>, Problem> {
    let mut stdin = io::stdin().lock();
    if stdin.is_terminal() {
        return Err(Problem {
            path: String::new(),
            problem: "git writes to this hook which references change; here is a terminal".into(),
            hint: "to look at commits by hand: keyhook scan --range origin/main..HEAD".into(),
        });
    }
    let mut text = Vec::new();
    stdin.read_to_end(&mut text).map_err(|error| Problem {
        path: String::new(),
        problem: format!("cannot read what git writes to standard input: {error}"),
        hint: String::new(),
    })?;
    Ok(text)
}

pub(super) fn git_problem(error: &GitError) -> Problem {
    let hint = error.hint().unwrap_or_default().to_owned();
    Problem { path: String::new(), problem: error.to_string(), hint }
}

fn problem(unread: Unread) -> Problem {
    super::allow::problem(unread)
}

pub(super) fn note_stale_settings(source: &StagedSource<'_>, outcome: &mut Outcome) {
    for name in source.stale_settings() {
        outcome.notes.push(format!(
            "{name} in the worktree differs from the staged one, which counts; git add {name}"
        ));
    }
}

/// Parses `20`, `20s` or `2m`.
fn parse_time(text: &str) -> Result<Duration, String> {
    let (digits, unit) = match text.strip_suffix('m') {
        Some(digits) => (digits, 60.0),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    let number = digits.parse::<f64>().ok().filter(|number| *number >= 0.0 && number.is_finite());
    let time = number.and_then(|number| Duration::try_from_secs_f64(number * unit).ok());
    time.ok_or_else(|| "expected a time such as 20, 20s or 2m".to_owned())
}

impl Outcome {
    /// Returns the exit code for what was found and what could not be read.
    pub(super) fn exit(&self) -> Exit {
        match (self.unread.is_empty(), self.findings.is_empty()) {
            (false, _) => Exit::Failed,
            (true, false) => Exit::Findings,
            (true, true) => Exit::Clean,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        let seconds = |text: &str| parse_time(text).map(|time| time.as_secs_f64());
        assert_eq!(seconds("20"), Ok(20.0));
        assert_eq!(seconds("0.5s"), Ok(0.5));
        assert_eq!(seconds("2m"), Ok(120.0));
        for text in ["", "m", "-1", "1h", "inf", "NaN", "1e400"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_plain_calls_take_the_short_way() {
        let words = |text: &[&str]| text.iter().map(OsString::from).collect::<Vec<_>>();
        assert!(run_plain(&words(&[])).is_none());
        assert!(run_plain(&words(&["post-checkout"])).is_none());
        assert!(run_plain(&words(&["pre-commit", "--help"])).is_none());
    }
}
