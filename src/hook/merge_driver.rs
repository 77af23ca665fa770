//! Lets git merge the baseline by finding: keyhook as a merge driver.
//!
//! git asks two files: `config` for what a driver is, and `info/attributes` for which files it
//! merges. Both lie in git's own folder, so the worktree stays clean, and the second has the last
//! word over any `.gitattributes`. What is added to each is one block that starts with a comment;
//! it says what the file was like before, so that taking it out leaves the old bytes.
//!
//! A clone without keyhook has neither. For it there is [`share`]: a line in `.gitattributes` that
//! asks for git's own `merge=union`, which keeps the lines of both sides; the form of the baseline
//! is made for that.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{HookError, io_at};
use crate::file;
use crate::git::{Repository, SETTINGS_FILES};

/// What the driver is called in git's configuration.
const NAME: &str = "keyhook";

/// The first words of each block.
const SIGNATURE: &str = "# keyhook: merges the baseline; `keyhook uninstall` takes this out";

/// Added to the first line if the file did not end in a line end.
const MADE_LINE_END: &str = " and the line end before it";

/// Added to the first line if there was no file.
const MADE_FILE: &str = " with the file";

/// Added to the first line if there was no folder either.
const MADE_FOLDER: &str = " and its folder";

/// Whether git merges the baseline with keyhook here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriverStatus {
    /// Both files name this program.
    Registered,
    /// Only one of them, or another program.
    Outdated,
    /// Neither.
    Absent,
}

/// Registers the driver; returns whether anything changed.
pub fn register(repository: &Repository, program: &Path) -> Result<bool, HookError> {
    let [config, attributes] = files(repository);
    let is_config_new = add(&config, &config_lines(program))?;
    Ok(add(&attributes, &attribute_lines())? || is_config_new)
}

/// Takes the driver out and leaves both files as they were before; returns whether it was there.
pub fn unregister(repository: &Repository) -> Result<bool, HookError> {
    let [config, attributes] = files(repository);
    let was_in_attributes = take_out(&attributes)?;
    // What the hook noted about the baseline has no reader any more.
    let own = repository.common_dir().join("keyhook");
    let _ = fs::remove_file(own.join("due"));
    let _ = fs::remove_dir(own);
    Ok(take_out(&config)? || was_in_attributes)
}

/// Asks both files.
pub fn status(repository: &Repository, program: &Path) -> Result<DriverStatus, HookError> {
    let [config, attributes] = files(repository);
    let blocks = [(config, config_lines(program)), (attributes, attribute_lines())];
    let mut found = (0, 0);
    for (file, lines) in blocks {
        let text = read(&file)?.unwrap_or_default();
        let block = Block::find(&text);
        found.0 += usize::from(block.is_some());
        found.1 += usize::from(block.is_some_and(|block| block.lines == lines));
    }
    Ok(match found {
        (0, _) => DriverStatus::Absent,
        (2, 2) => DriverStatus::Registered,
        _ => DriverStatus::Outdated,
    })
}

/// Writes the line for the whole team into `.gitattributes`; returns whether it was new. It stays
/// when keyhook is taken out of one clone.
pub fn share(top: &Path) -> Result<bool, HookError> {
    let path = top.join(".gitattributes");
    let mut text = read(&path)?.unwrap_or_default();
    let line = format!("/{} merge=union", SETTINGS_FILES[0]);
    if text.lines().any(|found| found.trim() == line) {
        return Ok(false);
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(end);
    }
    text.push_str(&format!("{line}{end}"));
    write(&path, &text)?;
    Ok(true)
}

fn files(repository: &Repository) -> [PathBuf; 2] {
    let folder = repository.common_dir();
    [folder.join("config"), folder.join("info").join("attributes")]
}

/// git runs this through a shell. Without keyhook it merges as if there were no driver.
fn config_lines(program: &Path) -> String {
    let program = program.to_string_lossy().replace('\\', "/").replace('\'', "'\\''");
    let program = format!("'{}'", program.replace('%', "%%"));
    let driver = format!(
        "if [ -x {program} ]; then {program} baseline merge %O %A %B %P; \
         else git merge-file -q -L ours -L base -L theirs %A %O %B; fi"
    );
    let quoted = quoted(&driver);
    format!("[merge \"{NAME}\"]\n\tname = keyhook's baseline\n\tdriver = {quoted}\n")
}

/// Quotes a value as git does: a line break in it would end the variable.
fn quoted(value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", value.replace('\n', "\\n").replace('\t', "\\t"))
}

fn attribute_lines() -> String {
    format!("/{} merge={NAME}\n", SETTINGS_FILES[0])
}

/// What was added to a file.
struct Block<'a> {
    /// Where it starts and ends, with its comment.
    span: std::ops::Range<usize>,
    /// The comment, from the signature on.
    comment: &'a str,
    /// The lines below the comment.
    lines: &'a str,
}

impl Block<'_> {
    fn find(text: &str) -> Option<Block<'_>> {
        let start = text.find(SIGNATURE)?;
        let comment_end = text[start..].find('\n').map_or(text.len(), |at| start + at + 1);
        // Ours are the lines up to the next that starts something else.
        let rest = &text[comment_end..];
        let mut end = comment_end;
        for (at, line) in rest.split_inclusive('\n').enumerate() {
            let is_ours = match at {
                0 => true,
                _ => line.starts_with("\tname = ") || line.starts_with("\tdriver = "),
            };
            if !is_ours {
                break;
            }
            end += line.len();
        }
        let (comment, lines) = (&text[start..comment_end], &text[comment_end..end]);
        Some(Block { span: start..end, comment, lines })
    }
}

fn add(path: &Path, lines: &str) -> Result<bool, HookError> {
    let before = read(path)?;
    let mut text = before.clone().unwrap_or_default();
    if let Some(block) = Block::find(&text) {
        if block.lines == lines {
            return Ok(false);
        }
        // Another program's path: the comment still tells what was there first.
        let (span, comment) = (block.span, block.comment.to_owned());
        text.replace_range(span, &format!("{comment}{lines}"));
        write(path, &text)?;
        return Ok(true);
    }
    let mut comment = SIGNATURE.to_owned();
    if before.is_none() {
        comment.push_str(MADE_FILE);
        let folder = path.parent().expect("it lies in git's folder");
        if !folder.exists() {
            comment.push_str(MADE_FOLDER);
            fs::create_dir_all(folder).map_err(io_at(folder))?;
        }
    } else if !text.is_empty() && !text.ends_with('\n') {
        comment.push_str(MADE_LINE_END);
        text.push('\n');
    }
    text.push_str(&format!("{comment}\n{lines}"));
    write(path, &text)?;
    Ok(true)
}

fn take_out(path: &Path) -> Result<bool, HookError> {
    let Some(mut text) = read(path)? else { return Ok(false) };
    let Some(block) = Block::find(&text) else { return Ok(false) };
    let (mut span, comment) = (block.span, block.comment.to_owned());
    if comment.contains(MADE_LINE_END) && span.end == text.len() && span.start > 0 {
        span.start -= 1;
    }
    text.replace_range(span, "");
    if text.is_empty() && comment.contains(MADE_FILE) {
        fs::remove_file(path).map_err(io_at(path))?;
        if comment.contains(MADE_FOLDER) {
            // Not empty means that somebody else uses it now; then it stays.
            let _ = path.parent().map(fs::remove_dir);
        }
        return Ok(true);
    }
    write(path, &text)?;
    Ok(true)
}

fn read(path: &Path) -> Result<Option<String>, HookError> {
    let fail = |error| HookError::Io(path.to_owned(), error);
    let Some(bytes) = file::read_if_there(path).map_err(fail)? else { return Ok(None) };
    String::from_utf8(bytes).map(Some).map_err(|_| fail(io::Error::other("it is not UTF-8")))
}

/// Writes as git does: a lock file beside it, renamed over the old one. A git that changes the file
/// at the same time fails, and so does this while git is at it.
fn write(path: &Path, text: &str) -> Result<(), HookError> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    let lock = path.with_file_name(name);
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(&lock).map_err(io_at(&lock))?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| match path.metadata() {
            Ok(metadata) => file.set_permissions(metadata.permissions()),
            Err(_) => Ok(()),
        })
        .and_then(|()| fs::rename(&lock, &path));
    written.map_err(|error| {
        let _ = fs::remove_file(&lock);
        HookError::Io(path, error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> String {
        config_lines(Path::new("/opt/it's 100%/keyhook"))
    }

    #[test]
    fn every_file_is_as_it_was_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("info/attributes");
        assert!(add(&path, &attribute_lines()).unwrap());
        assert!(!add(&path, &attribute_lines()).unwrap(), "twice changes nothing");
        assert!(take_out(&path).unwrap());
        assert!(!take_out(&path).unwrap());
        assert!(!folder.path().join("info").exists());
        let path = folder.path().join("config");
        for before in ["", "\n", "[core]\n\tbare = false\n", "[core]\n\tbare = false", "# x\r\n"] {
            fs::write(&path, before).unwrap();
            assert!(add(&path, &lines()).unwrap());
            assert_ne!(fs::read_to_string(&path).unwrap(), before);
            assert!(take_out(&path).unwrap());
            assert_eq!(fs::read_to_string(&path).unwrap(), before, "{before:?}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no lock file is left");
    }

    #[test]
    fn what_others_add_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        fs::write(&path, "[core]\n\tbare = false").unwrap();
        add(&path, &lines()).unwrap();
        let with = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{with}[user]\n\tname = Ada\n")).unwrap();
        // Another path of the program.
        assert!(add(&path, &config_lines(Path::new("/opt/keyhook"))).unwrap());
        take_out(&path).unwrap();
        let left = fs::read_to_string(&path).unwrap();
        assert_eq!(left, "[core]\n\tbare = false\n[user]\n\tname = Ada\n");
    }

    #[test]
    fn the_line_for_the_team_is_added_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".gitattributes");
        fs::write(&path, "*.png binary").unwrap();
        assert!(share(folder.path()).unwrap());
        assert!(!share(folder.path()).unwrap());
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "*.png binary\n/.secrets.baseline merge=union\n");
    }

    #[test]
    fn a_held_lock_is_an_error_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        fs::write(&path, "").unwrap();
        fs::write(folder.path().join("config.lock"), "").unwrap();
        let error = add(&path, &lines()).unwrap_err().to_string();
        assert!(error.contains("config.lock"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
    }
}
