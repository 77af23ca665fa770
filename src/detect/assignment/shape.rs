//! Shapes of values that are something else than a secret, whatever their name says.
//!
//! Each answers one question about the bytes alone. None may speak up for a random text: the tests
//! run them over generated keys.

use crate::detect::name::Words;
use crate::detect::random::{distinct, randomness};

/// Returns whether the value is a text, a place, an expression: anything but a secret.
pub(super) fn is_something_else(value: &[u8]) -> bool {
    is_call(value)
        || is_path(value)
        || is_address(value)
        || is_format(value)
        || is_markup(value)
        || is_member(value)
        || is_dated(value)
        || is_number(value)
        || is_argument(value)
        || is_quota(value)
        || is_migration(value)
}

/// `5,persistentvolumeclaims=10`, what is left of `secrets=5,…`: numbers of several things.
fn is_quota(value: &[u8]) -> bool {
    let parts = || value.split(|byte| *byte == b',');
    let number = |part: &[u8]| {
        let number = part.rsplit(|byte| *byte == b'=').next().unwrap_or(part);
        !number.is_empty() && number.iter().all(u8::is_ascii_digit)
    };
    parts().count() >= 2 && parts().all(number)
}

/// `0002_auto_20160226_1747`: a numbered change of a database.
fn is_migration(value: &[u8]) -> bool {
    let (number, name) = value.split_at(value.len().min(4));
    number.len() == 4
        && number.iter().all(u8::is_ascii_digit)
        && matches!(name, [b'_', b'a'..=b'z', ..])
        && name
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_')
}

/// `0x` and 40 hex digits: where something lies on a block chain, for all to see.
pub(super) fn is_chain_address(value: &[u8]) -> bool {
    value.len() == 42 && value.starts_with(b"0x") && value[2..].iter().all(u8::is_ascii_hexdigit)
}

/// Returns whether the value is letters that chance made: as many capitals as small ones, nearly,
/// and no words.
pub(in crate::detect) fn is_letter_mix(value: &[u8]) -> bool {
    let upper = value.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    value.len() >= LETTERS_MIN
        && value.iter().all(u8::is_ascii_alphabetic)
        && upper * 10 >= value.len() * 3
        && upper * 10 <= value.len() * 7
        && humps(value) >= 4
        && randomness(value) >= MIX_LEAST
}

/// Fewer letters may be initials and a word.
const LETTERS_MIN: usize = 10;

/// As few pairs as a short value has say less than those of a long one.
const MIX_LEAST: i32 = -150;

/// `7.5e-06`, `1_000`, `0x7f`.
fn is_number(value: &[u8]) -> bool {
    let text = std::str::from_utf8(value).unwrap_or_default();
    text.len() <= NUMBER_MAX && text.replace('_', "").parse::<f64>().is_ok()
}

/// A longer row of digits is no number that somebody calculates with.
const NUMBER_MAX: usize = 14;

/// `stream=True`, `limit=10`: a call's named argument, spoken of in prose ("Pass `stream=True`").
fn is_argument(value: &[u8]) -> bool {
    let value = value.trim_ascii_end();
    let Some(at) = memchr::memchr(b'=', value) else { return false };
    let (name, rest) = (&value[..at], &value[at + 1..]);
    let is_name =
        name.len() > 2 && name.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_');
    let literal = ["True", "False", "None", "true", "false", "null", "torch", "'", "\""];
    is_name
        && (literal.iter().any(|start| rest.starts_with(start.as_bytes()))
            || rest.iter().all(u8::is_ascii_digit))
}

/// Returns whether the value is a call, an element or a member: code, not a text.
pub(in crate::detect) fn is_expression(value: &[u8]) -> bool {
    is_call(value) || is_member(value)
}

/// `get_password()`, `tokens[0]`, `{ "a": 1 }`, `lambda: x`, `t,b:r})=>await`.
fn is_call(value: &[u8]) -> bool {
    let word = value.iter().take_while(|byte| is_identifier_byte(**byte)).count();
    match (value.get(word), value.last()) {
        (Some(b'('), Some(b')')) | (Some(b'['), Some(b']')) | (Some(b'{'), Some(b'}')) => true,
        (Some(b'(' | b'['), _) if word > 2 => !value[..word].iter().any(u8::is_ascii_digit),
        (Some(b')' | b']'), None) => true,
        _ => {
            value.ends_with(b"()")
                || value.starts_with(b"[")
                || value.starts_with(b"{")
                || memchr::memmem::find(value, b")=>").is_some()
        }
    }
}

fn is_identifier_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':')
}

/// `/etc/ssl/key.pem`, `./token`, `C:\keys`, `secret/data/app`, `a/b/c.json`.
pub(super) fn is_path(value: &[u8]) -> bool {
    let starts = [&b"./"[..], b"../", b"~/", b"$/", b"\\\\"].iter().any(|s| value.starts_with(s));
    let is_drive = matches!(value, [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic());
    if starts || is_drive {
        return true;
    }
    let is_separator = |byte: &u8| matches!(byte, b'/' | b'\\');
    let separators = value.iter().filter(|byte| is_separator(byte)).count();
    separators > 0
        && value.split(|byte| is_separator(byte)).filter(|part| !part.is_empty()).all(is_plain)
}

/// Returns whether a part of a path or a name is words and short numbers.
pub(super) fn is_plain(part: &[u8]) -> bool {
    part.split(|byte| matches!(byte, b'-' | b'_' | b'.' | b':' | b' ' | b'*' | b'@')).all(|word| {
        let letters = word.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
        let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
        // `7B` of a model's name is its size.
        let is_size = letters == 1 && word.last().is_some_and(u8::is_ascii_alphabetic);
        // `route53resolver` and `OAuth2Token` have one number between words.
        let runs = word.split(|byte| byte.is_ascii_digit()).filter(|run| !run.is_empty()).count();
        letters + digits == word.len()
            && digits <= 4
            && (runs <= 1 && word.first().is_none_or(u8::is_ascii_alphabetic)
                || letters == 0
                || is_size
                || (runs == 2 && letters >= 8))
            && humps(word) * 3 <= letters.max(3)
    })
}

/// Counts the capitals behind small letters: `camelCase` has few, chance has many.
fn humps(letters: &[u8]) -> usize {
    letters
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        .count()
        * 2
}

/// URLs, host names, mail addresses, image names, media types.
fn is_address(value: &[u8]) -> bool {
    const ENDS: &[&str] = &[
        ".com",
        ".org",
        ".net",
        ".io",
        ".dev",
        ".local",
        ".internal",
        ".json",
        ".pem",
        ".key",
        ".txt",
        ".yml",
        ".yaml",
        ".xml",
        ".crt",
        ".html",
        ".php",
        ".js",
        ".py",
        ".svc",
        ".jks",
        ".p12",
        ".pfx",
        ".conf",
        ".env",
        ".ts",
        ".md",
        ".png",
        ".log",
        ".sh",
        ".co",
        ".de",
        ".uk",
    ];
    let lower = value.to_ascii_lowercase();
    let has_end = ENDS.iter().any(|end| lower.ends_with(end.as_bytes()));
    memchr::memmem::find(value, b"://").is_some()
        || lower.starts_with(b"mailto:")
        || lower.starts_with(b"urn:")
        || (has_end && value.iter().all(|byte| is_identifier_byte(*byte) || b"@-+/".contains(byte)))
}

/// `%s`, `{0}`, `{name}`, `\d+`, `[a-z]`, `^…$`, `.*`.
fn is_format(value: &[u8]) -> bool {
    let has = |part: &[u8]| memchr::memmem::find(value, part).is_some();
    let is_anchored = value.starts_with(b"^") && (value.ends_with(b"$") || has(b"["));
    let is_percent = value.windows(2).any(|pair| pair[0] == b'%' && b"sdv@".contains(&pair[1]))
        && (value.len() <= 4 || has(b" ") || value.ends_with(b"%s") || value.starts_with(b"%s"));
    is_anchored
        || is_grammar_name(value)
        || is_percent
        || is_braced(value)
        || [&b"\\d"[..], b"\\w", b"\\s", b"[a-z", b"[A-Z", b"[0-9", b"[^", b".*", b".+", b"(?"]
            .iter()
            .any(|part| has(part))
}

/// `keyword.tag-$1`: a class of a grammar with a group to fill in.
fn is_grammar_name(value: &[u8]) -> bool {
    let name: Vec<u8> = value.iter().copied().filter(|byte| *byte != b'$').collect();
    name.len() + 1 == value.len() && name.contains(&b'.') && is_plain(&name)
}

/// A place to fill in: `{name}`, `{{ x }}`, `[[x]]`, `__NAME__`, `<name>`, `@name@`, `%name%`.
fn is_braced(value: &[u8]) -> bool {
    let inside = |open: u8, close: u8| {
        let at = value.iter().position(|byte| *byte == open)?;
        let len = value[at + 1..].iter().position(|byte| *byte == close)?;
        Some(&value[at + 1..at + 1 + len])
    };
    let is_name = |text: &[u8]| {
        let is_words = !text.first().is_some_and(u8::is_ascii_digit)
            && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.$ -:".contains(byte));
        is_words || text.iter().all(u8::is_ascii_digit)
    };
    inside(b'{', b'}').is_some_and(is_name)
        || matches!(
            value,
            [b'<', .., b'>'] | [b'[', .., b']'] | [b'@', .., b'@'] | [b'%', .., b'%']
        )
        || (value.starts_with(b"__") && value.ends_with(b"__"))
}

/// Tags, entities, selectors, escapes of another text.
fn is_markup(value: &[u8]) -> bool {
    let is_selector = match value {
        [b'#' | b'.', first, rest @ ..] => first.is_ascii_alphabetic() && is_plain(rest),
        _ => false,
    };
    is_selector
        || memchr::memmem::find(value, b"</").is_some()
        || memchr::memmem::find(value, b"/>").is_some()
        || value.starts_with(b"//")
        || value.starts_with(b"--")
        || value.starts_with(b"\\u") && value.len() <= 30
}

/// `config.password`, `self::TOKEN`, `user->pass`, `module.secret.id`.
fn is_member(value: &[u8]) -> bool {
    let is_name = |part: &[u8]| {
        // A part may be a place to fill in: `keyword.$0`.
        let part = part.strip_prefix(b"$").unwrap_or(part);
        !part.is_empty()
            && part
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'?')
            && is_plain(part)
    };
    let dots = value.iter().filter(|byte| **byte == b'.').count();
    let is_dotted = dots > 0
        && value.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && value.split(|byte| *byte == b'.').all(is_name)
        && value.iter().filter(|byte| byte.is_ascii_digit()).count() <= 2;
    is_dotted
        || memchr::memmem::find(value, b"->").is_some_and(|at| is_name(&value[..at]))
        || memchr::memmem::find(value, b"::").is_some_and(|at| at > 0 && is_name(&value[..at]))
}

/// Versions, dates, times, sizes, numbers in any notation.
fn is_dated(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let others = value.iter().filter(|byte| !byte.is_ascii_digit());
    let is_number_like = others.clone().all(|byte| b".-:/_+, vTZ".contains(byte))
        && digits > 0
        && digits < value.len();
    let is_hex_number = value.len() <= 18
        && (value.starts_with(b"0x") || value.starts_with(b"0X"))
        && value[2..].iter().all(u8::is_ascii_hexdigit);
    is_number_like || is_hex_number || is_decimal(value)
}

/// `2.25e-05`, as prices and rates are written.
fn is_decimal(value: &[u8]) -> bool {
    value.first().is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.'))
        && value.iter().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(byte))
        && std::str::from_utf8(value).is_ok_and(|text| text.parse::<f64>().is_ok())
}

/// Returns whether the value is written in the groups of a UUID.
pub(super) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Returns whether letters or digits come in their order: `1a2b3c4d-5e6f`, `abCDeFGhiJKlmn`.
pub(super) fn is_alphabet_walk(value: &[u8]) -> bool {
    let walks = |is_member: fn(&u8) -> bool| {
        let members: Vec<u8> =
            value.iter().filter(|b| is_member(b)).map(u8::to_ascii_lowercase).collect();
        let steps = members.windows(2).filter(|pair| pair[1] == pair[0] + 1).count();
        members.len() >= 6 && steps * 10 >= members.len() * 6
    };
    walks(u8::is_ascii_alphabetic) || (walks(u8::is_ascii_digit) && value.len() < 40)
}

/// `OAuth2TokenAuth`, `V1SecretVolumeSource`: a name with one number before its last word.
pub(super) fn is_type_name(value: &[u8]) -> bool {
    if !value.iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let runs = value.split(|byte| byte.is_ascii_digit()).filter(|run| !run.is_empty()).count();
    let words = Words::of(value);
    let long = words.iter().filter(|word| word.len() >= 4).count();
    (1..=2).contains(&digits)
        && runs == 2
        && value.last().is_some_and(u8::is_ascii_alphabetic)
        && long >= 2
        && words.iter().map(str::len).sum::<usize>() >= 4 * words.iter().count()
        && randomness(value) < -250
}

/// `A2A_API_BASE`: the name of a variable.
pub(super) fn is_constant_name(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let joints = value.iter().filter(|byte| **byte == b'_').count();
    value.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
        && joints >= 1
        && digits <= 2
        && value.len() <= 12 * (joints + 1)
}

/// Returns whether the value is what is left of a password behind a one-way function.
pub(super) fn is_hashed(value: &[u8]) -> bool {
    [
        &b"pbkdf2"[..],
        b"bcrypt",
        b"argon2",
        b"scrypt",
        b"{SSHA}",
        b"{SHA}",
        b"$2",
        b"$6$",
        b"$5$",
        b"$1$",
        b"$y$",
        b"$7$",
        b"$argon2",
        b"$apr1$",
    ]
    .iter()
    .any(|start| value.starts_with(start))
        && value.iter().filter(|byte| matches!(byte, b'$' | b'}' | b':')).count() >= 1
}

/// Returns whether the value is base64 of an object, as the first part of a JWT is: those are found
/// by a rule that reads all three parts.
pub(super) fn is_encoded_object(value: &[u8]) -> bool {
    value.starts_with(b"eyJ")
}

/// Returns whether the value is at least 24 characters in which letters, digits and signs change
/// places as they do by chance: the secret keys of Django.
pub(super) fn is_symbol_mix(value: &[u8]) -> bool {
    let class = |byte: u8| match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' | b'A'..=b'Z' => 1,
        _ => 2,
    };
    let changes = value.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    let of_class = |wanted| value.iter().filter(|byte| class(**byte) == wanted).count();
    value.len() >= 24
        && value.iter().all(u8::is_ascii_graphic)
        && !value.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\'))
        && changes * 10 >= value.len() * 4
        && of_class(0) * 10 >= value.len()
        && of_class(2) * 12 >= value.len()
        && distinct(value) >= 16
}

/// Returns whether the value is three words or more and a number, as a person makes a phrase.
pub(super) fn is_passphrase(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| matches!(byte, b'-' | b'_' | b'.'));
    let is_word = |part: &&[u8]| part.len() >= 4 && part.iter().all(u8::is_ascii_alphabetic);
    let Some(number) = parts.next_back() else { return false };
    let words: Vec<&[u8]> = parts.collect();
    (2..=4).contains(&number.len())
        && number.iter().all(u8::is_ascii_digit)
        && words.len() >= 3
        && words.iter().all(is_word)
}

/// Returns whether the value is one or more words joined as identifiers join them.
pub(super) fn is_identifier(value: &[u8]) -> bool {
    let is_joined = value.iter().any(|byte| matches!(byte, b'-' | b'_' | b'.' | b':'));
    let has_digit = value.iter().any(u8::is_ascii_digit);
    let is_wordy = value
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    // `butterfly88--` ends as no identifier does.
    let is_open = value.last().is_some_and(|byte| matches!(byte, b'-' | b'.' | b':'));
    is_type_name(value)
        || is_constant_name(value)
        || (is_wordy && !is_open && is_plain(value) && (is_joined || !has_digit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::expand;

    #[test]
    fn tells_what_is_no_secret() {
        for text in [
            "get_password()",
            "tokens[0]",
            "{\"a\": 1}",
            "vault.read('x')",
            "/run/secrets/db",
            "./token",
            "C:\\keys\\a",
            "secret/data/app",
            "https://acme.io",
            "anna@acme.io",
            "server.pem",
            "%s",
            "{password}",
            "prefix-{name}",
            "^[a-z]{8,}$",
            "\\d+",
            "<b>bold</b>",
            "#password",
            ".login-form",
            "config.password",
            "self::TOKEN",
            "user->pass",
            "2024-01-01",
            "1.2.3",
            "0x1F",
            "__PASSWORD__",
            "application/json",
        ] {
            assert!(is_something_else(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn tells_passwords_from_shapes() {
        for text in [
            "kV7!xQ2m",
            "Tr0ub4dor&3",
            "aB3(dk9!x",
            "x{9Kd}2mQ",
            "p/9Kd!xw",
            "#kV72mLq!",
            "S.3kr.9!w",
            "q1w2[e3r4",
            "50%Off!now",
            "9f.kV-2m_Q",
        ] {
            assert!(!is_something_else(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn generated_keys_are_nothing_else() {
        for kind in ["alnum 20", "hex 32", "base64 40", "base64url 43", "alnum-lower 24", "uuid"] {
            let wrong = (0..1000)
                .filter(|seed| {
                    let text = expand(&format!("{{{{{kind}}}}}"), *seed).unwrap().text;
                    is_something_else(text.as_bytes()) || is_identifier(text.as_bytes())
                })
                .count();
            assert!(wrong <= 10, "{kind}: {wrong} of 1000");
        }
    }
}
