//! Colour choice, and the escaping of untrusted text.
//!
//! Names and lines of a repository are written by strangers. Before they reach a terminal, every
//! character that moves the cursor, changes colours, hides or reorders text is shown as its code.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

/// Returns whether output may be coloured: at a terminal, unless `NO_COLOR` is set.
pub fn may_color(is_terminal: bool) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    is_terminal && !is_set("NO_COLOR") && !is_dumb
}

/// Makes untrusted text safe for a terminal.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\t' => escaped.push(' '),
            c if is_dangerous(c) => escaped.extend(c.escape_default()),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Makes untrusted text of several lines safe for a terminal; every line but the first is indented.
pub fn escape_lines(text: &str, indent: &str) -> String {
    let lines: Vec<_> = text.lines().map(escape).collect();
    lines.join(&format!("\n{indent}"))
}

/// Writes in a JSON document as `\uNNNN` what is dangerous at a terminal; it means the same.
///
/// JSON itself demands that only of the oldest control characters, and a document may well end on a
/// screen.
pub fn escape_json(document: &str) -> Cow<'_, str> {
    let is_hidden = |c: char| is_dangerous(c) && c != '\n';
    if !document.chars().any(is_hidden) {
        return Cow::Borrowed(document);
    }
    let mut escaped = String::with_capacity(document.len() + 8);
    for c in document.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Returns how many columns a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Paints text when colour is on.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    /// Whether anything is painted.
    pub is_on: bool,
}

impl Paint {
    /// Bold red: what is wrong.
    pub fn alarm(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    /// Bold: where to look.
    pub fn strong(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// Dim: what may be skipped.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// Cyan: what can be copied.
    pub fn command(self, text: &str) -> String {
        self.wrap("36", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.is_on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_and_not_obeyed() {
        assert_eq!(escape("a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(escape("a\u{202e}b\u{200b}"), "a\\u{202e}b\\u{200b}");
        assert_eq!(escape("a\tb\nc\r"), "a b\\nc\\r");
        assert_eq!(escape("\u{9b}31m"), "\\u{9b}31m");
    }

    #[test]
    fn a_document_means_the_same_and_shows_nothing() {
        let value = serde_json::json!({"a\u{9b}31m": "\u{7f}\u{202e}\u{e0001}ä\n"});
        let text = serde_json::to_string_pretty(&value).unwrap();
        let escaped = escape_json(&text);
        assert!(!escaped.chars().any(|c| is_dangerous(c) && c != '\n'), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
        assert!(matches!(escape_json("{\n}"), Cow::Borrowed(_)));
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(escape_lines("a\r\nb\x1b\n", "  "), "a\n  b\\u{1b}");
    }

    #[test]
    fn ordinary_text_is_untouched() {
        assert!(matches!(escape("schlüssel 鍵 🔑"), Cow::Borrowed(_)));
    }

    #[test]
    fn paint_is_off_without_color() {
        assert_eq!(Paint { is_on: false }.alarm("x"), "x");
        assert_eq!(Paint { is_on: true }.alarm("x"), "\x1b[1;31mx\x1b[0m");
        assert!(!may_color(false));
    }
}
