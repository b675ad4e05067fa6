//! mergegate: a merge gate for Python security.

pub mod analysis;
pub mod baseline;
pub mod change_set;
pub mod check;
pub mod checks;
pub mod ci;
pub mod cli;
pub mod demo;
pub mod escape;
pub mod explain;
pub mod failure;
pub mod finding;
pub mod gate;
pub mod line_hash;
pub mod output;
pub mod path;
pub mod policy;
pub mod policy_source;
pub mod python;
pub mod report;
pub mod run;
pub mod scan;
pub mod suppression;
pub mod tree_scan;
pub mod verdict;
