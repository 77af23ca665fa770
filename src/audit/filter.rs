//! Which entries are shown: a few words, all of which must fit.
//!
//! `src/` keeps what has these characters in its path, rule, rule's name or reason. A term with a
//! name is exact: `rule:stripe-*`, `path:tests/**`, `verdict:real`, `is:gone`, `by:Jane`,
//! `id:3f9a2c`. A `-` before a term turns it round.

use globset::{GlobBuilder, GlobMatcher};

use super::entry::{Entry, State};
use crate::finding::Verdict;

/// Terms that an entry must all fit.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    terms: Vec<(bool, Term)>,
}

#[derive(Clone, Debug)]
enum Term {
    Word(String),
    Rule(GlobMatcher),
    Path(GlobMatcher),
    Verdict(Option<Verdict>),
    Is(Is),
    By(String),
    Id(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    New,
    Gone,
    Moved,
    Overdue,
    Judged,
    ToJudge,
}

const STATES: [(&str, Is); 6] = [
    ("new", Is::New),
    ("gone", Is::Gone),
    ("moved", Is::Moved),
    ("overdue", Is::Overdue),
    ("judged", Is::Judged),
    ("to-judge", Is::ToJudge),
];

impl Filter {
    /// Reads the terms; the error says what is wrong with which.
    pub fn parse(text: &str) -> Result<Filter, String> {
        let terms = text.split_whitespace().map(|term| {
            let (is_turned, word) = match term.strip_prefix('-') {
                Some(rest) if !rest.is_empty() => (true, rest),
                _ => (false, term),
            };
            Ok((!is_turned, Term::parse(word)?))
        });
        Ok(Filter { terms: terms.collect::<Result<_, String>>()? })
    }

    /// Returns whether everything fits.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Returns whether an entry fits every term; `name` is what people call its rule.
    pub fn fits(&self, entry: &Entry, name: &str) -> bool {
        self.terms.iter().all(|(wanted, term)| term.fits(entry, name) == *wanted)
    }
}

impl Term {
    fn parse(word: &str) -> Result<Term, String> {
        let Some((name, value)) = word.split_once(':') else {
            return Ok(Term::Word(word.to_lowercase()));
        };
        Ok(match name {
            "rule" => Term::Rule(glob(value)?),
            "path" => Term::Path(glob(value)?),
            "by" => Term::By(value.to_lowercase()),
            "id" => Term::Id(value.to_ascii_lowercase()),
            "verdict" if value == "new" => Term::Verdict(None),
            "verdict" => Term::Verdict(Some(parse_verdict(value)?)),
            "is" => {
                let known = STATES.iter().find(|(state, _)| *state == value);
                let names: Vec<&str> = STATES.iter().map(|(state, _)| *state).collect();
                let problem = || format!("is:{value}: expected one of {}", names.join(", "));
                Term::Is(known.ok_or_else(problem)?.1)
            }
            // A colon in a path or a reason is no mistake.
            _ => Term::Word(word.to_lowercase()),
        })
    }

    fn fits(&self, entry: &Entry, name: &str) -> bool {
        let record = entry.record.as_ref();
        let has = |text: &str, word: &str| text.to_lowercase().contains(word);
        match self {
            Term::Word(word) => {
                let reason = record.and_then(|record| record.reason.as_deref()).unwrap_or("");
                [&entry.key.path, &entry.rule, name, reason].iter().any(|text| has(text, word))
            }
            Term::Rule(glob) => glob.is_match(&entry.rule),
            Term::Path(glob) => glob.is_match(&entry.key.path),
            Term::Verdict(verdict) => entry.verdict() == *verdict,
            Term::Is(Is::New) => record.is_none(),
            Term::Is(Is::Gone) => entry.is_gone(),
            Term::Is(Is::Moved) => matches!(entry.state, State::Moved { .. }),
            Term::Is(Is::Overdue) => {
                record.is_some_and(|record| record.is_overdue(crate::baseline::today()))
            }
            Term::Is(Is::Judged) => entry.is_judged(),
            Term::Is(Is::ToJudge) => entry.is_to_judge(),
            Term::By(by) => {
                record.and_then(|record| record.by.as_deref()).is_some_and(|name| has(name, by))
            }
            Term::Id(id) => entry.fingerprint.as_str().starts_with(id),
        }
    }
}

/// Reads a pattern for paths: `*` stays within a folder, `**` does not.
pub fn glob(text: &str) -> Result<GlobMatcher, String> {
    let glob = GlobBuilder::new(text).literal_separator(true).build();
    Ok(glob.map_err(|error| error.to_string())?.compile_matcher())
}

/// Reads a verdict as files and output write it.
pub fn parse_verdict(text: &str) -> Result<Verdict, String> {
    let all = [Verdict::Unreviewed, Verdict::Real, Verdict::Revoked, Verdict::FalsePositive];
    let names: Vec<&str> = all.iter().map(|verdict| verdict.as_str()).collect();
    let problem = || format!("`{text}` is no verdict; expected {}", names.join(", "));
    all.into_iter().find(|verdict| verdict.as_str() == text).ok_or_else(problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Book;
    use crate::audit::testing::{baseline, seen, tree};

    fn paths(filter: &str) -> Vec<String> {
        let known = baseline(&[
            ("one", "src/a.py", Verdict::Unreviewed),
            ("two", "src/b/c.py", Verdict::Real),
            ("gone", "tests/d.py", Verdict::FalsePositive),
        ]);
        let tree =
            tree(vec![seen("one", "src/a.py", 1), seen("two", "src/b/c.py", 1), seen("x", "n", 1)]);
        let filter = Filter::parse(filter).unwrap();
        let book = Book::new(&known, Some(tree));
        let fits = book.entries.iter().filter(|entry| filter.fits(entry, "ACME token"));
        let mut paths: Vec<String> = fits.map(|entry| entry.key.path.clone()).collect();
        paths.sort();
        paths
    }

    #[test]
    fn every_term_must_fit() {
        assert_eq!(paths("").len(), 4);
        assert_eq!(paths("SRC/"), ["src/a.py", "src/b/c.py"]);
        assert_eq!(paths("acme token"), ["n", "src/a.py", "src/b/c.py", "tests/d.py"]);
        assert_eq!(paths("path:src/*"), ["src/a.py"]);
        assert_eq!(paths("path:src/**"), ["src/a.py", "src/b/c.py"]);
        assert_eq!(paths("verdict:real"), ["src/b/c.py"]);
        assert_eq!(paths("-verdict:real is:judged"), ["tests/d.py"]);
        assert_eq!(paths("is:gone"), ["tests/d.py"]);
        assert_eq!(paths("is:new"), ["n"]);
        assert_eq!(paths("is:to-judge"), ["n", "src/a.py"]);
        assert_eq!(paths("is:overdue"), ["src/b/c.py"]);
        assert_eq!(paths("rule:acme-* by:jan"), ["src/b/c.py", "tests/d.py"]);
        assert!(paths("nothing like it").is_empty());
    }

    #[test]
    fn a_mistake_is_said() {
        let problem = |text: &str| Filter::parse(text).unwrap_err();
        assert!(problem("verdict:yes").contains("unreviewed, real, revoked, false-positive"));
        assert!(problem("is:fine").contains("new, gone"));
        assert!(problem("path:[").contains("unclosed"));
    }
}
