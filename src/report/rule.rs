//! Rules as SARIF and GitLab want them: a check, or something else that a result can be about.

use crate::check::{Check, Detect, Severity, When};
use crate::explain;

use super::item::{Item, UNSCANNABLE, UNSCANNABLE_HELP};

/// What a result can be about.
#[derive(Debug, Clone, Copy)]
pub enum Rule<'v> {
    Check(&'v Check),
    Notice(&'v Notice),
}

/// Something other than a check that a result can be about.
#[derive(Debug)]
pub struct Notice {
    /// Kebab-case.
    pub id: &'static str,
    /// One sentence that says what it is.
    pub summary: &'static str,
    /// What to do about it.
    pub help: &'static str,
    /// How bad it is where it blocks.
    pub severity: Severity,
}

/// Everything but checks that there are results about. The last one stands for what has no entry of its own.
static NOTICES: &[Notice] = &[
    Notice {
        id: UNSCANNABLE,
        summary: "A Python file could not be analysed.",
        help: UNSCANNABLE_HELP,
        severity: Severity::High,
    },
    Notice {
        id: "invalid-suppression",
        summary: "A comment that means to justify a finding does not count.",
        help: "Write the comment as the message says, or remove it.",
        severity: Severity::Low,
    },
    Notice {
        id: "unused-suppression",
        summary: "A comment justifies a finding that is not there.",
        help: "Remove the comment, or the check from its brackets.",
        severity: Severity::Low,
    },
    Notice {
        id: "expiring-suppression",
        summary: "A justification is about to expire.",
        help: "Fix the finding, or agree on a new date.",
        severity: Severity::Low,
    },
    Notice {
        id: "new-suppression",
        summary: "A change justifies a finding by a comment of its own.",
        help: "Read the reason, and accept it or ask for a fix.",
        severity: Severity::Medium,
    },
    Notice {
        id: "policy-edited",
        summary: "A change edits the policy by which it would be judged.",
        help: "Read what the edit permits: the policy of the base counts until it is merged.",
        severity: Severity::Medium,
    },
    Notice {
        id: "submodule",
        summary: "A change moves a submodule, in which nothing was scanned.",
        help: "Run the gate in the submodule's own repository.",
        severity: Severity::Low,
    },
    Notice {
        id: "compiled-module",
        summary: "A change brings a compiled module, in which nothing was scanned.",
        help: "Build it from its source where it is used, or find out who built it.",
        severity: Severity::Low,
    },
    Notice {
        id: "notice",
        summary: "The gate has something to say about a file.",
        help: "Read the message.",
        severity: Severity::Low,
    },
];

impl<'v> Rule<'v> {
    pub fn of(item: &Item<'v>) -> Self {
        match item.finding {
            Some(judged) => Rule::Check(judged.finding.check),
            None => Rule::Notice(notice(item.id)),
        }
    }

    pub fn id(self) -> &'v str {
        match self {
            Rule::Check(check) => check.id,
            Rule::Notice(notice) => notice.id,
        }
    }

    /// One sentence that says what it is.
    pub fn summary(self) -> &'v str {
        match self {
            Rule::Check(check) => check.summary,
            Rule::Notice(notice) => notice.summary,
        }
    }

    /// What it is and why that matters.
    pub fn description(self) -> String {
        match self {
            Rule::Check(check) => format!("{} {}", check.summary, check.why),
            Rule::Notice(notice) => notice.summary.to_owned(),
        }
    }

    /// What to do about it.
    pub fn help(self) -> &'v str {
        match self {
            Rule::Check(check) => check.instead,
            Rule::Notice(notice) => notice.help,
        }
    }

    /// All there is to say of it, as Markdown.
    pub fn markdown(self) -> String {
        match self {
            Rule::Check(check) => explain::markdown(check),
            Rule::Notice(notice) => format!("{} {}\n", notice.summary, notice.help),
        }
    }

    pub fn severity(self) -> Severity {
        match self {
            Rule::Check(check) => check.severity,
            Rule::Notice(notice) => notice.severity,
        }
    }

    pub fn cwe(self) -> &'v [u16] {
        match self {
            Rule::Check(check) => check.cwe,
            Rule::Notice(_) => &[],
        }
    }

    pub fn family(self) -> &'v str {
        match self {
            Rule::Check(check) => check.family,
            Rule::Notice(_) => "gate",
        }
    }

    /// Whether a finding means what it says wherever it is, or only in some contexts.
    pub fn is_precise(self) -> bool {
        match self {
            Rule::Check(check) => check
                .detect
                .iter()
                .all(|detect| matches!(detect, Detect::Import(_) | Detect::Call(_, When::Always))),
            Rule::Notice(_) => true,
        }
    }
}

fn notice(id: &str) -> &'static Notice {
    let last = NOTICES.len() - 1;
    NOTICES.iter().find(|notice| notice.id == id).unwrap_or(&NOTICES[last])
}
