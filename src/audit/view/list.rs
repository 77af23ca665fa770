//! The list of entries.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::entry::{Entry, State};
use super::super::list::{Order, Row, verdict_word};
use super::super::model::Model;
use super::super::theme::Theme;
use super::{cut, cut_start, pad, piece, put};
use crate::terminal::width;

/// The width of `false-positive`, and a space.
const VERDICT: usize = 15;

pub(super) fn draw(model: &Model, theme: Theme, area: Rect, buffer: &mut Buffer) {
    if model.rows.is_empty() {
        let text = if model.is_located {
            "Nothing to show here. Tab: the next list"
        } else {
            "Looking through the tree..."
        };
        put(buffer, 2, area.y, &Line::from(piece(text, theme.dim())), area.width - 2);
        return;
    }
    let rows = model.rows.iter().enumerate().skip(model.top).take(usize::from(area.height));
    for ((at, row), y) in rows.zip(area.y..) {
        let line = match row {
            Row::Heading { title, done, all } => {
                heading(&model.masked(title), *done, *all, theme, area)
            }
            Row::Entry(key) => match model.book.get(key) {
                Some(entry) => entry_line(model, entry, at == model.cursor, theme, area),
                None => continue,
            },
        };
        put(buffer, area.x, y, &line, area.width);
    }
}

fn heading(title: &str, done: usize, all: usize, theme: Theme, area: Rect) -> Line<'static> {
    let count = format!("{done} of {all} judged ");
    let room = usize::from(area.width).saturating_sub(count.len() + 3);
    let title = pad(&cut(&theme.clean(title), room, theme), room);
    Line::from(vec![piece(format!("  {title} "), theme.strong()), piece(count, theme.dim())])
}

fn entry_line(
    model: &Model,
    entry: &Entry,
    is_here: bool,
    theme: Theme,
    area: Rect,
) -> Line<'static> {
    let room = usize::from(area.width);
    let mark = match (is_here, model.marked.contains(&entry.key)) {
        (true, true) => ">*",
        (true, false) => "> ",
        (false, true) => " *",
        (false, false) => "  ",
    };
    let verdict = pad(verdict_word(entry), VERDICT);
    let left = room.saturating_sub(2 + VERDICT);
    // Where the place is most of what a row says, it may be long.
    let place = cut_start(&place(model, entry, theme), left / 2, theme);
    let place_width = width(&place).max(if model.order == Order::Path { 6 } else { left / 3 });
    let place = pad(&place, place_width) + "  ";
    let rest = left.saturating_sub(place_width + 2);
    let (what, secret, after) = what(model, entry, theme);
    let what = cut_start(&what, rest.saturating_sub(width(&secret)), theme);
    let secret = cut(&secret, rest.saturating_sub(width(&what)), theme);
    let used = width(&what) + width(&secret);
    let after = pad(&cut(&after, rest.saturating_sub(used), theme), rest.saturating_sub(used));
    let line = Line::from(vec![
        piece(mark, theme.strong()),
        piece(verdict, theme.verdict(entry.verdict())),
        piece(place, ratatui::style::Style::new()),
        piece(what, theme.dim()),
        piece(secret, theme.dim()),
        piece(after, theme.dim()),
    ]);
    if is_here { line.patch_style(theme.cursor()) } else { line }
}

fn place(model: &Model, entry: &Entry, theme: Theme) -> String {
    let line = model.book.spot(entry).map(|seen| seen.finding.location.line);
    match (model.order, line) {
        (Order::Path, Some(line)) => format!(":{line}"),
        (Order::Path, None) => String::new(),
        (_, Some(line)) => format!("{}:{line}", theme.clean(&model.masked(&entry.key.path))),
        (_, None) => theme.clean(&model.masked(&entry.key.path)),
    }
}

/// What else tells entries of a group apart: the line of the secret, or the rule.
fn what(model: &Model, entry: &Entry, theme: Theme) -> (String, String, String) {
    if model.order != Order::Rule {
        let rule = theme.clean(&model.masked(&entry.rule));
        let gone = if entry.is_gone() { "  gone" } else { "" };
        return (String::new(), rule, gone.to_owned());
    }
    match (&entry.state, model.book.spot(entry)) {
        (_, Some(seen)) => {
            let finding = &seen.finding;
            (
                theme.clean(&finding.before),
                theme.clean(&finding.masked),
                theme.clean(&finding.after),
            )
        }
        (State::Gone, None) => (String::new(), "gone from this file".to_owned(), String::new()),
        (_, None) => Default::default(),
    }
}
