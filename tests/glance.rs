//! What a glance at an expression rules out, following it would not have found either.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use mergegate::python::{Exposure, Module, SourceFile, last_word};

#[path = "support/files.rs"]
mod files;

/// How many names there are that some expression of a file refers to.
fn look(path: &Path) -> usize {
    let Ok(file) = SourceFile::read(&fs::read(path).unwrap()) else { return 0 };
    let Some(module) = Module::of(&file) else { return 0 };
    let mut count = 0;
    for (_, node) in module.tree().nodes() {
        let Some(expr) = module.expr(node) else { continue };
        let value = module.value(expr);
        for name in module.names().qualified(value) {
            let wanted = last_word(&name);
            // Annotations in quotes, and `getattr` with any text, can name what is no name.
            if !wanted.0.chars().all(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let found = module.names().may_be(value, &|word, is_result| (word, is_result) == wanted);
            let code = &file.text()[ruff_text_size::Ranged::range(expr)];
            assert!(found, "{}: `{code}` is `{name}`", path.display());
            count += 1;
        }
    }
    count
}

/// `MERGEGATE_FOLDER` names a folder of other files to look at.
fn python_files() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/python");
    let folder = std::env::var_os("MERGEGATE_FOLDER").map_or(fixtures, PathBuf::from);
    files::with_ending(&folder, "py")
}

/// Whether something in a file comes from a request, and whether that may be.
fn requests(path: &Path) -> Option<(bool, bool)> {
    let file = SourceFile::read(&fs::read(path).unwrap()).ok()?;
    let module = Module::of(&file)?;
    let names = module.names();
    let mut expressions = module.tree().nodes().filter_map(|(_, node)| module.expr(node));
    let found = expressions.any(|expr| names.exposure(module.value(expr)) == Exposure::Request);
    Some((found, names.may_hold_request()))
}

#[test]
fn nothing_comes_from_a_request_where_that_is_ruled_out() {
    let files = python_files();
    let mut with_requests = 0;
    for path in &files {
        let Some((found, may)) = requests(path) else { continue };
        assert!(may || !found, "{}", path.display());
        with_requests += usize::from(found);
    }
    assert!(with_requests > 5, "{with_requests} of {} files", files.len());
}

#[test]
fn requests_are_ruled_out_where_nothing_tells_of_any() {
    for (code, may) in [
        ("def f(path):\n    return open(path)\n", false),
        ("from flask import request as r\n", true),
        ("def f(m):\n    return vars(m)['fl' + 'ask']\n", true),
        ("@app.get('/<name>')\ndef f(name): ...\n", true),
    ] {
        let file = SourceFile::read(code.as_bytes()).unwrap();
        assert_eq!(Module::of(&file).unwrap().names().may_hold_request(), may, "{code}");
    }
}

#[test]
fn nothing_is_ruled_out_that_an_expression_refers_to() {
    let files = python_files();
    let names: usize = files.iter().map(|path| look(path)).sum();
    assert!(names > 1_000, "{names} names in {} files", files.len());
}

#[test]
fn a_glance_rules_out_most_names() {
    let file =
        SourceFile::read(b"from m import f\ndef g(x):\n    y = f(x)\n    return x, y, f, g\n").unwrap();
    let module = Module::of(&file).unwrap();
    let may_be = |wanted: &str| {
        let nodes = module.tree().nodes().filter_map(|(_, node)| module.expr(node));
        let names = nodes.filter(|expr| expr.is_name_expr());
        let seen = names.filter(|expr| module.names().may_be(module.value(expr), &|word, _| word == wanted));
        seen.count()
    };
    assert_eq!(may_be("system"), 0);
    assert!(may_be("f") > 0);
}
