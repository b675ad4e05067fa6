//! From the text of a policy, and of those that it extends, to a [`Policy`].

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::Confidence;

use super::document::{
    Disclosure, Document, Marker, NewSuppression, RuleEntry, Scope, SuppressionsEntry, Unscannable, Version,
};
use super::extends::{Extends, ExtendsSource, PRESETS};
use super::globs::AnyCase;
use super::mistake::{File, Mistake, Mistakes, quoted};
use super::read::{At, OneOrMany, Read};
use super::select::{self, Select, Selector};
use super::{Globs, Limits, Origin, Policy, PolicyError, Rule, Suppressions, custom, node};

/// How many policies may extend each other in a row.
const MAX_DEPTH: usize = 8;

/// How many policies are read in all: each of them may extend several.
const MAX_FILES: usize = 32;

/// How many rules a policy may have with those of the policies that it extends: each finding asks them all.
const MAX_RULES: usize = 1000;

type Resolve<'r> = &'r dyn Fn(&ExtendsSource) -> Result<String, String>;

/// Reads a policy and what it extends.
pub(super) fn policy(name: &str, text: &str, resolve: Resolve<'_>) -> Result<Policy, PolicyError> {
    let file = File::new(name, text);
    Loader::new(name, resolve)?.load(file, Base::Repository)
}

/// Reads a policy that is part of the program.
pub(super) fn preset(name: &str) -> Result<Policy, PolicyError> {
    let text = PRESETS.iter().find(|(preset, _)| *preset == name).map_or("", |&(_, text)| text);
    let file = File::new(name, text);
    let no_files = |source: &ExtendsSource| Err(format!("{source} is not part of the program"));
    Loader::new(name, &no_files)?.load(file, Base::Program)
}

/// Where a policy comes from, and with that the files which it extends.
#[derive(Debug, Clone, Copy)]
enum Base<'b> {
    Program,
    Repository,
    Revision(&'b str),
}

struct Loader<'r> {
    resolve: Resolve<'r>,
    policy: Policy,
    mistakes: Vec<Mistake>,
    /// The policies that are being read, each extended by the one before it.
    open: Vec<String>,
    files: usize,
}

impl<'r> Loader<'r> {
    fn new(name: &str, resolve: Resolve<'r>) -> Result<Self, PolicyError> {
        Ok(Loader { resolve, policy: unruled(name)?, mistakes: Vec::new(), open: Vec::new(), files: 0 })
    }

    fn load(mut self, file: File, base: Base<'_>) -> Result<Policy, PolicyError> {
        self.file(file, base);
        if self.mistakes.is_empty() { Ok(self.policy) } else { Err(PolicyError::new(self.mistakes)) }
    }

    fn file(&mut self, file: File, base: Base<'_>) {
        self.files += 1;
        self.open.push(file.name.clone());
        let mut mistakes = Mistakes::new(Arc::new(file));
        if let Some(document) = document(&mut mistakes) {
            self.extend(&document, base, &mut mistakes);
            Layer { policy: &mut self.policy, base, mistakes: &mut mistakes }.apply(document);
        }
        self.mistakes.append(&mut mistakes.in_order());
        self.open.pop();
    }

    /// Reads what a policy extends. Only the policy that counts builds on `recommended` unasked: in one that
    /// is extended, that would undo what was extended before it.
    fn extend(&mut self, document: &Document, base: Base<'_>, mistakes: &mut Mistakes) {
        match &document.extends {
            Some(extends) => {
                for extended in &extends.value.0 {
                    if mistakes.enough() {
                        break;
                    }
                    self.extended(extended, base, mistakes);
                }
            }
            None if self.open.len() == 1 && matches!(base, Base::Repository) => {
                let (name, text) = PRESETS[0];
                self.file(File::new(name, text), Base::Program);
            }
            None => {}
        }
    }

    fn extended(&mut self, extended: &At<Extends>, base: Base<'_>, mistakes: &mut Mistakes) {
        let wrong = |message: String, help: &str, mistakes: &mut Mistakes| {
            mistakes.at(&extended.span, message, "extended here", help);
        };
        if self.open.len() >= MAX_DEPTH || self.files >= MAX_FILES {
            let message = "too many policies extend each other".to_owned();
            let help = format!("at most {MAX_DEPTH} in a row and {MAX_FILES} in all are read");
            return wrong(message, &help, mistakes);
        }
        let source = match &extended.value {
            Extends::Preset(name, text) => return self.file(File::new(name, text), Base::Program),
            Extends::Source(source) => based(source, base),
        };
        let name = source.to_string();
        if self.open.contains(&name) {
            let chain = [&self.open[..], &[name]].concat().join(" -> ");
            return wrong(format!("the policy extends itself: {chain}"), "break the circle", mistakes);
        }
        match (self.resolve)(&source) {
            Ok(text) => {
                let base = match &source {
                    ExtendsSource::File(_) => Base::Repository,
                    ExtendsSource::Revision { rev, .. } => Base::Revision(rev),
                };
                self.file(File::new(&name, &text), base);
            }
            Err(why) => wrong(
                format!("the policy {} cannot be read: {why}", quoted(&name)),
                "mend the path or the revision, and make sure that the CI system fetches it",
                mistakes,
            ),
        }
    }
}

/// A file that a policy at a revision extends is meant at that revision.
fn based(source: &ExtendsSource, base: Base<'_>) -> ExtendsSource {
    match (source, base) {
        (ExtendsSource::File(path), Base::Revision(rev)) => {
            ExtendsSource::Revision { rev: rev.to_owned(), path: path.clone() }
        }
        _ => source.clone(),
    }
}

fn document(mistakes: &mut Mistakes) -> Option<Document> {
    let file = Arc::clone(&mistakes.file);
    let node = node::parse(&file, mistakes)?;
    if node.value == node::Value::Null {
        let help = "begin with `version: 1`, or let `mergegate init` write a policy";
        mistakes.at(&(0..0), "this policy is empty", "", help);
        return None;
    }
    Document::read(&node, mistakes)
}

/// Files that are scanned unless a policy says otherwise: Python by its endings, and what build tools run as Python.
const DEFAULT_INCLUDE: &[&str] = &[
    "**/*.py",
    "**/*.pyi",
    "**/*.pyw",
    "**/*.ipynb",
    "**/*.pth",
    "**/*.wsgi",
    "**/*.tac",
    "**/SConstruct",
    "**/SConscript",
    "**/wscript",
];

/// A policy in which nothing is on, with the defaults of all settings.
fn unruled(name: &str) -> Result<Policy, PolicyError> {
    let AnyCase(include) = AnyCase::new(DEFAULT_INCLUDE).map_err(|error| {
        let message = format!("the default of `include` is not valid: {error}");
        let help = "this is a fault of mergegate; please report it".to_owned();
        PolicyError::new(vec![Mistake { message, place: None, help }])
    })?;
    Ok(Policy {
        name: name.to_owned(),
        include,
        exclude: Globs::default(),
        scope: Scope::New,
        rules: Vec::new(),
        suppressions: Suppressions {
            markers: vec![Marker::Mergegate],
            require_reason: true,
            min_reason_length: 10,
            never: Selector::default(),
            max_days: None,
            require_ticket: None,
            new_in_change: NewSuppression::Warn,
        },
        unscannable: Unscannable::Block,
        limits: Limits { file_size: 8 << 20 },
        min_confidence: Confidence::Low,
        disclosure: Disclosure::Full,
        checks: Vec::new(),
        origins: BTreeMap::new(),
    })
}

/// One file, laid over the policy that it extends.
struct Layer<'l, 'b> {
    policy: &'l mut Policy,
    base: Base<'b>,
    mistakes: &'l mut Mistakes,
}

impl Layer<'_, '_> {
    fn apply(&mut self, document: Document) {
        let Version = document.version;
        let include = document.include.map(|at| At { span: at.span, value: at.value.0 });
        if let Some(include) = &include {
            self.not_empty(include, "nothing would be scanned", "write e.g. `include: [\"**/*.py\"]`");
        }
        self.set("include", include, |policy| &mut policy.include);
        self.set("exclude", document.exclude, |policy| &mut policy.exclude);
        self.set("scope", document.scope, |policy| &mut policy.scope);
        self.set("unscannable", document.unscannable, |policy| &mut policy.unscannable);
        self.set("disclosure", document.disclosure, |policy| &mut policy.disclosure);
        if let Some(limits) = document.limits {
            let file_size = limits.file_size.map(|size| At { span: size.span, value: size.value.0 });
            self.set("limits.file-size", file_size, |policy| &mut policy.limits.file_size);
        }
        if let Some(report) = document.report {
            let key = "report.min-confidence";
            self.set(key, report.min_confidence, |policy| &mut policy.min_confidence);
        }
        if let Some(checks) = document.checks {
            let name = self.mistakes.file.name.clone();
            custom::declare(&checks.0, &mut self.policy.checks, &name, self.mistakes);
        }
        if let Some(rules) = document.rules {
            self.rules(rules.0);
        }
        if let Some(suppressions) = document.suppressions {
            self.suppressions(suppressions);
        }
    }

    /// Takes over a setting that the file gives.
    fn set<T>(&mut self, key: &'static str, given: Option<At<T>>, field: impl FnOnce(&mut Policy) -> &mut T) {
        if let Some(given) = given {
            let origin = self.origin(given.span.start);
            self.policy.origins.insert(key, origin);
            *field(self.policy) = given.value;
        }
    }

    fn origin(&self, offset: usize) -> Origin {
        let file = &self.mistakes.file;
        let line = match self.base {
            Base::Program => None,
            Base::Repository | Base::Revision(_) => Some(file.line(offset)),
        };
        Origin { name: file.name.as_str().into(), line }
    }

    fn not_empty(&mut self, globs: &At<Globs>, consequence: &str, help: &str) {
        if globs.value.patterns().is_empty() {
            let message = format!("this list of patterns is empty: {consequence}");
            self.mistakes.at(&globs.span, message, "", help);
        }
    }

    fn rules(&mut self, rules: Vec<RuleEntry>) {
        for entry in rules {
            if self.policy.rules.len() >= MAX_RULES {
                let message = format!("a policy has at most {MAX_RULES} rules");
                let help = "select several checks in one rule: `select: [eval, CWE-78]`";
                return self.mistakes.at(&entry.select.span, message, "one more", help);
            }
            if let Some(paths) = &entry.paths {
                self.not_empty(paths, "the rule would never apply", "remove `paths` for every file");
            }
            let rule = Rule {
                select: self.selector(&entry.select),
                action: entry.action.value,
                paths: entry.paths.map(|paths| paths.value),
                origin: self.origin(entry.select.span.start),
            };
            self.policy.rules.push(rule);
        }
    }

    fn selector(&mut self, select: &At<OneOrMany<Select, 1>>) -> Selector {
        select::resolve(&select.value.0, &self.policy.checks, self.mistakes)
    }

    fn suppressions(&mut self, entry: SuppressionsEntry) {
        let markers = entry.markers.map(|at| At { span: at.span, value: at.value.0 });
        let never = entry.never.map(|at| self.never(at));
        let max_days = entry.max_days.map(|at| At { span: at.span, value: Some(at.value) });
        let ticket = entry.require_ticket.map(|at| At { span: at.span, value: Some(at.value) });
        self.set("suppressions.markers", markers, |policy| &mut policy.suppressions.markers);
        self.set("suppressions.require-reason", entry.require_reason, |policy| {
            &mut policy.suppressions.require_reason
        });
        self.set("suppressions.min-reason-length", entry.min_reason_length, |policy| {
            &mut policy.suppressions.min_reason_length
        });
        self.set("suppressions.never", never, |policy| &mut policy.suppressions.never);
        self.set("suppressions.max-days", max_days, |policy| &mut policy.suppressions.max_days);
        self.set("suppressions.require-ticket", ticket, |policy| &mut policy.suppressions.require_ticket);
        self.set("suppressions.new-in-change", entry.new_in_change, |policy| {
            &mut policy.suppressions.new_in_change
        });
    }

    /// An exception is about a check: how sure a finding is does not make it more or less justifiable.
    fn never(&mut self, select: At<OneOrMany<Select>>) -> At<Selector> {
        for written in &select.value.0 {
            if let Select::All(_, conditions) = written
                && let Some(confidence) = &conditions.confidence
            {
                let message = "`never` cannot depend on the confidence of a finding";
                self.mistakes.at(&confidence.span, message, "", "remove `confidence`");
            }
        }
        At { value: select::resolve(&select.value.0, &self.policy.checks, self.mistakes), span: select.span }
    }
}
