//! Any bytes as tree objects: refused in words, or entries that lie inside.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [size, cut, rest @ ..] = input else { return };
    let id_size = if size % 2 == 0 { 20 } else { 32 };
    let (old, new) = rest.split_at(usize::from(*cut).min(rest.len()));
    keyhook::git::fuzz::trees(old, new, id_size);
});
