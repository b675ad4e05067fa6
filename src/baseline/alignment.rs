//! Which statement of one version of a file is which statement of the other.

use rustc_hash::FxHashMap;

use crate::change_set::{Hunk, sequence_map};
use crate::python::Outline;

/// Where a statement is in the other version. What is in the same place has the same value on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// It is this statement of the base side, by index.
    Kept(u32),
    /// It is this statement of the base side, but in another definition.
    Carried(u32),
    /// It is one of those that were replaced.
    Replaced {
        /// In this hunk of the difference between the files.
        hunk: u32,
        /// In this part of it, or of the difference between the versions of a definition.
        part: u32,
    },
    /// There is no other version to compare with.
    Alone,
}

/// The places of the statements of both versions of a file.
///
/// Statements are compared by their syntax: what is only indented, wrapped or commented stays in its place.
#[derive(Debug, Default)]
pub struct Alignment {
    pub old: Vec<Place>,
    pub new: Vec<Place>,
    parts: u32,
}

impl Alignment {
    pub fn of(old: &Outline, new: &Outline) -> Self {
        let all = |outline: &Outline| -> Vec<u32> { (0..outline.statements.len() as u32).collect() };
        let mut alignment = Alignment {
            old: vec![Place::Alone; old.statements.len()],
            new: vec![Place::Alone; new.statements.len()],
            parts: 0,
        };
        alignment.compare((old, &all(old)), (new, &all(new)));
        alignment.compare_definitions(old, new);
        alignment
    }

    /// A definition that changed places with another one is not kept by the difference between the files. So
    /// the versions of each definition are compared too.
    fn compare_definitions(&mut self, old: &Outline, new: &Outline) {
        let mut definitions: FxHashMap<u64, (Vec<u32>, Vec<u32>)> = FxHashMap::default();
        for (statement, path) in paths(old) {
            definitions.entry(path).or_default().0.push(statement);
        }
        for (statement, path) in paths(new) {
            definitions.entry(path).or_default().1.push(statement);
        }
        for (old_statements, new_statements) in definitions.values() {
            let is_replaced = |places: &[Place], index: &u32| places[*index as usize].is_replaced();
            let in_question = old_statements.iter().any(|index| is_replaced(&self.old, index))
                && new_statements.iter().any(|index| is_replaced(&self.new, index));
            if in_question {
                self.compare((old, old_statements), (new, new_statements));
            }
        }
    }

    /// Compares some statements of both sides, which are given by their indices. What is known to be kept
    /// stays so.
    fn compare(&mut self, old: (&Outline, &[u32]), new: (&Outline, &[u32])) {
        let syntax = |(outline, statements): (&Outline, &[u32])| -> Vec<u64> {
            statements.iter().map(|&index| outline.statements[index as usize].syntax).collect()
        };
        let end = |statements: &[u32]| statements.len() as u32..statements.len() as u32;
        let end = Hunk { old: end(old.1), new: end(new.1) };
        let (mut old_at, mut new_at) = (0, 0);
        for hunk in sequence_map(&syntax(old), &syntax(new)).into_iter().chain([end]) {
            let kept = old_at..hunk.old.start as usize;
            for (&old_index, &new_index) in old.1[kept].iter().zip(&new.1[new_at..]) {
                self.keep((old.0, old_index), (new.0, new_index));
            }
            (old_at, new_at) = (hunk.old.end as usize, hunk.new.end as usize);
            for &index in &old.1[hunk.old.start as usize..old_at] {
                self.old[index as usize].replace(self.parts);
            }
            for &index in &new.1[hunk.new.start as usize..new_at] {
                self.new[index as usize].replace(self.parts);
            }
            self.parts += 1;
        }
    }

    fn keep(&mut self, (old, old_index): (&Outline, u32), (new, new_index): (&Outline, u32)) {
        let (old_place, new_place) = (&mut self.old[old_index as usize], &mut self.new[new_index as usize]);
        if old_place.is_kept() || new_place.is_kept() {
            return;
        }
        let path = |outline: &Outline, index| outline.definition_of(index).map(|it| it.path);
        let is_in_same_definition = path(old, old_index) == path(new, new_index);
        let place = if is_in_same_definition { Place::Kept } else { Place::Carried }(old_index);
        (*old_place, *new_place) = (place, place);
    }
}

impl Place {
    fn is_kept(self) -> bool {
        matches!(self, Place::Kept(_) | Place::Carried(_))
    }

    fn is_replaced(self) -> bool {
        matches!(self, Place::Replaced { .. })
    }

    /// Notes in which part a statement is replaced, if it is.
    fn replace(&mut self, part: u32) {
        match self {
            Place::Replaced { part: old, .. } => *old = part,
            Place::Alone => *self = Place::Replaced { hunk: part, part },
            Place::Kept(_) | Place::Carried(_) => {}
        }
    }
}

/// All statements with the paths of their definitions.
fn paths(outline: &Outline) -> impl Iterator<Item = (u32, u64)> {
    (0..outline.statements.len() as u32).filter_map(|index| Some((index, outline.definition_of(index)?.path)))
}
