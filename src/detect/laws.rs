//! The laws that every rule keeps, built-in or a user's own.
//!
//! A rule carries its proof: texts that must fire and near misses that must not. `tests/rules.rs`
//! and `keyhook rules check` both call this.

use std::fmt;

use super::{Engine, FileKind, Match, Text, decode};
use crate::finding::Confidence;
use crate::rule::{Check, Expanded, ProvenRule, Rule, RuleSet, checksum_named, expand};

/// A law that a rule breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The id of the rule.
    pub rule: String,
    /// Which law, on which example, and what happened instead.
    pub problem: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule `{}`: {}", self.rule, self.problem)
    }
}

/// Examples are filled in this many ways, so that none passes by luck.
const SEEDS: u64 = 3;

/// Checks these rules against the engine that holds them all, with every law.
pub fn check_laws(engine: &Engine, rules: &[ProvenRule]) -> Vec<Broken> {
    rules.iter().flat_map(|rule| check_rule(engine, rule, true)).collect()
}

/// Checks a user's own rules; a reference and a `why` are welcome but not asked for.
pub fn check_own(rules: &[ProvenRule]) -> Vec<Broken> {
    let mut set = RuleSet::builtin();
    set.add(rules.iter().map(|proven| proven.rule.clone()).collect());
    let engine = Engine::new(set);
    rules.iter().flat_map(|rule| check_rule(&engine, rule, false)).collect()
}

fn check_rule(engine: &Engine, proven: &ProvenRule, is_builtin: bool) -> Vec<Broken> {
    let mut problems = check_fields(proven, is_builtin);
    for seed in 0..SEEDS {
        for example in &proven.examples.matches {
            problems.extend(check_match(engine, proven, example, seed).err());
        }
        for example in &proven.examples.ignores {
            problems.extend(check_ignore(engine, proven, example, seed).err());
        }
    }
    // Each filling of an example fails alike; one line says it.
    let mut seen = std::collections::BTreeSet::new();
    problems.retain(|problem| seen.insert(problem.clone()));
    let rule = &proven.rule.id;
    problems.into_iter().map(|problem| Broken { rule: rule.clone(), problem }).collect()
}

fn check_fields(proven: &ProvenRule, is_builtin: bool) -> Vec<String> {
    let (rule, examples) = (&proven.rule, &proven.examples);
    let mut problems = Vec::new();
    if examples.matches.len() < 2 {
        problems.push("give at least two `matches`, texts that must fire".to_owned());
    }
    if examples.ignores.len() < 2 {
        problems.push("give at least two `ignores`, near misses that must stay quiet".to_owned());
    }
    for check in &rule.checks {
        if let Check::Checksum(name) = check
            && checksum_named(name).is_none()
        {
            problems.push(format!("no checksum is called `{name}`"));
        }
    }
    if is_builtin && !rule.why.ends_with('.') {
        problems.push("`why` is one sentence: what could an attacker do?".to_owned());
    }
    if is_builtin && rule.references.is_empty() {
        problems.push("`references` is empty: where is the format documented?".to_owned());
    }
    problems
}

fn check_match(
    engine: &Engine,
    proven: &ProvenRule,
    example: &str,
    seed: u64,
) -> Result<(), String> {
    let rule = &proven.rule;
    let expanded = expand(example, seed).map_err(|e| format!("`{example}`: {e}"))?;
    let folded = expanded.text.to_ascii_lowercase();
    if !rule
        .keywords
        .iter()
        .chain(&rule.near)
        .any(|word| folded.contains(&word.to_ascii_lowercase()))
    {
        return Err(format!("`{example}`: no keyword stands in this text"));
    }
    let [marked] = &expanded.secrets[..] else {
        return Err(format!("`{example}`: mark exactly one secret with « and »"));
    };
    let found = spoken(engine, &expanded, rule.confidence.min(Confidence::Medium));
    let names: Vec<&str> = found.iter().map(|m| engine.rules().get(m.rule).id.as_str()).collect();
    match &found[..] {
        [] => Err(format!("`{example}`: the rule does not fire")),
        [only] if names[0] == rule.id && only.secret == *marked => Ok(()),
        [only] if names[0] == rule.id => Err(format!(
            "`{example}`: captures bytes {:?} instead of the marked {:?}",
            only.secret, marked
        )),
        _ => Err(format!(
            "`{example}`: expected only this rule, but these fire: {}",
            names.join(", ")
        )),
    }
}

/// A near miss of one rule may still be a value assigned to a telling name, which only the generic
/// search says; it is quiet as far as the rules with a shape are concerned.
fn check_ignore(
    engine: &Engine,
    proven: &ProvenRule,
    example: &str,
    seed: u64,
) -> Result<(), String> {
    let expanded = expand(example, seed).map_err(|e| format!("`{example}`: {e}"))?;
    let is_generic = |rule: &Rule| rule.checks.contains(&Check::Assignment);
    let mut fired = spoken(engine, &expanded, Confidence::Medium);
    fired.retain(|m| is_generic(&proven.rule) || !is_generic(engine.rules().get(m.rule)));
    match fired.first() {
        None => Ok(()),
        Some(m) => {
            let id = &engine.rules().get(m.rule).id;
            Err(format!("`{example}`: must stay quiet, but `{id}` fires"))
        }
    }
}

fn spoken(engine: &Engine, expanded: &Expanded, least: Confidence) -> Vec<Match> {
    let (bytes, is_binary) = decode(expanded.text.as_bytes());
    let kind = FileKind::of_path(expanded.path.as_bytes()).unless_binary(is_binary);
    let mut matches = engine.detect(&Text { bytes: &bytes, kind }).matches;
    matches.retain(|m| m.confidence >= least);
    matches
}
