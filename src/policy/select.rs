//! Selectors: which checks, or which of their findings, a line of the policy speaks of.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::check::{Check, Confidence, Severity};
use crate::checks;

use super::custom::{CUSTOM_FAMILY, CustomCheck};
use super::mistake::{Mistakes, Span, quoted};
use super::nearest::nearest;
use super::node::{Node, Value};
use super::read::{At, OneOrMany, Read, mapping, wrong_kind};

/// What a selector can ask of a check, whether it is built in or declared in the policy.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'c> {
    /// Its id.
    pub id: &'c str,
    pub(super) family: &'c str,
    pub(super) cwe: &'c [u16],
    pub(super) severity: Severity,
}

impl<'c> From<&'c Check> for Subject<'c> {
    fn from(check: &'c Check) -> Self {
        Subject { id: check.id, family: check.family, cwe: check.cwe, severity: check.severity }
    }
}

impl<'c> From<&'c CustomCheck> for Subject<'c> {
    fn from(check: &'c CustomCheck) -> Self {
        Subject { id: &check.id, family: CUSTOM_FAMILY, cwe: &check.cwe, severity: check.severity }
    }
}

/// Every check there is: the built-in ones, and those of the policy.
pub(super) fn subjects(custom: &[CustomCheck]) -> impl Iterator<Item = Subject<'_>> {
    let built_in = checks::all().map(|check| -> Subject<'_> { check.into() });
    built_in.chain(custom.iter().map(Subject::from))
}

/// Which findings are meant: those that fit any of the conditions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector(Vec<Conditions>);

/// Conditions that must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Conditions {
    checks: Option<Vec<Arc<str>>>,
    families: Option<Vec<Arc<str>>>,
    cwe: Option<Vec<u16>>,
    severity: Option<Severity>,
    confidence: Option<Confidence>,
}

impl Selector {
    /// Whether a finding of a check is meant, which has its own severity and confidence.
    pub(super) fn selects(&self, check: Subject<'_>, severity: Severity, confidence: Confidence) -> bool {
        self.0.iter().any(|conditions| {
            conditions.names(check)
                && conditions.severity.is_none_or(|least| severity >= least)
                && conditions.confidence.is_none_or(|least| confidence >= least)
        })
    }
}

impl Selector {
    /// What is selected, in the words of a policy.
    pub(super) fn words(&self) -> Vec<String> {
        self.0.iter().map(Conditions::words).collect()
    }
}

impl Conditions {
    fn words(&self) -> String {
        let mut all: Vec<String> = Vec::new();
        all.extend(self.checks.as_ref().map(|checks| checks.join(" or ")));
        all.extend(self.families.as_ref().map(|families| format!("family:{}", families.join(" or "))));
        all.extend(self.cwe.as_ref().map(|numbers| {
            numbers.iter().map(|number| format!("CWE-{number}")).collect::<Vec<_>>().join(" or ")
        }));
        all.extend(self.severity.map(|severity| format!("severity:{severity}")));
        all.extend(self.confidence.map(|confidence| format!("confidence:{confidence}")));
        all.join(" and ")
    }

    /// Whether the check is meant, leaving aside how bad and how sure the finding is.
    fn names(&self, check: Subject<'_>) -> bool {
        let among = |names: &Option<Vec<Arc<str>>>, name: &str| {
            names.as_ref().is_none_or(|names| names.iter().any(|known| **known == *name))
        };
        among(&self.checks, check.id)
            && among(&self.families, check.family)
            && self.cwe.as_ref().is_none_or(|cwe| check.cwe.iter().any(|number| cwe.contains(number)))
    }
}

/// A selector as it is written.
#[derive(Debug)]
pub(super) enum Select {
    /// A check, `family:…`, `CWE-…` or another tool's name.
    Name(At<String>),
    /// Conditions that must all hold.
    All(Span, Box<ConditionsEntry>),
}

mapping! {
    /// Conditions that must all hold.
    struct ConditionsEntry {
        /// One of these checks.
        check: Option<OneOrMany<At<CheckName>, 1>>,
        /// A check of one of these families.
        family: Option<OneOrMany<At<FamilyName>, 1>>,
        /// A check with one of these numbers of the Common Weakness Enumeration.
        cwe: Option<OneOrMany<At<Cwe>, 1>>,
        /// At least this bad.
        severity: Option<Severity>,
        /// At least this sure.
        confidence: Option<At<Confidence>>,
    }
}

impl Read for Select {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        match &node.value {
            Value::Text(_) => At::read(node, mistakes).map(Select::Name),
            Value::Map(entries) if entries.is_empty() => {
                let help = "write e.g. `{ severity: high }`, or `{ severity: info }` for everything";
                mistakes.at(&node.span, "this selector has no condition", "empty", help);
                None
            }
            Value::Map(_) => {
                let entry = ConditionsEntry::read(node, mistakes)?;
                Some(Select::All(node.span.clone(), Box::new(entry)))
            }
            _ => {
                let help = "write a check, `family:...`, `CWE-...`, or `{ severity: high }`";
                wrong_kind(node, "a selector", help, mistakes);
                None
            }
        }
    }
}

/// Gives written selectors their meaning. `custom` are the checks that the policy declares. A selector that
/// no check can fit is a mistake.
pub(super) fn resolve(selects: &[Select], custom: &[CustomCheck], mistakes: &mut Mistakes) -> Selector {
    let mut resolved = Vec::with_capacity(selects.len());
    for select in selects {
        if mistakes.enough() {
            break;
        }
        resolved.extend(match select {
            Select::Name(name) => by_name(name, custom, mistakes),
            Select::All(span, entry) => by_conditions(span, entry, custom, mistakes),
        });
    }
    Selector(resolved)
}

fn by_name(name: &At<String>, custom: &[CustomCheck], mistakes: &mut Mistakes) -> Option<Conditions> {
    let text = name.value.as_str();
    let mut conditions = Conditions::default();
    if let Some(family) = text.strip_prefix("family:") {
        conditions.families = Some(vec![known_family(&name.span, family, custom, mistakes)?]);
    } else if let Some(number) = Cwe::parse(text) {
        conditions.cwe = Some(vec![known_cwe(&name.span, number, custom, mistakes)?]);
    } else {
        conditions.checks = Some(known_checks(&name.span, text, custom, mistakes)?);
    }
    Some(conditions)
}

fn by_conditions(
    span: &Span,
    entry: &ConditionsEntry,
    custom: &[CustomCheck],
    mistakes: &mut Mistakes,
) -> Option<Conditions> {
    let before = mistakes.found.len();
    let mut conditions = Conditions {
        severity: entry.severity,
        confidence: entry.confidence.as_ref().map(|confidence| confidence.value),
        ..Conditions::default()
    };
    if let Some(OneOrMany(names)) = &entry.check {
        let known = names.iter().filter_map(|at| known_checks(&at.span, &at.value.0, custom, mistakes));
        conditions.checks = Some(known.flatten().collect());
    }
    if let Some(OneOrMany(names)) = &entry.family {
        let known = names.iter().filter_map(|at| known_family(&at.span, &at.value.0, custom, mistakes));
        conditions.families = Some(known.collect());
    }
    if let Some(OneOrMany(numbers)) = &entry.cwe {
        let known = numbers.iter().filter_map(|at| known_cwe(&at.span, at.value.0, custom, mistakes));
        conditions.cwe = Some(known.collect());
    }
    let understood = mistakes.found.len() == before;
    if understood && !subjects(custom).any(|check| conditions.names(check)) {
        let help = "all conditions of a selector must hold; put alternatives into a list";
        mistakes.at(span, "this selector matches no check", "matches nothing", help);
    }
    Some(conditions)
}

fn known_family(
    span: &Span,
    name: &str,
    custom: &[CustomCheck],
    mistakes: &mut Mistakes,
) -> Option<Arc<str>> {
    let known = checks::FAMILIES.iter().any(|family| family.id == name && !family.checks.is_empty());
    if known || (name == CUSTOM_FAMILY && !custom.is_empty()) {
        return Some(name.into());
    }
    let families = checks::FAMILIES.iter().map(|family| family.id);
    let help = match nearest(name, families) {
        Some(family) => format!("did you mean `family:{family}`?"),
        None => "`mergegate checks` lists all families".to_owned(),
    };
    mistakes.at(span, format!("there is no family {}", quoted(name)), "unknown family", help);
    None
}

fn known_cwe(span: &Span, number: u16, custom: &[CustomCheck], mistakes: &mut Mistakes) -> Option<u16> {
    if subjects(custom).any(|check| check.cwe.contains(&number)) {
        return Some(number);
    }
    let help = "`mergegate checks` lists the numbers of all checks";
    mistakes.at(span, format!("no check is about CWE-{number}"), "matches no check", help);
    None
}

fn known_checks(
    span: &Span,
    name: &str,
    custom: &[CustomCheck],
    mistakes: &mut Mistakes,
) -> Option<Vec<Arc<str>>> {
    if let Some(check) = custom.iter().find(|check| check.id == name) {
        return Some(vec![check.id.as_str().into()]);
    }
    // The bare alias of one check may be the id of another, which then is what is meant.
    if let Some(check) = checks::all().find(|check| check.id.eq_ignore_ascii_case(name)) {
        return Some(vec![check.id.into()]);
    }
    let named = checks::named(name);
    if !named.is_empty() {
        return Some(named.iter().map(|check| check.id.into()).collect());
    }
    let families = checks::FAMILIES.iter().map(|family| family.id);
    let help = if let Some(family) = families.clone().find(|family| *family == name) {
        format!("this is a family: write `family:{family}`")
    } else if let Some(check) = nearest(name, subjects(custom).map(|check| check.id)) {
        format!("did you mean `{check}`?")
    } else {
        "`mergegate checks` lists all checks and what other tools call them".to_owned()
    };
    mistakes.at(span, format!("there is no check {}", quoted(name)), "unknown check", help);
    None
}

/// A number of the Common Weakness Enumeration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cwe(pub(super) u16);

impl Cwe {
    fn parse(text: &str) -> Option<u16> {
        let (prefix, number) = text.split_at_checked(4)?;
        prefix.eq_ignore_ascii_case("CWE-").then(|| number.parse().ok())?
    }
}

impl Read for Cwe {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        let number = match &node.value {
            Value::Int(number) => u16::try_from(*number).ok(),
            Value::Text(text) => Cwe::parse(text),
            _ => None,
        };
        if number.is_none() {
            let help = "write `502` or `CWE-502`";
            wrong_kind(node, "a number of the Common Weakness Enumeration", help, mistakes);
        }
        number.map(Cwe)
    }
}

impl JsonSchema for Cwe {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Cwe".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": u16::MAX },
                { "type": "string", "pattern": "^[cC][wW][eE]-[0-9]{1,5}$" },
            ],
        })
    }
}

/// The name of a check.
#[derive(Debug)]
pub(super) struct CheckName(String);

impl Read for CheckName {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        String::read(node, mistakes).map(CheckName)
    }
}

impl JsonSchema for CheckName {
    fn schema_name() -> Cow<'static, str> {
        "CheckName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let ids: Vec<&str> = checks::all().map(|check| check.id).collect();
        json_schema!({
            "description": "A check, or what another tool calls it.",
            "anyOf": [
                { "enum": ids },
                // An alias, or a check that the policy declares.
                { "type": "string", "pattern": "^[A-Za-z0-9_.:-]+$" },
            ],
        })
    }
}

/// The name of a family.
#[derive(Debug)]
pub(super) struct FamilyName(String);

impl Read for FamilyName {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        String::read(node, mistakes).map(FamilyName)
    }
}

impl JsonSchema for FamilyName {
    fn schema_name() -> Cow<'static, str> {
        "FamilyName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let families = checks::FAMILIES.iter().map(|family| family.id);
        let names: Vec<&str> = families.chain([CUSTOM_FAMILY]).collect();
        json_schema!({ "description": "A family of checks.", "enum": names })
    }
}

impl JsonSchema for Select {
    fn schema_name() -> Cow<'static, str> {
        "Select".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let check = generator.subschema_for::<CheckName>();
        let conditions = generator.subschema_for::<ConditionsEntry>();
        let families = checks::FAMILIES.iter().map(|family| family.id).chain([CUSTOM_FAMILY]);
        let families: Vec<String> = families.map(|family| format!("family:{family}")).collect();
        json_schema!({
            "description": "Which findings: a check, `family:...`, `CWE-...`, another tool's name of a check, or conditions that must all hold.",
            "anyOf": [check, { "enum": families }, conditions],
        })
    }
}
