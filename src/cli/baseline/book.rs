//! The baseline of the worktree and the tree that it is about, for every command that changes it.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use crate::baseline::{BASELINE_NAME, Baseline, Opened, Record, Seen, Store};
use crate::config::{CONFIG_NAME, Config};
use crate::finding::Confidence;
use crate::git::Repository;
use crate::own::Machine;
use crate::rule::OWN_KEY;
use crate::scan::{Found, Options, Outcome, Problem, baseline_problem, scan_secrets};
use crate::source::{Source, TrackedSource, Unread};

/// How often to try to stage the file while another git holds the index.
const STAGE_TRIES: usize = 20;

/// The baseline of the worktree, to be changed and written.
pub(in crate::cli) struct Book<'a> {
    repository: &'a Repository,
    store: Store,
    /// How to scan for what may be accepted.
    pub(in crate::cli) options: Options,
}

/// All that stands in the tree, whatever the baseline says of it.
pub(in crate::cli) struct Tree {
    /// How many files were looked at.
    pub(in crate::cli) files: usize,
    found: Vec<Found>,
    /// The confidence from which on a finding is reported here.
    least: Confidence,
    /// The files, for asking whether one is there.
    paths: HashSet<Vec<u8>>,
}

impl Book<'_> {
    pub(in crate::cli) fn new(repository: &Repository) -> Result<Book<'_>, Problem> {
        let top = repository.work_dir().ok_or_else(|| Problem {
            path: String::new(),
            problem: "a bare repository has no baseline to change".into(),
            hint: "run it in a clone".into(),
        })?;
        let salt_dir = Some(repository.common_dir().to_owned());
        let own = Machine::here(repository.work_dir());
        let confidence = Some(Confidence::Low);
        let options = Options { confidence, salt_dir, own, ..Options::default() };
        Ok(Book { repository, store: Store::new(top, repository.common_dir()), options })
    }

    /// Reads the file; `None` if there is none.
    pub(in crate::cli) fn read(&self) -> Result<Option<Baseline>, Problem> {
        self.store.read().map_err(|error| baseline_problem(&error))
    }

    /// Returns where the file lies.
    pub(in crate::cli) fn path(&self) -> &Path {
        self.store.path()
    }

    /// Takes the lock and reads the file. Look at the tree before: others wait.
    pub(in crate::cli) fn open(&self) -> Result<Opened, Problem> {
        self.store.open().map_err(|error| baseline_problem(&error))
    }

    /// Writes the file and stages it; returns whether it changed.
    pub(in crate::cli) fn close(&self, mut opened: Opened) -> Result<bool, Problem> {
        let is_changed = opened.save().map_err(|error| baseline_problem(&error))?;
        // The lock is held until here, so two keyhooks do not meet at the index either.
        self.stage()?;
        Ok(is_changed)
    }

    /// Stages the file, with some patience for another git that is at work.
    pub(in crate::cli) fn stage(&self) -> Result<(), Problem> {
        let mut tries = 1..=STAGE_TRIES;
        loop {
            let Err(error) = self.repository.stage(self.store.path()) else { return Ok(()) };
            if tries.next().is_some() && error.to_string().contains("index.lock") {
                std::thread::sleep(Duration::from_millis(50));
                continue;
            }
            return Err(Problem {
                path: BASELINE_NAME.into(),
                problem: format!("written, but not staged: {error}"),
                hint: format!("git add {BASELINE_NAME}"),
            });
        }
    }
}

impl Tree {
    /// Scans everything that is staged or committed. `least` is the confidence from which on
    /// something is recorded; what was recorded below it is still seen.
    pub(in crate::cli) fn sweep(
        repository: &Repository,
        least: Option<Confidence>,
    ) -> Result<Tree, Vec<Problem>> {
        let tracked = repository.tracked().map_err(|error| {
            let hint = error.hint().unwrap_or_default().to_owned();
            vec![Problem { path: String::new(), problem: error.to_string(), hint }]
        })?;
        let paths = tracked.into_iter().map(|(path, _)| path).collect();
        let mut source = TrackedSource::open(repository).map_err(|unread| vec![problem(unread)])?;
        let options = Options {
            confidence: Some(Confidence::Low),
            is_without_baseline: true,
            salt_dir: Some(repository.common_dir().to_owned()),
            own: Machine::here(repository.work_dir()),
        };
        let least = least.unwrap_or_else(|| configured(&source));
        let (outcome, found) = scan_secrets(&mut source, &options);
        let Outcome { unread, files, .. } = outcome;
        // A baseline made from half of the tree would let the other half block or pass by chance.
        if unread.is_empty() { Ok(Tree { files, found, least, paths }) } else { Err(unread) }
    }

    /// Returns what stands in the tree.
    pub(in crate::cli) fn seen(&self) -> Vec<Seen<'_>> {
        let seen = self.found.iter().map(|Found { finding, secret }| Seen {
            secret,
            rule: &finding.rule,
            path: &finding.path,
            is_wanted: finding.confidence >= self.least,
        });
        seen.collect()
    }

    /// Returns whether a recorded value may stand in its file unseen: what is live on one machine is
    /// nothing on another.
    pub(in crate::cli) fn may_miss(&self, record: &Record) -> bool {
        record.rule == OWN_KEY && self.has_file(&record.path)
    }

    /// Returns whether the file is there.
    pub(in crate::cli) fn has_file(&self, path: &str) -> bool {
        self.paths.contains(path.as_bytes())
    }
}

/// Returns the confidence that the repository's settings ask for. Settings that cannot be used stop
/// the scan, which says why.
fn configured(source: &dyn Source) -> Confidence {
    let bytes = source.setting(CONFIG_NAME).ok().flatten();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.and_then(|text| Config::parse(&text).ok()).unwrap_or_default().confidence
}

pub(in crate::cli) fn problem(unread: Unread) -> Problem {
    let path = crate::source::path_text(&unread.path);
    Problem { path, problem: unread.problem, hint: unread.hint }
}
