//! Every report is made from a verdict on real code, the way the gate makes it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod disclosure;
mod hostile;
mod json;
mod platforms;
mod samples;
mod sarif;
mod subject;
#[path = "../support/mod.rs"]
mod support;
mod text;
mod verdicts;
