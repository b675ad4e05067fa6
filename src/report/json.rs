//! The report for programs, in a format of our own: everything the verdict holds, versioned, with a schema
//! (`docs/report.schema.json`) that is made from these types.

use std::io;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;

use crate::baseline::State;
use crate::change_set::Head;
use crate::check::{Confidence, Severity};
use crate::finding::{Cell, Position, Region, SourceLine};
use crate::path::FilePath;
use crate::policy::Action;
use crate::verdict::{Judged, Remark, Subject, UnscannableFile, Verdict};

use super::fingerprint::Fingerprints;
use super::{VERSION, headline};

/// The version of the format. It rises when a program that reads the report could misunderstand it; new keys
/// do not raise it.
const FORMAT_VERSION: u32 = 1;

pub fn render(verdict: &Verdict) -> String {
    pretty(&Report::new(verdict))
}

/// The JSON schema of these reports.
pub fn schema() -> String {
    let schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Report>();
    pretty(&schema)
}

/// Indented JSON, in which no character deceives a reader or steers a terminal or the log of a CI system.
pub fn pretty(value: &impl Serialize) -> String {
    let mut out = Escaping::default();
    // Strings, numbers, lists and structs: nothing of which serialisation can fail.
    if serde_json::to_writer_pretty(&mut out, value).is_err() {
        out.text.clear();
    }
    out.text.push('\n');
    out.text
}

/// JSON that is made safe to show while it is written: there may be a gigabyte of it.
#[derive(Default)]
struct Escaping {
    text: String,
    last: char,
}

impl Escaping {
    fn push(&mut self, c: char) {
        let opens_command = c == '#' && self.last == '#';
        if opens_command || (c != '\n' && crate::escape::is_deceptive(c)) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                self.text.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            self.text.push(c);
        }
        self.last = c;
    }
}

/// Is given whole characters, as serde_json writes strings.
impl io::Write for Escaping {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        text.chars().for_each(|c| self.push(c));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What mergegate says of a change, or of files.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Report of mergegate")]
struct Report {
    /// The version of this format.
    version: u32,
    tool: Tool,
    verdict: Word,
    /// The verdict in one line, for people.
    summary: String,
    subject: SubjectReport,
    /// Which policy counted, and where it was found.
    policy: String,
    counts: CountsReport,
    /// How many files were scanned.
    files: usize,
    /// Findings that the policy does not switch off, by path and place.
    findings: Vec<FindingReport>,
    /// Files that could not be analysed, or not as a whole.
    unscannable: Vec<UnscannableReport>,
    /// What else a reviewer must know.
    remarks: Vec<RemarkReport>,
}

#[derive(Serialize, JsonSchema)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Whether the merge is blocked.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Blocked,
    Passed,
}

/// What was looked at.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
enum SubjectReport {
    /// A change.
    Change {
        /// How the base was named.
        base: String,
        /// The merge bases by their hashes: one, several in a criss-cross history, or none if everything is new.
        merge_bases: Vec<String>,
        /// How the head was named.
        head: String,
        /// The head's hash, unless it is the index or the work tree.
        head_commit: Option<String>,
        /// What chose them.
        rule: String,
    },
    /// Files and folders as they are.
    Tree {
        /// As they were given.
        paths: Vec<String>,
    },
}

/// How many findings there are; each counts once.
#[derive(Serialize, JsonSchema)]
struct CountsReport {
    /// Block the merge.
    blocking: usize,
    /// New, edited or without a base side, and do not block.
    warnings: usize,
    /// Were there before and do not block.
    unchanged: usize,
    /// Are justified by a comment.
    suppressed: usize,
    /// Were on the base side and are gone.
    gone: usize,
}

#[derive(Serialize, JsonSchema)]
struct CellReport {
    /// Counted from 1, among all cells.
    number: u32,
    /// The line in the cell, counted from 1.
    line: u32,
}

#[derive(Serialize, JsonSchema)]
struct FindingReport {
    /// The id of the check.
    check: &'static str,
    family: &'static str,
    severity: Severity,
    confidence: Confidence,
    /// Numbers of the Common Weakness Enumeration.
    cwe: &'static [u16],
    /// One sentence for a person.
    message: String,
    path: PathReport,
    /// What to point at, on one line.
    region: RegionReport,
    /// The same in the cell of a notebook; the region is in the file then, which is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<CellReport>,
    /// The statement around it.
    statement: RegionReport,
    /// The lines of source around it, with secrets masked; those of a notebook are counted in the cell.
    excerpt: Vec<LineReport>,
    /// The lines by which the dangerous value came from outside, the first of them first; without secrets, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<LineReport>,
    /// Dotted path of the definitions around it, empty at module level.
    definition: String,
    /// The same for the same code in the same definition, wherever in the repository it is.
    fingerprint: String,
    /// Absent without a base side to compare with.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<StateReport>,
    /// What the policy says of such findings.
    action: ActionReport,
    /// Which line of which policy says so.
    rule: String,
    /// Whether it blocks the merge.
    blocks: bool,
    /// The comment that justifies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<JustificationReport>,
}

/// Where a file is, from the root of the repository.
#[derive(Serialize, JsonSchema)]
struct PathReport {
    /// For people: what is not plain text is escaped.
    display: String,
    /// Exactly, as a relative URI reference.
    uri: String,
}

#[derive(Serialize, JsonSchema)]
struct RegionReport {
    start: PositionReport,
    /// The character behind the last one.
    end: PositionReport,
}

/// A place in a text; lines end at LF or CR LF.
#[derive(Serialize, JsonSchema)]
struct PositionReport {
    /// From 1.
    line: u32,
    /// In Unicode code points, from 1.
    column: u32,
    /// In UTF-16 code units, from 1.
    column_utf16: u32,
}

#[derive(Serialize, JsonSchema)]
struct LineReport {
    line: u32,
    /// The cell of a notebook that the line is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<u32>,
    text: String,
}

/// How a finding relates to the base side.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
enum StateReport {
    /// It was not there.
    New,
    /// It was there.
    Unchanged {
        /// The file it came from, if that was another one.
        #[serde(skip_serializing_if = "Option::is_none")]
        moved_from: Option<PathReport>,
    },
    /// Its statement was edited.
    Updated {
        /// Whether its severity or its confidence rose.
        risen: bool,
    },
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum ActionReport {
    Block,
    Warn,
    Off,
}

#[derive(Serialize, JsonSchema)]
struct JustificationReport {
    /// Why, in the words of the comment.
    reason: String,
    line: u32,
    /// Whether this very change adds or widens it.
    new: bool,
}

#[derive(Serialize, JsonSchema)]
struct UnscannableReport {
    path: PathReport,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<PositionReport>,
    blocks: bool,
}

#[derive(Serialize, JsonSchema)]
struct RemarkReport {
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<PathReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<PositionReport>,
    message: String,
    /// What it does: block the merge, warn, or inform (off).
    action: ActionReport,
}

impl Report {
    fn new(verdict: &Verdict) -> Self {
        let counts = verdict.counts();
        let mut fingerprints = Fingerprints::default();
        Report {
            version: FORMAT_VERSION,
            tool: Tool { name: "mergegate", version: VERSION },
            verdict: if verdict.blocked() { Word::Blocked } else { Word::Passed },
            summary: headline::details(verdict),
            subject: (&verdict.subject).into(),
            policy: verdict.policy.clone(),
            counts: CountsReport {
                blocking: counts.blocking,
                warnings: counts.warnings,
                unchanged: counts.unchanged,
                suppressed: counts.suppressed,
                gone: verdict.gone,
            },
            files: verdict.files,
            findings: verdict
                .results
                .iter()
                .map(|judged| finding(judged, fingerprints.of(judged).hash()))
                .collect(),
            unscannable: verdict.unscannable.iter().map(Into::into).collect(),
            remarks: verdict.remarks.iter().map(Into::into).collect(),
        }
    }
}

fn finding(judged: &Judged, fingerprint: String) -> FindingReport {
    let finding = &judged.finding;
    let line = |line: &SourceLine, cell: Option<Cell>| LineReport {
        line: line.number,
        cell: cell.map(|cell| cell.number),
        text: line.text.clone(),
    };
    FindingReport {
        check: finding.check.id,
        family: finding.check.family,
        severity: finding.severity,
        confidence: finding.confidence,
        cwe: finding.check.cwe,
        message: finding.message.clone(),
        path: (&judged.path).into(),
        region: (&finding.region).into(),
        cell: finding.cell.map(|cell| CellReport { number: cell.number, line: cell.line }),
        statement: (&finding.statement).into(),
        excerpt: finding.excerpt.iter().map(|it| line(it, finding.cell)).collect(),
        steps: finding.steps.iter().map(|step| line(&step.line, step.cell)).collect(),
        definition: finding.definition.clone(),
        fingerprint,
        state: judged.state.as_ref().map(Into::into),
        action: judged.action.into(),
        rule: judged.rule.clone(),
        blocks: judged.blocks,
        justification: judged.justification.as_ref().map(|justification| JustificationReport {
            reason: justification.reason.clone(),
            line: justification.line,
            new: justification.new,
        }),
    }
}

impl From<&Subject> for SubjectReport {
    fn from(subject: &Subject) -> Self {
        match subject {
            Subject::Change(revisions) => SubjectReport::Change {
                base: revisions.base_name.clone(),
                merge_bases: revisions.bases(),
                head: revisions.head_name.clone(),
                head_commit: match revisions.head() {
                    Head::Commit(id) => Some(id),
                    Head::Index | Head::WorkTree => None,
                },
                rule: revisions.rule.clone(),
            },
            Subject::Tree(paths) => SubjectReport::Tree { paths: paths.clone() },
        }
    }
}

impl From<&FilePath> for PathReport {
    fn from(path: &FilePath) -> Self {
        PathReport { display: path.to_string(), uri: path.to_uri() }
    }
}

impl From<Position> for PositionReport {
    fn from(position: Position) -> Self {
        let Position { line, column, column_utf16 } = position;
        PositionReport { line, column, column_utf16 }
    }
}

impl From<&Region> for RegionReport {
    fn from(region: &Region) -> Self {
        RegionReport { start: region.start.into(), end: region.end.into() }
    }
}

impl From<&State> for StateReport {
    fn from(state: &State) -> Self {
        match state {
            State::New => StateReport::New,
            State::Unchanged { moved_from } => {
                StateReport::Unchanged { moved_from: moved_from.as_ref().map(Into::into) }
            }
            State::Updated { risen } => StateReport::Updated { risen: *risen },
        }
    }
}

impl From<Action> for ActionReport {
    fn from(action: Action) -> Self {
        match action {
            Action::Block => ActionReport::Block,
            Action::Warn => ActionReport::Warn,
            Action::Off => ActionReport::Off,
        }
    }
}

impl From<&UnscannableFile> for UnscannableReport {
    fn from(file: &UnscannableFile) -> Self {
        UnscannableReport {
            path: (&file.path).into(),
            reason: file.reason.clone(),
            at: file.at.map(Into::into),
            blocks: file.blocks,
        }
    }
}

impl From<&Remark> for RemarkReport {
    fn from(remark: &Remark) -> Self {
        RemarkReport {
            id: remark.id,
            path: remark.path.as_ref().map(Into::into),
            at: remark.at.map(Into::into),
            message: remark.message.clone(),
            action: remark.action.into(),
        }
    }
}
