//! What no law forbids and nobody means: ids given twice, links that lead nowhere.

use super::check::Mistake;
use crate::rule::{Outline, ProvenRule, RuleSet};

/// Looks at rules beside one another, and at what is only shown to people.
pub(super) fn check(rules: &[(ProvenRule, Outline)]) -> Vec<Mistake> {
    let mut mistakes = twice(rules);
    let builtin = RuleSet::builtin();
    let is_known = |id: &str| {
        builtin.by_id(id).is_some() || rules.iter().any(|(proven, _)| proven.rule.id == id)
    };
    for (ProvenRule { rule, .. }, outline) in rules {
        let mut add = |key: &str, problem: String, hint: &str| {
            let (line, rule, hint) = (outline.line(key), rule.id.clone(), hint.to_owned());
            mistakes.push(Mistake { line, rule, problem, hint });
        };
        for id in rule.with.iter().filter(|id| !is_known(id)) {
            let hint = "it holds ids of other rules; list them with: keyhook rules list";
            add("with", format!("no rule is called `{id}`, which `with` names"), hint);
        }
        let links = rule.references.iter().map(|link| ("references", link));
        for (key, link) in links.chain([("revoke", &rule.revoke)]) {
            if is_broken_link(link) {
                let hint = "write it with its scheme: https://acme.example/keys";
                add(key, format!("`{link}` is no link"), hint);
            }
        }
        if !rule.env.is_empty() && !is_variable(&rule.env) {
            let hint = "write the name that a program reads: ACME_TOKEN";
            add("env", format!("`{}` is no name of a variable", rule.env), hint);
        }
    }
    mistakes
}

fn twice(rules: &[(ProvenRule, Outline)]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (place, (ProvenRule { rule, .. }, outline)) in rules.iter().enumerate() {
        let first = rules[..place].iter().find(|(earlier, _)| earlier.rule.id == rule.id);
        if let Some((_, first)) = first {
            mistakes.push(Mistake {
                line: outline.line("id"),
                rule: rule.id.clone(),
                problem: format!("line {} has a rule of this id too", first.line("id")),
                hint: "give one of them another id; only the later one would run".to_owned(),
            });
        }
    }
    mistakes
}

/// Words such as "ask the platform team" are no link, and need not be one.
fn is_broken_link(link: &str) -> bool {
    let host = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
    let has_host = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    !link.is_empty() && !link.contains(' ') && !host.is_some_and(has_host)
}

fn is_variable(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(is_part) && !name.starts_with(|c: char| c.is_ascii_digit())
}
