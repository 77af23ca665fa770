//! Finds what is wrong with a baseline that can be read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;

use super::{Baseline, Record, Seen};
use crate::finding::{Fingerprint, Verdict};

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// One finding is listed twice.
    Duplicate,
    /// Two people said different things of one value.
    Contradiction,
    /// The value is no longer in the file.
    Stale,
    /// The file is no longer there.
    Orphaned,
    /// A real secret's day has passed.
    Overdue,
    /// A real secret has no day.
    Undated,
    /// Nobody has looked at it.
    Unreviewed,
}

/// One fault of the baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind it is.
    pub kind: FaultKind,
    /// The line in the file, from 1; 0 if it is not known.
    pub line: usize,
    /// The finding.
    pub record: Record,
    /// What is wrong, in words that follow the path.
    pub problem: String,
}

impl FaultKind {
    /// Returns the word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            FaultKind::Duplicate => "duplicate",
            FaultKind::Contradiction => "contradiction",
            FaultKind::Stale => "stale",
            FaultKind::Orphaned => "orphaned",
            FaultKind::Overdue => "overdue",
            FaultKind::Undated => "undated",
            FaultKind::Unreviewed => "unreviewed",
        }
    }
}

impl Fault {
    /// Returns the command that mends it.
    pub fn mend(&self) -> String {
        let print = &self.record.fingerprint.as_str()[..12];
        let say =
            |verdict: &str| format!("keyhook allow {print} --verdict {verdict} --reason \"...\"");
        match self.kind {
            FaultKind::Duplicate => "keyhook baseline update".to_owned(),
            FaultKind::Contradiction | FaultKind::Unreviewed => say("VERDICT"),
            FaultKind::Undated => say("real"),
            FaultKind::Overdue => say("revoked"),
            FaultKind::Stale | FaultKind::Orphaned if self.record.verdict == Verdict::Real => {
                format!("{}, then keyhook baseline update --prune", say("revoked"))
            }
            FaultKind::Stale | FaultKind::Orphaned => "keyhook baseline update --prune".to_owned(),
        }
    }
}

impl Baseline {
    /// Compares the baseline, written as `text`, with the tree and with itself.
    pub fn check(
        &self,
        text: &str,
        seen: &[Seen<'_>],
        has_file: &dyn Fn(&str) -> bool,
        today: Date,
    ) -> Vec<Fault> {
        let lines = lines(text);
        let line = |record: &Record| {
            lines.get(&record.key()).and_then(|lines| lines.first()).copied().unwrap_or(0)
        };
        let standing = self.standing(seen);
        let mut faults = Vec::new();
        let mut say = |kind, record: &Record, problem: String| {
            faults.push(Fault { kind, line: line(record), record: record.clone(), problem });
        };
        for record in self.records() {
            let all = lines.get(&record.key()).map_or(&[][..], Vec::as_slice);
            if let [_, again, ..] = all {
                say(FaultKind::Duplicate, record, format!("listed again in line {again}"));
            }
            if let Some((kind, problem)) = self.place_fault(record, &standing, has_file) {
                say(kind, record, problem);
            }
            if let Some((kind, problem)) = verdict_fault(record, today) {
                say(kind, record, problem);
            }
        }
        for (record, other) in self.contradictions() {
            let problem = format!(
                "{} here, but {} in {}",
                record.verdict.as_str(),
                other.verdict.as_str(),
                other.path
            );
            say(FaultKind::Contradiction, record, problem);
        }
        faults.sort_by(|a, b| {
            (a.kind, &a.record.path, a.line).cmp(&(b.kind, &b.record.path, b.line))
        });
        faults
    }

    /// Returns where each value stands, under every name it may have.
    fn standing(&self, seen: &[Seen<'_>]) -> HashMap<Fingerprint, BTreeSet<String>> {
        let mut standing: HashMap<Fingerprint, BTreeSet<String>> = HashMap::new();
        for seen in seen {
            for salt in &self.salts {
                let print = Fingerprint::of(seen.secret, salt);
                standing.entry(print).or_default().insert(seen.path.to_owned());
            }
        }
        standing
    }

    fn place_fault(
        &self,
        record: &Record,
        standing: &HashMap<Fingerprint, BTreeSet<String>>,
        has_file: &dyn Fn(&str) -> bool,
    ) -> Option<(FaultKind, String)> {
        let places = standing.get(&record.fingerprint);
        if places.is_some_and(|places| places.contains(&record.path)) {
            return None;
        }
        let has_record =
            |path: &&String| self.records_of(&record.fingerprint).any(|r| r.path == **path);
        let elsewhere = places.and_then(|places| places.iter().find(|path| !has_record(path)));
        let then = elsewhere.map_or(String::new(), |path| format!("; it stands in {path} now"));
        Some(if has_file(&record.path) {
            (FaultKind::Stale, format!("the secret is gone from the file{then}"))
        } else {
            (FaultKind::Orphaned, format!("the file is gone{then}"))
        })
    }

    /// Returns the pairs of records of one value that contradict each other where it matters: what
    /// is a secret in one place is one in every place.
    fn contradictions(&self) -> Vec<(&Record, &Record)> {
        let mut by_value: BTreeMap<&Fingerprint, Vec<&Record>> = BTreeMap::new();
        for record in self.records() {
            by_value.entry(&record.fingerprint).or_default().push(record);
        }
        let mut all = Vec::new();
        for records in by_value.values() {
            let is_no = |record: &&&Record| record.verdict == Verdict::FalsePositive;
            let Some(no) = records.iter().find(is_no) else { continue };
            let others = records.iter().filter(|record| record.contradicts(no));
            all.extend(others.map(|record| (*record, *no)));
        }
        all
    }
}

fn verdict_fault(record: &Record, today: Date) -> Option<(FaultKind, String)> {
    match record.verdict {
        Verdict::Unreviewed => Some((FaultKind::Unreviewed, "nobody has looked at it".to_owned())),
        Verdict::Real if record.rotate_by.is_none() => {
            Some((FaultKind::Undated, "real, but without a day for its rotation".to_owned()))
        }
        Verdict::Real if record.is_overdue(today) => {
            let day = record.rotate_by.as_deref().unwrap_or_default();
            Some((FaultKind::Overdue, format!("to be rotated by {day}")))
        }
        _ => None,
    }
}

/// Returns the lines, from 1, on which each finding stands.
fn lines(text: &str) -> HashMap<(Fingerprint, String), Vec<usize>> {
    let mut lines: HashMap<_, Vec<usize>> = HashMap::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim().trim_end_matches(',');
        if line.starts_with('{')
            && let Ok(record) = serde_json::from_str::<Record>(line)
        {
            lines.entry(record.key()).or_default().push(at + 1);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::parse_day;
    use crate::finding::{Salt, Secret};

    #[test]
    fn every_fault_is_named_with_its_line() {
        let mut baseline = Baseline::new(Salt::from_bytes([1; 16]));
        let mut add = |value: &str, path: &str, verdict, rotate_by: Option<&str>| {
            let fingerprint = baseline.fingerprint(&Secret::new(value.as_bytes()));
            baseline.record(Record {
                fingerprint,
                rule: "x".into(),
                path: path.into(),
                verdict,
                reason: None,
                by: None,
                on: None,
                rotate_by: rotate_by.map(str::to_owned),
            });
        };
        add("stale", "there.py", Verdict::Revoked, None);
        add("orphaned", "gone.py", Verdict::Revoked, None);
        add("moved", "gone.py", Verdict::Revoked, None);
        add("overdue", "a.py", Verdict::Real, Some("2026-01-01"));
        add("due", "a.py", Verdict::Real, Some("2026-02-01"));
        add("undated", "a.py", Verdict::Real, None);
        add("open", "a.py", Verdict::Unreviewed, None);
        add("split", "a.py", Verdict::FalsePositive, None);
        add("split", "b.py", Verdict::Real, Some("2027-01-01"));
        let text = baseline.render().unwrap();
        let twice = text.lines().find(|line| line.contains("\"unreviewed\"")).unwrap();
        let text = text.replace(twice, &format!("{twice}\n{twice}"));
        let tree = [
            ("moved", "new.py"),
            ("overdue", "a.py"),
            ("due", "a.py"),
            ("undated", "a.py"),
            ("open", "a.py"),
            ("split", "a.py"),
            ("split", "b.py"),
        ];
        let secrets = tree.map(|(value, _)| Secret::new(value.as_bytes()));
        let seen: Vec<Seen<'_>> = secrets
            .iter()
            .zip(tree)
            .map(|(secret, (_, path))| Seen { secret, rule: "x", path, is_wanted: true })
            .collect();
        let has_file = |path: &str| path != "gone.py";
        let faults = baseline.check(&text, &seen, &has_file, parse_day("2026-01-15").unwrap());
        let mut shown: Vec<String> = faults
            .iter()
            .map(|fault| {
                let line = text.lines().nth(fault.line - 1).unwrap();
                assert!(line.contains(fault.record.fingerprint.as_str()), "{line}");
                let problem = fault.problem.replace(|c: char| c.is_ascii_digit(), "#");
                format!("{} {}: {problem}", fault.kind.as_str(), fault.record.path)
            })
            .collect();
        shown.sort();
        assert_eq!(
            shown,
            [
                "contradiction b.py: real here, but false-positive in a.py",
                "duplicate a.py: listed again in line ###",
                "orphaned gone.py: the file is gone",
                "orphaned gone.py: the file is gone; it stands in new.py now",
                "overdue a.py: to be rotated by ####-##-##",
                "stale there.py: the secret is gone from the file",
                "undated a.py: real, but without a day for its rotation",
                "unreviewed a.py: nobody has looked at it",
            ]
        );
        assert!(faults.iter().all(|fault| fault.mend().starts_with("keyhook ")));
    }
}
