//! The one integration binary. A file in `tests/` that is not listed here fails `floor_plan`.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking")]

mod against_git;
mod audit;
mod baseline;
mod commands;
mod doctor;
mod failures;
mod floor_plan;
mod guarded;
mod hostile;
mod import;
mod installer;
mod moments;
mod no_leak;
mod own_keys;
mod placeholders;
mod property;
mod rules;
mod schema;
mod support;
mod wrong_rules;
