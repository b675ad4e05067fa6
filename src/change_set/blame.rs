//! Which commit brought a line.

use gix::bstr::ByteSlice;
use gix::diff::Rewrites;
use gix::diff::blob::pipeline::{Mode, WorktreeRoots};
use gix::worktree::stack::state::attributes::Source;

use super::error::GitError;
use super::finder::FULL_HISTORY;
use super::repository::Repository;
use super::revisions::Request;
use super::tree;
use crate::escape;
use crate::path::FilePath;

/// The commit that brought a line as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorship {
    /// The full hash.
    pub commit: String,
    /// The name of the author. Safe to show.
    pub author: String,
    /// When it was written, in seconds since 1970.
    pub seconds: i64,
}

/// How many files a commit may have added and deleted for renames among them to be followed.
const RENAME_LIMIT: usize = 100;

impl Repository {
    /// Who brought each of `lines`, counted from 0, in the history of HEAD. `content` is the file as it is now.
    /// None for a line that is not committed. Renames are followed, and attributes of the files are not heeded.
    pub fn blame(
        &self,
        path: &FilePath,
        content: &[u8],
        lines: &[u32],
    ) -> Result<Vec<Option<Authorship>>, GitError> {
        let nobody = || Ok(vec![None; lines.len()]);
        let Some(&head) = self.resolve(&Request::staged())?.bases.first() else { return nobody() };
        let git = self.walker();
        let problem = |error| {
            let error = GitError::caused_by(format!("cannot find out who wrote {path}"), &error);
            if git.is_shallow().unwrap_or(false) { error.with_help(FULL_HISTORY) } else { error }
        };
        let head_tree = git.find_commit(head).and_then(|commit| commit.tree_id().map(gix::Id::detach));
        if lines.is_empty() || tree::find(&git, head_tree.map_err(problem)?, path)?.is_none() {
            return nobody();
        }
        let blamed = blame_file(&git, head, path, content, lines).map_err(problem)?;
        lines.iter().map(|&line| authorship(&git, &blamed, line).map_err(problem)).collect()
    }
}

fn blame_file(
    git: &gix::Repository,
    head: gix::ObjectId,
    path: &FilePath,
    content: &[u8],
    lines: &[u32],
) -> gix::Result<gix::blame::Outcome> {
    // With the attributes of an empty index no file is binary, and none has a driver.
    let no_files = gix::index::State::new(git.object_hash());
    let attributes = git.attributes_only(&no_files, Source::IdMapping)?.detach();
    let mut cache = gix::diff::resource_cache(git, Mode::ToGit, attributes, WorktreeRoots::default())?;
    let ranges = lines.iter().map(|&line| line + 1..=line + 1).collect();
    let options = gix::blame::Options {
        ranges: gix::blame::BlameRanges::from_one_based_inclusive_ranges(ranges)?,
        rewrites: Some(Rewrites { limit: RENAME_LIMIT, ..Rewrites::default() }),
        ..gix::blame::Options::default()
    };
    let start = gix::blame::Start::Contents { first_suspect: head, contents: content.into() };
    let graph = git.commit_graph_if_enabled()?;
    gix::blame::file(&git.objects, start, graph, &mut cache, path.as_bytes().as_bstr(), options)
}

fn authorship(
    git: &gix::Repository,
    blamed: &gix::blame::Outcome,
    line: u32,
) -> gix::Result<Option<Authorship>> {
    let entry = blamed.entries.iter().find(|entry| entry.range_in_blamed_file().contains(&(line as usize)));
    let Some(commit) = entry.map(|entry| entry.commit_id).filter(|commit| !commit.is_null()) else {
        return Ok(None);
    };
    let object = git.find_commit(commit)?;
    let author = object.author()?;
    Ok(Some(Authorship {
        commit: commit.to_string(),
        author: escape::visible(&author.name.to_str_lossy()),
        seconds: author.time()?.seconds,
    }))
}
