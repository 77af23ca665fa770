//! What to write in place of the secret, in the language of its file.

use crate::finding::Finding;
use crate::rule::Rule;

/// Returns the replacement for a secret in this file.
pub(super) fn instead(finding: &Finding, rule: Option<&Rule>) -> String {
    let variable = variable(finding, rule);
    let path = finding.path.to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if rule.is_some_and(|rule| rule.id.contains("private-key")) {
        return "a path to a key file that git ignores".to_owned();
    }
    if is_env_file(name) {
        return format!("keep {} out of git: git rm --cached -- {0}", quoted(&finding.path));
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

fn is_env_file(name: &str) -> bool {
    name.starts_with(".env")
        || name.ends_with(".env")
        || matches!(name, ".npmrc" | ".pypirc" | ".netrc")
}

/// Returns the environment variable for the secret: the rule's, or one after the name it is
/// assigned to.
fn variable(finding: &Finding, rule: Option<&Rule>) -> String {
    if let Some(rule) = rule.filter(|rule| !rule.env.is_empty()) {
        return rule.env.clone();
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let head = finding.before.trim_end_matches(|c: char| !is_name(c));
    let start = head.rfind(|c: char| !is_name(c)).map_or(0, |at| at + 1);
    let name = screaming(&head[start..]);
    if name.len() >= 3 && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return name;
    }
    screaming(&finding.rule)
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

/// Quotes a path for the shell, if it needs it.
pub(super) fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/+@=:".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', "'\\''"))
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
    fn paths_are_quoted_for_the_shell() {
        assert_eq!(quoted("src/a-b.py"), "src/a-b.py");
        assert_eq!(quoted("a b'c"), "'a b'\\''c'");
        assert_eq!(quoted("$(x)"), "'$(x)'");
    }
}
