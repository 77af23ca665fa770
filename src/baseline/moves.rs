//! Which file took over from which, when a value is gone from some files and new in others.

/// Pairs files that a value left with files that it appeared in: relatives first, each once.
/// Returns pairs of indices.
pub fn pair(gone: &[&str], fresh: &[&str]) -> Vec<(usize, usize)> {
    let mut all: Vec<(u8, usize, usize)> = Vec::new();
    for (old, from) in gone.iter().enumerate() {
        for (new, to) in fresh.iter().enumerate() {
            all.push((kinship(from, to), old, new));
        }
    }
    all.sort_unstable();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (_, old, new) in all {
        if pairs.iter().all(|(o, n)| *o != old && *n != new) {
            pairs.push((old, new));
        }
    }
    pairs
}

/// Orders candidates: same file name first, then same folder, then the same extension.
fn kinship(old: &str, new: &str) -> u8 {
    let split = |path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_owned());
        (folder.to_owned(), name.to_owned(), extension)
    };
    let (old, new) = (split(old), split(new));
    match () {
        () if old.1 == new.1 => 0,
        () if old.0 == new.0 && old.2 == new.2 => 1,
        () if old.0 == new.0 => 2,
        () if old.2 == new.2 => 3,
        () => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relatives_find_each_other() {
        assert_eq!(pair(&["a/x.py", "a/y.py"], &["b/y.py", "b/x.py"]), [(0, 1), (1, 0)]);
        assert_eq!(pair(&["a/x.py"], &["b/z.js", "b/z.py", "a/z.js", "a/z.py"]), [(0, 3)]);
        assert_eq!(pair(&["x.py"], &[]), []);
        assert_eq!(pair(&["x", "y"], &["z"]), [(0, 0)]);
    }
}
