//! How sure a rule is of its finding.
//!
//! In a file of its own because the build script, which checks the built-in rules, needs it too.

use serde::{Deserialize, Serialize};

/// How sure keyhook is that a finding is a live secret.
///
/// `High`: the text has a structure that nothing else has. `Medium`: the shape fits and the
/// surroundings say what it is. `Low`: it may well be something else; shown only on request.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Shown only with `--confidence low`.
    Low,
    /// Reported by default.
    Medium,
    /// Reported by default.
    #[default]
    High,
}

impl Confidence {
    /// Returns the word used in files and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}
