//! JUnit's XML, as GitLab, Jenkins, Azure Pipelines and CircleCI read it: one suite for each file, one test case
//! for each finding. What blocks has failed; what is justified was skipped.

use crate::verdict::{Standing, Verdict};

use super::excerpt::Excerpt;
use super::item::{Item, items};
use super::markup::text;
use super::rule::Rule;
use super::{Format, counts, headline, only_counts};
use crate::terminal::Terminal;

/// The width of excerpts, in columns.
const WIDTH: usize = 100;

pub fn render(verdict: &Verdict) -> String {
    let suites = if only_counts(Format::Junit, verdict) { vec![by_check(verdict)] } else { by_file(verdict) };
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let total = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    out.push_str(&format!(
        "<testsuites name=\"mergegate\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
        total(|suite| suite.cases.len()),
        total(|suite| suite.count(Outcome::Failure)),
        total(|suite| suite.count(Outcome::Skipped)),
    ));
    out.extend(suites.iter().map(Suite::render));
    out.push_str("</testsuites>\n");
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Failure,
    Skipped,
    Success,
}

struct Case {
    name: String,
    outcome: Outcome,
    message: String,
    details: String,
}

struct Suite {
    name: String,
    cases: Vec<Case>,
}

impl Suite {
    fn count(&self, outcome: Outcome) -> usize {
        self.cases.iter().filter(|case| case.outcome == outcome).count()
    }

    fn render(&self) -> String {
        let name = text(&self.name);
        let mut out = format!(
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n",
            self.cases.len(),
            self.count(Outcome::Failure),
            self.count(Outcome::Skipped),
        );
        for case in &self.cases {
            out.push_str(&format!("    <testcase classname=\"{name}\" name=\"{}\">\n", text(&case.name)));
            let message = text(&case.message);
            let details: String = case.details.lines().map(|line| text(line) + "\n").collect();
            out.push_str(&match case.outcome {
                Outcome::Failure => format!("      <failure message=\"{message}\">{details}</failure>\n"),
                Outcome::Skipped => format!("      <skipped message=\"{message}\"/>\n"),
                Outcome::Success => format!("      <system-out>{message}</system-out>\n"),
            });
            out.push_str("    </testcase>\n");
        }
        out.push_str("  </testsuite>\n");
        out
    }
}

fn by_file(verdict: &Verdict) -> Vec<Suite> {
    let mut suites: Vec<Suite> = Vec::new();
    let mut items = items(verdict);
    items.sort_by_key(|item| (item.path, item.at));
    for item in items.iter().filter(|item| item.standing != Standing::Informs) {
        let name = item.path.map_or_else(|| "mergegate".to_owned(), ToString::to_string);
        if suites.last().is_none_or(|suite| suite.name != name) {
            suites.push(Suite { name, cases: Vec::new() });
        }
        if let Some(suite) = suites.last_mut() {
            suite.cases.push(case(item));
        }
    }
    if suites.is_empty() {
        suites.push(everything(verdict));
    }
    suites
}

/// A report without any test case is taken for a mistake.
fn everything(verdict: &Verdict) -> Suite {
    let message = headline::details(verdict);
    let case = Case { name: "verdict".into(), outcome: Outcome::Success, message, details: String::new() };
    Suite { name: "mergegate".into(), cases: vec![case] }
}

fn case(item: &Item<'_>) -> Case {
    let place = item.at.map_or_else(String::new, |at| format!(" at line {}, column {}", at.line, at.column));
    let reason = item.finding.and_then(|judged| judged.justification.as_ref()).map(|it| it.reason.as_str());
    let message = match item.standing {
        Standing::Suppressed => format!("justified: {}", reason.unwrap_or_default()),
        Standing::Unchanged => format!("unchanged: {}", item.message),
        Standing::Warns | Standing::Informs => format!("warning: {}", item.message),
        Standing::Blocks => item.message.to_string(),
    };
    let terminal = Terminal { color: false, ascii: false, width: WIDTH };
    let excerpt = item.finding.map(|judged| Excerpt::new(judged, terminal).render()).unwrap_or_default();
    Case {
        name: format!("{}{place}", item.id),
        outcome: match item.standing {
            Standing::Blocks => Outcome::Failure,
            Standing::Suppressed => Outcome::Skipped,
            Standing::Warns | Standing::Informs | Standing::Unchanged => Outcome::Success,
        },
        message,
        details: format!("{excerpt}{}", Rule::of(item).help()),
    }
}

/// One test case for each check: how many findings, and not where.
fn by_check(verdict: &Verdict) -> Suite {
    let rows = counts::rows(verdict);
    if rows.is_empty() {
        return everything(verdict);
    }
    let case = |row: counts::Row<'_>| Case {
        name: row.id.to_owned(),
        outcome: if row.counts.blocking > 0 { Outcome::Failure } else { Outcome::Success },
        message: row.to_string(),
        details: counts::WHY.to_owned(),
    };
    Suite { name: "mergegate".into(), cases: rows.into_iter().map(case).collect() }
}
