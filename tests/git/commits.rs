//! Changes between commits of a complete repository.

use mergegate::change_set::{Base, Choice, Head, Mode, Target};

use super::*;

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

const WORK: [&str; 4] = ["R a/move.py b/moved.py", "M edit.py", "D gone.py", "A new.py"];

fn choose(choices: Vec<(Base, Target, &str)>) -> Request {
    let choices =
        choices.into_iter().map(|(base, target, rule)| Choice { base, target, rule: rule.to_owned() });
    Request { choices: choices.collect(), full_history: None }
}

fn head() -> Target {
    Target::Revision("HEAD".to_owned())
}

#[test]
fn a_change_is_what_the_branch_did_since_the_merge_base() {
    let repo = repo_with_work();
    assert_eq!(changes(&repo, &between("main", "HEAD")), WORK);
    assert_eq!(changes(&repo, &between("main", "work")), WORK);
    assert_eq!(changes(&repo, &between("work", "main")), ["A main.py"]);
}

#[test]
fn versions_have_the_bytes_of_base_and_head() {
    let repo = repo_with_work();
    let set = change_set(&repo, &between("main", "work"));
    let [moved, edited, gone, new] = &set.files[..] else { panic!("{set:?}") };
    assert_eq!(texts(&repo, moved), [LINES, &LINES.replace("five", "FIVE")]);
    assert_eq!(moved.base[0].as_ref().unwrap().path, path("a/move.py"));
    assert_eq!(texts(&repo, edited), ["old\n", "edited\n"]);
    assert_eq!(edited.head.as_ref().unwrap().hash(), repo.hash("work:edit.py"));
    assert_eq!((gone.base.len(), gone.head.is_none()), (1, true));
    assert_eq!((new.base.len(), new.head.is_some()), (0, true));
}

#[test]
fn a_version_over_the_limit_is_not_loaded() {
    let repo = TestRepo::new();
    repo.commit("base");
    repo.branch("work").write("big.py", "x".repeat(1000)).commit("work");
    let set = change_set(&repo, &between("main", "work"));
    let version = set.files[0].head.as_ref().unwrap();
    let repository = Repository::open(repo.path()).unwrap();
    assert_eq!(repository.read(version, 999).unwrap(), Content::TooLarge { size: 1000 });
    assert_eq!(repository.read(version, 1000).unwrap(), Content::Bytes(b"x".repeat(1000)));
}

#[test]
fn versions_are_read_from_many_threads() {
    let repo = TestRepo::new();
    repo.commit("base");
    repo.branch("work");
    for number in 0..200 {
        repo.write(format!("{number:03}.py"), format!("{number}\n"));
    }
    repo.commit("work");
    repo.git(&["repack", "-adq"]);
    let set = change_set(&repo, &between("main", "work"));
    let repository = Repository::open(repo.path()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (number, file) in set.files.iter().enumerate() {
                    let read = repository.read(file.head.as_ref().unwrap(), 100).unwrap();
                    assert_eq!(read, Content::Bytes(format!("{number}\n").into_bytes()));
                }
            });
        }
    });
}

#[test]
fn modes_are_reported_and_a_mode_alone_is_a_change() {
    let repo = TestRepo::new();
    repo.write("run.py", "x\n").write("link.py", "y\n").write("back.py", "z\n").commit("base");
    repo.git(&["update-index", "--chmod=+x", "run.py"]);
    let link = repo.git_with_input(&["hash-object", "-w", "--stdin"], b"/etc/passwd");
    repo.branch("work");
    repo.git(&["update-index", "--cacheinfo", &format!("120000,{link},link.py")]);
    repo.git(&["update-index", "--cacheinfo", &format!("160000,{},back.py", repo.hash("HEAD"))]);
    repo.commit_index("work");
    let set = change_set(&repo, &between("main", "work"));
    assert_eq!(set.files.iter().map(line).collect::<Vec<_>>(), ["T back.py", "T link.py", "M run.py"]);
    let modes: Vec<Mode> = set.files.iter().map(|file| file.head.as_ref().unwrap().mode).collect();
    assert_eq!(modes, [Mode::Submodule, Mode::Symlink, Mode::Executable]);
    assert_eq!(text(&repo, set.files[1].head.as_ref().unwrap()), "/etc/passwd");
    let repository = Repository::open(repo.path()).unwrap();
    let error = repository.read(set.files[0].head.as_ref().unwrap(), 100).unwrap_err();
    assert_eq!(error.message, "back.py is a submodule, not a file");
}

#[test]
fn a_file_may_become_a_folder_and_back() {
    let repo = TestRepo::new();
    repo.write("a", "file\n").write("b/x.py", "one\n").write("b/y.py", "two\n").commit("base");
    repo.branch("work").remove("a").write("a/z.py", "three\n");
    std::fs::remove_dir_all(repo.file("b")).unwrap();
    repo.write("b", "four\n").commit("work");
    assert_eq!(changes(&repo, &between("main", "work")), ["D a", "A a/z.py", "A b", "D b/x.py", "D b/y.py"]);
}

#[test]
fn detached_head_and_full_hashes() {
    let repo = repo_with_work();
    let (base, head) = (repo.hash("main"), repo.hash("work"));
    repo.git(&["checkout", "--quiet", "--detach", "work"]);
    assert_eq!(changes(&repo, &between("main", "HEAD")), WORK);
    assert_eq!(changes(&repo, &between(&base, &head)), WORK);
    assert_eq!(changes(&repo, &between(&base[..10], &head[..10])), WORK);
}

#[test]
fn an_annotated_tag_is_the_commit_it_is_on() {
    let repo = repo_with_work();
    repo.git(&["tag", "-a", "-m", "v1", "v1", "main"]);
    repo.git(&["tag", "-a", "-m", "v2", "v2", "v1"]);
    assert_eq!(changes(&repo, &between("v1", "work")), WORK);
    assert_eq!(changes(&repo, &between("v2", "work")), WORK);
}

#[test]
fn something_that_is_no_commit_is_refused() {
    let repo = repo_with_work();
    assert_contains(
        &failure(&repo, &between("main:edit.py", "work")).0,
        "main:edit.py is not a readable commit",
    );
    assert_contains(
        &failure(&repo, &between("main^{tree}", "work")).0,
        "main^{tree} is not a readable commit",
    );
    let (message, help) = failure(&repo, &between("nowhere", "work"));
    assert_contains(&message, "revision nowhere is not in this clone");
    assert_contains(&help, "correct the name, or fetch it");
    failure(&repo, &between("main..work", "work"));
    failure(&repo, &between("", "work"));
    failure(&repo, &between("--help", "work"));
}

#[test]
fn a_missing_base_is_named() {
    let repo = repo_with_work();
    let missing = "1234567890123456789012345678901234567890";
    let (message, help) = failure(&repo, &between(missing, "work"));
    assert_eq!(message, format!("commit {missing} is not in this clone"));
    assert_eq!(help, format!("fetch it before mergegate runs: `git fetch origin {missing}`"));
}

#[test]
fn unrelated_histories_have_no_base() {
    let repo = repo_with_work();
    repo.git(&["switch", "--quiet", "--orphan", "other"]);
    repo.write("other.py", "x\n").commit("other");
    let (message, help) = failure(&repo, &between("main", "other"));
    assert_eq!(message, "main and other have no common ancestor");
    assert_contains(&help, "--base REV");
}

#[test]
fn an_empty_repository_has_no_commit() {
    let repo = TestRepo::new();
    let (message, help) = failure(&repo, &between("main", "HEAD"));
    assert_eq!(message, "HEAD has no commit: the repository is empty, or on a new branch");
    assert_contains(&help, "mergegate scan");
}

#[test]
fn without_a_base_the_default_branch_is_taken() {
    let repo = repo_with_work();
    let request = Request::against_default_branch("HEAD");
    assert_eq!(resolve(&repo, &request).unwrap().base_name, "main");
    let clone = repo.clone_with(&["--branch=work"]);
    let revisions = resolve(&clone, &request).unwrap();
    assert_eq!(revisions.base_name, "origin/HEAD");
    clone.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
    assert_eq!(changes(&clone, &request), WORK);
    // The author's own branch of the name of the default branch must not become the base.
    clone.git(&["symbolic-ref", "--delete", "refs/remotes/origin/HEAD"]);
    clone.git(&["branch", "--force", "main", "work"]);
    assert_eq!(resolve(&clone, &request).unwrap().base_name, "origin/main");
    assert_eq!(changes(&clone, &request), WORK);
    let bare = TestRepo::init(&["--initial-branch=trunk"]);
    bare.write("x.py", "x").commit("base");
    let (message, help) = failure(&bare, &request);
    assert_eq!(message, "there is no origin/HEAD, main or master to compare with");
    assert_contains(&help, "--base REV");
}

#[test]
fn a_head_that_is_its_own_base_is_known() {
    let repo = repo_with_work();
    assert!(resolve(&repo, &between("work", "work")).unwrap().is_empty());
    assert!(resolve(&repo, &between("work", "work~1")).unwrap().is_empty());
    assert!(!resolve(&repo, &between("main", "work")).unwrap().is_empty());
}

#[test]
fn without_a_base_everything_is_new() {
    let repo = repo_with_work();
    let request = choose(vec![(Base::Nothing, head(), "first push")]);
    assert_eq!(changes(&repo, &request), ["A b/moved.py", "A edit.py", "A keep.py", "A new.py"]);
    let revisions = resolve(&repo, &request).unwrap();
    assert_eq!((revisions.bases(), revisions.head()), (vec![], Head::Commit(repo.hash("work"))));
    assert!(!revisions.is_empty());
}

#[test]
fn the_first_choice_whose_commits_are_here_counts() {
    let repo = repo_with_work();
    let gone = "1234567890123456789012345678901234567890".to_owned();
    let request = choose(vec![
        (Base::Commit(gone.clone()), head(), "push: the commit before"),
        (Base::RemoteBranch("main".to_owned()), head(), "push: the default branch"),
        (Base::Revision("main".to_owned()), head(), "push: main"),
    ]);
    let revisions = resolve(&repo, &request).unwrap();
    assert_eq!(revisions.rule, format!("push: main (because commit {gone} is not in this clone)"));
    let request = choose(vec![(Base::RemoteBranch("main".to_owned()), head(), "the target branch")]);
    let (message, help) = failure(&repo, &request);
    assert_eq!(message, "the branch origin/main is not in this clone");
    assert_contains(&help, "git fetch origin +refs/heads/main:refs/remotes/origin/main");
}

#[test]
fn a_hash_is_never_a_branch() {
    let repo = repo_with_work();
    let gone = "1234567890123456789012345678901234567890";
    for name in [gone, &gone[..12]] {
        repo.git(&["branch", name, "work"]);
        let request = choose(vec![(Base::Commit(name.to_owned()), head(), "the base")]);
        assert_contains(&failure(&repo, &request).0, "is not in this clone");
    }
    assert_contains(&failure(&repo, &between(gone, "work")).0, "is not in this clone");
    let abbreviated = choose(vec![(Base::Commit(repo.hash("main")[..12].to_owned()), head(), "the base")]);
    assert_eq!(changes(&repo, &abbreviated), WORK);
}

#[test]
fn a_merge_commit_of_the_ci_system_is_told_from_one_of_the_author() {
    let repo = repo_with_work();
    let (main, work) = (repo.hash("main"), repo.hash("work"));
    repo.git(&["checkout", "--quiet", "--detach", "main"]);
    let merge = repo.merge("work");
    let first_parent = |merged: &str| {
        let base = Base::FirstParent { merge: merge.clone(), merged: merged.to_owned() };
        choose(vec![(base, Target::Commit(merge.clone()), "merge")])
    };
    let revisions = resolve(&repo, &first_parent(&work)).unwrap();
    assert_eq!(revisions.bases(), std::slice::from_ref(&main));
    assert_eq!(changes(&repo, &first_parent(&work)), WORK);
    // The head of the change is this merge itself, made by its author.
    assert_eq!(failure(&repo, &first_parent(&merge)).0, format!("{merge} is not a merge of {merge}"));
    assert_eq!(failure(&repo, &first_parent(&main)).0, format!("{merge} is not a merge of {main}"));
}

/// Two branches merged into each other have two merge bases, and neither is the better one.
fn criss_cross() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("a.py", "a0\n").write("b.py", "b0\n").write("c.py", "c0\n").commit("root");
    repo.branch("left").write("a.py", "a-left\n").commit("left");
    repo.switch("main").branch("right").write("b.py", "b-right\n").commit("right");
    repo.branch("right-then-left").git(&["merge", "--quiet", "--no-ff", "--no-edit", "left"]);
    repo.switch("left").git(&["merge", "--quiet", "--no-ff", "--no-edit", "right"]);
    repo
}

#[test]
fn all_merge_bases_of_a_criss_cross_history_count() {
    let repo = criss_cross();
    repo.switch("left").write("c.py", "c-left\n").commit("more");
    repo.switch("right-then-left").write("b.py", "b-new\n").write("new.py", "x\n").commit("more");
    let revisions = resolve(&repo, &between("left", "right-then-left")).unwrap();
    let mut bases = revisions.bases();
    bases.sort();
    let mut expected = [repo.hash("left~2"), repo.hash("right")];
    expected.sort();
    assert_eq!(bases, expected);
    // a.py is as in one base, but not as in the other.
    let set = change_set(&repo, &between("left", "right-then-left"));
    assert_eq!(set.files.iter().map(line).collect::<Vec<_>>(), ["M a.py", "M b.py", "A new.py"]);
    let mut versions = texts(&repo, &set.files[1]);
    assert_eq!(versions.pop().unwrap(), "b-new\n");
    versions.sort();
    assert_eq!(versions, ["b-right\n", "b0\n"]);
}

#[test]
fn merge_bases_with_the_same_content_give_one_version() {
    let repo = criss_cross();
    repo.switch("right-then-left").write("c.py", "c-new\n").commit("more");
    let set = change_set(&repo, &between("left", "right-then-left"));
    let file = set.files.iter().find(|file| file.path == path("c.py")).unwrap();
    assert_eq!(texts(&repo, file), ["c0\n", "c-new\n"]);
}

#[test]
fn a_file_gone_from_one_merge_base_and_not_the_other_is_not_deleted_by_the_change() {
    let repo = TestRepo::new();
    repo.write("a.py", "a\n").write("b.py", "b\n").commit("root");
    repo.branch("left").remove("a.py").commit("left");
    repo.switch("main").branch("right").write("b.py", "b-right\n").commit("right");
    repo.branch("other").git(&["merge", "--quiet", "--no-ff", "--no-edit", "left"]);
    repo.switch("left").git(&["merge", "--quiet", "--no-ff", "--no-edit", "right"]);
    repo.switch("other").write("b.py", "b-other\n").commit("more");
    assert_eq!(changes(&repo, &between("left", "other")), ["M b.py"]);
}

#[test]
fn an_octopus_merge_is_compared_with_its_base() {
    let repo = TestRepo::new();
    repo.write("base.py", "base\n").commit("base");
    for name in ["one", "two", "three"] {
        repo.switch("main").branch(name).write(format!("{name}.py"), name).commit(name);
    }
    repo.switch("main").branch("all").git(&["merge", "--quiet", "--no-edit", "one", "two", "three"]);
    assert_eq!(changes(&repo, &between("main", "all")), ["A one.py", "A three.py", "A two.py"]);
    assert_eq!(changes(&repo, &between("two", "all")), ["A one.py", "A three.py"]);
}

#[test]
fn a_file_of_base_head_or_another_revision_is_found() {
    let repo = TestRepo::new();
    repo.write(".mergegate.yml", "base\n").write("a/b/c.yml", "deep\n").commit("base");
    repo.branch("work").write(".mergegate.yml", "head\n").commit("work");
    let repository = Repository::open(repo.path()).unwrap();
    let revisions = repository.resolve(&between("main", "work")).unwrap();
    let policy = path(".mergegate.yml");
    let read = |version: Option<Version>| version.map(|version| text(&repo, &version));
    assert_eq!(read(repository.at_base(&revisions, &policy).unwrap()).unwrap(), "base\n");
    assert_eq!(read(repository.at_head(&revisions, &policy).unwrap()).unwrap(), "head\n");
    assert_eq!(read(repository.at_revision("main", &path("a/b/c.yml")).unwrap()).unwrap(), "deep\n");
    for absent in
        ["none.yml", "a", "a/b", "a/b/c.yml/d", "a/../.mergegate.yml", "/.mergegate.yml", "a//b", ""]
    {
        assert_eq!(repository.at_base(&revisions, &path(absent)).unwrap(), None, "{absent}");
    }
    assert_contains(&repository.at_revision("none", &policy).unwrap_err().message, "revision none is not");
}

#[test]
fn all_files_of_the_head_are_known_whatever_the_head_is() {
    let repo = repo_with_work();
    repo.write(".gitignore", "ignored.py\n").write("ignored.py", "x\n").write("untracked.py", "x\n");
    repo.write("staged.py", "x\n").git(&["add", "staged.py"]);
    repo.remove("keep.py");
    let files = |request: &Request| -> Vec<String> {
        let opened = Repository::open(repo.path()).unwrap();
        let revisions = opened.resolve(request).unwrap();
        let files = opened.files_at_head(&revisions).unwrap();
        files.iter().map(|version| version.path.to_string()).collect()
    };
    let committed = ["b/moved.py", "edit.py", "keep.py", "new.py"];
    assert_eq!(files(&between("main", "work")), committed);
    assert_eq!(files(&Request::staged()), [&committed[..], &["staged.py"]].concat());
    assert_eq!(
        files(&Request::work_tree()),
        [".gitignore", "b/moved.py", "edit.py", "new.py", "staged.py", "untracked.py"]
    );
}

#[test]
fn sha256_repositories_are_compared() {
    let repo = TestRepo::init(&["--object-format=sha256"]);
    repo.write("a.py", LINES).write("m.py", LINES.replace("one", "1")).commit("base");
    repo.branch("work").write("a.py", "new\n").remove("m.py").write("n.py", LINES.replace("one", "2"));
    let head = repo.commit("work");
    assert_eq!(head.len(), 64);
    assert_eq!(changes(&repo, &between("main", &head)), ["M a.py", "R m.py n.py"]);
    assert_eq!(changes(&repo, &between(&repo.hash("main"), "HEAD")), ["M a.py", "R m.py n.py"]);
    let missing = head.replace(char::is_alphanumeric, "1");
    assert_contains(&failure(&repo, &between(&missing, "HEAD")).0, "is not in this clone");
}

#[test]
fn names_that_collide_or_are_no_text_are_kept_apart() {
    use std::os::unix::ffi::OsStrExt;
    let repo = TestRepo::new();
    repo.commit("base");
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.py");
    repo.branch("work").write("A.py", "upper\n").write("a.py", "lower\n").write(name, "latin\n");
    repo.write("new\nline.py", "x\n").write("tab\t\u{202e}.py", "y\n").commit("work");
    let set = change_set(&repo, &between("main", "work"));
    let bytes: Vec<&[u8]> = set.files.iter().map(|file| file.path.as_bytes()).collect();
    let expected: [&[u8]; 5] =
        [b"A.py", b"a.py", b"caf\xe9.py", b"new\nline.py", "tab\t\u{202e}.py".as_bytes()];
    assert_eq!(bytes, expected);
    assert_eq!(text(&repo, set.files[2].head.as_ref().unwrap()), "latin\n");
}

/// The answer of git itself, over a history with every kind of change.
#[test]
fn the_answer_is_that_of_git() {
    let repo = repo_with_work();
    repo.switch("main").write("dir/one.py", LINES).write("dir/two.py", LINES.repeat(2)).commit("more");
    repo.branch("big").remove("dir/one.py").write("other/one.py", LINES.replace("ten", "TEN"));
    repo.remove("dir/two.py").write("two/renamed.py", LINES.repeat(2)).write("empty.py", "");
    repo.commit("big");
    repo.write("empty2.py", "").remove("empty.py").commit("empty files");
    for (base, head) in
        [("main", "work"), ("work", "main"), ("work", "big"), ("main", "big"), ("big~1", "big")]
    {
        let range = format!("{base}...{head}");
        let expected = repo.git(&["diff", "--name-status", "-M", &range]);
        let expected: Vec<String> = expected
            .lines()
            .map(|line| {
                let (status, paths) = line.split_once('\t').unwrap();
                format!("{} {}", &status[..1], paths.replace('\t', " "))
            })
            .collect();
        assert_eq!(changes(&repo, &between(base, head)), expected, "{range}");
    }
}
