//! Any text as `.keyhook.toml`: refused in words, or settings that can be asked.

use keyhook::config::Config;

/// Checks one input.
pub fn check(input: &[u8]) {
    // Of other bytes the part before the first that is no text.
    let input = input.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    match Config::parse(input) {
        Ok(config) => {
            config.is_excluded("src/app.py");
            config.is_excluded(input);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
