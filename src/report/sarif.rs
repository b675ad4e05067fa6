//! SARIF 2.1.0 (OASIS, errata 01): one run, as GitHub, GitLab and viewers want it.
//!
//! The level of a result says what it means for the merge: `error` blocks it, `warning` is for attention, and what
//! is unchanged or justified is a `note`. What the policy makes of such findings wherever they are is in the
//! properties. Columns count UTF-16 code units.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use serde_sarif::sarif;

use crate::baseline::State;
use crate::change_set::Head;
use crate::check::{Confidence, Severity};
use crate::finding::{Finding, Position, SourceLine, Step};
use crate::path::FilePath;
use crate::verdict::{Judged, Justification, Standing, Subject, Verdict};

use super::item::{Item, for_platform, items};
use super::json::pretty;
use super::rule::Rule;
use super::{HOME, Options, VERSION};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What relative addresses are relative to. It has no address of its own: where the files are on the machine
/// that scanned them is nobody's business, and an absolute address breaks the links of GitLab.
const ROOT: &str = "%SRCROOT%";

/// The longest text that GitHub and GitLab keep, in characters.
const MAX_TEXT: usize = 1024;

/// How many of a check's CWE numbers become tags: each makes two, and GitHub shows ten tags.
const MAX_CWE: usize = 4;

/// How many results GitHub keeps of a run.
const MAX_RESULTS: usize = 5_000;

/// Everything, for audits and viewers.
pub fn render(verdict: &Verdict, options: &Options) -> String {
    let items = items(verdict);
    let located: Vec<&Item<'_>> = items.iter().filter(|item| item.path.is_some()).collect();
    pretty(&log(verdict, &items, &located, options))
}

/// For upload to GitHub, which makes an open alert of every result, whatever its suppressions say: only what the
/// change brings and nobody has justified, the worst first.
pub fn render_for_github(verdict: &Verdict, options: &Options) -> String {
    let items = items(verdict);
    let mut told: Vec<&Item<'_>> = for_platform(&items).collect();
    told.sort_by_key(|item| (item.standing, Reverse(item.badness())));
    let cut = told.len().saturating_sub(MAX_RESULTS);
    told.truncate(MAX_RESULTS);
    let mut log = log(verdict, &items, &told, options);
    let [Run { run, .. }] = &mut log.runs;
    // The `category` of the upload counts only where the file names none.
    run.automation_details = None;
    if cut > 0 {
        let text = format!("GitHub keeps {MAX_RESULTS} results; {cut} milder ones are left out here.");
        let notice = sarif::Notification::builder().level(json!("warning")).message(message(&text)).build();
        run.invocations
            .iter_mut()
            .flatten()
            .filter_map(|it| it.tool_execution_notifications.as_mut())
            .for_each(|list| list.push(notice.clone()));
    }
    pretty(&log)
}

/// `sarif::Sarif` with results that are made one by one when they are written: there may be very many, and each takes
/// several kilobytes.
#[derive(Serialize)]
struct Log<'i> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    runs: [Run<'i>; 1],
    version: &'static str,
}

#[derive(Serialize)]
struct Run<'i> {
    #[serde(flatten)]
    run: sarif::Run,
    results: Results<'i>,
}

struct Results<'i> {
    items: &'i [&'i Item<'i>],
    rules: FxHashMap<String, usize>,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.items.iter().map(|item| result(item, &self.rules)))
    }
}

/// A log in which the items in `told` are results. What is no finding is a notification, too.
fn log<'i>(verdict: &Verdict, items: &'i [Item<'i>], told: &'i [&'i Item<'i>], options: &Options) -> Log<'i> {
    let rules = Rules::of(told);
    let others = || items.iter().filter(|item| item.finding.is_none());
    let mut driver = sarif::ToolComponent::builder()
        .name("mergegate")
        .version(VERSION.to_owned())
        .semantic_version(VERSION.to_owned())
        .rules(rules.list)
        .build();
    driver.information_uri = (!HOME.is_empty()).then(|| HOME.to_owned());
    driver.notifications = Some(notification_kinds(others()));
    let invocation = sarif::Invocation::builder()
        .execution_successful(true)
        .exit_code(i64::from(verdict.exit_code()))
        .tool_execution_notifications(others().map(notification).collect::<Vec<_>>())
        .build();
    let root = sarif::ArtifactLocation::builder().description("The root of the repository.").build();
    let mut run = sarif::Run::builder()
        .tool(sarif::Tool::builder().driver(driver).build())
        .automation_details(sarif::RunAutomationDetails::builder().id("mergegate/").build())
        .column_kind(json!("utf16CodeUnits"))
        .original_uri_base_ids(BTreeMap::from([(ROOT.to_owned(), root)]))
        .invocations(vec![invocation])
        .properties(bag(json!({ "policy": verdict.policy, "files": verdict.files })))
        .build();
    run.version_control_provenance = provenance(verdict, options);
    let results = Results { items: told, rules: rules.index };
    Log { schema: SCHEMA, runs: [Run { run, results }], version: "2.1.0" }
}

/// The rules that there are results about, each once.
#[derive(Default)]
struct Rules {
    list: Vec<sarif::ReportingDescriptor>,
    index: FxHashMap<String, usize>,
}

impl Rules {
    fn of(items: &[&Item<'_>]) -> Self {
        let mut rules = Rules::default();
        for item in items {
            let rule = Rule::of(item);
            if !rules.index.contains_key(rule.id()) {
                rules.index.insert(rule.id().to_owned(), rules.list.len());
                rules.list.push(descriptor(rule));
            }
        }
        rules
    }
}

fn descriptor(rule: Rule<'_>) -> sarif::ReportingDescriptor {
    let cwe = rule.cwe().iter().take(MAX_CWE);
    let tags = ["security".to_owned(), rule.family().to_owned()]
        .into_iter()
        .chain(cwe.flat_map(|number| [format!("external/cwe/cwe-{number:03}"), format!("CWE-{number}")]));
    let (problem, level, security) = match rule.severity() {
        Severity::Critical => ("error", "error", "9.5"),
        Severity::High => ("error", "error", "8.0"),
        Severity::Medium => ("warning", "warning", "5.5"),
        Severity::Low => ("recommendation", "note", "3.0"),
        Severity::Info => ("recommendation", "note", "1.0"),
    };
    let mut properties = bag(json!({
        "precision": if rule.is_precise() { "high" } else { "medium" },
        "problem.severity": problem,
        "security-severity": security,
    }));
    properties.tags = Some(tags.collect());
    let help = format!("{} Instead: {}", rule.description(), rule.help());
    sarif::ReportingDescriptor::builder()
        .id(rule.id())
        .short_description(&cut(rule.summary()))
        .full_description(&cut(&rule.description()))
        .help(sarif::MultiformatMessageString::builder().text(help).markdown(rule.markdown()).build())
        .default_configuration(sarif::ReportingConfiguration::builder().level(json!(level)).build())
        .properties(properties)
        .build()
}

fn result(item: &Item<'_>, rules: &FxHashMap<String, usize>) -> sarif::Result {
    let rule = Rule::of(item);
    let mut hashes = BTreeMap::from([("mergegateFingerprint/v1".to_owned(), item.fingerprint.hash())]);
    if let Some(judged) = item.finding {
        hashes.insert("primaryLocationLineHash".to_owned(), judged.finding.line_hash.clone());
    }
    let mut result = sarif::Result::builder()
        .rule_id(rule.id())
        .level(level(item.standing))
        .message(message(&item.message))
        .locations(vec![location(item)])
        .partial_fingerprints(hashes)
        .build();
    result.rule_index = rules.get(rule.id()).map(|&index| index as i64);
    if let Some(judged) = item.finding {
        result.baseline_state = judged.state.as_ref().map(baseline_state);
        result.suppressions = judged.justification.as_ref().map(|why| vec![suppression(why, &judged.path)]);
        result.rank = Some(rank(&judged.finding));
        result.code_flows = code_flow(item, judged).map(|flow| vec![flow]);
        result.related_locations = moved_from(judged).map(|location| vec![location]);
        result.properties = Some(bag(json!({
            "action": judged.action.to_string(),
            "blocks": judged.blocks,
            "confidence": judged.finding.confidence,
            "policyRule": judged.rule,
            "severity": judged.finding.severity,
        })));
    }
    result
}

fn level(standing: Standing) -> sarif::ResultLevel {
    match standing {
        Standing::Blocks => sarif::ResultLevel::Error,
        Standing::Warns => sarif::ResultLevel::Warning,
        Standing::Informs | Standing::Unchanged | Standing::Suppressed => sarif::ResultLevel::Note,
    }
}

fn baseline_state(state: &State) -> Value {
    json!(match state {
        State::New => "new",
        State::Unchanged { .. } => "unchanged",
        State::Updated { .. } => "updated",
    })
}

fn suppression(justification: &Justification, path: &FilePath) -> sarif::Suppression {
    let line = sarif::Region::builder().start_line(i64::from(justification.line)).build();
    sarif::Suppression::builder()
        .kind(json!("inSource"))
        .status(json!("accepted"))
        .justification(justification.reason.clone())
        .location(place(path, line, None))
        .properties(bag(json!({ "new": justification.new })))
        .build()
}

/// From 0 to 100, in the band of the severity (GitLab reads it as CVSS times ten), the surer the higher.
fn rank(finding: &Finding) -> f64 {
    let severity = match finding.severity {
        Severity::Critical => 92.0,
        Severity::High => 75.0,
        Severity::Medium => 45.0,
        Severity::Low => 20.0,
        Severity::Info => 1.0,
    };
    let confidence = match finding.confidence {
        Confidence::Low => 0.0,
        Confidence::Medium => 3.0,
        Confidence::High => 6.0,
    };
    severity + confidence
}

fn location(item: &Item<'_>) -> sarif::Location {
    let path = item.path.cloned().unwrap_or_else(|| FilePath::from_bytes(""));
    let Some(judged) = item.finding else {
        let at = item.at.unwrap_or(Position { line: 1, column: 1, column_utf16: 1 });
        return place(&path, region(at, Position { column_utf16: at.column_utf16 + 1, ..at }), None);
    };
    let finding = &judged.finding;
    let mut region = region(finding.region.start, finding.region.end);
    region.snippet =
        finding.excerpt.iter().find(|line| !line.mark.is_empty()).map(|line| {
            sarif::ArtifactContent::builder().text(line.text[line.mark.clone()].to_owned()).build()
        });
    // The lines of a cell are no lines of the file.
    let context = context(&finding.excerpt).filter(|_| finding.cell.is_none());
    let mut location = place(&path, region, context);
    if !finding.definition.is_empty() {
        let logical =
            sarif::LogicalLocation::builder().fully_qualified_name(finding.definition.clone()).build();
        location.logical_locations = Some(vec![logical]);
    }
    location
}

fn place(path: &FilePath, region: sarif::Region, context: Option<sarif::Region>) -> sarif::Location {
    let artifact = sarif::ArtifactLocation::builder().uri(path.to_uri()).uri_base_id(ROOT.to_owned()).build();
    let mut physical = sarif::PhysicalLocation::builder().artifact_location(artifact).region(region).build();
    physical.context_region = context;
    sarif::Location::builder().physical_location(physical).build()
}

fn region(start: Position, end: Position) -> sarif::Region {
    sarif::Region::builder()
        .start_line(i64::from(start.line))
        .start_column(i64::from(start.column_utf16))
        .end_line(i64::from(end.line))
        .end_column(i64::from(end.column_utf16))
        .build()
}

/// The whole lines around a finding, as they may be shown.
fn context(excerpt: &[SourceLine]) -> Option<sarif::Region> {
    let (first, last) = (excerpt.first()?, excerpt.last()?);
    let lines: Vec<&str> = excerpt.iter().map(|line| line.text.as_str()).collect();
    let snippet = sarif::ArtifactContent::builder().text(lines.join("\n")).build();
    Some(
        sarif::Region::builder()
            .start_line(i64::from(first.number))
            .end_line(i64::from(last.number))
            .snippet(snippet)
            .build(),
    )
}

/// The way of a dangerous value from outside to the finding.
fn code_flow(item: &Item<'_>, judged: &Judged) -> Option<sarif::CodeFlow> {
    let steps = &judged.finding.steps;
    let first = steps.first()?;
    let told = |step: &Step| if step == first { "The value comes from here." } else { "It comes by here." };
    let at = |step: &Step| {
        let line = context(std::slice::from_ref(&step.line)).filter(|_| step.cell.is_none());
        let mut location = place(&judged.path, region(step.region.start, step.region.end), line);
        location.message = Some(sarif::Message::from(told(step)));
        location
    };
    let mut locations: Vec<sarif::Location> = steps.iter().map(at).collect();
    let mut end = location(item);
    end.message = Some(sarif::Message::from("It arrives here."));
    locations.push(end);
    let locations = locations.into_iter().map(|at| sarif::ThreadFlowLocation::builder().location(at).build());
    let thread = sarif::ThreadFlow::builder().locations(locations.collect::<Vec<_>>()).build();
    Some(sarif::CodeFlow::builder().thread_flows(vec![thread]).build())
}

fn moved_from(judged: &Judged) -> Option<sarif::Location> {
    let Some(State::Unchanged { moved_from: Some(path) }) = &judged.state else { return None };
    let artifact = sarif::ArtifactLocation::builder().uri(path.to_uri()).uri_base_id(ROOT.to_owned()).build();
    let physical = sarif::PhysicalLocation::builder().artifact_location(artifact).build();
    Some(sarif::Location::builder().physical_location(physical).message("It was here before.").build())
}

fn notification(item: &Item<'_>) -> sarif::Notification {
    let mut notification = sarif::Notification::builder()
        .descriptor(sarif::ReportingDescriptorReference::builder().id(item.id).build())
        .level(json!(level(item.standing)))
        .message(message(&item.message))
        .build();
    notification.locations = item.path.is_some().then(|| vec![location(item)]);
    notification
}

fn notification_kinds<'i>(items: impl Iterator<Item = &'i Item<'i>>) -> Vec<sarif::ReportingDescriptor> {
    let by_id: BTreeMap<&str, Rule<'_>> = items.map(|item| (item.id, Rule::of(item))).collect();
    let descriptor = |(id, rule): (&str, Rule<'_>)| {
        sarif::ReportingDescriptor::builder()
            .id(id)
            .short_description(&rule.summary().to_owned())
            .full_description(&rule.description())
            .help(&rule.help().to_owned())
            .build()
    };
    by_id.into_iter().map(descriptor).collect()
}

/// The commit that was looked at, where it is known in which repository.
fn provenance(verdict: &Verdict, options: &Options) -> Option<Vec<sarif::VersionControlDetails>> {
    let Subject::Change(revisions) = &verdict.subject else { return None };
    let Head::Commit(commit) = revisions.head() else { return None };
    let root = sarif::ArtifactLocation::builder().uri_base_id(ROOT.to_owned()).build();
    let details = sarif::VersionControlDetails::builder()
        .repository_uri(options.address()?.to_owned())
        .revision_id(commit)
        .mapped_to(root)
        .build();
    Some(vec![details])
}

/// A message in which nothing is a link.
fn message(text: &str) -> sarif::Message {
    sarif::Message::builder().text(cut(&text.replace("](", "] ("))).build()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        None => text.to_owned(),
        Some(_) => text.chars().take(MAX_TEXT - 1).chain(['…']).collect(),
    }
}

fn bag(values: Value) -> sarif::PropertyBag {
    let values = match values {
        Value::Object(values) => values.into_iter().collect(),
        _ => BTreeMap::new(),
    };
    sarif::PropertyBag::builder().additional_properties(values).build()
}
