//! Any bytes as what git writes for `diff-index` and `ls-files`: refused in words, or entries.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    keyhook::git::fuzz::replies(input);
});
