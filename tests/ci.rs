//! Which change the environment of each CI system is about. The commits of a real repository are in `tests/git.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;

use mergegate::change_set::{Base, Target};
use mergegate::ci;

const BASE: &str = "ba5e000000000000000000000000000000000001";
const HEAD: &str = "4ead000000000000000000000000000000000002";
const MERGE: &str = "3e46e00000000000000000000000000000000003";
const ZERO: &str = "0000000000000000000000000000000000000000";

/// The choices for an environment, one line each: `base..target: rule`. `EVENT` in it is the text of the event.
fn choices(environment: &str) -> Vec<String> {
    let shorten = |text: &str| text.replace(BASE, "BASE").replace(HEAD, "HEAD").replace(MERGE, "MERGE");
    let Some(request) = request(environment) else { return vec!["none".to_owned()] };
    let choices = request.choices.iter();
    choices
        .map(|choice| {
            shorten(&format!("{}..{}: {}", base(&choice.base), target(&choice.target), choice.rule))
        })
        .collect()
}

fn request(environment: &str) -> Option<mergegate::change_set::Request> {
    let expand = |text: &str| {
        text.replace("$BASE", BASE).replace("$HEAD", HEAD).replace("$MERGE", MERGE).replace("$ZERO", ZERO)
    };
    let mut variables: BTreeMap<String, String> = environment
        .lines()
        .filter_map(|line| line.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), expand(value)))
        .collect();
    let event = variables.remove("EVENT");
    if event.is_some() {
        variables.insert("GITHUB_EVENT_PATH".to_owned(), "event.json".to_owned());
    }
    ci::request(&variables, &|path| event.clone().filter(|_| path == "event.json"))
}

fn base(base: &Base) -> String {
    match base {
        Base::Revision(name) => format!("named {name}"),
        Base::Commit(hash) => hash.clone(),
        Base::RemoteBranch(name) => format!("origin/{name}"),
        Base::DefaultBranch => "default".to_owned(),
        Base::FirstParent { merge, merged } => format!("{merge}^1 of {merged}"),
        Base::Nothing => "nothing".to_owned(),
    }
}

fn target(target: &Target) -> String {
    match target {
        Target::Revision(name) => format!("named {name}"),
        Target::Commit(hash) => hash.clone(),
        Target::Index => "index".to_owned(),
        Target::WorkTree => "work tree".to_owned(),
    }
}

fn check(name: &str, environment: &str, expected: &[&str]) {
    assert_eq!(choices(environment), expected, "{name}");
}

#[test]
fn no_ci_system_is_no_request() {
    check("empty", "", &["none"]);
    check("CI alone says nothing", "CI=true\nGITHUB_SHA=$HEAD\nPRE_COMMIT=0", &["none"]);
}

#[test]
fn github() {
    let pull_request = r#"{"pull_request":{"base":{"sha":"$BASE"},"head":{"sha":"$HEAD"}}}"#;
    let on = |name: &str, event: &str, more: &str| {
        format!("GITHUB_ACTIONS=true\nGITHUB_EVENT_NAME={name}\nEVENT={event}\n{more}")
    };
    check(
        "pull_request",
        &on("pull_request", pull_request, "GITHUB_SHA=$MERGE\nGITHUB_BASE_REF=main"),
        &[
            "MERGE^1 of HEAD..MERGE: GitHub pull_request: first parent of the merge commit",
            "BASE..HEAD: GitHub pull_request: the base and head of the event",
            "BASE..named HEAD: GitHub pull_request: the base of the event",
            "origin/main..named HEAD: GitHub pull_request: the target branch main",
        ],
    );
    check(
        "pull_request without an event believes no merge commit",
        "GITHUB_ACTIONS=true\nGITHUB_EVENT_NAME=pull_request\nGITHUB_SHA=$MERGE\nGITHUB_BASE_REF=main",
        &["origin/main..named HEAD: GitHub pull_request: the target branch main"],
    );
    check(
        "an event that is no JSON is no event",
        &on("pull_request", "{", "GITHUB_SHA=$MERGE\nGITHUB_BASE_REF=main"),
        &["origin/main..named HEAD: GitHub pull_request: the target branch main"],
    );
    check(
        "a name in the place of a hash is no hash",
        &on("pull_request_target", r#"{"pull_request":{"base":{"sha":"main"},"head":{"sha":"$HEAD"}}}"#, ""),
        &[],
    );
    check(
        "pull_request_target does not look at what is checked out",
        &on("pull_request_target", pull_request, "GITHUB_SHA=$BASE\nGITHUB_BASE_REF=main"),
        &["BASE..HEAD: GitHub pull_request_target: the base and head of the event"],
    );
    check(
        "merge_group",
        &on("merge_group", r#"{"merge_group":{"base_sha":"$BASE","head_sha":"$HEAD"}}"#, "GITHUB_SHA=$HEAD"),
        &["BASE..HEAD: GitHub merge_group: the base of the merge group"],
    );
    check(
        "schedule",
        &on("schedule", r#"{"repository":{"default_branch":"trunk"}}"#, "GITHUB_SHA=$HEAD"),
        &["origin/trunk..named HEAD: GitHub schedule: the default branch trunk"],
    );
    check(
        "workflow_dispatch without an event",
        "GITHUB_ACTIONS=true\nGITHUB_EVENT_NAME=workflow_dispatch",
        &["default..named HEAD: GitHub workflow_dispatch: the default branch"],
    );
}

#[test]
fn github_push() {
    let push = |git_ref: &str, before: &str| {
        let event =
            format!(r#"{{"ref":"{git_ref}","before":"{before}","repository":{{"default_branch":"main"}}}}"#);
        format!("GITHUB_ACTIONS=true\nGITHUB_EVENT_NAME=push\nGITHUB_SHA=$HEAD\nEVENT={event}")
    };
    check(
        "the commit before a push to another branch may be a part of the same change",
        &push("refs/heads/work", "$BASE"),
        &["origin/main..HEAD: GitHub push: the default branch main"],
    );
    check(
        "new branch",
        &push("refs/heads/work", "$ZERO"),
        &["origin/main..HEAD: GitHub push: the default branch main"],
    );
    check(
        "new tag",
        &push("refs/tags/v1", "$ZERO"),
        &["origin/main..HEAD: GitHub push: the default branch main"],
    );
    check(
        "the default branch is not its own base",
        &push("refs/heads/main", "$BASE"),
        &["BASE..HEAD: GitHub push: the commit before the push"],
    );
    check(
        "first push of the default branch",
        &push("refs/heads/main", "$ZERO"),
        &["nothing..HEAD: GitHub push: the first push, everything is new"],
    );
    check(
        "without an event",
        "GITHUB_ACTIONS=true\nGITHUB_EVENT_NAME=push\nGITHUB_SHA=$HEAD",
        &["default..HEAD: GitHub push: the default branch"],
    );
}

#[test]
fn gitea_and_forgejo_build_the_change_itself() {
    let event = r#"EVENT={"pull_request":{"base":{"sha":"$BASE"},"head":{"sha":"$HEAD"}}}"#;
    let common = format!("GITHUB_ACTIONS=true\nGITHUB_EVENT_NAME=pull_request\nGITHUB_SHA=$HEAD\n{event}");
    check(
        "Gitea",
        &format!("GITEA_ACTIONS=true\n{common}"),
        &[
            "BASE..HEAD: Gitea pull_request: the base and head of the event",
            "BASE..named HEAD: Gitea pull_request: the base of the event",
        ],
    );
    check(
        "Forgejo",
        &format!("FORGEJO_ACTIONS=true\nGITEA_ACTIONS=true\n{common}"),
        &[
            "BASE..HEAD: Forgejo pull_request: the base and head of the event",
            "BASE..named HEAD: Forgejo pull_request: the base of the event",
        ],
    );
}

#[test]
fn gitlab() {
    let common = "GITLAB_CI=true\nCI_COMMIT_SHA=$HEAD\nCI_DEFAULT_BRANCH=main\n";
    let merge_request = format!(
        "{common}CI_MERGE_REQUEST_IID=7\nCI_MERGE_REQUEST_DIFF_BASE_SHA=$BASE\nCI_COMMIT_BEFORE_SHA=$ZERO\n\
         CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main\n"
    );
    check(
        "merge request",
        &format!("{merge_request}CI_MERGE_REQUEST_EVENT_TYPE=detached\nCI_MERGE_REQUEST_TARGET_BRANCH_SHA="),
        &["origin/main..HEAD: GitLab merge request: the target branch main"],
    );
    for (event_type, name) in [("merged_result", "merged results"), ("merge_train", "merge train")] {
        let merged = merge_request.replace("CI_COMMIT_SHA=$HEAD", "CI_COMMIT_SHA=$MERGE");
        let branches = "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=$HEAD\nCI_MERGE_REQUEST_TARGET_BRANCH_SHA=$BASE";
        check(
            name,
            &format!("{merged}CI_MERGE_REQUEST_EVENT_TYPE={event_type}\n{branches}"),
            &[
                &format!("MERGE^1 of HEAD..MERGE: GitLab {name}: first parent of the merge commit"),
                &format!("BASE..MERGE: GitLab {name}: the head of the target branch"),
                &format!("origin/main..MERGE: GitLab {name}: the target branch main"),
            ],
        );
    }
    let branch = |name: &str, before: &str, source: &str| {
        format!("{common}CI_COMMIT_BRANCH={name}\nCI_COMMIT_BEFORE_SHA={before}\nCI_PIPELINE_SOURCE={source}")
    };
    check(
        "the commit before a push to another branch may be a part of the same change",
        &branch("work", "$BASE", "push"),
        &["origin/main..HEAD: GitLab push: the default branch main"],
    );
    check(
        "new branch",
        &branch("work", "$ZERO", "push"),
        &["origin/main..HEAD: GitLab push: the default branch main"],
    );
    check(
        "default branch",
        &branch("main", "$BASE", "push"),
        &["BASE..HEAD: GitLab push: the commit before the push"],
    );
    check(
        "first push of the default branch",
        &branch("main", "$ZERO", "push"),
        &["nothing..HEAD: GitLab push: the first push, everything is new"],
    );
    check(
        "schedule on the default branch",
        &branch("main", "$ZERO", "schedule"),
        &["origin/main..HEAD: GitLab schedule: the default branch main"],
    );
}

#[test]
fn hooks() {
    check(
        "a range",
        "PRE_COMMIT=1\nPRE_COMMIT_FROM_REF=$BASE\nPRE_COMMIT_TO_REF=HEAD",
        &["named BASE..named HEAD: pre-commit: PRE_COMMIT_FROM_REF and PRE_COMMIT_TO_REF"],
    );
    check(
        "a range on a CI system",
        "GITHUB_ACTIONS=true\nPRE_COMMIT=1\nPRE_COMMIT_FROM_REF=origin/main\nPRE_COMMIT_TO_REF=HEAD",
        &["named origin/main..named HEAD: pre-commit: PRE_COMMIT_FROM_REF and PRE_COMMIT_TO_REF"],
    );
    check("commit stage", "PRE_COMMIT=1", &["named HEAD..index: pre-commit: what is staged"]);
    check(
        "first push",
        "PRE_COMMIT=1\nPRE_COMMIT_REMOTE_BRANCH=refs/heads/main\nPRE_COMMIT_LOCAL_BRANCH=refs/heads/main",
        &["nothing..named refs/heads/main: pre-commit: the first push, everything is new"],
    );
    check(
        "zeros are no range",
        "PRE_COMMIT=1\nPRE_COMMIT_FROM_REF=$ZERO\nPRE_COMMIT_TO_REF=$HEAD\nPRE_COMMIT_REMOTE_BRANCH=refs/heads/main",
        &["nothing..named HEAD: pre-commit: the first push, everything is new"],
    );
    check(
        "the commit hook on a CI system has nothing staged",
        "CIRCLECI=true\nCIRCLE_SHA1=$HEAD\nPRE_COMMIT=1",
        &["default..HEAD: CircleCI: the default branch"],
    );
}

#[test]
fn other_systems() {
    check(
        "Azure Pipelines, pull request",
        "TF_BUILD=True\nBUILD_SOURCEVERSION=$MERGE\nSYSTEM_PULLREQUEST_TARGETBRANCH=refs/heads/main\n\
         SYSTEM_PULLREQUEST_SOURCECOMMITID=$HEAD",
        &[
            "MERGE^1 of HEAD..MERGE: Azure Pipelines: first parent of the merge commit",
            "origin/main..MERGE: Azure Pipelines: the target branch main",
        ],
    );
    check(
        "Azure Pipelines, branch",
        "TF_BUILD=True\nBUILD_SOURCEVERSION=$HEAD",
        &["default..HEAD: Azure Pipelines: the default branch"],
    );
    check(
        "Bitbucket, pull request",
        "BITBUCKET_BUILD_NUMBER=1\nBITBUCKET_PR_DESTINATION_COMMIT=ba5e00000000\n\
         BITBUCKET_PR_DESTINATION_BRANCH=main\nBITBUCKET_COMMIT=$HEAD",
        &[
            "ba5e00000000..named HEAD: Bitbucket: the head of the target branch",
            "origin/main..named HEAD: Bitbucket: the target branch main",
        ],
    );
    check(
        "Bitbucket, branch",
        "BITBUCKET_BUILD_NUMBER=1\nBITBUCKET_COMMIT=$HEAD",
        &["default..named HEAD: Bitbucket: the default branch"],
    );
    check(
        "Jenkins, change",
        "JENKINS_URL=http://ci/\nCHANGE_TARGET=main\nGIT_PREVIOUS_SUCCESSFUL_COMMIT=$BASE",
        &["origin/main..named HEAD: Jenkins: the target branch main"],
    );
    check(
        "Jenkins, branch: a build that did not succeed is no base",
        "JENKINS_URL=http://ci/\nBRANCH_IS_PRIMARY=true\nGIT_PREVIOUS_SUCCESSFUL_COMMIT=$BASE\n\
         GIT_PREVIOUS_COMMIT=$HEAD",
        &[
            "BASE..named HEAD: Jenkins: the last successful build",
            "default..named HEAD: Jenkins: the default branch",
        ],
    );
    check(
        "Jenkins, another branch: its last successful build may be a part of the same change",
        "JENKINS_URL=http://ci/\nBRANCH_NAME=work\nGIT_PREVIOUS_SUCCESSFUL_COMMIT=$BASE",
        &["default..named HEAD: Jenkins: the default branch"],
    );
    check(
        "Buildkite, pull request",
        "BUILDKITE=true\nBUILDKITE_COMMIT=$HEAD\nBUILDKITE_PULL_REQUEST_BASE_BRANCH=main",
        &["origin/main..HEAD: Buildkite: the target branch main"],
    );
    check(
        "Buildkite, branch",
        "BUILDKITE=true\nBUILDKITE_COMMIT=HEAD\nBUILDKITE_PULL_REQUEST_BASE_BRANCH=\n\
         BUILDKITE_PIPELINE_DEFAULT_BRANCH=trunk",
        &["origin/trunk..named HEAD: Buildkite: the default branch trunk"],
    );
    check(
        "Woodpecker, pull request",
        "CI=woodpecker\nCI_COMMIT_SHA=$HEAD\nCI_COMMIT_TARGET_BRANCH=main",
        &["origin/main..HEAD: Woodpecker: the target branch main"],
    );
    check(
        "Woodpecker, push",
        "CI=woodpecker\nCI_COMMIT_SHA=$HEAD\nCI_REPO_DEFAULT_BRANCH=main",
        &["origin/main..HEAD: Woodpecker: the default branch main"],
    );
}

#[test]
fn every_system_says_how_to_fetch_the_history() {
    for (environment, line) in [
        ("GITHUB_ACTIONS=true", "fetch-depth: 0"),
        ("GITLAB_CI=true", "GIT_DEPTH: \"0\""),
        ("TF_BUILD=True", "fetchDepth: 0"),
        ("BITBUCKET_BUILD_NUMBER=1", "depth: full"),
        ("CIRCLECI=true", "method: full"),
        ("JENKINS_URL=x", "shallow: false"),
        ("BUILDKITE=true", "--depth"),
        ("CI=woodpecker", "depth: 0"),
    ] {
        let history = request(environment).unwrap().full_history.unwrap();
        assert!(history.contains(line), "{environment}: {history}");
    }
}

#[test]
fn the_repository_has_an_address_where_the_system_names_one() {
    for (environment, address) in [
        (
            "GITHUB_SERVER_URL=https://example.com\nGITHUB_REPOSITORY=OWNER/REPO",
            Some("https://example.com/OWNER/REPO"),
        ),
        ("CI_PROJECT_URL=https://example.com/GROUP/PROJECT", Some("https://example.com/GROUP/PROJECT")),
        ("CI_PROJECT_URL=javascript:alert(1)", None),
        ("GITHUB_REPOSITORY=OWNER/REPO", None),
        ("", None),
    ] {
        let variables: BTreeMap<String, String> = environment
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(ci::repository(&variables).as_deref(), address, "{environment}");
    }
}
