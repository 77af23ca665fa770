//! The gitleaks file that `.keyhook.toml` names.

use super::Problem;
use crate::config::{CONFIG_NAME, Config};
use crate::detect::Engine;
use crate::rule::{Effect, Loaded, RuleSet, inside, load_gitleaks};
use crate::source::Source;

/// A file that was loaded.
pub(super) struct Import {
    file: String,
    loaded: Loaded,
}

/// Loads the file from where `.keyhook.toml` came from; in a hook that is the index.
///
/// A rule that cannot run is an error: something may be missed. Who can do without it says so with
/// `disable`.
pub(super) fn load(source: &dyn Source, config: &Config) -> Result<Option<Import>, Problem> {
    let Some(name) = &config.gitleaks else { return Ok(None) };
    let problem = |problem: String, hint: String| Problem { path: String::new(), problem, hint };
    let file = inside(name).ok_or_else(|| {
        let what = format!("cannot use {CONFIG_NAME}: gitleaks: the file is not in the repository");
        problem(what, "give its path from the top of the repository".to_owned())
    })?;
    let mut read =
        |name: &str| source.setting(name).map_err(|unread| format!("cannot read it: {unread}"));
    let loaded = load_gitleaks(&file, &mut read)
        .map_err(|error| problem(error.to_string(), error.hint.clone()))?;
    let is_wanted = |id: &str| !config.disable.iter().any(|disabled| disabled == id);
    let lost = loaded.remarks.iter().filter(|r| r.effect == Effect::Lost && is_wanted(&r.rule));
    let lost: Vec<String> = lost.map(ToString::to_string).collect();
    if !lost.is_empty() {
        let what = format!("cannot use all of {file}:\n  {}", lost.join("\n  "));
        let hint = format!("keyhook rules check {file}; `disable` in {CONFIG_NAME} does without");
        return Err(problem(what, hint));
    }
    Ok(Some(Import { file, loaded }))
}

impl Import {
    /// Returns whether the file has a rule with this id, be it a broken one.
    pub(super) fn has_rule(&self, id: &str) -> bool {
        self.loaded.rules.cards().iter().any(|card| card.id == id)
            || self.loaded.remarks.iter().any(|r| r.effect == Effect::Lost && r.rule == id)
    }

    /// Adds the rules to all others, less those with one of the ids `disabled`, and returns what is
    /// to be said about it.
    pub(super) fn join(self, rules: &mut RuleSet, disabled: &[&String]) -> Vec<String> {
        let Import { file, mut loaded } = self;
        let mut notes = Vec::new();
        let off = loaded.rules.disabled().len();
        if off > 0 {
            notes.push(format!("{off} rule(s) switched off by `disabledRules` in {file}"));
        }
        let ignored = loaded.remarks.iter().filter(|r| r.effect == Effect::Ignored).count();
        if ignored > 0 {
            notes.push(format!(
                "{ignored} setting(s) of {file} not honoured; keyhook rules check {file}"
            ));
        }
        disabled.iter().for_each(|id| loaded.rules.silence(id));
        rules.import(loaded.rules);
        notes
    }
}

/// Returns what imported rules could not look for.
pub(super) fn unfinished(engine: &Engine, config: &Config) -> Vec<Problem> {
    let (Some((_, imported)), Some(file)) = (engine.rules().imported(), &config.gitleaks) else {
        return Vec::new();
    };
    let problem = |sentence| Problem {
        path: file.clone(),
        problem: sentence,
        hint: format!("make it narrower, or name it in `disable` in {CONFIG_NAME}"),
    };
    imported.unfinished().into_iter().map(problem).collect()
}
