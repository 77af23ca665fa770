//! What a person typed, what a setting says and what a rule is called may hold a secret too: it is
//! neither repeated nor written down.

use crate::support::{Run, Sandbox, filled, key};

/// A password that only its surroundings tell from a word.
fn password(seed: u64) -> String {
    filled("Qz7{{alnum 8}}9k", seed)
}

#[track_caller]
fn hides(run: Run, secret: &str) -> Run {
    let (text, middle) = (run.text(), &secret[secret.len() / 2 - 4..secret.len() / 2 + 4]);
    assert!(!text.contains(middle), "{text}");
    run
}

fn found(sandbox: &Sandbox, word: &str) -> String {
    sandbox.write("a.py", format!("password = \"{word}\"\n")).stage(&["a.py"]);
    let found = sandbox.keyhook(&["scan", "--staged", "--format", "json"]).expect(1);
    let value: serde_json::Value = serde_json::from_str(&found.out).unwrap();
    value["findings"][0]["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
fn a_reason_or_a_name_that_holds_a_password_is_refused() {
    let sandbox = Sandbox::new();
    let (word, other) = (password(1), password(2));
    let print = found(&sandbox, &word);
    let verdict = format!("{print}=false-positive");
    for text in [
        format!("old db postgres://bob:{other}@db.acme.io/x"),
        format!("password={other}"),
        format!("the password: {other}"),
        filled("aws_secret_access_key={{base64 40}}", 2),
    ] {
        let secret = if text.contains(&other) { other.clone() } else { text.clone() };
        for arguments in [
            &["allow", &print, "--reason", &text][..],
            &["audit", "--set", &verdict, "--reason", &text],
            &["audit", "--set", &verdict, "--reason", "a test", "--by", &text],
        ] {
            hides(sandbox.keyhook(arguments).expect(2), &secret).says("holds a secret");
        }
        let list =
            format!("[{{\"fingerprint\": \"{print}\", \"verdict\": \"real\", \"by\": {text:?}}}]");
        hides(sandbox.keyhook_with(&["audit", "--from", "-"], &list).expect(2), &secret);
    }
    assert!(!sandbox.path(".secrets.baseline").exists());
}

#[test]
fn a_reason_that_names_the_very_value_is_refused() {
    let sandbox = Sandbox::new();
    let word = password(3);
    let print = found(&sandbox, &word);
    let reason = format!("was ({word})");
    let verdict = format!("{print}=false-positive");
    hides(sandbox.keyhook(&["allow", &print, "--reason", &reason]).expect(2), &word);
    hides(sandbox.keyhook(&["audit", "--set", &verdict, "--reason", &reason]).expect(2), &word);
    assert!(!sandbox.path(".secrets.baseline").exists());
}

#[test]
fn who_is_called_like_a_secret_is_recorded_without_it() {
    let sandbox = Sandbox::new();
    let (word, name) = (password(4), password(5));
    let print = found(&sandbox, &word);
    sandbox.git(&["config", "user.name", &format!("postgres://bob:{name}@h/x")]);
    sandbox.keyhook(&["allow", &print, "--reason", "a test"]).expect(0);
    assert!(!sandbox.read(".secrets.baseline").contains(&name));
}

#[test]
fn what_was_typed_in_the_wrong_place_is_not_repeated() {
    let sandbox = Sandbox::new();
    sandbox.commit("a.txt", "a\n");
    let word = password(6);
    let (url, named) = (format!("postgres://bob:{word}@h/x"), format!("password={word}"));
    for arguments in [
        &["scan", &url][..],
        &["scan", "--format", "json", &url],
        &["scan", "--format", "sarif", &named],
        &["scan", "--range", &url],
        &["scan", "--format", &named],
        &["allow", &named, "--reason", "x"],
        &["audit", "--set", &named, "--reason", "x"],
        &["rules", "show", &named],
        &["rules", "check", &url],
        &["baseline", "import", &named],
        &["ci", "--base", &url],
        &["hook", "commit-msg", &named],
        &[&named],
    ] {
        hides(sandbox.keyhook(arguments).expect(2), &word);
    }
}

#[test]
fn a_setting_is_not_quoted_with_its_secret() {
    let sandbox = Sandbox::new();
    sandbox.write("b.txt", "b\n").stage(&["b.txt"]);
    let (word, key) = (password(7), key(7));
    for (text, secret) in [
        (format!("disable = [\"password={word}\"]\n"), &word),
        (format!("exclude = [\"password={word}/[a\"]\n"), &word),
        (format!("\"password={word}\" = 1\n"), &word),
        (format!("gitleaks = \"{key}\"\n"), &key),
        (format!("gitleaks = \"password={word}\"\n"), &word),
    ] {
        sandbox.write(".keyhook.toml", &text).stage(&[".keyhook.toml"]);
        hides(sandbox.keyhook(&["scan", "--staged"]).expect(2), secret);
        hides(sandbox.keyhook(&["scan", "--staged", "--format", "json"]).expect(2), secret);
        hides(sandbox.keyhook(&["hook", "pre-commit"]).expect(2), secret);
        hides(sandbox.keyhook(&["doctor"]), secret);
        hides(sandbox.keyhook(&["doctor", "--format", "json"]), secret);
        hides(sandbox.keyhook(&["rules", "check"]), secret);
        hides(sandbox.keyhook(&["rules", "list"]), secret);
    }
    sandbox.write(".keyhook.toml", "gitleaks = \"gl.toml\"\n");
    sandbox.write("gl.toml", format!("[extend]\npath = \"{key}\"\n"));
    sandbox.stage(&[".keyhook.toml", "gl.toml"]);
    hides(sandbox.keyhook(&["scan", "--staged"]).expect(2), &key).says("extend");
}

#[test]
fn a_hint_holds_no_secret() {
    let sandbox = Sandbox::new();
    sandbox.commit("a.txt", "a\n");
    let key = key(8);
    hides(sandbox.keyhook(&["hook", "commit-msg", &key]).expect(2), &key);
    let (zero, gone) = ("0".repeat(40), "1234567890".repeat(4));
    let push = format!("refs/heads/{key} {gone} refs/heads/{key} {zero}\n");
    hides(sandbox.keyhook_with(&["hook", "pre-push", "o", "u"], push).expect(2), &key).says(&gone);
    let received = format!("{zero} {gone} refs/heads/{key}\n");
    hides(sandbox.keyhook_with(&["hook", "pre-receive"], received).expect(2), &key).says(&gone);
    let sandbox = sandbox.with_variable("GITHUB_BASE_REF", &format!("no{key}"));
    hides(sandbox.keyhook(&["ci"]).expect(2), &key).says("hint: git fetch origin ");
}

#[test]
fn a_rule_is_shown_without_the_secrets_in_its_words() {
    let sandbox = Sandbox::new();
    let (word, key) = (password(9), key(9));
    sandbox.write(
        ".keyhook.toml",
        format!(
            "[[rule]]\nid = \"acme-key\"\nname = \"x {key}\"\nwhy = \"y password={word}\"\n\
             pattern = '(?<secret>acme_[a-z0-9]{{20}})'\nkeywords = [\"acme_\"]\n\
             references = [\"https://bob:{word}@acme.io\"]\nrevoke = \"https://bob:{word}@acme.io\"\n\
             matches = ['T={key}', 'x «acme_{{{{alnum-lower 20}}}}»']\nignores = ['b', 'c']\n"
        ),
    );
    sandbox.write("b.txt", filled("t = acme_{{alnum-lower 20}}\n", 1));
    sandbox.stage(&[".keyhook.toml", "b.txt"]);
    for arguments in [
        &["rules", "list"][..],
        &["rules", "list", "--format", "json"],
        &["rules", "show", "acme-key"],
        &["rules", "check"],
        &["scan", "--staged"],
        &["scan", "--staged", "--format", "json"],
        &["scan", "--staged", "--format", "sarif"],
        &["scan", "--explain", "b.txt:1"],
        &["hook", "pre-commit"],
    ] {
        let run = hides(hides(sandbox.keyhook(arguments), &word), &key);
        run.says("acme-key");
    }
}

#[test]
fn a_rule_of_gitleaks_is_shown_without_the_secrets_in_its_words() {
    let sandbox = Sandbox::new();
    let key = key(10);
    sandbox.write(".keyhook.toml", "gitleaks = \"gl.toml\"\n");
    sandbox.write(
        "gl.toml",
        format!("[[rules]]\nid = \"x {key}\"\ndescription = \"y {key}\"\nregex = 'acme_[a-z0-9]{{20}}'\n"),
    );
    sandbox.write("b.txt", filled("t = acme_{{alnum-lower 20}}\n", 1));
    sandbox.stage(&[".keyhook.toml", "gl.toml", "b.txt"]);
    for format in ["text", "json", "jsonl", "sarif"] {
        hides(sandbox.keyhook(&["scan", "b.txt", "--format", format]).expect(1), &key);
    }
    hides(sandbox.keyhook(&["scan", "--explain", "b.txt:1"]).expect(0), &key);
    hides(sandbox.keyhook(&["hook", "pre-commit"]).expect(1), &key);
    hides(sandbox.keyhook(&["rules", "check", "gl.toml"]), &key);
}

#[test]
fn what_stands_in_the_baseline_already_is_shown_without_its_secrets() {
    let sandbox = Sandbox::new();
    let (word, said) = (password(11), password(12));
    let print = found(&sandbox, &word);
    sandbox.keyhook(&["allow", &print, "--reason", "MARK", "--verdict", "real"]).expect(0);
    let told = |text: String| {
        let url = format!("postgres://bob:{said}@db.acme.io/x");
        let text = text.replace("MARK", &format!("see {url}"));
        let text = text.replace("\"on\":", &format!("\"by\":\"{url}\",\"on\":"));
        let text = text.replace("\"path\":\"a.py\"", &format!("\"path\":\"password={said}/a.py\""));
        text.replace("\"rule\":\"", &format!("\"rule\":\"{url} "))
    };
    let text = sandbox.read(".secrets.baseline");
    sandbox.git(&["commit", "-qm", "x"]);
    let text = told(text);
    assert_eq!(text.matches(&said).count(), 4, "{text}");
    sandbox.write(".secrets.baseline", text).stage(&[".secrets.baseline"]);
    for arguments in [
        &["audit", "--list"][..],
        &["audit", "--format", "json"],
        &["audit", "--stats"],
        &["audit", "--stats", "--format", "json"],
        &["baseline", "diff", "HEAD"],
        &["baseline", "diff", "HEAD", "--format", "json"],
        &["baseline", "check"],
        &["baseline", "check", "--format", "json"],
        &["baseline", "update"],
        &["scan", "a.py"],
        &["scan", "a.py", "--format", "json"],
        &["scan", "--explain", "a.py:1"],
        &["doctor"],
    ] {
        hides(sandbox.keyhook(arguments), &said);
    }
}

#[test]
fn a_pattern_that_is_the_secret_is_not_offered_for_copying() {
    let word = password(13);
    let allows = format!("{{\"rules\":[{{\"id\":\"x\",\"allows\":[\"{word}\"]}}]}}");
    for (name, text) in [
        (".gitallowed", format!("{word}\n")),
        (".gitallowed", format!("login.*{word}\n")),
        (".talismanrc", format!("allowed_patterns:\n- {word}\n")),
        (".secretlintrc.json", allows),
    ] {
        let sandbox = Sandbox::new();
        found(&sandbox, &word);
        sandbox.write(name, text).stage(&[name]);
        hides(sandbox.keyhook(&["baseline", "import", "--dry-run"]).expect(0), &word);
        let json = ["baseline", "import", "--dry-run", "--format", "json"];
        hides(sandbox.keyhook(&json).expect(0), &word);
        hides(sandbox.keyhook(&["baseline", "import"]).expect(0), &word);
        let baseline = std::fs::read_to_string(sandbox.path(".secrets.baseline"));
        assert!(!baseline.unwrap_or_default().contains(&word));
    }
}
