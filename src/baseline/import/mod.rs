//! What other scanners have accepted, read from their files.
//!
//! One file for each format and one table of them all. A parser says what each entry of a file
//! claims, and what of the file has no counterpart in keyhook; it judges nothing and believes
//! nothing. [`pair`] then compares the claims with what keyhook finds in the tree today: only that
//! can be accepted. No message of these parsers quotes a value, because some of the formats hold
//! secrets in plain text.

use std::fmt;

use regex_automata::meta::Regex;

use crate::finding::{Secret, Verdict};

mod betterleaks;
pub(super) mod detect_secrets;
mod ggshield;
mod git_secrets;
mod gitleaks;
mod ignored_paths;
mod kingfisher;
mod pair;
mod ripsecrets;
mod secretlint;
mod talisman;
mod values;
mod yaml;

pub use super::foreign::graver;
pub use pair::{Paired, Past, Site, Tree, pair};

/// A file format of another scanner.
pub struct Format {
    /// The word for `--from`.
    pub name: &'static str,
    /// Returns whether the scanner itself would read a file of this name.
    pub is_named: fn(&str) -> bool,
    /// Returns whether a text looks like it; damaged files often still do.
    pub is_like: fn(&str) -> bool,
    /// Reads the text.
    pub parse: fn(&str) -> Result<Parsed, Damage>,
}

/// Every format that can be imported. Of two that fit, the first is taken.
pub const FORMATS: &[Format] = &[
    detect_secrets::FORMAT,
    gitleaks::REPORT,
    gitleaks::IGNORE,
    betterleaks::REPORT,
    betterleaks::IGNORE,
    kingfisher::FORMAT,
    ripsecrets::FORMAT,
    talisman::FORMAT,
    git_secrets::FORMAT,
    ggshield::FORMAT,
    secretlint::CONFIG,
    secretlint::IGNORE,
];

/// Finds the format of a file: its name decides, then its content.
pub fn recognise(name: &str, text: &str) -> Option<&'static Format> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    // Several scanners read files of one name: then the content has to say which.
    let named: Vec<_> = FORMATS.iter().filter(|format| (format.is_named)(base)).collect();
    let fitting = named.iter().find(|format| (format.is_like)(text)).copied();
    fitting
        .or(named.first().copied())
        .or_else(|| FORMATS.iter().find(|format| (format.is_like)(text)))
}

/// Returns the format that the user named.
pub fn format_called(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// What a file says.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The scanner that wrote it, with its version if the file has it.
    pub tool: String,
    /// What it accepts.
    pub entries: Vec<Entry>,
    /// What has no counterpart, or only one that the user has to write.
    pub left: Vec<Left>,
}

impl Parsed {
    fn of(tool: &str) -> Parsed {
        Parsed { tool: tool.to_owned(), ..Parsed::default() }
    }

    fn leave(&mut self, name: impl Into<String>, why: impl Into<String>, next: Next) {
        self.left.push(Left { name: name.into(), why: why.into(), next });
    }
}

/// One thing that a file accepts.
#[derive(Debug)]
pub struct Entry {
    /// How the entry is listed for a person: never with its value.
    pub name: String,
    /// How the secret is known.
    pub claim: Claim,
    /// The file it stands in; none if the claim holds everywhere.
    pub path: Option<String>,
    /// The lines it stood on.
    pub lines: Option<(usize, usize)>,
    /// What the scanner calls the kind of secret.
    pub rule: Option<String>,
    /// What a person said about it, if the format has a word for that.
    pub verdict: Option<Verdict>,
    /// Why it is accepted.
    pub reason: Option<String>,
}

impl Entry {
    fn new(name: impl Into<String>, claim: Claim) -> Entry {
        let name = name.into();
        let (path, lines, rule, verdict, reason) = (None, None, None, None, None);
        Entry { name, claim, path, lines, rule, verdict, reason }
    }
}

/// How an entry names a secret.
#[derive(Debug)]
pub enum Claim {
    /// SHA-1 of the value.
    Sha1 {
        /// In lower-case hex.
        hash: String,
        /// Whether it may be the hash of the value in small letters, as before detect-secrets 1.0.
        is_lowered: bool,
    },
    /// SHA-1 of the header line of a private key: the same for every key of its kind.
    Header,
    /// SHA-256 of the value.
    Sha256(String),
    /// HMAC-SHA-256 of the value, under a key of the user.
    HmacSha256(String),
    /// SHA-256 over the parts of a credential and their kinds, as ggshield writes it.
    GitGuardian(String),
    /// The value itself.
    Value(Secret),
    /// A place and no value.
    Place {
        /// The commit in which the lines were counted, if not in the tree.
        commit: Option<String>,
    },
    /// A pattern that takes findings away.
    Pattern {
        /// The pattern.
        regex: Box<Regex>,
        /// What it is compared with.
        target: Target,
    },
    /// Everything in the files that a glob names, as long as they have this checksum.
    Files {
        /// The checksum over content and path of each.
        checksum: String,
    },
}

/// What a pattern is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `path:line:content`, as `grep -n` writes it.
    GrepLine,
    /// The line.
    Line,
    /// The secret.
    Secret,
}

/// Something that was not carried over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// How it is listed; never with a value.
    pub name: String,
    /// Why.
    pub why: String,
    /// What the user can do.
    pub next: Next,
}

/// What the user can do about something that was not carried over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Next {
    /// Nothing has to be done.
    Nothing,
    /// In words, or a command.
    Do(String),
    /// Paths to leave out, as `exclude` in `.keyhook.toml` takes them.
    Exclude(Vec<String>),
    /// Patterns for an allowlist in a gitleaks file, all of which must match: what each is compared
    /// with (`paths`, `line` or `secret`), and the pattern.
    Allow(Vec<(&'static str, String)>),
}

/// Why a file cannot be read. Quotes nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The line, from 1; 0 if the fault has none.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.problem),
            line => write!(f, "line {line}: {}", self.problem),
        }
    }
}

impl Damage {
    fn new(line: usize, problem: impl Into<String>) -> Damage {
        Damage { line, problem: problem.into() }
    }

    /// Says what is wrong with JSON. serde quotes the value that it did not expect, and that may be
    /// a secret; what it did expect says as much.
    fn of_json(error: &serde_json::Error) -> Damage {
        let full = error.to_string();
        let text = full.split(" at line ").next().unwrap_or(&full);
        let problem = match text.split_once(", expected ") {
            Some((_, expected)) if error.is_data() => format!("expected {expected}"),
            _ if error.is_data()
                && !text.starts_with("missing field")
                && !text.contains("must") =>
            {
                "not what this format has here".to_owned()
            }
            _ => text.to_owned(),
        };
        Damage { line: error.line(), problem }
    }
}

/// Reads JSON of a known shape.
fn from_json<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Result<T, Damage> {
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|e| Damage::of_json(&e))
}

/// Why a pattern is listed although what it matches today is carried over.
const PATTERN_STAYS: &str =
    "the pattern itself is not: it would also allow secrets that come later";

/// Compiles a pattern of another tool; the bounds keep a hostile one from taking all memory.
fn pattern(text: &str) -> Option<Regex> {
    let syntax = regex_automata::util::syntax::Config::new().utf8(false);
    let config = Regex::config().utf8_empty(false).nfa_size_limit(Some(4 << 20));
    Regex::builder().syntax(syntax).configure(config).build(text).ok()
}

/// A file of lines, with the comments above an entry, which often say why it is there.
fn commented_lines(text: &str) -> Vec<(usize, &str, Option<String>)> {
    let mut lines = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if let Some(words) = line.strip_prefix('#') {
            comment.push(words.trim());
        } else if line.is_empty() {
            comment.clear();
        } else {
            let reason = comment.join(" ").trim().to_owned();
            lines.push((at + 1, line, (!reason.is_empty()).then_some(reason)));
        }
    }
    lines
}

fn is_hex(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_decides_and_then_the_content() {
        let is = |name: &str, text: &str| recognise(name, text).map(|format| format.name);
        assert_eq!(is(".gitleaksignore", "anything"), Some("gitleaks-ignore"));
        assert_eq!(is("sub/.talismanrc", ""), Some("talisman"));
        assert_eq!(is("x.json", r#"[{"RuleID": "a", "Fingerprint": "b"}]"#), Some("gitleaks"));
        assert_eq!(is("x", r#"{"results": {}, "plugins_used": []}"#), Some("detect-secrets"));
        assert_eq!(is("x.yml", "version: 2\nfingerprint_algorithm: k\n"), Some("kingfisher"));
        assert_eq!(is("x.txt", "hello"), None);
    }

    #[test]
    fn a_message_about_json_quotes_no_value() {
        #[derive(Debug, serde::Deserialize)]
        struct Shape {
            #[serde(rename = "a")]
            _a: Vec<u8>,
        }
        let damage = from_json::<Shape>("{\n \"a\": \"hunter2\" }").unwrap_err();
        assert_eq!((damage.line, &damage.problem[..]), (2, "expected a sequence"));
        assert_eq!(from_json::<Shape>("{}").unwrap_err().problem, "missing field `a`");
        assert_eq!(from_json::<Shape>("[1,").unwrap_err().line, 1);
    }

    #[test]
    fn every_format_has_its_own_name() {
        let mut names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FORMATS.len());
        assert!(names.iter().all(|name| format_called(name).is_some()));
    }

    #[test]
    fn a_comment_above_a_line_is_its_reason() {
        let text = "# about the file\n\n# only\n# a test\none\ntwo\n";
        let lines = commented_lines(text);
        assert_eq!(lines[0], (5, "one", Some("only a test".into())));
        assert_eq!(lines[1], (6, "two", Some("only a test".into())));
    }
}
