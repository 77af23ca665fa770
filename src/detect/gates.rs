//! Detection with its gates held against detection without them.
//!
//! The gates (the vector pass, the tables, the look at the first bytes of a value) may only save
//! time. So on made-up texts [`super::Engine::detect`] and [`super::Engine::detect_ungated`] must
//! report the same secrets by the same rules, from medium confidence up. The texts mix filled
//! examples of all built-in rules, whole and cut, with random runs, base64, source and separators.
//!
//! Deliberate differences, left out of the comparison:
//! - What is encoded: only the gated look opens layers, so here both stay at the outer text, and no
//!   `%20` stands before a value.
//! - Small letters joined with `_`, without a digit: a name, however odd.
//! - What is glued to words: the head of `key-VALUE_MORE_WORDS` reads like a name, and is no value to
//!   the gates. So nothing is joined with `_` and `-` here.
//! - What is shorter than a run of the vector pass (16 bytes) and stands in no assignment of its own.
//! - Low confidence: nobody is stopped by it, and a gate may well be stricter there.
//!
//! `KEYHOOK_GATE_CASES=100000 KEYHOOK_GATE_SEED=7 cargo test gates` runs longer, from another seed.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::deep::Depth;
use super::{Detection, Engine, FileKind, Text, look, overlap};
use crate::finding::Confidence;
use crate::rule::{RuleSet, builtin_proven, expand};

/// How many texts an ordinary run of the tests compares.
const CASES: u64 = 60;

/// A fixed sequence that looks random (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    fn run(&mut self, alphabet: &[u8], len: usize) -> Vec<u8> {
        (0..len).map(|_| alphabet[self.below(alphabet.len())]).collect()
    }
}

const ALPHABETS: [&[u8]; 5] = [
    b"0123456789abcdef",
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    b"abcdefghijklmnopqrstuvwxyz",
];

const SEPARATORS: &[&[u8]] = &[
    b"\n",
    b"\r\n",
    b" ",
    b"\"",
    b"'",
    b"=",
    b": ",
    b", ",
    b"\\n",
    b"\\\"",
    b"\t",
    b"\0",
    b"\x1b[31m",
    b"\n\n\n\n\n\n\n",
    b"://",
    b"@",
    b"${",
    b"}",
    b"<",
    b">",
    b"\xff",
    b"\xc3\xa4",
    b"",
];

const SNIPPETS: &[&str] = &[
    "import os\nclient = Client(api_key=os.environ[\"API_KEY\"])\n",
    "password: ",
    "const token = \"",
    "Authorization: Bearer ",
    "curl -u user:",
    "  - name: API_KEY\n    value: ",
    "{\"secret\": \"",
    "postgres://app:",
    "@db.internal:5432/app\n",
    "-----BEGIN PRIVATE KEY-----\n",
    "-----END PRIVATE KEY-----\n",
    "# see https://example.com/docs?id=",
    "sha256:",
    "<password>",
    "</password>",
    "export ",
    "_API_KEY=",
];

const NAMES: [&str; 9] =
    ["a.py", ".env", "a.yml", "a.json", "Cargo.lock", "a.md", "a", "a.sh", "a.xml"];

/// All examples of the built-in rules with the file that they stand in, filled in with one seed.
fn examples(seed: u64) -> Vec<(String, Vec<u8>)> {
    let proven = builtin_proven();
    let all = proven.iter().flat_map(|p| p.examples.matches.iter().chain(&p.examples.ignores));
    let filled = all.map(|example| expand(example, seed).expect("the laws hold"));
    filled.map(|filled| (filled.path, filled.text.into_bytes())).collect()
}

fn text(dice: &mut Dice, examples: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..1 + dice.below(8) {
        match dice.below(8) {
            0..=2 => text.extend_from_slice(&examples[dice.below(examples.len())].1),
            3 => {
                let example = &examples[dice.below(examples.len())].1;
                let (a, b) = (dice.below(example.len() + 1), dice.below(example.len() + 1));
                text.extend_from_slice(&example[a.min(b)..a.max(b)]);
            }
            4 => {
                let (alphabet, len) = (dice.pick(&ALPHABETS), 1 + dice.below(90));
                text.extend(dice.run(alphabet, len));
            }
            5 => text.extend_from_slice(dice.pick(SNIPPETS).as_bytes()),
            6 => {
                let len = dice.below(140);
                text.extend(std::iter::repeat_n(b' ', len));
            }
            _ => {}
        }
        text.extend_from_slice(dice.pick(SEPARATORS));
    }
    text
}

fn gated(engine: &Engine, text: &Text<'_>) -> Detection {
    overlap::resolve(&engine.rules, text.bytes, look::look_at(engine, text, &mut Depth::end()))
}

type Said = BTreeSet<(usize, usize, String)>;

fn said(engine: &Engine, detection: &Detection) -> Said {
    let aloud = detection.matches.iter().filter(|m| m.confidence >= Confidence::Medium);
    let said = aloud.map(|m| (m.secret.start, m.secret.end, engine.rules().get(m.rule).id.clone()));
    said.collect()
}

/// Returns what differs, with the text made safe to read.
fn difference(engine: &Engine, text: &Text<'_>) -> Option<String> {
    let with = said(engine, &gated(engine, text));
    let without = said(engine, &engine.detect_ungated(text));
    if with == without {
        return None;
    }
    let mut told = String::new();
    for (gate, lost) in [("only with gates", &with - &without), ("only without", &without - &with)]
    {
        for (start, end, id) in lost {
            let _ = write!(told, "{gate}: {id} {start}..{end}; ");
        }
    }
    let _ = write!(told, "\n  in {:?}: {}", text.kind, text.bytes.escape_ascii());
    Some(told)
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn gates_change_nothing() {
    let engine = Engine::new(RuleSet::builtin());
    let mut dice = Dice(setting("KEYHOOK_GATE_SEED", 1));
    let mut different = Vec::new();
    let mut filled = Vec::new();
    for case in 0..setting("KEYHOOK_GATE_CASES", CASES) {
        if case % 500 == 0 {
            filled = examples(dice.next());
        }
        let bytes = text(&mut dice, &filled);
        let kind = FileKind::of_path(dice.pick(&NAMES).as_bytes());
        different.extend(difference(&engine, &Text { bytes: &bytes, kind }));
    }
    assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
}

#[test]
fn no_offset_hides_an_example() {
    let engine = Engine::new(RuleSet::builtin());
    let step = setting("KEYHOOK_GATE_STEP", 29) as usize;
    let mut different = Vec::new();
    for (index, (path, example)) in examples(1).into_iter().enumerate() {
        let kind = FileKind::of_path(path.as_bytes());
        let alone = said(&engine, &gated(&engine, &Text { bytes: &example, kind }));
        let moved = |by: usize| -> Said {
            alone.iter().map(|(start, end, id)| (start + by, end + by, id.clone())).collect()
        };
        // Every block seam meets every byte of some example even when offsets are skipped.
        for offset in (index % step..=130).step_by(step) {
            // A line end comes last: some patterns start where a line does.
            let mut bytes = vec![b' '; offset];
            bytes.iter_mut().last().into_iter().for_each(|byte| *byte = b'\n');
            bytes.extend_from_slice(&example);
            let found = said(&engine, &gated(&engine, &Text { bytes: &bytes, kind }));
            if found != moved(offset) {
                different.push(format!("{offset}: {} {found:?}", example.escape_ascii()));
            }
        }
    }
    assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
}
