//! The shape of a policy file: its keys and what stands behind them. `schemars` makes the schema for editors
//! from these types, with their comments as the explanations shown there.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::check::Confidence;

use super::custom::CheckEntry;
use super::extends::Extends;
use super::globs::{AnyCase, Globs};
use super::mistake::{Mistakes, quoted};
use super::node::{Node, Value};
use super::read::{At, NonEmpty, OneOrMany, Read, keywords, mapping, wrong_kind};
use super::select::Select;

keywords! {
    /// What a finding that a rule selects does to the merge.
    pub enum Action {
        /// The finding is neither reported nor counted.
        Off = "off",
        /// The finding is reported and does not block.
        Warn = "warn",
        /// The finding is reported and blocks the merge.
        Block = "block",
    }
}

keywords! {
    /// Which findings may block.
    pub enum Scope {
        /// Those that the change introduces, or whose severity or confidence it raises.
        New = "new",
        /// These, and findings in statements that the change edits.
        Touched = "touched",
        /// All findings in the files of the change.
        ChangedFiles = "changed-files",
        /// All findings in all files.
        All = "all",
    }
}

keywords! {
    /// The comments that can justify a finding.
    pub enum Marker {
        /// `# mergegate: allow[check] reason`
        Mergegate = "mergegate",
        /// `# nosec B301 - reason`, as bandit reads it.
        Nosec = "nosec",
        /// `# noqa: S301 reason`, as flake8 and ruff read it.
        Noqa = "noqa",
        /// `# nosemgrep: check - reason`, as semgrep reads it.
        Nosemgrep = "nosemgrep",
        /// The markers of Python Code Audit.
        Codeaudit = "codeaudit",
    }
}

keywords! {
    /// What a suppression does to the merge that the change itself adds or widens.
    pub enum NewSuppression {
        /// It counts like an old one.
        Allow = "allow",
        /// It counts, and is listed for the reviewer.
        Warn = "warn",
        /// It blocks until a reviewer accepts it.
        Block = "block",
    }
}

keywords! {
    /// What a file does to the merge that could not be analysed.
    pub enum Unscannable {
        /// It is reported and does not block.
        Warn = "warn",
        /// It blocks: nobody knows what is in it.
        Block = "block",
    }
}

keywords! {
    /// How much the outputs tell that everybody can read: job log, annotations, summary, comment.
    pub enum Disclosure {
        /// The findings with path, line and excerpt.
        Full = "full",
        /// The verdict, the checks and how many findings there are; no path, line or excerpt. SARIF and HTML
        /// still carry everything.
        Counts = "counts",
    }
}

mapping! {
    /// A policy: which checks block a merge, where, and which exceptions count.
    struct Document {
        /// The version of this format: 1.
        version: Version,
        /// What this policy builds on: `recommended` (the default), `strict`, `audit`, a file of the
        /// repository, or a file at a revision. Of several, later ones win; `[]` builds on nothing.
        extends: Option<At<OneOrMany<At<Extends>>>>,
        /// Which files are scanned: patterns from the root of the repository. `*` stays within a folder,
        /// `**` crosses folders.
        include: Option<At<AnyCase>>,
        /// Which of these files are left out.
        exclude: Option<At<Globs>>,
        /// Which findings may block.
        scope: Option<At<Scope>>,
        /// Checks of your own.
        checks: Option<Declared>,
        /// What findings do. The last rule that selects a finding decides.
        rules: Option<NonEmpty<RuleEntry>>,
        /// Which comments justify a finding.
        suppressions: Option<SuppressionsEntry>,
        /// What a file does to the merge that could not be analysed.
        unscannable: Option<At<Unscannable>>,
        /// What is too large to be analysed.
        limits: Option<LimitsEntry>,
        /// What reports show.
        report: Option<ReportEntry>,
        /// How much the outputs tell that everybody can read.
        disclosure: Option<At<Disclosure>>,
    }
}

/// The checks that a policy declares. What looks like checks that are to be switched on or off belongs into rules.
#[derive(Debug)]
pub(super) struct Declared(pub(super) Vec<CheckEntry>);

impl Read for Declared {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        if let Value::Map(_) = &node.value {
            let help = "checks of your own stand here, each behind `- id: `; to say what a check does, write \
                        `rules: [{ select: os-system, action: warn }]`";
            wrong_kind(node, "a list", help, mistakes);
            return None;
        }
        Vec::read(node, mistakes).map(Declared)
    }
}

impl JsonSchema for Declared {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Declared".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<CheckEntry>::json_schema(generator)
    }
}

mapping! {
    /// What the findings of some checks do.
    struct RuleEntry {
        /// Which findings: a check, `family:...`, `CWE-...`, another tool's name of a check
        /// (`bandit:B301`), or conditions that must all hold. In a list, any of them.
        select: At<OneOrMany<Select, 1>>,
        /// What they do.
        action: At<Action>,
        /// Only in files that match one of these patterns.
        paths: Option<At<Globs>>,
    }
}

mapping! {
    /// Which comments justify a finding.
    struct SuppressionsEntry {
        /// The comments that count.
        markers: Option<At<OneOrMany<Marker>>>,
        /// Whether a suppression must say why.
        require_reason: Option<At<bool>>,
        /// How long the reason must be, in characters.
        min_reason_length: Option<At<u32>>,
        /// Checks whose findings cannot be suppressed.
        never: Option<At<OneOrMany<Select>>>,
        /// How many days ahead `until=` may lie; with it, every suppression needs one.
        max_days: Option<At<u32>>,
        /// A regular expression that the reason must contain a match of, e.g. `SEC-[0-9]+`.
        require_ticket: Option<At<Ticket>>,
        /// What a suppression does to the merge that the change itself adds or widens.
        new_in_change: Option<At<NewSuppression>>,
    }
}

mapping! {
    /// What is too large to be analysed.
    struct LimitsEntry {
        /// The size of the largest file that is analysed, e.g. `8 MiB`.
        file_size: Option<At<Size>>,
    }
}

mapping! {
    /// What reports show.
    struct ReportEntry {
        /// Findings of lower confidence are neither reported nor counted.
        min_confidence: Option<At<Confidence>>,
    }
}

/// The version of the format that this program reads.
#[derive(Debug)]
pub(super) struct Version;

impl Version {
    const CURRENT: i64 = 1;
}

impl Read for Version {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        match node.value {
            Value::Int(Self::CURRENT) => return Some(Version),
            Value::Int(other) => mistakes.at(
                &node.span,
                format!("version {other} of the policy's format is not supported"),
                "unknown version",
                "write `version: 1`, or use the mergegate that this policy was written for",
            ),
            _ => wrong_kind(node, "a number", "write `version: 1`", mistakes),
        }
        None
    }

    fn help_if_missing(_: &str) -> String {
        "add `version: 1`".to_owned()
    }
}

impl JsonSchema for Version {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": Self::CURRENT })
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size(pub(super) u64);

const UNITS: [(&str, u64); 8] = [
    ("b", 1),
    ("kb", 1000),
    ("mb", 1000 * 1000),
    ("gb", 1000 * 1000 * 1000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("", 1),
];

impl Size {
    /// More than this would not fit into the memory of a CI machine once it is parsed.
    const MAX: u64 = 1 << 30;

    fn parse(text: &str) -> Option<u64> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at_checked(digits)?;
        let unit = unit.trim().to_ascii_lowercase();
        let &(_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        number.parse::<u64>().ok()?.checked_mul(factor)
    }
}

impl Read for Size {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        let (text, bytes) = match &node.value {
            Value::Text(text) => (quoted(text), Size::parse(text.trim())),
            Value::Int(number) => (format!("`{number}`"), u64::try_from(*number).ok()),
            _ => {
                wrong_kind(node, "a size", "write a number with a unit, e.g. `8 MiB`", mistakes);
                return None;
            }
        };
        match bytes {
            Some(bytes @ 1..=Self::MAX) => return Some(Size(bytes)),
            Some(_) => mistakes.at(
                &node.span,
                format!("{text} is not a possible size"),
                "out of range",
                "a size lies between 1 B and 1 GiB",
            ),
            None => mistakes.at(
                &node.span,
                format!("{text} is not a size"),
                "not a size",
                "write a whole number with B, kB, MB, GB, KiB, MiB or GiB, e.g. `8 MiB`",
            ),
        }
        None
    }
}

impl JsonSchema for Size {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 1 },
                { "type": "string", "pattern": "^[0-9]+ *([kKmMgG][iI]?)?[bB]?$" },
            ],
        })
    }
}

/// What a reason must contain.
#[derive(Debug, Clone)]
pub struct Ticket(Regex);

impl Ticket {
    /// A larger automaton would cost more than any ticket number needs, in bytes.
    const MAX_COMPILED: usize = 1 << 20;

    /// The ticket that a reason names.
    pub fn find<'r>(&self, reason: &'r str) -> Option<&'r str> {
        self.0.find(reason).map(|found| found.as_str())
    }

    /// The regular expression.
    pub fn pattern(&self) -> &str {
        self.0.as_str()
    }
}

impl Read for Ticket {
    fn read(node: &Node, mistakes: &mut Mistakes) -> Option<Self> {
        let pattern = String::read(node, mistakes)?;
        match RegexBuilder::new(&pattern).size_limit(Self::MAX_COMPILED).build() {
            Ok(regex) if !regex.is_match("") => return Some(Ticket(regex)),
            Ok(_) => mistakes.at(
                &node.span,
                format!("{} matches an empty text", quoted(&pattern)),
                "requires nothing",
                "write what a ticket looks like, e.g. \"SEC-[0-9]+\"",
            ),
            Err(error) => mistakes.at(
                &node.span,
                format!("{} is not a valid regular expression", quoted(&pattern)),
                regex_message(&error),
                "write what a ticket looks like, e.g. \"SEC-[0-9]+\"",
            ),
        }
        None
    }
}

/// The library's message without its drawing of the pattern.
fn regex_message(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

impl JsonSchema for Ticket {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Ticket".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "regex" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("8 MiB", 8 << 20),
            ("512KiB", 512 << 10),
            ("10 kB", 10_000),
            ("1 gib", 1 << 30),
            ("77", 77),
            ("77 B", 77),
        ] {
            assert_eq!(Size::parse(text), Some(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_none() {
        for text in [
            "",
            "MiB",
            "8 miles",
            "-1 MiB",
            "1.5 MiB",
            "8 MiB MiB",
            "99999999999999999999",
            "18446744073709551615 GiB",
            "é",
        ] {
            assert_eq!(Size::parse(text), None, "{text}");
        }
    }
}
