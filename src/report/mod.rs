//! What the gate says, in the form that each reader expects: one file per format, each a pure function from
//! the verdict to bytes.
//!
//! Everything that comes from the repository (paths, source lines, reasons) is hostile until the format's own
//! escaping has dealt with it. `disclosure: counts` in the policy makes the formats that the public reads
//! (see [`Format::is_public`]) tell no path, no line and no source.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use crate::policy::Disclosure;
use crate::terminal::Terminal;
use crate::verdict::Verdict;

mod about;
mod counts;
mod excerpt;
mod fingerprint;
mod github;
mod gitlab_codequality;
mod gitlab_sast;
mod headline;
mod html;
mod item;
mod json;
mod junit;
mod markdown;
mod markup;
mod rule;
mod sarif;
mod text;

pub use github::outputs as github_outputs;
pub use json::{pretty as pretty_json, schema as json_schema};

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where this program is at home on the web: `homepage` in `Cargo.toml`. Empty until there is one.
const HOME: &str = env!("CARGO_PKG_HOMEPAGE");

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people at a terminal or reading a log.
    Text,
    /// Everything, for programs: versioned, with a schema.
    Json,
    /// SARIF with everything in it, for audits and viewers.
    Sarif,
    /// SARIF for upload to GitHub: without what is unchanged or justified.
    SarifGithub,
    /// Annotations in the log of GitHub Actions.
    Github,
    /// GitLab's Code Quality report.
    GitlabCodequality,
    /// GitLab's SAST report.
    GitlabSast,
    /// JUnit's XML.
    Junit,
    /// A comment on a change request.
    Markdown,
    /// One page for the browser, with everything in it.
    Html,
}

impl Format {
    /// All formats, in the order in which they are documented.
    pub const ALL: [Format; 10] = [
        Format::Text,
        Format::Json,
        Format::Sarif,
        Format::SarifGithub,
        Format::Github,
        Format::GitlabCodequality,
        Format::GitlabSast,
        Format::Junit,
        Format::Markdown,
        Format::Html,
    ];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Sarif => "sarif",
            Format::SarifGithub => "sarif-github",
            Format::Github => "github",
            Format::GitlabCodequality => "gitlab-codequality",
            Format::GitlabSast => "gitlab-sast",
            Format::Junit => "junit",
            Format::Markdown => "markdown",
            Format::Html => "html",
        }
    }

    /// Whether GitHub's hashes of lines are in it.
    pub const fn shows_line_hashes(self) -> bool {
        matches!(self, Format::Sarif | Format::SarifGithub)
    }

    /// Whether this is shown where everybody can read: a job's log, its summary, annotations, a comment.
    pub const fn is_public(self) -> bool {
        match self {
            Format::Text | Format::Github | Format::Junit | Format::Markdown => true,
            Format::Json
            | Format::Sarif
            | Format::SarifGithub
            | Format::GitlabCodequality
            | Format::GitlabSast
            | Format::Html => false,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Format::ALL.into_iter().find(|format| format.as_str() == word).ok_or_else(|| {
            let known: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
            let word = crate::escape::visible(word);
            format!("there is no format `{word}`; there are {}", known.join(", "))
        })
    }
}

/// What a report depends on besides the verdict.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the reader's terminal can show.
    pub terminal: Terminal,
    /// Whether the text report shows unchanged and justified findings, too.
    pub verbose: bool,
    /// The address of the repository, if it is known: `https://github.com/owner/name`.
    pub repository: Option<String>,
    /// When the work began.
    pub started: SystemTime,
    /// When it ended.
    pub ended: SystemTime,
}

impl Options {
    /// The address of the repository, if it is one that can stand in a link as it is.
    fn address(&self) -> Option<&str> {
        let fits = |address: &&str| {
            address.starts_with("http")
                && address.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"'()".contains(&b))
        };
        self.repository.as_deref().filter(fits)
    }
}

/// The report on a verdict, in a format. The same verdict and options give the same bytes.
pub fn render(format: Format, verdict: &Verdict, options: &Options) -> Vec<u8> {
    let text = match format {
        Format::Text => text::render(verdict, options),
        Format::Json => json::render(verdict),
        Format::Sarif => sarif::render(verdict, options),
        Format::SarifGithub => sarif::render_for_github(verdict, options),
        Format::Github => github::annotations(verdict),
        Format::GitlabCodequality => gitlab_codequality::render(verdict),
        Format::GitlabSast => gitlab_sast::render(verdict, options),
        Format::Junit => junit::render(verdict),
        Format::Markdown => markdown::render(verdict, options, markdown::MAX_COMMENT),
        Format::Html => html::render(verdict),
    };
    text.into_bytes()
}

/// The summary of a GitHub job (`GITHUB_STEP_SUMMARY`): as Markdown, shorter than what GitHub takes.
pub fn github_summary(verdict: &Verdict, options: &Options) -> String {
    markdown::render(verdict, options, markdown::MAX_SUMMARY)
}

/// Whether a report in this format must not say where the findings are.
fn only_counts(format: Format, verdict: &Verdict) -> bool {
    format.is_public() && verdict.disclosure == Disclosure::Counts
}
