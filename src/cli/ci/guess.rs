//! The base of a change, as the service that runs the check names it.
//!
//! What the change is to be merged into is asked first, then what the branch was before a push, and
//! the default branch only if neither is named: for a branch that is new, or a run without a push.

use std::fs;

/// What a service says about the base: the first of the names that exists.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Guess {
    pub(super) variable: &'static str,
    pub(super) names: Vec<String>,
    pub(super) kind: Kind,
    /// The default branch, for a commit from before a push that is gone.
    pub(super) otherwise: Vec<String>,
}

/// What a variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The branch that the change is to be merged into.
    TargetBranch,
    /// A commit of that branch.
    TargetCommit,
    /// The commit before a push, or the last one that was looked at; zeros where there was none.
    Before,
    /// The branch that others start from.
    DefaultBranch,
}

impl Kind {
    pub(super) fn is_target(self) -> bool {
        matches!(self, Kind::TargetBranch | Kind::TargetCommit)
    }

    fn is_branch(self) -> bool {
        matches!(self, Kind::TargetBranch | Kind::DefaultBranch)
    }
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

pub(super) fn guess(variable: Variables<'_>) -> Option<Guess> {
    github(variable).or_else(|| {
        VARIABLES.iter().find_map(|&(name, kind)| {
            // Drone names the branch that was pushed as the target of a push.
            let is_push = name == "DRONE_TARGET_BRANCH" && variable("DRONE_PULL_REQUEST").is_none();
            if is_push && kind.is_target() {
                return None;
            }
            let value = variable(name).filter(|value| !is_zero(value))?;
            let value = value.split("...").next().unwrap_or_default().to_owned();
            let names = if kind.is_branch() { branch_names(&value) } else { vec![value] };
            let otherwise =
                if kind == Kind::Before { default_branch(variable) } else { Vec::new() };
            Some(Guess { variable: name, names, kind, otherwise })
        })
    })
}

fn default_branch(variable: Variables<'_>) -> Vec<String> {
    let named = ["CI_DEFAULT_BRANCH", "DRONE_REPO_BRANCH"].iter().find_map(|name| variable(name));
    named.map_or(Vec::new(), |branch| branch_names(&branch))
}

/// The variables of the services but GitHub, in the order in which they are asked.
const VARIABLES: &[(&str, Kind)] = &[
    ("CI_MERGE_REQUEST_DIFF_BASE_SHA", Kind::TargetCommit),
    ("BITBUCKET_PR_DESTINATION_COMMIT", Kind::TargetCommit),
    ("TRAVIS_COMMIT_RANGE", Kind::Before),
    ("PRE_COMMIT_FROM_REF", Kind::Before),
    ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", Kind::TargetBranch),
    ("BITBUCKET_PR_DESTINATION_BRANCH", Kind::TargetBranch),
    ("SYSTEM_PULLREQUEST_TARGETBRANCH", Kind::TargetBranch),
    ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", Kind::TargetBranch),
    ("CHANGE_TARGET", Kind::TargetBranch),
    ("CI_COMMIT_TARGET_BRANCH", Kind::TargetBranch),
    ("DRONE_TARGET_BRANCH", Kind::TargetBranch),
    ("CI_COMMIT_BEFORE_SHA", Kind::Before),
    ("CI_PREV_COMMIT_SHA", Kind::Before),
    ("DRONE_COMMIT_BEFORE", Kind::Before),
    ("GIT_PREVIOUS_SUCCESSFUL_COMMIT", Kind::Before),
    ("CIRCLE_BASE_REVISION", Kind::Before),
    ("CI_DEFAULT_BRANCH", Kind::DefaultBranch),
    ("DRONE_REPO_BRANCH", Kind::DefaultBranch),
    ("DRONE_TARGET_BRANCH", Kind::DefaultBranch),
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
    let found = |names: Vec<String>, kind: Kind| Guess {
        variable: FILE,
        names,
        kind,
        otherwise: Vec::new(),
    };
    let default =
        || text("/repository/default_branch").map_or(Vec::new(), |name| branch_names(&name));
    if let Some(id) = text("/merge_group/base_sha") {
        return Some(found(vec![id], Kind::TargetCommit));
    }
    // The branch as it is now comes first: what is checked out may hold its newest commits, which are
    // no part of the change.
    let target = variable("GITHUB_BASE_REF").map(|branch| branch_names(&branch));
    let base = text("/pull_request/base/sha");
    match (target, base) {
        (Some(names), base) => {
            let names = names.into_iter().chain(base).collect();
            let (variable, kind) = ("GITHUB_BASE_REF", Kind::TargetBranch);
            return Some(Guess { variable, names, kind, otherwise: Vec::new() });
        }
        (None, Some(id)) => return Some(found(vec![id], Kind::TargetCommit)),
        (None, None) => {}
    }
    if let Some(id) = text("/before") {
        return Some(Guess { otherwise: default(), ..found(vec![id], Kind::Before) });
    }
    Some(found(default(), Kind::DefaultBranch)).filter(|guess| !guess.names.is_empty())
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
            (
                &[("DRONE_TARGET_BRANCH", "main"), ("DRONE_COMMIT_BEFORE", "abc")],
                "DRONE_COMMIT_BEFORE",
                "abc",
            ),
            (
                &[
                    ("DRONE_TARGET_BRANCH", "main"),
                    ("DRONE_COMMIT_BEFORE", "abc"),
                    ("DRONE_PULL_REQUEST", "7"),
                ],
                "DRONE_TARGET_BRANCH",
                "origin/main",
            ),
            (&[("DRONE_TARGET_BRANCH", "dev")], "DRONE_TARGET_BRANCH", "origin/dev"),
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
        let pushed = r#"{"before":"abc","repository":{"default_branch":"main"}}"#;
        assert_eq!(names(pushed).unwrap(), ["abc"]);
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
