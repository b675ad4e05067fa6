//! The report as Markdown: a comment on a change request, and the summary of a GitHub job.
//!
//! Text from the repository stands in code spans and code blocks only, where nothing is markup, a mention or a
//! link.

use crate::change_set::Head;
use crate::finding::Position;
use crate::markdown::{code, code_block, prose};
use crate::path::FilePath;
use crate::terminal::Terminal;
use crate::verdict::{Standing, Subject, Verdict};

use super::excerpt::{Excerpt, label};
use super::headline::several;
use super::item::{Item, items};
use super::rule::Rule;
use super::{Format, Options, about, counts, headline, only_counts};

/// GitHub takes comments of 65,536 characters.
pub const MAX_COMMENT: usize = 60_000;

/// GitHub drops a summary of more than 1 MiB as a whole. It is shared by all steps of the job.
pub const MAX_SUMMARY: usize = 900_000;

/// The width of excerpts, in columns.
const WIDTH: usize = 100;

/// At most `limit` bytes.
pub fn render(verdict: &Verdict, options: &Options, limit: usize) -> String {
    let mark = if verdict.blocked() { "❌" } else { "✅" };
    let mut page = format!("## {mark} mergegate: {}\n\n", headline::word(verdict));
    page.push_str(&format!("**{}**\n\n", headline::details(verdict)));
    if only_counts(Format::Markdown, verdict) {
        page.push_str(&table(verdict));
        return page;
    }
    let footer = footer(verdict);
    let items = items(verdict);
    let link = Link::new(verdict, options);
    let room = limit.saturating_sub(page.len() + footer.len());
    page.push_str(&sections(&items, &link, room));
    page.push_str(&footer);
    page
}

/// What blocks in full, the rest as lists that can be opened, as far as there is room.
fn sections(items: &[Item<'_>], link: &Link, room: usize) -> String {
    let of = |standing| items.iter().filter(move |item| item.standing == standing);
    let mut blocks = vec![];
    blocks.extend(of(Standing::Blocks).map(|item| section(item, link)));
    for (standing, title) in [(Standing::Warns, "warning"), (Standing::Informs, "note")] {
        let entries: Vec<String> = of(standing).map(|item| entry(item, link)).collect();
        if let Some((last, others)) = entries.split_last() {
            blocks.push(format!("<details><summary>{}</summary>\n\n", several(entries.len(), title)));
            blocks.extend_from_slice(others);
            blocks.push(format!("{last}\n</details>\n\n"));
        }
    }
    fill(&blocks, room)
}

/// The blocks that have room, and a word about those that have none.
fn fill(blocks: &[String], room: usize) -> String {
    const NOTICE: usize = 100;
    let total: usize = blocks.iter().map(String::len).sum();
    if total <= room {
        return blocks.concat();
    }
    let mut out = String::new();
    let mut open = false;
    for (at, block) in blocks.iter().enumerate() {
        if out.len() + block.len() + NOTICE > room {
            let close = if open { "\n</details>\n\n" } else { "" };
            out.push_str(&format!("{close}**There is no room here for {} more.**\n\n", blocks.len() - at));
            break;
        }
        open = block.starts_with("<details>") || open && !block.contains("</details>");
        out.push_str(block);
    }
    out
}

fn section(item: &Item<'_>, link: &Link) -> String {
    let mut out = format!("### {}", code(item.id));
    if let Some(judged) = item.finding {
        out.push_str(&format!(" · {}", label(judged)));
    }
    out.push_str("\n\n");
    if let Some(path) = item.path {
        out.push_str(&format!("{}{}\n\n", link.to(path, item.at), item.in_cell()));
    }
    out.push_str(&format!("{}\n\n", message(item)));
    if let Some(judged) = item.finding {
        let terminal = Terminal { color: false, ascii: false, width: WIDTH };
        let excerpt = Excerpt::new(judged, terminal).without_label();
        out.push_str(&format!("{}\n", code_block("", &excerpt.render())));
    }
    out.push_str(&format!("**Instead:** {}\n\n", prose(Rule::of(item).help())));
    out
}

fn entry(item: &Item<'_>, link: &Link) -> String {
    let place = item.path.map_or_else(String::new, |path| format!("{} ", link.to(path, item.at)));
    format!("- {place}{}: {}\n", code(item.id), message(item))
}

/// Our own words, with what they quote of the source in backticks.
fn message(item: &Item<'_>) -> String {
    prose(&item.message)
}

fn footer(verdict: &Verdict) -> String {
    let mut out = String::new();
    let justifiable = verdict.results.iter().find(|judged| judged.blocks && judged.justifiable);
    if let Some(judged) = justifiable {
        let id = judged.finding.check.id;
        out.push_str(&format!(
            "Fix it, or say in a comment on its line why it is safe there: {}. What the check is about: {}.\n\n",
            code(&format!("# mergegate: allow[{id}] the reason")),
            code(&format!("mergegate explain {id}")),
        ));
    }
    let about: Vec<String> =
        about::about(verdict).iter().map(|(name, text)| format!("{name} {}", code(text))).collect();
    out.push_str(&format!("<sub>{}</sub>\n", about.join(" · ")));
    out
}

fn table(verdict: &Verdict) -> String {
    let rows = counts::rows(verdict);
    if rows.is_empty() {
        return String::new();
    }
    let mut out =
        String::from("| check | blocking | warnings | unchanged | justified |\n|---|--:|--:|--:|--:|\n");
    for counts::Row { id, counts } in &rows {
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} |\n",
            code(id),
            counts.blocking,
            counts.warnings,
            counts.unchanged,
            counts.suppressed
        ));
    }
    out.push_str(&format!("\n{}\n", prose(counts::WHY)));
    out
}

/// How to show a place, and where a reader finds it in the web.
struct Link {
    /// The address of the tree of the commit, if it is known.
    tree: Option<String>,
}

impl Link {
    fn new(verdict: &Verdict, options: &Options) -> Self {
        let commit = match &verdict.subject {
            Subject::Change(revisions) => match revisions.head() {
                Head::Commit(commit) => Some(commit),
                Head::Index | Head::WorkTree => None,
            },
            Subject::Tree(_) => None,
        };
        let repository = options.address();
        Link {
            tree: repository.zip(commit).map(|(repository, commit)| format!("{repository}/blob/{commit}")),
        }
    }

    fn to(&self, path: &FilePath, at: Option<Position>) -> String {
        let place = at.map_or_else(String::new, |at| format!(":{}:{}", at.line, at.column));
        let shown = code(&format!("{path}{place}"));
        match &self.tree {
            Some(tree) => {
                let line = at.map_or_else(String::new, |at| format!("#L{}", at.line));
                format!("[{shown}](<{tree}/{}{line}>)", path.to_uri())
            }
            None => shown,
        }
    }
}
