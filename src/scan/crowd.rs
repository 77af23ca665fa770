//! Bounds what is kept of a file, or a commit, that is full of findings.
//!
//! Each finding holds its secret and the line around it. A dump of a million keys would fill the
//! memory of the machine, and nobody reads on after the first hundred. The first ones are judged and
//! shown; the rest is counted, and what is only counted keeps the answer from being "clean".

use super::Problem;
use crate::config::CONFIG_NAME;

/// How many findings of one file are judged.
const FILE_MAX: usize = 10_000;

/// How many findings of one scan are judged.
pub(super) const SCAN_MAX: usize = 300_000;

/// Counts what is kept and what is not.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    kept: usize,
    /// Each file with how many of its findings were only counted.
    counted: Vec<(String, usize)>,
    /// The files that were not looked at to their end.
    full: Vec<String>,
}

impl Crowd {
    /// Returns how many more findings of a file may be kept that has `kept` already.
    pub(super) fn room(&self, kept: usize) -> usize {
        FILE_MAX.saturating_sub(kept).min(SCAN_MAX.saturating_sub(self.kept))
    }

    /// Takes note of what was kept of a file and how many matches were only counted.
    pub(super) fn add(&mut self, path: &str, kept: usize, counted: usize) {
        self.kept += kept;
        if counted > 0 {
            self.counted.push((path.to_owned(), counted));
        }
    }

    /// Takes note of a file that holds more matches than detection keeps.
    pub(super) fn add_full(&mut self, path: String) {
        self.full.push(path);
    }

    /// Says what was only counted, or not even that.
    pub(super) fn problems(&self) -> impl Iterator<Item = Problem> + '_ {
        let hint = || format!("take them out, or leave the file out by `exclude` in {CONFIG_NAME}");
        let full = self.full.iter().map(move |path| Problem {
            path: path.clone(),
            problem: "holds so many matches that it was not looked at to its end".to_owned(),
            hint: hint(),
        });
        let counted = self.counted.iter().map(move |(path, count)| Problem {
            path: path.clone(),
            problem: format!("{count} more matches were counted, but not looked at one by one"),
            hint: hint(),
        });
        full.chain(counted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_so_many_in_a_file_and_in_all() {
        let mut crowd = Crowd::default();
        assert_eq!((crowd.room(0), crowd.room(9_999), crowd.room(10_000)), (10_000, 1, 0));
        (0..30).for_each(|_| crowd.add("a", 10_000, 0));
        assert_eq!(crowd.room(0), 0);
        assert!(crowd.problems().next().is_none());
        crowd.add("b", 0, 7);
        let problem = crowd.problems().next().expect("one").to_string();
        assert_eq!(problem, "b: 7 more matches were counted, but not looked at one by one");
        crowd.add_full("c".to_owned());
        let problem = crowd.problems().next().expect("two").to_string();
        assert_eq!(problem, "c: holds so many matches that it was not looked at to its end");
    }
}
