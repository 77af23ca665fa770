//! Makes findings safe for eyes: nothing that leaves here holds a secret.

use super::Problem;
use super::live::Lives;
use crate::detect::{Detection, Engine, FileKind, Match, Text, looks_random};
use crate::finding::{Secret, Span};

mod prose;
mod values;

use values::Values;

/// How much of a line is shown on each side of the secret, in characters.
const SIDE_MAX: usize = 48;

/// How many stars stand for hidden characters; the real length is hidden too.
const STARS: &str = "****************";

/// A line with its secrets hidden.
pub(super) struct Shown {
    pub(super) before: String,
    pub(super) masked: String,
    pub(super) after: String,
}

impl Shown {
    /// For a finding that is no part of a text.
    pub(super) fn nothing() -> Shown {
        Shown { before: String::new(), masked: String::new(), after: String::new() }
    }
}

/// Hides secrets in lines and paths.
pub struct Masker<'a> {
    engine: &'a Engine,
    /// What was found elsewhere, and may be quoted.
    known: Values,
}

impl<'a> Masker<'a> {
    /// Finds what to hide with this engine.
    pub fn new(engine: &'a Engine) -> Masker<'a> {
        Masker { engine, known: Values::default() }
    }

    /// Hides in prose and messages these secrets too.
    pub fn knowing<'s>(self, secrets: impl Iterator<Item = &'s Secret>) -> Masker<'a> {
        Masker { known: Values::of(secrets.map(|secret| (secret.expose(), 0))), ..self }
    }

    /// Hides secrets in a path, which is shown and recorded.
    pub fn path(&self, path: &str) -> String {
        let text = Text { bytes: path.as_bytes(), kind: FileKind::Binary };
        let detection = self.engine.detect(&text);
        let mut shown = String::new();
        let mut at = 0;
        for found in &detection.matches {
            shown.push_str(&path[at..found.secret.start]);
            shown.push_str(&mask(path.as_bytes(), found));
            at = found.secret.end;
        }
        shown.push_str(&path[at..]);
        shown
    }

    /// As [`Masker::path`], with the values of this machine that stand in it.
    pub(super) fn path_with(&self, path: &str, lives: &Lives) -> String {
        let mut shown = String::new();
        let mut at = 0;
        for span in &lives.all {
            shown.push_str(&path[at..span.start]);
            shown.push_str(STARS);
            at = span.end;
        }
        shown.push_str(&path[at..]);
        self.path(&shown)
    }

    /// Hides secrets, and whatever looks random, in a message that quotes a file.
    pub fn message(&self, message: &str) -> String {
        let bytes = message.as_bytes();
        let detection = self.engine.detect(&Text { bytes, kind: FileKind::Other });
        self.prose(&hide(
            bytes,
            0..bytes.len(),
            0..bytes.len(),
            &Hidden::of(bytes, &detection, &[]),
        ))
    }

    /// Hides secrets in what is said of a file that could not be read; ids stay.
    pub(super) fn problem(&self, problem: Problem) -> Problem {
        Problem {
            path: self.prose(&problem.path),
            problem: self.sentence(&problem.problem),
            hint: self.sentence(&problem.hint),
        }
    }

    /// Returns a part of the text with every secret in it hidden; the room around it ends where a
    /// secret begins.
    pub(super) fn part(text: &[u8], part: Span, room: Span, hidden: &Hidden) -> String {
        hide(text, part, room, hidden)
    }

    /// Returns the secret of a match as it may be shown.
    pub(super) fn secret(text: &[u8], found: &Match) -> String {
        mask(text, found)
    }

    /// Returns the public start of a secret, as much of it as may be shown.
    pub(super) fn start(text: &[u8], found: &Match) -> String {
        let secret = &text[found.secret.clone()];
        String::from_utf8_lossy(&secret[..shown_len(found)]).into_owned()
    }

    /// Returns the line around a match with every secret in it hidden.
    pub(super) fn around(&self, text: &[u8], found: &Match, hidden: &Hidden) -> Shown {
        let secret = &found.secret;
        let before = &text[..secret.start];
        let start = memchr::memrchr(b'\n', &before[before.len().saturating_sub(SIDE_MAX * 4)..])
            .map_or(before.len().saturating_sub(SIDE_MAX * 4), |at| {
                before.len().saturating_sub(SIDE_MAX * 4) + at + 1
            });
        let after = &text[secret.end..text.len().min(secret.end + SIDE_MAX * 4)];
        let end = secret.end + memchr::memchr(b'\n', after).unwrap_or(after.len());
        let head = hide(text, start..secret.start, 0..secret.start, hidden);
        let tail = hide(text, secret.end..end, secret.end..text.len(), hidden);
        let tail = tail.trim_end();
        let cut = start > 0 && text[start - 1] != b'\n';
        Shown {
            before: last_chars(&head, cut),
            masked: mask(text, found),
            after: first_chars(tail, end < text.len() && text[end] != b'\n'),
        }
    }
}

/// Returns the secret with all but its public start, and for long keys its last two characters.
fn mask(text: &[u8], found: &Match) -> String {
    let secret = &text[found.secret.clone()];
    let is_key = found.public_len >= 3 && secret.len() >= found.public_len + 24;
    let public = if found.public_len >= 3 { shown_len(found) } else { 0 };
    let start = String::from_utf8_lossy(&secret[..public]);
    let end = if is_key { String::from_utf8_lossy(&secret[secret.len() - 2..]) } else { "".into() };
    format!("{start}{STARS}{end}")
}

/// Returns how much of the secret's public start is shown. Some vendors' fixed text goes on and on,
/// such as the header of a JWT; no eye needs all of it.
fn shown_len(found: &Match) -> usize {
    found.public_len.min(SHOWN_MAX)
}

/// The longest start of a secret that is shown.
const SHOWN_MAX: usize = 11;

/// What is hidden in a text, sorted, so that a line asks for its own part alone: a hostile file holds
/// a finding in each of its million lines.
pub(super) struct Hidden {
    /// Each span with the length of its public start.
    spans: Vec<(Span, usize)>,
    /// How far this span and all before it reach.
    reach: Vec<usize>,
    /// What was found, which may stand elsewhere too.
    values: Values,
}

impl Hidden {
    /// Hides whatever a rule took for a secret, suppressed or not. What is no placeholder is hidden
    /// wherever it stands.
    /// `lives` are values of this machine.
    pub(super) fn of(text: &[u8], detection: &Detection, lives: &[Span]) -> Hidden {
        let matches = || {
            detection.matches.iter().flat_map(|found| {
                std::iter::once((&found.secret, shown_len(found)))
                    .chain(found.parts.iter().map(|part| (part, 0)))
            })
        };
        let values = Values::of(matches().map(|(span, public)| (&text[span.clone()], public)));
        let suppressed = detection.suppressed.iter().map(|s| (&s.secret, 0));
        let all = matches().chain(suppressed).chain(lives.iter().map(|span| (span, 0)));
        let mut spans: Vec<(Span, usize)> =
            all.map(|(span, public)| (span.clone(), public)).collect();
        spans.sort_by_key(|(span, public)| (span.start, std::cmp::Reverse((span.end, *public))));
        let ends = spans.iter().scan(0, |reach, (span, _)| {
            *reach = span.end.max(*reach);
            Some(*reach)
        });
        let reach = ends.collect();
        Hidden { spans, reach, values }
    }

    /// Returns what touches a part of the text.
    fn within(&self, part: &Span) -> &[(Span, usize)] {
        let first = self.reach.partition_point(|reach| *reach <= part.start);
        let end = self.spans.partition_point(|(span, _)| span.start < part.end);
        &self.spans[first.min(end)..end]
    }
}

/// Copies a part of the text, hiding every match in it and whatever looks random: a line may hold a
/// secret that no rule knows. No token goes on beyond the room around the part.
fn hide(text: &[u8], part: Span, room: Span, hidden: &Hidden) -> String {
    let values = &hidden.values;
    let mut hidden = hidden.within(&part).to_vec();
    values.add_within(text, &part, &mut hidden);
    hidden.extend(random_runs(text, &part, &room).into_iter().map(|run| (run, 0)));
    hidden.sort_by_key(|(span, public)| (span.start, std::cmp::Reverse((span.end, *public))));
    let mut shown = String::new();
    let mut at = part.start;
    for (span, public) in hidden {
        let start = (span.start + public).max(at);
        let end = span.end.min(part.end);
        if start >= end {
            continue;
        }
        shown.push_str(&String::from_utf8_lossy(&text[at..start]));
        shown.push_str(STARS);
        at = end;
    }
    shown.push_str(&String::from_utf8_lossy(&text[at..part.end]));
    shown
}

/// Returns what looks random in a part of the text. A token that the part cuts is judged by what it
/// is in the room around the part: fifteen characters of a key look like any word.
fn random_runs(text: &[u8], part: &Span, room: &Span) -> Vec<Span> {
    let is_token = |byte: &&u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=')
    };
    let before = &text[room.start.max(part.start.saturating_sub(TOKEN_MAX))..part.start];
    let after = &text[part.end..room.end.min(part.end + TOKEN_MAX)];
    let beyond_start = before.iter().rev().take_while(is_token).count();
    let beyond_end = after.iter().take_while(is_token).count();
    let mut runs = Vec::new();
    let mut at = part.start;
    while at < part.end {
        let end = at + text[at..part.end].iter().take_while(is_token).count();
        let start = if at == part.start { at - beyond_start } else { at };
        let whole = if end == part.end { start..end + beyond_end } else { start..end };
        let is_random = |run: Span| run.len() >= 16 && looks_random(&text[run]);
        if end > at && (is_random(at..end) || is_random(whole)) {
            runs.push(at..end);
        }
        at = end + 1;
    }
    runs
}

/// How much of a token beyond the part that is shown is looked at.
const TOKEN_MAX: usize = 256;

fn last_chars(text: &str, is_cut: bool) -> String {
    let count = text.chars().count();
    let text = text.trim_start();
    if count <= SIDE_MAX && !is_cut {
        return text.to_owned();
    }
    let kept: String = text.chars().skip(text.chars().count().saturating_sub(SIDE_MAX)).collect();
    format!("…{kept}")
}

fn first_chars(text: &str, is_cut: bool) -> String {
    if text.chars().count() <= SIDE_MAX && !is_cut {
        return text.to_owned();
    }
    let kept: String = text.chars().take(SIDE_MAX).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{RuleSet, builtin_proven, expand};

    fn shown(example: &str) -> (String, String, Vec<String>) {
        let engine = Engine::new(RuleSet::builtin());
        let expanded = expand(example, 4).unwrap();
        let bytes = expanded.text.as_bytes();
        let detection = engine.detect(&Text { bytes, kind: FileKind::Other });
        let shown = Masker::new(&engine).around(
            bytes,
            &detection.matches[0],
            &Hidden::of(bytes, &detection, &[]),
        );
        let line = format!("{}{}{}", shown.before, shown.masked, shown.after);
        let secrets =
            expanded.secrets.iter().map(|s| expanded.text[s.clone()].to_owned()).collect();
        (line, shown.masked, secrets)
    }

    #[test]
    fn no_example_of_any_rule_is_shown() {
        let engine = Engine::new(RuleSet::builtin());
        for proven in builtin_proven() {
            for example in &proven.examples.matches {
                let expanded = expand(example, 6).unwrap();
                let bytes = expanded.text.as_bytes();
                let kind = FileKind::of_path(expanded.path.as_bytes());
                let detection = engine.detect(&Text { bytes, kind });
                let line = hide(
                    bytes,
                    0..bytes.len(),
                    0..bytes.len(),
                    &Hidden::of(bytes, &detection, &[]),
                );
                let secret = expanded.secrets[0].clone();
                // A vendor's name may stand beside the key too, and stays.
                let beside = [&bytes[..secret.start], b"\0", &bytes[secret.end..]].concat();
                let count =
                    |text: &[u8], part: &[u8]| memchr::memmem::find_iter(text, part).count();
                let is_shown = |part: &[u8]| count(line.as_bytes(), part) > count(&beside, part);
                let secret = &bytes[secret];
                assert!(!secret.windows(SHOWN_MAX + 1).any(is_shown), "{}", proven.rule.id);
            }
        }
    }

    #[test]
    fn every_secret_of_the_line_is_hidden() {
        let (line, masked, secrets) = shown(
            "a = [\"«sk-ant-api03-{{base64url 93}}AA»\", \"«sk-ant-api03-{{base64url 93}}AA»\", \"«{{alnum 40}}»\"]",
        );
        assert_eq!(masked, "sk-ant-api****************AA");
        for secret in secrets {
            assert!(!line.contains(&secret[12..]), "{line}");
            assert!(!line.contains(&secret[secret.len() - 12..]), "{line}");
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_secret() {
        let filler = "word ".repeat(100_000);
        let (line, ..) = shown(&format!("{filler}«sk-ant-api03-{{{{base64url 93}}}}AA» {filler}"));
        assert!(
            line.starts_with('…') && line.ends_with('…') && line.chars().count() < 160,
            "{line}"
        );
    }

    #[test]
    fn a_part_is_asked_for_what_touches_it() {
        let spans = [(0..3, 0), (1..90, 2), (5..6, 0), (20..30, 0), (95..99, 0)];
        let matches = spans.iter().map(|(secret, public_len)| Match {
            rule: 0,
            secret: secret.clone(),
            parts: Vec::new(),
            confidence: crate::finding::Confidence::High,
            public_len: *public_len,
            rank: 0,
        });
        let detection = Detection { matches: matches.collect(), ..Detection::default() };
        let hidden = Hidden::of(&[b'.'; 100], &detection, &[]);
        for start in 0..100 {
            for end in start + 1..101 {
                let touches = |span: &Span| span.start < end && span.end > start;
                let found: Vec<_> =
                    hidden.within(&(start..end)).iter().filter(|s| touches(&s.0)).collect();
                let all: Vec<_> = spans.iter().filter(|s| touches(&s.0)).collect();
                assert_eq!(found, all, "{start}..{end}");
            }
        }
        assert_eq!(hidden.within(&(91..95)), []);
    }

    #[test]
    fn a_path_is_masked() {
        let engine = Engine::new(RuleSet::builtin());
        let path = expand("keys/sk-ant-api03-{{base64url 93}}AA.txt", 2).unwrap().text;
        assert_eq!(Masker::new(&engine).path(&path), "keys/sk-ant-api****************AA.txt");
        assert_eq!(Masker::new(&engine).path("src/app.py"), "src/app.py");
    }
}
