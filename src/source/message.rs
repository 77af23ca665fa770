//! The message of a commit that is being made.

use std::fs;
use std::path::{Path, PathBuf};

use super::staged::unread;
use super::{Chunk, MESSAGE_PATH, Source, Unread};
use crate::git::{Entry, Repository};

/// Reads the file that git hands to `commit-msg`.
pub struct MessageSource<'a> {
    repository: &'a Repository,
    file: PathBuf,
    is_read: bool,
    is_stripped: bool,
}

impl<'a> MessageSource<'a> {
    /// Takes the file; with `is_stripped`, what git is going to strip is left out.
    pub fn new(repository: &'a Repository, file: &Path, is_stripped: bool) -> MessageSource<'a> {
        MessageSource { repository, file: file.to_owned(), is_read: false, is_stripped }
    }

    fn read(&self) -> Result<Vec<u8>, Unread> {
        let text = fs::read(&self.file).map_err(|error| Unread {
            path: Vec::new(),
            problem: format!("cannot read the message in {}: {error}", self.file.display()),
            hint: "git names the file: keyhook hook commit-msg FILE".to_owned(),
        })?;
        if !self.is_stripped {
            return Ok(text);
        }
        let cleanup = Cleanup::load(self.repository).map_err(|error| unread(b"", &error))?;
        Ok(git_strips(&text, &cleanup))
    }
}

impl Source for MessageSource<'_> {
    fn next(&mut self) -> Option<Result<Chunk, Unread>> {
        if std::mem::replace(&mut self.is_read, true) {
            return None;
        }
        let path = MESSAGE_PATH.as_bytes().to_vec();
        Some(self.read().map(|bytes| Chunk { path, bytes, id: 0 }))
    }

    fn olds(&mut self, _: &Chunk) -> Result<Vec<Vec<u8>>, Unread> {
        Ok(Vec::new())
    }

    fn has_file(&self, path: &str) -> bool {
        path.starts_with(".git/")
            || self.repository.staged_entry(path).map_or(true, |entry| entry.is_some())
    }

    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, Unread> {
        let read = |entry: Entry| self.repository.read_staged(name.as_bytes(), entry);
        let entry = self.repository.staged_entry(name);
        entry.and_then(|entry| entry.map(read).transpose()).map_err(|e| unread(name.as_bytes(), &e))
    }

    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// How git will clean a message up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Cleanup {
    /// `commit.cleanup`.
    mode: Option<String>,
    /// What starts a comment; nothing if git chooses it for each message.
    comment: Option<String>,
    /// Whether an editor is opened, which also means comments.
    is_edited: bool,
}

impl Cleanup {
    fn load(repository: &Repository) -> Result<Cleanup, crate::git::GitError> {
        let comment = match repository.config("core.commentString")? {
            Some(comment) => Some(comment),
            None => repository.config("core.commentChar")?,
        };
        let comment = comment.unwrap_or_else(|| "#".to_owned());
        Ok(Cleanup {
            mode: repository.config("commit.cleanup")?,
            comment: Some(comment).filter(|comment| comment != "auto"),
            // git sets it to a command that does nothing when it opens none.
            is_edited: std::env::var_os("GIT_EDITOR").is_none_or(|editor| editor != ":"),
        })
    }

    /// Returns whether lines that start like a comment are taken out.
    fn strips_comments(&self) -> bool {
        match self.mode.as_deref() {
            Some("strip") => true,
            Some("whitespace" | "verbatim" | "scissors") => false,
            _ => self.is_edited,
        }
    }
}

/// The characters that git chooses from when it may.
const AUTO: &[u8] = b"#;@!$%^&|:";

/// What stands on the line below which git cuts.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------";

/// Empties the lines that git is going to strip, so that all others keep their numbers.
///
/// Whoever asks for another cleanup on the command line gets more stripped here than by git; the
/// commit itself is looked at after it was made and before it is pushed.
fn git_strips(text: &[u8], cleanup: &Cleanup) -> Vec<u8> {
    let comments = comment_starts(text, cleanup);
    let is_comment = |line: &[u8]| comments.iter().any(|start| line.starts_with(start));
    let is_cut = |line: &[u8]| {
        comments.iter().any(|start| line.strip_prefix(start.as_slice()) == Some(SCISSORS))
    };
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let mut kept: Vec<&[u8]> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let is_explained = lines.get(at + 1).is_some_and(|next| is_comment(next));
        // git writes an explanation below the line when it is going to cut there. Without an editor
        // it cuts for `scissors` alone.
        let cuts = cleanup.is_edited || cleanup.mode.as_deref() == Some("scissors");
        if cuts && is_explained && is_cut(line.trim_ascii_end()) {
            break;
        }
        kept.push(if cleanup.strips_comments() && is_comment(line) { b"" } else { line });
    }
    kept.join(&b'\n')
}

fn comment_starts(text: &[u8], cleanup: &Cleanup) -> Vec<Vec<u8>> {
    if let Some(comment) = &cleanup.comment {
        return vec![comment.clone().into_bytes()];
    }
    // git's own lines stand at the end, or right below the scissors.
    let scissors = memchr::memmem::find(text, SCISSORS).and_then(|at| at.checked_sub(1));
    let last = text.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let chosen = scissors.map_or(last.first(), |at| text.get(at));
    chosen.filter(|byte| AUTO.contains(byte)).map(|byte| vec![vec![*byte]]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleanup(mode: Option<&str>, comment: Option<&str>, is_edited: bool) -> Cleanup {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Cleanup { mode: owned(mode), comment: owned(comment), is_edited }
    }

    fn strip(text: &str, cleanup: &Cleanup) -> String {
        String::from_utf8(git_strips(text.as_bytes(), cleanup)).unwrap()
    }

    #[test]
    fn comments_go_when_an_editor_was_open() {
        let text = "a\n# b\n #c\n";
        let edited = cleanup(None, Some("#"), true);
        assert_eq!(strip(text, &edited), "a\n\n #c\n");
        let typed = cleanup(None, Some("#"), false);
        assert_eq!(strip(text, &typed), text);
        assert_eq!(strip(text, &cleanup(Some("strip"), Some("#"), false)), "a\n\n #c\n");
        for mode in ["whitespace", "verbatim", "scissors"] {
            assert_eq!(strip(text, &cleanup(Some(mode), Some("#"), true)), text, "{mode}");
        }
        assert_eq!(strip("a\n// b\n# c\n", &cleanup(None, Some("//"), true)), "a\n\n# c\n");
    }

    #[test]
    fn what_is_below_the_scissors_goes() {
        let line = "------------------------ >8 ------------------------";
        let text = format!("a\n# {line}\n# Do not touch.\ndiff\n");
        assert_eq!(strip(&text, &cleanup(None, Some("#"), true)), "a");
        assert_eq!(strip(&text, &cleanup(Some("scissors"), Some("#"), false)), "a");
        // Somebody's own line cuts nothing.
        assert_eq!(strip(&text, &cleanup(None, Some("#"), false)), text);
        let own = format!("a\n# {line}\ndiff\n");
        assert_eq!(strip(&own, &cleanup(Some("scissors"), Some("#"), true)), own);
    }

    #[test]
    fn the_character_that_git_chose_is_found() {
        let auto = cleanup(None, None, true);
        assert_eq!(strip("# a\nb\n\n; Please enter\n;\n", &auto), "# a\nb\n\n\n\n");
        let line = "------------------------ >8 ------------------------";
        assert_eq!(strip(&format!("# a\n; b\n; {line}\n; x\n+c\n"), &auto), "# a\n");
        assert_eq!(strip("a\nb", &auto), "a\nb");
        assert_eq!(strip("", &auto), "");
    }
}
