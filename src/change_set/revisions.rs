//! From what was asked for ("the merge base of origin/main and HEAD") to commits.

use gix::ObjectId;

use super::error::GitError;
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
        let finder = Finder { git: self.local(), full_history };
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
        Ok(Revisions { bases, head, base_name, head_name, rule: choice.rule.clone() })
    }
}

/// Finds commits, and explains why one is not there.
pub(super) struct Finder<'a> {
    pub(super) git: gix::Repository,
    pub(super) full_history: Option<&'a str>,
}

/// Where the branch that changes are merged into is looked for, best first. Local branches come last: the
/// author of a change may have named theirs `main`.
const DEFAULT_BRANCHES: &[&str] = &[
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
];

impl Finder<'_> {
    fn base(&self, base: &Base) -> Result<(Option<ObjectId>, String), Unresolved> {
        match base {
            Base::Revision(spec) => Ok((Some(self.revision(spec)?), spec.clone())),
            Base::Commit(hash) => Ok((Some(self.hash(hash)?), hash.clone())),
            Base::RemoteBranch(name) => self.remote_branch(name),
            Base::DefaultBranch => self.default_branch(),
            Base::FirstParent { merge, merged } => self.first_parent(merge, merged),
            Base::Nothing => Ok((None, "nothing".to_owned())),
        }
    }

    /// The commit that a revision means, through annotated tags.
    pub(super) fn revision(&self, spec: &str) -> Result<ObjectId, Unresolved> {
        // A full hash is never a name, even if somebody pushed a branch that is called like it.
        if spec.len() == self.git.object_hash().len_in_hex()
            && spec.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            return self.hash(spec);
        }
        self.commit(self.named(spec)?, spec)
    }

    /// The commit with a hash that may be abbreviated.
    fn hash(&self, hash: &str) -> Result<ObjectId, Unresolved> {
        let found = gix::hash::Prefix::from_hex(hash)
            .and_then(|prefix| self.git.objects.lookup_prefix(prefix, None))
            .map_err(|error| GitError::caused_by(format!("cannot look up commit {hash}"), &error))?;
        match found {
            Some(Ok(id)) => self.commit(id, hash),
            Some(Err(())) => {
                Err(Unresolved::Failed(GitError::new(format!("several objects begin with {hash}"))))
            }
            None => Err(self.missing_commit(hash, hash)),
        }
    }

    fn named(&self, spec: &str) -> Result<ObjectId, Unresolved> {
        self.refuse_reftable(spec)?;
        if spec == "HEAD" && self.checked_out_commit()?.is_none() {
            return Err(Unresolved::Failed(
                GitError::new("HEAD has no commit: the repository is empty, or on a new branch")
                    .with_help("make a first commit, or check files without git: `mergegate scan`"),
            ));
        }
        self.git.rev_parse_single(spec).map(gix::Id::detach).map_err(|error| {
            let problem = format!("revision {spec} is not in this clone{}", self.shallowness());
            Unresolved::Missing(GitError::caused_by(problem, &error).with_help(self.how_to_fetch(spec)))
        })
    }

    fn commit(&self, id: ObjectId, name: &str) -> Result<ObjectId, Unresolved> {
        if !self.git.has_object(id) {
            let problem =
                format!("commit {} is not in this clone{}", named_hash(id, name), self.shallowness());
            return Err(Unresolved::Missing(GitError::new(problem).with_help(self.how_to_fetch(name))));
        }
        let object =
            self.git.find_object(id).and_then(|object| object.peel_to_kind(gix::object::Kind::Commit));
        let commit = object
            .map_err(|error| GitError::caused_by(format!("{name} is not a readable commit"), &error))?;
        Ok(commit.id)
    }

    fn missing_commit(&self, shown: &str, hash: &str) -> Unresolved {
        let problem = format!("commit {shown} is not in this clone{}", self.shallowness());
        Unresolved::Missing(GitError::new(problem).with_help(self.how_to_fetch(hash)))
    }

    /// The commit of HEAD; none before the first commit.
    fn checked_out_commit(&self) -> Result<Option<ObjectId>, GitError> {
        self.refuse_reftable("HEAD")?;
        let head = self.git.head().map_err(|error| GitError::caused_by("cannot read HEAD", &error))?;
        if head.is_unborn() {
            return Ok(None);
        }
        let commit = head
            .into_peeled_id()
            .map_err(|error| GitError::caused_by("HEAD is not a readable commit", &error))?;
        Ok(Some(commit.detach()))
    }

    fn remote_branch(&self, name: &str) -> Result<(Option<ObjectId>, String), Unresolved> {
        let shown = format!("origin/{name}");
        match self.reference(&format!("refs/remotes/origin/{name}"))? {
            Some(id) => Ok((Some(self.commit(id, &shown)?), shown)),
            None => Err(Unresolved::Missing(
                GitError::new(format!("the branch {shown} is not in this clone")).with_help(format!(
                    "run `git fetch origin +refs/heads/{name}:refs/remotes/origin/{name}` before mergegate"
                )),
            )),
        }
    }

    fn default_branch(&self) -> Result<(Option<ObjectId>, String), Unresolved> {
        for full_name in DEFAULT_BRANCHES {
            if let Some(id) = self.reference(full_name)? {
                let shown = full_name.trim_start_matches("refs/remotes/").trim_start_matches("refs/heads/");
                return Ok((Some(self.commit(id, shown)?), shown.to_owned()));
            }
        }
        Err(Unresolved::Missing(
            GitError::new("there is no origin/HEAD, main or master to compare with")
                .with_help("say what the change is based on: `--base REV`"),
        ))
    }

    fn reference(&self, full_name: &str) -> Result<Option<ObjectId>, GitError> {
        self.refuse_reftable(full_name)?;
        let problem = |error| GitError::caused_by(format!("cannot read the reference {full_name}"), &error);
        let Some(mut reference) = self.git.try_find_reference(full_name).map_err(problem)? else {
            return Ok(None);
        };
        reference.peel_to_id().map(|id| Some(id.detach())).map_err(problem)
    }

    fn first_parent(&self, merge: &str, merged: &str) -> Result<(Option<ObjectId>, String), Unresolved> {
        let id = self.hash(merge)?;
        let commit = self.git.find_commit(id);
        let commit =
            commit.map_err(|error| GitError::caused_by(format!("cannot read commit {merge}"), &error))?;
        let parents: Vec<ObjectId> = commit.parent_ids().map(gix::Id::detach).collect();
        match parents[..] {
            [first, second] if second.to_hex().to_string() == merged => {
                let shown = format!("{merge}^1");
                Ok((Some(self.commit(first, &shown)?), shown))
            }
            _ => Err(Unresolved::Missing(GitError::new(format!("{merge} is not a merge of {merged}")))),
        }
    }

    /// All best common ancestors. Fails where the part of the history that is not here could hold a better one.
    fn merge_bases(&self, base: (ObjectId, &str), head: (ObjectId, &str)) -> Result<Vec<ObjectId>, GitError> {
        let (base, base_name) = base;
        let (head, head_name) = head;
        let bases = self.git.merge_bases_many(head, &[base]).map_err(|error| {
            GitError::caused_by(format!("cannot find the merge base of {base_name} and {head_name}"), &error)
        })?;
        let bases: Vec<ObjectId> = bases.into_iter().map(gix::Id::detach).collect();
        let certain = bases.contains(&base) || bases.contains(&head);
        if let Some(cut) = if certain { None } else { self.cut_history(&[base, head], &bases)? } {
            return Err(GitError::new(format!(
                "the merge base of {base_name} and {head_name} is unknown: the history ends at commit {cut}{}",
                self.shallowness()
            ))
            .with_help(self.how_to_fetch(base_name)));
        }
        if bases.is_empty() {
            return Err(GitError::new(format!("{base_name} and {head_name} have no common ancestor"))
                .with_help("their histories are unrelated: give the right base with `--base REV`"));
        }
        Ok(bases)
    }

    /// A commit between `tips` and `bases` whose parents are not all here.
    fn cut_history(&self, tips: &[ObjectId], bases: &[ObjectId]) -> Result<Option<ObjectId>, GitError> {
        let problem = |error| GitError::caused_by("cannot walk the history", &error);
        let walk = self.git.rev_walk(tips.iter().copied()).with_hidden(bases.iter().copied());
        for commit in walk.all().map_err(problem)? {
            let commit = commit.map_err(problem)?;
            if commit.parent_ids.iter().any(|parent| !self.git.has_object(parent)) {
                return Ok(Some(commit.id));
            }
        }
        Ok(None)
    }

    /// Reftable is a format of references that the library does not read: it would see an empty repository.
    fn refuse_reftable(&self, name: &str) -> Result<(), GitError> {
        let format = self.git.config_snapshot().string("extensions.refStorage");
        if format.is_none_or(|format| format.as_slice() == b"files") {
            return Ok(());
        }
        Err(GitError::new(format!("cannot look up {name}: the references are stored in the reftable format"))
            .with_help("give full commit hashes, or run `git refs migrate --ref-format=files`"))
    }

    fn is_shallow(&self) -> bool {
        self.git.is_shallow().unwrap_or(false)
    }

    fn shallowness(&self) -> &'static str {
        if self.is_shallow() { ", which is shallow (its history is cut off)" } else { "" }
    }

    fn how_to_fetch(&self, name: &str) -> String {
        match (self.is_shallow(), self.full_history) {
            (true, Some(line)) => format!("fetch the whole history: {line}"),
            (true, None) => FULL_HISTORY.to_owned(),
            (false, _) => format!("fetch it before mergegate runs: `git fetch origin {name}`"),
        }
    }
}

const FULL_HISTORY: &str = "fetch the whole history:
GitHub Actions: `fetch-depth: 0` under `with:` of actions/checkout
GitLab CI: `GIT_DEPTH: \"0\"` under `variables:`
elsewhere: `git fetch --unshallow` before mergegate";

/// A hash with the name it was found by.
fn named_hash(id: ObjectId, name: &str) -> String {
    let hash = id.to_string();
    if hash == name { hash } else { format!("{hash} ({name})") }
}
