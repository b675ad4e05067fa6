//! Why the change could not be determined, and what to do about it.

use std::fmt;

use crate::escape;

/// A question about the repository that has no answer. The gate cannot decide, and says so (exit code 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitError {
    /// What is wrong: it names the commit, reference, path or object, and the cause. One line, safe to show.
    pub message: String,
    /// What to do, if that is known: for a CI system, the line to put into its file. Safe to show.
    pub help: Option<String>,
}

impl GitError {
    /// An error with a message and nothing to advise. Names in it come from the repository: they are escaped.
    pub(super) fn new(message: impl AsRef<str>) -> Self {
        GitError { message: escape::visible(message.as_ref()), help: None }
    }

    /// Adds the advice. It may have several lines.
    pub(super) fn with_help(mut self, help: impl AsRef<str>) -> Self {
        let lines: Vec<String> = help.as_ref().lines().map(escape::visible).collect();
        self.help = Some(lines.join("\n"));
        self
    }

    /// Wraps a failure of the library: `doing` says what was attempted ("cannot read the index").
    pub(super) fn caused_by(doing: impl AsRef<str>, error: &gix::Error) -> Self {
        let mut message = doing.as_ref().to_owned();
        for cause in error.iter_errors() {
            let cause = cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            if !message.ends_with(&cause) {
                message.push_str(": ");
                message.push_str(&cause);
            }
        }
        GitError::new(message)
    }
}

impl fmt::Display for GitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for GitError {}
