//! Any text as a gitleaks file: refused in words, or rules that can run.

use keyhook::rule::{is_gitleaks, load_gitleaks};

/// Checks one input.
pub fn check(input: &[u8]) {
    // Of other bytes the part before the first that is no text.
    let input = input.utf8_chunks().next().map_or("", |chunk| chunk.valid());
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
}
