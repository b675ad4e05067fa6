//! Checks that a policy declares: what they find, and what is said of their examples.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use mergegate::analysis::Analyser;
use mergegate::check::Confidence;
use mergegate::path::FilePath;
use mergegate::policy::Policy;
use mergegate::scan;
use mergegate::suppression::Date;

/// A policy with one check that looks for this.
fn policy(looks_for: &str) -> Policy {
    let text = format!(
        "version: 1\nchecks:\n  - id: acme-test\n    severity: high\n    message: found\n    bad: x\n    good: y\n    {}\n",
        looks_for.replace('\n', "\n    ")
    );
    Policy::parse("policy.yml", &text, &|_| Err("no files".into()))
        .unwrap_or_else(|error| panic!("{}", error.render(false, true)))
}

/// The confidence of each finding of that check.
fn found(looks_for: &str, source: &str) -> Vec<Confidence> {
    let policy = policy(looks_for);
    let analysis =
        Analyser::new(&policy, Date::ZERO).analyse(&FilePath::from_bytes("a.py"), source.as_bytes());
    assert_eq!(analysis.problem, None, "{source}");
    let own = analysis.findings.iter().filter(|finding| finding.check.id == "acme-test");
    own.map(|finding| finding.confidence).collect()
}

#[test]
fn conditions_hold_as_surely_as_the_source_shows() {
    use Confidence::{High, Medium};
    let falsy = "call: acme.get\nwhen: { arg: { name: verify, is: [false, null] } }";
    let not_true = "call: acme.get\nwhen: { arg: { name: verify, is-not: true } }";
    let without = "call: acme.get\nwhen: { arg: { name: timeout, absent: true } }";
    let given = "call: acme.get\nwhen: { arg: { name: timeout, absent: false } }";
    let second = "call: acme.get\nwhen: { arg: { position: 1, is: \"GET\" } }";
    let either = "call: acme.get\nwhen: { arg: { name: mode, position: 0, is: 0o777 } }";
    let both = "call: acme.get\nwhen: [{ arg: { name: a, is: 1 } }, { arg: { name: b, is-not: 2 } }]";
    for (looks_for, arguments, expected) in [
        (falsy, "verify=False", Some(High)),
        (falsy, "verify=None", Some(High)),
        (falsy, "verify=0", Some(High)),
        (falsy, "verify=0.0", Some(High)),
        (falsy, "verify=not 1", Some(High)),
        (falsy, "**{'ver' + 'ify': False}", Some(High)),
        (falsy, "verify=True if x else False", Some(Medium)),
        (falsy, "verify=''", None),
        (falsy, "verify=True", None),
        (falsy, "verify=x", None),
        (falsy, "**x", None),
        (falsy, "", None),
        (not_true, "verify=False", Some(High)),
        (not_true, "", Some(High)),
        (not_true, "verify=x", Some(Medium)),
        (not_true, "**x", Some(Medium)),
        (not_true, "verify=True if x else False", Some(Medium)),
        (not_true, "verify=1", None),
        (not_true, "verify=True", None),
        (without, "", Some(High)),
        (without, "1, verify=True", Some(High)),
        (without, "timeout=None", None),
        (without, "**x", None),
        (given, "timeout=x", Some(High)),
        (given, "", None),
        (given, "**x", None),
        (second, "x, 'G' + 'ET'", Some(High)),
        (second, "'GET'", None),
        (second, "*x", None),
        (either, "511", Some(High)),
        (either, "mode=0o777", Some(High)),
        (either, "mode=0o700", None),
        (both, "a=1", Some(High)),
        (both, "a=True, b=x", Some(Medium)),
        (both, "a=1, b=2", None),
        (both, "b=1", None),
    ] {
        let source = format!("import acme\nacme.get({arguments})\n");
        let expected: Vec<Confidence> = expected.into_iter().collect();
        assert_eq!(found(looks_for, &source), expected, "{looks_for}\n{source}");
    }
}

#[test]
fn names_mean_what_they_mean_to_built_in_checks() {
    for (looks_for, source) in [
        ("call: acme.auth.login", "from acme import auth as a\nlist(map(a.login, users))\n"),
        ("call: acme.auth.login", "import functools, acme.auth\nfunctools.partial(acme.auth.login, 1)()\n"),
        ("call: acme.auth.login", "getattr(__import__('acme.auth').auth, 'log' + 'in')()\n"),
        ("call: acme.Client().login", "import acme\nclient = acme.Client()\nclient.login()\n"),
        ("call: \"*.login\"", "def f(client):\n    client.login()\n"),
        ("call: posix.system", "import os\nos.system(x)\n"),
        ("call: open", "open(path)\n"),
        ("reference: acme.SECRET", "import acme\nprint(acme.SECRET)\n"),
        ("reference: acme.Client().token", "import acme\nprint(acme.Client().token)\n"),
        ("import: acme.old", "import acme.old.part\n"),
        ("import: acme.old", "def f():\n    from acme import old as new\n"),
    ] {
        assert_eq!(found(looks_for, source), [Confidence::High], "{looks_for}\n{source}");
    }
    for (looks_for, source) in [
        ("call: acme.login", "def login(): ...\nlogin()\n"),
        ("call: \"*.login\"", "class Client:\n    def login(self): ...\nClient().login()\n"),
        ("call: \"*.login\"", "login()\n"),
        ("reference: acme.SECRET", "from acme import SECRETS\nprint(SECRETS)\n"),
        ("import: acme.old", "import acme.older\n"),
    ] {
        assert_eq!(found(looks_for, source), [], "{looks_for}\n{source}");
    }
}

#[test]
fn examples_are_tried() {
    let text = include_str!("../fixtures/policy/custom-check-examples.yml");
    let policy = Policy::parse("custom-check-examples.yml", text, &|_| Err("no files".into())).unwrap();
    let error = policy.try_examples(&scan::fires).unwrap_err();
    insta::assert_snapshot!(error.render(false, true));
    for check in ["custom-check.yml", "example.yml"] {
        let text = std::fs::read_to_string(format!("fixtures/policy/{check}")).unwrap();
        let policy = Policy::parse(check, &text, &|_| Ok("version: 1".into())).unwrap();
        if let Err(error) = policy.try_examples(&scan::fires) {
            panic!("{}", error.render(false, true));
        }
    }
}
