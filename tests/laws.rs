//! What must hold of any input (`fuzz/laws`), tried on the corpus of the fuzz targets and on what proptest makes of it.
//!
//! `PROPTEST_CASES=10000 cargo test --test laws` tries more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;

#[path = "../fuzz/laws/mod.rs"]
mod laws;

fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn hold_of_the_corpus() {
    let mut broken = Vec::new();
    for (target, hold) in laws::ALL {
        let files = corpus(target);
        assert!(files.len() >= 20, "{target} has {} files", files.len());
        broken.extend(files.into_iter().filter(|file| {
            let bytes = fs::read(file).unwrap();
            catch_unwind(|| hold(&bytes)).is_err()
        }));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// What is put into a text to break it.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "'''",
    "f'{",
    "\\",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\x0c",
    "\0",
    " ",
    "#",
    ":",
    ";",
    ",",
    "=",
    "@",
    "*",
    "**",
    "->",
    "-",
    "&a",
    "*a",
    "|",
    ">",
    "é",
    "𝕖val",
    "\u{202e}",
    "\u{2028}",
    "\u{feff}",
    "ﬁ",
    "\x1b[2J",
    "::error::",
    "</a>",
    "eval(x)",
    "import os\n",
    "os.system(a)",
    "from os import *\n",
    "x = eval\n",
    "def f(a):\n    ",
    "class A(B):\n    ",
    "if a:\n    ",
    "else:\n    ",
    "lambda a: ",
    "await ",
    "yield ",
    "for a in b",
    "# mergegate: allow[eval] the text is ours",
    "allow[os-system] it is ours",
    "# nosec B307",
    "# noqa: S307",
    "until=2027-01-01",
    "%run x\n",
    "!ls\n",
    "{\"cells\": [",
    "\"source\": [\"",
    "extends: strict\n",
    "rules:\n  - ",
    "select: ",
    "action: ",
    "- ",
    "{a: b}",
];

/// A file of the corpus after some edits.
#[derive(Debug, Clone)]
struct Damaged {
    target: Index,
    file: Index,
    edits: Vec<(Index, usize, Vec<u8>)>,
}

fn damaged() -> impl Strategy<Value = Damaged> {
    let piece = prop_oneof![
        4 => prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    let edits = prop::collection::vec((any::<Index>(), 0..12_usize, piece), 1..5);
    (any::<Index>(), any::<Index>(), edits).prop_map(|(target, file, edits)| Damaged { target, file, edits })
}

impl Damaged {
    fn bytes(&self, target: &str) -> Vec<u8> {
        let mut bytes = fs::read(self.file.get(&corpus(target))).unwrap();
        for (at, length, piece) in &self.edits {
            let at = at.index(bytes.len() + 1);
            let end = bytes.len().min(at + length);
            bytes.splice(at..end, piece.iter().copied());
        }
        bytes
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn hold_of_what_is_like_the_corpus(damaged in damaged()) {
        let (target, hold) = damaged.target.get(&laws::ALL);
        hold(&damaged.bytes(target));
    }

    #[test]
    fn hold_of_any_bytes(law in any::<Index>(), bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        law.get(&laws::ALL).1(&bytes);
    }

    #[test]
    fn hold_of_anything_like_a_text(law in any::<Index>(), pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30)) {
        law.get(&laws::ALL).1(pieces.concat().as_bytes());
    }
}
