//! Opening a repository and reading from it.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::open::{Options, Permissions, permissions};

use super::bases::Bases;
use super::disk::WorkTree;
use super::error::GitError;
use super::{Mode, Place, Version};
use crate::path::FilePath;

/// A repository, opened for reading. It may be shared between threads.
pub struct Repository {
    shared: gix::ThreadSafeRepository,
    /// Handles with which no thread reads now.
    idle: Mutex<Vec<gix::Repository>>,
    contents_read: AtomicUsize,
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
        // gix finds nothing upwards of `.` inside `.git`.
        let start = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        gix::ThreadSafeRepository::discover_with_environment_overrides_opts(start, discovery, options)
            .map(|shared| Repository { shared, idle: Mutex::default(), contents_read: AtomicUsize::new(0) })
            .map_err(|error| cannot_open(dir, &error))
    }

    /// The folder of the work tree; none in a bare repository.
    pub fn work_tree(&self) -> Option<&Path> {
        self.shared.work_dir()
    }

    /// How many contents of files were read so far. It must not grow with what a change does not touch.
    pub fn contents_read(&self) -> usize {
        self.contents_read.load(Ordering::Relaxed)
    }

    /// A handle for the current thread.
    pub(super) fn local(&self) -> gix::Repository {
        self.shared.to_thread_local()
    }

    /// A handle for the current thread, to read many commits and trees of which some come again.
    pub(super) fn walker(&self) -> gix::Repository {
        let mut git = self.local();
        git.object_cache_size_if_unset(8 * 1024 * 1024);
        git
    }

    /// A handle to read contents with, which knows what was unpacked with it before.
    fn reader(&self) -> gix::Repository {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        idle.unwrap_or_else(|| {
            let mut git = self.local();
            git.objects.set_pack_cache(|| Box::<Bases>::default());
            git
        })
    }

    /// The bytes of a version, if they are no more than `limit`: the content of a file, the target of a symbolic
    /// link.
    pub fn read(&self, version: &Version, limit: u64) -> Result<Content, GitError> {
        self.contents_read.fetch_add(1, Ordering::Relaxed);
        let git = self.reader();
        let content = match (version.mode, version.place) {
            (Mode::Submodule, _) => {
                Err(GitError::new(format!("{} is a submodule, not a file", version.path)))
            }
            (_, Place::WorkTree) => WorkTree::of(&git).and_then(|tree| tree.read(&version.path, limit)),
            (_, Place::ObjectDatabase) => read_blob(&git, version, limit),
        };
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(git);
        }
        content
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
    let shown = FilePath::from_os(dir);
    if error.classify().is_permission_denied() {
        let line = format!("git config --global --add safe.directory {}", found_at(dir));
        return GitError::caused_by(format!("the repository of {shown} belongs to another user"), error)
            .with_help(format!("if you trust it: `{line}`"));
    }
    GitError::caused_by(format!("no git repository can be opened at {shown}"), error)
        .with_help("check files without git: `mergegate scan`")
}

/// The folder whose owner counts.
fn found_at(dir: &Path) -> FilePath {
    let found =
        gix::discover::upwards(dir).map(|(found, _)| found.into_repository_and_work_tree_directories());
    let folder = found.map_or_else(|_| dir.to_owned(), |(git_dir, work_tree)| work_tree.unwrap_or(git_dir));
    FilePath::from_os(&folder.canonicalize().unwrap_or(folder))
}

fn read_blob(git: &gix::Repository, version: &Version, limit: u64) -> Result<Content, GitError> {
    let header = git.try_find_header(version.id);
    let header =
        header.map_err(|error| GitError::caused_by(format!("cannot read {}", version.path), &error))?;
    let Some(header) = header else {
        return Err(missing_object(git, &format!("the content of {} ({})", version.path, version.id)));
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

/// An object that git knows of and does not have.
pub(super) fn missing_object(git: &gix::Repository, shown: &str) -> GitError {
    if is_partial(git) {
        let reason = "which is partial (git fetches files when it needs them)";
        return GitError::new(format!("{shown} is not in this clone, {reason}")).with_help(
            "clone without `--filter`, or run `git fetch --refetch --no-filter` before mergegate",
        );
    }
    GitError::new(format!("{shown} is not in this clone"))
        .with_help("the clone is damaged: see `git fsck`, or clone again")
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
