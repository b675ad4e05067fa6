//! Checks in words: from the one value that declares a check to Markdown and to a terminal.

use serde_json::{Value, json};

use crate::check::Check;
use crate::checks::Family;
use crate::markdown::{code, code_block, prose};
use crate::terminal::{NAME, PASS, STRONG, Terminal, WARN};

/// How far the text below a title is indented.
const INDENT: usize = 4;

/// What there is to know about a check, as Markdown without a heading.
pub fn markdown(check: &Check) -> String {
    let mut out = format!("{}\n\n", prose(check.summary));
    for (title, text) in paragraphs(check) {
        out.push_str(&format!("**{title}.** {}\n\n", prose(text)));
    }
    for (title, example) in examples(check) {
        out.push_str(&format!("**{title}:**\n\n{}\n", code_block("python", example)));
    }
    out.push_str(&format!(
        "**To justify an exception,** say in a comment on its line why it is safe there: {}\n\n",
        code(&justification(check))
    ));
    let cwe: Vec<String> = check.cwe.iter().map(|&number| cwe_link(number)).collect();
    out.push_str(&format!("Severity {} · {} · family `{}`", check.severity, cwe.join(", "), check.family));
    if !check.aliases.is_empty() {
        let aliases: Vec<String> = check.aliases.iter().map(|alias| code(alias)).collect();
        out.push_str(&format!(" · elsewhere {}", aliases.join(", ")));
    }
    out.push('\n');
    out
}

/// The same for a terminal.
pub fn terminal(check: &Check, terminal: Terminal) -> String {
    let title = format!("{}: ", check.id);
    let wrapped = terminal.wrap(&title, INDENT, check.summary);
    let mut out = format!("{}{}\n", terminal.paint(STRONG, check.id), &wrapped[check.id.len()..]);
    for (title, text) in paragraphs(check) {
        section(&mut out, &terminal.paint(STRONG, title), &indented(terminal, text));
    }
    for ((title, example), style) in examples(check).zip([WARN, PASS]) {
        let lines: String = example.lines().map(|line| format!("    {}\n", terminal.safe(line))).collect();
        section(&mut out, &terminal.paint(style, title), &lines);
    }
    let comment = terminal.paint(NAME, &justification(check));
    section(
        &mut out,
        &terminal.paint(STRONG, "To justify an exception, on its line"),
        &format!("    {comment}\n"),
    );
    let cwe: Vec<String> = check.cwe.iter().map(|number| format!("CWE-{number}")).collect();
    let facts = format!("{} severity, {}, family {}", check.severity, cwe.join(", "), check.family);
    section(&mut out, &terminal.paint(STRONG, "Facts"), &indented(terminal, &facts));
    if !check.aliases.is_empty() {
        let aliases = indented(terminal, &check.aliases.join(", "));
        section(&mut out, &terminal.paint(STRONG, "What other tools call it"), &aliases);
    }
    out
}

fn section(out: &mut String, title: &str, text: &str) {
    out.push_str(&format!("\n{title}\n{text}"));
}

fn indented(terminal: Terminal, text: &str) -> String {
    terminal.wrap("    ", INDENT, text) + "\n"
}

/// The family of the checks that a policy declares, if it declares any.
pub fn own_family(checks: &'static [Check]) -> Option<Family> {
    let id = checks.first()?.family;
    Some(Family { id, title: "Checks of the policy", checks })
}

fn checks_of<'f>(families: &'f [&Family]) -> impl Iterator<Item = &'static Check> + 'f {
    families.iter().flat_map(|family| family.checks)
}

/// All checks by family, for a terminal: id, severity, CWE, and what other tools call it.
pub fn table(families: &[&Family], terminal: Terminal) -> String {
    let width = checks_of(families).map(|check| check.id.len()).max().unwrap_or_default();
    let mut out = String::new();
    for family in families {
        out.push_str(&format!("{} (family:{})\n", terminal.paint(STRONG, family.title), family.id));
        for check in family.checks {
            let cwe: Vec<String> = check.cwe.iter().map(|number| format!("CWE-{number}")).collect();
            let first = format!("  {:width$}  {:8}  ", check.id, check.severity);
            let aliases: Vec<&str> = check.aliases.iter().map(|alias| bare(alias)).collect();
            out.push_str(&terminal.wrap(
                &first,
                first.len(),
                &format!("{}  {}", cwe.join(" "), aliases.join(" ")),
            ));
            out.push('\n');
        }
        out.push('\n');
    }
    out.push_str(&format!(
        "{} checks in {} families. More: mergegate explain CHECK\n",
        checks_of(families).count(),
        families.len()
    ));
    out
}

/// All checks, for programs.
pub fn json(families: &[&Family]) -> String {
    let checks: Vec<Value> = checks_of(families)
        .map(|check| {
            json!({
                "id": check.id,
                "family": check.family,
                "severity": check.severity,
                "cwe": check.cwe,
                "aliases": check.aliases,
                "summary": check.summary,
                "why": check.why,
                "neglect": check.neglect,
                "instead": check.instead,
                "bad": check.bad,
                "good": check.good,
            })
        })
        .collect();
    format!("{:#}\n", Value::from(checks))
}

/// The page that documents all checks, `docs/checks.md`.
pub fn page(families: &[&Family]) -> String {
    let mut out = String::from(
        "# Checks\n\n<!-- Made from the code by `UPDATE_DOCS=1 cargo test --test docs`: do not edit. -->\n\n",
    );
    out.push_str(&format!(
        "There are {} checks in {} families. `mergegate explain CHECK` says the same in a terminal, by any of the \
         names that a check has.\n\n",
        checks_of(families).count(),
        families.len()
    ));
    for family in families {
        let anchors: Vec<String> =
            family.checks.iter().map(|check| format!("[`{0}`](#{0})", check.id)).collect();
        out.push_str(&format!("- **{}** (`family:{}`): {}\n", family.title, family.id, anchors.join(", ")));
    }
    for family in families {
        out.push_str(&format!("\n## {}\n", family.title));
        for check in family.checks {
            out.push_str(&format!("\n### {}\n\n{}", check.id, markdown(check)));
        }
    }
    out
}

/// An alias without its tool.
fn bare(alias: &str) -> &str {
    alias.split_once(':').map_or(alias, |(_, name)| name)
}

/// The prose of a check, with its titles.
fn paragraphs(check: &Check) -> [(&'static str, &'static str); 3] {
    [
        ("Why it is a risk", check.why),
        ("When it may be accepted", check.neglect),
        ("What to write instead", check.instead),
    ]
}

/// A bad and a good example, with their titles.
fn examples(check: &Check) -> impl Iterator<Item = (&'static str, &'static str)> {
    let bad = check.bad.first().map(|example| ("This is found", *example));
    let good = check.good.first().map(|example| ("This is fine", *example));
    bad.into_iter().chain(good)
}

fn justification(check: &Check) -> String {
    format!("# mergegate: allow[{}] why it is safe here", check.id)
}

fn cwe_link(number: u16) -> String {
    format!("[CWE-{number}](https://cwe.mitre.org/data/definitions/{number}.html)")
}
