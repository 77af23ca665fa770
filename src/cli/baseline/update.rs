//! `keyhook baseline update`: follow the tree, keep every verdict.

use super::book::{Book, Tree};
use super::{list, one, shown, statement};
use crate::baseline::{BASELINE_NAME, Changes, Record};
use crate::cli::{Exit, parse_confidence, say};
use crate::finding::Confidence;
use crate::git::Repository;
use crate::scan::Problem;
use crate::terminal::escape;

/// Add what is new in the tree, follow moved files, keep every verdict
#[derive(clap::Args)]
pub(super) struct Args {
    /// The lowest confidence to add: low, medium or high [default: medium]
    #[arg(long, value_parser = parse_confidence)]
    confidence: Option<Confidence>,
    /// Also take out the findings that are gone from the tree, but for real ones
    #[arg(long)]
    prune: bool,
}

impl Args {
    pub(super) fn run(self, repository: &Repository) -> Result<Exit, Vec<Problem>> {
        let book = Book::new(repository).map_err(one)?;
        // What cannot be changed is said before a long look at the tree.
        drop(book.open().map_err(one)?);
        let tree = Tree::sweep(repository, self.confidence)?;
        let mut opened = book.open().map_err(one)?;
        let prunes = |record: &Record| self.prune && !tree.may_miss(record);
        let mut changes = opened.baseline.update(&tree.seen(), &prunes);
        changes.gone.retain(|record| !tree.may_miss(record));
        let is_changed = book.close(opened).map_err(one)?;
        self.report(&changes, is_changed);
        Ok(Exit::Clean)
    }

    fn report(&self, changes: &Changes, is_changed: bool) {
        let mut parts = Vec::new();
        let mut count = |number: usize, what: &str| {
            if number > 0 {
                parts.push(format!("{number} {what}"));
            }
        };
        count(changes.added.len(), "added");
        count(changes.moved.len(), "moved");
        count(changes.settled.len(), "settled");
        count(changes.pruned.len(), "gone and taken out");
        count(changes.gone.len(), "gone");
        let parts = if parts.is_empty() { "nothing new".to_owned() } else { parts.join(", ") };
        let then = if is_changed { "; it is staged, commit it" } else { "; unchanged" };
        say(&format!("keyhook: {BASELINE_NAME}: {parts}{then}"));
        list("added", &changes.added.iter().collect::<Vec<_>>());
        for (from, record) in &changes.moved {
            say(&format!("  {:<8} {} -> {}", "moved", escape(from), shown(record)));
        }
        for (kept, other) in &changes.settled {
            let (kept_text, other_text) = (statement(kept), statement(other));
            say(&format!("  {:<8} {}: {kept_text}; not {other_text}", "settled", shown(kept)));
        }
        list("out", &changes.pruned.iter().collect::<Vec<_>>());
        list("gone", &changes.gone.iter().collect::<Vec<_>>());
        self.advise(&changes.gone);
    }

    fn advise(&self, gone: &[Record]) {
        match (gone.len(), self.prune) {
            (0, _) => {}
            (_, false) => say("  take out what is gone with: keyhook baseline update --prune"),
            (_, true) => say(
                "  real secrets stay until they are rotated: keyhook allow ID --verdict revoked \
                 --reason \"...\"",
            ),
        }
    }
}
