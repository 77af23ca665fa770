//! keyhook: blocks commits that add API keys and other secrets.
//!
//! Fifteen rooms, each with one purpose; `tests/floor_plan.rs` holds who may use whom. Start
//! reading at [`scan`], which is the whole program on one page.

pub mod audit;
pub mod baseline;
pub mod cli;
pub mod config;
pub mod detect;
pub mod file;
pub mod finding;
pub mod git;
pub mod hook;
pub mod own;
pub mod report;
pub mod rule;
pub mod scan;
pub mod source;
pub mod terminal;
