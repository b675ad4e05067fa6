//! The same change gives the same bytes in every format, whatever the machine is set to.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::fs;
use std::path::Path;
use std::process::Command;

#[path = "support/mod.rs"]
mod support;

#[path = "support/files.rs"]
mod files;

use mergegate::report::Format;
use support::TestRepo;

/// A change of many files with findings of all kinds, some of which were there before.
fn change() -> TestRepo {
    let repo = TestRepo::new();
    let policy = "version: 1\nextends: strict\nsuppressions:\n  markers: [mergegate, nosec]\n";
    let mut base = vec![(".mergegate.yml".to_owned(), policy.to_owned())];
    let mut head = base.clone();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/python");
    for (number, file) in files::with_ending(&fixtures, "py").iter().step_by(3).enumerate() {
        let Ok(text) = fs::read_to_string(file) else { continue };
        let path = format!("src/part{}/file{number}.py", number % 3);
        let justified = "eval(y)  # mergegate: allow[eval] y is ours until=2027-01-10\n";
        match number % 3 {
            0 => head.push((path, text)),
            1 => {
                base.push((path.clone(), text.clone()));
                head.push((path.replace("file", "moved"), format!("{text}\neval(x)\n{justified}")));
            }
            _ => {
                base.push((path.clone(), text.clone()));
                head.push((path, format!("import os\n{text}\nos.system(x)\n# mergegate: alow[eval] x\n")));
            }
        }
    }
    let notebook = r#"{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["eval(x)\n", "!ls\n"]}]}"#;
    head.push(("src/a.ipynb".to_owned(), notebook.to_owned()));
    head.push(("src/broken.py".to_owned(), "eval(x\n".to_owned()));
    repo.import("main", None, &base);
    repo.import("change", Some("main"), &head);
    repo.git(&["switch", "--quiet", "change"]);
    repo
}

/// What a run in this folder of the repository tells in every format, and on the terminal. These variables are in its
/// environment.
fn told(repo: &TestRepo, folder: &str, environment: &[(&str, &str)]) -> Vec<(String, String)> {
    let reports = tempfile::tempdir().unwrap();
    let file = |format: Format| reports.path().join(format.as_str());
    let outputs =
        Format::ALL.into_iter().map(|format| format!("--output={format}={}", file(format).display()));
    let output = Command::new(env!("CARGO_BIN_EXE_mergegate"))
        .args(["check", "--base", "main", "--head", "change"])
        .args(outputs)
        .current_dir(repo.file(folder))
        .env_clear()
        .envs([("LANG", "C.UTF-8"), ("COLUMNS", "90"), ("SOURCE_DATE_EPOCH", "1798761600")])
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert_eq!(support::code(&output), 1, "{}", support::stderr(&output));
    let read = |format| (Format::to_string(&format), fs::read_to_string(file(format)).unwrap());
    let shown = ("the terminal".to_owned(), support::stdout(&output));
    Format::ALL.into_iter().map(read).chain([shown]).collect()
}

#[test]
fn nothing_but_the_change_matters() {
    let repo = change();
    let expected = told(&repo, ".", &[]);
    for (format, text) in &expected {
        assert!(text.len() > 2_000, "{format}: {text}");
    }
    for (folder, environment) in [
        (".", vec![]),
        (".", vec![("RAYON_NUM_THREADS", "1")]),
        (".", vec![("RAYON_NUM_THREADS", "13")]),
        (".", vec![("LC_ALL", "tr_TR.UTF-8"), ("LANGUAGE", "de")]),
        (".", vec![("TZ", "Pacific/Kiritimati")]),
        (".", vec![("TZ", "Etc/GMT+12")]),
        ("src/part1", vec![]),
        (".", vec![("LC_ALL", "C")]),
    ] {
        let found = told(&repo, folder, &environment);
        for ((format, found), (_, expected)) in found.iter().zip(&expected) {
            // A terminal that shows nothing but ASCII is told in ASCII.
            let in_ascii = environment.contains(&("LC_ALL", "C"))
                && ["text", "the terminal"].contains(&format.as_str())
                && found.is_ascii();
            assert!(found == expected || in_ascii, "{format} in {folder} with {environment:?} differs");
        }
    }
}
