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
    let text = String::from_utf8_lossy(bytes);
    let mut window = Window::new();
    let mut previous_cr = false;
    for unit in text.encode_utf16() {
        if matches!(unit, SPACE | TAB) || unit == LF && previous_cr {
            previous_cr = false;
            continue;
        }
        previous_cr = unit == CR;
        window.push(if unit == CR { LF } else { unit });
    }
    window.push(END);
    for _ in 0..WINDOW {
        window.push(0);
    }
    window.finish()
}

struct Window {
    /// The last units, a ring.
    units: [u16; WINDOW],
    at: usize,
    hash: u64,
    /// For each place in the ring the line that starts there, if one does.
    starts: [Option<usize>; WINDOW],
    next_starts_line: bool,
    lines: usize,
    /// 37 to the power of the window's length.
    out_factor: u64,
    hashes: Vec<LineHash>,
    counts: FxHashMap<u64, u32>,
}

impl Window {
    fn new() -> Self {
        Window {
            units: [0; WINDOW],
            at: 0,
            hash: 0,
            starts: [None; WINDOW],
            next_starts_line: true,
            lines: 0,
            out_factor: (0..WINDOW).fold(1, |power: u64, _| power.wrapping_mul(FACTOR)),
            hashes: Vec::new(),
            counts: FxHashMap::default(),
        }
    }

    fn push(&mut self, unit: u16) {
        if let Some(line) = self.starts[self.at].take() {
            self.emit(line);
        }
        if self.next_starts_line {
            self.next_starts_line = false;
            self.starts[self.at] = Some(self.lines);
            self.lines += 1;
        }
        self.next_starts_line |= unit == LF;
        let leaving = u64::from(std::mem::replace(&mut self.units[self.at], unit));
        self.hash = self
            .hash
            .wrapping_mul(FACTOR)
            .wrapping_add(u64::from(unit))
            .wrapping_sub(self.out_factor.wrapping_mul(leaving));
        self.at = (self.at + 1) % WINDOW;
    }

    fn emit(&mut self, line: usize) {
        let count = self.counts.entry(self.hash).or_insert(0);
        *count += 1;
        debug_assert_eq!(line, self.hashes.len());
        self.hashes.push(LineHash { hash: self.hash, count: *count });
    }

    fn finish(self) -> Vec<LineHash> {
        self.hashes
    }
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
