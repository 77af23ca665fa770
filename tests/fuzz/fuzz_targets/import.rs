//! Runs `checks/import.rs` on what libFuzzer makes up.
#![no_main]

#[path = "../checks/import.rs"]
mod import;

libfuzzer_sys::fuzz_target!(|input: &[u8]| import::check(input));
