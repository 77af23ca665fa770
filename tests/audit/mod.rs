//! `keyhook audit`: the screen by events and frames, the commands, and a real terminal.

mod commands;
mod events;
mod frames;
mod pty;

use std::sync::mpsc::{Receiver, channel};

use keyhook::audit::{
    Answer, Ask, Event, History, Ledger, Model, Order, Seen, Session, Setup, Theme, Tree, draw,
};
use keyhook::baseline::{Baseline, Place, Statement, Store};
use keyhook::finding::{
    Confidence, Excerpt, ExcerptLine, Finding, Fingerprint, Location, Salt, Secret, Verdict,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A value that the tree holds: the secret, its rule, its file, its line, what stands before it.
type Place5 = (&'static str, &'static str, &'static str, usize, &'static str);

/// What the made-up tree holds.
const TREE: &[Place5] = &[
    ("value-one", "anthropic-api-key", "src/app.py", 12, "client = Anthropic(api_key=\""),
    ("value-one", "anthropic-api-key", "src/again.py", 3, "KEY = \""),
    ("value-two", "generic-assignment", "src/settings.py", 41, "password = \""),
    ("value-three", "generic-assignment", "tests/fixture.py", 7, "token = \""),
    ("value-new", "generic-assignment", "tests/new.py", 1, "token = \""),
];

/// A session on a baseline in a folder of its own.
pub struct Desk {
    pub session: Session,
    pub store: Store,
    asked: Receiver<Ask>,
    size: (u16, u16),
    _folder: tempfile::TempDir,
}

impl Desk {
    /// A session at 80 by 24, with the tree located and everything but the last place recorded.
    pub fn new() -> Desk {
        let mut desk = Desk::unlocated((80, 24));
        desk.locate(tree(TREE));
        desk
    }

    pub fn sized(width: u16, height: u16) -> Desk {
        let mut desk = Desk::unlocated((width, height));
        desk.locate(tree(TREE));
        desk
    }

    /// A session whose tree has not been looked at.
    pub fn unlocated(size: (u16, u16)) -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path(), &folder.path().join(".git"));
        // A fixed salt keeps the order of equal paths the same.
        let empty = Baseline::new(Salt::none()).render().unwrap();
        std::fs::write(store.path(), empty).unwrap();
        let mut opened = store.open().unwrap();
        for (value, rule, path, ..) in &TREE[..TREE.len() - 1] {
            let fingerprint = opened.baseline.fingerprint(&Secret::new(value.as_bytes()));
            let place = Place { fingerprint: &fingerprint, rule, path };
            opened.baseline.set_verdict(place, &Statement::unreviewed());
        }
        let gone = opened.baseline.fingerprint(&Secret::new(b"value-gone"));
        let place = Place { fingerprint: &gone, rule: "generic-assignment", path: "old/gone.py" };
        opened.baseline.set_verdict(place, &Statement::unreviewed());
        opened.save().unwrap();
        drop(opened);
        let (asks, asked) = channel();
        let masked = |text: &str| text.replace("value-", "hidden-");
        let has_secret = |text: &str| text.contains("value-");
        let setup = Setup { by: Some("Jane".into()), filter: String::new(), has_secret, masked };
        let ledger = Ledger::open(store.clone()).unwrap();
        let model = Model::new(setup, ledger.baseline(), size);
        let session = Session::new(model, ledger, asks);
        Desk { session, store, asked, size, _folder: folder }
    }

    pub fn locate(&mut self, tree: Tree) {
        let (own_rules, problems) = (Vec::new(), Vec::new());
        self.answer(Answer::Located { tree, own_rules, problems });
    }

    /// Takes an answer, and answers what is asked then.
    pub fn answer(&mut self, answer: Answer) -> Option<Order> {
        let order = self.session.take(Event::Answer(answer));
        self.serve();
        order
    }

    /// Answers what was asked, as the program's own desk would.
    fn serve(&mut self) {
        while let Ok(ask) = self.asked.try_recv() {
            if ask.is_deep {
                let text = "committed 2026-01-02 in 1234567890 by Jane; pushed: origin/main";
                let history = History { text: text.to_owned(), is_pushed: true, is_deep: true };
                self.session.take(Event::Answer(Answer::History(ask.key, history)));
                continue;
            }
            let place = TREE.iter().find(|p| p.2 == ask.key.path && p.3 == ask.location.line);
            let excerpt = place.map(excerpt);
            self.session.take(Event::Answer(Answer::Excerpt(ask.key.clone(), excerpt)));
            let text = "committed, in HEAD; not in origin/main; h looks at older versions";
            let history = History { text: text.to_owned(), is_pushed: false, is_deep: false };
            self.session.take(Event::Answer(Answer::History(ask.key, history)));
        }
    }

    /// Types keys: characters, or names such as `<enter>` and `<C-u>`.
    pub fn keys(&mut self, keys: &str) -> Option<Order> {
        let mut order = None;
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let name = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
            let key = match name {
                Some((name, after)) => {
                    rest = after;
                    named(name)
                }
                None => {
                    rest = &rest[first.len_utf8()..];
                    KeyEvent::from(KeyCode::Char(first))
                }
            };
            order = self.session.take(Event::Key(key)).or(order);
            self.serve();
        }
        order
    }

    /// Draws a frame and returns it as text, without what is empty at the ends of lines.
    pub fn frame(&self) -> String {
        self.frame_with(Theme { is_colored: true, is_unicode: true })
    }

    pub fn frame_with(&self, theme: Theme) -> String {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        terminal.draw(|frame| draw(&self.session.model, theme, frame)).unwrap();
        let buffer = terminal.backend().buffer().clone();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut x = 0;
            while x < buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                line.push_str(symbol);
                // The cell behind a wide character is not shown.
                x += u16::try_from(keyhook::terminal::width(symbol).max(1)).unwrap();
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    pub fn resize(&mut self, width: u16, height: u16) {
        self.size = (width, height);
        self.session.take(Event::Resize(width, height));
    }

    /// What is on disk: path, verdict and reason of each record.
    pub fn disk(&self) -> Vec<(String, Verdict, Option<String>)> {
        let baseline: Baseline = self.store.read().unwrap().unwrap();
        let mut all: Vec<_> = baseline
            .records()
            .map(|record| (record.path.clone(), record.verdict, record.reason.clone()))
            .collect();
        all.sort();
        all
    }

    /// The verdict on disk for a file.
    pub fn verdict(&self, path: &str) -> Option<Verdict> {
        self.disk().into_iter().find(|(found, ..)| found == path).map(|(_, verdict, _)| verdict)
    }
}

fn named(name: &str) -> KeyEvent {
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backtab" => KeyCode::BackTab,
        "down" => KeyCode::Down,
        "up" => KeyCode::Up,
        "pgdn" => KeyCode::PageDown,
        "pgup" => KeyCode::PageUp,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        _ => {
            let c = name.strip_prefix("C-").and_then(|c| c.chars().next()).expect("a known name");
            return KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        }
    };
    KeyEvent::from(code)
}

pub fn tree(places: &[Place5]) -> Tree {
    let seen = places.iter().map(seen).collect();
    Tree { seen, least: Confidence::Medium, ..Tree::default() }
}

fn seen((value, rule, path, line, before): &Place5) -> Seen {
    let secret = Secret::new(value.as_bytes());
    let column = before.chars().count() + 1;
    let finding = Finding {
        rule: (*rule).into(),
        path: (*path).into(),
        location: Location { line: *line, column, end_line: *line, end_column: column + 9 },
        confidence: Confidence::High,
        fingerprint: Fingerprint::of(&secret, &Salt::none()),
        before: (*before).into(),
        masked: "****************".into(),
        after: "\"".into(),
        verdict: None,
        copied_from: None,
        origin: None,
        note: None,
        variable: None,
    };
    Seen { finding, secret }
}

fn excerpt((_, _, _, at, before): &Place5) -> Excerpt {
    let line = |number: usize| match number == *at {
        true => ExcerptLine {
            number,
            before: (*before).into(),
            masked: "****************".into(),
            after: "\"".into(),
            is_secret: true,
        },
        false => ExcerptLine { number, before: format!("line {number}"), ..Default::default() },
    };
    let lines = (at.saturating_sub(20).max(1)..at + 20).map(line).collect();
    let why = "a name that says secret is given a value that looks like one (high confidence)";
    Excerpt { lines, why: why.into() }
}
