//! `audit --set` and `audit --from`: verdicts without a screen, all of them or none.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::super::{Exit, fail, fail_problem, is_telling, masked, say};
use super::{Args, close};
use crate::audit::{Book, Change, Entry, Ledger, LedgerError, parse_verdict};
use crate::baseline::{BASELINE_NAME, Statement, parse_day};
use crate::finding::{Fingerprint, Verdict};
use crate::git::Repository;

/// Why nothing was written.
struct Refusal {
    problems: Vec<String>,
    hint: &'static str,
}

/// One verdict as it was asked for.
struct Wish {
    id: String,
    path: Option<String>,
    verdict: Verdict,
    reason: Option<String>,
    by: Option<String>,
    rotate_by: Option<String>,
}

impl Args {
    pub(super) fn judge(&self, repository: &Repository, mut ledger: Ledger, book: &Book) -> Exit {
        let by = match self.judge_name(repository) {
            Ok(by) => by,
            Err(exit) => return exit,
        };
        let changes = match self.wishes().and_then(|wishes| changes(&wishes, book, by.as_deref())) {
            Ok(changes) => changes,
            Err(refusal) => return refuse(&refusal),
        };
        let is_told = |change: &Change| {
            let reason = change.statement.reason.as_deref().unwrap_or_default();
            ledger.baseline().is_told(&change.fingerprint, reason)
        };
        if let Some(told) = changes.iter().find(|change| is_told(change)) {
            let id = &told.fingerprint.as_str()[..12];
            let problem = format!("{id}: the reason holds a secret; the baseline is committed");
            return fail(&problem, &["say why without quoting it".to_owned()]);
        }
        if changes.is_empty() {
            say("keyhook: nothing to change, it says so already");
            return Exit::Clean;
        }
        match ledger.record(&changes) {
            Ok(()) => {}
            Err(LedgerError::Baseline(error)) => {
                return fail(&error.to_string(), &[error.hint().to_owned()]);
            }
            Err(error) => return fail(&error.to_string(), &["run it again".to_owned()]),
        }
        match close(repository, &ledger) {
            Ok(_) => {
                let count = changes.len();
                let noun = if count == 1 { "verdict" } else { "verdicts" };
                say(&format!(
                    "keyhook: {count} {noun} recorded; {BASELINE_NAME} is staged, commit it"
                ));
                Exit::Clean
            }
            Err(problem) => fail_problem(&problem),
        }
    }

    fn wishes(&self) -> Result<Vec<Wish>, Refusal> {
        let hint = "keyhook audit --set 3f9a2c=false-positive --reason \"test fixture\"";
        let wishes: Vec<Result<Wish, String>> = match &self.from {
            Some(file) => self.reviewed(file)?,
            None => self.set.iter().map(|text| self.parse_set(text)).collect(),
        };
        let (good, bad): (Vec<_>, Vec<_>) = wishes.into_iter().partition(Result::is_ok);
        let mut problems: Vec<String> = bad.into_iter().filter_map(Result::err).collect();
        let wishes: Vec<Wish> = good.into_iter().filter_map(Result::ok).collect();
        problems.extend(wishes.iter().filter_map(Wish::problem));
        let hint = if self.from.is_some() {
            "nothing was changed; mend the list, run it again"
        } else {
            hint
        };
        if problems.is_empty() { Ok(wishes) } else { Err(Refusal { problems, hint }) }
    }

    /// Parses `ID=VERDICT` or `ID:PATH=VERDICT`.
    fn parse_set(&self, text: &str) -> Result<Wish, String> {
        let problem = || format!("--set {text}: expected ID=VERDICT or ID:PATH=VERDICT");
        let (target, verdict) = text.rsplit_once('=').ok_or_else(problem)?;
        let verdict = parse_verdict(verdict).map_err(|error| format!("--set {text}: {error}"))?;
        let (id, path) = match target.split_once(':') {
            Some((id, path)) => (id, Some(path.to_owned())),
            None => (target, None),
        };
        if self.reason.is_none() && verdict != Verdict::Unreviewed {
            return Err(format!("--set {text}: say why, with --reason"));
        }
        Ok(Wish {
            id: id.to_owned(),
            path,
            verdict,
            reason: self.reason.clone().filter(|_| verdict != Verdict::Unreviewed),
            by: None,
            rotate_by: self.rotate_by.clone(),
        })
    }

    fn reviewed(&self, file: &Path) -> Result<Vec<Result<Wish, String>>, Refusal> {
        let name = if file == Path::new("-") {
            "standard input".into()
        } else {
            file.display().to_string()
        };
        let refuse = |problem: String| Refusal {
            problems: vec![format!("cannot use {name}: {problem}")],
            hint: "make one with: keyhook audit --format json > audit.json",
        };
        let mut text = String::new();
        let read = match file == Path::new("-") {
            true => std::io::stdin().lock().read_to_string(&mut text),
            false => std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text)),
        };
        read.map_err(|error| refuse(error.to_string()))?;
        let value: Value =
            serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
        let list = value.get("entries").unwrap_or(&value).as_array();
        let list =
            list.ok_or_else(|| refuse("expected a list, or an object with `entries`".into()))?;
        let wish = |(at, item): (usize, &Value)| {
            let reviewed =
                Reviewed::deserialize(item).map_err(|error| format!("entry {}: {error}", at + 1));
            match reviewed.map(|reviewed| reviewed.wish(self.reason.as_deref())) {
                Ok(None) => None,
                Ok(Some(Ok(wish))) => Some(Ok(wish)),
                Ok(Some(Err(error))) => Some(Err(format!("entry {}: {error}", at + 1))),
                Err(error) => Some(Err(error)),
            }
        };
        Ok(list.iter().enumerate().filter_map(wish).collect())
    }
}

/// An entry of `audit --format json`, perhaps edited. What a verdict does not need is not looked at,
/// but a name that is not among these is a slip of the pen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reviewed {
    fingerprint: String,
    path: Option<String>,
    /// `null` says nothing.
    verdict: Value,
    reason: Option<String>,
    by: Option<String>,
    #[serde(alias = "rotate-by")]
    rotate_by: Option<String>,
    #[serde(default, rename = "id")]
    _id: Value,
    #[serde(default, rename = "on")]
    _on: Value,
    #[serde(default, rename = "rule")]
    _rule: Value,
    #[serde(default, rename = "state")]
    _state: Value,
    #[serde(default, rename = "overdue")]
    _overdue: Value,
    #[serde(default, rename = "confidence")]
    _confidence: Value,
    #[serde(default, rename = "masked")]
    _masked: Value,
    #[serde(default, rename = "places")]
    _places: Value,
    #[serde(default, rename = "elsewhere")]
    _elsewhere: Value,
    #[serde(default, rename = "from")]
    _from: Value,
}

impl Reviewed {
    fn wish(self, reason: Option<&str>) -> Option<Result<Wish, String>> {
        let verdict = match &self.verdict {
            Value::Null => return None,
            Value::String(text) => parse_verdict(text),
            _ => Err("a verdict is a text, or null".to_owned()),
        };
        Some(verdict.map(|verdict| Wish {
            id: self.fingerprint,
            path: self.path,
            verdict,
            reason: self.reason.or_else(|| reason.map(str::to_owned)),
            by: self.by,
            rotate_by: self.rotate_by,
        }))
    }
}

impl Wish {
    /// Returns what is wrong with it, whatever it is about.
    fn problem(&self) -> Option<String> {
        let id = &self.id;
        let is_hex = id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hex || !(6..=Fingerprint::LEN).contains(&id.len()) {
            return Some(format!("{id}: an id has at least 6 of the characters 0-9 and a-f"));
        }
        let reason = self.reason.as_deref();
        if reason.is_some_and(|text| text.trim().is_empty() || text.trim() == "...") {
            return Some(format!("{id}: the reason is empty"));
        }
        if reason.is_some_and(is_telling) {
            return Some(format!("{id}: the reason holds a secret; the baseline is committed"));
        }
        if self.by.as_deref().is_some_and(is_telling) {
            return Some(format!("{id}: `by` holds a secret; the baseline is committed"));
        }
        match &self.rotate_by {
            Some(day) if parse_day(day).is_none() => {
                Some(format!("{id}: `{day}` is no day; it is written YYYY-MM-DD"))
            }
            _ => None,
        }
    }

    fn statement(&self, entry: &Entry, by: Option<&str>) -> Statement {
        let old = entry.record.as_ref();
        // In a reviewed list stands who gave the verdict before; a new one is by whoever runs this.
        let is_new = |name: &&str| old.and_then(|record| record.by.as_deref()) != Some(*name);
        let by = self.by.as_deref().filter(is_new).or(by);
        let rotate_by = self.rotate_by.clone().filter(|_| self.verdict == Verdict::Real);
        match self.verdict {
            Verdict::Unreviewed => Statement::unreviewed(),
            verdict => Statement {
                rotate_by,
                ..Statement::today(verdict, self.reason.clone(), by.map(str::to_owned))
            },
        }
    }

    /// Returns whether the baseline says all of it already.
    fn is_said(&self, entry: &Entry) -> bool {
        entry.record.as_ref().is_some_and(|record| {
            let is_same =
                |wanted: &Option<String>, said: &Option<String>| wanted.is_none() || wanted == said;
            record.verdict == self.verdict
                && is_same(&self.reason, &record.reason)
                && (self.verdict != Verdict::Real || is_same(&self.rotate_by, &record.rotate_by))
        })
    }
}

fn changes(wishes: &[Wish], book: &Book, by: Option<&str>) -> Result<Vec<Change>, Refusal> {
    let mut problems = Vec::new();
    let mut changes: Vec<Change> = Vec::new();
    for wish in wishes {
        let entries = match meant(wish, book) {
            Ok(entries) => entries,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        for entry in entries {
            let (fingerprint, path) = (&entry.fingerprint, &entry.key.path);
            let twin = changes.iter().find(|c| c.fingerprint == *fingerprint && c.path == *path);
            if twin.is_some_and(|twin| twin.statement.verdict != wish.verdict) {
                problems.push(format!("{}: two verdicts for {path}", wish.id));
            } else if twin.is_none() && !wish.is_said(entry) {
                changes.push(Change {
                    fingerprint: fingerprint.clone(),
                    rule: entry.rule.clone(),
                    path: path.clone(),
                    shown: entry.record.clone(),
                    statement: wish.statement(entry, by),
                });
            }
        }
    }
    let hint = "nothing was changed; keyhook audit --list shows the ids";
    if problems.is_empty() { Ok(changes) } else { Err(Refusal { problems, hint }) }
}

/// Returns the entries that a wish is about: one value, in one file or in all.
fn meant<'b>(wish: &Wish, book: &'b Book) -> Result<Vec<&'b Entry>, String> {
    let id = wish.id.to_ascii_lowercase();
    let is_it = |entry: &&Entry| entry.fingerprint.as_str().starts_with(&id);
    let entries: Vec<&Entry> = book.entries.iter().filter(is_it).collect();
    let values: BTreeSet<&Fingerprint> = entries.iter().map(|entry| &entry.fingerprint).collect();
    match values.len() {
        0 => return Err(format!("{id}: no finding has this id")),
        1 => {}
        count => return Err(format!("{id}: {count} findings start so; give more of the id")),
    }
    let Some(path) = &wish.path else { return Ok(entries) };
    let is_there = |entry: &&Entry| {
        // A list shows the path without its secrets.
        entry.key.path == *path
            || masked(&entry.key.path) == *path
            || entry.record.as_ref().is_some_and(|record| record.path == *path)
    };
    let entries: Vec<&Entry> = entries.into_iter().filter(is_there).collect();
    if entries.is_empty() { Err(format!("{id}: it is not known in {path}")) } else { Ok(entries) }
}

fn refuse(refusal: &Refusal) -> Exit {
    let last = refusal.problems.len().saturating_sub(1);
    for (at, problem) in refusal.problems.iter().enumerate() {
        let hints = if at == last { vec![refusal.hint.to_owned()] } else { Vec::new() };
        fail(&crate::terminal::escape(problem), &hints);
    }
    Exit::Failed
}
