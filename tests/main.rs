//! The one integration binary. A file in `tests/` that is not listed here fails `floor_plan`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod against_git;
mod floor_plan;
mod no_leak;
mod rules;
mod schema;
mod support;
