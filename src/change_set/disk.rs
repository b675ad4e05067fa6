//! Reading files of the work tree. Nothing outside it is read: a symbolic link is a link, not what it points to,
//! and a path that leads through one does not exist.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::index::entry::Stat;
use gix::index::fs::Metadata;
use gix::objs::Kind;
use gix::validate::path::component;

use super::error::GitError;
use super::index::Tracked;
use super::repository::Content;
use super::tree::Entry;
use super::{Mode, Place};
use crate::path::FilePath;

pub(super) struct WorkTree<'a> {
    git: &'a gix::Repository,
    root: PathBuf,
    stat_options: gix::index::entry::stat::Options,
    /// What the file system can store: not every one has symbolic links and executable bits.
    capabilities: gix::fs::Capabilities,
    /// Whether a folder is one, and not a link to one.
    folders: RefCell<HashMap<PathBuf, bool>>,
}

impl<'a> WorkTree<'a> {
    pub fn of(git: &'a gix::Repository) -> Result<Self, GitError> {
        let problem = |error| GitError::caused_by("cannot read how files are compared", &error);
        let root =
            git.workdir().ok_or_else(|| GitError::new("the repository is bare: it has no work tree"))?;
        Ok(WorkTree {
            git,
            root: root.to_owned(),
            stat_options: git.stat_options().map_err(problem)?,
            capabilities: git.filesystem_options().map_err(problem)?,
            folders: RefCell::default(),
        })
    }

    /// What is at `path`; none if there is no file. `tracked` is what git last saw there.
    pub fn entry(&self, path: &FilePath, tracked: Option<&Tracked>) -> Result<Option<Entry>, GitError> {
        let left_out = tracked.filter(|tracked| tracked.left_out).map(|tracked| tracked.entry);
        let Some(place) = self.place(path)? else {
            return Ok(left_out);
        };
        let metadata = match Metadata::from_path_no_follow(&place) {
            Ok(metadata) => metadata,
            Err(error) if is_absence(&error) => return Ok(left_out),
            Err(error) => return Err(unreadable(path, &error)),
        };
        if metadata.is_dir() {
            let submodule =
                tracked.map(|tracked| tracked.entry).filter(|entry| entry.mode == Mode::Submodule);
            return Ok(submodule);
        }
        if !metadata.is_file() && !metadata.is_symlink() {
            return Ok(None);
        }
        let mode = self.mode(&metadata, tracked);
        if let Some(tracked) = tracked.filter(|tracked| self.is_unchanged(&metadata, tracked)) {
            return Ok(Some(Entry { mode, ..tracked.entry }));
        }
        let id = self.hash(&place, &metadata).map_err(|error| unreadable(path, &error))?;
        Ok(Some(Entry { mode, id, place: Place::WorkTree }))
    }

    /// The bytes of a file or the target of a link.
    pub fn read(&self, path: &FilePath, limit: u64) -> Result<Content, GitError> {
        let place = self.place(path)?.ok_or_else(|| GitError::new(format!("{path} is no longer there")))?;
        read_file(&place, limit).map_err(|error| unreadable(path, &error))
    }

    /// Where a path is on disk; none if it leads through something that is not a folder.
    fn place(&self, path: &FilePath) -> Result<Option<PathBuf>, GitError> {
        let mut place = self.root.clone();
        let mut parts = path.as_bytes().split(|&byte| byte == b'/').peekable();
        while let Some(part) = parts.next() {
            let options =
                component::Options { protect_windows: cfg!(windows), ..component::Options::default() };
            gix::validate::path::component(part.as_bstr(), None, options)
                .map_err(|reason| GitError::new(format!("{path} is not a path in a work tree: {reason}")))?;
            let part = gix::path::from_byte_slice(part)
                .map_err(|_| GitError::new(format!("{path} is not a path that this system can have")))?;
            place.push(part);
            if parts.peek().is_some() && !self.is_folder(&place) {
                return Ok(None);
            }
        }
        Ok(Some(place))
    }

    fn is_folder(&self, place: &Path) -> bool {
        if let Some(&known) = self.folders.borrow().get(place) {
            return known;
        }
        let is_folder = fs::symlink_metadata(place).is_ok_and(|metadata| metadata.is_dir());
        self.folders.borrow_mut().insert(place.to_owned(), is_folder);
        is_folder
    }

    fn mode(&self, metadata: &Metadata, tracked: Option<&Tracked>) -> Mode {
        match tracked.map(|tracked| tracked.entry.mode) {
            _ if metadata.is_symlink() => Mode::Symlink,
            Some(Mode::Symlink) if !self.capabilities.symlink => Mode::Symlink,
            Some(Mode::Executable) if !self.capabilities.executable_bit => Mode::Executable,
            _ if self.capabilities.executable_bit && metadata.is_executable() => Mode::Executable,
            _ => Mode::Regular,
        }
    }

    /// Whether the file is as git last saw it. A flag that tells git not to look is not heeded.
    fn is_unchanged(&self, metadata: &Metadata, tracked: &Tracked) -> bool {
        !tracked.racy
            && tracked.entry.mode.same_type(self.mode(metadata, Some(tracked)))
            && Stat::from_fs(metadata).is_ok_and(|stat| tracked.stat.matches(&stat, self.stat_options))
    }

    fn hash(&self, place: &Path, metadata: &Metadata) -> io::Result<ObjectId> {
        let kind = self.git.object_hash();
        let hash = if metadata.is_symlink() {
            gix::objs::compute_hash(kind, Kind::Blob, &link_target(place)?)
        } else {
            let mut file = File::open(place)?;
            let never = AtomicBool::new(false);
            let size = file.metadata()?.len();
            gix::objs::compute_stream_hash(
                kind,
                Kind::Blob,
                &mut file,
                size,
                &mut gix::progress::Discard,
                &never,
            )
        };
        hash.map_err(io::Error::other)
    }
}

fn read_file(place: &Path, limit: u64) -> io::Result<Content> {
    let metadata = fs::symlink_metadata(place)?;
    if metadata.is_symlink() {
        return Ok(Content::Bytes(link_target(place)?));
    }
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(place)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Ok(Content::TooLarge { size: metadata.len().max(bytes.len() as u64) });
    }
    Ok(Content::Bytes(bytes))
}

fn link_target(place: &Path) -> io::Result<Vec<u8>> {
    let target = fs::read_link(place)?;
    let target = gix::path::into_bstr(target).map_err(io::Error::other)?;
    Ok(target.into_owned().into())
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn unreadable(path: &FilePath, error: &io::Error) -> GitError {
    GitError::new(format!("cannot read {path} in the work tree: {error}"))
}
