//! The report for people.

use mergegate::report::{Format, Options, render};
use mergegate::terminal::Terminal;
use mergegate::verdict::Verdict;

use crate::samples;
use crate::verdicts::{Change, options};

fn text(verdict: &Verdict, options: &Options) -> String {
    String::from_utf8(render(Format::Text, verdict, options)).unwrap()
}

fn with(terminal: Terminal) -> Options {
    Options { terminal, ..options() }
}

#[test]
fn shows_what_blocks_first_and_a_way_out() {
    insta::assert_snapshot!(text(&samples::findings(), &options()));
}

#[test]
fn shows_files_that_could_not_be_analysed() {
    insta::assert_snapshot!(text(&samples::unscannable(), &options()));
}

#[test]
fn is_short_when_nothing_blocks() {
    insta::assert_snapshot!(text(&samples::suppressed(), &options()));
}

#[test]
fn shows_unchanged_and_justified_findings_on_demand() {
    insta::assert_snapshot!(text(&samples::findings(), &Options { verbose: true, ..options() }));
}

#[test]
fn underlines_behind_wide_characters_tabs_and_long_lines() {
    insta::assert_snapshot!(text(&samples::encodings(), &options()));
}

#[test]
fn escapes_what_an_ascii_terminal_cannot_show() {
    let terminal = Terminal { ascii: true, ..options().terminal };
    let shown = text(&samples::encodings(), &with(terminal));
    assert!(shown.is_ascii());
    insta::assert_snapshot!(shown);
}

#[test]
fn colours_do_not_change_the_layout() {
    let colored = Terminal { color: true, ..options().terminal };
    for (name, verdict) in samples::all() {
        let shown = text(&verdict, &with(colored));
        assert!(shown.contains("\u{1b}["), "{name}");
        assert_eq!(anstream::adapter::strip_str(&shown).to_string(), text(&verdict, &options()), "{name}");
    }
}

#[test]
fn fits_the_terminal() {
    for width in [60, 80, 132] {
        for (name, verdict) in samples::all() {
            let shown = text(&verdict, &with(Terminal { width, ..options().terminal }));
            for line in shown.lines() {
                let columns = unicode_width::UnicodeWidthStr::width(line);
                assert!(columns <= width, "{name}: {columns} columns at {width}: {line}");
            }
        }
    }
}

#[test]
fn reminds_of_what_blocks_where_much_is_printed_behind_it() {
    let mut source = "import tempfile\n".to_owned();
    source.extend((0..15).map(|n| format!("eval(x{n})\n")));
    source.push_str("tempfile.mktemp()\n");
    let shown = text(&Change::new("").adds("a.py", source).judge(), &options());
    let (_, end) = shown.split_once("What blocks:\n").unwrap();
    assert_eq!(end.lines().filter(|line| line.starts_with("  a.py:")).count(), 10);
    assert!(end.contains("  and 5 more\n"), "{end}");
}

#[test]
fn offers_no_justification_where_the_policy_accepts_none() {
    let policy = "suppressions: { never: [eval] }\n";
    let shown = text(&Change::new(policy).adds("a.py", "eval(x)\n").judge(), &options());
    assert!(shown.contains("accepts no justification"), "{shown}");
    assert!(!shown.contains("allow["), "{shown}");
}
