//! Finds files.

use std::fs;
use std::path::{Path, PathBuf};

/// The files with this ending in a folder and the folders in it, in the order of their names. Links are not followed.
pub fn with_ending(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if entry.path().extension().is_some_and(|extension| extension == ending) {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}
