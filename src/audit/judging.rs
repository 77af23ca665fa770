//! Verdicts, and what is typed about them: a part of what a key does.

use ratatui::crossterm::event::KeyEvent;

use super::entry::{Entry, Key, State};
use super::filter::{Filter, glob};
use super::keys::Action;
use super::ledger::Change;
use super::model::{Mode, Model};
use super::prompt::{Prompt, Purpose, Typed};
use super::update::Effect;
use crate::baseline::{Statement, parse_day};
use crate::finding::Verdict;

/// What is to be written.
#[derive(Clone, Debug)]
pub struct Save {
    /// The records that change.
    pub changes: Vec<Change>,
    /// What to say then.
    pub text: String,
    /// Whether it is a verdict, and not only more about one.
    pub is_verdict: bool,
}

impl Model {
    pub(super) fn judge(&mut self, verdict: Verdict) -> Vec<Effect> {
        let targets = self.targets();
        let is_unseen =
            |key: &Key| self.book.get(key).is_some_and(|entry| entry.state == State::Unlocated);
        if targets.iter().any(is_unseen) {
            let text = match self.is_located {
                false => "Not yet: the tree is being looked through.",
                true => "Its file could not be read, so nobody can see what it is. ! says why.",
            };
            self.alarm(text);
            return Vec::new();
        }
        match targets.len() {
            0 => Vec::new(),
            1 => self.save(verdict, &targets),
            _ => {
                self.mode = Mode::Confirm(verdict, targets);
                Vec::new()
            }
        }
    }

    pub(super) fn confirm(
        &mut self,
        key: &KeyEvent,
        verdict: Verdict,
        keys: Vec<Key>,
    ) -> Vec<Effect> {
        use ratatui::crossterm::event::KeyCode::{Enter, Esc};
        match key.code {
            Enter => self.save(verdict, &keys),
            Esc => {
                self.say("Nothing was changed.");
                Vec::new()
            }
            _ => {
                self.mode = Mode::Confirm(verdict, keys);
                Vec::new()
            }
        }
    }

    fn save(&mut self, verdict: Verdict, keys: &[Key]) -> Vec<Effect> {
        let by = self.setup.by.clone();
        let statement = match verdict {
            Verdict::Unreviewed => Statement::unreviewed(),
            _ => Statement::today(verdict, None, by),
        };
        let changes = self.changes(keys, |_| statement.clone());
        let what = match keys {
            [key] => key.path.clone(),
            _ => format!("{} entries", keys.len()),
        };
        self.last = if verdict == Verdict::Unreviewed { Vec::new() } else { keys.to_vec() };
        let text = format!("{}, {what}", verdict.as_str());
        vec![Effect::Save(Save { changes, text, is_verdict: true })]
    }

    fn changes(&self, keys: &[Key], statement: impl Fn(&Entry) -> Statement) -> Vec<Change> {
        let entries = keys.iter().filter_map(|key| self.book.get(key));
        entries
            .map(|entry| Change {
                fingerprint: entry.fingerprint.clone(),
                rule: entry.rule.clone(),
                path: entry.key.path.clone(),
                shown: entry.record.clone(),
                statement: statement(entry),
            })
            .collect()
    }

    /// It is on disk.
    pub fn saved(&mut self, save: &Save) {
        let mut end = "";
        if save.is_verdict {
            self.is_revealed = false;
            let was_one = self.marked.is_empty();
            self.marked.clear();
            let is_open = self.current().is_some_and(Entry::is_to_judge);
            let has_moved = (was_one || !is_open) && self.advance();
            if !has_moved && !is_open {
                end = ". Nothing else here is to be judged.";
            }
        }
        let next = match save.is_verdict && !self.last.is_empty() {
            true => "w: why, z: undo",
            false => "z: undo",
        };
        self.say(format!("Saved ({next}): {}{end}", save.text));
    }

    /// Asks for a reason or a day, for the verdict just given or for what is shown.
    pub(super) fn ask_more(&mut self, action: Action) {
        let keys = if self.last.is_empty() { self.targets() } else { self.last.clone() };
        let entries: Vec<&Entry> = keys.iter().filter_map(|key| self.book.get(key)).collect();
        let is_fit = |entry: &&Entry| match action {
            Action::Day => entry.verdict() == Some(Verdict::Real),
            _ => entry.is_judged(),
        };
        let Some(first) = entries.first().filter(|_| entries.iter().all(is_fit)) else {
            let text = match action {
                Action::Day => "A day is for real secrets. Say what it is first: r",
                _ => "A reason belongs to a verdict. Say what it is first: r, v or f",
            };
            self.say(text);
            return;
        };
        let what = match entries.len() {
            1 => first.key.path.clone(),
            count => format!("{count} entries"),
        };
        let word = first.verdict_text();
        let record = first.record.as_ref();
        let (purpose, label, text) = match action {
            Action::Day => {
                let day = record.and_then(|record| record.rotate_by.clone());
                (Purpose::Day, format!("Rotate {what} by: "), day)
            }
            _ => {
                let reason = record.and_then(|record| record.reason.clone());
                (Purpose::Reason, format!("Why is {what} {word}? "), reason)
            }
        };
        self.last = keys;
        self.prompt(purpose, &label, &text.unwrap_or_default());
    }

    // ---- typing ----

    pub(super) fn prompt(&mut self, purpose: Purpose, label: &str, text: &str) {
        self.mode = Mode::Prompt(Prompt::new(purpose, label, text));
    }

    pub(super) fn type_key(&mut self, mut prompt: Prompt, key: &KeyEvent) -> Vec<Effect> {
        match prompt.key(key) {
            Typed::More => {
                self.mode = Mode::Prompt(prompt);
                Vec::new()
            }
            Typed::Cancelled => Vec::new(),
            Typed::Done(text) => self.typed(prompt, text.trim()),
        }
    }

    fn typed(&mut self, prompt: Prompt, text: &str) -> Vec<Effect> {
        match prompt.purpose {
            Purpose::Search => {
                if !text.is_empty() {
                    self.search = text.to_owned();
                }
                self.find(1);
            }
            Purpose::Limit => {
                if let Err(problem) = Filter::parse(text) {
                    self.alarm(problem);
                    self.mode = Mode::Prompt(prompt);
                } else {
                    self.limit(text);
                }
            }
            Purpose::Glob => match glob(text) {
                Ok(glob) => self.mark_all(|entry| glob.is_match(&entry.key.path)),
                Err(problem) => {
                    self.alarm(problem);
                    self.mode = Mode::Prompt(prompt);
                }
            },
            Purpose::Reason if (self.setup.has_secret)(text) => {
                self.alarm("The reason holds a secret. Say it without: the baseline is committed.");
                self.mode = Mode::Prompt(prompt);
            }
            Purpose::Reason => return self.save_reason(text),
            Purpose::Day if parse_day(text).is_none() => {
                self.alarm("A day is written YYYY-MM-DD.");
                self.mode = Mode::Prompt(prompt);
            }
            Purpose::Day => return self.save_day(text),
        }
        Vec::new()
    }

    fn save_reason(&mut self, text: &str) -> Vec<Effect> {
        let keys = self.last.clone();
        let reason = Some(text.to_owned()).filter(|text| !text.is_empty());
        let changes =
            self.changes(&keys, |entry| Statement { reason: reason.clone(), ..said(entry) });
        let text = "the reason".to_owned();
        vec![Effect::Save(Save { changes, text, is_verdict: false })]
    }

    fn save_day(&mut self, day: &str) -> Vec<Effect> {
        let keys = self.last.clone();
        let rotate_by = Some(day.to_owned());
        let changes =
            self.changes(&keys, |entry| Statement { rotate_by: rotate_by.clone(), ..said(entry) });
        let text = format!("to be rotated by {day}");
        vec![Effect::Save(Save { changes, text, is_verdict: false })]
    }
}

/// What is said of an entry now.
fn said(entry: &Entry) -> Statement {
    let Some(record) = &entry.record else { return Statement::unreviewed() };
    Statement {
        verdict: record.verdict,
        reason: record.reason.clone(),
        by: record.by.clone(),
        on: record.on.clone(),
        rotate_by: record.rotate_by.clone(),
    }
}
