//! `keyhook scan`: the same engine on the staged change, files, standard input or commits.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::hook::note_stale_settings;
use super::{Exit, commits, fail, fail_git, parse_confidence, parse_reader, say, written};
use crate::finding::Confidence;
use crate::git::{GitError, Reader, Repository};
use crate::own::Machine;
use crate::report::{
    Occasion, TextReport, write_explanation, write_explanation_json, write_json, write_jsonl,
    write_sarif,
};
use crate::rule::RuleSet;
use crate::scan::{Explanation, Options, Outcome, explain, scan};
use crate::source::{FilesSource, StagedSource, StdinSource, Unread};
use crate::terminal::{Paint, may_color};

/// Look for secrets in files, the staged change, commits or standard input
#[derive(clap::Args)]
pub(super) struct Args {
    /// Files and folders; a folder means what git tracks or would track [default: .]
    #[arg(conflicts_with_all = ["staged", "stdin", "range", "history"])]
    paths: Vec<PathBuf>,
    /// Look at what the next commit will contain
    #[arg(long, conflicts_with = "stdin")]
    staged: bool,
    /// Look at standard input
    #[arg(long)]
    stdin: bool,
    /// The file name under which standard input is judged and reported
    #[arg(long, value_name = "PATH", default_value = "<stdin>", requires = "stdin")]
    stdin_path: String,
    /// Look at each commit that B has and A has not
    #[arg(long, value_name = "A..B", conflicts_with_all = ["staged", "stdin", "history", "all"])]
    range: Option<String>,
    /// Look at every commit of every branch and tag
    #[arg(long, conflicts_with_all = ["staged", "stdin", "all"])]
    history: bool,
    /// Include files that git ignores
    #[arg(long)]
    all: bool,
    /// How to write the findings
    #[arg(long, default_value = "text", value_parser = ["text", "json", "jsonl", "sarif"])]
    format: String,
    /// The lowest confidence to report: low, medium or high [default: medium]
    #[arg(long, value_parser = parse_confidence)]
    confidence: Option<Confidence>,
    /// Say of a line which rules looked at it, and why they spoke or stayed quiet; without a line,
    /// of all that was passed over
    #[arg(long, value_name = "FILE:LINE", num_args = 0..=1,
        conflicts_with_all = ["staged", "range", "history"])]
    explain: Option<Option<String>>,
    /// Report accepted findings too, as if there were no baseline
    #[arg(long)]
    no_baseline: bool,
    /// Which reader to use
    #[arg(long, hide = true, default_value = "auto", value_parser = parse_reader)]
    reader: Reader,
}

impl Args {
    pub(super) fn run(self) -> Exit {
        let repository = match Repository::open(self.reader) {
            Ok(repository) => Some(repository),
            Err(GitError::NotARepository(_)) if !self.needs_git() => None,
            Err(GitError::NoGit(_)) if !self.needs_git() => None,
            Err(error) => return fail_git(&error),
        };
        let top = repository.as_ref().and_then(Repository::work_dir);
        let options = Options {
            confidence: self.confidence,
            is_without_baseline: self.no_baseline,
            salt_dir: repository.as_ref().map(|repository| repository.common_dir().to_owned()),
            own: self.looks_for_own_keys().then(|| Machine::here(top)).flatten(),
        };
        let exit = if let Some(asked) = &self.explain {
            self.explain(asked.as_deref(), repository.as_ref(), &options)
        } else {
            let outcome = self.look(repository.as_ref(), &options);
            let is_outside = repository.is_none();
            let occasion = if is_outside { Occasion::ScanOutside } else { Occasion::Scan };
            let is_at_top = repository.as_ref().is_none_or(Repository::is_at_top);
            outcome.map(|outcome| report(&self.format, (occasion, is_at_top), &outcome))
        };
        exit.unwrap_or_else(|unread| {
            let path = crate::source::path_text(&unread.path);
            let path = crate::terminal::escape(&path).into_owned();
            let place = if path.is_empty() { path } else { format!("{path}: ") };
            fail(&format!("{place}{}", unread.problem), &[unread.hint])
        })
    }

    fn needs_git(&self) -> bool {
        self.staged || self.history || self.range.is_some()
    }

    /// What is in the history has left, or will be looked at by whoever sends it.
    fn looks_for_own_keys(&self) -> bool {
        !self.history && self.range.is_none()
    }

    fn explain(
        &self,
        asked: Option<&str>,
        repository: Option<&Repository>,
        options: &Options,
    ) -> Result<Exit, Unread> {
        if !matches!(self.format.as_str(), "text" | "json") {
            let hint = "keyhook scan --explain FILE:LINE --format json".to_owned();
            return Ok(fail("an explanation is written as text or json", &[hint]));
        }
        if self.stdin {
            let line = asked.map(str::parse::<usize>).transpose();
            let Ok(line) = line else {
                let hint = "keyhook scan --stdin --explain 12".to_owned();
                return Ok(fail("of standard input a line is named by its number", &[hint]));
            };
            let mut source = StdinSource::new(io::stdin().lock(), &self.stdin_path, repository);
            return Ok(self.report_explanation(&explain(&mut source, options, line)));
        }
        let mut paths: Vec<PathBuf> = asked.map(PathBuf::from).into_iter().collect();
        paths.extend(self.paths.iter().cloned());
        if paths.is_empty() {
            paths.push(PathBuf::from("."));
        }
        let mut all = Explanation::default();
        for path in paths {
            let (path, line) = target(&path, repository);
            let mut source = FilesSource::open(&[path], self.all, repository)?;
            all.add(explain(&mut source, options, line));
        }
        Ok(self.report_explanation(&all))
    }

    fn report_explanation(&self, explanation: &Explanation) -> Exit {
        let mut out = io::BufWriter::new(io::stdout().lock());
        let result = if self.format == "json" {
            write_explanation_json(explanation, &mut out)
        } else {
            let paint = Paint { is_on: may_color(io::stdout().is_terminal()) };
            write_explanation(explanation, paint, &mut out)
        };
        let exit = if explanation.unread.is_empty() { Exit::Clean } else { Exit::Failed };
        written(result.and_then(|()| out.flush()), exit)
    }

    fn look(&self, repository: Option<&Repository>, options: &Options) -> Result<Outcome, Unread> {
        if let (true, Some(repository)) = (self.staged, repository) {
            let mut source = StagedSource::open(repository)?;
            let mut outcome = scan(&mut source, options);
            note_stale_settings(&source, &mut outcome);
            return Ok(outcome);
        }
        if let (Some(range), Some(repository)) = (&self.range, repository) {
            return commits::look_at_range(repository, range, options);
        }
        if let (true, Some(repository)) = (self.history, repository) {
            return commits::look_at_history(repository, options);
        }
        if self.stdin {
            let mut source = StdinSource::new(io::stdin().lock(), &self.stdin_path, repository);
            return Ok(scan(&mut source, options));
        }
        let default = [PathBuf::from(".")];
        let paths = if self.paths.is_empty() { &default[..] } else { &self.paths };
        Ok(scan(&mut FilesSource::open(paths, self.all, repository)?, options))
    }
}

/// Writes an outcome in one of the formats and returns the exit code; with the occasion goes whether
/// the user is at the top of the repository.
pub(super) fn report(
    format: &str,
    (occasion, is_at_top): (Occasion, bool),
    outcome: &Outcome,
) -> Exit {
    let mut rules = RuleSet::builtin();
    rules.add(outcome.own_rules.clone());
    let mut out = io::BufWriter::new(io::stdout().lock());
    let result = match format {
        "json" => write_json(outcome, &mut out),
        "jsonl" => write_jsonl(outcome, &mut out),
        "sarif" => write_sarif(outcome, &rules, &mut out),
        _ => {
            let paint = Paint { is_on: may_color(io::stdout().is_terminal()) };
            TextReport { occasion, paint, rules: &rules, is_at_top }.write(outcome, &mut out)
        }
    };
    let result = result.and_then(|()| out.flush());
    if format != "text" {
        for problem in &outcome.unread {
            say(&format!("error: {}", crate::terminal::escape(&problem.to_string())));
        }
    }
    // The other formats have a place for them.
    if format == "jsonl" {
        for note in &outcome.notes {
            say(&format!("keyhook: note: {}", crate::terminal::escape(note)));
        }
    }
    written(result, outcome.exit())
}

/// Splits `FILE:LINE`, or `FILE:LINE:COLUMN` as findings print it. A finding names its file from the
/// top of the repository, wherever the user is.
fn target(typed: &Path, repository: Option<&Repository>) -> (PathBuf, Option<usize>) {
    let in_place = |path: &Path| {
        let from_top = repository.and_then(Repository::work_dir).map(|top| top.join(path));
        from_top.filter(|path| path.exists()).unwrap_or_else(|| path.to_owned())
    };
    if typed.exists() {
        return (typed.to_owned(), None);
    }
    let mut rest = typed.to_string_lossy().into_owned();
    let mut line = None;
    for _ in 0..2 {
        let Some((file, number)) = rest.rsplit_once(':') else { break };
        let Ok(number) = number.parse() else { break };
        line = Some(number);
        rest = file.to_owned();
    }
    let path = if line.is_some() { PathBuf::from(rest) } else { typed.to_owned() };
    (if path.exists() { path } else { in_place(&path) }, line)
}
