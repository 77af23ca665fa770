//! Does anything look again where nobody can skip it: in CI?

use std::fs;
use std::path::{Path, PathBuf};

use super::{Check, Section, State, listed};
use crate::file;
use crate::git::Repository;

/// Where CI services keep their files; a folder stands for the YAML in it.
const PLACES: [&str; 15] = [
    ".github/workflows",
    ".forgejo/workflows",
    ".gitea/workflows",
    ".gitlab-ci.yml",
    ".gitlab-ci",
    ".circleci/config.yml",
    ".buildkite",
    ".woodpecker",
    ".woodpecker.yml",
    ".drone.yml",
    ".travis.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "Jenkinsfile",
    "appveyor.yml",
];

/// Words by which scanners of secrets are called in such files.
const SCANNERS: [&str; 14] = [
    "gitleaks",
    "betterleaks",
    "trufflehog",
    "detect-secrets",
    "ggshield",
    "gitguardian",
    "secretlint",
    "kingfisher",
    "noseyparker",
    "talisman",
    "git-secrets",
    "ripsecrets",
    "secret-detection",
    "secret_detection",
];

/// A file of CI above this size is something else.
const FILE_MAX: u64 = 1024 * 1024;

pub(super) fn look(repository: &Repository) -> Option<Check> {
    let top = repository.work_dir()?;
    let files: Vec<PathBuf> = PLACES.iter().flat_map(|place| files_at(&top.join(place))).collect();
    let check = |state, says: String| Some(Check::new("ci", Section::Elsewhere, state, says));
    if files.is_empty() {
        let says = "no file of a CI service is here; CI would see what skipped the hooks";
        return check(State::Note, says.to_owned());
    }
    let texts: Vec<(&PathBuf, String)> = files.iter().map(|file| (file, code_of(file))).collect();
    let name = |file: &Path| file.strip_prefix(top).unwrap_or(file).to_string_lossy().into_owned();
    if let Some((file, _)) = texts.iter().find(|(_, text)| text.contains("keyhook")) {
        return check(State::Good, format!("CI runs keyhook ({})", name(file)));
    }
    let found: Vec<&str> = SCANNERS
        .into_iter()
        .filter(|scanner| texts.iter().any(|(_, text)| text.contains(scanner)))
        .collect();
    if !found.is_empty() {
        return check(State::Good, format!("CI runs another scanner: {}", listed(&found)));
    }
    let says = format!("CI looks for no secrets ({}, …)", name(&files[0]));
    let mend = "add a step to it: keyhook ci --base origin/main";
    check(State::Wrong, says).map(|check| check.mended_by(mend))
}

fn files_at(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    let is_yaml = |path: &PathBuf| {
        path.is_file() && path.extension().is_some_and(|ext| ext == "yml" || ext == "yaml")
    };
    let mut files: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_yaml).collect();
    files.sort();
    files
}

/// Returns the text of a file in small letters, without its comments.
fn code_of(path: &Path) -> String {
    let is_small = path.metadata().is_ok_and(|data| data.len() <= FILE_MAX);
    let bytes = is_small.then(|| file::read(path).ok()).flatten().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    let is_code = |line: &&str| !line.trim_start().starts_with(['#', '/']);
    text.lines().filter(is_code).collect::<Vec<_>>().join("\n")
}
