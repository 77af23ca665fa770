//! What a name promises about the value that it is given.
//!
//! `db_password`, `DB-PASSWORD` and `dbPassword` are the same words. The last telling word decides:
//! `access_token` is a token, `token_type` is a type. Names are not only English, and a few words
//! turn the promise around: a `public_key` is public, a `page_token` opens nothing.

use super::words::{WordSet, hash_of};

/// The longest name that is looked at; what is longer is no name that a person gave.
pub(super) const NAME_MAX: usize = 120;
const WORDS_MAX: usize = 24;

/// A name cut into lower-case words, without touching the heap.
pub(super) struct Words {
    text: [u8; NAME_MAX],
    len: usize,
    ends: [(u8, u8); WORDS_MAX],
    count: usize,
}

impl Words {
    /// Cuts `openaiApiKey`, `OPENAI_API_KEY` and `openai.api-key` into the same three words.
    pub(super) fn of(name: &[u8]) -> Words {
        let lowered;
        let mut name = &name[..name.len().min(NAME_MAX)];
        if !name.is_ascii() {
            lowered = String::from_utf8_lossy(name).to_lowercase();
            let mut ends = (0..=lowered.len().min(NAME_MAX)).rev();
            let end = ends.find(|at| lowered.is_char_boundary(*at)).unwrap_or(0);
            name = &lowered.as_bytes()[..end];
        }
        let text = [0; NAME_MAX];
        let mut words = Words { text, len: name.len(), ends: [(0, 0); WORDS_MAX], count: 0 };
        let mut start = 0;
        for (at, &byte) in name.iter().enumerate() {
            words.text[at] = byte.to_ascii_lowercase();
            if !is_word_byte(byte) {
                words.push(start, at);
                start = at + 1;
            } else if at > start && is_hump(name, at) {
                words.push(start, at);
                start = at;
            }
        }
        words.push(start, name.len());
        words
    }

    /// The words from left to right.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        let text = self.text();
        self.ends[..self.count].iter().map(move |ends| word_of(text, *ends))
    }

    fn push(&mut self, start: usize, end: usize) {
        if end > start && self.count < WORDS_MAX {
            self.ends[self.count] = (start as u8, end as u8);
            self.count += 1;
        }
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.text[..self.len]).unwrap_or("")
    }
}

fn word_of(text: &str, (start, end): (u8, u8)) -> &str {
    text.get(start.into()..end.into()).unwrap_or("")
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Returns whether a word starts at this capital: `apiKey`, `APIKey`.
fn is_hump(name: &[u8], at: usize) -> bool {
    let before = name[at - 1];
    let next_is_lower = name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
    name[at].is_ascii_uppercase()
        && (before.is_ascii_lowercase()
            || before.is_ascii_digit()
            || (before.is_ascii_uppercase() && next_is_lower))
}

/// What kind of value a name announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Chosen by a person: may be short, is rarely random.
    Password,
    /// Made by a machine: long and random.
    Key,
}

/// How much a name alone is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// Often something else, or worth little: a salt, a licence key, a PIN.
    Faint,
    /// Believed when the value looks made by a machine.
    Weak,
    /// Says what the value is.
    Strong,
}

/// What a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Promise {
    pub(super) sort: Sort,
    pub(super) strength: Strength,
}

const fn promise(sort: Sort, strength: Strength) -> Promise {
    Promise { sort, strength }
}

/// Returns what the name promises, or `None` if it promises no secret.
pub(super) fn promised(name: &[u8]) -> Option<Promise> {
    let words = Words::of(name);
    let text = words.text();
    let get = |index: usize| word_of(text, words.ends[index]);
    let mut last = words.count;
    while last > 1 && is_qualifier(get(last - 1)) {
        last -= 1;
    }
    let before = |index: usize| index.checked_sub(1).map_or("", get);
    let found = (0..last).rev().find_map(|index| {
        let told = telling(get(index), before(index), index == 0)?;
        Some((index, told))
    });
    let (index, mut told) = found?;
    if words.iter().any(|word| NOT_SECRET.contains(word)) {
        return None;
    }
    if is_constant(name) && get(index) == "key" && !LICENCES.contains(&before(index)) {
        told.strength = told.strength.max(Strength::Weak);
    }
    if index + 1 < last {
        // `token_github` and `password_admin` still say it; `token_type` and `password_label` do not.
        let is_about = (index + 1..last).any(|next| is_attribute(get(next)));
        if is_about || last - index > 3 {
            return None;
        }
        told.strength = told.strength.min(Strength::Weak);
    }
    // `passValue(…)` hands a value on.
    if index == 0 && get(0) == "pass" && words.count > 1 && !is_number(get(1)) {
        return None;
    }
    if words.iter().any(|word| MADE_UP.contains(word)) {
        told.strength = Strength::Faint;
    }
    Some(told)
}

/// Words behind the telling one that do not change what the value is.
#[rustfmt::skip]
static QUALIFIERS: WordSet = WordSet::new(&[
    "prod", "production", "dev", "development", "stage", "staging", "stg", "test", "qa", "uat",
    "live", "value", "val", "string", "str", "text", "plain", "plaintext", "clear", "cleartext",
    "raw", "old", "new", "current", "previous", "primary", "secondary", "default", "env", "base",
    "base64", "b64", "hex", "here", "v1", "v2", "data", "confirm", "confirmation", "repeat",
    "again", "sandbox", "local",
]);

fn is_qualifier(word: &str) -> bool {
    QUALIFIERS.contains(word) || is_number(word)
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Words anywhere in a name that turn it into something public.
static NOT_SECRET: WordSet = WordSet::new(&[
    "hashed",
    "hash",
    "digest",
    "checksum",
    "fingerprint",
    "public",
    "pub",
    "publishable",
    "encrypted",
    "placeholder",
    "regex",
    "regexp",
    "pattern",
    "label",
    "tooltip",
    "forgot",
    "forgotten",
    "lost",
    "strength",
    "masked",
    "ciphertext",
    "wrapped",
    "sealed",
    "arn",
    "sitekey",
    // Published in the DNS: the selectors of a domain's mail keys.
    "dkim",
]);

/// Words in a name that say that nothing is meant in earnest.
static MADE_UP: WordSet = WordSet::new(&[
    "fake",
    "dummy",
    "mock",
    "example",
    "sample",
    "invalid",
    "wrong",
    "bad",
    "incorrect",
    "bogus",
    "csrf",
    "xsrf",
    "csrfmiddlewaretoken",
    "authenticity",
    "cached",
    "idempotency",
    "nonce",
    "expected",
]);

/// Words behind the telling one that name a property of the secret instead of the secret.
#[rustfmt::skip]
static ATTRIBUTES: WordSet = WordSet::new(&[
    "type", "types", "name", "names", "url", "urls", "uri", "endpoint", "path", "file", "files",
    "filename", "dir", "folder", "field", "fields", "id", "ids", "len", "length", "size", "min",
    "max", "count", "expires", "expiry", "expiration", "expire", "ttl", "timeout", "age",
    "lifetime", "header", "headers", "prefix", "suffix", "format", "policy", "policies", "hash",
    "hint", "message", "msg", "error", "errors", "title", "description", "desc", "help",
    "validator", "validation", "validators", "provider", "manager", "service", "class", "input",
    "box", "prompt", "reset", "change", "changed", "required", "enabled", "disabled", "is", "in",
    "on", "at", "by", "not", "from", "with", "ref", "refs", "reference", "store", "storage",
    "vault", "version", "scope", "scopes", "grant", "issuer", "audience", "algorithm", "alg",
    "algo", "encoding", "encoder", "decoder", "cipher", "parser", "index", "column", "col", "row",
    "table", "env", "var", "variable", "arn", "status", "state", "info", "metadata", "request",
    "response", "handler", "callback", "factory", "builder", "config", "options", "settings",
    "cache", "usage", "limit", "limits", "budget", "cost", "rate", "price", "generator", "rotation",
    "helper", "util", "utils", "mode", "method", "source", "key", "keys", "code", "char", "chars",
    "character", "set", "get", "list", "map", "group", "role", "owner", "user", "username", "email",
    "page", "link", "button", "form", "view", "model", "schema", "rule", "rules", "test", "tests",
    "exception", "failure", "incorrect", "mismatch", "weak", "strong", "stream", "position",
    "start", "end", "embedding", "embeddings", "classification", "ring", "chain", "word", "words",
    "tag", "exchange", "authenticator", "authentication", "auth", "login", "time", "date",
    "created", "updated", "selector", "xpath", "css", "locator", "element", "css", "icon",
    "visible", "visibility", "sig", "signature", "address", "addresses", "contract", "symbol",
]);

fn is_attribute(word: &str) -> bool {
    ATTRIBUTES.contains(word)
}

/// Words that mean a password, in the languages that configuration is written in.
#[rustfmt::skip]
static PASSWORD_WORDS: WordSet = WordSet::new(&[
    "password", "passwords", "passwd", "passwort", "passphrase", "passcode", "pwd", "pswd", "psw",
    "passw", "pword", "pass", "pw", "kennwort", "contraseña", "contrasena", "contrasenya", "clave",
    "senha", "motdepasse", "mdp", "parola", "wachtwoord", "hasło", "haslo", "lösenord", "losenord",
    "salasana", "adgangskode", "passord", "heslo", "jelszó", "jelszo", "parool", "geslo", "lozinka",
    "şifre", "sifre", "пароль", "密码", "密碼", "口令", "パスワード", "비밀번호", "mật", "kata_sandi", "userpass",
    "dbpass", "rootpass", "adminpass", "smtppass", "mailpass", "mysqlpass", "ftppass", "sshpass",
    "keypass", "storepass", "loginpass", "ldappass", "pgpass", "redispass", "mongopass", "httppass",
    "proxypass", "mypass", "requirepass", "rootpw", "bindpw", "adminpw", "userpw", "dbpw", "authpw",
]);

/// Endings of words written in one, as in `pgpassword` and `userpwd`.
const PASSWORD_ENDS: &[&str] =
    &["password", "passwd", "passwort", "passphrase", "pwd", "wachtwoord", "kennwort"];

#[rustfmt::skip]
static KEY_WORDS: WordSet = WordSet::new(&[
    "secret", "secrets", "token", "tokens", "apikey", "apikeys", "credential", "credentials",
    "cred", "creds", "jwt", "bearer", "psk", "accountkey", "sharedaccesskey", "authkey",
    "secretkey", "accesskey", "privatekey", "masterkey", "signingkey", "encryptionkey",
    "sessionkey", "sharedkey", "appkey", "токен", "секрет", "密钥", "令牌", "secreto", "segredo",
    "geheimnis", "jeton",
]);

const KEY_ENDS: &[&str] = &[
    "secret",
    "token",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "authkey",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "accountkey",
];

/// What stands before `key` when the key is a secret.
#[rustfmt::skip]
static KEY_OWNERS: WordSet = WordSet::new(&[
    "api", "access", "secret", "auth", "authorization", "private", "priv", "signing", "sign",
    "signature", "encryption", "encrypt", "decryption", "decrypt", "enc", "crypto", "cipher", "aes",
    "des", "hmac", "jwt", "account", "master", "service", "subscription", "shared", "storage",
    "admin", "session", "cookie", "consumer", "client", "ssh", "deploy", "integration", "server",
    "security", "webhook", "function", "root", "preshared", "wifi", "wpa", "rsa", "pgp", "gpg",
    "tls", "ssl", "token", "bot", "push", "cosmos", "account", "backup", "vault", "unseal", "write",
    "read", "instrumentation", "restricted", "live", "wep", "csrf", "app", "validation",
]);

/// What stands before `key` when the key finds something instead of opening it.
#[rustfmt::skip]
static KEY_FINDERS: WordSet = WordSet::new(&[
    "primary", "foreign", "cache", "sort", "partition", "range", "index", "group", "map", "dict",
    "registry", "hot", "shortcut", "arrow", "row", "column", "object", "translation", "message",
    "i18n", "locale", "unique", "composite", "lookup", "query", "sorting", "dedup", "idempotency",
    "routing", "event", "config", "option", "setting", "attribute", "property", "item", "node",
    "data", "json", "header", "field", "param", "parameter", "state", "storage_path", "feature",
    "metric", "label", "tag", "enum", "type", "file", "image", "s3", "bucket", "blob", "song",
    "license", "licence", "product", "activation", "test", "is", "has", "no", "on", "the", "a",
]);

/// What stands before `token` when it is a place in a list or a piece of a text.
#[rustfmt::skip]
static TOKEN_FINDERS: WordSet = WordSet::new(&[
    "next", "page", "starting", "update", "purchase", "lock", "etag", "pagination", "continuation", "sync", "pad", "eos", "bos", "unk", "mask", "sep",
    "cls", "special", "stop", "end", "start", "cancellation", "cancel", "max", "min", "num",
    "number", "n", "keyword", "per", "total", "prompt", "completion", "input", "output", "first",
    "last", "current", "prev", "previous", "paging", "resume", "marker", "change", "nextpage",
    "delimiter", "separator", "lexer", "parser", "syntax", "close", "open", "left", "right",
    "comma", "newline", "think", "image", "audio", "video", "new", "added", "idempotency", "nft",
    "erc20", "base", "quote", "native", "snapshot", "upload", "skip",
]);

/// The words that [`telling`] looks at one by one.
#[rustfmt::skip]
static TELLING: WordSet = WordSet::new(&[
    "key", "keys", "token", "tokens", "passe", "word", "phrase", "auth", "authorization", "sas",
    "mnemonic", "salt", "pepper", "pin", "seed", "otp", "totp", "licensekey", "hmac",
]);

/// What stands before `key` when it opens a program that was bought.
const LICENCES: &[&str] = &["license", "licence", "product", "activation"];

/// `WEATHER_KEY`: what is set outside of the program, under the name of whoever gave it.
fn is_constant(name: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
}

fn telling(word: &str, before: &str, is_first: bool) -> Option<Promise> {
    use Sort::{Key, Password};
    use Strength::{Faint, Strong, Weak};
    // The words are many and the names are more: most end here.
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let hash = hash_of(word);
    let may_tell = [&TELLING, &PASSWORD_WORDS, &KEY_WORDS].iter().any(|words| words.may_hold(hash));
    if word.len() < 2 || !(may_tell || has_telling_end(word)) {
        return None;
    }
    match word {
        "key" | "keys" if KEY_OWNERS.contains(before) => Some(promise(Key, Strong)),
        "key" | "keys" if is_first => None,
        "key" | "keys" if LICENCES.contains(&before) => Some(promise(Key, Faint)),
        "key" | "keys" if KEY_FINDERS.contains(before) => None,
        "key" => Some(promise(Key, Faint)),
        "token" | "tokens" if TOKEN_FINDERS.contains(before) => None,
        // Proves who owns a domain, or that a request is the same one again.
        "token" | "tokens" if matches!(before, "verification" | "request") => {
            Some(promise(Key, Faint))
        }
        "passe" if before == "de" => Some(promise(Password, Strong)),
        "word" if before == "pass" => Some(promise(Password, Strong)),
        "phrase" if before == "pass" => Some(promise(Password, Strong)),
        "auth" | "authorization" | "sas" => Some(promise(Key, Weak)),
        "mnemonic" => Some(promise(Key, Weak)),
        "salt" | "pepper" | "pin" | "seed" | "otp" | "totp" | "licensekey" | "hmac" => {
            Some(promise(Key, Faint))
        }
        _ if PASSWORD_WORDS.contains(word) => Some(promise(Password, Strong)),
        _ if KEY_WORDS.contains(word) => Some(promise(Key, Strong)),
        _ if ends(word, PASSWORD_ENDS) => Some(promise(Password, Strong)),
        _ if ends(word, KEY_ENDS) => Some(promise(Key, Strong)),
        _ => None,
    }
}

/// Returns whether the word may end in one of [`PASSWORD_ENDS`] or [`KEY_ENDS`].
fn has_telling_end(word: &str) -> bool {
    let tail = &word.as_bytes()[word.len().saturating_sub(3)..];
    matches!(tail, b"ord" | b"swd" | b"ort" | b"ase" | b"pwd" | b"ret" | b"ken" | b"key")
}

fn ends(word: &str, endings: &[&str]) -> bool {
    endings.iter().any(|end| word.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(name: &str) -> Vec<String> {
        Words::of(name.as_bytes()).iter().map(str::to_owned).collect()
    }

    #[test]
    fn telling_ends_are_known_by_three_letters() {
        for end in PASSWORD_ENDS.iter().chain(KEY_ENDS) {
            assert!(has_telling_end(end), "{end}");
        }
    }

    #[test]
    fn cuts_names_into_words() {
        assert_eq!(words("openaiAPIKey"), ["openai", "api", "key"]);
        assert_eq!(words("OPENAI_API_KEY"), ["openai", "api", "key"]);
        assert_eq!(words("a.b-c"), ["a", "b", "c"]);
        assert_eq!(words("Contraseña"), ["contraseña"]);
        assert_eq!(words(&"a_".repeat(200)).len(), WORDS_MAX);
    }

    #[test]
    fn names_that_promise_a_password() {
        for name in [
            "password",
            "DB_PASSWORD",
            "dbPassword",
            "PGPASSWORD",
            "user.pwd",
            "smtp_pass",
            "passwd2",
            "PASSWORD_PROD",
            "mot_de_passe",
            "MDP",
            "senha",
            "Пароль",
            "密码",
            "userPwd",
            "spring.datasource.password",
            "MYSQL_ROOT_PASSWORD",
            "wachtwoord",
            "rootpw",
        ] {
            let told = promised(name.as_bytes());
            assert_eq!(told, Some(promise(Sort::Password, Strength::Strong)), "{name}");
        }
    }

    #[test]
    fn names_that_promise_a_key() {
        for name in [
            "api_key",
            "apiKey",
            "X-API-Key",
            "client_secret",
            "SECRET_KEY_BASE",
            "accessToken",
            "authtoken",
            "jwt_secret",
            "aws_secret_access_key",
            "encryptionKey",
            "credentials",
            "webhookSecret",
            "AccountKey",
            "_authToken",
            "totp_secret",
            "private_key",
            "API_KEY_1",
        ] {
            let told = promised(name.as_bytes());
            assert_eq!(told, Some(promise(Sort::Key, Strength::Strong)), "{name}");
        }
    }

    #[test]
    fn names_about_a_secret_promise_none() {
        for name in [
            "token_type",
            "passwordLabel",
            "max_tokens",
            "tokenizer",
            "secretName",
            "keyboard",
            "primary_key",
            "foreign_key",
            "cache_key",
            "sort_key",
            "partition_key",
            "public_key",
            "keyId",
            "token_uri",
            "password_hash",
            "passwordPolicy",
            "api_key_header",
            "key",
            "password_field",
            "next_page_token",
            "hashed_secret",
            "forgot_password",
            "compass",
            "bypass",
            "monkey",
            "secretsmanager_arn",
            "token_url",
            "password_reset_path",
            "author",
        ] {
            assert_eq!(promised(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn names_that_promise_little() {
        for (name, strength) in [
            ("salt", Strength::Faint),
            ("license_key", Strength::Faint),
            ("fake_api_key", Strength::Faint),
            ("csrf_token", Strength::Faint),
            ("token_github", Strength::Weak),
        ] {
            assert_eq!(promised(name.as_bytes()).unwrap().strength, strength, "{name}");
        }
    }
}
