//! The one place that says what blocks.

use crate::baseline::State;
use crate::change_set::Revisions;
use crate::finding::{Finding, Position};
use crate::path::FilePath;
use crate::policy::{Action, Policy, Scope, Unscannable};

/// What the gate says, with all that it rests on. Every report is made from this and from nothing else.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// What was looked at.
    pub subject: Subject,
    /// Which policy counted, and where it was found, for people.
    pub policy: String,
    /// Findings that the policy does not switch off, by path and place.
    pub results: Vec<Judged>,
    /// Files that could not be analysed, or not as a whole, by path.
    pub unscannable: Vec<UnscannableFile>,
    /// What else a reviewer must know, by path and place.
    pub remarks: Vec<Remark>,
    /// How many files were scanned (on the head side).
    pub files: usize,
    /// How many findings of the base side are gone, of those that the policy did not switch off there and in files
    /// that could be analysed.
    pub gone: usize,
    /// How much public reports may tell.
    pub disclosure: crate::policy::Disclosure,
}

/// What was looked at.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A change.
    Change(Revisions),
    /// Files and folders as they are.
    Tree(Vec<String>),
}

/// A finding with what the policy makes of it.
#[derive(Debug, Clone)]
pub struct Judged {
    pub path: FilePath,
    pub finding: Finding,
    /// How it relates to the base side; `None` when there is no base side.
    pub state: Option<State>,
    /// What the policy says of such findings.
    pub action: Action,
    /// Which line of which policy says so.
    pub rule: String,
    /// The comment that justifies it.
    pub justification: Option<Justification>,
    /// Whether it blocks the merge.
    pub blocks: bool,
    /// Whether the policy lets a comment justify it.
    pub justifiable: bool,
}

/// What a finding, or another thing to be told, means for the merge. The worst comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Blocks it.
    Blocks,
    /// Is new, edited or without a base side, and does not block.
    Warns,
    /// Is good to know.
    Informs,
    /// Was there before and does not block.
    Unchanged,
    /// Is justified by a comment.
    Suppressed,
}

impl Judged {
    /// What it means for the merge.
    pub fn standing(&self) -> Standing {
        match (&self.justification, &self.state) {
            (Some(_), _) => Standing::Suppressed,
            (None, _) if self.blocks => Standing::Blocks,
            (None, Some(State::Unchanged { .. })) => Standing::Unchanged,
            (None, _) => Standing::Warns,
        }
    }
}

/// The comment that justifies a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Justification {
    /// Why the finding is no issue here, in the words of the source. It can hold any character.
    pub reason: String,
    /// Where the comment stands.
    pub line: u32,
    /// Whether this very change adds or widens it.
    pub new: bool,
}

/// A file of which nobody knows what is in it, or in a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnscannableFile {
    pub path: FilePath,
    /// One clause that goes on from "could not be analysed: ". Safe to show.
    pub reason: String,
    pub at: Option<Position>,
    pub blocks: bool,
}

/// Something besides findings that a person must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What kind of thing: kebab-case, SARIF's notification or rule id.
    pub id: &'static str,
    pub path: Option<FilePath>,
    pub at: Option<Position>,
    /// A sentence or two. Safe to show.
    pub message: String,
    /// `Block` blocks the merge; `Warn` is for attention; `Off` is for information.
    pub action: Action,
}

impl Verdict {
    /// Whether the merge is blocked.
    pub fn blocked(&self) -> bool {
        self.results.iter().any(|result| result.blocks)
            || self.unscannable.iter().any(|file| file.blocks)
            || self.remarks.iter().any(|remark| remark.action == Action::Block)
    }

    /// The exit code of the gate: 0 passed, 1 blocked.
    pub fn exit_code(&self) -> u8 {
        u8::from(self.blocked())
    }

    /// How many of what there is.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for result in &self.results {
            let slot = match result.standing() {
                Standing::Suppressed => &mut counts.suppressed,
                Standing::Blocks => &mut counts.blocking,
                Standing::Unchanged => &mut counts.unchanged,
                Standing::Warns | Standing::Informs => &mut counts.warnings,
            };
            *slot += 1;
        }
        counts
    }
}

/// How many findings of which kind a verdict has: each finding counts once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Block the merge.
    pub blocking: usize,
    /// New, edited or without a base side, and do not block.
    pub warnings: usize,
    /// Were there before and do not block.
    pub unchanged: usize,
    /// Are justified by a comment.
    pub suppressed: usize,
}

/// What the policy makes of a finding; `None` when it is switched off.
pub fn judge(
    policy: &Policy,
    path: &FilePath,
    finding: Finding,
    state: Option<State>,
    justification: Option<Justification>,
) -> Option<Judged> {
    let decision = policy.decide(finding.check, finding.severity, finding.confidence, path);
    let action = decision.action;
    if action == Action::Off {
        return None;
    }
    let rule = decision.origin.map(ToString::to_string).unwrap_or_default();
    let blocks = action == Action::Block && justification.is_none() && in_scope(policy.scope, state.as_ref());
    let justifiable = policy.may_suppress(finding.check, finding.severity);
    Some(Judged { path: path.clone(), finding, state, action, rule, justification, blocks, justifiable })
}

fn in_scope(scope: Scope, state: Option<&State>) -> bool {
    match (scope, state) {
        (Scope::ChangedFiles | Scope::All, _) | (_, None) => true,
        (_, Some(State::New | State::Updated { risen: true })) => true,
        (scope, Some(State::Updated { risen: false })) => scope == Scope::Touched,
        (_, Some(State::Unchanged { .. })) => false,
    }
}

/// What the policy makes of a file that could not be analysed.
pub fn judge_unscannable(
    policy: &Policy,
    path: FilePath,
    reason: String,
    at: Option<Position>,
) -> UnscannableFile {
    UnscannableFile { path, reason, at, blocks: policy.unscannable == Unscannable::Block }
}
