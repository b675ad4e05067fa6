//! Makes text from a repository safe to show: it may hold anything its author likes.

/// Whether a character could deceive a reader or steer a terminal: C0 and C1 controls, line and paragraph
/// separators, bidirectional controls (Unicode Annex 9), invisible format characters, variation selectors
/// and tags.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Appends `text` to `out` with every deceptive character shown as `\u{…}`, and a tab as one space.
pub fn visible_into(text: &str, out: &mut String) {
    for c in text.chars() {
        if c == '\t' {
            out.push(' ');
        } else if is_deceptive(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
}

/// `text` with every deceptive character shown as `\u{…}`, and a tab as one space. The result is one line.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    visible_into(text, &mut out);
    out
}

/// [`visible`], with nothing left that the log of a CI system takes for a command: `::name::` at the start of a
/// line, or behind the white space where a line may be wrapped (GitHub), and `##[name]` or `##vso[…]`
/// anywhere (GitHub, Azure Pipelines, TeamCity).
pub fn visible_in_log(text: &str) -> String {
    without_log_commands(visible(text))
}

/// Text that is laid out already, with nothing left in it that the log of a CI system takes for a command.
pub fn without_log_commands(shown: String) -> String {
    if !shown.contains("::") && !shown.contains("##") {
        return shown;
    }
    let mut out = String::with_capacity(shown.len());
    for (at, c) in shown.char_indices() {
        let behind = &shown[at + c.len_utf8()..];
        let opens_line =
            c == ':' && behind.starts_with(':') && !shown[..at].ends_with(|c: char| !c.is_whitespace());
        if opens_line || is_log_command(&shown, at) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether the second character of `##name[` is at `at`.
pub fn is_log_command(text: &str, at: usize) -> bool {
    let (before, from) = text.split_at(at);
    before.ends_with('#')
        && from
            .strip_prefix('#')
            .is_some_and(|name| name.trim_start_matches(char::is_alphabetic).starts_with('['))
}

#[cfg(test)]
mod tests {
    use super::visible_in_log;

    #[test]
    fn leaves_no_command_for_the_log_of_a_ci_system() {
        for (text, shown) in [
            ("::set-output name=a::b", r"\u{3a}:set-output name=a::b"),
            ("x ::error::y", r"x \u{3a}:error::y"),
            ("##[add-mask]x", r"#\u{23}[add-mask]x"),
            ("a ##vso[task.x]", r"a #\u{23}vso[task.x]"),
            ("###[x]", r"##\u{23}[x]"),
            ("a[::2] ## b [c]", "a[::2] ## b [c]"),
        ] {
            assert_eq!(visible_in_log(text), shown);
        }
    }
}
