//! Brings a baseline up to date with what stands in the tree. Verdicts are kept.

use std::collections::{BTreeMap, BTreeSet};

use super::{Baseline, Place, Record, Statement, moves};
use crate::finding::{Fingerprint, Salt, Secret, Verdict};

/// A secret that stands in the tree.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The secret.
    pub secret: &'a Secret,
    /// The rule that found it.
    pub rule: &'a str,
    /// The file.
    pub path: &'a str,
    /// Whether it is recorded if it is new; one below the asked confidence is not.
    pub is_wanted: bool,
}

/// What an update did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New, and recorded as unreviewed.
    pub added: Vec<Record>,
    /// Followed into another file: the old path, the record.
    pub moved: Vec<(String, Record)>,
    /// Recorded, but gone from the tree, and still in the baseline.
    pub gone: Vec<Record>,
    /// Gone from the tree and taken out.
    pub pruned: Vec<Record>,
    /// Two records of one place that said different things: the one that stands, the other.
    pub settled: Vec<(Record, Record)>,
}

impl Baseline {
    /// Compares the baseline with all that stands in the tree.
    ///
    /// A record follows its value into another file if the value is gone from its own. What is gone
    /// and `prunes` says yes to is taken out, but no `real` secret: it still works for whoever has
    /// the history, and its day must not be forgotten.
    pub fn update(&mut self, seen: &[Seen<'_>], prunes: &dyn Fn(&Record) -> bool) -> Changes {
        let mut changes = Changes::default();
        self.adopt(seen, &mut changes);
        self.spread(&mut changes);
        let prints: Vec<Fingerprint> =
            seen.iter().map(|seen| self.fingerprint(seen.secret)).collect();
        let standing: BTreeSet<(&Fingerprint, &str)> =
            prints.iter().zip(seen).map(|(print, seen)| (print, seen.path)).collect();
        let is_gone =
            |record: &&Record| !standing.contains(&(&record.fingerprint, record.path.as_str()));
        let mut gone: BTreeMap<Fingerprint, Vec<Record>> = BTreeMap::new();
        for record in self.records().filter(is_gone) {
            gone.entry(record.fingerprint.clone()).or_default().push(record.clone());
        }
        let mut fresh: BTreeMap<&Fingerprint, BTreeMap<&str, &Seen<'_>>> = BTreeMap::new();
        for (print, seen) in prints.iter().zip(seen) {
            if !self.records.contains_key(&(print.clone(), seen.path.to_owned())) {
                fresh.entry(print).or_default().entry(seen.path).or_insert(seen);
            }
        }
        for (print, mut places) in fresh {
            self.follow(gone.get_mut(print), &mut places, &mut changes);
            self.add(print, places, &mut changes);
        }
        let (keep, out): (Vec<Record>, Vec<Record>) = gone
            .into_values()
            .flatten()
            .partition(|record| record.verdict == Verdict::Real || !prunes(record));
        out.iter().for_each(|record| self.remove(record));
        (changes.gone, changes.pruned) = (keep, out);
        self.drop_salts(&changes);
        changes
    }

    /// Records under another salt, which a merge of two baselines brings, take the first.
    fn adopt(&mut self, seen: &[Seen<'_>], changes: &mut Changes) {
        let others: Vec<Salt> = self.salts.iter().skip(1).cloned().collect();
        for salt in &others {
            for seen in seen {
                let other = Fingerprint::of(seen.secret, salt);
                let records: Vec<Record> = self.records_of(&other).cloned().collect();
                for record in records {
                    self.remove(&record);
                    let fingerprint = self.fingerprint(seen.secret);
                    self.join(Record { fingerprint, ..record }, changes);
                }
            }
        }
    }

    fn join(&mut self, record: Record, changes: &mut Changes) {
        let Some(twin) = self.records.remove(&record.key()) else { return self.record(record) };
        let winner = twin.clone().stronger(record.clone());
        if twin.contradicts(&record) {
            let loser = if winner == twin { record } else { twin };
            changes.settled.push((winner.clone(), loser));
        }
        self.record(winner);
    }

    /// What was said of a value is said of its places that nobody has looked at.
    fn spread(&mut self, changes: &mut Changes) {
        let facts: Vec<Record> =
            self.records().filter(|r| r.verdict == Verdict::FalsePositive).cloned().collect();
        for fact in facts {
            let open: Vec<Record> = self
                .records_of(&fact.fingerprint)
                .filter(|record| record.verdict == Verdict::Unreviewed)
                .cloned()
                .collect();
            for record in open {
                let (rule, path) = (record.rule, record.path);
                self.join(Record { rule, path, ..fact.clone() }, changes);
            }
        }
    }

    fn follow(
        &mut self,
        gone: Option<&mut Vec<Record>>,
        places: &mut BTreeMap<&str, &Seen<'_>>,
        changes: &mut Changes,
    ) {
        let Some(gone) = gone else { return };
        let from: Vec<&str> = gone.iter().map(|record| record.path.as_str()).collect();
        let to: Vec<&str> = places.keys().copied().collect();
        let pairs = moves::pair(&from, &to);
        for (old, new) in &pairs {
            let old = &gone[*old];
            let moved = Record { path: to[*new].to_owned(), ..old.clone() };
            self.remove(old);
            self.record(moved.clone());
            changes.moved.push((old.path.clone(), moved));
            places.remove(to[*new]);
        }
        let mut index = 0;
        gone.retain(|_| {
            index += 1;
            pairs.iter().all(|(old, _)| *old != index - 1)
        });
    }

    fn add(
        &mut self,
        print: &Fingerprint,
        places: BTreeMap<&str, &Seen<'_>>,
        changes: &mut Changes,
    ) {
        if self.records_of(print).any(|record| record.verdict == Verdict::FalsePositive) {
            return;
        }
        for (path, seen) in places.into_iter().filter(|(_, seen)| seen.is_wanted) {
            let place = Place { fingerprint: print, rule: seen.rule, path };
            let record = Statement::unreviewed().record(place);
            self.record(record.clone());
            changes.added.push(record);
        }
    }

    /// A further salt has no use once every record was seen under the first.
    fn drop_salts(&mut self, changes: &Changes) {
        if changes.gone.is_empty() {
            self.salts.truncate(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salt(byte: u8) -> Salt {
        Salt::from_bytes([byte; 16])
    }

    /// Values and their files.
    fn update(baseline: &mut Baseline, tree: &[(&str, &str)], prune: bool) -> Changes {
        let secrets: Vec<Secret> =
            tree.iter().map(|(value, _)| Secret::new(value.as_bytes())).collect();
        let seen: Vec<Seen<'_>> = secrets
            .iter()
            .zip(tree)
            .map(|(secret, (_, path))| Seen { secret, rule: "x", path, is_wanted: true })
            .collect();
        baseline.update(&seen, &|_| prune)
    }

    fn said(baseline: &mut Baseline, value: &str, path: &str, verdict: Verdict) {
        let fingerprint = baseline.fingerprint(&Secret::new(value.as_bytes()));
        let place = Place { fingerprint: &fingerprint, rule: "x", path };
        let statement = Statement { verdict, ..Statement::unreviewed() };
        baseline.record(statement.record(place));
    }

    fn shown(baseline: &Baseline) -> Vec<(String, Verdict)> {
        let mut all: Vec<_> = baseline.records().map(|r| (r.path.clone(), r.verdict)).collect();
        all.sort();
        all
    }

    fn at(path: &str, verdict: Verdict) -> (String, Verdict) {
        (path.to_owned(), verdict)
    }

    const OPEN: Verdict = Verdict::Unreviewed;

    #[test]
    fn nothing_new_changes_nothing() {
        let mut baseline = Baseline::new(salt(1));
        update(&mut baseline, &[("one", "a"), ("two", "b")], false);
        let text = baseline.render().unwrap();
        let again = update(&mut baseline, &[("two", "b"), ("one", "a"), ("one", "a")], true);
        assert_eq!(again, Changes::default());
        assert_eq!(baseline.render().unwrap(), text);
    }

    #[test]
    fn a_record_follows_its_value_and_a_copy_is_another_place() {
        let mut baseline = Baseline::new(salt(1));
        said(&mut baseline, "one", "old/a.py", Verdict::Real);
        let tree = [("one", "new/a.py"), ("one", "new/b.py")];
        let changes = update(&mut baseline, &tree, true);
        assert_eq!(changes.moved.len(), 1);
        assert_eq!(changes.moved[0].0, "old/a.py");
        assert_eq!(changes.added.len(), 1);
        assert_eq!(shown(&baseline), [at("new/a.py", Verdict::Real), at("new/b.py", OPEN)]);
    }

    #[test]
    fn what_is_gone_stays_until_it_is_pruned_and_real_longer() {
        let mut baseline = Baseline::new(salt(1));
        for (value, verdict) in [
            ("one", OPEN),
            ("two", Verdict::Real),
            ("three", Verdict::Revoked),
            ("four", Verdict::FalsePositive),
        ] {
            said(&mut baseline, value, value, verdict);
        }
        assert_eq!(update(&mut baseline, &[], false).gone.len(), 4);
        let changes = update(&mut baseline, &[], true);
        assert_eq!((changes.gone.len(), changes.pruned.len()), (1, 3));
        assert_eq!(shown(&baseline), [at("two", Verdict::Real)]);
    }

    #[test]
    fn a_fact_about_a_value_lives_while_the_value_does() {
        let mut baseline = Baseline::new(salt(1));
        said(&mut baseline, "one", "a", Verdict::FalsePositive);
        let both = [("one", "a"), ("one", "b")];
        assert_eq!(update(&mut baseline, &both, true), Changes::default(), "b is covered");
        update(&mut baseline, &both[1..], true);
        assert_eq!(shown(&baseline), [at("b", Verdict::FalsePositive)]);
        // A place that a merge brought in takes what is known of the value.
        said(&mut baseline, "one", "c", OPEN);
        update(&mut baseline, &[("one", "c")], true);
        assert_eq!(shown(&baseline), [at("c", Verdict::FalsePositive)]);
    }

    #[test]
    fn what_is_not_wanted_is_not_added_but_kept() {
        let mut baseline = Baseline::new(salt(1));
        said(&mut baseline, "weak", "a", Verdict::Real);
        let secrets = [Secret::new(b"weak"), Secret::new(b"faint")];
        let seen: Vec<Seen<'_>> = secrets
            .iter()
            .map(|secret| Seen { secret, rule: "x", path: "a", is_wanted: false })
            .collect();
        assert_eq!(baseline.update(&seen, &|_| true), Changes::default());
        assert_eq!(shown(&baseline), [at("a", Verdict::Real)]);
    }

    #[test]
    fn two_salts_become_one() {
        let mut baseline = Baseline::new(salt(2));
        said(&mut baseline, "one", "a", Verdict::FalsePositive);
        said(&mut baseline, "two", "b", OPEN);
        said(&mut baseline, "gone", "z", OPEN);
        let mut other = Baseline::new(salt(1));
        said(&mut other, "one", "a", Verdict::Real);
        said(&mut other, "two", "b", Verdict::Revoked);
        baseline.salts.insert(0, salt(1));
        other.records().for_each(|record| baseline.record(record.clone()));
        let tree = [("one", "a"), ("two", "b")];
        let changes = update(&mut baseline, &tree, false);
        assert_eq!(changes.settled.len(), 1);
        assert_eq!(changes.settled[0].0.verdict, Verdict::Real);
        assert_eq!(changes.gone.len(), 1);
        assert_eq!(baseline.salts.len(), 2, "a record that was not seen may need the other salt");
        update(&mut baseline, &tree, true);
        assert_eq!(shown(&baseline), [at("a", Verdict::Real), at("b", Verdict::Revoked)]);
        assert_eq!(baseline.salts, [salt(1)]);
        assert_eq!(update(&mut baseline, &tree, true), Changes::default());
    }
}
