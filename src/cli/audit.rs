//! `keyhook audit`: a person, a script or an agent says what the findings are.

use std::io;
use std::sync::mpsc;
use std::thread;

use super::{Exit, fail, fail_git, fail_problem, is_telling, masked, say, user};
use crate::audit::{
    Book, Ending, Event, Filter, Ledger, Model, Seen, Session, Setup, Tree, end_by, run,
    terminal_size,
};
use crate::baseline::{BASELINE_NAME, Store};
use crate::config::{CONFIG_NAME, Config};
use crate::finding::Confidence;
use crate::git::{Reader, Repository};
use crate::rule::{Rule, RuleSet};
use crate::scan::{Found, Options, Problem, baseline_problem, scan_secrets};
use crate::source::{Source, TrackedSource};

mod desk;
mod judge;
mod listing;

/// Say what each finding is: on a screen, or by script
///
/// At a terminal it shows each finding with the code around it and asks what it is. Every verdict is
/// saved at once. Without a terminal: --list, --stats, --set and --from.
#[derive(clap::Args)]
#[command(after_help = "Filters: words of the path, the rule or the reason, or rule:stripe-* \
    path:src/** verdict:real\nis:new is:gone is:overdue is:to-judge by:jane id:3f9a2c; a - before one \
    turns it round, after --.\n\nFor scripts and agents:\n  \
    keyhook audit --format json is:to-judge > audit.json\n  \
    keyhook audit --from audit.json\n  \
    keyhook audit --set 3f9a2c=false-positive --reason \"test fixture\"")]
pub(super) struct Args {
    /// Which findings; all of these must fit
    filter: Vec<String>,
    /// List the findings, known and new, without a screen
    #[arg(long)]
    list: bool,
    /// Count verdicts by rule, age and person; how precise has each rule been?
    #[arg(long, conflicts_with = "list")]
    stats: bool,
    /// How to write the list or the counts: text or json; implies --list
    #[arg(long, value_parser = ["text", "json"])]
    format: Option<String>,
    /// Say what a finding is: unreviewed, real, revoked or false-positive; may be repeated
    #[arg(long, value_name = "ID[:PATH]=VERDICT", conflicts_with_all = ["list", "stats", "format", "from"])]
    set: Vec<String>,
    /// Take the verdicts of a reviewed JSON list, all or none; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "stats", "format"])]
    from: Option<std::path::PathBuf>,
    /// Why; goes into the baseline
    #[arg(long)]
    reason: Option<String>,
    /// Who says so [default: git's user.name]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// The day by which a real secret must be rotated [default: in 30 days]
    #[arg(long, value_name = "YYYY-MM-DD")]
    rotate_by: Option<String>,
}

impl Args {
    pub(super) fn run(self) -> Exit {
        let filter = self.filter.join(" ");
        let parsed = match Filter::parse(&filter) {
            Ok(parsed) => parsed,
            Err(problem) => {
                return fail(&problem, &["keyhook audit --help lists the filters".into()]);
            }
        };
        let is_screen = !self.list
            && !self.stats
            && self.format.is_none()
            && self.set.is_empty()
            && self.from.is_none();
        let size = terminal_size();
        if is_screen && size.is_none() {
            return no_terminal();
        }
        let repository = match Repository::open(Reader::Auto) {
            Ok(repository) => repository,
            Err(error) => return fail_git(&error),
        };
        let ledger = match open_ledger(&repository) {
            Ok(ledger) => ledger,
            Err(problem) => return fail_problem(&problem),
        };
        match size.filter(|_| is_screen) {
            Some(size) => self.screen(&repository, ledger, filter, size),
            None => self.answer(&repository, ledger, &parsed),
        }
    }

    /// Returns who judges; a name that holds a secret is refused, since the baseline is committed.
    fn judge_name(&self, repository: &Repository) -> Result<Option<String>, Exit> {
        if self.by.as_deref().is_some_and(is_telling) {
            return Err(fail("--by holds a secret", &["the baseline is committed".into()]));
        }
        Ok(self.by.clone().or_else(|| user(repository)))
    }

    fn screen(
        self,
        repository: &Repository,
        ledger: Ledger,
        filter: String,
        size: (u16, u16),
    ) -> Exit {
        if self.reason.is_some() || self.rotate_by.is_some() {
            let hint = "keyhook audit --set ID=VERDICT --reason \"...\"".to_owned();
            return fail("--reason and --rotate-by belong to --set or --from", &[hint]);
        }
        let by = match self.judge_name(repository) {
            Ok(by) => by,
            Err(exit) => return exit,
        };
        let setup = Setup { by, filter, has_secret: is_telling, masked };
        let model = Model::new(setup, ledger.baseline(), size);
        let (events, received) = mpsc::channel();
        let (asks, asked) = mpsc::channel();
        let answers = events.clone();
        thread::spawn(move || {
            desk::serve(&asked, &|answer| answers.send(Event::Answer(answer)).is_ok())
        });
        let mut session = Session::new(model, ledger, asks);
        let ending = run(&mut session, &received, events);
        let staged = close(repository, session.ledger());
        match (ending, staged) {
            (Err(error), _) => fail(&format!("the terminal cannot be used: {error}"), &hints()),
            (Ok(_), Err(problem)) => fail_problem(&problem),
            (Ok(Ending::Signal(signal)), Ok(_)) => {
                end_by(signal);
                Exit::Failed
            }
            (Ok(Ending::Lost), Ok(_)) => Exit::Failed,
            (Ok(Ending::Quit), Ok(is_changed)) => {
                say(&farewell(session.ledger(), is_changed));
                Exit::Clean
            }
        }
    }

    fn answer(&self, repository: &Repository, ledger: Ledger, filter: &Filter) -> Exit {
        let looked = match look(repository) {
            Ok(looked) => looked,
            Err(problem) => return fail_problem(&problem),
        };
        let Looked { tree, own_rules, problems, notes } = looked;
        let mut rules = RuleSet::builtin();
        rules.add(own_rules);
        let book = Book::new(ledger.baseline(), Some(tree));
        if !self.set.is_empty() || self.from.is_some() {
            return self.judge(repository, ledger, &book);
        }
        let listing = listing::Listing {
            book: &book,
            rules: &rules,
            filter,
            problems: &problems,
            notes: &notes,
        };
        let is_json = self.format.as_deref() == Some("json");
        if self.stats { listing.write_stats(is_json) } else { listing.write(is_json) }
    }
}

fn no_terminal() -> Exit {
    fail("keyhook audit shows a screen, and here is no terminal for it", &hints())
}

fn hints() -> Vec<String> {
    [
        "keyhook audit --list",
        "keyhook audit --set 3f9a2c=false-positive --reason \"test fixture\"",
        "keyhook audit --format json > audit.json; keyhook audit --from audit.json",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn open_ledger(repository: &Repository) -> Result<Ledger, Problem> {
    let top = repository.work_dir().ok_or_else(|| Problem {
        path: String::new(),
        problem: "a bare repository has no baseline to judge".into(),
        hint: "run it in a clone".into(),
    })?;
    let store = Store::new(top, repository.common_dir());
    Ledger::open(store).map_err(|error| baseline_problem(&error))
}

/// Stages the baseline if it was written; returns whether it was.
fn close(repository: &Repository, ledger: &Ledger) -> Result<bool, Problem> {
    let Some(top) = repository.work_dir().filter(|_| ledger.has_written()) else {
        return Ok(false);
    };
    repository.stage(&top.join(BASELINE_NAME)).map(|()| true).map_err(|error| Problem {
        path: BASELINE_NAME.into(),
        problem: format!("written, but not staged: {error}"),
        hint: format!("git add {BASELINE_NAME}"),
    })
}

fn farewell(ledger: &Ledger, is_changed: bool) -> String {
    let all = ledger.baseline().records().count();
    let is_judged = |v| v != crate::finding::Verdict::Unreviewed;
    let done = ledger.baseline().records().filter(|record| is_judged(record.verdict)).count();
    let next =
        if is_changed { format!("; {BASELINE_NAME} is staged, commit it") } else { String::new() };
    format!("keyhook: {done} of {all} entries of the baseline are judged{next}")
}

/// What one look at the tree found.
struct Looked {
    tree: Tree,
    own_rules: Vec<Rule>,
    /// What could not be looked at.
    problems: Vec<Problem>,
    notes: Vec<String>,
}

/// Looks at everything that is tracked, as it is staged.
fn look(repository: &Repository) -> Result<Looked, Problem> {
    let mut source = TrackedSource::open(repository).map_err(super::baseline::problem)?;
    let salt_dir = Some(repository.common_dir().to_owned());
    // What somebody accepted once may be of low confidence; it must be found again.
    let options = Options { confidence: Some(Confidence::Low), salt_dir, ..Options::default() };
    let least = least(&source);
    let (outcome, found) = scan_secrets(&mut source, &options);
    if let Some(problem) = outcome.unread.iter().find(|problem| problem.path.is_empty()) {
        return Err(problem.clone());
    }
    let seen = found.into_iter().map(|Found { finding, secret }| Seen { finding, secret });
    let unread = outcome.unread.iter().map(|problem| problem.path.clone()).collect();
    Ok(Looked {
        tree: Tree { seen: seen.collect(), least, unread },
        own_rules: outcome.own_rules,
        problems: outcome.unread,
        notes: outcome.notes,
    })
}

/// Returns how sure a new finding must be to be asked about; a broken file is the scan's to report.
fn least(source: &dyn Source) -> Confidence {
    let bytes = source.setting(CONFIG_NAME).ok().flatten();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let config = text.and_then(|text| Config::parse(&text).ok()).unwrap_or_default();
    config.confidence
}

/// Says what could not be looked at, and returns the exit code for it.
fn report(problems: &[Problem]) -> Exit {
    problems.iter().fold(Exit::Clean, |_, problem| fail_problem(problem))
}

/// As [`super::written`], for a text that is complete.
fn write(text: &str, exit: Exit) -> Exit {
    super::written(io::Write::write_all(&mut io::stdout().lock(), text.as_bytes()), exit)
}
