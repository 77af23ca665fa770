//! The answer, for people and for scripts.

use std::io::{self, IsTerminal, Write};

use serde_json::json;

use super::super::masked;
use super::{Check, Section, State, counted};
use crate::report::write_document;
use crate::terminal::{Paint, escape, may_color, width};

/// The version of the JSON document.
const JSON_VERSION: u64 = 1;

/// At a terminal, lines end here.
const COLUMNS: usize = 80;

/// How far the text of an answer is indented: two, a word, one.
const INDENT: usize = 9;

/// What there is to show.
pub(super) struct Answer<'a> {
    pub(super) place: String,
    pub(super) checks: &'a [Check],
    pub(super) mended: &'a [Result<String, String>],
}

impl Answer<'_> {
    pub(super) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let checks = self.checks.iter().map(|check| {
            json!({
                "id": check.id,
                "section": check.section.id(),
                "state": check.state.id(),
                "says": masked(&check.says),
                "details": check.details.iter().map(|line| masked(line)).collect::<Vec<_>>(),
                "mend": check.mend.as_deref().map(masked),
                "fixable": check.fix.is_some(),
            })
        });
        let document = json!({
            "version": JSON_VERSION,
            "repository": masked(&self.place),
            "guarded": self.is_guarded(),
            "checks": checks.collect::<Vec<_>>(),
            "mended": self.mended.iter().filter_map(|done| done.as_ref().ok()).collect::<Vec<_>>(),
            "not_mended": self.mended.iter().filter_map(|done| done.as_ref().err()).collect::<Vec<_>>(),
        });
        write_document(&document, out)
    }

    /// Whether a commit is looked at: the hook is there, and the canary did not pass.
    fn is_guarded(&self) -> bool {
        let is_wrong = |check: &Check| matches!(check.state, State::Wrong | State::Unknown);
        !self.checks.iter().any(|check| {
            is_wrong(check)
                && matches!(
                    check.id,
                    "hooks-folder" | "pre-commit" | "canary" | "variable" | "path"
                )
        })
    }

    pub(super) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let is_terminal = io::stdout().is_terminal();
        let paint = Paint { is_on: may_color(is_terminal) };
        let columns = if is_terminal { COLUMNS } else { usize::MAX };
        let page = Page { paint, columns };
        let head = format!("keyhook doctor: {}", safe(&self.place));
        writeln!(out, "{}", paint.strong(&head))?;
        let mut section = None;
        for done in self.mended {
            match done {
                Ok(text) => page.lines(out, "fixed", Some(State::Good), text)?,
                Err(text) => page.lines(out, "failed", Some(State::Unknown), text)?,
            }
        }
        for check in self.checks {
            if section != Some(check.section) {
                section = Some(check.section);
                writeln!(out, "\n{}", paint.strong(check.section.title()))?;
            }
            page.check(out, check)?;
        }
        writeln!(out, "\n{}", self.summary(paint))
    }

    fn summary(&self, paint: Paint) -> String {
        let count = |state: State| self.checks.iter().filter(|c| c.state == state).count();
        let (wrong, unknown) = (count(State::Wrong), count(State::Unknown));
        let guarded = if self.is_guarded() { "guarded" } else { "NOT guarded" };
        if wrong + unknown == 0 {
            return format!("keyhook: this repository is {guarded}, and nothing is wrong");
        }
        let mut text = format!("keyhook: this repository is {guarded}");
        if wrong > 0 {
            text.push_str(&format!("; {} to mend", counted(wrong, "thing")));
        }
        if unknown > 0 {
            text.push_str(&format!("; {} could not be looked at", counted(unknown, "thing")));
        }
        let fixable = self.checks.iter().filter(|check| check.fix.is_some()).count();
        let text = paint.alarm(&text);
        match fixable {
            0 => text,
            count => {
                let command = paint.command("keyhook doctor --fix");
                format!("{text}\n{command} mends {count} of them")
            }
        }
    }
}

struct Page {
    paint: Paint,
    columns: usize,
}

impl Page {
    fn check(&self, out: &mut dyn Write, check: &Check) -> io::Result<()> {
        self.lines(out, check.state.word(), Some(check.state), &check.says)?;
        for detail in &check.details {
            self.lines(out, "", None, &format!("- {detail}"))?;
        }
        // A command stays on one line, so that it can be copied.
        match &check.mend {
            Some(command) if check.state != State::Good => {
                let indent = " ".repeat(INDENT);
                writeln!(out, "{indent}{}", self.paint.command(&safe(command)))
            }
            _ => Ok(()),
        }
    }

    fn lines(
        &self,
        out: &mut dyn Write,
        word: &str,
        state: Option<State>,
        text: &str,
    ) -> io::Result<()> {
        let label = format!("{word:<width$}", width = INDENT - 3);
        let label = match state {
            Some(State::Wrong | State::Unknown) => self.paint.alarm(&label),
            Some(_) => self.paint.dim(&label),
            None => label,
        };
        let indent = " ".repeat(INDENT);
        for (number, line) in wrapped(&safe(text), self.columns - INDENT).iter().enumerate() {
            match number {
                0 => writeln!(out, "  {label} {line}")?,
                _ => writeln!(out, "{indent}{line}")?,
            }
        }
        Ok(())
    }
}

fn safe(text: &str) -> String {
    escape(&masked(text)).into_owned()
}

/// Breaks a text at its spaces; a word that is too long stands alone.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

impl Section {
    fn title(self) -> &'static str {
        match self {
            Section::Hooks => "Hooks",
            Section::Reading => "Reading",
            Section::Files => "Files with keys",
            Section::Baseline => "What is accepted",
            Section::Elsewhere => "Elsewhere",
        }
    }

    fn id(self) -> &'static str {
        match self {
            Section::Hooks => "hooks",
            Section::Reading => "reading",
            Section::Files => "files",
            Section::Baseline => "baseline",
            Section::Elsewhere => "elsewhere",
        }
    }
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Good => "ok",
            State::Note => "note",
            State::Wrong => "wrong",
            State::Unknown => "?",
        }
    }

    fn id(self) -> &'static str {
        match self {
            State::Good => "good",
            State::Note => "note",
            State::Wrong => "wrong",
            State::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_only() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("averylongword two", 5), ["averylongword", "two"]);
        assert_eq!(wrapped("one two", usize::MAX), ["one two"]);
    }
}
