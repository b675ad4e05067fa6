//! What the rest of a repository makes of the files that a change touches, so that what Python gets is not what was
//! scanned: symbolic links that lead to them, and attributes by which git writes something else to disk than it stores.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rustc_hash::FxHashMap;

use crate::change_set::{
    Attributes, ChangeSet, ChangedFile, Content, GitError, Head, Mode, Repository, Revisions, Version,
};
use crate::escape::visible;
use crate::path::FilePath;
use crate::policy::{Policy, Scope};
use crate::python::FileKind;
use crate::selection::is_script;

/// Why files cannot be known from what git stores under their names, by path.
pub type Unknown = BTreeMap<FilePath, String>;

/// No path is longer.
const MAX_LINK: u64 = 4096;

/// As many links are followed one after the other as Linux follows.
const MAX_HOPS: usize = 40;

/// How many steps are taken to find out where links lead. The author of a change can make very many.
const MAX_STEPS: usize = 20_000_000;

/// How many names a file may have through links before the others are left out: links in a circle give it any number.
const MAX_NAMES: usize = 256;

/// How large all `.gitattributes` together may be, in bytes.
const MAX_ATTRIBUTES: usize = 512 * 1024;

/// What is to be known of the head besides the changed files.
struct Surroundings<'s> {
    repository: &'s Repository,
    changes: &'s ChangeSet,
    policy: &'s Policy,
    /// All files of the head by path, where they are needed.
    all: Option<BTreeMap<FilePath, Version>>,
    unknown: Unknown,
}

/// The files that cannot be known from what git stores under their names.
pub fn unknown(
    repository: &Repository,
    revisions: &Revisions,
    changes: &ChangeSet,
    policy: &Policy,
) -> Result<Unknown, GitError> {
    // A change of plain modules and nothing else costs the same in a repository of any size.
    let is_plain = |file: &ChangedFile| {
        let plain = |version: &Version| {
            is_file(version)
                && policy.selects_path(&version.path)
                && FileKind::of(&version.path) == FileKind::Python
        };
        file.head.iter().all(plain) && !sources(file).any(Attributes::is_source)
    };
    let is_commit = matches!(revisions.head(), Head::Commit(_));
    let needs_all = policy.scope == Scope::All || !is_commit || !changes.files.iter().all(is_plain);
    let by_path = |version: Version| (version.path.clone(), version);
    let all = needs_all.then(|| repository.files_at_head(revisions)).transpose()?;
    let all = all.map(|all| all.into_iter().map(by_path).collect());
    let mut surroundings = Surroundings { repository, changes, policy, all, unknown: Unknown::new() };
    surroundings.look_at_links()?;
    surroundings.look_at_attributes(revisions)?;
    Ok(surroundings.unknown)
}

/// The paths that a file has and had.
fn sources(file: &ChangedFile) -> impl Iterator<Item = &FilePath> {
    file.base.iter().flatten().map(|version| &version.path).chain([&file.path])
}

fn is_file(version: &Version) -> bool {
    matches!(version.mode, Mode::Regular | Mode::Executable)
}

/// A symbolic link of the head.
struct Link {
    path: FilePath,
    /// As it is written there.
    target: Vec<u8>,
    /// What it leads to in the end; `None` where it leaves the repository or goes in circles.
    place: Option<FilePath>,
    /// Whether the change makes it lead there.
    is_changed: bool,
}

impl Surroundings<'_> {
    /// A link with the name of a Python file is what Python imports, and nothing follows it. Where it leads to a file
    /// that is scanned under its own name, that is enough; where not, nobody knows what is behind it.
    fn look_at_links(&mut self) -> Result<(), GitError> {
        let links = self.links()?;
        let mut steps = MAX_STEPS;
        for link in links.iter().filter(|link| link.is_changed) {
            if let Some(reason) = self.behind_link(link, &mut steps) {
                self.unknown.insert(link.path.clone(), reason);
            }
        }
        let mut by_place: FxHashMap<&[u8], Vec<&Link>> = FxHashMap::default();
        for link in &links {
            let place = link.place.iter().map(FilePath::as_bytes);
            place.for_each(|place| by_place.entry(place).or_default().push(link));
        }
        if by_place.is_empty() {
            return Ok(());
        }
        for file in self.changes.files.iter().flat_map(|file| &file.head).filter(|version| is_file(version)) {
            for (name, link) in other_names(&file.path, &by_place) {
                if self.is_scanned_as(&name, &file.path) {
                    continue;
                }
                let (path, reason) = if name == link.path {
                    (name, link.reason())
                } else {
                    let reason =
                        format!("the symbolic link {} makes it {name}, and it is not scanned", link.path);
                    (file.path.clone(), reason)
                };
                self.unknown.entry(path).or_insert(reason);
            }
        }
        Ok(())
    }

    /// Whether what is scanned at `path` covers what Python gets under `name`.
    fn is_scanned_as(&self, name: &FilePath, path: &FilePath) -> bool {
        let (as_named, as_stored) = (FileKind::of(name), FileKind::of(path));
        let is_covered = as_stored == FileKind::Python || as_stored == as_named;
        !self.policy.selects_path(name) || self.policy.selects_path(path) && is_covered
    }

    /// Why nobody knows what is behind a link.
    fn behind_link(&self, link: &Link, steps: &mut usize) -> Option<String> {
        let (all, place) = (self.all.as_ref()?, link.place.as_ref());
        let file = place.and_then(|place| all.get(place));
        if self.policy.selects_path(&link.path) {
            let is_scanned =
                file.is_some_and(|file| is_file(file) && self.is_scanned_as(&link.path, &file.path));
            return (!is_scanned).then(|| link.reason());
        }
        let folder = [place?.as_bytes(), b"/"].concat();
        // Of a link to the whole repository.
        let folder = if folder == b"/" { Vec::new() } else { folder };
        let below = all.range(FilePath::from_bytes(folder.clone())..);
        for (path, version) in below.take_while(|(path, _)| path.as_bytes().starts_with(&folder)) {
            let Some(left) = steps.checked_sub(1) else {
                return Some("there are too many files behind symbolic links".to_owned());
            };
            *steps = left;
            let rest = &path.as_bytes()[folder.len()..];
            let name = FilePath::from_bytes([link.path.as_bytes(), b"/", rest].concat());
            if is_file(version) && !self.is_scanned_as(&name, path) {
                return Some(format!("{}: it makes {path} {name}", link.reason()));
            }
        }
        None
    }

    /// All links of the head, and where they lead.
    fn links(&self) -> Result<Vec<Link>, GitError> {
        let changed: BTreeSet<&FilePath> =
            self.changes.files.iter().flat_map(|file| &file.head).map(|version| &version.path).collect();
        let all = self.all.iter().flat_map(BTreeMap::values);
        let mut targets: FxHashMap<&[u8], Vec<u8>> = FxHashMap::default();
        for version in all.filter(|version| version.mode == Mode::Symlink) {
            match self.repository.read(version, MAX_LINK) {
                Ok(Content::Bytes(target)) => targets.insert(version.path.as_bytes(), target),
                Ok(Content::TooLarge { .. }) => targets.insert(version.path.as_bytes(), Vec::new()),
                Err(error) if changed.contains(&version.path) => return Err(error),
                // A partial clone has not everything that it does not check out.
                Err(_) => None,
            };
        }
        let mut steps = MAX_STEPS;
        let mut links = Vec::new();
        for (&path, target) in &targets {
            let path = FilePath::from_bytes(path);
            let (place, through) = follow(&targets, path.as_bytes(), &mut steps);
            let is_changed = self.policy.scope == Scope::All
                || steps == 0
                || through.iter().any(|link| changed.contains(link));
            links.push(Link { path, target: target.clone(), place, is_changed });
        }
        links.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(links)
    }
}

impl Link {
    fn reason(&self) -> String {
        let target = FilePath::from_bytes(self.target.clone());
        format!("it is a symbolic link to {target}, which is not scanned")
    }
}

/// What a link leads to in the end, if that is in the repository, and the links on the way, itself among them.
fn follow(
    targets: &FxHashMap<&[u8], Vec<u8>>,
    link: &[u8],
    steps: &mut usize,
) -> (Option<FilePath>, Vec<FilePath>) {
    let mut place: Vec<&[u8]> = Vec::new();
    let mut ahead: VecDeque<&[u8]> = link.split(|&b| b == b'/').collect();
    let mut through = Vec::new();
    while let Some(part) = ahead.pop_front() {
        *steps = steps.saturating_sub(1 + place.len());
        match part {
            b"" | b"." => continue,
            b".." if place.pop().is_some() => continue,
            b".." => return (None, through),
            part => place.push(part),
        }
        let here = place.join(&b'/');
        let Some(target) = targets.get(&here[..]) else { continue };
        through.push(FilePath::from_bytes(here));
        if through.len() > MAX_HOPS || target.is_empty() || target.starts_with(b"/") || *steps == 0 {
            return (None, through);
        }
        place.pop();
        target.rsplit(|&b| b == b'/').for_each(|part| ahead.push_front(part));
    }
    (Some(FilePath::from_bytes(place.join(&b'/'))), through)
}

/// The names that a file has through links, each with the first link on the way.
fn other_names<'l>(path: &FilePath, by_place: &FxHashMap<&[u8], Vec<&'l Link>>) -> Vec<(FilePath, &'l Link)> {
    let mut known = BTreeSet::from([path.clone()]);
    let mut found = Vec::new();
    let mut open = VecDeque::from([path.clone()]);
    while let Some(name) = open.pop_front() {
        let name = name.as_bytes();
        let slashes = name.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let cuts = slashes.chain([name.len()]).map(|end| (&name[..end], name[end..].to_vec()));
        // A link may lead to the whole repository, too.
        for (place, rest) in cuts.chain([(&b""[..], [b"/", name].concat())]) {
            for link in by_place.get(place).into_iter().flatten() {
                let other = FilePath::from_bytes([link.path.as_bytes(), &rest].concat());
                let is_one_more = found.len() < MAX_NAMES && other.as_bytes().len() as u64 <= MAX_LINK;
                if is_one_more && known.insert(other.clone()) {
                    open.push_back(other.clone());
                    found.push((other, *link));
                }
            }
        }
    }
    found
}

impl Surroundings<'_> {
    fn look_at_attributes(&mut self, revisions: &Revisions) -> Result<(), GitError> {
        let head = self.attributes_at_head(revisions)?;
        let edited: Vec<&ChangedFile> =
            self.changes.files.iter().filter(|file| sources(file).any(Attributes::is_source)).collect();
        if !head.iter().any(|(_, content)| Attributes::matter(content)) {
            return Ok(());
        }
        if head.iter().map(|(_, content)| content.len()).sum::<usize>() > MAX_ATTRIBUTES {
            for file in edited {
                let reason = format!("all .gitattributes together have more than {MAX_ATTRIBUTES} bytes");
                self.unknown.insert(file.path.clone(), reason);
            }
            return Ok(());
        }
        let mut before = head.clone();
        before.retain(|(path, _)| !edited.iter().any(|file| file.path == *path));
        for version in edited
            .iter()
            .filter_map(|file| file.base.iter().flatten().next())
            .filter(|version| is_file(version))
        {
            before.extend(self.content(version)?.map(|content| (version.path.clone(), content)));
        }
        let (before, now) = (Attributes::of(before), Attributes::of(head));
        let changed: BTreeSet<&FilePath> = self.changes.files.iter().map(|file| &file.path).collect();
        let touched = self.changes.files.iter().flat_map(|file| &file.head);
        let untouched = self.all.iter().flat_map(BTreeMap::values);
        let untouched = untouched.filter(|version| {
            let may_differ = self.policy.scope == Scope::All
                || !edited.is_empty() && now.rewriting(&version.path) != before.rewriting(&version.path);
            !changed.contains(&version.path) && may_differ
        });
        let mut unknown = Unknown::new();
        for version in touched.chain(untouched).filter(|version| is_file(version)) {
            if let Some(reason) = self.rewritten(version, &now)? {
                unknown.insert(version.path.clone(), reason);
            }
        }
        self.unknown.append(&mut unknown);
        Ok(())
    }

    /// Why git does not write to disk what it stores of a file that is scanned.
    fn rewritten(&self, version: &Version, attributes: &Attributes) -> Result<Option<String>, GitError> {
        let rewriting = attributes.rewriting(&version.path);
        if self.policy.exclude.matches(&version.path) || rewriting == Default::default() {
            return Ok(None);
        }
        let Some(content) = self.content(version)? else { return Ok(None) };
        if !self.policy.include.matches(&version.path) && !is_script(&content) {
            return Ok(None);
        }
        if let Some(encoding) = rewriting.encoding {
            let encoding = visible(&encoding);
            return Ok(Some(format!(
                ".gitattributes have git write it to disk as {encoding} (working-tree-encoding)"
            )));
        }
        Ok((rewriting.substitutes && has_free_text(&content)).then(|| {
            "git archive puts a text of the commit into it (export-subst and `$Format:`)".to_owned()
        }))
    }

    /// `None` where the content is too large, which is said elsewhere.
    fn content(&self, version: &Version) -> Result<Option<Vec<u8>>, GitError> {
        Ok(match self.repository.read(version, self.policy.limits.file_size)? {
            Content::Bytes(content) => Some(content),
            Content::TooLarge { .. } => None,
        })
    }

    /// All `.gitattributes` that may say something of the files in question. git does not read one that is a link.
    fn attributes_at_head(&self, revisions: &Revisions) -> Result<Vec<(FilePath, Vec<u8>)>, GitError> {
        let sources: Vec<Version> = match &self.all {
            Some(all) => {
                all.values().filter(|version| Attributes::is_source(&version.path)).cloned().collect()
            }
            None => {
                let paths = self.changes.files.iter().map(|file| &file.path);
                let sources: BTreeSet<FilePath> = paths.flat_map(sources_for).collect();
                let found = sources.iter().map(|path| self.repository.at_head(revisions, path));
                found.filter_map(Result::transpose).collect::<Result<_, _>>()?
            }
        };
        let mut files = Vec::new();
        for version in sources.iter().filter(|version| is_file(version)) {
            files.extend(self.content(version)?.map(|content| (version.path.clone(), content)));
        }
        Ok(files)
    }
}

/// The `.gitattributes` of the folders that a file is in.
fn sources_for(path: &FilePath) -> impl Iterator<Item = FilePath> {
    let path = path.as_bytes();
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at + 1);
    [0].into_iter().chain(slashes).map(|end| FilePath::from_bytes([&path[..end], b".gitattributes"].concat()))
}

/// What `git archive` may put in place of `$Format:…$`: hashes, dates and names of references.
const HARMLESS: &[&str] = &[
    "H",
    "h",
    "T",
    "t",
    "P",
    "p",
    "d",
    "D",
    "ad",
    "aD",
    "ar",
    "at",
    "ai",
    "aI",
    "as",
    "ah",
    "cd",
    "cD",
    "cr",
    "ct",
    "ci",
    "cI",
    "cs",
    "ch",
    "(describe",
];

/// Whether `git archive` puts anything else into a file.
fn has_free_text(content: &[u8]) -> bool {
    let text = String::from_utf8_lossy(content);
    let formats = text.split("$Format:").skip(1).filter_map(|rest| Some(rest.split_once('$')?.0));
    let mut fields = formats.flat_map(|format| format.split('%').skip(1));
    fields.any(|field| !HARMLESS.iter().any(|harmless| field.starts_with(harmless)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_dates_are_no_free_text() {
        assert!(!has_free_text(b"refs = \"$Format:%d$\"\nfull = \"$Format:%H %ci$\"\n$Id$ 100%s"));
        assert!(!has_free_text(b"x = \"$Format:%(describe:tags=true)$\""));
        for text in ["$Format:%B$", "$Format:%H%n%s$", "$Format:%x22$", "$Format:%an$", "$Format:%%$"] {
            assert!(has_free_text(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_link_is_followed_to_its_end() {
        let targets: FxHashMap<&[u8], Vec<u8>> = [
            ("a.py", "folder/../x.txt"),
            ("folder", "other/deep"),
            ("b.py", "./a.py"),
            ("out.py", "../x"),
            ("loop", "loop/x"),
        ]
        .into_iter()
        .map(|(path, target)| (path.as_bytes(), target.as_bytes().to_vec()))
        .collect();
        let place = |link: &str| {
            let (place, through) = follow(&targets, link.as_bytes(), &mut 10_000);
            (place.map(|place| place.to_string()), through.len())
        };
        assert_eq!(place("b.py"), (Some("other/x.txt".to_owned()), 3));
        assert_eq!(place("out.py"), (None, 1));
        assert_eq!(place("loop").0, None);
    }
}
