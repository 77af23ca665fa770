//! Any bytes as UTF-16 or as something else: the text is what it says, and no longer than it may be.

use keyhook::detect::decode;

/// Checks one input.
pub fn check(input: &[u8]) {
    let (text, _) = decode(input);
    assert!(text.len() <= input.len() * 2 + 4);
    // What is plain text is taken as it is.
    if input.is_ascii() && !input.contains(&0) {
        assert_eq!(&*text, input);
    }
    // Text that was written as UTF-16 with a mark comes back.
    if let Ok(plain) = std::str::from_utf8(input)
        && !plain.is_empty()
        && !plain.contains('\0')
    {
        for big in [false, true] {
            let units = std::iter::once(0xFEFF).chain(plain.encode_utf16());
            let bytes =
                units.flat_map(|u: u16| if big { u.to_be_bytes() } else { u.to_le_bytes() });
            let bytes: Vec<u8> = bytes.collect();
            let (back, _) = decode(&bytes);
            assert_eq!(&*back, plain.as_bytes());
        }
    }
}
