//! Reads one gitleaks or betterleaks file: every key is taken, or remarked on by name.
//!
//! Keys are compared without case and a single value stands for a list of one, as in gitleaks. What
//! is remarked names the place and never the value: an allowlist may hold a live secret.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{Effect, Remark};
use crate::finding::Confidence;

/// A file as it stands, before `[extend]`.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) extend: Extend,
    pub(super) rules: Vec<RawRule>,
    pub(super) allowlists: Vec<RawAllowlist>,
}

/// The `[extend]` table.
#[derive(Debug, Default)]
pub(super) struct Extend {
    pub(super) path: Option<String>,
    pub(super) is_default: bool,
    pub(super) disabled: Vec<String>,
}

/// A `[[rules]]` table; what is `None` was not given.
#[derive(Debug, Default)]
pub(super) struct RawRule {
    pub(super) id: String,
    /// The file that it stands in.
    pub(super) file: String,
    pub(super) description: Option<String>,
    pub(super) regex: Option<String>,
    pub(super) path: Option<String>,
    pub(super) group: Option<RawGroup>,
    pub(super) entropy: Option<f64>,
    pub(super) keywords: Vec<String>,
    pub(super) confidence: Option<Confidence>,
    pub(super) is_silent: Option<bool>,
    pub(super) required: Vec<RawRequired>,
    pub(super) allowlists: Vec<RawAllowlist>,
}

/// `secretGroup`, or `valueGroup`, which may be a name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RawGroup {
    Index(usize),
    Name(String),
}

/// A `[[rules.required]]` table or a component.
#[derive(Clone, Debug, Default)]
pub(super) struct RawRequired {
    pub(super) id: String,
    pub(super) lines: Option<usize>,
    pub(super) columns: Option<usize>,
    /// Whether it is only joined where it stands.
    pub(super) is_optional: bool,
}

/// An allowlist. A list that was given and cannot be read is `Some` and empty: under `AND` it then
/// never holds, so that a mistake allows less and not more.
#[derive(Clone, Debug, Default)]
pub(super) struct RawAllowlist {
    /// `allowlists[1]`, for messages.
    pub(super) place: String,
    pub(super) description: String,
    pub(super) is_and: bool,
    pub(super) has_commits: bool,
    pub(super) paths: Option<Vec<String>>,
    pub(super) regexes: Option<Vec<String>>,
    pub(super) stopwords: Option<Vec<String>>,
    pub(super) target: String,
    pub(super) rules: Vec<String>,
}

/// What `NOT_HONOURED` says of a key without which the same is reported.
const NOTHING_TO_DO: &str = "nothing to do";

/// Keys that say something to gitleaks or betterleaks and nothing to keyhook: reason, what to do.
const NOT_HONOURED: &[(&str, &str, &str)] = &[
    ("tags", "keyhook shows no tags", NOTHING_TO_DO),
    ("prefilter", "keyhook runs no expressions", "use `paths` of an allowlist"),
    (
        "filter",
        "keyhook runs no expressions; matches that it would drop are reported",
        "use an allowlist or `entropy`",
    ),
    (
        "tokenefficiency",
        "keyhook has its own test for random text, and only in its own rules",
        "use `entropy` or an allowlist",
    ),
    (
        "specificity",
        "keyhook decides itself which of two rules names one secret: the more telling one",
        NOTHING_TO_DO,
    ),
    ("validate", "keyhook asks no network", NOTHING_TO_DO),
    ("analyze", "keyhook asks no network", NOTHING_TO_DO),
    ("revoke", "keyhook asks no network", NOTHING_TO_DO),
    ("entropies", "it belongs to gitleaks 7", "use `entropy` and `secretGroup`"),
    ("file", "it belongs to gitleaks 7", "use `path`"),
    ("files", "it belongs to gitleaks 7", "use `paths`"),
    ("url", "gitleaks does not follow it either", "copy that file and name it with `path`"),
];

/// Keys that describe the file and change nothing.
const ABOUT: [&str; 4] = ["title", "description", "minversion", "betterleaksminversion"];

/// Reads a parsed file named `name`.
pub(super) fn read(name: &str, table: Table, remarks: &mut Vec<Remark>) -> File {
    let mut fields = Fields::new(name, "", "", table, remarks);
    ABOUT.iter().for_each(|key| drop(fields.take(key)));
    let extend = fields.tables("extend").into_iter().next();
    let rules = fields.tables("rules");
    let allowlists = fields.allowlists();
    let remarks = fields.finish();
    let extend = extend.map(|table| read_extend(Fields::new(name, "", "extend", table, remarks)));
    let rules = rules.into_iter().enumerate();
    let rules = rules.map(|(at, table)| read_rule(name, at, table, remarks)).collect();
    File { extend: extend.unwrap_or_default(), rules, allowlists }
}

fn read_extend(mut fields: Fields<'_>) -> Extend {
    let extend = Extend {
        path: fields.text("path"),
        is_default: fields.flag("usedefault").unwrap_or(false),
        disabled: fields.list("disabledrules").unwrap_or_default(),
    };
    fields.finish();
    extend
}

fn read_rule(file: &str, at: usize, table: Table, remarks: &mut Vec<Remark>) -> RawRule {
    let is_id = |key: &str| key.eq_ignore_ascii_case("id");
    let id = table.iter().find(|(key, _)| is_id(key)).and_then(|(_, value)| value.as_str());
    let id = id.unwrap_or_default().to_owned();
    let shown = if id.is_empty() { format!("rules[{}]", at + 1) } else { super::plain_id(&id) };
    let mut fields = Fields::new(file, &shown, "", table, remarks);
    drop(fields.take("id"));
    let mut rule = RawRule {
        id,
        file: file.to_owned(),
        description: fields.text("description"),
        regex: fields.text("regex").filter(|regex| !regex.is_empty()),
        path: fields.text("path").filter(|path| !path.is_empty()),
        group: fields.group("secretgroup"),
        entropy: fields.number("entropy"),
        keywords: fields.list("keywords").unwrap_or_default(),
        confidence: fields.confidence(),
        is_silent: fields.flag("skipreport"),
        required: fields.required("required"),
        allowlists: fields.allowlists(),
    };
    rule.group = rule.group.or(fields.group("valuegroup"));
    rule.required.extend(fields.required("components"));
    fields.finish();
    rule
}

/// The keys of one table, taken one by one; what is left at the end is remarked on.
struct Fields<'a> {
    file: &'a str,
    rule: &'a str,
    /// What stands before the key in messages, such as `allowlists[1]`.
    inside: String,
    /// By lower-case key: the key as written and its value.
    values: BTreeMap<String, (String, Value)>,
    remarks: &'a mut Vec<Remark>,
}

impl<'a> Fields<'a> {
    fn new(
        file: &'a str,
        rule: &'a str,
        inside: &str,
        table: Table,
        remarks: &'a mut Vec<Remark>,
    ) -> Fields<'a> {
        let values = table.into_iter().map(|(key, v)| (key.to_ascii_lowercase(), (key, v)));
        Fields { file, rule, inside: inside.to_owned(), values: values.collect(), remarks }
    }

    fn take(&mut self, key: &str) -> Option<(String, Value)> {
        self.values.remove(key)
    }

    fn remark(&mut self, key: &str, reason: &str, hint: &str) {
        let key = match &self.inside[..] {
            "" => key.to_owned(),
            inside => format!("{inside}.{key}"),
        };
        let effect = if hint == NOTHING_TO_DO { Effect::Idle } else { Effect::Ignored };
        self.remarks.push(Remark::new(self.file, self.rule, &key, effect, reason, hint));
    }

    /// Takes a value if `read` can; a value of another kind is remarked on.
    fn typed<T>(&mut self, key: &str, kind: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let (written, value) = self.take(key)?;
        let found = read(&value);
        if found.is_none() {
            self.remark(&written, &format!("it is not {kind}"), &format!("give {kind}"));
        }
        found
    }

    fn text(&mut self, key: &str) -> Option<String> {
        self.typed(key, "a text", |value| value.as_str().map(str::to_owned))
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        self.typed(key, "true or false", Value::as_bool)
    }

    fn number(&mut self, key: &str) -> Option<f64> {
        self.typed(key, "a number", |value| {
            value.as_float().or(value.as_integer().map(|number| number as f64))
        })
    }

    fn count(&mut self, key: &str) -> Option<usize> {
        let read = |value: &Value| usize::try_from(value.as_integer()?).ok();
        self.typed(key, "a number from 0", read)
    }

    fn group(&mut self, key: &str) -> Option<RawGroup> {
        let read = |value: &Value| match value {
            Value::Integer(number) => usize::try_from(*number).ok().map(RawGroup::Index),
            Value::String(name) => Some(RawGroup::Name(name.clone())),
            _ => None,
        };
        self.typed(key, "the number of a group", read).filter(|g| *g != RawGroup::Index(0))
    }

    fn confidence(&mut self) -> Option<Confidence> {
        let read = |value: &Value| match value.as_str()? {
            "low" => Some(Confidence::Low),
            "med" | "medium" => Some(Confidence::Medium),
            "high" => Some(Confidence::High),
            _ => None,
        };
        self.typed("confidence", "one of low, medium, high", read)
    }

    /// Takes a list of texts; `Some` and empty if it was given and is of another kind.
    fn list(&mut self, key: &str) -> Option<Vec<String>> {
        let is_given = self.values.contains_key(key);
        let read = |value: &Value| match value {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(items) => {
                items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
            }
            _ => None,
        };
        let list = self.typed(key, "a list of texts", read);
        // An empty list is no condition; one that cannot be read is a condition that never holds.
        match list {
            Some(list) if list.is_empty() => None,
            None if is_given => Some(Vec::new()),
            list => list,
        }
    }

    fn tables(&mut self, key: &str) -> Vec<Table> {
        let read = |value: &Value| match value {
            Value::Table(table) => Some(vec![table.clone()]),
            Value::Array(items) => items.iter().map(|item| item.as_table().cloned()).collect(),
            _ => None,
        };
        self.typed(key, "a table", read).unwrap_or_default()
    }

    /// Takes what a rule needs beside itself; a bare text is an id.
    fn required(&mut self, key: &str) -> Vec<RawRequired> {
        let by_id = |id: &Value| {
            let id = id.as_str()?.to_owned();
            Some(Table::from_iter([("id".to_owned(), Value::String(id))]))
        };
        let read = |value: &Value| match value {
            Value::Array(items) => {
                let table = |item: &Value| item.as_table().cloned().or_else(|| by_id(item));
                items.iter().map(table).collect::<Option<Vec<Table>>>()
            }
            Value::Table(table) => Some(vec![table.clone()]),
            other => by_id(other).map(|table| vec![table]),
        };
        let tables = self.typed(key, "a list of tables with `id`", read).unwrap_or_default();
        let mut required = Vec::new();
        for (at, table) in tables.into_iter().enumerate() {
            let place = format!("{key}[{}]", at + 1);
            let mut fields = Fields::new(self.file, self.rule, &place, table, self.remarks);
            let read = |value: &Value| within(value.as_str()?);
            let kind = "a distance such as 5L or 5L,200C";
            let (lines, columns) = fields.typed("within", kind, read).unwrap_or_default();
            required.push(RawRequired {
                id: fields.text("id").unwrap_or_default(),
                lines: fields.count("withinlines").or(lines),
                columns: fields.count("withincolumns").or(columns),
                is_optional: fields.flag("optional").unwrap_or(false),
            });
            fields.finish();
        }
        required
    }

    /// Takes the allowlists, under their old name too.
    fn allowlists(&mut self) -> Vec<RawAllowlist> {
        let mut lists = Vec::new();
        for key in ["allowlist", "allowlists"] {
            let is_many = matches!(self.values.get(key), Some((_, Value::Array(_))));
            for (at, table) in self.tables(key).into_iter().enumerate() {
                let place = if is_many { format!("{key}[{}]", at + 1) } else { key.to_owned() };
                let fields = Fields::new(self.file, self.rule, &place, table, self.remarks);
                lists.extend(read_allowlist(fields, &place));
            }
        }
        lists
    }

    fn finish(mut self) -> &'a mut Vec<Remark> {
        for (lower, (written, _)) in std::mem::take(&mut self.values) {
            let known = NOT_HONOURED.iter().find(|(key, ..)| *key == lower);
            let (reason, hint) = known.map_or(
                ("keyhook does not know this key", "check its spelling"),
                |(_, reason, hint)| (*reason, *hint),
            );
            // A key is the file's own text: only a plain one is shown.
            let is_plain = written.len() <= 40
                && written.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
            self.remark(if is_plain { &written } else { "(a key)" }, reason, hint);
        }
        self.remarks
    }
}

/// Reads how betterleaks 2 writes a distance: lines, columns or both, as `5L,200C`.
fn within(text: &str) -> Option<(Option<usize>, Option<usize>)> {
    let (mut lines, mut columns) = (None, None);
    for part in text.split(',').map(str::trim) {
        let (count, unit) = part.split_at_checked(part.len().checked_sub(1)?)?;
        let count = Some(count.parse().ok()?);
        match unit {
            "L" => lines = count,
            "C" => columns = count,
            _ => return None,
        }
    }
    Some((lines, columns))
}

/// Reads an allowlist; one that says nothing, or in a way that keyhook does not know, allows nothing.
fn read_allowlist(mut fields: Fields<'_>, place: &str) -> Option<RawAllowlist> {
    let condition = fields.text("condition").unwrap_or_default().to_ascii_uppercase();
    let target = fields.text("regextarget").unwrap_or_default().to_ascii_lowercase();
    let list = RawAllowlist {
        place: place.to_owned(),
        description: fields.text("description").unwrap_or_default(),
        is_and: matches!(&condition[..], "AND" | "&&"),
        has_commits: fields.list("commits").is_some(),
        paths: fields.list("paths"),
        regexes: fields.list("regexes"),
        stopwords: fields.list("stopwords"),
        target,
        rules: fields.list("targetrules").unwrap_or_default(),
    };
    let mut is_usable = true;
    if !matches!(&condition[..], "" | "OR" | "||" | "AND" | "&&") {
        fields.remark("condition", "it is neither OR nor AND; the list allows nothing", "mend it");
        is_usable = false;
    }
    if !matches!(&list.target[..], "" | "secret" | "match" | "line") {
        let reason = "it is none of secret, match, line; the list allows nothing";
        fields.remark("regexTarget", reason, "mend it");
        is_usable = false;
    }
    let is_empty = list.paths.is_none() && list.regexes.is_none() && list.stopwords.is_none();
    if list.has_commits {
        let effect = if list.is_and { "so this list allows nothing" } else { "it has no effect" };
        let reason = format!("a commit is checked before it has an id; {effect}");
        let hint = "accept the finding with: keyhook allow; or name paths, regexes or stopwords";
        fields.remark("commits", &reason, hint);
        is_usable &= !list.is_and;
    } else if is_empty {
        let hint = "give paths, regexes or stopwords, or take it out";
        fields.remark("(nothing)", "the list is empty and allows nothing", hint);
    }
    fields.finish();
    (is_usable && !is_empty).then_some(list)
}
