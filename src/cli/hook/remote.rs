//! What a remote is known to have: the references that git keeps of it here, as far as they can be
//! believed.
//!
//! git keeps them by the name of the remote, and a name may lead elsewhere by now: a private
//! repository is made public by another address under the same name, and what the old place had is
//! then new to the new one.

use std::ffi::OsString;

use crate::git::{GitError, Repository};
use crate::source::Update;

/// A remote whose references say what it has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Remote {
    pub(super) name: String,
    /// References below its name that are none of its own or out of date.
    pub(super) except: Vec<String>,
}

/// Branches that nobody deletes on a server.
const MAIN: &[&str] = &["main", "master", "trunk", "develop", "default"];

impl Remote {
    /// Returns the remote that a push goes to, by the arguments of the hook; `None` if nothing is
    /// known of what it has.
    pub(super) fn of(
        repository: &Repository,
        arguments: &[OsString],
        updates: &[Update],
    ) -> Result<Option<Remote>, GitError> {
        let Some((name, address)) = named(arguments) else { return Ok(None) };
        let listed = repository.remotes()?;
        let is_there = |(known, fetched): &(String, String)| {
            *known == name && place(fetched) == place(&address)
        };
        if !listed.iter().any(is_there) {
            return Ok(None);
        }
        let below = |(other, _): &(String, String)| {
            other.strip_prefix(&name)?.starts_with('/').then(|| format!("{other}/*"))
        };
        let mut except: Vec<String> = listed.iter().filter_map(below).collect();
        except.dedup();
        for update in updates.iter().filter(|update| update.old.is_none()) {
            let Some(branch) = update.name.strip_prefix("refs/heads/") else { continue };
            let kept = format!("refs/remotes/{name}/{branch}");
            if repository.revision(&kept)?.is_none() {
                continue;
            }
            // The branch was there once. Somebody deleted it, or this is another place: then none
            // of the others is there.
            if MAIN.contains(&branch) || repository.default_branch(&name)?.as_ref() == Some(&kept) {
                return Ok(None);
            }
            except.push(format!("{name}/{branch}"));
        }
        Ok(Some(Remote { name, except }))
    }
}

/// Returns the name of the remote and the address that git goes to. git gives the address as the
/// name if there is none.
fn named(arguments: &[OsString]) -> Option<(String, String)> {
    let (name, address) = (arguments.first()?.to_str()?, arguments.get(1)?.to_str()?);
    let is_plain = |c: char| !"*?[\\".contains(c);
    let is_name = name != address && !name.is_empty() && name.chars().all(is_plain);
    is_name.then(|| (name.to_owned(), address.to_owned()))
}

/// Returns what an address leads to: host and path, however one gets there.
fn place(address: &str) -> String {
    let (is_url, rest) = match address.split_once("://") {
        Some((_, rest)) => (true, rest),
        None => (false, address),
    };
    let is_path = !is_url && (rest.starts_with(['/', '.']) || !rest.contains(':'));
    let rest = if is_path { rest } else { rest.rsplit_once('@').map_or(rest, |(_, rest)| rest) };
    let (host, path) = match (is_path, is_url) {
        (true, _) => ("", rest),
        (_, true) => rest.split_once('/').unwrap_or((rest, "")),
        _ => rest.split_once(':').unwrap_or((rest, "")),
    };
    let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
    let path = path.trim_end_matches('/').trim_end_matches(".git");
    if is_path { path.to_owned() } else { format!("{host}/{}", path.trim_start_matches('/')) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_no_remote() {
        let of = |words: &[&str]| named(&words.iter().map(OsString::from).collect::<Vec<_>>());
        let address = "https://example.com/x";
        assert_eq!(of(&["origin", address]), Some(("origin".into(), address.into())));
        assert_eq!(of(&[address, address]), None);
        assert_eq!(of(&["*", address]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn one_place_has_many_addresses() {
        for address in [
            "https://Example.com/a/b.git",
            "https://me:word@example.com/a/b",
            "ssh://git@example.com:22/a/b.git/",
            "git@example.com:a/b.git",
            "example.com:/a/b",
        ] {
            assert_eq!(place(address), "example.com/a/b", "{address}");
        }
        for address in ["https://example.com/a/c", "https://example.org/a/b", "/a/b", "../a/b"] {
            assert_ne!(place(address), "example.com/a/b", "{address}");
        }
        assert_eq!(place("/srv/x.git/"), place("/srv/x"));
        assert_eq!(place("file:///srv/x"), "/srv/x");
    }
}
