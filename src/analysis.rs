//! From the bytes of one version of a file to its findings and to the comments that justify them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::finding::{Finding, Position, Region, SourceLine};
use crate::path::FilePath;
use crate::policy::Policy;
use crate::python::{self, Assembled, FileKind, Outline, Problem, SourceFile};
use crate::scan::{Details, Scanner};
use crate::suppression::{self, Date, MAX_SUPPRESSIONS, Suppression};

/// What is known about one version of a file.
#[derive(Debug, Default)]
pub struct Analysis {
    /// In the order of the text.
    pub findings: Vec<Finding>,
    /// For each finding the suppression that covers it, by index.
    pub covered_by: Vec<Option<usize>>,
    /// What the findings stand in.
    pub outline: Outline,
    /// All comments that are or mean to be suppressions.
    pub suppressions: Vec<Suppression>,
    /// What kept the file, or a part of it, from being analysed.
    pub problem: Option<Unread>,
}

/// Why a file, or a part of it, was not analysed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// One clause that goes on from "could not be analysed: ". Safe to show.
    pub reason: String,
    pub at: Option<Position>,
    /// Whether other files are the reason: that no policy lets pass.
    pub for_others: bool,
}

impl From<Problem> for Unread {
    fn from(Problem { reason, at }: Problem) -> Self {
        Unread { reason, at, for_others: false }
    }
}

impl Analysis {
    /// Nothing is known but why.
    pub fn unread(reason: impl Into<String>) -> Self {
        let problem = Unread { reason: reason.into(), at: None, for_others: false };
        Analysis { problem: Some(problem), ..Analysis::default() }
    }
}

/// What files are analysed with.
#[derive(Debug)]
pub struct Analyser<'p> {
    scanner: Scanner,
    policy: &'p Policy,
    today: Date,
    /// Whoever holds this may analyse a large file.
    large: Mutex<()>,
}

/// How many bytes make a file large. Its tokens and its tree take a hundred times its size, so large files are
/// analysed one after the other.
const LARGE: usize = 1 << 20;

/// How many findings and suppressions are kept of all files together.
const MAX_KEPT: usize = 250_000;

impl<'p> Analyser<'p> {
    /// Runs the checks that the policy does not switch off everywhere.
    pub fn new(policy: &'p Policy, today: Date) -> Self {
        let checks = crate::checks::all().chain(policy.declared_checks());
        let (on, off): (Vec<_>, Vec<_>) = checks.partition(|check| policy.enabled(check));
        // A secret is not shown in another check's finding either, whatever the policy says of secrets.
        let scanner = Scanner::new(on).masking(off.into_iter().filter(|check| check.family == "secrets"));
        Analyser { scanner, policy, today, large: Mutex::new(()) }
    }

    /// Works out no more than these details of findings.
    pub fn with(self, details: Details) -> Self {
        Analyser { scanner: self.scanner.with(details), ..self }
    }

    /// The policy in force.
    pub fn policy(&self) -> &'p Policy {
        self.policy
    }

    /// The checks in force, arranged for one walk.
    pub fn scanner(&self) -> &Scanner {
        &self.scanner
    }

    /// The day by which suppressions expire.
    pub fn today(&self) -> Date {
        self.today
    }

    /// Analyses one version of a file. A failure inside is that file's problem and nobody else's.
    pub fn analyse(&self, path: &FilePath, bytes: &[u8]) -> Analysis {
        let _only_large_file = (bytes.len() > LARGE).then(|| {
            // A panic leaves nothing behind in it.
            self.large.lock().unwrap_or_else(PoisonError::into_inner)
        });
        let analyse = || match FileKind::of(path) {
            FileKind::Python => SourceFile::read(bytes).map(|file| self.analyse_code(&file, bytes)),
            kind => self.analyse_assembled(kind, bytes),
        };
        let analysis = catch_unwind(AssertUnwindSafe(analyse)).unwrap_or_else(|_| {
            Ok(Analysis::unread("the analysis failed inside mergegate, which is a bug worth reporting"))
        });
        analysis.unwrap_or_else(|problem| Analysis { problem: Some(problem.into()), ..Analysis::default() })
    }

    fn analyse_code(&self, file: &SourceFile, bytes: &[u8]) -> Analysis {
        let scanned = self.scanner.scan(file, bytes);
        let mut suppressions = suppression::read(file, self.policy, self.today);
        let covered_by = suppression::apply(&mut suppressions, &scanned.findings, self.policy);
        let too_many = || {
            let reason = format!("it has more than {MAX_SUPPRESSIONS} suppressions");
            (suppressions.len() > MAX_SUPPRESSIONS).then_some(Unread { reason, at: None, for_others: false })
        };
        let problem = scanned.problem.map(Unread::from).or_else(too_many);
        Analysis { findings: scanned.findings, covered_by, outline: scanned.outline, suppressions, problem }
    }

    /// Code from a file of another kind is analysed like any other, and what is found is then given its place in the
    /// file. The hashes of lines remain those of the code: they must not change with the outputs of a notebook.
    fn analyse_assembled(&self, kind: FileKind, bytes: &[u8]) -> Result<Analysis, Problem> {
        let Some(assembled) = python::assembled(kind, bytes)? else { return Ok(Analysis::default()) };
        let file = assembled.parse(kind)?;
        let mut analysis = self.analyse_code(&file, file.text().as_bytes());
        for finding in &mut analysis.findings {
            place(finding, &assembled, &file);
        }
        for suppression in &mut analysis.suppressions {
            suppression.region = assembled.region(&suppression.region);
        }
        let of_code = analysis.problem.take().map(|Unread { reason, at, .. }| Problem { reason, at });
        analysis.problem = assembled.problem(of_code, &file).map(Unread::from);
        Ok(analysis)
    }
}

/// Looks at files in parallel, and gives what is known of the first ones: as many as hold no more than a bounded number
/// of findings and suppressions together, whatever the order in which they were looked at. `weight` is how many a file
/// holds.
pub fn of_first<F: Sync, T: Send>(
    files: &[F],
    look: impl Fn(&F) -> T + Sync,
    weight: impl Fn(&T) -> usize + Sync,
) -> Vec<T> {
    let held = AtomicUsize::new(0);
    let unless_full = |file: &F| {
        (held.load(Ordering::Relaxed) <= MAX_KEPT).then(|| {
            let known = look(file);
            held.fetch_add(weight(&known), Ordering::Relaxed);
            known
        })
    };
    let known: Vec<Option<T>> = files.par_iter().map(unless_full).collect();
    let mut kept = 0;
    let mut first = Vec::with_capacity(files.len());
    for (file, known) in files.iter().zip(known) {
        if kept > MAX_KEPT {
            break;
        }
        // Another thread may have been ahead when it was this file's turn.
        let known = known.unwrap_or_else(|| look(file));
        kept += weight(&known);
        first.push(known);
    }
    first
}

impl Analysis {
    /// How many findings and suppressions it holds.
    pub fn weight(&self) -> usize {
        self.findings.len() + self.suppressions.len()
    }

    /// What is known of the first of so many files that were not looked at.
    pub fn left_out(files: usize) -> Self {
        let files = match files {
            1 => "it was not looked at".to_owned(),
            2 => "it and 1 file behind it were not looked at".to_owned(),
            more => format!("it and {} files behind it were not looked at", more - 1),
        };
        let reason = format!("there are more than {MAX_KEPT} findings before it, {files}");
        Analysis { problem: Some(Unread { reason, at: None, for_others: true }), ..Analysis::default() }
    }
}

/// Gives a finding its place in the file that its code is from.
fn place(finding: &mut Finding, assembled: &Assembled, code: &SourceFile) {
    for line in &mut finding.excerpt {
        place_line(line, &finding.region, assembled, code);
    }
    for step in &mut finding.steps {
        place_line(&mut step.line, &step.region, assembled, code);
        step.cell = assembled.cell(step.region.bytes.start);
        step.region = assembled.region(&step.region);
    }
    finding.cell = assembled.cell(finding.region.bytes.start);
    finding.region = assembled.region(&finding.region);
    finding.statement = assembled.region(&finding.statement);
}

/// Makes a line of the code that of the file, or of the cell. `marked` is what its mark stands for.
fn place_line(line: &mut SourceLine, marked: &Region, assembled: &Assembled, code: &SourceFile) {
    let whole = code.line_range(line.number);
    let part = if line.mark.is_empty() { whole.start..whole.start } else { marked.bytes.clone() };
    let is_whole = line.text == code.line(line.number);
    line.number = match assembled.cell(part.start) {
        Some(cell) => cell.line,
        None => assembled.region(&Region { bytes: part.clone(), ..marked.clone() }).start.line,
    };
    // Where something is masked or cut, the line is shown as it was analysed.
    if is_whole {
        let (text, mark) = assembled.line(part);
        (line.text, line.mark) = (text.to_owned(), mark);
    }
}
