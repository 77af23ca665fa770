//! `keyhook rules`: what keyhook looks for, and the laws for a user's own rules.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::{Exit, fail, masked, say, written};
use crate::config::CONFIG_NAME;
use crate::file;
use crate::report::write_document;
use crate::rule::{ProvenRule, Rule, RuleSet, builtin_proven, from_text};
use crate::terminal::{escape, escape_lines};

mod check;
mod examine;
mod foreign;
mod habits;

/// List, show and check rules
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the built-in rules and those of ./.keyhook.toml
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
            Action::Check { file } => check::check(file.as_deref()),
        }
    }
}

/// Returns the built-in rules and those of `./.keyhook.toml`, and the latter with their examples.
fn known() -> (RuleSet, Vec<ProvenRule>) {
    let mut rules = RuleSet::builtin();
    let text = match file::read_if_there(Path::new(CONFIG_NAME)) {
        Ok(None) => return (rules, Vec::new()),
        Ok(Some(bytes)) => String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()),
        Err(error) => Err(format!("cannot read it: {error}")),
    };
    let own = text.and_then(|text| from_text(&text).map_err(|error| error.to_string()));
    let own = own.unwrap_or_else(|error| {
        say(&format!("keyhook: {CONFIG_NAME} is left out, {error}; see: keyhook rules check"));
        Vec::new()
    });
    rules.add(own.iter().map(|proven| proven.rule.clone()).collect());
    (rules, own)
}

fn list(format: &str) -> Exit {
    let (rules, _) = known();
    let enabled = rules.enabled();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let result = if format == "json" {
        let rules: Vec<_> = enabled.iter().map(|rule| summary(rule)).collect();
        write_document(&json!(rules), &mut out)
    } else {
        let width = enabled.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
        enabled.iter().try_for_each(|rule| {
            let (id, name) = (masked(&rule.id), masked(&rule.name));
            writeln!(out, "{id:width$}  {:6}  {}", rule.confidence.as_str(), escape(&name))
        })
    };
    written(result.and_then(|()| out.flush()), Exit::Clean)
}

fn summary(rule: &Rule) -> serde_json::Value {
    json!({
        "id": masked(&rule.id),
        "name": masked(&rule.name),
        "provider": masked(&rule.provider),
        "confidence": rule.confidence.as_str(),
        "why": masked(&rule.why),
        "revoke": masked(&rule.revoke),
        "references": rule.references.iter().map(|page| masked(page)).collect::<Vec<_>>(),
    })
}

/// Hides secrets in the words of a rule. What the marks of an example break is none, as in
/// `«acme_{{alnum 20}}»`.
fn masked_words(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((at, mark)) = rest.match_indices(&['«', '»', '{', '}']).next() {
        shown.push_str(&masked(&rest[..at]));
        shown.push_str(mark);
        rest = &rest[at + mark.len()..];
    }
    shown + &masked(rest)
}

fn show(id: &str) -> Exit {
    let (rules, own) = known();
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
    let is_own = own.iter().any(|proven| proven.rule.id == id);
    let mut proven = own.into_iter().rev().chain(builtin_proven());
    let examples = proven.find(|proven| proven.rule.id == id);
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            let value = if is_own { masked_words(value) } else { value.to_owned() };
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
    let result = io::stdout().write_all(escape_lines(&text, "").as_bytes());
    written(result.and_then(|()| io::stdout().write_all(b"\n")), Exit::Clean)
}
