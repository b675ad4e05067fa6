//! What GitHub Actions reads of a job: annotations (workflow commands in the log) and outputs.
//!
//! Reference: <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>

use crate::baseline::State;
use crate::escape;
use crate::verdict::{Judged, Standing, Verdict};

use super::item::{Item, items};
use super::rule::Rule;
use super::{Format, counts, headline, only_counts};

/// GitHub shows so many annotations of a level for a step; the rest would vanish without a word.
const MAX_OF_A_LEVEL: usize = 10;

/// Workflow commands that annotate the lines of the change, the worst first, and the verdict.
pub fn annotations(verdict: &Verdict) -> String {
    let mut out = String::new();
    if only_counts(Format::Github, verdict) {
        out.extend(counts::rows(verdict).iter().take(MAX_OF_A_LEVEL).map(row));
    } else {
        let items = items(verdict);
        for standing in [Standing::Blocks, Standing::Warns, Standing::Informs] {
            level(&mut out, &items, standing);
        }
    }
    out.push_str(&format!("mergegate {}: {}\n", headline::word(verdict), headline::details(verdict)));
    out
}

fn level(out: &mut String, items: &[Item<'_>], standing: Standing) {
    let mut of_level: Vec<_> = items.iter().filter(|item| item.standing == standing).collect();
    of_level.sort_by_key(|item| std::cmp::Reverse(item.badness()));
    out.extend(of_level.iter().take(MAX_OF_A_LEVEL).map(|item| annotation(item)));
    if of_level.len() > MAX_OF_A_LEVEL {
        let more = of_level.len() - MAX_OF_A_LEVEL;
        out.push_str(&format!("mergegate: and {more} more of this kind ({})\n", command(standing)));
    }
}

fn annotation(item: &Item<'_>) -> String {
    let mut properties = vec![("title", format!("mergegate: {}", item.id))];
    if let Some(path) = item.path {
        properties.push(("file", path.to_string()));
    }
    if let Some(at) = item.at {
        let end = item.finding.map_or(at, |judged| judged.finding.region.end);
        properties.push(("line", at.line.to_string()));
        properties.push(("endLine", end.line.to_string()));
        properties.push(("col", at.column.to_string()));
        properties.push(("endColumn", end.column.to_string()));
    }
    let properties: Vec<String> =
        properties.into_iter().map(|(name, value)| format!("{name}={}", property(&value))).collect();
    let help = if item.standing == Standing::Blocks { Rule::of(item).help() } else { "" };
    let message = format!("{}\n{help}", escape::visible_in_log(&item.message));
    format!("::{} {}::{}\n", command(item.standing), properties.join(","), data(message.trim_end()))
}

fn row(row: &counts::Row<'_>) -> String {
    let standing = if row.counts.blocking > 0 { Standing::Blocks } else { Standing::Warns };
    let title = property(&format!("mergegate: {}", row.id));
    format!("::{} title={title}::{}\n", command(standing), data(&row.to_string()))
}

fn command(standing: Standing) -> &'static str {
    match standing {
        Standing::Blocks => "error",
        Standing::Warns => "warning",
        Standing::Informs | Standing::Unchanged | Standing::Suppressed => "notice",
    }
}

/// The text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a command's property.
fn property(text: &str) -> String {
    data(&escape::visible_in_log(text)).replace(':', "%3A").replace(',', "%2C")
}

/// Outputs of the step, as a file for `GITHUB_OUTPUT` holds them. `sarif` is the path of the SARIF report.
pub fn outputs(verdict: &Verdict, sarif: Option<&str>) -> String {
    let counts = verdict.counts();
    let is_new = |judged: &&Judged| {
        judged.justification.is_none() && !matches!(judged.state, Some(State::Unchanged { .. }))
    };
    let mut out = format!(
        "verdict={}\nnew={}\nblocking={}\nwarnings={}\nunchanged={}\nsuppressed={}\ngone={}\nunscannable={}\n",
        headline::word(verdict),
        verdict.results.iter().filter(is_new).count(),
        counts.blocking,
        counts.warnings,
        counts.unchanged,
        counts.suppressed,
        verdict.gone,
        verdict.unscannable.len(),
    );
    if let Some(path) = sarif {
        // A path may hold a line end, and the line that ends the value.
        let mut delimiter = "MERGEGATE".to_owned();
        while path.contains(&delimiter) {
            delimiter.push('_');
        }
        out.push_str(&format!("sarif<<{delimiter}\n{path}\n{delimiter}\n"));
    }
    out
}
