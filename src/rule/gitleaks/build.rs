//! Makes what was read ready to run, and remarks on what does not become so.

use super::merge::Merged;
use super::schema::{RawAllowlist, RawGroup, RawRequired, RawRule};
use super::{Effect, Pattern, Remark, plain_id};
use crate::finding::Confidence;
use crate::rule::filter::{Allowlist, Foreign, Group, Imported, Required, Target};
use crate::rule::{Boundary, IDS, Rule};

/// gitleaks' catch-all rule, and keyhook's.
const CATCH_ALL: (&str, &str) = ("generic-api-key", "generic-assignment");

/// A rule that stands alone; its required rules are not known yet.
struct Built {
    raw_id: String,
    file: String,
    card: Rule,
    rule: Foreign,
    required: Vec<RawRequired>,
}

/// Builds rules and allowlists.
pub(super) fn build(merged: Merged, remarks: &mut Vec<Remark>) -> Imported {
    let mut built = Vec::new();
    let mut allowlists = Vec::new();
    for mut raw in merged.rules {
        let lists = std::mem::take(&mut raw.allowlists);
        let is_change = raw.regex.is_none() && raw.path.is_none();
        let target = if is_change && merged.is_default {
            change_of_builtin(&raw, !lists.is_empty(), remarks)
        } else {
            let rule = build_rule(raw, remarks);
            let id = rule.as_ref().map(|rule| rule.card.id.clone());
            built.extend(rule);
            id
        };
        let Some(target) = target else { continue };
        for list in lists {
            let place = Place { file: &merged.file, rule: &target };
            allowlists.extend(build_allowlist(list, &place, Some(vec![target.clone()]), remarks));
        }
    }
    let built = with_required(built, remarks);
    for (file, mut list) in merged.allowlists {
        let known = |id: &String| {
            let id = builtin_id(id).unwrap_or(id);
            is_builtin(id) || built.iter().any(|rule| rule.raw_id == *id)
        };
        for id in list.rules.iter().filter(|id| !known(id)) {
            let reason = format!("no rule is called `{}`", plain_id(id));
            let key = format!("{}.targetRules", list.place);
            let hint = "take it out, or see: keyhook rules list";
            remarks.push(Remark::new(&file, "", &key, Effect::Ignored, &reason, hint));
        }
        let rules = std::mem::take(&mut list.rules);
        let ids = |id: &String| [Some(plain_id(id)), builtin_id(id).map(str::to_owned)];
        let rules = (!rules.is_empty()).then(|| rules.iter().flat_map(ids).flatten().collect());
        allowlists.extend(build_allowlist(list, &Place { file: &file, rule: "" }, rules, remarks));
    }
    let disabled = disabled_builtins(merged.disabled, remarks);
    let (cards, rules) = built.into_iter().map(|built| (built.card, built.rule)).unzip();
    Imported::new(cards, rules, allowlists, disabled)
}

/// Returns keyhook's id for a rule of gitleaks' own configuration.
fn builtin_id(id: &str) -> Option<&str> {
    if id == CATCH_ALL.0 { Some(CATCH_ALL.1) } else { Some(id).filter(|id| is_builtin(id)) }
}

fn is_builtin(id: &str) -> bool {
    IDS.binary_search(&id).is_ok()
}

/// A rule without a regex changes a default rule. Its allowlists count for keyhook's rule of that
/// name; everything else belongs to a regex that is not here.
fn change_of_builtin(
    raw: &RawRule,
    has_allowlists: bool,
    remarks: &mut Vec<Remark>,
) -> Option<String> {
    let id = plain_id(&raw.id);
    let mut remark = |key: &str, effect, reason: &str, hint: &str| {
        remarks.push(Remark::new(&raw.file, &id, key, effect, reason, hint));
    };
    let Some(builtin) = builtin_id(&raw.id) else {
        let reason = "it changes a rule of gitleaks' own, and keyhook's rules have other names";
        let (effect, hint) = if has_allowlists {
            let hint = "make its allowlists global, with `targetRules` from: keyhook rules list";
            (Effect::Ignored, hint)
        } else {
            (Effect::Idle, "nothing to do")
        };
        remark("(the rule)", effect, reason, hint);
        return None;
    };
    let changed = [
        ("entropy", raw.entropy.is_some()),
        ("keywords", !raw.keywords.is_empty()),
        ("secretGroup", raw.group.is_some()),
        ("description", raw.description.is_some()),
        ("required", !raw.required.is_empty()),
        ("skipReport", raw.is_silent == Some(true)),
        ("confidence", raw.confidence.is_some()),
    ];
    for (key, _) in changed.into_iter().filter(|(_, is_given)| *is_given) {
        let reason = format!("keyhook's own rule `{builtin}` stays as it is");
        remark(key, Effect::Ignored, &reason, "give the rule a regex to have one of your own");
    }
    Some(builtin.to_owned())
}

fn build_rule(raw: RawRule, remarks: &mut Vec<Remark>) -> Option<Built> {
    let id = plain_id(&raw.id);
    let mut remark = |key: &str, effect, reason: &str, hint: &str| {
        let shown = if id.is_empty() { "(no id)" } else { &id };
        remarks.push(Remark::new(&raw.file, shown, key, effect, reason, hint));
    };
    if id.is_empty() {
        remark("id", Effect::Lost, "it is missing", "give the rule an id");
        return None;
    }
    if raw.regex.is_none() && raw.path.is_none() {
        remark("regex", Effect::Lost, "there is neither `regex` nor `path`", "give one of them");
        return None;
    }
    let mut parse = |key: &str, text: &Option<String>| match text.as_deref().map(Pattern::parse) {
        Some(Err(fault)) => {
            remark(key, Effect::Lost, &fault, "mend it, or name the rule in `disable`");
            Err(())
        }
        Some(Ok(pattern)) => Ok(Some(pattern)),
        None => Ok(None),
    };
    let (pattern, path) = (parse("regex", &raw.regex).ok()?, parse("path", &raw.path).ok()?);
    let group = match raw.group {
        None => Group::First,
        Some(RawGroup::Name(name)) => Group::Name(name),
        Some(RawGroup::Index(index)) => Group::Index(index),
    };
    let has_group = match (&group, &pattern) {
        (Group::Index(index), Some(pattern)) => *index <= pattern.groups(),
        (Group::Name(name), Some(pattern)) => pattern.has_group(name),
        _ => true,
    };
    if !has_group {
        let hint = "name a group that is there, or name the rule in `disable`";
        remark("secretGroup", Effect::Lost, "the regex has no such group", hint);
        return None;
    }
    if id != raw.id {
        remark("id", Effect::Told, "the rule goes by this plain name here", "");
    }
    if is_builtin(&id) {
        let hint = "to have this one alone: `disable` in .keyhook.toml";
        remark("id", Effect::Told, "keyhook's built-in rule of this name runs too", hint);
    }
    let card = Rule {
        name: raw.description.filter(|text| !text.trim().is_empty()).unwrap_or(id.clone()),
        id,
        confidence: raw.confidence.unwrap_or(Confidence::Medium),
        boundary: Boundary::None,
        ..Rule::default()
    };
    let rule = Foreign {
        pattern,
        group,
        entropy: raw.entropy.unwrap_or(0.0),
        keywords: raw.keywords.into_iter().filter(|word| !word.is_empty()).collect(),
        path,
        required: Vec::new(),
        is_silent: raw.is_silent.unwrap_or(false),
    };
    Some(Built { raw_id: raw.id, file: raw.file, card, rule, required: raw.required })
}

/// Joins rules with those that they require; a rule whose required one is lost is lost too.
fn with_required(mut built: Vec<Built>, remarks: &mut Vec<Remark>) -> Vec<Built> {
    loop {
        let lacks = |rule: &Built| {
            let has = |id: &str| {
                built.iter().any(|other| other.raw_id == id && other.rule.pattern.is_some())
            };
            let mut needed = rule.required.iter().filter(|required| !required.is_optional);
            needed.find(|required| !has(&required.id)).map(|required| plain_id(&required.id))
        };
        let lost = built.iter().enumerate().find_map(|(at, rule)| Some((at, lacks(rule)?)));
        let Some((at, missing)) = lost else { break };
        let rule = built.remove(at);
        let reason = format!("no usable rule of the file is called `{missing}`");
        let hint = "mend it, or name the rule in `disable`";
        let remark =
            Remark::new(&rule.file, &rule.card.id, "required", Effect::Lost, &reason, hint);
        remarks.push(remark);
    }
    let ids: Vec<String> = built.iter().map(|rule| rule.raw_id.clone()).collect();
    for rule in &mut built {
        let index = |id: &str| ids.iter().position(|known| known == id);
        let required = rule.required.iter().filter_map(|required| {
            let RawRequired { lines, columns, is_optional, .. } = *required;
            Some(Required { rule: index(&required.id)?, lines, columns, is_optional })
        });
        rule.rule.required = required.collect();
    }
    built
}

struct Place<'a> {
    file: &'a str,
    rule: &'a str,
}

fn build_allowlist(
    raw: RawAllowlist,
    place: &Place<'_>,
    rules: Option<Vec<String>>,
    remarks: &mut Vec<Remark>,
) -> Option<Allowlist> {
    if !place.rule.is_empty() && !raw.rules.is_empty() {
        let key = format!("{}.targetRules", raw.place);
        let reason = "an allowlist of a rule speaks of that rule alone";
        let hint = "make it global, or take the key out";
        remarks.push(Remark::new(place.file, place.rule, &key, Effect::Ignored, reason, hint));
    }
    let mut parse = |key: &str, texts: Option<Vec<String>>| {
        let mut patterns = Vec::new();
        for (at, text) in texts.as_ref()?.iter().enumerate() {
            match Pattern::parse(text) {
                Ok(pattern) => patterns.push(pattern),
                Err(fault) => {
                    let key = format!("{}.{key}[{}]", raw.place, at + 1);
                    let hint = "mend it; until then it allows nothing";
                    let effect = Effect::Ignored;
                    let remark = Remark::new(place.file, place.rule, &key, effect, &fault, hint);
                    remarks.push(remark);
                }
            }
        }
        Some(patterns)
    };
    let name = match (raw.description.trim(), place.rule) {
        ("", "") => raw.place.clone(),
        ("", rule) => format!("{} of rule `{rule}`", raw.place),
        (description, _) => description.to_owned(),
    };
    let (paths, regexes) = (parse("paths", raw.paths), parse("regexes", raw.regexes));
    let lower = |words: Vec<String>| words.iter().map(|word| word.to_lowercase()).collect();
    let target = match &raw.target[..] {
        "match" => Target::Match,
        "line" => Target::Line,
        _ => Target::Secret,
    };
    let stopwords = raw.stopwords.map(lower);
    Some(Allowlist { name, rules, is_and: raw.is_and, paths, regexes, stopwords, target })
}

fn disabled_builtins(disabled: Vec<(String, String)>, remarks: &mut Vec<Remark>) -> Vec<String> {
    let mut found = Vec::new();
    for (file, id) in disabled {
        match builtin_id(&id) {
            Some(builtin) => found.push(builtin.to_owned()),
            None => {
                let reason = format!("keyhook has no rule called `{}`", plain_id(&id));
                let hint = "nothing to do; keyhook's rules are listed by: keyhook rules list";
                let key = "extend.disabledRules";
                remarks.push(Remark::new(&file, "", key, Effect::Idle, &reason, hint));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}
