//! Are the files of keyhook itself in order: the baseline and `.keyhook.toml`?

use super::{Check, Fix, Section, State, counted};
use crate::baseline::{BASELINE_NAME, Baseline, BaselineError};
use crate::config::{CONFIG_NAME, Config};
use crate::file;
use crate::finding::{Salt, Verdict};
use crate::git::Repository;
use crate::hook::merge_driver::{self, DriverStatus};
use crate::rule::from_text;
use crate::scan::{Problem, without_secrets};

pub(super) fn look(repository: &Repository) -> Vec<Check> {
    let mut checks = Vec::new();
    for name in [BASELINE_NAME, CONFIG_NAME] {
        match copies(repository, name) {
            Ok((worktree, staged)) => checks.extend(one(name, worktree, staged)),
            Err(problem) => checks.push(check("baseline", State::Unknown, problem)),
        }
    }
    checks.extend(driver(repository));
    checks
}

/// Does git merge the baseline by finding? Asked only where there is one.
fn driver(repository: &Repository) -> Option<Check> {
    let top = repository.work_dir()?;
    let program = std::env::current_exe().ok().filter(|_| top.join(BASELINE_NAME).exists())?;
    let program = program.canonicalize().unwrap_or(program);
    let (state, says) = match merge_driver::status(repository, &program) {
        Ok(DriverStatus::Registered) => {
            return Some(check("merge-driver", State::Good, "git merges the baseline by finding"));
        }
        Ok(DriverStatus::Outdated) => {
            (State::Wrong, "git merges the baseline with another program than this".to_owned())
        }
        Ok(DriverStatus::Absent) => (
            State::Wrong,
            "git merges the baseline by its lines here, so two branches may meet in a conflict"
                .to_owned(),
        ),
        Err(error) => (State::Unknown, format!("cannot see how git merges the baseline: {error}")),
    };
    Some(check("merge-driver", state, says).mended_by("keyhook install").fixed_by(Fix::MergeDriver))
}

pub(super) fn register_driver(repository: &Repository) -> Result<String, String> {
    let fail = |error: String| format!("git merges the baseline as before: {error}");
    let program = std::env::current_exe().map_err(|error| fail(error.to_string()))?;
    let program = program.canonicalize().unwrap_or(program);
    merge_driver::register(repository, &program).map_err(|error| fail(error.to_string()))?;
    Ok("git merges the baseline by finding (keyhook uninstall undoes it)".to_owned())
}

fn check(id: &'static str, state: State, says: impl Into<String>) -> Check {
    Check::new(id, Section::Baseline, state, says)
}

/// Returns the file as it is in the worktree and as it is staged.
type Copies = (Option<Vec<u8>>, Option<Vec<u8>>);

fn copies(repository: &Repository, name: &str) -> Result<Copies, String> {
    let top = repository.work_dir().unwrap_or(repository.common_dir());
    let worktree = file::read_if_there(&top.join(name))
        .map_err(|error| format!("cannot read {name}: {error}"))?;
    let entry = repository.staged_entry(name).map_err(|error| format!("{name}: {error}"))?;
    let staged = entry.map(|entry| repository.read_object(entry.id)).transpose();
    Ok((worktree, staged.map_err(|error| format!("{name}: {error}"))?))
}

fn one(name: &'static str, worktree: Option<Vec<u8>>, staged: Option<Vec<u8>>) -> Vec<Check> {
    let id = if name == BASELINE_NAME { "baseline" } else { "settings" };
    let (bytes, which) = match (&staged, &worktree) {
        (None, None) if name == BASELINE_NAME => {
            let says = format!("there is no {name}: nothing is accepted, everything found blocks");
            return vec![check(id, State::Good, says)];
        }
        (None, None) => return Vec::new(),
        (Some(staged), _) => (staged, "as it is staged"),
        (None, Some(worktree)) => (worktree, "in the worktree"),
    };
    let mut checks = content(name, id, bytes, which);
    let add = format!("git add {name}");
    match (&staged, &worktree) {
        (None, Some(_)) => {
            let says = format!("{name} is not staged, so the hook does not see it");
            checks.push(check(id, State::Wrong, says).mended_at_top_by(add));
        }
        (Some(_), None) => {
            let says = format!("{name} is gone from the worktree; the staged one counts");
            let mend = format!("git checkout -- {name}");
            checks.push(check(id, State::Wrong, says).mended_at_top_by(mend));
        }
        (Some(staged), Some(worktree)) if staged != worktree => {
            let says = format!("{name} in the worktree differs from the staged one, which counts");
            checks.push(check(id, State::Wrong, says).mended_at_top_by(add));
        }
        _ => {}
    }
    checks
}

fn content(name: &str, id: &'static str, bytes: &[u8], which: &str) -> Vec<Check> {
    if name == CONFIG_NAME {
        let text = String::from_utf8_lossy(bytes);
        let problem = Config::parse(&text).map_err(|e| e.to_string()).and_then(|config| {
            from_text(&text).map(|_| config).map_err(|e| format!("cannot use {CONFIG_NAME}: {e}"))
        });
        return match problem {
            Ok(config) if config.disable.is_empty() => {
                vec![check(id, State::Good, format!("{name} can be used"))]
            }
            Ok(config) => {
                let off = counted(config.disable.len(), "rule");
                let says = format!("{name} switches {off} off");
                vec![check(id, State::Note, says).with_details(config.disable)]
            }
            Err(problem) => {
                let problem = without_secret(problem);
                let says = format!("{problem} ({which}); every commit is blocked");
                vec![
                    check(id, State::Wrong, says)
                        .mended_by(format!("mend it, then: git add {name}")),
                ]
            }
        };
    }
    match Baseline::parse(bytes, &Salt::none()) {
        Ok(baseline) => accepted(&baseline, id),
        Err(error) => {
            let problem = without_secret(error.to_string());
            let says = format!("{problem} ({which}); a commit with a finding is blocked");
            vec![check(id, State::Wrong, says).mended_by(error.hint())]
        }
    }
}

/// The message about a broken file quotes it.
fn without_secret(problem: String) -> String {
    let (path, hint) = (String::new(), String::new());
    without_secrets(Problem { path, problem, hint }).problem
}

fn accepted(baseline: &Baseline, id: &'static str) -> Vec<Check> {
    if matches!(baseline.render(), Err(BaselineError::NotOurs)) {
        let says = format!("{BASELINE_NAME} is detect-secrets' own; keyhook honours it");
        return vec![check(id, State::Good, says)];
    }
    let count = |verdict: Verdict| baseline.records().filter(|r| r.verdict == verdict).count();
    let all = counted(baseline.records().count(), "finding");
    let mut details = Vec::new();
    match count(Verdict::Unreviewed) {
        0 => {}
        unseen => details.push(format!("{unseen} of them nobody has looked at")),
    }
    match count(Verdict::Real) {
        0 => {}
        real => details.push(format!("{real} of them real, to be rotated")),
    }
    let says = format!("{BASELINE_NAME} can be used; it accepts {all}");
    let mut checks = vec![check(id, State::Good, says).with_details(details)];
    let today = jiff::Zoned::now().date().to_string();
    let is_late = |day: &String| *day < today;
    let late = baseline.records().filter(|record| {
        record.verdict == Verdict::Real && record.rotate_by.as_ref().is_some_and(is_late)
    });
    let late: Vec<String> = late
        .map(|r| {
            let day = r.rotate_by.as_deref().unwrap_or_default();
            format!("{} {} in {}, by {day}", &r.fingerprint.as_str()[..6], r.rule, r.path)
        })
        .collect();
    if !late.is_empty() {
        let says =
            format!("{} should have been rotated by now", counted(late.len(), "real secret"));
        checks.push(check("rotate", State::Wrong, says).with_details(late));
    }
    checks
}
