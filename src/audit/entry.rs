//! What there is to judge: the records of the baseline joined with what stands in the tree.
//!
//! A record whose value still stands in its file is present. A value that the tree has and the
//! baseline does not know is new; a verdict records it. A record whose value has left its file is
//! gone: there is nothing to look at, and nobody is asked about it.

use std::collections::{HashMap, HashSet};

use crate::baseline::{Baseline, Known, Record};
use crate::finding::{Confidence, Finding, Fingerprint, Secret, Verdict};

/// A finding in the tree, with its secret.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The finding.
    pub finding: Finding,
    /// What it is about.
    pub secret: Secret,
}

/// What one look at the tree found.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The findings, in the order of the files.
    pub seen: Vec<Seen>,
    /// What is new must be at least this sure to be asked about.
    pub least: Confidence,
    /// Files that could not be read: what stands in them is not known to be gone.
    pub unread: HashSet<String>,
}

/// Names an entry while the baseline changes: the value and the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The value.
    pub value: Fingerprint,
    /// The file.
    pub path: String,
}

/// How an entry stands between the baseline and the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The tree has not been looked at yet, or its file could not be read.
    Unlocated,
    /// The baseline does not know it here; perhaps in another file.
    New {
        /// A file in which the baseline accepts the same value.
        copied_from: Option<String>,
    },
    /// It stands where the baseline says.
    Present,
    /// The file that the baseline names is gone; the value stands here now.
    Moved {
        /// The file of the record.
        from: String,
    },
    /// Its value no longer stands in its file.
    Gone,
}

/// One value in one file.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What names it.
    pub key: Key,
    /// The fingerprint that its record has or will have.
    pub fingerprint: Fingerprint,
    /// The rule that found it.
    pub rule: String,
    /// What the baseline says.
    pub record: Option<Record>,
    /// Where it stands between the two.
    pub state: State,
    /// Where it stands in its file: indices into [`Tree::seen`].
    pub spots: Vec<usize>,
}

/// All entries, and where else their values stand.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// The entries.
    pub entries: Vec<Entry>,
    /// What the tree holds.
    pub tree: Tree,
    /// For each value its entries.
    by_value: HashMap<Fingerprint, Vec<usize>>,
    /// For each value that is no secret the other places it stands in.
    covered: HashMap<Fingerprint, Vec<usize>>,
}

impl Entry {
    /// Returns what a person said, or that nobody has; `None` for what is new.
    pub fn verdict(&self) -> Option<Verdict> {
        self.record.as_ref().map(|record| record.verdict)
    }

    /// Returns whether a person has said what it is.
    pub fn is_judged(&self) -> bool {
        self.verdict().is_some_and(|verdict| verdict != Verdict::Unreviewed)
    }

    /// Returns whether nobody has looked at it, and somebody can.
    pub fn is_to_judge(&self) -> bool {
        !self.is_judged() && self.state != State::Gone
    }

    /// Returns whether its value has left its file.
    pub fn is_gone(&self) -> bool {
        self.state == State::Gone
    }

    /// Returns the word for its verdict.
    pub fn verdict_text(&self) -> &'static str {
        self.verdict().map_or("new", Verdict::as_str)
    }
}

impl Book {
    /// Joins the baseline with the tree; without one, nothing is located.
    pub fn new(baseline: &Baseline, tree: Option<Tree>) -> Book {
        let is_located = tree.is_some();
        let mut book = Book { tree: tree.unwrap_or_default(), ..Book::default() };
        let mut located = HashMap::new();
        let mut strangers = Vec::new();
        for (index, seen) in book.tree.seen.iter().enumerate() {
            let value = baseline.fingerprint(&seen.secret);
            match baseline.record_of(&seen.secret, &seen.finding.path) {
                Some(record) => {
                    let key = (&record.fingerprint, &record.path[..]);
                    located.entry(key).or_insert_with(|| (value, Vec::new())).1.push(index);
                }
                None => strangers.push((index, value)),
            }
        }
        for record in baseline.records() {
            let found = located.remove(&(&record.fingerprint, &record.path[..]));
            let (value, spots) = found.unwrap_or((record.fingerprint.clone(), Vec::new()));
            let is_read = is_located && !book.tree.unread.contains(&record.path);
            let state = match (spots.is_empty(), is_read) {
                (false, _) => State::Present,
                (true, true) => State::Gone,
                (true, false) => State::Unlocated,
            };
            book.entries.push(Entry {
                key: Key { value, path: record.path.clone() },
                fingerprint: record.fingerprint.clone(),
                rule: record.rule.clone(),
                record: Some(record.clone()),
                state,
                spots,
            });
        }
        book.index_values();
        strangers.into_iter().for_each(|(index, value)| book.add_stranger(baseline, index, value));
        book
    }

    /// Adds a finding that has no record in its file.
    fn add_stranger(&mut self, baseline: &Baseline, index: usize, value: Fingerprint) {
        let Seen { finding, secret } = &self.tree.seen[index];
        let (path, rule) = (finding.path.clone(), finding.rule.clone());
        let key = Key { value, path };
        if let Some(at) = self.position(&key) {
            self.entries[at].spots.push(index);
            return;
        }
        let Key { value, path } = key;
        let state = match baseline.look_up(secret, &path, &rule) {
            Known::Here(_) => {
                self.covered.entry(value).or_default().push(index);
                return;
            }
            Known::Elsewhere(record) => match self.moved_from(finding, &value) {
                Some(at) => {
                    let from = std::mem::replace(&mut self.entries[at].key.path, path);
                    self.entries[at].state = State::Moved { from };
                    self.entries[at].spots.push(index);
                    return;
                }
                None => State::New { copied_from: Some(record.path.clone()) },
            },
            Known::Not => State::New { copied_from: None },
        };
        if finding.confidence >= self.tree.least {
            self.by_value.entry(value.clone()).or_default().push(self.entries.len());
            let key = Key { value: value.clone(), path };
            let spots = vec![index];
            self.entries.push(Entry { key, fingerprint: value, rule, record: None, state, spots });
        }
    }

    /// Returns the record that moved here, if the scan says that one did.
    fn moved_from(&self, finding: &Finding, value: &Fingerprint) -> Option<usize> {
        let verdict = finding.verdict?;
        let is_it = |entry: &Entry| entry.is_gone() && entry.verdict() == Some(verdict);
        let all = self.by_value.get(value)?;
        all.iter().copied().find(|at| is_it(&self.entries[*at]))
    }

    fn index_values(&mut self) {
        for (index, entry) in self.entries.iter().enumerate() {
            self.by_value.entry(entry.key.value.clone()).or_default().push(index);
        }
    }

    /// Returns the entries of a value.
    pub fn of_value(&self, value: &Fingerprint) -> impl Iterator<Item = &Entry> {
        let all = self.by_value.get(value).map_or(&[][..], Vec::as_slice);
        all.iter().map(|index| &self.entries[*index])
    }

    /// Returns where an entry stands in the list.
    pub fn position(&self, key: &Key) -> Option<usize> {
        let all = self.by_value.get(&key.value)?;
        all.iter().copied().find(|index| self.entries[*index].key.path == key.path)
    }

    /// Returns the entry of this name.
    pub fn get(&self, key: &Key) -> Option<&Entry> {
        self.position(key).map(|index| &self.entries[index])
    }

    /// Returns the first place of an entry in its file.
    pub fn spot(&self, entry: &Entry) -> Option<&Seen> {
        entry.spots.first().map(|index| &self.tree.seen[*index])
    }

    /// Returns every other place of an entry's value: in its own file, in other entries, and where
    /// a fact about the value covers it.
    pub fn elsewhere(&self, entry: &Entry) -> Vec<(String, Option<usize>, &'static str)> {
        let line = |index: &usize| Some(self.tree.seen[*index].finding.location.line);
        let word = entry.verdict_text();
        let own = entry.spots.iter().skip(1).map(|at| (entry.key.path.clone(), line(at), word));
        let others = self.of_value(&entry.key.value).filter(|other| other.key != entry.key);
        let others = others.map(|other| {
            let word = if other.is_gone() { "gone" } else { other.verdict_text() };
            (other.key.path.clone(), other.spots.first().and_then(line), word)
        });
        let covered = self.covered.get(&entry.key.value).map_or(&[][..], Vec::as_slice);
        let covered = covered
            .iter()
            .map(|at| (self.tree.seen[*at].finding.path.clone(), line(at), "covered"));
        own.chain(others).chain(covered).collect()
    }

    /// Returns how many entries a person has judged, of how many.
    pub fn progress(&self) -> (usize, usize) {
        let here = self.entries.iter().filter(|entry| !entry.is_gone());
        here.fold((0, 0), |(done, all), entry| (done + usize::from(entry.is_judged()), all + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{baseline, seen, tree};

    fn states(book: &Book) -> Vec<(String, State)> {
        book.entries.iter().map(|e| (e.key.path.clone(), e.state.clone())).collect()
    }

    #[test]
    fn before_the_tree_is_looked_at_nothing_is_located() {
        let book = Book::new(&baseline(&[("one", "a.py", Verdict::Unreviewed)]), None);
        assert_eq!(states(&book), [("a.py".into(), State::Unlocated)]);
        assert_eq!(book.progress(), (0, 1));
    }

    #[test]
    fn the_tree_says_what_is_present_gone_and_new() {
        let known = baseline(&[
            ("one", "a.py", Verdict::Unreviewed),
            ("two", "b.py", Verdict::Real),
            ("no", "c.py", Verdict::FalsePositive),
        ]);
        let tree = tree(vec![
            seen("one", "a.py", 3),
            seen("one", "a.py", 9),
            seen("one", "z.py", 1),
            seen("no", "d.py", 4),
            seen("three", "n.py", 5),
        ]);
        let book = Book::new(&known, Some(tree));
        let mut found = states(&book);
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let copied = State::New { copied_from: Some("a.py".into()) };
        assert_eq!(
            found,
            [
                ("a.py".into(), State::Present),
                ("b.py".into(), State::Gone),
                ("c.py".into(), State::Gone),
                ("n.py".into(), State::New { copied_from: None }),
                ("z.py".into(), copied),
            ]
        );
        let entry = |path: &str| book.entries.iter().find(|e| e.key.path == path).unwrap();
        let places = |path: &str| book.elsewhere(entry(path));
        assert_eq!(
            places("a.py"),
            [("a.py".into(), Some(9), "unreviewed"), ("z.py".into(), Some(1), "new")]
        );
        assert_eq!(places("c.py"), [("d.py".into(), Some(4), "covered")]);
        assert_eq!(book.progress(), (0, 3));
    }

    #[test]
    fn what_could_not_be_read_is_not_gone() {
        let known = baseline(&[("one", "a.py", Verdict::Real), ("two", "b.py", Verdict::Real)]);
        let unread = ["a.py".to_owned()].into();
        let book = Book::new(&known, Some(Tree { unread, ..Tree::default() }));
        let state = |path: &str| {
            book.entries.iter().find(|entry| entry.key.path == path).unwrap().state.clone()
        };
        assert_eq!((state("a.py"), state("b.py")), (State::Unlocated, State::Gone));
    }

    #[test]
    fn a_moved_file_keeps_its_record() {
        let known = baseline(&[("one", "old.py", Verdict::Real)]);
        let mut moved = seen("one", "new.py", 2);
        moved.finding.verdict = Some(Verdict::Real);
        let book = Book::new(&known, Some(tree(vec![moved])));
        assert_eq!(states(&book), [("new.py".into(), State::Moved { from: "old.py".into() })]);
        assert_eq!(book.entries[0].record.as_ref().unwrap().path, "old.py");
    }

    #[test]
    fn what_is_new_and_unsure_is_not_asked_about() {
        let mut unsure = seen("one", "a.py", 2);
        unsure.finding.confidence = Confidence::Low;
        let book = Book::new(&baseline(&[]), Some(tree(vec![unsure])));
        assert!(book.entries.is_empty());
    }
}
