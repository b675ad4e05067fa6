//! A Python file as text, tokens and syntax tree.

use std::ops::{Add, Range, Sub};
use std::sync::OnceLock;

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::{ModModule, PySourceType};
use ruff_python_parser::lexer::lex;
use ruff_python_parser::{Mode, ParseOptions, Parsed, parse_unchecked};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::decode::{self, decode};
use super::tree::Tree;
use crate::finding::{Position, Region};
use crate::path::FilePath;

/// How many brackets CPython allows inside one another (`MAXLEVEL` in `Parser/tokenizer/helpers.h`).
const MAX_BRACKET_DEPTH: u32 = 200;

/// How many operators may wait for their operand: CPython's parser gives up at this depth (`MAXSTACK` in
/// `Parser/parser.c`).
const MAX_WAITING_OPERATORS: u32 = 6_000;

/// With fewer brackets or operators than this in all, a file cannot cost the parser much however they nest (about
/// 1 KB of memory a level), and looking at them exactly is not worth a second look at the file.
const HARMLESS: usize = 2_000;

/// Up to this depth a tree is dropped on the stack there is.
const SHALLOW: u32 = 1_000;

/// How much stack dropping one level of a tree takes, generously.
const DROP_FRAME: usize = 1_024;

/// A tree that is deeper than this is left to the end of the process.
const BOTTOMLESS: u32 = 2_000_000;

/// Why a file, or a part of it, could not be analysed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// One clause for a person that goes on from "this file could not be analysed: ".
    pub reason: String,
    /// Where, if the text could be read at all.
    pub at: Option<Position>,
}

/// What Python code is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A file that is Python and nothing else.
    Python,
    /// A Jupyter notebook (`.ipynb`): its cells.
    Notebook,
    /// A path configuration file (`.pth`): its lines that begin with `import`, which Python runs when it starts.
    PathConfiguration,
}

impl FileKind {
    /// By the ending of a path.
    pub fn of(path: &FilePath) -> FileKind {
        let name = path.file_name();
        let ends = |ending: &[u8]| {
            name.len() >= ending.len() && name[name.len() - ending.len()..].eq_ignore_ascii_case(ending)
        };
        if ends(b".ipynb") {
            FileKind::Notebook
        } else if ends(b".pth") {
            FileKind::PathConfiguration
        } else {
            FileKind::Python
        }
    }
}

/// A Python file that could be decoded. With syntax errors the tree holds what parses around them.
#[derive(Debug)]
pub struct SourceFile {
    text: String,
    kind: FileKind,
    line_starts: Vec<u32>,
    parsed: Option<Parsed<ModModule>>,
    /// Where the comments are: several ask for them.
    comments: Vec<TextRange>,
    problem: Option<Problem>,
    cookie: Option<String>,
    /// How deep the tree is, once somebody has been to its bottom.
    depth: OnceLock<u32>,
    /// Made when the first position is asked for.
    widths: OnceLock<Widths>,
}

/// A comment, with its `#`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment<'a> {
    /// The text from the `#` to the end of the line.
    pub text: &'a str,
    /// Where the `#` stands, in bytes of the decoded text.
    pub start: u32,
}

impl SourceFile {
    /// Decodes and parses.
    ///
    /// # Errors
    ///
    /// When the bytes are no text or nest too deeply to be parsed: then nothing is known about the file.
    /// A syntax error is not such an error, see [`SourceFile::problem`].
    pub fn read(bytes: &[u8]) -> Result<SourceFile, Problem> {
        let refuse = |reason| Problem { reason, at: None };
        if u32::try_from(bytes.len()).is_err() {
            return Err(refuse("it is larger than 4 GiB".to_owned()));
        }
        let cookie = decode::cookie(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
        let text = decode(bytes).map_err(refuse)?.into_owned();
        let mut file = SourceFile::unparsed(text);
        file.cookie = cookie;
        file.parse(PySourceType::Python)
    }

    /// Text without a syntax tree: only its lines and positions are known.
    pub(super) fn unparsed(text: String) -> SourceFile {
        SourceFile {
            line_starts: line_starts(&text),
            text,
            kind: FileKind::Python,
            parsed: None,
            comments: Vec::new(),
            problem: None,
            cookie: None,
            depth: OnceLock::new(),
            widths: OnceLock::new(),
        }
    }

    /// The same with its syntax tree.
    pub(super) fn parse(mut self, syntax: PySourceType) -> Result<SourceFile, Problem> {
        if nests_too_deep(&self.text) {
            let reason = "it nests deeper than Python allows".to_owned();
            return Err(Problem { reason, at: None });
        }
        self.parsed = parse_unchecked(&self.text, ParseOptions::from(syntax)).try_into_module();
        let tokens = self.tokens().map_or(&[][..], |tokens| tokens);
        let comments = tokens.iter().filter(|token| token.kind() == TokenKind::Comment);
        self.comments = comments.map(Ranged::range).collect();
        self.problem = self.syntax_problem();
        Ok(self)
    }

    /// The same, taken from another kind of file.
    pub(super) fn of_kind(mut self, kind: FileKind) -> SourceFile {
        self.kind = kind;
        self
    }

    /// What kind of file it is from.
    pub fn kind(&self) -> FileKind {
        self.kind
    }

    fn syntax_problem(&self) -> Option<Problem> {
        let error = self.parsed.as_ref()?.errors().first()?;
        Some(Problem {
            reason: format!("syntax error: {}", crate::escape::visible(&error.error.to_string())),
            at: Some(self.position(error.location.start())),
        })
    }

    /// The decoded text, without a byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The encoding that the file declares, as it is written there.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// What kept a part of the file from being analysed.
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// Notes how deep the tree is.
    pub(super) fn set_depth(&self, depth: u32) {
        let _ = self.depth.set(depth);
    }

    /// The syntax tree.
    pub fn syntax(&self) -> Option<&ModModule> {
        self.parsed.as_ref().map(Parsed::syntax)
    }

    /// The tokens, comments among them.
    pub fn tokens(&self) -> Option<&Tokens> {
        self.parsed.as_ref().map(Parsed::tokens)
    }

    /// All comments in the order of the text: what the tokenizer calls a comment, never a part of a string.
    pub fn comments(&self) -> impl Iterator<Item = Comment<'_>> {
        let ranges = self.comments.iter();
        ranges.map(|range| Comment { text: &self.text[*range], start: range.start().to_u32() })
    }

    /// Whether nothing but white space stands before a comment on its line.
    pub fn is_alone(&self, comment: &Comment<'_>) -> bool {
        let line = self.line_range(self.line_at(comment.start));
        // From its end: what is not blank is found soon, however long the line is.
        self.text[line.start as usize..comment.start as usize].trim_end().is_empty()
    }

    /// The place of a byte offset. An offset inside a character counts as that character's.
    pub fn position(&self, offset: TextSize) -> Position {
        let offset = self.text.floor_char_boundary(offset.to_usize().min(self.text.len()));
        let line = self.line_at(offset as u32);
        let start = self.line_range(line).start as usize;
        let widths = self.widths.get_or_init(|| Widths::of(&self.text));
        let before = widths.up_to(&self.text, offset) - widths.up_to(&self.text, start);
        Position { line, column: before.chars + 1, column_utf16: before.utf16 + 1 }
    }

    /// The line, counted from 1, that a byte stands on.
    pub fn line_at(&self, offset: u32) -> u32 {
        self.line_starts.partition_point(|&start| start <= offset) as u32
    }

    /// The byte at a place.
    pub(super) fn offset(&self, at: Position) -> usize {
        let text = self.line(at.line);
        let column = text.char_indices().nth(at.column as usize - 1).map_or(text.len(), |(offset, _)| offset);
        self.line_range(at.line).start as usize + column
    }

    /// The region of a range of bytes.
    pub fn region(&self, range: TextRange) -> Region {
        Region {
            start: self.position(range.start()),
            end: self.position(range.end()),
            bytes: range.start().to_u32()..range.end().to_u32(),
        }
    }

    /// How many lines there are; a last line without a line end counts.
    pub fn line_count(&self) -> u32 {
        self.line_starts.len() as u32
    }

    /// The bytes of a line, counted from 1, without its line end; empty for a line that does not exist.
    pub fn line_range(&self, line: u32) -> Range<u32> {
        let end_of_text = self.text.len() as u32;
        let Some(&start) = (line as usize).checked_sub(1).and_then(|i| self.line_starts.get(i)) else {
            return end_of_text..end_of_text;
        };
        let end = self.line_starts.get(line as usize).map_or(end_of_text, |&next| next - 1);
        let line = &self.text[start as usize..end as usize];
        start..end - u32::from(line.ends_with('\r'))
    }

    /// The text of a line, counted from 1, without its line end.
    pub fn line(&self, line: u32) -> &str {
        let range = self.line_range(line);
        &self.text[range.start as usize..range.end as usize]
    }
}

/// How many characters there are up to some places of a text: a column is told in the same time however long its
/// line is.
#[derive(Debug)]
struct Widths {
    /// For each step the width of the text up to it; empty for a text that is all ASCII.
    marks: Vec<Width>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Width {
    chars: u32,
    utf16: u32,
}

impl Widths {
    /// How many bytes lie between two marks.
    const STEP: usize = 512;

    fn of(text: &str) -> Widths {
        let mut marks = Vec::new();
        if text.is_ascii() {
            return Widths { marks };
        }
        let (mut width, mut from) = (Width::default(), 0);
        for at in (0..=text.len()).step_by(Self::STEP) {
            let at = text.floor_char_boundary(at);
            width = width + Width::of(&text[from..at]);
            marks.push(width);
            from = at;
        }
        Widths { marks }
    }

    /// The width of the text up to a place between two characters.
    fn up_to(&self, text: &str, at: usize) -> Width {
        let step = at / Self::STEP;
        let Some(mark) = self.marks.get(step) else { return Width { chars: at as u32, utf16: at as u32 } };
        *mark + Width::of(&text[text.floor_char_boundary(step * Self::STEP)..at])
    }
}

impl Width {
    fn of(text: &str) -> Width {
        Width { chars: text.chars().count() as u32, utf16: text.encode_utf16().count() as u32 }
    }
}

impl Add for Width {
    type Output = Width;

    fn add(self, other: Width) -> Width {
        Width { chars: self.chars + other.chars, utf16: self.utf16 + other.utf16 }
    }
}

impl Sub for Width {
    type Output = Width;

    fn sub(self, other: Width) -> Width {
        Width { chars: self.chars - other.chars, utf16: self.utf16 - other.utf16 }
    }
}

pub(super) fn line_starts(text: &str) -> Vec<u32> {
    let ends = memchr::memchr_iter(b'\n', text.as_bytes());
    std::iter::once(0).chain(ends.map(|at| at as u32 + 1)).collect()
}

/// Whether brackets or operators nest deeper than CPython allows.
fn nests_too_deep(text: &str) -> bool {
    if text.len() <= HARMLESS {
        return false;
    }
    let bytes = text.as_bytes();
    let brackets = count(bytes, |byte| matches!(byte, b'(' | b'[' | b'{'));
    let operators = count(bytes, |byte| matches!(byte, b'-' | b'+' | b'~' | b'*'));
    // In `not`, `await`, `lambda` and `if`, and nearly as seldom elsewhere.
    let pairs = [(b'n', b'o'), (b'w', b'a'), (b'b', b'd'), (b'i', b'f')];
    let words = pairs.map(|pair| count_pairs(bytes, pair)).iter().sum::<usize>();
    let suspicious = brackets > HARMLESS || operators > HARMLESS || words > HARMLESS;
    suspicious && nests_too_deep_exactly(text)
}

/// So many bytes have a count of one byte, and are a multiple of what any processor looks at together.
const AT_ONCE: usize = 128;

/// How many bytes of a kind there are. Counts of one byte each are what a processor adds up many at a time.
fn count(bytes: &[u8], is_one: impl Fn(u8) -> bool) -> usize {
    let count = |chunk: &[u8]| chunk.iter().map(|&byte| u8::from(is_one(byte))).sum::<u8>();
    bytes.chunks(AT_ONCE).map(|chunk| usize::from(count(chunk))).sum()
}

/// How many times one byte comes right after another.
fn count_pairs(bytes: &[u8], (first, second): (u8, u8)) -> usize {
    let Some(seconds) = bytes.get(1..) else { return 0 };
    let count = |(firsts, seconds): (&[u8], &[u8])| {
        let pairs = firsts.iter().zip(seconds);
        usize::from(pairs.map(|(&a, &b)| u8::from(a == first && b == second)).sum::<u8>())
    };
    bytes.chunks(AT_ONCE).zip(seconds.chunks(AT_ONCE)).map(count).sum()
}

fn nests_too_deep_exactly(text: &str) -> bool {
    let mut lexer = lex(text, Mode::Module);
    let (mut depth, mut waiting) = (0_u32, 0_u32);
    let mut behind_operand = false;
    loop {
        let kind = lexer.next_token();
        match kind {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth = depth.saturating_sub(1),
            TokenKind::Minus | TokenKind::Plus if behind_operand => {}
            TokenKind::Minus
            | TokenKind::Plus
            | TokenKind::Tilde
            | TokenKind::Not
            | TokenKind::Await
            | TokenKind::Lambda
            | TokenKind::If
            | TokenKind::DoubleStar => waiting += 1,
            TokenKind::Comma | TokenKind::Semi | TokenKind::Newline | TokenKind::Equal => waiting = 0,
            TokenKind::EndOfFile => return false,
            _ => {}
        }
        behind_operand = matches!(
            kind,
            TokenKind::Name
                | TokenKind::Int
                | TokenKind::Float
                | TokenKind::Complex
                | TokenKind::String
                | TokenKind::FStringEnd
                | TokenKind::Rpar
                | TokenKind::Rsqb
                | TokenKind::Rbrace
        );
        if depth > MAX_BRACKET_DEPTH || waiting > MAX_WAITING_OPERATORS {
            return true;
        }
    }
}

/// The tree of a hostile file can be deeper than any stack: it is dropped on one that is large enough.
impl Drop for SourceFile {
    fn drop(&mut self) {
        let Some(parsed) = self.parsed.take() else { return };
        let measured = self.depth.get().copied();
        match measured.unwrap_or_else(|| Tree::of(parsed.syntax(), parsed.tokens().len()).depth()) {
            0..=SHALLOW => drop(parsed),
            depth if depth < BOTTOMLESS => stacker::grow(depth as usize * DROP_FRAME, || drop(parsed)),
            _ => std::mem::forget(parsed),
        }
    }
}
