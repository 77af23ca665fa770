//! Runs `checks/detect.rs` on what libFuzzer makes up.
#![no_main]

#[path = "../checks/detect.rs"]
mod detect;

libfuzzer_sys::fuzz_target!(|input: &[u8]| detect::check(input));
