//! Which policy counts: the one given by hand, else the one at the base of the change, else that of its head
//! where the base has none, else the built-in one. The base is the tip of the branch that the change is to be merged into,
//! not the merge base: which commit that is the author of the change chooses, and it may have had another policy.

use std::fs;
use std::path::{Path, PathBuf};

use crate::change_set::{Content, GitError, Mode, Repository, Revisions, Version};
use crate::failure::Failure;
use crate::path::FilePath;
use crate::policy::{Action, ExtendsSource, Policy, PolicyError};
use crate::scan;
use crate::verdict::Remark;

/// The names under which a policy is looked for; the first that exists counts.
pub const NAMES: [&str; 2] = [".mergegate.yml", ".mergegate.yaml"];

/// Nobody writes a larger policy.
const LARGEST_POLICY: u64 = 1024 * 1024;

/// A policy, and how a report names it.
#[derive(Debug)]
pub struct Found {
    pub policy: Policy,
    /// `.mergegate.yml at main (1a2b3c4)`.
    pub name: String,
    /// What a reviewer must know about it.
    pub remarks: Vec<Remark>,
}

/// How messages about a policy look.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub color: bool,
    pub ascii: bool,
}

fn invalid(error: &PolicyError, style: Style) -> Failure {
    Failure::Policy(error.render(style.color, style.ascii))
}

fn built_in(style: Style) -> Result<Policy, Failure> {
    Policy::recommended().map_err(|error| invalid(&error, style))
}

/// The policy in a file on disk. What it extends is looked for beside it.
pub fn from_file(path: &Path, style: Style) -> Result<Policy, Failure> {
    let text = read_text(path).map_err(Failure::usage)?;
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let resolve = |source: &ExtendsSource| match source {
        ExtendsSource::File(file) => read_text(&folder.join(file)),
        ExtendsSource::Revision { rev, path } => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
            let repository = Repository::open(folder).map_err(|error| error.message)?;
            text_at_revision(&repository, rev, path)
        }
    };
    Policy::parse(&path.display().to_string(), &text, &resolve).map_err(|error| invalid(&error, style))
}

fn read_text(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let size = fs::metadata(path).map_err(|error| format!("cannot read the policy {shown}: {error}"))?.len();
    if size > LARGEST_POLICY {
        return Err(format!("the policy {shown} has {size} bytes; more than {LARGEST_POLICY} are refused"));
    }
    fs::read_to_string(path).map_err(|error| format!("cannot read the policy {shown}: {error}"))
}

/// The policy for files on disk: the nearest one in `folder` or above it.
pub fn for_folder(folder: &Path, style: Style) -> Result<Found, Failure> {
    match nearest_file(folder) {
        Some(path) => {
            let name = path.display().to_string();
            Ok(Found { policy: from_file(&path, style)?, name, remarks: Vec::new() })
        }
        None => Ok(Found {
            policy: built_in(style)?,
            name: format!("recommended (there is no {})", NAMES[0]),
            remarks: Vec::new(),
        }),
    }
}

/// A policy does not count above the repository that the folder is in.
fn nearest_file(folder: &Path) -> Option<PathBuf> {
    let start = folder.canonicalize().ok()?;
    for folder in start.ancestors() {
        let found = NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file());
        if found.is_some() || folder.join(".git").exists() {
            return found;
        }
    }
    None
}

/// The policy given by hand.
pub fn given(path: &Path, style: Style) -> Result<Found, Failure> {
    let name = format!("{} (given with --policy)", path.display());
    Ok(Found { policy: from_file(path, style)?, name, remarks: Vec::new() })
}

/// Tries the checks that a policy declares on their examples.
///
/// # Errors
///
/// When one does not find what it should, or finds what it should not.
pub fn try_examples(policy: &Policy, style: Style) -> Result<(), Failure> {
    policy.try_examples(&scan::fires).map_err(|error| invalid(&error, style))
}

fn text(repository: &Repository, version: &Version) -> Result<String, String> {
    let path = &version.path;
    if !matches!(version.mode, Mode::Regular | Mode::Executable) {
        return Err(format!("{path} is no regular file"));
    }
    match repository.read(version, LARGEST_POLICY).map_err(|error| error.message)? {
        Content::TooLarge { size } => Err(format!("{path} has {size} bytes, too many for a policy")),
        Content::Bytes(bytes) => String::from_utf8(bytes).map_err(|_| format!("{path} is not UTF-8")),
    }
}

fn text_at_revision(repository: &Repository, rev: &str, path: &str) -> Result<String, String> {
    let version = repository.at_revision(rev, &FilePath::from_bytes(path)).map_err(|error| error.message)?;
    version.map_or_else(|| Err(format!("there is no {rev}:{path}")), |version| text(repository, &version))
}

/// One side of a change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SideOf {
    Base,
    /// Which of them, by index.
    MergeBase(usize),
    Head,
}

/// A policy with the name and the text of its file; `None` where there is none.
type AtSide = Option<(Policy, &'static str, String)>;

struct Sides<'r> {
    repository: &'r Repository,
    revisions: &'r Revisions,
    style: Style,
}

impl Sides<'_> {
    fn version(&self, side: SideOf, path: &str) -> Result<Option<Version>, GitError> {
        let path = FilePath::from_bytes(path);
        match side {
            SideOf::Base => self.repository.at_base(self.revisions, &path),
            SideOf::MergeBase(index) => {
                let versions = self.repository.at_merge_bases(self.revisions, &path)?;
                Ok(versions.into_iter().nth(index).flatten())
            }
            SideOf::Head => self.repository.at_head(self.revisions, &path),
        }
    }

    fn extended(&self, side: SideOf, source: &ExtendsSource) -> Result<String, String> {
        match source {
            ExtendsSource::File(path) => match self.version(side, path).map_err(|error| error.message)? {
                Some(version) => text(self.repository, &version),
                None => Err(format!("there is no {path}")),
            },
            ExtendsSource::Revision { rev, path } => text_at_revision(self.repository, rev, path),
        }
    }

    /// The policy of a side.
    fn policy(&self, side: SideOf) -> Result<AtSide, Failure> {
        for name in NAMES {
            let Some(version) = self.version(side, name)? else { continue };
            let text = text(self.repository, &version).map_err(Failure::usage)?;
            let policy = Policy::parse(name, &text, &|source| self.extended(side, source))
                .map_err(|error| invalid(&error, self.style))?;
            return Ok(Some((policy, name, text)));
        }
        Ok(None)
    }

    /// Whether the head has the policy of every merge base: if it is another than that of the base then, it is the base
    /// that changed it.
    fn leaves(&self, head: &AtSide) -> bool {
        let at_merge_base = |index| self.policy(SideOf::MergeBase(index));
        (0..self.revisions.bases().len())
            .all(|index| at_merge_base(index).is_ok_and(|before| differences(&before, head).is_none()))
    }
}

/// The policy for a change.
pub fn for_change(repository: &Repository, revisions: &Revisions, style: Style) -> Result<Found, Failure> {
    let sides = Sides { repository, revisions, style };
    let base = sides.policy(SideOf::Base)?;
    // A broken policy on the head side must not keep the base's policy from counting.
    let head = sides.policy(SideOf::Head);
    match (base, head) {
        (Some((policy, name, text)), head) => {
            let found_at = format!("{name} at {}", revisions.base_shown());
            let base = Some((policy.clone(), name, text));
            let remarks = edited(&sides, name, &base, head).into_iter().collect();
            Ok(Found { policy, name: found_at, remarks })
        }
        (None, Err(failure)) => Err(failure),
        (None, Ok(Some((policy, name, _)))) => Ok(Found {
            policy,
            name: format!("{name} of the change (the base has none)"),
            remarks: Vec::new(),
        }),
        (None, Ok(None)) => Ok(Found {
            policy: built_in(style)?,
            name: format!("recommended (there is no {})", NAMES[0]),
            remarks: Vec::new(),
        }),
    }
}

/// How many names, and how many differences, are told before the rest is only counted.
const MAX_NAMES: usize = 4;
const MAX_DIFFERENCES: usize = 6;

/// The differences in a few lines: a reviewer reads the policy itself for the rest.
fn told(differences: &[String]) -> String {
    let mut told: Vec<String> =
        differences.iter().take(MAX_DIFFERENCES).map(|line| shortened(line)).collect();
    if differences.len() > MAX_DIFFERENCES {
        told.push(format!("and {} more differences", differences.len() - MAX_DIFFERENCES));
    }
    told.join("; ")
}

/// `eval, exec and 98 more: block → warn`.
fn shortened(difference: &str) -> String {
    let Some((names, what)) = difference.rsplit_once(": ") else { return difference.to_owned() };
    let names: Vec<&str> = names.split(", ").collect();
    if names.len() <= MAX_NAMES + 1 {
        return difference.to_owned();
    }
    format!("{} and {} more: {what}", names[..MAX_NAMES].join(", "), names.len() - MAX_NAMES)
}

/// What changes from one policy to another in what they come to; `None` where they are the same to the letter.
fn differences(before: &AtSide, after: &AtSide) -> Option<Vec<String>> {
    match (before, after) {
        (None, None) => None,
        (Some((before, name, text)), Some((after, other_name, other_text))) => {
            let differences = crate::policy::difference(before, after);
            // The text may be the same although a file that it extends is not.
            let same = differences.is_empty() && text == other_text && name == other_name;
            (!same).then_some(differences)
        }
        _ => Some(Vec::new()),
    }
}

/// Says that the change edits the policy, which counts only once it is merged.
fn edited(sides: &Sides<'_>, name: &str, base: &AtSide, head: Result<AtSide, Failure>) -> Option<Remark> {
    let message = match head {
        Ok(head) => {
            let differences = differences(base, &head)?;
            if sides.leaves(&head) {
                return None;
            }
            let told = match differences.as_slice() {
                [] => "nothing changes by it".to_owned(),
                differences => told(differences),
            };
            match head {
                Some(_) => {
                    format!("This change edits the policy, which counts once it is merged: {told}.")
                }
                None => "This change removes the policy; the one of the base counts.".to_owned(),
            }
        }
        Err(_) => "This change breaks the policy: once merged, every run ends with exit code 2.".to_owned(),
    };
    Some(Remark {
        id: "policy-edited",
        path: Some(FilePath::from_bytes(name)),
        at: None,
        message,
        action: Action::Warn,
    })
}
