//! The user's own configuration, which no repository can touch: `~/.config/keyhook/config.toml`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::files::Place;
use super::read::{Reading, read};
use super::{Machine, source_names};

/// What the user has chosen for all repositories.
#[derive(Default)]
pub(super) struct User {
    pub(super) off: Vec<String>,
    pub(super) files: Vec<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "own-keys")]
    own_keys: Table,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    off: Vec<String>,
    #[serde(default)]
    files: Vec<String>,
}

/// Reads the file; a mistake in it is told in one sentence.
pub(super) fn load(machine: &Machine) -> Result<User, String> {
    let Some(path) = machine.resolve(&Place::Config("keyhook/config.toml")) else {
        return Ok(User::default());
    };
    let shown = machine.shown(&path);
    let bytes = match read(&path) {
        Reading::Absent => return Ok(User::default()),
        Reading::Bytes(bytes) => bytes,
        Reading::NotRead(why) => return Err(format!("own keys: {shown} is not used: {why}")),
        Reading::Failed(why) => return Err(format!("own keys: cannot read {shown}: {why}")),
    };
    let text = String::from_utf8_lossy(&bytes);
    let wrong = |problem: &str| format!("own keys: cannot use {shown}: {problem}");
    let file: File = toml::from_str(&text).map_err(|error| wrong(error.message()))?;
    let names = source_names();
    if let Some(name) = file.own_keys.off.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(wrong(&format!("no source is called `{name}`; known: {}", names.join(", "))));
    }
    let home = machine.home.as_deref();
    let files = file.own_keys.files.iter().filter_map(|name| from_home(home, name)).collect();
    Ok(User { off: file.own_keys.off, files })
}

/// Paths start at the home folder: a relative one would mean something else in each repository.
fn from_home(home: Option<&Path>, name: &str) -> Option<PathBuf> {
    let name = name.strip_prefix("~/").unwrap_or(name);
    if Path::new(name).is_absolute() {
        return Some(PathBuf::from(name));
    }
    Some(home?.join(name))
}
