//! YAML text to a tree in which every key and value knows its place.
//!
//! The tree is read as a whole before its meaning is looked at, so that one wrong value does not hide the
//! next. What YAML offers beyond plain data is refused or bounded: merge keys, unknown tags, aliases that
//! multiply, depth.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Error, Location, Spanned};

use super::mistake::{File, Mistakes, Span, quoted};

/// The longest policy that is read, in bytes.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// How deep lists and mappings may be nested; a policy needs eight.
const MAX_DEPTH: usize = 24;

/// How many keys and values a policy may have, aliases expanded.
const MAX_NODES: usize = 20_000;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) value: Value,
}

/// What a YAML value can be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the text, with keys that are given twice.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// What stands here, for a message that says what should.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// Reads one YAML document. Where that fails, `mistakes` says why.
pub(super) fn parse(file: &Arc<File>, mistakes: &mut Mistakes) -> Option<Node> {
    if file.text.len() > MAX_BYTES {
        mistakes.at(
            &(0..0),
            format!("the policy is longer than {} KiB", MAX_BYTES / 1024),
            "",
            "a policy of this size is not read; shorten it, or split it with `extends`",
        );
        return None;
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_documents: 1,
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_aliases: 1_000,
            max_anchors: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: 8,
        },
        emit_comments: false,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(&file.text, options) {
        Ok(raw) => Some(located(raw, &file.text)),
        Err(error) => {
            report(&error, file, mistakes);
            None
        }
    }
}

fn located(raw: Spanned<Raw>, text: &str) -> Node {
    let mut span = span(&raw.referenced, text);
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bool(value) => Value::Bool(value),
        Raw::Int(value) => Value::Int(value),
        Raw::Float(value) => Value::Float(value),
        Raw::Text(value) => Value::Text(value),
        Raw::List(items) => Value::List(items.into_iter().map(|item| located(item, text)).collect()),
        Raw::Map(entries) => Value::Map(
            entries.into_iter().map(|(key, value)| (located(key, text), located(value, text))).collect(),
        ),
    };
    // The parser gives no more than the first character of a list or mapping: underline its first line.
    if matches!(value, Value::List(_) | Value::Map(_)) && span.len() <= 1 {
        let rest = text[span.start..].lines().next().unwrap_or_default();
        span.end = span.start + rest.trim_end().len();
    }
    Node { span, value }
}

/// The bytes of a place. Errors of the YAML grammar come with line and column only.
fn span(location: &Location, text: &str) -> Span {
    let place = location.span();
    let start = match place.byte_offset() {
        Some(offset) => usize::try_from(offset).unwrap_or(usize::MAX),
        None => offset_of(location, text),
    };
    let length = usize::try_from(place.byte_len().unwrap_or(0)).unwrap_or(usize::MAX);
    let start = text.floor_char_boundary(start);
    let end = text.ceil_char_boundary(start.saturating_add(length));
    start..end
}

fn offset_of(location: &Location, text: &str) -> usize {
    let line = usize::try_from(location.line().saturating_sub(1)).unwrap_or(usize::MAX);
    let column = usize::try_from(location.column().saturating_sub(1)).unwrap_or(usize::MAX);
    let mut start = 0;
    for _ in 0..line {
        match text[start..].find('\n') {
            Some(length) => start += length + 1,
            None => return text.len(),
        }
    }
    let line = text[start..].split('\n').next().unwrap_or_default();
    start + line.char_indices().nth(column).map_or(line.len(), |(offset, _)| offset)
}

/// Says what is wrong with the YAML itself, in words of our own where the library's are for programmers.
fn report(error: &Error, file: &File, mistakes: &mut Mistakes) {
    let place = error.location().map_or(0..0, |location| span(&location, &file.text));
    let (message, help) = match error.without_snippet() {
        Error::MergeKeyNotAllowed { .. } => (
            "a policy has no merge keys (`<<`)".to_owned(),
            "write the keys out, or share them between policies with `extends`",
        ),
        Error::UnknownAnchor { .. } => (
            "`*` begins an alias here, and there is no anchor of that name".to_owned(),
            "put a glob that begins with `*` in quotes: \"*.py\"",
        ),
        Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => (
            "a second YAML document begins here".to_owned(),
            "a policy is one document; remove what follows the first",
        ),
        other if grammar_message(other) == "recursion limit exceeded" => too_large(),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasError { .. }
        | Error::RecursiveReferencesRequireWeakTypes { .. } => too_large(),
        Error::NonFiniteFloat { value, .. } => (
            format!("{} is not a number that a policy can hold", quoted(value)),
            "put it in quotes if it is meant as a text",
        ),
        other => (
            format!("this is not valid YAML: {}", grammar_message(other)),
            "check the indentation, and put values with special characters in quotes",
        ),
    };
    mistakes.at(&place, message, "", help);
}

fn too_large() -> (String, &'static str) {
    let message = "the policy is too large, too deep, or multiplies itself through aliases";
    (message.to_owned(), "write aliases out, and split a long policy with `extends`")
}

/// The library's message without the place, which is shown as an excerpt.
fn grammar_message(error: &Error) -> String {
    let text = error.to_string();
    let text = text.lines().next().unwrap_or_default();
    text.split(" at line ").next().unwrap_or(text).replace('`', "'")
}

/// A value as the YAML library hands it over.
#[derive(Debug)]
enum Raw {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(i64::try_from(value).map_or(Raw::Float(value as f64), Raw::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}
