//! Ways to rewrite a Python file that introduce nothing.

use std::collections::HashSet;

use mergegate::python::SourceFile;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal};
use ruff_python_ast::{AnyNodeRef, Expr, ExprContext, Stmt};
use ruff_text_size::{Ranged, TextSize};

/// A repeatable source of choices.
pub struct Choice(u64);

impl Choice {
    pub fn new(seed: u64) -> Self {
        Choice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }

    pub fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// A way to rewrite a file.
pub type Rewrite = fn(&str, &mut Choice) -> String;

/// Those that may follow one another, by what they do.
pub const REWRITES: &[(&str, Rewrite)] = &[
    ("reformat", reformat),
    ("add comments and blank lines", add_comments),
    ("remove comments and blank lines", remove_comments),
    ("reorder definitions", reorder_definitions),
    ("indent a block", indent_a_block),
];

pub fn parse(text: &str) -> SourceFile {
    let file = SourceFile::read(text.as_bytes()).unwrap_or_else(|problem| panic!("{}", problem.reason));
    assert_eq!(file.problem(), None, "{text}");
    file
}

/// Other spaces, indentation, line breaks, comments, quotes, trailing commas, redundant parentheses, strings
/// in pieces and statements on one line, all at random.
pub fn reformat(text: &str, choice: &mut Choice) -> String {
    let text = insert(text, &insertions(&parse(text), choice));
    let file = parse(&text);
    let lines = Line::all(&file);
    let unit = choice.of(&[" ", "  ", "    ", "\t", "        "]);
    let mut out = String::new();
    for (i, line) in lines.iter().enumerate() {
        let is_free = i > 0 && !out.ends_with("# eval(x)\n");
        let is_joined = is_free && lines[i - 1].may_share_line_with(line) && choice.once_in(4);
        if is_joined {
            out.truncate(out.trim_end_matches(['\n', ' ']).len());
            out.push_str("; ");
        } else {
            add_filler(&mut out, choice);
            out.push_str(&unit.repeat(line.depth));
        }
        line.write(&mut out, choice);
        out.push('\n');
    }
    out
}

fn add_filler(out: &mut String, choice: &mut Choice) {
    if choice.once_in(6) {
        out.push_str(choice.of(&["\n", "\n\n", "# eval(x)\n", "      # later\n", "\x0c\n"]));
    }
}

/// A logical line: its tokens, a formatted string being one of them.
struct Line<'a> {
    depth: usize,
    tokens: Vec<(TokenKind, &'a str)>,
}

impl<'a> Line<'a> {
    fn all(file: &'a SourceFile) -> Vec<Line<'a>> {
        let mut lines = vec![Line { depth: 0, tokens: Vec::new() }];
        let mut depth = 0;
        let mut tokens = file.tokens().unwrap().iter().peekable();
        while let Some(token) = tokens.next() {
            match token.kind() {
                TokenKind::Indent => depth += 1,
                TokenKind::Dedent => depth -= 1,
                TokenKind::Newline => lines.push(Line { depth, tokens: Vec::new() }),
                TokenKind::NonLogicalNewline | TokenKind::Comment | TokenKind::EndOfFile => {}
                kind => {
                    let end = end_of_string(token, &mut tokens);
                    let line = lines.last_mut().unwrap();
                    line.depth = depth;
                    line.tokens.push((kind, &file.text()[token.start().to_usize()..end.to_usize()]));
                }
            }
        }
        lines.retain(|line| !line.tokens.is_empty());
        lines
    }

    fn write(&self, out: &mut String, choice: &mut Choice) {
        let mut open = 0;
        for (i, (kind, text)) in self.tokens.iter().enumerate() {
            if i > 0 {
                match choice.below(if open > 0 { 8 } else { 40 }) {
                    0 if open > 0 => out.push_str("\n  "),
                    1 if open > 0 => out.push_str("  # eval(x)\n"),
                    0 => out.push_str(" \\\n   "),
                    2 => out.push_str("   "),
                    _ => out.push(' '),
                }
            }
            match kind {
                TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => open += 1,
                TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => open -= 1,
                _ => {}
            }
            match (kind, requoted(text)) {
                (TokenKind::String, Some(text)) => out.push_str(&text),
                _ => out.push_str(text),
            }
        }
        if choice.once_in(8) {
            out.push_str("  # eval(x)");
        }
    }

    /// Whether both are simple statements of one block.
    fn may_share_line_with(&self, next: &Line<'_>) -> bool {
        let is_simple = |line: &Line<'_>| {
            let opens_block = line.tokens.first().is_some_and(|(_, text)| BLOCKS.contains(text));
            let last = line.tokens.last().map(|(kind, _)| *kind);
            !opens_block && !matches!(last, Some(TokenKind::Semi | TokenKind::Colon))
        };
        self.depth == next.depth && is_simple(self) && is_simple(next)
    }
}

/// What opens a block, or seems to.
const BLOCKS: &[&str] = &[
    "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "def", "class", "async", "@",
    "match", "case",
];

/// The end of a token; of the start of a formatted string the end of the string.
fn end_of_string<'t>(start: &Token, tokens: &mut impl Iterator<Item = &'t Token>) -> TextSize {
    let mut open = 0;
    let mut token = *start;
    loop {
        match token.kind() {
            TokenKind::FStringStart | TokenKind::TStringStart => open += 1,
            TokenKind::FStringEnd | TokenKind::TStringEnd => open -= 1,
            _ => {}
        }
        if open == 0 {
            return token.end();
        }
        token = *tokens.next().unwrap();
    }
}

/// A plain string in the other quotes.
fn requoted(text: &str) -> Option<String> {
    let (quote, other) = if text.ends_with('"') { ("\"", "'") } else { ("'", "\"") };
    let open = text.find(quote)?;
    let inside = text[open..].strip_prefix(quote)?.strip_suffix(quote)?;
    let is_plain = !inside.contains(['\'', '"', '\\']) && !inside.is_empty();
    is_plain.then(|| format!("{}{other}{inside}{other}", &text[..open]))
}

/// Text to be inserted, and where.
type Insertions = Vec<(TextSize, String)>;

fn insert(text: &str, insertions: &Insertions) -> String {
    let mut out = String::new();
    let mut at = 0;
    for (place, inserted) in insertions {
        out.push_str(&text[at..place.to_usize()]);
        out.push_str(inserted);
        at = place.to_usize();
    }
    out + &text[at..]
}

/// Redundant parentheses, trailing commas, and the ends and beginnings of pieces of strings.
fn insertions(file: &SourceFile, choice: &mut Choice) -> Insertions {
    struct Visitor<'a, 'c> {
        file: &'a SourceFile,
        choice: &'c mut Choice,
        out: Insertions,
    }
    impl<'a> SourceOrderVisitor<'a> for Visitor<'a, '_> {
        fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
            match node {
                // Whatever stands in a formatted string may only be written in this way.
                AnyNodeRef::ExprFString(_) | AnyNodeRef::ExprTString(_) => return TraversalSignal::Skip,
                AnyNodeRef::Arguments(arguments) => {
                    for value in arguments.args.iter().chain(arguments.keywords.iter().map(|it| &it.value)) {
                        self.parenthesize(value);
                    }
                    self.end_with_comma(arguments);
                }
                AnyNodeRef::StmtReturn(statement) => {
                    statement.value.iter().for_each(|value| self.parenthesize(value));
                }
                AnyNodeRef::StmtAssign(statement) => self.parenthesize(&statement.value),
                AnyNodeRef::StmtIf(statement) => self.parenthesize(&statement.test),
                AnyNodeRef::ExprStringLiteral(string) => self.split(string),
                _ => {}
            }
            TraversalSignal::Traverse
        }
    }
    impl Visitor<'_, '_> {
        fn parenthesize(&mut self, value: &Expr) {
            let is_fixed = match value {
                Expr::Starred(_) | Expr::Yield(_) | Expr::YieldFrom(_) => true,
                Expr::Generator(generator) => !generator.parenthesized,
                Expr::Tuple(tuple) => !tuple.parenthesized && tuple.elts.iter().any(Expr::is_starred_expr),
                _ => false,
            };
            if !is_fixed && self.choice.once_in(5) {
                self.out.push((value.start(), "(".to_owned()));
                self.out.push((value.end(), ")".to_owned()));
            }
        }

        fn end_with_comma(&mut self, arguments: &ruff_python_ast::Arguments) {
            let is_generator = matches!(&*arguments.args, [Expr::Generator(it)] if !it.parenthesized);
            let before_close = arguments.end() - TextSize::of(')');
            let tokens = self.file.tokens().unwrap().before(before_close);
            let last = tokens.iter().rev().find(|token| !token.kind().is_trivia()).unwrap();
            let has_arguments = last.start() > arguments.start();
            if has_arguments && last.kind() != TokenKind::Comma && !is_generator && self.choice.once_in(2) {
                self.out.push((last.end(), ",".to_owned()));
            }
        }

        fn split(&mut self, string: &ruff_python_ast::ExprStringLiteral) {
            let text = &self.file.text()[string.range()];
            let is_plain = text.len() > 4
                && text.is_ascii()
                && text.starts_with('\'')
                && text[1..text.len() - 1].bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ');
            if is_plain && self.choice.once_in(3) {
                self.out.push((string.start() + TextSize::from(2), "' '".to_owned()));
            }
        }
    }
    let mut visitor = Visitor { file, choice, out: Vec::new() };
    visitor.visit_body(&file.syntax().unwrap().body);
    visitor.out.sort_by_key(|(place, text)| (*place, text != ")", text != ","));
    visitor.out
}

/// Comments and blank lines between the lines, and comments at their ends.
pub fn add_comments(text: &str, choice: &mut Choice) -> String {
    let file = parse(text);
    let mut insertions = Insertions::new();
    for token in file.tokens().unwrap().iter() {
        if token.kind() == TokenKind::Newline && !token.range().is_empty() && choice.once_in(3) {
            let comment = choice.of(&["  # eval(x)", "\n\n", "\n# eval(x)", "\n        # deep"]);
            insertions.push((token.start(), comment.to_owned()));
        }
    }
    insert(text, &insertions)
}

pub fn remove_comments(text: &str, _: &mut Choice) -> String {
    let file = parse(text);
    let mut out = String::new();
    let mut at = 0;
    for token in file.tokens().unwrap().iter().filter(|token| token.kind() == TokenKind::Comment) {
        out.push_str(&text[at..token.start().to_usize()]);
        at = token.end().to_usize();
    }
    out.push_str(&text[at..]);
    // A blank line inside a string is part of it.
    if file.text().contains("\"\"\"") || file.text().contains("'''") {
        return out;
    }
    out.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("{line}\n")).collect()
}

/// The statements of the module: the text of each with the comments above it.
fn statements(file: &SourceFile) -> Vec<(&Stmt, &str)> {
    let body = &file.syntax().unwrap().body;
    let text = file.text();
    // A statement may begin in the middle of a line, behind a semicolon: then it goes with the one before.
    let line_end = |stmt: &Stmt| {
        let end = stmt.end().to_usize();
        text[end..].find('\n').map_or(text.len(), |at| end + at + 1)
    };
    let mut out: Vec<(&Stmt, &str)> = Vec::new();
    let mut at = 0;
    let mut body = body.iter().peekable();
    while let Some(stmt) = body.next() {
        let mut end = line_end(stmt);
        while let Some(behind) = body.next_if(|next| next.start().to_usize() < end) {
            end = line_end(behind);
        }
        out.push((stmt, &text[at..end]));
        at = end;
    }
    out
}

/// The statements of the module as texts.
pub fn module_statements(text: &str) -> Vec<String> {
    statements(&parse(text)).into_iter().map(|(_, text)| line_ended(text)).collect()
}

fn line_ended(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

/// Definitions of the module that follow one another, in another order.
pub fn reorder_definitions(text: &str, choice: &mut Choice) -> String {
    let file = parse(text);
    let is_definition = |stmt: &Stmt| stmt.is_function_def_stmt() || stmt.is_class_def_stmt();
    let mut out = String::new();
    for run in statements(&file).chunk_by(|a, b| is_definition(a.0) == is_definition(b.0)) {
        let mut texts: Vec<&str> = run.iter().map(|(_, text)| *text).collect();
        if is_definition(run[0].0) {
            for i in (1..texts.len()).rev() {
                texts.swap(i, choice.below(i + 1));
            }
        }
        out.extend(texts.into_iter().map(line_ended));
    }
    out
}

/// Some statements of the module that follow one another, in a block of their own.
pub fn indent_a_block(text: &str, choice: &mut Choice) -> String {
    let file = parse(text);
    let statements = statements(&file);
    let first = choice.below(statements.len());
    let last = first + choice.below(statements.len() - first);
    let head = choice.of(&["if True:", "def wrapper():", "class Wrapper:", "for _ in [1]:", "with lock:"]);
    let is_future =
        |stmt: &Stmt| matches!(stmt, Stmt::ImportFrom(it) if it.module.as_deref() == Some("__future__"));
    let is_movable = |(stmt, text): &(&Stmt, &str)| !is_future(stmt) && text.ends_with('\n');
    if statements.is_empty() || !statements[first..=last].iter().all(is_movable) {
        return text.to_owned();
    }
    let mut out: String = statements[..first].iter().map(|(_, text)| *text).collect();
    let block: String = statements[first..=last].iter().map(|(_, text)| *text).collect();
    out.push_str(head);
    out.push('\n');
    for line in Line::all(&parse(&block)) {
        out.push_str(&"    ".repeat(line.depth + 1));
        let texts: Vec<&str> = line.tokens.iter().map(|(_, text)| *text).collect();
        out.push_str(&texts.join(" "));
        out.push('\n');
    }
    out.extend(statements[last + 1..].iter().map(|(_, text)| *text));
    out
}

/// One variable, wherever its name stands.
pub fn rename_a_variable(text: &str, choice: &mut Choice) -> String {
    struct Names<'a> {
        uses: Vec<(&'a str, TextSize)>,
        variables: Vec<&'a str>,
        fixed: HashSet<&'a str>,
    }
    impl<'a> SourceOrderVisitor<'a> for Names<'a> {
        fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
            match node {
                AnyNodeRef::ExprName(name) => {
                    self.uses.push((&name.id, name.end()));
                    if name.ctx == ExprContext::Store {
                        self.variables.push(&name.id);
                    }
                }
                AnyNodeRef::Parameter(parameter) => {
                    self.uses.push((&parameter.name, parameter.name.end()));
                    self.variables.push(&parameter.name);
                }
                AnyNodeRef::StmtFunctionDef(it) => drop(self.fixed.insert(&it.name)),
                AnyNodeRef::StmtClassDef(it) => drop(self.fixed.insert(&it.name)),
                AnyNodeRef::StmtGlobal(it) => self.fixed.extend(it.names.iter().map(|it| it.as_str())),
                AnyNodeRef::StmtNonlocal(it) => self.fixed.extend(it.names.iter().map(|it| it.as_str())),
                AnyNodeRef::ExceptHandlerExceptHandler(it) => {
                    self.fixed.extend(it.name.iter().map(|it| it.as_str()));
                }
                AnyNodeRef::PatternMatchAs(it) => self.fixed.extend(it.name.iter().map(|it| it.as_str())),
                AnyNodeRef::PatternMatchStar(it) => self.fixed.extend(it.name.iter().map(|it| it.as_str())),
                AnyNodeRef::Alias(it) => {
                    self.fixed.insert(it.asname.as_ref().unwrap_or(&it.name).as_str());
                }
                _ => {}
            }
            TraversalSignal::Traverse
        }
    }
    let file = parse(text);
    let mut names = Names { uses: Vec::new(), variables: Vec::new(), fixed: HashSet::new() };
    names.visit_body(&file.syntax().unwrap().body);
    names.variables.retain(|name| !names.fixed.contains(name) && !name.starts_with("__"));
    if names.variables.is_empty() {
        return text.to_owned();
    }
    let renamed = choice.of(&names.variables);
    let mut uses: Vec<TextSize> =
        names.uses.iter().filter(|(name, _)| *name == renamed).map(|(_, end)| *end).collect();
    uses.sort();
    insert(text, &uses.into_iter().map(|end| (end, "_renamed".to_owned())).collect())
}
