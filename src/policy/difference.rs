//! What changes between two policies, in what they come to rather than in their text.

use std::collections::{HashMap, HashSet};

use crate::check::{Confidence, Severity};
use crate::checks;

use super::describe::{Setting, patterns, settings};
use super::select::{Subject, subjects};
use super::view::{Special, View, confidence_words};
use super::{Action, CustomCheck, Policy};

/// What is different in `head`: one sentence for each setting and each check, checks that change alike
/// together. Empty where the two come to the same.
pub fn difference(base: &Policy, head: &Policy) -> Vec<String> {
    let mut changes = setting_changes(base, head);
    changes.extend(custom_changes(base, head));
    let mut alike: Vec<(String, Vec<Subject<'_>>)> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for check in subjects(&head.checks) {
        if is_custom(check) && !base.checks.iter().any(|known| known.id == check.id) {
            continue;
        }
        for change in check_changes(base, head, check) {
            let index = *known.entry(change).or_insert_with_key(|change| {
                alike.push((change.clone(), Vec::new()));
                alike.len() - 1
            });
            alike[index].1.push(check);
        }
    }
    changes.extend(alike.iter().map(|(change, checks)| format!("{}: {change}", names(checks))));
    changes
}

fn setting_changes(base: &Policy, head: &Policy) -> Vec<String> {
    let lists = ["include", "exclude", "suppressions.markers", "suppressions.never"];
    let pairs = settings(base).into_iter().zip(settings(head));
    let mut changes = Vec::new();
    for (Setting { key, values: before, .. }, Setting { values: after, .. }) in pairs {
        if lists.contains(&key) {
            let new = |value: &&String| !before.contains(value);
            let gone = |value: &&String| !after.contains(value);
            changes.extend(after.iter().filter(new).map(|value| format!("{key}: added {value}")));
            changes.extend(before.iter().filter(gone).map(|value| format!("{key}: removed {value}")));
        } else if before != after {
            changes.push(format!("{key}: {} → {}", before.concat(), after.concat()));
        }
    }
    changes
}

/// Checks that the policies declare, as far as their declarations differ.
fn custom_changes(base: &Policy, head: &Policy) -> Vec<String> {
    let find = |policy: &Policy, id: &str| -> Option<CustomCheck> {
        policy.checks.iter().find(|check| check.id == id).cloned()
    };
    let action =
        |policy: &Policy, check: &CustomCheck| policy.view(check.into(), check.severity).general[0].action;
    let mut changes = Vec::new();
    for before in &base.checks {
        match find(head, &before.id) {
            None => changes.push(format!("{}: {} → no longer declared", before.id, action(base, before))),
            Some(after) if !same_check(before, &after) => {
                changes.push(format!("{}: declared differently", before.id));
            }
            Some(_) => {}
        }
    }
    for after in &head.checks {
        if find(base, &after.id).is_none() {
            changes.push(format!("{}: newly declared → {}", after.id, action(head, after)));
        }
    }
    changes
}

/// Whether two declarations say the same, wherever they are written.
fn same_check(a: &CustomCheck, b: &CustomCheck) -> bool {
    let at_a = CustomCheck { origin: a.origin.clone(), ..b.clone() };
    *a == at_a
}

/// What changes for findings of the check's own severity; else for those of another severity.
fn check_changes(base: &Policy, head: &Policy, check: Subject<'_>) -> Vec<String> {
    let at = |severity| view_changes(&base.view(check, severity), &head.view(check, severity));
    let own = at(check.severity);
    if !own.is_empty() {
        return own;
    }
    let others = Severity::ALL.into_iter().filter(|severity| *severity != check.severity);
    let raised = others.flat_map(|severity| {
        at(severity).into_iter().map(move |change| format!("{change} if severity is {severity}"))
    });
    raised.collect()
}

fn view_changes(base: &View<'_>, head: &View<'_>) -> Vec<String> {
    let mut changes = general_changes(base.actions(), head.actions());
    let (before, after) = (meanings(&base.special), meanings(&head.special));
    for special in base.special.iter().filter(|special| !after.contains(&special.meaning())) {
        changes.push(special_change(special, special.rule.action, head.actions()[0]));
    }
    for special in head.special.iter().filter(|special| !before.contains(&special.meaning())) {
        changes.push(special_change(special, base.actions()[0], special.rule.action));
    }
    let in_order = base.special.iter().map(Special::meaning).eq(head.special.iter().map(Special::meaning));
    if changes.is_empty() && !in_order {
        changes.push("other rules for paths come last".to_owned());
    }
    changes
}

fn meanings<'s>(special: &'s [Special<'_>]) -> HashSet<(Action, &'s [String], &'s [Confidence])> {
    special.iter().map(Special::meaning).collect()
}

/// Changes that are alike for several confidences together.
fn general_changes(base: [Action; 3], head: [Action; 3]) -> Vec<String> {
    let mut alike: Vec<((Action, Action), Vec<Confidence>)> = Vec::new();
    for ((before, after), confidence) in base.into_iter().zip(head).zip(Confidence::ALL) {
        match alike.iter_mut().find(|(change, _)| *change == (before, after)) {
            Some((_, confidences)) => confidences.push(confidence),
            None => alike.push(((before, after), vec![confidence])),
        }
    }
    let changed = alike.iter().filter(|((before, after), _)| before != after);
    changed
        .map(|((before, after), confidences)| format!("{before} → {after}{}", if_confidence(confidences)))
        .collect()
}

fn special_change(special: &Special<'_>, before: Action, after: Action) -> String {
    let under = patterns(special.paths);
    format!("{before} → {after} under {under}{}", if_confidence(&special.confidences))
}

fn if_confidence(confidences: &[Confidence]) -> String {
    let words = confidence_words(confidences);
    if words.is_empty() { String::new() } else { format!(" if {words}") }
}

fn is_custom(check: Subject<'_>) -> bool {
    check.family == super::CUSTOM_FAMILY
}

/// The checks by name; whole families, and all checks, in short.
fn names(alike: &[Subject<'_>]) -> String {
    let contains = |id: &str| alike.iter().any(|check| check.id == id);
    if checks::all().all(|check| contains(check.id)) {
        return "all checks".to_owned();
    }
    let mut names: Vec<String> = Vec::new();
    for family in checks::FAMILIES {
        let changed: Vec<&str> =
            family.checks.iter().map(|check| check.id).filter(|id| contains(id)).collect();
        if changed.len() > 1 && changed.len() == family.checks.len() {
            names.push(format!("family:{}", family.id));
        } else {
            names.extend(changed.into_iter().map(str::to_owned));
        }
    }
    names.extend(alike.iter().filter(|check| is_custom(**check)).map(|check| check.id.to_owned()));
    names.join(", ")
}
