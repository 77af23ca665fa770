//! Reminds of real secrets that were not rotated in time. It never blocks.
//!
//! Reading the baseline at every commit would cost more than the rest of a small one. So the first
//! day that matters is kept in git's own folder, beside the id of the baseline that it was taken
//! from. A commit compares the id; only a new baseline, or a day that has passed, makes it read the
//! file. Without a baseline nothing is read, and a note that cannot be kept is only slower.

use std::fs;
use std::io::Write;
use std::path::Path;

use jiff::civil::Date;

use crate::baseline::{BASELINE_NAME, Baseline, parse_day, today};
use crate::file;
use crate::finding::Verdict;
use crate::scan::{Options, load_baseline};
use crate::source::StagedSource;

/// The file in keyhook's own folder.
const FILE: &str = "due";

/// Returns the sentence to show, if there is one.
pub(super) fn reminder(
    source: &StagedSource<'_>,
    common_dir: &Path,
    options: &Options,
) -> Option<String> {
    let id = source.setting_id(BASELINE_NAME)?;
    let path = common_dir.join("keyhook").join(FILE);
    let kept = file::read(&path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let known = kept.as_deref().and_then(|text| parse(text, &id));
    let today = today();
    if known.is_some_and(|due| due.is_none_or(|day| day >= today)) {
        return None;
    }
    // A baseline that cannot be read is an error elsewhere, and only where it matters.
    let baseline = load_baseline(source, options).ok()?;
    if known.is_none() {
        let _ = keep(&path, &id, first_day(&baseline));
    }
    sentence(&baseline, today)
}

/// Reads a note; `None` if it is of another baseline.
fn parse(text: &str, id: &str) -> Option<Option<Date>> {
    let (noted, day) = text.trim_end().split_once(' ')?;
    match (noted == id, day) {
        (false, _) => None,
        (true, "never") => Some(None),
        (true, day) => parse_day(day).map(Some),
    }
}

fn keep(path: &Path, id: &str, day: Option<Date>) -> std::io::Result<()> {
    let folder = path.parent().expect("it lies in keyhook's folder");
    fs::create_dir_all(folder)?;
    let day = day.map_or("never".to_owned(), |day| day.to_string());
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{id} {day}")?;
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}

fn first_day(baseline: &Baseline) -> Option<Date> {
    let real = baseline.records().filter(|record| record.verdict == Verdict::Real);
    real.filter_map(|record| record.rotate_by.as_deref().and_then(parse_day)).min()
}

fn sentence(baseline: &Baseline, today: Date) -> Option<String> {
    let late = baseline.records().filter(|record| record.is_overdue(today)).count();
    let first = first_day(baseline)?;
    let what = match late {
        0 => return None,
        1 => format!("a real secret in the baseline was to be rotated by {first}"),
        late => {
            format!("{late} real secrets in the baseline were to be rotated, the first by {first}")
        }
    };
    Some(format!("{what}; list with: keyhook baseline check"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_of_one_baseline() {
        assert_eq!(parse("abc never\n", "abc"), Some(None));
        assert_eq!(parse("abc 2026-01-31\n", "abc"), Some(parse_day("2026-01-31")));
        for text in ["abd never\n", "abc", "", "abc soon", "abc 2026-1-1"] {
            assert_eq!(parse(text, "abc"), None, "{text}");
        }
    }

    #[test]
    fn a_note_that_is_kept_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyhook").join(FILE);
        keep(&path, "abc", parse_day("2026-01-31")).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(parse(&text, "abc"), Some(parse_day("2026-01-31")));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
