//! Which added file is a deleted one under another name. As in git, half of the content must be the same. The
//! author of a change decides how many files there are, so the work is bounded: candidates are found through
//! the lines they share, never by comparing each with each.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hasher};

use super::repository::{Content, Repository};
use super::{ChangedFile, Mode, Status, Version};

/// Larger files are paired only if they are identical.
const LARGEST_FILE: u64 = 1024 * 1024;

/// How many bytes are looked at in all. Files that have a counterpart of the same name come first.
const MOST_BYTES: u64 = 48 * 1024 * 1024;

/// A line in more files than this says nothing about where a file came from.
const COMMON_LINE: usize = 24;

/// How many of the most likely origins of a file are measured.
const MOST_CANDIDATES: usize = 6;

/// Turns pairs of an added and a deleted file into renamed ones.
pub(super) fn find(repository: &Repository, files: Vec<ChangedFile>) -> Vec<ChangedFile> {
    let mut pairing = Pairing::of(&files);
    pairing.pair_identical();
    pairing.pair_similar(repository);
    let origins = pairing.origins;
    apply(files, &origins)
}

/// Merges each pair into the added file, and drops the deleted one.
fn apply(mut files: Vec<ChangedFile>, origins: &BTreeMap<usize, usize>) -> Vec<ChangedFile> {
    for (&added, &deleted) in origins {
        let from = files[deleted].path.clone();
        files[added].base = std::mem::take(&mut files[deleted].base);
        files[added].status = Status::Renamed { from };
    }
    let gone: BTreeSet<usize> = origins.values().copied().collect();
    let mut index = 0..;
    files.retain(|_| index.next().is_none_or(|index| !gone.contains(&index)));
    files
}

struct Pairing<'a> {
    files: &'a [ChangedFile],
    /// What is not paired yet, as places in `files`.
    added: BTreeSet<usize>,
    deleted: BTreeSet<usize>,
    /// From an added file to the deleted one it was.
    origins: BTreeMap<usize, usize>,
}

impl<'a> Pairing<'a> {
    fn of(files: &'a [ChangedFile]) -> Self {
        let all = |status: &Status| {
            let places = files.iter().enumerate().filter(|(_, file)| file.status == *status);
            places.map(|(place, _)| place).collect()
        };
        Pairing {
            files,
            added: all(&Status::Added),
            deleted: all(&Status::Deleted),
            origins: BTreeMap::new(),
        }
    }

    fn pair(&mut self, added: usize, deleted: usize) {
        if self.added.contains(&added) && self.deleted.remove(&deleted) {
            self.added.remove(&added);
            self.origins.insert(added, deleted);
        }
    }

    fn same_name(&self, one: usize, other: usize) -> bool {
        self.files[one].path.file_name() == self.files[other].path.file_name()
    }

    /// Files with the same content, first those that also have the same name.
    fn pair_identical(&mut self) {
        self.pair_by_key(|version| Some((identity(version)?, version.path.file_name())));
        self.pair_by_key(identity);
    }

    /// Pairs each added file with the first deleted one of the same key.
    fn pair_by_key<K: Ord>(&mut self, key: impl Fn(&'a Version) -> Option<K>) {
        let files = self.files;
        let mut origins: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        for &deleted in self.deleted.iter().rev() {
            for key in files[deleted].base.iter().flatten().filter_map(&key) {
                origins.entry(key).or_default().push(deleted);
            }
        }
        for added in self.added.clone() {
            let same = files[added].head.as_ref().and_then(&key).and_then(|key| origins.get_mut(&key));
            // A file may have had several versions, and be paired already through another.
            let free = same.and_then(|same| {
                std::iter::from_fn(|| same.pop()).find(|place| self.deleted.contains(place))
            });
            if let Some(deleted) = free {
                self.pair(added, deleted);
            }
        }
    }

    /// Files that share at least half of their content, the most similar first.
    fn pair_similar(&mut self, repository: &Repository) {
        let mut pairs = self.similar_pairs(repository);
        pairs.sort_by(|a, b| {
            let order = b.similarity.total_cmp(&a.similarity).then(b.same_name.cmp(&a.same_name));
            order.then((a.added, a.deleted).cmp(&(b.added, b.deleted)))
        });
        for pair in pairs {
            self.pair(pair.added, pair.deleted);
        }
    }

    fn similar_pairs(&self, repository: &Repository) -> Vec<Pair> {
        if self.added.is_empty() || self.deleted.is_empty() {
            return Vec::new();
        }
        let outlines = self.outlines(repository);
        let origins =
            LineIndex::of(self.deleted.iter().filter_map(|place| Some((*place, outlines.get(place)?))));
        let by_name = self.deleted_by_name();
        let mut pairs = Vec::new();
        for &added in &self.added {
            let Some(outline) = outlines.get(&added) else { continue };
            let namesakes = by_name.get(self.files[added].path.file_name()).into_iter().flatten();
            let likely = origins.likely(outline);
            for deleted in likely.into_iter().chain(namesakes.copied().take(MOST_CANDIDATES)) {
                let similarity = outlines.get(&deleted).map_or(0.0, |origin| outline.similarity(origin));
                if similarity >= 0.5 {
                    pairs.push(Pair {
                        added,
                        deleted,
                        similarity,
                        same_name: self.same_name(added, deleted),
                    });
                }
            }
        }
        pairs
    }

    fn deleted_by_name(&self) -> HashMap<&[u8], Vec<usize>> {
        let mut by_name: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for &deleted in &self.deleted {
            by_name.entry(self.files[deleted].path.file_name()).or_default().push(deleted);
        }
        by_name
    }

    /// Reads as many files as the limit allows. One that cannot be read is not paired; whoever needs its content
    /// will learn why.
    fn outlines(&self, repository: &Repository) -> HashMap<usize, Outline> {
        let mut outlines = HashMap::new();
        let mut bytes = 0;
        for place in self.by_interest() {
            let file = &self.files[place];
            let version = file.head.iter().chain(file.base.iter().flatten()).next();
            let Some(version) = version.filter(|version| is_file(version)) else {
                continue;
            };
            if let Ok(Content::Bytes(content)) =
                repository.read(version, LARGEST_FILE.min(MOST_BYTES - bytes))
            {
                bytes += content.len() as u64;
                outlines.insert(place, Outline::of(&content));
            }
        }
        outlines
    }

    /// All files that are not paired, those first that have a counterpart of the same name.
    fn by_interest(&self) -> Vec<usize> {
        let names = |places: &BTreeSet<usize>| -> BTreeSet<&[u8]> {
            places.iter().map(|&place| self.files[place].path.file_name()).collect()
        };
        let (added, deleted) = (names(&self.added), names(&self.deleted));
        let mut places: Vec<usize> = self.added.union(&self.deleted).copied().collect();
        places.sort_by_key(|&place| {
            let name = self.files[place].path.file_name();
            (!(added.contains(name) && deleted.contains(name)), place)
        });
        places
    }
}

fn is_file(version: &Version) -> bool {
    matches!(version.mode, Mode::Regular | Mode::Executable)
}

/// What must be equal for two versions to be the same: the content, and whether it is that of a link.
fn identity(version: &Version) -> Option<(gix::ObjectId, bool)> {
    (version.mode != Mode::Submodule).then_some((version.id, version.mode == Mode::Symlink))
}

struct Pair {
    added: usize,
    deleted: usize,
    similarity: f64,
    same_name: bool,
}

/// The lines of a file as hashes, without their order.
struct Outline {
    /// From the hash of a line to the bytes that lines of this hash have in all.
    lines: BTreeMap<u64, u64>,
    size: u64,
}

impl Outline {
    /// Long lines are cut into pieces, so that an edit in a file of one line leaves something to compare.
    fn of(content: &[u8]) -> Self {
        let mut lines = BTreeMap::new();
        for piece in content.split_inclusive(|&byte| byte == b'\n').flat_map(|line| line.chunks(64)) {
            let mut hasher = DefaultHasher::new();
            hasher.write(piece);
            *lines.entry(hasher.finish()).or_default() += piece.len() as u64;
        }
        Outline { lines, size: content.len() as u64 }
    }

    /// The share of the larger file that both have.
    fn similarity(&self, other: &Outline) -> f64 {
        let shared: u64 = self
            .lines
            .iter()
            .filter_map(|(line, bytes)| other.lines.get(line).map(|other| other.min(bytes)))
            .sum();
        match self.size.max(other.size) {
            0 => 0.0,
            size => shared as f64 / size as f64,
        }
    }
}

/// From a line to the files that have it.
struct LineIndex {
    files: HashMap<u64, Vec<usize>>,
}

impl LineIndex {
    fn of<'a>(outlines: impl Iterator<Item = (usize, &'a Outline)>) -> Self {
        let mut files: HashMap<u64, Vec<usize>> = HashMap::new();
        for (place, outline) in outlines {
            for &line in outline.lines.keys() {
                let places = files.entry(line).or_default();
                if places.len() <= COMMON_LINE {
                    places.push(place);
                }
            }
        }
        files.retain(|_, places| places.len() <= COMMON_LINE);
        LineIndex { files }
    }

    /// The files that share the most with `outline`.
    fn likely(&self, outline: &Outline) -> Vec<usize> {
        let mut shared: BTreeMap<usize, u64> = BTreeMap::new();
        for (line, bytes) in &outline.lines {
            for &place in self.files.get(line).into_iter().flatten() {
                *shared.entry(place).or_default() += bytes;
            }
        }
        let mut places: Vec<(u64, usize)> = shared.into_iter().map(|(place, bytes)| (bytes, place)).collect();
        places.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        places.into_iter().take(MOST_CANDIDATES).map(|(_, place)| place).collect()
    }
}
