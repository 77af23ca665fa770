//! The few lines of shell that git runs, and how to recognise them.

use std::path::{Path, PathBuf};

use super::event::Event;

/// The version in the second line; it rises when the text changes.
pub const SHIM_VERSION: u32 = 2;

const SHIM: &str = include_str!("../../hooks/shim");
const SHIM_WITH_INPUT: &str = include_str!("../../hooks/shim-with-input");
const PASS_THROUGH: &str = include_str!("../../hooks/pass-through");
const IN_REPOSITORY: &str = include_str!("../../hooks/previous-in-repository");

/// Added to the shims when `install` had to make the hooks folder.
const MADE_FOLDER: &str = "# The folder was made by keyhook.\n";

/// The second line of every shim starts like this.
const SIGNATURE: &str = "# keyhook shim ";

/// What follows the name of an existing hook while keyhook is installed.
pub(super) const KEPT: &str = ".before-keyhook";

/// Where the hook lies that runs before keyhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Previous {
    /// Beside the shim, under another name.
    Beside,
    /// In the repository, which the folder of the shim stands in for.
    InRepository,
}

/// How the shim finds the program.
#[derive(Clone, Copy, Debug)]
pub(super) enum Program<'a> {
    /// At this path, else by name.
    At(&'a Path),
    /// By name only: the shim is shared with people who have it elsewhere.
    ByName,
}

/// Writes the shim of one hook.
pub(super) fn render(
    event: Event,
    program: Program<'_>,
    previous: Previous,
    made_folder: bool,
) -> String {
    let template = if event.has_input() { SHIM_WITH_INPUT } else { SHIM };
    let previous = match previous {
        // pre-commit and prek call a hook that they found `.legacy`, and run it.
        Previous::Beside => format!("previous=\"${{0%.legacy}}{KEPT}\""),
        Previous::InRepository => format!("{IN_REPOSITORY}{ALREADY_OURS}"),
    };
    let text = match program {
        Program::At(path) => quote(&path.to_string_lossy().replace('\\', "/")),
        Program::ByName => "keyhook".to_owned(),
    };
    let mut shim = template.replace("@PREVIOUS@", &previous);
    if matches!(program, Program::ByName) {
        shim = shim.replace("[ -x \"$keyhook\" ] || keyhook=", "keyhook=");
        shim = shim.replace("keyhook=@KEYHOOK@\n", "");
        shim = shim.replace("is not at' @KEYHOOK@", "is not on the PATH'");
    }
    shim = shim
        .replace("@KEYHOOK@", &text)
        .replace("@NAME@", event.name())
        .replace("@BLOCKED@", event.blocked())
        .replace("@CODE@", &event.code_without_program().to_string());
    if made_folder {
        shim.push_str(MADE_FOLDER);
    }
    shim
}

/// A repository that has keyhook's own hook is not looked at twice.
const ALREADY_OURS: &str = "\
[ ! -x \"$previous\" ] || case $(sed -n 2p \"$previous\") in
  '# keyhook shim '*) exec \"$previous\" \"$@\" ;;
esac";

/// Writes the shim of a hook that keyhook has no part in, for a folder that shadows it.
pub(super) fn render_pass_through(name: &str) -> String {
    PASS_THROUGH.replace("@PREVIOUS@", IN_REPOSITORY.trim_end()).replace("@NAME@", name)
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Returns whether keyhook made this hook.
pub(super) fn is_shim(text: &[u8]) -> bool {
    version_of(text).is_some()
}

/// Returns whether a shim only keeps a repository's own hook alive.
pub(super) fn is_pass_through(text: &[u8]) -> bool {
    is_shim(text) && memchr::memmem::find(text, b"exec \"$keyhook\" hook").is_none()
}

/// Returns the version of a shim; `None` for anything else.
pub(super) fn version_of(text: &[u8]) -> Option<u32> {
    let line = text.split(|byte| *byte == b'\n').nth(1)?;
    let rest = std::str::from_utf8(line).ok()?.strip_prefix(SIGNATURE)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Returns the path at which a shim looks for the program; `None` if it asks by name.
pub(super) fn program_of(text: &[u8]) -> Option<PathBuf> {
    let text = std::str::from_utf8(text).ok()?;
    let quoted = text.lines().find_map(|line| line.strip_prefix("keyhook='"))?;
    Some(PathBuf::from(quoted.strip_suffix('\'')?.replace("'\\''", "'")))
}

/// Returns whether `install` made the folder of this shim.
pub(super) fn has_made_folder(text: &[u8]) -> bool {
    text.ends_with(MADE_FOLDER.as_bytes())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn local(event: Event) -> String {
        render(event, Program::At(Path::new("/home/o'neil/bin/keyhook")), Previous::Beside, true)
    }

    #[test]
    fn the_shim_is_short_and_pinned() {
        expect![[r#"
            #!/bin/sh
            # keyhook shim 2, made by `keyhook install`; take it out with `keyhook uninstall`.
            previous="${0%.legacy}.before-keyhook"
            if [ -x "$previous" ] && [ -z "${KEYHOOK_CANARY-}" ]; then
              "$previous" "$@" || exit $?
            fi
            keyhook='/home/o'\''neil/bin/keyhook'
            [ -x "$keyhook" ] || keyhook=$(command -v keyhook) || {
              echo 'keyhook: commit blocked: the program keyhook is not at' '/home/o'\''neil/bin/keyhook' >&2
              echo "  install it again, or take this hook out: rm '$0'" >&2
              exit 2
            }
            exec "$keyhook" hook pre-commit "$@"
            # The folder was made by keyhook.
        "#]]
        .assert_eq(&local(Event::PreCommit));
        expect![[r#"
            #!/bin/sh
            # keyhook shim 2, made by `keyhook install`; take it out with `keyhook uninstall`.
            previous="${0%.legacy}.before-keyhook"
            keyhook='/home/o'\''neil/bin/keyhook'
            [ -x "$keyhook" ] || keyhook=$(command -v keyhook) || {
              echo 'keyhook: push blocked: the program keyhook is not at' '/home/o'\''neil/bin/keyhook' >&2
              echo "  install it again, or take this hook out: rm '$0'" >&2
              exit 2
            }
            if [ -x "$previous" ] && [ -z "${KEYHOOK_CANARY-}" ]; then
              input=$(cat && echo .) || exit 2 # git's list of refs is for both; the dot keeps its last newline
              printf %s "${input%.}" | "$previous" "$@" || exit $?
              printf %s "${input%.}" | "$keyhook" hook pre-push "$@"
              exit $?
            fi
            exec "$keyhook" hook pre-push "$@"
            # The folder was made by keyhook.
        "#]]
        .assert_eq(&local(Event::PrePush));
    }

    #[test]
    fn a_shared_shim_asks_for_the_program_by_name() {
        let shim = render(Event::PostCommit, Program::ByName, Previous::Beside, false);
        expect![[r#"
            #!/bin/sh
            # keyhook shim 2, made by `keyhook install`; take it out with `keyhook uninstall`.
            previous="${0%.legacy}.before-keyhook"
            if [ -x "$previous" ] && [ -z "${KEYHOOK_CANARY-}" ]; then
              "$previous" "$@" || exit $?
            fi
            keyhook=$(command -v keyhook) || {
              echo 'keyhook: this commit was not looked at: the program keyhook is not on the PATH' >&2
              echo "  install it again, or take this hook out: rm '$0'" >&2
              exit 0
            }
            exec "$keyhook" hook post-commit "$@"
        "#]]
        .assert_eq(&shim);
        assert_eq!(program_of(shim.as_bytes()), None);
    }

    #[test]
    fn a_shim_is_read_back() {
        for event in super::super::event::EVENTS {
            let shim = local(event);
            assert_eq!(version_of(shim.as_bytes()), Some(SHIM_VERSION));
            let program = program_of(shim.as_bytes());
            assert_eq!(program.as_deref(), Some(Path::new("/home/o'neil/bin/keyhook")));
            assert!(has_made_folder(shim.as_bytes()));
            assert!(!shim.contains('@') || !shim.replace("$@", "").contains('@'), "{shim}");
        }
        assert!(is_pass_through(render_pass_through("post-merge").as_bytes()));
        assert!(!is_pass_through(local(Event::PrePush).as_bytes()));
        assert!(!render_pass_through("post-merge").replace("$@", "").contains('@'));
    }

    #[test]
    fn a_foreign_hook_is_not_a_shim() {
        for text in ["#!/bin/sh\nexec keyhook hook pre-commit\n", "", "#!/bin/sh\n# keyhook shim x"]
        {
            assert!(!is_shim(text.as_bytes()), "{text}");
        }
    }
}
