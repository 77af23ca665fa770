//! A gitleaks or betterleaks file as a source of rules.
//!
//! Teams have such files, with rules for their own tokens and with allowlists that took years. They
//! are read as gitleaks reads them, `[extend]` included. What keyhook cannot honour is remarked on by
//! name: it never gets lost without a word. Where something is left out of an allowlist it allows
//! less; where a rule is lost, keyhook refuses to say "clean" until the user has switched that rule
//! off by name.

use std::fmt;

use toml::Table;

use super::filter::Imported;

mod build;
mod merge;
mod pattern;
mod schema;

pub use merge::inside;
pub(in crate::rule) use pattern::Pattern;

/// gitleaks follows `[extend] path` this often, and no further.
const EXTEND_DEPTH_MAX: usize = 2;

/// Where the content of a file in the repository comes from; `None` if there is no such file.
pub type ReadFile<'a> = dyn FnMut(&str) -> Result<Option<Vec<u8>>, String> + 'a;

/// What a file came to.
#[derive(Debug)]
pub struct Loaded {
    /// Its rules and allowlists.
    pub rules: Imported,
    /// What is not honoured or is to be known, in the order of the file.
    pub remarks: Vec<Remark>,
}

/// Something in the file that keyhook does not do, or does in its own way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The file.
    pub file: String,
    /// The rule's id; empty for the file itself.
    pub rule: String,
    /// The key, such as `allowlists[1].commits`.
    pub key: String,
    /// What follows from it.
    pub effect: Effect,
    /// Why.
    pub reason: String,
    /// What the user can do.
    pub hint: String,
}

/// What follows from a remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// The rule does not run: something may be missed.
    Lost,
    /// The key is not honoured; at worst something is reported that gitleaks would not report.
    Ignored,
    /// The key is not honoured, and what is reported is the same without it.
    Idle,
    /// It is honoured, in keyhook's own way.
    Told,
}

impl Remark {
    fn new(file: &str, rule: &str, key: &str, effect: Effect, reason: &str, hint: &str) -> Remark {
        let [file, rule, key, reason, hint] = [file, rule, key, reason, hint].map(str::to_owned);
        Remark { file, rule, key, effect, reason, hint }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.rule.is_empty() {
            write!(f, "rule `{}`: ", self.rule)?;
        }
        write!(f, "{}: {}", self.key, self.reason)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "; {}", self.hint) }
    }
}

/// Why a file cannot be used at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitleaksError {
    /// The file.
    pub file: String,
    /// What is wrong, and where.
    pub problem: String,
    /// What the user can do.
    pub hint: String,
}

impl fmt::Display for GitleaksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use {}: {}", self.file, self.problem)
    }
}

impl std::error::Error for GitleaksError {}

/// Returns whether a text is a gitleaks file rather than one of keyhook's own.
pub fn is_gitleaks(text: &str) -> bool {
    let Ok(table) = text.parse::<Table>() else { return false };
    let is_known = |key: &String| {
        let key = key.to_ascii_lowercase();
        matches!(&key[..], "rules" | "extend" | "allowlist" | "allowlists")
    };
    table.keys().any(is_known)
}

/// Loads a gitleaks file and those that it extends.
pub fn load(name: &str, read: &mut ReadFile<'_>) -> Result<Loaded, GitleaksError> {
    let mut remarks = Vec::new();
    let merged = merge::load(name, read, &mut remarks)?;
    let rules = build::build(merged, &mut remarks);
    Ok(Loaded { rules, remarks })
}

/// Returns an id that is safe to show and to record: letters, digits, `.`, `_` and `-`.
pub(super) fn plain_id(id: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let id: String = id.trim().chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    id.chars().take(100).collect()
}

#[cfg(test)]
mod tests;
