//! Is what a pattern captured a secret, or something that only looks like one?
//!
//! The tests are named, cheapest first, and the first that speaks decides. A name is what
//! `--explain` shows, so each test answers one question.

use super::random::{distinct, looks_random};
use super::{FileKind, Text};
use crate::finding::{Confidence, Span};
use crate::rule::{Check, Rule, Trust, checksum_named};

/// The named reason why a match is not a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppression {
    /// `your-key-here`, `xxxx`, `changeme`, a value from a vendor's documentation.
    Placeholder,
    /// `${VAR}`, `op://…`, `os.environ[…]`: says where the secret is, not what it is.
    Reference,
    /// One character or a short group over and over, or `abcdef…`, `123456…`.
    Pattern,
    /// Words, a path, an identifier: not made by a random generator.
    NotRandom,
    /// The vendor's own structure does not hold.
    Malformed,
    /// A lock file, where long random values are hashes.
    LockFile,
    /// A binary file, where only keys with a prefix are believed.
    BinaryFile,
    /// A value without a shape, and nothing beside it says that it is a key.
    NoEvidence,
    /// Its name says that it is something else: a hash, a commit, an id.
    OtherContext,
    /// Another rule names the same secret more precisely.
    Overlap,
    /// An allowlist of a gitleaks file, by its place there.
    Allowlist(usize),
}

impl Suppression {
    /// Returns the name shown to people and scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Suppression::Placeholder => "placeholder",
            Suppression::Reference => "reference",
            Suppression::Pattern => "pattern",
            Suppression::NotRandom => "not-random",
            Suppression::Malformed => "malformed",
            Suppression::LockFile => "lock-file",
            Suppression::BinaryFile => "binary-file",
            Suppression::NoEvidence => "no-evidence",
            Suppression::OtherContext => "other-context",
            Suppression::Overlap => "overlap",
            Suppression::Allowlist(_) => "allowlist",
        }
    }
}

/// Decides about one captured secret.
pub(super) fn judge(
    rule: &Rule,
    text: &Text<'_>,
    secret: &Span,
) -> Result<Confidence, Suppression> {
    let value = &text.bytes[secret.clone()];
    let public = super::public_len(rule, value);
    if text.kind == FileKind::Binary && public == 0 {
        return Err(Suppression::BinaryFile);
    }
    if text.kind == FileKind::Lock && !rule.near.is_empty() {
        return Err(Suppression::LockFile);
    }
    let body = &value[public..];
    // `postgres://app:pre{{ suffix }}@…`: a template continues the value.
    let after = &text.bytes[secret.end..];
    if after.starts_with(b"{{") || after.starts_with(b"${") || after.starts_with(b"#{") {
        return Err(Suppression::Reference);
    }
    if !rule.checks.contains(&Check::Pem) {
        is_real(body)?;
    }
    rule.checks.iter().try_fold(rule.confidence, |confidence, check| {
        let limit = match check {
            Check::Password => super::assignment::judge_password(text, value),
            _ => check_one(check, value, body, after),
        };
        limit.map(|limit| confidence.min(limit))
    })
}

/// Refuses references, placeholders and patterns; used for every rule.
pub(super) fn is_real(body: &[u8]) -> Result<(), Suppression> {
    if is_reference(body) {
        Err(Suppression::Reference)
    } else if is_placeholder(body) {
        Err(Suppression::Placeholder)
    } else if is_patterned(body) {
        Err(Suppression::Pattern)
    } else {
        Ok(())
    }
}

fn check_one(
    check: &Check,
    value: &[u8],
    body: &[u8],
    after: &[u8],
) -> Result<Confidence, Suppression> {
    let holds = |is_true: bool, why| if is_true { Ok(Confidence::High) } else { Err(why) };
    match check {
        Check::Random => holds(looks_random(body), Suppression::NotRandom),
        Check::Jwt => holds(is_jwt(value), Suppression::Malformed),
        Check::Pem => holds(is_pem_body(value), Suppression::Malformed),
        Check::UrlPassword => judge_url_password(value, after),
        Check::Assignment | Check::Password => Ok(Confidence::High),
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

const REFERENCE_STARTS: &[&str] = &[
    "$",
    "<",
    "{{",
    "%(",
    "#{",
    "@{",
    "op://",
    "vault:",
    "secret:",
    "secret://",
    "ssm:",
    "arn:",
    "aws-sm:",
    "gcp-sm:",
    "keychain:",
    "keyring:",
    "env:",
    "env.",
    "file:",
    "ref+",
    "sops:",
    "!ref",
    "!sub",
    "akv:",
    "doppler:",
    "bws:",
    "pass:",
    "infisical:",
    "projects/",
    "data.",
    "var.",
    "local.",
    "module.",
    "each.",
    "self.",
    "this.",
    "config.",
    "settings.",
    "options.",
    "process.",
    "os.",
    "env[",
    "enc[",
    "{cipher}",
    "$ansible_vault",
];

const REFERENCE_PARTS: &[&str] = &[
    "${",
    "{{",
    "$(",
    "#{",
    "<%",
    "process.env",
    "import.meta",
    "os.environ",
    "getenv",
    "secrets.",
    "env[",
    "environ[",
    "keyvault",
    "secretmanager",
    "secretsmanager",
    "fromjson(",
    "lookup(",
];

/// Returns whether the text says where a secret is, instead of what it is.
pub(super) fn is_reference(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let is_percent_variable = text.len() > 2
        && text.starts_with('%')
        && text.ends_with('%')
        && text[1..text.len() - 1].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_percent_variable
        || REFERENCE_STARTS.iter().any(|start| text.starts_with(start))
        || REFERENCE_PARTS.iter().any(|part| text.contains(part))
}

/// Long enough that random text does not contain them by chance.
const PLACEHOLDER_PARTS: &[&str] = &[
    "example",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "redacted",
    "xxxxx",
    "*****",
    ".....",
    "your_",
    "your-",
    "yourapi",
    "yourkey",
    "yoursecret",
    "youractual",
    "yourtoken",
    "yourpass",
    "replace",
    "insert",
    "dummy",
    "notreal",
    "not-real",
    "not_real",
    "_here",
    "-here",
    "<your",
    "keyhere",
    "sample",
    "testing",
    "foobar",
    "deadbeef",
    "lorem",
    "secret_key",
    "secret-key",
    "api_key",
    "api-key",
    "apikey",
    "mykey",
    "my_key",
    "my-key",
    "my_secret",
    "my-secret",
    "mysecret",
    "mytoken",
    "my_token",
    "my-token",
    "password",
    "passwort",
    "passw0rd",
    "undefined",
    "…",
    "removed",
    "censored",
    "default",
    "unused",
    "invalid",
    "nothing",
];

/// Too short to look for everywhere; they count as words of their own.
const PLACEHOLDER_WORDS: &[&str] = &[
    "your", "fake", "todo", "test", "tests", "none", "null", "true", "false", "value", "string",
    "secret", "token", "actual", "claude", "openai", "abc", "abc123", "foo", "bar", "baz", "demo",
    "mock", "stub", "key", "goes", "some", "real", "admin", "hunter2", "enter", "paste", "fixme",
];

/// How much of a long value is looked at for words: chance finds words in kilobytes of base64.
const WORDS_WITHIN: usize = 160;

/// Returns whether the text stands for a value that someone has yet to fill in.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&value[..value.len().min(WORDS_WITHIN)]);
    let folded = text.to_ascii_lowercase();
    PLACEHOLDER_PARTS.iter().any(|part| folded.contains(part))
        || words(&text).any(|word| PLACEHOLDER_WORDS.contains(&word.to_ascii_lowercase().as_str()))
}

/// Returns the words of at least 3 letters between separators, if the value is made of words.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= 3)
}

/// Returns whether the text repeats itself or runs up a sequence.
pub(super) fn is_patterned(value: &[u8]) -> bool {
    let len = value.len();
    if len >= 16 && distinct(value) < 6 {
        return true;
    }
    // A long token may hold a short run: six equal characters are rare in a key and common in an
    // encoded time stamp. Counting up from the start of the row is nobody's chance.
    let short = if value.iter().all(u8::is_ascii_hexdigit) { 8 } else { 6 };
    let run_max = short.max(len / 4);
    let counts_up = [&b"123456789"[..], b"abcdefghi", b"ABCDEFGHI", b"qwertyuio"]
        .iter()
        .any(|row| memchr::memmem::find(value, row).is_some());
    counts_up
        || longest_run(value, |a, b| a == b) >= run_max
        || longest_run(value, |a, b| b == a.wrapping_add(1)) >= run_max
        || longest_run(value, |a, b| a == b.wrapping_add(1)) >= run_max
        || (len >= 12 && is_periodic(value))
}

fn longest_run(value: &[u8], follows: fn(u8, u8) -> bool) -> usize {
    let mut longest = 1;
    let mut run = 1;
    for pair in value.windows(2) {
        run = if follows(pair[0], pair[1]) { run + 1 } else { 1 };
        longest = longest.max(run);
    }
    longest
}

/// Returns whether a group of up to 10 bytes makes up the whole text.
fn is_periodic(value: &[u8]) -> bool {
    (1..=10.min(value.len() / 2)).any(|period| value[period..] == value[..value.len() - period])
}

fn is_jwt(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b'.');
    let header = parts.next().and_then(decode_base64url);
    let payload = parts.next().and_then(decode_base64url);
    let is_object = |bytes: Option<Vec<u8>>| {
        bytes.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
    };
    let Some(header) = is_object(header) else { return false };
    header.get("alg").is_some() && is_object(payload).is_some_and(|payload| payload.is_object())
}

fn decode_base64url(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for &byte in text.iter().filter(|byte| **byte != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

/// The shortest real body is an Ed25519 key: 64 characters.
const PEM_BODY_MIN: usize = 60;

fn is_pem_body(body: &[u8]) -> bool {
    // Headers such as `Proc-Type: 4,ENCRYPTED` and escapes such as `\n` are not part of the key.
    let text = String::from_utf8_lossy(body).replace("\\n", "\n").replace("\\r", "\n");
    let key: Vec<u8> = text
        .lines()
        .filter(|line| !line.contains(": "))
        .flat_map(|line| line.bytes())
        .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        .collect();
    key.len() >= PEM_BODY_MIN
        && distinct(&key) >= 20
        && longest_run(&key, |a, b| a == b && a != b'A') < 12
        && !text.contains("...")
}

const DUMMY_PASSWORDS: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "user",
    "username",
    "admin",
    "root",
    "guest",
    "test",
    "postgres",
    "mysql",
    "redis",
    "mongo",
    "rabbitmq",
    "token",
    "key",
    "foo",
    "bar",
    "example",
    "x-oauth-basic",
    "xxx",
    "abc",
    "123",
    "1234",
    "12345",
    "123456",
];

fn judge_url_password(value: &[u8], after: &[u8]) -> Result<Confidence, Suppression> {
    let folded = String::from_utf8_lossy(value).to_ascii_lowercase();
    if DUMMY_PASSWORDS.contains(&folded.trim_matches(|c: char| !c.is_ascii_alphanumeric())) {
        return Err(Suppression::Placeholder);
    }
    let host: Vec<u8> = after
        .iter()
        .skip(1)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        .map(u8::to_ascii_lowercase)
        .collect();
    let is_documentation =
        [&b"example.com"[..], b"example.org", b"example.net", b".example", b".test"]
            .iter()
            .any(|end| host.ends_with(end))
            || host == b"host"
            || host == b"hostname";
    if is_documentation {
        return Err(Suppression::Placeholder);
    }
    let is_local = matches!(&host[..], b"localhost" | b"127.0.0.1" | b"0.0.0.0");
    Ok(if is_local || !has_digit_or_symbol(value) { Confidence::Low } else { Confidence::Medium })
}

fn has_digit_or_symbol(value: &[u8]) -> bool {
    value.iter().any(|byte| !byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::expand;

    #[test]
    fn references_say_where_the_secret_is() {
        for text in [
            "$ADMIN_TOKEN",
            "${KEY}",
            "${{ secrets.KEY }}",
            "op://Development/Claude/credential",
            "<your key>",
            "{{ .Values.key }}",
            "%(key)s",
            "process.env.KEY",
            "%KEY%",
            "vault:secret/data/x#key",
            "arn:aws:secretsmanager:x",
            "os.environ['KEY']",
        ] {
            assert!(is_reference(text.as_bytes()), "{text}");
        }
        assert!(!is_reference(b"aB3$kd9"));
    }

    #[test]
    fn placeholders_stand_for_a_value() {
        for text in [
            "your-key-here",
            "YOUR_SUPER_SECRET_KEY_HERE",
            "IOSFODNN7EXAMPLE",
            "xxxxxxxxxxxx",
            "YourActualClaudeKey",
            "abc123...",
            "test",
            "prod/ezai-api-key",
            "my-fake-key",
        ] {
            assert!(is_placeholder(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn patterns_are_no_secrets() {
        for text in
            ["aaaaaaaaaaaaaaaaaaaa", "abcdefghijklmnop", "0123456789abcdef", "abc1abc1abc1abc1"]
        {
            assert!(is_patterned(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn random_values_are_real() {
        for kind in ["alnum 48", "hex 32", "base64url 95", "alnum-upper 16", "base64 1600"] {
            let total = 2000;
            let real = (0..total)
                .filter(|seed| {
                    let text = expand(&format!("{{{{{kind}}}}}"), *seed).unwrap().text;
                    is_real(text.as_bytes()).is_ok()
                })
                .count();
            assert!(real >= 1990, "{kind}: {real} of {total}");
        }
    }

    #[test]
    fn tokens_decode() {
        let token = expand("{{jwt}}", 1).unwrap().text;
        assert!(is_jwt(token.as_bytes()));
        assert!(!is_jwt(b"eyJhbGciOiJ.eyJzdWIiOiIxMjM0.sig"));
    }

    #[test]
    fn passwords_for_local_and_documented_hosts_do_not_alarm() {
        let confidence =
            |value: &str, after: &str| judge_url_password(value.as_bytes(), after.as_bytes());
        assert_eq!(confidence("kq7Vx2mL", "@db.acme.io/x"), Ok(Confidence::Medium));
        assert_eq!(confidence("kq7Vx2mL", "@localhost:5432"), Ok(Confidence::Low));
        assert_eq!(confidence("kq7Vx2mL", "@example.com"), Err(Suppression::Placeholder));
        assert_eq!(confidence("password", "@db.acme.io"), Err(Suppression::Placeholder));
    }
}
