//! Patterns for paths.

use std::borrow::Cow;

use globset::{Candidate, Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::path::FilePath;

use super::mistake::{Mistakes, quoted};
use super::node::Node;
use super::read::{At, OneOrMany, Read};

/// Long enough for any path; a longer pattern would only make matching slow.
const MAX_LENGTH: usize = 1024;

/// Patterns for paths relative to the root: `*` and `?` stay within one folder, `**` crosses folders, and
/// `[ab]` and `{a,b}` are alternatives. Upper and lower case differ.
#[derive(Debug, Clone, Default)]
pub struct Globs {
    patterns: Vec<String>,
    set: GlobSet,
}

impl Globs {
    /// Whether any pattern matches the whole path.
    pub fn matches(&self, path: &FilePath) -> bool {
        self.set.is_match_candidate(&Candidate::from_bytes(path.as_bytes()))
    }

    /// The patterns as they are written in the policy.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }
}

impl PartialEq for Globs {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

impl Read for Globs {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        read(node, Case::Matters, mistakes)
    }
}

/// Patterns for which upper and lower case are the same: on some systems `X.PY` is as good a module as `x.py`.
#[derive(Debug)]
pub(super) struct AnyCase(pub(super) Globs);

impl AnyCase {
    /// Patterns that are part of the program.
    pub(super) fn new(patterns: &[&str]) -> Result<Self, globset::Error> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            set.add(glob(pattern, Case::Ignored)?);
        }
        let patterns = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        Ok(AnyCase(Globs { patterns, set: set.build()? }))
    }
}

impl Read for AnyCase {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        read(node, Case::Ignored, mistakes).map(AnyCase)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Matters,
    Ignored,
}

fn read(node: &Node, case: Case, mistakes: &mut Mistakes) -> Option<Globs> {
    let OneOrMany(patterns) = OneOrMany::<At<String>>::read(node, mistakes)?;
    let mut set = GlobSetBuilder::new();
    for pattern in &patterns {
        if let Some((message, help)) = never_matches(&pattern.value) {
            mistakes.at(&pattern.span, message, "this pattern", help);
            continue;
        }
        match glob(&pattern.value, case) {
            Ok(glob) => {
                set.add(glob);
            }
            Err(error) => {
                let message = format!("{} is not a valid pattern", quoted(&pattern.value));
                let help = "`[` and `]`, `{` and `}` come in pairs; write `[[]` for the character itself";
                mistakes.at(&pattern.span, message, error.kind().to_string(), help);
            }
        }
    }
    match set.build() {
        Ok(set) => {
            let patterns = patterns.into_iter().map(|pattern| pattern.value).collect();
            Some(Globs { patterns, set })
        }
        Err(error) => {
            let message = format!("these patterns cannot be used together: {}", error.kind());
            mistakes.at(&node.span, message, "", "use fewer or simpler patterns");
            None
        }
    }
}

fn glob(pattern: &str, case: Case) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(true)
        .case_insensitive(case == Case::Ignored)
        .build()
}

/// Why a pattern could not match any path, though its syntax is right.
fn never_matches(pattern: &str) -> Option<(String, String)> {
    let wrong = |what: &str, help: String| Some((format!("{} {what}", quoted(pattern)), help));
    if pattern.is_empty() {
        return Some(("this pattern is empty".into(), "write `**` for every path".into()));
    }
    if pattern.len() > MAX_LENGTH {
        return wrong("is too long for a pattern", format!("use at most {MAX_LENGTH} bytes"));
    }
    if let Some(rest) = pattern.strip_prefix('!') {
        return wrong(
            "would match nothing: a pattern has no negation",
            format!("remove the `!`, and list {} where it belongs", quoted(rest)),
        );
    }
    if let Some(rest) = pattern.strip_prefix("./").or_else(|| pattern.strip_prefix('/')) {
        return wrong(
            "would match nothing: paths begin at the root of the repository, without `/`",
            format!("write {}", quoted(rest)),
        );
    }
    if pattern.ends_with('/') {
        return wrong(
            "would match nothing: only files are matched",
            format!("write {} for everything below it", quoted(&format!("{pattern}**"))),
        );
    }
    if pattern.split('/').any(|part| part == "..") {
        return wrong("would match nothing: no path leads out of the repository", "remove the `..`".into());
    }
    None
}

impl JsonSchema for Globs {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Globs".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        OneOrMany::<String>::json_schema(generator)
    }
}

impl JsonSchema for AnyCase {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AnyCase".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Globs::json_schema(generator)
    }
}
