//! The commands as a user runs them: exit codes, files written, what is said.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::fs;
use std::process::Command;

#[path = "support/mod.rs"]
mod support;

use support::{code, mergegate, stderr, stdout};

const BAD: &str = "import os\nos.system(\"ls \" + folder)\n";

fn folder_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

#[test]
fn the_demonstration_shows_two_blocking_findings_a_warning_a_justified_and_an_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    let output = mergegate(folder.path(), &["demo", "--dir", dir.to_str().unwrap()]);
    let text = stdout(&output);
    assert_eq!(code(&output), 0, "{text}");
    assert!(text.contains("2 new findings block"), "{text}");
    assert!(text.contains("1 justified, 1 unchanged"), "{text}");
    assert!(text.contains("weak-hash"), "{text}");
    assert!(text.contains("exit code 1"), "{text}");
    let sarif: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.join("mergegate.sarif")).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let again = mergegate(&dir, &["check", "--base", "main"]);
    assert_eq!(code(&again), 1, "{}", stderr(&again));
}

#[test]
fn the_demonstration_makes_a_repository_that_git_reads_as_clean() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    assert_eq!(code(&mergegate(folder.path(), &["demo", "--dir", dir.to_str().unwrap()])), 0);
    let status = Command::new("git").args(["status", "--porcelain"]).current_dir(&dir).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&status.stdout), "?? mergegate.sarif\n");
    let fsck = Command::new("git").args(["fsck", "--strict"]).current_dir(&dir).output().unwrap();
    assert!(fsck.status.success(), "{}", String::from_utf8_lossy(&fsck.stderr));
}

#[test]
fn a_change_is_checked_from_inside_the_git_folder() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    assert_eq!(code(&mergegate(folder.path(), &["demo", "--dir", dir.to_str().unwrap()])), 0);
    for inside in [".git", ".git/refs"] {
        let output = mergegate(&dir.join(inside), &["check", "--base", "main"]);
        assert_eq!(code(&output), 1, "{inside}: {}", stderr(&output));
        assert!(stdout(&output).contains("2 new findings block"), "{inside}: {}", stdout(&output));
    }
}

#[test]
fn a_scan_passes_or_blocks_whatever_the_format() {
    let folder = folder_with(&[("bad/a.py", BAD.as_bytes()), ("good/a.py", b"print(1)\n")]);
    for format in ["text", "json", "sarif"] {
        assert_eq!(code(&mergegate(folder.path(), &["scan", "bad", "--format", format])), 1);
        assert_eq!(code(&mergegate(folder.path(), &["scan", "good", "--format", format])), 0);
    }
}

#[test]
fn a_path_that_does_not_exist_is_no_pass() {
    let folder = folder_with(&[("a.py", b"print(1)\n")]);
    let output = mergegate(folder.path(), &["scan", "a.py", "missing.py"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("missing.py"), "{}", stderr(&output));
}

#[test]
fn a_scan_leaves_out_ignored_files_but_not_hidden_ones() {
    let folder = folder_with(&[
        (".gitignore", b"build/\n"),
        ("build/a.py", BAD.as_bytes()),
        (".hidden/a.py", BAD.as_bytes()),
    ]);
    let text = stdout(&mergegate(folder.path(), &["scan"]));
    assert!(text.contains(".hidden/a.py"), "{text}");
    assert!(!text.contains("build/a.py"), "{text}");
}

#[test]
fn byte_code_is_unscannable_where_python_does_not_put_it_itself() {
    let folder = folder_with(&[("__pycache__/a.cpython-311.pyc", b"\0"), ("a.py", b"x = 1\n")]);
    assert_eq!(code(&mergegate(folder.path(), &["scan"])), 0);
    assert_eq!(code(&mergegate(folder.path(), &["scan", "__pycache__/a.cpython-311.pyc"])), 1);
    let folder = folder_with(&[("a.pyc", b"\0")]);
    assert_eq!(code(&mergegate(folder.path(), &["scan"])), 1);
}

#[test]
fn files_that_python_refuses_block_unless_the_policy_says_otherwise() {
    let broken: &[(&str, &[u8])] = &[
        ("syntax.py", b"def broken(:\n"),
        ("nul.py", b"x = 1\0\n"),
        ("latin.py", b"x = '\xe9'\n"),
        ("cookie.py", b"# coding: utf-7\nx = 1\n"),
    ];
    for (name, content) in broken {
        let folder = folder_with(&[(name, content)]);
        let output = mergegate(folder.path(), &["scan"]);
        assert_eq!(code(&output), 1, "{name}");
        assert!(stdout(&output).contains("could not be analysed"), "{name}: {}", stdout(&output));
        fs::write(
            folder.path().join(".mergegate.yml"),
            "version: 1\nunscannable: warn\nrules:\n  - select: { severity: info }\n    action: warn\n",
        )
        .unwrap();
        assert_eq!(code(&mergegate(folder.path(), &["scan"])), 0, "{name}");
    }
}

#[test]
fn what_parses_around_a_syntax_error_is_still_scanned() {
    let folder = folder_with(&[("a.py", b"import os\nos.system(x)\ndef broken(:\n    pass\nos.popen(x)\n")]);
    let text = stdout(&mergegate(folder.path(), &["scan"]));
    assert!(text.contains("a.py:2:1"), "{text}");
    assert!(text.contains("a.py:5:1"), "{text}");
}

#[test]
fn scripts_without_an_ending_are_known_by_their_first_line() {
    let script = format!("#!/usr/bin/env python3\n{BAD}");
    let folder = folder_with(&[("tool", script.as_bytes()), ("notes", BAD.as_bytes())]);
    let text = stdout(&mergegate(folder.path(), &["scan"]));
    assert!(text.contains("tool:3:1"), "{text}");
    assert!(!text.contains("notes"), "{text}");
}

#[test]
fn a_file_over_the_limit_blocks_without_being_read() {
    let folder = folder_with(&[
        ("large.py", "# filler\n".repeat(2000).as_bytes()),
        (".mergegate.yml", b"version: 1\nlimits: { file-size: 4 KiB }\n"),
    ]);
    let output = mergegate(folder.path(), &["scan"]);
    assert_eq!(code(&output), 1);
    assert!(stdout(&output).contains("file-size"), "{}", stdout(&output));
}

#[test]
fn an_invalid_policy_is_wrong_usage() {
    let folder = folder_with(&[("a.py", b"print(1)\n"), (".mergegate.yml", b"version: 1\nruls: []\n")]);
    let output = mergegate(folder.path(), &["scan"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("rules"), "{}", stderr(&output));
}

#[test]
fn init_writes_a_valid_policy_once() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(code(&mergegate(folder.path(), &["init"])), 0);
    let written = fs::read_to_string(folder.path().join(".mergegate.yml")).unwrap();
    assert!(written.contains("version: 1"));
    assert_eq!(code(&mergegate(folder.path(), &["policy"])), 0);
    fs::write(folder.path().join(".mergegate.yml"), "mine").unwrap();
    assert_eq!(code(&mergegate(folder.path(), &["init"])), 2);
    assert_eq!(fs::read_to_string(folder.path().join(".mergegate.yml")).unwrap(), "mine");
}

#[test]
fn reports_are_written_whole_or_not_at_all() {
    let folder = folder_with(&[("a.py", BAD.as_bytes())]);
    let good = mergegate(folder.path(), &["scan", "--output", "sarif=out.sarif", "--output", "json=-"]);
    assert_eq!(code(&good), 1);
    serde_json::from_slice::<serde_json::Value>(&fs::read(folder.path().join("out.sarif")).unwrap()).unwrap();
    serde_json::from_slice::<serde_json::Value>(&good.stdout).unwrap();
    for path in ["missing/out.sarif", ".git/out.sarif"] {
        let output = mergegate(folder.path(), &["scan", "--output", &format!("sarif={path}")]);
        assert_eq!(code(&output), 3, "{path}");
        assert!(stderr(&output).contains("cannot write"), "{}", stderr(&output));
        assert!(!folder.path().join(path).exists());
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[cfg(unix)]
#[test]
fn a_report_never_goes_through_a_symbolic_link() {
    let folder = folder_with(&[("a.py", BAD.as_bytes()), ("precious", b"kept")]);
    std::os::unix::fs::symlink("precious", folder.path().join("out.sarif")).unwrap();
    let output = mergegate(folder.path(), &["scan", "--output", "sarif=out.sarif"]);
    assert_eq!(code(&output), 3);
    assert_eq!(fs::read(folder.path().join("precious")).unwrap(), b"kept");
}

#[test]
fn the_number_of_threads_makes_no_difference() {
    let files: Vec<(String, String)> = (0..40)
        .map(|i| (format!("pkg/m{i}.py"), format!("import pickle\npickle.loads(data{i})\n{BAD}")))
        .collect();
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    let folder = folder_with(&files);
    for format in ["text", "json", "sarif"] {
        let run =
            |threads| stdout(&mergegate(folder.path(), &["scan", "--format", format, "--threads", threads]));
        let same = |text: String| {
            text.lines().filter(|line| !line.contains("TimeUtc")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(same(run("1")), same(run("7")), "{format}");
    }
}

#[test]
fn values_that_hold_themselves_end_in_a_verdict() {
    let cases = [
        "rest = [name, *rest]\neval(*rest)\n",
        "def f(*args):\n    args = (1, *args)\n    eval(*args)\n",
        "kw = {'a': 1, **kw}\neval(**kw)\n",
        "x = vars(x)\nx['a'](b)\n",
        "x = x.__dict__\nx['a'](b)\n",
        "x = x[0]().a[1]().b\nx(c)\n",
        "def f(): return g()\ndef g(): return f()\nf()(x)\n",
        "f = lambda: f()\nf()()(x)\n",
        "class A(A):\n    def m(self):\n        self.n = self.n.n\n        self.n(x)\n",
        "import functools\np = functools.partial(p, p)\np(p)\n",
        "import operator\ng = operator.attrgetter(g)\ng(g)(x)\n",
        "t = t % t\nt = t + t\nexec(t)\n",
        "a = [*a, b]\nfor x in a:\n    eval(x)\n",
        "a = [*sorted(a), b]\nfor x in a:\n    eval(x)\n",
        "a = list(map(str, [*a]))\na = [*reversed([*a])]\nfor y in a:\n    y(1)\n",
    ];
    for case in cases {
        let folder = folder_with(&[("a.py", case.as_bytes())]);
        let output = mergegate(folder.path(), &["scan"]);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{:?}: {case}", output.status);
        assert!(!stdout(&output).contains("could not be analysed"), "{case}: {}", stdout(&output));
    }
}

#[test]
fn deep_nesting_ends_in_a_verdict() {
    let cases = [
        format!("x = {}{}\n", "(".repeat(100_000), ")".repeat(100_000)),
        format!("x = {}1\n", "-".repeat(100_000)),
        format!("x = a{}\n", "+a".repeat(500_000)),
        format!("x = {}1\n", "not ".repeat(500_000)),
        format!("x = a{}\n", ".b".repeat(100_000)),
        format!("x = a{}\n", "()".repeat(100_000)),
        format!("x = {}1\n", "lambda: ".repeat(20_000)),
        format!("x = a{}\n", " if b else a".repeat(20_000)),
    ];
    for case in cases {
        let folder = folder_with(&[("a.py", case.as_bytes())]);
        let output = mergegate(folder.path(), &["scan"]);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{:?}: {}", output.status, &case[..20]);
    }
}

#[test]
fn a_step_on_github_learns_the_outputs_and_the_summary() {
    let folder = folder_with(&[("a.py", BAD.as_bytes()), ("outputs", b"before=1\n"), ("summary", b"")]);
    let run = |format: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_mergegate"))
            .args([
                "scan",
                "--output",
                "sarif=full.sarif",
                "--output",
                "sarif-github=up.sarif",
                "--format",
                format,
            ])
            .current_dir(folder.path())
            .env_clear()
            .env("GITHUB_OUTPUT", folder.path().join("outputs"))
            .env("GITHUB_STEP_SUMMARY", folder.path().join("summary"))
            .output()
            .unwrap();
        assert_eq!(code(&output), 1, "{}", stderr(&output));
    };
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    run("text");
    assert_eq!(read("outputs"), "before=1\n", "only `github` speaks to the job");
    run("github");
    let outputs = read("outputs");
    assert!(outputs.starts_with("before=1\nverdict=blocked\n"), "{outputs}");
    assert!(outputs.contains("\nup.sarif\n"), "{outputs}");
    assert!(read("summary").contains("os-system"), "{}", read("summary"));
}

#[test]
fn every_shell_is_completed_and_every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = mergegate(folder.path(), &["completions", shell]);
        assert_eq!(code(&output), 0);
        assert!(stdout(&output).contains("staged"), "{shell}");
    }
    for command in ["check", "scan", "explain", "checks", "init", "policy", "demo", "completions", "man"] {
        let output = mergegate(folder.path(), &["man", command]);
        assert_eq!(code(&output), 0);
        assert!(stdout(&output).contains(&format!(".TH mergegate-{command} 1")), "{}", stdout(&output));
    }
    assert_eq!(code(&mergegate(folder.path(), &["man"])), 0);
    assert_eq!(code(&mergegate(folder.path(), &["man", "such"])), 2);
}

const WAY: &str = "\
import os
from flask import request

def handler():
    name = request.args[\"name\"]
    token = \"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\" + name
    command = \"ls \" + token
    os.system(command)
";

#[test]
fn the_way_of_a_dangerous_value_is_told_line_by_line_without_secrets() {
    let folder = folder_with(&[("way.py", WAY.as_bytes())]);
    let output =
        mergegate(folder.path(), &["scan", ".", "--output", "text=-", "--output", "sarif=way.sarif"]);
    let text = stdout(&output);
    assert!(text.contains("= from: line 5: name = request.args[\"name\"]"), "{text}");
    assert!(text.contains("= via: line 6: token = \"******\" + name"), "{text}");
    let sarif = fs::read_to_string(folder.path().join("way.sarif")).unwrap();
    assert!(!sarif.contains("zQWBuTSOoRi4"), "{sarif}");
    let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["ruleId"] == "os-system").unwrap();
    let steps = result["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap();
    let line = |step: &serde_json::Value| {
        step["location"]["physicalLocation"]["region"]["startLine"].as_u64().unwrap()
    };
    assert_eq!(steps.iter().map(line).collect::<Vec<_>>(), [5, 6, 7, 8]);
}

#[test]
fn a_finding_that_is_not_about_a_value_from_outside_tells_no_way() {
    let code = "import hashlib\nfrom flask import request\n\ndef f():\n    name = request.data\n    return hashlib.md5(name)\n";
    let folder = folder_with(&[("a.py", code.as_bytes())]);
    let text = stdout(&mergegate(folder.path(), &["scan", "."]));
    assert!(text.contains("weak-hash"), "{text}");
    assert!(!text.contains("= from"), "{text}");
}

#[test]
fn a_secret_is_masked_even_if_the_policy_asks_for_no_secrets() {
    let policy = "version: 1\nextends: recommended\nrules:\n  - select: {family: secrets}\n    action: off\n";
    let code = "import os\nos.system(\"deploy --token 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 \" + name)\n";
    let folder = folder_with(&[("a.py", code.as_bytes()), (".mergegate.yml", policy.as_bytes())]);
    let output =
        mergegate(folder.path(), &["scan", "a.py", "--output", "text=-", "--output", "sarif=a.sarif"]);
    let text = stdout(&output);
    assert!(text.contains("os-system") && text.contains("******"), "{text}");
    assert!(!text.contains("hardcoded") && !text.contains("zQWBuTSOoRi4"), "{text}");
    let sarif = fs::read_to_string(folder.path().join("a.sarif")).unwrap();
    assert!(!sarif.contains("zQWBuTSOoRi4"), "{sarif}");
}

#[cfg(unix)]
#[test]
fn a_device_is_written_to_and_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let folder = folder_with(&[("a.py", b"x = 1\n")]);
    let output = mergegate(folder.path(), &["scan", "a.py", "--output", "sarif=/dev/null"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_no_pass() {
    let folder = folder_with(&[("a.py", b"x = 1\n")]);
    let output = mergegate(folder.path(), &["scan", "a.py", "--output", "sarif=/dev/full"]);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("cannot write /dev/full: the disk is full"), "{}", stderr(&output));
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mergegate"));
    let status = command.args(["scan", "a.py"]).current_dir(folder.path()).stdout(full).status().unwrap();
    assert_eq!(status.code(), Some(3));
}

#[test]
fn a_reader_that_goes_away_is_no_pass() {
    let lines = "eval(x)\n".repeat(5_000);
    let folder = folder_with(&[("a.py", lines.as_bytes())]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_mergegate"));
    command.args(["scan", "a.py"]).current_dir(folder.path());
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_and_leaves_nothing_half_written() {
    use std::os::unix::process::ExitStatusExt;
    let folder = folder_with(&[("a.py", b"x = 1\n")]);
    // Opening a pipe that nobody reads waits until somebody does, or until the signal.
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        // Whoever runs the tests in the background of a script hands an ignored SIGINT on to all of them.
        let mut command = Command::new("env");
        command.args(["--default-signal=INT,TERM", env!("CARGO_BIN_EXE_mergegate")]);
        command.args(["scan", "a.py", "--output", "json=report.json", "--output", "sarif=pipe"]);
        let mut child = command.current_dir(folder.path()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
        // A shell tells it as 128 and the number of the signal: 130, 143.
        assert_eq!(child.wait().unwrap().signal(), Some(number));
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(!names.into_iter().any(|name| name.to_string_lossy().ends_with(".tmp")));
    }
}
