//! Rules that look at something else than text: they have an id, a name and a reason, and no pattern.
//!
//! They stand in the list of rules so that a report can name them, `rules show` can explain them and
//! `disable` can switch them off like any other. What they find is found elsewhere, in `scan`.

use super::Rule;
use crate::finding::Confidence;

/// A file that is a secret as a whole, or is kept for secrets.
pub const SENSITIVE_FILE: &str = "sensitive-file";

/// A value that is live on this machine.
pub const OWN_KEY: &str = "own-key";

/// The ids, sorted.
const IDS: [&str; PATTERNLESS_COUNT] = [OWN_KEY, SENSITIVE_FILE];

/// How many there are.
pub(super) const PATTERNLESS_COUNT: usize = 2;

/// Returns the place of the rule with this id.
pub(super) fn place_of(id: &str) -> Option<usize> {
    IDS.iter().position(|known| *known == id)
}

/// Returns the rule at this place.
pub(super) fn at(place: usize) -> Rule {
    let (name, why) = match IDS[place] {
        OWN_KEY => (
            "Key of your own",
            "It is live on this machine, so whoever reads the commit can use it.",
        ),
        _ => (
            "Sensitive file",
            "It holds, or is made to hold, what opens something; once pushed it stays in the history.",
        ),
    };
    Rule {
        id: IDS[place].to_owned(),
        name: name.to_owned(),
        why: why.to_owned(),
        confidence: Confidence::High,
        ..Rule::default()
    }
}
