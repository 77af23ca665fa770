//! `keyhook ci`: the commits of a change, judged by what was there before it.
//!
//! A change cannot allow itself: the baseline and `.keyhook.toml` are those of the base. Each commit
//! is looked at by itself, because a key that a later commit takes out stays in the history.

use std::env;

use super::commits::{Group, Walk};
use super::hook::git_problem;
use super::{Exit, fail_problem, parse_confidence, parse_reader, say};
use crate::baseline::BASELINE_NAME;
use crate::config::CONFIG_NAME;
use crate::finding::Confidence;
use crate::git::{Listed, ObjectId, Reader, Repository, Without};
use crate::report::Occasion;
use crate::scan::{Options, Outcome, Problem};
use crate::source::{Item, Settings};

mod guess;

use guess::{Guess, Kind, guess};

/// Look at the commits of a change, judged by the settings of its base
#[derive(clap::Args)]
#[command(after_help = "Without --base, the base is taken from the variables of GitHub, GitLab, \
    Bitbucket, Azure, Buildkite, CircleCI, Drone, Jenkins, Travis or Woodpecker, and named in the \
    output.")]
pub(super) struct Args {
    /// The commit or branch that the change starts from
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// The last commit of the change
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    head: String,
    /// Whose baseline and configuration count; with `head` a change can allow itself
    #[arg(long, value_name = "SIDE", default_value = "base", value_parser = ["base", "head"])]
    settings: String,
    /// How to write the findings
    #[arg(long, default_value = "text", value_parser = ["text", "json", "jsonl", "sarif"])]
    format: String,
    /// The lowest confidence to report: low, medium or high [default: medium]
    #[arg(long, value_parser = parse_confidence)]
    confidence: Option<Confidence>,
    /// Which reader to use
    #[arg(long, hide = true, default_value = "auto", value_parser = parse_reader)]
    reader: Reader,
}

impl Args {
    pub(super) fn run(self) -> Exit {
        let outcome = Repository::open(self.reader)
            .map_err(|error| git_problem(&error))
            .and_then(|repository| Ok((self.look(&repository)?, repository.is_at_top())));
        match outcome {
            Ok((outcome, is_at_top)) => {
                super::scan::report(&self.format, (Occasion::Change, is_at_top), &outcome)
            }
            Err(problem) => fail_problem(&problem),
        }
    }

    fn look(&self, repository: &Repository) -> Result<Outcome, Problem> {
        let head = find(repository, &self.head)?.ok_or_else(|| absent(repository, &self.head))?;
        let Change { base, commits, is_all } = self.change(repository, head)?;
        let is_base = self.settings == "base";
        let judge = if is_base { base } else { head };
        let tree = repository.commit(judge).map_err(|error| git_problem(&error))?.tree;
        let settings = if is_base && !is_all { Settings::Tree(tree) } else { Settings::Tip(tree) };
        let items = commits.into_iter().map(Item::Commit).collect();
        let group = Group { settings, items };
        let options = Options {
            confidence: self.confidence,
            is_without_baseline: false,
            salt_dir: Some(repository.common_dir().to_owned()),
            own: None,
        };
        let mut outcome = Walk::new(repository).look(vec![group], &options);
        if is_base && !is_all {
            note_changed_settings(repository, base, head, &mut outcome);
        }
        Ok(outcome)
    }

    fn change(&self, repository: &Repository, head: ObjectId) -> Result<Change, Problem> {
        if let Some(name) = &self.base {
            let base = find(repository, name)?.ok_or_else(|| absent(repository, name))?;
            let commits = list(repository, head, &[base])?;
            return Ok(Change { base, commits, is_all: false });
        }
        let Some(guess) = guess(&|name| env::var(name).ok().filter(|value| !value.is_empty()))
        else {
            return Err(Problem {
                path: String::new(),
                problem: "no base is named, and no variable of a known service names one".into(),
                hint: "keyhook ci --base origin/main".into(),
            });
        };
        for name in &guess.names {
            let Some(base) = find(repository, name)? else { continue };
            let commits = list(repository, head, &[base])?;
            // What was looked at before a push is no guess: then there is nothing new.
            if commits.is_empty() && guess.kind != Kind::Before {
                return self.whole_change(repository, (head, base), name, &guess);
            }
            let text = format!("keyhook: the base is {name}, named by {}", guess.variable);
            say(&crate::terminal::escape(&text));
            return Ok(Change { base, commits, is_all: false });
        }
        if let Some(change) = self.forced_change(repository, head, &guess)? {
            return Ok(change);
        }
        let mut problem = absent(repository, &guess.names[0]);
        problem.problem.push_str(&format!(" (named by {})", guess.variable));
        Err(problem)
    }

    /// Takes what the default branch does not have. A force push may leave nothing of what was there
    /// before it; but if the default branch has all of the head, it may be what was pushed.
    fn forced_change(
        &self,
        repository: &Repository,
        head: ObjectId,
        guess: &Guess,
    ) -> Result<Option<Change>, Problem> {
        if repository.is_shallow() {
            return Ok(None);
        }
        for name in &guess.otherwise {
            let Some(base) = find(repository, name)? else { continue };
            let commits = list(repository, head, &[base])?;
            if !commits.is_empty() {
                let gone = shown(&guess.names[0]);
                let text = format!(
                    "keyhook: {gone}, named by {}, is not here; the base is {name}",
                    guess.variable
                );
                say(&crate::terminal::escape(&text));
                return Ok(Some(Change { base, commits, is_all: false }));
            }
        }
        Ok(None)
    }

    /// Takes all that the head has. A base that was only guessed and has it all says nothing about
    /// the change: after a push to the default branch, that branch is the head.
    fn whole_change(
        &self,
        repository: &Repository,
        (head, base): (ObjectId, ObjectId),
        name: &str,
        guess: &Guess,
    ) -> Result<Change, Problem> {
        let (of, variable) = (&self.head, guess.variable);
        let name = shown(name);
        let text = format!("{name}, named by {variable}, has every commit of {of}");
        let problem = |problem: String, hint: &str| Problem {
            path: String::new(),
            problem,
            hint: hint.to_owned(),
        };
        // All that the target has is not the change.
        if guess.kind.is_target() {
            let hint = "check out the last commit of the change, or name it: keyhook ci --head REV";
            return Err(problem(format!("{text}, so the change is not what is checked out"), hint));
        }
        if repository.is_shallow() {
            let text = format!("{text}, and what else this shallow clone lacks is not known");
            return Err(problem(text, UNSHALLOW));
        }
        let text = format!(
            "keyhook: {text}; all of them are looked at, with the baseline and settings of {name}"
        );
        say(&crate::terminal::escape(&text));
        Ok(Change { base, commits: list(repository, head, &[])?, is_all: true })
    }
}

/// The line that gets all of the history.
const UNSHALLOW: &str = "git fetch --unshallow origin (with actions/checkout: fetch-depth: 0)";

/// What is looked at, and whose settings count.
struct Change {
    base: ObjectId,
    commits: Vec<Listed>,
    /// Whether there is nothing that it is compared with.
    is_all: bool,
}

fn list(
    repository: &Repository,
    head: ObjectId,
    known: &[ObjectId],
) -> Result<Vec<Listed>, Problem> {
    let commits = repository.list_commits(&[head], known, Without::Nothing);
    commits.map_err(|error| git_problem(&error))
}

fn find(repository: &Repository, name: &str) -> Result<Option<ObjectId>, Problem> {
    repository.revision(name).map_err(|error| git_problem(&error))
}

/// Says what is missing, and the line that gets it.
fn absent(repository: &Repository, name: &str) -> Problem {
    let is_id = is_id(name);
    let branch = name.strip_prefix("origin/");
    let hint = match branch {
        None if is_id && repository.is_shallow() => UNSHALLOW.into(),
        // A force push may have left it out of every branch.
        None if is_id => format!(
            "git fetch origin {name}, or where the server has dropped it: keyhook ci --base REV"
        ),
        Some(branch) if repository.is_shallow() => format!(
            "git fetch --unshallow origin {branch}:refs/remotes/origin/{branch} (with \
             actions/checkout: fetch-depth: 0)"
        ),
        Some(branch) => format!("git fetch origin {branch}:refs/remotes/origin/{branch}"),
        None if repository.is_shallow() => {
            "git fetch --unshallow, or --deepen=100 (with actions/checkout: fetch-depth: 0)".into()
        }
        None => "check the spelling, or: git fetch origin".into(),
    };
    let name = shown(name);
    let shallow = if repository.is_shallow() { " of this shallow clone" } else { " here" };
    Problem { path: String::new(), problem: format!("no commit{shallow} is called {name}"), hint }
}

fn is_id(name: &str) -> bool {
    name.len() >= 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A whole id would be hidden in an error, as all that looks random.
fn shown(name: &str) -> &str {
    if is_id(name) { &name[..12] } else { name }
}

/// A change that brings its own permission may be right; it only does not count yet.
fn note_changed_settings(
    repository: &Repository,
    base: ObjectId,
    head: ObjectId,
    outcome: &mut Outcome,
) {
    let file = |commit: ObjectId, name: &str| {
        let history = crate::git::History::new(repository);
        let tree = history.commit(commit).ok()?.tree;
        history.entry(tree, name.as_bytes()).ok().flatten()
    };
    for name in [BASELINE_NAME, CONFIG_NAME] {
        if file(base, name) != file(head, name) {
            outcome.notes.push(format!(
                "this change changes {name}, which does not count before it is merged; merge that \
                 first, or use --settings head"
            ));
        }
    }
}
