//! Every id of bandit, ruff's S rules and Python Code Audit resolves to a check.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use mergegate::checks;

const IDS: &str = include_str!("data/field-ids.txt");

#[test]
fn every_id_of_the_field_is_the_name_of_a_check() {
    let missing: Vec<&str> = IDS.lines().filter(|id| checks::named(id).is_empty()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let of = |tool: &str| IDS.lines().filter(|id| id.starts_with(tool)).count();
    assert_eq!((of("bandit:"), of("ruff:"), of("codeaudit:")), (77, 73, 89));
}
