//! The baseline through its whole life, with real git.

mod check;
mod life;
mod merging;
mod model;
mod writing;

use keyhook::baseline::{Baseline, Record};
use keyhook::finding::{Fingerprint, Salt, Secret, Verdict};

/// The salt of baselines that tests write themselves.
pub fn salt() -> Salt {
    Salt::from_bytes([7; 16])
}

/// A record of a value that is named by a number.
pub fn record(value: u64, path: &str, verdict: Verdict) -> Record {
    Record {
        fingerprint: Fingerprint::of(&Secret::new(&value.to_le_bytes()), &salt()),
        rule: "acme-token".into(),
        path: path.into(),
        verdict,
        reason: None,
        by: None,
        on: None,
        rotate_by: None,
    }
}

/// The text of a baseline with these records.
pub fn render<'a>(records: impl IntoIterator<Item = &'a Record>) -> String {
    let mut baseline = Baseline::new(salt());
    records.into_iter().for_each(|record| baseline.record(record.clone()));
    baseline.render().unwrap()
}

/// Reads a baseline, which must be sound.
#[track_caller]
pub fn parse(text: &str) -> Baseline {
    Baseline::parse(text.as_bytes(), &salt()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A small generator of numbers, so that each failure can be seen again by its seed.
pub struct Random(pub u64);

impl Random {
    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }

    /// Takes one out of a list.
    pub fn take<T>(&mut self, list: &mut Vec<T>) -> T {
        let at = self.below(list.len());
        list.swap_remove(at)
    }
}
