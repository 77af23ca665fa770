//! One line that a person types.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What the line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A text to look for.
    Search,
    /// Terms that limit the list.
    Limit,
    /// Why a verdict was given.
    Reason,
    /// The day by which a secret must be rotated.
    Day,
    /// A pattern of paths to select.
    Glob,
}

/// A line that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What it is for.
    pub purpose: Purpose,
    /// What stands before it.
    pub label: String,
    /// What was typed so far.
    pub text: Vec<char>,
    /// Where the next character goes.
    pub at: usize,
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// The line goes on.
    More,
    /// It is given up.
    Cancelled,
    /// It is complete.
    Done(String),
}

/// A longer line is no reason and no search.
const LEN_MAX: usize = 500;

impl Prompt {
    /// Starts a line with a text in it.
    pub fn new(purpose: Purpose, label: impl Into<String>, text: &str) -> Prompt {
        let text: Vec<char> = text.chars().collect();
        Prompt { purpose, label: label.into(), at: text.len(), text }
    }

    /// Takes a key.
    pub fn key(&mut self, key: &KeyEvent) -> Typed {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return self.control(key.code);
        }
        match key.code {
            KeyCode::Enter => return Typed::Done(self.text.iter().collect()),
            KeyCode::Esc => return Typed::Cancelled,
            KeyCode::Char(c) => self.insert(c),
            KeyCode::Backspace if self.at > 0 => {
                self.at -= 1;
                self.text.remove(self.at);
            }
            KeyCode::Delete if self.at < self.text.len() => {
                self.text.remove(self.at);
            }
            KeyCode::Left => self.at = self.at.saturating_sub(1),
            KeyCode::Right => self.at = (self.at + 1).min(self.text.len()),
            KeyCode::Home => self.at = 0,
            KeyCode::End => self.at = self.text.len(),
            _ => {}
        }
        Typed::More
    }

    fn control(&mut self, code: KeyCode) -> Typed {
        match code {
            KeyCode::Char('c' | 'g') => return Typed::Cancelled,
            KeyCode::Char('a') => self.at = 0,
            KeyCode::Char('e') => self.at = self.text.len(),
            KeyCode::Char('k') => self.text.truncate(self.at),
            KeyCode::Char('u') => {
                self.text.drain(..self.at);
                self.at = 0;
            }
            KeyCode::Char('w') => {
                let kept = self.text[..self.at].iter().rposition(|c| !c.is_whitespace());
                let kept = kept.map_or(0, |end| {
                    self.text[..end].iter().rposition(|c| c.is_whitespace()).map_or(0, |at| at + 1)
                });
                self.text.drain(kept..self.at);
                self.at = kept;
            }
            _ => {}
        }
        Typed::More
    }

    /// Takes a text that was pasted; line ends become spaces.
    pub fn paste(&mut self, text: &str) {
        text.chars().for_each(|c| self.insert(if c.is_whitespace() { ' ' } else { c }));
    }

    fn insert(&mut self, c: char) {
        if !c.is_control() && self.text.len() < LEN_MAX {
            self.text.insert(self.at, c);
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[KeyEvent], text: &str) -> (Prompt, Typed) {
        let mut prompt = Prompt::new(Purpose::Search, "", text);
        let last = keys.iter().map(|key| prompt.key(key)).last().unwrap();
        (prompt, last)
    }

    fn control(c: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)
    }

    fn text(keys: &[KeyEvent], start: &str) -> String {
        typed(keys, start).0.text.iter().collect()
    }

    #[test]
    fn a_line_is_edited_as_everywhere() {
        let key = |code| KeyEvent::from(code);
        assert_eq!(text(&[key(KeyCode::Char('é'))], "caf"), "café");
        assert_eq!(text(&[key(KeyCode::Backspace)], "ab"), "a");
        assert_eq!(text(&[key(KeyCode::Left), key(KeyCode::Delete)], "ab"), "a");
        assert_eq!(text(&[key(KeyCode::Home), key(KeyCode::Char('x'))], "ab"), "xab");
        assert_eq!(text(&[control('u')], "ab cd"), "");
        assert_eq!(text(&[control('w')], "ab cd "), "ab ");
        assert_eq!(text(&[control('w'), control('w'), control('w')], "ab cd"), "");
        assert_eq!(text(&[control('a'), control('k')], "ab"), "");
        assert_eq!(text(&[key(KeyCode::Backspace)], ""), "");
    }

    #[test]
    fn it_ends_with_enter_and_is_given_up_with_escape() {
        assert_eq!(typed(&[KeyEvent::from(KeyCode::Enter)], "a").1, Typed::Done("a".into()));
        assert_eq!(typed(&[KeyEvent::from(KeyCode::Esc)], "a").1, Typed::Cancelled);
        assert_eq!(typed(&[control('c')], "a").1, Typed::Cancelled);
    }

    #[test]
    fn what_is_pasted_is_one_line_of_plain_text() {
        let mut prompt = Prompt::new(Purpose::Reason, "", "");
        prompt.paste("a\nb\u{1b}[31m");
        assert_eq!(prompt.text.iter().collect::<String>(), "a b[31m");
        prompt.paste(&"x".repeat(10_000));
        assert_eq!(prompt.text.len(), LEN_MAX);
    }
}
