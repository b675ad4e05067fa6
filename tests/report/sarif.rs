//! SARIF: what its readers rely on. The validators of other people judge it as a whole (`.ci/sarif-validate`).

use mergegate::report::{Format, render};
use mergegate::verdict::Verdict;
use serde_json::{Value, json};

use crate::samples;
use crate::verdicts::{Change, options};

fn run(verdict: &Verdict) -> Value {
    let log: Value = serde_json::from_slice(&render(Format::Sarif, verdict, &options())).unwrap();
    assert_eq!(log["version"], "2.1.0");
    log["runs"][0].clone()
}

fn results(verdict: &Verdict) -> Vec<Value> {
    run(verdict)["results"].as_array().unwrap().clone()
}

fn physical(result: &Value) -> &Value {
    &result["locations"][0]["physicalLocation"]
}

#[test]
fn holds_everything() {
    let bytes = render(Format::Sarif, &samples::findings(), &options());
    insta::assert_snapshot!(String::from_utf8(bytes).unwrap());
}

/// The hashes are those that Microsoft's validator writes into the same log (`rewrite --insert
/// RollingHashPartialFingerprints`). Of `bom.py` that holds for the second line only: the validator drops a byte
/// order mark, GitHub's own program keeps it.
#[test]
fn has_the_line_hashes_of_the_validator_and_of_github() {
    let hashes: Vec<(String, u64, String)> = results(&samples::encodings())
        .iter()
        .map(|result| {
            let physical = physical(result);
            let uri = physical["artifactLocation"]["uri"].as_str().unwrap().to_owned();
            let line = physical["region"]["startLine"].as_u64().unwrap();
            (uri, line, result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap().to_owned())
        })
        .collect();
    for (uri, line, hash) in [
        ("bom.py", 2, "6800467970a3033b:1"),
        ("emoji.py", 1, "4f3437f0353f1937:1"),
        ("latin1.py", 2, "d2deac5529eab91b:1"),
        ("lone_cr.py", 2, "10851fadc63e2ebe:1"),
        ("long.py", 1, "4334abaf9d6c47f1:1"),
        ("tabs.py", 2, "cdfad0fd2dbd8d86:1"),
        ("crlf.py", 2, "7f9190a48dccfee1:1"),
        ("crlf.py", 3, "573809ece0ff21d2:1"),
    ] {
        assert!(
            hashes.contains(&(uri.to_owned(), line, hash.to_owned())),
            "{uri}:{line} {hash}\n{hashes:#?}"
        );
    }
}

#[test]
fn counts_columns_in_utf16_and_keeps_a_region_on_one_line() {
    let run = run(&samples::encodings());
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    for result in run["results"].as_array().unwrap() {
        let region = &physical(result)["region"];
        assert_eq!(region["startLine"], region["endLine"]);
        assert_eq!(region["snippet"]["text"], "eval");
        let width = region["endColumn"].as_u64().unwrap() - region["startColumn"].as_u64().unwrap();
        assert_eq!(width, 4);
    }
    let emoji = results(&Change::new("").adds("a.py", "x = '🎉', eval(x)\n").judge());
    assert_eq!(physical(&emoji[0])["region"]["startColumn"], 11);
}

/// Readers who look at nothing but the level agree with the gate.
#[test]
fn errors_are_what_blocks() {
    for (name, verdict) in samples::all() {
        let errors = results(&verdict).iter().filter(|result| result["level"] == "error").count();
        let blocking =
            verdict.counts().blocking + verdict.unscannable.iter().filter(|file| file.blocks).count();
        assert_eq!(errors, blocking, "{name}");
    }
}

#[test]
fn tells_a_suppression_with_its_reason() {
    let result = &results(&samples::suppressed())[0];
    let suppression = &result["suppressions"][0];
    assert_eq!(suppression["kind"], "inSource");
    assert_eq!(suppression["status"], "accepted");
    assert_eq!(suppression["justification"], "a is checked by its caller");
    assert_eq!(suppression["location"]["physicalLocation"]["region"]["startLine"], 2);
}

#[test]
fn tells_an_unscannable_file_as_a_result_and_as_a_notification() {
    let run = run(&samples::unscannable());
    let of_rule = |list: &Value, id: &dyn Fn(&Value) -> Value| {
        list.as_array()
            .unwrap()
            .iter()
            .filter(|entry| id(entry) == "unscannable-file")
            .cloned()
            .collect::<Vec<_>>()
    };
    let results = of_rule(&run["results"], &|result| result["ruleId"].clone());
    let notifications =
        of_rule(&run["invocations"][0]["toolExecutionNotifications"], &|it| it["descriptor"]["id"].clone());
    assert_eq!((results.len(), notifications.len()), (2, 2));
    for entry in results.iter().chain(&notifications) {
        assert_eq!(entry["level"], "error");
    }
    assert_eq!(run["invocations"][0]["exitCode"], 1);
}

#[test]
fn rules_are_named_once_and_found_by_their_index() {
    let run = run(&samples::findings());
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    assert_eq!(rules.len(), 2);
    let tags = &rules[0]["properties"]["tags"];
    assert_eq!(*tags, json!(["security", "code-execution", "external/cwe/cwe-095", "CWE-95"]));
}

#[test]
fn equal_code_has_fingerprints_of_its_own_that_survive_a_move() {
    let fingerprints = |verdict: &Verdict| -> Vec<String> {
        results(verdict)
            .iter()
            .map(|result| result["partialFingerprints"]["mergegateFingerprint/v1"].to_string())
            .collect()
    };
    let before = fingerprints(&Change::new("").adds("a.py", "eval(x)\neval(x)\n").judge());
    let after = fingerprints(&Change::new("").adds("b.py", "# moved\n\neval( x )\neval(x)\n").judge());
    assert_ne!(before[0], before[1]);
    assert_eq!(before, after);
}

#[test]
fn does_not_depend_on_when_and_how_it_is_asked() {
    let mut later = options();
    later.ended += std::time::Duration::from_secs(1000);
    later.terminal.width = 200;
    let verdict = samples::findings();
    assert_eq!(render(Format::Sarif, &verdict, &options()), render(Format::Sarif, &verdict, &later));
}
