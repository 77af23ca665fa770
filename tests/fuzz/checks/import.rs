//! Any bytes as a file of each other scanner: refused in words that quote nothing, or entries that
//! are paired with a small tree.

use keyhook::baseline::import::{FORMATS, Past, Site, Tree, pair, recognise};
use keyhook::finding::Secret;

/// Stands in the tree, and in the seeds where a value may stand.
const VALUE: &str = "aB3dE5gH7jK9mN1pQ2sT";

struct Small;

impl Tree for Small {
    fn paths(&self) -> Vec<String> {
        vec!["src/app.py".to_owned()]
    }
    fn has(&self, path: &str) -> bool {
        path == "src/app.py"
    }
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.has(path).then(|| format!("key = \"{VALUE}\"\n").into_bytes())
    }
    fn in_commit(&self, _: &str, path: &str) -> Option<Vec<Past>> {
        let secret = Secret::new(VALUE.as_bytes());
        self.has(path).then(|| vec![Past { lines: (1, 1), rule: "x-key".to_owned(), secret }])
    }
    fn hmac_key(&self) -> Option<Vec<u8>> {
        Some(b"key".to_vec())
    }
}

/// Checks one input.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let _ = recognise(".json", text);
    let secret = Secret::new(VALUE.as_bytes());
    let content = Small.read("src/app.py").expect("it is there");
    let span = Some(7..7 + VALUE.len());
    let path = "src/app.py";
    let site = Site { secret: &secret, path, rule: "x-key", lines: (1, 1), text: &content, span };
    for format in FORMATS {
        let parsed = match (format.parse)(text) {
            Ok(parsed) => parsed,
            Err(damage) => {
                let said = damage.to_string();
                assert!(!said.is_empty() && !said.contains(VALUE), "{}: {said}", format.name);
                continue;
            }
        };
        assert!(!format!("{:?}", parsed.entries).contains("Secret(\""));
        let paired = pair(&parsed.entries, std::slice::from_ref(&site), &Small, "sub");
        assert_eq!(paired.len(), parsed.entries.len());
    }
}
