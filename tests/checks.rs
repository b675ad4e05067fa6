//! What every check must have and do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet};

use mergegate::check::Check;
use mergegate::checks::{self, FAMILIES};
use mergegate::scan;

fn fires(check: &'static Check, source: &str) -> bool {
    scan::fires(check, source).unwrap_or_else(|reason| panic!("{}: {reason}:\n{source}", check.id))
}

#[test]
fn every_bad_example_fires_and_no_good_one_does() {
    let mut wrong = Vec::new();
    for check in checks::all() {
        wrong.extend(
            check
                .bad
                .iter()
                .filter(|bad| !fires(check, bad))
                .map(|bad| format!("{} is silent on:\n{bad}", check.id)),
        );
        wrong.extend(
            check
                .good
                .iter()
                .filter(|good| fires(check, good))
                .map(|good| format!("{} fires on:\n{good}", check.id)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_check_has_at_least_two_bad_and_two_good_examples() {
    let few: Vec<&str> = checks::all()
        .filter(|check| check.bad.len() < 2 || check.good.len() < 2)
        .map(|check| check.id)
        .collect();
    assert!(few.is_empty(), "{few:?}");
}

#[test]
fn ids_are_unique_and_kebab_case_and_belong_to_their_file() {
    let mut seen = BTreeSet::new();
    for family in FAMILIES {
        for check in family.checks {
            assert!(seen.insert(check.id), "{} is declared twice", check.id);
            assert_eq!(check.family, family.id, "{}", check.id);
            assert!(is_kebab_case(check.id), "{}", check.id);
        }
    }
}

fn is_kebab_case(id: &str) -> bool {
    let part =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    id.split('-').all(part)
}

#[test]
fn every_text_is_a_sentence_and_fits_where_platforms_show_it() {
    for check in checks::all() {
        for (what, text) in [
            ("summary", check.summary),
            ("why", check.why),
            ("neglect", check.neglect),
            ("instead", check.instead),
        ] {
            assert!(text.ends_with(['.', ')']), "{}: {what} is no sentence: {text}", check.id);
            assert!(text.len() <= 1000, "{}: {what} is longer than GitHub and GitLab keep", check.id);
            assert!(!text.contains("  "), "{}: {what} has two spaces in a row", check.id);
        }
        assert!(check.summary.len() <= 140, "{}: the summary does not fit on a line or two", check.id);
        assert!(!check.cwe.is_empty(), "{}", check.id);
    }
}

#[test]
fn aliases_name_a_tool_and_an_id_of_one_check_resolves_to_it_alone() {
    for check in checks::all() {
        for alias in check.aliases {
            let (tool, name) = alias.split_once(':').unwrap_or_else(|| panic!("{}: {alias}", check.id));
            assert!(["bandit", "ruff", "codeaudit"].contains(&tool), "{}: {alias}", check.id);
            assert!(checks::named(alias).contains(&check), "{alias}");
            let is_other_id = checks::all().any(|other| other.id == name && other != check);
            assert!(checks::named(name).contains(&check) || is_other_id, "{name}");
        }
        assert_eq!(checks::named(check.id).iter().map(|check| check.id).collect::<Vec<_>>(), [check.id]);
    }
}

#[test]
fn examples_are_not_shared_between_checks() {
    let mut owner: BTreeMap<&str, &str> = BTreeMap::new();
    for check in checks::all() {
        for bad in check.bad {
            if let Some(other) = owner.insert(bad, check.id) {
                panic!("{} and {other} have the same bad example:\n{bad}", check.id);
            }
        }
    }
}
