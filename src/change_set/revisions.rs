//! From what was asked for ("the merge base of origin/main and HEAD") to commits.

use gix::ObjectId;

use super::error::GitError;
use super::finder::Finder;
use super::repository::Repository;

/// The change to look at: one or more ways to say it, the best one first. A later one counts only where a
/// commit of the earlier ones is not in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub choices: Vec<Choice>,
    /// How this CI system is told to fetch the whole history, in one line. Without it, errors name the lines
    /// of the most common ones.
    pub full_history: Option<String>,
}

/// One way to say what the change is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub base: Base,
    pub target: Target,
    /// The rule that chose them, for people: "GitHub pull_request: first parent of the merge commit".
    pub rule: String,
}

/// What a change starts from. Its merge base with the target is the baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// A revision as `git rev-parse` reads it.
    Revision(String),
    /// A commit by its hash, perhaps abbreviated. A branch of that name does not count.
    Commit(String),
    /// A branch of the remote `origin`. A local branch of that name does not count, because the author of a
    /// change may have named theirs so.
    RemoteBranch(String),
    /// The first that exists of origin/HEAD, origin/main, origin/master, main and master.
    DefaultBranch,
    /// The first parent of a merge commit that the CI system made. `merged` is what it merged: if that is not the
    /// second parent, somebody else made the commit, and it does not count.
    FirstParent { merge: String, merged: String },
    /// No base: everything is new.
    Nothing,
}

/// What a change leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A revision as `git rev-parse` reads it.
    Revision(String),
    /// A commit by its hash, perhaps abbreviated. A branch of that name does not count.
    Commit(String),
    /// What the next commit would hold.
    Index,
    /// The files as they are on disk, untracked ones included and ignored ones not.
    WorkTree,
}

impl Request {
    /// The change from `base` to `head`, as somebody asked for it by name.
    pub fn between(base: &str, head: &str) -> Self {
        let rule = format!("{base} and {head}, as given");
        Request::only(Base::Revision(base.to_owned()), Target::Revision(head.to_owned()), &rule)
    }

    /// The change from the default branch to `head`.
    pub fn against_default_branch(head: &str) -> Self {
        Request::only(Base::DefaultBranch, Target::Revision(head.to_owned()), "no base was given")
    }

    /// HEAD against the index.
    pub fn staged() -> Self {
        Request::only(Base::Revision("HEAD".to_owned()), Target::Index, "what is staged")
    }

    /// HEAD against the files on disk.
    pub fn work_tree() -> Self {
        Request::only(Base::Revision("HEAD".to_owned()), Target::WorkTree, "the work tree")
    }

    fn only(base: Base, target: Target, rule: &str) -> Self {
        Request { choices: vec![Choice { base, target, rule: rule.to_owned() }], full_history: None }
    }
}

/// The commits of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revisions {
    /// The merge bases, best first: one, or several in a criss-cross history. None if everything is new.
    pub(super) bases: Vec<ObjectId>,
    /// The base itself: what the change is to be merged into. None if everything is new.
    pub(super) tip: Option<ObjectId>,
    pub(super) head: ResolvedHead,
    /// How the base was named ("origin/main"), for people.
    pub base_name: String,
    /// How the head was named ("HEAD", "the index"), for people.
    pub head_name: String,
    /// The rule that chose them, and what was not there to be chosen before them, for people.
    pub rule: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResolvedHead {
    Commit(ObjectId),
    Index,
    WorkTree,
}

/// What the head of a change is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// A commit, by its full hash.
    Commit(String),
    Index,
    WorkTree,
}

impl Revisions {
    /// The full hashes of the merge bases, best first.
    pub fn bases(&self) -> Vec<String> {
        self.bases.iter().map(ObjectId::to_string).collect()
    }

    /// The full hash of the base itself: what the change is to be merged into.
    pub fn base(&self) -> Option<String> {
        self.tip.map(|tip| tip.to_string())
    }

    /// The base by its name and the beginning of its hash, for people: `main (1a2b3c4d5e)`.
    pub fn base_shown(&self) -> String {
        self.base().map_or_else(|| self.base_name.clone(), |id| named(&self.base_name, &id))
    }

    /// The head in the same way; one that is no commit by its name alone.
    pub fn head_shown(&self) -> String {
        match self.head() {
            Head::Commit(id) => named(&self.head_name, &id),
            Head::Index | Head::WorkTree => self.head_name.clone(),
        }
    }

    /// What the head is.
    pub fn head(&self) -> Head {
        match self.head {
            ResolvedHead::Commit(id) => Head::Commit(id.to_string()),
            ResolvedHead::Index => Head::Index,
            ResolvedHead::WorkTree => Head::WorkTree,
        }
    }

    /// Whether the head is the base, or part of its history: there is nothing to compare, and a gate that
    /// passes then has looked at nothing.
    pub fn is_empty(&self) -> bool {
        matches!(self.head, ResolvedHead::Commit(head) if self.bases.contains(&head))
    }
}

fn named(name: &str, id: &str) -> String {
    let short = id.get(..10).unwrap_or(id);
    if id.starts_with(name) { short.to_owned() } else { format!("{name} ({short})") }
}

impl Repository {
    /// Finds the commits of the change that `request` asks for.
    pub fn resolve(&self, request: &Request) -> Result<Revisions, GitError> {
        let mut missing: Option<GitError> = None;
        for choice in &request.choices {
            match self.resolve_choice(choice, request.full_history.as_deref()) {
                Ok(mut revisions) => {
                    if let Some(reason) = missing {
                        revisions.rule = format!("{} (because {})", revisions.rule, reason.message);
                    }
                    return Ok(revisions);
                }
                Err(Unresolved::Missing(error)) => missing = Some(missing.unwrap_or(error)),
                Err(Unresolved::Failed(error)) => return Err(error),
            }
        }
        Err(missing.unwrap_or_else(|| {
            GitError::new("the CI system does not say which commits to compare")
                .with_help("name them: `--base REV --head REV`")
        }))
    }
}

/// Why a choice has no commits.
pub(super) enum Unresolved {
    /// A commit or reference is not here. The next choice may do.
    Missing(GitError),
    /// Another choice would only hide the failure.
    Failed(GitError),
}

impl From<GitError> for Unresolved {
    fn from(error: GitError) -> Self {
        Unresolved::Failed(error)
    }
}

impl Repository {
    fn resolve_choice(&self, choice: &Choice, full_history: Option<&str>) -> Result<Revisions, Unresolved> {
        let finder = Finder { git: self.walker(), full_history };
        let (head, head_name) = match &choice.target {
            Target::Revision(spec) => (ResolvedHead::Commit(finder.revision(spec)?), spec.clone()),
            Target::Commit(hash) => (ResolvedHead::Commit(finder.hash(hash)?), hash.clone()),
            Target::Index => (ResolvedHead::Index, "the index".to_owned()),
            Target::WorkTree => (ResolvedHead::WorkTree, "the work tree".to_owned()),
        };
        let (base, base_name) = match head {
            ResolvedHead::Commit(_) => finder.base(&choice.base)?,
            ResolvedHead::Index | ResolvedHead::WorkTree => (finder.checked_out_commit()?, "HEAD".to_owned()),
        };
        let bases = match (base, head) {
            (None, _) => Vec::new(),
            (Some(base), ResolvedHead::Commit(head)) => {
                finder.merge_bases((base, &base_name), (head, &head_name))?
            }
            (Some(base), ResolvedHead::Index | ResolvedHead::WorkTree) => vec![base],
        };
        Ok(Revisions { bases, tip: base, head, base_name, head_name, rule: choice.rule.clone() })
    }
}
