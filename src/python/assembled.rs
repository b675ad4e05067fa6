//! Python code that is taken from a file of another kind: which place in that file each place in the code has.
//!
//! There are three texts. The *code* is what is parsed. It is put together from pieces of the *shown* text, which is what
//! the author wrote: the cells of a notebook. That in turn stands in the *stored* text, the file: there a cell is in
//! strings of JSON.

use std::ops::Range;

use ruff_python_ast::PySourceType;
use ruff_text_size::TextSize;

use super::source::{FileKind, Problem, SourceFile, line_starts};
use crate::finding::{Cell, Position, Region};

/// A stretch of the code. It ends where the next one begins.
#[derive(Debug, Clone)]
struct Piece {
    /// Where it begins in the code.
    at: u32,
    /// What it stands for in the shown text: the same text, or what it was put in place of.
    shown: Range<u32>,
}

/// The code, as it is put together.
#[derive(Debug, Default)]
pub(super) struct Code {
    text: String,
    pieces: Vec<Piece>,
}

impl Code {
    /// Adds a part of the shown text as it is.
    pub(super) fn copy(&mut self, shown: &str, range: Range<usize>) {
        if !range.is_empty() {
            self.push(&shown[range.clone()], range);
        }
    }

    /// Adds text in place of a part of the shown text.
    pub(super) fn push(&mut self, text: &str, instead_of: Range<usize>) {
        let shown = instead_of.start as u32..instead_of.end as u32;
        self.pieces.push(Piece { at: self.text.len() as u32, shown });
        self.text.push_str(text);
    }

    /// Adds what was put together apart.
    pub(super) fn append(&mut self, code: Code) {
        let offset = self.text.len() as u32;
        self.pieces.extend(code.pieces.into_iter().map(|piece| Piece { at: piece.at + offset, ..piece }));
        self.text.push_str(&code.text);
    }

    /// The place in the shown text of a place in the code that follows something.
    fn end_in_shown(&self, at: usize) -> usize {
        self.clamped(at, self.pieces.partition_point(|piece| (piece.at as usize) < at))
    }

    /// The place in the shown text of something in the code.
    pub(super) fn start_in_shown(&self, at: usize) -> usize {
        self.clamped(at, self.pieces.partition_point(|piece| piece.at as usize <= at))
    }

    fn clamped(&self, at: usize, behind: usize) -> usize {
        let Some(piece) = behind.checked_sub(1).and_then(|index| self.pieces.get(index)) else { return 0 };
        (piece.shown.start as usize + at - piece.at as usize).min(piece.shown.end as usize)
    }
}

/// What the author wrote, and where it stands in the file.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) text: String,
    /// Where a stretch begins that is the same here and in the file: here, and there.
    runs: Vec<(u32, u32)>,
    /// Where a cell begins, and its number.
    cells: Vec<(u32, u32)>,
    line_starts: Vec<u32>,
}

impl Shown {
    /// A text that is the same as in the file.
    pub(super) fn whole(text: String) -> Self {
        Shown { text, runs: vec![(0, 0)], ..Shown::default() }
    }

    /// Begins a cell with this number, counted from 1.
    pub(super) fn begin_cell(&mut self, number: u32) {
        self.cells.push((self.text.len() as u32, number));
    }

    pub(super) fn begin_run(&mut self, here: usize, there: usize) {
        self.runs.push((here as u32, there as u32));
    }

    /// The place in the file of a place here.
    fn stored(&self, at: usize) -> usize {
        let behind = self.runs.partition_point(|&(here, _)| here as usize <= at);
        let run = behind.checked_sub(1).and_then(|index| self.runs.get(index));
        run.map_or(0, |&(here, there)| there as usize + at - here as usize)
    }

    fn cell(&self, at: usize) -> Option<Cell> {
        let behind = self.cells.partition_point(|&(start, _)| start as usize <= at);
        let &(start, number) = self.cells.get(behind.checked_sub(1)?)?;
        let line = |at: u32| self.line_starts.partition_point(|&start| start <= at) as u32;
        Some(Cell { number, line: line(at as u32) - line(start) + 1 })
    }

    /// The line around a place, without its end.
    fn line(&self, at: usize) -> Range<usize> {
        let start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let end = self.text[at..].find('\n').map_or(self.text.len(), |length| at + length);
        start..end
    }
}

/// Python code with the places it is from.
#[derive(Debug)]
pub struct Assembled {
    code: Code,
    shown: Shown,
    /// The file, for its lines.
    stored: SourceFile,
    /// What kept a part of the file out of the code.
    problem: Option<(String, usize)>,
}

impl Assembled {
    pub(super) fn new(
        code: Code,
        mut shown: Shown,
        stored: String,
        problem: Option<(String, usize)>,
    ) -> Self {
        shown.line_starts = line_starts(&shown.text);
        Assembled { code, shown, stored: SourceFile::unparsed(stored), problem }
    }

    /// The code, parsed.
    pub fn parse(&self, kind: FileKind) -> Result<SourceFile, Problem> {
        let file = SourceFile::unparsed(self.code.text.clone()).parse(PySourceType::Python)?;
        Ok(file.of_kind(kind))
    }

    /// What kept a part of the file out of the code, or else what is wrong with the code.
    pub fn problem(&self, of_code: Option<Problem>, code: &SourceFile) -> Option<Problem> {
        if let Some((reason, shown)) = &self.problem {
            return Some(self.problem_at(reason.clone(), *shown));
        }
        let Problem { reason, at } = of_code?;
        let Some(at) = at else { return Some(Problem { reason, at }) };
        Some(self.problem_at(reason, self.code.start_in_shown(code.offset(at))))
    }

    fn problem_at(&self, reason: String, shown: usize) -> Problem {
        let reason = match self.shown.cell(shown) {
            Some(cell) => format!("{cell}: {reason}"),
            None => reason,
        };
        Problem { reason, at: Some(self.position(shown)) }
    }

    fn position(&self, shown: usize) -> Position {
        self.stored.position(TextSize::from(self.shown.stored(shown) as u32))
    }

    /// The cell that a place in the code is from.
    pub fn cell(&self, at: u32) -> Option<Cell> {
        self.shown.cell(self.code.start_in_shown(at as usize))
    }

    /// Where a region of the code stands in the file. Its bytes remain those of the code.
    pub fn region(&self, region: &Region) -> Region {
        let Range { start, end } = region.bytes;
        let start_in_shown = self.code.start_in_shown(start as usize);
        let end_in_shown = self.code.end_in_shown(end as usize).max(start_in_shown);
        Region {
            start: self.position(start_in_shown),
            end: self.position(end_in_shown),
            bytes: region.bytes.clone(),
        }
    }

    /// The line that the author wrote around a part of the code, and where in it that part is.
    pub fn line(&self, part: Range<u32>) -> (&str, Range<usize>) {
        let line = self.shown.line(self.code.start_in_shown(part.start as usize));
        let start = self.code.start_in_shown(part.start as usize).clamp(line.start, line.end);
        let end = self.code.end_in_shown(part.end as usize).clamp(start, line.end);
        (&self.shown.text[line.clone()], start - line.start..end - line.start)
    }
}
