//! Finds what has the same few bytes, in a table that may be a constant.
//!
//! A hash of the bytes is looked up in a bitmap of 8 KB, which turns most texts away; only where its
//! bit is set is there a bucket of entries to compare.

use std::borrow::Cow;
use std::ops::Range;

/// Tells which entries of a list may have a key.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// One bit for each 16-bit hash of three bytes.
    pub bitmap: Cow<'static, [u64]>,
    /// For each bucket the first of its entries; one more element closes the last bucket.
    pub buckets: Cow<'static, [u32]>,
}

const BUCKET_BITS: u32 = 10;

/// One bit for each hash.
pub type Bitmap<'a> = &'a [u64; 1 << 10];

/// Returns whether the bit of a hash is set.
#[inline]
pub fn is_set(bitmap: Bitmap<'_>, hash: u16) -> bool {
    bitmap[usize::from(hash >> 6)] >> (hash & 63) & 1 != 0
}

impl Index {
    /// Builds the index of these keys and returns the order in which their entries are to stand.
    pub fn build(keys: &[u32]) -> (Index, Vec<usize>) {
        let mut bitmap = vec![0u64; 1 << 10];
        let mut buckets = vec![0u32; (1 << BUCKET_BITS) + 1];
        for key in keys {
            let hash = hash(*key);
            bitmap[usize::from(hash >> 6)] |= 1 << (hash & 63);
            buckets[bucket(hash) + 1] += 1;
        }
        for index in 1..buckets.len() {
            buckets[index] += buckets[index - 1];
        }
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|index| bucket(hash(keys[*index])));
        (Index { bitmap: bitmap.into(), buckets: buckets.into() }, order)
    }

    /// Returns whether there may be an entry with this key.
    #[inline]
    pub fn may_hold(&self, key: u32) -> bool {
        let hash = hash(key);
        self.bitmap.get(usize::from(hash >> 6)).is_some_and(|bits| bits >> (hash & 63) & 1 != 0)
    }

    /// Returns where the entries with this key stand, among others.
    pub fn bucket(&self, key: u32) -> Range<usize> {
        let bucket = bucket(hash(key));
        let Some([start, end]) = self.buckets.get(bucket..bucket + 2) else { return 0..0 };
        *start as usize..*end as usize
    }
}

/// Returns the key of three bytes.
pub fn key([a, b, c]: [u8; 3]) -> u32 {
    u32::from(a) | u32::from(b) << 8 | u32::from(c) << 16
}

/// Returns the three bytes at `at`.
pub fn three(text: &[u8], at: usize) -> Option<[u8; 3]> {
    text.get(at..at + 3)?.try_into().ok()
}

/// Returns the hash of a key.
#[inline]
pub fn hash(key: u32) -> u16 {
    (key.wrapping_mul(0x9E37_79B1) >> 16) as u16
}

fn bucket(hash: u16) -> usize {
    usize::from(hash >> (16 - BUCKET_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_in_its_bucket() {
        let keys: Vec<u32> = (0..2000u32).map(|i| i.wrapping_mul(7919) & 0xFF_FFFF).collect();
        let (index, order) = Index::build(&keys);
        for (place, entry) in order.iter().enumerate() {
            let key = keys[*entry];
            assert!(index.may_hold(key) && index.bucket(key).contains(&place), "{entry}");
        }
        let strange = (0..10_000u32).map(|i| 0x7F_0000 | i).filter(|key| !keys.contains(key));
        assert!(strange.filter(|key| index.may_hold(*key)).count() < 1000);
    }

    #[test]
    fn three_bytes_need_three_bytes() {
        assert_eq!(three(b"abcd", 1).map(key), Some(0x64_6362));
        assert_eq!(three(b"abcd", 2), None);
    }
}
