//! From the tree of a YAML text to typed values, with every mistake of shape recorded on the way.
//!
//! A type that stands in a policy says how it is read here and, through `schemars`, what an editor is told
//! about it. Reading goes on behind a mistake, so that independent ones are reported together.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::check::{Confidence, Severity};

use super::mistake::{Mistakes, Span, quoted};
use super::nearest::nearest;
use super::node::{Node, Value};

/// What can be read from a node of the policy.
pub(super) trait Read: Sized {
    /// The value of a node, or `None` behind a recorded mistake.
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self>;

    /// The value of a key that is not there; `None` makes the key required.
    fn absent() -> Option<Self> {
        None
    }

    /// What to do where the key is required and not there.
    fn help_if_missing(key: &str) -> String {
        format!("add `{key}: ...`")
    }
}

/// Records that something of another kind was expected.
pub(super) fn wrong_kind(node: &Node, expected: &str, help: &str, mistakes: &mut Mistakes) {
    let label = match &node.value {
        Value::Null => "nothing stands here".to_owned(),
        _ => format!("this is {}", node.kind()),
    };
    mistakes.at(&node.span, format!("expected {expected}, found {}", node.kind()), label, help);
}

/// A value and its place.
#[derive(Debug)]
pub(super) struct At<T> {
    pub(super) span: Span,
    pub(super) value: T,
}

impl<T: Read> Read for At<T> {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        let value = T::read(node, mistakes)?;
        Some(At { span: node.span.clone(), value })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: Read> Read for Option<T> {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        // A mistake has been recorded: what is left can be looked at as if the key were not there.
        Some(T::read(node, mistakes))
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl Read for String {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        if let Value::Text(text) = &node.value {
            return Some(text.clone());
        }
        let help = match node.value {
            Value::Null | Value::List(_) | Value::Map(_) => "write a text here",
            _ => "put it in quotes if it is meant as a text",
        };
        wrong_kind(node, "a text", help, mistakes);
        None
    }
}

impl Read for bool {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        wrong_kind(node, "true or false", "write `true` or `false`, without quotes", mistakes);
        None
    }
}

impl Read for u32 {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        let Value::Int(number) = node.value else {
            wrong_kind(node, "a whole number", "write a number, without quotes", mistakes);
            return None;
        };
        let in_range = u32::try_from(number).ok();
        if in_range.is_none() {
            let help = format!("write a number from 0 to {}", u32::MAX);
            mistakes.at(&node.span, format!("{number} is out of range"), "", help);
        }
        in_range
    }
}

impl Read for Severity {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        word(node, &Severity::ALL.map(|severity| (severity.as_str(), severity)), mistakes)
    }
}

impl Read for Confidence {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        word(node, &Confidence::ALL.map(|confidence| (confidence.as_str(), confidence)), mistakes)
    }
}

/// A list.
impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        let Value::List(items) = &node.value else {
            wrong_kind(node, "a list", "write one item a line, each behind `- `", mistakes);
            return None;
        };
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            if mistakes.enough() {
                break;
            }
            values.extend(T::read(item, mistakes));
        }
        Some(values)
    }
}

/// A list of at least one item.
#[derive(Debug)]
pub(super) struct NonEmpty<T>(pub(super) Vec<T>);

impl<T: Read> Read for NonEmpty<T> {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        not_empty(node, mistakes)?;
        Vec::read(node, mistakes).map(NonEmpty)
    }
}

fn not_empty(node: &Node, mistakes: &mut Mistakes) -> Option<()> {
    if node.value == Value::List(Vec::new()) {
        mistakes.at(&node.span, "this list is empty", "", "add an item, or remove the key");
        return None;
    }
    Some(())
}

impl<T: JsonSchema> JsonSchema for NonEmpty<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("NonEmpty_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let item = generator.subschema_for::<T>();
        json_schema!({ "type": "array", "items": item, "minItems": 1 })
    }
}

/// A list of at least so many items, in which a single item needs no brackets.
#[derive(Debug)]
pub(super) struct OneOrMany<T, const LEAST: usize = 0>(pub(super) Vec<T>);

impl<T: Read, const LEAST: usize> Read for OneOrMany<T, LEAST> {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        if LEAST > 0 {
            not_empty(node, mistakes)?;
        }
        let items = match node.value {
            Value::List(_) => Vec::read(node, mistakes)?,
            _ => vec![T::read(node, mistakes)?],
        };
        Some(OneOrMany(items))
    }
}

impl<T: JsonSchema, const LEAST: usize> JsonSchema for OneOrMany<T, LEAST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany_{}_{LEAST}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": LEAST }] })
    }
}

/// Reads one of a fixed set of words.
pub(super) fn word<T: Copy>(node: &Node, words: &[(&'static str, T)], mistakes: &mut Mistakes) -> Option<T> {
    let names = || words.iter().map(|&(name, _)| name);
    let all = listed(names());
    let Value::Text(text) = &node.value else {
        wrong_kind(node, "a word", &format!("possible are {all}"), mistakes);
        return None;
    };
    if let Some(&(_, value)) = words.iter().find(|(name, _)| name == text) {
        return Some(value);
    }
    let help = match nearest(text, names()) {
        Some(name) => format!("did you mean `{name}`? Possible are {all}"),
        None => format!("possible are {all}"),
    };
    mistakes.at(&node.span, format!("{} is not possible here", quoted(text)), "unknown word", help);
    None
}

/// Words for a sentence: "`a`, `b` and `c`".
pub(super) fn listed<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// A mapping while it is read: each key is taken once, and what is left over is a mistake.
pub(super) struct Table<'n> {
    span: &'n Span,
    entries: Vec<(&'n Span, &'n str, &'n Node)>,
    known: Vec<String>,
}

impl<'n> Table<'n> {
    /// The entries of a mapping; keys that are no text or that are given twice are mistakes.
    pub(super) fn new(node: &'n Node, mistakes: &mut Mistakes) -> Option<Self> {
        let Value::Map(map) = &node.value else {
            wrong_kind(node, "a mapping", "write `key: value` here", mistakes);
            return None;
        };
        let mut entries = Vec::new();
        let mut first_given = HashMap::new();
        for (key, value) in map {
            if mistakes.enough() {
                break;
            }
            let Value::Text(name) = &key.value else {
                wrong_kind(key, "a key", "a key of a policy is a text", mistakes);
                continue;
            };
            match first_given.entry(name) {
                Entry::Vacant(vacant) => {
                    vacant.insert(key.span.start);
                    entries.push((&key.span, name.as_str(), value));
                }
                Entry::Occupied(first) => {
                    let line = mistakes.file.line(*first.get());
                    let message = format!("the key {} is given twice", quoted(name));
                    let label = format!("first given on line {line}");
                    mistakes.at(&key.span, message, label, "keep one of the two");
                }
            }
        }
        Some(Table { span: &node.span, entries, known: Vec::new() })
    }

    /// Reads the value of a key. `None` behind a recorded mistake.
    pub(super) fn take<T: Read>(&mut self, key: &str, mistakes: &mut Mistakes) -> Option<T> {
        self.known.push(key.to_owned());
        let Some(index) = self.entries.iter().position(|&(_, name, _)| name == key) else {
            let absent = T::absent();
            if absent.is_none() {
                let message = format!("the key `{key}` is missing");
                mistakes.at(self.span, message, "in this mapping", T::help_if_missing(key));
            }
            return absent;
        };
        let (_, _, node) = self.entries.swap_remove(index);
        T::read(node, mistakes)
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(mut self, mistakes: &mut Mistakes) {
        self.entries.sort_by_key(|(span, ..)| span.start);
        let known = || self.known.iter().map(String::as_str);
        for (span, name, _) in &self.entries {
            if mistakes.enough() {
                break;
            }
            let all = listed(known());
            let help = match nearest(name, known()) {
                Some(key) => format!("did you mean `{key}`? Possible are {all}"),
                None => format!("remove it; possible are {all}"),
            };
            mistakes.at(span, format!("unknown key {}", quoted(name)), "unknown key", help);
        }
    }
}

/// Declares a mapping of the policy: its keys are the fields in kebab-case. Reading it and its JSON schema
/// come from the one declaration.
macro_rules! mapping {
    ($(#[$about:meta])* struct $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, schemars::JsonSchema)]
        #[schemars(rename_all = "kebab-case", deny_unknown_fields)]
        pub(super) struct $name { $($(#[$doc])* pub(super) $field: $type,)* }

        impl $crate::policy::read::Read for $name {
            fn read(
                node: &$crate::policy::node::Node,
                mistakes: &mut $crate::policy::mistake::Mistakes,
            ) -> Option<Self> {
                let mut table = $crate::policy::read::Table::new(node, mistakes)?;
                $(let $field = table.take(&stringify!($field).replace('_', "-"), mistakes);)*
                table.finish(mistakes);
                Some($name { $($field: $field?,)* })
            }
        }
    };
}

/// Declares an enum whose variants are the words of a policy.
macro_rules! keywords {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
        pub enum $name { $($(#[$doc])* #[schemars(rename = $word)] $variant,)* }

        impl $name {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The word in the policy and in every report.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::policy::read::Read for $name {
            fn read(
                node: &$crate::policy::node::Node,
                mistakes: &mut $crate::policy::mistake::Mistakes,
            ) -> Option<Self> {
                $crate::policy::read::word(node, &[$(($word, $name::$variant),)*], mistakes)
            }
        }
    };
}

pub(super) use {keywords, mapping};
