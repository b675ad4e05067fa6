//! What a report says of the change that was looked at, and where it links to.

use mergegate::change_set::{Repository, Request};
use mergegate::report::{Format, Options, render};
use mergegate::verdict::{Subject, Verdict};
use serde_json::{Value, json};

use crate::samples;
use crate::support::TestRepo;
use crate::verdicts::options;

/// A verdict on a change in a repository, with the hashes of its base and its head.
pub fn change() -> (Verdict, String, String) {
    let repo = TestRepo::new();
    let base = repo.write("a.py", "x = 1\n").commit("base");
    repo.git(&["switch", "--quiet", "--create", "change"]);
    let head = repo.write("a.py", "x = 2\n").commit("head");
    let revisions =
        Repository::open(repo.path()).unwrap().resolve(&Request::between("main", "change")).unwrap();
    let verdict = Verdict { subject: Subject::Change(revisions), ..samples::findings() };
    (verdict, base, head)
}

fn shown(format: Format, repository: Option<&str>) -> String {
    let (verdict, ..) = change();
    let options = Options { repository: repository.map(str::to_owned), ..options() };
    String::from_utf8(render(format, &verdict, &options)).unwrap()
}

#[test]
fn text_names_what_was_compared() {
    let (_, base, head) = change();
    let text = shown(Format::Text, None);
    let line = format!("compared: change ({}) with main, merge base {}\n", &head[..10], &base[..10]);
    assert!(text.contains(&line), "{text}");
}

#[test]
fn json_names_the_commits() {
    let (_, base, head) = change();
    let report: Value = serde_json::from_str(&shown(Format::Json, None)).unwrap();
    assert_eq!(report["subject"]["kind"], "change");
    assert_eq!(report["subject"]["merge_bases"], json!([base]));
    assert_eq!(report["subject"]["head_commit"], json!(head));
}

#[test]
fn sarif_names_the_commit_where_the_repository_is_known() {
    let (.., head) = change();
    let provenance = |repository| {
        let log: Value = serde_json::from_str(&shown(Format::Sarif, repository)).unwrap();
        log["runs"][0]["versionControlProvenance"][0].clone()
    };
    let known = provenance(Some("https://github.com/owner/name"));
    assert_eq!(known["repositoryUri"], "https://github.com/owner/name");
    assert_eq!(known["revisionId"], json!(head));
    assert_eq!(provenance(None), Value::Null);
}

#[test]
fn markdown_links_to_the_line_in_the_commit() {
    let (.., head) = change();
    let text = shown(Format::Markdown, Some("https://github.com/owner/name"));
    let link = format!("[`src/views.py:8:16`](<https://github.com/owner/name/blob/{head}/src/views.py#L8>)");
    assert!(text.contains(&link), "{text}");
    assert!(!shown(Format::Markdown, Some("javascript:alert(1)")).contains("javascript"));
    assert!(!shown(Format::Markdown, Some("https://evil.example> [x](y")).contains("evil"));
}
