//! Private keys in files of values: over several lines, or in one with `\n` for the ends of lines.
//!
//! A rule finds a key by its first line. Its body alone, in a test or a template, is the same key and
//! looks like any base64; one line of it is enough to know it again.

/// The shortest line that is nobody else's.
const LINE_MIN: usize = 40;

/// Returns the name and one line of the body of each private key.
///
/// It is the line in the middle: the first ones of many formats are the same in all keys.
pub(super) fn lines(text: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = memchr::memmem::find(&text[at..], b"PRIVATE KEY-----") {
        let start = at + start;
        at = start + b"PRIVATE KEY-----".len();
        let len = memchr::memmem::find(&text[at..], b"-----END").unwrap_or(0);
        let body = &text[at..at + len];
        let parts: Vec<&[u8]> = parts(body).filter(|part| part.len() >= LINE_MIN).collect();
        if let Some(line) = parts.get(parts.len() / 2) {
            found.push((name_before(&text[..start]), *line));
        }
        at += len;
    }
    found
}

/// Splits at everything that is no base64; of `\nMII…` the `n` is none either.
fn parts(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let mut end = 0;
    body.split(move |byte| !is_base64(byte)).map(move |part| {
        let is_escaped = end > 0 && body[end - 1] == b'\\';
        end += part.len() + 1;
        let whole = part.strip_prefix(b"n").filter(|_| is_escaped);
        whole.unwrap_or(part)
    })
}

/// Returns the name to which the key is given, or nothing.
fn name_before(text: &[u8]) -> &[u8] {
    let line = &text[memchr::memrchr(b'\n', text).map_or(0, |at| at + 1)..];
    let Some(end) = memchr::memmem::rfind(line, b"-----BEGIN") else { return b"" };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let end = line[..end].iter().rposition(is_name).map_or(0, |at| at + 1);
    let start = line[..end].iter().rposition(|byte| !is_name(byte)).map_or(0, |at| at + 1);
    &line[start..end]
}
