//! What is staged, and what is on disk.

use mergegate::change_set::{Head, Mode};

use super::*;

fn staged(repo: &TestRepo) -> Vec<String> {
    changes(repo, &Request::staged())
}

fn on_disk(repo: &TestRepo) -> Vec<String> {
    changes(repo, &Request::work_tree())
}

fn none() -> Vec<String> {
    Vec::new()
}

/// Some files in one commit.
fn repo() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("a.py", "a\n").write("b.py", "b\n").write("dir/c.py", LINES).commit("base");
    repo
}

#[test]
fn staged_contents_come_from_the_index() {
    let repo = repo();
    repo.write("a.py", "staged\n").git(&["add", "a.py"]);
    repo.write("a.py", "later\n").write("b.py", "not staged\n").write("untracked.py", "x\n");
    let set = change_set(&repo, &Request::staged());
    assert_eq!(set.files.iter().map(line).collect::<Vec<_>>(), ["M a.py"]);
    assert_eq!(texts(&repo, &set.files[0]), ["a\n", "staged\n"]);
    let set = change_set(&repo, &Request::work_tree());
    assert_eq!(set.files.iter().map(line).collect::<Vec<_>>(), ["M a.py", "M b.py", "A untracked.py"]);
    assert_eq!(texts(&repo, &set.files[0]), ["a\n", "later\n"]);
}

#[test]
fn revisions_name_what_is_compared() {
    let repo = repo();
    let revisions = resolve(&repo, &Request::staged()).unwrap();
    assert_eq!((revisions.head(), revisions.bases()), (Head::Index, vec![repo.hash("HEAD")]));
    assert_eq!((&*revisions.base_name, &*revisions.head_name), ("HEAD", "the index"));
    let revisions = resolve(&repo, &Request::work_tree()).unwrap();
    assert_eq!((revisions.head(), &*revisions.head_name), (Head::WorkTree, "the work tree"));
    assert!(!revisions.is_empty());
}

#[test]
fn an_unchanged_repository_has_no_change() {
    let repo = repo();
    assert_eq!(staged(&repo), none());
    assert_eq!(on_disk(&repo), none());
    // Touched, and not changed.
    repo.write("a.py", "a\n");
    assert_eq!(on_disk(&repo), none());
}

#[test]
fn renames_and_deletions_are_found_in_both() {
    let repo = repo();
    repo.git(&["mv", "dir/c.py", "moved.py"]);
    repo.write("moved.py", LINES.replace("one", "1")).git(&["add", "moved.py"]);
    repo.git(&["rm", "--quiet", "b.py"]);
    assert_eq!(staged(&repo), ["D b.py", "R dir/c.py moved.py"]);
    assert_eq!(on_disk(&repo), ["D b.py", "R dir/c.py moved.py"]);
    let repo = self::repo();
    std::fs::rename(repo.file("dir/c.py"), repo.file("untracked.py")).unwrap();
    assert_eq!(staged(&repo), none());
    assert_eq!(on_disk(&repo), ["R dir/c.py untracked.py"]);
    repo.git(&["rm", "--cached", "--quiet", "a.py"]);
    assert_eq!(staged(&repo), ["D a.py"]);
    assert_eq!(on_disk(&repo), ["R dir/c.py untracked.py"]);
}

#[test]
fn untracked_files_count_and_ignored_ones_do_not() {
    let repo = repo();
    repo.write(".gitignore", "ignored.py\nbuild/\n*.log\n!keep.log\n").commit("ignore");
    repo.write("ignored.py", "x\n").write("build/x.py", "x\n").write("new/deep/x.py", "x\n");
    repo.write("x.log", "x\n").write("keep.log", "x\n").write("dir/ignored.py", "x\n");
    repo.write(".git/info/exclude", "excluded.py\n").write("excluded.py", "x\n");
    assert_eq!(on_disk(&repo), ["A keep.log", "A new/deep/x.py"]);
    // A file that is tracked is never ignored.
    repo.git(&["add", "--force", "ignored.py"]);
    repo.commit_index("ignored, and tracked");
    repo.write("ignored.py", "edited\n");
    assert_eq!(on_disk(&repo), ["M ignored.py", "A keep.log", "A new/deep/x.py"]);
}

#[test]
fn before_the_first_commit_everything_is_new() {
    let repo = TestRepo::new();
    assert_eq!(staged(&repo), none());
    repo.write("a.py", "a\n").git(&["add", "a.py"]);
    repo.write("b.py", "b\n");
    assert_eq!(staged(&repo), ["A a.py"]);
    assert_eq!(on_disk(&repo), ["A a.py", "A b.py"]);
}

#[test]
fn a_missing_or_damaged_index_is_an_error() {
    let repo = repo();
    repo.write(".git/index", "DIRC\0\0\0\x02nonsense");
    assert_contains(&failure(&repo, &Request::staged()).0, "cannot read the index at ");
    repo.remove(".git/index");
    for request in [Request::staged(), Request::work_tree()] {
        let (message, help) = failure(&repo, &request);
        assert_contains(&message, "there is no index at ");
        assert_contains(&help, "GIT_INDEX_FILE");
    }
}

/// Both sides edited a.py.
fn conflict() -> TestRepo {
    let repo = repo();
    repo.branch("other").write("a.py", "theirs\n").commit("theirs");
    repo.switch("main").write("a.py", "ours\n").commit("ours");
    assert!(!repo.run_git(&["merge", "--quiet", "other"], b"").status.success());
    repo
}

#[test]
fn unmerged_paths_do_not_vanish() {
    let repo = conflict();
    let (message, help) = failure(&repo, &Request::staged());
    assert_eq!(message, "the index has unmerged paths, one is a.py");
    assert_contains(&help, "git add");
    let set = change_set(&repo, &Request::work_tree());
    assert_eq!(set.files.iter().map(line).collect::<Vec<_>>(), ["M a.py"]);
    assert_contains(&texts(&repo, &set.files[0])[1], "<<<<<<<");
    // Resolved on disk to what HEAD has, but not added: nothing is different from HEAD.
    repo.write("a.py", "ours\n");
    assert_eq!(on_disk(&repo), none());
}

#[test]
fn a_file_that_is_meant_to_be_added_is_on_disk_and_not_staged() {
    let repo = repo();
    repo.write("new.py", "x\n").git(&["add", "--intent-to-add", "new.py"]);
    assert_eq!(staged(&repo), none());
    let set = change_set(&repo, &Request::work_tree());
    assert_eq!(set.files.iter().map(line).collect::<Vec<_>>(), ["A new.py"]);
    assert_eq!(texts(&repo, &set.files[0]), ["x\n"]);
    repo.write("new.py", "");
    assert_eq!(on_disk(&repo), ["A new.py"]);
}

#[test]
fn a_flag_that_tells_git_not_to_look_is_not_heeded() {
    let repo = repo();
    repo.git(&["update-index", "--assume-unchanged", "a.py"]);
    repo.git(&["update-index", "--skip-worktree", "b.py"]);
    repo.write("a.py", "edited\n").write("b.py", "edited\n");
    assert_eq!(on_disk(&repo), ["M a.py", "M b.py"]);
    repo.remove("a.py").remove("b.py");
    assert_eq!(on_disk(&repo), ["D a.py"]);
}

#[test]
fn an_edit_of_the_same_size_and_time_is_seen() {
    let repo = repo();
    let file = std::fs::File::options().append(true).open(repo.file("a.py")).unwrap();
    let time = file.metadata().unwrap().modified().unwrap();
    repo.write("a.py", "A\n");
    file.set_modified(time).unwrap();
    assert_eq!(on_disk(&repo), ["M a.py"]);
}

#[test]
fn modes_on_disk() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let repo = repo();
    std::fs::set_permissions(repo.file("a.py"), std::fs::Permissions::from_mode(0o755)).unwrap();
    repo.remove("b.py");
    symlink("/etc/passwd", repo.file("b.py")).unwrap();
    let set = change_set(&repo, &Request::work_tree());
    assert_eq!(set.files.iter().map(line).collect::<Vec<_>>(), ["M a.py", "T b.py"]);
    let modes: Vec<Mode> = set.files.iter().map(|file| file.head.as_ref().unwrap().mode).collect();
    assert_eq!(modes, [Mode::Executable, Mode::Symlink]);
    assert_eq!(texts(&repo, &set.files[1]), ["b\n", "/etc/passwd"]);
}

#[test]
fn a_folder_that_became_a_link_hides_its_files() {
    let repo = repo();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("c.py"), "outside\n").unwrap();
    std::fs::remove_dir_all(repo.file("dir")).unwrap();
    std::os::unix::fs::symlink(outside.path(), repo.file("dir")).unwrap();
    let set = change_set(&repo, &Request::work_tree());
    assert_eq!(set.files.iter().map(line).collect::<Vec<_>>(), ["A dir", "D dir/c.py"]);
    assert_eq!(set.files[0].head.as_ref().unwrap().mode, Mode::Symlink);
    let repository = Repository::open(repo.path()).unwrap();
    let revisions = repository.resolve(&Request::work_tree()).unwrap();
    assert_eq!(repository.at_head(&revisions, &path("dir/c.py")).unwrap(), None);
}

#[test]
fn a_pipe_is_no_file_and_is_not_waited_for() {
    let repo = repo();
    repo.remove("a.py");
    let made = std::process::Command::new("mkfifo").args([repo.file("a.py"), repo.file("new.py")]).status();
    assert!(made.unwrap().success());
    assert_eq!(on_disk(&repo), ["D a.py"]);
}

#[test]
fn files_of_head_are_read_from_where_the_head_is() {
    let repo = repo();
    repo.write("a.py", "staged\n").git(&["add", "a.py"]);
    repo.write("a.py", "on disk\n").write("untracked.py", "x\n");
    let repository = Repository::open(repo.path()).unwrap();
    let at = |request: &Request, name: &str| {
        let revisions = repository.resolve(request).unwrap();
        let base = repository.at_base(&revisions, &path(name)).unwrap().map(|version| text(&repo, &version));
        let head = repository.at_head(&revisions, &path(name)).unwrap().map(|version| text(&repo, &version));
        [base.unwrap_or_default(), head.unwrap_or_default()]
    };
    assert_eq!(at(&Request::staged(), "a.py"), ["a\n", "staged\n"]);
    assert_eq!(at(&Request::work_tree(), "a.py"), ["a\n", "on disk\n"]);
    assert_eq!(at(&Request::staged(), "untracked.py"), ["", ""]);
    assert_eq!(at(&Request::work_tree(), "untracked.py"), ["", "x\n"]);
    let revisions = repository.resolve(&Request::work_tree()).unwrap();
    assert!(repository.at_head(&revisions, &path("../outside")).is_err());
}

#[test]
fn a_file_on_disk_over_the_limit_is_not_loaded() {
    let repo = repo();
    repo.write("a.py", "x".repeat(1000));
    let set = change_set(&repo, &Request::work_tree());
    let version = set.files[0].head.as_ref().unwrap();
    let repository = Repository::open(repo.path()).unwrap();
    assert_eq!(repository.read(version, 999).unwrap(), Content::TooLarge { size: 1000 });
    repo.remove("a.py");
    assert_contains(&repository.read(version, 999).unwrap_err().message, "cannot read a.py in the work tree");
}

#[test]
fn a_repository_in_the_work_tree_is_not_entered() {
    let repo = repo();
    repo.write("vendor/x.py", "x\n");
    TestRepo::at(repo.file("vendor")).git(&["init", "--quiet"]);
    let set = change_set(&repo, &Request::work_tree());
    assert_eq!(set.files.iter().map(line).collect::<Vec<_>>(), ["A vendor"]);
    assert_eq!(set.files[0].head.as_ref().unwrap().mode, Mode::Submodule);
}

fn sparse(options: &[&str]) -> TestRepo {
    let repo = repo();
    repo.write("other/deep/d.py", "d\n").commit("more");
    repo.git(&[&["sparse-checkout", "set"], options, &["dir"]].concat());
    assert!(!repo.file("other/deep/d.py").exists());
    repo
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_not_deleted() {
    for options in [&["--cone"][..], &["--cone", "--sparse-index"], &["--no-cone"]] {
        let repo = sparse(options);
        assert_eq!(staged(&repo), none(), "{options:?}");
        assert_eq!(on_disk(&repo), none(), "{options:?}");
        repo.write("dir/c.py", "edited\n").git(&["add", "dir/c.py"]);
        assert_eq!(staged(&repo), ["M dir/c.py"], "{options:?}");
        // Written where nothing is checked out.
        repo.write("other/deep/d.py", "edited\n").write("other/deep/e.py", "new\n");
        assert_eq!(on_disk(&repo), ["M dir/c.py", "M other/deep/d.py", "A other/deep/e.py"], "{options:?}");
        let removed = format!("{},", repo.hash("HEAD:other/deep/d.py"));
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("100755,{removed}other/deep/d.py")]);
        assert_eq!(staged(&repo), ["M dir/c.py", "M other/deep/d.py"], "{options:?}");
    }
}

#[test]
fn index_formats_make_no_difference() {
    for steps in [&["update-index", "--split-index"][..], &["update-index", "--index-version", "4"]] {
        let repo = repo();
        repo.git(steps);
        repo.write("a.py", "staged\n").git(&["add", "a.py"]);
        assert_eq!(staged(&repo), ["M a.py"], "{steps:?}");
        repo.write("b.py", "edited\n");
        assert_eq!(on_disk(&repo), ["M a.py", "M b.py"], "{steps:?}");
    }
    let repo = repo();
    repo.git(&["config", "index.skipHash", "true"]);
    repo.write("a.py", "staged\n").git(&["add", "a.py"]);
    assert_eq!(staged(&repo), ["M a.py"]);
}

#[test]
fn other_line_ends_than_in_the_blob_are_no_change_if_git_wrote_them() {
    let repo = repo();
    repo.write(".gitattributes", "*.py text eol=crlf\n").commit("attributes");
    repo.remove("a.py").git(&["checkout", "--quiet", "a.py"]);
    assert_eq!(std::fs::read_to_string(repo.file("a.py")).unwrap(), "a\r\n");
    let file = std::fs::File::options().append(true).open(repo.file("a.py")).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000))
        .unwrap();
    repo.git(&["update-index", "--refresh"]);
    assert_eq!(on_disk(&repo), none());
}
