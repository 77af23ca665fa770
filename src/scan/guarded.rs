//! Files that are findings themselves: kept for secrets, and about to be committed.
//!
//! A rule finds a key by what it looks like; the password `summer` in an `.env` looks like nothing.
//! What gives it away is the file. So a file with a telling name, or one that the repository asks to
//! guard, is reported once, unless it is a template or holds nothing but placeholders.
//!
//! *The moment counts.* It is reported when it becomes dangerous: when it is added, or when a file
//! that held only placeholders gets its first real value. One that was tracked with its values
//! before is old, like any other finding; `scan` and `doctor` tell of it.
//!
//! *What is the secret* of such a finding, that a fingerprint can name? Not the content: an accepted
//! `.env` would be new after each edit, and people would learn to accept it unread. It is the path:
//! accepting means "this file belongs here". The keys inside are findings of their own all the same,
//! so an accepted `.env` hides none. A copy of it elsewhere is another path, and new.

use std::collections::HashMap;

use super::mask::Shown;
use super::{Candidate, Scan};
use crate::config::Config;
use crate::detect::{FileKind, decode, pairs};
use crate::finding::{Confidence, Finding, Location, Secret};
use crate::rule::SENSITIVE_FILE;
use crate::source::{Chunk, Source, Unread};

mod contents;
mod names;

use contents::Holds;
use names::Kind;

/// A file to guard, and why.
pub(super) struct Guarded {
    kind: Kind,
    holds: Holds,
}

/// Looks at one file; `is_asked` if the repository wants it guarded by name.
pub(super) fn look(path: &str, bytes: &[u8], is_asked: bool) -> Option<Guarded> {
    let kind = match is_asked {
        true => Kind::Asked,
        false => names::kind_of(path).or_else(|| service_account(path, bytes))?,
    };
    let mut holds = contents::look(kind.test(), bytes)?;
    // The settings of a test or an example are there to be read.
    if holds.secrets == 0 && FileKind::of_path(path.as_bytes()).is_sample() {
        holds.confidence = Confidence::Low;
    }
    Some(Guarded { kind, holds })
}

/// The key of a Google service account is called after its project.
fn service_account(path: &str, bytes: &[u8]) -> Option<Kind> {
    let start = &bytes[..bytes.len().min(512)];
    let is_one = path.ends_with(".json")
        && memchr::memmem::find(start, b"service_account").is_some()
        && pairs(bytes).iter().any(|p| p.name == b"type" && *p.value == *b"service_account");
    is_one.then_some(Kind::Cloud)
}

impl Guarded {
    /// Returns how sure it is that the file should not be committed.
    pub(super) fn confidence(&self) -> Confidence {
        self.holds.confidence
    }

    /// Returns how many secrets it holds.
    pub(super) fn secrets(&self) -> usize {
        self.holds.secrets
    }

    /// Returns whether the same file was a matter before.
    fn was_before(&self, olds: &[impl AsRef<[u8]>], least: Confidence) -> bool {
        olds.iter().any(|old| {
            contents::look(self.kind.test(), old.as_ref())
                .is_some_and(|holds| holds.confidence >= least)
        })
    }

    /// Says what the file is and what it holds.
    pub(super) fn note(&self) -> String {
        let what = self.kind.what();
        let names = &self.holds.names;
        // No more than that is known.
        if self.kind == Kind::Key && self.holds.confidence < Confidence::High {
            return "the file is named like a private key and holds one random line".to_owned();
        }
        let list = match names.len() {
            0 => return format!("the file is {what}"),
            1 => names[0].clone(),
            2 => format!("{} and {}", names[0], names[1]),
            count => format!("{}, {} and {} more", names[0], names[1], count - 2),
        };
        format!("the file is {what} with the values of {list}")
    }
}

impl Scan<'_> {
    /// A file may be a finding itself.
    pub(super) fn guard(
        &mut self,
        source: &mut dyn Source,
        config: &Config,
        chunk: &Chunk,
        path: &str,
        bytes: &[u8],
    ) -> Result<(), Unread> {
        let Some(rule) = self.guard else { return Ok(()) };
        let file = look(path, bytes, config.is_guarded(path));
        let Some(file) = file.filter(|file| file.confidence() >= self.least) else {
            return Ok(());
        };
        let olds = source.olds(chunk)?;
        let olds: Vec<_> = olds.iter().map(|old| decode(old).0).collect();
        if file.was_before(&olds, self.least) || !source.is_for_git(chunk) {
            return Ok(());
        }
        if config.is_unguarded(path) {
            self.unguarded += 1;
            return Ok(());
        }
        let place = self.place(source, config, chunk, path);
        let shown_path = place.shown;
        self.secrets.insert(shown_path.clone(), file.secrets());
        self.found.push(Candidate {
            chunk: place.chunk,
            origin: place.origin,
            rule: self.engine.rules().get(rule).id.clone(),
            path: shown_path,
            location: Location { line: 1, column: 1, end_line: 1, end_column: 1 },
            confidence: file.confidence(),
            shown: Shown::nothing(),
            secret: secret_of(path),
            note: Some(self.masker.message(&file.note())),
            variable: None,
        });
        Ok(())
    }
}

/// Returns what a fingerprint of the finding is made of.
pub(super) fn secret_of(path: &str) -> Secret {
    Secret::new(format!("keyhook sensitive file\0{path}").as_bytes())
}

/// Takes a file's own finding back where findings inside account for all its secrets, and lets the
/// first of them say what file it is in: one secret is one finding.
///
/// `secrets` holds how many secrets each sensitive file holds. What is only accepted accounts for
/// nothing, and whoever writes the baseline gets all findings, so that no answer wakes up another.
pub(super) fn say_once(findings: &mut Vec<Finding>, secrets: &HashMap<String, usize>) {
    if secrets.is_empty() {
        return;
    }
    let is_file = |finding: &Finding| finding.rule == SENSITIVE_FILE;
    let mut inside: HashMap<String, usize> = HashMap::new();
    for finding in findings.iter().filter(|finding| !is_file(finding)) {
        *inside.entry(finding.path.clone()).or_default() += 1;
    }
    let mut notes: HashMap<String, String> = HashMap::new();
    findings.retain(|finding| {
        let count = secrets.get(&finding.path).copied().unwrap_or(1).max(1);
        let is_told = is_file(finding) && inside.get(&finding.path).is_some_and(|n| *n >= count);
        if is_told {
            notes.insert(finding.path.clone(), finding.note.clone().unwrap_or_default());
        }
        !is_told
    });
    for finding in findings {
        if let Some(note) = notes.remove(&finding.path) {
            let known = finding.note.take().map_or(String::new(), |known| format!("{known}; "));
            finding.note = Some(format!("{known}{note}"));
        }
    }
}

/// Returns whether the settings, or their defaults, would have a file with this content reported.
pub fn is_sensitive(path: &str, bytes: &[u8], config: &Config) -> bool {
    let file = look(path, &decode(bytes).0, config.is_guarded(path));
    file.is_some_and(|file| file.confidence() >= config.confidence)
        && !config.is_unguarded(path)
        && !config.is_excluded(path)
}

/// Returns whether the name of a file is a warning.
pub fn is_guarded_name(path: &str) -> bool {
    names::kind_of(path).is_some()
}
