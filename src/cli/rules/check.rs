//! `keyhook rules check`: what is wrong with rules, where, and how to mend it.
//!
//! The laws of `detect` judge; here what they say gets its line and a way out. All that is wrong is
//! told at once, since whoever writes a rule runs this again after every change.

use std::io::{self, Write};
use std::path::Path;

use super::super::{Exit, fail, masked_quote, say, written};
use super::examine::Examiner;
use super::{foreign, habits};
use crate::config::{CONFIG_NAME, Config};
use crate::detect::{Broken, Engine, check_laws, check_own};
use crate::file;
use crate::rule::{
    Check, Form, Outline, ProvenRule, RuleError, RuleSet, builtin_proven, checksum_named,
    checksum_names, is_gitleaks, read, shape,
};
use crate::terminal::{escape_lines, width};

/// How wide a line may be.
const COLUMNS: usize = 80;

/// What is wrong at one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) line: usize,
    /// The rule's id; empty where the file itself is concerned.
    pub(super) rule: String,
    pub(super) problem: String,
    pub(super) hint: String,
}

impl From<RuleError> for Mistake {
    fn from(error: RuleError) -> Mistake {
        let RuleError { line, rule, problem, hint } = error;
        Mistake { line, rule, problem, hint }
    }
}

/// What came of one file.
#[derive(Default)]
struct Checked {
    rules: usize,
    /// What keeps the file from being used.
    errors: Vec<Mistake>,
    /// What a rule promises and does not keep.
    broken: Vec<Mistake>,
    /// Own rules that take the place of built-in ones.
    replaced: Vec<String>,
}

pub(super) fn check(file: Option<&Path>) -> Exit {
    // What was named may be a pipe; what lies in the repository may not, and nothing waits for it.
    if let Some(named) = file {
        return check_read(named, std::fs::read(named));
    }
    let own = Path::new(CONFIG_NAME);
    match (check_builtin(), file::read_if_there(own).transpose()) {
        (Exit::Clean, Some(read)) => check_read(own, read),
        (exit, _) => exit,
    }
}

fn check_read(file: &Path, read: io::Result<Vec<u8>>) -> Exit {
    let path = file.display().to_string();
    let text = match read.map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(_)) => {
            let hint = "save it as UTF-8; an editor calls that its encoding".to_owned();
            return fail(&format!("cannot read {path}: it is not UTF-8"), &[hint]);
        }
        Err(error) => return fail(&format!("cannot read {path}: {error}"), &[]),
    };
    let is_config = file.file_name().is_some_and(|name| name == CONFIG_NAME);
    if !is_config && is_gitleaks(&text) && !foreign::means_own_rules(&text) {
        return foreign::check(file, &text);
    }
    let form = if is_config || is_config_text(&text) { Form::Config } else { Form::RuleFile };
    report(&path, &check_text(&text, form), form)
}

fn check_builtin() -> Exit {
    let builtin = builtin_proven();
    let broken = check_laws(&Engine::new(RuleSet::builtin()), &builtin);
    let mut out = io::stdout().lock();
    let mut lines = broken.iter().map(|broken| escape_lines(&broken.to_string(), ""));
    let result = lines.try_for_each(|line| writeln!(out, "{line}"));
    drop(out);
    if broken.is_empty() {
        say(&format!("keyhook: {} built-in rules keep every law", builtin.len()));
    }
    written(result, if broken.is_empty() { Exit::Clean } else { Exit::Findings })
}

/// Tells a draft of `.keyhook.toml` under another name.
fn is_config_text(text: &str) -> bool {
    let keys = ["exclude", "disable", "confidence", "gitleaks", "guarded", "own-keys"];
    let table = text.parse::<toml::Table>().unwrap_or_default();
    table.keys().any(|key| keys.contains(&&key[..]))
}

fn check_text(text: &str, form: Form) -> Checked {
    let file = read(text, form);
    let mut errors: Vec<Mistake> = file.errors.into_iter().map(Mistake::from).collect();
    if form == Form::Config && errors.is_empty() {
        errors.extend(settings(text));
    }
    let rules: Vec<ProvenRule> = file.rules.iter().map(|(proven, _)| proven.clone()).collect();
    let mut broken = habits::check(&file.rules);
    let examiner = Examiner::new(&rules);
    let laws = check_own(&rules);
    for (proven, outline) in &file.rules {
        let of_rule = laws.iter().filter(|broken| broken.rule == proven.rule.id);
        broken.extend(place_laws(of_rule, proven, outline, &examiner));
        // Without its checksum a rule finds nothing, and no example can help that.
        let is_checkable = |check: &Check| match check {
            Check::Checksum(name) => checksum_named(name).is_some(),
            _ => true,
        };
        if proven.rule.checks.iter().all(is_checkable) {
            broken.extend(examiner.look(proven, outline));
        }
    }
    let builtin = RuleSet::builtin();
    let ids = rules.iter().map(|proven| proven.rule.id.clone());
    let replaced = ids.filter(|id| builtin.by_id(id).is_some()).collect();
    Checked { rules: rules.len(), errors, broken, replaced }
}

/// Looks at the other keys of `.keyhook.toml`, which belong to `config`.
fn settings(text: &str) -> Vec<Mistake> {
    let Err(error) = Config::parse(text) else { return Vec::new() };
    let mistakes: Vec<Mistake> = shape(text, Form::Config).into_iter().map(Mistake::from).collect();
    if !mistakes.is_empty() {
        return mistakes;
    }
    // The last line says what it is; those before quote the file.
    let problem = error.problem().lines().last().unwrap_or_default().to_owned();
    let hint = "mend the key that is named there".to_owned();
    vec![Mistake { line: error.line(text), rule: String::new(), problem, hint }]
}

/// Gives what the laws say of one rule, without its examples, a line and a way out.
fn place_laws<'a>(
    broken: impl Iterator<Item = &'a Broken>,
    proven: &ProvenRule,
    outline: &Outline,
    examiner: &Examiner,
) -> Vec<Mistake> {
    let examples = &proven.examples;
    let all = || examples.matches.iter().chain(&examples.ignores);
    let mut mistakes = Vec::new();
    for Broken { rule, problem } in broken {
        let about = all().find(|example| problem.starts_with(&format!("`{example}`: ")));
        let (key, hint) = match about {
            // The examiner has better words for most of them.
            Some(example) if examiner.explains(proven, example) => continue,
            Some(_) => ("matches", "change the example or the pattern".to_owned()),
            None if problem.contains("`matches`") => {
                ("matches", "mark the secret: 'ACME_TOKEN=«acme_{{alnum-lower 40}}»'".to_owned())
            }
            None if problem.contains("`ignores`") => {
                ("ignores", "write what nearly matches, such as a key that is too short".to_owned())
            }
            None => ("checks", format!("there are: {}", checksum_names().join(", "))),
        };
        let problem = about.map_or(&problem[..], |e| &problem[e.len() + "``: ".len()..]);
        let place = |list: &[String]| list.iter().position(|e| Some(e) == about);
        let line = match (place(&examples.matches), place(&examples.ignores)) {
            (Some(index), _) => outline.match_line(index),
            (None, Some(index)) => outline.ignore_line(index),
            (None, None) => outline.line(key),
        };
        mistakes.push(Mistake { line, rule: rule.clone(), problem: problem.to_owned(), hint });
    }
    mistakes
}

fn report(path: &str, checked: &Checked, form: Form) -> Exit {
    let mut mistakes = [&checked.errors[..], &checked.broken].concat();
    mistakes.sort_by_key(|mistake| mistake.line);
    let mut out = io::stdout().lock();
    let result = mistakes.iter().try_for_each(|mistake| {
        let Mistake { line, rule, problem, hint } = mistake;
        let rule = if rule.is_empty() { String::new() } else { format!("rule `{rule}`: ") };
        write_wrapped(&mut out, &format!("{path}:{line}: {rule}{problem}"), hint)
    });
    drop(out);
    for id in &checked.replaced {
        say(&format!("keyhook: `{id}` takes the place of the built-in rule of that name"));
    }
    let count = match mistakes.len() {
        1 => "1 mistake".to_owned(),
        number => format!("{number} mistakes"),
    };
    if !checked.errors.is_empty() {
        return written(result, fail(&format!("cannot use {path}: {count}"), &[]));
    }
    if checked.rules == 0 && form == Form::RuleFile {
        let hint = "a rule starts with [[rule]]; see docs/adding-a-rule.md".to_owned();
        return fail(&format!("{path} has no rules"), &[hint]);
    }
    let says = if mistakes.is_empty() {
        match checked.rules {
            0 => format!("keyhook: {path} has no rules of its own"),
            1 => "keyhook: 1 rule keeps every law".to_owned(),
            number => format!("keyhook: {number} rules keep every law"),
        }
    } else {
        format!("keyhook: {count} in {path}")
    };
    say(&says);
    written(result, if mistakes.is_empty() { Exit::Clean } else { Exit::Findings })
}

/// Writes a sentence and a hint, in lines that fit a narrow terminal.
pub(super) fn write_wrapped(out: &mut dyn Write, text: &str, hint: &str) -> io::Result<()> {
    for line in wrap(&shown(text), "    ") {
        writeln!(out, "{line}")?;
    }
    if !hint.is_empty() {
        for line in wrap(&format!("  hint: {}", shown(hint)), "        ") {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// Makes what quotes a file safe for eyes and for a terminal.
fn shown(text: &str) -> String {
    escape_lines(&masked_quote(text), "")
}

/// Breaks a text between its words; the lines after the first are indented.
fn wrap(text: &str, indent: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut is_first_word = true;
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a first line");
        if is_first_word {
            line.push_str(word);
        } else if width(line) + 1 + width(word) <= COLUMNS {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(format!("{indent}{word}"));
        }
        is_first_word = false;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_between_words() {
        let text = "word ".repeat(40);
        let lines = wrap(text.trim_end(), "    ");
        assert!(lines.len() == 3 && lines.iter().all(|line| line.len() <= COLUMNS), "{lines:?}");
        assert_eq!(lines.join(" ").split_whitespace().count(), 40);
        assert_eq!(wrap("  hint: a", ""), ["  hint: a"]);
        assert_eq!(wrap(&"x".repeat(90), "  "), ["x".repeat(90)]);
    }
}
