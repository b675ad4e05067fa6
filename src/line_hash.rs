//! GitHub's rolling hash of lines, `primaryLocationLineHash`, by which code scanning follows an alert from
//! one commit to the next.
//!
//! Source: `src/fingerprints.ts` of github/codeql-action, and the rewrite of Microsoft's SARIF validator, which
//! the tests compare with.

use std::fmt;

use rustc_hash::FxHashMap;

/// How many code units of a text, from the start of a line, take part in the line's hash.
const WINDOW: usize = 100;
const FACTOR: u64 = 37;
const TAB: u16 = 0x09;
const SPACE: u16 = 0x20;
const LF: u16 = 0x0a;
const CR: u16 = 0x0d;
const END: u16 = 0xffff;

/// The hash of a line with the count of its occurrence so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineHash {
    hash: u64,
    count: u32,
}

/// As GitHub writes it: `243cbaa4685aab12:1`.
impl fmt::Display for LineHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}:{}", self.hash, self.count)
    }
}

/// The hash of every line of a file. Line 1 is at index 0. Lines end as the algorithm has it: at CR LF, LF and lone CR.
pub fn line_hashes(bytes: &[u8]) -> Vec<LineHash> {
    let (units, starts) = units(&String::from_utf8_lossy(bytes));
    let out_factor = (0..WINDOW).fold(1, |power: u64, _| power.wrapping_mul(FACTOR));
    let mut counts = FxHashMap::default();
    let mut count = |hash| {
        let count = counts.entry(hash).or_insert(0);
        *count += 1;
        LineHash { hash, count: *count }
    };
    let mut hash = 0_u64;
    let mut hashes = Vec::with_capacity(starts.len());
    let mut starts = starts.into_iter().peekable();
    for (at, unit) in units.iter().enumerate() {
        let leaving = at.checked_sub(WINDOW).map_or(0, |left| u64::from(units[left]));
        let entering = hash.wrapping_mul(FACTOR).wrapping_add(u64::from(*unit));
        hash = entering.wrapping_sub(out_factor.wrapping_mul(leaving));
        if starts.next_if(|start| start + WINDOW == at + 1).is_some() {
            hashes.push(count(hash));
        }
    }
    hashes
}

/// The code units that take part, with as many behind the last as a window has; and where lines start among them.
fn units(text: &str) -> (Vec<u16>, Vec<usize>) {
    let mut units = Vec::with_capacity(text.len() + WINDOW + 1);
    let mut starts = vec![0];
    let mut previous_cr = false;
    for unit in text.encode_utf16() {
        if matches!(unit, SPACE | TAB) || unit == LF && previous_cr {
            previous_cr = false;
            continue;
        }
        previous_cr = unit == CR;
        units.push(if unit == CR { LF } else { unit });
        if matches!(unit, LF | CR) {
            starts.push(units.len());
        }
    }
    units.push(END);
    units.resize(units.len() + WINDOW, 0);
    (units, starts)
}

#[cfg(test)]
mod tests {
    fn line_hashes(bytes: &[u8]) -> Vec<String> {
        super::line_hashes(bytes).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn equals_the_published_vectors() {
        assert_eq!(line_hashes(b""), ["c129715d7a2bc9a3:1"]);
        assert_eq!(line_hashes(b"a\n"), ["243cbaa4685aab12:1", "c129715d7a2bc9a3:1"]);
    }

    #[test]
    fn counts_lines_that_hash_alike() {
        let text = "x\n".repeat(300);
        let hashes = line_hashes(text.as_bytes());
        assert_eq!(hashes.len(), 301);
        assert!(hashes[1].ends_with(":2"), "{}", hashes[1]);
        assert_eq!(hashes[0].split(':').next(), hashes[1].split(':').next());
    }
}
