//! The audit for a spreadsheet (RFC 4180).

use crate::escape;

use super::{Audit, Entry};

const HEADINGS: [&str; 13] = [
    "status", "marker", "checks", "reason", "ticket", "until", "file", "line", "commit", "author", "date",
    "age-days", "problems",
];

/// The audit as comma-separated values.
pub fn render(audit: &Audit) -> String {
    let mut out = record(HEADINGS.map(str::to_owned));
    for entry in &audit.entries {
        out.push_str(&record(fields(entry, audit)));
    }
    out
}

fn fields(entry: &Entry, audit: &Audit) -> [String; 13] {
    let suppression = &entry.suppression;
    let brought = entry.brought.as_ref();
    let text = |text: Option<String>| text.unwrap_or_default();
    [
        entry.status().as_str().to_owned(),
        suppression.marker.as_str().to_owned(),
        entry.names(),
        suppression.reason.clone(),
        text(suppression.ticket.clone()),
        text(suppression.until.map(|day| day.to_string())),
        entry.path.to_string(),
        entry.line().to_string(),
        text(brought.map(|it| it.commit.clone())),
        text(brought.map(|it| it.author.clone())),
        text(entry.day().map(|day| day.to_string())),
        text(entry.age(audit.today).map(|days| days.to_string())),
        entry.problems().join(" "),
    ]
}

fn record(fields: [String; 13]) -> String {
    fields.map(|field| quoted(&field)).join(",") + "\r\n"
}

/// What a spreadsheet would take for a formula gets a quote before it, which spreadsheets do not show, and what a CI system
/// would take for a command is broken, since this may be printed into its log.
fn quoted(field: &str) -> String {
    let mut text = escape::visible_in_log(field);
    if text.starts_with(['=', '+', '-', '@']) {
        text.insert(0, '\'');
    }
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
