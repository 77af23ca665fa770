//! Installs the git hooks, takes them out again, and tells what git would run.
//!
//! It asks git where hooks live, keeps an existing hook and lets it run first with its arguments and
//! its standard input, and does nothing that `uninstall` does not undo byte for byte. Several hooks
//! go in together or not at all.
//!
//! A hooks folder that is not the repository's own is left alone unless the caller asked for it by
//! name: it belongs to a hook manager, to the whole team, or to all repositories of a user. The
//! refusal names the lines to add instead, and `--write` adds them.

use std::path::{Path, PathBuf};

use crate::file;
use crate::git::Repository;

mod canary;
mod change;
mod error;
mod event;
mod global;
mod manager;
pub mod merge_driver;
mod place;
mod shim;
mod status;

pub use error::HookError;
pub use event::{EVENTS, Event};
pub use global::{
    folder as global_folder, install as install_global, uninstall as uninstall_global,
};
pub use manager::{Addition, Managed, recognise};
pub use place::{Configured, Owner, Place};
pub use shim::SHIM_VERSION;
pub use status::{
    ConfiguredHook, HookState, What, configured_hooks, git_version, prove, shadowed, status,
};

use change::{Changes, all_or_nothing, io_at};
use shim::{KEPT, Previous, Program};

/// What to install.
pub struct Order<'a> {
    /// keyhook itself.
    pub program: &'a Path,
    /// A text that must be blocked.
    pub canary: &'a str,
    /// The moments to serve.
    pub events: Vec<Event>,
    /// Whether the files of hook managers, or a hooks folder that the project chose, are written to.
    pub is_writing: bool,
}

/// What became of one hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// The hook was put in.
    New,
    /// It was there already.
    Unchanged,
    /// An older shim was replaced.
    Updated,
}

/// What `install` did.
#[derive(Debug)]
pub struct Installed {
    /// The hooks in the folder.
    pub hooks: Vec<(Event, Done)>,
    /// The hooks that a manager runs, by its name.
    pub managed: Vec<(Event, &'static str)>,
    /// The hooks before which another one runs.
    pub kept: Vec<Event>,
    /// Those of them that ask for the name of their file, which is another one now.
    pub renamed: Vec<Event>,
    /// The files of hook managers that were changed.
    pub written: Vec<PathBuf>,
    /// The managers that this repository uses.
    pub managers: Vec<Managed>,
    /// Where the hooks lie.
    pub place: Place,
    /// Whether a staged canary was blocked by git's own run of the hook.
    pub is_proved: bool,
}

impl Installed {
    /// Says that nothing has been done yet.
    fn nothing(place: &Place, managers: Vec<Managed>) -> Installed {
        Installed {
            hooks: Vec::new(),
            managed: Vec::new(),
            kept: Vec::new(),
            renamed: Vec::new(),
            written: Vec::new(),
            managers,
            place: place.clone(),
            is_proved: false,
        }
    }
}

/// What `uninstall` did.
#[derive(Debug, Default)]
pub struct Removed {
    /// The hooks that were taken out.
    pub hooks: Vec<Event>,
    /// Those in whose place an earlier hook is back.
    pub is_back: Vec<Event>,
    /// Earlier hooks that stay under the name they were kept by, because another took their place.
    pub left: Vec<PathBuf>,
    /// The files of hook managers that no longer call keyhook.
    pub written: Vec<PathBuf>,
    /// The files of hook managers that still call it.
    pub still_called: Vec<PathBuf>,
}

/// Puts the hooks in and proves them, all or none.
pub fn install(repository: &Repository, order: &Order<'_>) -> Result<Installed, HookError> {
    let place = Place::of(repository)?.below_global(repository);
    place.check()?;
    let managers = recognise(repository.work_dir(), &place);
    let husky = managers.iter().find(|managed| managed.owns_folder(&place));
    if !order.is_writing && (husky.is_some() || place.owner == Owner::Project)
        || place.owner == Owner::Others
    {
        let husky = husky.cloned().map(Box::new);
        return Err(HookError::ForeignPath(Box::new(place), husky, order.events.clone()));
    }
    all_or_nothing(|changes| {
        let mut done = Installed::nothing(&place, managers.clone());
        let mut left = order.events.clone();
        if order.is_writing {
            for managed in &managers {
                done.written.extend(managed.add(&order.events, changes)?);
            }
        }
        for managed in &managers {
            let is_run = |event: &Event| managed.calls(*event) && managed.is_active(*event, &place);
            done.managed.extend(left.iter().filter(|e| is_run(e)).map(|e| (*e, managed.name())));
            left.retain(|event| !is_run(event));
        }
        if let Some(husky) = husky.filter(|_| !left.is_empty()) {
            return Err(HookError::Unproven(husky.inactive(left[0])));
        }
        put_in(&place, order, &left, &mut done, changes)?;
        canary::prove(repository, &place.folder, &left, order.canary)
            .map_err(HookError::Unproven)?;
        done.is_proved = left.contains(&Event::PreCommit);
        Ok(done)
    })
}

/// Writes the shims into the folder.
fn put_in(
    place: &Place,
    order: &Order<'_>,
    events: &[Event],
    done: &mut Installed,
    changes: &mut Changes,
) -> Result<(), HookError> {
    let is_shared = place.owner == Owner::Project;
    let program = if is_shared { Program::ByName } else { Program::At(order.program) };
    let previous =
        if place.owner == Owner::Keyhook { Previous::InRepository } else { Previous::Beside };
    let has_marker = |event: &Event| {
        file::read(&place.folder.join(event.name()))
            .is_ok_and(|text| shim::is_shim(&text) && shim::has_made_folder(&text))
    };
    let made_folder = !place.folder.exists() || EVENTS.iter().any(has_marker);
    for event in events {
        let path = place.folder.join(event.name());
        let shim = shim::render(*event, program, previous, made_folder);
        let state = put_in_one(&path, shim.as_bytes(), changes)?;
        done.hooks.push((*event, state));
        if kept_path(&path).symlink_metadata().is_ok() {
            done.kept.push(*event);
            let text = file::read(&kept_path(&path)).unwrap_or_default();
            if asks_for_its_name(&text) {
                done.renamed.push(*event);
            }
        }
    }
    Ok(())
}

/// Returns whether a script does what its own name says, as one that serves several hooks.
fn asks_for_its_name(text: &[u8]) -> bool {
    let ways = [
        "basename \"$0",
        "basename $0",
        "basename -- \"$0",
        "{0##*/}",
        "PROGRAM_NAME",
        "argv[0]",
        "basename($0",
        "process.argv[1]",
        "basename(__file__",
    ];
    ways.iter().any(|way| memchr::memmem::find(text, way.as_bytes()).is_some())
}

fn put_in_one(path: &Path, shim: &[u8], changes: &mut Changes) -> Result<Done, HookError> {
    let kept = kept_path(path);
    let existing = read_hook(path)?;
    let is_ours = existing.as_deref().is_some_and(shim::is_shim);
    if existing.as_deref() == Some(shim) && place::is_executable(path) {
        return Ok(Done::Unchanged);
    }
    changes.make_folder(path.parent().expect("it lies in a folder"))?;
    if path.symlink_metadata().is_ok() && !is_ours {
        if kept.symlink_metadata().is_ok() {
            return Err(HookError::TwoPrevious(kept));
        }
        changes.replace_keeping(path, &kept, shim)?;
        return Ok(Done::New);
    }
    changes.write(path, shim, true)?;
    Ok(if is_ours { Done::Updated } else { Done::New })
}

/// Takes the hooks out and puts back what was there before, all or none.
pub fn uninstall(
    repository: &Repository,
    events: &[Event],
    is_writing: bool,
) -> Result<Removed, HookError> {
    let place = Place::of(repository)?.below_global(repository);
    let managers = recognise(repository.work_dir(), &place);
    let mut removed = all_or_nothing(|changes| {
        let mut removed = Removed::default();
        take_out(&place.folder, events, &mut removed, changes)?;
        for managed in managers.iter().filter(|_| is_writing) {
            removed.written.extend(managed.take_out(events, changes)?);
        }
        Ok(removed)
    })?;
    for managed in &managers {
        let files = events.iter().filter(|event| managed.calls(**event));
        removed.still_called.extend(files.map(|event| managed.file_of(*event)));
    }
    removed.still_called.dedup();
    let is_ours = |event: &Event| {
        read_hook(&place.folder.join(event.name()))
            .ok()
            .flatten()
            .is_some_and(|t| shim::is_shim(&t))
    };
    if !removed.hooks.is_empty() && !EVENTS.iter().any(is_ours) {
        remove_notes(repository)?;
    }
    Ok(removed)
}

fn take_out(
    folder: &Path,
    events: &[Event],
    removed: &mut Removed,
    changes: &mut Changes,
) -> Result<(), HookError> {
    let mut made_folder = false;
    for event in events {
        let place = folder.join(event.name());
        let kept = kept_path(&place);
        let Some((hook, text)) = find_shim(&place)? else {
            // The shim went by other hands; what it kept has waited.
            match (kept.symlink_metadata().is_ok(), place.symlink_metadata().is_ok()) {
                (true, false) => {
                    changes.rename(&kept, &place)?;
                    removed.hooks.push(*event);
                    removed.is_back.push(*event);
                }
                (true, true) => removed.left.push(kept),
                (false, _) => {}
            }
            continue;
        };
        made_folder |= shim::has_made_folder(&text);
        if kept.symlink_metadata().is_ok() {
            changes.put_back(&kept, &hook)?;
            removed.is_back.push(*event);
        } else {
            changes.remove(&hook)?;
        }
        removed.hooks.push(*event);
    }
    if made_folder {
        // Not empty means that somebody else uses it now; then it stays.
        let _ = std::fs::remove_dir(folder);
    }
    Ok(())
}

/// Finds keyhook's shim at its place, or where a manager has put it aside.
fn find_shim(place: &Path) -> Result<Option<(PathBuf, Vec<u8>)>, HookError> {
    for ending in ["", ".legacy", ".old"] {
        let mut name = place.as_os_str().to_owned();
        name.push(ending);
        let path = PathBuf::from(name);
        if let Some(text) = read_hook(&path)?.filter(|text| shim::is_shim(text)) {
            return Ok(Some((path, text)));
        }
    }
    Ok(None)
}

/// What the hooks wrote down for themselves; nothing needs it once they are out.
fn remove_notes(repository: &Repository) -> Result<(), HookError> {
    let own = repository.common_dir().join("keyhook");
    for path in NOTES.iter().map(|name| own.join(name)).filter(|path| path.exists()) {
        std::fs::remove_file(&path).map_err(io_at(&path))?;
    }
    // Other files in it are not ours to remove; then the folder stays.
    let _ = std::fs::remove_dir(&own);
    Ok(())
}

/// The salt of a repository without a baseline, and the list of what was looked at.
const NOTES: [&str; 2] = ["salt", "seen"];

fn kept_path(hook: &Path) -> PathBuf {
    let mut name = hook.as_os_str().to_owned();
    name.push(KEPT);
    PathBuf::from(name)
}

fn read_hook(hook: &Path) -> Result<Option<Vec<u8>>, HookError> {
    file::read_if_there(hook).map_err(|error| HookError::Io(hook.to_owned(), error))
}
