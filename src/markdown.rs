//! Markdown (CommonMark with GitHub's tables) in which text from anywhere stays text.

use crate::escape;

/// Prose in which only backticks mean something: everything else is text. Where it holds something that a
/// platform would make a mention, a reference or a link of, all of it becomes a code span: no escape helps
/// against those.
pub fn prose(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    let plain = || pieces.iter().step_by(2);
    if pieces.len().is_multiple_of(2) || plain().any(|piece| links(piece)) {
        return code(text);
    }
    let mut out = String::with_capacity(text.len());
    for (at, piece) in pieces.iter().enumerate() {
        if at % 2 == 1 {
            out.push_str(&code(piece));
        } else {
            escape_into(piece, &mut out);
        }
    }
    out
}

/// Whether GitHub or GitLab makes more than text of a piece of text: `@somebody`, `#1`, `!1`, `~label`,
/// `%milestone`, `&1`, `$1`, an address.
fn links(text: &str) -> bool {
    text.contains(['@', '#', '$', '~', '%', '&', '^'])
        || text.contains("://")
        || text.to_ascii_lowercase().contains("www.")
        || text.split('!').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn escape_into(text: &str, out: &mut String) {
    for c in escape::visible_in_log(text).chars() {
        if matches!(c, '\\' | '*' | '_' | '<' | '>' | '[' | ']' | '#' | '|' | '~' | '@' | '&' | '`' | '!') {
            out.push('\\');
        }
        out.push(c);
    }
}

/// Text from anywhere on one line as a code span: in it nothing is markup, a mention, or a link.
pub fn code(text: &str) -> String {
    let text = escape::visible_in_log(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad =
        if text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Lines from anywhere as a code block.
pub fn code_block(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let lines: String = text.lines().map(|line| escape::visible_in_log(line) + "\n").collect();
    format!("{fence}{language}\n{lines}{fence}\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}
