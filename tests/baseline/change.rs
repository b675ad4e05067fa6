//! Both sides of a change, as texts.

use mergegate::baseline::{Candidate, Pair, Side, State, compare};
use mergegate::checks;
use mergegate::finding::Finding;
use mergegate::path::FilePath;
use mergegate::python::{Outline, SourceFile};
use mergegate::scan::Scanner;

/// A scanned version of a file.
pub struct Version {
    path: FilePath,
    text: String,
    findings: Vec<Finding>,
    outline: Outline,
}

impl Version {
    pub fn scan(scanner: &Scanner, path: &str, text: &str) -> Self {
        let file = SourceFile::read(text.as_bytes()).unwrap();
        assert_eq!(file.problem(), None, "{text}");
        let scanned = scanner.scan(&file, text.as_bytes());
        Version {
            path: FilePath::from_bytes(path),
            text: text.to_owned(),
            findings: scanned.findings,
            outline: scanned.outline,
        }
    }

    pub fn count(&self) -> usize {
        self.findings.len()
    }

    /// What became of the findings of this version in the one that follows it.
    pub fn followed_by(&self, head: &Version) -> (Vec<State>, usize) {
        let pair = Pair { base: vec![Some(self.side().into())], head: Some(head.side()) };
        let pairs = [pair];
        let comparison = compare(&pairs, &|_, _, _| false);
        (comparison.states.concat(), comparison.gone.len())
    }

    /// A comment `# fine` justifies the findings of its line.
    fn side(&self) -> Side<'_> {
        let candidate = |finding| Candidate { finding, justified: self.line_of(finding).ends_with("# fine") };
        Side {
            path: &self.path,
            outline: &self.outline,
            findings: self.findings.iter().map(candidate).collect(),
        }
    }

    fn line_of(&self, finding: &Finding) -> &str {
        self.text.split('\n').nth(finding.region.start.line as usize - 1).unwrap_or_default()
    }
}

/// A change of files whose versions are given by path. In it only what stands under `tests/` is treated mildly.
#[derive(Default)]
pub struct Change {
    files: Vec<(Vec<Version>, Option<Version>)>,
}

impl Change {
    /// A file that changes.
    pub fn file(self, path: &str, base: &str, head: &str) -> Self {
        self.renamed(path, base, path, head)
    }

    pub fn added(self, path: &str, head: &str) -> Self {
        self.push(&[], Some((path, head)))
    }

    pub fn deleted(self, path: &str, base: &str) -> Self {
        self.push(&[(path, base)], None)
    }

    pub fn renamed(self, from: &str, base: &str, to: &str, head: &str) -> Self {
        self.push(&[(from, base)], Some((to, head)))
    }

    /// A file that has different versions at several merge bases.
    pub fn criss_cross(self, path: &str, bases: &[&str], head: &str) -> Self {
        let bases: Vec<_> = bases.iter().map(|base| (path, *base)).collect();
        self.push(&bases, Some((path, head)))
    }

    fn push(mut self, base: &[(&str, &str)], head: Option<(&str, &str)>) -> Self {
        let scanner = Scanner::new(
            checks::all()
                .filter(|check| ["eval", "os-system", "yaml-load", "task-command"].contains(&check.id)),
        );
        let scan = |(path, text): (&str, &str)| Version::scan(&scanner, path, text);
        self.files.push((base.iter().map(|base| scan(*base)).collect(), head.map(scan)));
        self
    }

    /// The states of all findings of the head side, and how many of the base side are gone.
    pub fn compare(&self) -> (Vec<State>, usize) {
        let pairs: Vec<Pair<'_>> = self
            .files
            .iter()
            .map(|(base, head)| Pair {
                base: base.iter().map(|version| Some(version.side().into())).collect(),
                head: head.as_ref().map(Version::side),
            })
            .collect();
        let comparison = compare(&pairs, &|_, from, to| is_mild(from) && !is_mild(to));
        (comparison.states.concat(), comparison.gone.len())
    }

    /// The states of all findings of the head side, in words.
    #[track_caller]
    pub fn expect(&self, expected: &[&str]) {
        let states: Vec<String> = self.compare().0.iter().map(word).collect();
        assert_eq!(states, expected);
    }

    #[track_caller]
    pub fn expect_gone(&self, gone: usize) {
        assert_eq!(self.compare().1, gone);
    }
}

fn is_mild(path: &FilePath) -> bool {
    path.as_bytes().starts_with(b"tests/")
}

pub fn word(state: &State) -> String {
    match state {
        State::New => "new".to_owned(),
        State::Updated { risen: true } => "risen".to_owned(),
        State::Updated { risen: false } => "updated".to_owned(),
        State::Unchanged { moved_from: None } => "unchanged".to_owned(),
        State::Unchanged { moved_from: Some(path) } => format!("unchanged from {path}"),
    }
}
