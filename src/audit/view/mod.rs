//! Turns a model into a frame.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::list::Tab;
use super::model::{Mode, Model};
use super::theme::Theme;
use crate::terminal::width;

mod bottom;
mod detail;
mod list;
mod page;

pub use page::len as page_len;

/// Below this size nothing useful fits.
const WIDTH_MIN: u16 = 50;
const HEIGHT_MIN: u16 = 12;

/// From this width on the list and the finding stand side by side.
const WIDE: u16 = 132;

/// Lines above the list: progress, tabs, a rule.
const HEAD: u16 = 3;

/// Lines below the finding: a rule, the question, the keys.
const FOOT: u16 = 3;

/// Where things are.
struct Areas {
    list: Rect,
    detail: Rect,
}

fn areas(model: &Model) -> Areas {
    let (width, height) = (model.width, model.height.saturating_sub(HEAD + FOOT));
    let whole = Rect { x: 0, y: HEAD, width, height };
    if model.zoom.is_some() {
        return Areas { list: Rect::default(), detail: whole };
    }
    if width >= WIDE {
        let left = width * 9 / 20;
        let list = Rect { width: left, ..whole };
        return Areas { list, detail: Rect { x: left + 1, width: width - left - 1, ..whole } };
    }
    // The finding needs a dozen lines; the list takes the rest, but never less than a third.
    let above = height.saturating_sub(13).max(height / 3);
    let list = Rect { height: above, ..whole };
    let detail = Rect { y: HEAD + above + 1, height: height.saturating_sub(above + 1), ..whole };
    Areas { list, detail }
}

/// Returns how many rows of the list are shown.
pub fn list_height(model: &Model) -> usize {
    let areas = areas(model);
    usize::from(if model.zoom.is_some() { areas.detail.height } else { areas.list.height })
}

/// Draws everything.
pub fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    if area.width < WIDTH_MIN || area.height < HEIGHT_MIN {
        let text = format!(
            "The window is {}x{}; at least {WIDTH_MIN}x{HEIGHT_MIN} is needed. q ends.",
            area.width, area.height
        );
        for (row, part) in (0..area.height).zip(wrap(&text, usize::from(area.width))) {
            put(buffer, 0, row, &Line::raw(part), area.width);
        }
        return;
    }
    if let Mode::Page(page, at) = &model.mode {
        page::draw(model, *page, *at, theme, buffer);
        return;
    }
    let areas = areas(model);
    head(model, theme, buffer);
    if model.zoom.is_none() {
        list::draw(model, theme, areas.list, buffer);
        divide(theme, &areas, buffer);
    }
    detail::draw(model, theme, areas.detail, buffer);
    bottom::draw(model, theme, buffer);
    if let Some((x, y)) = bottom::cursor(model) {
        frame.set_cursor_position((x, y));
    }
}

fn head(model: &Model, theme: Theme, buffer: &mut Buffer) {
    let (done, all) = model.book.progress();
    let width = usize::from(model.width);
    let looking = if model.is_located { "" } else { "looking through the tree, " };
    let count = format!("{looking}{done} of {all} judged ");
    let cells = (width / 5).clamp(10, 40);
    let full = (cells * done).checked_div(all).unwrap_or(cells);
    let (filled, empty) = theme.bar();
    let bar = format!("{}{}", filled.repeat(full), empty.repeat(cells - full));
    let title = Line::from(Span::styled(" keyhook audit", theme.strong()));
    put(buffer, 0, 0, &title, model.width);
    right(buffer, 0, &Line::from(vec![Span::raw(count), Span::styled(bar, theme.accent())]));
    put(buffer, 0, 1, &tabs(model, theme), model.width);
    let mut state = model.order.name().to_owned();
    if !model.filter_text.is_empty() {
        state = format!("{}: {}", theme.clean(&model.filter_text), state);
    }
    right(buffer, 1, &Line::from(Span::styled(state, theme.dim())));
    let line = theme.rule().repeat(width);
    put(buffer, 0, HEAD - 1, &Line::from(Span::styled(line, theme.dim())), model.width);
}

fn tabs(model: &Model, theme: Theme) -> Line<'static> {
    let mut counts = [0; Tab::ALL.len()];
    for entry in &model.book.entries {
        for (count, tab) in counts.iter_mut().zip(Tab::ALL) {
            *count += usize::from(tab.has(entry));
        }
    }
    let mut spans = Vec::new();
    for (count, tab) in counts.into_iter().zip(Tab::ALL) {
        let text = format!("{} {count}", tab.name());
        spans.push(if tab == model.tab {
            Span::styled(format!("[{text}]"), theme.strong())
        } else {
            Span::raw(format!(" {text} "))
        });
    }
    Line::from(spans)
}

fn divide(theme: Theme, areas: &Areas, buffer: &mut Buffer) {
    if areas.detail.x > 0 {
        let bar = if theme.is_unicode { "│" } else { "|" };
        for y in areas.list.y..areas.list.bottom() {
            put(buffer, areas.list.right(), y, &Line::from(Span::styled(bar, theme.dim())), 1);
        }
    } else {
        let line = theme.rule().repeat(usize::from(areas.list.width));
        let line = Line::from(Span::styled(line, theme.dim()));
        put(buffer, 0, areas.list.bottom(), &line, areas.list.width);
    }
}

/// Writes a line, no wider than `max`.
fn put(buffer: &mut Buffer, x: u16, y: u16, line: &Line<'_>, max: u16) {
    if y < buffer.area.height {
        buffer.set_line(x, y, line, max);
    }
}

/// Writes a line at the right end, with a column to spare.
fn right(buffer: &mut Buffer, y: u16, line: &Line<'_>) {
    let wide = u16::try_from(line.width()).unwrap_or(u16::MAX);
    let x = buffer.area.width.saturating_sub(wide + 1);
    put(buffer, x, y, line, wide);
}

/// Cuts a text to a width; what is left out at the end is marked.
fn cut(text: &str, max: usize, theme: Theme) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut wide = 0;
    for c in text.chars() {
        let next = width(c.encode_utf8(&mut [0; 4]));
        if wide + next + 1 > max {
            break;
        }
        kept.push(c);
        wide += next;
    }
    if max > 0 { kept + theme.more() } else { kept }
}

/// Cuts a text to a width; what is left out at the start is marked.
fn cut_start(text: &str, max: usize, theme: Theme) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let mut kept = Vec::new();
    let mut wide = 0;
    for c in text.chars().rev() {
        let next = width(c.encode_utf8(&mut [0; 4]));
        if wide + next + 1 > max {
            break;
        }
        kept.push(c);
        wide += next;
    }
    let kept: String = kept.into_iter().rev().collect();
    if max > 0 { format!("{}{kept}", theme.more()) } else { kept }
}

/// Fills a text up with spaces.
fn pad(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

/// Breaks a text into lines at spaces, and longer words anywhere.
fn wrap(text: &str, max: usize) -> Vec<String> {
    let max = max.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut rest = word;
        let line = lines.last_mut().expect("there is one");
        let gap = usize::from(!line.is_empty());
        if width(line) + gap + width(rest) <= max {
            line.push_str(if gap == 1 { " " } else { "" });
            line.push_str(rest);
            continue;
        }
        if !line.is_empty() {
            lines.push(String::new());
        }
        while width(rest) > max {
            let mut wide = 0;
            let end = rest.char_indices().find(|(_, c)| {
                wide += width(c.encode_utf8(&mut [0; 4]));
                wide > max
            });
            let end = end.map_or(rest.len(), |(at, _)| at).max(1);
            let end =
                (end..=rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
            lines.last_mut().expect("there is one").push_str(&rest[..end]);
            lines.push(String::new());
            rest = &rest[end..];
        }
        lines.last_mut().expect("there is one").push_str(rest);
    }
    lines
}

/// Makes a styled piece of a line.
fn piece(text: impl Into<String>, style: Style) -> Span<'static> {
    Span::styled(text.into(), style)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEME: Theme = Theme { is_colored: false, is_unicode: true };

    #[test]
    fn texts_are_cut_by_columns() {
        assert_eq!(cut("abcdef", 4, THEME), "abc…");
        assert_eq!(cut("鍵鍵鍵", 4, THEME), "鍵…");
        assert_eq!(cut_start("abcdef", 4, THEME), "…def");
        assert_eq!(cut("abc", 3, THEME), "abc");
        assert_eq!(cut("abc", 0, THEME), "");
    }

    #[test]
    fn texts_are_wrapped_at_spaces_or_anywhere() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("鍵鍵鍵", 4), ["鍵鍵", "鍵"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("鍵", 1), ["鍵", ""]);
    }
}
