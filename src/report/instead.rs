//! What to write in place of the secret, in the language of its file.

use crate::finding::Finding;
use crate::rule::{OWN_KEY, Rule, SENSITIVE_FILE};
use crate::scan::is_guarded_name;
use crate::terminal::escape;

/// The rule of passwords and tokens that no vendor is named for.
const ASSIGNMENT: &str = "generic-assignment";

/// Returns what to do instead, in one line or two. Commands are for the folder where the user is.
pub(super) fn instead(finding: &Finding, rule: Option<&Rule>, is_at_top: bool) -> Vec<String> {
    let path = &finding.path;
    if finding.rule == SENSITIVE_FILE || is_guarded_name(path) {
        let file = if is_at_top { ".gitignore" } else { ".gitignore at the top" };
        return vec![
            format!("keep it out of git: {}", untrack_command(path, is_at_top)),
            format!("and add to {file}: {}", any_ignore_line(path)),
        ];
    }
    vec![replacement(finding, rule)]
}

/// Returns the replacement for a secret in this file.
fn replacement(finding: &Finding, rule: Option<&Rule>) -> String {
    if finding.rule == OWN_KEY && finding.variable.is_none() {
        return "read it from where it is kept".to_owned();
    }
    let variable = variable(finding, rule);
    let path = finding.path.to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if rule.is_some_and(|rule| rule.id.contains("private-key")) {
        return "a path to a key file that git ignores".to_owned();
    }
    if path.starts_with(".git/") {
        return format!("the name of the key, such as {variable}, in the message");
    }
    if path.starts_with(".github/workflows/") {
        return format!("${{{{ secrets.{variable} }}}}");
    }
    match extension {
        "py" | "pyw" | "ipynb" => format!("os.environ[\"{variable}\"]"),
        "js" | "mjs" | "cjs" | "ts" | "mts" | "jsx" | "tsx" | "vue" | "svelte" => {
            format!("process.env.{variable}")
        }
        "go" => format!("os.Getenv(\"{variable}\")"),
        "rs" => format!("std::env::var(\"{variable}\")?"),
        "rb" => format!("ENV.fetch(\"{variable}\")"),
        "java" | "kt" | "kts" | "scala" | "groovy" | "gradle" => {
            format!("System.getenv(\"{variable}\")")
        }
        "cs" | "fs" | "vb" => format!("Environment.GetEnvironmentVariable(\"{variable}\")"),
        "php" => format!("getenv('{variable}')"),
        "swift" => format!("ProcessInfo.processInfo.environment[\"{variable}\"]"),
        "dart" => format!("Platform.environment['{variable}']"),
        "ex" | "exs" => format!("System.fetch_env!(\"{variable}\")"),
        "lua" => format!("os.getenv(\"{variable}\")"),
        "pl" | "pm" => format!("$ENV{{{variable}}}"),
        "r" => format!("Sys.getenv(\"{variable}\")"),
        "c" | "h" | "cc" | "cpp" | "hpp" => format!("getenv(\"{variable}\")"),
        "ps1" => format!("$env:{variable}"),
        "sh" | "bash" | "zsh" => format!("\"${variable}\""),
        "tf" | "tfvars" | "hcl" => {
            format!("var.{} with TF_VAR_{0} set outside", variable.to_ascii_lowercase())
        }
        "nix" => "a file outside the store, as with agenix or sops-nix".to_owned(),
        _ if name.starts_with("dockerfile") => {
            format!("RUN --mount=type=secret,id={}", variable.to_ascii_lowercase())
        }
        _ => format!("${{{variable}}} from the environment"),
    }
}

/// Returns the environment variable for the secret: the rule's, or one after the name it is
/// assigned to.
fn variable(finding: &Finding, rule: Option<&Rule>) -> String {
    if let Some(variable) = &finding.variable {
        return variable.clone();
    }
    if let Some(rule) = rule.filter(|rule| !rule.env.is_empty()) {
        return rule.env.clone();
    }
    let name = screaming(last_name(&finding.before));
    if name.len() >= 3 && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return name;
    }
    // A value without a name has nothing to be called after.
    if finding.rule == ASSIGNMENT { "SECRET".to_owned() } else { screaming(&finding.rule) }
}

/// Returns the last name in the text before a value. What touches the value is a part of the same
/// token, such as the encoded `password=` before a password: then the name stands before the token.
fn last_name(text: &str) -> &str {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "_-+/".contains(c);
    let before = text.trim_end_matches(is_token);
    let is_assigned = || before.trim_end().ends_with(['"', '\'', '`', '=', ':', '(', '>']);
    let text = match before.len() == text.len() {
        true => text,
        false if is_assigned() => before,
        false => "",
    };
    let is_other = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
    text.trim_end_matches(is_other).rsplit(is_other).next().unwrap_or_default()
}

fn screaming(name: &str) -> String {
    let mut text = String::new();
    let mut was_lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && was_lower {
            text.push('_');
        }
        was_lower = c.is_ascii_lowercase();
        text.push(if c == '-' { '_' } else { c.to_ascii_uppercase() });
    }
    text
}

/// Returns the command that takes a file out of the index and leaves it in its folder.
pub fn untrack_command(path: &str, is_at_top: bool) -> String {
    format!("git rm --cached -- {}", pathspec(path, is_at_top))
}

/// Returns a path as git takes it on its command line: of a file called `*`, git would else take
/// all files, and a path counts from the folder where the user is.
fn pathspec(path: &str, is_at_top: bool) -> String {
    let is_magic = path.starts_with(':') || path.contains(['*', '?', '[', '\\']);
    // Behind `:/` more signs could be magic of their own, today or in a later git.
    let is_plain = path.starts_with(|c: char| c == '.' || c.is_ascii_alphanumeric());
    match (is_at_top, is_magic) {
        (true, false) => quoted(path),
        (true, true) => quoted(&format!(":(literal){path}")),
        (false, false) if is_plain => quoted(&format!(":/{path}")),
        (false, _) => quoted(&format!(":(top,literal){path}")),
    }
}

/// Returns the line of `.gitignore` at the top that names the file, or a dot file by its name
/// alone: it is what it is in every folder.
fn any_ignore_line(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.starts_with('.') { ignore_pattern(name) } else { ignore_line(path) }
}

/// Returns the line of `.gitignore` at the top of the repository that names exactly this file.
pub fn ignore_line(path: &str) -> String {
    format!("/{}", ignore_pattern(path))
}

fn ignore_pattern(path: &str) -> String {
    let mut line = String::new();
    let mut rest = path;
    while let Some(c) = rest.chars().next() {
        // Bytes that are no text stand for themselves as `\xNN`; that is how they are shown.
        let len = if rest.get(..4).is_some_and(names_bytes) { 4 } else { c.len_utf8() };
        rest = &rest[len..];
        match c {
            // A line cannot hold it, or a terminal must not: any byte fits.
            '\\' if len == 4 => line.push('?'),
            c if is_dangerous(c) => line.extend(std::iter::repeat_n('?', len)),
            '*' | '?' | '[' | '\\' => line.extend(['\\', c]),
            c => line.push(c),
        }
    }
    if line.ends_with(' ') {
        line.insert(line.len() - 1, '\\');
    }
    line
}

/// Returns the command that adds a line to the `.gitignore` of the folder where the user is.
pub fn ignore_command(line: &str) -> String {
    // Some shells' `echo` makes one backslash of two.
    let echo = if line.contains("\\\\") { "printf '%s\\n'" } else { "echo" };
    format!("{echo} {} >> .gitignore", quoted(line))
}

/// Quotes a path for the shell, if it needs it.
pub fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/+@=:".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) {
        return path.to_owned();
    }
    if path.chars().any(is_dangerous) || names_bytes(path) {
        return quoted_bytes(path);
    }
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// As bash, zsh, ksh and POSIX 2024 write what cannot be shown.
fn quoted_bytes(path: &str) -> String {
    let mut text = "$'".to_owned();
    for (at, c) in path.char_indices() {
        match c {
            // A byte that is no text is written like this already.
            '\\' if names_bytes(path.get(at..at + 4).unwrap_or_default()) => text.push(c),
            '\\' | '\'' => text.extend(['\\', c]),
            c if is_dangerous(c) => {
                let mut bytes = [0; 4];
                c.encode_utf8(&mut bytes)
                    .bytes()
                    .for_each(|b| text.push_str(&format!("\\{b:03o}")));
            }
            c => text.push(c),
        }
    }
    text + "'"
}

/// Returns whether the path holds `\xNN` for bytes that are no text.
fn names_bytes(path: &str) -> bool {
    let is_hex = |b: &u8| b.is_ascii_digit() || (b'A'..=b'F').contains(b);
    path.as_bytes().windows(4).any(|w| w.starts_with(b"\\x") && w[2..].iter().all(is_hex))
}

fn is_dangerous(c: char) -> bool {
    *escape(c.encode_utf8(&mut [0; 4])) != *c.encode_utf8(&mut [0; 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_variables() {
        assert_eq!(screaming("dbPassword"), "DB_PASSWORD");
        assert_eq!(screaming("client-secret"), "CLIENT_SECRET");
        assert_eq!(screaming("API_KEY"), "API_KEY");
    }

    #[test]
    fn a_name_may_stand_behind_any_letter() {
        assert_eq!(last_name("the api_key = \""), "api_key");
        assert_eq!(last_name("api-key "), "api-key");
        assert_eq!(last_name("\u{2026}\u{e9}\u{1f511}db_pass: "), "db_pass");
        assert_eq!(last_name("x \u{201c}"), "x");
        assert_eq!(last_name(" = "), "");
    }

    #[test]
    fn a_part_of_the_value_is_no_name() {
        assert_eq!(last_name("db_login = \"cGFzc3dvcmQ9"), "db_login");
        assert_eq!(last_name("db_login: cGF+c3/vcmQ9"), "db_login");
        assert_eq!(last_name("mysql -p"), "");
        assert_eq!(last_name("\u{2026}c3dvcmQ9"), "");
    }

    #[test]
    fn paths_are_quoted_for_the_shell() {
        assert_eq!(quoted("src/a-b.py"), "src/a-b.py");
        assert_eq!(quoted("a b'c"), "'a b'\\''c'");
        assert_eq!(quoted("$(x)"), "'$(x)'");
        assert_eq!(quoted("a\n\u{1b}'b\\"), "$'a\\012\\033\\'b\\\\'");
        assert_eq!(quoted("a\\xFFb"), "$'a\\xFFb'");
    }

    #[test]
    fn a_hostile_name_names_itself_alone() {
        assert_eq!(pathspec("a/.env", true), "a/.env");
        assert_eq!(pathspec("*.pem", true), "':(literal)*.pem'");
        assert_eq!(pathspec(":!x.key", true), "':(literal):!x.key'");
        assert_eq!(any_ignore_line("a/.env"), ".env");
        assert_eq!(ignore_line("a/.env"), "/a/.env");
        assert_eq!(ignore_line("a b/x.key"), "/a b/x.key");
        assert_eq!(ignore_line("[a]*?.key "), "/\\[a]\\*\\?.key\\ ");
        assert_eq!(ignore_line("a\nb.key"), "/a?b.key");
        assert_eq!(ignore_line("\\xFF\u{200b}.env"), "/????.env");
    }

    #[test]
    fn below_the_top_a_path_says_where_it_counts_from() {
        assert_eq!(pathspec("a/.env", false), ":/a/.env");
        assert_eq!(pathspec(".env", false), ":/.env");
        assert_eq!(pathspec("a b.env", false), "':/a b.env'");
        assert_eq!(pathspec("!x.env", false), "':(top,literal)!x.env'");
        assert_eq!(pathspec("*.env", false), "':(top,literal)*.env'");
    }

    #[test]
    fn a_line_reaches_the_file_through_any_echo() {
        assert_eq!(ignore_command("/a/.env"), "echo /a/.env >> .gitignore");
        assert_eq!(ignore_command("/\\*.env"), "echo '/\\*.env' >> .gitignore");
        let printed = "printf '%s\\n' '/a\\\\b.env' >> .gitignore";
        assert_eq!(ignore_command("/a\\\\b.env"), printed);
    }
}
