//! Commit and tag objects: what they point at and what people wrote into them.

use super::error::ObjectProblem;
use super::{GitError, ObjectId};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// A commit.
    Commit,
    /// A folder.
    Tree,
    /// The content of a file.
    Blob,
    /// An annotated tag.
    Tag,
}

impl ObjectKind {
    /// Tells the kind by git's word for it.
    pub(super) fn parse(word: &[u8]) -> Option<ObjectKind> {
        match word {
            b"commit" => Some(ObjectKind::Commit),
            b"tree" => Some(ObjectKind::Tree),
            b"blob" => Some(ObjectKind::Blob),
            b"tag" => Some(ObjectKind::Tag),
            _ => None,
        }
    }
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub id: ObjectId,
    /// The folder that it holds.
    pub tree: ObjectId,
    /// The commits that it names as its parents, be they there or not.
    pub parents: Vec<ObjectId>,
    /// All that people wrote into it: its message, and behind it the messages of signed tags that it
    /// merged.
    pub text: Vec<u8>,
}

impl Commit {
    /// Parses the bytes of a commit object.
    pub(super) fn parse(id: ObjectId, bytes: &[u8]) -> Result<Commit, GitError> {
        let (head, message) = split(bytes);
        let mut text = message.to_vec();
        let (mut tree, mut parents, mut is_in_tag) = (None, Vec::new(), false);
        for line in head.split(|byte| *byte == b'\n') {
            if let Some(more) = line.strip_prefix(b" ") {
                if is_in_tag {
                    text.extend_from_slice(more);
                    text.push(b'\n');
                }
                continue;
            }
            is_in_tag = line.starts_with(b"mergetag ");
            if is_in_tag {
                text.extend_from_slice(b"\n\n");
            } else if let Some(hex) = line.strip_prefix(b"tree ") {
                tree = ObjectId::parse(hex);
            } else if let Some(hex) = line.strip_prefix(b"parent ") {
                parents.push(ObjectId::parse(hex).ok_or_else(|| damaged(id, "commit"))?);
            }
        }
        let tree = tree.ok_or_else(|| damaged(id, "commit"))?;
        Ok(Commit { id, tree, parents, text })
    }

    /// Returns the first line of the message.
    pub fn subject(&self) -> &[u8] {
        first_line(&self.text)
    }
}

/// One annotated tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The object that it names.
    pub target: ObjectId,
    /// What that object is.
    pub target_kind: ObjectKind,
    /// Its message.
    pub text: Vec<u8>,
}

impl Tag {
    /// Parses the bytes of a tag object.
    pub(super) fn parse(id: ObjectId, bytes: &[u8]) -> Result<Tag, GitError> {
        let (head, message) = split(bytes);
        let field = |name: &[u8]| {
            head.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(name))
        };
        let target = field(b"object ").and_then(ObjectId::parse);
        let kind = field(b"type ").and_then(ObjectKind::parse);
        match (target, kind) {
            (Some(target), Some(target_kind)) => {
                Ok(Tag { target, target_kind, text: message.to_vec() })
            }
            _ => Err(damaged(id, "tag")),
        }
    }
}

/// Splits an object at its first empty line.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memmem::find(bytes, b"\n\n") {
        Some(at) => (&bytes[..at], &bytes[at + 2..]),
        None => (bytes, b""),
    }
}

fn first_line(text: &[u8]) -> &[u8] {
    let is_filled = |line: &&[u8]| !line.trim_ascii().is_empty();
    text.split(|byte| *byte == b'\n').find(is_filled).unwrap_or_default().trim_ascii()
}

fn damaged(id: ObjectId, what: &str) -> GitError {
    let problem = format!("the {what} is damaged");
    GitError::Object(ObjectProblem { id: id.to_string(), problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";

    fn id(hex: &str) -> ObjectId {
        ObjectId::parse(hex.as_bytes()).unwrap()
    }

    #[test]
    fn a_commit_names_its_tree_and_parents() {
        let text = format!(
            "tree {ONE}\nparent {TWO}\nparent {ONE}\nauthor A <a@b> 1 +0000\ngpgsig -----BEGIN\n \
             parent of nothing\n -----END\n\n\nSubject \n\ntree of the body\n"
        );
        let commit = Commit::parse(id(ONE), text.as_bytes()).unwrap();
        assert_eq!((commit.tree, commit.parents.clone()), (id(ONE), vec![id(TWO), id(ONE)]));
        assert_eq!(commit.subject(), b"Subject");
        assert_eq!(commit.text, b"\nSubject \n\ntree of the body\n");
    }

    #[test]
    fn the_message_of_a_merged_tag_is_text_too() {
        let text = format!(
            "tree {ONE}\nmergetag object {TWO}\n type commit\n \n said in a tag\nencoding x\n\nm\n"
        );
        let commit = Commit::parse(id(ONE), text.as_bytes()).unwrap();
        assert!(memchr::memmem::find(&commit.text, b"said in a tag\n").is_some());
        assert!(memchr::memmem::find(&commit.text, b"encoding").is_none());
        assert_eq!(commit.subject(), b"m");
    }

    #[test]
    fn damaged_objects_are_errors() {
        for text in ["", "tree 12\n\nx", "author x\n\ntree y", &format!("tree {ONE}\nparent x\n\n")]
        {
            assert!(Commit::parse(id(ONE), text.as_bytes()).is_err(), "{text}");
        }
        assert!(Tag::parse(id(ONE), format!("object {ONE}\ntype thing\n\n").as_bytes()).is_err());
        let tag = Tag::parse(id(ONE), format!("object {TWO}\ntype tag\ntag v\n\nmsg\n").as_bytes());
        let wanted = Tag { target: id(TWO), target_kind: ObjectKind::Tag, text: b"msg\n".to_vec() };
        assert_eq!(tag.unwrap(), wanted);
    }

    #[test]
    fn a_commit_without_a_message_is_whole() {
        let commit = Commit::parse(id(ONE), format!("tree {ONE}\n").as_bytes()).unwrap();
        assert!(commit.subject().is_empty() && commit.text.is_empty());
    }
}
