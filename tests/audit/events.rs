//! What each key does.

use keyhook::audit::{Event, Order};
use keyhook::finding::{Fingerprint, Secret, Verdict};

use super::{Desk, TREE, tree};

/// The file under the cursor, as the frame shows it.
fn here(desk: &Desk) -> String {
    let frame = desk.frame();
    let row = frame.lines().find(|line| line.starts_with('>')).unwrap_or_else(|| panic!("{frame}"));
    let word = |word: &&str| word.contains('/') || word.starts_with(':');
    row.split_whitespace().find(word).unwrap().to_owned()
}

fn last_line(desk: &Desk) -> String {
    desk.frame().lines().last().unwrap().trim().to_owned()
}

const NO: Verdict = Verdict::FalsePositive;

#[test]
fn each_verdict_has_its_key_and_is_on_disk_at_once() {
    for (key, verdict) in [("r", Verdict::Real), ("v", Verdict::Revoked), ("f", NO)] {
        let mut desk = Desk::new();
        desk.keys("jj");
        assert_eq!(here(&desk), "src/settings.py:41");
        desk.keys(key);
        assert_eq!(desk.verdict("src/settings.py"), Some(verdict));
        assert_eq!(here(&desk), "tests/fixture.py:7", "the next one is asked about");
        desk.keys("ku");
        assert_eq!(desk.verdict("src/settings.py"), Some(Verdict::Unreviewed));
    }
}

#[test]
fn who_and_when_is_recorded_and_a_real_secret_has_a_day() {
    let mut desk = Desk::new();
    desk.keys("jjr");
    let baseline = desk.store.read().unwrap().unwrap();
    let record = baseline.records().find(|r| r.path == "src/settings.py").unwrap();
    assert_eq!(record.by.as_deref(), Some("Jane"));
    assert!(record.on.is_some() && record.rotate_by > record.on);
}

#[test]
fn a_verdict_on_something_new_records_it() {
    let mut desk = Desk::new();
    desk.keys("G");
    assert_eq!(here(&desk), "tests/new.py:1");
    desk.keys("r");
    assert_eq!(desk.verdict("tests/new.py"), Some(Verdict::Real));
    desk.keys("z");
    assert_eq!(desk.verdict("tests/new.py"), None, "undo takes the record out again");
}

#[test]
fn a_value_that_is_no_secret_is_none_in_every_file() {
    let mut desk = Desk::new();
    desk.keys("f");
    assert_eq!(desk.verdict("src/again.py"), Some(NO));
    assert_eq!(desk.verdict("src/app.py"), Some(NO));
    assert_eq!(here(&desk), "src/settings.py:41", "its twin is not asked about again");
}

#[test]
fn undo_goes_back_step_by_step() {
    let mut desk = Desk::new();
    let before = desk.disk();
    desk.keys("jjrv");
    desk.keys("z");
    assert_eq!(desk.verdict("tests/fixture.py"), Some(Verdict::Unreviewed));
    assert_eq!(here(&desk), "tests/fixture.py:7", "the cursor goes to what came back");
    desk.keys("z");
    assert_eq!(desk.disk(), before);
    desk.keys("z");
    assert!(last_line(&desk).starts_with("Nothing to take back"), "{}", last_line(&desk));
}

#[test]
fn a_reason_belongs_to_the_verdict_just_given_or_to_what_is_shown() {
    let mut desk = Desk::new();
    desk.keys("w");
    assert!(last_line(&desk).contains("Say what it is first"), "{}", last_line(&desk));
    desk.keys("jjfw");
    assert!(desk.frame().contains("Why is src/settings.py false-positive?"), "{}", desk.frame());
    desk.keys("test data<enter>");
    let reason = |desk: &Desk, path: &str| desk.disk().into_iter().find(|r| r.0 == path).unwrap().2;
    assert_eq!(reason(&desk, "src/settings.py").as_deref(), Some("test data"));
    assert_eq!(here(&desk), "tests/fixture.py:7", "a reason moves nothing");
    desk.keys("kw<C-u>other<enter>");
    assert_eq!(reason(&desk, "src/settings.py").as_deref(), Some("other"));
    desk.keys("w<esc>");
    assert_eq!(reason(&desk, "src/settings.py").as_deref(), Some("other"));
    desk.keys("z");
    assert_eq!(reason(&desk, "src/settings.py").as_deref(), Some("test data"));
}

#[test]
fn a_reason_that_holds_a_secret_is_refused_and_can_be_mended() {
    let mut desk = Desk::new();
    desk.keys("jjfwit is value-two<enter>");
    assert!(last_line(&desk).contains("holds a secret"), "{}", last_line(&desk));
    assert!(desk.disk().iter().all(|record| record.2.is_none()));
    desk.keys("<C-u>a fixture<enter>");
    assert!(desk.disk().iter().any(|record| record.2.as_deref() == Some("a fixture")));
}

#[test]
fn a_day_is_for_real_secrets_and_must_be_one() {
    let mut desk = Desk::new();
    desk.keys("jjvd");
    assert!(last_line(&desk).contains("for real secrets"), "{}", last_line(&desk));
    desk.keys("rd<C-u>tomorrow<enter>");
    assert!(last_line(&desk).contains("YYYY-MM-DD"), "{}", last_line(&desk));
    desk.keys("<C-u>2031-02-03<enter>");
    let baseline = desk.store.read().unwrap().unwrap();
    assert!(baseline.records().any(|r| r.rotate_by.as_deref() == Some("2031-02-03")));
}

#[test]
fn the_secret_is_hidden_until_asked_for_and_again_when_left() {
    let mut desk = Desk::new();
    desk.keys("jj");
    let is_shown = |desk: &Desk| desk.frame().contains("value-two");
    assert!(!is_shown(&desk));
    desk.keys("S");
    assert!(is_shown(&desk));
    desk.keys("S");
    assert!(!is_shown(&desk), "the same key hides it");
    for leave in ["jk", "<tab><backtab>jj", "fz", "<home><down><down>", "/fixture<enter>k"] {
        desk.keys("S");
        assert!(is_shown(&desk), "before {leave}");
        desk.keys(leave);
        assert!(here(&desk).starts_with("src/settings.py"), "{leave} comes back");
        assert!(!is_shown(&desk), "after {leave}");
    }
    desk.keys("S<C-z>");
    assert!(!is_shown(&desk), "the shell may show the screen to anybody");
}

#[test]
fn no_frame_shows_a_secret_without_that_key() {
    let mut desk = Desk::new();
    let keys = "jkhjf<tab>jkvw<esc>d<esc>ooo x<esc>xaxnxr<esc>/value<enter>lsrc<enter><esc>?<esc>!<esc>G<enter><pgdn><enter>zzz";
    for key in keys.split_inclusive(|c: char| !c.is_ascii_graphic() || c == '>') {
        desk.keys(key);
        let frame = desk.frame();
        let is_shown = TREE.iter().any(|(value, ..)| frame.contains(value));
        assert!(!is_shown, "after {key}\n{frame}");
    }
}

#[test]
fn one_verdict_for_many_is_asked_for_and_can_be_given_up() {
    let mut desk = Desk::new();
    let before = desk.disk();
    desk.keys("xaf");
    assert!(desk.frame().contains("Set 5 entries to false-positive?"), "{}", desk.frame());
    desk.keys("yn ");
    assert_eq!(desk.disk(), before, "no letter is taken for an answer");
    desk.keys("<esc>");
    assert_eq!(desk.disk(), before);
    desk.keys("f<enter>");
    assert!(desk.disk().iter().filter(|record| record.1 == NO).count() >= 4);
    desk.keys("z");
    assert_eq!(desk.disk(), before, "one step takes all of it back");
}

#[test]
fn selections_by_value_by_rule_by_path_and_by_hand() {
    let count = |keys: &str| -> usize {
        let mut desk = Desk::new();
        desk.keys(keys);
        let frame = desk.frame();
        let asked = frame.split_once(" selected: are").map_or("", |(before, _)| before);
        asked.rsplit(' ').next().unwrap().parse().unwrap_or(0)
    };
    assert_eq!(count("xv"), 2);
    assert_eq!(count("jjxr"), 3);
    assert_eq!(count("xptests/**<enter>"), 2);
    assert_eq!(count("xptests/*x*<enter>"), 1);
    assert_eq!(count("xp[<enter>"), 0);
    assert_eq!(count("xaxn"), 0);
    assert_eq!(count("  "), 2);
    assert_eq!(count(" k "), 0);
    assert_eq!(count("xa<esc>"), 0);
    assert_eq!(count("xa<tab><backtab>"), 0, "what is out of sight is not selected");
}

#[test]
fn what_has_its_answer_is_not_selected_by_rule() {
    let mut desk = Desk::new();
    desk.keys("jjrxrf<enter>");
    assert_eq!(desk.verdict("src/settings.py"), Some(Verdict::Real));
    assert_eq!(desk.verdict("tests/fixture.py"), Some(NO));
}

#[test]
fn search_goes_round_and_says_when_there_is_nothing() {
    let mut desk = Desk::new();
    desk.keys("n");
    assert!(last_line(&desk).contains("Look for something first"));
    desk.keys("/FIXTURE<enter>");
    assert_eq!(here(&desk), "tests/fixture.py:7");
    desk.keys("/tests<enter>");
    assert_eq!(here(&desk), "tests/new.py:1");
    desk.keys("n");
    assert_eq!(here(&desk), "tests/fixture.py:7");
    desk.keys("N");
    assert_eq!(here(&desk), "tests/new.py:1");
    desk.keys("/nowhere<enter>");
    assert!(last_line(&desk).contains("No nowhere"), "{}", last_line(&desk));
    assert_eq!(here(&desk), "tests/new.py:1");
}

#[test]
fn a_limit_leaves_what_fits_and_escape_drops_it() {
    let mut desk = Desk::new();
    desk.keys("lpath:tests/**<enter>");
    assert_eq!(here(&desk), "tests/fixture.py:7");
    assert!(!desk.frame().contains("src/app.py"));
    desk.keys("<esc>");
    assert!(desk.frame().contains("src/app.py"));
    desk.keys("lis:what<enter>");
    assert!(last_line(&desk).contains("expected one of new, gone"), "{}", last_line(&desk));
    desk.keys("<C-u>nothing-fits<enter>");
    assert!(desk.frame().contains("Nothing to show here"), "{}", desk.frame());
    desk.keys("rvfuwdS hxa<enter><enter>njkgG<pgdn><pgup>t");
    assert!(desk.disk().iter().all(|record| record.1 == Verdict::Unreviewed));
}

#[test]
fn keys_move_to_the_ends_and_never_onto_a_heading() {
    let mut desk = Desk::new();
    for (keys, at) in [
        ("", "src/again.py:3"),
        ("k", "src/again.py:3"),
        ("jj", "src/settings.py:41"),
        ("k", "src/app.py:12"),
        ("G", "tests/new.py:1"),
        ("j", "tests/new.py:1"),
        ("g", "src/again.py:3"),
        ("<pgdn>", "tests/new.py:1"),
        ("<pgup>", "src/again.py:3"),
        ("<down><down><up>", "src/app.py:12"),
        ("<end><home>", "src/again.py:3"),
        ("t", "src/app.py:12"),
    ] {
        desk.keys(keys);
        assert_eq!(here(&desk), at, "{keys}");
    }
}

#[test]
fn tabs_and_orders_keep_the_finding_under_the_cursor() {
    let mut desk = Desk::new();
    desk.keys("jj");
    for (key, order) in [("o", "by path"), ("o", "by verdict"), ("o", "by rule")] {
        desk.keys(key);
        let frame = desk.frame();
        assert!(frame.contains(order), "{frame}");
        assert!(frame.contains(" src/settings.py:41:13"), "{frame}");
    }
    desk.keys("<backtab>");
    assert!(desk.frame().contains("[All 6]"), "{}", desk.frame());
    assert_eq!(here(&desk), "src/settings.py:41");
}

#[test]
fn history_is_looked_through_on_request() {
    let mut desk = Desk::new();
    assert!(desk.frame().contains("history  committed, in HEAD; not in origin/main"));
    desk.keys("h");
    assert!(desk.frame().contains("pushed: origin/main"), "{}", desk.frame());
}

#[test]
fn before_the_tree_is_seen_nothing_can_be_judged() {
    let mut desk = Desk::unlocated((80, 24));
    let before = desk.disk();
    desk.keys("rvfu");
    assert_eq!(desk.disk(), before);
    assert!(last_line(&desk).contains("Not yet"), "{}", last_line(&desk));
}

#[test]
fn a_pasted_text_is_no_verdict() {
    let mut desk = Desk::new();
    let before = desk.disk();
    desk.session.take(Event::Paste("rvfu".into()));
    assert_eq!(desk.disk(), before);
    desk.keys("jjfw");
    desk.session.take(Event::Paste("two\nlines".into()));
    desk.keys("<enter>");
    assert!(desk.disk().iter().any(|record| record.2.as_deref() == Some("two lines")));
}

#[test]
fn what_another_wrote_is_taken_in_and_wins() {
    let mut desk = Desk::new();
    desk.keys("jj");
    let mut opened = desk.store.open().unwrap();
    let print: Fingerprint = opened.baseline.fingerprint(&Secret::new(b"value-two"));
    let mut other = opened.baseline.records().find(|r| r.fingerprint == print).unwrap().clone();
    other.verdict = Verdict::Revoked;
    opened.baseline.record(other);
    opened.save().unwrap();
    drop(opened);
    desk.keys("f");
    assert_eq!(desk.verdict("src/settings.py"), Some(Verdict::Revoked));
    assert!(last_line(&desk).contains("judged by somebody else"), "{}", last_line(&desk));
    desk.keys("f");
    assert_eq!(desk.verdict("src/settings.py"), Some(NO), "who has seen it may change it");
}

#[test]
fn a_change_by_another_shows_without_a_key() {
    let mut desk = Desk::new();
    let mut opened = desk.store.open().unwrap();
    let all: Vec<_> = opened.baseline.records().cloned().collect();
    for mut record in all {
        record.verdict = Verdict::Revoked;
        opened.baseline.record(record);
    }
    opened.save().unwrap();
    drop(opened);
    desk.session.take(Event::Tick);
    let frame = desk.frame();
    assert!(frame.contains("4 of 5 judged") && frame.contains("[To judge 1]"), "{frame}");
}

#[test]
fn a_baseline_that_broke_meanwhile_is_kept_as_it_is() {
    let mut desk = Desk::new();
    std::fs::write(desk.store.path(), "<<<<<<< HEAD\n").unwrap();
    desk.keys("f");
    assert!(last_line(&desk).contains("cannot use .secrets.baseline"), "{}", last_line(&desk));
    assert_eq!(std::fs::read_to_string(desk.store.path()).unwrap(), "<<<<<<< HEAD\n");
}

#[test]
fn a_tree_that_changed_keeps_the_cursor() {
    let mut desk = Desk::new();
    desk.keys("jj");
    desk.locate(tree(&TREE[1..]));
    assert_eq!(here(&desk), "src/settings.py:41");
}

#[test]
fn the_end_is_asked_for_by_key_or_signal() {
    assert_eq!(Desk::new().keys("q"), Some(Order::Quit));
    assert_eq!(Desk::new().keys("<C-c>"), Some(Order::Quit));
    assert_eq!(Desk::new().session.take(Event::Signal(15)), Some(Order::Quit));
    assert_eq!(Desk::new().session.take(Event::Lost), Some(Order::Quit));
    assert_eq!(Desk::new().keys("<C-z>"), Some(Order::Suspend));
    assert_eq!(Desk::new().keys("<C-l>"), Some(Order::Redraw));
    assert_eq!(Desk::new().keys("/q"), None, "a letter in a line is a letter");
}
