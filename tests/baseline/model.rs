//! Random histories, held against a simple model of what a baseline is.
//!
//! The model knows files as lists of lines, and a baseline as a list of (value, file, verdict). For
//! each commit it says what is new, and after each update what is known. keyhook must say the same,
//! and the bytes of the baseline change only if that knowledge does.

use std::collections::{BTreeMap, BTreeSet};

use keyhook::baseline::Baseline;
use keyhook::finding::{Secret, Verdict};

use super::{Random, parse};
use crate::support::{Sandbox, key, leak};

const NAME: &str = ".secrets.baseline";

/// A value is a number, from which its key is made.
type Value = u64;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    Prose(u64),
    Secret(Value),
}

/// A file keeps its number under another name.
#[derive(Clone, Debug)]
struct File {
    number: u64,
    lines: Vec<Line>,
}

impl File {
    fn text(&self) -> String {
        let line = |line: &Line| match line {
            Line::Prose(number) => format!("# line {number} of some text that says nothing\n"),
            Line::Secret(value) => leak(*value),
        };
        self.lines.iter().map(line).collect()
    }

    fn values(&self) -> BTreeSet<Value> {
        let value = |line: &Line| match line {
            Line::Secret(value) => Some(*value),
            Line::Prose(_) => None,
        };
        self.lines.iter().filter_map(value).collect()
    }
}

type Tree = BTreeMap<String, File>;
type Known = BTreeMap<(Value, String), Verdict>;

struct History {
    sandbox: Sandbox,
    random: Random,
    tree: Tree,
    /// The tree of the last commit.
    head: Tree,
    known: Known,
    next: u64,
    log: Vec<String>,
}

impl History {
    fn new(seed: u64) -> History {
        let sandbox = Sandbox::new();
        sandbox.commit("readme", "x\n").install();
        // git would move files of one branch into a folder that the other renamed.
        sandbox.git(&["config", "merge.directoryRenames", "false"]);
        sandbox.keyhook(&["baseline", "create"]).expect(0);
        sandbox.git(&["commit", "-q", "-m", "baseline"]);
        let (tree, known) = (Tree::new(), Known::new());
        let random = Random(seed);
        let head = tree.clone();
        History { sandbox, random, tree, head, known, next: 1, log: Vec::new() }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn any_path(&mut self) -> Option<String> {
        let paths: Vec<String> = self.tree.keys().cloned().collect();
        (!paths.is_empty()).then(|| paths[self.random.below(paths.len())].clone())
    }

    fn fresh_path(&mut self) -> String {
        let folder = ["", "src/", "lib/", "src/deep/"][self.random.below(4)];
        format!("{folder}f{}.py", self.number())
    }

    fn new_file(&mut self) -> String {
        let path = self.fresh_path();
        let lines = (0..25).map(|_| Line::Prose(self.number())).collect();
        let number = self.number();
        self.tree.insert(path.clone(), File { number, lines });
        path
    }

    fn insert(&mut self, path: &str, line: Line) {
        let count = self.tree[path].lines.len();
        let at = self.random.below(count + 1);
        self.tree.get_mut(path).unwrap().lines.insert(at, line);
    }

    /// One thing that a person does to the worktree.
    fn act(&mut self) {
        let Some(path) = self.any_path() else {
            self.new_file();
            return;
        };
        let what = self.random.below(11);
        self.log.push(format!("{what} {path}"));
        match what {
            0 => drop(self.new_file()),
            1 | 2 => {
                let value = self.number();
                self.insert(&path, Line::Secret(value));
            }
            3 => {
                let number = self.number();
                self.insert(&path, Line::Prose(number));
            }
            // A value that stands somewhere already.
            4 => {
                let values: Vec<Value> = self.tree.values().flat_map(File::values).collect();
                if !values.is_empty() {
                    let value = values[self.random.below(values.len())];
                    self.insert(&path, Line::Secret(value));
                }
            }
            5 => {
                let file = self.tree.get_mut(&path).unwrap();
                if let Some(at) = file.lines.iter().position(|l| matches!(l, Line::Secret(_))) {
                    file.lines.remove(at);
                }
            }
            // Lines move about.
            6 => {
                let file = self.tree.get_mut(&path).unwrap();
                let at = self.random.below(file.lines.len());
                file.lines.rotate_left(at);
            }
            7 | 8 => {
                let to = self.fresh_path();
                let file = self.tree.remove(&path).unwrap();
                self.tree.insert(to, file);
            }
            9 => drop(self.tree.remove(&path)),
            _ => {
                let to = format!("d{}/", self.number());
                let inside: Vec<String> =
                    self.tree.keys().filter(|path| path.starts_with("src/")).cloned().collect();
                for path in inside {
                    let file = self.tree.remove(&path).unwrap();
                    self.tree.insert(path.replacen("src/", &to, 1), file);
                }
            }
        }
    }

    /// Brings the worktree and the index to the model's tree.
    fn stage(&self) {
        for path in self.head.keys().filter(|path| !self.tree.contains_key(*path)) {
            let _ = std::fs::remove_file(self.sandbox.path(path));
        }
        for (path, file) in &self.tree {
            self.sandbox.write(path, file.text());
        }
        self.sandbox.git(&["add", "-A"]);
    }

    /// What the hook has to report, by the rules of `docs/baseline.md`: for each value the files in
    /// which it is new, of which `moved` may be passed over because a place has moved there.
    fn new_places(&self) -> BTreeMap<Value, (BTreeSet<String>, usize)> {
        let mut new: BTreeMap<Value, (BTreeSet<String>, usize)> = BTreeMap::new();
        let mut renamed_to: BTreeSet<(Value, String)> = BTreeSet::new();
        for (path, file) in &self.tree {
            let before = self.head.get(path).or_else(|| {
                let is_old = |old: &(&String, &File)| {
                    old.1.number == file.number && !self.tree.contains_key(old.0)
                };
                self.head.iter().find(is_old).map(|(_, file)| file)
            });
            let olds = before.map(File::values).unwrap_or_default();
            for value in file.values() {
                let is_known =
                    self.known.contains_key(&(value, path.clone())) || self.is_no_secret(value);
                if olds.contains(&value) {
                    renamed_to.insert((value, path.clone()));
                } else if !is_known {
                    new.entry(value).or_default().0.insert(path.clone());
                }
            }
        }
        for (value, (_, moved)) in &mut new {
            let is_gone =
                |path: &str| self.head.contains_key(path) && !self.tree.contains_key(path);
            let gone = self.known.keys().filter(|(v, path)| v == value && is_gone(path)).count();
            let unknown = |(v, path): &&(Value, String)| {
                v == value && !self.known.contains_key(&(*v, path.clone()))
            };
            *moved = gone.saturating_sub(renamed_to.iter().filter(unknown).count());
        }
        new
    }

    fn is_no_secret(&self, value: Value) -> bool {
        self.known.iter().any(|((v, _), verdict)| *v == value && *verdict == Verdict::FalsePositive)
    }

    /// Compares what keyhook reports with the model; returns whether anything is new.
    #[track_caller]
    fn look(&self) -> bool {
        let run = self.sandbox.keyhook(&["scan", "--staged", "--format", "json"]);
        let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let baseline = self.baseline();
        let mut reported: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for finding in json["findings"].as_array().unwrap() {
            if finding["verdict"].is_null() {
                let print = finding["fingerprint"].as_str().unwrap().to_owned();
                let path = finding["path"].as_str().unwrap().to_owned();
                reported.entry(print).or_default().insert(path);
            }
        }
        for (value, (paths, moved)) in self.new_places() {
            let got = reported.remove(&print(&baseline, value)).unwrap_or_default();
            let expected = paths.len().saturating_sub(moved);
            assert_eq!(got.len(), expected, "value {value} in {paths:?}: {got:?} {:#?}", self.log);
            assert!(got.is_subset(&paths), "{got:?} of {paths:?} {:#?}", self.log);
        }
        assert!(reported.is_empty(), "not new: {reported:?} {:#?}", self.log);
        run.code == 1
    }

    fn baseline(&self) -> Baseline {
        parse(&self.sandbox.read(NAME))
    }

    /// Runs `baseline update` and holds the result against the model.
    #[track_caller]
    fn update(&mut self, prune: bool) {
        let before = self.sandbox.read(NAME);
        let arguments: &[&str] = if prune { &["--prune"] } else { &[] };
        self.sandbox.keyhook(&[&["baseline", "update"], arguments].concat()).expect(0);
        let after = self.known_now();
        let standing: BTreeSet<(Value, String)> = self
            .tree
            .iter()
            .flat_map(|(path, file)| file.values().into_iter().map(|v| (v, path.clone())))
            .collect();
        let values: BTreeSet<Value> =
            standing.iter().map(|(v, _)| *v).chain(self.known.keys().map(|(v, _)| *v)).collect();
        for value in values {
            self.check_value(value, &standing, &after, prune);
        }
        let is_same = after == self.known;
        assert_eq!(self.sandbox.read(NAME) == before, is_same, "{:#?}", self.log);
        self.known = after;
    }

    #[track_caller]
    fn check_value(
        &self,
        value: Value,
        standing: &BTreeSet<(Value, String)>,
        after: &Known,
        prune: bool,
    ) {
        let of = |known: &Known| -> BTreeMap<String, Verdict> {
            let mine = known.iter().filter(|((v, _), _)| *v == value);
            mine.map(|((_, path), verdict)| (path.clone(), *verdict)).collect()
        };
        let (before, after) = (of(&self.known), of(after));
        let stands: BTreeSet<&String> =
            standing.iter().filter(|(v, _)| *v == value).map(|(_, path)| path).collect();
        let gone: Vec<&String> = before.keys().filter(|path| !stands.contains(path)).collect();
        let fresh = stands.iter().filter(|path| !before.contains_key(**path)).count();
        let context = format!("value {value}: {before:?} {stands:?} {after:?} {:#?}", self.log);
        let covered = self.is_no_secret(value);
        assert!(covered || stands.iter().all(|path| after.contains_key(*path)), "{context}");
        let left = after.keys().filter(|path| !stands.contains(path)).count();
        let real = gone.iter().filter(|path| before[**path] == Verdict::Real).count();
        let stay = gone.len().saturating_sub(fresh);
        match prune {
            false => assert_eq!(left, stay, "{context}"),
            true => assert!(left <= stay.min(real), "{context}"),
        }
        // No verdict is lost or made up.
        let judged = |all: &BTreeMap<String, Verdict>| {
            let mut judged: Vec<Verdict> =
                all.values().copied().filter(|v| *v != Verdict::Unreviewed).collect();
            judged.sort();
            judged
        };
        assert!(prune || judged(&before) == judged(&after), "{context}");
        let is_kept = |(path, v): (&String, &Verdict)| after.get(path).is_none_or(|now| now == v);
        assert!(before.iter().all(is_kept), "{context}");
    }

    /// What the file says, in the model's words.
    fn known_now(&self) -> Known {
        let baseline = self.baseline();
        let values: BTreeMap<String, Value> =
            (0..=self.next).map(|value| (print(&baseline, value), value)).collect();
        let records = baseline.records();
        let known = |r: &keyhook::baseline::Record| {
            ((values[r.fingerprint.as_str()], r.path.clone()), r.verdict)
        };
        records.map(known).collect()
    }

    /// A person judges one finding; `is_mine` keeps two branches from judging the same.
    fn judge(&mut self, is_mine: fn(Value) -> bool, verdicts: &[Verdict]) {
        let open: Vec<(Value, String)> = self
            .known
            .iter()
            .filter(|((value, _), verdict)| is_mine(*value) && **verdict == Verdict::Unreviewed)
            .map(|(key, _)| key.clone())
            .collect();
        if open.is_empty() {
            return;
        }
        let (value, _) = open[self.random.below(open.len())];
        let verdict = verdicts[self.random.below(verdicts.len())];
        let print = print(&self.baseline(), value);
        let before = self.sandbox.read(NAME);
        let said = ["--reason", "a test", "--verdict", verdict.as_str()];
        self.sandbox.keyhook(&[&["allow", &print], &said[..]].concat()).expect(0);
        assert_ne!(self.sandbox.read(NAME), before);
        self.known = self.known_now();
        let mut all = self.known.iter().filter(|((v, _), _)| *v == value);
        assert!(all.all(|(_, v)| *v == verdict), "{:#?}", self.log);
    }

    /// One commit: some work, a look, an answer to what is new, and the hook's consent.
    #[track_caller]
    fn commit(&mut self) {
        for _ in 0..=self.random.below(3) {
            self.act();
        }
        self.stage();
        let is_new = self.look();
        let hook = self.sandbox.try_commit(&["-q", "--allow-empty"]);
        assert_eq!(hook.code, i32::from(is_new), "{} {:#?}", hook.text(), self.log);
        if is_new {
            self.update(false);
            self.sandbox.try_commit(&["-q"]).expect(0);
        }
        self.head = self.tree.clone();
        let prune = self.random.below(3) == 0;
        self.update(prune);
        self.sandbox.try_commit(&["-q", "--allow-empty"]).expect(0);
    }

    /// Takes the last commits back. The baseline goes back with the tree.
    fn reset(&mut self) {
        let before = (self.tree.clone(), self.known.clone(), self.sandbox.read(NAME));
        let commit = self.sandbox.git(&["rev-parse", "HEAD"]);
        self.commit();
        self.sandbox.git(&["revert", "--no-edit", "-n", &format!("{}..HEAD", commit.trim())]);
        self.sandbox.try_commit(&["-q", "--allow-empty"]).expect(0);
        assert_eq!(self.sandbox.read(NAME), before.2);
        (self.tree, self.known) = (before.0, before.1);
        self.head = self.tree.clone();
        self.log.push("reverted".into());
        let text = self.sandbox.read(NAME);
        self.update(false);
        assert_eq!(self.sandbox.read(NAME), text, "{:#?}", self.log);
    }

    /// A branch that adds files of its own and judges what the other side does not, while the other
    /// side goes on. After the merge the baseline is what both sides know.
    fn branch(&mut self) {
        let start = (self.tree.clone(), self.known.clone());
        self.sandbox.git(&["checkout", "-q", "-b", "side"]);
        let mut own = Vec::new();
        for _ in 0..2 {
            let path = self.new_file();
            let value = self.number();
            self.insert(&path, Line::Secret(value));
            own.push(path);
            self.stage();
            assert!(self.look());
            self.update(false);
            self.judge(|value| value % 2 == 0, &[Verdict::Real, Verdict::Revoked]);
            self.sandbox.try_commit(&["-q"]).expect(0);
            self.head = self.tree.clone();
        }
        let side: Vec<(String, File)> =
            own.iter().map(|path| (path.clone(), self.tree[path].clone())).collect();
        self.sandbox.git(&["checkout", "-q", "main"]);
        (self.tree, self.known) = start;
        self.head = self.tree.clone();
        self.commit();
        self.judge(|value| value % 2 == 1, &[Verdict::Real, Verdict::Revoked]);
        self.sandbox.try_commit(&["-q", "--allow-empty"]).expect(0);
        self.sandbox.git(&["merge", "-q", "--no-edit", "side"]);
        self.sandbox.git(&["branch", "-q", "-D", "side"]);
        self.tree.extend(side);
        self.head = self.tree.clone();
        self.log.push("merged".into());
        self.known = self.known_now();
        let text = self.sandbox.read(NAME);
        assert_eq!(self.baseline().render().unwrap(), text, "{:#?}", self.log);
        let stands = |(value, path): &(Value, String)| {
            self.tree.get(path).is_some_and(|file| file.values().contains(value))
        };
        // Everything that both sides knew is known, and an update finds nothing to do.
        assert!(self.known.keys().filter(|key| stands(key)).count() > 0);
        self.update(false);
        assert_eq!(self.sandbox.read(NAME), text, "{:#?}", self.log);
    }
}

fn print(baseline: &Baseline, value: Value) -> String {
    baseline.fingerprint(&Secret::new(key(value).as_bytes())).as_str().to_owned()
}

/// More histories: `KEYHOOK_HISTORIES=100 cargo test --test keyhook random_histories`.
#[test]
fn random_histories_follow_the_model() {
    let count = std::env::var("KEYHOOK_HISTORIES").ok().and_then(|text| text.parse().ok());
    let start = std::env::var("KEYHOOK_SEED").ok().and_then(|text| text.parse().ok());
    let start: u64 = start.unwrap_or(1);
    for seed in start..start + count.unwrap_or(3) {
        let mut history = History::new(seed);
        history.log.push(format!("seed {seed}"));
        for step in 0..14 {
            match step % 5 {
                2 => {
                    let all = [Verdict::Real, Verdict::Revoked, Verdict::FalsePositive];
                    history.judge(|_| true, &all);
                    history.sandbox.try_commit(&["-q", "--allow-empty"]).expect(0);
                }
                3 => history.branch(),
                4 => history.reset(),
                _ => {}
            }
            history.commit();
        }
    }
}
