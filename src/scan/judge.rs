//! Compares what was found with the baseline.
//!
//! A value that the baseline knows in another file only is accepted if that file is gone: then its
//! place has moved. One place moves to one file. If a value left one file and appeared in two, the
//! second is a copy, and a copy of a secret is a new place for it. Each commit is judged by itself: a
//! file that an earlier one took away has not moved in this one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Candidate, Found, Options, Problem, load_baseline};
use crate::baseline::{Baseline, Known, Record, pair_moves};
use crate::finding::{Finding, Fingerprint, Secret, Verdict};
use crate::source::{Source, Whereabouts};

/// A secret that stood in an older version of its file, under whatever name.
pub(super) struct Old {
    pub(super) chunk: usize,
    pub(super) path: String,
    pub(super) secret: Secret,
}

/// What the baseline says of a candidate.
#[derive(Clone)]
struct Answer {
    verdict: Option<Verdict>,
    copied_from: Option<String>,
}

/// Judges all candidates of a scan. The baseline is read only if there is one.
pub(super) fn judge(
    source: &dyn Source,
    options: &Options,
    candidates: Vec<Candidate>,
    olds: &[Old],
) -> Result<Vec<Found>, Problem> {
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let baseline = load_baseline(source, options)?;
    Ok(judge_with(&baseline, source, candidates, olds))
}

/// As [`judge`], with a baseline that was read.
pub(super) fn judge_with(
    baseline: &Baseline,
    source: &dyn Source,
    candidates: Vec<Candidate>,
    olds: &[Old],
) -> Vec<Found> {
    let prints: Vec<Fingerprint> =
        candidates.iter().map(|candidate| baseline.fingerprint(&candidate.secret)).collect();
    let mut known: Vec<Known<'_>> = Vec::new();
    // The places of each value that are known only elsewhere, by the change.
    let mut elsewhere: BTreeMap<(&Fingerprint, usize), Elsewhere<'_>> = BTreeMap::new();
    for (candidate, print) in candidates.iter().zip(&prints) {
        let found = baseline.look_up_as(print, &candidate.secret, &candidate.path, &candidate.rule);
        if matches!(found, Known::Elsewhere(_)) {
            let records = || baseline.records_of_secret(print, &candidate.secret);
            let number = source.change_number(candidate.chunk);
            let value = elsewhere
                .entry((print, number))
                .or_insert_with(|| Elsewhere::new(source, candidate, &records()));
            // No file moves into a message.
            if !candidate.path.starts_with(".git/") {
                value.paths.insert(&candidate.path);
            }
        }
        known.push(found);
    }
    let moves: BTreeMap<(&Fingerprint, usize), BTreeMap<&str, Verdict>> = elsewhere
        .into_iter()
        .map(|((print, number), value)| {
            let is_beside = |old: &&Old| source.change_number(old.chunk) == number;
            let olds = olds.iter().filter(is_beside);
            ((print, number), value.moves(source, baseline, olds))
        })
        .collect();
    let answers: Vec<Answer> = known
        .into_iter()
        .zip(candidates.iter().zip(&prints))
        .map(|(known, (candidate, print))| {
            let number = source.change_number(candidate.chunk);
            let moved = moves.get(&(print, number)).and_then(|to| to.get(candidate.path.as_str()));
            answer(known, moved.copied())
        })
        .collect();
    let parts = candidates.into_iter().zip(prints).zip(answers);
    parts.map(|((candidate, print), answer)| candidate.found(print, answer)).collect()
}

/// A value that the baseline knows in other files than those that a change brings it to.
struct Elsewhere<'a> {
    secret: &'a Secret,
    /// The records whose file is gone with the change.
    gone: Vec<&'a Record>,
    /// The records whose file came after the change.
    later: Vec<&'a Record>,
    /// Where it was found.
    paths: BTreeSet<&'a str>,
}

impl<'a> Elsewhere<'a> {
    fn new(source: &dyn Source, first: &'a Candidate, records: &[&'a Record]) -> Elsewhere<'a> {
        let mut value = Elsewhere {
            secret: &first.secret,
            gone: Vec::new(),
            later: Vec::new(),
            paths: BTreeSet::new(),
        };
        for record in records {
            match source.whereabouts(first.chunk, &record.path) {
                Whereabouts::Removed => value.gone.push(record),
                Whereabouts::Later => value.later.push(record),
                Whereabouts::Other => {}
            }
        }
        value
    }

    /// Returns the files that a record has moved to, or moves from later, with its verdict.
    fn moves(
        mut self,
        source: &dyn Source,
        baseline: &Baseline,
        olds: impl Iterator<Item = &'a Old>,
    ) -> BTreeMap<&'a str, Verdict> {
        if self.gone.is_empty() && self.later.is_empty() {
            return BTreeMap::new();
        }
        // A file that was renamed with the value in it is where the record went.
        let renamed: Vec<&str> = olds
            .filter(|old| old.secret == *self.secret)
            .map(|old| old.path.as_str())
            .filter(|path| baseline.record_of(self.secret, path).is_none())
            .collect();
        pair(&mut self.gone, &renamed);
        let fresh: Vec<&str> = self.paths.iter().copied().collect();
        let mut moved = pair(&mut self.gone, &fresh);
        if !self.later.is_empty() {
            // What moves later is not there in the end.
            let left = fresh.into_iter().filter(|path| !moved.contains_key(path));
            let left: Vec<&str> = left.filter(|path| !source.has_file(path)).collect();
            moved.extend(pair(&mut self.later, &left));
        }
        moved
    }
}

/// Gives each file one of the records, and takes those out.
fn pair<'a>(records: &mut Vec<&'a Record>, fresh: &[&'a str]) -> BTreeMap<&'a str, Verdict> {
    let from: Vec<&str> = records.iter().map(|record| record.path.as_str()).collect();
    let pairs = pair_moves(&from, fresh);
    let moved = pairs.iter().map(|(old, new)| (fresh[*new], records[*old].verdict)).collect();
    let used: BTreeSet<usize> = pairs.iter().map(|(old, _)| *old).collect();
    let mut index = 0;
    records.retain(|_| {
        index += 1;
        !used.contains(&(index - 1))
    });
    moved
}

fn answer(known: Known<'_>, moved: Option<Verdict>) -> Answer {
    match (known, moved) {
        (Known::Not, _) => Answer { verdict: None, copied_from: None },
        (Known::Here(verdict), _) => Answer { verdict: Some(verdict), copied_from: None },
        (Known::Elsewhere(_), Some(verdict)) => {
            Answer { verdict: Some(verdict), copied_from: None }
        }
        (Known::Elsewhere(record), None) => {
            Answer { verdict: None, copied_from: Some(record.path.clone()) }
        }
    }
}

impl Candidate {
    fn found(self, fingerprint: Fingerprint, answer: Answer) -> Found {
        let finding = Finding {
            rule: self.rule,
            path: self.path,
            location: self.location,
            confidence: self.confidence,
            fingerprint,
            before: self.shown.before,
            masked: self.shown.masked,
            after: self.shown.after,
            verdict: answer.verdict,
            copied_from: answer.copied_from,
            note: self.note,
            variable: self.variable,
            origin: self.origin,
        };
        Found { finding, secret: self.secret }
    }
}
