//! Reads backwards from a value: quotes, an operator, a name.

use super::words::says_key;
use crate::detect::boundary::is_escape;
use crate::finding::Span;

/// How a value is joined to what stands left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    /// `name = value`, `name: value`, `<name>value`, `name value` behind `ENV` or `--`.
    Assigned,
    /// `Bearer value` and its kin.
    Scheme,
    /// `?name=value`.
    Query,
    /// `name(value`, `name(other, value`.
    Argument,
    /// Nothing that joins.
    Loose,
}

/// What stands left of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::detect) struct Surroundings {
    pub(super) joint: Joint,
    /// The name that the value is given to; empty if there is none.
    pub(super) name: Span,
    /// Whether a quote stands directly left of the value.
    pub(super) is_quoted: bool,
}

/// How far left of a value its name may end, in bytes: quotes, operators, spaces, a type.
const JOINT_MAX: usize = 64;
const NAME_MAX: usize = 100;

/// How far back a name such as `value:` or `default =` looks for the name that it stands for.
const STANDS_FOR_BYTES: usize = 300;
const STANDS_FOR_LINES: usize = 4;

/// How far back a later argument looks for the name of the call.
const CALL_MAX: usize = 200;

/// Names that say nothing: the name that counts stands further back.
#[rustfmt::skip]
const NEUTRAL_NAMES: &[&str] = &[
    "value", "default", "val", "data", "content", "text", "string", "defaultvalue", "current",
    "plaintext", "contents", "v", "literal", "stringvalue", "default_value",
];

/// Words in front of a credential in an `Authorization` header.
#[rustfmt::skip]
const SCHEMES: &[&str] = &[
    "bearer", "token", "key", "apikey", "api-key", "basic", "ssws", "bot", "geniekey", "splunk",
    "oauth", "jwt", "sso", "apitoken", "accesskey", "zoho-oauthtoken", "klaviyo-api-key", "aivenv1",
    "private-token",
];

impl Surroundings {
    /// Reads what stands left of the value.
    pub(in crate::detect) fn of(text: &[u8], secret: &Span) -> Surroundings {
        let mut left = Left { text, at: secret.start };
        let is_quoted = left.skip_quotes();
        left.skip_spaces();
        let is_scheme = left.skip_word(SCHEMES);
        if is_scheme {
            left.skip_spaces();
            left.skip_quotes();
            left.skip_spaces();
        }
        let operator = left.skip_operator(is_quoted);
        let mut around = match operator {
            Some(b',') => left.argument(),
            _ => left.assigned(operator, is_quoted),
        };
        if is_scheme {
            around.joint = Joint::Scheme;
        }
        around.is_quoted = is_quoted;
        around.resolve_neutral(text);
        around
    }

    /// Replaces `value` in `- name: MISTRAL_API_KEY` / `value: …` by the name it stands for.
    fn resolve_neutral(&mut self, text: &[u8]) {
        let name = String::from_utf8_lossy(&text[self.name.clone()]).to_ascii_lowercase();
        let last = name.rsplit(['.', '-']).next().unwrap_or(&name);
        if self.joint == Joint::Loose || !NEUTRAL_NAMES.contains(&last) {
            return;
        }
        let mut at = self.name.start;
        let mut lines = 0;
        while at > 0 && self.name.start - at < STANDS_FOR_BYTES && lines < STANDS_FOR_LINES {
            let end = at;
            let back = text[..end].iter().rev().take(NAME_MAX + 1);
            let start = end - back.take_while(|b| is_name(**b)).count();
            if start == end {
                lines += usize::from(text[end - 1] == b'\n');
                at = end - 1;
            } else if end - start <= NAME_MAX && says_key(&text[start..end]) {
                self.name = start..end;
                return;
            } else {
                at = start;
            }
        }
    }
}

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
        let least = self.at.saturating_sub(16);
        while self.at > least && matches!(self.last(), Some(b'"' | b'\'' | b'`' | b'\\')) {
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
        if self.text[..self.at].ends_with(b"\\n") {
            self.at -= 2;
        }
    }

    fn skip_word(&mut self, words: &[&str]) -> bool {
        let is_part = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'-';
        let len = self.text[..self.at].iter().rev().take(16).take_while(is_part).count();
        let start = self.at - len;
        let word = &self.text[start..self.at];
        let is_whole = start == 0 || !is_name(self.text[start - 1]);
        let is_one =
            is_whole && words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()));
        if is_one {
            self.at = start;
        }
        is_one
    }

    /// Skips `=`, `:=`, `=>`, `:`, `(`, `,`, `>` and the like; returns the telling character.
    fn skip_operator(&mut self, is_quoted: bool) -> Option<u8> {
        let first = self.last()?;
        if !matches!(first, b'=' | b':' | b'(' | b',' | b'>' | b'[' | b'{' | b'|') {
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
        if first == b',' && !is_quoted && self.text.get(self.at + 1) == Some(&b'\n') {
            // A list, one name a line: the line before joins nothing.
            return None;
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

    fn assigned(&mut self, operator: Option<u8>, is_quoted: bool) -> Surroundings {
        self.skip_spaces();
        self.skip_closing();
        let is_call = operator == Some(b'(');
        let name = if is_call { self.call_name() } else { self.name(operator == Some(b'=')) };
        let before_name = name.start.checked_sub(1).map(|at| self.text[at]);
        let joint = match operator {
            Some(b'=') if matches!(before_name, Some(b'?' | b'&')) => Joint::Query,
            Some(b'(' | b'[' | b'{') => Joint::Argument,
            // `Key 1: value`: a number is no name.
            Some(_) if !self.text[name.clone()].iter().any(u8::is_ascii_alphabetic) => Joint::Loose,
            Some(_) => Joint::Assigned,
            // `ENV NAME value`, `--api-key value`: only a space joins.
            None if !name.is_empty() && is_spaced_name(self.text, &name, is_quoted) => {
                Joint::Assigned
            }
            None => Joint::Loose,
        };
        Surroundings { joint, name, is_quoted }
    }

    /// Reads a later argument: `setenv("NAME", value`, or else the name of the call.
    fn argument(&mut self) -> Surroundings {
        self.skip_spaces();
        let is_string = self.skip_closing();
        let first = self.name_back();
        if is_string && says_key(&self.text[first.clone()]) {
            return Surroundings { joint: Joint::Argument, name: first, is_quoted: false };
        }
        let least = self.at.saturating_sub(CALL_MAX);
        let mut depth = 0;
        while self.at > least {
            self.at -= 1;
            match self.text[self.at] {
                b')' | b']' | b'}' => depth += 1,
                b'(' | b'[' | b'{' if depth == 0 => {
                    let name = self.call_name();
                    return Surroundings { joint: Joint::Argument, name, is_quoted: false };
                }
                b'(' | b'[' | b'{' => depth -= 1,
                b';' => break,
                _ => {}
            }
        }
        Surroundings { joint: Joint::Loose, name: first, is_quoted: false }
    }

    /// Skips what closes a name: `"name"]`, `name)`, `\"name\"`, `<tag attr`.
    fn skip_closing(&mut self) -> bool {
        let least = self.at.saturating_sub(6);
        let start = self.at;
        while self.at > least
            && matches!(self.last(), Some(b'"' | b'\'' | b'`' | b']' | b')' | b'\\' | b'*'))
        {
            self.at -= 1;
        }
        self.at < start
    }

    /// Returns the name that ends here; `name: Type =` names what stands left of the colon.
    fn name(&mut self, may_be_type: bool) -> Span {
        let name = self.name_back();
        let before = name.start.checked_sub(1).map(|at| self.text[at]);
        let is_typed =
            may_be_type && !name.is_empty() && !matches!(before, Some(b'?' | b'&' | b','));
        if is_typed {
            let is_type = |b: &&u8| b.is_ascii_alphanumeric() || b"_ &<>[]?'.|*".contains(b);
            let len = self.text[..self.at].iter().rev().take(JOINT_MAX).take_while(is_type).count();
            if let Some(at) = (self.at - len).checked_sub(1).filter(|at| self.text[*at] == b':') {
                let typed = Left { text: self.text, at }.name_back();
                let says = |name: &Span| says_key(&self.text[name.clone()]);
                if !typed.is_empty() && (says(&typed) || !says(&name)) {
                    return typed;
                }
            }
        }
        name
    }

    fn name_back(&self) -> Span {
        let back = self.text[..self.at].iter().rev().take(NAME_MAX);
        let mut start = self.at - back.take_while(|b| is_name(**b)).count();
        // `\nNAME=`: the letter of the escape is not part of the name.
        let is_escaped = start > 0 && self.text[start - 1] == b'\\';
        if self.at - start > 1 && is_escaped && is_escape(&self.text[..start + 1]) {
            start += 1;
        }
        start..self.at
    }

    /// Returns the name of a call with what it is called on: `MistralClient::new`.
    fn call_name(&mut self) -> Span {
        self.skip_spaces();
        if self.last() == Some(b'(') {
            // `Client((`: one bracket more.
            self.at -= 1;
            self.skip_spaces();
        }
        if self.last() == Some(b'=') {
            // `basic_auth=(user, value`.
            self.at -= 1;
            self.skip_spaces();
        }
        let is_part = |b: &&u8| is_name(**b) || matches!(**b, b':' | b'>');
        let back = self.text[..self.at].iter().rev().take(NAME_MAX);
        let len = back.take_while(is_part).count();
        let name = &self.text[self.at - len..self.at];
        let skipped = name.iter().take_while(|b| matches!(b, b':' | b'>' | b'-')).count();
        self.at - len + skipped..self.at
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
        || written == b"unseal"
        || is_shouted
        || (is_quoted && says_key(written))
}

pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$' | b'@') || byte >= 0x80
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
            ("urn:ibm:apikey&apikey=VALUE", Joint::Query, "apikey"),
            ("host:6380,password=VALUE", Joint::Assigned, "password"),
            ("Authorization: Bearer VALUE", Joint::Scheme, "Authorization"),
            ("\"Authorization\": f\"Bearer VALUE\"", Joint::Scheme, "Authorization"),
            ("Mistral(\"VALUE\")", Joint::Argument, "Mistral"),
            ("MistralClient::new(\"VALUE\")", Joint::Argument, "MistralClient::new"),
            ("setenv(\"A_KEY\", \"VALUE\")", Joint::Argument, "A_KEY"),
            ("nlpcloud.Client(\"dolphin\", \"VALUE\")", Joint::Argument, "nlpcloud.Client"),
            ("f(a(b), \"x\", \"VALUE\")", Joint::Argument, "f"),
            ("ENV A_API_KEY VALUE", Joint::Assigned, "A_API_KEY"),
            ("tool --api-key VALUE", Joint::Assigned, "--api-key"),
            ("x\\nA_KEY=VALUE\\n", Joint::Assigned, "A_KEY"),
            ("see VALUE", Joint::Loose, "see"),
        ] {
            assert_eq!(around(text), (joint, name.to_owned()), "{text}");
        }
        assert_eq!(around("import {\n    Name,\n    VALUE,\n}").0, Joint::Loose);
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
}
