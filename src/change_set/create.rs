//! Makes a small repository: for the demonstration, which needs one that is the same everywhere.

use std::fs;
use std::path::Path;

use gix::actor::SignatureRef;
use gix::objs::Tree;
use gix::objs::tree::{Entry, EntryKind};

use super::error::GitError;

/// A commit to make: its branch, its message and all its files, which lie in the root folder.
#[derive(Debug, Clone, Copy)]
pub struct NewCommit<'a> {
    pub branch: &'a str,
    pub message: &'a str,
    /// Names and contents.
    pub files: &'a [(&'a str, &'a str)],
}

/// Who made the demonstration, always at the same time: the hashes are the same in every run.
const AUTHOR: &str = "mergegate demo";
const EMAIL: &str = "demo@mergegate.invalid";
const TIME: &str = "1767225600 +0000";

/// Makes a repository in `dir` with these commits, each the parent of the next, and checks the last one out.
///
/// # Errors
///
/// When `dir` cannot be written to or already is a repository.
pub fn create(dir: &Path, commits: &[NewCommit<'_>]) -> Result<(), GitError> {
    let failed = |error: gix::Error| GitError::caused_by("cannot make the repository", &error);
    let git = gix::init(dir).map_err(failed)?;
    let who = SignatureRef { name: AUTHOR.into(), email: EMAIL.into(), time: TIME };
    let mut parent = None;
    for commit in commits {
        let mut tree = Tree::empty();
        for (name, content) in commit.files {
            let oid = git.write_blob(content).map_err(failed)?.detach();
            tree.entries.push(Entry { mode: EntryKind::Blob.into(), filename: (*name).into(), oid });
        }
        tree.entries.sort();
        let tree = git.write_object(&tree).map_err(failed)?.detach();
        let reference = format!("refs/heads/{}", commit.branch);
        let id = git.commit_as(who, who, reference.as_str(), commit.message, tree, parent).map_err(failed)?;
        parent = Some(id.detach());
        check_out(&git, dir, commit, tree)?;
    }
    Ok(())
}

fn check_out(
    git: &gix::Repository,
    dir: &Path,
    commit: &NewCommit<'_>,
    tree: gix::ObjectId,
) -> Result<(), GitError> {
    let refused =
        |error: std::io::Error| GitError::new(format!("cannot write into {}: {error}", dir.display()));
    for (name, content) in commit.files {
        fs::write(dir.join(name), content).map_err(refused)?;
    }
    let head = format!("ref: refs/heads/{}\n", commit.branch);
    fs::write(git.git_dir().join("HEAD"), head).map_err(refused)?;
    let failed = |error: gix::Error| GitError::caused_by("cannot write the index", &error);
    let mut index = git.index_from_tree(&tree).map_err(failed)?;
    index.write(gix::index::write::Options::default()).map_err(|error| GitError::new(error.to_string()))
}
