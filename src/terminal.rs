//! Text for a terminal: colours, wrapped lines, and plain ASCII where the terminal knows nothing else.

use std::borrow::Cow;

pub use anstyle::Style;
use anstyle::{AnsiColor, Color};

/// What blocks, and the headline that says so.
pub const BLOCK: Style = bold(AnsiColor::Red);
/// What is for attention only.
pub const WARN: Style = bold(AnsiColor::Yellow);
/// What is all right.
pub const PASS: Style = bold(AnsiColor::Green);
/// What frames the text: line numbers, arrows.
pub const FRAME: Style = bold(AnsiColor::Blue);
/// What names a thing to be typed or looked for.
pub const NAME: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));
/// Headings.
pub const STRONG: Style = Style::new().bold();
/// What may be skipped.
pub const FAINT: Style = Style::new().dimmed();

const fn bold(color: AnsiColor) -> Style {
    Style::new().bold().fg_color(Some(Color::Ansi(color)))
}

/// What the reader's terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Whether it shows colours.
    pub color: bool,
    /// Whether it shows nothing but ASCII.
    pub ascii: bool,
    /// How many columns it has.
    pub width: usize,
}

impl Terminal {
    /// `text` in a style, if the terminal has any.
    pub fn paint(self, style: Style, text: &str) -> String {
        if self.color && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Text from anywhere, on one line, in which nothing steers the terminal or the log of a CI system.
    pub fn safe(self, text: &str) -> String {
        let shown = crate::escape::visible_in_log(text);
        if self.ascii { ascii(&shown).into_owned() } else { shown }
    }

    /// Prose from anywhere in lines no wider than the terminal. The first line starts with `first`, which is
    /// ASCII, the others with `hang` spaces.
    pub fn wrap(self, first: &str, hang: usize, prose: &str) -> String {
        // Of no words textwrap makes no line.
        if prose.trim().is_empty() {
            return first.to_owned();
        }
        let indent = " ".repeat(hang);
        let options = textwrap::Options::new(self.width.max(first.len().max(hang) + MIN_PROSE_WIDTH))
            .initial_indent(first)
            .subsequent_indent(&indent)
            // Only where there is a space: `visible_in_log` looks at what can come to stand at the start of a line.
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .break_words(false);
        textwrap::fill(&self.safe(prose), options)
    }
}

/// Narrower than this, prose is no longer readable and may stick out.
const MIN_PROSE_WIDTH: usize = 20;

/// Text in ASCII: punctuation by its next of kin, everything else as `\u{…}`.
pub fn ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => out.push_str("..."),
            '·' | '–' | '—' => out.push('-'),
            '‘' | '’' => out.push('\''),
            '“' | '”' => out.push('"'),
            '→' => out.push_str("->"),
            c if c.is_ascii() => out.push(c),
            c => out.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(out)
}
