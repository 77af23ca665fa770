//! Each key of a gitleaks file, proved on texts made for it.

use std::collections::BTreeMap;

use super::*;
use crate::rule::expand;

/// A rule on `acme_` and 20 characters.
const ACME: &str = r#"
[[rules]]
id = "acme"
description = "ACME token"
regex = '''acme_[a-z0-9]{20}'''
keywords = ["ACME_"]
"#;

fn filled(example: &str) -> String {
    expand(example, 5).unwrap().text
}

fn load_files(files: &[(&str, &str)]) -> Result<Loaded, GitleaksError> {
    let files: BTreeMap<String, Vec<u8>> =
        files.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
    load("a.toml", &mut |name| Ok(files.get(name).cloned()))
}

fn loaded(text: &str) -> Loaded {
    load_files(&[("a.toml", text)]).unwrap()
}

/// Loads a file of which everything must be honoured.
fn honoured(text: &str) -> Imported {
    let loaded = loaded(text);
    assert_eq!(loaded.remarks, []);
    loaded.rules
}

/// The secrets that are reported, in the order of rules.
fn secrets_in(rules: &Imported, path: &str, text: &str) -> Vec<String> {
    let hits = rules.search(text.as_bytes(), path);
    let open = hits.into_iter().filter(|hit| hit.allowed.is_none());
    open.map(|hit| text[hit.secret].to_owned()).collect()
}

fn count(rules: &Imported, example: &str) -> usize {
    secrets_in(rules, "a.txt", &filled(example)).len()
}

/// Who allows the only match.
fn allowed_by(rules: &Imported, path: &str, example: &str) -> Option<String> {
    let hits = rules.search(filled(example).as_bytes(), path);
    assert_eq!(hits.len(), 1);
    hits[0].allowed.map(|list| rules.allowlist_name(list).to_owned())
}

fn remarked(loaded: &Loaded) -> Vec<(&str, &str, Effect)> {
    loaded.remarks.iter().map(|r| (r.rule.as_str(), r.key.as_str(), r.effect)).collect()
}

#[test]
fn a_rule_finds_what_its_regex_says() {
    let rules = honoured(ACME);
    assert_eq!(rules.cards()[0].id, "acme");
    assert_eq!(rules.cards()[0].name, "ACME token");
    assert_eq!(rules.cards()[0].confidence, crate::finding::Confidence::Medium);
    assert_eq!(count(&rules, "x = acme_{{alnum-lower 20}} acme_{{alnum-lower 20}}"), 2);
    assert_eq!(count(&rules, "x = acme_{{alnum-lower 19}}"), 0);
}

#[test]
fn a_keyword_may_stand_anywhere_and_be_short_or_absent() {
    let text = ACME.replace("ACME_", "Zq").replace("acme_[", "[");
    let far = format!("zQ{}{{{{alnum-lower 20}}}}", "\n".repeat(5000));
    let rules = honoured(&text);
    assert_eq!((count(&rules, &far), count(&rules, "x: {{alnum-lower 20}}")), (1, 0));
    let rules = honoured(&text.replace("keywords = [\"Zq\"]", ""));
    assert_eq!(count(&rules, "x: {{alnum-lower 20}}"), 1);
}

#[test]
fn the_secret_is_the_named_group_or_the_first_that_caught_something() {
    let rule = |group: &str| {
        format!("[[rules]]\nid = \"r\"\nregex = '''(?:(zz)|k)=(\\w+);(\\w+)'''\n{group}\n")
    };
    let secrets = |group: &str, text: &str| secrets_in(&honoured(&rule(group)), "a", text);
    assert_eq!(secrets("", "k=ab;cd"), ["ab"]);
    assert_eq!(secrets("", "zz=ab;cd"), ["zz"]);
    assert_eq!(secrets("secretGroup = 3", "k=ab;cd"), ["cd"]);
    assert_eq!(secrets("valueGroup = 2", "zz=ab;cd"), ["ab"]);
    assert!(secrets("secretGroup = 1", "k=ab;cd").is_empty());
    assert_eq!(
        secrets_in(&honoured("[[rules]]\nid = \"r\"\nregex = 'a.\\n'"), "a", "ab\n"),
        ["ab"]
    );
    let named = "[[rules]]\nid = \"r\"\nregex = '(a)(?P<v>b)'\nvalueGroup = \"v\"\n";
    assert_eq!(secrets_in(&honoured(named), "a", "ab"), ["b"]);
    for group in ["secretGroup = 4", "valueGroup = \"v\""] {
        let loaded = loaded(&rule(group));
        assert_eq!(remarked(&loaded), [("r", "secretGroup", Effect::Lost)]);
    }
}

#[test]
fn entropy_must_be_higher_than_the_threshold() {
    let rule = |entropy: &str| {
        honoured(&format!("[[rules]]\nid = \"r\"\nregex = 'k=(\\w+)'\nentropy = {entropy}\n"))
    };
    // Four characters, each twice: exactly two bits.
    assert!(secrets_in(&rule("2.0"), "a", "k=abcdabcd").is_empty());
    assert!(secrets_in(&rule("2"), "a", "k=abcdabcd").is_empty());
    assert_eq!(secrets_in(&rule("1.99"), "a", "k=abcdabcd").len(), 1);
}

#[test]
fn a_path_limits_a_rule_and_may_stand_alone() {
    let rules = honoured(&format!("{ACME}path = '''(?i)\\.env$'''\n"));
    let text = filled("acme_{{alnum-lower 20}}");
    assert_eq!(secrets_in(&rules, "b/x.ENV", &text).len(), 1);
    assert!(secrets_in(&rules, "x.env.md", &text).is_empty());
    assert!(rules.search_name("x.env").is_empty());
    let rules =
        honoured("[[rules]]\nid = \"p12\"\npath = '\\.p12$'\n[allowlist]\npaths = ['^test/']");
    assert!(rules.search(b"anything .p12", "x.p12").is_empty());
    let hits = rules.search_name("keys/x.p12");
    assert_eq!((hits.len(), hits[0].secret.clone(), hits[0].allowed), (1, 0..10, None));
    assert!(rules.search_name("x.p12.md").is_empty());
    assert_eq!(rules.search_name("test/x.p12")[0].allowed, Some(0));
}

#[test]
fn an_allowlist_takes_any_condition_or_all_of_them() {
    let list = |head: &str, condition: &str| {
        format!(
            "{ACME}[[{head}]]\ndescription = \"tests\"\ncondition = \"{condition}\"\n\
             paths = ['^test/']\nregexes = ['_00']\nstopwords = [\"EXAMPLE\"]\n"
        )
    };
    let all = "acme_00example{{alnum-lower 11}}";
    let cases = [
        ("a", all, true, false),
        ("test/a", "acme_{{alnum-lower 20}}", true, false),
        ("a", "acme_00{{alnum-lower 18}}", true, false),
        ("a", "acme_{{alnum-lower 13}}example", true, false),
        ("a", "acme_{{alnum-lower 20}}", false, false),
        ("test/a", all, true, true),
    ];
    for head in ["rules.allowlists", "allowlists"] {
        for (path, example, any, every) in cases {
            for (condition, is_allowed) in [("OR", any), ("||", any), ("AND", every), ("&&", every)]
            {
                let rules = honoured(&list(head, condition));
                let expected = is_allowed.then(|| "tests".to_owned());
                let case = format!("{head} {condition} {path} {example}");
                assert_eq!(allowed_by(&rules, path, example), expected, "{case}");
            }
        }
    }
}

#[test]
fn the_old_names_of_allowlists_count() {
    for head in ["[rules.allowlist]", "[[rules.allowlist]]", "[allowlist]", "[AllowList]"] {
        let rules = honoured(&format!("{ACME}{head}\nregexes = '_00'\n"));
        let name = allowed_by(&rules, "a", "acme_00{{alnum-lower 18}}").unwrap();
        assert!(name.to_lowercase().starts_with("allowlist"), "{name}");
        assert_eq!(name.ends_with("of rule `acme`"), head.contains("rules."), "{name}");
    }
}

#[test]
fn a_regex_of_an_allowlist_looks_at_secret_match_or_line() {
    let rule = |target: &str| {
        honoured(&format!(
            "[[rules]]\nid = \"r\"\nregex = 'key=(\\w+)'\n[[rules.allowlists]]\n\
             regexes = ['dummy|key=|\\bv']\n{target}\n"
        ))
    };
    let is_allowed = |target: &str, text: &str| allowed_by(&rule(target), "a", text).is_some();
    let (line, value) = ("x\n# dummy key=abc def\ny", "key=value");
    assert!(is_allowed("", value) && !is_allowed("", line));
    assert!(is_allowed("regexTarget = \"secret\"", value));
    assert!(is_allowed("regexTarget = \"match\"", "key=abc"));
    assert!(!is_allowed("", "key=abc"));
    let dummy = |target: &str, text: &str| {
        let rules = "[[rules]]\nid = \"r\"\nregex = 'key=(\\w+)'\n[[allowlists]]\n";
        let rules = honoured(&format!("{rules}regexes = ['dummy']\nregexTarget = \"{target}\""));
        allowed_by(&rules, "a", text).is_some()
    };
    assert!(dummy("line", line) && !dummy("match", line));
    assert!(!dummy("line", "dummy\nkey=abc\ndummy"));
}

#[test]
fn a_global_allowlist_may_name_rules_and_covers_keyhooks_own() {
    let text = |target: &str| format!("{ACME}[[allowlists]]\n{target}\nstopwords = [\"demo\"]\n");
    let own = |rules: &Imported, id: &str| rules.allows(id, "a", b"a demo b", &(2..6)).is_some();
    let rules = honoured(&text(""));
    assert!(allowed_by(&rules, "a", "acme_demo{{alnum-lower 16}}").is_some());
    assert!(own(&rules, "anthropic-api-key"));
    let rules = honoured(&text("targetRules = [\"generic-api-key\"]"));
    assert!(allowed_by(&rules, "a", "acme_demo{{alnum-lower 16}}").is_none());
    assert!(own(&rules, "generic-assignment") && !own(&rules, "anthropic-api-key"));
    let loaded = loaded(&text("targetRules = [\"acme\", \"acmee\"]"));
    assert_eq!(remarked(&loaded), [("", "allowlists[1].targetRules", Effect::Ignored)]);
    assert!(allowed_by(&loaded.rules, "a", "acme_demo{{alnum-lower 16}}").is_some());
}

#[test]
fn what_an_allowlist_cannot_say_allows_nothing() {
    let cases = [
        ("commits = [\"abc\"]\nregexes = ['_00']", "commits", true),
        ("commits = [\"abc\"]", "commits", false),
        ("condition = \"AND\"\ncommits = [\"abc\"]\nregexes = ['_00']", "commits", false),
        ("condition = \"XOR\"\nregexes = ['_00']", "condition", false),
        ("regexTarget = \"file\"\nregexes = ['_00']", "regexTarget", false),
        ("regexes = ['_00', '(']", "regexes[2]", true),
        ("condition = \"AND\"\nregexes = ['(']\npaths = ['a']", "regexes[1]", false),
        ("condition = \"AND\"\nregexes = 3\npaths = ['a']", "regexes", false),
        ("description = \"nothing\"", "(nothing)", false),
        ("regexes = ['_00']\nfiles = ['a']", "files", true),
        ("regexes = ['_00']\nregexs = ['a']", "regexs", true),
    ];
    for (list, key, is_allowed) in cases {
        for head in ["rules.allowlists", "allowlists"] {
            let loaded = loaded(&format!("{ACME}[[{head}]]\n{list}\n"));
            let rule = if head == "allowlists" { "" } else { "acme" };
            let key = format!("allowlists[1].{key}");
            assert_eq!(remarked(&loaded), [(rule, &key[..], Effect::Ignored)], "{list}");
            let allowed = allowed_by(&loaded.rules, "a", "acme_00{{alnum-lower 18}}");
            assert_eq!(allowed.is_some(), is_allowed, "{head} {list}");
        }
    }
}

const PAIR: &str = r#"
[[rules]]
id = "pair"
regex = 'secret=(\w+)'
[[rules.required]]
id = "user"
WITHIN
[[rules]]
id = "user"
regex = 'user=(\w+)'
skipReport = true
"#;

#[test]
fn a_composite_rule_needs_its_other_part_nearby() {
    let found = |within: &str, text: &str| {
        let rules = honoured(&PAIR.replace("WITHIN", within));
        let hits = rules.search(text.as_bytes(), "a");
        hits.iter().map(|hit| hit.parts.len()).collect::<Vec<_>>()
    };
    assert_eq!(found("", "user=bob\n\n\nsecret=x"), [1]);
    assert!(found("", "secret=x").is_empty());
    assert!(found("", "user=bob").is_empty(), "skipReport");
    assert_eq!(found("withinLines = 2", "user=bob\n\nsecret=x"), [1]);
    assert!(found("withinLines = 1", "user=bob\n\nsecret=x").is_empty());
    assert_eq!(found("withinColumns = 9", "user=bob secret=x"), [1]);
    assert!(found("withinColumns = 8", "user=bob secret=x").is_empty());
    assert_eq!(found("withinLines = 0", "user=a secret=x\nsecret=y\nuser=b secret=z"), [1, 1]);
}

#[test]
fn the_components_of_betterleaks_are_such_parts() {
    let loaded = |component: &str| {
        let head = "[[rules]]\nid = \"pair\"\nregex = 'secret=(\\w+)'\ncomponents = ";
        let tail = "[[rules]]\nid = \"user\"\nregex = 'user=(\\w+)'\nskipReport = true\n";
        loaded(&format!("{head}[{component}]\n{tail}"))
    };
    let found = |keys: &str, text: &str| {
        let loaded = loaded(&format!("{{ id = \"user\"{keys} }}"));
        assert_eq!(loaded.remarks, []);
        let hits = loaded.rules.search(text.as_bytes(), "a");
        hits.iter().map(|hit| hit.parts.len()).collect::<Vec<_>>()
    };
    let two_lines = "user=a\n\nsecret=b";
    assert_eq!(found("", two_lines), [1]);
    assert!(found("", "secret=b").is_empty());
    assert_eq!(found(", within = \"2L\"", two_lines), [1]);
    assert!(found(", within = \"1L\"", two_lines).is_empty());
    assert!(found(", within = \"2L,3C\"", "user=a\n\n    secret=b").is_empty());
    assert_eq!(found(", within = \"2L, 4C\"", "user=a\n\n    secret=b"), [1]);
    assert_eq!(found(", within = \"1L\", optional = true", two_lines), [0]);
    let odd = loaded("{ id = \"user\", within = \"5X\" }");
    assert_eq!(remarked(&odd), [("pair", "components[1].within", Effect::Ignored)]);
    let absent = loaded("{ id = \"nobody\", optional = true }");
    assert_eq!((absent.remarks.len(), absent.rules.search(b"secret=b", "a").len()), (0, 1));
    let absent = loaded("{ id = \"nobody\" }");
    assert_eq!(remarked(&absent), [("pair", "required", Effect::Lost)]);
}

#[test]
fn a_composite_rule_without_its_part_is_lost() {
    let loaded = loaded(&PAIR.replace("WITHIN", "").replace("user=(", "user=(("));
    let lost = [("user", "regex", Effect::Lost), ("pair", "required", Effect::Lost)];
    assert_eq!(remarked(&loaded), lost);
}

#[test]
fn a_broken_rule_is_lost_by_name() {
    let cases = [
        ("[[rules]]\nid = \"r\"\nregex = '(?=a)'", "r", "regex"),
        ("[[rules]]\nid = \"r\"\nregex = 'a'\npath = '('", "r", "path"),
        ("[[rules]]\nid = \"r\"\n", "r", "regex"),
        ("[[rules]]\nregex = 'a'\n", "(no id)", "id"),
    ];
    for (text, rule, key) in cases {
        let loaded = loaded(text);
        assert_eq!(remarked(&loaded), [(rule, key, Effect::Lost)], "{text}");
        assert!(loaded.rules.cards().is_empty());
    }
    let shown = loaded(cases[0].0).remarks[0].to_string();
    assert!(shown.starts_with("rule `r`: regex: it does not parse: look-around"), "{shown}");
    assert!(shown.contains("column 1") && !shown.contains("(?=a)"), "{shown}");
}

#[test]
fn every_other_key_is_remarked_on() {
    let idle = ["tags = [\"a\"]", "specificity = 3", "validate = \"x\"", "revoke = \"x\""];
    let keys = [
        "prefilter = \"true\"",
        "filter = \"true\"",
        "tokenEfficiency = true",
        "entropies = [\"1-2\"]",
        "file = \"x\"",
        "regexx = \"x\"",
        "entropy = \"high\"",
        "keywords = [1]",
        "confidence = \"sure\"",
    ];
    let effects = |key| if idle.contains(key) { Effect::Idle } else { Effect::Ignored };
    for key in idle.iter().chain(&keys) {
        let loaded = loaded(&format!("[[rules]]\nid = \"r\"\nregex = 'a'\n{key}\n"));
        let name = key.split(' ').next().unwrap();
        assert_eq!(remarked(&loaded), [("r", name, effects(key))]);
        assert_eq!(loaded.rules.cards().len(), 1);
    }
    let about =
        "title = \"t\"\ndescription = \"d\"\nminVersion = \"v8\"\nbetterleaksMinVersion = 1\n";
    honoured(&format!("{about}{ACME}"));
    let loaded = loaded(&format!("filter = \"x\"\nnonsense = 1\n{ACME}"));
    let expected = [("", "filter", Effect::Ignored), ("", "nonsense", Effect::Ignored)];
    assert_eq!(remarked(&loaded), expected);
}

#[test]
fn the_confidence_of_betterleaks_counts() {
    for (word, confidence) in [("low", "low"), ("med", "medium"), ("high", "high")] {
        let rules = honoured(&format!("{ACME}confidence = \"{word}\"\n"));
        assert_eq!(rules.cards()[0].confidence.as_str(), confidence);
    }
}

#[test]
fn an_extended_file_is_followed_and_overridden() {
    let base = r#"
[[rules]]
id = "acme"
description = "base"
regex = 'acme_(\w+)'
keywords = ["zzz"]
entropy = 1.5
[[rules.allowlists]]
stopwords = ["base"]
[[rules]]
id = "off"
regex = 'off'
[[rules]]
id = "kept"
regex = 'kept'
[allowlist]
paths = ['^vendor/']
"#;
    let outer = r#"
[extend]
path = "./conf/base.toml"
disabledRules = ["off", "nothing"]
[[rules]]
id = "acme"
description = "outer"
keywords = ["acme_"]
[[rules.allowlists]]
stopwords = ["outer"]
"#;
    let loaded = load_files(&[("a.toml", outer), ("conf/base.toml", base)]).unwrap();
    assert_eq!(remarked(&loaded), [("", "extend.disabledRules", Effect::Ignored)]);
    let rules = loaded.rules;
    let names: Vec<&str> = rules.cards().iter().map(|card| card.name.as_str()).collect();
    assert_eq!(names, ["outer", "kept"]);
    assert_eq!(secrets_in(&rules, "a", "acme_abcd kept off"), ["abcd", "kept"]);
    assert!(secrets_in(&rules, "a", "acme_aaaa").is_empty(), "the entropy of the base");
    assert!(secrets_in(&rules, "a", "acme_base1 acme_outer1").is_empty(), "both allowlists");
    assert!(secrets_in(&rules, "vendor/a", "acme_abcd kept").is_empty());
}

#[test]
fn a_third_file_is_not_followed() {
    let link = |to: &str, id: &str| {
        format!("[extend]\npath = \"{to}\"\n[[rules]]\nid = \"{id}\"\nregex = '{id}'\n")
    };
    let files = [link("b.toml", "a1"), link("c.toml", "b1"), link("d.toml", "c1")];
    let loaded =
        load_files(&[("a.toml", &files[0]), ("b.toml", &files[1]), ("c.toml", &files[2])]).unwrap();
    assert_eq!(loaded.rules.cards().len(), 3);
    assert_eq!(remarked(&loaded), [("", "extend.path", Effect::Ignored)]);
    assert_eq!(loaded.remarks[0].file, "c.toml");
}

#[test]
fn files_that_cannot_be_followed_are_errors() {
    let extend = |path: &str| format!("[extend]\npath = '{path}'\n");
    let cases = [
        (extend("gone.toml"), "gone.toml: there is no such file, and `[extend] path` in a.toml"),
        (extend("a.toml"), "a.toml extends itself: a.toml → a.toml"),
        (extend("b.toml"), "a.toml extends itself: a.toml → b.toml → a.toml"),
        (extend("/etc/x.toml"), "outside of the repository"),
        (extend("../x.toml"), "outside of the repository"),
        (extend("C:\\x.toml"), "outside of the repository"),
        ("[[rules]\n".to_owned(), "a.toml: line 1: "),
    ];
    for (text, expected) in cases {
        let back = extend("./x/../a.toml");
        let error = load_files(&[("a.toml", &text), ("b.toml", &back)]).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.hint.is_empty(), "{error}");
    }
}

#[test]
fn use_default_means_keyhooks_own_rules() {
    let loaded = loaded(
        r#"
[extend]
useDefault = true
url = "https://example.com/x.toml"
disabledRules = ["anthropic-api-key", "generic-api-key", "no-such-rule"]
[[rules]]
id = "generic-api-key"
entropy = 4.0
[[rules.allowlists]]
stopwords = ["demo"]
[[rules]]
id = "some-rule-of-gitleaks"
[rules.allowlist]
stopwords = ["other"]
[[rules]]
id = "openai-api-key"
regex = 'sk-(\w+)'
"#,
    );
    let expected = [
        ("", "extend.url", Effect::Ignored),
        ("", "extend.useDefault", Effect::Told),
        ("generic-api-key", "entropy", Effect::Ignored),
        ("some-rule-of-gitleaks", "(the rule)", Effect::Ignored),
        ("openai-api-key", "id", Effect::Told),
        ("", "extend.disabledRules", Effect::Idle),
    ];
    assert_eq!(remarked(&loaded), expected);
    assert_eq!(loaded.rules.disabled(), ["anthropic-api-key", "generic-assignment"]);
    let allows = |id: &str, text: &[u8]| loaded.rules.allows(id, "a", text, &(0..text.len()));
    assert!(allows("generic-assignment", b"a-demo").is_some());
    assert!(allows("openai-api-key", b"a-demo").is_none());
    assert!(allows("generic-assignment", b"other").is_none());
}

#[test]
fn ids_are_made_plain() {
    let loaded = loaded("[[rules]]\nid = \"My Rule\\u001b[31m\"\nregex = 'a'\n");
    assert_eq!(loaded.rules.cards()[0].id, "My-Rule--31m");
    assert_eq!(remarked(&loaded), [("My-Rule--31m", "id", Effect::Told)]);
}

#[test]
fn no_remark_quotes_a_value() {
    let secret = filled("acme_{{alnum-lower 20}}");
    let lists = format!(
        "[[allowlists]]\nregexes = ['({secret}']\nstopwords = {{ a = \"{secret}\" }}\n\
         condition = \"{secret}\"\ncommits = [\"{secret}\"]\n{secret} = 1\n"
    );
    let loaded = loaded(&format!("{ACME}filter = \"{secret}\"\n{lists}"));
    assert!(loaded.remarks.len() >= 5);
    for remark in &loaded.remarks {
        assert!(!remark.to_string().contains(&secret), "{remark}");
    }
    let broken = load_files(&[("a.toml", &format!("[allowlist]\nregexes = [{secret}]"))]);
    let error = broken.unwrap_err().to_string();
    assert!(error.contains("line 2") && !error.contains(&secret), "{error}");
}

#[test]
fn a_match_across_chunks_is_found_and_found_once() {
    let rules =
        honoured("[[rules]]\nid = \"r\"\nregex = 'BEGIN[a-z\\n]+?END'\nkeywords = [\"end\"]");
    let chunk = 1 << 20;
    for start in [0, chunk - 3, chunk - 40, 2 * chunk - 1] {
        let text = format!("{}BEGIN{}END", " ".repeat(start), "x\n".repeat(20_000));
        let hits = rules.search(text.as_bytes(), "a");
        assert_eq!(hits.len(), 1, "{start}");
        assert_eq!(hits[0].whole, start..text.len());
    }
    let many = "BEGINxEND".repeat(5000);
    assert_eq!(rules.search(many.as_bytes(), "a").len(), 5000);
}

#[test]
fn a_rule_that_gives_up_says_so() {
    let rules = honoured("[[rules]]\nid = \"one\"\nregex = 'a'\n");
    assert!(rules.unfinished().is_empty());
    assert_eq!(rules.search("a".repeat(10_001).as_bytes(), "x").len(), 10_000);
    assert_eq!(rules.unfinished(), ["rule `one`: it matches more than 10000 times in one file"]);
    let rules = honoured("[[rules]]\nid = \"big\"\nregex = '((\\w{900}){900}){900}'\n");
    assert!(rules.search(b"aa", "x").is_empty());
    assert_eq!(rules.unfinished(), ["rule `big`: its regex is too large to compile"]);
    assert_eq!(rules.compile().len(), 1);
}

#[test]
fn a_gitleaks_file_is_known_by_its_content() {
    assert!(is_gitleaks(ACME) && is_gitleaks("[Extend]\nuseDefault = true"));
    assert!(is_gitleaks("[allowlist]\npaths = ['a']") && is_gitleaks("[[allowlists]]\n"));
    assert!(!is_gitleaks("[[rule]]\nid = 'a'") && !is_gitleaks("exclude = []"));
    assert!(!is_gitleaks("") && !is_gitleaks("rules = ["));
}
