//! The armoured body of a private key.

use super::pattern::longest_run;
use crate::detect::random::distinct;

/// The shortest real body is an Ed25519 key: 64 characters.
const BODY_MIN: usize = 60;

/// Returns whether the body is long and varied enough to hold a key.
pub(super) fn is_pem_body(body: &[u8]) -> bool {
    // Headers such as `Proc-Type: 4,ENCRYPTED` and escapes such as `\n` are not part of the key.
    let text = String::from_utf8_lossy(body).replace("\\n", "\n").replace("\\r", "\n");
    let key: Vec<u8> = text
        .lines()
        .filter(|line| !line.contains(": "))
        .flat_map(|line| line.bytes())
        .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        .collect();
    // Zeros in the key's own structure are a row of `A`.
    key.len() >= BODY_MIN
        && distinct(&key) >= 20
        && longest_run(&key, 0, b'A') < 12
        && !text.contains("...")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::expand;

    #[test]
    fn a_body_is_long_and_varied() {
        let body = |example: &str| expand(example, 1).unwrap().text;
        assert!(is_pem_body(body("{{base64 64}}").as_bytes()));
        assert!(is_pem_body(body("{{base64 64}}\\n{{base64 64}}\\n").as_bytes()));
        assert!(is_pem_body(body("AAAAAAAAAAAAAAAA{{base64 64}}").as_bytes()));
        for wrong in ["{{base64 40}}", "{{base64 64}}...", "xxxxxxxxxxxxxxxx{{base64 64}}", ""] {
            assert!(!is_pem_body(body(wrong).as_bytes()), "{wrong}");
        }
    }
}
