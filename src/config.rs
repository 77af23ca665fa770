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
    exclude: GlobSet,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            disable: Vec::new(),
            confidence: Confidence::Medium,
            gitleaks: None,
            exclude: GlobSet::empty(),
        }
    }
}

/// Why the file cannot be used: the message names line and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use {CONFIG_NAME}: {}", self.0.trim_end())
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
    /// The user's own rules are read by `rule`.
    #[serde(default, rename = "rule")]
    _rules: Vec<IgnoredAny>,
}

impl Config {
    /// Parses the text of `.keyhook.toml`.
    pub fn parse(text: &str) -> Result<Config, ConfigError> {
        let file: ConfigFile = toml::from_str(text).map_err(|e| ConfigError(e.to_string()))?;
        let mut exclude = GlobSetBuilder::new();
        for pattern in &file.exclude {
            let glob = GlobBuilder::new(pattern)
                .literal_separator(true)
                .build()
                .map_err(|e| ConfigError(format!("exclude: {e}")))?;
            exclude.add(glob);
        }
        let exclude = exclude.build().map_err(|e| ConfigError(format!("exclude: {e}")))?;
        Ok(Config {
            disable: file.disable,
            confidence: file.confidence.unwrap_or(Confidence::Medium),
            gitleaks: file.gitleaks,
            exclude,
        })
    }

    /// Returns whether the user has left this path out.
    pub fn is_excluded(&self, path: &str) -> bool {
        self.exclude.is_match(path)
    }
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
    fn an_empty_file_is_the_default() {
        let config = Config::parse("").unwrap();
        assert_eq!(config.confidence, Confidence::Medium);
        assert!(!config.is_excluded("a"));
    }
}
