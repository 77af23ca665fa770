//! Names what a scan was decided by, so that an answer can be remembered and a changed rule asks anew.

use std::cell::RefCell;

use sha2::{Digest, Sha256};

use super::{Problem, settings};
use crate::source::{Chunk, Source, Unread};

/// Names the rules of this program, and all of its code that decides about a finding.
pub const RULES: &str = env!("KEYHOOK_RULES");

/// Returns the name of the settings that a source would be scanned with.
pub fn settings_hash(source: &dyn Source) -> Result<[u8; 32], Problem> {
    let asked = Asked::new(source);
    settings(&asked)?;
    Ok(asked.hash())
}

/// A source that remembers which settings files were read.
pub(super) struct Asked<'a> {
    source: &'a dyn Source,
    hash: RefCell<Option<Sha256>>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(source: &'a dyn Source) -> Asked<'a> {
        Asked { source, hash: RefCell::new(None) }
    }

    /// Returns zeros if no file was there.
    pub(super) fn hash(self) -> [u8; 32] {
        self.hash.into_inner().map_or([0; 32], |hash| hash.finalize().into())
    }
}

impl Source for Asked<'_> {
    fn next(&mut self) -> Option<Result<Chunk, Unread>> {
        None
    }

    fn olds(&mut self, _: &Chunk) -> Result<Vec<Vec<u8>>, Unread> {
        Ok(Vec::new())
    }

    fn has_file(&self, path: &str) -> bool {
        self.source.has_file(path)
    }

    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, Unread> {
        let bytes = self.source.setting(name)?;
        if let Some(bytes) = &bytes {
            let mut hash = self.hash.borrow_mut();
            let hash = hash.get_or_insert_default();
            for part in [name.as_bytes(), bytes] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
        }
        Ok(bytes)
    }

    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}
