//! `keyhook rules`: what keyhook looks for, and the laws for a user's own rules.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::{Exit, fail, fail_problem, say, written};
use crate::config::CONFIG_NAME;
use crate::detect::{Broken, Engine, check_laws, check_own};
use crate::file;
use crate::git::{Reader, Repository};
use crate::rule::{
    Effect, Loaded, ProvenRule, Remark, Rule, RuleSet, builtin_proven, from_text, is_gitleaks,
    load_gitleaks, parse,
};
use crate::scan::Problem;
use crate::terminal::{escape, escape_lines};

/// List, show and check rules
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the built-in rules
    List {
        /// How to write them
        #[arg(long, default_value = "text", value_parser = ["text", "json"])]
        format: String,
    },
    /// Show one rule
    Show {
        /// The rule's id
        id: String,
    },
    /// Check rules against their own examples
    Check {
        /// A rule file, a .keyhook.toml or a gitleaks file; without one the built-in rules and
        /// ./.keyhook.toml
        file: Option<PathBuf>,
    },
}

impl Args {
    pub(super) fn run(self) -> Exit {
        match self.action {
            Action::List { format } => list(&format),
            Action::Show { id } => show(&id),
            Action::Check { file } => check(file.as_deref()),
        }
    }
}

fn list(format: &str) -> Exit {
    let rules = RuleSet::builtin();
    let enabled = rules.enabled();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let result = if format == "json" {
        let rules: Vec<_> = enabled.iter().map(|rule| summary(rule)).collect();
        serde_json::to_writer_pretty(&mut out, &rules)
            .map_err(io::Error::from)
            .and_then(|()| out.write_all(b"\n"))
    } else {
        let width = enabled.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
        enabled.iter().try_for_each(|rule| {
            writeln!(out, "{:width$}  {:6}  {}", rule.id, rule.confidence.as_str(), rule.name)
        })
    };
    written(result.and_then(|()| out.flush()), Exit::Clean)
}

fn summary(rule: &Rule) -> serde_json::Value {
    json!({
        "id": rule.id,
        "name": rule.name,
        "provider": rule.provider,
        "confidence": rule.confidence.as_str(),
        "why": rule.why,
        "revoke": rule.revoke,
        "references": rule.references,
    })
}

fn show(id: &str) -> Exit {
    let rules = RuleSet::builtin();
    let Some(rule) = rules.by_id(id) else {
        let near: Vec<&str> = rules
            .enabled()
            .into_iter()
            .map(|rule| rule.id.as_str())
            .filter(|known| known.contains(id) || id.split('-').next() == known.split('-').next())
            .take(8)
            .collect();
        let hint = if near.is_empty() {
            "list them with: keyhook rules list".to_owned()
        } else {
            format!("did you mean: {}", near.join(", "))
        };
        return fail(&format!("no rule is called `{id}`"), &[hint]);
    };
    let examples = builtin_proven().into_iter().find(|proven| proven.rule.id == id);
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            writeln!(text, "{label:<12}{value}").expect("a string grows");
        }
    };
    line("id", &rule.id);
    line("name", &rule.name);
    line("provider", &rule.provider);
    line("why", &rule.why);
    line("confidence", rule.confidence.as_str());
    line("keywords", &rule.keywords.join(", "));
    line("near", &rule.near.join(", "));
    line("instead", &rule.env);
    line("revoke", &rule.revoke);
    line("references", &rule.references.join(", "));
    line("pattern", &rule.pattern.split_whitespace().collect::<Vec<_>>().join(" "));
    if let Some(proven) = examples {
        proven
            .examples
            .matches
            .iter()
            .for_each(|example| line("matches", &example.escape_debug().to_string()));
        proven
            .examples
            .ignores
            .iter()
            .for_each(|example| line("ignores", &example.escape_debug().to_string()));
    }
    let result = io::stdout().write_all(text.as_bytes());
    written(result, Exit::Clean)
}

fn check(file: Option<&Path>) -> Exit {
    let checked = match file {
        None => check_all(),
        // It was named, so it may be a pipe, and is read once.
        Some(file) => match text_of(file, std::fs::read(file)) {
            Ok(text) if is_gitleaks(&text) => return check_gitleaks(file, &text),
            text => text.and_then(|text| check_text(file, &text)),
        },
    };
    match checked {
        Err(exit) => exit,
        Ok((count, broken)) if broken.is_empty() => {
            say(&format!("keyhook: {count} rule(s) keep every law"));
            Exit::Clean
        }
        Ok((_, broken)) => {
            let mut out = io::stdout().lock();
            let result = broken
                .iter()
                .try_for_each(|broken| writeln!(out, "{}", escape_lines(&broken.to_string(), "")));
            drop(out);
            written(result, Exit::Findings)
        }
    }
}

/// Says how many rules of a gitleaks file run here, and everything that is not honoured.
fn check_gitleaks(file: &Path, text: &str) -> Exit {
    let top = Repository::open(Reader::Auto).ok().and_then(|r| r.work_dir().map(Path::to_owned));
    let first = file.display().to_string();
    // An extended file is named from the top of the repository, the first one by the user.
    let mut read = |name: &str| {
        if name == first {
            return Ok(Some(text.as_bytes().to_vec()));
        }
        let path = top.as_ref().map_or_else(|| PathBuf::from(name), |top| top.join(name));
        file::read_if_there(&path).map_err(|error| format!("cannot read it: {error}"))
    };
    let loaded = match load_gitleaks(&first, &mut read) {
        Ok(loaded) => loaded,
        Err(error) => {
            let (problem, hint) = (error.to_string(), error.hint);
            return fail_problem(&Problem { path: String::new(), problem, hint });
        }
    };
    let too_large = loaded.rules.compile();
    let lines = gitleaks_lines(&loaded, &too_large);
    let usable = loaded.rules.cards().len() - too_large.len();
    say(&format!("keyhook: {usable} rule(s) of {} usable", escape(&first)));
    let is_lost = loaded.remarks.iter().any(|r| r.effect == Effect::Lost) || !too_large.is_empty();
    let mut out = io::stdout().lock();
    let result = lines.iter().try_for_each(|line| writeln!(out, "{}", escape(line)));
    drop(out);
    written(result, if is_lost { Exit::Findings } else { Exit::Clean })
}

/// One line for each thing, the worst first; what is said of many rules is said once.
fn gitleaks_lines(loaded: &Loaded, too_large: &[String]) -> Vec<String> {
    let mut said: Vec<(Effect, String, Vec<&str>)> = Vec::new();
    for remark in &loaded.remarks {
        let bare = Remark { rule: String::new(), ..remark.clone() };
        let text = format!("{}: {bare}", remark.file);
        match said.iter_mut().find(|(effect, known, _)| *effect == remark.effect && *known == text)
        {
            Some((_, _, rules)) => rules.push(&remark.rule),
            None => said.push((remark.effect, text, vec![&remark.rule])),
        }
    }
    said.sort_by_key(|(effect, ..)| *effect);
    let lost = too_large.iter().map(|sentence| format!("lost         {sentence}"));
    let rest = said.into_iter().map(|(effect, text, rules)| {
        let label = match effect {
            Effect::Lost => "lost",
            Effect::Ignored | Effect::Idle => "not honoured",
            Effect::Told => "to know",
        };
        let of = match rules[..] {
            [""] => String::new(),
            [rule] => format!(" (rule `{rule}`)"),
            _ => format!(" ({} rules: {})", rules.len(), rules.join(", ")),
        };
        format!("{label:<12} {text}{of}")
    });
    lost.chain(rest).collect()
}

fn check_all() -> Result<(usize, Vec<Broken>), Exit> {
    let builtin = builtin_proven();
    let broken = check_laws(&Engine::new(RuleSet::builtin()), &builtin);
    let own = Path::new(CONFIG_NAME);
    let Some(read) = file::read_if_there(own).transpose() else {
        return Ok((builtin.len(), broken));
    };
    let (count, more) = check_text(own, &text_of(own, read)?)?;
    Ok((builtin.len() + count, [broken, more].concat()))
}

/// Returns the text that was read, or says why there is none.
fn text_of(file: &Path, read: io::Result<Vec<u8>>) -> Result<String, Exit> {
    let text = read.and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
    });
    text.map_err(|error| fail(&format!("cannot read {}: {error}", file.display()), &[]))
}

fn check_text(file: &Path, text: &str) -> Result<(usize, Vec<Broken>), Exit> {
    let is_config = file.file_name().is_some_and(|name| name == CONFIG_NAME);
    let rules: Result<Vec<ProvenRule>, _> = if is_config { from_text(text) } else { parse(text) };
    let rules = rules.map_err(|error| {
        let hint = "the format is described in docs/rules.md".to_owned();
        fail_problem(&Problem {
            path: file.display().to_string(),
            problem: error.to_string().trim_end().to_owned(),
            hint,
        })
    })?;
    Ok((rules.len(), check_own(&rules)))
}
