//! Makes bytes readable: UTF-16 to UTF-8, and is it text at all?

use std::borrow::Cow;

use super::FileKind;

/// Decodes UTF-16 (by its byte order mark, or evident from its zero bytes) and tells binary files.
///
/// Lines stay lines, so locations in the decoded text are locations in the file.
pub fn decode(bytes: &[u8]) -> (Cow<'_, [u8]>, bool) {
    let has_zero = memchr::memchr(0, &bytes[..bytes.len().min(SAMPLE)]).is_some();
    let text: Option<String> = match bytes {
        [0xFF, 0xFE, rest @ ..] => Some(utf16_le(rest).collect()),
        [0xFE, 0xFF, rest @ ..] => Some(utf16(rest, u16::from_be_bytes).collect()),
        // Nearly all files end here: a zero is what UTF-16 and binary files have in common.
        _ if !has_zero => None,
        _ if is_utf16(bytes, 1) => Some(utf16_le(bytes).collect()),
        _ if is_utf16(bytes, 0) => Some(utf16(bytes, u16::from_be_bytes).collect()),
        _ => None,
    };
    match text {
        Some(text) => (Cow::Owned(text.into_bytes()), false),
        None => (Cow::Borrowed(bytes), has_zero),
    }
}

/// Returns the kind by which a decoded text is searched.
impl FileKind {
    /// Returns `Binary` for bytes that are not text, else the kind itself.
    pub fn unless_binary(self, is_binary: bool) -> FileKind {
        if is_binary { FileKind::Binary } else { self }
    }
}

/// Returns the characters of little-endian UTF-16.
pub(super) fn utf16_le(bytes: &[u8]) -> impl Iterator<Item = char> + '_ {
    utf16(bytes, u16::from_le_bytes)
}

/// Returns the characters of UTF-16, a replacement for each unit that is none.
fn utf16(bytes: &[u8], join: fn([u8; 2]) -> u16) -> impl Iterator<Item = char> + '_ {
    let units = bytes.chunks_exact(2).map(move |pair| join([pair[0], pair[1]]));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// The bytes that git itself looks at to call a file binary.
const SAMPLE: usize = 8000;

/// Returns whether nearly every byte at `offset` of each pair is zero and hardly any other is.
fn is_utf16(bytes: &[u8], offset: usize) -> bool {
    let sample = &bytes[..bytes.len().min(SAMPLE) & !1];
    let pairs = sample.len() / 2;
    if pairs < 4 {
        return false;
    }
    let zeros = |at: usize| sample.chunks_exact(2).filter(|pair| pair[at] == 0).count();
    zeros(offset) * 10 >= pairs * 9 && zeros(1 - offset) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(text: &str, join: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(join).collect()
    }

    #[test]
    fn utf_16_is_decoded_with_and_without_a_mark() {
        let text = "key = \"välue\"\nnext";
        let le = encode(text, u16::to_le_bytes);
        let be = encode(text, u16::to_be_bytes);
        assert_eq!(decode(&le).0, text.as_bytes());
        assert_eq!(decode(&be).0, text.as_bytes());
        assert_eq!(decode(&[&[0xFF, 0xFE], &le[..]].concat()).0, text.as_bytes());
        assert_eq!(decode(&[&[0xFE, 0xFF], &be[..]].concat()).0, text.as_bytes());
    }

    #[test]
    fn other_bytes_are_borrowed() {
        assert!(matches!(decode(b"plain"), (Cow::Borrowed(b"plain"), false)));
        assert!(matches!(decode(b"\x7fELF\0\0\0\0\x01\x02\x03"), (Cow::Borrowed(_), true)));
        assert_eq!(decode(b""), (Cow::Borrowed(&b""[..]), false));
        assert_eq!(decode(b"\xff\xfe").0, &b""[..]);
    }
}
