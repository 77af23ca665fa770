//! What the surroundings of a value say about it.
//!
//! A key without a shape (32 hex digits, a UUID) is a key because of where it stands: assigned to
//! `MISTRAL_API_KEY`, sent in a header to the vendor's host, handed to the vendor's client. The same
//! digits behind `sha256:` are not. Content cannot tell the two apart, so the rule for such a key
//! asks here. Nothing is parsed: languages differ too much; what stands directly left of the value
//! is read backwards, up to a name (`left`), and the words of that name are weighed (`words`).

use super::random::looks_random;
use super::{FileKind, Suppression, Text};
use crate::finding::{Confidence, Span};
use crate::rule::Rule;

mod left;
mod words;

pub(super) use left::Surroundings;
use left::{Joint, is_name};
use words::{is_call, names_another, says_hash, says_key, says_other};

/// How well the surroundings of a value fit a rule; a higher rank fits better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    pub(super) rank: u16,
    pub(super) confidence: Confidence,
}

/// A rank of one that fits because of its own shape, and of one that stands where a key stands.
const BY_SHAPE: u16 = 200;
const BY_PLACE: u16 = 100;

/// What is known of one value and one rule.
pub(super) struct Case<'a> {
    pub(super) rule: &'a Rule,
    pub(super) text: &'a Text<'a>,
    pub(super) secret: &'a Span,
    pub(super) around: &'a Surroundings,
    /// Where the words of the rule stand.
    pub(super) words: &'a [Span],
    /// Whether the value stands directly behind the id that it belongs to.
    pub(super) is_behind_part: bool,
}

impl Case<'_> {
    /// Weighs the evidence.
    pub(super) fn weigh(&self) -> Result<Fit, Suppression> {
        if !self.has_name() {
            return Err(Suppression::NoEvidence);
        }
        let rank = self.words.iter().map(|word| self.nearness(word)).max();
        let rank = rank.ok_or(Suppression::NoEvidence)?;
        if !self.rule.is_shapeless {
            return Ok(Fit { rank: rank + BY_SHAPE, confidence: Confidence::High });
        }
        if self.is_behind_part {
            return Ok(Fit { rank: rank + BY_PLACE, confidence: Confidence::High });
        }
        if self.says_other() || self.is_identifier() {
            return Err(Suppression::OtherContext);
        }
        self.place(rank)
    }

    /// Weighs where a value without a shape stands.
    fn place(&self, rank: u16) -> Result<Fit, Suppression> {
        let fit = |bonus: u16, confidence| Ok(Fit { rank: rank + bonus, confidence });
        let name = &self.text.bytes[self.around.name.clone()];
        let by_name = self.around.joint != Joint::Loose && self.is_any_named();
        let is_header = by_name && name.len() > 2 && name[..2].eq_ignore_ascii_case(b"x-");
        if by_name && (says_key(name) || is_header || self.around.joint == Joint::Argument) {
            return fit(BY_PLACE, Confidence::High);
        }
        let is_key_place = match self.around.joint {
            Joint::Scheme => true,
            Joint::Loose => false,
            Joint::Argument => says_key(name) || is_call(name),
            _ => says_key(name),
        };
        // The name is about somebody else, and the vendor is only a neighbour.
        if is_key_place && !by_name && self.names_another() && !self.is_word_beside() {
            return Ok(Fit { rank: rank / 2, confidence: Confidence::Low });
        }
        if is_key_place {
            return fit(BY_PLACE, Confidence::High);
        }
        // `mistral: …`, `"mistral": "…"`: the vendor's name alone; enough for a value of mixed case.
        let is_telling = is_mixed(self.value());
        if by_name {
            return fit(50, if is_telling { Confidence::Medium } else { Confidence::Low });
        }
        if self.is_said() {
            return fit(20, Confidence::Medium);
        }
        if is_telling && self.is_word_on_line() {
            return fit(0, Confidence::Low);
        }
        Err(Suppression::NoEvidence)
    }

    fn value(&self) -> &[u8] {
        &self.text.bytes[self.secret.clone()]
    }

    /// What stands left of the value on its line.
    fn left(&self) -> &[u8] {
        let start = line_start(self.text.bytes, self.secret.start);
        &self.text.bytes[start.max(self.secret.start.saturating_sub(160))..self.secret.start]
    }

    /// Returns whether one of the rule's `names` is said.
    fn has_name(&self) -> bool {
        if self.rule.names.is_empty() {
            return true;
        }
        let said = [&self.text.bytes[self.around.name.clone()], self.left()];
        let squeezed = said.map(squeeze);
        self.rule.names.iter().any(|name| squeezed.iter().any(|text| text.contains(&name[..])))
    }

    fn is_named(&self, word: &Span) -> bool {
        let name = &self.around.name;
        word.start < name.end && word.end > name.start
    }

    fn is_any_named(&self) -> bool {
        self.words.iter().any(|word| self.is_named(word))
    }

    /// Returns whether a word belongs to the vendor's own name.
    fn is_own_word(&self, word: &str) -> bool {
        self.words.iter().any(|span| {
            let near = squeeze(&self.text.bytes[span.clone()]);
            near.contains(word)
        })
    }

    fn says_other(&self) -> bool {
        let bytes = self.text.bytes;
        let name = &bytes[self.around.name.clone()];
        let is_other = self.around.joint != Joint::Loose
            && self.around.joint != Joint::Argument
            && says_other(name, |word| self.is_own_word(word));
        // `requestId VALUE`, `('ETag', 'W/"VALUE"')`.
        let before = &bytes[self.secret.start.saturating_sub(24)..self.secret.start];
        let last = split_any(before).next_back();
        let is_loose_other = self.around.joint != Joint::Scheme
            && self.around.joint != Joint::Argument
            && last.is_some_and(|word| says_other(word, |word| self.is_own_word(word)))
            && !self.is_any_named();
        is_other || is_loose_other || squeeze(before).contains("etagw/")
    }

    /// Returns whether the value is a bare word of program text.
    fn is_identifier(&self) -> bool {
        let is_code = matches!(self.text.kind, FileKind::Code(_));
        is_code
            && !self.around.is_quoted
            && matches!(self.around.joint, Joint::Assigned | Joint::Argument)
            && !looks_random(self.value())
    }

    fn names_another(&self) -> bool {
        let name = &self.text.bytes[self.around.name.clone()];
        names_another(name, |word| self.is_own_word(word))
    }

    fn is_word_on_line(&self) -> bool {
        let start = line_start(self.text.bytes, self.secret.start);
        self.words.iter().any(|word| word.start >= start && word.end <= self.secret.start)
    }

    /// Returns whether a word stands on the line of the value, on either side.
    fn is_word_beside(&self) -> bool {
        let bytes = self.text.bytes;
        let end = line_end(bytes, self.secret.end);
        let start = line_start(bytes, self.secret.start);
        self.words.iter().any(|word| word.start >= start && word.end <= end)
    }

    /// Returns whether prose speaks of the vendor's key: on the line of the value, or on the line
    /// above a value that stands alone.
    fn is_said(&self) -> bool {
        let bytes = self.text.bytes;
        let start = line_start(bytes, self.secret.start);
        let end = line_end(bytes, self.secret.end);
        let head = &bytes[start..self.secret.start];
        if self.around.joint != Joint::Loose && !self.is_prose(head) {
            return false;
        }
        let left = start.max(self.secret.start.saturating_sub(SAID_MAX))..self.secret.start;
        let right = self.secret.end..end.min(self.secret.end + SAID_MAX);
        if self.says(&[left, right]) {
            return true;
        }
        let is_alone = !head.iter().any(|byte| byte.is_ascii_alphanumeric());
        is_alone && self.says(&[line_above(bytes, start)])
    }

    /// Returns whether these parts of the text hold a word of the rule and a word for a key, and no
    /// word for a hash.
    fn says(&self, parts: &[Span]) -> bool {
        let is_host = |word: &[u8]| {
            let is_dot =
                |w: &[u8]| w[1] == b'.' && w[0].is_ascii_alphabetic() && w[2].is_ascii_alphabetic();
            word.windows(3).any(is_dot)
        };
        let bytes = self.text.bytes;
        let words = || parts.iter().flat_map(|part| split_any(&bytes[part.clone()]));
        let is_within =
            |word: &Span| parts.iter().any(|part| word.start >= part.start && word.end <= part.end);
        self.words.iter().any(is_within)
            && words().any(|word| !is_host(word) && says_key(word))
            && !words().any(says_hash)
    }

    /// Returns whether the line of the value is a comment or a sentence.
    fn is_prose(&self, head: &[u8]) -> bool {
        let head = head.trim_ascii_start();
        let marks: [&[u8]; 7] = [b"#", b"//", b"*", b"--", b";", b"<!--", b"/*"];
        self.text.kind == FileKind::Prose || marks.iter().any(|mark| head.starts_with(mark))
    }

    /// Nearer words weigh more, those on the left more than those on the right.
    fn nearness(&self, word: &Span) -> u16 {
        if self.is_named(word) {
            return 100;
        }
        let secret = self.secret;
        let (is_left, between) = if word.start < secret.start {
            (true, word.end.min(secret.start)..secret.start)
        } else {
            (false, secret.end.min(word.start)..word.start)
        };
        let lines = memchr::memchr_iter(b'\n', &self.text.bytes[between.clone()]).count().min(9);
        let bytes = (between.len() / 16).min(8);
        90 - 8 * lines as u16 - bytes as u16 - if is_left { 0 } else { 4 }
    }
}

fn split_any(text: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    text.split(|byte| !is_name(*byte)).filter(|word| !word.is_empty())
}

fn squeeze(text: &[u8]) -> String {
    let folded = String::from_utf8_lossy(text).to_ascii_lowercase();
    folded.replace(['_', '-', '.', ' ', '"', '\'', ','], "")
}

fn line_start(text: &[u8], at: usize) -> usize {
    let from = at.saturating_sub(1000);
    memchr::memrchr(b'\n', &text[from..at]).map_or(from, |found| from + found + 1)
}

fn line_end(text: &[u8], at: usize) -> usize {
    let ahead = &text[at..text.len().min(at + 1000)];
    at + memchr::memchr(b'\n', ahead).unwrap_or(ahead.len())
}

/// Returns the line above the one that starts at `start`, past one that is empty.
fn line_above(text: &[u8], start: usize) -> Span {
    let above = |start: usize| {
        let end = start.saturating_sub(1);
        line_start(text, end)..end
    };
    let line = above(start);
    if text[line.clone()].trim_ascii().is_empty() { above(line.start) } else { line }
}

/// How much of a line is read on either side of a value.
const SAID_MAX: usize = 160;

/// Returns whether small and capital letters are mixed, which hashes and identifiers are not.
fn is_mixed(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_lowercase)
        && value.iter().any(u8::is_ascii_uppercase)
        && value.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use crate::detect::{Engine, FileKind, Text};
    use crate::finding::Confidence;
    use crate::rule::{RuleSet, expand, parse};

    const RULES: &str = r#"
[[rule]]
id = "acme-key"
name = "ACME key"
near = ["acme"]
pattern = '(?<secret> [a-f0-9]{32} )'

[[rule]]
id = "acme-id"
name = "ACME id"
confidence = "low"
keywords = ["AC01"]
pattern = '(?<secret> AC01 [a-z]{16} )'

[[rule]]
id = "acme-pair"
name = "ACME secret"
near = ["AC01"]
with = ["acme-id"]
pattern = '(?<secret> [a-z0-9]{30} )'
"#;

    fn confidence(path: &str, example: &str) -> Option<Confidence> {
        let rules = parse(RULES).unwrap().into_iter().map(|proven| proven.rule).collect();
        let engine = Engine::new(RuleSet::only(rules));
        let text = expand(example, 3).unwrap().text;
        let kind = FileKind::of_path(path.as_bytes());
        let found = engine.detect(&Text { bytes: text.as_bytes(), kind });
        found.matches.into_iter().find(|m| m.rule != 1).map(|m| m.confidence)
    }

    #[test]
    fn a_value_where_a_key_stands_is_one() {
        for text in [
            "ACME_API_KEY={{hex 32}}",
            "acme:\n  api_key: {{hex 32}}",
            "Acme(\"{{hex 32}}\")",
            "import { createClient } from '@acme/sdk';\nconst c = createClient(\"{{hex 32}}\");",
            "acme.Client(\"model\", \"{{hex 32}}\")",
            "curl -H 'Authorization: Bearer {{hex 32}}' https://api.acme.io",
            "-H \"X-Acme-Team: {{hex 32}}\"",
            "AcmeClient::new(\"{{hex 32}}\")",
        ] {
            assert_eq!(confidence("a.txt", text), Some(Confidence::High), "{text}");
        }
        for text in [
            "the acme key is {{hex 32}}",
            "# Acme key for staging: {{hex 32}}",
            "{{hex 32}}  # acme api key",
            "Use {{hex 32}} as the Acme key.",
            "our acme key\n\n- {{hex 32}}\n",
        ] {
            assert_eq!(confidence("a.md", text), Some(Confidence::Medium), "{text}");
        }
    }

    #[test]
    fn the_same_value_elsewhere_is_not() {
        for text in [
            "acme_sha256 = {{hex 32}}",
            "acme request_id: {{hex 32}}",
            "acme ('ETag', 'W/\"{{hex 32}}\"')",
            "api.acme.io requestId {{hex 32}}",
            "acme {{hex 32}}",
            "other_api_key: {{hex 32}}",
            "{\"acme_token\": null, \"head\": \"{{hex 32}}\"}",
        ] {
            assert_eq!(confidence("a.txt", text), None, "{text}");
        }
    }

    #[test]
    fn a_name_about_somebody_else_says_little() {
        let text = "ACME_URL=https://x\nOTHERCORP_API_KEY={{hex 32}}";
        assert_eq!(confidence(".env", text), Some(Confidence::Low));
        let text = "ACME_URL=https://x\nOPENAI_API_KEY={{hex 32}}";
        assert_eq!(confidence(".env", text), Some(Confidence::High));
    }

    #[test]
    fn a_secret_behind_its_id_needs_no_name() {
        let text = "Client(\"AC01abcdefghijklmnop\", \"{{alnum-lower 30}}\")";
        assert!(confidence("a.py", text).is_some());
        assert!(confidence("a.csv", "AC01abcdefghijklmnop,{{alnum-lower 30}}").is_some());
    }
}
