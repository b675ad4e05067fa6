//! One transcript for each documented command line: `tests/cli/*.trycmd`.
//!
//! `TRYCMD=overwrite cargo test --test cli` writes what the program prints now.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

#[test]
fn transcripts_hold() {
    trycmd::TestCases::new()
        .case("tests/cli/*.trycmd")
        .env("TERM", "xterm")
        .env("COLUMNS", "80")
        .env("LANG", "C.UTF-8");
}
