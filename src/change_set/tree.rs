//! Comparing trees. They are objects that the author of a change may have made by hand: names that no file
//! system would allow, two entries of one name, folders nested without end.

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::TreeRefIter;
use gix::objs::tree::EntryKind;
use gix::validate::path::component;

use super::error::GitError;
use super::repository::missing_object;
use super::{Mode, Place};
use crate::path::FilePath;

/// A file, link or submodule at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub mode: Mode,
    pub id: ObjectId,
    pub place: Place,
}

/// A path whose entry at the head is not that of every base, or that is at every base and gone at the head.
#[derive(Debug)]
pub(super) struct Difference {
    pub path: FilePath,
    pub bases: Vec<Option<Entry>>,
    pub head: Option<Entry>,
}

/// More entries than this are not compared: ten levels of ten folders that share their trees are a few
/// kilobytes of objects, and ten thousand million files.
const MOST_ENTRIES: usize = 2_000_000;

/// Longer paths exist on no file system, and a chain of folders can make one as long as it likes.
const LONGEST_PATH: usize = 4096;

/// The paths at which the head differs from a base. A missing tree is an empty one.
pub(super) fn differences(
    git: &gix::Repository,
    bases: Vec<Option<ObjectId>>,
    head: Option<ObjectId>,
) -> Result<Vec<Difference>, GitError> {
    let mut comparison = Comparison { git, entries: 0, found: Vec::new() };
    let mut folders = Vec::new();
    if differs(&bases, head) {
        folders.push(Folder { path: Vec::new(), bases, head });
    }
    while let Some(folder) = folders.pop() {
        comparison.compare(&folder, &mut folders)?;
    }
    comparison.found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(comparison.found)
}

/// All files of a tree.
pub(super) fn files(
    git: &gix::Repository,
    tree: Option<ObjectId>,
) -> Result<BTreeMap<FilePath, Entry>, GitError> {
    let gone = differences(git, vec![tree], None)?;
    Ok(gone
        .into_iter()
        .filter_map(|file| Some((file.path, file.bases.into_iter().flatten().next()?)))
        .collect())
}

/// The entry at `path`; none if there is no file there.
pub(super) fn find(
    git: &gix::Repository,
    tree: ObjectId,
    path: &FilePath,
) -> Result<Option<Entry>, GitError> {
    let mut tree = tree;
    let mut parts = path.as_bytes().split(|&byte| byte == b'/').peekable();
    while let Some(part) = parts.next() {
        let found = read(git, tree, path.as_bytes())?.into_iter().find(|item| item.name == part);
        match (found.map(|item| item.content), parts.peek()) {
            (Some(Node::Folder(id)), Some(_)) => tree = id,
            (Some(Node::File(entry)), None) => return Ok(Some(entry)),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

fn differs<T: PartialEq>(bases: &[T], head: T) -> bool {
    bases.iter().any(|base| *base != head)
}

struct Comparison<'a> {
    git: &'a gix::Repository,
    entries: usize,
    found: Vec<Difference>,
}

/// A folder that differs between the head and a base.
struct Folder {
    path: Vec<u8>,
    bases: Vec<Option<ObjectId>>,
    head: Option<ObjectId>,
}

/// What the trees have under one name of a folder: a file at one side may be a folder at another.
struct Slot {
    base_files: Vec<Option<Entry>>,
    base_folders: Vec<Option<ObjectId>>,
    head: Option<Node>,
}

#[derive(Debug, Clone, Copy)]
enum Node {
    File(Entry),
    Folder(ObjectId),
}

struct Item {
    name: Vec<u8>,
    content: Node,
}

impl Comparison<'_> {
    fn compare(&mut self, folder: &Folder, folders: &mut Vec<Folder>) -> Result<(), GitError> {
        for (name, slot) in self.slots(folder)? {
            let (file, subfolder) = match slot.head {
                Some(Node::File(entry)) => (Some(entry), None),
                Some(Node::Folder(id)) => (None, Some(id)),
                None => (None, None),
            };
            let is_there = file.is_some() || !slot.base_files.contains(&None);
            if is_there && differs(&slot.base_files, file) {
                let path = FilePath::from_bytes(join(&folder.path, &name)?);
                self.found.push(Difference { path, bases: slot.base_files, head: file });
            }
            if differs(&slot.base_folders, subfolder) {
                let path = join(&folder.path, &name)?;
                folders.push(Folder { path, bases: slot.base_folders, head: subfolder });
            }
        }
        Ok(())
    }

    fn slots(&mut self, folder: &Folder) -> Result<BTreeMap<Vec<u8>, Slot>, GitError> {
        let mut slots = BTreeMap::new();
        let count = folder.bases.len();
        let empty = || Slot { base_files: vec![None; count], base_folders: vec![None; count], head: None };
        for (index, tree) in folder.bases.iter().enumerate() {
            for item in self.items(*tree, &folder.path)? {
                let slot = slots.entry(item.name).or_insert_with(empty);
                match item.content {
                    Node::File(entry) => slot.base_files[index] = Some(entry),
                    Node::Folder(id) => slot.base_folders[index] = Some(id),
                }
            }
        }
        for item in self.items(folder.head, &folder.path)? {
            check_name(&item, &folder.path)?;
            let slot = slots.entry(item.name.clone()).or_insert_with(empty);
            if slot.head.replace(item.content).is_some() {
                let path = FilePath::from_bytes(join(&folder.path, &item.name)?);
                return Err(damaged_tree(folder.head, &format!("it has two entries for {path}")));
            }
        }
        Ok(slots)
    }

    fn items(&mut self, tree: Option<ObjectId>, path: &[u8]) -> Result<Vec<Item>, GitError> {
        let items = tree.map_or_else(|| Ok(Vec::new()), |id| read(self.git, id, path))?;
        self.entries += items.len();
        if self.entries > MOST_ENTRIES {
            return Err(GitError::new(format!(
                "the change touches folders with more than {MOST_ENTRIES} entries"
            )));
        }
        Ok(items)
    }
}

fn read(git: &gix::Repository, id: ObjectId, path: &[u8]) -> Result<Vec<Item>, GitError> {
    let shown = || match path {
        [] => format!("the tree {id}"),
        _ => format!("the tree {id} of {}", FilePath::from_bytes(path)),
    };
    let unreadable = |error: &gix::Error| GitError::caused_by(format!("cannot read {}", shown()), error);
    let object = git.try_find_object(id).map_err(|error| unreadable(&error))?;
    let object = object.ok_or_else(|| missing_object(git, &shown()))?;
    let tree = object.try_into_tree().map_err(|error| unreadable(&error))?;
    TreeRefIter::from_bytes(&tree.data, git.object_hash())
        .map(|entry| {
            let entry =
                entry.map_err(|error| GitError::caused_by(format!("{} is damaged", shown()), &error))?;
            Ok(Item { name: entry.filename.to_vec(), content: node(entry.mode.kind(), entry.oid.to_owned()) })
        })
        .collect()
}

fn node(kind: EntryKind, id: ObjectId) -> Node {
    let mode = match kind {
        EntryKind::Tree => return Node::Folder(id),
        EntryKind::Blob => Mode::Regular,
        EntryKind::BlobExecutable => Mode::Executable,
        EntryKind::Link => Mode::Symlink,
        EntryKind::Commit => Mode::Submodule,
    };
    Node::File(Entry { mode, id, place: Place::ObjectDatabase })
}

/// Refuses names that are no names: `..`, `.git` in the spellings that some file system takes for it, and names
/// with a slash. git would not check them out, so nobody can say what they mean.
fn check_name(item: &Item, folder: &[u8]) -> Result<(), GitError> {
    let mode = match item.content {
        Node::File(Entry { mode: Mode::Symlink, .. }) => Some(component::Mode::Symlink),
        _ => None,
    };
    let options =
        component::Options { protect_windows: cfg!(windows), protect_hfs: true, protect_ntfs: true };
    match gix::validate::path::component(item.name.as_bstr(), mode, options) {
        Ok(_) => Ok(()),
        Err(reason) => {
            let separator: &[u8] = if folder.is_empty() { b"" } else { b"/" };
            let path = FilePath::from_bytes([folder, separator, &item.name].concat());
            Err(GitError::new(format!(
                "the change has an entry that git refuses to check out, {path}: {reason}"
            )))
        }
    }
}

fn damaged_tree(id: Option<ObjectId>, reason: &str) -> GitError {
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    GitError::new(format!("the tree {id} is damaged: {reason}")).with_help("`git fsck` tells more")
}

fn join(folder: &[u8], name: &[u8]) -> Result<Vec<u8>, GitError> {
    let path = if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() };
    if path.len() > LONGEST_PATH {
        let start = FilePath::from_bytes(&path[..80]);
        return Err(GitError::new(format!("a path has more than {LONGEST_PATH} bytes: {start}…")));
    }
    Ok(path)
}
