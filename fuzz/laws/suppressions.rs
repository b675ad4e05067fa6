//! Any comments, in a file of their own and behind code that has findings.

use mergegate::analysis::Analysis;
use mergegate::path::FilePath;
use mergegate::policy::Marker;
use mergegate::python::SourceFile;
use mergegate::suppression::{self, Request};

use super::{ANALYSER, POLICY, expect_consistent, today, told};

/// Only a comment justifies, and only one that says so; what the program writes itself counts as it is meant.
pub fn hold(bytes: &[u8]) {
    expect_lawful(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let line = |comment: &str| format!("eval(x), os.system(x)  # {comment}\n");
    let lines = text.lines().filter(|line| !line.contains('\r')).map(line);
    let all: String = std::iter::once("import os\n".to_owned()).chain(lines).collect();
    expect_lawful(all.as_bytes());
    expect_written(all.as_bytes(), text.lines().next().unwrap_or_default());
}

fn analyse(bytes: &[u8]) -> Analysis {
    let analysis = ANALYSER.analyse(&FilePath::from_bytes("a.py"), bytes);
    expect_consistent(&analysis);
    analysis
}

fn expect_lawful(bytes: &[u8]) {
    let analysis = analyse(bytes);
    assert!(suppression::added(&analysis.suppressions, &analysis.suppressions).is_empty());
    let Ok(file) = SourceFile::read(bytes) else {
        return assert!(analysis.suppressions.is_empty());
    };
    for suppression in &analysis.suppressions {
        let part = suppression.region.bytes.clone();
        let (start, end) = (part.start as usize, part.end as usize);
        let written = &file.text()[start..end];
        assert!(written.starts_with('#') && !written.contains('\n'), "{written}");
        let in_comment = file.comments().any(|it| {
            let from = it.start as usize;
            from <= start && end <= from + it.text.len()
        });
        assert!(in_comment, "{written} is no comment");
        assert_eq!(suppression.is_void(), suppression.defects.iter().any(|defect| defect.voids_all()));
        if !suppression.used {
            continue;
        }
        let lower = written.to_ascii_lowercase();
        if suppression.marker == Marker::Mergegate {
            let says = lower.contains("mergegate") && lower.contains("allow") && lower.contains('[');
            assert!(says && !suppression.of_all, "{written}");
        }
        let least = POLICY.suppressions.min_reason_length as usize;
        assert!(suppression.reason.chars().count() >= least, "{written} gives no reason");
        let mut words = suppression.reason.trim_end_matches('…').split_whitespace();
        assert!(words.all(|word| written.contains(word)), "{written}: {}", suppression.reason);
    }
}

/// A suppression that is written into a file justifies the findings that are asked for and nothing else.
fn expect_written(bytes: &[u8], reason: &str) {
    let before = analyse(bytes);
    let Some(at) = before.covered_by.iter().position(Option::is_none) else { return };
    let finding = &before.findings[at];
    let line = finding.region.start.line;
    for reason in [reason, "nobody else can set it"] {
        let request = Request { check: finding.check.id, line, reason, until: None };
        let Ok(inserted) = suppression::insert(bytes, &request, ANALYSER.scanner(), &POLICY, today()) else {
            continue;
        };
        let after = analyse(&inserted.bytes);
        assert_eq!(inserted.bytes.len(), bytes.len() + added_bytes(bytes, &inserted.bytes));
        assert_eq!(told(&after).len(), told(&before).len());
        for (index, (was, is)) in before.covered_by.iter().zip(&after.covered_by).enumerate() {
            let asked_for = before.findings[index].check.id == finding.check.id
                && before.findings[index].statement.start.line <= line
                && line <= before.findings[index].statement.end.line;
            assert!(is.is_some() == was.is_some() || asked_for, "finding {index} of {}", inserted.comment);
        }
        assert!(after.covered_by[at].is_some(), "{}", inserted.comment);
    }
}

/// How many bytes were put in at one place; more than there are if anything else was changed.
fn added_bytes(before: &[u8], after: &[u8]) -> usize {
    let same = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    if after.ends_with(&before[same..]) { after.len() - before.len() } else { usize::MAX - before.len() }
}
