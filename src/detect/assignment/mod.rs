//! The generic search: a name that says "secret", an operator, and a value that looks like one.
//!
//! Three questions, one file each: what does the name promise (`detect::name`), where does its
//! value stand in this dialect (`dialect`), and is the value worth believing (`weigh`, with the
//! shapes that are no secret in `shape`, and what encloses the assignment in `context`). A generic finding must earn its place: what convinces
//! nobody stays at low confidence or is suppressed by name.

use super::judge::Suppression;
use super::name::{NAME_MAX, Promise, promised};
use super::{FileKind, Text};
use crate::finding::{Confidence, Span};
use crate::rule::Rule;

pub(super) mod context;
mod dialect;
pub(super) mod shape;
#[cfg(test)]
mod tests;
mod weigh;

/// A value assigned to a telling name.
pub(super) struct Assigned {
    pub(super) secret: Span,
    pub(super) confidence: Confidence,
    pub(super) suppression: Option<Suppression>,
}

/// Finds the assignments whose name touches `range`.
///
/// Looks at most a name to the left and a value to the right of the range, so that many calls with
/// small ranges cost no more than one with a large one.
pub(super) fn find(rule: &Rule, text: &Text<'_>, range: Span) -> Vec<Assigned> {
    find_named(text, range, |name| has_keyword(rule, &text.bytes[name.clone()]))
}

/// As [`find`], for a range that is a keyword of the rule.
pub(super) fn find_at_keyword(text: &Text<'_>, keyword: Span) -> Vec<Assigned> {
    let holds = |name: &Span| name.start <= keyword.start && keyword.end <= name.end;
    find_named(text, keyword.clone(), holds)
}

fn find_named(text: &Text<'_>, range: Span, is_named: impl Fn(&Span) -> bool) -> Vec<Assigned> {
    let mut found = Vec::new();
    if text.kind.is_quiet() || text.kind == FileKind::Binary {
        return found;
    }
    let mut at = name_start(text.bytes, range.start);
    while let Some(name) = next_name(text.bytes, at, range.end) {
        at = name.end;
        let name = trimmed(text.bytes, name);
        let word = &text.bytes[name.clone()];
        if !is_named(&name) || !dialect::may_have_value(text.bytes, &name) {
            continue;
        }
        let Some(promise) = promised(word).or_else(|| promised_by_section(text, &name)) else {
            continue;
        };
        let Some(value) = dialect::value_of(text, &name) else { continue };
        if value.span.is_empty() || value.span.len() > dialect::VALUE_MAX {
            continue;
        }
        let secret = value.span.clone();
        let (confidence, suppression) = match weigh::weigh(promise, text, word, &value) {
            Ok(confidence) => (confidence, None),
            Err(why) => (Confidence::Low, Some(why)),
        };
        found.push(Assigned { secret, confidence, suppression });
    }
    found
}

/// `"Jwt": { "Key": … }`: a bare `key` promises what it does with its section's name before it.
fn promised_by_section(text: &Text<'_>, name: &Span) -> Option<Promise> {
    let word = &text.bytes[name.clone()];
    if !word.eq_ignore_ascii_case(b"key") {
        return None;
    }
    // The quote of a JSON key stands before the name.
    let quotes = usize::from(matches!(text.bytes[..name.start].last(), Some(b'"' | b'\'')));
    let section = context::section(text, name.start - quotes);
    if section.is_empty() || section.len() > NAME_MAX - 4 {
        return None;
    }
    promised(&[section, b"_", word].concat())
}

/// Returns how sure a password that a person chose makes us, for rules that find one by its place.
pub(super) fn judge_password(text: &Text<'_>, value: &[u8]) -> Result<Confidence, Suppression> {
    weigh::placed(text, value)
}

/// A range may start inside a name; its beginning belongs to it.
fn name_start(text: &[u8], at: usize) -> usize {
    let at = at.min(text.len());
    at - text[..at].iter().rev().take(NAME_MAX).take_while(|byte| is_name(**byte)).count()
}

fn next_name(text: &[u8], from: usize, end: usize) -> Option<Span> {
    let end = end.min(text.len());
    let start = (from..end).find(|&at| is_name(text[at]))?;
    let len = text[start..].iter().take(NAME_MAX).take_while(|byte| is_name(**byte)).count();
    Some(start..start + len)
}

/// Letters of other scripts count, typographic quotes and wide punctuation do not.
pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'-' | b'.')
        || matches!(byte, 0x80..=0xBF | 0xC3..=0xD3 | 0xE3..=0xED)
}

/// Cuts off what is no letter at the ends: the dashes of a flag, the rest of a wide quote.
fn trimmed(text: &[u8], name: Span) -> Span {
    let is_edge = |byte: &u8| matches!(byte, b'-' | b'.' | b'_') || (0x80..=0xBF).contains(byte);
    let front = text[name.clone()].iter().take_while(|byte| is_edge(byte)).count();
    let start = name.start + front;
    let back =
        text[start..name.end].iter().rev().take_while(|byte| matches!(byte, b'-' | b'.')).count();
    start..name.end - back
}

fn has_keyword(rule: &Rule, name: &[u8]) -> bool {
    rule.keywords
        .iter()
        .any(|word| name.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes())))
}
