//! What a finding shows of the source: its line, marked in the right place, without secrets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use mergegate::check::{Check, Confidence, Detect, Severity};
use mergegate::finding::{Finding, SourceLine};
use mergegate::python::{Hit, Hits, Node, SourceFile};
use mergegate::scan::Scanner;
use ruff_python_ast::{AnyNodeRef, NodeKind};
use ruff_text_size::{Ranged, TextRange, TextSize};

/// Every string is a secret, and so is what reaches from its third character to the second one behind it.
static SECRETS: Check = Check {
    id: "secret",
    family: "tests",
    summary: "This is a secret.",
    why: "Tests.",
    neglect: "Never.",
    instead: "Nothing.",
    cwe: &[798],
    severity: Severity::High,
    aliases: &[],
    bad: &[],
    good: &[],
    detect: &[Detect::Node(&[NodeKind::ExprStringLiteral], secrets)],
};

fn secrets(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprStringLiteral(string) = node.node else { return };
    let mut hit = Hit::at(string.range(), Confidence::High);
    hit.secret = Some(string.range());
    hits.push(hit);
    let mut overlapping = Hit::at(TextRange::empty(string.start()), Confidence::Low);
    overlapping.secret =
        Some(TextRange::new(string.start() + TextSize::from(2), string.end() + TextSize::from(2)));
    hits.push(overlapping);
}

fn findings(check: &'static Check, source: &str) -> Vec<Finding> {
    let file = SourceFile::read(source.as_bytes()).unwrap();
    Scanner::new([check]).scan(&file, source.as_bytes()).findings
}

fn eval(source: &str) -> Vec<Finding> {
    findings(mergegate::checks::named("eval")[0], source)
}

fn marked(line: &SourceLine) -> &str {
    &line.text[line.mark.clone()]
}

#[test]
fn marks_the_callee_behind_wide_characters_and_tabs() {
    let found = eval("if True:\n\tx = '🎉é', eval(text)\n");
    let [line] = &*found[0].excerpt else { panic!("{found:?}") };
    assert_eq!(line.text, "\tx = '🎉é', eval(text)");
    assert_eq!(marked(line), "eval");
}

#[test]
fn marks_one_line_of_a_statement_of_several() {
    let found = eval("f(\n    1,\n    eval(text),\n)\n");
    let shown: Vec<_> = found[0].excerpt.iter().map(|line| (line.number, marked(line))).collect();
    assert_eq!(shown, [(1, ""), (2, ""), (3, "eval"), (4, "")]);
}

#[test]
fn cuts_a_long_line_around_what_it_marks() {
    let padding = "é".repeat(5_000);
    for source in [
        format!("eval(text), '{padding}'\n"),
        format!("'{padding}', eval(text), '{padding}'\n"),
        format!("'{padding}', eval(text)\n"),
    ] {
        let found = eval(&source);
        let line = &found[0].excerpt[0];
        assert_eq!(marked(line), "eval");
        assert!(line.text.chars().count() <= 242, "{}", line.text.chars().count());
        assert!(line.text.contains('…'));
    }
}

#[test]
fn masks_overlapping_secrets_whole_and_marks_the_mask() {
    let found = findings(&SECRETS, "f('swordfish', b, 'xyzzy')  # end\n");
    for finding in &found {
        assert_eq!(finding.excerpt[0].text, "f(******b, ****** # end");
    }
    assert_eq!(marked(&found[1].excerpt[0]), "******");
}
