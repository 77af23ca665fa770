//! The whole program on one page: source → detect → baseline → outcome.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

use crate::baseline::{BASELINE_NAME, Baseline, BaselineError, pending_salt};
use crate::config::{CONFIG_NAME, Config};
use crate::detect::{Detection, Engine, FileKind, Text, decode};
use crate::finding::{Confidence, Finding, Location, Origin, Salt, Secret};
use crate::own::{Machine, source_names};
use crate::rule::{OWN_KEY, Rule, RuleSet, SENSITIVE_FILE, from_text};
use crate::source::{Chunk, OriginKind, Source, Unread, path_text};

mod allowed;
mod asked;
mod crowd;
mod excerpt;
mod explain;
mod guarded;
mod imported;
mod judge;
mod live;
mod marker;
mod mask;
mod olds;
mod place;

use allowed::Allowed;
use asked::Asked;
pub use asked::{RULES, settings_hash};
use crowd::Crowd;
pub use excerpt::{Excerpts, Looked, holds};
pub use explain::{Explained, Explanation, Opinion, SPEAKS, explain};
pub use guarded::{is_guarded_name, is_sensitive};
pub use mask::Masker;
use olds::Olds;

/// What one scan produced, including what it could not read.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is new.
    pub findings: Vec<Finding>,
    /// What the baseline accepts here.
    pub known: Vec<Finding>,
    /// What should have been looked at and could not be.
    pub unread: Vec<Problem>,
    /// How many files were looked at.
    pub files: usize,
    /// How many commits were looked at, or known to be clean.
    pub commits: usize,
    /// What was passed over on purpose, as sentences.
    pub notes: Vec<String>,
    /// The user's own rules, whose names a report shows beside those of the built-in ones.
    pub own_rules: Vec<Rule>,
    /// Names the settings that were used; zeros if there were none.
    pub settings_hash: [u8; 32],
}

/// Something that keeps the answer from being "clean".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, safe to show; empty if everything is concerned.
    pub path: String,
    /// What is wrong.
    pub problem: String,
    /// What the user can do; may be empty.
    pub hint: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path[..] {
            "" => f.write_str(&self.problem),
            path => write!(f, "{path}: {}", self.problem),
        }
    }
}

/// How to scan, beyond what the repository's own files say.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The lowest confidence to report, if the user named one.
    pub confidence: Option<Confidence>,
    /// Whether the baseline is left aside.
    pub is_without_baseline: bool,
    /// The folder whose salt names secrets where there is no baseline: git's own.
    pub salt_dir: Option<PathBuf>,
    /// The machine whose live values are looked for, for a change that is made on it.
    pub own: Option<Machine>,
}

impl Options {
    /// Returns the salt for a new baseline.
    pub fn salt(&self) -> Salt {
        self.salt_dir.as_deref().map_or_else(Salt::none, pending_salt)
    }
}

/// A finding together with its secret, for those who write the baseline.
pub struct Found {
    /// The finding.
    pub finding: Finding,
    /// Its secret.
    pub secret: Secret,
}

/// Looks at everything a source has.
pub fn scan(source: &mut dyn Source, options: &Options) -> Outcome {
    let (mut outcome, found, secrets) = scan_all(source, options);
    for Found { finding, .. } in found {
        match finding.verdict {
            Some(_) => outcome.known.push(finding),
            None => outcome.findings.push(finding),
        }
    }
    guarded::say_once(&mut outcome.findings, &secrets);
    outcome
}

/// As [`scan`], but hands the secrets over; the outcome's own lists stay empty.
pub fn scan_secrets(source: &mut dyn Source, options: &Options) -> (Outcome, Vec<Found>) {
    let (outcome, found, _) = scan_all(source, options);
    (outcome, found)
}

/// Also returns how many secrets each sensitive file holds.
fn scan_all(
    source: &mut dyn Source,
    options: &Options,
) -> (Outcome, Vec<Found>, HashMap<String, usize>) {
    let mut outcome = Outcome::default();
    let asked = Asked::new(source);
    let settings = settings(&asked);
    outcome.settings_hash = asked.hash();
    let Settings { config, engine, notes } = match settings {
        Ok(settings) => settings,
        Err(problem) => {
            outcome.unread.push(without_secrets(problem));
            return (outcome, Vec::new(), HashMap::new());
        }
    };
    let masker = Masker::new(&engine);
    let own_rules = engine.rules().beside_builtin().into_iter();
    outcome.own_rules = own_rules.map(|rule| masker.rule(rule)).collect();
    outcome.notes = notes;
    let least = options.confidence.unwrap_or(config.confidence);
    let mut scan = Scan {
        engine: &engine,
        masker,
        least,
        guard: engine.rules().index_and_rule(SENSITIVE_FILE).map(|(index, _)| index),
        own: live::Own::new(
            options.own.as_ref(),
            engine.rules().index_and_rule(OWN_KEY).map(|(index, _)| index),
        ),
        excluded: 0,
        unguarded: 0,
        marked: 0,
        cut: 0,
        allowed: Allowed::default(),
        secrets: HashMap::new(),
        crowd: Crowd::default(),
        found: Vec::new(),
        olds: Vec::new(),
    };
    while let Some(item) = source.next() {
        let looked = item.and_then(|chunk| scan.chunk(source, &config, &chunk));
        outcome.files += usize::from(looked.is_ok());
        outcome.unread.extend(looked.err().map(|unread| scan.problem(source, &config, &unread)));
    }
    outcome.files -= scan.excluded;
    outcome.unread.extend(scan.crowd.problems());
    let unfinished = imported::unfinished(&engine, &config).into_iter();
    outcome.unread.extend(unfinished.map(|problem| scan.masker.problem(problem)));
    scan.write_notes(source, &config, &mut outcome);
    let found = std::mem::take(&mut scan.found);
    let found = match judge::judge(source, options, found, &scan.olds) {
        Ok(mut found) => {
            let froms = found.iter_mut().filter_map(|found| found.finding.copied_from.as_mut());
            froms.for_each(|from| *from = scan.masker.prose(from));
            found
        }
        Err(problem) => {
            outcome.unread.push(without_secrets(problem));
            Vec::new()
        }
    };
    (outcome, found, scan.secrets)
}

/// What the repository's own files ask for.
struct Settings {
    config: Config,
    engine: Engine,
    /// What of it is not done, as sentences.
    notes: Vec<String>,
}

fn settings(source: &dyn Source) -> Result<Settings, Problem> {
    let mut rules = RuleSet::builtin();
    let Some(bytes) = source.setting(CONFIG_NAME).map_err(setting_problem(CONFIG_NAME))? else {
        let (config, engine) = (Config::default(), Engine::new(rules));
        return Ok(Settings { config, engine, notes: Vec::new() });
    };
    let broken = |problem: String| Problem {
        path: String::new(),
        problem,
        hint: format!("mend {CONFIG_NAME}, then: git add {CONFIG_NAME}"),
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| broken(format!("cannot use {CONFIG_NAME}: it is not UTF-8")))?;
    let config = Config::parse(&text).map_err(|error| broken(error.to_string()))?;
    if let Some(name) = config.own_keys_off.iter().find(|n| !source_names().contains(&n.as_str())) {
        let problem =
            format!("cannot use {CONFIG_NAME}: own-keys.off: no source is called `{name}`");
        let hint = format!("the sources are: {}", source_names().join(", "));
        return Err(Problem { hint, ..broken(problem) });
    }
    let own = from_text(&text).map_err(|e| broken(format!("cannot use {CONFIG_NAME}: {e}")))?;
    let imported = imported::load(source, &config)?;
    let mut foreign = Vec::new();
    for id in &config.disable {
        if rules.disable(id) {
            continue;
        }
        if imported.as_ref().is_some_and(|imported| imported.has_rule(id)) {
            foreign.push(id);
        } else {
            let problem = format!("cannot use {CONFIG_NAME}: disable: no rule is called `{id}`");
            return Err(Problem { hint: "keyhook rules list".into(), ..broken(problem) });
        }
    }
    let replaced = rules.add(own.into_iter().map(|proven| proven.rule).collect());
    let mut notes = imported.map_or(Vec::new(), |imported| imported.join(&mut rules, &foreign));
    if replaced > 0 {
        notes.push(format!("{replaced} built-in rule(s) replaced by rules of {CONFIG_NAME}"));
    }
    Ok(Settings { config, engine: Engine::new(rules), notes })
}

/// Reads the baseline that this source is judged with.
pub fn load_baseline(source: &dyn Source, options: &Options) -> Result<Baseline, Problem> {
    let bytes = source.setting(BASELINE_NAME).map_err(setting_problem(BASELINE_NAME))?;
    match bytes.filter(|_| !options.is_without_baseline) {
        None => Ok(Baseline::new(options.salt())),
        Some(bytes) => {
            Baseline::parse(&bytes, &options.salt()).map_err(|error| baseline_problem(&error))
        }
    }
}

/// Says what is wrong with a baseline, and what to do.
pub fn baseline_problem(error: &BaselineError) -> Problem {
    Problem { path: String::new(), problem: error.to_string(), hint: error.hint().to_owned() }
}

/// Hides what a parser quotes from a broken file: its author may have put a secret there.
pub fn without_secrets(problem: Problem) -> Problem {
    let engine = Engine::new(RuleSet::builtin());
    let masker = Masker::new(&engine);
    let text = masker.message(&problem.problem);
    Problem { problem: text, ..masker.problem(problem) }
}

/// As [`without_secrets`], for what names objects and no content.
pub fn masked_problem(problem: Problem) -> Problem {
    Masker::new(&Engine::new(RuleSet::builtin())).problem(problem)
}

fn setting_problem(name: &str) -> impl Fn(Unread) -> Problem {
    let path = name.to_owned();
    move |unread| Problem { path: path.clone(), problem: unread.problem, hint: unread.hint }
}

/// The state of one scan.
struct Scan<'a> {
    engine: &'a Engine,
    masker: Masker<'a>,
    least: Confidence,
    /// The rule for sensitive files, unless it is switched off.
    guard: Option<usize>,
    own: live::Own<'a>,
    excluded: usize,
    unguarded: usize,
    marked: usize,
    cut: usize,
    allowed: Allowed,
    /// How many secrets each sensitive file holds.
    secrets: HashMap<String, usize>,
    crowd: Crowd,
    found: Vec<Candidate>,
    /// What stood there before; it shows where an accepted finding has moved to.
    olds: Vec<judge::Old>,
}

impl Scan<'_> {
    fn chunk(
        &mut self,
        source: &mut dyn Source,
        config: &Config,
        chunk: &Chunk,
    ) -> Result<(), Unread> {
        let path = path_text(&chunk.path);
        if config.is_excluded(&path) {
            self.excluded += 1;
            return Ok(());
        }
        self.path_name(source, config, chunk, &path);
        let (bytes, is_binary) = decode(&chunk.bytes);
        self.guard(source, config, chunk, &path, &bytes)?;
        let kind = FileKind::of_path(&chunk.path).unless_binary(is_binary);
        let text = Text { bytes: &bytes, kind };
        let mut detection = self.engine.detect_in_file(&text, &path);
        let live = self.own.add(source, config, (&bytes, &path), &mut detection);
        self.cut += usize::from(detection.is_cut);
        if detection.is_full {
            self.crowd.add_full(self.shown_path(source, config, &path));
        }
        if detection.matches.iter().all(|m| m.confidence < self.least)
            && !allowed::has_any(&detection)
        {
            return Ok(());
        }
        let olds = source.olds(chunk)?;
        let olds = Olds::new(&olds);
        let place = self.place(source, config, chunk, &path);
        self.matches(&text, &place, &detection, &live, &olds);
        Ok(())
    }

    fn matches(
        &mut self,
        text: &Text<'_>,
        place: &Place<'_>,
        detection: &Detection,
        lives: &live::Lives,
        olds: &Olds<'_>,
    ) {
        let path = place.path;
        let shown_path = &place.shown;
        let mut places = place::Places::new(text.bytes);
        let hidden = mask::Hidden::of(text.bytes, detection, &lives.all);
        self.allowed.count_imported(text.bytes, detection, olds);
        let mut matches = detection.matches.iter().filter(|m| m.confidence >= self.least);
        let first = self.found.len();
        while self.crowd.room(self.found.len() - first) > 0
            && let Some(found) = matches.next()
        {
            let secret = Secret::new(&text.bytes[found.secret.clone()]);
            if olds.hold(text.bytes, found) {
                if self.olds.len() < crowd::SCAN_MAX {
                    let path = shown_path.clone();
                    self.olds.push(judge::Old { chunk: place.chunk, path, secret });
                }
                continue;
            }
            if marker::is_marked(text.bytes, &found.secret, self.engine.rules(), found.rule) {
                self.marked += 1;
                continue;
            }
            if self.allowed.allows(self.engine.rules(), text.bytes, path, found) {
                continue;
            }
            let location = places.location(&found.secret);
            let live = lives.at(&found.secret);
            let shown = self.masker.around(text.bytes, found, &hidden);
            self.found.push(Candidate {
                chunk: place.chunk,
                origin: place.origin.clone(),
                rule: self.masker.rule_id(found.rule),
                path: shown_path.clone(),
                location,
                confidence: found.confidence,
                shown,
                secret,
                note: live.map(|live| self.masker.message(&live.note)),
                variable: live.and_then(|live| live.variable.clone()),
            });
        }
        self.crowd.add(shown_path, self.found.len() - first, matches.count());
    }

    /// A file name is text too.
    fn path_name(&mut self, source: &mut dyn Source, config: &Config, chunk: &Chunk, path: &str) {
        let text = Text { bytes: path.as_bytes(), kind: FileKind::Binary };
        let detection = self.engine.detect_in_name(path);
        let is_possible = detection.matches.iter().any(|m| m.confidence >= self.least)
            || allowed::has_any(&detection);
        if is_possible && !source.had_path(chunk) {
            let place = self.place(source, config, chunk, path);
            let lives = self.own.in_name(source, config, path);
            self.matches(&text, &place, &detection, &lives, &Olds::new(&[]));
        }
    }

    fn place<'p>(
        &self,
        source: &dyn Source,
        config: &Config,
        chunk: &Chunk,
        path: &'p str,
    ) -> Place<'p> {
        let shown = self.shown_path(source, config, path);
        let origin = source.origin(chunk.id).map(|origin| Origin {
            id: origin.id,
            // People quote in messages whatever they copied.
            name: self.masker.message(&origin.name),
            is_tag: origin.kind == OriginKind::Tag,
            is_root: origin.is_root,
        });
        Place { path, shown, chunk: chunk.id, origin }
    }

    /// Returns a path as it is shown and recorded.
    fn shown_path(&self, source: &dyn Source, config: &Config, path: &str) -> String {
        self.masker.path_with(path, &self.own.in_name(source, config, path))
    }

    fn problem(&self, source: &dyn Source, config: &Config, unread: &Unread) -> Problem {
        self.masker.problem(Problem {
            path: self.shown_path(source, config, &path_text(&unread.path)),
            problem: unread.problem.clone(),
            hint: unread.hint.clone(),
        })
    }

    fn write_notes(&self, source: &dyn Source, config: &Config, outcome: &mut Outcome) {
        let mut say = |count: usize, what: &str| {
            if count > 0 {
                outcome.notes.push(format!("{count} {what}"));
            }
        };
        say(self.excluded, &format!("file(s) left out by `exclude` in {CONFIG_NAME}"));
        say(
            self.unguarded,
            &format!("sensitive file(s) let in by `guarded.allow` in {CONFIG_NAME}"),
        );
        say(self.marked, "finding(s) allowed by a comment on their line");
        say(self.cut, "file(s) hold encoded text in encoded text, more than was looked into");
        say(config.disable.len(), &format!("rule(s) switched off by `disable` in {CONFIG_NAME}"));
        self.own.write_notes(config, &mut outcome.notes);
        if config.confidence > Confidence::Medium && self.least == config.confidence {
            let least = self.least.as_str();
            let what = format!("only findings of {least} confidence count, by {CONFIG_NAME}");
            outcome.notes.push(what);
        }
        self.allowed.write_notes(self.engine.rules(), config, &self.masker, &mut outcome.notes);
        outcome.notes.extend(source.notes());
        // Some name files and rules, which somebody else has named.
        outcome.notes.iter_mut().for_each(|note| *note = self.masker.prose(note));
    }
}

/// What a text is of.
struct Place<'a> {
    path: &'a str,
    /// As it is shown and recorded.
    shown: String,
    chunk: usize,
    origin: Option<Origin>,
}

/// A match that is new to its file; the baseline has not been asked yet.
struct Candidate {
    chunk: usize,
    origin: Option<Origin>,
    rule: String,
    path: String,
    location: Location,
    confidence: Confidence,
    shown: mask::Shown,
    secret: Secret,
    note: Option<String>,
    variable: Option<String>,
}
