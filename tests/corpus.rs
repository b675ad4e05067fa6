//! Every line of `fixtures/python/**` marked `# expect: id` has that finding, and no other line has any.
//!
//! `# expect: a, b` expects two findings of the line; `# expect-next: a` and `# expect-previous: a` speak about
//! a line that cannot hold a comment.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mergegate::check::Severity;
use mergegate::checks;
use mergegate::python::SourceFile;
use mergegate::scan::Scanner;

fn python_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            python_files(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "py") {
            out.push(path);
        }
    }
}

type Marks = BTreeMap<u32, Vec<String>>;

fn expected(text: &str) -> Marks {
    let mut marks = Marks::new();
    for (line, text) in (1..).zip(text.split('\n')) {
        for (marker, line) in
            [("# expect: ", line), ("# expect-next: ", line + 1), ("# expect-previous: ", line - 1)]
        {
            if let Some((_, ids)) = text.split_once(marker) {
                marks.entry(line).or_default().extend(ids.split(',').map(|id| id.trim().to_owned()));
            }
        }
    }
    marks.values_mut().for_each(|ids| ids.sort());
    marks
}

#[test]
fn findings_equal_the_marks_in_the_fixtures() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/python");
    let mut files = Vec::new();
    python_files(&root, &mut files);
    files.sort();
    assert!(!files.is_empty());
    // Notices are no findings one would mark in every file that imports something.
    let scanner = Scanner::new(checks::all().filter(|check| check.severity > Severity::Info));
    let mut wrong = Vec::new();
    for path in files {
        let bytes = fs::read(&path).unwrap();
        let file = SourceFile::read(&bytes)
            .unwrap_or_else(|problem| panic!("{}: {}", path.display(), problem.reason));
        let mut found = Marks::new();
        for finding in scanner.scan(&file, &bytes).findings {
            found.entry(finding.region.start.line).or_default().push(finding.check.id.to_owned());
        }
        found.values_mut().for_each(|ids| ids.sort());
        let expected = expected(file.text());
        let lines: std::collections::BTreeSet<u32> = expected.keys().chain(found.keys()).copied().collect();
        let none = Vec::new();
        for line in lines {
            let (expected, found) = (expected.get(&line).unwrap_or(&none), found.get(&line).unwrap_or(&none));
            if expected != found {
                let shown = path.strip_prefix(&root).unwrap().display();
                wrong.push(format!(
                    "{shown}:{line}: expected {expected:?}, found {found:?}: {}",
                    file.line(line).trim()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
