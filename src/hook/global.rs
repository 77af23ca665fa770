//! The hooks of all repositories of a user.
//!
//! Before git 2.54 there is one way to reach every repository: a global `core.hooksPath`. It makes git
//! pass over the hooks of each repository, so the folder holds a script for every hook that git
//! knows, and each runs the repository's own hook of that name: those with a part for keyhook first
//! run it and then keyhook, the others run nothing else.
//!
//! A user's own global folder is not replaced: keyhook's hooks then go into it, beside what is
//! there. A folder of the whole system is refused, since a global value would shadow it.

use std::fs;
use std::path::{Path, PathBuf};

use super::change::{Changes, all_or_nothing};
use super::event::Event;
use super::place::{Owner, Place};
use super::shim;
use super::{Configured, Done, HookError, Installed, Order, Removed, canary};
use crate::file::{self, full};
use crate::git::{Git, Repository};

/// Every hook that git runs from the hooks folder, and that a folder for all would shadow.
///
/// `push-to-checkout` and `proc-receive` are missing on purpose: git behaves otherwise as soon as
/// they exist.
const NAMES: [&str; 25] = [
    "applypatch-msg",
    "commit-msg",
    "p4-changelist",
    "p4-post-changelist",
    "p4-pre-submit",
    "p4-prepare-changelist",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "reference-transaction",
    "sendemail-validate",
    "update",
];

/// Returns the folder for the hooks of all repositories; `None` without a home.
pub fn folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let base = set("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| {
        Some(PathBuf::from(set("HOME").or_else(|| set("USERPROFILE"))?).join(".config"))
    });
    base.filter(|base| base.is_absolute()).map(|base| base.join("keyhook").join("hooks"))
}

/// Puts the hooks in for all repositories of this user and proves them in a throw-away one.
pub fn install(order: &Order<'_>) -> Result<Installed, HookError> {
    let own = folder().ok_or(HookError::NoHome)?;
    let git = git()?;
    let (folder, configured) = match value(&git, "--global") {
        Some(folder) if full(&folder) != full(&own) => (folder.clone(), Some((folder, "global"))),
        Some(_) => (own.clone(), Some((own.clone(), "global"))),
        None => (own.clone(), value(&git, "--system").map(|folder| (folder, "system"))),
    };
    let configured = configured.map(|(folder, scope)| Configured {
        value: folder.to_string_lossy().into_owned(),
        scope: scope.to_owned(),
    });
    let owner = if folder == own { Owner::Keyhook } else { Owner::Others };
    let place = Place { folder, configured, owner };
    if let Some(Configured { scope, .. }) =
        place.configured.as_ref().filter(|c| c.scope == "system")
    {
        let problem = std::io::Error::other(format!(
            "core.hooksPath is set for the whole {scope}, and a global value would shadow it"
        ));
        return Err(HookError::Io(place.folder, problem));
    }
    place.check()?;
    all_or_nothing(|changes| {
        let mut done = Installed::nothing(&place, Vec::new());
        super::put_in(&place, order, &order.events, &mut done, changes)?;
        if owner == Owner::Keyhook {
            put_in_the_others(&place.folder, order, &mut done, changes)?;
        }
        let is_new = place.configured.is_none();
        if is_new {
            git.run(["config", "--global", "core.hooksPath", &text_of(&place.folder)])?;
        }
        let proved = prove(order);
        if proved.is_err() && is_new {
            unset(&git, &own)?;
        }
        done.is_proved = proved.map(|()| true)?;
        Ok(done)
    })
}

/// The scripts that keep a repository's own hooks alive.
fn put_in_the_others(
    folder: &Path,
    order: &Order<'_>,
    done: &mut Installed,
    changes: &mut Changes,
) -> Result<(), HookError> {
    for name in NAMES {
        let event = Event::parse(name);
        let path = folder.join(name);
        // A moment that was chosen before stays chosen.
        let is_ours = event.is_some_and(|event| {
            order.events.contains(&event)
                || file::read(&path)
                    .is_ok_and(|text| shim::is_shim(&text) && !shim::is_pass_through(&text))
        });
        if is_ours {
            continue;
        }
        let text = shim::render_pass_through(name);
        let state = super::put_in_one(&path, text.as_bytes(), changes)?;
        if let (Some((_, first)), Done::New | Done::Updated) = (done.hooks.first_mut(), state)
            && *first == Done::Unchanged
        {
            *first = Done::Updated;
        }
    }
    Ok(())
}

/// Takes the hooks for all repositories out again.
pub fn uninstall() -> Result<Removed, HookError> {
    let own = folder().ok_or(HookError::NoHome)?;
    let git = git()?;
    let configured = value(&git, "--global");
    let is_own = configured.as_ref().is_some_and(|path| full(path) == full(&own));
    let folder = match configured {
        Some(folder) if !is_own => folder,
        _ => own.clone(),
    };
    if is_own {
        // First, so that no repository is ever sent to an empty folder.
        unset(&git, &own)?;
    }
    let mut removed = Removed::default();
    all_or_nothing(|changes| {
        super::take_out(&folder, &super::EVENTS, &mut removed, changes)?;
        if folder == own {
            for path in NAMES.iter().map(|name| own.join(name)) {
                if file::read(&path).is_ok_and(|text| shim::is_shim(&text)) {
                    changes.remove(&path)?;
                }
            }
        }
        Ok(())
    })?;
    if folder == own {
        // Not empty means that somebody else uses them now; then they stay.
        let _ = fs::remove_dir(&own);
        let _ = own.parent().map(fs::remove_dir);
    }
    Ok(removed)
}

fn git() -> Result<Git, HookError> {
    let here = std::env::current_dir().map_err(|e| HookError::Io(PathBuf::from("."), e))?;
    Ok(Git::isolated(&here))
}

fn value(git: &Git, scope: &str) -> Option<PathBuf> {
    let reply = git.run(["config", scope, "--type=path", "--get", "core.hooksPath"]).ok()?;
    let text = String::from_utf8_lossy(&reply);
    let text = text.trim_end_matches(['\n', '\r']);
    (!text.is_empty()).then(|| PathBuf::from(text))
}

/// Takes the setting out of the user's configuration.
///
/// git leaves the head of a section behind when a comment stands above it; where the setting is still
/// the last thing in the file, as git has written it, it goes as it came.
fn unset(git: &Git, own: &Path) -> Result<(), HookError> {
    let origin = git.run(["config", "--global", "--show-origin", "--get", "core.hooksPath"]);
    let origin = origin.map(|reply| String::from_utf8_lossy(&reply).into_owned());
    let file =
        origin.ok().and_then(|text| Some(text.strip_prefix("file:")?.split_once('\t')?.0.into()));
    let file: Option<PathBuf> = file.filter(|path: &PathBuf| path.is_absolute());
    let added = format!("[core]\n\thooksPath = {}\n", text_of(own));
    if let Some(path) = file.and_then(|path| path.canonicalize().ok())
        && let Ok(text) = file::read(&path)
        && let Some(rest) = text.strip_suffix(added.as_bytes())
    {
        let mut changes = Changes::default();
        return changes.write(&path, rest, false);
    }
    git.run(["config", "--global", "--unset", "core.hooksPath"])?;
    Ok(())
}

fn text_of(folder: &Path) -> String {
    folder.to_string_lossy().replace('\\', "/")
}

fn prove(order: &Order<'_>) -> Result<(), HookError> {
    let fail = |problem: String| HookError::Unproven(problem);
    let folder = tempfile::tempdir().map_err(|e| fail(format!("no temporary folder: {e}")))?;
    // A user's template could bring hooks of its own.
    Git::isolated(folder.path()).run(["init", "--quiet", "--template="])?;
    let repository = Repository::open_at(folder.path())?;
    let place = Place::of(&repository)?;
    canary::prove(&repository, &place.folder, &order.events, order.canary).map_err(fail)
}
