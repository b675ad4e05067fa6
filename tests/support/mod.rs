//! Builds git repositories for tests, with the `git` program. The gate itself never runs it.

#![allow(dead_code)] // Each test file compiles this module for itself and uses a part of it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How much processor time this thread has used: unlike the clock it does not depend on what else runs. Where the
/// system does not tell, the clock it is.
pub fn processor_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let schedule = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = schedule.split(' ').next().and_then(|number| number.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// A repository in a folder of its own, which is removed with it. Authors and dates are fixed, and the user's
/// configuration is not read, so the same steps give the same hashes everywhere.
pub struct TestRepo {
    /// Keeps the folder alive; a clone inside the folder of another repository has none.
    _folder: Option<TempDir>,
    root: PathBuf,
    /// Every commit is a minute later than the one before.
    minutes: AtomicU32,
}

impl TestRepo {
    /// An empty repository whose branch is `main`.
    pub fn new() -> Self {
        Self::init(&[])
    }

    /// An empty repository, made with further options of `git init`.
    pub fn init(options: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let root = folder.path().canonicalize().unwrap().join("repo");
        fs::create_dir(&root).unwrap();
        let repo = TestRepo { _folder: Some(folder), root, minutes: AtomicU32::new(0) };
        repo.git(&[&["init", "--quiet", "--initial-branch=main"], options].concat());
        repo
    }

    /// A clone of this repository, in a folder beside it. `file://` makes git honour `--depth` and `--filter`.
    pub fn clone_with(&self, options: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let root = folder.path().canonicalize().unwrap().join("clone");
        let url = format!("file://{}", self.root.display());
        self.git(&[&["clone", "--quiet"], options, &[&url, root.to_str().unwrap()]].concat());
        TestRepo { _folder: Some(folder), root, minutes: AtomicU32::new(500) }
    }

    /// The repository at `root`, which belongs to another `TestRepo`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        TestRepo { _folder: None, root: root.into(), minutes: AtomicU32::new(900) }
    }

    pub fn path(&self) -> &Path {
        &self.root
    }

    pub fn file(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.file(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub fn remove(&self, path: impl AsRef<Path>) -> &Self {
        fs::remove_file(self.file(path)).unwrap();
        self
    }

    /// Commits everything that is on disk, and gives the hash of the commit.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.commit_index(message)
    }

    /// Commits what is staged.
    pub fn commit_index(&self, message: &str) -> String {
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.hash("HEAD")
    }

    /// Starts a branch at HEAD and switches to it.
    pub fn branch(&self, name: &str) -> &Self {
        self.git(&["switch", "--quiet", "--create", name]);
        self
    }

    pub fn switch(&self, name: &str) -> &Self {
        self.git(&["switch", "--quiet", name]);
        self
    }

    /// Merges a branch into HEAD, always with a merge commit, and gives its hash.
    pub fn merge(&self, branch: &str) -> String {
        self.git(&["merge", "--quiet", "--no-ff", "--no-edit", branch]);
        self.hash("HEAD")
    }

    /// Makes a commit on a branch with exactly these files, without touching the index and the disk: quick with
    /// thousands of files. The branch `parent` is its parent, if there is one.
    pub fn import(&self, branch: &str, parent: Option<&str>, files: &[(String, String)]) {
        let mut stream = format!("commit refs/heads/{branch}\n");
        stream.push_str("committer Carl Committer <carl@example.org> 1767225600 +0000\ndata 0\n\n");
        if let Some(parent) = parent {
            stream.push_str(&format!("from refs/heads/{parent}\ndeleteall\n"));
        }
        for (path, content) in files {
            stream.push_str(&format!("M 100644 inline {path}\ndata {}\n{content}\n", content.len()));
        }
        self.git_with_input(&["fast-import", "--quiet", "--force"], stream.as_bytes());
    }

    pub fn hash(&self, revision: &str) -> String {
        self.git(&["rev-parse", revision])
    }

    /// Runs git, which must succeed, and gives what it wrote without the last line end.
    pub fn git<S: AsRef<OsStr>>(&self, arguments: &[S]) -> String {
        self.git_with_input(arguments, b"")
    }

    pub fn git_with_input<S: AsRef<OsStr>>(&self, arguments: &[S], input: &[u8]) -> String {
        let output = self.run_git(arguments, input);
        let name = arguments[0].as_ref().to_string_lossy().into_owned();
        assert!(output.status.success(), "git {name} failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
    }

    /// Runs a program in the repository, which must succeed. The git that it runs behaves as that of `git` does.
    pub fn run<S: AsRef<OsStr>>(&self, program: &str, arguments: &[S]) {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.root).envs(self.environment());
        let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs git, which may fail.
    pub fn run_git<S: AsRef<OsStr>>(&self, arguments: &[S], input: &[u8]) -> std::process::Output {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(&self.root);
        for (name, value) in self.environment() {
            command.env(name, value);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("git runs");
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || std::io::Write::write_all(&mut stdin, input));
            child.wait_with_output().unwrap()
        })
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let minutes = self.minutes.fetch_add(1, Ordering::Relaxed);
        let date = format!("2026-01-01T{:02}:{:02}:00+00:00", minutes / 60 % 24, minutes % 60);
        let fixed = [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_SYSTEM", "/dev/null"),
            ("GIT_CONFIG_COUNT", "3"),
            ("GIT_CONFIG_KEY_0", "protocol.file.allow"),
            ("GIT_CONFIG_VALUE_0", "always"),
            ("GIT_CONFIG_KEY_1", "core.fsync"),
            ("GIT_CONFIG_VALUE_1", "none"),
            ("GIT_CONFIG_KEY_2", "gc.auto"),
            ("GIT_CONFIG_VALUE_2", "0"),
            ("GIT_AUTHOR_NAME", "Ada Author"),
            ("GIT_AUTHOR_EMAIL", "ada@example.org"),
            ("GIT_COMMITTER_NAME", "Carl Committer"),
            ("GIT_COMMITTER_EMAIL", "carl@example.org"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("LC_ALL", "C"),
        ];
        let mut environment: Vec<_> =
            fixed.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        environment.push(("GIT_AUTHOR_DATE", date.clone()));
        environment.push(("GIT_COMMITTER_DATE", date));
        environment
    }
}

/// The program in a folder, in a terminal of 80 columns, without anything of the environment of the tests.
pub fn mergegate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mergegate"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "80")
        .env("LANG", "C.UTF-8")
        .output()
        .unwrap()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
