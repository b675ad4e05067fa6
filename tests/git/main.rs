//! Finding a change in real repositories.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

#[path = "../support/mod.rs"]
mod support;

mod blame;
mod clones;
mod commits;
mod environment;
mod hostile;
mod index;
mod renames;
mod sequence;

use std::process::Command;

use mergegate::change_set::{
    ChangeSet, ChangedFile, Content, GitError, Repository, Request, Revisions, Status, Version,
};
use mergegate::path::FilePath;
use support::TestRepo;

/// The change that `request` means, one line a file as `git diff --name-status` writes it.
fn changes(repo: &TestRepo, request: &Request) -> Vec<String> {
    change_set(repo, request).files.iter().map(line).collect()
}

fn change_set(repo: &TestRepo, request: &Request) -> ChangeSet {
    try_changes(repo, request).unwrap()
}

fn try_changes(repo: &TestRepo, request: &Request) -> Result<ChangeSet, GitError> {
    let repository = Repository::open(repo.path())?;
    let revisions = repository.resolve(request)?;
    repository.changes(&revisions)
}

fn resolve(repo: &TestRepo, request: &Request) -> Result<Revisions, GitError> {
    Repository::open(repo.path())?.resolve(request)
}

/// What stands in the way, and the advice.
fn failure(repo: &TestRepo, request: &Request) -> (String, String) {
    let error = try_changes(repo, request).unwrap_err();
    (error.message, error.help.unwrap_or_default())
}

fn line(file: &ChangedFile) -> String {
    let path = &file.path;
    match &file.status {
        Status::Added => format!("A {path}"),
        Status::Deleted => format!("D {path}"),
        Status::Modified => format!("M {path}"),
        Status::TypeChanged => format!("T {path}"),
        Status::Renamed { from } => format!("R {from} {path}"),
    }
}

fn between(base: &str, head: &str) -> Request {
    Request::between(base, head)
}

fn text(repo: &TestRepo, version: &Version) -> String {
    match Repository::open(repo.path()).unwrap().read(version, 1000).unwrap() {
        Content::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
        Content::TooLarge { size } => panic!("{size} bytes"),
    }
}

/// The contents of a file at its bases, then at the head.
fn texts(repo: &TestRepo, file: &ChangedFile) -> Vec<String> {
    file.base.iter().flatten().chain(&file.head).map(|version| text(repo, version)).collect()
}

fn path(path: &str) -> FilePath {
    FilePath::from_bytes(path)
}

#[track_caller]
fn assert_contains(text: &str, part: &str) {
    assert!(text.contains(part), "{part:?} is not in {text:?}");
}

/// Runs a test of this file, one that is ignored otherwise, in a process of its own: the environment and the
/// current folder belong to a whole process. Gives what it printed.
fn in_process(test: &str, repo: &TestRepo, environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]).current_dir(repo.path());
    command.envs(environment.iter().copied());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert_contains(&text, "1 passed");
    text
}

const LINES: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";
