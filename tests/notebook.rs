//! Notebooks and `.pth` files: what of them is Python, and which place in the file each finding has.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use mergegate::analysis::{Analyser, Analysis};
use mergegate::finding::Finding;
use mergegate::path::FilePath;
use mergegate::policy::Policy;
use mergegate::suppression::Date;
use proptest::prelude::*;
use serde_json::{Value, json};

fn analyse(path: &str, bytes: &[u8]) -> Analysis {
    let policy = Policy::recommended().unwrap();
    Analyser::new(&policy, Date::ZERO).analyse(&FilePath::from_bytes(path), bytes)
}

/// A notebook in Jupyter's own layout.
fn notebook(cells: &[&str]) -> String {
    let cells: Vec<Value> = cells.iter().map(|source| code(json!(lines(source)))).collect();
    pretty(&json!({ "cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5 }))
}

fn code(source: Value) -> Value {
    json!({ "cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": source })
}

fn lines(source: &str) -> Vec<&str> {
    source.split_inclusive('\n').collect()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

fn problem(text: &str) -> Option<String> {
    analyse("a.ipynb", text.as_bytes()).problem.map(|problem| problem.reason)
}

/// `check@cell:line` of each finding that does not merely name a module or a habit.
fn found(cells: &[&str]) -> Vec<String> {
    let text = notebook(cells);
    let analysis = analyse("a.ipynb", text.as_bytes());
    assert_eq!(analysis.problem, None, "{cells:?}");
    let line = |finding: &Finding| {
        let cell = finding.cell.unwrap();
        // The line of the file holds the line of the cell, and the region is what the excerpt marks.
        let source = cells[cell.number as usize - 1].lines().nth(cell.line as usize - 1).unwrap();
        let stored = text.lines().nth(finding.region.start.line as usize - 1).unwrap();
        let written = serde_json::to_string(source).unwrap();
        assert!(stored.contains(written.trim_matches('"')), "{stored}: {source}");
        format!("{}@{}:{}", finding.check.id, cell.number, cell.line)
    };
    let worth = |finding: &&Finding| ["eval", "os-system", "ipython-command"].contains(&finding.check.id);
    analysis.findings.iter().filter(worth).map(line).collect()
}

#[test]
fn cells_are_one_module() {
    assert_eq!(
        found(&["from os import system as run", "import sys\n", "\n\nrun(sys.argv[1])"]),
        ["os-system@3:3"]
    );
    assert_eq!(found(&["def f(x):\n    return x\n", "f = eval\n", "f(input())"]), ["eval@3:1"]);
    assert_eq!(found(&["run = eval", "run x, y"]), ["eval@2:1"]);
    assert_eq!(found(&["await eval(x)\n", "eval(y);"]), ["eval@1:1", "eval@2:1"]);
}

#[test]
fn magics_and_shell_lines_are_understood() {
    for (cell, expected) in [
        // What they run is code.
        ("%time eval(x)", &["eval@1:1"][..]),
        ("%timeit -n 10 -r3 eval(x)", &["eval@1:1"]),
        ("for x in y:\n    %time eval(x)\n", &["eval@1:2"]),
        ("z = %time eval(x)", &["eval@1:1"]),
        ("%time %time eval(x)", &["eval@1:1"]),
        ("%time for x in y: eval(x)", &["eval@1:1"]),
        ("%time !ls {x}", &["ipython-command@1:1"]),
        ("%%time\neval(x)", &["eval@1:2"]),
        ("\n\n%%timeit -n 1 eval(x)\neval(y)\n", &["eval@1:3", "eval@1:4"]),
        ("%%time\n%%capture out\neval(x)", &["eval@1:3"]),
        ("%%unheard_of\neval(x)", &["eval@1:2"]),
        ("%%python3\nimport os\nos.system(x)", &["os-system@1:3"]),
        ("%%writefile a.py\neval(x)", &["eval@1:2"]),
        ("/eval x", &["eval@1:1"]),
        ("/eval x\n,f a", &["eval@1:1"]),
        // Values in command lines.
        ("!ls {folder}", &["ipython-command@1:1"]),
        ("!!ls {folder}", &["ipython-command@1:1"]),
        ("files = !ls {folder}", &["ipython-command@1:1"]),
        ("folder = input()\n!ls $folder", &["ipython-command@1:2"]),
        ("if x:\n    !ls {x[0]} \\\n       -l\n", &["ipython-command@1:2"]),
        ("%system ls {folder}", &["ipython-command@1:1"]),
        ("%sx ls {folder}", &["ipython-command@1:1"]),
        ("%%sx\nls {folder}", &["ipython-command@1:1"]),
        ("%%!\nls\nls {folder}", &["ipython-command@1:1"]),
        ("%%bash -s {folder}\nls $1", &["ipython-command@1:1"]),
        ("%run {script}", &["ipython-command@1:1"]),
        ("!echo {eval(x)}", &["ipython-command@1:1", "eval@1:1"]),
        ("!echo {0,eval(x)}", &["ipython-command@1:1", "eval@1:1"]),
        // A line goes on behind a backslash.
        ("%time \\\n  eval(x)", &["eval@1:2"]),
        ("if 1:\n  %timeit -n \\\n 1 \\\n  eval(x)", &["eval@1:4"]),
        ("%prun\\\neval(x)", &["eval@1:2"]),
        // What only looks like an option, or like a question.
        ("%time -eval(x)", &["eval@1:1"]),
        ("%time eval(x) # ?", &["eval@1:1"]),
        ("%%time eval(x) # ?\n1", &["eval@1:1"]),
        // Magics in magics.
        ("%time %%time eval(x)", &["eval@1:1"]),
        ("%%! {eval(x)}\nls", &["ipython-command@1:1", "eval@1:1"]),
        ("%%sx {eval(x)}\nls", &["ipython-command@1:1", "eval@1:1"]),
        // Magics of which nothing is known, or that have another name.
        ("%config X.y = eval(x)", &["eval@1:1"]),
        ("%alias_magic t time\n%t eval(x)", &["eval@1:2"]),
        ("y = %t \\\n 1; eval(x)", &["eval@1:2"]),
        ("%t %time eval(x)", &["eval@1:1"]),
        ("%%t eval(x)\nls", &["eval@1:1"]),
        // None.
        ("!ls -l \"a b\" 'c' \\d", &[]),
        ("!echo $HOME ${HOME} $$ {{x}} $1", &[]),
        ("!mkdir -p data/{raw,done}", &[]),
        ("!find . -exec ls {} \\;", &[]),
        ("!awk '{print $1}' a.txt", &[]),
        ("folder = 'data'\n!ls {folder}", &[]),
        ("%matplotlib inline", &[]),
        ("%load_ext autoreload\n%autoreload 2", &[]),
        ("eval?", &[]),
        ("?eval", &[]),
        ("%time?", &[]),
        ("a = 1; eval??", &[]),
        ("%%bash\nls $x {y}\neval(x)", &[]),
        ("%%javascript\nvar x = eval('1');", &[]),
        ("%%html\n<b onclick=\"eval(x)\">a</b>", &[]),
        ("%%sql\nSELECT * FROM a", &[]),
        ("\"\"\"\n!ls {x}\n%time eval(x)\n\"\"\"", &[]),
        ("x = (1\n% 2)", &[]),
        ("# !ls {x}", &[]),
        // A cell of one line.
        ("pip install {name}\n", &["ipython-command@1:1"]),
        ("time eval(x)", &["eval@1:1"]),
        ("ls = eval\n", &[]),
        ("ls -l data", &[]),
        ("cd ..", &[]),
        ("*int*?", &[]),
    ] {
        assert_eq!(found(&[cell]), expected, "{cell}");
    }
}

#[test]
fn a_region_is_in_the_file_and_an_excerpt_is_the_source() {
    let text = "{\"nbformat\": 4, \"cells\": [{\"cell_type\":\"markdown\",\"source\":\"eval(x)\"},\n\
                {\"cell_type\":\"code\",\"source\":\"a = \\\"\\u00e4\\ud83d\\ude00\\\"; eval(\\\"x\\\" + y)\\n!ls {y}\"}]}";
    let analysis = analyse("A.IPYNB", text.as_bytes());
    let shown = |finding: &Finding| {
        let line = text.lines().nth(finding.region.start.line as usize - 1).unwrap();
        let columns = finding.region.start.column as usize - 1..finding.region.end.column as usize - 1;
        let stored: String = line.chars().take(columns.end).skip(columns.start).collect();
        let marked = finding.excerpt.iter().find(|line| line.number == finding.cell.unwrap().line).unwrap();
        (stored, marked.text.clone(), marked.text[marked.mark.clone()].to_owned())
    };
    let shown: Vec<_> = analysis.findings.iter().map(shown).collect();
    let owned = |(a, b, c): (&str, &str, &str)| (a.to_owned(), b.to_owned(), c.to_owned());
    assert_eq!(shown, [("eval", "a = \"ä😀\"; eval(\"x\" + y)", "eval"), ("!", "!ls {y}", "!")].map(owned));
}

#[test]
fn justifications_stand_in_cells() {
    let cells = [
        "# mergegate: allow[eval] the author's own values\neval(x)",
        "eval(x)  # mergegate: allow[eval] the same reason",
    ];
    let analysis = analyse("a.ipynb", notebook(&cells).as_bytes());
    assert!(analysis.covered_by.iter().all(Option::is_some), "{:?}", analysis.suppressions);
    let cells = ["# mergegate: allow[eval] the author's own values", "eval(x)"];
    assert_eq!(analyse("a.ipynb", notebook(&cells).as_bytes()).covered_by, [None]);
}

#[test]
fn a_cell_cannot_hide_those_behind_it() {
    for opening in ["x = \"\"\"", "x = (", "if x:", "x = 1 \\", "f'''{", "@", "\u{0}"] {
        let text = notebook(&[opening, "eval(x)", "\"\"\")"]);
        let analysis = analyse("a.ipynb", text.as_bytes());
        assert!(analysis.problem.is_some(), "{opening}");
        assert_eq!(analysis.findings.len(), 1, "{opening}");
    }
    for line in ["print eval(x)", "exec code", "eval x", "x = )", "import a b", "if x y", "ls -l x\nls a"] {
        assert!(problem(&notebook(&[line])).is_some(), "{line}");
    }
    let reason = problem(&notebook(&["x = 1\n", "\nx = )"])).unwrap();
    assert!(reason.starts_with("cell 2, line 2: syntax error"), "{reason}");
}

#[test]
fn lines_end_where_ipython_ends_them() {
    for end in ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\u{85}", "\u{2028}", "\u{2029}"] {
        for line in ["!true", "%pwd", "?x", "y = !true", "%time 1", "%%timeit 1", "# comment"] {
            assert!(problem(&notebook(&[&format!("{line}{end}!ls")])).is_some(), "{line:?} {end:?}");
        }
        assert!(problem(&notebook(&[&format!("!true{end}eval(x)")])).is_some(), "{end:?}");
        assert!(problem(&notebook(&[&format!("# comment{end}/eval x")])).is_some(), "{end:?}");
        assert_eq!(problem(&notebook(&[&format!("x = 'a'  # b{end}c")])), None, "{end:?}");
    }
    for cell in ["!true \\\reval(x)", "%%bash\reval(x)\n1", "!true \\\r\neval(x)"] {
        assert!(problem(&notebook(&[cell])).is_some(), "{cell:?}");
    }
    assert_eq!(found(&["!true\r\neval(x)"]), ["eval@1:2"]);
}

#[test]
fn what_magics_may_run_is_not_guessed() {
    let deep = format!("{}eval(x)", "%time ".repeat(20));
    for cell in ["%time eval x", "%%timeit eval x\n1", "%t for x in y: eval(x)", "  %%bash\n  eval(x)", &deep]
    {
        assert!(problem(&notebook(&[cell])).is_some(), "{cell}");
    }
    for cell in ["%time", "%timeit?", "%%time?", "%t SELECT count(*) FROM a", "%debug a b", "%env A=b"] {
        assert_eq!(problem(&notebook(&[cell])), None, "{cell}");
    }
    assert_eq!(found(&["%alias_magic bash time", "%%bash\neval(x)"]), ["eval@2:2"]);
    assert_eq!(found(&["%alias_magic sx time", "%%sx\neval(x)"]), ["eval@2:2"]);
    assert_eq!(found(&["%alias_magic sx time", "%sx eval(x)"]), ["eval@2:1"]);
    assert_eq!(found(&["%%t\n\n  eval(x)\n  eval(y)"]), ["eval@1:3", "eval@1:4"]);
    assert!(problem(&notebook(&["%alias_magic t time", "%%t\n>>> eval(x)"])).is_some());
    assert!(problem(&notebook(&["%alias_magic t time", "%t >>> eval(x)"])).is_some());
}

#[test]
fn cells_of_another_language_are_left_out() {
    let with = |language: &str, source: &str| {
        let mut cell = code(json!(source));
        cell["metadata"] = json!({ "vscode": { "languageId": language } });
        pretty(&json!({ "cells": [cell], "metadata": {}, "nbformat": 4 }))
    };
    assert_eq!(problem(&with("javascript", "function f() {\n  eval(x)\n}")), None);
    assert!(problem(&with("python", "function f() {\n  eval(x)\n}")).is_some());
    // What it says does not count where it is Python all the same.
    assert_eq!(analyse("a.ipynb", with("javascript", "eval(x)").as_bytes()).findings.len(), 1);
}

#[test]
fn old_notebooks_have_sheets() {
    let cells = json!([
        { "cell_type": "heading", "level": 1, "source": ["eval(x)"] },
        { "cell_type": "code", "language": "python", "input": ["eval(\n", "x)"], "outputs": [] },
    ]);
    let old = json!({ "metadata": { "name": "" }, "nbformat": 3, "worksheets": [{ "cells": cells }] });
    let analysis = analyse("a.ipynb", pretty(&old).as_bytes());
    assert_eq!(analysis.problem, None);
    assert_eq!(analysis.findings.iter().map(|it| it.check.id).collect::<Vec<_>>(), ["eval"]);
}

#[test]
fn other_kernels_are_skipped_and_lies_are_not() {
    let with = |kernel: Value| {
        let cells = [code(json!("eval(x)"))];
        pretty(&json!({ "cells": cells, "metadata": kernel, "nbformat": 4 }))
    };
    for (metadata, expected) in [
        (
            json!({ "kernelspec": { "name": "ir", "language": "R" }, "language_info": { "name": "R" } }),
            Some(0),
        ),
        (json!({ "kernelspec": { "name": "julia-1.9" }, "language_info": { "name": "julia" } }), Some(0)),
        (
            json!({ "kernelspec": { "name": "python3", "language": "R" }, "language_info": { "name": "R" } }),
            Some(1),
        ),
        (json!({ "kernelspec": { "name": "ir", "language": "python" } }), Some(1)),
        (json!({ "kernelspec": { "name": "ir" } }), Some(1)),
        (json!({ "kernelspec": { "name": "conda-env-x-py", "language": "python" } }), Some(1)),
        (json!({ "language_info": { "name": "R" } }), Some(1)),
        (json!({ "kernelspec": null }), Some(1)),
        (json!({ "kernelspec": { "name": "venv", "language": "R" } }), None),
        (json!({ "kernelspec": { "name": "irene", "language": "R" } }), None),
    ] {
        let analysis = analyse("a.ipynb", with(metadata.clone()).as_bytes());
        assert_eq!(analysis.problem.is_none().then_some(analysis.findings.len()), expected, "{metadata}");
    }
}

#[test]
fn what_is_no_notebook_is_unscannable() {
    let cell = r#"{"cell_type":"code","source":"x"}"#;
    let ok = format!(r#"{{"nbformat":4,"cells":[{cell}]}}"#);
    assert_eq!(problem(&ok), None);
    for text in [
        String::new(),
        "[]".to_owned(),
        "x = 1\n".to_owned(),
        ok.trim_end_matches('}').to_owned(),
        format!("{ok} {ok}"),
        format!("\u{feff}{ok}"),
        ok.replace("4", "5"),
        ok.replace("4", "3"),
        ok.replace("4", "\"4\""),
        ok.replace("\"nbformat\":4,", ""),
        ok.replace("\"cells\"", "\"cellz\""),
        ok.replace("\"source\":\"x\"", "\"source\":1"),
        ok.replace("\"source\":\"x\"", "\"source\":[\"x\",1]"),
        ok.replace("\"source\":\"x\"", "\"sauce\":\"x\""),
        ok.replace("\"cell_type\":\"code\",", ""),
        ok.replace("\"cell_type\":\"code\"", "\"cell_type\":1"),
        ok.replace("\"x\"", "\"\\ud800\""),
        ok.replace(cell, "1"),
        // Readers differ in which of two they take.
        format!(r#"{{"nbformat":4,"cells":[],"cells":[{cell}]}}"#),
        ok.replace("\"source\":\"x\"", "\"source\":\"x\",\"source\":\"eval(y)\""),
        format!(r#"{{"nbformat":4,"cells":[],"metadata":{}{}}}"#, "[".repeat(300), "]".repeat(300)),
    ] {
        assert!(problem(&text).is_some_and(|reason| !reason.is_empty()), "{text}");
    }
    assert!(analyse("a.ipynb", b"{\"\xff\"").problem.is_some());
}

#[test]
fn hostile_notebooks_come_to_an_end() {
    for cell in [
        "%time ".repeat(100_000),
        "%%time\n".repeat(100_000),
        format!("!{}", "{".repeat(200_000)),
        format!("!{}", "{a+b}".repeat(50_000)),
        format!("!{}", "$a".repeat(100_000)),
        format!("x = {}", "a+".repeat(200_000)),
        "!ls {x}\n".repeat(20_000),
        ",f ".repeat(50_000),
        "%%x\n%%y\n".repeat(50_000),
    ] {
        analyse("a.ipynb", notebook(&[&cell, "x"]).as_bytes());
    }
    analyse("a.ipynb", notebook(&vec!["x"; 20_000]).as_bytes());
}

#[test]
fn lines_of_pth_files_are_code() {
    let ids = |text: &str| -> Vec<(String, u32)> {
        let analysis = analyse("site/x.PTH", text.as_bytes());
        assert_eq!(analysis.problem, None, "{text:?}");
        let found =
            analysis.findings.iter().filter(|it| it.check.severity > mergegate::check::Severity::Info);
        found.map(|it| (it.check.id.to_owned(), it.region.start.line)).collect()
    };
    let owned = |found: &[(&str, u32)]| -> Vec<(String, u32)> {
        found.iter().map(|(id, line)| ((*id).to_owned(), *line)).collect()
    };
    assert_eq!(ids("./src\n# import os\n\nimportant\n import os\n"), []);
    assert_eq!(ids("./src\r\nimport a\r\n"), owned(&[("pth-import", 2)]));
    assert_eq!(ids("\u{feff}import\ta"), owned(&[("pth-import", 1)]));
    assert_eq!(
        ids("not python (\nimport os; os.system(os.environ['X'])\n"),
        owned(&[("pth-import", 2), ("os-system", 2)])
    );
    assert_eq!(ids("./src\u{2028}import a\n"), owned(&[("pth-import", 1)]));
    // Each line is run by itself: one that does not end must not hide the next.
    let analysis = analyse("x.pth", b"import a; x = '''\nimport b\n'''\n");
    assert!(analysis.problem.is_some());
    assert_eq!(analysis.findings.iter().map(|it| it.region.start.line).collect::<Vec<_>>(), [2]);
    assert!(analyse("x.pth", b"import a\0").problem.is_some());
    assert!(analyse("x.pth", b"import a\xff").problem.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Outputs and counts are nobody's business, and neither is the layout.
    #[test]
    fn only_the_code_matters(cells in prop::collection::vec("[a-z!%{}()'\"\\\\\n =+ä]{0,20}", 1..4), count in 0..9) {
        let sources: Vec<&str> = cells.iter().map(String::as_str).collect();
        let text = notebook(&sources);
        let mut other: Value = serde_json::from_str(&text).unwrap();
        for cell in other["cells"].as_array_mut().unwrap() {
            cell["execution_count"] = json!(count);
            cell["outputs"] = json!([{ "output_type": "stream", "text": ["eval(x)\n"] }]);
            cell["source"] = json!(cell["source"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect::<String>());
        }
        let traces = |text: &str| -> Vec<_> {
            let analysis = analyse("a.ipynb", text.as_bytes());
            let reason = analysis.problem.map(|problem| problem.reason);
            analysis.findings.into_iter().map(|it| (it.trace, it.line_hash, it.excerpt, it.cell, reason.clone())).collect()
        };
        prop_assert_eq!(traces(&text), traces(&other.to_string()));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(\\{\"nbformat\":4,\"cells\":\\[)?.{0,40}") {
        analyse("a.ipynb", text.as_bytes());
        analyse("a.pth", text.as_bytes());
    }
}
