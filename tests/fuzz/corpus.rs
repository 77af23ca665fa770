//! The stored corpora of the fuzz targets: one text file each, one input a line, written with the
//! escapes of Rust's `escape_ascii`. So a change of them can be reviewed, and keyhook reads through
//! the escapes when it scans this repository.

use std::path::Path;

/// Returns the stored inputs of a target.
pub fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let file = folder.join(format!("{target}.txt"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let inputs: Vec<Vec<u8>> = text.lines().map(unescaped).collect();
    assert!(!inputs.is_empty(), "{} is empty", file.display());
    inputs
}

fn unescaped(line: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(line.len());
    let mut rest = line.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, left) = match (first, after) {
            (b'\\', [b'x', high, low, left @ ..]) => (digit(*high) << 4 | digit(*low), left),
            (b'\\', [b'n', left @ ..]) => (b'\n', left),
            (b'\\', [b'r', left @ ..]) => (b'\r', left),
            (b'\\', [b't', left @ ..]) => (b'\t', left),
            (b'\\', [other @ (b'\\' | b'\'' | b'"'), left @ ..]) => (*other, left),
            (b'\\', _) => panic!("no such escape: {line}"),
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = left;
    }
    bytes
}

fn digit(byte: u8) -> u8 {
    let digit = char::from(byte).to_digit(16).expect("a hexadecimal digit stands behind \\x");
    u8::try_from(digit).expect("it is below 16")
}
