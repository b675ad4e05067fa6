//! The audit for programs.

use serde::Serialize;

use crate::report::pretty_json;

use super::{Audit, Entry};

/// It rises when a program that reads the audit could misunderstand it; new keys do not raise it.
const FORMAT_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    today: String,
    suppressions: Vec<Row<'a>>,
    /// Files that could not be analysed as a whole.
    unread: Vec<Unread<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Row<'a> {
    status: &'static str,
    marker: &'static str,
    /// What is written in the comment; empty where it means every check.
    names: Vec<Name<'a>>,
    every_check: bool,
    reason: &'a str,
    ticket: Option<&'a str>,
    until: Option<String>,
    file: String,
    line: u32,
    column: u32,
    commit: Option<&'a str>,
    author: Option<&'a str>,
    date: Option<String>,
    age_days: Option<i64>,
    problems: Vec<String>,
}

#[derive(Serialize)]
struct Name<'a> {
    written: &'a str,
    checks: &'a [String],
    used: bool,
}

#[derive(Serialize)]
struct Unread<'a> {
    file: String,
    reason: &'a str,
}

/// The audit as JSON.
pub fn render(audit: &Audit) -> String {
    pretty_json(&Document {
        version: FORMAT_VERSION,
        today: audit.today.to_string(),
        suppressions: audit.entries.iter().map(|entry| row(entry, audit)).collect(),
        unread: audit
            .unread
            .iter()
            .map(|(path, unread)| Unread { file: path.to_string(), reason: &unread.reason })
            .collect(),
    })
}

fn row<'a>(entry: &'a Entry, audit: &Audit) -> Row<'a> {
    let suppression = &entry.suppression;
    let name = |named: &'a crate::suppression::Named| Name {
        written: &named.written,
        checks: &named.checks,
        used: named.used,
    };
    Row {
        status: entry.status().as_str(),
        marker: suppression.marker.as_str(),
        names: suppression.names.iter().map(name).collect(),
        every_check: suppression.of_all,
        reason: &suppression.reason,
        ticket: suppression.ticket.as_deref(),
        until: suppression.until.map(|day| day.to_string()),
        file: entry.path.to_string(),
        line: entry.line(),
        column: suppression.region.start.column,
        commit: entry.brought.as_ref().map(|it| it.commit.as_str()),
        author: entry.brought.as_ref().map(|it| it.author.as_str()),
        date: entry.day().map(|day| day.to_string()),
        age_days: entry.age(audit.today),
        problems: entry.problems(),
    }
}
