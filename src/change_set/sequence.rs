//! The difference between two sequences of anything that has numbers.

use std::ops::Range;

use gix::diff::blob::{Algorithm, Diff, InternedInput};

/// Entries of the old sequence that became entries of the new one; either range may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    pub old: Range<u32>,
    pub new: Range<u32>,
}

/// More entries of both sequences together are not compared one by one: with two numbers that take turns the
/// time grows with the square.
const MOST_ENTRIES: usize = 50_000;

/// Compares two sequences. The hunks are in order and do not touch; every entry outside them is the same in
/// both. Where very much differs, it is all one hunk.
pub fn sequence_map(old: &[u64], new: &[u64]) -> Vec<Hunk> {
    let start = common(old.iter(), new.iter());
    let end = common(old[start..].iter().rev(), new[start..].iter().rev());
    let (old_end, new_end) = (old.len() - end, new.len() - end);
    if old_end - start + new_end - start > MOST_ENTRIES {
        return vec![Hunk { old: start as u32..old_end as u32, new: start as u32..new_end as u32 }];
    }
    let mut input = InternedInput::default();
    input.update_before(old.iter().copied());
    input.update_after(new.iter().copied());
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_no_heuristic(&input);
    diff.hunks().map(|hunk| Hunk { old: hunk.before, new: hunk.after }).collect()
}

/// How many entries two sequences begin with in common.
fn common<'a>(old: impl Iterator<Item = &'a u64>, new: impl Iterator<Item = &'a u64>) -> usize {
    old.zip(new).take_while(|(old, new)| old == new).count()
}
