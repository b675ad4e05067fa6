//! GitLab's Code Quality report: what the change brings, in the widget of the merge request.
//!
//! Reference: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>

use serde_json::{Value, json};

use crate::check::Severity;
use crate::verdict::Verdict;

use super::fingerprint::hash;
use super::item::{Item, for_platform, items};
use super::json::pretty;

pub fn render(verdict: &Verdict) -> String {
    let items = items(verdict);
    pretty(&for_platform(&items).map(entry).collect::<Vec<_>>())
}

fn entry(item: &Item<'_>) -> Value {
    let path = item.path.map(ToString::to_string).unwrap_or_default();
    json!({
        "description": crate::escape::visible(&item.message),
        "check_name": item.id,
        // GitLab drops one of two entries with the same fingerprint.
        "fingerprint": hash(&[path.as_bytes(), item.fingerprint.hash().as_bytes()]),
        "severity": severity(item),
        "location": {
            "path": path.strip_prefix("./").unwrap_or(&path),
            "lines": { "begin": item.at.map_or(1, |at| at.line) },
        },
    })
}

fn severity(item: &Item<'_>) -> &'static str {
    match item.badness().0 {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
        Severity::Info => "info",
    }
}
