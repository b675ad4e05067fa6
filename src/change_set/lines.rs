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

/// More lines of both versions together are not compared line by line: with two lines that take turns the time
/// grows with the square (0.06 seconds at this number, ten at 900,000).
const MOST_LINES: usize = 50_000;

/// Compares two versions line by line. The hunks are in order and do not touch; every line outside them is
/// the same in both. Where very much differs, it is all one hunk. The bytes are taken as they are:
/// `.gitattributes` belong to the author of the change.
pub fn line_map(old: &[u8], new: &[u8]) -> Vec<Hunk> {
    let (start, old, new) = differing(old, new);
    let (old_lines, new_lines) = (count(old), count(new));
    if old_lines + new_lines > MOST_LINES {
        let range = |lines: usize| start as u32..(start + lines) as u32;
        return vec![Hunk { old: range(old_lines), new: range(new_lines) }];
    }
    let input = InternedInput::new(old, new);
    let shift = |lines: Range<u32>| lines.start + start as u32..lines.end + start as u32;
    diff_with_slider_heuristics(Algorithm::Histogram, &input)
        .hunks()
        .map(|hunk| Hunk { old: shift(hunk.before), new: shift(hunk.after) })
        .collect()
}

/// What is left of both versions, and behind how many lines, without the lines that both begin and end with. Of
/// small versions nothing is cut off, because hunks are better placed with the lines around them.
fn differing<'a>(old: &'a [u8], new: &'a [u8]) -> (usize, &'a [u8], &'a [u8]) {
    if count(old) + count(new) <= MOST_LINES {
        return (0, old, new);
    }
    let lines = |text: &'a [u8]| text.split_inclusive(|&byte| byte == b'\n');
    let same = |(old, new): &(&[u8], &[u8])| old == new;
    let (start, bytes) = lines(old)
        .zip(lines(new))
        .take_while(same)
        .fold((0, 0), |(count, bytes), (line, _)| (count + 1, bytes + line.len()));
    let (old, new) = (&old[bytes..], &new[bytes..]);
    let end =
        lines(old).rev().zip(lines(new).rev()).take_while(same).map(|(line, _)| line.len()).sum::<usize>();
    (start, &old[..old.len() - end], &new[..new.len() - end])
}

fn count(text: &[u8]) -> usize {
    text.split_inclusive(|&byte| byte == b'\n').count()
}
