//! How the screen looks: a few styles and signs.
//!
//! Nothing is said by colour alone. Where colour is off, bold, dim and reversed text remain; where the
//! terminal shows no Unicode, signs and foreign letters have plain ones in their place.

use ratatui::style::{Color, Modifier, Style};

use crate::finding::Verdict;
use crate::terminal::escape;

/// Styles and signs.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// Whether there are colours.
    pub is_colored: bool,
    /// Whether the terminal shows Unicode.
    pub is_unicode: bool,
}

impl Theme {
    /// What is wrong.
    pub fn alarm(self) -> Style {
        self.with(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// Where to look.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What may be skipped.
    pub fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What can be typed or copied.
    pub fn accent(self) -> Style {
        self.with(Color::Cyan)
    }

    /// The row under the cursor.
    pub fn cursor(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A hidden or shown secret.
    pub fn secret(self) -> Style {
        self.with(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    /// A verdict.
    pub fn verdict(self, verdict: Option<Verdict>) -> Style {
        match verdict {
            None | Some(Verdict::Unreviewed) => self.with(Color::Yellow),
            Some(Verdict::Real) => self.alarm(),
            Some(Verdict::Revoked) => self.with(Color::Cyan),
            Some(Verdict::FalsePositive) => self.with(Color::Green),
        }
    }

    fn with(self, color: Color) -> Style {
        if self.is_colored { Style::new().fg(color) } else { Style::new() }
    }

    /// A line across the screen.
    pub fn rule(self) -> &'static str {
        if self.is_unicode { "─" } else { "-" }
    }

    /// What is left out.
    pub fn more(self) -> &'static str {
        if self.is_unicode { "…" } else { "~" }
    }

    /// A bar of progress: what is done, what is left.
    pub fn bar(self) -> (&'static str, &'static str) {
        if self.is_unicode { ("█", "░") } else { ("#", ".") }
    }

    /// Makes a text from outside fit for the screen.
    pub fn clean(self, text: &str) -> String {
        let text = escape(text);
        if self.is_unicode || text.is_ascii() {
            return text.into_owned();
        }
        let plain = |c: char| match c {
            '…' => "~".to_owned(),
            c if c.is_ascii() => c.to_string(),
            c => c.escape_default().to_string(),
        };
        text.chars().map(plain).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_dangerous_reaches_the_screen() {
        let unicode = Theme { is_colored: true, is_unicode: true };
        assert_eq!(unicode.clean("鍵\u{1b}[2J\u{202e}"), "鍵\\u{1b}[2J\\u{202e}");
        let plain = Theme { is_unicode: false, ..unicode };
        assert_eq!(plain.clean("鍵…"), "\\u{9375}~");
    }

    #[test]
    fn without_colour_there_is_none() {
        let plain = Theme { is_colored: false, is_unicode: true };
        let styles = [plain.alarm(), plain.accent(), plain.secret(), plain.verdict(None)];
        assert!(styles.iter().all(|style| style.fg.is_none() && style.bg.is_none()));
    }
}
