//! What stays of a file when nobody needs it any more: nothing. Alone in its program, so that nothing else is counted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(target_os = "linux")]

use std::fs;

use mergegate::python::SourceFile;

/// Kilobytes of memory in use.
fn in_use() -> usize {
    let told = fs::read_to_string("/proc/self/status").unwrap();
    let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_file_that_is_read_and_not_analysed_leaves_nothing_behind() {
    let text = "value = [number + 1 for number in range(10)]\n".repeat(500);
    let read = |times: usize| (0..times).for_each(|_| drop(SourceFile::read(text.as_bytes()).unwrap()));
    read(5);
    let before = in_use();
    read(100);
    let more = in_use().saturating_sub(before);
    // Kept, they take 49,000.
    assert!(more < 20_000, "{more} kB more");
}
