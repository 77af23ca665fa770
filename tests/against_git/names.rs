//! Names of files that scripts trip over.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::*;

const NAMES: &[&str] = &[
    "new\nline.py",
    "quote\".py",
    "it's.py",
    "tab\t.py",
    "return\r.py",
    "back\\slash.py",
    " leading.py",
    "trailing ",
    "-x",
    "--",
    "*.py",
    "[ab]?.py",
    ":(top)magic.py",
    "folder with space/ü日本.py",
    "new\nfolder/a.py",
    "$(touch pwned).py",
];

#[test]
fn strange_names() {
    each_git(|git| {
        let repo = git.repo();
        NAMES.iter().zip(1..).for_each(|(name, seed)| {
            repo.write(name, leak(seed));
        });
        repo.run(&["add", "-A"]).expect(0);
        repo.shows(NAMES);
        repo.blocks(&[], NAMES);
        NAMES.iter().for_each(|name| {
            repo.write(name, CLEAN);
        });
        repo.run(&["add", "-A"]).expect(0);
        repo.passes(&[]);
        assert!(!repo.path("pwned").exists(), "a file name was run");
    });
}

#[test]
fn each_strange_name_by_itself() {
    // A commit of a path walks the entries: the names stand between others there.
    let repo = Git::usual().repo();
    NAMES.iter().for_each(|name| {
        repo.write(name, CLEAN);
    });
    repo.run(&["add", "-A"]).expect(0);
    repo.run(&["commit", "-q", "--no-verify", "-m", "names"]).expect(0);
    for (name, seed) in NAMES.iter().zip(1..) {
        repo.write(name, leak(seed));
        let arguments = ["--literal-pathspecs", "commit", "-q", "-m", "test", "--", name];
        repo.stops(&arguments, "", &[name]);
        repo.write(name, CLEAN);
    }
}

#[test]
fn a_name_that_is_no_text() {
    each_git(|git| {
        let repo = git.repo();
        let path = repo.root().join(OsStr::from_bytes(b"caf\xe9/\xff\xfe.py"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, leak(1)).unwrap();
        repo.run(&["add", "-A"]).expect(0);
        repo.shows(&["caf\\xE9/\\xFF\\xFE.py"]);
        repo.blocks(&[], &["caf\\xE9/\\xFF\\xFE.py"]);
        std::fs::write(&path, CLEAN).unwrap();
        repo.run(&["add", "-A"]).expect(0);
        repo.passes(&[]);
    });
}

#[test]
fn a_name_of_the_greatest_length() {
    each_git(|git| {
        let repo = git.repo();
        // Longer than the twelve bits that the index has for a length.
        let id = repo.run_answering(&["hash-object", "-w", "--stdin"], &leak(1)).expect(0).out;
        let name = format!("{}app.py", format!("{}/", "d".repeat(200)).repeat(25));
        let listing = format!("100644 {}\t{name}\n", id.trim());
        repo.run_answering(&["update-index", "--index-info"], &listing).expect(0);
        repo.blocks(&[], &[&name]);
    });
}

#[test]
fn a_key_in_the_name_of_a_file() {
    each_git(|git| {
        let repo = git.repo();
        let key = crate::support::key(1);
        repo.put(&format!("notes/{key}.txt"), "nothing\n");
        let run = repo.run(&["commit", "-q", "-m", "test"]);
        run.says("keyhook: commit blocked: 1 new secret").hides(&key);
        let (own, git) = (repo.reply("own"), repo.reply("git"));
        assert_eq!((own.code.as_str(), &own.document), ("1", &git.document));
        repo.run(&["mv", &format!("notes/{key}.txt"), "notes/plain.txt"]).expect(0);
        repo.passes(&[]);
    });
}

#[test]
fn a_key_in_the_new_name_of_an_old_file() {
    each_git(|git| {
        let repo = git.repo();
        let key = crate::support::key(1);
        let text: String = (0..50).map(|line| format!("line {line}\n")).collect();
        repo.put("notes/plain.txt", &text);
        repo.passes(&[]);
        for (from, to) in [("notes/plain.txt", &*format!("notes/{key}")), ("notes", &key)] {
            repo.run(&["mv", from, to]).expect(0);
            let run = repo.run(&["commit", "-q", "-m", "test"]);
            run.says("keyhook: commit blocked: 1 new secret").hides(&key);
            repo.run(&["reset", "-q", "--hard"]).expect(0);
        }
    });
}
