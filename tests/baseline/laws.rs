//! Laws that hold for any Python file, tried on real ones.
//!
//! `MERGEGATE_FILES=2000 cargo test --test baseline laws` tries them on more.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use mergegate::baseline::State;
use mergegate::check::{Check, Confidence, Detect, Severity};
use mergegate::checks;
use mergegate::scan::Scanner;
use proptest::prelude::*;
use ruff_python_ast::NodeKind;

use crate::change::{Version, word};
use crate::library;
use crate::rewrite::{Choice, REWRITES, module_statements as statements, reformat, rename_a_variable};

/// A check that fires so often that a mistake in the pairing has no place to hide.
pub static EVERYTHING: Check = Check {
    id: "everything",
    family: "test",
    summary: "",
    why: "",
    neglect: "",
    instead: "",
    cwe: &[],
    severity: Severity::High,
    aliases: &[],
    bad: &[],
    good: &[],
    detect: &[Detect::Node(
        &[
            NodeKind::ExprCall,
            NodeKind::ExprStringLiteral,
            NodeKind::ExceptHandlerExceptHandler,
            NodeKind::Parameter,
            NodeKind::StmtAssert,
            NodeKind::Alias,
        ],
        |node, hits| hits.at(node.node, Confidence::High),
    )],
};

/// The files, and a scanner for all checks there are.
struct Library {
    scanner: Scanner,
    files: Vec<(PathBuf, String)>,
}

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library {
    scanner: Scanner::new(checks::all().chain([&EVERYTHING])),
    files: library::files(100),
});

impl Library {
    fn scan(&self, path: &str, text: &str) -> Version {
        Version::scan(&self.scanner, path, text)
    }

    /// The first so many files, each with its number.
    fn some(&self, share: usize) -> impl Iterator<Item = (u64, &Path, &str)> {
        let count = self.files.len() / share;
        (0..).zip(&self.files[..count]).map(|(i, (path, text))| (i, path.as_path(), text.as_str()))
    }
}

/// Fails if a finding of the rewritten file counts as new.
fn expect_nothing_new(what: &str, path: &Path, base: &Version, head: &str) {
    let (states, _) = base.followed_by(&LIBRARY.scan("a.py", head));
    let new = states.iter().filter(|state| counts_as_new(state)).count();
    if new > 0 {
        let folder = std::env::temp_dir();
        std::fs::write(folder.join("head.py"), head).unwrap();
        let (path, all) = (path.display(), states.len());
        panic!("{what}: {new} of {all} findings of {path} are new; see head.py in {}", folder.display());
    }
}

fn counts_as_new(state: &State) -> bool {
    matches!(state, State::New | State::Updated { risen: true })
}

#[test]
fn no_rewriting_introduces_a_finding() {
    for (i, path, text) in LIBRARY.some(1) {
        let base = LIBRARY.scan("a.py", text);
        for (name, rewrite) in REWRITES {
            expect_nothing_new(name, path, &base, &rewrite(text, &mut Choice::new(i)));
        }
        let renamed = rename_a_variable(text, &mut Choice::new(i));
        expect_nothing_new("rename a variable", path, &base, &renamed);
    }
}

#[test]
fn layout_changes_nothing_at_all() {
    for (i, path, text) in LIBRARY.some(3) {
        let head = LIBRARY.scan("a.py", &reformat(text, &mut Choice::new(i + 1000)));
        let (states, fixed) = LIBRARY.scan("a.py", text).followed_by(&head);
        let changed: Vec<String> = states.iter().map(word).filter(|word| word != "unchanged").collect();
        assert_eq!((changed, fixed), (vec![], 0), "{}", path.display());
    }
}

#[test]
fn renaming_a_file_introduces_no_finding() {
    for (_, path, text) in LIBRARY.some(5) {
        let (states, fixed) = LIBRARY.scan("a.py", text).followed_by(&LIBRARY.scan("b.py", text));
        assert!(states.iter().all(|state| word(state) == "unchanged from a.py"), "{}", path.display());
        assert_eq!(fixed, 0);
    }
}

#[test]
fn taking_code_away_introduces_no_finding() {
    for (i, path, text) in LIBRARY.some(3) {
        let mut choice = Choice::new(i);
        let kept = statements(text).into_iter().filter(|_| !choice.once_in(3));
        let head: String = kept.collect();
        let scanner = Scanner::new([&EVERYTHING]);
        // Without an import or a definition a name can mean something else, which real checks see.
        let base = Version::scan(&scanner, "a.py", text);
        let (states, _) = base.followed_by(&Version::scan(&scanner, "a.py", &head));
        assert!(!states.iter().any(counts_as_new), "{}", path.display());
    }
}

#[test]
fn what_is_added_is_new_and_nothing_else() {
    let scanner = Scanner::new([&EVERYTHING]);
    for (i, path, text) in LIBRARY.some(3) {
        let statements = statements(text);
        let mut choice = Choice::new(i);
        let copied = choice.of(&statements);
        let (before, after) = statements.split_at(choice.below(statements.len()));
        let head = Version::scan(&scanner, "a.py", &(before.concat() + &copied + &after.concat()));
        let (states, fixed) = Version::scan(&scanner, "a.py", text).followed_by(&head);
        let new = states.iter().filter(|state| counts_as_new(state)).count();
        let copies = Version::scan(&scanner, "a.py", &copied).count();
        assert_eq!((new, fixed), (copies, 0), "{} with a copy of\n{copied}", path.display());
    }
}

/// `MERGEGATE_FORMATTERS` names the folder of the programs `black` and `ruff`.
#[test]
#[ignore = "needs black and ruff"]
fn formatters_introduce_no_finding() {
    let programs = PathBuf::from(std::env::var_os("MERGEGATE_FORMATTERS").expect("a folder of programs"));
    for (program, arguments) in [("black", &["--quiet", "--fast"][..]), ("ruff", &["format", "--quiet"])] {
        let folder = tempfile::tempdir().unwrap();
        let copy = |i: u64| folder.path().join(format!("{i}.py"));
        LIBRARY.some(1).for_each(|(i, _, text)| std::fs::write(copy(i), text).unwrap());
        let mut command = std::process::Command::new(programs.join(program));
        command.args(arguments).arg("--line-length=70").arg(folder.path()).status().unwrap();
        let mut changed = 0;
        for (i, path, text) in LIBRARY.some(1) {
            let head = std::fs::read_to_string(copy(i)).unwrap();
            changed += usize::from(head != *text);
            expect_nothing_new(program, path, &LIBRARY.scan("a.py", text), &head);
        }
        assert!(changed > LIBRARY.files.len() / 2, "{program} changed {changed} files");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_rewritings_introduces_a_finding(
        file in any::<prop::sample::Index>(),
        steps in prop::collection::vec((0..REWRITES.len(), any::<u64>()), 1..4),
    ) {
        let (path, text) = file.get(&LIBRARY.files);
        let mut names = Vec::new();
        let head = steps.iter().fold(text.clone(), |text, (rewrite, seed)| {
            let (name, rewrite) = REWRITES[*rewrite];
            names.push(name);
            rewrite(&text, &mut Choice::new(*seed))
        });
        expect_nothing_new(&names.join(", then "), path, &LIBRARY.scan("a.py", text), &head);
    }

    #[test]
    fn any_two_files_can_be_compared(
        one in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
    ) {
        let scan = |file: prop::sample::Index| LIBRARY.scan("a.py", &file.get(&LIBRARY.files).1);
        let (base, head) = (scan(one), scan(other));
        let (states, fixed) = base.followed_by(&head);
        prop_assert_eq!(states.len(), head.count());
        let paired = states.iter().filter(|state| **state != State::New).count();
        prop_assert_eq!(paired + fixed, base.count());
    }
}
