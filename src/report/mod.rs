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
mod headline;
mod item;
mod json;
mod rule;
mod sarif;
mod text;

pub use json::schema as json_schema;

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where this program can be had.
const HOME: &str = "https://pypi.org/project/mergegate/";

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people at a terminal or reading a log.
    Text,
    /// Everything, for programs: versioned, with a schema.
    Json,
    /// SARIF with everything in it, for audits and viewers.
    Sarif,
}

impl Format {
    /// All formats, in the order in which they are documented.
    pub const ALL: [Format; 3] = [Format::Text, Format::Json, Format::Sarif];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Sarif => "sarif",
        }
    }

    /// Whether this is shown where everybody can read: a job's log, its summary, annotations, a comment.
    pub const fn is_public(self) -> bool {
        match self {
            Format::Text => true,
            Format::Json | Format::Sarif => false,
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

/// The report on a verdict, in a format. The same verdict and options give the same bytes.
pub fn render(format: Format, verdict: &Verdict, options: &Options) -> Vec<u8> {
    let text = match format {
        Format::Text => text::render(verdict, options),
        Format::Json => json::render(verdict),
        Format::Sarif => sarif::render(verdict, options),
    };
    text.into_bytes()
}

/// Whether a report in this format must not say where the findings are.
fn only_counts(format: Format, verdict: &Verdict) -> bool {
    format.is_public() && verdict.disclosure == Disclosure::Counts
}
