//! Which lines a comment speaks of.
//!
//! Lines are those of Python here, which end at LF, CR LF and lone CR: a person with an editor sees the same, and
//! code that hides behind a CR is not on the line of the comment before it.

use std::ops::Range;

const LINE_ENDS: [char; 2] = ['\n', '\r'];
const BLANKS: [char; 3] = [' ', '\t', '\x0c'];

/// Walks along the comments of a text, from the first to the last.
pub(super) struct Reach<'t> {
    text: &'t str,
    /// Where the last comment ends.
    last_comment: usize,
    /// The last lines that hold nothing but comments, with the line below them.
    block: Range<usize>,
}

/// What a comment speaks of, in bytes. A statement that touches it is meant.
pub(super) struct Around {
    /// The comment's own line, and those that end in a backslash before it.
    pub(super) own: Range<u32>,
    /// For a comment that stands alone, also the lines of comments below it and the first line of code, if no
    /// blank line comes between.
    pub(super) with_next: Range<u32>,
}

impl<'t> Reach<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Reach { text, last_comment: 0, block: 0..0 }
    }

    /// What the next comment speaks of.
    pub(super) fn of(&mut self, start: usize, length: usize) -> Around {
        let end = start + length;
        let line = self.line_start(start);
        let alone = self.text[line..start].trim_matches(BLANKS).is_empty();
        let first = self.statement_start(line);
        self.last_comment = end;
        let narrow = |range: Range<usize>| range.start as u32..range.end as u32;
        let own = first..end;
        let with_next = if alone && first == line { line..self.block_end(line, end) } else { own.clone() };
        Around { own: narrow(own), with_next: narrow(with_next) }
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind(LINE_ENDS).map_or(0, |line_end| line_end + 1)
    }

    /// The first of the lines that backslashes join to this one.
    fn statement_start(&self, mut line: usize) -> usize {
        loop {
            let before = &self.text[..line];
            let before = before.strip_suffix('\n').unwrap_or(before);
            let before = before.strip_suffix('\r').unwrap_or(before);
            let joined = before.ends_with('\\') && before.len() > self.last_comment;
            if !joined {
                return line;
            }
            line = self.line_start(before.len());
        }
    }

    /// The end of the line of code below the comments that begin here, or of the last of these comments.
    fn block_end(&mut self, line: usize, end: usize) -> usize {
        if !self.block.contains(&line) {
            self.block = line..self.find_block_end(end);
        }
        self.block.end
    }

    fn find_block_end(&self, mut end: usize) -> usize {
        loop {
            let rest = &self.text[end..];
            let rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(LINE_ENDS)).unwrap_or(rest);
            let next = rest.split(LINE_ENDS).next().unwrap_or(rest);
            let code = next.trim_matches(BLANKS);
            if code.is_empty() {
                return end;
            }
            end = self.text.len() - rest.len() + next.len();
            if !code.starts_with('#') {
                return end;
            }
        }
    }
}
