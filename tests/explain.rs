//! What is said about checks, for people and programs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use mergegate::checks::{FAMILIES, Family};
use mergegate::terminal::Terminal;
use mergegate::{checks, escape, explain};

const PLAIN: Terminal = Terminal { color: false, ascii: false, width: 80 };

fn families() -> Vec<&'static Family> {
    FAMILIES.iter().collect()
}

#[test]
fn says_everything_about_every_check() {
    for check in checks::all() {
        let shown = explain::terminal(check, PLAIN);
        let markdown = explain::markdown(check);
        let unwrapped = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in [check.summary, check.why, check.neglect, check.instead] {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(unwrapped.contains(&text), "{}: {text}\n{shown}", check.id);
        }
        for text in check.aliases.iter().chain([&check.id, &check.severity.as_str()]) {
            assert!(unwrapped.contains(text), "{}: {text}\n{shown}", check.id);
            assert!(markdown.contains(text), "{}: {text}\n{markdown}", check.id);
        }
        for line in check.bad[0].lines().chain(check.good[0].lines()) {
            let line = escape::visible_in_log(line);
            assert!(shown.contains(&line) && markdown.contains(&line), "{}: {line}", check.id);
        }
    }
}

#[test]
fn prose_fits_the_terminal() {
    for width in [60, 80, 120] {
        let terminal = Terminal { width, ..PLAIN };
        for check in checks::all() {
            let examples = check.bad[0].lines().chain(check.good[0].lines());
            let examples: Vec<String> = examples.map(escape::visible_in_log).collect();
            for line in explain::terminal(check, terminal).lines() {
                let is_source =
                    examples.iter().any(|example| line.ends_with(example)) || line.contains("# mergegate:");
                let is_one_word = line.split_whitespace().count() < 2;
                assert!(line.chars().count() <= width || is_source || is_one_word, "{}: {line}", check.id);
            }
        }
    }
}

#[test]
fn plain_text_has_no_escapes_and_ascii_is_ascii() {
    let ascii = Terminal { ascii: true, ..PLAIN };
    let colored = Terminal { color: true, ..PLAIN };
    for check in checks::all() {
        assert!(!explain::terminal(check, PLAIN).contains('\u{1b}'));
        assert!(explain::terminal(check, colored).contains('\u{1b}'));
        assert!(explain::terminal(check, ascii).is_ascii(), "{}", check.id);
    }
    assert!(explain::table(&families(), ascii).is_ascii());
}

#[test]
fn lists_have_every_check_once() {
    let json: serde_json::Value = serde_json::from_str(&explain::json(&families())).unwrap();
    let ids: Vec<&str> = json.as_array().unwrap().iter().map(|check| check["id"].as_str().unwrap()).collect();
    assert_eq!(ids, checks::all().map(|check| check.id).collect::<Vec<_>>());
    let (table, page) = (explain::table(&families(), PLAIN), explain::page(&families()));
    for id in ids {
        assert_eq!(table.lines().filter(|line| line.starts_with(&format!("  {id} "))).count(), 1, "{id}");
        assert_eq!(page.lines().filter(|line| *line == format!("### {id}")).count(), 1, "{id}");
    }
}
