//! What a verdict rests on: what was compared, and by which policy.

use crate::change_set::Revisions;
use crate::verdict::{Subject, Verdict};

/// Names and sentences for people, in which any character can be.
pub fn about(verdict: &Verdict) -> Vec<(&'static str, String)> {
    let subject = match &verdict.subject {
        Subject::Change(revisions) => ("compared", compared(revisions)),
        Subject::Tree(paths) => ("scanned", listed(paths)),
    };
    vec![subject, ("policy", verdict.policy.clone())]
}

/// The first paths of a list that may be long.
fn listed(paths: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = paths.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match paths.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{shown} and {more} more"),
        _ => shown,
    }
}

fn compared(revisions: &Revisions) -> String {
    let head = revisions.head_shown();
    match revisions.bases().first() {
        None => format!("{head} with nothing: everything is new"),
        Some(base) => {
            let merge_base = base.get(..10).unwrap_or(base);
            format!("{head} with {}, merge base {merge_base}", revisions.base_name)
        }
    }
}
