//! Any bytes, as any kind of file: spans stay inside, and the same bytes give the same answer.

use keyhook::detect::{Engine, FileKind, Text, decode};
use keyhook::finding::Span;
use keyhook::rule::RuleSet;

thread_local! {
    static ENGINE: Engine = Engine::new(RuleSet::builtin());
}

const NAMES: [&str; 8] =
    ["a.py", ".env", "a.yml", "a.json", "Cargo.lock", "a.md", "a.min.js", "a.xml"];

/// Checks one input.
pub fn check(input: &[u8]) {
    let Some((first, raw)) = input.split_first() else { return };
    let (bytes, is_binary) = decode(raw);
    let name = NAMES[usize::from(*first) % NAMES.len()];
    let kind = FileKind::of_path(name.as_bytes()).unless_binary(is_binary);
    let text = Text { bytes: &bytes, kind };
    let detection = ENGINE.with(|engine| engine.detect(&text));
    let is_inside = |span: &Span| span.start <= span.end && span.end <= bytes.len();
    let mut end = 0;
    for found in &detection.matches {
        assert!(is_inside(&found.secret) && found.parts.iter().all(is_inside));
        assert!(found.secret.start >= end && found.public_len <= found.secret.len());
        end = found.secret.end;
    }
    assert!(detection.suppressed.iter().all(|passed| is_inside(&passed.secret)));
    assert_eq!(detection, ENGINE.with(|engine| engine.detect(&text)));
}
