//! The line difference of two versions.

use std::time::Duration;

use mergegate::change_set::{Hunk, line_map};

use crate::support::processor_time;

fn hunks(old: &str, new: &str) -> Vec<Hunk> {
    line_map(old.as_bytes(), new.as_bytes())
}

#[test]
fn hunks_are_pairs_of_line_ranges() {
    assert_eq!(
        hunks("a\nb\nc\n", "a\nB\nc\nd\n"),
        [Hunk { old: 1..2, new: 1..2 }, Hunk { old: 3..3, new: 3..4 }]
    );
    assert_eq!(hunks("a\nb\n", "b\n"), [Hunk { old: 0..1, new: 0..0 }]);
    assert_eq!(hunks("same\n", "same\n"), []);
    assert_eq!(hunks("", "new\n"), [Hunk { old: 0..0, new: 0..1 }]);
}

#[test]
fn only_line_feeds_end_lines() {
    assert_eq!(hunks("a\rb\u{2028}c\nd\n", "a\rb\u{2028}c\nD\n"), [Hunk { old: 1..2, new: 1..2 }]);
}

#[test]
fn line_ends_and_a_missing_last_one_are_differences() {
    assert_eq!(hunks("a\nb\n", "a\r\nb"), [Hunk { old: 0..2, new: 0..2 }]);
}

#[test]
fn any_bytes_are_compared() {
    assert_eq!(line_map(b"\xff\0\nx\n", b"\xff\0\ny\n"), [Hunk { old: 1..2, new: 1..2 }]);
}

#[test]
fn a_small_edit_in_a_large_file_is_found_exactly() {
    let old: Vec<String> = (0..60_000).map(|number| format!("line {number}\n")).collect();
    let mut new = old.clone();
    new[40_000] = "edited\n".to_owned();
    new.insert(50_000, "added\n".to_owned());
    let expected = [
        Hunk { old: 40_000..40_001, new: 40_000..40_001 },
        Hunk { old: 50_000..50_000, new: 50_000..50_001 },
    ];
    assert_eq!(hunks(&old.concat(), &new.concat()), expected);
    assert_eq!(hunks(&old.concat(), &old.concat()), []);
    // No line feed at the end, and one version is the beginning of the other.
    assert_eq!(
        hunks(&old.concat(), old[..59_999].concat().trim_end()),
        [Hunk { old: 59_998..60_000, new: 59_998..59_999 }]
    );
}

/// An author may choose both versions. 8 MiB is the largest file that the gate reads by default.
#[test]
fn no_pair_of_versions_takes_long() {
    let numbers = |step: usize, count: usize| -> Vec<u8> {
        (0..count).flat_map(|line| format!("{}\n", line * step % 499).into_bytes()).collect()
    };
    let pairs = [
        ("two lines in turn, at the limit", b"a\nb\n".repeat(14_000), b"b\na\na\n".repeat(7_000)),
        ("two lines in turn, over the limit", b"a\nb\n".repeat(1 << 19), b"b\na\na\n".repeat(1 << 18)),
        ("empty lines", b"\n".repeat(1 << 21), b"\n".repeat(1 << 20)),
        ("shuffled, at the limit", numbers(7, 24_000), numbers(31, 24_000)),
        ("one long line", vec![b'x'; 8 << 20], vec![b'y'; 8 << 20]),
    ];
    for (name, old, new) in pairs {
        let start = processor_time();
        let hunks = line_map(&old, &new);
        assert!(!hunks.is_empty(), "{name}");
        let taken = processor_time() - start;
        assert!(taken < Duration::from_secs(3), "{name}: {taken:?}");
    }
}
