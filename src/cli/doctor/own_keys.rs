//! Which of the values that are live on this machine are looked for in the staged change?

use super::files::settings;
use super::{Check, Section, State, counted};
use crate::git::Repository;
use crate::own::{Machine, sources, user_problem};

pub(super) fn look(repository: &Repository) -> Vec<Check> {
    let Some(top) = repository.work_dir() else { return Vec::new() };
    let check = |state, says: String| Check::new("own-keys", Section::Reading, state, says);
    let Some(machine) = Machine::here(Some(top)) else {
        let says = "your own keys are not looked for: this is a server or CI";
        return vec![check(State::Note, says.to_owned())];
    };
    let problem = user_problem(&machine).map(|problem| check(State::Wrong, problem));
    let off = settings(top).own_keys_off;
    let states = sources(&machine, &off);
    let count: usize = states.iter().map(|source| source.values).sum();
    let is_there = |state: &str| state != "absent";
    let details: Vec<String> = states
        .iter()
        .filter(|source| is_there(&source.state))
        .map(|source| {
            let values = counted(source.values, "value");
            format!("{} ({}): {}, {values}", source.place, source.name, source.state)
        })
        .collect();
    let says = match count {
        0 => "no value of your own is live where keyhook looks on this machine".to_owned(),
        1 => "1 value of your own is looked for, hashed, in what is staged".to_owned(),
        _ => format!("{count} values of your own are looked for, hashed, in what is staged"),
    };
    problem.into_iter().chain([check(State::Good, says).with_details(details)]).collect()
}
