//! Values that are live on this machine, found in a text beside what the rules find.
//!
//! A rule that found the same secret keeps its say, because its name and its page for revoking are
//! worth more; it becomes certain, and says where the value is live. The rest is `own-key`.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::config::{CONFIG_NAME, Config};
use crate::detect::{Detection, Match};
use crate::finding::{Confidence, Span};
use crate::own::{Hit, Live, Machine, OwnKeys};
use crate::source::{Source, Standing};

/// The user's values, read when the first text is looked at.
pub(super) struct Own<'a> {
    machine: Option<&'a Machine>,
    /// The rule that reports them.
    rule: usize,
    keys: OnceCell<OwnKeys>,
    standings: HashMap<String, Standing>,
}

/// The values of this machine that stand in a text.
#[derive(Default)]
pub(super) struct Lives {
    /// Those to be told of.
    told: Vec<LiveAt>,
    /// All of them. Who may commit a value need not want to see it.
    pub(super) all: Vec<Span>,
}

/// Where a secret of a text is live.
pub(super) struct LiveAt {
    span: Span,
    /// A sentence about it.
    pub(super) note: String,
    /// The environment variable that holds it.
    pub(super) variable: Option<String>,
}

impl<'a> Own<'a> {
    /// Looks on this machine, unless the rule is switched off.
    pub(super) fn new(machine: Option<&'a Machine>, rule: Option<usize>) -> Own<'a> {
        let (machine, rule) = match (machine, rule) {
            (Some(machine), Some(rule)) => (Some(machine), rule),
            _ => (None, 0),
        };
        Own { machine, rule, keys: OnceCell::new(), standings: HashMap::new() }
    }

    /// Adds to what was found what is live here, and returns where.
    pub(super) fn add(
        &mut self,
        source: &dyn Source,
        config: &Config,
        (text, path): (&[u8], &str),
        detection: &mut Detection,
    ) -> Lives {
        let mut lives = Lives::default();
        for hit in self.find(source, config, text) {
            lives.all.push(hit.span.clone());
            if let Some(note) = self.note(source, path, &hit) {
                let variable = self.keys.get().and_then(|keys| keys.live(hit.value).variable());
                lives.told.push(LiveAt { span: hit.span, note, variable });
            }
        }
        self.join(&lives.told, detection);
        lives
    }

    /// Returns where values stand in the name of a file; that alone is no finding.
    pub(super) fn in_name(&self, source: &dyn Source, config: &Config, name: &str) -> Lives {
        let hits = self.find(source, config, name.as_bytes()).into_iter();
        Lives { told: Vec::new(), all: hits.map(|hit| hit.span).collect() }
    }

    fn find(&self, source: &dyn Source, config: &Config, text: &[u8]) -> Vec<Hit> {
        let Some(machine) = self.machine else { return Vec::new() };
        let load = || OwnKeys::load(machine, &config.own_keys_off, &source.folders());
        self.keys.get_or_init(load).find(text)
    }

    /// Says where a value is live; `None` if it is no secret here.
    fn note(&mut self, source: &dyn Source, path: &str, hit: &Hit) -> Option<String> {
        let live = self.keys.get()?.live(hit.value);
        // Where it is kept it may stand; whether that file may be committed is another question.
        if live.path.as_deref() == Some(path) {
            return None;
        }
        let standing = live.path.as_ref().map(|path| {
            *self.standings.entry(path.clone()).or_insert_with(|| source.standing(path))
        });
        // What is committed already is old, as everywhere.
        (standing != Some(Standing::Tracked)).then(|| sentence(live, standing, hit.is_encoded))
    }

    /// Makes the matches that name such a value certain, and adds one where no rule spoke.
    fn join(&self, all: &[LiveAt], detection: &mut Detection) {
        let count = detection.matches.len();
        let mut end = 0;
        for LiveAt { span, .. } in all {
            let first = detection.matches[..count].partition_point(|m| m.secret.end <= span.start);
            let known = detection.matches[..count].get_mut(first);
            if let Some(known) = known.filter(|known| known.secret.start < span.end) {
                known.confidence = Confidence::High;
            } else if span.start >= end {
                end = span.end;
                detection.matches.push(Match {
                    rule: self.rule,
                    secret: span.clone(),
                    parts: Vec::new(),
                    confidence: Confidence::High,
                    public_len: 0,
                    rank: 0,
                });
            }
        }
        if detection.matches.len() > count {
            detection.matches.sort_by_key(|found| found.secret.start);
        }
    }

    /// Says what could not be read, and what the repository switches off.
    pub(super) fn write_notes(&self, config: &Config, notes: &mut Vec<String>) {
        let Some(keys) = self.keys.get() else { return };
        notes.extend(keys.notes().iter().cloned());
        if !config.own_keys_off.is_empty() {
            let off = config.own_keys_off.join(", ");
            notes.push(format!("own keys: {off} switched off by {CONFIG_NAME}"));
        }
    }
}

impl Lives {
    /// Returns where the secret at this place is live.
    pub(super) fn at(&self, secret: &Span) -> Option<&LiveAt> {
        let first = self.told.partition_point(|live| live.span.end <= secret.start);
        self.told.get(first).filter(|live| live.span.start < secret.end)
    }
}

fn sentence(live: &Live, standing: Option<Standing>, is_encoded: bool) -> String {
    let name = live.name.as_deref();
    let value = match (&live.place, name) {
        (None, name) => format!("the exported variable {}", name.unwrap_or("of this shell")),
        (Some(place), None) => format!("a value of {place}"),
        (Some(place), Some(name)) => format!("the value of {name} in {place}"),
    };
    let standing = match standing {
        Some(Standing::Ignored) => " (ignored by git)",
        Some(Standing::Untracked) => " (not tracked by git)",
        _ => "",
    };
    let encoded = if is_encoded { ", encoded" } else { "" };
    format!("this is {value}{standing}{encoded}")
}
