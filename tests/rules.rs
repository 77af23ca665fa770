//! The laws of the rules: each fires on its examples, alone and exactly, and on no near miss.

use keyhook::detect::{Engine, check_laws};
use keyhook::rule::{RuleSet, builtin_proven};

#[test]
fn every_rule_keeps_every_law() {
    let broken = check_laws(&Engine::new(RuleSet::builtin()), &builtin_proven());
    let lines: Vec<String> = broken.iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "\n{}", lines.join("\n"));
}
