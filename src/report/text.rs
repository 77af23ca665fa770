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
    /// A scan that somebody asked for.
    Scan,
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
}

/// A hook shows this many findings whole; more would hide the first.
const COMMIT_FINDINGS_MAX: usize = 10;

impl TextReport<'_> {
    /// Writes findings, problems and notes; nothing at all for a clean commit.
    pub fn write(&self, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
        self.headline(outcome, out)?;
        let len = prefix_len(outcome.findings.iter().map(|finding| &finding.fingerprint));
        let max = if self.occasion == Occasion::Commit { COMMIT_FINDINGS_MAX } else { usize::MAX };
        let files = outcome.findings.iter().filter(|finding| is_file(finding));
        let files: BTreeSet<&str> = files.map(|finding| finding.path.as_str()).collect();
        for finding in outcome.findings.iter().take(max) {
            let is_told = !is_file(finding) && files.contains(finding.path.as_str());
            self.finding(finding, len, is_told, out)?;
        }
        if outcome.findings.len() > max {
            let more = outcome.findings.len() - max;
            let command = self.paint.command("keyhook scan --staged");
            writeln!(out, "\n  and {more} more: {command}")?;
        }
        self.problems(outcome, out)?;
        self.notes(outcome, out)
    }

    fn headline(&self, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
        let count = count(&outcome.findings);
        match (self.occasion, outcome.findings.is_empty(), outcome.unread.is_empty()) {
            (Occasion::Commit, false, _) => {
                writeln!(out, "{}", self.paint.alarm(&format!("keyhook: commit blocked: {count}")))
            }
            (Occasion::Commit, true, false) => {
                let head = "keyhook: commit blocked: not everything could be looked at";
                writeln!(out, "{}", self.paint.alarm(head))
            }
            (Occasion::Commit, true, true) => Ok(()),
            (Occasion::Scan, false, _) => {
                writeln!(out, "{}", self.paint.alarm(&format!("keyhook: {count}")))
            }
            (Occasion::Scan, true, false) => {
                writeln!(out, "{}", self.paint.alarm("keyhook: not everything could be looked at"))
            }
            (Occasion::Scan, true, true) => {
                let known = match outcome.known.len() {
                    0 => String::new(),
                    count => format!(", {count} in the baseline"),
                };
                writeln!(
                    out,
                    "keyhook: no new secrets in {}{known}",
                    counted(outcome.files, "file")
                )
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
        let id = self.paint.dim(&format!("({})", finding.rule));
        writeln!(out, "\n  {}  {}  {id}", self.paint.strong(&place), escape(name))?;
        if !is_file(finding) {
            self.context(finding, out)?;
        }
        if let Some(note) = &finding.note {
            writeln!(out, "     {}", escape(note))?;
        }
        if let Some(path) = &finding.copied_from {
            let path = escape(path);
            writeln!(out, "     the same value is accepted in {path}; this is another place")?;
        }
        let mut label = "instead";
        for line in instead(finding, rule).iter().filter(|_| !is_told) {
            writeln!(out, "     {label:7}  {}", self.paint.command(&escape(line)))?;
            label = "";
        }
        if let Some(rule) = rule.filter(|rule| !rule.revoke.is_empty()) {
            writeln!(out, "     leaked?  revoke it first: {}", escape(&rule.revoke))?;
        }
        let print = &finding.fingerprint.as_str()[..prefix_len];
        let allow = format!("keyhook allow {print} --reason \"...\"");
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
        if self.occasion == Occasion::Commit && !outcome.unread.is_empty() {
            let command = self.paint.command("git commit --no-verify");
            writeln!(out, "\n  to commit without any check: {command}")?;
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

/// `2 new secrets and 1 sensitive file in 2 files`
fn count(findings: &[Finding]) -> String {
    let paths: BTreeSet<&str> = findings.iter().map(|f| f.path.as_str()).collect();
    let files = findings.iter().filter(|finding| is_file(finding)).count();
    let secrets = findings.len() - files;
    let secret = format!("{secrets} new {}", plural(secrets, "secret"));
    let file = counted(files, "sensitive file");
    match (secrets, files) {
        (_, 0) => format!("{secret} in {}", counted(paths.len(), "file")),
        (0, _) => format!("{files} new {}", plural(files, "sensitive file")),
        _ => format!("{secret} and {file} in {}", counted(paths.len(), "file")),
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

/// Quotes a path for a command that can be copied.
pub fn quote_path(path: &str) -> String {
    quoted(path)
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
        }
    }

    fn render(occasion: Occasion, outcome: &Outcome) -> String {
        let rules = RuleSet::builtin();
        let report = TextReport { occasion, paint: Paint { is_on: false }, rules: &rules };
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
