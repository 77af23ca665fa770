//! Which files hold values that are live.

use std::path::Path;

/// A file below one of the user's folders.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Home(&'static str),
    Config(&'static str),
    Data(&'static str),
    Cache(&'static str),
}

use Place::{Cache, Config, Data, Home};

/// The source whose lines are `host:port:database:user:password`.
pub(super) const POSTGRES: &str = "postgres";

/// The sources by name. `~/.claude.json` is not among them: it is large and changes all the time.
#[rustfmt::skip]
pub(super) const SOURCES: &[(&str, Place)] = &[
    ("aws", Home(".aws/credentials")),
    ("netrc", Home(".netrc")),
    ("netrc", Home("_netrc")),
    ("npm", Home(".npmrc")),
    ("npm", Home(".yarnrc.yml")),
    ("pypi", Home(".pypirc")),
    ("cargo", Home(".cargo/credentials.toml")),
    ("git", Home(".git-credentials")),
    ("git", Config("git/credentials")),
    ("docker", Home(".docker/config.json")),
    ("github", Config("gh/hosts.yml")),
    ("gitlab", Config("glab-cli/config.yml")),
    ("kubernetes", Home(".kube/config")),
    ("google", Config("gcloud/application_default_credentials.json")),
    ("terraform", Home(".terraform.d/credentials.tfrc.json")),
    ("mysql", Home(".my.cnf")),
    (POSTGRES, Home(".pgpass")),
    ("azure", Home(".azure/service_principal_entries.json")),
    ("digitalocean", Config("doctl/config.yaml")),
    ("cloudflare", Config(".wrangler/config/default.toml")),
    ("cloudflare", Home(".wrangler/config/default.toml")),
    ("vercel", Data("com.vercel.cli/auth.json")),
    ("netlify", Config("netlify/config.json")),
    ("fly", Home(".fly/config.yml")),
    ("railway", Home(".railway/config.json")),
    ("supabase", Home(".supabase/access-token")),
    ("stripe", Config("stripe/config.toml")),
    ("sentry", Home(".sentryclirc")),
    ("ngrok", Config("ngrok/ngrok.yml")),
    ("vault", Home(".vault-token")),
    ("pulumi", Home(".pulumi/credentials.json")),
    ("snowflake", Home(".snowflake/connections.toml")),
    ("snowflake", Home(".snowsql/config")),
    ("databricks", Home(".databrickscfg")),
    ("dbt", Home(".dbt/profiles.yml")),
    ("s3", Home(".s3cfg")),
    ("s3", Home(".mc/config.json")),
    ("gradle", Home(".gradle/gradle.properties")),
    ("ruby", Home(".gem/credentials")),
    ("ruby", Data("gem/credentials")),
    ("composer", Config("composer/auth.json")),
    ("containers", Config("containers/auth.json")),
    ("kaggle", Home(".kaggle/kaggle.json")),
    ("kaggle", Config("kaggle/kaggle.json")),
    ("modal", Home(".modal.toml")),
    ("runpod", Home(".runpod/config.toml")),
    ("vast", Config("vastai/vast_api_key")),
    ("ngc", Home(".ngc/config")),
    ("hugging-face", Cache("huggingface/token")),
    ("hugging-face", Home(".huggingface/token")),
    ("claude", Home(".claude/.credentials.json")),
    ("claude", Home(".claude/settings.json")),
    ("claude", Config("Claude/claude_desktop_config.json")),
    ("claude", Home("Library/Application Support/Claude/claude_desktop_config.json")),
    ("codex", Home(".codex/auth.json")),
    ("codex", Home(".codex/config.toml")),
    ("gemini", Home(".gemini/oauth_creds.json")),
    ("gemini", Home(".gemini/.env")),
    ("gemini", Home(".gemini/settings.json")),
    ("qwen", Home(".qwen/oauth_creds.json")),
    ("aider", Home(".aider.conf.yml")),
    ("opencode", Data("opencode/auth.json")),
    ("llm", Config("io.datasette.llm/keys.json")),
    ("llm", Home("Library/Application Support/io.datasette.llm/keys.json")),
    ("copilot", Config("github-copilot/apps.json")),
    ("copilot", Config("github-copilot/hosts.json")),
    ("copilot", Home(".copilot/mcp-config.json")),
    ("continue", Home(".continue/.env")),
    ("continue", Home(".continue/config.yaml")),
    ("cursor", Home(".cursor/mcp.json")),
    ("vscode", Config("Code/User/mcp.json")),
    ("windsurf", Home(".codeium/windsurf/mcp_config.json")),
    ("goose", Config("goose/secrets.yaml")),
];

/// What is tried in folders that are not listed, the likeliest first.
const ENV_NAMES: &[&str] = &[
    ".env",
    ".env.local",
    ".env.development",
    ".env.development.local",
    ".env.production",
    ".env.staging",
    ".dev.vars",
];

/// Files at the top, beside those called `.env`.
const TOP_NAMES: &[&str] = &[".streamlit/secrets.toml", "local.settings.json", "terraform.tfvars"];

/// A folder of more entries is not listed to its end.
const ENTRIES_MAX: usize = 1000;
/// So many folders of the staged files, and so many at the top, are looked into.
const FOLDERS_MAX: usize = 24;

/// Folders at the top that are nobody's own.
const SKIPPED: &[&str] =
    &["node_modules", "vendor", "target", "dist", "build", "venv", "docs", "test", "tests"];

/// Calls `visit` with each environment file that may be there, by its path from the top: at the top,
/// in the folders directly below it, and in those of the staged files. Names are tried rather than
/// folders listed: an open that fails costs a microsecond, and a folder may hold a million files.
pub(super) fn env_files(top: &Path, folders: &[Vec<u8>], mut visit: impl FnMut(&str)) {
    let mut tried: Vec<&str> = Vec::new();
    for folder in folders.iter().take(FOLDERS_MAX) {
        let Ok(mut folder) = std::str::from_utf8(folder) else { continue };
        // A file that was named may lie outside of the repository.
        if folder.starts_with('/') || folder.split('/').any(|part| matches!(part, "." | "..")) {
            continue;
        }
        while !folder.is_empty() && tried.len() < FOLDERS_MAX && !tried.contains(&folder) {
            tried.push(folder);
            folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
    }
    let mut path = String::with_capacity(64);
    let mut visit_in = |folder: &str, names: &[&str]| {
        for name in names {
            path.clear();
            path.push_str(folder);
            path.push('/');
            path.push_str(name);
            visit(path.trim_start_matches('/'));
        }
    };
    for folder in &tried {
        visit_in(folder, ENV_NAMES);
    }
    visit_in("", TOP_NAMES);
    let Ok(entries) = std::fs::read_dir(top) else { return };
    let mut below = 0;
    for (count, entry) in entries.enumerate() {
        if count == ENTRIES_MAX {
            return visit_in("", ENV_NAMES);
        }
        // The kind comes with the entry; a link is neither a file nor a folder here.
        let Ok(entry) = entry else { continue };
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if is_env_name(name) {
            visit_in("", &[name]);
        } else if below < FOLDERS_MAX
            && !name.starts_with('.')
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
            && !SKIPPED.contains(&name)
            && !tried.contains(&name)
        {
            below += 1;
            // In a folder that nobody staged anything in, the likeliest name is enough.
            visit_in(name, &ENV_NAMES[..1]);
        }
    }
}

fn is_env_name(name: &str) -> bool {
    let is_variant = |start: &str| {
        let rest = name.strip_prefix(start);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
    };
    let is_env = is_variant(".env") || is_variant(".dev.vars") || name.ends_with(".env");
    let template = ["example", "sample", "template", "dist", "schema", "vault"];
    is_env && !template.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_names_of_a_source_stand_together() {
        let names: Vec<&str> = super::super::source_names();
        let set: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(set.len(), names.len());
    }

    #[test]
    fn environment_files_are_where_people_keep_them() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        for name in ["backend", "node_modules", ".git", "a/b"] {
            std::fs::create_dir_all(top.join(name)).unwrap();
        }
        for name in [".env", ".env.prod", "x.env", ".env.example", "env.py", ".envoy"] {
            std::fs::write(top.join(name), "").unwrap();
        }
        let mut found: Vec<String> = Vec::new();
        env_files(top, &[b"a/b".to_vec(), b"".to_vec()], |name| found.push(name.to_owned()));
        let unique: BTreeSet<&String> = found.iter().collect();
        assert_eq!(unique.len(), found.len());
        for name in [".env", ".env.prod", "x.env", "backend/.env", "a/b/.env", "a/.env.local"] {
            assert!(found.iter().any(|found| found == name), "{name}");
        }
        for name in [".env.example", "env.py", ".envoy", "node_modules/.env", ".git/.env"] {
            assert!(!found.iter().any(|found| found == name), "{name}");
        }
    }
}
