//! Any bytes as a baseline: refused in words, or records that survive being written.
#![no_main]

use keyhook::baseline::Baseline;
use keyhook::finding::{Salt, Secret};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let baseline = match Baseline::parse(input, &Salt::none()) {
        Ok(baseline) => baseline,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let _ = baseline.look_up(&Secret::new(input), "src/app.py", "a-key");
    // A file of detect-secrets is read and never written.
    let Ok(text) = baseline.render() else { return };
    let again = Baseline::parse(text.as_bytes(), &Salt::none()).expect("it was just written");
    assert!(again.records().eq(baseline.records()));
});
