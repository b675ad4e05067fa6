//! The findings of a change and of one of its merge bases, and the steps that pair them.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::alignment::{Alignment, Place};
use super::resemblance::{Bodies, resemblance, sorted};
use super::{Against, Before, Gone, Pair, Relation, Side, State, Stricter};
use crate::finding::Finding;
use crate::path::FilePath;
use crate::python::{Definition, Outline, number};

/// How much a definition must have in common with the one in another file, and an edited statement with one
/// that does not stand in its place, to be the same, in thousandths.
const RECOGNISABLE: usize = 500;

/// The same for definitions of different names.
const UNMISTAKABLE: usize = 700;

/// How many of the old findings that a new one may have been are looked at.
const MOST_CANDIDATES: usize = 16;

/// How many edited findings of one kind are compared each with each. Where there are more, the order of the
/// text decides too: the author of a change decides how many there are, so the work must be bounded.
const MOST_COMPARED: usize = 32;

/// Compares the head side with one of the merge bases.
pub fn compare<'a>(files: &'a [Pair<'a>], base: usize, stricter: Stricter<'_>) -> Against<'a> {
    Pairing::of(files, base).paired(stricter).comparison(files.len(), stricter)
}

/// Which findings of a version the one before it does not have in the same way.
pub fn unlike(before: &Side<'_>, after: &Side<'_>) -> Vec<bool> {
    let file = [Pair { base: vec![Some(before.clone().into())], head: Some(after.clone()) }];
    let pairing = Pairing::of(&file, 0).paired(&|_, _, _| false);
    let is_alike = |new: &Item<'_>| {
        let old = new.partner.map(|partner| &pairing.old[partner.index]);
        old.is_some_and(|old| old.justified == new.justified)
            && matches!(pairing.state(new, &|_, _, _| false), State::Unchanged { .. })
    };
    pairing.new.iter().map(|new| !is_alike(new)).collect()
}

/// A finding of either side with all that it is paired by.
struct Item<'a> {
    finding: &'a Finding,
    justified: bool,
    /// At a merge base: whether the base has mended it since.
    mended: bool,
    /// At the head: whether it stands on lines that are as they were.
    untouched: bool,
    path: &'a FilePath,
    /// The file of the change, by index.
    file: usize,
    outline: &'a Outline,
    definition: &'a Definition,
    place: Place,
    partner: Option<Partner>,
}

/// What a finding is paired with.
#[derive(Debug, Clone, Copy)]
struct Partner {
    index: usize,
    edited: bool,
}

impl<'a> Item<'a> {
    fn statement(&self) -> u64 {
        let index = self.finding.trace.statement as usize;
        self.outline.statements.get(index).map_or(0, |statement| statement.syntax)
    }

    /// The check, the syntax that it fires at, and the secret it is about.
    fn kind(&self) -> (&'static str, u64, Option<u64>) {
        (self.finding.check.id, self.finding.trace.syntax, self.finding.trace.secret)
    }

    /// Whether it can have been at another place. What stands in a statement that is still where it was can
    /// not: if it is a finding now and was none before, or the other way round, then something else changed.
    fn may_have_moved(&self) -> bool {
        self.finding.trace.between || !matches!(self.place, Place::Kept(_))
    }

    /// The part of the difference in which its statement was edited; for a comment also the statement before it.
    fn edited_part(&self) -> Option<(bool, u32)> {
        match self.place {
            Place::Replaced { part, .. } => Some((true, part)),
            Place::Kept(statement) if self.finding.trace.between => Some((false, statement)),
            _ => None,
        }
    }

    /// The hunk of the difference in which its statement was edited.
    fn edited_hunk(&self) -> Option<u32> {
        match self.place {
            Place::Replaced { hunk, .. } => Some(hunk),
            _ => None,
        }
    }

    /// The definition in which its statement was edited.
    fn edited_definition(&self) -> Option<u64> {
        self.edited_hunk().filter(|_| !self.is_in_module()).map(|_| self.definition.path)
    }

    fn is_in_module(&self) -> bool {
        self.outline.definitions.first().is_some_and(|module| std::ptr::eq(module, self.definition))
    }
}

#[derive(Default)]
struct Pairing<'a> {
    old: Vec<Item<'a>>,
    new: Vec<Item<'a>>,
}

impl<'a> Pairing<'a> {
    fn of(files: &'a [Pair<'a>], base: usize) -> Self {
        let mut pairing = Pairing::default();
        for (index, file) in files.iter().enumerate() {
            let before = file.base.get(base).or(file.base.first()).and_then(Option::as_ref);
            let alignment = match (before.map(|before| &before.side), &file.head) {
                (Some(old), Some(new)) if !old.findings.is_empty() && !new.findings.is_empty() => {
                    Alignment::of(old.outline, new.outline)
                }
                _ => Alignment::default(),
            };
            if let Some(Before { side, mended, .. }) = before {
                let items = items(index, side, &alignment.old).enumerate();
                pairing.old.extend(items.map(|(at, item)| Item { mended: is_set(mended, at), ..item }));
            }
            let untouched = before.map_or(&[][..], |before| before.untouched);
            if let Some(side) = &file.head {
                let items = items(index, side, &alignment.new).enumerate();
                pairing.new.extend(items.map(|(at, item)| Item { untouched: is_set(untouched, at), ..item }));
            }
        }
        pairing
    }

    fn paired(mut self, stricter: Stricter<'_>) -> Self {
        self.pair_kept();
        self.pair_moved();
        self.pair_across(stricter);
        self.pair_edited();
        self
    }

    fn pair(&mut self, old: usize, new: usize, edited: bool) {
        self.old[old].partner = Some(Partner { index: new, edited });
        self.new[new].partner = Some(Partner { index: old, edited });
    }

    /// Pairs what has the same key, in the order of the text.
    fn pair_equal<K: Hash + Eq>(&mut self, key: impl Fn(&Item<'a>) -> Option<K>) {
        let mut open: FxHashMap<K, VecDeque<usize>> = FxHashMap::default();
        for old in unpaired(&self.old) {
            if let Some(key) = key(&self.old[old]) {
                open.entry(key).or_default().push_back(old);
            }
        }
        for new in unpaired(&self.new) {
            let same = key(&self.new[new]).and_then(|key| open.get_mut(&key));
            if let Some(old) = same.and_then(VecDeque::pop_front) {
                self.pair(old, new, false);
            }
        }
    }

    /// Step 1: the same in a statement that is kept.
    fn pair_kept(&mut self) {
        self.pair_equal(|item| match item.place {
            Place::Kept(statement) | Place::Carried(statement) => Some((item.file, statement, item.kind())),
            Place::Replaced { .. } | Place::Alone => None,
        });
    }

    /// Step 2: the same in the same definition, then in the same file. A statement that moved as a whole goes
    /// before one that was edited around the finding.
    fn pair_moved(&mut self) {
        let moved = |item: &Item<'a>| item.may_have_moved().then_some((item.file, item.kind()));
        self.pair_equal(|item| Some((moved(item)?, item.definition.path, item.statement())));
        self.pair_equal(|item| Some((moved(item)?, item.definition.path)));
        self.pair_equal(|item| Some((moved(item)?, item.statement())));
        self.pair_equal(moved);
    }

    /// Step 3: the same in another file, in a definition with the same statements, whatever its name; with the
    /// same name and at least half of the statements; or with almost all of them.
    fn pair_across(&mut self, stricter: Stricter<'_>) {
        let bodies = Bodies::default();
        let body = |item: &Item<'a>| bodies.of(item.outline, item.definition);
        let likelihood = |old: &Item<'a>, new: &Item<'a>| resemblance(&body(old), &body(new));
        self.pair_likely(|item| (item.kind(), number(body(item))), RECOGNISABLE, stricter, likelihood);
        self.pair_likely(|item| (item.kind(), item.definition.name), RECOGNISABLE, stricter, likelihood);
        self.pair_likely(Item::kind, UNMISTAKABLE, stricter, likelihood);
    }

    /// Pairs each new finding with the likeliest of the first old ones in other files that have the same key.
    fn pair_likely<K: Hash + Eq>(
        &mut self,
        key: impl Fn(&Item<'a>) -> K,
        at_least: usize,
        stricter: Stricter<'_>,
        likelihood: impl Fn(&Item<'a>, &Item<'a>) -> usize,
    ) {
        let mut open: FxHashMap<K, VecDeque<usize>> = FxHashMap::default();
        for old in unpaired(&self.old) {
            open.entry(key(&self.old[old])).or_default().push_back(old);
        }
        for index in unpaired(&self.new) {
            let new = &self.new[index];
            let Some(candidates) = open.get_mut(&key(new)) else { continue };
            let likely = candidates.iter().take(MOST_CANDIDATES).enumerate().filter_map(|(at, &old)| {
                let old = &self.old[old];
                let likelihood = likelihood(old, new);
                let may_be = old.file != new.file
                    && likelihood >= at_least
                    && !stricter(new.finding, old.path, new.path);
                may_be.then_some((likelihood, Reverse(at)))
            });
            let found = likely.max().and_then(|(_, Reverse(at))| candidates.remove(at));
            if let Some(old) = found {
                self.pair(old, index, false);
            }
        }
    }

    /// Step 4: the same check where the code was edited: in the same place and definition, in the same place,
    /// in the same definition.
    fn pair_edited(&mut self) {
        let check = |item: &Item<'a>| (item.file, item.finding.check.id, item.finding.trace.secret);
        self.pair_similar(0, |item| Some((item.edited_part()?, item.definition.path, check(item))));
        self.pair_similar(RECOGNISABLE, |item| Some((item.edited_hunk()?, check(item))));
        self.pair_similar(RECOGNISABLE, |item| Some((item.edited_definition()?, check(item))));
    }

    /// Pairs what has the same key, the most similar first.
    fn pair_similar<K: Hash + Eq>(&mut self, at_least: usize, key: impl Fn(&Item<'a>) -> Option<K>) {
        let mut groups: FxHashMap<K, (Vec<usize>, Vec<usize>)> = FxHashMap::default();
        for old in unpaired(&self.old) {
            if let Some(key) = key(&self.old[old]) {
                groups.entry(key).or_default().0.push(old);
            }
        }
        for new in unpaired(&self.new) {
            if let Some(group) = key(&self.new[new]).and_then(|key| groups.get_mut(&key)) {
                group.1.push(new);
            }
        }
        for (old, new) in groups.values() {
            for (old, new) in old.chunks(MOST_COMPARED).zip(new.chunks(MOST_COMPARED)) {
                self.pair_most_similar(old, new, at_least);
            }
        }
    }

    fn pair_most_similar(&mut self, old: &[usize], new: &[usize], at_least: usize) {
        let words = |item: &Item<'a>| sorted(&item.finding.trace.words);
        let old_words: Vec<_> = old.iter().map(|&old| words(&self.old[old])).collect();
        let new_words: Vec<_> = new.iter().map(|&new| words(&self.new[new])).collect();
        let mut likely = Vec::new();
        for (i, old) in old.iter().enumerate() {
            for (j, new) in new.iter().enumerate() {
                let likelihood = resemblance(&old_words[i], &new_words[j]);
                if likelihood >= at_least {
                    likely.push((Reverse(likelihood), i.abs_diff(j), *old, *new));
                }
            }
        }
        likely.sort_unstable();
        for (_, _, old, new) in likely {
            if self.old[old].partner.is_none() && self.new[new].partner.is_none() {
                self.pair(old, new, true);
            }
        }
    }

    fn comparison(&self, files: usize, stricter: Stricter<'_>) -> Against<'a> {
        let mut states: Vec<Vec<Relation>> = (0..files).map(|_| Vec::new()).collect();
        for new in &self.new {
            let state = self.state(new, stricter);
            let is_at_base = new.partner.is_some_and(|partner| !self.old[partner.index].mended);
            let stays = new.untouched && is_at_base && state == State::Unchanged { moved_from: None };
            states[new.file].push(Relation { state, stays });
        }
        let gone = self.old.iter().filter(|old| old.partner.is_none() && !old.justified);
        let gone = gone.map(|old| Gone { file: old.file, path: old.path, finding: old.finding });
        Against { states, gone: gone.collect() }
    }

    fn state(&self, new: &Item<'a>, stricter: Stricter<'_>) -> State {
        let Some(Partner { index, edited }) = new.partner else { return State::New };
        let old = &self.old[index];
        let moved = old.path != new.path;
        // On a line that the change leaves alone a merge takes what the base made of it.
        if old.mended && (moved || !new.untouched) {
            return State::New;
        }
        if old.justified && !new.justified || moved && stricter(new.finding, old.path, new.path) {
            return State::New;
        }
        let (before, now) = (old.finding, new.finding);
        if now.severity > before.severity || now.confidence > before.confidence {
            State::Updated { risen: true }
        } else if edited || now.trace.name != before.trace.name {
            State::Updated { risen: false }
        } else {
            State::Unchanged { moved_from: moved.then(|| old.path.clone()) }
        }
    }
}

fn is_set(flags: &[bool], index: usize) -> bool {
    flags.get(index).is_some_and(|flag| *flag)
}

fn unpaired(items: &[Item<'_>]) -> Vec<usize> {
    (0..items.len()).filter(|&index| items[index].partner.is_none()).collect()
}

/// The findings of a file; `places` are those of its statements, if there is another version.
fn items<'a>(file: usize, side: &Side<'a>, places: &[Place]) -> impl Iterator<Item = Item<'a>> {
    side.findings.iter().map(move |candidate| {
        let statement = candidate.finding.trace.statement;
        Item {
            finding: candidate.finding,
            justified: candidate.justified,
            mended: false,
            untouched: false,
            path: side.path,
            file,
            outline: side.outline,
            definition: side.outline.definition_of(statement).unwrap_or(&NOWHERE),
            place: places.get(statement as usize).copied().unwrap_or(Place::Alone),
            partner: None,
        }
    })
}

/// The definition of what stands in none.
static NOWHERE: Definition = Definition { name: 0, path: 0, body: 0..0 };
