//! What the screen shows, as data.

use std::collections::{HashMap, HashSet};

use super::entry::{Book, Entry, Key, Tree};
use super::filter::Filter;
use super::list::{Order, Row, Tab, refresh, rows};
use super::prompt::Prompt;
use crate::baseline::Baseline;
use crate::finding::{Excerpt, Location, Secret, Verdict};
use crate::rule::{Rule, RuleSet};

/// A question about an entry that takes time to answer.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The entry.
    pub key: Key,
    /// Other paths that the file had.
    pub from: Option<String>,
    /// Where it stands in its file.
    pub location: Location,
    /// What it is about.
    pub secret: Secret,
    /// Whether the whole history of the file is wanted, which may take long.
    pub is_deep: bool,
}

/// What comes back.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The tree was looked at.
    Located {
        /// What stands in it.
        tree: Tree,
        /// The repository's own rules.
        own_rules: Vec<Rule>,
        /// What could not be looked at, and other things to know.
        problems: Vec<String>,
    },
    /// The tree could not be looked at, and why.
    Failed(String),
    /// The surroundings of an entry; `None` if the file cannot be read.
    Excerpt(Key, Option<Excerpt>),
    /// Whether an entry's value was committed and pushed.
    History(Key, History),
}

/// Whether a value was committed and pushed, as far as somebody looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// What was found, as a sentence.
    pub text: String,
    /// Whether it left this computer.
    pub is_pushed: bool,
    /// Whether the file's whole history was looked at.
    pub is_deep: bool,
}

/// What the screen starts with.
pub struct Setup {
    /// Who gives the verdicts.
    pub by: Option<String>,
    /// What to show at first.
    pub filter: String,
    /// Returns whether a text holds a secret; a reason must not.
    pub has_secret: fn(&str) -> bool,
    /// Hides secrets in what stands in the baseline already.
    pub masked: fn(&str) -> String,
}

/// What has the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The list.
    Browse,
    /// A line that is being typed.
    Prompt(Prompt),
    /// What to select?
    MarkMenu,
    /// One verdict for many entries?
    Confirm(Verdict, Vec<Key>),
    /// A text over the screen, and how far it is scrolled.
    Page(Page, usize),
}

/// A text over the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// What the keys do.
    Help,
    /// What could not be looked at.
    Problems,
}

/// A line that tells what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The line.
    pub text: String,
    /// Whether something did not work.
    pub is_alarm: bool,
}

/// Everything that a frame shows.
pub struct Model {
    pub(super) setup: Setup,
    pub(super) book: Book,
    pub(super) rules: RuleSet,
    /// Whether the tree has been looked at.
    pub(super) is_located: bool,
    pub(super) tab: Tab,
    pub(super) order: Order,
    pub(super) filter: Filter,
    pub(super) filter_text: String,
    pub(super) search: String,
    pub(super) rows: Vec<Row>,
    /// The row under the cursor.
    pub(super) cursor: usize,
    /// The first row that is shown.
    pub(super) top: usize,
    pub(super) marked: HashSet<Key>,
    /// Whether the secret under the cursor is shown.
    pub(super) is_revealed: bool,
    /// Whether the finding takes the whole screen, and how far it is scrolled.
    pub(super) zoom: Option<usize>,
    pub(super) mode: Mode,
    pub(super) message: Option<Message>,
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) excerpts: HashMap<Key, Option<Excerpt>>,
    pub(super) histories: HashMap<Key, History>,
    /// Entries whose history is being looked through.
    pub(super) looking: HashSet<Key>,
    /// What the last verdict was about; a reason may follow.
    pub(super) last: Vec<Key>,
    pub(super) problems: Vec<String>,
}

impl Model {
    /// Starts with the baseline; the tree follows as an answer. The filter must be well formed.
    pub fn new(setup: Setup, baseline: &Baseline, size: (u16, u16)) -> Model {
        let filter_text = setup.filter.clone();
        let mut model = Model {
            setup,
            book: Book::new(baseline, None),
            rules: RuleSet::builtin(),
            is_located: false,
            tab: Tab::default(),
            order: Order::default(),
            filter: Filter::parse(&filter_text).unwrap_or_default(),
            filter_text,
            search: String::new(),
            rows: Vec::new(),
            cursor: 0,
            top: 0,
            marked: HashSet::new(),
            is_revealed: false,
            zoom: None,
            mode: Mode::Browse,
            message: None,
            width: size.0,
            height: size.1,
            excerpts: HashMap::new(),
            histories: HashMap::new(),
            looking: HashSet::new(),
            last: Vec::new(),
            problems: Vec::new(),
        };
        model.relist();
        model
    }

    /// Returns the entry under the cursor.
    pub(super) fn current(&self) -> Option<&Entry> {
        match self.rows.get(self.cursor)? {
            Row::Entry(key) => self.book.get(key),
            Row::Heading { .. } => None,
        }
    }

    /// Returns what a verdict would be about: the selection, or else the entry under the cursor.
    pub(super) fn targets(&self) -> Vec<Key> {
        if self.marked.is_empty() {
            return self.current().map(|entry| entry.key.clone()).into_iter().collect();
        }
        self.shown().filter(|key| self.marked.contains(*key)).cloned().collect()
    }

    /// Returns the entries that are listed.
    pub(super) fn shown(&self) -> impl Iterator<Item = &Key> {
        self.rows.iter().filter_map(|row| match row {
            Row::Entry(key) => Some(key),
            Row::Heading { .. } => None,
        })
    }

    /// Hides secrets in what stood in a file.
    pub(super) fn masked(&self, text: &str) -> String {
        (self.setup.masked)(text)
    }

    /// Returns what people call a rule.
    pub(super) fn rule_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.rules.by_id(id).map_or(id, |rule| &rule.name)
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.message = Some(Message { text: text.into(), is_alarm: false });
    }

    pub(super) fn alarm(&mut self, text: impl Into<String>) {
        self.message = Some(Message { text: text.into(), is_alarm: true });
    }

    /// Takes over what the tree holds.
    pub(super) fn locate(&mut self, baseline: &Baseline, tree: Tree) {
        self.is_located = true;
        self.book = Book::new(baseline, Some(tree));
        self.excerpts.clear();
        self.relist();
    }

    /// Takes over what the baseline says now; the list stays as it is.
    pub(super) fn update_book(&mut self, baseline: &Baseline) {
        let tree = self.is_located.then(|| std::mem::take(&mut self.book.tree));
        self.book = Book::new(baseline, tree);
        let here = self.rows.get(self.cursor).cloned();
        refresh(&mut self.rows, &self.book);
        self.follow(here.as_ref());
    }

    /// Makes the list anew. The cursor stays on its entry.
    pub(super) fn relist(&mut self) {
        let here = self.rows.get(self.cursor).cloned();
        self.rows = rows(&self.book, &self.rules, self.tab, self.order, &self.filter);
        let shown: HashSet<Key> = self.shown().cloned().collect();
        self.marked.retain(|key| shown.contains(key));
        self.follow(here.as_ref());
    }

    fn follow(&mut self, row: Option<&Row>) {
        let at = row.and_then(|row| self.rows.iter().position(|other| other == row));
        let is_same = at.is_some_and(|at| matches!(self.rows[at], Row::Entry(_)));
        self.is_revealed &= is_same;
        self.cursor = at.filter(|_| is_same).unwrap_or(self.cursor);
        self.settle(1);
    }

    /// Puts the cursor on an entry, at or after where it is, or else before; `direction` is where it
    /// came from.
    pub(super) fn settle(&mut self, direction: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.cursor = self.cursor.min(last);
        let is_entry = |at: &usize| matches!(self.rows.get(*at), Some(Row::Entry(_)));
        let below = || (self.cursor..=last).find(is_entry);
        let above = || (0..=self.cursor).rev().find(is_entry);
        let found = if direction < 0 { above().or_else(below) } else { below().or_else(above) };
        self.cursor = found.unwrap_or(0);
        self.scroll();
    }

    /// Moves the part of the list that is shown to where the cursor is.
    pub(super) fn scroll(&mut self) {
        let height = super::view::list_height(self).max(1);
        // The heading above the first entry of a group is shown with it.
        let start = match self.cursor.checked_sub(1).map(|above| &self.rows[above]) {
            Some(Row::Heading { .. }) => self.cursor - 1,
            _ => self.cursor,
        };
        self.top = self.top.min(start).max((self.cursor + 1).saturating_sub(height));
        self.top = self.top.min(self.rows.len().saturating_sub(height));
    }

    /// Puts the cursor on an entry, if it is listed.
    pub(super) fn go_to(&mut self, key: &Key) -> bool {
        let at = self.rows.iter().position(|row| matches!(row, Row::Entry(k) if k == key));
        if let Some(at) = at {
            self.is_revealed &= at == self.cursor;
            self.cursor = at;
            self.scroll();
        }
        at.is_some()
    }
}
