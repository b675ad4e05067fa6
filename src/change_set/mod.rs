//! What a change touches: the files that differ between its base and its head, and both versions of each.
//! The only room that knows git. It starts no process, opens no connection, writes nothing, and follows no
//! symbolic link.
//!
//! ```no_run
//! # fn main() -> Result<(), mergegate::change_set::GitError> {
//! use mergegate::change_set::{Content, Repository, Request};
//!
//! let repository = Repository::open(".".as_ref())?;
//! let revisions = repository.resolve(&Request::between("origin/main", "HEAD"))?;
//! for file in repository.changes(&revisions)?.files {
//!     for version in file.base.iter().flatten().chain(&file.head) {
//!         match repository.read(version, 8 * 1024 * 1024)? {
//!             Content::Bytes(bytes) => println!("{}: {} bytes", version.path, bytes.len()),
//!             Content::TooLarge { size } => println!("{}: {size} bytes are too many", version.path),
//!         }
//!     }
//! }
//! # Ok(()) }
//! ```
//!
//! [`Repository`] may be shared between threads; [`Repository::read`] is meant to be called from many at once.

mod attributes;
mod bases;
mod blame;
mod changes;
mod create;
mod disk;
mod error;
mod finder;
mod index;
mod renames;
mod repository;
mod revisions;
mod sequence;
mod tree;

pub use attributes::{Attributes, Rewriting};
pub use blame::Authorship;
pub use changes::Changed;
pub use create::{NewCommit, create};
pub use error::GitError;
pub use repository::{Content, Repository};
pub use revisions::{Base, Choice, Head, Request, Revisions, Target};
pub use sequence::{Hunk, sequence_map};

use crate::path::FilePath;

/// The files that differ between the base and the head of a change.
#[derive(Debug, Clone)]
pub struct ChangeSet {
    /// Ordered by path, each path once.
    pub files: Vec<ChangedFile>,
}

/// A path whose version at the head is not that of every merge base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// The path at the head, or at the base for a deleted file.
    pub path: FilePath,
    /// What happened to it.
    pub status: Status,
    /// The versions it had: none for an added file, else one, or where the merge bases differ one for each of them;
    /// `None` where there is no file. Those of a renamed file have the old path.
    pub base: Vec<Option<Version>>,
    /// The version it has now: none for a deleted file.
    pub head: Option<Version>,
}

/// What happened to a file. With several merge bases, a file is added (or deleted) if it is so against each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Added,
    Deleted,
    /// Other content, or only another executable bit.
    Modified,
    /// Under another name, perhaps edited.
    Renamed {
        from: FilePath,
    },
    /// A file became a symbolic link or a submodule, or the other way round.
    TypeChanged,
}

/// One version of a file, whose bytes [`Repository::read`] gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    pub path: FilePath,
    pub mode: Mode,
    /// The hash that git gives to the content.
    id: gix::ObjectId,
    place: Place,
}

impl Version {
    /// The hash that git gives to the content, in hexadecimal: equal hashes mean equal bytes.
    pub fn hash(&self) -> String {
        self.id.to_string()
    }
}

/// Where the bytes of a version are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    ObjectDatabase,
    WorkTree,
}

/// What kind of thing a path holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    Regular,
    Executable,
    /// Its content is the path it points to. Nothing follows it.
    Symlink,
    /// A commit of another repository. It has no content here.
    Submodule,
}

impl Mode {
    /// Whether both are files, links or submodules: the executable bit makes no difference.
    fn same_type(self, other: Mode) -> bool {
        let is_file = |mode| matches!(mode, Mode::Regular | Mode::Executable);
        self == other || is_file(self) && is_file(other)
    }
}
