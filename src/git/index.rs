//! Reads the index in place.
//!
//! At hook time git has just written a complete cache tree into the `TREE` extension, and its root
//! is the tree of the coming commit. So the entries, which are most of the file, are normally not
//! even touched: the extension is found from the end of the file. Where the cache tree is not
//! complete, the entries are walked, and every folder whose node is still valid is skipped.
//!
//! Versions 2, 3 and 4, SHA-1 and SHA-256, sparse entries. A split index is understood only as far
//! as its cache tree; anything unknown is an error, and the caller then asks git.

use std::fs::File;
use std::path::Path;

use super::{Entry, GitError, ObjectId};

/// A mapped index file.
pub(super) struct Index {
    bytes: Bytes,
    version: u32,
    entry_count: u32,
    id_size: usize,
}

enum Bytes {
    Mapped(memmap2::Mmap),
    #[cfg(any(test, fuzzing))]
    Owned(Vec<u8>),
}

impl Bytes {
    fn get(&self) -> &[u8] {
        match self {
            Bytes::Mapped(map) => map,
            #[cfg(any(test, fuzzing))]
            Bytes::Owned(bytes) => bytes,
        }
    }
}

/// One folder of the cache tree; its subfolders are sorted by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: Vec<u8>,
    /// How many index entries it covers; negative if it is not valid.
    pub(super) entry_count: i64,
    pub(super) id: Option<ObjectId>,
    pub(super) children: Vec<Node>,
}

/// An entry of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub(super) entry: Entry,
    pub(super) stage: u8,
    pub(super) is_intent_to_add: bool,
}

const HEADER: usize = 12;

impl Index {
    /// Maps the index; `None` if there is no such file.
    pub(super) fn open(path: &Path, id_size: usize) -> Result<Option<Index>, GitError> {
        let io = |error| GitError::Io(path.to_owned(), error);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(error)),
        };
        if file.metadata().map_err(io)?.len() < (HEADER + id_size) as u64 {
            return Err(damaged("it is too short"));
        }
        Index::parse(Bytes::Mapped(map(&file).map_err(io)?), id_size).map(Some)
    }

    /// Returns how many entries the index has; an absent file has none. Fails if the file is not the
    /// one that git wrote.
    ///
    /// git itself looks at the checksum only in `fsck`. It reads a cut-off index without a word, and
    /// may then find nothing in it.
    pub(super) fn verify(path: &Path, id_size: usize) -> Result<u32, GitError> {
        let Some(index) = Index::open(path, id_size)? else { return Ok(0) };
        let bytes = index.bytes.get();
        let (content, sum) = bytes.split_at(bytes.len() - id_size);
        if sum.iter().all(|byte| *byte == 0) {
            // git was told to save the time (`index.skipHash`); then every entry must be there.
            let mut entries = index.entries();
            while entries.skip()?.is_some() {}
            return index.extension(b"TREE", entries.at).map(|_| index.entry_count);
        }
        let is_whole = ObjectId::of_bytes(&[content], id_size).as_bytes() == sum;
        if is_whole { Ok(index.entry_count) } else { Err(damaged("its checksum is wrong")) }
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn of_bytes(bytes: &[u8], id_size: usize) -> Result<Index, GitError> {
        Index::parse(Bytes::Owned(bytes.to_vec()), id_size)
    }

    fn parse(bytes: Bytes, id_size: usize) -> Result<Index, GitError> {
        let head = bytes.get();
        if head.len() < HEADER + id_size || &head[..4] != b"DIRC" {
            return Err(damaged("it does not start with DIRC"));
        }
        let version = be32(head, 4);
        if !(2..=4).contains(&version) {
            return Err(damaged(&format!("version {version} is not known")));
        }
        let entry_count = be32(head, 8);
        Ok(Index { version, entry_count, id_size, bytes })
    }

    /// Returns how many entries the file says it has.
    pub(super) fn entry_count(&self) -> u32 {
        self.entry_count
    }

    /// Returns the cache tree: its root alone if that is valid, else all of it.
    pub(super) fn cache_tree(&self) -> Result<Option<Node>, GitError> {
        let found = self.tree_by_offset().or_else(|| self.tree_from_end());
        match found {
            Some(payload) => self.parse_cache_tree(payload).map(Some),
            None => self.tree_by_walking(),
        }
    }

    /// Returns whether the entries end at the `EOIE` offset, which git writes for large indexes.
    fn tree_by_offset(&self) -> Option<&[u8]> {
        let bytes = self.bytes.get();
        let end = bytes.len() - self.id_size;
        let at = end.checked_sub(8 + 4 + self.id_size)?;
        let header = bytes.get(at..at + 8)?;
        if &header[..4] != b"EOIE" || be32(bytes, at + 4) as usize != 4 + self.id_size {
            return None;
        }
        let start = be32(bytes, at + 8) as usize;
        if start < HEADER || start > at {
            return None;
        }
        self.extension(b"TREE", start).ok().flatten()
    }

    /// Looks for `TREE` from the end. Accepted only if the extensions behind it end exactly at the
    /// trailer and its root covers all entries, so that a path named `TREE` cannot be mistaken.
    fn tree_from_end(&self) -> Option<&[u8]> {
        let bytes = self.bytes.get();
        let end = bytes.len() - self.id_size;
        let mut before = end;
        for _ in 0..4 {
            let at = memchr::memmem::rfind(&bytes[HEADER..before], b"TREE")? + HEADER;
            before = at;
            let Ok(Some(payload)) = self.extension(b"TREE", at) else { continue };
            let root = self.parse_cache_tree(payload);
            let covers_all = root.is_ok_and(|r| r.entry_count == i64::from(self.entry_count));
            if covers_all {
                return Some(payload);
            }
        }
        None
    }

    fn tree_by_walking(&self) -> Result<Option<Node>, GitError> {
        let mut entries = self.entries();
        while entries.skip()?.is_some() {}
        let start = entries.at;
        let payload = self.extension(b"TREE", start)?;
        let root = payload.map(|payload| self.parse_cache_tree(payload)).transpose()?;
        let is_complete = root.as_ref().is_some_and(|root| root.entry_count >= 0);
        if self.extension(b"link", start)?.is_some() && !is_complete {
            return Err(damaged("it is split and its cache tree is not complete"));
        }
        Ok(root)
    }

    /// Returns the payload of an extension, checking that the chain from `start` is sound.
    fn extension(&self, name: &[u8; 4], start: usize) -> Result<Option<&[u8]>, GitError> {
        let bytes = self.bytes.get();
        let end = bytes.len() - self.id_size;
        let mut at = start;
        let mut found = None;
        while at < end {
            if at + 8 > end {
                return Err(damaged("an extension is cut off"));
            }
            let (signature, size) = (&bytes[at..at + 4], be32(bytes, at + 4) as usize);
            if end - at - 8 < size {
                return Err(damaged("an extension is longer than the file"));
            }
            // A small letter says: do not use this index without knowing me.
            let is_known = matches!(signature, b"link" | b"sdir");
            if !signature[0].is_ascii_uppercase() && !is_known {
                let name = String::from_utf8_lossy(signature).into_owned();
                return Err(damaged(&format!(
                    "the extension `{}` is not known",
                    name.escape_debug()
                )));
            }
            if signature == name && found.is_none() {
                found = Some(&bytes[at + 8..at + 8 + size]);
            }
            at += 8 + size;
        }
        Ok(found)
    }

    fn parse_cache_tree(&self, payload: &[u8]) -> Result<Node, GitError> {
        let mut rest = payload;
        let root = self.parse_node(&mut rest, 0)?;
        if rest.is_empty() { Ok(root) } else { Err(damaged("the cache tree has a loose end")) }
    }

    fn parse_node(&self, rest: &mut &[u8], depth: usize) -> Result<Node, GitError> {
        if depth > super::tree::DEPTH_MAX {
            return Err(damaged("the cache tree is nested too deeply"));
        }
        let name = take_until(rest, 0)?.to_vec();
        let entry_count = parse_number(take_until(rest, b' ')?)?;
        let child_count = parse_number(take_until(rest, b'\n')?)?;
        let id = if entry_count >= 0 {
            let id = rest.get(..self.id_size).and_then(ObjectId::from_bytes);
            *rest = rest.get(self.id_size..).unwrap_or_default();
            Some(id.ok_or_else(|| damaged("the cache tree is cut off"))?)
        } else {
            None
        };
        let mut children = Vec::new();
        for _ in 0..child_count {
            children.push(self.parse_node(rest, depth + 1)?);
        }
        children.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Node { name, entry_count, id, children })
    }

    /// Walks the entries from the first.
    pub(super) fn entries(&self) -> Entries<'_> {
        Entries { index: self, at: HEADER, left: self.entry_count, path: Vec::new() }
    }
}

/// A walk over the entries; `path` is that of the last one read.
pub(super) struct Entries<'a> {
    index: &'a Index,
    at: usize,
    left: u32,
    pub(super) path: Vec<u8>,
}

impl Entries<'_> {
    /// Reads the next entry; `None` behind the last.
    pub(super) fn next(&mut self) -> Result<Option<IndexEntry>, GitError> {
        let Some(start) = self.skip()? else { return Ok(None) };
        let bytes = self.index.bytes.get();
        let size = self.index.id_size;
        let id = ObjectId::from_bytes(&bytes[start + 40..start + 40 + size]);
        let flags = be16(bytes, start + 40 + size);
        let extended = if flags & 0x4000 != 0 { be16(bytes, start + 42 + size) } else { 0 };
        Ok(Some(IndexEntry {
            entry: Entry { mode: be32(bytes, start + 24), id: id.expect("20 or 32 bytes") },
            stage: (flags >> 12 & 3) as u8,
            is_intent_to_add: extended & 0x2000 != 0,
        }))
    }

    /// Steps over an entry, keeping `path`; returns where it started.
    pub(super) fn skip(&mut self) -> Result<Option<usize>, GitError> {
        if self.left == 0 {
            return Ok(None);
        }
        let cut_off = || damaged("an entry is cut off");
        let bytes = self.index.bytes.get();
        let end = bytes.len() - self.index.id_size;
        let start = self.at;
        let flags_at = start + 40 + self.index.id_size;
        let flags = bytes.get(flags_at..flags_at + 2).ok_or_else(cut_off)?;
        let has_more_flags = flags[0] & 0x40 != 0;
        if has_more_flags && self.index.version < 3 {
            return Err(damaged("version 2 with extended flags"));
        }
        let mut at = flags_at + if has_more_flags { 4 } else { 2 };
        let keep = if self.index.version == 4 {
            let strip = parse_varint(bytes, &mut at).ok_or_else(cut_off)?;
            self.path.len().checked_sub(strip).ok_or_else(|| damaged("a path is too short"))?
        } else {
            0
        };
        let rest = bytes.get(at..end).ok_or_else(cut_off)?;
        let len = memchr::memchr(0, rest).ok_or_else(cut_off)?;
        self.path.truncate(keep);
        self.path.extend_from_slice(&rest[..len]);
        let behind = at + len + 1;
        // Versions 2 and 3 pad with zeros to a multiple of eight.
        self.at = if self.index.version == 4 {
            behind
        } else {
            start + (behind - start).next_multiple_of(8)
        };
        self.left -= 1;
        if self.at > end { Err(cut_off()) } else { Ok(Some(start)) }
    }

    /// Steps over `count` entries.
    pub(super) fn skip_many(&mut self, count: i64) -> Result<(), GitError> {
        for _ in 0..count {
            self.skip()?.ok_or_else(|| damaged("the cache tree counts too many entries"))?;
        }
        Ok(())
    }
}

fn damaged(problem: &str) -> GitError {
    GitError::Index(problem.to_owned())
}

#[allow(unsafe_code, reason = "mapping a file is unsafe by nature; see below")]
fn map(file: &File) -> std::io::Result<memmap2::Mmap> {
    // SAFETY: git replaces the index by renaming a finished file over it and never writes into it.
    // A foreign program that truncates it meanwhile ends this process with a signal, which git
    // takes as a failed hook: the commit is blocked, not passed.
    unsafe { memmap2::Mmap::map(file) }
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(bytes[at..at + 2].try_into().expect("two bytes"))
}

fn take_until<'a>(rest: &mut &'a [u8], end: u8) -> Result<&'a [u8], GitError> {
    let at = memchr::memchr(end, rest).ok_or_else(|| damaged("the cache tree is cut off"))?;
    let taken = &rest[..at];
    *rest = &rest[at + 1..];
    Ok(taken)
}

fn parse_number(text: &[u8]) -> Result<i64, GitError> {
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| damaged("a count in the cache tree is no number"))
}

/// Parses git's offset encoding: seven bits a byte, most significant first, each byte adding one.
fn parse_varint(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut byte = *bytes.get(*at)?;
    *at += 1;
    let mut value = usize::from(byte & 127);
    while byte & 128 != 0 {
        byte = *bytes.get(*at)?;
        *at += 1;
        value = (value + 1).checked_mul(128)? | usize::from(byte & 127);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds index files byte by byte, as `git help gitformat-index` describes them.
    struct Builder {
        version: u32,
        bytes: Vec<u8>,
        count: u32,
        last: Vec<u8>,
    }

    impl Builder {
        fn new(version: u32) -> Builder {
            Builder { version, bytes: vec![0; HEADER], count: 0, last: Vec::new() }
        }

        fn entry(mut self, path: &str, stage: u16, is_intent_to_add: bool) -> Builder {
            let start = self.bytes.len();
            let mut fixed = [0; 40];
            fixed[24..28].copy_from_slice(&0o100_644u32.to_be_bytes());
            self.bytes.extend(fixed);
            self.bytes.extend(ObjectId::of_blob(path.as_bytes(), 20).as_bytes());
            let extended = if is_intent_to_add { 0x4000 } else { 0 };
            let flags = path.len().min(0xFFF) as u16 | stage << 12 | extended;
            self.bytes.extend(flags.to_be_bytes());
            if is_intent_to_add {
                self.bytes.extend(0x2000u16.to_be_bytes());
            }
            if self.version == 4 {
                let shared =
                    self.last.iter().zip(path.bytes()).take_while(|(a, b)| **a == *b).count();
                self.bytes.push((self.last.len() - shared) as u8);
                self.bytes.extend(&path.as_bytes()[shared..]);
                self.bytes.push(0);
            } else {
                self.bytes.extend(path.as_bytes());
                self.bytes.push(0);
                let len = (self.bytes.len() - start).next_multiple_of(8);
                self.bytes.resize(start + len, 0);
            }
            self.last = path.as_bytes().to_vec();
            self.count += 1;
            self
        }

        fn extension(mut self, name: &str, payload: &[u8]) -> Builder {
            self.bytes.extend(name.as_bytes());
            self.bytes.extend((payload.len() as u32).to_be_bytes());
            self.bytes.extend(payload);
            self
        }

        fn raw(mut self) -> Vec<u8> {
            self.bytes[..4].copy_from_slice(b"DIRC");
            self.bytes[4..8].copy_from_slice(&self.version.to_be_bytes());
            self.bytes[8..12].copy_from_slice(&self.count.to_be_bytes());
            self.bytes.extend([0; 20]);
            self.bytes
        }

        fn build(self) -> Index {
            Index::parse(Bytes::Owned(self.raw()), 20).unwrap()
        }
    }

    fn cache_tree(nodes: &[(&str, i64, usize)]) -> Vec<u8> {
        let mut payload = Vec::new();
        for (name, entries, children) in nodes {
            payload.extend(format!("{name}\0{entries} {children}\n").bytes());
            if *entries >= 0 {
                payload.extend(ObjectId::of_blob(name.as_bytes(), 20).as_bytes());
            }
        }
        payload
    }

    fn paths(index: &Index) -> Vec<String> {
        let mut entries = index.entries();
        let mut paths = Vec::new();
        while entries.next().unwrap().is_some() {
            paths.push(String::from_utf8(entries.path.clone()).unwrap());
        }
        paths
    }

    #[test]
    fn reads_entries_of_every_version() {
        for version in 2..=4 {
            let index = Builder::new(version).entry("a", 0, false).entry("dir/b", 0, false);
            let index = index.entry("dir/bcd", 0, false).entry(&"l".repeat(5000), 0, false).build();
            let long = "l".repeat(5000);
            assert_eq!(paths(&index), ["a", "dir/b", "dir/bcd", &long]);
        }
    }

    #[test]
    fn reads_stages_and_flags() {
        let index = Builder::new(3).entry("a", 2, false).entry("b", 0, true).build();
        let mut entries = index.entries();
        assert_eq!(entries.next().unwrap().unwrap().stage, 2);
        assert!(entries.next().unwrap().unwrap().is_intent_to_add);
    }

    #[test]
    fn finds_the_cache_tree_from_the_end() {
        let payload = cache_tree(&[("", 2, 1), ("dir", 1, 0)]);
        let index = Builder::new(2).entry("TREE", 0, false).entry("dir/TREE", 0, false);
        let index = index.extension("TREE", &payload).extension("REUC", b"xTREEx").build();
        assert!(index.tree_from_end().is_some());
        let root = index.cache_tree().unwrap().unwrap();
        assert_eq!(root.id, Some(ObjectId::of_blob(b"", 20)));
        assert_eq!(root.children.len(), 1);
    }

    #[test]
    fn an_incomplete_cache_tree_is_found_by_walking() {
        let payload = cache_tree(&[("", -1, 1), ("dir", 1, 0)]);
        let index = Builder::new(2).entry("a", 0, false).entry("dir/b", 0, false);
        let index = index.extension("TREE", &payload).build();
        assert!(index.tree_from_end().is_none());
        let root = index.cache_tree().unwrap().unwrap();
        assert_eq!((root.entry_count, root.children[0].entry_count), (-1, 1));
    }

    #[test]
    fn a_wrong_count_is_not_believed() {
        let payload = cache_tree(&[("", 7, 0)]);
        let index = Builder::new(2).entry("a", 0, false).extension("TREE", &payload).build();
        assert!(index.tree_from_end().is_none());
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let unknown = Builder::new(2).entry("a", 0, false).extension("abcd", b"").build();
        assert!(unknown.cache_tree().is_err());
        let optional = Builder::new(2).entry("a", 0, false).extension("ABCD", b"").build();
        assert_eq!(optional.cache_tree().unwrap(), None);
        let split = Builder::new(2).extension("link", &[0; 20]).build();
        assert!(split.cache_tree().is_err());
    }

    #[test]
    fn damage_is_an_error_and_never_a_panic() {
        let payload = cache_tree(&[("", -1, 1), ("dir", 1, 0)]);
        let whole = Builder::new(4).entry("a", 0, false).entry("dir/b", 0, true);
        let whole = whole.extension("TREE", &payload).raw();
        for len in 0..whole.len() {
            exercise(&whole[..len]);
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x7F, 0xFF] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                exercise(&bytes);
            }
        }
    }

    #[test]
    fn only_a_whole_file_is_vouched_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        assert!(Index::verify(&path, 20).is_ok(), "none at all");
        let zeros = Builder::new(2).entry("a", 0, false).raw();
        let content = &zeros[..zeros.len() - 20];
        let summed = [content, ObjectId::of_bytes(&[content], 20).as_bytes()].concat();
        for whole in [&zeros, &summed] {
            std::fs::write(&path, whole).unwrap();
            assert!(Index::verify(&path, 20).is_ok());
        }
        for len in 0..summed.len() {
            std::fs::write(&path, &summed[..len]).unwrap();
            assert!(Index::verify(&path, 20).is_err(), "{len}");
        }
    }

    fn exercise(bytes: &[u8]) {
        let Ok(index) = Index::parse(Bytes::Owned(bytes.to_vec()), 20) else { return };
        let _ = index.cache_tree();
        let mut entries = index.entries();
        while let Ok(Some(_)) = entries.next() {}
    }
}
