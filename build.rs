//! Checks the built-in rules and turns them into constants.
//!
//! A broken rule stops the build with its file and its fault. What is written: one JSON text for
//! each rule (parsed only when that rule is needed), its examples, and the keyword tables.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

#[path = "src/finding/confidence.rs"]
#[allow(dead_code)]
mod confidence;
mod finding {
    pub use super::confidence::Confidence;
}
#[path = "src/rule/definition.rs"]
#[allow(dead_code)]
mod definition;
#[path = "src/rule/hir.rs"]
#[allow(dead_code)]
mod hir;
#[path = "src/rule/index.rs"]
#[allow(dead_code)]
mod index;
#[path = "src/rule/linear.rs"]
#[allow(dead_code)]
mod linear;
#[path = "src/rule/prefilter.rs"]
#[allow(dead_code)]
mod prefilter;
#[path = "src/rule/tables.rs"]
#[allow(dead_code)]
mod tables;

use definition::ProvenRule;
use index::Index;
use prefilter::Prefilter;
use tables::Tables;

fn main() {
    let folder = Path::new("src/rule/builtin");
    println!("cargo::rerun-if-changed={}", folder.display());
    for room in ["baseline", "detect", "own", "rule", "scan"] {
        println!("cargo::rerun-if-changed=src/{room}");
    }
    println!("cargo::rerun-if-changed=src/config.rs");
    println!("cargo::rustc-env=KEYHOOK_RULES={}", name_rules());
    for file in ["definition", "hir", "index", "linear", "prefilter", "tables"] {
        println!("cargo::rerun-if-changed=src/rule/{file}.rs");
    }
    let mut rules = load(folder).unwrap_or_else(|problem| {
        println!("cargo::error={}", problem.replace('\n', " | "));
        process::exit(1);
    });
    rules.sort_by(|a, b| a.rule.id.cmp(&b.rule.id));
    if let Some(pair) = rules.windows(2).find(|pair| pair[0].rule.id == pair[1].rule.id) {
        println!("cargo::error=two built-in rules have the id `{}`", pair[0].rule.id);
        process::exit(1);
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("builtin.rs"), render(&rules)).expect("cargo's output folder is writable");
}

/// Names all that decides about a finding: the ledger of what was found clean is kept by it.
fn name_rules() -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    let mut left: Vec<PathBuf> =
        ["baseline", "config.rs", "config", "detect", "own", "rule", "scan"]
            .map(|name| Path::new("src").join(name))
            .into();
    let mut files = Vec::new();
    while let Some(path) = left.pop() {
        match fs::read_dir(&path) {
            Ok(entries) => left.extend(entries.filter_map(|entry| Some(entry.ok()?.path()))),
            Err(_) => files.push(path),
        }
    }
    files.sort();
    for path in files {
        fs::read(&path).unwrap_or_default().hash(&mut hasher);
    }
    format!("{} {:016x}", env!("CARGO_PKG_VERSION"), hasher.finish())
}

fn load(folder: &Path) -> Result<Vec<ProvenRule>, String> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|e| format!("{}: {e}", folder.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
        .collect();
    files.sort();
    let mut rules = Vec::new();
    for path in files {
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let read = definition::read(&text, definition::Form::RuleFile);
        for rule in read.map_err(|e| format!("{}: {e}", path.display()))? {
            rules.push(rule.map_err(|e| format!("{}: {e}", path.display()))?);
        }
    }
    Ok(rules)
}

fn render(rules: &[ProvenRule]) -> String {
    let mut out = String::new();
    render_texts(&mut out, "RULES", rules.iter().map(|proven| to_json(&proven.rule)));
    render_texts(&mut out, "EXAMPLES", rules.iter().map(|proven| to_json(&proven.examples)));
    render_texts(&mut out, "IDS", rules.iter().map(|proven| proven.rule.id.clone()));
    let tables = Tables::build(rules.iter().map(|proven| &proven.rule));
    render_prefilter(&mut out, "KEYWORD", &tables.keywords);
    render_prefilter(&mut out, "NEAR", &tables.near);
    render_index(&mut out, "SHAPE", &tables.shapes.index);
    render_table(&mut out, "SHAPE_ENTRIES", "(u32, u32)", &tables.shapes.entries);
    render_table(&mut out, "LINEAR_PATTERNS", "Slice", &tables.linears.patterns);
    render_table(&mut out, "LINEAR_PATHS", "Slice", &tables.linears.paths);
    render_table(&mut out, "LINEAR_STEPS", "Step", &tables.linears.steps);
    render_table(&mut out, "LINEAR_SETS", "ByteSet", &tables.linears.sets);
    render_table(&mut out, "LINEAR_TEXTS", "u8", &tables.linears.texts);
    writeln!(out, "static FRAGMENTS: Fragments = {:?};", tables.fragments).expect(GROWS);
    writeln!(out, "static NEAR_FRAGMENTS: Fragments = {:?};", tables.near_fragments).expect(GROWS);
    out
}

const GROWS: &str = "a string grows";

fn render_prefilter(out: &mut String, name: &str, prefilter: &Prefilter) {
    for (kind, lookup) in [("LONG", &prefilter.long), ("SHORT", &prefilter.short)] {
        render_index(out, &format!("{name}_{kind}"), &lookup.index);
        render_table(out, &format!("{name}_{kind}_ENTRIES"), "Entry", &lookup.entries);
    }
    writeln!(out, "static {name}_WORDS: &str = {:?};", prefilter.words).expect(GROWS);
    render_table(out, &format!("{name}_USES"), "Use", &prefilter.uses);
}

fn render_index(out: &mut String, name: &str, index: &Index) {
    render_table(out, &format!("{name}_BITMAP"), "u64", &index.bitmap);
    render_table(out, &format!("{name}_BUCKETS"), "u32", &index.buckets);
}

fn render_table<T: std::fmt::Debug>(out: &mut String, name: &str, kind: &str, table: &[T]) {
    writeln!(out, "static {name}: [{kind}; {}] = {table:?};", table.len()).expect(GROWS);
}

fn render_texts(out: &mut String, name: &str, texts: impl ExactSizeIterator<Item = String>) {
    writeln!(out, "static {name}: [&str; {}] = [", texts.len()).expect(GROWS);
    for text in texts {
        writeln!(out, "    {text:?},").expect(GROWS);
    }
    out.push_str("];\n");
}

fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("rules are plain data")
}
