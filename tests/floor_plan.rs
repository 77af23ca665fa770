//! Who may use whom. Adding an arrow is a design change.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room and the rooms it may use.
const PLAN: &[(&str, &[&str])] = &[
    ("finding", &[]),
    ("rule", &["finding"]),
    ("file", &[]),
    ("git", &["file"]),
    ("terminal", &[]),
    ("detect", &["finding", "rule"]),
    ("baseline", &["finding", "file"]),
    ("config", &["finding"]),
    ("own", &["finding", "file", "detect"]),
    ("source", &["file", "git"]),
    ("scan", &["finding", "rule", "detect", "baseline", "config", "own", "source"]),
    ("hook", &["file", "git"]),
    ("report", &["finding", "rule", "scan", "terminal"]),
    ("audit", &["finding", "rule", "baseline", "source", "terminal"]),
    (
        "cli",
        &[
            "finding", "file", "rule", "git", "terminal", "detect", "baseline", "config", "own",
            "source", "scan", "hook", "report", "audit",
        ],
    ),
];

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Returns the rooms that a file names with `crate::`.
fn rooms_used(text: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for part in text.split("crate::").skip(1) {
        let inside = part.strip_prefix('{').map_or(part, |list| list.split('}').next().unwrap());
        let names: Vec<&str> = if part.starts_with('{') {
            inside.split(',').map(str::trim).collect()
        } else {
            vec![inside]
        };
        for name in names {
            let end =
                name.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(name.len());
            used.insert(name[..end].to_owned());
        }
    }
    used.retain(|name| !name.is_empty());
    used
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in files_below(&source) {
        let inside = file.strip_prefix(&source).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let room = first.trim_end_matches(".rs").to_owned();
        if room == "lib" || room == "main" {
            continue;
        }
        let Some((_, allowed)) = PLAN.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{}: `{room}` is no room", inside.display()));
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        // Tests may use what they need to build their situations.
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for used in rooms_used(code) {
            if used != room && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{}: `{room}` may not use `{used}`", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_plan_has_no_cycle() {
    for (index, (room, uses)) in PLAN.iter().enumerate() {
        let below: BTreeSet<&str> = PLAN[..index].iter().map(|(name, _)| *name).collect();
        let all_below = uses.iter().all(|used| below.contains(used));
        assert!(all_below, "`{room}` uses a room that is not above it in the table");
    }
}

#[test]
fn every_file_of_tests_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let main = fs::read_to_string(folder.join("main.rs")).unwrap();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_module = path.extension().is_some_and(|e| e == "rs") || path.join("mod.rs").exists();
        if is_module && name != "main" {
            assert!(main.contains(&format!("mod {name};")), "tests/main.rs does not list `{name}`");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["src", "tests"].iter().flat_map(|folder| files_below(&root.join(folder))) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//! "), "{} has no module comment", file.display());
    }
}
