//! Any bytes, as a Python file.

use mergegate::path::FilePath;
use mergegate::python::SourceFile;
use ruff_python_ast::PySourceType;
use ruff_python_parser::{ParseOptions, parse_unchecked};

use super::{ANALYSER, expect_consistent, told};

/// What cannot be read is said; what is found has its place in the text; nothing depends on what was read before.
pub fn hold(bytes: &[u8]) {
    let path = FilePath::from_bytes("a.py");
    let analysis = ANALYSER.analyse(&path, bytes);
    expect_consistent(&analysis);
    match SourceFile::read(bytes) {
        Err(problem) => assert_eq!(analysis.problem.as_ref().map(|it| &it.reason), Some(&problem.reason)),
        Ok(file) => {
            let parsed = parse_unchecked(file.text(), ParseOptions::from(PySourceType::Python));
            assert!(parsed.errors().is_empty() || analysis.problem.is_some(), "an error is not told");
            for finding in &analysis.findings {
                for region in [&finding.region, &finding.statement] {
                    let range = region.bytes.start as usize..region.bytes.end as usize;
                    assert!(file.text().get(range).is_some(), "{region:?} is not in the text");
                }
                assert_eq!(finding.region.start.line, file.line_at(finding.region.bytes.start));
                assert!(finding.region.end.line <= file.line_count());
            }
        }
    }
    assert_eq!(told(&analysis), told(&ANALYSER.analyse(&path, bytes)));
}
