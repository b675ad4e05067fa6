//! Why a command did not come to an answer, and the exit code that says so.

use crate::change_set::GitError;
use crate::escape;

/// A command that ends without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// What the person asked for makes no sense: exit code 2.
    Usage { message: String, help: Option<String> },
    /// The policy is invalid: exit code 2. The text shows every mistake in its place.
    Policy(String),
    /// The gate could not decide: exit code 3.
    Undecided { message: String, help: Option<String> },
}

impl Failure {
    /// A wrong use of the program.
    pub fn usage(message: impl AsRef<str>) -> Self {
        Failure::Usage { message: escape::visible(message.as_ref()), help: None }
    }

    /// Something that the machine or the repository refuses.
    pub fn undecided(message: impl AsRef<str>) -> Self {
        Failure::Undecided { message: escape::visible(message.as_ref()), help: None }
    }

    /// Adds what to do.
    pub fn with_help(mut self, advice: impl Into<String>) -> Self {
        if let Failure::Usage { help, .. } | Failure::Undecided { help, .. } = &mut self {
            *help = Some(advice.into());
        }
        self
    }

    /// The documented exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Usage { .. } | Failure::Policy(_) => 2,
            Failure::Undecided { .. } => 3,
        }
    }

    /// What a person is shown.
    pub fn render(&self) -> String {
        let text = match self {
            // It shows lines of a policy that the author of a change may have written.
            Failure::Policy(text) => text.clone(),
            Failure::Usage { message, help } | Failure::Undecided { message, help } => {
                let mut text = format!("error: {message}\n");
                for (i, line) in help.iter().flat_map(|help| help.lines()).enumerate() {
                    text.push_str(if i == 0 { "  help: " } else { "        " });
                    text.push_str(line);
                    text.push('\n');
                }
                text
            }
        };
        escape::without_log_commands(text)
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        Failure::Undecided { message: error.message, help: error.help }
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;

    #[test]
    fn holds_no_command_for_the_log_of_a_ci_system() {
        let policy = Failure::Policy("3 | a: \"##[error]x\"\n    ::set-output name=x::y\n".to_owned());
        let shown = policy.render();
        assert!(!shown.contains("##[") && !shown.contains(" ::"), "{shown}");
        let usage = Failure::usage("there is no check called `##vso[task.x]`").render();
        assert!(!usage.contains("##vso["), "{usage}");
    }
}
