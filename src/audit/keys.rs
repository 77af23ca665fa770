//! Which key does what: one table, for the program and for its help.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::finding::Verdict;

/// What a person asks for with a key while looking at the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One screen up.
    PageUp,
    /// One screen down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// To the next entry that nobody has judged.
    NextToJudge,
    /// The finding over the whole screen, and back.
    Zoom,
    /// The next list.
    NextTab,
    /// The list before.
    LastTab,
    /// Another order.
    Order,
    /// Select the entry, or no longer.
    Mark,
    /// Ask what to select.
    MarkMenu,
    /// Say what it is.
    Judge(Verdict),
    /// Say why.
    Reason,
    /// Say by when it must be rotated.
    Day,
    /// Take the last verdict back.
    Undo,
    /// Show the secret, or hide it.
    Reveal,
    /// Look through the file's whole history.
    History,
    /// Look for a text.
    Search,
    /// To the next match.
    NextMatch,
    /// To the match before.
    LastMatch,
    /// Show only what fits some words.
    Limit,
    /// What could not be looked at.
    Problems,
    /// What the keys do.
    Help,
    /// Drop the selection, or the filter.
    Back,
    /// Draw everything again.
    Redraw,
    /// Leave the program to the shell for a while.
    Suspend,
    /// End.
    Quit,
}

use Action::*;

/// What the help says: keys, and what they do. An empty pair starts a new part.
pub const HELP: &[(&str, &str)] = &[
    ("", "What is it?  Saved at once; q keeps everything."),
    ("r", "real: a secret that works or may work; rotate it, by default within 30 days"),
    ("v", "revoked: it was real and no longer works"),
    ("f", "false positive: no secret, wherever this value stands"),
    ("u", "unreviewed: not decided; the hook lets it pass in this file"),
    ("w", "why: write the reason down, for the verdict just given or the one shown"),
    ("d", "day: by when a real secret must be rotated"),
    ("z", "take the last verdict back; again for the one before"),
    ("", "Look"),
    ("Enter", "the finding over the whole screen, and back"),
    ("S", "show the secret, on this screen only, until you leave the finding"),
    ("h", "look through the file's history: was it committed, was it pushed?"),
    ("!", "what could not be looked at"),
    ("", "Move"),
    ("j k, arrows", "down and up; PgDn PgUp by screens, g G to the ends"),
    ("Space", "select, for one verdict on many"),
    ("x", "select the same value, the same rule, a path pattern, all that is shown"),
    ("t", "to the next that is to be judged"),
    ("", "Find"),
    ("/ n N", "look for a text; next match, match before"),
    ("l", "limit the list: words, rule:stripe-* path:src/** verdict:real is:gone -by:jane"),
    ("Tab", "the next list: to judge, judged, real, gone, all"),
    ("o", "order by rule, by path, by verdict"),
    ("Esc", "drop the selection, then the limit"),
    ("q", "end; the baseline is staged then, as `keyhook allow` does"),
];

/// Returns what a key asks for.
pub fn action(key: &KeyEvent) -> Option<Action> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Some(Quit),
            KeyCode::Char('l') => Some(Redraw),
            KeyCode::Char('z') => Some(Suspend),
            KeyCode::Char('d' | 'f') => Some(PageDown),
            KeyCode::Char('u' | 'b') => Some(PageUp),
            KeyCode::Char('n') => Some(Down),
            KeyCode::Char('p') => Some(Up),
            _ => None,
        };
    }
    if key.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    Some(match key.code {
        KeyCode::Up | KeyCode::Char('k') => Up,
        KeyCode::Down | KeyCode::Char('j') => Down,
        KeyCode::PageUp => PageUp,
        KeyCode::PageDown => PageDown,
        KeyCode::Home | KeyCode::Char('g') => First,
        KeyCode::End | KeyCode::Char('G') => Last,
        KeyCode::Char('t') => NextToJudge,
        KeyCode::Enter => Zoom,
        KeyCode::Tab => NextTab,
        KeyCode::BackTab => LastTab,
        KeyCode::Char('o') => Order,
        KeyCode::Char(' ') => Mark,
        KeyCode::Char('x') => MarkMenu,
        KeyCode::Char('r') => Judge(Verdict::Real),
        KeyCode::Char('v') => Judge(Verdict::Revoked),
        KeyCode::Char('f') => Judge(Verdict::FalsePositive),
        KeyCode::Char('u') => Judge(Verdict::Unreviewed),
        KeyCode::Char('w') => Reason,
        KeyCode::Char('d') => Day,
        KeyCode::Char('z') => Undo,
        KeyCode::Char('S') => Reveal,
        KeyCode::Char('h') => History,
        KeyCode::Char('/') => Search,
        KeyCode::Char('n') => NextMatch,
        KeyCode::Char('N') => LastMatch,
        KeyCode::Char('l') => Limit,
        KeyCode::Char('!') => Problems,
        KeyCode::Char('?') | KeyCode::F(1) => Help,
        KeyCode::Esc => Back,
        KeyCode::Char('q') => Quit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_the_verdicts_keys_as_they_are() {
        for (verdict, word) in [
            (Verdict::Real, "real:"),
            (Verdict::Revoked, "revoked:"),
            (Verdict::FalsePositive, "false positive:"),
            (Verdict::Unreviewed, "unreviewed:"),
        ] {
            let (key, _) = HELP.iter().find(|(_, text)| text.starts_with(word)).unwrap();
            let code = KeyCode::Char(key.chars().next().unwrap());
            assert_eq!(action(&KeyEvent::from(code)), Some(Judge(verdict)), "{word}");
        }
    }

    #[test]
    fn every_key_in_the_help_does_something() {
        for (keys, _) in HELP.iter().filter(|(keys, _)| !keys.is_empty()) {
            for key in keys.split([' ', ',']).filter(|key| key.chars().count() == 1) {
                let code = KeyCode::Char(key.chars().next().unwrap());
                assert!(action(&KeyEvent::from(code)).is_some(), "{key}");
            }
        }
    }

    #[test]
    fn no_key_with_alt_is_a_verdict() {
        let key = KeyEvent::new(KeyCode::Char('f'), KeyModifiers::ALT);
        assert_eq!(action(&key), None);
    }
}
