//! The nouns: finding, secret, span, location, fingerprint, verdict.
//!
//! Everything here is data. Nothing here reads, writes or decides, so every other room may use it.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

mod confidence;
mod excerpt;
pub use confidence::Confidence;
pub use excerpt::{Excerpt, ExcerptLine};

/// A byte range of a text.
pub type Span = Range<usize>;

/// The bytes to protect.
///
/// It has no `Display`, its `Debug` shows nothing, and it cannot be serialised. Only
/// [`Secret::expose`] opens it; its callers are the fingerprint below, the one of detect-secrets in
/// `baseline`, `scan`, which asks whether an older version of a file or a text that is shown has the
/// same bytes, and `audit`, which shows one on a terminal while a person who pressed the key for it looks at its
/// finding.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// Wraps the bytes of a secret.
    pub fn new(bytes: &[u8]) -> Secret {
        Secret(bytes.into())
    }

    /// Returns the bytes. Never print, log or store them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where a finding stands: lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The line of the first character.
    pub line: usize,
    /// The column of the first character.
    pub column: usize,
    /// The line of the last character.
    pub end_line: usize,
    /// The column behind the last character.
    pub end_column: usize,
}

/// Keeps fingerprints of one repository apart from those of every other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Salt(String);

impl Salt {
    /// The number of characters of a salt: 16 bytes in hex.
    pub const LEN: usize = 32;

    /// Wraps 32 lower-case hex characters.
    pub fn parse(text: &str) -> Option<Salt> {
        (text.len() == Salt::LEN && is_lower_hex(text)).then(|| Salt(text.to_owned()))
    }

    /// Makes a salt of random bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Salt {
        Salt(to_hex(&bytes))
    }

    /// The salt for findings outside any repository; it protects nothing.
    pub fn none() -> Salt {
        Salt("0".repeat(Salt::LEN))
    }

    /// Returns the hex text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The keyed hash that names a secret: SHA-256 over a domain tag, the salt and the bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The number of characters of a fingerprint.
    pub const LEN: usize = 64;

    /// Computes the fingerprint of a secret.
    ///
    /// Carriage returns are left out, so a secret over several lines keeps its fingerprint in a
    /// checkout with other line ends.
    pub fn of(secret: &Secret, salt: &Salt) -> Fingerprint {
        let mut hash = Sha256::new();
        hash.update(b"keyhook fingerprint 1\0");
        hash.update(salt.as_str().as_bytes());
        hash.update(b"\0");
        for part in secret.expose().split(|byte| *byte == b'\r') {
            hash.update(part);
        }
        Fingerprint(to_hex(&hash.finalize()))
    }

    /// Wraps 64 lower-case hex characters.
    pub fn parse(text: &str) -> Option<Fingerprint> {
        (text.len() == Fingerprint::LEN && is_lower_hex(text)).then(|| Fingerprint(text.to_owned()))
    }

    /// Returns the hex text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns the length at which the prefixes of all these fingerprints differ, at least 6.
pub fn prefix_len<'a>(fingerprints: impl IntoIterator<Item = &'a Fingerprint>) -> usize {
    let mut sorted: Vec<&str> = fingerprints.into_iter().map(Fingerprint::as_str).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let shared =
        |pair: &[&str]| pair[0].bytes().zip(pair[1].bytes()).take_while(|(a, b)| a == b).count();
    sorted.windows(2).map(|pair| shared(pair) + 1).max().unwrap_or(0).max(6)
}

/// A person's answer to a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Accepted unseen, when the baseline was made.
    Unreviewed,
    /// A real secret that still has to be rotated.
    Real,
    /// A real secret that no longer works.
    Revoked,
    /// Not a secret, wherever it stands.
    FalsePositive,
}

impl Verdict {
    /// Returns the word used in files and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Unreviewed => "unreviewed",
            Verdict::Real => "real",
            Verdict::Revoked => "revoked",
            Verdict::FalsePositive => "false-positive",
        }
    }
}

/// A match that is reported. It holds no secret: its line is already redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The id of the rule that spoke.
    pub rule: String,
    /// The path in the repository, with `/`; a secret in it is masked.
    pub path: String,
    /// Where it stands.
    pub location: Location,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// Names the secret.
    pub fingerprint: Fingerprint,
    /// What stands before the secret on its line, other secrets masked.
    pub before: String,
    /// The secret with all but its public prefix hidden; empty if the file as a whole is meant.
    pub masked: String,
    /// What stands behind the secret on its line, other secrets masked.
    pub after: String,
    /// What the baseline says, if it knows the finding.
    pub verdict: Option<Verdict>,
    /// Another place where the baseline knows the same value.
    pub copied_from: Option<String>,
    /// What else is known about it, as a clause without a secret: where the same value is live, what
    /// a sensitive file holds.
    pub note: Option<String>,
    /// The environment variable that holds the same value on this machine.
    pub variable: Option<String>,
    /// The commit or tag that holds it, if it was found there.
    pub origin: Option<Origin>,
}

/// A commit or a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its name in hex.
    pub id: String,
    /// The first line of the commit's message, or what the tag is called; a secret in it is masked.
    pub name: String,
    /// Whether it is a tag.
    pub is_tag: bool,
    /// Whether it is a commit without a parent.
    pub is_root: bool,
}

impl Origin {
    /// Returns the start of the name that people use.
    pub fn short(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }
}

/// Writes bytes as hexadecimal digits, as hashes are written.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    // A scan of a large baseline makes ten thousand of these.
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", Secret::new(b"hunter2")), "Secret(…)");
    }

    #[test]
    fn fingerprints_depend_on_salt_and_bytes_but_not_on_line_ends() {
        let salt = Salt::from_bytes([7; 16]);
        let of = |text: &str, salt: &Salt| Fingerprint::of(&Secret::new(text.as_bytes()), salt);
        assert_eq!(of("a\nb", &salt), of("a\r\nb", &salt));
        assert_ne!(of("a", &salt), of("b", &salt));
        assert_ne!(of("a", &salt), of("a", &Salt::none()));
        assert_eq!(Fingerprint::parse(of("a", &salt).as_str()), Some(of("a", &salt)));
    }

    #[test]
    fn the_fingerprint_is_pinned() {
        // Changing the recipe would orphan every baseline: it needs a new format version.
        let fingerprint = Fingerprint::of(&Secret::new(b"value"), &Salt::none());
        assert_eq!(
            fingerprint.as_str(),
            "bb49f2e70d93e276bbf3f2bc79b47fb4484493e61ee6840164ec4fdaa600c446"
        );
    }

    #[test]
    fn parsing_is_strict() {
        assert_eq!(Salt::parse("ABC"), None);
        assert_eq!(Salt::parse(&"A".repeat(32)), None);
        assert_eq!(Fingerprint::parse(&"a".repeat(63)), None);
        assert!(Salt::parse(&"a".repeat(32)).is_some());
    }

    #[test]
    fn prefixes_are_as_short_as_they_can_be() {
        let print = |start: &str| Fingerprint(format!("{start:0<64}"));
        assert_eq!(prefix_len([&print("a"), &print("b")]), 6);
        assert_eq!(prefix_len([&print("abcdef01"), &print("abcdef02")]), 8);
        assert_eq!(prefix_len([]), 6);
        assert_eq!(prefix_len([&print("a"), &print("a")]), 6);
    }
}
