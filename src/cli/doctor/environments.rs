//! Do the same key values stand in the files of several environments?
//!
//! A key that development shares with production leaks with the less guarded of the two. Values are
//! compared as hashes with a salt of this run, and only the names of the variables are ever shown.

use std::collections::BTreeMap;
use std::io::Read;

use sha2::{Digest, Sha256};

use super::files::{SHOWN_MAX, settings, warning_names};
use super::{Check, Section, State, counted, listed};
use crate::file::{self, Links};
use crate::git::{Repository, to_path};
use crate::source::path_text;

/// A shorter value is a setting, or a password that nobody means to keep.
const VALUE_MIN: usize = 12;

/// An `.env` file above this size is something else.
const FILE_MAX: u64 = 1024 * 1024;

/// Parts of names that hold keys.
const KEY_WORDS: [&str; 9] =
    ["key", "token", "secret", "password", "passwd", "pwd", "credential", "dsn", "auth"];

/// Parts of names that look like keys and are published or harmless.
const OTHER_WORDS: [&str; 4] = ["public", "publishable", "key_id", "anon"];

/// Words of values that stand for a real one.
const PLACEHOLDERS: [&str; 8] =
    ["changeme", "change_me", "your", "example", "xxxx", "placeholder", "dummy", "localhost"];

pub(super) fn look(repository: &Repository) -> Vec<Check> {
    let top = repository.work_dir().unwrap_or(repository.common_dir());
    let config = settings(top);
    let mut paths = Vec::new();
    for kind in [&["--cached"][..], &["--others"]] {
        paths.extend(warning_names(repository, kind, &config).unwrap_or_default());
    }
    paths.sort();
    paths.dedup();
    let mut salt = [0; 16];
    // Without randomness the hashes are still gone with this run.
    let _ = getrandom::fill(&mut salt);
    let mut seen: Seen = BTreeMap::new();
    let mut count = 0;
    for name in paths {
        let path = path_text(&name);
        let Some(environment) = environment_of(&path) else { continue };
        let mut bytes = Vec::new();
        let Some(file) = to_path(&name).map(|path| top.join(path)) else { continue };
        let Ok(Some(file)) = file::open(&file, Links::Followed) else { continue };
        if file.take(FILE_MAX).read_to_end(&mut bytes).is_err() {
            continue;
        }
        count += 1;
        for (name, value) in values(&bytes).filter(|(name, value)| is_key(name, value)) {
            let digest = Sha256::new().chain_update(salt).chain_update(value).finalize();
            let places = seen.entry(digest.into()).or_default();
            places.entry(environment.clone()).or_default().push((name.to_owned(), path.clone()));
        }
    }
    answer(&seen, count)
}

/// Digest of a value → environment → the names and files it stands under.
type Seen = BTreeMap<[u8; 32], BTreeMap<String, Vec<(String, String)>>>;

fn answer(seen: &Seen, count: usize) -> Vec<Check> {
    let shared: Vec<_> = seen.values().filter(|places| places.len() > 1).collect();
    if shared.is_empty() {
        let says =
            format!("no key value is shared by environments ({})", counted(count, "env file"));
        let check = Check::new("environments", Section::Files, State::Good, says);
        return if count > 1 { vec![check] } else { Vec::new() };
    }
    let mut lines: Vec<String> = shared
        .iter()
        .map(|places| {
            let names = places.values().filter_map(|found| Some(found.first()?.0.as_str()));
            let name = names.min().unwrap_or_default();
            let files: Vec<&str> =
                places.values().filter_map(|found| Some(found.first()?.1.as_str())).collect();
            format!("{name}: {}", listed(&files))
        })
        .collect();
    lines.sort();
    let more = lines.len().saturating_sub(SHOWN_MAX);
    lines.truncate(SHOWN_MAX);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let verb = if shared.len() == 1 { "is" } else { "are" };
    let says = format!(
        "{} {verb} the same in several environments; who gets the one has the other. Make a key of \
         its own for each",
        counted(shared.len(), "key value")
    );
    vec![Check::new("environments", Section::Files, State::Wrong, says).with_details(lines)]
}

/// Returns the environment that a file is for; `None` if it is no `.env` file.
fn environment_of(path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?.to_ascii_lowercase();
    let rest = match name.strip_prefix(".env") {
        Some(rest) => rest.to_owned(),
        None => format!(".{}", name.strip_suffix(".env")?),
    };
    // `.env.production.local` is one person's copy of production.
    let rest = rest.trim_start_matches('.').trim_end_matches("local").trim_end_matches('.');
    Some(match rest {
        "" | "dev" | "development" => "development".to_owned(),
        "prod" | "production" | "live" => "production".to_owned(),
        "stage" | "staging" => "staging".to_owned(),
        other => other.to_owned(),
    })
}

/// Returns the names and values of an `.env` file that are not empty.
pub(super) fn values(bytes: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    let lines =
        bytes.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    lines.filter_map(|line| {
        let line = line.trim().trim_start_matches('\u{feff}');
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
        let value = value.trim();
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split(quote).next().unwrap_or_default(),
            _ => value.split(" #").next().unwrap_or_default().trim_end(),
        };
        let name = name.trim();
        // Lines of a key in several lines have `=` in them too; only names may be shown.
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        (!value.is_empty() && name.chars().all(is_name)).then_some((name, value))
    })
}

fn is_key(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let folded = value.to_ascii_lowercase();
    let has = |words: &[&str], text: &str| words.iter().any(|word| text.contains(word));
    let has_login = value.split_once("://").is_some_and(|(_, rest)| {
        rest.split('/').next().is_some_and(|host| host.contains('@') && host.contains(':'))
    });
    value.len() >= VALUE_MIN
        && (has(&KEY_WORDS, &name) && !has(&OTHER_WORDS, &name) || has_login)
        && !has(&PLACEHOLDERS, &folded)
        // A reference to another variable, a path, or a page is no key.
        && !value.starts_with(['$', '/', '<', '{'])
        && (has_login || !value.contains("://"))
        && !value.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_sorted_by_environment() {
        for (path, environment) in [
            ("a/.env", Some("development")),
            (".env.local", Some("development")),
            (".env.production.local", Some("production")),
            ("prod.env", Some("production")),
            (".env.test", Some("test")),
            ("server.key", None),
        ] {
            assert_eq!(environment_of(path).as_deref(), environment, "{path}");
        }
    }

    #[test]
    fn values_are_read_as_programs_read_them() {
        let text = b"# A=x\nexport A=\"one # two\"\nB=three # comment\nC=\nD='four'\r\nnoise\n";
        let found: Vec<_> = values(text).collect();
        assert_eq!(found, [("A", "one # two"), ("B", "three"), ("D", "four")]);
    }

    #[test]
    fn settings_and_placeholders_are_no_keys() {
        assert!(is_key("STRIPE_KEY", "abcdefghijklmnop"));
        assert!(is_key("DATABASE_URL", "postgres://u:p4ssw0rd@db/x"));
        for (name, value) in [
            ("STRIPE_KEY", "short"),
            ("STRIPE_PUBLISHABLE_KEY", "abcdefghijklmnop"),
            ("API_KEY", "your-api-key-here"),
            ("API_KEY", "${OTHER_API_KEY}"),
            ("KEY_FILE", "/etc/ssl/private/a.key"),
            ("AUTH_URL", "https://auth.example.org/login"),
            ("LOG_FORMAT", "abcdefghijklmnop"),
        ] {
            assert!(!is_key(name, value), "{name}={value}");
        }
    }
}
