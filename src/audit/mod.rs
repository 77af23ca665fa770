//! The terminal screen where a person gives verdicts.
//!
//! Keys become events, `update` turns an event and a model into the next
//! model and a list of effects, and `draw` turns a model into a frame; both are free of
//! side effects. `session` carries the effects out, `screen` alone owns the terminal. The tree, the
//! repository and the rules are looked at by whoever starts the screen: questions go out through a
//! channel and answers come back as events, so nothing that takes time holds the keys up.
//!
//! Secrets are masked in every frame. One key shows the secret of the finding under the cursor, and
//! leaving the finding hides it again.

mod entry;
mod filter;
mod judging;
mod keys;
mod ledger;
mod list;
mod model;
mod prompt;
mod screen;
mod session;
#[cfg(test)]
mod testing;
mod theme;
mod update;
mod view;

pub use entry::{Book, Entry, Key, Seen, State, Tree};
pub use filter::{Filter, parse_verdict};
pub use ledger::{Change, Ledger, LedgerError};
pub use model::{Answer, Ask, History, Model, Setup};
pub use screen::{Ending, end_by, run, terminal_size};
pub use session::{Event, Order, Session};
pub use theme::Theme;
pub use view::draw;
