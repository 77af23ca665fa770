//! HTML and XML entities: `&quot;`, `&#34;`, `&#x22;`.

use super::escape::{Escape, is_quote_of_data};
use crate::finding::Span;

/// The names whose characters keys and their surroundings are made of.
const NAMES: &[(&str, u8)] = &[
    ("NewLine", b'\n'),
    ("Tab", b'\t'),
    ("amp", b'&'),
    ("apos", b'\''),
    ("ast", b'*'),
    ("bsol", b'\\'),
    ("colon", b':'),
    ("comma", b','),
    ("commat", b'@'),
    ("dollar", b'$'),
    ("equals", b'='),
    ("excl", b'!'),
    ("grave", b'`'),
    ("gt", b'>'),
    ("lbrace", b'{'),
    ("lbrack", b'['),
    ("lcub", b'{'),
    ("lowbar", b'_'),
    ("lpar", b'('),
    ("lsqb", b'['),
    ("lt", b'<'),
    ("nbsp", b' '),
    ("num", b'#'),
    ("percnt", b'%'),
    ("period", b'.'),
    ("plus", b'+'),
    ("quest", b'?'),
    ("quot", b'"'),
    ("rbrace", b'}'),
    ("rbrack", b']'),
    ("rcub", b'}'),
    ("rpar", b')'),
    ("rsqb", b']'),
    ("semi", b';'),
    ("sol", b'/'),
    ("vert", b'|'),
];

/// The longest of the names, and of the numbers that are read.
const LEN_MAX: usize = 8;

/// Reads the entity at `start`.
pub(super) fn read(text: &[u8], start: usize) -> Option<Escape> {
    let rest = &text[start + 1..];
    // `&&` and `&self` end here, long before a semicolon.
    let is_inside = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'#';
    let len = rest.iter().take(LEN_MAX).take_while(is_inside).count();
    if len < 2 || rest.get(len) != Some(&b';') {
        return None;
    }
    let (body, whole) = (&rest[..len], len + 2);
    if let Some(number) = body.strip_prefix(b"#") {
        return numeric(number).map(|char| Escape::char(whole, char));
    }
    let found = NAMES.binary_search_by(|(name, _)| name.as_bytes().cmp(body)).ok()?;
    Some(Escape::byte(whole, NAMES[found].1))
}

/// Returns whether decoding this escape could change what is found.
///
/// Documentation is full of `&lt;`, `&amp;` and `&#39;`, so these must be about data.
pub(super) fn is_telling(text: &[u8], span: &Span, escape: &Escape) -> bool {
    let after = &text[span.end..];
    match escape.bytes() {
        b"\"" | b"'" => is_quote_of_data(text, span),
        b"<" => after.starts_with(b"/"),
        b"&" => {
            let name =
                after.iter().take(32).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_');
            let behind = after.get(name.count());
            after.starts_with(b"#") || matches!(behind, Some(b'=' | b';'))
        }
        b">" | b"\n" | b"\t" => false,
        b" " => text[span.start + 1] == b'#',
        _ => escape.is_printable(),
    }
}

/// `34` or `x22`
fn numeric(body: &[u8]) -> Option<char> {
    let text = std::str::from_utf8(body).ok()?;
    let number = match text.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    char::from_u32(number.ok()?)
}
