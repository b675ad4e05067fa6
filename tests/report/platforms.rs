//! What GitHub, GitLab and the readers of JUnit rely on.

use std::collections::BTreeSet;

use mergegate::report::{self, Format, render};
use mergegate::verdict::Verdict;
use serde_json::Value;

use crate::samples;
use crate::verdicts::{Change, options};

fn shown(format: Format, verdict: &Verdict) -> String {
    String::from_utf8(render(format, verdict, &options())).unwrap()
}

fn json(format: Format, verdict: &Verdict) -> Value {
    serde_json::from_str(&shown(format, verdict)).unwrap()
}

/// As many findings in one file, and a few that are milder.
fn many(count: usize) -> Verdict {
    let mut source = "import tempfile\ntempfile.mktemp()\ntempfile.mktemp()\n".to_owned();
    source.extend((0..count).map(|n| format!("eval(x{n})\n")));
    Change::new("").adds("many.py", source).judge()
}

#[test]
fn every_format_has_a_name_that_is_read_back() {
    for format in Format::ALL {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    let error = "sarfi".parse::<Format>().unwrap_err();
    assert!(error.contains("`sarfi`") && error.contains("sarif-github"), "{error}");
}

#[test]
fn the_same_verdict_gives_the_same_bytes() {
    for format in Format::ALL {
        let [first, second] = [samples::findings(), samples::findings()];
        assert_eq!(shown(format, &first), shown(format, &second), "{format}");
    }
}

#[test]
fn github_annotates_the_lines_of_the_change() {
    insta::assert_snapshot!(shown(Format::Github, &samples::findings()));
}

#[test]
fn github_gets_ten_annotations_of_a_level_the_worst_first_and_is_told_of_the_rest() {
    let verdict = Change::new("rules: [{ select: { severity: info }, action: block }]\n")
        .adds(
            "a.py",
            format!("import tempfile\n{}{}", "tempfile.mktemp()\n".repeat(9), "eval(x)\n".repeat(5)),
        )
        .judge();
    let lines: Vec<String> = shown(Format::Github, &verdict).lines().map(str::to_owned).collect();
    assert_eq!(lines.iter().filter(|line| line.starts_with("::error ")).count(), 10);
    assert!(lines[..5].iter().all(|line| line.contains("title=mergegate%3A eval,")), "{lines:#?}");
    assert!(lines.contains(&"mergegate: and 4 more of this kind (error)".to_owned()), "{lines:#?}");
}

#[test]
fn github_reads_outputs() {
    insta::assert_snapshot!(report::github_outputs(&samples::findings(), Some("out/mergegate.sarif")));
}

#[test]
fn sarif_for_github_has_what_the_change_brings_and_nothing_that_is_justified() {
    let log = json(Format::SarifGithub, &samples::findings());
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        assert_eq!(result["baselineState"], "new");
        assert_eq!(result["suppressions"], Value::Null);
    }
    // With an id of its own, a second upload for the commit would replace the first, whatever its category.
    assert_eq!(log["runs"][0]["automationDetails"], Value::Null);
    let broken = json(Format::SarifGithub, &samples::unscannable());
    let ids: Vec<&Value> =
        broken["runs"][0]["results"].as_array().unwrap().iter().map(|it| &it["ruleId"]).collect();
    assert!(ids.contains(&&Value::from("unscannable-file")), "{ids:?}");
}

#[test]
fn sarif_for_github_keeps_the_worst_of_more_than_5000_and_says_so() {
    let log = json(Format::SarifGithub, &many(5_001));
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 5_000);
    assert!(results.iter().all(|result| result["ruleId"] == "eval"));
    let notice = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap();
    assert!(notice.contains("; 3 milder ones"), "{notice}");
}

#[test]
fn gitlab_code_quality() {
    insta::assert_snapshot!(shown(Format::GitlabCodequality, &samples::findings()));
}

#[test]
fn gitlab_sast() {
    insta::assert_snapshot!(shown(Format::GitlabSast, &samples::findings()));
}

#[test]
fn gitlab_is_told_of_files_that_could_not_be_analysed() {
    insta::assert_snapshot!(shown(Format::GitlabSast, &samples::unscannable()));
    let entries = json(Format::GitlabCodequality, &samples::unscannable());
    let names: Vec<&Value> = entries.as_array().unwrap().iter().map(|entry| &entry["check_name"]).collect();
    assert_eq!(names, ["os-system", "unscannable-file", "unscannable-file"]);
}

/// GitLab drops one of two with the same fingerprint.
#[test]
fn gitlab_sees_equal_code_in_two_files_and_on_two_lines_as_four_things() {
    let verdict =
        Change::new("").adds("a.py", "eval(x)\neval(x)\n").adds("b.py", "eval(x)\neval(x)\n").judge();
    let quality = json(Format::GitlabCodequality, &verdict);
    let sast = json(Format::GitlabSast, &verdict);
    let distinct = |list: &Value, key: &str| -> usize {
        list.as_array()
            .unwrap()
            .iter()
            .map(|entry| entry[key].as_str().unwrap())
            .collect::<BTreeSet<_>>()
            .len()
    };
    assert_eq!(distinct(&quality, "fingerprint"), 4);
    assert_eq!(distinct(&sast["vulnerabilities"], "id"), 4);
}

#[test]
fn junit() {
    insta::assert_snapshot!(shown(Format::Junit, &samples::findings()));
}

#[test]
fn junit_is_never_empty() {
    insta::assert_snapshot!(shown(Format::Junit, &samples::empty()));
}

#[test]
fn markdown() {
    insta::assert_snapshot!(shown(Format::Markdown, &samples::findings()));
}

#[test]
fn markdown_is_cut_where_github_would_refuse_it_and_says_so() {
    let verdict = many(6_000);
    let comment = shown(Format::Markdown, &verdict);
    let summary = report::github_summary(&verdict, &options());
    for (text, limit) in [(&comment, 65_536), (&summary, 1 << 20)] {
        assert!(text.len() < limit, "{}", text.len());
        assert!(text.len() > limit / 2, "{}", text.len());
        assert!(text.contains("**There is no room here for "), "{}", &text[text.len() - 500..]);
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        assert_eq!(text.matches("```").count() % 2, 0);
        assert!(text.starts_with("## ❌ mergegate: blocked\n"));
        assert!(text.contains("mergegate explain eval"));
    }
}

#[test]
fn html_shows_every_part_with_a_filter_and_explains_every_check() {
    let page = shown(Format::Html, &samples::findings());
    for id in ["blocks", "warns", "unchanged", "justified"] {
        assert!(page.contains(&format!("<section id=\"{id}\"")), "{id}");
        assert!(page.contains(&format!("id=\"f-{id}\"")), "{id}");
    }
    for id in ["eval", "os-system"] {
        assert!(
            page.contains(&format!("href=\"#check-{id}\"")) && page.contains(&format!("id=\"check-{id}\""))
        );
    }
    assert!(
        page.contains("<mark>eval</mark>(request.args[<span class=\"s\">&#39;formula&#39;</span>])"),
        "{page}"
    );
    assert!(!page.contains("<script") && !page.contains("src="));
}
