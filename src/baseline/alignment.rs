//! Which statement of one version of a file is which statement of the other.

use crate::change_set::{Hunk, sequence_map};
use crate::python::Outline;

/// Where a statement is in the other version. What is in the same place has the same value on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// It is this statement of the base side, by index.
    Kept(u32),
    /// It is this statement of the base side, but in another definition.
    Carried(u32),
    /// It is one of those that this hunk of the difference replaces.
    Replaced(u32),
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
}

impl Alignment {
    pub fn of(old: &Outline, new: &Outline) -> Self {
        let syntax = |outline: &Outline| -> Vec<u64> {
            outline.statements.iter().map(|statement| statement.syntax).collect()
        };
        let hunks = sequence_map(&syntax(old), &syntax(new));
        let end = |outline: &Outline| outline.statements.len() as u32..outline.statements.len() as u32;
        let mut alignment = Alignment::default();
        for (index, hunk) in (0..).zip(hunks.into_iter().chain([Hunk { old: end(old), new: end(new) }])) {
            for statement in alignment.old.len() as u32..hunk.old.start {
                let place = kept(statement, old, alignment.new.len() as u32, new);
                alignment.old.push(place);
                alignment.new.push(place);
            }
            alignment.old.extend(hunk.old.map(|_| Place::Replaced(index)));
            alignment.new.extend(hunk.new.map(|_| Place::Replaced(index)));
        }
        alignment
    }
}

fn kept(old_statement: u32, old: &Outline, new_statement: u32, new: &Outline) -> Place {
    let path = |outline: &Outline, statement| outline.definition_of(statement).map(|it| it.path);
    match path(old, old_statement) == path(new, new_statement) {
        true => Place::Kept(old_statement),
        false => Place::Carried(old_statement),
    }
}
