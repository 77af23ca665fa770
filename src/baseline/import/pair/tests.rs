//! What an entry of each kind covers, on a tree made up here.

use std::collections::BTreeMap;

use super::super::Target;
use super::*;
use crate::baseline::import::pattern;

#[derive(Default)]
struct Files {
    files: BTreeMap<String, String>,
    past: BTreeMap<String, Vec<Past>>,
    key: Option<Vec<u8>>,
}

impl Tree for Files {
    fn paths(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }
    fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.files.get(path).map(|text| text.clone().into_bytes())
    }
    fn in_commit(&self, commit: &str, path: &str) -> Option<Vec<Past>> {
        self.past.get(&format!("{commit}:{path}")).cloned()
    }
    fn hmac_key(&self) -> Option<Vec<u8>> {
        self.key.clone()
    }
}

/// A tree in which `«…»` marks each secret, found by a rule of the given name.
struct World {
    tree: Files,
    secrets: Vec<(Secret, String, String, Span)>,
}

impl World {
    fn new(files: &[(&str, &str, &str)]) -> World {
        let mut world = World { tree: Files::default(), secrets: Vec::new() };
        for (path, rule, marked) in files {
            let mut text = String::new();
            for (at, part) in marked.split(['«', '»']).enumerate() {
                if at % 2 == 1 {
                    let span = text.len()..text.len() + part.len();
                    let secret = Secret::new(part.as_bytes());
                    world.secrets.push((secret, (*path).into(), (*rule).into(), span));
                }
                text.push_str(part);
            }
            world.tree.files.insert((*path).into(), text);
        }
        world
    }

    fn pair(&self, entry: Entry) -> Result<Paired, Left> {
        let line = |text: &str, at: usize| 1 + text[..at].matches('\n').count();
        let sites: Vec<Site<'_>> = self
            .secrets
            .iter()
            .map(|(secret, path, rule, span)| {
                let text = &self.tree.files[path];
                let lines = (line(text, span.start), line(text, span.end));
                Site { secret, path, rule, lines, text: text.as_bytes(), span: Some(span.clone()) }
            })
            .collect();
        pair(&[entry], &sites, &self.tree, "sub").remove(0)
    }

    #[track_caller]
    fn covers(&self, entry: Entry) -> Vec<usize> {
        self.pair(entry).unwrap().sites
    }

    #[track_caller]
    fn why_not(&self, entry: Entry) -> String {
        self.pair(entry).unwrap_err().why
    }
}

fn at(claim: Claim, path: &str, line: usize) -> Entry {
    let mut entry = Entry::new("entry", claim);
    entry.path = Some(path.into());
    entry.lines = Some((line, line));
    entry
}

fn sha1(text: &str) -> Claim {
    Claim::Sha1 { hash: sha1_hex(text.as_bytes()), is_lowered: false }
}

#[test]
fn a_hash_covers_its_value_wherever_the_line_has_gone() {
    let world = World::new(&[("a", "x-key", "\n\n\nk = \"«one»\"\n"), ("b", "x-key", "«one»")]);
    assert_eq!(world.covers(at(sha1("one"), "a", 1)), [0]);
    assert!(world.pair(at(sha1("one"), "a", 1)).unwrap().is_by_value);
    // The file is gone, so the value has moved to wherever it stands.
    assert_eq!(world.covers(at(sha1("one"), "gone", 1)), [0, 1]);
    assert_eq!(world.why_not(at(sha1("two"), "gone", 1)), "the file is gone");
    // A different secret on the recorded line is new.
    assert!(world.why_not(at(sha1("other"), "a", 4)).contains("keyhook does not report it"));
    assert!(world.why_not(at(sha1("k"), "a", 4)).contains("nothing to accept"));
}

#[test]
fn a_hash_of_a_text_around_the_secret_is_believed_and_of_a_part_never() {
    let world = World::new(&[("a", "x-key", "k = \"pre-«secret»\"\n")]);
    assert_eq!(world.covers(at(sha1("pre-secret"), "a", 1)), [0]);
    assert!(world.pair(at(sha1("secre"), "a", 1)).is_err());
    let header = at(Claim::Header, "a", 1);
    assert!(world.why_not(header).contains("every key of its kind"));
}

#[test]
fn small_letters_are_compared_only_where_the_tool_wrote_them() {
    let world = World::new(&[("a", "x-key", "k = \"«SeCret»\"")]);
    let lowered = |is_lowered| Claim::Sha1 { hash: sha1_hex(b"secret"), is_lowered };
    assert_eq!(world.covers(at(lowered(true), "a", 1)), [0]);
    assert!(world.pair(at(lowered(false), "a", 1)).is_err());
}

#[test]
fn a_value_without_a_file_is_covered_everywhere() {
    let world = World::new(&[("a", "x-key", "«one»"), ("b", "y-key", "«one» «two»")]);
    let print = Claim::Sha256(sha256_hex(b"one"));
    assert_eq!(world.covers(Entry::new("e", print)), [0, 1]);
    let value = Claim::Value(Secret::new(b"two"));
    assert_eq!(world.covers(Entry::new("e", value)), [2]);
    let none = Claim::Value(Secret::new(b"three"));
    assert!(world.why_not(Entry::new("e", none)).contains("has this value"));
}

#[test]
fn a_value_is_the_same_secret_if_it_holds_it_or_is_most_of_it() {
    let same = |a: &str, b: &str| is_same(&Secret::new(a.as_bytes()), &Secret::new(b.as_bytes()));
    assert!(same("BEGIN\nbody\nline\nEND", "body\r\nline"));
    assert!(same("0123456789abcdefg", "0123456789abcdefghijk"));
    assert!(!same("0123456789", "0123456789abc"));
    assert!(!same("0123456789abcdef", &"0123456789abcdef".repeat(3)));
    assert!(!same("hello ab", "ab") && !same("", ""));
}

#[test]
fn a_place_covers_the_one_secret_that_stands_there() {
    let world = World::new(&[
        ("a", "slack-bot-token", "«one»\n«two» «three»\n"),
        ("pem", "private-key-rsa", "-----\n«a\nb\nc»\n-----\n"),
    ]);
    let place = |path: &str, line| at(Claim::Place { commit: None }, path, line);
    assert_eq!(world.covers(place("a", 1)), [0]);
    assert!(!world.pair(place("a", 1)).unwrap().is_by_value);
    assert!(world.why_not(place("a", 2)).contains("2 secrets"));
    assert!(world.why_not(place("a", 9)).contains("nothing on this line"));
    assert_eq!(world.why_not(place("gone", 1)), "the file is gone");
    // Others count the header's line as the key's first.
    assert_eq!(world.covers(place("pem", 1)), [3]);
}

#[test]
fn of_two_secrets_on_a_line_the_rule_says_which() {
    let mut world = World::new(&[("a", "slack-bot-token", "«one» «two»\n")]);
    world.secrets[1].2 = "stripe-live-key".into();
    let mut entry = at(Claim::Place { commit: None }, "a", 1);
    entry.rule = Some("kingfisher.stripe.1".into());
    assert_eq!(world.covers(entry), [1]);
}

#[test]
fn a_line_of_a_commit_gives_the_value_that_stood_there() {
    let mut world = World::new(&[("a", "x-key", "\n\n«new» «one»")]);
    let past = |text: &str| {
        vec![Past { lines: (1, 1), rule: "x-key".into(), secret: Secret::new(text.as_bytes()) }]
    };
    world.tree.past.insert("c1:a".into(), past("one"));
    world.tree.past.insert("c2:a".into(), past("gone"));
    let place = |commit: &str, line| at(Claim::Place { commit: Some(commit.into()) }, "a", line);
    assert_eq!(world.covers(place("c1", 1)), [1]);
    assert!(world.pair(place("c1", 1)).unwrap().is_by_value);
    assert!(world.why_not(place("c2", 1)).contains("only in history"));
    assert!(world.why_not(place("c1", 2)).contains("on this line of commit c1"));
    assert!(world.why_not(place("c3", 1)).contains("not in this clone"));
}

#[test]
fn a_pattern_covers_what_it_matches_today() {
    let mut world = World::new(&[("t/a", "aws-key", "x = «one»"), ("b", "npm-token", "«one» one")]);
    let with = |regex: &str, target, rule: Option<&str>| {
        let regex = Box::new(pattern(regex).unwrap());
        let mut entry = Entry::new("e", Claim::Pattern { regex, target });
        entry.rule = rule.map(str::to_owned);
        entry
    };
    assert_eq!(world.covers(with("^t/.*:1:x", Target::GrepLine, None)), [0]);
    assert_eq!(world.covers(with("^one$", Target::Secret, Some("npm"))), [1]);
    assert_eq!(world.covers(with("on", Target::Line, None)), [0, 1]);
    // What is taken out of the line does not touch the secret.
    assert!(world.pair(with("x", Target::Line, None)).is_err());
    world.secrets[0].3 = 0..0;
    assert!(world.pair(with("never", Target::Secret, None)).is_err());
}

#[test]
fn a_checksum_holds_for_its_files_until_they_change() {
    let world = World::new(&[("a.py", "x-key", "«one»\n"), ("d/b.py", "x-key", "«two»\n")]);
    let sum = |files: &[(&str, &str)]| {
        let mut all = String::new();
        for (path, text) in files {
            let parts = [all.as_bytes(), text.as_bytes(), path.as_bytes()].map(sha256_hex);
            all = parts.concat();
        }
        sha256_hex(all.as_bytes())
    };
    let entry = |path: &str, checksum: String| at(Claim::Files { checksum }, path, 1);
    assert_eq!(world.covers(entry("a.py", sum(&[("a.py", "one\n")]))), [0]);
    let both = sum(&[("a.py", "one\n"), ("d/b.py", "two\n")]);
    assert_eq!(world.covers(entry("*.py", both)), [0, 1]);
    assert!(world.why_not(entry("a.py", sum(&[("a.py", "x\n")]))).contains("changed since"));
    assert_eq!(world.why_not(entry("c.py", sum(&[]))), "the file is gone");
}

#[test]
fn keyed_fingerprints_need_the_key() {
    let mut world = World::new(&[("a", "x-key", "«one»")]);
    let claim = || Claim::HmacSha256(hmac_hex(b"the key", b"one"));
    assert!(world.why_not(Entry::new("e", claim())).contains("the key is not here"));
    world.tree.key = Some(b"the key".to_vec());
    assert_eq!(world.covers(Entry::new("e", claim())), [0]);
    world.tree.key = Some(b"another".to_vec());
    assert!(world.pair(Entry::new("e", claim())).is_err());
}

#[test]
fn ggshields_hash_is_over_the_parts_of_a_credential() {
    let world = World::new(&[("a", "aws-key", "id = AKID\nkey = \"«one»\"\n")]);
    let claim = |text: &str| Claim::GitGuardian(sha256_hex(text.as_bytes()));
    assert_eq!(world.covers(Entry::new("e", claim("one,apikey"))), [0]);
    assert_eq!(world.covers(Entry::new("e", claim("AKID,client_idone,client_secret"))), [0]);
    assert!(world.pair(Entry::new("e", claim("two,apikey"))).is_err());
}

#[test]
fn paths_of_another_machine_end_like_ours() {
    let world = World::new(&[("src/a", "x-key", "«one»")]);
    assert_eq!(world.covers(at(sha1("one"), "/repo/src/a", 1)), [0]);
    assert_eq!(world.covers(at(sha1("one"), "C:/work/src/a", 1)), [0]);
    // A list in a folder may count from there.
    let below = World::new(&[("sub/src/a", "x-key", "«one»")]);
    assert_eq!(below.covers(at(sha1("one"), "src/a", 1)), [0]);
    let place = at(Claim::Place { commit: None }, "/repo/other/a", 1);
    assert_eq!(world.why_not(place), "the file is gone");
}

#[test]
fn names_of_rules_are_alike_by_provider() {
    assert!(is_alike("stripe-access-token", "stripe-live-key"));
    assert!(is_alike("generic-api-key", "generic-assignment"));
    assert!(is_alike("Secret Keyword", "generic-assignment"));
    assert!(is_alike("privatekey", "private-key-rsa"));
    assert!(!is_alike("slack-token", "stripe-live-key"));
    assert!(!is_alike("generic-api-key", "slack-bot-token"));
}
