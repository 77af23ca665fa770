//! Any text as a rule file: refused in words, or rules that can run.

use keyhook::detect::{Engine, FileKind, Text, check_own};
use keyhook::rule::{RuleSet, from_text, parse};

/// Checks one input.
pub fn check(input: &[u8]) {
    // Of other bytes the part before the first that is no text.
    let input = input.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    if let Err(error) = from_text(input) {
        assert!(!error.to_string().is_empty());
    }
    let Ok(rules) = parse(input) else { return };
    assert!(check_own(&rules).iter().all(|broken| !broken.to_string().is_empty()));
    let engine = Engine::new(RuleSet::only(rules.into_iter().map(|rule| rule.rule).collect()));
    let text = Text { bytes: input.as_bytes(), kind: FileKind::Other };
    for found in engine.detect(&text).matches {
        assert!(found.secret.start <= found.secret.end && found.secret.end <= input.len());
    }
}
