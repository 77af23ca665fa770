//! `keyhook rules`: what keyhook looks for, and the laws for a user's own rules.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::{Exit, fail, written};
use crate::rule::{Rule, RuleSet, builtin_proven};

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
            Action::Check { file } => check::check(file.as_deref()),
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
