//! What changed between two baselines, as a reviewer needs to see it.

use super::{Baseline, Record, merge};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Accepted now and not before.
    Added(Record),
    /// No longer listed.
    Gone(Record),
    /// The same finding in another file; the record may have changed too.
    Moved {
        /// As it was.
        before: Record,
        /// As it is.
        after: Record,
    },
    /// Another verdict, or other notes.
    Changed {
        /// As it was.
        before: Record,
        /// As it is.
        after: Record,
    },
}

/// All that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// By fingerprint.
    pub changes: Vec<Change>,
    /// Whether the two share no salt; then the same secret has another fingerprint in each, and
    /// everything looks new.
    pub is_other_salt: bool,
}

impl Difference {
    /// Compares two baselines.
    pub fn between(before: &Baseline, after: &Baseline) -> Difference {
        let moves = merge::moved(before, after);
        let targets: Vec<_> =
            moves.iter().map(|((print, _), path)| (print.clone(), path.clone())).collect();
        let mut changes = Vec::new();
        for (key, old) in &before.records {
            let change = match (after.records.get(key), moves.get(key)) {
                (Some(new), _) if new == old => continue,
                (Some(new), _) => Change::Changed { before: old.clone(), after: new.clone() },
                (None, Some(path)) => {
                    let new = after.records.get(&(key.0.clone(), path.clone()));
                    let new = new.expect("a move ends at a record");
                    Change::Moved { before: old.clone(), after: new.clone() }
                }
                (None, None) => Change::Gone(old.clone()),
            };
            changes.push(change);
        }
        let is_new = |record: &&Record| {
            !before.records.contains_key(&record.key()) && !targets.contains(&record.key())
        };
        changes.extend(after.records().filter(is_new).cloned().map(Change::Added));
        changes.sort_by_key(|change| change.record().key());
        let is_other_salt = !before.salts.iter().any(|salt| after.salts.contains(salt))
            && !before.records.is_empty();
        Difference { changes, is_other_salt }
    }
}

impl Change {
    /// Returns the finding as it is, or was.
    pub fn record(&self) -> &Record {
        match self {
            Change::Added(record) | Change::Gone(record) => record,
            Change::Moved { after, .. } | Change::Changed { after, .. } => after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::record::tests::record;
    use crate::finding::{Salt, Verdict};

    #[test]
    fn every_kind_of_change_is_told_apart() {
        let open = |print: &str, path: &str| record(print, path, Verdict::Unreviewed);
        let of = |records: &[Record], salt| {
            let mut baseline = Baseline::new(Salt::from_bytes([salt; 16]));
            records.iter().for_each(|record| baseline.record(record.clone()));
            baseline
        };
        let real = record("cc", "c", Verdict::Real);
        let before = of(&[open("aa", "a"), open("bb", "b"), open("cc", "c"), open("dd", "d")], 1);
        let after = of(&[open("aa", "a"), open("bb", "x/b"), real.clone(), open("ee", "e")], 1);
        let difference = Difference::between(&before, &after);
        assert_eq!(
            difference.changes,
            [
                Change::Moved { before: open("bb", "b"), after: open("bb", "x/b") },
                Change::Changed { before: open("cc", "c"), after: real },
                Change::Gone(open("dd", "d")),
                Change::Added(open("ee", "e")),
            ]
        );
        assert!(!difference.is_other_salt);
        assert_eq!(Difference::between(&after, &after), Difference::default());
        assert!(Difference::between(&before, &of(&[], 2)).is_other_salt);
    }
}
