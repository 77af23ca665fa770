//! Escapes: which of them are worth a second look, and the lines around them.

use memchr::{memchr, memchr2_iter, memchr3, memmem, memrchr};

use super::origin::{Map, Origins, Unit};
use super::{Encoding, Layer, backslash, entity, percent, printable};
use crate::finding::Span;

/// Longer stretches of escapes are decoded in pieces.
pub(super) const REGION_MAX: usize = 64 << 10;
/// How far a region reaches before and behind an escape when its line does not end.
pub(super) const AROUND: usize = 2 << 10;
/// How much of a cut region comes again in the next one.
pub(super) const OVERLAP: usize = 4 << 10;
/// Where a mail names the way it is encoded.
const HEAD: usize = 16 << 10;
/// Regions with less than this between them are one.
const GAP: usize = 200;

/// Finds what escapes hide in `text`.
pub(in crate::detect) fn layers(text: &[u8]) -> Layers<'_> {
    Layers { text, at: 0, stage: Stage::Escapes, open: Default::default(), ready: Vec::new() }
}

/// The layers of a text, in no order.
pub(in crate::detect) struct Layers<'t> {
    text: &'t [u8],
    at: usize,
    stage: Stage,
    open: [Option<Region>; 4],
    ready: Vec<(Syntax, Span)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Escapes,
    QuotedPrintable,
    Done,
}

impl Iterator for Layers<'_> {
    type Item = Layer;

    fn next(&mut self) -> Option<Layer> {
        loop {
            if let Some((syntax, region)) = self.ready.pop() {
                return Some(decode(self.text, region, syntax));
            }
            match self.next_start() {
                Some(start) => self.meet(start),
                None if self.stage == Stage::Done => return None,
                None => self.end_stage(),
            }
        }
    }
}

impl Layers<'_> {
    /// Returns where the next escape might start.
    fn next_start(&self) -> Option<usize> {
        let rest = &self.text[self.at..];
        let found = match self.stage {
            Stage::Escapes => memchr3(b'\\', b'%', b'&', rest),
            Stage::QuotedPrintable => memchr(b'=', rest),
            Stage::Done => None,
        };
        found.map(|offset| self.at + offset)
    }

    fn meet(&mut self, start: usize) {
        let syntax = Syntax::of(self.text[start]);
        let Some(escape) = syntax.read(self.text, start) else {
            self.at = start + 1;
            return;
        };
        let span = start..start + escape.len;
        // A backslash before an escape of another kind says nothing about that one.
        let is_opening = |byte: &u8| matches!(byte, b'%' | b'&');
        let is_followed = syntax == Syntax::Backslash && is_opening(&self.text[start + 1]);
        self.at = if is_followed { start + 1 } else { span.end };
        if !syntax.is_telling(self.text, &span, &escape) {
            return;
        }
        let open = &mut self.open[syntax as usize];
        if let Some(done) = Region::add(open, self.text, &span) {
            self.ready.push((syntax, done));
        }
    }

    fn end_stage(&mut self) {
        for syntax in Syntax::ALL {
            if let Some(region) = self.open[syntax as usize].take() {
                self.ready.push((syntax, region.start..region.end));
            }
        }
        self.stage = match self.stage {
            Stage::Escapes if is_quoted_printable(self.text) => Stage::QuotedPrintable,
            _ => Stage::Done,
        };
        self.at = 0;
    }
}

/// Every other line of code has a `=`, so quoted-printable must show itself first.
///
/// Mail says so near its start; HTML in mail, whoever cut it out, cannot do without `=3D`.
fn is_quoted_printable(text: &[u8]) -> bool {
    const NAME: &[u8] = b"quoted-printable";
    let head = &text[..text.len().min(HEAD)];
    let is_named = |at: usize| {
        head.get(at..at + NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME))
    };
    memmem::find(text, b"=3D").is_some() || memchr2_iter(b'q', b'Q', head).any(is_named)
}

/// A way to write bytes with other bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Backslash,
    Percent,
    Entity,
    QuotedPrintable,
}

impl Syntax {
    const ALL: [Syntax; 4] =
        [Syntax::Backslash, Syntax::Percent, Syntax::Entity, Syntax::QuotedPrintable];

    fn of(byte: u8) -> Syntax {
        match byte {
            b'\\' => Syntax::Backslash,
            b'%' => Syntax::Percent,
            b'&' => Syntax::Entity,
            _ => Syntax::QuotedPrintable,
        }
    }

    fn first_byte(self) -> u8 {
        match self {
            Syntax::Backslash => b'\\',
            Syntax::Percent => b'%',
            Syntax::Entity => b'&',
            Syntax::QuotedPrintable => b'=',
        }
    }

    fn encoding(self) -> Encoding {
        match self {
            Syntax::Backslash => Encoding::Backslash,
            Syntax::Percent => Encoding::Percent,
            Syntax::Entity => Encoding::Entity,
            Syntax::QuotedPrintable => Encoding::QuotedPrintable,
        }
    }

    fn read(self, text: &[u8], start: usize) -> Option<Escape> {
        match self {
            Syntax::Backslash => backslash::read(text, start),
            Syntax::Percent => percent::read(text, start),
            Syntax::Entity => entity::read(text, start),
            Syntax::QuotedPrintable => printable::read(text, start),
        }
    }

    /// Returns whether decoding this escape could change what is found.
    fn is_telling(self, text: &[u8], span: &Span, escape: &Escape) -> bool {
        match self {
            Syntax::Backslash => backslash::is_telling(text, span, escape),
            Syntax::Percent => percent::is_telling(text, span, escape),
            Syntax::Entity => entity::is_telling(text, span, escape),
            Syntax::QuotedPrintable => printable::is_telling(text, span, escape),
        }
    }
}

/// What an escape says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Escape {
    /// How many bytes it takes.
    pub(super) len: usize,
    bytes: [u8; 4],
    bytes_len: usize,
}

impl Escape {
    /// An escape that stands for one byte.
    pub(super) fn byte(len: usize, byte: u8) -> Escape {
        Escape { len, bytes: [byte, 0, 0, 0], bytes_len: 1 }
    }

    /// An escape that stands for a character.
    pub(super) fn char(len: usize, char: char) -> Escape {
        let mut bytes = [0; 4];
        let bytes_len = char.encode_utf8(&mut bytes).len();
        Escape { len, bytes, bytes_len }
    }

    /// An escape that stands for nothing, such as an escaped line end.
    pub(super) fn nothing(len: usize) -> Escape {
        Escape { len, bytes: [0; 4], bytes_len: 0 }
    }

    /// Returns what the escape stands for.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.bytes_len]
    }

    /// Returns whether it stands for a byte that keys and their surroundings are made of.
    pub(super) fn is_printable(&self) -> bool {
        matches!(self.bytes(), [b' '..=b'~'])
    }
}

/// Returns whether a byte may be part of a token.
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/')
}

/// Returns whether a quote, escaped in `span`, seems to belong to a name or to its value.
///
/// Quotes inside texts for people are everywhere; those beside `:`, `=` or `(` are about data.
pub(super) fn is_quote_of_data(text: &[u8], span: &Span) -> bool {
    let start = span.start.saturating_sub(12);
    let before = text[start..span.start].iter().rev().find(|b| !matches!(b, b'\\' | b' '));
    let after = text[span.end..].iter().take(3).find(|b| **b != b' ');
    matches!(before, Some(b':' | b'=' | b'(')) || matches!(after, Some(b':' | b'='))
}

/// The lines around telling escapes that are near each other.
#[derive(Clone, Debug)]
pub(super) struct Region {
    start: usize,
    end: usize,
    /// Whether `end` is the end of a line, so that it need not be looked for again.
    is_line_end: bool,
}

impl Region {
    /// Takes an escape in and returns the region that is finished by it, if any.
    fn add(open: &mut Option<Region>, text: &[u8], escape: &Span) -> Option<Span> {
        let Some(region) = open else {
            *open = Some(Region::around(text, escape, 0));
            return None;
        };
        if escape.start > region.end + GAP {
            let next = Region::around(text, escape, region.end);
            let done = region.start..region.end;
            *open = Some(next);
            return Some(done);
        }
        region.stretch(text, escape.end);
        if region.end - region.start <= REGION_MAX {
            return None;
        }
        let done = region.start..region.end;
        *open = (!region.is_line_end).then(|| Region {
            start: settled(text, done.end - OVERLAP, done.end),
            end: done.end,
            is_line_end: false,
        });
        Some(done)
    }

    /// Returns the region of one escape, which does not reach back beyond `floor`.
    fn around(text: &[u8], escape: &Span, floor: usize) -> Region {
        let low = escape.start.saturating_sub(AROUND).max(floor);
        let start = match memrchr(b'\n', &text[low..escape.start]) {
            Some(offset) => low + offset + 1,
            None => settled(text, low, escape.start),
        };
        let mut region = Region { start, end: escape.start, is_line_end: false };
        region.stretch(text, escape.end);
        region
    }

    /// Lets the region reach behind an escape that ends at `end`.
    fn stretch(&mut self, text: &[u8], end: usize) {
        // A long line is read on only when half of what was read is used up, so no byte is read
        // more than a few times.
        let reach = if self.is_line_end { end } else { end + AROUND / 2 };
        if reach <= self.end {
            return;
        }
        let high = (end + AROUND).min(text.len());
        let line_end = memchr(b'\n', &text[end..high]).map(|offset| end + offset);
        self.end = line_end.unwrap_or(high);
        self.is_line_end = line_end.is_some() || high == text.len();
    }
}

/// Moves a cut behind bytes that could be the beginning of an escape which it would cut.
fn settled(text: &[u8], cut: usize, limit: usize) -> usize {
    let is_inside = |at: &usize| {
        let before = &text[at.saturating_sub(2)..*at];
        before.iter().any(|byte| matches!(byte, b'\\' | b'%' | b'&' | b'='))
    };
    let last = limit.min(cut + 16);
    if cut == 0 { 0 } else { (cut..last).find(|at| !is_inside(at)).unwrap_or(cut) }
}

/// Decodes the escapes of one syntax in a region and copies the rest.
fn decode(text: &[u8], region: Span, syntax: Syntax) -> Layer {
    let inside = &text[..region.end];
    let mut bytes = Vec::with_capacity(region.len());
    let mut map = Map::default();
    let mut at = region.start;
    while at < region.end {
        let found = memchr(syntax.first_byte(), &inside[at..]).map(|offset| at + offset);
        let mut copied_to = found.unwrap_or(region.end);
        let escape = found.and_then(|start| syntax.read(inside, start));
        if found.is_some() && escape.is_none() {
            copied_to += 1;
        }
        map.push(copied_to - at, at, Unit::COPY);
        bytes.extend_from_slice(&inside[at..copied_to]);
        at = copied_to;
        if let Some(escape) = escape {
            if let Some(unit) = Unit::escape(escape.bytes_len, escape.len) {
                map.push(escape.bytes_len, at, unit);
                bytes.extend_from_slice(escape.bytes());
            }
            at += escape.len;
        }
    }
    Layer { outer: region, bytes, encoding: syntax.encoding(), origins: Origins::new([map]) }
}
