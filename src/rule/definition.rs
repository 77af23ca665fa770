//! What a rule is, and how its TOML becomes one.
//!
//! A rule file is data: it names patterns and words, never code. This file is also compiled into
//! the build script, so that a mistake in a built-in rule stops the build, and a mistake in a
//! user's rule is explained in the same words at run time.

use std::fmt;

use regex_syntax::hir::{Class, Hir, HirKind};
use serde::{Deserialize, Serialize};

use crate::finding::Confidence;

/// The longest match that a rule with an unbounded pattern may make, in bytes.
pub const REACH_MAX: u32 = 16 * 1024;

/// The longest `near` word, in bytes.
pub const NEAR_MAX: usize = 32;

/// How far the built-in search for assignments looks around a keyword, in bytes.
const ASSIGNMENT_REACH: u32 = 400;

/// Data recognising one kind of secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// `provider-kind` in kebab case, never reused.
    pub id: String,
    /// What a person calls it, for example "Anthropic API key".
    pub name: String,
    /// Who issued it; empty for generic rules.
    pub provider: String,
    /// One sentence: what could an attacker do with it.
    pub why: String,
    /// How sure a match of this rule is.
    pub confidence: Confidence,
    /// The pattern in extended mode with one named group `secret`.
    pub pattern: String,
    /// One of these stands in every match, compared without case.
    pub keywords: Vec<String>,
    /// For keys without a shape: one of these stands near the secret, compared without case.
    pub near: Vec<String>,
    /// One of these stands in the name of the value or left of it on its line, written small and
    /// without separators (`clientsecret`); empty if any name that says "key" will do.
    pub names: Vec<String>,
    /// Whether the pattern has no fixed text, so that only the surroundings tell.
    pub is_shapeless: bool,
    /// The fixed texts that a pattern with `near` words starts with; they are public.
    pub starts: Vec<String>,
    /// What may touch the secret.
    pub boundary: Boundary,
    /// Further tests on the secret, cheapest first.
    pub checks: Vec<Check>,
    /// Rules whose matches nearby are parts of the same credential and not reported twice.
    pub with: Vec<String>,
    /// The environment variable that should hold the secret instead.
    pub env: String,
    /// Where a leaked one is revoked.
    pub revoke: String,
    /// Where the format is documented.
    pub references: Vec<String>,
    /// The longest text that the pattern can match, in bytes; [`REACH_MAX`] if unbounded.
    pub reach: u32,
}

/// What may stand directly beside a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Boundary {
    /// The secret is a whole token: no letter, digit or `_` touches it (escapes such as `\n` do
    /// not count as letters).
    #[default]
    Token,
    /// The pattern alone decides.
    None,
}

/// A named test that a secret must pass to count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The body must look random: digits and letters mixed, no words.
    Random,
    /// The vendor's checksum must hold; a wrong one lowers the confidence or hides the match.
    Checksum(String),
    /// The text is a JSON Web Token whose header decodes.
    Jwt,
    /// The built-in search for `name = value` assignments, in place of a pattern.
    Assignment,
    /// A password at a place where only passwords stand: not an obvious dummy, and strong enough
    /// for the kind of file.
    Password,
    /// A password in a URL: not an obvious dummy and not for a local host.
    UrlPassword,
    /// The armoured body decodes as base64 and is long enough to hold a key.
    Pem,
}

/// The texts that prove a rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Examples {
    /// Texts that must fire; `«` and `»` mark exactly what is captured.
    pub matches: Vec<String>,
    /// Near misses that must stay quiet.
    pub ignores: Vec<String>,
}

/// A rule together with its proof.
#[derive(Clone, Debug, PartialEq)]
pub struct ProvenRule {
    /// The rule.
    pub rule: Rule,
    /// Its examples.
    pub examples: Examples,
}

/// Why a rule file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The rule's id, empty when the file itself does not parse.
    pub rule: String,
    /// What is wrong and how to mend it.
    pub problem: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rule.is_empty() {
            write!(f, "{}", self.problem)
        } else {
            write!(f, "rule `{}`: {}", self.rule, self.problem)
        }
    }
}

impl std::error::Error for RuleError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(default)]
    provider: String,
    #[serde(default)]
    revoke: String,
    #[serde(default)]
    env: String,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default, rename = "rule")]
    rules: Vec<RuleEntry>,
}

/// One `[[rule]]` table as it stands in a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    id: String,
    name: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    confidence: Confidence,
    #[serde(default)]
    pattern: String,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    near: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    boundary: Boundary,
    #[serde(default)]
    checks: Vec<String>,
    #[serde(default)]
    with: Vec<String>,
    #[serde(default)]
    env: Option<String>,
    #[serde(default)]
    revoke: Option<String>,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    matches: Vec<String>,
    #[serde(default)]
    ignores: Vec<String>,
}

/// Parses one rule file: optional `provider`, `revoke`, `env`, `references`, then `[[rule]]` tables.
pub fn parse(text: &str) -> Result<Vec<ProvenRule>, RuleError> {
    let file: RuleFile = toml::from_str(text)
        .map_err(|e| RuleError { rule: String::new(), problem: e.to_string() })?;
    let defaults = Defaults {
        provider: &file.provider,
        revoke: &file.revoke,
        env: &file.env,
        references: &file.references,
    };
    file.rules.into_iter().map(|entry| prove(entry, &defaults)).collect()
}

/// Parses the `[[rule]]` tables of `.keyhook.toml`; its other keys belong to `config`.
pub fn from_text(text: &str) -> Result<Vec<ProvenRule>, RuleError> {
    let file: OwnRules = toml::from_str(text)
        .map_err(|e| RuleError { rule: String::new(), problem: e.to_string() })?;
    let none = Defaults { provider: "", revoke: "", env: "", references: &[] };
    file.rules.into_iter().map(|entry| prove(entry, &none)).collect()
}

#[derive(Deserialize)]
struct OwnRules {
    #[serde(default, rename = "rule")]
    rules: Vec<RuleEntry>,
}

struct Defaults<'a> {
    provider: &'a str,
    revoke: &'a str,
    env: &'a str,
    references: &'a [String],
}

fn prove(entry: RuleEntry, defaults: &Defaults<'_>) -> Result<ProvenRule, RuleError> {
    let fail = |problem: String| RuleError { rule: entry.id.clone(), problem };
    check_id(&entry.id).map_err(fail)?;
    let checks = entry
        .checks
        .iter()
        .map(|text| parse_check(text))
        .collect::<Result<Vec<_>, _>>()
        .map_err(fail)?;
    let is_built_in_search = checks.contains(&Check::Assignment);
    let reach = match (is_built_in_search, entry.pattern.is_empty()) {
        (true, true) => ASSIGNMENT_REACH,
        (true, false) => return Err(fail("`assignment` takes the place of a pattern".into())),
        (false, true) => return Err(fail("`pattern` is missing".into())),
        (false, false) => pattern_reach(&entry.pattern).map_err(fail)?,
    };
    if entry.keywords.is_empty() == entry.near.is_empty() {
        return Err(fail(
            "give either `keywords` (words inside the match) or `near` (words beside it)".into(),
        ));
    }
    for word in entry.keywords.iter().chain(&entry.near) {
        if word.len() < 3 || word.len() > 200 {
            return Err(fail(format!("`{word}`: a keyword has 3 to 200 bytes")));
        }
    }
    if let Some(word) = entry.near.iter().find(|word| word.len() > NEAR_MAX) {
        return Err(fail(format!("`{word}`: a `near` word has {NEAR_MAX} bytes at most")));
    }
    if let Some(name) = entry.names.iter().find(|name| !is_squeezed(name)) {
        let problem = format!("`{name}`: write `names` in small letters and digits only");
        return Err(fail(problem));
    }
    if !entry.names.is_empty() && entry.near.is_empty() {
        return Err(fail("`names` goes with `near`".into()));
    }
    let (mut is_shapeless, mut starts) = (false, Vec::new());
    if !entry.near.is_empty() {
        let hir = pattern_hir(&entry.pattern).map_err(fail)?;
        is_shapeless = !has_shape(&hir);
        starts = fixed_starts(&hir);
    }
    let mut references = entry.references;
    if references.is_empty() {
        references = defaults.references.to_vec();
    }
    Ok(ProvenRule {
        rule: Rule {
            id: entry.id,
            name: entry.name,
            provider: defaults.provider.to_owned(),
            why: entry.why,
            confidence: entry.confidence,
            pattern: entry.pattern,
            keywords: entry.keywords,
            near: entry.near,
            names: entry.names,
            is_shapeless,
            starts,
            boundary: entry.boundary,
            checks,
            with: entry.with,
            env: entry.env.unwrap_or_else(|| defaults.env.to_owned()),
            revoke: entry.revoke.unwrap_or_else(|| defaults.revoke.to_owned()),
            references,
            reach,
        },
        examples: Examples { matches: entry.matches, ignores: entry.ignores },
    })
}

fn check_id(id: &str) -> Result<(), String> {
    let is_kebab = id.contains('-')
        && !id.starts_with('-')
        && !id.ends_with('-')
        && !id.contains("--")
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if is_kebab {
        Ok(())
    } else {
        Err("an id is `provider-kind` in lower-case letters, digits and single dashes".into())
    }
}

fn parse_check(text: &str) -> Result<Check, String> {
    match text.split_once(' ') {
        Some(("checksum", name)) => Ok(Check::Checksum(name.to_owned())),
        None if text == "random" => Ok(Check::Random),
        None if text == "jwt" => Ok(Check::Jwt),
        None if text == "assignment" => Ok(Check::Assignment),
        None if text == "password" => Ok(Check::Password),
        None if text == "url-password" => Ok(Check::UrlPassword),
        None if text == "pem" => Ok(Check::Pem),
        _ => Err(format!(
            "unknown check `{text}`; known: random, jwt, assignment, password, url-password, \
             pem, checksum NAME"
        )),
    }
}

/// Parses a pattern as keyhook reads it: bytes, extended mode.
pub fn pattern_hir(pattern: &str) -> Result<Hir, String> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .ignore_whitespace(true)
        .build()
        .parse(pattern)
        .map_err(|error| format!("the pattern does not parse: {}", explain(&error)))
}

/// Says what is wrong and where, without quoting the pattern.
fn explain(error: &regex_syntax::Error) -> String {
    let (what, at) = match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start),
        other => return other.to_string(),
    };
    format!("{what} (line {}, column {} of the pattern)", at.line, at.column)
}

fn pattern_reach(pattern: &str) -> Result<u32, String> {
    let hir = pattern_hir(pattern)?;
    let mut names = Vec::new();
    group_names(&hir, &mut names);
    if names.iter().filter(|name| *name == "secret").count() != 1 {
        return Err("the pattern needs exactly one group `(?<secret>…)`".into());
    }
    if hir.properties().minimum_len().unwrap_or(0) == 0 {
        return Err("the pattern matches the empty text".into());
    }
    if weight(&hir) > WEIGHT_MAX {
        return Err("the pattern is too large: make its repetitions shorter".into());
    }
    let longest = hir.properties().maximum_len().map_or(REACH_MAX as usize, |len| len);
    Ok(longest.min(REACH_MAX as usize) as u32)
}

/// How large a pattern may be. Whatever is smaller compiles (a test tries many shapes): a rule must
/// fail when it is loaded, not in the middle of a commit.
const WEIGHT_MAX: usize = 100_000;

/// Returns about how many states a pattern compiles to.
fn weight(hir: &Hir) -> usize {
    let sum = |parts: &[Hir]| parts.iter().map(weight).fold(parts.len(), usize::saturating_add);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(class)) => 1 + class.ranges().len(),
        HirKind::Class(Class::Unicode(class)) => 1 + 4 * class.ranges().len(),
        HirKind::Capture(group) => weight(&group.sub).saturating_add(2),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => sum(parts),
        HirKind::Repetition(repeat) => {
            let copies = repeat.max.unwrap_or(repeat.min).max(1) as usize;
            weight(&repeat.sub).saturating_add(1).saturating_mul(copies)
        }
    }
}

fn is_squeezed(name: &str) -> bool {
    name.len() >= 2 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// Returns whether the pattern has a fixed text that values of other kinds lack: a start of three
/// bytes or more in few forms, or a character inside that is no separator of a UUID.
fn has_shape(hir: &Hir) -> bool {
    let mut extractor = regex_syntax::hir::literal::Extractor::new();
    extractor.limit_class(16).limit_total(FIXED_STARTS_MAX);
    let starts = extractor.extract(hir);
    starts.min_literal_len().is_some_and(|len| len >= 3) || has_telling_literal(hir)
}

/// A pattern that starts in more ways than this has no fixed start.
const FIXED_STARTS_MAX: usize = 64;

fn has_telling_literal(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let is_telling = |b: &u8| !matches!(b, b'-' | b'=');
            literal.0.iter().filter(|b| b.is_ascii_alphanumeric()).count() >= 3
                || literal.0.iter().any(|b| is_telling(b) && !b.is_ascii_alphanumeric())
        }
        HirKind::Capture(capture) => has_telling_literal(&capture.sub),
        HirKind::Concat(subs) => subs.iter().any(has_telling_literal),
        HirKind::Alternation(subs) => subs.iter().all(has_telling_literal),
        HirKind::Repetition(repeat) => repeat.min > 0 && has_telling_literal(&repeat.sub),
        _ => false,
    }
}

/// Returns the texts that every match starts with, if they are few.
fn fixed_starts(hir: &Hir) -> Vec<String> {
    let mut extractor = regex_syntax::hir::literal::Extractor::new();
    extractor.limit_class(3).limit_total(16);
    let starts = extractor.extract(hir);
    let texts = starts.literals().unwrap_or_default().iter();
    texts.filter_map(|text| String::from_utf8(text.as_bytes().to_vec()).ok()).collect()
}

/// Collects the names of all groups.
pub(crate) fn group_names(hir: &Hir, names: &mut Vec<String>) {
    match hir.kind() {
        HirKind::Capture(capture) => {
            names.extend(capture.name.as_deref().map(str::to_owned));
            group_names(&capture.sub, names);
        }
        HirKind::Concat(subs) | HirKind::Alternation(subs) => {
            subs.iter().for_each(|sub| group_names(sub, names));
        }
        HirKind::Repetition(repetition) => group_names(&repetition.sub, names),
        _ => {}
    }
}
