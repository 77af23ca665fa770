//! Secrets in a sentence: a reason, a name, an error that repeats what was typed.
//!
//! Nobody writes a sentence in the form of a file, so it is read in more than one way, and nothing
//! has to be proved: what is hidden by mistake costs a word. Object ids and paths stay readable,
//! since the reader needs them.

use super::values::Values;
use super::{Masker, STARS, mask, shown_len};
use crate::detect::{FileKind, Match, Place, Text, is_stand_in, looks_random, promises_secret};
use crate::finding::Span;
use crate::rule::Rule;

/// A sentence is read as text of no kind, and as settings, where a value needs no quotes.
const KINDS: [FileKind; 2] = [FileKind::Other, FileKind::Config(Place::Product)];

/// A shorter token of letters and digits may be a name.
const TOKEN_MIN: usize = 20;

/// A shorter value behind a name is a word of the sentence.
const VALUE_MIN: usize = 6;

impl Masker<'_> {
    /// Hides secrets in what a person wrote or typed.
    pub fn prose(&self, text: &str) -> String {
        cover(text, self.secrets(text))
    }

    /// Returns whether a sentence holds a secret.
    pub fn is_telling(&self, text: &str) -> bool {
        !self.secrets(text).is_empty()
    }

    /// As [`Masker::prose`], and hides tokens that look random and are no object ids.
    pub fn sentence(&self, text: &str) -> String {
        let tokens = tokens(text).filter(|token| is_odd(&text.as_bytes()[token.clone()]));
        let tokens = tokens.map(|token| (token, STARS.to_owned()));
        cover(text, self.secrets(text).into_iter().chain(tokens).collect())
    }

    /// Hides secrets in what a report shows of a rule.
    pub(in crate::scan) fn rule(&self, rule: Rule) -> Rule {
        let id = self.sentence(&rule.id);
        let [name, why, revoke] =
            [&rule.name, &rule.why, &rule.revoke].map(|text| self.prose(text));
        // A rule of gitleaks has the name of the variable from its id.
        let env = if id == rule.id { self.sentence(&rule.env) } else { String::new() };
        Rule { id, name, why, env, revoke, ..rule }
    }

    /// Returns the id of a rule as it is shown and recorded.
    pub(in crate::scan) fn rule_id(&self, index: usize) -> String {
        let rules = self.engine.rules();
        let id = &rules.get(index).id;
        if rules.is_builtin(index) { id.clone() } else { self.sentence(id) }
    }

    /// Returns what is to be hidden, with what is shown for it.
    fn secrets(&self, text: &str) -> Vec<(Span, String)> {
        let bytes = text.as_bytes();
        let mut found: Vec<(Span, String)> = Vec::new();
        let mut spans: Vec<(Span, usize)> = Vec::new();
        for kind in KINDS {
            for found_here in self.engine.detect(&Text { bytes, kind }).matches {
                let Match { secret, parts, .. } = &found_here;
                found.push((secret.clone(), mask(bytes, &found_here)));
                spans.push((secret.clone(), shown_len(&found_here)));
                spans.extend(parts.iter().map(|part| (part.clone(), 0)));
            }
        }
        spans.extend(url_passwords(bytes).chain(named_values(bytes)).map(|span| (span, 0)));
        let values = spans.iter().map(|(span, public)| (&bytes[span.clone()], *public));
        Values::of(values).add_within(bytes, &(0..bytes.len()), &mut spans);
        self.known.add_within(bytes, &(0..bytes.len()), &mut spans);
        found.extend(
            spans
                .into_iter()
                .map(|(span, public)| (span.start + public..span.end, STARS.to_owned())),
        );
        found
    }
}

/// Puts something else for each span; of two that overlap, for what the first leaves of the second.
fn cover(text: &str, mut spans: Vec<(Span, String)>) -> String {
    spans.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
    let mut shown = String::new();
    let mut at = 0;
    for (span, mask) in spans {
        if span.end <= at {
            continue;
        }
        if span.start >= at {
            shown.push_str(&String::from_utf8_lossy(&text.as_bytes()[at..span.start]));
            shown.push_str(&mask);
        }
        at = span.end;
    }
    shown.push_str(&String::from_utf8_lossy(&text.as_bytes()[at..]));
    shown
}

/// Returns the passwords of `scheme://user:password@host`, however short.
fn url_passwords(text: &[u8]) -> impl Iterator<Item = Span> {
    memchr::memmem::find_iter(text, b"://").filter_map(|at| {
        let start = at + "://".len();
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`<>".contains(byte);
        let len = text[start..].iter().position(is_end).unwrap_or(text.len() - start);
        let address = &text[start..start + len];
        let user = address.iter().position(|byte| b":/@".contains(byte))?;
        let at = memchr::memrchr(b'@', address)?;
        (address[user] == b':' && user + 1 < at && !is_stand_in(&address[user + 1..at]))
            .then(|| start + user + 1..start + at)
    })
}

/// Returns the values that are given to a name such as `password`, if they are no words.
fn named_values(text: &[u8]) -> impl Iterator<Item = Span> {
    memchr::memchr2_iter(b'=', b':', text).filter_map(|at| {
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
        let before = text[..at].trim_ascii_end();
        let before = before.strip_suffix(b"\"").unwrap_or(before);
        let name = before.len() - before.iter().rev().take_while(is_name).count();
        let is_start = |byte: &&u8| b" \t\"'`=:".contains(byte);
        let start = at + text[at..].iter().take_while(is_start).count();
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`,;)<>".contains(byte);
        let end = text[start..].iter().position(is_end).map_or(text.len(), |len| start + len);
        let value = &text[start..end];
        let is_stop = |byte: &&u8| b".:!?".contains(byte);
        let end = end - value.iter().rev().take_while(is_stop).count();
        let value = &text[start..end];
        let is_word = !value.iter().any(u8::is_ascii_digit) || value.len() < VALUE_MIN;
        (!is_word && promises_secret(&before[name..]) && !is_stand_in(value)).then_some(start..end)
    })
}

fn tokens(text: &str) -> impl Iterator<Item = Span> {
    let is_end =
        |character: char| !character.is_ascii_alphanumeric() && !"_-+=".contains(character);
    text.split(is_end).map(move |token| {
        let start = token.as_ptr() as usize - text.as_ptr() as usize;
        start..start + token.len()
    })
}

/// Tells a token that may be a key from an object id or a UUID.
fn is_odd(token: &[u8]) -> bool {
    let is_hex = token.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    token.len() >= TOKEN_MIN && !is_hex && looks_random(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Engine;
    use crate::rule::{RuleSet, expand};

    #[test]
    fn secrets_are_hidden_in_whatever_form_they_are_told() {
        let engine = Engine::new(RuleSet::builtin());
        let masker = Masker::new(&engine);
        for seed in 0..8 {
            let word = expand("Qz7{{alnum 8}}9k", seed).unwrap().text;
            for form in [
                "old db postgres://bob:*@db.acme.io/x",
                "postgres://bob:*@h/x",
                "password=*",
                "--set password=*: `*` is no verdict",
                "`password=*`",
                "'password=*/[a'",
                "the password: * of last year",
                "DB_PASSWORD=*",
                "{\"password\": \"*\"}",
                "git fetch origin password=*:refs/remotes/origin/password=*",
            ] {
                let text = form.replace('*', &word);
                let shown = masker.prose(&text);
                assert!(!shown.contains(&word[1..]), "{form}: {shown}");
                assert_eq!(masker.prose(&shown), shown, "{form}");
            }
        }
    }

    #[test]
    fn what_is_no_secret_stays_readable() {
        let engine = Engine::new(RuleSet::builtin());
        let masker = Masker::new(&engine);
        for text in [
            "a test fixture, see https://example.org/a?b=c",
            "the password: rotated on 2026-01-31, ticket OPS-1234",
            "password = changeme in the compose file",
            "refs/heads/x leads to 1234567890abcdef1234567890abcdef12345678, which is not here",
            "postgres://user:${PASSWORD}@localhost/x",
            "token: expected one of 12 kinds",
            "git fetch origin main:refs/remotes/origin/main",
            "keyhook allow 3f9a2c --reason \"...\"",
            "/usr/local/share/keyhook-1.2.3/hooks/pre-commit: Permission denied",
        ] {
            assert_eq!(masker.prose(text), text);
            assert_eq!(masker.sentence(text), text);
        }
    }

    #[test]
    fn a_key_with_a_letter_before_it_is_hidden_in_a_sentence() {
        let engine = Engine::new(RuleSet::builtin());
        let key = expand("sk-ant-api03-{{base64url 93}}AA", 3).unwrap().text;
        let shown =
            Masker::new(&engine).sentence(&format!("git fetch origin no{key}:refs/x/no{key}"));
        assert!(!shown.contains(&key[20..40]) && shown.starts_with("git fetch origin "), "{shown}");
    }
}
