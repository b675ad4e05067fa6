//! What a reason says.

use crate::escape::is_deceptive;

use super::date::{self, Date};

/// How much of a reason is kept, in characters.
const MAX_REASON: usize = 500;

/// Words that say nothing about the code. A reason of nothing else is none.
const EMPTY_WORDS: &str = "\
    a accept accepted alert all allow allowed an and approved asdf bar because bug by check checked code \
    comment disable disabled exception false falsepositive finding fine fixme foo for fp gate good hack \
    here idk ignore ignored ignoring in intended intentional intentionally is issue it it's its just \
    justification justified later legit lgtm line mergegate n na needed nil no none noqa nosec not \
    nothing now null of ok okay okey on once placeholder please positive problem purpose qwerty reason \
    required reviewed risk safe secure security skip skipped so suppress suppressed suppression tbd temp \
    temporarily temporary test testing that the this tmp to todo trust unknown vulnerability warning \
    whatever wip wontfix works x yes";

/// Words that promise a reason for later, where a colon follows.
const PROMISES: &[&str] = &["todo", "fixme", "tbd", "xxx", "wip"];

/// A reason without the date in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reason {
    /// In one line, and not longer than is worth reading.
    pub(super) text: String,
    pub(super) until: Until,
}

/// What `until=` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Until {
    Never,
    Day(Date),
    /// No date, or more than one.
    Malformed(String),
}

/// Takes the date out of what is written behind the checks, and what separates the two.
pub(super) fn read(written: &str) -> Reason {
    let mut until = Until::Never;
    let mut text = String::new();
    let mut rest = written;
    while let Some((before, value, after)) = split_until(rest) {
        push_words(before, &mut text);
        until = match (&until, date::parse(value)) {
            (Until::Never, Some(day)) => Until::Day(day),
            _ => Until::Malformed(value.to_owned()),
        };
        rest = after;
    }
    push_words(rest, &mut text);
    let separators = |c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—' | ':' | ',' | ';' | '=');
    let text = text.trim_start_matches(separators).trim_end();
    let text = match text.char_indices().nth(MAX_REASON) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    };
    Reason { text, until }
}

/// What stands before `until=`, its value, and what follows.
fn split_until(text: &str) -> Option<(&str, &str, &str)> {
    const WORD: &str = "until";
    let mut from = 0;
    loop {
        let at = from + find_ignoring_case(&text[from..], WORD)?;
        let after = &text[at + WORD.len()..];
        let own_word = !text[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        if let Some(value) = after.trim_start().strip_prefix('=').filter(|_| own_word) {
            let value = value.trim_start();
            let end = value.find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ')'));
            let (value, after) = value.split_at(end.unwrap_or(value.len()));
            return Some((&text[..at], value, after));
        }
        from = at + WORD.len();
    }
}

fn find_ignoring_case(text: &str, word: &str) -> Option<usize> {
    text.as_bytes().windows(word.len()).position(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

fn push_words(text: &str, out: &mut String) {
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
}

/// How many characters there are to read.
pub(super) fn length(reason: &str) -> usize {
    reason.chars().filter(|&c| !is_deceptive(c)).count()
}

/// Whether a reason stands where a reason should be, but says nothing.
pub(super) fn is_placeholder(reason: &str) -> bool {
    let lower = reason.to_lowercase();
    let promise = |word: &&str| lower.strip_prefix(*word).is_some_and(|rest| rest.starts_with(':'));
    if PROMISES.iter().any(promise) {
        return true;
    }
    let mut words =
        lower.split(|c: char| !(c.is_alphanumeric() || c == '\'')).filter(|word| !word.is_empty());
    words.all(|word| EMPTY_WORDS.split(' ').any(|empty| empty == word) || is_one_character(word))
}

/// `xxxx`, `......`, `-`
fn is_one_character(word: &str) -> bool {
    let mut chars = word.chars();
    let first = chars.next();
    chars.all(|c| Some(c) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        for reason in [
            "",
            "-",
            "...",
            "todo",
            "TODO",
            "fixme",
            "ok",
            "OK!",
            "n/a",
            "N/A",
            "tbd",
            "xxx",
            "XXXXXXXXXXXX",
            "wip",
            "ignore",
            "false positive",
            "False-Positive.",
            "this is fine",
            "it's safe",
            "not an issue",
            "TODO: explain",
            "todo todo todo todo",
            "----------",
        ] {
            assert!(is_placeholder(reason), "{reason}");
        }
        for reason in [
            "the bytes are signed",
            "false positive: a constant",
            "SEC-123",
            "todo lists are ours",
            "署名済み",
        ] {
            assert!(!is_placeholder(reason), "{reason}");
        }
    }

    #[test]
    fn dates_are_taken_out() {
        let day = |text| Until::Day(date::parse(text).unwrap());
        let read = |text| {
            let reason = read(text);
            (reason.text, reason.until)
        };
        let is = |text: &str, until| (text.to_owned(), until);
        assert_eq!(read(" - signed, see SEC-1 "), is("signed, see SEC-1", Until::Never));
        assert_eq!(read("until=2027-03-31 signed"), is("signed", day("2027-03-31")));
        assert_eq!(read("signed until=2027-03-31"), is("signed", day("2027-03-31")));
        assert_eq!(read("signed UNTIL = 2027-03-31, later not"), is("signed , later not", day("2027-03-31")));
        assert_eq!(read("signed until=soon"), is("signed", Until::Malformed("soon".into())));
        assert_eq!(read("signed until="), is("signed", Until::Malformed(String::new())));
        assert_eq!(read("until=2027-03-31 until=2028-03-31"), is("", Until::Malformed("2028-03-31".into())));
        assert_eq!(read("valid until the end"), is("valid until the end", Until::Never));
        assert_eq!(read("not_until=1"), is("not_until=1", Until::Never));
    }

    #[test]
    fn is_bounded() {
        assert_eq!(read(&"é ".repeat(100_000)).text.chars().count(), MAX_REASON + 1);
        assert_eq!(read(&"until=".repeat(1_000)).text, "");
    }

    #[test]
    fn invisible_characters_are_no_text() {
        assert_eq!(length("\u{200b}\u{200b}a\u{202e}"), 1);
    }
}
