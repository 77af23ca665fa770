//! `keyhook allow`: accept one finding.

use super::{Exit, fail, fail_git, fail_problem, say, without_keys};
use crate::baseline::{BASELINE_NAME, Baseline, Opened, Place, Statement, Store};
use crate::finding::{Confidence, Fingerprint, Verdict};
use crate::git::{Reader, Repository};
use crate::scan::{Found, Options, Problem, baseline_problem, scan_secrets};
use crate::source::{Source, StagedSource, TrackedSource, Unread};

/// Accept one finding: record it in the baseline and stage that
#[derive(clap::Args)]
pub(super) struct Args {
    /// The fingerprint shown with the finding, or the start of it
    #[arg(value_parser = parse_prefix)]
    fingerprint: String,
    /// Why it is accepted; goes into the baseline
    #[arg(long)]
    reason: String,
    /// What it is: false-positive, real or revoked
    #[arg(long, default_value = "false-positive", value_parser = parse_verdict)]
    verdict: Verdict,
}

fn parse_prefix(text: &str) -> Result<String, String> {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if (6..=Fingerprint::LEN).contains(&text.len()) && is_hex {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("expected at least 6 of the characters 0-9 and a-f that stand with the finding".into())
    }
}

fn parse_verdict(text: &str) -> Result<Verdict, String> {
    match text {
        "false-positive" => Ok(Verdict::FalsePositive),
        "real" => Ok(Verdict::Real),
        "revoked" => Ok(Verdict::Revoked),
        _ => Err("expected false-positive, real or revoked".into()),
    }
}

impl Args {
    pub(super) fn run(self) -> Exit {
        if self.reason.trim().is_empty() || self.reason.contains("...") {
            return fail(
                "the reason is empty",
                &["say why, for example: --reason \"test fixture\"".into()],
            );
        }
        if without_keys(&self.reason) != self.reason {
            let hint = "say why without quoting it: the baseline is committed".into();
            return fail("the reason holds a secret", &[hint]);
        }
        let repository = match Repository::open(Reader::Auto) {
            Ok(repository) => repository,
            Err(error) => return fail_git(&error),
        };
        match self.accept(&repository) {
            Ok(text) => {
                say(&text);
                Exit::Clean
            }
            Err(problem) => fail_problem(&problem),
        }
    }

    fn accept(&self, repository: &Repository) -> Result<String, Problem> {
        let book = Book::new(repository)?;
        let known = book.open()?.baseline;
        let found = self.find(repository, &book, &known)?;
        let by = repository.config("user.name").ok().flatten();
        let statement = Statement::today(self.verdict, Some(self.reason.clone()), by);
        let mut opened = book.open()?;
        let mut places = 0;
        for Found { finding, secret } in &found {
            let fingerprint = opened.baseline.fingerprint(secret);
            let (rule, path) = (&finding.rule, &finding.path);
            let place = Place { fingerprint: &fingerprint, rule, path };
            opened.baseline.set_verdict(place, &statement);
            places += 1;
            // A fact about the value needs one record, wherever it stands.
            if self.verdict == Verdict::FalsePositive {
                break;
            }
        }
        book.close(opened)?;
        let where_to = if places == 1 { "one place" } else { "each of its places" };
        let what = self.verdict.as_str();
        Ok(format!(
            "keyhook: accepted as {what} in {where_to}; {BASELINE_NAME} is staged, commit it"
        ))
    }

    /// Looks in the staged change, then in everything that is tracked.
    fn find(
        &self,
        repository: &Repository,
        book: &Book<'_>,
        known: &Baseline,
    ) -> Result<Vec<Found>, Problem> {
        let mut source = StagedSource::open(repository).map_err(problem)?;
        let mut found = self.matching(&mut source, &book.options, known)?;
        if found.is_empty() {
            let mut source = TrackedSource::open(repository).map_err(problem)?;
            found = self.matching(&mut source, &book.options, known)?;
        }
        let mut prints: Vec<Fingerprint> =
            found.iter().map(|found| known.fingerprint(&found.secret)).collect();
        prints.sort();
        prints.dedup();
        match prints.len() {
            1 => Ok(found),
            0 => Err(Problem {
                path: String::new(),
                problem: format!("no new finding starts with {}", self.fingerprint),
                hint: "list them with: keyhook scan --staged".into(),
            }),
            count => Err(Problem {
                path: String::new(),
                problem: format!("{count} findings start with {}", self.fingerprint),
                hint: "give more of the fingerprint: keyhook scan --staged --format json".into(),
            }),
        }
    }

    fn matching(
        &self,
        source: &mut dyn Source,
        options: &Options,
        baseline: &Baseline,
    ) -> Result<Vec<Found>, Problem> {
        let (outcome, mut found) = scan_secrets(source, options);
        if let Some(problem) = outcome.unread.into_iter().find(|problem| problem.path.is_empty()) {
            return Err(problem);
        }
        found.retain(|found| {
            let is_meant = |print: &Fingerprint| print.as_str().starts_with(&self.fingerprint);
            found.finding.verdict.is_none()
                && (is_meant(&found.finding.fingerprint)
                    || is_meant(&baseline.fingerprint(&found.secret)))
        });
        Ok(found)
    }
}

/// The baseline of the worktree, to be changed and written.
pub(super) struct Book<'a> {
    repository: &'a Repository,
    store: Store,
    pub(super) options: Options,
}

impl Book<'_> {
    pub(super) fn new(repository: &Repository) -> Result<Book<'_>, Problem> {
        let top = repository.work_dir().ok_or_else(|| Problem {
            path: String::new(),
            problem: "a bare repository has no baseline to change".into(),
            hint: "run it in a clone".into(),
        })?;
        let salt_dir = Some(repository.common_dir().to_owned());
        let options = Options { confidence: Some(Confidence::Low), salt_dir, ..Options::default() };
        Ok(Book { repository, store: Store::new(top, repository.common_dir()), options })
    }

    /// Takes the lock and reads the file. Look at the tree before: others wait.
    pub(super) fn open(&self) -> Result<Opened, Problem> {
        self.store.open().map_err(|error| baseline_problem(&error))
    }

    /// Writes the file and stages it.
    pub(super) fn close(&self, mut opened: Opened) -> Result<(), Problem> {
        opened.save().map_err(|error| baseline_problem(&error))?;
        self.repository.stage(self.store.path()).map_err(|error| Problem {
            path: BASELINE_NAME.into(),
            problem: format!("written, but not staged: {error}"),
            hint: format!("git add {BASELINE_NAME}"),
        })
    }
}

pub(super) fn problem(unread: Unread) -> Problem {
    let path = crate::source::path_text(&unread.path);
    Problem { path, problem: unread.problem, hint: unread.hint }
}
