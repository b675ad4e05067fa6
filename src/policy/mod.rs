//! The policy: which checks block a merge, where, and which exceptions count.
//!
//! A policy is YAML (`document.rs` is its shape). It builds on others (`extends`), whose rules come first and
//! whose settings count where it has none of its own. Every mistake in it is reported with its line and what
//! to do about it; a policy with a mistake is no policy.
//!
//! Three policies are part of the program, and are written as anybody would write one (`presets/*.yml`). What
//! they do with a new finding, by the severity and confidence of it:
//!
//! | | critical, high | medium | low | info |
//! |---|---|---|---|---|
//! | `recommended` | block; warn if low confidence | warn | warn | off |
//! | `strict` | block | block | warn | off |
//! | `audit` | warn | warn | warn | warn |
//!
//! In `recommended` and `strict` an `assert` in a test file is off.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::check::{Check, Confidence, Severity};
use crate::path::FilePath;

mod custom;
mod describe;
mod difference;
mod document;
mod extends;
mod globs;
mod load;
mod mistake;
mod nearest;
mod node;
mod read;
mod schema;
mod select;
mod view;

pub use custom::{CUSTOM_FAMILY, CustomCheck, Example};
pub use describe::{Row, RowLine, Setting, describe, settings, table};
pub use difference::difference;
pub use document::{Action, Disclosure, Marker, NewSuppression, Scope, Ticket, Unscannable};
pub use extends::ExtendsSource;
pub use globs::Globs;
pub use mistake::PolicyError;
pub use nearest::nearest;
pub use schema::schema;
pub use select::{Selector, Subject};

/// The policy that `mergegate init` writes.
pub const TEMPLATE: &str = include_str!("template.yml");

/// Where the template says that the schema for editors lies, relative to the policy.
pub const SCHEMA_FILE: &str = ".mergegate.schema.json";

/// A valid policy, with everything it builds on.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What the policy is called in messages: its path, or the name of a built-in one.
    pub name: String,
    /// Which files are scanned.
    pub include: Globs,
    /// Which of these are left out.
    pub exclude: Globs,
    /// Which findings may block.
    pub scope: Scope,
    /// The last rule that selects a finding decides; those of the policies it builds on come first.
    pub rules: Vec<Rule>,
    /// Which comments justify a finding.
    pub suppressions: Suppressions,
    /// What a file does that could not be analysed.
    pub unscannable: Unscannable,
    /// What is too large to be analysed.
    pub limits: Limits,
    /// Findings of lower confidence are neither reported nor counted.
    pub min_confidence: Confidence,
    /// How much the public outputs tell.
    pub disclosure: Disclosure,
    /// The checks that the policy declares.
    pub checks: Vec<CustomCheck>,
    /// Where the settings come from that a policy gives; the others have their defaults.
    origins: BTreeMap<&'static str, Origin>,
}

/// What the findings of some checks do.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Which findings.
    pub select: Selector,
    /// What they do.
    pub action: Action,
    /// Only in these files.
    pub paths: Option<Globs>,
    /// Where it is written.
    pub origin: Origin,
}

/// Which comments justify a finding.
#[derive(Debug, Clone)]
pub struct Suppressions {
    /// The comments that count.
    pub markers: Vec<Marker>,
    /// Whether a suppression must say why.
    pub require_reason: bool,
    /// How long the reason must be, in characters.
    pub min_reason_length: u32,
    /// Whose findings cannot be suppressed; see [`Policy::may_suppress`].
    pub never: Selector,
    /// How many days ahead `until=` may lie; with it, every suppression needs one.
    pub max_days: Option<u32>,
    /// What the reason must contain.
    pub require_ticket: Option<Ticket>,
    /// What a suppression does that the change itself adds or widens.
    pub new_in_change: NewSuppression,
}

/// What is too large to be analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The size of the largest file that is analysed, in bytes.
    pub file_size: u64,
}

/// A line of a policy, or a built-in policy as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    name: Arc<str>,
    line: Option<u32>,
}

impl Origin {
    fn in_file(name: &str, line: u32) -> Self {
        Origin { name: name.into(), line: Some(line) }
    }
}

/// `.mergegate.yml:12`, or `recommended`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = crate::escape::visible(&self.name);
        match self.line {
            Some(line) => f.pad(&format!("{name}:{line}")),
            None => f.pad(&name),
        }
    }
}

/// What a finding does, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'p> {
    /// What it does.
    pub action: Action,
    /// The line that says so; `None` where no rule selects the finding, which then is off.
    pub origin: Option<&'p Origin>,
}

impl Policy {
    /// Reads a policy. `name` is what it is called in messages; `resolve` gives the text of another policy
    /// that it extends, or says why there is none.
    pub fn parse(
        name: &str,
        text: &str,
        resolve: &dyn Fn(&ExtendsSource) -> Result<String, String>,
    ) -> Result<Policy, PolicyError> {
        load::policy(name, text, resolve)
    }

    /// The same for the bytes of a file, which must be UTF-8.
    pub fn from_bytes(
        name: &str,
        bytes: &[u8],
        resolve: &dyn Fn(&ExtendsSource) -> Result<String, String>,
    ) -> Result<Policy, PolicyError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Policy::parse(name, text, resolve),
            Err(error) => Err(PolicyError::not_utf8(name, &bytes[..error.valid_up_to()])),
        }
    }

    /// The policy that counts where there is none.
    pub fn recommended() -> Result<Policy, PolicyError> {
        load::preset("recommended")
    }

    /// Whether a file is scanned at all, by its path.
    pub fn selects_path(&self, path: &FilePath) -> bool {
        self.include.matches(path) && !self.exclude.matches(path)
    }

    /// What a finding does that has this severity and confidence.
    pub fn decide(
        &self,
        check: &Check,
        severity: Severity,
        confidence: Confidence,
        path: &FilePath,
    ) -> Decision<'_> {
        self.decision(check.into(), severity, confidence, |paths| paths.matches(path))
    }

    fn decision(
        &self,
        check: Subject<'_>,
        severity: Severity,
        confidence: Confidence,
        applies: impl Fn(&Globs) -> bool,
    ) -> Decision<'_> {
        if confidence < self.min_confidence {
            let origin = self.origins.get("report.min-confidence");
            return Decision { action: Action::Off, origin };
        }
        let deciding = self.rules.iter().rev().find(|rule| {
            rule.select.selects(check, severity, confidence) && rule.paths.as_ref().is_none_or(&applies)
        });
        match deciding {
            Some(rule) => Decision { action: rule.action, origin: Some(&rule.origin) },
            None => Decision { action: Action::Off, origin: None },
        }
    }

    /// Whether a check can have a finding that is not off, whatever the path, severity and confidence of it.
    /// A check for which this is false need not be run.
    pub fn enabled(&self, check: &Check) -> bool {
        let check = Subject::from(check);
        Severity::ALL.into_iter().any(|severity| {
            Confidence::ALL.into_iter().any(|confidence| {
                confidence >= self.min_confidence && self.anywhere_on(check, severity, confidence)
            })
        })
    }

    /// Whether such a finding can be other than off in some file. A rule for some paths may apply or not.
    fn anywhere_on(&self, check: Subject<'_>, severity: Severity, confidence: Confidence) -> bool {
        for rule in self.rules.iter().rev() {
            if rule.select.selects(check, severity, confidence) {
                if rule.action != Action::Off {
                    return true;
                }
                if rule.paths.is_none() {
                    return false;
                }
            }
        }
        false
    }

    /// Whether a comment may justify a finding of this severity. Where not, the comment is void.
    pub fn may_suppress<'c>(&self, check: impl Into<Subject<'c>>, severity: Severity) -> bool {
        !self.suppressions.never.selects(check.into(), severity, Confidence::High)
    }
}
