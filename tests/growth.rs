//! What a run costs grows with the change and with nothing else. Work is counted here; time is for
//! `benches/compare.py`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use mergegate::analysis::Analyser;
use mergegate::change_set::{Repository, Request};
use mergegate::gate;
use mergegate::policy::Policy;
use mergegate::python::SourceFile;
use mergegate::scan::Work;
use mergegate::suppression::Date;
use mergegate::verdict::Verdict;
use support::TestRepo;

/// The verdict on `change` against `main`, and how many contents were read for it.
fn check(repo: &TestRepo) -> (Verdict, usize) {
    let policy = Policy::recommended().unwrap();
    let analyser = Analyser::new(&policy, Date::MAX);
    let repository = Repository::open(repo.path()).unwrap();
    let revisions = repository.resolve(&Request::between("main", "change")).unwrap();
    let verdict = gate::check(&repository, revisions, &analyser, String::new(), Vec::new()).unwrap();
    (verdict, repository.contents_read())
}

fn path(number: usize) -> String {
    format!("p{}/q{}/m{number}.py", number % 10, number / 10 % 10)
}

/// A repository of so many files, in 100 folders, with a change of the first ten.
fn repository(files: usize) -> TestRepo {
    let repo = TestRepo::new();
    let file = |number: usize| (path(number), format!("import os\nx = {number}\nos.system(x)\n"));
    let mut all: Vec<_> = (0..files).map(file).collect();
    repo.import("main", None, &all);
    for (_, content) in &mut all[..10] {
        content.push_str("def f(x):\n    return eval(x)\n");
    }
    repo.import("change", Some("main"), &all);
    repo
}

/// A repository that has the commits of another, and besides nothing but the folders and files that differ between
/// them. Whoever needs anything else of it fails.
fn only_what_differs(repo: &TestRepo) -> (TestRepo, usize) {
    let raw = repo.git(&["diff-tree", "-r", "-t", "--raw", "--no-abbrev", "main", "change"]);
    let is_hash = |word: &&str| word.len() == 40;
    let mut objects: Vec<&str> = raw.lines().flat_map(|line| line.split(' ').filter(is_hash)).collect();
    let ends = ["main", "change", "main^{tree}", "change^{tree}"].map(|revision| repo.hash(revision));
    objects.extend(ends.iter().map(String::as_str));
    let count = objects.len();
    let pruned = TestRepo::new();
    let packs = pruned.file(".git/objects/pack/pack");
    repo.git_with_input(
        &["pack-objects".as_ref(), "--quiet".as_ref(), packs.as_os_str()],
        objects.join("\n").as_bytes(),
    );
    pruned.git(&["update-ref", "refs/heads/main", &ends[0]]);
    pruned.git(&["update-ref", "refs/heads/change", &ends[1]]);
    (pruned, count)
}

#[test]
fn a_change_costs_the_same_in_a_repository_of_any_size() {
    let measured = [100, 10_000].map(|files| {
        let (pruned, objects) = only_what_differs(&repository(files));
        let (verdict, contents) = check(&pruned);
        assert_eq!((verdict.files, verdict.results.len()), (10, 20));
        (objects, contents)
    });
    // Of each side one commit, its root, ten folders in it with one folder each, and ten files.
    assert_eq!(measured, [(2 * (2 + 20 + 10), 2 * 10); 2]);
}

#[test]
fn what_is_moved_is_read_twice() {
    let repo = TestRepo::new();
    let content = |number: usize| (0..40).map(|line| format!("x{line} = {number}\n")).collect::<String>();
    let folder = |name: &str, more: &str| -> Vec<(String, String)> {
        (0..50).map(|number| (format!("{name}/m{number}.py"), content(number) + more)).collect()
    };
    repo.import("main", None, &folder("old", ""));
    repo.import("change", Some("main"), &folder("new", "eval(x)\n"));
    let (verdict, contents) = check(&repo);
    assert_eq!(verdict.files, 50);
    // Once to see what was moved, and once to be scanned.
    assert_eq!(contents, 2 * (50 + 50));
}

/// Code of about a kilobyte in which names, calls and values have to be followed.
fn part(number: usize) -> String {
    format!(
        "
class Handler{number}(Base):
    table = 'users'

    def __init__(self, connection, folder='/srv/data'):
        self.connection = connection
        self.folder = folder

    def find(self, request):
        name = request.args['name']
        query = f'SELECT * FROM {{self.table}} WHERE name = {{name}}'
        if not name:
            return None
        cursor = self.connection.cursor()
        for row in cursor.execute(query):
            yield json.loads(row[0])

    def archive(self, names):
        command = ['tar', '-cf', self.folder + '/all.tar']
        for name in names:
            command.append(os.path.join(self.folder, name))
        subprocess.run(command, check=True)
        return helper{number}(command, level=len(names))


def helper{number}(command, level):
    text = ' '.join(command)
    try:
        return subprocess.check_output(text, shell=level > {number})
    except OSError as error:
        log.warning('%s failed: %s', text, error)
        return b''
"
    )
}

fn work(parts: usize) -> (usize, Work) {
    let head =
        "import json, logging, os, subprocess\nfrom base import Base\n\nlog = logging.getLogger(__name__)\n";
    let text = head.to_owned() + &(0..parts).map(part).collect::<String>();
    let policy = Policy::recommended().unwrap();
    let file = SourceFile::read(text.as_bytes()).unwrap();
    let scanned = Analyser::new(&policy, Date::MAX).scanner().scan(&file, text.as_bytes());
    assert_eq!(scanned.problem, None);
    assert!(scanned.findings.len() >= parts);
    (text.len(), scanned.work)
}

#[test]
fn work_grows_with_the_size_of_a_file_and_not_faster() {
    let (size, small) = work(1);
    assert!(size > 1_000);
    for parts in [10, 100, 1_000] {
        let (size, work) = work(parts);
        let shown = format!("{size} bytes: {work:?}, and one of {parts} parts: {small:?}");
        assert!(work.nodes <= small.nodes * parts, "{shown}");
        assert!(work.followed <= small.followed * parts, "{shown}");
    }
}
