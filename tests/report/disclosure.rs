//! `disclosure: counts`: what the public reads says how many findings there are, and not where.

use mergegate::policy::Action;
use mergegate::report::{self, Format, Options, render};
use mergegate::verdict::{Remark, Verdict};

use crate::verdicts::{Change, options};

/// Words that stand in the repository and nowhere else.
const PRIVATE: &[&str] = &[
    "hushed",
    "Secluded",
    "clandestine",
    "covert",
    "undercover",
    "furtive",
    ":4321",
    "line 4321",
    "line=4321",
];

fn verdict(disclosure: &str) -> Verdict {
    let padding = "\n".repeat(4_319);
    let source = format!(
        "{padding}class Secluded:\n    x = eval(clandestine)\neval(covert)  # mergegate: allow[eval] undercover is safe\n\
         eval('1')\n"
    );
    let broken = format!("{padding}\nx = (\n");
    let mut verdict = Change::new(&format!("disclosure: {disclosure}\n"))
        .adds("src/hushed.py", source)
        .adds("src/hushed_too.py", broken)
        .judge();
    verdict.remarks.push(Remark {
        id: "new-suppression",
        path: Some(verdict.results[0].path.clone()),
        at: Some(verdict.results[0].finding.region.start),
        message: "This change justifies eval: furtive".to_owned(),
        action: Action::Warn,
    });
    verdict
}

fn leaks(shown: &str) -> Vec<&'static str> {
    PRIVATE.iter().copied().filter(|word| shown.contains(word)).collect()
}

#[test]
fn counts_leak_nothing() {
    let verdict = verdict("counts");
    for verbose in [false, true] {
        let options = Options { verbose, ..options() };
        for format in Format::ALL.into_iter().filter(|format| format.is_public()) {
            let shown = String::from_utf8(render(format, &verdict, &options)).unwrap();
            assert_eq!(leaks(&shown), [""; 0], "{format}:\n{shown}");
            assert!(shown.contains("eval") && shown.contains("block"), "{format}:\n{shown}");
        }
        assert_eq!(leaks(&report::github_summary(&verdict, &options)), [""; 0]);
        assert_eq!(leaks(&report::github_outputs(&verdict, None)), [""; 0]);
    }
}

#[test]
fn reports_for_the_few_tell_everything() {
    let verdict = verdict("counts");
    for format in [Format::Json, Format::Sarif, Format::Html] {
        let shown = String::from_utf8(render(format, &verdict, &options())).unwrap();
        for word in ["hushed", "Secluded", "clandestine", "covert", "undercover", "furtive", "4321"] {
            assert!(shown.contains(word), "{format} does not tell {word}");
        }
    }
}

#[test]
fn without_it_the_public_reads_where() {
    let verdict = verdict("full");
    for format in Format::ALL.into_iter().filter(|format| format.is_public()) {
        let shown = String::from_utf8(render(format, &verdict, &options())).unwrap();
        assert!(leaks(&shown).contains(&"hushed"), "{format}:\n{shown}");
    }
}
