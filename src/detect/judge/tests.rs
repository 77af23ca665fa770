//! What the judge lets through and what it refuses, over all its tests together.

use super::*;
use crate::rule::{builtin_proven, expand, parse};

const ALPHABETS: &[&str] = &[
    "alnum",
    "alnum-lower",
    "alnum-upper",
    "base32",
    "base32-lower",
    "base58",
    "base64",
    "base64url",
    "bech32",
    "bech32-lower",
    "crockford",
    "hex",
    "hex-upper",
    "letters",
    "lower",
    "upper",
];

/// Returns the random values that were refused, and how many there were.
fn refused(example: &str, total: u64, seed: u64) -> Vec<(String, Suppression)> {
    (seed..seed + total)
        .filter_map(|seed| {
            let text = expand(example, seed).unwrap().text;
            is_real(text.as_bytes()).err().map(|why| (text, why))
        })
        .collect()
}

#[test]
fn random_values_are_real() {
    for kind in ALPHABETS {
        for len in [20, 24, 32, 43, 64, 95] {
            let refused = refused(&format!("{{{{{kind} {len}}}}}"), 1000, len * 100_000);
            assert!(refused.len() <= 1, "{kind} {len}: {refused:?}");
        }
    }
}

#[test]
fn short_and_long_random_values_are_real() {
    for (example, total, most) in [
        ("{{uuid}}", 3000, 3),
        ("{{alnum 16}}", 3000, 3),
        ("{{hex 16}}", 3000, 3),
        ("{{alnum 12}}", 3000, 6),
        ("{{alnum 8}}", 3000, 12),
        ("{{digits 20}}", 3000, 12),
        ("{{base64 1600}}", 200, 0),
        ("{{jwt}}", 300, 0),
        ("https://o1.ingest.sentry.io/{{hex 32}}", 300, 0),
    ] {
        let refused = refused(example, total, 7_000_000);
        assert!(refused.len() <= most, "{example}: {refused:?}");
    }
}

#[test]
fn a_documented_word_before_a_random_value_is_real() {
    for lead in ["test_", "live_", "default-", "secret_ci_", "key_", "sandbox_", "prod-api-key-"] {
        for kind in ["alnum", "hex", "base64url", "alnum-lower", "letters"] {
            let refused = refused(&format!("{lead}{{{{{kind} 32}}}}"), 500, 1000);
            assert!(refused.is_empty(), "{lead}{kind}: {refused:?}");
        }
    }
}

#[test]
fn each_reason_has_its_name() {
    for (text, why) in [
        ("${API_KEY}", Suppression::Reference),
        ("your-key-here", Suppression::Placeholder),
        ("sk-xxxxxxxxxxxx", Suppression::Placeholder),
        ("0123456789abcdef", Suppression::Pattern),
        ("a1b2c3d4-e5f6-a7b8-c9d0-e1f2a3b4c5d6", Suppression::Pattern),
        ("changeme123", Suppression::Dummy),
        ("P@ssw0rd", Suppression::Dummy),
        ("test test test test test test test test test test test junk", Suppression::Placeholder),
    ] {
        assert_eq!(is_real(text.as_bytes()), Err(why), "{text}");
    }
    let documented = ["192b9bdd22", "ab9ed4d12e", "236c78afcb"].concat();
    assert_eq!(is_real(documented.as_bytes()), Err(Suppression::Documentation));
}

#[test]
fn passwords_that_someone_chose_are_real() {
    for text in [
        "Summer2024!kiwi",
        "$T7k!pQ9z",
        "<T7k!pQ9z",
        "%T7k!pQ9z",
        "@T7k!pQ9z",
        "kV7!xQ2m",
        "Tr0ub4dor&3",
        "anvil-key-moon-tulip",
        "bluewhale77",
        "9f.kV-2m_Q",
        "copper lantern orbit 89",
    ] {
        assert_eq!(is_real(text.as_bytes()), Ok(()), "{text}");
    }
}

#[test]
fn passwords_in_urls() {
    let judge = |example: &str| {
        let url = expand(example, 3).unwrap().text;
        let at = url.rfind('@').unwrap();
        let colon = url[..at].rfind(':').unwrap() + 1;
        let bytes = url.as_bytes();
        judge_url_password(&bytes[..colon], &bytes[colon..at], &bytes[at..])
    };
    assert_eq!(judge("postgres://app:{{alnum 10}}@db.acme.io/x"), Ok(Confidence::Medium));
    assert_eq!(judge("postgres://app:{{alnum 10}}@localhost:5432"), Ok(Confidence::Low));
    assert_eq!(judge("postgres://app:bluewhale@db.acme.io"), Ok(Confidence::Low));
    assert_eq!(judge("https://a:kq7Vx2mL@example.com"), Err(Suppression::Placeholder));
    assert_eq!(judge("https://a:kq7Vx2mL@db.EXAMPLE.org:1"), Err(Suppression::Placeholder));
    assert_eq!(judge("amqp://kq7Vx2mL:kq7Vx2mL@mq.acme.io"), Err(Suppression::Dummy));
    assert_eq!(judge("https://token:x-oauth-basic@github.com"), Err(Suppression::Dummy));
}

#[test]
fn vague_rules_are_quiet_in_files_that_programs_made() {
    const RULES: &str = r#"
[[rule]]
id = "acme-shapeless"
name = "ACME"
near = ["acme"]
pattern = '(?<secret> [a-f0-9]{32} )'

[[rule]]
id = "acme-shaped"
name = "ACME"
near = ["acme"]
pattern = '(?<secret> acme- [a-f0-9]{32} )'

[[rule]]
id = "generic-flag"
name = "Generic"
keywords = ["--password"]
checks = ["password"]
pattern = '--password \s (?<secret> \S+ )'

[[rule]]
id = "generic-url"
name = "Generic"
keywords = ["://"]
checks = ["url-password", "password"]
pattern = ':// [a-z]+ : (?<secret> [^@\s]+ ) @'
"#;
    let rules: Vec<Rule> = parse(RULES).unwrap().into_iter().map(|proven| proven.rule).collect();
    let judged = |index: usize, example: &str, kind: FileKind| {
        let text = expand(example, 4).unwrap();
        let secret = text.secrets[0].clone();
        judge(&rules[index], &Text { bytes: text.text.as_bytes(), kind }, &secret).map(|_| ())
    };
    for (kind, why) in
        [(FileKind::Lock, Suppression::LockFile), (FileKind::Generated, Suppression::GeneratedFile)]
    {
        assert_eq!(judged(0, "acme «{{hex 32}}»", kind), Err(why));
        assert_eq!(judged(1, "acme «acme-{{hex 32}}»", kind), Ok(()));
        assert_eq!(judged(2, "--password «kV7!{{alnum 8}}»", kind), Err(why));
    }
    let url = "https://bob:«kV7!{{alnum 8}}»@npm.acme.io/a.tgz";
    assert_eq!(judged(3, url, FileKind::Lock), Ok(()));
    assert_eq!(judged(0, "acme «{{hex 32}}»", FileKind::Other), Ok(()));
    assert_eq!(judged(2, "--password «kV7!{{alnum 8}}»", FileKind::Other), Ok(()));
    let binary = judged(0, "acme «{{hex 32}}»", FileKind::Binary);
    assert_eq!(binary, Err(Suppression::BinaryFile));
}

#[test]
fn the_examples_of_all_rules_are_real() {
    let mut looked = 0;
    for proven in builtin_proven() {
        let rule = &proven.rule;
        if rule.checks.iter().any(|check| matches!(check, Check::Assignment | Check::Pem)) {
            continue;
        }
        for (example, seed) in proven.examples.matches.iter().flat_map(|e| [(e, 11), (e, 12)]) {
            let text = expand(example, seed).unwrap();
            let Some(secret) = text.secrets.first() else { continue };
            let value = &text.text.as_bytes()[secret.clone()];
            let body = &value[crate::detect::public_len(rule, value)..];
            assert_eq!(is_real(body), Ok(()), "{}: {example}", rule.id);
            // The fixed start of a `near` rule is part of what is judged.
            assert_eq!(is_real(value), Ok(()), "{}: {example}", rule.id);
            looked += 1;
        }
    }
    assert!(looked > 1000, "{looked}");
}
