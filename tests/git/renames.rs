//! Renamed files, and that looking for them never takes long.

use std::time::Duration;

use super::*;
use crate::support::processor_time;

/// A repository whose branch `work` has `new` instead of `old`.
fn replaced(old: &[(String, String)], new: &[(String, String)]) -> TestRepo {
    let repo = TestRepo::new();
    repo.import("main", None, old);
    repo.import("work", Some("main"), new);
    repo
}

fn files(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(path, content)| ((*path).to_owned(), (*content).to_owned())).collect()
}

fn work(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
    changes(&replaced(&files(old), &files(new)), &between("main", "work"))
}

/// A module of `count` lines, of which every `edited`-th differs from the same module with another `variant`.
fn module(name: usize, variant: usize, edited: usize, count: usize) -> String {
    let line = |number: usize| {
        let variant = if number.is_multiple_of(edited) { variant } else { 0 };
        format!("def function_{name}_{number}_{variant}(): pass\n")
    };
    (0..count).map(line).collect()
}

#[test]
fn half_of_the_content_must_be_the_same() {
    let half = LINES.replace("one", "1").replace("two", "2").replace("three", "3");
    assert_eq!(work(&[("a.py", LINES)], &[("b.py", &half)]), ["R a.py b.py"]);
    let less = half.replace("four", "4").replace("seven", "7").replace("eight", "8").replace("nine", "9");
    assert_eq!(work(&[("a.py", LINES)], &[("b.py", &less)]), ["D a.py", "A b.py"]);
}

#[test]
fn the_same_content_counts_first_and_then_the_same_name() {
    assert_eq!(
        work(&[("a/x.py", "same\n"), ("a/y.py", "same\n")], &[("b/y.py", "same\n"), ("b/z.py", "same\n")]),
        ["R a/y.py b/y.py", "R a/x.py b/z.py"]
    );
    let edited = LINES.replace("one", "1");
    assert_eq!(
        work(&[("a/x.py", LINES), ("a/y.py", LINES)], &[("b/y.py", &edited), ("b/z.py", &edited)]),
        ["R a/y.py b/y.py", "R a/x.py b/z.py"]
    );
}

#[test]
fn each_file_is_renamed_once() {
    assert_eq!(work(&[("a.py", LINES)], &[("b.py", LINES), ("c.py", LINES)]), ["R a.py b.py", "A c.py"]);
    assert_eq!(work(&[("a.py", LINES), ("b.py", LINES)], &[("c.py", LINES)]), ["D b.py", "R a.py c.py"]);
}

#[test]
fn a_file_of_one_long_line_is_compared_in_pieces() {
    let long: String = (0..2000).map(|number| format!("{number}, ")).collect();
    let edited = format!("{long}tail");
    assert_eq!(work(&[("a.py", &long)], &[("b.py", &edited)]), ["R a.py b.py"]);
}

#[test]
fn a_link_is_no_renamed_file() {
    let repo = TestRepo::new();
    repo.write("a.py", "target").commit("base");
    repo.branch("work").remove("a.py");
    std::os::unix::fs::symlink("target", repo.file("b.py")).unwrap();
    repo.commit("work");
    assert_eq!(changes(&repo, &between("main", "work")), ["D a.py", "A b.py"]);
}

#[test]
fn files_that_are_mostly_alike_find_their_origin() {
    // Sixty modules of common lines, each with one line of its own, moved and edited.
    let module = |name: usize, last: &str| format!("{}own_{name}\n{last}\n", LINES.repeat(5));
    let old: Vec<_> = (0..60).map(|name| (format!("old/m{name:02}.py"), module(name, "old"))).collect();
    let new: Vec<_> = (0..60).map(|name| (format!("new/n{name:02}.py"), module(name, "new"))).collect();
    let expected: Vec<_> = (0..60).map(|name| format!("R old/m{name:02}.py new/n{name:02}.py")).collect();
    assert_eq!(changes(&replaced(&old, &new), &between("main", "work")), expected);
}

#[test]
fn a_thousand_added_and_a_thousand_deleted_files_are_paired_in_a_second() {
    let old: Vec<_> =
        (0..1000).map(|name| (format!("old/m{name:04}.py"), module(name, 1, 10, 100))).collect();
    let new: Vec<_> =
        (0..1000).map(|name| (format!("new/m{name:04}.py"), module(name, 2, 10, 100))).collect();
    let repo = replaced(&old, &new);
    let start = processor_time();
    let lines = changes(&repo, &between("main", "work"));
    let taken = processor_time() - start;
    assert_eq!(lines.iter().filter(|line| line.starts_with("R old/")).count(), 1000);
    assert_eq!(lines[7], "R old/m0007.py new/m0007.py");
    assert!(taken < Duration::from_secs(3), "{taken:?}");
}

/// Nothing that all files have in common may make each a candidate of each.
#[test]
fn alike_files_do_not_make_it_slow() {
    let old: Vec<_> = (0..1500)
        .map(|name| (format!("o{name}/__init__.py"), LINES.repeat(20) + &name.to_string()))
        .collect();
    let new: Vec<_> = (0..1500)
        .map(|name| (format!("n{name}/__init__.py"), LINES.repeat(20) + &format!("-{name}")))
        .collect();
    let repo = replaced(&old, &new);
    let start = processor_time();
    let lines = changes(&repo, &between("main", "work"));
    let taken = processor_time() - start;
    assert!(lines.iter().any(|line| line.starts_with('R')));
    assert!(taken < Duration::from_secs(3), "{taken:?}");
}
