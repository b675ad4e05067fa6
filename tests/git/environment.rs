//! What git's own environment variables and owners mean.

use super::*;

/// Run by other tests in a process of its own: prints what is staged in the repository of the current folder.
#[test]
#[ignore = "other tests run it with an environment of their own"]
fn print_staged() {
    print_changes(&Request::staged());
}

/// Run by other tests in a process of its own: prints what differs on disk.
#[test]
#[ignore = "other tests run it with an environment of their own"]
fn print_on_disk() {
    print_changes(&Request::work_tree());
}

fn print_changes(request: &Request) {
    let here = TestRepo::at(".");
    match try_changes(&here, request) {
        Ok(set) => set.files.iter().for_each(|file| println!("\n<{}>", line(file))),
        Err(error) => {
            println!("\n<{} | {}>", error.message, error.help.unwrap_or_default().replace('\n', " "))
        }
    }
}

fn printed(test: &str, repo: &TestRepo, environment: &[(&str, &str)]) -> Vec<String> {
    let text = in_process(&format!("environment::{test}"), repo, environment);
    let lines = text.lines().filter_map(|line| line.strip_prefix('<')?.strip_suffix('>'));
    lines.map(str::to_owned).collect()
}

fn repo() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("a.py", "a\n").write("sub/b.py", "b\n").commit("base");
    repo
}

#[test]
fn without_variables_the_repository_around_the_folder_is_meant() {
    let repo = repo();
    repo.write("a.py", "edited\n").git(&["add", "a.py"]);
    assert_eq!(printed("print_staged", &repo, &[]), ["M a.py"]);
    assert_eq!(printed("print_staged", &TestRepo::at(repo.file("sub")), &[]), ["M a.py"]);
}

/// During a commit git sets GIT_INDEX_FILE, relative to the root, and for `git commit FILE` to another file.
#[test]
fn the_index_of_git_index_file_counts() {
    let repo = repo();
    repo.write("a.py", "edited\n").git(&["add", "a.py"]);
    std::fs::copy(repo.file(".git/index"), repo.file(".git/next-index-1")).unwrap();
    repo.git(&["reset", "--quiet"]);
    assert_eq!(printed("print_staged", &repo, &[("GIT_INDEX_FILE", ".git/index")]), Vec::<String>::new());
    assert_eq!(printed("print_staged", &repo, &[("GIT_INDEX_FILE", ".git/next-index-1")]), ["M a.py"]);
    let absolute = repo.file(".git/next-index-1");
    let environment = [("GIT_INDEX_FILE", absolute.to_str().unwrap())];
    assert_eq!(printed("print_staged", &TestRepo::at(repo.file("sub")), &environment), ["M a.py"]);
    let lines = printed("print_staged", &repo, &[("GIT_INDEX_FILE", "nowhere")]);
    assert_contains(&lines[0], "there is no index at ");
    assert_contains(&lines[0], "correct GIT_INDEX_FILE");
}

#[test]
fn git_dir_and_git_work_tree_count() {
    let repo = repo();
    repo.write("a.py", "edited\n").git(&["add", "a.py"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let outside = TestRepo::at(elsewhere.path());
    let git_dir = repo.file(".git");
    let environment =
        [("GIT_DIR", git_dir.to_str().unwrap()), ("GIT_WORK_TREE", repo.path().to_str().unwrap())];
    assert_eq!(printed("print_staged", &outside, &environment), ["M a.py"]);
    assert_eq!(printed("print_on_disk", &outside, &environment), ["M a.py"]);
    // A hook runs with a relative GIT_DIR.
    assert_eq!(printed("print_on_disk", &repo, &[("GIT_DIR", ".git")]), ["M a.py"]);
    outside.write("a.py", "a\n").write("sub/b.py", "elsewhere\n");
    let environment =
        [("GIT_DIR", git_dir.to_str().unwrap()), ("GIT_WORK_TREE", elsewhere.path().to_str().unwrap())];
    assert_eq!(printed("print_on_disk", &repo, &environment), ["M sub/b.py"]);
}

/// Gives a repository to somebody else, which only root can do. False if that is not possible.
fn give_away(repo: &TestRepo) -> bool {
    let folder = repo.path().to_str().unwrap();
    let output = std::process::Command::new("chown").args(["-R", "12345:12345", folder]).output();
    output.is_ok_and(|output| output.status.success())
}

#[test]
fn a_repository_of_somebody_else_is_refused_until_it_is_allowed() {
    let repo = repo();
    repo.write("a.py", "edited\n").git(&["add", "a.py"]);
    if !give_away(&repo) {
        return;
    }
    let folder = repo.path().to_str().unwrap();
    let configuration = repo.path().with_file_name("config");
    std::fs::write(&configuration, "[user]\nname = Nobody\n").unwrap();
    let global = ("GIT_CONFIG_GLOBAL", configuration.to_str().unwrap());
    let lines = printed("print_staged", &repo, &[global]);
    assert_contains(&lines[0], "belongs to another user");
    assert_contains(&lines[0], &format!("git config --global --add safe.directory {folder}"));
    std::fs::write(&configuration, format!("[safe]\ndirectory = {folder}\n")).unwrap();
    assert_eq!(printed("print_staged", &repo, &[global]), ["M a.py"]);
    // The repository cannot allow itself.
    std::fs::write(&configuration, "").unwrap();
    repo.run_git(&["config", "-f", ".git/config", "safe.directory", "*"], b"");
    assert_contains(&printed("print_staged", &repo, &[global])[0], "belongs to another user");
}
