//! Which findings of a change are new: the findings of both sides are paired one to one.
//!
//! In this order, and never by the number of a line (`docs/matching.md` says why):
//!
//! 1. the same check and syntax in a statement that the difference between the versions leaves in its place;
//! 2. the same in the same definition, then in the same file;
//! 3. the same in another file, where the definition around it is recognisably the same;
//! 4. the same check in a statement that was edited in its place, or in its definition;
//! 5. what is left is new.
//!
//! An old finding pays for one new finding at most: ten copies of an old line are nine new findings. One that the base
//! has mended since the merge base pays for none.

mod alignment;
mod pairing;
mod resemblance;

use crate::finding::Finding;
use crate::path::FilePath;
use crate::python::Outline;

/// How a finding on the head side relates to the base side. SARIF calls this `baselineState`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It was there before, perhaps at another place.
    Unchanged {
        /// The file it came from, if that was another one.
        moved_from: Option<FilePath>,
    },
    /// Its statement was edited, or what it refers to is another thing now.
    Updated {
        /// Whether its severity or its confidence rose: then it counts as new.
        risen: bool,
    },
    /// Nothing on the base side pairs with it, or only what was justified there or stood where the policy is
    /// milder.
    New,
}

impl State {
    fn badness(&self) -> u8 {
        match self {
            State::Unchanged { .. } => 0,
            State::Updated { risen: false } => 1,
            State::Updated { risen: true } => 2,
            State::New => 3,
        }
    }
}

/// A finding with whether a comment justifies it. Justified findings take part in the pairing, so that the
/// old finding that a change justifies does not pay for a copy that it adds.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    pub finding: &'a Finding,
    pub justified: bool,
}

/// One version of a file.
#[derive(Debug, Clone)]
pub struct Side<'a> {
    /// Where this version is.
    pub path: &'a FilePath,
    /// What its findings stand in.
    pub outline: &'a Outline,
    /// Its findings, in the order of the text.
    pub findings: Vec<Candidate<'a>>,
}

/// The version of a file at a merge base.
#[derive(Debug, Clone)]
pub struct Before<'a> {
    pub side: Side<'a>,
    /// Which of its findings the base no longer has as they were here.
    pub mended: &'a [bool],
    /// Which findings of the head stand under the same path on lines that are as they were here.
    pub untouched: &'a [bool],
}

/// What the base has not changed since.
impl<'a> From<Side<'a>> for Before<'a> {
    fn from(side: Side<'a>) -> Self {
        Before { side, mended: &[], untouched: &[] }
    }
}

/// A file of the change.
#[derive(Debug, Clone)]
pub struct Pair<'a> {
    /// The versions at the merge bases: none for an added file; in a criss-cross history one for each, `None` where there
    /// is no file. Where there is one it is the same at all of them.
    pub base: Vec<Option<Before<'a>>>,
    /// The version at the head; none for a deleted file.
    pub head: Option<Side<'a>>,
}

/// What became of the findings of a change.
#[derive(Debug, Clone, Default)]
pub struct Comparison<'a> {
    /// The states of all findings on the head side: one list a file, in the order given.
    pub states: Vec<Vec<State>>,
    /// The findings of the base side that are gone and were not justified.
    pub gone: Vec<Gone<'a>>,
}

/// A finding of the base side that is no longer there.
#[derive(Debug, Clone, Copy)]
pub struct Gone<'a> {
    /// The file of the change, by index.
    pub file: usize,
    /// Where it was.
    pub path: &'a FilePath,
    pub finding: &'a Finding,
}

/// Whether the policy treats a finding more strictly at a new path (the last argument) than at an old one.
pub type Stricter<'s> = &'s dyn Fn(&Finding, &FilePath, &FilePath) -> bool;

/// Pairs the findings of both sides. With several merge bases, a finding counts as what it is against the one that is
/// least in its favour, unless it stands where one of them has it, untouched, and the base has it, too.
pub fn compare<'a>(files: &'a [Pair<'a>], stricter: Stricter<'_>) -> Comparison<'a> {
    let bases = files.iter().map(|file| file.base.len()).max().unwrap_or(0).max(1);
    let against_each = (0..bases).map(|base| pairing::compare(files, base, stricter));
    let Against { states, gone } = against_each.reduce(Against::and).unwrap_or_default();
    let states = states.into_iter().map(|file| file.into_iter().map(|it| it.state).collect()).collect();
    Comparison { states, gone }
}

/// Which findings of a version, at a merge base, the base no longer has as they were: they are gone or edited or milder,
/// or justified on one side only.
pub fn mended(before: &Side<'_>, at_base: &Side<'_>) -> Vec<bool> {
    pairing::unlike(at_base, before)
}

/// What became of the findings of a change against one merge base, or several.
#[derive(Default)]
struct Against<'a> {
    states: Vec<Vec<Relation>>,
    gone: Vec<Gone<'a>>,
}

/// How a finding relates to a merge base.
struct Relation {
    state: State,
    /// Whether it stands there, untouched, and the base has it, too.
    stays: bool,
}

impl Relation {
    fn and(self, other: Relation) -> Relation {
        let is_other = !self.stays && (other.stays || other.state.badness() > self.state.badness());
        if is_other { other } else { self }
    }
}

impl Against<'_> {
    fn and(self, other: Self) -> Self {
        let file = |(one, other): (Vec<Relation>, Vec<Relation>)| {
            one.into_iter().zip(other).map(|(one, other)| one.and(other)).collect()
        };
        let states = self.states.into_iter().zip(other.states).map(file).collect();
        let gone = if other.gone.len() < self.gone.len() { other.gone } else { self.gone };
        Against { states, gone }
    }
}
