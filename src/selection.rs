//! What a file is, where its name alone does not say that it is Python.

use crate::path::FilePath;
use crate::python;

/// Programs that run the Python file they are given, besides those that have `python` in their names.
const RUNNERS: &[&str] = &[
    "graalpy", "hatch", "jython", "pdm", "pipenv", "pipx", "pixi", "poetry", "py", "py.test", "pypy",
    "pypy2", "pypy3", "pytest", "rye", "sage", "uv", "uvx",
];

/// Programs that run another language, and do not start Python on the file by themselves as a shell can.
const OTHER_LANGUAGES: &[&str] =
    &["Rscript", "bun", "deno", "lua", "node", "nodejs", "osascript", "perl", "php", "ruby"];

/// How many bytes of a file are enough to tell whether its first line names Python.
pub const FIRST_LINE: u64 = 4096;

/// Whether a file is a Python script: its first line names what runs Python or, where it names a shell or something
/// unheard of, the whole is valid Python. A shell can start Python on the file in which it stands, in too many ways to
/// look for each, but Python only runs what it can read.
pub fn is_script(bytes: &[u8]) -> bool {
    bytes.starts_with(b"#!")
        && (names_python(bytes) || !names_other_language(bytes) && python::may_run(bytes))
}

/// Whether the first line names what runs Python.
pub fn names_python(bytes: &[u8]) -> bool {
    let Some(line) = first_line(bytes) else { return false };
    line.contains("python") || line.split_whitespace().any(|word| RUNNERS.contains(&program(word)))
}

fn names_other_language(bytes: &[u8]) -> bool {
    let line = first_line(bytes).unwrap_or_default();
    let mut words = line.split_whitespace().map(program).filter(|word| !word.starts_with('-'));
    let first = words.next();
    let interpreter = if first == Some("env") { words.next() } else { first };
    interpreter.is_some_and(|name| OTHER_LANGUAGES.contains(&name))
}

/// What follows `#!`, without the quotes and the empty variables that only keep words from being recognised.
fn first_line(bytes: &[u8]) -> Option<String> {
    let line = bytes.strip_prefix(b"#!")?.split(|&b| b == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(&line[..line.len().min(FIRST_LINE as usize)]);
    let mut plain = String::with_capacity(line.len());
    let mut rest: &str = &line;
    while let Some(at) = rest.find("${") {
        plain.push_str(&rest[..at]);
        rest = rest[at..].split_once('}').map_or("", |(_, behind)| behind);
    }
    plain.push_str(rest);
    plain.retain(|c| !matches!(c, '"' | '\'' | '\\'));
    Some(plain)
}

/// The name of the program that a word of a first line starts.
fn program(word: &str) -> &str {
    let name = word.rsplit('/').next().unwrap_or(word);
    name.strip_prefix("-S").filter(|name| !name.is_empty()).unwrap_or(name)
}

/// Whether Python runs the file without there being a source to be read.
pub fn is_byte_code(path: &FilePath) -> bool {
    has_ending(path, &[".pyc", ".pyo", ".pyz", ".pyzw"])
}

/// Whether Python can import the file, and it is no Python.
pub fn is_compiled_module(path: &FilePath) -> bool {
    has_ending(path, &[".so", ".pyd", ".dll", ".dylib"])
}

fn has_ending(path: &FilePath, endings: &[&str]) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    endings.iter().any(|ending| name.ends_with(ending.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_that_names_what_runs_python_is_enough() {
        for line in [
            "#!/usr/bin/python3",
            "#!/usr/bin/env python",
            "#!/usr/bin/env -S uv run --script",
            "#!/usr/bin/env -S pipx run",
            "#!/usr/bin/env -Suvx tool",
            "#!/opt/bin/pypy3 -E",
            "#!/usr/bin/env -S 'pyth''on3'",
            "#!/usr/bin/env -S py${NOSUCH}thon3",
            "#!/usr/bin/sage",
        ] {
            assert!(is_script(format!("{line}\nthis is no Python\n").as_bytes()), "{line}");
        }
    }

    #[test]
    fn behind_another_first_line_it_is_python_if_python_can_read_it() {
        for start in [
            "#!/bin/sh\n''':'\nexec python3 \"$0\" \"$@\"\n'''\n",
            "#!/bin/sh\n'''exec' \"/a b/python3\" \"$0\" \"$@\"\n' '''\n",
            "#!/bin/sh\n\"exec\" \"python3\" \"$0\" \"$@\"\n",
            "#!/usr/bin/env -S sh -c 'exec py\"\"thon3 \"$0\"'\n",
            "#!/usr/bin/env nix-shell\n#! nix-shell -i python3\n",
            "#!/bin/sh\n# coding: utf-7\n",
        ] {
            assert!(is_script(format!("{start}import os\nos.getcwd()\n").as_bytes()), "{start}");
        }
    }

    #[test]
    fn others_are_no_scripts() {
        for text in [
            "import os\n",
            "#!/bin/sh\nexec python3 -m tool \"$@\"\n",
            "#!/bin/sh\nset -e\ncd \"$(dirname \"$0\")\"\n",
            "#!/usr/bin/env node\nrequire('./cli')(process.argv)\n",
            "#!/usr/bin/env -S perl -w\nf(1)\n",
            "#!/home/uv/bin/lua\nprint(1)\n",
            "\n#!/usr/bin/python\n",
        ] {
            assert!(!is_script(text.as_bytes()), "{text}");
        }
        assert!(!is_script(b"#!/bin/sh\necho \xff\n"));
    }

    #[test]
    fn byte_code_has_its_endings() {
        assert!(is_byte_code(&FilePath::from_bytes("a/__pycache__/b.cpython-311.pyc")));
        assert!(is_byte_code(&FilePath::from_bytes("B.PYC")));
        assert!(!is_byte_code(&FilePath::from_bytes("pyc")));
    }
}
