//! What a person sees: whole frames, at both sizes that must work and at odd ones.

use expect_test::{ExpectFile, expect_file};
use keyhook::audit::{Answer, Theme, Tree};
use keyhook::finding::{Excerpt, ExcerptLine};

use super::{Desk, tree};

#[track_caller]
fn check(desk: &Desk, expected: ExpectFile) {
    expected.assert_eq(&desk.frame());
}

#[test]
fn the_first_frame_asks_about_what_nobody_has_judged() {
    check(&Desk::new(), expect_file!["screens/first.txt"]);
}

#[test]
fn a_large_terminal_shows_list_and_finding_side_by_side() {
    check(&Desk::sized(200, 60), expect_file!["screens/large.txt"]);
}

#[test]
fn a_verdict_is_shown_where_it_was_given() {
    let mut desk = Desk::new();
    desk.keys("fr");
    check(&desk, expect_file!["screens/verdict.txt"]);
}

#[test]
fn the_tree_is_being_looked_through() {
    check(&Desk::unlocated((80, 24)), expect_file!["screens/looking.txt"]);
}

#[test]
fn many_are_asked_about_before_they_are_set() {
    let mut desk = Desk::new();
    desk.keys("jjxrf");
    check(&desk, expect_file!["screens/many.txt"]);
}

#[test]
fn a_finding_over_the_whole_screen() {
    let mut desk = Desk::new();
    desk.keys("jh<enter>");
    check(&desk, expect_file!["screens/whole.txt"]);
}

#[test]
fn help_fits_the_screen_in_two_turns() {
    let mut desk = Desk::new();
    desk.keys("?");
    check(&desk, expect_file!["screens/help-1.txt"]);
    desk.keys("<pgdn>");
    check(&desk, expect_file!["screens/help-2.txt"]);
}

#[test]
fn what_is_gone_says_so() {
    let mut desk = Desk::new();
    desk.keys("<tab><tab><tab>");
    check(&desk, expect_file!["screens/gone.txt"]);
}

#[test]
fn when_all_is_judged_it_says_so() {
    let mut desk = Desk::new();
    desk.keys("xaf<enter><tab><backtab>");
    check(&desk, expect_file!["screens/all-judged.txt"]);
}

#[test]
fn a_small_window_says_what_is_needed() {
    let mut desk = Desk::new();
    desk.resize(30, 8);
    check(&desk, expect_file!["screens/small.txt"]);
    desk.resize(50, 12);
    assert!(desk.frame().contains("[r]eal re[v]oked [f]alse [u]nrev."), "{}", desk.frame());
    desk.resize(80, 24);
    desk.keys("xa");
    let answers = "5 selected: are they real secrets?  [r]eal re[v]oked [f]alse [u]nrev.";
    assert!(desk.frame().contains(answers), "{}", desk.frame());
}

#[test]
fn every_size_can_be_drawn() {
    for (width, height) in
        [(1, 1), (3, 40), (49, 12), (50, 11), (50, 12), (131, 13), (132, 13), (500, 200)]
    {
        let mut desk = Desk::new();
        desk.resize(width, height);
        for keys in ["", "j", "<enter>", "S", "?", "<esc>", "/", "<esc>", "x", "<esc>", "<end>"] {
            desk.keys(keys);
            desk.frame();
        }
    }
}

#[test]
fn hostile_names_and_lines_of_a_megabyte_do_no_harm() {
    let long: &'static str = Box::leak("鍵word ".repeat(100_000).into_boxed_str());
    let hostile = "evil\u{1b}[2J\u{7}\u{202e}/鍵🔑\n.py";
    let mut desk = Desk::unlocated((80, 24));
    desk.locate(tree(&[("value-x", "rule\u{1b}[31m", hostile, 2, long)]));
    let lines = vec![
        ExcerptLine { number: 1, before: long.into(), ..ExcerptLine::default() },
        ExcerptLine {
            number: 2,
            before: long.into(),
            masked: "****************".into(),
            after: format!("\u{1b}]0;title\u{7} {long}"),
            is_secret: true,
        },
    ];
    let key = keyhook::audit::Key {
        value: keyhook::finding::Fingerprint::of(
            &keyhook::finding::Secret::new(b"value-x"),
            &keyhook::finding::Salt::none(),
        ),
        path: hostile.into(),
    };
    desk.answer(Answer::Excerpt(key, Some(Excerpt { lines, why: "\u{1b}[31m".into() })));
    let frame = desk.frame();
    assert!(frame.contains("evil\\u{1b}[2J\\u{7}\\u{202e}/鍵🔑\\n.py"), "{frame}");
    assert!(frame.chars().all(|c| c == '\n' || !c.is_control()), "{frame:?}");
    assert!(frame.contains("****************"), "the secret's place stays in sight:\n{frame}");
}

#[test]
fn a_terminal_without_unicode_gets_plain_signs() {
    let mut desk = Desk::unlocated((80, 24));
    desk.locate(tree(&[("value-x", "r", "schlüssel.py", 2, "päss = \"")]));
    let plain = Theme { is_colored: false, is_unicode: false };
    let frame = desk.frame_with(plain);
    assert!(frame.is_ascii(), "{frame}");
    assert!(frame.contains("schl\\u{fc}ssel.py"), "{frame}");
}

#[test]
fn what_could_not_be_looked_at_is_told() {
    let mut desk = Desk::unlocated((80, 24));
    desk.answer(Answer::Failed("cannot read the index; git status".into()));
    let frame = desk.frame();
    assert!(frame.contains("cannot read the index; git status"), "{frame}");
    assert!(!frame.contains("gone from"), "not seen is not gone:\n{frame}");
    let mut desk = Desk::unlocated((80, 24));
    let tree = Tree { unread: ["src/app.py".to_owned()].into(), ..Tree::default() };
    let problems = vec!["src/app.py: cannot read it".to_owned()];
    desk.answer(Answer::Located { tree, own_rules: Vec::new(), problems });
    let frame = desk.frame();
    assert!(frame.contains("This file could not be read; ! says why."), "{frame}");
    desk.keys("!");
    assert!(desk.frame().contains("- src/app.py: cannot read it"), "{}", desk.frame());
}
