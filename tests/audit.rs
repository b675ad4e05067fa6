//! The two commands about suppressions, as a user runs them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::path::Path;
use std::process::{Command, Output};

#[path = "support/mod.rs"]
mod support;

use support::{TestRepo, code, stderr, stdout};

fn mergegate(folder: &Path, arguments: &[&str]) -> Output {
    support::mergegate(folder, &[arguments, &["--today", "2026-01-31"]].concat())
}

const POLICY: &str = "\
version: 1
suppressions: { markers: [mergegate, nosec], require-ticket: \"SEC-[0-9]+\" }
";

const APP: &str = "\
x = input()
# mergegate: allow[eval] only digits come this far, SEC-1 until=2026-02-05
eval(x)
eval(x)  # mergegate: allow[eval] until=2026-01-30 only digits come this far, SEC-1
eval(x)  # mergegate: allow[evil] only digits come this far, SEC-1
eval(x)  # mergegate: allow[eval]
f(x)  # mergegate: allow[eval] |=\"cmd\", `SEC-2` <b>@all</b>
eval(x)  # nosec B307 - only digits come this far, SEC-3
f(x)  # nosec B307 - only digits come this far, SEC-3
";

/// A repository in which the last line was brought by another commit than the others.
fn repository() -> TestRepo {
    let repository = TestRepo::new();
    let (before, last) = APP.split_at(APP.find("eval(x)  # nosec").unwrap());
    repository.write(".mergegate.yml", POLICY).write("src/app.py", before).commit("one");
    repository.write("src/app.py", format!("{before}{last}")).commit("two");
    let uncommitted = "eval(input())  # mergegate: allow[eval] a tool for developers, SEC-4\n";
    repository.write("src/tool.py", uncommitted);
    repository
}

#[test]
fn the_audit_in_every_format() {
    let repository = repository();
    for format in ["table", "json", "csv", "markdown"] {
        let output = mergegate(repository.path(), &["suppressions", "--format", format]);
        assert_eq!((code(&output), stderr(&output).as_str()), (0, ""), "{format}");
        insta::assert_snapshot!(format, stdout(&output));
    }
}

/// What a hostile author writes into the name of a file, a reason, and their own name.
#[cfg(unix)]
const ATTACKS: &[&str] = &[
    "=cmd|' /C calc'!A0",
    "@everyone, \"quoted\"",
    "\x1b[2J\x1b]8;;http://evil.example\x07click",
    "\u{202e}reversed",
    "</code><script>alert(1)</script>",
    "` | <img src=x> | [click](http://evil.example) ``",
    "x ##vso[task.setvariable variable=x]y",
    "::set-output name=verdict::passed",
];

#[cfg(unix)]
#[test]
fn nothing_in_an_audit_is_more_than_text() {
    use std::os::unix::ffi::OsStringExt;
    let repository = TestRepo::new();
    for (at, attack) in ATTACKS.iter().enumerate() {
        let source = format!("eval(x)  # mergegate: allow[eval] {attack} and more\n");
        let mut name = format!("{at}\n{}.py", attack.replace('/', "")).into_bytes();
        repository.write(String::from_utf8(name.clone()).unwrap(), &source);
        name.splice(1..1, *b"\xff");
        repository.write(std::ffi::OsString::from_vec(name), &source);
    }
    repository.git(&["add", "--all"]);
    let author = format!("--author={} <a@example.org>", ATTACKS.concat().replace(['<', '>'], ""));
    repository.git(&["commit", "--quiet", "--message=x", &author]);
    for format in ["table", "json", "csv", "markdown"] {
        let output = stdout(&mergegate(repository.path(), &["suppressions", "--format", format]));
        let end = if format == "csv" { "\r\n" } else { "\n" };
        for line in output.split(end) {
            let deceptive = line.chars().find(|c| mergegate::escape::is_deceptive(*c));
            assert_eq!(deceptive, None, "{format}: {line:?}");
            let start = line.trim_start();
            assert!(!start.starts_with("::") && !line.contains("##vso["), "{format}: {line:?}");
        }
        // One reason ends at its `#`.
        assert_eq!(output.matches("and more").count(), 2 * (ATTACKS.len() - 1), "{format}: {output}");
        match format {
            "json" => drop(serde_json::from_str::<serde_json::Value>(&output).unwrap()),
            "csv" => output.lines().for_each(assert_record),
            "markdown" => assert_code_only(&output),
            _ => {}
        }
    }
}

/// Thirteen fields, none of which a spreadsheet takes for a formula.
#[cfg(unix)]
fn assert_record(line: &str) {
    let mut quoted = false;
    let fields = line.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    let fields: Vec<&str> = fields.map(|field| field.trim_start_matches('"')).collect();
    assert_eq!(fields.len(), 13, "{line}");
    assert!(fields.iter().all(|field| !field.starts_with(['=', '+', '-', '@'])), "{line}");
}

#[cfg(unix)]
fn assert_code_only(page: &str) {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let mut cells = 0;
    for event in Parser::new_ext(page, Options::ENABLE_TABLES) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => assert_eq!(&*html, "<br>"),
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("{page}"),
            Event::Start(Tag::TableCell) => cells += 1,
            Event::Text(text) => assert!(!text.contains(['@', '<']) && !text.contains("evil"), "{text}"),
            _ => {}
        }
    }
    assert_eq!(cells, 6 * (1 + 2 * ATTACKS.len()), "{page}");
}

#[test]
fn an_audit_can_fail() {
    let repository = repository();
    let run = |kinds: &str, path: &str| {
        code(&mergegate(repository.path(), &["suppressions", path, "--fail-on", kinds]))
    };
    for kind in ["expired", "unused", "unreasoned", "invalid", "expired,unused"] {
        assert_eq!(run(kind, "src/app.py"), 1, "{kind}");
        assert_eq!(run(kind, "src/tool.py"), 0, "{kind}");
    }
    assert_eq!(run("anything", "."), 2);
    assert_eq!(run("unused", "no/such/path"), 2);
    repository.write("src/broken.py", "x = = 1\n");
    assert_eq!(run("unused", "src/broken.py"), 1);
}

#[test]
fn an_audit_needs_no_repository() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.py"), APP).unwrap();
    let output = mergegate(folder.path(), &["suppressions"]);
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
    assert!(stdout(&output).contains("active   eval"), "{}", stdout(&output));
    std::fs::write(folder.path().join("a.py"), "f(x)\n").unwrap();
    assert_eq!(stdout(&mergegate(folder.path(), &["suppressions"])), "no suppressions\n");
}

#[test]
fn a_shallow_clone_does_not_keep_the_audit_from_its_answer() {
    let repository = repository();
    let clone = repository.clone_with(&["--depth", "1"]);
    let output = mergegate(clone.path(), &["suppressions", "--fail-on", "expired"]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    assert!(stdout(&output).contains("src/app.py:4"), "{}", stdout(&output));
}

#[test]
fn a_suppression_is_written_and_then_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.py");
    std::fs::write(&path, "x = input()\neval(x)\n").unwrap();
    make_executable(&path);
    let arguments = ["suppress", "B307@app.py:2", "--reason", "x holds digits only", "--until", "2026-03-31"];
    let output = mergegate(folder.path(), &arguments);
    let comment = "# mergegate: allow[eval] x holds digits only until=2026-03-31";
    assert_eq!(
        (code(&output), stdout(&output)),
        (0, format!("app.py:2: {comment}\n")),
        "{}",
        stderr(&output)
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("x = input()\neval(x)  {comment}\n"));
    assert!(is_executable(&path));
    assert_eq!(code(&mergegate(folder.path(), &["scan"])), 0);
    assert_eq!(code(&mergegate(folder.path(), &["suppressions", "--fail-on", "invalid,unused"])), 0);
    let again = mergegate(folder.path(), &arguments);
    assert_eq!((code(&again), stdout(&again).as_str()), (0, "app.py:2: justified here already\n"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_suppression_that_would_not_count_leaves_the_file_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.py");
    std::fs::write(&path, "x = input()\neval(x)\n").unwrap();
    for (target, reason, expected, exit) in [
        ("eval@app.py:2", "todo", "`todo` is no reason", 2),
        ("eval@app.py:1", "x holds digits only", "finds nothing in this line, but in 2", 2),
        ("eval@nothing.py:1", "x holds digits only", "cannot be read", 2),
        ("eval@app.py", "x holds digits only", "CHECK@FILE:LINE", 2),
        ("eval@app.py:0", "x holds digits only", "CHECK@FILE:LINE", 2),
        ("@app.py:1", "x holds digits only", "CHECK@FILE:LINE", 2),
    ] {
        let output = mergegate(folder.path(), &["suppress", target, "--reason", reason]);
        assert_eq!(code(&output), exit, "{target}: {}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{target}: {}", stderr(&output));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "x = input()\neval(x)\n");
    }
}

#[cfg(unix)]
#[test]
fn no_suppression_is_written_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.py"), "eval(input())\n").unwrap();
    std::os::unix::fs::symlink("app.py", folder.path().join("link.py")).unwrap();
    let arguments = ["suppress", "eval@link.py:1", "--reason", "a tool for developers"];
    let output = mergegate(folder.path(), &arguments);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("symbolic link"), "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(folder.path().join("app.py")).unwrap(), "eval(input())\n");
}

#[cfg(unix)]
fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o750)).unwrap();
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777 == 0o750
}

#[cfg(not(unix))]
fn make_executable(_: &Path) {}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}

#[test]
fn a_policy_on_disk_may_extend_one_at_a_revision() {
    let repo = TestRepo::new();
    repo.write("team.yml", "version: 1\nrules:\n  - select: [eval]\n    action: warn\n").commit("team");
    repo.branch("security").switch("main");
    repo.remove("team.yml").write("a.py", "eval(text)\n");
    repo.write(".mergegate.yml", "version: 1\nextends: [{ rev: security, path: team.yml }]\n");
    repo.commit("policy");
    let output = mergegate(repo.path(), &["scan"]);
    assert_eq!(code(&output), 0, "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("1 warning"), "{}", stdout(&output));
    repo.git(&["branch", "--quiet", "-D", "security"]);
    let output = mergegate(repo.path(), &["scan"]);
    assert_eq!(code(&output), 2, "{}", stdout(&output));
    assert!(stderr(&output).contains("security"), "{}", stderr(&output));
}

#[test]
fn the_day_is_given_by_argument_then_by_the_environment() {
    let repo = TestRepo::new();
    repo.write("a.py", "eval(text)  # mergegate: allow[eval] our own text, SEC-1 until=2026-03-31\n");
    let scan = |arguments: &[&str], seconds: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mergegate"));
        command.arg("scan").args(arguments).current_dir(repo.path()).env_clear();
        code(&command.env("SOURCE_DATE_EPOCH", seconds).output().unwrap())
    };
    let (last_day, day_after) = ("1774915200", "1775001600");
    assert_eq!((scan(&[], last_day), scan(&[], day_after)), (0, 1));
    assert_eq!(scan(&["--today", "2026-04-01"], last_day), 1);
    assert_eq!(scan(&["--today", "2026-03-31"], day_after), 0);
    assert_eq!(scan(&["--today", "31.3.2026"], last_day), 2);
}

#[test]
fn no_suppression_is_written_into_a_notebook() {
    let repo = TestRepo::new();
    let notebook = r#"{"cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null,
        "source": ["eval(text)"]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}"#;
    repo.write("a.ipynb", notebook).write("a.pth", "import os; eval(text)\n");
    for place in ["eval@a.ipynb:2", "eval@a.pth:1"] {
        let output = mergegate(repo.path(), &["suppress", place, "--reason", "our own text, SEC-1"]);
        assert_eq!(code(&output), 2, "{}", stdout(&output));
        assert!(stderr(&output).contains("not a Python file"), "{}", stderr(&output));
    }
    assert_eq!(std::fs::read_to_string(repo.file("a.ipynb")).unwrap(), notebook);
    assert_eq!(std::fs::read_to_string(repo.file("a.pth")).unwrap(), "import os; eval(text)\n");
}
