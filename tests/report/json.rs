//! The report for programs, and its schema.

use mergegate::report::{self, Format, render};
use serde_json::Value;

use crate::samples;
use crate::verdicts::options;

#[test]
fn holds_everything() {
    let bytes = render(Format::Json, &samples::findings(), &options());
    insta::assert_snapshot!(String::from_utf8(bytes).unwrap());
}

/// Every key and every kind of value that a report has is in the schema. The whole of JSON schema is left to
/// the validators; what could go wrong in a schema made from the types is that it speaks of other ones.
#[test]
fn has_only_what_its_schema_knows() {
    let schema: Value = serde_json::from_str(&report::json_schema()).unwrap();
    for (name, verdict) in samples::all() {
        let report: Value = serde_json::from_slice(&render(Format::Json, &verdict, &options())).unwrap();
        assert_fits(&report, &schema, &schema, name);
    }
}

fn assert_fits(value: &Value, part: &Value, schema: &Value, at: &str) {
    if let Some(reference) = part["$ref"].as_str() {
        let target = schema.pointer(reference.trim_start_matches('#')).unwrap();
        return assert_fits(value, target, schema, at);
    }
    for choices in ["anyOf", "oneOf"] {
        if let Some(choices) = part[choices].as_array() {
            let kind =
                |choice: &&Value| match (choice["type"].as_str(), &choice["properties"]["kind"]["const"]) {
                    (Some("null"), _) => value.is_null(),
                    (_, Value::Null) => {
                        !value.is_null() && (choice["const"].is_null() || choice["const"] == *value)
                    }
                    (_, kind) => value["kind"] == *kind,
                };
            let choice =
                choices.iter().find(kind).unwrap_or_else(|| panic!("{at}: {value} is none of {part}"));
            return assert_fits(value, choice, schema, at);
        }
    }
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let property = &part["properties"][key];
                assert!(!property.is_null(), "{at}.{key} is not in the schema");
                assert_fits(value, property, schema, &format!("{at}.{key}"));
            }
            for key in part["required"].as_array().into_iter().flatten() {
                assert!(entries.contains_key(key.as_str().unwrap()), "{at} has no {key}");
            }
        }
        Value::Array(items) => items.iter().for_each(|item| assert_fits(item, &part["items"], schema, at)),
        _ => {}
    }
}

/// `UPDATE_DOCS=1 cargo test --test report` writes the schema anew.
#[test]
fn the_schema_in_the_documentation_is_this_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, report::json_schema()).unwrap();
    }
    let documented = std::fs::read_to_string(path).unwrap();
    assert!(documented == report::json_schema(), "run: UPDATE_DOCS=1 cargo test --test report");
}
