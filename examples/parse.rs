//! Reads and parses Python files and does nothing else: what a scan cannot be faster than (`benches/compare.py`).

use std::path::Path;

use ignore::WalkBuilder;
use rayon::prelude::*;
use ruff_python_ast::PySourceType;
use ruff_python_parser::{ParseOptions, parse_unchecked};

fn parse(path: &Path) -> usize {
    let bytes = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    std::hint::black_box(parse_unchecked(&text, ParseOptions::from(PySourceType::Python)));
    bytes.len()
}

fn main() {
    let roots = std::env::args_os().skip(1);
    let walk = roots.flat_map(|root| WalkBuilder::new(root).standard_filters(false).build());
    let is_python = |path: &Path| path.extension().is_some_and(|ending| ending == "py");
    let files: Vec<_> =
        walk.flatten().map(|entry| entry.into_path()).filter(|path| is_python(path)).collect();
    let bytes: usize = files.par_iter().map(|path| parse(path)).sum();
    let _ = std::io::Write::write_fmt(
        &mut std::io::stdout(),
        format_args!("{} files, {bytes} bytes\n", files.len()),
    );
}
