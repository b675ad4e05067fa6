//! Files made to exhaust the machine: each ends soon, in little memory, with an answer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod shapes;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use mergegate::analysis::Analyser;
use mergegate::path::FilePath;
use mergegate::policy::Policy;
use mergegate::suppression::Date;

/// How much larger the second text of a shape is.
const FACTOR: u32 = 4;

/// Below this nobody waits, on a slow machine and without optimisation either.
const NEGLIGIBLE: Duration = Duration::from_millis(700);

fn path() -> FilePath {
    FilePath::from_bytes("shape.py")
}

/// Analyses a text of so many bytes; how long that took.
fn taken(analyser: &Analyser<'_>, make: shapes::Make, bytes: usize) -> Duration {
    let text = shapes::of_size(make, bytes);
    let start = support::processor_time();
    let _ = analyser.analyse(&path(), text.as_bytes());
    support::processor_time() - start
}

/// A text that is four times as long may cost more than four times as much, but not as much as the square: or its
/// cost comes to an end because the file counts as too entangled.
#[test]
fn no_shape_of_a_file_costs_much_more_than_its_size() {
    let policy = Policy::recommended().unwrap();
    let analyser = Analyser::new(&policy, Date::MAX);
    let mut slow = Vec::new();
    for (name, make) in shapes::ALL {
        let small = taken(&analyser, *make, 8 << 10).max(NEGLIGIBLE);
        let large = taken(&analyser, *make, (8 << 10) * FACTOR as usize);
        // Twice what grows in proportion: the machine may be busy with something else.
        if large > small * FACTOR * 2 {
            slow.push(format!("{name}: {small:?}, then {large:?}"));
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

/// `SIZE=1048576 ONLY=stars cargo test --release --test hostile -- --ignored --nocapture`
#[test]
#[ignore = "measures"]
fn measure() {
    let size: usize = std::env::var("SIZE").ok().and_then(|size| size.parse().ok()).unwrap_or(1 << 20);
    let only = std::env::var("ONLY").unwrap_or_default();
    let policy = Policy::recommended().unwrap();
    let analyser = Analyser::new(&policy, Date::MAX);
    for (name, make) in shapes::ALL.iter().filter(|(name, _)| name.contains(&only)) {
        let text = shapes::of_size(*make, size);
        let start = support::processor_time();
        let analysis = analyser.analyse(&path(), text.as_bytes());
        let taken = support::processor_time() - start;
        println!(
            "{name:45} {:9} bytes {:6.2} s {:>6} findings {:?}",
            text.len(),
            taken.as_secs_f64(),
            analysis.findings.len(),
            analysis.problem.map(|problem| problem.reason),
        );
    }
}
