//! Any bytes, as a policy.

use mergegate::check::{Confidence, Severity};
use mergegate::checks;
use mergegate::escape::is_deceptive;
use mergegate::path::FilePath;
use mergegate::policy::{self, Action, Policy};

/// It is a policy or it has mistakes that a person can be shown; a policy comes to the same as itself, and never
/// decides anything for a check that it does not run.
pub fn hold(bytes: &[u8]) {
    let other = |_: &policy::ExtendsSource| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if bytes.len().is_multiple_of(2) { Ok(text) } else { Err("there is none".to_owned()) }
    };
    match Policy::from_bytes(".mergegate.yml", bytes, &other) {
        Ok(policy) => expect_sound(&policy),
        Err(error) => {
            for ascii in [false, true] {
                let shown = error.render(false, ascii);
                assert!(shown.contains("help") && shown.ends_with('\n'), "{shown}");
                let deceptive = shown.chars().find(|&c| c != '\n' && is_deceptive(c));
                assert_eq!(deceptive, None, "{shown}");
            }
            assert!(!error.to_string().contains('\n'));
        }
    }
}

fn expect_sound(policy: &Policy) {
    assert_eq!(policy::difference(policy, policy), Vec::<String>::new());
    policy::table(policy);
    policy::settings(policy);
    let paths = ["a.py", "tests/test_a.py", "x/y/z.ipynb", ".mergegate.yml"].map(FilePath::from_bytes);
    for path in &paths {
        assert_eq!(policy.selects_path(path), policy.include.matches(path) && !policy.exclude.matches(path));
    }
    for check in checks::all().step_by(7) {
        let enabled = policy.enabled(check);
        for severity in Severity::ALL {
            for confidence in Confidence::ALL {
                for path in &paths {
                    let decision = policy.decide(check, severity, confidence, path);
                    assert!(enabled || decision.action == Action::Off, "{} is not run", check.id);
                    assert!(confidence >= policy.min_confidence || decision.action == Action::Off);
                }
            }
        }
    }
}
