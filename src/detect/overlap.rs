//! One secret, one finding: of overlapping matches the most telling stays, and the parts of one
//! credential are joined.

use std::cmp::Reverse;

use super::{Detection, Match, Suppressed, Suppression};
use crate::finding::Confidence;
use crate::rule::{Check, RuleSet};

/// Parts of one credential stand at most this many lines apart.
const PART_LINES: usize = 5;

/// Drops the weaker of overlapping matches and joins the parts of composite credentials.
pub(super) fn resolve(rules: &RuleSet, text: &[u8], mut found: Detection) -> Detection {
    let mut ranked = std::mem::take(&mut found.matches);
    ranked.sort_by_key(|m| (Reverse(rank(rules, m)), m.secret.start, m.rule));
    // Two keywords of a rule may lead to the same match.
    ranked.dedup_by(|a, b| a.rule == b.rule && a.secret == b.secret);
    let mut kept: Vec<Match> = Vec::new();
    // Sorted by start, so that only the neighbours can overlap.
    let mut starts: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    for candidate in ranked {
        let before = starts.range(..candidate.secret.end).next_back();
        let is_taken = before.is_some_and(|(_, end)| *end > candidate.secret.start);
        if is_taken {
            let why = Suppression::Overlap;
            found.suppressed.push(Suppressed {
                rule: candidate.rule,
                secret: candidate.secret,
                why,
            });
        } else {
            starts.insert(candidate.secret.start, candidate.secret.end);
            kept.push(candidate);
        }
    }
    kept.sort_by_key(|m| m.secret.start);
    found.matches = join_parts(rules, text, kept);
    found.suppressed.sort_by_key(|suppressed| (suppressed.secret.start, suppressed.rule));
    found.suppressed.dedup();
    found
}

/// What stays of two overlapping matches: one that is said aloud before one that is not, one that
/// names the provider before one that names the kind of file, a shape before a word nearby.
/// The longer fixed start is the exacter shape; words nearby decide between shapes that are equal.
type Rank = (bool, u8, Confidence, usize, u16, usize);

fn rank(rules: &RuleSet, candidate: &Match) -> Rank {
    let rule = rules.get(candidate.rule);
    let how_specific = if rule.checks.contains(&Check::Assignment) {
        0
    } else if rule.provider.is_empty() {
        1
    } else if rule.is_shapeless {
        2
    } else {
        3
    };
    // A built-in rule that is never sure knows what this is, such as an id; one that could be sure
    // and is not here must not hide another, and neither may a rule that a repository brings.
    let knows = rule.confidence == Confidence::Low && rules.is_builtin(candidate.rule);
    let is_said = candidate.confidence >= Confidence::Medium || knows;
    (
        is_said,
        how_specific,
        candidate.confidence,
        candidate.public_len,
        if how_specific >= 2 { candidate.rank } else { 0 },
        candidate.secret.len(),
    )
}

fn join_parts(rules: &RuleSet, text: &[u8], mut matches: Vec<Match>) -> Vec<Match> {
    let mut is_part = vec![false; matches.len()];
    for whole in 0..matches.len() {
        let with = &rules.get(matches[whole].rule).with;
        if with.is_empty() {
            continue;
        }
        for part in within_reach(&matches, whole) {
            let is_told = rules.is_builtin(matches[whole].rule)
                || matches[whole].confidence >= matches[part].confidence;
            let belongs = part != whole
                && !is_part[part]
                && is_told
                && with.contains(&rules.get(matches[part].rule).id)
                && are_close(text, &matches[whole], &matches[part]);
            if belongs {
                is_part[part] = true;
                let Match { secret, confidence, .. } = matches[part].clone();
                matches[whole].parts.push(secret);
                // One credential is as sure as its surest part, which nothing else tells any more.
                matches[whole].confidence = matches[whole].confidence.max(confidence);
            }
        }
    }
    let mut is_part = is_part.into_iter();
    matches.retain(|_| !is_part.next().expect("one flag each"));
    matches
}

/// And so many bytes.
const PART_BYTES: usize = 2000;

/// Returns the neighbours that may be parts of a match: the matches do not overlap, so a file full
/// of credentials costs no more than its length.
fn within_reach(matches: &[Match], whole: usize) -> std::ops::Range<usize> {
    let secret = &matches[whole].secret;
    let is_near = |gap: usize| gap < PART_BYTES;
    let before = matches[..whole].iter().rev();
    let before = before.take_while(|m| is_near(secret.start.saturating_sub(m.secret.end))).count();
    let behind = matches[whole + 1..].iter();
    let behind = behind.take_while(|m| is_near(m.secret.start.saturating_sub(secret.end))).count();
    whole - before..whole + 1 + behind
}

fn are_close(text: &[u8], a: &Match, b: &Match) -> bool {
    let (first, second) = if a.secret.start < b.secret.start { (a, b) } else { (b, a) };
    let between = &text[first.secret.end..second.secret.start.max(first.secret.end)];
    between.len() < PART_BYTES && memchr::memchr_iter(b'\n', between).count() <= PART_LINES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Engine, FileKind, Text};
    use crate::rule::{expand, parse};

    const RULES: &str = r#"
provider = "ACME"
[[rule]]
id = "acme-id"
name = "ACME id"
confidence = "medium"
keywords = ["acid_"]
pattern = '(?<secret> acid_ [a-z0-9]{16} )'

[[rule]]
id = "acme-near"
name = "ACME key by name"
confidence = "high"
near = ["acme"]
pattern = '(?<secret> [a-z0-9_]{21} )'

[[rule]]
id = "acme-near-shape"
name = "ACME key with a start, by name"
near = ["acme"]
pattern = '(?<secret> acq_ [a-z0-9_]{20} )'

[[rule]]
id = "acme-other"
name = "ACME key with a longer start"
keywords = ["acq_other_"]
pattern = '(?<secret> acq_other_ [a-z0-9]{14} )'

[[rule]]
id = "acme-secret"
name = "ACME secret"
keywords = ["acs_"]
with = ["acme-id"]
pattern = '(?<secret> acs_ [a-z0-9]{16} )'
"#;

    fn detect(example: &str) -> (Vec<(String, usize)>, Vec<Suppression>) {
        let rules = parse(RULES).unwrap().into_iter().map(|proven| proven.rule).collect();
        let engine = Engine::new(RuleSet::only(rules));
        let text = expand(example, 2).unwrap().text;
        let found = engine.detect(&Text { bytes: text.as_bytes(), kind: FileKind::Other });
        let name = |m: &Match| (engine.rules().get(m.rule).id.clone(), m.parts.len());
        (
            found.matches.iter().map(name).collect(),
            found.suppressed.iter().map(|suppressed| suppressed.why).collect(),
        )
    }

    fn one(id: &str, parts: usize) -> Vec<(String, usize)> {
        vec![(id.to_owned(), parts)]
    }

    #[test]
    fn a_shape_says_more_than_a_word_nearby() {
        let (found, suppressed) = detect("acme = acid_{{alnum-lower 16}}");
        assert_eq!(found, one("acme-id", 0));
        assert_eq!(suppressed, [Suppression::Overlap]);
    }

    #[test]
    fn the_longer_start_says_more_than_a_word_nearby() {
        let (found, _) = detect("acme = acq_other_{{alnum-lower 14}}");
        assert_eq!(found, one("acme-other", 0));
    }

    #[test]
    fn the_parts_of_one_credential_are_one_finding() {
        let (found, _) = detect("id: acid_{{alnum-lower 16}}\nsecret: acs_{{alnum-lower 16}}\n");
        assert_eq!(found, one("acme-secret", 1));
    }

    #[test]
    fn parts_far_apart_stay_apart() {
        let lines = "\n".repeat(PART_LINES + 1);
        let (found, _) =
            detect(&format!("acid_{{{{alnum-lower 16}}}}{lines}acs_{{{{alnum-lower 16}}}}"));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn an_id_belongs_to_one_secret_only() {
        let (found, _) =
            detect("acs_{{alnum-lower 16}} acid_{{alnum-lower 16}} acs_{{alnum-lower 16}}");
        let parts: usize = found.iter().map(|(_, parts)| parts).sum();
        assert_eq!((found.len(), parts), (2, 1));
    }
}
