//! Values that were found, to be hidden wherever else they stand.
//!
//! A password that a rule knows by the name before it is as secret where no name stands before it.
//! A file may hold ten thousand findings, each with its own context, so a value is looked for only
//! in what is shown, and all values at once: they are sorted, and each place of the context asks for
//! the one that starts there.

use crate::finding::Span;

/// Values are cut into pieces of this many bytes, so that a context needs to look back no further.
const PIECE_MAX: usize = 64;

/// A shorter value may be any word, and is left alone.
const VALUE_MIN: usize = 4;

/// A shorter value is hidden only where it stands as a whole.
const INSIDE_MIN: usize = 8;

/// A shorter line of a value over several lines says nothing.
const LINE_MIN: usize = 16;

/// How many bits say which starts are possible at all.
const STARTS: usize = 1 << 16;

/// Values, sorted.
#[derive(Default)]
pub(super) struct Values {
    /// The bytes of them all.
    store: Vec<u8>,
    pieces: Vec<Piece>,
    /// A bit for the first bytes of each.
    starts: Vec<u64>,
}

struct Piece {
    /// Where it stands in the store.
    span: Span,
    /// How much of its start is public.
    public: usize,
    /// The longest other piece that this one starts with.
    shorter: Option<usize>,
}

impl Values {
    /// Takes values, each with the length of its public start.
    pub(super) fn of<'v>(values: impl Iterator<Item = (&'v [u8], usize)>) -> Values {
        let (mut store, mut pieces) = (Vec::new(), Vec::new());
        for (value, public) in values {
            add_pieces(value, public, &mut store, &mut pieces);
        }
        let bytes = |piece: &Piece| &store[piece.span.clone()];
        pieces.sort_by(|a, b| bytes(a).cmp(bytes(b)).then(a.public.cmp(&b.public)));
        pieces.dedup_by(|a, b| bytes(a) == bytes(b));
        if pieces.is_empty() {
            return Values::default();
        }
        let mut starts = vec![0; STARTS / 64];
        for at in 0..pieces.len() {
            let start = start_of(bytes(&pieces[at])).expect("a piece is long enough");
            starts[start / 64] |= 1 << (start % 64);
            let mut shorter = at.checked_sub(1);
            while let Some(other) = shorter
                && !bytes(&pieces[at]).starts_with(bytes(&pieces[other]))
            {
                shorter = pieces[other].shorter;
            }
            pieces[at].shorter = shorter;
        }
        Values { store, pieces, starts }
    }

    /// Adds where a value stands in a part of the text or reaches into it.
    pub(super) fn add_within(&self, text: &[u8], part: &Span, found: &mut Vec<(Span, usize)>) {
        if self.pieces.is_empty() {
            return;
        }
        for at in part.start.saturating_sub(PIECE_MAX - 1)..part.end {
            if let Some(piece) = self.longest_at(text, at) {
                let span = at..at + piece.span.len();
                if span.end > part.start {
                    found.push((span, piece.public));
                }
            }
        }
    }

    /// Returns the longest piece that stands here.
    fn longest_at(&self, text: &[u8], at: usize) -> Option<&Piece> {
        let start = start_of(&text[at..])?;
        if self.starts[start / 64] >> (start % 64) & 1 == 0 {
            return None;
        }
        let here = &text[at..text.len().min(at + PIECE_MAX)];
        let bytes = |piece: &Piece| &self.store[piece.span.clone()];
        let mut index = self.pieces.partition_point(|piece| bytes(piece) <= here).checked_sub(1);
        while let Some(piece) = index.map(|index| &self.pieces[index]) {
            let value = bytes(piece);
            if here.starts_with(value) && (value.len() >= INSIDE_MIN || is_whole(text, at, value)) {
                return Some(piece);
            }
            index = piece.shorter;
        }
        None
    }
}

/// Cuts a value into its lines, and those into pieces.
fn add_pieces(value: &[u8], public: usize, store: &mut Vec<u8>, pieces: &mut Vec<Piece>) {
    let min = if value.contains(&b'\n') { LINE_MIN } else { VALUE_MIN };
    for (number, line) in value.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.len() < min {
            continue;
        }
        let base = store.len();
        store.extend_from_slice(line);
        for at in (0..line.len()).step_by(PIECE_MAX) {
            // The last piece is as long as the others.
            let at = if at > 0 { at.min(line.len() - PIECE_MAX) } else { at };
            let span = base + at..base + line.len().min(at + PIECE_MAX);
            let public = if at == 0 && number == 0 { public.min(span.len()) } else { 0 };
            pieces.push(Piece { span, public, shorter: None });
        }
    }
}

/// Returns which of the starts this is.
fn start_of(text: &[u8]) -> Option<usize> {
    let first: [u8; VALUE_MIN] = text.get(..VALUE_MIN)?.try_into().expect("as many bytes");
    Some(u32::from_le_bytes(first).wrapping_mul(0x9E37_79B1) as usize >> 16)
}

/// Returns whether a value is no piece of a longer word here.
fn is_whole(text: &[u8], at: usize, value: &[u8]) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = at.checked_sub(1).and_then(|at| text.get(at));
    let goes_on_left = is_word(value.first()) && is_word(before);
    let goes_on_right = is_word(value.last()) && is_word(text.get(at + value.len()));
    !goes_on_left && !goes_on_right
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, values: &[&str]) -> Vec<Span> {
        let mut found = Vec::new();
        let values = Values::of(values.iter().map(|value| (value.as_bytes(), 0)));
        values.add_within(text.as_bytes(), &(0..text.len()), &mut found);
        found.into_iter().map(|(span, _)| span).collect()
    }

    #[test]
    fn a_value_is_found_wherever_it_stands() {
        let text = "Qz7abcde9k, x_Qz7abcde9k1 Qz7abcde9";
        assert_eq!(found(text, &["Qz7abcde9k"]), [0..10, 14..24]);
    }

    #[test]
    fn a_short_value_is_found_as_a_whole() {
        assert_eq!(found("hunter bounty-hunter hunters xhunter", &["hunter"]), [0..6, 14..20]);
        assert!(found("abc abc", &["abc"]).is_empty());
    }

    #[test]
    fn the_longest_of_several_that_start_alike_is_taken() {
        let text = "abcdefgh abcdefghij abcdefghijkl abcdefghik";
        let values = ["abcdefgh", "abcdefghij", "abcdefghijkl"];
        assert_eq!(found(text, &values), [0..8, 9..19, 20..32, 33..41]);
    }

    #[test]
    fn a_value_over_several_lines_is_found_line_by_line() {
        let line = "0123456789abcdef";
        let text = format!("[{line}\n  x\n{line}9\n] {line} {line}9");
        let value = &text[1..text.find(']').unwrap()];
        assert_eq!(found(&text, &[value]).len(), 4);
    }

    #[test]
    fn a_part_asks_for_what_reaches_into_it() {
        let long: String = (0..200).map(|at| char::from(b'a' + (at * at % 23) as u8)).collect();
        let text = format!("{long} ({long})");
        let values = Values::of(std::iter::once((long.as_bytes(), 0)));
        for start in 202..402 {
            for end in [start + 1, text.len()] {
                let mut found = Vec::new();
                values.add_within(text.as_bytes(), &(start..end), &mut found);
                for at in start..end.min(402) {
                    let is_found = found.iter().any(|(span, _)| span.contains(&at));
                    assert!(is_found, "{at} of {start}..{end}");
                }
            }
        }
    }
}
