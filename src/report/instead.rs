//! What to write in place of the secret, in the language of its file.

use crate::finding::Finding;
use crate::rule::{OWN_KEY, Rule, SENSITIVE_FILE};
use crate::scan::is_guarded_name;
use crate::terminal::escape;

/// The rule of passwords and tokens that no vendor is named for.
const ASSIGNMENT: &str = "generic-assignment";

/// Returns what to do instead, in one line or two.
pub(super) fn instead(finding: &Finding, rule: Option<&Rule>) -> Vec<String> {
    let path = &finding.path;
    if finding.rule == SENSITIVE_FILE || is_guarded_name(path) {
        return vec![
            format!("keep it out of git: git rm --cached -- {}", pathspec(path)),
            format!("and add to .gitignore: {}", ignore_line(path)),
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

/// Returns the last name in a text.
fn last_name(text: &str) -> &str {
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

/// Returns a path as git takes it on its command line: of a file called `*`, git would else take
/// all files.
fn pathspec(path: &str) -> String {
    let is_magic = path.starts_with(':') || path.contains(['*', '?', '[', '\\']);
    if is_magic { quoted(&format!(":(literal){path}")) } else { quoted(path) }
}

/// Returns the line of `.gitignore` at the top of the repository that names the file. Dot files are
/// what they are in every folder.
fn ignore_line(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut line = if name.starts_with('.') { String::new() } else { "/".to_owned() };
    for c in if name.starts_with('.') { name } else { path }.chars() {
        match c {
            '*' | '?' | '[' | '\\' => line.extend(['\\', c]),
            // A line cannot hold it, or a terminal must not: any byte fits.
            c if is_dangerous(c) => line.extend(std::iter::repeat_n('?', c.len_utf8())),
            c => line.push(c),
        }
    }
    if line.ends_with(' ') {
        line.insert(line.len() - 1, '\\');
    }
    line
}

/// Quotes a path for the shell, if it needs it.
pub(super) fn quoted(path: &str) -> String {
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
        assert_eq!(last_name("api-key"), "api-key");
        assert_eq!(last_name("\u{2026}\u{e9}\u{1f511}db_pass: "), "db_pass");
        assert_eq!(last_name("x \u{201c}"), "x");
        assert_eq!(last_name(" = "), "");
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
        assert_eq!(pathspec("a/.env"), "a/.env");
        assert_eq!(pathspec("*.pem"), "':(literal)*.pem'");
        assert_eq!(pathspec(":!x.key"), "':(literal):!x.key'");
        assert_eq!(ignore_line("a/.env"), ".env");
        assert_eq!(ignore_line("a b/x.key"), "/a b/x.key");
        assert_eq!(ignore_line("[a]*?.key "), "/\\[a]\\*\\?.key\\ ");
        assert_eq!(ignore_line("a\nb.key"), "/a?b.key");
    }
}
