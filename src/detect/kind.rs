//! What kind of file a text came from, as far as it changes what a value looks like.
//!
//! A bare word behind `password =` is a value in `.env` and an identifier in Python; a password in
//! a test is seldom one that opens anything; a long random text in a lock file is a hash. All three
//! are told by the name of the file alone, because a name is there before the first byte is read.

use super::name::Words;
use super::words::WordSet;

/// The kinds of file that write values differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileKind {
    /// `.env`, shell, Dockerfile, Makefile: `NAME=value`, quotes optional.
    Env(Place),
    /// YAML, properties, INI, TOML: `name: value`, quotes optional.
    Config(Place),
    /// Program text: a bare word is an identifier.
    Code(Place),
    /// JSON, XML and other data: values are quoted or tagged.
    Data(Place),
    /// Text for people, with examples in it.
    Prose,
    /// What a program wrote down about itself.
    Log,
    /// Lock files and checksums: long random values that are no secrets.
    Lock,
    /// Made by a program from other files: minified code, source maps, drawings.
    Generated,
    /// Not text; only keys with a prefix are looked for.
    Binary,
    /// Anything else.
    #[default]
    Other,
}

/// Whether a file takes part in running something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// It does, as far as its path tells.
    #[default]
    Product,
    /// A test, an example, a template, a translation.
    Sample,
}

const LOCK_NAMES: &[&str] = &[
    ".secrets.baseline",
    ".terraform.lock.hcl",
    "bun.lock",
    "bun.lockb",
    "cargo.lock",
    "cartfile.resolved",
    "composer.lock",
    "conda-lock.yml",
    "deno.lock",
    "flake.lock",
    "gemfile.lock",
    "go.sum",
    "go.work.sum",
    "gopkg.lock",
    "gradle.lockfile",
    "manifest.webapp",
    "mix.lock",
    "module.bazel.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "package.resolved",
    "packages.lock.json",
    "paket.lock",
    "pdm.lock",
    "pipfile.lock",
    "pnpm-lock.yaml",
    "podfile.lock",
    "poetry.lock",
    "pubspec.lock",
    "sha1sums",
    "sha256sums",
    "sha256sums.txt",
    "sha512sums",
    "shrinkwrap.yaml",
    "uv.lock",
    "verification-metadata.xml",
    "yarn.lock",
    "checksums.txt",
    "md5sums",
    "md5sums.txt",
    // Of an installed Python package, every file with its hash.
    "record",
    ".cargo_vcs_info.json",
    ".cargo-checksum.json",
];

/// Names without a telling extension whose values need no quotes, as in a shell.
const ENV_NAMES: &[&str] = &[
    "containerfile",
    "dockerfile",
    "gnumakefile",
    "makefile",
    "procfile",
    ".bash_history",
    ".bash_profile",
    ".bashrc",
    ".profile",
    ".zsh_history",
    ".zshenv",
    ".zprofile",
    ".zshrc",
    "environment",
];

const CONFIG_NAMES: &[&str] = &[
    ".aws/config",
    ".buildpacks",
    ".curlrc",
    ".editorconfig",
    ".gitconfig",
    ".git-credentials",
    ".htpasswd",
    ".my.cnf",
    ".netrc",
    "_netrc",
    ".npmrc",
    ".pgpass",
    "pgpass.conf",
    ".pypirc",
    ".s3cfg",
    ".wgetrc",
    ".yarnrc",
    "config",
    "credentials",
    "kubeconfig",
    "htpasswd",
    "shadow",
];

const CODE_NAMES: &[&str] = &[
    "brewfile",
    "build",
    "build.bazel",
    "dangerfile",
    "fastfile",
    "gemfile",
    "jenkinsfile",
    "justfile",
    "podfile",
    "rakefile",
    "vagrantfile",
    "workspace",
];

impl FileKind {
    /// Tells the kind by the path of the file.
    pub fn of_path(path: &[u8]) -> FileKind {
        let path = String::from_utf8_lossy(path);
        let place = Place::of_path(&path);
        let path = path.to_ascii_lowercase().replace('\\', "/");
        let name = path.rsplit('/').next().unwrap_or(&path);
        // `.env.example` and `config.php.dist` are written like the file they stand for.
        let name = TEMPLATE_ENDS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        by_name(name, place).unwrap_or_else(|| by_extension(name, place))
    }

    /// Returns whether a value may stand without quotes.
    pub fn has_bare_values(self) -> bool {
        matches!(self, FileKind::Env(_) | FileKind::Config(_))
    }

    /// Returns whether long random values are hashes or code here, unless they have a prefix.
    pub fn is_quiet(self) -> bool {
        matches!(self, FileKind::Lock | FileKind::Generated)
    }

    /// Returns whether passwords that people chose are made up here.
    pub fn is_sample(self) -> bool {
        match self {
            FileKind::Env(place)
            | FileKind::Config(place)
            | FileKind::Code(place)
            | FileKind::Data(place) => place == Place::Sample,
            FileKind::Prose => true,
            _ => false,
        }
    }
}

fn by_name(name: &str, place: Place) -> Option<FileKind> {
    let is_in = |names: &[&str]| names.contains(&name);
    if is_in(LOCK_NAMES) || name.ends_with("-lock.json") || name.ends_with(".lock.json") {
        return Some(FileKind::Lock);
    }
    if name.contains(".min.") || name.contains(".bundle.") || name.contains("-min.") {
        return Some(FileKind::Generated);
    }
    let is_variant = |stem: &str| name.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.'));
    if is_in(ENV_NAMES)
        || name.starts_with(".env")
        || name.ends_with(".env")
        || ["dockerfile", "containerfile", "makefile", "env"].iter().any(|stem| is_variant(stem))
    {
        return Some(FileKind::Env(place));
    }
    if is_in(CONFIG_NAMES) {
        return Some(FileKind::Config(place));
    }
    (is_in(CODE_NAMES) || is_variant("jenkinsfile")).then_some(FileKind::Code(place))
}

fn by_extension(name: &str, place: Place) -> FileKind {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "env" | "envrc" | "sh" | "bash" | "zsh" | "fish" | "ksh" | "csh" | "bat" | "cmd"
        | "dockerfile" | "mk" | "mak" => FileKind::Env(place),
        "yaml" | "yml" | "properties" | "ini" | "cfg" | "conf" | "cnf" | "toml" | "config"
        | "tfvars" | "npmrc" | "pypirc" | "netrc" | "reg" | "inf" | "service" | "desktop"
        | "rdp" | "ovpn" | "remmina" | "sls" | "j2" | "tpl" | "prefs" | "neon" | "http"
        | "rest" | "secrets" | "credentials" => FileKind::Config(place),
        "py" | "pyi" | "pyx" | "js" | "ts" | "jsx" | "tsx" | "mjs" | "cjs" | "mts" | "cts"
        | "go" | "rs" | "rb" | "java" | "kt" | "kts" | "scala" | "sc" | "c" | "h" | "cc"
        | "cpp" | "cxx" | "hpp" | "hh" | "ino" | "cs" | "vb" | "fs" | "php" | "phtml" | "swift"
        | "m" | "mm" | "lua" | "pl" | "pm" | "t" | "r" | "jl" | "ex" | "exs" | "erl" | "hrl"
        | "hs" | "elm" | "clj" | "cljs" | "edn" | "dart" | "vue" | "svelte" | "groovy"
        | "gradle" | "sql" | "tf" | "hcl" | "nomad" | "nix" | "zig" | "ps1" | "psm1" | "psd1"
        | "coffee" | "pas" | "f90" | "vbs" | "vba" | "bas" | "asp" | "aspx" | "jsp" | "cshtml"
        | "erb" | "ejs" | "haml" | "slim" | "sol" | "move" | "cr" | "nim" | "ml" | "d" | "v"
        | "el" | "lisp" | "scm" | "rkt" | "tcl" | "bicep" | "star" | "bzl" | "feature"
        | "proto" | "graphql" | "gql" | "awk" | "as" | "abap" | "cls" | "apex" | "trigger" => {
            FileKind::Code(place)
        }
        "json" | "jsonc" | "json5" | "jsonl" | "ndjson" | "har" | "ipynb" | "xml" | "plist"
        | "html" | "htm" | "xhtml" | "csv" | "tsv" | "jmx" | "tfstate" | "csproj" | "props"
        | "pubxml" | "publishsettings" | "webmanifest" | "postman_collection" | "xsd" | "wsdl" => {
            FileKind::Data(place)
        }
        // What a translation calls a password is a word of its language.
        "po" | "pot" | "arb" | "xlf" | "xliff" | "resx" | "strings" | "ftl" => {
            FileKind::Data(Place::Sample)
        }
        "md" | "mdx" | "markdown" | "rst" | "adoc" | "asciidoc" | "tex" | "org" | "1" | "3"
        | "5" | "7" | "8" => FileKind::Prose,
        "log" | "out" | "trace" => FileKind::Log,
        "lock" | "sum" | "sha1" | "sha256" | "sha512" | "md5" | "b2" | "lockfile" | "digest"
        | "sig" => FileKind::Lock,
        "map" | "svg" | "snap" | "cast" | "woff" | "css" | "scss" | "less" => FileKind::Generated,
        _ => FileKind::Other,
    }
}

const TEMPLATE_ENDS: &[&str] = &[
    ".example",
    ".sample",
    ".dist",
    ".template",
    ".tmpl",
    ".tpl",
    ".default",
    ".bak",
    ".old",
    ".orig",
    ".erb",
    ".j2",
    ".in",
];

/// Words of a path that say: nothing here runs.
#[rustfmt::skip]
static SAMPLE_WORDS: WordSet = WordSet::new(&[
    "test", "tests", "testing", "testdata", "testsuite", "testutil", "testutils", "unittest",
    "unittests", "spec", "specs", "e2e", "example", "examples", "sample", "samples", "demo",
    "demos", "fixture", "fixtures", "mock", "mocks", "mocked", "fake", "fakes", "stub", "stubs",
    "dummy", "doc", "docs", "documentation", "docstring", "tutorial", "tutorials", "snippet",
    "snippets", "cookbook", "playground", "template", "templates", "tmpl", "dist", "benchmark",
    "benchmarks", "cassette", "cassettes", "conformance", "locale", "locales", "i18n", "l10n",
    "lang", "langs", "languages", "translation", "translations", "messages", "readme", "changelog",
    "conftest", "swagger", "openapi",
]);

impl Place {
    fn of_path(path: &str) -> Place {
        // `conftest` and `LoginTest.java` are told apart from `latest` and `contest` by their humps.
        let is_sample = path.split(['/', '\\']).any(|part| {
            let words = Words::of(part.as_bytes());
            words.iter().any(|word| SAMPLE_WORDS.contains(word))
        });
        if is_sample { Place::Sample } else { Place::Product }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_kinds_by_name() {
        let product = Place::Product;
        let cases = [
            ("src/app.py", FileKind::Code(product)),
            (".env.production", FileKind::Env(product)),
            ("deploy/prod.env", FileKind::Env(product)),
            ("a/Dockerfile", FileKind::Env(product)),
            ("a/Dockerfile.prod", FileKind::Env(product)),
            ("Containerfile", FileKind::Env(product)),
            (".envrc", FileKind::Env(product)),
            ("k8s/secret.YAML", FileKind::Config(product)),
            ("infra/prod.tfvars", FileKind::Config(product)),
            ("infra/main.tf", FileKind::Code(product)),
            ("ci/Jenkinsfile", FileKind::Code(product)),
            ("package-lock.json", FileKind::Lock),
            ("x/package.json", FileKind::Data(product)),
            ("nb/train.ipynb", FileKind::Data(product)),
            ("web/app.min.js", FileKind::Generated),
            ("web/app.js.map", FileKind::Generated),
            ("README.md", FileKind::Prose),
            ("var/app.log", FileKind::Log),
            ("README", FileKind::Other),
        ];
        for (path, kind) in cases {
            assert_eq!(FileKind::of_path(path.as_bytes()), kind, "{path}");
        }
    }

    #[test]
    fn samples_are_told_by_words_of_the_path() {
        for path in [
            "tests/app.py",
            "src/login_test.go",
            "src/LoginTest.java",
            "web/login.spec.ts",
            ".env.example",
            "config.php.dist",
            "src\\__tests__\\a.js",
            "docs/install.yml",
            "config/locales/de.yml",
        ] {
            assert!(FileKind::of_path(path.as_bytes()).is_sample(), "{path}");
        }
        for path in ["src/latest.py", "contest/app.py", "src/attestation.go", "app/models.py"] {
            assert!(!FileKind::of_path(path.as_bytes()).is_sample(), "{path}");
        }
        assert_eq!(FileKind::of_path(b".env.example"), FileKind::Env(Place::Sample));
    }
}
