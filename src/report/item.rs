//! What there is to tell, in one form and in the order in which a person wants to read it.

use std::borrow::Cow;

use crate::check::{Confidence, Severity};
use crate::finding::Position;
use crate::path::FilePath;
use crate::policy::Action;
use crate::verdict::{Judged, Remark, Standing, UnscannableFile, Verdict};

use super::fingerprint::{Fingerprint, Fingerprints};
use super::rule::Rule;

/// The id of the rule that stands for files that could not be analysed.
pub const UNSCANNABLE: &str = "unscannable-file";

/// What to do about a file that could not be analysed.
pub const UNSCANNABLE_HELP: &str = "Make it a file that Python itself reads, or exclude it in the policy: nobody \
                                    knows what is in it.";

/// A finding, a file that could not be analysed, or a remark.
#[derive(Debug, Clone)]
pub struct Item<'v> {
    pub standing: Standing,
    /// Of a finding, its check.
    pub id: &'v str,
    pub path: Option<&'v FilePath>,
    pub at: Option<Position>,
    /// A sentence or two.
    pub message: Cow<'v, str>,
    pub fingerprint: Fingerprint<'v>,
    pub finding: Option<&'v Judged>,
}

impl Item<'_> {
    /// ` (cell 3, line 2)`; empty outside of notebooks.
    pub fn in_cell(&self) -> String {
        let cell = self.finding.and_then(|judged| judged.finding.cell);
        cell.map_or_else(String::new, |cell| format!(" ({cell})"))
    }

    /// How bad it is, and how sure.
    pub fn badness(&self) -> (Severity, Confidence) {
        match self.finding {
            Some(judged) => (judged.finding.severity, judged.finding.confidence),
            None => (Rule::of(self).severity(), Confidence::High),
        }
    }
}

/// Everything there is to tell: what blocks first, then by path and place.
pub fn items(verdict: &Verdict) -> Vec<Item<'_>> {
    let mut fingerprints = Fingerprints::default();
    let mut items: Vec<Item<'_>> =
        verdict.results.iter().map(|judged| finding(judged, fingerprints.of(judged))).collect();
    items.extend(besides_findings(verdict, &mut fingerprints));
    items.sort_by_key(|item| (item.standing, item.path, item.at));
    items
}

/// How what is no finding stands.
pub fn others(verdict: &Verdict) -> Vec<Standing> {
    besides_findings(verdict, &mut Fingerprints::default()).iter().map(|item| item.standing).collect()
}

fn besides_findings<'v>(verdict: &'v Verdict, fingerprints: &mut Fingerprints<'v>) -> Vec<Item<'v>> {
    let mut items = Vec::new();
    for file in &verdict.unscannable {
        let fingerprint = fingerprints.of_message(Some(&file.path), UNSCANNABLE, &file.reason);
        items.push(unscannable(file, fingerprint));
    }
    for it in &verdict.remarks {
        items.push(remark(it, fingerprints.of_message(it.path.as_ref(), it.id, &it.message)));
    }
    items
}

fn finding<'v>(judged: &'v Judged, fingerprint: Fingerprint<'v>) -> Item<'v> {
    Item {
        standing: judged.standing(),
        id: judged.finding.check.id,
        path: Some(&judged.path),
        at: Some(judged.finding.region.start),
        message: Cow::Borrowed(&judged.finding.message),
        fingerprint,
        finding: Some(judged),
    }
}

fn unscannable<'v>(file: &'v UnscannableFile, fingerprint: Fingerprint<'v>) -> Item<'v> {
    Item {
        standing: if file.blocks { Standing::Blocks } else { Standing::Warns },
        id: UNSCANNABLE,
        path: Some(&file.path),
        at: file.at,
        message: format!("This file could not be analysed: {}.", file.reason.trim_end_matches('.')).into(),
        fingerprint,
        finding: None,
    }
}

fn remark<'v>(remark: &'v Remark, fingerprint: Fingerprint<'v>) -> Item<'v> {
    let standing = match remark.action {
        Action::Block => Standing::Blocks,
        Action::Warn => Standing::Warns,
        Action::Off => Standing::Informs,
    };
    Item {
        standing,
        id: remark.id,
        path: remark.path.as_ref(),
        at: remark.at,
        message: Cow::Borrowed(&remark.message),
        fingerprint,
        finding: None,
    }
}

/// What a platform is to show with a change: what the change brings and nobody has justified. A remark that
/// does not block is for the reviewer alone.
pub fn for_platform<'i, 'v>(items: &'i [Item<'v>]) -> impl Iterator<Item = &'i Item<'v>> {
    items.iter().filter(|item| {
        let remark = item.finding.is_none() && item.id != UNSCANNABLE;
        item.path.is_some()
            && match item.standing {
                Standing::Blocks => true,
                Standing::Warns => !remark,
                Standing::Informs | Standing::Unchanged | Standing::Suppressed => false,
            }
    })
}
