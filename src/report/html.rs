//! One page for the browser that needs nothing but itself: no network and no script (its own policy forbids
//! both), so it works from the artifacts of a CI job. Filters are checkboxes that the style sheet looks at.

use std::collections::BTreeMap;

use crate::check::{Check, Severity};
use crate::checks::FAMILIES;
use crate::finding::SourceLine;
use crate::verdict::{Standing, Verdict};

use super::excerpt::label;
use super::headline::several;
use super::item::{Item, items};
use super::markup::text;
use super::rule::Rule;
use super::{VERSION, about, headline};

const STYLE: &str = include_str!("html.css");

/// The parts of the page: what stands in them, their id, their heading, and whether they are shown at first.
const PARTS: [(Standing, &str, &str, bool); 5] = [
    (Standing::Blocks, "blocks", "Blocks the merge", true),
    (Standing::Warns, "warns", "Warnings", true),
    (Standing::Informs, "informs", "Notes", true),
    (Standing::Unchanged, "unchanged", "Unchanged", false),
    (Standing::Suppressed, "justified", "Justified", false),
];

pub fn render(verdict: &Verdict) -> String {
    let items = items(verdict);
    let word = headline::word(verdict);
    let filters =
        PARTS.map(|(standing, id, title, shown)| filter(count(&items, standing), id, title, shown)).concat();
    let rules = PARTS
        .map(|(_, id, ..)| format!("body:has(#f-{id}:not(:checked)) #{id} {{ display: none; }}\n"))
        .concat();
    let parts = PARTS.map(|(standing, id, title, _)| part(&items, standing, id, title)).concat();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>mergegate: {word}</title>\n<style>\n{STYLE}{rules}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n\
         {}{}<fieldset>\n<legend>Show</legend>\n{filters}</fieldset>\n<main id=\"findings\">\n{parts}</main>\n{}\
         <p class=\"about\">mergegate {VERSION}</p>\n</body>\n</html>\n",
        banner(verdict),
        chart(verdict),
        checks(&items),
    )
}

fn banner(verdict: &Verdict) -> String {
    let word = headline::word(verdict);
    let title = if verdict.blocked() { "Blocked" } else { "Passed" };
    let about = about::about(verdict)
        .iter()
        .map(|(name, value)| format!("<p class=\"about\">{}: {}</p>\n", text(name), text(value)))
        .collect::<String>();
    format!(
        "<header class=\"verdict {word}\">\n<h1>{title}</h1>\n<p>{}</p>\n{about}</header>\n",
        text(&headline::details(verdict))
    )
}

fn count(items: &[Item<'_>], standing: Standing) -> usize {
    items.iter().filter(|item| item.standing == standing).count()
}

fn filter(count: usize, id: &str, title: &str, shown: bool) -> String {
    if count == 0 {
        return String::new();
    }
    let checked = if shown { " checked" } else { "" };
    format!("<label><input type=\"checkbox\" id=\"f-{id}\"{checked}> {title} ({count})</label>\n")
}

fn part(items: &[Item<'_>], standing: Standing, id: &str, title: &str) -> String {
    let articles: String = items.iter().filter(|item| item.standing == standing).map(article).collect();
    if articles.is_empty() {
        return String::new();
    }
    format!("<section id=\"{id}\" class=\"{id}\">\n<h2>{title}</h2>\n{articles}</section>\n")
}

fn article(item: &Item<'_>) -> String {
    let place =
        item.at.map_or_else(String::new, |at| format!(":{}:{}{}", at.line, at.column, item.in_cell()));
    let path = item.path.map_or_else(|| "the change".to_owned(), |path| format!("{path}{place}"));
    let mut facts = match item.finding {
        Some(_) => format!("<a href=\"#check-{0}\">{0}</a>", text(item.id)),
        None => text(item.id),
    };
    let mut below = String::new();
    if let Some(judged) = item.finding {
        facts.extend(label(judged).split(", ").map(|fact| format!("<span>{}</span>", text(fact))));
        if !judged.finding.definition.is_empty() {
            facts.push_str(&format!("<span>in {}</span>", text(&judged.finding.definition)));
        }
        below = excerpt(&judged.finding.excerpt);
        if let Some(justification) = &judged.justification {
            let reason = text(&justification.reason);
            below.push_str(&format!("<p>Justified in line {}: {reason}</p>\n", justification.line));
        }
    }
    if item.standing == Standing::Blocks {
        below.push_str(&format!("<p>Instead: {}</p>\n", prose(Rule::of(item).help())));
    }
    format!(
        "<article>\n<h3>{}</h3>\n<div class=\"facts\">{facts}</div>\n<p>{}</p>\n{below}</article>\n",
        text(&path),
        prose(&item.message)
    )
}

/// Our own words, with code in backticks.
fn prose(words: &str) -> String {
    let pieces: Vec<&str> = words.split('`').collect();
    let paired = pieces.len() % 2 == 1;
    let piece = |(at, piece): (usize, &&str)| match paired && at % 2 == 1 {
        true => format!("<code>{}</code>", text(piece)),
        false => text(piece),
    };
    pieces.iter().enumerate().map(piece).collect()
}

fn excerpt(lines: &[SourceLine]) -> String {
    let line = |line: &SourceLine| {
        let source = highlighted(&line.text, &line.mark);
        format!("<span class=\"line\"><span class=\"number\">{}</span>{source}</span>", line.number)
    };
    format!("<pre tabindex=\"0\">{}</pre>\n", lines.iter().map(line).collect::<String>())
}

/// A line of Python with its words told apart, and one stretch of it marked.
fn highlighted(line: &str, mark: &std::ops::Range<usize>) -> String {
    let mut out = String::new();
    for (token, range) in tokens(line) {
        // A token is shown in up to three pieces: before, inside and behind the mark.
        let cuts = [
            range.start,
            mark.start.clamp(range.start, range.end),
            mark.end.clamp(range.start, range.end),
            range.end,
        ];
        for (at, piece) in cuts.windows(2).enumerate() {
            let source = text(&line[piece[0]..piece[1]]);
            if source.is_empty() {
                continue;
            }
            let source = match token {
                Token::Plain => source,
                token => format!("<span class=\"{}\">{source}</span>", token.class()),
            };
            out.push_str(&if at == 1 { format!("<mark>{source}</mark>") } else { source });
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Plain,
    Keyword,
    String,
    Comment,
    Number,
}

impl Token {
    fn class(self) -> &'static str {
        match self {
            Token::Plain => "p",
            Token::Keyword => "k",
            Token::String => "s",
            Token::Comment => "c",
            Token::Number => "n",
        }
    }
}

const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// The words of a single line, which may begin or end inside a string: good enough for colours.
fn tokens(line: &str) -> Vec<(Token, std::ops::Range<usize>)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = line[at..].chars().next() {
        let rest = &line[at..];
        let word = |rest: &str| rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (token, length) = match c {
            '#' => (Token::Comment, rest.len()),
            '"' | '\'' => (Token::String, string_length(rest, c)),
            c if c.is_ascii_digit() => (Token::Number, word(rest)),
            c if c.is_alphabetic() || c == '_' => {
                let length = word(rest);
                let token = if KEYWORDS.contains(&&rest[..length]) { Token::Keyword } else { Token::Plain };
                (token, length)
            }
            c => (Token::Plain, c.len_utf8()),
        };
        tokens.push((token, at..at + length));
        at += length;
    }
    tokens
}

/// How long a string is that starts here: to its closing quotes, or to the end of the line.
fn string_length(rest: &str, quote: char) -> usize {
    let triple = quote.to_string().repeat(3);
    let quotes = if rest.starts_with(&triple) { triple } else { quote.to_string() };
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(quotes.len()) {
        if !escaped && rest[at..].starts_with(&quotes) {
            return at + quotes.len();
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

/// Horizontal bars: findings by family, in the colours of their severities.
fn chart(verdict: &Verdict) -> String {
    const ROW: usize = 44;
    const BAR: usize = 400;
    let mut families: BTreeMap<&str, [usize; Severity::ALL.len()]> = BTreeMap::new();
    for judged in &verdict.results {
        let at = Severity::ALL.iter().position(|severity| *severity == judged.finding.severity);
        if let Some(count) =
            at.and_then(|at| families.entry(judged.finding.check.family).or_default().get_mut(at))
        {
            *count += 1;
        }
    }
    let mut families: Vec<_> = families.into_iter().collect();
    families.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<usize>()));
    let Some(most) = families.iter().map(|(_, counts)| counts.iter().sum::<usize>()).max() else {
        return String::new();
    };
    let mut rows = String::new();
    for (row, (family, counts)) in families.iter().enumerate() {
        let top = ROW * row;
        rows.push_str(&format!("<text y=\"{}\">{}</text>\n", top + 14, text(family_title(family))));
        let mut left = 0;
        for (severity, count) in Severity::ALL.iter().zip(counts).filter(|(_, count)| **count > 0) {
            let width = (BAR * count / most).max(3);
            rows.push_str(&format!(
                "<rect class=\"{severity}\" x=\"{left}\" y=\"{}\" width=\"{width}\" height=\"18\"><title>{}</title></rect>\n",
                top + 20,
                text(&several(*count, &format!("{severity} finding"))),
            ));
            left += width;
        }
        let total: usize = counts.iter().sum();
        rows.push_str(&format!("<text x=\"{}\" y=\"{}\">{total}</text>\n", left + 8, top + 34));
    }
    format!(
        "<figure>\n<figcaption>All findings by family and severity</figcaption>\n\
         <svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n{rows}</svg>\n{}</figure>\n",
        BAR + 60,
        ROW * families.len(),
        text(&in_words(&families)),
        legend(&families),
    )
}

/// The colours that are in the chart.
fn legend(families: &[(&str, [usize; Severity::ALL.len()])]) -> String {
    let is_there =
        |at: usize| families.iter().any(|(_, counts)| counts.get(at).is_some_and(|count| *count > 0));
    let severities = Severity::ALL.iter().enumerate().filter(|(at, _)| is_there(*at));
    let keys: String =
        severities.map(|(_, severity)| format!("<span class=\"{severity}\">{severity}</span>")).collect();
    format!("<p class=\"legend\">{keys}</p>\n")
}

/// The chart for those who cannot see it.
fn in_words(families: &[(&str, [usize; Severity::ALL.len()])]) -> String {
    let family = |(family, counts): &(&str, [usize; Severity::ALL.len()])| {
        let counts = Severity::ALL.iter().zip(counts).filter(|(_, count)| **count > 0);
        let counts: Vec<String> = counts.map(|(severity, count)| format!("{count} {severity}")).collect();
        format!("{}: {}", family_title(family), counts.join(", "))
    };
    families.iter().map(family).collect::<Vec<_>>().join("; ")
}

fn family_title(id: &str) -> &str {
    FAMILIES.iter().find(|family| family.id == id).map_or(id, |family| family.title)
}

/// What the checks are about that have findings.
fn checks(items: &[Item<'_>]) -> String {
    let checks: BTreeMap<&str, &Check> = items
        .iter()
        .filter_map(|item| item.finding)
        .map(|judged| (judged.finding.check.id, judged.finding.check))
        .collect();
    if checks.is_empty() {
        return String::new();
    }
    let entries: String = checks.into_values().map(explanation).collect();
    format!("<section>\n<h2>What the checks are about</h2>\n{entries}</section>\n")
}

fn explanation(check: &Check) -> String {
    let cwe = check.cwe.iter().map(|number| {
        format!("<a href=\"https://cwe.mitre.org/data/definitions/{number}.html\">CWE-{number}</a>")
    });
    let cwe: Vec<String> = cwe.collect();
    let example = |source: Option<&&str>| {
        let lines = source.map_or("", |source| source).lines();
        let lines: String =
            lines.map(|line| format!("<span class=\"line\">{}</span>", highlighted(line, &(0..0)))).collect();
        format!("<pre tabindex=\"0\">{lines}</pre>")
    };
    format!(
        "<details id=\"check-{id}\" open>\n<summary><strong>{id}</strong> {}</summary>\n<dl>\n\
         <dt>Why it is a risk</dt><dd>{}</dd>\n<dt>When it may be accepted</dt><dd>{}</dd>\n\
         <dt>What to write instead</dt><dd>{}</dd>\n<dt>This is found</dt><dd>{}</dd>\n\
         <dt>This is fine</dt><dd>{}</dd>\n<dt>To justify an exception, on its line</dt>\
         <dd><code># mergegate: allow[{id}] why it is safe here</code></dd>\n<dt>Weakness</dt><dd>{}</dd>\n\
         </dl>\n</details>\n",
        prose(check.summary),
        prose(check.why),
        prose(check.neglect),
        prose(check.instead),
        example(check.bad.first()),
        example(check.good.first()),
        cwe.join(", "),
        id = text(check.id),
    )
}
