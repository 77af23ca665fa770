//! How a person's answer gets into the baseline.
//!
//! The rules of a verdict stand here once, for every command and for the audit screen:
//! a `false-positive` is a fact about a value, so every record of the value takes it; the other
//! verdicts are about one place. A `real` secret always has a day by which it must be rotated.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Baseline, Record};
use crate::finding::{Fingerprint, Verdict};

/// How long a real secret may wait for its rotation if nobody says otherwise.
pub const ROTATION_DAYS: i64 = 30;

/// A secret in a file: what a record is about.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Names the secret; as [`Baseline::fingerprint`] returns it.
    pub fingerprint: &'a Fingerprint,
    /// The rule that found it.
    pub rule: &'a str,
    /// The file it stands in.
    pub path: &'a str,
}

/// What a person says about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The answer.
    pub verdict: Verdict,
    /// Why.
    pub reason: Option<String>,
    /// Who says so.
    pub by: Option<String>,
    /// The day, `YYYY-MM-DD`.
    pub on: Option<String>,
    /// The day by which a real secret must be rotated; without one it is [`ROTATION_DAYS`] after
    /// `on`. Of no meaning for the other verdicts, and then not kept.
    pub rotate_by: Option<String>,
}

/// The records of a value as they were before a verdict.
#[derive(Clone, Debug)]
pub struct Undo {
    fingerprint: Fingerprint,
    before: Vec<Record>,
}

impl Statement {
    /// Nobody has looked yet.
    pub fn unreviewed() -> Statement {
        Statement {
            verdict: Verdict::Unreviewed,
            reason: None,
            by: None,
            on: None,
            rotate_by: None,
        }
    }

    /// A verdict given today.
    pub fn today(verdict: Verdict, reason: Option<String>, by: Option<String>) -> Statement {
        Statement { verdict, reason, by, on: Some(today().to_string()), rotate_by: None }
    }

    /// Returns the record that says this of a place.
    pub fn record(&self, place: Place<'_>) -> Record {
        let rotate_by = match self.verdict {
            Verdict::Real => self.rotate_by.clone().or_else(|| self.default_rotation()),
            _ => None,
        };
        Record {
            fingerprint: place.fingerprint.clone(),
            rule: place.rule.to_owned(),
            path: place.path.to_owned(),
            verdict: self.verdict,
            reason: self.reason.clone(),
            by: self.by.clone(),
            on: self.on.clone(),
            rotate_by,
        }
    }

    fn default_rotation(&self) -> Option<String> {
        let said = self.on.as_deref().and_then(parse_day).unwrap_or_else(today);
        said.checked_add(ROTATION_DAYS.days()).ok().map(|day| day.to_string())
    }
}

impl Baseline {
    /// Records what a person says about the secret in this file, and returns how to take it back.
    ///
    /// `false-positive` is said of the value: the other records of the value take it too. Any other
    /// verdict is said of the place alone; if the value was a `false-positive`, its other records
    /// become `unreviewed`, because what was said of them no longer holds.
    pub fn set_verdict(&mut self, place: Place<'_>, statement: &Statement) -> Undo {
        let before: Vec<Record> = self.records_of(place.fingerprint).cloned().collect();
        for other in &before {
            let place =
                Place { fingerprint: &other.fingerprint, rule: &other.rule, path: &other.path };
            if statement.verdict == Verdict::FalsePositive {
                self.record(statement.record(place));
            } else if other.verdict == Verdict::FalsePositive {
                self.record(Statement::unreviewed().record(place));
            }
        }
        self.record(statement.record(place));
        Undo { fingerprint: place.fingerprint.clone(), before }
    }

    /// Takes a verdict back: the records of the value are again what they were.
    pub fn undo(&mut self, undo: &Undo) {
        let now: Vec<Record> = self.records_of(&undo.fingerprint).cloned().collect();
        now.iter().for_each(|record| self.remove(record));
        undo.before.iter().for_each(|record| self.record(record.clone()));
    }
}

impl Record {
    /// Returns whether this is a real secret whose day has passed without its rotation.
    pub fn is_overdue(&self, today: Date) -> bool {
        let day = self.rotate_by.as_deref().and_then(parse_day);
        self.verdict == Verdict::Real && day.is_some_and(|day| day < today)
    }
}

/// Reads a day, `YYYY-MM-DD`; other spellings are none.
pub fn parse_day(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok())?
}

/// Returns the day, in UTC, so that it is the same day for everybody.
pub fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Salt, Secret};

    fn said(verdict: Verdict) -> Statement {
        Statement {
            verdict,
            reason: Some("why".into()),
            by: Some("Ada".into()),
            on: Some("2026-01-31".into()),
            rotate_by: None,
        }
    }

    fn verdicts(baseline: &Baseline) -> Vec<(String, Verdict)> {
        baseline.records().map(|record| (record.path.clone(), record.verdict)).collect()
    }

    fn at(verdict: Verdict, path: &str) -> (String, Verdict) {
        (path.to_owned(), verdict)
    }

    #[test]
    fn a_value_verdict_reaches_every_place_and_a_place_verdict_one() {
        let mut baseline = Baseline::new(Salt::none());
        let print = baseline.fingerprint(&Secret::new(b"value"));
        let place = |path| Place { fingerprint: &print, rule: "x", path };
        baseline.set_verdict(place("a"), &Statement::unreviewed());
        baseline.set_verdict(place("b"), &said(Verdict::Real));
        assert_eq!(verdicts(&baseline), [at(Verdict::Unreviewed, "a"), at(Verdict::Real, "b")]);
        let all = baseline.set_verdict(place("c"), &said(Verdict::FalsePositive));
        let no = Verdict::FalsePositive;
        assert_eq!(verdicts(&baseline), [at(no, "a"), at(no, "b"), at(no, "c")]);
        let back = baseline.set_verdict(place("b"), &said(Verdict::Revoked));
        let open = Verdict::Unreviewed;
        assert_eq!(verdicts(&baseline), [at(open, "a"), at(Verdict::Revoked, "b"), at(open, "c")]);
        baseline.undo(&back);
        assert_eq!(verdicts(&baseline), [at(no, "a"), at(no, "b"), at(no, "c")]);
        baseline.undo(&all);
        assert_eq!(verdicts(&baseline), [at(Verdict::Unreviewed, "a"), at(Verdict::Real, "b")]);
    }

    #[test]
    fn a_real_secret_has_a_day() {
        let mut baseline = Baseline::new(Salt::none());
        let print = baseline.fingerprint(&Secret::new(b"value"));
        let place = Place { fingerprint: &print, rule: "x", path: "a" };
        baseline.set_verdict(place, &said(Verdict::Real));
        let record = baseline.records().next().unwrap().clone();
        assert_eq!(record.rotate_by.as_deref(), Some("2026-03-02"));
        assert!(!record.is_overdue(parse_day("2026-03-02").unwrap()));
        assert!(record.is_overdue(parse_day("2026-03-03").unwrap()));
        let given = Statement { rotate_by: Some("2026-02-01".into()), ..said(Verdict::Real) };
        baseline.set_verdict(place, &given);
        assert_eq!(baseline.records().next().unwrap().rotate_by.as_deref(), Some("2026-02-01"));
        let revoked = Statement { verdict: Verdict::Revoked, ..given };
        baseline.set_verdict(place, &revoked);
        let record = baseline.records().next().unwrap();
        assert_eq!(record.rotate_by, None);
        assert!(!record.is_overdue(parse_day("2030-01-01").unwrap()));
    }

    #[test]
    fn a_day_has_one_spelling() {
        assert!(parse_day("2026-02-28").is_some());
        for text in ["2026-02-30", "26-02-03", "2026-2-3", "20260203", "2026-02-03T0", ""] {
            assert_eq!(parse_day(text), None, "{text}");
        }
    }
}
