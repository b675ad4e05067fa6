//! What a written suppression is worth.

use std::ops::Range;

use crate::check::{Check, Severity};
use crate::checks;
use crate::finding::Region;
use crate::policy::{self, Marker, Policy, nearest};

use super::date::{self, Date};
use super::grammar::Written;
use super::reason::{self, Until};
use super::{Defect, Named, Suppression};

/// A suppression that names more checks is void.
const MAX_CHECKS: usize = 32;

/// For how many unknown checks of a file a known one is suggested.
const MAX_SUGGESTIONS: usize = 50;

/// Decides what a written suppression is worth.
pub(super) struct Judge<'p> {
    policy: &'p Policy,
    today: Date,
    suggestions: usize,
}

impl<'p> Judge<'p> {
    pub(super) fn new(policy: &'p Policy, today: Date) -> Self {
        Judge { policy, today, suggestions: MAX_SUGGESTIONS }
    }

    /// Whether the policy has switched on a language. That of Python Code Audit has the words of the others.
    pub(super) fn counts(&self, marker: Marker) -> bool {
        let markers = &self.policy.suppressions.markers;
        markers.contains(&marker) || marker != Marker::Mergegate && markers.contains(&Marker::Codeaudit)
    }

    /// `None` for a comment in another tool's language that is not about anything we know.
    pub(super) fn judge(
        &mut self,
        written: &Written<'_>,
        region: Region,
        covers: Range<u32>,
    ) -> Option<Suppression> {
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

    /// The ids of the checks that a name stands for.
    pub(super) fn known(&mut self, id: &str) -> Result<Vec<String>, Defect> {
        let named = self.named(id);
        if named.checks.is_empty() {
            return Err(Defect::UnknownCheck { nearest: self.suggestion(id), id: named.written });
        }
        Ok(named.checks)
    }

    fn named(&self, id: &str) -> Named {
        let custom = self.policy.checks.iter().map(|check| &check.id);
        let custom = custom.filter(|known| known.eq_ignore_ascii_case(id)).cloned();
        let checks = custom.chain(meant(id).iter().map(|check| check.id.to_owned())).collect();
        Named { written: id.to_owned(), checks, used: false }
    }

    fn check_name(&mut self, named: &Named, defects: &mut Vec<Defect>) {
        defects.extend(self.known(&named.written).err());
        // What depends on the severity of a finding can only be judged with the finding.
        let built_in = meant(&named.written).iter().map(|check| policy::Subject::from(*check));
        let custom = self.policy.checks.iter().map(policy::Subject::from);
        let never = built_in
            .chain(custom.filter(|check| check.id.eq_ignore_ascii_case(&named.written)))
            .filter(|check| !self.policy.may_suppress(*check, Severity::Info));
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
