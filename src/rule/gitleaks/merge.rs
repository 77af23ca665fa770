//! Follows `[extend]`: one file out of up to three.

use std::collections::BTreeSet;

use toml::Table;

use super::schema::{self, RawAllowlist, RawRule};
use super::{EXTEND_DEPTH_MAX, Effect, GitleaksError, ReadFile, Remark, plain_id};

/// A file together with all that it extends.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) file: String,
    pub(super) rules: Vec<RawRule>,
    /// The global allowlists, with the file that each stands in.
    pub(super) allowlists: Vec<(String, RawAllowlist)>,
    /// Whether the file builds on the built-in rules.
    pub(super) is_default: bool,
    /// The built-in rules that it does without.
    pub(super) disabled: Vec<(String, String)>,
}

/// Loads a file and those that it extends.
pub(super) fn load(
    name: &str,
    read: &mut ReadFile<'_>,
    remarks: &mut Vec<Remark>,
) -> Result<Merged, GitleaksError> {
    follow(name, read, remarks, &mut Vec::new())
}

fn follow(
    name: &str,
    read: &mut ReadFile<'_>,
    remarks: &mut Vec<Remark>,
    chain: &mut Vec<String>,
) -> Result<Merged, GitleaksError> {
    let table = parse(name, read, chain.last())?;
    chain.push(name.to_owned());
    let file = schema::read(name, table, remarks);
    let mut merged = Merged { file: name.to_owned(), ..Merged::default() };
    let mut remark = |key: &str, effect, reason: &str, hint: &str| {
        remarks.push(Remark::new(name, "", key, effect, reason, hint));
    };
    if file.extend.is_default {
        merged.is_default = true;
        let reason = "it means keyhook's built-in rules here, not those of gitleaks";
        remark("extend.useDefault", Effect::Told, reason, "");
    }
    let mut disabled: BTreeSet<String> = file.extend.disabled.iter().cloned().collect();
    if let Some(path) = &file.extend.path {
        if chain.len() > EXTEND_DEPTH_MAX {
            let reason = "gitleaks does not follow a third file either";
            remark("extend.path", Effect::Ignored, reason, "name that file in an outer one");
        } else {
            let next = place(name, path, chain)?;
            let base = follow(&next, read, remarks, chain)?;
            extend(&mut merged, base, &mut disabled);
        }
    }
    if merged.is_default {
        merged.disabled.extend(disabled.into_iter().map(|id| (name.to_owned(), id)));
    } else {
        for id in disabled {
            let reason = format!("`{}` is no rule of the extended file", plain_id(&id));
            let hint = "switch one of keyhook's own rules off with `disable` in .keyhook.toml";
            let key = "extend.disabledRules";
            remarks.push(Remark::new(name, "", key, Effect::Ignored, &reason, hint));
        }
    }
    for rule in file.rules {
        match merged.rules.iter_mut().find(|known| known.id == rule.id && known.file != name) {
            Some(known) => override_rule(known, rule),
            None => merged.rules.push(rule),
        }
    }
    merged.allowlists.extend(file.allowlists.into_iter().map(|list| (name.to_owned(), list)));
    chain.pop();
    Ok(merged)
}

/// Takes over what the extended file has, less the rules that are switched off.
fn extend(merged: &mut Merged, base: Merged, disabled: &mut BTreeSet<String>) {
    let mut taken_out = BTreeSet::new();
    for rule in base.rules {
        if disabled.contains(&rule.id) {
            taken_out.insert(rule.id);
        } else {
            merged.rules.push(rule);
        }
    }
    disabled.retain(|id| !taken_out.contains(id));
    merged.allowlists.extend(base.allowlists);
    merged.is_default |= base.is_default;
    merged.disabled.extend(base.disabled);
}

/// Changes a rule of an extended file as gitleaks does: what is set counts, lists grow.
fn override_rule(known: &mut RawRule, rule: RawRule) {
    known.description = rule.description.or(known.description.take());
    known.regex = rule.regex.or(known.regex.take());
    known.path = rule.path.or(known.path.take());
    known.group = rule.group.or(known.group.take());
    known.entropy = rule.entropy.filter(|entropy| *entropy != 0.0).or(known.entropy);
    known.confidence = rule.confidence.or(known.confidence);
    known.is_silent = rule.is_silent.or(known.is_silent);
    known.keywords.extend(rule.keywords);
    known.allowlists.extend(rule.allowlists);
    if !rule.required.is_empty() {
        known.required = rule.required;
    }
    known.file = rule.file;
}

fn parse(
    name: &str,
    read: &mut ReadFile<'_>,
    named_by: Option<&String>,
) -> Result<Table, GitleaksError> {
    let fail =
        |problem: String, hint: String| GitleaksError { file: name.to_owned(), problem, hint };
    let bytes = read(name).map_err(|problem| fail(problem, String::new()))?;
    let Some(bytes) = bytes else {
        let by = match named_by {
            Some(file) => format!("`[extend] path` in {file}"),
            None => "`gitleaks` in .keyhook.toml".to_owned(),
        };
        let problem = format!("there is no such file, and {by} names it");
        return Err(fail(problem, format!("git add {name}, or take the line out")));
    };
    let mend = || format!("mend {name}, then: git add {name}");
    let text = String::from_utf8(bytes).map_err(|_| fail("it is not UTF-8".into(), mend()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    text.parse::<Table>().map_err(|error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = 1 + text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
        // The parser quotes the line, which may be one of an allowlist.
        fail(format!("line {line}: {}", error.message()), mend())
    })
}

/// Returns where an extended file is: gitleaks looks from the top of the repository.
fn place(name: &str, path: &str, chain: &[String]) -> Result<String, GitleaksError> {
    let fail = |problem: &str, hint: &str| GitleaksError {
        file: name.to_owned(),
        problem: format!("`[extend] path`: {problem}"),
        hint: hint.to_owned(),
    };
    let Some(next) = inside(path) else {
        let problem = "the file is outside of the repository, and a hook reads only what is in it";
        return Err(fail(problem, "copy that file into the repository and name it from the top"));
    };
    if chain.contains(&next) {
        let problem = format!("{next} extends itself: {} → {next}", chain.join(" → "));
        return Err(fail(&problem, "take one of these lines out"));
    }
    Ok(next)
}

/// Returns a path from the top of the repository in its plain form; `None` if it leads out.
pub fn inside(path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    let has_drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with('/') || path.starts_with('~') || has_drive || path.contains('\0') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}
