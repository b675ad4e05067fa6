//! What a regular expression lets through: of a text that fits one from its first character to its last, it is known which
//! characters it can hold.

use regex::bytes::RegexBuilder;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::value::Denied;

/// A longer pattern is not looked at.
const MAX_PATTERN: usize = 1_000;

/// How much memory a pattern may take when it is tried.
const MAX_COMPILED: usize = 256 * 1024;

/// How a pattern is applied to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    /// `re.fullmatch`
    Whole,
    /// `re.match`: from the start on.
    Start,
    /// `re.search`: anywhere.
    Anywhere,
}

/// What is known of a text that fits a pattern of Python; `None` where that is nothing.
pub(super) fn fitting(pattern: &str, applied: Applied) -> Option<Denied> {
    let hir = parsed(pattern)?;
    let parts: Vec<&Hir> = match hir.kind() {
        HirKind::Concat(parts) => parts.iter().collect(),
        _ => vec![&hir],
    };
    let begins = matches!(parts.first()?.kind(), HirKind::Look(Look::Start));
    let ends = matches!(parts.last()?.kind(), HirKind::Look(Look::End));
    let is_whole = match applied {
        Applied::Whole => true,
        Applied::Start => ends,
        Applied::Anywhere => begins && ends,
    };
    if !is_whole {
        return None;
    }
    let mut allowed = Allowed::default();
    allowed.add(&hir);
    allowed.judge(|text| matches_whole(pattern, text))
}

/// What is known of a text out of which all that fits a pattern was taken, and `replacement` put in its place: only a
/// pattern for single characters tells what is left.
pub(super) fn left_by(pattern: &str, replacement: &str) -> Option<Denied> {
    let hir = parsed(pattern)?;
    let class = match hir.kind() {
        HirKind::Repetition(repeated) if repeated.min <= 1 => &repeated.sub,
        _ => &hir,
    };
    if !matches!(class.kind(), HirKind::Class(_) | HirKind::Literal(_))
        || class.properties().maximum_len() != Some(1)
    {
        return None;
    }
    let mut taken = Allowed::default();
    taken.add(class);
    let mut left = Allowed { ascii: taken.ascii.map(|taken| !taken), others: !taken.others };
    for byte in replacement.bytes().filter(u8::is_ascii) {
        left.ascii[usize::from(byte)] = true;
    }
    left.judge(|text| left.has_all(text))
}

fn parsed(pattern: &str) -> Option<Hir> {
    if pattern.len() > MAX_PATTERN {
        return None;
    }
    // Letters outside of ASCII do no harm, and their tables take long to build.
    ParserBuilder::new().unicode(false).utf8(false).build().parse(&in_rust(pattern)).ok()
}

/// Only Python calls the end of a text `\Z`.
fn in_rust(pattern: &str) -> String {
    match pattern.strip_suffix(r"\Z") {
        Some(rest) if !rest.ends_with('\\') => format!(r"{rest}\z"),
        _ => pattern.to_owned(),
    }
}

fn matches_whole(pattern: &str, text: &str) -> bool {
    let whole = RegexBuilder::new(&format!("^(?:{})$", in_rust(pattern)))
        .unicode(false)
        .size_limit(MAX_COMPILED)
        .build();
    whole.map_or(true, |whole| whole.is_match(text.as_bytes()))
}

/// Which characters of ASCII a text can hold.
struct Allowed {
    ascii: [bool; 128],
    /// Whether it can hold other characters.
    others: bool,
}

impl Default for Allowed {
    fn default() -> Self {
        Allowed { ascii: [false; 128], others: false }
    }
}

impl Allowed {
    fn add(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Literal(literal) => literal.0.iter().for_each(|&byte| self.allow(byte, byte)),
            HirKind::Class(Class::Bytes(class)) => {
                class.ranges().iter().for_each(|range| self.allow(range.start(), range.end()));
            }
            HirKind::Class(Class::Unicode(class)) => {
                let ascii = |character: char| u8::try_from(character).unwrap_or(u8::MAX);
                class.ranges().iter().for_each(|range| self.allow(ascii(range.start()), ascii(range.end())));
            }
            HirKind::Repetition(repeated) => self.add(&repeated.sub),
            HirKind::Capture(group) => self.add(&group.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => {
                parts.iter().for_each(|part| self.add(part))
            }
            HirKind::Empty | HirKind::Look(_) => {}
        }
    }

    fn allow(&mut self, start: u8, end: u8) {
        self.others |= end > 127;
        for byte in start..=end.min(127) {
            self.ascii[usize::from(byte)] = true;
        }
    }

    fn has(&self, any: &str) -> bool {
        any.bytes().any(|byte| self.ascii[usize::from(byte)])
    }

    fn has_all(&self, text: &str) -> bool {
        text.bytes().all(|byte| self.ascii[usize::from(byte)])
    }

    fn judge(&self, fits: impl Fn(&str) -> bool) -> Option<Denied> {
        let names =
            |byte: usize| (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'_' | b'-' | b'.');
        let is_name = (0..128).all(|byte| !self.ascii[byte] || names(byte));
        // `..` alone is the folder above.
        let leads_up = self.has(".") && fits("..");
        let is_letter = |byte: usize| (byte as u8).is_ascii_alphabetic() || byte as u8 == b'_';
        let names_nothing = !self.others && !(0..128).any(|byte| self.ascii[byte] && is_letter(byte));
        let is_part = !self.has("/\\");
        let denied = Denied {
            quotes: !self.has("'\"`\\"),
            single_quotes: !self.has("'\\"),
            parents: is_part && !leads_up || !self.has("."),
            root: is_part || !fits("/"),
            last: is_part,
            markup: !self.has("<&\"'"),
            query: is_name,
            shell: is_name,
            code: names_nothing && !self.has("'\"`\\"),
            pattern: is_name && !self.has("."),
            filter: !self.has("()*\\\0"),
            ..Denied::default()
        };
        (denied != Denied::default()).then_some(denied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, applied: Applied) -> Denied {
        fitting(pattern, applied).unwrap_or_default()
    }

    fn is_harmless(denied: Denied) -> bool {
        denied.quotes
            && denied.parents
            && denied.root
            && denied.last
            && denied.markup
            && denied.query
            && denied.shell
    }

    #[test]
    fn a_pattern_for_names_lets_nothing_harmful_through() {
        for pattern in ["[0-9a-z]+", r"\w+", r"^\w+$", r"[a-z][\w-]*\.png", r"(a|b|c)-\d{1,3}", r"\d+\Z"] {
            assert!(is_harmless(fits(pattern, Applied::Whole)), "{pattern}");
        }
    }

    #[test]
    fn what_is_not_tested_to_the_end_is_not_tested() {
        assert_eq!(fitting("[a-z]+", Applied::Start), None);
        assert_eq!(fitting("^[a-z]+", Applied::Start), None);
        assert_eq!(fitting("[a-z]+$", Applied::Anywhere), None);
        assert_eq!(fitting("^[a-z]+$|x", Applied::Anywhere), None);
        assert_eq!(fitting("(?m)^[a-z]+$", Applied::Anywhere), None);
        assert!(is_harmless(fits("[a-z]+$", Applied::Start)));
        assert!(is_harmless(fits("^[a-z]+$", Applied::Anywhere)));
    }

    #[test]
    fn the_folder_above_is_seen() {
        let name = fits(r"[\w.]+", Applied::Whole);
        assert!(name.last && name.root && !name.parents && name.quotes && name.query);
        let path = fits(r"[\w./]+", Applied::Whole);
        assert!(!path.last && !path.parents && !path.root);
        let free = fits("[^/]+", Applied::Whole);
        assert!(free.root && !free.quotes && !free.query && !free.parents && !free.shell);
    }

    #[test]
    fn what_cannot_be_told_tells_nothing() {
        assert_eq!(fitting(".*", Applied::Whole), None);
        assert_eq!(fitting(r"(?!x)\w+", Applied::Whole), None);
        assert_eq!(fitting("[", Applied::Whole), None);
    }

    #[test]
    fn what_is_taken_out_is_not_left() {
        let left = |pattern, replacement| left_by(pattern, replacement).unwrap_or_default();
        assert!(is_harmless(left("[^a-zA-Z0-9_]", "")));
        assert!(is_harmless(left(r"\W+", "-")));
        assert_eq!(left_by("[^a-z]{2}", ""), None);
        assert_eq!(left_by("[^a-z]x", ""), None);
        assert!(!left("[^a-z]", "../").last);
    }
}
