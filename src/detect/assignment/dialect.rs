//! Where does the value of a name stand? One reader for the ways in which the world assigns.
//!
//! Not a parser: it looks at the few bytes behind a name, and sometimes before it. Whatever it
//! cannot read is no assignment. Every look is bounded, so hostile text costs no more than text.

use crate::detect::{FileKind, Text};
use crate::finding::Span;

/// The longest value; longer ones are data, or found by rules that know their shape.
pub(super) const VALUE_MAX: usize = 300;
const SPACES_MAX: usize = 40;
/// How far left of a name the sign behind a label may stand.
const LABEL_MAX: usize = 40;
/// How far left of a name the opening quote of its string may stand.
const STRING_MAX: usize = 400;

/// The text that a name is given.
pub(super) struct Value {
    pub(super) span: Span,
    /// It stands between quotes or tags: a literal in every language.
    pub(super) is_literal: bool,
    /// It is the whole right side of a line, not a word among others.
    pub(super) is_whole: bool,
}

/// Returns the value that belongs to a name.
pub(super) fn value_of(text: &Text<'_>, name: &Span) -> Option<Value> {
    let bytes = text.bytes;
    let reader = Reader { text, bytes, name: name.clone() };
    if reader.is_list_member() {
        return None;
    }
    reader.behind_operator().or_else(|| reader.beside_label()).or_else(|| reader.in_block())
}

/// Returns whether a look at what a name promises is worth it: behind most names in code comes a
/// sign that ends an expression, and nothing before it says that it is a label.
pub(super) fn may_have_value(bytes: &[u8], name: &Span) -> bool {
    match bytes.get(name.end) {
        Some(b';' | b',' | b')' | b'.' | b'/' | b'&' | b'*' | b'}') => {
            let before = &bytes[name.start.saturating_sub(LABEL_MAX)..name.start];
            matches!(label_before(before).last(), Some(b':' | b'=' | b'>'))
        }
        next => next.is_some(),
    }
}

/// Returns what stands before the quotes of a name.
fn label_before(before: &[u8]) -> &[u8] {
    let label = before.trim_ascii_end();
    let quotes = count_back(label, 2, |byte| matches!(byte, b'"' | b'\'' | b'\\'));
    label[..label.len() - quotes].trim_ascii_end()
}

/// What joins a name and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    /// `=`, `:`, `:=`, `=>`, `->`, `<-`
    Assign,
    /// `password("…")`
    Call,
    /// `"password", "…"`
    Comma,
    /// `<password>…`
    Tag,
    /// `PASSWORD || "…"`
    Default,
    /// `${PASSWORD:-…}`
    Expansion,
    /// `--password …`, `ENV PASSWORD …`, `password "…"`
    Space,
    /// `the password is …`
    Is,
}

struct Reader<'a> {
    text: &'a Text<'a>,
    bytes: &'a [u8],
    name: Span,
}

impl Reader<'_> {
    fn behind_operator(&self) -> Option<Value> {
        let (join, at) = self.join()?;
        let is_tight = at == self.name.end + 1 && !matches!(self.bytes.get(at), Some(b' ' | b'\t'));
        let at = skip_spaces(self.bytes, at);
        let at = if join == Join::Assign { skip_type(self.bytes, at) } else { at };
        if let Some(at) = block_scalar(self.bytes, at) {
            return self.line_value(at, false);
        }
        if join == Join::Assign
            && let Some(at) = value_word(self.bytes, skip_blank(self.bytes, at), at)
        {
            return self.literal(at).or_else(|| self.line_value(at, false));
        }
        if let Some(value) = self.literal(skip_blank(self.bytes, at)) {
            let is_key = matches!(
                self.bytes.get(skip_spaces(self.bytes, value.span.end + 1)),
                Some(b':' | b'=')
            );
            // `TOKENS = { "model": 8192 }`: the first name in a map of its own.
            let is_entry =
                is_key && memchr::memchr(b'{', &self.bytes[at..value.span.start]).is_some();
            return (!is_entry && (join != Join::Comma || !is_key)).then_some(value);
        }
        self.bare(join, at, is_tight)
    }

    /// Returns the operator behind the name and where it ends.
    fn join(&self) -> Option<(Join, usize)> {
        let bytes = self.bytes;
        let end = self.name.end;
        let closing = count(&bytes[end..], 5, |b| matches!(b, b'"' | b'\'' | b'`' | b']' | b'\\'));
        let mut at = end + closing;
        if closing == 0 {
            at = skip_array(bytes, at);
        }
        // `password?: string`, `password!: string`
        if let [b'?' | b'!', b':', ..] = &bytes[at..] {
            at += 1;
        }
        // `getenv("PASSWORD") or "…"`, but not `sign("secret") => "…"`.
        let is_look_up = closing > 0 && bytes.get(at) == Some(&b')');
        at += usize::from(is_look_up);
        let gap = skip_spaces(bytes, at);
        let rest = &bytes[gap..];
        let is_attribute = closing > 0;
        let joined = match rest {
            [b'|', b'|', b'=', ..] | [b'?', b'?', b'=', ..] => (Join::Assign, gap + 3),
            [b'=', b'=' | b'~', ..] | [b':', b':', ..] | [b'!', ..] => return None,
            [b':', b'-', ..] if self.is_expansion() => (Join::Expansion, gap + 2),
            [b':', b'=', ..] | [b'?' | b'|' | b'+', b'=', ..] => (Join::Assign, gap + 2),
            [b'=' | b'-', b'>', ..] | [b'<', b'-', ..] => (Join::Assign, gap + 2),
            [b'|', b'|', ..] | [b'?', b'?' | b':', ..] => (Join::Default, gap + 2),
            [b'o', b'r', b' ', ..] if gap > at && is_look_up => (Join::Default, gap + 3),
            [b'=' | b':', ..] => (Join::Assign, gap + 1),
            [0xEF, 0xBC, 0x9A, ..] => (Join::Assign, gap + 3),
            [b'(', ..] if !is_attribute && gap == at => (Join::Call, gap + 1),
            [b',', ..] if is_attribute && self.is_argument() => (Join::Comma, gap + 1),
            [b'>', ..] if is_attribute || self.before().ends_with(b"<") => (Join::Tag, gap + 1),
            [b'"' | b'\'', ..] if gap > at => (Join::Space, gap),
            [b'`', ..] if gap > at && self.may_speak() => (Join::Space, gap),
            [b'i', b's', b':' | b' ', ..] if gap > at && self.may_speak() => (Join::Is, gap + 3),
            _ if gap > at && self.takes_words() => (Join::Space, skip_type(bytes, gap)),
            _ => return None,
        };
        (!is_look_up || joined.0 == Join::Default).then_some(joined)
    }

    /// `arn:aws:secretsmanager:eu-west-1:1:secret:…`, `AWS::IAM::AccessKey`: a part of a name.
    fn is_list_member(&self) -> bool {
        // The scopes of PowerShell stand before a name of their own.
        const SCOPES: [&[u8]; 4] = [b"$env:", b"$script:", b"$global:", b"$local:"];
        let before = self.before();
        let tail = before[before.len().saturating_sub(8)..].to_ascii_lowercase();
        matches!(before, [.., b':', b':'])
            || matches!(before, [.., a, b':'] if a.is_ascii_alphanumeric() || *a == b'*')
                && !SCOPES.iter().any(|scope| tail.ends_with(scope))
    }

    fn before(&self) -> &[u8] {
        &self.bytes[..self.name.start]
    }

    fn line_before(&self) -> &[u8] {
        let before = &self.bytes[self.name.start.saturating_sub(STRING_MAX)..self.name.start];
        let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        &before[start..]
    }

    /// Returns whether a value may follow behind nothing but a space.
    fn takes_words(&self) -> bool {
        let line = self.line_before().trim_ascii_start();
        let is_directive =
            ["ENV", "ARG", "setx", "set -x", "set -gx", "set -Ux", "#define", "SetEnv"]
                .iter()
                .any(|word| line.strip_prefix(word.as_bytes()).is_some_and(is_blank));
        let is_conf = matches!(self.text.kind, FileKind::Config(_)) && line.is_empty();
        self.is_flag()
            || is_directive
            || is_conf
            || matches!(self.text.kind, FileKind::Code(_)) && self.has_typed_literal()
    }

    /// `put("password", "…")` and `["--password", "…"]`, not `["user", "password", "…"]`.
    fn is_argument(&self) -> bool {
        let before = self.before();
        let quotes = count_back(before, 3, |byte| matches!(byte, b'"' | b'\'' | b'\\' | b'-'));
        self.is_flag() || before[..before.len() - quotes].trim_ascii_end().ends_with(b"(")
    }

    /// `password string = "…"` as Go writes it.
    fn has_typed_literal(&self) -> bool {
        let at = skip_spaces(self.bytes, self.name.end);
        let behind = skip_type(self.bytes, at);
        behind > at
    }

    /// `--password`, `-Password`, at the start of a word.
    fn is_flag(&self) -> bool {
        let before = self.before();
        let dashes = count_back(before, 2, |byte| byte == b'-');
        let behind = before[..before.len() - dashes].last();
        dashes > 0
            && matches!(
                behind,
                None | Some(b' ' | b'\t' | b'\n' | b'"' | b'\'' | b'`' | b'[' | b',')
            )
    }

    fn is_expansion(&self) -> bool {
        self.before().ends_with(b"${")
    }

    /// Returns the opening quote of the string that the name stands in.
    fn string_around(&self) -> Option<u8> {
        let line = self.line_before();
        let at = line.iter().rposition(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
        let before = line[..at].trim_ascii_end();
        let before = before.strip_suffix(b"\\").unwrap_or(before);
        let opens = match before.last() {
            None => true,
            Some(_) if before.len() < at && !line[..at].ends_with(b"\\") => true,
            Some(byte) if byte.is_ascii_alphanumeric() => {
                // `f"…"` and `b'…'` open, `don't` does not.
                !matches!(before, [.., a, _] if a.is_ascii_alphanumeric()) && before.len() == at
            }
            Some(byte) => matches!(
                byte,
                b'=' | b':'
                    | b'('
                    | b'['
                    | b','
                    | b'{'
                    | b'>'
                    | b'+'
                    | b'$'
                    | b'@'
                    | b'-'
                    | b'?'
                    | b'|'
                    | b'&'
                    | b'<'
            ),
        };
        opens.then_some(line[at])
    }

    /// Reads a quoted value at `at`, behind string prefixes and the calls that only wrap it.
    fn literal(&self, at: usize) -> Option<Value> {
        let bytes = self.bytes;
        let mut at = at + wrapper_len(&bytes[at..]);
        at += count(&bytes[at..], 2, |byte| matches!(byte, b'[' | b'{' | b'('));
        at = skip_blank(bytes, at);
        at += count(&bytes[at..], 2, |byte| {
            matches!(
                byte,
                b'N' | b'r' | b'b' | b'u' | b'f' | b'L' | b'R' | b'B' | b'@' | b'$' | b'&'
            )
        });
        let escape = count(&bytes[at..], 3, |byte| byte == b'\\');
        at += escape;
        let quote = *bytes.get(at)?;
        let (quote, width) = match quote {
            b'"' | b'\'' | b'`' => (quote, 1),
            _ => return None,
        };
        let is_triple = bytes[at..].starts_with(&[quote; 3]) && escape == 0;
        let start = at + if is_triple { 3 } else { width };
        let len = quoted_len(&bytes[start..], quote, escape)?;
        Some(Value { span: start..start + len, is_literal: true, is_whole: true })
    }

    fn bare(&self, join: Join, at: usize, is_tight: bool) -> Option<Value> {
        let bytes = self.bytes;
        let until = |is_end: fn(&u8) -> bool| {
            let len = bytes[at..].iter().take(VALUE_MAX + 1).position(is_end);
            let len = len.unwrap_or(bytes.len().min(at + VALUE_MAX + 1) - at);
            Value { span: at..at + len, is_literal: false, is_whole: false }
        };
        match join {
            Join::Call | Join::Comma | Join::Default => return None,
            Join::Is => return Some(self.word_value(at)),
            Join::Tag => {
                let value = until(|byte| matches!(byte, b'<' | b'>'));
                let is_closed = bytes[value.span.end..].starts_with(b"</");
                let span = trim(bytes, value.span);
                return is_closed.then_some(Value { span, is_literal: true, is_whole: true });
            }
            Join::Expansion => return Some(until(|byte| matches!(byte, b'}' | b'\n' | b'"'))),
            Join::Assign | Join::Space => {}
        }
        if is_tight && matches!(self.before().last(), Some(b'?' | b'&')) {
            return Some(until(|byte| {
                !(byte.is_ascii_alphanumeric() || b"-._~%+/=!*$@:".contains(byte))
            }));
        }
        // A quoted name is a key of its own, not a word of a longer string.
        let is_key = matches!(bytes.get(self.name.end), Some(b'"' | b'\'' | b'`' | b'\\'));
        if !is_key && self.string_around().is_some() {
            // In a string a single space ends a word of a command and a part of a list.
            let mut value = until(|byte| {
                byte.is_ascii_whitespace()
                    || matches!(byte, b'"' | b'\'' | b'`' | b';' | b'&' | b'\\' | b'<')
            });
            // `"{token:x}"`: the brace before the name closes behind the value.
            if self.before().last() == Some(&b'{') {
                let len = count(&bytes[at..value.span.end], VALUE_MAX, |byte| byte != b'}');
                value.span.end = at + len;
                // `"{token:x}:requests"` is the name of a counter.
                if bytes[value.span.end..].starts_with(b"}:") {
                    return None;
                }
            }
            let is_list = is_tight
                || self.is_flag()
                || matches!(self.before().last(), Some(b';' | b' ' | b'"' | b'\'' | b'`'));
            return is_list.then_some(value);
        }
        let is_flag_value = join == Join::Space && self.is_flag();
        if is_flag_value || (is_tight && matches!(self.text.kind, FileKind::Env(_))) {
            let is_open = matches!(self.text.kind, FileKind::Code(_) | FileKind::Data(_));
            let value = until(|byte| {
                byte.is_ascii_whitespace()
                    || matches!(byte, b'"' | b'\'' | b'`' | b';' | b'|' | b'<' | b'>')
            });
            return (!is_open).then_some(value);
        }
        match self.text.kind {
            FileKind::Env(_) | FileKind::Config(_) => self.line_value(at, is_tight),
            FileKind::Code(_) | FileKind::Data(_) => self.comment_value(at),
            _ => self
                .line_value(at, is_tight)
                .filter(|value| is_tight || self.starts_line() || self.is_word(value)),
        }
    }

    /// Returns whether people speak here: in a text, or in a comment of a program.
    fn may_speak(&self) -> bool {
        // "Pass `x=0` to …" speaks of handing over.
        if self.bytes[self.name.clone()].eq_ignore_ascii_case(b"pass") {
            return false;
        }
        match self.text.kind {
            FileKind::Prose | FileKind::Other => true,
            FileKind::Data(_) => false,
            _ => self.is_in_comment(),
        }
    }

    /// Reads one word of a sentence, without the sign that ends the sentence.
    fn word_value(&self, at: usize) -> Value {
        let at = skip_spaces(self.bytes, at);
        let len = count(&self.bytes[at..], VALUE_MAX + 1, |byte| !byte.is_ascii_whitespace());
        let mut span = at..at + len;
        while span.len() > 1 && matches!(self.bytes[span.end - 1], b'.' | b',' | b';' | b')') {
            span.end -= 1;
        }
        Value { span, is_literal: false, is_whole: false }
    }

    fn is_word(&self, value: &Value) -> bool {
        !self.bytes[value.span.clone()].iter().any(u8::is_ascii_whitespace)
    }

    /// A comment of a program may hold a line of configuration.
    fn comment_value(&self, at: usize) -> Option<Value> {
        self.line_value(at, false).filter(|_| self.is_in_comment())
    }

    fn is_in_comment(&self) -> bool {
        let line = self.line_before().trim_ascii_start();
        // An attribute of Rust is no comment.
        if line.starts_with(b"#[") {
            return false;
        }
        [&b"#"[..], b"//", b"--", b"* ", b"/*", b"<!--", b"REM "]
            .iter()
            .any(|mark| line.starts_with(mark))
    }

    fn starts_line(&self) -> bool {
        let line = self.line_before();
        line.iter().all(|byte| !byte.is_ascii_alphanumeric())
            || line.trim_ascii() == b"export"
            || line.trim_ascii() == b"set"
    }

    /// Reads to the end of the line, without its comment.
    fn line_value(&self, at: usize, is_tight: bool) -> Option<Value> {
        let bytes = self.bytes;
        let rest = &bytes[at..bytes.len().min(at + VALUE_MAX + 1)];
        let mut len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        if let Some(comment) = [&b" #"[..], b"\t#", b" //", b" ;", b" -->", b" */"]
            .iter()
            .filter_map(|mark| memchr::memmem::find(&rest[..len], mark))
            .min()
        {
            len = comment;
        }
        if is_tight {
            len = rest[..len].iter().position(u8::is_ascii_whitespace).unwrap_or(len);
        }
        // `{user: app, password: …, port: 1}`
        let is_flow = memchr::memchr(b'{', self.line_before()).is_some();
        if is_flow && !rest.starts_with(b"{") {
            len = rest[..len].iter().position(|b| matches!(b, b',' | b'}')).unwrap_or(len);
        }
        let mut span = trim(bytes, at..at + len);
        while span.len() > 1 && matches!(bytes[span.end - 1], b',' | b';') {
            span.end -= 1;
        }
        Some(Value { span, is_literal: false, is_whole: true })
    }

    /// `name: PASSWORD` / `value: …`, `key="Password" value="…"`, `<key>…</key><string>…</string>`.
    fn beside_label(&self) -> Option<Value> {
        let bytes = self.bytes;
        let end = self.name.end;
        if let Some(rest) = bytes[end..].strip_prefix(b"</") {
            let close = memchr::memchr(b'>', &rest[..rest.len().min(30)])?;
            let at = skip_blank(bytes, end + 2 + close + 1);
            let open = bytes[at..].strip_prefix(b"<")?;
            let is_value =
                [&b"string>"[..], b"value>", b"val>"].iter().any(|w| open.starts_with(w));
            let at = at + 1 + memchr::memchr(b'>', &open[..open.len().min(10)])? + 1;
            return is_value.then(|| self.bare(Join::Tag, at, false))?;
        }
        let label = self.before();
        let label = label_before(&label[label.len().saturating_sub(LABEL_MAX)..]);
        if !matches!(label.last(), Some(b':' | b'=' | b'>')) {
            return None;
        }
        let gap = count(&bytes[end..], 80, |byte| {
            byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b',' | b';' | b'\\')
        });
        let at = value_word(bytes, end + gap, end).or_else(|| self.value_attribute())?;
        self.literal(at)
            .or_else(|| self.text.kind.has_bare_values().then(|| self.line_value(at, false))?)
    }

    /// `<property name="password" type="string" value="…"/>`
    fn value_attribute(&self) -> Option<usize> {
        let rest = &self.bytes[self.name.end..self.bytes.len().min(self.name.end + 160)];
        let rest = &rest[..memchr::memchr(b'>', rest)?];
        let found = memchr::memmem::find(rest, b" value=")?;
        Some(self.name.end + found + b" value=".len())
    }

    /// `variable "db_password" {` … `default = "…"` … `}` of Terraform.
    fn in_block(&self) -> Option<Value> {
        let bytes = self.bytes;
        let line = self.line_before();
        let at = skip_spaces(bytes, self.name.end + 1);
        if bytes.get(at) != Some(&b'{') || !line.trim_ascii_start().starts_with(b"variable") {
            return None;
        }
        let body = &bytes[at..bytes.len().min(at + 500)];
        let body = &body[..memchr::memmem::find(body, b"\n}")?];
        let found = memchr::memmem::find(body, b"default")?;
        self.literal(value_word(bytes, at + found, at)?)
    }
}

/// Returns where the value of `value: …` starts, if such a word stands at `at`.
fn value_word(bytes: &[u8], at: usize, from: usize) -> Option<usize> {
    const WORDS: &[&str] = &["value", "val", "default", "defaultvalue", "default_value", "values"];
    let quote = usize::from(at > from && matches!(bytes.get(at), Some(b'"' | b'\'')));
    let at = at + quote;
    let len = count(&bytes[at..], 20, |byte| byte.is_ascii_alphabetic() || byte == b'_');
    let word = &bytes[at..at + len];
    if at == from || !WORDS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes())) {
        return None;
    }
    let mut at = at + len;
    at += count(&bytes[at..], 2, |byte| matches!(byte, b'"' | b'\'' | b'\\'));
    at = skip_spaces(bytes, at);
    let is_arrow = bytes[at..].starts_with(b"=>");
    let is_joined = is_arrow || matches!(bytes.get(at), Some(b':' | b'='));
    is_joined.then(|| skip_spaces(bytes, at + 1 + usize::from(is_arrow)))
}

/// Returns how many bytes lie before the closing quote, or `None` if the line ends first.
fn quoted_len(rest: &[u8], quote: u8, escape: usize) -> Option<usize> {
    let rest = &rest[..rest.len().min(VALUE_MAX + 8)];
    let mut at = 0;
    while at < rest.len() {
        match rest[at] {
            b'\n' => return None,
            byte if byte == quote && escape == 0 => return Some(at),
            b'\\' => {
                let slashes = count(&rest[at..], 8, |byte| byte == b'\\');
                if slashes == escape && rest.get(at + slashes) == Some(&quote) {
                    return Some(at);
                }
                // An odd number of them protects the byte behind.
                at += slashes + usize::from(escape == 0 && slashes % 2 == 1);
            }
            byte if byte == quote => return None,
            _ => at += 1,
        }
    }
    None
}

/// Returns the start of the text behind `|` or `>-` of YAML.
fn block_scalar(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let len = match rest {
        [b'|' | b'>', b'-' | b'+', b'\n', ..] => 3,
        [b'|' | b'>', b'\n', ..] => 2,
        _ => return None,
    };
    Some(skip_spaces(bytes, at + len))
}

/// What stands around a literal without changing it.
#[rustfmt::skip]
const WRAPPERS: &[&str] = &[
    "new String(", "String(", "String::from(", "string(", "str(", "bytes(", "[]byte(", "byte(",
    "SecretStr(", "Secret(", "Some(", "to_string(", "_T(", "TEXT(", "Buffer.from(", "SecureString(",
    "std::string(", "QString(", "QStringLiteral(", "NSString(", "Secret.of(", "Secret::new(",
    "SecretString::new(", "Optional.of(", "b64decode(", "base64.b64decode(", "sensitive(", "quote(",
    "new SecureString(", "new GuardedString(", "char[]", "Password(",
];

fn wrapper_len(rest: &[u8]) -> usize {
    WRAPPERS
        .iter()
        .filter(|word| rest.starts_with(word.as_bytes()))
        .map(|word| word.len())
        .max()
        .unwrap_or(0)
}

/// Skips a type between name and value, as in `key: &str = "…"`.
fn skip_type(bytes: &[u8], at: usize) -> usize {
    let len = count(&bytes[at..], 60, |byte| {
        byte.is_ascii_alphanumeric() || b" &_[]?'.:*|<>".contains(&byte)
    });
    match &bytes[at + len..] {
        [b'=', next, ..] if len > 0 && !matches!(next, b'=' | b'>' | b'~') => {
            let behind = skip_spaces(bytes, at + len + 1);
            if opens_literal(&bytes[behind..]) { behind } else { at }
        }
        _ => at,
    }
}

/// Returns whether a literal starts here; `require` starts with a letter, not with a prefix.
fn opens_literal(rest: &[u8]) -> bool {
    let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'"' | b'\'' | b'`' | b'#'));
    match rest.first() {
        Some(b'"' | b'\'' | b'`' | b'[') => true,
        Some(b'r' | b'b' | b'u' | b'L' | b'N' | b'@' | b'f') if is_quote(rest.get(1)) => true,
        _ => wrapper_len(rest) > 0 || rest.starts_with(b"new "),
    }
}

/// Skips the brackets of `password[] =` and `password[64] =`.
fn skip_array(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at) != Some(&b'[') {
        return at;
    }
    let len = count(&bytes[at + 1..], 24, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if bytes.get(at + 1 + len) == Some(&b']') { at + len + 2 } else { at }
}

fn skip_spaces(bytes: &[u8], at: usize) -> usize {
    at + count(&bytes[at.min(bytes.len())..], SPACES_MAX, |byte| matches!(byte, b' ' | b'\t'))
}

/// Skips spaces and line ends.
fn skip_blank(bytes: &[u8], at: usize) -> usize {
    at + count(&bytes[at..], SPACES_MAX, |byte| byte.is_ascii_whitespace())
}

fn is_blank(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_whitespace)
}

fn trim(bytes: &[u8], span: Span) -> Span {
    let text = &bytes[span.clone()];
    let front = text.len() - text.trim_ascii_start().len();
    let len = text.trim_ascii().len();
    span.start + front..span.start + front + len
}

fn count(bytes: &[u8], max: usize, test: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take(max).take_while(|byte| test(**byte)).count()
}

fn count_back(bytes: &[u8], max: usize, test: impl Fn(u8) -> bool) -> usize {
    bytes.iter().rev().take(max).take_while(|byte| test(**byte)).count()
}
