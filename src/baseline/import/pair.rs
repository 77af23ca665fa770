//! Compares what another scanner has accepted with what keyhook finds in the tree.
//!
//! An entry with a value, or a hash of one, covers that value and no other, wherever on its line it
//! has gone. An entry without a value covers what stands at its place today, and if two secrets
//! stand there, none. Nothing is accepted on the word of a file alone: every pair has a finding.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use globset::GlobBuilder;

use super::values::{sha1_hex, sha256_hex, stands_in};
use super::{Claim, Entry, Left, Next};
use crate::finding::{Secret, Span};

mod alike;

use alike::{each, git_guardian_hashes, hmac_hex, is_alike, is_matched, is_same};

/// A secret that keyhook finds in the tree.
#[derive(Clone, Debug)]
pub struct Site<'a> {
    /// The secret.
    pub secret: &'a Secret,
    /// The file it stands in.
    pub path: &'a str,
    /// The rule that found it.
    pub rule: &'a str,
    /// Its first and last line.
    pub lines: (usize, usize),
    /// The text of the file.
    pub text: &'a [u8],
    /// Where in the text it stands; none if it is not found there as it is.
    pub span: Option<Span>,
}

/// What the comparison asks of the repository.
pub trait Tree {
    /// Returns the files of the tree.
    fn paths(&self) -> Vec<String>;
    /// Returns whether the tree has this file.
    fn has(&self, path: &str) -> bool;
    /// Returns the content of a file.
    fn read(&self, path: &str) -> Option<Vec<u8>>;
    /// Returns what keyhook finds in a file as it was in a commit: the lines, the rule and the
    /// secret. None if this clone has no such commit or file.
    fn in_commit(&self, commit: &str, path: &str) -> Option<Vec<Past>>;
    /// Returns the key of betterleaks' fingerprints, if the user gave it.
    fn hmac_key(&self) -> Option<Vec<u8>>;
}

/// A secret in an older version of a file.
#[derive(Clone, Debug)]
pub struct Past {
    /// Its first and last line.
    pub lines: (usize, usize),
    /// The rule that found it.
    pub rule: String,
    /// The secret.
    pub secret: Secret,
}

/// What an entry covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paired {
    /// The sites, by their number.
    pub sites: Vec<usize>,
    /// Whether the value was compared, or only its place.
    pub is_by_value: bool,
}

/// Finds for each entry what it covers, or why nothing. `folder` is where the entries' file lies:
/// their paths may count from there.
pub fn pair(
    entries: &[Entry],
    sites: &[Site<'_>],
    tree: &dyn Tree,
    folder: &str,
) -> Vec<Result<Paired, Left>> {
    let pairing = Pairing::new(sites, tree, folder);
    entries.iter().map(|entry| pairing.entry(entry)).collect()
}

/// The sites that a hash may mean.
type Hashes = HashMap<String, BTreeSet<usize>>;

/// The sites, prepared for many questions. The hashes of each kind are made when the first entry
/// asks for them.
struct Pairing<'a> {
    sites: &'a [Site<'a>],
    tree: &'a dyn Tree,
    folder: &'a str,
    by_path: BTreeMap<&'a str, Vec<usize>>,
    sha1: OnceCell<Hashes>,
    sha1_lowered: OnceCell<Hashes>,
    sha256: OnceCell<Hashes>,
    keyed: OnceCell<Hashes>,
    git_guardian: OnceCell<Hashes>,
}

impl<'a> Pairing<'a> {
    fn new(sites: &'a [Site<'a>], tree: &'a dyn Tree, folder: &'a str) -> Pairing<'a> {
        let mut by_path: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, site) in sites.iter().enumerate() {
            by_path.entry(site.path).or_default().push(number);
        }
        let (sha1, sha1_lowered, sha256) = Default::default();
        let (keyed, git_guardian) = Default::default();
        Pairing { sites, tree, folder, by_path, sha1, sha1_lowered, sha256, keyed, git_guardian }
    }

    /// Returns the sites with this hash; `hashes` lists those of one site.
    fn hashed(
        &self,
        map: &OnceCell<Hashes>,
        hash: &str,
        hashes: impl Fn(&Site<'_>) -> Vec<String>,
    ) -> Vec<usize> {
        let map = map.get_or_init(|| {
            let mut map = Hashes::new();
            for (number, site) in self.sites.iter().enumerate() {
                for hash in hashes(site) {
                    map.entry(hash).or_default().insert(number);
                }
            }
            map
        });
        map.get(hash).into_iter().flatten().copied().collect()
    }

    fn entry(&self, entry: &Entry) -> Result<Paired, Left> {
        let path = entry.path.as_deref().map(|path| self.resolve(path));
        let left = |why: &str, next: Next| Left { name: entry.name.clone(), why: why.into(), next };
        let (sites, is_by_value) = match &entry.claim {
            Claim::Header => {
                let why = "it hashes only the header line, which every key of its kind shares";
                return Err(left(
                    why,
                    Next::Do("look at these keys, then: keyhook baseline update".into()),
                ));
            }
            Claim::Sha1 { hash, is_lowered: false } => {
                (self.hashed(&self.sha1, hash, |site| each(site, sha1_hex)), true)
            }
            Claim::Sha1 { hash, is_lowered: true } => {
                let lowered = |text: &[u8]| sha1_hex(&text.to_ascii_lowercase());
                (self.hashed(&self.sha1_lowered, hash, |site| each(site, lowered)), true)
            }
            Claim::Sha256(hash) => {
                (self.hashed(&self.sha256, hash, |site| each(site, sha256_hex)), true)
            }
            Claim::HmacSha256(hash) => {
                let Some(key) = self.tree.hmac_key() else {
                    let next = "set BETTERLEAKS_FINGERPRINT_HMAC_KEY and import again";
                    return Err(left(
                        "it is keyed, and the key is not here",
                        Next::Do(next.into()),
                    ));
                };
                let keyed = |text: &[u8]| hmac_hex(&key, text);
                (self.hashed(&self.keyed, hash, |site| each(site, keyed)), true)
            }
            Claim::GitGuardian(hash) => {
                (self.hashed(&self.git_guardian, hash, git_guardian_hashes), true)
            }
            Claim::Value(value) => (self.matching(|site| is_same(value, site.secret)), true),
            Claim::Pattern { regex, target } => {
                let is_it = |site: &Site<'_>| is_matched(regex, *target, site);
                let rule = entry.rule.as_deref();
                let fits = |site: &Site<'_>| rule.is_none_or(|rule| is_alike(rule, site.rule));
                (self.matching(|site| fits(site) && is_it(site)), false)
            }
            Claim::Files { checksum } => return self.files(entry, checksum),
            Claim::Place { commit: None } => return self.place(entry, path.as_deref()),
            Claim::Place { commit: Some(commit) } => {
                return self.in_commit(entry, commit, path.as_deref());
            }
        };
        let sites = self.in_file(sites, path.as_deref());
        if sites.is_empty() {
            Err(self.absent(entry, path.as_deref()))
        } else {
            Ok(Paired { sites, is_by_value })
        }
    }

    fn matching(&self, is_it: impl Fn(&Site<'_>) -> bool) -> Vec<usize> {
        (0..self.sites.len()).filter(|number| is_it(&self.sites[*number])).collect()
    }

    /// Keeps the sites of the entry's file. If that file is gone, its secrets have moved.
    fn in_file(&self, mut sites: Vec<usize>, path: Option<&str>) -> Vec<usize> {
        if let Some(path) = path.filter(|path| self.tree.has(path)) {
            sites.retain(|number| self.sites[*number].path == path);
        }
        sites
    }

    /// Finds the file that a path means: one from the folder of the list, or an absolute one, perhaps
    /// in a container.
    fn resolve(&self, path: &str) -> String {
        if self.tree.has(path) {
            return path.to_owned();
        }
        let below = format!("{}/{path}", self.folder);
        if !self.folder.is_empty() && self.tree.has(&below) {
            return below;
        }
        let is_absolute = path.starts_with('/') || path.as_bytes().get(1) == Some(&b':');
        let mut rest = path;
        while let Some((_, below)) = rest.split_once('/').filter(|_| is_absolute) {
            if self.tree.has(below) {
                return below.to_owned();
            }
            rest = below;
        }
        path.to_owned()
    }

    /// Says why a value has no site.
    fn absent(&self, entry: &Entry, path: Option<&str>) -> Left {
        let left =
            |why: &str| Left { name: entry.name.clone(), why: why.into(), next: Next::Nothing };
        let Some(path) = path else {
            return left(match entry.claim {
                Claim::Pattern { .. } => "no finding of keyhook matches it today",
                _ => "no finding of keyhook has this value today",
            });
        };
        let Some(text) = self.tree.read(path).filter(|_| self.tree.has(path)) else {
            return left("the file is gone");
        };
        let stands = match &entry.claim {
            Claim::Sha1 { hash, is_lowered: false } => {
                stands_in(&text, entry.lines, &|token| sha1_hex(token) == *hash)
            }
            Claim::Sha1 { hash, is_lowered: true } => stands_in(&text, entry.lines, &|token| {
                sha1_hex(&token.to_ascii_lowercase()) == *hash
            }),
            Claim::Sha256(hash) => {
                stands_in(&text, entry.lines, &|token| sha256_hex(token) == *hash)
            }
            Claim::Value(value) => memchr::memmem::find(&text, value.expose()).is_some(),
            _ => return left("no finding of keyhook matches it today"),
        };
        left(if stands {
            "it stands there, but keyhook does not report it: there is nothing to accept"
        } else {
            "no finding of keyhook has this value: it is gone, or keyhook does not report it"
        })
    }

    fn place(&self, entry: &Entry, path: Option<&str>) -> Result<Paired, Left> {
        let left = |why: &str, next: Next| Left { name: entry.name.clone(), why: why.into(), next };
        let path = path.unwrap_or_default();
        if !self.tree.has(path) {
            return Err(left("the file is gone", Next::Nothing));
        }
        let inside = self.by_path.get(path).map_or(&[][..], Vec::as_slice);
        let here = inside.iter().map(|number| (*number, &self.sites[*number]));
        let here: Vec<_> = here.map(|(n, site)| (n, site.lines, site.rule, site.secret)).collect();
        let sites = at_lines(entry, &here).map_err(|count| several(entry, count))?;
        if sites.is_empty() {
            let why = "keyhook reports nothing on this line: there is nothing to accept";
            return Err(left(why, Next::Nothing));
        }
        Ok(Paired { sites, is_by_value: false })
    }

    /// Looks the value up in the commit that the entry names, then finds it in the tree.
    fn in_commit(&self, entry: &Entry, commit: &str, path: Option<&str>) -> Result<Paired, Left> {
        let left = |why: String, next: Next| Left { name: entry.name.clone(), why, next };
        let short = &commit[..commit.len().min(12)];
        let Some(past) = self.tree.in_commit(commit, path.unwrap_or_default()) else {
            let why = format!("commit {short} is not in this clone, or has no such file");
            return Err(left(why, Next::Do("git fetch --unshallow, then import again".into())));
        };
        let here = past.iter().enumerate();
        let here: Vec<_> =
            here.map(|(n, past)| (n, past.lines, &past.rule[..], &past.secret)).collect();
        let found = at_lines(entry, &here).map_err(|count| several(entry, count))?;
        let Some(value) = found.first().map(|number| &past[*number].secret) else {
            let why = format!("keyhook reports nothing on this line of commit {short}");
            return Err(left(why, Next::Nothing));
        };
        let sites = self.in_file(self.matching(|site| site.secret == value), path);
        if sites.is_empty() {
            let why = "the secret stands only in history".to_owned();
            return Err(left(why, Next::Nothing));
        }
        Ok(Paired { sites, is_by_value: true })
    }

    fn files(&self, entry: &Entry, checksum: &str) -> Result<Paired, Left> {
        let left = |why: &str, next: Next| Left { name: entry.name.clone(), why: why.into(), next };
        let pattern = entry.path.as_deref().unwrap_or_default();
        let in_any_folder =
            if pattern.contains('/') { pattern.into() } else { format!("**/{pattern}") };
        let glob = GlobBuilder::new(&in_any_folder).literal_separator(true).build();
        let Ok(glob) = glob.map(|glob| glob.compile_matcher()) else {
            return Err(left("the file name is no glob that keyhook can read", Next::Nothing));
        };
        let paths: Vec<String> =
            self.tree.paths().into_iter().filter(|p| p == pattern || glob.is_match(p)).collect();
        if paths.is_empty() {
            return Err(left("the file is gone", Next::Nothing));
        }
        // Of a plain name, talisman takes the file at the top; of a glob, all that match.
        let exact: Vec<String> = paths.iter().filter(|path| *path == pattern).cloned().collect();
        let Some(paths) = [exact, paths].into_iter().find(|p| self.checksum(p) == checksum) else {
            let why = "the file has changed since, so talisman does not accept it any more";
            return Err(left(why, Next::Do("keyhook baseline update".into())));
        };
        let sites = self.matching(|site| paths.iter().any(|path| path == site.path));
        if sites.is_empty() {
            let why = "keyhook reports nothing in this file: there is nothing to accept";
            return Err(left(why, Next::Nothing));
        }
        Ok(Paired { sites, is_by_value: false })
    }

    /// Computes talisman's checksum over content and path of each file.
    fn checksum(&self, paths: &[String]) -> String {
        let mut all = String::new();
        for path in paths {
            let content = self.tree.read(path).unwrap_or_default();
            let [a, b, c] = [all.as_bytes(), &content, path.as_bytes()].map(sha256_hex);
            all = format!("{a}{b}{c}");
        }
        sha256_hex(all.as_bytes())
    }
}

/// Returns what stands on the lines of an entry; if that is more than one secret, those that its rule
/// means; if these are still several, how many.
fn at_lines(
    entry: &Entry,
    here: &[(usize, (usize, usize), &str, &Secret)],
) -> Result<Vec<usize>, usize> {
    let (first, last) = entry.lines.unwrap_or((1, usize::MAX));
    let on_line: Vec<_> = here
        .iter()
        .filter(|(_, lines, rule, _)| {
            // keyhook's private key begins behind its header.
            let start = lines.0 - usize::from(rule.contains("private-key") && lines.0 > 1);
            start <= last && lines.1 >= first
        })
        .collect();
    let is_one = |found: &[&(usize, (usize, usize), &str, &Secret)]| {
        found.windows(2).all(|pair| pair[0].3 == pair[1].3)
    };
    let numbers = |found: &[&(usize, (usize, usize), &str, &Secret)]| {
        found.iter().map(|found| found.0).collect::<Vec<_>>()
    };
    if is_one(&on_line) {
        return Ok(numbers(&on_line));
    }
    let rule = entry.rule.as_deref().unwrap_or_default();
    let meant: Vec<_> = on_line.iter().copied().filter(|found| is_alike(rule, found.2)).collect();
    if meant.is_empty() || !is_one(&meant) { Err(on_line.len()) } else { Ok(numbers(&meant)) }
}

fn several(entry: &Entry, count: usize) -> Left {
    let why = format!("{count} secrets stand on this line, and it does not say which");
    let next = Next::Do("keyhook allow FINGERPRINT --reason \"...\"".into());
    Left { name: entry.name.clone(), why, next }
}

#[cfg(test)]
mod tests;
