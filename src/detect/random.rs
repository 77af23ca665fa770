//! Does a text look like random bytes, or like something a person wrote?

/// Returns whether a value of at least 8 bytes looks generated.
///
/// Generated values change between digits, capitals and small letters far more often than
/// identifiers, words and dates do. A rate of change of 0.22 keeps at least 97 % of random values of
/// the usual alphabets (the test below counts them).
pub fn looks_random(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let is_mixed =
        value.iter().any(u8::is_ascii_lowercase) && value.iter().any(u8::is_ascii_uppercase);
    let digits_min = if is_mixed && value.len() >= 16 { 1 } else { 2 };
    if value.len() < 8
        || digits < digits_min
        || letters < 2
        || distinct(value) < 7.min(value.len() / 2 + 2)
    {
        return false;
    }
    let changes = value.windows(2).filter(|pair| is_change(pair[0], pair[1])).count();
    changes * 100 >= (value.len() - 1) * 22 && !has_long_word(value)
}

/// Separators end words, so they are no sign of chance.
fn is_change(a: u8, b: u8) -> bool {
    let (a, b) = (class(a), class(b));
    a != b && a != Class::Other && b != Class::Other
}

/// Returns how many different bytes the value has.
pub(super) fn distinct(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    value.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    seen.iter().filter(|seen| **seen).count()
}

/// A run of twenty letters of one case is a word more often than chance allows.
fn has_long_word(value: &[u8]) -> bool {
    let mut run = 0;
    let mut last = Class::Other;
    value.iter().any(|&byte| {
        let now = class(byte);
        let goes_on = now == last && matches!(now, Class::Lower | Class::Upper);
        run = if goes_on { run + 1 } else { 1 };
        last = now;
        run >= 20
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
    Other,
}

fn class(byte: u8) -> Class {
    match byte {
        b'a'..=b'z' => Class::Lower,
        b'A'..=b'Z' => Class::Upper,
        b'0'..=b'9' => Class::Digit,
        _ => Class::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::expand;

    #[test]
    fn random_values_look_random() {
        for kind in ["alnum 32", "hex 32", "alnum-lower 40", "base64url 43", "base64 40"] {
            let total = 400;
            let passed = (0..total)
                .filter(|seed| {
                    let text = expand(&format!("{{{{{kind}}}}}"), *seed).unwrap().text;
                    looks_random(text.as_bytes())
                })
                .count();
            assert!(passed * 100 >= 97 * total as usize, "{kind}: {passed} of {total}");
        }
    }

    #[test]
    fn written_values_do_not() {
        for text in [
            "password",
            "my-secret-value",
            "getHttpResponseCode",
            "2024-01-01T00:00:00",
            "application_v2",
            "test1234",
            "aaaaaaaaaaaa1111",
            "SECRET_KEY_BASE",
            "projects/my-project/secrets/api-key/versions/12",
        ] {
            assert!(!looks_random(text.as_bytes()), "{text}");
        }
    }
}
