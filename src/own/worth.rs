//! Which values are worth looking for: those that stand in a text for no other reason.
//!
//! `DEBUG=true`, `PORT=3000` and `USER=bob` are live too. A value counts if its name says that it is
//! a secret and nobody would guess it, or if it is so random that its name does not matter.

use std::borrow::Cow;

use super::files::POSTGRES;
use super::pem;
use crate::detect::{Pair, is_guessable, looks_random, pairs, promises_secret};

/// Shorter values stand in texts by chance; longer ones are no keys.
const LEN_MIN: usize = 8;
const LEN_MAX: usize = 1024;
/// A value that does not look random needs a name and this length.
const WRITTEN_MIN: usize = 10;
/// Of a longer value the start tells whether it is random.
const TELLING_MAX: usize = 64;
/// A value without a telling name needs this length.
const NAMELESS_MIN: usize = 20;

/// Returns the values of a file of this source that are worth it, with the names that may be shown.
pub(super) fn values(source: &str, bytes: &[u8]) -> Vec<(Option<String>, Vec<u8>)> {
    if source == POSTGRES {
        let passwords = bytes.split(|byte| *byte == b'\n').filter_map(postgres_password);
        return passwords.filter(|p| grade(p) >= Grade::Named).map(|p| (None, p)).collect();
    }
    let whole = bytes.trim_ascii();
    // Some tools keep a file with nothing but the token.
    if !whole.iter().any(u8::is_ascii_whitespace) && !whole.contains(&b'=') {
        return if grade(whole) >= Grade::Random {
            vec![(None, whole.to_vec())]
        } else {
            Vec::new()
        };
    }
    let mut found = Vec::new();
    for pair in pairs(bytes).into_iter().filter(|pair| is_worth(pair)) {
        let name = shown_name(pair.name);
        if let Some(password) = docker_password(&pair) {
            found.push((name.clone(), password));
        }
        found.push((name, decoded(&pair).into_owned()));
    }
    let keys = pem::lines(bytes).into_iter();
    found.extend(keys.map(|(name, line)| (shown_name(name), line.to_vec())));
    found
}

/// Returns the password of `host:port:database:user:password`, where `\:` is a colon.
fn postgres_password(line: &[u8]) -> Option<Vec<u8>> {
    let line = line.trim_ascii();
    let mut fields: Vec<Vec<u8>> = vec![Vec::new()];
    let mut bytes = line.iter().filter(|_| !line.starts_with(b"#"));
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => fields.last_mut()?.extend(bytes.next()),
            b':' if fields.len() < 5 => fields.push(Vec::new()),
            byte => fields.last_mut()?.push(*byte),
        }
    }
    (fields.len() == 5).then(|| fields.pop()).flatten()
}

/// Returns what is worth it in an exported variable.
pub(super) fn exported(name: &[u8], value: &[u8]) -> Vec<Vec<u8>> {
    // The environment of a shell holds a hundred things that are none of this; most end here.
    let is_possible = value.len() >= LEN_MIN && value.len() <= LEN_MAX && may_promise(name);
    if !is_possible || is_public(name) {
        return Vec::new();
    }
    let line = [b"x=", value].concat();
    let pairs = pairs(&line);
    let Some(pair) = pairs.first() else { return Vec::new() };
    let is_worth =
        (pair.is_password || promises_secret(name)) && grade(&pair.value) >= Grade::Named;
    if is_worth { vec![decoded(pair).into_owned()] } else { Vec::new() }
}

/// Words of which one is in every name that promises a secret, or a URL with a password.
fn may_promise(name: &[u8]) -> bool {
    let mut folded = [0; 64];
    let Some(folded) = folded.get_mut(..name.len()) else { return false };
    folded.copy_from_slice(name);
    folded.make_ascii_uppercase();
    [&b"KEY"[..], b"TOKEN", b"SECRET", b"PASS", b"PW", b"CRED", b"AUTH", b"JWT", b"URL", b"DSN"]
        .iter()
        .any(|word| folded.windows(word.len()).any(|window| window == *word))
}

/// How much a value is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    Nothing,
    /// With a telling name.
    Named,
    /// Whatever it is called.
    Random,
}

fn is_worth(pair: &Pair<'_>) -> bool {
    if is_public(pair.name) {
        return false;
    }
    let value = decoded(pair);
    match grade(&value) {
        Grade::Nothing => false,
        Grade::Random if !is_about_something_public(pair.name) => true,
        _ => pair.is_password || promises_secret(pair.name) || is_tool_name(pair.name),
    }
}

fn grade(value: &[u8]) -> Grade {
    let is_token = |byte: &u8| !byte.is_ascii_whitespace() && !byte.is_ascii_control();
    if value.len() < LEN_MIN || value.len() > LEN_MAX || !value.iter().all(is_token) {
        return Grade::Nothing;
    }
    let is_random = looks_random(&value[..value.len().min(TELLING_MAX)]);
    if memchr::memmem::find(value, b"://").is_some() || is_path(value) {
        return Grade::Nothing;
    }
    // Whether it is a stand-in (`your-token-1`) is dear to ask, and is asked once it is found.
    match is_random {
        true if value.len() >= NAMELESS_MIN && !is_uuid(value) => Grade::Random,
        true => Grade::Named,
        false if is_unguessable(value) => Grade::Named,
        false => Grade::Nothing,
    }
}

/// One key in 64 in base64 starts with a slash, so one slash is not enough.
fn is_path(value: &[u8]) -> bool {
    let is_rooted = value.starts_with(b"/") && memchr::memchr_iter(b'/', value).count() > 1;
    is_rooted || [&b"~/"[..], b"./", b"../"].iter().any(|start| value.starts_with(start))
}

/// Returns whether a value that a person wrote is still one that nobody else would write.
fn is_unguessable(value: &[u8]) -> bool {
    let has = |test: fn(&u8) -> bool| value.iter().any(test);
    let mut seen = [false; 256];
    value.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    value.len() >= WRITTEN_MIN
        && has(u8::is_ascii_alphabetic)
        && has(u8::is_ascii_digit)
        && seen.iter().filter(|seen| **seen).count() >= 7
        && !is_guessable(value)
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36 && [8, 13, 18, 23].iter().all(|at| value[*at] == b'-')
}

/// Names by which frameworks hand a value to every visitor.
fn is_public(name: &[u8]) -> bool {
    [&b"NEXT_PUBLIC_"[..], b"VITE_", b"REACT_APP_", b"PUBLIC_", b"EXPO_PUBLIC_", b"NUXT_PUBLIC_"]
        .iter()
        .chain(&[&b"GATSBY_"[..], b"DOTENV_PUBLIC_KEY", b"GPG_KEY", b"PWD", b"OLDPWD"])
        .any(|start| name.starts_with(start))
}

/// Names of random things that are told to everybody.
fn is_about_something_public(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    [&b"id"[..], b"ids", b"sha", b"sha1", b"sha256", b"hash", b"commit", b"revision", b"version"]
        .iter()
        .chain(&[
            &b"digest"[..],
            b"checksum",
            b"integrity",
            b"fingerprint",
            b"uuid",
            b"guid",
            b"host",
        ])
        .chain(&[
            &b"hostname"[..],
            b"name",
            b"email",
            b"user",
            b"username",
            b"branch",
            b"tag",
            b"ref",
        ])
        .chain(&[&b"image"[..], b"project", b"region", b"bucket", b"certificate-authority-data"])
        .chain(&[&b"client-certificate-data"[..], b"publickey", b"public_key", b"address"])
        .any(|end| name.ends_with(end))
}

/// What the files of tools call a secret.
fn is_tool_name(name: &[u8]) -> bool {
    [&b"auth"[..], b"_auth", b"key", b"access", b"refresh", b"identitytoken", b"client-key-data"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// Returns the value without what a URL does to its password.
fn decoded<'a>(pair: &'a Pair<'_>) -> Cow<'a, [u8]> {
    if !pair.is_password || !pair.value.contains(&b'%') {
        return Cow::Borrowed(&pair.value);
    }
    Cow::Owned(super::search::from_percent(&pair.value))
}

/// docker keeps `user:password` in base64.
fn docker_password(pair: &Pair<'_>) -> Option<Vec<u8>> {
    if pair.name != b"auth" {
        return None;
    }
    let plain = super::search::from_base64(&pair.value)?;
    let colon = memchr::memchr(b':', &plain)?;
    let password = plain[colon + 1..].to_vec();
    (grade(&password) >= Grade::Named).then_some(password)
}

/// Returns a name that holds no secret itself.
pub(super) fn shown_name(name: &[u8]) -> Option<String> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let may_show = !name.is_empty() && name.len() <= 64 && name.iter().all(is_plain);
    (may_show && !looks_random(name)).then(|| String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::is_stand_in;
    use crate::rule::expand;

    fn names(example: &str) -> Vec<String> {
        let text = expand(example, 7).unwrap().text;
        let found = values("", text.as_bytes()).into_iter();
        let found = found.filter(|(_, value)| !is_stand_in(value));
        found.map(|(name, _)| name.unwrap_or_default()).collect()
    }

    #[test]
    fn settings_are_not_worth_it() {
        for text in [
            "DEBUG=true\nPORT=3000\nUSER=bob\nHOST=localhost\nDB_NAME=inventory_service_v2\n",
            "PASSWORD=password123\nSECRET=changeme\nTOKEN=your-token-here\nDB_PASSWORD=postgres\n",
            "API_URL=https://api.acme.io/v1/users\nAWS_REGION=eu-central-1\n",
            "GIT_COMMIT={{hex 40}}\nCLIENT_ID={{uuid}}\nTENANT={{uuid}}\n",
            "NEXT_PUBLIC_API_KEY={{alnum 32}}\nVITE_TOKEN={{alnum 32}}\n",
            "SSH_KEY=/home/bob/.ssh/id_ed25519\nCERT_KEY=./certs/server1.key\n",
            "certificate-authority-data: {{base64 200}}\n",
        ] {
            assert_eq!(names(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn secrets_are() {
        for (text, name) in [
            ("DB_PASSWORD=blue-otter-71\n", "DB_PASSWORD"),
            ("PASS=x9!{{alnum 6}}\n", "PASS"),
            ("WHATEVER={{alnum 32}}\n", "WHATEVER"),
            ("DATABASE_URL=postgres://app:{{alnum 6}}%21blue@db/x\n", "DATABASE_URL"),
            ("machine h login me password otter71blue\n", "password"),
            ("hf_{{alnum 34}}\n", ""),
            ("{\"openai\": \"{{alnum 48}}\"}", "openai"),
            ("//registry.npmjs.org/:_authToken={{uuid}}\n", "_authToken"),
        ] {
            assert_eq!(names(text), [name], "{text}");
        }
        let login = concat!("bWU6b3R0ZXI3", "MWJsdWUtc2t5");
        assert_eq!(names(&format!("{{\"auths\": {{\"r\": {{\"auth\": \"{login}\"}}}}}}")).len(), 2);
    }

    #[test]
    fn the_last_field_of_a_pgpass_line_is_the_password() {
        let text = "# a:1:b:c:comment-71x\nh:5432:*:me:otter71!blue\nh:5432:*:me:otter\\:72\\\\blue\n\
                    h:5432:*:me:a:colon-73x\nh:5432:*:me:postgres\nnot a line\n";
        let found = values(POSTGRES, text.as_bytes());
        let found = found.iter().filter(|(_, value)| !is_stand_in(value));
        let found: Vec<_> = found.map(|(_, v)| String::from_utf8_lossy(v)).collect();
        assert_eq!(found, ["otter71!blue", "otter:72\\blue", "a:colon-73x"]);
    }

    #[test]
    fn a_private_key_is_known_by_a_line_of_its_body() {
        let pem = "-----BEGIN PRIVATE KEY-----\n{{base64 70}}\n{{base64 64}}\n{{base64 64}}\n\
                   {{base64 20}}\n-----END PRIVATE KEY-----";
        let raw = format!("PORT=3000\nDEPLOY_KEY=\"{pem}\"\nDEBUG=1\n");
        assert_eq!(names(&raw), ["DEPLOY_KEY"]);
        assert_eq!(names(&raw.replace("\\n", "\n")), ["DEPLOY_KEY"]);
        let escaped = format!("{{\"private_key\": \"{}\"}}", pem.replace('\n', "\\n"));
        assert_eq!(names(&escaped), ["private_key"]);
        assert_eq!(names(&raw.replace("PRIVATE", "PUBLIC")), Vec::<String>::new());
    }

    #[test]
    fn exported_variables_need_a_telling_name() {
        let value = expand("{{alnum 32}}", 1).unwrap().text;
        for name in ["OPENAI_API_KEY", "GITHUB_TOKEN", "PGPASSWORD"] {
            assert_eq!(exported(name.as_bytes(), value.as_bytes()).len(), 1, "{name}");
        }
        for name in ["SESSION_MANAGER", "INVOCATION_ID", "GPG_KEY", "CACHE_KEY", "PWD"] {
            assert_eq!(exported(name.as_bytes(), value.as_bytes()).len(), 0, "{name}");
        }
        let url = ["redis://:", "otter71%21blue", "@db/x"].concat();
        assert_eq!(exported(b"REDIS_URL", url.as_bytes()), [b"otter71!blue".to_vec()]);
    }

    #[test]
    fn a_name_that_is_a_key_is_not_shown() {
        let name = expand("{{alnum 40}}", 1).unwrap().text;
        assert_eq!(shown_name(name.as_bytes()), None);
        assert_eq!(shown_name(b"a b"), None);
        assert_eq!(shown_name(b"OPENAI_API_KEY").as_deref(), Some("OPENAI_API_KEY"));
    }
}
