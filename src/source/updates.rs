//! The references that a push changes, as git names them to `pre-push` and `pre-receive`.

use super::staged::unread;
use super::{Item, Unread};
use crate::git::{GitError, ObjectId, ObjectKind, Repository};

/// One reference that is about to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// What it is called on the other side.
    pub name: String,
    /// What the other side has there now.
    pub old: Option<ObjectId>,
    /// What it will have; nothing if it is deleted.
    pub new: Option<ObjectId>,
}

/// Parses `<local ref> <local id> <remote ref> <remote id>` lines. The first of them is whatever was
/// typed and may hold spaces.
pub fn parse_push(text: &[u8]) -> Result<Vec<Update>, Unread> {
    parse(text, |line| {
        let mut words = line.rsplitn(4, |byte| *byte == b' ');
        let (old, name, new) = (words.next()?, words.next()?, words.next()?);
        words.next()?;
        update(name, old, new)
    })
}

/// Parses `<old id> <new id> <ref>` lines.
pub fn parse_receive(text: &[u8]) -> Result<Vec<Update>, Unread> {
    parse(text, |line| {
        let mut words = line.splitn(3, |byte| *byte == b' ');
        let (old, new, name) = (words.next()?, words.next()?, words.next()?);
        update(name, old, new)
    })
}

fn parse(text: &[u8], parse_line: impl Fn(&[u8]) -> Option<Update>) -> Result<Vec<Update>, Unread> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines
        .enumerate()
        .map(|(at, line)| {
            parse_line(line).ok_or_else(|| Unread {
                path: Vec::new(),
                problem: format!("line {} of standard input is not what git writes there", at + 1),
                hint: "this command is for git to call: git push".to_owned(),
            })
        })
        .collect()
}

fn update(name: &[u8], old: &[u8], new: &[u8]) -> Option<Update> {
    let id = |hex: &[u8]| {
        let id = ObjectId::parse(hex)?;
        Some(Some(id).filter(|id| id.as_bytes().iter().any(|byte| *byte != 0)))
    };
    let name = String::from_utf8_lossy(name).into_owned();
    Some(Update { name, old: id(old)?, new: id(new)? })
}

/// What a reference leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Its tags, and what it names that is no commit.
    pub items: Vec<Item>,
    /// Its commit.
    pub commit: Option<ObjectId>,
}

/// Tags of tags deeper than this are refused.
const TAGS_MAX: usize = 32;

/// Follows the tags of each update to what they name; a deletion leads to nothing.
pub fn items_of(repository: &Repository, updates: &[Update]) -> Result<Vec<Target>, Unread> {
    let ids: Vec<ObjectId> = updates.iter().filter_map(|update| update.new).collect();
    let mut kinds = repository.kinds(&ids).map_err(|error| unread(b"", &error))?.into_iter();
    updates
        .iter()
        .map(|update| {
            let Some(id) = update.new else { return Ok(Target::default()) };
            let kind = kinds.next().flatten().ok_or_else(|| Unread {
                path: Vec::new(),
                problem: format!("{} leads to {id}, which is not here", update.name),
                hint: "check the repository with: git fsck".to_owned(),
            })?;
            target(repository, &update.name, id, kind).map_err(|error| unread(b"", &error))
        })
        .collect()
}

fn target(
    repository: &Repository,
    name: &str,
    id: ObjectId,
    kind: ObjectKind,
) -> Result<Target, GitError> {
    let short = name.strip_prefix("refs/tags/").unwrap_or(name).to_owned();
    let mut found = Target::default();
    let (mut id, mut kind) = (id, kind);
    for _ in 0..TAGS_MAX {
        match kind {
            ObjectKind::Commit => found.commit = Some(id),
            ObjectKind::Blob => found.items.push(Item::Blob(id, short)),
            ObjectKind::Tree => found.items.push(Item::Tree(id, short)),
            ObjectKind::Tag => {
                found.items.push(Item::Tag(id, short.clone()));
                let tag = repository.tag(id)?;
                (id, kind) = (tag.target, tag.target_kind);
                continue;
            }
        }
        return Ok(found);
    }
    let message = format!("{name} is a tag of more than {TAGS_MAX} tags");
    Err(GitError::Command { what: "tag".to_owned(), message })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const NONE: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn reads_what_git_writes() {
        let text = format!("HEAD^{{/fix it}} {ONE} refs/heads/a {NONE}\n(delete) {NONE} b {ONE}\n");
        let updates = parse_push(text.as_bytes()).unwrap();
        let one = ObjectId::parse(ONE.as_bytes());
        assert_eq!(updates[0], Update { name: "refs/heads/a".into(), old: None, new: one });
        assert_eq!(updates[1], Update { name: "b".into(), old: one, new: None });
        let text = format!("{NONE} {ONE} refs/heads/a\n");
        assert_eq!(parse_receive(text.as_bytes()).unwrap(), updates[..1]);
        assert_eq!(parse_push(b"").unwrap(), []);
    }

    #[test]
    fn anything_else_is_an_error() {
        for text in ["x", &format!("{ONE} {ONE}"), &format!("a {ONE} b 12")] {
            let error = parse_push(text.as_bytes()).unwrap_err();
            assert!(error.problem.contains("line 1"), "{text}");
        }
        assert!(parse_receive(format!("{ONE} x refs/heads/a").as_bytes()).is_err());
    }
}
