//! Looks at commits, group by group: each group is judged with its own baseline and settings.

use super::Exit;
use super::hook::git_problem;
use crate::baseline::BASELINE_NAME;
use crate::config::CONFIG_NAME;
use crate::git::{Entry, GitError, History, ObjectId, Repository, Without};
use crate::scan::{Options, Outcome, Problem, RULES, scan, settings_hash, without_secrets};
use crate::source::{
    Clock, CommitsSource, Edge, Item, Key, Ledger, MessageSource, Settings, Source, Stamp, Unread,
    Update, items_of,
};

/// Commits that are judged with the same baseline and settings.
pub(super) struct Group {
    pub(super) settings: Settings,
    pub(super) items: Vec<Item>,
}

/// How to look at commits.
pub(super) struct Walk<'a> {
    pub(super) repository: &'a Repository,
    /// When to stop.
    pub(super) clock: Option<Clock>,
    /// Whether what was clean before is passed over, and what is clean now is remembered.
    pub(super) has_ledger: bool,
    /// What the edge of a shallow clone means.
    pub(super) edge: Edge,
}

impl<'a> Walk<'a> {
    pub(super) fn new(repository: &'a Repository) -> Walk<'a> {
        Walk { repository, clock: None, has_ledger: false, edge: Edge::Gap }
    }

    /// Looks at all of the groups.
    pub(super) fn look(&self, groups: Vec<Group>, options: &Options) -> Outcome {
        let mut all = Outcome::default();
        let mut keys = Vec::new();
        let ledger = match self.has_ledger {
            true => Ledger::load(self.repository.common_dir()),
            false => Ledger::default(),
        };
        for group in groups.into_iter().filter(|group| !group.items.is_empty()) {
            let (outcome, clean) = self.group(group, &ledger, options);
            keys.extend(clean);
            all.join(outcome);
        }
        // What was looked at together with a finding may have to be rewritten with it.
        if self.has_ledger && all.exit() == Exit::Clean {
            Ledger::record(self.repository.common_dir(), &keys);
        }
        all
    }

    fn group(&self, group: Group, ledger: &Ledger, options: &Options) -> (Outcome, Vec<Key>) {
        let count = group.items.len();
        let mut source =
            CommitsSource::new(self.repository, group.items, group.settings).with_edge(self.edge);
        if let Some(clock) = &self.clock {
            source = source.until(clock.clone());
        }
        let hash = match settings_hash(&source) {
            Ok(hash) => hash,
            Err(problem) => {
                let unread = vec![without_secrets(problem)];
                return (Outcome { unread, ..Outcome::default() }, Vec::new());
            }
        };
        let (without, with) = stamps(&source, hash, self.has_ledger);
        let stamps: Vec<Stamp> = std::iter::once(without).chain(with).collect();
        if self.has_ledger {
            source = source.passing_over(ledger, stamps.clone());
        }
        let mut outcome = scan(&mut source, options);
        outcome.commits = count;
        // What rests on the baseline, now or when it was looked at, is clean only with it.
        let last = stamps.len() - 1;
        let least = if outcome.known.is_empty() { 0 } else { last };
        let key = |(id, stamp): &(ObjectId, usize)| stamps[least.max(*stamp)].object(*id);
        (outcome, source.done().iter().map(key).collect())
    }
}

/// Returns the stamp for what is clean without a look at the baseline, and the one for what is clean
/// because of it.
pub(super) fn stamps(
    source: &dyn Source,
    settings: [u8; 32],
    has_known: bool,
) -> (Stamp, Option<Stamp>) {
    let without = Stamp::new(&[RULES.as_bytes(), &settings]);
    // A baseline that cannot be read stops the scan as soon as it is needed.
    let baseline = has_known.then(|| source.setting(BASELINE_NAME).ok().flatten()).flatten();
    let with = baseline.map(|bytes| Stamp::new(&[RULES.as_bytes(), &settings, &bytes]));
    (without, with)
}

/// Puts together what is judged by the same files. Each thing comes with the commit whose files
/// count, and `of_tree` says how that commit stands to it.
pub(super) fn group_by_settings<T>(
    repository: &Repository,
    things: impl Iterator<Item = (Option<ObjectId>, T)>,
    of_tree: fn(ObjectId) -> Settings,
) -> Result<Vec<(Settings, Vec<T>)>, Problem> {
    let history = History::new(repository);
    let mut groups: Vec<(Files, Settings, Vec<T>)> = Vec::new();
    for (judge, thing) in things {
        let (files, settings) = match judge {
            None => (Vec::new(), Settings::Nowhere),
            Some(id) => {
                let (files, tree) = files_of(&history, id)?;
                (files, of_tree(tree))
            }
        };
        let known = groups.iter_mut().find(|(others, other, _)| {
            // A configuration may name further files.
            let is_whole = files.iter().all(|(name, _)| name != CONFIG_NAME);
            *others == files && (*other == settings || is_whole && *other != Settings::Nowhere)
        });
        match known {
            Some((_, _, things)) => things.push(thing),
            None => groups.push((files, settings, vec![thing])),
        }
    }
    Ok(groups.into_iter().map(|(_, settings, things)| (settings, things)).collect())
}

/// The versions of keyhook's own files in a commit.
type Files = Vec<(String, Entry)>;

fn files_of(history: &History<'_>, commit: ObjectId) -> Result<(Files, ObjectId), Problem> {
    let read = || {
        let tree = history.commit(commit)?.tree;
        Ok((history.settings(tree)?, tree))
    };
    read().map_err(|error| git_problem(&error))
}

/// Looks at each commit that the second end of `A..B` has and the first has not.
pub(super) fn look_at_range(
    repository: &Repository,
    range: &str,
    options: &Options,
) -> Result<Outcome, Unread> {
    let Some((from, to)) = range.split_once("..") else {
        return Err(Unread {
            path: Vec::new(),
            problem: format!("{range} names no range"),
            hint: format!("for one commit: keyhook scan --range '{range}^..{range}'"),
        });
    };
    // With three dots B is asked for what A does not have, which is the same here.
    let to = to.strip_prefix('.').unwrap_or(to);
    let find = |name: &str| {
        let name = if name.is_empty() { "HEAD" } else { name };
        let found = repository.revision(name).map_err(|error| unread(&error))?;
        found.ok_or_else(|| Unread {
            path: Vec::new(),
            problem: format!("no commit here is called {name}"),
            hint: "check the spelling, or: git fetch".to_owned(),
        })
    };
    let (from, to) = (find(from)?, find(to)?);
    let commits = repository.list_commits(&[to], &[from], Without::Nothing);
    let commits = commits.map_err(|error| unread(&error))?;
    let items = commits.into_iter().map(Item::Commit).collect();
    look_by_hand(Walk::new(repository), items, options)
}

/// Looks at every commit that a reference leads to.
pub(super) fn look_at_history(
    repository: &Repository,
    options: &Options,
) -> Result<Outcome, Unread> {
    let walk = Walk { edge: Edge::Start, ..Walk::new(repository) };
    look_by_hand(walk, history(repository, false)?, options)
}

fn history(repository: &Repository, is_local: bool) -> Result<Vec<Item>, Unread> {
    let commits = repository.list_all_commits(is_local).map_err(|error| unread(&error))?;
    let references = repository.references().map_err(|error| unread(&error))?;
    let named = references.into_iter().map(|(name, id)| Update { name, old: None, new: Some(id) });
    let targets = items_of(repository, &named.collect::<Vec<_>>())?;
    let mut items: Vec<Item> = commits.into_iter().map(Item::Commit).collect();
    items.extend(targets.into_iter().flat_map(|target| target.items));
    Ok(items)
}

/// Offers what hooks stop and no file has: the message that is being written, the commits that no
/// remote has, and then all others. Ends as soon as `look` has found what it looks for.
pub(super) fn beyond_files(
    repository: &Repository,
    look: &mut dyn FnMut(&mut dyn Source) -> Result<bool, Problem>,
) -> Result<(), Problem> {
    let message = repository.git_dir().join("COMMIT_EDITMSG");
    if message.exists() && look(&mut MessageSource::new(repository, &message, false))? {
        return Ok(());
    }
    for is_local in [true, false] {
        let items = history(repository, is_local).map_err(super::allow::problem)?;
        let mut source = CommitsSource::new(repository, items, Settings::Worktree);
        source = source.with_edge(Edge::Start);
        if look(&mut source)? {
            break;
        }
    }
    Ok(())
}

/// Judges as any scan by hand: with the files of the worktree, or of HEAD where there is none.
fn look_by_hand(walk: Walk<'_>, items: Vec<Item>, options: &Options) -> Result<Outcome, Unread> {
    let repository = walk.repository;
    let settings = match repository.work_dir() {
        Some(_) => Settings::Worktree,
        None => match repository.head_commit().map_err(|error| unread(&error))? {
            Some(head) => {
                Settings::Tip(repository.commit(head).map_err(|error| unread(&error))?.tree)
            }
            None => Settings::Nowhere,
        },
    };
    Ok(walk.look(vec![Group { settings, items }], options))
}

fn unread(error: &GitError) -> Unread {
    Unread {
        path: Vec::new(),
        problem: error.to_string(),
        hint: error.hint().unwrap_or_default().to_owned(),
    }
}

impl Outcome {
    /// Adds what another look produced.
    fn join(&mut self, other: Outcome) {
        self.findings.extend(other.findings);
        self.known.extend(other.known);
        self.unread.extend(other.unread);
        self.files += other.files;
        self.commits += other.commits;
        let new = other.notes.into_iter().filter(|note| !self.notes.contains(note));
        let new: Vec<String> = new.collect();
        self.notes.extend(new);
        let is_new = |id: &str| self.own_rules.iter().all(|rule| rule.id != id);
        let rules: Vec<_> = other.own_rules.into_iter().filter(|rule| is_new(&rule.id)).collect();
        self.own_rules.extend(rules);
    }
}
