//! Runs `checks/gitleaks.rs` on what libFuzzer makes up.
#![no_main]

#[path = "../checks/gitleaks.rs"]
mod gitleaks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| gitleaks::check(input));
