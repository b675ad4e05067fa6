//! Policies: what they decide, and what is said about mistakes in them.
//!
//! Each `fixtures/policy/*.yml` is a test. Beside one with mistakes lies what is said about them (`.stderr`),
//! beside a valid one what it comes to (`.expected`).
//! `UPDATE_EXPECTED=1 cargo test --test policy` writes these files anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::fs;
use std::path::{Path, PathBuf};

use mergegate::check::{Check, Confidence, Severity};
use mergegate::checks;
use mergegate::path::FilePath;
use mergegate::policy::{self, Action, ExtendsSource, Policy, PolicyError, Row, RowLine, Setting};
use mergegate::scan;
use proptest::prelude::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/policy")
}

/// A policy extends files below `extended/`; a revision is a folder there.
fn resolve(source: &ExtendsSource) -> Result<String, String> {
    let path = match source {
        ExtendsSource::File(path) => path.clone(),
        ExtendsSource::Revision { rev, path } => format!("{rev}/{path}"),
    };
    fs::read_to_string(folder().join("extended").join(path)).map_err(|_| "there is no such file".into())
}

fn parse(text: &str) -> Result<Policy, PolicyError> {
    Policy::parse(".mergegate.yml", text, &resolve)
}

fn valid(text: &str) -> Policy {
    parse(text).unwrap_or_else(|error| panic!("{}", error.render(false, true)))
}

fn check(id: &str) -> &'static Check {
    checks::named(id).first().unwrap_or_else(|| panic!("no check {id}"))
}

fn path(path: &str) -> FilePath {
    FilePath::from_bytes(path)
}

#[test]
fn fixtures() {
    let mut failures = Vec::new();
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.retain(|path| path.extension().is_some_and(|extension| extension == "yml"));
    entries.sort();
    assert!(!entries.is_empty());
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let (actual, expected, other) = match Policy::parse(name, &text, &resolve) {
            Ok(policy) => (described(&policy), "expected", "stderr"),
            Err(error) => (error.render(false, true), "stderr", "expected"),
        };
        same(&actual, &path.with_extension(expected), &mut failures);
        if path.with_extension(other).exists() {
            failures.push(format!("{name}: there is a .{other} too"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// What a policy comes to, for a few checks only: the text must not change whenever a check is added.
fn described(policy: &Policy) -> String {
    let mut out = String::new();
    for Setting { key, values, origin } in policy::settings(policy) {
        out.push_str(&format!("{key}: {} ({origin})\n", values.join(", ")));
    }
    let shown = |row: &Row| {
        row.family == "custom" || ["eval", "yaml-load", "os-system"].contains(&row.check.as_str())
    };
    for row in policy::describe(policy).iter().filter(|row| shown(row)) {
        for line in &row.lines {
            let RowLine { action, condition, origin } = line;
            out.push_str(&format!("{} ({}): {action} {condition} ({origin})\n", row.check, row.severity));
        }
    }
    out
}

fn same(actual: &str, file: &Path, failures: &mut Vec<String>) {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(file, actual).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    if actual != expected {
        failures.push(format!("{}:\n{actual}", file.display()));
    }
}

#[test]
fn presets_do_what_their_table_says() {
    use Action::{Block, Off, Warn};
    use Confidence::{High, Low, Medium};
    let extended = |preset: &str| valid(&format!("version: 1\nextends: {preset}\n"));
    let table = [
        ("recommended", [Block, Block, Warn, Warn, Off], [Warn, Warn, Warn, Warn, Off]),
        ("strict", [Block, Block, Block, Warn, Off], [Block, Block, Block, Warn, Off]),
        ("audit", [Warn, Warn, Warn, Warn, Warn], [Warn, Warn, Warn, Warn, Warn]),
    ];
    for (preset, sure, unsure) in table {
        let policy = extended(preset);
        for (confidence, actions) in [(High, sure), (Medium, sure), (Low, unsure)] {
            for (severity, action) in Severity::ALL.into_iter().zip(actions) {
                let decision = policy.decide(check("eval"), severity, confidence, &path("a.py"));
                assert_eq!(decision.action, action, "{preset}, {severity}, {confidence}");
            }
        }
    }
}

#[test]
fn asserts_in_tests_are_off_and_nothing_else_is_milder_there() {
    for preset in ["recommended", "strict"] {
        let policy = valid(&format!("version: 1\nextends: {preset}\n"));
        let action = |check: &Check, file: &str| {
            policy.decide(check, check.severity, Confidence::High, &path(file)).action
        };
        for file in ["tests/a.py", "src/tests/unit/a.py", "src/test_a.py", "a_test.py", "conftest.py"] {
            assert_eq!(action(check("assert"), file), Action::Off, "{file}");
        }
        for file in ["src/a.py", "testing.py", "contests/a.py", "latest.py"] {
            assert_eq!(action(check("assert"), file), Action::Warn, "{file}");
        }
        for other in checks::all().filter(|other| other.id != "assert") {
            assert_eq!(action(other, "tests/test_a.py"), action(other, "src/a.py"), "{}", other.id);
        }
    }
}

#[test]
fn a_policy_builds_on_recommended_unless_it_says_otherwise() {
    let decide = |text: &str| {
        let policy = valid(text);
        policy.decide(check("eval"), Severity::High, Confidence::High, &path("a.py")).action
    };
    assert_eq!(decide("version: 1\n"), Action::Block);
    assert_eq!(decide("version: 1\nextends: audit\n"), Action::Warn);
    assert_eq!(decide("version: 1\nextends: []\n"), Action::Off);
    assert_eq!(decide("version: 1\nextends: [strict, audit]\n"), Action::Warn);
    assert_eq!(decide("version: 1\nextends: [audit, strict]\n"), Action::Block);
}

#[test]
fn what_is_extended_does_not_build_on_recommended_unasked() {
    let policy = valid("version: 1\nextends: [audit, empty.yml]\n");
    let decision = policy.decide(check("eval"), Severity::High, Confidence::High, &path("a.py"));
    assert_eq!(decision.action, Action::Warn);
}

#[test]
fn a_decision_names_the_line() {
    let text = "version: 1\nrules:\n  - select: eval\n    action: warn\n";
    let policy = valid(text);
    let origin = |id: &str| {
        let decision = policy.decide(check(id), Severity::High, Confidence::High, &path("a.py"));
        decision.origin.map(ToString::to_string)
    };
    assert_eq!(origin("eval").as_deref(), Some(".mergegate.yml:3"));
    assert_eq!(origin("yaml-load").as_deref(), Some("recommended"));
}

#[test]
fn names_of_other_tools_select_the_same_check() {
    let eval = check("eval");
    for name in ["eval", "bandit:B307", "B307", "b307", "family:code-execution", "CWE-95", "cwe-95"] {
        let policy = valid(&format!("version: 1\nrules: [{{ select: {name}, action: off }}]\n"));
        let decision = policy.decide(eval, eval.severity, Confidence::High, &path("a.py"));
        assert_eq!(decision.action, Action::Off, "{name}");
    }
}

#[test]
fn conditions_hold_together_and_lists_are_alternatives() {
    let decide = |select: &str, id: &str, severity, confidence| {
        let policy =
            valid(&format!("version: 1\nextends: []\nrules: [{{ select: {select}, action: block }}]\n"));
        policy.decide(check(id), severity, confidence, &path("a.py")).action == Action::Block
    };
    use Confidence::{High, Low, Medium};
    let both = "{ family: code-execution, severity: high, confidence: medium }";
    assert!(decide(both, "eval", Severity::Critical, High));
    assert!(decide(both, "eval", Severity::High, Medium));
    assert!(!decide(both, "eval", Severity::High, Low));
    assert!(!decide(both, "eval", Severity::Medium, High));
    assert!(!decide(both, "yaml-load", Severity::High, High));
    let either = "[{ family: code-execution }, { cwe: [502, CWE-78] }]";
    assert!(decide(either, "eval", Severity::Info, Low));
    assert!(decide(either, "yaml-load", Severity::Info, Low));
    assert!(decide(either, "os-system", Severity::Info, Low));
    assert!(!decide("{ check: [eval, B506] }", "os-system", Severity::High, High));
}

#[test]
fn paths_are_matched_from_the_root() {
    let matches = |glob: &str, file: &str| {
        let policy = valid(&format!("version: 1\nexclude: [\"{glob}\"]\ninclude: [\"**\"]\n"));
        !policy.selects_path(&path(file))
    };
    assert!(matches("*.py", "a.py") && !matches("*.py", "b/a.py"));
    assert!(matches("vendor/**", "vendor/a/b.py") && !matches("vendor/**", "a/vendor/b.py"));
    assert!(matches("**/vendor/**", "a/vendor/b.py") && matches("**/vendor/**", "vendor/b.py"));
    assert!(matches("src/*/a.py", "src/b/a.py") && !matches("src/*/a.py", "src/b/c/a.py"));
    assert!(matches("src/?.py", "src/a.py") && !matches("src?a.py", "src/a.py"));
    assert!(matches("{a,b}.py", "b.py") && matches("[ab].py", "a.py"));
    assert!(!matches("Vendor/**", "vendor/a.py"));
}

#[test]
fn include_ignores_case_and_any_bytes_are_matched() {
    let policy = valid("version: 1\n");
    assert!(policy.selects_path(&path("a/b.py")) && policy.selects_path(&path("A.PY")));
    assert!(policy.selects_path(&FilePath::from_bytes(*b"\xff/\xfe\n.py")));
    assert!(!policy.selects_path(&path("a.pyc")));
}

#[test]
fn a_check_is_enabled_where_any_finding_of_it_could_be_on() {
    let enabled = |rules: &str| valid(&format!("version: 1\nrules: {rules}\n")).enabled(check("eval"));
    assert!(enabled("[{ select: yaml-load, action: off }]"));
    assert!(!enabled("[{ select: eval, action: off }]"));
    assert!(enabled("[{ select: eval, action: off, paths: [\"tests/**\"] }]"));
    assert!(enabled("[{ select: { check: eval, severity: high }, action: off }]"));
    assert!(enabled("[{ select: { check: eval, confidence: medium }, action: off }]"));
    assert!(enabled("[{ select: eval, action: off }, { select: eval, action: warn, paths: [a.py] }]"));
    assert!(!enabled("[{ select: eval, action: warn, paths: [a.py] }, { select: eval, action: off }]"));
}

#[test]
fn findings_below_the_least_confidence_are_off() {
    let policy =
        valid("version: 1\nreport: { min-confidence: medium }\nrules: [{ select: eval, action: block }]\n");
    let decide = |confidence| policy.decide(check("eval"), Severity::High, confidence, &path("a.py"));
    assert_eq!(decide(Confidence::Low).action, Action::Off);
    assert_eq!(decide(Confidence::Low).origin.unwrap().to_string(), ".mergegate.yml:2");
    assert_eq!(decide(Confidence::Medium).action, Action::Block);
}

#[test]
fn some_findings_cannot_be_suppressed() {
    let policy = valid("version: 1\nsuppressions: { never: [eval, { severity: critical }] }\n");
    assert!(!policy.may_suppress(check("eval"), Severity::Low));
    assert!(policy.may_suppress(check("yaml-load"), Severity::High));
    assert!(!policy.may_suppress(check("yaml-load"), Severity::Critical));
}

#[test]
fn a_policy_must_be_utf8() {
    let bytes = b"\xef\xbb\xbfversion: 1\nscope: n\xe9w\n";
    let error = Policy::from_bytes(".mergegate.yml", bytes, &resolve).unwrap_err().render(false, true);
    assert!(error.contains("this policy is not UTF-8") && error.contains("[.mergegate.yml:2:9]"), "{error}");
    assert!(Policy::from_bytes("p", &bytes[..14], &resolve).is_ok());
}

#[test]
fn what_is_extended_may_extend_only_so_much() {
    let deep = |source: &ExtendsSource| match source {
        ExtendsSource::File(path) => Ok(format!("version: 1\nextends: x{path}\n")),
        ExtendsSource::Revision { .. } => Err("no revisions".to_owned()),
    };
    let error = Policy::parse("a.yml", "version: 1\nextends: b.yml\n", &deep).unwrap_err();
    assert!(error.to_string().contains("too many policies"), "{error}");

    let presets = vec!["strict"; 100].join(", ");
    let error = parse(&format!("version: 1\nextends: [{presets}]\n")).unwrap_err();
    assert!(error.to_string().contains("too many policies"), "{error}");

    let wide = |_: &ExtendsSource| Ok("version: 1\n".to_owned());
    let list = (0..100).map(|i| format!("f{i}.yml")).collect::<Vec<_>>().join(", ");
    let error = Policy::parse("a.yml", &format!("version: 1\nextends: [{list}]\n"), &wide).unwrap_err();
    assert!(error.to_string().contains("too many policies"), "{error}");
}

#[test]
fn a_file_extended_at_a_revision_extends_files_at_that_revision() {
    let asked = std::cell::RefCell::new(Vec::new());
    let resolve = |source: &ExtendsSource| {
        asked.borrow_mut().push(source.to_string());
        match source {
            ExtendsSource::Revision { path, .. } if path == "a.yml" => {
                Ok("version: 1\nextends: shared/b.yml\n".to_owned())
            }
            _ => Ok("version: 1\n".to_owned()),
        }
    };
    let text = "version: 1\nextends: [{ rev: origin/security, path: a.yml }, c.yml]\n";
    Policy::parse("p.yml", text, &resolve).unwrap();
    assert_eq!(*asked.borrow(), ["origin/security:a.yml", "origin/security:shared/b.yml", "c.yml"]);
}

#[test]
fn the_template_is_valid_and_comes_to_what_it_says() {
    let policy = valid(policy::TEMPLATE);
    let plain = valid("version: 1\n");
    assert_eq!(policy::difference(&plain, &policy), [] as [&str; 0]);
    let first = policy::TEMPLATE.lines().next().unwrap();
    assert_eq!(first, format!("# yaml-language-server: $schema={}", policy::SCHEMA_FILE));
}

/// What stands in comments as an example can be used by removing the `#`.
#[test]
fn the_examples_in_the_template_are_valid() {
    let rules = ["rules:", "- select:", "paths:", "action:", "max-days:", "require-ticket:"];
    let own = ["checks:", "- id:", "call:", "when:", "severity:", "message:", "bad:", "good:"];
    let keys = [&rules[..], &own].concat();
    let mut uncommented = 0;
    let lines = policy::TEMPLATE.lines().map(|line| match line.split_once("# ") {
        Some((indent, rest))
            if indent.trim().is_empty() && keys.iter().any(|key| rest.trim_start().starts_with(key)) =>
        {
            uncommented += 1;
            format!("{indent}{rest}\n")
        }
        _ => format!("{line}\n"),
    });
    let policy = valid(&lines.collect::<String>());
    assert_eq!(uncommented, 16);
    policy.try_examples(&scan::fires).unwrap();
    assert_eq!(policy.suppressions.max_days, Some(180));
    assert!(policy.rules.iter().any(|rule| rule.paths.is_some()));
}

/// The schema cannot know everything, but what it says must be so: keys and words, and that nothing is `null`.
#[test]
fn the_schema_knows_every_check_and_no_null() {
    let schema: serde_json::Value = serde_json::from_str(&policy::schema()).unwrap();
    let names = schema["definitions"]["CheckName"]["anyOf"][0]["enum"].as_array().unwrap();
    let ids: Vec<&str> = names.iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(ids, checks::all().map(|check| check.id).collect::<Vec<_>>());
    assert!(!policy::schema().contains("\"null\""));
    assert_eq!(schema["required"], serde_json::json!(["version"]));
}

/// The schema in `docs/` says what the program says. The names of checks and families in it, which only help an
/// editor to complete, are brought up to date by `UPDATE_EXPECTED` whenever somebody runs it.
#[test]
fn the_documented_schema_is_in_step() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policy.schema.json");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, policy::schema()).unwrap();
    }
    let without_names = |text: &str| {
        let mut schema: serde_json::Value = serde_json::from_str(text).unwrap();
        for list in ["/CheckName/anyOf/0/enum", "/Select/anyOf/1/enum", "/FamilyName/enum"] {
            let names = schema.pointer_mut(&format!("/definitions{list}")).unwrap();
            assert!(!names.take().as_array().unwrap().is_empty());
        }
        schema
    };
    let documented = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        without_names(&documented),
        without_names(&policy::schema()),
        "run UPDATE_EXPECTED=1 cargo test --test policy"
    );
}

/// What an editor is told to be possible is possible.
#[test]
fn every_word_of_the_schema_is_understood() {
    let schema: serde_json::Value = serde_json::from_str(&policy::schema()).unwrap();
    let words = |definition: &str| -> Vec<String> {
        let choices = schema["definitions"][definition]["oneOf"].as_array().unwrap();
        choices.iter().map(|choice| choice["const"].as_str().unwrap().to_owned()).collect()
    };
    let templates = [
        ("Scope", "scope: WORD"),
        ("Unscannable", "unscannable: WORD"),
        ("Disclosure", "disclosure: WORD"),
        ("Marker", "suppressions: { markers: WORD }"),
        ("NewSuppression", "suppressions: { new-in-change: WORD }"),
        ("Action", "rules: [{ select: eval, action: WORD }]"),
        ("Severity", "rules: [{ select: { severity: WORD }, action: off }]"),
        ("Confidence", "report: { min-confidence: WORD }"),
    ];
    for (definition, template) in templates {
        for word in words(definition) {
            valid(&format!("version: 1\n{}\n", template.replace("WORD", &word)));
        }
    }
}

#[test]
fn the_table_fits_a_terminal() {
    let table = policy::table(&valid(policy::TEMPLATE));
    for line in table.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for check in checks::all() {
        assert!(table.contains(check.id), "{}", check.id);
    }
}

/// Each folder in `fixtures/policy/changes` holds two policies and what changes from one to the other.
#[test]
fn changes() {
    let mut failures = Vec::new();
    let mut folders: Vec<PathBuf> =
        fs::read_dir(folder().join("changes")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    for folder in folders {
        let read = |name: &str| valid(&fs::read_to_string(folder.join(name)).unwrap());
        let (base, head) = (read("base.yml"), read("head.yml"));
        let changes: String =
            policy::difference(&base, &head).iter().map(|change| format!("{change}\n")).collect();
        same(&changes, &folder.join("expected"), &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn checks_that_change_alike_are_told_together() {
    let all = "version: 1\nextends: []\nrules:\n  - { select: { severity: info }, action: block }\n";
    let more = "  - { select: [eval, family:deserialization], action: off }\n";
    let family = checks::FAMILIES.iter().find(|family| family.id == "deserialization").unwrap();
    let name = if family.checks.len() > 1 { "family:deserialization" } else { family.checks[0].id };
    assert_eq!(
        policy::difference(&valid(all), &valid(&format!("{all}{more}"))),
        [format!("eval, {name}: block → off")]
    );
    assert_eq!(policy::difference(&valid(all), &valid(all)), [] as [&str; 0]);
}

/// What would exhaust a careless reader is refused, and quickly.
#[test]
fn yaml_bombs_are_refused() {
    let mut aliases = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        let items = vec![format!("*a{}", i - 1); 9].join(", ");
        aliases.push_str(&format!("a{i}: &a{i} [{items}]\n"));
    }
    let many = |line: &str| (0..60_000).map(|i| line.replace('N', &i.to_string())).collect::<String>();
    let bombs = [
        aliases,
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(50_000),
        (0..2000).map(|i| format!("{}a:\n", " ".repeat(i))).collect(),
        format!("version: 1\n# {}", "x".repeat(1 << 20)),
        many("a: 1\n"),
        many("kN: 1\n"),
        many("kN: &aN 1\n"),
    ];
    for bomb in bombs {
        let error = quick(|| parse(&bomb)).unwrap_err().render(false, true);
        assert!(error.len() < 20_000, "{}", error.len());
    }
}

/// As much of everything as the YAML may hold takes bounded time: to read, to find what was meant, to describe.
#[test]
fn the_largest_policies_are_bounded() {
    let large = |head: &str, line: &str, count: usize| {
        let lines: String = (0..count).map(|i| line.replace('N', &i.to_string())).collect();
        format!("version: 1\n{head}\n{lines}")
    };
    let mistaken = [
        large("", "unknown-key-N: 1\n", 9000),
        large("rules:", "  - { select: no-such-check-N, action: warn }\n", 3000),
        large("rules:\n  - action: off\n    select:", "      - check-N\n", 9000),
        large("exclude:", "  - \"a[N\"\n", 9000),
        large("rules:", "  - { select: eval, action: warn }\n", 1001),
        large("checks:", "  - { id: A-N }\n", 3000),
    ];
    for text in mistaken {
        let error = quick(|| parse(&text)).unwrap_err().render(false, true);
        assert!(error.len() < 20_000, "{}", error.len());
    }
    let valid_ones = [
        large("rules:", "  - { select: [eval, CWE-502], action: warn, paths: [\"**/aN*b?c/**\"] }\n", 980),
        large("exclude:", "  - \"**/aN*b?c/**\"\n", 3000),
        large("rules:\n  - action: off\n    select:", "      - { family: process, cwe: 78 }\n", 3000),
    ];
    for text in valid_ones {
        let policy = quick(|| valid(&text));
        let other = valid(&text.replace("/a", "/b"));
        quick(|| policy::difference(&other, &policy));
        quick(|| policy::table(&policy));
    }
}

/// The result of something that must not take long, measured generously for a slow machine.
fn quick<T>(work: impl FnOnce() -> T) -> T {
    let start = std::time::Instant::now();
    let result = work();
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    result
}

proptest! {
    #[test]
    fn any_text_is_a_policy_or_a_mistake(text in "\\PC*") {
        let _ = parse(&text).map_err(|error| error.render(true, false));
    }

    #[test]
    fn anything_like_a_policy_is_a_policy_or_a_mistake(
        lines in prop::collection::vec(
            ("(  |- |    ){0,4}", "(version|extends|rules|select|action|paths|checks|never|limits|[a-z:{}\\[\\]&*'\"|>!%@`#,?-]{1,8})?", "(: )?", "(1|8 MiB|off|eval|\"a\\*\\*\"|[\\[{]|\\PC{0,9})"),
            0..20,
        )
    ) {
        let text: String =
            lines.iter().map(|(a, b, c, d)| format!("{a}{b}{c}{d}\n")).collect();
        let _ = parse(&text).map_err(|error| error.render(false, true));
    }

    #[test]
    fn a_damaged_policy_is_a_policy_or_a_mistake(from in 0..800usize, length in 0..60usize, put in "\\PC{0,4}|[\\[\\]{}:&*!>|\n\t\"' -]{0,4}") {
        let text = include_str!("../fixtures/policy/example.yml");
        let from = text.floor_char_boundary(from);
        let to = text.floor_char_boundary(from + length);
        let damaged = format!("{}{put}{}", &text[..from], &text[to..]);
        if let Err(error) = parse(&damaged) {
            let shown = error.render(true, false);
            prop_assert!(shown.contains(".mergegate.yml:") && shown.contains("help"), "{}", shown);
        }
    }

    /// A later rule that selects a finding decides, whatever stands before it.
    #[test]
    fn a_later_rule_wins(
        before in prop::collection::vec((0..4usize, 0..3usize), 0..6),
        action in 0..3usize,
    ) {
        let selects = ["eval", "{ severity: info }", "CWE-95", "family:code-execution"];
        let rule = |select: &str, action: usize| {
            format!("  - {{ select: {select}, action: {} }}\n", Action::ALL[action])
        };
        let earlier: String =
            before.iter().map(|&(select, action)| rule(selects[select], action)).collect();
        for select in selects {
            let policy = valid(&format!("version: 1\nrules:\n{earlier}{}", rule(select, action)));
            for confidence in Confidence::ALL {
                let decision = policy.decide(check("eval"), Severity::High, confidence, &path("a.py"));
                prop_assert_eq!(decision.action, Action::ALL[action]);
            }
        }
    }
}
