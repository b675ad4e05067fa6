//! Whole changes: every folder of `fixtures/gate/` is a repository to be built and judged.
//!
//! | in a folder | what it is |
//! |---|---|
//! | `policy.yml` | the policy, committed with `base/` as `.mergegate.yml` |
//! | `base/` | the files of the branch `main` |
//! | `head/` | the files of the branch `change`, which starts there |
//! | `base.sh` | what `base/` cannot say: run before it is committed |
//! | `head.sh` | the same for `head/` |
//! | `args` | what follows `mergegate check`; `--base main --head change` where there is none |
//! | `env` | variables of the environment, one a line |
//! | `expected.txt` | the exit code and all that is printed |
//! | `expected.json` | the results in SARIF, where somebody put such a file |
//!
//! A file whose name would mean something to the repository of this project is called `dot.gitignore`.
//! `UPDATE_EXPECTED=1 cargo test --test gate` writes the expectations anew. `GATE=rename`
//! before it runs only the scenarios whose names contain that.
//!
//! What each scenario is in SARIF stays in `target/tmp/gate`, where `.ci/sarif` has other people's tools judge it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

#[path = "support/mod.rs"]
mod support;

use support::TestRepo;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/gate")
}

fn scenarios() -> Vec<PathBuf> {
    let wanted = std::env::var("GATE").unwrap_or_default();
    let folders = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut scenarios: Vec<PathBuf> =
        folders.filter(|path| path.is_dir() && name(path).contains(&wanted)).collect();
    scenarios.sort();
    scenarios
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn every_scenario_ends_as_expected() {
    let scenarios = scenarios();
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(BTreeMap::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let ended = std::panic::catch_unwind(|| try_scenario(scenario));
                    if let Err(difference) = ended.unwrap_or_else(|_| Err("it cannot be tried".to_owned())) {
                        wrong.lock().unwrap().insert(name(scenario), difference);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let shown: Vec<String> = wrong.iter().map(|(name, text)| format!("--- {name}\n{text}")).collect();
    assert!(wrong.is_empty(), "{} of {} are wrong\n{}", wrong.len(), scenarios.len(), shown.join("\n"));
}

#[test]
fn there_are_enough_scenarios() {
    let all = fs::read_dir(folder()).unwrap().map(|entry| name(&entry.unwrap().path()));
    let (attacks, others): (Vec<_>, Vec<_>) = all.partition(|name| name.starts_with("attack-"));
    assert!(others.len() >= 60 && attacks.len() >= 40, "{} and {} attacks", others.len(), attacks.len());
}

fn try_scenario(scenario: &Path) -> Result<(), String> {
    let repo = build(scenario);
    let sarif_file = scenario.join("expected.json");
    let output = check(scenario, &repo);
    let mut difference = compare(&scenario.join("expected.txt"), &transcript(&repo, &output));
    if sarif_file.exists() {
        difference += &compare(&sarif_file, &sarif_results(scenario, &repo));
    }
    leave_sarif(scenario, &repo);
    if difference.is_empty() { Ok(()) } else { Err(difference) }
}

/// The difference to the expectation; none after an update.
fn compare(file: &Path, found: &str) -> String {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(file, found).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    if expected == found { String::new() } else { format!("expected:\n{expected}\nfound:\n{found}") }
}

/// Builds the repository of a scenario. The branch `change` is checked out.
fn build(scenario: &Path) -> TestRepo {
    let repo = TestRepo::new();
    copy_into(&repo, &scenario.join("base"));
    if let Ok(policy) = fs::read(scenario.join("policy.yml")) {
        repo.write(".mergegate.yml", policy);
    }
    run_script(&repo, &scenario.join("base.sh"));
    repo.git(&["add", "--all", "--force"]);
    repo.commit_index("The base");
    repo.branch("change");
    repo.git(&["rm", "-r", "--quiet", "--force", "--ignore-unmatch", "--", ".", ":!.mergegate.yml"]);
    copy_into(&repo, &scenario.join("head"));
    run_script(&repo, &scenario.join("head.sh"));
    if !arguments(scenario).iter().any(|argument| argument == "--staged" || argument == "--worktree") {
        repo.git(&["add", "--all", "--force"]);
        repo.commit_index("The change");
    }
    repo
}

fn copy_into(repo: &TestRepo, folder: &Path) {
    for (path, content) in files_of(folder) {
        let parts: Vec<String> = path
            .split('/')
            .map(|part| part.strip_prefix("dot").filter(|it| it.starts_with('.')).unwrap_or(part).to_owned())
            .collect();
        repo.write(parts.join("/"), content);
    }
}

/// The files below a folder with their paths in it.
fn files_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let inside = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                files.push((inside, fs::read(&path).unwrap()));
            }
        }
    }
    files
}

fn run_script(repo: &TestRepo, script: &Path) {
    if script.exists() {
        repo.run("sh", &[OsStr::new("-eu"), script.as_os_str()]);
    }
}

fn arguments(scenario: &Path) -> Vec<String> {
    let arguments = fs::read_to_string(scenario.join("args"));
    let arguments = arguments.unwrap_or_else(|_| "--base main --head change".to_owned());
    arguments.split_whitespace().map(str::to_owned).collect()
}

fn check(scenario: &Path, repo: &TestRepo) -> Output {
    let mut command = command(scenario, repo);
    command.args(arguments(scenario)).output().expect("mergegate runs")
}

fn command(scenario: &Path, repo: &TestRepo) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mergegate"));
    command.arg("check").current_dir(repo.path()).env_clear();
    command.envs([("LANG", "C.UTF-8"), ("COLUMNS", "100"), ("SOURCE_DATE_EPOCH", "1798761600")]);
    for line in fs::read_to_string(scenario.join("env")).unwrap_or_default().lines() {
        let (name, value) = line.split_once('=').expect("NAME=value");
        command
            .env(name, value.replace("{base}", &repo.hash("main")).replace("{head}", &repo.hash("change")));
    }
    command
}

fn transcript(repo: &TestRepo, output: &Output) -> String {
    let code = output.status.code().map_or("none".to_owned(), |code| code.to_string());
    let shown =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(repo.path().to_str().unwrap(), "[repo]");
    format!("exit code: {code}\n\nstdout:\n{}\nstderr:\n{}", shown(&output.stdout), shown(&output.stderr))
}

/// What the SARIF report says of this change; what it says of checks is the same in all.
fn sarif_results(scenario: &Path, repo: &TestRepo) -> String {
    let mut command = command(scenario, repo);
    let output = command.args(arguments(scenario)).args(["--format", "sarif"]).output().unwrap();
    let sarif: serde_json::Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
    let run = &sarif["runs"][0];
    let invocation = &run["invocations"][0];
    let shown = serde_json::json!({
        "results": run["results"],
        "exitCode": invocation["exitCode"],
        "executionSuccessful": invocation["executionSuccessful"],
        "toolExecutionNotifications": invocation["toolExecutionNotifications"],
    });
    serde_json::to_string_pretty(&shown).unwrap() + "\n"
}

/// Makes the branch `before` without the files that the change touches and, on top of it, `merged` with all that
/// is at the merge base. $1 is what the change is compared by:
/// `HEAD`, `--cached`, or nothing for the work tree.
const BASE_SIDE: &str = r#"
    base=$(git merge-base main HEAD)
    export GIT_INDEX_FILE=.git/before
    touched() { GIT_INDEX_FILE=.git/index git diff --name-only -z --no-renames --diff-filter=a "$base" $1 -- . ':!*.yml'; }
    git read-tree "$base"
    touched "$1" | git update-index -z --force-remove --stdin
    git branch before "$(git commit-tree -m before "$(git write-tree)")"
    git branch merged "$(git commit-tree -m merged -p before "$base^{tree}")"
"#;

/// Writes what a scenario is in SARIF, and `base.sarif`: the same files at the merge base as if they were all new.
fn leave_sarif(scenario: &Path, repo: &TestRepo) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gate").join(name(scenario));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let report = |format: &str, name: &str| format!("--output={format}={}", folder.join(name).display());
    let mut judge = command(scenario, repo);
    judge.args(arguments(scenario));
    judge.args([report("sarif", "check.sarif"), report("sarif-github", "github.sarif")]);
    if judge.output().unwrap().status.code().is_some_and(|code| code <= 1) {
        let head = arguments(scenario).into_iter().find(|it| it == "--staged" || it == "--worktree");
        let head = head.map_or("HEAD", |it| if it == "--staged" { "--cached" } else { "" });
        repo.run("sh", &["-euc", BASE_SIDE, "sh", head]);
        let mut judge = command(scenario, repo);
        judge.args(["--base", "before", "--head", "merged"]).arg(report("sarif", "base.sarif"));
        let output = judge.output().unwrap();
        assert!(output.status.code().is_some_and(|code| code <= 1), "{}", transcript(repo, &output));
    }
}
