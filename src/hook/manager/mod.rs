//! The hook managers that a repository may use: husky, lefthook, pre-commit, prek, simple-git-hooks
//! and overcommit.
//!
//! A manager writes its own hooks whenever it is installed again, so a hook of ours beside it may be
//! gone after the next `npm install`. The lines in the manager's own file stay, and reach the team.
//! Each manager is recognised by its file; nothing of it is run.

use std::path::{Path, PathBuf};

use super::change::Changes;
use super::event::{EVENTS, Event};
use super::place::{self, Place};
use super::{HookError, KEPT};
use crate::file::{self, full};

mod edit;

/// A manager that a repository uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Managed {
    manager: Manager,
    /// The top of the worktree.
    top: PathBuf,
    /// The file that configures it, from the top; for husky the folder of its scripts.
    file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manager {
    Husky,
    Lefthook,
    PreCommit,
    Prek,
    SimpleGitHooks,
    Overcommit,
}

/// Lines to add to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// The file, from the top of the worktree.
    pub file: PathBuf,
    /// The lines.
    pub lines: String,
}

const LEFTHOOK_FILES: [&str; 6] = [
    "lefthook.yml",
    "lefthook.yaml",
    ".lefthook.yml",
    ".lefthook.yaml",
    ".config/lefthook.yml",
    ".config/lefthook.yaml",
];

/// Forms of lefthook's file in which keyhook shows its lines but does not write them.
const LEFTHOOK_OTHER: [&str; 6] = [
    "lefthook.toml",
    "lefthook.json",
    "lefthook.jsonc",
    ".lefthook.toml",
    ".lefthook.json",
    ".lefthook.jsonc",
];

const SIMPLE_FILES: [&str; 3] = [".simple-git-hooks.json", "simple-git-hooks.json", "package.json"];

const SIMPLE_OTHER: [&str; 4] = [
    ".simple-git-hooks.cjs",
    ".simple-git-hooks.js",
    "simple-git-hooks.cjs",
    "simple-git-hooks.js",
];

/// Finds the managers of a repository by their files.
pub fn recognise(top: Option<&Path>, place: &Place) -> Vec<Managed> {
    let Some(top) = top else { return Vec::new() };
    let mut found = Vec::new();
    let mut add = |manager, file: PathBuf| {
        found.push(Managed { manager, top: top.to_owned(), file });
    };
    if let Some(folder) = husky_folder(top, place) {
        add(Manager::Husky, folder);
    }
    let first = |names: &'static [&'static str]| {
        names.iter().find(|name| top.join(name).is_file()).copied()
    };
    if let Some(name) = first(&LEFTHOOK_FILES).or(first(&LEFTHOOK_OTHER)) {
        add(Manager::Lefthook, name.into());
    }
    if let Some(name) = first(&["prek.toml"]) {
        add(Manager::Prek, name.into());
    } else if let Some(name) = first(&[".pre-commit-config.yaml", ".pre-commit-config.yml"]) {
        let is_prek = hook_mentions(place, Event::PreCommit, "prek");
        add(if is_prek { Manager::Prek } else { Manager::PreCommit }, name.into());
    }
    let is_simple = |name: &&str| {
        *name != "package.json" || read(top, Path::new(name)).contains("\"simple-git-hooks\":")
    };
    let simple = SIMPLE_FILES.iter().filter(|name| top.join(name).is_file()).find(|n| is_simple(n));
    if let Some(name) = simple.copied().or(first(&SIMPLE_OTHER)) {
        add(Manager::SimpleGitHooks, name.into());
    }
    if let Some(name) = first(&[".overcommit.yml"]) {
        add(Manager::Overcommit, name.into());
    }
    found
}

/// Returns the folder of husky's scripts, from the top.
fn husky_folder(top: &Path, place: &Place) -> Option<PathBuf> {
    let folder = full(&place.folder);
    let inside = folder.strip_prefix(full(top)).ok();
    if let Some(inside) = inside {
        // Since version 9, git is sent to generated scripts one level down.
        if inside.ends_with("_") && (folder.join("h").is_file() || inside.starts_with(".husky")) {
            return inside.parent().map(Path::to_owned);
        }
        if inside.ends_with(".husky") {
            return Some(inside.to_owned());
        }
    }
    top.join(".husky").is_dir().then(|| PathBuf::from(".husky"))
}

impl Managed {
    /// Returns the manager's name.
    pub fn name(&self) -> &'static str {
        match self.manager {
            Manager::Husky => "husky",
            Manager::Lefthook => "lefthook",
            Manager::PreCommit => "pre-commit",
            Manager::Prek => "prek",
            Manager::SimpleGitHooks => "simple-git-hooks",
            Manager::Overcommit => "overcommit",
        }
    }

    /// Returns the command with which the manager puts its own hooks in.
    pub fn activation(&self) -> &'static str {
        match self.manager {
            Manager::Husky => "npx husky",
            Manager::Lefthook => "lefthook install",
            Manager::PreCommit => "pre-commit install",
            Manager::Prek => "prek install",
            Manager::SimpleGitHooks => "npx simple-git-hooks",
            Manager::Overcommit => "overcommit --install && overcommit --sign",
        }
    }

    /// Returns the file in which this moment is configured, from the top.
    pub fn file_of(&self, event: Event) -> PathBuf {
        match self.manager {
            Manager::Husky => self.file.join(event.name()),
            _ => self.file.clone(),
        }
    }

    /// Returns the lines that make the manager call keyhook.
    pub fn additions(&self, events: &[Event]) -> Vec<Addition> {
        let events: Vec<Event> =
            events.iter().copied().filter(|event| self.serves(*event)).collect();
        let whole = |lines: String| vec![Addition { file: self.file.clone(), lines }];
        match self.manager {
            Manager::Husky => events
                .iter()
                .map(|event| Addition { file: self.file_of(*event), lines: husky_line(*event) })
                .collect(),
            Manager::Lefthook => whole(events.iter().map(|e| edit::lefthook_block(*e)).collect()),
            Manager::Prek if self.file.ends_with("prek.toml") => whole(edit::prek_block(&events)),
            Manager::PreCommit | Manager::Prek => whole(edit::pre_commit_block(&events, 0)),
            Manager::SimpleGitHooks => {
                whole(events.iter().map(|e| format!("{},\n", edit::simple_pair(*e))).collect())
            }
            Manager::Overcommit => {
                whole(events.iter().map(|e| edit::overcommit_block(*e)).collect())
            }
        }
    }

    /// Returns whether the manager can run keyhook at this moment with all that it needs.
    ///
    /// pre-commit and prek keep git's list of refs to themselves, and show their hooks one branch of
    /// a push; overcommit adds file names of its own. There the script in the hooks folder is better.
    pub fn serves(&self, event: Event) -> bool {
        match self.manager {
            Manager::Husky | Manager::Lefthook | Manager::SimpleGitHooks => {
                event != Event::PreReceive
            }
            Manager::PreCommit | Manager::Prek => {
                matches!(event, Event::PreCommit | Event::PreMergeCommit | Event::CommitMsg)
            }
            Manager::Overcommit => event == Event::PreCommit,
        }
    }

    /// Returns whether the manager's file calls keyhook at this moment.
    pub fn calls(&self, event: Event) -> bool {
        if !self.serves(event) {
            return false;
        }
        let text = read(&self.top, &self.file_of(event));
        let call = format!("keyhook hook {}", event.name());
        let is_called = lines_of_code(&text).any(|line| line.contains(&call));
        // The hook of keyhook's own repository is known by its id.
        let by_id = matches!(self.manager, Manager::PreCommit | Manager::Prek)
            && (event == Event::PreCommit
                || event == Event::PreMergeCommit && text.contains("pre-merge-commit"))
            && lines_of_code(&text).any(|line| {
                let id = line.trim_start_matches(['-', ' ']).replace('"', "");
                id == "id: keyhook" || id.contains("id = keyhook")
            });
        is_called || by_id
    }

    /// Returns whether git runs the manager at this moment, and the manager follows its file.
    pub fn is_active(&self, event: Event, place: &Place) -> bool {
        // These hooks are copies, which follow the file only when the manager is run again.
        let call = format!("keyhook hook {}", event.name());
        self.has_hook(event, place)
            && (self.manager != Manager::SimpleGitHooks || hook_mentions(place, event, &call))
    }

    /// Returns whether the hook that git runs is the manager's.
    pub fn has_hook(&self, event: Event, place: &Place) -> bool {
        let word = match self.manager {
            Manager::Husky => {
                return self.owns_folder(place)
                    && place::is_executable(&place.folder.join(event.name()));
            }
            Manager::Lefthook => "lefthook",
            // Every hook of another manager may name git's event of the same name.
            Manager::PreCommit => "generated by pre-commit",
            Manager::Prek => "prek",
            Manager::SimpleGitHooks => "SIMPLE_GIT_HOOKS",
            Manager::Overcommit => "overcommit",
        };
        hook_mentions(place, event, word)
    }

    /// Returns whether git takes its hooks from the manager's own folder.
    pub(super) fn owns_folder(&self, place: &Place) -> bool {
        let folder = full(&place.folder);
        let scripts = full(&self.top.join(&self.file));
        self.manager == Manager::Husky && (folder == scripts || folder == scripts.join("_"))
    }

    /// Says why keyhook is not reached through the manager.
    pub(super) fn inactive(&self, event: Event) -> String {
        format!(
            "{} does not run {event} hooks in this clone; first run: {}",
            self.name(),
            self.activation()
        )
    }

    /// Adds the lines that are not there yet; returns the files that changed.
    pub(super) fn add(
        &self,
        events: &[Event],
        changes: &mut Changes,
    ) -> Result<Vec<PathBuf>, HookError> {
        let is_missing = |event: &&Event| self.serves(**event) && !self.calls(**event);
        let missing: Vec<Event> = events.iter().filter(is_missing).copied().collect();
        let mut written = Vec::new();
        if self.manager == Manager::Husky {
            for event in missing {
                self.rewrite(&self.file_of(event), changes, |text| {
                    Ok(edit::add_husky(text, event))
                })?;
                written.push(self.file_of(event));
            }
        } else if !missing.is_empty() {
            let file = self.file.clone();
            self.rewrite(&file, changes, |text| self.with_lines(text, &missing))?;
            written.push(file);
        }
        Ok(written)
    }

    fn with_lines(&self, text: &str, events: &[Event]) -> Result<String, String> {
        let extension = self.file.extension().and_then(|e| e.to_str()).unwrap_or_default();
        match (self.manager, extension) {
            (Manager::Lefthook, "yml" | "yaml") => edit::add_lefthook(text, events),
            (Manager::PreCommit | Manager::Prek, "yml" | "yaml") => {
                edit::add_pre_commit(text, events)
            }
            (Manager::Prek, "toml") => Ok(edit::appended(text, &edit::prek_block(events))),
            (Manager::SimpleGitHooks, "json") => {
                edit::add_simple(text, events, self.file.ends_with("package.json"))
            }
            (Manager::Overcommit, _) => edit::add_overcommit(text, events),
            _ => Err("keyhook writes to the YAML form of it only".to_owned()),
        }
    }

    /// Takes out the lines that [`Managed::add`] adds; returns the files that changed.
    pub(super) fn take_out(
        &self,
        events: &[Event],
        changes: &mut Changes,
    ) -> Result<Vec<PathBuf>, HookError> {
        let mut written = Vec::new();
        let is_meant = |event: &Event| events.contains(event) && self.calls(*event);
        let meant: Vec<Event> = EVENTS.into_iter().filter(is_meant).collect();
        let mut files: Vec<PathBuf> = meant.iter().map(|event| self.file_of(*event)).collect();
        files.dedup();
        for file in files {
            let old = read(&self.top, &file);
            let new = edit::without_lines(&old, &self.blocks(&meant));
            if new == old {
                continue;
            }
            let path = self.top.join(&file);
            if new.trim().is_empty() && self.manager == Manager::Husky {
                changes.remove(&path)?;
            } else {
                changes.write(&path, new.as_bytes(), false)?;
            }
            written.push(file);
        }
        Ok(written)
    }

    /// Every text that [`Managed::add`] may have written, the longer ones first.
    fn blocks(&self, events: &[Event]) -> Vec<String> {
        match self.manager {
            Manager::Husky => events.iter().flat_map(|e| edit::husky_forms(*e)).collect(),
            Manager::Lefthook => events.iter().flat_map(|e| edit::lefthook_forms(*e)).collect(),
            Manager::Prek if self.file.ends_with("prek.toml") => {
                subsets(events).iter().map(|some| edit::prek_block(some)).collect()
            }
            Manager::PreCommit | Manager::Prek => subsets(events)
                .iter()
                .flat_map(|some| (0..=4).map(|indent| edit::pre_commit_block(some, indent)))
                .collect(),
            Manager::SimpleGitHooks => events.iter().flat_map(|e| edit::simple_forms(*e)).collect(),
            Manager::Overcommit => events.iter().flat_map(|e| edit::overcommit_forms(*e)).collect(),
        }
    }

    fn rewrite(
        &self,
        file: &Path,
        changes: &mut Changes,
        edit: impl FnOnce(&str) -> Result<String, String>,
    ) -> Result<(), HookError> {
        let path = self.top.join(file);
        let refused = |why: String| HookError::NotWritable(file.to_owned(), why);
        let old = match file::read_if_there(&path) {
            Ok(bytes) => String::from_utf8(bytes.unwrap_or_default())
                .map_err(|_| refused("it is not UTF-8".into()))?,
            Err(error) => return Err(HookError::Io(path, error)),
        };
        if old.contains('\r') {
            return Err(refused("its lines end in CRLF".into()));
        }
        let new = edit(&old).map_err(refused)?;
        let is_new = old.is_empty();
        // A file that is a link stays one.
        let path = path.canonicalize().unwrap_or(path);
        changes.write(&path, new.as_bytes(), is_new && self.manager == Manager::Husky)
    }
}

/// Returns every choice of moments, the larger ones first: one call may have added any of them.
fn subsets(events: &[Event]) -> Vec<Vec<Event>> {
    let mut all: Vec<Vec<Event>> = (1..1_usize << events.len())
        .map(|bits| {
            let chosen = events.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
            chosen.map(|(_, event)| *event).collect()
        })
        .collect();
    all.sort_by_key(|some: &Vec<Event>| usize::MAX - some.len());
    all
}

fn husky_line(event: Event) -> String {
    edit::husky_forms(event).swap_remove(1)
}

/// Returns the lines of a file without those that are comments.
fn lines_of_code(text: &str) -> impl Iterator<Item = &str> {
    let is_comment = |line: &&str| line.starts_with('#') || line.starts_with("//");
    text.lines().map(str::trim).filter(move |line| !is_comment(line))
}

/// Returns whether git would run a hook that mentions this word, ours or a kept one.
fn hook_mentions(place: &Place, event: Event, word: &str) -> bool {
    let path = place.folder.join(event.name());
    let text = |path: &Path| {
        let is_run = place::is_executable(path);
        if is_run { file::read(path).unwrap_or_default() } else { Vec::new() }
    };
    let mentions = |bytes: Vec<u8>| memchr::memmem::find(&bytes, word.as_bytes()).is_some();
    let hook = text(&path);
    if super::shim::is_shim(&hook) {
        let kept = place.folder.join(format!("{}{KEPT}", event.name()));
        return mentions(text(&kept));
    }
    mentions(hook)
}

fn read(top: &Path, name: &Path) -> String {
    let bytes = file::read(&top.join(name)).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
