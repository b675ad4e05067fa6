//! What must hold of any input, whoever made it. `fuzz/fuzz_targets` tries it on what libFuzzer thinks of, and
//! `tests/laws.rs` on the corpus and on what proptest thinks of.

use std::sync::LazyLock;

use mergegate::analysis::{Analyser, Analysis};
use mergegate::escape::is_deceptive;
use mergegate::finding::{Finding, MAX_EXCERPT_LINES, Position, Region};
use mergegate::policy::Policy;
use mergegate::scan::MAX_FINDINGS;
use mergegate::suppression::{Date, date};

pub mod baseline;
mod choices;
pub mod notebook;
pub mod policy;
pub mod reports;
pub mod scan;
pub mod suppressions;

/// Fails if something does not hold of an input.
pub type Hold = fn(&[u8]);

/// What there is to be held, by the names of the fuzz targets.
pub const ALL: [(&str, Hold); 6] = [
    ("scan", scan::hold),
    ("suppressions", suppressions::hold),
    ("policy", policy::hold),
    ("reports", reports::hold),
    ("baseline", baseline::hold),
    ("notebook", notebook::hold),
];

/// A policy under which every check runs and every kind of comment counts.
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let text = "version: 1\nextends: audit\nsuppressions:\n  \
                markers: [mergegate, nosec, noqa, nosemgrep, codeaudit]\n  never: [os-system]\n";
    Policy::parse("policy.yml", text, &|_| Err("there is none".to_owned())).unwrap()
});

static ANALYSER: LazyLock<Analyser<'static>> = LazyLock::new(|| Analyser::new(&POLICY, today()));

fn today() -> Date {
    date::parse("2026-11-24").unwrap()
}

/// Whether a text is safe to show as it is, on one line.
fn is_safe(text: &str) -> bool {
    !text.contains(is_deceptive)
}

/// What holds of the analysis of any file.
fn expect_consistent(analysis: &Analysis) {
    if let Some(problem) = &analysis.problem {
        assert!(!problem.reason.contains("inside mergegate"), "it panicked");
        assert!(!problem.reason.is_empty() && is_safe(&problem.reason), "{}", problem.reason);
        problem.at.iter().for_each(expect_place);
    }
    let findings = &analysis.findings;
    assert!(findings.len() <= MAX_FINDINGS);
    assert!(findings.is_sorted_by_key(|finding| finding.region.bytes.start), "they are not in order");
    findings.iter().for_each(expect_finding);
    assert_eq!(analysis.covered_by.len(), findings.len());
    for (finding, covered) in findings.iter().zip(&analysis.covered_by) {
        let Some(index) = covered else { continue };
        let suppression = &analysis.suppressions[*index];
        let names_it = suppression.names.iter().any(|it| it.checks.iter().any(|id| id == finding.check.id));
        assert!(names_it || suppression.of_all, "{} is not named", finding.check.id);
        assert!(!suppression.is_void() && suppression.used, "{:?}", suppression.defects);
        assert!(suppression.until.is_none_or(|day| day >= today()));
        assert!(POLICY.may_suppress(finding.check, finding.severity));
    }
}

fn expect_finding(finding: &Finding) {
    expect_region(&finding.region);
    expect_region(&finding.statement);
    assert_eq!(finding.region.start.line, finding.region.end.line, "it is on more than one line");
    assert!(!finding.message.is_empty() && is_safe(&finding.message), "{}", finding.message);
    assert!((1..=MAX_EXCERPT_LINES).contains(&finding.excerpt.len()), "{:?}", finding.excerpt);
    assert!(finding.excerpt.is_sorted_by_key(|line| line.number));
    for line in &finding.excerpt {
        assert!(!line.text.contains('\n'));
        assert!(line.text.get(line.mark.clone()).is_some(), "{line:?}");
    }
    assert!(finding.excerpt.iter().any(|line| line.number == finding.line()), "{finding:?}");
    for step in &finding.steps {
        expect_region(&step.region);
        assert!(step.line.text.get(step.line.mark.clone()).is_some(), "{:?}", step.line);
    }
}

fn expect_region(region: &Region) {
    expect_place(&region.start);
    expect_place(&region.end);
    assert!(region.start <= region.end && region.bytes.start <= region.bytes.end, "{region:?}");
}

fn expect_place(place: &Position) {
    assert!(place.line >= 1 && place.column >= 1 && place.column_utf16 >= place.column, "{place:?}");
}

/// What two analyses of the same code have in common.
fn told(analysis: &Analysis) -> Vec<(&'static str, Region, &str, u64)> {
    let findings = analysis.findings.iter();
    findings.map(|it| (it.check.id, it.region.clone(), it.normalized.as_str(), it.trace.syntax)).collect()
}
