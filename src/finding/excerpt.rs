//! The surroundings of a finding, safe for eyes.

/// The lines around a finding, and why its rule spoke.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// The lines, in order.
    pub lines: Vec<ExcerptLine>,
    /// Why the rule spoke, as a sentence.
    pub why: String,
}

/// A line with its secrets hidden.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExcerptLine {
    /// Its number, from 1.
    pub number: usize,
    /// The whole line, or what stands before the secret.
    pub before: String,
    /// The hidden secret; empty on other lines.
    pub masked: String,
    /// What stands behind the secret.
    pub after: String,
    /// Whether the secret stands on this line, or goes on there.
    pub is_secret: bool,
}
