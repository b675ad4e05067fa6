//! Which findings of a change are new: the findings of both sides are paired one to one.

use rustc_hash::FxHashMap;

use crate::finding::Finding;
use crate::path::FilePath;

/// How a finding on the head side relates to the base side. SARIF calls this `baselineState`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing on the base side pairs with it.
    New,
    /// It was there before, perhaps at another place.
    Unchanged {
        /// The file it came from, if that was another one.
        moved_from: Option<FilePath>,
    },
    /// Its statement was edited.
    Updated {
        /// Whether its severity or its confidence rose: then it counts as new.
        risen: bool,
    },
}

/// One version of a file with what counts in it: findings that are suppressed are left out before pairing.
#[derive(Debug, Clone)]
pub struct Side<'a> {
    /// Where this version is.
    pub path: &'a FilePath,
    /// The file as it is stored.
    pub bytes: &'a [u8],
    /// Its findings, in the order of the text.
    pub findings: Vec<&'a Finding>,
}

/// A file of the change.
#[derive(Debug, Clone)]
pub struct Pair<'a> {
    /// The versions at the merge bases: none for an added file, several in a criss-cross history.
    pub base: Vec<Side<'a>>,
    /// The version at the head; none for a deleted file.
    pub head: Option<Side<'a>>,
}

/// The states of all findings on the head side: one list a file, in the order given.
pub fn compare(files: &[Pair<'_>]) -> Vec<Vec<State>> {
    files.iter().map(compare_file).collect()
}

fn compare_file<'f>(file: &Pair<'f>) -> Vec<State> {
    let Some(head) = &file.head else { return Vec::new() };
    let mut open: FxHashMap<Key<'f>, Vec<&'f Finding>> = FxHashMap::default();
    for base in &file.base {
        for finding in &base.findings {
            open.entry(key(finding)).or_default().push(finding);
        }
    }
    let mut state = |finding: &'f Finding| match open.get_mut(&key(finding)).and_then(Vec::pop) {
        Some(old) if finding.severity > old.severity || finding.confidence > old.confidence => {
            State::Updated { risen: true }
        }
        Some(_) => State::Unchanged { moved_from: None },
        None => State::New,
    };
    head.findings.iter().map(|finding| state(finding)).collect()
}

/// What must be equal for two findings to be the same one.
type Key<'f> = (&'f str, &'f str, &'f str);

fn key(finding: &Finding) -> Key<'_> {
    (finding.check.id, &finding.definition, &finding.normalized)
}
