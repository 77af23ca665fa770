//! Go's regular expressions in Rust's words.
//!
//! gitleaks runs RE2 as Go writes it. Nearly all of it means the same here, but not all: in Go a
//! lone `{` is a literal, `[` and `&&` inside a class are too, `[\w-.]` holds a dash, `\<` is a
//! bracket, `\Q…\E` quotes, and `\d`, `\w`, `\s`, `\b` are always ASCII. So the text is read as Go
//! reads it and written so that it leaves nothing open. Matching runs over bytes; only a pattern
//! that names characters beyond ASCII is matched by characters. A fault is told by its column and
//! never quoted: an allowlist may well hold a secret.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::CharIndices;
use std::sync::OnceLock;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use crate::rule::hir::group_names;

/// A pattern that parses; it is compiled when it is first needed.
#[derive(Debug)]
pub(in crate::rule) struct Pattern {
    text: String,
    is_unicode: bool,
    groups: usize,
    names: Vec<String>,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Reads a pattern as Go does; the error says what is wrong and in which column.
    pub(in crate::rule) fn parse(go: &str) -> Result<Pattern, String> {
        let written = Translator::new(go).run();
        let parsed = regex_syntax::ParserBuilder::new()
            .unicode(written.is_unicode)
            .utf8(false)
            .build()
            .parse(&written.text);
        let hir = parsed.map_err(|error| {
            let (what, at) = fault(&error);
            let before = written.places.partition_point(|(out, _)| *out <= at).saturating_sub(1);
            let column = written.places.get(before).map_or(1, |(_, column)| *column);
            format!("it does not parse: {what} (column {column})")
        })?;
        let groups = hir.properties().explicit_captures_len();
        let mut names = Vec::new();
        group_names(&hir, &mut names);
        let Written { text, is_unicode, .. } = written;
        Ok(Pattern { text, is_unicode, groups, names, regex: OnceLock::new() })
    }

    /// Returns the number of groups that capture.
    pub(in crate::rule) fn groups(&self) -> usize {
        self.groups
    }

    /// Returns whether a group has this name.
    pub(in crate::rule) fn has_group(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// Returns the compiled pattern; `None` if it is too large to compile.
    pub(in crate::rule) fn regex(&self) -> Option<&Regex> {
        let compile = || {
            Regex::builder()
                .syntax(syntax::Config::new().unicode(self.is_unicode).utf8(false))
                .configure(Regex::config().utf8_empty(false))
                .build(&self.text)
                .ok()
        };
        self.regex.get_or_init(compile).as_ref()
    }

    /// Returns whether it matches anywhere in the text.
    pub(in crate::rule) fn is_match(&self, text: &[u8]) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }
}

fn fault(error: &regex_syntax::Error) -> (String, usize) {
    match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
        regex_syntax::Error::Translate(error) => {
            (error.kind().to_string(), error.span().start.offset)
        }
        _ => ("it cannot be read".to_owned(), 0),
    }
}

/// A pattern as Rust reads it.
struct Written {
    text: String,
    is_unicode: bool,
    /// Where each piece starts: the byte in `text`, the column in the original.
    places: Vec<(usize, usize)>,
}

struct Translator<'a> {
    go: &'a str,
    rest: Peekable<CharIndices<'a>>,
    out: Written,
}

/// What Go's Perl classes hold, inside brackets.
const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\t\n\x0C\r\x20";

impl<'a> Translator<'a> {
    fn new(go: &'a str) -> Translator<'a> {
        let out = Written { text: String::new(), is_unicode: false, places: Vec::new() };
        Translator { go, rest: go.char_indices().peekable(), out }
    }

    fn run(mut self) -> Written {
        let mut column = 0;
        let mut counted = 0;
        while let Some((at, c)) = self.rest.next() {
            column += self.go[counted..at].chars().count();
            counted = at;
            self.out.places.push((self.out.text.len(), column + 1));
            match c {
                '\\' => self.escape(),
                '[' => self.class(at),
                '{' if is_repeat(&self.go[at..]) => self.copy_to('}', c),
                '{' | '}' | ']' => self.literal(c),
                _ if c.is_ascii() => self.out.text.push(c),
                _ => self.literal(c),
            }
        }
        self.out
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|(_, c)| *c)
    }

    fn take(&mut self) -> Option<char> {
        self.rest.next().map(|(_, c)| c)
    }

    /// Writes a character that stands for itself, inside or outside of brackets.
    fn literal(&mut self, c: char) {
        self.out.is_unicode |= !c.is_ascii();
        if c.is_ascii_alphanumeric() {
            self.out.text.push(c);
        } else {
            let _ = write!(self.out.text, "\\x{{{:X}}}", u32::from(c));
        }
    }

    fn copy_to(&mut self, end: char, first: char) {
        self.out.text.push(first);
        while let Some(c) = self.take() {
            self.out.text.push(c);
            if c == end {
                break;
            }
        }
    }

    /// What follows a backslash outside of brackets.
    fn escape(&mut self) {
        match self.peek() {
            Some('Q') => {
                self.take();
                self.quoted();
            }
            Some(c @ ('b' | 'B')) => {
                self.take();
                let _ = write!(self.out.text, r"(?-u:\{c})");
            }
            Some(c) if perl(c).is_some() => {
                self.take();
                self.perl(c, true);
            }
            Some(c @ ('p' | 'P')) => {
                self.take();
                self.unicode_class(c);
            }
            Some('A' | 'z') | None => self.raw_escape(),
            Some(_) => match self.escaped_char() {
                Some(c) => self.literal(c),
                None => self.raw_escape(),
            },
        }
    }

    /// Leaves an escape as it is; what Rust does not know either, it reports.
    fn raw_escape(&mut self) {
        self.out.text.push('\\');
        if let Some(c) = self.take() {
            self.out.text.push(c);
        }
    }

    fn quoted(&mut self) {
        while let Some(c) = self.take() {
            if c == '\\' && self.peek() == Some('E') {
                self.take();
                return;
            }
            self.literal(c);
        }
    }

    fn perl(&mut self, c: char, is_alone: bool) {
        let Some((body, is_negated)) = perl(c) else { return };
        let _ = match (is_negated, is_alone) {
            (true, _) => write!(self.out.text, "[^{body}]"),
            (false, true) => write!(self.out.text, "[{body}]"),
            (false, false) => write!(self.out.text, "{body}"),
        };
    }

    fn unicode_class(&mut self, p: char) {
        self.out.is_unicode = true;
        let start = self.out.text.len();
        let _ = write!(self.out.text, "\\{p}");
        if self.peek() == Some('{') {
            self.take();
            self.copy_to('}', '{');
            // Go also says "not" inside of the braces.
            if self.out.text[start..].starts_with(r"\p{^") {
                self.out.text.replace_range(start..start + 4, r"\P{");
            }
        }
    }

    /// Reads an escape that stands for one character; takes nothing if it is none.
    fn escaped_char(&mut self) -> Option<char> {
        let c = self.peek()?;
        let known = match c {
            'a' => Some('\x07'),
            'f' => Some('\x0C'),
            't' => Some('\t'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            'v' => Some('\x0B'),
            _ if c.is_ascii_punctuation() || c == ' ' => Some(c),
            _ => None,
        };
        let rest = &self.go[self.rest.peek()?.0..];
        let (read, len) = match known {
            Some(known) => (known, 1),
            None if c == 'x' => hex(rest)?,
            None if c.is_digit(8) => octal(rest)?,
            None => return None,
        };
        for _ in 0..len {
            self.rest.next();
        }
        Some(read)
    }

    /// A bracketed class. Go knows no classes in classes and no set operators.
    fn class(&mut self, at: usize) {
        self.out.text.push('[');
        if self.peek() == Some('^') {
            self.take();
            self.out.text.push('^');
        }
        let mut is_first = true;
        while let Some((here, c)) = self.rest.peek().copied() {
            if c == ']' && !is_first {
                self.take();
                self.out.text.push(']');
                return;
            }
            is_first = false;
            let posix = self.go[here..].starts_with("[:").then(|| self.go[here..].find(":]"));
            if let Some(Some(end)) = posix {
                self.out.text.push_str(&self.go[here..here + end + 2]);
                while self.rest.peek().is_some_and(|(next, _)| *next < here + end + 2) {
                    self.take();
                }
                continue;
            }
            self.class_item();
        }
        // It has no end: Rust shall say so at the right column.
        self.out.places.push((self.out.text.len(), self.go[..at].chars().count() + 1));
    }

    fn class_item(&mut self) {
        let Some(low) = self.class_char() else { return };
        let mut ahead = self.rest.clone();
        let is_range = ahead.next().is_some_and(|(_, c)| c == '-')
            && ahead.next().is_some_and(|(_, c)| c != ']');
        self.literal(low);
        if is_range {
            self.take();
            self.out.text.push('-');
            if let Some(high) = self.class_char() {
                self.literal(high);
            }
        }
    }

    /// Reads one character of a class; writes what is a class of its own and returns nothing.
    fn class_char(&mut self) -> Option<char> {
        let c = self.take()?;
        if c != '\\' {
            return Some(c);
        }
        match self.peek() {
            Some(c) if perl(c).is_some() => {
                self.take();
                self.perl(c, false);
                None
            }
            Some(c @ ('p' | 'P')) => {
                self.take();
                self.unicode_class(c);
                None
            }
            _ => {
                let read = self.escaped_char();
                if read.is_none() {
                    self.raw_escape();
                }
                read
            }
        }
    }
}

/// Returns what a Perl class holds and whether it is negated.
fn perl(c: char) -> Option<(&'static str, bool)> {
    let body = match c.to_ascii_lowercase() {
        'd' => DIGIT,
        'w' => WORD,
        's' => SPACE,
        _ => return None,
    };
    Some((body, c.is_ascii_uppercase()))
}

/// Returns whether the text starts with `{n}`, `{n,}` or `{n,m}`; to Go anything else is literal.
fn is_repeat(text: &str) -> bool {
    let Some((inside, _)) = text[1..].split_once('}') else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match inside.split_once(',') {
        Some((low, high)) => is_number(low) && (high.is_empty() || is_number(high)),
        None => is_number(inside),
    }
}

/// Reads `xFF` or `x{10FFFF}`: the character and how many were read.
fn hex(text: &str) -> Option<(char, usize)> {
    let digits = match text[1..].strip_prefix('{') {
        Some(braced) => braced.split_once('}')?.0,
        None => text.get(1..3)?,
    };
    let len = 1 + digits.len() + if text[1..].starts_with('{') { 2 } else { 0 };
    let is_hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let code = is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten()?;
    Some((char::from_u32(code)?, len))
}

/// Reads up to three octal digits; one digit that is not zero would be a back-reference.
fn octal(text: &str) -> Option<(char, usize)> {
    let len = text.bytes().take(3).take_while(|b| (b'0'..b'8').contains(b)).count();
    if len == 1 && !text.starts_with('0') {
        return None;
    }
    let code = u32::from_str_radix(&text[..len], 8).ok()?;
    Some((char::from_u32(code)?, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(go: &str, text: impl AsRef<[u8]>) -> bool {
        let pattern = Pattern::parse(go).unwrap_or_else(|error| panic!("{go}: {error}"));
        pattern.is_match(text.as_ref())
    }

    #[test]
    fn what_go_reads_in_another_way_than_rust() {
        let cases: &[(&str, &str, &str)] = &[
            (r"^\<a\>$", "<a>", "a"),
            (r"^${{x}}$", "", "${{x}}"),
            (r"^\${{x}}$", "${{x}}", "$x"),
            (r"^a{,3}$", "a{,3}", "aa"),
            (r"^a{2,3}$", "aa", "a{2,3}"),
            (r"^[[a]$", "[", "b"),
            (r"^[a&&b]$", "&", "c"),
            (r"^[\w-.]$", "-", "+"),
            (r"^[\w-\.=]+$", "a-.=", "/"),
            (r"^[+--]$", ",", "."),
            (r"^[]a]$", "]", "b"),
            (r"^[^]a]$", "b", "]"),
            (r"^[[:alpha:]_]+$", "ab_", "1"),
            (r"^\Qa.b\E.$", "a.bc", "axbc"),
            (r"^\x60\x{2e}\056$", "`..", "`a."),
            (r"^\z", "", "a"),
            (r"(?i)^ab(?-i)c$", "ABc", "ABC"),
            (r"^(?P<name>a)(?<other>b)$", "ab", "ba"),
            (r"^[\D\n]$", "x", "5"),
            (r"^\_\-\ \/$", "_- /", "a"),
            (r"^[a-\x7a]$", "q", "-"),
            (r"(?s)^a.b$", "a\nb", "a\n\nb"),
        ];
        for (go, yes, no) in cases {
            if go.starts_with("^$") {
                // A bare `$` ends the text in both; nothing can follow it.
                assert!(!finds(go, no), "{go}");
                continue;
            }
            assert!(finds(go, yes), "{go} on {yes}");
            assert!(!finds(go, no), "{go} on {no}");
        }
    }

    #[test]
    fn classes_are_ascii_as_in_go() {
        assert!(!finds(r"^\w$", "é") && !finds(r"^\d$", "٣") && !finds(r"\sx", "\u{a0}x"));
        assert!(finds(r"\bé", "aé") && !finds(r"\bx", "ax"));
        assert!(finds(r"^é\w$", "éa") && !finds(r"^é\w$", "éé"));
        assert!(
            finds(r"^[é-ü]$", "ö") && finds(r"^\p{Greek}$", "λ") && finds(r"^\p{^Greek}$", "l")
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_searched() {
        assert!(finds(r#"key="[^"]+""#, b"key=\"\xff\xfe\""));
    }

    #[test]
    fn faults_name_the_column_and_quote_nothing() {
        let cases = [
            (r"se\Qc{r}\E(et", 13 - 2),
            ("abc[def", 4),
            ("a(?=b)", 2),
            ("a(?!b)", 2),
            ("a(b)\\1", 5),
            ("ab\\y", 3),
        ];
        for (go, column) in cases {
            let error = Pattern::parse(go).unwrap_err();
            assert!(error.ends_with(&format!("(column {column})")), "{go}: {error}");
            assert!(!error.contains(go), "{error}");
        }
    }

    #[test]
    fn a_pattern_too_large_to_compile_matches_nothing() {
        let pattern = Pattern::parse(r"((\w{900}){900}){900}").unwrap();
        assert!(pattern.regex().is_none() && !pattern.is_match(b"a"));
    }

    #[test]
    fn groups_are_counted() {
        assert_eq!(Pattern::parse(r"(a)(?:b)(?P<c>d)[(]").unwrap().groups(), 2);
    }
}
