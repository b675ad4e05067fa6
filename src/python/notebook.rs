//! Jupyter notebooks (nbformat 2 to 4): the cells with code, as IPython runs them one after the other.

use std::ops::Range;

use super::assembled::{Assembled, Code, Shown};
use super::ipython;
use super::json::{self, Mistake, Reader};
use super::source::Problem;

/// Names of kernels that run another language, as their authors register them. A name with a version or the like
/// behind it (`julia-1.9`, `ir43`) is one, too.
const OTHER_KERNELS: &[&str] = &[
    ".net",
    "ada",
    "apl",
    "bash",
    "calysto",
    "clojure",
    "coconut",
    "coffeescript",
    "coq",
    "cpp",
    "cuda",
    "deno",
    "elixir",
    "erlang",
    "fortran",
    "fsharp",
    "gap",
    "gnuplot",
    "go",
    "gonb",
    "gophernotes",
    "haskell",
    "ihaskell",
    "ijavascript",
    "ir",
    "iruby",
    "itypescript",
    "java",
    "javascript",
    "jslab",
    "julia",
    "kotlin",
    "lua",
    "maple",
    "mathematica",
    "matlab",
    "maxima",
    "mysql",
    "nodejs",
    "ocaml",
    "octave",
    "perl",
    "php",
    "postgres",
    "powershell",
    "prolog",
    "pwsh",
    "racket",
    "ruby",
    "rust",
    "sas",
    "scala",
    "scilab",
    "sql",
    "sqlite",
    "stata",
    "swift",
    "tcl",
    "tslab",
    "typescript",
    "wolfram",
    "xcpp",
    "xeus-cling",
    "xlua",
    "xr",
    "xsqlite",
    "zsh",
];

/// The code of a notebook; `None` where its kernel runs another language.
pub fn read(bytes: &[u8]) -> Result<Option<Assembled>, Problem> {
    let refuse = |reason: String| Problem { reason, at: None };
    let text = std::str::from_utf8(bytes)
        .map_err(|error| refuse(format!("it is not valid UTF-8 at offset {}", error.valid_up_to())))?;
    let notebook = Notebook::read(text).map_err(|mistake| {
        let at = super::SourceFile::unparsed(text.to_owned()).position((mistake.at as u32).into());
        Problem { reason: format!("it is no notebook: {}", mistake.message), at: Some(at) }
    })?;
    if notebook.kernel.runs_python().map_err(refuse)? {
        return Ok(Some(assemble(text, &notebook)));
    }
    Ok(None)
}

/// One module of all cells, so that names carry from one to the next. A cell that is no Python on its own is left out:
/// a text that it opens must not swallow the cells behind it, which run all the same.
fn assemble(text: &str, notebook: &Notebook) -> Assembled {
    let mut shown = Shown::default();
    let mut ranges = Vec::new();
    for cell in &notebook.cells {
        let start = shown.text.len();
        shown.begin_cell(cell.number);
        for string in &cell.source {
            let mut runs = Vec::new();
            json::decode_into(text, string.clone(), &mut shown.text, &mut |here, there| {
                runs.push((here, there))
            });
            runs.into_iter().for_each(|(here, there)| shown.begin_run(here, there));
        }
        ranges.push(start..shown.text.len());
        shown.text.push('\n');
    }
    let names = ipython::names(ranges.iter().map(|range| &shown.text[range.clone()]));
    let renamed = ipython::renames_magics(&shown.text);
    let (mut code, mut problem) = (Code::default(), None);
    for (cell, range) in notebook.cells.iter().zip(ranges) {
        match ipython::python_of(&shown.text, range.clone(), &names, renamed) {
            Ok(python) => code.append(python),
            // An editor let its author choose another language. Python would not run it either.
            Err(_) if cell.is_other => {}
            Err((reason, at)) => {
                problem.get_or_insert((reason, at));
            }
        }
        // A blank line: a comment at the end of a cell says nothing of the next one.
        code.push("\n\n", range.end..range.end + 1);
    }
    Assembled::new(code, shown, text.to_owned(), problem)
}

/// What matters of a notebook.
#[derive(Debug, Default)]
struct Notebook {
    kernel: Kernel,
    /// Those with code.
    cells: Vec<CodeCell>,
}

#[derive(Debug)]
struct CodeCell {
    /// Counted from 1, among all cells.
    number: u32,
    /// The strings that it is made of, in the text.
    source: Vec<Range<usize>>,
    /// Whether it says that it is in another language.
    is_other: bool,
}

#[derive(Debug, Default)]
struct Kernel {
    name: Option<String>,
    /// What the notebook says the language is, in one place or two.
    languages: Vec<String>,
}

impl Kernel {
    /// Whether the cells are Python. What a notebook says of its language does not count alone: it is the kernel of
    /// that name that runs it.
    fn runs_python(&self) -> Result<bool, String> {
        let is_python = |language: &String| language.to_ascii_lowercase().contains("python");
        let Some(language) = self.languages.first().filter(|_| !self.languages.iter().any(is_python)) else {
            return Ok(true);
        };
        let Some(name) = &self.name else { return Ok(true) };
        let lower = name.to_ascii_lowercase();
        let is_other = |kernel: &&str| {
            lower
                .strip_prefix(*kernel)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
        };
        if OTHER_KERNELS.iter().any(is_other) {
            return Ok(false);
        }
        if lower.contains("python") {
            return Ok(true);
        }
        let (name, language) = (crate::escape::visible(name), crate::escape::visible(language));
        Err(format!("it says that its language is `{language}`, but nothing is known of its kernel `{name}`"))
    }
}

/// A cell, before it is known where its code stands.
#[derive(Default)]
struct Cell {
    kind: Option<String>,
    is_other: bool,
    source: Option<Source>,
    input: Option<Source>,
}

enum Source {
    Strings(Vec<Range<usize>>),
    Other,
}

/// The parts of a notebook in the order in which they stand.
#[derive(Default)]
struct Parts {
    version: Option<String>,
    kernel: Option<Kernel>,
    cells: Option<Vec<Cell>>,
    worksheets: Option<Vec<Cell>>,
}

impl Notebook {
    fn read(text: &str) -> Result<Notebook, Mistake> {
        let mut reader = Reader::new(text);
        let mut parts = Parts::default();
        reader.object(&mut |key, reader| match key {
            "nbformat" => once(&mut parts.version, reader, |reader| Ok(reader.word()?.to_owned())),
            "metadata" => once(&mut parts.kernel, reader, |reader| kernel(reader, text)),
            "cells" => once(&mut parts.cells, reader, |reader| cells(reader, text)),
            "worksheets" => once(&mut parts.worksheets, reader, |reader| worksheets(reader, text)),
            _ => reader.skip(),
        })?;
        reader.end()?;
        // Versions 2 and 3 have sheets of cells, whose code is called `input`.
        let (cells, is_old) = match parts.version.as_deref() {
            Some("4") => (parts.cells, false),
            Some("2" | "3") => (parts.worksheets, true),
            _ => return reader.mistake("`nbformat` must be 2, 3 or 4"),
        };
        let Some(cells) = cells else { return reader.mistake("it has no cells") };
        let mut notebook = Notebook { kernel: parts.kernel.unwrap_or_default(), cells: Vec::new() };
        for (number, cell) in (1..).zip(cells) {
            let source = if is_old { cell.input } else { cell.source };
            match (cell.kind.as_deref(), source) {
                (Some("code"), Some(Source::Strings(source))) => {
                    notebook.cells.push(CodeCell { number, source, is_other: cell.is_other });
                }
                (Some("code"), _) => return reader.mistake("a cell has no code"),
                (Some(_), _) => {}
                (None, _) => return reader.mistake("a cell does not say of what type it is"),
            }
        }
        Ok(notebook)
    }
}

/// Reads a field that may occur once: of several, readers take different ones.
fn once<'t, T>(
    field: &mut Option<T>,
    reader: &mut Reader<'t>,
    read: impl FnOnce(&mut Reader<'t>) -> Result<T, Mistake>,
) -> Result<(), Mistake> {
    if field.is_some() {
        return reader.mistake("this key occurs twice");
    }
    *field = Some(read(reader)?);
    Ok(())
}

fn kernel(reader: &mut Reader<'_>, text: &str) -> Result<Kernel, Mistake> {
    let mut kernel = Kernel::default();
    reader.object(&mut |key, reader| match key {
        "kernelspec" | "language_info" if reader.peek() == Some(b'{') => {
            let is_kernel = key == "kernelspec";
            reader.object(&mut |key, reader| match (is_kernel, key) {
                (true, "name") => once(&mut kernel.name, reader, |reader| string(reader, text)),
                (true, "language") | (false, "name") => {
                    kernel.languages.push(string(reader, text)?);
                    Ok(())
                }
                _ => reader.skip(),
            })
        }
        _ => reader.skip(),
    })?;
    Ok(kernel)
}

fn string(reader: &mut Reader<'_>, text: &str) -> Result<String, Mistake> {
    Ok(json::decoded(text, reader.string()?))
}

fn worksheets(reader: &mut Reader<'_>, text: &str) -> Result<Vec<Cell>, Mistake> {
    let mut all = Vec::new();
    reader.array(&mut |reader| {
        let mut found = None;
        reader.object(&mut |key, reader| match key {
            "cells" => once(&mut found, reader, |reader| cells(reader, text)),
            _ => reader.skip(),
        })?;
        all.extend(found.unwrap_or_default());
        Ok(())
    })?;
    Ok(all)
}

fn cells(reader: &mut Reader<'_>, text: &str) -> Result<Vec<Cell>, Mistake> {
    let mut all = Vec::new();
    reader.array(&mut |reader| {
        let mut cell = Cell::default();
        reader.object(&mut |key, reader| match key {
            "cell_type" => once(&mut cell.kind, reader, |reader| string(reader, text)),
            "metadata" if reader.peek() == Some(b'{') => {
                let language = language(reader, text)?;
                cell.is_other = language.is_some_and(|language| language != "python");
                Ok(())
            }
            "source" => once(&mut cell.source, reader, source),
            "input" => once(&mut cell.input, reader, source),
            _ => reader.skip(),
        })?;
        all.push(cell);
        Ok(())
    })?;
    Ok(all)
}

/// The language that VS Code notes in the metadata of a cell.
fn language(reader: &mut Reader<'_>, text: &str) -> Result<Option<String>, Mistake> {
    let mut language = None;
    reader.object(&mut |key, reader| match key {
        "vscode" if reader.peek() == Some(b'{') => reader.object(&mut |key, reader| match key {
            "languageId" if reader.peek() == Some(b'"') => {
                language = Some(string(reader, text)?);
                Ok(())
            }
            _ => reader.skip(),
        }),
        _ => reader.skip(),
    })?;
    Ok(language)
}

/// A text, or the pieces of one.
fn source(reader: &mut Reader<'_>) -> Result<Source, Mistake> {
    match reader.peek() {
        Some(b'"') => Ok(Source::Strings(vec![reader.string()?])),
        Some(b'[') => {
            let mut strings = Some(Vec::new());
            reader.array(&mut |reader| {
                if reader.peek() != Some(b'"') {
                    strings = None;
                    return reader.skip();
                }
                let string = reader.string()?;
                strings.iter_mut().for_each(|strings| strings.push(string.clone()));
                Ok(())
            })?;
            Ok(strings.map_or(Source::Other, Source::Strings))
        }
        _ => {
            reader.skip()?;
            Ok(Source::Other)
        }
    }
}
