//! Carries out what the model asks for.

use std::sync::mpsc::Sender;

use ratatui::crossterm::event::KeyEvent;

use super::judging::Save;
use super::ledger::{Ledger, LedgerError};
use super::model::{Answer, Ask, History, Model};
use super::update::Effect;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key.
    Key(KeyEvent),
    /// A text that was pasted.
    Paste(String),
    /// The terminal has another size.
    Resize(u16, u16),
    /// A question was answered.
    Answer(Answer),
    /// Some time has passed.
    Tick,
    /// The operating system asks the program to end.
    Signal(i32),
    /// The terminal is gone.
    Lost,
}

/// What the terminal has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Nothing: what is shown is still true.
    Rest,
    /// Draw everything again.
    Redraw,
    /// Give the terminal back for a while.
    Suspend,
    /// End.
    Quit,
}

/// A model with the baseline behind it.
pub struct Session {
    /// What is shown.
    pub model: Model,
    ledger: Ledger,
    asks: Sender<Ask>,
}

impl Session {
    /// Joins the three; questions go out through `asks`.
    pub fn new(model: Model, ledger: Ledger, asks: Sender<Ask>) -> Session {
        Session { model, ledger, asks }
    }

    /// Returns the baseline as last read or written.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Takes an event, does what follows from it, and returns what is left for the terminal.
    pub fn take(&mut self, event: Event) -> Option<Order> {
        let effects = match event {
            Event::Key(key) => self.model.key(&key),
            Event::Paste(text) => {
                self.model.paste(&text);
                Vec::new()
            }
            Event::Resize(width, height) => {
                self.model.resize(width, height);
                Vec::new()
            }
            Event::Answer(answer) => self.answer(answer),
            Event::Tick => return (!self.refresh()).then_some(Order::Rest),
            Event::Signal(_) | Event::Lost => return Some(Order::Quit),
        };
        effects.into_iter().filter_map(|effect| self.carry_out(effect)).last()
    }

    fn carry_out(&mut self, effect: Effect) -> Option<Order> {
        match effect {
            Effect::Save(save) => self.save(&save),
            Effect::Undo => self.undo(),
            Effect::Ask(ask) => self.ask(*ask),
            Effect::Redraw => return Some(Order::Redraw),
            Effect::Suspend => return Some(Order::Suspend),
            Effect::Quit => return Some(Order::Quit),
        }
        None
    }

    fn ask(&mut self, ask: Ask) {
        // Whoever answers may have ended; the screen then stays without an answer.
        let _ = self.asks.send(ask);
    }

    fn save(&mut self, save: &Save) {
        match self.ledger.record(&save.changes) {
            Ok(()) => {
                self.model.update_book(self.ledger.baseline());
                self.model.saved(save);
            }
            Err(error) => self.refused(&error),
        }
        self.ask_on();
    }

    fn undo(&mut self) {
        match self.ledger.undo() {
            Ok(None) => self.model.say("Nothing to take back: no verdict was given here yet."),
            Ok(Some(values)) => {
                self.model.update_book(self.ledger.baseline());
                let is_it = |key: &&super::entry::Key| values.contains(&key.value);
                let key = self.model.shown().find(is_it).cloned();
                key.map(|key| self.model.go_to(&key));
                self.model.last.clear();
                self.model.say("Taken back.");
            }
            Err(error) => self.refused(&error),
        }
        self.ask_on();
    }

    fn refused(&mut self, error: &LedgerError) {
        self.model.update_book(self.ledger.baseline());
        let hint = match error {
            LedgerError::Changed(_) => "look again".to_owned(),
            LedgerError::Baseline(error) => error.hint().to_owned(),
        };
        self.model.alarm(format!("{error}; {hint}"));
    }

    /// Takes in what somebody else wrote; returns whether there is something to show.
    fn refresh(&mut self) -> bool {
        match self.ledger.refresh() {
            Ok(false) => return false,
            Ok(true) => {
                self.model.update_book(self.ledger.baseline());
                self.model.relist();
                self.model.say("Somebody else changed the baseline; it was taken in.");
                self.ask_on();
            }
            Err(error) => {
                let hint = error.hint();
                self.model.alarm(format!("{error}; {hint}"));
            }
        }
        true
    }

    fn answer(&mut self, answer: Answer) -> Vec<Effect> {
        match answer {
            Answer::Located { tree, own_rules, problems } => {
                self.model.rules.add(own_rules);
                self.model.problems = problems;
                self.model.locate(self.ledger.baseline(), tree);
                self.model.with_questions(Vec::new())
            }
            Answer::Failed(problem) => {
                self.model.alarm(problem.clone());
                self.model.problems = vec![problem];
                Vec::new()
            }
            Answer::Excerpt(key, excerpt) => {
                self.model.excerpts.insert(key, excerpt);
                Vec::new()
            }
            Answer::History(key, history) => {
                let is_better = |old: &History| history.is_deep || !old.is_deep;
                if history.is_deep {
                    self.model.looking.remove(&key);
                }
                if self.model.histories.get(&key).is_none_or(is_better) {
                    self.model.histories.insert(key, history);
                }
                Vec::new()
            }
        }
    }

    /// Asks about what is under the cursor now.
    fn ask_on(&mut self) {
        for effect in self.model.with_questions(Vec::new()) {
            if let Effect::Ask(ask) = effect {
                self.ask(*ask);
            }
        }
    }
}
