//! `keyhook baseline import`: takes over what other scanners have accepted.
//!
//! Every file is read and every entry paired before anything is written; a damaged file stops all of
//! it. What is written is the baseline alone. The other scanner's file stays as it is, except that
//! detect-secrets' gives up its name.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSetBuilder};

use super::baseline::problem;
use super::{Exit, UNQUOTED, is_telling, user, written};
use crate::baseline::import::{FORMATS, Format, Parsed, Site, format_called, recognise};
use crate::baseline::{BASELINE_NAME, today};
use crate::config::CONFIG_NAME;
use crate::detect::Engine;
use crate::file;
use crate::finding::{Confidence, Verdict};
use crate::git::{Git, Repository};
use crate::report::write_document;
use crate::rule::RuleSet;
use crate::scan::{Found, Masker, Problem};
use crate::terminal::{Paint, escape, may_color};

mod ledger;
mod plan;
mod report;
mod tree;

use ledger::{ASIDE, Ledger, Written};
use plan::{Choice, FilePlan, Input, Terms};
use report::{Note, Report};
use tree::Staged;

/// Take over what another scanner has accepted: from FILE, or from all its files that are here
#[derive(clap::Args)]
#[command(after_help = "Knows the files of detect-secrets, gitleaks, betterleaks, kingfisher, \
    ripsecrets, talisman,\ngit-secrets, ggshield and secretlint. Show first what it would do: \
    keyhook baseline import --dry-run")]
pub(super) struct Args {
    /// Files of other scanners [default: every known one in the repository]
    files: Vec<PathBuf>,
    /// The format of the files, if it is not recognised: detect-secrets, gitleaks, gitleaks-ignore,
    /// betterleaks, betterleaks-ignore, kingfisher, ripsecrets, talisman, git-secrets, ggshield,
    /// secretlint or secretlint-ignore
    #[arg(long, value_name = "FORMAT", value_parser = parse_format, requires = "files", hide_possible_values = true)]
    from: Option<&'static str>,
    /// Show what would be carried over and what not, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// The verdict for entries whose format has none: unreviewed, false-positive, real or revoked
    #[arg(long, default_value = "unreviewed", value_parser = parse_verdict)]
    verdict: Verdict,
    /// Why they are accepted [default: what the file says, or the name of the scanner]
    #[arg(long)]
    reason: Option<String>,
    /// How to write the report
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

fn parse_format(text: &str) -> Result<&'static str, String> {
    format_called(text).map(|format| format.name).ok_or_else(|| {
        let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        format!("expected one of {}", names.join(", "))
    })
}

fn parse_verdict(text: &str) -> Result<Verdict, String> {
    match text {
        "unreviewed" => Ok(Verdict::Unreviewed),
        "false-positive" => Ok(Verdict::FalsePositive),
        "real" => Ok(Verdict::Real),
        "revoked" => Ok(Verdict::Revoked),
        _ => Err("expected unreviewed, false-positive, real or revoked".into()),
    }
}

impl Args {
    pub(super) fn run(self, repository: &Repository) -> Result<Exit, Vec<Problem>> {
        let problem = |problem: &str, hint: &str| {
            let (path, problem, hint) = (String::new(), problem.to_owned(), hint.to_owned());
            vec![Problem { path, problem, hint }]
        };
        if self.reason.as_deref().is_some_and(is_telling) {
            return Err(problem("the reason holds a secret", UNQUOTED));
        }
        let top = repository.work_dir().ok_or_else(|| {
            problem("a bare repository has no baseline to change", "run it in a clone")
        })?;
        let mut inputs = self.inputs(top)?;
        let is_foreign = ledger::is_foreign(repository, top).map_err(|problem| vec![problem])?;
        if is_foreign && inputs.iter().all(|input| input.name != BASELINE_NAME) {
            let hint = "name it too, or take every known file: keyhook baseline import".to_owned();
            let problem = "it is detect-secrets' file, and has to be imported first".to_owned();
            return Err(vec![Problem { path: BASELINE_NAME.into(), problem, hint }]);
        }
        let found = tree::sweep(repository)?;
        let engine = Engine::new(RuleSet::builtin());
        let masker = Masker::new(&engine).knowing(found.iter().map(|found| &found.secret));
        for input in &mut inputs {
            drop_told_secrets(&mut input.parsed, &masker);
        }
        let parsed: Vec<&Parsed> = inputs.iter().map(|input| &input.parsed).collect();
        let staged = Staged::open(repository, &parsed).map_err(|problem| vec![problem])?;
        let paths: BTreeSet<&str> = found.iter().map(|found| &found.finding.path[..]).collect();
        let texts: BTreeMap<&str, Vec<u8>> =
            paths.into_iter().map(|path| (path, staged.text(path))).collect();
        let site = |found| tree::site(found, &texts[&found.finding.path[..]]);
        let sites: Vec<Site<'_>> = found.iter().map(site).collect();
        let own_secrets = own_secrets(&inputs, &found);
        // The lock is taken now that the long work is done.
        let mut ledger =
            Ledger::open(repository, top, self.dry_run).map_err(|problem| vec![problem])?;
        let terms = Terms { choice: &self.choice(repository), own_secrets: &own_secrets };
        let files: Vec<FilePlan> = inputs
            .into_iter()
            .map(|input| plan::plan(input, &sites, &staged, &terms, ledger.baseline()))
            .collect();
        let excluded = count_excluded(&files, &sites);
        let notes = notes(repository, top);
        self.finish(ledger, &files, &notes, excluded, &masker)
    }

    fn finish(
        &self,
        ledger: Ledger<'_>,
        files: &[FilePlan],
        notes: &[Note],
        excluded: usize,
        masker: &Masker<'_>,
    ) -> Result<Exit, Vec<Problem>> {
        let Written { is_changed, is_moved } = ledger.close().map_err(|problem| vec![problem])?;
        let is_text = self.format == "text";
        let paint = Paint { is_on: is_text && may_color(io::stdout().is_terminal()) };
        let report = Report {
            files,
            is_dry: self.dry_run,
            is_changed,
            is_moved,
            notes,
            excluded,
            masker,
            paint,
        };
        let mut out = io::BufWriter::new(io::stdout().lock());
        let result =
            if is_text { report.write(&mut out) } else { write_document(&report.json(), &mut out) };
        Ok(written(result.and_then(|()| out.flush()), Exit::Clean))
    }

    fn choice(&self, repository: &Repository) -> Choice {
        Choice {
            verdict: self.verdict,
            reason: self.reason.clone(),
            by: user(repository),
            on: today().to_string(),
        }
    }

    /// Reads the files, or says of each that cannot be read why.
    fn inputs(&self, top: &Path) -> Result<Vec<Input>, Vec<Problem>> {
        let files = if self.files.is_empty() {
            known_files(top)?
        } else {
            self.files.iter().map(|file| (shown_name(top, file), file.clone())).collect()
        };
        let (mut inputs, mut problems) = (Vec::new(), Vec::new());
        for (name, path) in files {
            match self.input(&name, &path) {
                Ok(input) => inputs.push(input),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(inputs) } else { Err(problems) }
    }

    fn input(&self, name: &str, path: &Path) -> Result<Input, Problem> {
        let problem = |problem: String, hint: &str| Problem {
            path: escape(name).into_owned(),
            problem,
            hint: hint.to_owned(),
        };
        // A file that was named may be a pipe; one that was found is not waited for.
        let bytes = if self.files.is_empty() { file::read(path) } else { std::fs::read(path) };
        let bytes =
            bytes.map_err(|error| problem(format!("cannot read it: {error}"), "check the path"))?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let line = 1 + memchr::memchr_iter(b'\n', &bytes[..error.valid_up_to()]).count();
            problem(format!("line {line}: it is not UTF-8"), RESTORE)
        })?;
        if is_ours(text) {
            return Err(problem("it is keyhook's own baseline".into(), "keyhook baseline update"));
        }
        let format = match self.from {
            Some(name) => format_called(name),
            None => recognise(name, text),
        };
        let format = format.ok_or_else(|| {
            let what = "keyhook does not recognise its format".to_owned();
            problem(what, "name it with --from, see: keyhook baseline import --help")
        })?;
        let parsed = (format.parse)(text).map_err(|damage| {
            problem(format!("cannot read it as {}: {damage}", format.name), RESTORE)
        })?;
        Ok(Input { name: name.to_owned(), parsed, format: format.name })
    }
}

/// What to do about a damaged file.
const RESTORE: &str = "nothing was written; restore or mend it, or name its format with --from";

/// A comment that quotes a secret does not go into the baseline.
fn drop_told_secrets(parsed: &mut Parsed, masker: &Masker<'_>) {
    for entry in &mut parsed.entries {
        entry.reason = entry.reason.take().filter(|reason| masker.message(reason) == *reason);
    }
}

fn is_ours(text: &str) -> bool {
    text.contains("\"salts\"") && text.contains("\"findings\"") && !text.contains("\"results\"")
}

/// Returns the path from the top of the repository, or as typed for a file outside of it.
fn shown_name(top: &Path, file: &Path) -> String {
    let inside = file.canonicalize().ok().and_then(|full| {
        let top = top.canonicalize().ok()?;
        Some(full.strip_prefix(top).ok()?.to_owned())
    });
    inside.as_deref().unwrap_or(file).to_string_lossy().replace('\\', "/")
}

/// Finds every file of another scanner: those with its own name at the top, and reports anywhere.
fn known_files(top: &Path) -> Result<Vec<(String, PathBuf)>, Vec<Problem>> {
    let names = Git::isolated(top).files(false).map_err(|error| {
        let hint = error.hint().unwrap_or_default().to_owned();
        vec![Problem { path: String::new(), problem: error.to_string(), hint }]
    })?;
    let mut found = Vec::new();
    for name in names.iter().filter_map(|name| std::str::from_utf8(name).ok()) {
        let base = name.rsplit('/').next().unwrap_or(name);
        let named: Vec<&Format> = FORMATS.iter().filter(|format| (format.is_named)(base)).collect();
        let is_fixed = base.starts_with('.') && !name.contains('/');
        let is_report = || {
            let is_data = [".json", ".yaml", ".yml"].iter().any(|end| base.ends_with(end));
            let is_telling =
                base.contains("baseline") || base.contains("leaks") || !named.is_empty();
            is_data && is_telling && !base.starts_with('.')
        };
        if !(is_fixed && !named.is_empty() || is_report()) {
            continue;
        }
        let path = top.join(name);
        let text = file::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        // A report is known by its content; a file with a scanner's own name is meant for it.
        if !is_ours(&text) && (is_fixed || FORMATS.iter().any(|format| (format.is_like)(&text))) {
            found.push((name.to_owned(), path));
        }
    }
    // What detect-secrets' audit said comes first; the others have no verdicts to add.
    found.sort_by_key(|(name, _): &(String, PathBuf)| (name != BASELINE_NAME, name.clone()));
    if found.is_empty() {
        let problem = "no file of another scanner is here".to_owned();
        let hint = "name it: keyhook baseline import FILE".to_owned();
        return Err(vec![Problem { path: String::new(), problem, hint }]);
    }
    Ok(found)
}

/// Counts what stands in the imported files themselves; guesses do not count.
fn own_secrets(inputs: &[Input], found: &[Found]) -> BTreeMap<String, usize> {
    let in_file = |name: &str| {
        let inside = found.iter().filter(|found| found.finding.path == name);
        inside.filter(|found| found.finding.confidence >= Confidence::Medium).count()
    };
    inputs.iter().map(|input| (input.name.clone(), in_file(&input.name))).collect()
}

fn count_excluded(files: &[FilePlan], sites: &[Site<'_>]) -> usize {
    let mut set = GlobSetBuilder::new();
    for glob in report::globs(files) {
        if let Ok(glob) = GlobBuilder::new(&glob).literal_separator(true).build() {
            set.add(glob);
        }
    }
    let set = set.build().unwrap_or_default();
    sites.iter().filter(|site| set.is_match(site.path)).count()
}

/// What else of another scanner the repository has.
fn notes(repository: &Repository, top: &Path) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |text: &str, step: &str| {
        notes.push(Note { text: text.to_owned(), step: step.to_owned() });
    };
    let read = |name: &str| {
        let bytes = file::read(&top.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    if repository.config("secrets.allowed").ok().flatten().is_some() {
        let text = "git-secrets has patterns in git's own configuration; to import them too";
        note(text, "git config --get-all secrets.allowed >> .gitallowed");
    }
    if top.join(".gitleaks.toml").exists() && !read(CONFIG_NAME).contains("gitleaks") {
        let text = "for the rules and allowlists of .gitleaks.toml, put into .keyhook.toml";
        note(text, "gitleaks = \".gitleaks.toml\"");
    }
    let hooks = read(".pre-commit-config.yaml");
    if hooks.contains("detect-secrets") && hooks.contains(BASELINE_NAME) {
        let text = ".pre-commit-config.yaml still gives .secrets.baseline to detect-secrets, which \
            cannot read keyhook's; take that hook out, or change its argument";
        note(text, &format!("args: [--baseline, {ASIDE}]"));
    }
    notes
}
