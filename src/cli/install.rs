//! `keyhook install` and `keyhook uninstall`.

use std::path::{Path, PathBuf};

use super::{Exit, canary, error_paint, fail, fail_hook, open_repository, say};
use crate::git::Repository;
use crate::hook::{
    Addition, Done, EVENTS, Event, Installed, Managed, Order, Owner, Removed, install,
    install_global, merge_driver, uninstall, uninstall_global,
};
use crate::terminal::escape;

/// Put the hooks into a repository, and prove that they block
///
/// An existing hook is kept and runs first. Running it twice changes nothing. Without --hook or --all
/// the hooks are pre-commit, pre-merge-commit, commit-msg and pre-push; a bare repository gets
/// pre-receive too.
#[derive(clap::Args)]
pub(super) struct InstallArgs {
    /// Any folder of the repository
    #[arg(default_value = ".")]
    repository: PathBuf,
    /// Only this hook; may be given more than once
    #[arg(long = "hook", value_name = "NAME", value_parser = parse_event)]
    hooks: Vec<Event>,
    /// All hooks: also post-commit, which warns of what skipped the others
    #[arg(long, conflicts_with = "hooks")]
    all: bool,
    /// For all repositories of this user; their own hooks keep running
    #[arg(long, conflicts_with_all = ["repository", "write"])]
    global: bool,
    /// Also write to files of the project: those of husky, lefthook, pre-commit, prek …, or a hooks
    /// folder that it chose
    #[arg(long)]
    write: bool,
    /// Also write a line into .gitattributes, so that git merges the baseline well in every clone
    #[arg(long, conflicts_with = "global")]
    shared: bool,
}

/// Take the hooks out again and put back what was there before
#[derive(clap::Args)]
pub(super) struct UninstallArgs {
    /// Any folder of the repository
    #[arg(default_value = ".")]
    repository: PathBuf,
    /// Only this hook; may be given more than once
    #[arg(long = "hook", value_name = "NAME", value_parser = parse_event)]
    hooks: Vec<Event>,
    /// Those for all repositories of this user
    #[arg(long, conflicts_with_all = ["repository", "write", "hooks"])]
    global: bool,
    /// Also take keyhook's lines out of the files of husky, lefthook, pre-commit, prek …
    #[arg(long)]
    write: bool,
}

fn parse_event(name: &str) -> Result<Event, String> {
    Event::parse(name).ok_or_else(|| {
        let names: Vec<&str> = EVENTS.iter().map(|event| event.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

impl InstallArgs {
    pub(super) fn run(self) -> Exit {
        let program = match std::env::current_exe() {
            Ok(program) => program,
            Err(error) => return fail(&format!("cannot find keyhook's own path: {error}"), &[]),
        };
        let program = program.canonicalize().unwrap_or(program);
        let canary = canary();
        if self.global {
            let order = self.order(&program, &canary, false);
            return match install_global(&order) {
                Ok(done) => show_installed("every repository of this user", &done),
                Err(error) => fail_hook(&error),
            };
        }
        let repository = match open_repository(&self.repository, "install") {
            Ok(repository) => repository,
            Err(exit) => return exit,
        };
        let order = self.order(&program, &canary, repository.work_dir().is_none());
        match install(&repository, &order) {
            Ok(done) => show_installed(&place(&repository), &done),
            Err(error) => return fail_hook(&error),
        };
        self.merges(&repository, &program)
    }

    /// Lets git merge the baseline by finding.
    fn merges(&self, repository: &Repository, program: &Path) -> Exit {
        if let Err(error) = merge_driver::register(repository, program) {
            return fail_hook(&error);
        }
        let Some(top) = repository.work_dir().filter(|_| self.shared) else { return Exit::Clean };
        match merge_driver::share(top) {
            Ok(true) => say("keyhook: .gitattributes has a line for the baseline now, commit it"),
            Ok(false) => say("keyhook: .gitattributes has its line for the baseline already"),
            Err(error) => return fail_hook(&error),
        }
        Exit::Clean
    }

    fn order<'a>(&self, program: &'a Path, canary: &'a str, is_bare: bool) -> Order<'a> {
        let mut events = match (self.hooks.is_empty(), self.all) {
            (false, _) => self.hooks.clone(),
            (true, true) => Event::all(is_bare),
            (true, false) => Event::defaults(is_bare),
        };
        events.sort();
        events.dedup();
        Order { program, canary, events, is_writing: self.write }
    }
}

fn show_installed(place: &str, done: &Installed) -> Exit {
    let paint = error_paint();
    let place = escape(place);
    let all = |state: Done| done.hooks.iter().all(|(_, found)| *found == state);
    let is_new = !done.hooks.is_empty() && all(Done::New);
    let through = done.managed.iter().find(|(event, _)| *event == Event::PreCommit);
    say(&match (done.hooks.is_empty() || all(Done::Unchanged), is_new, done.is_proved) {
        (true, ..) if done.written.is_empty() => format!("keyhook: {place} is guarded already"),
        _ if through.is_some() => {
            let name = through.map_or("", |(_, name)| name);
            format!("keyhook: {place} is guarded through {name}")
        }
        (_, true, true) => format!("keyhook: {place} is guarded: a staged test key was blocked"),
        (_, _, true) => format!("keyhook: the hooks of {place} were updated and work"),
        _ => format!("keyhook: the hooks of {place} are in"),
    });
    let row = |label: &str, text: String| say(&format!("  {} {text}", paint.dim(&padded(label))));
    let names = |events: Vec<Event>| {
        let names: Vec<&str> = events.iter().map(|event| event.name()).collect();
        names.join(", ")
    };
    if !done.hooks.is_empty() {
        row("hooks", names(done.hooks.iter().map(|(event, _)| *event).collect()));
    }
    for managed in &done.managers {
        let here = done.managed.iter().filter(|(_, name)| *name == managed.name());
        let events: Vec<Event> = here.map(|(event, _)| *event).collect();
        if !events.is_empty() {
            row("through", format!("{}: {}", managed.name(), names(events)));
        }
    }
    if !done.kept.is_empty() {
        row("kept", format!("{} (what was there runs first)", names(done.kept.clone())));
    }
    for event in &done.renamed {
        let name = format!("{}/{event}.before-keyhook", done.place.folder.display());
        row("note", format!("the {event} hook asks for its name, which is now {}", escape(&name)));
    }
    if let Some((_, name)) = through.filter(|_| !done.is_proved) {
        row("proof", format!("by reading its file; to try it would run all that {name} runs"));
    }
    for file in &done.written {
        row("written", format!("{}; commit it", escape(&file.to_string_lossy())));
    }
    let folder = escape(&done.place.folder.to_string_lossy()).into_owned();
    match done.place.owner {
        Owner::Project if !done.hooks.is_empty() => {
            row("shared", format!("{folder} is part of the project; commit it"));
        }
        Owner::Keyhook => row("folder", folder),
        _ => {}
    }
    for managed in done.managers.iter().filter(|managed| !managed.calls(Event::PreCommit)) {
        show_lines(managed, &done.hooks.iter().map(|(event, _)| *event).collect::<Vec<_>>());
    }
    Exit::Clean
}

/// A manager that is installed again may take keyhook's hook away.
fn show_lines(managed: &Managed, events: &[Event]) {
    let name = managed.name();
    say(&format!(
        "\n{name} is used here. When it writes its hooks again, keyhook's may be gone. These lines\n\
         make {name} call keyhook, for the whole team (keyhook install --write adds them):"
    ));
    for Addition { file, lines } in managed.additions(events) {
        say(&format!("\n  {}", escape(&file.to_string_lossy())));
        lines.lines().for_each(|line| say(&format!("    {line}")));
    }
}

impl UninstallArgs {
    pub(super) fn run(self) -> Exit {
        if self.global {
            return match uninstall_global() {
                Ok(removed) => show_removed("every repository of this user", &removed),
                Err(error) => fail_hook(&error),
            };
        }
        let repository = match open_repository(&self.repository, "uninstall") {
            Ok(repository) => repository,
            Err(exit) => return exit,
        };
        let events = if self.hooks.is_empty() { EVENTS.to_vec() } else { self.hooks };
        // Without the other hooks the driver still has its use.
        if events.len() == EVENTS.len()
            && let Err(error) = merge_driver::unregister(&repository)
        {
            return fail_hook(&error);
        }
        match uninstall(&repository, &events, self.write) {
            Ok(removed) => show_removed(&place(&repository), &removed),
            Err(error) => fail_hook(&error),
        }
    }
}

fn show_removed(place: &str, removed: &Removed) -> Exit {
    let place = escape(place);
    let is_out = !removed.hooks.is_empty() || !removed.written.is_empty();
    say(&match (is_out, removed.is_back.len()) {
        (false, _) => format!("keyhook: was not installed in {place}"),
        (true, 0) => format!("keyhook: taken out of {place}"),
        (true, 1) => format!("keyhook: taken out of {place}; the earlier hook is back"),
        (true, count) => format!("keyhook: taken out of {place}; {count} earlier hooks are back"),
    });
    for kept in &removed.left {
        let kept = kept.to_string_lossy();
        say(&format!(
            "  an earlier hook is still kept as {}; another has its place",
            escape(&kept)
        ));
    }
    for file in &removed.written {
        say(&format!("  {} no longer calls keyhook; commit it", escape(&file.to_string_lossy())));
    }
    for file in &removed.still_called {
        let file = file.to_string_lossy();
        say(&format!("  {} still calls keyhook: keyhook uninstall --write", escape(&file)));
    }
    Exit::Clean
}

fn padded(label: &str) -> String {
    format!("{label:<8}")
}

fn place(repository: &Repository) -> String {
    repository
        .work_dir()
        .unwrap_or(repository.common_dir())
        .display()
        .to_string()
        .trim_end_matches('/')
        .to_owned()
}
