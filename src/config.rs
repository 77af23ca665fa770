//! `.keyhook.toml` and its defaults.
//!
//! The file is data: it can leave paths out, switch rules off and add rules, and each of these is
//! said in the output. It cannot run anything and cannot switch keyhook off.

use std::fmt;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::finding::Confidence;

/// The name of the file, at the top of the repository.
pub const CONFIG_NAME: &str = ".keyhook.toml";

/// The settings of one repository.
#[derive(Clone, Debug)]
pub struct Config {
    /// Rules that are switched off.
    pub disable: Vec<String>,
    /// The lowest confidence that is reported.
    pub confidence: Confidence,
    /// A gitleaks file whose rules run too, from the top of the repository.
    pub gitleaks: Option<String>,
    /// The sources of own keys that are not asked here. The repository can name none to be asked:
    /// that would let a stranger choose which of the user's files keyhook reads.
    pub own_keys_off: Vec<String>,
    exclude: GlobSet,
    guarded: GlobSet,
    unguarded: GlobSet,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            disable: Vec::new(),
            confidence: Confidence::Medium,
            gitleaks: None,
            own_keys_off: Vec::new(),
            exclude: GlobSet::empty(),
            guarded: GlobSet::empty(),
            unguarded: GlobSet::empty(),
        }
    }
}

/// Why the file cannot be used: the message names line and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    problem: String,
    /// Where in the file, in bytes.
    at: Option<usize>,
}

impl ConfigError {
    /// Returns what is wrong.
    pub fn problem(&self) -> &str {
        self.problem.trim_end()
    }

    /// Returns the line of the file that is meant, from 1.
    pub fn line(&self, text: &str) -> usize {
        let before = text.get(..self.at.unwrap_or(0)).unwrap_or_default();
        1 + before.matches('\n').count()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use {CONFIG_NAME}: {}", self.problem())
    }
}

impl std::error::Error for ConfigError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    disable: Vec<String>,
    confidence: Option<Confidence>,
    gitleaks: Option<String>,
    #[serde(default)]
    guarded: GuardedTable,
    #[serde(default, rename = "own-keys")]
    own_keys: OwnKeysTable,
    /// The user's own rules are read by `rule`.
    #[serde(default, rename = "rule")]
    _rules: Vec<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct GuardedTable {
    #[serde(default)]
    add: Vec<String>,
    #[serde(default)]
    allow: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnKeysTable {
    #[serde(default)]
    off: Vec<String>,
}

impl Config {
    /// Parses the text of `.keyhook.toml`.
    pub fn parse(text: &str) -> Result<Config, ConfigError> {
        let file: ConfigFile = toml::from_str(text)
            .map_err(|e| ConfigError { at: e.span().map(|at| at.start), problem: e.to_string() })?;
        Ok(Config {
            disable: file.disable,
            confidence: file.confidence.unwrap_or(Confidence::Medium),
            gitleaks: file.gitleaks,
            own_keys_off: file.own_keys.off,
            exclude: globs("exclude", &file.exclude)?,
            guarded: globs("guarded.add", &at_any_depth(&file.guarded.add))?,
            unguarded: globs("guarded.allow", &at_any_depth(&file.guarded.allow))?,
        })
    }

    /// Returns whether the user has left this path out.
    pub fn is_excluded(&self, path: &str) -> bool {
        self.exclude.is_match(path)
    }

    /// Returns whether the repository asks to guard this file, whatever it is called.
    pub fn is_guarded(&self, path: &str) -> bool {
        self.guarded.is_match(path)
    }

    /// Returns whether the repository wants this file committed, whatever it is called.
    pub fn is_unguarded(&self, path: &str) -> bool {
        self.unguarded.is_match(path)
    }
}

fn globs(key: &str, patterns: &[String]) -> Result<GlobSet, ConfigError> {
    let wrong =
        |error: globset::Error| ConfigError { problem: format!("{key}: {error}"), at: None };
    let mut globs = GlobSetBuilder::new();
    for pattern in patterns {
        globs.add(GlobBuilder::new(pattern).literal_separator(true).build().map_err(wrong)?);
    }
    globs.build().map_err(wrong)
}

/// As in `.gitignore`, a name without a folder is meant wherever it lies: a guard that looks at the
/// top alone would be passed unseen.
fn at_any_depth(patterns: &[String]) -> Vec<String> {
    let deepen = |pattern: &String| match pattern.strip_suffix('/') {
        Some(folder) if folder.contains('/') => format!("{folder}/**"),
        Some(folder) => format!("**/{folder}/**"),
        None if pattern.contains('/') => pattern.trim_start_matches('/').to_owned(),
        None => format!("**/{pattern}"),
    };
    patterns.iter().map(deepen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_key() {
        let text = "exclude = [\"vendor/**\", \"*.min.js\"]\ndisable = [\"a-b\"]\nconfidence = \"low\"\ngitleaks = \"a.toml\"\n[[rule]]\nid = \"x-y\"\n";
        let config = Config::parse(text).unwrap();
        assert!(config.is_excluded("vendor/a/b.js") && config.is_excluded("x.min.js"));
        assert!(!config.is_excluded("src/vendor.js") && !config.is_excluded("src/x.min.js"));
        assert_eq!((config.disable.len(), config.confidence), (1, Confidence::Low));
        assert_eq!(config.gitleaks.as_deref(), Some("a.toml"));
    }

    #[test]
    fn mistakes_name_line_and_key() {
        let problem = Config::parse("exclude = []\nexlude = []\n").unwrap_err().to_string();
        assert!(problem.contains("line 2") && problem.contains("exlude"), "{problem}");
        assert!(problem.contains("exclude"), "{problem}");
        assert!(Config::parse("exclude = [\"a[\"]").is_err());
        assert!(Config::parse("confidence = \"huge\"").is_err());
    }

    #[test]
    fn guards_are_named_as_in_gitignore() {
        let config = Config::parse(
            "[guarded]\nadd = [\"*.backup\", \"private/\", \"/top.txt\"]\nallow = [\"a/*.pem\"]\n[own-keys]\noff = [\"aws\"]",
        )
        .unwrap();
        for path in ["x.backup", "a/b/x.backup", "a/private/b/c", "top.txt"] {
            assert!(config.is_guarded(path), "{path}");
        }
        assert!(!config.is_guarded("a/top.txt") && !config.is_guarded("private"));
        assert!(config.is_unguarded("a/x.pem") && !config.is_unguarded("b/a/x.pem"));
        assert_eq!(config.own_keys_off, ["aws"]);
        assert!(Config::parse("[own-keys]\nadd = [\"~/.ssh/id_rsa\"]").is_err());
        assert!(Config::parse("[guarded]\nadd = [\"a[\"]").is_err());
    }

    #[test]
    fn an_empty_file_is_the_default() {
        let config = Config::parse("").unwrap();
        assert_eq!(config.confidence, Confidence::Medium);
        assert!(!config.is_excluded("a"));
    }
}
