//! The verdict in one line.

use crate::baseline::State;
use crate::verdict::{Standing, Verdict};

use super::item::others;

/// `blocked` or `passed`.
pub fn word(verdict: &Verdict) -> &'static str {
    if verdict.blocked() { "blocked" } else { "passed" }
}

/// What stands behind the word: "2 new findings block, 1 warning, 1 justified, 3 unchanged in 4 files; 2 gone".
pub fn details(verdict: &Verdict) -> String {
    let counts = verdict.counts();
    let others = others(verdict);
    let others = |standing| others.iter().filter(|&&other| other == standing).count();
    let unscannable = verdict.unscannable.iter().filter(|file| file.blocks).count();
    let notices = others(Standing::Blocks) - unscannable;
    let warnings = counts.warnings + others(Standing::Warns);

    let mut blocking = Vec::new();
    if counts.blocking > 0 {
        let new = if all_new(verdict) { "new " } else { "" };
        blocking.push(several(counts.blocking, &format!("{new}finding")));
    }
    if unscannable > 0 {
        blocking.push(several(unscannable, "unscannable file"));
    }
    if notices > 0 {
        blocking.push(several(notices, "notice"));
    }
    let blockers = counts.blocking + unscannable + notices;
    let mut parts = vec![match blockers {
        0 => "nothing blocks".to_owned(),
        1 => format!("{} blocks", listed(&blocking)),
        _ => format!("{} block", listed(&blocking)),
    }];
    if warnings > 0 {
        parts.push(several(warnings, "warning"));
    }
    if counts.suppressed > 0 {
        parts.push(format!("{} justified", counts.suppressed));
    }
    if counts.unchanged > 0 {
        parts.push(format!("{} unchanged", counts.unchanged));
    }
    let gone = if verdict.gone > 0 { format!("; {} gone", verdict.gone) } else { String::new() };
    format!("{} in {}{gone}", parts.join(", "), several(verdict.files, "file"))
}

/// "a", "a and b", "a, b and c".
fn listed(parts: &[String]) -> String {
    match parts {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => parts.concat(),
    }
}

/// "1 file", "2 files".
pub fn several(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn all_new(verdict: &Verdict) -> bool {
    verdict
        .results
        .iter()
        .filter(|result| result.blocks)
        .all(|result| matches!(result.state, Some(State::New | State::Updated { .. })))
}
