use ruff_python_ast::Expr;

use super::Family;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Call, Exposure, Harm};

pub const FAMILY: Family = Family { id: "regex", title: "Regular expressions", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "regex-backtracking",
        family: "regex",
        summary: "This regular expression can take longer than the age of the universe on a short text.",
        why: "A repetition inside a repetition can split the same text in countless ways, and all are tried before the \
              answer is no. Thirty characters from outside stop the program.",
        neglect: "The text that is searched is the program's own.",
        instead: "Make each repetition start with something the other cannot match: `(?:,\\w+)*` and not `(?:\\w+,?)*`; \
                  since Python 3.11 also `(?>…)` and `++`.",
        cwe: &[1333],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import re\nre.match(r\"^(a+)+$\", text)\n",
            "import re\nPATTERN = re.compile(r\"(?:\\w+\\s?)*@\")\n",
            "from re import fullmatch\nfullmatch(r\"(x|x)*y\", text)\n",
        ],
        good: &[
            "import re\nre.match(r\"^\\w+(?:,\\w+)*$\", text)\n",
            "import re\nre.match(r\"^(?:a{3})+$\", text)\n",
            "import re\nre.match(r\"^(?>a+)+$\", text)\n",
        ],
        detect: &[Detect::Call(FUNCTIONS, When::Is(backtracks))],
    },
    Check {
        id: "regex-from-input",
        family: "regex",
        summary: "A regular expression is made of text that comes from outside.",
        why: "Whoever writes it can make the search take for ever, and what it matches is theirs to choose.",
        neglect: "It is a tool for searching, and the person who writes the expression is the one who waits.",
        instead: "`re.escape(text)` for what is meant as plain text.",
        cwe: &[1333, 730],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import re\nfrom flask import request\nre.search(request.args[\"query\"], page)\n",
            "import re\nfrom flask import request\nre.compile(\"^\" + request.form[\"prefix\"])\n",
        ],
        good: &[
            "import re\nfrom flask import request\nre.search(re.escape(request.args[\"query\"]), page)\n",
            "import re\nre.search(pattern, page)\n",
        ],
        detect: &[Detect::Call(FUNCTIONS, When::Is(from_outside))],
    },
];

const FUNCTIONS: &[&str] = &[
    "django.core.validators.RegexValidator",
    "re.compile",
    "re.findall",
    "re.finditer",
    "re.fullmatch",
    "re.match",
    "re.search",
    "re.split",
    "re.sub",
    "re.subn",
];

fn from_outside(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.exposure_to(Harm::Pattern, "pattern", 0) {
        Exposure::Request => Some(Confidence::High),
        Exposure::Input => Some(Confidence::Low),
        _ => None,
    }
}

fn backtracks(call: &Call<'_, '_>) -> Option<Confidence> {
    let pattern = call.text("pattern", 0)?;
    match Pattern::new(&pattern, dot_is_any(call)).ambiguity()? {
        // With nothing behind it the first way to match is good enough, unless all of the text must match.
        Place::End if !call.name.ends_with("fullmatch") => Some(Confidence::Low),
        Place::End | Place::Inside => Some(Confidence::Medium),
    }
}

/// Whether the flags of a call make `.` match a line end, too.
fn dot_is_any(call: &Call<'_, '_>) -> bool {
    let position = match call.name.as_str() {
        "re.compile" => 1,
        "re.split" => 3,
        "re.sub" | "re.subn" => 4,
        _ => 2,
    };
    let Some(flags) = call.given("flags", position) else { return false };
    let mut rest = flags.expr;
    let is_flag = |flag| call.module.refers_to(flag, &["re.DOTALL", "re.S"]);
    while let Expr::BinOp(union) = rest {
        if is_flag(&union.right) {
            return true;
        }
        rest = &union.left;
    }
    is_flag(rest)
}

/// How deep groups are followed into one another.
const MAX_DEPTH: usize = 60;

/// Where an ambiguous repetition stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Inside,
    End,
}

/// A part of a sequence.
struct Part {
    kind: Kind,
    /// It can match nothing.
    optional: bool,
    /// The characters of which it can match more or less, as a set.
    stretch: u128,
}

enum Kind {
    /// One of these ASCII characters, as a set, once or several times.
    Chars(u128),
    Group(Vec<Vec<Part>>),
    /// A place without a character.
    Anchor,
}

impl Part {
    fn anchor() -> Part {
        Part { kind: Kind::Anchor, optional: false, stretch: 0 }
    }

    /// All characters that stand in it.
    fn chars(&self) -> u128 {
        match &self.kind {
            Kind::Chars(chars) => *chars,
            Kind::Group(branches) => branches.iter().flatten().fold(0, |all, part| all | part.chars()),
            Kind::Anchor => 0,
        }
    }

    /// The characters that it can match alone.
    fn single(&self) -> u128 {
        match &self.kind {
            Kind::Chars(chars) => *chars,
            Kind::Group(branches) => branches.iter().fold(0, |all, branch| all | single(branch)),
            Kind::Anchor => 0,
        }
    }

    /// Whether what stands here can be taken by a neighbour that matches these characters.
    fn gives_way(&self, chars: u128) -> bool {
        self.optional
            || match &self.kind {
                Kind::Chars(own) => own & chars != 0,
                Kind::Group(branches) => {
                    branches.iter().any(|branch| branch.iter().all(|part| part.gives_way(chars)))
                }
                Kind::Anchor => false,
            }
    }
}

/// The characters of which a sequence can match more or less: those of a part that can, if nothing in the other parts
/// holds its place.
fn stretch(branch: &[Part]) -> u128 {
    let mut chars = 0;
    for (i, part) in branch.iter().enumerate() {
        let mut others = branch[..i].iter().chain(&branch[i + 1..]);
        if part.stretch != 0 && others.all(|other| other.gives_way(part.stretch)) {
            chars |= part.stretch;
        }
    }
    chars
}

/// The characters that a sequence can match alone; none where a test of what stands around may keep it from that.
fn single(branch: &[Part]) -> u128 {
    if branch.iter().any(|part| matches!(part.kind, Kind::Anchor)) {
        return 0;
    }
    let mut needed = branch.iter().filter(|part| !part.optional);
    match (needed.next(), needed.next()) {
        (None, _) => branch.iter().fold(0, |all, part| all | part.single()),
        (Some(part), None) => part.single(),
        (Some(_), Some(_)) => 0,
    }
}

/// Whether a sequence can match a text that repeating these single characters matches, too: `aa` where `a` will do.
fn is_repeated(branch: &[Part], singles: u128) -> bool {
    let is_one = |part: &&Part| part.single() & singles != 0;
    branch.iter().filter(|part| !part.optional).all(|part| is_one(&part))
        && branch.iter().filter(is_one).count() > 1
}

/// A group: the sequences between `|`.
#[derive(Default)]
struct Group {
    branches: Vec<Vec<Part>>,
    current: Vec<Part>,
    /// `(?>…)`: what has matched once is not tried in another way.
    atomic: bool,
    /// `(?=…)` and the like match nothing.
    looks: bool,
}

impl Group {
    fn close(mut self) -> Group {
        self.branches.push(std::mem::take(&mut self.current));
        self
    }

    /// The characters of which one of its sequences can match more or less.
    fn stretch(&self) -> u128 {
        if self.atomic || self.looks {
            return 0;
        }
        self.branches.iter().fold(0, |all, branch| all | stretch(branch))
    }

    /// Whether a text that repeating it matches can be matched in two ways: by two of its sequences, or by one of them
    /// and by single characters one after the other.
    fn overlaps(&self) -> bool {
        // Of characters that are not ASCII it is not known whether they are the same.
        let single = |branch: &Vec<Part>| single(branch) & !char_bit('\u{7f}');
        let mut singles = 0;
        let is_double = self.branches.iter().any(|branch| {
            let before = singles;
            singles |= single(branch);
            before & single(branch) != 0
        });
        !self.atomic && (is_double || self.branches.iter().any(|branch| is_repeated(branch, singles)))
    }

    /// The group as a part of what is around it.
    fn into_part(self, times: Times) -> Part {
        if self.looks {
            return Part::anchor();
        }
        let may_be_empty = self.branches.iter().any(|branch| branch.iter().all(|part| part.optional));
        let stretch = if times.repeats() { self.repeated() } else { self.stretch() };
        let optional = times.optional() || may_be_empty;
        Part { kind: Kind::Group(self.branches), optional, stretch }
    }

    /// The characters that repeating it adds one by one; `(?:[^"]|"")*` can end at any of them but not inside `""`.
    fn repeated(&self) -> u128 {
        let single = self.branches.iter().filter(|branch| branch.len() == 1);
        let chars = single.flatten().fold(0, |all, part| all | part.chars());
        if chars != 0 {
            chars
        } else {
            self.branches.iter().flatten().fold(0, |all, part| all | part.chars())
        }
    }
}

/// A reader of Python's regular expressions that only wants to know how repetitions nest.
struct Pattern<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    groups: Vec<Group>,
    /// Whether `.` matches a line end, too.
    dot_is_any: bool,
    found: Option<Place>,
}

/// How often a part may match.
#[derive(Clone, Copy, PartialEq)]
enum Times {
    /// A fixed number of times.
    Fixed,
    Optional,
    /// A varying number of times, at least once.
    Some,
    /// A varying number of times, or not at all.
    Any,
}

impl Times {
    fn optional(self) -> bool {
        matches!(self, Times::Optional | Times::Any)
    }

    fn repeats(self) -> bool {
        matches!(self, Times::Some | Times::Any)
    }
}

impl<'a> Pattern<'a> {
    fn new(text: &'a str, dot_is_any: bool) -> Self {
        Pattern { rest: text.chars().peekable(), groups: vec![Group::default()], dot_is_any, found: None }
    }

    /// Where the first repetition stands that can split a text in countless ways.
    fn ambiguity(mut self) -> Option<Place> {
        while let Some(c) = self.rest.next() {
            match c {
                '(' => self.open(),
                ')' if self.groups.len() > 1 => self.close(),
                '|' => {
                    if let Some(group) = self.groups.last_mut() {
                        let branch = std::mem::take(&mut group.current);
                        group.branches.push(branch);
                    }
                }
                '^' | '$' => self.push(Part::anchor()),
                '[' => {
                    let class = self.class();
                    self.part(class);
                }
                '\\' => self.escape(),
                '.' => self.part(if self.dot_is_any { u128::MAX } else { !char_bit('\n') }),
                c => self.part(char_bit(c)),
            }
            if self.found == Some(Place::Inside) || self.groups.len() > MAX_DEPTH {
                break;
            }
        }
        self.found
    }

    fn open(&mut self) {
        let mut group = Group::default();
        if self.rest.next_if_eq(&'?').is_some() {
            match self.rest.next() {
                Some('>') => group.atomic = true,
                Some('=' | '!') => group.looks = true,
                Some('P') => self.skip_name(),
                Some('<') => match self.rest.next() {
                    Some('=' | '!') => group.looks = true,
                    _ => self.skip_name(),
                },
                Some('#') => {
                    self.rest.by_ref().find(|c| *c == ')');
                    return;
                }
                Some(':') | None => {}
                Some(flag) => {
                    let mut end = Some(flag);
                    while let Some(flag) = end.filter(|c| !matches!(c, ':' | ')')) {
                        self.dot_is_any |= flag == 's';
                        end = self.rest.next();
                    }
                    // `(?i)` sets flags and is no group; `(?i:…)` is one.
                    if end == Some(')') {
                        return;
                    }
                }
            }
        }
        self.groups.push(group);
    }

    /// `(?P<name>` and `(?P=name)`: the latter is closed like a group and matches what another group did.
    fn skip_name(&mut self) {
        while self.rest.next_if(|c| !matches!(c, '>' | ')')).is_some() {}
        self.rest.next_if_eq(&'>');
    }

    fn close(&mut self) {
        let Some(group) = self.groups.pop() else { return };
        let group = group.close();
        let times = self.quantifier();
        if times.repeats() && (group.stretch() != 0 || group.overlaps()) {
            let last = self.rest.clone().all(|c| c == ')');
            self.found = Some(if last { Place::End } else { Place::Inside });
        }
        self.push(group.into_part(times));
    }

    /// A character or class.
    fn part(&mut self, chars: u128) {
        let times = self.quantifier();
        let stretch = if times.repeats() { chars } else { 0 };
        self.push(Part { kind: Kind::Chars(chars), optional: times.optional(), stretch });
    }

    fn push(&mut self, part: Part) {
        if let Some(group) = self.groups.last_mut() {
            group.current.push(part);
        }
    }

    fn escape(&mut self) {
        match self.rest.next() {
            None => {}
            Some('A' | 'Z' | 'z' | 'b' | 'B') => self.push(Part::anchor()),
            Some(c) => self.part(escaped_class(c)),
        }
    }

    /// A class in square brackets.
    fn class(&mut self) -> u128 {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut class = 0;
        let mut before = None;
        let mut first = true;
        while let Some(c) = self.rest.next() {
            match c {
                ']' if !first => break,
                '\\' => {
                    let escaped = self.rest.next().unwrap_or('\\');
                    class |= escaped_class(escaped);
                    before = None;
                }
                '-' if before.is_some() && self.rest.peek().is_some_and(|c| *c != ']') => {
                    let end = self.rest.next().unwrap_or('-');
                    let start: char = before.take().unwrap_or(end);
                    class |= (start..=end).take(128).map(char_bit).fold(0, |all, bit| all | bit);
                }
                c => {
                    class |= char_bit(c);
                    before = Some(c);
                }
            }
            first = false;
        }
        if negated { !class } else { class }
    }

    /// What follows a part and says how often it matches.
    fn quantifier(&mut self) -> Times {
        let times = match self.rest.peek() {
            Some('*') => Times::Any,
            Some('+') => Times::Some,
            Some('?') => Times::Optional,
            Some('{') => return self.counted(),
            _ => return Times::Fixed,
        };
        self.rest.next();
        self.modified(times)
    }

    /// A lazy quantifier is as ambiguous as a greedy one; a possessive one never gives back.
    fn modified(&mut self, times: Times) -> Times {
        if self.rest.next_if_eq(&'+').is_some() {
            return Times::Fixed;
        }
        self.rest.next_if_eq(&'?');
        times
    }

    /// `{2}`, `{2,}`, `{2,5}`; anything else in braces is text.
    fn counted(&mut self) -> Times {
        let mut ahead = self.rest.clone();
        ahead.next();
        let inside: String = ahead.by_ref().take_while(|c| *c != '}').take(16).collect();
        let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        let (least, most) = inside.split_once(',').unwrap_or((&inside, &inside));
        if inside.is_empty() || !is_number(least) || !is_number(most) {
            return Times::Fixed;
        }
        self.rest = ahead;
        let times = match (least, most) {
            (least, most) if least == most => Times::Fixed,
            ("" | "0", "1") => Times::Optional,
            ("" | "0", _) => Times::Any,
            _ => Times::Some,
        };
        self.modified(times)
    }
}

/// A character as a set. All that are not ASCII share the bit of the last ASCII one.
fn char_bit(c: char) -> u128 {
    1_u128 << u32::from(c).min(127)
}

fn escaped_class(c: char) -> u128 {
    let of =
        |test: fn(&char) -> bool| ('\0'..='\u{7f}').filter(test).map(char_bit).fold(0, |all, bit| all | bit);
    let is_word: fn(&char) -> bool = |c| c.is_ascii_alphanumeric() || *c == '_';
    match c {
        'd' => of(char::is_ascii_digit),
        'D' => !of(char::is_ascii_digit),
        's' => of(char::is_ascii_whitespace),
        'S' => !of(char::is_ascii_whitespace),
        'w' => of(is_word),
        'W' => !of(is_word),
        'n' => char_bit('\n'),
        't' => char_bit('\t'),
        'r' => char_bit('\r'),
        c => char_bit(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ambiguous(pattern: &str) -> bool {
        Pattern::new(pattern, false).ambiguity().is_some()
    }

    #[test]
    fn repetitions_that_can_split_a_text_in_many_ways_are_ambiguous() {
        for pattern in [
            r"(a+)+b",
            r"(?:a*)*b",
            r"([a-zA-Z]+)*$",
            r"^(\w+\s?)*$",
            r"((a+))+x",
            r"(a|a)*b",
            r"(\w|\d)+x",
            r"(.|\s)*x",
            r"(a+?)+b",
            r"(?P<name>x+){2,}y",
            r"(?i)(a+)+b",
            r"(a{1,})+b",
            r"(a{2,5})+b",
            r"(.*,)*x",
            r"(?:\w+\d+)*x",
            r"(a|aa?)*b",
            r"(?:a|a?)+b",
            r"(?s)(?:.|\n)*b",
            r#"((1s|[\da-z])*)""#,
            r"(?:a|aa)*b",
            r"(aa?)*b",
            r#""(?:\\.|[^"])*""#,
            r#"(?:"[^"]*"|[^,])*;"#,
        ] {
            assert!(is_ambiguous(pattern), "{pattern}");
        }
    }

    #[test]
    fn repetitions_that_cannot_are_not() {
        for pattern in [
            r"\w+(,\w+)*$",
            r"(a+b)+",
            r"(?:\s+\w)*x",
            r"(a|b)*c",
            r"(.|\n)*x",
            r"(?>a+)+b",
            r"(a++)+b",
            r"(a{3})+b",
            r"(?:\s+\w+)*x",
            r#"("[^"]*")*x"#,
            r"(?:\w+(?:\s|$))*x",
            r"(?:\s*,?\s*(?:WITHOUT\s+ROWID|STRICT))*$",
            r#"(?:(?:\s*,\s*|\s+)(?:"[^"]+"|\w+))*\)"#,
            r"(?:[-\w.]|(?:%[\da-fA-F]{2}))+/",
            r"^\w+(?:\s+\w+)*(?:\s*\(\s*\w+(?:\s*,\s*\w+)*\s*\))?$",
            r"(?=a+)+b",
            r"[(a+)+]",
            r"\(a+\)+",
            r"(?:[^<]|<[^/])*x",
            r"(?:\d\.?)*x",
            r"(?:\d|\d\d,)*x",
            r"(?:x|xy)*z",
            r#"(?:''|[^'])*'"#,
            r#""(?:\\.|[^"\\])*""#,
            r"(?:[^<]|<(?!/))*x",
            r"(?:(?!x).|\n)*x",
            r"(?:\r?\n)*x",
            r"(?:千円|円|万円)+x",
            r"(a+)?b",
            r"(?P<a>x)(?P=a)+",
            r"a{b}+",
            "(",
            "[",
            r"\",
        ] {
            assert!(!is_ambiguous(pattern), "{pattern}");
        }
    }
}
