//! The report that a person reads at the moment a commit is stopped.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::instead::{instead, quoted};
use crate::finding::{Finding, prefix_len};
use crate::rule::RuleSet;
use crate::scan::Outcome;
use crate::terminal::{Paint, escape, width};

/// When the report is shown; it changes the headline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A hook: a finding stops the commit.
    Commit,
    /// A hook: a finding in the message stops the commit.
    Message,
    /// A hook: a finding stops the commit of a merge.
    Merge,
    /// A hook after the commit, which stands; a finding is a warning.
    AfterCommit,
    /// A hook: a finding stops the push.
    Push,
    /// A hook on a server: a finding stops everybody's push.
    Receive,
    /// A change in a continuous integration.
    Change,
    /// A scan that somebody asked for.
    Scan,
    /// The same outside of a repository, where no baseline can be written.
    ScanOutside,
}

/// How to write the text report.
#[derive(Clone, Copy)]
pub struct TextReport<'a> {
    /// When it is shown.
    pub occasion: Occasion,
    /// Colours, or none.
    pub paint: Paint,
    /// Where names and pages are looked up.
    pub rules: &'a RuleSet,
    /// Whether the user is at the top of the repository, from where paths are counted.
    pub is_at_top: bool,
}

/// A hook shows this many findings whole; more would hide the first.
const COMMIT_FINDINGS_MAX: usize = 10;

impl TextReport<'_> {
    /// Writes findings, problems and notes; nothing at all for a clean commit.
    pub fn write(&self, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
        self.headline(outcome, out)?;
        let len = prefix_len(outcome.findings.iter().map(|finding| &finding.fingerprint));
        let max = if self.occasion.is_hook() { COMMIT_FINDINGS_MAX } else { usize::MAX };
        let files = outcome.findings.iter().filter(|finding| is_file(finding));
        let files: BTreeSet<&str> = files.map(|finding| finding.path.as_str()).collect();
        for finding in outcome.findings.iter().take(max) {
            let is_told = !is_file(finding) && files.contains(finding.path.as_str());
            self.finding(finding, len, is_told, out)?;
        }
        if outcome.findings.len() > max {
            let more = outcome.findings.len() - max;
            match self.occasion.list_command() {
                Some(command) => {
                    writeln!(out, "\n  and {more} more: {}", self.paint.command(command))?;
                }
                None => writeln!(out, "\n  and {more} more")?,
            }
        }
        self.problems(outcome, out)?;
        self.next_steps(outcome, out)?;
        self.notes(outcome, out)
    }

    fn headline(&self, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
        let head = self.occasion.headline();
        match (outcome.findings.is_empty(), outcome.unread.is_empty()) {
            (false, _) => {
                let findings = &outcome.findings;
                let count = match self.occasion {
                    Occasion::AfterCommit => counted_new(findings),
                    Occasion::Message => format!("{} in the message", counted_new(findings)),
                    _ => count(findings),
                };
                let text = format!("keyhook: {head}{count}");
                writeln!(out, "{}", self.paint.alarm(&text))
            }
            (true, false) => {
                let text = format!("keyhook: {head}not everything could be looked at");
                writeln!(out, "{}", self.paint.alarm(&text))
            }
            (true, true) if self.occasion.is_hook() => Ok(()),
            (true, true) => {
                let known = match outcome.known.len() {
                    0 => String::new(),
                    count => format!(", {count} in the baseline"),
                };
                let place = match outcome.commits {
                    0 => counted(outcome.files, "file"),
                    commits => counted(commits, "commit"),
                };
                writeln!(out, "keyhook: no new secrets in {place}{known}")
            }
        }
    }

    /// Writes one finding; `is_told` if another one says what to do with its whole file.
    fn finding(
        &self,
        finding: &Finding,
        prefix_len: usize,
        is_told: bool,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let rule = self.rules.by_id(&finding.rule);
        let location = &finding.location;
        let name = rule.map_or(finding.rule.as_str(), |rule| rule.name.as_str());
        let place = format!("{}:{}:{}", escape(&finding.path), location.line, location.column);
        let id = self.paint.dim(&format!("({})", escape(&finding.rule)));
        writeln!(out, "\n  {}  {}  {id}", self.paint.strong(&place), escape(name))?;
        if !is_file(finding) {
            self.context(finding, out)?;
        }
        if let Some(note) = &finding.note {
            writeln!(out, "     {}", escape(note))?;
        }
        if let Some(origin) = &finding.origin {
            let name = escape(&origin.name);
            if origin.is_tag {
                writeln!(out, "     tag      {name}")?;
            } else {
                let id = self.paint.strong(origin.short());
                writeln!(out, "     commit   {id} {}", clip(&name, SUBJECT_MAX))?;
            }
        }
        if let Some(path) = &finding.copied_from {
            let path = escape(path);
            writeln!(out, "     the same value is accepted in {path}; this is another place")?;
        }
        let mut label = "instead";
        for line in instead(finding, rule, self.is_at_top).iter().filter(|_| !is_told) {
            writeln!(out, "     {label:7}  {}", self.paint.command(&escape(line)))?;
            label = "";
        }
        if let Some(rule) = rule.filter(|rule| !rule.revoke.is_empty()) {
            writeln!(out, "     leaked?  revoke it first: {}", escape(&rule.revoke))?;
        }
        let print = &finding.fingerprint.as_str()[..prefix_len];
        let allow = match self.occasion {
            Occasion::ScanOutside => "write on its line, in a comment: keyhook:allow".to_owned(),
            _ => format!("keyhook allow {print} --reason \"...\""),
        };
        let question = if is_file(finding) { "belongs in git?" } else { "not a secret?" };
        writeln!(out, "     {question}  {}", self.paint.command(&allow))
    }

    fn context(&self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        let before = escape(&finding.before);
        let masked = escape(&finding.masked);
        let number = finding.location.line.to_string();
        let margin = number.len().max(2);
        let after = escape(&finding.after);
        writeln!(out, "     {number:>margin$} | {before}{}{after}", self.paint.strong(&masked))?;
        let indent = " ".repeat(width(&before));
        let carets = "^".repeat(width(&masked).max(1));
        writeln!(out, "     {:margin$} | {indent}{}", "", self.paint.alarm(&carets))
    }

    fn problems(&self, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
        for problem in &outcome.unread {
            let text = problem.to_string();
            writeln!(out, "\n  {} {}", self.paint.alarm("error:"), escape_lines(&text))?;
            if !problem.hint.is_empty() {
                writeln!(out, "  hint: {}", escape_lines(&problem.hint))?;
            }
        }
        match self.occasion.bypass() {
            Some((what, command)) if !outcome.unread.is_empty() => {
                writeln!(out, "\n  to {what} without any check: {}", self.paint.command(command))
            }
            _ => Ok(()),
        }
    }

    /// Says once how to mend what is committed already.
    fn next_steps(&self, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
        let is_moment =
            matches!(self.occasion, Occasion::Push | Occasion::Receive | Occasion::AfterCommit);
        let origins = || outcome.findings.iter().filter_map(|finding| finding.origin.as_ref());
        // Parents come first, so this is the oldest.
        if let Some(oldest) = origins().find(|origin| !origin.is_tag && is_moment) {
            let amend = self.paint.command("git commit --amend");
            writeln!(out, "\n  take it out of the commit, not only of the files:")?;
            writeln!(out, "     the last commit   change the file, git add it, then  {amend}")?;
            if self.occasion != Occasion::AfterCommit {
                let from = if oldest.is_root {
                    "--root".to_owned()
                } else {
                    format!("'{}^'", oldest.short())
                };
                let rebase = self.paint.command(&format!("git rebase -i {from}"));
                writeln!(out, "     an older one      {rebase}  and mark it `edit`")?;
            }
        }
        if let Some(tag) = origins().find(|origin| origin.is_tag && is_moment) {
            let command = format!("git tag -a --force {}", quoted(&tag.name));
            let command = self.paint.command(&escape(&command));
            writeln!(out, "\n  write the tag anew: {command}")?;
        }
        if self.occasion == Occasion::Receive && !outcome.findings.is_empty() {
            let text = "what is no secret: keyhook allow, and push that change alone first";
            writeln!(out, "\n  {text}")?;
        }
        Ok(())
    }

    fn notes(&self, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
        for note in &outcome.notes {
            writeln!(out, "{}", self.paint.dim(&format!("keyhook: note: {}", escape(note))))?;
        }
        Ok(())
    }
}

/// A finding without a text is about its file.
fn is_file(finding: &Finding) -> bool {
    finding.masked.is_empty()
}

/// How much of a subject is shown.
const SUBJECT_MAX: usize = 56;

fn clip(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// `2 new secrets and 1 sensitive file in 2 files`, `1 new secret in 1 commit`
fn count(findings: &[Finding]) -> String {
    let is_in_files = findings.iter().all(|finding| finding.origin.is_none());
    let what = counted_new(findings);
    // A file is in no other file.
    if is_in_files && findings.iter().all(is_file) {
        what
    } else {
        format!("{what} in {}", places(findings))
    }
}

/// `2 new secrets and 1 sensitive file`
fn counted_new(findings: &[Finding]) -> String {
    let files = findings.iter().filter(|finding| is_file(finding)).count();
    let secrets = findings.len() - files;
    let secret = format!("{secrets} new {}", plural(secrets, "secret"));
    match (secrets, files) {
        (_, 0) => secret,
        (0, _) => format!("{files} new {}", plural(files, "sensitive file")),
        _ => format!("{secret} and {}", counted(files, "sensitive file")),
    }
}

/// `2 files`, or where commits were looked at, `1 commit`.
fn places(findings: &[Finding]) -> String {
    let origins = || findings.iter().filter_map(|finding| finding.origin.as_ref());
    let ids: BTreeSet<&str> = origins().map(|origin| origin.id.as_str()).collect();
    if ids.is_empty() {
        let paths: BTreeSet<&str> = findings.iter().map(|f| f.path.as_str()).collect();
        return counted(paths.len(), "file");
    }
    let noun = match (origins().any(|origin| origin.is_tag), ids.len()) {
        (false, _) => "commit",
        (true, 1) => "commit or tag",
        (true, _) => "commits and tag",
    };
    counted(ids.len(), noun)
}

impl Occasion {
    /// Returns whether git asked: then a clean answer is silence, and a long one is cut.
    fn is_hook(self) -> bool {
        !matches!(self, Occasion::Scan | Occasion::ScanOutside | Occasion::Change)
    }

    fn headline(self) -> &'static str {
        match self {
            Occasion::Commit | Occasion::Message => "commit blocked: ",
            Occasion::Merge => "merge blocked: ",
            Occasion::AfterCommit => "warning: the last commit: ",
            Occasion::Push => "push blocked: ",
            Occasion::Receive => "push rejected: ",
            Occasion::Scan | Occasion::ScanOutside | Occasion::Change => "",
        }
    }

    /// Returns the command that lists all that a hook found.
    fn list_command(self) -> Option<&'static str> {
        match self {
            Occasion::Commit | Occasion::Merge => Some("keyhook scan --staged"),
            Occasion::AfterCommit => Some("keyhook scan --range HEAD^..HEAD"),
            _ => None,
        }
    }

    /// Returns what a person can do without keyhook, and how; a server offers nothing.
    fn bypass(self) -> Option<(&'static str, &'static str)> {
        match self {
            Occasion::Commit | Occasion::Message => Some(("commit", "git commit --no-verify")),
            Occasion::Merge => Some(("merge", "git merge --no-verify")),
            Occasion::Push => Some(("push", "git push --no-verify")),
            _ => None,
        }
    }
}

/// Escapes all but line ends: the messages of a parser have several lines.
fn escape_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(escape).collect();
    lines.join("\n  ")
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {}", plural(count, noun))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::finding::{Confidence, Fingerprint, Location, Salt, Secret};
    use crate::scan::Problem;

    fn finding(path: &str, before: &str) -> Finding {
        let secret = Secret::new(b"value");
        Finding {
            rule: "anthropic-api-key".into(),
            path: path.into(),
            location: Location { line: 12, column: 28, end_line: 12, end_column: 136 },
            confidence: Confidence::High,
            fingerprint: Fingerprint::of(&secret, &Salt::none()),
            before: before.into(),
            masked: "sk-ant-api****************AA".into(),
            after: "\")".into(),
            verdict: None,
            copied_from: None,
            note: None,
            variable: None,
            origin: None,
        }
    }

    fn render(occasion: Occasion, outcome: &Outcome) -> String {
        let rules = RuleSet::builtin();
        let paint = Paint { is_on: false };
        let report = TextReport { occasion, paint, rules: &rules, is_at_top: true };
        let mut out = Vec::new();
        report.write(outcome, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_blocked_commit_says_what_to_do() {
        let findings = vec![finding("src/app.py", "client = Anthropic(api_key=\"")];
        let outcome = Outcome { findings, files: 1, ..Outcome::default() };
        expect![[r#"
            keyhook: commit blocked: 1 new secret in 1 file

              src/app.py:12:28  Anthropic API key  (anthropic-api-key)
                 12 | client = Anthropic(api_key="sk-ant-api****************AA")
                    |                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                 instead  os.environ["ANTHROPIC_API_KEY"]
                 leaked?  revoke it first: https://platform.claude.com/settings/keys
                 not a secret?  keyhook allow bb49f2 --reason "..."
        "#]]
        .assert_eq(&render(Occasion::Commit, &outcome));
    }

    #[test]
    fn a_clean_commit_is_silent_and_a_clean_scan_says_so() {
        let outcome = Outcome { files: 3, ..Outcome::default() };
        assert_eq!(render(Occasion::Commit, &outcome), "");
        assert_eq!(render(Occasion::Scan, &outcome), "keyhook: no new secrets in 3 files\n");
    }

    #[test]
    fn what_could_not_be_read_blocks_in_words() {
        let problem = Problem {
            path: "a\u{1b}[31m".into(),
            problem: "cannot read it".into(),
            hint: "git fsck".into(),
        };
        let outcome = Outcome { unread: vec![problem], ..Outcome::default() };
        expect![[r#"
            keyhook: commit blocked: not everything could be looked at

              error: a\u{1b}[31m: cannot read it
              hint: git fsck

              to commit without any check: git commit --no-verify
        "#]]
        .assert_eq(&render(Occasion::Commit, &outcome));
    }

    #[test]
    fn a_hostile_name_is_escaped() {
        let findings = vec![finding("a\u{1b}[2J\nb.py", "x\u{202e} = \"")];
        let text = render(Occasion::Scan, &Outcome { findings, ..Outcome::default() });
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
        assert!(text.contains("a\\u{1b}[2J\\nb.py:12:28"), "{text}");
    }

    #[test]
    fn a_long_list_is_cut_in_a_hook_only() {
        let findings: Vec<Finding> = (0..12).map(|i| finding(&format!("{i}.py"), "")).collect();
        let outcome = Outcome { findings, ..Outcome::default() };
        assert!(render(Occasion::Commit, &outcome).contains("and 2 more: keyhook scan --staged"));
        assert!(render(Occasion::Scan, &outcome).contains("11.py"));
    }
}
