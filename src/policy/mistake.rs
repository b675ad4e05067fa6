//! Mistakes in a policy, and how they are shown to the person who made them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use textwrap::WordSplitter;

use crate::escape::visible;

/// A stretch of a policy's text, in bytes.
pub(super) type Span = Range<usize>;

/// How many mistakes are looked for and shown at once: a person mends a few and tries again, and looking for
/// what was meant takes time.
const MAX_SHOWN: usize = 20;

/// How much of a line is shown, in characters: a policy can be one line of a megabyte.
const MAX_LINE: usize = 120;

/// How much of a name or value from the policy is quoted in a message, in characters.
const MAX_QUOTED: usize = 60;

/// The text of a policy and what it is called in messages.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) text: String,
    /// The bytes behind which a line ends.
    line_ends: Vec<usize>,
}

impl File {
    /// A byte order mark at the beginning is no part of the text.
    pub(super) fn new(name: &str, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let line_ends = text.match_indices('\n').map(|(offset, _)| offset).collect();
        File { name: name.to_owned(), text: text.to_owned(), line_ends }
    }

    /// The line of a byte, counted from 1.
    pub(super) fn line(&self, offset: usize) -> u32 {
        let before = self.line_ends.partition_point(|&end| end < offset);
        u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// One thing that is wrong: what, where, and what to do about it.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) message: String,
    pub(super) place: Option<Place>,
    pub(super) help: String,
}

/// What is underlined.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) file: Arc<File>,
    pub(super) span: Span,
    pub(super) label: String,
}

/// Collects the mistakes of one file, so that independent ones are reported together.
#[derive(Debug)]
pub(super) struct Mistakes {
    pub(super) file: Arc<File>,
    pub(super) found: Vec<Mistake>,
}

impl Mistakes {
    pub(super) fn new(file: Arc<File>) -> Self {
        Mistakes { file, found: Vec::new() }
    }

    /// What was found, in the order of the text.
    pub(super) fn in_order(mut self) -> Vec<Mistake> {
        self.found.sort_by_key(|mistake| mistake.place.as_ref().map(|place| place.span.start));
        self.found
    }

    /// Whether enough has been found: a loop over what the policy lists then ends.
    pub(super) fn enough(&self) -> bool {
        self.found.len() > MAX_SHOWN
    }

    /// Records a mistake at a place.
    pub(super) fn at(
        &mut self,
        span: &Span,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let place = Place { file: Arc::clone(&self.file), span: span.clone(), label: label.into() };
        self.found.push(Mistake { message: message.into(), place: Some(place), help: help.into() });
    }
}

/// A name or value from the policy as a message quotes it: short, and without what could deceive.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_QUOTED).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    format!("`{}`", visible(&shown))
}

/// Why a policy is not valid: all mistakes that could be found in one reading.
#[derive(Debug)]
pub struct PolicyError {
    mistakes: Vec<Mistake>,
}

impl PolicyError {
    pub(super) fn new(mistakes: Vec<Mistake>) -> Self {
        PolicyError { mistakes }
    }

    /// The bytes of a policy are text only as far as `valid`.
    pub(super) fn not_utf8(name: &str, valid: &[u8]) -> Self {
        let file = Arc::new(File::new(name, &format!("{}?", String::from_utf8_lossy(valid))));
        let end = file.text.len();
        let mut mistakes = Mistakes::new(file);
        let label = "the first byte that is not";
        mistakes.at(&(end - 1..end), "this policy is not UTF-8", label, "save the file as UTF-8");
        PolicyError::new(mistakes.found)
    }

    /// For a person: each mistake with its line underlined and what to do. `ascii` draws with ASCII
    /// characters only. The text ends with a line end.
    pub fn render(&self, color: bool, ascii: bool) -> String {
        let handler = handler(color, ascii);
        let mut out = String::new();
        for mistake in self.mistakes.iter().take(MAX_SHOWN) {
            if !out.is_empty() {
                out.push('\n');
            }
            let start = out.len();
            if handler.render_report(&mut out, &Shown::new(mistake)).is_err() {
                out.truncate(start);
                out.push_str(&format!("{}\n", visible(&mistake.message)));
            }
        }
        if self.mistakes.len() > MAX_SHOWN {
            out.push_str("\n... and more\n");
        }
        out
    }
}

/// The first mistake in one line.
impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.mistakes.first() else {
            return f.write_str("the policy is not valid");
        };
        if let Some(place) = &first.place {
            let line = place.file.line(place.span.start);
            write!(f, "{}:{line}: ", visible(&place.file.name))?;
        }
        f.write_str(&visible(&first.message))
    }
}

impl std::error::Error for PolicyError {}

fn handler(color: bool, ascii: bool) -> GraphicalReportHandler {
    let characters = if ascii { ThemeCharacters::ascii() } else { ThemeCharacters::unicode() };
    let styles = if color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_width(80)
        .with_links(false)
        // A name with hyphens is not torn apart.
        .with_word_splitter(WordSplitter::NoHyphenation)
        .without_syntax_highlighting()
}

/// A mistake in the form miette draws. Everything in it has been made safe to show.
#[derive(Debug)]
struct Shown {
    message: String,
    help: String,
    window: Option<Window>,
    label: String,
}

impl Shown {
    fn new(mistake: &Mistake) -> Self {
        let place = mistake.place.as_ref();
        Shown {
            message: visible(&mistake.message),
            help: visible(&mistake.help),
            window: place.map(|place| Window::new(&place.file, &place.span)),
            label: place.map(|place| visible(&place.label)).unwrap_or_default(),
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.window.as_ref().map(|window| window as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let window = self.window.as_ref()?;
        let span = SourceSpan::from(window.underlined.clone());
        let label = Some(self.label.clone()).filter(|label| !label.is_empty());
        Some(Box::new(std::iter::once(LabeledSpan::new_primary_with_span(label, span))))
    }
}

/// The line of a mistake and its two neighbours. miette gets no more than that: it searches the whole of
/// what it is given for every label, and shows it as it stands.
#[derive(Debug)]
struct Window {
    name: String,
    text: String,
    underlined: Span,
    /// Counted from 0, of the first line in `text`.
    line: usize,
    /// Counted from 0, in characters of the original line.
    column: usize,
}

impl Window {
    fn new(file: &File, span: &Span) -> Self {
        let text = file.text.as_str();
        let at = text.floor_char_boundary(span.start);
        let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        let line = text[start..end].trim_end();
        let from = (at - start).min(line.len());
        let to = line.floor_char_boundary(span.end.saturating_sub(start)).max(from);

        let mut shown = String::new();
        let before = text[..start].strip_suffix('\n');
        if let Some(before) = before {
            let neighbour = before.rsplit('\n').next().unwrap_or(before);
            shown.push_str(&neighbour_line(neighbour));
            shown.push('\n');
        }
        let underlined = push_line(&mut shown, line, from..to);
        if let Some(neighbour) = text[end..].strip_prefix('\n').and_then(|rest| rest.lines().next()) {
            shown.push('\n');
            shown.push_str(&neighbour_line(neighbour));
        }
        Window {
            name: visible(&file.name),
            text: shown,
            underlined,
            line: file.line(start) as usize - 1 - usize::from(before.is_some()),
            column: line[..from].chars().count(),
        }
    }
}

fn neighbour_line(line: &str) -> String {
    let cut: String = line.trim_end().chars().take(MAX_LINE).collect();
    visible(&cut)
}

/// Appends the part of a line around what is to be underlined, and says where that is in `out` now.
fn push_line(out: &mut String, line: &str, underlined: Span) -> Span {
    let before: Vec<char> = line[..underlined.start].chars().collect();
    let cut = if before.len() > MAX_LINE / 2 { before.len() - MAX_LINE / 4 } else { 0 };
    if cut > 0 {
        out.push_str("...");
    }
    out.push_str(&visible(&before[cut..].iter().collect::<String>()));
    let start = out.len();
    let mut room = MAX_LINE - (before.len() - cut);
    let part: String = line[underlined.clone()].chars().take(room).collect();
    room -= part.chars().count();
    out.push_str(&visible(&part));
    let end = out.len();
    let rest: String = line[underlined.start + part.len()..].chars().take(room).collect();
    out.push_str(&visible(&rest));
    start..end
}

impl SourceCode for Window {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.text.read_span(span, before, after)?;
        // Without neighbours miette asks for the line and column to print above the excerpt.
        let column = if before == 0 { self.column } else { contents.column() };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            contents.data(),
            *contents.span(),
            contents.line() + self.line,
            column,
            contents.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str, span: Span) -> String {
        let file = Arc::new(File::new("policy.yml", text));
        let mut mistakes = Mistakes::new(file);
        mistakes.at(&span, "wrong", "this", "mend it");
        PolicyError::new(mistakes.found).render(false, true)
    }

    #[test]
    fn underlines_with_true_line_and_column() {
        let shown = rendered("a: 1\nä: 2\nc: 3\nd: 4\n", 9..10);
        assert!(shown.contains("[policy.yml:2:4]"), "{shown}");
        assert!(shown.contains("2 | ä: 2") && shown.contains("3 | c: 3"), "{shown}");
        assert!(!shown.contains("d: 4"), "{shown}");
    }

    #[test]
    fn shows_no_more_than_a_part_of_a_long_line() {
        let text = format!(
            "{}\n{}X{}\n{}",
            "p".repeat(1 << 20),
            "a".repeat(1 << 20),
            "b".repeat(1 << 20),
            "n".repeat(1 << 20)
        );
        let at = (1 << 21) + 1;
        let shown = rendered(&text, at..at + 1);
        assert!(shown.len() < 2000, "{}", shown.len());
        assert!(shown.contains("aX") && shown.contains(&format!(":2:{}]", (1 << 20) + 1)), "{shown}");
    }

    #[test]
    fn shows_nothing_that_steers_a_terminal() {
        let shown = rendered("a: \u{1b}[2J\u{202e}x\u{7}\n", 3..8);
        assert!(shown.chars().all(|c| c == '\n' || !crate::escape::is_deceptive(c)), "{shown}");
        assert!(shown.contains("\\u{1b}[2J"), "{shown}");
    }

    #[test]
    fn colours_only_when_asked_and_draws_ascii_only_when_asked() {
        let file = Arc::new(File::new("p", "a: 1\n"));
        let mut mistakes = Mistakes::new(file);
        mistakes.at(&(0..1), "wrong", "this", "mend it");
        let error = PolicyError::new(mistakes.found);
        assert!(error.render(true, false).contains('\u{1b}'));
        assert!(!error.render(false, false).contains('\u{1b}'));
        assert!(!error.render(false, false).is_ascii());
        assert!(error.render(false, true).is_ascii());
    }

    #[test]
    fn many_mistakes_are_cut() {
        let file = Arc::new(File::new("p", "a: 1\n"));
        let mut mistakes = Mistakes::new(file);
        for _ in 0..=MAX_SHOWN {
            mistakes.at(&(0..1), "wrong", "this", "mend it");
        }
        let shown = PolicyError::new(mistakes.found).render(false, true);
        assert!(shown.ends_with("\n... and more\n"), "{shown}");
    }
}
