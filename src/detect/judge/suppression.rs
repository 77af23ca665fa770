//! The named reasons for which a match is not a finding.
//!
//! A suppression that cannot be explained is a silent hole, so each has a name for scripts and a
//! sentence for people; `keyhook scan --explain` shows both.

/// The named reason why a match is not a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppression {
    /// `your-key-here`, `xxxx`, `changeme`: someone has yet to fill it in.
    Placeholder,
    /// `${VAR}`, `op://…`, `os.environ[…]`: says where the secret is, not what it is.
    Reference,
    /// One character or a short group over and over, or `abcdef…`, `123456…`.
    Pattern,
    /// `password`, `admin123`, `P@ssw0rd`: what nobody means to keep secret.
    Dummy,
    /// A value that a vendor printed in its documentation or built into its emulator.
    Documentation,
    /// A token that its issuer meant for everybody, such as one with the role `anon`.
    Public,
    /// Words, a path, an identifier: not made by a random generator.
    NotRandom,
    /// The vendor's own structure does not hold.
    Malformed,
    /// A lock file, where long random values are hashes.
    LockFile,
    /// Minified code, a source map, a drawing: long random values are code and data.
    GeneratedFile,
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
            Suppression::Dummy => "dummy",
            Suppression::Documentation => "documentation",
            Suppression::Public => "public",
            Suppression::NotRandom => "not-random",
            Suppression::Malformed => "malformed",
            Suppression::LockFile => "lock-file",
            Suppression::GeneratedFile => "generated-file",
            Suppression::BinaryFile => "binary-file",
            Suppression::NoEvidence => "no-evidence",
            Suppression::OtherContext => "other-context",
            Suppression::Overlap => "overlap",
            Suppression::Allowlist(_) => "allowlist",
        }
    }

    /// Returns the reason as one sentence for people.
    pub fn explain(self) -> &'static str {
        match self {
            Suppression::Placeholder => {
                "The value stands for one that someone has yet to fill in, as `your-key-here` does."
            }
            Suppression::Reference => {
                "The value says where the secret is kept, as `${VAR}` does, not what it is."
            }
            Suppression::Pattern => {
                "The value repeats itself or counts, as `abcd1234` does; no generator makes that."
            }
            Suppression::Dummy => {
                "The value is a stock password such as `admin123`, which protects nothing."
            }
            Suppression::Documentation => {
                "The value is printed in public documentation or built into a public emulator."
            }
            Suppression::Public => {
                "The token says of itself that it is for everybody (its role is `anon`)."
            }
            Suppression::NotRandom => {
                "The value reads like words, a path or an identifier; a generated key does not."
            }
            Suppression::Malformed => {
                "The value has the shape of this key, but not the structure that real ones have."
            }
            Suppression::LockFile => {
                "Long random values in a lock file are hashes; only keys with a fixed start count."
            }
            Suppression::GeneratedFile => {
                "Long random values in a file that a program made are code or data; only keys with \
                 a fixed start count."
            }
            Suppression::BinaryFile => {
                "The file is binary, where only keys with a fixed start are believed."
            }
            Suppression::NoEvidence => {
                "The value has no shape of its own, and nothing near it says that it is a key."
            }
            Suppression::OtherContext => {
                "The name beside the value says that it is something else, such as a hash or an id."
            }
            Suppression::Overlap => "Another rule names the same secret more precisely.",
            Suppression::Allowlist(_) => {
                "An allowlist in the gitleaks configuration covers the value."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Suppression; 15] = [
        Suppression::Placeholder,
        Suppression::Reference,
        Suppression::Pattern,
        Suppression::Dummy,
        Suppression::Documentation,
        Suppression::Public,
        Suppression::NotRandom,
        Suppression::Malformed,
        Suppression::LockFile,
        Suppression::GeneratedFile,
        Suppression::BinaryFile,
        Suppression::NoEvidence,
        Suppression::OtherContext,
        Suppression::Overlap,
        Suppression::Allowlist(3),
    ];

    #[test]
    fn each_has_its_own_name_and_one_sentence() {
        let names: std::collections::BTreeSet<_> = ALL.iter().map(|why| why.as_str()).collect();
        assert_eq!(names.len(), ALL.len());
        for why in ALL {
            let sentence = why.explain();
            let is_sentence = sentence.starts_with(|c: char| c.is_ascii_uppercase())
                && sentence.ends_with('.')
                && !sentence.contains(". ");
            assert!(is_sentence, "{}: {sentence}", why.as_str());
        }
        let sentences: std::collections::BTreeSet<_> = ALL.iter().map(|w| w.explain()).collect();
        assert_eq!(sentences.len(), ALL.len());
    }
}
