//! `keyhook scan`: the same engine on the staged change, files or standard input.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use super::hook::note_stale_settings;
use super::{Exit, fail, fail_git, parse_confidence, parse_reader, say, written};
use crate::finding::Confidence;
use crate::git::{GitError, Reader, Repository};
use crate::report::{Occasion, TextReport, write_json, write_jsonl, write_sarif};
use crate::rule::RuleSet;
use crate::scan::{Options, Outcome, scan};
use crate::source::{FilesSource, StagedSource, StdinSource, Unread};
use crate::terminal::{Paint, may_color};

/// Look for secrets in files, the staged change or standard input
#[derive(clap::Args)]
pub(super) struct Args {
    /// Files and folders; a folder means what git tracks or would track [default: .]
    #[arg(conflicts_with_all = ["staged", "stdin"])]
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
    /// Include files that git ignores
    #[arg(long)]
    all: bool,
    /// How to write the findings
    #[arg(long, default_value = "text", value_parser = ["text", "json", "jsonl", "sarif"])]
    format: String,
    /// The lowest confidence to report: low, medium or high [default: medium]
    #[arg(long, value_parser = parse_confidence)]
    confidence: Option<Confidence>,
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
            Err(GitError::NotARepository(_)) if !self.staged => None,
            Err(GitError::NoGit(_)) if !self.staged => None,
            Err(error) => return fail_git(&error),
        };
        let options = Options {
            confidence: self.confidence,
            is_without_baseline: self.no_baseline,
            salt_dir: repository.as_ref().map(|repository| repository.common_dir().to_owned()),
        };
        match self.look(repository.as_ref(), &options) {
            Ok(outcome) => self.report(&outcome),
            Err(unread) => {
                let path = crate::source::path_text(&unread.path);
                let path = crate::terminal::escape(&path).into_owned();
                let place = if path.is_empty() { path } else { format!("{path}: ") };
                fail(&format!("{place}{}", unread.problem), &[unread.hint])
            }
        }
    }

    fn look(&self, repository: Option<&Repository>, options: &Options) -> Result<Outcome, Unread> {
        if let (true, Some(repository)) = (self.staged, repository) {
            let mut source = StagedSource::open(repository)?;
            let mut outcome = scan(&mut source, options);
            note_stale_settings(&source, &mut outcome);
            return Ok(outcome);
        }
        if self.stdin {
            let mut source = StdinSource::new(io::stdin().lock(), &self.stdin_path, repository);
            return Ok(scan(&mut source, options));
        }
        let default = [PathBuf::from(".")];
        let paths = if self.paths.is_empty() { &default[..] } else { &self.paths };
        Ok(scan(&mut FilesSource::open(paths, self.all, repository)?, options))
    }

    fn report(&self, outcome: &Outcome) -> Exit {
        let mut rules = RuleSet::builtin();
        rules.add(outcome.own_rules.clone());
        let mut out = io::BufWriter::new(io::stdout().lock());
        let result = match self.format.as_str() {
            "json" => write_json(outcome, &mut out),
            "jsonl" => write_jsonl(outcome, &mut out),
            "sarif" => write_sarif(outcome, &rules, &mut out),
            _ => {
                let paint = Paint { is_on: may_color(io::stdout().is_terminal()) };
                TextReport { occasion: Occasion::Scan, paint, rules: &rules }
                    .write(outcome, &mut out)
            }
        };
        let result = result.and_then(|()| out.flush());
        if self.format != "text" {
            for problem in &outcome.unread {
                say(&format!("error: {}", crate::terminal::escape(&problem.to_string())));
            }
        }
        written(result, outcome.exit())
    }
}
