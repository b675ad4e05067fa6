//! Finding a change in real repositories.

mod support;

use mergegate::change_set::{
    ChangeSet, ChangedFile, Content, GitError, Repository, Request, Status, Version,
};
use mergegate::path::FilePath;
use support::TestRepo;

/// The change that `request` means, one line a file as `git diff --name-status` writes it.
fn changes(repo: &TestRepo, request: &Request) -> Result<Vec<String>, GitError> {
    let set = change_set(repo, request)?;
    Ok(set.files.iter().map(line).collect())
}

fn change_set(repo: &TestRepo, request: &Request) -> Result<ChangeSet, GitError> {
    let repository = Repository::open(repo.path())?;
    let revisions = repository.resolve(request)?;
    repository.changes(&revisions)
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

fn path(path: &str) -> FilePath {
    FilePath::from_bytes(path)
}

const LINES: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";

/// A base commit on main, and a branch `work` with one change of each kind. Main has moved on.
fn repo_with_work() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("keep.py", "keep\n")
        .write("edit.py", "old\n")
        .write("gone.py", "gone\n")
        .write("a/move.py", LINES);
    repo.commit("base");
    repo.branch("work").write("new.py", "new\n").write("edit.py", "edited\n").remove("gone.py");
    repo.remove("a/move.py").write("b/moved.py", LINES.replace("five", "FIVE"));
    repo.commit("work");
    repo.switch("main").write("main.py", "main\n").commit("main moves on");
    repo.switch("work");
    repo
}

#[test]
fn a_change_is_what_the_branch_did_since_the_merge_base() {
    let repo = repo_with_work();
    let expected = ["R a/move.py b/moved.py", "M edit.py", "D gone.py", "A new.py"];
    assert_eq!(changes(&repo, &between("main", "HEAD")).unwrap(), expected);
    assert_eq!(changes(&repo, &between("main", "work")).unwrap(), expected);
}

#[test]
fn versions_have_the_bytes_of_base_and_head() {
    let repo = repo_with_work();
    let set = change_set(&repo, &between("main", "work")).unwrap();
    let moved = &set.files[0];
    assert_eq!(text(&repo, &moved.base[0]), LINES);
    assert_eq!(moved.base[0].path, path("a/move.py"));
    assert_eq!(text(&repo, moved.head.as_ref().unwrap()), LINES.replace("five", "FIVE"));
    assert!(set.files[2].head.is_none());
    assert!(set.files[3].base.is_empty());
}
