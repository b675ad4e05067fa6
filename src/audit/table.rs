//! The audit for a terminal: a table with the reason and what is wrong below each row.

use unicode_width::UnicodeWidthStr;

use crate::terminal::{BLOCK, FAINT, PASS, STRONG, Style, Terminal, WARN};

use super::{Audit, Entry, Status};

/// What is wider is cut, in characters. The last column is as wide as it needs to be.
const MAX_CELL: usize = 32;

const HEADINGS: [&str; 7] = ["STATUS", "CHECK", "UNTIL", "AGE", "COMMIT", "AUTHOR", "WHERE"];

/// How much of a commit's hash is shown.
const SHORT_HASH: usize = 10;

/// The audit as a table. It ends with one line that sums it up.
pub fn render(audit: &Audit, terminal: Terminal) -> String {
    let mut out = String::new();
    let rows: Vec<[String; 7]> = audit.entries.iter().map(|entry| cells(entry, audit, terminal)).collect();
    let headings = HEADINGS.map(str::to_owned);
    let widths: Vec<usize> = (0..HEADINGS.len())
        .map(|column| rows.iter().chain([&headings]).map(|row| row[column].width()).max().unwrap_or(0))
        .collect();
    if !rows.is_empty() {
        out.push_str(&terminal.paint(STRONG, &line(&headings, &widths)));
        out.push('\n');
    }
    for (entry, row) in audit.entries.iter().zip(&rows) {
        let line = line(row, &widths);
        let (status, rest) = line.split_at(entry.status().as_str().len());
        out.push_str(&terminal.paint(color(entry.status()), status));
        out.push_str(rest);
        out.push('\n');
        for sentence in std::iter::once(entry.suppression.reason.clone()).chain(entry.problems()) {
            if !sentence.is_empty() {
                out.push_str(&terminal.paint(FAINT, &terminal.wrap("  ", 2, &sentence)));
                out.push('\n');
            }
        }
    }
    if !rows.is_empty() {
        out.push('\n');
    }
    for (path, unread) in &audit.unread {
        let text = format!("{path} could not be analysed as a whole: {}", unread.reason);
        out.push_str(&terminal.wrap("", 2, &text));
        out.push('\n');
    }
    out.push_str(&audit.summary());
    out.push('\n');
    out
}

fn line(row: &[String; 7], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths).take(HEADINGS.len() - 1) {
        line.push_str(cell);
        line.push_str(&" ".repeat(width - cell.width() + 2));
    }
    line.push_str(&row[HEADINGS.len() - 1]);
    line
}

fn cells(entry: &Entry, audit: &Audit, terminal: Terminal) -> [String; 7] {
    let brought = entry.brought.as_ref();
    let cell = |text: String| {
        let text = terminal.safe(&text);
        match text.char_indices().nth(MAX_CELL) {
            Some((cut, _)) => terminal.safe(&format!("{}…", &text[..cut])),
            None => text,
        }
    };
    [
        entry.status().as_str().to_owned(),
        cell(entry.names()),
        entry.suppression.until.map_or_else(String::new, |day| day.to_string()),
        entry.age(audit.today).map_or_else(String::new, |days| format!("{days} d")),
        brought.map_or_else(String::new, |it| it.commit.chars().take(SHORT_HASH).collect()),
        cell(brought.map_or_else(String::new, |it| it.author.clone())),
        terminal.safe(&format!("{}:{}", entry.path, entry.line())),
    ]
}

fn color(status: Status) -> Style {
    match status {
        Status::Active => PASS,
        Status::Unused => WARN,
        Status::Expired | Status::Void => BLOCK,
    }
}
