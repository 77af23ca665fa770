//! What a text says once decoded: layer below layer, to a depth and with a budget.
//!
//! A finding inside a layer points at the text as it stands in the file. Hostile text can hold
//! layers in layers in layers; the budget counts decoded bytes over all of them, so the work stays
//! a small multiple of the text.

use std::collections::HashSet;

use super::layer::{Layer, layers};
use super::look::look_at;
use super::{Detection, Engine, FileKind, Match, Suppression, Text};
use crate::finding::Span;

/// Returns how many decoded bytes are looked at for a text of this length.
pub(super) fn budget(len: usize) -> usize {
    2 * len + (64 << 10)
}

/// Adds what stands in the layers of a text to what was found in the text itself.
pub(super) fn look_inside(
    engine: &Engine,
    text: &Text<'_>,
    mut found: Detection,
    blobs: Vec<Layer>,
    depth: usize,
    budget: &mut usize,
) -> Detection {
    if text.kind == FileKind::Binary {
        return found;
    }
    let mut outer: Option<Outer> = None;
    for layer in blobs.into_iter().chain(layers(text.bytes)) {
        let Some(rest) = budget.checked_sub(layer.bytes.len()) else { break };
        *budget = rest;
        let inner = Text { bytes: &layer.bytes, kind: text.kind };
        for inside in look_at(engine, &inner, depth - 1, budget).matches {
            let outer = outer.get_or_insert_with(|| Outer::of(&found));
            let secret = layer.origin(&inside.secret);
            let is_copied = text.bytes[secret.clone()] == layer.bytes[inside.secret.clone()];
            let moved = move_out(&layer, inside, secret, is_copied);
            if outer.is_new(&moved, is_copied) {
                found.matches.push(moved);
            }
        }
    }
    found
}

fn move_out(layer: &Layer, inside: Match, secret: Span, is_copied: bool) -> Match {
    let parts = inside.parts.iter().map(|part| layer.origin(part)).collect();
    // The public start is encoded too, and is not to be shown as if it were not.
    let public_len = if is_copied { inside.public_len } else { 0 };
    Match { secret, parts, public_len, ..inside }
}

/// What is already known of the outer text.
struct Outer {
    known: HashSet<(usize, usize, usize)>,
    /// Spans that somebody had an opinion about, sorted by start.
    judged: Vec<Span>,
}

impl Outer {
    fn of(found: &Detection) -> Outer {
        let key = |m: &Match| (m.rule, m.secret.start, m.secret.end);
        let suppressed = found.suppressed.iter().filter(|s| s.why != Suppression::NoEvidence);
        let mut judged: Vec<Span> = found
            .matches
            .iter()
            .map(|m| m.secret.clone())
            .chain(suppressed.map(|s| s.secret.clone()))
            .collect();
        judged.sort_by_key(|span| span.start);
        Outer { known: found.matches.iter().map(key).collect(), judged }
    }

    /// Returns whether the match says something new: text that was copied unchanged was judged
    /// where it stands, with all its surroundings.
    fn is_new(&mut self, found: &Match, is_copied: bool) -> bool {
        let span = &found.secret;
        !(is_copied && self.is_judged(span))
            && self.known.insert((found.rule, span.start, span.end))
    }

    fn is_judged(&self, span: &Span) -> bool {
        let end = self.judged.partition_point(|judged| judged.start < span.end);
        self.judged[..end].iter().rev().take(16).any(|judged| judged.end > span.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{RuleSet, expand};

    fn found(example: &str, encode: impl Fn(&str) -> String) -> Vec<(String, String)> {
        let engine = Engine::new(RuleSet::builtin());
        let text = encode(&expand(example, 5).unwrap().text);
        let text = Text { bytes: text.as_bytes(), kind: FileKind::Other };
        let matches = engine.detect(&text).matches.into_iter();
        matches
            .map(|m| {
                let secret = String::from_utf8_lossy(&text.bytes[m.secret]).into_owned();
                (engine.rules().get(m.rule).id.clone(), secret)
            })
            .collect()
    }

    fn hex(text: &str) -> String {
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    fn percent(text: &str) -> String {
        text.bytes().map(|byte| format!("%{byte:02X}")).collect()
    }

    #[test]
    fn an_encoded_key_is_found_where_it_stands() {
        let key = "AIza{{base64url 35}}";
        let plain = found(&format!("x = \"{key}\""), str::to_owned);
        assert_eq!(plain.len(), 1);
        for encode in [hex as fn(&str) -> String, percent] {
            let all = found(&format!("config = {key};"), encode);
            assert_eq!(all.len(), 1, "{all:?}");
            assert_eq!(all[0].0, plain[0].0);
        }
        let escaped = found(&format!("x = \"{key}\""), |text| text.replace("AIza", "\\u0041Iza"));
        assert!(escaped.len() == 1 && escaped[0].1.starts_with("\\u0041Iza"), "{escaped:?}");
    }

    #[test]
    fn layers_go_three_deep_and_no_deeper() {
        let key = "key AIza{{base64url 35}};";
        let twice = |text: &str| hex(&hex(text));
        assert_eq!(found(key, twice).len(), 1);
        let often = |text: &str| (0..5).fold(text.to_owned(), |text, _| hex(&text));
        assert_eq!(found(key, often).len(), 0);
    }

    #[test]
    fn copied_text_is_not_reported_twice() {
        let key = "\"a\": \"{\\\"x\\\": \\\"AIza{{base64url 35}}\\\"}\"";
        assert_eq!(found(key, str::to_owned).len(), 1);
    }
}
