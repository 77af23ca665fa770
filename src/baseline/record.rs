//! One accepted finding, and which of two statements about it stands.

use serde::{Deserialize, Serialize};

use crate::finding::{Fingerprint, Verdict};

/// One accepted finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Names the secret.
    pub fingerprint: Fingerprint,
    /// The rule that found it.
    pub rule: String,
    /// The file it stands in.
    pub path: String,
    /// What a person said about it.
    pub verdict: Verdict,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The day of the verdict, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// The day by which a real secret must be rotated.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "rotate-by")]
    pub rotate_by: Option<String>,
}

impl Record {
    /// Returns the key under which a baseline keeps it.
    pub(super) fn key(&self) -> (Fingerprint, String) {
        (self.fingerprint.clone(), self.path.clone())
    }

    /// Returns whether two people said different things: both looked, and they disagree.
    pub fn contradicts(&self, other: &Record) -> bool {
        self.verdict != other.verdict
            && self.verdict != Verdict::Unreviewed
            && other.verdict != Verdict::Unreviewed
    }

    /// Returns the one of two records of the same place that stands.
    ///
    /// A verdict beats none. Of two that agree, the later one brings its notes. Of two that
    /// contradict each other it is the safer: a secret that is feared to be real is not forgotten.
    pub(super) fn stronger(self, other: Record) -> Record {
        let rank = |record: &Record| match record.verdict {
            Verdict::Real => 3,
            Verdict::Revoked => 2,
            Verdict::FalsePositive => 1,
            Verdict::Unreviewed => 0,
        };
        let notes = |r: &Record| {
            (r.on.clone(), r.rotate_by.clone(), r.by.clone(), r.reason.clone(), r.rule.clone())
        };
        let is_self = (rank(&self), notes(&self)) >= (rank(&other), notes(&other));
        if is_self { self } else { other }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A record for tests; `print` is two digits that are repeated.
    pub(in crate::baseline) fn record(print: &str, path: &str, verdict: Verdict) -> Record {
        Record {
            fingerprint: Fingerprint::parse(&print.repeat(32)).unwrap(),
            rule: "acme-token".into(),
            path: path.into(),
            verdict,
            reason: None,
            by: None,
            on: None,
            rotate_by: None,
        }
    }

    #[test]
    fn a_verdict_beats_none_and_the_safer_the_other() {
        let of = |verdict| record("aa", "a", verdict);
        let order =
            [Verdict::Unreviewed, Verdict::FalsePositive, Verdict::Revoked, Verdict::Real].map(of);
        for (at, weak) in order.iter().enumerate() {
            for strong in &order[at..] {
                assert_eq!(&weak.clone().stronger(strong.clone()), strong);
                assert_eq!(&strong.clone().stronger(weak.clone()), strong);
            }
        }
        assert!(of(Verdict::Real).contradicts(&of(Verdict::FalsePositive)));
        assert!(!of(Verdict::Real).contradicts(&of(Verdict::Unreviewed)));
        assert!(!of(Verdict::Real).contradicts(&of(Verdict::Real)));
    }

    #[test]
    fn of_two_that_agree_the_later_stands() {
        let early = Record { on: Some("2026-01-02".into()), ..record("aa", "a", Verdict::Real) };
        let late = Record { on: Some("2026-03-01".into()), ..early.clone() };
        assert_eq!(early.clone().stronger(late.clone()), late);
        assert_eq!(late.clone().stronger(early), late);
    }
}
