//! Comments that justify a finding: which count, for what, and what is said about those that do not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use mergegate::checks;
use mergegate::finding::Finding;
use mergegate::policy::Policy;
use mergegate::python::SourceFile;
use mergegate::scan::Scanner;
use mergegate::suppression::{self, Date, Inserted, Refusal, Request, Suppression, added};
use proptest::prelude::*;

/// A file that has been scanned, with its suppressions applied.
struct Judged {
    findings: Vec<Finding>,
    suppressions: Vec<Suppression>,
    by: Vec<Option<usize>>,
}

impl Judged {
    /// The lines of the findings that nothing suppresses.
    fn open(&self) -> Vec<u32> {
        let open = self.findings.iter().zip(&self.by).filter(|(_, by)| by.is_none());
        open.map(|(finding, _)| finding.region.start.line).collect()
    }

    /// What a report says about the suppressions.
    fn said(&self) -> Vec<String> {
        let said = self
            .suppressions
            .iter()
            .flat_map(|it| it.reported().iter().map(ToString::to_string).chain(it.unused()));
        said.collect()
    }
}

fn policy(suppressions: &str) -> Policy {
    let text = format!("version: 1\nextends: strict\nsuppressions: {{ {suppressions} }}\n");
    Policy::parse("policy.yml", &text, &|_| Err("nothing".into()))
        .unwrap_or_else(|error| panic!("{}", error.render(false, true)))
}

fn today() -> Date {
    suppression::date::parse("2026-11-24").unwrap()
}

fn scanner() -> Scanner {
    Scanner::new(["eval", "os-system", "yaml-load"].map(|id| checks::named(id)[0]))
}

fn judge(text: &str, policy: &Policy) -> Judged {
    let file = SourceFile::read(text.as_bytes()).unwrap_or_else(|problem| panic!("{}", problem.reason));
    let findings = scanner().scan(&file, text.as_bytes()).findings;
    let mut suppressions = suppression::read(&file, policy, today());
    let by = suppression::apply(&mut suppressions, &findings, policy);
    assert_eq!(by.len(), findings.len());
    Judged { findings, suppressions, by }
}

/// Sources in which every finding is suppressed, and nothing is said. `OK` stands for a suppression of `eval`.
const SUPPRESSED: &[&str] = &[
    "eval(x)  OK\n",
    "eval(x) OK",
    "OK\neval(x)\n",
    "eval(x)  OK\r\neval(x)  OK\r\n",
    "OK\r\neval(x)\r\n",
    "OK\reval(x)\r",
    "if y:\n\tOK\n\teval(x)\n",
    "if y:\n    pass\n    OK\neval(x)\n",
    // A block of comments.
    "# one\nOK\n# two\neval(x)\n",
    "    # indented\n  OK\neval(x)\n",
    // Several lines.
    "f(\n  OK\n  eval(x),\n)\n",
    "f(\n  eval(x),\n  OK\n)\n",
    "f(  OK\n  1,\n\n  eval(x),\n)\n",
    "f(\n  eval(x),\n)  OK\n",
    "OK\nf(\n\n  eval(x),\n)\n",
    "y = eval(x) \\\n  + 1  OK\n",
    "eval(x) \\\n  OK\n",
    "eval(x) \\\n  + 1 \\\r\n OK\n",
    "# C:\\\nOK\neval(x)\n",
    "x = 1  # C:\\\nOK\neval(x)\n",
    "y = '''\nOK\n''' + eval(x)  OK\n",
    // Several statements.
    "a = 1; eval(x)  OK\n",
    "eval(x); eval(y)  OK\n",
    "OK\neval(x); eval(y)\n",
    "f('''\n'''); eval(x)  OK\n",
    "if eval(x): eval(y)  OK\n",
    "OK\nif eval(x): eval(y)\n",
    // Heads of compound statements.
    "if eval(x):  OK\n    pass\n",
    "if (\n    eval(x)  OK\n):\n    pass\n",
    "OK\nif (\n    eval(x)\n):\n    pass\n",
    "if y:\n    pass\nOK\nelif eval(x):\n    pass\n",
    "if y:\n    pass\n    OK\nelif eval(x):\n    pass\n",
    "with eval(x) as y, \\\n        z:  OK\n    pass\n",
    "for y in eval(x):  OK\n    pass\nelse:\n    pass\n",
    "match y:\n    OK\n    case 1 if eval(x):\n        pass\n",
    "match eval(x):  OK\n    case 1:\n        pass\n",
    "try:\n    pass\nexcept eval(x):  OK\n    pass\n",
    "class A(eval(x)):  OK\n    pass\n",
    "def f(\n    a=eval(x),  OK\n):\n    pass\n",
    "async def f(a=eval(x)):  OK\n    pass\n",
    // Decorators belong to the definition.
    "OK\n@a\n@eval(x)\ndef f(): pass\n",
    "@a\nOK\n@eval(x)\ndef f(): pass\n",
    "@a  OK\n@eval(x)\ndef f(): pass\n",
    "@eval(x)\ndef f():  OK\n    pass\n",
    "@eval(x)\n\nOK\n\nclass A:\n    pass\n",
    // In f-strings.
    "y = f'''{\n  eval(x)  OK\n}'''\n",
    "y = f'''{  OK\n  eval(x)\n}'''\n",
    // A syntax error elsewhere.
    "eval(x)  OK\nx = = 1\n",
];

#[test]
fn comments_that_count() {
    let policy = policy("");
    for template in SUPPRESSED {
        let text = template.replace("OK", "# mergegate: allow[eval] x is a constant");
        let judged = judge(&text, &policy);
        assert!(!judged.findings.is_empty(), "{text}");
        assert_eq!(judged.open(), [0_u32; 0], "{text}");
        let said = if text.contains("'''\n# ") { Vec::new() } else { judged.said() };
        assert_eq!(said, [""; 0], "{text}");
    }
}

/// Sources in which no finding is suppressed, with the lines of the findings.
const OPEN: &[(&str, &[u32])] = &[
    // Too far away.
    ("OK\n\neval(x)\n", &[3]),
    ("OK\n \t\neval(x)\n", &[3]),
    ("OK\n\x0c\neval(x)\n", &[3]),
    ("OK\r\reval(x)\n", &[1]),
    ("eval(x)\nOK\n", &[1]),
    ("a = 1  OK\neval(x)\n", &[2]),
    ("a = 1 \\\nOK\neval(x)\n", &[3]),
    ("OK\na = 1\neval(x)\n", &[3]),
    // Behind a lone CR stands another line.
    ("a = 1  OK\reval(x)\n", &[1]),
    ("eval(x)\rOK\n", &[1]),
    // The body is not the head, nor the other way round.
    ("OK\nif y:\n    eval(x)\n", &[3]),
    ("if y:  OK\n    eval(x)\n", &[2]),
    ("if eval(x):\n    OK\n    pass\n", &[1]),
    ("if eval(x):\n    pass  OK\n", &[1]),
    ("if y:  OK\n    pass\nelif eval(x):\n    pass\n", &[3]),
    ("OK\n@a\ndef f():\n    eval(x)\n", &[4]),
    ("class A:  OK\n    y = eval(x)\n", &[2]),
    ("match y:  OK\n    case 1 if eval(x):\n        pass\n", &[2]),
    // Text in a string is no comment.
    ("eval('OK')\n", &[1]),
    ("'''\nOK\n'''\neval(x)\n", &[4]),
    ("eval('''\nOK\n''')\n", &[1]),
    ("eval(f'''\nOK\n''')\n", &[1]),
    ("eval(rb'''OK\n''')\n", &[1]),
    ("eval(f'{x:OK}')\n", &[1]),
    ("eval(x), 'OK'\n", &[1]),
    ("'''\nOK'''; eval(x)\n", &[2]),
    ("eval(x); '''OK\n'''\n", &[1]),
    ("eval(x) if '\\\n\\\nOK' else 1\n", &[1]),
];

#[test]
fn comments_that_stand_elsewhere() {
    let policy = policy("");
    for (template, lines) in OPEN {
        let text = template.replace("OK", "# mergegate: allow[eval] x is a constant");
        assert_eq!(judge(&text, &policy).open(), *lines, "{text}");
    }
}

/// Comments behind `eval(x)` that suppress nothing, with what is said about them.
const DEFECTS: &[(&str, &str)] = &[
    ("mergegate: allow[eval]", "gives no reason"),
    ("mergegate: allow[eval] - ", "gives no reason"),
    ("mergegate: allow[eval]  # pragma: no cover", "gives no reason"),
    ("mergegate: allow[eval] until=2027-03-31", "gives no reason"),
    ("mergegate: allow[eval] signed", "at least 10 characters"),
    ("mergegate: allow[eval] \u{200b}\u{200b}\u{200b}\u{200b}\u{200b}signed", "at least 10 characters"),
    ("mergegate: allow[eval] todo", "`todo` is no reason"),
    ("mergegate: allow[eval] FIXME: explain this", "`FIXME: explain this` is no reason"),
    ("mergegate: allow[eval] this is a false positive", "is no reason"),
    ("mergegate: allow[evil] x is a constant", "no check `evil`: did you mean `eval`?"),
    ("mergegate: allow[no\u{1b}[31m] x is a constant", "no check `no\\u{1b}[31m`: `mergegate checks`"),
    ("mergegate: allow[] x is a constant", "names no check"),
    ("mergegate: allow[ , ] x is a constant", "names no check"),
    ("mergegate: allow[*] x is a constant", "no check `*`"),
    ("mergegate allow[eval] x is a constant", "write `# mergegate: allow[CHECK] REASON`"),
    ("mergegate: allow eval x is a constant", "write `# mergegate: allow[CHECK] REASON`"),
    ("mergegate: ignore[eval] x is a constant", "write `# mergegate: allow[CHECK] REASON`"),
    ("mergegate: allow[eval] a constant until=2026-11-23", "expired on 2026-11-23"),
    ("mergegate: allow[eval] a constant until=2027-02-29", "`2027-02-29` is not one date"),
    ("mergegate: allow[eval] a constant until=tomorrow", "`tomorrow` is not one date"),
    ("mergegate: allow[eval] a constant until=", "has no date"),
    ("mergegate: allow[eval] a constant until=2027-01-01 until=2028-01-01", "is not one date"),
];

#[test]
fn comments_with_a_defect() {
    let policy = policy("");
    for (comment, message) in DEFECTS {
        let judged = judge(&format!("eval(x)  # {comment}\n"), &policy);
        assert_eq!(judged.open(), [1], "{comment}");
        let said = judged.said();
        assert!(said.len() == 1 && said[0].contains(message), "{comment}: {said:?}");
    }
}

#[test]
fn prose_is_no_marker() {
    let policy = policy("markers: [mergegate, nosec, noqa, nosemgrep, codeaudit]");
    for comment in [
        "this is not nosec",
        "nosecurity by obscurity",
        "the mergegate: allow[eval] x is a constant",
        "mergegates: allow[eval] x is a constant",
        "mergegate is a gate",
        "no-nosec",
        "flake8: noqa",
        "noqa: E501",
        "noqa: E501 this line is long",
        "nosec B999 - nothing of ours",
        "nosemgrep: some.rule.of-semgrep",
    ] {
        let judged = judge(&format!("eval(x)  # {comment}\n"), &policy);
        assert_eq!(judged.open(), [1], "{comment}");
        assert_eq!(judged.said(), [""; 0], "{comment}");
    }
}

#[test]
fn a_defect_of_one_name_leaves_the_others() {
    let judged = judge("eval(x)  # mergegate: allow[eval, evil] x is a constant\n", &policy(""));
    assert_eq!(judged.open(), [0_u32; 0]);
    assert_eq!(judged.said(), ["There is no check `evil`: did you mean `eval`?"]);
}

#[test]
fn names_of_other_tools() {
    for name in ["B307", "bandit:B307", "S307", "EVAL", "codeaudit:eval"] {
        let judged = judge(&format!("eval(x)  # mergegate: allow[{name}] x is a constant\n"), &policy(""));
        assert_eq!((judged.open(), judged.said()), (vec![], vec![]), "{name}");
    }
}

#[test]
fn another_check_is_not_suppressed() {
    let text = "import os\nos.system(eval(x))  # mergegate: allow[eval] x is a constant\n";
    let judged = judge(text, &policy(""));
    assert_eq!(judged.open(), [2]);
    assert_eq!(judged.findings.len(), 2);
}

#[test]
fn unused() {
    let judged = judge("# mergegate: allow[eval] x is a constant\nf(x)\n", &policy(""));
    assert_eq!(judged.said(), ["This suppression of `eval` suppresses nothing: remove it."]);
    let judged = judge("eval(x)  # mergegate: allow[yaml-load,eval] x is a constant\n", &policy(""));
    assert_eq!(
        judged.said(),
        ["This suppression is not needed for `yaml-load`: take it out of the brackets."]
    );
    let at_the_end = judge("x = 1\n# mergegate: allow[eval] x is a constant", &policy(""));
    assert_eq!(at_the_end.said().len(), 1);
    let twice =
        "# mergegate: allow[eval] x is a constant\neval(x)  # mergegate: allow[eval] x is a constant\n";
    assert_eq!(judge(twice, &policy("")).said().len(), 1);
}

#[test]
fn rules_of_the_policy() {
    let suppressed = |rules: &str, comment: &str| {
        let judged = judge(&format!("eval(x)  # {comment}\n"), &policy(rules));
        assert_eq!(judged.open().is_empty(), judged.said().is_empty(), "{rules} {comment}");
        judged.open().is_empty()
    };
    let plain = "mergegate: allow[eval] x is a constant";
    assert!(suppressed("require-reason: false", "mergegate: allow[eval]"));
    assert!(suppressed("min-reason-length: 3", "mergegate: allow[eval] signed"));
    assert!(!suppressed("min-reason-length: 30", plain));
    assert!(!suppressed("never: eval", plain));
    assert!(!suppressed("never: { severity: high }", plain));
    assert!(suppressed("never: { severity: critical }", plain));
    assert!(suppressed("never: yaml-load", plain));
    assert!(!suppressed("markers: nosec, never: eval", "nosec B307 - x is a constant"));
    assert!(!suppressed("markers: nosec, never: eval", "nosec - x is a constant"));
    assert!(!suppressed("never: { severity: high }", "mergegate: allow[eval, yaml-load] x is a constant"));
    assert!(!suppressed("require-ticket: 'SEC-[0-9]+'", plain));
    assert!(suppressed("require-ticket: 'SEC-[0-9]+'", "mergegate: allow[eval] a constant, SEC-12"));
    assert!(!suppressed("max-days: 30", plain));
    assert!(suppressed("max-days: 30", "mergegate: allow[eval] a constant until=2026-12-24"));
    assert!(!suppressed("max-days: 30", "mergegate: allow[eval] a constant until=2026-12-25"));
    let off = judge(&format!("eval(x)  # {plain}\n"), &policy("markers: []"));
    assert_eq!((off.open(), off.said()), (vec![1], vec![]));
}

#[test]
fn tickets_and_dates() {
    let text = "eval(x)  # mergegate: allow[eval] until=2026-11-24 signed, see SEC-12\n";
    let judged = judge(text, &policy("require-ticket: 'SEC-[0-9]+'"));
    let suppression = &judged.suppressions[0];
    assert_eq!(suppression.ticket.as_deref(), Some("SEC-12"));
    assert_eq!(suppression.reason, "signed, see SEC-12");
    assert_eq!(suppression.expiring(today()), Some(0));
    assert_eq!(judged.open(), [0_u32; 0]);
    let days = |until: &str| {
        let text = format!("eval(x)  # mergegate: allow[eval] x is a constant until={until}\n");
        judge(&text, &policy("")).suppressions[0].expiring(today())
    };
    assert_eq!(days("2026-12-08"), Some(14));
    assert_eq!(days("2026-12-09"), None);
    assert_eq!(days("2026-11-23"), None);
}

#[test]
fn markers_of_other_tools() {
    let policy_with = |marker: &str| policy(&format!("markers: [{marker}]"));
    for (marker, comment) in [
        ("nosec", "nosec B307 - x is a constant"),
        ("nosec", "nosec: B301,B307 x is a constant"),
        ("nosec", "nosec x is a constant"),
        ("noqa", "noqa: S307 x is a constant"),
        ("noqa", "NOQA:E501,S307 x is a constant"),
        ("noqa", "noqa: x is a constant"),
        ("nosemgrep", "nosemgrep: eval - x is a constant"),
        ("nosemgrep", "nosemgrep x is a constant"),
        ("codeaudit", "nosec B307 - x is a constant"),
        ("codeaudit", "sast-ignore: x is a constant"),
        ("codeaudit", "False-Positive - x is a constant"),
        ("codeaudit", "NOSONAR x is a constant"),
    ] {
        let text = format!("f(\n  eval(x),  # {comment}\n)\n");
        let judged = judge(&text, &policy_with(marker));
        assert_eq!((judged.open(), judged.said()), (vec![], vec![]), "{comment}");
        let off = judge(&text, &policy(""));
        assert_eq!((off.open(), off.said()), (vec![2], vec![]), "{comment}");
    }
    let other = "import os\nos.system(x)  # nosec B307 - x is a constant\n";
    assert_eq!(judge(other, &policy_with("nosec")).open(), [2]);
    let bare = judge("eval(x)  # nosec\nf(x)  # nosec\n", &policy_with("nosec"));
    assert_eq!(bare.open(), [1]);
    assert_eq!(bare.said().len(), 1, "{:?}", bare.said());
    let above = "# nosec B307 - x is a constant\neval(x)\n# nosemgrep: eval - x is a constant\neval(x)\n";
    assert_eq!(judge(above, &policy_with("nosec, nosemgrep")).open(), [2]);
    let both = "eval(x)  # nosec B307 - x is a constant # mergegate: allow[eval] x is a constant\n";
    assert_eq!(judge(both, &policy_with("nosec, mergegate")).said(), [""; 0]);
}

#[test]
fn the_first_marker_of_a_line_with_several_comments_does_not_hide_the_second() {
    let text = "eval(x)  # type: ignore # mergegate: allow[eval] x is a constant # noqa: E501\n";
    let judged = judge(text, &policy(""));
    assert_eq!(judged.open(), [0_u32; 0]);
    let suppression = &judged.suppressions[0];
    assert_eq!(suppression.reason, "x is a constant");
    let region = &suppression.region;
    let part = &text[region.bytes.start as usize..region.bytes.end as usize];
    assert_eq!(part, "# mergegate: allow[eval] x is a constant");
    assert_eq!((region.start.line, region.start.column), (1, 25));
}

#[test]
fn long_comments() {
    let reason = "x is a constant ".repeat(300);
    let judged = judge(&format!("eval(x)  # mergegate: allow[eval] {reason}\n"), &policy(""));
    assert_eq!(judged.open(), [1]);
    assert!(judged.suppressions[0].reason.len() < 600);
    let ids = "eval,".repeat(1_000);
    let judged = judge(&format!("eval(x)  # mergegate: allow[{ids}] x is a constant\n"), &policy(""));
    assert_eq!(judged.open(), [1]);
}

#[test]
fn many_comments_take_no_square_of_time() {
    let mut text = "# mergegate: allow[os-system] x is a constant\n".repeat(19_000);
    text.push_str(&"eval(x);".repeat(5_000));
    text.push('\n');
    let judged = judge(&text, &policy(""));
    assert_eq!(judged.open().len(), 5_000);
    assert_eq!(judged.suppressions.len(), 19_000);
}

fn added_lines(base: &str, head: &str) -> Vec<u32> {
    let policy = policy("");
    let (base, head) = (judge(base, &policy), judge(head, &policy));
    added(&base.suppressions, &head.suppressions).iter().map(|it| it.region.start.line).collect()
}

#[test]
fn suppressions_that_a_change_adds() {
    let old = "def f(x):\n    eval(x)  # mergegate: allow[eval] x is a constant\n";
    assert_eq!(added_lines(old, old), [0_u32; 0]);
    assert_eq!(added_lines("", old), [2]);
    assert_eq!(added_lines("def f(x):\n    eval(x)\n", old), [2]);
    // Another reason, another place, another layout.
    assert_eq!(added_lines(old, &old.replace("a constant", "a constant, and we know it")), [0_u32; 0]);
    assert_eq!(added_lines(old, &format!("\n\ny = 1\n{old}")), [0_u32; 0]);
    let above = "def f(x):\n    # mergegate: allow[eval] x is a constant\n    eval(\n        x,\n    )\n";
    assert_eq!(added_lines(old, above), [0_u32; 0]);
    // Edited code is the same exception, unless it is worse.
    assert_eq!(added_lines(old, &old.replace("eval(x)", "y = eval(x.z)")), [0_u32; 0]);
    let constant = old.replace("eval(x)", "eval('1')");
    assert_eq!(added_lines(&constant, &old.replace("eval(x)", "eval(input())")), [2]);
    // More than before.
    assert_eq!(added_lines(old, &old.replace("eval(x)", "eval(x), eval(x)")), [2]);
    assert_eq!(
        added_lines(old, &format!("{old}    eval(x)  # mergegate: allow[eval] again a constant\n")),
        [3]
    );
    let wider = "import os\ndef f(x):\n    eval(os.system(x))  # mergegate: allow[eval] x is a constant\n";
    assert_eq!(added_lines(wider, &wider.replace("[eval]", "[eval, os-system]")), [3]);
    // One that did not count before.
    assert_eq!(added_lines(&old.replace("x is a constant", "todo"), old), [2]);
    // For longer, or for good; not for a shorter time.
    let [sooner, later] =
        ["2030-01-31", "2030-12-31"].map(|day| old.replace("a constant", &format!("a constant until={day}")));
    assert_eq!(added_lines(&sooner, &later), [2]);
    assert_eq!(added_lines(&sooner, old), [2]);
    assert_eq!(added_lines(&later, &sooner), [0_u32; 0]);
    assert_eq!(added_lines(old, &later), [0_u32; 0]);
}

proptest! {
    #[test]
    fn any_text_can_be_read(text in any::<String>()) {
        let policy = policy("markers: [mergegate, nosec, noqa, nosemgrep, codeaudit]");
        if SourceFile::read(text.as_bytes()).is_ok() {
            judge(&text, &policy);
        }
    }

    #[test]
    fn any_comments_can_be_read(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "#", "# ", "mergegate", ":", " allow", "[", "eval", ",", "]", "nosec", "noqa", "nosemgrep", "B307",
                "until", "=", "2027-01-01", "\n", "\r", "\r\n", "\\", " ", "\t", "\x0c", "eval(x)", "'''", "'", "(",
                ")", "é", "\u{2028}", "if x:", "f'{", "}", ";", "todo", "a constant",
            ]),
            0..60,
        )
    ) {
        let text = parts.concat();
        let policy = policy("markers: [mergegate, nosec, noqa, nosemgrep, codeaudit]");
        if SourceFile::read(text.as_bytes()).is_ok() {
            judge(&text, &policy);
        }
    }

    #[test]
    fn text_in_a_string_never_counts(
        prefix in prop::sample::select(vec!["", "r", "b", "f", "rb", "fr", "u"]),
        before in "[ a-z\\n]{0,10}",
        after in "[ a-z\\n]{0,10}",
        marker in prop::sample::select(vec![
            "# mergegate: allow[eval] x is a constant",
            "# nosec B307 - x is a constant",
            "# noqa: S307 x is a constant",
            "# NOSONAR x is a constant",
        ]),
        place in 0..3,
    ) {
        let string = format!("{prefix}'''{before}{marker}{after}'''");
        let text = match place {
            0 => format!("eval({string} + x)\n"),
            1 => format!("{string}\neval(x)\n"),
            _ => format!("f({string}, eval(x))\n"),
        };
        let policy = policy("markers: [mergegate, nosec, noqa, nosemgrep, codeaudit]");
        let judged = judge(&text, &policy);
        prop_assert_eq!(judged.open().len(), 1);
        prop_assert!(judged.suppressions.is_empty());
    }
}

fn insert(bytes: &[u8], request: &Request<'_>, policy: &Policy) -> Result<Inserted, Refusal> {
    suppression::insert(bytes, request, &scanner(), policy, today())
}

/// Sources with the line of a finding of `eval`, and what becomes of them; `OK` is the comment.
const INSERTED: &[(&str, u32, &str)] = &[
    ("eval(x)\n", 1, "eval(x)  OK\n"),
    ("eval(x)", 1, "eval(x)  OK"),
    ("eval(x) \t\n", 1, "eval(x)  OK \t\n"),
    ("eval(x)\r\neval(y)\r\n", 2, "eval(x)\r\neval(y)  OK\r\n"),
    ("\u{feff}eval(x)\n", 1, "\u{feff}eval(x)  OK\n"),
    ("eval(x)  # type: ignore\n", 1, "eval(x)  # type: ignore  OK\n"),
    ("if y:\n    eval(x)\n", 2, "if y:\n    eval(x)  OK\n"),
    ("f(\n    eval(x),\n)\n", 2, "f(\n    eval(x),  OK\n)\n"),
    ("f(\n    eval(x),\n)\n", 3, "f(\n    eval(x),  OK\n)\n"),
    ("eval(x); eval(y)\n", 1, "eval(x); eval(y)  OK\n"),
    ("@eval(x)\ndef f(): pass\n", 1, "@eval(x)  OK\ndef f(): pass\n"),
    // A line that would become too long.
    ("LONG; eval(x)\n", 1, "OK\nLONG; eval(x)\n"),
    ("\u{feff}LONG; eval(x)\r\n", 1, "\u{feff}OK\r\nLONG; eval(x)\r\n"),
    ("if y:\n\tLONG; eval(x)", 2, "if y:\n\tOK\n\tLONG; eval(x)"),
    (
        "if y:\r\n  pass\r\nelif eval(x) and LONG: pass",
        3,
        "if y:\r\n  pass\r\nOK\r\nelif eval(x) and LONG: pass",
    ),
    ("y\r\nLONG; eval(x)", 2, "y\r\nOK\r\nLONG; eval(x)"),
    ("f(\n  1,\n  LONG, eval(x),\n)\n", 3, "OK\nf(\n  1,\n  LONG, eval(x),\n)\n"),
    ("@f\n@f(LONG, eval(x))\ndef f(): pass\n", 2, "OK\n@f\n@f(LONG, eval(x))\ndef f(): pass\n"),
    // No comment can stand in the line, or above it.
    ("eval(x) + \\\n  1\n", 1, "OK\neval(x) + \\\n  1\n"),
    ("eval('''\n''' + x)\n", 1, "OK\neval('''\n''' + x)\n"),
    ("'''\n'''; LONG; eval(x)\n", 2, "'''\n'''; LONG; eval(x)  OK\n"),
    ("y; \\\nLONG; eval(x)\n", 2, "y; \\\nLONG; eval(x)  OK\n"),
    // Only what was asked for.
    ("eval(x)\nLONG; eval(x)\n", 2, "eval(x)\nOK\nLONG; eval(x)\n"),
    ("if eval(x): eval(y); LONG\n", 1, "OK\nif eval(x): eval(y); LONG\n"),
];

#[test]
fn suppressions_are_written_in_the_right_place() {
    let policy = policy("");
    let request = |line| Request { check: "B307", line, reason: "x is a constant", until: None };
    let comment = "# mergegate: allow[eval] x is a constant";
    for (before, line, after) in INSERTED {
        let long = "a_name_of_".repeat(6);
        let [before, after] = [before, after].map(|text| text.replace("LONG", &long).replace("OK", comment));
        let inserted = insert(before.as_bytes(), &request(*line), &policy);
        let inserted = inserted.unwrap_or_else(|refusal| panic!("{before}: {refusal}"));
        assert_eq!(String::from_utf8(inserted.bytes).unwrap(), after);
        assert_eq!(inserted.comment, comment);
        let judged = judge(&after, &policy);
        assert_eq!(judged.suppressions[0].region.start.line, inserted.line, "{after}");
        assert_eq!(judged.said(), [""; 0], "{after}");
    }
}

#[test]
fn suppressions_are_written_in_the_encoding_of_the_file() {
    let bytes = b"# coding: latin-1\nname = '\xe9'; eval(name)\n";
    let mut request = Request { check: "eval", line: 2, reason: "name is a constant", until: None };
    let inserted = insert(bytes, &request, &policy("")).unwrap();
    let expected =
        b"# coding: latin-1\nname = '\xe9'; eval(name)  # mergegate: allow[eval] name is a constant\n";
    assert_eq!(inserted.bytes, expected);
    request.reason = "une donn\u{e9}e constante";
    let refusal = insert(bytes, &request, &policy("")).unwrap_err();
    assert_eq!(refusal, Refusal::ReasonNotAscii { encoding: "latin-1".into() });
    assert!(insert("eval('\u{e9}' + x)\n".as_bytes(), &Request { line: 1, ..request }, &policy("")).is_ok());
}

#[test]
fn suppressions_that_would_not_count_are_not_written() {
    let refusal = |text: &str, check, line, reason, rules| {
        let request = Request { check, line, reason, until: None };
        insert(text.as_bytes(), &request, &policy(rules)).unwrap_err().to_string()
    };
    let text = "y = 1\neval(x)\n";
    let good = "x is a constant";
    for (said, expected) in [
        (refusal(text, "eval", 2, "ok", ""), "`ok` is no reason: say why the code is safe where it stands"),
        (refusal(text, "eval", 2, "", ""), "gives no reason"),
        (refusal(text, "evil", 2, good, ""), "There is no check `evil`: did you mean `eval`?"),
        (refusal(text, "eval", 2, good, "never: eval"), "allows no exception from `eval`"),
        (refusal(text, "eval", 2, good, "never: { severity: high }"), "allows no exception from `eval`"),
        (refusal(text, "eval", 2, good, "require-ticket: SEC-1"), "names no ticket"),
        (refusal(text, "eval", 2, good, "max-days: 9"), "has no end"),
        (refusal(text, "eval", 2, good, "markers: nosec"), "does not count `# mergegate:` comments"),
        (refusal(text, "eval", 1, good, ""), "`eval` finds nothing in this line, but in 2"),
        (refusal(text, "eval", 9, good, ""), "`eval` finds nothing in this line, but in 2"),
        (refusal(text, "yaml-load", 2, good, ""), "`yaml-load` finds nothing in this file"),
        (refusal(text, "eval", 2, "a constant\nimport os", ""), "must be one line"),
        (refusal(text, "eval", 2, "a constant here # noqa", ""), "must be one line"),
        (refusal(text, "eval", 2, "a constant until=2027-01-01", ""), "must be one line"),
        (refusal(text, "eval", 2, "a constant \u{1b}[2J", ""), "cannot be seen"),
        (
            refusal("eval(x)  # mergegate: allow[eval] it is a constant", "eval", 1, good, ""),
            "line 1 justifies",
        ),
        (refusal("eval(\0)", "eval", 1, good, ""), "NUL"),
        (refusal("f('''\n'''); eval(x); f('''\n''')\n", "eval", 2, good, ""), "no comment can stand there"),
    ] {
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn an_end_is_written_too() {
    let until = suppression::date::parse("2027-03-31");
    let request = Request { check: "eval", line: 1, reason: "x is a constant", until };
    let inserted = insert(b"eval(x)", &request, &policy("")).unwrap();
    assert_eq!(inserted.bytes, b"eval(x)  # mergegate: allow[eval] x is a constant until=2027-03-31");
    let past = Request { until: suppression::date::parse("2020-03-31"), ..request };
    assert!(insert(b"eval(x)", &past, &policy("")).is_err());
}
