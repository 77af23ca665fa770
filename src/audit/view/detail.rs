//! The finding under the cursor: where it stands, what around it, and what is known about it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::entry::{Entry, Seen, State};
use super::super::list::verdict_word;
use super::super::model::Model;
use super::super::theme::Theme;
use super::{cut, cut_start, piece, put, wrap};
use crate::finding::ExcerptLine;
use crate::terminal::width;

/// The width of the names of facts.
const LABEL: usize = 9;

/// So many lines of code are wanted, even if facts must be cut short.
const CODE: usize = 5;

/// From so many lines of code on there is room for blank lines too.
const ROOMY_CODE: usize = 11;

pub(super) fn draw(model: &Model, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let Some(entry) = model.current() else {
        empty(model, theme, area, buffer);
        return;
    };
    let lines = Detail { model, theme, entry, area }.lines();
    let over = lines.len().saturating_sub(usize::from(area.height));
    let skip = model.zoom.unwrap_or(0).min(over);
    for (line, y) in lines.iter().skip(skip).zip(area.y..area.bottom()) {
        put(buffer, area.x + 1, y, line, area.width - 1);
    }
}

fn empty(model: &Model, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let (done, all) = model.book.progress();
    let text = match (model.is_located, all, done == all) {
        (false, ..) => return,
        (true, 0, _) => "There are no findings at all, known or new.".to_owned(),
        (true, _, true) => format!("All {all} findings are judged. Tab shows them; q ends."),
        (true, ..) => return,
    };
    put(buffer, area.x + 2, area.y, &Line::from(piece(text, theme.strong())), area.width - 2);
}

struct Detail<'a> {
    model: &'a Model,
    theme: Theme,
    entry: &'a Entry,
    area: Rect,
}

impl Detail<'_> {
    fn lines(&self) -> Vec<Line<'static>> {
        let height = usize::from(self.area.height);
        let head = vec![self.title(), self.place()];
        let secret = if self.model.is_revealed { self.revealed() } else { Vec::new() };
        // Facts are told whole where that leaves room for some code, and else to the end of a line.
        let mut facts = self.facts(true);
        let is_roomy = self.model.zoom.is_some()
            || head.len() + secret.len() + facts.len() + ROOMY_CODE <= height;
        if !is_roomy && head.len() + secret.len() + facts.len() + self.code_len() > height {
            facts = self.facts(false);
        }
        let gap = usize::from(is_roomy) * 2;
        let room = height.saturating_sub(head.len() + secret.len() + facts.len() + gap);
        let room = if self.model.zoom.is_some() { room.max(CODE) } else { room.max(1) };
        let blank = vec![Line::default(); usize::from(is_roomy)];
        [head, blank.clone(), self.code(room), blank, secret, facts].concat()
    }

    /// Returns how many lines of code are worth cutting the facts short.
    fn code_len(&self) -> usize {
        let excerpt = self.model.excerpts.get(&self.entry.key).and_then(Option::as_ref);
        excerpt.map_or(1, |excerpt| excerpt.lines.len().min(CODE))
    }

    fn width(&self) -> usize {
        usize::from(self.area.width).saturating_sub(2)
    }

    /// Makes a text that stood in a file fit for the screen.
    fn clean(&self, text: &str) -> String {
        self.theme.clean(&self.model.masked(text))
    }

    fn title(&self) -> Line<'static> {
        let word = verdict_word(self.entry);
        let name = self.clean(self.model.rule_name(&self.entry.rule));
        let id = format!("  ({})", self.clean(&self.entry.rule));
        let room = self.width().saturating_sub(word.len() + 2);
        let name = cut(&name, room, self.theme);
        let id = cut(&id, room.saturating_sub(width(&name)), self.theme);
        let gap = self.width().saturating_sub(width(&name) + width(&id) + word.len());
        Line::from(vec![
            piece(name, self.theme.strong()),
            piece(id, self.theme.dim()),
            Span::raw(" ".repeat(gap)),
            piece(word, self.theme.verdict(self.entry.verdict())),
        ])
    }

    fn place(&self) -> Line<'static> {
        let path = self.clean(&self.entry.key.path);
        let at = self.model.book.spot(self.entry).map_or(String::new(), |seen| {
            format!(":{}:{}", seen.finding.location.line, seen.finding.location.column)
        });
        let note = match &self.entry.state {
            State::New { copied_from: Some(from) } => {
                format!("  also accepted in {}", self.clean(from))
            }
            State::Moved { from } => format!("  moved from {}", self.clean(from)),
            _ => String::new(),
        };
        let place = cut_start(&format!("{path}{at}"), self.width(), self.theme);
        let note = cut(&note, self.width().saturating_sub(width(&place)), self.theme);
        Line::from(vec![Span::raw(place), piece(note, self.theme.dim())])
    }

    // ---- the code ----

    fn code(&self, room: usize) -> Vec<Line<'static>> {
        let Some(seen) = self.model.book.spot(self.entry) else {
            let text = match self.entry.state {
                State::Gone => {
                    "The value is no longer in this file. If it was real, git's history may still hold it."
                }
                _ if self.model.is_located => "This file could not be read; ! says why.",
                _ if !self.model.problems.is_empty() => {
                    "The tree could not be looked at; ! says why."
                }
                _ => "Looking through the tree...",
            };
            let lines = wrap(text, self.width());
            return lines
                .into_iter()
                .map(|line| Line::from(piece(line, self.theme.dim())))
                .collect();
        };
        let excerpt = self.model.excerpts.get(&self.entry.key).and_then(Option::as_ref);
        let Some(excerpt) = excerpt.filter(|excerpt| !excerpt.lines.is_empty()) else {
            return vec![self.code_line(&line_of(seen), 3)];
        };
        let secret = excerpt.lines.iter().position(|line| line.is_secret).unwrap_or(0);
        let start = secret.saturating_sub(room.saturating_sub(1) / 2);
        let start = start.min(excerpt.lines.len().saturating_sub(room));
        let last = excerpt.lines.last().map_or(0, |line| line.number);
        let margin = last.to_string().len().max(3);
        let lines = excerpt.lines.iter().skip(start).take(room);
        lines.map(|line| self.code_line(line, margin)).collect()
    }

    fn code_line(&self, line: &ExcerptLine, margin: usize) -> Line<'static> {
        let mark = if line.is_secret { ">" } else { " " };
        let number = format!("{mark} {:>margin$} | ", line.number);
        let room = self.width().saturating_sub(number.len());
        let before = self.theme.clean(&line.before);
        let masked = self.theme.clean(&line.masked);
        let after = self.theme.clean(&line.after);
        // The secret stays in sight, with some of what follows it.
        let tail = width(&after).min(room / 8);
        let before = match line.masked.is_empty() {
            true => cut(&before, room, self.theme),
            false => cut_start(&before, room.saturating_sub(width(&masked) + tail), self.theme),
        };
        let after = cut(&after, room.saturating_sub(width(&before) + width(&masked)), self.theme);
        let style = if line.is_secret { Style::new() } else { self.theme.dim() };
        Line::from(vec![
            piece(number, self.theme.dim()),
            piece(before, style),
            piece(masked, self.theme.secret()),
            piece(after, style),
        ])
    }

    /// The secret itself, for whoever pressed the key for it.
    fn revealed(&self) -> Vec<Line<'static>> {
        let Some(seen) = self.model.book.spot(self.entry) else { return Vec::new() };
        let text = self.theme.clean(&String::from_utf8_lossy(seen.secret.expose()));
        let room = self.width().saturating_sub(LABEL);
        let max = if self.model.zoom.is_some() { usize::MAX } else { 3 };
        let mut lines = wrap(&text, room);
        let count = lines.len();
        lines.truncate(max);
        let mut shown: Vec<Line<'static>> = Vec::new();
        for (at, line) in lines.into_iter().enumerate() {
            let label = if at == 0 { "secret" } else { "" };
            shown.push(Line::from(vec![
                piece(format!("{label:<LABEL$}"), self.theme.alarm()),
                piece(line, self.theme.secret()),
            ]));
        }
        if count > max {
            let text = format!("{:LABEL$}{} more lines; Enter shows them", "", count - max);
            shown.push(Line::from(piece(text, self.theme.dim())));
        }
        shown
    }

    // ---- the facts ----

    fn facts(&self, is_whole: bool) -> Vec<Line<'static>> {
        let rule = self.model.rules.by_id(&self.entry.rule);
        let excerpt = self.model.excerpts.get(&self.entry.key).and_then(Option::as_ref);
        let mut lines = Vec::new();
        let mut add = |label: &str, text: &str| lines.extend(self.fact(label, text, is_whole));
        add("said", &self.said());
        add("risk", rule.map_or("", |rule| &rule.why));
        add("found", excerpt.map_or("", |excerpt| &excerpt.why));
        add("also in", &self.elsewhere());
        add("history", &self.history());
        add("revoke", rule.map_or("", |rule| &rule.revoke));
        lines
    }

    fn fact(&self, label: &str, text: &str, is_whole: bool) -> Vec<Line<'static>> {
        if text.is_empty() {
            return Vec::new();
        }
        let text = self.clean(text);
        let room = self.width().saturating_sub(LABEL);
        let parts = if is_whole { wrap(&text, room) } else { vec![cut(&text, room, self.theme)] };
        let label = |at: usize| format!("{:<LABEL$}", if at == 0 { label } else { "" });
        let line =
            |(at, part)| Line::from(vec![piece(label(at), self.theme.dim()), Span::raw(part)]);
        parts.into_iter().enumerate().map(line).collect()
    }

    fn said(&self) -> String {
        let Some(record) = self.entry.record.as_ref().filter(|_| self.entry.is_judged()) else {
            return String::new();
        };
        let mut text = record.verdict.as_str().to_owned();
        for (word, value) in [("by", &record.by), ("on", &record.on)] {
            if let Some(value) = value {
                text.push_str(&format!(" {word} {value}"));
            }
        }
        if let Some(day) = &record.rotate_by {
            text.push_str(&format!(", rotate by {day}"));
        }
        if let Some(reason) = &record.reason {
            text.push_str(&format!(": {reason}"));
        }
        text
    }

    fn elsewhere(&self) -> String {
        let places = self.model.book.elsewhere(self.entry);
        let max = if self.model.zoom.is_some() { 50 } else { 3 };
        let shown = places.iter().take(max).map(|(path, line, word)| match line {
            Some(line) => format!("{path}:{line} ({word})"),
            None => format!("{path} ({word})"),
        });
        let mut text = shown.collect::<Vec<_>>().join(", ");
        if places.len() > max {
            text.push_str(&format!(" and {} more", places.len() - max));
        }
        text
    }

    fn history(&self) -> String {
        if self.model.book.spot(self.entry).is_none() {
            return String::new();
        }
        if self.model.looking.contains(&self.entry.key) {
            return "looking through the history of this file...".to_owned();
        }
        match self.model.histories.get(&self.entry.key) {
            Some(history) => history.text.clone(),
            None => "not looked; h looks through the history of this file".to_owned(),
        }
    }
}

/// The line that the scan kept, until the file has been read.
fn line_of(seen: &Seen) -> ExcerptLine {
    let finding = &seen.finding;
    ExcerptLine {
        number: finding.location.line,
        before: finding.before.clone(),
        masked: finding.masked.clone(),
        after: finding.after.clone(),
        is_secret: true,
    }
}
