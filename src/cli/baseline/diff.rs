//! `keyhook baseline diff`: what a reviewer of a changed baseline needs to see.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::{mask_said, masked, one, shown, statement};
use crate::baseline::{BASELINE_NAME, Baseline, Change, Difference, Record};
use crate::cli::{Exit, written};
use crate::file;
use crate::git::Repository;
use crate::report::write_document;
use crate::scan::{Options, Problem, baseline_problem};
use crate::terminal::{Paint, escape, may_color};

/// Show what was added, judged, moved and taken out between two baselines
///
/// Each is a file or a revision. Ends with 0 whether or not there is a difference.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The older one
    #[arg(default_value = "HEAD")]
    before: String,
    /// The newer one [default: the file in the worktree]
    after: Option<String>,
    /// How to write the differences
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

impl Args {
    pub(super) fn run(self, repository: &Repository) -> Result<Exit, Vec<Problem>> {
        let before = load(repository, &self.before).map_err(one)?;
        let after = match &self.after {
            Some(after) => load(repository, after),
            None => worktree(repository),
        };
        let difference = Difference::between(&before, &after.map_err(one)?);
        let mut out = io::BufWriter::new(io::stdout().lock());
        let result = match self.format.as_str() {
            "json" => write_json(&difference, &mut out),
            _ => write_text(&difference, &mut out),
        };
        Ok(written(result.and_then(|()| out.flush()), Exit::Clean))
    }
}

fn worktree(repository: &Repository) -> Result<Baseline, Problem> {
    let top = repository.work_dir().unwrap_or(Path::new("."));
    let bytes = file::read_if_there(&top.join(BASELINE_NAME))
        .map_err(|error| unreadable(BASELINE_NAME, &error))?;
    parse(repository, BASELINE_NAME, bytes.as_deref())
}

/// Reads a file, or the baseline of a revision; a revision without one has an empty one.
fn load(repository: &Repository, name: &str) -> Result<Baseline, Problem> {
    let path = Path::new(name);
    let read = || {
        let bytes = std::fs::read(path).map_err(|error| unreadable(name, &error))?;
        parse(repository, name, Some(&bytes))
    };
    if path.is_file() {
        return read();
    }
    let git = repository.git();
    let commit = format!("{name}^{{commit}}");
    let found = git.run(["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]);
    let id = match found {
        Ok(id) => id,
        // What `<(…)` of a shell stands for is a pipe.
        Err(_) if path.exists() && !path.is_dir() => return read(),
        Err(_) => {
            return Err(Problem {
                path: String::new(),
                problem: format!("`{}` is no file and no revision", escape(name)),
                hint: "keyhook baseline diff main HEAD".into(),
            });
        }
    };
    let id = String::from_utf8_lossy(&id).trim().to_owned();
    let blob = git.run(["cat-file", "blob", &format!("{id}:{BASELINE_NAME}")]).ok();
    parse(repository, name, blob.as_deref())
}

fn parse(repository: &Repository, name: &str, bytes: Option<&[u8]>) -> Result<Baseline, Problem> {
    let salt_dir = Some(repository.common_dir().to_owned());
    let salt = Options { salt_dir, ..Options::default() }.salt();
    let Some(bytes) = bytes else { return Ok(Baseline::new(salt)) };
    let parsed = Baseline::parse(bytes, &salt);
    parsed.map_err(|error| Problem { path: escape(name).into_owned(), ..baseline_problem(&error) })
}

fn unreadable(name: &str, error: &io::Error) -> Problem {
    Problem {
        path: escape(name).into_owned(),
        problem: format!("cannot read it: {error}"),
        hint: "check its permissions".into(),
    }
}

fn write_text(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint { is_on: may_color(io::stdout().is_terminal()) };
    let mut counts = [0; 4];
    for change in &difference.changes {
        let (at, text) = match change {
            Change::Added(record) => {
                (0, format!("added  {}\n         {}", shown(record), statement(record)))
            }
            Change::Changed { before, after } => (
                1,
                format!(
                    "judged {}\n         {}\n         was {}",
                    shown(after),
                    statement(after),
                    statement(before)
                ),
            ),
            Change::Moved { before, after } => {
                let from = masked(&before.path);
                let from = escape(&from);
                let said = moved_statement(before, after);
                (2, format!("moved  {from} -> {}{said}", shown(after)))
            }
            Change::Gone(record) => {
                (3, format!("gone   {}\n         was {}", shown(record), statement(record)))
            }
        };
        counts[at] += 1;
        writeln!(out, "  {text}")?;
    }
    if difference.is_other_salt {
        let note =
            "the two have no salt in common, so the same secret is named differently in each";
        writeln!(out, "  {}", paint.dim(note))?;
    }
    let [added, judged, moved, gone] = counts;
    writeln!(out, "keyhook: {added} added, {judged} judged, {moved} moved, {gone} gone")
}

fn moved_statement(before: &Record, after: &Record) -> String {
    let is_same = Record { path: after.path.clone(), ..before.clone() } == *after;
    if is_same {
        return String::new();
    }
    format!("\n         {}\n         was {}", statement(after), statement(before))
}

fn write_json(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    let record = |record: &Record| serde_json::to_value(record).unwrap_or(Value::Null);
    let one = |change: &Change| match change {
        Change::Added(after) => json!({ "change": "added", "after": record(after) }),
        Change::Gone(before) => json!({ "change": "gone", "before": record(before) }),
        Change::Moved { before, after } => {
            json!({ "change": "moved", "before": record(before), "after": record(after) })
        }
        Change::Changed { before, after } => {
            json!({ "change": "judged", "before": record(before), "after": record(after) })
        }
    };
    let mut document = json!({
        "version": 1,
        "changes": difference.changes.iter().map(one).collect::<Vec<_>>(),
        "other-salt": difference.is_other_salt,
    });
    mask_said(&mut document);
    write_document(&document, out)
}
