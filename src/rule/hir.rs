//! What a parsed pattern tells about the texts that it matches.

use regex_syntax::hir::{Class, Hir, HirKind};

/// How large a pattern may be. Whatever is smaller compiles (a test tries many shapes): a rule must
/// fail when it is loaded, not in the middle of a commit.
pub(super) const WEIGHT_MAX: usize = 100_000;

/// Returns about how many states a pattern compiles to.
pub(super) fn weight(hir: &Hir) -> usize {
    let sum = |parts: &[Hir]| parts.iter().map(weight).fold(parts.len(), usize::saturating_add);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(class)) => 1 + class.ranges().len(),
        HirKind::Class(Class::Unicode(class)) => 1 + 4 * class.ranges().len(),
        HirKind::Capture(group) => weight(&group.sub).saturating_add(2),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => sum(parts),
        HirKind::Repetition(repeat) => {
            let copies = repeat.max.unwrap_or(repeat.min).max(1) as usize;
            weight(&repeat.sub).saturating_add(1).saturating_mul(copies)
        }
    }
}

/// Returns whether the pattern has a fixed text that values of other kinds lack: a start of three
/// bytes or more in few forms, or a character inside that is no separator of a UUID.
pub(super) fn has_shape(hir: &Hir) -> bool {
    let mut extractor = regex_syntax::hir::literal::Extractor::new();
    extractor.limit_class(16).limit_total(FIXED_STARTS_MAX);
    let starts = extractor.extract(hir);
    starts.min_literal_len().is_some_and(|len| len >= 3) || has_telling_literal(hir)
}

/// A pattern that starts in more ways than this has no fixed start.
const FIXED_STARTS_MAX: usize = 64;

fn has_telling_literal(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let is_telling = |b: &u8| !matches!(b, b'-' | b'=');
            literal.0.iter().filter(|b| b.is_ascii_alphanumeric()).count() >= 3
                || literal.0.iter().any(|b| is_telling(b) && !b.is_ascii_alphanumeric())
        }
        HirKind::Capture(capture) => has_telling_literal(&capture.sub),
        HirKind::Concat(subs) => subs.iter().any(has_telling_literal),
        HirKind::Alternation(subs) => subs.iter().all(has_telling_literal),
        HirKind::Repetition(repeat) => repeat.min > 0 && has_telling_literal(&repeat.sub),
        _ => false,
    }
}

/// Returns the texts that every match starts with, if they are few.
pub(super) fn fixed_starts(hir: &Hir) -> Vec<String> {
    let mut extractor = regex_syntax::hir::literal::Extractor::new();
    extractor.limit_class(3).limit_total(16);
    let starts = extractor.extract(hir);
    let texts = starts.literals().unwrap_or_default().iter();
    texts.filter_map(|text| String::from_utf8(text.as_bytes().to_vec()).ok()).collect()
}

/// Collects the names of all groups.
pub(super) fn group_names(hir: &Hir, names: &mut Vec<String>) {
    match hir.kind() {
        HirKind::Capture(capture) => {
            names.extend(capture.name.as_deref().map(str::to_owned));
            group_names(&capture.sub, names);
        }
        HirKind::Concat(subs) | HirKind::Alternation(subs) => {
            subs.iter().for_each(|sub| group_names(sub, names));
        }
        HirKind::Repetition(repetition) => group_names(&repetition.sub, names),
        _ => {}
    }
}
