//! What is wrong in a rule file, where it stands, and how to mend it.
//!
//! The words of a deserializer are for programmers. So when a file cannot be read it is gone through
//! once more, key by key, and everything that is wrong is told in the words of somebody who writes
//! rules. Nothing of this is done for a file that is right.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::definition::{self, Form, ProvenRule, Wrong};
use super::gitleaks::plain_id;

/// Why a rule file cannot be used. It never quotes a value that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The rule's id; empty where the file itself is concerned.
    pub rule: String,
    /// The line of the file, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// How to mend it.
    pub hint: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule[..] {
            "" => write!(f, "line {}: {}", self.line, self.problem),
            rule => write!(f, "line {}: rule `{rule}`: {}", self.line, self.problem),
        }
    }
}

impl std::error::Error for RuleError {}

/// A rule file that was read as far as it can be.
#[derive(Debug, Default)]
pub struct RuleFile {
    /// The rules that can be used, with their places.
    pub rules: Vec<(ProvenRule, Outline)>,
    /// What keeps others, or all of them, from being used; in the order of the file.
    pub errors: Vec<RuleError>,
}

/// Parses one rule file: optional `provider`, `revoke`, `env`, `references`, then `[[rule]]` tables.
pub fn parse(text: &str) -> Result<Vec<ProvenRule>, RuleError> {
    all_or_first(text, Form::RuleFile)
}

/// Parses the `[[rule]]` tables of `.keyhook.toml`; its other keys belong to `config`.
pub fn from_text(text: &str) -> Result<Vec<ProvenRule>, RuleError> {
    all_or_first(text, Form::Config)
}

fn all_or_first(text: &str, form: Form) -> Result<Vec<ProvenRule>, RuleError> {
    if let Ok(rules) = definition::read(text, form)
        && let Ok(rules) = rules.into_iter().collect()
    {
        return Ok(rules);
    }
    let first = read(text, form).errors.into_iter().next();
    Err(first.expect("what cannot be read has an error"))
}

/// Reads every rule that can be read, and tells everything that is wrong with the others.
pub fn read(text: &str, form: Form) -> RuleFile {
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let errors = vec![not_toml(text, error.span(), error.message())];
            return RuleFile { errors, ..RuleFile::default() };
        }
    };
    let rules = match definition::read(text, form) {
        Ok(rules) => rules,
        Err(error) => {
            let mut errors = shape(text, form);
            if errors.is_empty() {
                errors.push(not_toml(text, error.span(), error.message()));
            }
            return RuleFile { errors, ..RuleFile::default() };
        }
    };
    let mut file = RuleFile::default();
    for (rule, outline) in rules.into_iter().zip(Outline::all(text, &table)) {
        match rule {
            Ok(rule) => file.rules.push((rule, outline)),
            Err(wrong) => file.errors.push(placed(wrong, &outline)),
        }
    }
    file
}

/// Tells which keys a file cannot have, which it lacks, and which hold something else.
pub fn shape(text: &str, form: Form) -> Vec<RuleError> {
    let Ok(table) = DeTable::parse(text) else { return Vec::new() };
    Shape { text, errors: Vec::new() }.of_file(table.get_ref(), form)
}

fn placed(wrong: Wrong, outline: &Outline) -> RuleError {
    let Wrong { rule, key, below, problem, hint } = wrong;
    RuleError { rule, line: outline.line(key) + below, problem, hint }
}

/// Where the parts of one `[[rule]]` table stand, in lines of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    start: usize,
    keys: Vec<(String, usize)>,
    matches: Vec<usize>,
    ignores: Vec<usize>,
}

impl Outline {
    fn all(text: &str, file: &DeTable<'_>) -> Vec<Outline> {
        tables(file, "rule").map(|(at, table)| Outline::of(text, at, table)).collect()
    }

    fn of(text: &str, at: Range<usize>, table: &DeTable<'_>) -> Outline {
        let lines_of = |key: &str| match table.get(key).map(Spanned::get_ref) {
            Some(DeValue::Array(items)) => {
                items.iter().map(|item| line_of(text, item.span().start)).collect()
            }
            _ => Vec::new(),
        };
        let keys = table.iter();
        let keys = keys.map(|(key, value)| (key.get_ref().to_string(), first_line(text, value)));
        Outline {
            start: line_of(text, at.start),
            keys: keys.collect(),
            matches: lines_of("matches"),
            ignores: lines_of("ignores"),
        }
    }

    /// Returns the line on which the value of a key starts; that of the rule if it has no such key.
    pub fn line(&self, key: &str) -> usize {
        self.keys.iter().find(|(name, _)| name == key).map_or(self.start, |(_, line)| *line)
    }

    /// Returns the line of one of the `matches`.
    pub fn match_line(&self, index: usize) -> usize {
        self.matches.get(index).copied().unwrap_or_else(|| self.line("matches"))
    }

    /// Returns the line of one of the `ignores`.
    pub fn ignore_line(&self, index: usize) -> usize {
        self.ignores.get(index).copied().unwrap_or_else(|| self.line("ignores"))
    }
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count()
}

/// Returns the line on which the text of a value starts: behind `'''` often one line below.
fn first_line(text: &str, value: &Spanned<DeValue<'_>>) -> usize {
    let at = value.span().start;
    let quoted = text[at..].strip_prefix("'''").or_else(|| text[at..].strip_prefix("\"\"\""));
    let is_below = quoted.is_some_and(|q| q.starts_with('\n') || q.starts_with("\r\n"));
    line_of(text, at) + usize::from(is_below)
}

/// Returns the tables of an array of tables, with their places.
fn tables<'a>(
    file: &'a DeTable<'a>,
    key: &str,
) -> impl Iterator<Item = (Range<usize>, &'a DeTable<'a>)> {
    let items = file.get(key).and_then(|value| value.get_ref().as_array());
    let table = |item: &'a Spanned<DeValue<'a>>| Some((item.span(), item.get_ref().as_table()?));
    items.into_iter().flat_map(|items| items.iter()).filter_map(table)
}

/// Explains a text that is no TOML, or that nothing else explains.
fn not_toml(text: &str, at: Option<Range<usize>>, message: &str) -> RuleError {
    let mut start = at.map_or(0, |at| at.start.min(text.len()));
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let line_start = text[..start].rfind('\n').map_or(0, |end| end + 1);
    let column = 1 + text[line_start..start].chars().count();
    let rest_of_line = text[line_start..].lines().next().unwrap_or_default();
    let hint = if message.contains("escape") {
        "a backslash in \"…\" needs another one; in '…' and '''…''' it does not"
    } else if rest_of_line.contains(['“', '”', '‘', '’']) {
        "write straight quotes, \" or ', as an editor for programs does"
    } else if message.contains("duplicate key") {
        "keep one of the two; a second rule starts with its own [[rule]]"
    } else if message.contains("basic string") || message.contains("literal string") {
        "end the text with the quote that it starts with, on the same line"
    } else {
        "texts stand in quotes, lists in [ ], and a rule starts with [[rule]]"
    };
    // Behind the first quote stands what the file holds, which may be a secret.
    let message = message.split(['"', '`']).next().unwrap_or_default();
    let message = message.trim_end_matches([' ', ',']).trim_end_matches(", expected");
    RuleError {
        rule: id_before(&text[..start]),
        line: line_of(text, start),
        problem: format!("column {column}: {message}"),
        hint: hint.to_owned(),
    }
}

/// Returns the id of the rule that a broken text ends in, as far as one can see.
fn id_before(text: &str) -> String {
    let rule = text.rfind("[[rule]]").map_or("", |start| &text[start..]);
    let id = rule.lines().find_map(|line| line.trim_start().strip_prefix("id"));
    id.and_then(|rest| rest.split(['"', '\'']).nth(1)).unwrap_or_default().to_owned()
}

/// What stands behind a key.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Texts,
    OneOf(&'static [&'static str]),
    Rules,
    /// `config` looks at it.
    Other,
}

const RULE_KEYS: &[(&str, Kind)] = &[
    ("id", Kind::Text),
    ("name", Kind::Text),
    ("why", Kind::Text),
    ("confidence", Kind::OneOf(&["high", "medium", "low"])),
    ("pattern", Kind::Text),
    ("keywords", Kind::Texts),
    ("near", Kind::Texts),
    ("names", Kind::Texts),
    ("boundary", Kind::OneOf(&["token", "none"])),
    ("checks", Kind::Texts),
    ("with", Kind::Texts),
    ("env", Kind::Text),
    ("revoke", Kind::Text),
    ("references", Kind::Texts),
    ("matches", Kind::Texts),
    ("ignores", Kind::Texts),
];

const FILE_KEYS: &[(&str, Kind)] = &[
    ("provider", Kind::Text),
    ("revoke", Kind::Text),
    ("env", Kind::Text),
    ("references", Kind::Texts),
    ("rule", Kind::Rules),
];

const CONFIG_KEYS: &[(&str, Kind)] = &[
    ("exclude", Kind::Texts),
    ("disable", Kind::Texts),
    ("confidence", Kind::OneOf(&["high", "medium", "low"])),
    ("gitleaks", Kind::Text),
    ("guarded", Kind::Other),
    ("own-keys", Kind::Other),
    ("rule", Kind::Rules),
];

const ALLOW_HINT: &str = "write near misses into `ignores`; accept a finding with: keyhook allow";

/// What other scanners and other people call it, and what to write here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("regex", "it is called `pattern` here: '(?<secret> … )', with white space ignored"),
    ("description", "it is called `name` here"),
    ("title", "it is called `name` here"),
    ("severity", "write how sure a match is: confidence = \"high\""),
    ("entropy", "write checks = [\"random\"], or a longer pattern"),
    ("secretGroup", "name the group in the pattern: (?<secret> … )"),
    ("allowlist", ALLOW_HINT),
    ("allowlists", ALLOW_HINT),
    ("examples", "they are called `matches` (must fire) and `ignores` (must not)"),
    ("tags", "take it out"),
    ("rules", "a rule starts with [[rule]], without an s; [[rules]] is for gitleaks files"),
    ("path", "a rule looks at what a file holds; to guard a file: [guarded] add = [\"*.key\"]"),
    ("url", "it is called `references` here, a list"),
    ("reference", "it is called `references` here, a list"),
];

/// Whoever goes through a file key by key.
struct Shape<'a> {
    text: &'a str,
    errors: Vec<RuleError>,
}

impl Shape<'_> {
    fn of_file(mut self, file: &DeTable<'_>, form: Form) -> Vec<RuleError> {
        let keys = if form == Form::Config { CONFIG_KEYS } else { FILE_KEYS };
        self.look("", file, keys);
        for (at, rule) in tables(file, "rule") {
            let id = rule.get("id").and_then(|id| id.get_ref().as_str()).unwrap_or_default();
            let missing = [
                ("id", "name the provider and the kind of key: id = \"acme-token\""),
                ("name", "say what a person calls it: name = \"ACME token\""),
            ];
            for (key, hint) in missing.into_iter().filter(|(key, _)| !rule.contains_key(*key)) {
                self.add(id, at.start, format!("`{key}` is missing"), hint);
            }
            self.look(id, rule, RULE_KEYS);
        }
        self.errors.sort_by_key(|error| error.line);
        self.errors
    }

    fn add(&mut self, rule: &str, at: usize, problem: String, hint: &str) {
        let (rule, hint) = (rule.to_owned(), hint.to_owned());
        self.errors.push(RuleError { rule, line: line_of(self.text, at), problem, hint });
    }

    fn look(&mut self, rule: &str, table: &DeTable<'_>, keys: &[(&str, Kind)]) {
        for (key, value) in table {
            let (at, key) = (key.span().start, key.get_ref());
            match keys.iter().find(|(known, _)| known == key) {
                Some((_, kind)) => self.value(rule, key, *kind, value),
                None => {
                    let problem = format!("there is no key `{key}`");
                    self.add(rule, at, problem, &instead_of(key, keys));
                }
            }
        }
    }

    fn value(&mut self, rule: &str, key: &str, kind: Kind, value: &Spanned<DeValue<'_>>) {
        let is_text = |value: &Spanned<DeValue<'_>>| value.get_ref().is_str();
        let is_table = |value: &Spanned<DeValue<'_>>| value.get_ref().is_table();
        let (problem, hint) = match (kind, value.get_ref()) {
            (Kind::Text, DeValue::String(_)) | (Kind::Other, _) => return,
            (Kind::Texts, DeValue::Array(items)) if items.iter().all(is_text) => return,
            (Kind::Rules, DeValue::Array(items)) if items.iter().all(is_table) => return,
            (Kind::OneOf(words), DeValue::String(word)) if words.contains(&&word[..]) => return,
            (Kind::Text, _) => ("is a text", format!("write it in quotes: {key} = \"…\"")),
            (Kind::Texts, DeValue::Array(_)) => {
                ("is a list of texts", "write each of them in quotes".to_owned())
            }
            (Kind::Texts, _) => ("is a list", format!("write it in brackets: {key} = [\"…\"]")),
            (Kind::OneOf(words), _) => {
                ("has no such word", format!("write one of: {}", words.join(", ")))
            }
            (Kind::Rules, _) => ("is a list", "write [[rule]], with two brackets".to_owned()),
        };
        self.add(rule, value.span().start, format!("`{key}` {problem}"), &hint);
    }
}

/// Returns what to write in place of a key that is none.
fn instead_of(key: &str, keys: &[(&str, Kind)]) -> String {
    if let Some((_, hint)) = ELSEWHERE.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) {
        return (*hint).to_owned();
    }
    let distance = |known: &str| strsim::damerau_levenshtein(&key.to_ascii_lowercase(), known);
    let nearest = keys.iter().map(|(known, _)| *known).min_by_key(|known| distance(known));
    match nearest.filter(|known| distance(known) <= 1 + known.len() / 4) {
        Some(known) => format!("did you mean `{known}`?"),
        None => {
            let known: Vec<&str> = keys.iter().map(|(known, _)| *known).collect();
            format!("there are: {}", known.join(", "))
        }
    }
}

/// Returns the line of a key of a gitleaks file, such as `allowlists[1].commits`; that of the rule
/// with this id if the rule has no such key.
pub fn gitleaks_line(text: &str, rule: &str, key: &str) -> usize {
    let Ok(file) = DeTable::parse(text) else { return 1 };
    let has_id = |table: &DeTable<'_>| {
        table.get("id").and_then(|id| id.get_ref().as_str()).is_some_and(|id| plain_id(id) == rule)
    };
    let rules = ["rules", "Rules"].into_iter().flat_map(|name| tables(file.get_ref(), name));
    let (mut at, mut table) = match rules.into_iter().find(|(_, table)| has_id(table)) {
        Some((at, table)) if !rule.is_empty() => (at, table),
        _ => (0..0, file.get_ref()),
    };
    for part in key.split('.') {
        let (name, index) = match part.split_once('[') {
            Some((name, rest)) => (name, rest.trim_end_matches(']').parse::<usize>().ok()),
            None => (part, None),
        };
        let same = |key: &Spanned<_>| {
            let key: &std::borrow::Cow<'_, str> = key.get_ref();
            key.eq_ignore_ascii_case(name)
        };
        let Some((_, mut value)) = table.iter().find(|(key, _)| same(key)) else { break };
        // They are counted from 1.
        if let Some(item) = index.and_then(|i| value.get_ref().get(i.checked_sub(1)?)) {
            value = item;
        }
        at = value.span();
        match value.get_ref().as_table() {
            Some(inner) => table = inner,
            None => break,
        }
    }
    line_of(text, at.start)
}
