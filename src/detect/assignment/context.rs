//! What stands around an assignment: the object, section or document that it is a part of.
//!
//! All looks go a bounded way to the left, and only for values that are about to be believed.

use crate::detect::name::Words;
use crate::detect::{FileKind, Text};

/// How far an enclosing `"example": {` may stand before the value.
const EXAMPLE_MAX: usize = 16_000;
/// How far the name of a section may stand before a name in it.
const SECTION_MAX: usize = 400;
/// Where a document says that it describes an interface.
const HEAD: usize = 300;

/// A line of program text that is longer was written by a program: a bundle, a packed script.
const LINE_MAX: usize = 3_000;

/// Returns whether the value at `at` is an example of a description: in an OpenAPI document, or
/// below a key such as `examples` of structured data.
pub(in crate::detect) fn is_example(text: &Text<'_>, at: usize) -> bool {
    if !matches!(text.kind, FileKind::Data(_) | FileKind::Config(_)) {
        return false;
    }
    let head = &text.bytes[..text.bytes.len().min(HEAD)];
    let describes = ["\"openapi\"", "\"swagger\"", "openapi:", "swagger:", "\"examples\""]
        .iter()
        .any(|word| memchr::memmem::find(head, word.as_bytes()).is_some());
    let from = at.saturating_sub(EXAMPLE_MAX);
    describes || is_below_example(&text.bytes[from..at])
}

/// Returns whether the text says "example" directly before the name whose value starts at `at`:
/// `Example: api_key='…'`, `e.g. token=…`.
pub(super) fn is_said_to_be_example(text: &Text<'_>, name: &[u8], at: usize) -> bool {
    let before = &text.bytes[at.saturating_sub(name.len() + SAID_MAX)..at];
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or(before);
    let line = line.to_ascii_lowercase();
    let said = [&b"example "[..], b"example: ", b"example, ", b"e.g. ", b"e.g., "];
    said.iter().any(|word| memchr::memmem::find(&line, word).is_some())
}

/// How far before a name the word may stand, operator and quotes of the value counted.
const SAID_MAX: usize = 16;

/// Returns whether the value stands in a line of program text that no person wrote.
pub(super) fn is_in_bundle(text: &Text<'_>, at: usize) -> bool {
    if !matches!(text.kind, FileKind::Code(_)) {
        return false;
    }
    let before = text.bytes[..at].iter().rev().take(LINE_MAX).take_while(|byte| **byte != b'\n');
    let after = text.bytes[at..].iter().take(LINE_MAX).take_while(|byte| **byte != b'\n');
    before.count() + after.count() >= LINE_MAX
}

/// Climbs from object to object, reading the key of each.
fn is_below_example(before: &[u8]) -> bool {
    let mut depth = 0usize;
    for (at, &byte) in before.iter().enumerate().rev() {
        match byte {
            b'}' | b']' => depth += 1,
            b'{' | b'[' if depth > 0 => depth -= 1,
            b'{' | b'[' if is_example_key(key_before(&before[..at])) => return true,
            _ => {}
        }
    }
    false
}

fn is_example_key(key: &[u8]) -> bool {
    Words::of(key).iter().any(|word| matches!(word, "example" | "examples"))
}

/// Returns the key of `"key": ` at the end of the text.
fn key_before(before: &[u8]) -> &[u8] {
    let Some(rest) = before.trim_ascii_end().strip_suffix(b":") else { return &[] };
    let rest = rest.trim_ascii_end();
    let rest = rest.strip_suffix(b"\"").or_else(|| rest.strip_suffix(b"'")).unwrap_or(rest);
    let is_key = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let len = rest.iter().rev().take(60).take_while(is_key).count();
    &rest[rest.len() - len..]
}

/// Returns the name of the object or section that the name at `at` stands in: `Jwt` of
/// `"Jwt": { "Key": …`, `jwt` of `[jwt]` and of the less indented `jwt:` above.
pub(super) fn section<'a>(text: &Text<'a>, at: usize) -> &'a [u8] {
    let before = &text.bytes[at.saturating_sub(SECTION_MAX)..at];
    let in_braces = || {
        let mut depth = 0usize;
        for (at, &byte) in before.iter().enumerate().rev() {
            match byte {
                b'}' => depth += 1,
                b'{' if depth > 0 => depth -= 1,
                b'{' => return key_before(&before[..at]),
                _ => {}
            }
        }
        &before[..0]
    };
    match text.kind {
        FileKind::Data(_) | FileKind::Code(_) => in_braces(),
        FileKind::Config(_) => in_lines(before),
        _ => &before[..0],
    }
}

/// The nearest line above that is `[name]`, or `name:` with less indentation.
fn in_lines(before: &[u8]) -> &[u8] {
    let indent = |line: &[u8]| line.len() - line.trim_ascii_start().len();
    let mut lines = before.rsplit(|byte| *byte == b'\n');
    let own = lines.next().unwrap_or(before);
    if !own.trim_ascii().is_empty() {
        return &before[..0];
    }
    for line in lines {
        let word = line.trim_ascii();
        if let Some(name) = word.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) {
            return name;
        }
        if indent(line) < own.len()
            && let Some(name) = word.strip_suffix(b":")
        {
            return name;
        }
    }
    &before[..0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_completes_a_name() {
        for (path, text, name) in [
            ("a.json", "{\"Jwt\": {\"Issuer\": \"x\", \"Key\"", "Jwt"),
            ("a.json", "{\"Jwt\": {\"a\": {}}, \"Key\"", ""),
            ("a.yml", "jwt:\n  issuer: x\n  key", "jwt"),
            ("a.yml", "jwt:\n  issuer: x\nkey", ""),
            ("a.ini", "[jwt]\nissuer = x\nkey", "jwt"),
            ("a.js", "const jwt = 1; key", ""),
        ] {
            let at = text.len() - if path == "a.json" { 4 } else { 3 };
            let text = Text { bytes: text.as_bytes(), kind: FileKind::of_path(path.as_bytes()) };
            let found = String::from_utf8_lossy(section(&text, at)).into_owned();
            assert_eq!(found, name, "{path}");
        }
    }

    #[test]
    fn examples_are_told_by_what_encloses_them() {
        assert!(is_below_example(b"{\"examples\": {\"default\": {\"value\": {\"token\": \""));
        assert!(is_below_example(b"{\"example\": [1, {\"a\": {}, \"token\": \""));
        assert!(!is_below_example(b"{\"example\": {\"a\": 1}, \"token\": \""));
        assert!(!is_below_example(b"{\"service\": {\"token\": \""));
    }
}
