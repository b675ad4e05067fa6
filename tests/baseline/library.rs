//! Real Python files to try laws on: those of the Python that runs here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mergegate::python::SourceFile;

use crate::files::with_ending;

/// `count` files spread evenly over the library, none of them large or with a syntax error. `MERGEGATE_FILES`
/// names another number.
pub fn files(count: usize) -> Vec<(PathBuf, String)> {
    let count = std::env::var("MERGEGATE_FILES").map_or(count, |count| count.parse().unwrap());
    let in_folder = |folder: String| with_ending(Path::new(&folder), "py");
    let mut paths: Vec<PathBuf> = folders().into_iter().flat_map(in_folder).collect();
    paths.sort();
    paths.dedup();
    let files: Vec<_> = spread(paths, count * 2).into_iter().filter_map(readable).collect();
    let files = spread(files, count);
    assert_eq!(files.len(), count, "this Python has too few files for the test");
    files
}

/// The folders of the standard library and of the installed packages.
fn folders() -> Vec<String> {
    let program = "import sysconfig; [print(sysconfig.get_path(name)) for name in ('stdlib', 'purelib')]";
    let output = Command::new("python3").args(["-c", program]).output().expect("python3 runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn readable(path: PathBuf) -> Option<(PathBuf, String)> {
    let bytes = fs::read(&path).unwrap();
    let is_of_a_size = (200..40_000).contains(&bytes.len());
    let file = is_of_a_size.then(|| SourceFile::read(&bytes).ok())??;
    let has_code = file.syntax().is_some_and(|module| !module.body.is_empty());
    let is_plain = file.problem().is_none() && !file.text().contains('\r');
    (has_code && is_plain).then(|| (path, file.text().to_owned()))
}

fn spread<T>(all: Vec<T>, count: usize) -> Vec<T> {
    let step = (all.len() / count).max(1);
    all.into_iter().step_by(step).take(count).collect()
}
