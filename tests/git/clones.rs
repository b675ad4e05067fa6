//! Repositories in which something is missing or elsewhere: each works, or says what is missing and what to do.

use mergegate::change_set::{Base, Choice, Mode, Target};

use super::*;

/// main: base, moved on; work: one commit, two commits. Each commit writes a file of its own.
fn diverged() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("base.py", "base\n").commit("base");
    repo.branch("work").write("one.py", "1\n").commit("one");
    repo.write("two.py", "2\n").commit("two");
    repo.switch("main").write("main.py", "main\n").commit("main moves on");
    repo
}

#[test]
fn a_merge_commit_of_depth_one_names_its_missing_parent_and_the_line_to_write() {
    let repo = diverged();
    let merge = repo.merge("work");
    let clone = repo.clone_with(&["--depth=1"]);
    let base = Base::FirstParent { merge: merge.clone(), merged: repo.hash("work") };
    let choice = Choice { base, target: Target::Commit(merge.clone()), rule: "GitHub".to_owned() };
    let line = "`fetch-depth: 0` under `with:` of actions/checkout";
    let request = Request { choices: vec![choice], full_history: Some(line.to_owned()) };
    let (message, help) = failure(&clone, &request);
    let parent = repo.hash("HEAD^1");
    assert_eq!(
        message,
        format!(
            "commit {parent} ({merge}^1) is not in this clone, which is shallow (its history is cut off)"
        )
    );
    assert_eq!(help, format!("fetch the whole history: {line}"));
    clone.git(&["fetch", "--quiet", "--unshallow"]);
    assert_eq!(changes(&clone, &request), ["A one.py", "A two.py"]);
}

#[test]
fn a_shallow_clone_without_the_merge_base_says_where_it_is_cut() {
    let repo = diverged();
    let clone = repo.clone_with(&["--depth=1", "--no-single-branch"]);
    let (message, help) = failure(&clone, &between("origin/main", "origin/work"));
    assert_contains(&message, "the merge base of origin/main and origin/work is unknown: a parent of ");
    assert_contains(&message, "shallow");
    for line in ["fetch-depth: 0", "GIT_DEPTH: \"0\"", "git fetch --unshallow"] {
        assert_contains(&help, line);
    }
}

#[test]
fn a_shallow_clone_without_the_other_branches_needs_the_whole_history() {
    let clone = diverged().clone_with(&["--depth=1", "--branch=work"]);
    for base in [Base::DefaultBranch, Base::RemoteBranch("main".to_owned())] {
        let target = Target::Revision("HEAD".to_owned());
        let choice = Choice { base, target, rule: "CI".to_owned() };
        let request = Request { choices: vec![choice], full_history: Some("`depth: full`".to_owned()) };
        assert_eq!(failure(&clone, &request).1, "fetch the whole history: `depth: full`");
    }
}

#[test]
fn a_base_that_is_missing_from_a_shallow_clone_is_named() {
    let repo = diverged();
    let clone = repo.clone_with(&["--depth=1", "--branch=work"]);
    let base = repo.hash("main");
    let (message, help) = failure(&clone, &between(&base, "HEAD"));
    assert_eq!(
        message,
        format!("commit {base} is not in this clone, which is shallow (its history is cut off)")
    );
    assert_contains(&help, "GIT_DEPTH");
    assert_contains(
        &failure(&clone, &between("HEAD~1", "HEAD")).0,
        "HEAD~1 is not in this clone, which is shallow",
    );
}

#[test]
fn a_shallow_clone_that_is_deep_enough_works() {
    let repo = diverged();
    let clone = repo.clone_with(&["--depth=3", "--branch=work"]);
    assert_eq!(changes(&clone, &between(&repo.hash("work~2"), "HEAD")), ["A one.py", "A two.py"]);
    let clone = repo.clone_with(&["--depth=3", "--no-single-branch"]);
    assert_eq!(changes(&clone, &between("origin/main", "origin/work")), ["A one.py", "A two.py"]);
}

/// The author hides the true merge base behind many commits and leads to an older one, from the time before a
/// problem was fixed, by merging it: what the fix removed would not be new.
#[test]
fn an_older_merge_base_than_the_true_one_is_not_believed() {
    let repo = TestRepo::new();
    repo.write("a.py", "danger\n").commit("old");
    repo.git(&["tag", "old"]);
    repo.write("a.py", "fixed\n").commit("fix");
    repo.branch("work").write("a.py", "danger\n").commit("again");
    for number in 0..4 {
        repo.commit(&format!("filler {number}"));
    }
    repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", "-s", "ours", "old"]);
    let forced = repo.git(&["commit-tree", "HEAD^{tree}", "-p", "HEAD", "-p", "old", "-m", "merge"]);
    repo.git(&["reset", "--quiet", "--hard", &forced]);
    repo.switch("main").write("b.py", "x\n").commit("main moves on");
    assert_eq!(changes(&repo, &between("main", "work")), ["M a.py"]);
    let clone = repo.clone_with(&["--depth=3", "--no-single-branch"]);
    // git takes the old commit for the merge base here.
    assert_eq!(clone.hash("origin/main~2"), repo.hash("old"));
    assert_eq!(clone.git(&["merge-base", "origin/main", "origin/work"]), repo.hash("old"));
    assert_contains(&failure(&clone, &between("origin/main", "origin/work")).0, "is unknown: a parent of ");
}

#[test]
fn a_commit_that_is_missing_from_the_history_is_noticed() {
    let repo = diverged();
    let lost = repo.hash("work~1");
    let object = repo.file(format!(".git/objects/{}/{}", &lost[..2], &lost[2..]));
    std::fs::remove_file(object).unwrap();
    let (message, _) = failure(&repo, &between("main", "work"));
    assert_contains(&message, "is unknown: a parent of ");
}

#[test]
fn a_partial_clone_says_which_file_is_missing_and_fetches_nothing() {
    let repo = diverged();
    repo.switch("work")
        .write("base.py", "edited\n")
        .remove("one.py")
        .write("moved.py", "1\n1\n")
        .commit("three");
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = repo.clone_with(&["--filter=blob:none", "--no-checkout"]);
    let set = change_set(&clone, &between("origin/main", "origin/work"));
    let lines: Vec<String> = set.files.iter().map(line).collect();
    assert_eq!(lines, ["M base.py", "A moved.py", "A two.py"]);
    let repository = Repository::open(clone.path()).unwrap();
    for _ in 0..2 {
        let error = repository.read(set.files[0].base[0].as_ref().unwrap(), 100).unwrap_err();
        assert_contains(&error.message, "the content of base.py (");
        assert_contains(&error.message, "is not in this clone, which is partial");
        assert_contains(&error.help.unwrap(), "--no-filter");
    }
    // Similarity would need the missing contents: the pair stays apart.
    let lines = changes(&clone, &between("origin/work~1", "origin/work"));
    assert_eq!(lines, ["M base.py", "A moved.py", "D one.py"]);
    clone.git(&["fetch", "--quiet", "--refetch", "--no-filter"]);
    assert_eq!(text(&clone, set.files[0].base[0].as_ref().unwrap()), "base\n");
}

#[test]
fn a_treeless_clone_names_the_tree() {
    let repo = diverged();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = repo.clone_with(&["--filter=tree:0", "--no-checkout"]);
    let (message, help) = failure(&clone, &between("origin/main", "origin/work"));
    assert_contains(&message, "the tree ");
    assert_contains(&message, "is not in this clone, which is partial");
    assert_contains(&help, "--no-filter");
}

#[test]
fn a_bare_repository_has_commits_and_nothing_staged() {
    let repo = diverged();
    let bare = repo.clone_with(&["--bare"]);
    assert_eq!(changes(&bare, &between("main", "work")), ["A one.py", "A two.py"]);
    for request in [Request::staged(), Request::work_tree()] {
        let (message, help) = failure(&bare, &request);
        assert_contains(&message, "the repository is bare");
        assert_contains(&help, "--base REV --head REV");
    }
}

#[test]
fn a_linked_worktree_has_its_own_head_index_and_files() {
    let repo = diverged();
    let folder = repo.path().with_file_name("linked");
    repo.git(&["worktree", "add", "--quiet", folder.to_str().unwrap(), "work"]);
    let linked = TestRepo::at(&folder);
    assert_eq!(changes(&linked, &between("main", "HEAD")), ["A one.py", "A two.py"]);
    linked.write("staged.py", "x\n").git(&["add", "staged.py"]);
    linked.write("untracked.py", "y\n");
    assert_eq!(changes(&linked, &Request::staged()), ["A staged.py"]);
    assert_eq!(changes(&linked, &Request::work_tree()), ["A staged.py", "A untracked.py"]);
    assert_eq!(changes(&repo, &Request::staged()), Vec::<String>::new());
    let below = folder.join("sub");
    std::fs::create_dir(&below).unwrap();
    assert_eq!(Repository::open(&below).unwrap().work_tree().unwrap(), folder);
}

#[test]
fn a_submodule_is_listed_and_is_a_repository_of_its_own() {
    let inner = diverged();
    let repo = TestRepo::new();
    repo.write("base.py", "x\n").commit("base");
    repo.branch("work");
    repo.git(&["submodule", "--quiet", "add", inner.path().to_str().unwrap(), "sub"]);
    repo.commit("add a submodule");
    let set = change_set(&repo, &between("main", "work"));
    assert_eq!(set.files.iter().map(line).collect::<Vec<_>>(), ["A .gitmodules", "A sub"]);
    assert_eq!(set.files[1].head.as_ref().unwrap().mode, Mode::Submodule);
    let inside = TestRepo::at(repo.file("sub"));
    assert_eq!(changes(&inside, &between("origin/main", "origin/work")), ["A one.py", "A two.py"]);
    inside.write("main.py", "edited\n");
    assert_eq!(changes(&inside, &Request::work_tree()), ["M main.py"]);
    // What is edited inside a submodule is no change of the repository around it.
    assert_eq!(changes(&repo, &Request::work_tree()), Vec::<String>::new());
}

#[test]
fn reftable_names_cannot_be_read_and_full_hashes_can() {
    let repo = TestRepo::init(&["--ref-format=reftable"]);
    repo.write("a.py", "1\n").commit("base");
    let base = repo.hash("HEAD");
    repo.branch("work").write("a.py", "2\n");
    let head = repo.commit("work");
    assert_eq!(changes(&repo, &between(&base, &head)), ["M a.py"]);
    for request in [between("main", &head), between(&base, "HEAD"), Request::staged(), Request::work_tree()] {
        let (message, help) = failure(&repo, &request);
        assert_contains(&message, "the references are stored in the reftable format");
        assert_contains(&help, "git refs migrate --ref-format=files");
    }
    assert_contains(&failure(&repo, &Request::against_default_branch(&head)).0, "reftable");
}

#[test]
fn replaced_objects_are_not_what_is_merged() {
    let repo = diverged();
    let (two, base) = (repo.hash("work:two.py"), repo.hash("main:base.py"));
    repo.git(&["replace", &two, &base]);
    repo.git(&["replace", "work", "main"]);
    assert_eq!(repo.git(&["ls-tree", "--name-only", "work"]), "base.py\nmain.py");
    let set = change_set(&repo, &between("main", "work"));
    assert_eq!(set.files.iter().map(line).collect::<Vec<_>>(), ["A one.py", "A two.py"]);
    assert_eq!(text(&repo, set.files[1].head.as_ref().unwrap()), "2\n");
}

#[test]
fn objects_in_an_alternate_are_found() {
    let repo = diverged();
    let clone = repo.clone_with(&["--shared", "--no-single-branch"]);
    assert_eq!(changes(&clone, &between("origin/main", "origin/work")), ["A one.py", "A two.py"]);
}

#[test]
fn a_folder_that_is_in_no_repository_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let error = Repository::open(folder.path()).err().unwrap();
    assert_contains(&error.message, "no git repository can be opened at ");
    assert_contains(&error.help.unwrap(), "mergegate scan");
    assert!(Repository::open(&folder.path().join("none")).is_err());
}
