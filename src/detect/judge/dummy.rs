//! Stock passwords: `admin123`, `P@ssw0rd`, `changeme`, `letmein`, `hunter2`.
//!
//! Nobody means to keep them secret, and every tutorial has them. One list serves passwords in
//! URLs, on command lines and in assignments alike. A value is a dummy only if nothing but such
//! words, a short number and a sign are in it, so `Summer2024!kiwi` is a password that someone
//! chose.

use super::fold::Folded;
use crate::detect::words::Starts;

/// Words that make a stock password, alone or joined.
#[rustfmt::skip]
const STOCK: &[&str] = &[
    "123456", "aaa", "abc", "abcd", "abcde", "abcdef", "access", "admin", "administrateur",
    "administrator", "ann", "asd", "asdf", "bad", "bar", "baz", "bogus", "change", "changeit", "changeme",
    "contrasena", "contraseña", "credential", "credentials", "creds", "demo", "dev",
    "easy", "edc",
    "foo", "foobar", "geheim", "good", "guest", "hallo", "haslo", "hello", "heslo", "hidden",
    "iloveyou", "insecure", "it", "kennwort", "key", "letmein", "local", "localhost",
    "login", "master", "me", "motdepasse", "my", "new", "old", "opensesame", "parola", "parole", "pass",
    "passphrase", "passw", "passwd", "password", "passwort", "postgres", "private", "prod",
    "public", "pw", "pwd", "qaz", "quux", "qux", "qwe", "qwer", "qwerty", "qwertz", "root", "sa",
    "secret", "secreto", "secrets", "secure", "segredo", "sekret", "senha", "simple", "staging", "strong",
    "super", "temp", "temporary", "test", "tester", "testing", "tests", "the", "tmp", "token",
    "topsecret", "trustno", "unsafe", "user", "username", "usr", "very", "wachtwoord", "weak",
    "welcome", "word", "wrong", "wsx", "www", "xxx", "xyz", "zaq", "zxc", "zxcv", "пароль",
    "секрет", "密码",
];

/// Words that stand beside them: products, roles, small words. A password of these alone is weak,
/// but somebody may have chosen it.
#[rustfmt::skip]
const COMMON: &[&str] = &[
    "a", "account", "acme", "alice", "an", "and", "another", "ansible", "any", "api", "app",
    "application", "auth", "battery", "be", "beispiel", "blank", "bob", "bond", "chef", "client",
    "check", "cloud", "code", "company", "cookie", "corp", "correct", "crypt", "data", "database",
    "db",
    "def", "default", "different", "django", "docker", "doe", "dummy", "ejemplo", "elastic",
    "email", "empty", "encrypted", "encryption", "enter", "example", "exemple", "fake", "false",
    "first", "for", "ftp", "gateway", "git", "github", "gitlab", "grafana", "hadoop", "hash",
    "here", "hive",
    "horse", "host", "http", "i", "id", "in", "insert", "integration", "invalid", "is", "james",
    "jane", "java", "jenkins", "joe", "john", "jwt", "kafka", "keycloak", "kibana", "kube",
    "kubernetes", "laravel", "ldap", "length", "long", "love", "mail", "manager", "maria",
    "mariadb", "max", "min", "minimum", "minio", "mock", "mongo", "mongodb", "mssql", "must",
    "mysql", "nacos", "name", "nil", "no", "node", "none", "not", "null", "of", "one", "or",
    "oracle", "other", "our", "pg", "php", "placeholder", "postgresql", "press", "project", "proxy",
    "puppet", "python", "rabbit", "rabbitmq", "rails", "random", "real", "redis", "replace",
    "required", "right", "ruby", "safe", "salt", "same", "sample", "second", "server", "service",
    "session", "set", "short", "signing", "site", "smtp", "solr", "some", "spark", "spring", "sql",
    "ssh", "stage", "staple", "string", "system", "team", "text", "this", "three", "to", "todo",
    "tomcat", "top", "true", "two", "type", "unit", "uri", "url", "users", "vagrant", "valid",
    "value", "web",
    "with", "wordpress", "you", "your", "zabbix",
];

/// More digits than these are somebody's own number.
const DIGITS_MAX: usize = 6;
const CHUNK_MAX: usize = 40;

/// Returns whether the value is a stock password.
pub(in crate::detect) fn is_dummy(value: &[u8]) -> bool {
    value.eq_ignore_ascii_case(b"hunter2") || is_made_of(value, false)
}

/// Returns whether the value is made of words so common that a guess would find it.
pub(in crate::detect) fn is_wordy(value: &[u8]) -> bool {
    is_made_of(value, true)
}

/// Returns whether the text, in small letters, is such words one after the other.
pub(super) fn is_words(folded: &[u8]) -> bool {
    !folded.is_empty() && decomposes(folded, true)
}

fn is_made_of(value: &[u8], with_common: bool) -> bool {
    if value.len() > CHUNK_MAX * 2 {
        return false;
    }
    let folded = Folded::of(value);
    let text = folded.bytes();
    let is_letter = |byte: &u8| byte.is_ascii_lowercase() || !byte.is_ascii();
    let is_made_of_words = |text: &[u8]| {
        text.iter().any(is_letter)
            && text
                .split(|byte| !is_letter(byte))
                .filter(|chunk| !chunk.is_empty())
                .all(|chunk| decomposes(chunk, with_common))
    };
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits <= DIGITS_MAX && is_made_of_words(text) {
        return true;
    }
    // `P@ssw0rd!`: letters written as digits and signs, then an ending.
    let Some(last) = text.iter().rposition(u8::is_ascii_lowercase) else { return false };
    let ending = text.len() - last - 1;
    let plain = Folded::of(&text[..=last]).map(plain_letter);
    ending <= DIGITS_MAX
        && plain.bytes().iter().all(u8::is_ascii_lowercase)
        && is_made_of_words(plain.bytes())
}

fn plain_letter(byte: u8) -> u8 {
    match byte {
        b'0' => b'o',
        b'1' | b'!' => b'i',
        b'3' => b'e',
        b'4' | b'@' => b'a',
        b'5' | b'$' => b's',
        b'7' => b't',
        other => other,
    }
}

static STOCK_STARTS: Starts<{ STOCK.len() }> = Starts::new(STOCK);
static COMMON_STARTS: Starts<{ COMMON.len() }> = Starts::new(COMMON);

/// Returns whether the letters are stock words, or common ones, one after the other.
fn decomposes(letters: &[u8], with_common: bool) -> bool {
    if letters.len() > CHUNK_MAX {
        return false;
    }
    let mut reached = [false; CHUNK_MAX + 1];
    reached[0] = true;
    for at in 0..letters.len() {
        if !reached[at] {
            continue;
        }
        for word in STOCK_STARTS.of(&letters[at..]) {
            reached[at + word.len()] = true;
        }
        if with_common {
            for word in COMMON_STARTS.of(&letters[at..]) {
                reached[at + word.len()] = true;
            }
        }
    }
    reached[letters.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::expand;

    #[test]
    fn stock_passwords_are_dummies() {
        let texts = [
            "password",
            "password1",
            "Password123!",
            "P@ssw0rd",
            "Passw0rd!",
            "p4ssw0rd",
            "changeme",
            "changeme123",
            "change-me",
            "secret",
            "secret123",
            "supersecret",
            "s3cr3t",
            "admin",
            "admin123",
            "Admin@123",
            "test1234",
            "t3st",
            "letmein",
            "hunter2",
            "postgres",
            "root",
            "guest",
            "welcome1",
            "qwerty123",
            "my-secret-password",
            "mysecretpw1",
            "foo-bar-1",
            "passwort1",
            "geheim",
            "senha123",
            "motdepasse",
            "пароль",
        ]
        .into_iter();
        let wrong: Vec<_> = texts.filter(|text| !is_dummy(text.as_bytes())).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn passwords_that_someone_chose_are_not() {
        let texts = [
            "Summer2024!kiwi",
            "kV7!xQ2m",
            "Tr0ub4dor&3",
            "bluewhale77",
            "zk19vandermeer",
            "Mnq82kd",
            "anna-1987-berlin",
            "test-9Kd!xw2",
            "admin8412096",
            "",
            "123",
            "!!",
        ]
        .into_iter();
        let wrong: Vec<_> = texts.filter(|text| is_wordy(text.as_bytes())).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn common_words_are_weak_and_no_dummies() {
        let texts =
            ["jenkins-Manager#9", "GrafanaCloud2024", "correcthorsebatterystaple"].into_iter();
        let wrong: Vec<_> =
            texts.filter(|text| !is_wordy(text.as_bytes()) || is_dummy(text.as_bytes())).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn generated_passwords_are_not() {
        for seed in 0..2000 {
            let text = expand("{{alnum 12}}", seed).unwrap().text;
            assert!(!is_wordy(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_word_is_small_and_in_one_list() {
        let is_small = |word: &&str| word.to_lowercase() == **word;
        for list in [STOCK, COMMON] {
            assert!(list.iter().all(is_small));
        }
        assert!(STOCK.iter().all(|word| !COMMON.contains(word)));
    }
}
