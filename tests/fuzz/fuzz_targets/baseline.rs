//! Runs `checks/baseline.rs` on what libFuzzer makes up.
#![no_main]

#[path = "../checks/baseline.rs"]
mod baseline;

libfuzzer_sys::fuzz_target!(|input: &[u8]| baseline::check(input));
