//! `keyhook baseline merge`: by hand, and as git's merge driver.
//!
//! As a driver it must never be worse than git itself. What it cannot read, because one side is
//! damaged, of another tool or of a newer keyhook, it gives to git's text merge.

use std::fs;
use std::path::{Path, PathBuf};

use super::book::Book;
use super::{one, shown, statement};
use crate::baseline::{BASELINE_NAME, Baseline, BaselineError, Merged, Preference, merge, replace};
use crate::cli::{Exit, say};
use crate::finding::Salt;
use crate::git::{Git, Repository};
use crate::scan::{Problem, baseline_problem, without_secrets};

/// Merge two baselines, finding by finding
///
/// Without files it takes what git left of a conflict in the index, and stages the result. With
/// three files it merges OURS and THEIRS, both made of BASE, into OURS, as git's merge drivers do.
/// Ends with 1 if two people said different things of one finding; both lines are then in the file.
#[derive(clap::Args)]
pub(super) struct Args {
    /// What both sides started from
    #[arg(requires = "theirs")]
    base: Option<PathBuf>,
    /// One side; the result is written there
    ours: Option<PathBuf>,
    /// The other side
    theirs: Option<PathBuf>,
    /// The name of the file, for messages
    #[arg(hide = true)]
    name: Option<String>,
    /// Which verdict stands where two contradict each other: ours, theirs or safest
    #[arg(long, value_parser = parse_preference)]
    prefer: Option<Preference>,
}

fn parse_preference(text: &str) -> Result<Preference, String> {
    match text {
        "ours" => Ok(Preference::Ours),
        "theirs" => Ok(Preference::Theirs),
        "safest" => Ok(Preference::Safest),
        _ => Err("expected ours, theirs or safest".to_owned()),
    }
}

impl Args {
    /// Merges files if three are named: that needs no repository, and git calls it in any folder.
    pub(super) fn run_on_files(&self) -> Option<Result<Exit, Vec<Problem>>> {
        let files = [self.base.as_deref()?, self.ours.as_deref()?, self.theirs.as_deref()?];
        Some(self.merge_files(files).map_err(one))
    }

    /// Merges the three stages that a conflict leaves in the index.
    pub(super) fn run(self, repository: &Repository) -> Result<Exit, Vec<Problem>> {
        self.merge_index(repository).map_err(one)
    }

    fn merge_files(&self, files: [&Path; 3]) -> Result<Exit, Problem> {
        let mut sides = Vec::new();
        for file in files {
            let bytes = fs::read(file).map_err(|error| Problem {
                path: crate::terminal::escape(&file.to_string_lossy()).into_owned(),
                problem: format!("cannot read it: {error}"),
                hint: "keyhook baseline merge BASE OURS THEIRS".into(),
            })?;
            sides.push(bytes);
        }
        match merge_bytes([&sides[0], &sides[1], &sides[2]]) {
            Ok(merged) => {
                let (text, exit) = self.answer(merged)?;
                replace(files[1], text).map_err(|error| baseline_problem(&error))?;
                Ok(exit)
            }
            Err(error) => {
                let problem = without_secrets(baseline_problem(&error));
                say(&format!("keyhook: {problem}; git merges it line by line"));
                Ok(merge_lines(files))
            }
        }
    }

    fn merge_index(&self, repository: &Repository) -> Result<Exit, Problem> {
        let book = Book::new(repository)?;
        let stage = |number: u8| {
            repository.git().run(["cat-file", "blob", &format!(":{number}:{BASELINE_NAME}")]).ok()
        };
        let (base, ours, theirs) = (stage(1), stage(2), stage(3));
        let (Some(ours), Some(theirs)) = (ours, theirs) else {
            return Err(Problem {
                path: BASELINE_NAME.into(),
                problem: "git has no two sides of it to merge".into(),
                hint: format!(
                    "a conflict that was staged comes back with: git checkout -m -- {BASELINE_NAME}"
                ),
            });
        };
        let sides = [base.as_deref().unwrap_or_default(), &ours, &theirs];
        let merged = merge_bytes(sides).map_err(|error| baseline_problem(&error))?;
        let (text, exit) = self.answer(merged)?;
        if !book.path().exists() {
            fs::write(book.path(), "").map_err(|error| {
                baseline_problem(&BaselineError::Write(book.path().to_owned(), error))
            })?;
        }
        replace(book.path(), text).map_err(|error| baseline_problem(&error))?;
        if exit == Exit::Clean {
            book.stage()?;
            say(&format!("keyhook: {BASELINE_NAME} is merged and staged"));
        }
        Ok(exit)
    }

    fn answer(&self, merged: Merged) -> Result<(String, Exit), Problem> {
        if let Some(preference) = self.prefer {
            let text = merged.settle(preference).render();
            return Ok((text.map_err(|error| baseline_problem(&error))?, Exit::Clean));
        }
        let text = merged.render("ours", "theirs");
        let mut exit = Exit::Clean;
        for (ours, theirs) in merged.conflicts() {
            say(&format!("keyhook: two verdicts for {}", shown(ours)));
            say(&format!("  ours    {}", statement(ours)));
            say(&format!("  theirs  {}", statement(theirs)));
            exit = Exit::Findings;
        }
        if exit == Exit::Findings {
            let name = self.name.as_deref().unwrap_or(BASELINE_NAME);
            say(&format!(
                "  delete one of the two lines in {}, or: keyhook baseline merge --prefer \
                 ours|theirs|safest",
                crate::terminal::escape(name)
            ));
        }
        Ok((text, exit))
    }
}

fn merge_bytes(sides: [&[u8]; 3]) -> Result<Merged, BaselineError> {
    // The merged file has the salts of both sides, and never this one.
    let salt = Salt::none();
    let ours = Baseline::parse(sides[1], &salt)?;
    let theirs = Baseline::parse(sides[2], &salt)?;
    // Both sides began a baseline: git's common ancestor is then an empty file.
    let base = match sides[0].trim_ascii() {
        b"" => Baseline::new(salt),
        bytes => Baseline::parse(bytes, &salt)?,
    };
    merge(&base, &ours, &theirs)
}

/// What git would have done without a driver.
fn merge_lines([base, ours, theirs]: [&Path; 3]) -> Exit {
    let mut command = Git::new(Path::new(".")).command();
    command.args(["merge-file", "-q", "-L", "ours", "-L", "base", "-L", "theirs", "--"]);
    command.args([ours, base, theirs]);
    match command.status().ok().and_then(|status| status.code()) {
        Some(0) => Exit::Clean,
        Some(1..=127) => Exit::Findings,
        _ => Exit::Failed,
    }
}
