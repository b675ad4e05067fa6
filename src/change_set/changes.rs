//! From revisions to changed files.

use std::collections::BTreeMap;

use gix::ObjectId;

use super::disk::WorkTree;
use super::error::GitError;
use super::finder::Finder;
use super::repository::Repository;
use super::revisions::{ResolvedHead, Revisions, Unresolved};
use super::tree::{self, Difference, Entry};
use super::{ChangeSet, ChangedFile, Mode, Status, Version, index, renames};
use crate::path::FilePath;

impl Repository {
    /// The files that differ between the merge bases and the head. A file counts as changed if it differs from any of
    /// them: one side of a criss-cross history may have mended what the other still has.
    pub fn changes(&self, revisions: &Revisions) -> Result<ChangeSet, GitError> {
        let git = self.walker();
        let bases = base_trees(&git, revisions)?;
        let differences = match revisions.head {
            ResolvedHead::Commit(head) => tree::differences(&git, bases, Some(tree_of(&git, head)?))?,
            ResolvedHead::Index => index::staged(&git, bases.first().copied().flatten())?,
            ResolvedHead::WorkTree => index::on_disk(&git, bases.first().copied().flatten())?,
        };
        let files = differences.into_iter().map(changed_file).collect();
        Ok(ChangeSet { files: renames::find(self, files) })
    }

    /// All files of the head, ordered by path.
    pub fn files_at_head(&self, revisions: &Revisions) -> Result<Vec<Version>, GitError> {
        let git = self.walker();
        let files = match revisions.head {
            ResolvedHead::Commit(head) => tree::files(&git, Some(tree_of(&git, head)?))?,
            ResolvedHead::Index => index::all_staged(&git)?,
            ResolvedHead::WorkTree => index::all_on_disk(&git)?,
        };
        Ok(files.into_iter().map(|(path, entry)| version(path, entry)).collect())
    }

    /// What the base has changed since each merge base, by path; nothing where the base is a merge base, as it
    /// mostly is. `None` in the place of a version is a file that is gone.
    pub fn changed_since(&self, revisions: &Revisions) -> Result<Vec<Changed>, GitError> {
        let Some(tip) = revisions.tip else { return Ok(Vec::new()) };
        let git = self.walker();
        let tip = tree_of(&git, tip)?;
        let since = |&base: &ObjectId| {
            let differences = tree::differences(&git, vec![Some(tree_of(&git, base)?)], Some(tip))?;
            let files = differences.into_iter().map(|Difference { path, head, .. }| {
                let version = head.map(|entry| version(path.clone(), entry));
                (path, version)
            });
            Ok(files.collect())
        };
        revisions.bases.iter().map(since).collect()
    }

    /// The version of a path at the base itself, which the author of a change does not choose as they choose the merge
    /// base. None if there is no file.
    pub fn at_base(&self, revisions: &Revisions, path: &FilePath) -> Result<Option<Version>, GitError> {
        match revisions.tip {
            Some(tip) => at_commit(&self.local(), tip, path),
            None => Ok(None),
        }
    }

    /// The version of a path at each of the merge bases. None where there is no file.
    pub fn at_merge_bases(
        &self,
        revisions: &Revisions,
        path: &FilePath,
    ) -> Result<Vec<Option<Version>>, GitError> {
        let git = self.local();
        revisions.bases.iter().map(|&base| at_commit(&git, base, path)).collect()
    }

    /// The version of a path at the head. None if there is no file.
    pub fn at_head(&self, revisions: &Revisions, path: &FilePath) -> Result<Option<Version>, GitError> {
        let git = self.local();
        let entry = match revisions.head {
            ResolvedHead::Commit(head) => tree::find(&git, tree_of(&git, head)?, path)?,
            ResolvedHead::Index => index::find_staged(&git, path)?,
            ResolvedHead::WorkTree => WorkTree::of(&git)?.entry(path, None)?,
        };
        Ok(entry.map(|entry| version(path.clone(), entry)))
    }

    /// The version of a path in a revision ("origin/security"). None if the revision has no such file.
    pub fn at_revision(&self, revision: &str, path: &FilePath) -> Result<Option<Version>, GitError> {
        let finder = Finder { git: self.local(), full_history: None };
        let commit = match finder.revision(revision) {
            Ok(commit) => commit,
            Err(Unresolved::Missing(error) | Unresolved::Failed(error)) => return Err(error),
        };
        at_commit(&finder.git, commit, path)
    }
}

/// What has become of files, by path.
pub type Changed = BTreeMap<FilePath, Option<Version>>;

/// The trees of the merge bases. No base is an empty tree.
fn base_trees(git: &gix::Repository, revisions: &Revisions) -> Result<Vec<Option<ObjectId>>, GitError> {
    if revisions.bases.is_empty() {
        return Ok(vec![None]);
    }
    revisions.bases.iter().map(|&base| tree_of(git, base).map(Some)).collect()
}

fn tree_of(git: &gix::Repository, commit: ObjectId) -> Result<ObjectId, GitError> {
    let tree = git.find_commit(commit).and_then(|commit| commit.tree_id().map(gix::Id::detach));
    tree.map_err(|error| GitError::caused_by(format!("cannot read commit {commit}"), &error))
}

fn at_commit(git: &gix::Repository, commit: ObjectId, path: &FilePath) -> Result<Option<Version>, GitError> {
    let entry = tree::find(git, tree_of(git, commit)?, path)?;
    Ok(entry.map(|entry| version(path.clone(), entry)))
}

fn version(path: FilePath, entry: Entry) -> Version {
    Version { path, mode: entry.mode, id: entry.id, place: entry.place }
}

fn changed_file(difference: Difference) -> ChangedFile {
    let of_entry = |entry: Option<Entry>| entry.map(|entry| version(difference.path.clone(), entry));
    let mut base: Vec<Option<Version>> = difference.bases.into_iter().map(of_entry).collect();
    if base.iter().all(|version| Some(version) == base.first()) {
        base.truncate(1);
    }
    if base == [None] {
        base.clear();
    }
    let head = difference.head.map(|entry| version(difference.path.clone(), entry));
    let status = status(&base, head.as_ref().map(|head| head.mode));
    ChangedFile { path: difference.path, status, base, head }
}

fn status(base: &[Option<Version>], head: Option<Mode>) -> Status {
    match head {
        None => Status::Deleted,
        Some(_) if base.is_empty() => Status::Added,
        Some(head) if base.iter().flatten().any(|version| version.mode.same_type(head)) => Status::Modified,
        Some(_) => Status::TypeChanged,
    }
}
