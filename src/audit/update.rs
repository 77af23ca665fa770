//! Events in, the next model and a list of effects out. Nothing here reads, writes or waits.

use ratatui::crossterm::event::KeyEvent;

use super::entry::{Entry, Key, State};
use super::filter::Filter;
use super::judging::Save;
use super::keys::{Action, action};
use super::list::{Row, Tab};
use super::model::{Ask, Mode, Model, Page};
use super::prompt::Purpose;

/// What is to be done outside of the model.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Write what a person said.
    Save(Save),
    /// Take the last verdict back.
    Undo,
    /// Ask about an entry.
    Ask(Box<Ask>),
    /// Draw the whole screen again.
    Redraw,
    /// Give the terminal back to the shell until it continues the program.
    Suspend,
    /// End.
    Quit,
}

impl Model {
    /// Takes a key.
    pub fn key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let is_page = matches!(self.mode, Mode::Page(..));
        self.message = None;
        let effects = match std::mem::replace(&mut self.mode, Mode::Browse) {
            Mode::Browse => match action(key) {
                Some(action) => self.act(action),
                None => Vec::new(),
            },
            Mode::Prompt(prompt) => self.type_key(prompt, key),
            Mode::MarkMenu => {
                self.mark_by(key);
                Vec::new()
            }
            Mode::Confirm(verdict, keys) => self.confirm(key, verdict, keys),
            Mode::Page(page, at) => self.page_key(key, page, at),
        };
        if is_page { effects } else { self.with_questions(effects) }
    }

    /// Takes a text that was pasted. Outside of a line it means nothing: a letter in it would be
    /// taken for a verdict.
    pub fn paste(&mut self, text: &str) {
        if let Mode::Prompt(prompt) = &mut self.mode {
            prompt.paste(text);
        }
    }

    /// Takes a new size of the terminal.
    pub fn resize(&mut self, width: u16, height: u16) {
        (self.width, self.height) = (width, height);
        self.scroll();
    }

    /// Adds what has to be asked about the entry under the cursor.
    pub fn with_questions(&self, mut effects: Vec<Effect>) -> Vec<Effect> {
        let is_known = |key| self.excerpts.contains_key(key) && self.histories.contains_key(key);
        let unknown = self.current().filter(|entry| !is_known(&entry.key));
        if let Some(ask) = unknown.and_then(|entry| self.ask(entry, false)) {
            effects.push(Effect::Ask(Box::new(ask)));
        }
        effects
    }

    fn ask(&self, entry: &Entry, is_deep: bool) -> Option<Ask> {
        let seen = self.book.spot(entry)?;
        let from = match &entry.state {
            State::Moved { from } => Some(from.clone()),
            _ => None,
        };
        let (location, secret) = (seen.finding.location, seen.secret.clone());
        Some(Ask { key: entry.key.clone(), from, location, secret, is_deep })
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        let stays = [Action::Reason, Action::Day, Action::Undo, Action::Help, Action::Redraw];
        if !stays.contains(&action) {
            self.last.clear();
        }
        match action {
            Action::Up => self.walk(-1),
            Action::Down => self.walk(1),
            Action::PageUp => self.page(-1),
            Action::PageDown => self.page(1),
            Action::First => self.walk(isize::MIN),
            Action::Last => self.walk(isize::MAX),
            Action::NextToJudge => self.go_to_next(),
            Action::Zoom => self.zoom = if self.zoom.is_some() { None } else { Some(0) },
            Action::NextTab => self.turn_tab(1),
            Action::LastTab => self.turn_tab(-1),
            Action::Order => {
                self.order = self.order.next();
                self.relist();
            }
            Action::Mark => self.mark_one(),
            Action::MarkMenu => self.mode = Mode::MarkMenu,
            Action::Judge(verdict) => return self.judge(verdict),
            Action::Reason | Action::Day => self.ask_more(action),
            Action::Undo => return vec![Effect::Undo],
            Action::Reveal => self.reveal(),
            Action::History => return self.look_back(),
            Action::Search => self.prompt(Purpose::Search, "Find: ", ""),
            Action::NextMatch => self.find(1),
            Action::LastMatch => self.find(-1),
            Action::Limit => {
                let text = self.filter_text.clone();
                self.prompt(Purpose::Limit, "Show only: ", &text);
            }
            Action::Problems => self.mode = Mode::Page(Page::Problems, 0),
            Action::Help => self.mode = Mode::Page(Page::Help, 0),
            Action::Back => self.back(),
            Action::Redraw => return vec![Effect::Redraw],
            Action::Suspend => {
                self.is_revealed = false;
                return vec![Effect::Suspend];
            }
            Action::Quit => return vec![Effect::Quit],
        }
        Vec::new()
    }

    // ---- moving ----

    /// Turns the finding if it has the screen, and else the list.
    fn page(&mut self, direction: isize) {
        let len = isize::try_from(super::view::list_height(self).max(2) - 1).unwrap_or(1);
        match &mut self.zoom {
            Some(at) => *at = at.saturating_add_signed(direction * len),
            None => self.walk(direction * len),
        }
    }

    fn walk(&mut self, by: isize) {
        let before = self.cursor;
        self.cursor = self.cursor.saturating_add_signed(by);
        self.settle(by);
        self.left(before);
    }

    /// Whoever leaves a finding leaves its secret hidden.
    fn left(&mut self, before: usize) {
        if self.cursor != before {
            self.is_revealed = false;
            self.zoom = self.zoom.map(|_| 0);
        }
    }

    fn go_to_next(&mut self) {
        if !self.advance() {
            self.say("Nothing else here is to be judged.");
        }
    }

    /// Goes to the next entry that is to be judged, below and then from the top.
    pub(super) fn advance(&mut self) -> bool {
        let is_open = |at: &usize| match &self.rows[*at] {
            Row::Entry(key) => self.book.get(key).is_some_and(Entry::is_to_judge),
            Row::Heading { .. } => false,
        };
        let below = (self.cursor + 1).min(self.rows.len())..self.rows.len();
        let above = 0..self.cursor.min(self.rows.len());
        let Some(at) = below.chain(above).find(is_open) else { return false };
        let before = std::mem::replace(&mut self.cursor, at);
        self.scroll();
        self.left(before);
        true
    }

    fn turn_tab(&mut self, by: isize) {
        self.tab = self.tab.step(by);
        let before = self.cursor;
        self.relist();
        self.left(before);
    }

    pub(super) fn find(&mut self, step: isize) {
        if self.search.is_empty() {
            self.say("Look for something first: /");
            return;
        }
        let word = self.search.to_lowercase();
        let len = self.rows.len();
        let has = |at: usize| match &self.rows[at] {
            Row::Entry(key) => self.book.get(key).is_some_and(|entry| self.is_match(entry, &word)),
            Row::Heading { .. } => false,
        };
        let places = (1..=len).map(|by| match step {
            1 => (self.cursor + by) % len,
            _ => (self.cursor + len - by) % len,
        });
        let Some(at) = places.into_iter().find(|at| has(*at)) else {
            let text = format!("No {} among what is shown.", self.search);
            self.alarm(text);
            return;
        };
        let before = std::mem::replace(&mut self.cursor, at);
        self.scroll();
        self.left(before);
    }

    fn is_match(&self, entry: &Entry, word: &str) -> bool {
        let reason = entry.record.as_ref().and_then(|record| record.reason.as_deref());
        let texts = [&entry.key.path, &entry.rule, self.rule_name(&entry.rule)];
        texts.into_iter().chain(reason).any(|text| text.to_lowercase().contains(word))
            || self.book.spot(entry).is_some_and(|seen| {
                let finding = &seen.finding;
                [&finding.before, &finding.after].iter().any(|t| t.to_lowercase().contains(word))
            })
    }

    fn back(&mut self) {
        if self.zoom.is_some() {
            self.zoom = None;
        } else if !self.marked.is_empty() {
            self.marked.clear();
        } else if !self.filter_text.is_empty() {
            self.limit("");
        }
    }

    fn reveal(&mut self) {
        match self.current() {
            Some(entry) if self.book.spot(entry).is_some() => self.is_revealed = !self.is_revealed,
            _ => self.say("There is no secret to show: the value is not in the tree."),
        }
    }

    fn look_back(&mut self) -> Vec<Effect> {
        let Some(entry) = self.current() else { return Vec::new() };
        let Some(ask) = self.ask(entry, true) else {
            self.say("Its value is not in the tree, so there is nothing to look for.");
            return Vec::new();
        };
        self.looking.insert(ask.key.clone());
        vec![Effect::Ask(Box::new(ask))]
    }

    // ---- selecting ----

    fn mark_one(&mut self) {
        let Some(key) = self.current().map(|entry| entry.key.clone()) else { return };
        if !self.marked.remove(&key) {
            self.marked.insert(key);
        }
        self.walk(1);
    }

    fn mark_by(&mut self, key: &KeyEvent) {
        use ratatui::crossterm::event::KeyCode::Char;
        let Some(current) = self.current() else { return };
        let (rule, value) = (current.rule.clone(), current.key.value.clone());
        match key.code {
            Char('v') => self.mark_all(|entry| entry.key.value == value),
            Char('r') => self.mark_all(|entry| entry.rule == rule),
            Char('a') => self.mark_all(|_| true),
            Char('n') => self.marked.clear(),
            Char('p') => self.prompt(Purpose::Glob, "Select paths like: ", ""),
            _ => {}
        }
    }

    /// Selects among what is listed: a verdict never reaches what nobody sees. What was judged a
    /// moment ago and is still listed has its answer.
    pub(super) fn mark_all(&mut self, is_wanted: impl Fn(&Entry) -> bool) {
        let is_open = |entry: &Entry| self.tab != Tab::ToJudge || entry.is_to_judge();
        let wanted: Vec<Key> = self
            .shown()
            .filter(|key| self.book.get(key).is_some_and(|e| is_wanted(e) && is_open(e)))
            .cloned()
            .collect();
        let count = wanted.len();
        self.marked.extend(wanted);
        self.say(format!("{count} selected here; the next verdict is for all of them."));
    }

    pub(super) fn limit(&mut self, text: &str) {
        self.filter_text = text.to_owned();
        self.filter = Filter::parse(text).unwrap_or_default();
        let before = self.cursor;
        self.relist();
        self.left(before);
        if self.rows.is_empty() && !text.is_empty() {
            let text =
                format!("Nothing in `{}` fits. Tab: the next list, Esc: no limit", self.tab.name());
            self.say(text);
        }
    }

    fn page_key(&mut self, key: &KeyEvent, page: Page, at: usize) -> Vec<Effect> {
        let at = match action(key) {
            Some(Action::Down) => at + 1,
            Some(Action::Up) => at.saturating_sub(1),
            Some(Action::PageDown | Action::Mark) => at + usize::from(self.height).max(4) - 4,
            Some(Action::PageUp) => at.saturating_sub(usize::from(self.height).max(4) - 4),
            _ => return Vec::new(),
        };
        let last = super::view::page_len(self, page).saturating_sub(usize::from(self.height) - 2);
        self.mode = Mode::Page(page, at.min(last));
        Vec::new()
    }
}
