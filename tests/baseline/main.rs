//! Which findings are new: single cases by what they show, and laws that hold for any Python file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod cases;
mod change;
#[path = "../support/files.rs"]
mod files;
mod laws;
mod library;
mod rewrite;
