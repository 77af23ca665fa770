//! Standard input: one chunk.

use std::io::Read;

use super::{Chunk, Source, Standing, Unread};
use crate::git::Repository;

/// Reads a stream to its end.
pub struct StdinSource<'a> {
    stream: Option<Box<dyn Read + 'a>>,
    path: String,
    repository: Option<&'a Repository>,
}

impl<'a> StdinSource<'a> {
    /// Takes a stream and the name by which it is reported.
    pub fn new(
        stream: impl Read + 'a,
        path: &str,
        repository: Option<&'a Repository>,
    ) -> StdinSource<'a> {
        StdinSource { stream: Some(Box::new(stream)), path: path.to_owned(), repository }
    }
}

impl Source for StdinSource<'_> {
    fn next(&mut self) -> Option<Result<Chunk, Unread>> {
        let mut stream = self.stream.take()?;
        let path = self.path.clone().into_bytes();
        let mut bytes = Vec::new();
        Some(match stream.read_to_end(&mut bytes) {
            Ok(_) => Ok(Chunk { path, bytes, id: 0 }),
            Err(error) => {
                let problem = format!("cannot read standard input: {error}");
                Err(Unread { path, problem, hint: String::new() })
            }
        })
    }

    fn olds(&mut self, _: &Chunk) -> Result<Vec<Vec<u8>>, Unread> {
        Ok(Vec::new())
    }

    fn is_for_git(&self, _: &Chunk) -> bool {
        false
    }

    fn standing(&self, path: &str) -> Standing {
        super::files::worktree_standing(self.repository, path)
    }

    fn folders(&self) -> Vec<Vec<u8>> {
        let folder = self.path.rsplit_once('/').map(|(folder, _)| folder.as_bytes().to_vec());
        folder.into_iter().collect()
    }

    fn has_file(&self, path: &str) -> bool {
        super::files::is_in_worktree(self.repository, path)
    }

    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, Unread> {
        super::files::worktree_setting(self.repository, name)
    }

    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}
