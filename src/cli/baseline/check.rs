//! `keyhook baseline check`: what is wrong with the file, and the command that mends it.

use std::io::{self, IsTerminal, Write};

use serde_json::json;

use super::book::{Book, Tree};
use super::{mask_said, masked, one, shown};
use crate::baseline::{BASELINE_NAME, Baseline, Fault, FaultKind, today};
use crate::cli::{Exit, written};
use crate::file;
use crate::finding::Verdict;
use crate::git::Repository;
use crate::report::write_document;
use crate::scan::{Problem, baseline_problem};
use crate::terminal::{Paint, escape, may_color};

/// Look for stale, orphaned, contradictory and overdue entries
///
/// Ends with 1 if there is something to mend. What is overdue or unreviewed counts only if it is asked
/// for.
#[derive(clap::Args)]
pub(super) struct Args {
    /// How to write the faults
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    format: String,
    /// End with 1 if a real secret was not rotated in time
    #[arg(long)]
    fail_overdue: bool,
    /// End with 1 if there is an entry that nobody has looked at
    #[arg(long)]
    fail_unreviewed: bool,
}

impl Args {
    pub(super) fn run(self, repository: &Repository) -> Result<Exit, Vec<Problem>> {
        let book = Book::new(repository).map_err(one)?;
        let text = read(book.path()).map_err(one)?;
        let salt = book.options.salt();
        let baseline =
            Baseline::parse(text.as_bytes(), &salt).map_err(|e| one(baseline_problem(&e)))?;
        baseline.render().map_err(|error| one(baseline_problem(&error)))?;
        let tree = Tree::sweep(repository, None)?;
        let mut faults = baseline.check(&text, &tree.seen(), &|path| tree.has_file(path), today());
        faults.retain(|fault| fault.kind != FaultKind::Stale || !tree.may_miss(&fault.record));
        let does_fail = faults.iter().any(|fault| self.counts(fault));
        let exit = if does_fail { Exit::Findings } else { Exit::Clean };
        let mut out = io::BufWriter::new(io::stdout().lock());
        let result = match self.format.as_str() {
            "json" => self.write_json(&baseline, &faults, &mut out),
            _ => self.write_text(&baseline, &faults, &mut out),
        };
        Ok(written(result.and_then(|()| out.flush()), exit))
    }

    fn counts(&self, fault: &Fault) -> bool {
        match fault.kind {
            FaultKind::Overdue | FaultKind::Undated => self.fail_overdue,
            FaultKind::Unreviewed => self.fail_unreviewed,
            _ => true,
        }
    }

    fn write_text(
        &self,
        baseline: &Baseline,
        faults: &[Fault],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let paint = Paint { is_on: may_color(io::stdout().is_terminal()) };
        let is_shown = |fault: &&Fault| fault.kind != FaultKind::Unreviewed || self.fail_unreviewed;
        let listed: Vec<&Fault> = faults.iter().filter(is_shown).collect();
        for fault in &listed {
            let place = paint.strong(&format!("{BASELINE_NAME}:{}", fault.line));
            let [problem, mend] = [&fault.problem, &fault.mend()].map(|text| masked(text));
            let (kind, problem) = (fault.kind.as_str(), escape(&problem));
            writeln!(out, "{place}  {kind}  {}", shown(&fault.record))?;
            writeln!(out, "     {problem}")?;
            writeln!(out, "     mend  {}", paint.command(&escape(&mend)))?;
        }
        let count = baseline.records().count();
        let open = baseline.records().filter(|r| r.verdict == Verdict::Unreviewed).count();
        let head = match listed.len() {
            0 => "is sound".to_owned(),
            faults => format!("has {faults} fault(s)"),
        };
        writeln!(out, "keyhook: {BASELINE_NAME} {head}: {count} finding(s), {open} unreviewed")
    }

    fn write_json(
        &self,
        baseline: &Baseline,
        faults: &[Fault],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let one = |fault: &Fault| {
            json!({
                "kind": fault.kind.as_str(),
                "line": fault.line,
                "path": fault.record.path,
                "rule": fault.record.rule,
                "fingerprint": fault.record.fingerprint.as_str(),
                "verdict": fault.record.verdict.as_str(),
                "problem": fault.problem,
                "mend": fault.mend(),
                "fails": self.counts(fault),
            })
        };
        let mut document = json!({
            "version": 1,
            "findings": baseline.records().count(),
            "faults": faults.iter().map(one).collect::<Vec<_>>(),
        });
        mask_said(&mut document);
        write_document(&document, out)
    }
}

fn read(path: &std::path::Path) -> Result<String, Problem> {
    let bytes = file::read(path).map_err(|error| {
        let is_absent = error.kind() == io::ErrorKind::NotFound;
        let problem =
            if is_absent { "there is none".into() } else { format!("cannot read it: {error}") };
        let hint = if is_absent { "keyhook baseline create" } else { "check its permissions" };
        Problem { path: BASELINE_NAME.into(), problem, hint: hint.into() }
    })?;
    // Bytes that are no UTF-8 are refused, with their line, by the parser.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
