//! How much two definitions, or two pieces of syntax, have in common.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::python::{Definition, Outline};

/// A longer definition is known by its first statements.
const MOST_STATEMENTS: usize = 500;

/// How much two lists have in common, in thousandths of their size, whatever the order. Both are sorted.
pub fn resemblance(one: &[u64], other: &[u64]) -> usize {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while let (Some(a), Some(b)) = (one.get(i), other.get(j)) {
        common += usize::from(a == b);
        i += usize::from(a <= b);
        j += usize::from(b <= a);
    }
    (2000 * common).checked_div(one.len() + other.len()).unwrap_or(0)
}

/// A list sorted for [`resemblance`].
pub fn sorted(list: &[u64]) -> Vec<u64> {
    let mut list = list.to_vec();
    list.sort_unstable();
    list
}

/// The statements of definitions, sorted, each taken once.
#[derive(Debug, Default)]
pub struct Bodies(RefCell<FxHashMap<*const Definition, Rc<[u64]>>>);

impl Bodies {
    pub fn of(&self, outline: &Outline, definition: &Definition) -> Rc<[u64]> {
        let body = || {
            let range = definition.body.start as usize..definition.body.end as usize;
            let statements = outline.statements.get(range).unwrap_or_default();
            let syntax: Vec<u64> = statements.iter().take(MOST_STATEMENTS).map(|it| it.syntax).collect();
            sorted(&syntax).into()
        };
        let mut known = self.0.borrow_mut();
        Rc::clone(known.entry(std::ptr::from_ref(definition)).or_insert_with(body))
    }
}
