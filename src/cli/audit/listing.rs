//! `audit --list` and `audit --stats`: what there is to judge and what was judged, without a screen.
//! A secret is never in it; what is shown of one is what a scan shows.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::super::{Exit, mask_said, masked, say};
use super::{report, write};
use crate::audit::{Book, Entry, Filter, State};
use crate::baseline::{parse_day, today};
use crate::finding::{Verdict, prefix_len};
use crate::rule::RuleSet;
use crate::scan::Problem;
use crate::terminal::{escape, escape_json, width};

/// What is listed.
pub(super) struct Listing<'a> {
    pub(super) book: &'a Book,
    pub(super) rules: &'a RuleSet,
    pub(super) filter: &'a Filter,
    pub(super) problems: &'a [Problem],
    pub(super) notes: &'a [String],
}

/// How many findings got which verdict.
#[derive(Clone, Copy, Default)]
struct Counts {
    new: usize,
    unreviewed: usize,
    real: usize,
    revoked: usize,
    no_secret: usize,
}

impl Counts {
    fn add(&mut self, entry: &Entry) {
        match entry.verdict() {
            None => self.new += 1,
            Some(Verdict::Unreviewed) => self.unreviewed += 1,
            Some(Verdict::Real) => self.real += 1,
            Some(Verdict::Revoked) => self.revoked += 1,
            Some(Verdict::FalsePositive) => self.no_secret += 1,
        }
    }

    fn all(self) -> usize {
        self.new + self.unreviewed + self.judged()
    }

    fn judged(self) -> usize {
        self.real + self.revoked + self.no_secret
    }

    /// Returns which part of what was judged was a secret.
    fn precision(self) -> Option<f64> {
        let count = |number: usize| u32::try_from(number).map_or(f64::MAX, f64::from);
        (self.judged() > 0).then(|| count(self.real + self.revoked) / count(self.judged()))
    }

    fn json(self) -> Value {
        json!({
            "all": self.all(),
            "new": self.new,
            "unreviewed": self.unreviewed,
            "real": self.real,
            "revoked": self.revoked,
            "false_positive": self.no_secret,
            "precision": self.precision(),
        })
    }
}

impl Listing<'_> {
    /// Returns the entries that fit, what is to be done first.
    fn entries(&self) -> Vec<&Entry> {
        let name = |entry: &Entry| self.rules.by_id(&entry.rule).map_or("", |rule| &rule.name);
        let fits = self.book.entries.iter().filter(|e| self.filter.fits(e, name(e)));
        let mut entries: Vec<&Entry> = fits.collect();
        let line = |entry: &Entry| self.book.spot(entry).map_or(0, |s| s.finding.location.line);
        entries.sort_by(|a, b| {
            let order = |e: &Entry| (e.is_gone(), e.verdict());
            let order = order(a).cmp(&order(b));
            order.then_with(|| (&a.key.path, line(a), &a.key).cmp(&(&b.key.path, line(b), &b.key)))
        });
        entries
    }

    /// Writes the list to standard output.
    pub(super) fn write(&self, is_json: bool) -> Exit {
        let entries = self.entries();
        let text = if is_json { self.list_json(&entries) } else { self.list_text(&entries) };
        if !is_json {
            let (done, all) = self.book.progress();
            say(&format!("keyhook: {done} of {all} findings in the tree are judged"));
            self.say_notes();
        }
        write(&text, report(self.problems))
    }

    fn list_text(&self, entries: &[&Entry]) -> String {
        let len = prefix_len(self.book.entries.iter().map(|entry| &entry.fingerprint));
        let mut text = String::new();
        for entry in entries {
            let print = &entry.fingerprint.as_str()[..len];
            let path = masked(&entry.key.path);
            let path = escape(&path);
            let place = match self.book.spot(entry) {
                Some(seen) => format!("{path}:{}", seen.finding.location.line),
                None if entry.is_gone() => format!("{path} (gone)"),
                None => format!("{path} (not read)"),
            };
            let rule = masked(&entry.rule);
            let rule = escape(&rule);
            let _ = write!(text, "{print}  {:14}  {place}  {rule}", entry.verdict_text());
            if let Some(record) = &entry.record {
                let said =
                    [("by ", &record.by), ("on ", &record.on), ("rotate by ", &record.rotate_by)];
                let said = said.iter().filter_map(|(word, value)| {
                    value.as_ref().map(|value| format!("{word}{}", escape(&masked(value))))
                });
                let said: Vec<String> = said.collect();
                let overdue = if record.is_overdue(today()) { "  OVERDUE" } else { "" };
                let reason = record
                    .reason
                    .as_ref()
                    .map_or(String::new(), |r| format!(": {}", escape(&masked(r))));
                let gap = if said.is_empty() { "" } else { "  " };
                let _ = write!(text, "{overdue}{gap}{}{reason}", said.join(", "));
            }
            text.push('\n');
        }
        text
    }

    fn list_json(&self, entries: &[&Entry]) -> String {
        let len = prefix_len(self.book.entries.iter().map(|entry| &entry.fingerprint));
        let entries: Vec<Value> = entries.iter().map(|entry| self.entry_json(entry, len)).collect();
        let mut document = json!({
            "version": 1,
            "entries": entries,
            "unread": self.problems.iter().map(problem_json).collect::<Vec<_>>(),
            "notes": self.notes,
        });
        mask_said(&mut document);
        pretty(&document)
    }

    fn entry_json(&self, entry: &Entry, len: usize) -> Value {
        let (state, from) = match &entry.state {
            State::Unlocated => ("unread", None),
            State::Present => ("present", None),
            State::New { copied_from } => ("new", copied_from.as_ref()),
            State::Moved { from } => ("moved", Some(from)),
            State::Gone => ("gone", None),
        };
        let seen = self.book.spot(entry).map(|seen| &seen.finding);
        let places = entry.spots.iter().map(|at| {
            let location = &self.book.tree.seen[*at].finding.location;
            json!({ "line": location.line, "column": location.column })
        });
        let elsewhere = self.book.elsewhere(entry).into_iter();
        let elsewhere = elsewhere
            .filter(|(path, ..)| *path != entry.key.path)
            .map(|(path, line, word)| json!({ "path": path, "line": line, "verdict": word }));
        let record = entry.record.as_ref();
        json!({
            "fingerprint": entry.fingerprint.as_str(),
            "id": &entry.fingerprint.as_str()[..len],
            "rule": entry.rule,
            "path": entry.key.path,
            "state": state,
            "from": from,
            "verdict": entry.verdict().map(Verdict::as_str),
            "reason": record.and_then(|record| record.reason.as_ref()),
            "by": record.and_then(|record| record.by.as_ref()),
            "on": record.and_then(|record| record.on.as_ref()),
            "rotate_by": record.and_then(|record| record.rotate_by.as_ref()),
            "overdue": record.is_some_and(|record| record.is_overdue(today())),
            "confidence": seen.map(|finding| finding.confidence.as_str()),
            "masked": seen.map(|finding| &finding.masked),
            "places": places.collect::<Vec<_>>(),
            "elsewhere": elsewhere.collect::<Vec<_>>(),
        })
    }

    fn say_notes(&self) {
        self.notes.iter().for_each(|note| say(&format!("keyhook: note: {}", escape(note))));
    }

    // ---- counts ----

    /// Writes counts to standard output.
    pub(super) fn write_stats(&self, is_json: bool) -> Exit {
        let stats = Stats::of(&self.entries());
        let text = if is_json { pretty(&stats.json()) } else { stats.text() };
        if !is_json {
            self.say_notes();
        }
        write(&text, report(self.problems))
    }
}

/// Counts of a set of entries.
#[derive(Default)]
struct Stats {
    total: Counts,
    gone: usize,
    overdue: usize,
    rules: BTreeMap<String, Counts>,
    people: BTreeMap<String, Counts>,
    ages: [(&'static str, Counts); 4],
}

/// The ages of verdicts, in days; what has no day comes last.
const AGES: [(&str, i32); 3] = [("30 days", 30), ("90 days", 90), ("older", i32::MAX)];

impl Stats {
    fn of(entries: &[&Entry]) -> Stats {
        let mut stats = Stats::default();
        for (age, (name, _)) in stats.ages.iter_mut().zip(AGES) {
            age.0 = name;
        }
        stats.ages[AGES.len()].0 = "no day";
        for entry in entries {
            stats.total.add(entry);
            stats.gone += usize::from(entry.is_gone());
            stats.rules.entry(masked(&entry.rule)).or_default().add(entry);
            let Some(record) = entry.record.as_ref().filter(|_| entry.is_judged()) else {
                continue;
            };
            stats.overdue += usize::from(record.is_overdue(today()));
            let by = record.by.as_deref().map_or("nobody named".to_owned(), masked);
            stats.people.entry(by).or_default().add(entry);
            let age =
                record.on.as_deref().and_then(parse_day).map(|day| (today() - day).get_days());
            let at = age.and_then(|age| AGES.iter().position(|(_, max)| age <= *max));
            stats.ages[at.unwrap_or(AGES.len())].1.add(entry);
        }
        stats
    }

    fn json(&self) -> Value {
        let map = |counts: &BTreeMap<String, Counts>| {
            counts
                .iter()
                .map(|(name, counts)| (name.clone(), counts.json()))
                .collect::<serde_json::Map<_, _>>()
        };
        let ages = self.ages.iter().map(|(name, counts)| ((*name).to_owned(), counts.json()));
        json!({
            "version": 1,
            "total": self.total.json(),
            "gone": self.gone,
            "overdue": self.overdue,
            "by_rule": map(&self.rules),
            "by_person": map(&self.people),
            "by_age": ages.collect::<serde_json::Map<_, _>>(),
        })
    }

    fn text(&self) -> String {
        let Stats { total, gone, overdue, .. } = self;
        let mut text = format!(
            "{} of {} judged; {} real ({overdue} overdue), {gone} gone from the tree\n",
            total.judged(),
            total.all(),
            total.real,
        );
        let mut table = |title: &str, rows: Vec<(&str, Counts)>| {
            let rows: Vec<_> = rows.into_iter().filter(|(_, counts)| counts.all() > 0).collect();
            if rows.is_empty() {
                return;
            }
            let names = rows.iter().map(|(name, _)| width(&escape(name)));
            let wide = names.chain([title.len()]).max().unwrap_or(0);
            let heads = "  all   new  unrev.  real  revoked  false-pos.  precision";
            let _ = writeln!(text, "\n{title:wide$}{heads}");
            for (name, c) in rows {
                let name = escape(name);
                let gap = " ".repeat(wide - width(&name));
                let precision = c.precision().map_or("-".into(), |p| format!("{:.0} %", p * 100.0));
                let _ = writeln!(
                    text,
                    "{name}{gap}{:5}{:6}{:8}{:6}{:9}{:12}{precision:>11}",
                    c.all(),
                    c.new,
                    c.unreviewed,
                    c.real,
                    c.revoked,
                    c.no_secret,
                );
            }
        };
        let rows = |map: &'_ BTreeMap<String, Counts>| -> Vec<(String, Counts)> {
            let mut rows: Vec<_> =
                map.iter().map(|(name, counts)| (name.clone(), *counts)).collect();
            rows.sort_by(|a, b| b.1.all().cmp(&a.1.all()).then_with(|| a.0.cmp(&b.0)));
            rows
        };
        let (rules, people) = (rows(&self.rules), rows(&self.people));
        table("rule", rules.iter().map(|(name, counts)| (&name[..], *counts)).collect());
        table("judged by", people.iter().map(|(name, counts)| (&name[..], *counts)).collect());
        table("judged within", self.ages.to_vec());
        text
    }
}

fn problem_json(problem: &Problem) -> Value {
    json!({ "path": problem.path, "problem": problem.problem, "hint": problem.hint })
}

fn pretty(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).expect("it is plain data");
    format!("{}\n", escape_json(&text))
}
