//! From a hit in the syntax to a finding with its place, its excerpt and what it is compared by.

use std::cell::Cell;
use std::ops::{Range, RangeInclusive};

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{AnyNodeRef, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{Details, Found};
use crate::finding::{Finding, MAX_EXCERPT_LINES, Region, SourceLine, Step, Trace};
use crate::line_hash::{LineHash, line_hashes};
use crate::python::{Module, NodeId, Numbers, Outline, SourceFile, Value, number};

/// How many characters of a line of source a report shows.
const MAX_LINE_WIDTH: usize = 240;

/// How many bytes on each side of its mark a line is looked at for what is shown: enough for so many characters.
const MAX_LINE_BYTES: u32 = 2_000;

/// How many bytes of normalised syntax a finding carries; what is longer is cut and its whole length noted.
const MAX_NORMALIZED: usize = 2_000;

/// How many of its names and constants tell a finding from others.
const MAX_WORDS: usize = 64;

/// How many of its names are looked up, and how many bytes of constants of one file are looked at.
const MAX_NAMES: usize = 16;
const MAX_CONSTANTS: usize = 16 << 20;

/// What stands in a report in place of a secret.
const MASK: &str = "******";

/// What to point at for a callee: the whole of it, or its last name where it spans several lines.
pub fn callee_range(func: &Expr) -> TextRange {
    match func {
        Expr::Attribute(attribute) => TextRange::new(func.start(), attribute.attr.end()),
        _ => func.range(),
    }
}

/// Makes findings of one file.
pub struct Locator<'m, 'a> {
    module: &'m Module<'a>,
    file: &'a SourceFile,
    /// Sorted, none overlapping another.
    secrets: Vec<TextRange>,
    /// Empty when they are not asked for.
    hashes: Vec<LineHash>,
    numbers: Option<Numbers<'m, 'a>>,
    /// How many bytes of constants may still be looked at.
    constants_left: Cell<usize>,
}

impl<'m, 'a> Locator<'m, 'a> {
    pub fn new(module: &'m Module<'a>, bytes: &[u8], secrets: Vec<TextRange>, details: Details) -> Self {
        let hashes = if details.line_hashes { line_hashes(bytes) } else { Vec::new() };
        let numbers = details.traces.then(|| Numbers::of(module.tree()));
        let (file, secrets) = (module.file(), merged(secrets));
        Locator { module, file, secrets, hashes, numbers, constants_left: Cell::new(MAX_CONSTANTS) }
    }

    /// What the findings stand in.
    pub fn into_outline(self) -> Outline {
        self.numbers.map(Numbers::into_outline).unwrap_or_default()
    }

    pub fn finding(&self, found: Found<'a>) -> Finding {
        let Found { check, hit, node, name, exposed } = found;
        let node = self.node_of(node, hit.range);
        let place = self.on_one_line(hit.range);
        let region = self.file.region(place);
        let statement = self.file.region(self.statement(node, hit.range));
        let line_hash = self.hashes.get(region.start.line as usize - 1);
        Finding {
            check,
            severity: hit.severity.unwrap_or(check.severity),
            confidence: hit.confidence,
            message: hit.message.unwrap_or_else(|| check.summary.to_owned()),
            excerpt: self.excerpt(place, region.start.line, statement.start.line..=statement.end.line),
            steps: exposed.map(|value| self.steps(value, &region)).unwrap_or_default(),
            definition: self.module.definition(node),
            normalized: self.normalized(node, hit.range),
            trace: self.trace(node, hit.range, hit.secret, &name),
            line_hash: line_hash.map(ToString::to_string).unwrap_or_default(),
            cell: None,
            region,
            statement,
        }
    }

    /// Where a value came by on its way to a finding.
    fn steps(&self, value: Value<'a>, finding: &Region) -> Vec<Step> {
        let step = |range| {
            let place = self.on_one_line(range);
            let region = self.file.region(place);
            Step { line: self.shown_line(region.start.line, place), cell: None, region }
        };
        let way = self.module.names().way(value);
        let mut steps: Vec<Step> = way.into_iter().map(step).collect();
        steps.retain(|step| step.region.start.line != finding.start.line);
        steps.dedup_by_key(|step| step.region.start.line);
        steps
    }

    /// A range that spans several lines shrinks to its last name, or to its first line.
    fn on_one_line(&self, range: TextRange) -> TextRange {
        let first_line = self.file.line_range(self.file.line_at(range.start().to_u32()));
        if first_line.end >= range.end().to_u32() {
            return range;
        }
        let text = &self.file.text()[range];
        // What ends the line can be what was found.
        let first_end = first_line.end.saturating_sub(range.start().to_u32()) as usize;
        let last = text.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
        let last = text.ceil_char_boundary(last);
        if last < text.len() && last > first_end {
            return TextRange::new(range.start() + TextSize::of(&text[..last]), range.end());
        }
        TextRange::at(range.start(), TextSize::of(text[..first_end].trim_end()))
    }

    /// The statement around a node; of a compound statement or clause only the head, up to its colon.
    fn statement(&self, node: NodeId, hit: TextRange) -> TextRange {
        let tree = self.module.tree();
        let node = tree.node(tree.statement_around(node));
        match body_of(node) {
            Some(Some(first)) => TextRange::new(node.start(), self.colon_before(node.start(), first)),
            Some(None) => node.range(),
            None => hit,
        }
    }

    /// The end of the colon that opens a body.
    fn colon_before(&self, start: TextSize, body: TextSize) -> TextSize {
        let tokens = self.file.tokens().map_or(&[][..], |tokens| tokens.before(body));
        let colon = tokens.iter().rev().find(|token| {
            !matches!(
                token.kind(),
                TokenKind::Newline | TokenKind::NonLogicalNewline | TokenKind::Indent | TokenKind::Comment
            )
        });
        colon.map_or(body, |colon| colon.end().max(start))
    }

    /// The lines of the statement around the one with the finding, which is at `place` on `line`.
    fn excerpt(&self, place: TextRange, line: u32, statement: RangeInclusive<u32>) -> Vec<SourceLine> {
        let reach = MAX_EXCERPT_LINES as u32 / 2;
        let first = (*statement.start()).max(line.saturating_sub(reach)).min(line);
        let last = (*statement.end()).min(line + reach).max(line);
        let marked = |number| if number == line { place } else { TextRange::empty(place.start()) };
        (first..=last).map(|number| self.shown_line(number, marked(number))).collect()
    }

    /// A line with its secrets masked, and where in it `place` is.
    fn shown_line(&self, number: u32, place: TextRange) -> SourceLine {
        let line = self.file.line_range(number);
        let line = TextRange::new(line.start.into(), line.end.into());
        let near = self.near(line, place);
        let mut shown = Shown { text: String::new(), place, mark: 0..0 };
        let mut at = near.start();
        for hidden in self.secrets_in(near).iter().filter_map(|secret| secret.intersect(near)) {
            shown.push(
                TextRange::new(at, hidden.start()),
                &self.file.text()[at.into()..hidden.start().into()],
            );
            shown.push(hidden, if hidden.is_empty() { "" } else { MASK });
            at = hidden.end();
        }
        shown.push(TextRange::new(at, near.end()), &self.file.text()[at.into()..near.end().into()]);
        let (text, mark) = cut(shown.text, shown.mark, near.start() > line.start(), near.end() < line.end());
        SourceLine { number, text, mark }
    }

    /// A check that asks about a whole function or file may point at something in its body: then the finding is about
    /// the smallest syntax there.
    fn node_of(&self, asked: NodeId, hit: TextRange) -> NodeId {
        let tree = self.module.tree();
        let Some(last) = tree.last_before(hit.start()) else { return asked };
        let mut around = std::iter::once(last).chain(tree.ancestors(last)).map(|id| (id, tree.node(id)));
        let found = if matches!(tree.node(asked), AnyNodeRef::ModModule(_)) {
            // What is asked of a whole file can be about its text, too.
            around.find(|(_, node)| node.is_expression() && node.range() == hit)
        } else if tree.statement_around(asked) == tree.statement_around(last) {
            None
        } else {
            around.find(|(_, node)| node.range().contains_range(hit))
        };
        found.map_or(asked, |(id, _)| id)
    }

    /// The part of a line that can be shown: as much on both sides of `place` as a report may need, so that a line
    /// of megabytes costs no more than another.
    fn near(&self, line: TextRange, place: TextRange) -> TextRange {
        let reach = TextSize::from(MAX_LINE_BYTES);
        let boundary = |at: TextSize| TextSize::from(self.file.text().floor_char_boundary(at.into()) as u32);
        let middle = place.start().clamp(line.start(), line.end());
        let start = boundary(middle.checked_sub(reach).unwrap_or_default()).max(line.start());
        let end = boundary(middle.checked_add(reach).unwrap_or(line.end()).min(line.end()));
        TextRange::new(start, end)
    }

    /// The secrets that a part of the file may touch.
    fn secrets_in(&self, range: TextRange) -> &[TextRange] {
        let from = self.secrets.partition_point(|secret| secret.end() < range.start());
        let to = self.secrets.partition_point(|secret| secret.start() <= range.end());
        self.secrets.get(from..to).unwrap_or_default()
    }

    fn trace(&self, node: NodeId, hit: TextRange, secret: Option<TextRange>, name: &str) -> Trace {
        let Some(numbers) = &self.numbers else { return Trace::default() };
        let name = number(name);
        let secret = secret.map(|secret| number(&self.file.text()[secret]));
        if let AnyNodeRef::ModModule(_) = self.module.tree().node(node) {
            let statement = numbers.statement_at(hit.start());
            let syntax = number(&self.file.text()[hit]);
            return Trace { syntax, secret, name, statement, between: true, ..Trace::default() };
        }
        let about = self.what_it_is_about(node);
        Trace {
            syntax: numbers.syntax(about),
            words: numbers.words(about, MAX_WORDS),
            secret,
            name,
            constants: self.constants(numbers, about),
            statement: numbers.statement(about),
            between: false,
        }
    }

    /// What the names in a piece of syntax stand for, where that is one constant.
    fn constants(&self, numbers: &Numbers<'m, 'a>, about: NodeId) -> u64 {
        let mut constants = Vec::new();
        for name in numbers.names(about).take(MAX_NAMES) {
            let left = self.constants_left.get();
            let Some(constant) = self.module.expr(name).filter(|_| left > 0) else { continue };
            let Some(constant) = self.module.constant(constant) else { continue };
            let shown = format!("{constant:?}");
            self.constants_left.set(left.saturating_sub(shown.len()));
            constants.push(shown);
        }
        number(constants)
    }

    /// What is assigned belongs to a finding about the target, and what is called belongs to its arguments.
    fn what_it_is_about(&self, node: NodeId) -> NodeId {
        let tree = self.module.tree();
        let Some(parent) = tree.parent(node) else { return node };
        let is_target = match tree.node(node) {
            AnyNodeRef::ExprAttribute(target) => target.ctx.is_store(),
            AnyNodeRef::ExprSubscript(target) => target.ctx.is_store(),
            _ => false,
        };
        let is_callee = match tree.node(parent) {
            AnyNodeRef::ExprCall(call) => tree.id(AnyNodeRef::from(&*call.func)) == node,
            _ => false,
        };
        if is_target || is_callee { parent } else { node }
    }

    /// The tokens of the smallest syntax around a hit, in one spelling: independent of layout, of quotes, of
    /// redundant commas, and of comments.
    fn normalized(&self, node: NodeId, hit: TextRange) -> String {
        let tree = self.module.tree();
        let node = tree.node(node);
        let range = match (body_of(node), node) {
            (_, AnyNodeRef::ModModule(_)) => hit,
            (Some(Some(first)), _) => TextRange::new(node.start(), self.colon_before(node.start(), first)),
            _ => node.range(),
        };
        let mut out = String::new();
        let tokens = self.file.tokens().map_or(&[][..], |tokens| tokens);
        let from = tokens.partition_point(|token| token.end() <= range.start());
        let inside = tokens[from..].iter().take_while(|token| token.start() < range.end());
        let mut inside = inside.filter(|token| !is_layout(token.kind())).peekable();
        while let Some(token) = inside.next() {
            let before_close = inside.peek().is_some_and(|next| is_closing(next.kind()));
            if token.kind() == TokenKind::Comma && before_close {
                continue;
            }
            let is_secret =
                |secret: &TextRange| secret.intersect(token.range()).is_some_and(|part| !part.is_empty());
            if self.secrets_in(token.range()).iter().any(is_secret) {
                out.push_str(MASK);
            } else {
                push_token(&mut out, &self.file.text()[token.range()], token.kind());
            }
            out.push(' ');
            if out.len() > MAX_NORMALIZED {
                let cut = out.floor_char_boundary(MAX_NORMALIZED);
                out.truncate(cut);
                out.push_str(&format!("… {}", range.len().to_u32()));
                return out;
            }
        }
        out.truncate(out.trim_end().len());
        out
    }
}

/// Ranges in order, those that overlap made one.
fn merged(mut ranges: Vec<TextRange>) -> Vec<TextRange> {
    ranges.sort_by_key(|range| (range.start(), range.end()));
    ranges.dedup_by(|later, earlier| {
        let overlap = later.start() < earlier.end();
        if overlap {
            *earlier = earlier.cover(*later);
        }
        overlap
    });
    ranges
}

/// A line as it is put together for a report.
struct Shown {
    text: String,
    /// What the finding points at, in the file.
    place: TextRange,
    /// The same in `text`, as far as it is put together.
    mark: Range<usize>,
}

impl Shown {
    /// Adds what is shown for a piece of the line: its text, or something else of which only the whole can be
    /// pointed at.
    fn push(&mut self, piece: TextRange, shown: &str) {
        let offset = self.text.len();
        self.text.push_str(shown);
        let Some(inside) = piece.intersect(self.place).filter(|inside| !inside.is_empty()) else { return };
        let mark = if shown == MASK { 0..shown.len() } else { (inside - piece.start()).into() };
        let start = if self.mark.is_empty() { offset + mark.start } else { self.mark.start };
        self.mark = start..offset + mark.end;
    }
}

/// Cuts an over-long line around its mark. The text may be a part of a line that has more before it or behind it.
fn cut(text: String, mark: Range<usize>, more_before: bool, more_behind: bool) -> (String, Range<usize>) {
    let chars = text.chars().count();
    if chars <= MAX_LINE_WIDTH && !more_before && !more_behind {
        return (text, mark);
    }
    let before = text[..mark.start].chars().count();
    let skipped = before.saturating_sub(MAX_LINE_WIDTH / 3).min(chars.saturating_sub(MAX_LINE_WIDTH));
    let byte = |nth: usize| text.char_indices().nth(nth).map_or(text.len(), |(at, _)| at);
    let kept = byte(skipped)..byte(skipped + MAX_LINE_WIDTH);
    let head = if more_before || kept.start > 0 { "…" } else { "" };
    let tail = if more_behind || kept.end < text.len() { "…" } else { "" };
    let moved = |at: usize| at.clamp(kept.start, kept.end) - kept.start + head.len();
    let mark = if mark.is_empty() { 0..0 } else { moved(mark.start)..moved(mark.end) };
    (format!("{head}{}{tail}", &text[kept]), mark)
}

fn is_layout(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Newline
            | TokenKind::NonLogicalNewline
            | TokenKind::Indent
            | TokenKind::Dedent
            | TokenKind::Comment
            | TokenKind::EndOfFile
    )
}

fn is_closing(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace)
}

/// Strings are told apart by their content, not by their quotes.
fn push_token(out: &mut String, text: &str, kind: TokenKind) {
    if matches!(kind, TokenKind::String) {
        let open = text.find(['"', '\'']).unwrap_or(0);
        out.push_str(&text[..open].to_ascii_lowercase());
        out.push('"');
        out.push_str(text[open..].trim_matches(['"', '\'']));
        out.push('"');
    } else if matches!(
        kind,
        TokenKind::FStringStart | TokenKind::FStringEnd | TokenKind::TStringStart | TokenKind::TStringEnd
    ) {
        out.extend(text.chars().map(|c| if c == '\'' { '"' } else { c.to_ascii_lowercase() }));
    } else {
        out.push_str(text);
    }
}

/// For a statement or clause the start of its body, if it has one; `None` for anything else.
fn body_of(node: AnyNodeRef<'_>) -> Option<Option<TextSize>> {
    let body: &[Stmt] = match node {
        AnyNodeRef::StmtFunctionDef(node) => &node.body,
        AnyNodeRef::StmtClassDef(node) => &node.body,
        AnyNodeRef::StmtFor(node) => &node.body,
        AnyNodeRef::StmtWhile(node) => &node.body,
        AnyNodeRef::StmtIf(node) => &node.body,
        AnyNodeRef::StmtWith(node) => &node.body,
        AnyNodeRef::StmtTry(node) => &node.body,
        AnyNodeRef::ElifElseClause(node) => &node.body,
        AnyNodeRef::ExceptHandlerExceptHandler(node) => &node.body,
        AnyNodeRef::MatchCase(node) => &node.body,
        AnyNodeRef::StmtMatch(node) => return Some(node.cases.first().map(Ranged::start)),
        node if node.is_statement() => return Some(None),
        _ => return None,
    };
    Some(body.first().map(Ranged::start))
}
