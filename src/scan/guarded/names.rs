//! Which names are a warning: what is kept under them, wherever it lies, opens something.

use std::borrow::Cow;

/// What a file is kept for, told by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `.env` and its kin.
    Environment,
    /// direnv's script, which teams share as long as no secret is in it.
    Script,
    /// A private key, if it is not a certificate or a public key.
    Key,
    /// Keys and certificates behind one password.
    KeyStore,
    /// What a password manager or a browser keeps or writes out.
    Passwords,
    /// Passwords that somebody wrote down.
    Notes,
    /// Lines of `user:password`.
    Accounts,
    /// How a tool logs in.
    Login,
    /// How a program logs in to a cloud.
    Cloud,
    /// How `kubectl` logs in.
    Kubernetes,
    /// How a tool logs in to a model.
    AiTool,
    /// What Terraform knows of all it made, passwords too.
    TerraformState,
    /// Terraform's variables.
    TerraformVariables,
    /// What somebody typed into a shell.
    History,
    /// What the repository itself asked to guard.
    Asked,
}

/// How the content tells whether there is anything to guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// Any value, as far as it is more than a setting.
    Settings,
    /// A value whose name says that it is a secret.
    Secrets,
    /// A private key.
    PrivateKey,
    /// Bytes that are no text.
    Opaque,
    /// Lines of `user:password`.
    Accounts,
    /// Attributes of something that was made.
    State,
    /// Any content but a page of a manual.
    Notes,
    /// Any content.
    Content,
}

impl Kind {
    pub(super) fn what(self) -> &'static str {
        match self {
            Kind::Environment | Kind::Script => "an environment file",
            Kind::Key => "a private key",
            Kind::KeyStore => "a key store",
            Kind::Passwords | Kind::Notes => "a store of passwords",
            Kind::Accounts => "a list of passwords",
            Kind::Login => "the login of a tool",
            Kind::Cloud => "the login to a cloud",
            Kind::Kubernetes => "the login to a cluster",
            Kind::AiTool => "the login of an AI tool",
            Kind::TerraformState => "Terraform's state, which holds secrets in the clear",
            Kind::TerraformVariables => "a file of Terraform variables",
            Kind::History => "the history of a shell",
            Kind::Asked => "a file that `guarded.add` names",
        }
    }

    pub(super) fn test(self) -> Test {
        match self {
            Kind::Environment => Test::Settings,
            Kind::Key => Test::PrivateKey,
            Kind::KeyStore => Test::Opaque,
            Kind::Accounts => Test::Accounts,
            Kind::Notes => Test::Notes,
            Kind::TerraformState => Test::State,
            Kind::Passwords | Kind::History | Kind::Asked => Test::Content,
            Kind::Script
            | Kind::Login
            | Kind::Cloud
            | Kind::Kubernetes
            | Kind::AiTool
            | Kind::TerraformVariables => Test::Secrets,
        }
    }
}

/// Tells by its path what a file is kept for. Templates are kept for nothing.
pub(super) fn kind_of(path: &str) -> Option<Kind> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = folder.rsplit_once('/').map_or(folder, |(_, last)| last);
    let (folder, name) = (lower(folder), lower(name));
    let kind = by_name(&name)
        .or_else(|| by_folder(&folder, &name))
        .or_else(|| by_extension(&name))
        .or_else(|| by_pattern(&name))?;
    (!is_template(&name)).then_some(kind)
}

/// Most names are in small letters already.
fn lower(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

#[rustfmt::skip]
fn by_name(name: &str) -> Option<Kind> {
    Some(match name {
        ".env" | ".dev.vars" => Kind::Environment,
        ".envrc" => Kind::Script,
        "id_rsa" | "id_dsa" | "id_ecdsa" | "id_ed25519" | "id_ecdsa_sk" | "id_ed25519_sk"
        | "id_xmss" => Kind::Key,
        ".netrc" | "_netrc" | ".npmrc" | ".yarnrc.yml" | ".pypirc" | ".git-credentials"
        | ".dockercfg" | ".dockerconfigjson" | ".s3cfg" | ".boto" | ".ftpconfig" | ".remote-sync.json"
        | "sftp-config.json" | "sitemanager.xml" | "recentservers.xml" | ".my.cnf" | ".mylogin.cnf"
        | ".msmtprc" | ".esmtprc" | ".vault-token" | ".terraformrc" | "credentials.tfrc.json"
        | ".databrickscfg" | "kaggle.json" | "rclone.conf" | ".rclone.conf" | ".passwd-s3fs"
        | ".pgpassfile" | ".dbt.yml" | ".gem-credentials" | ".cloudflared.json" | "hub" => Kind::Login,
        "credentials.json" | "client_secret.json" | "client_secrets.json"
        | "application_default_credentials.json" | "service-account.json" | "service_account.json"
        | "serviceaccount.json" | "serviceaccountkey.json" | "service-account-key.json"
        | "accesstokens.json" | "msal_token_cache.json" | "credentials.db" | "access_tokens.db"
            => Kind::Cloud,
        "kubeconfig" | "kubeconfig.yaml" | "kubeconfig.yml" | "kube.config" => Kind::Kubernetes,
        ".claude.json" | ".credentials.json" | "oauth_creds.json" | ".aider.conf.yml"
            => Kind::AiTool,
        ".htpasswd" | "htpasswd" | ".htdigest" | ".pgpass" | "pgpass.conf" => Kind::Accounts,
        "logins.json" | "key3.db" | "key4.db" | "signons.sqlite" | "login data"
        | "passwords.csv" | "chrome passwords.csv" | "login.keychain" => Kind::Passwords,
        "passwords.txt" => Kind::Notes,
        "terraform.tfvars" => Kind::TerraformVariables,
        ".bash_history" | ".zsh_history" | ".zhistory" | ".sh_history" | ".fish_history"
        | ".python_history" | ".psql_history" | ".mysql_history" | ".rediscli_history"
        | ".node_repl_history" | ".irb_history" => Kind::History,
        _ => return None,
    })
}

fn by_folder(folder: &str, name: &str) -> Option<Kind> {
    Some(match (folder, name) {
        (".aws", "credentials") | ("gcloud", "legacy_credentials") => Kind::Cloud,
        (".kube", "config") => Kind::Kubernetes,
        (".docker", "config.json")
        | (".gem", "credentials")
        | (".cargo", "credentials" | "credentials.toml")
        | (".composer" | "composer", "auth.json")
        | (".m2", "settings.xml" | "settings-security.xml")
        | ("gh" | "glab-cli" | "github-copilot", "hosts.yml" | "hosts.json" | "apps.json")
        | ("doctl", "config.yaml")
        | (".snowsql", "config")
        | (".dbt", "profiles.yml") => Kind::Login,
        (".codex" | "opencode" | ".opencode" | ".qwen", "auth.json")
        | ("io.datasette.llm", "keys.json")
        | ("huggingface" | ".huggingface", "token")
        | ("goose", "secrets.yaml") => Kind::AiTool,
        _ => return None,
    })
}

fn by_extension(name: &str) -> Option<Kind> {
    let (stem, extension) = name.rsplit_once('.')?;
    Some(match extension {
        "env" => Kind::Environment,
        "pem" | "key" | "ppk" | "p8" | "pk8" | "agekey" | "ovpn" | "asc" if !stem.is_empty() => {
            Kind::Key
        }
        // Android's debug store is the same for everybody.
        "keystore" | "jks" | "jceks" | "bks" | "bcfks" | "p12" | "pfx" if stem != "debug" => {
            Kind::KeyStore
        }
        "kdbx" | "kdb" | "1pif" | "1pux" | "psafe3" | "enpassdb" | "keychain" | "keychain-db" => {
            Kind::Passwords
        }
        "kubeconfig" => Kind::Kubernetes,
        "tfstate" => Kind::TerraformState,
        "tfvars" => Kind::TerraformVariables,
        _ => return None,
    })
}

fn by_pattern(name: &str) -> Option<Kind> {
    if let Some(rest) = name.strip_prefix(".env").or_else(|| name.strip_prefix(".dev.vars")) {
        // `.envoy` is no environment file; `.env.production` and `.env-prod` are.
        let is_variant = rest.starts_with(['.', '-', '_', '~']);
        return is_variant.then_some(Kind::Environment);
    }
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let is_ssh = ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"]
        .iter()
        .any(|id| name.strip_prefix(id).is_some_and(|rest| rest.starts_with(['_', '-', '.'])));
    let is_host_key = name.starts_with("ssh_host_") && ends(&["_key"]);
    if (is_ssh && !ends(&[".pub"]))
        || is_host_key
        || (!name.contains('.') && ends(&["_rsa", "_dsa", "_ecdsa", "_ed25519"]))
    {
        return Some(Kind::Key);
    }
    if ends(&[".json"])
        && (name.starts_with("client_secret")
            || name.starts_with("service-account")
            || name.starts_with("service_account")
            || name.contains("-firebase-adminsdk-"))
    {
        return Some(Kind::Cloud);
    }
    if ends(&["-kubeconfig.yaml", "-kubeconfig.yml", "_kubeconfig.yaml", "_kubeconfig.yml"]) {
        return Some(Kind::Kubernetes);
    }
    if ends(&[".tfstate.backup"]) || name.contains(".tfstate.") {
        return Some(Kind::TerraformState);
    }
    if ends(&[".tfvars.json"]) {
        return Some(Kind::TerraformVariables);
    }
    let is_export =
        ["1password", "bitwarden_export", "lastpass", "keepass", "dashlane", "keychain"];
    (ends(&[".csv", ".json", ".xml"]) && is_export.iter().any(|start| name.starts_with(start)))
        .then_some(Kind::Passwords)
}

/// Parts of a name that say: fill me in. `.env.vault` and `.env.schema` are made to be committed.
#[rustfmt::skip]
const TEMPLATE_PARTS: &[&str] = &[
    "example", "examples", "sample", "samples", "template", "templates", "tmpl", "tpl", "dist",
    "default", "defaults", "schema", "skeleton", "placeholder", "vault", "j2", "erb", "in",
    "envexample", "envsample",
];

fn is_template(name: &str) -> bool {
    let mut parts = name.split(['.', '-', '_']);
    // Of `in`, `vault` and the like only an end counts: `vault.key` is a key.
    let last = name.rsplit(['.', '-', '_']).next().unwrap_or(name);
    let is_end = ["vault", "j2", "erb", "in"];
    TEMPLATE_PARTS.contains(&last)
        || parts.any(|part| TEMPLATE_PARTS.contains(&part) && !is_end.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told() {
        for (path, kind) in [
            (".env", Kind::Environment),
            ("a/b/.ENV.Production", Kind::Environment),
            (".env.local", Kind::Environment),
            (".env.production.local", Kind::Environment),
            ("docker/prod.env", Kind::Environment),
            (".env~", Kind::Environment),
            ("tls/server.key", Kind::Key),
            ("id_ed25519", Kind::Key),
            ("keys/id_rsa_work", Kind::Key),
            ("deploy_ed25519", Kind::Key),
            ("ssh_host_rsa_key", Kind::Key),
            ("release.JKS", Kind::KeyStore),
            ("me.kdbx", Kind::Passwords),
            ("bitwarden_export_20240101.json", Kind::Passwords),
            (".htpasswd", Kind::Accounts),
            ("home/.npmrc", Kind::Login),
            ("home/.docker/config.json", Kind::Login),
            (".aws/credentials", Kind::Cloud),
            ("credentials.json", Kind::Cloud),
            ("client_secret_12-ab.apps.json", Kind::Cloud),
            (".kube/config", Kind::Kubernetes),
            ("prod.kubeconfig", Kind::Kubernetes),
            (".codex/auth.json", Kind::AiTool),
            (".claude/.credentials.json", Kind::AiTool),
            ("terraform.tfstate", Kind::TerraformState),
            ("terraform.tfstate.backup", Kind::TerraformState),
            ("prod.tfvars", Kind::TerraformVariables),
            ("prod.auto.tfvars.json", Kind::TerraformVariables),
            (".bash_history", Kind::History),
        ] {
            assert_eq!(kind_of(path), Some(kind), "{path}");
        }
    }

    #[test]
    fn templates_and_namesakes_are_not() {
        for path in [
            ".env.example",
            ".env.local.sample",
            ".env-template",
            "example.env",
            "sample.env",
            "env.example",
            ".env.dist",
            ".env.vault",
            ".env.schema",
            "credentials.example.json",
            "example.tfvars",
            "id_rsa.pub",
            "src/env.rs",
            ".envoy",
            "config/config.json",
            "src/auth.json",
            "config",
            ".pem",
            "debug.keystore",
            "keys.json",
            "a/token",
            "",
        ] {
            assert_eq!(kind_of(path), None, "{path}");
        }
        assert_eq!(kind_of(&"a".repeat(5000)), None);
        assert_eq!(kind_of("vault.key"), Some(Kind::Key));
    }

    #[test]
    fn a_long_name_is_judged_like_a_short_one() {
        let long = "x".repeat(5000);
        assert_eq!(kind_of(&format!("{long}.ENV")), Some(Kind::Environment));
        assert_eq!(kind_of(&format!("{long}/a{long}.p12")), Some(Kind::KeyStore));
        assert_eq!(kind_of(&format!(".env.{long}")), Some(Kind::Environment));
        assert_eq!(kind_of(&format!(".env.{long}.example")), None);
    }
}
