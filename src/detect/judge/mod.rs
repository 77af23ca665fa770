//! Is what a pattern captured a secret, or something that only looks like one?
//!
//! The tests are named, cheapest first, and the first that speaks decides. A name is what
//! `--explain` shows, so each test answers one question, and has its own file here.

use super::assignment::{context, shape};
use super::random::looks_random;
use super::{FileKind, Text};
use crate::finding::{Confidence, Span};
use crate::rule::{Check, Rule, Trust, checksum_named};

mod dummy;
mod encoded;
mod expiry;
mod fold;
mod jwt;
mod known;
mod pattern;
mod pem;
mod placeholder;
mod reference;
mod suppression;

pub(super) use dummy::{is_dummy, is_wordy};
pub(super) use encoded::typed;
pub use suppression::Suppression;

/// Decides about one captured secret.
pub(super) fn judge(
    rule: &Rule,
    text: &Text<'_>,
    secret: &Span,
) -> Result<Confidence, Suppression> {
    let value = &text.bytes[secret.clone()];
    let public = super::public_len(rule, value);
    judge_kind(rule, text.kind, public > 0)?;
    let body = &value[public..];
    let after = &text.bytes[secret.end..];
    if goes_on(after) || (public == 0 && is_expression(text, secret)) {
        return Err(Suppression::Reference);
    }
    if !rule.checks.contains(&Check::Pem) {
        is_real(body)?;
        if public > 0 && known::is_documented(value) {
            return Err(Suppression::Documentation);
        }
    }
    let sure = rule.checks.iter().try_fold(rule.confidence, |confidence, check| {
        let limit = match check {
            Check::Password => super::assignment::judge_password(text, value),
            Check::UrlPassword => judge_url_password(&text.bytes[..secret.start], value, after),
            _ => check_one(check, value, body),
        };
        limit.map(|limit| confidence.min(limit))
    })?;
    let is_shown = sure > Confidence::Low && !opens_nothing(rule, text, secret);
    Ok(if is_shown { sure } else { Confidence::Low })
}

/// Returns whether a value with the full shape of a secret opens nothing: it has run out, or is shown
/// in the description of an interface.
fn opens_nothing(rule: &Rule, text: &Text<'_>, secret: &Span) -> bool {
    let value = &text.bytes[secret.clone()];
    let is_for_anybody = rule.provider.is_empty()
        && rule.checks.iter().any(|check| matches!(check, Check::Jwt | Check::Pem));
    expiry::is_over(text.bytes, secret)
        || (value.starts_with(b"eyJ") && jwt::is_toy(value))
        || (is_for_anybody && context::is_example(text, secret.start))
}

/// Returns whether the value is an expression of a program: `vault_pass = stream.read()`. Rules that
/// know a name read the value of a configuration file, and meet the name in code as well.
fn is_expression(text: &Text<'_>, secret: &Span) -> bool {
    if !matches!(text.kind, FileKind::Code(_)) {
        return false;
    }
    let before = &text.bytes[..secret.start];
    let is_joined = match before.trim_ascii_end().last() {
        Some(b'=') => true,
        Some(b':') => before.ends_with(b" "),
        _ => false,
    };
    is_joined && shape::is_expression(&text.bytes[secret.clone()])
}

/// Refuses what the kind of file makes improbable.
fn judge_kind(rule: &Rule, kind: FileKind, has_start: bool) -> Result<(), Suppression> {
    let is_generic = rule.provider.is_empty()
        && rule.checks.iter().any(|check| matches!(check, Check::Assignment | Check::Password));
    let is_vague = is_generic || (!rule.near.is_empty() && rule.is_shapeless);
    match kind {
        FileKind::Binary if !has_start => Err(Suppression::BinaryFile),
        // Where a package was fetched from may hold the password of its registry, which is no hash.
        FileKind::Lock if rule.checks.contains(&Check::UrlPassword) => Ok(()),
        FileKind::Lock if is_vague => Err(Suppression::LockFile),
        kind if kind.is_quiet() && is_vague => Err(Suppression::GeneratedFile),
        _ => Ok(()),
    }
}

/// `postgres://app:pre{{ suffix }}@…`: a template continues the value.
fn goes_on(after: &[u8]) -> bool {
    [&b"{{"[..], b"${", b"#{", b"<%", b"%{"].iter().any(|open| after.starts_with(open))
}

/// Refuses what is no secret whatever the rule: references, placeholders, patterns, documented and
/// public values.
pub(super) fn is_real(body: &[u8]) -> Result<(), Suppression> {
    if reference::is_reference(body) {
        Err(Suppression::Reference)
    } else if placeholder::is_word_phrase(body) {
        if placeholder::is_placeholder(body) { Err(Suppression::Placeholder) } else { Ok(()) }
    } else if is_dummy(body) {
        Err(Suppression::Dummy)
    } else if placeholder::is_placeholder(body) {
        Err(Suppression::Placeholder)
    } else if pattern::is_patterned(body) {
        Err(Suppression::Pattern)
    } else if known::is_documented(body) {
        Err(Suppression::Documentation)
    } else if let Some(typed) = typed(body)
        && (is_dummy(&typed) || encoded::is_sentence(&typed))
    {
        Err(if is_dummy(&typed) { Suppression::Dummy } else { Suppression::NotRandom })
    } else if is_publishable(body) {
        Err(Suppression::Public)
    } else {
        jwt::is_private(body)
    }
}

/// Starts of keys that their vendors mean for browsers and apps.
const PUBLISHABLE: &[&[u8]] = &[b"phc_", b"pk_live_", b"pk_test_", b"pk-lf-"];

fn is_publishable(body: &[u8]) -> bool {
    PUBLISHABLE.iter().any(|start| body.starts_with(start))
}

fn check_one(check: &Check, value: &[u8], body: &[u8]) -> Result<Confidence, Suppression> {
    let holds = |is_true: bool, why| if is_true { Ok(Confidence::High) } else { Err(why) };
    match check {
        Check::Random => holds(looks_random(body), Suppression::NotRandom),
        Check::Jwt => jwt::judge(value).map(|()| Confidence::High),
        Check::Pem => holds(pem::is_pem_body(value), Suppression::Malformed),
        Check::Assignment | Check::Password | Check::UrlPassword => Ok(Confidence::High),
        Check::Checksum(name) => {
            let (Some(checksum), Ok(value)) = (checksum_named(name), std::str::from_utf8(value))
            else {
                return Err(Suppression::Malformed);
            };
            Ok(match (checksum.holds(value), checksum.trust) {
                (true, _) => Confidence::High,
                (false, Trust::Likely) => Confidence::Medium,
                (false, Trust::Sure) => Confidence::Low,
            })
        }
    }
}

/// Hosts that only documentation has.
const EXAMPLE_HOSTS: &[&[u8]] =
    &[b"example.com", b"example.org", b"example.net", b".example", b".test", b".invalid"];

fn judge_url_password(
    before: &[u8],
    value: &[u8],
    after: &[u8],
) -> Result<Confidence, Suppression> {
    if is_user_again(before, value) || is_scheme_word(value) {
        return Err(Suppression::Dummy);
    }
    let host = after.strip_prefix(b"@").unwrap_or(after);
    let len = host
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let folded = fold::Folded::of(&host[..len.count()]);
    let host = folded.bytes();
    if EXAMPLE_HOSTS.iter().any(|end| host.ends_with(end))
        || matches!(host, b"host" | b"hostname" | b"your-host" | b"example")
    {
        return Err(Suppression::Placeholder);
    }
    let is_local = matches!(host, b"localhost" | b"127.0.0.1" | b"0.0.0.0");
    let is_made = looks_random(value) || shape::is_letter_mix(value);
    let is_letters = value.iter().all(u8::is_ascii_alphabetic) && !is_made;
    Ok(if is_local || is_letters || is_wordy(value) { Confidence::Low } else { Confidence::Medium })
}

/// `://guest:guest@`: what images and tutorials start with.
fn is_user_again(before: &[u8], password: &[u8]) -> bool {
    before
        .strip_suffix(b":")
        .and_then(|before| before.strip_suffix(password))
        .is_some_and(|before| before.ends_with(b"://"))
}

/// Words that stand for "no password needed here" in the URLs of Git hosts and services.
fn is_scheme_word(value: &[u8]) -> bool {
    [&b"x-oauth-basic"[..], b"x-token-auth", b"x-access-token", b"oauth2", b"mysql", b"redis"]
        .iter()
        .chain(&[&b"mongo"[..], b"rabbitmq", b"minio", b"123456789"])
        .any(|word| word.eq_ignore_ascii_case(value))
}

#[cfg(test)]
mod tests;
