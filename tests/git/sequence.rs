//! The difference between two sequences.

use std::time::Duration;

use mergegate::change_set::{Hunk, sequence_map};

use crate::support::processor_time;

#[test]
fn hunks_are_pairs_of_ranges() {
    assert_eq!(
        sequence_map(&[1, 2, 3], &[1, 9, 3, 4]),
        [Hunk { old: 1..2, new: 1..2 }, Hunk { old: 3..3, new: 3..4 }]
    );
    assert_eq!(sequence_map(&[1, 2], &[2]), [Hunk { old: 0..1, new: 0..0 }]);
    assert_eq!(sequence_map(&[1, 2], &[1, 2]), []);
    assert_eq!(sequence_map(&[], &[1]), [Hunk { old: 0..0, new: 0..1 }]);
}

#[test]
fn what_differs_in_long_sequences_lies_between_what_they_begin_and_end_with() {
    let old: Vec<u64> = (0..60_000).collect();
    let mut new = old.clone();
    new[40_000] = 100_000;
    new.insert(50_000, 100_001);
    assert_eq!(
        sequence_map(&old, &new),
        [
            Hunk { old: 40_000..40_001, new: 40_000..40_001 },
            Hunk { old: 50_000..50_000, new: 50_000..50_001 },
        ]
    );
    let turned: Vec<u64> = old.iter().rev().copied().collect();
    assert_eq!(sequence_map(&old, &turned), [Hunk { old: 0..60_000, new: 0..60_000 }]);
}

/// An author may choose both versions.
#[test]
fn no_pair_of_sequences_takes_long() {
    let numbers =
        |step: u64, count: u64| -> Vec<u64> { (0..count).map(|number| number * step % 499).collect() };
    let pairs = [
        ("two numbers in turn, at the limit", [1, 2].repeat(14_000), [2, 1, 1].repeat(7_000)),
        ("two numbers in turn, over the limit", [1, 2].repeat(1 << 19), [2, 1, 1].repeat(1 << 18)),
        ("one number", vec![1; 1 << 21], vec![1; 1 << 20]),
        ("shuffled, at the limit", numbers(7, 24_000), numbers(31, 24_000)),
    ];
    for (name, old, new) in pairs {
        let start = processor_time();
        assert!(!sequence_map(&old, &new).is_empty(), "{name}");
        let taken = processor_time() - start;
        assert!(taken < Duration::from_secs(3), "{name}: {taken:?}");
    }
}
