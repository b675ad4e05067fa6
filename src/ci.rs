//! Which change a CI system or a commit hook is about: a pure function of the environment.
//!
//! A wrong base makes a gate pass without looking. Two things are therefore never believed: a name where a hash is
//! meant, since the author of a change names their branches, and a merge commit whose second parent is not the head
//! of the change, since they can make one, too.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::change_set::{Base, Choice, Request, Target};

/// The change that the environment is about. None outside of CI systems and hooks. `read_event` gives the text of
/// the file that describes the event on GitHub and on those that follow it.
pub fn request(
    environment: &BTreeMap<String, String>,
    read_event: &dyn Fn(&str) -> Option<String>,
) -> Option<Request> {
    let environment = Environment { variables: environment, read_event };
    RULES.iter().find_map(|rule| rule(&environment))
}

/// The address of the repository on the web, by which reports link to its files.
pub fn repository(environment: &BTreeMap<String, String>) -> Option<String> {
    let environment = Environment { variables: environment, read_event: &|_| None };
    let address = match (environment.text("GITHUB_SERVER_URL"), environment.text("GITHUB_REPOSITORY")) {
        (Some(server), Some(repository)) => format!("{server}/{repository}"),
        _ => environment.text("CI_PROJECT_URL")?.to_owned(),
    };
    (address.starts_with("https://") || address.starts_with("http://")).then_some(address)
}

type Rule = fn(&Environment<'_>) -> Option<Request>;

/// The first rule that applies counts. Hooks that name a range come first, since they may run on a CI system; the
/// commit hook comes last, because a CI system that runs it has nothing staged.
const RULES: &[Rule] = &[
    hook_with_range,
    actions,
    gitlab,
    azure,
    bitbucket,
    circleci,
    jenkins,
    buildkite,
    woodpecker,
    hook_of_first_push,
    hook_of_commit,
];

struct Environment<'a> {
    variables: &'a BTreeMap<String, String>,
    read_event: &'a dyn Fn(&str) -> Option<String>,
}

impl Environment<'_> {
    /// A variable that is set to something.
    fn text(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.text(name).is_some_and(|text| text.eq_ignore_ascii_case(value))
    }

    /// A variable that holds the hash of a commit.
    fn commit(&self, name: &str) -> Option<String> {
        self.text(name).and_then(commit_hash)
    }

    /// A variable that holds the name of a branch, perhaps in full.
    fn branch(&self, name: &str) -> Option<String> {
        self.text(name).map(|name| name.strip_prefix("refs/heads/").unwrap_or(name).to_owned())
    }
}

/// A hash, perhaps abbreviated. Zeros stand for "no commit".
fn commit_hash(text: &str) -> Option<String> {
    let is_hash = (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hash && text.bytes().any(|byte| byte != b'0')).then(|| text.to_owned())
}

/// Collects the choices of one system.
struct Choices {
    system: String,
    choices: Vec<Choice>,
    full_history: &'static str,
}

impl Choices {
    fn new(system: impl Into<String>, full_history: &'static str) -> Self {
        Choices { system: system.into(), choices: Vec::new(), full_history }
    }

    fn add(&mut self, base: Base, target: &Target, rule: &str) {
        let rule = format!("{}: {rule}", self.system);
        self.choices.push(Choice { base, target: target.clone(), rule });
    }

    fn commit(&mut self, base: Option<String>, target: &Target, rule: &str) {
        if let Some(base) = base {
            self.add(Base::Commit(base), target, rule);
        }
    }

    /// The first parent of a merge commit of the CI system, which must have merged `merged`.
    fn merge(&mut self, merge: Option<&String>, merged: Option<String>) {
        if let (Some(merge), Some(merged)) = (merge, merged) {
            let base = Base::FirstParent { merge: merge.clone(), merged };
            self.add(base, &Target::Commit(merge.clone()), "first parent of the merge commit");
        }
    }

    fn branch(&mut self, base: Option<String>, target: &Target, rule: &str) {
        if let Some(base) = base {
            let rule = format!("{rule} {base}");
            self.add(Base::RemoteBranch(base), target, &rule);
        }
    }

    fn default_branch(&mut self, known: Option<String>, target: &Target) {
        match known {
            Some(_) => self.branch(known, target, "the default branch"),
            None => self.add(Base::DefaultBranch, target, "the default branch"),
        }
    }

    fn done(self) -> Option<Request> {
        Some(Request { choices: self.choices, full_history: Some(self.full_history.to_owned()) })
    }
}

fn checked_out() -> Target {
    Target::Revision("HEAD".to_owned())
}

/// The commit in a variable, else what is checked out.
fn head(commit: Option<String>) -> Target {
    commit.map_or_else(checked_out, Target::Commit)
}

// Hooks --------------------------------------------------------------------------------------------------------

const HOOK_HISTORY: &str = "`git fetch --unshallow`";

/// pre-commit and prek name a range before a push, and with `--from-ref` and `--to-ref`.
fn hook_with_range(environment: &Environment<'_>) -> Option<Request> {
    let range = |name| environment.text(name).filter(|text| !is_zero(text));
    let (from, to) = (range("PRE_COMMIT_FROM_REF")?, range("PRE_COMMIT_TO_REF")?);
    let mut choices = Choices::new("pre-commit", HOOK_HISTORY);
    let target = Target::Revision(to.to_owned());
    choices.add(Base::Revision(from.to_owned()), &target, "PRE_COMMIT_FROM_REF and PRE_COMMIT_TO_REF");
    choices.done()
}

/// A push that brings the first commit of a history has no range.
fn hook_of_first_push(environment: &Environment<'_>) -> Option<Request> {
    environment.text("PRE_COMMIT_REMOTE_BRANCH")?;
    let local = environment.text("PRE_COMMIT_LOCAL_BRANCH").unwrap_or("HEAD");
    let mut choices = Choices::new("pre-commit", HOOK_HISTORY);
    choices.add(Base::Nothing, &Target::Revision(local.to_owned()), "the first push, everything is new");
    choices.done()
}

fn hook_of_commit(environment: &Environment<'_>) -> Option<Request> {
    environment.is("PRE_COMMIT", "1").then(|| {
        let mut request = Request::staged();
        request.choices.iter_mut().for_each(|choice| choice.rule = "pre-commit: what is staged".to_owned());
        request
    })
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'0')
}

// GitHub Actions, Gitea, Forgejo -------------------------------------------------------------------------------

fn actions(environment: &Environment<'_>) -> Option<Request> {
    let system = match () {
        () if environment.is("FORGEJO_ACTIONS", "true") => "Forgejo",
        () if environment.is("GITEA_ACTIONS", "true") => "Gitea",
        () if environment.is("GITHUB_ACTIONS", "true") => "GitHub",
        () => return None,
    };
    let name = environment.text("GITHUB_EVENT_NAME").unwrap_or("event");
    let event = Event::read(environment);
    let choices =
        Choices::new(format!("{system} {name}"), "`fetch-depth: 0` under `with:` of actions/checkout");
    match name {
        "pull_request" | "pull_request_review" | "pull_request_review_comment" => {
            pull_request(environment, &event, choices)
        }
        "pull_request_target" => pull_request_target(&event, choices),
        "merge_group" => merge_group(environment, &event, choices),
        "push" => push(environment, &event, choices),
        _ => {
            let mut choices = choices;
            choices.default_branch(event.branch(DEFAULT_BRANCH), &checked_out());
            choices.done()
        }
    }
}

/// The file that describes an event; null if there is none.
struct Event(Value);

const DEFAULT_BRANCH: &str = "/repository/default_branch";

impl Event {
    fn read(environment: &Environment<'_>) -> Self {
        let text = environment.text("GITHUB_EVENT_PATH").and_then(environment.read_event);
        Event(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null))
    }

    fn commit(&self, pointer: &str) -> Option<String> {
        self.0.pointer(pointer).and_then(Value::as_str).and_then(commit_hash)
    }

    fn branch(&self, pointer: &str) -> Option<String> {
        let name = self.0.pointer(pointer).and_then(Value::as_str).filter(|name| !name.is_empty())?;
        Some(name.strip_prefix("refs/heads/").unwrap_or(name).to_owned())
    }
}

/// GitHub builds a merge of the change into its target; Gitea and Forgejo build the change itself. The base in the
/// event may be older than the one that was merged.
fn pull_request(environment: &Environment<'_>, event: &Event, mut choices: Choices) -> Option<Request> {
    let head_of_change = event.commit("/pull_request/head/sha");
    let base = event.commit("/pull_request/base/sha");
    if choices.system.starts_with("GitHub") {
        choices.merge(environment.commit("GITHUB_SHA").as_ref(), head_of_change.clone());
    }
    if let Some(head) = head_of_change {
        choices.commit(base.clone(), &Target::Commit(head), "the base and head of the event");
    }
    choices.commit(base, &checked_out(), "the base of the event");
    choices.branch(environment.branch("GITHUB_BASE_REF"), &checked_out(), "the target branch");
    choices.done()
}

/// Checked out is the target, not the change: what is checked out says nothing.
fn pull_request_target(event: &Event, mut choices: Choices) -> Option<Request> {
    if let Some(head) = event.commit("/pull_request/head/sha") {
        let base = event.commit("/pull_request/base/sha");
        choices.commit(base, &Target::Commit(head), "the base and head of the event");
    }
    choices.done()
}

fn merge_group(environment: &Environment<'_>, event: &Event, mut choices: Choices) -> Option<Request> {
    let target = head(event.commit("/merge_group/head_sha").or_else(|| environment.commit("GITHUB_SHA")));
    choices.commit(event.commit("/merge_group/base_sha"), &target, "the base of the merge group");
    choices.done()
}

/// The commit before a push is where the last change began only on the default branch: on another one it may be the
/// first half of the same change, which was judged before and did not pass.
fn push(environment: &Environment<'_>, event: &Event, mut choices: Choices) -> Option<Request> {
    let target = head(environment.commit("GITHUB_SHA"));
    let default_branch = event.branch(DEFAULT_BRANCH);
    let pushed = event.branch("/ref").or_else(|| environment.branch("GITHUB_REF"));
    let to_default = default_branch.is_some() && pushed == default_branch;
    let before = event.commit("/before");
    match to_default {
        true if before.is_some() => choices.commit(before, &target, BEFORE),
        true if event.0.pointer("/before").is_some() => choices.add(Base::Nothing, &target, FIRST),
        // The branch itself would be the base: nothing would be compared.
        true => {}
        false => choices.default_branch(default_branch, &target),
    }
    choices.done()
}

const BEFORE: &str = "the commit before the push";
const FIRST: &str = "the first push, everything is new";

// GitLab -------------------------------------------------------------------------------------------------------

fn gitlab(environment: &Environment<'_>) -> Option<Request> {
    environment.text("GITLAB_CI")?;
    let history = "`GIT_DEPTH: \"0\"` under `variables:`";
    match environment.text("CI_MERGE_REQUEST_IID") {
        Some(_) => gitlab_merge_request(environment, history),
        None => gitlab_branch(environment, history),
    }
}

/// A merged-results pipeline and a merge train build a merge of the change into its target, in a train after the
/// changes before it. Only they know the heads of both branches. The base of the diff, which all know, is where the author
/// of the change made it begin.
fn gitlab_merge_request(environment: &Environment<'_>, history: &'static str) -> Option<Request> {
    let kind = match environment.text("CI_MERGE_REQUEST_EVENT_TYPE") {
        Some("merged_result") => "merged results",
        Some("merge_train") => "merge train",
        _ => "merge request",
    };
    let mut choices = Choices::new(format!("GitLab {kind}"), history);
    let commit = environment.commit("CI_COMMIT_SHA");
    choices.merge(commit.as_ref(), environment.commit("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"));
    let target = head(commit);
    choices.commit(
        environment.commit("CI_MERGE_REQUEST_TARGET_BRANCH_SHA"),
        &target,
        "the head of the target branch",
    );
    choices.branch(environment.branch("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"), &target, "the target branch");
    choices.done()
}

fn gitlab_branch(environment: &Environment<'_>, history: &'static str) -> Option<Request> {
    let source = environment.text("CI_PIPELINE_SOURCE").unwrap_or("branch");
    let mut choices = Choices::new(format!("GitLab {source}"), history);
    let target = head(environment.commit("CI_COMMIT_SHA"));
    let before = environment.commit("CI_COMMIT_BEFORE_SHA");
    let default_branch = environment.branch("CI_DEFAULT_BRANCH");
    let on_default = default_branch.is_some() && environment.branch("CI_COMMIT_BRANCH") == default_branch;
    match on_default {
        true if before.is_some() => choices.commit(before, &target, BEFORE),
        true if source == "push" => choices.add(Base::Nothing, &target, FIRST),
        _ => choices.default_branch(default_branch, &target),
    }
    choices.done()
}

// Others -------------------------------------------------------------------------------------------------------

fn azure(environment: &Environment<'_>) -> Option<Request> {
    environment.text("TF_BUILD")?;
    let mut choices = Choices::new("Azure Pipelines", "`fetchDepth: 0` under `- checkout: self`");
    let commit = environment.commit("BUILD_SOURCEVERSION");
    let target_branch = environment.branch("SYSTEM_PULLREQUEST_TARGETBRANCH");
    if target_branch.is_some() {
        choices.merge(commit.as_ref(), environment.commit("SYSTEM_PULLREQUEST_SOURCECOMMITID"));
        choices.branch(target_branch, &head(commit), "the target branch");
    } else {
        choices.default_branch(None, &head(commit));
    }
    choices.done()
}

/// Before a pull request is built its target is merged into it, so the built commit is not the one that the
/// variables name.
fn bitbucket(environment: &Environment<'_>) -> Option<Request> {
    environment.text("BITBUCKET_BUILD_NUMBER")?;
    let mut choices = Choices::new("Bitbucket", "`depth: full` under `clone:`");
    let target_branch = environment.branch("BITBUCKET_PR_DESTINATION_BRANCH");
    if target_branch.is_some() {
        let commit = environment.commit("BITBUCKET_PR_DESTINATION_COMMIT");
        choices.commit(commit, &checked_out(), "the head of the target branch");
        choices.branch(target_branch, &checked_out(), "the target branch");
    } else {
        choices.default_branch(None, &checked_out());
    }
    choices.done()
}

/// No variable names a target.
fn circleci(environment: &Environment<'_>) -> Option<Request> {
    environment.text("CIRCLECI")?;
    let mut choices = Choices::new("CircleCI", "`method: full` under `- checkout:`");
    choices.default_branch(None, &head(environment.commit("CIRCLE_SHA1")));
    choices.done()
}

fn jenkins(environment: &Environment<'_>) -> Option<Request> {
    environment.text("JENKINS_URL")?;
    let history = "`extensions: [cloneOption(shallow: false)]` in the checkout step";
    let mut choices = Choices::new("Jenkins", history);
    let target_branch = environment.branch("CHANGE_TARGET");
    if target_branch.is_some() {
        choices.branch(target_branch, &checked_out(), "the target branch");
    } else {
        let successful = environment.commit("GIT_PREVIOUS_SUCCESSFUL_COMMIT");
        let on_default = environment.is("BRANCH_IS_PRIMARY", "true");
        choices.commit(successful.filter(|_| on_default), &checked_out(), "the last successful build");
        choices.default_branch(None, &checked_out());
    }
    choices.done()
}

fn buildkite(environment: &Environment<'_>) -> Option<Request> {
    environment.text("BUILDKITE")?;
    let mut choices = Choices::new("Buildkite", "no `--depth` in BUILDKITE_GIT_CLONE_FLAGS");
    let target = head(environment.commit("BUILDKITE_COMMIT"));
    let target_branch = environment.branch("BUILDKITE_PULL_REQUEST_BASE_BRANCH");
    if target_branch.is_some() {
        choices.branch(target_branch, &target, "the target branch");
    } else {
        choices.default_branch(environment.branch("BUILDKITE_PIPELINE_DEFAULT_BRANCH"), &target);
    }
    choices.done()
}

fn woodpecker(environment: &Environment<'_>) -> Option<Request> {
    if !environment.is("CI", "woodpecker") {
        return None;
    }
    let history = "`partial: false` and `depth: 0` under `settings:` of the clone step";
    let mut choices = Choices::new("Woodpecker", history);
    let target = head(environment.commit("CI_COMMIT_SHA"));
    let target_branch = environment.branch("CI_COMMIT_TARGET_BRANCH");
    if target_branch.is_some() {
        choices.branch(target_branch, &target, "the target branch");
    } else {
        choices.default_branch(environment.branch("CI_REPO_DEFAULT_BRANCH"), &target);
    }
    choices.done()
}
