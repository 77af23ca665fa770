//! Runs the checks of the fuzz targets on their stored corpora, so that what fuzzing once reached stays
//! sound without it. `run` beside this file looks for more.
//!
//! The checks of `index`, `trees` and `replies` stand in `src/git/fuzz.rs`, and are run there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

mod checks {
    pub mod baseline;
    pub mod config;
    pub mod decode;
    pub mod detect;
    pub mod gitleaks;
    pub mod import;
    pub mod layers;
    pub mod rules;
}
mod corpus;

/// Panics for an input that is not dealt with as it should be.
type Check = fn(&[u8]);

/// The checks that are run here, by the name of their target.
const CHECKS: [(&str, Check); 8] = [
    ("baseline", checks::baseline::check),
    ("config", checks::config::check),
    ("decode", checks::decode::check),
    ("detect", checks::detect::check),
    ("gitleaks", checks::gitleaks::check),
    ("import", checks::import::check),
    ("layers", checks::layers::check),
    ("rules", checks::rules::check),
];

/// The checks that the library runs itself.
const INSIDE: [&str; 3] = ["index", "replies", "trees"];

fn replay(target: &str) {
    let (_, check) = CHECKS.iter().find(|(name, _)| *name == target).unwrap();
    for input in corpus::inputs(target) {
        let result = std::panic::catch_unwind(|| check(&input));
        assert!(result.is_ok(), "{target} fails with {}", input.escape_ascii());
    }
}

#[test]
fn baselines() {
    replay("baseline");
}

#[test]
fn configurations() {
    replay("config");
}

#[test]
fn decoded_texts() {
    replay("decode");
}

#[test]
fn texts() {
    replay("detect");
}

#[test]
fn gitleaks_files() {
    replay("gitleaks");
}

#[test]
fn files_of_other_scanners() {
    replay("import");
}

#[test]
fn encoded_texts() {
    replay("layers");
}

#[test]
fn rule_files() {
    replay("rules");
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_is_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let names_in = |inside: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(folder.join(inside)).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
    };
    let checked = CHECKS.iter().map(|(name, _)| *name).chain(INSIDE);
    let checked: BTreeSet<String> = checked.map(str::to_owned).collect();
    assert_eq!(names_in("fuzz_targets"), checked);
    assert_eq!(names_in("corpus"), checked);
}
