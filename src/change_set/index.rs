//! What the next commit would hold, and what is on disk. Contents are compared byte by byte: filters that the
//! repository's configuration and `.gitattributes` name are programs, and no program is started. A file with other
//! line ends than its blob therefore counts as modified, though only if it was touched since git last looked.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use gix::ObjectId;
use gix::bstr::BStr;
use gix::dir::entry::{Kind, Status};
use gix::dir::walk::delegate::Collect;
use gix::index::entry::{Flags, Mode as IndexMode};

use super::disk::WorkTree;
use super::error::GitError;
use super::tree::{self, Difference, Entry};
use super::{Mode, Place};
use crate::path::FilePath;

pub(super) type Files = BTreeMap<FilePath, Entry>;

/// HEAD's tree against the index.
pub(super) fn staged(git: &gix::Repository, head: Option<ObjectId>) -> Result<Vec<Difference>, GitError> {
    let index = open(git, head)?;
    Ok(compare(tree::files(git, head)?, staged_files(git, &index)?))
}

/// HEAD's tree against the files on disk.
pub(super) fn on_disk(git: &gix::Repository, head: Option<ObjectId>) -> Result<Vec<Difference>, GitError> {
    Ok(compare(tree::files(git, head)?, files_on_disk(git, open(git, head)?)?))
}

/// All files of the index.
pub(super) fn all_staged(git: &gix::Repository) -> Result<Files, GitError> {
    staged_files(git, &open(git, None)?)
}

/// All files on disk, untracked ones included and ignored ones not.
pub(super) fn all_on_disk(git: &gix::Repository) -> Result<Files, GitError> {
    files_on_disk(git, open(git, None)?)
}

fn files_on_disk(git: &gix::Repository, index: gix::index::File) -> Result<Files, GitError> {
    let work_tree = WorkTree::of(git)?;
    let mut files = Files::new();
    for (path, tracked) in tracked_files(git, &index)? {
        if let Some(entry) = work_tree.entry(&path, Some(&tracked))? {
            files.insert(path, entry);
        }
    }
    for (path, kind) in untracked(git, index, &files)? {
        let entry = match kind {
            Kind::Repository => Some(nested_repository(git)),
            _ => work_tree.entry(&path, None)?,
        };
        files.extend(entry.map(|entry| (path, entry)));
    }
    Ok(files)
}

/// The staged entry of one path.
pub(super) fn find_staged(git: &gix::Repository, path: &FilePath) -> Result<Option<Entry>, GitError> {
    Ok(all_staged(git)?.remove(path))
}

/// Both sides are complete lists.
fn compare(mut base: Files, head: Files) -> Vec<Difference> {
    let mut found = Vec::new();
    for (path, entry) in head {
        let old = base.remove(&path);
        if old.is_none_or(|old| (old.mode, old.id) != (entry.mode, entry.id)) {
            found.push(Difference { path, bases: vec![old], head: Some(entry) });
        }
    }
    found.extend(base.into_iter().map(|(path, old)| Difference { path, bases: vec![Some(old)], head: None }));
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The index. Without one every file would look deleted.
fn open(git: &gix::Repository, head: Option<ObjectId>) -> Result<gix::index::File, GitError> {
    if git.workdir().is_none() {
        return Err(GitError::new(
            "the repository is bare: it has no index and no work tree to compare with",
        )
        .with_help("compare two commits: `mergegate check --base REV --head REV`"));
    }
    let path = FilePath::from_os(&git.index_path());
    match git.try_index() {
        Ok(Some(index)) => Ok((**index).clone()),
        Ok(None) if head.is_none() => {
            Ok((**git.index_or_empty().map_err(|error| unreadable(&path, &error))?).clone())
        }
        Ok(None) => Err(GitError::new(format!("there is no index at {path}"))
            .with_help("check out the work tree first, or correct GIT_INDEX_FILE")),
        Err(error) => Err(unreadable(&path, &error)),
    }
}

fn unreadable(path: &FilePath, error: &gix::Error) -> GitError {
    GitError::caused_by(format!("cannot read the index at {path}"), error)
}

/// An entry of the index with what git last saw on disk.
pub(super) struct Tracked {
    pub entry: Entry,
    pub stat: gix::index::entry::Stat,
    /// The file may have changed since without a difference in `stat`.
    pub racy: bool,
    /// A sparse checkout leaves the file out.
    pub left_out: bool,
}

fn staged_files(git: &gix::Repository, index: &gix::index::File) -> Result<Files, GitError> {
    let unmerged: Vec<String> = index
        .entries()
        .iter()
        .filter(|entry| entry.stage_raw() != 0)
        .map(|entry| file_path(entry.path(index)).to_string())
        .collect();
    if let Some(first) = unmerged.first() {
        return Err(GitError::new(format!("the index has unmerged paths, one is {first}"))
            .with_help("resolve the conflict and `git add` the files"));
    }
    let mut files = Files::new();
    for entry in index.entries().iter().filter(|entry| !entry.flags.contains(Flags::INTENT_TO_ADD)) {
        add_entry(git, entry, entry.path(index), &mut |path, entry| {
            files.insert(path, entry);
        })?;
    }
    Ok(files)
}

/// All paths of the index, those of a conflict once, those that are only meant to be added too.
fn tracked_files(
    git: &gix::Repository,
    index: &gix::index::File,
) -> Result<BTreeMap<FilePath, Tracked>, GitError> {
    let problem = |error| GitError::caused_by("cannot read how files are compared", &error);
    let stat_options = git.stat_options().map_err(problem)?;
    let mut files = BTreeMap::new();
    for item in index.entries() {
        let racy = item.stage_raw() != 0
            || item.flags.contains(Flags::INTENT_TO_ADD)
            || item.stat.is_racy(index.timestamp(), stat_options);
        add_entry(git, item, item.path(index), &mut |path, entry| {
            let left_out = item.mode.is_sparse() || item.flags.contains(Flags::SKIP_WORKTREE);
            files.insert(path, Tracked { entry, stat: item.stat, racy, left_out });
        })?;
    }
    Ok(files)
}

/// An index may hold a whole folder as one entry, where a sparse checkout leaves it out.
fn add_entry(
    git: &gix::Repository,
    item: &gix::index::Entry,
    path: &BStr,
    add: &mut dyn FnMut(FilePath, Entry),
) -> Result<(), GitError> {
    if item.mode.is_sparse() {
        for (below, entry) in tree::files(git, Some(item.id))? {
            let folder = path.strip_suffix(b"/").unwrap_or(path);
            add(FilePath::from_bytes([folder, b"/", below.as_bytes()].concat()), entry);
        }
        return Ok(());
    }
    let mode = match item.mode {
        IndexMode::SYMLINK => Mode::Symlink,
        IndexMode::COMMIT => Mode::Submodule,
        IndexMode::FILE_EXECUTABLE => Mode::Executable,
        _ => Mode::Regular,
    };
    add(file_path(path), Entry { mode, id: item.id, place: Place::ObjectDatabase });
    Ok(())
}

fn untracked(
    git: &gix::Repository,
    mut index: gix::index::File,
    on_disk: &Files,
) -> Result<Vec<(FilePath, Kind)>, GitError> {
    let problem = |error| GitError::caused_by("cannot list the untracked files", &error);
    // A folder that is left out as a whole may have files on disk all the same.
    index.remove_entries(|_, _, entry| entry.mode.is_sparse());
    // The walk takes for tracked what was compared with the disk. A link in the place of a tracked folder is not.
    for (entry, path) in index.entries_mut_with_paths() {
        if on_disk.contains_key(&file_path(path)) {
            entry.flags.insert(Flags::UPTODATE);
        }
    }
    let options = git.dirwalk_options().map_err(problem)?;
    let mut found = Collect::default();
    let never = AtomicBool::new(false);
    git.dirwalk(&index, None::<&str>, &never, options, &mut found).map_err(problem)?;
    let entries =
        found.into_entries_by_path().into_iter().filter(|(entry, _)| entry.status == Status::Untracked);
    Ok(entries
        .filter_map(|(entry, _)| Some((FilePath::from_bytes(entry.rela_path), entry.disk_kind?)))
        .collect())
}

/// A repository inside the work tree that is not a submodule yet. Its commit is not asked for.
fn nested_repository(git: &gix::Repository) -> Entry {
    Entry { mode: Mode::Submodule, id: git.object_hash().null(), place: Place::WorkTree }
}

fn file_path(path: &BStr) -> FilePath {
    FilePath::from_bytes(path.to_vec())
}
