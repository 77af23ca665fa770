//! Any bytes as a baseline: refused in words, or records that survive being written. And three
//! baselines made from the bytes: merged the same from both sides, with nothing lost or made up.

use keyhook::baseline::{Baseline, Preference, Record, merge};
use keyhook::finding::{Fingerprint, Salt, Secret, Verdict};

/// Checks one input.
pub fn check(input: &[u8]) {
    read(input);
    let mut parts = input.splitn(3, |byte| *byte == b'\n');
    let [base, ours, theirs] = [(); 3].map(|()| made(parts.next().unwrap_or_default()));
    merged(&base, &ours, &theirs);
}

fn read(input: &[u8]) {
    let baseline = match Baseline::parse(input, &Salt::none()) {
        Ok(baseline) => baseline,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let _ = baseline.look_up(&Secret::new(input), "src/app.py", "a-key");
    // A file of detect-secrets is read and never written.
    let Ok(text) = baseline.render() else { return };
    let again = Baseline::parse(text.as_bytes(), &Salt::none()).expect("it was just written");
    assert!(again.records().eq(baseline.records()));
    let windows = text.replace('\n', "\r\n");
    let again = Baseline::parse(windows.as_bytes(), &Salt::none()).expect("it has other line ends");
    assert_eq!(again.render().expect("it is ours"), text);
}

/// Each byte is a finding: two bits for the value, two for the file, two for the verdict, one for a
/// reason.
fn made(bytes: &[u8]) -> Baseline {
    let mut baseline = Baseline::new(Salt::none());
    for byte in bytes {
        let print = ["1", "2", "3", "4"][usize::from(byte & 3)].repeat(64);
        let verdicts =
            [Verdict::Unreviewed, Verdict::Real, Verdict::Revoked, Verdict::FalsePositive];
        baseline.record(Record {
            fingerprint: Fingerprint::parse(&print).expect("it is hex"),
            rule: "a-key".into(),
            path: ["a/x", "a/y", "b/x", "b/z"][usize::from(byte >> 2 & 3)].into(),
            verdict: verdicts[usize::from(byte >> 4 & 3)],
            reason: (byte & 64 != 0).then(|| "so".into()),
            by: None,
            on: None,
            rotate_by: None,
        });
    }
    baseline
}

fn merged(base: &Baseline, ours: &Baseline, theirs: &Baseline) {
    let one = merge(base, ours, theirs).expect("all are ours");
    let other = merge(base, theirs, ours).expect("all are ours");
    assert_eq!(one.conflicts().count(), other.conflicts().count());
    for (left, right) in one.conflicts() {
        assert!(left.contradicts(right));
    }
    let text = one.render("ours", "theirs");
    let has_conflict = one.conflicts().next().is_some();
    assert_eq!(Baseline::parse(text.as_bytes(), &Salt::none()).is_err(), has_conflict);
    let [one, other] = [one, other].map(|merged| merged.settle(Preference::Safest));
    assert!(one.records().eq(other.records()), "which side is which does not matter");
    // What both sides list is listed, and what no side lists is not.
    let lists = |baseline: &Baseline, record: &Record| {
        baseline.records().any(|r| r.fingerprint == record.fingerprint && r.path == record.path)
    };
    for record in ours.records().filter(|record| lists(theirs, record)) {
        assert!(lists(&one, record));
    }
    for record in one.records() {
        assert!(lists(ours, record) || lists(theirs, record));
    }
    let same = merge(base, ours, base).expect("all are ours").settle(Preference::Ours);
    assert!(same.records().eq(ours.records()), "what only one side changed is taken");
}
