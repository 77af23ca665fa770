//! Object ids: SHA-1 or SHA-256.

use std::fmt;

use sha1::{Digest, Sha1};
use sha2::Sha256;

/// The name of a git object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    bytes: [u8; 32],
    len: u8,
}

impl ObjectId {
    /// Wraps 20 or 32 bytes.
    pub fn from_bytes(id: &[u8]) -> Option<ObjectId> {
        if id.len() != 20 && id.len() != 32 {
            return None;
        }
        let mut bytes = [0; 32];
        bytes[..id.len()].copy_from_slice(id);
        Some(ObjectId { bytes, len: id.len() as u8 })
    }

    /// Parses 40 or 64 hex characters.
    pub fn parse(hex: &[u8]) -> Option<ObjectId> {
        if hex.len() != 40 && hex.len() != 64 {
            return None;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let bytes: Option<Vec<u8>> = hex
            .chunks(2)
            .map(|pair| Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8))
            .collect();
        ObjectId::from_bytes(&bytes?)
    }

    /// Returns the 20 or 32 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Returns the length in bytes: 20 or 32.
    pub fn size(&self) -> usize {
        usize::from(self.len)
    }

    /// Returns the id that git gives to a blob with this content.
    pub fn of_blob(content: &[u8], id_size: usize) -> ObjectId {
        let header = format!("blob {}\0", content.len());
        ObjectId::of_bytes(&[header.as_bytes(), content], id_size)
    }

    /// Returns the plain hash of some bytes, with which git also closes its index files.
    pub(super) fn of_bytes(parts: &[&[u8]], id_size: usize) -> ObjectId {
        if id_size == 32 {
            let hash = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part));
            ObjectId::from_bytes(&hash.finalize()).expect("32 bytes")
        } else {
            let hash = parts.iter().fold(Sha1::new(), |hash, part| hash.chain_update(part));
            ObjectId::from_bytes(&hash.finalize()).expect("20 bytes")
        }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_empty_blob_as_git_does() {
        let sha1 = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
        let sha256 = "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813";
        assert_eq!(ObjectId::of_blob(b"", 20).to_string(), sha1);
        assert_eq!(ObjectId::of_blob(b"", 32).to_string(), sha256);
        assert_eq!(ObjectId::parse(sha1.as_bytes()), Some(ObjectId::of_blob(b"", 20)));
    }

    #[test]
    fn refuses_other_lengths_and_letters() {
        assert_eq!(ObjectId::from_bytes(&[0; 19]), None);
        assert_eq!(ObjectId::parse(b"e69de2"), None);
        assert_eq!(ObjectId::parse(&[b'g'; 40]), None);
    }
}
