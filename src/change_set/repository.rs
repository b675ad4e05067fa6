//! Opening a repository and reading from it.

use std::path::Path;

use gix::open::{Options, Permissions, permissions};

use super::disk::WorkTree;
use super::error::GitError;
use super::{Mode, Place, Version};
use crate::path::FilePath;

/// A repository, opened for reading. It may be shared between threads.
pub struct Repository {
    shared: gix::ThreadSafeRepository,
}

/// What reading a version gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Bytes(Vec<u8>),
    /// More bytes than were asked for; nothing was loaded.
    TooLarge {
        size: u64,
    },
}

/// No object is loaded that is larger. It bounds trees and commits, which are read whole; files have a limit
/// of their own.
const LARGEST_OBJECT: &str = "gitoxide.objects.allocLimit=1073741824";

impl Repository {
    /// Opens the repository that `dir` is in, or that `GIT_DIR` names. As git does, it refuses one that belongs
    /// to somebody else, unless `safe.directory` allows it.
    pub fn open(dir: &Path) -> Result<Self, GitError> {
        let discovery =
            gix::discover::upwards::Options { match_ceiling_dir_or_error: false, ..Default::default() };
        let options = gix::sec::trust::Mapping { full: options(), reduced: options() };
        gix::ThreadSafeRepository::discover_with_environment_overrides_opts(dir, discovery, options)
            .map(|shared| Repository { shared })
            .map_err(|error| cannot_open(dir, &error))
    }

    /// The folder of the work tree; none in a bare repository.
    pub fn work_tree(&self) -> Option<&Path> {
        self.shared.work_dir()
    }

    /// A handle for the current thread.
    pub(super) fn local(&self) -> gix::Repository {
        self.shared.to_thread_local()
    }

    /// The bytes of a version, if they are no more than `limit`: the content of a file, the target of a symbolic
    /// link.
    pub fn read(&self, version: &Version, limit: u64) -> Result<Content, GitError> {
        match (version.mode, version.place) {
            (Mode::Submodule, _) => {
                Err(GitError::new(format!("{} is a submodule, not a file", version.path)))
            }
            (_, Place::WorkTree) => WorkTree::of(&self.local())?.read(&version.path, limit),
            (_, Place::ObjectDatabase) => read_blob(&self.local(), version, limit),
        }
    }
}

fn options() -> Options {
    let config = permissions::Config { includes: false, ..permissions::Config::all() };
    // Replaced objects are a local matter; what is merged are the objects themselves.
    let overrides = [LARGEST_OBJECT, "core.useReplaceRefs=false"];
    Options::default()
        .permissions(Permissions { config, ..Permissions::default() })
        .bail_if_untrusted(true)
        .config_overrides(overrides)
}

fn cannot_open(dir: &Path, error: &gix::Error) -> GitError {
    let dir = FilePath::from_os(dir);
    if error.classify().is_permission_denied() {
        return GitError::caused_by(format!("the repository of {dir} belongs to another user"), error)
            .with_help("if you trust it: `git config --global --add safe.directory \"$PWD\"`");
    }
    let error = GitError::caused_by(format!("no git repository can be opened at {dir}"), error);
    error.with_help("check files without git: `mergegate scan`")
}

fn read_blob(git: &gix::Repository, version: &Version, limit: u64) -> Result<Content, GitError> {
    let header = git.try_find_header(version.id);
    let header =
        header.map_err(|error| GitError::caused_by(format!("cannot read {}", version.path), &error))?;
    let Some(header) = header else {
        return Err(missing_object(git, version));
    };
    if header.kind() != gix::object::Kind::Blob {
        return Err(GitError::new(format!(
            "the content of {} is damaged: {} is no blob",
            version.path, version.id
        )));
    }
    if header.size() > limit {
        return Ok(Content::TooLarge { size: header.size() });
    }
    let blob = git.find_blob(version.id);
    let mut blob =
        blob.map_err(|error| GitError::caused_by(format!("cannot read {}", version.path), &error))?;
    Ok(Content::Bytes(blob.take_data()))
}

fn missing_object(git: &gix::Repository, version: &Version) -> GitError {
    let error = GitError::new(format!(
        "the content of {} ({}) is not in this clone{}",
        version.path,
        version.id,
        if is_partial(git) { ", which is partial (files are fetched when git needs them)" } else { "" }
    ));
    if is_partial(git) {
        return error
            .with_help("clone without a filter, or run `git fetch --refetch --no-filter` before mergegate");
    }
    error.with_help("the clone is damaged: run `git fsck`, or clone again")
}

/// Whether git would fetch missing objects on demand. The gate never does.
fn is_partial(git: &gix::Repository) -> bool {
    let config = git.config_snapshot();
    config.string("extensions.partialClone").is_some()
        || config.plumbing().sections_by_name("remote").is_some_and(|mut remotes| {
            remotes.any(|remote| {
                remote.value("promisor").is_some() || remote.value("partialclonefilter").is_some()
            })
        })
}
