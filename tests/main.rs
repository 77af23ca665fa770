//! The one integration binary. A file in `tests/` that is not listed here fails `floor_plan`.
//!
//! What needs executable bits, links or names that are no text is for Unix alone.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking")]

#[cfg(unix)]
mod against_git;
mod audit;
mod baseline;
mod commands;
#[cfg(unix)]
mod doctor;
#[cfg(unix)]
mod failures;
mod floor_plan;
mod fuzz;
mod guarded;
#[cfg(unix)]
mod hostile;
mod import;
#[cfg(unix)]
mod installer;
#[cfg(unix)]
mod moments;
mod no_echo;
mod no_leak;
mod own_keys;
mod placeholders;
mod property;
mod rules;
mod schema;
mod support;
mod worktree;
mod wrong_rules;
