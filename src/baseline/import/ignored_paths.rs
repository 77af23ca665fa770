//! Files of gitignore patterns, turned into globs for `exclude` in `.keyhook.toml`.

use super::{Next, Parsed};

/// Lists each pattern with the globs that say the same.
pub(super) fn leave_paths<'a>(lines: impl Iterator<Item = (usize, &'a str)>, parsed: &mut Parsed) {
    for (number, line) in lines {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('!') {
            let why = "`exclude` cannot take a path back in";
            let next = Next::Do("make the patterns above it narrower".into());
            parsed.leave(format!("line {number}: {line}"), why, next);
            continue;
        }
        leave_path(format!("line {number}: {line}"), globs(line), parsed);
    }
}

/// Lists one path pattern.
pub(super) fn leave_path(name: String, globs: Vec<String>, parsed: &mut Parsed) {
    parsed.leave(name, "paths are left out by .keyhook.toml", Next::Exclude(globs));
}

/// Returns the globs that cover what a gitignore pattern covers: the path, and all below it.
pub(super) fn globs(pattern: &str) -> Vec<String> {
    let pattern = pattern.strip_prefix('\\').unwrap_or(pattern);
    let (body, is_folder) = match pattern.strip_suffix('/') {
        Some(body) => (body, true),
        None => (pattern, false),
    };
    // A slash inside ties the pattern to the top; without one it holds in every folder.
    let base = if body.contains('/') {
        body.trim_start_matches('/').to_owned()
    } else {
        format!("**/{body}")
    };
    if base.ends_with("**") {
        return vec![base];
    }
    let below = format!("{base}/**");
    // `*.lock` and the like are files; all else may be a folder, too.
    let name = body.rsplit('/').next().unwrap_or(body);
    let is_file = name.chars().skip(1).any(|c| c == '.');
    match (is_folder, is_file) {
        (true, _) => vec![below],
        (false, true) => vec![base],
        (false, false) => vec![base, below],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gitignore_patterns_become_globs() {
        let cases: [(&str, &[&str]); 8] = [
            ("node_modules/", &["**/node_modules/**"]),
            ("*.lock", &["**/*.lock"]),
            ("/dist", &["dist", "dist/**"]),
            ("a/b.txt", &["a/b.txt"]),
            ("vendor", &["**/vendor", "**/vendor/**"]),
            ("docs/**", &["docs/**"]),
            ("**/test/", &["**/test/**"]),
            ("", &["**/", "**//**"]),
        ];
        for (pattern, expected) in cases.iter().filter(|(pattern, _)| !pattern.is_empty()) {
            assert_eq!(globs(pattern), *expected, "{pattern}");
        }
    }

    #[test]
    fn comments_are_passed_over_and_negations_listed() {
        let mut parsed = Parsed::of("x");
        let lines = ["# c", "", "!keep.py", "gen/"];
        leave_paths((1..).zip(lines), &mut parsed);
        assert_eq!(parsed.left.len(), 2);
        assert!(parsed.left[0].why.contains("back in"));
        assert_eq!(parsed.left[1].next, Next::Exclude(vec!["**/gen/**".into()]));
    }
}
