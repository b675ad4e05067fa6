//! Changes and files of great size: each ends in bounded memory and time with a verdict, and what was left out is said
//! and blocks.
//!
//! `cargo test --release --test sizes -- --ignored --nocapture --test-threads 1` tries the greatest and tells what they
//! take; without `--ignored` they are smaller.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[path = "support/mod.rs"]
mod support;

use mergegate::analysis::of_first;
use support::TestRepo;

/// How a run ended, and what it took.
struct Run {
    code: Option<i32>,
    text: String,
    /// Peak memory; 0 where the system does not tell.
    megabytes: u64,
    seconds: u64,
}

/// Runs the program with this many threads, and tells what it takes.
fn run(folder: &Path, threads: usize, arguments: &[&str]) -> Run {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_mergegate"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("RAYON_NUM_THREADS", threads.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    // As much as is looked at: a report can be a gigabyte.
    let reader = thread::spawn(move || {
        let mut text = String::new();
        let mut end = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let length = stdout.read(&mut buffer).unwrap();
            if length == 0 {
                break;
            }
            end.extend_from_slice(&buffer[..length]);
            let surplus = end.len().saturating_sub(1 << 20);
            end.drain(..surplus);
        }
        text.push_str(&String::from_utf8_lossy(&end));
        text
    });
    let status = format!("/proc/{}/status", child.id());
    let mut megabytes = 0;
    let code = loop {
        let kilobytes = fs::read_to_string(&status).unwrap_or_default();
        let peak = kilobytes.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak =
            peak.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|number| number.parse().ok());
        megabytes = megabytes.max(peak.unwrap_or(0_u64) / 1024);
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        thread::sleep(Duration::from_millis(5));
    };
    let run = Run { code, text: reader.join().unwrap(), megabytes, seconds: start.elapsed().as_secs() };
    println!("{arguments:?}: exit code {code:?}, {} MB, {} s", run.megabytes, run.seconds);
    run
}

impl Run {
    /// It blocked, said so, and took no more memory than that.
    #[track_caller]
    fn expect(&self, code: i32, says: &str, megabytes: u64) {
        assert_eq!(self.code, Some(code), "{}", self.text);
        assert!(self.text.contains(says), "{}", self.text);
        assert!(self.megabytes <= megabytes, "{} MB", self.megabytes);
        assert!(self.seconds < 600, "{} s", self.seconds);
    }
}

fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// A change of so many files, which all get another line.
fn changed_files(count: usize) -> TestRepo {
    let repo = TestRepo::new();
    let files = |text: &str| -> Vec<(String, String)> {
        (0..count).map(|i| (format!("d{}/f{i}.py", i / 1000), format!("x = {i}\n{text}"))).collect()
    };
    repo.import("main", None, &files(""));
    repo.import("change", Some("main"), &files("y = f(x)\n"));
    repo
}

fn check_changed_files(count: usize, megabytes: u64) {
    let repo = changed_files(count);
    let run = run(repo.path(), 2, &["check", "--base", "main", "--head", "change"]);
    run.expect(0, &format!("nothing blocks in {count} files"), megabytes);
}

fn check_index(entries: usize, megabytes: u64) {
    let repo = TestRepo::new();
    repo.write("a.py", "x = 1\n").commit("base");
    let hash = repo.hash("HEAD:a.py");
    let lines: String = (0..entries).map(|i| format!("100644 {hash} 0\td{}/f{i}.py\n", i / 1000)).collect();
    repo.git_with_input(&["update-index", "--index-info"], lines.as_bytes());
    let run = run(repo.path(), 2, &["check", "--staged"]);
    run.expect(0, &format!("nothing blocks in {entries} files"), megabytes);
}

/// A file and a line, both far over the limit, with something to be found behind them.
fn check_large_files(bytes: usize) {
    let file = "x = 1\n".repeat(bytes / 6) + "eval(x)\n";
    let line = format!("x = '{}'; eval(x)\n", "a".repeat(bytes / 2));
    let repo = TestRepo::new();
    repo.write("a.py", "x = 1\n").commit("base");
    repo.branch("change").write("file.py", &file).write("line.py", &line).commit("large");
    for arguments in [&["check", "--base", "main"][..], &["scan"]] {
        let run = run(repo.path(), 2, arguments);
        run.expect(1, "2 unscannable files block", 64 + (bytes as u64 >> 20) * 2);
    }
}

#[test]
fn many_changed_files() {
    check_changed_files(1_000, 150);
}

#[test]
#[ignore = "great"]
fn a_hundred_thousand_changed_files() {
    check_changed_files(100_000, 500);
}

#[test]
fn many_entries_in_the_index() {
    check_index(2_000, 150);
}

#[test]
#[ignore = "great"]
fn a_million_entries_in_the_index() {
    check_index(1_000_000, 1_500);
}

#[test]
fn files_over_the_limit() {
    check_large_files(20 << 20);
}

#[test]
#[ignore = "great"]
fn a_file_of_a_hundred_megabytes_and_a_line_of_fifty() {
    check_large_files(100 << 20);
}

#[test]
#[ignore = "great"]
fn a_million_findings() {
    let repo = TestRepo::new();
    let file = |i: usize| (format!("f{i:02}.py"), "eval(x)\n".repeat(20_000));
    repo.import("main", None, &[("a.py".to_owned(), "x = 1\n".to_owned())]);
    repo.import("change", Some("main"), &(0..50).map(file).collect::<Vec<_>>());
    for format in ["text", "json", "sarif", "sarif-github", "html"] {
        let arguments = ["check", "--base", "main", "--head", "change", "--format", format];
        let run = run(repo.path(), 2, &arguments);
        run.expect(1, if format == "text" { "block" } else { "" }, 2_000);
        if format == "text" {
            assert!(run.text.contains("260000 new findings and 1 unscannable file block"), "{}", run.text);
        }
    }
}

/// Files just under the limit, each full of what costs most memory.
#[test]
#[ignore = "great"]
fn large_files_at_once() {
    let text = "eval(x);".repeat(1_000_000) + "\n";
    let names: Vec<String> = (0..8).map(|i| format!("f{i}.py")).collect();
    let folder = folder_with(&names.iter().map(|name| (name.as_str(), text.as_str())).collect::<Vec<_>>());
    run(folder.path(), 8, &["scan"]).expect(1, "8 unscannable files block", 1_500);
}

#[test]
#[ignore = "great"]
fn a_file_of_suppressions() {
    let folder = folder_with(&[("a.py", &"# mergegate: x\n".repeat(500_000))]);
    run(folder.path(), 2, &["scan"]).expect(1, "1 unscannable file blocks", 500);
    run(folder.path(), 2, &["scan", "--format", "sarif"]).expect(1, "\"version\": \"2.1.0\"", 1_000);
}

#[test]
fn more_suppressions_than_are_kept() {
    let folder = folder_with(&[("a.py", &"#mergegate: x\n".repeat(20_100))]);
    let run = run(folder.path(), 2, &["scan"]);
    run.expect(1, "1 unscannable file blocks, 20001 warnings", 500);
}

/// No policy lets pass what the files before it kept from being looked at.
#[test]
fn a_flood_of_findings_hides_nothing() {
    let flood = "assert x\n".repeat(19_000);
    let names: Vec<String> = (10..24).map(|i| format!("a{i}.py")).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), flood.as_str())).collect();
    files.push(("policy.yml", "version: 1\nextends: recommended\nunscannable: warn\n"));
    files.push(("z.py", "eval(x)\n"));
    let folder = folder_with(&files);
    let arguments = ["scan", "--policy", "policy.yml", "--format", "markdown"];
    run(folder.path(), 2, &arguments).expect(1, "1 unscannable file blocks", 1_000);
}

/// Which files are kept depends on what they hold and on nothing else.
#[test]
fn the_first_files_are_kept_whatever_the_threads_do() {
    for (files, weight, kept) in
        [(600, 1_000, 251), (600, 100, 600), (10, 20_000, 10), (3, 300_000, 1), (0, 1, 0)]
    {
        let files: Vec<usize> = (0..files).collect();
        let looked_at = AtomicUsize::new(0);
        let look = |file: &usize| {
            looked_at.fetch_add(1, Ordering::Relaxed);
            // The first ones take longest, so that the others are ahead.
            thread::sleep(Duration::from_micros(if *file < 20 { 3_000 } else { 1 }));
            *file
        };
        let first = of_first(&files, look, |_| weight);
        assert_eq!(first, files[..kept]);
        assert!(looked_at.into_inner() <= files.len());
    }
}
