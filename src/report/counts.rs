//! What a report tells that must not say where the findings are: how many there are of each check.

use std::collections::BTreeMap;
use std::fmt;

use crate::verdict::{Counts, Standing, Verdict};

use super::item::items;

/// A check, or a kind of notice, with the number of its findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'v> {
    pub id: &'v str,
    pub counts: Counts,
}

/// "2 blocking, 1 warning".
impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { blocking, warnings, unchanged, suppressed } = self.counts;
        let parts: Vec<String> = [
            (blocking, "blocking"),
            (warnings, "warning"),
            (unchanged, "unchanged"),
            (suppressed, "justified"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
        f.write_str(&parts.join(", "))
    }
}

/// Why a report is so short, for its readers.
pub const WHY: &str = "The policy says `disclosure: counts`: this report does not tell where the findings are. \
                       The SARIF, HTML and JSON reports do.";

/// One row for each check that has findings, those that block first.
pub fn rows<'v>(verdict: &'v Verdict) -> Vec<Row<'v>> {
    let mut by_id: BTreeMap<&'v str, Counts> = BTreeMap::new();
    for item in items(verdict) {
        let counts = by_id.entry(item.id).or_default();
        match item.standing {
            Standing::Blocks => counts.blocking += 1,
            Standing::Warns => counts.warnings += 1,
            Standing::Unchanged => counts.unchanged += 1,
            Standing::Suppressed => counts.suppressed += 1,
            Standing::Informs => {}
        }
    }
    let mut rows: Vec<Row<'_>> = by_id
        .into_iter()
        .filter(|(_, counts)| *counts != Counts::default())
        .map(|(id, counts)| Row { id, counts })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.counts.blocking, row.counts.warnings)));
    rows
}
