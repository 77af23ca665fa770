//! What `keyhook rules check` says of rule files as people get them wrong.
//!
//! Each message names file, line and rule, what is wrong and how to mend it, and fits 80 columns.

use keyhook::rule::{Form, read};

use crate::support::{Run, Sandbox, filled};

/// A rule that keeps every law; line 5 has its keywords, line 7 its pattern.
const RIGHT: &str = r#"[[rule]]
id = "acme-token"
name = "ACME token"
why = "It opens the shop's back office."
keywords = ["acme_"]
pattern = '''
  (?<secret> acme_ [a-z0-9]{40} )
'''
matches = [
  'ACME_TOKEN=«acme_{{alnum-lower 40}}»',
  '{"token": "«acme_{{alnum-lower 40}}»"}',
]
ignores = [
  'ACME_TOKEN=acme_{{alnum-lower 39}}',
  'tokens start with acme_',
]
"#;

/// What to change in the right rule, the line that must be named, and what must be said.
type Case<'a> = (&'a str, &'a str, usize, &'a [&'a str]);

/// The file cannot be used: exit code 2.
const UNUSABLE: &[Case<'_>] = &[
    ("why =", "severity = 'x'\nwhy =", 4, &["no key `severity`", "confidence = \"high\""]),
    ("pattern =", "patern =", 6, &["no key `patern`", "did you mean `pattern`?"]),
    ("pattern =", "regex =", 6, &["no key `regex`", "called `pattern` here"]),
    ("why =", "entropy = 3.5\nwhy =", 4, &["no key `entropy`", "checks = [\"random\"]"]),
    ("why =", "colour = 1\nwhy =", 4, &["no key `colour`", "there are: id, name"]),
    ("} )", "}", 7, &["does not parse: unclosed group (column 3)"]),
    ("acme_ [a", "acme# [a", 7, &["unclosed group", "`#` starts a comment"]),
    ("acme_ [a", "(?<!x) acme_ [a", 7, &["look-around", "outside of `(?<secret>"]),
    ("?<secret>", "", 7, &["no group of the pattern is called `secret`", "(?<secret> … )"]),
    (" )\n", " ) (?<secret> a )\n", 7, &["duplicate capture group name", "one group"]),
    ("acme_ [a-z0-9]{40}", "[a-z]*", 7, &["matches the empty text", "{40} in place of"]),
    ("{40} )", "{400000} )", 7, &["too large", "repetitions shorter"]),
    ("[\"acme_\"]", "\"acme_\"", 5, &["`keywords` is a list", "keywords = [\"…\"]"]),
    ("[\"acme_\"]", "[7]", 5, &["`keywords` is a list of texts", "in quotes"]),
    ("[\"acme_\"]", "[\"ac\"]", 5, &["`ac` is too short", "a longer text"]),
    ("keywords = [\"acme_\"]\n", "", 1, &["there are no `keywords`", "give `keywords`"]),
    ("why =", "near = ['acme']\nwhy =", 4, &["both `keywords` and `near`", "without a shape"]),
    ("why =", "names = ['A-b']\nwhy =", 4, &["`A-b` is compared without", "\"ab\""]),
    ("why =", "confidence = 'sure'\nwhy =", 4, &["`confidence` has no such word", "high, medium"]),
    ("why =", "boundary = 'word'\nwhy =", 4, &["`boundary` has no such word", "token, none"]),
    ("why =", "checks = ['luck']\nwhy =", 4, &["no check is called `luck`", "random, jwt, pem"]),
    ("acme-token", "Acme", 2, &["rule `Acme`: an id is lower-case", "acme-token"]),
    ("id = \"acme-token\"\n", "", 1, &["`id` is missing", "id = \"acme-token\""]),
    ("name = \"ACME token\"\n", "", 1, &["`name` is missing", "name = "]),
    ("\"ACME token\"", "\"ACME token", 3, &["column 19", "end the text with the quote"]),
    ("\"acme-token\"", "“acme-token”", 2, &["column 6", "straight quotes"]),
    ("why =", "name = 'b'\nwhy =", 4, &["duplicate key", "keep one of the two"]),
    ("why = \"It", "why = \"\\It", 4, &["missing escaped value", "a backslash in \"…\""]),
    ("[[rule]]", "[rule]", 1, &["`rule` is a list", "[[rule]], with two brackets"]),
    ("[[rule]]", "[[rules]]", 1, &["no key `rules`", "[[rule]], without an s"]),
];

/// A law is broken: exit code 1.
const BROKEN: &[Case<'_>] = &[
    ("{40} )", "{30} )", 10, &["does not fire here", "has 45 bytes", "takes 35"]),
    ("acme_ [a", "ACME_ [a", 10, &["does not fire here", "case counts"]),
    ("acme_ [a-z0-9]{40}", "acme# _[a]\n", 11, &["does not fire here", "`#` starts a comment"]),
    ("acme_ [a-z0-9]{40}", "acme_ .*", 11, &["2 bytes more at the end", "`.*` takes all"]),
    ("=«acme_{{", "=acme_«{{", 10, &["5 bytes more at the start than « » mark"]),
    ("=«acme_{{alnum-lower 40}}»", "=acme_{{hex 40}}", 10, &["marks 0 secrets", "put « and »"]),
    ("40}}»'", "40}}'", 10, &["a `«` without `»`", "put « before the secret"]),
    ("«acme_{{alnum-lower 40", "«acme_{{alphanum 40", 10, &["no such alphabet", "{{alnum …}}"]),
    ("{{alnum-lower 40}}»'", "{{alnum-lower}}»'", 10, &["expected a length", "there are: alnum"]),
    ("{{alnum-lower 40}}»'", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx»'", 10, &["(placeholder)"]),
    ("{{alnum-lower 39}}", "{{alnum-lower 40}}", 14, &["must stay quiet, but the rule fires"]),
    ("'tokens", "'{{jwt}} tokens", 15, &["must stay quiet, but `jwt-token` fires"]),
    ("'ACME_TOKEN=«", "'{{jwt}} «", 10, &["`jwt-token` fires too", "one secret"]),
    ("[\"acme_\"]", "[\"acmex\"]", 10, &["none of its `keywords`", "letter by letter"]),
    ("[\"acme_\"]", "[\"token\"]", 10, &["beside what the pattern matches", "`near`"]),
    ("  'tokens start with acme_',\n", "", 13, &["at least two `ignores`", "nearly matches"]),
    ("why =", "checks = ['checksum acme']\nwhy =", 4, &["no checksum is called", "github,"]),
    ("why =", "with = ['acme-id']\nwhy =", 4, &["no rule is called `acme-id`", "rules list"]),
    ("why =", "revoke = 'acme.example'\nwhy =", 4, &["`acme.example` is no link", "https://"]),
    ("why =", "references = ['https//a']\nwhy =", 4, &["`https//a` is no link", "https://"]),
    ("why =", "env = 'acme-token'\nwhy =", 4, &["no name of a variable", "ACME_TOKEN"]),
];

fn check(sandbox: &Sandbox, text: &str) -> Run {
    sandbox.write("acme.toml", text);
    sandbox.keyhook(&["rules", "check", "acme.toml"])
}

/// Joins wrapped lines, so that a sentence can be looked for.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn expect(cases: &[Case<'_>], code: i32) {
    let sandbox = Sandbox::new();
    for (from, to, line, sentences) in cases {
        let text = RIGHT.replacen(from, to, 1);
        assert_ne!(text, RIGHT, "{from}");
        let run = check(&sandbox, &text).expect(code);
        let said = joined(&run.out);
        assert!(said.contains(&format!("acme.toml:{line}: ")), "{to}: no line {line} in:\n{said}");
        assert!(said.contains(" hint: "), "{to}: no hint in:\n{said}");
        for sentence in *sentences {
            assert!(said.contains(sentence), "{to}: no {sentence:?} in:\n{said}");
        }
        let longest = run.text().lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= 80, "{to}: {longest} columns:\n{}", run.text());
    }
}

#[test]
fn a_right_rule_keeps_every_law() {
    check(&Sandbox::new(), RIGHT).expect(0).says("keyhook: 1 rule keeps every law");
}

#[test]
fn a_file_that_cannot_be_used_says_where_why_and_what_to_do() {
    expect(UNUSABLE, 2);
}

#[test]
fn a_broken_law_says_where_why_and_what_to_do() {
    expect(BROKEN, 1);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let two = RIGHT.replace("acme-token", "Acme") + &RIGHT.replace("\"acme_\"", "\"ac\"");
    let run = check(&Sandbox::new(), &two).expect(2).says("cannot use acme.toml: 2 mistakes");
    assert!(run.out.contains("acme.toml:2: ") && run.out.contains("acme.toml:21: "), "{}", run.out);
    let three = format!("{RIGHT}{}", RIGHT.replace("{40} )", "{30} )"));
    check(&Sandbox::new(), &three)
        .expect(1)
        .says("acme.toml:18: rule `acme-token`: line 2 has a rule of this id too");
}

#[test]
fn an_example_that_looks_live_is_told_and_not_shown() {
    let sandbox = Sandbox::new();
    let key = filled("{{alnum-lower 40}}", 9);
    let live = RIGHT.replacen("acme_{{alnum-lower 40}}", &format!("acme_{key}"), 1);
    check(&sandbox, &live)
        .expect(1)
        .says("acme.toml:10: rule `acme-token`: it looks like a live key")
        .hides(&key);
    let broken = live.replacen("matches = [", "matches = ", 1);
    check(&sandbox, &broken).expect(2).hides(&key);
    let wrong_type = live.replace("ignores = [", "ignores = 'a'\nx = [");
    check(&sandbox, &wrong_type).expect(2).says("`ignores` is a list").hides(&key);
}

#[test]
fn settings_are_checked_with_the_rules() {
    let sandbox = Sandbox::new();
    sandbox.write(".keyhook.toml", format!("exclude = []\nexlude = ['a']\n{RIGHT}"));
    sandbox
        .keyhook(&["rules", "check"])
        .expect(2)
        .says(".keyhook.toml:2: there is no key `exlude`")
        .says("did you mean `exclude`?");
    sandbox.write(".keyhook.toml", "[guarded]\nad = []\n");
    sandbox.keyhook(&["rules", "check"]).expect(2).says(".keyhook.toml:2: unknown field `ad`");
    sandbox.write(".keyhook.toml", "exclude = []\n");
    sandbox.keyhook(&["rules", "check"]).expect(0).says("has no rules of its own");
    check(&sandbox, "").expect(2).says("acme.toml has no rules");
}

#[test]
fn own_rules_are_listed_and_shown() {
    let sandbox = Sandbox::new();
    sandbox.write(".keyhook.toml", RIGHT);
    sandbox.keyhook(&["rules", "list"]).expect(0).says("ACME token");
    sandbox.keyhook(&["rules", "show", "acme-token"]).expect(0).says("tokens start with acme_");
    sandbox.write(".keyhook.toml", RIGHT.replace("} )", "}"));
    sandbox
        .keyhook(&["rules", "list"])
        .expect(0)
        .says(".keyhook.toml is left out, line 7: rule `acme-token`")
        .says("anthropic-api-key");
    let theirs = RIGHT.replace("acme-token", "openai-api-key");
    check(&sandbox, &theirs).expect(0).says("takes the place of the built-in rule");
}

#[test]
fn what_a_gitleaks_file_loses_has_its_line() {
    let sandbox = Sandbox::new();
    sandbox.write(
        ".gitleaks.toml",
        "[[rules]]\nid = 'a-b'\nregex = 'abc'\ntags = ['x']\n[[rules]]\nid = 'c-d'\n\
         regex = '(abc'\ntags = ['x']\n[[allowlists]]\nregexes = ['a', '(']\n",
    );
    let run = sandbox.keyhook(&["rules", "check", ".gitleaks.toml"]).expect(1);
    let said = joined(&run.out);
    for sentence in [
        ".gitleaks.toml:7: lost: rule `c-d`: regex: it does not parse: unclosed group",
        ".gitleaks.toml:10: not honoured: allowlists[1].regexes[2]: it does not parse",
        ".gitleaks.toml:4: not honoured: tags: keyhook shows no tags; 2 rules: a-b (4), c-d (8)",
    ] {
        assert!(said.contains(sentence), "no {sentence:?} in:\n{said}");
    }
    assert!(run.text().lines().all(|line| line.chars().count() <= 80), "{}", run.text());
}

#[test]
fn the_page_that_shows_how_to_add_a_rule_is_right() {
    let page = include_str!("../docs/adding-a-rule.md");
    let rules: Vec<&str> =
        page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(rules.len(), 2);
    let sandbox = Sandbox::new();
    sandbox.write(".keyhook.toml", rules.concat());
    sandbox.keyhook(&["rules", "check", ".keyhook.toml"]).expect(0).says("2 rules keep every law");
    sandbox.write(".keyhook.toml", rules[0].replace("{32} )", "{30} )"));
    let run = sandbox.keyhook(&["rules", "check", ".keyhook.toml"]).expect(1);
    assert!(page.contains(&format!("{}{}", run.out, run.err)), "{}{}", run.out, run.err);
}

#[test]
fn lines_hold_with_carriage_returns() {
    let text = RIGHT.replace("} )", "}").replace('\n', "\r\n");
    assert_eq!(read(&text, Form::RuleFile).errors[0].line, 7);
}

#[test]
fn whatever_is_left_out_or_put_in_is_told_with_a_line_of_the_file() {
    let mut refused = 0;
    for (at, letter) in RIGHT.char_indices() {
        let rest = &RIGHT[at + letter.len_utf8()..];
        for put in ["", "\"", "]", "“", "=", "\u{0}", "\n"] {
            let text = format!("{}{put}{rest}", &RIGHT[..at]);
            for form in [Form::RuleFile, Form::Config] {
                let file = read(&text, form);
                refused += file.errors.len();
                for error in file.errors {
                    let is_inside = (1..=text.lines().count() + 1).contains(&error.line);
                    assert!(is_inside && !error.hint.is_empty(), "{error}:\n{text}");
                }
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}
