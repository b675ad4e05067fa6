//! Who may import whom: the order of the rooms and the fences around outside crates.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::fs;
use std::path::{Path, PathBuf};

/// A room imports only from rooms before it.
const ROOMS: &[&str] = &[
    "escape",
    "path",
    "line_hash",
    "finding",
    "python",
    "check",
    "checks",
    "policy",
    "selection",
    "change_set",
    "surroundings",
    "scan",
    "suppression",
    "baseline",
    "verdict",
    "terminal",
    "markdown",
    "explain",
    "report",
    "ci",
    "analysis",
    "failure",
    "output",
    "gate",
    "tree_scan",
    "policy_source",
    "audit",
    "suppress",
    "demo",
    "cli",
    "run",
    "main",
];

/// Rooms that need each other by design: a check asks questions that `python` answers with the words of `check`,
/// and what it finds is placed in the file.
const TOGETHER: &[(&str, &str)] =
    &[("python", "check"), ("finding", "check"), ("finding", "python"), ("python", "finding")];

/// Outside crates and the only rooms that may name them.
const FENCES: &[(&str, &[&str])] = &[
    ("gix", &["change_set"]),
    ("ruff_python_ast", &["python", "check", "checks", "scan"]),
    ("ruff_python_parser", &["python", "check", "checks", "scan"]),
    ("ruff_text_size", &["python", "check", "checks", "scan"]),
    ("clap", &["cli", "main"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("serde_sarif", &["report"]),
    ("miette", &["policy"]),
    ("globset", &["policy"]),
];

#[path = "support/files.rs"]
mod files;

/// The room of a source file, and the code in it without its comments and its own tests.
fn rooms() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = files::with_ending(&root, "rs");
    let room = |path: PathBuf| {
        let inside = path.strip_prefix(&root).unwrap();
        let room = inside
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap()
            .trim_end_matches(".rs")
            .to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let code: String = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .map(|line| format!("{line}\n"))
            .collect();
        (room, path, code)
    };
    files.into_iter().map(room).filter(|(room, ..)| room != "lib").collect()
}

fn names(code: &str, word: &str) -> bool {
    let at_word = |at: usize| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
    code.match_indices(&format!("{word}::")).any(|(at, _)| at_word(at))
}

#[test]
fn every_room_stands_in_the_order() {
    for (room, path, _) in rooms() {
        assert!(
            ROOMS.contains(&room.as_str()),
            "{}: add {room} to the order in tests/layers.rs and lib.rs",
            path.display()
        );
    }
}

#[test]
fn a_room_imports_only_from_rooms_before_it() {
    let place = |room: &str| ROOMS.iter().position(|known| *known == room).unwrap();
    let mut wrong = Vec::new();
    for (room, path, code) in rooms() {
        for other in ROOMS.iter().filter(|other| place(other) > place(&room)) {
            let imports =
                code.contains(&format!("crate::{other}::")) || code.contains(&format!("crate::{other};"));
            if imports && !TOGETHER.contains(&(room.as_str(), other)) {
                wrong.push(format!("{} imports from {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn outside_crates_stay_behind_their_fences() {
    let mut wrong = Vec::new();
    for (room, path, code) in rooms() {
        for (outside, allowed) in FENCES {
            if names(&code, outside) && !allowed.contains(&room.as_str()) {
                wrong.push(format!("{} uses {outside}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
