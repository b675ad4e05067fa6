use std::ops::Range;

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind};
use ruff_text_size::{TextRange, TextSize};

use super::Family;
use super::words::last_name;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Call, Hit, Hits, Module, Node, SourceFile};

pub const FAMILY: Family = Family { id: "supply-chain", title: "Dependencies", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "pip-untrusted-index",
        family: "supply-chain",
        summary: "pip is told to install from a server that it cannot verify.",
        why: "Without HTTPS and a valid certificate anybody on the way can put their own code into a package.",
        neglect: "The server is on the same machine.",
        instead: "An index with HTTPS; a certificate of one's own with `--cert`.",
        cwe: &[494, 295],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import subprocess\nsubprocess.run([\"pip\", \"install\", \"--trusted-host\", host, name])\n",
            "import os\nos.system(\"pip install --index-url http://pypi.internal/simple tool\")\n",
        ],
        good: &[
            "import subprocess\nsubprocess.run([\"pip\", \"install\", \"--index-url\", \"https://pypi.internal\", name])\n",
            "print(\"try pip install --trusted-host pypi.internal tool\")\n",
        ],
        detect: &[Detect::Node(COMMANDS, untrusted_index)],
    },
    Check {
        id: "pip-extra-index",
        family: "supply-chain",
        summary: "pip is told to look for a package in several places at once.",
        why: "pip takes the highest version it finds in any of them: whoever registers the name of an internal package \
              on PyPI gets their code installed.",
        neglect: "The other place holds only packages whose names are taken on PyPI by the same people.",
        instead: "One index that passes on what it does not have itself: `--index-url`.",
        cwe: &[427, 494],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import subprocess\nsubprocess.run([\"pip\", \"install\", \"--extra-index-url\", url, name])\n",
            "import os\nos.system(\"pip install --extra-index-url=https://pypi.internal tool\")\n",
        ],
        good: &[
            "import subprocess\nsubprocess.run([\"pip\", \"install\", \"--index-url\", url, name])\n",
            "parser.add_argument(\"--extra-index-url\")\n",
        ],
        detect: &[Detect::Node(COMMANDS, extra_index)],
    },
    Check {
        id: "setup-dependency-links",
        family: "supply-chain",
        summary: "The package names addresses from which its dependencies are to be fetched.",
        why: "What is behind an address can change at any time, and old versions of pip and setuptools fetch it without \
              a check.",
        neglect: "Nobody installs the package with such an old version.",
        instead: "`install_requires=[\"tool @ https://example.com/tool-1.0.tar.gz\"]` with a hash in the lock file.",
        cwe: &[494, 829],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from setuptools import setup\nsetup(name=\"x\", dependency_links=[\"http://example.com/tool.tar.gz\"])\n",
            "import setuptools\nsetuptools.setup(dependency_links=LINKS)\n",
        ],
        good: &[
            "from setuptools import setup\nsetup(name=\"x\", install_requires=[\"tool==1.0\"])\n",
            "from setuptools import setup\nsetup(name=\"x\", dependency_links=[])\n",
        ],
        detect: &[Detect::Call(&["setuptools.setup", "distutils.core.setup"], When::Is(has_links))],
    },
    Check {
        id: "script-dependency-unpinned",
        family: "supply-chain",
        summary: "This script gets whichever version of a dependency is the newest when it is run.",
        why: "`uv run` and `pipx run` install what the block names and run it: a bad version that is published tomorrow \
              is on every machine that runs the script tomorrow.",
        neglect: "A lock file beside the script (`script.py.lock`) fixes the versions.",
        instead: "`\"requests==2.32.3\"`, or `uv lock --script script.py`.",
        cwe: &[1357, 494],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "# /// script\n# dependencies = [\"requests\"]\n# ///\nimport requests\n",
            "# /// script\n# dependencies = [\n#   \"rich>=13\",\n# ]\n# ///\nimport rich\n",
        ],
        good: &[
            "# /// script\n# dependencies = [\"requests==2.32.3\"]\n# ///\nimport requests\n",
            "# dependencies = [\"requests\"]\nimport requests\n",
        ],
        detect: &[Detect::Source(unpinned)],
    },
    Check {
        id: "import-lookalike",
        family: "supply-chain",
        summary: "The imported name is one letter away from that of a widely used package.",
        why: "Names like that are registered for those who mistype: such a package does what the real one does, and \
              something else besides.",
        neglect: "The module is the project's own, or is really called so.",
        instead: "The name of the package that is meant.",
        cwe: &[1357, 506],
        severity: Severity::Medium,
        aliases: &[],
        bad: &["import reqeusts\n", "from crytography.fernet import Fernet\n"],
        good: &["import requests\n", "from . import reqeusts\n", "import attr, psycopg, djongo\n"],
        detect: &[Detect::Node(&[NodeKind::StmtImport, NodeKind::StmtImportFrom], lookalike)],
    },
];

/// Where a command can be written.
const COMMANDS: &[NodeKind] = &[NodeKind::ExprList, NodeKind::ExprTuple, NodeKind::ExprStringLiteral];

/// Callees that run a command.
const RUNNERS: &[&str] = &[
    "Popen",
    "call",
    "check_call",
    "check_output",
    "create_subprocess_exec",
    "create_subprocess_shell",
    "execute",
    "getoutput",
    "main",
    "popen",
    "run",
    "sudo",
    "system",
];

/// The words of a command that installs with pip, where it is written as one.
fn pip_words<'a>(node: &Node<'_, 'a>) -> Option<Vec<(&'a str, TextRange)>> {
    let words: Vec<(&'a str, TextRange)> = match node.node {
        AnyNodeRef::ExprList(ast::ExprList { elts, .. })
        | AnyNodeRef::ExprTuple(ast::ExprTuple { elts, .. }) => {
            let texts = || elts.iter().filter_map(Expr::as_string_literal_expr);
            if !texts().any(|text| PIP_COMMANDS.contains(&text.value.to_str())) {
                return None;
            }
            texts().map(|text| (text.value.to_str(), text.range)).collect()
        }
        AnyNodeRef::ExprStringLiteral(text) => {
            let written = text.value.to_str();
            if !is_run(node.module, node.node) {
                return None;
            }
            written.split_whitespace().map(|word| (word, text.range)).collect()
        }
        _ => return None,
    };
    let has = |wanted: &[&str]| words.iter().any(|(word, _)| wanted.contains(word));
    (has(PIP_COMMANDS) && has(&["pip", "pip3", "uv", "-m", "pipx"])).then_some(words)
}

/// Commands of pip that bring a package.
const PIP_COMMANDS: &[&str] = &["install", "download", "wheel"];

/// Whether a text is what a command is run with; others only tell a person what to run.
fn is_run<'a>(module: &Module<'a>, node: AnyNodeRef<'a>) -> bool {
    let call = module.parent(node).and_then(|arguments| module.parent(arguments));
    let Some(AnyNodeRef::ExprCall(call)) = call else { return false };
    last_name(&call.func).is_some_and(|name| RUNNERS.contains(&name))
}

fn untrusted_index(node: &Node<'_, '_>, hits: &mut Hits) {
    let Some(words) = pip_words(node) else { return };
    let mut before = "";
    for (word, place) in &words {
        let (option, value) = word.split_once('=').unwrap_or((before, word));
        let is_index = matches!(option, "--index-url" | "-i" | "--extra-index-url" | "--find-links" | "-f");
        if word.starts_with("--trusted-host") || is_index && value.starts_with("http://") {
            return hits.at(*place, Confidence::High);
        }
        before = word;
    }
}

fn extra_index(node: &Node<'_, '_>, hits: &mut Hits) {
    let Some(words) = pip_words(node) else { return };
    if let Some((_, place)) = words.iter().find(|(word, _)| word.starts_with("--extra-index-url")) {
        hits.at(*place, Confidence::High);
    }
}

fn has_links(call: &Call<'_, '_>) -> Option<Confidence> {
    let links = call.given("dependency_links", None)?;
    let empty = call.module.names().constant(links).is_some_and(|links| !links.truth());
    (!empty).then_some(Confidence::High)
}

/// The block of a script that names its dependencies (PEP 723).
fn unpinned(file: &SourceFile, hits: &mut Hits) {
    let mut comments = file.comments().filter(|comment| file.is_alone(comment)).map(|comment| {
        let text = comment.text.trim_end();
        (text.strip_prefix("# ").unwrap_or(text.trim_start_matches('#')), comment.start)
    });
    if !comments.by_ref().any(|(text, _)| text == "/// script") {
        return;
    }
    let mut inside = false;
    for (text, start) in comments.take_while(|(text, _)| *text != "///") {
        let list = match text.split_once('=') {
            Some((key, list)) if key.trim() == "dependencies" => {
                inside = true;
                list
            }
            _ => text,
        };
        if !inside {
            continue;
        }
        for range in quoted(list) {
            let requirement = &list[range.clone()];
            if !requirement.contains("==") && !requirement.contains('@') {
                // The comment ends with the text that `list` is the end of.
                let offset = file.text()[start as usize..]
                    .lines()
                    .next()
                    .map_or(0, |line| line.trim_end().len() - list.len());
                let at = TextSize::from(start) + size(offset + range.start);
                hits.push(Hit::at(TextRange::at(at, size(range.len())), Confidence::High));
            }
        }
        inside &= !list.trim_end().ends_with(']');
    }
}

fn size(bytes: usize) -> TextSize {
    TextSize::try_from(bytes).unwrap_or_default()
}

/// The insides of the quoted texts of a line of TOML.
fn quoted(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Option<(usize, char)> = None;
    for (at, c) in line.char_indices() {
        match open {
            None if c == '#' => break,
            None if matches!(c, '"' | '\'') => open = Some((at + 1, c)),
            Some((start, quote)) if c == quote => {
                found.push(start..at);
                open = None;
            }
            _ => {}
        }
    }
    found
}

fn lookalike(node: &Node<'_, '_>, hits: &mut Hits) {
    match node.node {
        AnyNodeRef::StmtImport(import) => {
            for alias in &import.names {
                if resembles_popular(top(&alias.name)) {
                    hits.at(&alias.name, Confidence::Low);
                }
            }
        }
        AnyNodeRef::StmtImportFrom(import) if import.level == 0 => {
            if let Some(module) = import.module.as_ref().filter(|module| resembles_popular(top(module))) {
                hits.at(module, Confidence::Low);
            }
        }
        _ => {}
    }
}

fn top(module: &str) -> &str {
    module.split('.').next().unwrap_or(module)
}

/// Widely used packages whose names are long and strange enough that a near miss is no other word.
const POPULAR: &[&str] = &[
    "aiohttp",
    "ansible",
    "beautifulsoup4",
    "botocore",
    "certifi",
    "colorama",
    "cryptography",
    "dateutil",
    "django",
    "fastapi",
    "gunicorn",
    "jinja2",
    "markupsafe",
    "matplotlib",
    "numpy",
    "openai",
    "pandas",
    "paramiko",
    "psycopg2",
    "pydantic",
    "pymongo",
    "pytest",
    "requests",
    "scikit_learn",
    "selenium",
    "setuptools",
    "simplejson",
    "sklearn",
    "sqlalchemy",
    "tensorflow",
    "transformers",
    "urllib3",
    "uvicorn",
    "werkzeug",
];

/// Packages and usual module names that are near one of them and real.
const REAL: &[&str] = &[
    "cupy", "djongo", "jinja", "jinja3", "jumpy", "openapi", "psycopg", "psycopg3", "request", "unpy",
    "urllib", "urllib2",
];

fn resembles_popular(name: &str) -> bool {
    !name.starts_with('_')
        && !POPULAR.contains(&name)
        && !REAL.contains(&name)
        && POPULAR.iter().any(|popular| is_one_edit_away(name.as_bytes(), popular.as_bytes()))
}

/// Whether one letter was added, left out, changed or swapped with its neighbour.
fn is_one_edit_away(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[same..], &long[same..]);
    match (short, long) {
        ([a, b, short @ ..], [c, d, long @ ..]) if short == long && (a, b) == (d, c) => true,
        ([_, short @ ..], [_, rest @ ..]) if short.len() == rest.len() => short == rest,
        (short, [_, long @ ..]) => short == long,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_of_the_finger_resembles_and_two_do_not() {
        for (name, resembles) in [
            ("reqeusts", true),
            ("requets", true),
            ("requestss", true),
            ("numpi", true),
            ("requests", false),
            ("rqeuest", false),
            ("unittest", false),
            ("", false),
        ] {
            assert_eq!(resembles_popular(name), resembles, "{name}");
        }
    }

    #[test]
    fn quoted_texts_of_a_line_are_found_until_its_comment() {
        let line = "\"a\", 'b\"c' # \"d\"";
        let found: Vec<&str> = quoted(line).into_iter().map(|range| &line[range]).collect();
        assert_eq!(found, ["a", "b\"c"]);
    }
}
