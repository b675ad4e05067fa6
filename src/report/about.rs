//! What a verdict rests on: what was compared, and by which policy.

use crate::change_set::{Head, Revisions};
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
    let head = named(
        &revisions.head_name,
        match revisions.head() {
            Head::Commit(id) => Some(id),
            Head::Index | Head::WorkTree => None,
        },
    );
    let bases = revisions.bases();
    match bases.first() {
        None => format!("{head} with nothing: everything is new"),
        Some(base) => {
            let merge_base = short(base);
            format!("{head} with {}, merge base {merge_base}", revisions.base_name)
        }
    }
}

fn named(name: &str, id: Option<String>) -> String {
    match id {
        Some(id) if !id.starts_with(name) => format!("{name} ({})", short(&id)),
        Some(id) => short(&id).to_owned(),
        None => name.to_owned(),
    }
}

/// The first characters of a hash, by which a person knows it.
fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}
