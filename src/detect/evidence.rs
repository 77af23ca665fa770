//! What the surroundings of a value say about it.
//!
//! A key without a shape (32 hex digits, a UUID) is a key because of where it stands: assigned to
//! `MISTRAL_API_KEY`, sent in a header to the vendor's host, handed to the vendor's client. The same
//! digits behind `sha256:` are not. Content cannot tell the two apart, so the rule for such a key
//! asks here. Nothing is parsed: languages differ too much; what stands directly left of the value
//! is read backwards, up to a name.

use super::Suppression;
use super::boundary::is_escape;
use crate::finding::{Confidence, Span};
use crate::rule::Rule;

/// How a value is joined to what stands left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    /// `name = value`, `name: value`, `<name>value`, `name value` behind `ENV` or `--`.
    Assigned,
    /// `Bearer value` and its kin.
    Scheme,
    /// `?name=value`.
    Query,
    /// `name(value`.
    Argument,
    /// Nothing that joins.
    Loose,
}

/// What stands left of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Surroundings {
    joint: Joint,
    /// The name that the value is given to; empty if there is none.
    name: Span,
}

/// How far left of a value its name may end, in bytes: quotes, operators, spaces, a type.
const JOINT_MAX: usize = 64;
const NAME_MAX: usize = 100;

/// How far back a name such as `value:` or `default =` looks for the name that it stands for.
const STANDS_FOR_BYTES: usize = 300;
const STANDS_FOR_LINES: usize = 4;

/// Words that say "credential" in a name.
const KEY_WORDS: &[&str] = &[
    "key",
    "keys",
    "apikey",
    "token",
    "tokens",
    "secret",
    "secrets",
    "auth",
    "authorization",
    "bearer",
    "password",
    "passwd",
    "pwd",
    "pass",
    "credential",
    "credentials",
    "cred",
    "creds",
    "pat",
    "api",
    "hmac",
    "seed",
    "jwt",
    "oauth",
    "access",
    "skey",
    "sk",
    "login",
    "webhook",
    "hook",
    "dsn",
];

/// Words that say "not a credential", whatever else the name says.
const OTHER_WORDS: &[&str] = &[
    "hash",
    "hashed",
    "sha",
    "sha1",
    "sha256",
    "sha384",
    "sha512",
    "md5",
    "digest",
    "checksum",
    "integrity",
    "commit",
    "rev",
    "revision",
    "etag",
    "uuid",
    "guid",
    "fingerprint",
    "checksums",
    "public",
    "pub",
    "publishable",
    "id",
    "ids",
    "url",
    "uri",
    "path",
    "file",
    "filename",
    "nonce",
    "cursor",
    "page",
    "csrf",
    "xsrf",
    "ref",
    "tree",
    "blob",
    "parent",
    "trace",
    "span",
    "message",
    "model",
    "version",
    "idempotency",
    "cache",
    "tokenizer",
    "signature",
    "sig",
    "thumbprint",
    "hexsha",
    "sri",
    "salt",
    "iv",
];

/// Names that say nothing: the name that counts stands further back.
const NEUTRAL_NAMES: &[&str] = &[
    "value",
    "default",
    "val",
    "data",
    "content",
    "text",
    "string",
    "defaultvalue",
    "current",
    "plaintext",
    "contents",
    "v",
    "literal",
    "stringvalue",
    "default_value",
];

/// Words in front of a credential in an `Authorization` header.
const SCHEMES: &[&str] =
    &["bearer", "token", "key", "apikey", "api-key", "basic", "ssws", "bot", "geniekey", "splunk"];

impl Surroundings {
    /// Reads what stands left of the value.
    pub(super) fn of(text: &[u8], secret: &Span) -> Surroundings {
        let mut left = Left { text, at: secret.start };
        let opened = left.skip_quotes();
        left.skip_spaces();
        let mut joint = Joint::Loose;
        if left.skip_word(SCHEMES) {
            joint = Joint::Scheme;
            left.skip_spaces();
            left.skip_quotes();
            left.skip_spaces();
        }
        let operator = left.skip_operator();
        left.skip_spaces();
        left.skip_closing();
        let name = left.name(operator == Some(b'='));
        let before_name = name.start.checked_sub(1).map(|at| text[at]);
        joint = match (joint, operator) {
            (Joint::Scheme, _) => Joint::Scheme,
            (_, Some(b'=')) if matches!(before_name, Some(b'?' | b'&')) => Joint::Query,
            (_, Some(b'(' | b',' | b'[' | b'{')) => Joint::Argument,
            (_, Some(_)) => Joint::Assigned,
            // `ENV NAME value`, `--api-key value`: only a space joins.
            (_, None) if !name.is_empty() && is_spaced_name(text, &name, opened) => Joint::Assigned,
            _ => Joint::Loose,
        };
        let mut around = Surroundings { joint, name };
        around.resolve_neutral(text);
        around
    }

    /// Replaces `value` in `- name: MISTRAL_API_KEY` / `value: …` by the name it stands for.
    fn resolve_neutral(&mut self, text: &[u8]) {
        let name = fold(&text[self.name.clone()]);
        let last = name.rsplit(|c: char| c == '.' || c == '-').next().unwrap_or(&name);
        if self.joint == Joint::Loose || !NEUTRAL_NAMES.contains(&last) {
            return;
        }
        let mut at = self.name.start;
        let mut lines = 0;
        while at > 0 && self.name.start - at < STANDS_FOR_BYTES && lines < STANDS_FOR_LINES {
            let end = at;
            let start = end - text[..end].iter().rev().take_while(|b| is_name(**b)).count();
            if start == end {
                lines += usize::from(text[end - 1] == b'\n');
                at = end - 1;
                continue;
            }
            if end - start <= NAME_MAX && says_key(&text[start..end]) {
                self.name = start..end;
                return;
            }
            at = start;
        }
    }

    /// Returns whether the value stands where a credential stands.
    fn is_key_position(&self, text: &[u8]) -> bool {
        match self.joint {
            Joint::Scheme => true,
            Joint::Loose => false,
            _ => says_key(&text[self.name.clone()]),
        }
    }

    /// Returns whether the name says that this is something else than a credential.
    pub(super) fn says_other(&self, text: &[u8]) -> bool {
        self.joint != Joint::Loose && says_other(&text[self.name.clone()])
    }
}

/// How well the surroundings of a value fit a rule; a higher rank fits better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    pub(super) rank: u16,
    pub(super) confidence: Confidence,
}

/// Weighs the words of a rule that stand near a value (`words`, in any order).
pub(super) fn weigh(
    rule: &Rule,
    text: &[u8],
    secret: &Span,
    around: &Surroundings,
    words: &[Span],
) -> Result<Fit, Suppression> {
    let name = &around.name;
    let is_named = |word: &Span| word.start < name.end && word.end > name.start;
    let line = line_start(text, secret.start);
    let left = &text[line.max(secret.start.saturating_sub(160))..secret.start];
    if !rule.names.is_empty() {
        let said = [fold(&text[name.clone()]), fold(left)];
        let squeezed = said.map(|text| text.replace(['_', '-', '.', ' '], ""));
        if !rule.names.iter().any(|name| squeezed.iter().any(|text| text.contains(&name[..]))) {
            return Err(Suppression::NoEvidence);
        }
    }
    let Some(rank) = words.iter().map(|word| nearness(text, secret, word, is_named(word))).max()
    else {
        return Err(Suppression::NoEvidence);
    };
    if !rule.is_shapeless {
        return Ok(Fit { rank, confidence: Confidence::High });
    }
    if around.says_other(text) {
        return Err(Suppression::OtherContext);
    }
    let by_name = words.iter().any(is_named) && around.joint != Joint::Loose;
    if around.is_key_position(text) || (by_name && around.joint == Joint::Argument) {
        return Ok(Fit { rank: rank + 100, confidence: Confidence::High });
    }
    // `mistral: …`, `"mistral": "…"`: the vendor's name alone; enough for a value of mixed case.
    let is_telling = is_mixed(&text[secret.clone()]);
    if by_name {
        let confidence = if is_telling { Confidence::Medium } else { Confidence::Low };
        return Ok(Fit { rank: rank + 50, confidence });
    }
    // `# old mistral key VALUE`, `the key is VALUE`: prose on the same line.
    let is_said = split_any(left).any(says_key) && !split_any(left).any(says_hash);
    let is_on_line = words.iter().any(|word| word.start >= line && word.end <= secret.start);
    if is_said && is_on_line {
        return Ok(Fit { rank: rank + 20, confidence: Confidence::Medium });
    }
    let confidence = Confidence::Low;
    if is_telling && is_on_line {
        Ok(Fit { rank, confidence })
    } else {
        Err(Suppression::NoEvidence)
    }
}

/// Nearer words weigh more, those on the left more than those on the right.
fn nearness(text: &[u8], secret: &Span, word: &Span, is_named: bool) -> u16 {
    if is_named {
        return 100;
    }
    let (is_left, between) = if word.start < secret.start {
        (true, word.end.min(secret.start)..secret.start)
    } else {
        (false, secret.end.min(word.start)..word.start)
    };
    let lines = memchr::memchr_iter(b'\n', &text[between.clone()]).count().min(9) as u16;
    let bytes = (between.len() / 16).min(8) as u16;
    90 - 8 * lines - bytes - if is_left { 0 } else { 4 }
}

/// Reads backwards from a value.
struct Left<'a> {
    text: &'a [u8],
    at: usize,
}

impl Left<'_> {
    fn last(&self) -> Option<u8> {
        self.at.checked_sub(1).map(|at| self.text[at])
    }

    /// Skips opening quotes, escaped or not, and a string prefix such as `b` or `r`.
    fn skip_quotes(&mut self) -> bool {
        let start = self.at;
        while let Some(b'"' | b'\'' | b'`' | b'\\') = self.last() {
            self.at -= 1;
        }
        let is_quoted = self.at < start;
        if is_quoted && matches!(self.last(), Some(b'b' | b'r' | b'u' | b'f' | b'L' | b'@')) {
            let before = self.at.checked_sub(2).map(|at| self.text[at]);
            if !before.is_some_and(|byte| byte.is_ascii_alphanumeric()) {
                self.at -= 1;
            }
        }
        is_quoted
    }

    fn skip_spaces(&mut self) {
        let least = self.at.saturating_sub(JOINT_MAX);
        while self.at > least && self.last().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at -= 1;
        }
        // A diff's sign or a `\n` escape ends a line too.
        if self.text[..self.at].ends_with(b"\\n") && is_escape(&self.text[..self.at]) {
            self.at -= 2;
        }
    }

    fn skip_word(&mut self, words: &[&str]) -> bool {
        let word = self.word_back();
        let is_whole = word.start == 0 || !is_name(self.text[word.start - 1]);
        let is_one = is_whole && words.contains(&fold(&self.text[word.clone()]).as_str());
        if is_one {
            self.at = word.start;
        }
        is_one
    }

    fn word_back(&self) -> Span {
        let is_part = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'-';
        let len = self.text[..self.at].iter().rev().take(16).take_while(is_part).count();
        self.at - len..self.at
    }

    /// Skips `=`, `:=`, `=>`, `:`, `(`, `,`, `>` and the like; returns the telling character.
    fn skip_operator(&mut self) -> Option<u8> {
        let first = self.last()?;
        let is_known = matches!(first, b'=' | b':' | b'(' | b',' | b'>' | b'[' | b'{' | b'|');
        if !is_known {
            return None;
        }
        self.at -= 1;
        let mut telling = first;
        if matches!(first, b'=' | b'>') {
            while let Some(byte @ (b':' | b'=' | b'?' | b'|' | b'+' | b'-')) = self.last() {
                telling = if telling == b'>' || byte == b'=' { b'=' } else { telling };
                self.at -= 1;
            }
        }
        if matches!(first, b'[' | b'{') {
            // The list that the value is in belongs to a name: `keys = ["…"`.
            self.skip_spaces();
            if matches!(self.last(), Some(b'=' | b':')) {
                self.at -= 1;
            }
        }
        Some(telling)
    }

    /// Skips what closes a name: `"name"]`, `name)`, `\"name\"`, `<tag attr`.
    fn skip_closing(&mut self) {
        let least = self.at.saturating_sub(6);
        while self.at > least
            && matches!(self.last(), Some(b'"' | b'\'' | b'`' | b']' | b')' | b'\\' | b'*'))
        {
            self.at -= 1;
        }
    }

    /// Returns the name that ends here; `name: Type =` names what stands left of the colon.
    fn name(&mut self, may_be_type: bool) -> Span {
        let name = self.name_back();
        if may_be_type && !name.is_empty() {
            let is_type = |b: &&u8| b.is_ascii_alphanumeric() || b"_ &<>[]?'.,|*".contains(b);
            let len = self.text[..self.at].iter().rev().take(JOINT_MAX).take_while(is_type).count();
            if let Some(at) = (self.at - len).checked_sub(1).filter(|at| self.text[*at] == b':') {
                let typed = Left { text: self.text, at }.name_back();
                if !typed.is_empty() {
                    return typed;
                }
            }
        }
        name
    }

    fn name_back(&self) -> Span {
        let len =
            self.text[..self.at].iter().rev().take(NAME_MAX).take_while(|b| is_name(**b)).count();
        let mut start = self.at - len;
        // `\nNAME=`: the letter of the escape is not part of the name.
        if len > 1
            && is_escape(&self.text[..start + 1])
            && start > 0
            && self.text[start - 1] == b'\\'
        {
            start += 1;
        }
        start..self.at
    }
}

/// Returns whether a name joined by a mere space is one: an option or an `ENV` line.
fn is_spaced_name(text: &[u8], name: &Span, is_quoted: bool) -> bool {
    let written = &text[name.clone()];
    let is_shouted = written.len() >= 6
        && written.contains(&b'_')
        && written.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
    written.starts_with(b"--")
        || written == b"password"
        || is_shouted
        || (is_quoted && says_key(written))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$' | b'@') || byte >= 0x80
}

/// Returns whether a name says that its value is a credential.
fn says_key(name: &[u8]) -> bool {
    let is_key_word = |word: &str| {
        KEY_WORDS.contains(&word)
            || ["key", "token", "secret", "password", "apikey"]
                .iter()
                .any(|end| word.len() > end.len() + 1 && word.ends_with(end) && word != "monkey")
    };
    words(name).iter().any(|word| is_key_word(word))
}

fn says_other(name: &[u8]) -> bool {
    let words = words(name);
    words.iter().any(|word| OTHER_WORDS.contains(&word.as_str()))
}

/// Words that make even a line of prose speak of a hash.
fn says_hash(name: &[u8]) -> bool {
    let hashes = ["sha", "sha1", "sha256", "sha512", "md5", "hash", "digest", "checksum", "commit"];
    words(name).iter().any(|word| hashes.contains(&word.as_str()))
}

fn split_any(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !is_name(*byte)).filter(|word| !word.is_empty())
}

/// Splits `openaiApiKey`, `OPENAI_API_KEY` and `openai.api-key` into small-letter words.
fn words(name: &[u8]) -> Vec<String> {
    super::name::Words::of(name).iter().map(str::to_owned).collect()
}

fn fold(text: &[u8]) -> String {
    String::from_utf8_lossy(text).to_ascii_lowercase()
}

fn line_start(text: &[u8], at: usize) -> usize {
    let from = at.saturating_sub(1000);
    memchr::memrchr(b'\n', &text[from..at]).map_or(from, |found| from + found + 1)
}

/// Returns whether small and capital letters are mixed, which hashes and identifiers are not.
fn is_mixed(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_lowercase)
        && value.iter().any(u8::is_ascii_uppercase)
        && value.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(text: &str) -> (Joint, String) {
        let start = text.find("VALUE").unwrap();
        let found = Surroundings::of(text.as_bytes(), &(start..start + 5));
        (found.joint, text[found.name].to_owned())
    }

    #[test]
    fn the_name_left_of_a_value() {
        for (text, joint, name) in [
            ("api_key = VALUE", Joint::Assigned, "api_key"),
            ("api_key: str = \"VALUE\"", Joint::Assigned, "api_key"),
            ("const KEY: &'static str = \"VALUE\"", Joint::Assigned, "KEY"),
            ("apiKey := \"VALUE\"", Joint::Assigned, "apiKey"),
            (":api_key => 'VALUE'", Joint::Assigned, "api_key"),
            ("os.environ[\"A_KEY\"] = \"VALUE\"", Joint::Assigned, "A_KEY"),
            ("{\\\"a_key\\\": \\\"VALUE\\\"}", Joint::Assigned, "a_key"),
            ("<apiKey>VALUE</apiKey>", Joint::Assigned, "apiKey"),
            ("https://x/?api_key=VALUE", Joint::Query, "api_key"),
            ("Authorization: Bearer VALUE", Joint::Scheme, "Authorization"),
            ("\"Authorization\": f\"Bearer VALUE\"", Joint::Scheme, "Authorization"),
            ("Mistral(\"VALUE\")", Joint::Argument, "Mistral"),
            ("setenv(\"A_KEY\", \"VALUE\")", Joint::Argument, "A_KEY"),
            ("ENV A_API_KEY VALUE", Joint::Assigned, "A_API_KEY"),
            ("tool --api-key VALUE", Joint::Assigned, "--api-key"),
            ("x\\nA_KEY=VALUE\\n", Joint::Assigned, "A_KEY"),
            ("see VALUE", Joint::Loose, "see"),
        ] {
            assert_eq!(around(text), (joint, name.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_neutral_name_stands_for_another() {
        for text in [
            "- name: A_API_KEY\n  value: VALUE",
            "variable \"a_api_key\" {\n  type = string\n  default = \"VALUE\"",
            "<add key=\"a.api-key\" value=\"VALUE\"/>",
        ] {
            let (_, name) = around(text);
            assert!(says_key(name.as_bytes()) && name.starts_with(['A', 'a']), "{text}: {name}");
        }
    }

    #[test]
    fn names_say_what_a_value_is() {
        for name in ["MISTRAL_API_KEY", "apiKey", "mistralkey", "x-api-key", "authToken", "skey"] {
            assert!(says_key(name.as_bytes()), "{name}");
        }
        for name in ["commit_sha", "request_id", "integrity", "key_hash", "public_key"] {
            assert!(says_other(name.as_bytes()), "{name}");
        }
        assert!(!says_key(b"monkey") && !says_other(b"api_key"));
    }
}
