//! Whether what another scanner said of a value, by text, hash, rule or pattern, is said of a finding.

use std::collections::BTreeSet;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::super::Target;
use super::super::values::{around, line_around, neighbours, sha256_hex};
use super::Site;
use crate::finding::{Secret, to_hex};

/// Returns whether the names of two rules mean the same provider or kind.
pub(super) fn is_alike(theirs: &str, ours: &str) -> bool {
    const VAGUE: &[&str] = &[
        "access",
        "api",
        "betterleaks",
        "credential",
        "credentials",
        "detector",
        "file",
        "generic",
        "id",
        "key",
        "keys",
        "kingfisher",
        "rule",
        "secret",
        "secrets",
        "token",
        "veles",
    ];
    let words = |rule: &str| -> BTreeSet<String> {
        let rule = rule.to_ascii_lowercase().replace("privatekey", "private");
        let rule = rule.replace("basicauth", "password").replace("database-connection", "password");
        let parts = rule.split(|c: char| !c.is_ascii_alphanumeric());
        parts.filter(|word| !word.is_empty() && !VAGUE.contains(word)).map(str::to_owned).collect()
    };
    let (theirs, ours) = (words(theirs), words(ours));
    let is_vague = |words: &BTreeSet<String>| {
        words.iter().all(|word| ["assignment", "entropy", "high", "keyword"].contains(&&word[..]))
    };
    !theirs.is_disjoint(&ours) || (is_vague(&theirs) && is_vague(&ours))
}

/// Returns whether a value of another scanner is the same secret: equal, around it, or the greater
/// part of it. A short or small part, such as a header, is in other secrets, too.
pub(super) fn is_same(value: &Secret, secret: &Secret) -> bool {
    let plain = |secret: &Secret| {
        let bytes = secret.expose().iter().copied();
        bytes.filter(|byte| *byte != b'\r').collect::<Vec<u8>>().trim_ascii().to_vec()
    };
    let (theirs, ours) = (plain(value), plain(secret));
    if theirs == ours {
        return !ours.is_empty();
    }
    let holds = |outer: &[u8], inner: &[u8]| memchr::memmem::find(outer, inner).is_some();
    let is_part = theirs.len() >= 16 && theirs.len() * 2 > ours.len() && holds(&ours, &theirs);
    (ours.len() >= 6 && holds(&theirs, &ours)) || is_part
}

pub(super) fn hmac_hex(key: &[u8], text: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    to_hex(&mac.finalize().into_bytes())
}

pub(super) fn each(site: &Site<'_>, hash: impl Fn(&[u8]) -> String) -> Vec<String> {
    around(site).into_iter().map(hash).collect()
}

/// ggshield hashes `value,kind` of each part of a credential, in the order of the kinds.
pub(super) fn git_guardian_hashes(site: &Site<'_>) -> Vec<String> {
    const ALONE: [&str; 6] =
        ["apikey", "client_secret", "connection_uri", "password", "private_key", "token"];
    /// The secret's kind, and that of another word near it.
    const PAIRS: [(&str, &str); 6] = [
        ("apikey", "client_id"),
        ("apikey", "host"),
        ("client_secret", "client_id"),
        ("client_secret", "host"),
        ("password", "host"),
        ("password", "username"),
    ];
    let join = |parts: &mut [(&str, &[u8])]| {
        parts.sort_unstable_by_key(|(kind, _)| *kind);
        let parts = parts.iter().flat_map(|(kind, value)| [*value, b",", kind.as_bytes()]);
        sha256_hex(&parts.collect::<Vec<_>>().concat())
    };
    let texts = around(site);
    let alone = texts.iter().flat_map(|text| ALONE.map(|kind| join(&mut [(kind, text)])));
    let mut hashes: Vec<String> = alone.collect();
    let secret = site.secret.expose();
    for other in neighbours(site) {
        hashes.extend(PAIRS.map(|(kind, of_other)| join(&mut [(kind, secret), (of_other, other)])));
    }
    hashes
}

pub(super) fn is_matched(
    regex: &regex_automata::meta::Regex,
    target: Target,
    site: &Site<'_>,
) -> bool {
    let Some(span) = &site.span else { return regex.is_match(site.secret.expose()) };
    let line = line_around(site.text, span);
    match target {
        Target::Secret => regex.is_match(site.secret.expose()),
        // What the pattern takes out of the line must touch the secret.
        Target::Line => regex.find_iter(&site.text[line.clone()]).any(|found| {
            let (start, end) = (line.start + found.start(), line.start + found.end());
            start < span.end && end > span.start
        }),
        Target::GrepLine => {
            let mut text = format!("{}:{}:", site.path, site.lines.0).into_bytes();
            text.extend_from_slice(&site.text[line]);
            regex.is_match(&text)
        }
    }
}
