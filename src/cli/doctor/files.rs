//! Files that hold keys: ignored by git, and not tracked?

use std::io::{Read, Write};
use std::path::Path;

use super::{Check, Fix, Section, State, counted, quoted};
use crate::baseline::{BASELINE_NAME, Baseline};
use crate::file::{self, Links};
use crate::finding::Salt;
use crate::git::Repository;

/// Files that are there to hold values, by git's patterns.
const PATTERNS: [&str; 15] = [
    ".env",
    ".env.*",
    "*.env",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.ppk",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    ".netrc",
];

/// Endings of files that show what a real one looks like.
const TEMPLATES: [&str; 9] =
    ["example", "sample", "template", "dist", "defaults", "default", "schema", "tpl", "tmpl"];

/// How much of a file is read to see whether it holds a private key.
const HEAD_MAX: u64 = 64 * 1024;

/// A list on a screen ends somewhere.
pub(super) const SHOWN_MAX: usize = 10;

pub(super) fn look(repository: &Repository) -> Vec<Check> {
    let Some(top) = repository.work_dir() else { return Vec::new() };
    let listed = |arguments: &[&str]| sensitive(repository, arguments);
    let (tracked, loose) =
        match (listed(&["--cached"]), listed(&["--others", "--exclude-standard"])) {
            (Ok(tracked), Ok(loose)) => (tracked, loose),
            (Err(error), _) | (_, Err(error)) => {
                let says = format!("git does not tell which files there are: {error}");
                return vec![Check::new("files", Section::Files, State::Unknown, says)];
            }
        };
    let accepted = accepted_paths(top);
    let holds = |path: &String| !accepted.contains(path) && holds_values(&top.join(path));
    let tracked: Vec<String> = tracked.into_iter().filter(holds).collect();
    let loose: Vec<String> = loose.into_iter().filter(holds).collect();
    let mut checks = Vec::new();
    if let Some(first) = tracked.first() {
        let says = format!("git tracks {} that should stay here", counted(tracked.len(), "file"));
        let mend = format!(
            "git rm --cached -- {} && echo {} >> .gitignore",
            quoted(first),
            quoted(&ignore_line(first))
        );
        let check = Check::new("tracked", Section::Files, State::Wrong, says).mended_by(mend);
        checks.push(check.with_details(shown(&tracked)));
    }
    for path in loose.iter().take(SHOWN_MAX) {
        let says = format!("{path} is not ignored: one `git add .` takes it along");
        let line = ignore_line(path);
        let mend = format!("echo {} >> .gitignore", quoted(&line));
        let check = Check::new("not-ignored", Section::Files, State::Wrong, says);
        checks.push(check.mended_by(mend).fixed_by(Fix::Ignore(line)));
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
    (!is_ignored).then(|| check.mended_by("echo .env >> .gitignore"))
}

/// Lists the files of a kind that match one of the patterns and are no templates.
pub(super) fn sensitive(
    repository: &Repository,
    kind: &[&str],
) -> Result<Vec<String>, crate::git::GitError> {
    let mut arguments = vec!["ls-files".to_owned(), "-z".to_owned(), "--full-name".to_owned()];
    arguments.extend(kind.iter().map(|word| (*word).to_owned()));
    arguments.push("--".to_owned());
    arguments.extend(PATTERNS.iter().map(|pattern| format!(":(top,glob,icase)**/{pattern}")));
    let reply = repository.git().run(arguments)?;
    let names = reply.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let names = names.map(|name| String::from_utf8_lossy(name).into_owned());
    let mut names: Vec<String> = names.filter(|name| !is_template(name)).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn is_template(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    name.split(['.', '-', '_']).any(|part| TEMPLATES.contains(&part))
}

/// Certificates and public keys end in `.pem` too, and an empty `.env` gives nothing away.
fn holds_values(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    // A file that is gone from the worktree is still tracked.
    if !path.is_file() {
        return true;
    }
    let mut head = Vec::new();
    let Ok(Some(file)) = file::open(path, Links::Followed) else { return true };
    if file.take(HEAD_MAX).read_to_end(&mut head).is_err() {
        return true;
    }
    if name.ends_with(".pem") || name.ends_with(".key") {
        return memchr::memmem::find(&head, b"PRIVATE KEY").is_some();
    }
    if name.contains(".env") {
        return super::environments::values(&head).next().is_some();
    }
    !head.is_empty()
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

/// Returns the pattern for exactly this file.
fn ignore_line(path: &str) -> String {
    let mut line = String::from("/");
    for c in path.chars() {
        if matches!(c, '\\' | '*' | '?' | '[') || c == ' ' && path.ends_with(' ') {
            line.push('\\');
        }
        line.push(c);
    }
    line
}

/// Adds lines to `.gitignore`, and nothing else.
pub(super) fn ignore(top: &Path, lines: &[&str]) -> Result<String, String> {
    let path = top.join(".gitignore");
    let fail = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    let old = file::read_if_there(&path).map_err(fail)?.unwrap_or_default();
    if lines.iter().any(|line| line.contains(['\n', '\r'])) {
        return Err("a file name with a line break cannot stand in .gitignore".to_owned());
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_told_from_real_files() {
        for name in [".env.example", "a/.env.sample", ".env.dist", "example.env", "config.tmpl.key"]
        {
            assert!(is_template(name), "{name}");
        }
        for name in [".env", ".env.production", "samples/.env", "server.key", "id_rsa"] {
            assert!(!is_template(name), "{name}");
        }
    }

    #[test]
    fn the_line_for_gitignore_means_that_file_only() {
        assert_eq!(ignore_line("a/.env"), "/a/.env");
        assert_eq!(ignore_line("a*[b].env"), "/a\\*\\[b].env");
    }
}
