//! What a policy comes to for one check, whatever rules lead there: the ground of the description of a policy
//! and of the difference of two.

use crate::check::{Confidence, Severity};

use super::select::Subject;
use super::{Action, Decision, Policy, Rule};

/// What findings of one check and severity do.
pub(super) struct View<'p> {
    /// Outside of all paths that a rule names, by confidence, the surest first.
    pub(super) general: [Decision<'p>; 3],
    /// In the paths that a rule names. Of several that name the same file, the last one decides.
    pub(super) special: Vec<Special<'p>>,
}

/// A rule for some paths, as far as no later rule takes everything from it.
pub(super) struct Special<'p> {
    pub(super) rule: &'p Rule,
    /// The patterns of its paths.
    pub(super) paths: &'p [String],
    /// For findings of these confidences, the surest first.
    pub(super) confidences: Vec<Confidence>,
}

impl Special<'_> {
    /// Whether two say the same, wherever they are written.
    pub(super) fn same(&self, other: &Special<'_>) -> bool {
        self.rule.action == other.rule.action
            && self.paths == other.paths
            && self.confidences == other.confidences
    }
}

impl Policy {
    pub(super) fn view(&self, check: Subject<'_>, severity: Severity) -> View<'_> {
        let general = Confidence::ALL.map(|confidence| self.decision(check, severity, confidence, |_| false));
        let special = self.rules.iter().enumerate().filter_map(|(index, rule)| {
            let paths = rule.paths.as_ref()?;
            let later = &self.rules[index + 1..];
            let decides = |confidence: &Confidence| {
                let selects = |rule: &Rule| rule.select.selects(check, severity, *confidence);
                *confidence >= self.min_confidence
                    && selects(rule)
                    && !later.iter().any(|later| later.paths.is_none() && selects(later))
            };
            let confidences: Vec<Confidence> = Confidence::ALL.into_iter().filter(decides).collect();
            let special = Special { rule, paths: paths.patterns(), confidences };
            (!special.confidences.is_empty()).then_some(special)
        });
        View { general, special: special.collect() }
    }
}

impl View<'_> {
    /// What it does by confidence, the surest first.
    pub(super) fn actions(&self) -> [Action; 3] {
        self.general.each_ref().map(|decision| decision.action)
    }
}

/// "at most medium confidence"; nothing where all confidences are meant. The surest comes first.
pub(super) fn confidence_words(confidences: &[Confidence]) -> &'static str {
    use Confidence::{High, Low, Medium};
    match confidences {
        [High] => "high confidence",
        [Medium] => "medium confidence",
        [Low] => "low confidence",
        [High, Medium] => "at least medium confidence",
        [Medium, Low] => "at most medium confidence",
        [High, Low] => "high or low confidence",
        _ => "",
    }
}
