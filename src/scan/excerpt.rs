//! The surroundings of a finding, for a person who must judge it; every secret is hidden.
//!
//! A file is looked at once and then asked about any of its findings, since who judges one often
//! judges its neighbours next.

use super::mask::{Hidden, Masker};
use super::{Problem, Settings, place, settings, without_secrets};
use crate::detect::{Detection, Engine, FileKind, Match, Text, decode};
use crate::finding::{Excerpt, ExcerptLine, Location, Secret, Span};
use crate::rule::{Check, Rule};
use crate::source::{Chunk, Source, path_text};

/// How much of a line is handed out on each side of the secret, in bytes: more than a wide terminal
/// shows, and little enough for a line of a megabyte.
const SIDE_MAX: usize = 1024;

/// Looks at files with the rules of one repository.
pub struct Excerpts {
    engine: Engine,
}

/// A file that was looked at.
pub struct Looked<'a> {
    engine: &'a Engine,
    bytes: Vec<u8>,
    detection: Detection,
    hidden: Hidden,
}

impl Excerpts {
    /// Takes the rules that a source's own settings ask for.
    pub fn open(source: &dyn Source) -> Result<Excerpts, Problem> {
        let Settings { engine, .. } = settings(source).map_err(without_secrets)?;
        Ok(Excerpts { engine })
    }

    /// Looks at a file.
    pub fn look(&self, chunk: &Chunk) -> Looked<'_> {
        let (bytes, is_binary) = decode(&chunk.bytes);
        let kind = FileKind::of_path(&chunk.path).unless_binary(is_binary);
        let text = Text { bytes: &bytes, kind };
        let detection = self.engine.detect_in_file(&text, &path_text(&chunk.path));
        let hidden = Hidden::of(&bytes, &detection, &[]);
        Looked { engine: &self.engine, bytes: bytes.into_owned(), detection, hidden }
    }
}

impl Looked<'_> {
    /// Returns up to `radius` lines on each side of a secret; `None` if it does not stand there.
    pub fn excerpt(&self, secret: &Secret, location: &Location, radius: usize) -> Option<Excerpt> {
        let is_it = |found: &&Match| {
            Secret::new(&self.bytes[found.secret.clone()]) == *secret
                && place::Places::new(&self.bytes).location(&found.secret) == *location
        };
        let found = self.detection.matches.iter().find(is_it)?;
        let (mut start, mut number) = (self.line_start(found.secret.start), location.line);
        // A body that starts behind a line end starts on the next line.
        number -= usize::from(self.bytes[found.secret.start..].starts_with(b"\n")).min(number - 1);
        for _ in 0..radius {
            if start > 0 {
                start = self.line_start(start - 1);
                number -= 1;
            }
        }
        let mut lines = Vec::new();
        let mut below = 0;
        while start <= self.bytes.len() && below <= radius {
            let end = self.line_end(start);
            lines.push(self.line(number, start..end, found));
            below += usize::from(end >= found.secret.end);
            start = end + 1;
            number += 1;
            if start == self.bytes.len() {
                break;
            }
        }
        Some(Excerpt { lines, why: self.why(found) })
    }

    fn line(&self, number: usize, line: Span, found: &Match) -> ExcerptLine {
        let secret = &found.secret;
        let is_secret = secret.start < line.end && line.start < secret.end;
        let show = |part: Span, room: Span| {
            let text = Masker::part(&self.bytes, part, room, &self.hidden);
            text.trim_end_matches(['\r', '\n']).to_owned()
        };
        if !(line.start..line.end).contains(&secret.start) {
            let before = show(line.start..line.end.min(line.start + SIDE_MAX), line.clone());
            return ExcerptLine { number, before, is_secret, ..ExcerptLine::default() };
        }
        let from = line.start.max(secret.start.saturating_sub(SIDE_MAX));
        let to = line.end.min(secret.end + SIDE_MAX);
        let cut = if from > line.start { "…" } else { "" };
        let before = format!("{cut}{}", show(from..secret.start, line.start..secret.start));
        let after = if secret.end < to {
            show(secret.end..to, secret.end..line.end)
        } else {
            String::new()
        };
        ExcerptLine { number, before, masked: Masker::secret(&self.bytes, found), after, is_secret }
    }

    fn line_start(&self, at: usize) -> usize {
        memchr::memrchr(b'\n', &self.bytes[..at]).map_or(0, |newline| newline + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |newline| at + newline)
    }

    /// Says what made the rule speak.
    fn why(&self, found: &Match) -> String {
        let rule: &Rule = self.engine.rules().get(found.rule);
        let mut reasons = Vec::new();
        let has = |wanted: fn(&Check) -> bool| rule.checks.iter().any(wanted);
        if found.public_len >= 3 {
            let start = Masker::start(&self.bytes, found);
            reasons.push(format!("it starts with {start} and has the shape of such a key"));
        } else if has(|check| matches!(check, Check::Assignment)) {
            reasons.push("a name that says secret is given a value that looks like one".to_owned());
        } else {
            reasons.push("its pattern fits".to_owned());
        }
        if let Some(word) = self.engine.near_words(found.rule, &self.bytes, &found.secret).first() {
            let line = place::Places::new(&self.bytes).location(word).line;
            let word = String::from_utf8_lossy(&self.bytes[word.clone()]);
            reasons.push(format!("`{word}` stands on line {line}"));
        }
        if has(|check| matches!(check, Check::Checksum(_))) {
            reasons.push("the vendor's checksum was asked".to_owned());
        }
        if has(|check| matches!(check, Check::Jwt)) {
            reasons.push("its header decodes".to_owned());
        }
        format!("{} ({} confidence)", reasons.join("; "), found.confidence.as_str())
    }
}

/// Returns whether a content, perhaps of long ago, holds a secret as a whole.
pub fn holds(content: &[u8], secret: &Secret) -> bool {
    let (text, _) = decode(content);
    super::olds::stands_in(&text, secret.expose())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{RuleSet, expand};

    fn with(text: &str, check: impl Fn(&Looked<'_>, &Match, &Secret, Location)) {
        let excerpts = Excerpts { engine: Engine::new(RuleSet::builtin()) };
        let bytes = text.as_bytes().to_vec();
        let looked = excerpts.look(&Chunk { path: b"a.py".to_vec(), bytes, id: 0 });
        let found = looked.detection.matches.last().unwrap();
        let secret = Secret::new(&looked.bytes[found.secret.clone()]);
        let location = place::Places::new(&looked.bytes).location(&found.secret);
        check(&looked, found, &secret, location);
    }

    fn key(seed: u64) -> String {
        expand("sk-ant-api03-{{base64url 93}}AA", seed).unwrap().text
    }

    #[test]
    fn the_lines_around_are_shown_and_no_secret_is() {
        let text = format!("a\nb\nx = \"{}\"\nc\ny = [\"{}\"]\nd\n", key(1), key(2));
        with(&text, |looked, _, secret, location| {
            let excerpt = looked.excerpt(secret, &location, 2).unwrap();
            let numbers: Vec<usize> = excerpt.lines.iter().map(|line| line.number).collect();
            assert_eq!(numbers, [3, 4, 5, 6]);
            let line = &excerpt.lines[2];
            assert_eq!(
                (&line.before[..], &line.masked[..], &line.after[..]),
                ("y = [\"", "sk-ant-api****************AA", "\"]")
            );
            let shown = format!("{excerpt:?}");
            assert!(!shown.contains(&key(1)[13..25]) && !shown.contains(&key(2)[13..25]));
            assert!(excerpt.why.contains("starts with sk-ant-api "), "{}", excerpt.why);
            assert_eq!(excerpt.lines.iter().filter(|line| line.is_secret).count(), 1);
        });
    }

    #[test]
    fn a_secret_that_was_found_is_hidden_in_the_lines_around_too() {
        let word = expand("Qz7{{alnum 8}}9k", 3).unwrap().text;
        let text = format!("password = \"{word}\"\nlogin(\"{word}\")\nx = \"{}\"\n", key(1));
        with(&text, |looked, _, secret, location| {
            let shown = format!("{:?}", looked.excerpt(secret, &location, 2).unwrap());
            assert!(shown.contains("login(") && !shown.contains(&word), "{shown}");
        });
    }

    #[test]
    fn a_line_of_a_megabyte_is_cut_on_both_sides() {
        let filler = "word ".repeat(200_000);
        with(&format!("{filler}\"{}\" {filler}", key(1)), |looked, _, secret, location| {
            let excerpt = looked.excerpt(secret, &location, 3).unwrap();
            assert_eq!(excerpt.lines.len(), 1);
            assert!(excerpt.lines[0].before.len() < 1100 && excerpt.lines[0].after.len() < 1100);
            assert!(excerpt.lines[0].before.starts_with('…'));
        });
    }

    #[test]
    fn a_secret_over_several_lines_stays_hidden_on_each() {
        let body = expand("{{base64 64}}\n{{base64 64}}\n{{base64 64}}\n", 3).unwrap().text;
        let text = format!(
            "top\n-----BEGIN RSA PRIVATE {0}-----\n{body}-----END RSA PRIVATE {0}-----\nend\n",
            "KEY"
        );
        with(&text, |looked, _, secret, location| {
            let excerpt = looked.excerpt(secret, &location, 2).unwrap();
            let shown = format!("{excerpt:?}");
            assert!(body.lines().all(|line| !shown.contains(&line[..12])), "{shown}");
            assert!(excerpt.lines.iter().any(|line| line.before.contains("BEGIN")), "{shown}");
            for (at, line) in excerpt.lines.iter().enumerate() {
                assert_eq!(line.number, excerpt.lines[0].number + at);
                let real = text.lines().nth(line.number - 1).unwrap();
                assert!(line.is_secret || real == line.before, "{real} {line:?}");
            }
        });
    }

    #[test]
    fn what_is_not_there_is_not_shown() {
        with(&format!("x = \"{}\"\n", key(1)), |looked, _, _, location| {
            assert_eq!(looked.excerpt(&Secret::new(b"other"), &location, 2), None);
        });
    }
}
