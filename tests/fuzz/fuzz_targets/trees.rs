//! Runs the check of the same name in `src/git/fuzz.rs` on what libFuzzer makes up.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keyhook::git::fuzz::trees(input));
