//! Makes bytes readable: UTF-16 to UTF-8, and is it text at all?

use std::borrow::Cow;
use std::ops::Range;

use super::FileKind;

/// Decodes UTF-16 and UTF-32, whole files and pieces of others, and tells binary files.
///
/// A file may be half of it: `>` of PowerShell writes UTF-16, and the next program appends its
/// bytes. So what is no UTF-16 from end to end is left as it is but for the pieces in which Latin
/// characters stand between zeros, as in the strings of a Windows program too.
///
/// Lines stay lines, so locations in the decoded text are locations in the file.
pub fn decode(bytes: &[u8]) -> (Cow<'_, [u8]>, bool) {
    let mark = mark_len(bytes);
    // Nearly all files end here: a zero is what UTF-16 and binary files have in common.
    if mark == 0 && memchr::memchr(0, bytes).is_none() {
        return (Cow::Borrowed(bytes), false);
    }
    if let Some(text) = whole_utf16(bytes) {
        return (Cow::Owned(text.into_bytes()), false);
    }
    let rest = &bytes[mark..];
    let text = match mark {
        0 if !may_hold_piece(rest) => None,
        0 => narrow(rest, PIECE_MIN),
        _ => narrow(rest, 1),
    };
    let text = text.map_or(Cow::Borrowed(rest), Cow::Owned);
    let is_binary = memchr::memchr(0, &text[..text.len().min(SAMPLE)]).is_some();
    (text, is_binary)
}

/// Returns the length of a byte order mark that stands for zeros in the text.
fn mark_len(bytes: &[u8]) -> usize {
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => 4,
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => 2,
        _ => 0,
    }
}

/// Returns the text of a file that is UTF-16 by its mark or evidently, and nothing else.
fn whole_utf16(bytes: &[u8]) -> Option<String> {
    let (rest, join): (_, fn([u8; 2]) -> u16) = match bytes {
        [0xFF, 0xFE, rest @ ..] => (rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => (rest, u16::from_be_bytes),
        _ if is_utf16(bytes, 1) => (bytes, u16::from_le_bytes),
        _ if is_utf16(bytes, 0) => (bytes, u16::from_be_bytes),
        _ => return None,
    };
    if rest.len() % 2 != 0 || has_narrow_text(rest) {
        return None;
    }
    let text: String = utf16(rest, join).collect();
    (!text.contains(['\0', char::REPLACEMENT_CHARACTER])).then_some(text)
}

/// So many ASCII bytes without a zero are no UTF-16: as units, they would be rare Chinese.
const NARROW_MIN: usize = 16;

fn has_narrow_text(bytes: &[u8]) -> bool {
    let is_ascii = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    bytes.split(|byte| !is_ascii(byte)).any(|run| run.len() >= NARROW_MIN)
}

/// Fewer characters between zeros are numbers of a binary file.
const PIECE_MIN: usize = 12;

/// Returns whether a piece of [`PIECE_MIN`] characters may stand in the text: wherever it does, it
/// fills two of these words in a row, and each second byte of them is zero. Of most pictures and
/// archives no word passes, and nobody looks at their zeros.
fn may_hold_piece(bytes: &[u8]) -> bool {
    const { assert!(PIECE_MIN * 2 >= 3 * 8) };
    const EVEN: u64 = u64::from_le_bytes([0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0]);
    let mut before = (false, false);
    bytes.as_chunks::<8>().0.iter().any(|word| {
        let word = u64::from_le_bytes(*word);
        let here = (word != 0 && word & EVEN == 0, word != 0 && word & !EVEN == 0);
        let is_both = (before.0 && here.0) || (before.1 && here.1);
        before = here;
        is_both
    })
}

/// Writes the pieces of UTF-16 and UTF-32 as UTF-8; `None` if there are none.
fn narrow(bytes: &[u8], least: usize) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let (mut done, mut at) = (0, 0);
    while let Some(found) = memchr::memchr(0, &bytes[at..]) {
        let zero = at + found;
        let zeros = bytes[zero..].iter().position(|byte| *byte != 0);
        let behind = zero + zeros.unwrap_or(bytes.len() - zero);
        // Behind the first character of any piece, another zero stands at the same place.
        let may_go_on = least < 2 || bytes.get(behind + 1) == Some(&0);
        let piece = may_go_on.then(|| piece_at(&bytes[done..], zero - done..behind - done, least));
        match piece.flatten() {
            Some(piece) => {
                text.extend(&bytes[done..done + piece.start]);
                let units = bytes[done + piece.start..].chunks_exact(piece.width);
                let chars = units.take(piece.count).map(|unit| char::from(unit[piece.place]));
                let mut utf8 = [0; 4];
                chars.for_each(|c| text.extend(c.encode_utf8(&mut utf8).as_bytes()));
                done += piece.start + piece.count * piece.width;
                at = done;
            }
            None => at = behind,
        }
    }
    (done > 0).then(|| {
        text.extend(&bytes[done..]);
        text
    })
}

/// Characters of one byte among zeros.
struct Piece {
    start: usize,
    count: usize,
    /// How many bytes each character takes.
    width: usize,
    /// Which of them is not zero.
    place: usize,
}

/// Returns the piece whose first zeros are these.
fn piece_at(bytes: &[u8], zeros: Range<usize>, least: usize) -> Option<Piece> {
    let is_char = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r' | 0xA0..);
    let layouts = [
        (zeros.start.checked_sub(1), 4, 0),
        (zeros.end.checked_sub(3), 4, 3),
        (zeros.start.checked_sub(1), 2, 0),
        (zeros.end.checked_sub(1), 2, 1),
    ];
    layouts.into_iter().find_map(|(start, width, place)| {
        let start = start?;
        let is_unit = |unit: &&[u8]| {
            let others = unit.iter().enumerate().all(|(at, byte)| at == place || *byte == 0);
            others && is_char(unit[place])
        };
        let count = bytes[start..].chunks_exact(width).take_while(is_unit).count();
        (count >= least).then_some(Piece { start, count, width, place })
    })
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
    fn pieces_are_decoded_between_other_bytes() {
        let wide = |text: &str, unit: fn(char) -> Vec<u8>| text.chars().flat_map(unit).collect();
        let units: [fn(char) -> Vec<u8>; 4] = [
            |c| (c as u16).to_le_bytes().to_vec(),
            |c| (c as u16).to_be_bytes().to_vec(),
            |c| (c as u32).to_le_bytes().to_vec(),
            |c| (c as u32).to_be_bytes().to_vec(),
        ];
        let marks: [&[u8]; 4] = [b"\xFF\xFE", b"\xFE\xFF", b"\xFF\xFE\0\0", b"\0\0\xFE\xFF"];
        for (unit, mark) in units.into_iter().zip(marks) {
            let (first, second): (Vec<u8>, Vec<u8>) =
                (wide("the mode = ä\n", unit), wide("x", unit));
            let key = "key = \"value of some length\"\n";
            let decoded = |parts: &[&[u8]]| {
                let bytes = parts.concat();
                let (text, is_binary) = decode(&bytes);
                assert!(!is_binary, "{bytes:?}");
                String::from_utf8(text.into_owned()).unwrap()
            };
            assert_eq!(decoded(&[&first]), "the mode = ä\n");
            assert_eq!(decoded(&[mark, &first]), "the mode = ä\n");
            assert_eq!(decoded(&[key.as_bytes(), &first]), key.to_owned() + "the mode = ä\n");
            assert_eq!(decoded(&[&first, key.as_bytes()]), "the mode = ä\n".to_owned() + key);
            assert_eq!(decoded(&[mark, &second, key.as_bytes()]), "x".to_owned() + key);
            assert_eq!(decoded(&[&first, key.as_bytes(), &first]).matches("mode").count(), 2);
        }
        // Text in another script has no zeros; what is Latin in it can be read.
        let text: Vec<u8> = encode("это файл настроек\nKEY=value of it\n", u16::to_le_bytes);
        assert!(decode(&text).0.windows(16).any(|part| part == b"\nKEY=value of it"));
        let text = [b"\xFF\xFE", &text[..]].concat();
        assert_eq!(decode(&text).0, "это файл настроек\nKEY=value of it\n".as_bytes());
    }

    #[test]
    fn the_strings_of_a_binary_file_are_decoded() {
        let wide = encode("a string of a program", u16::to_le_bytes);
        let file = [b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xFF\xFF\0\0", &wide[..], &[0; 40]].concat();
        let (text, is_binary) = decode(&file);
        assert!(is_binary && text.windows(21).any(|part| part == b"a string of a program"));
    }

    #[test]
    fn other_bytes_are_borrowed() {
        assert!(matches!(decode(b"plain"), (Cow::Borrowed(b"plain"), false)));
        assert!(matches!(decode(b"\x7fELF\0\0\0\0\x01\x02\x03"), (Cow::Borrowed(_), true)));
        assert_eq!(decode(b""), (Cow::Borrowed(&b""[..]), false));
        assert_eq!(decode(b"\xff\xfe").0, &b""[..]);
    }
}
