//! Writes a suppression into a file.

use std::fmt;
use std::ops::Range;

use crate::escape::{is_deceptive, visible};
use crate::finding::Finding;
use crate::policy::{Marker, Policy};
use crate::python::SourceFile;
use crate::scan::Scanner;

use super::date::Date;
use super::judge::Judge;
use super::{Defect, Suppression, apply, defect, read};

/// A comment stands behind the code if the line stays that short, in characters; otherwise above the statement.
const MAX_WIDTH: usize = 88;

/// What to write, and for which finding.
#[derive(Debug, Clone)]
pub struct Request<'r> {
    /// The check, or what another tool calls it.
    pub check: &'r str,
    /// A line of the finding's statement, counted from 1.
    pub line: u32,
    /// Why the finding is no issue there.
    pub reason: &'r str,
    /// The last day on which the suppression counts.
    pub until: Option<Date>,
}

/// A file with a suppression written into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inserted {
    /// The whole file, as it is to be stored.
    pub bytes: Vec<u8>,
    /// The line of the comment, counted from 1.
    pub line: u32,
    /// The comment.
    pub comment: String,
}

/// Why no suppression was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The file cannot be analysed: a clause says why.
    Unreadable(String),
    /// The policy does not let our own comments count.
    MarkerOff,
    /// The comment would not count.
    Defect(Defect),
    /// A comment cannot hold this reason.
    ReasonCutShort,
    /// The reason holds a character that cannot be seen, or steers a terminal.
    ReasonNotVisible,
    /// The file is not UTF-8, and what it is may not have all the characters of the reason.
    ReasonNotAscii {
        /// What the file declares.
        encoding: String,
    },
    /// There is no such finding in that line.
    NoFinding {
        /// The check.
        check: String,
        /// The lines in which there is one.
        elsewhere: Vec<u32>,
    },
    /// The finding is justified already.
    AlreadySuppressed {
        /// The line of the comment.
        line: u32,
    },
    /// No comment can stand near the finding without changing what else is justified, or what the code means.
    NoPlace,
}

/// Goes on from "cannot write a suppression: ".
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Unreadable(reason) => write!(f, "the file could not be analysed: {reason}"),
            Refusal::MarkerOff => f.write_str(
                "the policy does not count `# mergegate:` comments; its `suppressions.markers` lists those that do",
            ),
            Refusal::Defect(defect) => {
                let text = defect.to_string();
                f.write_str(text.strip_suffix('.').unwrap_or(&text))
            }
            Refusal::ReasonCutShort => f.write_str(
                "the reason must be one line, without `until=` and without a `#` that would begin another comment",
            ),
            Refusal::ReasonNotVisible => f.write_str("the reason holds a character that cannot be seen"),
            Refusal::ReasonNotAscii { encoding } => write!(
                f,
                "the file is in the encoding `{}`: write the reason in ASCII",
                visible(encoding)
            ),
            Refusal::NoFinding { check, elsewhere } if elsewhere.is_empty() => {
                write!(f, "{} finds nothing in this file", defect::quoted(check))
            }
            Refusal::NoFinding { check, elsewhere } => {
                let lines: Vec<String> = elsewhere.iter().take(10).map(u32::to_string).collect();
                let more = if elsewhere.len() > lines.len() { ", …" } else { "" };
                write!(f, "{} finds nothing in this line, but in {}{more}", defect::quoted(check), lines.join(", "))
            }
            Refusal::AlreadySuppressed { line } => write!(f, "a comment in line {line} justifies it already"),
            Refusal::NoPlace => f.write_str(
                "no comment can stand there without changing the code or justifying something else: \
                 put the statement on a line of its own",
            ),
        }
    }
}

impl std::error::Error for Refusal {}

/// Writes a suppression into a file, so that it justifies the findings of a check in a line and nothing else.
/// Whether it does is found out by reading and scanning the result.
pub fn insert(
    bytes: &[u8],
    request: &Request<'_>,
    scanner: &Scanner,
    policy: &Policy,
    today: Date,
) -> Result<Inserted, Refusal> {
    let scan = |bytes: &[u8]| Scan::new(bytes, scanner, policy, today);
    let before = scan(bytes)?;
    let targets = before.targets(request, policy)?;
    let finding = &before.findings[targets[0]];
    if !policy.may_suppress(finding.check, finding.severity) {
        return Err(Refusal::Defect(Defect::MayNotSuppress { check: finding.check.id.to_owned() }));
    }
    let comment = comment(finding.check.id, request, policy, today)?;
    if let Some(encoding) = before.file.cookie().filter(|cookie| !comment.is_ascii() && !is_utf8(cookie)) {
        return Err(Refusal::ReasonNotAscii { encoding: encoding.to_owned() });
    }
    let lines = lines(bytes);
    let fits = |place: Place| insertion(bytes, lines.get(place.line())?, place, &comment);
    for (at, written) in before.places(targets[0], comment.chars().count()).into_iter().filter_map(fits) {
        let changed = [&bytes[..at], written.as_bytes(), &bytes[at..]].concat();
        let Ok(after) = scan(&changed) else { continue };
        if after.differs_only_in(&targets, &before, written.len())
            && let Some(by) = after.by[targets[0]]
        {
            let line = after.suppressions[by].region.start.line;
            return Ok(Inserted { bytes: changed, line, comment });
        }
    }
    Err(Refusal::NoPlace)
}

fn is_utf8(encoding: &str) -> bool {
    let name = encoding.to_ascii_lowercase().replace('_', "-");
    matches!(name.as_str(), "utf-8" | "utf8" | "utf-8-sig")
}

/// The comment, if it would count.
fn comment(check: &str, request: &Request<'_>, policy: &Policy, today: Date) -> Result<String, Refusal> {
    let reason = request.reason.trim();
    if reason.contains(['\n', '\r']) {
        return Err(Refusal::ReasonCutShort);
    }
    if reason.chars().any(is_deceptive) {
        return Err(Refusal::ReasonNotVisible);
    }
    let until = request.until.map_or(String::new(), |day| format!(" until={day}"));
    let comment = format!("# mergegate: allow[{check}] {reason}{until}").trim_end().to_owned();
    let file = SourceFile::read(comment.as_bytes()).map_err(|problem| Refusal::Unreadable(problem.reason))?;
    let written = read(&file, policy, today);
    let [suppression] = written.as_slice() else { return Err(Refusal::ReasonCutShort) };
    if suppression.region.bytes.len() < comment.len() || suppression.until != request.until {
        return Err(Refusal::ReasonCutShort);
    }
    match suppression.defects.first() {
        Some(defect) => Err(Refusal::Defect(defect.clone())),
        None => Ok(comment),
    }
}

/// A file with what is found in it.
struct Scan {
    file: SourceFile,
    findings: Vec<Finding>,
    suppressions: Vec<Suppression>,
    by: Vec<Option<usize>>,
}

/// Where a comment could stand; lines are Python's, counted from 0.
#[derive(Clone, Copy)]
enum Place {
    Behind(usize),
    Above(usize),
}

impl Place {
    fn line(self) -> usize {
        match self {
            Place::Behind(line) | Place::Above(line) => line,
        }
    }
}

impl Scan {
    fn new(bytes: &[u8], scanner: &Scanner, policy: &Policy, today: Date) -> Result<Scan, Refusal> {
        let file = SourceFile::read(bytes).map_err(|problem| Refusal::Unreadable(problem.reason))?;
        let findings = scanner.scan(&file, bytes).findings;
        let mut suppressions = read(&file, policy, today);
        let by = apply(&mut suppressions, &findings, policy);
        Ok(Scan { file, findings, suppressions, by })
    }

    /// The findings that are to be justified, at least one.
    fn targets(&self, request: &Request<'_>, policy: &Policy) -> Result<Vec<usize>, Refusal> {
        if !policy.suppressions.markers.contains(&Marker::Mergegate) {
            return Err(Refusal::MarkerOff);
        }
        let checks = Judge::new(policy, Date::ZERO).known(request.check).map_err(Refusal::Defect)?;
        let all = self
            .findings
            .iter()
            .enumerate()
            .filter(|(_, it)| checks.iter().any(|known| known == it.check.id));
        let all: Vec<(usize, &Finding)> = all.collect();
        let on = |finding: &Finding| finding.region.start.line == request.line;
        let around = |finding: &Finding| {
            (finding.statement.start.line..=finding.statement.end.line).contains(&request.line)
        };
        let mut targets: Vec<usize> = all.iter().filter(|(_, it)| on(it)).map(|(at, _)| *at).collect();
        if targets.is_empty() {
            targets = all.iter().filter(|(_, it)| around(it)).map(|(at, _)| *at).collect();
        }
        let Some(&first) = targets.first() else {
            let mut elsewhere: Vec<u32> = all.iter().map(|(_, it)| it.region.start.line).collect();
            elsewhere.dedup();
            return Err(Refusal::NoFinding { check: request.check.to_owned(), elsewhere });
        };
        targets.retain(|&at| self.by[at].is_none() && self.findings[at].check == self.findings[first].check);
        match self.by[first] {
            Some(by) if targets.is_empty() => {
                Err(Refusal::AlreadySuppressed { line: self.suppressions[by].region.start.line })
            }
            _ => Ok(targets),
        }
    }

    /// Where a comment of this width could stand for a finding, the best place first.
    fn places(&self, finding: usize, width: usize) -> Vec<Place> {
        let text = self.file.text();
        let lines = lines(text.as_bytes());
        let line_of = |at: u32| lines.partition_point(|line| line.start <= at as usize) - 1;
        let Finding { region, statement, .. } = &self.findings[finding];
        let here = line_of(region.bytes.start);
        let first = line_of(statement.bytes.start);
        let last = line_of(statement.bytes.end);
        let short = text[lines[here].clone()].trim_end().chars().count() + 2 + width <= MAX_WIDTH;
        let mut places =
            vec![Place::Above(first), Place::Above(here), Place::Behind(last), Place::Behind(first)];
        places.insert(if short { 0 } else { 2 }, Place::Behind(here));
        places
    }

    /// Whether this is another scan with a comment more, which justifies the targets, perhaps with others of
    /// the same check in the same statement, and changes nothing else.
    fn differs_only_in(&self, targets: &[usize], before: &Scan, added: usize) -> bool {
        let as_before = |at: usize| {
            let (was, is) = (&before.findings[at], &self.findings[at]);
            let beside = targets.iter().any(|&target| {
                let target = &before.findings[target];
                target.check == was.check && target.statement == was.statement
            });
            let justified = self.by[at].is_some() == before.by[at].is_some() || beside;
            was.check == is.check && was.normalized == is.normalized && justified
        };
        self.file.text().len() == before.file.text().len() + added
            && self.file.problem().is_some() == before.file.problem().is_some()
            && self.findings.len() == before.findings.len()
            && (0..self.findings.len()).all(as_before)
            && targets.iter().all(|&at| self.by[at].is_some())
    }
}

/// The lines as Python counts them, without their ends. No encoding of a source file uses the bytes of CR and LF
/// for anything else.
fn lines(text: &[u8]) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    while let Some(length) = text[start..].iter().position(|b| matches!(b, b'\n' | b'\r')) {
        let end = start + length;
        lines.push(start..end);
        start = end + if text[end..].starts_with(b"\r\n") { 2 } else { 1 };
    }
    lines.push(start..text.len());
    lines
}

/// What to write at which byte to have a comment there; `None` for a line that has no code.
fn insertion(bytes: &[u8], line: &Range<usize>, place: Place, comment: &str) -> Option<(usize, String)> {
    let is_blank = |b: &u8| matches!(b, b' ' | b'\t' | 0x0c);
    let mark = if line.start == 0 && bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let start = line.start + mark;
    let text = &bytes[start..line.end];
    let last = text.iter().rposition(|b| !is_blank(b))?;
    if matches!(place, Place::Behind(_)) {
        return Some((start + last + 1, format!("  {comment}")));
    }
    let first = text.iter().position(|b| !is_blank(b))?;
    let indentation = std::str::from_utf8(&text[..first]).ok()?;
    let line_end = match (&bytes[line.end..], &bytes[..start]) {
        ([b'\r', b'\n', ..], _) | ([], [.., b'\r', b'\n']) => "\r\n",
        ([b'\r', ..], _) => "\r",
        _ => "\n",
    };
    Some((start, format!("{indentation}{comment}{line_end}")))
}
