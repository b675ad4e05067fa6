//! Which findings the suppressions justify.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::finding::Finding;
use crate::policy::{Marker, Policy};

use super::{Defect, Excused, Named, Suppression};

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
            until: self.until,
            definition: finding.definition.clone(),
            normalized: finding.normalized.clone(),
            secret: finding.trace.secret,
            constants: finding.trace.constants,
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
