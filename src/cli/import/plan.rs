//! What an import would record: every entry ends as carried over, or as left with a reason.

use std::collections::BTreeMap;

use crate::baseline::import::{Left, Next, Paired, Parsed, Site, Tree, graver, pair};
use crate::baseline::{Baseline, Known, Place, Record, Statement};
use crate::finding::Verdict;

/// A file to import.
pub(super) struct Input {
    /// Its path from the top of the repository, or as typed.
    pub(super) name: String,
    /// What it says.
    pub(super) parsed: Parsed,
    /// The format it was read as.
    pub(super) format: &'static str,
}

/// What becomes of one file.
pub(super) struct FilePlan {
    pub(super) name: String,
    pub(super) format: &'static str,
    pub(super) tool: String,
    /// How many entries it has.
    pub(super) entries: usize,
    pub(super) carried: Vec<Carried>,
    pub(super) left: Vec<Left>,
    /// How many findings stand in the file itself.
    pub(super) own_secrets: usize,
}

/// A finding that an entry covers.
pub(super) struct Carried {
    pub(super) record: Record,
    pub(super) line: usize,
    pub(super) is_by_value: bool,
    pub(super) state: State,
}

/// What the baseline said of it before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing: it gets a record.
    New,
    /// It was unreviewed and now has a verdict.
    Judged,
    /// The same, or more: nothing changes.
    Known(Verdict),
    /// Another verdict, which stays.
    Kept(Verdict),
}

/// What the user says about entries whose format has no word for a verdict.
pub(super) struct Choice {
    pub(super) verdict: Verdict,
    pub(super) reason: Option<String>,
    pub(super) by: Option<String>,
    pub(super) on: String,
}

/// What holds for every file of an import.
pub(super) struct Terms<'a> {
    pub(super) choice: &'a Choice,
    /// The files that are imported, and how many findings stand in each. A secret in one of them is
    /// no place to accept.
    pub(super) own_secrets: &'a BTreeMap<String, usize>,
}

/// A word of one entry about one site.
#[derive(Clone)]
struct Word {
    verdict: Verdict,
    reason: Option<String>,
    /// Whether the user gave it now.
    is_choice: bool,
    is_by_value: bool,
}

/// Pairs the entries of a file and records what they cover.
pub(super) fn plan(
    input: Input,
    sites: &[Site<'_>],
    tree: &dyn Tree,
    Terms { choice, own_secrets }: &Terms<'_>,
    baseline: &mut Baseline,
) -> FilePlan {
    let Input { name, parsed, format } = input;
    let Parsed { tool, entries, mut left } = parsed;
    let mut words: BTreeMap<usize, Word> = BTreeMap::new();
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    for (entry, paired) in entries.iter().zip(pair(&entries, sites, tree, folder)) {
        let Paired { sites: covered, is_by_value } = match paired {
            Ok(paired) => paired,
            Err(why) => {
                left.push(why);
                continue;
            }
        };
        let mut covered = covered;
        covered.retain(|number| !own_secrets.contains_key(sites[*number].path));
        if covered.is_empty() {
            let why = "it stands only in the files of other scanners".to_owned();
            left.push(Left { name: entry.name.clone(), why, next: Next::Nothing });
        }
        let is_choice = entry.verdict.is_none();
        let verdict = entry.verdict.unwrap_or(choice.verdict);
        let chosen = choice.reason.clone().filter(|_| is_choice);
        let reason = chosen.or(entry.reason.clone());
        let word = Word { verdict, reason, is_choice, is_by_value };
        for number in covered {
            let said = words.entry(number).or_insert_with(|| word.clone());
            if graver(said.verdict, word.verdict) != said.verdict {
                *said = word.clone();
            }
            said.is_by_value |= word.is_by_value;
        }
    }
    settle(&mut words, sites, &mut left);
    let reason = format!("accepted in {}", tool.split(' ').next().unwrap_or(&tool));
    let mut carried = Vec::new();
    for (number, mut word) in words {
        let site = &sites[number];
        if word.verdict == Verdict::FalsePositive
            && let Some(place) = real_place(site, baseline)
        {
            left.push(contradiction(site, &place));
            word = Word { verdict: Verdict::Unreviewed, reason: None, ..word };
        }
        carried.push(carry(site, &word, choice, &reason, baseline));
    }
    let own_secrets = own_secrets.get(&name[..]).copied().unwrap_or(0);
    FilePlan { name, format, tool, entries: entries.len(), carried, left, own_secrets }
}

/// A false positive is a fact about a value. Where another entry calls the same value real, it is
/// not one, and a person has to say.
fn settle(words: &mut BTreeMap<usize, Word>, sites: &[Site<'_>], left: &mut Vec<Left>) {
    let real: Vec<usize> = words
        .iter()
        .filter(|(_, word)| matches!(word.verdict, Verdict::Real | Verdict::Revoked))
        .map(|(number, _)| *number)
        .collect();
    for (number, word) in words.iter_mut().filter(|(_, w)| w.verdict == Verdict::FalsePositive) {
        let site = &sites[*number];
        let twin = real.iter().find(|other| sites[**other].secret == site.secret);
        let Some(twin) = twin.map(|number| &sites[*number]) else { continue };
        *word = Word { verdict: Verdict::Unreviewed, reason: None, ..word.clone() };
        left.push(contradiction(site, twin.path));
    }
}

fn contradiction(site: &Site<'_>, real: &str) -> Left {
    Left {
        name: format!("{}:{}  the verdict false-positive", site.path, site.lines.0),
        why: format!("the same value is called real in {real}"),
        next: Next::Do("keyhook audit".into()),
    }
}

fn carry(
    site: &Site<'_>,
    word: &Word,
    choice: &Choice,
    default: &str,
    baseline: &mut Baseline,
) -> Carried {
    let is_said_now = word.is_choice && word.verdict != Verdict::Unreviewed;
    let statement = Statement {
        verdict: word.verdict,
        reason: word.reason.clone().or_else(|| Some(default.to_owned())),
        by: choice.by.clone().filter(|_| is_said_now),
        on: Some(choice.on.clone()).filter(|_| is_said_now),
        rotate_by: None,
    };
    let before = baseline.record_of(site.secret, site.path);
    let state = match before.map(|record| record.verdict) {
        Some(Verdict::Unreviewed) if word.verdict != Verdict::Unreviewed => State::Judged,
        Some(old) if word.verdict == Verdict::Unreviewed || old == word.verdict => {
            State::Known(old)
        }
        Some(old) => State::Kept(old),
        None => match baseline.look_up(site.secret, site.path, site.rule) {
            Known::Here(old) if old != word.verdict && word.verdict != Verdict::Unreviewed => {
                State::Kept(old)
            }
            Known::Here(verdict) => State::Known(verdict),
            Known::Not | Known::Elsewhere(_) => State::New,
        },
    };
    let fingerprint = before.map(|record| record.fingerprint.clone());
    let fingerprint = fingerprint.unwrap_or_else(|| baseline.fingerprint(site.secret));
    let place = Place { fingerprint: &fingerprint, rule: site.rule, path: site.path };
    if matches!(state, State::New | State::Judged) {
        baseline.set_verdict(place, &statement);
    }
    let record = statement.record(place);
    Carried { record, line: site.lines.0, is_by_value: word.is_by_value, state }
}

/// Returns a place where the baseline calls the same value real: there it is no false positive.
fn real_place(site: &Site<'_>, baseline: &Baseline) -> Option<String> {
    let records = baseline.records_of_secret(&baseline.fingerprint(site.secret), site.secret);
    let mut elsewhere = records.iter().filter(|record| record.path != site.path);
    let real = elsewhere.find(|r| matches!(r.verdict, Verdict::Real | Verdict::Revoked));
    real.map(|record| record.path.clone())
}

impl FilePlan {
    /// Returns how many findings have each verdict, as the baseline now has it.
    pub(super) fn counts(&self) -> BTreeMap<Verdict, usize> {
        let mut counts = BTreeMap::new();
        for carried in &self.carried {
            *counts.entry(carried.verdict()).or_default() += 1;
        }
        counts
    }
}

impl Carried {
    /// Returns the verdict that the baseline has in the end.
    pub(super) fn verdict(&self) -> Verdict {
        match self.state {
            State::Kept(verdict) | State::Known(verdict) => verdict,
            _ => self.record.verdict,
        }
    }

    /// Returns what changed, in a word.
    pub(super) fn state_word(&self) -> &'static str {
        match self.state {
            State::New => "new",
            State::Judged => "judged",
            State::Known(_) => "known",
            State::Kept(_) => "kept",
        }
    }
}
