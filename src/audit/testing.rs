//! What the tests of this room share: made-up findings and baselines.

use super::entry::{Seen, Tree};
use crate::baseline::{Baseline, Record};
use crate::finding::{Confidence, Finding, Location, Salt, Secret, Verdict};

pub(super) fn seen(value: &str, path: &str, line: usize) -> Seen {
    let secret = Secret::new(value.as_bytes());
    let finding = Finding {
        rule: "acme-token".into(),
        path: path.into(),
        location: Location { line, column: 9, end_line: line, end_column: 9 + value.len() },
        confidence: Confidence::High,
        fingerprint: crate::finding::Fingerprint::of(&secret, &Salt::none()),
        before: "token = \"".into(),
        masked: "acme_****************".into(),
        after: "\"".into(),
        verdict: None,
        copied_from: None,
        origin: None,
        note: None,
        variable: None,
    };
    Seen { finding, secret }
}

pub(super) fn tree(seen: Vec<Seen>) -> Tree {
    Tree { seen, least: Confidence::Medium, ..Tree::default() }
}

pub(super) fn baseline(records: &[(&str, &str, Verdict)]) -> Baseline {
    let mut baseline = Baseline::new(Salt::none());
    for (value, path, verdict) in records {
        let is_judged = *verdict != Verdict::Unreviewed;
        baseline.record(Record {
            fingerprint: baseline.fingerprint(&Secret::new(value.as_bytes())),
            rule: "acme-token".into(),
            path: (*path).into(),
            verdict: *verdict,
            reason: is_judged.then(|| "a test".into()),
            by: is_judged.then(|| "Jane".into()),
            on: is_judged.then(|| "2026-01-02".into()),
            rotate_by: (*verdict == Verdict::Real).then(|| "2026-02-01".into()),
        });
    }
    baseline
}
