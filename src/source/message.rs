//! The message of a commit that is being made.

use std::fs;
use std::path::{Path, PathBuf};

use super::shown_change::ShownChange;
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
        let cleanup = Cleanup::load(self.repository, &self.file);
        let cleanup = cleanup.map_err(|error| unread(b"", &error))?;
        Ok(git_strips(&text, &cleanup, &|below| ShownChange::load(self.repository, below)))
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
    /// `commit.verbose`, if it is a commit that git makes; `-v` on the command line is not told.
    is_verbose: bool,
}

impl Cleanup {
    fn load(repository: &Repository, file: &Path) -> Result<Cleanup, crate::git::GitError> {
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
            // `git merge` has its own file, and knows no such setting.
            is_verbose: file.file_name().is_some_and(|name| name == "COMMIT_EDITMSG")
                && repository.config("commit.verbose")?.is_some_and(|value| is_on(&value)),
        })
    }

    /// Returns whether git is going to cut the message at the scissors, as far as that is told.
    fn cuts(&self) -> bool {
        // Without an editor git takes `scissors` for `whitespace`.
        self.is_verbose || (self.is_edited && self.mode.as_deref() == Some("scissors"))
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

/// Returns whether a number or a word of git's configuration says yes.
fn is_on(value: &str) -> bool {
    let is_word = ["true", "yes", "on"].iter().any(|word| value.eq_ignore_ascii_case(word));
    is_word || value.parse::<u32>().is_ok_and(|number| number > 0)
}

/// The characters that git chooses from when it may.
const AUTO: &[u8] = b"#;@!$%^&|:";

/// What stands on the line below which git cuts.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------";

/// Empties the lines that git is going to strip, so that all others keep their numbers.
///
/// Below the scissors everything goes if it is told that git cuts there. If an editor was open, it may
/// also be the diff of `git commit -v`, or else a comment above a text that git keeps: then the lines
/// of the commit's own change go, which `pre-commit` has looked at, and all others stay.
///
/// Whoever asks for another cleanup on the command line gets more stripped here than by git; the
/// commit itself is looked at after it was made and before it is pushed.
fn git_strips(text: &[u8], cleanup: &Cleanup, change: &dyn Fn(&[u8]) -> ShownChange) -> Vec<u8> {
    let comments = comment_starts(text, cleanup);
    let is_comment = |line: &[u8]| comments.iter().any(|start| line.starts_with(start));
    let strip = |line: &[u8]| cleanup.strips_comments() && is_comment(line);
    let (above, below) = text.split_at(scissors_at(text, &comments).unwrap_or(text.len()));
    if cleanup.cuts() {
        return without_lines(above, &strip);
    }
    if below.is_empty() || !cleanup.is_edited {
        return without_lines(text, &strip);
    }
    let change = change(below);
    let below = without_lines(below, &|line| strip(line) || change.shows(line));
    [without_lines(above, &strip), below].concat()
}

fn without_lines(text: &[u8], is_out: &dyn Fn(&[u8]) -> bool) -> Vec<u8> {
    let lines = text.split(|byte| *byte == b'\n');
    let kept: Vec<&[u8]> = lines.map(|line| if is_out(line) { b"" } else { line }).collect();
    kept.join(&b'\n')
}

/// Returns where the first line stands at which git would cut.
fn scissors_at(text: &[u8], comments: &[Vec<u8>]) -> Option<usize> {
    let mut at = 0;
    text.split_inclusive(|byte| *byte == b'\n').find_map(|line| {
        at += line.len();
        let line_at = at - line.len();
        let line = line.strip_suffix(b"\n")?;
        let is_cut = comments.iter().any(|start| line.strip_prefix(&start[..]) == Some(SCISSORS));
        is_cut.then_some(line_at)
    })
}

fn comment_starts(text: &[u8], cleanup: &Cleanup) -> Vec<Vec<u8>> {
    if let Some(comment) = &cleanup.comment {
        return vec![comment.clone().into_bytes()];
    }
    // git chooses what starts no line of the message; its own lines come with the editor.
    if !cleanup.is_edited {
        return Vec::new();
    }
    // They stand at the end, or right around the last scissors.
    let last = text.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut lines = text.rsplit(|byte| *byte == b'\n');
    let scissors = lines.find(|line| line.get(1..) == Some(SCISSORS)).unwrap_or_default();
    let mut chosen = [last, scissors].into_iter().filter_map(<[u8]>::first);
    let chosen = chosen.find(|byte| AUTO.contains(byte));
    chosen.map(|byte| vec![vec![*byte]]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleanup(mode: Option<&str>, comment: Option<&str>, is_edited: bool) -> Cleanup {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Cleanup { mode: owned(mode), comment: owned(comment), is_edited, is_verbose: false }
    }

    fn strip(text: &str, cleanup: &Cleanup) -> String {
        let change = |_: &[u8]| ShownChange::default();
        String::from_utf8(git_strips(text.as_bytes(), cleanup, &change)).unwrap()
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
    fn what_is_below_the_scissors_goes_only_if_git_is_known_to_cut() {
        let line = "------------------------ >8 ------------------------";
        let text = format!("a\n# {line}\n# Do not touch.\ndiff\n");
        let scissors = |is_edited: bool| cleanup(Some("scissors"), Some("#"), is_edited);
        assert_eq!(strip(&text, &scissors(true)), "a\n");
        assert_eq!(strip(&text, &scissors(false)), text);
        assert_eq!(strip(&text, &cleanup(None, Some("#"), false)), text);
        assert_eq!(strip(&text, &cleanup(None, Some("#"), true)), "a\n\n\ndiff\n");
        for is_edited in [true, false] {
            let verbose = Cleanup { is_verbose: true, ..cleanup(None, Some("#"), is_edited) };
            assert_eq!(strip(&text, &verbose), "a\n");
        }
        for own in [format!("a\n# {line} \ndiff\n"), format!("a\n#{line}\ndiff\n")] {
            assert_eq!(strip(&own, &scissors(true)), own);
        }
    }

    #[test]
    fn a_setting_is_on_by_a_number_or_a_word() {
        assert!(["true", "Yes", "on", "1", "2"].iter().all(|value| is_on(value)));
        assert!(!["false", "no", "off", "0", "", "-1"].iter().any(|value| is_on(value)));
    }

    #[test]
    fn the_character_that_git_chose_is_found() {
        let auto = cleanup(None, None, true);
        assert_eq!(strip("# a\nb\n\n; Please enter\n;\n", &auto), "# a\nb\n\n\n\n");
        let line = "------------------------ >8 ------------------------";
        assert_eq!(strip(&format!("# a\n; b\n; {line}\n; x\n+c\n"), &auto), "# a\n\n\n\n+c\n");
        assert_eq!(strip(&format!("; {line}\n# a\n"), &auto), format!("; {line}\n\n"));
        assert_eq!(strip("a\nb", &auto), "a\nb");
        assert_eq!(strip("", &auto), "");
        assert_eq!(strip("a\n; b", &cleanup(Some("strip"), None, false)), "a\n; b");
    }
}
