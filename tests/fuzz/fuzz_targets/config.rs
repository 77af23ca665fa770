//! Any text as `.keyhook.toml`: refused in words, or settings that can be asked.
#![no_main]

use keyhook::config::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    match Config::parse(input) {
        Ok(config) => {
            config.is_excluded("src/app.py");
            config.is_excluded(input);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
