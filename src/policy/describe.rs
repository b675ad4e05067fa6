//! What is in force, check by check and setting by setting, and from which line of the policy.

use std::fmt::Write as _;

use crate::check::{Confidence, Severity};
use crate::escape::visible;

use super::select::{self, Subject};
use super::view::{Special, View, confidence_words};
use super::{Action, Decision, Origin, Policy};

/// How many patterns are shown of a rule for some paths; a longer list is cut.
const MAX_PATTERNS: usize = 2;

/// What findings of one check do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The id of the check.
    pub check: String,
    /// The family of the check.
    pub family: String,
    /// The check's own severity.
    pub severity: Severity,
    /// The first line is what a finding of high confidence does in general; then what differs from it.
    pub lines: Vec<RowLine>,
}

/// One line of a [`Row`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowLine {
    /// What a finding does.
    pub action: Action,
    /// Which findings: `if low confidence`, `in tests/**`; empty for the general case.
    pub condition: String,
    /// The line that says so: `.mergegate.yml:12`, `recommended`, or `no rule`.
    pub origin: String,
}

/// A setting that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// As it is written in the policy, with a dot for each level: `suppressions.markers`.
    pub key: &'static str,
    /// Its values; a list has any number.
    pub values: Vec<String>,
    /// The line that says so, or `default`.
    pub origin: String,
}

/// What is in force for every check, the checks of the policy last.
pub fn describe(policy: &Policy) -> Vec<Row> {
    select::subjects(&policy.checks).map(|check| row(policy, check)).collect()
}

fn row(policy: &Policy, check: Subject<'_>) -> Row {
    let view = policy.view(check, check.severity);
    let mut lines = general_lines(&view);
    lines.extend(view.special.iter().map(special_line));
    Row { check: check.id.to_owned(), family: check.family.to_owned(), severity: check.severity, lines }
}

fn general_lines(view: &View<'_>) -> Vec<RowLine> {
    let mut lines: Vec<RowLine> = Vec::new();
    let mut confidences: Vec<Vec<Confidence>> = Vec::new();
    for (decision, confidence) in view.general.iter().zip(Confidence::ALL) {
        let line = RowLine { action: decision.action, condition: String::new(), origin: origin(decision) };
        match lines.iter().position(|known| *known == line) {
            Some(index) => confidences[index].push(confidence),
            None => {
                lines.push(line);
                confidences.push(vec![confidence]);
            }
        }
    }
    for (line, confidences) in lines.iter_mut().zip(confidences).skip(1) {
        line.condition = format!("if {}", confidence_words(&confidences));
    }
    lines
}

fn special_line(special: &Special<'_>) -> RowLine {
    let words = confidence_words(&special.confidences);
    let mut condition = format!("in {}", some_patterns(special.paths));
    if !words.is_empty() {
        condition.push_str(&format!(" if {words}"));
    }
    RowLine { action: special.rule.action, condition, origin: special.rule.origin.to_string() }
}

fn origin(decision: &Decision<'_>) -> String {
    decision.origin.map_or_else(|| "no rule".to_owned(), Origin::to_string)
}

/// The patterns of a rule in one line, which is cut.
fn some_patterns(paths: &[String]) -> String {
    let (shown, more) = paths.split_at(paths.len().min(MAX_PATTERNS));
    if more.is_empty() { patterns(shown) } else { format!("{} and {} more", patterns(shown), more.len()) }
}

/// The patterns of a rule in one line.
pub(super) fn patterns(paths: &[String]) -> String {
    paths.iter().map(|pattern| visible(pattern)).collect::<Vec<_>>().join(", ")
}

/// All settings, in the order of the keys in the documentation.
pub fn settings(policy: &Policy) -> Vec<Setting> {
    let one = |value: &dyn ToString| vec![value.to_string()];
    let given = |value: Option<String>| vec![value.unwrap_or_else(|| "none".to_owned())];
    let list = |values: &[String]| values.iter().map(|value| visible(value)).collect();
    let suppressions = &policy.suppressions;
    let ticket = suppressions.require_ticket.as_ref().map(|ticket| visible(ticket.pattern()));
    let max_days = suppressions.max_days.map(|days| days.to_string());
    let values: [(&'static str, Vec<String>); 14] = [
        ("include", list(policy.include.patterns())),
        ("exclude", list(policy.exclude.patterns())),
        ("scope", one(&policy.scope)),
        ("unscannable", one(&policy.unscannable)),
        ("limits.file-size", vec![size(policy.limits.file_size)]),
        ("report.min-confidence", one(&policy.min_confidence)),
        ("disclosure", one(&policy.disclosure)),
        ("suppressions.markers", suppressions.markers.iter().map(ToString::to_string).collect()),
        ("suppressions.require-reason", one(&suppressions.require_reason)),
        ("suppressions.min-reason-length", one(&suppressions.min_reason_length)),
        ("suppressions.never", suppressions.never.words()),
        ("suppressions.max-days", given(max_days)),
        ("suppressions.require-ticket", given(ticket)),
        ("suppressions.new-in-change", one(&suppressions.new_in_change)),
    ];
    let setting = |(key, values)| {
        let origin = policy.origins.get(key).map_or_else(|| "default".to_owned(), Origin::to_string);
        Setting { key, values, origin }
    };
    values.into_iter().map(setting).collect()
}

/// A number of bytes in the largest unit that leaves it whole.
fn size(bytes: u64) -> String {
    for (unit, factor) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= factor && bytes.is_multiple_of(factor) {
            return format!("{} {unit}", bytes / factor);
        }
    }
    format!("{bytes} B")
}

/// The widths of the columns of the table. With a line of `.mergegate.yml` behind them they fill a terminal.
const KEY: usize = 30;
const VALUE: usize = 29;
const CHECK: usize = 36;
const SEVERITY: usize = 8;
const ACTION: usize = 5;

/// The settings and the checks as a table for a terminal of 80 columns. What is longer than its column pushes
/// the rest of its line to the right.
pub fn table(policy: &Policy) -> String {
    let mut out = String::new();
    for setting in settings(policy) {
        push_setting(&mut out, &setting);
    }
    let mut family = String::new();
    for row in describe(policy) {
        if row.family != family {
            family.clone_from(&row.family);
            let _ = writeln!(out, "\n{family}");
        }
        push_row(&mut out, &row);
    }
    out
}

fn push_setting(out: &mut String, Setting { key, values, origin }: &Setting) {
    let joined = values.join(", ");
    let lines = match values.as_slice() {
        [] => vec!["none"],
        values if joined.len() > VALUE => values.iter().map(String::as_str).collect(),
        _ => vec![joined.as_str()],
    };
    for (index, line) in lines.into_iter().enumerate() {
        let (key, origin) = if index == 0 { (*key, origin.as_str()) } else { ("", "") };
        let text = format!("{key:KEY$}  {line:VALUE$}  {origin}");
        let _ = writeln!(out, "{}", text.trim_end());
    }
}

fn push_row(out: &mut String, row: &Row) {
    for RowLine { action, condition, origin } in &row.lines {
        let left = if condition.is_empty() {
            format!("{:CHECK$}  {:SEVERITY$}", row.check, row.severity)
        } else {
            format!("    {condition:width$}", width = CHECK + SEVERITY - 2)
        };
        let _ = writeln!(out, "  {left}  {action:ACTION$}  {origin}");
    }
}
