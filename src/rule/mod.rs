//! Rules as data: load, check, expand examples.
//!
//! Built-in rules are TOML files in `builtin/`, checked and packed by the build script. A rule is
//! unpacked when something asks for it, so a run that meets no keyword unpacks none.

use std::borrow::Cow;
use std::collections::BTreeSet;

mod cells;
mod checksum;
mod definition;
mod expand;
mod filter;
mod gitleaks;
mod hir;
mod index;
mod linear;
mod mistake;
mod patternless;
mod prefilter;
mod tables;

pub use cells::Cells;
pub use checksum::{Checksum, Trust, named as checksum_named, names as checksum_names};
pub use definition::{
    Boundary, Check, Examples, Form, NEAR_MAX, ProvenRule, REACH_MAX, Rule, pattern_hir,
};
pub use expand::{Expanded, expand, fillings};
pub use filter::{Hit as ImportedHit, Imported};
pub use gitleaks::{
    Effect, GitleaksError, Loaded, Remark, inside, is_gitleaks, load as load_gitleaks,
};
use index::Index;
use linear::Step::{Class, Close, Literal, Open};
use linear::{ByteSet, Slice, Step};
pub use linear::{Linears, holds};
pub use mistake::{Outline, RuleError, RuleFile, from_text, gitleaks_line, parse, read, shape};
pub use patternless::{OWN_KEY, SENSITIVE_FILE};
use prefilter::{Entry, Lookup, Use};
pub use prefilter::{Gate, Hit, Prefilter};
pub use tables::{FragmentSet, Fragments, RUN_MIN, SETS, Shapes, Tables, WORD};

include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The rules of one run: the built-in ones and the user's own, less what is switched off.
pub struct RuleSet {
    /// The rules of `builtin/`, then those without a pattern.
    builtin: Cells<Rule>,
    own: Vec<Rule>,
    imported: Option<Imported>,
    disabled: BTreeSet<usize>,
}

impl RuleSet {
    /// Returns the built-in rules.
    pub fn builtin() -> RuleSet {
        RuleSet {
            builtin: Cells::new(RULES.len() + patternless::PATTERNLESS_COUNT),
            own: Vec::new(),
            imported: None,
            disabled: BTreeSet::new(),
        }
    }

    /// Returns a set of these rules alone.
    pub fn only(rules: Vec<Rule>) -> RuleSet {
        RuleSet { builtin: Cells::new(0), own: rules, imported: None, disabled: BTreeSet::new() }
    }

    /// Adds the user's own rules; a rule with a known id takes the place of that rule. Returns how
    /// many built-in rules were replaced.
    pub fn add(&mut self, rules: Vec<Rule>) -> usize {
        let mut replaced = 0;
        for rule in rules {
            if let Some(index) = self.index_of(&rule.id) {
                replaced += usize::from(self.is_builtin(index));
                self.disabled.insert(index);
            }
            self.own.push(rule);
        }
        replaced
    }

    /// Takes over the rules of a gitleaks file; they run beside all others, and come last.
    pub fn import(&mut self, imported: Imported) {
        for id in imported.disabled() {
            self.disable(id);
        }
        self.imported = Some(imported);
    }

    /// Returns the rules of a gitleaks file and the index of the first of them.
    pub fn imported(&self) -> Option<(usize, &Imported)> {
        let first = self.builtin.len() + self.own.len();
        self.imported.as_ref().map(|imported| (first, imported))
    }

    /// Returns the user's own rules.
    pub fn own(&self) -> &[Rule] {
        &self.own
    }

    /// Returns what is not built in: the user's own rules, and the cards of imported ones under
    /// whose id there is no other.
    pub fn beside_builtin(&self) -> Vec<Rule> {
        let is_free = |card: &&Rule| {
            IDS.binary_search(&card.id.as_str()).is_err()
                && patternless::place_of(&card.id).is_none()
                && !self.own.iter().any(|rule| rule.id == card.id)
        };
        self.own.iter().chain(self.cards().iter().filter(is_free)).cloned().collect()
    }

    /// Switches a rule off; returns false if no rule has this id.
    pub fn disable(&mut self, id: &str) -> bool {
        let index = self.index_of(id);
        index.map(|index| self.disabled.insert(index)).is_some()
    }

    /// Returns whether the rule with this index looks at text.
    pub fn has_pattern(&self, index: usize) -> bool {
        index < RULES.len() || index >= self.builtin.len()
    }

    /// Returns the number of indices; some may be switched off.
    pub fn len(&self) -> usize {
        self.builtin.len() + self.own.len() + self.cards().len()
    }

    /// Returns whether there are no rules at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether the rule with this index is one of keyhook's own.
    pub fn is_builtin(&self, index: usize) -> bool {
        index < self.builtin.len()
    }

    /// Returns whether the rule with this index takes part.
    pub fn is_enabled(&self, index: usize) -> bool {
        !self.disabled.contains(&index)
    }

    /// Returns the rule with this index.
    pub fn get(&self, index: usize) -> &Rule {
        if index < self.builtin.len() {
            return self.builtin.get_or_init(index, || match RULES.get(index) {
                Some(rule) => unpack(rule),
                None => patternless::at(index - RULES.len()),
            });
        }
        let index = index - self.builtin.len();
        self.own.get(index).unwrap_or_else(|| &self.cards()[index - self.own.len()])
    }

    fn cards(&self) -> &[Rule] {
        self.imported.as_ref().map_or(&[], Imported::cards)
    }

    /// Returns the rule with this id, if it takes part.
    pub fn by_id(&self, id: &str) -> Option<&Rule> {
        self.index_of(id).map(|index| self.get(index))
    }

    /// Returns the rule with this id and its index, if it takes part.
    pub fn index_and_rule(&self, id: &str) -> Option<(usize, &Rule)> {
        self.index_of(id).map(|index| (index, self.get(index)))
    }

    /// Returns the rules that take part, sorted by id.
    pub fn enabled(&self) -> Vec<&Rule> {
        let mut rules: Vec<&Rule> =
            (0..self.len()).filter(|&i| self.is_enabled(i)).map(|i| self.get(i)).collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        rules
    }

    /// Returns the tables of the built-in rules, then those of the user's, each with the index of
    /// its first rule.
    pub fn tables(&self) -> Vec<(usize, Tables)> {
        let mut tables = Vec::new();
        if !self.builtin.is_empty() {
            tables.push((0, builtin_tables()));
        }
        if !self.own.is_empty() {
            tables.push((self.builtin.len(), Tables::build(&self.own)));
        }
        tables
    }

    fn index_of(&self, id: &str) -> Option<usize> {
        let is_enabled = |index: &usize| self.is_enabled(*index);
        let patternless = || patternless::place_of(id).map(|place| RULES.len() + place);
        let builtin = if self.builtin.is_empty() {
            None
        } else {
            IDS.binary_search(&id).ok().or_else(patternless)
        };
        builtin.filter(is_enabled).or_else(|| {
            let own = self.own.iter().rposition(|rule| rule.id == id);
            own.map(|index| index + self.builtin.len()).filter(is_enabled).or_else(|| {
                let first = self.builtin.len() + self.own.len();
                let card = self.cards().iter().position(|card| card.id == id);
                card.map(|index| index + first).filter(is_enabled)
            })
        })
    }
}

/// Returns the built-in rules with their examples, sorted by id.
pub fn builtin_proven() -> Vec<ProvenRule> {
    RULES
        .iter()
        .zip(EXAMPLES)
        .map(|(rule, examples)| ProvenRule {
            rule: unpack(rule),
            examples: serde_json::from_str(examples).expect("written by the build script"),
        })
        .collect()
}

fn unpack(json: &str) -> Rule {
    serde_json::from_str(json).expect("written by the build script")
}

fn builtin_tables() -> Tables {
    Tables {
        shapes: Shapes {
            index: Index {
                bitmap: Cow::Borrowed(&SHAPE_BITMAP),
                buckets: Cow::Borrowed(&SHAPE_BUCKETS),
            },
            entries: Cow::Borrowed(&SHAPE_ENTRIES),
        },
        keywords: Prefilter {
            long: lookup(&KEYWORD_LONG_BITMAP, &KEYWORD_LONG_BUCKETS, &KEYWORD_LONG_ENTRIES),
            short: lookup(&KEYWORD_SHORT_BITMAP, &KEYWORD_SHORT_BUCKETS, &KEYWORD_SHORT_ENTRIES),
            words: Cow::Borrowed(KEYWORD_WORDS),
            uses: Cow::Borrowed(&KEYWORD_USES),
        },
        fragments: FRAGMENTS.clone(),
        near: Prefilter {
            long: lookup(&NEAR_LONG_BITMAP, &NEAR_LONG_BUCKETS, &NEAR_LONG_ENTRIES),
            short: lookup(&NEAR_SHORT_BITMAP, &NEAR_SHORT_BUCKETS, &NEAR_SHORT_ENTRIES),
            words: Cow::Borrowed(NEAR_WORDS),
            uses: Cow::Borrowed(&NEAR_USES),
        },
        near_fragments: NEAR_FRAGMENTS.clone(),
        linears: Linears {
            patterns: Cow::Borrowed(&LINEAR_PATTERNS),
            paths: Cow::Borrowed(&LINEAR_PATHS),
            steps: Cow::Borrowed(&LINEAR_STEPS),
            sets: Cow::Borrowed(&LINEAR_SETS),
            texts: Cow::Borrowed(&LINEAR_TEXTS),
        },
    }
}

/// Returns words whose tables are constants.
fn lookup(bitmap: &'static [u64], buckets: &'static [u32], entries: &'static [Entry]) -> Lookup {
    let index = Index { bitmap: bitmap.into(), buckets: buckets.into() };
    Lookup { index, entries: entries.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = r#"
[[rule]]
id = "acme-token"
name = "ACME token"
why = "It opens the shop."
keywords = ["acme_"]
pattern = '(?<secret> acme_ [a-z0-9]{20} )'
"#;

    fn own_rules(text: &str) -> Vec<Rule> {
        parse(text).unwrap().into_iter().map(|proven| proven.rule).collect()
    }

    #[test]
    fn ids_are_sorted_and_unique() {
        assert!(IDS.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn own_rules_join_and_replace() {
        let mut rules = RuleSet::builtin();
        let count = rules.enabled().len();
        rules.add(own_rules(OWN));
        assert_eq!(rules.enabled().len(), count + 1);
        rules.add(own_rules(&OWN.replace("acme-token", "anthropic-api-key")));
        assert_eq!(rules.enabled().len(), count + 1);
        assert_eq!(rules.by_id("anthropic-api-key").unwrap().name, "ACME token");
    }

    #[test]
    fn a_disabled_rule_is_gone() {
        let mut rules = RuleSet::builtin();
        assert!(rules.disable("anthropic-api-key"));
        assert!(!rules.disable("no-such-rule"));
        assert!(rules.by_id("anthropic-api-key").is_none());
    }

    #[test]
    fn mistakes_are_explained() {
        let cases = [
            (OWN.replace("acme-token", "Acme"), 3, "lower-case letters"),
            (OWN.replace("(?<secret>", "("), 7, "called `secret`"),
            (OWN.replace("{20}", "{20"), 7, "does not parse"),
            (OWN.replace("[\"acme_\"]", "[\"ac\"]"), 6, "too short"),
            (OWN.replace("keywords", "words"), 6, "no key `words`"),
            (OWN.replace("why =", "checks = [\"luck\"]\nwhy ="), 5, "no check is called"),
        ];
        for (text, line, expected) in cases {
            let error = parse(&text).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(error.line, line, "{error}");
            assert!(!error.hint.is_empty(), "{error}");
        }
    }

    #[test]
    fn a_pattern_that_loads_compiles() {
        let is_built = |pattern: &str| {
            let syntax = regex_automata::util::syntax::Config::new();
            regex_automata::meta::Regex::builder()
                .syntax(syntax.unicode(false).utf8(false).ignore_whitespace(true))
                .build(pattern)
                .is_ok()
        };
        let mut refused = 0;
        for piece in ["a", "[a-z]", "[aceg-ikmoqsuwy013579]", "(?:a|bc?)", "[ab]?", "(?:x{0,9})?"] {
            let counts = (1000..100_000).step_by(4000);
            let forms = [|n| format!("{{{n}}}"), |n| format!("{{{n},}}"), |n| format!("{{0,{n}}}")];
            for times in counts.flat_map(|count: usize| forms.map(|form| form(count))) {
                let pattern = format!("(?<secret> acme_ {piece}{times} )");
                match parse(&OWN.replace("(?<secret> acme_ [a-z0-9]{20} )", &pattern)) {
                    Ok(_) => assert!(is_built(&pattern), "{pattern}"),
                    Err(error) => {
                        assert!(error.to_string().contains("too large"), "{error}");
                        refused += 1;
                    }
                }
            }
        }
        assert!((100..400).contains(&refused), "{refused}");
    }

    #[test]
    fn reach_follows_from_the_pattern() {
        assert_eq!(own_rules(OWN)[0].reach, 25);
        assert_eq!(own_rules(&OWN.replace("{20}", "{20,}"))[0].reach, REACH_MAX);
    }
}
