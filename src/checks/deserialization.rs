use super::Family;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call};

pub const FAMILY: Family = Family { id: "deserialization", title: "Deserialization", checks: CHECKS };

const CHECKS: &[Check] = &[Check {
    id: "yaml-load",
    family: "deserialization",
    summary: "This YAML loader can build any Python object, and so run code.",
    why: "A document with a tag such as `!!python/object/apply:os.system` runs a command while it is loaded.",
    neglect: "The document comes from the same place as the program itself.",
    instead: "`yaml.safe_load(text)`, or `yaml.load(text, Loader=yaml.SafeLoader)`.",
    cwe: &[502],
    severity: Severity::High,
    aliases: &["bandit:B506", "ruff:S506"],
    bad: &["import yaml\nyaml.load(text)\n", "from yaml import load, Loader\nload(text, Loader)\n"],
    good: &["import yaml\nyaml.safe_load(text)\n", "import yaml\nyaml.load(text, Loader=yaml.CSafeLoader)\n"],
    detect: &[Detect::Call(&["yaml.load", "yaml.load_all"], When::Is(unsafe_loader))],
}];

fn unsafe_loader(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.argument("Loader", 1) {
        Argument::Absent => Some(Confidence::High),
        Argument::Unknown => Some(Confidence::Low),
        Argument::Given(_) => {
            let safe = ["yaml.SafeLoader", "yaml.CSafeLoader", "yaml.BaseLoader", "yaml.CBaseLoader"];
            (!call.refers_to("Loader", 1, &safe)).then_some(Confidence::Medium)
        }
    }
}
