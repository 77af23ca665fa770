//! Where decoded bytes came from.
//!
//! A map is a list of pieces, each of equal units: copied bytes are units of one byte from one,
//! `%41%42` is a piece of two units of one byte from three. So a long blob needs one piece, and a
//! look-up is a binary search. Two maps behind each other serve encodings inside encodings that are
//! decoded together, such as base64 broken over lines.

use crate::finding::Span;

/// The way from decoded bytes to the text, through one map or more.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins {
    maps: Vec<Map>,
    /// Text copied before and behind what the maps know.
    head: Span,
    tail: Span,
}

impl Origins {
    /// Joins maps, that of the innermost bytes first.
    pub(super) fn new(maps: impl IntoIterator<Item = Map>) -> Origins {
        Origins { maps: maps.into_iter().collect(), head: 0..0, tail: 0..0 }
    }

    /// Adds text that was copied before and behind.
    pub(super) fn between(self, head: Span, tail: Span) -> Origins {
        Origins { head, tail, ..self }
    }

    /// Returns the stretch of the outermost text that a span came from.
    pub(super) fn origin(&self, inner: &Span) -> Span {
        let start = self.of_byte(inner.start).start;
        if inner.is_empty() {
            return start..start;
        }
        start..self.of_byte(inner.end - 1).end
    }

    fn of_byte(&self, at: usize) -> Span {
        if at < self.head.len() {
            return self.head.start + at..self.head.start + at + 1;
        }
        let at = at - self.head.len();
        let body_len = self.maps.first().map_or(0, |map| map.inner_len);
        if at >= body_len && !self.tail.is_empty() {
            let nth = (at - body_len).min(self.tail.len() - 1);
            return self.tail.start + nth..self.tail.start + nth + 1;
        }
        self.maps.iter().fold(at..at + 1, |span, map| map.origin(&span))
    }
}

/// Where the bytes of one decoding came from.
#[derive(Clone, Debug, Default)]
pub(super) struct Map {
    pieces: Vec<Piece>,
    inner_len: usize,
}

/// Units that follow each other in both texts.
#[derive(Clone, Copy, Debug)]
struct Piece {
    inner: usize,
    outer: usize,
    unit: Unit,
}

/// So many decoded bytes come from so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    inner: u8,
    outer: u8,
    /// Whether a byte of the unit came from its share of it only, as in base64.
    is_divided: bool,
}

impl Unit {
    /// A byte as it is.
    pub(super) const COPY: Unit = Unit { inner: 1, outer: 1, is_divided: false };
    /// Three bytes from four characters.
    pub(super) const BASE64: Unit = Unit { inner: 3, outer: 4, is_divided: true };
    /// A byte from two digits.
    pub(super) const HEX: Unit = Unit { inner: 1, outer: 2, is_divided: false };

    /// An escape of this length for so many bytes.
    pub(super) fn escape(inner_len: usize, outer_len: usize) -> Option<Unit> {
        let inner = u8::try_from(inner_len).ok().filter(|len| *len > 0)?;
        Some(Unit { inner, outer: u8::try_from(outer_len).ok()?, is_divided: false })
    }
}

impl Map {
    /// Adds `inner_len` bytes that came from the units which begin at `outer`.
    pub(super) fn push(&mut self, inner_len: usize, outer: usize, unit: Unit) {
        if inner_len == 0 {
            return;
        }
        if !self.pieces.last().is_some_and(|last| last.goes_on(self.inner_len, outer, unit)) {
            self.pieces.push(Piece { inner: self.inner_len, outer, unit });
        }
        self.inner_len += inner_len;
    }

    fn origin(&self, inner: &Span) -> Span {
        let Some(last) = self.inner_len.checked_sub(1) else { return 0..0 };
        let start = self.of_byte(inner.start.min(last)).start;
        if inner.is_empty() {
            return start..start;
        }
        start..self.of_byte((inner.end - 1).min(last)).end
    }

    fn of_byte(&self, at: usize) -> Span {
        let index = self.pieces.partition_point(|piece| piece.inner <= at);
        // The first piece begins at byte 0 and the map is not empty.
        self.pieces[index - 1].of_byte(at)
    }
}

impl Piece {
    /// Returns whether more of the same unit follows without a gap.
    fn goes_on(&self, inner: usize, outer: usize, unit: Unit) -> bool {
        let len = inner - self.inner;
        self.unit == unit
            && len.is_multiple_of(usize::from(unit.inner))
            && self.outer + len / usize::from(unit.inner) * usize::from(unit.outer) == outer
    }

    fn of_byte(&self, at: usize) -> Span {
        let (inner, outer) = (usize::from(self.unit.inner), usize::from(self.unit.outer));
        let nth = at - self.inner;
        if self.unit.is_divided {
            return self.outer + nth * outer / inner
                ..self.outer + ((nth + 1) * outer).div_ceil(inner);
        }
        let start = self.outer + nth / inner * outer;
        start..start + outer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_units_share_a_piece() {
        let mut map = Map::default();
        let percent = Unit::escape(1, 3).unwrap();
        map.push(2, 10, Unit::COPY);
        map.push(1, 12, percent);
        map.push(1, 15, percent);
        map.push(1, 18, Unit::COPY);
        assert_eq!(map.pieces.len(), 3);
        assert_eq!(map.origin(&(0..5)), 10..19);
        assert_eq!(map.origin(&(2..4)), 12..18);
        assert_eq!(map.origin(&(3..3)), 15..15);
    }

    #[test]
    fn bytes_of_base64_come_from_their_share() {
        let mut map = Map::default();
        map.push(6, 100, Unit::BASE64);
        assert_eq!(map.origin(&(0..1)), 100..102);
        assert_eq!(map.origin(&(1..2)), 101..103);
        assert_eq!(map.origin(&(2..4)), 102..106);
    }

    #[test]
    fn an_escape_is_never_cut() {
        let mut map = Map::default();
        map.push(3, 0, Unit::escape(3, 6).unwrap());
        assert_eq!(map.origin(&(1..2)), 0..6);
    }

    #[test]
    fn nothing_came_from_nowhere() {
        assert_eq!(Map::default().origin(&(0..3)), 0..0);
        assert_eq!(Unit::escape(0, 2), None);
    }
}
