//! Any findings, in every format.

use std::time::{Duration, SystemTime};

use mergegate::baseline::State;
use mergegate::check::{Check, Confidence, Severity};
use mergegate::checks;
use mergegate::escape::is_deceptive;
use mergegate::finding::{Cell, Finding, Position, Region, SourceLine, Step, Trace};
use mergegate::path::FilePath;
use mergegate::policy::{Action, Disclosure};
use mergegate::report::{Format, Options, github_summary, render};
use mergegate::terminal::Terminal;
use mergegate::verdict::{Judged, Justification, Remark, Subject, UnscannableFile, Verdict};
use serde_json::Value;

use super::choices::Choices;

/// Every report can be read by those whom it is for, and no character in it steers or deceives.
pub fn hold(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let options = options(&mut choices);
    let verdict = verdict(&mut choices);
    for format in Format::ALL {
        let shown = String::from_utf8(render(format, &verdict, &options)).unwrap();
        let deceptive = shown.chars().find(|&c| c != '\n' && is_deceptive(c));
        assert_eq!(deceptive, None, "{format}");
        match format {
            Format::Sarif => expect_sarif(&json(&shown), &verdict, verdict.results.len()),
            Format::SarifGithub => expect_sarif(&json(&shown), &verdict, 0),
            Format::Json | Format::GitlabCodequality | Format::GitlabSast => {
                json(&shown);
            }
            Format::Junit => expect_markup(shown.trim_start_matches("<?xml").split_once("?>").unwrap().1),
            Format::Html => {
                let (_, body) = shown.split_once("<body>").unwrap();
                assert_eq!(body.matches("</body>").count(), 1);
            }
            Format::Text | Format::Github | Format::Markdown => {}
        }
        assert_eq!(shown.as_bytes(), render(format, &verdict, &options));
    }
    assert!(!github_summary(&verdict, &options).contains('\u{1b}'));
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn options(choices: &mut Choices<'_>) -> Options {
    let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_751_371_200);
    let ascii = choices.flag();
    let width = usize::from(choices.byte());
    let repository = choices.flag().then(|| format!("https://{}", choices.text()));
    let terminal = Terminal { color: false, ascii, width };
    Options { terminal, verbose: choices.flag(), repository, started, ended: started }
}

fn verdict(choices: &mut Choices<'_>) -> Verdict {
    let mut verdict = Verdict {
        subject: Subject::Tree(vec![choices.text()]),
        policy: choices.text(),
        results: Vec::new(),
        unscannable: Vec::new(),
        remarks: Vec::new(),
        files: usize::from(choices.byte()),
        gone: usize::from(choices.byte()),
        disclosure: choices.of(&[Disclosure::Full, Disclosure::Counts]),
    };
    while !choices.is_empty() {
        match choices.byte() % 4 {
            0 => verdict.unscannable.push(unscannable(choices)),
            1 => verdict.remarks.push(remark(choices)),
            _ => verdict.results.push(judged(choices)),
        }
    }
    verdict
}

fn path(choices: &mut Choices<'_>) -> FilePath {
    FilePath::from_bytes([b"a", choices.some()].concat())
}

fn position(choices: &mut Choices<'_>) -> Position {
    let [line, column, more] = [(); 3].map(|()| u32::from(choices.byte()));
    Position { line: line + 1, column: column + 1, column_utf16: column + 1 + more }
}

fn region(choices: &mut Choices<'_>) -> Region {
    let start = position(choices);
    let by = u32::from(choices.byte());
    let end = Position { column: start.column + by, column_utf16: start.column_utf16 + by, ..start };
    Region { start, end, bytes: start.column..end.column }
}

fn line(choices: &mut Choices<'_>, number: u32) -> SourceLine {
    let text = choices.text().replace('\n', " ");
    let [one, other] = [(); 2].map(|()| text.floor_char_boundary(usize::from(choices.byte())));
    SourceLine { number, text, mark: one.min(other)..one.max(other) }
}

fn finding(choices: &mut Choices<'_>) -> Finding {
    let all: Vec<&'static Check> = checks::all().collect();
    let region = region(choices);
    let number = region.start.line;
    let steps = (0..choices.byte() % 3).map(|_| Step {
        region: self::region(choices),
        cell: None,
        line: line(choices, number),
    });
    let steps = steps.collect();
    Finding {
        check: choices.of(&all),
        severity: choices.of(&Severity::ALL),
        confidence: choices.of(&Confidence::ALL),
        message: format!("It is {}.", choices.text()),
        cell: choices.flag().then_some(Cell { number: 1, line: number }),
        statement: region.clone(),
        excerpt: vec![line(choices, number), line(choices, number + 1)],
        steps,
        definition: choices.text(),
        normalized: choices.text(),
        line_hash: "4f3437f0353f1937:1".to_owned(),
        trace: Trace { secret: choices.flag().then_some(7), ..Trace::default() },
        region,
    }
}

fn judged(choices: &mut Choices<'_>) -> Judged {
    let moved_from = choices.flag().then(|| path(choices));
    let states = [
        None,
        Some(State::New),
        Some(State::Unchanged { moved_from }),
        Some(State::Updated { risen: true }),
        Some(State::Updated { risen: false }),
    ];
    let state = states[usize::from(choices.byte()) % states.len()].clone();
    let justification = choices.flag().then(|| Justification {
        reason: choices.text(),
        line: 1 + u32::from(choices.byte()),
        new: choices.flag(),
    });
    Judged {
        path: path(choices),
        finding: finding(choices),
        state,
        action: choices.of(&[Action::Block, Action::Warn]),
        rule: choices.text(),
        blocks: justification.is_none() && choices.flag(),
        justification,
        justifiable: choices.flag(),
    }
}

fn unscannable(choices: &mut Choices<'_>) -> UnscannableFile {
    UnscannableFile {
        path: path(choices),
        reason: format!("it is {}", choices.text()),
        at: choices.flag().then(|| position(choices)),
        blocks: choices.flag(),
    }
}

fn remark(choices: &mut Choices<'_>) -> Remark {
    Remark {
        id: choices.of(&["new-suppression", "policy-changed", "submodule"]),
        path: choices.flag().then(|| path(choices)),
        at: choices.flag().then(|| position(choices)),
        message: format!("It is {}.", choices.text()),
        action: choices.of(&[Action::Block, Action::Warn, Action::Off]),
    }
}

/// The shape of SARIF that its readers rely on, with so many results at least.
fn expect_sarif(log: &Value, verdict: &Verdict, results_at_least: usize) {
    assert_eq!(log["version"], "2.1.0");
    let [run] = &log["runs"].as_array().unwrap()[..] else { panic!("there is more than one run") };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "mergegate");
    let rules = driver["rules"].as_array().unwrap();
    for (index, rule) in rules.iter().enumerate() {
        let same = rules.iter().filter(|other| other["id"] == rule["id"]).count();
        assert_eq!(same, 1, "rule {index} is there {same} times");
        assert!(!rule["shortDescription"]["text"].as_str().unwrap().is_empty());
    }
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= results_at_least, "{} of {results_at_least}", results.len());
    for result in results {
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        expect_one_of(&result["baselineState"], &["new", "unchanged", "updated"]);
        assert!(result["rank"].as_f64().is_none_or(|rank| (0.0..=100.0).contains(&rank)));
        let prints = result["partialFingerprints"].as_object().unwrap();
        assert!(!prints.is_empty() && prints.values().all(|print| !print.as_str().unwrap().is_empty()));
        assert_eq!(result["locations"].as_array().unwrap().len(), 1);
        for suppression in result["suppressions"].as_array().into_iter().flatten() {
            expect_one_of(&suppression["kind"], &["inSource"]);
        }
        expect_places(result);
    }
    let [invocation] = &run["invocations"].as_array().unwrap()[..] else { panic!("no invocation") };
    assert_eq!(invocation["exitCode"], u64::from(verdict.blocked()));
    let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
    assert!(notifications.len() >= verdict.unscannable.len() + verdict.remarks.len());
    assert!(notifications.iter().all(|it| !it["message"]["text"].as_str().unwrap().is_empty()));
    expect_places(&run["invocations"]);
}

fn expect_one_of(value: &Value, words: &[&str]) {
    assert!(value.is_null() || words.contains(&value.as_str().unwrap()), "{value}");
}

/// Looks at all regions and addresses below a value.
fn expect_places(value: &Value) {
    match value {
        Value::Array(values) => values.iter().for_each(expect_places),
        Value::Object(fields) => {
            if let Some(region) = fields.get("region") {
                expect_sarif_region(region);
            }
            if let Some(uri) = fields.get("uri") {
                let uri = uri.as_str().unwrap();
                let ours = |b: u8| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b);
                assert!(!uri.is_empty() && uri.bytes().all(ours), "{uri}");
            }
            fields.values().for_each(expect_places);
        }
        _ => {}
    }
}

fn expect_sarif_region(region: &Value) {
    let number = |key: &str| region.get(key).map(|value| value.as_u64().unwrap());
    let start = number("startLine").unwrap();
    let end = number("endLine").unwrap_or(start);
    assert!(start >= 1 && end >= start, "{region}");
    let first = number("startColumn").unwrap_or(1);
    assert!(first >= 1, "{region}");
    assert!(end > start || number("endColumn").is_none_or(|last| last >= first), "{region}");
}

/// Elements end in the order in which they begin, and every `&` begins an entity.
fn expect_markup(text: &str) {
    let mut open = Vec::new();
    for part in text.split('<').skip(1) {
        let (tag, _) = part.split_once('>').expect("a tag does not end");
        match (tag.strip_prefix('/'), tag.ends_with('/')) {
            (Some(name), _) => assert_eq!(open.pop(), Some(name)),
            (None, true) => {}
            (None, false) => open.push(tag.split(' ').next().unwrap_or_default()),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    for entity in text.split('&').skip(1) {
        let name = entity.split(';').next().unwrap_or_default();
        let known = ["amp", "lt", "gt", "quot", "apos"].contains(&name);
        assert!(known || name.starts_with('#'), "&{entity}");
    }
}
