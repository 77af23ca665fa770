//! `.secrets.baseline` of detect-secrets: Yelp's, before and after 1.0, slim or not, and IBM's fork.
//!
//! An entry names a value by its unsalted SHA-1, in one file. `is_secret` is the answer to "is this a
//! real secret?", although the audit asks the reverse: false is a false positive, true is real.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::values::sha1_hex;
use super::{Claim, Damage, Entry, Format, Next, Parsed, from_json, is_hex};
use crate::finding::Verdict;

pub(in crate::baseline) const FORMAT: Format =
    Format { name: "detect-secrets", is_named: |name| name == ".secrets.baseline", is_like, parse };

fn is_like(text: &str) -> bool {
    let has = |key: &str| text.contains(key);
    has("\"results\"") && (has("\"plugins_used\"") || has("\"hashed_secret\"")) && !has("\"salts\"")
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    version: String,
    results: BTreeMap<String, Vec<Recorded>>,
    #[serde(default)]
    plugins_used: Vec<BTreeMap<String, Value>>,
    #[serde(default)]
    filters_used: Vec<BTreeMap<String, Value>>,
    #[serde(default)]
    exclude: Option<Exclude>,
    #[serde(default)]
    exclude_regex: Option<String>,
    #[serde(default)]
    custom_plugin_paths: Vec<String>,
    #[serde(default)]
    word_list: Option<WordList>,
}

#[derive(Deserialize)]
struct Exclude {
    files: Option<String>,
    lines: Option<String>,
}

#[derive(Deserialize)]
struct WordList {
    file: Option<String>,
}

#[derive(Deserialize)]
struct Recorded {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(deserialize_with = "sha1")]
    hashed_secret: String,
    #[serde(default)]
    is_verified: bool,
    /// IBM's fork writes it always; `is_verified` then only says that someone asked.
    #[serde(default, deserialize_with = "present")]
    verified_result: Option<Option<bool>>,
    #[serde(default)]
    is_secret: Option<bool>,
    #[serde(default)]
    line_number: Option<usize>,
}

fn sha1<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if !is_hex(&text, 40) {
        let problem = "`hashed_secret` must be 40 characters 0-9a-f";
        return Err(serde::de::Error::custom(problem));
    }
    Ok(text.to_ascii_lowercase())
}

fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<bool>>, D::Error> {
    Option::<bool>::deserialize(from).map(Some)
}

impl Recorded {
    /// A person's answer counts; where there is none, a provider's that the key works.
    fn verdict(&self) -> Option<Verdict> {
        let is_live = self.verified_result.map_or(self.is_verified, |result| result == Some(true));
        match (self.is_secret, is_live) {
            (Some(true), _) | (None, true) => Some(Verdict::Real),
            (Some(false), false) => Some(Verdict::FalsePositive),
            // It works, and somebody called it no secret: that is for a person to settle.
            (Some(false), true) => Some(Verdict::Unreviewed),
            (None, false) => None,
        }
    }

    fn reason(&self) -> Option<String> {
        let reason = match (self.is_secret, self.verdict()) {
            (Some(false), Some(Verdict::Unreviewed)) => {
                "audited with detect-secrets as no secret, yet verified as live"
            }
            (Some(true), _) => "audited with detect-secrets as a secret",
            (Some(false), _) => "audited with detect-secrets as no secret",
            (None, Some(_)) => "verified as live with detect-secrets",
            (None, None) => return None,
        };
        Some(reason.to_owned())
    }

    fn claim(&self, is_old: bool) -> Claim {
        if self.kind == "Private Key" || header_hashes().contains(&self.hashed_secret) {
            return Claim::Header;
        }
        let is_lowered = is_old && self.kind == "Secret Keyword";
        Claim::Sha1 { hash: self.hashed_secret.clone(), is_lowered }
    }
}

fn parse(text: &str) -> Result<Parsed, Damage> {
    let file: File = from_json(text)?;
    let is_ibm = file.version.contains("ibm");
    let tool = if is_ibm { "detect-secrets (IBM)" } else { "detect-secrets" };
    let mut parsed = Parsed::of(format!("{tool} {}", file.version).trim_end());
    let is_old = file.version.starts_with("0.");
    for (path, recorded) in &file.results {
        let path = normal(path);
        for one in recorded {
            let line = one.line_number.map_or(String::new(), |line| format!(":{line}"));
            let mut entry = Entry::new(format!("{path}{line}  {}", one.kind), one.claim(is_old));
            entry.path = Some(path.clone());
            entry.lines = one.line_number.map(|line| (line, line));
            entry.rule = Some(one.kind.clone());
            entry.verdict = one.verdict();
            entry.reason = one.reason();
            parsed.entries.push(entry);
        }
    }
    settings(&file, &mut parsed);
    Ok(parsed)
}

/// Lists what the file sets beside its entries.
fn settings(file: &File, parsed: &mut Parsed) {
    let text = |map: &BTreeMap<String, Value>, key: &str| {
        map.get(key).and_then(Value::as_str).map(str::to_owned)
    };
    let custom = file.plugins_used.iter().filter(|p| p.contains_key("path"));
    let custom = custom.filter_map(|plugin| text(plugin, "name"));
    for plugin in custom.chain(file.custom_plugin_paths.iter().cloned()) {
        let next = Next::Do("write it as a rule: docs/rules.md".into());
        parsed.leave(format!("plugin {plugin}"), "a plugin is a program of your own", next);
    }
    for plugin in &file.plugins_used {
        if let Some(regex) = text(plugin, "keyword_exclude") {
            allow(parsed, "keyword_exclude", "line", regex);
        }
    }
    for filter in &file.filters_used {
        let Some(path) = text(filter, "path") else { continue };
        filter_setting(&path, filter, parsed);
    }
    let old = file.exclude.as_ref();
    let files = old.and_then(|exclude| exclude.files.clone()).or(file.exclude_regex.clone());
    if let Some(regex) = files {
        allow(parsed, "exclude files", "paths", regex);
    }
    if let Some(regex) = old.and_then(|exclude| exclude.lines.clone()) {
        allow(parsed, "exclude lines", "line", regex);
    }
    if let Some(list) = file.word_list.as_ref().and_then(|list| list.file.clone()) {
        words(parsed, &list);
    }
}

fn filter_setting(path: &str, filter: &BTreeMap<String, Value>, parsed: &mut Parsed) {
    let (_, name) = path.rsplit_once('.').unwrap_or(("", path));
    let key = match name {
        "should_exclude_file" => "paths",
        "should_exclude_line" => "line",
        "should_exclude_secret" => "secret",
        _ if path.starts_with("file://") => {
            let next = Next::Do("say what it passes over with a rule's own checks".into());
            return parsed.leave(format!("filter {path}"), "a filter of your own is code", next);
        }
        _ if path.ends_with("wordlist.should_exclude_secret") => "",
        _ => return,
    };
    if path.contains("wordlist") {
        let list = filter.get("file_name").and_then(Value::as_str).unwrap_or("word list");
        return words(parsed, list);
    }
    let patterns = match filter.get("pattern") {
        Some(Value::Array(patterns)) => patterns.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(pattern)) => vec![&pattern[..]],
        _ => Vec::new(),
    };
    for pattern in patterns {
        allow(parsed, &format!("filter {name}"), key, pattern.to_owned());
    }
}

fn words(parsed: &mut Parsed, list: &str) {
    let why = "keyhook has no word list beside its own";
    let next = Next::Do("put the words into `stopwords` of an allowlist (docs/rules.md)".into());
    parsed.leave(format!("word list {list}"), why, next);
}

fn allow(parsed: &mut Parsed, name: &str, key: &'static str, pattern: String) {
    // An empty one is how the older versions write none; as a pattern it would allow everything.
    if pattern.is_empty() {
        return;
    }
    let why = "keyhook takes patterns from an allowlist";
    parsed.leave(name, why, Next::Allow(vec![(key, pattern)]));
}

/// Returns the hash that names a value.
pub(in crate::baseline) fn hash(value: &[u8]) -> String {
    sha1_hex(value)
}

/// Returns a path as keyhook writes it.
pub(super) fn normal(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut rest = &path[..];
    while let Some(shorter) = rest.strip_prefix("./") {
        rest = shorter;
    }
    rest.to_owned()
}

/// Returns the hashes of the texts that open a private key, under whatever type they are listed.
fn header_hashes() -> &'static [String] {
    static HASHES: std::sync::OnceLock<Vec<String>> = std::sync::OnceLock::new();
    HASHES.get_or_init(|| {
        let kinds = ["", "DSA ", "EC ", "ENCRYPTED ", "OPENSSH ", "RSA ", "SSH2 ENCRYPTED "];
        let mut headers: Vec<String> = kinds.map(|kind| format!("BEGIN {kind}PRIVATE KEY")).into();
        headers.push("BEGIN PGP PRIVATE KEY BLOCK".into());
        headers.push("PuTTY-User-Key-File-2".into());
        headers.iter().map(|header| sha1_hex(header.as_bytes())).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(json: &str) -> Entry {
        let text = format!("{{\"version\": \"1.5.0\", \"results\": {{\"a\": [{json}]}}}}");
        parse(&text).unwrap().entries.remove(0)
    }

    fn with(rest: &str) -> Entry {
        entry(&format!("{{\"type\": \"T\", \"hashed_secret\": \"{}\"{rest}}}", "a".repeat(40)))
    }

    #[test]
    fn both_polarities_of_is_secret_are_right() {
        assert_eq!(with(", \"is_secret\": false").verdict, Some(Verdict::FalsePositive));
        assert_eq!(with(", \"is_secret\": true").verdict, Some(Verdict::Real));
        assert_eq!(with("").verdict, None);
        assert_eq!(with(", \"is_verified\": true").verdict, Some(Verdict::Real));
        assert_eq!(with(", \"is_verified\": false").verdict, None);
        let both = with(", \"is_verified\": true, \"is_secret\": false");
        assert_eq!(both.verdict, Some(Verdict::Unreviewed));
    }

    #[test]
    fn in_ibms_fork_the_result_counts_and_not_that_it_was_asked_for() {
        let asked = with(", \"is_verified\": true, \"verified_result\": null");
        assert_eq!(asked.verdict, None);
        let live = with(", \"is_verified\": true, \"verified_result\": true");
        assert_eq!(live.verdict, Some(Verdict::Real));
    }

    #[test]
    fn headers_are_known_by_type_and_by_hash() {
        assert!(matches!(with("").claim, Claim::Sha1 { is_lowered: false, .. }));
        let json =
            format!("{{\"type\": \"Private Key\", \"hashed_secret\": \"{}\"}}", "a".repeat(40));
        assert!(matches!(entry(&json).claim, Claim::Header));
        let header = sha1_hex(b"BEGIN RSA PRIVATE KEY");
        assert_eq!(header, "be4fc4886bd949b369d5e092eb87494f12e57e5b");
        let json = format!("{{\"type\": \"Secret Keyword\", \"hashed_secret\": \"{header}\"}}");
        assert!(matches!(entry(&json).claim, Claim::Header));
    }

    #[test]
    fn settings_of_every_age_are_listed() {
        let text = r#"{"version": "0.13.1+ibm.62.dss", "results": {},
            "exclude": {"files": "test/.*", "lines": "nope"}, "exclude_regex": null,
            "word_list": {"file": "words.txt", "hash": null},
            "custom_plugin_paths": ["own.py"],
            "plugins_used": [{"name": "KeywordDetector", "keyword_exclude": "x"},
                {"name": "Other", "keyword_exclude": ""}],
            "filters_used": [
                {"path": "detect_secrets.filters.regex.should_exclude_file", "pattern": ["a", "b"]},
                {"path": "detect_secrets.filters.wordlist.should_exclude_secret", "file_name": "w"},
                {"path": "file://f.py::g"},
                {"path": "detect_secrets.filters.heuristic.is_lock_file"}]}"#;
        let parsed = parse(text).unwrap();
        assert_eq!(parsed.tool, "detect-secrets (IBM) 0.13.1+ibm.62.dss");
        let names: Vec<_> = parsed.left.iter().map(|left| &left.name[..]).collect();
        let expected = [
            "plugin own.py",
            "keyword_exclude",
            "filter should_exclude_file",
            "filter should_exclude_file",
            "word list w",
            "filter file://f.py::g",
            "exclude files",
            "exclude lines",
            "word list words.txt",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn damage_has_its_line() {
        let line = |text: &str| parse(text).err().map(|damage| damage.line);
        assert_eq!(line("{\"results\": []}"), Some(1));
        assert_eq!(line("{\"results\": {\n\"a\": {}}}"), Some(2));
        assert_eq!(line("{\"results\": {\n\"a\": [\n{\"hashed_secret\": \"x\"}]}}"), Some(3));
        assert_eq!(line("{\"results\": {\n"), Some(2));
    }

    #[test]
    fn paths_are_normal() {
        assert_eq!(normal(".\\src\\a.py"), "src/a.py");
        assert_eq!(normal("././a"), "a");
    }
}
