//! The cells of a notebook as Python: what IPython makes of magics (`%time`, `%%bash`), of shell lines (`!ls`) and of the
//! other things that it understands, so that checks need to know Python only.
//!
//! `!ls {folder}` becomes `get_ipython().system(f"ls {folder}")`: IPython puts the values of expressions into the text.
//! Code behind a magic is code.

use std::ops::Range;

use ruff_python_ast::PySourceType;
use ruff_python_ast::token::TokenKind;
use ruff_text_size::Ranged;
use rustc_hash::FxHashSet;

use super::assembled::Code;
use super::call::Module;
use super::source::SourceFile;

/// How deep magics in magics are followed (`%time %time …`).
const MAX_DEPTH: u32 = 8;

/// How many pieces of a notebook are tried out whether they are Python: more are taken for it, and the notebook then may
/// be unscannable.
const MAX_TRIALS: u32 = 20_000;

/// Magics whose text, or whose cell, is Python that they run, with the letters of their options that have a value.
const RUN_PYTHON: &[(&str, &str)] = &[
    ("capture", ""),
    ("debug", "b"),
    ("lprun", "fmDTu"),
    ("memit", "rti"),
    ("mprun", "fT"),
    ("prun", "DlsT"),
    ("px", "t"),
    ("pyinstrument", ""),
    ("snakeviz", "f"),
    ("time", ""),
    ("timeit", "nrpv"),
];

/// Of these, the ones that run nothing but Python. What is no Python for us they must not get.
const RUN_NOTHING_ELSE: &[&str] = &["prun", "time", "timeit"];

/// What ends a line for `str.splitlines`, by which IPython divides a cell, and not for Python.
const LINE_ENDS_OF_IPYTHON: &[char] =
    &['\x0b', '\x0c', '\x1c', '\x1d', '\x1e', '\u{85}', '\u{2028}', '\u{2029}'];

/// Magics that people use without their sign.
const WITHOUT_SIGN: &[&str] = &[
    "alias",
    "autoreload",
    "bookmark",
    "cat",
    "cd",
    "colors",
    "conda",
    "config",
    "cp",
    "dirs",
    "env",
    "hist",
    "history",
    "less",
    "load",
    "load_ext",
    "ls",
    "macro",
    "mamba",
    "man",
    "matplotlib",
    "mkdir",
    "more",
    "mv",
    "pdoc",
    "pfile",
    "pinfo",
    "pip",
    "popd",
    "psearch",
    "psource",
    "pushd",
    "pylab",
    "reload_ext",
    "rm",
    "rmdir",
    "run",
    "save",
    "set_env",
    "store",
    "sx",
    "system",
    "unalias",
    "uv",
    "who",
    "whos",
    "xmode",
];

/// Magics whose cell certainly is another language. What is in the cell of any other is looked at if it is Python.
const OTHER_LANGUAGES: &[&str] = &[
    "bash",
    "cmd",
    "html",
    "HTML",
    "javascript",
    "js",
    "latex",
    "markdown",
    "perl",
    "ruby",
    "sh",
    "svg",
    "SVG",
];

/// What a line of IPython's begins with.
const SIGNS: [char; 6] = ['!', '%', '?', '/', ',', ';'];

const LONE_RETURN: &str =
    "a magic or shell line holds a carriage return, which IPython and Python take for different things";

const TOO_DEEP: &str = "magics nest too deeply";

/// Why a cell is no Python, and where in the shown text.
pub(super) type Refusal = (String, usize);

/// The words in the code of some cells: what could be a variable.
pub(super) fn names<'c>(cells: impl Iterator<Item = &'c str>) -> FxHashSet<String> {
    let code = cells.flat_map(str::lines).filter_map(|line| line.split(['!', '%']).next());
    let is_in_word = |c: char| c.is_alphanumeric() || c == '_';
    let words = code.flat_map(|code| code.split(move |c| !is_in_word(c)));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether a text is Python by itself.
pub(super) fn stands_alone(text: &str) -> bool {
    parsed(text, PySourceType::Python).is_some_and(|file| file.problem().is_none())
}

/// Whether some code may give magics other names.
pub(super) fn renames_magics(text: &str) -> bool {
    ["alias_magic", "register_alias", "register_magic"].iter().any(|word| text.contains(word))
}

/// What a cell comes to. `renamed` is whether magics may have other names than their own.
pub(super) fn python_of(
    shown: &str,
    cell: Range<usize>,
    names: &FxHashSet<String>,
    renamed: bool,
) -> Result<Code, Refusal> {
    let text = &shown[cell.clone()];
    if let Some(at) = text.find('\0') {
        return Err(("it holds a NUL character, which Python refuses".to_owned(), cell.start + at));
    }
    if let Some(at) = hidden_line(text) {
        return Err(("a line ends here for IPython and not for Python".to_owned(), cell.start + at));
    }
    let mut rewriter = Rewriter { shown, names, renamed, code: Code::default(), trials: MAX_TRIALS };
    rewriter.cell(cell, MAX_DEPTH)?;
    Ok(rewriter.code)
}

/// Where a line ends that only IPython sees, in a cell with signs of IPython's: what follows runs behind a shell line, or
/// is one behind a comment.
fn hidden_line(text: &str) -> Option<usize> {
    let first = text.find(LINE_ENDS_OF_IPYTHON)?;
    let has_sign = text.contains(['!', '%', '?'])
        || text.split(LINE_ENDS_OF_IPYTHON).any(|line| line.trim_start().starts_with(['/', ',', ';']));
    has_sign.then_some(first)
}

/// A parsed text whose tree can be dropped, however deep it is.
fn parsed(text: &str, syntax: PySourceType) -> Option<SourceFile> {
    let file = SourceFile::unparsed(text.to_owned()).parse(syntax).ok()?;
    Module::of(&file);
    Some(file)
}

struct Rewriter<'s> {
    shown: &'s str,
    names: &'s FxHashSet<String>,
    renamed: bool,
    code: Code,
    trials: u32,
}

/// What to make of a part of a cell.
enum Edit {
    /// `?thing`, `thing?`: shows its documentation and runs nothing.
    Help,
    /// `%magic`, `!shell` and the like, and whether its result is assigned.
    Escape { assigned: bool },
}

impl Rewriter<'_> {
    /// `depth` is how many more cells and magics inside one another are followed.
    fn cell(&mut self, cell: Range<usize>, depth: u32) -> Result<(), Refusal> {
        let text = &self.shown[cell.clone()];
        let first =
            text.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum::<usize>();
        let head = text[first..].lines().next().unwrap_or_default();
        let Some(magic) = head.trim_start().strip_prefix("%%").filter(|magic| !is_help(magic)) else {
            return self.lines(cell, depth);
        };
        let refusal = |reason: &str| Err((reason.to_owned(), cell.start + first));
        if head.starts_with(char::is_whitespace) {
            return refusal("IPython shifts an indented magic, and all lines behind it, to the left");
        }
        if magic.contains('\r') {
            return refusal(LONE_RETURN);
        }
        match depth.checked_sub(1) {
            Some(depth) => self.cell_magic(cell.start + first, cell.end, depth),
            None => refusal(TOO_DEEP),
        }
    }

    /// `%%name text`, and the lines below.
    fn cell_magic(&mut self, start: usize, end: usize, depth: u32) -> Result<(), Refusal> {
        let head_end = self.shown[start..end].find('\n').map_or(end, |length| start + length);
        let body = (head_end + 1).min(end)..end;
        let (name, rest) = self.word(start + 2..head_end);
        let word = &self.shown[name.clone()];
        if let Some((_, options)) = RUN_PYTHON.iter().find(|(magic, _)| *magic == word) {
            let code = self.behind_options(rest, options);
            if !code.is_empty() && self.is_code(word, code.clone())? {
                self.nested(code, false, depth)?;
            }
            self.code.push("\n", head_end..body.start);
            return self.cell(body, depth);
        }
        let is_shell = matches!(word, "!" | "sx" | "system");
        self.call("run_cell_magic", start..name.end, Some(name.clone()));
        self.interpolated(rest.clone());
        self.code.push(", ", head_end..head_end);
        if is_shell {
            self.code.push(")\n", head_end..head_end);
            self.call("getoutput", start..name.end, None);
            self.interpolated(body.clone());
        } else {
            self.text(&[Part::Text(body.clone())]);
        }
        self.code.push(")", end..end);
        if self.renamed || !is_shell {
            self.perhaps_code(rest, depth)?;
        }
        self.code.push("\n", end..end);
        let is_other = !self.renamed && (is_shell || OTHER_LANGUAGES.contains(&word));
        if is_other { Ok(()) } else { self.perhaps_python(body, depth) }
    }

    /// Scans a cell of which nobody knows who runs it, if it is Python.
    fn perhaps_python(&mut self, body: Range<usize>, depth: u32) -> Result<(), Refusal> {
        let text = &self.shown[body.clone()];
        if self.is_python(text) {
            return self.cell(body, depth);
        }
        // IPython would shift it to the left.
        if stands_alone(&format!("if 1:\n{text}")) {
            self.code.push("if 1:\n", body.start..body.start);
            self.code.copy(self.shown, body);
            return Ok(());
        }
        self.refuse_prompts(body)
    }

    /// IPython takes prompts out of code, and no other program does.
    fn refuse_prompts(&self, text: Range<usize>) -> Result<(), Refusal> {
        let has_prompt =
            [">>>", "In [", "...:"].iter().any(|prompt| self.shown[text.clone()].contains(prompt));
        if self.renamed && has_prompt {
            return Err((
                "nobody knows whether this magic runs the code behind the prompts".to_owned(),
                text.start,
            ));
        }
        Ok(())
    }

    /// Whether the text behind a magic that runs Python is Python.
    fn is_code(&mut self, magic: &str, code: Range<usize>) -> Result<bool, Refusal> {
        if self.is_python(&self.shown[code.clone()]) {
            return Ok(true);
        }
        if RUN_NOTHING_ELSE.contains(&magic) {
            return Err((format!("what `%{magic}` is to run is no Python"), code.start));
        }
        Ok(false)
    }

    /// Behind a magic of which nothing is known, a text that is Python may be code that it runs.
    fn perhaps_code(&mut self, text: Range<usize>, depth: u32) -> Result<(), Refusal> {
        let shown = &self.shown[text.clone()];
        let does_something =
            shown.contains('(') || shown.starts_with("import ") || shown.starts_with("from ");
        if !does_something || !self.is_python(shown) {
            return self.refuse_prompts(text);
        }
        let Some(depth) = depth.checked_sub(1) else { return Err((TOO_DEEP.to_owned(), text.start)) };
        if !shown.starts_with(SIGNS) && !self.is_python(&format!("x; {shown}")) {
            let reason = "nobody knows whether this magic runs the code behind it";
            return Err((reason.to_owned(), text.start));
        }
        self.code.push("; ", text.start..text.start);
        self.nested(text, false, depth)
    }

    /// Lines of which each is Python or begins with a sign of IPython's.
    fn lines(&mut self, range: Range<usize>, depth: u32) -> Result<(), Refusal> {
        let text = &self.shown[range.clone()];
        let refusal = |reason: &str, at| (reason.to_owned(), range.start + at);
        let file = parsed(text, PySourceType::Ipynb)
            .ok_or_else(|| refusal("it nests deeper than Python allows", 0))?;
        if let Some(problem) = file.problem() {
            if self.single_line(range.clone(), depth)? {
                return Ok(());
            }
            return Err(refusal(&problem.reason, problem.at.map_or(0, |at| file.offset(at))));
        }
        let mut at = range.start;
        for (edited, edit) in edits(&file) {
            let edited = range.start + edited.start..range.start + edited.end;
            self.code.copy(self.shown, at..edited.start);
            at = edited.end;
            match edit {
                Edit::Help => self.code.push("None", edited),
                Edit::Escape { assigned } => self.escape(edited, assigned, depth)?,
            }
        }
        self.code.copy(self.shown, at..range.end);
        Ok(())
    }

    /// A cell of one line that is no Python: `ls -l` is `%ls -l` there, and `*name*?` asks for help.
    fn single_line(&mut self, range: Range<usize>, depth: u32) -> Result<bool, Refusal> {
        let text = &self.shown[range.clone()];
        let line = text.trim();
        let is_in_help = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '*' | '%' | '?');
        let start = range.start + text.len() - text.trim_start().len();
        let place = start..start + line.len();
        if line.ends_with('?') && line.chars().all(is_in_help) {
            self.code.push("None", place);
            return Ok(true);
        }
        let Some((word, _)) = line.split_once(' ').filter(|_| !line.contains('\n')) else { return Ok(false) };
        let runs_python = RUN_PYTHON.iter().any(|(magic, _)| *magic == word);
        if !runs_python && !WITHOUT_SIGN.contains(&word) {
            return Ok(false);
        }
        let (name, rest) = (start..start + word.len(), start + word.len() + 1..place.end);
        let is_list = !runs_python && self.is_python(&format!("f({})", &self.shown[rest.clone()]));
        self.magic(place, 0, false, depth)?;
        // With `%autocall` the same is a call, if it is no magic.
        self.code.push("; ", name.start..name.start);
        self.code.copy(self.shown, name);
        self.code.push("(", rest.start..rest.start);
        if is_list {
            self.code.copy(self.shown, rest.clone());
        } else {
            self.text(&[Part::Text(rest.clone())]);
        }
        self.code.push(")", rest.end..rest.end);
        Ok(true)
    }

    /// Code behind a magic.
    fn nested(&mut self, code: Range<usize>, assigned: bool, depth: u32) -> Result<(), Refusal> {
        let text = &self.shown[code.clone()];
        if text.starts_with("%%") {
            self.cell(code, depth)
        } else if text.starts_with(SIGNS) {
            self.escape(code, assigned, depth)
        } else {
            self.lines(code, depth)
        }
    }

    fn escape(&mut self, range: Range<usize>, assigned: bool, depth: u32) -> Result<(), Refusal> {
        let text = &self.shown[range.clone()];
        let sign = |length: usize| range.start..range.start + length;
        let command = |length: usize| range.start + length..range.end;
        if text.trim_end().contains('\r') {
            return Err((LONE_RETURN.to_owned(), range.start));
        }
        match text.as_bytes() {
            [b'?', ..] | [b'%', b'%', ..] => self.code.push("None", range),
            // In a comment it asks for nothing.
            [b'%', .., b'?'] if !text.contains('#') => self.code.push("None", range),
            [b'!', b'!', ..] => self.shell("getoutput", sign(2), command(2)),
            [b'!', ..] => self.shell(if assigned { "getoutput" } else { "system" }, sign(1), command(1)),
            [b'%', ..] => return self.magic(range, 1, assigned, depth),
            _ => self.called(range),
        }
        Ok(())
    }

    fn shell(&mut self, method: &str, sign: Range<usize>, command: Range<usize>) {
        let end = command.end;
        self.call(method, sign, None);
        self.interpolated(command);
        self.code.push(")", end..end);
    }

    /// `%name text`, or without the sign.
    fn magic(&mut self, range: Range<usize>, sign: usize, assigned: bool, depth: u32) -> Result<(), Refusal> {
        let (name, rest) = self.word(range.start + sign..range.end);
        let word = &self.shown[name.clone()];
        if matches!(word, "sx" | "system") && !self.renamed {
            self.shell("getoutput", range.start..name.end, rest);
            return Ok(());
        }
        let runs_python = RUN_PYTHON.iter().find(|(magic, _)| *magic == word);
        if let Some((_, options)) = runs_python {
            let code = self.behind_options(rest.clone(), options);
            if !code.is_empty() && self.is_code(word, code.clone())? {
                let depth = depth.checked_sub(1).ok_or_else(|| (TOO_DEEP.to_owned(), range.start))?;
                return self.nested(code, assigned, depth);
            }
        }
        self.call("run_line_magic", range.start..name.end, Some(name));
        self.interpolated(rest.clone());
        self.code.push(")", range.end..range.end);
        if runs_python.is_some() { Ok(()) } else { self.perhaps_code(rest, depth) }
    }

    /// `/name a b` calls with arguments, `,name a b` with texts, `;name a b` with one text.
    fn called(&mut self, range: Range<usize>) {
        let sign = self.shown.as_bytes()[range.start];
        let (name, rest) = self.word(range.start + 1..range.end);
        self.code.copy(self.shown, name);
        self.code.push("(", rest.start..rest.start);
        if sign == b';' {
            self.text(&[Part::Text(rest.clone())]);
        } else {
            let mut words = rest.clone();
            while !words.is_empty() {
                let (word, others) = self.word(words);
                if sign == b'/' {
                    self.code.copy(self.shown, word.clone());
                } else {
                    self.text(&[Part::Text(word.clone())]);
                }
                self.code.push(", ", word.end..word.end);
                words = others;
            }
        }
        self.code.push(")", range.end..range.end);
    }

    /// The first word, and what follows it. A line that goes on behind a backslash is one line.
    fn word(&self, range: Range<usize>) -> (Range<usize>, Range<usize>) {
        let start = self.behind_blanks(range.clone());
        let text = &self.shown[start..range.end];
        let length = text.find(char::is_whitespace).unwrap_or(text.len());
        let length = text.find("\\\n").map_or(length, |at| at.min(length));
        let rest = self.behind_blanks(start + length..range.end);
        (start..start + length, rest..rest + self.shown[rest..range.end].trim_end().len())
    }

    fn behind_blanks(&self, range: Range<usize>) -> usize {
        let mut text = self.shown[range.clone()].trim_start();
        while let Some(next) = text.strip_prefix("\\\n") {
            text = next.trim_start();
        }
        range.end - text.len()
    }

    /// What follows the options of a magic.
    fn behind_options(&self, range: Range<usize>, with_value: &str) -> Range<usize> {
        let mut rest = range;
        loop {
            let (word, behind) = self.word(rest.clone());
            let Some(option) = self.shown[word].strip_prefix('-') else { return rest };
            // `-f(x)` is an expression.
            let is_in_option = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '=' | '.' | '/');
            let is_option = option.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-')
                && option.chars().all(is_in_option);
            if !is_option {
                return rest;
            }
            rest =
                if option.len() == 1 && with_value.contains(option) { self.word(behind).1 } else { behind };
        }
    }

    fn is_python(&mut self, text: &str) -> bool {
        let Some(left) = self.trials.checked_sub(1) else { return true };
        self.trials = left;
        parsed(text, PySourceType::Ipynb).is_some_and(|file| file.problem().is_none())
    }

    /// The beginning of a call of one of IPython's methods, perhaps with its first argument.
    fn call(&mut self, method: &str, sign: Range<usize>, argument: Option<Range<usize>>) {
        self.code.push(&format!("get_ipython().{method}("), sign.clone());
        if let Some(argument) = argument {
            let end = argument.end;
            self.text(&[Part::Text(argument)]);
            self.code.push(", ", end..end);
        }
    }

    /// A text into which IPython puts values.
    fn interpolated(&mut self, range: Range<usize>) {
        let parts = self.parts(range);
        self.text(&parts);
    }

    fn text(&mut self, parts: &[Part]) {
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return };
        let (start, end) = (first.range().start, last.range().end);
        let formatted = parts.iter().any(|part| matches!(part, Part::Value(_)));
        self.code.push(if formatted { "f\"" } else { "\"" }, start..start);
        for part in parts {
            match part {
                Part::Text(range) => self.literal(range.clone(), formatted),
                Part::Value(range) => {
                    // Two braces would stand for one.
                    self.code.push("{ ", range.start..range.start);
                    self.code.copy(self.shown, range.clone());
                    self.code.push("}", range.end..range.end);
                }
            }
        }
        self.code.push("\"", end..end);
    }

    /// The inside of a string that says this.
    fn literal(&mut self, range: Range<usize>, formatted: bool) {
        let mut at = range.start;
        for (offset, c) in self.shown[range.clone()].char_indices() {
            let escaped = match c {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '{' if formatted => "{{",
                '}' if formatted => "}}",
                _ => continue,
            };
            let here = range.start + offset;
            self.code.copy(self.shown, at..here);
            self.code.push(escaped, here..here + 1);
            at = here + 1;
        }
        self.code.copy(self.shown, at..range.end);
    }

    /// What of a text is replaced by values: `{expression}` and `$name`, but neither `{{` nor `$$`.
    fn parts(&mut self, range: Range<usize>) -> Vec<Part> {
        let bytes = self.shown.as_bytes();
        let (mut parts, mut from, mut at) = (Vec::new(), range.start, range.start);
        while at < range.end {
            let next = (at + 1 < range.end).then(|| bytes[at + 1]);
            let value = match bytes[at] {
                b'{' | b'$' if next == Some(bytes[at]) => {
                    at += 2;
                    continue;
                }
                b'{' => self.braces(at + 1..range.end),
                b'$' => self.variable(at + 1..range.end),
                _ => None,
            };
            let Some((value, end)) = value else {
                at += 1;
                continue;
            };
            if from < at {
                parts.push(Part::Text(from..at));
            }
            parts.push(Part::Value(value));
            (from, at) = (end, end);
        }
        if from < range.end || parts.is_empty() {
            parts.push(Part::Text(from..range.end));
        }
        parts
    }

    /// An expression in braces, and where these end. `{a,b}` and `${HOME}` are the shell's, unless these are variables.
    fn braces(&mut self, range: Range<usize>) -> Option<(Range<usize>, usize)> {
        let text = &self.shown[range.clone()];
        let mut depth = 0_u32;
        let length = text.bytes().position(|b| {
            match b {
                b'{' => depth += 1,
                b'}' if depth == 0 => return true,
                b'}' => depth -= 1,
                _ => {}
            }
            false
        })?;
        let inside = &text[..length];
        let mut words = inside.split(',').map(str::trim);
        let is_word =
            |word: &str| word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '/'));
        let follows_dollar = self.shown[..range.start - 1].ends_with('$');
        let is_for_shell = (inside.contains(',') || follows_dollar)
            && words.all(|word| is_word(word) && !self.names.contains(word));
        if is_for_shell || !self.is_value(inside) {
            return None;
        }
        Some((range.start..range.start + length, range.start + length + 1))
    }

    fn is_value(&mut self, inside: &str) -> bool {
        let is_plain = |c: char| c.is_alphanumeric() || c == '_';
        if !inside.is_empty() && inside.chars().all(is_plain) && !inside.starts_with(char::is_numeric) {
            return true;
        }
        let Some(left) = self.trials.checked_sub(1) else { return true };
        self.trials = left;
        !inside.trim().is_empty() && stands_alone(&format!("f\"{{ {inside}}}\""))
    }

    /// `$name` or `$name.attribute`, if that may be a variable of the notebook: else it is one of the shell.
    fn variable(&self, range: Range<usize>) -> Option<(Range<usize>, usize)> {
        let text = &self.shown[range.clone()];
        let is_in_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let length = text.find(|c| !is_in_name(c)).unwrap_or(text.len());
        let name = text[..length].trim_end_matches('.');
        let first = name.split('.').next().unwrap_or_default();
        let end = range.start + name.len();
        let is_name = stands_alone(name) && !name.is_empty() && !name.starts_with(|c: char| c.is_numeric());
        (self.names.contains(first) && is_name).then_some((range.start..end, end))
    }
}

/// A part of a text into which IPython puts values.
enum Part {
    Text(Range<usize>),
    Value(Range<usize>),
}

impl Part {
    fn range(&self) -> &Range<usize> {
        match self {
            Part::Text(range) | Part::Value(range) => range,
        }
    }
}

/// Whether the text behind `%%` asks for help on a magic.
fn is_help(magic: &str) -> bool {
    let behind = magic.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    behind.len() < magic.len() && behind.starts_with('?')
}

/// The parts of a cell that are no Python, in order.
fn edits(file: &SourceFile) -> Vec<(Range<usize>, Edit)> {
    let mut edits: Vec<(Range<usize>, Edit)> = Vec::new();
    // Of the line in question: the code in it so far, how many edits there were before, and whether it asks for help.
    let (mut line, mut before, mut help): (Option<Range<usize>>, usize, bool) = (None, 0, false);
    for token in file.tokens().map_or(&[][..], |tokens| tokens) {
        let range = token.start().to_usize()..token.end().to_usize();
        match token.kind() {
            TokenKind::Comment | TokenKind::NonLogicalNewline | TokenKind::Indent | TokenKind::Dedent => {
                continue;
            }
            TokenKind::Newline | TokenKind::EndOfFile => {
                if let Some(line) = line.take().filter(|_| help) {
                    edits.truncate(before);
                    edits.push((line, Edit::Help));
                }
                (before, help) = (edits.len(), false);
                continue;
            }
            TokenKind::IpyEscapeCommand => {
                edits.push((range.clone(), Edit::Escape { assigned: line.is_some() }));
            }
            TokenKind::Question => help = true,
            _ => {}
        }
        let start = line.map_or(range.start, |line| line.start);
        line = Some(start..range.end);
    }
    edits
}
