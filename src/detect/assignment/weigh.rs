//! Is an assigned value worth believing?
//!
//! Evidence is the strength of the name, the look of the value and the kind of file. A text that
//! chance made convinces everywhere. What a person may have chosen convinces in configuration, has
//! to look stronger in code, and stays quiet in tests and examples.

use super::dialect::Value;
use super::{context, shape};
use crate::detect::judge::{self, Suppression};
use crate::detect::layer::spelled_out;
use crate::detect::name::{Promise, Sort, Strength, Words};
use crate::detect::random::looks_random;
use crate::detect::{FileKind, Text};
use crate::finding::Confidence;

/// From this length on a value that looks random is nobody's word.
const RANDOM_MIN: usize = 16;
const PASSWORD_MIN: usize = 6;

/// Returns whether the value is letters and joints of a name that do not look random.
fn is_plain_word(bytes: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphabetic() || b"_.:->&*<>()[] ".contains(byte);
    bytes.iter().all(is_name) && !is_random(bytes) && !shape::is_letter_mix(bytes)
}

/// Returns how sure a value makes us, or why it is no secret.
pub(super) fn weigh(
    promise: Promise,
    text: &Text<'_>,
    name: &[u8],
    value: &Value,
) -> Result<Confidence, Suppression> {
    let sure = weigh_alone(promise, text, name, value)?;
    // Only what would be shown is worth the look at what encloses it.
    let at = value.span.start;
    let is_shown = sure > Confidence::Low
        && !context::is_example(text, at)
        && !context::is_said_to_be_example(text, name, at)
        && !context::is_in_bundle(text, at);
    Ok(if is_shown { sure } else { Confidence::Low })
}

/// Weighs a value without what encloses it.
fn weigh_alone(
    promise: Promise,
    text: &Text<'_>,
    name: &[u8],
    value: &Value,
) -> Result<Confidence, Suppression> {
    let bytes = &text.bytes[value.span.clone()];
    // A word of another script is no random text because it is written as `\u05e1\u05d9`.
    let spelled = spelled_out(bytes);
    let bytes = spelled.as_deref().unwrap_or(bytes);
    // Most values are words of a program; the dear questions are not for them.
    if is_plain_word(bytes) && (promise.strength == Strength::Faint || !value.is_literal) {
        return Err(Suppression::NotRandom);
    }
    judge::is_real(bytes)?;
    if repeats_name(name, bytes) || memchr::memmem::find(bytes, b"...").is_some() {
        return Err(Suppression::Placeholder);
    }
    if shape::is_alphabet_walk(bytes) {
        return Err(Suppression::Pattern);
    }
    let is_public = shape::is_chain_address(bytes) || is_key_id(name, bytes);
    if shape::is_hashed(bytes) || shape::is_encoded_object(bytes) || is_public {
        return Err(Suppression::OtherContext);
    }
    if text.kind == FileKind::Prose && (shape::is_type_name(bytes) || shape::is_path(bytes)) {
        return Err(Suppression::NotRandom);
    }
    // Base64 of what a person typed is as good as what was typed.
    if let Some(typed) = judge::typed(bytes)
        && !is_random(&typed)
    {
        return password(text, &typed);
    }
    let is_mixed = value.is_literal || text.kind.has_bare_values();
    let is_mix = is_mixed && shape::is_symbol_mix(bytes) && !shape::is_path(bytes);
    if is_random(bytes) || is_mix {
        return Ok(match promise.strength {
            Strength::Faint => Confidence::Low,
            Strength::Weak | Strength::Strong => Confidence::Medium,
        });
    }
    if shape::is_something_else(bytes) || (!value.is_literal && !value.is_whole && bytes.len() < 4)
    {
        return Err(Suppression::NotRandom);
    }
    if shape::is_uuid(bytes) {
        let is_sure = promise.strength == Strength::Strong && !text.kind.is_sample();
        return Ok(if is_sure { Confidence::Medium } else { Confidence::Low });
    }
    match (promise.sort, promise.strength) {
        (_, Strength::Faint) => Err(Suppression::NotRandom),
        (Sort::Password, Strength::Strong) => password(text, bytes),
        (Sort::Password, Strength::Weak) => password(text, bytes).map(|_| Confidence::Low),
        (Sort::Key, strength) => key(text, bytes, strength),
    }
}

/// Returns how sure a value makes us that no name but its place calls a password.
pub(super) fn placed(text: &Text<'_>, bytes: &[u8]) -> Result<Confidence, Suppression> {
    if shape::is_alphabet_walk(bytes) {
        return Err(Suppression::Pattern);
    }
    if is_random(bytes) { Ok(Confidence::Medium) } else { password(text, bytes) }
}

/// Grades what a person may have chosen.
fn password(text: &Text<'_>, bytes: &[u8]) -> Result<Confidence, Suppression> {
    let looks = Looks::of(bytes);
    if bytes.len() < 4 || looks.spaces > 3 || shape::is_something_else(bytes) {
        return Err(Suppression::NotRandom);
    }
    if shape::is_letter_mix(bytes) {
        let is_sample = text.kind.is_sample();
        return Ok(if is_sample { Confidence::Low } else { Confidence::Medium });
    }
    if looks.spaces > 0 || looks.is_single() || (shape::is_identifier(bytes) && !is_chosen(bytes)) {
        return if looks.digits > 0 || !looks.is_prose(bytes) {
            Ok(Confidence::Low)
        } else {
            Err(Suppression::NotRandom)
        };
    }
    if judge::is_dummy(bytes) {
        return Err(Suppression::Dummy);
    }
    if judge::is_wordy(bytes) {
        let is_effort = looks.classes >= 3 && bytes.len() >= 8;
        return if is_effort { Ok(Confidence::Low) } else { Err(Suppression::Dummy) };
    }
    if text.kind.is_sample() || bytes.len() < PASSWORD_MIN || is_season_and_year(bytes) {
        return Ok(Confidence::Low);
    }
    let is_strong = looks.classes >= 3 && bytes.len() >= 8;
    let is_fair = looks.classes >= 2 && looks.digits > 0 && bytes.len() >= 8;
    let is_short = looks.classes >= 3 || (looks.classes >= 2 && looks.digits > 0);
    let is_sure = match text.kind {
        FileKind::Env(_) | FileKind::Config(_) | FileKind::Data(_) => {
            is_strong || is_fair || is_short
        }
        FileKind::Code(_) => is_strong || is_fair || shape::is_passphrase(bytes),
        _ => is_strong,
    };
    Ok(if is_sure { Confidence::Medium } else { Confidence::Low })
}

/// A key that does not look random may be a secret that someone typed in.
fn key(text: &Text<'_>, bytes: &[u8], strength: Strength) -> Result<Confidence, Suppression> {
    let looks = Looks::of(bytes);
    if bytes.len() < 8 || looks.spaces > 0 || looks.is_single() || looks.digits == 0 {
        return Err(Suppression::NotRandom);
    }
    if shape::is_identifier(bytes) {
        return Err(Suppression::NotRandom);
    }
    let typed = password(text, bytes)?;
    let is_strong = looks.classes >= 3 || looks_random(bytes);
    let is_config = matches!(text.kind, FileKind::Env(_) | FileKind::Config(_) | FileKind::Data(_));
    let is_sure = strength == Strength::Strong
        && is_strong
        && (is_config || (bytes.len() >= 10 && looks.symbols <= 3));
    Ok(if is_sure { typed } else { Confidence::Low })
}

fn is_random(bytes: &[u8]) -> bool {
    let looks = Looks::of(bytes);
    bytes.len() >= RANDOM_MIN
        && looks.spaces == 0
        && looks.symbols * 4 <= bytes.len()
        && looks.digits < bytes.len()
        && looks_random(bytes)
        && !shape::is_uuid(bytes)
        && (!shape::is_plain(bytes) || shape::is_letter_mix(bytes))
        && !shape::is_path(bytes)
        && !bytes.starts_with(b"http")
}

/// `GPG_KEY=0D96DF4D…`: the id or the fingerprint of a key that everybody may have.
fn is_key_id(name: &[u8], value: &[u8]) -> bool {
    let is_signature = |word: &str| matches!(word, "gpg" | "pgp" | "signingkey" | "signing");
    matches!(value.len(), 8 | 16 | 40)
        && value.iter().all(u8::is_ascii_hexdigit)
        && Words::of(name).iter().any(is_signature)
        && (value.len() < 40 || !value.iter().any(u8::is_ascii_lowercase))
}

/// What a value is made of.
struct Looks {
    digits: usize,
    letters: usize,
    symbols: usize,
    spaces: usize,
    classes: usize,
}

impl Looks {
    fn of(bytes: &[u8]) -> Looks {
        let count = |test: fn(&u8) -> bool| bytes.iter().filter(|byte| test(byte)).count();
        let digits = count(u8::is_ascii_digit);
        let (lower, upper) = (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
        let spaces = count(u8::is_ascii_whitespace);
        let symbols = bytes.len() - digits - lower - upper - spaces;
        let classes = [digits, lower, upper, symbols].iter().filter(|n| **n > 0).count();
        Looks { digits, letters: lower + upper, symbols, spaces, classes }
    }

    /// Returns whether there is nothing but digits, letters or symbols.
    fn is_single(&self) -> bool {
        self.symbols == 0 && (self.digits == 0 || self.letters == 0)
            || self.letters + self.digits == 0
    }

    /// Returns whether the value is a word or a sentence of words.
    fn is_prose(&self, bytes: &[u8]) -> bool {
        self.spaces > 0 || bytes.len() < PASSWORD_MIN
    }
}

/// `password = "user_password"`, `API_KEY: api-key`: the value only says its name again.
fn repeats_name(name: &[u8], value: &[u8]) -> bool {
    let value = Words::of(value);
    value.iter().all(|word| Words::of(name).iter().any(|told| told == word))
}

/// Returns whether a value of joined words was rather chosen as a password: a phrase with a number
/// at its end, or capitals, digits and signs together.
fn is_chosen(bytes: &[u8]) -> bool {
    let has = |test: fn(&u8) -> bool| bytes.iter().any(test);
    let ends_in_number = bytes.iter().rev().take_while(|byte| byte.is_ascii_digit()).count() >= 2;
    shape::is_passphrase(bytes)
        || (ends_in_number
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(|byte| matches!(byte, b'-' | b'_' | b'.')))
}

#[rustfmt::skip]
const SEASONS: &[&str] = &[
    "spring", "summer", "autumn", "fall", "winter", "january", "february", "march", "april", "may",
    "june", "july", "august", "september", "october", "november", "december", "year", "acme",
    "company", "welcome", "hello", "sommer", "herbst", "fruehling", "verano", "invierno",
];

/// `Summer2024!`: a season and a year, as examples have them.
fn is_season_and_year(bytes: &[u8]) -> bool {
    let letters = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let rest = &bytes[letters..];
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_year = digits == 4 && (rest.starts_with(b"19") || rest.starts_with(b"20"));
    let word = bytes[..letters].to_ascii_lowercase();
    let is_season = SEASONS.iter().any(|season| season.as_bytes() == word);
    is_season && is_year && rest.len() <= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seasons_and_years_are_examples() {
        assert!(is_season_and_year(b"Summer2024!") && is_season_and_year(b"acme1999"));
        assert!(!is_season_and_year(b"Summer20248") && !is_season_and_year(b"Rosebud2012*"));
    }
}
