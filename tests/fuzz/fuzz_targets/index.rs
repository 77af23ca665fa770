//! Any bytes as an index, and as the trees that it names: refused in words, or walked to its end.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [size, cut, rest @ ..] = input else { return };
    let id_size = if size % 2 == 0 { 20 } else { 32 };
    let (tree, index) = rest.split_at(usize::from(*cut).min(rest.len()));
    keyhook::git::fuzz::index(index, tree, id_size);
});
