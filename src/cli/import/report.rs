//! What an import did, or would do, for people at 80 columns and as JSON.
//!
//! Whatever comes from the imported file is masked and escaped: some of these files hold secrets in
//! plain text, in patterns, names and comments too.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::{Value, json};

use super::ledger::ASIDE;
use super::plan::{Carried, FilePlan, State};
use crate::baseline::BASELINE_NAME;
use crate::baseline::import::{Left, Next};
use crate::config::CONFIG_NAME;
use crate::finding::Verdict;
use crate::scan::Masker;
use crate::terminal::{Paint, escape};

/// How wide sentences are set.
const WIDTH: usize = 80;

/// Everything there is to say.
pub(super) struct Report<'a> {
    pub(super) files: &'a [FilePlan],
    pub(super) is_dry: bool,
    pub(super) is_changed: bool,
    pub(super) is_moved: bool,
    /// What else the repository has that a person should know of.
    pub(super) notes: &'a [Note],
    /// How many findings each glob for `exclude` would leave out.
    pub(super) excluded: usize,
    pub(super) masker: &'a Masker<'a>,
    pub(super) paint: Paint,
}

/// Something that a person should know of.
pub(super) struct Note {
    /// A sentence, without its full stop.
    pub(super) text: String,
    /// What to do: a command, or a line to write.
    pub(super) step: String,
}

impl Report<'_> {
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.is_dry {
            writeln!(out, "keyhook: a dry run, nothing is written\n")?;
        }
        for file in self.files {
            self.file(file, out)?;
        }
        self.exclude(out)?;
        self.allowlists(out)?;
        for note in self.notes {
            wrapped(out, "", &note.text)?;
            writeln!(out, "  {}\n", self.paint.command(&note.step))?;
        }
        self.end(out)
    }

    fn file(&self, file: &FilePlan, out: &mut dyn Write) -> io::Result<()> {
        let entries = counted(file.entries, "entry", "entries");
        let name = self.safe(&file.name);
        let name = self.paint.strong(&name);
        writeln!(out, "{name}  {}, {entries}", self.safe(&file.tool))?;
        if file.carried.is_empty() {
            writeln!(out, "  carried over: nothing")?;
        } else {
            let findings = counted(file.carried.len(), "finding", "findings");
            let words = file.counts();
            let words: Vec<_> = words
                .iter()
                .map(|(verdict, count)| format!("{count} {}", verdict.as_str()))
                .collect();
            writeln!(out, "  carried over: {findings} ({})", words.join(", "))?;
        }
        // What was done can be read in the baseline; what would be done, only here.
        let is_listed = |carried: &&Carried| self.is_dry || matches!(carried.state, State::Kept(_));
        for carried in file.carried.iter().filter(is_listed) {
            self.carried(carried, out)?;
        }
        self.left(&file.left, out)?;
        if file.own_secrets > 0 {
            let own = counted(file.own_secrets, "finding stands", "findings stand");
            let step = "when the import is right, take them out of it, or it out of git";
            wrapped(out, "  ", &format!("{own} in this file itself, in plain text: {step}"))?;
        }
        writeln!(out)
    }

    fn carried(&self, carried: &Carried, out: &mut dyn Write) -> io::Result<()> {
        let record = &carried.record;
        let place = format!("{}:{}", self.path(&record.path), carried.line);
        let what = match carried.state {
            State::New => carried.verdict().as_str().to_owned(),
            State::Judged => format!("{}, was unreviewed", carried.verdict().as_str()),
            State::Known(verdict) => format!("{}, known already", verdict.as_str()),
            State::Kept(old) => {
                format!("stays {}; the file says {}", old.as_str(), record.verdict.as_str())
            }
        };
        let how = if carried.is_by_value { "" } else { ", by its place" };
        writeln!(out, "    {place}  {}  {what}{how}", escape(&record.rule))
    }

    /// Lists what was left, once for each reason.
    fn left(&self, left: &[Left], out: &mut dyn Write) -> io::Result<()> {
        if left.is_empty() {
            return Ok(());
        }
        writeln!(out, "  not carried over: {}", left.len())?;
        let mut reasons: Vec<(&str, Vec<&Left>)> = Vec::new();
        for one in left {
            match reasons.iter_mut().find(|(why, _)| *why == one.why) {
                Some((_, list)) => list.push(one),
                None => reasons.push((&one.why, vec![one])),
            }
        }
        for (why, list) in reasons {
            wrapped(out, "    ", &self.safe(why))?;
            for (name, count) in each_once(&list) {
                let times = if count > 1 { format!("  ({count} entries)") } else { String::new() };
                writeln!(out, "      {}{times}", self.safe(name))?;
            }
            let mut steps: Vec<&str> = list
                .iter()
                .filter_map(|one| match &one.next {
                    Next::Do(step) => Some(&step[..]),
                    _ => None,
                })
                .collect();
            steps.dedup();
            for step in steps {
                writeln!(out, "      next: {}", self.paint.command(&self.safe(step)))?;
            }
        }
        Ok(())
    }

    fn all_left(&self) -> impl Iterator<Item = (&FilePlan, &Left)> {
        self.files.iter().flat_map(|file| file.left.iter().map(move |left| (file, left)))
    }

    /// Writes the lines that leave paths out, to be copied.
    fn exclude(&self, out: &mut dyn Write) -> io::Result<()> {
        let globs = globs(self.files);
        if globs.is_empty() {
            return Ok(());
        }
        let effect = match self.excluded {
            0 => "no finding of today is there".to_owned(),
            1 => "1 finding of today is there".to_owned(),
            count => format!("{count} findings of today are there"),
        };
        wrapped(
            out,
            "",
            &format!("To leave these paths out, put this into {CONFIG_NAME} ({effect}):"),
        )?;
        writeln!(out, "\n  exclude = [")?;
        for glob in globs {
            match self.unmasked(&glob) {
                Some(glob) => writeln!(out, "    {},", toml_text(&glob))?,
                None => writeln!(out, "    # a path that looks like a secret is left out here")?,
            }
        }
        writeln!(out, "  ]\n")
    }

    /// Writes allowlists, to be copied.
    fn allowlists(&self, out: &mut dyn Write) -> io::Result<()> {
        let lists = self.all_left().filter_map(|(file, left)| match &left.next {
            Next::Allow(patterns) => Some((file, left, patterns)),
            _ => None,
        });
        let lists: Vec<_> = lists.collect();
        if lists.is_empty() {
            return Ok(());
        }
        let text = format!(
            "To allow by pattern as before, put the line `gitleaks = \".gitleaks.toml\"` into \
             {CONFIG_NAME}, and those of these that you still want into .gitleaks.toml:"
        );
        wrapped(out, "", &text)?;
        writeln!(out)?;
        for (file, left, patterns) in lists {
            let origin = self.safe(&format!("{}, {}", file.name, left.name));
            if patterns.iter().any(|(_, pattern)| self.unmasked(pattern).is_none()) {
                wrapped(out, "  ", &format!("# {origin}: it may quote a secret; see there"))?;
                writeln!(out)?;
                continue;
            }
            writeln!(out, "  [[allowlists]]\n  description = {}", toml_text(&origin))?;
            if patterns.len() > 1 {
                writeln!(out, "  condition = \"AND\"")?;
            }
            for (key, pattern) in patterns {
                match *key {
                    "paths" => writeln!(out, "  paths = [{}]", toml_text(pattern))?,
                    key => writeln!(
                        out,
                        "  regexTarget = \"{key}\"\n  regexes = [{}]",
                        toml_text(pattern)
                    )?,
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        let would = if self.is_dry { "would be" } else { "is" };
        if !self.is_changed {
            return writeln!(out, "Nothing changes: {BASELINE_NAME} has all of it already");
        }
        let aside = format!("detect-secrets' file {would} kept as {ASIDE}");
        if self.is_moved {
            wrapped(out, "", &aside)?;
        }
        let all = self.files.iter().flat_map(|file| &file.carried);
        let unreviewed = all.filter(|carried| carried.verdict() == Verdict::Unreviewed);
        let unreviewed: BTreeSet<_> =
            unreviewed.map(|carried| (&carried.record.fingerprint, &carried.record.path)).collect();
        let unreviewed = unreviewed.len();
        if self.is_dry {
            return writeln!(out, "next: the same without {}", self.paint.command("--dry-run"));
        }
        writeln!(out, "{BASELINE_NAME} is written and staged, commit it")?;
        if unreviewed > 0 {
            let findings = counted(unreviewed, "finding needs", "findings need");
            writeln!(out, "{findings} a verdict: {}", self.paint.command("keyhook audit"))?;
        }
        Ok(())
    }

    /// Masks and escapes a text that another tool or a person wrote.
    fn safe(&self, text: &str) -> String {
        escape(&self.masker.message(text)).into_owned()
    }

    fn path(&self, path: &str) -> String {
        escape(&self.masker.path(path)).into_owned()
    }

    /// Returns a pattern that can be shown as it is: what it says in so many words is no secret.
    fn unmasked(&self, pattern: &str) -> Option<String> {
        let is_plain = escape(pattern) == pattern;
        let words = literals(pattern);
        let is_quiet = |text: &str| self.masker.message(text) == text;
        // A secret may have marks in it that a pattern gives another meaning.
        (is_plain && is_quiet(&words) && !self.masker.is_telling(pattern))
            .then(|| pattern.to_owned())
    }

    /// Returns the same as JSON.
    pub(super) fn json(&self) -> Value {
        let files: Vec<Value> = self.files.iter().map(|file| self.file_json(file)).collect();
        let globs: Vec<String> =
            globs(self.files).iter().filter_map(|glob| self.unmasked(glob)).collect();
        let next = BTreeMap::from([("exclude", globs)]);
        json!({
            "version": 1,
            "dry_run": self.is_dry,
            "changed": self.is_changed,
            "moved_to": self.is_moved.then_some(ASIDE),
            "files": files,
            "config": next,
            "notes": self.notes.iter().map(|note| format!("{}: {}", note.text, note.step)).collect::<Vec<_>>(),
        })
    }

    fn file_json(&self, file: &FilePlan) -> Value {
        let carried: Vec<Value> = file
            .carried
            .iter()
            .map(|carried| {
                let record = &carried.record;
                json!({
                    "path": self.path(&record.path),
                    "line": carried.line,
                    "rule": record.rule,
                    "fingerprint": record.fingerprint,
                    "verdict": carried.verdict().as_str(),
                    "by": if carried.is_by_value { "value" } else { "place" },
                    "state": carried.state_word(),
                })
            })
            .collect();
        let left: Vec<Value> = file.left.iter().map(|left| {
            let next = match &left.next {
                Next::Nothing => Value::Null,
                Next::Do(step) => json!({ "do": self.safe(step) }),
                Next::Exclude(globs) => {
                    json!({ "exclude": globs.iter().filter_map(|g| self.unmasked(g)).collect::<Vec<_>>() })
                }
                Next::Allow(patterns) => {
                    let patterns = patterns.iter();
                    let shown = patterns.map(|(key, text)| json!({ *key: self.unmasked(text) }));
                    json!({ "allow": shown.collect::<Vec<_>>() })
                }
            };
            json!({ "name": self.safe(&left.name), "reason": self.safe(&left.why), "next": next })
        }).collect();
        json!({
            "file": self.safe(&file.name),
            "format": file.format,
            "tool": self.safe(&file.tool),
            "entries": file.entries,
            "carried": carried,
            "left": left,
            "secrets_in_file": file.own_secrets,
        })
    }
}

/// Returns each name with how often it stands in the list, in the list's order.
fn each_once<'a>(list: &[&'a Left]) -> Vec<(&'a str, usize)> {
    let mut names: Vec<(&str, usize)> = Vec::new();
    for left in list {
        match names.last_mut() {
            Some((name, count)) if *name == left.name => *count += 1,
            _ => names.push((&left.name, 1)),
        }
    }
    names
}

/// Returns the globs of all files, each once.
pub(super) fn globs(files: &[FilePlan]) -> Vec<String> {
    let mut globs = Vec::new();
    for left in files.iter().flat_map(|file| &file.left) {
        if let Next::Exclude(list) = &left.next {
            globs.extend(
                list.iter().filter(|glob| !globs.contains(*glob)).cloned().collect::<Vec<_>>(),
            );
        }
    }
    globs
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Returns what a pattern or a glob says literally, without its wildcards, classes and counts.
fn literals(pattern: &str) -> String {
    let mut words = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => words.extend(chars.next().filter(|c| !c.is_ascii_alphanumeric())),
            '[' => drop(chars.by_ref().find(|c| *c == ']')),
            '{' => drop(chars.by_ref().find(|c| *c == '}')),
            '*' | '?' | '+' | '^' | '$' | '(' | ')' | '|' => {}
            '.' if matches!(chars.clone().next(), Some('*' | '+' | '?')) => {}
            c => words.push(c),
        }
    }
    words
}

/// Quotes a text for TOML: as it stands, where that is possible.
fn toml_text(text: &str) -> String {
    if text.contains("'''") || text.ends_with('\'') || text.chars().any(char::is_control) {
        toml::Value::String(text.to_owned()).to_string()
    } else if text.contains(['\\', '"']) {
        format!("'''{text}'''")
    } else {
        format!("\"{text}\"")
    }
}

/// Writes a sentence in lines of 80 columns.
fn wrapped(out: &mut dyn Write, indent: &str, text: &str) -> io::Result<()> {
    let mut line = String::from(indent);
    for word in text.split(' ') {
        let is_first = line.len() == indent.len();
        if !is_first && crate::terminal::width(&line) + 1 + crate::terminal::width(word) > WIDTH {
            writeln!(out, "{line}")?;
            line = String::from(indent);
        } else if !is_first {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, "{line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_wrapped_at_80_columns() {
        let mut out = Vec::new();
        wrapped(&mut out, "    ", &"word ".repeat(40)).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().count() > 2 && text.lines().all(|line| line.len() <= 80));
        assert!(text.lines().all(|line| line.starts_with("    word") || line.trim().is_empty()));
    }

    #[test]
    fn a_pattern_is_judged_by_its_literal_text() {
        assert_eq!(literals("db_password = .*"), "db_password = ");
        assert_eq!(literals("^AKIA[A-Z0-9]{16}\\.x\\d+$"), "AKIA.x");
        assert_eq!(literals("**/gen/*.py"), "/gen/.py");
        assert_eq!(literals("(a|b)?c+\\"), "abc");
    }

    #[test]
    fn what_is_to_be_copied_is_what_toml_reads() {
        for text in ["a/**", "x\\d+\"y", "it's", "'''", "end'", "\u{1}", "\\'"] {
            let line = format!("a = {}", toml_text(text));
            let table: toml::Table = toml::from_str(&line).unwrap();
            assert_eq!(table["a"].as_str(), Some(text), "{line}");
        }
    }
}
