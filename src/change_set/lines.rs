//! The line difference between two versions of a file.

use std::ops::Range;

use gix::diff::blob::{Algorithm, InternedInput, diff_with_slider_heuristics};

/// Lines of the old version that became lines of the new one; either range may be empty. Lines are counted
/// from 0 and end at a line feed, as git counts them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    pub old: Range<u32>,
    pub new: Range<u32>,
}

/// Compares two versions line by line. The hunks are in order and do not touch; every line outside them is
/// the same in both. The bytes are taken as they are: `.gitattributes` belong to the author of the change.
pub fn line_map(old: &[u8], new: &[u8]) -> Vec<Hunk> {
    let input = InternedInput::new(old, new);
    diff_with_slider_heuristics(Algorithm::Histogram, &input)
        .hunks()
        .map(|hunk| Hunk { old: hunk.before, new: hunk.after })
        .collect()
}
