//! What kind of file a text came from, as far as it changes what a value looks like.

/// The kinds of file that write values differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileKind {
    /// `.env` and shell scripts: `NAME=value`, quotes optional.
    Env,
    /// YAML, properties, INI, TOML: `name: value`, quotes optional.
    Config,
    /// Program text: a bare word is an identifier.
    Code,
    /// JSON, XML and other data: values are quoted or tagged.
    Data,
    /// Lock files and checksums: long random values that are no secrets.
    Lock,
    /// Not text; only keys with a prefix are looked for.
    Binary,
    /// Anything else, such as prose.
    #[default]
    Other,
}

const LOCK_NAMES: &[&str] = &[
    "cargo.lock",
    "composer.lock",
    "flake.lock",
    "gemfile.lock",
    "go.sum",
    "gopkg.lock",
    "mix.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "package.resolved",
    "packages.lock.json",
    "pdm.lock",
    "pipfile.lock",
    "pnpm-lock.yaml",
    "podfile.lock",
    "poetry.lock",
    "pubspec.lock",
    "uv.lock",
    "yarn.lock",
    "bun.lock",
    "deno.lock",
    "gradle.lockfile",
    "module.bazel.lock",
];

impl FileKind {
    /// Tells the kind by the name of the file.
    pub fn of_path(path: &[u8]) -> FileKind {
        let path = String::from_utf8_lossy(path).to_ascii_lowercase();
        let name = path.rsplit('/').next().unwrap_or(&path);
        if LOCK_NAMES.contains(&name) {
            return FileKind::Lock;
        }
        if name.starts_with(".env") || name.ends_with(".env") || name == "dockerfile" {
            return FileKind::Env;
        }
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension {
            "env" | "envrc" | "sh" | "bash" | "zsh" | "fish" | "ps1" | "dockerfile" => {
                FileKind::Env
            }
            "yaml" | "yml" | "properties" | "ini" | "cfg" | "conf" | "toml" | "config"
            | "tfvars" | "npmrc" | "pypirc" | "netrc" => FileKind::Config,
            "py" | "js" | "ts" | "jsx" | "tsx" | "mjs" | "cjs" | "go" | "rs" | "rb" | "java"
            | "kt" | "kts" | "scala" | "c" | "h" | "cc" | "cpp" | "hpp" | "cs" | "php"
            | "swift" | "m" | "lua" | "pl" | "r" | "jl" | "ex" | "exs" | "erl" | "hs" | "clj"
            | "dart" | "vue" | "svelte" | "groovy" | "gradle" | "sql" | "tf" | "hcl" | "nix"
            | "zig" => FileKind::Code,
            "json" | "jsonc" | "json5" | "ipynb" | "xml" | "plist" | "html" | "htm" | "csv"
            | "tsv" | "map" | "svg" => FileKind::Data,
            "lock" | "sum" | "sha256" | "sha512" | "md5" => FileKind::Lock,
            _ => FileKind::Other,
        }
    }

    /// Returns whether a value may stand without quotes.
    pub fn has_bare_values(self) -> bool {
        matches!(self, FileKind::Env | FileKind::Config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_kinds_by_name() {
        let cases = [
            ("src/app.py", FileKind::Code),
            (".env.production", FileKind::Env),
            ("deploy/prod.env", FileKind::Env),
            ("a/Dockerfile", FileKind::Env),
            ("k8s/secret.YAML", FileKind::Config),
            ("package-lock.json", FileKind::Lock),
            ("x/package.json", FileKind::Data),
            ("README", FileKind::Other),
        ];
        for (path, kind) in cases {
            assert_eq!(FileKind::of_path(path.as_bytes()), kind, "{path}");
        }
    }
}
