//! Finding the commits that names mean, and explaining why one is not there.

use gix::ObjectId;

use super::error::GitError;
use super::revisions::{Base, Unresolved};

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
    pub(super) fn base(&self, base: &Base) -> Result<(Option<ObjectId>, String), Unresolved> {
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
    pub(super) fn hash(&self, hash: &str) -> Result<ObjectId, Unresolved> {
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
        self.refuse_ambiguous(spec)?;
        self.git.rev_parse_single(spec).map(gix::Id::detach).map_err(|error| {
            let reason = error.probable_cause();
            let problem = format!("revision {spec} is not in this clone{}: {reason}", self.shallowness());
            let help = match self.is_shallow() {
                true => self.how_to_fetch(spec),
                false => "correct the name, or fetch it before mergegate runs: `git fetch origin`".to_owned(),
            };
            Unresolved::Missing(GitError::new(problem).with_help(help))
        })
    }

    /// Git takes a tag before a branch of the same name, with a warning that nobody reads in CI. Whoever may push
    /// a tag could choose what a change is compared with.
    fn refuse_ambiguous(&self, spec: &str) -> Result<(), Unresolved> {
        let name = spec.split(['~', '^', '@', ':']).next().unwrap_or(spec);
        let full_names = ["refs/tags/", "refs/heads/", "refs/remotes/"].map(|kind| format!("{kind}{name}"));
        // What is no valid name of a reference is none that could be meant.
        let meant = full_names.iter().filter_map(|full_name| {
            let mut reference = self.git.try_find_reference(full_name.as_str()).ok().flatten()?;
            Some((full_name, reference.peel_to_id().ok()?.detach()))
        });
        let meant: Vec<_> = meant.collect();
        match meant.as_slice() {
            [(one, id), .., (other, _)] if meant.iter().any(|(_, also)| also != id) => {
                let problem = format!("{spec} could mean {one} or {other}");
                let help = format!("write the name in full, for example {other}");
                Err(Unresolved::Failed(GitError::new(problem).with_help(help)))
            }
            _ => Ok(()),
        }
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
    pub(super) fn checked_out_commit(&self) -> Result<Option<ObjectId>, GitError> {
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
            None => {
                let fetch = format!("git fetch origin +refs/heads/{name}:refs/remotes/origin/{name}");
                let help = self.unless_shallow(format!("run `{fetch}` before mergegate"));
                let error = GitError::new(format!("the branch {shown} is not in this clone"));
                Err(Unresolved::Missing(error.with_help(help)))
            }
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
                .with_help(self.unless_shallow("say what the change is based on: `--base REV`".to_owned())),
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
            [first, second] if ObjectId::from_hex(merged.as_bytes()).is_ok_and(|merged| merged == second) => {
                let shown = format!("{merge}^1");
                Ok((Some(self.commit(first, &shown)?), shown))
            }
            _ => Err(Unresolved::Missing(GitError::new(format!("{merge} is not a merge of {merged}")))),
        }
    }

    /// All best common ancestors. Fails where the part of the history that is not here could hold a better one.
    pub(super) fn merge_bases(
        &self,
        base: (ObjectId, &str),
        head: (ObjectId, &str),
    ) -> Result<Vec<ObjectId>, GitError> {
        let (base, base_name) = base;
        let (head, head_name) = head;
        let bases = self.git.merge_bases_many(head, &[base]).map_err(|error| {
            GitError::caused_by(format!("cannot find the merge base of {base_name} and {head_name}"), &error)
        })?;
        let bases: Vec<ObjectId> = bases.into_iter().map(gix::Id::detach).collect();
        let certain = bases.contains(&base) || bases.contains(&head);
        if let Some(cut) = if certain { None } else { self.cut_history(&[base, head], &bases)? } {
            return Err(GitError::new(format!(
                "the merge base of {base_name} and {head_name} is unknown: a parent of {cut} is not in this clone{}",
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

    /// What to do about a missing branch. A CI system that cuts the history off leaves out the other branches, too, and
    /// with them alone the merge base would still be missing.
    fn unless_shallow(&self, help: String) -> String {
        match self.full_history {
            Some(line) if self.is_shallow() => format!("fetch the whole history: {line}"),
            _ => help,
        }
    }

    fn how_to_fetch(&self, name: &str) -> String {
        match (self.is_shallow(), self.full_history) {
            (true, Some(line)) => format!("fetch the whole history: {line}"),
            (true, None) => FULL_HISTORY.to_owned(),
            (false, _) => format!("fetch it before mergegate runs: `git fetch origin {name}`"),
        }
    }
}

/// For whom it is not known which CI system they use.
pub(super) const FULL_HISTORY: &str = "fetch the whole history:
GitHub Actions: `fetch-depth: 0` under `with:` of actions/checkout
GitLab CI: `GIT_DEPTH: \"0\"` under `variables:`
elsewhere: `git fetch --unshallow` before mergegate";

/// A hash with the name it was found by.
fn named_hash(id: ObjectId, name: &str) -> String {
    let hash = id.to_string();
    if hash == name { hash } else { format!("{hash} ({name})") }
}
