//! `mergegate demo`: the gate at work on a small repository made for it.

use std::path::{Path, PathBuf};

use crate::change_set::{NewCommit, create};
use crate::failure::Failure;

const POLICY: &str = include_str!("policy.yml");

const BASE: &[(&str, &str)] =
    &[(".mergegate.yml", POLICY), ("settings.py", include_str!("base/settings.py"))];

const HEAD: &[(&str, &str)] =
    &[(".mergegate.yml", POLICY), ("settings.py", include_str!("head/settings.py"))];

/// The branch that the change is to be merged into, and the branch with the change.
pub const BRANCHES: (&str, &str) = ("main", "import-settings");

/// Makes the repository in a new temporary folder, or in `dir`, which must be empty or not exist.
pub fn make(dir: Option<&Path>) -> Result<PathBuf, Failure> {
    let dir = match dir {
        Some(dir) => {
            let taken = dir.read_dir().is_ok_and(|mut entries| entries.next().is_some());
            if taken {
                return Err(Failure::usage(format!("{} is not empty", dir.display()))
                    .with_help("name a folder that does not exist yet, or none for a temporary one"));
            }
            std::fs::create_dir_all(dir)
                .map_err(|error| Failure::undecided(format!("cannot make {}: {error}", dir.display())))?;
            dir.to_path_buf()
        }
        None => tempfile::Builder::new()
            .prefix("mergegate-demo-")
            .tempdir()
            .map_err(|error| Failure::undecided(format!("cannot make a temporary folder: {error}")))?
            .keep(),
    };
    let commits = [
        NewCommit { branch: BRANCHES.0, message: "Let users back up their settings", files: BASE },
        NewCommit { branch: BRANCHES.1, message: "Let users import their settings", files: HEAD },
    ];
    create(&dir, &commits)?;
    Ok(dir)
}
