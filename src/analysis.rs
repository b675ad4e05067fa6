//! From the bytes of one version of a file to its findings and to the comments that justify them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::finding::{Finding, Position};
use crate::policy::Policy;
use crate::python::{Outline, SourceFile};
use crate::scan::{Details, Scanner};
use crate::suppression::{self, Date, Suppression};

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
}

impl Analysis {
    /// Nothing is known but why.
    pub fn unread(reason: impl Into<String>) -> Self {
        Analysis { problem: Some(Unread { reason: reason.into(), at: None }), ..Analysis::default() }
    }
}

/// What files are analysed with.
#[derive(Debug)]
pub struct Analyser<'p> {
    scanner: Scanner,
    policy: &'p Policy,
    today: Date,
}

impl<'p> Analyser<'p> {
    /// Runs the checks that the policy does not switch off everywhere.
    pub fn new(policy: &'p Policy, today: Date) -> Self {
        let checks = crate::checks::all().chain(policy.declared_checks());
        let scanner = Scanner::new(checks.filter(|check| policy.enabled(check)));
        Analyser { scanner, policy, today }
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
    pub fn analyse(&self, bytes: &[u8]) -> Analysis {
        catch_unwind(AssertUnwindSafe(|| self.analyse_unguarded(bytes))).unwrap_or_else(|_| {
            Analysis::unread("the analysis failed inside mergegate, which is a bug worth reporting")
        })
    }

    fn analyse_unguarded(&self, bytes: &[u8]) -> Analysis {
        let file = match SourceFile::read(bytes) {
            Ok(file) => file,
            Err(problem) => {
                let problem = Unread { reason: problem.reason, at: problem.at };
                return Analysis { problem: Some(problem), ..Analysis::default() };
            }
        };
        let scanned = self.scanner.scan(&file, bytes);
        let mut suppressions = suppression::read(&file, self.policy, self.today);
        let covered_by = suppression::apply(&mut suppressions, &scanned.findings, self.policy);
        let problem = scanned.problem.map(|problem| Unread { reason: problem.reason, at: problem.at });
        Analysis { findings: scanned.findings, covered_by, outline: scanned.outline, suppressions, problem }
    }
}

/// Whether a file without an ending is a Python script: its first line says so.
pub fn has_python_shebang(bytes: &[u8]) -> bool {
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or(bytes);
    line.starts_with(b"#!") && line.windows(6).any(|part| part == b"python")
}
