//! `keyhook baseline diff`: what a reviewer of a changed baseline needs to see.

use std::io::{self, IsTerminal, Write};
use std::path::{Component, Path};

use serde_json::{Value, json};

use super::{mask_said, masked, one, shown, statement};
use crate::baseline::{BASELINE_NAME, Baseline, BaselineError, Change, Difference, Record};
use crate::cli::hook::git_problem;
use crate::cli::{Exit, written};
use crate::file;
use crate::git::{History, Repository};
use crate::report::write_document;
use crate::scan::{Options, Problem, baseline_problem};
use crate::terminal::{Paint, escape, may_color};

/// Show what was added, judged, moved and taken out between two baselines
///
/// Each is a revision, or a file: ./NAME is always the file. Ends with 0 whether or not there is a
/// difference.
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

/// What can be done about a baseline that is damaged.
enum Way {
    /// It is the file that keyhook uses.
    Usual,
    /// It is some other file, or is committed: going back to HEAD would change nothing for it, or
    /// throw away something else.
    Other(&'static str),
}

fn worktree(repository: &Repository) -> Result<Baseline, Problem> {
    let top = repository.work_dir().unwrap_or(Path::new("."));
    let bytes = file::read_if_there(&top.join(BASELINE_NAME))
        .map_err(|error| unreadable(BASELINE_NAME, &error))?;
    parse(repository, BASELINE_NAME, bytes.as_deref(), Way::Usual)
}

/// Reads the baseline of a revision, or a file. A revision without one has an empty one, and so has
/// HEAD before the first commit.
fn load(repository: &Repository, name: &str) -> Result<Baseline, Problem> {
    let path = Path::new(name);
    let read = || {
        let bytes = std::fs::read(path).map_err(|error| unreadable(name, &error))?;
        parse(repository, name, Some(&bytes), Way::Other("mend that line"))
    };
    if !matches!(path.components().next(), None | Some(Component::Normal(_))) {
        return read();
    }
    let Some(commit) = repository.revision(name).map_err(|error| git_problem(&error))? else {
        let has_commit = repository.head_commit().map_err(|error| git_problem(&error))?.is_some();
        return match has_commit {
            // A bare repository holds a file of this name.
            false if name == "HEAD" => parse(repository, name, None, Way::Usual),
            // What `<(…)` of a shell stands for is a pipe.
            _ if path.exists() && !path.is_dir() => read(),
            _ => Err(nothing(name, has_commit)),
        };
    };
    let read = || {
        let history = History::new(repository);
        let entry = history.entry(history.commit(commit)?.tree, BASELINE_NAME.as_bytes())?;
        entry.map(|entry| repository.read_object(entry.id)).transpose()
    };
    let bytes = read().map_err(|error| git_problem(&error))?;
    parse(repository, name, bytes.as_deref(), Way::Other("compare with a revision before it"))
}

fn nothing(name: &str, has_commit: bool) -> Problem {
    let problem = format!("`{}` is no file and no revision", escape(name));
    let hint = match has_commit {
        true => format!("the commits that changed it: git log --oneline -- :/{BASELINE_NAME}"),
        false => "nothing is committed yet, so only files can be compared".to_owned(),
    };
    Problem { path: String::new(), problem, hint }
}

fn parse(
    repository: &Repository,
    name: &str,
    bytes: Option<&[u8]>,
    way: Way,
) -> Result<Baseline, Problem> {
    let salt_dir = Some(repository.common_dir().to_owned());
    let salt = Options { salt_dir, ..Options::default() }.salt();
    let Some(bytes) = bytes else { return Ok(Baseline::new(salt)) };
    Baseline::parse(bytes, &salt).map_err(|error| {
        let problem = Problem { path: escape(name).into_owned(), ..baseline_problem(&error) };
        match (way, error) {
            (Way::Other(hint), BaselineError::Damaged { .. } | BaselineError::Conflict { .. }) => {
                Problem { hint: hint.to_owned(), ..problem }
            }
            _ => problem,
        }
    })
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
