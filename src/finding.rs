//! A finding: one place in one file where a check fires. SARIF calls this a result.

use std::fmt;
use std::ops::Range;

use crate::check::{Check, Confidence, Severity};

/// A place in a text. Lines end at LF, as for git and for SARIF's default `newlineSequences`; a lone CR
/// ends no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Counted from 1.
    pub line: u32,
    /// In Unicode code points, counted from 1.
    pub column: u32,
    /// In UTF-16 code units, counted from 1.
    pub column_utf16: u32,
}

/// A stretch of the text, `end` excluded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Region {
    /// The first character.
    pub start: Position,
    /// The character behind the last one.
    pub end: Position,
    /// The same in bytes of the decoded text.
    pub bytes: Range<u32>,
}

/// A place in a notebook, as a person knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Counted from 1, among all cells.
    pub number: u32,
    /// The line in the cell, counted from 1.
    pub line: u32,
}

/// "cell 3, line 2".
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cell {}, line {}", self.number, self.line)
    }
}

/// One line of source as a report may show it: secrets are masked, over-long lines are cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    /// Counted from 1.
    pub number: u32,
    /// Without its line end. It can still hold any character: a report escapes for its own format.
    pub text: String,
    /// The part of `text` that the finding points at, in bytes; empty on the lines around it.
    pub mark: Range<usize>,
}

/// One place where a check fires.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The check that fired.
    pub check: &'static Check,
    /// The check's own severity, unless the code in question makes it worse or milder.
    pub severity: Severity,
    /// How sure the check is.
    pub confidence: Confidence,
    /// One sentence for a person.
    pub message: String,
    /// What to point at: the callee or the smallest telling part, on one line.
    pub region: Region,
    /// The same in the cell of a notebook. The region is in the file then, which is JSON, and the lines of the excerpt
    /// are counted in the cell.
    pub cell: Option<Cell>,
    /// The statement around it; of a compound statement only its head.
    pub statement: Region,
    /// The lines of the statement, at most [`MAX_EXCERPT_LINES`] around the region.
    pub excerpt: Vec<SourceLine>,
    /// Where the value came by that makes it dangerous, from outside to here; empty where that is not known, and where
    /// it is all on one line.
    pub steps: Vec<Step>,
    /// Dotted path of the definitions around it (`Class.method`), empty at module level.
    pub definition: String,
    /// The tokens of the syntax that fired, one space apart: the same for the same code in any layout.
    pub normalized: String,
    /// GitHub's rolling hash of the region's first line: `primaryLocationLineHash`.
    pub line_hash: String,
    /// What it is recognised by in another version of its file.
    pub trace: Trace,
}

/// A place on the way of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// On one line.
    pub region: Region,
    /// Where that is in the cell of a notebook.
    pub cell: Option<Cell>,
    /// That line.
    pub line: SourceLine,
}

impl Finding {
    /// The line of the excerpt that the finding points at.
    pub fn line(&self) -> u32 {
        self.cell.map_or(self.region.start.line, |cell| cell.line)
    }
}

/// What a finding is recognised by in another version of its file, whatever the layout. The numbers are
/// [`number`](crate::python::number)s: they mean something only within one run of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// The syntax that fired.
    pub syntax: u64,
    /// The first names and constants in that syntax.
    pub words: Vec<u64>,
    /// The secret it is about, if it is about one: another secret is another finding, although both are masked.
    pub secret: Option<u64>,
    /// What the name in it refers to, if that is what fired.
    pub name: u64,
    /// The constants that other names in it stand for: with others, it may do something else.
    pub constants: u64,
    /// The statement it is in, by its index in the file's [`Outline`](crate::python::Outline). For something
    /// between the statements, such as a comment, the one before it.
    pub statement: u32,
    /// Whether it stands between the statements.
    pub between: bool,
}

/// How many lines of source a finding carries at most.
pub const MAX_EXCERPT_LINES: usize = 7;
