//! The file of accepted findings.
//!
//! It holds fingerprints, never secrets, and is data: it names no file to load and nothing to run.
//! A `false-positive` is a fact about a value and holds wherever that value stands. The other
//! verdicts are about a place: the same value in another file is a new finding.
//!
//! Two writers of the same facts write the same bytes: one finding a line, sorted, no time stamps
//! of scans, no line numbers. Reading is strict; a damaged file is an error with its line.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::finding::{Fingerprint, Salt, Secret, Verdict};

mod foreign;
mod store;
mod verdict;

use foreign::Foreign;
pub use store::{Opened, Store};
pub use verdict::{Place, ROTATION_DAYS, Statement, Undo, parse_day, today};

/// The name of the file, at the top of the repository.
pub const BASELINE_NAME: &str = ".secrets.baseline";

/// The version of the format that this program writes, and the newest it reads.
pub const VERSION: u64 = 1;

/// The accepted findings of a repository.
#[derive(Clone, Debug)]
pub struct Baseline {
    salts: Vec<Salt>,
    records: BTreeMap<(Fingerprint, String), Record>,
    foreign: Option<Foreign>,
}

/// One accepted finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Names the secret.
    pub fingerprint: Fingerprint,
    /// The rule that found it.
    pub rule: String,
    /// The file it stands in.
    pub path: String,
    /// What a person said about it.
    pub verdict: Verdict,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The day of the verdict, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// The day by which a real secret must be rotated.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "rotate-by")]
    pub rotate_by: Option<String>,
}

/// What the baseline knows about a secret at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// Nothing: the finding is new.
    Not,
    /// It is accepted here.
    Here(Verdict),
    /// The same value is accepted in another file only.
    Elsewhere(&'a Record),
}

/// Why a baseline cannot be used.
#[derive(Debug)]
pub enum BaselineError {
    /// The file does not follow the format.
    Damaged {
        /// The line, from 1; 0 if the fault has no line.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A newer keyhook wrote it.
    Newer(u64),
    /// It was written by detect-secrets, which keyhook honours but does not change.
    NotOurs,
    /// It could not be read.
    Read(PathBuf, io::Error),
    /// It could not be written.
    Write(PathBuf, io::Error),
    /// Another keyhook holds the lock.
    Busy(PathBuf),
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BaselineError::Damaged { line: 0, problem } => {
                write!(f, "cannot use {BASELINE_NAME}: {problem}")
            }
            BaselineError::Damaged { line, problem } => {
                write!(f, "cannot use {BASELINE_NAME}, line {line}: {problem}")
            }
            BaselineError::Newer(version) => write!(
                f,
                "cannot use {BASELINE_NAME}: it has format {version}, this keyhook knows up to {VERSION}"
            ),
            BaselineError::NotOurs => {
                write!(
                    f,
                    "{BASELINE_NAME} was written by detect-secrets; keyhook reads it but does not change it"
                )
            }
            BaselineError::Read(path, error) => {
                write!(f, "cannot read {}: {error}", path.display())
            }
            BaselineError::Write(path, error) => {
                write!(f, "cannot write {}: {error}", path.display())
            }
            BaselineError::Busy(path) => {
                write!(
                    f,
                    "another keyhook is changing {BASELINE_NAME}; it holds {}",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for BaselineError {}

impl BaselineError {
    /// Returns what the user can do.
    pub fn hint(&self) -> &'static str {
        match self {
            BaselineError::Damaged { .. } => {
                "restore it with: git checkout HEAD -- .secrets.baseline"
            }
            BaselineError::Newer(_) => "update keyhook",
            BaselineError::NotOurs => {
                "git mv .secrets.baseline .secrets.baseline.old && keyhook baseline create"
            }
            BaselineError::Read(..) => "check its permissions",
            BaselineError::Busy(_) => "wait for it to end, then try again",
            BaselineError::Write(..) => "free some space or check the permissions, then try again",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "version")]
    _version: u64,
    salts: Vec<String>,
    /// The last element is `null`, so that the line of every finding ends in a comma.
    findings: Vec<Option<Record>>,
}

impl Baseline {
    /// Returns an empty baseline that writes with this salt.
    pub fn new(salt: Salt) -> Baseline {
        Baseline { salts: vec![salt], records: BTreeMap::new(), foreign: None }
    }

    /// Parses the file, ours or detect-secrets'; `salt` names new findings beside a foreign one.
    pub fn parse(bytes: &[u8], salt: &Salt) -> Result<Baseline, BaselineError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line =
                1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            BaselineError::Damaged { line, problem: "it is not UTF-8".to_owned() }
        })?;
        let value: serde_json::Value = serde_json::from_str(text).map_err(|e| damaged(&e))?;
        if Foreign::is_foreign(&value) {
            let foreign = Foreign::parse(&value)
                .map_err(|problem| BaselineError::Damaged { line: 0, problem })?;
            return Ok(Baseline { foreign: Some(foreign), ..Baseline::new(salt.clone()) });
        }
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version > VERSION => return Err(BaselineError::Newer(version)),
            Some(VERSION) => {}
            _ => {
                let problem = format!("`version` must be {VERSION}");
                return Err(BaselineError::Damaged { line: 1, problem });
            }
        }
        let file: File = serde_json::from_str(text).map_err(|e| damaged(&e))?;
        Baseline::from_file(file, text)
    }

    fn from_file(file: File, text: &str) -> Result<Baseline, BaselineError> {
        let fail = |needle: &str, problem: String| {
            let line = text.lines().position(|line| line.contains(needle)).map_or(0, |at| at + 1);
            BaselineError::Damaged { line, problem }
        };
        let salts: Option<Vec<Salt>> = file.salts.iter().map(|salt| Salt::parse(salt)).collect();
        let salts = salts.filter(|salts| !salts.is_empty());
        let salts =
            salts.ok_or_else(|| fail("\"salts\"", "a salt has 32 characters 0-9a-f".into()))?;
        let mut records = BTreeMap::new();
        for record in file.findings.into_iter().flatten() {
            let print = record.fingerprint.as_str().to_owned();
            if Fingerprint::parse(&print).is_none() {
                return Err(fail(&print, "a fingerprint has 64 characters 0-9a-f".into()));
            }
            let key = (record.fingerprint.clone(), record.path.clone());
            if records.insert(key, record).is_some() {
                let lines = text.lines().enumerate().filter(|(_, line)| line.contains(&print));
                let line = lines.last().map_or(0, |(at, _)| at + 1);
                let problem = format!("the finding {} is listed twice for one file", &print[..12]);
                return Err(BaselineError::Damaged { line, problem });
            }
        }
        Ok(Baseline { salts, records, foreign: None })
    }

    /// Returns what is known about a secret in the file `path`.
    pub fn look_up(&self, secret: &Secret, path: &str, rule: &str) -> Known<'_> {
        if self.foreign.as_ref().is_some_and(|foreign| foreign.covers(secret, path, rule)) {
            return Known::Here(Verdict::Unreviewed);
        }
        let mut elsewhere = None;
        for salt in &self.salts {
            let fingerprint = Fingerprint::of(secret, salt);
            for record in self.records_of(&fingerprint) {
                if record.path == path || record.verdict == Verdict::FalsePositive {
                    return Known::Here(record.verdict);
                }
                elsewhere = Some(record);
            }
        }
        elsewhere.map_or(Known::Not, Known::Elsewhere)
    }

    fn records_of(&self, fingerprint: &Fingerprint) -> impl Iterator<Item = &Record> {
        let first = (fingerprint.clone(), String::new());
        let print = fingerprint.clone();
        let range = self.records.range(first..).take_while(move |((f, _), _)| *f == print);
        range.map(|(_, record)| record)
    }

    /// Returns the fingerprint that new records of this secret get.
    pub fn fingerprint(&self, secret: &Secret) -> Fingerprint {
        Fingerprint::of(secret, &self.salts[0])
    }

    /// Adds a record, or replaces the one for the same secret and file.
    pub fn record(&mut self, record: Record) {
        self.records.insert((record.fingerprint.clone(), record.path.clone()), record);
    }

    /// Returns the record for this secret in this file.
    pub fn record_of(&self, secret: &Secret, path: &str) -> Option<&Record> {
        let prints = self.salts.iter().map(|salt| Fingerprint::of(secret, salt));
        prints.into_iter().find_map(|print| self.records.get(&(print, path.to_owned())))
    }

    /// Takes a record out.
    pub fn remove(&mut self, record: &Record) {
        self.records.remove(&(record.fingerprint.clone(), record.path.clone()));
    }

    /// Returns the records, sorted.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    /// Writes the canonical form.
    pub fn render(&self) -> Result<String, BaselineError> {
        if self.foreign.is_some() {
            return Err(BaselineError::NotOurs);
        }
        let salts: Vec<&str> = self.salts.iter().map(Salt::as_str).collect();
        let mut text = format!(
            "{{\n  \"version\": {VERSION},\n  \"salts\": {},\n  \"findings\": [\n",
            to_json(&salts)
        );
        for record in self.records.values() {
            text.push_str(&format!("    {},\n", to_json(record)));
        }
        text.push_str("    null\n  ]\n}\n");
        Ok(text)
    }

    /// Returns whether detect-secrets wrote it; then it is read and never changed.
    pub fn is_foreign(&self) -> bool {
        self.foreign.is_some()
    }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("records are plain data")
}

/// Returns the salt of a repository that has no baseline yet, made on first use.
///
/// It lies in git's own folder, so that a fingerprint shown by the hook is still right when the
/// baseline is made. Where that folder cannot be written, the salt protects nothing but stays the
/// same, so `keyhook allow` works.
pub fn pending_salt(common_dir: &Path) -> Salt {
    let path = common_dir.join("keyhook").join("salt");
    let read = || std::fs::read_to_string(&path).ok().and_then(|text| Salt::parse(text.trim_end()));
    read().or_else(|| make_salt(&path).ok()).or_else(read).unwrap_or_else(Salt::none)
}

fn make_salt(path: &Path) -> io::Result<Salt> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let salt = Salt::from_bytes(bytes);
    std::fs::create_dir_all(path.parent().expect("it has a folder"))?;
    // Of two at once, the first wins; the other reads it.
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(format!("{}\n", salt.as_str()).as_bytes())?;
    Ok(salt)
}

fn damaged(error: &serde_json::Error) -> BaselineError {
    let full = error.to_string();
    let problem = full.split(" at line ").next().unwrap_or(&full).to_owned();
    BaselineError::Damaged { line: error.line(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salt(byte: u8) -> Salt {
        Salt::from_bytes([byte; 16])
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes())
    }

    fn record(baseline: &Baseline, value: &str, path: &str, verdict: Verdict) -> Record {
        Record {
            fingerprint: baseline.fingerprint(&secret(value)),
            rule: "acme-token".into(),
            path: path.into(),
            verdict,
            reason: None,
            by: None,
            on: None,
            rotate_by: None,
        }
    }

    fn example() -> Baseline {
        let mut baseline = Baseline::new(salt(1));
        baseline.record(record(&baseline, "one", "a.py", Verdict::Unreviewed));
        baseline.record(record(&baseline, "two", "b.py", Verdict::FalsePositive));
        baseline
    }

    #[test]
    fn a_place_verdict_holds_in_its_file_and_a_value_verdict_everywhere() {
        let baseline = example();
        let look = |value: &str, path: &str| baseline.look_up(&secret(value), path, "acme-token");
        assert_eq!(look("one", "a.py"), Known::Here(Verdict::Unreviewed));
        assert!(matches!(look("one", "c.py"), Known::Elsewhere(r) if r.path == "a.py"));
        assert_eq!(look("two", "c.py"), Known::Here(Verdict::FalsePositive));
        assert_eq!(look("three", "a.py"), Known::Not);
    }

    #[test]
    fn what_is_written_is_read_and_written_the_same() {
        let text = example().render().unwrap();
        let again = Baseline::parse(text.as_bytes(), &salt(9)).unwrap();
        assert_eq!(again.render().unwrap(), text);
        assert_eq!(text.lines().count(), 9);
        assert!(!text.contains("one") && !text.contains("two"));
    }

    #[test]
    fn the_order_of_recording_does_not_matter() {
        let mut other = Baseline::new(salt(1));
        other.record(record(&other, "two", "b.py", Verdict::FalsePositive));
        other.record(record(&other, "one", "a.py", Verdict::Unreviewed));
        assert_eq!(other.render().unwrap(), example().render().unwrap());
    }

    #[test]
    fn every_salt_is_tried() {
        let text = example().render().unwrap();
        let line = format!("[\"{}\"", salt(1).as_str());
        let both =
            text.replace(&line, &format!("[\"{}\",\"{}\"", salt(2).as_str(), salt(1).as_str()));
        let baseline = Baseline::parse(both.as_bytes(), &salt(9)).unwrap();
        assert_eq!(baseline.look_up(&secret("one"), "a.py", ""), Known::Here(Verdict::Unreviewed));
        assert_eq!(baseline.fingerprint(&secret("x")), Fingerprint::of(&secret("x"), &salt(2)));
    }

    #[test]
    fn damage_is_named_with_its_line() {
        let text = example().render().unwrap();
        let line_5 = text.lines().nth(4).unwrap();
        let cases = [
            (text.replace("\"version\": 1", "\"version\": 9"), "format 9"),
            (text.replace("\"version\": 1", "\"version\": \"x\""), "`version` must be 1"),
            (text.replace(line_5, &format!("{line_5}\n{line_5}")), "line 6: the finding"),
            (text.replace("\"rule\"", "\"rul\""), "line 5: unknown field `rul`"),
            (text.replace("unreviewed", "fine"), "unknown variant `fine`"),
            (text.replace("\"fingerprint\":\"", "\"fingerprint\":\"Z"), "64 characters"),
            (text[..text.len() - 20].to_owned(), "EOF"),
            (text.replace("[\"01", "[\"Q1"), "line 3: a salt"),
            (String::new(), "EOF"),
            ("[]".to_owned(), "`version` must be 1"),
        ];
        for (damaged, expected) in cases {
            let problem = Baseline::parse(damaged.as_bytes(), &salt(9)).unwrap_err().to_string();
            assert!(problem.contains(expected), "{problem} should contain {expected}");
        }
    }

    #[test]
    fn the_pending_salt_stays() {
        let folder = tempfile::tempdir().unwrap();
        let first = pending_salt(folder.path());
        assert_ne!(first, Salt::none());
        assert_eq!(first, pending_salt(folder.path()));
        assert_eq!(pending_salt(Path::new("/dev/null")), Salt::none());
    }
}
