//! `keyhook ci`: the commits of a change, judged by what was there before it.
//!
//! A change cannot allow itself: the baseline and `.keyhook.toml` are those of the base. Each commit
//! is looked at by itself, because a key that a later commit takes out stays in the history.

use std::env;
use std::fs;

use super::commits::{Group, Walk};
use super::hook::git_problem;
use super::{Exit, fail_problem, parse_confidence, parse_reader, say};
use crate::baseline::BASELINE_NAME;
use crate::config::CONFIG_NAME;
use crate::finding::Confidence;
use crate::git::{ObjectId, Reader, Repository, Without};
use crate::report::Occasion;
use crate::scan::{Options, Outcome, Problem};
use crate::source::{Item, Settings};

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
        let base = self.base(repository)?;
        let head = find(repository, &self.head)?.ok_or_else(|| absent(repository, &self.head))?;
        let commits = repository
            .list_commits(&[head], &[base], Without::Nothing)
            .map_err(|error| git_problem(&error))?;
        let judge = if self.settings == "head" { head } else { base };
        let tree = repository.commit(judge).map_err(|error| git_problem(&error))?.tree;
        let items = commits.into_iter().map(Item::Commit).collect();
        let group = Group { settings: Settings::Tree(tree), items };
        let options = Options {
            confidence: self.confidence,
            is_without_baseline: false,
            salt_dir: Some(repository.common_dir().to_owned()),
            own: None,
        };
        let mut outcome = Walk::new(repository).look(vec![group], &options);
        if self.settings == "base" {
            note_changed_settings(repository, base, head, &mut outcome);
        }
        Ok(outcome)
    }

    fn base(&self, repository: &Repository) -> Result<ObjectId, Problem> {
        if let Some(name) = &self.base {
            return find(repository, name)?.ok_or_else(|| absent(repository, name));
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
            if let Some(id) = find(repository, name)? {
                let text = format!("keyhook: the base is {name}, named by {}", guess.variable);
                say(&crate::terminal::escape(&text));
                return Ok(id);
            }
        }
        let mut problem = absent(repository, &guess.names[0]);
        problem.problem.push_str(&format!(" (named by {})", guess.variable));
        Err(problem)
    }
}

fn find(repository: &Repository, name: &str) -> Result<Option<ObjectId>, Problem> {
    repository.revision(name).map_err(|error| git_problem(&error))
}

/// Says what is missing, and the line that gets it.
fn absent(repository: &Repository, name: &str) -> Problem {
    let branch = name.strip_prefix("origin/");
    let hint = match branch {
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
    let shallow = if repository.is_shallow() { " of this shallow clone" } else { " here" };
    Problem { path: String::new(), problem: format!("no commit{shallow} is called {name}"), hint }
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

/// What a service says about the base: the first of the names that exists.
#[derive(Debug, PartialEq, Eq)]
struct Guess {
    variable: &'static str,
    names: Vec<String>,
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

fn guess(variable: Variables<'_>) -> Option<Guess> {
    github(variable).or_else(|| {
        COMMITS.iter().chain(BRANCHES).find_map(|(name, is_branch)| {
            let value = variable(name).filter(|value| !is_zero(value))?;
            let value = value.split("...").next().unwrap_or_default().to_owned();
            let names = if *is_branch { branch_names(&value) } else { vec![value] };
            Some(Guess { variable: name, names })
        })
    })
}

/// Variables that hold a commit.
const COMMITS: &[(&str, bool)] = &[
    ("CI_MERGE_REQUEST_DIFF_BASE_SHA", false),
    ("BITBUCKET_PR_DESTINATION_COMMIT", false),
    ("TRAVIS_COMMIT_RANGE", false),
    ("PRE_COMMIT_FROM_REF", false),
];

/// Variables that hold a branch or, less often set, the commit before a push.
const BRANCHES: &[(&str, bool)] = &[
    ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", true),
    ("BITBUCKET_PR_DESTINATION_BRANCH", true),
    ("SYSTEM_PULLREQUEST_TARGETBRANCH", true),
    ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", true),
    ("CHANGE_TARGET", true),
    ("CI_COMMIT_TARGET_BRANCH", true),
    ("DRONE_TARGET_BRANCH", true),
    ("CI_COMMIT_BEFORE_SHA", false),
    ("CI_PREV_COMMIT_SHA", false),
    ("DRONE_COMMIT_BEFORE", false),
    ("GIT_PREVIOUS_SUCCESSFUL_COMMIT", false),
    ("CIRCLE_BASE_REVISION", false),
    ("CI_DEFAULT_BRANCH", true),
];

/// GitHub tells it in the file of the event, and the branch in a variable.
fn github(variable: Variables<'_>) -> Option<Guess> {
    const FILE: &str = "GITHUB_EVENT_PATH";
    let event = variable(FILE).and_then(|path| fs::read(path).ok());
    let event = event.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let text = |pointer: &str| {
        let value = event.as_ref()?.pointer(pointer)?.as_str()?.to_owned();
        Some(value).filter(|value| !is_zero(value))
    };
    let found = |names: Vec<String>| Guess { variable: FILE, names };
    if let Some(id) = text("/merge_group/base_sha") {
        return Some(found(vec![id]));
    }
    // The branch as it is now comes first: what is checked out may hold its newest commits, which are
    // no part of the change.
    let target = variable("GITHUB_BASE_REF").map(|branch| branch_names(&branch));
    let base = text("/pull_request/base/sha");
    match (target, base) {
        (Some(names), base) => {
            let names = names.into_iter().chain(base).collect();
            return Some(Guess { variable: "GITHUB_BASE_REF", names });
        }
        (None, Some(id)) => return Some(found(vec![id])),
        (None, None) => {}
    }
    // A force push may have left nothing of what was there before.
    let before = text("/before");
    let branch = text("/repository/default_branch");
    let names: Vec<String> =
        before.into_iter().chain(branch.iter().flat_map(|name| branch_names(name))).collect();
    (!names.is_empty()).then(|| found(names))
}

fn branch_names(branch: &str) -> Vec<String> {
    let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch);
    vec![format!("origin/{branch}"), branch.to_owned()]
}

fn is_zero(id: &str) -> bool {
    id.len() >= 40 && id.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess_of(set: &[(&str, &str)]) -> Option<Guess> {
        guess(&|name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn services_name_the_base() {
        let zeros = "0".repeat(40);
        let cases = [
            (&[("GITHUB_BASE_REF", "main")][..], "GITHUB_BASE_REF", "origin/main"),
            (&[("CI_COMMIT_BEFORE_SHA", "abc")], "CI_COMMIT_BEFORE_SHA", "abc"),
            (
                &[("CI_COMMIT_BEFORE_SHA", &zeros), ("CI_DEFAULT_BRANCH", "dev")],
                "CI_DEFAULT_BRANCH",
                "origin/dev",
            ),
            (
                &[("CI_COMMIT_BEFORE_SHA", "a"), ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "b")],
                "CI_MERGE_REQUEST_DIFF_BASE_SHA",
                "b",
            ),
            (&[("TRAVIS_COMMIT_RANGE", "a...b")], "TRAVIS_COMMIT_RANGE", "a"),
            (
                &[("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/a/b")],
                "SYSTEM_PULLREQUEST_TARGETBRANCH",
                "origin/a/b",
            ),
        ];
        for (set, variable, name) in cases {
            let guess = guess_of(set).unwrap();
            assert_eq!((guess.variable, guess.names[0].as_str()), (variable, name));
        }
        assert_eq!(guess_of(&[]), None);
    }

    #[test]
    fn github_tells_it_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("event.json");
        let names = |text: &str| {
            fs::write(&path, text).unwrap();
            guess_of(&[("GITHUB_EVENT_PATH", path.to_str().unwrap())]).map(|guess| guess.names)
        };
        assert_eq!(names(r#"{"pull_request":{"base":{"sha":"abc"}}}"#).unwrap(), ["abc"]);
        assert_eq!(names(r#"{"before":"abc"}"#).unwrap(), ["abc"]);
        let zeros = "0".repeat(40);
        let new = format!(r#"{{"before":"{zeros}","repository":{{"default_branch":"main"}}}}"#);
        assert_eq!(names(&new).unwrap(), ["origin/main", "main"]);
        assert_eq!(names("not JSON"), None);
        let both = guess(&|name| match name {
            "GITHUB_EVENT_PATH" => Some(path.display().to_string()),
            "GITHUB_BASE_REF" => Some("main".to_owned()),
            _ => None,
        });
        assert_eq!(both.unwrap().names, ["origin/main", "main"]);
    }
}
