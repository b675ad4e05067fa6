//! Any bytes, as a notebook and as a path configuration file; any text, as the code of a notebook.

use mergegate::analysis::Analysis;
use mergegate::path::FilePath;
use serde_json::{Value, json};

use super::{ANALYSER, expect_consistent, told};

/// What is no notebook is not passed over, every place is in the file, and code is the same in a notebook as in a file.
pub fn hold(bytes: &[u8]) {
    expect_in_file("a.pth", bytes);
    let analysis = expect_in_file("a.ipynb", bytes);
    if serde_json::from_slice::<Value>(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).is_err() {
        assert!(analysis.problem.is_some(), "it is no JSON, and nobody is told");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        expect_same_as_python(text);
    }
}

fn analyse(path: &str, bytes: &[u8]) -> Analysis {
    let analysis = ANALYSER.analyse(&FilePath::from_bytes(path), bytes);
    expect_consistent(&analysis);
    analysis
}

fn expect_in_file(path: &str, bytes: &[u8]) -> Analysis {
    let analysis = analyse(path, bytes);
    let lines = bytes.split(|&byte| byte == b'\n').count() as u32;
    let of_findings = analysis.findings.iter().flat_map(|it| [it.region.end, it.statement.end]);
    let of_suppressions = analysis.suppressions.iter().map(|it| it.region.end);
    let of_problem = analysis.problem.iter().filter_map(|it| it.at);
    for place in of_findings.chain(of_suppressions).chain(of_problem) {
        assert!(place.line <= lines, "{place:?} in {lines} lines");
    }
    if path.ends_with(".ipynb") {
        assert!(analysis.findings.iter().all(|it| it.cell.is_some()), "a finding is in no cell");
    }
    analysis
}

/// What IPython understands besides Python, and what ends a line for Python but not for a notebook.
const OF_IPYTHON: [char; 5] = ['%', '!', '?', '\r', '\0'];

fn expect_same_as_python(text: &str) {
    // The text of a notebook has the encoding of JSON, whatever a comment says.
    let names_encoding = text.lines().take(2).any(|line| line.contains("coding"));
    if text.contains(OF_IPYTHON) || text.starts_with('\u{feff}') || names_encoding {
        return;
    }
    let python = analyse("a.py", text.as_bytes());
    if python.problem.is_some() {
        return;
    }
    let notebook = json!({
        "nbformat": 4,
        "cells": [{ "cell_type": "markdown", "source": text }, { "cell_type": "code", "source": text }],
    });
    let notebook = expect_in_file("a.ipynb", notebook.to_string().as_bytes());
    assert_eq!(notebook.problem, None);
    let of = |analysis: &Analysis| -> Vec<_> {
        let lines = analysis.findings.iter().map(|it| it.line());
        let told = told(analysis)
            .into_iter()
            .map(|(check, _, normalized, syntax)| (check, normalized.to_owned(), syntax));
        told.zip(lines).collect()
    };
    assert_eq!(of(&notebook), of(&python));
    assert_eq!(notebook.covered_by, python.covered_by);
}
