//! `keyhook install` and `keyhook uninstall`.

use std::path::{Path, PathBuf};

use super::{Exit, canary, fail, fail_git, fail_hook, say};
use crate::git::Repository;
use crate::hook::{Installed, Removed, install, merge_driver, uninstall};

/// Put the pre-commit hook into a repository, and prove that it blocks
///
/// An existing hook is kept and runs first. Running it twice changes nothing.
#[derive(clap::Args)]
pub(super) struct InstallArgs {
    /// Any folder of the repository
    #[arg(default_value = ".")]
    repository: PathBuf,
    /// Also write a line into .gitattributes, so that git merges the baseline well in every clone
    #[arg(long)]
    shared: bool,
}

/// Take the hook out again and put back what was there before
#[derive(clap::Args)]
pub(super) struct UninstallArgs {
    /// Any folder of the repository
    #[arg(default_value = ".")]
    repository: PathBuf,
}

impl InstallArgs {
    pub(super) fn run(self) -> Exit {
        let repository = match open(&self.repository) {
            Ok(repository) => repository,
            Err(exit) => return exit,
        };
        let program = match std::env::current_exe() {
            Ok(program) => program,
            Err(error) => return fail(&format!("cannot find keyhook's own path: {error}"), &[]),
        };
        let program = program.canonicalize().unwrap_or(program);
        let place = place(&repository);
        match install(&repository, &program, &canary()) {
            Ok(Installed::New) => {
                say(&format!("keyhook: {place} is guarded: a staged test key was blocked"))
            }
            Ok(Installed::Updated) => {
                say(&format!("keyhook: the hook of {place} was updated and works"))
            }
            Ok(Installed::Unchanged) => say(&format!("keyhook: {place} is guarded already")),
            Err(error) => return fail_hook(&error),
        }
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
}

impl UninstallArgs {
    pub(super) fn run(self) -> Exit {
        let repository = match open(&self.repository) {
            Ok(repository) => repository,
            Err(exit) => return exit,
        };
        let place = place(&repository);
        if let Err(error) = merge_driver::unregister(&repository) {
            return fail_hook(&error);
        }
        match uninstall(&repository) {
            Ok(Removed::Hook { is_previous_back: true }) => {
                say(&format!("keyhook: taken out of {place}; the earlier hook is back"));
            }
            Ok(Removed::Hook { is_previous_back: false }) => {
                say(&format!("keyhook: taken out of {place}"))
            }
            Ok(Removed::Nothing) => say(&format!("keyhook: was not installed in {place}")),
            Err(error) => return fail_hook(&error),
        }
        Exit::Clean
    }
}

fn open(folder: &Path) -> Result<Repository, Exit> {
    Repository::open_at(folder).map_err(|error| fail_git(&error))
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
