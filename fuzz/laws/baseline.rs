//! Any two or three versions of a file, with a byte that no UTF-8 text has between them.

use std::sync::LazyLock;

use mergegate::baseline::{Candidate, Pair, Side, State, compare};
use mergegate::check::{Check, Confidence, Detect, Severity};
use mergegate::checks;
use mergegate::finding::Finding;
use mergegate::path::FilePath;
use mergegate::python::SourceFile;
use mergegate::scan::{Scanned, Scanner};
use ruff_python_ast::NodeKind;

/// What stands between two versions.
pub const SEPARATOR: u8 = 0xff;

/// A check that fires so often that a mistake in the pairing has no place to hide.
static EVERYTHING: Check = Check {
    id: "everything",
    family: "test",
    summary: "",
    why: "",
    neglect: "",
    instead: "",
    cwe: &[],
    severity: Severity::High,
    aliases: &[],
    bad: &[],
    good: &[],
    detect: &[Detect::Node(&[NodeKind::ExprCall, NodeKind::ExprName, NodeKind::StmtAssert], |node, hits| {
        hits.at(node.node, Confidence::High);
    })],
};

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| Scanner::new(checks::all().chain([&EVERYTHING])));

struct Version {
    path: FilePath,
    scanned: Scanned,
}

impl Version {
    fn side(&self, justified: bool) -> Side<'_> {
        let candidate = |finding| Candidate { finding, justified };
        let findings = self.scanned.findings.iter().map(candidate).collect();
        Side { path: &self.path, outline: &self.scanned.outline, findings }
    }

    fn read(path: &str, text: &[u8]) -> Option<Version> {
        let file = SourceFile::read(text).ok()?;
        Some(Version { path: FilePath::from_bytes(path), scanned: SCANNER.scan(&file, text) })
    }

    fn count(&self) -> usize {
        self.scanned.findings.len()
    }
}

/// Every finding of both sides is accounted for exactly once, and a version is the same as itself.
pub fn hold(bytes: &[u8]) {
    let texts = bytes.split(|&byte| byte == SEPARATOR).take(3);
    let versions: Option<Vec<Version>> = texts.map(|text| Version::read("a.py", text)).collect();
    let Some(versions) = versions else { return };
    for version in &versions {
        let (states, gone) = compared(&[version.side(false)], version.side(false));
        let unchanged = |state: &State| *state == State::Unchanged { moved_from: None };
        assert!(states.iter().all(unchanged) && gone == 0, "{states:?}, {gone} gone");
    }
    if let [base, head, ..] = &versions[..] {
        expect_accounted_for(base, head);
        expect_justified_pays_nothing(base, head);
    }
    if let [one, other, head] = &versions[..] {
        expect_the_worse_of_both(one, other, head);
        expect_files_accounted_for(&versions);
    }
}

/// The states of the findings of the head, and how many of the base are gone.
fn compared(base: &[Side<'_>], head: Side<'_>) -> (Vec<State>, usize) {
    let base = base.iter().map(|side| Some(side.clone().into())).collect();
    let pairs = [Pair { base, head: Some(head) }];
    let comparison = compare(&pairs, &|_, _, _| false);
    (comparison.states.concat(), comparison.gone.len())
}

fn paired(states: &[State]) -> usize {
    states.iter().filter(|state| **state != State::New).count()
}

fn expect_accounted_for(base: &Version, head: &Version) {
    let (states, gone) = compared(&[base.side(false)], head.side(false));
    assert_eq!(states.len(), head.count());
    assert_eq!(paired(&states) + gone, base.count());
    // An old finding pays only for one of the same check and the same secret.
    for finding in &head.scanned.findings {
        let is_like = |other: &&Finding| {
            other.check.id == finding.check.id && other.trace.secret == finding.trace.secret
        };
        let old = base.scanned.findings.iter().filter(is_like).count();
        let findings = head.scanned.findings.iter().zip(&states);
        let paid = findings.filter(|(finding, state)| is_like(finding) && **state != State::New).count();
        assert!(paid <= old, "{old} of {} pay for {paid}", finding.check.id);
    }
}

fn expect_justified_pays_nothing(base: &Version, head: &Version) {
    let (states, gone) = compared(&[base.side(true)], head.side(false));
    assert!(states.iter().all(|state| *state == State::New) && gone == 0, "{states:?}, {gone} gone");
    let (states, gone) = compared(&[base.side(false)], head.side(true));
    let (as_open, gone_as_open) = compared(&[base.side(false)], head.side(false));
    assert_eq!((states, gone), (as_open, gone_as_open));
}

fn expect_the_worse_of_both(one: &Version, other: &Version, head: &Version) {
    let against = |bases: &[Side<'_>]| compared(bases, head.side(false)).0;
    let both = against(&[one.side(false), other.side(false)]);
    let each = against(&[one.side(false)]).into_iter().zip(against(&[other.side(false)]));
    for (both, (one, other)) in both.iter().zip(each) {
        assert_eq!(badness(both), badness(&one).max(badness(&other)));
    }
}

fn badness(state: &State) -> u8 {
    match state {
        State::Unchanged { .. } => 0,
        State::Updated { risen: false } => 1,
        State::Updated { risen: true } => 2,
        State::New => 3,
    }
}

/// One file is deleted, one changes, one is added: a finding may have gone anywhere, but only once.
fn expect_files_accounted_for(versions: &[Version]) {
    let [one, other, added] = [0, 1, 2].map(|index| &versions[index]);
    let path = FilePath::from_bytes("b.py");
    let [from, to] = [other, one].map(|version| Side { path: &path, ..version.side(false) });
    let pairs = [
        Pair { base: vec![Some(one.side(false).into())], head: None },
        Pair { base: vec![Some(from.into())], head: Some(to) },
        Pair { base: Vec::new(), head: Some(added.side(false)) },
    ];
    let comparison = compare(&pairs, &|_, _, _| false);
    let counts: Vec<usize> = comparison.states.iter().map(Vec::len).collect();
    assert_eq!(counts, [0, one.count(), added.count()]);
    assert_eq!(paired(&comparison.states.concat()) + comparison.gone.len(), one.count() + other.count());
}
