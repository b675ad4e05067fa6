//! A repository whose author wants to be read as something else than text: in its file names, its source, its
//! reasons, and wherever else a text of it reaches a report.

use std::sync::LazyLock;

use mergegate::escape;
use mergegate::policy::{Action, Disclosure};
use mergegate::report::{self, Format, render};
use mergegate::terminal::Terminal;
use mergegate::verdict::{Justification, Remark, Subject, Verdict};
use pulldown_cmark::{Event, Parser, Tag};
use serde_json::Value;

use crate::verdicts::{Change, options};

/// What the hostile author writes. Each is a file name, a string in the source, a reason, a remark, a policy.
pub const ATTACKS: &[&str] = &[
    "\n::set-output name=verdict::passed\n",
    "::error file=x::y",
    " ::stop-commands::token",
    "##[add-mask]e",
    "a ##vso[task.setvariable variable=x]y",
    "###[group]x",
    "\x1b[2J\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "\u{9b}31mred",
    "\r\u{8}\u{7f}overwritten",
    "\u{202e}reversed\u{2066}isolated\u{200b}hidden\u{feff}",
    "</code></pre><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)\" '",
    "]]><x/>",
    "&lt;b&gt; &amp; &#0;",
    "` **bold** `` @everyone ``` <b>x</b>",
    "```\n# heading\n\n- [x](http://evil.example)\n~~~",
    "@everyone #1 !1 https://evil.example www.evil.example user@evil.example",
    "[click](http://evil.example) ![x](http://evil.example/x.png) [a]: http://evil.example",
    "| a | b |\n|---|---|\n",
    "${{ github.token }} $(id) `id` %0A::error::x {0} {{x}}",
    "\\` \\| \\\\ \\",
    "\u{fffe}\u{ffff}\u{e0041}\u{1f600}",
    "MERGEGATE\nverdict=passed\nMERGEGATE",
];

/// A verdict on files in which the attack is everywhere.
pub fn hostile(attack: &str) -> Verdict {
    let escaped: String = attack.chars().map(|c| if "\n\r'\\".contains(c) { ' ' } else { c }).collect();
    let source = format!(
        "if x:\n    y = '{escaped}', eval(z)\nf(eval(x), '''\n{}\n''')\nos = [\n'{escaped}',\neval(a), '{escaped}'\n]\n\
         eval(b)  # mergegate: allow[eval] {escaped} and some more words\n",
        attack.replace('\\', "/").replace("'", "\"")
    );
    let path = format!("src/{attack}.py");
    let mut bytes = path.clone().into_bytes();
    bytes.extend(b"\xff\xfe");
    let mut verdict = Change::new("")
        .adds(attack, source.clone())
        .adds(path, source)
        .adds(bytes, "eval(x)\neval(\n")
        .judge();
    assert!(verdict.results.len() >= 6, "{attack:?}: {}", verdict.results.len());
    let remark = |action| Remark {
        id: "new-suppression",
        path: Some(verdict.results[0].path.clone()),
        at: None,
        message: format!("This change justifies `x`: {attack}"),
        action,
    };
    verdict.remarks = [Action::Block, Action::Warn, Action::Off].map(remark).into();
    for file in &mut verdict.unscannable {
        file.reason = format!("it holds {attack}");
    }
    for judged in &mut verdict.results {
        judged.finding.message = format!("{} `{attack}` is `eval` here.", judged.finding.message);
        judged.finding.definition = attack.to_owned();
        judged.rule = format!("{attack}:1");
    }
    if let Some(judged) = verdict.results.last_mut() {
        judged.justification = Some(Justification { reason: attack.to_owned(), line: 1, new: true });
        judged.blocks = false;
    }
    verdict.policy = format!("{attack}.yml");
    verdict.subject = Subject::Tree(vec![attack.to_owned(); 9]);
    verdict
}

struct Report {
    format: Format,
    shown: String,
    attack: &'static str,
    verdict: Verdict,
}

/// Every report on every attack, for a reader who is told everything and one who is told counts.
static REPORTS: LazyLock<Vec<Report>> = LazyLock::new(|| {
    let mut reports = Vec::new();
    for attack in ATTACKS {
        let mut verdict = hostile(attack);
        for disclosure in [Disclosure::Full, Disclosure::Counts] {
            verdict.disclosure = disclosure;
            let mut report = |format, shown| {
                reports.push(Report { format, shown, attack, verdict: verdict.clone() });
            };
            let options = report::Options { verbose: true, ..options() };
            for format in Format::ALL {
                report(format, String::from_utf8(render(format, &verdict, &options)).unwrap());
            }
            report(Format::Markdown, report::github_summary(&verdict, &options));
            let terminal = Terminal { ascii: true, ..options.terminal };
            let ascii = report::Options { terminal, ..options };
            report(Format::Text, String::from_utf8(render(Format::Text, &verdict, &ascii)).unwrap());
        }
    }
    reports
});

fn each(check: impl Fn(Format, &str, &str, &Verdict)) {
    for Report { format, shown, attack, verdict } in REPORTS.iter() {
        check(*format, shown, attack, verdict);
    }
}

#[test]
fn no_character_steers_or_deceives() {
    each(|format, shown, attack, _| {
        let found = shown.chars().find(|&c| c != '\n' && mergegate::escape::is_deceptive(c));
        assert_eq!(found, None, "{format}: {attack:?}");
    });
}

#[test]
fn in_colour_the_only_escapes_are_colours() {
    for attack in ATTACKS {
        let terminal = Terminal { color: true, ..options().terminal };
        let options = report::Options { terminal, verbose: true, ..options() };
        let shown = String::from_utf8(render(Format::Text, &hostile(attack), &options)).unwrap();
        for escape in shown.split('\u{1b}').skip(1) {
            let colour =
                escape.strip_prefix('[').and_then(|rest| rest.split_once('m')).map(|(colour, _)| colour);
            let is_colour = |colour: &str| colour.chars().all(|c| c.is_ascii_digit() || c == ';');
            assert!(colour.is_some_and(is_colour), "{attack:?}: {escape}");
        }
    }
}

#[test]
fn no_line_is_a_command_for_the_log_of_a_ci_system() {
    each(|format, shown, attack, verdict| {
        for line in shown.lines().map(str::trim_start) {
            for marker in line.match_indices("##").map(|(at, _)| &line[at + 2..]) {
                let name = marker.trim_start_matches(char::is_alphabetic);
                assert!(!name.starts_with('['), "{format}: {attack:?}: {line}");
            }
            assert!(format == Format::Github || !line.starts_with("::"), "{format}: {attack:?}: {line}");
        }
        if format == Format::Github {
            assert_annotations(shown, attack, verdict);
        }
    });
}

/// One command for each finding and remark, or for each check, and none that the author made.
fn assert_annotations(shown: &str, attack: &str, verdict: &Verdict) {
    let paths = verdict.results.iter().map(|judged| &judged.path);
    let paths = paths.chain(verdict.unscannable.iter().map(|file| &file.path));
    let paths: Vec<String> = paths.map(|path| escape::visible_in_log(&path.to_string())).collect();
    let commands: Vec<&str> = shown.lines().filter(|line| line.contains("::")).collect();
    for command in &commands {
        let (properties, _) = command[2..].split_once("::").unwrap();
        let (level, properties) = properties.split_once(' ').unwrap();
        assert!(["error", "warning", "notice"].contains(&level), "{attack:?}: {command}");
        for property in properties.split(',') {
            let (name, value) = property.split_once('=').unwrap();
            let known = ["title", "file", "line", "endLine", "col", "endColumn"];
            assert!(known.contains(&name), "{attack:?}: {command}");
            if name == "file" {
                let value = value.replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
                assert!(paths.contains(&value), "{attack:?}: {value}");
            }
        }
    }
    if verdict.disclosure == Disclosure::Full {
        let counts = verdict.counts();
        let errors = counts.blocking + verdict.unscannable.len() + 1;
        let warnings = counts.warnings + 1;
        assert_eq!(commands.len(), errors.min(10) + warnings.min(10) + 1, "{attack:?}: {shown}");
    }
}

#[test]
fn the_outputs_of_a_step_cannot_be_forged() {
    for attack in ATTACKS {
        let outputs = report::github_outputs(&hostile(attack), Some(attack));
        let (plain, sarif) = outputs.split_once("sarif<<").unwrap();
        assert_eq!(plain.lines().count(), 8, "{attack:?}");
        assert!(plain.starts_with("verdict=blocked\n"), "{attack:?}");
        let (delimiter, value) = sarif.split_once('\n').unwrap();
        let end = value.find(&format!("\n{delimiter}\n")).unwrap();
        assert_eq!(&value[..end], *attack);
        assert_eq!(&value[end..], format!("\n{delimiter}\n"), "{attack:?}");
    }
}

#[test]
fn json_gives_back_what_the_source_holds() {
    each(|format, shown, attack, verdict| {
        let is_json = |format| {
            matches!(
                format,
                Format::Json
                    | Format::Sarif
                    | Format::SarifGithub
                    | Format::GitlabCodequality
                    | Format::GitlabSast
            )
        };
        if !is_json(format) {
            return;
        }
        let value: Value =
            serde_json::from_str(shown).unwrap_or_else(|error| panic!("{format}: {attack:?}: {error}"));
        if format == Format::Json {
            let reasons: Vec<&str> = value["findings"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|it| it["justification"]["reason"].as_str())
                .collect();
            assert!(reasons.contains(&attack), "{attack:?}: {reasons:?}");
            let uris =
                value["findings"].as_array().unwrap().iter().map(|it| it["path"]["uri"].as_str().unwrap());
            assert!(uris.zip(&verdict.results).all(|(uri, judged)| uri == judged.path.to_uri()));
        }
    });
}

#[test]
fn sarif_messages_hold_no_links() {
    each(|format, shown, attack, _| {
        if matches!(format, Format::Sarif | Format::SarifGithub) {
            let log: Value = serde_json::from_str(shown).unwrap();
            for result in log["runs"][0]["results"].as_array().unwrap() {
                let text = result["message"]["text"].as_str().unwrap();
                assert!(!text.contains("]("), "{format}: {attack:?}: {text}");
                assert!(text.chars().count() <= 1024);
                let uri =
                    result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
                assert!(!uri.contains(':') && uri.is_ascii(), "{format}: {uri}");
            }
        }
    });
}

/// Every `<` begins an element that the report itself writes, with attributes that it writes.
fn assert_markup(shown: &str, elements: &[&str], attributes: &[&str], attack: &str) {
    for piece in shown.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("{attack:?}: <{piece}"));
        let mut words = tag.trim_end_matches('/').split(' ');
        let name = words.next().unwrap().trim_start_matches('/');
        assert!(elements.contains(&name), "{attack:?}: <{tag}>");
        for (at, part) in tag.split('"').enumerate() {
            // Outside of quotes there are names of attributes only.
            let names =
                if at == 0 { part.trim_start_matches(['/', '?']).trim_start_matches(name) } else { part };
            if at % 2 == 0 {
                for word in names.split([' ', '=', '/', '?']).filter(|word| !word.is_empty()) {
                    assert!(attributes.contains(&word), "{attack:?}: {word:?} in <{tag}>");
                }
            }
        }
        for entity in text.split('&').skip(1) {
            let name = entity.split(';').next().unwrap();
            assert!(["amp", "lt", "gt", "quot", "#39", "#35"].contains(&name), "{attack:?}: &{entity}");
        }
    }
}

#[test]
fn html_has_no_element_of_the_author() {
    let elements = [
        "!doctype",
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "a",
        "header",
        "h1",
        "h2",
        "h3",
        "p",
        "figure",
        "figcaption",
        "svg",
        "text",
        "rect",
        "fieldset",
        "legend",
        "label",
        "input",
        "main",
        "section",
        "article",
        "div",
        "span",
        "pre",
        "mark",
        "code",
        "details",
        "summary",
        "strong",
        "dl",
        "dt",
        "dd",
    ];
    let attributes = [
        "html",
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "href",
        "viewBox",
        "role",
        "aria-label",
        "x",
        "y",
        "width",
        "height",
        "type",
        "id",
        "checked",
        "tabindex",
        "open",
    ];
    each(|format, shown, attack, _| {
        if format == Format::Html {
            let (head, body) = shown.split_once("<style>").unwrap();
            let (_, body) = body.split_once("</style>").unwrap();
            assert_markup(head, &elements, &attributes, attack);
            assert_markup(body, &elements, &attributes, attack);
        }
    });
}

#[test]
fn junit_has_no_element_of_the_author() {
    let elements = ["?xml", "testsuites", "testsuite", "testcase", "failure", "skipped", "system-out"];
    let attributes = [
        "xml",
        "version",
        "encoding",
        "name",
        "classname",
        "tests",
        "failures",
        "errors",
        "skipped",
        "message",
    ];
    each(|format, shown, attack, _| {
        if format == Format::Junit {
            assert_markup(shown, &elements, &attributes, attack);
        }
    });
}

#[test]
fn in_markdown_the_author_writes_only_code() {
    each(|format, shown, attack, _| {
        if format != Format::Markdown {
            return;
        }
        let extensions =
            pulldown_cmark::Options::ENABLE_TABLES | pulldown_cmark::Options::ENABLE_STRIKETHROUGH;
        let mut in_block = false;
        for event in Parser::new_ext(shown, extensions) {
            match event {
                Event::Start(Tag::CodeBlock(_)) => in_block = true,
                Event::End(pulldown_cmark::TagEnd::CodeBlock) => in_block = false,
                Event::Html(html) | Event::InlineHtml(html) => {
                    let ours = ["<details><summary>", "</details>", "</summary>", "<sub>", "</sub>"];
                    let rest = ours.iter().fold(html.to_string(), |html, ours| html.replace(ours, ""));
                    assert!(!rest.contains(['<', '>']), "{attack:?}: {html}");
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    panic!("{attack:?}: a link to {dest_url}");
                }
                Event::Text(text) if !in_block => {
                    for word in ["@", "://", "www.", "evil", "#1", "!1"] {
                        assert!(!text.contains(word), "{attack:?}: {text}");
                    }
                }
                _ => {}
            }
        }
        assert!(!in_block, "{attack:?}");
    });
}
