//! Whether there is anything in a file to guard: a template has none, whatever it is called.

use super::names::Test;
use crate::detect::{Pair, is_stand_in, looks_random, pairs, promises_secret};
use crate::finding::Confidence;

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holds {
    /// How sure it is that it is nobody else's business.
    pub(super) confidence: Confidence,
    /// The names of the values that are, in order; empty if the file is not of that sort.
    pub(super) names: Vec<String>,
    /// How many values the named rules would have to find for the file to be accounted for.
    pub(super) secrets: usize,
}

/// A file of values is small; in a larger one its start decides.
const READ_MAX: usize = 1 << 20;

/// Looks for something to guard; `None` if the file may be committed.
pub(super) fn look(test: Test, bytes: &[u8]) -> Option<Holds> {
    let bytes = &bytes[..bytes.len().min(READ_MAX)];
    if bytes.trim_ascii().is_empty() || is_encrypted(bytes) {
        return None;
    }
    let whole = |confidence| Some(Holds { confidence, names: Vec::new(), secrets: 1 });
    match test {
        Test::Settings => values(bytes),
        Test::Secrets => secrets(bytes),
        Test::PrivateKey => private_key(bytes).and_then(whole),
        Test::Opaque => is_opaque(bytes).then(|| whole(Confidence::High)).flatten(),
        Test::Accounts => has_accounts(bytes).then(|| whole(Confidence::High)).flatten(),
        Test::State if memchr::memmem::find(bytes, b"\"attributes\"").is_some() => {
            whole(Confidence::High)
        }
        Test::State => secrets(bytes),
        Test::Notes if is_prose(bytes) => None,
        // A link's content is the short path that it leads to.
        Test::Notes | Test::Content => {
            (bytes.len() > 16).then(|| whole(Confidence::Medium)).flatten()
        }
    }
}

/// What git-crypt, ansible-vault and SOPS have locked may lie anywhere.
fn is_encrypted(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0GITCRYPT\0")
        || bytes.starts_with(b"$ANSIBLE_VAULT;")
        || bytes.starts_with(b"age-encryption.org/")
        || bytes.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
}

/// Returns whether most lines are sentences: a manual has a page on passwords, too.
fn is_prose(bytes: &[u8]) -> bool {
    const LINES_MIN: usize = 20;
    const WORDS_MIN: usize = 6;
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let is_word = |word: &&[u8]| {
        word.iter().all(|byte| byte.is_ascii_alphabetic() || b"',.;:()`".contains(byte))
    };
    let is_sentence = |line: &[u8]| {
        let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        words.filter(is_word).count() >= WORDS_MIN
    };
    let (mut all, mut sentences) = (0, 0);
    for line in lines {
        all += 1;
        sentences += usize::from(is_sentence(line));
    }
    all >= LINES_MIN && sentences * 2 > all
}

/// Judges a file of settings, some of which may be secrets.
fn values(bytes: &[u8]) -> Option<Holds> {
    let all = pairs(bytes);
    let real = all.iter().filter(|pair| is_real(pair)).collect::<Vec<_>>();
    let (secret, other): (Vec<&Pair<'_>>, Vec<&Pair<'_>>) =
        real.into_iter().partition(|pair| is_secret(pair));
    let telling = other.iter().filter(|pair| !is_setting(pair)).count();
    let confidence = match (secret.len(), telling, other.len()) {
        (0, 0, 0) => return None,
        // `PORT=3000` alone: many frameworks want that file committed.
        (0, 0, _) => Confidence::Low,
        (0, ..) => Confidence::Medium,
        _ => Confidence::High,
    };
    let names = secret.iter().chain(&other).filter_map(|pair| name_of(pair)).collect();
    Some(Holds { confidence, names, secrets: secret.len() })
}

/// Judges a file whose secrets have telling names.
fn secrets(bytes: &[u8]) -> Option<Holds> {
    // The login of a tool that writes nothing but a token.
    if !bytes.trim_ascii().iter().any(u8::is_ascii_whitespace) && looks_random(bytes.trim_ascii()) {
        return Some(Holds { confidence: Confidence::High, names: Vec::new(), secrets: 1 });
    }
    let mut secret = pairs(bytes);
    secret.retain(|pair| is_real(pair) && is_secret(pair));
    let names: Vec<String> = secret.iter().filter_map(name_of).collect();
    let secrets = secret.len();
    (secrets > 0).then_some(Holds { confidence: Confidence::High, names, secrets })
}

/// Values that say what kind of secret stands elsewhere are none themselves.
fn is_real(pair: &Pair<'_>) -> bool {
    let value = pair.value.trim_ascii();
    !value.is_empty()
        && !is_stand_in(value)
        && !value.starts_with(b"ENC[")
        && !value.starts_with(b"encrypted:")
}

fn is_secret(pair: &Pair<'_>) -> bool {
    let value = pair.value.trim_ascii();
    let is_named = pair.is_password || promises_secret(pair.name) || is_tool_name(pair.name);
    let is_word = matches!(value, b"true" | b"false" | b"null" | b"none" | b"yes" | b"no");
    (is_named && value.len() >= 4 && !is_word && !is_url(value) && !is_public(pair.name))
        || (value.len() >= 20 && !is_public(pair.name) && !is_url(value) && looks_random(value))
}

/// What the logins of tools call it.
fn is_tool_name(name: &[u8]) -> bool {
    [&b"auth"[..], b"_auth", b"token", b"password", b"passwd", b"client-key-data", b"private_key"]
        .iter()
        .chain(&[&b"refresh_token"[..], b"refresh", b"access", b"key", b"secret"])
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// Names by which frameworks hand a value to every visitor, and names of public things.
fn is_public(name: &[u8]) -> bool {
    let starts: [&[u8]; 8] = [
        b"NEXT_PUBLIC_",
        b"VITE_",
        b"REACT_APP_",
        b"PUBLIC_",
        b"EXPO_PUBLIC_",
        b"NUXT_PUBLIC_",
        b"GATSBY_",
        b"DOTENV_PUBLIC_KEY",
    ];
    starts.iter().any(|start| name.starts_with(start))
}

fn is_url(value: &[u8]) -> bool {
    memchr::memmem::find(value, b"://").is_some()
}

/// `true`, `3000`, `development`, `localhost`, `./data`: a setting that opens nothing.
fn is_setting(pair: &Pair<'_>) -> bool {
    const WORDS: &[&str] = &[
        "true",
        "false",
        "on",
        "off",
        "yes",
        "no",
        "none",
        "null",
        "info",
        "debug",
        "warn",
        "warning",
        "error",
        "trace",
        "local",
        "localhost",
        "dev",
        "development",
        "prod",
        "production",
        "test",
        "testing",
        "staging",
        "stage",
        "sqlite",
        "postgres",
        "postgresql",
        "mysql",
        "redis",
        "utf-8",
        "utf8",
        "utc",
        "file",
        "memory",
        "sync",
        "log",
        "array",
        "database",
        "smtp",
    ];
    let value = pair.value.trim_ascii();
    let is_word = WORDS.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()));
    let is_number = value.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':' | b','));
    let is_path = value.starts_with(b"/") || value.starts_with(b"./") || value.starts_with(b"../");
    is_word || is_number || is_path || is_url(value) || is_public(pair.name)
}

/// Returns the name, if it is one that may be shown.
fn name_of(pair: &Pair<'_>) -> Option<String> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let may_show = pair.name.len() <= 64 && pair.name.iter().all(is_plain);
    (may_show && !looks_random(pair.name)).then(|| String::from_utf8_lossy(pair.name).into_owned())
}

/// Judges what is called a key: certificates, public keys and parameters are for everybody.
fn private_key(bytes: &[u8]) -> Option<Confidence> {
    const STARTS: [&[u8]; 3] = [b"PuTTY-User-Key-File-", b"AGE-SECRET-KEY-1", b"openssh-key-v1\0"];
    if armoured(bytes) || STARTS.iter().any(|start| memchr::memmem::find(bytes, start).is_some()) {
        return Some(Confidence::High);
    }
    if memchr::memmem::find(bytes, b"-----BEGIN ").is_some() {
        return None;
    }
    if is_der_key(bytes) {
        return Some(Confidence::High);
    }
    // Rails and others keep one line of random characters.
    let line = bytes.trim_ascii();
    (line.len() <= 256 && !is_stand_in(line) && looks_random(line)).then_some(Confidence::Medium)
}

/// Returns whether the bytes are a private key in DER: a sequence that starts with a version, as of
/// PKCS #1, #8 and #12 and SEC 1, or with how it is encrypted. Certificates, public keys and
/// parameters start with something else.
fn is_der_key(bytes: &[u8]) -> bool {
    let content = match bytes {
        [0x30, len @ 0x81..=0x84, rest @ ..] => rest.get(usize::from(len - 0x80)..),
        [0x30, 0x10..=0x7F, rest @ ..] => Some(rest),
        _ => None,
    };
    let Some(content) = content else { return false };
    // The names of PKCS #5 and of the encryptions of PKCS #12 start like this.
    let encryption: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01];
    match content {
        [0x02, 0x01, 0x00 | 0x01 | 0x03, 0x30 | 0x02 | 0x04, ..] => true,
        [0x30, _, 0x06, _, name @ ..] => {
            matches!(name.strip_prefix(encryption), Some([0x05 | 0x0C, ..]))
        }
        _ => false,
    }
}

/// Returns whether an armoured private key with a body stands in the text.
fn armoured(bytes: &[u8]) -> bool {
    memchr::memmem::find_iter(bytes, b"PRIVATE KEY").any(|at| {
        let line = &bytes[at.saturating_sub(40)..at];
        // So much is enough to tell, and keeps a hostile file of headers linear.
        let body = &bytes[at..bytes.len().min(at + 1024)];
        let body = &body[..memchr::memmem::find(body, b"-----END").unwrap_or(body.len())];
        let is_body = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        memchr::memmem::find(line, b"-----BEGIN ").is_some()
            && body.iter().filter(is_body).count() >= 64
    })
}

fn is_opaque(bytes: &[u8]) -> bool {
    let is_pointer = bytes.starts_with(b"version https://git-lfs.github.com/spec/");
    is_pointer || (bytes.len() > 32 && (bytes.contains(&0) || std::str::from_utf8(bytes).is_err()))
}

/// `user:$apr1$…`, and `host:port:database:user:password`.
fn has_accounts(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).any(|line| {
        let last = line.rsplit(|byte| *byte == b':').next().unwrap_or(line);
        let is_hash = last.starts_with(b"$") && last[1..].contains(&b'$');
        let is_real = is_hash || (last.len() >= 4 && !is_stand_in(last));
        is_real && !line.starts_with(b"#") && last.len() < line.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::expand;

    fn of(test: Test, example: &str) -> Option<Confidence> {
        let text = expand(example, 3).unwrap().text;
        look(test, text.as_bytes()).map(|holds| holds.confidence)
    }

    #[test]
    fn environment_files_are_weighed() {
        let (low, medium, high) = (Confidence::Low, Confidence::Medium, Confidence::High);
        for (text, expected) in [
            ("", None),
            ("# nothing\n\n", None),
            ("API_KEY=\nTOKEN=your-token-here\nX=${Y}\n", None),
            ("DB_PASSWORD=changeme\n", None),
            ("PORT=3000\nDEBUG=true\nNODE_ENV=development\nURL=https://example.com/\n", Some(low)),
            ("NEXT_PUBLIC_KEY={{alnum 32}}\n", Some(low)),
            ("COMPANY=Müller & Sons\n", Some(medium)),
            ("DB_PASSWORD=kV7!{{alnum 8}}\n", Some(high)),
            ("X={{alnum 32}}\n", Some(high)),
            ("DATABASE_URL=postgres://app:kV7{{alnum 9}}@db/x\n", Some(high)),
        ] {
            assert_eq!(of(Test::Settings, text), expected, "{text}");
        }
    }

    #[test]
    fn logins_need_a_secret() {
        for text in [
            "//registry.npmjs.org/:_authToken={{alnum 36}}\n",
            "machine h.example login me password kV7{{alnum 12}}\n",
            "[pypi]\nusername = __token__\npassword = kV7{{alnum 20}}\n",
            "https://me:kV7{{alnum 20}}@host\n",
            "{\"auths\": {\"r\": {\"auth\": \"{{base64 40}}\"}}}",
            "users:\n- name: a\n  user:\n    token: {{alnum 40}}\n",
            "hf_{{alnum 34}}\n",
        ] {
            assert_eq!(of(Test::Secrets, text), Some(Confidence::High), "{text}");
        }
        for text in [
            "registry=https://registry.npmjs.org/\nsave-exact=true\n",
            "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n",
            "machine h.example login me password <your-password>\n",
            "region = \"eu-central-1\"\ninstance_count = 3\n",
            "{\"installed\": {}}",
        ] {
            assert_eq!(of(Test::Secrets, text), None, "{text}");
        }
    }

    #[test]
    fn a_page_of_a_manual_is_no_note_of_passwords() {
        let page = "Passwords are stored as a hash, with an algorithm and a salt.\n\n".repeat(30);
        assert_eq!(of(Test::Notes, &page), None);
        let notes = "mail: kV7{{alnum 9}}\nbank of the family: hunter2 or hunter3, see the book\n";
        assert_eq!(of(Test::Notes, notes), Some(Confidence::Medium));
        assert_eq!(of(Test::Notes, &notes.repeat(30)), Some(Confidence::Medium));
        assert_eq!(of(Test::Content, &page), Some(Confidence::Medium));
    }

    #[test]
    fn certificates_are_for_everybody() {
        let pem = |label: &str| {
            format!("-----BEGIN {label}-----\n{{{{base64 200}}}}\n-----END {label}-----\n")
        };
        for label in ["CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY", "DH PARAMETERS", "X509 CRL"] {
            assert_eq!(of(Test::PrivateKey, &pem(label)), None, "{label}");
        }
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY"] {
            let both = pem("CERTIFICATE") + &pem(label);
            assert_eq!(of(Test::PrivateKey, &both), Some(Confidence::High), "{label}");
        }
        assert_eq!(of(Test::PrivateKey, "-----BEGIN PRIVATE KEY-----\n...\n"), None);
        assert_eq!(of(Test::PrivateKey, "{{hex 32}}\n"), Some(Confidence::Medium));
        assert_eq!(of(Test::PrivateKey, "the key of C major\n"), None);
        assert_eq!(look(Test::PrivateKey, b"PK\x03\x04 a zip"), None);
    }

    #[test]
    fn a_key_without_armour_is_told_by_its_first_bytes() {
        let is_key = |start: &[u8]| {
            let bytes = [start, &[0x5A; 64]].concat();
            look(Test::PrivateKey, &bytes).map(|holds| holds.confidence)
        };
        for key in [
            &[0x30, 0x82, 4, 0xBE, 2, 1, 0, 0x30, 0x0D, 6, 9][..],
            &[0x30, 0x82, 4, 0xA4, 2, 1, 0, 2, 0x82],
            &[0x30, 0x77, 2, 1, 1, 4, 0x20],
            &[0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70],
            b"\x30\x81\x9B\x30\x57\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0D",
        ] {
            assert_eq!(is_key(key), Some(Confidence::High), "{key:x?}");
        }
        for other in [
            &[0x30, 0x82, 3, 0x4B, 0x30, 0x82, 2, 0x33, 0xA0, 3, 2, 1, 2][..],
            b"\x30\x81\x9F\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01",
            &[0x30, 0x82, 1, 8, 2, 0x82, 1, 1, 0],
            &[0x30],
            &[0x30, 0x84],
        ] {
            assert_eq!(is_key(other), None, "{other:x?}");
        }
    }

    #[test]
    fn what_is_locked_or_no_store_is_let_through() {
        assert_eq!(look(Test::Opaque, b"../../somewhere/else/far/away/store.p12"), None);
        assert!(
            look(
                Test::Opaque,
                &[0x30; 5].repeat(20).iter().chain(&[0]).copied().collect::<Vec<_>>()
            )
            .is_some()
        );
        for text in [&b"\0GITCRYPT\0xxxxxxxx"[..], b"$ANSIBLE_VAULT;1.1;AES256\n6162"] {
            assert_eq!(look(Test::Settings, text), None);
            assert_eq!(look(Test::Content, text), None);
        }
        assert_eq!(of(Test::Settings, "KEY=ENC[AES256_GCM,data:{{base64 24}}]\n"), None);
        assert_eq!(of(Test::Accounts, "# user:pass\n"), None);
        assert!(of(Test::Accounts, "admin:$2y$10${{alnum 50}}\n").is_some());
    }
}
