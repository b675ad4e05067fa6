//! The audit for a page or a comment.

use crate::markdown::{code, prose};

use super::{Audit, Entry};

/// The audit as Markdown: one line that sums it up, and a table.
pub fn render(audit: &Audit) -> String {
    let mut out = format!("**{}**\n", audit.summary());
    if !audit.entries.is_empty() {
        out.push_str("\n| status | check | reason | until | where | brought |\n|---|---|---|---|---|---|\n");
    }
    for entry in &audit.entries {
        let cells = cells(entry, audit).map(|cell| cell.replace('|', "\\|"));
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    for (path, unread) in &audit.unread {
        let path = code(&path.to_string());
        out.push_str(&format!("\n{path} could not be analysed as a whole: {}\n", prose(&unread.reason)));
    }
    out
}

fn cells(entry: &Entry, audit: &Audit) -> [String; 6] {
    let suppression = &entry.suppression;
    let code_or_nothing = |text: &str| if text.is_empty() { String::new() } else { code(text) };
    let mut reason = vec![code_or_nothing(&suppression.reason)];
    reason.retain(|text| !text.is_empty());
    reason.extend(entry.problems().iter().map(|problem| prose(problem)));
    let brought = entry.brought.as_ref().map(|brought| {
        let commit: String = brought.commit.chars().take(10).collect();
        let age = entry.age(audit.today).map_or_else(String::new, |days| format!(", {days} days ago"));
        format!("{commit} by {}{age}", code(&brought.author))
    });
    [
        entry.status().as_str().to_owned(),
        code_or_nothing(&entry.names()),
        reason.join("<br>"),
        suppression.until.map_or_else(String::new, |day| day.to_string()),
        code(&format!("{}:{}", entry.path, entry.line())),
        brought.unwrap_or_default(),
    ]
}
