//! The installer: what goes in, what stays, what comes out, and who else is there.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{Sandbox, leak};

mod events;
mod global;
mod hooks;
mod managers;
mod shims;

pub use events::script;

/// Everything below a folder: the kind, permissions and content of each entry.
pub fn picture(folder: &Path) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut entries = BTreeMap::new();
    let Ok(list) = fs::read_dir(folder) else { return entries };
    for entry in list {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let content = if metadata.is_symlink() {
            fs::read_link(&path).unwrap().to_string_lossy().into_owned().into_bytes()
        } else if metadata.is_dir() {
            let below = picture(&path).into_iter();
            entries.extend(below.map(|(inner, value)| (format!("{name}/{inner}"), value)));
            Vec::new()
        } else {
            fs::read(&path).unwrap()
        };
        entries.insert(name, (metadata.permissions().mode(), content));
    }
    entries
}

/// Writes a hook of somebody else.
pub fn write_hook(sandbox: &Sandbox, text: &str, mode: u32) {
    sandbox.write(".git/hooks/pre-commit", text);
    let path = sandbox.path(".git/hooks/pre-commit");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Stages a leak and expects the hook to stop it.
#[track_caller]
pub fn blocks(sandbox: &Sandbox) {
    sandbox.write("leak.py", leak(1)).stage(&["leak.py"]);
    sandbox.try_commit(&[]).expect(1).says("keyhook: commit blocked: 1 new secret in 1 file");
}
