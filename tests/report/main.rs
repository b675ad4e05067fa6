//! Every report is made from a verdict on real code, the way the gate makes it.

mod json;
mod samples;
mod sarif;
mod text;
mod verdicts;
