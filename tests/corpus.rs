//! Every line of `fixtures/python/**` marked `# expect: id` has that finding, and no other line has any.
//!
//! `# expect: a, b` expects two findings of the line, `# expect: a low` says how sure it must be; `# expect-next: a` and
//! `# expect-previous: a` speak about a line that cannot hold a comment.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mergegate::check::Severity;
use mergegate::checks;
use mergegate::python::SourceFile;
use mergegate::scan::Scanner;

#[path = "support/files.rs"]
mod files;

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

fn fixtures() -> Vec<PathBuf> {
    files::with_ending(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/python"), "py")
}

/// The corpus is what keeps the checks honest: it must not shrink by accident.
#[test]
fn the_corpus_has_enough_marks_and_enough_clean_look_alikes() {
    let (mut marked, mut clean) = (0, 0);
    for path in fixtures() {
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        marked += text.lines().filter(|line| line.contains("# expect")).count();
        if path.ends_with("look_alikes.py") {
            let says_something =
                |line: &&str| line.contains(['(', '=']) && !line.trim_start().starts_with("def ");
            clean += text.lines().filter(says_something).count();
        }
    }
    assert!(marked >= 500, "only {marked} lines are marked");
    assert!(clean >= 200, "only {clean} lines are clean look-alikes");
}

#[test]
fn findings_equal_the_marks_in_the_fixtures() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/python");
    // Notices are no findings one would mark in every file that imports something.
    let scanner = Scanner::new(checks::all().filter(|check| check.severity > Severity::Info));
    let mut wrong = Vec::new();
    for path in fixtures() {
        let bytes = fs::read(&path).unwrap();
        let file = SourceFile::read(&bytes)
            .unwrap_or_else(|problem| panic!("{}: {}", path.display(), problem.reason));
        let mut found = Marks::new();
        for finding in scanner.scan(&file, &bytes).findings {
            let shown = format!("{} {}", finding.check.id, finding.confidence);
            found.entry(finding.region.start.line).or_default().push(shown);
        }
        found.values_mut().for_each(|ids| ids.sort());
        let expected = expected(file.text());
        let lines: std::collections::BTreeSet<u32> = expected.keys().chain(found.keys()).copied().collect();
        let none = Vec::new();
        for line in lines {
            let (expected, found) = (expected.get(&line).unwrap_or(&none), found.get(&line).unwrap_or(&none));
            let is_one = |(expected, found): (&String, &String)| {
                found == expected || found.split_once(' ').is_some_and(|(id, _)| id == expected)
            };
            if expected.len() != found.len() || !expected.iter().zip(found).all(is_one) {
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
