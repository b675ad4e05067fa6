//! Verdicts on snippets of Python: scanned, justified and judged as the gate does it; the comparison with the
//! base is a plain one.

use std::time::{Duration, SystemTime};

use mergegate::baseline::State;
use mergegate::check::{Check, Confidence, Detect, Severity, When};
use mergegate::finding::Finding;
use mergegate::path::FilePath;
use mergegate::policy::Policy;
use mergegate::python::{Call, Problem, SourceFile};
use mergegate::report::Options;
use mergegate::scan::Scanner;
use mergegate::suppression;
use mergegate::terminal::Terminal;
use mergegate::verdict::{self, Justification, Subject, Verdict};

/// Checks with the ids of real ones, so that comments can name them, and with words that stay.
static EVAL: Check = Check {
    id: "eval",
    family: "code-execution",
    summary: "`eval` runs a text.",
    why: "Whoever has a part in the text can run any code.",
    neglect: "The text is a constant.",
    instead: "`ast.literal_eval` for literals, `json.loads` for data, or a dictionary of functions to choose from.",
    cwe: &[95],
    severity: Severity::High,
    aliases: &["bandit:B307"],
    bad: &["eval(text)\n"],
    good: &["ast.literal_eval(text)\n"],
    detect: &[Detect::Call(&["builtins.eval"], When::Is(sureness))],
};

static SYSTEM: Check = Check {
    id: "os-system",
    family: "process",
    summary: "A shell runs the command line.",
    instead: "`subprocess.run([program, argument])`.",
    cwe: &[78, 88],
    detect: &[Detect::Call(&["os.system"], When::Is(sureness))],
    ..EVAL
};

static MKTEMP: Check = Check {
    id: "mktemp",
    family: "files",
    summary: "Somebody else can make the file first.",
    instead: "`tempfile.mkstemp()`.",
    cwe: &[377],
    severity: Severity::Medium,
    detect: &[Detect::Call(&["tempfile.mktemp"], When::Always)],
    ..EVAL
};

fn sureness(call: &Call<'_, '_>) -> Option<Confidence> {
    let is_constant = call.text("source", 0).is_some();
    Some(if is_constant { Confidence::Low } else { Confidence::Medium })
}

/// What stands in the tests for today.
pub const NOON: u64 = 1_751_371_200;

pub fn options() -> Options {
    let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(NOON);
    Options {
        terminal: Terminal { color: false, ascii: false, width: 80 },
        verbose: false,
        repository: None,
        started: noon,
        ended: noon + Duration::from_secs(3),
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct File {
    path: Vec<u8>,
    base: Option<Vec<u8>>,
    head: Vec<u8>,
}

/// A change under judgement.
#[derive(Default)]
pub struct Change {
    policy: String,
    files: Vec<File>,
}

impl Change {
    /// The files of a change under the recommended policy and further lines of YAML.
    pub fn new(policy: &str) -> Self {
        let policy = format!("version: 1\nextends: recommended\n{policy}");
        Change { policy, files: Vec::new() }
    }

    /// With an empty base side.
    pub fn adds(mut self, path: impl Into<Vec<u8>>, head: impl Into<Vec<u8>>) -> Self {
        self.files.push(File { path: path.into(), base: Some(Vec::new()), head: head.into() });
        self
    }

    pub fn edits(mut self, path: &str, base: &str, head: &str) -> Self {
        self.files.push(File { path: path.into(), base: Some(base.into()), head: head.into() });
        self
    }

    pub fn judge(mut self) -> Verdict {
        let policy = Policy::parse("policy.yml", &self.policy, &|_| Err("none".to_owned())).unwrap();
        let mut verdict = Verdict {
            subject: Subject::Tree(vec![".".to_owned()]),
            policy: "policy.yml".to_owned(),
            results: Vec::new(),
            unscannable: Vec::new(),
            remarks: Vec::new(),
            gone: 0,
            files: self.files.len(),
            disclosure: policy.disclosure,
        };
        self.files.sort();
        for File { path, base, head } in &self.files {
            let path = FilePath::from_bytes(path.clone());
            judge_file(&policy, &path, base.as_deref(), head, &mut verdict);
        }
        verdict
    }
}

fn judge_file(policy: &Policy, path: &FilePath, base: Option<&[u8]>, head: &[u8], verdict: &mut Verdict) {
    let before = base.map(|bytes| scan(policy, bytes));
    let after = scan(policy, head);
    if let Some(problem) = &after.problem {
        verdict.unscannable.push(verdict::judge_unscannable(
            policy,
            path.clone(),
            problem.reason.clone(),
            problem.at,
        ));
    }
    let mut old: Vec<Finding> = before.map(|before| before.findings).unwrap_or_default();
    for (finding, justification) in after.findings.into_iter().zip(after.justifications) {
        let alike = |old: &Finding| old.check == finding.check && old.normalized == finding.normalized;
        let state = match old.iter().position(alike) {
            Some(at) => {
                old.remove(at);
                State::Unchanged { moved_from: None }
            }
            None => State::New,
        };
        let state = (base.is_some() && justification.is_none()).then_some(state);
        verdict.results.extend(verdict::judge(policy, path, finding, state, justification));
    }
}

#[derive(Default)]
struct Scan {
    findings: Vec<Finding>,
    justifications: Vec<Option<Justification>>,
    problem: Option<Problem>,
}

fn scan(policy: &Policy, bytes: &[u8]) -> Scan {
    let file = match SourceFile::read(bytes) {
        Ok(file) => file,
        Err(problem) => return Scan { problem: Some(problem), ..Scan::default() },
    };
    let scanned = Scanner::new([&EVAL, &SYSTEM, &MKTEMP]).scan(&file, bytes);
    let today = suppression::date::from_unix_seconds(NOON as i64).unwrap();
    let mut suppressions = suppression::read(&file, policy, today);
    let applied = suppression::apply(&mut suppressions, &scanned.findings, policy);
    let justification = |at: Option<usize>| {
        let suppression = &suppressions[at?];
        Some(Justification {
            reason: suppression.reason.clone(),
            line: suppression.region.start.line,
            new: false,
        })
    };
    let justifications = applied.into_iter().map(justification).collect();
    Scan { findings: scanned.findings, justifications, problem: scanned.problem }
}
