//! The bytes of the file: read strictly, written canonically.
//!
//! Two writers of the same facts write the same bytes: sorted, one finding a line, no time stamps
//! of scans, no line numbers.
//!
//! Lines of their own stand between the findings: a mark for each of the 256 first bytes of a
//! fingerprint, always there, and one before and one behind each finding. They mean nothing. git's
//! text merge takes two changes for a conflict if not one unchanged line stands between them; so
//! with its marks a finding can be changed on one branch whatever happens around it on another, and
//! two new findings meet only if their fingerprints have the same first byte. `tests/baseline` holds
//! this against git. A reader passes over the marks, and over a finding that is listed twice with
//! the same words, which git's `merge=union` can leave behind.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::foreign::Foreign;
use super::{Baseline, BaselineError, Record, VERSION, parse_day};
use crate::finding::{Fingerprint, Salt};

/// Tells a stranger who opens the file what it is.
const ABOUT: &str = "findings that keyhook accepts: fingerprints, never secrets; \
                     the short texts between them mean nothing, they let git merge";

/// What tells the formats apart.
#[derive(Deserialize)]
struct Head {
    version: Option<serde_json::Value>,
    results: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about", default)]
    _about: Option<IgnoredText>,
    #[serde(rename = "version")]
    _version: u64,
    /// The last element of a list is `null`, so that every line ends in a comma.
    salts: Vec<Option<String>>,
    findings: Vec<Element>,
}

/// A text that is of no account.
#[derive(Deserialize)]
struct IgnoredText(#[expect(dead_code, reason = "it is checked to be a text")] String);

enum Element {
    Nothing,
    Mark,
    Finding(Box<Record>),
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Element, D::Error> {
        deserializer.deserialize_any(ElementVisitor)
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a finding, a mark or null")
    }

    fn visit_unit<E>(self) -> Result<Element, E> {
        Ok(Element::Nothing)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Element, E> {
        let is_mark = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b) || b == b'/';
        match text.bytes().all(is_mark) {
            true => Ok(Element::Mark),
            false => Err(E::custom("a text between the findings is no mark")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Element, A::Error> {
        Record::deserialize(MapAccessDeserializer::new(map))
            .map(|record| Element::Finding(Box::new(record)))
    }
}

impl Baseline {
    /// Parses the file, ours or detect-secrets'; `salt` names new findings beside a foreign one.
    pub fn parse(bytes: &[u8], salt: &Salt) -> Result<Baseline, BaselineError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line =
                1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            BaselineError::Damaged { line, problem: "it is not UTF-8".to_owned() }
        })?;
        let head: Head = serde_json::from_str(text).map_err(|error| damaged(&error, text))?;
        if head.results.is_some()
            && let Some(foreign) = parse_foreign(text, salt)?
        {
            return Ok(foreign);
        }
        match head.version.as_ref().and_then(serde_json::Value::as_u64) {
            Some(version) if version > VERSION => return Err(BaselineError::Newer(version)),
            Some(VERSION) => {}
            _ => {
                let problem = format!("`version` must be {VERSION}");
                return Err(fault(text, "\"version\"", problem));
            }
        }
        let file: File = serde_json::from_str(text).map_err(|error| damaged(&error, text))?;
        Baseline::from_file(file, text)
    }

    fn from_file(file: File, text: &str) -> Result<Baseline, BaselineError> {
        let salts: Option<Vec<Salt>> =
            file.salts.iter().flatten().map(|salt| Salt::parse(salt)).collect();
        let salts = salts.filter(|salts| !salts.is_empty()).ok_or_else(|| {
            let problem = "a salt has 32 characters 0-9a-f, and there must be one";
            fault(text, "\"salts\"", problem.to_owned())
        })?;
        let mut records: BTreeMap<(Fingerprint, String), Record> = BTreeMap::new();
        for element in file.findings {
            let Element::Finding(record) = element else { continue };
            check(&record, text)?;
            let key = record.key();
            let Some(twin) = records.remove(&key) else {
                records.insert(key, *record);
                continue;
            };
            if twin.contradicts(&record) {
                return Err(two_verdicts(&record, text));
            }
            records.insert(key, twin.stronger(*record));
        }
        Ok(Baseline { salts: sorted(salts), records, foreign: None })
    }

    /// Writes the canonical form.
    pub fn render(&self) -> Result<String, BaselineError> {
        if self.is_foreign() {
            return Err(BaselineError::NotOurs);
        }
        let findings = self.records.values();
        Ok(self.render_lines(findings.map(|record| (&record.fingerprint, Line::Finding(record)))))
    }

    /// Writes the file around these lines, which come sorted.
    pub(super) fn render_lines<'a>(
        &self,
        lines: impl Iterator<Item = (&'a Fingerprint, Line<'a>)>,
    ) -> String {
        let mut text = self.render_head();
        let mut lines = lines.peekable();
        for bucket in 0..=u8::MAX {
            let start = format!("{bucket:02x}");
            mark(&mut text, &start);
            while let Some((print, line)) =
                lines.next_if(|(print, _)| print.as_str().starts_with(&start))
            {
                let start = &print.as_str()[..8];
                mark(&mut text, start);
                line.render(&mut text);
                mark(&mut text, &format!("/{start}"));
            }
        }
        text.push_str("    null\n  ]\n}\n");
        text
    }

    fn render_head(&self) -> String {
        let mut text = format!("{{\n  \"about\": {},\n  \"version\": {VERSION},\n", json(ABOUT));
        text.push_str("  \"salts\": [\n");
        for salt in &self.salts {
            let _ = writeln!(text, "    {},", json(salt.as_str()));
        }
        text.push_str("    null\n  ],\n  \"findings\": [\n");
        text
    }
}

/// What stands between the marks of a finding.
pub(super) enum Line<'a> {
    /// The finding.
    Finding(&'a Record),
    /// Both sides of a conflict, and what git calls them.
    Conflict { records: [&'a Record; 2], names: [&'a str; 2] },
}

impl Line<'_> {
    fn render(&self, text: &mut String) {
        match self {
            Line::Finding(record) => finding(text, record),
            Line::Conflict { records: [ours, theirs], names } => {
                let _ = writeln!(text, "<<<<<<< {}", names[0]);
                finding(text, ours);
                text.push_str("=======\n");
                finding(text, theirs);
                let _ = writeln!(text, ">>>>>>> {}", names[1]);
            }
        }
    }
}

fn finding(text: &mut String, record: &Record) {
    let _ = writeln!(text, "    {},", json(record));
}

fn mark(text: &mut String, mark: &str) {
    let _ = writeln!(text, "    \"{mark}\",");
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("records are plain data")
}

/// The smallest salt names new findings, so that it does not matter which branch was merged into
/// which.
pub(super) fn sorted(mut salts: Vec<Salt>) -> Vec<Salt> {
    salts.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    salts.dedup();
    salts
}

fn parse_foreign(text: &str, salt: &Salt) -> Result<Option<Baseline>, BaselineError> {
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| damaged(&error, text))?;
    if !Foreign::is_foreign(&value) {
        return Ok(None);
    }
    let foreign = Foreign::parse(text)
        .map_err(|damage| BaselineError::Damaged { line: damage.line, problem: damage.problem })?;
    Ok(Some(Baseline { foreign: Some(foreign), ..Baseline::new(salt.clone()) }))
}

fn check(record: &Record, text: &str) -> Result<(), BaselineError> {
    let print = record.fingerprint.as_str();
    if Fingerprint::parse(print).is_none() {
        return Err(fault(text, print, "a fingerprint has 64 characters 0-9a-f".into()));
    }
    for day in [&record.on, &record.rotate_by].into_iter().flatten() {
        if parse_day(day).is_none() {
            return Err(fault(text, &json(day), "a day is written as 2026-01-31".into()));
        }
    }
    Ok(())
}

fn two_verdicts(record: &Record, text: &str) -> BaselineError {
    let print = record.fingerprint.as_str();
    let lines: Vec<usize> = lines_of(text, record);
    let problem = match lines[..] {
        [first, .., last] => format!(
            "the finding {} has two verdicts, here and in line {first}: delete one of {first} and \
             {last}",
            &print[..12]
        ),
        _ => format!("the finding {} has two verdicts: delete one of them", &print[..12]),
    };
    BaselineError::Damaged { line: lines.last().copied().unwrap_or(0), problem }
}

/// Returns the lines, from 1, on which a finding stands.
pub(super) fn lines_of(text: &str, record: &Record) -> Vec<usize> {
    let (print, path) = (record.fingerprint.as_str(), format!("\"path\":{}", json(&record.path)));
    let is_here = |line: &str| line.contains(print) && line.contains(&path);
    text.lines().enumerate().filter(|(_, line)| is_here(line)).map(|(at, _)| at + 1).collect()
}

fn fault(text: &str, needle: &str, problem: String) -> BaselineError {
    let line = text.lines().position(|line| line.contains(needle)).map_or(0, |at| at + 1);
    BaselineError::Damaged { line, problem }
}

fn damaged(error: &serde_json::Error, text: &str) -> BaselineError {
    let conflict = text.lines().position(|line| line.starts_with("<<<<<<< "));
    if let Some(at) = conflict {
        return BaselineError::Conflict { line: at + 1 };
    }
    let full = error.to_string();
    let problem = full.split(" at line ").next().unwrap_or(&full).to_owned();
    BaselineError::Damaged { line: error.line(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::Known;
    use crate::baseline::record::tests::record;
    use crate::finding::{Secret, Verdict};

    fn salt(byte: u8) -> Salt {
        Salt::from_bytes([byte; 16])
    }

    fn example() -> Baseline {
        let mut baseline = Baseline::new(salt(1));
        for (value, path, verdict) in
            [("one", "a.py", Verdict::Unreviewed), ("two", "b.py", Verdict::FalsePositive)]
        {
            let fingerprint = baseline.fingerprint(&Secret::new(value.as_bytes()));
            baseline.record(Record { fingerprint, ..record("aa", path, verdict) });
        }
        baseline
    }

    fn of(records: &[Record]) -> Baseline {
        let mut baseline = Baseline::new(salt(1));
        records.iter().for_each(|record| baseline.record(record.clone()));
        baseline
    }

    fn parse(text: &str) -> Result<Baseline, BaselineError> {
        Baseline::parse(text.as_bytes(), &salt(9))
    }

    #[test]
    fn what_is_written_is_read_and_written_the_same() {
        let text = example().render().unwrap();
        assert_eq!(parse(&text).unwrap().render().unwrap(), text);
        assert_eq!(text.lines().filter(|line| line.contains("\"path\"")).count(), 2);
        assert!(!text.contains("one\"") && !text.contains("two\""));
        let windows = text.replace('\n', "\r\n");
        assert_eq!(parse(&windows).unwrap().render().unwrap(), text);
    }

    #[test]
    fn the_form_is_pinned() {
        let text = of(&[record("3f", "src/app.py", Verdict::Unreviewed)]).render().unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 8 + 256 + 3 + 3);
        assert!(lines[8..268].iter().all(|line| line.starts_with("    ")));
        expect_test::expect![[r#"
            {
              "about": "findings that keyhook accepts: fingerprints, never secrets; the short texts between them mean nothing, they let git merge",
              "version": 1,
              "salts": [
                "01010101010101010101010101010101",
                null
              ],
              "findings": [
                "00","#]]
        .assert_eq(&lines[..9].join("\n"));
        expect_test::expect![[r#"
                "3e",
                "3f",
                "3f3f3f3f",
                {"fingerprint":"3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f","rule":"acme-token","path":"src/app.py","verdict":"unreviewed"},
                "/3f3f3f3f",
                "40","#]]
        .assert_eq(&lines[70..76].iter().map(|line| &line[4..]).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn the_older_form_without_marks_is_read() {
        let with_marks = example().render().unwrap();
        let plain: String = with_marks
            .lines()
            .filter(|line| line.contains("fingerprint\":") || !line.starts_with("    \""))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
            .replace(
                "\"salts\": [\n    null\n  ]",
                &format!("\"salts\": [\"{}\"]", salt(1).as_str()),
            );
        assert!(plain.lines().count() < 12, "{plain}");
        assert_eq!(parse(&plain).unwrap().render().unwrap(), with_marks);
    }

    #[test]
    fn the_order_of_recording_does_not_matter() {
        let records = [
            record("bb", "x", Verdict::Real),
            record("aa", "y", Verdict::Revoked),
            record("aa", "x", Verdict::Unreviewed),
        ];
        let mut backwards = records.clone();
        backwards.reverse();
        assert_eq!(of(&records).render().unwrap(), of(&backwards).render().unwrap());
    }

    #[test]
    fn every_salt_is_tried_and_the_smallest_names_what_is_new() {
        let line = |byte| format!("    \"{}\",\n", salt(byte).as_str());
        let text = example().render().unwrap();
        let both = text.replace(&line(1), &[line(2), line(1), line(0)].concat());
        let baseline = parse(&both).unwrap();
        let known = baseline.look_up(&Secret::new(b"one"), "a.py", "");
        assert_eq!(known, Known::Here(Verdict::Unreviewed));
        let print = Fingerprint::of(&Secret::new(b"x"), &salt(0));
        assert_eq!(baseline.fingerprint(&Secret::new(b"x")), print);
    }

    #[test]
    fn what_a_union_merge_leaves_is_read() {
        let text = example().render().unwrap();
        let line = text.lines().find(|line| line.contains("a.py")).unwrap();
        let twice = text.replace(line, &format!("{line}\n    \"77\",\n{line}"));
        assert_eq!(parse(&twice).unwrap().render().unwrap(), text);
        let judged = line.replace("unreviewed", "real");
        let both = text.replace(line, &format!("{judged}\n{line}"));
        let only = text.replace(line, &judged);
        assert_eq!(parse(&both).unwrap().render().unwrap(), only);
        let other = line.replace("unreviewed", "false-positive");
        let problem = parse(&text.replace(line, &format!("{judged}\n{other}"))).unwrap_err();
        let (problem, hint) = (problem.to_string(), problem.hint());
        assert!(problem.contains("has two verdicts, here and in line "), "{problem}");
        assert!(hint.contains("mend that line"), "{hint}");
    }

    #[test]
    fn damage_is_named_with_its_line() {
        let text = example().render().unwrap();
        let record = text.lines().position(|line| line.contains("a.py")).unwrap();
        let at = |what: &str| format!("line {}: {what}", record + 1);
        let conflict = text.replacen("    \"00\",", "<<<<<<< ours\n    \"00\",", 1);
        let cases = [
            (text.replace("\"version\": 1", "\"version\": 9"), "format 9".to_owned()),
            (
                text.replace("\"version\": 1", "\"version\": \"x\""),
                "line 3: `version` must be 1".into(),
            ),
            (text.replace("unreviewed\"", "unreviewed\",\"rul\":1"), at("unknown field `rul`")),
            (text.replace("\"unreviewed\"", "\"fine\""), at("unknown variant `fine`")),
            (text.replace("\"unreviewed\"", "\"real\",\"on\":\"26-1-1\""), at("a day is written")),
            (
                text.replace("\"unreviewed\"", "\"real\",\"rotate-by\":\"2026-02-30\""),
                at("a day is"),
            ),
            (text.replace("\"fingerprint\":\"", "\"fingerprint\":\"Z"), "64 characters".into()),
            (text.replace("\"7f\"", "\"x f\""), "no mark".into()),
            (text.replace("    \"7f\"", "    7"), "expected a finding, a mark or null".into()),
            (text[..text.len() - 20].to_owned(), "EOF".into()),
            (text.replace("    \"01010", "    \"Q1010"), "line 4: a salt".into()),
            (text.replace("\"about\"", "\"abuot\""), "line 2: unknown field `abuot`".into()),
            (conflict, "line 9: a merge left a conflict".into()),
            (String::new(), "EOF".into()),
            ("[]".to_owned(), "".into()),
            ("{}".to_owned(), "`version` must be 1".into()),
        ];
        for (damaged, expected) in cases {
            let problem = parse(&damaged).unwrap_err().to_string();
            assert!(problem.contains(&expected), "{problem} should contain {expected}");
        }
        let problem = Baseline::parse(b"{\n\xff", &salt(1)).unwrap_err().to_string();
        assert!(problem.contains("line 2: it is not UTF-8"), "{problem}");
    }
}
