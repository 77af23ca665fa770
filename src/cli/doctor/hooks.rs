//! Which hooks git would really run, and whether they block.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{Check, Fix, Section, State, listed, quoted};
use crate::git::{Git, Repository};
use crate::hook::{
    ConfiguredHook, EVENTS, Event, HookState, Managed, Order, Owner, Place, What, configured_hooks,
    git_version, install, prove, recognise, shadowed, status,
};

/// git runs hooks from its configuration since this version.
const CONFIGURED_SINCE: (u32, u32) = (2, 54);

/// Other worktrees and submodules that are looked at; a check must end.
const OTHERS_MAX: usize = 100;

pub(super) fn look(repository: &Repository) -> Vec<Check> {
    let place = match Place::of(repository) {
        Ok(place) => place,
        Err(error) => {
            let says = format!("git does not tell where hooks lie: {error}");
            return vec![Check::new("hooks-folder", Section::Hooks, State::Unknown, says)];
        }
    };
    let managers = recognise(repository.work_dir(), &place);
    let events = Event::defaults(repository.work_dir().is_none());
    let configured = configured_hooks(repository.git());
    let mut checks = vec![folder(&place, repository.work_dir())];
    let mut states = status(repository, &place, &managers, &EVENTS);
    // A hook that was not asked for is looked at where it is keyhook's.
    let is_ours = |what: &What| !matches!(what, What::Absent | What::Foreign | What::Manager(_));
    states.retain(|state| events.contains(&state.event) || is_ours(&state.what));
    let version = git_version(repository.git());
    states.retain(|state| {
        !(version >= Some(CONFIGURED_SINCE) && is_configured(&configured, state.event))
    });
    let is_through_config = !states.iter().any(|state| state.event == Event::PreCommit);
    checks.extend(good(&states));
    let is_absent = |state: &HookState| state.what == What::Absent;
    if states.len() == events.len() && states.iter().all(is_absent) {
        checks.extend(nothing(states.len(), &place));
    } else {
        checks.extend(states.iter().filter_map(|state| bad(state, &place, &managers)));
    }
    checks.extend(other_program(&states));
    checks.extend(configuration(&configured, version));
    checks.extend(passed_over(repository, &place));
    checks.extend(switches(repository.git(), &managers));
    checks.extend(canary(repository, &place, &states, is_through_config));
    checks.extend(by_name(repository, &states));
    checks.extend(worktrees(repository));
    checks.extend(submodules(repository));
    checks
}

fn check(id: &'static str, state: State, says: impl Into<String>) -> Check {
    Check::new(id, Section::Hooks, state, says)
}

fn folder(place: &Place, top: Option<&Path>) -> Check {
    let is_inside = top.is_some_and(|top| place.is_below(top));
    let folder = place.folder.display();
    let why = match &place.configured {
        Some(configured) => format!(" (core.hooksPath, {} configuration)", configured.scope),
        None => String::new(),
    };
    if place.folder.exists() && !place.folder.is_dir() {
        let says = format!("git runs no hook at all: {folder} is no folder{why}");
        let check = check("hooks-folder", State::Wrong, says);
        return match place.unset_command() {
            Some(command) => check.mended_by(command),
            None => check.mended_by("keyhook install"),
        };
    }
    let whose = match place.owner {
        Owner::Repository => "",
        Owner::Project if is_inside => ", a folder of the project",
        Owner::Project => ", which this repository chose",
        Owner::Others => ", which other repositories use too",
        Owner::Keyhook => ", put in by keyhook install --global",
    };
    let (state, absent) = match place.folder.exists() {
        true => (State::Good, ""),
        false => (State::Note, "; there is no such folder"),
    };
    check("hooks-folder", state, format!("git takes its hooks from {folder}{whose}{why}{absent}"))
}

/// One sentence for all that is well.
fn good(states: &[HookState]) -> Option<Check> {
    let is_good = |state: &&HookState| state.what.is_guarding() && !is_stale(state);
    let good: Vec<&HookState> = states.iter().filter(is_good).collect();
    let names: Vec<&str> = good.iter().map(|state| state.event.name()).collect();
    let verb = if names.len() == 1 { "runs" } else { "run" };
    let mut details = Vec::new();
    for state in &good {
        match &state.what {
            What::Managed(name) => details.push(format!("{} through {name}", state.event)),
            What::Legacy(name) => {
                details.push(format!("{} through {name}, as its legacy hook", state.event));
            }
            What::ForeignCalling => {
                details.push(format!("{} through {}", state.event, state.path.display()));
            }
            _ if state.kept.is_some() => {
                details.push(format!("{} after the hook that was there", state.event));
            }
            _ => {}
        }
    }
    let says = format!("{} {verb} keyhook", listed(&names));
    (!names.is_empty()).then(|| check("hooks", State::Good, says).with_details(details))
}

fn is_stale(state: &HookState) -> bool {
    matches!(state.what, What::Stale(_))
}

fn bad(state: &HookState, place: &Place, managers: &[Managed]) -> Option<Check> {
    let event = state.event;
    let path = state.path.display();
    let says = match &state.what {
        What::Stale(version) => format!("{event} is a hook of keyhook's older version {version}"),
        What::Absent => format!("{event}: no hook; {}", without(event)),
        What::Unreadable(why) => {
            let says = format!("{event}: cannot look at {path}: {why}");
            return Some(check(event.name(), State::Unknown, says));
        }
        What::NotExecutable { is_ours: true } => {
            format!("{event}: git passes over {path}, which is not executable")
        }
        What::NotExecutable { is_ours: false } => {
            format!("{event}: git runs nothing: {path} is not executable, nor keyhook's")
        }
        What::NoProgram(program) => {
            format!("{event}: the hook blocks, because there is no program {}", program.display())
        }
        What::Manager(name) => format!("{event}: {name} runs and does not call keyhook"),
        What::Outdated(name, _) => {
            format!("{event}: the hook that {name} wrote does not call keyhook yet, its file does")
        }
        What::Displaced(aside) => {
            format!("{event}: keyhook's hook was put aside as {}", aside.display())
        }
        What::Foreign => format!("{event}: another hook runs and does not call keyhook"),
        _ => return None,
    };
    let check = check(event.name(), State::Wrong, says);
    if let What::NotExecutable { is_ours: true } = state.what {
        let command = format!("chmod +x {}", quoted(&state.path.to_string_lossy()));
        return Some(check.mended_by(command).fixed_by(Fix::MakeExecutable(state.path.clone())));
    }
    if let What::Outdated(_, activation) = state.what {
        return Some(check.mended_by(activation));
    }
    let is_theirs = place.owner == Owner::Project
        || managers.iter().any(|m| m.has_hook(event, place) && !m.calls(event));
    Some(match place.owner {
        Owner::Others => check.mended_by("keyhook install --global"),
        _ if is_theirs => check.mended_by("keyhook install --write"),
        _ => check.mended_by("keyhook install").fixed_by(Fix::Install),
    })
}

/// keyhook was never installed: one answer says it better than four.
fn nothing(count: usize, place: &Place) -> Option<Check> {
    // A folder that is none has said so already.
    if place.folder.exists() && !place.folder.is_dir() {
        return None;
    }
    let says = format!(
        "no hook of keyhook is here: commits, messages and pushes are not looked at ({count} hooks)"
    );
    let check = check("pre-commit", State::Wrong, says);
    Some(match place.owner {
        Owner::Others => check.mended_by("keyhook install --global"),
        Owner::Project => check.mended_by("keyhook install --write"),
        _ => check.mended_by("keyhook install").fixed_by(Fix::Install),
    })
}

/// What gets through where a hook is missing.
fn without(event: Event) -> &'static str {
    match event {
        Event::PreCommit => "a commit is not looked at",
        Event::PreMergeCommit => "a clean merge is not looked at",
        Event::CommitMsg => "a key in a message is not seen",
        Event::PrePush => "what skipped the other hooks (--no-verify, cherry-picks) can leave",
        Event::PostCommit => "what skipped the other hooks is not noticed at once",
        Event::PreReceive => "a push to this repository is not looked at",
    }
}

fn other_program(states: &[HookState]) -> Option<Check> {
    let this = std::env::current_exe().ok()?.canonicalize().ok()?;
    let other = states.iter().find_map(|state| match &state.what {
        What::Ours(Some(program)) if program.canonicalize().is_ok_and(|full| full != this) => {
            Some(program)
        }
        _ => None,
    })?;
    let says = format!("the hooks run {}, this is {}", other.display(), this.display());
    Some(check("program", State::Note, says).mended_by("keyhook install"))
}

fn is_configured(configured: &[ConfiguredHook], event: Event) -> bool {
    configured.iter().any(|hook| {
        hook.off.is_none() && hook.event == event.name() && hook.command.contains("keyhook")
    })
}

/// Hooks of keyhook in git's configuration that do not run.
fn configuration(configured: &[ConfiguredHook], version: Option<(u32, u32)>) -> Vec<Check> {
    let ours = configured.iter().filter(|hook| hook.command.contains("keyhook"));
    let mut checks = Vec::new();
    for hook in ours {
        let (name, event) = (&hook.name, &hook.event);
        if let Some(off) = &hook.off {
            let says =
                format!("hook.{name} ({event}) is switched off by the configuration ({off})");
            let mend = format!("git config --unset-all {}", quoted(off));
            checks.push(check("configured-hook", State::Wrong, says).mended_by(mend));
        } else if version < Some(CONFIGURED_SINCE) {
            let (major, minor) = version.unwrap_or_default();
            let says = format!(
                "hook.{name} ({event}) stands in the configuration, but git {major}.{minor} does not \
                 run such hooks; 2.54 does"
            );
            checks.push(check("configured-hook", State::Note, says));
        } else {
            let says = format!("{event} runs keyhook from the configuration (hook.{name})");
            checks.push(check("configured-hook", State::Good, says));
        }
    }
    checks
}

fn passed_over(repository: &Repository, place: &Place) -> Option<Check> {
    let hooks = shadowed(repository, place);
    let names: Vec<String> =
        hooks.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into())).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let says = format!(
        "git passes over {} in the repository's own folder, because core.hooksPath names another",
        listed(&names)
    );
    (!names.is_empty()).then(|| check("shadowed", State::Note, says))
}

/// Variables and aliases that switch hooks off.
fn switches(git: &Git, managers: &[Managed]) -> Vec<Check> {
    let mut checks = Vec::new();
    let value = |name: &str| std::env::var(name).unwrap_or_default();
    let uses = |name: &str| managers.iter().any(|managed| managed.name() == name);
    let is_off = |name: &str| matches!(value(name).as_str(), "0" | "false");
    let is_on = |name: &str| matches!(value(name).as_str(), "1" | "true");
    let skips = |name: &str| value(name).split(',').any(|id| id.trim().starts_with("keyhook"));
    let set = [
        ("HUSKY", uses("husky") && is_off("HUSKY")),
        ("LEFTHOOK", uses("lefthook") && is_off("LEFTHOOK")),
        ("LEFTHOOK_EXCLUDE", uses("lefthook") && skips("LEFTHOOK_EXCLUDE")),
        ("SKIP", (uses("pre-commit") || uses("prek")) && skips("SKIP")),
        ("PREK_SKIP", uses("prek") && skips("PREK_SKIP")),
        ("SKIP_SIMPLE_GIT_HOOKS", uses("simple-git-hooks") && is_on("SKIP_SIMPLE_GIT_HOOKS")),
        ("OVERCOMMIT_DISABLE", uses("overcommit") && is_on("OVERCOMMIT_DISABLE")),
        ("KEYHOOK_CANARY", !value("KEYHOOK_CANARY").is_empty()),
    ];
    for (name, _) in set.iter().filter(|(_, is_set)| *is_set) {
        let says = format!("the variable {name} switches hooks off in this shell");
        checks.push(check("variable", State::Wrong, says).mended_by(format!("unset {name}")));
    }
    let aliases = git.run(["config", "-z", "--get-regexp", "^alias\\."]).unwrap_or_default();
    let aliases = String::from_utf8_lossy(&aliases).into_owned();
    for (name, command) in aliases.split('\0').filter_map(|entry| entry.split_once('\n')) {
        let is_skipping = command.split_whitespace().any(|word| word == "--no-verify")
            || command.starts_with("commit ") && command.split_whitespace().any(|w| w == "-n");
        if is_skipping {
            let says = format!("{name} skips the hooks of a commit; pre-push still looks");
            checks.push(check("alias", State::Note, says));
        }
    }
    checks
}

/// Where keyhook's own script is the hook, a test key must be blocked. A hook of others is judged by
/// reading.
fn canary(
    repository: &Repository,
    place: &Place,
    states: &[HookState],
    is_through_config: bool,
) -> Vec<Check> {
    let is_shim = |state: &&HookState| matches!(state.what, What::Ours(_) | What::Stale(_));
    let events: Vec<Event> = states.iter().filter(is_shim).map(|state| state.event).collect();
    let mut checks = Vec::new();
    let tried = tried(&events);
    if !tried.is_empty() {
        checks.push(match prove(repository, place, &events, &super::super::canary()) {
            Ok(()) => {
                let says = format!("a test key was blocked: {}", listed(&tried));
                check("canary", State::Good, says)
            }
            Err(why) => {
                let says = format!("a test key was not blocked as it should be: {why}");
                check("canary", State::Wrong, says).mended_by("keyhook install")
            }
        });
    }
    let pre_commit = states.iter().find(|state| state.event == Event::PreCommit);
    let is_by_others = pre_commit.map_or(is_through_config, |state| {
        state.what.is_guarding() && !events.contains(&Event::PreCommit)
    });
    if is_by_others {
        let says = "no test key was staged: that would run all the other commands of the hook too";
        checks.push(check("canary", State::Note, says));
    }
    checks
}

/// Returns where a test key was put for these hooks.
fn tried(events: &[Event]) -> Vec<&'static str> {
    let places = [
        (Event::PreCommit, "staged"),
        (Event::PreMergeCommit, "in a merge"),
        (Event::CommitMsg, "in a message"),
        (Event::PrePush, "in a push"),
        (Event::PreReceive, "in a push to here"),
    ];
    places.into_iter().filter(|(event, _)| events.contains(event)).map(|(_, what)| what).collect()
}

/// Lines in shared files call keyhook by its name.
fn by_name(repository: &Repository, states: &[HookState]) -> Option<Check> {
    let is_by_name = |state: &HookState| {
        matches!(state.what, What::Managed(_) | What::ForeignCalling | What::Ours(None))
    };
    if !states.iter().any(is_by_name) || find_on_path(repository).is_some() {
        return None;
    }
    let folder = std::env::current_exe().ok()?.parent()?.to_string_lossy().into_owned();
    let says = "hooks call keyhook by name, and it is not on the PATH; commits are blocked";
    let mend = format!("export PATH=\"{folder}:$PATH\"");
    Some(check("path", State::Wrong, says).mended_by(mend))
}

fn find_on_path(repository: &Repository) -> Option<PathBuf> {
    let top = repository.work_dir().unwrap_or(repository.common_dir());
    let path = std::env::var_os("PATH")?;
    let name = format!("keyhook{}", std::env::consts::EXE_SUFFIX);
    // husky puts the packages' programs in front.
    let folders = std::env::split_paths(&path).chain([top.join("node_modules/.bin")]);
    folders.map(|folder| folder.join(&name)).find(|program| program.is_file())
}

/// Other worktrees may take their hooks from elsewhere.
fn worktrees(repository: &Repository) -> Option<Check> {
    let reply = repository.git().run(["worktree", "list", "--porcelain"]).ok()?;
    let text = String::from_utf8_lossy(&reply).into_owned();
    let here = repository.work_dir().and_then(|top| top.canonicalize().ok());
    let others = text.split("\n\n").filter(|entry| !entry.contains("\nbare"));
    let paths = others.filter_map(|entry| entry.lines().next()?.strip_prefix("worktree "));
    let paths = paths.map(PathBuf::from).filter(|path| path.canonicalize().ok() != here);
    let unguarded: Vec<String> = paths
        .filter(|path| path.is_dir())
        .take(OTHERS_MAX)
        .filter(|path| !is_guarded(path))
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let first = unguarded.first()?;
    let mend = format!("keyhook install {}", quoted(first));
    let says = "in other worktrees git takes its hooks from elsewhere, without keyhook";
    Some(check("worktrees", State::Wrong, says).mended_by(mend).with_details(unguarded))
}

fn submodules(repository: &Repository) -> Option<Check> {
    let top = repository.work_dir()?;
    let file = top.join(".gitmodules");
    let read = ["config", "-z", "--get-regexp", "--file"].map(OsStr::new);
    let reply =
        repository.git().run(read.into_iter().chain([file.as_os_str(), OsStr::new("\\.path$")]));
    let reply = reply.ok()?;
    let text = String::from_utf8_lossy(&reply).into_owned();
    let paths = text.split('\0').filter_map(|entry| Some(entry.split_once('\n')?.1));
    let unguarded: Vec<String> = paths
        .filter(|path| top.join(path).join(".git").exists())
        .take(OTHERS_MAX)
        .filter(|path| !is_guarded(&top.join(path)))
        .map(str::to_owned)
        .collect();
    let first = unguarded.first()?;
    let mend = format!("keyhook install {}", quoted(first));
    let says = "submodules have hooks of their own, and these run no keyhook";
    Some(check("submodules", State::Note, says).mended_at_top_by(mend).with_details(unguarded))
}

fn is_guarded(folder: &Path) -> bool {
    let Ok(repository) = Repository::open_at(folder) else { return false };
    let Ok(place) = Place::of(&repository) else { return false };
    let managers = recognise(repository.work_dir(), &place);
    let states = status(&repository, &place, &managers, &[Event::PreCommit]);
    states.iter().all(|state| state.what.is_guarding())
        || is_configured(&configured_hooks(repository.git()), Event::PreCommit)
}

pub(super) fn make_executable(path: &Path) -> Result<String, String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let fail = |error: std::io::Error| format!("cannot change {}: {error}", path.display());
        let mut permissions = path.metadata().map_err(fail)?.permissions();
        // Whoever may read it may run it.
        permissions.set_mode(permissions.mode() | (permissions.mode() & 0o444) >> 2);
        std::fs::set_permissions(path, permissions).map_err(fail)?;
    }
    Ok(format!("{} is executable now", path.display()))
}

pub(super) fn install_again(repository: &Repository) -> Result<String, String> {
    let fail = |error: String| format!("the hooks are as they were: {error}");
    let program = std::env::current_exe().map_err(|error| fail(error.to_string()))?;
    let program = program.canonicalize().unwrap_or(program);
    let canary = super::super::canary();
    let events = Event::defaults(repository.work_dir().is_none());
    let order = Order { program: &program, canary: &canary, events, is_writing: false };
    let done = install(repository, &order).map_err(|error| fail(error.to_string()))?;
    let names: Vec<&str> = done.hooks.iter().map(|(event, _)| event.name()).collect();
    Ok(format!("put in {} (keyhook uninstall takes them out)", listed(&names)))
}
