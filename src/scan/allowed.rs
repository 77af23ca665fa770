//! What the allowlists of a gitleaks file take away, counted so that it is said.

use std::collections::BTreeMap;

use super::Masker;
use super::olds::Olds;
use crate::config::Config;
use crate::detect::{Detection, Match, Suppression};
use crate::finding::Confidence;
use crate::rule::RuleSet;

/// How many findings each allowlist has taken away.
#[derive(Debug, Default)]
pub(super) struct Allowed {
    counts: BTreeMap<usize, usize>,
}

/// Returns whether an allowlist has taken a match away.
pub(super) fn has_any(detection: &Detection) -> bool {
    detection.suppressed.iter().any(|s| matches!(s.why, Suppression::Allowlist(_)))
}

impl Allowed {
    /// Counts what the lists took from imported rules, as far as it is new.
    pub(super) fn count_imported(&mut self, text: &[u8], detection: &Detection, olds: &Olds<'_>) {
        for suppressed in &detection.suppressed {
            let Suppression::Allowlist(list) = suppressed.why else { continue };
            let found = Match {
                rule: suppressed.rule,
                secret: suppressed.secret.clone(),
                parts: Vec::new(),
                confidence: Confidence::Low,
                public_len: 0,
                rank: 0,
            };
            if !olds.hold(text, &found) {
                *self.counts.entry(list).or_default() += 1;
            }
        }
    }

    /// Returns whether a list allows what one of keyhook's rules found, and counts it. Imported
    /// rules have asked the lists before.
    pub(super) fn allows(
        &mut self,
        rules: &RuleSet,
        text: &[u8],
        path: &str,
        found: &Match,
    ) -> bool {
        let imported = rules.imported().filter(|(first, _)| found.rule < *first);
        let Some((_, imported)) = imported else { return false };
        let list = imported.allows(&rules.get(found.rule).id, path, text, &found.secret);
        list.map(|list| *self.counts.entry(list).or_default() += 1).is_some()
    }

    /// Says how many findings each list allowed.
    pub(super) fn write_notes(
        &self,
        rules: &RuleSet,
        config: &Config,
        masker: &Masker<'_>,
        notes: &mut Vec<String>,
    ) {
        let (Some((_, imported)), Some(file)) = (rules.imported(), &config.gitleaks) else {
            return;
        };
        for (list, count) in &self.counts {
            // A description may hold anything.
            let name = masker.message(imported.allowlist_name(*list));
            notes.push(format!("{count} finding(s) allowed by {file}: {name}"));
        }
    }
}
