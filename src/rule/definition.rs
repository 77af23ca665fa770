//! What a rule is, and how its TOML becomes one.
//!
//! A rule file is data: it names patterns and words, never code. This file is also compiled into
//! the build script, so that a mistake in a built-in rule stops the build, and a mistake in a
//! user's rule is explained in the same words at run time.

use std::fmt;

use regex_syntax::hir::Hir;
use serde::{Deserialize, Serialize};

use super::hir::{WEIGHT_MAX, fixed_starts, group_names, has_shape, weight};
use crate::finding::Confidence;

/// The longest match that a rule with an unbounded pattern may make, in bytes.
pub const REACH_MAX: u32 = 16 * 1024;

/// The longest `near` word, in bytes.
pub const NEAR_MAX: usize = 32;

/// The longest keyword, in bytes.
const KEYWORD_MAX: usize = 200;

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

/// Why one rule cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The rule's id.
    pub rule: String,
    /// The key that is concerned.
    pub key: &'static str,
    /// How many lines below the start of its value; 0 where that is one line.
    pub below: usize,
    /// What is wrong.
    pub problem: String,
    /// How to mend it.
    pub hint: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule `{}`: {}: {}", self.rule, self.key, self.problem)
    }
}

/// What a file with rules is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Optional `provider`, `revoke`, `env` and `references`, then `[[rule]]` tables.
    RuleFile,
    /// `.keyhook.toml`, whose other keys belong to `config`.
    Config,
}

#[derive(Default, Deserialize)]
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

/// Reads the rules of a file, in its order.
pub fn read(text: &str, form: Form) -> Result<Vec<Result<ProvenRule, Wrong>>, toml::de::Error> {
    let file: RuleFile = match form {
        Form::RuleFile => toml::from_str(text)?,
        Form::Config => {
            RuleFile { rules: toml::from_str::<OwnRules>(text)?.rules, ..RuleFile::default() }
        }
    };
    let defaults = Defaults {
        provider: &file.provider,
        revoke: &file.revoke,
        env: &file.env,
        references: &file.references,
    };
    Ok(file.rules.into_iter().map(|entry| prove(entry, &defaults)).collect())
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

fn prove(entry: RuleEntry, defaults: &Defaults<'_>) -> Result<ProvenRule, Wrong> {
    let id = entry.id.clone();
    let place = |fault: Fault| Wrong {
        rule: id,
        key: fault.key,
        below: fault.below,
        problem: fault.problem,
        hint: fault.hint,
    };
    prove_parts(entry, defaults).map_err(place)
}

/// What is wrong with one key.
struct Fault {
    key: &'static str,
    below: usize,
    problem: String,
    hint: String,
}

fn fault(key: &'static str, problem: impl Into<String>, hint: impl Into<String>) -> Fault {
    Fault { key, below: 0, problem: problem.into(), hint: hint.into() }
}

fn prove_parts(entry: RuleEntry, defaults: &Defaults<'_>) -> Result<ProvenRule, Fault> {
    check_id(&entry.id)?;
    let checks = entry.checks.iter().map(|c| parse_check(c)).collect::<Result<Vec<_>, _>>()?;
    let is_built_in_search = checks.contains(&Check::Assignment);
    let reach = match (is_built_in_search, entry.pattern.is_empty()) {
        (true, true) => ASSIGNMENT_REACH,
        (true, false) => {
            let hint = "take one of the two out";
            return Err(fault("pattern", "`assignment` takes the place of a pattern", hint));
        }
        (false, true) => {
            let hint = "write one: pattern = '(?<secret> acme_ [a-z0-9]{40} )'";
            return Err(fault("pattern", "there is no `pattern`", hint));
        }
        (false, false) => pattern_reach(&entry.pattern)?,
    };
    check_words(&entry)?;
    let (mut is_shapeless, mut starts) = (false, Vec::new());
    if !entry.near.is_empty() {
        let hir = parse_pattern(&entry.pattern)?;
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

fn check_id(id: &str) -> Result<(), Fault> {
    let is_kebab = id.contains('-')
        && !id.starts_with('-')
        && !id.ends_with('-')
        && !id.contains("--")
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let problem = "an id is lower-case letters and digits in parts, with `-` between them";
    let hint = "name the provider, then the kind of key: acme-token";
    if is_kebab { Ok(()) } else { Err(fault("id", problem, hint)) }
}

/// Checks `keywords`, `near` and `names`.
fn check_words(entry: &RuleEntry) -> Result<(), Fault> {
    let key = if entry.near.is_empty() { "keywords" } else { "near" };
    if entry.keywords.is_empty() == entry.near.is_empty() {
        let problem = if entry.near.is_empty() {
            "there are no `keywords`: the pattern would never run"
        } else {
            "there are both `keywords` and `near`"
        };
        let hint = "give `keywords`, literal texts that stand in every match; or, for a key \
                    without a shape, `near`, words that stand beside it";
        return Err(fault(key, problem, hint));
    }
    let words = entry.keywords.iter().chain(&entry.near);
    if let Some(word) = words.clone().find(|word| word.len() < 3) {
        let problem = format!("`{word}` is too short: {} bytes of at least 3", word.len());
        return Err(fault(key, problem, "take a longer text, which stands in fewer files"));
    }
    let most = if entry.near.is_empty() { KEYWORD_MAX } else { NEAR_MAX };
    if let Some(word) = words.clone().find(|word| word.len() > most) {
        let problem = format!("a word of {} bytes; it may have {most}", word.len());
        return Err(fault(key, problem, "a part of it will do"));
    }
    if let Some(name) = entry.names.iter().find(|name| !is_squeezed(name)) {
        let squeezed: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let problem = format!("`{name}` is compared without separators and in small letters");
        let hint = format!("write it so: \"{}\"", squeezed.to_ascii_lowercase());
        return Err(fault("names", problem, hint));
    }
    if !entry.names.is_empty() && entry.near.is_empty() {
        let hint = "take `names` out, or give `near` in place of `keywords`";
        return Err(fault("names", "`names` goes with `near`", hint));
    }
    Ok(())
}

fn parse_check(text: &str) -> Result<Check, Fault> {
    match text.split_once(' ') {
        Some(("checksum", name)) => Ok(Check::Checksum(name.to_owned())),
        None if text == "random" => Ok(Check::Random),
        None if text == "jwt" => Ok(Check::Jwt),
        None if text == "assignment" => Ok(Check::Assignment),
        None if text == "password" => Ok(Check::Password),
        None if text == "url-password" => Ok(Check::UrlPassword),
        None if text == "pem" => Ok(Check::Pem),
        _ => Err(fault(
            "checks",
            format!("no check is called `{text}`"),
            "there are: random, jwt, pem, password, url-password, checksum NAME",
        )),
    }
}

/// Parses a pattern as keyhook reads it: bytes, extended mode.
pub fn pattern_hir(pattern: &str) -> Result<Hir, String> {
    parse_pattern(pattern).map_err(|fault| fault.problem)
}

/// Says what is wrong and where, without quoting the pattern.
fn parse_pattern(pattern: &str) -> Result<Hir, Fault> {
    let builder = |is_extended| {
        let mut builder = regex_syntax::ParserBuilder::new();
        builder.unicode(false).utf8(false).ignore_whitespace(is_extended).build()
    };
    builder(true).parse(pattern).map_err(|error| {
        let (what, at) = match &error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start),
            other => return fault("pattern", other.to_string(), "write it in a simpler way"),
        };
        let place = if pattern.contains('\n') {
            format!("column {}", at.column)
        } else {
            format!("character {} of the pattern", at.column)
        };
        let hint = if what.starts_with("look-around") {
            "write what stands before or behind the secret into the pattern, outside of \
             `(?<secret>…)`; that no letter or digit touches the secret is checked anyway"
        } else if builder(false).parse(pattern).is_ok() {
            "white space is ignored and `#` starts a comment: write `\\ ` and `\\#` for them"
        } else if what.starts_with("duplicate capture group") {
            "put all of the secret into one group `(?<secret>…)`; group with `(?:…)` elsewhere"
        } else {
            "mend the pattern there; a character that is meant itself has a `\\` before it"
        };
        let problem = format!("the pattern does not parse: {what} ({place})");
        Fault { below: at.line - 1, ..fault("pattern", problem, hint) }
    })
}

fn pattern_reach(pattern: &str) -> Result<u32, Fault> {
    let hir = parse_pattern(pattern)?;
    let mut names = Vec::new();
    group_names(&hir, &mut names);
    if names.iter().filter(|name| *name == "secret").count() != 1 {
        let problem = "no group of the pattern is called `secret`";
        let hint = "mark what is to be hidden: (?<secret> … )";
        return Err(fault("pattern", problem, hint));
    }
    if hir.properties().minimum_len().unwrap_or(0) == 0 {
        let hint = "say how long the secret is: [a-z0-9]{40} in place of [a-z0-9]*";
        return Err(fault("pattern", "the pattern matches the empty text", hint));
    }
    if weight(&hir) > WEIGHT_MAX {
        let hint = "make its repetitions shorter, or end them open: {40,}";
        return Err(fault("pattern", "the pattern is too large", hint));
    }
    let longest = hir.properties().maximum_len().map_or(REACH_MAX as usize, |len| len);
    Ok(longest.min(REACH_MAX as usize) as u32)
}

fn is_squeezed(name: &str) -> bool {
    name.len() >= 2 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}
