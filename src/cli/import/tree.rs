//! The tree that an import is compared with: what is staged, and what commits held before.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::baseline::import::{Claim, Parsed, Past, Site, Tree};
use crate::detect::decode;
use crate::finding::{Confidence, Span};
use crate::git::{Entry, Kind, Repository};
use crate::scan::{Found, Options, Outcome, Problem, scan_secrets};
use crate::source::{Chunk, Source, TrackedSource, Unread, path_text};

/// The variable in which betterleaks itself takes its key.
const HMAC_KEY: &str = "BETTERLEAKS_FINGERPRINT_HMAC_KEY";

/// The staged tree, and the older versions of files that entries name.
pub(super) struct Staged<'a> {
    repository: &'a Repository,
    entries: BTreeMap<String, (Vec<u8>, Entry)>,
    past: HashMap<(String, String), Vec<Past>>,
    texts: RefCell<HashMap<String, Option<Vec<u8>>>>,
}

/// Returns how everything is scanned: an accepted finding may be one of low confidence.
pub(super) fn options(repository: &Repository) -> Options {
    Options {
        confidence: Some(Confidence::Low),
        is_without_baseline: true,
        salt_dir: Some(repository.common_dir().to_owned()),
        own: None,
    }
}

/// Finds every secret that is staged.
pub(super) fn sweep(repository: &Repository) -> Result<Vec<Found>, Vec<Problem>> {
    let mut source =
        TrackedSource::open(repository).map_err(|unread| vec![super::problem(unread)])?;
    let (Outcome { unread, .. }, found) = scan_secrets(&mut source, &options(repository));
    // Half a tree would say of the other half that its entries have nothing to accept.
    if unread.is_empty() { Ok(found) } else { Err(unread) }
}

impl<'a> Staged<'a> {
    /// Lists the tree, and looks at the commits that the entries name.
    pub(super) fn open(
        repository: &'a Repository,
        parsed: &[&Parsed],
    ) -> Result<Staged<'a>, Problem> {
        let tracked = repository.tracked().map_err(|error| Problem {
            path: String::new(),
            problem: error.to_string(),
            hint: error.hint().unwrap_or_default().to_owned(),
        })?;
        let is_file = |entry: &Entry| Kind::of_mode(entry.mode) != Kind::Submodule;
        let entries = tracked
            .into_iter()
            .filter(|(_, entry)| is_file(entry))
            .map(|(path, entry)| (path_text(&path), (path, entry)))
            .collect();
        let past = look_back(repository, parsed)?;
        Ok(Staged { repository, entries, past, texts: RefCell::default() })
    }

    /// Reads the text of a file as it was scanned.
    pub(super) fn text(&self, path: &str) -> Vec<u8> {
        let bytes = self.read(path).unwrap_or_default();
        decode(&bytes).0.into_owned()
    }
}

impl Tree for Staged<'_> {
    fn paths(&self) -> Vec<String> {
        self.entries.keys().cloned().collect()
    }

    fn has(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let mut texts = self.texts.borrow_mut();
        let read = || {
            let (path, entry) = self.entries.get(path)?;
            self.repository.read_staged(path, *entry).ok()
        };
        texts.entry(path.to_owned()).or_insert_with(read).clone()
    }

    fn in_commit(&self, commit: &str, path: &str) -> Option<Vec<Past>> {
        self.past.get(&(commit.to_owned(), path.to_owned())).cloned()
    }

    fn hmac_key(&self) -> Option<Vec<u8>> {
        let key = std::env::var(HMAC_KEY).ok().filter(|key| !key.is_empty());
        key.map(String::into_bytes)
    }
}

/// Where a found secret stands in the text of its file.
pub(super) fn span_of(found: &Found, text: &[u8]) -> Option<Span> {
    let lines_before = found.finding.location.line.saturating_sub(1);
    let start = match lines_before {
        0 => 0,
        count => memchr::memchr_iter(b'\n', text).nth(count - 1)? + 1,
    };
    let secret = found.secret.expose();
    let at = start + memchr::memmem::find(&text[start..], secret)?;
    Some(at..at + secret.len())
}

/// Makes a site of a finding and the text of its file.
pub(super) fn site<'a>(found: &'a Found, text: &'a [u8]) -> Site<'a> {
    let place = &found.finding.location;
    Site {
        secret: &found.secret,
        path: &found.finding.path,
        rule: &found.finding.rule,
        lines: (place.line, place.end_line),
        text,
        span: span_of(found, text),
    }
}

/// Scans the files of the commits that entries name. What this clone does not have is left out.
fn look_back(
    repository: &Repository,
    parsed: &[&Parsed],
) -> Result<HashMap<(String, String), Vec<Past>>, Problem> {
    let mut asked = BTreeSet::new();
    for entry in parsed.iter().flat_map(|parsed| &parsed.entries) {
        if let (Claim::Place { commit: Some(commit) }, Some(path)) = (&entry.claim, &entry.path) {
            asked.insert((commit.clone(), path.clone()));
        }
    }
    let read = |(commit, path): (String, String)| {
        let bytes = blob(repository, &commit, &path)?;
        Some(((commit, path), bytes))
    };
    let read: Vec<_> = asked.into_iter().filter_map(read).collect();
    let mut past: HashMap<_, Vec<Past>> =
        read.iter().map(|(key, _)| (key.clone(), Vec::new())).collect();
    if read.is_empty() {
        return Ok(past);
    }
    let mut source = CommitsSource { repository, read, next: 0 };
    let (outcome, found) = scan_secrets(&mut source, &options(repository));
    if let Some(problem) = outcome.unread.into_iter().next() {
        return Err(problem);
    }
    for Found { finding, secret } in found {
        // The source has put the number of the file before its path.
        let number = finding.path.split('/').next().and_then(|number| number.parse().ok());
        let key = number.and_then(|number: usize| source.read.get(number)).map(|(key, _)| key);
        if let Some(list) = key.and_then(|key| past.get_mut(key)) {
            let lines = (finding.location.line, finding.location.end_line);
            list.push(Past { lines, rule: finding.rule, secret });
        }
    }
    Ok(past)
}

/// Reads a file of a commit, without fetching what a partial clone left out.
fn blob(repository: &Repository, commit: &str, path: &str) -> Option<Vec<u8>> {
    let is_id = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_id || path.contains('\0') {
        return None;
    }
    let mut command = repository.git().command();
    command.env("GIT_NO_LAZY_FETCH", "1").current_dir(repository.work_dir()?);
    let output = command.args(["cat-file", "blob", &format!("{commit}:{path}")]).output().ok()?;
    output.status.success().then_some(output.stdout)
}

/// A file of a commit: both names, and the content.
type OldFile = ((String, String), Vec<u8>);

/// Older versions of files, as a source.
struct CommitsSource<'a> {
    repository: &'a Repository,
    read: Vec<OldFile>,
    next: usize,
}

impl Source for CommitsSource<'_> {
    fn next(&mut self) -> Option<Result<Chunk, Unread>> {
        let id = self.next;
        let ((_, path), bytes) = self.read.get(id)?;
        self.next += 1;
        let path = format!("{id}/{path}").into_bytes();
        Some(Ok(Chunk { path, bytes: bytes.clone(), id }))
    }

    fn olds(&mut self, _: &Chunk) -> Result<Vec<Vec<u8>>, Unread> {
        Ok(Vec::new())
    }

    fn has_file(&self, _: &str) -> bool {
        false
    }

    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, Unread> {
        TrackedSource::open(self.repository)?.setting(name)
    }

    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}
