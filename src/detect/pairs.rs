//! Names and values, as they stand in files that hold little else.
//!
//! Environment files, INI, TOML, YAML, JSON, `.netrc`, `.npmrc` and passwords in URLs, read without
//! asking which of them it is: a credential file is small, of any dialect, and often not quite what
//! its name says. This is no parser of any of them. What it reads too much of, its callers' measure
//! of a value drops; a value over several lines it does not see.

use std::borrow::Cow;

use crate::finding::Span;

/// A name and what it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    /// The name, without quotes; `password` where the place itself says so.
    pub name: &'a [u8],
    /// The value, without quotes and escapes.
    pub value: Cow<'a, [u8]>,
    /// Where the value stands.
    pub span: Span,
    /// Whether the place says that it is a password, whatever the name.
    pub is_password: bool,
}

/// The longest value that is taken for one.
const VALUE_MAX: usize = 4096;

/// Returns the pairs of a text, in order.
pub fn pairs(text: &[u8]) -> Vec<Pair<'_>> {
    let mut found = Vec::new();
    if is_json(text) {
        json_pairs(text, &mut found);
    } else {
        let mut start = 0;
        while start < text.len() {
            let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at);
            line_pairs(text, start..end, &mut found);
            start = end + 1;
        }
    }
    found.retain(|pair| !pair.value.is_empty() && pair.value.len() <= VALUE_MAX);
    found
}

fn is_json(text: &[u8]) -> bool {
    let mut start = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    match start.next() {
        Some(b'{') => true,
        // `[section]` opens a file of settings.
        Some(b'[') => matches!(start.next(), Some(b'{' | b'"')),
        _ => false,
    }
}

/// Every string behind a name, at any depth.
fn json_pairs<'a>(text: &'a [u8], found: &mut Vec<Pair<'a>>) {
    let mut at = 0;
    let mut name: Option<Span> = None;
    while let Some(open) = memchr::memchr(b'"', &text[at..]).map(|open| at + open) {
        let Some(close) = string_end(text, open + 1) else { return };
        let inside = open + 1..close;
        at = close + 1;
        let behind = &text[at..];
        let blank = behind.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if behind.get(blank) == Some(&b':') {
            name = Some(inside);
            at += blank + 1;
            // Whatever is no string ends the name's turn.
            let value = text[at..].iter().find(|byte| !byte.is_ascii_whitespace());
            if value != Some(&b'"') && value != Some(&b'[') {
                name = None;
            }
        } else if let Some(name) = &name {
            let value = unescape(&text[inside.clone()]);
            let name = &text[name.clone()];
            found.push(Pair { name, value, span: inside, is_password: false });
        }
    }
}

fn string_end(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// Undoes the escapes that stand in keys: `\/`, `\"`, `\\` and `\u00XX`.
fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let code = || {
            let digits = text.get(at + 2..at + 6).filter(|_| text.get(at + 1) == Some(&b'u'))?;
            u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        };
        match (byte, code()) {
            (b'\\', Some(code)) => {
                plain.push(code);
                at += 6;
            }
            (b'\\', None) => {
                plain.extend(match text.get(at + 1) {
                    Some(b'n') => Some(b'\n'),
                    Some(b't') => Some(b'\t'),
                    other => other.copied(),
                });
                at += 2;
            }
            (byte, _) => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(plain)
}

fn line_pairs<'a>(text: &'a [u8], line: Span, found: &mut Vec<Pair<'a>>) {
    let line = trim(text, line);
    if line.is_empty() || matches!(text[line.start], b'#' | b';') {
        return;
    }
    let count = found.len();
    logins(text, &line, found);
    url_password(text, &line, b"password", found);
    if found.len() > count {
        return;
    }
    let Some((name, rest)) = split(text, &line) else { return };
    let value = value_span(text, trim(text, rest));
    if url_password(text, &value, name, found) {
        return;
    }
    let bytes = Cow::Borrowed(&text[value.clone()]);
    found.push(Pair { name, value: bytes, span: value, is_password: false });
}

/// `machine example login me password pass`, on one line or several.
fn logins<'a>(text: &'a [u8], line: &Span, found: &mut Vec<Pair<'a>>) {
    let is_login = [&b"machine "[..], b"login ", b"password ", b"default ", b"account "]
        .iter()
        .filter_map(|word| text[line.clone()].strip_prefix(*word))
        .any(|rest| !matches!(rest.trim_ascii_start().first(), None | Some(b'=' | b':')));
    if !is_login {
        return;
    }
    let mut at = line.start;
    let mut is_password = false;
    for word in text[line.clone()].split(u8::is_ascii_whitespace) {
        let span = at..at + word.len();
        at = span.end + 1;
        if word.is_empty() {
            continue;
        }
        if is_password {
            let value = Cow::Borrowed(word);
            found.push(Pair { name: b"password", value, span, is_password: true });
        }
        is_password = !is_password && word == b"password";
    }
}

/// Takes the password of a URL with one, such as `postgres://app:pass@host/db`.
fn url_password<'a>(
    text: &'a [u8],
    part: &Span,
    name: &'a [u8],
    found: &mut Vec<Pair<'a>>,
) -> bool {
    // A line of URLs alone; a name before it is the caller's to find.
    let is_bare = text[part.clone()]
        .iter()
        .take_while(|byte| **byte != b':')
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-'));
    let Some(scheme) = memchr::memmem::find(&text[part.clone()], b"://").filter(|_| is_bare) else {
        return false;
    };
    let start = part.start + scheme + 3;
    let is_end = |byte: &u8| matches!(byte, b'/' | b'?' | b'#' | b' ' | b'"' | b'\'');
    let end = text[start..part.end].iter().position(is_end).map_or(part.end, |len| start + len);
    let Some(at) = memchr::memrchr(b'@', &text[start..end]) else { return false };
    let Some(colon) = memchr::memchr(b':', &text[start..start + at]) else { return false };
    let span = start + colon + 1..start + at;
    let value = Cow::Borrowed(&text[span.clone()]);
    found.push(Pair { name, value, span, is_password: true });
    true
}

/// Splits a line at the first `=` or `: ` behind a name.
fn split<'a>(text: &'a [u8], line: &Span) -> Option<(&'a [u8], Span)> {
    let is_separator = |at: &usize| match text[*at] {
        b'=' => true,
        b':' => text[..line.end].get(at + 1).is_none_or(u8::is_ascii_whitespace),
        _ => false,
    };
    let at = line.clone().find(is_separator)?;
    let mut name = text[line.start..at].trim_ascii();
    for lead in [&b"export "[..], b"set ", b"- ", b"setx "] {
        name = name.strip_prefix(lead).map_or(name, <[u8]>::trim_ascii_start);
    }
    // `//registry.npmjs.org/:_authToken` is called after its end.
    name = &name[memchr::memrchr(b':', name).map_or(0, |colon| colon + 1)..];
    let name = name.trim_ascii();
    let name = name.strip_prefix(b"\"").and_then(|n| n.strip_suffix(b"\"")).unwrap_or(name);
    (!name.is_empty()).then_some((name, at + 1..line.end))
}

/// Takes quotes away, or a comment behind a bare value.
fn value_span(text: &[u8], value: Span) -> Span {
    let quote = text.get(value.start).filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    if let Some(quote) = quote.filter(|_| !value.is_empty()) {
        let inside = value.start + 1..value.end;
        let end = memchr::memchr(*quote, &text[inside.clone()]);
        return inside.start..end.map_or(inside.end, |len| inside.start + len);
    }
    let comment = memchr::memmem::find(&text[value.clone()], b" #");
    trim(text, value.start..comment.map_or(value.end, |len| value.start + len))
}

fn trim(text: &[u8], part: Span) -> Span {
    let bytes = &text[part.clone()];
    let start = part.start + (bytes.len() - bytes.trim_ascii_start().len());
    start..(start + bytes.trim_ascii().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let text_of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        pairs(text.as_bytes())
            .iter()
            .inspect(|pair| {
                // A value without escapes stands where it says.
                let at = &text.as_bytes()[pair.span.clone()];
                assert!(at == &*pair.value || at.contains(&b'\\'), "{text}");
            })
            .map(|pair| (text_of(pair.name), text_of(&pair.value)))
            .collect()
    }

    fn one(name: &str, value: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), value.to_owned())]
    }

    #[test]
    fn reads_the_dialects() {
        for (text, name, value) in [
            ("A_KEY=abc", "A_KEY", "abc"),
            ("export A_KEY='a b' # c", "A_KEY", "a b"),
            ("A=b # c\r\n", "A", "b"),
            ("A=b#c", "A", "b#c"),
            ("A=\"b=c\"", "A", "b=c"),
            ("  aws_secret_access_key = x/y+z=", "aws_secret_access_key", "x/y+z="),
            ("//registry.npmjs.org/:_authToken=t", "_authToken", "t"),
            ("    oauth_token: gho", "oauth_token", "gho"),
            ("- token: \"a\"", "token", "a"),
            ("\"a-key\" = 'b'", "a-key", "b"),
            ("password x y", "password", "x"),
            ("[a]\npassword = x", "password", "x"),
            ("machine h login l password p", "password", "p"),
            ("https://me:p%40ss@host.example", "password", "p%40ss"),
            ("DATABASE_URL=postgres://app:pass@db:5432/x", "DATABASE_URL", "pass"),
            ("URL=https://host/x", "URL", "https://host/x"),
            ("{\"a\": {\"b\":\"c\"}}", "b", "c"),
            ("[{\"a\" : \"x\\/y\\u003d\\\"\"}]", "a", "x/y=\""),
            ("{\"a\":[\"b\"]}", "a", "b"),
        ] {
            assert_eq!(read(text), one(name, value), "{text}");
        }
    }

    #[test]
    fn reads_no_more_than_there_is() {
        let long = format!("A={}", "x".repeat(VALUE_MAX + 1));
        for text in ["", "# A=b", "A=", "[section]", "word", "{\"a", "{\"a\":1,\"b\"}", "\"", &long]
        {
            assert_eq!(read(text), [], "{text:.20}");
        }
        assert_eq!(read("A=b\n\nC=d\n").len(), 2);
        assert_eq!(read("{\"n\": 1, \"a\": \"b\", \"c\": [1], \"d\": \"e\"}").len(), 2);
    }
}
