//! The report for people: what blocks first, each with its line of source and a way out, and the verdict in
//! the last line.

use rayon::prelude::*;

use crate::baseline::State;
use crate::finding::Step;
use crate::terminal::Terminal;
use crate::terminal::{BLOCK, FAINT, FRAME, NAME, PASS, STRONG, Style, WARN};
use crate::verdict::{Standing, Verdict};

use super::excerpt::Excerpt;
use super::item::{Item, UNSCANNABLE, UNSCANNABLE_HELP, items};
use super::{Format, Options, counts, headline, only_counts};

/// How many of the things that block are named once more at the end, where the reader's eye is.
const MAX_REMINDERS: usize = 10;

/// How many lines are shown of the way of a value.
const MAX_STEPS: usize = 4;

/// How far the second line of a message and of a note is indented.
const HANG: usize = 4;

pub fn render(verdict: &Verdict, options: &Options) -> String {
    let mut page = Page { out: String::new(), terminal: options.terminal };
    if only_counts(Format::Text, verdict) {
        page.counts(verdict);
    } else {
        page.items(verdict, options.verbose);
        page.about(verdict);
    }
    page.last_line(verdict);
    page.out
}

struct Page {
    out: String,
    terminal: Terminal,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn prose(&mut self, first: &str, style: Style, hang: usize, text: &str) {
        let wrapped = self.terminal.wrap(first, hang, text);
        let (first, rest) = wrapped.split_at(first.len());
        let first = self.terminal.paint(style, first);
        self.line(&format!("{first}{rest}"));
    }

    fn items(&mut self, verdict: &Verdict, verbose: bool) {
        let items = items(verdict);
        let shown: Vec<_> =
            items.iter().filter(|item| verbose || item.standing <= Standing::Informs).collect();
        let written: Vec<String> = shown.par_iter().map(|item| self.written(item)).collect();
        written.iter().for_each(|text| self.out.push_str(text));
        let blocking: Vec<_> =
            shown.iter().copied().filter(|item| item.standing == Standing::Blocks).collect();
        if blocking.len() < shown.len() {
            self.reminders(&blocking);
        }
        self.way_out(&blocking);
    }

    fn written(&self, item: &Item<'_>) -> String {
        let mut page = Page { out: String::new(), terminal: self.terminal };
        page.item(item);
        page.out
    }

    fn item(&mut self, item: &Item<'_>) {
        let (word, style) = title(item.standing);
        self.prose(&format!("{word}[{}]: ", item.id), style, HANG, &item.message);
        let excerpt = item.finding.map(|judged| Excerpt::new(judged, self.terminal));
        let gutter = excerpt.as_ref().map_or(1, Excerpt::gutter);
        if let Some(place) = place(item, self.terminal) {
            let arrow = self.terminal.paint(FRAME, &format!("{:gutter$}-->", ""));
            self.line(&format!("{arrow} {}", self.terminal.paint(NAME, &place)));
        }
        if let Some(excerpt) = excerpt {
            self.out.push_str(&excerpt.render());
        }
        self.notes(item, gutter);
        self.line("");
    }

    fn notes(&mut self, item: &Item<'_>, gutter: usize) {
        let mut note = |name: &str, text: &str| {
            let first = format!("{:gutter$} = {name}: ", "");
            self.prose(&first, STRONG, first.len(), text);
        };
        if item.id == UNSCANNABLE {
            note("help", UNSCANNABLE_HELP);
        }
        let Some(judged) = item.finding else { return };
        for (name, text) in way(&judged.finding.steps) {
            note(name, &text);
        }
        if judged.blocks {
            note("help", judged.finding.check.instead);
            if !judged.justifiable {
                note("note", "the policy accepts no justification for this check");
            }
        }
        if let Some(justification) = &judged.justification {
            let added = if justification.new { ", which this change adds" } else { "" };
            note("reason", &format!("{} (line {}{added})", justification.reason, justification.line));
        }
        if let Some(State::Unchanged { moved_from: Some(path) }) = &judged.state {
            note("note", &format!("it was in {path} before"));
        }
    }

    /// What blocks, once more, where other things were printed behind it.
    fn reminders(&mut self, blocking: &[&Item<'_>]) {
        if blocking.is_empty() {
            return;
        }
        self.line(&self.terminal.paint(STRONG, "What blocks:"));
        for item in blocking.iter().take(MAX_REMINDERS) {
            let place = place(item, self.terminal).map_or_else(String::new, |place| format!("{place} "));
            self.line(&format!("  {}{}", self.terminal.paint(NAME, &place), item.id));
        }
        if blocking.len() > MAX_REMINDERS {
            self.line(&format!("  and {} more", blocking.len() - MAX_REMINDERS));
        }
        self.line("");
    }

    /// What to do about a finding that blocks.
    fn way_out(&mut self, blocking: &[&Item<'_>]) {
        let findings = || blocking.iter().filter_map(|item| item.finding);
        let Some(first) = findings().next() else { return };
        if let Some(justifiable) = findings().find(|judged| judged.justifiable) {
            let id = justifiable.finding.check.id;
            self.line("Fix it, or say on its line why it is safe here:");
            let comment = format!("# mergegate: allow[{id}] <reason>");
            self.line(&format!("    {}", self.terminal.paint(NAME, &comment)));
        }
        let command = format!("mergegate explain {}", first.finding.check.id);
        self.line(&format!("What a check is about: {}", self.terminal.paint(NAME, &command)));
        self.line("");
    }

    /// What the verdict rests on.
    fn about(&mut self, verdict: &Verdict) {
        for (name, text) in super::about::about(verdict) {
            self.prose(&format!("{name}: "), FAINT, HANG, &text);
        }
    }

    fn counts(&mut self, verdict: &Verdict) {
        let rows = counts::rows(verdict);
        if rows.is_empty() {
            return;
        }
        let width = rows.iter().map(|row| row.id.len()).max().unwrap_or_default();
        self.line(&format!("{:width$}  blocking  warnings  unchanged  justified", ""));
        for row in rows {
            let counts = row.counts;
            self.line(&format!(
                "{:width$}  {:>8}  {:>8}  {:>9}  {:>9}",
                row.id, counts.blocking, counts.warnings, counts.unchanged, counts.suppressed
            ));
        }
        self.line("");
        self.prose("", FAINT, 0, counts::WHY);
    }

    fn last_line(&mut self, verdict: &Verdict) {
        let style = if verdict.blocked() { BLOCK } else { PASS };
        self.prose(&format!("{}: ", headline::word(verdict)), style, HANG, &headline::details(verdict));
    }
}

/// Where a value came from and by which lines, the middle of a long way left out.
fn way(steps: &[Step]) -> Vec<(&'static str, String)> {
    let place =
        |step: &Step| step.cell.map_or_else(|| format!("line {}", step.line.number), |cell| cell.to_string());
    let told = |step: &Step| format!("{}: {}", place(step), step.line.text.trim());
    let name = |at: usize| if at == 0 { "from" } else { "via" };
    let mut way: Vec<_> = steps.iter().enumerate().map(|(at, step)| (name(at), told(step))).collect();
    if way.len() > MAX_STEPS {
        let left_out = way.len() - MAX_STEPS;
        let lines = if left_out == 1 { "line" } else { "lines" };
        way.splice(MAX_STEPS - 1..way.len() - 1, [("via", format!("{left_out} more {lines}"))]);
    }
    way
}

/// `path:line:column`, as editors and terminals make it a link.
fn place(item: &Item<'_>, terminal: Terminal) -> Option<String> {
    let path = terminal.safe(&item.path?.to_string());
    Some(match item.at {
        Some(at) => format!("{path}:{}:{}{}", at.line, at.column, item.in_cell()),
        None => path,
    })
}

fn title(standing: Standing) -> (&'static str, Style) {
    match standing {
        Standing::Blocks => ("blocks", BLOCK),
        Standing::Warns => ("warning", WARN),
        Standing::Informs => ("note", STRONG),
        Standing::Unchanged => ("unchanged", FAINT),
        Standing::Suppressed => ("justified", FAINT),
    }
}
