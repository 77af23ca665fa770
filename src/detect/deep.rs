//! What a text says once decoded: layer below layer, to a depth and with a budget.
//!
//! A finding inside a layer points at the text as it stands in the file. Whatever the text itself
//! holds encoded is looked at. Below that, hostile text can hold layers in layers in layers, so each
//! layer has a budget of its own for all that lies deeper: none can use up another's, and the work
//! stays a multiple of the text. What a budget cut off is told, never passed over in silence.

use std::collections::HashSet;

use super::layer::{Layer, layers};
use super::look::{MATCHES_MAX, look_at};
use super::{Detection, Engine, FileKind, Match, Suppression, Text};
use crate::finding::Span;

/// How deep a look is, and how deep it may still go.
pub(super) struct Depth {
    left: usize,
    /// How many decoded bytes may still be looked at below one layer of the text; none in the text
    /// itself, whose own layers are all looked at.
    budget: Option<usize>,
}

/// How often something decoded is decoded once more.
const DEPTH_MAX: usize = 3;

/// A layer may hold this many times its own length, and a little, in layers below it.
const BELOW_MAX: usize = 8;
const BELOW_MIN: usize = 4 << 10;

impl Depth {
    /// Starts in a text as it stands in its file.
    pub(super) fn start() -> Depth {
        Depth { left: DEPTH_MAX, budget: None }
    }

    /// Starts where nothing is decoded.
    #[cfg(test)]
    pub(super) fn end() -> Depth {
        Depth { left: 0, budget: None }
    }

    /// Returns whether nothing is decoded any more.
    pub(super) fn is_end(&self) -> bool {
        self.left == 0
    }

    /// Returns the depth inside a layer of `len` bytes, if the budget allows to look there.
    fn inside(&mut self, len: usize) -> Option<Depth> {
        let budget = match &mut self.budget {
            None => BELOW_MAX * len + BELOW_MIN,
            Some(budget) => {
                *budget = budget.checked_sub(len)?;
                *budget
            }
        };
        Some(Depth { left: self.left - 1, budget: Some(budget) })
    }

    /// Takes over what a look inside a layer has used up.
    fn leave(&mut self, inside: Depth) {
        if self.budget.is_some() {
            self.budget = inside.budget;
        }
    }
}

/// Adds what stands in the layers of a text to what was found in the text itself.
pub(super) fn look_inside(
    engine: &Engine,
    text: &Text<'_>,
    mut found: Detection,
    blobs: Vec<Layer>,
    depth: &mut Depth,
) -> Detection {
    if text.kind == FileKind::Binary {
        return found;
    }
    let mut outer: Option<Outer> = None;
    for layer in blobs.into_iter().chain(layers(text.bytes)) {
        let Some(mut inside) = depth.inside(layer.bytes.len()) else {
            found.is_cut = true;
            continue;
        };
        let inner = Text { bytes: &layer.bytes, kind: text.kind };
        let below = look_at(engine, &inner, &mut inside);
        depth.leave(inside);
        found.is_cut |= below.is_cut;
        found.is_full |= below.is_full || found.matches.len() >= MATCHES_MAX;
        if found.is_full {
            break;
        }
        for inside in below.matches {
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
    fn much_that_is_encoded_hides_nothing_behind_it() {
        let filler = "{\\\"a\\\": \\\"%22x%22: %7B%22k%22%3A 1%7D &quot;y&quot;: \\u0022z\\\"}\n";
        for count in [0, 10, 1000] {
            let behind =
                |text: &str| format!("{}url = /?q={}\n", filler.repeat(count), percent(text));
            assert_eq!(found("AIza{{base64url 35}}", behind).len(), 1, "{count} lines");
        }
    }

    #[test]
    fn what_a_budget_cuts_off_is_told() {
        let engine = Engine::new(RuleSet::builtin());
        let text = expand("url = /?q=%41Iza{{base64url 35}}&x=%22\n", 5).unwrap().text;
        let look = |budget: usize| {
            let text = Text { bytes: text.as_bytes(), kind: FileKind::Other };
            look_at(&engine, &text, &mut Depth { left: 2, budget: Some(budget) })
        };
        let (within, beyond) = (look(10_000), look(20));
        assert!(!within.is_cut && within.matches.len() == 1);
        assert!(beyond.is_cut && beyond.matches.is_empty());
    }

    #[test]
    fn copied_text_is_not_reported_twice() {
        let key = "\"a\": \"{\\\"x\\\": \\\"AIza{{base64url 35}}\\\"}\"";
        assert_eq!(found(key, str::to_owned).len(), 1);
    }
}
