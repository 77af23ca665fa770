//! The baseline on disk while it is judged: every verdict is written before the screen shows it.
//!
//! Others may change the file meanwhile: another keyhook, a merge, a checkout. What they wrote is
//! taken in, and a verdict is refused if it was given to something that has changed since it was
//! shown, so nobody's answer is overwritten unseen.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::fs;
use std::time::SystemTime;

use crate::baseline::{Baseline, BaselineError, Opened, Place, Record, Statement, Store, Undo};
use crate::finding::{Fingerprint, Verdict};

/// A verdict for one value in one file.
#[derive(Clone, Debug)]
pub struct Change {
    /// Names the value.
    pub fingerprint: Fingerprint,
    /// The rule that found it.
    pub rule: String,
    /// The file.
    pub path: String,
    /// The record as it was shown; `None` if there was none.
    pub shown: Option<Record>,
    /// What is said.
    pub statement: Statement,
}

/// Why a verdict was not written.
#[derive(Debug)]
pub enum LedgerError {
    /// The baseline cannot be used.
    Baseline(BaselineError),
    /// Somebody else changed these files' records meanwhile; their answer was taken in.
    Changed(Vec<String>),
}

impl From<BaselineError> for LedgerError {
    fn from(error: BaselineError) -> LedgerError {
        LedgerError::Baseline(error)
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LedgerError::Baseline(error) => write!(f, "{error}"),
            LedgerError::Changed(paths) => {
                let first = paths.first().map_or("", String::as_str);
                let more = match paths.len() {
                    0 | 1 => String::new(),
                    count => format!(" and {} more", count - 1),
                };
                write!(f, "not saved: {first}{more} was judged by somebody else meanwhile")
            }
        }
    }
}

impl std::error::Error for LedgerError {}

/// The baseline, as last read or written.
pub struct Ledger {
    store: Store,
    baseline: Baseline,
    stamp: Option<Stamp>,
    steps: Vec<Step>,
    has_written: bool,
}

/// When and how large the file was.
type Stamp = (SystemTime, u64, u64);

/// What one verdict changed.
struct Step {
    undos: Vec<Undo>,
    /// The records of the values right after it.
    after: Vec<Record>,
    values: Vec<Fingerprint>,
}

impl Ledger {
    /// Reads the file; a repository without one gets it with the first verdict.
    pub fn open(store: Store) -> Result<Ledger, BaselineError> {
        let stamp = stamp(&store);
        // Through the lock, so that a file which cannot be changed is refused before any work.
        let baseline = store.open()?.baseline;
        Ok(Ledger { store, baseline, stamp, steps: Vec::new(), has_written: false })
    }

    /// Returns what is known.
    pub fn baseline(&self) -> &Baseline {
        &self.baseline
    }

    /// Returns whether anything was written.
    pub fn has_written(&self) -> bool {
        self.has_written
    }

    /// Returns whether there is a verdict to take back.
    pub fn can_undo(&self) -> bool {
        !self.steps.is_empty()
    }

    /// Takes in what somebody else wrote; returns whether there was something.
    pub fn refresh(&mut self) -> Result<bool, BaselineError> {
        let now = stamp(&self.store);
        if now == self.stamp {
            return Ok(false);
        }
        // Also after an error: it is said once, not at every look.
        self.stamp = now;
        let Some(baseline) = self.store.read()? else {
            // Taken away by a checkout: it is as if nothing had been accepted.
            let is_known = self.baseline.records().next().is_some();
            self.baseline = self.store.open()?.baseline;
            return Ok(is_known);
        };
        if baseline.is_foreign() {
            return Err(BaselineError::NotOurs);
        }
        let is_changed = !baseline.records().eq(self.baseline.records());
        self.baseline = baseline;
        Ok(is_changed)
    }

    /// Writes verdicts, all or none.
    pub fn record(&mut self, changes: &[Change]) -> Result<(), LedgerError> {
        let mut opened = self.store.open()?;
        let stale = stale(&opened.baseline, changes);
        if !stale.is_empty() {
            self.adopt(opened);
            return Err(LedgerError::Changed(stale));
        }
        let mut undos = Vec::new();
        let mut covered = covered(&opened.baseline);
        for change in changes {
            let Change { fingerprint, rule, path, shown, statement } = change;
            // A fact about a value needs one record, wherever the value stands.
            if statement.verdict != Verdict::FalsePositive {
                covered.remove(fingerprint);
            } else if !covered.insert(fingerprint.clone()) && shown.is_none() {
                continue;
            }
            undos.push(opened.baseline.set_verdict(Place { fingerprint, rule, path }, statement));
            // It has moved: the record follows.
            if let Some(old) = shown.as_ref().filter(|old| old.path != *path) {
                opened.baseline.remove(old);
            }
        }
        self.has_written |= opened.save()?;
        let values: Vec<Fingerprint> = changes.iter().map(|c| c.fingerprint.clone()).collect();
        let after = records_of(&opened.baseline, &values);
        self.adopt(opened);
        self.steps.push(Step { undos, after, values });
        Ok(())
    }

    /// Takes the last verdict back, and returns the values that it was about; `None` if there is
    /// nothing to take back.
    pub fn undo(&mut self) -> Result<Option<Vec<Fingerprint>>, LedgerError> {
        let Some(step) = self.steps.last() else { return Ok(None) };
        let mut opened = self.store.open()?;
        if records_of(&opened.baseline, &step.values) != step.after {
            let paths = step.after.iter().map(|record| record.path.clone()).collect();
            self.adopt(opened);
            return Err(LedgerError::Changed(paths));
        }
        step.undos.iter().rev().for_each(|undo| opened.baseline.undo(undo));
        self.has_written |= opened.save()?;
        self.adopt(opened);
        Ok(self.steps.pop().map(|step| step.values))
    }

    fn adopt(&mut self, opened: Opened) {
        self.baseline = opened.baseline;
        self.stamp = stamp(&self.store);
    }
}

/// Returns the files whose record is no longer what was shown.
fn stale(baseline: &Baseline, changes: &[Change]) -> Vec<String> {
    let now: HashMap<(&Fingerprint, &str), &Record> =
        baseline.records().map(|r| ((&r.fingerprint, &r.path[..]), r)).collect();
    let is_stale = |change: &&Change| {
        let path = change.shown.as_ref().map_or(&change.path, |record| &record.path);
        now.get(&(&change.fingerprint, &path[..])).copied() != change.shown.as_ref()
    };
    changes.iter().filter(is_stale).map(|change| change.path.clone()).collect()
}

/// Returns the values that are known to be no secrets.
fn covered(baseline: &Baseline) -> HashSet<Fingerprint> {
    let no_secrets = baseline.records().filter(|r| r.verdict == Verdict::FalsePositive);
    no_secrets.map(|record| record.fingerprint.clone()).collect()
}

fn records_of(baseline: &Baseline, values: &[Fingerprint]) -> Vec<Record> {
    let values: BTreeSet<&Fingerprint> = values.iter().collect();
    values.into_iter().flat_map(|value| baseline.records_of(value)).cloned().collect()
}

fn stamp(store: &Store) -> Option<Stamp> {
    let metadata = fs::metadata(store.path()).ok()?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let number = 0;
    Some((metadata.modified().ok()?, metadata.len(), number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Secret;

    struct Desk {
        _folder: tempfile::TempDir,
        store: Store,
    }

    fn desk() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path(), &folder.path().join(".git"));
        Desk { _folder: folder, store }
    }

    fn change(ledger: &Ledger, value: &str, path: &str, verdict: Verdict) -> Change {
        let fingerprint = ledger.baseline().fingerprint(&Secret::new(value.as_bytes()));
        let is_it = |record: &&Record| record.fingerprint == fingerprint && record.path == path;
        let shown = ledger.baseline().records().find(is_it).cloned();
        let statement = Statement { verdict, ..Statement::unreviewed() };
        Change { fingerprint, rule: "acme-token".into(), path: path.into(), shown, statement }
    }

    fn verdicts(ledger: &Ledger) -> Vec<(String, Verdict)> {
        let mut all: Vec<(String, Verdict)> =
            ledger.baseline().records().map(|r| (r.path.clone(), r.verdict)).collect();
        all.sort();
        all
    }

    #[test]
    fn a_verdict_is_on_disk_when_the_call_returns_and_can_be_taken_back() {
        let desk = desk();
        let mut ledger = Ledger::open(desk.store.clone()).unwrap();
        assert!(!desk.store.path().exists(), "looking makes no file");
        ledger.record(&[change(&ledger, "one", "a", Verdict::Real)]).unwrap();
        let on_disk = Ledger::open(desk.store.clone()).unwrap();
        assert_eq!(verdicts(&on_disk), [("a".into(), Verdict::Real)]);
        assert!(!ledger.refresh().unwrap(), "our own change is no news");
        assert_eq!(ledger.undo().unwrap().unwrap().len(), 1);
        assert!(ledger.undo().unwrap().is_none());
        assert!(verdicts(&Ledger::open(desk.store).unwrap()).is_empty());
    }

    #[test]
    fn what_another_wrote_is_taken_in_and_not_overwritten() {
        let desk = desk();
        let mut mine = Ledger::open(desk.store.clone()).unwrap();
        mine.record(&[change(&mine, "one", "a", Verdict::Unreviewed)]).unwrap();
        let mut other = Ledger::open(desk.store.clone()).unwrap();
        other.record(&[change(&other, "one", "a", Verdict::Revoked)]).unwrap();
        other.record(&[change(&other, "two", "b", Verdict::Real)]).unwrap();
        let stale = change(&mine, "one", "a", Verdict::FalsePositive);
        let error = mine.record(std::slice::from_ref(&stale)).unwrap_err();
        assert!(error.to_string().contains("a was judged by somebody else"), "{error}");
        let both = [("a".to_owned(), Verdict::Revoked), ("b".to_owned(), Verdict::Real)];
        assert_eq!(verdicts(&mine), both);
        assert!(matches!(mine.undo(), Err(LedgerError::Changed(_))), "not over their answer");
        mine.record(&[change(&mine, "one", "a", Verdict::FalsePositive)]).unwrap();
        assert!(other.refresh().unwrap());
        assert_eq!(verdicts(&other)[0], ("a".to_owned(), Verdict::FalsePositive));
    }

    #[test]
    fn a_moved_record_follows_its_value() {
        let desk = desk();
        let mut ledger = Ledger::open(desk.store).unwrap();
        ledger.record(&[change(&ledger, "one", "old", Verdict::Unreviewed)]).unwrap();
        let shown = change(&ledger, "one", "old", Verdict::Real);
        let moved = Change { path: "new".into(), ..shown };
        ledger.record(&[moved]).unwrap();
        assert_eq!(verdicts(&ledger), [("new".to_owned(), Verdict::Real)]);
        ledger.undo().unwrap();
        assert_eq!(verdicts(&ledger), [("old".to_owned(), Verdict::Unreviewed)]);
    }

    #[test]
    fn a_fact_about_a_value_needs_one_record() {
        let desk = desk();
        let mut ledger = Ledger::open(desk.store).unwrap();
        let at = |path| change(&ledger, "one", path, Verdict::FalsePositive);
        ledger.record(&[at("a"), at("b"), at("c")]).unwrap();
        assert_eq!(verdicts(&ledger), [("a".to_owned(), Verdict::FalsePositive)]);
        ledger.undo().unwrap();
        assert!(verdicts(&ledger).is_empty());
    }

    #[test]
    fn a_broken_file_is_named_and_kept() {
        let desk = desk();
        let mut ledger = Ledger::open(desk.store.clone()).unwrap();
        ledger.record(&[change(&ledger, "one", "a", Verdict::Real)]).unwrap();
        fs::write(desk.store.path(), "<<<<<<< ours").unwrap();
        assert!(ledger.refresh().is_err());
        assert!(ledger.record(&[change(&ledger, "one", "a", Verdict::Revoked)]).is_err());
        assert_eq!(fs::read_to_string(desk.store.path()).unwrap(), "<<<<<<< ours");
        assert!(!ledger.refresh().unwrap(), "said once");
    }
}
