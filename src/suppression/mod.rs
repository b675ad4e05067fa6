//! Comments that justify a finding: `# mergegate: allow[pickle-load] the bytes are signed, see SEC-123`.
//!
//! Such a comment stands on any line of the statement, or alone in the lines directly above it. It is read from
//! the tokens, so text in a string is never one. With the markers of other tools switched on in the policy, their
//! comments count too, under the same rules; they stand where those tools look for them: on the lines of the
//! statement (semgrep: also on the line above).
//!
//! A suppression with a defect suppresses nothing, and says so.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::check::{Check, Confidence, Severity};
use crate::checks;
use crate::finding::{Finding, Region};
use crate::policy::{Marker, Policy, nearest};
use crate::python::SourceFile;

mod added;
pub mod date;
mod defect;
mod grammar;
mod reach;
mod reason;

pub use added::added;
pub use date::Date;
pub use defect::Defect;

use grammar::Written;
use reach::Reach;
use reason::Until;

/// A longer comment is void: nobody reads it to its end. In bytes.
const MAX_COMMENT: usize = 4096;

/// A suppression that names more checks is void.
const MAX_CHECKS: usize = 32;

/// For how many unknown checks of a file a known one is suggested.
const MAX_SUGGESTIONS: usize = 50;

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
    definition: String,
    normalized: String,
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
    let mut judge = Judge { policy, today, suggestions: MAX_SUGGESTIONS };
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
        }
    }
    suppressions
}

/// Decides what a written suppression is worth.
struct Judge<'p> {
    policy: &'p Policy,
    today: Date,
    suggestions: usize,
}

impl Judge<'_> {
    /// Whether the policy has switched on a language. That of Python Code Audit has the words of the others.
    fn counts(&self, marker: Marker) -> bool {
        let markers = &self.policy.suppressions.markers;
        markers.contains(&marker) || marker != Marker::Mergegate && markers.contains(&Marker::Codeaudit)
    }

    /// `None` for a comment in another tool's language that is not about anything we know.
    fn judge(&mut self, written: &Written<'_>, region: Region, covers: Range<u32>) -> Option<Suppression> {
        let own = written.marker == Marker::Mergegate;
        let mut defects = Vec::new();
        let mut names = Vec::new();
        for id in written.ids.iter().take(MAX_CHECKS) {
            let named = self.named(id);
            if own {
                self.check_name(&named, &mut defects);
            }
            if own || !named.checks.is_empty() {
                names.push(named);
            }
        }
        if !own && names.is_empty() && !written.ids.is_empty() {
            return None;
        }
        let reason = reason::read(written.reason);
        let mut suppression = Suppression {
            marker: written.marker,
            region,
            names,
            of_all: written.ids.is_empty() && !own,
            reason: reason.text,
            ticket: None,
            until: None,
            defects,
            used: false,
            covers,
            wanted: false,
            excused: Vec::new(),
        };
        if written.malformed {
            suppression.defects.push(Defect::Malformed);
            return Some(suppression);
        }
        if written.ids.len() > MAX_CHECKS {
            suppression.defects.push(Defect::TooManyChecks { max: MAX_CHECKS });
        } else if written.ids.is_empty() && own {
            suppression.defects.push(Defect::NoChecks);
        }
        self.reason(&mut suppression);
        self.date(&mut suppression, reason.until);
        Some(suppression)
    }

    fn named(&self, id: &str) -> Named {
        let custom = self.policy.checks.iter().map(|check| &check.id);
        let custom = custom.filter(|known| known.eq_ignore_ascii_case(id)).cloned();
        let checks = custom.chain(meant(id).iter().map(|check| check.id.to_owned())).collect();
        Named { written: id.to_owned(), checks, used: false }
    }

    fn check_name(&mut self, named: &Named, defects: &mut Vec<Defect>) {
        if named.checks.is_empty() {
            let id = named.written.clone();
            defects.push(Defect::UnknownCheck { nearest: self.suggestion(&id), id });
        }
        // What depends on the severity of a finding can only be judged with the finding.
        let never = meant(&named.written).iter().filter(|it| !self.policy.may_suppress(it, Severity::Info));
        defects.extend(never.map(|check| Defect::MayNotSuppress { check: check.id.to_owned() }));
    }

    fn suggestion(&mut self, id: &str) -> Option<String> {
        self.suggestions = self.suggestions.checked_sub(1)?;
        let custom = self.policy.checks.iter().map(|check| check.id.as_str());
        nearest(id, checks::all().map(|check| check.id).chain(custom)).map(str::to_owned)
    }

    fn reason(&self, suppression: &mut Suppression) {
        let rules = &self.policy.suppressions;
        let reason = suppression.reason.as_str();
        if rules.require_reason {
            let defect = if reason.is_empty() {
                Some(Defect::NoReason)
            } else if reason::is_placeholder(reason) {
                Some(Defect::Placeholder { reason: reason.to_owned() })
            } else {
                let short = reason::length(reason) < rules.min_reason_length as usize;
                short.then_some(Defect::ShortReason { min: rules.min_reason_length })
            };
            suppression.defects.extend(defect);
        }
        if let Some(ticket) = &rules.require_ticket {
            suppression.ticket = ticket.find(reason).map(str::to_owned);
            if suppression.ticket.is_none() {
                suppression.defects.push(Defect::NoTicket { pattern: ticket.pattern().to_owned() });
            }
        }
    }

    fn date(&self, suppression: &mut Suppression, until: Until) {
        let max_days = self.policy.suppressions.max_days;
        let defect = match until {
            Until::Never => max_days.map(|max_days| Defect::NoDate { max_days }),
            Until::Malformed(written) => Some(Defect::MalformedDate { written }),
            Until::Day(day) => {
                suppression.until = Some(day);
                let left = date::days_between(self.today, day);
                match max_days {
                    _ if left < 0 => Some(Defect::Expired { on: day }),
                    Some(max_days) if left > i64::from(max_days) => Some(Defect::TooFarAhead { max_days }),
                    _ => None,
                }
            }
        };
        suppression.defects.extend(defect);
    }
}

/// The checks that a name stands for. The bare alias of one check may be the id of another, which then is what
/// is meant.
fn meant(name: &str) -> &'static [&'static Check] {
    let named = checks::named(name);
    named.iter().find(|check| check.id.eq_ignore_ascii_case(name)).map_or(named, std::slice::from_ref)
}

/// Which suppression justifies each finding, as an index; the suppressions learn what they are good for.
pub fn apply(suppressions: &mut [Suppression], findings: &[Finding], policy: &Policy) -> Vec<Option<usize>> {
    let own = Index::new(suppressions, |it| it.marker == Marker::Mergegate && !it.is_void());
    let foreign = Index::new(suppressions, |it| it.marker != Marker::Mergegate && !it.is_void());
    let void = Index::new(suppressions, |it| it.marker != Marker::Mergegate && it.is_void());
    let decide = |finding: &Finding| {
        let found = own.find(finding).or_else(|| foreign.find(finding));
        let Some(at) = found else {
            if let Some(at) = void.find(finding) {
                suppressions[at].wanted = true;
            }
            return None;
        };
        let suppression = &mut suppressions[at];
        suppression.wanted = true;
        if policy.may_suppress(finding.check, finding.severity) {
            suppression.excuse(finding);
            return Some(at);
        }
        let defect = Defect::MayNotSuppress { check: finding.check.id.to_owned() };
        if !suppression.defects.contains(&defect) {
            suppression.defects.push(defect);
        }
        None
    };
    findings.iter().map(decide).collect()
}

impl Suppression {
    fn excuse(&mut self, finding: &Finding) {
        self.used = true;
        let names = |named: &&mut Named| named.checks.iter().any(|check| check == finding.check.id);
        if let Some(named) = self.names.iter_mut().find(names) {
            named.used = true;
        }
        self.excused.push(Excused {
            check: finding.check.id,
            severity: finding.severity,
            confidence: finding.confidence,
            definition: finding.definition.clone(),
            normalized: finding.normalized.clone(),
        });
    }
}

/// Suppressions by the checks they speak of, so that no finding has to look at all of them.
struct Index {
    by_check: FxHashMap<String, Vec<Entry>>,
    of_all: Vec<Entry>,
}

/// In the order of the text.
struct Entry {
    start: u32,
    /// The largest end of this entry and those before it.
    end: u32,
    at: usize,
}

impl Index {
    fn new(suppressions: &[Suppression], wanted: impl Fn(&Suppression) -> bool) -> Index {
        let mut index = Index { by_check: FxHashMap::default(), of_all: Vec::new() };
        for (at, suppression) in suppressions.iter().enumerate().filter(|(_, it)| wanted(it)) {
            let Range { start, end } = suppression.covers;
            let add = |entries: &mut Vec<Entry>| {
                let end = entries.last().map_or(end, |last| last.end.max(end));
                entries.push(Entry { start, end, at });
            };
            if suppression.of_all {
                add(&mut index.of_all);
            }
            for check in suppression.names.iter().flat_map(|named| &named.checks) {
                add(index.by_check.entry(check.clone()).or_default());
            }
        }
        index
    }

    /// The first suppression that covers a finding.
    fn find(&self, finding: &Finding) -> Option<usize> {
        let Range { start, end } = finding.statement.bytes;
        let first = |entries: &[Entry]| {
            // The first entry with a later end than all before it is the one that has this end.
            let entry = entries.get(entries.partition_point(|entry| entry.end <= start))?;
            (entry.start < end.max(start + 1)).then_some(entry.at)
        };
        let named = self.by_check.get(finding.check.id).and_then(|entries| first(entries));
        named.or_else(|| first(&self.of_all))
    }
}
