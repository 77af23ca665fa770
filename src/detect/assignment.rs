//! The generic search: a name that says "secret", an operator, and a value that looks like one.
//!
//! A bare word behind `password =` is a value in `.env` and an identifier in Python, so what counts
//! as a value depends on the kind of file. A generic finding must earn its place: without a random
//! value, or a password with more than letters, it stays at low confidence.

use super::judge::{self, Suppression};
use super::random::looks_random;
use super::{FileKind, Text};
use crate::finding::{Confidence, Span};
use crate::rule::Rule;

/// A value assigned to a telling name.
pub(super) struct Assigned {
    pub(super) secret: Span,
    pub(super) confidence: Confidence,
    pub(super) suppression: Option<Suppression>,
}

const VALUE_MAX: usize = 200;
const SPACES_MAX: usize = 8;

/// Finds the assignments whose name starts inside `range`.
pub(super) fn find(rule: &Rule, text: &Text<'_>, range: Span) -> Vec<Assigned> {
    if matches!(text.kind, FileKind::Lock | FileKind::Binary) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = range.start;
    while let Some(name) = next_name(text.bytes, at, range.end) {
        at = name.end;
        let Some(kind) = NameKind::of(&text.bytes[name.clone()], rule) else { continue };
        let Some(value) = value_behind(text, name.end) else { continue };
        if value.span.len() < 8 || value.span.len() > VALUE_MAX {
            continue;
        }
        at = at.max(value.span.end);
        let secret = value.span.clone();
        let (confidence, suppression) = match weigh(kind, &value, &text.bytes[secret.clone()]) {
            Ok(confidence) => (confidence, None),
            Err(why) => (Confidence::Low, Some(why)),
        };
        found.push(Assigned { secret, confidence, suppression });
    }
    found
}

fn next_name(text: &[u8], from: usize, end: usize) -> Option<Span> {
    let start = (from..end).find(|&at| is_name(text[at]))?;
    let len = text[start..].iter().take(120).take_while(|byte| is_name(**byte)).count();
    Some(start..start + len)
}

pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// What a name promises.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NameKind {
    /// Chosen by a person: may be short, is rarely random.
    Password,
    /// Made by a machine: long and random.
    Key,
}

/// Words behind the telling one that do not change what the value is.
const QUALIFIERS: &[&str] = &[
    "prod",
    "production",
    "dev",
    "development",
    "stage",
    "staging",
    "test",
    "live",
    "value",
    "string",
    "text",
    "plain",
    "raw",
    "old",
    "new",
    "primary",
    "secondary",
    "default",
    "env",
];

impl NameKind {
    fn of(name: &[u8], rule: &Rule) -> Option<NameKind> {
        let folded = name.to_ascii_lowercase();
        if !rule
            .keywords
            .iter()
            .any(|word| memchr::memmem::find(&folded, word.as_bytes()).is_some())
        {
            return None;
        }
        let words = split_words(name);
        // `hashed_secret` of a detect-secrets baseline names a hash, not what was hashed.
        if words.iter().any(|word| word == "hashed") {
            return None;
        }
        let mut words = &words[..];
        while let [rest @ .., last] = words {
            let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
            if rest.is_empty() || !(is_number || QUALIFIERS.contains(&last.as_str())) {
                break;
            }
            words = rest;
        }
        let last = words.last()?.as_str();
        let before = words.len().checked_sub(2).map_or("", |index| words[index].as_str());
        match last {
            "password" | "passwd" | "pwd" | "passphrase" | "pass" | "passw" | "pw" => {
                Some(NameKind::Password)
            }
            "secret" | "token" | "apikey" | "secretkey" | "accesskey" | "authkey" | "authtoken"
            | "accesstoken" | "credential" | "credentials" | "clientsecret" | "apitoken"
            | "apisecret" | "privatekey" | "accountkey" | "sharedaccesskey" => Some(NameKind::Key),
            "key" if is_key_word(before) => Some(NameKind::Key),
            _ if last.ends_with("password") || last.ends_with("passwd") => Some(NameKind::Password),
            _ => None,
        }
    }
}

fn is_key_word(word: &str) -> bool {
    matches!(
        word,
        "api"
            | "access"
            | "secret"
            | "auth"
            | "private"
            | "signing"
            | "encryption"
            | "account"
            | "master"
            | "service"
            | "subscription"
            | "shared"
            | "storage"
            | "admin"
            | "session"
    )
}

/// Splits `openaiApiKey`, `OPENAI_API_KEY` and `openai.api-key` into small-letter words.
pub(super) fn split_words(name: &[u8]) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut previous = b'_';
    for (index, &byte) in name.iter().enumerate() {
        if !byte.is_ascii_alphanumeric() {
            words.push(String::new());
        } else {
            let next_is_lower = name.get(index + 1).is_some_and(u8::is_ascii_lowercase);
            let is_hump = byte.is_ascii_uppercase()
                && (previous.is_ascii_lowercase()
                    || (previous.is_ascii_uppercase() && next_is_lower));
            if is_hump {
                words.push(String::new());
            }
            let word = words.last_mut().expect("starts with one");
            word.push(char::from(byte.to_ascii_lowercase()));
        }
        previous = byte;
    }
    words.retain(|word| !word.is_empty());
    words
}

struct Value {
    span: Span,
    is_quoted: bool,
    kind: FileKind,
}

/// Returns the value behind a name that ends at `at`, if an operator joins them.
fn value_behind(text: &Text<'_>, at: usize) -> Option<Value> {
    let bytes = text.bytes;
    let mut at = at;
    // The name's own closing quote and bracket: `"password": …`, `env["PASSWORD"] = …`.
    at += bytes[at..]
        .iter()
        .take(3)
        .take_while(|b| matches!(b, b'"' | b'\'' | b'`' | b']' | b'\\'))
        .count();
    at = skip_spaces(bytes, at);
    let rest = &bytes[at..];
    at += match rest {
        [b'=', b'=' | b'~', ..] | [b':', b':', ..] => return None,
        [b':' | b'?' | b'|' | b'+', b'=', ..] | [b'=' | b'-', b'>', ..] => 2,
        [b'=' | b':' | b'(' | b',' | b'>', ..] => 1,
        [b' ', ..] => 0,
        _ => return None,
    };
    at = skip_spaces(bytes, skip_type(bytes, at));
    // A string prefix as in Python, C++ or Rust, and an escaped quote inside a string.
    if let [b'r' | b'b' | b'u' | b'L' | b'@', b'"' | b'\'', ..] = &bytes[at..] {
        at += 1;
    }
    if let [b'\\', b'"' | b'\'', ..] = &bytes[at..] {
        at += 1;
    }
    let first = *bytes.get(at)?;
    let rest = &bytes[at..];
    if matches!(first, b'"' | b'\'' | b'`') {
        let start = at + 1;
        let len = bytes[start..]
            .iter()
            .take(VALUE_MAX + 1)
            .position(|byte| *byte == first || *byte == b'\n')?;
        let is_closed = bytes[start + len] == first;
        let escape = usize::from(bytes[start..start + len].ends_with(b"\\"));
        let span = start..start + len - escape;
        return is_closed.then_some(Value { span, is_quoted: true, kind: text.kind });
    }
    let is_tag = bytes[..at].ends_with(b">");
    if !text.kind.has_bare_values() && !is_tag {
        return None;
    }
    let is_end = |byte: &u8| {
        byte.is_ascii_whitespace()
            || matches!(byte, b'"' | b'\'' | b'`' | b';' | b',' | b'<' | b')')
    };
    let len = rest.iter().take(VALUE_MAX + 1).position(is_end).unwrap_or(rest.len());
    Some(Value { span: at..at + len, is_quoted: false, kind: text.kind })
}

/// Skips a type between name and value, as in `key: &str = "…"`.
fn skip_type(bytes: &[u8], at: usize) -> usize {
    let len = bytes[at..]
        .iter()
        .take(40)
        .take_while(|b| {
            b.is_ascii_alphanumeric()
                || matches!(b, b' ' | b'&' | b'_' | b'[' | b']' | b'?' | b'\'')
        })
        .count();
    match &bytes[at + len..] {
        [b'=', next, ..] if len > 0 && *next != b'=' && *next != b'>' => at + len + 1,
        _ => at,
    }
}

fn skip_spaces(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take(SPACES_MAX).take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// Returns how sure a value makes us, or why it is no secret.
fn weigh(kind: NameKind, value: &Value, bytes: &[u8]) -> Result<Confidence, Suppression> {
    judge::is_real(bytes)?;
    let count = |test: fn(&u8) -> bool| bytes.iter().filter(|byte| test(byte)).count();
    let (digits, lower, upper) =
        (count(u8::is_ascii_digit), count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
    let symbols = bytes.len() - digits - lower - upper;
    let is_text = bytes.iter().any(u8::is_ascii_whitespace) || is_path(bytes) || is_call(bytes);
    if is_text || digits == bytes.len() {
        return Err(Suppression::NotRandom);
    }
    let is_random = bytes.len() >= 16 && looks_random(bytes) && symbols * 4 <= bytes.len();
    if is_random && !is_uuid(bytes) {
        return Ok(Confidence::Medium);
    }
    let classes = [digits, lower, upper, symbols].iter().filter(|count| **count > 0).count();
    let is_strong_password = kind == NameKind::Password
        && classes >= 3
        && digits > 0
        && symbols * 2 <= bytes.len()
        && (value.is_quoted || value.kind.has_bare_values());
    match (is_strong_password, digits > 0 && lower + upper > 0) {
        (true, _) => Ok(Confidence::Medium),
        (false, true) => Ok(Confidence::Low),
        (false, false) => Err(Suppression::NotRandom),
    }
}

fn is_path(bytes: &[u8]) -> bool {
    bytes.starts_with(b"/")
        || bytes.starts_with(b"./")
        || bytes.starts_with(b"~")
        || memchr::memmem::find(bytes, b"://").is_some()
        || bytes.iter().filter(|byte| **byte == b'/').count() >= 3
}

fn is_call(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| matches!(byte, b'(' | b')' | b'{' | b'}' | b'[' | b']'))
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{RuleSet, expand};

    fn found(path: &str, example: &str) -> Vec<(String, Confidence)> {
        let rules = RuleSet::builtin();
        let rule = rules.by_id("generic-assignment").unwrap();
        let text = expand(example, 5).unwrap().text;
        let text = Text { bytes: text.as_bytes(), kind: FileKind::of_path(path.as_bytes()) };
        find(rule, &text, 0..text.bytes.len())
            .into_iter()
            .filter(|assigned| assigned.suppression.is_none())
            .map(|assigned| {
                let value = &text.bytes[assigned.secret];
                (String::from_utf8_lossy(value).into_owned(), assigned.confidence)
            })
            .collect()
    }

    #[test]
    fn splits_names() {
        assert_eq!(split_words(b"openaiAPIKey"), ["openai", "api", "key"]);
        assert_eq!(split_words(b"OPENAI_API_KEY"), ["openai", "api", "key"]);
        assert_eq!(split_words(b"a.b-c"), ["a", "b", "c"]);
    }

    #[test]
    fn finds_values_in_many_dialects() {
        for (path, example) in [
            ("a.py", "api_key = \"{{alnum 32}}\""),
            ("a.py", "client_secret: str = '{{hex 32}}'"),
            ("a.rs", "const API_KEY: &str = \"{{alnum 32}}\";"),
            ("a.json", "{\"auth_token\": \"{{alnum 32}}\"}"),
            (".env", "SECRET_KEY={{hex 40}}"),
            ("a.yml", "db:\n  password: kV7{{alnum 12}}!"),
            ("a.xml", "<password>kV7{{alnum 20}}</password>"),
            ("a.go", "apiSecret := \"{{alnum 32}}\""),
            ("a.rb", ":access_token => '{{alnum 32}}'"),
            ("a.js", "headers['x-api-key'] = '{{alnum 32}}'"),
        ] {
            let values = found(path, example);
            assert_eq!(values.len(), 1, "{path}: {example}");
            assert_eq!(values[0].1, Confidence::Medium, "{path}: {example}");
        }
    }

    #[test]
    fn stays_quiet_where_no_value_stands() {
        for (path, example) in [
            ("a.py", "password = get_password_from_vault_1()"),
            ("a.py", "if token == \"{{alnum 32}}\": pass"),
            ("a.py", "max_tokens = \"{{alnum 32}}\""),
            ("a.py", "password = os.environ[\"DB_PASSWORD\"]"),
            ("a.yml", "secret: ${{ secrets.DEPLOY_KEY }}"),
            ("a.yml", "token: $CI_JOB_TOKEN"),
            ("a.py", "token_url = \"https://auth.example.com/token\""),
            ("Cargo.lock", "token = \"{{alnum 32}}\""),
            (".secrets.baseline", "{\"hashed_secret\": \"{{hex 40}}\"}"),
        ] {
            assert_eq!(found(path, example), [], "{path}: {example}");
        }
    }
}
