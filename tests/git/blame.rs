//! Who brought a line.

use mergegate::change_set::Authorship;

use super::*;

/// For each line the message of its commit, or "-" for a line that is not committed.
fn blame(repo: &TestRepo, name: &str, content: &str) -> Vec<String> {
    let lines: Vec<u32> = (0..content.lines().count() as u32).collect();
    let authors =
        Repository::open(repo.path()).unwrap().blame(&path(name), content.as_bytes(), &lines).unwrap();
    let message = |author: Authorship| repo.git(&["log", "-1", "--format=%s", &author.commit]);
    authors.into_iter().map(|author| author.map_or("-".to_owned(), message)).collect()
}

fn repo() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("a.py", "one\ntwo\nthree\n").commit("first");
    repo.write("a.py", "one\n2\nthree\nfour\n").commit("second");
    repo
}

#[test]
fn every_line_has_the_commit_that_brought_it() {
    let repo = repo();
    assert_eq!(blame(&repo, "a.py", "one\n2\nthree\nfour\n"), ["first", "second", "first", "second"]);
    let repository = Repository::open(repo.path()).unwrap();
    let authors = repository.blame(&path("a.py"), b"one\n2\nthree\nfour\n", &[1]).unwrap();
    let [Some(author)] = &authors[..] else { panic!("{authors:?}") };
    assert_eq!((&*author.commit, &*author.author), (&*repo.hash("HEAD"), "Ada Author"));
    assert_eq!(author.seconds.to_string(), repo.git(&["log", "-1", "--format=%at"]));
}

#[test]
fn lines_that_are_not_committed_have_none() {
    let repo = repo();
    assert_eq!(
        blame(&repo, "a.py", "new\none\n2\nthree\nfour\n"),
        ["-", "first", "second", "first", "second"]
    );
    assert_eq!(blame(&repo, "untracked.py", "one\n"), ["-"]);
    assert_eq!(blame(&repo, "a.py", ""), Vec::<String>::new());
    let empty = TestRepo::new();
    assert_eq!(blame(&empty, "a.py", "one\n"), ["-"]);
}

#[test]
fn a_line_beyond_the_end_has_none() {
    let repository = repo();
    let repository = Repository::open(repository.path()).unwrap();
    assert_eq!(repository.blame(&path("a.py"), b"one\n", &[7]).unwrap(), [None]);
}

#[test]
fn renames_are_followed() {
    let repo = TestRepo::new();
    repo.write("a.py", LINES).commit("first");
    repo.remove("a.py").write("b/c.py", LINES.replace("one", "1")).commit("moved");
    let expected = [&["moved"][..], &["first"; 9]].concat();
    assert_eq!(blame(&repo, "b/c.py", &LINES.replace("one", "1")), expected);
}

#[test]
fn attributes_that_the_change_brings_make_no_difference() {
    let repo = repo();
    repo.write(".gitattributes", "*.py binary\n").commit("attributes");
    repo.write("a.py", "one\n2\nthree\nfour\nfive\n").commit("third");
    let expected = ["first", "second", "first", "second", "third"];
    assert_eq!(blame(&repo, "a.py", "one\n2\nthree\nfour\nfive\n"), expected);
}

#[test]
fn a_shallow_clone_says_that_the_history_is_missing() {
    let repo = repo();
    let clone = repo.clone_with(&["--depth=1"]);
    let repository = Repository::open(clone.path()).unwrap();
    let error = repository.blame(&path("a.py"), b"one\n", &[0]).unwrap_err();
    assert_contains(&error.message, "cannot find out who wrote a.py");
    assert_contains(&error.help.unwrap(), "fetch the whole history");
}
