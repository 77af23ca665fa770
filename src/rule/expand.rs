//! Turns the inert examples of a rule file into texts that look like credentials.
//!
//! Nothing in the repository may look like a key, so the body of a token is written as
//! `{{alnum 36}}` and filled here, the same way every time. `{{sum NAME}}` adds the vendor's
//! checksum over everything since `«`. Real keys are never made: the bytes come from a fixed
//! sequence. An example may name the file that it stands in: `@.env|PASSWORD=…`.

use std::ops::Range;

use super::checksum;

/// The names that `{{NAME COUNT}}` accepts, and their alphabets.
const ALPHABETS: &[(&str, &str)] = &[
    ("alnum", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
    ("alnum-lower", "0123456789abcdefghijklmnopqrstuvwxyz"),
    ("alnum-upper", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ("base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    ("base32-lower", "abcdefghijklmnopqrstuvwxyz234567"),
    ("base58", "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
    ("base64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
    ("base64url", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
    ("bech32", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    ("bech32-lower", "qpzry9x8gf2tvdw0s3jn54khce6mua7l"),
    ("crockford", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
    ("digits", "0123456789"),
    ("hex", "0123456789abcdef"),
    ("hex-upper", "0123456789ABCDEF"),
    ("letters", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
    ("lower", "abcdefghijklmnopqrstuvwxyz"),
    ("upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
];

/// No credential is longer; a slip of the finger must not fill the memory.
const LEN_MAX: usize = 100_000;

/// An example with its tokens filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expanded {
    /// The file that the text stands in; empty if it does not matter.
    pub path: String,
    /// The text, without the marks.
    pub text: String,
    /// What stood between `«` and `»`.
    pub secrets: Vec<Range<usize>>,
}

/// Fills in `{{…}}` and takes out the marks; `seed` varies the filling.
pub fn expand(example: &str, seed: u64) -> Result<Expanded, String> {
    let mut text = String::new();
    let mut secrets = Vec::new();
    let mut open = None;
    let mut stream = Stream::new(seed);
    let (path, mut rest) =
        example.strip_prefix('@').and_then(|named| named.split_once('|')).unwrap_or(("", example));
    while let Some(next) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("{{").filter(|after| is_expansion(after)) {
            let (body, after) = after.split_once("}}").expect("is_expansion saw the end");
            let token_start = open.unwrap_or(0);
            let filled = fill(body, &text[token_start..], &mut stream)?;
            text.push_str(&filled);
            rest = after;
            continue;
        }
        match next {
            '«' => open = Some(text.len()),
            '»' => {
                let start = open.take().ok_or("a `»` without `«` before it")?;
                secrets.push(start..text.len());
            }
            other => text.push(other),
        }
        rest = &rest[next.len_utf8()..];
    }
    if open.is_some() {
        return Err("a `«` without `»` behind it".into());
    }
    Ok(Expanded { path: path.to_owned(), text, secrets })
}

/// Tells `{{hex 40}}` from the `{{ .Values.key }}` of a template, which stays as it is.
fn is_expansion(after: &str) -> bool {
    let Some((body, _)) = after.split_once("}}") else { return false };
    let mut words = body.split(' ');
    let name = words.next().unwrap_or_default();
    fillings().contains(&name)
}

/// Returns what `{{…}}` may name.
pub fn fillings() -> Vec<&'static str> {
    let alphabets = ALPHABETS.iter().map(|(name, _)| *name);
    alphabets.chain(["uuid", "sum", "jwt", "base64-of"]).collect()
}

fn fill(body: &str, token: &str, stream: &mut Stream) -> Result<String, String> {
    let (name, argument) = body.split_once(' ').unwrap_or((body, ""));
    match name {
        "uuid" => {
            let hex = ALPHABETS.iter().find(|(n, _)| *n == "hex").expect("in the table").1;
            Ok([8, 4, 4, 4, 12].map(|len| stream.take(hex, len)).join("-"))
        }
        "jwt" => Ok(jwt(stream)),
        "base64-of" => Ok(base64(argument.as_bytes())),
        "sum" => checksum::named(argument)
            .map(|checksum| (checksum.of)(token))
            .ok_or_else(|| format!("`{{{{{body}}}}}`: no checksum has this name")),
        _ => {
            let alphabet = ALPHABETS.iter().find(|(n, _)| *n == name).expect("is_expansion").1;
            match argument.parse::<usize>() {
                Ok(len) if len <= LEN_MAX => Ok(stream.take(alphabet, len)),
                Ok(_) => Err(format!("`{{{{{body}}}}}`: expected a length of at most {LEN_MAX}")),
                Err(_) => {
                    Err(format!("`{{{{{body}}}}}`: expected a length, as in `{{{{hex 40}}}}`"))
                }
            }
        }
    }
}

fn jwt(stream: &mut Stream) -> String {
    let base64url = ALPHABETS.iter().find(|(n, _)| *n == "base64url").expect("in the table").1;
    let header = base64url_of(br#"{"alg":"HS256","typ":"JWT"}"#);
    let payload = base64url_of(br#"{"sub":"1","iat":1700000000,"scope":"write"}"#);
    format!("{header}.{payload}.{}", stream.take(base64url, 43))
}

fn base64url_of(bytes: &[u8]) -> String {
    base64(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
}

fn base64(bytes: &[u8]) -> String {
    let digits = ALPHABETS.iter().find(|(n, _)| *n == "base64").expect("in the table").1.as_bytes();
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, i| bits << 8 | u32::from(*three.get(i).unwrap_or(&0)));
        for place in 0..4 {
            let digit = digits[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// A fixed sequence that looks random (SplitMix64).
struct Stream(u64);

impl Stream {
    fn new(seed: u64) -> Stream {
        Stream(seed ^ 0x6B65_7968_6F6F_6B21)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn take(&mut self, alphabet: &str, len: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..len).map(|_| char::from(alphabet[self.next() as usize % alphabet.len()])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_a_limit() {
        let filled = |len: &str| expand(&format!("{{{{hex {len}}}}}"), 1).map(|e| e.text.len());
        assert_eq!(filled("100000"), Ok(100_000));
        for len in ["100001", "333333333333333323", "99999999999999999999999", "-1", "x"] {
            assert!(filled(len).unwrap_err().contains("expected a length"), "{len}");
        }
    }

    #[test]
    fn fills_tokens_the_same_way_every_time() {
        let once = expand("key = \"«sk-{{hex 8}}»\"", 7).unwrap();
        assert_eq!(once, expand("key = \"«sk-{{hex 8}}»\"", 7).unwrap());
        assert_ne!(once, expand("key = \"«sk-{{hex 8}}»\"", 8).unwrap());
        assert_eq!((once.secrets.len(), &once.secrets[0]), (1, &(7..18)));
        assert_eq!(once.text.len(), 19);
    }

    #[test]
    fn knows_the_file_of_an_example() {
        let example = expand("@a/.env|X=1", 1).unwrap();
        assert_eq!((example.path.as_str(), example.text.as_str()), ("a/.env", "X=1"));
        assert_eq!(expand("@decorator", 1).unwrap().text, "@decorator");
    }

    #[test]
    fn leaves_templates_alone() {
        let text = "key: {{ .Values.key }} ${{ secrets.X }} {{nothing 4}}";
        assert_eq!(expand(text, 1).unwrap().text, text);
    }

    #[test]
    fn adds_checksums_over_the_token() {
        let token = expand("x «ghp_{{alnum 30}}{{sum github}}» y", 1).unwrap();
        let secret = &token.text[token.secrets[0].clone()];
        assert!(checksum::named("github").unwrap().holds(secret));
    }

    #[test]
    fn explains_mistakes() {
        assert!(expand("«x", 1).unwrap_err().contains("without `»`"));
        assert!(expand("x»", 1).unwrap_err().contains("without `«`"));
        assert!(expand("{{hex many}}", 1).unwrap_err().contains("expected a length"));
        assert!(expand("{{sum nobody}}", 1).unwrap_err().contains("no checksum"));
    }

    #[test]
    fn encodes_base64() {
        assert_eq!(expand("{{base64-of a:b}}", 1).unwrap().text, "YTpi");
        assert_eq!(base64(b"any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
    }
}
