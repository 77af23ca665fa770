//! The values that are live on this machine, hashed.
//!
//! A rule knows a key by its look or by its surroundings; a password such as `blue-otter-71` in a
//! string has neither. But if the same text stands in the user's own `.env`, it is a leak with
//! certainty. This room reads what is live here, keeps a hash of each value and says where one of
//! them stands in a text.
//!
//! What it refuses:
//!
//! - It stores nothing, shows no value, and keeps none in the clear beyond the reading of its file.
//! - It follows no link, opens no device, waits for no pipe, and reads no large file.
//! - The scanned repository chooses nothing: `.keyhook.toml` can switch a source off (the report
//!   says so), but only the user's own configuration can add a file. Otherwise a stranger could make
//!   keyhook read `~/Documents/diary` and learn from the exit code whether a word stands in it. The
//!   sources are fixed for the same reason, and none is named by a file of the repository.
//! - Being unable to read one is a note, never a blocked commit: this is a net below the rules.
//! - On a server it is off. There are secrets, but they are not the committer's.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::detect::is_stand_in;
use crate::finding::Span;

mod files;
mod pem;
mod read;
mod search;
mod user;
mod worth;

use files::{Place, SOURCES};
use read::{Reading, read};
use search::{Builder, Search};

/// Where the user's values are looked for.
#[derive(Clone, Debug)]
pub struct Machine {
    home: Option<PathBuf>,
    /// `$XDG_CONFIG_HOME` and its kin, where they are not below `home`.
    config: Option<PathBuf>,
    data: Option<PathBuf>,
    cache: Option<PathBuf>,
    /// The top of the worktree.
    top: Option<PathBuf>,
}

/// The sources that are no files of the home folder.
const ENV_FILES: &str = "env-files";
const EXPORTED: &str = "exported";
const ADDED: &str = "added";

/// Where exported variables are.
const ENVIRONMENT: &str = "the environment";

/// The state of a file that is not there.
const ABSENT: &str = "absent";

impl Machine {
    /// Returns the machine of this user and the repository with this top; `None` on a server: in CI,
    /// and where git receives a push.
    pub fn here(top: Option<&Path>) -> Option<Machine> {
        let is_ci =
            env::var_os("CI").is_some_and(|ci| ci != "false" && ci != "0" && !ci.is_empty());
        if is_ci || env::var_os("GIT_QUARANTINE_PATH").is_some() {
            return None;
        }
        let folder =
            |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Some(Machine {
            home: env::home_dir().filter(|home| home.is_absolute()),
            config: folder("XDG_CONFIG_HOME"),
            data: folder("XDG_DATA_HOME"),
            cache: folder("XDG_CACHE_HOME"),
            top: top.map(Path::to_owned),
        })
    }

    /// Returns the path of a place.
    fn resolve(&self, place: &Place) -> Option<PathBuf> {
        let mut path = OsString::new();
        self.resolve_into(place, &mut path).then(|| PathBuf::from(path))
    }

    /// As [`Machine::resolve`], in space that is used again: most paths are only made to be absent.
    fn resolve_into(&self, place: &Place, path: &mut OsString) -> bool {
        let (base, default, rest) = match place {
            Place::Home(rest) => (&self.home, "/", rest),
            Place::Config(rest) => (&self.config, "/.config/", rest),
            Place::Data(rest) => (&self.data, "/.local/share/", rest),
            Place::Cache(rest) => (&self.cache, "/.cache/", rest),
        };
        let (base, default) = match (base, &self.home) {
            (Some(base), _) => (base, "/"),
            (None, Some(home)) => (home, default),
            (None, None) => return false,
        };
        path.clear();
        path.push(base);
        path.push(default);
        path.push(rest);
        true
    }

    /// Returns the path as people write it: `~/.netrc`.
    fn shown(&self, path: &Path) -> String {
        let home = self.home.as_ref().and_then(|home| path.strip_prefix(home).ok());
        match home {
            Some(rest) => format!("~/{}", rest.display()),
            None => path.display().to_string(),
        }
    }
}

/// Returns the names of all sources, for messages.
pub fn source_names() -> Vec<&'static str> {
    let mut names = vec![ENV_FILES, EXPORTED];
    for (name, _) in SOURCES {
        if names.last() != Some(name) {
            names.push(name);
        }
    }
    names.push(ADDED);
    names
}

/// The values of one machine.
#[derive(Default)]
pub struct OwnKeys {
    values: Vec<Live>,
    search: Search,
    notes: Vec<String>,
}

/// A value that is live here: all but the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// What it is called there, if the name may be shown.
    pub name: Option<String>,
    /// Where it is from, for people: `~/.netrc`, `.env`, or nothing for an exported variable.
    pub place: Option<String>,
    /// The file of the worktree that it is from.
    pub path: Option<String>,
}

impl Live {
    /// Returns the environment variable that it is called after.
    pub fn variable(&self) -> Option<String> {
        let is_variable = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        self.name.clone().filter(|name| name.contains('_') && name.bytes().all(is_variable))
    }
}

/// A place of a text where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where.
    pub span: Span,
    /// Which value: see [`OwnKeys::live`].
    pub value: usize,
    /// Whether it stands there encoded.
    pub is_encoded: bool,
}

/// One place that values are read from, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// The source's name, by which it is switched off.
    pub name: &'static str,
    /// The file, as people write it; `the environment` for exported variables.
    pub place: String,
    /// What became of it: `read`, `absent`, `off`, or why it was not read.
    pub state: String,
    /// How many values it gave.
    pub values: usize,
}

/// Lists every source with its state; `off` is what the repository switches off. For `doctor`, which
/// must not be faster than the truth: everything is read.
pub fn sources(machine: &Machine, off: &[String]) -> Vec<SourceState> {
    let mut loader = Loader::new(machine, off, &[]);
    loader.states = Some(Vec::new());
    loader.load().1.unwrap_or_default()
}

/// Returns what is wrong with the user's own configuration, which then chooses nothing.
pub fn user_problem(machine: &Machine) -> Option<String> {
    user::load(machine).err()
}

impl OwnKeys {
    /// Reads all sources but those switched off. `folders` are those of the staged files, whose
    /// environment files count beside those at the top.
    pub fn load(machine: &Machine, off: &[String], folders: &[Vec<u8>]) -> OwnKeys {
        Loader::new(machine, off, folders).load().0
    }

    /// Finds the values in a text, in order.
    pub fn find(&self, text: &[u8]) -> Vec<Hit> {
        let mut hits = self.search.find(text);
        hits.retain(|hit| {
            let found = &text[hit.span.clone()];
            match hit.is_encoded {
                false => !is_stand_in(found),
                // Of a long value it is the start.
                true => {
                    self.search.plain(found, hit.value).is_none_or(|plain| !is_stand_in(&plain))
                }
            }
        });
        hits
    }

    /// Returns what is known of a value.
    pub fn live(&self, value: usize) -> &Live {
        &self.values[value]
    }

    /// Returns what could not be read, as sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// What is being read.
struct Loader<'a> {
    machine: &'a Machine,
    folders: &'a [Vec<u8>],
    off: Vec<String>,
    added: Vec<PathBuf>,
    keys: OwnKeys,
    builder: Builder,
    /// What became of each source, if anybody asks.
    states: Option<Vec<SourceState>>,
}

impl<'a> Loader<'a> {
    fn new(machine: &'a Machine, off: &[String], folders: &'a [Vec<u8>]) -> Loader<'a> {
        let mut keys = OwnKeys::default();
        let user = user::load(machine).unwrap_or_else(|problem| {
            keys.notes.push(problem);
            user::User::default()
        });
        let off = off.iter().cloned().chain(user.off).collect();
        let builder = Builder::default();
        Loader { machine, folders, off, added: user.files, keys, builder, states: None }
    }

    fn load(mut self) -> (OwnKeys, Option<Vec<SourceState>>) {
        if let Some(top) = self.machine.top.as_deref()
            && self.is_on(ENV_FILES, Path::new(".env"))
        {
            let mut path = OsString::new();
            files::env_files(top, self.folders, |name| {
                path.clear();
                path.push(top);
                path.push("/");
                path.push(name);
                self.file(ENV_FILES, Path::new(&path), Some(name));
            });
        }
        if self.is_on(EXPORTED, Path::new(ENVIRONMENT)) {
            self.exported();
        }
        let mut path = OsString::with_capacity(128);
        for (name, place) in SOURCES {
            if self.machine.resolve_into(place, &mut path) && self.is_on(name, Path::new(&path)) {
                self.file(name, Path::new(&path), None);
            }
        }
        for path in std::mem::take(&mut self.added) {
            if self.is_on(ADDED, &path) {
                self.file(ADDED, &path, None);
            }
        }
        self.keys.search = self.builder.build();
        (self.keys, self.states)
    }

    fn is_on(&mut self, name: &'static str, path: &Path) -> bool {
        let is_off = self.off.iter().any(|off| off == name);
        if is_off {
            self.state(name, path, None, "off", 0);
        }
        !is_off
    }

    fn state(
        &mut self,
        name: &'static str,
        path: &Path,
        in_tree: Option<&str>,
        state: &str,
        values: usize,
    ) {
        // Of the many names that an environment file may have, those that are none say nothing.
        let is_guess = in_tree.is_some() && state == ABSENT;
        if let Some(states) = self.states.as_mut().filter(|_| !is_guess) {
            let place = in_tree.map_or_else(|| self.machine.shown(path), str::to_owned);
            states.push(SourceState { name, place, state: state.to_owned(), values });
        }
    }

    /// Reads one file; `in_tree` is its path from the top of the worktree.
    fn file(&mut self, name: &'static str, path: &Path, in_tree: Option<&str>) {
        let bytes = match read(path) {
            Reading::Bytes(bytes) => bytes,
            Reading::Absent => return self.state(name, path, in_tree, ABSENT, 0),
            Reading::NotRead(why) => return self.state(name, path, in_tree, why, 0),
            Reading::Failed(why) => {
                let shown = in_tree.map_or_else(|| self.machine.shown(path), str::to_owned);
                self.keys.notes.push(format!("own keys: cannot read {shown}: {why}"));
                let state = format!("cannot be read: {why}");
                return self.state(name, path, in_tree, &state, 0);
            }
        };
        let before = self.keys.values.len();
        for (name, value) in worth::values(name, &bytes) {
            let place = in_tree.map_or_else(|| self.machine.shown(path), str::to_owned);
            let live = Live { name, place: Some(place), path: in_tree.map(str::to_owned) };
            self.add(live, &value);
        }
        self.state(name, path, in_tree, "read", self.keys.values.len() - before);
    }

    fn exported(&mut self) {
        let before = self.keys.values.len();
        for (name, value) in env::vars_os() {
            let (name, value) = (name.as_encoded_bytes(), value.as_encoded_bytes());
            for value in worth::exported(name, value) {
                let live = Live { name: worth::shown_name(name), place: None, path: None };
                self.add(live, &value);
            }
        }
        let count = self.keys.values.len() - before;
        self.state(EXPORTED, Path::new(ENVIRONMENT), None, "read", count);
    }

    fn add(&mut self, live: Live, value: &[u8]) {
        // A stand-in is never reported; who asks for the count gets the true one.
        if self.states.is_some() && is_stand_in(value) {
            return;
        }
        self.builder.push(value, self.keys.values.len());
        self.keys.values.push(live);
    }
}

#[cfg(test)]
mod tests;
