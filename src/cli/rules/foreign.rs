//! `keyhook rules check` on a gitleaks file: how many of its rules run here, and what does not.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::super::{Exit, fail_problem, say, written};
use super::check::write_wrapped;
use crate::file;
use crate::git::{Reader, Repository};
use crate::rule::{Effect, Remark, gitleaks_line, load_gitleaks};
use crate::scan::Problem;
use crate::terminal::escape;

/// Tells one of keyhook's own files whose author wrote `[[rules]]` for `[[rule]]`.
pub(super) fn means_own_rules(text: &str) -> bool {
    let table = text.parse::<toml::Table>().unwrap_or_default();
    let rules = table.get("rules").and_then(toml::Value::as_array);
    let is_own = |rule: &toml::Value| {
        let has = |key: &str| rule.get(key).is_some();
        !has("regex") && (has("pattern") || has("matches") || has("ignores"))
    };
    rules.is_some_and(|rules| rules.iter().any(is_own))
}

/// Says how many rules of a gitleaks file run here, and everything that is not honoured.
pub(super) fn check(file: &Path, text: &str) -> Exit {
    let top = Repository::open(Reader::Auto).ok().and_then(|r| r.work_dir().map(Path::to_owned));
    let first = file.display().to_string();
    let mut texts = BTreeMap::new();
    // An extended file is named from the top of the repository, the first one by the user.
    let mut read = |name: &str| {
        let bytes = if name == first {
            Some(text.as_bytes().to_vec())
        } else {
            let path = top.as_ref().map_or_else(|| PathBuf::from(name), |top| top.join(name));
            file::read_if_there(&path).map_err(|error| format!("cannot read it: {error}"))?
        };
        if let Some(bytes) = &bytes {
            texts.insert(name.to_owned(), String::from_utf8_lossy(bytes).into_owned());
        }
        Ok(bytes)
    };
    let loaded = match load_gitleaks(&first, &mut read) {
        Ok(loaded) => loaded,
        Err(error) => {
            let (problem, hint) = (error.to_string(), error.hint);
            return fail_problem(&Problem { path: String::new(), problem, hint });
        }
    };
    let too_large = loaded.rules.compile();
    let usable = loaded.rules.cards().len() - too_large.len();
    say(&format!("keyhook: {usable} rule(s) of {} usable", escape(&first)));
    let is_lost = loaded.remarks.iter().any(|r| r.effect == Effect::Lost) || !too_large.is_empty();
    let mut out = io::stdout().lock();
    let lost = too_large.iter().map(|sentence| Entry {
        effect: Effect::Lost,
        text: sentence.clone(),
        hint: "make its repetitions shorter, or name the rule in `disable`".to_owned(),
        places: Vec::new(),
    });
    let mut entries = lost.chain(gathered(&loaded.remarks, &texts));
    let result = entries.try_for_each(|entry| write_wrapped(&mut out, &entry.shown(), &entry.hint));
    drop(out);
    written(result, if is_lost { Exit::Findings } else { Exit::Clean })
}

/// What is said once, though it is so at several places.
struct Entry {
    effect: Effect,
    text: String,
    hint: String,
    /// File, line and rule.
    places: Vec<(String, usize, String)>,
}

impl Entry {
    fn shown(&self) -> String {
        let label = match self.effect {
            Effect::Lost => "lost",
            Effect::Ignored | Effect::Idle => "not honoured",
            Effect::Told => "to know",
        };
        let of = |rule: &str| match rule {
            "" => String::new(),
            rule => format!("rule `{rule}`: "),
        };
        match &self.places[..] {
            [] => format!("{label}: {}", self.text),
            [(file, line, rule)] => format!("{file}:{line}: {label}: {}{}", of(rule), self.text),
            [(file, line, _), ..] => {
                let rules = self.places.iter();
                let rules: Vec<String> =
                    rules.map(|(_, line, rule)| format!("{rule} ({line})")).collect();
                let rules = rules.join(", ");
                format!(
                    "{file}:{line}: {label}: {}; {} rules: {rules}",
                    self.text,
                    self.places.len()
                )
            }
        }
    }
}

/// Puts together what is the same, the worst first.
fn gathered(remarks: &[Remark], texts: &BTreeMap<String, String>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for remark in remarks {
        let file = texts.get(&remark.file).map_or("", String::as_str);
        let line = gitleaks_line(file, &remark.rule, &remark.key);
        let place = (remark.file.clone(), line, remark.rule.clone());
        let text = format!("{}: {}", remark.key, remark.reason);
        let is_same = |entry: &&mut Entry| {
            entry.effect == remark.effect
                && entry.text == text
                && entry.places.iter().all(|(file, ..)| *file == remark.file)
        };
        match entries.iter_mut().find(is_same) {
            Some(entry) => entry.places.push(place),
            None => entries.push(Entry {
                effect: remark.effect,
                text,
                hint: remark.hint.clone(),
                places: vec![place],
            }),
        }
    }
    entries.sort_by_key(|entry| entry.effect);
    entries
}
