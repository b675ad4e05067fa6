use ruff_python_ast::token::TokenKind;
use ruff_text_size::{Ranged, TextRange, TextSize};
use unicode_normalization::UnicodeNormalization;

use super::Family;
use crate::check::{Check, Confidence, Detect, Severity};
use crate::python::{Comment, FileKind, Hit, Hits, SourceFile};

pub const FAMILY: Family =
    Family { id: "source-integrity", title: "Source that is not what it seems", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "bidi-control",
        family: "source-integrity",
        summary: "A character that changes the direction of text makes the line look different from what runs.",
        why: "Editors and reviews show the characters behind it in another order: code can look like a comment, and a \
              comment like code (\"Trojan Source\").",
        neglect: "The text really is in a script that runs from right to left and needs the mark.",
        instead: "Write the character as an escape: `\"\\u202e\"`.",
        cwe: &[1007],
        severity: Severity::High,
        aliases: &["bandit:B613", "ruff:PLE2502"],
        bad: &[
            "if level != \"user\u{202e} \u{2066}# only admins\u{2069} \u{2066}\":\n    allow()\n",
            "# \u{2067}admins only\u{2069}\nallow()\n",
        ],
        good: &["mark = \"\\u202e\"\n", "greeting = \"שלום\"\n"],
        detect: &[Detect::Source(bidi_controls)],
    },
    Check {
        id: "invisible-character",
        family: "source-integrity",
        summary: "The source holds a character that nobody can see.",
        why: "Two texts or names that look the same are then different, and whole programs have been hidden in such \
              characters.",
        neglect: "It belongs to a text in a script that needs it.",
        instead: "Write the character as an escape: `\"\\u200b\"`.",
        cwe: &[1007],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "if token == \"admin\u{200b}\":\n    allow()\n",
            "def check(user, \u{3164}=None):\n    pass\n",
            "payload = \"x\u{e0100}\u{e0121}\u{e0134}\"\n",
        ],
        good: &[
            "space = \"\\u200b\"\n",
            "family = \"\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\"\n",
            "heart = \"\u{2764}\u{fe0f}\"\n",
        ],
        detect: &[Detect::Source(invisible_characters)],
    },
    Check {
        id: "pth-import",
        family: "source-integrity",
        summary: "Every Python that finds this file runs the line when it starts.",
        why: "`site` runs the lines of a path configuration file that begin with `import`, whatever else stands on them, \
              before any program: in every process, and whether or not the package is ever used.",
        neglect: "A development install or a coverage tool writes such a file, and nobody else gets it.",
        instead: "Import the code where it is needed.",
        cwe: &[506],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "./src\nimport acme_hooks\n",
            "import os; os.environ.setdefault(\"ACME\", \"1\")\n",
            "# a comment\nimport\tsys\n",
        ],
        good: &["./src\n../lib\n", "# import acme_hooks\nimportant/folder\n", " import acme_hooks\n"],
        detect: &[Detect::SourceOf(FileKind::PathConfiguration, run_lines)],
    },
    Check {
        id: "control-character",
        family: "source-integrity",
        summary: "The source holds a control character that a terminal obeys.",
        why: "Whoever reads the file or a difference in a terminal sees what the character makes of it: lines can be \
              erased or written over.",
        neglect: "An old file uses it in a text on purpose.",
        instead: "Write the character as an escape: `\"\\x1b\"`.",
        cwe: &[150],
        severity: Severity::Medium,
        aliases: &[],
        bad: &["clear = \"\u{1b}[2J\"\n", "# harmless\u{8}\u{8}\u{8}\u{8}\nrun()\n"],
        good: &["clear = \"\\x1b[2J\"\n", "tab = \"\t\"\n\u{c}\nform = \"feed\"\n"],
        detect: &[Detect::Source(control_characters)],
    },
    Check {
        id: "look-alike-identifier",
        family: "source-integrity",
        summary: "A name is written with letters that look like others.",
        why: "Python takes some of these letters for the plain ones, so that `ｅxec` runs `exec` and no search finds it; \
              others make a second name that looks like the first.",
        neglect: "The name is in a language that uses these letters.",
        instead: "Write the name with letters of one script, as they are on a keyboard.",
        cwe: &[1007],
        severity: Severity::High,
        aliases: &[],
        bad: &["ｅxec(code)\n", "import 𝘰𝘴\n", "def is_аdmin(user):\n    return True\n"],
        good: &["größe = 3\n", "имя = \"Ада\"\n", "Δt = 0.1\n"],
        detect: &[Detect::Source(look_alikes)],
    },
    Check {
        id: "lone-carriage-return",
        family: "source-integrity",
        summary: "A carriage return alone ends a line for Python, but not in a review.",
        why: "Behind a comment it hides code: Python runs what git, editors and web pages show as a part of the comment.",
        neglect: "The whole file has the line ends of an old Macintosh and nobody means harm.",
        instead: "Convert the file to line feeds.",
        cwe: &[1007],
        severity: Severity::High,
        aliases: &[],
        bad: &["# nothing to see here\rimport os; os.system(command)\n", "x = 1\ry = 2\n"],
        good: &["x = 1\r\ny = 2\r\n", "x = \"a\\rb\"\n"],
        detect: &[Detect::Source(lone_carriage_returns)],
    },
    Check {
        id: "code-off-screen",
        family: "source-integrity",
        summary: "Code stands so far to the right that nobody sees it.",
        why: "Behind a hundred blanks a statement lies outside of every window: packages have been poisoned this way.",
        neglect: "A table is aligned in an unusual way.",
        instead: "Put the statement on a line of its own, or delete it.",
        cwe: &[1007],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            concat!(
                "import os",
                "                                                                                                    ",
                "                                                  ; os.system(command)\n"
            ),
            concat!(
                "x = 1;",
                "                                                                                                    ",
                "                                                  y = eval(text)\n"
            ),
        ],
        good: &[
            "import os; os.getcwd()\n",
            concat!(
                "x = 1  ",
                "                                                                                                    ",
                "                                                  # a remark\n"
            ),
        ],
        detect: &[Detect::Source(off_screen)],
    },
    Check {
        id: "odd-encoding",
        family: "source-integrity",
        summary: "The file declares an encoding in which tools may read another program than Python does.",
        why: "In an encoding of several bytes a quote or a backslash can be a part of another character: what a tool takes \
              for a text is code, or the other way round.",
        neglect: "The project has written its sources this way for long.",
        instead: "Convert the file to UTF-8 and delete the declaration.",
        cwe: &[838],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "# -*- coding: shift_jis -*-\nx = 1\n",
            "#!/usr/bin/python\n# vim: set fileencoding=gbk :\nx = 1\n",
        ],
        good: &["# -*- coding: utf-8 -*-\nx = 1\n", "# coding: latin-1\nx = 1\n"],
        detect: &[Detect::Source(odd_encoding)],
    },
];

/// All characters of a text with their places, without a look at those of ASCII where there is nothing else.
fn unusual(file: &SourceFile) -> impl Iterator<Item = (usize, char)> {
    const AT_ONCE: usize = 64;
    let text = file.text();
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        // Many bytes together are passed over faster than one character after the other.
        while bytes.get(at..at + AT_ONCE).is_some_and(<[u8]>::is_ascii) {
            at += AT_ONCE;
        }
        at += bytes[at..].iter().position(|byte| !byte.is_ascii())?;
        let start = at;
        let c = text[start..].chars().next()?;
        at += c.len_utf8();
        Some((start, c))
    })
}

fn place(at: usize, length: usize) -> TextRange {
    TextRange::at(TextSize::from(at as u32), TextSize::from(length as u32))
}

fn bidi_controls(file: &SourceFile, hits: &mut Hits) {
    for (at, c) in unusual(file) {
        let range = place(at, c.len_utf8());
        match c {
            // Embeddings, overrides and isolates turn the text around until they are closed.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => hits.at(range, Confidence::High),
            // Marks only say to which side a neutral character belongs.
            '\u{200e}' | '\u{200f}' | '\u{061c}' => {
                hits.push(Hit { severity: Some(Severity::Low), ..Hit::at(range, Confidence::Medium) });
            }
            _ => {}
        }
    }
}

fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{2060}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// One hit for each run of invisible characters.
fn invisible_characters(file: &SourceFile, hits: &mut Hits) {
    let text = file.text();
    let mut run_end = 0;
    let mut comments = file.comments().peekable();
    for (at, c) in unusual(file) {
        if at < run_end || !is_invisible(c) {
            continue;
        }
        let run: &str = text[at..].split(|c| !is_invisible(c)).next().unwrap_or_default();
        run_end = at + run.len();
        let before = text[..at].chars().next_back();
        let after = text[run_end..].chars().next();
        let Some(confidence) = judge_run(run, before, after) else { continue };
        while comments.next_if(|comment| end_of(comment) <= at).is_some() {}
        // One comment is asked about once: in it there is either one such character or several.
        let comment = comments.next_if(|comment| comment.start as usize <= at);
        let is_slip = run == "\u{200b}" && comment.is_some_and(|comment| is_slip_in(comment.text));
        hits.at(place(at, run.len()), if is_slip { Confidence::Low } else { confidence });
    }
}

fn end_of(comment: &Comment<'_>) -> usize {
    comment.start as usize + comment.text.len()
}

/// Whether a comment holds one invisible character, as a copy from a web page leaves it, and says nothing to Python or to
/// a tool.
fn is_slip_in(comment: &str) -> bool {
    const TOLD: &[&str] = &[
        "coding",
        "codeaudit",
        "fmt:",
        "isort:",
        "mergegate",
        "mypy:",
        "noqa",
        "nosec",
        "nosemgrep",
        "pragma",
        "pylint:",
        "pyright:",
        "ruff:",
        "type:",
    ];
    // The character may stand inside such a word.
    let seen: String = comment.chars().filter(|c| !is_invisible(*c) && !c.is_whitespace()).collect();
    let seen = seen.to_ascii_lowercase();
    comment.chars().filter(|c| is_invisible(*c)).count() == 1
        && !seen.starts_with("#!")
        && !TOLD.iter().any(|word| seen.contains(word))
}

/// The tags behind a black flag that make it one of England, Scotland or Wales.
const FLAGS: &[&str] = &["gbeng", "gbsct", "gbwls"];

/// Scripts and emoji need joiners and selectors between characters of their own. Longer runs can carry data.
fn judge_run(run: &str, before: Option<char>, after: Option<char>) -> Option<Confidence> {
    let foreign = |c: Option<char>| c.is_some_and(|c| !c.is_ascii());
    let is_arabic =
        |c: Option<char>| c.is_some_and(|c| matches!(c, '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}'));
    let consists_of =
        |wanted: char, most: usize| run.chars().count() <= most && run.chars().all(|c| c == wanted);
    if before == Some('\u{1f3f4}') && is_flag(run)
        || consists_of('\u{200c}', 3) && is_arabic(before) && is_arabic(after)
        || consists_of('\u{fe0f}', 2) && before.is_some_and(is_emoji)
    {
        return None;
    }
    let mut chars = run.chars();
    match (chars.next(), chars.next()) {
        (Some('\u{200c}' | '\u{200d}'), None) if foreign(before) || foreign(after) => None,
        (
            Some('\u{fe00}'..='\u{fe0f}' | '\u{180b}'..='\u{180f}' | '\u{34f}' | '\u{e0100}'..='\u{e01ef}'),
            None,
        ) if foreign(before) || before.is_some_and(|c| c.is_ascii_digit() || matches!(c, '#' | '*')) => None,
        (Some('\u{fe0f}'), Some('\u{200d}'))
            if run.chars().count() == 2 && foreign(before) && foreign(after) =>
        {
            None
        }
        (Some('\u{ad}' | '\u{fe0e}' | '\u{fe0f}'), None) => Some(Confidence::Low),
        (Some('\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{2028}' | '\u{2029}'), None) => {
            Some(Confidence::Medium)
        }
        _ => Some(Confidence::High),
    }
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
}

/// Whether a run of tags spells a flag: some editors put a joiner before each of them.
fn is_flag(run: &str) -> bool {
    let Some(tags) = run.strip_suffix('\u{e007f}') else { return false };
    let joined = tags.chars().filter(|c| *c == '\u{200d}').count();
    let is_tag = |c: &char| ('\u{e0061}'..='\u{e007a}').contains(c);
    let letter = |c: char| char::from_u32(u32::from(c) - 0xe0000);
    let spelled: Option<String> =
        tags.chars().filter(|c| *c != '\u{200d}').map(|c| Some(c).filter(is_tag).and_then(letter)).collect();
    joined <= 6
        && !tags.contains("\u{200d}\u{200d}")
        && spelled.is_some_and(|flag| FLAGS.contains(&flag.as_str()))
}

/// One hit for each line with such characters.
fn control_characters(file: &SourceFile, hits: &mut Hits) {
    // Those of Unicode's second block begin with this byte.
    let may_begin_one =
        |b: u8| b < b' ' && !matches!(b, b'\n' | b'\t' | b'\r' | 0xc) || matches!(b, 0x7f | 0xc2);
    if !file.text().bytes().fold(false, |any, b| any | may_begin_one(b)) {
        return;
    }
    let mut line_is_told = false;
    for (at, c) in file.text().char_indices() {
        match c {
            '\n' => line_is_told = false,
            // Line ends, tabs and form feeds are layout; old sources have pages.
            '\t' | '\r' | '\u{c}' => {}
            c if c.is_control() && !line_is_told => {
                line_is_told = true;
                hits.at(place(at, c.len_utf8()), Confidence::High);
            }
            _ => {}
        }
    }
}

fn look_alikes(file: &SourceFile, hits: &mut Hits) {
    if file.text().is_ascii() {
        return;
    }
    for token in file.tokens().map_or(&[][..], |tokens| tokens) {
        if token.kind() != TokenKind::Name {
            continue;
        }
        let name = &file.text()[token.range()];
        if name.is_ascii() {
            continue;
        }
        if name.nfkc().all(|c| c.is_ascii()) {
            hits.at(token.range(), Confidence::High);
        } else if name.chars().all(|c| c.is_ascii() || looks_latin(c)) {
            let mixed = name.chars().any(|c| c.is_ascii_alphabetic());
            hits.at(token.range(), if mixed { Confidence::High } else { Confidence::Low });
        }
    }
}

/// Letters of Cyrillic, Greek, Armenian and Cherokee that look like a Latin one in common fonts.
fn looks_latin(c: char) -> bool {
    "АВСЕНІЈКМОРЅТХУаесіјорѕхуһԁԛԝѵΑΒΕΖΗΙΚΜΝΟΡΤΥΧοցհոսօᎪᎬᎳᏃᏚᏞᏟᏢ".contains(c)
}

fn lone_carriage_returns(file: &SourceFile, hits: &mut Hits) {
    let text = file.text();
    if !text.contains('\r') {
        return;
    }
    let mut found = false;
    let mut hiding = Hiding { text, next_code: 0 };
    for comment in file.comments() {
        if hiding.is_at(comment.start as usize + comment.text.len()) {
            found = true;
            hits.at(place(comment.start as usize, comment.text.len()), Confidence::High);
        }
    }
    // Elsewhere one is enough to tell that the file has other line ends than it seems.
    let mut hiding = Hiding { text, next_code: 0 };
    let mut lone = text.match_indices('\r').map(|(at, _)| at).filter(|&at| hiding.is_at(at));
    if let Some(at) = lone.next().filter(|&at| !found && !is_in_string(file, at)) {
        hits.at(place(at, 1), Confidence::Medium);
    }
}

fn is_in_string(file: &SourceFile, at: usize) -> bool {
    let at = TextSize::from(at as u32);
    let tokens = file.tokens().map_or(&[][..], |tokens| tokens);
    let next = tokens.partition_point(|token| token.end() <= at);
    tokens.get(next).is_some_and(|token| {
        let string =
            matches!(token.kind(), TokenKind::String | TokenKind::FStringMiddle | TokenKind::TStringMiddle);
        string && token.range().contains(at)
    })
}

/// Finds the lone CRs that go on with something before the next LF, from the first to the last.
struct Hiding<'t> {
    text: &'t str,
    /// The first LF or character that is not blank behind the place that was last asked about: many CRs before the
    /// same code share it.
    next_code: usize,
}

impl Hiding<'_> {
    fn is_at(&mut self, at: usize) -> bool {
        let Some(behind) = self.text[at..].strip_prefix('\r') else { return false };
        if self.next_code <= at {
            let found = behind.find(|c: char| c == '\n' || !c.is_whitespace());
            self.next_code = at + 1 + found.unwrap_or(behind.len());
        }
        !behind.starts_with('\n') && self.text[self.next_code..].starts_with(|c| c != '\n')
    }
}

/// How many blanks push code out of every window.
const OFF_SCREEN: usize = 120;

fn off_screen(file: &SourceFile, hits: &mut Hits) {
    let tokens = file.tokens().map_or(&[][..], |tokens| tokens);
    for pair in tokens.windows(2) {
        let [before, after] = pair else { continue };
        // A line that goes on inside brackets may be indented deeply by a formatter.
        let limit = if before.kind() == TokenKind::NonLogicalNewline { 2 * OFF_SCREEN } else { OFF_SCREEN };
        let gap = after.start().to_usize().saturating_sub(before.end().to_usize());
        let is_code = !matches!(
            after.kind(),
            TokenKind::Comment | TokenKind::Newline | TokenKind::NonLogicalNewline | TokenKind::EndOfFile
        );
        if gap >= limit && is_code && !after.range().is_empty() {
            let between = &file.text()[before.end().to_usize()..after.start().to_usize()];
            if between.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\x0c')) {
                hits.at(after.range(), Confidence::High);
            }
        }
    }
}

/// Encodings that no tool reads in another way, without punctuation.
const PLAIN: &[&str] = &[
    "utf8",
    "utf8sig",
    "ascii",
    "usascii",
    "latin1",
    "iso88591",
    "iso885915",
    "cp1252",
    "windows1252",
    "latin9",
    "l1",
    "u8",
];

/// Encodings with characters of several bytes, of which the second can be one of ASCII.
const AMBIGUOUS: &[&str] = &[
    "gb", "big5", "shiftjis", "sjis", "cp932", "cp936", "cp949", "cp950", "euc", "ms932", "johab", "iso2022",
    "hz",
];

fn odd_encoding(file: &SourceFile, hits: &mut Hits) {
    let Some(cookie) = file.cookie() else { return };
    let name: String = cookie.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    if PLAIN.contains(&name.as_str()) || name.starts_with("utf8") {
        return;
    }
    let Some(declaration) = file.comments().take(2).find(|comment| comment.text.contains(cookie)) else {
        return;
    };
    let ambiguous = AMBIGUOUS.iter().any(|start| name.starts_with(start));
    let confidence = if ambiguous { Confidence::High } else { Confidence::Low };
    hits.at(place(declaration.start as usize, declaration.text.len()), confidence);
}

/// The code of a path configuration file is nothing but the lines that are run, and comments.
fn run_lines(file: &SourceFile, hits: &mut Hits) {
    for number in 1..=file.line_count() {
        let line = file.line_range(number);
        if !line.is_empty() && !file.line(number).starts_with('#') {
            hits.at(TextRange::new(line.start.into(), line.end.into()), Confidence::High);
        }
    }
}
