//! A list of values that are made when they are asked for, and costs nothing until the first is.
//!
//! There are a thousand rules, and most commits need none of them: even a row of empty places would
//! have to be written and, at the end, looked through.

use std::cell::OnceCell;

/// So many places for values.
pub struct Cells<T> {
    len: usize,
    places: OnceCell<Vec<OnceCell<T>>>,
}

impl<T> Cells<T> {
    /// Returns `len` places without a value.
    pub fn new(len: usize) -> Cells<T> {
        Cells { len, places: OnceCell::new() }
    }

    /// Returns how many places there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there is no place.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the value at a place, which `make` makes if nobody asked before.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn get_or_init(&self, index: usize, make: impl FnOnce() -> T) -> &T {
        let empty = || (0..self.len).map(|_| OnceCell::new()).collect();
        self.places.get_or_init(empty)[index].get_or_init(make)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once() {
        let cells = Cells::new(3);
        assert_eq!((cells.len(), cells.is_empty()), (3, false));
        assert_eq!(cells.get_or_init(2, || 7), &7);
        assert_eq!(cells.get_or_init(2, || unreachable!("made before")), &7);
        assert_eq!(cells.get_or_init(0, || 1), &1);
        assert!(Cells::<u8>::new(0).is_empty());
    }
}
