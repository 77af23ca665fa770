//! Files that hold keys: ignored by git, and not tracked?

use std::io::{Read, Write};
use std::path::Path;

use super::{Check, Fix, Section, State, counted};
use crate::baseline::{BASELINE_NAME, Baseline};
use crate::config::{CONFIG_NAME, Config};
use crate::file::{self, Links};
use crate::finding::Salt;
use crate::git::{GitError, Repository, to_path};
use crate::report::{ignore_command, ignore_line, untrack_command};
use crate::scan::{is_guarded_name, is_sensitive};
use crate::source::path_text;

/// How much of a file is read to see what it holds.
const READ_MAX: u64 = 1 << 20;

/// A list on a screen ends somewhere.
pub(super) const SHOWN_MAX: usize = 10;

pub(super) fn look(repository: &Repository) -> Vec<Check> {
    let Some(top) = repository.work_dir() else { return Vec::new() };
    let config = settings(top);
    let listed = |arguments: &[&str]| warning_names(repository, arguments, &config);
    let (tracked, loose) =
        match (listed(&["--cached"]), listed(&["--others", "--exclude-standard"])) {
            (Ok(tracked), Ok(loose)) => (tracked, loose),
            (Err(error), _) | (_, Err(error)) => {
                let says = format!("git does not tell which files there are: {error}");
                return vec![Check::new("files", Section::Files, State::Unknown, says)];
            }
        };
    let accepted = accepted_paths(top);
    let held = |name: &Vec<u8>, bytes: Option<Vec<u8>>| {
        let path = path_text(name);
        let holds = bytes.is_none_or(|bytes| is_sensitive(&path, &bytes, &config));
        (holds && !accepted.contains(&path)).then_some(path)
    };
    let tracked: Vec<String> =
        tracked.iter().filter_map(|name| held(name, staged(repository, name))).collect();
    let loose: Vec<String> =
        loose.iter().filter_map(|name| held(name, in_worktree(top, name))).collect();
    let mut checks = Vec::new();
    if let Some(first) = tracked.first() {
        let says = format!("git tracks {} that should stay here", counted(tracked.len(), "file"));
        let ignore = ignore_command(&ignore_line(first));
        let mend = format!("{} && {ignore}", untrack_command(first, true));
        let check =
            Check::new("tracked", Section::Files, State::Wrong, says).mended_at_top_by(mend);
        checks.push(check.with_details(shown(&tracked)));
    }
    for path in loose.iter().take(SHOWN_MAX) {
        let says = format!("{path} is not ignored: one `git add .` takes it along");
        let line = ignore_line(path);
        let check = Check::new("not-ignored", Section::Files, State::Wrong, says);
        let check = check.mended_at_top_by(ignore_command(&line));
        checks.push(check.fixed_by(Fix::Ignore(line)));
    }
    if checks.is_empty() {
        let says = "no file of keys (.env, *.pem, id_rsa …) is tracked, or waits to be";
        checks.push(Check::new("files", Section::Files, State::Good, says));
        checks.extend(no_rule_for_env(repository));
    }
    checks
}

/// Where nothing is wrong yet, the next `.env` may be.
fn no_rule_for_env(repository: &Repository) -> Option<Check> {
    let mut command = repository.git().command();
    command.args(["check-ignore", "--quiet", "--no-index", ".env"]);
    let is_ignored = command.output().is_ok_and(|output| output.status.code() != Some(1));
    let says = "git would not ignore a file .env here";
    let check = Check::new("env-rule", Section::Files, State::Note, says);
    (!is_ignored).then(|| check.mended_at_top_by("echo .env >> .gitignore"))
}

/// Lists the files of a kind whose name is a warning, from the top of the repository.
pub(super) fn warning_names(
    repository: &Repository,
    kind: &[&str],
    config: &Config,
) -> Result<Vec<Vec<u8>>, GitError> {
    let mut arguments = vec!["ls-files", "-z", "--full-name"];
    arguments.extend(kind);
    // From a folder below, all of the repository is meant.
    arguments.extend(["--", ":(top)"]);
    let reply = repository.git().run(arguments)?;
    let names = reply.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let is_warning = |name: &&[u8]| {
        let path = path_text(name);
        is_guarded_name(&path) || config.is_guarded(&path)
    };
    let mut names: Vec<Vec<u8>> = names.filter(is_warning).map(<[u8]>::to_vec).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// What git has of a file; what cannot be read may hold anything.
fn staged(repository: &Repository, name: &[u8]) -> Option<Vec<u8>> {
    let entry = repository.staged_entry(name).ok().flatten()?;
    repository.read_object(entry.id).ok()
}

fn in_worktree(top: &Path, name: &[u8]) -> Option<Vec<u8>> {
    let path = top.join(to_path(name)?);
    let mut bytes = Vec::new();
    // A link, a pipe or a device is none of this.
    let Some(file) = file::open(&path, Links::Refused).ok()? else { return Some(bytes) };
    file.take(READ_MAX).read_to_end(&mut bytes).ok().map(|_| bytes)
}

/// The settings of the worktree; broken ones have their own answer.
pub(super) fn settings(top: &Path) -> Config {
    let text = file::read(&top.join(CONFIG_NAME)).unwrap_or_default();
    Config::parse(&String::from_utf8_lossy(&text)).unwrap_or_default()
}

/// The files with a finding that somebody has accepted.
fn accepted_paths(top: &Path) -> Vec<String> {
    let Ok(bytes) = file::read(&top.join(BASELINE_NAME)) else { return Vec::new() };
    let Ok(baseline) = Baseline::parse(&bytes, &Salt::none()) else { return Vec::new() };
    baseline.records().map(|record| record.path.clone()).collect()
}

fn shown(paths: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = paths.iter().take(SHOWN_MAX).cloned().collect();
    if paths.len() > SHOWN_MAX {
        lines.push(format!("and {} more", paths.len() - SHOWN_MAX));
    }
    lines
}

/// Adds lines to `.gitignore`, and nothing else.
pub(super) fn ignore(top: &Path, lines: &[&str]) -> Result<String, String> {
    let path = top.join(".gitignore");
    let fail = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    let old = file::read_if_there(&path).map_err(fail)?.unwrap_or_default();
    let mut text = old;
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    for line in lines {
        writeln!(text, "{line}").expect("a vector grows");
    }
    crate::baseline::write_whole(&path, &text).map_err(fail)?;
    Ok(format!("added to .gitignore: {}", lines.join(" ")))
}
