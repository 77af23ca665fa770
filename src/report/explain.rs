//! Why rules spoke or stayed quiet: text of 80 columns for people, JSON for machines.
//!
//! It says of each value where it stands, what each rule made of it and why. A line at which no rule
//! looked is an answer too, and the only one that needs advice.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::JSON_VERSION;
use crate::scan::{Explained, Explanation, Opinion, Problem, SPEAKS};
use crate::terminal::{Paint, escape};

/// How wide the text is.
const WIDTH: usize = 80;

/// How much of the line is shown on each side of a value.
const SIDE: usize = 22;

/// Writes an explanation for people.
pub fn write_explanation(
    explanation: &Explanation,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    // Of a folder only the files with something to say are named.
    let is_telling = |place: &&Explained| place.line.is_some() || !place.opinions.is_empty();
    let telling: Vec<&Explained> = explanation.places.iter().filter(is_telling).collect();
    for (index, place) in telling.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        write_place(place, paint, out)?;
    }
    if telling.is_empty() && explanation.unread.is_empty() {
        let count = explanation.places.len();
        let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        writeln!(out, "keyhook: nothing that looks like a secret was passed over in {files}")?;
    }
    for problem in &explanation.unread {
        write_problem(problem, paint, out)?;
    }
    for note in &explanation.notes {
        write_wrapped(&format!("keyhook: note: {}", escape(note)), 0, out)?;
    }
    Ok(())
}

/// Writes an explanation as one JSON document.
pub fn write_explanation_json(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let document = json!({
        "version": JSON_VERSION,
        "explained": explanation.places.iter().map(place_json).collect::<Vec<_>>(),
        "unread": explanation.unread.iter().map(|problem| json!({
            "path": problem.path,
            "problem": problem.problem,
            "hint": problem.hint,
        })).collect::<Vec<_>>(),
        "notes": explanation.notes,
    });
    super::write_document(&document, out)
}

fn place_json(place: &Explained) -> Value {
    json!({
        "path": place.path,
        "line": place.line,
        "unheard": place.unheard,
        "is_cut": place.is_cut,
        "opinions": place.opinions.iter().map(opinion_json).collect::<Vec<_>>(),
    })
}

fn opinion_json(opinion: &Opinion) -> Value {
    let location = &opinion.location;
    json!({
        "rule": opinion.rule,
        "line": location.line,
        "end_line": location.end_line,
        "column": location.column,
        "end_column": location.end_column,
        "masked": opinion.masked,
        "confidence": opinion.confidence.map(|confidence| confidence.as_str()),
        "verdict": opinion.verdict,
        "why": opinion.why,
    })
}

fn write_place(place: &Explained, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let line = place.line.map_or(String::new(), |line| format!(":{line}"));
    writeln!(out, "{}", paint.strong(&format!("{}{line}", escape(&place.path))))?;
    let mut last = None;
    for opinion in &place.opinions {
        if last != Some(opinion.location) {
            write_value(opinion, paint, out)?;
            last = Some(opinion.location);
        }
        write_opinion(opinion, paint, out)?;
    }
    if place.unheard > 0 {
        let verb = if place.unheard == 1 { "rule fits" } else { "rules fit" };
        let text = format!(
            "{} {verb} the length and the letters of a value here, for keys without a shape of \
             their own: no word of their vendor stands within 5 lines.",
            place.unheard
        );
        writeln!(out)?;
        write_wrapped(&text, 2, out)?;
    }
    if place.opinions.is_empty() {
        write_nothing(place.unheard > 0, out)?;
    }
    if place.is_cut {
        writeln!(out)?;
        write_wrapped("The line is long: of most rules only its start was shown.", 2, out)?;
    }
    Ok(())
}

fn write_value(opinion: &Opinion, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let location = &opinion.location;
    if opinion.masked.is_empty() {
        return writeln!(out, "\n  the file itself");
    }
    let masked = escape(&opinion.masked);
    let (before, after) = (escape(&opinion.before), escape(&opinion.after));
    writeln!(
        out,
        "\n  {:>4} | {}{}{}",
        location.line,
        end_of(&before),
        paint.strong(&masked),
        start_of(&after)
    )?;
    writeln!(out, "         {}", paint.dim(&format!("from column {}", location.column)))
}

fn write_opinion(opinion: &Opinion, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let confidence = opinion.confidence.map(|c| c.as_str());
    let head = match (opinion.verdict == SPEAKS, confidence) {
        (true, Some(confidence)) => paint.alarm(&format!("speaks at {confidence}")),
        (true, None) => paint.alarm(SPEAKS),
        (false, Some(confidence)) => format!("quiet, {} ({confidence})", opinion.verdict),
        (false, None) => format!("quiet, {}", opinion.verdict),
    };
    write_wrapped(
        &format!("{head}: {} ({})", escape(&opinion.name), escape(&opinion.rule)),
        4,
        out,
    )?;
    write_wrapped(&escape(&opinion.why), 6, out)
}

fn write_nothing(is_unheard: bool, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    let no_rule = if is_unheard { "No other rule" } else { "No rule" };
    let text = format!(
        "{no_rule} found anything on this line that looks like what it knows. `keyhook rules list` \
         shows what is known. For a key of your own write a rule into .keyhook.toml: docs/rules.md \
         says how, and `keyhook rules check` checks it."
    );
    write_wrapped(&text, 2, out)
}

fn write_problem(problem: &Problem, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let text = problem.to_string();
    writeln!(out, "{} {}", paint.alarm("error:"), escape(&text))?;
    if !problem.hint.is_empty() {
        writeln!(out, "hint: {}", escape(&problem.hint))?;
    }
    Ok(())
}

/// Writes a text in lines that are not wider than [`WIDTH`], unless a word is.
fn write_wrapped(text: &str, indent: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut line = String::new();
    for word in text.split(' ') {
        let len = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && indent + len > WIDTH {
            writeln!(out, "{:indent$}{line}", "")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, "{:indent$}{line}", "")
}

fn end_of(text: &str) -> String {
    let count = text.chars().count();
    if count <= SIDE {
        return text.to_owned();
    }
    format!("…{}", text.chars().skip(count - SIDE).collect::<String>())
}

fn start_of(text: &str) -> String {
    if text.chars().count() <= SIDE {
        return text.to_owned();
    }
    format!("{}…", text.chars().take(SIDE).collect::<String>())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::finding::{Confidence, Location};

    fn opinion(verdict: &'static str, confidence: Option<Confidence>, why: &str) -> Opinion {
        Opinion {
            rule: "acme-key".into(),
            name: "ACME key".into(),
            location: Location { line: 12, column: 28, end_line: 12, end_column: 50 },
            before: "    the_client = acme.Client(api_key=\"".into(),
            masked: "acme_****************".into(),
            after: "\")  # a comment that is too long to be shown".into(),
            confidence,
            verdict,
            why: why.into(),
        }
    }

    fn text(place: Explained) -> String {
        let explanation = Explanation { places: vec![place], ..Explanation::default() };
        let mut out = Vec::new();
        write_explanation(&explanation, Paint { is_on: false }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn place(opinions: Vec<Opinion>, unheard: usize) -> Explained {
        Explained { path: "a\u{1b}.py".into(), line: Some(12), opinions, unheard, is_cut: false }
    }

    #[test]
    fn every_rule_says_why_in_80_columns() {
        let why =
            "The name beside the value says that it is something else, such as a hash or an id.";
        let opinions = vec![
            opinion(SPEAKS, Some(Confidence::High), "A scan reports it."),
            opinion("other-context", None, why),
        ];
        let text = text(place(opinions, 164));
        expect![[r#"
            a\u{1b}.py:12

                12 | … acme.Client(api_key="acme_****************")  # a comment that i…
                     from column 28
                speaks at high: ACME key (acme-key)
                  A scan reports it.
                quiet, other-context: ACME key (acme-key)
                  The name beside the value says that it is something else, such as a hash
                  or an id.

              164 rules fit the length and the letters of a value here, for keys without a
              shape of their own: no word of their vendor stands within 5 lines.
        "#]]
        .assert_eq(&text);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
    }

    #[test]
    fn a_line_that_nobody_looked_at_says_what_to_do() {
        expect![[r#"
            a\u{1b}.py:12

              No rule found anything on this line that looks like what it knows. `keyhook
              rules list` shows what is known. For a key of your own write a rule into
              .keyhook.toml: docs/rules.md says how, and `keyhook rules check` checks it.
        "#]]
        .assert_eq(&text(place(Vec::new(), 0)));
    }
}
