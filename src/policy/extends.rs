//! What a policy can build on.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::mistake::{Mistakes, quoted};
use super::nearest::nearest;
use super::node::{Node, Value};
use super::read::{At, Read, listed, mapping, wrong_kind};

/// Where to find the text of a policy that another one extends. Paths are relative to the root of the
/// repository, never lead out of it, and hold no empty, `.` or `..` part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtendsSource {
    /// A file of the repository, on the same side of the change as the policy that names it.
    File(String),
    /// A file at a git revision.
    Revision {
        /// A revision as git understands it.
        rev: String,
        /// The file in its tree.
        path: String,
    },
}

impl fmt::Display for ExtendsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExtendsSource::File(path) => f.write_str(path),
            ExtendsSource::Revision { rev, path } => write!(f, "{rev}:{path}"),
        }
    }
}

/// The policies that are part of the program, with their texts. The first is what a policy extends unasked.
pub(super) const PRESETS: [(&str, &str); 3] = [
    ("recommended", include_str!("presets/recommended.yml")),
    ("strict", include_str!("presets/strict.yml")),
    ("audit", include_str!("presets/audit.yml")),
];

/// One thing that a policy extends.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Extends {
    /// The name and the text of a policy that is part of the program.
    Preset(&'static str, &'static str),
    Source(ExtendsSource),
}

mapping! {
    /// A policy at a git revision.
    struct RevisionEntry {
        /// A revision as git understands it: a branch, a tag, a commit.
        rev: At<String>,
        /// The file, from the root of the repository.
        path: At<String>,
    }
}

impl Read for Extends {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        match &node.value {
            Value::Text(name) => named(node, name, mistakes),
            Value::Map(_) => {
                let entry = RevisionEntry::read(node, mistakes)?;
                let path = path(&entry.path, mistakes)?;
                let rev = revision(&entry.rev, mistakes)?;
                Some(Extends::Source(ExtendsSource::Revision { rev, path }))
            }
            _ => {
                let help = "write `recommended`, `strict`, `audit`, a file, or `{ rev: ..., path: ... }`";
                wrong_kind(node, "the name of a policy", help, mistakes);
                None
            }
        }
    }
}

fn named(node: &Node, name: &str, mistakes: &mut Mistakes) -> Option<Extends> {
    if let Some(&(name, text)) = PRESETS.iter().find(|(preset, _)| *preset == name) {
        return Some(Extends::Preset(name, text));
    }
    if name.contains('/') || name.ends_with(".yml") || name.ends_with(".yaml") {
        let at = At { span: node.span.clone(), value: name.to_owned() };
        return path(&at, mistakes).map(|path| Extends::Source(ExtendsSource::File(path)));
    }
    let presets = || PRESETS.iter().map(|&(preset, _)| preset);
    let all = listed(presets());
    let help = match nearest(name, presets()) {
        Some(preset) => format!("did you mean `{preset}`? A file has a `/` or ends in `.yml`"),
        None => format!("built in are {all}; a file has a `/` or ends in `.yml`"),
    };
    mistakes.at(&node.span, format!("there is no policy {}", quoted(name)), "unknown policy", help);
    None
}

fn path(path: &At<String>, mistakes: &mut Mistakes) -> Option<String> {
    let inside = path.value.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if inside && !path.value.contains(['\\', '\0', '\n']) {
        return Some(path.value.clone());
    }
    mistakes.at(
        &path.span,
        format!("{} is not the path of a file in the repository", quoted(&path.value)),
        "not such a path",
        "write it from the root of the repository, with `/`, and without `.`, `..` or a leading `/`",
    );
    None
}

fn revision(rev: &At<String>, mistakes: &mut Mistakes) -> Option<String> {
    if !rev.value.is_empty() && !rev.value.starts_with('-') && !rev.value.contains(char::is_control) {
        return Some(rev.value.clone());
    }
    mistakes.at(
        &rev.span,
        format!("{} is not a revision", quoted(&rev.value)),
        "not a revision",
        "write a branch, a tag or a commit, e.g. `origin/security`",
    );
    None
}

impl JsonSchema for Extends {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Extends".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let presets = PRESETS.map(|(name, _)| name);
        let revision = generator.subschema_for::<RevisionEntry>();
        json_schema!({
            "anyOf": [
                { "enum": presets },
                { "type": "string", "pattern": r"(/|\.ya?ml$)" },
                revision,
            ],
        })
    }
}
