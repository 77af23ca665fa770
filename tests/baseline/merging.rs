//! Parallel branches: by keyhook's driver, by `merge=union`, and by git's text merge alone.

use std::collections::BTreeMap;

use keyhook::baseline::Record;
use keyhook::finding::Verdict;

use super::{Random, parse, record, render};
use crate::support::{Run, Sandbox, copy_program};

const NAME: &str = ".secrets.baseline";

/// How git merges the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    /// keyhook's driver, as `install` registers it.
    Driver,
    /// The line that `install --shared` writes, in a clone without keyhook.
    Union,
    /// Nothing at all.
    Plain,
}

fn sandbox(with: With) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit("readme", "x\n");
    match with {
        With::Driver => drop(sandbox.keyhook(&["install"]).expect(0)),
        With::Union => drop(sandbox.commit(".gitattributes", format!("/{NAME} merge=union\n"))),
        With::Plain => {}
    }
    sandbox
}

type Records = BTreeMap<String, Record>;

fn by_value(records: impl IntoIterator<Item = Record>) -> Records {
    let key = |record: &Record| format!("{} {}", record.fingerprint.as_str(), record.path);
    records.into_iter().map(|record| (key(&record), record)).collect()
}

/// What two branches do, each to findings of its own.
#[derive(Clone, Copy)]
struct Work {
    add: usize,
    judge: usize,
    remove: usize,
}

struct Trial {
    base: Records,
    sides: [Records; 2],
    merged: Records,
}

fn trial(random: &mut Random, count: usize, work: [Work; 2]) -> Trial {
    let mut next = random.0 << 16;
    let mut fresh = |verdict| {
        next += 1;
        record(next, &format!("src/{}.py", next % 97), verdict)
    };
    let base = by_value((0..count).map(|_| fresh(Verdict::Unreviewed)));
    let mut free: Vec<String> = base.keys().cloned().collect();
    let mut merged = base.clone();
    let sides = work.map(|work| {
        let mut side = base.clone();
        for _ in 0..work.judge {
            let key = random.take(&mut free);
            let verdict = [Verdict::Real, Verdict::FalsePositive][random.below(2)];
            let reason = Some(format!("seen {}", random.below(1000)));
            let judged = Record { verdict, reason, ..base[&key].clone() };
            side.insert(key.clone(), judged.clone());
            merged.insert(key, judged);
        }
        for _ in 0..work.remove {
            let key = random.take(&mut free);
            side.remove(&key);
            merged.remove(&key);
        }
        for (key, record) in by_value((0..work.add).map(|_| fresh(Verdict::Unreviewed))) {
            side.insert(key.clone(), record.clone());
            merged.insert(key, record);
        }
        side
    });
    Trial { base, sides, merged }
}

/// Commits the base, makes two branches of it and merges them. Returns what git said.
fn merge(sandbox: &Sandbox, trial: &Trial) -> Run {
    let put = |records: &Records| {
        sandbox.write(NAME, render(records.values())).stage(&[NAME]);
        sandbox.git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", "x"]);
    };
    sandbox.git(&["checkout", "-q", "-f", "main"]);
    put(&trial.base);
    sandbox.git(&["checkout", "-q", "-B", "theirs"]);
    put(&trial.sides[1]);
    sandbox.git(&["checkout", "-q", "main"]);
    put(&trial.sides[0]);
    sandbox.try_git(&["merge", "-q", "--no-verify", "-m", "merge", "theirs"])
}

fn trials(with: With, rounds: u64, count: usize, work: [Work; 2]) -> usize {
    let sandbox = sandbox(with);
    let mut conflicts = 0;
    for seed in 0..rounds {
        let trial = trial(&mut Random(seed * 1000 + count as u64), count, work);
        let run = merge(&sandbox, &trial);
        let text = sandbox.read(NAME);
        if run.code != 0 {
            assert_eq!(with, With::Plain, "seed {seed}: {}", run.text());
            conflicts += 1;
            sandbox.git(&["merge", "--abort"]);
            continue;
        }
        let expected = render(trial.merged.values());
        if with == With::Union {
            check_union(&parse(&text).records().cloned().collect::<Vec<_>>(), &trial);
        } else {
            assert_eq!(text, expected, "{with:?}, seed {seed}");
        }
    }
    conflicts
}

/// With `merge=union` nothing is lost and every verdict is the newest; what one side took out may be
/// back, until the next `update --prune`.
#[track_caller]
fn check_union(merged: &[Record], trial: &Trial) {
    let merged = by_value(merged.iter().cloned());
    for (key, record) in &trial.merged {
        assert_eq!(merged.get(key), Some(record));
    }
    for key in merged.keys() {
        assert!(trial.merged.contains_key(key) || trial.base.contains_key(key));
    }
}

const NOTHING: Work = Work { add: 0, judge: 0, remove: 0 };

#[test]
fn the_driver_merges_every_parallel_change() {
    let busy = Work { add: 5, judge: 5, remove: 5 };
    assert_eq!(trials(With::Driver, 6, 40, [busy, busy]), 0);
    let many = Work { add: 40, judge: 60, remove: 40 };
    assert_eq!(trials(With::Driver, 2, 300, [many, many]), 0);
}

#[test]
fn the_line_for_the_team_merges_every_parallel_change() {
    let busy = Work { add: 5, judge: 5, remove: 5 };
    assert_eq!(trials(With::Union, 6, 40, [busy, busy]), 0);
    let many = Work { add: 40, judge: 60, remove: 40 };
    assert_eq!(trials(With::Union, 2, 300, [many, many]), 0);
}

#[test]
fn without_any_help_verdicts_never_conflict() {
    let all = Work { judge: 60, ..NOTHING };
    assert_eq!(trials(With::Plain, 4, 120, [all, all]), 0);
    // A whole audit on one branch, daily work on the other.
    let daily = Work { add: 6, judge: 0, remove: 6 };
    assert_eq!(trials(With::Plain, 4, 120, [Work { judge: 100, ..NOTHING }, daily]), 0);
}

#[test]
fn without_any_help_new_findings_seldom_conflict() {
    let one = Work { add: 1, ..NOTHING };
    let conflicts = trials(With::Plain, 20, 30, [one, one]);
    // Two meet if they have the same first byte: once in 256 times.
    assert!(conflicts <= 1, "{conflicts} of 20");
}

#[test]
fn a_conflict_is_two_lines_and_is_settled_by_one_command() {
    let value = 5;
    let base =
        by_value([record(value, "a.py", Verdict::Unreviewed), record(6, "b.py", Verdict::Real)]);
    let side = |verdict| {
        let judged = Record { by: Some("Ada".into()), ..record(value, "a.py", verdict) };
        by_value(base.values().cloned().chain([judged]))
    };
    let trial = Trial {
        base: base.clone(),
        sides: [side(Verdict::FalsePositive), side(Verdict::Real)],
        merged: Records::new(),
    };
    for with in [With::Driver, With::Plain] {
        let sandbox = sandbox(with);
        let run = merge(&sandbox, &trial);
        assert_eq!(run.code, 1, "{}", run.text());
        if with == With::Driver {
            let run = run.says("two verdicts for a.py").says("ours    false-positive by Ada");
            run.says("theirs  real by Ada").says("keyhook baseline merge --prefer");
        }
        let text = sandbox.read(NAME);
        assert_eq!(text.lines().filter(|line| line.starts_with("<<<<<<<")).count(), 1);
        sandbox.keyhook(&["baseline", "check"]).expect(2).says("a merge left a conflict");
        sandbox.keyhook(&["baseline", "merge"]).expect(1).says("two verdicts for a.py");
        sandbox.keyhook(&["baseline", "merge", "--prefer", "safest"]).expect(0).says("staged");
        sandbox.git(&["commit", "-q", "--no-verify", "--no-edit"]);
        assert_eq!(sandbox.read(NAME), render(side(Verdict::Real).values()));
        sandbox.keyhook(&["baseline", "merge"]).expect(2).says("no two sides of it to merge");
    }
}

/// Two new findings with the same first byte: git's text merge needs help, and has it.
#[test]
fn new_findings_that_meet_are_merged_by_one_command() {
    let first = record(1, "a.py", Verdict::Unreviewed);
    let start = &first.fingerprint.as_str()[..2];
    let second = (2..)
        .map(|value| record(value, "b.py", Verdict::Unreviewed))
        .find(|record| record.fingerprint.as_str().starts_with(start))
        .unwrap();
    let trial = Trial {
        base: Records::new(),
        sides: [by_value([first.clone()]), by_value([second.clone()])],
        merged: Records::new(),
    };
    let sandbox = sandbox(With::Plain);
    merge(&sandbox, &trial).expect(1);
    sandbox.keyhook(&["baseline", "merge"]).expect(0).says("is merged and staged");
    assert_eq!(sandbox.read(NAME), render([&first, &second]));
    sandbox.git(&["commit", "-q", "--no-verify", "--no-edit"]);
}

/// Two branches each began a baseline.
#[test]
fn two_beginnings_become_one_baseline() {
    use crate::support::leak;
    for with in [With::Driver, With::Union] {
        let sandbox = sandbox(with);
        let begin = |branch: &str, seed: u64| {
            sandbox.git(&["checkout", "-q", "-f", "-B", branch, "main"]);
            // Another clone has another salt.
            let _ = std::fs::remove_file(sandbox.path(".git/keyhook/salt"));
            sandbox.write("same.py", leak(9)).write(&format!("{branch}.py"), leak(seed));
            sandbox.stage(&["same.py", &format!("{branch}.py")]);
            sandbox.keyhook(&["baseline", "create"]).expect(0).says("accepts 2 finding(s)");
            sandbox.git(&["commit", "-q", "--no-verify", "-m", branch]);
        };
        sandbox.commit("z", "");
        begin("ours", 1);
        begin("theirs", 2);
        let run = sandbox.try_git(&["merge", "-q", "--no-verify", "-m", "m", "ours"]);
        assert_eq!(run.code, 0, "{with:?}: {}", run.text());
        assert_eq!(parse(&sandbox.read(NAME)).records().count(), 4);
        sandbox.keyhook(&["scan"]).expect(0).says("3 in the baseline");
        sandbox.keyhook(&["baseline", "update"]).expect(0).says("; it is staged");
        let text = sandbox.read(NAME);
        assert_eq!(parse(&text).records().count(), 3, "{with:?}");
        sandbox.keyhook(&["scan"]).expect(0).says("3 in the baseline");
        sandbox.keyhook(&["baseline", "update"]).expect(0).says("nothing new; unchanged");
        assert_eq!(sandbox.read(NAME), text);
    }
}

#[test]
fn what_cannot_be_read_is_left_to_git() {
    let sandbox = sandbox(With::Driver);
    let lines = |middle: &str| format!("{{\"version\": 99,\n\n{middle}\n\n\"z\": 1}}\n");
    let put = |text: String| {
        sandbox.write(NAME, text).stage(&[NAME]);
        sandbox.git(&["commit", "-q", "--no-verify", "-m", "x"]);
    };
    put(lines("\"a\": 1,"));
    sandbox.git(&["checkout", "-q", "-b", "theirs"]);
    put(lines("\"a\": 1,").replace("\"z\": 1", "\"z\": 2"));
    sandbox.git(&["checkout", "-q", "main"]);
    put(lines("\"a\": 2,"));
    let run = sandbox.try_git(&["merge", "-q", "--no-verify", "-m", "m", "theirs"]).expect(0);
    run.says("it has format 99").says("git merges it line by line");
    assert_eq!(sandbox.read(NAME), lines("\"a\": 2,").replace("\"z\": 1", "\"z\": 2"));
}

#[test]
fn install_registers_the_driver_and_uninstall_leaves_the_old_bytes() {
    let sandbox = Sandbox::new();
    sandbox.commit("a", "x\n");
    let config = sandbox.read(".git/config");
    let has_attributes = || sandbox.path(".git/info/attributes").exists();
    assert!(!has_attributes());
    sandbox.keyhook(&["install"]).expect(0);
    let (with, attributes) = (sandbox.read(".git/config"), sandbox.read(".git/info/attributes"));
    assert!(sandbox.git(&["config", "merge.keyhook.driver"]).contains("baseline merge %O %A %B"));
    let merge = sandbox.git(&["check-attr", "merge", NAME]);
    assert_eq!(merge, format!("{NAME}: merge: keyhook\n"));
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    sandbox.keyhook(&["install"]).expect(0);
    assert_eq!(sandbox.read(".git/config"), with);
    assert_eq!(sandbox.read(".git/info/attributes"), attributes);
    sandbox.keyhook(&["install", "--shared"]).expect(0).says("commit it");
    sandbox.keyhook(&["install", "--shared"]).expect(0).says("already");
    assert_eq!(sandbox.read(".gitattributes"), format!("/{NAME} merge=union\n"));
    let merge = sandbox.git(&["check-attr", "merge", NAME]);
    assert_eq!(merge, format!("{NAME}: merge: keyhook\n"), "the driver has the last word");
    sandbox.keyhook(&["uninstall"]).expect(0);
    assert_eq!(sandbox.read(".git/config"), config);
    assert!(!has_attributes());
}

#[cfg(unix)]
#[test]
fn a_program_with_any_name_is_registered() {
    let sandbox = Sandbox::new();
    sandbox.commit("a.txt", "x\n");
    let folder = sandbox.beside("a 'new'\nline\tand \"more\" 100%");
    std::fs::create_dir(&folder).unwrap();
    let copy = folder.join("keyhook");
    copy_program(&copy);
    let run = |arguments: &[&str]| {
        let mut command = sandbox.command(&copy, sandbox.root());
        Run::of(command.args(arguments).output().unwrap()).expect(0)
    };
    run(&["install"]);
    let driver = sandbox.git(&["config", "--get", "merge.keyhook.driver"]);
    let name = folder.to_str().unwrap().replace('\'', "'\\''").replace('%', "%%");
    assert!(driver.contains(&format!("'{name}/keyhook' baseline merge")), "{driver}");
    run(&["uninstall"]);
    assert_eq!(sandbox.try_git(&["config", "--get", "merge.keyhook.driver"]).code, 1);
}
