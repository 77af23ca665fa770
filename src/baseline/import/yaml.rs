//! YAML as a tree that knows its lines.
//!
//! Aliases are refused: no scanner writes them, and a few lines of them unfold to gigabytes.

use saphyr_parser::{Event, Parser};

use super::Damage;

/// How deep a file may nest.
const DEPTH_MAX: usize = 64;

/// A value and the line it begins on.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Reads the first document.
    pub(super) fn parse(text: &str) -> Result<Node, Damage> {
        let mut parser = Parser::new_from_str(text.trim_start_matches('\u{feff}'));
        while let Some(event) = parser.next() {
            let (event, span) = event.map_err(|error| damage(&error))?;
            if !matches!(event, Event::StreamStart | Event::DocumentStart(_) | Event::Nothing) {
                let line = span.start.line();
                return node(&mut parser, event, line, DEPTH_MAX);
            }
        }
        Ok(Node { line: 1, kind: Kind::Scalar(String::new()) })
    }

    /// Returns the value of a key; a value that is not there, or empty, is none.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let Kind::Map(pairs) = &self.kind else { return None };
        pairs.iter().find(|(name, _)| name == key).map(|(_, node)| node).filter(|n| !n.is_empty())
    }

    /// Returns the keys and their values.
    pub(super) fn pairs(&self) -> &[(String, Node)] {
        if let Kind::Map(pairs) = &self.kind { pairs } else { &[] }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Kind::Scalar(text) = &self.kind { Some(text) } else { None }
    }

    fn is_empty(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(text) if matches!(&text[..], "" | "~" | "null"))
    }

    /// Returns the members of the list under a key; a single value is a list of one.
    pub(super) fn list(&self, key: &str) -> Result<&[Node], Damage> {
        let Some(node) = self.get(key) else { return Ok(&[]) };
        match &node.kind {
            Kind::List(nodes) => Ok(nodes),
            Kind::Scalar(_) => Ok(std::slice::from_ref(node)),
            Kind::Map(_) => Err(Damage::new(node.line, format!("`{key}` must be a list"))),
        }
    }

    /// Returns the text under a key, which must be there.
    pub(super) fn needed(&self, key: &str) -> Result<&str, Damage> {
        let text = self.get(key).and_then(Node::text);
        text.ok_or_else(|| Damage::new(self.line, format!("an entry has no `{key}`")))
    }

    /// Fails unless this is a mapping, or an empty file.
    pub(super) fn expect_map(self) -> Result<Node, Damage> {
        match self.kind {
            Kind::Map(_) => Ok(self),
            Kind::Scalar(text) if text.is_empty() => {
                Ok(Node { line: self.line, kind: Kind::Map(Vec::new()) })
            }
            _ => Err(Damage::new(self.line, "expected `key: value` at the top of the file")),
        }
    }
}

type Events<'a> = Parser<'a, saphyr_parser::StrInput<'a>>;

fn node(
    parser: &mut Events<'_>,
    event: Event<'_>,
    line: usize,
    depth: usize,
) -> Result<Node, Damage> {
    if depth == 0 {
        return Err(Damage::new(line, "nested too deep"));
    }
    let kind = match event {
        Event::Scalar(text, ..) => Kind::Scalar(text.into_owned()),
        Event::SequenceStart(..) => {
            let mut nodes = Vec::new();
            loop {
                match step(parser)? {
                    (Event::SequenceEnd, _) => break Kind::List(nodes),
                    (event, line) => nodes.push(node(parser, event, line, depth - 1)?),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut pairs = Vec::new();
            loop {
                let (key, key_line) = match step(parser)? {
                    (Event::MappingEnd, _) => break Kind::Map(pairs),
                    (Event::Scalar(text, ..), line) => (text.into_owned(), line),
                    (_, line) => return Err(Damage::new(line, "a key must be a word")),
                };
                let (event, line) = step(parser)?;
                let value = node(parser, event, line, depth - 1)?;
                if pairs.iter().any(|(name, _)| *name == key) {
                    return Err(Damage::new(key_line, "a key stands twice in one mapping"));
                }
                pairs.push((key, value));
            }
        }
        Event::Alias(_) => return Err(Damage::new(line, "aliases (`*name`) are not read")),
        // An empty document.
        _ => Kind::Scalar(String::new()),
    };
    Ok(Node { line, kind })
}

fn step<'a>(parser: &mut Events<'a>) -> Result<(Event<'a>, usize), Damage> {
    match parser.next() {
        Some(Ok((event, span))) => Ok((event, span.start.line())),
        Some(Err(error)) => Err(damage(&error)),
        None => Err(Damage::new(0, "the file ends too early")),
    }
}

/// The parser's own words name the construct and not its text.
fn damage(error: &saphyr_parser::ScanError) -> Damage {
    Damage::new(error.marker().line(), format!("not YAML: {}", error.info()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_lines() {
        let root = Node::parse("a: 1\nb:\n  - x: y\n  - z\nc: ~\n").unwrap();
        assert_eq!(root.get("a").unwrap().text(), Some("1"));
        let list = root.list("b").unwrap();
        assert_eq!((list[0].line, list[1].line), (3, 4));
        assert_eq!(list[0].needed("x").unwrap(), "y");
        assert_eq!(list[1].needed("x").unwrap_err().line, 4);
        assert!(root.get("c").is_none() && root.list("c").unwrap().is_empty());
        assert!(root.list("d").unwrap().is_empty());
    }

    #[test]
    fn what_is_refused_is_named_with_its_line() {
        let cases = [
            ("a: [1\nb: 2\n", "not YAML"),
            ("a: &x [1]\nb: *x\n", "line 2: aliases"),
            ("a: 1\na: 2\n", "line 2: a key stands twice"),
            ("? [a]\n: b\n", "a key must be a word"),
        ];
        for (text, expected) in cases {
            let damage = Node::parse(text).unwrap_err().to_string();
            assert!(damage.contains(expected), "{damage} should contain {expected}");
        }
        let deep = "[".repeat(100_000);
        assert!(Node::parse(&deep).is_err());
        assert!(Node::parse("- a\n").unwrap().expect_map().is_err());
        assert!(Node::parse("").unwrap().expect_map().is_ok());
    }
}
