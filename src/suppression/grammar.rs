//! What a comment says, before it is judged.

use std::ops::Range;

use crate::checks;
use crate::policy::Marker;

/// A suppression as it is written in a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written<'c> {
    /// Where it stands in the comment, its `#` included.
    pub(super) range: Range<usize>,
    /// Whose language it is.
    pub(super) marker: Marker,
    /// The checks it names.
    pub(super) ids: Vec<&'c str>,
    /// What follows them.
    pub(super) reason: &'c str,
    /// Whether this is our marker, but not in a form that we understand.
    pub(super) malformed: bool,
}

/// The words of other tools, in lower case. Those without a language of their own are Python Code Audit's,
/// which also knows the first three.
const FOREIGN: &[(&str, Marker)] = &[
    ("nosec", Marker::Nosec),
    ("noqa", Marker::Noqa),
    ("nosemgrep", Marker::Nosemgrep),
    ("sast-ignore", Marker::Codeaudit),
    ("ignore-sast", Marker::Codeaudit),
    ("security-ignore", Marker::Codeaudit),
    ("ignore-security", Marker::Codeaudit),
    ("false-positive", Marker::Codeaudit),
    ("falsepositive", Marker::Codeaudit),
    ("risk-accepted", Marker::Codeaudit),
    ("security-accepted", Marker::Codeaudit),
    ("security-reviewed", Marker::Codeaudit),
    ("security-exception", Marker::Codeaudit),
    ("nosonar", Marker::Codeaudit),
];

/// What a person may write in place of `allow`; behind a bare `mergegate` it shows that no prose is meant.
const VERBS: &[&str] =
    &["allow", "ignore", "disable", "suppress", "skip", "accept", "permit", "off", "noqa", "nosec"];

/// The suppressions in a comment, `#` included. A comment can hold several: a `#` with white space before it
/// begins another part, unless a digit follows (`see #123`).
pub(super) fn read(comment: &str) -> impl Iterator<Item = Written<'_>> {
    parts(comment).filter_map(|range| {
        let text = comment[range.clone()].trim_start_matches('#').trim();
        let mut written = own(text).or_else(|| foreign(text))?;
        written.range = range;
        Some(written)
    })
}

fn parts(comment: &str) -> impl Iterator<Item = Range<usize>> {
    let starts = comment.match_indices('#').map(|(at, _)| at).filter(|&at| {
        let separate = comment[..at].chars().next_back().is_none_or(char::is_whitespace);
        at == 0 || separate && !comment[at + 1..].starts_with(|c: char| c.is_ascii_digit())
    });
    let mut starts = starts.peekable();
    std::iter::from_fn(move || {
        let start = starts.next()?;
        let end = starts.peek().copied().unwrap_or(comment.len());
        Some(start..start + comment[start..end].trim_end().len())
    })
}

/// `mergegate: allow[check, check] reason`
fn own(text: &str) -> Option<Written<'_>> {
    let after_word = after_word(text, "mergegate")?.trim_start();
    let Some(command) = after_word.strip_prefix(':') else {
        let is_attempt = VERBS.iter().any(|verb| self::after_word(after_word, verb).is_some());
        return is_attempt.then(malformed);
    };
    let list = self::after_word(command.trim_start(), "allow")
        .and_then(|rest| rest.trim_start().strip_prefix('['))
        .and_then(|rest| rest.split_once(']'));
    let Some((list, reason)) = list else { return Some(malformed()) };
    let ids = list.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    Some(Written { range: 0..0, marker: Marker::Mergegate, ids, reason, malformed: false })
}

fn malformed<'c>() -> Written<'c> {
    Written { range: 0..0, marker: Marker::Mergegate, ids: Vec::new(), reason: "", malformed: true }
}

/// What follows a word, if the text begins with it: in any case, and not as the beginning of a longer word.
fn after_word<'c>(text: &'c str, word: &str) -> Option<&'c str> {
    let (begin, rest) = text.split_at_checked(word.len())?;
    if !begin.eq_ignore_ascii_case(word) {
        return None;
    }
    let goes_on = rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-'));
    (!goes_on).then_some(rest)
}

fn foreign(text: &str) -> Option<Written<'_>> {
    let (marker, rest) =
        FOREIGN.iter().find_map(|(word, marker)| Some((*marker, after_word(text, word)?)))?;
    if !(rest.is_empty() || rest.starts_with(':') || rest.starts_with(char::is_whitespace)) {
        return None;
    }
    let rest = rest.trim_start();
    let list = rest.strip_prefix(':').map(str::trim_start);
    let (ids, reason) = match marker {
        Marker::Nosemgrep => list.map_or((Vec::new(), rest), dotted_ids),
        Marker::Nosec | Marker::Noqa => codes(list.unwrap_or(rest), list.is_some()),
        _ => (Vec::new(), list.unwrap_or(rest)),
    };
    Some(Written { range: 0..0, marker, ids, reason, malformed: false })
}

/// The words of a list with commas, up to the first that no comma joins to the one before.
fn dotted_ids(text: &str) -> (Vec<&str>, &str) {
    let mut ids = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(rest.len());
        let (id, after) = rest.split_at(end);
        if !id.is_empty() {
            ids.push(id);
        }
        let after = after.trim_start();
        match after.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => return (ids, after),
        }
    }
}

/// The codes at the beginning of a text, with commas or only white space between them. Behind a colon even
/// a prefix of a code (`E5`) is one; elsewhere that might be a word of the reason.
fn codes(text: &str, colon: bool) -> (Vec<&str>, &str) {
    let mut ids = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(|c: char| c == ',' || c == ':' || c.is_whitespace()).unwrap_or(rest.len());
        let (id, after) = rest.split_at(end);
        if !is_code(id, if colon { 1 } else { 3 }) {
            return (ids, rest);
        }
        ids.push(id);
        rest = after.trim_start_matches(|c: char| c == ',' || c == ':' || c.is_whitespace());
    }
}

/// Whether this names a check: a code with so many digits at least (`B301`), the name of one of bandit's
/// tests (`assert_used`), or a name that we know.
fn is_code(word: &str, least_digits: usize) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let letters = word.len() - digits.len();
    let code = (1..=10).contains(&letters)
        && digits.len() >= least_digits
        && digits.bytes().all(|b| b.is_ascii_digit());
    code || word.contains('_') || !checks::named(word).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(comment: &str) -> Option<(Marker, Vec<&str>, &str, bool)> {
        let mut all = read(comment).map(|w| (w.marker, w.ids, w.reason.trim(), w.malformed));
        let first = all.next();
        assert!(all.next().is_none(), "{comment}");
        first
    }

    #[test]
    fn own_marker() {
        let own = |ids: &[&'static str], reason| Some((Marker::Mergegate, ids.to_vec(), reason, false));
        assert_eq!(one("# mergegate: allow[eval] a constant"), own(&["eval"], "a constant"));
        assert_eq!(one("#mergegate:allow[eval]x"), own(&["eval"], "x"));
        assert_eq!(one("# MergeGate : Allow [ eval ,yaml-load, ] x"), own(&["eval", "yaml-load"], "x"));
        assert_eq!(one("#\u{a0}mergegate:\tallow[eval]\u{3000}x"), own(&["eval"], "x"));
        assert_eq!(one("## mergegate: allow[eval] x"), own(&["eval"], "x"));
        assert_eq!(one("# mergegate: allow[] x"), own(&[], "x"));
        assert_eq!(one("# mergegate: allow[eval] see #12 there"), own(&["eval"], "see #12 there"));
        assert_eq!(
            one("# type: ignore  # mergegate: allow[eval] x  # pragma: no cover"),
            own(&["eval"], "x")
        );
    }

    #[test]
    fn what_looks_like_our_marker() {
        for comment in [
            "# mergegate allow[eval] x",
            "# mergegate: allow eval x",
            "# mergegate: allow",
            "# mergegate:",
            "# mergegate: allow[eval x",
            "# mergegate: allowed[eval] x",
            "# mergegate: ignore[eval] x",
            "# mergegate ignore",
            "# mergegate: alow[eval] x",
        ] {
            assert_eq!(one(comment).map(|found| found.3), Some(true), "{comment}");
        }
    }

    #[test]
    fn prose() {
        for comment in [
            "#",
            "# the mergegate: allow[eval] x",
            "# mergegate reads this",
            "# mergegates: allow[eval] x",
            "# mergegate-action: allow[eval] x",
            "# not#mergegate: allow[eval] x",
            "# merge\u{200b}gate: allow[eval] x",
            "# this is not nosec",
            "# nosecurity",
            "# nosec-not",
            "# nosec.",
            "# falsepositives",
            "# flake8: noqa",
            "# ruff: noqa: S301",
        ] {
            assert_eq!(one(comment), None, "{comment}");
        }
    }

    #[test]
    fn foreign_markers() {
        let foreign = |marker, ids: &[&'static str], reason| Some((marker, ids.to_vec(), reason, false));
        assert_eq!(one("# nosec"), foreign(Marker::Nosec, &[], ""));
        assert_eq!(one("#nosec B301 - signed"), foreign(Marker::Nosec, &["B301"], "- signed"));
        assert_eq!(one("# nosec: B301,B302 x"), foreign(Marker::Nosec, &["B301", "B302"], "x"));
        assert_eq!(one("# nosec B301 B302: x"), foreign(Marker::Nosec, &["B301", "B302"], "x"));
        assert_eq!(one("# nosec assert_used"), foreign(Marker::Nosec, &["assert_used"], ""));
        assert_eq!(one("# nosec the MD5 of"), foreign(Marker::Nosec, &[], "the MD5 of"));
        assert_eq!(one("# nosec MD5 of"), foreign(Marker::Nosec, &[], "MD5 of"));
        assert_eq!(one("# NOQA:s301 x"), foreign(Marker::Noqa, &["s301"], "x"));
        assert_eq!(one("# noqa: E5 x"), foreign(Marker::Noqa, &["E5"], "x"));
        assert_eq!(one("# noqa x"), foreign(Marker::Noqa, &[], "x"));
        assert_eq!(one("# nosemgrep: a.b, eval - x"), foreign(Marker::Nosemgrep, &["a.b", "eval"], "- x"));
        assert_eq!(one("# nosemgrep x"), foreign(Marker::Nosemgrep, &[], "x"));
        assert_eq!(one("# false-positive: x"), foreign(Marker::Codeaudit, &[], "x"));
        assert_eq!(one("# NOSONAR x"), foreign(Marker::Codeaudit, &[], "x"));
    }

    #[test]
    fn several_in_one_comment() {
        let comment = "# nosec B301 - x # mergegate: allow[eval] y #noqa: E501 ";
        let found: Vec<&str> = read(comment).map(|written| &comment[written.range]).collect();
        assert_eq!(found, ["# nosec B301 - x", "# mergegate: allow[eval] y", "#noqa: E501"]);
    }
}
