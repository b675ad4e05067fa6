//! Checks that a policy declares for itself, in the same terms as the built-in ones.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::check::{ArgumentCondition, ArgumentTest, Check, Confidence, Detect, Severity, When};
use crate::checks;
use crate::python::{self, Constant};

use super::mistake::{File, Mistake, Mistakes, Place, Span, quoted};
use super::node::{Node, Value};
use super::read::{At, OneOrMany, Read, mapping, wrong_kind};
use super::select::Cwe;
use super::{Origin, Policy, PolicyError};

/// The family of all checks that a policy declares.
pub const CUSTOM_FAMILY: &str = "custom";

/// A check that a policy declares.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomCheck {
    /// Kebab-case, and no name of a built-in check.
    pub id: String,
    /// Where the policy declares it.
    pub origin: Origin,
    /// Qualified names whose calls are findings, where all of `when` holds.
    pub call: Vec<String>,
    /// Qualified names any mention of which is a finding.
    pub reference: Vec<String>,
    /// Modules any import of which, or of something below them, is a finding.
    pub import: Vec<String>,
    /// What must hold of a call.
    pub when: Vec<ArgumentCondition>,
    /// How bad a finding is.
    pub severity: Severity,
    /// Numbers of the Common Weakness Enumeration.
    pub cwe: Vec<u16>,
    /// One sentence that says what was found.
    pub message: String,
    /// Why this is a risk.
    pub why: Option<String>,
    /// What to write instead.
    pub instead: Option<String>,
    /// Sources in which the check must fire; at least one.
    pub bad: Vec<Example>,
    /// Sources in which it must not fire; at least one.
    pub good: Vec<Example>,
}

/// A Python source on which a check is tried.
#[derive(Debug, Clone)]
pub struct Example {
    /// The source.
    pub source: String,
    file: Arc<File>,
    span: Span,
}

/// Wherever they are written.
impl PartialEq for Example {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// What a developer is told where the policy does not say more.
const WHY: &str = "The policy of this repository looks for it.";
const NEGLECT: &str = "Where those who keep the policy agree to it.";
const INSTEAD: &str = "What the message says; those who keep the policy know more.";

impl Policy {
    /// The checks that the policy declares, in the form of built-in ones, so that both go the same ways. They stay in
    /// memory until the program ends, which runs with one policy.
    pub fn declared_checks(&self) -> &'static [Check] {
        kept(self.checks.iter().map(CustomCheck::as_built_in).collect())
    }

    /// Tries the checks that the policy declares on their examples. `fires` says whether one does in a source, or
    /// why that cannot be told.
    ///
    /// # Errors
    ///
    /// When a bad example is not found, a good one is, or one cannot be analysed.
    pub fn try_examples(
        &self,
        fires: &dyn Fn(&'static Check, &str) -> Result<bool, String>,
    ) -> Result<(), PolicyError> {
        let mut mistakes = Vec::new();
        for (check, declared) in self.declared_checks().iter().zip(&self.checks) {
            let bad = declared.bad.iter().map(|example| (example, true));
            let good = declared.good.iter().map(|example| (example, false));
            for (example, expected) in bad.chain(good) {
                mistakes.extend(example.mistake(&declared.id, expected, fires(check, &example.source)));
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(PolicyError::new(mistakes)) }
    }
}

fn kept<T>(values: Vec<T>) -> &'static [T] {
    Vec::leak(values)
}

fn kept_text(text: &str) -> &'static str {
    String::leak(text.to_owned())
}

fn kept_texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> &'static [&'static str] {
    kept(texts.into_iter().map(kept_text).collect())
}

impl CustomCheck {
    fn as_built_in(&self) -> Check {
        let text = |given: &Option<String>, default| given.as_deref().map_or(default, kept_text);
        let examples = |examples: &[Example]| kept_texts(examples.iter().map(|it| it.source.as_str()));
        Check {
            id: kept_text(&self.id),
            family: CUSTOM_FAMILY,
            summary: kept_text(&self.message),
            why: text(&self.why, WHY),
            neglect: NEGLECT,
            instead: text(&self.instead, INSTEAD),
            cwe: kept(self.cwe.clone()),
            severity: self.severity,
            aliases: &[],
            bad: examples(&self.bad),
            good: examples(&self.good),
            detect: kept(self.detect()),
        }
    }

    fn detect(&self) -> Vec<Detect> {
        let names = |names: &[String]| {
            let names: Vec<String> = names.iter().map(|name| python::canonical_name(name)).collect();
            kept_texts(names.iter().map(String::as_str))
        };
        let when = if self.when.is_empty() { When::Always } else { When::All(kept(self.when.clone())) };
        let mut detect = Vec::new();
        if !self.call.is_empty() {
            detect.push(Detect::Call(names(&self.call), when));
        }
        if !self.reference.is_empty() {
            detect.push(Detect::Reference(names(&self.reference), |_| Some(Confidence::High)));
        }
        if !self.import.is_empty() {
            detect.push(Detect::Import(kept_texts(self.import.iter().map(String::as_str))));
        }
        detect
    }
}

impl Example {
    /// What is wrong with the example, if anything is.
    fn mistake(&self, check: &str, expected: bool, found: Result<bool, String>) -> Option<Mistake> {
        let check = quoted(check);
        let (message, label, help) = match found {
            Ok(found) if found == expected => return None,
            Ok(false) => (
                format!("{check} does not find this bad example"),
                "not found",
                "mend the example, or what the check looks for (`call`, `reference`, `import`, `when`)",
            ),
            Ok(true) => (
                format!("{check} finds this good example"),
                "found",
                "mend the example, or what the check looks for (`call`, `reference`, `import`, `when`)",
            ),
            Err(reason) => (
                format!("this example of {check} cannot be analysed: {reason}"),
                "no Python",
                "write Python that stands on its own",
            ),
        };
        let place = Place { file: Arc::clone(&self.file), span: self.span.clone(), label: label.to_owned() };
        Some(Mistake { message, place: Some(place), help: help.to_owned() })
    }
}

mapping! {
    /// A check of your own.
    struct CheckEntry {
        /// What rules and suppressions call it, in kebab-case.
        id: At<Id>,
        /// Qualified names whose calls are findings, e.g. `acme.auth.login_v1`; `*.login_v1` is a method of that name
        /// of whatever is not defined in the same file.
        call: Option<At<OneOrMany<Callee, 1>>>,
        /// Qualified names any mention of which is a finding.
        reference: Option<At<OneOrMany<Name, 1>>>,
        /// Modules any import of which is a finding.
        import: Option<At<OneOrMany<Name, 1>>>,
        /// What must hold of a call; of several conditions, all of them.
        when: Option<At<OneOrMany<WhenEntry, 1>>>,
        /// How bad a finding is.
        severity: Severity,
        /// Numbers of the Common Weakness Enumeration.
        cwe: Option<OneOrMany<Cwe>>,
        /// One sentence that says what was found.
        message: Sentence,
        /// Why this is a risk.
        why: Option<Sentence>,
        /// What to write instead.
        instead: Option<Sentence>,
        /// Python sources in which the check must fire.
        bad: Examples,
        /// Python sources in which it must not fire.
        good: Examples,
    }
}

mapping! {
    /// What must hold of a call.
    struct WhenEntry {
        /// A condition on one of its arguments.
        arg: At<ArgumentEntry>,
    }
}

mapping! {
    /// A condition on one argument: `name`, `position` or both, and one of `is`, `is-not` and `absent`.
    struct ArgumentEntry {
        /// Its keyword.
        name: Option<Name>,
        /// Its position, counted from 0.
        position: Option<u32>,
        /// It is this constant, or one of these.
        is: Option<OneOrMany<Literal, 1>>,
        /// It is not known to be this constant, or one of these.
        is_not: Option<OneOrMany<Literal, 1>>,
        /// Whether it is not given.
        absent: Option<bool>,
    }
}

/// Gives the declared checks of one file their meaning, behind those that the policy has `already`.
pub(super) fn declare(
    entries: &[CheckEntry],
    already: &mut Vec<CustomCheck>,
    name: &str,
    mistakes: &mut Mistakes,
) {
    for entry in entries {
        let id = &entry.id.value.0;
        if let Some((taken_by, help)) = clash(id, already) {
            let message = format!("a check cannot be called {}", quoted(id));
            mistakes.at(&entry.id.span, message, taken_by, help);
        }
        if entry.call.is_none() && entry.reference.is_none() && entry.import.is_none() {
            let help = "add `call: [...]`, `reference: [...]` or `import: [...]`";
            mistakes.at(&entry.id.span, format!("{} looks for nothing", quoted(id)), "", help);
        }
        if let (Some(when), None) = (&entry.when, &entry.call) {
            let help = "add `call: [...]`, or remove `when`";
            mistakes.at(&when.span, "`when` is about calls, and this check has no `call`", "", help);
        }
        let origin = Origin::in_file(name, mistakes.file.line(entry.id.span.start));
        let check = custom_check(entry, origin, mistakes);
        already.push(check);
    }
}

/// What has the id already, and what to do about it.
fn clash(id: &str, already: &[CustomCheck]) -> Option<(String, &'static str)> {
    if let Some(check) = already.iter().find(|check| check.id == id) {
        return Some((format!("declared at {}", check.origin), "give each check an id of its own"));
    }
    let check = checks::named(id).first()?;
    let help = "choose an id that tells whose check it is, e.g. with the name of your organisation in front";
    Some((format!("this is the built-in check `{}`", check.id), help))
}

fn custom_check(entry: &CheckEntry, origin: Origin, mistakes: &mut Mistakes) -> CustomCheck {
    let names = |names: &Option<At<OneOrMany<Name, 1>>>| -> Vec<String> {
        names.iter().flat_map(|names| &names.value.0).map(|name| name.0.clone()).collect()
    };
    let calls = entry.call.iter().flat_map(|calls| &calls.value.0);
    let examples = |Examples(sources): &Examples| -> Vec<Example> {
        let file = &mistakes.file;
        let example = |At { span, value }: &At<String>| Example {
            source: value.clone(),
            file: Arc::clone(file),
            span: span.clone(),
        };
        sources.iter().map(example).collect()
    };
    let (bad, good) = (examples(&entry.bad), examples(&entry.good));
    let conditions = entry.when.iter().flat_map(|when| &when.value.0);
    let when = conditions.filter_map(|condition| argument_condition(&condition.arg, mistakes)).collect();
    CustomCheck {
        id: entry.id.value.0.clone(),
        origin,
        call: calls.map(|callee| callee.0.clone()).collect(),
        reference: names(&entry.reference),
        import: names(&entry.import),
        when,
        severity: entry.severity,
        cwe: entry.cwe.iter().flat_map(|cwe| &cwe.0).map(|cwe| cwe.0).collect(),
        message: entry.message.in_one_line(),
        why: entry.why.as_ref().map(Sentence::in_one_line),
        instead: entry.instead.as_ref().map(Sentence::in_one_line),
        bad,
        good,
    }
}

fn argument_condition(entry: &At<ArgumentEntry>, mistakes: &mut Mistakes) -> Option<ArgumentCondition> {
    let At { span, value: arg } = entry;
    if arg.name.is_none() && arg.position.is_none() {
        let help = "add `name: ...`, `position: ...` or both";
        mistakes.at(span, "this condition does not say which argument it is about", "", help);
    }
    let constants = |literals: &OneOrMany<Literal, 1>| literals.0.iter().map(|it| it.0.clone()).collect();
    let test = match (&arg.is, &arg.is_not, arg.absent) {
        (Some(literals), None, None) => ArgumentTest::Is(constants(literals)),
        (None, Some(literals), None) => ArgumentTest::IsNot(constants(literals)),
        (None, None, Some(true)) => ArgumentTest::Absent,
        (None, None, Some(false)) => ArgumentTest::Given,
        _ => {
            let help = "write exactly one of `is: ...`, `is-not: ...` and `absent: true`";
            mistakes.at(span, "this condition does not say what must hold", "", help);
            return None;
        }
    };
    let name = arg.name.as_ref().map(|name| name.0.clone());
    Some(ArgumentCondition { name, position: arg.position, test })
}

/// What a check is called.
#[derive(Debug)]
pub(super) struct Id(String);

impl Id {
    const MAX_LENGTH: usize = 64;

    fn is_kebab_case(text: &str) -> bool {
        let lower = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        text.len() <= Self::MAX_LENGTH
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.split('-').all(lower)
    }
}

impl Read for Id {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        let text = String::read(node, mistakes)?;
        if Id::is_kebab_case(&text) {
            return Some(Id(text));
        }
        let help = "write lower-case letters and digits with `-` between words, e.g. `acme-no-legacy-auth`";
        mistakes.at(&node.span, format!("{} cannot be the id of a check", quoted(&text)), "", help);
        None
    }
}

impl JsonSchema for Id {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
            "maxLength": Self::MAX_LENGTH,
        })
    }
}

/// A qualified name of Python, in which `()` stands for what a call returns: `requests.Session().get`.
#[derive(Debug)]
pub(super) struct Name(String);

impl Name {
    fn is_qualified(text: &str) -> bool {
        text.split('.').all(|part| {
            let part = part.strip_suffix("()").unwrap_or(part);
            !part.is_empty()
                && !part.starts_with(|c: char| c.is_numeric())
                && part.chars().all(|c| c.is_alphanumeric() || c == '_')
        })
    }
}

impl Read for Name {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        let text = String::read(node, mistakes)?;
        if Name::is_qualified(&text) {
            return Some(Name(text));
        }
        let help = "write it as Python would import it, e.g. `acme.auth.login_v1`";
        mistakes.at(&node.span, format!("{} is not a qualified name", quoted(&text)), "", help);
        None
    }
}

impl JsonSchema for Name {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Name".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

/// A [`Name`], or `*.login`: a method of that name.
#[derive(Debug)]
pub(super) struct Callee(String);

impl Read for Callee {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        let is_method = |text: &str| {
            text.strip_prefix("*.").is_some_and(|method| !method.contains('.') && Name::is_qualified(method))
        };
        match &node.value {
            Value::Text(text) if is_method(text) => Some(Callee(text.clone())),
            _ => Name::read(node, mistakes).map(|name| Callee(name.0)),
        }
    }
}

impl JsonSchema for Callee {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Callee".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Name::json_schema(generator)
    }
}

/// A text that is shown to people.
#[derive(Debug, JsonSchema)]
#[schemars(inline)]
pub(super) struct Sentence(#[schemars(length(min = 1))] String);

impl Sentence {
    fn in_one_line(&self) -> String {
        self.0.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Read for Sentence {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        let text = String::read(node, mistakes)?.trim().to_owned();
        if text.is_empty() {
            let help = "write a sentence for the developer who meets the finding";
            mistakes.at(&node.span, "this text is empty", "", help);
            return None;
        }
        Some(Sentence(text))
    }
}

/// Python sources, at least one.
#[derive(Debug)]
pub(super) struct Examples(Vec<At<String>>);

impl Read for Examples {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        let OneOrMany(sources) = OneOrMany::<At<String>>::read(node, mistakes)?;
        if sources.is_empty() {
            mistakes.at(&node.span, "at least one example is needed", "", Examples::HELP);
            return None;
        }
        Some(Examples(sources))
    }

    fn help_if_missing(_: &str) -> String {
        Examples::HELP.to_owned()
    }
}

impl Examples {
    const HELP: &str = "give at least one Python source under `bad` and one under `good`: \
        `mergegate policy` tries the check on them";
}

impl JsonSchema for Examples {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Examples".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" }, "minItems": 1 },
            ],
        })
    }
}

/// A constant of Python.
#[derive(Debug)]
pub(super) struct Literal(Constant);

impl Read for Literal {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        Some(Literal(match &node.value {
            Value::Null => Constant::None,
            Value::Bool(value) => Constant::Bool(*value),
            Value::Int(value) => Constant::Int(*value),
            Value::Float(value) => Constant::Float(*value),
            Value::Text(text) => Constant::Str(text.clone()),
            Value::List(_) | Value::Map(_) => {
                let help = "write `true`, `false`, `null`, a number or a text";
                wrong_kind(node, "a constant", help, mistakes);
                return None;
            }
        }))
    }
}

impl JsonSchema for Literal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Literal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "const": null }, { "type": ["boolean", "number", "string"] }] })
    }
}
