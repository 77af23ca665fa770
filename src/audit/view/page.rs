//! Texts over the whole screen: the help, and what could not be looked at.

use ratatui::buffer::Buffer;
use ratatui::text::{Line, Span};

use super::super::keys::HELP;
use super::super::model::{Model, Page};
use super::super::theme::Theme;
use super::{piece, put, wrap};

/// The width of the keys in the help.
const KEY: usize = 14;

pub(super) fn draw(model: &Model, page: Page, at: usize, theme: Theme, buffer: &mut Buffer) {
    let lines = lines(model, page, theme);
    let rows = buffer.area.height - 1;
    let is_long = lines.len() > usize::from(rows);
    for (line, y) in lines.iter().skip(at).zip(0..rows) {
        put(buffer, 1, y, line, buffer.area.width - 2);
    }
    let text = if is_long { "j k scroll   any other key goes back" } else { "Any key goes back" };
    put(buffer, 1, rows, &Line::from(piece(text, theme.dim())), buffer.area.width - 2);
}

/// Returns how many lines a page has.
pub fn len(model: &Model, page: Page) -> usize {
    lines(model, page, Theme { is_colored: false, is_unicode: true }).len()
}

fn lines(model: &Model, page: Page, theme: Theme) -> Vec<Line<'static>> {
    let room = usize::from(model.width).saturating_sub(4);
    match page {
        Page::Help => HELP.iter().flat_map(|(keys, text)| help(keys, text, room, theme)).collect(),
        Page::Problems if model.problems.is_empty() => {
            let text = if model.is_located {
                "Everything could be looked at."
            } else {
                "Still looking through the tree."
            };
            vec![Line::raw(text)]
        }
        Page::Problems => {
            let texts = model.problems.iter().flat_map(|problem| {
                let parts = wrap(&theme.clean(problem), room.saturating_sub(2)).into_iter();
                parts.enumerate().map(|(at, part)| {
                    Line::raw(format!("{}{part}", if at == 0 { "- " } else { "  " }))
                })
            });
            texts.collect()
        }
    }
}

fn help(keys: &'static str, text: &str, room: usize, theme: Theme) -> Vec<Line<'static>> {
    if keys.is_empty() {
        return vec![Line::from(piece(text, theme.strong()))];
    }
    let parts = wrap(text, room.saturating_sub(KEY + 2)).into_iter().enumerate();
    let line = |(at, part): (usize, String)| {
        let keys = if at == 0 { keys } else { "" };
        Line::from(vec![piece(format!("  {keys:<KEY$}"), theme.accent()), Span::raw(part)])
    };
    parts.map(line).collect()
}
