//! What git would really run here: not what was once installed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::event::Event;
use super::manager::Managed;
use super::place::{self, Owner, Place};
use super::shim::{self, KEPT, SHIM_VERSION};
use crate::file::{self, full};
use crate::git::{Git, Repository};

/// What stands at one moment.
#[derive(Clone, Debug)]
pub struct HookState {
    /// The moment.
    pub event: Event,
    /// The file that git looks for.
    pub path: PathBuf,
    /// What is there.
    pub what: What,
    /// A kept hook that runs before keyhook's.
    pub kept: Option<PathBuf>,
}

/// What git finds where it looks for a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Nothing.
    Absent,
    /// Something that cannot be looked at.
    Unreadable(String),
    /// A file that git passes over, because it may not be executed.
    NotExecutable {
        /// Whether it is keyhook's.
        is_ours: bool,
    },
    /// keyhook's shim, with the program that it runs; `None` if it asks by name.
    Ours(Option<PathBuf>),
    /// keyhook's shim of another version.
    Stale(u32),
    /// keyhook's shim, which names a program that is not there.
    NoProgram(PathBuf),
    /// The hook of a manager whose file calls keyhook.
    Managed(&'static str),
    /// The hook of a manager whose file calls keyhook since it wrote the hook; with the command that
    /// writes it again.
    Outdated(&'static str, &'static str),
    /// The hook of a manager whose file does not call keyhook.
    Manager(&'static str),
    /// pre-commit or prek took the place and runs keyhook's shim, which it put aside, first.
    Legacy(&'static str),
    /// A manager took the place and put keyhook's shim aside, where nothing runs it.
    Displaced(PathBuf),
    /// Another hook, which has a line that calls keyhook.
    ForeignCalling,
    /// Another hook.
    Foreign,
}

impl What {
    /// Returns whether keyhook is reached.
    pub fn is_guarding(&self) -> bool {
        matches!(
            self,
            What::Ours(_)
                | What::Stale(_)
                | What::Managed(_)
                | What::Legacy(_)
                | What::ForeignCalling
        )
    }
}

/// Looks at what git would run at each of these moments.
pub fn status(
    repository: &Repository,
    place: &Place,
    managers: &[Managed],
    events: &[Event],
) -> Vec<HookState> {
    let state = |place: &Place, event: &Event| {
        let path = place.folder.join(event.name());
        let kept = super::kept_path(&path);
        HookState {
            event: *event,
            what: what(&path, *event, place, managers),
            kept: place::is_executable(&kept).then_some(kept),
            path,
        }
    };
    let below = place.clone().below_global(repository);
    let at = |event: &Event| {
        let found = state(place, event);
        let is_through = file::read(&found.path).is_ok_and(|text| shim::is_pass_through(&text));
        if is_through { state(&below, event) } else { found }
    };
    events.iter().map(at).collect()
}

fn what(path: &Path, event: Event, place: &Place, managers: &[Managed]) -> What {
    let text = match file::read(path) {
        Ok(text) => text,
        // Below a file there is nothing either; the folder has its own answer.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return What::Absent;
        }
        Err(error) => return What::Unreadable(error.to_string()),
    };
    let is_ours = shim::is_shim(&text);
    if !place::is_executable(path) {
        return What::NotExecutable { is_ours };
    }
    if shim::is_pass_through(&text) {
        return What::Absent;
    }
    if is_ours {
        return match (shim::version_of(&text), shim::program_of(&text)) {
            (Some(version), _) if version != SHIM_VERSION => What::Stale(version),
            (_, Some(program)) if !place::is_executable(&program) => What::NoProgram(program),
            (_, program) => What::Ours(program),
        };
    }
    let theirs: Vec<&Managed> = managers.iter().filter(|m| m.has_hook(event, place)).collect();
    let Some(first) = theirs.first() else {
        return if calls_keyhook(&text, event) { What::ForeignCalling } else { What::Foreign };
    };
    if let Some(calling) = theirs.iter().find(|managed| managed.calls(event)) {
        return match calling.is_active(event, place) {
            true => What::Managed(calling.name()),
            false => What::Outdated(calling.name(), calling.activation()),
        };
    }
    let name = first.name();
    let beside = |ending: &str| place.folder.join(format!("{}{ending}", event.name()));
    let is_shim_at = |path: &Path| file::read(path).is_ok_and(|text| shim::is_shim(&text));
    let (legacy, old) = (beside(".legacy"), beside(".old"));
    if matches!(name, "pre-commit" | "prek") && is_shim_at(&legacy) && place::is_executable(&legacy)
    {
        return What::Legacy(name);
    }
    // lefthook calls what it finds `.old`.
    if is_shim_at(&old) { What::Displaced(old) } else { What::Manager(name) }
}

fn calls_keyhook(text: &[u8], event: Event) -> bool {
    let text = String::from_utf8_lossy(text);
    let call = format!("hook {}", event.name());
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .any(|line| line.find("keyhook").is_some_and(|at| line[at..].contains(&call)))
}

/// Returns the hooks of the repository's own folder that git passes over, because
/// `core.hooksPath` names another one.
pub fn shadowed(repository: &Repository, place: &Place) -> Vec<PathBuf> {
    let own = repository.common_dir().join("hooks");
    // keyhook's own folder runs them.
    if place.owner == Owner::Keyhook || full(&own) == full(&place.folder) {
        return Vec::new();
    }
    let Ok(entries) = fs::read_dir(&own) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            !name.ends_with(".sample") && !name.ends_with(KEPT) && place::is_executable(path)
        })
        .collect();
    found.sort();
    found
}

/// A hook in git's configuration, which git runs since version 2.54.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredHook {
    /// Its name: `hook.NAME.event`.
    pub name: String,
    /// The moment's name.
    pub event: String,
    /// What it runs; empty if nothing is configured.
    pub command: String,
    /// The setting that switches it off: its own, or that of the moment.
    pub off: Option<String>,
}

/// Returns the hooks in git's configuration.
pub fn configured_hooks(git: &Git) -> Vec<ConfiguredHook> {
    let reply = git.run(["config", "-z", "--get-regexp", "^hook\\..*"]).unwrap_or_default();
    parse_configured(&String::from_utf8_lossy(&reply))
}

fn parse_configured(text: &str) -> Vec<ConfiguredHook> {
    let pairs: Vec<(&str, &str)> =
        text.split('\0').filter_map(|entry| entry.split_once('\n')).collect();
    let value = |key: &str| pairs.iter().rev().find(|(found, _)| *found == key).map(|(_, v)| *v);
    let is_off = |key: &String| {
        let off = ["false", "no", "off", "0"];
        value(key).is_some_and(|value| off.iter().any(|word| value.eq_ignore_ascii_case(word)))
    };
    let mut hooks: Vec<ConfiguredHook> = Vec::new();
    for (key, event) in &pairs {
        let name = key.strip_prefix("hook.").and_then(|rest| rest.strip_suffix(".event"));
        let Some(name) = name else { continue };
        if event.is_empty() {
            // An empty value takes back what stands before it, as in git's other lists.
            hooks.retain(|hook| hook.name != name);
            continue;
        }
        let switches = [format!("hook.{name}.enabled"), format!("hook.{event}.enabled")];
        hooks.push(ConfiguredHook {
            name: name.to_owned(),
            event: (*event).to_owned(),
            command: value(&format!("hook.{name}.command")).unwrap_or_default().to_owned(),
            off: switches.into_iter().find(is_off),
        });
    }
    hooks
}

/// Returns git's version as two numbers.
pub fn git_version(git: &Git) -> Option<(u32, u32)> {
    let reply = git.run(["version"]).ok()?;
    let text = String::from_utf8_lossy(&reply).into_owned();
    let mut numbers = text.trim().strip_prefix("git version ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Lets git run `pre-commit` on a canary in a throw-away index, and `commit-msg` on one in a message.
pub fn prove(
    repository: &Repository,
    place: &Place,
    events: &[Event],
    canary: &str,
) -> Result<(), String> {
    super::canary::prove(repository, &place.folder, events, canary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_of_the_configuration_are_read_as_git_does() {
        let read = |lines: &[(&str, &str)]| {
            let entries = lines.iter().map(|(key, value)| format!("hook.{key}\n{value}\0"));
            let hooks = parse_configured(&entries.collect::<String>());
            hooks.into_iter().map(|hook| (hook.event, hook.off)).collect::<Vec<_>>()
        };
        let (event, command) = (("kh.event", "pre-commit"), ("kh.command", "keyhook"));
        let on = ("pre-commit".to_owned(), None);
        assert_eq!(read(&[event, command]), vec![on.clone()]);
        assert_eq!(read(&[event, command, ("kh.event", "")]), []);
        assert_eq!(read(&[event, ("kh.event", ""), event, command]), vec![on.clone()]);
        for switch in ["kh.enabled", "pre-commit.enabled"] {
            let off = Some(format!("hook.{switch}"));
            assert_eq!(read(&[event, (switch, "False")]), [("pre-commit".to_owned(), off)]);
            // The last one counts.
            assert_eq!(read(&[event, (switch, "no"), (switch, "true")]), vec![on.clone()]);
        }
        assert_eq!(read(&[event, ("pre-push.enabled", "false")]), vec![on]);
    }
}
