//! What a check is: one value that holds everything there is to know about it.
//!
//! `explain`, the SARIF rule, `docs/checks.md` and the tests are all derived from this value, so a
//! check cannot exist without its documentation, its severity, a bad and a good example.

use std::fmt;

use ruff_python_ast::NodeKind;
use serde::{Deserialize, Serialize};

use crate::python::{Assignment, Call, Constant, FileKind, Hit, Hits, Node, Reference, SourceFile};

/// One kind of potential security issue and how it is found. SARIF calls this a rule.
#[derive(Debug)]
pub struct Check {
    /// Kebab-case. It is SARIF's `ruleId`, the key in the policy, and what a suppression names.
    pub id: &'static str,
    /// The family's id: the name of the file in `src/checks/` that declares the check, in kebab-case.
    pub family: &'static str,
    /// One sentence that says what was found; the message of a finding.
    pub summary: &'static str,
    /// Why this is a risk, for a developer who has not met it before.
    pub why: &'static str,
    /// When a reviewer may accept it.
    pub neglect: &'static str,
    /// What to write instead.
    pub instead: &'static str,
    /// Numbers of the Common Weakness Enumeration, the most telling one first.
    pub cwe: &'static [u16],
    /// How bad it is when the weakness can be reached by an attacker.
    pub severity: Severity,
    /// What other tools call it, as `tool:name`: `bandit:B506`, `ruff:S506`, `codeaudit:os.system`.
    pub aliases: &'static [&'static str],
    /// Sources in which the check must fire; the first is shown in the documentation.
    pub bad: &'static [&'static str],
    /// Sources in which it must not fire; the first is shown in the documentation.
    pub good: &'static [&'static str],
    /// How it is found: any of these.
    pub detect: &'static [Detect],
}

impl Check {
    /// What kind of file its examples are.
    pub fn examples_are(&self) -> FileKind {
        let kind = self.detect.iter().find_map(|detect| match detect {
            Detect::SourceOf(kind, _) => Some(*kind),
            _ => None,
        });
        kind.unwrap_or(FileKind::Python)
    }
}

/// How a check recognises what it looks for. All ways are served by one walk over the file.
#[derive(Debug)]
pub enum Detect {
    /// A call of one of these qualified names (`os.system`, `requests.Session().get`), or a reference
    /// to it that is handed on to be called (`map(os.system, commands)`, a decorator). `*.execute` is a method of
    /// that name of whatever is not defined in the file itself.
    Call(&'static [&'static str], When),
    /// Any mention of one of these qualified names, called or not.
    Reference(&'static [&'static str], fn(&Reference<'_, '_>) -> Option<Confidence>),
    /// An assignment to one of these qualified names: `ssl.SSLContext().check_hostname = False`.
    Assign(&'static [&'static str], fn(&Assignment<'_, '_>) -> Option<Confidence>),
    /// An import of one of these modules or of anything below them.
    Import(&'static [&'static str]),
    /// A question asked of every node of these kinds.
    Node(&'static [NodeKind], fn(&Node<'_, '_>, &mut Hits)),
    /// A question asked once of the whole file, for what is not in the syntax tree.
    Source(fn(&SourceFile, &mut Hits)),
    /// The same of files of one kind only.
    SourceOf(FileKind, fn(&SourceFile, &mut Hits)),
}

/// When a call that has the right name is a finding, and with what confidence.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// Whatever its arguments are, with high confidence.
    Always,
    /// Whatever its arguments are, with a confidence that says how much somebody outside can have to do with
    /// them: low where all are constants.
    Dynamic,
    /// Whatever its arguments are, with a confidence that says the same of this one alone: of its keyword and its
    /// position.
    Argument(&'static str, usize),
    /// When this says so.
    Is(fn(&Call<'_, '_>) -> Option<Confidence>),
    /// When this says so, pointing at what it points at and hiding what it hides.
    Hit(fn(&Call<'_, '_>) -> Option<Hit>),
    /// Where all of these hold. So a policy says it, which holds no functions.
    All(&'static [ArgumentCondition]),
}

/// A condition on one argument of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct ArgumentCondition {
    /// Its keyword.
    pub name: Option<String>,
    /// Its position, counted from 0. With a name, either will do.
    pub position: Option<u32>,
    /// What must hold of it.
    pub test: ArgumentTest,
}

/// What must hold of an argument.
#[derive(Debug, Clone, PartialEq)]
pub enum ArgumentTest {
    /// It is one of these constants.
    Is(Vec<Constant>),
    /// It is not known to be one of these constants: absent, another one, or not a constant.
    IsNot(Vec<Constant>),
    /// It is not given.
    Absent,
    /// It is given.
    Given,
}

/// How bad a potential issue is. The order is the order of badness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(schemars::JsonSchema)]
pub enum Severity {
    /// Worth knowing in a review, no weakness in itself (an import notice).
    Info,
    /// Matters together with something else.
    Low,
    /// A weakness in a common context.
    Medium,
    /// A weakness wherever the input is not trusted.
    High,
    /// Harm without any further condition: a live credential, a hidden payload.
    Critical,
}

/// How sure the finding is about the code it points at. The order is the order of certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(schemars::JsonSchema)]
pub enum Confidence {
    /// The shape fits, but what decides is a constant or out of sight.
    Low,
    /// The shape fits and what decides is not known.
    Medium,
    /// What decides is in plain sight.
    High,
}

impl Severity {
    /// All severities, the worst first.
    pub const ALL: [Severity; 5] =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

    /// The word used in the policy and in every report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl Confidence {
    /// All confidences, the surest first.
    pub const ALL: [Confidence; 3] = [Confidence::High, Confidence::Medium, Confidence::Low];

    /// The word used in the policy and in every report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Checks are static values: two references are the same check when they have the same id.
impl PartialEq for Check {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Check {}
