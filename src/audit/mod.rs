//! The audit of suppressions: all of them, who brought them and when, and whether they are still of use.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::analysis::{Analyser, Unread};
use crate::change_set::{Authorship, GitError, Repository};
use crate::escape;
use crate::failure::Failure;
use crate::path::FilePath;
use crate::policy::Marker;
use crate::suppression::{Date, Defect, Suppression, date};
use crate::tree_scan::{self, Analysed};

mod csv;
mod json;
mod markdown;
mod table;

pub use csv::render as csv;
pub use json::render as json;
pub use markdown::render as markdown;
pub use table::render as table;

/// All suppressions in some files and folders.
#[derive(Debug)]
pub struct Audit {
    /// By path and place.
    pub entries: Vec<Entry>,
    /// Files of which not everything is known, so that a suppression may be missing, or said to be of no use.
    pub unread: Vec<(FilePath, Unread)>,
    /// Why it is not known who brought some of them.
    pub unblamed: Option<GitError>,
    /// The day of the audit.
    pub today: Date,
}

/// A suppression with where it comes from.
#[derive(Debug, Clone)]
pub struct Entry {
    pub path: FilePath,
    pub suppression: Suppression,
    /// Who wrote the line it stands in; `None` where that is not committed or not known.
    pub brought: Option<Authorship>,
}

/// What a suppression is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It suppresses a finding.
    Active,
    /// There is nothing that it could suppress.
    Unused,
    /// Its day is over, or cannot be read.
    Expired,
    /// It has another defect, for which it suppresses nothing.
    Void,
}

/// What an audit can fail on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Its day is over, or cannot be read.
    Expired,
    /// All or some of the checks it names find nothing there.
    Unused,
    /// It does not say why.
    Unreasoned,
    /// It has any defect.
    Invalid,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 4] = [Status::Active, Status::Unused, Status::Expired, Status::Void];

    /// One word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Unused => "unused",
            Status::Expired => "expired",
            Status::Void => "void",
        }
    }
}

impl Entry {
    /// What the suppression is good for.
    pub fn status(&self) -> Status {
        if self.is(Kind::Expired) {
            Status::Expired
        } else if self.suppression.used {
            Status::Active
        } else if self.suppression.unused().is_some() {
            Status::Unused
        } else {
            Status::Void
        }
    }

    /// Whether the audit may have to fail on it.
    pub fn is(&self, kind: Kind) -> bool {
        let defects = self.suppression.reported();
        match kind {
            Kind::Invalid => !defects.is_empty(),
            Kind::Unused => self.suppression.unused().is_some(),
            Kind::Expired => {
                defects.iter().any(|it| matches!(it, Defect::Expired { .. } | Defect::MalformedDate { .. }))
            }
            Kind::Unreasoned => {
                let none = |defect: &Defect| {
                    matches!(
                        defect,
                        Defect::NoReason | Defect::ShortReason { .. } | Defect::Placeholder { .. }
                    )
                };
                let malformed = defects.contains(&Defect::Malformed);
                defects.iter().any(none) || self.suppression.reason.is_empty() && !malformed
            }
        }
    }

    /// What is wrong with it, in sentences that are safe to show.
    pub fn problems(&self) -> Vec<String> {
        let defects = self.suppression.reported().iter().map(ToString::to_string);
        defects.chain(self.suppression.unused()).collect()
    }

    /// What it names, safe to show.
    pub fn names(&self) -> String {
        if self.suppression.of_all {
            return "every check".to_owned();
        }
        let names = self.suppression.names.iter().map(|named| escape::visible(&named.written));
        names.collect::<Vec<_>>().join(", ")
    }

    /// The line it stands in.
    pub fn line(&self) -> u32 {
        self.suppression.region.start.line
    }

    /// The day on which it was brought.
    pub fn day(&self) -> Option<Date> {
        date::from_unix_seconds(self.brought.as_ref()?.seconds)
    }

    /// How many days ago that was.
    pub fn age(&self, today: Date) -> Option<i64> {
        Some(date::days_between(self.day()?, today).max(0))
    }
}

impl Audit {
    /// How many suppressions are to be failed on.
    pub fn failing(&self, kinds: &[Kind]) -> usize {
        self.entries.iter().filter(|entry| kinds.iter().any(|&kind| entry.is(kind))).count()
    }

    fn count(&self, status: Status) -> usize {
        self.entries.iter().filter(|entry| entry.status() == status).count()
    }

    /// `14 suppressions: 12 active, 2 unused`.
    fn summary(&self) -> String {
        let counts = Status::ALL.into_iter().map(|status| (self.count(status), status.as_str()));
        let counts = counts.filter(|&(count, _)| count > 0);
        let counts: Vec<String> = counts.map(|(count, word)| format!("{count} {word}")).collect();
        match self.entries.len() {
            0 => "no suppressions".to_owned(),
            1 => format!("1 suppression: {}", counts.join(", ")),
            total => format!("{total} suppressions: {}", counts.join(", ")),
        }
    }
}

/// Audits files and folders. With a repository, it is asked who brought each suppression.
///
/// # Errors
///
/// When a path does not exist or a folder cannot be read.
pub fn audit(
    paths: &[PathBuf],
    analyser: &Analyser<'_>,
    repository: Option<&Repository>,
    show_progress: bool,
) -> Result<Audit, Failure> {
    let analysed = tree_scan::analyse(paths, analyser, show_progress)?;
    let root = repository.and_then(Repository::work_tree).and_then(|root| root.canonicalize().ok());
    let repository = repository.zip(root.as_deref());
    let brought: Vec<Result<Vec<Option<Authorship>>, GitError>> =
        analysed.par_iter().map(|file| brought(file, repository)).collect();
    let mut audit =
        Audit { entries: Vec::new(), unread: Vec::new(), unblamed: None, today: analyser.today() };
    for (file, brought) in analysed.into_iter().zip(brought) {
        let brought = brought.unwrap_or_else(|error| {
            audit.unblamed.get_or_insert(error);
            Vec::new()
        });
        audit.add(file, brought);
    }
    Ok(audit)
}

impl Audit {
    fn add(&mut self, file: Analysed, brought: Vec<Option<Authorship>>) {
        let brought = brought.into_iter().chain(std::iter::repeat(None));
        for (suppression, brought) in ours(&file).zip(brought) {
            let (path, suppression) = (file.path.clone(), suppression.clone());
            self.entries.push(Entry { path, suppression, brought });
        }
        if let Some(problem) = file.analysis.problem {
            self.unread.push((file.path, problem));
        }
    }
}

/// The suppressions of a file without those of other tools that concern no finding.
fn ours(file: &Analysed) -> impl Iterator<Item = &Suppression> {
    let all = file.analysis.suppressions.iter();
    all.filter(|it| it.marker == Marker::Mergegate || it.used || !it.reported().is_empty())
}

/// Who brought the suppressions of a file.
fn brought(
    file: &Analysed,
    repository: Option<(&Repository, &Path)>,
) -> Result<Vec<Option<Authorship>>, GitError> {
    let lines: Vec<u32> = ours(file).map(|suppression| suppression.region.start.line - 1).collect();
    let place = || {
        let full = file.file.canonicalize().ok()?;
        let (repository, root) = repository?;
        let path = FilePath::from_os(full.strip_prefix(root).ok()?);
        Some((repository, path, std::fs::read(&full).ok()?))
    };
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    place().map_or(Ok(Vec::new()), |(repository, path, bytes)| repository.blame(&path, &bytes, &lines))
}
