//! Text that says something else once decoded: base64, hex, and escapes of many kinds.
//!
//! A key in a Kubernetes Secret is base64, in a URL it is percent-encoded, in a notebook it stands in
//! a string inside a string. A [`Layer`] is such a stretch, decoded, with a map back, so that a
//! finding points at the text as it stands in the file. One call decodes one level; the engine calls
//! again on what it got, to a depth and with a budget of its own.
//!
//! There are two ways in, because two things are cheap to notice:
//!
//! - [`layers`] looks for the bytes that begin an escape. Ordinary code is full of `\n`, `%d` and
//!   `&&`, so an escape must be *telling*: it stands for a byte that a key or its surroundings could
//!   be made of, in a place where decoding changes what is read. A layer is the lines around telling
//!   escapes, the rest of them copied, so a key with one escaped byte in its middle becomes whole.
//! - [`Blobs`] is asked about each long run of token bytes that the engine meets anyway. A few bytes
//!   are decoded; only what reads as text goes on, so random keys, hashes and images end there.
//!
//! Bounds. Both are linear in the text. A layer of escapes is at most [`escape::REGION_MAX`] and two
//! times [`escape::AROUND`] long; longer stretches come in pieces that overlap by
//! [`escape::OVERLAP`], so a secret may be seen twice, with the same origin. [`layers`] is lazy: one
//! layer is alive at a time. A blob may be as long as the text, decodes to three quarters of it, and
//! is not read again line by line; its map has one piece a line.
//!
//! Compressed data inside base64 stays closed, and so does base64 of anything but text.

use crate::finding::Span;

mod alphabet;
mod backslash;
mod blob;
mod entity;
mod escape;
mod origin;
mod percent;
mod printable;

#[cfg(test)]
mod tests;

pub(super) use backslash::spelled_out;
pub(super) use blob::{Blobs, may_open};
pub(super) use escape::layers;

use origin::Origins;

/// How a stretch of text was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Standard or URL-safe, padded or not, on one line or several.
    Base64,
    /// Two hexadecimal digits a byte.
    Hex,
    /// Backslash escapes of JSON, YAML, C and their kin.
    Backslash,
    /// `%2D`
    Percent,
    /// `&quot;` and `&#34;`
    Entity,
    /// `=3D`, and lines that end in `=`.
    QuotedPrintable,
}

/// A stretch of text that says something else once decoded.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    /// The stretch of the outer text that was encoded.
    pub outer: Span,
    /// What it says, a short blob together with the name that stands before it on its line.
    pub bytes: Vec<u8>,
    /// How it was encoded.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests hold each layer to its encoding"))]
    pub encoding: Encoding,
    origins: Origins,
}

impl Layer {
    /// Returns the stretch of the outer text that a span of the decoded bytes came from.
    ///
    /// It is the shortest that holds every escape of the span whole.
    pub fn origin(&self, inner: &Span) -> Span {
        self.origins.origin(inner)
    }
}
