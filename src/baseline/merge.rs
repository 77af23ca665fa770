//! Merges what two branches made of one baseline.
//!
//! By finding, not by line: whatever only one side changed is taken. What both sides changed is a
//! conflict only if two people said different things of the same finding. Then no rule can know who
//! is right, and a merge that picks one in silence would lose what a person said; so both lines are
//! put into the file, between git's usual markers, and git stops. Everything else has one answer:
//!
//! - a verdict beats "unreviewed", and of two that agree the later one brings its notes;
//! - a finding that one side took out and the other judged stays: a statement is not lost, and an
//!   entry whose secret is gone does no harm (`keyhook baseline check` lists it);
//! - a finding that one side followed into another file takes the other side's verdict there.

use std::collections::{BTreeMap, BTreeSet};

use super::format::{Line, sorted};
use super::{Baseline, BaselineError, Record, moves};
use crate::finding::{Fingerprint, Verdict};

type Key = (Fingerprint, String);

/// Two baselines become one.
#[derive(Clone, Debug)]
pub struct Merged {
    baseline: Baseline,
    conflicts: BTreeMap<Key, (Record, Record)>,
}

/// Which side stands where two people said different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// The first side.
    Ours,
    /// The second side.
    Theirs,
    /// The more careful verdict: real, then revoked, then false-positive.
    Safest,
}

/// Merges what `ours` and `theirs` made of `base`.
pub fn merge(base: &Baseline, ours: &Baseline, theirs: &Baseline) -> Result<Merged, BaselineError> {
    if [base, ours, theirs].iter().any(|baseline| baseline.is_foreign()) {
        return Err(BaselineError::NotOurs);
    }
    let (mut ours, mut theirs) = (ours.clone(), theirs.clone());
    let (our_moves, their_moves) = (moved(base, &ours), moved(base, &theirs));
    follow(base, &our_moves, &mut theirs);
    follow(base, &their_moves, &mut ours);
    let salts = sorted([ours.salts.clone(), theirs.salts.clone()].concat());
    let mut merged = Merged {
        baseline: Baseline { salts, records: BTreeMap::new(), foreign: None },
        conflicts: BTreeMap::new(),
    };
    let sides = [&base.records, &ours.records, &theirs.records];
    let keys: BTreeSet<&Key> = sides.iter().flat_map(|records| records.keys()).collect();
    for key in keys {
        let [base, ours, theirs] = sides.map(|records| records.get(key));
        match one(base, ours, theirs) {
            Answer::Nothing => {}
            Answer::Record(record) => merged.baseline.record(record),
            Answer::Conflict => {
                let both = ours.zip(theirs).expect("only two records contradict each other");
                merged.conflicts.insert(key.clone(), (both.0.clone(), both.1.clone()));
            }
        }
    }
    Ok(merged)
}

enum Answer {
    Nothing,
    Record(Record),
    Conflict,
}

fn one(base: Option<&Record>, ours: Option<&Record>, theirs: Option<&Record>) -> Answer {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => {
            if ours == theirs || base == Some(theirs) {
                Answer::Record(ours.clone())
            } else if base == Some(ours) {
                Answer::Record(theirs.clone())
            } else {
                both_changed(base, ours, theirs)
            }
        }
        // Taken out by one side and left alone by the other.
        (one, None) | (None, one) if one == base => Answer::Nothing,
        (Some(one), None) | (None, Some(one)) => Answer::Record(one.clone()),
        (None, None) => Answer::Nothing,
    }
}

fn both_changed(base: Option<&Record>, ours: &Record, theirs: &Record) -> Answer {
    let kept = |record: &Record| base.is_some_and(|base| base.verdict == record.verdict);
    match (kept(ours), kept(theirs)) {
        // Notes on one side, another verdict on the other.
        (true, false) if theirs.verdict != Verdict::Unreviewed => Answer::Record(theirs.clone()),
        (false, true) if ours.verdict != Verdict::Unreviewed => Answer::Record(ours.clone()),
        _ if ours.contradicts(theirs) => Answer::Conflict,
        _ => Answer::Record(ours.clone().stronger(theirs.clone())),
    }
}

/// Returns where a side found values again that it no longer has at their old place.
pub(super) fn moved(base: &Baseline, side: &Baseline) -> BTreeMap<Key, String> {
    let mut gone: BTreeMap<&Fingerprint, Vec<&str>> = BTreeMap::new();
    for (print, path) in base.records.keys().filter(|key| !side.records.contains_key(key)) {
        gone.entry(print).or_default().push(path);
    }
    let mut all = BTreeMap::new();
    for (print, from) in gone {
        let is_new = |record: &&Record| !base.records.contains_key(&record.key());
        let to: Vec<&str> =
            side.records_of(print).filter(is_new).map(|record| record.path.as_str()).collect();
        for (old, new) in moves::pair(&from, &to) {
            all.insert((print.clone(), from[old].to_owned()), to[new].to_owned());
        }
    }
    all
}

/// Brings what this side says of a place to where the other side has found it again.
fn follow(base: &Baseline, moves: &BTreeMap<Key, String>, side: &mut Baseline) {
    for (key, path) in moves {
        let is_changed = side.records.get(key) != base.records.get(key);
        let Some(record) = side.records.remove(key) else { continue };
        if is_changed {
            let moved = Record { path: path.clone(), ..record };
            let stands = match side.records.remove(&moved.key()) {
                Some(other) => moved.stronger(other),
                None => moved,
            };
            side.record(stands);
        }
    }
}

impl Merged {
    /// Returns the findings of which two people said different things, with both records.
    pub fn conflicts(&self) -> impl Iterator<Item = &(Record, Record)> {
        self.conflicts.values()
    }

    /// Answers every conflict the same way.
    pub fn settle(self, preference: Preference) -> Baseline {
        let mut baseline = self.baseline;
        for (ours, theirs) in self.conflicts.into_values() {
            baseline.record(match preference {
                Preference::Ours => ours,
                Preference::Theirs => theirs,
                Preference::Safest => ours.stronger(theirs),
            });
        }
        baseline
    }

    /// Writes the file, with git's markers around the two lines of each conflict.
    pub fn render(&self, ours: &str, theirs: &str) -> String {
        let mut lines: BTreeMap<&Key, Line<'_>> = BTreeMap::new();
        for (key, record) in &self.baseline.records {
            lines.insert(key, Line::Finding(record));
        }
        for (key, both) in &self.conflicts {
            lines
                .insert(key, Line::Conflict { records: [&both.0, &both.1], names: [ours, theirs] });
        }
        self.baseline.render_lines(lines.into_iter().map(|(key, line)| (&key.0, line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::record::tests::record;
    use crate::finding::Salt;

    const OPEN: Verdict = Verdict::Unreviewed;
    const REAL: Verdict = Verdict::Real;
    const NO: Verdict = Verdict::FalsePositive;

    fn of(records: &[(&str, &str, Verdict)]) -> Baseline {
        let mut baseline = Baseline::new(Salt::from_bytes([1; 16]));
        records.iter().for_each(|(print, path, verdict)| {
            baseline.record(record(print, path, *verdict));
        });
        baseline
    }

    type Records<'a> = &'a [(&'a str, &'a str, Verdict)];

    #[track_caller]
    fn check(base: Records<'_>, ours: Records<'_>, theirs: Records<'_>, expected: Records<'_>) {
        for (ours, theirs) in [(ours, theirs), (theirs, ours)] {
            let merged = merge(&of(base), &of(ours), &of(theirs)).unwrap();
            assert_eq!(merged.conflicts().count(), 0);
            let text = of(expected).render().unwrap();
            assert_eq!(merged.render("a", "b"), text);
            assert_eq!(merged.settle(Preference::Safest).render().unwrap(), text);
        }
    }

    #[test]
    fn what_one_side_changed_is_taken() {
        let base = [("aa", "a", OPEN), ("bb", "b", OPEN), ("cc", "c", OPEN)];
        let ours = [("aa", "a", REAL), ("bb", "b", OPEN), ("cc", "c", OPEN), ("a1", "x", OPEN)];
        let theirs = [("aa", "a", OPEN), ("bb", "b", NO), ("a2", "x", OPEN)];
        let merged = [("aa", "a", REAL), ("bb", "b", NO), ("a1", "x", OPEN), ("a2", "x", OPEN)];
        check(&base, &ours, &theirs, &merged);
        check(&base, &base, &base, &base);
        check(&base, &[], &base, &[]);
        check(&[], &ours, &[], &ours);
    }

    #[test]
    fn a_verdict_is_not_lost_to_a_removal() {
        check(&[("aa", "a", OPEN)], &[], &[("aa", "a", REAL)], &[("aa", "a", REAL)]);
    }

    #[test]
    fn a_verdict_beats_none() {
        let base = [("aa", "a", NO)];
        check(&base, &[("aa", "a", OPEN)], &[("aa", "a", REAL)], &[("aa", "a", REAL)]);
        check(&[], &[("aa", "a", OPEN)], &[("aa", "a", REAL)], &[("aa", "a", REAL)]);
    }

    #[test]
    fn a_verdict_follows_a_move() {
        let base = [("aa", "a", OPEN), ("bb", "b", OPEN)];
        let ours = [("aa", "new/a", OPEN), ("bb", "b", OPEN)];
        check(
            &base,
            &ours,
            &[("aa", "a", REAL), ("bb", "b", OPEN)],
            &[("aa", "new/a", REAL), ("bb", "b", OPEN)],
        );
        // Both moved it the same way, one judged it too.
        check(&base[..1], &ours[..1], &[("aa", "new/a", NO)], &[("aa", "new/a", NO)]);
        // One moved it, the other took it out as gone: it stands where it was found.
        check(&base[..1], &ours[..1], &[], &ours[..1]);
        // Moved to two places: both are known.
        let both = [("aa", "new/a", OPEN), ("aa", "other", OPEN)];
        check(&base[..1], &both[..1], &both[1..], &both);
    }

    #[test]
    fn two_people_who_disagree_are_a_conflict() {
        let base = of(&[("aa", "a", OPEN), ("bb", "b", OPEN)]);
        let ours = of(&[("aa", "a", REAL), ("bb", "b", OPEN)]);
        let theirs = of(&[("aa", "a", NO), ("bb", "b", REAL)]);
        let merged = merge(&base, &ours, &theirs).unwrap();
        assert_eq!(merged.conflicts().count(), 1);
        let text = merged.render("ours", "theirs");
        let lines: Vec<&str> = text.lines().collect();
        let at = lines.iter().position(|line| *line == "<<<<<<< ours").unwrap();
        assert_eq!(lines[at - 1], "    \"aaaaaaaa\",");
        assert!(lines[at + 1].contains("\"real\"") && lines[at + 3].contains("\"false-positive\""));
        assert_eq!((lines[at + 2], lines[at + 4]), ("=======", ">>>>>>> theirs"));
        assert_eq!(lines[at + 5], "    \"/aaaaaaaa\",");
        let error = Baseline::parse(text.as_bytes(), &Salt::none()).unwrap_err();
        assert!(matches!(error, BaselineError::Conflict { line } if line == at + 1));
        // Deleting the markers and one of the lines mends it.
        for (kept, verdict) in [(at + 1, REAL), (at + 3, NO)] {
            let mended: Vec<&str> = lines
                .iter()
                .enumerate()
                .filter(|(index, _)| !(at..at + 5).contains(index) || *index == kept)
                .map(|(_, line)| *line)
                .collect();
            let mended = Baseline::parse(mended.join("\n").as_bytes(), &Salt::none()).unwrap();
            let expected = of(&[("aa", "a", verdict), ("bb", "b", REAL)]);
            assert!(mended.records().eq(expected.records()));
        }
        let settled =
            |preference| merged.clone().settle(preference).records().next().unwrap().verdict;
        assert_eq!(settled(Preference::Ours), REAL);
        assert_eq!(settled(Preference::Theirs), NO);
        assert_eq!(settled(Preference::Safest), REAL);
    }

    #[test]
    fn notes_and_a_verdict_do_not_conflict() {
        let base = of(&[("aa", "a", REAL)]);
        let mut ours = base.clone();
        let noted = Record { reason: Some("soon".into()), ..record("aa", "a", REAL) };
        ours.record(noted.clone());
        let theirs = of(&[("aa", "a", Verdict::Revoked)]);
        let merged = merge(&base, &ours, &theirs).unwrap();
        assert_eq!(
            merged.settle(Preference::Ours).records().next().unwrap().verdict,
            Verdict::Revoked
        );
        let mut other = base.clone();
        other.record(Record {
            reason: Some("later".into()),
            on: Some("2026-01-01".into()),
            ..noted
        });
        for (ours, theirs) in [(&ours, &other), (&other, &ours)] {
            let merged = merge(&base, ours, theirs).unwrap();
            assert!(merged.settle(Preference::Ours).records().eq(other.records()));
        }
    }

    #[test]
    fn salts_are_united() {
        let with = |byte| Baseline::new(Salt::from_bytes([byte; 16]));
        let merged = merge(&with(2), &with(2), &with(1)).unwrap().settle(Preference::Ours);
        assert_eq!(merged.salts, [1, 2].map(|byte| Salt::from_bytes([byte; 16])));
    }
}
