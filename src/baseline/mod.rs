//! The file of accepted findings.
//!
//! It holds fingerprints, never secrets, and is data: it names no file to load and nothing to run.
//! A `false-positive` is a fact about a value and holds wherever that value stands. The other
//! verdicts are about a place: the same value in another file is a new finding.
//!
//! Two writers of the same facts write the same bytes: one finding a line, sorted, no time stamps
//! of scans, no line numbers. Reading is strict; a damaged file is an error with its line.

use std::collections::BTreeMap;

use crate::finding::{Fingerprint, Salt, Secret, Verdict};

mod check;
mod diff;
mod error;
mod foreign;
mod format;
pub mod import;
mod merge;
mod moves;
mod record;
mod salt;
mod store;
mod update;
mod verdict;

pub use check::{Fault, FaultKind};
pub use diff::{Change, Difference};
pub use error::BaselineError;
use foreign::Foreign;
pub use merge::{Merged, Preference, merge};
pub use moves::pair as pair_moves;
pub use record::Record;
pub use salt::pending_salt;
pub use store::{Opened, Store, replace, write_whole};
pub use update::{Changes, Seen};
pub use verdict::{Place, ROTATION_DAYS, Statement, Undo, parse_day, today};

/// The name of the file, at the top of the repository.
pub const BASELINE_NAME: &str = ".secrets.baseline";

/// The version of the format that this program writes, and the newest it reads.
pub const VERSION: u64 = 1;

/// The accepted findings of a repository.
#[derive(Clone, Debug)]
pub struct Baseline {
    salts: Vec<Salt>,
    records: BTreeMap<(Fingerprint, String), Record>,
    foreign: Option<Foreign>,
}

/// What the baseline knows about a secret at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// Nothing: the finding is new.
    Not,
    /// It is accepted here.
    Here(Verdict),
    /// The same value is accepted in other files only; this is the first of them.
    Elsewhere(&'a Record),
}

impl Baseline {
    /// Returns an empty baseline that writes with this salt.
    pub fn new(salt: Salt) -> Baseline {
        Baseline { salts: vec![salt], records: BTreeMap::new(), foreign: None }
    }

    /// Returns what is known about a secret in the file `path`.
    pub fn look_up(&self, secret: &Secret, path: &str, rule: &str) -> Known<'_> {
        self.look_up_as(&self.fingerprint(secret), secret, path, rule)
    }

    /// As [`Baseline::look_up`], for a secret whose fingerprint here is at hand.
    pub fn look_up_as(
        &self,
        fingerprint: &Fingerprint,
        secret: &Secret,
        path: &str,
        rule: &str,
    ) -> Known<'_> {
        if let Some(verdict) = self.foreign.as_ref().and_then(|f| f.verdict(secret, path, rule)) {
            return Known::Here(verdict);
        }
        let all = self.records_of_secret(fingerprint, secret);
        // What was said of this very place comes before what was said of the value.
        let here = all.iter().find(|record| record.path == path);
        let value = || all.iter().find(|record| record.verdict == Verdict::FalsePositive);
        match here.or_else(value) {
            Some(record) => Known::Here(record.verdict),
            None => all.first().map_or(Known::Not, |first| Known::Elsewhere(first)),
        }
    }

    /// Returns the records of a secret under every salt.
    pub fn records_of_secret(&self, fingerprint: &Fingerprint, secret: &Secret) -> Vec<&Record> {
        let mut all: Vec<&Record> = self.records_of(fingerprint).collect();
        for salt in &self.salts[1..] {
            all.extend(self.records_of(&Fingerprint::of(secret, salt)));
        }
        all
    }

    /// Returns the records of a value, by path.
    pub fn records_of(&self, fingerprint: &Fingerprint) -> impl Iterator<Item = &Record> {
        let first = (fingerprint.clone(), String::new());
        let print = fingerprint.clone();
        let range = self.records.range(first..).take_while(move |((f, _), _)| *f == print);
        range.map(|(_, record)| record)
    }

    /// Returns the fingerprint that new records of this secret get.
    pub fn fingerprint(&self, secret: &Secret) -> Fingerprint {
        Fingerprint::of(secret, &self.salts[0])
    }

    /// Returns whether a word of a text is the secret that this fingerprint names.
    pub fn is_told(&self, fingerprint: &Fingerprint, text: &str) -> bool {
        let is_it = |word: &str| self.fingerprint(&Secret::new(word.as_bytes())) == *fingerprint;
        let is_mark = |character: char| character.is_ascii_punctuation();
        text.split_whitespace().any(|word| {
            let behind_name = word.rsplit(['=', ':']).next().unwrap_or_default();
            is_it(word)
                || is_it(word.trim_matches(is_mark))
                || is_it(behind_name)
                || is_it(behind_name.trim_matches(is_mark))
        })
    }

    /// Adds a record, or replaces the one for the same secret and file.
    pub fn record(&mut self, record: Record) {
        self.records.insert(record.key(), record);
    }

    /// Returns the record for this secret in this file.
    pub fn record_of(&self, secret: &Secret, path: &str) -> Option<&Record> {
        let prints = self.salts.iter().map(|salt| Fingerprint::of(secret, salt));
        prints.into_iter().find_map(|print| self.records.get(&(print, path.to_owned())))
    }

    /// Takes a record out.
    pub fn remove(&mut self, record: &Record) {
        self.records.remove(&record.key());
    }

    /// Returns the records, sorted.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    /// Returns whether detect-secrets wrote it; then it is read and never changed.
    pub fn is_foreign(&self) -> bool {
        self.foreign.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salt(byte: u8) -> Salt {
        Salt::from_bytes([byte; 16])
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes())
    }

    fn record(baseline: &Baseline, value: &str, path: &str, verdict: Verdict) -> Record {
        Record {
            fingerprint: baseline.fingerprint(&secret(value)),
            rule: "acme-token".into(),
            path: path.into(),
            verdict,
            reason: None,
            by: None,
            on: None,
            rotate_by: None,
        }
    }

    fn example() -> Baseline {
        let mut baseline = Baseline::new(salt(1));
        baseline.record(record(&baseline, "one", "a.py", Verdict::Unreviewed));
        baseline.record(record(&baseline, "two", "b.py", Verdict::FalsePositive));
        baseline
    }

    #[test]
    fn a_place_verdict_holds_in_its_file_and_a_value_verdict_everywhere() {
        let baseline = example();
        let look = |value: &str, path: &str| baseline.look_up(&secret(value), path, "acme-token");
        assert_eq!(look("one", "a.py"), Known::Here(Verdict::Unreviewed));
        assert!(matches!(look("one", "c.py"), Known::Elsewhere(r) if r.path == "a.py"));
        assert_eq!(look("two", "c.py"), Known::Here(Verdict::FalsePositive));
        assert_eq!(look("three", "a.py"), Known::Not);
    }
}
