//! Any text as a gitleaks file: refused in words, or rules that can run.
#![no_main]

use keyhook::rule::{is_gitleaks, load_gitleaks};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    is_gitleaks(input);
    // Every file that it extends is the same one again.
    let mut read = |_: &str| Ok(Some(input.as_bytes().to_vec()));
    let loaded = match load_gitleaks(".gitleaks.toml", &mut read) {
        Ok(loaded) => loaded,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(loaded.remarks.iter().all(|remark| !remark.to_string().is_empty()));
    loaded.rules.compile();
    let hits = loaded.rules.search(input.as_bytes(), "src/app.py");
    let hits = hits.into_iter().chain(loaded.rules.search_name("src/app.py"));
    hits.for_each(|hit| assert!(hit.secret.start <= hit.secret.end));
});
