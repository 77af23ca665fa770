//! Laws that hold for every input, tried on random ones.
//!
//! The last one is the law of "new": what `scan --staged` reports lies on a line that git calls
//! added, and no planted key that the old version did not hold is missed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use keyhook::baseline::{Baseline, Record};
use keyhook::detect::{Engine, FileKind, Text, decode};
use keyhook::finding::{Fingerprint, Salt, Secret, Span, Verdict};
use keyhook::rule::{Rule, RuleSet, builtin_proven, expand};
use keyhook::scan::Masker;
use proptest::prelude::*;

use crate::support::{Sandbox, key};

/// A filled example of a rule and the places of its secrets, without the public text that they start
/// with.
type Planted = (String, Vec<Span>);

/// The examples of every rule that must fire, filled in once.
fn examples() -> &'static [Planted] {
    static EXAMPLES: OnceLock<Vec<Planted>> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        let proven = builtin_proven();
        let all = proven.iter().flat_map(|p| p.examples.matches.iter().map(|e| (&p.rule, e)));
        all.zip(5000..).map(|((rule, example), seed)| planted(rule, example, seed)).collect()
    })
}

fn planted(rule: &Rule, example: &str, seed: u64) -> Planted {
    let filled = expand(example, seed).expect("the laws hold");
    let hidden = |span: Span| {
        let folded = filled.text[span.clone()].to_ascii_lowercase();
        let starts = |word: &&String| folded.starts_with(&word.to_ascii_lowercase());
        let public = rule.keywords.iter().filter(starts).map(String::len).max().unwrap_or(0);
        span.start + public..span.end
    };
    let spans = filled.secrets.iter().cloned().map(hidden).collect();
    (filled.text, spans)
}

thread_local! {
    /// Patterns are compiled when first needed, so one engine serves all cases of a test.
    static ENGINE: Engine = Engine::new(RuleSet::builtin());
}

fn example() -> impl Strategy<Value = Planted> {
    (0..examples().len()).prop_map(|index| examples()[index].clone())
}

/// Bytes between examples: any, those that carry meaning for a detector, and cut-off examples.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let telling = proptest::sample::select(
        &b"\n\r\t\0 \\\"'`=:;,.<>(){}[]$#%@-_+/|\xff\xfe\xef\xbb\xbfaA0"[..],
    );
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        proptest::collection::vec(telling, 0..60),
        (example(), any::<proptest::sample::Index>(), any::<bool>()).prop_map(
            |((text, _), at, is_head)| {
                let at = at.index(text.len() + 1);
                let part = if is_head { &text.as_bytes()[..at] } else { &text.as_bytes()[at..] };
                part.to_vec()
            }
        ),
    ]
}

fn mixed() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![noise(), example().prop_map(|(text, _)| text.into_bytes())];
    proptest::collection::vec(part, 0..7).prop_map(|parts| parts.concat())
}

/// Kinds of files as the detector tells them apart.
const NAMES: &[&str] = &[
    "a.py",
    "a.js",
    ".env",
    "a.yml",
    "a.json",
    "Cargo.lock",
    "a.tf",
    "a.md",
    "a",
    "a.sh",
    "a.xml",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spans_stay_inside_the_text(
        raw in mixed(),
        name in proptest::sample::select(NAMES),
        is_binary in any::<bool>(),
    ) {
        let (bytes, _) = decode(&raw);
        let kind = FileKind::of_path(name.as_bytes()).unless_binary(is_binary);
        let text = Text { bytes: &bytes, kind };
        let detection = ENGINE.with(|engine| engine.detect(&text));
        let mut end = 0;
        for found in &detection.matches {
            prop_assert!(found.secret.start < found.secret.end && found.secret.end <= bytes.len());
            prop_assert!(found.secret.start >= end, "overlapping or unsorted");
            prop_assert!(found.public_len <= found.secret.len());
            prop_assert!(found.parts.iter().all(|p| p.start <= p.end && p.end <= bytes.len()));
            end = found.secret.end;
        }
        for passed in &detection.suppressed {
            prop_assert!(passed.secret.start <= passed.secret.end);
            prop_assert!(passed.secret.end <= bytes.len());
        }
        // Same bytes, same answer.
        prop_assert_eq!(detection, ENGINE.with(|engine| engine.detect(&text)));
    }

    #[test]
    fn no_message_shows_a_secret(
        planted in proptest::collection::vec(("[ -~]{0,30}", example(), "[ -~]{0,30}"), 1..4),
    ) {
        let mut message = String::new();
        let mut secrets: Vec<Span> = Vec::new();
        for (before, (text, spans), after) in &planted {
            message.push_str(before);
            message.push('\n');
            let start = message.len();
            secrets.extend(spans.iter().map(|span| start + span.start..start + span.end));
            message.push_str(text);
            message.push('\n');
            message.push_str(after);
        }
        let shown = ENGINE.with(|engine| Masker::new(engine).message(&message));
        for secret in secrets {
            for part in message.as_bytes()[secret].windows(12) {
                let is_shown = shown.as_bytes().windows(12).any(|window| window == part);
                prop_assert!(!is_shown, "{:?} stands in {shown}", String::from_utf8_lossy(part));
            }
        }
    }

    #[test]
    fn fingerprints_do_not_depend_on_carriage_returns(
        lines in proptest::collection::vec("[ -~]{0,40}", 1..6),
        salt in any::<[u8; 16]>(),
    ) {
        let salt = Salt::from_bytes(salt);
        let of = |text: &str| Fingerprint::of(&Secret::new(text.as_bytes()), &salt);
        prop_assert_eq!(of(&lines.join("\n")), of(&lines.join("\r\n")));
        let other = format!("{}x", lines.join("\n"));
        prop_assert_ne!(of(&lines.join("\n")), of(&other));
    }

    #[test]
    fn a_baseline_survives_being_written(
        salt in any::<[u8; 16]>(),
        records in proptest::collection::vec(record(), 0..12),
    ) {
        let salt = Salt::from_bytes(salt);
        let mut baseline = Baseline::new(salt.clone());
        let mut last = BTreeMap::new();
        for (secret, record) in records {
            let fingerprint = baseline.fingerprint(&Secret::new(&secret));
            let record = Record { fingerprint, ..record };
            last.insert((record.fingerprint.clone(), record.path.clone()), record.clone());
            baseline.record(record);
        }
        let text = baseline.render().unwrap();
        let again = Baseline::parse(text.as_bytes(), &Salt::none()).unwrap();
        prop_assert_eq!(again.records().cloned().collect::<Vec<_>>(), last.into_values().collect::<Vec<_>>());
        prop_assert_eq!(again.render().unwrap(), text);
    }
}

fn record() -> impl Strategy<Value = (Vec<u8>, Record)> {
    let verdict = proptest::sample::select(
        &[Verdict::Unreviewed, Verdict::Real, Verdict::Revoked, Verdict::FalsePositive][..],
    );
    let optional = || proptest::option::of("\\PC{0,20}");
    let secret = proptest::collection::vec(any::<u8>(), 1..3);
    (secret, "[a-z]{1,9}-key", "\\PC{1,20}", verdict, optional(), optional()).prop_map(
        |(secret, rule, path, verdict, reason, by)| {
            let fingerprint = Fingerprint::of(&Secret::new(&secret), &Salt::none());
            let record =
                Record { fingerprint, rule, path, verdict, reason, by, on: None, rotate_by: None };
            (secret, record)
        },
    )
}

/// A line of the file of the law of "new": ordinary, or one with the key of this number.
#[derive(Clone, Debug, PartialEq)]
enum Line {
    Plain(u8),
    Key(u64, bool),
}

impl Line {
    fn text(&self) -> String {
        match self {
            Line::Plain(number) => format!("line = {number}"),
            Line::Key(seed, true) => format!("client = Anthropic(api_key=\"{}\")", key(*seed)),
            Line::Key(seed, false) => format!("KEY = '{}'  # a key", key(*seed)),
        }
    }
}

fn line() -> impl Strategy<Value = Line> {
    prop_oneof![
        3 => (0u8..12).prop_map(Line::Plain),
        1 => (0u64..6, any::<bool>()).prop_map(|(seed, form)| Line::Key(seed, form)),
    ]
}

/// What a person does to a file.
#[derive(Clone, Debug)]
enum Edit {
    Insert(proptest::sample::Index, Line),
    Remove(proptest::sample::Index),
    Move(proptest::sample::Index, proptest::sample::Index),
    LineEnds,
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<proptest::sample::Index>;
    prop_oneof![
        4 => (index(), line()).prop_map(|(at, line)| Edit::Insert(at, line)),
        3 => index().prop_map(Edit::Remove),
        3 => (index(), index()).prop_map(|(from, to)| Edit::Move(from, to)),
        1 => Just(Edit::LineEnds),
    ]
}

fn edited(mut lines: Vec<Line>, edits: &[Edit]) -> (Vec<Line>, &'static str) {
    let mut end = "\n";
    for edit in edits {
        match edit {
            Edit::Insert(at, line) => lines.insert(at.index(lines.len() + 1), line.clone()),
            Edit::Remove(at) if !lines.is_empty() => {
                lines.remove(at.index(lines.len()));
            }
            Edit::Move(from, to) if !lines.is_empty() => {
                let line = lines.remove(from.index(lines.len()));
                lines.insert(to.index(lines.len() + 1), line);
            }
            Edit::LineEnds => end = "\r\n",
            Edit::Remove(_) | Edit::Move(..) => {}
        }
    }
    (lines, end)
}

fn rendered(lines: &[Line], end: &str) -> String {
    lines.iter().map(|line| line.text() + end).collect()
}

/// The numbers of the lines that git calls added.
fn added_lines(sandbox: &Sandbox) -> BTreeSet<u64> {
    let diff = sandbox.git(&["diff", "--cached", "-U0", "--no-color", "--no-ext-diff"]);
    let mut added = BTreeSet::new();
    for header in diff.lines().filter(|line| line.starts_with("@@ ")) {
        let new = header.split_once('+').unwrap().1.split(' ').next().unwrap();
        let (start, count) = new.split_once(',').unwrap_or((new, "1"));
        let (start, count): (u64, u64) = (start.parse().unwrap(), count.parse().unwrap());
        added.extend(start..start + count);
    }
    added
}

fn keys_in(lines: &[Line]) -> BTreeSet<u64> {
    let seeds = lines.iter().filter_map(|line| match line {
        Line::Key(seed, _) => Some(*seed),
        Line::Plain(_) => None,
    });
    seeds.collect()
}

/// One edit of one file, committed and staged; returns what broke.
fn law_of_new(sandbox: &Sandbox, old: &[Line], edits: &[Edit]) -> Result<(), TestCaseError> {
    sandbox.write("app.py", rendered(old, "\n")).stage(&["app.py"]);
    sandbox.git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", "old"]);
    let (new, end) = edited(old.to_vec(), edits);
    sandbox.write("app.py", rendered(&new, end)).stage(&["app.py"]);
    let run = sandbox.keyhook(&["scan", "--staged", "--format", "json"]);
    prop_assert!(run.err.is_empty(), "{}", run.err);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let reported: Vec<u64> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["line"].as_u64().unwrap())
        .collect();
    let added = added_lines(sandbox);
    for line in &reported {
        prop_assert!(added.contains(line), "line {line} is reported, but {added:?} were added");
    }
    let seeds: BTreeSet<u64> = reported
        .iter()
        .map(|line| match &new[*line as usize - 1] {
            Line::Key(seed, _) => *seed,
            Line::Plain(_) => panic!("line {line} holds no key"),
        })
        .collect();
    let fresh: BTreeSet<u64> = keys_in(&new).difference(&keys_in(old)).copied().collect();
    prop_assert_eq!(&seeds, &fresh);
    prop_assert_eq!(run.code, i32::from(!fresh.is_empty()));
    Ok(())
}

#[test]
fn what_is_reported_is_what_was_added() {
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() };
    let sandbox = Sandbox::new();
    let lines = proptest::collection::vec(line(), 0..14);
    let edits = proptest::collection::vec(edit(), 1..8);
    proptest!(config, |(old in lines, edits in edits)| {
        law_of_new(&sandbox, &old, &edits)?;
    });
}
