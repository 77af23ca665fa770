//! What counts is what is staged, whatever filters, attributes or settings show.

use std::os::unix::fs::symlink;

use super::*;
use crate::support::{filled, key};

#[test]
fn line_ends() {
    each_git(|git| {
        for value in ["true", "input", "false"] {
            let repo = git.repo();
            repo.run(&["config", "core.autocrlf", value]).expect(0);
            repo.commit("app.py", "first()\r\n");
            repo.put("app.py", format!("first()\r\n{}", leak(1).replace('\n', "\r\n")));
            repo.shows(&["app.py"]);
            repo.blocks(&[], &["app.py"]);
            repo.put("app.py", "first()\r\nsecond()\r\n");
            repo.passes(&[]);
        }
    });
}

#[test]
fn changed_line_ends_make_no_old_key_new() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("app.py", format!("first()\n{}", leak(1)));
        repo.put("app.py", format!("first()\r\n{}", leak(1).replace('\n', "\r\n")));
        repo.shows(&[]);
        repo.passes(&[]);
    });
}

#[test]
fn a_clean_filter() {
    each_git(|git| {
        // The filter puts a key in, which only the staged version has; another takes it out.
        let repo = git.repo();
        repo.put(".gitattributes", "*.in filter=put\n*.out filter=take\n");
        repo.write("template", leak(1));
        repo.run(&["config", "filter.put.clean", "cat template"]).expect(0);
        repo.run(&["config", "filter.take.clean", "sed s/sk-.*/gone/"]).expect(0);
        repo.put("a.in", CLEAN).put("b.out", leak(2));
        repo.shows(&["a.in"]);
        repo.blocks(&[], &["a.in"]);
        repo.run(&["rm", "-q", "--cached", "a.in"]).expect(0);
        repo.passes(&[]);
    });
}

#[test]
fn a_working_tree_encoding() {
    each_git(|git| {
        let repo = git.repo();
        repo.put(".gitattributes", "*.txt working-tree-encoding=UTF-16LE\n");
        repo.put("app.txt", utf16(&leak(1)));
        repo.shows(&["app.txt"]);
        repo.blocks(&[], &["app.txt"]);
        repo.put("app.txt", utf16(CLEAN));
        repo.passes(&[]);
    });
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_file_in_utf16() {
    each_git(|git| {
        let repo = git.repo();
        let with_mark = |text: &str| [&[0xFF, 0xFE], &utf16(text)[..]].concat();
        let big: Vec<u8> = "\u{FEFF}"
            .encode_utf16()
            .chain(leak(2).encode_utf16())
            .flat_map(u16::to_be_bytes)
            .collect();
        repo.put("little.txt", with_mark(&leak(1))).put("big.txt", big);
        repo.put("unmarked.txt", utf16(&leak(3)));
        repo.shows(&["little.txt", "big.txt", "unmarked.txt"]);
        repo.blocks(&[], &["little.txt", "big.txt", "unmarked.txt"]);
        for name in ["little.txt", "big.txt", "unmarked.txt"] {
            repo.put(name, with_mark(CLEAN));
        }
        repo.passes(&[]);
    });
}

/// What a compiler, a database and a serializer put right before and behind a string.
const NEIGHBOURS: &[(&[u8], &[u8])] =
    &[(b"\0\x01l", b"\x02"), (b"\0zl", b"N\0"), (b"\x1B\x01anthropic", b"\0"), (b"\0X3", b"next")];

#[test]
fn a_key_between_the_bytes_of_a_binary_file() {
    for (before, behind) in NEIGHBOURS {
        for (example, rule) in [
            ("sk-ant-api03-{{base64url 93}}AA", "anthropic-api-key"),
            ("ghp_{{alnum 30}}{{sum github}}", "github-personal-token"),
        ] {
            let repo = Git::usual().repo();
            let key = filled(example, 3);
            repo.put("data.bin", [before, key.as_bytes(), behind].concat());
            let run = repo.run(&["commit", "-q", "-m", "test"]).expect(1);
            run.says(&format!("({rule})")).hides(&key);
        }
    }
}

#[test]
fn the_names_of_functions_in_a_binary_file_are_no_keys() {
    let repo = Git::usual().repo();
    let names =
        "_Z23gen_vec_pack_usat_v8hiP7rtx_defS0_S0_\0xbb_live_range_info_of_block12_and_its_edges";
    repo.put("program", [b"\x7FELF\0\0", names.as_bytes(), b"\0"].concat());
    repo.passes(&[]);
}

#[test]
fn text_of_which_a_part_is_utf_16() {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let settings = "PORT=3000\nMODE=production\n";
    let mark = b"\xFF\xFE";
    let texts = [
        [&mark[..], &wide(settings), leak(1).as_bytes()].concat(),
        [settings.as_bytes(), &wide(&leak(1))].concat(),
        [&mark[..], &wide("#\n"), leak(1).as_bytes()].concat(),
        leak(1).chars().flat_map(|c| (c as u32).to_be_bytes()).collect(),
        wide(&("это файл настроек\n".to_owned() + &leak(1))),
        ["x".repeat(9000).as_bytes(), b"\n", &wide(&leak(1))].concat(),
    ];
    for text in texts {
        let repo = Git::usual().repo();
        repo.put("settings.ini", &text);
        repo.run(&["commit", "-q", "-m", "test"])
            .expect(1)
            .says("(anthropic-api-key)")
            .hides(&key(1));
    }
}

#[test]
fn a_binary_file() {
    each_git(|git| {
        let repo = git.repo();
        repo.put("data.bin", [b"\0\x01\x02".as_slice(), leak(1).as_bytes(), b"\0"].concat());
        repo.shows(&["data.bin"]);
        repo.blocks(&[], &["data.bin"]);
        repo.put("data.bin", b"\0\x01\x02");
        repo.passes(&[]);
    });
}

#[test]
fn a_partly_staged_file() {
    each_git(|git| {
        let repo = git.repo();
        // The key is only in the worktree.
        repo.commit("app.py", CLEAN).put("app.py", "other()\n").write("app.py", leak(1));
        repo.shows(&[]);
        repo.passes(&[]);
        // The key is only in what is staged.
        repo.put("app.py", leak(1)).write("app.py", CLEAN);
        repo.shows(&["app.py"]);
        repo.blocks(&[], &["app.py"]);
    });
}

#[test]
fn the_worktree_has_something_else_by_now() {
    each_git(|git| {
        let replacements: [&dyn Fn(&Path); 5] = [
            &|_| (),
            &|path| std::fs::create_dir(path).unwrap(),
            &|path| symlink("/dev/zero", path).unwrap(),
            &|path| symlink("app.py", path).unwrap(),
            &|path| {
                let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
                assert!(made.success());
            },
        ];
        let repo = git.repo();
        repo.commit("other.py", CLEAN);
        for replace in replacements {
            let path = repo.put("app.py", leak(1)).path("app.py");
            std::fs::remove_file(&path).unwrap();
            replace(&path);
            repo.shows(&["app.py"]);
            repo.blocks(&[], &["app.py"]);
            let _ = std::fs::remove_dir(&path).or_else(|_| std::fs::remove_file(&path));
        }
    });
}

#[test]
fn a_folder_of_the_worktree_is_a_link_by_now() {
    each_git(|git| {
        let repo = git.repo();
        let path = repo.put("a/app.py", leak(1)).path("a");
        std::fs::rename(&path, repo.beside("moved")).unwrap();
        std::fs::write(repo.beside("moved/app.py"), CLEAN).unwrap();
        symlink(repo.beside("moved"), path).unwrap();
        repo.shows(&["a/app.py"]);
        repo.blocks(&[], &["a/app.py"]);
    });
}

#[test]
fn a_large_file_pointer_passes() {
    each_git(|git| {
        let repo = git.repo();
        let id = filled("{{hex 64}}", 1);
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:";
        repo.put("model.bin", format!("{pointer}{id}\nsize 123456789\n"));
        repo.shows(&[]);
        repo.passes(&[]);
    });
}

#[test]
fn attributes_hide_nothing() {
    each_git(|git| {
        let attributes =
            ["-diff", "binary", "diff=tc", "-text", "linguist-generated", "export-ignore"];
        for attribute in attributes {
            let repo = git.repo();
            repo.run(&["config", "diff.tc.textconv", "true"]).expect(0);
            repo.commit(".gitattributes", format!("*.py {attribute}\n"));
            repo.commit("app.py", CLEAN).put("app.py", leak(1)).put("new.py", leak(2));
            repo.blocks(&[], &["app.py", "new.py"]);
        }
    });
}

#[test]
fn settings_of_diff_hide_nothing() {
    each_git(|git| {
        let settings = [
            ("diff.external", "true"),
            ("color.ui", "always"),
            ("color.diff", "always"),
            ("diff.noprefix", "true"),
            ("diff.mnemonicPrefix", "true"),
            ("diff.relative", "true"),
            ("diff.orderFile", "missing"),
            ("diff.ignoreSubmodules", "all"),
            ("diff.renames", "copies"),
            ("diff.algorithm", "histogram"),
            ("core.quotePath", "false"),
            ("core.bigFileThreshold", "1"),
            ("core.fileMode", "false"),
            ("log.showSignature", "true"),
        ];
        for (name, value) in settings {
            let repo = git.repo();
            repo.commit("sub/ü.py", CLEAN).run(&["config", name, value]).expect(0);
            repo.put("sub/ü.py", leak(1)).put("top.py", leak(2));
            let folder = repo.path("sub");
            repo.from(folder).blocks(&[], &["sub/ü.py", "top.py"]);
        }
    });
}

#[test]
fn variables_of_diff_hide_nothing() {
    each_git(|git| {
        let variables = [
            ("GIT_EXTERNAL_DIFF", "true"),
            ("GIT_DIFF_OPTS", "-u0"),
            ("GIT_LITERAL_PATHSPECS", "1"),
            ("GIT_GLOB_PATHSPECS", "1"),
            ("GIT_NOGLOB_PATHSPECS", "1"),
            ("GIT_ICASE_PATHSPECS", "1"),
            ("GIT_TRACE", "1"),
            ("GIT_OPTIONAL_LOCKS", "1"),
            ("LC_ALL", "de_DE.UTF-8"),
        ];
        for (name, value) in variables {
            let repo = git.repo().with(name, value);
            repo.commit("sub/app.py", CLEAN).put("sub/app.py", leak(1));
            repo.shows(&["sub/app.py"]);
            repo.blocks(&[], &["sub/app.py"]);
        }
    });
}

#[test]
fn the_baseline_is_found_whatever_paths_mean() {
    each_git(|git| {
        let repo = git.repo();
        repo.put("fixture.py", leak(1));
        let document: Value = serde_json::from_str(&repo.scan("auto").out).unwrap();
        let print = document["findings"][0]["fingerprint"].as_str().unwrap();
        repo.keyhook(&["allow", print, "--reason", "a fixture of the tests"]).expect(0);
        let mut repo = repo;
        for kind in ["LITERAL", "GLOB", "NOGLOB", "ICASE"] {
            repo.variables = vec![(format!("GIT_{kind}_PATHSPECS"), "1".to_owned())];
            repo.shows(&[]);
        }
        repo.variables = vec![("GIT_LITERAL_PATHSPECS".to_owned(), "1".to_owned())];
        repo.passes(&[]);
    });
}

#[test]
fn a_replaced_object_counts_with_its_real_bytes() {
    each_git(|git| {
        let repo = git.repo();
        repo.put("app.py", leak(1)).put("innocent.py", CLEAN);
        let [leaky, clean] =
            ["app.py", "innocent.py"].map(|name| repo.git(&["rev-parse", &format!(":{name}")]));
        repo.run(&["replace", leaky.trim(), clean.trim()]).expect(0);
        // Without the file, the object must be read.
        std::fs::remove_file(repo.path("app.py")).unwrap();
        repo.shows(&["app.py"]);
        repo.blocks(&[], &["app.py"]);
    });
}

#[test]
fn a_replaced_head_hides_nothing() {
    each_git(|git| {
        let repo = git.repo();
        repo.commit("app.py", CLEAN).commit("other.py", CLEAN);
        let head = repo.head();
        // A commit that has the key already takes the place of HEAD.
        repo.commit("app.py", leak(1));
        let fake = repo.head();
        repo.run(&["reset", "-q", "--soft", "HEAD~"]).expect(0);
        repo.run(&["replace", head.trim(), fake.trim()]).expect(0);
        repo.shows(&["app.py"]);
        repo.blocks(&["--allow-empty"], &["app.py"]);
    });
}

#[test]
fn another_hook_stages_more() {
    each_git(|git| {
        // The earlier hook runs first, and what it stages is looked at, too.
        let repo = git.repo();
        repo.commit("other.py", CLEAN).write("late.py", leak(1)).put("app.py", CLEAN);
        let hook = repo.path(".git/hooks/pre-commit.before-keyhook");
        let probe = std::fs::read_to_string(&hook).unwrap();
        std::fs::write(&hook, probe.replace("#!/bin/sh\n", "#!/bin/sh\ngit add late.py\n"))
            .unwrap();
        repo.blocks(&[], &["late.py"]);
    });
}

#[test]
fn marked_as_unchanged() {
    each_git(|git| {
        for flag in ["--assume-unchanged", "--skip-worktree"] {
            let repo = git.repo();
            repo.commit("app.py", CLEAN).put("app.py", leak(1));
            repo.run(&["update-index", flag, "app.py"]).expect(0);
            repo.write("app.py", CLEAN);
            repo.shows(&["app.py"]);
            repo.blocks(&[], &["app.py"]);
        }
    });
}

#[test]
fn a_settings_file_in_a_folder_is_the_staged_one() {
    each_git(|git| {
        let repo = git.repo();
        let rule = "[[rules]]\nid = \"no-p12\"\npath = '\\.p12$'\n";
        repo.put(".keyhook.toml", "gitleaks = \"conf/deep/gitleaks.toml\"\n");
        repo.put("conf/deeper.txt", "x").put("keys/a.p12", "x");
        repo.write("conf/deep/gitleaks.toml", rule);
        for reader in ["own", "git"] {
            // In the worktree alone it does not count.
            let missing = "there is no such file";
            repo.scan(reader).expect(2).says(missing).says("git add conf/deep/gitleaks.toml");
        }
        repo.put("conf/deep/gitleaks.toml", rule);
        repo.write("conf/deep/gitleaks.toml", "title = \"nothing\"\n");
        repo.shows(&["keys/a.p12"]);
        // With the cache tree complete, it is found by its folders.
        repo.run(&["write-tree"]).expect(0);
        repo.shows(&["keys/a.p12"]);
        // A folder in its place is no file.
        repo.run(&["rm", "-q", "-f", "--cached", "conf/deep/gitleaks.toml"]).expect(0);
        std::fs::remove_file(repo.path("conf/deep/gitleaks.toml")).unwrap();
        repo.put("conf/deep/gitleaks.toml/b", "x");
        repo.run(&["write-tree"]).expect(0);
        for reader in ["own", "git"] {
            repo.scan(reader).expect(2).says("there is no such file");
        }
    });
}
