//! Lines of source in a terminal, with the place of the finding underlined.

use std::borrow::Cow;
use std::ops::Range;

use compact_str::{CompactString, ToCompactString, format_compact};
use unicode_width::UnicodeWidthChar;

use crate::baseline::State;
use crate::escape;
use crate::finding::SourceLine;
use crate::terminal::{BLOCK, FRAME, Terminal, WARN, ascii};
use crate::verdict::{Judged, Standing};

/// A tab reaches to the next multiple of this.
const TAB_WIDTH: usize = 4;

/// The least room for source; in a terminal that has less, the source sticks out.
const MIN_ROOM: usize = 20;

/// The source of a finding as it is laid out in a terminal.
pub struct Excerpt<'v> {
    judged: &'v Judged,
    terminal: Terminal,
    gutter: usize,
    label: String,
}

impl<'v> Excerpt<'v> {
    pub fn new(judged: &'v Judged, terminal: Terminal) -> Self {
        let last = judged.finding.excerpt.last().map_or(0, |line| line.number);
        Excerpt { judged, terminal, gutter: last.to_string().len(), label: label(judged) }
    }

    /// With nothing beside the mark, where the label has been told already.
    pub fn without_label(self) -> Self {
        Excerpt { label: String::new(), ..self }
    }

    /// The width of the line numbers.
    pub fn gutter(&self) -> usize {
        self.gutter
    }

    /// What blocks with its whole statement, everything else with its line only.
    pub fn render(&self) -> String {
        let mut out = self.row("", "");
        for line in &self.judged.finding.excerpt {
            let marked = line.number == self.judged.finding.line();
            if !marked && !self.judged.blocks {
                continue;
            }
            let room = self.terminal.width.saturating_sub(self.gutter + 3).max(MIN_ROOM);
            let (source, mark) = self.laid_out(line, room);
            out.push_str(&self.row(&line.number.to_string(), &source));
            if marked {
                out.push_str(&self.underline(mark, room));
            }
        }
        out
    }

    /// A line as it is shown, with the columns of its mark.
    fn laid_out<'l>(&self, line: &'l SourceLine, room: usize) -> (Cow<'l, str>, Range<usize>) {
        let is_plain = line.text.len() <= room && line.text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if is_plain && !line.text.contains("##") {
            return (Cow::Borrowed(&line.text), line.mark.clone());
        }
        let cells = fit(cells(line, self.terminal.ascii), room, self.terminal.ascii);
        let start: usize = cells.iter().take_while(|cell| !cell.marked).map(|cell| cell.width).sum();
        let width: usize = cells.iter().filter(|cell| cell.marked).map(|cell| cell.width).sum();
        let source = cells.iter().map(|cell| cell.text.as_str()).collect();
        (Cow::Owned(source), if width == 0 { 0..0 } else { start..start + width })
    }

    fn row(&self, number: &str, text: &str) -> String {
        let gutter = self.gutter;
        let frame = self.terminal.paint(FRAME, &format!("{number:>gutter$} |"));
        format!("{frame} {text}").trim_end().to_owned() + "\n"
    }

    /// The line below the marked one, and one more where the label has no room beside the mark.
    fn underline(&self, mark: Range<usize>, room: usize) -> String {
        let style = if self.judged.standing() == Standing::Blocks { BLOCK } else { WARN };
        let (start, width) = if mark.is_empty() { (0, 1) } else { (mark.start, mark.len()) };
        let carets = format!("{:start$}{}", "", self.terminal.paint(style, &"^".repeat(width)));
        let label = &self.label;
        if label.is_empty() {
            return self.row("", &carets);
        }
        let painted = self.terminal.paint(style, label);
        if start + width + 1 + label.len() <= room {
            return self.row("", &format!("{carets} {painted}"));
        }
        let indent = start.min(room.saturating_sub(label.len()));
        self.row("", &carets) + &self.row("", &format!("{:indent$}{painted}", ""))
    }
}

/// "new, high severity, medium confidence".
pub fn label(judged: &Judged) -> String {
    let state = match &judged.state {
        None => "",
        Some(State::New) => "new, ",
        Some(State::Updated { risen: true }) => "worse than before, ",
        Some(State::Updated { risen: false }) => "edited, ",
        Some(State::Unchanged { .. }) => "unchanged, ",
    };
    format!("{state}{} severity, {} confidence", judged.finding.severity, judged.finding.confidence)
}

/// A character of the source as it is shown.
struct Cell {
    text: CompactString,
    width: usize,
    marked: bool,
}

fn cells(line: &SourceLine, only_ascii: bool) -> Vec<Cell> {
    let mut column = 0;
    let cell = |(at, c): (usize, char)| {
        let (text, width) = match c {
            '\t' => {
                let width = TAB_WIDTH - column % TAB_WIDTH;
                (" ".repeat(width).into(), width)
            }
            c if escape::is_deceptive(c) || escape::is_log_command(&line.text, at) => escaped(c),
            c if only_ascii && !c.is_ascii() => {
                let text: CompactString = ascii(c.encode_utf8(&mut [0; 4])).into();
                let width = text.len();
                (text, width)
            }
            c => (c.to_compact_string(), c.width().unwrap_or_default()),
        };
        column += width;
        Cell { text, width, marked: line.mark.contains(&at) }
    };
    line.text.char_indices().map(cell).collect()
}

fn escaped(c: char) -> (CompactString, usize) {
    let text = format_compact!("{}", c.escape_unicode());
    let width = text.len();
    (text, width)
}

/// Cuts a line that is wider than the room there is, around its mark.
fn fit(cells: Vec<Cell>, room: usize, only_ascii: bool) -> Vec<Cell> {
    let total: usize = cells.iter().map(|cell| cell.width).sum();
    if total <= room {
        return cells;
    }
    let dots = || {
        let text: CompactString = if only_ascii { "..." } else { "…" }.into();
        let width = text.chars().count();
        Cell { text, width, marked: false }
    };
    let end_of_mark: usize = {
        let last = cells.iter().rposition(|cell| cell.marked).map_or(0, |at| at + 1);
        cells[..last].iter().map(|cell| cell.width).sum()
    };
    let room = room - 2 * dots().width;
    let mark_start: usize = cells.iter().take_while(|cell| !cell.marked).map(|cell| cell.width).sum();
    let skip = if end_of_mark <= room { 0 } else { mark_start.saturating_sub(room / 3).min(total - room) };

    let mut column = 0;
    let mut shown = Vec::new();
    if skip > 0 {
        shown.push(dots());
    }
    for cell in cells {
        let start = column;
        column += cell.width;
        if start >= skip && column <= skip + room {
            shown.push(cell);
        }
    }
    if column > skip + room {
        shown.push(dots());
    }
    shown
}
