//! The armoured body of a private key.

use super::jwt::decode_base64url;
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
        && !is_cut(&key)
}

/// Returns whether the body is less than half as long as the structure at its start says: a manual
/// shows the first line and leaves the rest out.
fn is_cut(key: &[u8]) -> bool {
    let start = decode_base64url(&key[..8]).unwrap_or_default();
    // Of a legacy encrypted key the start is random, and has these two bytes once in 65,000.
    let says = match start[..] {
        [0x30, 0x82, high, low, ..] => usize::from(high) << 8 | usize::from(low),
        [0x30, 0x81, len, ..] => usize::from(len),
        _ => 0,
    };
    key.len() * 3 / 4 < says / 2
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
        // The structure's own length counts where it is written: 1189 bytes.
        assert!(is_pem_body(body("MIIEpQIBAAKCAQEA{{base64 1500}}").as_bytes()));
        assert!(!is_pem_body(body("MIIEpQIBAAKCAQEA{{base64 100}}").as_bytes()));
        for wrong in ["{{base64 40}}", "{{base64 64}}...", "xxxxxxxxxxxxxxxx{{base64 64}}", ""] {
            assert!(!is_pem_body(body(wrong).as_bytes()), "{wrong}");
        }
    }
}
