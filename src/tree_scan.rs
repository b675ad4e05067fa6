//! Files and folders as they are, without git.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ignore::{DirEntry, WalkBuilder};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::analysis::{self, Analyser, Analysis};
use crate::failure::Failure;
use crate::gate::add_file;
use crate::path::FilePath;
use crate::selection::{self, FIRST_LINE, is_script};
use crate::verdict::{Subject, Verdict};

/// How long a scan takes before its progress is shown.
const PATIENCE: Duration = Duration::from_millis(500);

/// A file to scan.
struct Candidate {
    path: PathBuf,
    /// Somebody named this very file: it is scanned whatever it is called.
    named: bool,
}

/// A file with what is known about it.
#[derive(Debug)]
pub struct Analysed {
    /// Where it is on disk.
    pub file: PathBuf,
    /// What reports call it.
    pub path: FilePath,
    pub analysis: Analysis,
}

/// Scans files and folders. Files that `.gitignore` and the like name are left out, as is `.git`.
///
/// # Errors
///
/// When a path does not exist or a folder cannot be read: not to look is not to pass.
pub fn scan(
    paths: &[PathBuf],
    analyser: &Analyser<'_>,
    policy_name: String,
    show_progress: bool,
) -> Result<Verdict, Failure> {
    let mut verdict = Verdict {
        subject: Subject::Tree(paths.iter().map(|path| path.display().to_string()).collect()),
        policy: policy_name,
        results: Vec::new(),
        unscannable: Vec::new(),
        remarks: Vec::new(),
        files: 0,
        gone: 0,
        disclosure: analyser.policy().disclosure,
    };
    for Analysed { path, analysis, .. } in analyse(paths, analyser, show_progress)? {
        verdict.files += 1;
        add_file(&mut verdict, analyser, path, analysis, None);
    }
    Ok(verdict)
}

/// Analyses the files that [`scan`] would judge, in the order of their paths.
///
/// # Errors
///
/// When a path does not exist or a folder cannot be read.
pub fn analyse(
    paths: &[PathBuf],
    analyser: &Analyser<'_>,
    show_progress: bool,
) -> Result<Vec<Analysed>, Failure> {
    let mut candidates = Vec::new();
    for path in paths {
        collect(path, &mut candidates)?;
    }
    candidates.sort_by(|a, b| a.path.cmp(&b.path));
    candidates.dedup_by(|later, earlier| {
        let same = later.path == earlier.path;
        earlier.named |= same && later.named;
        same
    });
    let bar = progress(candidates.len(), show_progress);
    let look = |candidate: &Candidate| {
        let analysed = analyse_file(candidate, analyser);
        bar.inc(1);
        analysed
    };
    let weight = |analysed: &Option<Analysed>| analysed.as_ref().map_or(0, |it| it.analysis.weight());
    let looked_at = analysis::of_first(&candidates, look, weight);
    bar.finish_and_clear();
    let left_out = candidates.get(looked_at.len()..).unwrap_or_default();
    let left_out = left_out.first().map(|first| Analysed {
        file: first.path.clone(),
        path: FilePath::from_os(&first.path),
        analysis: Analysis::left_out(left_out.len()),
    });
    Ok(looked_at.into_iter().flatten().chain(left_out).collect())
}

fn progress(files: usize, show: bool) -> ProgressBar {
    if !show {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::stderr_with_hz(10));
    if let Ok(style) = ProgressStyle::with_template("scanning {bar:30} {pos}/{len} files") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(PATIENCE);
    bar
}

fn collect(path: &Path, out: &mut Vec<Candidate>) -> Result<(), Failure> {
    let metadata = fs::metadata(path).map_err(|error| {
        Failure::usage(format!("cannot scan {}: {error}", path.display()))
            .with_help("name files or folders that exist; without any, the current folder is scanned")
    })?;
    if metadata.is_file() {
        out.push(Candidate { path: tidy(path), named: true });
        return Ok(());
    }
    let walk = WalkBuilder::new(path)
        .hidden(false)
        .require_git(false)
        .follow_links(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    for entry in walk {
        let entry = entry
            .map_err(|error| Failure::undecided(format!("cannot look into {}: {error}", path.display())))?;
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            out.push(Candidate { path: tidy(&DirEntry::into_path(entry)), named: false });
        }
    }
    Ok(())
}

/// `./src/a.py` is `src/a.py`.
fn tidy(path: &Path) -> PathBuf {
    path.strip_prefix(".").map_or_else(|_| path.to_path_buf(), Path::to_path_buf)
}

/// `None` when a file is not one that is scanned.
fn analyse_file(candidate: &Candidate, analyser: &Analyser<'_>) -> Option<Analysed> {
    let policy = analyser.policy();
    let path = FilePath::from_os(&candidate.path);
    let wanted = candidate.named || policy.selects_path(&path);
    if !wanted && policy.exclude.matches(&path) {
        return None;
    }
    if selection::is_byte_code(&path) {
        // Python writes it there by itself, and nobody brought it.
        let is_cache = candidate.path.parent().is_some_and(|folder| folder.ends_with("__pycache__"));
        let analysis = Analysis::unread("it is byte code, which Python runs instead of a source");
        return (candidate.named || !is_cache).then(|| Analysed {
            file: candidate.path.clone(),
            path,
            analysis,
        });
    }
    let may_be_script = || !path.file_name().contains(&b'.') || is_executable(&candidate.path);
    let start = if wanted { Ok(Vec::new()) } else { first_line(&candidate.path) };
    let analysis = match start {
        Ok(start) if !wanted && !start.starts_with(b"#!") => return None,
        Ok(start) => match read(&candidate.path, policy.limits.file_size) {
            Ok(bytes) if wanted || is_script(&bytes) => analyser.analyse(&path, &bytes),
            Err(reason) if wanted || may_be_script() && selection::names_python(&start) => {
                Analysis::unread(reason)
            }
            _ => return None,
        },
        Err(reason) if may_be_script() => Analysis::unread(reason),
        Err(_) => return None,
    };
    Some(Analysed { file: candidate.path.clone(), path, analysis })
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

/// Other systems have no such bit.
#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    false
}

/// So much of a file as may be its first line.
fn first_line(path: &Path) -> Result<Vec<u8>, String> {
    let mut start = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(FIRST_LINE).read_to_end(&mut start));
    read.map(|_| start).map_err(|error| format!("it cannot be read: {error}"))
}

/// The bytes of a file, if they are no more than `limit`.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| format!("it cannot be read: {error}");
    let size = fs::metadata(path).map_err(cannot)?.len();
    if size > limit {
        return Err(format!("it has {size} bytes, and the limit is {limit} (limits: file-size)"));
    }
    fs::read(path).map_err(cannot)
}
