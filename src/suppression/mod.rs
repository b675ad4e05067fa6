//! Comments that justify a finding: `# mergegate: allow[pickle-load] the bytes are signed, see SEC-123`.
//!
//! Such a comment stands on any line of the statement, or alone in the lines directly above it. It is read from
//! the tokens, so text in a string is never one. With the markers of other tools switched on in the policy, their
//! comments count too, under the same rules; they stand where those tools look for them: on the lines of the
//! statement (semgrep: also on the line above).
//!
//! A suppression with a defect suppresses nothing, and says so.

use std::ops::Range;

use crate::check::{Confidence, Severity};
use crate::finding::Region;
use crate::policy::{Marker, Policy};
use crate::python::SourceFile;

mod added;
mod apply;
pub mod date;
mod defect;
mod grammar;
mod insert;
mod judge;
mod reach;
mod reason;

pub use added::added;
pub use apply::apply;
pub use date::Date;
pub use defect::Defect;
pub use insert::{Inserted, Refusal, Request, insert};

use judge::Judge;
use reach::Reach;

/// A longer comment is void: nobody reads it to its end. In bytes.
const MAX_COMMENT: usize = 4096;

/// How many suppressions a file may have: each is told where it is of no use. The first one more is read, too.
pub const MAX_SUPPRESSIONS: usize = 20_000;

/// How many days before its end a suppression is announced to expire.
const NOTICE_DAYS: i64 = 14;

/// A comment that justifies findings, or means to.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// Whose language it is.
    pub marker: Marker,
    /// Where it stands: of a comment with several, its own part.
    pub region: Region,
    /// What it names, as far as we know it.
    pub names: Vec<Named>,
    /// Whether it names nothing and means every check, as only a comment in another tool's language can.
    pub of_all: bool,
    /// Why, without the date. Its author chose it: escape it before it is shown.
    pub reason: String,
    /// The ticket that the reason names, where the policy wants one.
    pub ticket: Option<String>,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// What is wrong with it.
    pub defects: Vec<Defect>,
    /// Whether it suppresses anything; known once it has been applied.
    pub used: bool,
    /// The bytes that a statement must touch for its findings to be justified.
    covers: Range<u32>,
    /// Whether there is a finding that it would suppress if it could.
    wanted: bool,
    /// What it suppresses.
    excused: Vec<Excused>,
}

/// One name in a suppression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// As it is written. Its author chose it: escape it before it is shown.
    pub written: String,
    /// The ids of the checks that it stands for.
    pub checks: Vec<String>,
    /// Whether it suppresses anything; known once it has been applied.
    pub used: bool,
}

/// What there is to know of a suppressed finding to find it again at the other side of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Excused {
    check: &'static str,
    severity: Severity,
    confidence: Confidence,
    /// The last day; `None` where it is excused for good.
    until: Option<Date>,
    definition: String,
    normalized: String,
    /// Another secret needs another justification.
    secret: Option<u64>,
    /// So do other constants.
    constants: u64,
}

impl Suppression {
    /// Whether it is void as a whole.
    pub fn is_void(&self) -> bool {
        self.defects.iter().any(Defect::voids_all)
    }

    /// Its defects, as far as they are ours to report: a comment in another tool's language may have nothing to
    /// do with us, unless there is a finding that it would suppress.
    pub fn reported(&self) -> &[Defect] {
        if self.marker == Marker::Mergegate || self.wanted { &self.defects } else { &[] }
    }

    /// What of it suppresses nothing, as a sentence for a person. `None` where it is of use, where it has a
    /// defect that says more, and for a comment in another tool's language: that tool may need it.
    pub fn unused(&self) -> Option<String> {
        if self.marker != Marker::Mergegate || self.is_void() {
            return None;
        }
        let unused: Vec<String> = self
            .names
            .iter()
            .filter(|named| !named.used && !named.checks.is_empty() && !self.may_not(named))
            .map(|named| defect::quoted(&named.written))
            .collect();
        if unused.is_empty() {
            return None;
        }
        let what = unused.join(", ");
        Some(if self.used {
            format!("This suppression is not needed for {what}: take it out of the brackets.")
        } else {
            format!("This suppression of {what} suppresses nothing: remove it.")
        })
    }

    /// Whether it is said already that a name suppresses nothing because the policy does not allow it.
    fn may_not(&self, named: &Named) -> bool {
        self.defects.iter().any(|defect| match defect {
            Defect::MayNotSuppress { check } => named.checks.contains(check),
            _ => false,
        })
    }

    /// How many days it will still count after today, where these are few.
    pub fn expiring(&self, today: Date) -> Option<i64> {
        let left = date::days_between(today, self.until?);
        (!self.is_void() && (0..=NOTICE_DAYS).contains(&left)).then_some(left)
    }
}

/// The suppressions in a file.
pub fn read(file: &SourceFile, policy: &Policy, today: Date) -> Vec<Suppression> {
    let mut suppressions = Vec::new();
    let mut reach = Reach::new(file.text());
    let mut judge = Judge::new(policy, today);
    for comment in file.comments() {
        let start = comment.start as usize;
        let around = reach.of(start, comment.text.len());
        let readable = &comment.text[..comment.text.floor_char_boundary(MAX_COMMENT)];
        for written in grammar::read(readable) {
            if !judge.counts(written.marker) {
                continue;
            }
            let bytes = comment.start + written.range.start as u32..comment.start + written.range.end as u32;
            let region = Region {
                start: file.position(bytes.start.into()),
                end: file.position(bytes.end.into()),
                bytes,
            };
            let from_above = matches!(written.marker, Marker::Mergegate | Marker::Nosemgrep);
            let covers = if from_above { around.with_next.clone() } else { around.own.clone() };
            let Some(mut suppression) = judge.judge(&written, region, covers) else { continue };
            if readable.len() < comment.text.len() {
                suppression.defects.push(Defect::TooLong { max: MAX_COMMENT });
            }
            suppressions.push(suppression);
            if suppressions.len() > MAX_SUPPRESSIONS {
                return suppressions;
            }
        }
    }
    suppressions
}
