//! Repositories made to deceive or to harm. Nothing runs, nothing outside is read, nothing takes for ever.

use std::path::Path;

use mergegate::change_set::Mode;

use super::*;
use crate::support::processor_time;

/// Stores a tree with exactly these entries, in this order and with these names, as git itself never would.
fn raw_tree(repo: &TestRepo, entries: &[(&str, &[u8], &str)]) -> String {
    let mut tree = Vec::new();
    for (mode, name, hash) in entries {
        tree.extend_from_slice(mode.as_bytes());
        tree.push(b' ');
        tree.extend_from_slice(name);
        tree.push(0);
        tree.extend((0..hash.len()).step_by(2).map(|at| u8::from_str_radix(&hash[at..at + 2], 16).unwrap()));
    }
    repo.git_with_input(&["hash-object", "-t", "tree", "-w", "--stdin", "--literally"], &tree)
}

fn blob(repo: &TestRepo, content: &str) -> String {
    repo.git_with_input(&["hash-object", "-w", "--stdin"], content.as_bytes())
}

/// A repository with a base commit, and a commit `evil` upon it with this tree.
fn with_tree(tree: impl Fn(&TestRepo) -> String) -> TestRepo {
    let repo = TestRepo::new();
    repo.write("a.py", "a\n").commit("base");
    set_evil(&repo, &tree(&repo));
    repo
}

/// Makes `evil` a commit with this tree.
fn set_evil(repo: &TestRepo, tree: &str) {
    let commit = repo.git(&["commit-tree", tree, "-p", "main", "-m", "evil"]);
    repo.git(&["update-ref", "refs/heads/evil", &commit]);
}

fn evil() -> Request {
    between("main", "evil")
}

#[test]
fn names_that_git_would_not_check_out_are_refused() {
    let names: [&[u8]; 14] = [
        b"..",
        b".",
        b"",
        b"/etc",
        b"../outside.py",
        b"a/b.py",
        b".git",
        b".GIT",
        b".git ",
        b".git.",
        b"git~1",
        b".git::$INDEX_ALLOCATION",
        ".g\u{200c}it".as_bytes(),
        "\u{feff}.git".as_bytes(),
    ];
    let repo = TestRepo::new();
    repo.write("a.py", "a\n").commit("base");
    let (file, folder) = (repo.hash("main:a.py"), repo.hash("main^{tree}"));
    for (mode, content) in [("100644", &file), ("120000", &file), ("40000", &folder)] {
        for name in names {
            set_evil(&repo, &raw_tree(&repo, &[(mode, name, content)]));
            let (message, _) = failure(&repo, &evil());
            assert_contains(&message, "the change has an entry that git refuses to check out, ");
        }
    }
}

#[test]
fn names_that_only_look_odd_are_names() {
    let names: [&[u8]; 6] = [b"aux.py", b"a:b.py", b"...", b".gitignore", b"back\\slash.py", b" .py"];
    for name in names {
        let repo = with_tree(|repo| raw_tree(repo, &[("100644", name, &blob(repo, "x\n"))]));
        assert_eq!(change_set(&repo, &evil()).files.len(), 2, "{name:?}");
    }
}

#[test]
fn a_base_with_a_bad_name_can_be_repaired() {
    let repo = with_tree(|repo| raw_tree(repo, &[("100644", b"..", &blob(repo, "x\n"))]));
    let fixed = repo.git(&["commit-tree", "main^{tree}", "-p", "evil", "-m", "fix"]);
    assert_eq!(changes(&repo, &between("evil", &fixed)), ["D ..", "A a.py"]);
}

#[test]
fn two_entries_of_one_name_are_refused() {
    for (first, second) in [("100644", "100644"), ("100644", "40000")] {
        let repo = with_tree(|repo| {
            let file = blob(repo, "good\n");
            let other = if second == "40000" { repo.hash("main^{tree}") } else { blob(repo, "bad\n") };
            let tree = raw_tree(repo, &[(first, b"x.py", &file), (second, b"x.py", &other)]);
            raw_tree(repo, &[("40000", b"dir", &tree)])
        });
        let (message, _) = failure(&repo, &evil());
        assert_contains(&message, "is damaged: it has two entries for dir/x.py");
    }
}

#[test]
fn entries_out_of_order_are_compared_all_the_same() {
    let repo = with_tree(|repo| {
        let base = repo.hash("main:a.py");
        raw_tree(repo, &[("100644", b"z.py", &blob(repo, "z\n")), ("100644", b"a.py", &base)])
    });
    assert_eq!(changes(&repo, &evil()), ["A z.py"]);
}

#[test]
fn a_tree_that_is_no_tree_is_an_error() {
    let truncated = |repo: &TestRepo| {
        repo.git_with_input(
            &["hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
            b"100644 a.py\0short",
        )
    };
    assert_contains(&failure(&with_tree(truncated), &evil()).0, "is damaged");
    let not_a_tree = with_tree(|repo| raw_tree(repo, &[("40000", b"dir", &blob(repo, "x\n"))]));
    assert_contains(&failure(&not_a_tree, &evil()).0, "cannot read the tree ");
    let missing =
        with_tree(|repo| raw_tree(repo, &[("40000", b"dir", "1234567890123456789012345678901234567890")]));
    let (message, help) = failure(&missing, &evil());
    assert_contains(
        &message,
        "the tree 1234567890123456789012345678901234567890 of dir is not in this clone",
    );
    assert_contains(&help, "git fsck");
}

#[test]
fn a_file_that_is_no_blob_is_an_error() {
    let repo = with_tree(|repo| raw_tree(repo, &[("100644", b"x.py", &repo.hash("main"))]));
    let set = change_set(&repo, &evil());
    let repository = Repository::open(repo.path()).unwrap();
    let error = repository.read(set.files[1].head.as_ref().unwrap(), 1000).unwrap_err();
    assert_contains(&error.message, "the content of x.py is damaged");
}

fn object_file(repo: &TestRepo, hash: &str) -> std::path::PathBuf {
    repo.file(format!(".git/objects/{}/{}", &hash[..2], &hash[2..]))
}

fn overwrite(file: &Path, content: &[u8]) {
    std::fs::remove_file(file).unwrap();
    std::fs::write(file, content).unwrap();
}

#[test]
fn damaged_objects_are_errors_that_name_the_file() {
    for garbage in [&b""[..], b"garbage", b"x\x9cK\xca\xc9OR0e(J-.HM.\xc9/\xaaT(.)J\xcc"] {
        let repo = with_tree(|repo| raw_tree(repo, &[("100644", b"x.py", &blob(repo, "some content\n"))]));
        overwrite(&object_file(&repo, &repo.hash("evil:x.py")), garbage);
        let set = change_set(&repo, &evil());
        let repository = Repository::open(repo.path()).unwrap();
        let error = repository.read(set.files[1].head.as_ref().unwrap(), 1000).unwrap_err();
        assert_contains(&error.message, "x.py");
        overwrite(&object_file(&repo, &repo.hash("evil^{tree}")), garbage);
        assert_contains(&failure(&repo, &evil()).0, "the tree ");
        overwrite(&object_file(&repo, &repo.hash("evil")), garbage);
        assert_contains(&failure(&repo, &evil()).0, "evil");
    }
}

#[test]
fn a_truncated_pack_is_an_error() {
    let repo = TestRepo::new();
    repo.write("a.py", LINES.repeat(100)).commit("base");
    repo.branch("work").write("a.py", LINES.repeat(99)).commit("work");
    repo.git(&["repack", "-adq"]);
    let folder = repo.file(".git/objects/pack");
    let mut pack = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let pack = pack.find(|path| path.extension().is_some_and(|extension| extension == "pack")).unwrap();
    let bytes = std::fs::read(&pack).unwrap();
    overwrite(&pack, &bytes[..40]);
    let repository = Repository::open(repo.path()).unwrap();
    assert!(repository.resolve(&between("main", "work")).is_err());
}

#[test]
fn references_in_a_circle_end() {
    let repo = TestRepo::new();
    repo.write("a.py", "a\n").commit("base");
    repo.write(".git/refs/heads/one", "ref: refs/heads/two\n")
        .write(".git/refs/heads/two", "ref: refs/heads/one\n");
    assert!(try_changes(&repo, &between("one", "main")).is_err());
    repo.write(".git/HEAD", "ref: refs/heads/one\n");
    for request in [between("main", "HEAD"), Request::staged(), Request::work_tree()] {
        assert!(try_changes(&repo, &request).is_err());
    }
    repo.write(".git/refs/remotes/origin/HEAD", "ref: refs/remotes/origin/HEAD\n");
    assert!(try_changes(&repo, &Request::against_default_branch("main")).is_err());
}

/// Ten levels of ten folders that are all the same are ten small trees, and ten thousand million files.
#[test]
fn folders_that_share_their_trees_do_not_multiply_without_end() {
    let repo = with_tree(|repo| {
        let mut tree = raw_tree(repo, &[("100644", b"x.py", &blob(repo, "x\n"))]);
        for _ in 0..10 {
            let names: Vec<String> = (0..10).map(|number| format!("d{number}")).collect();
            let entries: Vec<_> = names.iter().map(|name| ("40000", name.as_bytes(), &*tree)).collect();
            tree = raw_tree(repo, &entries);
        }
        tree
    });
    let (message, _) = failure(&repo, &evil());
    assert_contains(&message, "the change touches folders with more than");
}

#[test]
fn folders_in_folders_without_end_are_cut_off() {
    let repo = with_tree(|repo| {
        let file = blob(repo, "x\n");
        let mut stream =
            String::from("commit refs/heads/deep\ncommitter C <c@e> 1767225600 +0000\ndata 0\n\n");
        let folder = ["d"; 3000].join("/");
        stream.push_str(&format!("M 100644 {file} {folder}/x.py\n"));
        repo.git_with_input(&["fast-import", "--quiet"], stream.as_bytes());
        repo.hash("deep^{tree}")
    });
    assert_contains(&failure(&repo, &evil()).0, "a path has more than 4096 bytes: d/d/d/");
}

#[test]
fn a_hundred_thousand_changed_files_are_a_change() {
    let repo = TestRepo::new();
    repo.write("a.py", "a\n").commit("base");
    let files: Vec<_> =
        (0..100_000).map(|number| (format!("d{}/f{number}.py", number % 100), "x".to_owned())).collect();
    repo.import("work", Some("main"), &files);
    let start = processor_time();
    assert_eq!(change_set(&repo, &between("main", "work")).files.len(), 100_001);
    let taken = processor_time() - start;
    assert!(taken < std::time::Duration::from_secs(5), "{taken:?}");
}

#[test]
fn a_link_is_not_followed() {
    let repo = TestRepo::new();
    repo.write("a.py", "a\n").commit("base");
    repo.branch("work").remove("a.py");
    std::os::unix::fs::symlink("/etc/passwd", repo.file("a.py")).unwrap();
    let head = |request: &Request| {
        let set = change_set(&repo, request);
        let head = set.files[0].head.clone().unwrap();
        assert_eq!((head.mode, text(&repo, &head)), (Mode::Symlink, "/etc/passwd".to_owned()));
    };
    head(&Request::work_tree());
    repo.git(&["add", "a.py"]);
    head(&Request::staged());
    repo.commit("work");
    head(&between("main", "work"));
}

/// An index with a path that leads out of the work tree, which git itself would not write.
#[test]
fn an_index_that_leads_out_of_the_work_tree_is_refused() {
    let repo = TestRepo::new();
    repo.write("abcdefghijkl.py", "a\n").commit("base");
    std::fs::write(repo.path().with_file_name("ijkl.py"), "outside\n").unwrap();
    let index = std::fs::read(repo.file(".git/index")).unwrap();
    for (name, reason) in [("../../../ijkl.py", "'..'"), ("../ijkl.py", "'..'"), ("a/.git/ijkl.py", ".git")] {
        let old = b"abcdefghijkl.py";
        let Some(name) = name.get(..old.len()).filter(|name| name.len() == old.len()) else { continue };
        let at = index.windows(old.len()).position(|window| window == old).unwrap();
        let mut evil = index.clone();
        evil[at..at + old.len()].copy_from_slice(name.as_bytes());
        let sum = evil.len() - 20;
        evil[sum..].fill(0);
        repo.write(".git/index", &evil);
        let message = failure(&repo, &Request::work_tree()).0;
        assert_contains(&message, "is not a path in a work tree");
        assert_contains(&message, reason);
    }
}

/// A repository that names a program in every way there is, and the file that the program makes when it runs.
fn with_programs() -> (TestRepo, std::path::PathBuf) {
    let repo = TestRepo::new();
    let marker = repo.path().with_file_name("marker");
    let program = repo.path().with_file_name("program");
    std::fs::write(&program, format!("#!/bin/sh\ntouch {}\ncat\n", marker.display())).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let program = program.to_str().unwrap();
    let attributes = "*.py filter=evil diff=evil merge=evil text\n";
    repo.write("a.py", LINES).write("b.py", LINES.replace("one", "1")).commit("base");
    repo.branch("work").write(".gitattributes", attributes).remove("a.py");
    repo.write("moved.py", LINES.replace("two", "2")).write("b.py", LINES.replace("two", "2")).commit("work");
    for key in PROGRAMS {
        repo.git(&["config", key, program]);
    }
    repo.git(&["config", "filter.evil.required", "true"]);
    repo.write(".git/info/attributes", format!("{attributes}*.py ident working-tree-encoding=UTF-16LE\n"));
    repo.git(&["config", "remote.origin.url", &format!("ext::{program}")]);
    repo.git(&["config", "remote.origin.promisor", "true"]);
    repo.git(&["config", "extensions.partialClone", "origin"]);
    repo.git(&["config", "core.hooksPath", repo.path().parent().unwrap().to_str().unwrap()]);
    for hook in ["post-index-change", "fsmonitor-watchman", "reference-transaction", "pre-commit"] {
        std::fs::copy(program, repo.path().with_file_name(hook)).unwrap();
        std::fs::copy(program, repo.file(".git/hooks").join(hook)).unwrap();
    }
    // The configuration works: git runs it.
    repo.write("b.py", "edited again\n").run_git(&["diff"], b"");
    assert!(marker.exists());
    std::fs::remove_file(&marker).unwrap();
    repo.write("new.py", "x\n");
    (repo, marker)
}

const PROGRAMS: [&str; 19] = [
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.evil.process",
    "diff.evil.textconv",
    "diff.evil.command",
    "diff.external",
    "merge.evil.driver",
    "core.fsmonitor",
    "core.sshCommand",
    "core.editor",
    "core.pager",
    "core.gitProxy",
    "core.askPass",
    "core.alternateRefsCommand",
    "credential.helper",
    "gpg.program",
    "uploadpack.packObjectsHook",
    "remote.origin.uploadpack",
    "alias.diff",
];

/// Everything that can be asked about a repository.
fn ask_everything(repo: &TestRepo) {
    let repository = Repository::open(repo.path()).unwrap();
    for request in [between("main", "work"), Request::staged(), Request::work_tree()] {
        let revisions = repository.resolve(&request).unwrap();
        repository.at_base(&revisions, &path("b.py")).unwrap();
        repository.at_head(&revisions, &path("b.py")).unwrap();
        for file in repository.changes(&revisions).unwrap().files {
            for version in file.base.iter().flatten().chain(&file.head) {
                repository.read(version, 1 << 20).unwrap();
            }
        }
    }
    let gone = "1234567890123456789012345678901234567890";
    repository.resolve(&between(gone, "HEAD")).unwrap_err();
    repository.blame(&path("b.py"), LINES.as_bytes(), &[0, 1, 2]).unwrap();
}

#[test]
fn nothing_that_a_repository_names_is_run() {
    let (repo, marker) = with_programs();
    ask_everything(&repo);
    assert!(!marker.exists());
}

/// Run by another test in a process of its own, which is traced.
#[test]
#[ignore = "another test runs it"]
fn ask_everything_here() {
    ask_everything(&TestRepo::at("."));
}

#[test]
fn no_process_is_started_and_no_connection_opened() {
    let (repo, _) = with_programs();
    let log = repo.path().with_file_name("log");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=execve,execveat,socket,connect", "-o", log.to_str().unwrap()]);
    command.arg(std::env::current_exe().unwrap());
    command.args(["--exact", "hostile::ask_everything_here", "--ignored"]).current_dir(repo.path());
    // Not every system has strace, or lets it trace.
    let Ok(output) = command.output() else { return };
    let calls = std::fs::read_to_string(&log).unwrap_or_default();
    if !calls.contains("execve(") {
        return;
    }
    assert_contains(&String::from_utf8_lossy(&output.stdout), "1 passed");
    assert_eq!(calls.lines().count(), 1, "{calls}");
}

/// A configuration that includes a file outside of the repository.
#[test]
fn included_configuration_is_not_read() {
    let repo = TestRepo::new();
    repo.write("a.py", "a\n").commit("base");
    let outside = repo.path().with_file_name("outside");
    std::fs::write(&outside, "[core]\nexcludesFile = /dev/stdin\nbare = true\n").unwrap();
    repo.git(&["config", "include.path", outside.to_str().unwrap()]);
    repo.write("new.py", "x\n");
    assert_eq!(changes(&repo, &Request::work_tree()), ["A new.py"]);
}
