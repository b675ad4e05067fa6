//! What is wrong with a suppression.

use std::fmt;

use crate::escape::visible;

use super::date::Date;

/// How much of a name or value is quoted, in characters.
const MAX_QUOTED: usize = 60;

/// Why a suppression, or one of the checks it names, does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Defect {
    /// It is our marker, but nothing that can be understood.
    Malformed,
    /// The comment is too long to be read.
    TooLong {
        /// How long it may be, in bytes.
        max: usize,
    },
    /// It names no check.
    NoChecks,
    /// It names too many checks.
    TooManyChecks {
        /// How many it may name.
        max: usize,
    },
    /// It does not say why.
    NoReason,
    /// It hardly says why.
    ShortReason {
        /// How long the reason must be, in characters.
        min: u32,
    },
    /// It has words in place of a reason that say nothing.
    Placeholder {
        /// These.
        reason: String,
    },
    /// It names no ticket.
    NoTicket {
        /// What one looks like: a regular expression.
        pattern: String,
    },
    /// What follows `until=` is no date, or not the only one.
    MalformedDate {
        /// What is written there.
        written: String,
    },
    /// It counted until that day.
    Expired {
        /// The last day.
        on: Date,
    },
    /// It has no date, but needs one.
    NoDate {
        /// How many days ahead the date may lie.
        max_days: u32,
    },
    /// Its date lies too far ahead.
    TooFarAhead {
        /// How many days ahead the date may lie.
        max_days: u32,
    },
    /// There is no such check.
    UnknownCheck {
        /// What is written.
        id: String,
        /// What may be meant.
        nearest: Option<String>,
    },
    /// The policy allows no exception from this check.
    MayNotSuppress {
        /// The check.
        check: String,
    },
}

impl Defect {
    /// Whether the whole suppression is void, and not only one of the checks it names.
    pub fn voids_all(&self) -> bool {
        !matches!(self, Defect::UnknownCheck { .. } | Defect::MayNotSuppress { .. })
    }
}

/// A text in backquotes that is safe to show.
pub(super) fn quoted(text: &str) -> String {
    let shown = match text.char_indices().nth(MAX_QUOTED) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    };
    format!("`{}`", visible(&shown).replace('`', "'"))
}

/// One or two sentences for a person: what is wrong, and what to do.
impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Defect::Malformed => {
                f.write_str("This comment suppresses nothing: write `# mergegate: allow[CHECK] REASON`.")
            }
            Defect::TooLong { max } => write!(f, "This comment is longer than {max} bytes: shorten it."),
            Defect::NoChecks => {
                f.write_str("This suppression names no check: write its id in the brackets, as in `allow[eval]`.")
            }
            Defect::TooManyChecks { max } => {
                write!(f, "This suppression names more than {max} checks: name those that it is about.")
            }
            Defect::NoReason => f.write_str(
                "This suppression gives no reason: say behind the check why the code is safe where it stands.",
            ),
            Defect::ShortReason { min } => write!(
                f,
                "The reason of this suppression is too short: say in at least {min} characters why the code is \
                 safe where it stands."
            ),
            Defect::Placeholder { reason } => write!(
                f,
                "{} is no reason: say why the code is safe where it stands.",
                quoted(reason)
            ),
            Defect::NoTicket { pattern } => write!(
                f,
                "The reason of this suppression names no ticket: the policy wants one that matches {}.",
                quoted(pattern)
            ),
            Defect::MalformedDate { written } if written.is_empty() => {
                f.write_str("`until=` has no date: write one as in `until=2027-03-31`.")
            }
            Defect::MalformedDate { written } => {
                write!(f, "{} is not one date: write it as in `until=2027-03-31`.", quoted(written))
            }
            Defect::Expired { on } => write!(
                f,
                "This suppression expired on {on}: mend the code, or have the exception reviewed and the date moved."
            ),
            Defect::NoDate { max_days } => write!(
                f,
                "This suppression has no end: the policy wants `until=YYYY-MM-DD`, at most {max_days} days ahead."
            ),
            Defect::TooFarAhead { max_days } => write!(
                f,
                "The end of this suppression is too far away: the policy allows at most {max_days} days."
            ),
            Defect::UnknownCheck { id, nearest: Some(nearest) } => {
                write!(f, "There is no check {}: did you mean `{nearest}`?", quoted(id))
            }
            Defect::UnknownCheck { id, nearest: None } => {
                write!(f, "There is no check {}: `mergegate checks` lists all of them.", quoted(id))
            }
            Defect::MayNotSuppress { check } => write!(
                f,
                "The policy allows no exception from {}: mend the code, or have the policy changed.",
                quoted(check)
            ),
        }
    }
}
