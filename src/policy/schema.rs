//! The JSON schema of a policy, for editors.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::{Map, Value, json};

use super::document::Document;

/// The schema as JSON text. Draft 7 is what editors understand best.
pub fn schema() -> String {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<Document>();
    RecursiveTransform(without_null).transform(&mut schema);
    schema.insert("title".to_owned(), "policy of mergegate".into());
    format!("{:#}\n", schema.to_value())
}

/// A key that is not required may be left out; `schemars` would let it be `null` instead, which a policy
/// does not.
fn without_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| *choice != json!({ "type": "null" }));
        if let [only] = choices.as_mut_slice() {
            let only = only.take();
            replace_choice(object, only);
        }
    }
}

/// Puts what is left of a choice in its place. Beside `$ref` draft 7 ignores everything.
fn replace_choice(object: &mut Map<String, Value>, only: Value) {
    object.remove("anyOf");
    match only {
        Value::Object(entries) if !entries.contains_key("$ref") => {
            for (key, value) in entries {
                object.entry(key).or_insert(value);
            }
        }
        other => {
            object.insert("allOf".to_owned(), json!([other]));
        }
    }
}
