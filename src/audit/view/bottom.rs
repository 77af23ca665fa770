//! The question and the keys, at the foot of the screen.

use ratatui::buffer::Buffer;
use ratatui::text::{Line, Span};

use super::super::model::{Mode, Model};
use super::super::prompt::Prompt;
use super::super::theme::Theme;
use super::{FOOT, cut, cut_start, piece, put};
use crate::terminal::width;

/// The answers, each with its key in brackets: no "yes" or "no" that could be read both ways.
const ANSWERS: &str = "[r]eal  re[v]oked  [f]alse positive  [u]nreviewed";

/// The same where there is less room.
const SHORT_ANSWERS: &str = "[r]eal re[v]oked [f]alse [u]nrev.";

const KEYS: &str = "S show  w why  x select  / find  l limit  o order  Tab list  ? help  q quit";

/// The keys while the finding has the whole screen.
const ZOOM_KEYS: &str =
    "Enter list  PgDn scroll  j k next  S show  w why  h history  ? help  q quit";

pub(super) fn draw(model: &Model, theme: Theme, buffer: &mut Buffer) {
    let wide = model.width;
    let y = model.height.saturating_sub(FOOT);
    let line = theme.rule().repeat(usize::from(wide));
    put(buffer, 0, y, &Line::from(piece(line, theme.dim())), wide);
    put(buffer, 1, y + 1, &question(model, theme), wide - 1);
    put(buffer, 1, y + 2, &last(model, theme), wide - 1);
}

fn question(model: &Model, theme: Theme) -> Line<'static> {
    match &model.mode {
        Mode::Prompt(prompt) => {
            let (label, text, _) = typed(model, prompt, theme);
            Line::from(vec![piece(label, theme.strong()), Span::raw(text)])
        }
        Mode::MarkMenu => {
            let text =
                "Select of what is listed:  [v] same value  [r] same rule  [p]ath  [a]ll  [n]one";
            Line::from(piece(text, theme.strong()))
        }
        Mode::Confirm(verdict, keys) => {
            let count = keys.iter().filter_map(|key| model.book.get(key));
            let count = count.filter(|entry| entry.is_judged()).count();
            let judged =
                if count > 0 { format!(" ({count} judged before)") } else { String::new() };
            let text = format!("Set {} entries{judged} to {}?", keys.len(), verdict.as_str());
            Line::from(vec![
                piece(text, theme.alarm()),
                Span::raw("  Enter: set them   Esc: change nothing"),
            ])
        }
        Mode::Browse | Mode::Page(..) => {
            let Some(entry) = model.current() else { return Line::default() };
            let text = match (model.marked.len(), entry.is_gone()) {
                (0, false) => "Is this a real secret?".to_owned(),
                (0, true) => "Was this a real secret?".to_owned(),
                (count, _) => format!("{count} selected: are they real secrets?"),
            };
            // Every answer stays in sight.
            let room = usize::from(model.width) - 2;
            let is_wide = text.len() + 2 + ANSWERS.len() <= room;
            let answers = if is_wide { ANSWERS } else { SHORT_ANSWERS };
            let text = cut(&text, room.saturating_sub(2 + answers.len()), theme);
            let answers = piece(format!("  {answers}"), theme.accent());
            Line::from(vec![piece(text, theme.strong()), answers])
        }
    }
}

fn last(model: &Model, theme: Theme) -> Line<'static> {
    let room = usize::from(model.width) - 2;
    if let Some(message) = &model.message {
        let style = if message.is_alarm { theme.alarm() } else { theme.strong() };
        return Line::from(piece(cut(&theme.clean(&message.text), room, theme), style));
    }
    let text = match &model.mode {
        Mode::Prompt(_) => "Enter takes it   Esc gives it up".to_owned(),
        Mode::MarkMenu => {
            "p asks for a pattern such as tests/**   Esc leaves everything".to_owned()
        }
        Mode::Confirm(..) => "z would take it back".to_owned(),
        _ if model.zoom.is_some() => ZOOM_KEYS.to_owned(),
        _ if !model.problems.is_empty() => {
            format!("! {} to know  {KEYS}", model.problems.len())
        }
        _ => KEYS.to_owned(),
    };
    Line::from(piece(cut(&text, room, theme), theme.dim()))
}

/// Returns the label, the part of the text that fits, and the column of the cursor.
fn typed(model: &Model, prompt: &Prompt, theme: Theme) -> (String, String, usize) {
    let room = usize::from(model.width) - 2;
    let label = cut(&theme.clean(&prompt.label), room * 2 / 3, theme);
    let left: String = prompt.text[..prompt.at].iter().collect();
    let right: String = prompt.text[prompt.at..].iter().collect();
    let space = room.saturating_sub(width(&label) + 1);
    let left = cut_start(&theme.clean(&left), space, theme);
    let right = cut(&theme.clean(&right), space.saturating_sub(width(&left)), theme);
    let at = width(&label) + width(&left);
    (label, left + &right, at)
}

/// Returns where the terminal's cursor belongs: in a line that is being typed.
pub(super) fn cursor(model: &Model) -> Option<(u16, u16)> {
    let Mode::Prompt(prompt) = &model.mode else { return None };
    let theme = Theme { is_colored: false, is_unicode: true };
    let (_, _, at) = typed(model, prompt, theme);
    let x = u16::try_from(at + 1).ok()?;
    Some((x.min(model.width - 1), model.height.saturating_sub(FOOT - 1)))
}
