//! What the words of a name say: "credential", "something else", or nothing.

use crate::detect::name::Words;
use crate::detect::words::WordSet;

/// Words that say "credential".
#[rustfmt::skip]
static KEY_WORDS: WordSet = WordSet::new(&[
    "key", "keys", "apikey", "token", "tokens", "secret", "secrets", "auth", "authorization",
    "bearer", "password", "passwd", "pwd", "pass", "credential", "credentials", "cred", "creds",
    "pat", "api", "hmac", "seed", "jwt", "oauth", "access", "skey", "sk", "login", "webhook",
    "hook", "dsn", "subscription", "authenticate", "unseal", "license", "authentication",
]);

/// Endings of words written together, such as `mistralkey`.
const KEY_ENDS: &[&str] = &["key", "token", "secret", "password"];

/// Words that only sound so.
static NO_KEYS: WordSet =
    WordSet::new(&["monkey", "turkey", "hockey", "jockey", "donkey", "whiskey", "portkey"]);

/// Words that say "not a credential", unless a key word comes last.
#[rustfmt::skip]
static OTHER_WORDS: WordSet = WordSet::new(&[
    "sha", "sha384", "rev", "revision", "uuid", "guid", "checksums", "id", "ids", "url", "uri",
    "path", "file", "filename", "nonce", "cursor", "page", "ref", "tree", "blob", "parent", "trace",
    "span", "message", "model", "version", "signature", "sig", "thumbprint", "hexsha", "sri",
    "salt", "iv", "head", "merge", "node", "sum",
]);

/// Words that say "not a credential" wherever they stand.
#[rustfmt::skip]
static PUBLIC_WORDS: WordSet = WordSet::new(&[
    "public", "pub", "publishable", "hash", "hashed", "sha256", "sha1", "sha512", "md5", "digest",
    "checksum", "integrity", "commit", "fingerprint", "etag", "csrf", "xsrf", "idempotency",
    "cache", "tokenizer",
]);

/// Words that make even a line of prose speak of a hash.
static HASH_WORDS: WordSet = WordSet::new(&[
    "sha", "sha1", "sha256", "sha512", "md5", "hash", "digest", "checksum", "commit", "etag",
]);

/// Words of a name that belong to nobody in particular. `OPENAI_API_KEY` is among them: servers
/// that speak OpenAI's or Anthropic's protocol are configured with it.
#[rustfmt::skip]
static COMMON_WORDS: WordSet = WordSet::new(&[
    "my", "app", "prod", "production", "dev", "development", "test", "tests", "testing", "stage",
    "staging", "x", "http", "https", "service", "client", "user", "default", "llm", "openai",
    "anthropic", "model", "ai", "base", "env", "config", "server", "primary", "secondary", "live",
    "sandbox", "main", "local", "value", "admin", "account", "project", "org", "organization",
    "workspace", "team", "private", "header", "headers", "the", "your", "our", "set", "get", "new",
    "old", "current", "string", "str", "var", "const", "let", "self", "this", "process", "os",
    "environ", "settings", "options", "params", "data", "request", "req", "res", "cfg", "conf",
    "id", "name", "url", "host", "web", "backend", "frontend", "internal", "global", "shared",
    "personal", "master", "root", "real", "provider", "vendor", "embedding", "embeddings", "chat",
    "text", "speech", "first", "second", "builder", "with", "from", "create", "init", "configure",
    "setup", "proxy", "remote", "read", "write", "rw", "ro", "export", "next", "vite", "react",
    "public", "expo", "custom", "module", "exports", "window", "ctx", "context", "state", "props",
    "sasl", "kafka", "consumer", "application", "integration", "signing", "webhook", "verification",
    "encryption", "deploy", "deployment", "ingest", "sdk", "cli", "ci", "cd", "github", "basic",
]);

/// Calls that take a credential, whatever the vendor's class is called.
#[rustfmt::skip]
static CALLS: WordSet = WordSet::new(&[
    "client", "createclient", "init", "configure", "config", "setup", "login", "authenticate",
    "connect", "new", "builder", "initialize", "register", "create", "sdk", "api",
]);

/// Returns whether a name says that its value is a credential.
pub(super) fn says_key(name: &[u8]) -> bool {
    Words::of(name).iter().any(is_key_word)
}

fn is_key_word(word: &str) -> bool {
    KEY_WORDS.contains(word)
        || (KEY_ENDS.iter().any(|end| word.len() > end.len() + 1 && word.ends_with(end))
            && !NO_KEYS.contains(word))
}

/// Returns whether a name says that its value is something else. `spared` words, such as the
/// vendor's own, say nothing.
pub(super) fn says_other(name: &[u8], spared: impl Fn(&str) -> bool) -> bool {
    let words = Words::of(name);
    if words.iter().any(|word| PUBLIC_WORDS.contains(word) && !spared(word)) {
        return true;
    }
    // `ID_TOKEN`, `SALT_KEY`: the last word counts. `secret_id` is half of a login.
    if words.iter().next_back().is_some_and(|last| is_key_word(last) && last != "api") {
        return false;
    }
    let mut before = "";
    for word in words.iter() {
        let is_other = OTHER_WORDS.contains(word) && !spared(word);
        if is_other && !(word == "id" && before == "secret") {
            return true;
        }
        before = word;
    }
    false
}

/// Returns whether a word of prose speaks of a hash.
pub(super) fn says_hash(name: &[u8]) -> bool {
    Words::of(name).iter().any(|word| HASH_WORDS.contains(word))
}

/// Returns whether a name speaks of somebody: a word that is neither common nor `spared`.
pub(super) fn names_another(name: &[u8], spared: impl Fn(&str) -> bool) -> bool {
    Words::of(name).iter().any(|word| {
        word.len() > 1
            && !is_key_word(word)
            && !COMMON_WORDS.contains(word)
            && !OTHER_WORDS.contains(word)
            && !PUBLIC_WORDS.contains(word)
            && !word.bytes().all(|byte| byte.is_ascii_digit())
            && !spared(word)
    })
}

/// Returns whether a call of this name takes credentials.
pub(super) fn is_call(name: &[u8]) -> bool {
    let words = Words::of(name);
    let last = words.iter().next_back().unwrap_or_default();
    CALLS.contains(last) || last.ends_with("client") || is_key_word(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(name: &str) -> bool {
        says_other(name.as_bytes(), |_| false)
    }

    #[test]
    fn names_say_what_a_value_is() {
        for name in ["MISTRAL_API_KEY", "apiKey", "mistralkey", "x-api-key", "authToken", "skey"] {
            assert!(says_key(name.as_bytes()) && !other(name), "{name}");
        }
        for name in ["commit_sha", "request_id", "integrity", "key_hash", "public_key", "requestId"]
        {
            assert!(other(name), "{name}");
        }
        for name in ["REV_AI_ACCESS_TOKEN", "X_SALT_KEY", "id_token", "secret_id", "VERSION_KEY"] {
            assert!(!other(name), "{name}");
        }
        assert!(!says_key(b"monkey"));
    }

    #[test]
    fn a_name_may_be_about_somebody_else() {
        for name in ["ACME_API_KEY", "gitlabToken", "stripe_secret"] {
            assert!(names_another(name.as_bytes(), |_| false), "{name}");
        }
        for name in ["OPENAI_API_KEY", "apiKey", "MY_APP_TOKEN", "api_key_2", "x-api-key"] {
            assert!(!names_another(name.as_bytes(), |_| false), "{name}");
        }
        assert!(!names_another(b"mistralKey", |word| word == "mistral"));
    }
}
