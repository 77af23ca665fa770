//! Runs `checks/layers.rs` on what libFuzzer makes up.
#![no_main]

#[path = "../checks/layers.rs"]
mod layers;

libfuzzer_sys::fuzz_target!(|input: &[u8]| layers::check(input));
