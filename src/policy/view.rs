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
    /// What it says, wherever that is written.
    pub(super) fn meaning(&self) -> (Action, &[String], &[Confidence]) {
        (self.rule.action, self.paths, &self.confidences)
    }
}

impl Policy {
    pub(super) fn view(&self, check: Subject<'_>, severity: Severity) -> View<'_> {
        let general = Confidence::ALL.map(|confidence| self.decision(check, severity, confidence, |_| false));
        let mut open: Vec<Confidence> =
            Confidence::ALL.into_iter().filter(|confidence| *confidence >= self.min_confidence).collect();
        let mut special = Vec::new();
        for rule in self.rules.iter().rev() {
            let selects = |confidence: &Confidence| rule.select.selects(check, severity, *confidence);
            match &rule.paths {
                None => open.retain(|confidence| !selects(confidence)),
                Some(paths) => {
                    let confidences: Vec<Confidence> = open.iter().copied().filter(selects).collect();
                    if !confidences.is_empty() {
                        special.push(Special { rule, paths: paths.patterns(), confidences });
                    }
                }
            }
        }
        special.reverse();
        View { general, special }
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
