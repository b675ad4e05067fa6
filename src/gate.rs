//! The gate over a change: both sides of every Python file that it touches, compared and judged. Where the policy
//! says `scope: all`, the other files of the head are judged, too.

use rustc_hash::FxHashSet;

use crate::analysis::{self, Analyser, Analysis};
use crate::baseline::{self, Before, Candidate, Comparison, Gone, Pair, Side, State};
use crate::change_set::{
    ChangeSet, Changed, ChangedFile, Content, GitError, Mode, Repository, Revisions, Status, Version,
    sequence_map,
};
use crate::escape;
use crate::finding::Finding;
use crate::path::FilePath;
use crate::policy::{Action, NewSuppression, Policy, Scope};
use crate::python::number;
use crate::selection::{self, is_script};
use crate::suppression::{self, Date, Suppression};
use crate::surroundings::{self, Unknown};
use crate::verdict::{self, Justification, Remark, Subject, UnscannableFile, Verdict};

/// One version of a file with what is known about it.
struct Read {
    path: FilePath,
    analysis: Analysis,
}

/// The versions of a file.
struct Versions {
    base: Vec<Option<Version>>,
    head: Option<Version>,
    /// Whether the change touches it.
    touched: bool,
}

/// The version at a merge base with what is known about it, as [`Before`] has it.
struct Earlier {
    read: Read,
    mended: Vec<bool>,
    untouched: Vec<bool>,
}

/// A file with what is known about both sides.
struct Compared {
    base: Vec<Option<Earlier>>,
    head: Option<Read>,
}

/// What the gate says of a change.
pub fn check(
    repository: &Repository,
    revisions: Revisions,
    analyser: &Analyser<'_>,
    policy_name: String,
    remarks: Vec<Remark>,
) -> Result<Verdict, GitError> {
    let changes = repository.changes(&revisions)?;
    let mut remarks = remarks;
    remarks.extend(remarks_on(&changes, &revisions, analyser.policy()));
    let unknown = surroundings::unknown(repository, &revisions, &changes, analyser.policy())?;
    let touched = |file: ChangedFile| Versions { base: file.base, head: file.head, touched: true };
    let mut files: Vec<Versions> = changes.files.into_iter().map(touched).collect();
    if analyser.policy().scope == Scope::All {
        add_untouched(&mut files, repository.files_at_head(&revisions)?);
    }
    let elsewhere = add_unknown(&files, &unknown);
    let reader = Reader { repository, analyser, unknown, since: repository.changed_since(&revisions)? };
    let looked_at = analysis::of_first(&files, |file| reader.both(file), weight);
    let left_out = files.get(looked_at.len()..).unwrap_or_default();
    let mut compared = looked_at.into_iter().collect::<Result<Vec<_>, _>>()?;
    compared.extend(Compared::left_out(left_out));
    compared.extend(elsewhere);
    compared.sort_by(|a, b| a.path().cmp(&b.path()));
    Ok(judge(analyser, compared, Subject::Change(revisions), policy_name, remarks))
}

/// Adds the files of the head that the change does not touch: they are the same on both sides.
fn add_untouched(files: &mut Vec<Versions>, all: Vec<Version>) {
    let touched: FxHashSet<FilePath> =
        files.iter().flat_map(|file| &file.head).map(|version| version.path.clone()).collect();
    let untouched = all.into_iter().filter(|version| !touched.contains(&version.path));
    files.extend(untouched.map(|version| Versions {
        base: vec![Some(version.clone())],
        head: Some(version),
        touched: false,
    }));
    files.sort_by(|a, b| a.path().cmp(&b.path()));
}

/// Files that the change leaves alone, and of which it makes something else all the same.
fn add_unknown(files: &[Versions], unknown: &Unknown) -> Vec<Compared> {
    let known: FxHashSet<&FilePath> =
        files.iter().flat_map(|file| &file.head).map(|version| &version.path).collect();
    let elsewhere = unknown.iter().filter(|(path, _)| !known.contains(path));
    let read = |(path, reason): (&FilePath, &String)| Read {
        path: path.clone(),
        analysis: Analysis::unread(reason),
    };
    elsewhere.map(|file| Compared { base: Vec::new(), head: Some(read(file)) }).collect()
}

impl Versions {
    fn path(&self) -> Option<&FilePath> {
        self.head.iter().chain(self.base.iter().flatten()).next().map(|version| &version.path)
    }
}

fn weight(compared: &Result<Compared, GitError>) -> usize {
    let base = compared.iter().flat_map(|file| file.base.iter().flatten().map(|earlier| &earlier.read));
    let head = compared.iter().flat_map(|file| &file.head);
    base.chain(head).map(|read| read.analysis.weight()).sum()
}

impl Compared {
    fn path(&self) -> Option<&FilePath> {
        let before = self.base.iter().flatten().map(|earlier| &earlier.read);
        self.head.iter().chain(before).next().map(|read| &read.path)
    }

    /// What stands for files that were not looked at; `None` where there are none.
    fn left_out(files: &[Versions]) -> Option<Compared> {
        let path = files.first()?.path()?.clone();
        let head = Read { path, analysis: Analysis::left_out(files.len()) };
        Some(Compared { base: Vec::new(), head: Some(head) })
    }
}

fn judge(
    analyser: &Analyser<'_>,
    files: Vec<Compared>,
    subject: Subject,
    policy_name: String,
    remarks: Vec<Remark>,
) -> Verdict {
    let policy = analyser.policy();
    let action = |finding: &Finding, path: &FilePath| {
        policy.decide(finding.check, finding.severity, finding.confidence, path).action
    };
    let stricter = |finding: &Finding, from: &FilePath, to: &FilePath| {
        strictness(action(finding, to)) > strictness(action(finding, from))
    };
    let pairs: Vec<Pair<'_>> = files.iter().map(pair).collect();
    let Comparison { states, gone } = baseline::compare(&pairs, &stricter);
    let is_known_to_be_gone = |gone: &&Gone<'_>| {
        let head = files[gone.file].head.as_ref();
        let is_read = head.is_none_or(|head| head.analysis.problem.is_none());
        is_read && action(gone.finding, gone.path) != Action::Off
    };
    let gone = gone.iter().filter(is_known_to_be_gone).count();
    let mut verdict = Verdict {
        subject,
        policy: policy_name,
        results: Vec::new(),
        unscannable: Vec::new(),
        remarks,
        files: files.iter().filter(|file| file.head.is_some()).count(),
        gone,
        disclosure: policy.disclosure,
    };
    for (file, states) in files.into_iter().zip(states) {
        let base: Vec<Suppression> =
            file.base.into_iter().flatten().flat_map(|earlier| earlier.read.analysis.suppressions).collect();
        if let Some(head) = file.head {
            add_file(&mut verdict, analyser, head.path, head.analysis, Some((states, &base)));
        }
    }
    verdict
}

/// Adds all that is to be said of one file. `base` is how its open findings relate to the base side, and the
/// suppressions there; `None` when there is no base side.
pub fn add_file(
    verdict: &mut Verdict,
    analyser: &Analyser<'_>,
    path: FilePath,
    analysis: Analysis,
    base: Option<(Vec<State>, &[Suppression])>,
) {
    let policy = analyser.policy();
    let Analysis { findings, covered_by, suppressions, problem, .. } = analysis;
    if let Some(problem) = problem {
        let file = verdict::judge_unscannable(policy, path.clone(), problem.reason, problem.at);
        // What other files keep from being looked at may be Python like any other.
        verdict.unscannable.push(UnscannableFile { blocks: file.blocks || problem.for_others, ..file });
    }
    let added = base.as_ref().map(|(_, base)| suppression::added(base, &suppressions)).unwrap_or_default();
    let states = base.map(|(states, _)| states).unwrap_or_default();
    // The reason was given for what stood there before.
    let edited =
        states.iter().zip(&covered_by).filter(|(state, _)| !matches!(state, State::Unchanged { .. }));
    let edited = edited.filter_map(|(_, covered)| suppressions.get((*covered)?));
    let added: FxHashSet<*const Suppression> =
        added.into_iter().chain(edited).map(std::ptr::from_ref).collect();
    let is_added = |suppression: &Suppression| added.contains(&std::ptr::from_ref(suppression));
    for suppression in &suppressions {
        verdict.remarks.extend(remarks_on_suppression(suppression, &path, analyser.today()));
        if is_added(suppression) {
            verdict.remarks.extend(new_suppression(policy, &path, suppression));
        }
    }
    let mut states = states.into_iter();
    for (finding, covered) in findings.into_iter().zip(covered_by) {
        let suppression = covered.and_then(|index| suppressions.get(index));
        let justification = suppression.map(|suppression| Justification {
            reason: suppression.reason.clone(),
            line: suppression.region.start.line,
            new: is_added(suppression),
        });
        let judged = verdict::judge(policy, &path, finding, states.next(), justification);
        verdict.results.extend(judged);
    }
}

/// What is wrong with a comment, or will be soon.
fn remarks_on_suppression(suppression: &Suppression, path: &FilePath, today: Date) -> Vec<Remark> {
    let remark = |id, message, action| Remark {
        id,
        path: Some(path.clone()),
        at: Some(suppression.region.start),
        message,
        action,
    };
    let defects = suppression.reported().iter();
    let mut remarks: Vec<Remark> =
        defects.map(|defect| remark("invalid-suppression", defect.to_string(), Action::Warn)).collect();
    if let Some(message) = suppression.unused() {
        remarks.push(remark("unused-suppression", message, Action::Warn));
    }
    if let Some(days) = suppression.expiring(today) {
        let message = match days {
            0 => "This suppression counts today for the last time.".to_owned(),
            1 => "This suppression expires in 1 day.".to_owned(),
            days => format!("This suppression expires in {days} days."),
        };
        remarks.push(remark("expiring-suppression", message, Action::Off));
    }
    remarks
}

/// A suppression that the change adds or widens is a decision for the reviewer to see.
fn new_suppression(policy: &Policy, path: &FilePath, suppression: &Suppression) -> Option<Remark> {
    let action = match policy.suppressions.new_in_change {
        NewSuppression::Allow => return None,
        NewSuppression::Warn => Action::Warn,
        NewSuppression::Block => Action::Block,
    };
    if !suppression.used {
        return None;
    }
    let names: Vec<String> = suppression.names.iter().map(|named| escape::visible(&named.written)).collect();
    let what = if names.is_empty() { "every check".to_owned() } else { names.join(", ") };
    let end = suppression.until.map_or_else(String::new, |day| format!(" until {day}"));
    Some(Remark {
        id: "new-suppression",
        path: Some(path.clone()),
        at: Some(suppression.region.start),
        message: format!("This change justifies {what}{end}: {}", escape::visible(&suppression.reason)),
        action,
    })
}

fn pair(file: &Compared) -> Pair<'_> {
    let base = file.base.iter().map(|earlier| earlier.as_ref().map(before));
    Pair { base: base.collect(), head: file.head.as_ref().map(side) }
}

fn before(earlier: &Earlier) -> Before<'_> {
    Before { side: side(&earlier.read), mended: &earlier.mended, untouched: &earlier.untouched }
}

fn side(read: &Read) -> Side<'_> {
    let analysis = &read.analysis;
    let candidates = analysis.findings.iter().zip(&analysis.covered_by);
    let candidates = candidates.map(|(finding, covered)| Candidate { finding, justified: covered.is_some() });
    Side { path: &read.path, outline: &analysis.outline, findings: candidates.collect() }
}

fn strictness(action: Action) -> u8 {
    match action {
        Action::Off => 0,
        Action::Warn => 1,
        Action::Block => 2,
    }
}

struct Reader<'r> {
    repository: &'r Repository,
    analyser: &'r Analyser<'r>,
    unknown: Unknown,
    /// What the base has changed since each merge base.
    since: Vec<Changed>,
}

impl Reader<'_> {
    fn both(&self, file: &Versions) -> Result<Compared, GitError> {
        let read = |version: &Option<Version>| {
            version.as_ref().map_or(Ok(None), |version| self.read(version, file.touched))
        };
        let base = || file.base.iter().map(read).collect::<Result<Vec<_>, _>>();
        let head = || file.head.as_ref().map_or(Ok(None), |version| self.read_head(version, file.touched));
        let (base, head) = rayon::join(base, head);
        let head = head?;
        let earlier = |(index, read): (usize, Option<Read>)| {
            read.map(|read| self.earlier(file, index, read, head.as_ref())).transpose()
        };
        let base = base?.into_iter().enumerate().map(earlier).collect::<Result<_, _>>()?;
        Ok(Compared { base, head })
    }

    /// A finding at the merge base excuses nothing where the base has mended it since: the author of the change chose
    /// the merge base. Only where a merge takes what was mended it must not be held against the change.
    fn earlier(
        &self,
        file: &Versions,
        index: usize,
        read: Read,
        head: Option<&Read>,
    ) -> Result<Earlier, GitError> {
        let mended = match self.since.get(index).and_then(|changed| changed.get(&read.path)) {
            Some(version) if !read.analysis.findings.is_empty() => self.mended(&read, version.as_ref())?,
            _ => Vec::new(),
        };
        let in_question = mended.contains(&true) || file.base.len() > 1;
        let untouched = match (file.base[index].as_ref(), file.head.as_ref(), head) {
            (Some(old), Some(new), Some(head)) if in_question && old.path == new.path => {
                self.untouched(old, new, &head.analysis.findings)?
            }
            _ => Vec::new(),
        };
        Ok(Earlier { read, mended, untouched })
    }

    fn mended(&self, read: &Read, at_base: Option<&Version>) -> Result<Vec<bool>, GitError> {
        let at_base = at_base.map_or(Ok(None), |version| self.read(version, true))?;
        let gone = || vec![true; read.analysis.findings.len()];
        Ok(at_base.map_or_else(gone, |at_base| baseline::mended(&side(read), &side(&at_base))))
    }

    /// Which findings stand on lines that are the same in an older version.
    fn untouched(&self, old: &Version, new: &Version, findings: &[Finding]) -> Result<Vec<bool>, GitError> {
        let limit = self.analyser.policy().limits.file_size;
        let lines = |version| match self.repository.read(version, limit)? {
            Content::Bytes(bytes) => Ok(bytes.split(|&byte| byte == b'\n').map(number).collect()),
            Content::TooLarge { .. } => Ok(Vec::new()),
        };
        let (old, new): (Vec<u64>, Vec<u64>) = (lines(old)?, lines(new)?);
        let hunks = sequence_map(&old, &new);
        let is_untouched = |finding: &Finding| {
            let (start, end) = (finding.statement.start.line - 1, finding.statement.end.line);
            let next = hunks.partition_point(|hunk| hunk.new.end <= start);
            hunks.get(next).is_none_or(|hunk| hunk.new.start >= end)
        };
        Ok(findings.iter().map(is_untouched).collect())
    }

    fn read_head(&self, version: &Version, touched: bool) -> Result<Option<Read>, GitError> {
        let path = &version.path;
        let policy = self.analyser.policy();
        let reason = self.unknown.get(path).cloned();
        let unreadable = || {
            let what = match version.mode {
                Mode::Submodule if policy.selects_path(path) => {
                    "it is a submodule, in which nothing was scanned"
                }
                Mode::Regular | Mode::Executable
                    if selection::is_byte_code(path) && !policy.exclude.matches(path) =>
                {
                    "it is byte code, which Python runs instead of a source"
                }
                _ => return None,
            };
            Some(what.to_owned())
        };
        match reason.or_else(unreadable) {
            Some(reason) => Ok(Some(Read { path: path.clone(), analysis: Analysis::unread(reason) })),
            None => self.read(version, touched),
        }
    }

    /// Whether a file over the limit is a Python script by its first line, or too large even to tell.
    fn may_be_large_script(&self, version: &Version) -> Result<bool, GitError> {
        if !may_be_script(version) {
            return Ok(false);
        }
        Ok(match self.repository.read(version, MAX_LARGE_SCRIPT)? {
            Content::Bytes(bytes) => selection::names_python(&bytes),
            Content::TooLarge { .. } => true,
        })
    }

    /// `None` when a version is not one that is scanned.
    fn read(&self, version: &Version, touched: bool) -> Result<Option<Read>, GitError> {
        let policy = self.analyser.policy();
        let path = &version.path;
        let is_file = matches!(version.mode, Mode::Regular | Mode::Executable);
        let is_wanted = || policy.include.matches(path) || touched || may_be_script(version);
        if !is_file || policy.exclude.matches(path) || !is_wanted() {
            return Ok(None);
        }
        let limit = policy.limits.file_size;
        let analysis = match self.repository.read(version, limit)? {
            Content::TooLarge { size } => {
                if !policy.include.matches(path) && !self.may_be_large_script(version)? {
                    return Ok(None);
                }
                let reason = format!("it has {size} bytes, and the limit is {limit} (limits: file-size)");
                Analysis::unread(reason)
            }
            Content::Bytes(bytes) => {
                if !policy.include.matches(path) && !is_script(&bytes) {
                    return Ok(None);
                }
                self.analyser.analyse(path, &bytes)
            }
        };
        Ok(Some(Read { path: path.clone(), analysis }))
    }
}

/// Scripts mostly have no ending, or can be run. The others are looked for only where a change touches them: to read all
/// files of a repository for their first lines takes too long.
fn may_be_script(version: &Version) -> bool {
    version.mode == Mode::Executable || !version.path.file_name().contains(&b'.')
}

/// How large a file that may be a script may be for its first line to be read all the same, in bytes.
const MAX_LARGE_SCRIPT: u64 = 64 << 20;

/// What a reviewer must know of the change as a whole.
fn remarks_on(changes: &ChangeSet, revisions: &Revisions, policy: &Policy) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if revisions.is_empty() {
        remarks.push(Remark {
            id: "nothing-to-compare",
            path: None,
            at: None,
            message: format!(
                "{} is part of the history of {}: there is no change to look at. `--worktree` looks at what is not \
                 committed.",
                revisions.head_name, revisions.base_name
            ),
            action: Action::Warn,
        });
    }
    let is_submodule = |file: &&ChangedFile| {
        file.status != Status::Deleted
            && file.head.as_ref().is_some_and(|version| version.mode == Mode::Submodule)
    };
    remarks.extend(changes.files.iter().filter(is_submodule).map(|file| {
        let what = match file.status {
            Status::Modified => "This submodule now stands at another commit",
            _ => "The change adds this submodule",
        };
        Remark {
            id: "submodule",
            path: Some(file.path.clone()),
            at: None,
            message: format!("{what}; what is in it was not scanned."),
            action: Action::Warn,
        }
    }));
    let is_compiled = |version: &&Version| {
        selection::is_compiled_module(&version.path) && !policy.exclude.matches(&version.path)
    };
    remarks.extend(changes.files.iter().flat_map(|file| &file.head).filter(is_compiled).map(|version| {
        Remark {
            id: "compiled-module",
            path: Some(version.path.clone()),
            at: None,
            message: "The change brings this compiled module; what is in it was not scanned.".to_owned(),
            action: Action::Warn,
        }
    }));
    remarks
}
