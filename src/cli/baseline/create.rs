//! `keyhook baseline create`: accept what is there, so that only new secrets block.

use super::book::{Book, Tree};
use super::one;
use crate::baseline::BASELINE_NAME;
use crate::cli::{Exit, parse_confidence, say};
use crate::finding::Confidence;
use crate::git::Repository;
use crate::scan::Problem;

/// Accept everything that is in the tree now, unreviewed, so that only new secrets block
#[derive(clap::Args)]
pub(super) struct Args {
    /// The lowest confidence to accept: low, medium or high [default: medium]
    #[arg(long, value_parser = parse_confidence)]
    confidence: Option<Confidence>,
}

impl Args {
    pub(super) fn run(self, repository: &Repository) -> Result<Exit, Vec<Problem>> {
        let book = Book::new(repository).map_err(one)?;
        if book.read().map_err(one)?.is_some() {
            return Err(exists());
        }
        let tree = Tree::sweep(repository, self.confidence)?;
        let mut opened = book.open().map_err(one)?;
        if !opened.is_new {
            return Err(exists());
        }
        let count = opened.baseline.update(&tree.seen(), &|_| false).added.len();
        book.close(opened).map_err(one)?;
        let files = tree.files;
        say(&format!(
            "keyhook: {BASELINE_NAME} accepts {count} finding(s) in {files} file(s) and is staged, commit it"
        ));
        Ok(Exit::Clean)
    }
}

fn exists() -> Vec<Problem> {
    vec![Problem {
        path: BASELINE_NAME.into(),
        problem: "it exists already".into(),
        hint: "bring it up to date with: keyhook baseline update".into(),
    }]
}
