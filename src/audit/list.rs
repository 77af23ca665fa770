//! The rows of the list: which entries, in what order, under which headings.

use super::entry::{Book, Entry, Key};
use super::filter::Filter;
use crate::baseline::today;
use crate::finding::Verdict;
use crate::rule::RuleSet;

/// Which part of the baseline is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// What nobody has judged and somebody can.
    #[default]
    ToJudge,
    /// What somebody has judged.
    Judged,
    /// What must be rotated.
    Real,
    /// What no longer stands in its file.
    Gone,
    /// Everything.
    All,
}

impl Tab {
    /// The tabs, from left to right.
    pub const ALL: [Tab; 5] = [Tab::ToJudge, Tab::Judged, Tab::Real, Tab::Gone, Tab::All];

    /// Returns what it is called.
    pub fn name(self) -> &'static str {
        match self {
            Tab::ToJudge => "To judge",
            Tab::Judged => "Judged",
            Tab::Real => "Real",
            Tab::Gone => "Gone",
            Tab::All => "All",
        }
    }

    /// Returns whether an entry belongs to it.
    pub fn has(self, entry: &Entry) -> bool {
        match self {
            Tab::ToJudge => entry.is_to_judge(),
            Tab::Judged => entry.is_judged() && !entry.is_gone(),
            Tab::Real => entry.verdict() == Some(Verdict::Real),
            Tab::Gone => entry.is_gone(),
            Tab::All => true,
        }
    }

    /// Returns the tab `by` steps to the right, around the end.
    pub fn step(self, by: isize) -> Tab {
        let at = Tab::ALL.iter().position(|tab| *tab == self).unwrap_or(0);
        let at = at.cast_signed() + by;
        Tab::ALL[at.rem_euclid(Tab::ALL.len().cast_signed()).cast_unsigned()]
    }
}

/// By what the rows are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The rule: findings of a kind are judged in a row.
    #[default]
    Rule,
    /// The file.
    Path,
    /// The verdict.
    Verdict,
}

impl Order {
    /// Returns the order after this one.
    pub fn next(self) -> Order {
        match self {
            Order::Rule => Order::Path,
            Order::Path => Order::Verdict,
            Order::Verdict => Order::Rule,
        }
    }

    /// Returns what it is called.
    pub fn name(self) -> &'static str {
        match self {
            Order::Rule => "by rule",
            Order::Path => "by path",
            Order::Verdict => "by verdict",
        }
    }

    fn group(self, entry: &Entry) -> &str {
        match self {
            Order::Rule => &entry.rule,
            Order::Path => &entry.key.path,
            Order::Verdict => verdict_word(entry),
        }
    }
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// The heading of a group.
    Heading {
        /// What the group has in common.
        title: String,
        /// How many of its entries are judged.
        done: usize,
        /// How many there are.
        all: usize,
    },
    /// An entry.
    Entry(Key),
}

/// Returns the word for an entry's verdict in the list.
pub fn verdict_word(entry: &Entry) -> &'static str {
    match &entry.record {
        None => "new",
        Some(record) if record.is_overdue(today()) => "real, overdue",
        Some(record) => record.verdict.as_str(),
    }
}

/// Lists what a tab and a filter leave, in order.
pub fn rows(book: &Book, rules: &RuleSet, tab: Tab, order: Order, filter: &Filter) -> Vec<Row> {
    let name = |rule: &str| rules.by_id(rule).map_or(String::new(), |rule| rule.name.clone());
    let mut names = std::collections::HashMap::new();
    let mut shown: Vec<&Entry> = Vec::new();
    for entry in book.entries.iter().filter(|entry| tab.has(entry)) {
        let name = names.entry(&entry.rule[..]).or_insert_with(|| name(&entry.rule));
        if filter.is_empty() || filter.fits(entry, name) {
            shown.push(entry);
        }
    }
    let line = |entry: &Entry| book.spot(entry).map_or(0, |seen| seen.finding.location.line);
    shown.sort_by(|a, b| {
        let group = match order {
            Order::Verdict => rank(a).cmp(&rank(b)),
            _ => order.group(a).cmp(order.group(b)),
        };
        // Within a group, what is to be done comes first.
        group
            .then_with(|| a.is_judged().cmp(&b.is_judged()))
            .then_with(|| a.is_gone().cmp(&b.is_gone()))
            .then_with(|| a.key.path.cmp(&b.key.path))
            .then_with(|| line(a).cmp(&line(b)))
            .then_with(|| a.key.value.cmp(&b.key.value))
    });
    let mut rows = Vec::with_capacity(shown.len() + 16);
    let mut last = None;
    for entry in shown {
        let group = order.group(entry);
        if last != Some(group) {
            let title = match order {
                Order::Rule if !names[group].is_empty() => format!("{group}  {}", names[group]),
                _ => group.to_owned(),
            };
            rows.push(Row::Heading { title, done: 0, all: 0 });
            last = Some(group);
        }
        rows.push(Row::Entry(entry.key.clone()));
    }
    count(&mut rows, book);
    rows
}

/// Brings headings up to date, and drops entries that are no longer there. Whatever was judged stays
/// where it is, so that a list does not move under the hand.
pub fn refresh(rows: &mut Vec<Row>, book: &Book) {
    rows.retain(|row| match row {
        Row::Heading { .. } => true,
        Row::Entry(key) => book.get(key).is_some(),
    });
    count(rows, book);
    rows.retain(|row| !matches!(row, Row::Heading { all: 0, .. }));
}

fn count(rows: &mut [Row], book: &Book) {
    let (mut judged, mut total) = (0, 0);
    for row in rows.iter_mut().rev() {
        match row {
            Row::Entry(key) => {
                judged += usize::from(book.get(key).is_some_and(Entry::is_judged));
                total += 1;
            }
            Row::Heading { done, all, .. } => {
                (*done, *all) = (judged, total);
                (judged, total) = (0, 0);
            }
        }
    }
}

fn rank(entry: &Entry) -> usize {
    match entry.verdict() {
        None => 0,
        Some(Verdict::Unreviewed) => 1,
        Some(Verdict::Real) if verdict_word(entry) != "real" => 2,
        Some(Verdict::Real) => 3,
        Some(Verdict::Revoked) => 4,
        Some(Verdict::FalsePositive) => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{baseline, seen, tree};

    fn book() -> Book {
        let known = baseline(&[
            ("one", "b.py", Verdict::Unreviewed),
            ("two", "a.py", Verdict::FalsePositive),
            ("gone", "g.py", Verdict::Unreviewed),
        ]);
        let tree = tree(vec![seen("one", "b.py", 7), seen("two", "a.py", 1), seen("x", "n.py", 3)]);
        Book::new(&known, Some(tree))
    }

    fn shown(tab: Tab, order: Order) -> Vec<String> {
        let book = book();
        let rules = RuleSet::only(Vec::new());
        let rows = rows(&book, &rules, tab, order, &Filter::default());
        let text = |row: &Row| match row {
            Row::Heading { title, done, all } => format!("{title} {done}/{all}"),
            Row::Entry(key) => key.path.clone(),
        };
        rows.iter().map(text).collect()
    }

    #[test]
    fn what_is_to_do_comes_first() {
        assert_eq!(shown(Tab::ToJudge, Order::Rule), ["acme-token 0/2", "b.py", "n.py"]);
        let all = ["acme-token 1/4", "b.py", "n.py", "g.py", "a.py"];
        assert_eq!(shown(Tab::All, Order::Rule), all);
        assert_eq!(shown(Tab::Gone, Order::Path), ["g.py 0/1", "g.py"]);
        assert_eq!(
            shown(Tab::All, Order::Verdict),
            ["new 0/1", "n.py", "unreviewed 0/2", "b.py", "g.py", "false-positive 1/1", "a.py"]
        );
        assert!(shown(Tab::Real, Order::Path).is_empty());
    }

    #[test]
    fn tabs_go_round() {
        assert_eq!(Tab::ToJudge.step(-1), Tab::All);
        assert_eq!(Tab::All.step(1), Tab::ToJudge);
    }

    #[test]
    fn a_refresh_moves_nothing() {
        let book = book();
        let rules = RuleSet::only(Vec::new());
        let mut list = rows(&book, &rules, Tab::ToJudge, Order::Rule, &Filter::default());
        let judged = baseline(&[("one", "b.py", Verdict::FalsePositive)]);
        let later = Book::new(&judged, Some(book.tree.clone()));
        refresh(&mut list, &later);
        assert_eq!(list.len(), 3);
        assert_eq!(list[0], Row::Heading { title: "acme-token".into(), done: 1, all: 2 });
    }
}
